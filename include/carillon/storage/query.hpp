// SPDX-License-Identifier: MIT
// storage/query.hpp - what a storage is asked to list, and what to keep.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"

#include <chrono>
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
};

/// Newest first.
struct RunQuery {
    std::optional<JobRunStatus> status = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    std::optional<RunId> after = std::nullopt;
};

/// Newest first.
struct AuditQuery {
    std::optional<JobId> job_id = std::nullopt;
    std::optional<std::string> actor = std::nullopt;
    std::optional<AuditVerb> verb = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    std::optional<AuditId> after = std::nullopt;
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
