// SPDX-License-Identifier: MIT
// lease_test.cpp - workers that freeze and storages that fail: a run is lost to another worker, never to nobody.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/flaky_storage.hpp"
#include "support/stepped.hpp"
#include "support/world.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::count_of;
using support::eventually;
using support::FlakyStorage;
using support::Gate;
using support::job_spec;
using support::nine;
using support::parallel_spec;
using support::ref_of;
using support::Stepped;
using support::World;

namespace {

/// Workers that poll the same storage, each of which freezes in its handler for two hours while the next one polls.
class Relay {
public:
    explicit Relay(World<>& world, std::size_t workers)
        : world_(world) {
        for (std::size_t i = 0; i < workers; ++i) {
            workers_.push_back(std::make_unique<Worker<>>(world.scheduler, world.options(std::string(1, "abcdef"[i]))));
            workers_.back()->handle("work", [this, i](RunContext& run) { freeze(run, i); });
        }
    }

    std::size_t poll() { return workers_.front()->poll(); }

    /// Of each worker that got the run, in turn: its fence, and whether its heartbeat was accepted at the end.
    std::vector<std::pair<std::uint64_t, bool>> executions;

private:
    void freeze(RunContext& run, std::size_t worker) {
        const std::size_t index = executions.size();
        executions.emplace_back(run.fence(), true);
        world_.clock->advance(2h);
        if (worker + 1 < workers_.size()) workers_[worker + 1]->poll();
        executions[index].second = run.heartbeat();
        CHECK(run.stop_requested() != executions[index].second);
    }

    World<>& world_;
    std::vector<std::unique_ptr<Worker<>>> workers_;
};

using Executions = std::vector<std::pair<std::uint64_t, bool>>;

/// A worker with a handler that waits in a gate, and news about the token of its run.
struct Patient {
    explicit Patient(World<FlakyStorage>& world, WorkerOptions options)
        : worker(world.scheduler, std::move(options)) {
        worker.handle("work", [this](RunContext& run) {
            const std::stop_callback on_stop(run.stop_token(), [this] { stopped = true; });
            gate.pass();
            if (run.stop_requested()) throw std::runtime_error("interrupted");
        });
    }

    Gate gate;
    std::atomic<bool> stopped = false;
    Worker<FlakyStorage> worker;
};

} // namespace

// ---- under poll() --------------------------------------------------------------------------------------------------

TEST_CASE("lease: a run whose worker froze is executed by another, and the first one's result is refused") {
    World<> world;
    const RunId run = world.trigger(world.create(job_spec("work")));
    {
        Worker<> thawed(world.scheduler, world.options("thawed"));
        Worker<> frozen(world.scheduler, world.options("frozen"));
        thawed.handle("work", [](RunContext&) { return "by the second"; });
        frozen.handle("work", [&](RunContext& context) {
            world.clock->advance(1h);
            CHECK(thawed.poll() == 1);
            CHECK_FALSE(context.heartbeat());
            CHECK(context.stop_requested());
            return "by the first";
        });
        CHECK(frozen.poll() == 1);
        CHECK(frozen.active() == 0);
    }
    const JobRun row = world.run(run);
    CHECK(row.status == JobRunStatus::completed);
    CHECK(row.result == nlohmann::json("by the second"));
    CHECK(row.worker == "thawed");
    CHECK(row.fence == 2);
    CHECK(row.attempt == 1);
    CHECK(row.abandons == 1);
    CHECK(world.job(row.job_id).run_count == 1);
    CHECK(count_of(world.reports, "run " + run.str() + " was abandoned and is now pending") == 1);
    CHECK(count_of(world.reports, "the result of run " + run.str() + " was refused: its lease was lost") == 1);
}

TEST_CASE("lease: the third worker that disappears ends the run") {
    World<> world;
    const RunId run = world.trigger(world.create(job_spec("work")));
    Relay relay(world, 4);
    CHECK(relay.poll() == 1);
    CHECK(relay.executions == Executions{{1, false}, {2, false}, {3, false}});
    const JobRun row = world.run(run);
    CHECK(row.status == JobRunStatus::failed);
    CHECK(row.reason == RunReason::abandoned);
    CHECK(row.error == "3 workers disappeared while they executed it");
    CHECK(row.abandons == 3);
    CHECK(world.job(row.job_id).run_count == 1);
    CHECK(world.job(row.job_id).failure_count == 1);
    CHECK(count_of(world.reports, "was refused: its lease was lost") == 3);
}

