// SPDX-License-Identifier: MIT
// observe/events.hpp - what a worker tells its host while it works: each fact once, as a small struct.
//
//   struct Slow : Listener {
//       void on_event(const std::string& worker, const Event& event) override {
//           if (const auto* ended = std::get_if<RunEnded>(&event); ended && ended->duration > 1min) ...
//       }
//   };
//   Worker worker{scheduler, {.listeners = {std::make_shared<Slow>()}}};
//
// Changes that callers make are audit events: see audit_sinks.hpp. observe/metrics.hpp counts what is told here.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/time.hpp"
#include "carillon/worker/clock_watch.hpp"
#include "carillon/worker/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace carillon {

/// Which run, and the attempt at it: 0 before the first.
struct RunInfo {
    RunId id{};
    JobId job_id{};
    std::string tenant_id = "";
    std::string action_type = "";
    std::uint32_t attempt = 0;
};

[[nodiscard]] inline RunInfo info_of(const JobRun& run) {
    return {run.id, run.job_id, run.tenant_id, run.action_type, run.attempt};
}
/// Takes the names from a run that goes.
[[nodiscard]] inline RunInfo info_of(JobRun&& run) {
    return {run.id, run.job_id, std::move(run.tenant_id), std::move(run.action_type), run.attempt};
}

// ---- planning ------------------------------------------------------------------------------------------------------

/// An occurrence has become a run. Those that callers trigger or retry are in the audit.
struct RunPlanned {
    RunInfo run{};
    Instant scheduled_for{};
    /// May start from then on: later than `scheduled_for` where starts are spread.
    Instant not_before{};
};

/// Occurrences will not run. Where the key of a run turns out to be busy only when it is claimed, RunEnded says so.
struct OccurrencesSkipped {
    JobId job_id{};
    std::string tenant_id = "";
    std::string action_type = "";
    RunReason reason = RunReason::none;
    /// From `first` to `last`, so many; at least so many where `count_is_minimum`.
    Instant first{};
    Instant last{};
    std::uint64_t occurrences = 1;
    bool count_is_minimum = false;
};

/// The system has paused a job that failed too often, or disabled one whose schedule cannot be evaluated, or a job has
/// no further occurrence and is completed.
struct JobHalted {
    JobId job_id{};
    std::string tenant_id = "";
    JobStatus status = JobStatus::paused;
    std::string reason = "";
};

/// A due job has an action type without a handler here. Told once a type.
struct UnknownActionType {
    std::string action_type = "";
};

// ---- one run -------------------------------------------------------------------------------------------------------

/// Its handler is about to be called, so long after it might have been by wall clock.
struct RunStarted {
    RunInfo run{};
    Duration lag{0};
};

/// It has ended, as the ledger says, by what this worker did: also where it was pending and the claim found it expired
/// or its key busy, or the plan of another cancelled it. `duration` is steady time in the handler. Both are absent
/// where this worker called no handler. Runs that callers end, by cancelling them or deleting their job, are not told
/// here.
struct RunEnded {
    RunInfo run{};
    JobRunStatus status = JobRunStatus::completed;
    RunReason reason = RunReason::none;
    std::optional<Duration> duration = std::nullopt;
    std::optional<Duration> lag = std::nullopt;
    std::string error = "";
};

/// It is pending again, and that is stored.
struct RunRequeued {
    enum class Why : std::uint8_t {
        retry,    ///< its attempt failed, and there is another
        snoozed,  ///< its handler asked for it
        released, ///< this worker could not begin it, or interrupted it
    };
    RunInfo run{};
    Why why = Why::retry;
    Instant not_before{};
    /// Absent where no handler was called.
    std::optional<Duration> duration = std::nullopt;
    std::string error = "";
};

/// A worker disappeared while it ran, and this one has found out. If it has ended with that, RunEnded follows.
struct RunAbandoned {
    RunInfo run{};
    JobRunStatus status = JobRunStatus::pending;
    /// How often that has happened to it.
    std::uint32_t abandons = 0;
};

/// Its token has fired: its time is up, somebody cancelled it, the worker stops, or its lease is lost. Once for each
/// cause that is stronger than those before.
struct StopRequested {
    RunInfo run{};
    StopCause cause = StopCause::none;
};

/// Its handler did not end within the grace after its timeout, and keeps its thread. What became of the run is told
/// separately.
struct HandlerStuck {
    RunInfo run{};
    Duration running_for{0};
};

/// Such a handler has ended after all.
struct StuckHandlerReturned {
    RunInfo run{};
    Duration duration{0};
};

/// The destructor waits for this handler. Told every ten seconds.
struct WaitingForHandler {
    RunInfo run{};
};

/// The worker had lost the lease when it wanted to store what became of the run; somebody else decides.
struct ResultRefused {
    RunInfo run{};
    /// What it wanted to store.
    JobRunStatus status = JobRunStatus::completed;
};

// ---- the worker ----------------------------------------------------------------------------------------------------

struct WorkerStarted {};

/// stop() has come to its end.
struct WorkerStopped {
    std::size_t still_running = 0;
};

/// The storage threw. The worker tries again, except after its destruction. Not told of what poll() throws, nor is that
/// it works again after that: the caller has it.
struct StorageFailed {
    enum class While : std::uint8_t {
        working,    ///< in a turn of its loop
        finishing,  ///< storing what became of runs
        pausing,    ///< pausing `job_id` after failures
        stopping,   ///< storing the last results: they are kept for the next start
        destroying, ///< the same, but they are lost, and their leases will end
    };
    While while_doing = While::working;
    std::string error = "";
    JobId job_id{};
};

/// A turn of the loop went well again.
struct StorageRecovered {
    std::size_t failures = 0;
    Duration after{0};
};

/// WorkerOptions::executor threw.
struct ExecutorFailed {
    std::string error = "";
};

/// Retention has deleted so many rows.
struct Purged {
    std::size_t rows = 0;
};

/// A listener threw, for the `count`th time. Told to the others.
struct ListenerFailed {
    std::string error = "";
    std::uint64_t count = 0;
};

using Event = std::variant<RunPlanned,
                           OccurrencesSkipped,
                           JobHalted,
                           UnknownActionType,
                           RunStarted,
                           RunEnded,
                           RunRequeued,
                           RunAbandoned,
                           StopRequested,
                           HandlerStuck,
                           StuckHandlerReturned,
                           WaitingForHandler,
                           ResultRefused,
                           WorkerStarted,
                           WorkerStopped,
                           ClockStep,
                           StorageFailed,
                           StorageRecovered,
                           ExecutorFailed,
                           Purged,
                           ListenerFailed>;

/// The event as a sentence, without a full stop, for people.
[[nodiscard]] std::string to_string(const Event& event);

/// Whether an operator should know: WorkerOptions::report gets these.
[[nodiscard]] bool is_notable(const Event& event);

/// Gets what happens, after it has happened. Called on the thread on which it did, so several times at once, and never
/// with a lock of the library held: it may call the facade and the worker. It must be quick all the same, since that
/// thread has other work: a handler's for what becomes of a run, the loop's for the rest, or whoever calls poll() or
/// stop(); that handlers are stopped since their leases cannot be renewed, a third one may tell. Leases are renewed by
/// a thread that calls no listener, so one that blocks costs time and loses no lease. What it throws harms nothing and
/// is told to the other listeners.
class Listener {
public:
    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    virtual ~Listener() = default;

    /// `worker` is its name.
    virtual void on_event(const std::string& worker, const Event& event) = 0;
};

} // namespace carillon

#include "carillon/observe/detail/sentences.hpp"
