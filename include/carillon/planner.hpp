// SPDX-License-Identifier: MIT
// planner.hpp - what should happen to a job now?
//
//   (job, key, now) -> the change: runs to create, skips to record, the next cursor
//
// Pure: no clock, no storage, no locks. The worker, the facade's verbs and their previews call the same functions.
#pragma once

#include "carillon/detail/cursor_version.hpp"
#include "carillon/detail/job_events.hpp"
#include "carillon/model/job.hpp"
#include "carillon/occurrences.hpp"
#include "carillon/schedule/schedule.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// What becomes of a run that arrives while others of its key are pending or running.
struct Admission {
    bool admitted = true;
    RunReason refused_for = RunReason::none;
    /// Why it was not admitted, or whom it has to wait for.
    std::optional<RunId> blocked_by = std::nullopt;
    bool stop_others = false;
    bool skip_when_busy = false;
    std::uint32_t slots = 1;
};

[[nodiscard]] Admission admit(const OverlapOptions& overlap, const KeyState& key);

/// A row for the ledger, pending or, where the overlap policy refuses it, skipped. Counts itself into `key`. It may
/// start at `not_before`, which its total timeout does not count.
[[nodiscard]] JobRun make_run(const JobDefinition& job,
                              RunTrigger trigger,
                              Instant scheduled_for,
                              Instant not_before,
                              const Admission& admission,
                              KeyState& key,
                              Instant now);

/// Decides which occurrences of an active job become runs and which are recorded as skipped, given that it is now
/// `now`. The cursor in the result lies after `now`, unless catch-up runs are left for the next call; without a cursor
/// the schedule is exhausted and the job completed. A job that has failed too often in a row is paused instead. Cost is
/// bounded however long the job was not looked at.
[[nodiscard]] JobChange plan(const JobView& job, const Schedule& schedule, const KeyState& key, Instant now);

/// What to do with a due job whose schedule could not be evaluated: try again in a minute, and the fifth time in a row
/// disable it, so that one bad job costs nobody else anything.
[[nodiscard]] JobChange back_off(const JobView& job, const std::string& error, Instant now);

/// Records what the job as it is would still have run up to `now` as one skip row for `reason`, so that no occurrence
/// leaks when it is edited, paused, resumed or deleted; moves `progress` there. Empty: there was none. A schedule that
/// cannot be evaluated is given as empty, and has none.
[[nodiscard]] std::optional<JobRun> close_past(const JobDefinition& job,
                                               const std::optional<Schedule>& schedule,
                                               JobProgress& progress,
                                               Instant now,
                                               RunReason reason);

/// Pauses an active job. What it would still have run up to `now` is recorded as skipped, `paused`.
[[nodiscard]] JobChange pause(const JobView& job,
                              const std::optional<Schedule>& schedule,
                              const std::string& actor,
                              const std::string& reason,
                              Instant now);

/// The pause that an active job's `pause_after_failures` asks for; nothing where not so many of its runs in a row have
/// failed or timed out.
[[nodiscard]] JobChange pause_after_failures(const JobView& job, const std::optional<Schedule>& schedule, Instant now);

/// The cursor of a job that is active from `now` on: the first occurrence after max(now, high_water), which it raises
/// there. Empty: it never fires again.
[[nodiscard]] std::optional<Instant>
start_cursor(const JobDefinition& job, const Schedule& schedule, JobProgress& progress, Instant now);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// How many more scheduled runs `max_runs` allows when `used` were started or wait.
[[nodiscard]] inline std::uint64_t runs_left(const JobDefinition& job, std::uint64_t used) noexcept {
    if (!job.max_runs) return UINT64_MAX;
    return *job.max_runs - std::min(used, *job.max_runs);
}

[[nodiscard]] inline bool failed_too_often(const JobView& job) noexcept {
    const std::size_t most = job.definition.policies.pause_after_failures;
    return most > 0 && job.progress.consecutive_failures >= most && job.definition.status == JobStatus::active;
}

} // namespace detail

