// SPDX-License-Identifier: MIT
// storage/query.hpp - what a storage is asked to list, and what to keep.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace carillon {

// ---- listings ------------------------------------------------------------------------------------------------------

/// Those that are equal are listed by id, the newest first under `newest`.
enum class JobSort : std::uint8_t {
    newest,   ///< by created_at
    name,     ///< byte by byte
    next_run, ///< those without a next run last
};

/// A place in a listing of jobs: behind this job.
struct JobCursor {
    Instant created_at{};
    std::string name = "";
    std::optional<Instant> next_run_at = std::nullopt;
    JobId id{};

    JobCursor() = default;
    JobCursor(const ScheduledJob& job)
        : created_at(job.created_at)
        , name(job.name)
        , next_run_at(job.next_run_at)
        , id(job.id) {}
};

struct JobQuery {
    std::optional<JobStatus> status = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    /// Goes on behind the last job of the page before: `.after = page.back()`.
    std::optional<JobCursor> after = std::nullopt;
    /// A part of the name, in either case of ASCII letters.
    std::optional<std::string> search = std::nullopt;
    std::optional<std::string> action_type = std::nullopt;
    JobSort sort = JobSort::newest;
    /// Whether the last run that was executed has failed, `consecutive_failures` being more than 0.
    std::optional<bool> failing = std::nullopt;
};

/// A place in a listing of runs: behind this run.
struct RunCursor {
    Instant scheduled_for{};
    RunId id{};

    RunCursor() = default;
    RunCursor(Instant at, const RunId& run_id)
        : scheduled_for(at)
        , id(run_id) {}
    RunCursor(const JobRun& run)
        : RunCursor(run.scheduled_for, run.id) {}
    friend auto operator<=>(const RunCursor&, const RunCursor&) = default;
};

/// Newest first: those of one job by id, which is the order in which they were recorded; those of all jobs of a tenant
/// by `scheduled_for`, those of one moment by id.
struct RunQuery {
    std::optional<JobRunStatus> status = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    /// Goes on behind the last run of the page before: `.after = page.back()`.
    std::optional<RunCursor> after = std::nullopt;
    std::optional<RunReason> reason = std::nullopt;
    std::optional<JobId> job_id = std::nullopt;
    std::optional<std::string> action_type = std::nullopt;
    /// `scheduled_for` at or after `from`, and before `to`.
    std::optional<Instant> from = std::nullopt;
    std::optional<Instant> to = std::nullopt;
};

/// How many there are; `capped`: of those that were looked at, and there are others.
struct Count {
    std::size_t n = 0;
    bool capped = false;

    friend bool operator==(const Count&, const Count&) = default;
};

/// Of a run, what many of them are looked at for.
struct RunOutcome {
    RunId id{};
    JobRunStatus status = JobRunStatus::pending;
    RunReason reason = RunReason::none;
    Instant scheduled_for{};
    std::optional<Instant> completed_at = std::nullopt;
    std::optional<Duration> duration = std::nullopt;
    std::optional<Instant> last = std::nullopt;
    std::uint64_t occurrences = 1;
    bool count_is_minimum = false;

    RunOutcome() = default;
    RunOutcome(const JobRun& run)
        : id(run.id)
        , status(run.status)
        , reason(run.reason)
        , scheduled_for(run.scheduled_for)
        , completed_at(run.completed_at)
        , duration(run.duration)
        , last(run.last)
        , occurrences(run.occurrences)
        , count_is_minimum(run.count_is_minimum) {}
    friend bool operator==(const RunOutcome&, const RunOutcome&) = default;
};

/// So many of a job's newest runs are looked at for those that have ended.
inline constexpr std::size_t most_looked_at_for_outcomes = 1'000;

/// What is due by some moment: runs that wait, and jobs that are to be planned.
struct DueCount {
    Count count{};
    /// When the first of those that were looked at was, or is, due.
    std::optional<Instant> oldest = std::nullopt;

    friend bool operator==(const DueCount&, const DueCount&) = default;
};

/// Newest first.
struct AuditQuery {
    std::optional<JobId> job_id = std::nullopt;
    std::optional<std::string> actor = std::nullopt;
    std::optional<AuditVerb> verb = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    std::optional<AuditId> after = std::nullopt;
    /// `at` at or after `from`, and before `to`.
    std::optional<Instant> from = std::nullopt;
    std::optional<Instant> to = std::nullopt;
    std::optional<std::string> via = std::nullopt;
    std::optional<std::string> request_id = std::nullopt;
    std::optional<std::string> batch = std::nullopt;
};

// ---- retention -----------------------------------------------------------------------------------------------------

/// Where the runs of one terminal status differ from the general rule.
struct RetentionRule {
    std::optional<Duration> age = std::nullopt;
    /// They are counted by themselves then, skip rows too.
    std::optional<std::size_t> per_job = std::nullopt;
};

struct Retention {
    /// Terminal runs that ended longer ago than this go, and of the others those beyond this number per job, oldest
    /// first. Skip rows, and rows that others refer to by `retry_of` or `blocked_by`, do not count and outlive the
    /// number.
    Duration runs = std::chrono::hours{24 * 30};
    std::size_t runs_per_job = 1'000;
    /// Audit events older than this; where the clock was set back meanwhile, together with those recorded before them.
    Duration audit = std::chrono::hours{24 * 365};
    /// Runs with an idempotency key do not count and stay for so long after their end, whatever is said above.
    Duration idempotency_keys = std::chrono::hours{24};
    std::map<JobRunStatus, RetentionRule> by_status{};

    /// How long and how many runs of that status are kept.
    [[nodiscard]] RetentionRule rule_of(JobRunStatus status) const {
        const auto at = by_status.find(status);
        return at == by_status.end() ? RetentionRule{} : at->second;
    }
};

} // namespace carillon
