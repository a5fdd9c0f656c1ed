// SPDX-License-Identifier: MIT
// planner_ledger_test.cpp - whatever happens to a job, its ledger has each of its occurrences exactly once.
#include "carillon/planner.hpp"

#include "support/catch.hpp"
#include "support/planning.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::Bench;

namespace {

struct RandomSchedule {
    const char* text;
    const char* zone;
    Duration typical; // between two looks
};

constexpr std::array<RandomSchedule, 12> schedules{{
    {"* * * * *", "", 3min},
    {"*/7 * * * *", "Europe/Paris", 20min},
    {"30 2 * * *", "America/New_York", 20h},
    {"0 9 * * 1-5", "Asia/Tokyo", 24h},
    {"15,45 * * * *", "Australia/Lord_Howe", 1h},
    {"@every 1s", "", 8s},
    {"@every 90m", "", 4h},
    {"@at 2026-03-27T12:00:00Z", "", 24h},
    {"R40/2026-03-26T22:00:00/PT1H", "Europe/Berlin", 5h},
    {"0 0 * * * | 0 12 * * *", "Pacific/Auckland", 9h},
    {"rate(10 minutes)", "", 25min},
    {"0 0 1 * *", "", 24h * 11},
}};

/// One job, a clock, and workers that come and go, all from one seed.
class Life {
public:
    explicit Life(std::uint64_t seed)
        : random_(seed)
        , bench_(pick_schedule(), "2026-03-27T20:00:00") // a day before clocks are set in Europe
        , now_(bench_.job.created_at) {
        bench_.job.time_zone = chosen_->zone;
        choose_policies();
        if (one_in(4)) bench_.job.start_at = now_ + some(chosen_->typical * 8);
        if (one_in(4)) bench_.job.end_at = now_ + 10s + some(chosen_->typical * 100);
        if (one_in(4)) bench_.job.exclude = {{std::chrono::year{2026}, std::chrono::March, std::chrono::day{29}}};
        bench_.activate();
    }

    /// A step: time passes, the clock may be set, workers work, somebody edits, pauses or looks.
    void step() {
        now_ += some(one_in(10) ? chosen_->typical * 40 : chosen_->typical * 2);
        if (one_in(15)) now_ -= some(chosen_->typical * 3);
        latest_ = std::max(latest_, now_);
        work();
        if (bench_.job.status == JobStatus::paused) {
            if (one_in(3)) resume();
        } else if (one_in(25)) {
            edit();
        } else if (one_in(25)) {
            pause_and_resume();
        } else {
            look();
        }
    }

