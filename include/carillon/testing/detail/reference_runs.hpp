// SPDX-License-Identifier: MIT
// testing/detail/reference_runs.hpp - how ReferenceStorage moves runs from pending to their end, and forgets them.
#pragma once

#include "carillon/testing/reference_storage.hpp"

#include <algorithm>
#include <map>
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

template <class Match>
std::size_t ReferenceStorage::running_where(Match match) const {
    return static_cast<std::size_t>(std::count_if(tables_.runs.begin(), tables_.runs.end(), [&](const RunRow& row) {
        return row.run.status == JobRunStatus::running && match(row.run);
    }));
}

inline bool ReferenceStorage::has_slot(const JobRun& run) const {
    return run.slots == 0 || running_where([&](const JobRun& other) { return same_key(other, run); }) < run.slots;
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
        RunRow* before = last_scheduled(job, run.scheduled_for);
        if (before && before->run.scheduled_for == run.scheduled_for) return std::nullopt;
        if (before && extends_skip_row(before->run, run)) {
            extend_skip_row(before->run, run);
            return before->run;
        }
    }
    tables_.runs.push_back({.run = run});
    return run;
}

/// The last one that begins at `at` or before; null also where one that came between has been purged.
inline ReferenceStorage::RunRow* ReferenceStorage::last_scheduled(const JobRow& job, Instant at) {
    RunRow* last = nullptr;
    for (RunRow& row : tables_.runs)
        if (row.run.job_id == job.definition->id && row.run.trigger == RunTrigger::schedule &&
            row.run.scheduled_for <= at && (!last || row.run.scheduled_for >= last->run.scheduled_for))
            last = &row;
    return last && last_occurrence(last->run) >= job.progress.purged_until ? last : nullptr;
}

