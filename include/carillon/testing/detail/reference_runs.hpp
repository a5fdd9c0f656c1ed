// SPDX-License-Identifier: MIT
// testing/detail/reference_runs.hpp - how ReferenceStorage moves runs from pending to their end, and forgets them.
#pragma once

#include "carillon/testing/reference_storage.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace carillon::testing {

// ---- rows ----------------------------------------------------------------------------------------------------------

inline ReferenceStorage::RunRow* ReferenceStorage::run_row(const RunId& id) {
    for (RunRow& row : tables_.runs)
        if (row.run.id == id) return &row;
    return nullptr;
}

/// The running run that `ref` has the fence of.
inline ReferenceStorage::RunRow* ReferenceStorage::owned_row(const RunRef& ref) {
    RunRow* row = run_row(ref.id);
    return row && row->run.status == JobRunStatus::running && row->run.fence == ref.fence ? row : nullptr;
}

inline bool ReferenceStorage::same_key(const JobRun& a, const JobRun& b) {
    return a.tenant_id == b.tenant_id && a.key == b.key && (!a.key.empty() || a.job_id == b.job_id);
}

inline std::size_t ReferenceStorage::running_beside(const JobRun& run) const {
    return static_cast<std::size_t>(std::count_if(tables_.runs.begin(), tables_.runs.end(), [&](const RunRow& other) {
        return other.run.status == JobRunStatus::running && same_key(other.run, run);
    }));
}

inline bool ReferenceStorage::has_slot(const JobRun& run) const {
    return run.slots == 0 || running_beside(run) < run.slots;
}

inline bool ReferenceStorage::may_block(const RunId& id, const RunId& blocker) const {
    const std::lock_guard lock(mutex_);
    const auto row = [&](const RunId& wanted) {
        return std::find_if(
            tables_.runs.begin(), tables_.runs.end(), [&](const RunRow& other) { return other.run.id == wanted; });
    };
    const auto run = row(id);
    const auto other = row(blocker);
    return run != tables_.runs.end() && other != tables_.runs.end() && same_key(run->run, other->run) &&
           other->run.status == JobRunStatus::running;
}

inline void ReferenceStorage::set_blocker(const RunId& id, const std::optional<RunId>& blocker) {
    const std::lock_guard lock(mutex_);
    if (RunRow* row = run_row(id)) row->run.blocked_by = blocker;
}

// ---- adding and ending ---------------------------------------------------------------------------------------------

/// The row in the ledger: a new one, or the skip row that it extends; nothing where the occurrence is there already.
inline std::optional<JobRun>
ReferenceStorage::add_run(JobRow& job, const JobRun& run, const std::optional<Instant>& high_water) {
    if (run.trigger == RunTrigger::schedule) {
        if (high_water && run.scheduled_for <= *high_water) return std::nullopt;
        RunRow* last = job.last_scheduled ? run_row(*job.last_scheduled) : nullptr;
        if (last && carillon::detail::extends_skip_row(last->run, run)) {
            carillon::detail::extend_skip_row(last->run, run);
            return last->run;
        }
        job.last_scheduled = run.id;
    }
    tables_.runs.push_back({.run = run});
    return run;
}

inline void ReferenceStorage::stop_runs(const JobRow& job, StopScope scope, Instant at) {
    if (scope == StopScope::none) return;
    JobRun probe;
    probe.tenant_id = job.definition->tenant_id;
    probe.job_id = job.definition->id;
    probe.key = job.definition->policies.overlap.concurrency_key;
    const auto reason = scope == StopScope::key ? RunReason::cancel_previous : RunReason::deleted;
    for (RunRow& row : tables_.runs) {
        JobRun& run = row.run;
        const bool meant = scope == StopScope::key ? same_key(run, probe) : run.job_id == probe.job_id;
        if (!meant) continue;
        if (run.status == JobRunStatus::pending)
            settle(run, {.status = JobRunStatus::cancelled, .reason = reason, .at = at});
        else if (run.status == JobRunStatus::running && !std::exchange(run.stop_requested, true))
            run.reason = reason;
    }
}

inline void ReferenceStorage::settle(JobRun& run, const RunTransition& to) {
    carillon::detail::apply(run, to);
    if (!is_terminal(run.status)) return;
    JobRow& job = job_of(run);
    if (to.executed) {
        ++job.progress.run_count;
        if (run.status == JobRunStatus::failed || run.status == JobRunStatus::timed_out) ++job.progress.failure_count;
        job.progress.last_run_at = std::max(job.progress.last_run_at, run.started_at);
    }
    const bool wants_cursor = run.trigger == RunTrigger::schedule && job.definition->fixed_delay && !job.removed &&
                              job.definition->status == JobStatus::active && !job.progress.next_run_at;
    if (!wants_cursor) return;
    const Instant from = std::max(to.at, job.progress.high_water.value_or(to.at));
    job.progress.next_run_at = from + *job.definition->fixed_delay;
}

