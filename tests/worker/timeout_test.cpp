// SPDX-License-Identifier: MIT
// timeout_test.cpp - attempts that take too long: asked to stop, then no longer waited for.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/flaky_storage.hpp"
#include "support/stepped.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

using namespace carillon;
using namespace std::chrono_literals;
using support::count_of;
using support::FlakyStorage;
using support::Gate;
using support::job_spec;
using support::never_called;
using support::parallel_spec;
using support::ref_of;
using support::Stepped;
using support::threw;
using support::World;

namespace {

/// A minute for each attempt, and ten seconds to end after that.
JobSpec one_minute(std::size_t max_attempts = 1) {
    JobSpec spec = job_spec("work");
    spec.policies.timeout.attempt = 1min;
    spec.policies.retry.max_attempts = max_attempts;
    return spec;
}

} // namespace

TEST_CASE("timeout: an attempt that takes too long is asked to stop, not before its time") {
    Stepped<> world;
    world.trigger(world.create(one_minute()));
    const RunContext& run = world.begun();
    world.turn_after(1min - 1us);
    CHECK_FALSE(run.stop_requested());
    world.turn_after(1us);
    CHECK(run.stop_requested());
}

TEST_CASE("timeout: a handler that throws when its time is up has timed out") {
    Stepped<> world;
    const JobId job = world.create(one_minute());
    const RunId id = world.trigger(job);
    const RunRef run = ref_of(world.begun());
    world.turn_after(1min);
    world.clock->advance(3s);
    world.stepper.conclude(run, threw("interrupted"));
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).reason == RunReason::attempt_timeout);
    CHECK(world.run(id).error == "timed out: interrupted");
    CHECK(world.run(id).duration == 63s);
    CHECK(world.job(job).run_count == 1);
    CHECK(world.job(job).failure_count == 1);
}

TEST_CASE("timeout: a handler that throws when its time is up is tried again where an attempt is left") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(one_minute(2)));
    RunRef run = ref_of(world.begun());
    world.turn_after(1min);
    world.stepper.conclude(run, threw("interrupted"));
    REQUIRE(world.run(id).status == JobRunStatus::pending);
    REQUIRE(world.run(id).attempts.size() == 1);
    CHECK(world.run(id).attempts[0].error == "timed out: interrupted");
    CHECK(world.run(id).not_before == world.clock->now() + 5s);
    world.clock->advance(5s);
    run = ref_of(world.begun());
    world.turn_after(1min - 1us); // each attempt has the whole time
    world.stepper.conclude(run, {});
    CHECK(world.run(id).status == JobRunStatus::completed);
    CHECK(world.run(id).attempt == 2);
}

TEST_CASE("timeout: a handler that finishes its work after its time has completed it") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(one_minute(3)));
    const RunRef run = ref_of(world.begun());
    world.turn_after(1min);
    world.turn_after(9s);
    world.stepper.conclude(run, {.result = nlohmann::json(7)});
    CHECK(world.run(id).status == JobRunStatus::completed);
    CHECK(world.run(id).result == nlohmann::json(7));
    CHECK(world.reports.size() == 0);
}

TEST_CASE("timeout: a handler that does not end is no longer waited for after the grace, and that is reported") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(one_minute()));
    const RunRef run = ref_of(world.begun());
    world.turn_after(1min);
    world.turn_after(10s - 1us);
    CHECK(world.run(id).status == JobRunStatus::running);
    world.turn_after(1us);
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).reason == RunReason::attempt_timeout);
    CHECK(world.run(id).duration == 70s);
    CHECK(world.run(id).error == "timed out: its handler did not end when it was asked to");
    CHECK(count_of(world.reports, "run " + id.str() + ", action type \"work\", does not end after its timeout") == 1);
    const JobRun before = world.run(id);
    world.turn_after(1min);
    world.stepper.conclude(run, {.result = nlohmann::json(7)}); // nobody wants to know any more
    CHECK(world.run(id) == before);
    CHECK(world.reports.size() == 1);
}

