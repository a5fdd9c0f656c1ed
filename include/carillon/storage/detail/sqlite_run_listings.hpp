// SPDX-License-Identifier: MIT
// storage/detail/sqlite_run_listings.hpp - how SqliteTables lists and counts runs.
//
// Each listing walks an index in its order from a place on: a job's history, a tenant's runs in order of time, or those
// of one status that is neither open nor completed. Open runs are few: they are looked through and sorted. What is left
// of the filter is tried row by row.
#pragma once

#include "carillon/storage/detail/run_filter.hpp"
#include "carillon/storage/detail/sqlite_tables.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/// Behind every id that there is.
[[nodiscard]] inline RunId behind_all_ids() noexcept {
    Uuid last;
    last.bytes.fill(0xff);
    return RunId(last);
}

/// Runs the statement for that walk; nothing where there is no such job. The query must outlive the rows.
template <class Void>
std::optional<SqliteRows> SqliteTables<Void>::walked_runs(const char* (*statement_of)(RunWalk),
                                                          const std::string& tenant,
                                                          const RunQuery& query,
                                                          std::size_t limit,
                                                          std::size_t offset) {
    const char* statement = statement_of(walk_of(query));
    const auto run = [&](const auto& of, RunCursor end) {
        return db_.query(statement,
                         of,
                         std::move(end.scheduled_for),
                         std::move(end.id),
                         query.from.value_or(Instant::min()),
                         query.status,
                         query.reason,
                         query.action_type,
                         std::move(limit),
                         std::move(offset));
    };
    if (!query.job_id) return run(tenant, end_of(query).value_or(RunCursor(Instant::max(), RunId{})));
    const auto job = job_with_history(tenant, *query.job_id);
    if (!job) return std::nullopt;
    return run(*job, RunCursor(query.to.value_or(Instant::max()), query.after ? query.after->id : behind_all_ids()));
}

template <class Void>
auto SqliteTables<Void>::list_runs(const std::string& tenant, const RunQuery& query) -> std::vector<JobRun> {
    std::vector<JobRun> page;
    auto rows = walked_runs(list_statement<listed_run_columns>, tenant, query, query.limit, query.offset);
    while (rows && rows->next()) {
        page.push_back(read_run(*rows).run);
        page.back().job_id = rows->template id<JobId>(whole_run_count);
    }
    return page;
}

template <class Void>
auto SqliteTables<Void>::list_runs(const std::string& tenant, const JobId& id, const RunQuery& query)
    -> std::vector<JobRun> {
    RunQuery of_job = query;
    of_job.job_id = id;
    return list_runs(tenant, of_job);
}

template <class Void>
Count SqliteTables<Void>::count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) {
    RunQuery all = query;
    all.after.reset();
    Count count;
    auto rows = walked_runs(count_statement, tenant, all, cap + 1, 0);
    for (std::size_t looked_at = 0; rows && rows->next(); ++looked_at) {
        count.capped = looked_at == cap;
        if (count.capped) break;
        count.n += rows->flag(0) ? 1 : 0;
    }
    return count;
}

} // namespace carillon::detail
