// SPDX-License-Identifier: MIT
// storage/rules.hpp - what an operation does to a row: the arithmetic that every backend shares, here as functions on
// records, in a database perhaps as the same expressions in SQL.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/storage/change.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace carillon {

// ---- runs ----------------------------------------------------------------------------------------------------------

/// The concurrency key that the run is of.
[[nodiscard]] inline KeyRef key_of(const JobRun& run) {
    return {run.tenant_id, run.key, run.key.empty() ? run.job_id : JobId{}};
}

/// What was not due by then, a claim leaves alone.
[[nodiscard]] inline Instant due_by(const ClaimRequest& request) {
    return std::min(request.now, request.due_by.value_or(request.now));
}

/// Whether a pending run has waited too long to be started.
[[nodiscard]] inline bool has_expired(const JobRun& run, Instant now) noexcept {
    return run.expires_at && *run.expires_at <= now;
}

/// The end of a pending run that has expired. It counts on its job where it had an attempt before.
[[nodiscard]] inline RunTransition total_timeout(const JobRun& run, Instant now) {
    RunTransition to;
    to.status = JobRunStatus::timed_out;
    to.reason = RunReason::total_timeout;
    to.at = now;
    to.error = run.error;
    to.duration = run.duration;
    to.executed = run.attempt > 0;
    return to;
}

/// Whether `to` would take the run back to pending, and it would be claimable only when it has expired.
[[nodiscard]] inline bool comes_back_too_late(const JobRun& run, const RunTransition& to) noexcept {
    return to.status == JobRunStatus::pending && has_expired(run, std::max({to.at, to.not_before, run.scheduled_for}));
}

/// Moves `run` along `to`. A way back to pending is not open to a run that was asked to stop, nor to one that would be
/// claimable only when it has expired.
inline void apply(JobRun& run, const RunTransition& to) {
    const bool goes_back = to.status == JobRunStatus::pending;
    const bool expires = comes_back_too_late(run, to);
    if (to.abandoned) ++run.abandons;
    if (to.give_back_attempt && run.attempt > 0) --run.attempt;
    run.error = to.error;
    run.duration = to.duration;
    if (goes_back && !run.stop_requested && !expires) {
        if (run.status == JobRunStatus::running && run.started_at && !to.give_back_attempt)
            run.attempts.push_back({run.attempt, *run.started_at, to.at, run.worker, to.error.value_or("")});
        run.status = JobRunStatus::pending;
        run.not_before = std::max(to.not_before, run.scheduled_for); // the clock may have been set back
        run.worker.clear();
        return;
    }
    const auto instead = run.stop_requested ? JobRunStatus::cancelled : JobRunStatus::timed_out;
    run.status = goes_back ? instead : to.status;
    const bool keeps_reason = run.status == JobRunStatus::cancelled && run.stop_requested;
    if (!keeps_reason) run.reason = goes_back ? RunReason::total_timeout : to.reason;
    run.result = to.result;
    run.completed_at = to.at;
    if (run.status == JobRunStatus::skipped) run.last = run.scheduled_for;
}

// ---- jobs ----------------------------------------------------------------------------------------------------------

/// Counts a run that has ended by `to` on its job.
inline void count_end(JobProgress& progress, const JobRun& run, const RunTransition& to) {
    if (!to.executed) return;
    const bool failed = run.status == JobRunStatus::failed || run.status == JobRunStatus::timed_out;
    ++progress.run_count;
    if (failed) ++progress.failure_count;
    if (failed) ++progress.consecutive_failures;
    if (run.status == JobRunStatus::completed) progress.consecutive_failures = 0;
    progress.last_run_at = std::max(progress.last_run_at, run.started_at);
}

/// The cursor of a job with a fixed delay one of whose scheduled runs has ended at `end`. Lies after high_water also
/// where the clock was set back meanwhile: an occurrence before it would be taken for one that is in the ledger.
[[nodiscard]] inline Instant cursor_after_delay(const JobProgress& progress, Instant end, Duration delay) {
    return std::max(end, progress.high_water.value_or(end)) + delay;
}

// ---- the ledger ----------------------------------------------------------------------------------------------------

/// The last occurrence that a scheduled row stands for.
[[nodiscard]] inline Instant last_occurrence(const JobRun& row) noexcept {
    return row.last.value_or(row.scheduled_for);
}

/// Whether `next` belongs into the skip row `last`.
[[nodiscard]] inline bool extends_skip_row(const JobRun& last, const JobRun& next) {
    return last.status == JobRunStatus::skipped && next.status == JobRunStatus::skipped && last.reason == next.reason &&
           last.blocked_by == next.blocked_by;
}

inline constexpr std::uint64_t exact_skip_count = 10'000;

inline void extend_skip_row(JobRun& last, const JobRun& next) {
    last.last = last_occurrence(next);
    last.completed_at = next.completed_at;
    last.occurrences += next.occurrences;
    last.count_is_minimum = last.count_is_minimum || next.count_is_minimum || last.occurrences > exact_skip_count;
}

/// Whether the row is of an occurrence that ended before a worker had it: what a rewind forgets.
[[nodiscard]] inline bool never_started(const JobRun& row) noexcept {
    return is_terminal(row.status) && row.fence == 0;
}

/// Ends a skip row that goes beyond `to` there. How many of its occurrences are left is not known any more.
inline void cut_skip_row(JobRun& row, Instant to) {
    row.last = to;
    row.occurrences = 1;
    row.count_is_minimum = true;
}

// ---- rates: GCRA, the leaky bucket of one moment -------------------------------------------------------------------

/// What one start costs; rounded up, so that the rate is not exceeded.
[[nodiscard]] inline Duration rate_cost(const RateLimit& rate) noexcept {
    const auto starts = static_cast<Duration::rep>(rate.starts);
    return Duration{std::max<Duration::rep>(1, (rate.per.count() + starts - 1) / starts)};
}

/// The moment from which on another start is allowed, of a type whose starts so far have used up the rate until
/// `spent_until`: the one moment that a storage keeps for each action type. By `lease_now()`.
[[nodiscard]] inline SteadyTime rate_opens_at(const RateLimit& rate, SteadyTime spent_until) noexcept {
    return rate.starts == 0 ? SteadyTime::min() : spent_until - rate.per + rate_cost(rate);
}

/// The same moment after a start at `now`.
[[nodiscard]] inline SteadyTime
rate_spent_until(const RateLimit& rate, SteadyTime spent_until, SteadyTime now) noexcept {
    return rate.starts == 0 ? spent_until : std::max(spent_until, now) + rate_cost(rate);
}

} // namespace carillon
