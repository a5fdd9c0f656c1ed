// SPDX-License-Identifier: MIT
// support/world.hpp - a scheduler whose time the test moves, and the means to meet its workers' threads without
// sleeping.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/scheduler_facade.hpp"
#include "carillon/testing/manual_clock.hpp"
#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace support {

using namespace carillon;

/// A Monday.
inline const Instant nine = parse_rfc3339("2026-03-02T09:00:00Z").value();

/// Nothing that must happen takes so long: whoever waits longer has found a hang, and says so.
inline constexpr std::chrono::seconds hang{60};

/// Yields until `done()`; false is a hang.
template <class Done>
[[nodiscard]] bool eventually(Done done) {
    const SystemClock clock;
    const SteadyTime limit = clock.steady_now() + hang;
    while (!done()) {
        if (clock.steady_now() > limit) return false;
        std::this_thread::yield();
    }
    return true;
}

/// The value of a future that will come.
template <class T>
T await(std::future<T>& future) {
    if (future.wait_for(hang) != std::future_status::ready) throw std::runtime_error("hangs");
    return future.get();
}

/// Where handlers wait until the test lets them go on. Thread-safe.
class Gate {
public:
    /// For handlers: waits until the gate is open.
    void pass() {
        std::unique_lock lock(mutex_);
        ++arrived_;
        changed_.notify_all();
        if (!changed_.wait_for(lock, hang, [this] { return open_; })) throw std::runtime_error("nobody opens the gate");
    }

    /// The same, but also goes on when `stop` fires; says whether that was it.
    bool pass_or_stop(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        ++arrived_;
        changed_.notify_all();
        static_cast<void>(changed_.wait_for(lock, stop, hang, [this] { return open_; }));
        return stop.stop_requested();
    }

    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

    void close() {
        const std::lock_guard lock(mutex_);
        open_ = false;
    }

    /// For the test: waits until so many have come; false is a hang.
    [[nodiscard]] bool has_seen(std::size_t arrivals) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, hang, [&] { return arrived_ >= arrivals; });
    }

    [[nodiscard]] std::size_t arrived() const {
        const std::lock_guard lock(mutex_);
        return arrived_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::size_t arrived_ = 0;
    bool open_ = false;
};

/// A list that threads append to.
template <class T>
class Log {
public:
    void add(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
    }
    [[nodiscard]] std::vector<T> all() const {
        const std::lock_guard lock(mutex_);
        return values_;
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return values_.size();
    }

private:
    mutable std::mutex mutex_;
    std::vector<T> values_;
};

[[nodiscard]] inline std::size_t count_of(const Log<std::string>& log, std::string_view part) {
    const auto lines = log.all();
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; }));
}

/// A job with an action of this type; `@yearly` is due when the test says so, by triggering it.
[[nodiscard]] inline JobSpec job_spec(const std::string& action_type, const std::string& schedule = "@yearly") {
    return {.name = action_type, .schedule = schedule, .action = {{"type", action_type}}};
}

/// The same, for runs that do not wait for each other.
[[nodiscard]] inline JobSpec parallel_spec(const std::string& action_type, const std::string& schedule = "@yearly") {
    JobSpec spec = job_spec(action_type, schedule);
    spec.policies.overlap.policy = OverlapPolicy::allow;
    return spec;
}

/// It is nine o'clock until the test moves the clock.
template <Storage StorageT = MemoryStorage>
struct World {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>(nine);
    std::shared_ptr<StorageT> storage = std::make_shared<StorageT>(clock);
    SchedulerFacade<StorageT> scheduler{storage, {.clock = clock}};
    Log<std::string> reports;

    [[nodiscard]] WorkerOptions options(std::string name = "w", std::size_t threads = 2) {
        return {.threads = threads, .name = std::move(name), .report = [this](const std::string& sentence) {
                    reports.add(sentence);
                }};
    }

    JobId create(const JobSpec& spec, const Caller& caller = "acme") { return scheduler.create_job(caller, spec).id; }
    RunId trigger(const JobId& id, const Caller& caller = "acme") { return scheduler.trigger_job(id, caller)->id; }
    [[nodiscard]] ScheduledJob job(const JobId& id, const Caller& caller = "acme") const {
        return scheduler.get_job(id, caller).value();
    }
    [[nodiscard]] JobRun run(const RunId& id, const Caller& caller = "acme") const {
        return scheduler.get_run(id, caller).value();
    }
    /// Oldest first.
    [[nodiscard]] std::vector<JobRun> runs(const JobId& id, const Caller& caller = "acme") const {
        auto runs = scheduler.list_runs(id, caller, {.limit = 1'000});
        std::reverse(runs.begin(), runs.end());
        return runs;
    }

    [[nodiscard]] bool reaches(const RunId& id, JobRunStatus status) const {
        return eventually([&] { return run(id).status == status; });
    }
    /// Until the three threads of so many started workers wait on the clock, and so many others.
    [[nodiscard]] bool sleeping(std::size_t workers, std::size_t others = 0) const {
        return eventually([&] { return clock->sleepers() == 3 * workers + others; });
    }
};

} // namespace support
