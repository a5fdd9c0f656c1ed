// SPDX-License-Identifier: MIT
// executor_test.cpp - handlers on the host's own threads: in time, no more at a time than agreed, none after the end.
#include "carillon/testing/inline_executor.hpp"
#include "carillon/worker/executor.hpp"
#include "carillon/worker/thread_pool.hpp"

#include "support/catch.hpp"
#include "support/stepped.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::count_of;
using support::eventually;
using support::Gate;
using support::job_spec;
using support::never_called;
using support::parallel_spec;
using support::ref_of;
using support::World;

namespace {

/// An executor that keeps its tasks until the test calls or drops them.
struct Kept {
    std::shared_ptr<std::deque<std::function<void()>>> tasks = std::make_shared<std::deque<std::function<void()>>>();

    [[nodiscard]] Executor executor() const {
        return [kept = tasks](std::function<void()> task) {
            kept->push_back(std::move(task));
        };
    }
    void call_next() const {
        const std::function<void()> task = std::move(tasks->front());
        tasks->pop_front();
        task();
    }
};

/// Work that counts itself.
struct Work {
    std::size_t done = 0;
    std::size_t left = 0;

    [[nodiscard]] std::function<void()> work() {
        return [this] {
            ++done;
            if (left > 0) --left;
        };
    }
    [[nodiscard]] std::function<std::size_t()> how_much() {
        return [this] {
            return left;
        };
    }
};

/// A world whose worker hands its runs to an executor, turn by turn.
struct SteppedBy : World<> {
    explicit SteppedBy(Executor executor, std::size_t threads = 2)
        : worker(scheduler, with(std::move(executor), threads))
        , stepper(worker) {}

    [[nodiscard]] WorkerOptions with(Executor executor, std::size_t threads) {
        WorkerOptions chosen = options("w", threads);
        chosen.executor = std::move(executor);
        return chosen;
    }

    Worker<> worker;
    testing::WorkerStepper<> stepper;
};

} // namespace

// ---- handing over --------------------------------------------------------------------------------------------------

TEST_CASE("handover: posts a task for each piece of work, as many as may be at work at a time") {
    const Kept kept;
    Work work;
    detail::Handover handover(kept.executor(), 3, work.work(), work.how_much());
    handover.post(2);
    CHECK(kept.tasks->size() == 2);
    handover.post(2); // they wait already
    CHECK(kept.tasks->size() == 2);
    handover.post(9);
    CHECK(kept.tasks->size() == 3);
    CHECK(handover.waiting() == 3);
    kept.call_next();
    CHECK(work.done == 1);
    CHECK(handover.waiting() == 2);
    handover.post(9);
    CHECK(kept.tasks->size() == 3);
}

TEST_CASE("handover: counts those that are at work among them") {
    const Kept kept;
    std::optional<detail::Handover> handover;
    std::size_t posted = 0;
    const auto work = [&] {
        handover->post(9);
        posted = kept.tasks->size();
    };
    handover.emplace(kept.executor(), 2, work, [] { return std::size_t{0}; });
    handover->post(1);
    kept.call_next();
    CHECK(posted == 1);
}

TEST_CASE("handover: a task works on while something is left") {
    const Kept kept;
    Work work;
    work.left = 4;
    detail::Handover handover(kept.executor(), 1, work.work(), work.how_much());
    handover.post(1);
    kept.call_next();
    CHECK(work.done == 4);
}

TEST_CASE("handover: a task that does one piece leaves the rest to others, as many as there may be") {
    const Kept kept;
    Work work;
    work.left = 5;
    detail::Handover handover(kept.executor(), 2, work.work(), work.how_much(), detail::TaskSize::one_piece);
    handover.post(5);
    CHECK(kept.tasks->size() == 2);
    for (std::size_t piece = 1; piece <= 5; ++piece) {
        kept.call_next();
        CHECK(work.done == piece);
        CHECK(kept.tasks->size() == std::min<std::size_t>(2, 5 - piece));
        CHECK(handover.waiting() == kept.tasks->size());
    }
}