TEST_CASE("lease: a run that is delivered at most once ends with its first worker") {
    World<> world;
    JobSpec spec = job_spec("work");
    spec.policies.delivery = DeliveryMode::at_most_once;
    spec.policies.retry.max_attempts = 5;
    const RunId run = world.trigger(world.create(spec));
    Relay relay(world, 3);
    CHECK(relay.poll() == 1);
    CHECK(relay.executions == Executions{{1, false}});
    CHECK(world.run(run).status == JobRunStatus::failed);
    CHECK(world.run(run).reason == RunReason::outcome_unknown);
}

TEST_CASE("lease: under poll() a run belongs to its worker for an hour, and longer with heartbeats") {
    World<> world;
    Worker<> first(world.scheduler, world.options("first"));
    Worker<> second(world.scheduler, world.options("second"));
    second.handle("work", [](RunContext&) {});
    first.handle("work", [&](RunContext& run) {
        world.clock->advance(1h - 1us);
        CHECK(second.poll() == 0);
        CHECK(run.heartbeat());
        world.clock->advance(1h - 1us);
        CHECK(second.poll() == 0);
        return "in time";
    });
    const RunId run = world.trigger(world.create(job_spec("work")));
    CHECK(first.poll() == 1);
    CHECK(world.run(run).result == nlohmann::json("in time"));
    CHECK(world.run(run).abandons == 0);
}

TEST_CASE("lease: a handler that polls keeps its run, however long the runs take that it executes") {
    World<> world;
    const RunId outer = world.trigger(world.create(job_spec("outer")));
    const JobId inner = world.create(parallel_spec("inner"));
    Worker<> worker(world.scheduler, world.options());
    worker.handle("inner", [&](RunContext&) { world.clock->advance(50min); });
    worker.handle("outer", [&](RunContext&) {
        world.trigger(inner);
        world.trigger(inner);
        worker.poll();
        worker.poll();
    });
    CHECK(worker.poll() == 1);
    CHECK(world.run(outer).status == JobRunStatus::completed);
    CHECK(world.run(outer).abandons == 0);
    CHECK(world.reports.size() == 0);
}

TEST_CASE("lease: the wall clock does not end a lease") {
    World<> world;
    Worker<> first(world.scheduler, world.options("first"));
    Worker<> second(world.scheduler, world.options("second"));
    second.handle("work", [](RunContext&) {});
    first.handle("work", [&](RunContext&) {
        world.clock->set_wall(nine + 24h);
        second.poll();
        world.clock->advance(20s);
        CHECK(second.poll() == 0);
    });
    const RunId run = world.trigger(world.create(job_spec("work")));
    CHECK(first.poll() == 1);
    CHECK(world.run(run).worker == "first");
}

// ---- started workers -----------------------------------------------------------------------------------------------

TEST_CASE("lease: a started worker renews by itself, however long a handler takes", "[concurrent]") {
    World<FlakyStorage> world;
    Patient patient(world, world.options("patient"));
    Worker<FlakyStorage> other(world.scheduler, world.options("other"));
    other.handle("work", [](RunContext&) {});
    const RunId run = world.trigger(world.create(job_spec("work")));
    patient.worker.start();
    REQUIRE(patient.gate.has_seen(1));
    other.start();
    for (int second = 0; second < 120; ++second) {
        REQUIRE(world.sleeping(2));
        world.clock->advance(1s);
    }
    REQUIRE(world.sleeping(2));
    CHECK(world.run(run).status == JobRunStatus::running);
    CHECK_FALSE(patient.stopped);
    patient.gate.open();
    REQUIRE(world.reaches(run, JobRunStatus::completed));
    CHECK(world.run(run).worker == "patient");
    CHECK(world.run(run).fence == 1);
}

