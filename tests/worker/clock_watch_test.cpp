// SPDX-License-Identifier: MIT
// clock_watch_test.cpp - wall clocks that people, NTP and empty batteries set, and what a worker makes of them.
#include "carillon/worker/clock_watch.hpp"

#include "support/catch.hpp"
#include "support/stepped.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::count_of;
using support::job_spec;
using support::nine;
using support::ref_of;
using support::Stepped;
using support::World;
using Kind = ClockStep::Kind;

namespace {

/// Two clocks and their watch.
struct Watched {
    Instant wall = nine;
    SteadyTime steady{};
    ClockWatch watch{wall, steady};

    ClockReading after(Duration time, Duration set_by = 0s) {
        steady += time;
        wall += time + set_by;
        return watch.read(wall, steady);
    }
    std::optional<ClockStep> check(Duration since) { return watch.check(wall - since, steady); }
};

ClockStep step(Kind kind, Duration by, bool at_start = false) {
    return {kind, by, at_start};
}

} // namespace

// ---- the watch -----------------------------------------------------------------------------------------------------

TEST_CASE("clock watch: while both clocks go at one rate nothing happens") {
    Watched clock;
    for (const Duration time : {Duration{1us}, Duration{1s}, Duration{24h * 30}}) {
        const ClockReading reading = clock.after(time);
        CHECK(reading.now == clock.wall);
        CHECK_FALSE(reading.step);
    }
    CHECK_FALSE(clock.watch.doubted());
}

TEST_CASE("clock watch: a clock that is slewed, or set by less than a second, is followed without a word") {
    Watched clock;
    for (int second = 0; second < 100; ++second) {
        const ClockReading reading = clock.after(1s, second % 2 == 0 ? 999ms : -999ms);
        CHECK(reading.now == clock.wall);
        CHECK_FALSE(reading.step);
    }
    for (int second = 0; second < 100; ++second)
        CHECK_FALSE(clock.after(1s, 500us).step);
}

TEST_CASE("clock watch: steps back, and forward by up to a day, are acted upon at once and told once") {
    for (const Duration by : {Duration{-1s}, Duration{-24h * 365 * 70}, Duration{1s}, Duration{8h}, Duration{24h}}) {
        Watched clock;
        const ClockReading reading = clock.after(1s, by);
        CHECK(reading.now == clock.wall);
        CHECK(reading.step == step(by < 0s ? Kind::back : Kind::forward, by));
        CHECK_FALSE(clock.watch.doubted());
        CHECK_FALSE(clock.after(1s).step);
    }
}

TEST_CASE("clock watch: a step forward of more than a day is acted upon after a minute, and time goes on meanwhile") {
    Watched clock;
    const Duration by = 24h + 1us;
    ClockReading reading = clock.after(1s, by);
    CHECK(reading.step == step(Kind::doubted, by));
    CHECK(reading.now == nine + 1s);
    CHECK(clock.watch.doubted());
    CHECK(clock.watch.ahead() == by);
    reading = clock.after(60s - 1us);
    CHECK_FALSE(reading.step);
    CHECK(reading.now == nine + 61s - 1us);
    reading = clock.after(1us);
    CHECK(reading.step == step(Kind::accepted, by));
    CHECK(reading.now == clock.wall);
    CHECK_FALSE(clock.watch.doubted());
    CHECK(clock.watch.ahead() == 0s);
    CHECK_FALSE(clock.after(1s).step);
}

TEST_CASE("clock watch: a step forward that is taken back within the minute was none") {
    Watched clock;
    clock.after(1s, 24h * 365 * 73);
    ClockReading reading = clock.after(30s, -24h * 365 * 73);
    CHECK(reading.step == step(Kind::corrected, 24h * 365 * 73));
    CHECK(reading.now == nine + 31s);
    CHECK_FALSE(clock.watch.doubted());
    reading = clock.after(1s, 48h); // the minute starts anew
    CHECK(reading.step == step(Kind::doubted, 48h));
    CHECK_FALSE(clock.after(59s).step);
}