TEST_CASE("timeout: a handler that does not end keeps its slot until it does") {
    Stepped<> world(1);
    const RunRef run = [&] {
        world.trigger(world.create(one_minute()));
        return ref_of(world.begun());
    }();
    const RunId next = world.trigger(world.create(job_spec("work")));
    world.turn_after(1min);
    world.turn_after(10s);
    world.turn_after(1h);
    CHECK(world.stepper.waiting().empty());
    CHECK(world.worker.active() == 1);
    CHECK(world.stepper.executing().size() == 1);
    world.stepper.conclude(run, {});
    CHECK(world.worker.active() == 0);
    world.stepper.turn();
    REQUIRE(world.stepper.waiting().size() == 1);
    CHECK(world.stepper.waiting()[0].id == next);
}

TEST_CASE("timeout: a handler that does not end keeps its key on its worker, not on others") {
    Stepped<> world;
    JobSpec spec = one_minute();
    spec.policies.overlap.policy = OverlapPolicy::queue_all;
    spec.policies.overlap.concurrency_key = "disk";
    const RunId stuck = world.trigger(world.create(spec));
    const RunRef run = ref_of(world.begun());
    spec.name = "other";
    const RunId next = world.trigger(world.create(spec));
    const RunId free = world.trigger(world.create(job_spec("work")));
    const auto claimed = [&](const RunId& id) {
        const auto waiting = world.stepper.waiting();
        return std::any_of(waiting.begin(), waiting.end(), [&](const JobRun& row) { return row.id == id; });
    };
    world.turn_after(1min);
    world.turn_after(10s);
    CHECK(world.run(stuck).status == JobRunStatus::timed_out);
    CHECK(world.turn_after(1s) == 1s); // what it may not claim does not keep it awake
    CHECK(claimed(free));
    CHECK_FALSE(claimed(next));

    SECTION("another worker executes the next run of the key") {
        Worker<> other(world.scheduler, world.options("other"));
        other.handle("work", never_called);
        testing::WorkerStepper<> others(other);
        others.turn();
        REQUIRE(others.waiting().size() == 1);
        CHECK(others.waiting()[0].id == next);
    }
    SECTION("its own does so when the handler has ended") {
        world.stepper.conclude(run, {});
        world.stepper.turn();
        CHECK(claimed(next));
    }
}

TEST_CASE("timeout: another worker has the next attempt of a handler that does not end") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(one_minute(2)));
    const RunRef stuck = ref_of(world.begun());
    Worker<> other(world.scheduler, world.options("other"));
    other.handle("work", never_called);
    testing::WorkerStepper<> others(other);
    world.turn_after(1min);
    world.turn_after(10s);
    REQUIRE(world.run(id).status == JobRunStatus::pending);
    world.clock->advance(5s);
    others.turn();
    RunContext* run = others.begin();
    REQUIRE(run);
    CHECK(run->run_id() == id);
    CHECK(run->attempt() == 2);
    world.stepper.conclude(stuck, {});
    CHECK(world.run(id).status == JobRunStatus::running);
    others.conclude(ref_of(*run), {});
    CHECK(world.run(id).status == JobRunStatus::completed);
    CHECK(world.run(id).worker == "other");
}

TEST_CASE("timeout: the lease of a handler that does not end is renewed until its end is stored, and no longer") {
    Stepped<FlakyStorage> world;
    const RunId id = world.trigger(world.create(one_minute()));
    RunContext& run = world.begun();
    world.turn_after(1min);
    world.storage->finish_fails = true;
    for (int i = 0; i < 10; ++i)
        world.turn_after(10s);
    CHECK(world.run(id).status == JobRunStatus::running);
    CHECK(world.run(id).abandons == 0);
    CHECK(run.stop_requested());
    CHECK_FALSE(run.heartbeat()); // it holds its lease, and shall stop all the same
    world.storage->finish_fails = false;
    world.turn_after(1s);
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK_FALSE(run.heartbeat());
}