TEST_CASE("lease: a started worker that froze loses its run, and hears of it when it thaws", "[concurrent]") {
    World<FlakyStorage> world;
    WorkerOptions options = world.options("frozen", 1); // no thread is free: it cannot take its own run again
    options.lease = 29s;
    Patient frozen(world, options);
    Worker<FlakyStorage> other(world.scheduler, world.options("other"));
    other.handle("work", [](RunContext&) { return "by the second"; });
    const RunId run = world.trigger(world.create(job_spec("work")));
    frozen.worker.start();
    REQUIRE(frozen.gate.has_seen(1));
    other.start();
    world.storage->forgotten_lease = Duration{29s};
    for (int second = 0; second < 29; ++second) {
        REQUIRE(world.sleeping(2));
        CHECK(world.run(run).status == JobRunStatus::running);
        world.clock->advance(1s);
    }
    for (int second = 0; second < 10; ++second) { // until the other one looks for abandoned runs
        REQUIRE(world.sleeping(2));
        world.clock->advance(1s);
    }
    REQUIRE(world.reaches(run, JobRunStatus::completed));
    CHECK(world.run(run).worker == "other");
    CHECK_FALSE(frozen.stopped);

    world.storage->forgotten_lease = Duration{0};
    for (int second = 0; second < 10; ++second) {
        REQUIRE(world.sleeping(2));
        world.clock->advance(1s);
    }
    REQUIRE(eventually([&] { return frozen.stopped.load(); }));
    frozen.gate.open();
    REQUIRE(eventually([&] { return count_of(world.reports, "was refused: its lease was lost") == 1; }));
    REQUIRE(eventually([&] { return frozen.worker.active() == 0; }));
    CHECK(world.run(run).result == nlohmann::json("by the second"));
    CHECK(world.run(run).fence == 2);
    CHECK(world.job(world.run(run).job_id).run_count == 1);
}

TEST_CASE("lease: a worker that slept through its lease keeps its runs where nobody took them", "[concurrent]") {
    World<FlakyStorage> world;
    Patient patient(world, world.options());
    const RunId run = world.trigger(world.create(job_spec("work")));
    patient.worker.start();
    REQUIRE(patient.gate.has_seen(1));
    for (int times = 0; times < 3; ++times) { // the machine was suspended
        REQUIRE(world.sleeping(1));
        world.clock->advance(10min);
    }
    REQUIRE(world.sleeping(1));
    CHECK_FALSE(patient.stopped);
    patient.gate.open();
    REQUIRE(world.reaches(run, JobRunStatus::completed));
    CHECK(world.run(run).abandons == 0);
    CHECK(world.run(run).fence == 1);
}

TEST_CASE("lease: a worker whose claim took longer than its lease renews before it reaps") {
    Stepped<FlakyStorage> world;
    const RunId run = world.trigger(world.create(job_spec("work")));
    const RunContext& executing = world.begun();
    world.storage->before_claim = [&] {
        world.clock->advance(31s); // the lease lasts for 30
    };
    world.turn_after(10s);
    CHECK(world.run(run).status == JobRunStatus::running);
    CHECK(world.run(run).abandons == 0);
    CHECK_FALSE(executing.stop_requested());
    world.stepper.conclude(ref_of(executing), {});
    CHECK(world.run(run).status == JobRunStatus::completed);
}

TEST_CASE("lease: a worker that cannot renew stops its handlers while their runs are still its own", "[concurrent]") {
    World<FlakyStorage> world;
    Patient patient(world, world.options());
    const JobId id = world.create(job_spec("work"));
    const RunId run = world.trigger(id);
    patient.worker.start();
    REQUIRE(patient.gate.has_seen(1));
    REQUIRE(world.sleeping(1));
    world.storage->heartbeat_fails = true;
    world.clock->advance(9s);
    for (std::size_t second = 10; second <= 24; ++second) {
        CHECK_FALSE(patient.stopped);
        REQUIRE(world.sleeping(1));
        world.clock->advance(1s);
        REQUIRE(eventually([&] { return count_of(world.reports, "heartbeat failed") >= second - 9; }));
    }
    REQUIRE(eventually([&] { return patient.stopped.load(); }));

    world.storage->claim_fails = true; // so that the run is not claimed again before we have seen it
    patient.gate.open();               // it throws, and that is no failure of its own
    REQUIRE(world.reaches(run, JobRunStatus::pending));
    CHECK(world.run(run).attempt == 0);
    CHECK(world.job(id).run_count == 0);
    world.storage->heartbeat_fails = false;
    world.storage->claim_fails = false;
    REQUIRE(world.sleeping(1));
    world.clock->advance(1s);
    REQUIRE(world.reaches(run, JobRunStatus::completed));
    CHECK(world.run(run).fence == 2);
}

