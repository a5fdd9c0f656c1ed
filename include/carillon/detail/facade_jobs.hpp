// SPDX-License-Identifier: MIT
// detail/facade_jobs.hpp - how SchedulerFacade creates, reads, changes and deletes jobs.
#pragma once

#include "carillon/scheduler_facade.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

template <Storage StorageT>
NewJob SchedulerFacade<StorageT>::new_job(Draft draft, const Caller& caller, Instant at) const {
    NewJob job;
    detail::activate(draft, job.progress, at);
    if (!draft.job.enabled) {
        draft.job.status = JobStatus::disabled;
        draft.job.status_reason = "created disabled";
        job.progress.next_run_at.reset();
    }
    job.event = detail::signed_event(draft.job, caller, AuditVerb::job_created, at);
    job.definition = std::make_shared<const JobDefinition>(std::move(draft.job));
    return job;
}

/// A repeated create gives the job that exists even where the spec could not be created any more: its time has passed.
template <Storage StorageT>
std::optional<ScheduledJob> SchedulerFacade<StorageT>::earlier_job(const Caller& caller,
                                                                   const JobDefinition& job) const {
    if (!job.idempotency_key) return std::nullopt;
    auto earlier = core_->storage->find_job_by_idempotency_key(caller.tenant, *job.idempotency_key);
    if (!earlier || earlier->spec_fingerprint != job.spec_fingerprint) return std::nullopt;
    return earlier;
}

template <Storage StorageT>
ScheduledJob SchedulerFacade<StorageT>::create_job(const Caller& caller, const JobSpec& spec) {
    return std::move(create_jobs(caller, std::span<const JobSpec>(&spec, 1)).front());
}

template <Storage StorageT>
std::vector<ScheduledJob> SchedulerFacade<StorageT>::create_jobs(const Caller& caller, std::span<const JobSpec> specs) {
    check(caller);
    detail::check_range<std::size_t>("jobs",
                                     specs.size(),
                                     1,
                                     core_->defaults.limits.jobs_per_call,
                                     "1 to " + std::to_string(core_->defaults.limits.jobs_per_call) + " jobs");
    const Instant at = now();
    std::vector<ScheduledJob> jobs(specs.size());
    std::vector<NewJob> to_insert;
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < specs.size(); ++i) {
        Draft draft = detail::draft_of(specs[i], caller, "", at, core_->defaults);
        if (auto earlier = earlier_job(caller, draft.job)) {
            jobs[i] = std::move(*earlier);
            continue;
        }
        to_insert.push_back(new_job(std::move(draft), caller, at));
        index.push_back(i);
    }
    InsertResult inserted = core_->storage->insert_jobs(std::move(to_insert));
    if (inserted.conflict)
        detail::refuse(Errc::idempotency_conflict,
                       "idempotency_key",
                       "\"" + specs[index[*inserted.conflict]].idempotency_key.value_or("") +
                           "\" was used for a job with another spec");
    for (std::size_t i = 0; i < index.size(); ++i) {
        core_->emit(inserted.jobs[i].event);
        jobs[index[i]] = std::move(inserted.jobs[i].job);
    }
    return jobs;
}

template <Storage StorageT>
ScheduledJob SchedulerFacade<StorageT>::put_job(const Caller& caller, const std::string& key, const JobSpec& spec) {
    check(caller);
    detail::check_name("key", key, core_->defaults.limits.name_bytes);
    if (spec.idempotency_key)
        detail::refuse(Errc::unknown_field, "idempotency_key", "has no meaning for put_job; the key is enough");
    const Instant at = now();
    const Draft wanted = detail::draft_of(spec, caller, key, at, core_->defaults);
    JobWrite write = core_->storage->put_job(caller.tenant, key, [&](const JobView* job, const KeyState&) {
        JobChange change;
        if (!job) {
            NewJob created = new_job(wanted, caller, at);
            change.definition = std::move(created.definition);
            change.progress = created.progress;
            change.event = std::move(created.event);
            return change;
        }
        if (detail::same_definition(job->definition, wanted.job)) return change;
        const bool revive = wanted.job.enabled != job->definition.enabled;
        JobDefinition updated = wanted.job;
        updated.id = job->definition.id;
        updated.created_at = job->definition.created_at;
        updated.status = job->definition.status;
        updated.status_reason = job->definition.status_reason;
        return edit(*job, detail::finish_draft(std::move(updated), core_->defaults), caller, revive, at);
    });
    core_->emit(write.event);
    return std::move(write.job);
}

