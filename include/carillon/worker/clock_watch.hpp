// SPDX-License-Identifier: MIT
// worker/clock_watch.hpp - which time may a worker act on, if people, NTP and empty batteries set its wall clock?
//
//   set back         acted upon: the ledger sees to it that nothing runs twice
//   set forward      acted upon: what lies between was missed. A suspended machine looks the same
//   more than a day  not acted upon until it has lasted a minute of steady time, or somebody says it is right, and
//                    time goes on from where it was. A box that wakes up in 2099 would plan all its jobs away
//   at the start     the same step shows in jobs that should have run more than a day ago: for the same minute none is
//                    planned and nothing is deleted
#pragma once

#include "carillon/clock.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon {

/// Something that happened to the wall clock, as seen by the steady one.
struct ClockStep {
    enum class Kind : std::uint8_t {
        back,      ///< it was set back
        forward,   ///< it was set forward
        doubted,   ///< it was set forward so far that this is not acted upon yet
        corrected, ///< what was doubted is over: it is back where it should be
        accepted,  ///< what was doubted is now acted upon
    };
    Kind kind = Kind::forward;
    /// How far it is from where it was expected, or, where `at_start`, how long ago the oldest job should have run.
    Duration by{0};
    /// It was not seen to be set: it was doubted when it was first looked at.
    bool at_start = false;

    friend bool operator==(const ClockStep&, const ClockStep&) = default;
};

[[nodiscard]] std::string to_string(const ClockStep& step);

/// The time that is acted upon, and what happened to the clock since the reading before.
struct ClockReading {
    Instant now{};
    std::optional<ClockStep> step = std::nullopt;
};

/// Compares two clocks from reading to reading. Asks neither by itself. Not thread-safe.
class ClockWatch {
public:
    /// Forward steps beyond this are doubted.
    static constexpr Duration far = std::chrono::hours{24};
    /// For so long, in steady time.
    static constexpr Duration probation = std::chrono::seconds{60};
    /// Smaller steps are followed without a word.
    static constexpr Duration noticeable = std::chrono::seconds{1};

    ClockWatch(Instant wall, SteadyTime steady)
        : wall_(wall)
        , steady_(steady)
        , first_(wall) {}

    [[nodiscard]] ClockReading read(Instant wall, SteadyTime steady) {
        const Duration ahead = ahead_of_expected(wall, steady);
        return ahead > far ? doubt(wall, ahead, steady) : follow(wall, ahead, steady);
    }

    /// Whether one of the clocks seems to have been set since the last reading that was believed.
    [[nodiscard]] bool moved(Instant wall, SteadyTime steady) const noexcept {
        return std::chrono::abs(ahead_of_expected(wall, steady)) >= noticeable;
    }

    /// The wall clock shows the right time, says somebody who knows.
    ClockReading confirm(Instant wall, SteadyTime steady) {
        const ClockReading reading = read(wall, steady);
        wall_ = wall;
        steady_ = steady;
        first_checked_ = true;
        const bool at_start = start_ && !jump_;
        if (!doubted()) return reading;
        const Duration by = jump_ ? jump_->ahead : start_->ahead;
        jump_.reset();
        start_.reset();
        return {wall, ClockStep{ClockStep::Kind::accepted, by, at_start}};
    }

    /// Whether the first reading is still to be compared with the moment at which the oldest job is due.
    [[nodiscard]] bool wants_check() const noexcept { return !first_checked_; }
    std::optional<ClockStep> check(std::optional<Instant> oldest_due, SteadyTime steady) {
        first_checked_ = true;
        if (!oldest_due || *oldest_due >= first_ - far) return std::nullopt;
        start_ = Doubt{steady, first_ - *oldest_due};
        return ClockStep{ClockStep::Kind::doubted, start_->ahead, true};
    }

    /// Whether jobs may be planned, and old rows be deleted, by this clock.
    [[nodiscard]] bool may_plan() const noexcept { return first_checked_ && !start_; }
    [[nodiscard]] bool doubted() const noexcept { return jump_ || start_; }
    /// How far the wall clock is ahead of the time that is acted upon.
    [[nodiscard]] Duration ahead() const noexcept { return jump_ ? jump_->ahead : Duration{0}; }

private:
    struct Doubt {
        SteadyTime since{};
        Duration ahead{0};

        [[nodiscard]] bool over(SteadyTime now) const noexcept { return now - since >= probation; }
    };

    [[nodiscard]] Duration ahead_of_expected(Instant wall, SteadyTime steady) const noexcept {
        return wall - (wall_ + (steady - steady_));
    }

