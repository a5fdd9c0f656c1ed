// SPDX-License-Identifier: MIT
// storage/detail/sqlite_claims.hpp - how SqliteTables hands runs to workers, and says when there will be some.
#pragma once

#include "carillon/storage/detail/sqlite_queue.hpp"
#include "carillon/storage/detail/sqlite_tables.hpp"

#include <algorithm>
#include <utility>

namespace carillon::detail {

// ---- claiming ------------------------------------------------------------------------------------------------------

template <class Void>
auto SqliteTables<Void>::claim(const ClaimRequest& request) -> ClaimResult {
    return working([&] {
        ClaimResult claimed;
        Queue queue(*this, request.filter, request.after_tenant, request.limit);
        starts_.begin(request, queue.now() + request.lease);
        queue.close_types(true);
        for (const std::string* type : queue.types())
            db_.execute("UPDATE carillon_run SET place = 1 WHERE place = 0 AND action_type = ?1 AND not_before <= ?2",
                        *type,
                        due_by(request));
        while (claimed.runs.size() < request.limit) {
            RunRow* next = queue.next();
            if (!next) break;
            RunRow row = std::move(*next);
            queue.take(row);
            if (!start_or_park(row, request, queue, claimed.ended)) continue;
            claimed.runs.push_back({std::move(row.run), definition_of(work_.job(row.job))});
            queue.end_turn();
        }
        starts_.write();
        return claimed;
    });
}

/// Starts the run, or puts it where it does not stand in the way of others.
template <class Void>
bool SqliteTables<Void>::start_or_park(RunRow& row,
                                       const ClaimRequest& request,
                                       Queue& queue,
                                       std::vector<JobRun>& ended) {
    JobRow& job = work_.job(row.job);
    SqliteKeyCounts& key = key_of_run(job, row.run);
    const bool too_early = row.run.not_before > due_by(request); // the wall clock was set back
    const bool expired = has_expired(row.run, request.now);
    if (!too_early && !expired && key.has_slot(row.run)) {
        start(row, job, request, queue);
        return true;
    }
    starts_.write();
    if (too_early) {
        move_to(row, Place::delayed);
    } else if (expired) {
        if (settle(row, total_timeout(row.run, request.now))) queue.look_again();
        ended.push_back(std::move(row.run));
    } else if (row.run.skip_when_busy) {
        if (skip_overlapped(row, request.now)) queue.look_again();
        ended.push_back(std::move(row.run));
    } else {
        park(row);
        ++key.waiting;
        job.counted = true;
        if (wake_waiting(job, row.run.key, request.now)) queue.look_again(); // one with more slots may go
    }
    return false;
}

/// Of a run whose key is busy. Says whether others may go on.
template <class Void>
bool SqliteTables<Void>::skip_overlapped(RunRow& row, Instant now) {
    auto blocker =
        row.run.key.empty()
            ? db_.query("SELECT id FROM carillon_run WHERE tenant = ?1 AND open_job = ?2 AND place = 3 AND "
                        "key IS NULL ORDER BY row LIMIT 1",
                        row.run.tenant_id,
                        row.job)
            : db_.query(
                  "SELECT id FROM carillon_run WHERE tenant = ?1 AND open_key = ?2 AND place = 3 ORDER BY row LIMIT 1",
                  row.run.tenant_id,
                  row.run.key);
    if (blocker.next()) row.run.blocked_by = blocker.template id<RunId>(0);
    db_.execute("UPDATE carillon_run SET blocked_by = ?2 WHERE row = ?1", row.row, row.run.blocked_by);
    RunTransition skipped;
    skipped.status = JobRunStatus::skipped;
    skipped.reason = RunReason::overlapped;
    skipped.at = now;
    return settle(row, skipped);
}

template <class Void>
void SqliteTables<Void>::start(RunRow& row, JobRow& job, const ClaimRequest& request, Queue& queue) {
    SqliteKeyCounts& key = key_of_run(job, row.run);
    --key.pending;
    ++key.running;
    JobRun& run = row.run;
    if (run.trigger == RunTrigger::schedule) {
        if (!run.started_at) ++job.progress.started_runs;
        if (run.started_at) job.counted = true; // else what is kept stays the same
        --(run.started_at ? job.again : job.unstarted);
        ++job.running;
    }
    row.place = Place::running;
    run.status = JobRunStatus::running;
    run.worker = request.worker;
    run.started_at = request.now;
    ++run.fence;
    ++run.attempt;
    run.delivery = definition_of(job)->policies.delivery;
    starts_.add(row.row, run.delivery);
    if (run.blocked_by) db_.execute("UPDATE carillon_run SET blocked_by = NULL WHERE row = ?1", row.row);
    run.blocked_by.reset();
    queue.count_start(run);
}

// ---- what is due ---------------------------------------------------------------------------------------------------

/// Early rather than late: a run that is ready counts as due when its time was, or now where that is earlier, and one
/// that is not ready yet also where its tenant is full.
template <class Void>
auto SqliteTables<Void>::next_due(const ClaimFilter& filter, Instant now) -> std::optional<Instant> {
    work_.clear();
    Queue queue(*this, filter, "", 1);
    queue.close_full_types();
    std::optional<Instant> earliest;
    const auto consider = [&](Instant due) {
        earliest = std::min(earliest.value_or(due), due);
    };
    for (const std::string* type : queue.types()) {
        std::optional<Instant> due = queue.oldest_ready(*type);
        if (due) due = std::min(*due, now);
        if (!due) {
            auto delayed = db_.query("SELECT not_before FROM carillon_run WHERE place = 0 AND action_type = ?1 "
                                     "ORDER BY not_before LIMIT 1",
                                     *type);
            if (delayed.next()) due = delayed.instant(0);
        }
        if (!due) continue;
        const SteadyTime opens = queue.opens_at(*type);
        consider(opens > queue.now() ? std::max(*due, now + (opens - queue.now())) : *due);
    }
    auto job = db_.query("SELECT next_run_at FROM carillon_job WHERE next_run_at IS NOT NULL AND status = 0 AND "
                         "removed = 0 ORDER BY next_run_at LIMIT 1");
    if (job.next()) consider(job.instant(0));
    work_.clear();
    return earliest;
}

} // namespace carillon::detail