inline void ReferenceStorage::rewind(JobRow& job, Instant to) {
    const auto behind = [&](const JobRun& run, Instant at) {
        return run.job_id == job.definition->id && run.trigger == RunTrigger::schedule && at > to;
    };
    std::erase_if(tables_.runs,
                  [&](const RunRow& row) { return behind(row.run, row.run.scheduled_for) && never_started(row.run); });
    for (RunRow& row : tables_.runs)
        if (row.run.status == JobRunStatus::skipped && behind(row.run, last_occurrence(row.run)))
            cut_skip_row(row.run, to);
    if (job.progress.purged_until > to) job.progress.purged_until = to;
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
    apply(run, to);
    if (!is_terminal(run.status)) return;
    JobRow& job = job_of(run);
    count_end(job.progress, run, to);
    const bool wants_cursor = run.trigger == RunTrigger::schedule && job.definition->fixed_delay && !job.removed &&
                              job.definition->status == JobStatus::active && !job.progress.next_run_at;
    if (!wants_cursor) return;
    job.progress.next_run_at = cursor_after_delay(job.progress, to.at, *job.definition->fixed_delay);
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

namespace contract {

template <class T>
[[nodiscard]] bool contains(const std::vector<T>& values, const T& value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// What `values` has for a key; else what stands for no limit.
template <class T>
[[nodiscard]] T limit_of(const std::map<std::string, T>& values, const std::string& key) {
    const auto at = values.find(key);
    return at == values.end() ? T{} : at->second;
}

} // namespace contract

/// Whether as many of its tenant or type are running as may be.
inline bool ReferenceStorage::is_full(const JobRun& run, const ClaimLimits& limits) const {
    const std::size_t of_type = contract::limit_of(limits.per_type, run.action_type);
    const auto same_tenant = [&](const JobRun& other) {
        return other.tenant_id == run.tenant_id;
    };
    const auto same_type = [&](const JobRun& other) {
        return other.action_type == run.action_type;
    };
    return (limits.per_tenant > 0 && running_where(same_tenant) >= limits.per_tenant) ||
           (of_type > 0 && running_where(same_type) >= of_type);
}

inline SteadyTime ReferenceStorage::rate_opens_for(const JobRun& run, const ClaimLimits& limits) const {
    return rate_opens_at(contract::limit_of(limits.rates, run.action_type),
                         contract::limit_of(tables_.spent_until, run.action_type));
}

inline bool ReferenceStorage::is_held_back(const JobRun& run, const ClaimFilter& filter) const {
    return !contract::contains(filter.action_types, run.action_type) || is_full(run, filter.limits) ||
           rate_opens_for(run, filter.limits) > lease_now() || contract::contains(filter.except_keys, key_of(run));
}

/// The first run in order that was not passed over already: of the first tenant behind `turn`, all tenants in a ring.
inline ReferenceStorage::RunRow* ReferenceStorage::next_to_claim(const ClaimRequest& request,
                                                                 const std::string& turn,
                                                                 const std::vector<RunId>& passed) {
    const auto place = [&](const JobRun& run) {
        return std::make_tuple(run.tenant_id <= turn, run.tenant_id, -run.priority, run.not_before, run.id);
    };
    const Instant due_by = std::min(request.now, request.due_by.value_or(request.now));
    RunRow* first = nullptr;
    for (RunRow& row : tables_.runs) {
        const JobRun& run = row.run;
        if (run.status != JobRunStatus::pending || run.not_before > due_by) continue;
        if (contract::contains(passed, run.id) || is_held_back(run, request.filter)) continue;
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
    run.blocked_by.reset();
    ++run.fence;
    ++run.attempt;
    run.delivery = job_of(run).definition->policies.delivery;
    row.lease_until = lease_now() + request.lease;
    SteadyTime& spent = tables_.spent_until[run.action_type];
    spent = rate_spent_until(contract::limit_of(request.filter.limits.rates, run.action_type), spent, lease_now());
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
        if (has_expired(row->run, request.now)) {
            settle(row->run, total_timeout(row->run, request.now));
        } else if (has_slot(row->run)) {
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

inline std::vector<JobRun> ReferenceStorage::expire(Instant now, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::vector<JobRun*> due;
    for (RunRow& row : tables_.runs)
        if (row.run.status == JobRunStatus::pending && has_expired(row.run, now)) due.push_back(&row.run);
    std::stable_sort(
        due.begin(), due.end(), [](const JobRun* a, const JobRun* b) { return a->expires_at < b->expires_at; });
    due.resize(std::min(limit, due.size()));
    std::vector<JobRun> expired;
    for (JobRun* run : due) {
        settle(*run, total_timeout(*run, now));
        expired.push_back(*run);
    }
    return expired;
}

inline std::optional<Instant> ReferenceStorage::next_due(const ClaimFilter& filter, Instant now) const {
    const std::lock_guard lock(mutex_);
    std::optional<Instant> earliest;
    const auto consider = [&](Instant at) {
        earliest = std::min(earliest.value_or(at), at);
    };
    for (const JobRow& job : tables_.jobs)
        if (!job.removed && job.definition->status == JobStatus::active && job.progress.next_run_at)
            consider(*job.progress.next_run_at);
    ClaimFilter any_rate = filter;
    any_rate.limits.rates.clear();
    for (const RunRow& row : tables_.runs) {
        const JobRun& run = row.run;
        const bool can_go = run.skip_when_busy || has_slot(run);
        if (run.status != JobRunStatus::pending || !can_go || is_held_back(run, any_rate)) continue;
        const SteadyTime opens = rate_opens_for(run, filter.limits);
        consider(opens > lease_now() ? std::max(run.not_before, now + (opens - lease_now())) : run.not_before);
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

inline std::optional<JobRun>
ReferenceStorage::find_occurrence(const std::string& tenant, const JobId& id, Instant at) const {
    const std::lock_guard lock(mutex_);
    for (const RunRow& row : tables_.runs) {
        const JobRun& run = row.run;
        const bool scheduled = run.tenant_id == tenant && run.job_id == id && run.trigger == RunTrigger::schedule;
        if (scheduled && run.scheduled_for <= at && at <= last_occurrence(run)) return run;
    }
    return std::nullopt;
}

// ---- retention -----------------------------------------------------------------------------------------------------

inline std::size_t ReferenceStorage::purge(const Retention& retention, Instant now, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::size_t deleted = purge_audit(retention, now, limit);
    for (JobRow& job : tables_.jobs)
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

inline bool ReferenceStorage::is_referred_to(const JobRun& run) const {
    return std::any_of(tables_.runs.begin(), tables_.runs.end(), [&](const RunRow& other) {
        return other.run.retry_of == run.id || other.run.blocked_by == run.id;
    });
}

/// Goes through the job's runs from the oldest on.
inline std::size_t
ReferenceStorage::purge_runs(JobRow& job, const Retention& retention, Instant now, std::size_t limit) {
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
        return ended_by(run, now - retention.rule_of(run.status).age.value_or(retention.runs));
    };
    const auto counts = [&](const JobRun& run) {
        const bool counted = run.status != JobRunStatus::skipped || retention.rule_of(run.status).per_job;
        return counted && !old(run) && !is_referred_to(run);
    };
    // Statuses with a number of their own are counted by themselves, the others together.
    const auto counted_with = [&](const JobRun& run) {
        return retention.rule_of(run.status).per_job ? run.status : JobRunStatus::pending;
    };
    std::map<JobRunStatus, std::size_t> surplus;
    for (const JobRun& run : runs)
        if (counts(run)) ++surplus[counted_with(run)];
    for (auto& [status, count] : surplus)
        count -= std::min(count, retention.rule_of(status).per_job.value_or(retention.runs_per_job));
    std::size_t deleted = 0;
    for (const JobRun& run : runs) {
        if (deleted == limit) break;
        const bool beyond = counts(run) && surplus[counted_with(run)] > 0;
        if (!beyond && !old(run)) continue;
        if (beyond) --surplus[counted_with(run)];
        ++deleted;
        std::erase_if(tables_.runs, [&](const RunRow& row) { return row.run.id == run.id; });
        if (run.trigger == RunTrigger::schedule)
            job.progress.purged_until = std::max(job.progress.purged_until, std::optional(last_occurrence(run)));
    }
    return deleted;
}

} // namespace carillon::testing
