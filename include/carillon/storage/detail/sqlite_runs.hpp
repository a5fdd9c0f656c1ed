// SPDX-License-Identifier: MIT
// storage/detail/sqlite_runs.hpp - how SqliteTables adds runs, takes them to their end, and lets others go on.
#pragma once

#include "carillon/storage/detail/sqlite_tables.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace carillon::detail {

template <class Void>
auto SqliteTables<Void>::runs_of(SqliteRows rows) -> std::vector<RunRow> {
    std::vector<RunRow> runs;
    while (rows.next())
        runs.push_back(read_run(rows));
    return runs;
}

template <class Void>
auto SqliteTables<Void>::first_run(SqliteRows rows) -> std::optional<RunRow> {
    if (!rows.next()) return std::nullopt;
    return read_run(rows);
}

template <class Void>
auto SqliteTables<Void>::run_at(std::int64_t row) -> RunRow {
    static constexpr auto select = sql_text("SELECT ", whole_run_columns, " FROM carillon_run AS r WHERE row = ?1");
    auto rows = db_.query(select, row);
    if (!rows.next()) throw Error(Errc::internal, "a run of the database has gone while it was open");
    return read_run(rows);
}

// ---- the ledger ----------------------------------------------------------------------------------------------------

/// The scheduled row that begins last, of those that do not begin behind `at`.
template <class Void>
auto SqliteTables<Void>::last_scheduled(const JobRow& job, Instant at) -> std::optional<RunRow> {
    static constexpr auto select =
        sql_text("SELECT ",
                 whole_run_columns,
                 " FROM carillon_run AS r WHERE job = ?1 AND trigger = 0 AND scheduled_for <= ?2 "
                 "ORDER BY scheduled_for DESC LIMIT 1");
    auto row = first_run(db_.query(select, job.row, at));
    if (row) row->run.job_id = job.id;
    return row;
}

/// The same, with no more of the run than the ledger compares.
template <class Void>
auto SqliteTables<Void>::row_before(const JobRow& job, Instant at) -> std::optional<RunRow> {
    auto rows = db_.query("SELECT row, status, reason, scheduled_for, blocked_by, last FROM carillon_run "
                          "WHERE job = ?1 AND trigger = 0 AND scheduled_for <= ?2 ORDER BY scheduled_for DESC LIMIT 1",
                          job.row,
                          at);
    if (!rows.next()) return std::nullopt;
    RunRow row;
    row.row = rows.integer(0);
    read_columns(
        rows, 1, std::tie(row.run.status, row.run.reason, row.run.scheduled_for, row.run.blocked_by, row.run.last));
    return row;
}

/// The row in the ledger: a new one, or the skip row that it extends; nothing where the occurrence is there already.
template <class Void>
auto SqliteTables<Void>::add_run(JobRow& job, JobRun&& run, const std::optional<Instant>& high_water, Instant at)
    -> std::optional<JobRun> {
    const bool scheduled = run.trigger == RunTrigger::schedule;
    if (scheduled) {
        if (high_water && run.scheduled_for <= *high_water) return std::nullopt;
        const auto before = row_before(job, run.scheduled_for);
        if (before && before->run.scheduled_for == run.scheduled_for) return std::nullopt;
        // Where a later one has been purged, the last that is left is not the one directly before.
        const bool directly = before && last_occurrence(before->run) >= job.progress.purged_until;
        if (directly && extends_skip_row(before->run, run)) return extend_skips(job, before->row, run);
    }
    const bool pending = run.status == JobRunStatus::pending;
    insert_run(job, run, pending ? std::optional(run.not_before <= at ? Place::ready : Place::delayed) : std::nullopt);
    if (!pending) return std::move(run);
    if (scheduled) ++(run.started_at ? job.again : job.unstarted);
    ++key_of_run(job, run).pending;
    job.counted = true;
    news_.work = true;
    return std::move(run);
}