TEST_CASE("lease: a cancellation is not forgotten while the storage fails", "[concurrent]") {
    World<FlakyStorage> world;
    Patient patient(world, world.options());
    const RunId run = world.trigger(world.create(job_spec("work")));
    patient.worker.start();
    REQUIRE(patient.gate.has_seen(1));
    REQUIRE(world.sleeping(1));
    world.storage->heartbeat_fails = true;
    world.scheduler.cancel_run(run, "acme");
    REQUIRE(eventually([&] { return count_of(world.reports, "heartbeat failed") > 0; }));
    CHECK_FALSE(patient.stopped);
    world.storage->heartbeat_fails = false;
    REQUIRE(world.sleeping(1));
    world.clock->advance(1s);
    REQUIRE(eventually([&] { return patient.stopped.load(); }));
    patient.gate.open();
    CHECK(world.reaches(run, JobRunStatus::cancelled));
}

TEST_CASE("lease: a worker whose loop is held up by the host's code keeps its runs", "[concurrent]") {
    World<> world;
    Gate work;
    Gate trap;
    std::atomic<bool> trapped = false;
    ThreadPool pool(2);
    WorkerOptions options = world.options("held up");
    options.report = [&](const std::string&) {
        if (trapped) trap.pass();
    };
    options.executor = [&](std::function<void()> task) {
        if (trapped) trap.pass();
        pool.post(std::move(task));
    };
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [&](RunContext& run) {
        const std::stop_callback on_stop(run.stop_token(), [&] { trap.pass(); });
        work.pass();
    });
    Worker<> other(world.scheduler, world.options("other"));
    other.handle("work", [](RunContext&) {});
    const JobId job = world.create(parallel_spec("work"));
    const RunId run = world.trigger(job);
    worker.start();
    REQUIRE(work.has_seen(1));
    SECTION("a callback on a token") {
        const RunId cancelled = world.trigger(job);
        REQUIRE(work.has_seen(2));
        world.scheduler.cancel_run(cancelled, "acme");
    }
    SECTION("an executor") {
        trapped = true;
        world.trigger(job);
    }
    SECTION("a report") {
        trapped = true;
        world.create(job_spec("nobody's", "@every 1s"));
        world.clock->advance(1s);
    }
    REQUIRE(trap.has_seen(1));
    for (int times = 0; times < 24; ++times) {
        REQUIRE(world.sleeping(0, 2)); // the thread that renews, and the one that looks after it
        world.clock->advance(5s);
        CHECK(other.poll() == 0);
    }
    CHECK(world.run(run).status == JobRunStatus::running);
    trapped = false;
    trap.open();
    work.open();
    REQUIRE(world.reaches(run, JobRunStatus::completed));
    CHECK(world.run(run).worker == "held up");
    CHECK(world.run(run).fence == 1);
}

TEST_CASE("lease: handlers are stopped in time also where the loop is held up that would tell them", "[concurrent]") {
    World<FlakyStorage> world;
    Gate trap;
    WorkerOptions options = world.options();
    options.report = [&](const std::string&) {
        trap.pass();
    };
    Patient patient(world, options);
    const RunId run = world.trigger(world.create(job_spec("work")));
    patient.worker.start();
    REQUIRE(patient.gate.has_seen(1));
    REQUIRE(world.sleeping(1));
    world.storage->heartbeat_fails = true;
    world.clock->advance(10s);
    REQUIRE(trap.has_seen(1)); // the loop, which would say so
    for (int second = 10; second < 24; ++second) {
        REQUIRE(world.sleeping(0, 2));
        CHECK_FALSE(patient.stopped);
        world.clock->advance(1s);
    }
    REQUIRE(world.sleeping(0, 2));
    world.clock->advance(1s); // the third thread may have looked before the second had noted it
    REQUIRE(eventually([&] { return patient.stopped.load(); }));
    trap.open();
    world.storage->heartbeat_fails = false;
    patient.gate.open();
    CHECK(eventually([&] { return world.run(run).status != JobRunStatus::running; }));
}