TEST_CASE("clock watch: a clock that is set again while it is doubted has to last another minute") {
    Watched clock;
    clock.after(1s, 24h * 365);
    clock.after(59s);
    CHECK(clock.after(0s, 24h * 30).step == step(Kind::doubted, 24h * 395));
    CHECK_FALSE(clock.after(59s).step);
    CHECK(clock.after(1s).step == step(Kind::accepted, 24h * 395));
}

TEST_CASE("clock watch: somebody who knows may say that the clock is right") {
    Watched clock;
    clock.after(1s, 24h * 365);
    CHECK(clock.watch.confirm(clock.wall, clock.steady).step == step(Kind::accepted, 24h * 365));
    CHECK_FALSE(clock.watch.doubted());
    CHECK(clock.after(1s).now == clock.wall);
    // before anybody has looked
    clock.wall += 24h * 30;
    CHECK(clock.watch.confirm(clock.wall, clock.steady).now == clock.wall);
    CHECK_FALSE(clock.after(1s).step);
}

TEST_CASE("clock watch: the first reading is doubted for a minute where jobs should have run more than a day before") {
    Watched clock;
    CHECK(clock.watch.wants_check());
    CHECK_FALSE(clock.watch.may_plan());
    CHECK(clock.check(24h + 1us) == step(Kind::doubted, 24h + 1us, true));
    CHECK_FALSE(clock.watch.wants_check());
    CHECK_FALSE(clock.watch.may_plan());
    const ClockReading reading = clock.after(60s - 1us);
    CHECK_FALSE(reading.step);
    CHECK(reading.now == clock.wall); // there is no better time
    CHECK(clock.after(1us).step == step(Kind::accepted, 24h + 1us, true));
    CHECK(clock.watch.may_plan());
}

TEST_CASE("clock watch: the first reading is believed where nothing is due, or not for long") {
    CHECK_FALSE(Watched().check(24h));
    CHECK_FALSE(Watched().check(-1h));
    Watched clock;
    CHECK_FALSE(clock.watch.check(std::nullopt, clock.steady));
    CHECK(clock.watch.may_plan());
    Watched confirmed;
    confirmed.watch.confirm(confirmed.wall, confirmed.steady);
    CHECK_FALSE(confirmed.watch.wants_check());
    CHECK(confirmed.watch.may_plan());
}

TEST_CASE("clock watch: the time that passed since the first reading does not make a job old") {
    Watched clock;
    clock.after(48h);
    CHECK_FALSE(clock.watch.check(clock.wall - 48h, clock.steady));
    CHECK(clock.watch.may_plan());
}

TEST_CASE("clock watch: a first reading that was doubted and is then corrected is looked at again") {
    Watched clock;
    clock.check(24h * 365 * 73);
    CHECK(clock.after(30s, -24h * 365 * 73).step == step(Kind::back, -24h * 365 * 73));
    CHECK(clock.watch.wants_check());
    CHECK_FALSE(clock.watch.may_plan());
    CHECK_FALSE(clock.check(1h));
    CHECK(clock.watch.may_plan());
}

TEST_CASE("clock watch: a first reading that is doubted can be confirmed") {
    Watched clock;
    clock.check(48h);
    CHECK(clock.watch.confirm(clock.wall, clock.steady).step == step(Kind::accepted, 48h, true));
    CHECK(clock.watch.may_plan());
}

TEST_CASE("clock watch: every step has its sentence") {
    CHECK(to_string(step(Kind::back, -90s)) == "the wall clock was set back by 1m30s");
    CHECK(to_string(step(Kind::forward, 8h)) == "the wall clock was set forward by 8h");
    CHECK(
        to_string(step(Kind::doubted, 48h)) ==
        "the wall clock was set forward by 48h: not acted upon until that has lasted 1m or confirm_clock() is called");
    CHECK(to_string(step(Kind::corrected, 48h)) == "the wall clock is no longer ahead by 48h");
    CHECK(to_string(step(Kind::accepted, 48h)) == "the wall clock is still ahead by 48h: acted upon from now on");
    CHECK(
        to_string(step(Kind::doubted, 48h, true)) ==
        "a job should have run 48h ago, so the wall clock may be wrong: no job is planned until that has lasted 1m or "
        "confirm_clock() is called");
    CHECK(to_string(step(Kind::accepted, 48h, true)) ==
          "the wall clock is acted upon, though a job should have run 48h before");
}

