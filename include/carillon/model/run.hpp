// SPDX-License-Identifier: MIT
// model/run.hpp - one row of the ledger: one occurrence of a job, or one manual trigger, whatever became of it.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/model/json_text.hpp"
#include "carillon/model/policy.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

enum class JobRunStatus : std::uint8_t {
    pending,   ///< waits for its time, a worker, its key, or a retry; in: planned, triggered, given back; out: claimed
    running,   ///< a worker holds its lease; out: any terminal status, or pending (retry, snooze, release, lease lost)
    completed, ///< the handler returned
    failed,    ///< the handler threw and no attempt is left, or the run was abandoned too often
    skipped,   ///< an occurrence that did not run; `reason` says why
    cancelled, ///< by a caller
    timed_out, ///< took longer than its policy allows
};

/// Terminal rows never change, but the last skip row of a job may be extended.
[[nodiscard]] constexpr bool is_terminal(JobRunStatus status) noexcept {
    return status != JobRunStatus::pending && status != JobRunStatus::running;
}

/// What made the run.
enum class RunTrigger : std::uint8_t {
    schedule, ///< an occurrence of the job's schedule
    manual,   ///< trigger_job
    retry,    ///< retry_run, by a person; automatic retries are attempts of one run
};

/// Why an occurrence was skipped, or why a run ended as it did where its status does not say it all.
enum class RunReason : std::uint8_t {
    none,
    misfired,        ///< skipped: too late, and the misfire policy runs another occurrence, or none
    overlapped,      ///< skipped: its key was busy, `blocked_by` says with what
    queue_full,      ///< skipped: its key was busy and enough runs waited already
    paused,          ///< skipped: the job was paused
    disabled,        ///< skipped: the job was disabled
    edited,          ///< skipped: due under the old definition, which was edited before it ran
    deleted,         ///< cancelled or skipped: the job was deleted
    abandoned,       ///< failed: worker after worker disappeared while running it
    outcome_unknown, ///< failed: its worker disappeared, and the job wants at most one execution
    no_attempt_left, ///< failed: threw at the last of its attempts
    permanent,       ///< failed: the handler threw PermanentFailure
    cancel_previous, ///< cancelled, or skipped before it was ever pending: a later run of the key asked for it
    requested,       ///< cancelled: by a caller
    attempt_timeout, ///< timed out: the last of its attempts took too long
    total_timeout,   ///< timed out: all of it took too long, waiting included
};

/// One execution of a run that did not end it.
struct RunAttempt {
    std::uint32_t number = 0;
    Instant started_at{};
    Instant ended_at{};
    std::string worker = "";
    std::string error = "";

    friend bool operator==(const RunAttempt&, const RunAttempt&) = default;
};

struct JobRun {
    RunId id{};
    JobId job_id{};
    std::string tenant_id = "";
    JobRunStatus status = JobRunStatus::pending;
    RunTrigger trigger = RunTrigger::schedule;
    RunReason reason = RunReason::none;

    /// The occurrence; for a manual run the moment it was asked for. A run never starts before it.
    Instant scheduled_for{};
    /// The last attempt's start and end.
    std::optional<Instant> started_at = std::nullopt;
    std::optional<Instant> completed_at = std::nullopt;
    /// Steady time of the last attempt, at millisecond resolution in JSON.
    std::optional<Duration> duration = std::nullopt;
    JsonText result{};
    std::optional<std::string> error = std::nullopt;

    /// Counts executions from 1; 0 before the first. Released, snoozed and abandoned ones are not counted.
    std::uint32_t attempt = 0;
    /// Grows with each claim. Whoever writes on behalf of an older claim is refused.
    std::uint64_t fence = 0;
    std::uint32_t abandons = 0;
    /// What the last claim promised its handler; an edit of the job meanwhile does not change it.
    DeliveryMode delivery = DeliveryMode::at_least_once;
    std::string worker = "";
    /// Earlier attempts, oldest first; the last one is in the members above.
    std::vector<RunAttempt> attempts{};

