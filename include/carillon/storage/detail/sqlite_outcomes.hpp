// SPDX-License-Identifier: MIT
// storage/detail/sqlite_outcomes.hpp - how SqliteTables sums up: what has become of runs, and what is due.
#pragma once

#include "carillon/storage/detail/sqlite_run_listings.hpp"
#include "carillon/storage/detail/sqlite_tables.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon::detail {

[[nodiscard]] inline RunOutcome read_outcome(const SqliteRows& rows) {
    RunOutcome run;
    read_columns(rows,
                 0,
                 std::tie(run.id,
                          run.status,
                          run.reason,
                          run.scheduled_for,
                          run.completed_at,
                          run.duration,
                          run.last,
                          run.occurrences,
                          run.count_is_minimum));
    return run;
}

template <class Void>
auto SqliteTables<Void>::list_outcomes(const std::string& tenant, const RunQuery& query) -> std::vector<RunOutcome> {
    std::vector<RunOutcome> page;
    auto rows = walked_runs(list_statement<outcome_columns>, tenant, query, query.limit, query.offset);
    while (rows && rows->next())
        page.push_back(read_outcome(*rows));
    return page;
}

template <class Void>
auto SqliteTables<Void>::recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n)
    -> std::vector<std::vector<RunOutcome>> {
    static constexpr auto newest =
        sql_text("SELECT ", outcome_columns, " FROM carillon_run AS r WHERE r.job = ?1 ORDER BY r.id DESC LIMIT ?2");
    std::vector<std::vector<RunOutcome>> all(jobs.size());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto job = job_with_history(tenant, jobs[i]);
        if (!job) continue;
        auto rows = db_.query(newest, *job, most_looked_at_for_outcomes);
        while (all[i].size() < n && rows.next()) {
            const RunOutcome run = read_outcome(rows);
            if (is_terminal(run.status)) all[i].push_back(run);
        }
        std::reverse(all[i].begin(), all[i].end());
    }
    return all;
}

/// Looks at the due jobs of all tenants: they are in one index.
template <class Void>
DueCount SqliteTables<Void>::due(const std::string& tenant, Instant by, std::size_t cap) {
    DueCount due;
    const auto count = [&](SqliteRows rows) {
        for (std::size_t looked_at = 0; rows.next(); ++looked_at) {
            if (looked_at == cap) {
                due.count.capped = true;
                return;
            }
            const Instant at = rows.instant(0);
            if (at > by || !rows.flag(1)) continue;
            ++due.count.n;
            due.oldest = std::min(due.oldest.value_or(at), at);
        }
    };
    count(db_.query("SELECT not_before, 1 FROM carillon_run INDEXED BY carillon_run_open WHERE tenant = ?1 AND "
                    "open_job IS NOT NULL AND status = 0 LIMIT ?2",
                    tenant,
                    cap + 1));
    count(db_.query("SELECT next_run_at, tenant = ?1 FROM carillon_job WHERE next_run_at <= ?2 AND "
                    "next_run_at IS NOT NULL AND status = 0 AND removed = 0 ORDER BY next_run_at LIMIT ?3",
                    tenant,
                    by,
                    cap + 1));
    return due;
}

} // namespace carillon::detail
