// SPDX-License-Identifier: MIT
// clock.hpp - the clock port: the only place that asks the system for the time, and the only one that waits.
//
// Two times, never mixed: now() is the wall clock, which people and daylight saving and NTP set; steady_now() only goes
// forward, and everything that waits or measures uses it. Replace the port by testing::ManualClock and no test sleeps.
#pragma once

#include "carillon/time.hpp"

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <utility>

namespace carillon {

/// A moment of the steady clock, in microseconds since a start that means nothing.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// What a thread waits on. Remembers a notification that came while nobody was waiting, so that none is lost.
/// Thread-safe.
class WakeSignal {
public:
    /// Wakes the waiting thread, or lets its next wait return at once.
    void notify() {
        const std::lock_guard lock(mutex_); // held to the end: whoever wakes up may destroy the signal
        if (!std::exchange(notified_, true)) changed_.notify_all();
    }

    /// Waits until notified, or until the system's steady clock shows `deadline`; says whether it was notified, and
    /// forgets it. Clocks call this: a waiting thread calls Clock::wait_until.
    bool wait_until_steady(SteadyTime deadline) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, deadline, [this] { return notified_; });
        return std::exchange(notified_, false);
    }

    /// Says whether it was notified, and forgets it. Does not wait.
    bool take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(notified_, false);
    }

    /// Says whether it was notified and nobody has noticed yet.
    [[nodiscard]] bool notified() const {
        const std::lock_guard lock(mutex_);
        return notified_;
    }

    /// Waits without an end.
    bool wait() {
        wait_untaken();
        return take();
    }

    /// Waits without an end until it is notified, and leaves that to be taken.
    void wait_untaken() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return notified_; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool notified_ = false;
};

/// The port. Implementations are thread-safe.
class Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// The wall clock, in UTC. May jump in either direction.
    [[nodiscard]] virtual Instant now() const = 0;
    /// Never goes back.
    [[nodiscard]] virtual SteadyTime steady_now() const = 0;
    /// Blocks until `signal` is notified (true) or steady_now() reaches `deadline` (false).
    virtual bool wait_until(WakeSignal& signal, SteadyTime deadline) = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override {
        return std::chrono::floor<Duration>(std::chrono::system_clock::now());
    }
    [[nodiscard]] SteadyTime steady_now() const override {
        return std::chrono::floor<Duration>(std::chrono::steady_clock::now());
    }
    bool wait_until(WakeSignal& signal, SteadyTime deadline) override { return signal.wait_until_steady(deadline); }
};

/// Its steady time began when the machine was started and counts suspension: all processes of the machine see the same,
/// and it can be written down until the next start. Linux; elsewhere it is SystemClock.
class BootClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return SystemClock().now(); }
    [[nodiscard]] SteadyTime steady_now() const override {
#ifdef CLOCK_BOOTTIME
        std::timespec time{};
        if (clock_gettime(CLOCK_BOOTTIME, &time) == 0)
            return SteadyTime(std::chrono::floor<Duration>(std::chrono::seconds{time.tv_sec} +
                                                           std::chrono::nanoseconds{time.tv_nsec}));
#endif
        return SystemClock().steady_now();
    }
    bool wait_until(WakeSignal& signal, SteadyTime deadline) override {
        return signal.wait_until_steady(SystemClock().steady_now() + (deadline - steady_now()));
    }
};

} // namespace carillon
