// SPDX-License-Identifier: MIT
// observe/metrics.hpp - counts what workers tell, for the host to read, or for Prometheus to scrape.
//
//   auto metrics = std::make_shared<Metrics>();
//   Worker worker{scheduler, {.listeners = {metrics}}};                  // the same for all workers of the process
//   response.body = to_prometheus(metrics->snapshot());                  // text/plain; version=0.0.4
#pragma once

#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/observe/events.hpp"
#include "carillon/time.hpp"
#include "carillon/worker/clock_watch.hpp"
#include "carillon/worker/outcome.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>
#include <variant>

namespace carillon {

/// How many durations were at most so long, and their sum.
struct DurationHistogram {
    static constexpr std::array<Duration, 14> bounds{
        std::chrono::milliseconds{1},
        std::chrono::milliseconds{5},
        std::chrono::milliseconds{10},
        std::chrono::milliseconds{50},
        std::chrono::milliseconds{100},
        std::chrono::milliseconds{500},
        std::chrono::seconds{1},
        std::chrono::seconds{5},
        std::chrono::seconds{10},
        std::chrono::seconds{30},
        std::chrono::minutes{1},
        std::chrono::minutes{5},
        std::chrono::minutes{15},
        std::chrono::hours{1},
    };
    /// Those longer than the bound before and not longer than this one; the last one: longer than all bounds.
    std::array<std::uint64_t, bounds.size() + 1> counts{};
    Duration sum{0};

    void add(Duration duration) {
        const auto bound = std::lower_bound(bounds.begin(), bounds.end(), duration);
        ++counts[static_cast<std::size_t>(bound - bounds.begin())];
        sum += duration;
    }
    [[nodiscard]] std::uint64_t count() const noexcept {
        return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    }
};

/// What happened to the runs of an action type, since the Metrics were made. What everybody counts begins with 0: a
/// scraper that first meets a counter at 1 sees no increase.
struct ActionMetrics {
    std::uint64_t planned = 0; ///< occurrences that became runs
    std::map<RunReason, std::uint64_t> skipped{};
    std::uint64_t started = 0; ///< attempts
    std::map<JobRunStatus, std::uint64_t> ended{{JobRunStatus::completed, 0},
                                                {JobRunStatus::failed, 0},
                                                {JobRunStatus::skipped, 0},
                                                {JobRunStatus::cancelled, 0},
                                                {JobRunStatus::timed_out, 0}};
    std::map<RunRequeued::Why, std::uint64_t> requeued{
        {RunRequeued::Why::retry, 0}, {RunRequeued::Why::snoozed, 0}, {RunRequeued::Why::released, 0}};
    std::map<StopCause, std::uint64_t> stop_requests{{StopCause::interrupted, 0},
                                                     {StopCause::attempt_timeout, 0},
                                                     {StopCause::total_timeout, 0},
                                                     {StopCause::cancelled, 0},
                                                     {StopCause::lost, 0}};
    std::uint64_t abandoned = 0;
    std::uint64_t results_refused = 0;
    std::uint64_t handlers_stuck = 0; ///< that became stuck
    std::uint64_t handlers_freed = 0; ///< of these, that have returned since
    DurationHistogram duration{};     ///< of attempts, in their handlers
    DurationHistogram lag{};          ///< of attempts, behind the moment at which they could have begun
};

struct MetricsSnapshot {
    std::map<std::string, ActionMetrics> actions{};
    std::map<JobStatus, std::uint64_t> jobs_halted{
        {JobStatus::paused, 0}, {JobStatus::disabled, 0}, {JobStatus::completed, 0}};
    std::map<ClockStep::Kind, std::uint64_t> clock_steps{{ClockStep::Kind::back, 0},
                                                         {ClockStep::Kind::forward, 0},
                                                         {ClockStep::Kind::doubted, 0},
                                                         {ClockStep::Kind::corrected, 0},
                                                         {ClockStep::Kind::accepted, 0}};
    std::uint64_t unknown_action_types = 0;
    std::uint64_t workers_started = 0;
    std::uint64_t workers_stopped = 0;
    std::uint64_t storage_failures = 0;
    std::uint64_t executor_failures = 0;
    std::uint64_t listener_failures = 0;
    std::uint64_t purged_rows = 0;
};

/// Thread-safe; an event costs a lock and a look-up. Give it to as many workers as there are.
class Metrics : public Listener {
public:
    /// The action type under which all are counted that come after the first `action_types` ones: jobs are made by
    /// callers, and must not be able to fill the memory.
    static constexpr const char* other = "other";