template <Storage StorageT>
std::optional<ScheduledJob> SchedulerFacade<StorageT>::get_job(const JobId& id, const Caller& caller) const {
    check(caller);
    return core_->storage->find_job(caller.tenant, id);
}

template <Storage StorageT>
std::vector<ScheduledJob> SchedulerFacade<StorageT>::list_jobs(const Caller& caller, const JobQuery& query) const {
    check(caller);
    check_query(query);
    return core_->storage->list_jobs(caller.tenant, query);
}

template <Storage StorageT>
std::size_t SchedulerFacade<StorageT>::count_jobs(const Caller& caller, std::optional<JobStatus> status) const {
    check(caller);
    return core_->storage->count_jobs(caller.tenant, status);
}

template <Storage StorageT>
Count SchedulerFacade<StorageT>::count_jobs(const Caller& caller, const JobQuery& query, std::size_t cap) const {
    check(caller);
    check_query(query);
    const bool filters = query.search || query.action_type || query.failing;
    if (!filters) return {core_->storage->count_jobs(caller.tenant, query.status), false};
    return core_->storage->count_jobs(caller.tenant, query, cap);
}

template <Storage StorageT>
std::vector<std::vector<RunOutcome>>
SchedulerFacade<StorageT>::recent_outcomes(const Caller& caller, const std::vector<JobId>& jobs, std::size_t n) const {
    check(caller);
    const std::size_t page = core_->defaults.limits.page;
    detail::check_range<std::size_t>("jobs", jobs.size(), 0, page, "at most " + std::to_string(page) + " jobs");
    detail::check_range<std::size_t>("n", n, 1, page, "1 to " + std::to_string(page));
    return core_->storage->recent_outcomes(caller.tenant, jobs, n);
}

template <Storage StorageT>
std::optional<ScheduledJob> SchedulerFacade<StorageT>::changed(std::optional<JobWrite> write) const {
    if (!write) return std::nullopt;
    core_->emit(write->event);
    return std::move(write->job);
}

/// The change from a job to a draft of it: closes the past under the old definition where the occurrences or the status
/// change, and sets the new cursor.
template <Storage StorageT>
JobChange
SchedulerFacade<StorageT>::edit(const JobView& job, Draft draft, const Caller& caller, bool revive, Instant at) const {
    const JobDefinition& before = job.definition;
    JobChange change;
    change.at = at;
    change.progress = job.progress;
    const bool retimed = !detail::same_timing(before, draft.job);
    const bool to_disable = !draft.job.enabled && before.status != JobStatus::disabled;
    if (retimed || to_disable || revive)
        core_->close_past(job, change, to_disable ? RunReason::disabled : RunReason::edited);
    if (to_disable) {
        draft.job.status = JobStatus::disabled;
        draft.job.status_reason = "by update";
        change.progress->next_run_at.reset();
    } else if (draft.job.enabled && before.status != JobStatus::paused && (retimed || revive)) {
        change.progress->evaluation_failures = 0;
        if (revive) change.progress->consecutive_failures = 0;
        detail::activate(draft, *change.progress, at);
    }
    if (retimed) detail::require_occurrence(draft, *change.progress, at);
    draft.job.updated_at = at;
    draft.job.revision = before.revision + 1;
    change.event = detail::signed_event(draft.job, caller, AuditVerb::job_updated, at);
    change.definition = std::make_shared<const JobDefinition>(std::move(draft.job));
    return change;
}

namespace detail {

inline void check_revision(const JobDefinition& job, std::optional<std::uint64_t> expected) {
    if (expected && *expected != job.revision)
        refuse(Errc::revision_conflict,
               "expected_revision",
               "expected revision " + std::to_string(*expected) + ", the job is at " + std::to_string(job.revision));
}

} // namespace detail