TEST_CASE("timeout: the loop wants its next turn when a time or a grace is up") {
    Stepped<> world;
    JobSpec spec = one_minute();
    spec.policies.timeout.attempt = 300ms;
    spec.policies.timeout.grace = 200ms;
    world.trigger(world.create(spec));
    world.begun();
    CHECK(world.turn_after(0s) == 300ms);
    CHECK(world.turn_after(300ms) == 200ms);
    CHECK(world.turn_after(200ms) == 1s);
}

TEST_CASE("timeout: times are kept while the storage fails") {
    Stepped<FlakyStorage> world;
    world.trigger(world.create(one_minute()));
    const RunContext& run = world.begun();
    world.storage->heartbeat_fails = true;
    world.storage->claim_fails = true;
    CHECK(world.turn_after(59s + 600ms) == 400ms);
    world.turn_after(400ms);
    CHECK(run.stop_requested());
}

TEST_CASE("timeout: a run that is cancelled ends as cancelled, also where its handler does not end") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(one_minute(3)));
    world.begun();
    world.scheduler.cancel_run(id, "acme");
    world.turn_after(1min);
    world.turn_after(10s);
    CHECK(world.run(id).status == JobRunStatus::cancelled);
    CHECK(world.run(id).reason == RunReason::requested);
}

TEST_CASE("timeout: a run that is delivered at most once is not tried again") {
    Stepped<> world;
    JobSpec spec = one_minute(3);
    spec.policies.delivery = DeliveryMode::at_most_once;
    const RunId id = world.trigger(world.create(spec));
    world.begun();
    world.turn_after(1min);
    world.turn_after(10s);
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).attempt == 1);
}

TEST_CASE("timeout: while a worker stops, times are kept, too") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(one_minute()));
    world.begun();
    world.stepper.stop();
    world.turn_after(1min);
    world.turn_after(10s);
    CHECK(world.run(id).status == JobRunStatus::timed_out);
}

TEST_CASE("timeout: the wall clock does not move the end of an attempt") {
    Stepped<> world;
    world.trigger(world.create(one_minute()));
    const RunContext& run = world.begun();
    world.clock->set_wall(support::nine + 5min);
    world.stepper.turn();
    CHECK_FALSE(run.stop_requested());
    world.clock->set_wall(support::nine - 1h);
    world.turn_after(1min);
    CHECK(run.stop_requested());
}

TEST_CASE("timeout: under poll() the time is looked at when the handler has ended") {
    World<> world;
    const JobId job = world.create(one_minute(2));
    Worker<> worker(world.scheduler, world.options());
    bool throws = true;
    worker.handle("work", [&](RunContext& run) {
        world.clock->advance(1min);
        CHECK_FALSE(run.stop_requested());
        if (throws) throw std::runtime_error("slow");
    });
    const RunId id = world.trigger(job);
    worker.poll();
    CHECK(world.run(id).status == JobRunStatus::pending);
    CHECK(world.run(id).attempts.at(0).error == "timed out: slow");
    world.clock->advance(5s);
    worker.poll();
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    throws = false;
    const RunId done = world.trigger(job);
    worker.poll();
    CHECK(world.run(done).status == JobRunStatus::completed);
}

TEST_CASE("timeout: a started worker stops handlers in time and goes on without those that do not end",
          "[concurrent]") {
    World<> world;
    Gate gate;
    std::atomic<bool> stopped = false;
    {
        Worker<> worker(world.scheduler, world.options());
        worker.handle("work", [&](RunContext& run) {
            const std::stop_callback on_stop(run.stop_token(), [&] { stopped = true; });
            gate.pass();
        });
        worker.start();
        JobSpec spec = one_minute();
        spec.policies.timeout.attempt = 300ms;
        const RunId id = world.trigger(world.create(spec));
        REQUIRE(gate.has_seen(1));
        REQUIRE(world.sleeping(1));
        world.clock->advance(300ms);
        REQUIRE(support::eventually([&] { return stopped.load(); }));
        for (int second = 0; second < 10; ++second) {
            REQUIRE(world.sleeping(1));
            world.clock->advance(1s);
        }
        REQUIRE(world.reaches(id, JobRunStatus::timed_out));
        CHECK(worker.active() == 1);
        gate.open();
        REQUIRE(support::eventually([&] { return worker.active() == 0; }));
    }
    CHECK(count_of(world.reports, "does not end after its timeout") == 1);
}