    /// Occurrences that this run stands for besides its own, under fire_latest and fire_earliest.
    std::uint64_t missed_count = 0;
    std::optional<RunId> retry_of = std::nullopt;
    /// The run that held its key: why it was skipped, or behind whom it waits. Empty from its first start on.
    std::optional<RunId> blocked_by = std::nullopt;
    std::optional<std::string> idempotency_key = std::nullopt;
    /// A caller or a later run wants it to stop; its handler's stop_token has fired or will with the next heartbeat.
    bool stop_requested = false;

    /// A skip row covers `occurrences` of them, from `scheduled_for` to `last`. Above 10,000 the count is a minimum.
    std::optional<Instant> last = std::nullopt;
    std::uint64_t occurrences = 1;
    bool count_is_minimum = false;

    /// What claiming needs, decided when the run was planned: not before this moment; among `slots` runs of `key` at a
    /// time (0: any number); higher `priority` first; by a worker with a handler for `action_type`.
    Instant not_before{};
    std::string action_type = "";
    std::string key = "";
    std::uint32_t slots = 1;
    int priority = 0;
    /// What to do at the claim if the key is busy after all, since two nodes may have planned for it at one time.
    bool skip_when_busy = false;
    /// It ends as timed out if it has not ended by then. Set where the job's policies limit the whole run.
    std::optional<Instant> expires_at = std::nullopt;

    friend bool operator==(const JobRun&, const JobRun&) = default;
};

namespace detail {

// clang-format off
inline constexpr std::array run_status_names{
    EnumRow<JobRunStatus>{JobRunStatus::pending, "pending"},
    EnumRow<JobRunStatus>{JobRunStatus::running, "running"},
    EnumRow<JobRunStatus>{JobRunStatus::completed, "completed"},
    EnumRow<JobRunStatus>{JobRunStatus::failed, "failed"},
    EnumRow<JobRunStatus>{JobRunStatus::skipped, "skipped"},
    EnumRow<JobRunStatus>{JobRunStatus::cancelled, "cancelled"},
    EnumRow<JobRunStatus>{JobRunStatus::timed_out, "timed_out"},
};
inline constexpr std::array run_trigger_names{
    EnumRow<RunTrigger>{RunTrigger::schedule, "schedule"},
    EnumRow<RunTrigger>{RunTrigger::manual, "manual"},
    EnumRow<RunTrigger>{RunTrigger::retry, "retry"},
};
inline constexpr std::array run_reason_names{
    EnumRow<RunReason>{RunReason::none, ""},
    EnumRow<RunReason>{RunReason::misfired, "misfired"},
    EnumRow<RunReason>{RunReason::overlapped, "overlapped"},
    EnumRow<RunReason>{RunReason::queue_full, "queue_full"},
    EnumRow<RunReason>{RunReason::paused, "paused"},
    EnumRow<RunReason>{RunReason::disabled, "disabled"},
    EnumRow<RunReason>{RunReason::edited, "edited"},
    EnumRow<RunReason>{RunReason::deleted, "deleted"},
    EnumRow<RunReason>{RunReason::abandoned, "abandoned"},
    EnumRow<RunReason>{RunReason::outcome_unknown, "outcome_unknown"},
    EnumRow<RunReason>{RunReason::no_attempt_left, "no_attempt_left"},
    EnumRow<RunReason>{RunReason::permanent, "permanent"},
    EnumRow<RunReason>{RunReason::cancel_previous, "cancel_previous"},
    EnumRow<RunReason>{RunReason::requested, "requested"},
    EnumRow<RunReason>{RunReason::attempt_timeout, "attempt_timeout"},
    EnumRow<RunReason>{RunReason::total_timeout, "total_timeout"},
};
// clang-format on

} // namespace detail

[[nodiscard]] constexpr std::string_view to_string(JobRunStatus status) noexcept {
    return detail::enum_name(detail::run_status_names, status);
}
[[nodiscard]] constexpr std::string_view to_string(RunTrigger trigger) noexcept {
    return detail::enum_name(detail::run_trigger_names, trigger);
}
/// Empty for `none`.
[[nodiscard]] constexpr std::string_view to_string(RunReason reason) noexcept {
    return detail::enum_name(detail::run_reason_names, reason);
}

} // namespace carillon