    /// Every occurrence up to the last look is in the rows, in order, exactly once.
    void check() {
        REQUIRE(rows_.size() < 100'000);
        std::vector<Instant> expected = closed_;
        append_occurrences(expected, segment_start_, bench_.progress.high_water.value_or(segment_start_));
        std::size_t i = 0;
        for (const JobRun& row : rows_) {
            INFO(support::row_text(row, bench_.date));
            REQUIRE(i < expected.size());
            REQUIRE(row.scheduled_for == expected[i]);
            const std::size_t count = row.status == JobRunStatus::skipped ? row.occurrences : 1;
            REQUIRE(i + count <= expected.size());
            if (row.status == JobRunStatus::skipped) {
                REQUIRE(row.last == expected[i + count - 1]);
                REQUIRE_FALSE(row.count_is_minimum);
            }
            i += count;
        }
        REQUIRE(i == expected.size());
    }

    [[nodiscard]] std::size_t rows() const { return rows_.size(); }
    [[nodiscard]] std::size_t pauses() const { return pauses_; }
    [[nodiscard]] const Bench& bench() const { return bench_; }

private:
    bool one_in(std::uint64_t n) { return random_() % n == 0; }
    Duration some(Duration most) {
        return Duration{static_cast<Duration::rep>(random_() % (static_cast<std::uint64_t>(most.count()) + 1))};
    }

    const char* pick_schedule() {
        chosen_ = &schedules[random_() % schedules.size()];
        return chosen_->text;
    }

    void choose_policies() {
        constexpr std::array misfires{
            MisfirePolicy::fire_latest, MisfirePolicy::skip, MisfirePolicy::fire_all, MisfirePolicy::fire_earliest};
        constexpr std::array overlaps{OverlapPolicy::skip,
                                      OverlapPolicy::queue_one,
                                      OverlapPolicy::queue_all,
                                      OverlapPolicy::allow,
                                      OverlapPolicy::cancel_previous};
        Policies& policies = bench_.job.policies;
        policies.misfire.policy = misfires[random_() % misfires.size()];
        policies.misfire.grace = one_in(2) ? 5s : some(chosen_->typical * 3);
        policies.misfire.window = one_in(2) ? Duration{24h} : some(chosen_->typical * 10);
        policies.overlap.policy = overlaps[random_() % overlaps.size()];
        policies.overlap.limit = random_() % 4;
        if (one_in(3)) policies.spread = {.within = some(chosen_->typical), .mode = SpreadMode::occurrence};
        if (one_in(3)) policies.timeout.total = 1s + some(chosen_->typical);
        if (one_in(5))
            bench_.job.max_runs = 1 + random_() % 50;
        else if (one_in(3))
            policies.pause_after_failures = 1 + random_() % 3;
    }

    /// Some pending runs start, some running ones end.
    void work() {
        KeyState& key = bench_.key;
        for (std::size_t n = random_() % (key.pending + 1); n > 0; --n) {
            --key.pending;
            ++key.running;
            if (key.unstarted > 0) --key.unstarted, ++bench_.progress.started_runs;
        }
        const std::size_t ended = random_() % (key.running + 1);
        key.running -= ended;
        if (ended > 0) bench_.progress.consecutive_failures = one_in(2) ? 0 : bench_.progress.consecutive_failures + 1;
        if (key.busy() == 0) key.busy_with.reset();
    }

    /// What a storage does with a change: due jobs only.
    void look() {
        if (bench_.job.status != JobStatus::active) return;
        while (bench_.progress.next_run_at && *bench_.progress.next_run_at <= now_) {
            const JobChange change = bench_.plan(now_);
            INFO(bench_.text_of(change));
            REQUIRE(change.runs.size() <= 205); // a skip row, a hundred that catch up, a hundred on time, some between
            check_starts(change);
            check_cursor(change);
            take_over(change);
            if (bench_.job.status != JobStatus::active) return;
        }
    }

    /// A start is spread by at most half the way to the next occurrence, and its time begins there.
    void check_starts(const JobChange& change) const {
        const Schedule schedule = bench_.schedule();
        const Policies& policies = bench_.job.policies;
        for (const JobRun& run : change.runs) {
            if (run.status != JobRunStatus::pending) continue;
            const auto next = schedule.next(run.scheduled_for);
            const Duration offset = run.not_before - run.scheduled_for;
            REQUIRE(offset >= 0s);
            REQUIRE(offset <= policies.spread.within);
            if (next) REQUIRE(2 * offset <= *next - run.scheduled_for);
            REQUIRE(run.expires_at.has_value() == policies.timeout.total.has_value());
            if (run.expires_at) REQUIRE(*run.expires_at == std::max(now_, run.not_before) + *policies.timeout.total);
        }
    }

    void check_cursor(const JobChange& change) {
        const auto cursor = change.progress->next_run_at;
        const Schedule schedule = bench_.schedule();
        const Occurrences occurrences(bench_.job, schedule);
        if (!cursor) {
            REQUIRE(change.definition);
            const bool failed_too_often = change.definition->status == JobStatus::paused;
            pauses_ += failed_too_often ? 1 : 0;
            REQUIRE((failed_too_often || change.definition->status == JobStatus::completed));
            return;
        }
        REQUIRE(cursor == occurrences.next(*change.progress->high_water));
        const bool left_for_the_next_call = *cursor <= now_;
        if (left_for_the_next_call) REQUIRE(change.runs.size() >= 1);
    }

    void take_over(const JobChange& change) {
        if (change.stop == StopScope::key) bench_.key.pending = bench_.key.unstarted = 0;
        for (const JobRun& run : change.runs)
            add(run);
        bench_.write(change);
    }

    /// As the contract of storages says.
    void add(const JobRun& run) {
        if (!rows_.empty() && extends_skip_row(rows_.back(), run))
            extend_skip_row(rows_.back(), run);
        else
            rows_.push_back(run);
    }

    void close(RunReason reason) {
        auto row = close_past(bench_.job, bench_.schedule(), bench_.progress, now_, reason);
        if (row) add(*row);
        const Instant end = *bench_.progress.high_water;
        append_occurrences(closed_, segment_start_, end);
        segment_start_ = end;
    }

    void reopen() {
        bench_.progress.next_run_at = start_cursor(bench_.job, bench_.schedule(), bench_.progress, now_);
        if (!bench_.progress.next_run_at) bench_.job.status = JobStatus::completed;
    }

    void edit() {
        if (bench_.job.status != JobStatus::active || bench_.job.max_runs) return;
        close(RunReason::edited);
        bench_.job.schedule = pick_schedule();
        bench_.job.time_zone = chosen_->zone;
        reopen();
    }

    void pause_and_resume() {
        if (bench_.job.status != JobStatus::active || bench_.job.max_runs) return;
        close(RunReason::paused);
        now_ += some(chosen_->typical * 30);
        resume();
    }

    void resume() {
        close(RunReason::paused);
        bench_.job.status = JobStatus::active;
        bench_.progress.consecutive_failures = 0;
        reopen();
    }

    void append_occurrences(std::vector<Instant>& out, Instant after, Instant until) const {
        const Schedule schedule = bench_.schedule();
        for (auto t = schedule.next(after); t && *t <= until; t = schedule.next(*t)) {
            if (bench_.job.start_at && *t < *bench_.job.start_at) continue;
            if (bench_.job.end_at && *t >= *bench_.job.end_at) continue;
            const std::chrono::year_month_day date{schedule.local_date(*t)};
            if (std::count(bench_.job.exclude.begin(), bench_.job.exclude.end(), date) > 0) continue;
            out.push_back(*t);
        }
    }

    std::mt19937_64 random_;
    const RandomSchedule* chosen_ = nullptr;
    Bench bench_;
    Instant now_;
    Instant latest_ = now_;
    Instant segment_start_ = now_;
    std::vector<Instant> closed_; // occurrences of definitions that were replaced
    std::vector<JobRun> rows_;
    std::size_t pauses_ = 0;
};

} // namespace

TEST_CASE("planner: the ledger has every occurrence exactly once, whatever the policies and whenever it is looked at") {
    std::size_t rows = 0;
    std::size_t completed = 0;
    std::size_t pauses = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        INFO("seed " << seed);
        Life life(seed);
        for (int i = 0; i < 40; ++i)
            life.step();
        life.check();
        rows += life.rows();
        pauses += life.pauses();
        completed += life.bench().job.status == JobStatus::completed ? 1 : 0;
    }
    CHECK(rows > 10'000); // it was a life
    CHECK(completed > 20);
    CHECK(pauses > 20);
}
