// SPDX-License-Identifier: MIT
// detail/facade_rebase.hpp - how SchedulerFacade sets jobs back after a clock that was wrong.
#pragma once

#include "carillon/detail/rebase.hpp"
#include "carillon/scheduler_facade.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace carillon {

template <Storage StorageT>
template <class Visit>
void SchedulerFacade<StorageT>::each_run(const ScheduledJob& job, RunQuery query, Visit visit) const {
    query.limit = core_->defaults.limits.page;
    for (bool more = true; more;) {
        const auto page = core_->storage->list_runs(job.tenant_id, job.id, query);
        for (const JobRun& run : page)
            if (!visit(run)) return;
        more = page.size() == query.limit;
        if (more) query.after = page.back();
    }
}

/// Ends the runs that wait for a time that will not come soon: they hold the key of those that are due.
template <Storage StorageT>
void SchedulerFacade<StorageT>::cancel_wrong_waits(const ScheduledJob& job, Instant at) {
    each_run(job, {.status = JobRunStatus::pending}, [&](const JobRun& listed) {
        core_->storage->modify_run(job.tenant_id, listed.id, [&](const JobRun& run) {
            RunChange change;
            if (run.status == JobRunStatus::pending && detail::waits_for_wrong_time(run, at))
                change.transition =
                    RunTransition{.status = JobRunStatus::cancelled, .reason = RunReason::requested, .at = at};
            return change;
        });
        return true;
    });
}

template <Storage StorageT>
bool SchedulerFacade<StorageT>::rebase(const ScheduledJob& job,
                                       const Caller& caller,
                                       const std::string& reason,
                                       Instant at) {
    if (!detail::is_ahead_of(job, job, at)) return false;
    cancel_wrong_waits(job, at);
    std::optional<Instant> recorded;
    each_run(job, {}, [&](const JobRun& run) {
        recorded = detail::rightly_recorded(run, at);
        return !recorded;
    });
    const auto write = core_->storage->modify_job(job.tenant_id, job.id, [&](const JobView& now_job, const KeyState&) {
        AuditEvent event = detail::signed_event(now_job.definition, caller, AuditVerb::job_rebased, at);
        event.reason = reason;
        const auto schedule_of = [&](const JobDefinition& definition) {
            return core_->schedules.find_schedule_of(definition);
        };
        return detail::rebased(now_job, schedule_of, recorded, std::move(event), at);
    });
    if (!write || !write->event) return false;
    core_->emit(write->event);
    return true;
}

template <Storage StorageT>
std::size_t SchedulerFacade<StorageT>::rebase_clock(const Caller& caller, const ReasonOptions& options) {
    check(caller);
    check_reason(options);
    const Instant at = now();
    std::size_t rebased = 0;
    JobQuery query{.limit = core_->defaults.limits.page};
    for (bool more = true; more;) {
        const auto jobs = core_->storage->list_jobs(caller.tenant, query);
        for (const ScheduledJob& job : jobs)
            rebased += rebase(job, caller, options.reason, at) ? 1 : 0;
        more = jobs.size() == query.limit;
        if (more) query.after = jobs.back();
    }
    return rebased;
}

} // namespace carillon
