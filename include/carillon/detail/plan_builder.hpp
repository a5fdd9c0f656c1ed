// SPDX-License-Identifier: MIT
// detail/plan_builder.hpp - how a plan is built: the occurrences since the last one, sorted into runs and skips.
#pragma once

#include "carillon/detail/spread.hpp"
#include "carillon/planner.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace carillon {

namespace detail {

/// Builds one plan: the rows so far, and the key as they leave it.
class PlanBuilder {
public:
    PlanBuilder(const JobView& job, const Schedule& schedule, const KeyState& key, Instant now)
        : job_(job.definition)
        , schedule_(schedule)
        , occurrences_(job.definition, schedule, later_cursor(job.progress, schedule))
        , progress_(job.progress)
        , key_(key)
        , others_(key.busy() > 0)
        , now_(now) {}

    JobChange build() {
        if (job_.fixed_delay) return plan_fixed_delay();
        const MisfireOptions& misfire = job_.policies.misfire;
        const Instant start = progress_.high_water.value_or(job_.created_at);
        const Instant window = std::max(start, now_ - misfire.window - one_tick);
        const Instant late = std::max(window, now_ - misfire.grace - one_tick);
        skip_range(start, window, RunReason::misfired);
        if (catch_up(window, late)) run_on_time(late);
        return finish();
    }

    /// One row for everything up to now.
    std::optional<JobRun> skip_until_now(RunReason reason) {
        if (job_.fixed_delay && progress_.next_run_at && *progress_.next_run_at <= now_)
            change_.runs.push_back(skipped(*progress_.next_run_at, reason));
        else
            skip_range(progress_.high_water.value_or(job_.created_at), now_, reason);
        if (change_.runs.empty()) return std::nullopt;
        return std::move(change_.runs.front());
    }

    /// How often the schedule was asked so far.
    [[nodiscard]] std::size_t look_ups() const noexcept { return occurrences_.look_ups(); }

private:
    [[nodiscard]] std::uint64_t runs_left() const noexcept {
        return detail::runs_left(job_, progress_.started_runs + key_.unstarted);
    }

    void raise(Instant to) { progress_.high_water = std::max(progress_.high_water.value_or(to), to); }

    /// Records all occurrences in (after, until] as skipped; returns how many, exact up to exact_skip_count.
    std::uint64_t skip_range(Instant after, Instant until, RunReason reason) {
        const auto first = until <= after || runs_left() == 0 ? std::nullopt : occurrences_.next(after);
        if (!first || *first > until) return 0;
        JobRun row = skipped(*first, reason);
        count_into(row, until);
        raise(*row.last);
        change_.runs.push_back(std::move(row));
        return change_.runs.back().occurrences;
    }

    JobRun skipped(Instant occurrence, RunReason reason) {
        Admission refused;
        refused.admitted = false;
        refused.refused_for = reason;
        return make_run(job_, RunTrigger::schedule, occurrence, occurrence, refused, key_, now_);
    }

    void count_into(JobRun& row, Instant until) {
        Instant at = row.scheduled_for;
        while (row.occurrences <= exact_skip_count) {
            const auto next = occurrences_.next(at);
            if (!next || *next > until) {
                row.last = at;
                return;
            }
            at = *next;
            ++row.occurrences;
        }
        row.occurrences = exact_skip_count;
        row.count_is_minimum = true;
        row.last = occurrences_.last_in(at, until).value_or(at);
    }

    void run(Instant occurrence, std::uint64_t missed, bool catching_up = false) {
        Admission admission = admit(job_.policies.overlap, key_);
        // Catch-up runs queue behind each other whatever the policy, those of the plan before included.
        if (catching_up && key_.unstarted > 0) {
            admission = {};
            admission.blocked_by = key_.busy_with;
        }
        if (admission.admitted && admission.stop_others) missed += stop_others();
        const Instant start = admission.admitted ? spread_start(job_, schedule_, occurrence) : occurrence;
        JobRun row = make_run(job_, RunTrigger::schedule, occurrence, start, admission, key_, now_);
        if (row.status == JobRunStatus::pending) row.missed_count = missed;
        raise(occurrence);
        if (row.status == JobRunStatus::skipped && extends_last(row))
            extend_skip_row(change_.runs.back(), row);
        else
            change_.runs.push_back(std::move(row));
    }

    /// Pending runs of the key end with this change, those that it was about to add included; running ones still hold
    /// the key. Returns the occurrences that the latter stood for.
    std::uint64_t stop_others() {
        if (others_) change_.stop = StopScope::key;
        key_.pending = key_.unstarted = 0;
        std::uint64_t missed = 0;
        for (JobRun& row : change_.runs) {
            if (row.status != JobRunStatus::pending) continue;
            missed += std::exchange(row.missed_count, 0);
            row.status = JobRunStatus::skipped;
            row.reason = RunReason::cancel_previous;
            row.completed_at = now_;
            row.last = row.scheduled_for;
        }
        return missed;
    }

    [[nodiscard]] bool extends_last(const JobRun& row) const {
        return !change_.runs.empty() && extends_skip_row(change_.runs.back(), row);
    }

