// SPDX-License-Identifier: MIT
// stop_test.cpp - how a worker ends, in whatever state its handlers are: nothing begins, nothing is lost, and everybody
// is told.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/flaky_storage.hpp"
#include "support/world.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::await;
using support::count_of;
using support::eventually;
using support::Gate;
using support::job_spec;
using support::Log;
using support::parallel_spec;
using support::World;

namespace {

template <Storage StorageT>
std::future<StopReport> stop_aside(Worker<StorageT>& worker, Duration grace = 30s, Duration hard = 10s) {
    return std::async(std::launch::async, [&worker, grace, hard] { return worker.stop(grace, hard); });
}

} // namespace

TEST_CASE("stop: a worker without work stops at once, however often it is asked", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    CHECK(worker.stop().still_running.empty());
    worker.start();
    CHECK(worker.stop().still_running.empty());
    CHECK(worker.stop().still_running.empty());
    CHECK(world.clock->sleepers() == 0);
}

TEST_CASE("stop: a started worker cannot be started again, a stopped one can", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    worker.start();
    try {
        worker.start();
        FAIL("the second start() was not refused");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::invalid_state);
    }
    for (int round = 0; round < 3; ++round) {
        worker.stop();
        const RunId run = world.trigger(world.create(job_spec("work")));
        CHECK(world.run(run).status == JobRunStatus::pending);
        worker.start();
        CHECK(world.reaches(run, JobRunStatus::completed));
    }
}

TEST_CASE("stop: a handler that ends within the grace is not disturbed", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    worker.handle("work", [&](RunContext& run) {
        gate.pass();
        return run.stop_requested();
    });
    const JobId id = world.create(parallel_spec("work"));
    const RunId run = world.trigger(id);
    worker.start();
    REQUIRE(gate.has_seen(1));
    auto stopped = stop_aside(worker);
    REQUIRE(world.sleeping(1, 1)); // a worker that goes on renewing the lease, and stop()
    const RunId later = world.trigger(id);
    world.clock->advance(30s - 1us);
    gate.open();
    CHECK(await(stopped).still_running.empty());
    CHECK(world.run(run).status == JobRunStatus::completed);
    CHECK(world.run(run).result == nlohmann::json(false));
    CHECK(world.run(later).status == JobRunStatus::pending);
    CHECK(worker.active() == 0);
}

TEST_CASE("stop: a handler that ends when it is asked to has time for that", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    worker.handle("work", [&](RunContext& run) { return gate.pass_or_stop(run.stop_token()); });
    const RunId run = world.trigger(world.create(job_spec("work")));
    worker.start();
    REQUIRE(gate.has_seen(1));
    auto stopped = stop_aside(worker);
    REQUIRE(world.sleeping(1, 1));
    world.clock->advance(30s);
    CHECK(await(stopped).still_running.empty());
    CHECK(world.run(run).status == JobRunStatus::completed);
    CHECK(world.run(run).result == nlohmann::json(true));
}

TEST_CASE("stop: a handler that does not end is reported, goes on, and may still finish", "[concurrent]") {
    World<> world;
    auto worker = std::make_unique<Worker<>>(world.scheduler, world.options());
    Gate gate;
    Gate asked;
    worker->handle("work", [&](RunContext& run) {
        const std::stop_callback on_stop(run.stop_token(), [&] { asked.open(); });
        gate.pass();
    });
    const RunId run = world.trigger(world.create(job_spec("work")));
    worker->start();
    REQUIRE(gate.has_seen(1));
    auto stopped = stop_aside(*worker);
    REQUIRE(world.sleeping(1, 1));
    world.clock->advance(30s);
    asked.pass();
    REQUIRE(world.sleeping(1, 1));
    CHECK(stopped.wait_for(0s) == std::future_status::timeout);
    world.clock->advance(10s);
    const StopReport report = await(stopped);
    REQUIRE(report.still_running.size() == 1);
    CHECK(report.still_running[0].id == run);
    CHECK(report.still_running[0].action_type == "work");
    CHECK(world.run(run).status == JobRunStatus::running);
    CHECK(worker->active() == 1);

    auto destroyed = std::async(std::launch::async, [&] { worker.reset(); });
    const std::string complaint = "the worker waits for the handler of run " + run.str() + ", action type \"work\"";
    for (std::size_t times = 1; times <= 2; ++times) {
        REQUIRE(world.sleeping(0, 1));
        world.clock->advance(10s);
        REQUIRE(eventually([&] { return count_of(world.reports, complaint) == times; }));
    }
    CHECK(destroyed.wait_for(0s) == std::future_status::timeout);
    gate.open();
    await(destroyed);
    CHECK(world.run(run).status == JobRunStatus::completed);
}

