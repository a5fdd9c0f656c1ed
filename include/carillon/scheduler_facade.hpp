// SPDX-License-Identifier: MIT
// scheduler_facade.hpp - the one entry point: every verb, for every caller, with its audit event.
//
//   SchedulerFacade<> scheduler;                                    // in memory, on the system's clock
//   auto job = scheduler.create_job(
//       "acme", {.name = "Report", .schedule = "0 9 * * *", .action = {{"type", "report"}}});
//   scheduler.trigger_job(job.id, "acme");
//
// Hosts, HTTP layers, SDKs and workers come through here; nobody sees the storage. For all verbs: a missing id and
// another tenant's id are the same, an empty optional, false or an empty list; every other mistake throws Error and
// changes nothing; a change and its audit event are written together or not at all. Thread-safe; a verb blocks as long
// as its storage does.
#pragma once

#include "carillon/audit_sinks.hpp"
#include "carillon/clock.hpp"
#include "carillon/detail/facade_core.hpp"
#include "carillon/detail/job_edit.hpp"
#include "carillon/planner.hpp"
#include "carillon/storage/memory.hpp"
#include "carillon/storage/storage.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

struct TriggerOptions {
    /// Makes a repeated trigger harmless: the same key on the same job gives the run that exists. At most 256 bytes.
    std::optional<std::string> idempotency_key = std::nullopt;
};

struct ReasonOptions {
    /// For the audit and the job's `status_reason`. At most 4 KiB.
    std::string reason = "";
};

template <Storage StorageT = MemoryStorage>
class SchedulerFacade {
public:
    /// A storage of its own.
    explicit SchedulerFacade(
        FacadeOptions options = {}) requires std::constructible_from<StorageT, std::shared_ptr<const Clock>>
        : SchedulerFacade(std::make_shared<StorageT>(options.clock), options) {}
    /// A storage that others may use too. Throws where an option makes no sense.
    explicit SchedulerFacade(std::shared_ptr<StorageT> storage, FacadeOptions options = {})
        : core_(std::make_shared<Core>(std::move(storage), std::move(options))) {}
    SchedulerFacade(const SchedulerFacade&) = delete;
    SchedulerFacade& operator=(const SchedulerFacade&) = delete;

    // ---- jobs

    /// Stores a new job. With an idempotency key that the tenant has used: the job that it made, as it is now, or
    /// `idempotency_conflict` where it came with another spec.
    ScheduledJob create_job(const Caller& caller, const JobSpec& spec);
    /// All of them, in order, or none.
    std::vector<ScheduledJob> create_jobs(const Caller& caller, std::span<const JobSpec> specs);
    std::vector<ScheduledJob> create_jobs(const Caller& caller, std::initializer_list<JobSpec> specs) {
        return create_jobs(caller, std::span<const JobSpec>(specs.begin(), specs.size()));
    }
    /// Creates or updates the job that this tenant knows by `key`: what a host calls at every start. Where nothing
    /// differs, nothing is written and the cursor stays. `spec.idempotency_key` has no meaning here and is refused.
    ScheduledJob put_job(const Caller& caller, const std::string& key, const JobSpec& spec);

