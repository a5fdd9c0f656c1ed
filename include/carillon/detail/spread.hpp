// SPDX-License-Identifier: MIT
// detail/spread.hpp - when may the run of an occurrence start, if starts are to be spread?
#pragma once

#include "carillon/detail/schedule_cache.hpp"
#include "carillon/model/job.hpp"
#include "carillon/schedule/cron_hash.hpp"
#include "carillon/schedule/schedule.hpp"

#include <algorithm>
#include <cstdint>

namespace carillon::detail {

/// A number from 0 up to 1, the same on every node: FNV-1a and splitmix64, as `H` in a cron text has them.
[[nodiscard]] inline double spread_fraction(const JobDefinition& job, Instant occurrence) {
    std::uint64_t hash = fnv1a64(hash_key(job));
    if (job.policies.spread.mode == SpreadMode::occurrence)
        hash ^= mix64(static_cast<std::uint64_t>(occurrence.time_since_epoch().count()));
    return static_cast<double>(mix64(hash) >> 11) * 0x1.0p-53;
}

/// The longest way from an occurrence to its start. The bounds and excluded dates of the job do not count: a job that
/// keeps its rhythm keeps it up to the last occurrence.
[[nodiscard]] inline Duration spread_width(const JobDefinition& job, const Schedule& schedule, Instant occurrence) {
    const Duration within = job.policies.spread.within;
    if (job.fixed_delay) return std::min(within, *job.fixed_delay / 2);
    const auto next = schedule.next(occurrence);
    return next ? std::min<Duration>(within, (*next - occurrence) / 2) : within;
}

[[nodiscard]] inline Instant spread_start(const JobDefinition& job, const Schedule& schedule, Instant occurrence) {
    if (job.policies.spread.within <= Duration{0}) return occurrence;
    const auto width = static_cast<double>(spread_width(job, schedule, occurrence).count());
    return occurrence + Duration{static_cast<Duration::rep>(spread_fraction(job, occurrence) * (width + 1))};
}

} // namespace carillon::detail