inline std::optional<RunWrite>
ReferenceStorage::modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) {
    return atomically([&]() -> std::optional<RunWrite> {
        RunRow* row = run_row(id);
        if (!row || row->run.tenant_id != tenant) return std::nullopt;
        JobRun& run = row->run;
        RunChange wanted = change(run);
        if (wanted.transition && !is_terminal(run.status)) settle(run, *wanted.transition);
        if (wanted.request_stop && run.status == JobRunStatus::running && !std::exchange(run.stop_requested, true))
            run.reason = wanted.stop_reason;
        const JobRow& job = job_of(run);
        if (wanted.event) {
            if (!job.removed) wanted.event->before = wanted.event->after = job.definition;
            record(*wanted.event);
        }
        return RunWrite{run, wanted.event};
    });
}

// ---- the worker's operations ---------------------------------------------------------------------------------------

/// The first run in order that was not passed over already: of the first tenant behind `turn`, all tenants in a ring.
inline ReferenceStorage::RunRow* ReferenceStorage::next_to_claim(const ClaimRequest& request,
                                                                 const std::string& turn,
                                                                 const std::vector<RunId>& passed) {
    const auto has = [](const auto& values, const auto& value) {
        return std::find(values.begin(), values.end(), value) != values.end();
    };
    const auto place = [&](const JobRun& run) {
        return std::make_tuple(run.tenant_id <= turn, run.tenant_id, -run.priority, run.not_before, run.id);
    };
    const Instant due_by = std::min(request.now, request.due_by.value_or(request.now));
    RunRow* first = nullptr;
    for (RunRow& row : tables_.runs) {
        const JobRun& run = row.run;
        if (run.status != JobRunStatus::pending || run.not_before > due_by) continue;
        if (!has(request.action_types, run.action_type) || has(passed, run.id)) continue;
        if (!first || place(run) < place(first->run)) first = &row;
    }
    return first;
}

inline void ReferenceStorage::start(RunRow& row, const ClaimRequest& request) {
    JobRun& run = row.run;
    if (run.trigger == RunTrigger::schedule && !run.started_at) ++job_of(run).progress.started_runs;
    run.status = JobRunStatus::running;
    run.worker = request.worker;
    run.started_at = request.now;
    ++run.fence;
    ++run.attempt;
    row.lease_until = lease_now() + request.lease;
}

inline void ReferenceStorage::skip(JobRun& run, Instant now) {
    for (const RunRow& other : tables_.runs) {
        if (other.run.status != JobRunStatus::running || !same_key(other.run, run)) continue;
        run.blocked_by = other.run.id;
        break;
    }
    settle(run, {.status = JobRunStatus::skipped, .reason = RunReason::overlapped, .at = now});
}

inline std::vector<ClaimedRun> ReferenceStorage::claim(const ClaimRequest& request) {
    const std::lock_guard lock(mutex_);
    std::vector<ClaimedRun> claimed;
    std::vector<RunId> passed;
    std::string turn = request.after_tenant;
    while (claimed.size() < request.limit) {
        RunRow* row = next_to_claim(request, turn, passed);
        if (!row) break;
        passed.push_back(row->run.id);
        if (has_slot(row->run)) {
            start(*row, request);
            claimed.push_back({row->run, job_of(row->run).definition});
            turn = row->run.tenant_id;
        } else if (row->run.skip_when_busy) {
            skip(row->run, request.now);
        }
    }
    return claimed;
}

inline std::vector<HeartbeatAnswer> ReferenceStorage::heartbeat(const std::vector<RunRef>& runs, Duration lease) {
    const std::lock_guard lock(mutex_);
    std::vector<HeartbeatAnswer> answers;
    for (const RunRef& ref : runs) {
        RunRow* row = owned_row(ref);
        if (row) row->lease_until = lease_now() + lease;
        const bool stop = row && row->run.stop_requested;
        if (!row || stop) answers.push_back({.run = ref, .lost = !row, .stop_requested = stop});
    }
    return answers;
}

inline std::vector<bool> ReferenceStorage::finish(std::vector<RunFinish> finishes) {
    const std::lock_guard lock(mutex_);
    std::vector<bool> accepted;
    for (const RunFinish& finish : finishes) {
        RunRow* row = owned_row(finish.run);
        if (row) settle(row->run, finish.to);
        accepted.push_back(row != nullptr);
    }
    return accepted;
}

