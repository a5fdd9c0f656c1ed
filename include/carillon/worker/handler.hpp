// SPDX-License-Identifier: MIT
// worker/handler.hpp - what a handler gets, and how it says what became of its run.
//
//   return a value (or nothing)     completed; the value is the run's result
//   throw                           failed, and tried again while the job's retry policy allows it
//   throw PermanentFailure          failed for good
//   run.snooze(10min); return;      not now: tried again later, without counting an attempt
//   run.complete(value);            completed now, in the transaction that the handler has open: effects exactly once
//
// One that does not return when its stop token fired because its time is up loses its run, not its thread.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/error.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/storage/storage.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

namespace carillon {

/// Thrown by a handler: no retry will help.
class PermanentFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One execution of a run, as its handler sees it. Lives as long as the call, and belongs to the calling thread.
class RunContext {
public:
    using Complete = std::function<bool(const nlohmann::json&)>;

    /// `heartbeat` renews the lease and says whether the run is still this worker's; `complete` stores that it is
    /// completed, with a result, and says whether that was accepted.
    RunContext(const ClaimedRun& claimed, std::stop_token stop, std::function<bool()> heartbeat, Complete complete = {})
        : claimed_(claimed)
        , stop_(std::move(stop))
        , heartbeat_(std::move(heartbeat))
        , complete_(std::move(complete)) {}
    RunContext(const RunContext&) = delete;
    RunContext& operator=(const RunContext&) = delete;

    [[nodiscard]] const JobRun& run() const noexcept { return claimed_.run; }
    [[nodiscard]] const RunId& run_id() const noexcept { return claimed_.run.id; }
    [[nodiscard]] const JobId& job_id() const noexcept { return claimed_.run.job_id; }
    [[nodiscard]] const std::string& tenant() const noexcept { return claimed_.run.tenant_id; }
    [[nodiscard]] const std::string& job_name() const noexcept { return claimed_.job->name; }
    /// The job's action and metadata as they were when the run was claimed.
    template <class Json = nlohmann::json>
    [[nodiscard]] const Json& action() const {
        return parsed(action_, claimed_.job->action);
    }
    template <class Json = nlohmann::json>
    [[nodiscard]] const Json& metadata() const {
        return parsed(metadata_, claimed_.job->metadata);
    }

    /// The occurrence that this run is for; the work of "last night" is before it, however late it runs.
    [[nodiscard]] Instant scheduled_for() const noexcept { return claimed_.run.scheduled_for; }
    [[nodiscard]] RunTrigger trigger() const noexcept { return claimed_.run.trigger; }
    /// From 1.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return claimed_.run.attempt; }
    /// Grows with every claim of the run: hand it to systems that can refuse an older one.
    [[nodiscard]] std::uint64_t fence() const noexcept { return claimed_.run.fence; }

    /// Fires when the run is cancelled or its time is up, its lease is lost or cannot be renewed, or the worker stops.
    /// Callbacks on it run on a thread that other runs need: keep them short. One that blocks holds up the worker's
    /// loop, but no lease.
    [[nodiscard]] const std::stop_token& stop_token() const noexcept { return stop_; }
    [[nodiscard]] bool stop_requested() const noexcept { return stop_.stop_requested(); }

    /// Renews the lease; false when the run was lost or shall stop. Only hosts that call Worker::poll need it, in
    /// handlers that take longer than WorkerOptions::poll_lease: a started worker renews by itself.
    bool heartbeat() { return heartbeat_() && !stop_requested(); }

    /// When the handler returns, the run goes back to pending for at least this long, and the attempt is not counted.
    /// A microsecond to ten years. Under DeliveryMode::at_most_once it throws std::logic_error.
    void snooze(Duration delay) {
        if (claimed_.job->policies.delivery == DeliveryMode::at_most_once)
            throw std::logic_error("a run that is delivered at most once cannot be snoozed");
        snooze_ = std::clamp(delay, Duration{1}, Duration{std::chrono::hours{24 * 3'650}});
    }
    [[nodiscard]] std::optional<Duration> snoozed() const noexcept { return snooze_; }

    /// Stores now that the run is completed, with this result, as a part of the transaction that this thread has open
    /// (SqliteTransaction): what the handler has written in it and the end of the run are committed together, or
    /// neither is. Where there is no transaction, at once. The last thing a handler does: after the commit nobody waits
    /// for it any more, and what it returns or throws means nothing. Throws `invalid_state` where the run is no longer
    /// this worker's; let that roll the transaction back.
    template <class Json = nlohmann::json>
    void complete(const Json& result = Json()) {
        if (!complete_ || !complete_(result))
            throw Error(Errc::invalid_state, "the run has ended, or belongs to another worker: roll back what it did");
    }

private:
    template <class Json>
    static const Json& parsed(Json& cache, const JsonText& text) {
        if (cache.is_null()) cache = text.json<Json>();
        return cache;
    }

    const ClaimedRun& claimed_;
    std::stop_token stop_;
    std::function<bool()> heartbeat_;
    Complete complete_;
    std::optional<Duration> snooze_;
    mutable nlohmann::json action_; // null until somebody asks
    mutable nlohmann::json metadata_;
};

/// A host's callable for one action type. Called from any of a worker's threads, several at a time.
using Handler = std::function<nlohmann::json(RunContext&)>;

/// What can be a handler: takes the context, returns JSON, something that converts to it, or nothing.
template <class F>
concept HandlerFunction = std::invocable<F&, RunContext&> &&
    (std::is_void_v<std::invoke_result_t<F&, RunContext&>> ||
     std::constructible_from<nlohmann::json, std::invoke_result_t<F&, RunContext&>>);

template <HandlerFunction F>
[[nodiscard]] Handler make_handler(F function) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, RunContext&>>) {
        return [function = std::move(function)](RunContext& run) mutable {
            function(run);
            return nlohmann::json();
        };
    } else {
        return [function = std::move(function)](RunContext& run) mutable {
            return nlohmann::json(function(run));
        };
    }
}

} // namespace carillon
