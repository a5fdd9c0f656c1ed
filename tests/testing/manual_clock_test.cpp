// SPDX-License-Identifier: MIT
// manual_clock_test.cpp - time stands still until the test moves it, and moving it wakes exactly those whose time came.
#include "carillon/testing/manual_clock.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <optional>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using carillon::testing::ManualClock;

namespace {

const Instant start = parse_rfc3339("2026-03-01T08:59:00Z").value();

void wait_for_sleepers(const ManualClock& clock, std::size_t count) {
    while (clock.sleepers() != count)
        std::this_thread::yield();
}

/// Gives a thread that was woken by mistake a thousand chances to leave.
bool keeps_sleeping(const ManualClock& clock) {
    for (int i = 0; i < 1'000 && clock.sleepers() == 1; ++i)
        std::this_thread::yield();
    return clock.sleepers() == 1;
}

/// A thread that waits once, and what the wait returned.
struct Waiter {
    Waiter(ManualClock& clock, SteadyTime deadline)
        : thread([this, &clock, deadline] { notified = clock.wait_until(signal, deadline); }) {}
    Waiter(const Waiter&) = delete;

    bool result() {
        thread.join();
        return notified.value();
    }

    WakeSignal signal;
    std::optional<bool> notified;
    std::thread thread;
};

} // namespace

TEST_CASE("manual clock: stands still until it is advanced, and both times go forward then") {
    ManualClock clock(start);
    const SteadyTime steady = clock.steady_now();
    CHECK(clock.now() == start);
    CHECK(clock.now() == start);
    clock.advance(90s);
    CHECK(clock.now() == start + 90s);
    CHECK(clock.steady_now() == steady + 90s);
    clock.advance(1us);
    CHECK(clock.now() == start + 90s + 1us);
    CHECK(clock.steady_now() == steady + 90s + 1us);
}

TEST_CASE("manual clock: advanced to a moment, both times go forward until the wall clock shows it") {
    ManualClock clock(start);
    const SteadyTime steady = clock.steady_now();
    clock.advance_to(start + 90min);
    CHECK(clock.now() == start + 90min);
    CHECK(clock.steady_now() == steady + 90min);
}

TEST_CASE("manual clock: setting the wall clock moves no steady time") {
    ManualClock clock(start);
    const SteadyTime steady = clock.steady_now();
    clock.set_wall(start - 24h);
    CHECK(clock.now() == start - 24h);
    CHECK(clock.steady_now() == steady);
    clock.set_wall(start + 8'760h);
    CHECK(clock.now() == start + 8'760h);
    CHECK(clock.steady_now() == steady);
    clock.advance(1s);
    CHECK(clock.now() == start + 8'760h + 1s);
    CHECK(clock.steady_now() == steady + 1s);
}

TEST_CASE("manual clock: a notification before the wait is not lost, and counts once") {
    ManualClock clock(start);
    WakeSignal signal;
    signal.notify();
    CHECK(clock.wait_until(signal, clock.steady_now() + 24h));
    CHECK(clock.sleepers() == 0);
    CHECK_FALSE(clock.wait_until(signal, clock.steady_now()));
}

TEST_CASE("manual clock: whoever was notified sleeps no more, though the thread has not come to run", "[concurrent]") {
    for (int times = 0; times < 200; ++times) {
        ManualClock clock(start);
        Waiter waiter(clock, clock.steady_now() + 1h);
        wait_for_sleepers(clock, 1);
        waiter.signal.notify();
        CHECK(clock.sleepers() == 0);
        CHECK(waiter.result());
    }
}

TEST_CASE("manual clock: a deadline that has come ends the wait at once") {
    ManualClock clock(start);
    WakeSignal signal;
    CHECK_FALSE(clock.wait_until(signal, clock.steady_now()));
    CHECK_FALSE(clock.wait_until(signal, clock.steady_now() - 1s));
    signal.notify();
    CHECK(clock.wait_until(signal, clock.steady_now() - 1s));
}

TEST_CASE("manual clock: advancing to the deadline wakes the sleeping thread", "[concurrent]") {
    ManualClock clock(start);
    Waiter waiter(clock, clock.steady_now() + 1h);
    wait_for_sleepers(clock, 1);
    clock.advance(1h);
    CHECK_FALSE(waiter.result());
    CHECK(clock.sleepers() == 0);
    CHECK_FALSE(waiter.signal.take());
}

TEST_CASE("manual clock: whoever was woken by an advance no longer counts as asleep", "[concurrent]") {
    ManualClock clock(start);
    Waiter due(clock, clock.steady_now() + 1h);
    Waiter later(clock, clock.steady_now() + 2h);
    wait_for_sleepers(clock, 2);
    clock.advance(1h);
    CHECK(clock.sleepers() == 1); // at once, however late the thread gets going
    CHECK_FALSE(due.result());
    clock.advance(1h);
    CHECK(clock.sleepers() == 0);
    CHECK_FALSE(later.result());
}

TEST_CASE("manual clock: advancing short of the deadline wakes nobody", "[concurrent]") {
    for (int round = 0; round < 20; ++round) {
        ManualClock clock(start);
        Waiter due(clock, clock.steady_now() + 1h - 1us);
        Waiter waiter(clock, clock.steady_now() + 1h);
        wait_for_sleepers(clock, 2);
        clock.advance(1h - 1us);
        CHECK_FALSE(due.result());
        CHECK(keeps_sleeping(clock));
        clock.advance(1us);
        CHECK_FALSE(waiter.result());
    }
}

TEST_CASE("manual clock: setting the wall clock wakes nobody", "[concurrent]") {
    ManualClock clock(start);
    Waiter waiter(clock, clock.steady_now() + 1h);
    wait_for_sleepers(clock, 1);
    clock.set_wall(start + 8'760h);
    CHECK(keeps_sleeping(clock));
    waiter.signal.notify();
    CHECK(waiter.result());
}

TEST_CASE("manual clock: a notification wakes the sleeping thread, and time stands still", "[concurrent]") {
    ManualClock clock(start);
    Waiter waiter(clock, clock.steady_now() + 1h);
    wait_for_sleepers(clock, 1);
    waiter.signal.notify();
    CHECK(waiter.result());
    CHECK(clock.now() == start);
    CHECK(clock.sleepers() == 0);
}

TEST_CASE("manual clock: of several sleepers one step wakes those whose deadline lies in it", "[concurrent]") {
    ManualClock clock(start);
    Waiter early(clock, clock.steady_now() + 1min);
    Waiter late(clock, clock.steady_now() + 3min);
    Waiter middle(clock, clock.steady_now() + 2min);
    wait_for_sleepers(clock, 3);
    clock.advance(2min);
    CHECK_FALSE(early.result());
    CHECK_FALSE(middle.result());
    CHECK(clock.sleepers() == 1);
    clock.advance(1min);
    CHECK_FALSE(late.result());
}
