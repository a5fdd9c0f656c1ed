// SPDX-License-Identifier: MIT
// testing/detail/sim_world.hpp - the true time of a simulation, what is going to happen, chance, and the trace.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/testing/detail/sim_options.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing::sim {

/// A rule was broken.
class Violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What a node's process meets instead of an answer.
class Crash : public std::runtime_error {
public:
    Crash()
        : std::runtime_error("the process ends here") {}
};
class Fault : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Random {
public:
    explicit Random(std::uint64_t seed)
        : engine_(seed) {}

    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
    [[nodiscard]] bool percent(std::uint64_t p) { return below(100) < p; }
    /// Between `least` and `most`, small ones more often: as many below the geometric mean as above.
    [[nodiscard]] Duration between(Duration least, Duration most) {
        const auto low = static_cast<std::uint64_t>(std::max<Duration::rep>(least.count(), 1));
        const auto high = static_cast<std::uint64_t>(most.count());
        std::uint64_t doublings = 0;
        while (low << (doublings + 1) <= high)
            ++doublings;
        const std::uint64_t scale = low << below(doublings + 1);
        return Duration{static_cast<Duration::rep>(std::min(scale + below(scale), high))};
    }
    /// Exponential around a mean, never zero.
    [[nodiscard]] Duration around(Duration mean) {
        std::uint64_t halvings = 1;
        while (halvings < 8 && one_in(2))
            ++halvings;
        return Duration{1 + static_cast<Duration::rep>(below(static_cast<std::uint64_t>(mean.count()) * halvings))};
    }
    template <class Items>
    [[nodiscard]] const auto& pick(const Items& items) {
        return items[below(items.size())];
    }

private:
    std::mt19937_64 engine_;
};

/// What everybody shares. `now` is true steady time.
class World {
public:
    static constexpr std::size_t nobody = SIZE_MAX;

    explicit World(const SimulationOptions& options)
        : options_(options)
        , random(options.seed * 0x9e37'79b9'7f4a'7c15U + 1) {}

    [[nodiscard]] const SimulationOptions& options() const noexcept { return options_; }
    [[nodiscard]] Duration now() const noexcept { return now_; }
    [[nodiscard]] Instant true_wall() const noexcept { return options_.start + now_; }

    /// Lets `action` happen at a time, on behalf of a node; it waits while that node is in the middle of something.
    void at(Duration time, std::size_t node, std::function<void()> action) {
        events_.push({std::max(time, now_), sequence_++, node, std::move(action)});
    }

    /// Happens what happens up to `until`. Events of a busy node are put off: it is in the middle of a call.
    void run_until(Duration until) {
        while (!events_.empty() && events_.top().time <= until) {
            if (failure_) throw Violation(*failure_);
            Event event = events_.top();
            events_.pop();
            now_ = std::max(now_, event.time);
            if (event.node != nobody && is_busy(event.node)) {
                put_off_.push_back(std::move(event));
                continue;
            }
            ++steps_;
            event.action();
        }
        if (failure_) throw Violation(*failure_);
        now_ = std::max(now_, until);
    }

    /// A rule was broken. Whoever catches the exception on its way, the simulation ends.
    [[noreturn]] void fail(const std::string& rule) {
        if (!failure_) failure_ = rule;
        throw Violation(*failure_);
    }

    /// The same, in the middle of a call of `node`.
    void let_pass(std::size_t node, Duration time) {
        if (node >= busy_.size()) busy_.resize(node + 1, false);
        busy_[node] = true;
        run_until(now_ + time);
        busy_[node] = false;
        std::vector<Event> late;
        late.swap(put_off_);
        for (Event& event : late)
            events_.push(std::move(event));
    }

    [[nodiscard]] std::size_t steps() const noexcept { return steps_; }

    template <class Line>
    void trace(Line line) {
        if (!options_.trace) return;
        trace_.push_back(to_rfc3339(true_wall()) + " " + line());
    }
    [[nodiscard]] std::vector<std::string> take_trace() { return std::move(trace_); }

private:
    struct Event {
        Duration time;
        std::uint64_t sequence;
        std::size_t node;
        std::function<void()> action;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const noexcept {
            return std::pair(b.time, b.sequence) < std::pair(a.time, a.sequence);
        }
    };

    [[nodiscard]] bool is_busy(std::size_t node) const { return node < busy_.size() && busy_[node]; }

    const SimulationOptions options_;
    Duration now_{0};
    std::uint64_t sequence_ = 0;
    std::size_t steps_ = 0;
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    std::vector<Event> put_off_;
    std::vector<bool> busy_;
    std::vector<std::string> trace_;
    std::optional<std::string> failure_;

public:
    Random random;
};

/// The storage's own clock: true time.
class TrueClock final : public Clock {
public:
    explicit TrueClock(const World& world)
        : world_(world) {}
    [[nodiscard]] Instant now() const override { return world_.true_wall(); }
    [[nodiscard]] SteadyTime steady_now() const override { return SteadyTime{world_.now()}; }
    bool wait_until(WakeSignal&, SteadyTime) override { throw std::logic_error("a simulation never waits"); }

private:
    const World& world_;
};

/// A node's clock: it drifts, and its wall is set now and then.
class NodeClock final : public Clock {
public:
    NodeClock(const World& world, std::int64_t drift_ppm)
        : world_(world)
        , drift_ppm_(drift_ppm) {}

    [[nodiscard]] Instant now() const override { return world_.options().start + elapsed() + offset_; }
    [[nodiscard]] SteadyTime steady_now() const override { return SteadyTime{elapsed()}; }
    bool wait_until(WakeSignal&, SteadyTime) override { throw std::logic_error("a simulation never waits"); }

    void set_wall_by(Duration by) { offset_ += by; }
    void correct_wall() { offset_ = world_.now() - elapsed(); }
    /// The true time that passes while this clock shows `shown` passing.
    [[nodiscard]] Duration true_time(Duration shown) const { return shown - shown * drift_ppm_ / 1'000'000; }

private:
    [[nodiscard]] Duration elapsed() const { return world_.now() + world_.now() * drift_ppm_ / 1'000'000; }

    const World& world_;
    const std::int64_t drift_ppm_;
    Duration offset_{0};
};

} // namespace carillon::testing::sim
