// SPDX-License-Identifier: MIT
// asio_test.cpp - handlers on an io_context, verbs as operations that a callback, a future or a coroutine waits for.
#include "carillon/asio.hpp"

#include "support/catch.hpp"
#include "support/stepped.hpp"

#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::job_spec;
using support::nine;
using support::parallel_spec;
using support::World;

namespace {

/// A scheduler, and verbs that are called by whoever runs `io`.
struct AsioWorld : World<> {
    asio::io_context io;
    AsyncFacade<> async{scheduler, io.get_executor()};

    /// The result of an operation that `begin` starts, completed on this thread.
    template <class Begin>
    auto result_of(Begin begin) {
        auto result = begin(asio::use_future);
        io.restart();
        io.run();
        return result.get();
    }
};

} // namespace

TEST_CASE("asio: handlers are called by whoever runs the executor") {
    World<> world;
    asio::io_context io;
    WorkerOptions options = world.options();
    options.executor = asio_executor(io.get_executor());
    Worker<> worker(world.scheduler, options);
    std::size_t executed = 0;
    worker.handle("work", [&](RunContext&) { ++executed; });
    testing::WorkerStepper<> stepper(worker);
    const RunId id = world.trigger(world.create(job_spec("work")));
    stepper.turn();
    CHECK(executed == 0);
    io.run();
    CHECK(executed == 1);
    CHECK(world.run(id).status == JobRunStatus::completed);
}

TEST_CASE("asio: one io_context runs a started worker's handlers and everything else", "[concurrent]") {
    World<> world;
    asio::io_context io;
    auto guard = std::make_optional(asio::make_work_guard(io));
    support::Log<std::thread::id> threads;
    WorkerOptions options = world.options();
    options.executor = asio_executor(io.get_executor());
    Worker<> worker(world.scheduler, options);
    std::size_t executed = 0; // no lock: there is one thread
    worker.handle("work", [&](RunContext&) {
        threads.add(std::this_thread::get_id());
        if (++executed == 100) guard.reset();
    });
    const JobId job = world.create(parallel_spec("work"));
    for (int i = 0; i < 100; ++i)
        world.trigger(job);
    worker.start();
    io.run();
    worker.stop();
    CHECK(executed == 100);
    const auto all = threads.all();
    CHECK(static_cast<std::size_t>(std::count(all.begin(), all.end(), std::this_thread::get_id())) == all.size());
    CHECK(world.job(job).run_count == 100);
}

TEST_CASE("asio: between two handlers an io_context with one thread does what else it has") {
    World<> world;
    asio::io_context io;
    WorkerOptions options = world.options("w", 1);
    options.executor = asio_executor(io.get_executor());
    Worker<> worker(world.scheduler, options);
    std::string order;
    worker.handle("work", [&](RunContext&) {
        order += 'r';
        asio::post(io, [&] { order += '.'; });
        world.clock->advance(1us);
    });
    const JobId job = world.create(parallel_spec("work"));
    testing::WorkerStepper<> stepper(worker);
    std::size_t most_waiting = 0;
    const auto execute = [&](std::size_t runs) {
        for (std::size_t i = 0; i < runs; ++i)
            world.trigger(job);
        order.clear();
        while (order.size() < 2 * runs) {
            stepper.turn();
            most_waiting = std::max(most_waiting, stepper.waiting().size());
            io.restart();
            io.run();
        }
    };
    execute(100); // from then on it knows that they are quick, and claims several at a time
    execute(20);
    CHECK(most_waiting >= 20);
    std::string taking_turns;
    for (int i = 0; i < 20; ++i)
        taking_turns += "r.";
    CHECK(order == taking_turns);
}

TEST_CASE("asio: tasks that an io_context drops with its end cost the worker nothing but a second") {
    World<> world;
    auto io = std::make_unique<asio::io_context>();
    WorkerOptions options = world.options();
    options.executor = asio_executor(io->get_executor());
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    testing::WorkerStepper<> stepper(worker);
    const RunId id = world.trigger(world.create(job_spec("work")));
    stepper.turn();
    stepper.stop();
    io.reset();
    CHECK(world.run(id).status == JobRunStatus::pending);
}

TEST_CASE("asio: every verb is an operation with the verb's result") {
    AsioWorld world;
    const Caller caller{"acme", "alice"};
    JobSpec spec = parallel_spec("work", "@hourly");
    const auto job = world.result_of([&](auto token) { return world.async.create_job(caller, spec, token); });
    CHECK(job.tenant_id == "acme");
    CHECK(world.job(job.id) == job);
    const auto jobs = world.result_of([&](auto token) { return world.async.create_jobs(caller, {spec, spec}, token); });
    CHECK(jobs.size() == 2);
    CHECK(world.result_of([&](auto token) { return world.async.put_job(caller, "key", spec, token); }).key == "key");
    CHECK(world.result_of([&](auto token) { return world.async.get_job(job.id, caller, token); }) == job);
    CHECK(world.result_of([&](auto token) { return world.async.list_jobs(caller, {.limit = 3}, token); }).size() == 3);
    CHECK(world.result_of([&](auto token) { return world.async.count_jobs(caller, JobStatus::active, token); }) == 4);
    const auto updated = world.result_of(
        [&](auto token) { return world.async.update_job(job.id, caller, {.description = "new"}, 1, token); });
    CHECK(updated->revision == 2);
    const auto paused =
        world.result_of([&](auto token) { return world.async.pause_job(job.id, caller, {.reason = "audit"}, token); });
    CHECK(paused->status_reason == "audit");
    const auto resumed = world.result_of([&](auto token) { return world.async.resume_job(job.id, caller, {}, token); });
    CHECK(resumed->status == JobStatus::active);
    CHECK(world.result_of([&](auto token) { return world.async.upcoming(job.id, caller, 2, token); }) ==
          std::vector<Instant>{nine + 1h, nine + 2h});

    const auto run = world.result_of([&](auto token) { return world.async.trigger_job(job.id, caller, {}, token); });
    CHECK(run->status == JobRunStatus::pending);
    CHECK(world.result_of([&](auto token) { return world.async.get_run(run->id, caller, token); }) == run);
    const auto cancelled =
        world.result_of([&](auto token) { return world.async.cancel_run(run->id, caller, {}, token); });
    CHECK(cancelled->status == JobRunStatus::cancelled);
    const auto again = world.result_of([&](auto token) { return world.async.retry_run(run->id, caller, token); });
    CHECK(again->retry_of == run->id);
    CHECK(world.result_of([&](auto token) { return world.async.list_runs(job.id, caller, {}, token); }).size() == 2);

    const auto events = world.result_of(
        [&](auto token) { return world.async.list_audit(caller, {.job_id = job.id, .limit = 1}, token); });
    REQUIRE(events.size() == 1);
    CHECK(events[0].actor == "alice");
    CHECK(world.result_of([&](auto token) { return world.async.delete_job(job.id, caller, token); }));
    CHECK_FALSE(world.result_of([&](auto token) { return world.async.get_job(job.id, caller, token); }));
}

