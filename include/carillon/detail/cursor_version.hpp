// SPDX-License-Identifier: MIT
// detail/cursor_version.hpp - whose time zone database is right, where those of two nodes differ?
//
// The later one. A node computes the cursors of earlier databases again; a cursor of a later one it takes as it is, so
// no cursor goes to and fro between nodes.
#pragma once

#include "carillon/model/job.hpp"
#include "carillon/occurrences.hpp"
#include "carillon/schedule/schedule.hpp"
#include "carillon/storage/storage.hpp"

#include <optional>
#include <string>

namespace carillon::detail {

/// The release that a cursor of this job depends on; a fixed delay depends on none.
[[nodiscard]] inline std::string cursor_version(const JobDefinition& job, const Schedule& schedule) {
    return job.fixed_delay ? std::string() : schedule.zone().database_version();
}

/// The cursor, where a later database than the schedule's has computed it.
[[nodiscard]] inline std::optional<Instant> later_cursor(const JobProgress& progress, const Schedule& schedule) {
    const bool later = progress.tzdata_version > schedule.zone().database_version();
    return later ? progress.next_run_at : std::nullopt;
}

/// Computes the cursor of an active job again that an earlier database has computed: the first occurrence after
/// `high_water`. Where that lies in the past, the job is due, and late like any other; where there is none, it is due
/// as well, and the plan completes it.
[[nodiscard]] inline JobChange revise_cursor(const JobView& job, const Schedule& schedule, Instant now) {
    JobChange change;
    const std::string version = cursor_version(job.definition, schedule);
    if (job.progress.tzdata_version >= version) return change;
    const Instant from = job.progress.high_water.value_or(job.definition.created_at);
    change.at = now;
    change.progress = job.progress;
    change.progress->tzdata_version = version;
    change.progress->next_run_at = Occurrences(job.definition, schedule).next(from).value_or(now);
    return change;
}

} // namespace carillon::detail