inline Admission admit(const OverlapOptions& overlap, const KeyState& key) {
    Admission admission;
    const auto refuse = [&](RunReason reason) {
        admission.admitted = false;
        admission.refused_for = reason;
        admission.blocked_by = key.busy_with;
    };
    switch (overlap.policy) {
    case OverlapPolicy::skip:
        admission.skip_when_busy = true;
        if (key.busy() > 0) refuse(RunReason::overlapped);
        break;
    case OverlapPolicy::queue_one:
        admission.blocked_by = key.busy_with;
        if (key.busy() > 1) refuse(RunReason::queue_full);
        break;
    case OverlapPolicy::queue_all:
        admission.blocked_by = key.busy_with;
        if (key.busy() > max_queued_runs) refuse(RunReason::queue_full);
        break;
    case OverlapPolicy::allow:
        admission.slots = static_cast<std::uint32_t>(overlap.limit);
        admission.skip_when_busy = true;
        if (overlap.limit > 0 && key.busy() >= overlap.limit) refuse(RunReason::overlapped);
        break;
    case OverlapPolicy::cancel_previous:
        admission.stop_others = key.busy() > 0;
        if (key.running > 0) admission.blocked_by = key.busy_with;
        break;
    }
    return admission;
}

inline JobRun make_run(const JobDefinition& job,
                       RunTrigger trigger,
                       Instant scheduled_for,
                       Instant not_before,
                       const Admission& admission,
                       KeyState& key,
                       Instant now) {
    JobRun run;
    run.id = RunId::next(now);
    run.job_id = job.id;
    run.tenant_id = job.tenant_id;
    run.trigger = trigger;
    run.scheduled_for = scheduled_for;
    run.not_before = not_before;
    run.action_type = job.action_type;
    run.key = job.policies.overlap.concurrency_key;
    run.priority = job.policies.priority;
    run.slots = admission.slots;
    run.skip_when_busy = admission.skip_when_busy;
    run.reason = admission.refused_for;
    run.blocked_by = admission.blocked_by;
    if (!admission.admitted) {
        run.status = JobRunStatus::skipped;
        run.completed_at = now;
        run.last = scheduled_for;
        return run;
    }
    if (job.policies.timeout.total) run.expires_at = std::max(now, not_before) + *job.policies.timeout.total;
    ++key.pending;
    if (trigger == RunTrigger::schedule) ++key.unstarted;
    if (!key.busy_with) key.busy_with = run.id;
    return run;
}

inline JobChange back_off(const JobView& job, const std::string& error, Instant now) {
    JobChange change;
    change.at = now;
    change.progress = job.progress;
    change.progress->next_run_at = now + std::chrono::minutes{1};
    change.progress->tzdata_version.clear(); // this moment is no occurrence
    if (++change.progress->evaluation_failures < 5) return change;
    change.progress->next_run_at.reset();
    change.definition =
        detail::with_status(job.definition, JobStatus::disabled, "schedule cannot be evaluated: " + error, now);
    change.event = detail::system_event(job.definition, AuditVerb::job_disabled, now);
    change.event->reason = error;
    return change;
}

inline JobChange pause(const JobView& job,
                       const std::optional<Schedule>& schedule,
                       const std::string& actor,
                       const std::string& reason,
                       Instant now) {
    JobChange change;
    change.at = now;
    change.progress = job.progress;
    if (auto row = close_past(job.definition, schedule, *change.progress, now, RunReason::paused))
        change.runs.push_back(std::move(*row));
    change.progress->next_run_at.reset();
    change.definition = detail::with_status(job.definition, JobStatus::paused, reason, now);
    change.event = detail::audit_event(job.definition, actor, AuditVerb::job_paused, now);
    change.event->reason = reason;
    return change;
}

inline JobChange pause_after_failures(const JobView& job, const std::optional<Schedule>& schedule, Instant now) {
    if (!detail::failed_too_often(job)) return {};
    const std::string failures = std::to_string(job.progress.consecutive_failures);
    return pause(job, schedule, detail::system_actor, failures + " failures in a row", now);
}

inline std::optional<Instant>
start_cursor(const JobDefinition& job, const Schedule& schedule, JobProgress& progress, Instant now) {
    progress.high_water = std::max(progress.high_water.value_or(now), now);
    progress.tzdata_version = detail::cursor_version(job, schedule);
    if (detail::runs_left(job, progress.started_runs) == 0) return std::nullopt;
    if (job.fixed_delay) {
        const Instant first = std::max(job.start_at.value_or(now), *progress.high_water) + *job.fixed_delay;
        return job.end_at && first >= *job.end_at ? std::nullopt : std::optional(first);
    }
    return Occurrences(job, schedule).next(*progress.high_water);
}

} // namespace carillon

#include "carillon/detail/plan_builder.hpp"
