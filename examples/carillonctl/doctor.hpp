// SPDX-License-Identifier: MIT
// doctor.hpp - what is wrong with a scheduler's database, and what to do about it.
//
//   job_file.hpp reads the facts from the file -> diagnose() judges them -> print_findings()
#pragma once

#include <carillon/scheduler_facade.hpp>

#include "lookup.hpp"
#include "output.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillonctl {

/// Runs of one action type that a worker with a handler for it could begin.
struct ReadyType {
    std::string action_type;
    std::size_t runs = 0;
    carillon::Instant oldest{};
    /// When a run of the type was started last.
    std::optional<carillon::Instant> last_start = std::nullopt;
};

struct ExpiredLease {
    carillon::RunId run{};
    std::string tenant;
    std::string action_type;
    std::string worker;
    carillon::Duration since{};
};

/// A job and when it is due.
struct DueJob {
    std::string tenant;
    std::string name;
    carillon::Instant at{};
};

/// A job that the system paused or disabled.
struct HaltedJob {
    std::string tenant;
    std::string name;
    carillon::JobId id{};
    carillon::JobStatus status = carillon::JobStatus::disabled;
    std::string reason;
};

struct Facts {
    std::string path = "";
    std::uint64_t bytes = 0;
    std::int64_t schema_version = 0;
    std::vector<std::string> tenants{};
    std::size_t jobs = 0;
    std::size_t running = 0;
    /// What SQLite finds wrong with the file.
    std::vector<std::string> damage{};
    /// The earliest cursor of an active job; overdue where it lies in the past.
    std::optional<DueJob> next_due = std::nullopt;
    std::vector<ReadyType> ready{};
    std::vector<ExpiredLease> expired{};
    std::vector<HaltedJob> halted{};
};

enum class Level : std::uint8_t { good, note, problem };

struct Finding {
    Level level = Level::good;
    /// What was looked at: "file", "leases" ...
    std::string about;
    std::string sentence;
    /// What to do; empty where there is nothing to do.
    std::string advice;
};

/// How long something may be due before it is a problem.
inline constexpr carillon::Duration patience = std::chrono::minutes{1};

[[nodiscard]] std::vector<Finding> diagnose(const Facts& facts, carillon::Instant now);

/// As a list for people, or as {"file", "healthy", "findings": [{"level", "about", "sentence", "advice"}]}.
void print_findings(const Output& output, const std::string& path, const std::vector<Finding>& findings);

/// Whether none of them is a problem.
[[nodiscard]] bool healthy(const std::vector<Finding>& findings);

/// The tenant's jobs that nobody paused or disabled but the system.
template <carillon::Storage S>
[[nodiscard]] std::vector<HaltedJob> find_halted_jobs(const carillon::SchedulerFacade<S>& scheduler,
                                                      const carillon::Caller& caller) {
    std::vector<HaltedJob> halted;
    const auto add = [&](const carillon::ScheduledJob& job) {
        halted.push_back({job.tenant_id, job.name, job.id, job.status, job.status_reason});
        return true;
    };
    each_job(scheduler, caller, {.status = carillon::JobStatus::disabled}, [&](const carillon::ScheduledJob& job) {
        return job.enabled ? add(job) : true; // a caller who disables a job sets the member
    });
    each_job(scheduler, caller, {.status = carillon::JobStatus::paused}, [&](const carillon::ScheduledJob& job) {
        const auto pauses =
            scheduler.list_audit(caller, {.job_id = job.id, .verb = carillon::AuditVerb::job_paused, .limit = 1});
        return !pauses.empty() && pauses.front().actor == "carillon" ? add(job) : true;
    });
    return halted;
}

} // namespace carillonctl
