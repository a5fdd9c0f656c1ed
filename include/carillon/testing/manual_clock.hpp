// SPDX-License-Identifier: MIT
// testing/manual_clock.hpp - a clock that moves when the test says so.
#pragma once

#include "carillon/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

namespace carillon::testing {

/// Stands still until `advance`, `advance_to` or `set_wall`. Owns waiting too: a thread that waits on it sleeps until
/// it is notified or until the clock was moved to its deadline, however long that takes in reality. Thread-safe.
///
///     auto clock = std::make_shared<testing::ManualClock>(parse_rfc3339("2026-03-01T08:59:00Z").value());
///     SchedulerFacade<> scheduler({.clock = clock});
///     ...
///     clock->advance(1min);
///     worker.poll();
class ManualClock final : public Clock {
public:
    explicit ManualClock(Instant start = Instant{std::chrono::hours{24 * 365 * 50}})
        : wall_(start) {}

    [[nodiscard]] Instant now() const override {
        const std::lock_guard lock(mutex_);
        return wall_;
    }
    [[nodiscard]] SteadyTime steady_now() const override {
        const std::lock_guard lock(mutex_);
        return steady_;
    }

    /// Both clocks go forward; whoever waits for a moment that has come by then wakes up. `by` must not be negative.
    void advance(Duration by) {
        const std::lock_guard lock(mutex_);
        wall_ += by;
        steady_ += by;
        std::erase_if(sleepers_, [&](const Sleeper& sleeper) {
            const bool wakes = sleeper.deadline <= steady_;
            if (wakes) sleeper.signal->notify();
            return wakes;
        });
    }

    /// Both clocks go forward until the wall clock shows `to`, which must not lie behind it.
    void advance_to(Instant to) { advance(to - now()); }

    /// Somebody sets the wall clock, forward or back; no steady time passes. What a worker makes of that is in
    /// worker/clock_watch.hpp.
    void set_wall(Instant to) {
        const std::lock_guard lock(mutex_);
        wall_ = to;
    }

    bool wait_until(WakeSignal& signal, SteadyTime deadline) override {
        {
            const std::lock_guard lock(mutex_);
            if (deadline <= steady_) return signal.take();
            sleepers_.push_back({&signal, deadline});
        }
        signal.wait_untaken();
        const std::lock_guard lock(mutex_);
        std::erase_if(sleepers_, [&](const Sleeper& sleeper) { return sleeper.signal == &signal; });
        signal.take(); // not before the sleeper is gone: sleepers() must not see it asleep in between
        return steady_ < deadline;
    }

    /// How many threads sleep on this clock now, without those that `advance` or a notification has woken, even if they
    /// have not come to run yet; a test that advances it for a thread of its own waits for this first.
    [[nodiscard]] std::size_t sleepers() const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count_if(
            sleepers_.begin(), sleepers_.end(), [](const Sleeper& sleeper) { return !sleeper.signal->notified(); }));
    }

private:
    struct Sleeper {
        WakeSignal* signal;
        SteadyTime deadline;
    };

    mutable std::mutex mutex_;
    Instant wall_;
    SteadyTime steady_{};
    std::vector<Sleeper> sleepers_;
};

} // namespace carillon::testing