template <class Void>
JobRun SqliteTables<Void>::extend_skips(const JobRow& job, std::int64_t row, const JobRun& by) {
    JobRun skips = run_at(row).run;
    skips.job_id = job.id;
    extend_skip_row(skips, by);
    db_.execute("UPDATE carillon_run SET last = ?2, completed_at = ?3, occurrences = ?4, count_is_minimum = ?5 "
                "WHERE row = ?1",
                row,
                skips.last,
                skips.completed_at,
                skips.occurrences,
                skips.count_is_minimum);
    return skips;
}

template <class Void>
void SqliteTables<Void>::insert_run(const JobRow& job, const JobRun& run, std::optional<Place> place) {
    static constexpr auto insert =
        sql_text("INSERT INTO carillon_run (job, place, key, attempts, ",
                 run_columns,
                 ", open_job, open_key, open_expiry) VALUES (?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                 "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, nullif(?20, ''), ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, "
                 "?29, ?30, ?31, ?32, ?33, ?34, iif(?2 IS NULL, NULL, ?1), iif(?2 IS NULL, NULL, nullif(?3, '')), "
                 "iif(?2 IS NULL, NULL, ?34))");
    std::apply(
        [&](const auto&... members) {
            db_.execute(insert, job.row, place, run.key, attempts_text(run.attempts), members...);
        },
        run_members(run));
}

template <class Void>
void SqliteTables<Void>::rewind(JobRow& job, Instant to) {
    if (auto last = last_scheduled(job, to); last && last_occurrence(last->run) > to) {
        cut_skip_row(last->run, to);
        db_.execute("UPDATE carillon_run SET last = ?2, occurrences = ?3, count_is_minimum = ?4 WHERE row = ?1",
                    last->row,
                    last->run.last,
                    last->run.occurrences,
                    last->run.count_is_minimum);
    }
    db_.execute("DELETE FROM carillon_run WHERE job = ?1 AND trigger = 0 AND scheduled_for > ?2 AND open_job IS NULL "
                "AND fence = 0",
                job.row,
                to);
    job.progress.purged_until = std::min(job.progress.purged_until, std::optional(to));
    job.moved = true;
}

// ---- stopping and ending -------------------------------------------------------------------------------------------

template <class Void>
void SqliteTables<Void>::stop_runs(JobRow& job, StopScope scope, Instant at, std::vector<JobRun>& ended) {
    if (scope == StopScope::none) return;
    const std::string& key = definition_of(job)->policies.overlap.concurrency_key;
    std::vector<std::int64_t> affected;
    {
        auto rows =
            scope == StopScope::job
                ? db_.query("SELECT row FROM carillon_run WHERE tenant = ?1 AND open_job = ?2 ORDER BY row",
                            job.tenant,
                            job.row)
            : key.empty()
                ? db_.query(
                      "SELECT row FROM carillon_run WHERE tenant = ?1 AND open_job = ?2 AND key IS NULL ORDER BY row",
                      job.tenant,
                      job.row)
                : db_.query(
                      "SELECT row FROM carillon_run WHERE tenant = ?1 AND open_key = ?2 ORDER BY row", job.tenant, key);
        while (rows.next())
            affected.push_back(rows.integer(0));
    }
    const RunReason reason = scope == StopScope::key ? RunReason::cancel_previous : RunReason::deleted;
    for (const std::int64_t row : affected) {
        RunRow run = run_at(row);
        stop(run, reason, at);
        if (!is_terminal(run.run.status)) continue;
        run.run.job_id = work_.job(run.job).id;
        ended.push_back(std::move(run.run));
    }
}

template <class Void>
void SqliteTables<Void>::stop(RunRow& row, RunReason reason, Instant at) {
    if (row.run.status != JobRunStatus::running) {
        RunTransition cancelled;
        cancelled.status = JobRunStatus::cancelled;
        cancelled.reason = reason;
        cancelled.at = at;
        settle(row, cancelled);
        return;
    }
    if (row.run.stop_requested) return;
    row.run.stop_requested = true;
    row.run.reason = reason;
    db_.execute("UPDATE carillon_run SET stop_requested = 1, reason = ?2 WHERE row = ?1", row.row, reason);
    news_.stop = true;
}