TEST_CASE("asio: several verbs can be one operation") {
    AsioWorld world;
    const auto runs = world.result_of([&](auto token) {
        return world.async.call(
            [](SchedulerFacade<>& scheduler) {
                const JobId id = scheduler.create_job("acme", parallel_spec("work")).id;
                scheduler.trigger_job(id, "acme");
                return scheduler.list_runs(id, "acme");
            },
            token);
    });
    CHECK(runs.size() == 1);
}

TEST_CASE("asio: what a verb throws is the operation's exception") {
    AsioWorld world;
    JobSpec spec = job_spec("work", "*/0 * * * *");
    std::optional<Error> error;
    try {
        world.result_of([&](auto token) { return world.async.create_job("acme", spec, token); });
    } catch (const Error& caught) {
        error = caught;
    }
    REQUIRE(error);
    CHECK(error->field() == "schedule");
    CHECK(error->column() == 3);
}

TEST_CASE("asio: an operation begins when somebody runs its executor, and completes on that of its callback") {
    AsioWorld world;
    asio::io_context back;
    std::optional<std::size_t> counted;
    // a callback that can only be moved
    auto callback = [&counted, only = std::make_unique<int>(1)](std::exception_ptr error, std::size_t count) {
        CHECK(*only == 1);
        CHECK_FALSE(error);
        counted = count;
    };
    world.async.count_jobs("acme", std::nullopt, asio::bind_executor(back.get_executor(), std::move(callback)));
    world.create(job_spec("work"));
    world.io.run();
    CHECK_FALSE(counted);
    back.run();
    CHECK(counted == 1);
}

TEST_CASE("asio: a callback without an executor of its own is called by whoever runs the facade's") {
    AsioWorld world;
    bool called = false;
    world.async.get_job({}, "acme", [&called, only = std::make_unique<int>(1)](std::exception_ptr error, auto job) {
        called = *only == 1 && !error && !job;
    });
    world.io.run();
    CHECK(called);
}

TEST_CASE("asio: an operation elsewhere keeps the executor of its callback from running out of work", "[concurrent]") {
    World<> world;
    asio::thread_pool pool(2);
    AsyncFacade<> async(world.scheduler, pool.get_executor());
    asio::io_context io;
    std::thread::id completed_on;
    support::Gate gate;
    async.call(
        [&](SchedulerFacade<>& scheduler) {
            gate.pass();
            return scheduler.count_jobs("acme");
        },
        asio::bind_executor(io.get_executor(),
                            [&](std::exception_ptr, std::size_t) { completed_on = std::this_thread::get_id(); }));
    std::thread opener([&] {
        static_cast<void>(gate.has_seen(1));
        gate.open();
    });
    io.run();
    CHECK(completed_on == std::this_thread::get_id());
    opener.join();
}

#ifdef ASIO_HAS_CO_AWAIT // not for clang++ with libstdc++ before Asio 1.24

TEST_CASE("asio: a coroutine awaits verbs, and gets their results and errors") {
    AsioWorld world;
    WorkerOptions options = world.options();
    options.executor = asio_executor(world.io.get_executor());
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) { return 42; });
    testing::WorkerStepper<> stepper(worker);
    bool done = false;
    const auto story = [&]() -> asio::awaitable<void> {
        const Caller caller{"acme"};
        const JobSpec spec = job_spec("work");
        const auto job = co_await world.async.create_job(caller, spec, asio::use_awaitable);
        const TriggerOptions none;
        const auto run = co_await world.async.trigger_job(job.id, caller, none, asio::use_awaitable);
        stepper.turn();
        auto now = co_await world.async.get_run(run->id, caller, asio::use_awaitable);
        while (!is_terminal(now->status))
            now = co_await world.async.get_run(run->id, caller, asio::use_awaitable);
        CHECK(now->result == nlohmann::json(42));
        bool refused = false;
        try {
            JobSpec wrong = spec;
            wrong.schedule = "never";
            co_await world.async.create_job(caller, wrong, asio::use_awaitable);
        } catch (const Error& error) {
            refused = error.field() == "schedule";
        }
        CHECK(refused);
        done = true;
    };
    asio::co_spawn(world.io, story, asio::detached);
    world.io.run();
    CHECK(done);
}

#endif