// ---- a worker ------------------------------------------------------------------------------------------------------

TEST_CASE("clock: an hour that the clock is set forward was missed, and that is told") {
    Stepped<> world;
    const JobId job = world.create(job_spec("work", "*/10 * * * *"));
    world.stepper.turn();
    world.clock->set_wall(nine + 1h);
    world.stepper.turn();
    const auto runs = world.runs(job);
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].status == JobRunStatus::skipped);
    CHECK(runs[0].occurrences == 5);
    CHECK(runs[1].missed_count == 5);
    CHECK(count_of(world.reports, "the wall clock was set forward by 1h") == 1);
}

TEST_CASE("clock: a clock that is set back runs nothing twice, and that is told") {
    Stepped<> world;
    const JobId job = world.create(job_spec("work", "*/10 * * * *"));
    world.clock->advance(30min);
    world.stepper.conclude(ref_of(world.begun()), {});
    const auto before = world.runs(job);
    world.clock->set_wall(nine);
    for (int minute = 0; minute < 30; ++minute)
        world.turn_after(1min);
    CHECK(world.runs(job) == before);
    world.turn_after(10min);
    CHECK(world.runs(job).size() == before.size() + 1);
    CHECK(count_of(world.reports, "the wall clock was set back by 30m") == 1);
}

TEST_CASE("clock: a run that was claimed before the clock was set back waits for its time again") {
    Stepped<> world;
    const JobId job = world.create(job_spec("work", "@hourly"));
    world.turn_after(1h);
    REQUIRE(world.stepper.waiting().size() == 1);
    world.clock->set_wall(nine);
    CHECK_FALSE(world.stepper.begin());
    CHECK(world.runs(job).at(0).status == JobRunStatus::pending);
    CHECK(world.runs(job).at(0).attempt == 0);
    world.turn_after(59min);
    CHECK_FALSE(world.stepper.begin());
    world.turn_after(1min);
    CHECK(world.stepper.begin());
}

TEST_CASE("clock: a machine that was suspended for a night has missed what lies between") {
    Stepped<> world;
    const JobId job = world.create(job_spec("work", "0 * * * *"));
    world.stepper.turn();
    world.clock->set_wall(nine + 8h); // the steady clock sleeps, too
    world.stepper.turn();
    REQUIRE(world.runs(job).size() == 2);
    CHECK(world.runs(job).back().missed_count == 7);
}

TEST_CASE("clock: a worker goes on by the steady clock while its wall clock shows a time more than a day ahead") {
    Stepped<> world;
    const JobId job = world.create(job_spec("work", "*/10 * * * * *"));
    world.stepper.turn();
    world.clock->set_wall(nine + 24h * 365 * 73);
    for (int second = 1; second <= 59; ++second) {
        world.turn_after(1s);
        if (!world.stepper.waiting().empty()) world.stepper.conclude(ref_of(world.begun()), {});
    }
    const auto runs = world.runs(job);
    REQUIRE(runs.size() == 5);
    for (const JobRun& run : runs) {
        CHECK(run.status == JobRunStatus::completed);
        CHECK(run.started_at == run.scheduled_for);
    }
    CHECK(world.job(job).next_run_at == nine + 1min);
    world.clock->set_wall(nine + 59s); // NTP comes to its senses
    world.turn_after(1s);
    CHECK(world.runs(job).size() == 6);
    CHECK(count_of(world.reports, "the wall clock is no longer ahead") == 1);
}

