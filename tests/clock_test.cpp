// SPDX-License-Identifier: MIT
// clock_test.cpp - a notification is never lost, and the machine's clocks keep the port's promises.
#include "carillon/clock.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>

using namespace carillon;
using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<Clock> && std::has_virtual_destructor_v<Clock>);
static_assert(std::is_same_v<SteadyTime::duration, Duration>);

TEST_CASE("clock: a notification that came before the wait ends it at once, and is forgotten then") {
    SystemClock clock;
    WakeSignal signal;
    signal.notify();
    signal.notify();
    CHECK(clock.wait_until(signal, clock.steady_now() + 24h));
    CHECK_FALSE(signal.take());
}

TEST_CASE("clock: a notification beats a deadline that has passed") {
    SystemClock clock;
    WakeSignal signal;
    signal.notify();
    CHECK(clock.wait_until(signal, clock.steady_now() - 1h));
    CHECK_FALSE(clock.wait_until(signal, clock.steady_now() - 1h));
}

TEST_CASE("clock: take says whether there was a notification, once") {
    WakeSignal signal;
    CHECK_FALSE(signal.take());
    signal.notify();
    CHECK(signal.take());
    CHECK_FALSE(signal.take());
}

TEST_CASE("clock: a wait without a notification lasts until the deadline") {
    SystemClock clock;
    WakeSignal signal;
    const SteadyTime deadline = clock.steady_now() + 1ms;
    CHECK_FALSE(clock.wait_until(signal, deadline));
    CHECK(clock.steady_now() >= deadline);
}

TEST_CASE("clock: a notification from another thread ends a wait of a day", "[concurrent]") {
    SystemClock clock;
    WakeSignal signal;
    bool notified = false;
    std::thread waiting([&] { notified = clock.wait_until(signal, clock.steady_now() + 24h); });
    signal.notify();
    waiting.join();
    CHECK(notified);
}

TEST_CASE("clock: whoever is woken may destroy the signal", "[concurrent]") {
    for (int round = 0; round < 1'000; ++round) {
        auto signal = std::make_unique<WakeSignal>();
        std::thread notifying([&notified = *signal] { notified.notify(); });
        CHECK(signal->wait());
        signal.reset();
        notifying.join();
    }
}

TEST_CASE("clock: the steady clock never goes back, and the wall clock is of this century") {
    const SystemClock clock;
    SteadyTime last = clock.steady_now();
    for (int i = 0; i < 1'000; ++i) {
        const SteadyTime now = clock.steady_now();
        CHECK(now >= last);
        last = now;
    }
    CHECK(clock.now() > parse_rfc3339("2020-01-01T00:00:00Z").value());
    CHECK(clock.now() < parse_rfc3339("2100-01-01T00:00:00Z").value());
}

TEST_CASE("clock: no other header asks the machine for the time") {
    const auto includes = std::filesystem::path(CARILLON_TEST_DATA_DIR) / "../../include";
    std::size_t headers = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(includes)) {
        if (entry.path().extension() != ".hpp" || entry.path().filename() == "clock.hpp") continue;
        ++headers;
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        INFO(entry.path().string());
        for (const char* call : {"_clock::now", "clock_gettime", "gettimeofday", "std::time("})
            CHECK(text.find(call) == std::string::npos);
    }
    CHECK(headers > 100);
}