TEST_CASE("lease: a storage that does not answer a heartbeat keeps no handler from being stopped in time",
          "[concurrent]") {
    World<FlakyStorage> world;
    Patient patient(world, world.options());
    const JobId job = world.create(parallel_spec("work"));
    const RunId run = world.trigger(job);
    patient.worker.start();
    REQUIRE(patient.gate.has_seen(1));
    REQUIRE(world.sleeping(1));
    SECTION("it answers other things") {}
    SECTION("it answers nothing") {
        world.storage->claim_hangs = true;
    }
    world.storage->heartbeat_hangs = true;
    world.clock->advance(10s);
    const auto all_rest = [&] {
        return world.storage->answer.arrived() + world.clock->sleepers() == 3;
    };
    for (int second = 10; second < 24; ++second) {
        REQUIRE(eventually(all_rest));
        CHECK_FALSE(patient.stopped);
        world.clock->advance(1s);
    }
    REQUIRE(eventually([&] { return patient.stopped.load(); }));
    world.storage->heartbeat_hangs = world.storage->claim_hangs = false;
    world.storage->answer.open();
    patient.gate.open();
    CHECK(world.reaches(run, JobRunStatus::completed));
}

TEST_CASE("lease: a machine that has slept renews before anybody thinks that it cannot", "[concurrent]") {
    World<FlakyStorage> world;
    Patient patient(world, world.options());
    world.trigger(world.create(job_spec("work")));
    patient.worker.start();
    REQUIRE(patient.gate.has_seen(1));
    for (int times = 0; times < 20; ++times) {
        REQUIRE(world.sleeping(1));
        world.clock->advance(29s);
    }
    REQUIRE(world.sleeping(1));
    CHECK_FALSE(patient.stopped);
    patient.gate.open();
}

// ---- storages that fail --------------------------------------------------------------------------------------------

TEST_CASE("lease: a worker survives a storage that fails, tells of it, and loses nothing", "[concurrent]") {
    struct Failure {
        const char* text;
        std::atomic<bool> FlakyStorage::*fails;
    };
    const Failure failures[] = {
        {"materialise failed", &FlakyStorage::materialise_fails},
        {"claim failed", &FlakyStorage::claim_fails},
        {"finish failed", &FlakyStorage::finish_fails},
        {"something that is not a std::exception", &FlakyStorage::reap_fails},
    };
    for (const Failure& failure : failures) {
        CAPTURE(failure.text);
        World<FlakyStorage> world;
        Worker<FlakyStorage> worker(world.scheduler, world.options());
        std::atomic<int> calls = 0;
        worker.handle("work", [&](RunContext&) { ++calls; });
        const JobId id = world.create(job_spec("work", "@every 1m"));
        (*world.storage).*failure.fails = true;
        worker.start();
        REQUIRE(world.sleeping(1));
        world.clock->advance(1min);
        REQUIRE(eventually([&] { return count_of(world.reports, failure.text) >= 1; }));
        for (int second = 0; second < 5; ++second) {
            REQUIRE(world.sleeping(1));
            world.clock->advance(1s);
        }
        REQUIRE(world.sleeping(1));
        CHECK(count_of(world.reports, failure.text) <= 12); // six turns: it does not spin
        (*world.storage).*failure.fails = false;
        REQUIRE(world.sleeping(1));
        world.clock->advance(1s);
        REQUIRE(eventually([&] { return world.job(id).run_count == 1; }));
        REQUIRE(eventually([&] { return worker.active() == 0; }));
        worker.stop();
        CHECK(calls == 1);
        REQUIRE(world.runs(id).size() == 1);
        CHECK(world.runs(id)[0].status == JobRunStatus::completed);
        CHECK(world.runs(id)[0].fence == 1);
    }
}

