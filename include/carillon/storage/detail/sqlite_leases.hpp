// SPDX-License-Identifier: MIT
// storage/detail/sqlite_leases.hpp - what SqliteTables does with runs that somebody has: heartbeat, finish, reap,
// expire, and what callers change about them.
#pragma once

#include "carillon/storage/detail/sqlite_tables.hpp"

#include <utility>

namespace carillon::detail {

template <class Void>
auto SqliteTables<Void>::heartbeat(const std::vector<RunRef>& runs, Duration lease) -> std::vector<HeartbeatAnswer> {
    const SteadyTime until = lease_now() + lease;
    std::vector<HeartbeatAnswer> answers;
    for (const RunRef& ref : runs) {
        auto rows = db_.query("UPDATE carillon_run SET lease_until = ?3 WHERE id = ?1 AND fence = ?2 AND place = 3 "
                              "RETURNING stop_requested",
                              ref.id,
                              ref.fence,
                              until);
        const bool ours = rows.next();
        const bool stop = ours && rows.flag(0);
        if (!ours || stop) answers.push_back({.run = ref, .lost = !ours, .stop_requested = stop});
        while (ours && rows.next()) { // to its end, or nothing is written
        }
    }
    return answers;
}

// clang-format off
/// What the end of a running run depends on.
inline constexpr char ending_columns[] =
    "row, job, key, attempts, id, tenant, status, trigger, reason, scheduled_for, started_at, attempt, fence, abandons, "
    "worker, stop_requested, action_type, expires_at";
inline constexpr auto select_running_run =
    sql_text("SELECT ", ending_columns, " FROM carillon_run WHERE place = 3 AND id = ?1");
inline constexpr auto select_running_runs =
    sql_text("SELECT ", ending_columns, " FROM carillon_run WHERE place = 3 AND id IN ", sql_list_of_many);
// clang-format on

[[nodiscard]] inline SqliteRunRow read_ending(const SqliteRows& rows) {
    SqliteRunRow row;
    JobRun& run = row.run;
    row.row = rows.integer(0);
    row.job = rows.integer(1);
    row.place = SqlitePlace::running;
    run.key = rows.text(2);
    run.attempts = attempts_from(rows.view(3));
    read_columns(rows,
                 4,
                 std::tie(run.id,
                          run.tenant_id,
                          run.status,
                          run.trigger,
                          run.reason,
                          run.scheduled_for,
                          run.started_at,
                          run.attempt,
                          run.fence,
                          run.abandons,
                          run.worker,
                          run.stop_requested,
                          run.action_type,
                          run.expires_at));
    return row;
}

/// Several at a time, since a statement costs more than a row.
template <class Void>
auto SqliteTables<Void>::find_running(const std::vector<RunFinish>& finishes) -> std::unordered_map<RunId, RunRow> {
    std::unordered_map<RunId, RunRow> found;
    std::vector<std::int64_t> jobs;
    const auto collect = [&](SqliteRows rows) {
        while (rows.next()) {
            RunRow run = read_ending(rows);
            if (jobs.empty() || jobs.back() != run.job) jobs.push_back(run.job);
            found.insert_or_assign(run.run.id, std::move(run));
        }
    };
    in_lots(
        finishes.size(),
        [&](std::size_t at) { return finishes[at].run.id; },
        [&](const RunId& id) { collect(db_.query(select_running_run, id)); },
        [&](const auto&... ids) { collect(db_.query(select_running_runs, ids...)); });
    work_.fetch_jobs(std::move(jobs));
    return found;
}

template <class Void>
auto SqliteTables<Void>::finish(std::vector<RunFinish> finishes) -> std::vector<FinishAnswer> {
    return working([&] {
        std::vector<FinishAnswer> answers;
        answers.reserve(finishes.size());
        auto running = find_running(finishes);
        for (const RunFinish& finish : finishes) {
            FinishAnswer& answer = answers.emplace_back();
            const auto row = running.find(finish.run.id);
            if (row == running.end() || row->second.run.fence != finish.run.fence) continue;
            settle(row->second, finish.to);
            answer = {true, row->second.run.status, row->second.run.reason};
            running.erase(row); // a second time it is not running
        }
        return answers;
    });
}

template <class Void>
auto SqliteTables<Void>::reap(std::size_t limit, const AfterAbandon& after_abandon) -> std::vector<JobRun> {
    static constexpr auto select = sql_text("SELECT ",
                                            whole_run_columns,
                                            " FROM carillon_run AS r WHERE place = 3 AND lease_until <= ?1 "
                                            "ORDER BY lease_until LIMIT ?2");
    return working([&] {
        std::vector<JobRun> reaped;
        for (RunRow& row : runs_of(db_.query(select, lease_now(), limit))) {
            JobRow& job = work_.job(row.job);
            row.run.job_id = job.id;
            settle(row, after_abandon(row.run, *definition_of(job)));
            reaped.push_back(std::move(row.run));
        }
        if (!reaped.empty()) news_.work = true;
        return reaped;
    });
}

template <class Void>
auto SqliteTables<Void>::expire(Instant now, std::size_t limit) -> std::vector<JobRun> {
    static constexpr auto select =
        sql_text("SELECT ",
                 whole_run_columns,
                 " FROM carillon_run AS r WHERE open_expiry <= ?1 AND status = 0 ORDER BY open_expiry LIMIT ?2");
    return working([&] {
        std::vector<JobRun> expired;
        for (const RunRow& each : runs_of(db_.query(select, now, limit))) {
            RunRow row = run_at(each.row);
            row.run.job_id = work_.job(row.job).id;
            settle(row, total_timeout(row.run, now));
            expired.push_back(std::move(row.run));
        }
        return expired;
    });
}

template <class Void>
auto SqliteTables<Void>::modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change)
    -> std::optional<RunWrite> {
    static constexpr auto select =
        sql_text("SELECT ", whole_run_columns, " FROM carillon_run AS r WHERE id = ?1 AND tenant = ?2");
    return working([&]() -> std::optional<RunWrite> {
        auto row = first_run(db_.query(select, id, tenant));
        if (!row) return std::nullopt;
        JobRow& job = work_.job(row->job);
        row->run.job_id = job.id;
        RunChange wanted = change(row->run);
        RunWrite out;
        if (wanted.transition && !is_terminal(row->run.status)) settle(*row, *wanted.transition);
        if (wanted.request_stop && row->run.status == JobRunStatus::running) stop(*row, wanted.stop_reason, {});
        if (wanted.event) {
            std::optional<std::int64_t> definition;
            if (!job.removed) {
                wanted.event->before = wanted.event->after = definition_of(job);
                definition = job.definition_row;
            }
            record(*wanted.event, definition, definition);
            out.event = std::move(wanted.event);
        }
        out.run = std::move(row->run);
        return out;
    });
}

template <class Void>
void SqliteTables<Void>::end_leases() {
    db_.execute("UPDATE carillon_run SET lease_until = ?1 WHERE place = 3", SteadyTime::min());
    db_.execute("UPDATE carillon_type SET spent_until = ?1", SteadyTime::min());
}

} // namespace carillon::detail