TEST_CASE("stop: after a stop that did not wait long enough the worker can be started again", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 2));
    Gate gate;
    worker.handle("work", [&](RunContext&) { gate.pass(); });
    worker.handle("other", [](RunContext&) {});
    const RunId run = world.trigger(world.create(job_spec("work")));
    worker.start();
    REQUIRE(gate.has_seen(1));
    CHECK(worker.stop(0s, 0s).still_running.size() == 1);
    CHECK(worker.stop(-1s, -1s).still_running.size() == 1);
    worker.start();
    const RunId other = world.trigger(world.create(job_spec("other")));
    CHECK(world.reaches(other, JobRunStatus::completed));
    gate.open();
    CHECK(world.reaches(run, JobRunStatus::completed));
}

TEST_CASE("stop: patience without an end is no overflow", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    worker.handle("work", [&](RunContext&) { gate.pass(); });
    const RunId run = world.trigger(world.create(job_spec("work")));
    worker.start();
    REQUIRE(gate.has_seen(1));
    auto stopped = stop_aside(worker, Duration::max(), Duration::max());
    REQUIRE(world.sleeping(1, 1));
    gate.open();
    CHECK(await(stopped).still_running.empty());
    CHECK(world.run(run).status == JobRunStatus::completed);
}

TEST_CASE("stop: called by a handler it returns at once and only ends the claiming", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 1));
    worker.handle("work", [&](RunContext&) { return worker.stop(1h, 1h).still_running.size(); });
    const JobId id = world.create(parallel_spec("work"));
    const RunId first = world.trigger(id);
    const RunId second = world.trigger(id);
    worker.start();
    REQUIRE(world.reaches(first, JobRunStatus::completed));
    CHECK(world.run(first).result == nlohmann::json(0));
    CHECK_THROWS_AS(worker.poll(), Error); // its loop is still there
    REQUIRE(world.sleeping(1));
    CHECK(world.run(second).status == JobRunStatus::pending);
    worker.start();
    REQUIRE(world.reaches(second, JobRunStatus::completed));
    worker.stop();
    CHECK(worker.poll() == 0);
}

TEST_CASE("stop: called by a handler under poll() it returns at once", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext&) { CHECK(worker.stop(1h, 1h).still_running.empty()); });
    world.trigger(world.create(job_spec("work")));
    CHECK(worker.poll() == 1);
}

TEST_CASE("stop: two threads may stop a worker at a time", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    worker.handle("work", [&](RunContext&) { gate.pass(); });
    world.trigger(world.create(job_spec("work")));
    worker.start();
    REQUIRE(gate.has_seen(1));
    auto first = stop_aside(worker);
    auto second = stop_aside(worker);
    REQUIRE(world.sleeping(1, 1));
    gate.open();
    CHECK(await(first).still_running.empty());
    CHECK(await(second).still_running.empty());
}

TEST_CASE("stop: what no handler has begun is given back as it was", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 1));
    worker.handle("quick", [](RunContext&) {});
    worker.start();
    const JobId quick = world.create(parallel_spec("quick"));
    for (int i = 0; i < 200; ++i)
        world.trigger(quick);
    REQUIRE(eventually([&] { return world.job(quick).run_count == 200; })); // so that it claims ahead

    Gate gate;
    worker.handle("work", [&](RunContext&) { gate.pass(); });
    JobSpec spec = parallel_spec("work");
    spec.policies.delivery = GENERATE(DeliveryMode::at_least_once, DeliveryMode::at_most_once);
    const JobId id = world.create(spec);
    const RunId begun = world.trigger(id);
    REQUIRE(gate.has_seen(1));
    const RunId waiting = world.trigger(id);
    REQUIRE(world.reaches(waiting, JobRunStatus::running));
    auto stopped = stop_aside(worker);
    REQUIRE(world.reaches(waiting, JobRunStatus::pending));
    CHECK(world.run(waiting).attempt == 0);
    CHECK(world.run(waiting).attempts.empty());
    CHECK(world.run(waiting).worker.empty());
    CHECK(world.run(begun).status == JobRunStatus::running);
    gate.open();
    CHECK(await(stopped).still_running.empty());
    CHECK(world.run(begun).status == JobRunStatus::completed);
    CHECK(gate.arrived() == 1);
}

