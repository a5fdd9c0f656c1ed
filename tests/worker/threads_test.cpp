// SPDX-License-Identifier: MIT
// threads_test.cpp - a started worker: each run once, at its moment, and awake as soon as there is something to do.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/world.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::eventually;
using support::Gate;
using support::job_spec;
using support::Log;
using support::nine;
using support::parallel_spec;
using support::World;

namespace {

/// A clock that remembers for how long it was asked to wait.
class RecordingClock final : public Clock {
public:
    explicit RecordingClock(std::shared_ptr<testing::ManualClock> clock)
        : clock_(std::move(clock)) {}
    [[nodiscard]] Instant now() const override { return clock_->now(); }
    [[nodiscard]] SteadyTime steady_now() const override { return clock_->steady_now(); }
    bool wait_until(WakeSignal& signal, SteadyTime deadline) override {
        waits.add(deadline - clock_->steady_now());
        return clock_->wait_until(signal, deadline);
    }

    [[nodiscard]] std::size_t times(Duration wait) const {
        const auto all = waits.all();
        return static_cast<std::size_t>(std::count(all.begin(), all.end(), wait));
    }

    Log<Duration> waits;

private:
    std::shared_ptr<testing::ManualClock> clock_;
};

template <class T>
bool all_different(const std::vector<T>& values) {
    return std::set<T>(values.begin(), values.end()).size() == values.size();
}

/// Lets the worker find out that its handlers are quick, so that it claims ahead of its threads.
void make_it_claim_ahead(World<>& world, Worker<>& worker) {
    worker.handle("quick", [](RunContext&) {});
    const JobId quick = world.create(parallel_spec("quick"));
    for (int i = 0; i < 200; ++i)
        world.trigger(quick);
    REQUIRE(eventually([&] { return world.job(quick).run_count == 200; }));
}

} // namespace

TEST_CASE("worker: executes each run once, on threads of its own", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 3));
    Log<RunId> executed;
    Log<std::thread::id> threads;
    worker.handle("work", [&](RunContext& run) {
        executed.add(run.run_id());
        threads.add(std::this_thread::get_id());
    });
    const JobId id = world.create(parallel_spec("work"));
    for (int i = 0; i < 300; ++i)
        world.trigger(id);
    worker.start();
    REQUIRE(eventually([&] { return world.job(id).run_count == 300; }));
    worker.stop();
    CHECK(executed.size() == 300);
    CHECK(all_different(executed.all()));
    for (const std::thread::id thread : threads.all())
        CHECK(thread != std::this_thread::get_id());
    for (const JobRun& run : world.runs(id))
        CHECK(run.fence == run.attempt);
}

TEST_CASE("worker: a second on the clock is a run of the every-second job, and starts on its second", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(job_spec("work", "@every 1s"));
    worker.start();
    for (std::uint64_t second = 1; second <= 30; ++second) {
        REQUIRE(world.sleeping(1));
        CHECK(world.job(id).run_count == second - 1);
        world.clock->advance(1s);
        REQUIRE(eventually([&] { return world.job(id).run_count == second; }));
    }
    worker.stop();
    const auto runs = world.runs(id);
    REQUIRE(runs.size() == 30);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        CHECK(runs[i].scheduled_for == nine + (i + 1) * 1s);
        CHECK(runs[i].started_at == runs[i].scheduled_for);
    }
}

