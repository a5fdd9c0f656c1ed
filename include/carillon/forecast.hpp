// SPDX-License-Identifier: MIT
// forecast.hpp - what will run, of one job and of many, if nothing changes? Pure, like the planner, whose function it
// calls for what is due already.
#pragma once

#include "carillon/model/job.hpp"
#include "carillon/planner.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon {

/// An occurrence that is not in the ledger yet and will become a run.
struct PlannedRun {
    /// Nominal: where starts are spread, the run starts some time after it.
    Instant at{};
    JobId job_id{};
    std::string job_name = "";
    std::string action_type = "";

    friend bool operator==(const PlannedRun&, const PlannedRun&) = default;
};

/// In the order of time, then of job ids.
struct PlannedRunQuery {
    std::size_t limit = 100;
    /// Goes on behind the last one of the page before: `.after = page.back()`.
    std::optional<PlannedRun> after = std::nullopt;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// Goes through the runs that an active job will have, the earliest first. What is due already is planned as a worker
/// would plan it now, by the misfire policy. What other runs will do to a run by the time it arrives nobody knows: each
/// is taken to find its concurrency key free. The arguments must outlive it.
class Forecast {
public:
    /// From the first run at or after `from` on. `unstarted`: scheduled runs of the job that wait, for `max_runs`.
    Forecast(const ScheduledJob& job, const Schedule& schedule, std::size_t unstarted, Instant now, Instant from)
        : job_(job)
        , progress_(job)
        , schedule_(schedule)
        , now_(now)
        , from_(from) {
        key_.unstarted = unstarted;
        if (job.status != JobStatus::active || failed_too_often({job_, progress_})) progress_.next_run_at.reset();
        if (from > now && !job.max_runs) jump();
    }

    /// Empty: the job will not run again.
    [[nodiscard]] std::optional<Instant> next() {
        for (std::uint64_t left_out = 1;; ++left_out) {
            const auto at = next_of_all();
            if (!at || *at >= from_) return at;
            if (left_out == exact_skip_count) jump();
        }
    }

private:
    [[nodiscard]] std::optional<Instant> next_of_all() {
        while (given_ == planned_.size() && progress_.next_run_at && *progress_.next_run_at <= now_)
            plan_due();
        if (given_ < planned_.size()) return planned_[given_++];
        const auto at = progress_.next_run_at;
        if (!at || runs_left(job_, progress_.started_runs + key_.unstarted) == 0) return std::nullopt;
        ++key_.unstarted;
        progress_.next_run_at = Occurrences(job_, schedule_).next(*at); // a fixed delay has none: it waits for this run
        return at;
    }

    void plan_due() {
        const JobChange change = plan({job_, progress_}, schedule_, key_, now_);
        planned_.clear();
        given_ = 0;
        for (const JobRun& run : change.runs)
            if (run.status == JobRunStatus::pending) planned_.push_back(run.scheduled_for);
        key_.unstarted += planned_.size();
        progress_ = *change.progress;
    }

    /// Leaves out what lies before `from` without looking at it.
    void jump() {
        if (!progress_.next_run_at || *progress_.next_run_at >= from_) return;
        planned_.clear();
        given_ = 0;
        progress_.high_water = from_ - one_tick;
        progress_.next_run_at = Occurrences(job_, schedule_).next(*progress_.high_water);
    }

    const JobDefinition& job_;
    JobProgress progress_;
    const Schedule& schedule_;
    KeyState key_;
    Instant now_;
    Instant from_;
    std::vector<Instant> planned_; // of one plan
    std::size_t given_ = 0;
};

/// Of all the runs that it is given, the first page.
class FirstRuns {
public:
    /// Of those at or after `from` and before `to`. The query must outlive this.
    FirstRuns(Instant from, Instant to, const PlannedRunQuery& query)
        : from_(query.after ? std::max(from, query.after->at) : from)
        , to_(to)
        , query_(query) {}

    [[nodiscard]] Instant from() const noexcept { return from_; }

    /// Whether a run at that moment can still be on the page.
    [[nodiscard]] bool wants(Instant at) const {
        return at < to_ && (runs_.size() < query_.limit || at <= runs_.front().at);
    }

    void add(const JobDefinition& job, Instant at) {
        PlannedRun run{at, job.id, job.name, job.action_type};
        if (query_.after && !sooner(*query_.after, run)) return;
        runs_.push_back(std::move(run));
        std::push_heap(runs_.begin(), runs_.end(), sooner);
        if (runs_.size() <= query_.limit) return;
        std::pop_heap(runs_.begin(), runs_.end(), sooner);
        runs_.pop_back();
    }

    [[nodiscard]] std::vector<PlannedRun> take() {
        std::sort_heap(runs_.begin(), runs_.end(), sooner);
        return std::move(runs_);
    }

private:
    [[nodiscard]] static bool sooner(const PlannedRun& a, const PlannedRun& b) {
        return std::tie(a.at, a.job_id) < std::tie(b.at, b.job_id);
    }

    Instant from_;
    Instant to_;
    const PlannedRunQuery& query_;
    std::vector<PlannedRun> runs_; // a heap, the last one on top
};

} // namespace detail

} // namespace carillon
