// SPDX-License-Identifier: MIT
// detail/facade_runs.hpp - how SchedulerFacade starts, lists and cancels runs.
#pragma once

#include "carillon/scheduler_facade.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// Adds the run that `change` made to the job, and says in the audit who wanted it.
template <Storage StorageT>
std::optional<JobRun>
SchedulerFacade<StorageT>::add_run(const JobId& id,
                                   const Caller& caller,
                                   AuditVerb verb,
                                   const std::function<JobChange(const JobView&, const KeyState&, Instant)>& change) {
    const Instant at = now();
    auto write = core_->storage->modify_job(caller.tenant, id, [&](const JobView& job, const KeyState& key) {
        JobChange added = change(job, key, at);
        added.at = at;
        added.event = detail::signed_event(job.definition, caller, verb, at);
        added.event->run_id = added.runs.front().id;
        return added;
    });
    if (!write) return std::nullopt;
    core_->emit(write->event);
    return std::move(write->runs.front());
}

namespace detail {

/// A run that a person asked for, as the job's overlap policy lets it in.
[[nodiscard]] inline JobChange
asked_for(const JobDefinition& job, RunTrigger trigger, KeyState key, Instant scheduled_for, Instant now) {
    JobChange change;
    const Admission admission = admit(job.policies.overlap, key);
    if (admission.stop_others) change.stop = StopScope::key;
    // What another node's clock has planned may still lie ahead here.
    const Instant not_before = std::max(now, scheduled_for);
    change.runs.push_back(make_run(job, trigger, scheduled_for, not_before, admission, key, now));
    return change;
}

} // namespace detail

template <Storage StorageT>
std::optional<JobRun>
SchedulerFacade<StorageT>::trigger_job(const JobId& id, const Caller& caller, const TriggerOptions& options) {
    check(caller);
    check_key(options);
    return add_run(id, caller, AuditVerb::job_triggered, [&](const JobView& job, const KeyState& key, Instant at) {
        JobChange change = detail::asked_for(job.definition, RunTrigger::manual, key, at, at);
        change.runs.back().idempotency_key = options.idempotency_key;
        return change;
    });
}

template <Storage StorageT>
std::vector<JobRun>
SchedulerFacade<StorageT>::list_runs(const JobId& id, const Caller& caller, const RunQuery& query) const {
    RunQuery of_job = query;
    of_job.job_id = id;
    return list_runs(caller, of_job);
}

template <Storage StorageT>
std::vector<JobRun> SchedulerFacade<StorageT>::list_runs(const Caller& caller, const RunQuery& query) const {
    check(caller);
    detail::check_run_query(query, core_->defaults.limits);
    return core_->storage->list_runs(caller.tenant, query);
}

template <Storage StorageT>
Count SchedulerFacade<StorageT>::count_runs(const Caller& caller, const RunQuery& query, std::size_t cap) const {
    check(caller);
    detail::check_run_query(query, core_->defaults.limits);
    return core_->storage->count_runs(caller.tenant, query, cap);
}

template <Storage StorageT>
std::optional<JobRun> SchedulerFacade<StorageT>::get_run(const RunId& id, const Caller& caller) const {
    check(caller);
    return core_->storage->find_run(caller.tenant, id);
}

template <Storage StorageT>
std::optional<JobRun>
SchedulerFacade<StorageT>::cancel_run(const RunId& id, const Caller& caller, const ReasonOptions& options) {
    check(caller);
    check_reason(options);
    const Instant at = now();
    auto write = core_->storage->modify_run(caller.tenant, id, [&](const JobRun& run) {
        if (is_terminal(run.status))
            detail::refuse(
                Errc::invalid_state, "status", "the run has ended, as " + std::string(to_string(run.status)));
        RunChange change;
        if (run.stop_requested) return change;
        if (run.status == JobRunStatus::pending)
            change.transition =
                RunTransition{.status = JobRunStatus::cancelled, .reason = RunReason::requested, .at = at};
        else
            change.request_stop = true;
        change.stop_reason = RunReason::requested;
        JobDefinition of_job;
        of_job.id = run.job_id;
        of_job.tenant_id = run.tenant_id;
        change.event = detail::signed_event(of_job, caller, AuditVerb::run_cancelled, at);
        change.event->run_id = run.id;
        change.event->reason = options.reason;
        return change;
    });
    if (!write) return std::nullopt;
    core_->emit(write->event);
    return std::move(write->run);
}

template <Storage StorageT>
std::optional<JobRun>
SchedulerFacade<StorageT>::retry_run(const RunId& id, const Caller& caller, const TriggerOptions& options) {
    check_key(options);
    const auto earlier = get_run(id, caller);
    if (!earlier) return std::nullopt;
    if (!is_terminal(earlier->status))
        detail::refuse(
            Errc::invalid_state, "status", "the run has not ended; it is " + std::string(to_string(earlier->status)));
    auto run = add_run(
        earlier->job_id, caller, AuditVerb::run_retried, [&](const JobView& job, const KeyState& key, Instant at) {
            JobChange change = detail::asked_for(job.definition, RunTrigger::retry, key, earlier->scheduled_for, at);
            change.runs.back().retry_of = earlier->id;
            change.runs.back().idempotency_key = options.idempotency_key;
            return change;
        });
    if (!run) detail::refuse(Errc::invalid_state, "job_id", "the run's job was deleted");
    return run;
}

} // namespace carillon