    explicit Metrics(std::size_t action_types = 100)
        : action_types_(action_types) {}

    void on_event(const std::string&, const Event& event) override {
        const std::lock_guard lock(mutex_);
        std::visit([this](const auto& one) { count(one); }, event);
    }

    [[nodiscard]] MetricsSnapshot snapshot() const {
        const std::lock_guard lock(mutex_);
        return counted_;
    }

private:
    [[nodiscard]] ActionMetrics& action(const std::string& type) {
        const auto at = counted_.actions.find(type);
        if (at != counted_.actions.end()) return at->second;
        return counted_.actions[counted_.actions.size() < action_types_ ? type : other];
    }
    [[nodiscard]] ActionMetrics& action(const RunInfo& run) { return action(run.action_type); }

    void count(const RunPlanned& event) { ++action(event.run).planned; }
    void count(const OccurrencesSkipped& event) {
        action(event.action_type).skipped[event.reason] += event.occurrences;
    }
    void count(const JobHalted& event) { ++counted_.jobs_halted[event.status]; }
    void count(const UnknownActionType&) { ++counted_.unknown_action_types; }
    void count(const RunStarted& event) {
        ActionMetrics& metrics = action(event.run);
        ++metrics.started;
        metrics.lag.add(event.lag);
    }
    void count(const RunEnded& event) {
        ActionMetrics& metrics = action(event.run);
        ++metrics.ended[event.status];
        if (event.duration) metrics.duration.add(*event.duration);
    }
    void count(const RunRequeued& event) {
        ActionMetrics& metrics = action(event.run);
        ++metrics.requeued[event.why];
        if (event.duration) metrics.duration.add(*event.duration);
    }
    void count(const RunAbandoned& event) { ++action(event.run).abandoned; }
    void count(const StopRequested& event) { ++action(event.run).stop_requests[event.cause]; }
    void count(const HandlerStuck& event) { ++action(event.run).handlers_stuck; }
    void count(const StuckHandlerReturned& event) { ++action(event.run).handlers_freed; }
    void count(const WaitingForHandler&) {}
    void count(const ResultRefused& event) { ++action(event.run).results_refused; }
    void count(const WorkerStarted&) { ++counted_.workers_started; }
    void count(const WorkerStopped&) { ++counted_.workers_stopped; }
    void count(const ClockStep& event) { ++counted_.clock_steps[event.kind]; }
    void count(const StorageFailed&) { ++counted_.storage_failures; }
    void count(const StorageRecovered&) {}
    void count(const ExecutorFailed&) { ++counted_.executor_failures; }
    void count(const Purged& event) { counted_.purged_rows += event.rows; }
    void count(const ListenerFailed&) { ++counted_.listener_failures; }

    const std::size_t action_types_;
    mutable std::mutex mutex_;
    MetricsSnapshot counted_;
};

/// In Prometheus' text format, version 0.0.4: every name begins with `carillon_`, time is in seconds. The labels are
/// action types and names of enumerators, never tenants or ids. Source: the exposition formats in its documentation.
[[nodiscard]] std::string to_prometheus(const MetricsSnapshot& snapshot);

} // namespace carillon

#include "carillon/observe/detail/prometheus.hpp"
