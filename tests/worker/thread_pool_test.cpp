// SPDX-License-Identifier: MIT
// thread_pool_test.cpp - every task is called once, on one of so many threads, and none is left behind.
#include "carillon/worker/thread_pool.hpp"

#include "support/catch.hpp"
#include "support/world.hpp"

#include <atomic>
#include <barrier>
#include <latch>
#include <set>
#include <thread>

using carillon::ThreadPool;

TEST_CASE("thread pool: has the threads it was asked for, and they work at a time", "[concurrent]") {
    constexpr std::ptrdiff_t threads = 3;
    std::barrier all_at_once(threads); // opens only where three threads wait together
    support::Log<std::thread::id> ids;
    {
        ThreadPool pool(threads);
        CHECK(pool.size() == threads);
        for (int i = 0; i < threads; ++i)
            pool.post([&] {
                ids.add(std::this_thread::get_id());
                all_at_once.arrive_and_wait();
            });
    }
    const auto all = ids.all();
    CHECK(std::set<std::thread::id>(all.begin(), all.end()).size() == threads);
    CHECK(std::find(all.begin(), all.end(), std::this_thread::get_id()) == all.end());
}

TEST_CASE("thread pool: one thread calls the tasks in their order", "[concurrent]") {
    std::vector<int> order;
    {
        ThreadPool pool(1);
        for (int i = 0; i < 100; ++i)
            pool.post([&order, i] { order.push_back(i); });
    }
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("thread pool: its end waits for every task, queued ones and those they queue", "[concurrent]") {
    std::atomic<int> calls = 0;
    std::latch begun(1);
    support::Gate gate;
    {
        ThreadPool pool(1);
        pool.post([&] {
            begun.count_down();
            gate.pass();
            pool.post([&] { ++calls; });
            ++calls;
        });
        pool.post([&] { ++calls; });
        begun.wait();
        gate.open();
    }
    CHECK(calls == 3);
}

TEST_CASE("thread pool: an unused pool ends", "[concurrent]") {
    const ThreadPool pool(4);
    CHECK(pool.size() == 4);
}