TEST_CASE("handover: in place it does one piece after the other, however many there are") {
    Work work;
    work.left = 100'000; // as deep as that a stack is not
    std::size_t deepest = 0;
    std::size_t depth = 0;
    const Executor in_place = [&](const std::function<void()>& task) {
        deepest = std::max(deepest, ++depth);
        task();
        --depth;
    };
    detail::Handover handover(in_place, 2, work.work(), work.how_much(), detail::TaskSize::one_piece);
    handover.post(1);
    CHECK(work.done == 100'000);
    CHECK(deepest == 2);
    CHECK(handover.waiting() == 0);
}

TEST_CASE("handover: an executor that fails or waits for its task has the pieces done all the same", "[concurrent]") {
    Work work;
    work.left = 1'000;
    std::atomic<std::size_t> calls = 0;
    SECTION("it has no room for a second one") {
        const Executor executor = [&](const std::function<void()>& task) {
            if (++calls > 1) throw std::runtime_error("the queue is full");
            task();
        };
        detail::Handover handover(executor, 3, work.work(), work.how_much(), detail::TaskSize::one_piece);
        handover.post(1);
        CHECK(calls == 2);
    }
    SECTION("it calls its task on a thread and waits for that") {
        const Executor executor = [&](const std::function<void()>& task) {
            ++calls;
            std::thread(task).join();
        };
        detail::Handover handover(executor, 3, work.work(), work.how_much(), detail::TaskSize::one_piece);
        handover.post(1);
        CHECK(calls == 4); // one for each that may be at work, and not a thread for each piece
    }
    CHECK(work.done == 1'000);
}

TEST_CASE("handover: a task that is dropped does not count, and one that is called twice works once") {
    const Kept kept;
    Work work;
    detail::Handover handover(kept.executor(), 1, work.work(), work.how_much());
    handover.post(1);
    kept.tasks->clear();
    CHECK(handover.waiting() == 0);
    handover.post(1);
    const std::function<void()> task = kept.tasks->front();
    task();
    task();
    CHECK(work.done == 1);
    CHECK(handover.waiting() == 0);
}

TEST_CASE("handover: its end lets go of an executor that owns tasks which it has not called") {
    std::weak_ptr<const std::deque<std::function<void()>>> tasks;
    {
        const Kept kept;
        tasks = kept.tasks;
        Work work;
        detail::Handover handover(kept.executor(), 2, work.work(), work.how_much());
        handover.post(2);
    }
    CHECK(tasks.expired());
}

TEST_CASE("handover: a task that comes after the end does nothing") {
    const Kept kept;
    Work work;
    {
        detail::Handover handover(kept.executor(), 2, work.work(), work.how_much());
        handover.post(2);
        kept.call_next();
    }
    kept.call_next();
    CHECK(work.done == 1);
}

TEST_CASE("handover: its end waits for the tasks at work", "[concurrent]") {
    ThreadPool pool(2);
    Gate gate;
    std::atomic<std::size_t> ended = 0;
    auto handover = std::make_unique<detail::Handover>([&](std::function<void()> task) { pool.post(std::move(task)); },
                                                       2,
                                                       [&] {
                                                           gate.pass();
                                                           ++ended;
                                                       },
                                                       [] { return std::size_t{0}; });
    handover->post(2);
    REQUIRE(gate.has_seen(2));
    std::thread opener([&] { gate.open(); });
    handover.reset();
    CHECK(ended == 2);
    opener.join();
}

// ---- a worker ------------------------------------------------------------------------------------------------------

TEST_CASE("executor: gets what is due, and what it calls executes it") {
    const Kept kept;
    SteppedBy world(kept.executor());
    std::vector<RunId> executed;
    world.worker.handle("work", [&](RunContext& run) { executed.push_back(run.run_id()); });
    const JobId job = world.create(parallel_spec("work"));
    const RunId first = world.trigger(job);
    const RunId second = world.trigger(job);
    world.stepper.turn();
    CHECK(executed.empty());
    REQUIRE(kept.tasks->size() == 2);
    kept.call_next(); // one run a task: the host has other things to do
    CHECK(executed == std::vector<RunId>{first});
    kept.call_next();
    CHECK(executed == std::vector<RunId>{first, second});
    CHECK(world.run(second).status == JobRunStatus::completed);
    CHECK(kept.tasks->empty());
}

TEST_CASE("executor: what it does not begin within a second is given back, and claimed again when it has time") {
    const Kept kept;
    SteppedBy world(kept.executor());
    world.worker.handle("work", [](RunContext&) {});
    const RunId id = world.trigger(world.create(job_spec("work")));
    world.stepper.turn();
    CHECK(world.run(id).status == JobRunStatus::running);
    for (int second = 0; second < 10; ++second) {
        world.clock->advance(1s);
        CHECK(world.stepper.turn() == world.clock->steady_now() + 1s);
    }
    CHECK(world.run(id).status == JobRunStatus::pending);
    CHECK(world.run(id).fence == 1); // it does not claim for an executor that has no time
    CHECK(kept.tasks->size() == 1);
    kept.call_next();
    CHECK(world.run(id).status == JobRunStatus::pending);
    world.stepper.turn();
    REQUIRE(kept.tasks->size() == 1);
    kept.call_next();
    CHECK(world.run(id).status == JobRunStatus::completed);
}

TEST_CASE("executor: a task that it drops costs a second, not the run") {
    const Kept kept;
    SteppedBy world(kept.executor());
    world.worker.handle("work", [](RunContext&) {});
    const RunId id = world.trigger(world.create(job_spec("work")));
    world.stepper.turn();
    kept.tasks->clear();
    world.clock->advance(1s);
    world.stepper.turn();
    world.stepper.turn();
    REQUIRE(kept.tasks->size() == 1);
    kept.call_next();
    CHECK(world.run(id).status == JobRunStatus::completed);
}

TEST_CASE("executor: one that throws is reported, and its runs are given back") {
    bool throws = true;
    SteppedBy world([&](const std::function<void()>& task) {
        if (throws) throw std::runtime_error("the queue is full");
        task();
    });
    world.worker.handle("work", [](RunContext&) {});
    const RunId id = world.trigger(world.create(job_spec("work")));
    world.stepper.turn();
    CHECK(count_of(world.reports, "the executor failed: the queue is full") == 1);
    throws = false;
    world.clock->advance(1s);
    world.stepper.turn();
    world.stepper.turn();
    CHECK(world.run(id).status == JobRunStatus::completed);
}

TEST_CASE("executor: in place, a turn executes what it claims, one run after the other") {
    SteppedBy world(testing::InlineExecutor{}, 1);
    std::vector<std::string> executed;
    world.worker.handle("work", [&](RunContext& run) { executed.push_back(run.job_name()); });
    JobSpec spec = parallel_spec("work");
    for (const char* name : {"a", "b", "c"}) {
        spec.name = name;
        world.trigger(world.create(spec));
    }
    while (executed.size() < 3)
        world.stepper.turn();
    CHECK(executed == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("executor: in place, a started worker has one thread", "[concurrent]") {
    World<> world;
    WorkerOptions options = world.options();
    options.executor = testing::InlineExecutor{};
    Worker<> worker(world.scheduler, options);
    support::Log<std::thread::id> threads;
    worker.handle("work", [&](RunContext&) { threads.add(std::this_thread::get_id()); });
    const JobId job = world.create(parallel_spec("work"));
    worker.start();
    for (int i = 0; i < 10; ++i)
        world.trigger(job);
    REQUIRE(eventually([&] { return threads.size() == 10; }));
    worker.stop();
    const auto all = threads.all();
    CHECK(std::count(all.begin(), all.end(), all.front()) == 10);
    CHECK(all.front() != std::this_thread::get_id());
}

TEST_CASE("executor: a pool of the host's executes everything, and no more at a time than agreed", "[concurrent]") {
    World<> world;
    ThreadPool pool(4);
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    std::atomic<std::size_t> executed = 0;
    {
        WorkerOptions options = world.options("w", 2);
        options.executor = [&](std::function<void()> task) {
            pool.post(std::move(task));
        };
        Worker<> worker(world.scheduler, options);
        worker.handle("work", [&](RunContext&) {
            const int running = ++now;
            int seen = most;
            while (running > seen && !most.compare_exchange_weak(seen, running)) {
            }
            std::this_thread::yield();
            --now;
            ++executed;
        });
        const JobId job = world.create(parallel_spec("work"));
        worker.start();
        for (int i = 0; i < 2'000; ++i)
            world.trigger(job);
        REQUIRE(eventually([&] { return executed == 2'000; }));
        worker.stop();
        CHECK(world.job(job).run_count == 2'000);
    }
    CHECK(most <= 2);
}

TEST_CASE("executor: the end of a worker waits for its handlers, and tasks that come later find nothing",
          "[concurrent]") {
    World<> world;
    const Kept kept;
    Gate gate;
    std::atomic<bool> ended = false;
    WorkerOptions options = world.options();
    std::mutex mutex;
    options.executor = [&](std::function<void()> task) {
        const std::lock_guard lock(mutex);
        kept.tasks->push_back(std::move(task));
    };
    const auto posted = [&] {
        const std::lock_guard lock(mutex);
        return kept.tasks->size();
    };
    auto worker = std::make_unique<Worker<>>(world.scheduler, options);
    worker->handle("work", [&](RunContext&) {
        gate.pass();
        ended = true;
    });
    const JobId job = world.create(parallel_spec("work"));
    worker->start();
    world.trigger(job);
    REQUIRE(eventually([&] { return posted() == 1; }));
    std::thread host([&] { kept.call_next(); });
    REQUIRE(gate.has_seen(1));
    const RunId left = world.trigger(job);
    REQUIRE(eventually([&] { return posted() == 1; }));
    std::thread opener([&] {
        static_cast<void>(world.reaches(left, JobRunStatus::pending)); // the worker is ending
        gate.open();
    });
    worker.reset();
    CHECK(ended);
    kept.call_next();
    CHECK(gate.arrived() == 1);
    CHECK(world.run(left).status == JobRunStatus::pending);
    opener.join();
    host.join();
}
