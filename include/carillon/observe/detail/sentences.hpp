// SPDX-License-Identifier: MIT
// observe/detail/sentences.hpp - events in words.
#pragma once

#include "carillon/observe/events.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace carillon {

namespace detail {

[[nodiscard]] inline std::string name_of(const RunInfo& run) {
    return "run " + run.id.str();
}
[[nodiscard]] inline std::string typed_name_of(const RunInfo& run) {
    return name_of(run) + ", action type \"" + run.action_type + "\"";
}
/// With a reason or an error, where there is one.
[[nodiscard]] inline std::string with(std::string sentence, std::string_view detail) {
    return detail.empty() ? sentence : sentence + ": " + std::string(detail);
}

[[nodiscard]] inline std::string_view words_of(StopCause cause) {
    switch (cause) {
    case StopCause::none: break;
    case StopCause::interrupted: return "its worker stops or cannot renew its lease";
    case StopCause::attempt_timeout: return "the attempt took too long";
    case StopCause::total_timeout: return "the run took too long";
    case StopCause::cancelled: return "it was cancelled";
    case StopCause::lost: return "its lease was lost";
    }
    return "";
}

/// One overload an event.
struct Sentence {
    std::string operator()(const RunPlanned& event) const {
        return name_of(event.run) + " was planned for " + to_rfc3339(event.scheduled_for);
    }
    std::string operator()(const OccurrencesSkipped& event) const {
        return std::string(event.count_is_minimum ? "at least " : "") + std::to_string(event.occurrences) +
               " occurrences of job " + event.job_id.str() + " from " + to_rfc3339(event.first) +
               " were skipped: " + std::string(to_string(event.reason));
    }
    std::string operator()(const JobHalted& event) const {
        return with("job " + event.job_id.str() + " is now " + std::string(to_string(event.status)), event.reason);
    }
    std::string operator()(const UnknownActionType& event) const {
        return "no handler for action type \"" + event.action_type +
               "\" here: its runs stay pending for a worker that has one";
    }
    std::string operator()(const RunStarted& event) const {
        return typed_name_of(event.run) + ", was started, attempt " + std::to_string(event.run.attempt);
    }
    std::string operator()(const RunEnded& event) const {
        const std::string why(to_string(event.reason));
        const std::string end = name_of(event.run) + " is " + std::string(to_string(event.status));
        return with(why.empty() ? end : end + ", " + why, event.error);
    }
    std::string operator()(const RunRequeued& event) const {
        const std::string next = " and may start again at " + to_rfc3339(event.not_before);
        switch (event.why) {
        case RunRequeued::Why::retry: return with(name_of(event.run) + " failed" + next, event.error);
        case RunRequeued::Why::snoozed: return name_of(event.run) + " was snoozed" + next;
        case RunRequeued::Why::released: break;
        }
        return with(name_of(event.run) + " was given back", event.error);
    }
    std::string operator()(const RunAbandoned& event) const {
        return name_of(event.run) + " was abandoned and is now " + std::string(to_string(event.status));
    }
    std::string operator()(const StopRequested& event) const {
        return with(name_of(event.run) + " was asked to stop", words_of(event.cause));
    }
    std::string operator()(const HandlerStuck& event) const {
        return "the handler of " + typed_name_of(event.run) +
               ", does not end after its timeout: it keeps its thread until it does";
    }
    std::string operator()(const StuckHandlerReturned& event) const {
        return "the handler of " + typed_name_of(event.run) + ", has ended after all, after " +
               to_string(event.duration);
    }
    std::string operator()(const WaitingForHandler& event) const {
        return "the worker waits for the handler of " + typed_name_of(event.run);
    }
    std::string operator()(const ResultRefused& event) const {
        return "the result of " + name_of(event.run) + " was refused: its lease was lost";
    }
    std::string operator()(const WorkerStarted&) const { return "the worker has started"; }
    std::string operator()(const WorkerStopped& event) const {
        return "the worker has stopped, " + std::to_string(event.still_running) + " handlers still run";
    }
    std::string operator()(const ClockStep& event) const { return to_string(event); }
    std::string operator()(const StorageFailed& event) const {
        switch (event.while_doing) {
        case StorageFailed::While::working: return "the storage failed, trying again in a second: " + event.error;
        case StorageFailed::While::finishing:
            return "the result of a run could not be stored, trying again: " + event.error;
        case StorageFailed::While::pausing:
            return "job " + event.job_id.str() + " could not be paused yet: " + event.error;
        case StorageFailed::While::stopping:
            return "results of runs could not be stored and are kept for the next start: " + event.error;
        case StorageFailed::While::destroying: break;
        }
        return "results of runs could not be stored and are lost, and their leases will end: " + event.error;
    }
    std::string operator()(const StorageRecovered& event) const {
        return "the storage works again, after " + std::to_string(event.failures) + " failures in " +
               to_string(event.after);
    }
    std::string operator()(const ExecutorFailed& event) const { return "the executor failed: " + event.error; }
    std::string operator()(const Purged& event) const {
        return std::to_string(event.rows) + " rows were deleted, as retention has it";
    }
    std::string operator()(const ListenerFailed& event) const { return "a listener threw: " + event.error; }
};

} // namespace detail

inline std::string to_string(const Event& event) {
    return std::visit(detail::Sentence{}, event);
}

inline bool is_notable(const Event& event) {
    if (const auto* halted = std::get_if<JobHalted>(&event)) return halted->status != JobStatus::completed;
    if (const auto* failed = std::get_if<ListenerFailed>(&event)) return failed->count == 1;
    return std::holds_alternative<RunAbandoned>(event) || std::holds_alternative<HandlerStuck>(event) ||
           std::holds_alternative<WaitingForHandler>(event) || std::holds_alternative<ResultRefused>(event) ||
           std::holds_alternative<UnknownActionType>(event) || std::holds_alternative<ClockStep>(event) ||
           std::holds_alternative<StorageFailed>(event) || std::holds_alternative<StorageRecovered>(event) ||
           std::holds_alternative<ExecutorFailed>(event);
}

} // namespace carillon