template <Storage StorageT>
std::optional<ScheduledJob> SchedulerFacade<StorageT>::update_job(const JobId& id,
                                                                  const Caller& caller,
                                                                  const JobPatch& patch,
                                                                  std::optional<std::uint64_t> expected_revision) {
    check(caller);
    const Instant at = now();
    return changed(core_->storage->modify_job(caller.tenant, id, [&](const JobView& job, const KeyState&) -> JobChange {
        const JobDefinition& current = job.definition;
        detail::check_revision(current, expected_revision);
        Draft draft = detail::patched(current, patch, core_->defaults);
        const bool revive = patch.enabled.value_or(false) && current.status == JobStatus::disabled;
        if (detail::same_definition(current, draft.job) && !revive) return {};
        return edit(job, std::move(draft), caller, revive, at);
    }));
}

template <Storage StorageT>
std::optional<ScheduledJob>
SchedulerFacade<StorageT>::pause_job(const JobId& id, const Caller& caller, const ReasonOptions& options) {
    check(caller);
    check_reason(options);
    const Instant at = now();
    return changed(core_->storage->modify_job(caller.tenant, id, [&](const JobView& job, const KeyState&) -> JobChange {
        switch (job.definition.status) {
        case JobStatus::paused: return {};
        case JobStatus::active: {
            JobChange change =
                pause(job, core_->schedules.find_schedule_of(job.definition), caller.actor, options.reason, at);
            detail::sign(*change.event, caller);
            return change;
        }
        case JobStatus::disabled:
        case JobStatus::completed: break;
        }
        detail::refuse(Errc::invalid_state,
                       "status",
                       "a job that is " + std::string(to_string(job.definition.status)) + " cannot be paused");
    }));
}

template <Storage StorageT>
JobChange SchedulerFacade<StorageT>::resume(const JobView& job,
                                            const Caller& caller,
                                            const std::string& reason,
                                            Instant at) const {
    JobChange change;
    change.at = at;
    change.progress = job.progress;
    core_->close_past(job, change, RunReason::none);
    change.progress->evaluation_failures = 0;
    change.progress->consecutive_failures = 0;
    Draft draft = detail::finish_draft(job.definition, core_->defaults);
    draft.job.enabled = true;
    try {
        detail::activate(draft, *change.progress, at);
    } catch (const Error& error) {
        throw Error(Errc::invalid_state, std::string("status: cannot be resumed; ") + error.what(), "status");
    }
    draft.job.updated_at = at;
    ++draft.job.revision;
    change.event = detail::signed_event(draft.job, caller, AuditVerb::job_resumed, at);
    change.event->reason = reason;
    change.definition = std::make_shared<const JobDefinition>(std::move(draft.job));
    return change;
}

template <Storage StorageT>
std::optional<ScheduledJob>
SchedulerFacade<StorageT>::resume_job(const JobId& id, const Caller& caller, const ReasonOptions& options) {
    check(caller);
    check_reason(options);
    const Instant at = now();
    return changed(core_->storage->modify_job(caller.tenant, id, [&](const JobView& job, const KeyState&) -> JobChange {
        if (job.definition.status == JobStatus::active) return {};
        return resume(job, caller, options.reason, at);
    }));
}

template <Storage StorageT>
bool SchedulerFacade<StorageT>::delete_job(const JobId& id,
                                           const Caller& caller,
                                           std::optional<std::uint64_t> expected_revision) {
    check(caller);
    const Instant at = now();
    const auto write = core_->storage->modify_job(caller.tenant, id, [&](const JobView& job, const KeyState&) {
        detail::check_revision(job.definition, expected_revision);
        JobChange change;
        change.at = at;
        change.progress = job.progress;
        core_->close_past(job, change, RunReason::deleted);
        change.progress->next_run_at.reset();
        change.stop = StopScope::job;
        change.remove = true;
        change.event = detail::signed_event(job.definition, caller, AuditVerb::job_deleted, at);
        return change;
    });
    if (write) core_->emit(write->event);
    return write.has_value();
}

} // namespace carillon