TEST_CASE("worker: sleeps on the clock, a second at most, and wakes up once for it", "[concurrent]") {
    auto manual = std::make_shared<testing::ManualClock>(nine);
    auto clock = std::make_shared<RecordingClock>(manual);
    SchedulerFacade<> scheduler({.clock = clock});
    scheduler.create_job("acme", job_spec("work", "@every 1h"));
    Worker<> worker(scheduler, {.threads = 1});
    worker.handle("work", [](RunContext&) {});
    worker.start();
    // The second thread, too, waits a second where it finds the loop renewing leases in its stead: every ten seconds.
    const auto waited = [&](std::size_t seconds) {
        return clock->times(1s) >= seconds && manual->sleepers() == 3;
    };
    REQUIRE(eventually([&] { return waited(2); })); // the notification of handle() ends the first wait
    for (std::size_t second = 1; second <= 25; ++second) {
        manual->advance(1s);
        REQUIRE(eventually([&] { return waited(2 + second); }));
    }
    for (int i = 0; i < 1'000; ++i)
        std::this_thread::yield();
    CHECK(clock->times(1s) <= 27 + 2);
    CHECK(clock->times(10s) + clock->times(9s) == 3);
    CHECK(clock->times(24s) + clock->times(20s) == 2); // the third thread, which looks after the second
    CHECK(clock->waits.size() == clock->times(1s) + 3 + 2);
}

TEST_CASE("worker: sleeps until the next run where that is less than a second away", "[concurrent]") {
    auto manual = std::make_shared<testing::ManualClock>(nine);
    auto clock = std::make_shared<RecordingClock>(manual);
    SchedulerFacade<> scheduler({.clock = clock});
    manual->advance(750ms);
    scheduler.create_job("acme", job_spec("work", "@at 2026-03-02T09:00:01Z"));
    Worker<> worker(scheduler, {.threads = 1});
    worker.handle("work", [](RunContext&) {});
    worker.start();
    REQUIRE(eventually([&] { return clock->waits.size() == 4; }));
    CHECK(clock->times(250ms) == 2);
    CHECK(clock->times(10s) == 1); // the second thread, which renews leases
    CHECK(clock->times(24s) == 1); // and the third, which looks after that one
}

TEST_CASE("worker: a triggered run wakes it at once, from any facade of the storage", "[concurrent]") {
    World<> world;
    SchedulerFacade<> other(world.storage, {.clock = world.clock});
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(parallel_spec("work"));
    worker.start();
    for (std::uint64_t run = 1; run <= 1'000; ++run) { // one by one: a lost wake-up hangs, since the clock stands still
        other.trigger_job(id, "acme");
        REQUIRE(eventually([&] { return world.job(id).run_count == run; }));
    }
    CHECK(world.clock->now() == nine);
}

TEST_CASE("worker: a new job that is due before it would have woken up wakes it", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    world.clock->advance(750ms);
    worker.start();
    REQUIRE(world.sleeping(1));
    const JobId id = world.create(job_spec("work", "@at 2026-03-02T09:00:01Z"));
    REQUIRE(world.sleeping(1));
    CHECK(world.runs(id).empty());
    world.clock->advance(250ms);
    REQUIRE(eventually([&] { return world.job(id).run_count == 1; }));
}

TEST_CASE("worker: a handler that is registered while it runs gets the runs that wait for it", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.start();
    const RunId run = world.trigger(world.create(job_spec("work")));
    REQUIRE(world.sleeping(1));
    CHECK(world.run(run).status == JobRunStatus::pending);
    worker.handle("work", [](RunContext&) {});
    CHECK(world.reaches(run, JobRunStatus::completed));
}

TEST_CASE("worker: has at most as many handlers at a time as threads, and claims no more of slow ones",
          "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 3));
    Gate gate;
    worker.handle("work", [&](RunContext&) { gate.pass(); });
    const JobId id = world.create(parallel_spec("work"));
    for (int i = 0; i < 10; ++i)
        world.trigger(id);
    worker.start();
    REQUIRE(gate.has_seen(3));
    REQUIRE(world.sleeping(1));
    CHECK(gate.arrived() == 3);
    CHECK(worker.active() == 3);
    CHECK(world.scheduler.list_runs(id, "acme", {.status = JobRunStatus::pending}).size() == 7);
    gate.open();
    REQUIRE(eventually([&] { return world.job(id).run_count == 10; }));
}

TEST_CASE("worker: several workers share a storage, and all of them work", "[concurrent]") {
    World<> world;
    SchedulerFacade<> other(world.storage, {.clock = world.clock});
    Worker<> a(world.scheduler, world.options("a", 2));
    Worker<> b(other, world.options("b", 2));
    Gate gate;
    Log<RunId> executed;
    for (Worker<>* worker : {&a, &b})
        worker->handle("work", [&](RunContext& run) {
            executed.add(run.run_id());
            gate.pass();
        });
    const JobId id = world.create(parallel_spec("work"));
    for (int i = 0; i < 50; ++i)
        world.trigger(id);
    a.start();
    b.start();
    REQUIRE(gate.has_seen(4));
    gate.open();
    REQUIRE(eventually([&] { return world.job(id).run_count == 50; }));
    a.stop();
    b.stop();
    CHECK(executed.size() == 50);
    CHECK(all_different(executed.all()));
    std::set<std::string> workers;
    for (const JobRun& run : world.runs(id))
        workers.insert(run.worker);
    CHECK(workers == std::set<std::string>{"a", "b"});
}

TEST_CASE("worker: between two workers no occurrence is run twice or forgotten", "[concurrent]") {
    World<> world;
    Worker<> a(world.scheduler, world.options("a"));
    Worker<> b(world.scheduler, world.options("b"));
    Log<Instant> executed;
    for (Worker<>* worker : {&a, &b}) {
        worker->handle("work", [&](RunContext& run) { executed.add(run.scheduled_for()); });
        worker->start();
    }
    const JobId id = world.create(job_spec("work", "@every 1s"));
    for (std::uint64_t second = 1; second <= 100; ++second) {
        world.clock->advance(1s);
        REQUIRE(eventually([&] { return world.job(id).run_count == second; }));
    }
    a.stop();
    b.stop();
    CHECK(executed.size() == 100);
    CHECK(all_different(executed.all()));
    CHECK(world.runs(id).size() == 100);
}

TEST_CASE("worker: a cancelled run's token fires at once", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    worker.handle("work", [&](RunContext& run) {
        if (gate.pass_or_stop(run.stop_token())) throw std::runtime_error("stopped half-way");
    });
    const JobId id = world.create(job_spec("work"));
    const RunId run = world.trigger(id);
    worker.start();
    REQUIRE(gate.has_seen(1));
    const auto asked = world.scheduler.cancel_run(run, {"acme", "alice"}, {.reason = "wrong input"});
    CHECK(asked->status == JobRunStatus::running);
    REQUIRE(world.reaches(run, JobRunStatus::cancelled));
    CHECK(world.run(run).reason == RunReason::requested);
    CHECK(world.run(run).error == "stopped half-way");
    CHECK(world.clock->now() == nine);
    CHECK(world.job(id).run_count == 1);
    CHECK(world.job(id).failure_count == 0);
}

TEST_CASE("worker: a run that replaces the one before it stops that one at once", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Gate gate;
    worker.handle("work", [&](RunContext& run) {
        if (gate.pass_or_stop(run.stop_token())) throw std::runtime_error("replaced");
    });
    JobSpec spec = job_spec("work");
    spec.policies.overlap.policy = OverlapPolicy::cancel_previous;
    const JobId id = world.create(spec);
    const RunId first = world.trigger(id);
    worker.start();
    REQUIRE(gate.has_seen(1));
    const RunId second = world.trigger(id);
    REQUIRE(world.reaches(first, JobRunStatus::cancelled));
    CHECK(world.run(first).reason == RunReason::cancel_previous);
    REQUIRE(gate.has_seen(2));
    gate.open();
    CHECK(world.reaches(second, JobRunStatus::completed));
}

TEST_CASE("worker: a run that is cancelled before a thread has time for it never begins", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 1));
    worker.start();
    make_it_claim_ahead(world, worker);
    Gate gate;
    Log<RunId> begun;
    worker.handle("work", [&](RunContext& run) {
        begun.add(run.run_id());
        gate.pass();
    });
    const JobId id = world.create(parallel_spec("work"));
    world.trigger(id);
    REQUIRE(gate.has_seen(1));
    const RunId waiting = world.trigger(id);
    REQUIRE(world.reaches(waiting, JobRunStatus::running));
    CHECK(worker.active() == 2);
    world.scheduler.cancel_run(waiting, "acme");
    REQUIRE(world.sleeping(1));
    gate.open();
    REQUIRE(world.reaches(waiting, JobRunStatus::cancelled));
    CHECK(world.run(waiting).reason == RunReason::requested);
    CHECK(begun.size() == 1);
    CHECK(world.job(id).run_count == 1);
}