    [[nodiscard]] std::optional<ScheduledJob> get_job(const JobId& id, const Caller& caller) const;
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const Caller& caller, const JobQuery& query = {}) const;
    [[nodiscard]] std::size_t count_jobs(const Caller& caller, std::optional<JobStatus> status = std::nullopt) const;

    /// Changes the members that the patch gives. With `expected_revision`, only that revision: else
    /// `revision_conflict`.
    std::optional<ScheduledJob> update_job(const JobId& id,
                                           const Caller& caller,
                                           const JobPatch& patch,
                                           std::optional<std::uint64_t> expected_revision = std::nullopt);
    /// Pending runs are cancelled; running ones are asked to stop, may still finish, and are not retried. The history
    /// still answers list_runs and get_run. False: there was no such job.
    bool delete_job(const JobId& id, const Caller& caller);
    /// Idempotent. Occurrences during the pause do not run; resume records them as one skipped row. `invalid_state`
    /// where the job is disabled or completed.
    std::optional<ScheduledJob> pause_job(const JobId& id, const Caller& caller, const ReasonOptions& options = {});
    /// Idempotent; goes on from now. Revives disabled jobs too, and completed ones that have an occurrence ahead;
    /// without one: `invalid_state`.
    std::optional<ScheduledJob> resume_job(const JobId& id, const Caller& caller, const ReasonOptions& options = {});

    // ---- runs

    /// Runs the job now, besides its schedule and in every status. The run comes back pending or, where the overlap
    /// policy says so, skipped, with `blocked_by`.
    std::optional<JobRun> trigger_job(const JobId& id, const Caller& caller, const TriggerOptions& options = {});
    [[nodiscard]] std::vector<JobRun>
    list_runs(const JobId& id, const Caller& caller, const RunQuery& query = {}) const;
    [[nodiscard]] std::optional<JobRun> get_run(const RunId& id, const Caller& caller) const;
    /// A pending run becomes cancelled; a running one is asked to stop and comes back still running. Idempotent while
    /// it stops; `invalid_state` where the run has ended.
    std::optional<JobRun> cancel_run(const RunId& id, const Caller& caller, const ReasonOptions& options = {});
    /// A new run that repeats an ended one. `invalid_state` where it has not ended, or its job was deleted.
    std::optional<JobRun> retry_run(const RunId& id, const Caller& caller);

    // ---- looking around

    [[nodiscard]] std::vector<AuditEvent> list_audit(const Caller& caller, const AuditQuery& query = {}) const;
    /// The next `count` occurrences (1..1000), as they would be if the job were active, and no more than `max_runs`
    /// leaves; none for `@after`.
    [[nodiscard]] std::optional<std::vector<Instant>>
    upcoming(const JobId& id, const Caller& caller, std::size_t count) const;
    /// The occurrence of any schedule text after `from`: the function that the worker uses. Read as a job's that names
    /// neither zone nor dialect. Throws where the text is wrong.
    [[nodiscard]] std::optional<Instant> calculate_next_run(std::string_view schedule, Instant from) const {
        return calculate_next_run(schedule, from, {.dialect = core_->defaults.dialect});
    }
    /// The same with options; a zone that they leave empty is the facade's default, an absent anchor is `from`.
    [[nodiscard]] std::optional<Instant>
    calculate_next_run(std::string_view schedule, Instant from, ScheduleOptions options) const;
    /// Called after each change. There may be any number.
    void add_audit_sink(AuditSink sink) { core_->sinks.add(std::move(sink)); }

private:
    using Core = detail::FacadeCore<StorageT>;
    using Draft = detail::Draft;
    template <Storage>
    friend class Worker;

    [[nodiscard]] Instant now() const { return core_->clock->now(); }
    void check(const Caller& caller) const { detail::check_caller(caller, core_->defaults.limits); }
    void check_reason(const ReasonOptions& options) const {
        detail::check_text("reason", options.reason, core_->defaults.limits.description_bytes);
    }
    NewJob new_job(Draft draft, const Caller& caller, Instant now) const;
    std::optional<ScheduledJob> earlier_job(const Caller& caller, const JobDefinition& job) const;
    JobChange edit(const JobView& job, Draft draft, const Caller& caller, bool revive, Instant now) const;
    JobChange pause(const JobView& job, const Caller& caller, const std::string& reason, Instant now) const;
    JobChange resume(const JobView& job, const Caller& caller, const std::string& reason, Instant now) const;
    std::optional<JobRun> add_run(const JobId& id,
                                  const Caller& caller,
                                  AuditVerb verb,
                                  const std::function<JobChange(const JobView&, const KeyState&, Instant)>& change);
    std::optional<ScheduledJob> changed(std::optional<JobWrite> write) const;

    std::shared_ptr<Core> core_;
};

/// The process-wide facade in memory, made on first use, for hosts that do not own one. Thread-safe.
template <class Void = void>
[[nodiscard]] SchedulerFacade<BasicMemoryStorage<Void>>& get_scheduler_facade() {
    static SchedulerFacade<BasicMemoryStorage<Void>> facade;
    return facade;
}

// ---- implementation: jobs ------------------------------------------------------------------------------------------