inline std::vector<JobRun> ReferenceStorage::reap(std::size_t limit, const AfterAbandon& after_abandon) {
    return atomically([&] {
        std::vector<JobRun> reaped;
        for (RunRow& row : tables_.runs) {
            if (row.run.status != JobRunStatus::running || row.lease_until > lease_now()) continue;
            if (reaped.size() == limit) break;
            settle(row.run, after_abandon(row.run, *job_of(row.run).definition));
            reaped.push_back(row.run);
        }
        return reaped;
    });
}

inline std::optional<Instant> ReferenceStorage::next_due(const std::vector<std::string>& action_types) const {
    const std::lock_guard lock(mutex_);
    std::optional<Instant> earliest;
    const auto consider = [&](Instant at) {
        earliest = std::min(earliest.value_or(at), at);
    };
    for (const JobRow& job : tables_.jobs)
        if (!job.removed && job.definition->status == JobStatus::active && job.progress.next_run_at)
            consider(*job.progress.next_run_at);
    for (const RunRow& row : tables_.runs) {
        const JobRun& run = row.run;
        const bool known = std::find(action_types.begin(), action_types.end(), run.action_type) != action_types.end();
        if (run.status == JobRunStatus::pending && known && (run.skip_when_busy || has_slot(run)))
            consider(run.not_before);
    }
    return earliest;
}

// ---- reading -------------------------------------------------------------------------------------------------------

inline std::optional<JobRun> ReferenceStorage::find_run(const std::string& tenant, const RunId& id) const {
    const std::lock_guard lock(mutex_);
    for (const RunRow& row : tables_.runs)
        if (row.run.tenant_id == tenant && row.run.id == id) return row.run;
    return std::nullopt;
}

inline std::vector<JobRun>
ReferenceStorage::list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const {
    const std::lock_guard lock(mutex_);
    std::vector<JobRun> listed;
    for (const RunRow& row : tables_.runs)
        if (row.run.tenant_id == tenant && row.run.job_id == id && (!query.status || row.run.status == *query.status) &&
            (!query.after || row.run.id < *query.after))
            listed.push_back(row.run);
    std::sort(listed.begin(), listed.end(), [](const JobRun& a, const JobRun& b) { return b.id < a.id; });
    return contract::cut(listed, query.offset, query.limit);
}

// ---- retention -----------------------------------------------------------------------------------------------------

inline std::size_t ReferenceStorage::purge(const Retention& retention, Instant now, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::size_t deleted = purge_audit(retention, now, limit);
    for (const JobRow& job : tables_.jobs)
        deleted += purge_runs(job, retention, now, limit - deleted);
    return deleted;
}

inline std::size_t ReferenceStorage::purge_audit(const Retention& retention, Instant now, std::size_t limit) {
    std::size_t deleted = 0;
    std::erase_if(tables_.audit, [&](const AuditEvent& event) {
        const bool goes = deleted < limit && event.at < now - retention.audit;
        if (goes) ++deleted;
        return goes;
    });
    return deleted;
}

inline bool ReferenceStorage::counts_for_purge(const JobRun& run) const {
    if (run.status == JobRunStatus::skipped) return false;
    return std::none_of(tables_.runs.begin(), tables_.runs.end(), [&](const RunRow& other) {
        return other.run.retry_of == run.id || other.run.blocked_by == run.id;
    });
}

/// Goes through the job's runs from the oldest on.
inline std::size_t
ReferenceStorage::purge_runs(const JobRow& job, const Retention& retention, Instant now, std::size_t limit) {
    const auto ended_by = [](const JobRun& run, Instant at) {
        return run.completed_at.value_or(run.scheduled_for) < at;
    };
    std::vector<JobRun> runs;
    for (const RunRow& row : tables_.runs) {
        const bool remembered = row.run.idempotency_key && !ended_by(row.run, now - retention.idempotency_keys);
        if (row.run.job_id == job.definition->id && is_terminal(row.run.status) && !remembered) runs.push_back(row.run);
    }
    std::sort(runs.begin(), runs.end(), [](const JobRun& a, const JobRun& b) { return a.id < b.id; });
    const auto old = [&](const JobRun& run) {
        return ended_by(run, now - retention.runs);
    };
    const auto counted = static_cast<std::size_t>(
        std::count_if(runs.begin(), runs.end(), [&](const JobRun& run) { return !old(run) && counts_for_purge(run); }));
    std::size_t surplus = counted > retention.runs_per_job ? counted - retention.runs_per_job : 0;
    std::size_t deleted = 0;
    for (const JobRun& run : runs) {
        if (deleted == limit) break;
        const bool beyond = surplus > 0 && !old(run) && counts_for_purge(run);
        if (!beyond && !old(run)) continue;
        if (beyond) --surplus;
        ++deleted;
        std::erase_if(tables_.runs, [&](const RunRow& row) { return row.run.id == run.id; });
    }
    return deleted;
}

} // namespace carillon::testing
