// SPDX-License-Identifier: MIT
// detail/rebase.hpp - a job goes back to where it was before a clock that was wrong took it into the future. Pure.
//
//   recorded by the right clock        written for times that have not come
//   ----o------o------o----|-- now ------[ skipped ... 2098 ]--o--> high_water
//                     ^ `back_to`
//
// What lies behind `back_to` and never started is forgotten, and what has started stays, so that it does not start
// again when its time really comes. From `back_to` to now it is an outage like any other, for the misfire policy.
#pragma once

#include "carillon/detail/cursor_version.hpp"
#include "carillon/detail/job_events.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/occurrences.hpp"
#include "carillon/planner.hpp"
#include "carillon/schedule/schedule.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace carillon::detail {

/// The latest cursor that the right clock can give a job that has no occurrences to go by.
[[nodiscard]] inline Instant latest_cursor(const JobDefinition& job, Instant now) {
    const Duration longest = job.fixed_delay.value_or(std::chrono::minutes{1}); // or back_off
    return std::max(now, job.start_at.value_or(now)) + longest;
}

/// Whether the job has been somewhere that its clock has not reached yet.
[[nodiscard]] inline bool is_ahead_of(const JobDefinition& job, const JobProgress& progress, Instant now) {
    const bool by_occurrence = !job.fixed_delay && progress.evaluation_failures == 0;
    return job.created_at > now || progress.high_water.value_or(now) > now ||
           (!by_occurrence && progress.next_run_at.value_or(now) > latest_cursor(job, now));
}

/// The last occurrence of the row, if it was recorded for a time that has come. A row of skips may have been made when
/// the clock was wrong for times that have come, too: it does not count.
[[nodiscard]] inline std::optional<Instant> rightly_recorded(const JobRun& row, Instant now) {
    const bool by_wrong_clock = row.status == JobRunStatus::skipped && row.completed_at.value_or(now) > now;
    if (row.trigger != RunTrigger::schedule || by_wrong_clock || last_occurrence(row) > now) return std::nullopt;
    return last_occurrence(row);
}

/// Whether a pending run waits for a time that only a wrong clock can have given it.
[[nodiscard]] inline bool waits_for_wrong_time(const JobRun& run, Instant now) {
    return run.not_before > now && (run.scheduled_for > now || run.started_at.value_or(now) > now);
}

/// The cursor of the job behind its new high_water, which may be overdue.
[[nodiscard]] inline std::optional<Instant> rebased_cursor(const JobDefinition& job,
                                                           const std::optional<Schedule>& schedule,
                                                           const JobProgress& progress,
                                                           Instant now) {
    if (!schedule) return now; // tried again at once
    if (runs_left(job, progress.started_runs) == 0) return std::nullopt;
    if (!job.fixed_delay) return Occurrences(job, *schedule).next(*progress.high_water);
    if (!progress.next_run_at || job.status == JobStatus::completed) return std::nullopt; // the end of a run decides
    return std::min(*progress.next_run_at, latest_cursor(job, now));
}

/// The last moment up to which the ledger of a job that is ahead is right.
[[nodiscard]] inline Instant right_until(const JobView& job, std::optional<Instant> recorded, Instant now) {
    const Instant high_water = job.progress.high_water.value_or(job.definition.created_at);
    if (high_water <= now) return high_water;
    Instant right = std::min(job.definition.created_at, now);
    // What was edited, resumed or purged has been closed up to that moment.
    for (const auto& known : {recorded, job.progress.purged_until, std::optional(job.definition.updated_at)})
        if (known && *known <= now) right = std::max(right, *known);
    return right;
}

/// Nothing where the job is not ahead. `recorded`: the last occurrence that was rightly recorded. A job that the wrong
/// clock has completed is active again. `schedule_of` gives a definition's schedule, empty where it cannot be
/// evaluated.
template <class ScheduleOf>
[[nodiscard]] JobChange rebased(
    const JobView& job, const ScheduleOf& schedule_of, std::optional<Instant> recorded, AuditEvent event, Instant now) {
    JobChange change;
    if (!is_ahead_of(job.definition, job.progress, now)) return change;
    JobDefinition definition = job.definition;
    definition.created_at = std::min(definition.created_at, now);
    if (definition.created_at != job.definition.created_at) ++definition.revision; // it may anchor the schedule
    JobProgress progress = job.progress;
    progress.high_water = right_until(job, recorded, now);
    if (progress.last_run_at) progress.last_run_at = std::min(*progress.last_run_at, now);
    if (definition.status == JobStatus::active || definition.status == JobStatus::completed) {
        const std::optional<Schedule> schedule = schedule_of(definition);
        progress.next_run_at = rebased_cursor(definition, schedule, progress, now);
        progress.tzdata_version = schedule ? cursor_version(definition, *schedule) : "";
    }
    if (definition.status == JobStatus::completed && progress.next_run_at) {
        definition.status = JobStatus::active;
        definition.status_reason.clear();
        definition.revision = job.definition.revision + 1;
    }
    change.at = now;
    change.rewind_to = progress.high_water;
    change.progress = std::move(progress);
    change.event = std::move(event);
    if (definition.revision == job.definition.revision) return change;
    definition.updated_at = now;
    change.definition = std::make_shared<const JobDefinition>(std::move(definition));
    return change;
}

} // namespace carillon::detail