TEST_CASE("stop: a handler that throws because it was asked to stop has its run given back", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 5));
    Gate gate;
    worker.handle("throws", [&](RunContext& run) {
        if (gate.pass_or_stop(run.stop_token())) throw std::runtime_error("interrupted");
    });
    worker.handle("throws before", [&](RunContext&) {
        gate.pass();
        throw std::runtime_error("of its own accord");
    });
    worker.handle("gives up", [&](RunContext& run) {
        if (gate.pass_or_stop(run.stop_token())) throw PermanentFailure("hopeless");
    });
    const auto trigger = [&](const std::string& type, DeliveryMode delivery = DeliveryMode::at_least_once) {
        JobSpec spec = job_spec(type);
        spec.policies.delivery = delivery;
        return world.trigger(world.create(spec));
    };
    const RunId repeatable = trigger("throws");
    const RunId once = trigger("throws", DeliveryMode::at_most_once);
    const RunId permanent = trigger("gives up");
    worker.start();
    REQUIRE(gate.has_seen(3));
    auto stopped = stop_aside(worker);
    REQUIRE(world.sleeping(1, 1));
    world.clock->advance(30s);
    CHECK(await(stopped).still_running.empty());

    CHECK(world.run(repeatable).status == JobRunStatus::pending);
    CHECK(world.run(repeatable).attempt == 0);
    CHECK(world.run(repeatable).attempts.empty());
    CHECK(world.job(world.run(repeatable).job_id).run_count == 0);
    CHECK(world.run(once).status == JobRunStatus::failed);
    CHECK(world.run(once).reason == RunReason::no_attempt_left);
    CHECK(world.run(permanent).status == JobRunStatus::failed);
    CHECK(world.run(permanent).reason == RunReason::permanent);

    gate.open();
    const RunId by_itself = trigger("throws before");
    worker.start();
    CHECK(world.reaches(repeatable, JobRunStatus::completed));
    CHECK(world.reaches(by_itself, JobRunStatus::failed));
}

TEST_CASE("stop: a handler that throws of its own accord within the grace has failed", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    worker.handle("work", [&](RunContext&) {
        gate.pass();
        throw std::runtime_error("of its own accord");
    });
    const RunId run = world.trigger(world.create(job_spec("work")));
    worker.start();
    REQUIRE(gate.has_seen(1));
    auto stopped = stop_aside(worker);
    REQUIRE(world.sleeping(1, 1));
    gate.open();
    await(stopped);
    CHECK(world.run(run).status == JobRunStatus::failed);
}

TEST_CASE("stop: a run that a caller has cancelled is not given back", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    Gate asked;
    worker.handle("work", [&](RunContext& run) {
        const std::stop_callback on_stop(run.stop_token(), [&] { asked.open(); });
        gate.pass();
        throw std::runtime_error("interrupted");
    });
    const RunId run = world.trigger(world.create(job_spec("work")));
    worker.start();
    REQUIRE(gate.has_seen(1));
    world.scheduler.cancel_run(run, "acme");
    asked.pass();
    CHECK(worker.stop(0s, 0s).still_running.size() == 1);
    gate.open();
    REQUIRE(world.reaches(run, JobRunStatus::cancelled));
    CHECK(world.run(run).reason == RunReason::requested);
}

TEST_CASE("stop: the end of a worker asks its handlers to stop, and waits for them", "[concurrent]") {
    World<> world;
    Gate gate;
    RunId run;
    {
        Worker<> worker(world.scheduler, world.options());
        worker.handle("work", [&](RunContext& context) {
            if (gate.pass_or_stop(context.stop_token())) throw std::runtime_error("interrupted");
        });
        run = world.trigger(world.create(job_spec("work")));
        worker.start();
        REQUIRE(gate.has_seen(1));
    }
    CHECK(world.run(run).status == JobRunStatus::pending);
    CHECK(world.run(run).attempt == 0);
    CHECK(world.clock->sleepers() == 0);
}