TEST_CASE("worker: gives back what it claimed ahead of a handler that turns out to be slow", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("slow", 1));
    worker.start();
    make_it_claim_ahead(world, worker);
    Gate gate;
    worker.handle("work", [&](RunContext&) { gate.pass(); });
    const JobId id = world.create(parallel_spec("work"));
    const RunId slow = world.trigger(id);
    REQUIRE(gate.has_seen(1));
    const RunId waiting = world.trigger(id);
    REQUIRE(world.reaches(waiting, JobRunStatus::running));

    Worker<> other(world.scheduler, world.options("free", 1));
    other.handle("work", [](RunContext&) {});
    other.start();
    for (int second = 0; second < 3; ++second) {
        REQUIRE(world.sleeping(2));
        world.clock->advance(1s);
    }
    REQUIRE(world.reaches(waiting, JobRunStatus::completed));
    CHECK(world.run(waiting).worker == "free");
    CHECK(world.run(waiting).attempt == 1);
    CHECK(world.run(waiting).fence == 2);
    CHECK(world.run(slow).status == JobRunStatus::running);
    gate.open();
    CHECK(world.reaches(slow, JobRunStatus::completed));
}

TEST_CASE("worker: a wall clock that is set forward is noticed within a second of sleep", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(job_spec("work", "@every 1h"));
    worker.start();
    REQUIRE(world.sleeping(1));
    world.clock->set_wall(nine + 1h);
    world.clock->advance(1s);
    REQUIRE(eventually([&] { return world.job(id).run_count == 1; }));
    CHECK(world.runs(id).at(0).scheduled_for == nine + 1h);
}