    ClockReading doubt(Instant wall, Duration ahead, SteadyTime steady) {
        const Instant expected = wall - ahead;
        if (!jump_ || std::chrono::abs(ahead - jump_->ahead) >= noticeable) {
            jump_ = Doubt{steady, ahead};
            return {expected, ClockStep{ClockStep::Kind::doubted, ahead}};
        }
        if (!jump_->over(steady)) return {expected, std::nullopt};
        jump_.reset();
        wall_ = wall;
        steady_ = steady;
        return {wall, ClockStep{ClockStep::Kind::accepted, ahead}};
    }

    ClockReading follow(Instant wall, Duration ahead, SteadyTime steady) {
        wall_ = wall;
        steady_ = steady;
        const bool moved = std::chrono::abs(ahead) >= noticeable;
        if (start_ && moved) { // the first reading was worth nothing: this is another one
            start_.reset();
            first_ = wall;
            first_checked_ = false;
        }
        if (jump_) return {wall, ClockStep{ClockStep::Kind::corrected, std::exchange(jump_, std::nullopt)->ahead}};
        if (moved)
            return {wall, ClockStep{ahead < Duration{0} ? ClockStep::Kind::back : ClockStep::Kind::forward, ahead}};
        if (!start_ || !start_->over(steady)) return {wall, std::nullopt};
        return {wall, ClockStep{ClockStep::Kind::accepted, std::exchange(start_, std::nullopt)->ahead, true}};
    }

    Instant wall_; // the last reading that was believed
    SteadyTime steady_;
    Instant first_;
    bool first_checked_ = false;
    std::optional<Doubt> jump_;
    std::optional<Doubt> start_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

inline std::string to_string(const ClockStep& step) {
    const std::string by = to_string(Duration{std::chrono::round<std::chrono::seconds>(std::chrono::abs(step.by))});
    const std::string until =
        " until that has lasted " + to_string(ClockWatch::probation) + " or confirm_clock() is called";
    switch (step.kind) {
    case ClockStep::Kind::back: return "the wall clock was set back by " + by;
    case ClockStep::Kind::forward: return "the wall clock was set forward by " + by;
    case ClockStep::Kind::doubted:
        if (!step.at_start) return "the wall clock was set forward by " + by + ": not acted upon" + until;
        return "a job should have run " + by + " ago, so the wall clock may be wrong: no job is planned" + until;
    case ClockStep::Kind::corrected: return "the wall clock is no longer ahead by " + by;
    case ClockStep::Kind::accepted:
        if (!step.at_start) return "the wall clock is still ahead by " + by + ": acted upon from now on";
        return "the wall clock is acted upon, though a job should have run " + by + " before";
    }
    return "";
}

namespace detail {

/// A wall clock under watch. Thread-safe.
class WatchedClock {
public:
    explicit WatchedClock(std::shared_ptr<const Clock> clock)
        : clock_(std::move(clock))
        , watch_(clock_->now(), clock_->steady_now()) {}

    /// The time to act on.
    Instant now() {
        const std::lock_guard lock(mutex_);
        SteadyTime steady = clock_->steady_now();
        Instant wall = clock_->now();
        if (watch_.moved(wall, steady)) std::tie(wall, steady) = read_at_once();
        return noted(watch_.read(wall, steady));
    }

    void confirm() {
        const std::lock_guard lock(mutex_);
        const auto [wall, steady] = read_at_once();
        noted(watch_.confirm(wall, steady));
    }

    [[nodiscard]] bool wants_check() const {
        const std::lock_guard lock(mutex_);
        return watch_.wants_check();
    }
    void check(std::optional<Instant> oldest_due) {
        const std::lock_guard lock(mutex_);
        noted({{}, watch_.check(oldest_due, clock_->steady_now())});
    }

    [[nodiscard]] bool may_plan() const {
        const std::lock_guard lock(mutex_);
        return watch_.may_plan();
    }
    [[nodiscard]] bool doubted() const {
        const std::lock_guard lock(mutex_);
        return watch_.doubted();
    }
    [[nodiscard]] Duration ahead() const {
        const std::lock_guard lock(mutex_);
        return watch_.ahead();
    }

    /// What happened since it was asked before.
    [[nodiscard]] std::vector<ClockStep> take_steps() {
        const std::lock_guard lock(mutex_);
        return std::exchange(steps_, {});
    }

private:
    Instant noted(const ClockReading& reading) {
        if (reading.step) steps_.push_back(*reading.step);
        return reading.now;
    }

    /// Both clocks at one moment: a thread that was put to sleep between them would see a step.
    [[nodiscard]] std::pair<Instant, SteadyTime> read_at_once() const {
        for (int left = 10;; --left) {
            const SteadyTime before = clock_->steady_now();
            const Instant wall = clock_->now();
            if (clock_->steady_now() - before < std::chrono::milliseconds{10} || left == 0) return {wall, before};
        }
    }

    std::shared_ptr<const Clock> clock_;
    mutable std::mutex mutex_;
    ClockWatch watch_;
    std::vector<ClockStep> steps_;
};

} // namespace detail

} // namespace carillon