template <Storage StorageT>
NewJob SchedulerFacade<StorageT>::new_job(Draft draft, const Caller& caller, Instant at) const {
    NewJob job;
    detail::activate(draft, job.progress, at);
    if (!draft.job.enabled) {
        draft.job.status = JobStatus::disabled;
        draft.job.status_reason = "created disabled";
        job.progress.next_run_at.reset();
    }
    job.event = detail::audit_event(draft.job, caller.actor, AuditVerb::job_created, at);
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
    detail::check_page(query, core_->defaults.limits);
    detail::check_filter("search", query.search, core_->defaults.limits);
    detail::check_filter("action_type", query.action_type, core_->defaults.limits);
    return core_->storage->list_jobs(caller.tenant, query);
}

template <Storage StorageT>
std::size_t SchedulerFacade<StorageT>::count_jobs(const Caller& caller, std::optional<JobStatus> status) const {
    check(caller);
    return core_->storage->count_jobs(caller.tenant, status);
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
        detail::activate(draft, *change.progress, at);
    }
    if (retimed) detail::require_occurrence(draft, *change.progress, at);
    draft.job.updated_at = at;
    draft.job.revision = before.revision + 1;
    change.event = detail::audit_event(draft.job, caller.actor, AuditVerb::job_updated, at);
    change.definition = std::make_shared<const JobDefinition>(std::move(draft.job));
    return change;
}

template <Storage StorageT>
std::optional<ScheduledJob> SchedulerFacade<StorageT>::update_job(const JobId& id,
                                                                  const Caller& caller,
                                                                  const JobPatch& patch,
                                                                  std::optional<std::uint64_t> expected_revision) {
    check(caller);
    const Instant at = now();
    return changed(core_->storage->modify_job(caller.tenant, id, [&](const JobView& job, const KeyState&) -> JobChange {
        const JobDefinition& current = job.definition;
        if (expected_revision && *expected_revision != current.revision)
            detail::refuse(Errc::revision_conflict,
                           "expected_revision",
                           "expected revision " + std::to_string(*expected_revision) + ", the job is at " +
                               std::to_string(current.revision));
        Draft draft = detail::patched(current, patch, core_->defaults);
        const bool revive = patch.enabled.value_or(false) && current.status == JobStatus::disabled;
        if (detail::same_definition(current, draft.job) && !revive) return {};
        return edit(job, std::move(draft), caller, revive, at);
    }));
}

template <Storage StorageT>
JobChange SchedulerFacade<StorageT>::pause(const JobView& job,
                                           const Caller& caller,
                                           const std::string& reason,
                                           Instant at) const {
    JobChange change;
    change.at = at;
    change.progress = job.progress;
    core_->close_past(job, change, RunReason::paused);
    change.progress->next_run_at.reset();
    change.definition = detail::with_status(job.definition, JobStatus::paused, reason, at);
    change.event = detail::audit_event(job.definition, caller.actor, AuditVerb::job_paused, at);
    change.event->reason = reason;
    return change;
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
        case JobStatus::active: return pause(job, caller, options.reason, at);
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
    Draft draft = detail::finish_draft(job.definition, core_->defaults);
    draft.job.enabled = true;
    try {
        detail::activate(draft, *change.progress, at);
    } catch (const Error& error) {
        throw Error(Errc::invalid_state, std::string("status: cannot be resumed; ") + error.what(), "status");
    }
    draft.job.updated_at = at;
    ++draft.job.revision;
    change.event = detail::audit_event(draft.job, caller.actor, AuditVerb::job_resumed, at);
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
bool SchedulerFacade<StorageT>::delete_job(const JobId& id, const Caller& caller) {
    check(caller);
    const Instant at = now();
    const auto write = core_->storage->modify_job(caller.tenant, id, [&](const JobView& job, const KeyState&) {
        JobChange change;
        change.at = at;
        change.progress = job.progress;
        core_->close_past(job, change, RunReason::deleted);
        change.progress->next_run_at.reset();
        change.stop = StopScope::job;
        change.remove = true;
        change.event = detail::audit_event(job.definition, caller.actor, AuditVerb::job_deleted, at);
        return change;
    });
    if (write) core_->emit(write->event);
    return write.has_value();
}

// ---- implementation: runs ------------------------------------------------------------------------------------------

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
        added.event = detail::audit_event(job.definition, caller.actor, verb, at);
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
    change.runs.push_back(make_run(job, trigger, scheduled_for, admission, key, now));
    change.runs.back().not_before = now;
    return change;
}

} // namespace detail

