// SPDX-License-Identifier: MIT
// storage/detail/sqlite_retention.hpp - how SqliteTables forgets, in small bites.
#pragma once

#include "carillon/storage/detail/purge_rules.hpp"
#include "carillon/storage/detail/sqlite_tables.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carillon::detail {

/// In order of arrival, up to the first that is not old enough, and then the definitions that nobody names any more.
template <class Void>
std::size_t SqliteTables<Void>::purge_audit(Instant until, std::size_t limit) {
    std::optional<std::int64_t> last;
    std::size_t deleted = 0;
    {
        auto rows = db_.query("SELECT row, at FROM carillon_audit ORDER BY row LIMIT ?1", limit);
        for (; rows.next() && rows.instant(1) < until; ++deleted)
            last = rows.integer(0);
    }
    if (!last) return 0;
    db_.execute("DELETE FROM carillon_audit WHERE row <= ?1", *last);
    db_.execute("DELETE FROM carillon_definition WHERE until IS NOT NULL AND "
                "until < coalesce((SELECT min(row) FROM carillon_audit), 9223372036854775807)");
    return deleted;
}

/// Deletes the oldest first: those that are too old, and those beyond the number.
template <class Void>
std::size_t SqliteTables<Void>::purge_runs(std::int64_t job, const PurgeRules& rules, std::size_t limit, Seen& seen) {
    static constexpr auto oldest =
        sql_text("SELECT ", purged_run_columns, " FROM carillon_run WHERE job = ?1 ORDER BY id");
    const SurplusFrom surplus = find_surplus(job, rules, seen);
    std::vector<std::int64_t> gone;
    std::optional<Instant> last;
    {
        auto rows = db_.query(oldest, job);
        while (gone.size() < limit && rows.next()) {
            ++seen.runs;
            const JobRun run = read_purged_run(rows);
            if (!rules.may_go(run)) continue;
            const auto& from = surplus[rules.group_of(run)];
            if (!rules.is_old(run) && (!from || *from < run.id || is_referred_to(run.id))) continue;
            gone.push_back(rows.integer(0));
            if (run.trigger == RunTrigger::schedule) last = std::max(last, std::optional(last_occurrence(run)));
        }
    }
    for (const std::int64_t row : gone)
        db_.execute("DELETE FROM carillon_run WHERE row = ?1", row);
    if (last) {
        JobRow& owner = work_.job(job);
        owner.progress.purged_until = std::max(owner.progress.purged_until, last);
        owner.moved = true;
    }
    return gone.size();
}

/// For each group the newest run that is one too many. Looks no further back than that, so that a job with a history
/// that was never purged costs a call no more than what it deletes.
template <class Void>
auto SqliteTables<Void>::find_surplus(std::int64_t job, const PurgeRules& rules, Seen& seen) -> SurplusFrom {
    static constexpr auto newest =
        sql_text("SELECT ", purged_run_columns, " FROM carillon_run WHERE job = ?1 ORDER BY id DESC");
    SurplusFrom surplus{};
    std::array<std::size_t, PurgeRules::groups> counts{};
    std::size_t open = 0;
    for (std::size_t group = 0; group < counts.size(); ++group)
        if (rules.is_used(group) && rules.most_of(group) != SIZE_MAX) ++open;
    auto rows = db_.query(newest, job);
    while (open > 0 && rows.next()) {
        ++seen.runs;
        const JobRun run = read_purged_run(rows);
        const std::size_t group = rules.group_of(run);
        if (surplus[group] || rules.most_of(group) == SIZE_MAX || !rules.may_go(run) || rules.is_old(run)) continue;
        if (is_referred_to(run.id)) continue;
        if (counts[group]++ < rules.most_of(group)) continue;
        surplus[group] = run.id;
        --open;
    }
    return surplus;
}

template <class Void>
bool SqliteTables<Void>::is_referred_to(const RunId& id) {
    auto rows = db_.query("SELECT EXISTS (SELECT 1 FROM carillon_run WHERE blocked_by = ?1) OR "
                          "EXISTS (SELECT 1 FROM carillon_run WHERE retry_of = ?1)",
                          id);
    return rows.next() && rows.flag(0);
}

template <class Void>
std::size_t SqliteTables<Void>::purge(const Retention& retention, Instant now, std::size_t limit) {
    const PurgeRules rules(retention, now);
    return working([&] {
        std::size_t deleted = purge_audit(now - retention.audit, limit);
        Seen seen;
        while (deleted < limit && seen.jobs < limit && seen.runs < 10 * limit) {
            auto next = db_.query("SELECT row, definition, removed FROM carillon_job WHERE row > ?1 ORDER BY row "
                                  "LIMIT 1",
                                  std::int64_t{purge_cursor_});
            if (!next.next()) {
                purge_cursor_ = 0;
                break;
            }
            const std::int64_t job = next.integer(0);
            ++seen.jobs;
            deleted += purge_runs(job, rules, limit - deleted, seen);
            if (next.flag(2)) drop_job_without_runs(job, next.integer(1));
            if (deleted < limit) purge_cursor_ = job; // else there may be more
        }
        return deleted;
    });
}

} // namespace carillon::detail