/// Takes an open run along a transition: back into the queue, or to its end.
template <class Void>
bool SqliteTables<Void>::settle(RunRow& row, const RunTransition& to) {
    JobRow& job = work_.job(row.job);
    SqliteKeyCounts& key = key_of_run(job, row.run);
    const bool was_running = row.place == Place::running;
    if (row.place == Place::waiting) {
        --key.waiting;
        db_.execute("UPDATE carillon_run SET waiting = NULL WHERE row = ?1", row.row);
    }
    apply(row.run, to);
    --(was_running ? key.running : key.pending);
    if (was_running) count_running_end(row);
    count_settled(job, row.run, was_running);
    if (row.run.status == JobRunStatus::pending) {
        ++key.pending;
        row.place = row.run.not_before <= to.at ? Place::ready : Place::delayed;
        write_return(row);
    } else {
        row.place.reset();
        write_end(row);
        close(job, row, to);
    }
    return wake_waiting(job, row.run.key, to.at);
}

/// Moves a scheduled run from one of the job's counts to another.
template <class Void>
void SqliteTables<Void>::count_settled(JobRow& job, const JobRun& run, bool was_running) {
    job.counted = true;
    if (run.trigger != RunTrigger::schedule) return;
    --(was_running ? job.running : run.started_at ? job.again : job.unstarted);
    if (run.status != JobRunStatus::pending) return;
    ++(run.started_at ? job.again : job.unstarted);
}

/// What the end of a run means for its job.
template <class Void>
void SqliteTables<Void>::close(JobRow& job, const RunRow& row, const RunTransition& to) {
    count_end(job.progress, row.run, to);
    if (row.run.trigger != RunTrigger::schedule || !job.fixed_delay || job.removed) return;
    if (job.status != JobStatus::active || job.progress.next_run_at) return;
    job.progress.next_run_at = cursor_after_delay(job.progress, to.at, *job.fixed_delay);
    job.moved = true;
    news_.work = true;
}

template <class Void>
void SqliteTables<Void>::write_end(const RunRow& row) {
    const JobRun& run = row.run;
    db_.execute("UPDATE carillon_run SET place = NULL, open_job = NULL, status = ?2, reason = ?3, completed_at = ?4, "
                "duration = ?5, "
                "result = ?6, error = ?7, attempt = ?8, abandons = ?9, last = ?10 WHERE row = ?1",
                row.row,
                run.status,
                run.reason,
                run.completed_at,
                run.duration,
                run.result,
                run.error,
                run.attempt,
                run.abandons,
                run.last);
    if (!run.key.empty() || run.expires_at)
        db_.execute("UPDATE carillon_run SET open_key = NULL, open_expiry = NULL WHERE row = ?1", row.row);
}

template <class Void>
void SqliteTables<Void>::write_return(const RunRow& row) {
    const JobRun& run = row.run;
    db_.execute("UPDATE carillon_run SET place = ?2, status = ?3, not_before = ?4, duration = ?5, error = ?6, "
                "attempt = ?7, abandons = ?8, worker = nullif(?9, ''), attempts = ?10 WHERE row = ?1",
                row.row,
                row.place,
                run.status,
                run.not_before,
                run.duration,
                run.error,
                run.attempt,
                run.abandons,
                run.worker,
                attempts_text(run.attempts));
}

/// It waits for its key.
template <class Void>
void SqliteTables<Void>::park(const RunRow& row) {
    db_.execute("UPDATE carillon_run SET place = NULL, waiting = 2 WHERE row = ?1", row.row);
}

template <class Void>
void SqliteTables<Void>::unpark(const RunRow& row, Place place) {
    db_.execute("UPDATE carillon_run SET place = ?2, waiting = NULL WHERE row = ?1", row.row, place);
}

template <class Void>
void SqliteTables<Void>::move_to(const RunRow& row, Place place) {
    db_.execute("UPDATE carillon_run SET place = ?2 WHERE row = ?1", row.row, place);
}