TEST_CASE("lease: a result that the storage cannot take holds up no other") {
    Stepped<FlakyStorage> world(5);
    const JobId job = world.create(support::parallel_spec("work"));
    std::vector<RunId> runs;
    for (int i = 0; i < 5; ++i)
        runs.push_back(world.trigger(job));
    world.stepper.turn();
    std::vector<RunRef> begun;
    while (const RunContext* run = world.stepper.begin())
        begun.push_back(ref_of(*run));
    REQUIRE(begun.size() == 5);
    world.storage->finish_fails = true;
    for (const RunRef& run : begun)
        world.stepper.conclude(run, {});
    world.storage->finish_fails = false;
    const auto is_bad = [&](const RunId& id) {
        return id == runs[0] || id == runs[1] || id == runs[3]; // more than it takes for giving up on the others
    };
    world.storage->cannot_take = [&](const RunFinish& finish) {
        return is_bad(finish.run.id);
    };
    for (int turns = 0; turns < 3; ++turns)
        CHECK(world.turn_after(1s) == 1s); // it does not spin
    for (const RunId& run : runs) {
        INFO(run.str());
        CHECK(world.run(run).status == (is_bad(run) ? JobRunStatus::running : JobRunStatus::completed));
    }
    CHECK(count_of(world.reports, "trying again in a second: finish failed") == 3); // once a turn
    world.storage->cannot_take = {};
    world.turn_after(1s);
    CHECK(world.job(job).run_count == 5);
    CHECK(world.worker.active() == 0);
}

TEST_CASE("lease: poll() passes on what the storage throws, and goes on where it was") {
    World<FlakyStorage> world;
    Worker<FlakyStorage> worker(world.scheduler, world.options());
    int calls = 0;
    worker.handle("work", [&](RunContext&) { ++calls; });
    const JobId id = world.create(job_spec("work", "@every 1m"));
    world.clock->advance(1min);
    world.storage->materialise_fails = true;
    CHECK_THROWS_WITH(worker.poll(), "materialise failed");
    world.storage->materialise_fails = false;
    world.storage->claim_fails = true;
    CHECK_THROWS_WITH(worker.poll(), "claim failed");
    world.storage->claim_fails = false;
    world.storage->finish_fails = true;
    CHECK(worker.poll() == 1);
    CHECK(worker.active() == 1);
    CHECK(count_of(world.reports, "the result of a run could not be stored, trying again: finish failed") == 1);
    CHECK_THROWS_WITH(worker.poll(), "finish failed");
    world.storage->finish_fails = false;
    CHECK(world.job(id).run_count == 0);
    CHECK(worker.poll() == 0);
    CHECK(world.job(id).run_count == 1);
    CHECK(worker.active() == 0);
    CHECK(calls == 1);
}

TEST_CASE("poll: a host that calls it sixty times a second gets its thread back in time, also while it plans") {
    World<FlakyStorage> world;
    Worker<FlakyStorage> worker(world.scheduler, world.options());
    int executed = 0;
    worker.handle("work", [&](RunContext&) {
        ++executed;
        world.clock->advance(150us);
    });
    world.storage->after_plan = [&](std::size_t jobs) {
        world.clock->advance(jobs * 10us);
    };
    const std::vector<JobSpec> jobs(600, job_spec("work", "@at 2026-03-02T09:00:01Z"));
    world.scheduler.create_jobs("acme", jobs);
    world.clock->advance(1s);
    Duration longest{0};
    int calls = 0;
    for (; calls < 100 && executed < 600; ++calls) {
        const Instant begin = world.clock->now();
        worker.poll(2ms);
        longest = std::max(longest, world.clock->now() - begin);
        world.clock->advance(16'667us - (world.clock->now() - begin));
    }
    CHECK(executed == 600);
    CHECK(longest <= Duration{2'150us});
    CHECK(calls <= 51); // 96 ms of work in 2 ms each, and the last handler of each call on top
}

TEST_CASE("lease: a result that could not be stored in time is refused, since another worker has the run") {
    World<FlakyStorage> world;
    Worker<FlakyStorage> first(world.scheduler, world.options("first"));
    Worker<FlakyStorage> second(world.scheduler, world.options("second"));
    for (Worker<FlakyStorage>* worker : {&first, &second})
        worker->handle("work", [worker](RunContext&) { return worker->name(); });
    const RunId run = world.trigger(world.create(job_spec("work")));
    world.storage->finish_fails = true;
    CHECK(first.poll() == 1);
    world.storage->finish_fails = false;
    world.clock->advance(1h);
    CHECK(second.poll() == 1);
    CHECK(first.poll() == 0);
    CHECK(first.active() == 0);
    CHECK(world.run(run).result == nlohmann::json("second"));
    CHECK(count_of(world.reports, "was refused: its lease was lost") == 1);
}