TEST_CASE("clock: a wall clock that stays more than a day ahead is acted upon after a minute of steady time") {
    Stepped<> world;
    const JobId job = world.create(job_spec("work", "@hourly"));
    world.stepper.turn();
    world.clock->set_wall(nine + 48h);
    world.stepper.turn();
    world.turn_after(59s);
    CHECK(world.runs(job).empty());
    world.turn_after(1s);
    CHECK(world.runs(job).size() == 2);
    CHECK(world.job(job).next_run_at == nine + 49h);
    CHECK(count_of(world.reports, "acted upon from now on") == 1);
}

TEST_CASE("clock: confirm_clock() makes a worker act at once on a clock that is far ahead") {
    Stepped<> world;
    const JobId job = world.create(job_spec("work", "@hourly"));
    world.stepper.turn();
    world.clock->set_wall(nine + 48h);
    world.stepper.turn();
    CHECK(world.runs(job).empty());
    world.worker.confirm_clock();
    world.stepper.turn();
    CHECK(world.runs(job).size() == 2);
}

TEST_CASE("clock: a worker that begins with jobs overdue for more than a day plans them after a minute") {
    World<> world;
    const JobId job = world.create(job_spec("work", "@hourly"));
    const RunId triggered = world.trigger(world.create(job_spec("work")));
    world.clock->advance(25h + 1s);
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    CHECK(worker.poll() == 1); // what was planned before is executed
    CHECK(world.run(triggered).status == JobRunStatus::completed);
    CHECK(world.runs(job).empty());
    CHECK(worker.next_due() == world.clock->now() + 1s);
    world.clock->advance(59s);
    worker.poll();
    CHECK(world.runs(job).empty());
    world.clock->advance(1s);
    CHECK(worker.poll() == 1);
    CHECK(world.runs(job).size() == 2);
    CHECK(count_of(world.reports, "so the wall clock may be wrong") == 1);
}

TEST_CASE("clock: a worker on a box that woke up in 2099 loses neither cursors nor history") {
    World<> world;
    const JobId job = world.create(job_spec("work", "@hourly"));
    world.clock->advance(1h);
    {
        Worker<> worker(world.scheduler, world.options());
        worker.handle("work", [](RunContext&) {});
        worker.poll();
    }
    const auto before = world.runs(job);
    REQUIRE(before.size() == 1);
    const ScheduledJob cursor = world.job(job);
    const Instant right = world.clock->now();
    world.clock->set_wall(right + 24h * 365 * 73);
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    for (int second = 0; second < 50; ++second) {
        world.clock->advance(1s);
        worker.poll();
    }
    CHECK(world.runs(job) == before);
    CHECK(world.job(job) == cursor);
    world.clock->set_wall(right + 50s);
    world.clock->advance(59min + 10s);
    worker.poll();
    CHECK(world.runs(job).size() == 2);
    CHECK(count_of(world.reports, "the wall clock was set back") == 1);
}

TEST_CASE("clock: a worker whose clock the host has confirmed begins at once, however long nothing has run") {
    World<> world;
    const JobId job = world.create(job_spec("work", "@hourly"));
    world.clock->advance(48h);
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    worker.confirm_clock();
    CHECK(worker.poll() == 1);
    CHECK(world.runs(job).size() == 2);
    CHECK(world.reports.size() == 0);
}

TEST_CASE("clock: next_due speaks the language of the wall clock, also while that is doubted") {
    Stepped<> world;
    world.create(job_spec("work", "@hourly"));
    world.stepper.turn();
    world.clock->set_wall(nine + 48h);
    world.stepper.turn();
    CHECK(world.worker.next_due() == nine + 48h + 1h);
    CHECK(world.turn_after(1s) == 1s);
}

TEST_CASE("clock: a worker that begins with a doubted clock does not turn round in the meantime") {
    World<> world;
    world.create(job_spec("work", "@hourly"));
    world.clock->advance(48h);
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", support::never_called);
    testing::WorkerStepper<> stepper(worker);
    CHECK(stepper.turn() == world.clock->steady_now() + 1s);
}