TEST_CASE("worker: a wall clock that is set back starts nothing early and nothing twice", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Log<Instant> executed;
    worker.handle("work", [&](RunContext& run) {
        if (world.clock->now() < run.scheduled_for()) throw PermanentFailure("too early");
        executed.add(run.scheduled_for());
    });
    const JobId id = world.create(job_spec("work", "@every 1s"));
    worker.start();
    for (std::uint64_t second = 1; second <= 3; ++second) {
        world.clock->advance(1s);
        REQUIRE(eventually([&] { return world.job(id).run_count == second; }));
    }
    world.clock->set_wall(nine);
    for (int second = 1; second <= 3; ++second) {
        REQUIRE(world.sleeping(1));
        world.clock->advance(1s);
    }
    REQUIRE(world.sleeping(1));
    CHECK(world.job(id).run_count == 3);
    world.clock->advance(1s);
    REQUIRE(eventually([&] { return world.job(id).run_count == 4; }));
    worker.stop();
    CHECK(executed.all() == std::vector<Instant>{nine + 1s, nine + 2s, nine + 3s, nine + 4s});
    CHECK(world.job(id).failure_count == 0);
}

TEST_CASE("worker: forgets old runs as fast as they come", "[concurrent]") {
    World<> world;
    WorkerOptions options = world.options();
    options.retention.runs_per_job = 10;
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(parallel_spec("work"));
    for (int i = 0; i < 3'500; ++i)
        world.trigger(id);
    CHECK(worker.poll() == 3'500);
    world.clock->advance(10s);
    worker.poll(); // a thousand rows at a time, so that nobody waits for long
    CHECK(world.scheduler.list_runs(id, "acme", {.limit = 1'000, .offset = 2'000}).size() == 500);
    for (int i = 0; i < 3; ++i)
        worker.poll();
    CHECK(world.runs(id).size() == 10);
    CHECK(world.job(id).run_count == 3'500);
}

TEST_CASE("worker: handlers that create, trigger, pause and delete jobs, their own among them, at one time",
          "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w", 4));
    Log<RunId> executed;
    const auto spec_of = [](int generation) {
        JobSpec spec = job_spec("breed");
        spec.action["generation"] = generation;
        return spec;
    };
    worker.handle("breed", [&](RunContext& run) {
        const int generation = run.action().at("generation").get<int>();
        if (generation < 10) world.trigger(world.create(spec_of(generation + 1)));
        world.scheduler.pause_job(run.job_id(), "acme");
        if (!world.scheduler.delete_job(run.job_id(), "acme")) throw std::runtime_error("it was there a moment ago");
        executed.add(run.run_id());
    });
    worker.start();
    for (int i = 0; i < 20; ++i)
        world.trigger(world.create(spec_of(1)));
    REQUIRE(eventually([&] { return executed.size() == 200 && worker.active() == 0; }));
    for (const RunId& run : executed.all())
        CHECK(world.run(run).status == JobRunStatus::completed);
    CHECK(world.scheduler.count_jobs("acme") == 0);
    CHECK(world.reports.all().empty());
    CHECK(world.scheduler.list_audit("acme", {.verb = AuditVerb::job_deleted, .limit = 1'000}).size() == 200);
}

TEST_CASE("worker: two workers, two producers and 12,000 runs: each is executed once", "[concurrent]") {
    World<> world;
    constexpr std::uint64_t each = 6'000;
    std::vector<std::atomic<int>> calls(2 * each);
    Worker<> a(world.scheduler, world.options("a", 2));
    Worker<> b(world.scheduler, world.options("b", 2));
    for (Worker<>* worker : {&a, &b}) {
        worker->handle("work", [&](RunContext& run) {
            const std::uint64_t number = std::stoull(*run.run().idempotency_key);
            calls[number].fetch_add(1, std::memory_order_relaxed);
        });
        worker->start();
    }
    const JobId id = world.create(parallel_spec("work"));
    const auto produce = [&](std::uint64_t first) {
        for (std::uint64_t i = first; i < first + each; ++i)
            world.scheduler.trigger_job(id, "acme", {.idempotency_key = std::to_string(i)});
    };
    std::thread second_producer(produce, each);
    produce(0);
    second_producer.join();
    REQUIRE(eventually([&] { return world.job(id).run_count == 2 * each; }));
    a.stop();
    b.stop();
    CHECK(std::all_of(calls.begin(), calls.end(), [](const auto& count) { return count == 1; }));
    CHECK(world.scheduler.list_runs(id, "acme", {.status = JobRunStatus::pending}).empty());
    CHECK(world.reports.all().empty());
}

TEST_CASE("worker: 5,000 jobs that are due in one second are all executed once", "[concurrent]") {
    World<> world;
    std::atomic<int> calls = 0;
    Worker<> a(world.scheduler, world.options("a", 2));
    Worker<> b(world.scheduler, world.options("b", 2));
    for (Worker<>* worker : {&a, &b}) {
        worker->handle("work", [&](RunContext&) { ++calls; });
        worker->start();
    }
    const std::vector<JobSpec> specs(5'000, job_spec("work", "@at 2026-03-02T09:00:01Z"));
    world.scheduler.create_jobs("acme", specs);
    REQUIRE(world.sleeping(2));
    world.clock->advance(1s);
    REQUIRE(eventually([&] { return calls == 5'000; }));
    a.stop();
    b.stop();
    CHECK(calls == 5'000);
    CHECK(world.scheduler.count_jobs("acme", JobStatus::completed) == 5'000);
}