template <Storage StorageT>
std::optional<JobRun>
SchedulerFacade<StorageT>::trigger_job(const JobId& id, const Caller& caller, const TriggerOptions& options) {
    check(caller);
    if (options.idempotency_key)
        detail::check_name("idempotency_key", *options.idempotency_key, core_->defaults.limits.name_bytes);
    return add_run(id, caller, AuditVerb::job_triggered, [&](const JobView& job, const KeyState& key, Instant at) {
        JobChange change = detail::asked_for(job.definition, RunTrigger::manual, key, at, at);
        change.runs.back().idempotency_key = options.idempotency_key;
        return change;
    });
}

template <Storage StorageT>
std::vector<JobRun>
SchedulerFacade<StorageT>::list_runs(const JobId& id, const Caller& caller, const RunQuery& query) const {
    check(caller);
    detail::check_page(query, core_->defaults.limits);
    return core_->storage->list_runs(caller.tenant, id, query);
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
        change.event = detail::audit_event(of_job, caller.actor, AuditVerb::run_cancelled, at);
        change.event->run_id = run.id;
        change.event->reason = options.reason;
        return change;
    });
    if (!write) return std::nullopt;
    core_->emit(write->event);
    return std::move(write->run);
}

template <Storage StorageT>
std::optional<JobRun> SchedulerFacade<StorageT>::retry_run(const RunId& id, const Caller& caller) {
    const auto earlier = get_run(id, caller);
    if (!earlier) return std::nullopt;
    if (!is_terminal(earlier->status))
        detail::refuse(
            Errc::invalid_state, "status", "the run has not ended; it is " + std::string(to_string(earlier->status)));
    auto run = add_run(
        earlier->job_id, caller, AuditVerb::run_retried, [&](const JobView& job, const KeyState& key, Instant at) {
            JobChange change = detail::asked_for(job.definition, RunTrigger::retry, key, earlier->scheduled_for, at);
            change.runs.back().retry_of = earlier->id;
            return change;
        });
    if (!run) detail::refuse(Errc::invalid_state, "job_id", "the run's job was deleted");
    return run;
}

// ---- implementation: looking around --------------------------------------------------------------------------------

template <Storage StorageT>
std::vector<AuditEvent> SchedulerFacade<StorageT>::list_audit(const Caller& caller, const AuditQuery& query) const {
    check(caller);
    detail::check_page(query, core_->defaults.limits);
    detail::check_filter("actor", query.actor, core_->defaults.limits);
    return core_->storage->list_audit(caller.tenant, query);
}

template <Storage StorageT>
std::optional<std::vector<Instant>>
SchedulerFacade<StorageT>::upcoming(const JobId& id, const Caller& caller, std::size_t count) const {
    check(caller);
    detail::check_range<std::size_t>(
        "count", count, 1, core_->defaults.limits.page, "1 to " + std::to_string(core_->defaults.limits.page));
    const auto job = core_->storage->find_job(caller.tenant, id);
    if (!job) return std::nullopt;
    const Schedule schedule = core_->schedules.schedule_of(*job);
    const Occurrences occurrences(*job, schedule);
    const Instant after = now();
    const std::uint64_t most = std::min<std::uint64_t>(count, detail::runs_left(*job, job->started_runs));
    std::vector<Instant> instants;
    auto at = occurrences.next(std::max(after, job->high_water.value_or(after)));
    for (; at && instants.size() < most; at = occurrences.next(*at))
        instants.push_back(*at);
    return instants;
}

template <Storage StorageT>
std::optional<Instant>
SchedulerFacade<StorageT>::calculate_next_run(std::string_view schedule, Instant from, ScheduleOptions options) const {
    if (options.default_time_zone.empty()) options.default_time_zone = core_->defaults.time_zone;
    if (!options.anchor) options.anchor = from;
    return Schedule::parse(schedule, options).value().next(from);
}

} // namespace carillon
