// SPDX-License-Identifier: MIT
#include "carillon/testing/worker_stepper.hpp"

#include "support/catch.hpp"
#include "support/flaky_storage.hpp"
#include "support/stepped.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

using namespace carillon;
using namespace std::chrono_literals;
using support::count_of;
using support::FlakyStorage;
using support::job_spec;
using support::never_called;
using support::parallel_spec;
using support::ref_of;
using support::Stepped;
using support::threw;
using testing::WorkerStepper;

TEST_CASE("worker stepper: a turn plans and claims as many runs as the worker has threads, and calls no handler") {
    Stepped<> world;
    const JobId job = world.create(parallel_spec("work", "* * * * * *"));
    world.clock->advance(3s);
    world.stepper.turn();
    CHECK(world.stepper.waiting().size() == 2);
    CHECK(world.stepper.executing().empty());
    CHECK(world.runs(job).size() == 3);
}

TEST_CASE("worker stepper: a run that was begun ends as the test says, whenever it says so") {
    Stepped<> world;
    const JobId job = world.create(parallel_spec("work"));
    const RunId first = world.trigger(job);
    const RunId second = world.trigger(job);
    world.stepper.turn();
    RunContext* one = world.stepper.begin();
    RunContext* two = world.stepper.begin();
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->run_id() == first);
    CHECK_FALSE(world.stepper.begin());
    world.clock->advance(7s);
    world.stepper.conclude(ref_of(*two), threw("no luck"));
    CHECK(world.run(second).status == JobRunStatus::failed);
    CHECK(world.run(second).error == "no luck");
    CHECK(world.run(second).duration == 7s);
    CHECK(world.run(first).status == JobRunStatus::running);
    const RunRef ref = ref_of(*one);
    world.stepper.conclude(ref, {});
    CHECK(world.run(first).status == JobRunStatus::completed);
    CHECK_THROWS_AS(world.stepper.conclude(ref, {}), std::out_of_range);
}

TEST_CASE("worker stepper: a turn says when the next one is wanted, at most a second later") {
    Stepped<> world;
    world.create(job_spec("work", "*/5 * * * * *"));
    CHECK(world.stepper.turn() == world.clock->steady_now() + 1s);
    world.clock->advance(4s + 600ms);
    CHECK(world.stepper.turn() == world.clock->steady_now() + 400ms);
    world.clock->advance(400ms);
    world.stepper.turn();
    CHECK(world.stepper.waiting().size() == 1);
}

TEST_CASE("worker stepper: turns renew the leases of what was begun, and its token fires when it is cancelled") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(job_spec("work")));
    world.stepper.turn();
    RunContext* run = world.stepper.begin();
    REQUIRE(run);
    for (int i = 0; i < 10; ++i) {
        world.clock->advance(10s);
        world.stepper.turn();
    }
    CHECK(world.run(id).fence == 1);
    CHECK_FALSE(run->stop_requested());
    world.scheduler.cancel_run(id, "acme");
    world.stepper.turn();
    CHECK(run->stop_requested());
    world.stepper.conclude(ref_of(*run), threw("stopped"));
    CHECK(world.run(id).status == JobRunStatus::cancelled);
}

TEST_CASE("worker stepper: without turns the lease ends, another worker has the run, and the late result is refused") {
    Stepped<> world;
    const RunId id = world.trigger(world.create(job_spec("work")));
    world.stepper.turn();
    RunContext* frozen = world.stepper.begin();
    REQUIRE(frozen);
    world.clock->advance(31s);
    Worker<> other(world.scheduler, world.options("other"));
    other.handle("work", never_called);
    WorkerStepper<> others(other);
    others.turn();
    others.turn();
    RunContext* run = others.begin();
    REQUIRE(run);
    CHECK(run->fence() == 2);
    world.stepper.conclude(ref_of(*frozen), {});
    CHECK(world.run(id).status == JobRunStatus::running);
    CHECK(count_of(world.reports, "was refused: its lease was lost") == 1);
    others.conclude(ref_of(*run), {});
    CHECK(world.run(id).status == JobRunStatus::completed);
    CHECK(world.run(id).worker == "other");
}

TEST_CASE("worker stepper: a worker that crashes tells nobody, and its runs come back when their leases end") {
    Stepped<> world;
    const JobId job = world.create(parallel_spec("work"));
    const RunId begun = world.trigger(job);
    const RunId waiting = world.trigger(job);
    world.stepper.turn();
    REQUIRE(world.stepper.begin());
    world.stepper.crash();
    CHECK(world.worker.active() == 0);
    CHECK(world.run(begun).status == JobRunStatus::running);
    CHECK(world.run(waiting).status == JobRunStatus::running);
    world.clock->advance(30s);
    world.stepper.start();
    world.stepper.turn();
    world.stepper.turn();
    REQUIRE(world.stepper.waiting().size() == 2);
    CHECK(world.run(begun).abandons == 1);
    CHECK(world.run(waiting).fence == 2);
}

TEST_CASE("worker stepper: a crash forgets the results that the storage has not taken") {
    Stepped<FlakyStorage> world;
    const RunId id = world.trigger(world.create(job_spec("work")));
    world.stepper.turn();
    RunContext* run = world.stepper.begin();
    REQUIRE(run);
    world.storage->finish_fails = true;
    world.stepper.conclude(ref_of(*run), {});
    world.stepper.crash();
    world.storage->finish_fails = false;
    world.stepper.start();
    world.stepper.turn();
    CHECK(world.run(id).status == JobRunStatus::running);
}

TEST_CASE("worker stepper: a storage that fails is reported, and the next turn stores what was left") {
    Stepped<FlakyStorage> world;
    const RunId id = world.trigger(world.create(job_spec("work")));
    world.stepper.turn();
    RunContext* run = world.stepper.begin();
    REQUIRE(run);
    world.storage->finish_fails = true;
    world.stepper.conclude(ref_of(*run), {});
    CHECK(world.stepper.turn() == world.clock->steady_now() + 1s);
    CHECK(count_of(world.reports, "the storage failed") == 1);
    world.storage->finish_fails = false;
    world.stepper.turn();
    CHECK(world.run(id).status == JobRunStatus::completed);
}

TEST_CASE("worker stepper: a stop gives back what waits, interrupts what was begun, and claims no more") {
    Stepped<> world;
    const JobId job = world.create(parallel_spec("work"));
    const RunId begun = world.trigger(job);
    const RunId waiting = world.trigger(job);
    world.stepper.turn();
    RunContext* run = world.stepper.begin();
    REQUIRE(run);
    world.stepper.stop();
    world.stepper.turn();
    CHECK(world.run(waiting).status == JobRunStatus::pending);
    CHECK(run->stop_requested());
    world.stepper.conclude(ref_of(*run), threw("interrupted"));
    CHECK(world.run(begun).status == JobRunStatus::pending);
    CHECK(world.run(begun).attempt == 0);
    world.stepper.start();
    world.stepper.turn();
    CHECK(world.stepper.waiting().size() == 2);
}