TEST_CASE("stop: after it returned no handler begins, and no run is lost", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 2));
    std::atomic<bool> stopped = true;
    std::atomic<int> calls = 0;
    std::atomic<int> too_late = 0;
    worker.handle("work", [&](RunContext&) {
        ++calls;
        if (stopped) ++too_late;
    });
    const JobId id = world.create(parallel_spec("work"));
    for (int round = 0; round < 300; ++round) {
        stopped = false;
        worker.start();
        for (int i = 0; i < 10; ++i)
            world.trigger(id);
        CHECK(worker.stop().still_running.empty());
        stopped = true;
        CHECK(worker.active() == 0);
    }
    stopped = false;
    worker.start();
    REQUIRE(eventually([&] { return world.job(id).run_count == 3'000; }));
    worker.stop();
    CHECK(too_late == 0);
    CHECK(calls == 3'000);
    CHECK(world.scheduler.list_runs(id, "acme", {.status = JobRunStatus::running}).empty());
}

TEST_CASE("stop: results that the storage does not take are kept for the next start", "[concurrent]") {
    World<support::FlakyStorage> world;
    Worker<support::FlakyStorage> worker(world.scheduler, world.options());
    std::atomic<int> calls = 0;
    worker.handle("work", [&](RunContext&) { return ++calls; });
    const RunId run = world.trigger(world.create(job_spec("work")));
    world.storage->finish_fails = true;
    worker.start();
    REQUIRE(
        eventually([&] { return count_of(world.reports, "could not be stored, trying again: finish failed") > 0; }));
    auto stopped = stop_aside(worker, 30s, 10s);
    for (const Duration patience : {30s, 10s}) {
        REQUIRE(world.sleeping(1, 1));
        world.clock->advance(patience);
    }
    CHECK(await(stopped).still_running.empty());
    CHECK(count_of(world.reports, "could not be stored and are kept for the next start: finish failed") == 1);
    CHECK(world.run(run).status == JobRunStatus::running);
    world.storage->finish_fails = false;
    worker.start();
    CHECK(world.reaches(run, JobRunStatus::completed));
    CHECK(calls == 1);
}

TEST_CASE("stop: a worker that ends without being able to store a result says so", "[concurrent]") {
    World<support::FlakyStorage> world;
    {
        Worker<support::FlakyStorage> worker(world.scheduler, world.options());
        worker.handle("work", [](RunContext&) {});
        world.trigger(world.create(job_spec("work")));
        world.storage->finish_fails = true;
        CHECK(worker.poll() == 1);
    }
    CHECK(count_of(world.reports, "could not be stored and are lost, and their leases will end: finish failed") == 1);
}

TEST_CASE("stop: the report callback may stop the worker that called it", "[concurrent]") {
    World<support::FlakyStorage> world;
    Worker<support::FlakyStorage>* self = nullptr;
    WorkerOptions options = world.options();
    options.report = [&](const std::string& sentence) {
        self->stop();
        world.reports.add(sentence);
    };
    Worker<support::FlakyStorage> worker(world.scheduler, options);
    self = &worker;
    world.storage->claim_fails = true;
    worker.start();
    REQUIRE(eventually([&] { return world.reports.size() == 1; }));
    CHECK(world.reports.all().at(0) == "the storage failed, trying again in a second: claim failed");
    CHECK(worker.stop().still_running.empty());
}

TEST_CASE("stop: the report callback may stop the worker also while that stops, and while it ends", "[concurrent]") {
    World<support::FlakyStorage> world;
    {
        Worker<support::FlakyStorage>* self = nullptr;
        WorkerOptions options = world.options();
        options.report = [&](const std::string& sentence) {
            self->stop();
            world.reports.add(sentence);
        };
        Worker<support::FlakyStorage> worker(world.scheduler, options);
        self = &worker;
        worker.handle("work", [](RunContext&) {});
        world.trigger(world.create(job_spec("work")));
        world.storage->finish_fails = true;
        CHECK(worker.poll() == 1);
        auto stopped = stop_aside(worker, 0s, 0s);
        await(stopped);
    }
    CHECK(count_of(world.reports, "are kept for the next start") == 1);
    CHECK(count_of(world.reports, "are lost") == 1);
}

TEST_CASE("stop: what a handler has tied to its token may stop the worker that fires it", "[concurrent]") {
    World<> world;
    Gate gate;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext& run) {
        const std::stop_callback stop(run.stop_token(), [&] { worker.stop(); });
        gate.pass_or_stop(run.stop_token());
    });
    const RunId run = world.trigger(world.create(job_spec("work")));
    worker.start();
    REQUIRE(gate.has_seen(1));
    auto stopped = stop_aside(worker, 0s, 30s);
    CHECK(await(stopped).still_running.empty());
    CHECK(world.run(run).status == JobRunStatus::completed);
}

TEST_CASE("stop: a report callback that throws harms nobody", "[concurrent]") {
    World<support::FlakyStorage> world;
    WorkerOptions options = world.options();
    std::atomic<int> reports = 0;
    options.report = [&](const std::string&) {
        ++reports;
        throw std::runtime_error("the log is full");
    };
    Worker<support::FlakyStorage> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    world.storage->claim_fails = true;
    worker.start();
    REQUIRE(eventually([&] { return reports >= 1; }));
    world.storage->claim_fails = false;
    const RunId run = world.trigger(world.create(job_spec("work")));
    CHECK(world.reaches(run, JobRunStatus::completed));
}