// ---- the whole run -------------------------------------------------------------------------------------------------

namespace {

/// Five minutes for the run, however many attempts that takes.
JobSpec five_minutes() {
    JobSpec spec = job_spec("work");
    spec.policies.timeout.total = 5min;
    spec.policies.retry = {.max_attempts = 100, .initial = 1min, .factor = 1.0};
    return spec;
}

} // namespace

TEST_CASE("timeout: a run whose whole time is up is asked to stop and not tried again") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(five_minutes()));
    world.clock->advance(1min); // nobody had time for it
    RunContext& run = world.begun();
    world.turn_after(4min - 1us);
    CHECK_FALSE(run.stop_requested());
    world.turn_after(1us);
    CHECK(run.stop_requested());
    world.stepper.conclude(ref_of(run), threw("interrupted"));
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).reason == RunReason::total_timeout);
    CHECK(world.run(id).error == "timed out: interrupted");
}

TEST_CASE("timeout: a handler that does not end when the whole time is up is no longer waited for after the grace") {
    Stepped<> world;
    const JobId job = world.create(five_minutes());
    const RunId id = world.trigger(job);
    world.begun();
    world.turn_after(5min);
    CHECK(world.run(id).status == JobRunStatus::running);
    world.turn_after(10s);
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).reason == RunReason::total_timeout);
    CHECK(world.job(job).failure_count == 1);
}

TEST_CASE("timeout: the whole time and that of an attempt are both kept, whichever ends first") {
    Stepped<> world;
    JobSpec spec = five_minutes();
    spec.policies.timeout.attempt = 3min;
    const RunId id = world.trigger(world.create(spec));
    world.begun();
    world.turn_after(3min);
    CHECK(world.turn_after(10s) == 1s);
    CHECK(world.run(id).status == JobRunStatus::pending);
    CHECK(world.run(id).attempts.size() == 1);
    Worker<> other(world.scheduler, world.options("other"));
    other.handle("work", never_called);
    testing::WorkerStepper<> others(other);
    world.clock->advance(1min);
    others.turn();
    const RunContext* run = others.begin();
    REQUIRE(run);
    world.clock->advance(50s);
    others.turn();
    CHECK(run->stop_requested());
}

TEST_CASE("timeout: a run that waits for its retry when its time is up is not tried again") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(five_minutes()));
    for (int attempt = 1; attempt <= 4; ++attempt) {
        world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
        world.clock->advance(1min);
    }
    CHECK(world.run(id).status == JobRunStatus::pending);
    world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).reason == RunReason::total_timeout);
    CHECK(world.run(id).attempt == 5);
}

TEST_CASE("timeout: a run that nobody has time for ends when its time is up") {
    Stepped<> world(1);
    world.trigger(world.create(job_spec("work")));
    world.begun();
    const JobId job = world.create(five_minutes());
    const RunId id = world.trigger(job);
    for (int second = 0; second < 300 + 10; ++second)
        world.turn_after(1s);
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).reason == RunReason::total_timeout);
    CHECK(world.job(job).run_count == 0);
}

TEST_CASE("timeout: a claimed run whose time is up before a thread has time for it never begins") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(five_minutes()));
    world.stepper.turn();
    world.clock->advance(5min);
    CHECK_FALSE(world.stepper.begin());
    CHECK(world.run(id).status == JobRunStatus::timed_out);
    CHECK(world.run(id).reason == RunReason::total_timeout);
}
