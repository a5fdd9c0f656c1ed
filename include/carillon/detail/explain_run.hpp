// SPDX-License-Identifier: MIT
// detail/explain_run.hpp - what a row of the ledger says about its occurrence, in English.
#pragma once

#include "carillon/explain.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace carillon::detail {

/// "", or ` ("closed for the holidays")`.
[[nodiscard]] inline std::string in_brackets(const std::string& reason) {
    return reason.empty() ? "" : " (\"" + reason + "\")";
}

[[nodiscard]] inline std::string busy_text(const JobRun& run) {
    return "its concurrency key was busy" + (run.blocked_by ? " with run " + run.blocked_by->str() : std::string());
}

/// Why it was skipped, behind "It was skipped: ".
[[nodiscard]] inline std::string skip_text(const JobRun& run, const Policies& policies) {
    const std::string overlap(to_string(policies.overlap.policy));
    switch (run.reason) {
    case RunReason::misfired:
        return "nobody planned it in time, since no worker ran, the machine slept or its clock was set; misfire "
               "policy " +
               std::string(to_string(policies.misfire.policy)) + " left it out";
    case RunReason::overlapped: return busy_text(run) + ", and overlap policy " + overlap + " does not let it wait";
    case RunReason::queue_full: return busy_text(run) + ", and overlap policy " + overlap + " lets no other wait";
    case RunReason::paused: return "the job was paused";
    case RunReason::disabled: return "the job was disabled";
    case RunReason::edited: return "the job was edited before it was planned";
    case RunReason::deleted: return "the job was deleted";
    case RunReason::cancel_previous: return "a later run of its concurrency key took its place";
    default: return std::string(to_string(run.reason));
    }
}

[[nodiscard]] inline std::string skipped_text(const JobRun& run, const Policies& policies) {
    std::string text = "It was skipped: " + skip_text(run, policies) + ".";
    if (run.occurrences == 1 && !run.count_is_minimum) return text;
    return text + " So were all from " + to_rfc3339(run.scheduled_for) + " to " +
           to_rfc3339(run.last.value_or(run.scheduled_for)) + ", " + std::to_string(run.occurrences) +
           (run.count_is_minimum ? " or more." : ".");
}

[[nodiscard]] inline std::string executed_text(const JobRun& run) {
    const std::string attempt = run.attempt > 1 ? ", attempt " + std::to_string(run.attempt) : "";
    const std::string started = to_rfc3339(*run.started_at);
    if (run.status == JobRunStatus::running)
        return "It is running since " + started + attempt + ", on worker \"" + run.worker + "\".";
    std::string text =
        "It ran from " + started + " to " + to_rfc3339(run.completed_at.value_or(*run.started_at)) + attempt;
    text += " and ended as " + std::string(to_string(run.status));
    if (run.reason != RunReason::none) text += ", " + std::string(to_string(run.reason));
    if (run.error) text += ": " + *run.error;
    text += ".";
    if (run.missed_count == 0) return text;
    return text + " It stood for " + std::to_string(run.missed_count) +
           (run.missed_count == 1 ? " late occurrence as well." : " late occurrences as well.");
}

[[nodiscard]] inline std::string pending_text(const JobRun& run, Instant now) {
    const std::string next = "attempt " + std::to_string(run.attempt + 1);
    std::string text = "Its run waits";
    if (run.started_at) text += " for " + next + (run.error ? " after \"" + *run.error + "\"" : std::string());
    if (run.not_before > now) return text + ", until " + to_rfc3339(run.not_before) + ".";
    text += " for a worker that has a handler for \"" + run.action_type + "\" and time for it";
    if (run.blocked_by) text += ", behind run " + run.blocked_by->str();
    return text + ".";
}

[[nodiscard]] inline std::string not_started_text(const JobRun& run) {
    const std::string reason(to_string(run.reason));
    return "Its run ended as " + std::string(to_string(run.status)) + (reason.empty() ? "" : ", " + reason) + ", at " +
           to_rfc3339(run.completed_at.value_or(run.scheduled_for)) + ", before anybody started it.";
}

/// `policies`: those of the job when the row was made.
[[nodiscard]] inline Explanation explain_run(const JobRun& run, const Policies& policies, Instant now) {
    using enum ExplanationKind;
    Explanation answer;
    answer.run = run;
    const auto say = [&](ExplanationKind kind, std::string sentence) {
        answer.kind = kind;
        answer.sentence = std::move(sentence);
        return answer;
    };
    if (run.status == JobRunStatus::skipped) return say(skipped, skipped_text(run, policies));
    if (run.status == JobRunStatus::pending) return say(pending, pending_text(run, now));
    if (run.started_at) return say(executed, executed_text(run));
    return say(not_started, not_started_text(run));
}

} // namespace carillon::detail