    /// Applies the misfire policy to the occurrences in (after, until]. False: some are left for the next call.
    bool catch_up(Instant after, Instant until) {
        const auto first = until <= after || runs_left() == 0 ? std::nullopt : occurrences_.next(after);
        if (!first || *first > until) return true;
        switch (job_.policies.misfire.policy) {
        case MisfirePolicy::skip: skip_range(after, until, RunReason::misfired); return true;
        case MisfirePolicy::fire_all: return run_all(*first, until);
        case MisfirePolicy::fire_earliest: run_earliest(*first, until); return true;
        case MisfirePolicy::fire_latest: run_latest(after, until); return true;
        }
        return true;
    }

    bool run_all(Instant first, Instant until) {
        std::optional<Instant> at = first;
        for (std::size_t n = 0; at && *at <= until && runs_left() > 0; ++n) {
            if (n == max_queued_runs) return false;
            run(*at, 0, true);
            at = occurrences_.next(*at);
        }
        return true;
    }

    void run_earliest(Instant first, Instant until) {
        run(first, 0);
        const std::size_t index = change_.runs.size() - 1;
        const std::uint64_t missed = skip_range(first, until, RunReason::misfired);
        if (change_.runs[index].status == JobRunStatus::pending) change_.runs[index].missed_count = missed;
    }

    /// The latest of all that are due, on-time ones included, stands for those that are late.
    void run_latest(Instant after, Instant until) {
        const auto on_time = occurrences_.next(until);
        if (on_time && *on_time <= now_) {
            missed_before_on_time_ = skip_range(after, until, RunReason::misfired);
            return;
        }
        const Instant latest = occurrences_.last_in(after, until).value_or(until);
        const std::uint64_t missed = skip_range(after, latest - one_tick, RunReason::misfired);
        run(latest, missed);
    }

    void run_on_time(Instant after) {
        auto at = occurrences_.next(std::max(after, progress_.high_water.value_or(after)));
        for (std::size_t n = 0; at && *at <= now_ && runs_left() > 0 && n < max_queued_runs; ++n) {
            run(*at, std::exchange(missed_before_on_time_, 0));
            at = occurrences_.next(*at);
        }
    }

    JobChange plan_fixed_delay() {
        const Instant at = behind_high_water(progress_.next_run_at.value_or(now_));
        progress_.next_run_at.reset();
        if (runs_left() == 0 || (job_.end_at && at >= *job_.end_at)) {
            complete();
            return take();
        }
        if (at > now_) { // the clock was set back while the last run was executed
            progress_.next_run_at = at;
            return take();
        }
        const MisfireOptions& misfire = job_.policies.misfire;
        const bool late = at < now_ - misfire.grace;
        if (at < now_ - misfire.window || (late && misfire.policy == MisfirePolicy::skip))
            change_.runs.push_back(skipped(at, RunReason::misfired));
        else
            run(at, 0);
        raise(at);
        if (change_.runs.back().status == JobRunStatus::skipped) progress_.next_run_at = now_ + *job_.fixed_delay;
        if (runs_left() == 0 || (job_.end_at && now_ >= *job_.end_at)) complete();
        return take();
    }

    /// The ledger takes no scheduled row that is not behind the last one.
    [[nodiscard]] Instant behind_high_water(Instant at) const {
        return progress_.high_water ? std::max(at, *progress_.high_water + one_tick) : at;
    }

    JobChange finish() {
        const Instant from = progress_.high_water.value_or(now_);
        progress_.next_run_at = runs_left() == 0 ? std::nullopt : occurrences_.next(from);
        progress_.tzdata_version = cursor_version(job_, schedule_);
        if (!progress_.next_run_at) complete();
        return take();
    }

    void complete() {
        progress_.next_run_at.reset();
        change_.definition = with_status(
            job_, JobStatus::completed, runs_left() == 0 ? "max_runs reached" : "no further occurrence", now_);
        change_.event = system_event(job_, AuditVerb::job_completed, now_);
    }

    JobChange take() {
        change_.at = now_;
        progress_.evaluation_failures = 0;
        change_.progress = progress_;
        return std::move(change_);
    }

    const JobDefinition& job_;
    const Schedule& schedule_;
    Occurrences occurrences_;
    JobProgress progress_;
    KeyState key_;
    bool others_;
    Instant now_;
    JobChange change_;
    std::uint64_t missed_before_on_time_ = 0;
};

} // namespace detail

inline JobChange plan(const JobView& job, const Schedule& schedule, const KeyState& key, Instant now) {
    if (detail::failed_too_often(job)) return pause_after_failures(job, schedule, now);
    return detail::PlanBuilder(job, schedule, key, now).build();
}

inline std::optional<JobRun> close_past(const JobDefinition& job,
                                        const std::optional<Schedule>& schedule,
                                        JobProgress& progress,
                                        Instant now,
                                        RunReason reason) {
    const Instant from = progress.high_water.value_or(job.created_at);
    if (now <= from) return std::nullopt;
    std::optional<JobRun> row;
    if (schedule) row = detail::PlanBuilder(JobView{job, progress}, *schedule, KeyState{}, now).skip_until_now(reason);
    progress.high_water = now;
    return row;
}

} // namespace carillon