/// Makes room where a limit was reached.
template <class Void>
void SqliteTables<Void>::count_running_end(const RunRow& row) {
    SqliteTypeRow& type = work_.type(row.run.action_type);
    SqliteTenantRow& tenant = work_.tenant(row.run.tenant_id);
    --type.running;
    --tenant.running;
    if (!type.found_full && !tenant.found_full) return;
    type.found_full = tenant.found_full = false;
    news_.work = true;
}

// ---- who waits for a key -------------------------------------------------------------------------------------------

/// Lets those try again that may be claimed now: of each action type the first that finds a slot, and those of lower
/// priority that were due before it, since the wall clock may have been set back to a moment between the two. Says
/// whether there was one.
template <class Void>
bool SqliteTables<Void>::wake_waiting(JobRow& job, const std::string& key, Instant at) {
    if (work_.key(job, key).waiting == 0) return false;
    bool woken = false;
    for (auto type = next_waiting_type(job, key, ""); type; type = next_waiting_type(job, key, text_behind(*type)))
        woken = wake_type(job, key, *type, at) || woken;
    return woken;
}

template <class Void>
auto SqliteTables<Void>::next_waiting_type(const JobRow& job, const std::string& key, const std::string& from)
    -> std::optional<std::string> {
    auto rows =
        key.empty()
            ? db_.query("SELECT action_type FROM carillon_run WHERE job = ?1 AND waiting = 2 AND key IS NULL AND "
                        "action_type >= ?2 ORDER BY action_type LIMIT 1",
                        job.row,
                        from)
            : db_.query("SELECT action_type FROM carillon_run WHERE tenant = ?1 AND key = ?2 AND waiting = 2 AND "
                        "action_type >= ?3 ORDER BY action_type LIMIT 1",
                        job.tenant,
                        key,
                        from);
    return rows.next() ? std::optional(rows.text(0)) : std::nullopt;
}

/// Those of a lower priority that find a slot, in the order of claiming.
template <class Void>
SqliteRows
SqliteTables<Void>::waiting_below(const JobRow& job, const std::string& key, const std::string& type, int priority) {
    const auto running = std::int64_t{work_.key(work_.job(job.row), key).running};
    return key.empty()
               ? db_.query("SELECT row, priority, not_before FROM carillon_run WHERE job = ?1 AND waiting = 2 AND "
                           "key IS NULL AND action_type = ?2 AND priority < ?3 AND (slots = 0 OR slots > ?4) "
                           "ORDER BY priority DESC, not_before, id LIMIT 1",
                           job.row,
                           type,
                           int{priority},
                           std::int64_t{running})
               : db_.query("SELECT row, priority, not_before FROM carillon_run WHERE tenant = ?1 AND key = ?2 AND "
                           "waiting = 2 AND action_type = ?3 AND priority < ?4 AND (slots = 0 OR slots > ?5) "
                           "ORDER BY priority DESC, not_before, id LIMIT 1",
                           job.tenant,
                           key,
                           type,
                           int{priority},
                           std::int64_t{running});
}

template <class Void>
bool SqliteTables<Void>::wake_type(const JobRow& job, const std::string& key, const std::string& type, Instant at) {
    std::vector<std::pair<RunRow, Instant>> next;
    Instant earliest = Instant::max();
    int priority = std::numeric_limits<int>::max();
    while (true) {
        auto rows = waiting_below(job, key, type, priority);
        if (!rows.next()) break;
        priority = rows.template as<int>(1);
        const Instant not_before = rows.instant(2);
        if (not_before >= earliest) continue;
        earliest = not_before;
        next.emplace_back(RunRow{.row = rows.integer(0)}, not_before);
    }
    for (const auto& [row, not_before] : next)
        unpark(row, not_before <= at ? Place::ready : Place::delayed);
    if (next.empty()) return false;
    work_.key(work_.job(job.row), key).waiting -= static_cast<std::int64_t>(next.size());
    work_.job(job.row).counted = true;
    news_.work = true;
    return true;
}

} // namespace carillon::detail
