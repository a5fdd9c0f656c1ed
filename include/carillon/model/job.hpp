// SPDX-License-Identifier: MIT
// model/job.hpp - the job: what is to run, when, and how it went so far.
//
//   JobSpec         what a caller asks for              create_job, put_job
//   JobPatch        which of it should change           update_job
//   JobDefinition   what was agreed on: immutable until a caller changes it, and then `revision` rises
//   JobProgress     how far it got: changed by every run
//   ScheduledJob    both, as callers see the job
#pragma once

#include "carillon/ids.hpp"
#include "carillon/model/json_text.hpp"
#include "carillon/model/policy.hpp"
#include "carillon/schedule/schedule.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

enum class JobStatus : std::uint8_t {
    active,    ///< its occurrences become runs
    paused,    ///< by a caller, until a caller resumes it
    disabled,  ///< by a caller's update {.enabled = false}, or by the system, which says why in `status_reason`
    completed, ///< no further occurrence: a one-shot has fired, `end_at` has passed, `max_runs` is reached
};

struct JobSpec {
    std::string name = "";
    /// Cron text, a nickname, `@every 1h30m`, `@at 2027-01-01T09:00:00Z` ...: docs/schedules.md.
    std::string schedule = "";
    /// An object; its "type" names the handler. At most 64 KiB of JSON text.
    nlohmann::json action = nlohmann::json::object();
    std::optional<std::string> description = std::nullopt;
    bool enabled = true;
    /// An object for the caller's own use. At most 64 KiB of JSON text.
    nlohmann::json metadata = nlohmann::json::object();

    /// IANA name; empty is the text's own prefix, else the facade's default.
    std::string time_zone = "";
    /// Empty is the facade's default.
    std::optional<CronDialect> dialect = std::nullopt;
    DstPolicy dst = DstPolicy::vixie;
    Policies policies = {};
    /// Civil dates in the job's zone on which it has no occurrences.
    std::vector<std::chrono::year_month_day> exclude = {};
    /// Occurrences lie at or after this, and before that.
    std::optional<Instant> start_at = std::nullopt;
    std::optional<Instant> end_at = std::nullopt;
    /// After so many started scheduled runs the job is completed.
    std::optional<std::uint64_t> max_runs = std::nullopt;
    /// Makes a repeated create harmless: same key and spec give the job that exists. At most 256 bytes.
    std::optional<std::string> idempotency_key = std::nullopt;
};

/// An object of new members in a JobPatch. Exists so that `{.metadata = {{"owner", "ops"}}}` means an object.
class JsonField {
public:
    JsonField() = default;
    JsonField(nlohmann::json value)
        : value_(std::move(value))
        , given_(true) {}
    JsonField(nlohmann::json::initializer_list_t members)
        : value_(members)
        , given_(true) {}

    [[nodiscard]] bool has_value() const noexcept { return given_; }
    /// Null where there is none.
    [[nodiscard]] const nlohmann::json& value() const noexcept { return value_; }

private:
    nlohmann::json value_;
    bool given_ = false;
};

/// The optional members of a job that a patch can empty.
enum class ClearField : std::uint8_t { description, start_at, end_at, max_runs };

/// What is not given stays as it is.
struct JobPatch {
    std::optional<std::string> name = std::nullopt;
    std::optional<std::string> schedule = std::nullopt;
    JsonField action = {};
    std::optional<std::string> description = std::nullopt;
    std::optional<bool> enabled = std::nullopt;
    /// Merged key by key, not deeper; a null removes its key.
    JsonField metadata = {};
    std::optional<std::string> time_zone = std::nullopt;
    std::optional<CronDialect> dialect = std::nullopt;
    std::optional<DstPolicy> dst = std::nullopt;
    std::optional<Policies> policies = std::nullopt;
    std::optional<std::vector<std::chrono::year_month_day>> exclude = std::nullopt;
    std::optional<Instant> start_at = std::nullopt;
    std::optional<Instant> end_at = std::nullopt;
    std::optional<std::uint64_t> max_runs = std::nullopt;
    std::vector<ClearField> clear = {};
};

struct JobDefinition {
    JobId id{};
    std::string tenant_id = "";
    std::string name = "";
    std::string schedule = "";
    JsonText action{};
    std::optional<std::string> description = std::nullopt;
    bool enabled = true;
    JsonText metadata{};

    /// As given; empty where the schedule's own prefix or UTC decides.
    std::string time_zone = "";
    CronDialect dialect = CronDialect::standard;
    DstPolicy dst = DstPolicy::vixie;
    Policies policies = {};
    std::vector<std::chrono::year_month_day> exclude{};
    std::optional<Instant> start_at = std::nullopt;
    std::optional<Instant> end_at = std::nullopt;
    std::optional<std::uint64_t> max_runs = std::nullopt;
    std::optional<std::string> idempotency_key = std::nullopt;
    /// A hash of the spec that the idempotency key came with.
    std::uint64_t spec_fingerprint = 0;
    /// The name under which `put_job` knows it; empty for other jobs.
    std::string key = "";

    JobStatus status = JobStatus::active;
    /// Who or what put it into this status, in words.
    std::string status_reason = "";
    Instant created_at{};
    Instant updated_at{};
    /// Rises by one with every change of the definition or the status, never with a run. Starts at 1.
    std::uint64_t revision = 1;

    /// Derived from the action and the schedule when they were set: action["type"]; the delay of an `@after` schedule.
    std::string action_type = "";
    std::optional<Duration> fixed_delay = std::nullopt;

    friend bool operator==(const JobDefinition&, const JobDefinition&) = default;
};

struct JobProgress {
    /// When the last executed run started.
    std::optional<Instant> last_run_at = std::nullopt;
    /// The cursor: the next occurrence that is not in the ledger yet. Empty unless the job is active.
    std::optional<Instant> next_run_at = std::nullopt;
    /// The last occurrence that is in the ledger, or the moment up to which there was none. Never goes back.
    std::optional<Instant> high_water = std::nullopt;
    /// Runs that were executed to a terminal status, manual ones included; and those of them that failed or timed out.
    std::uint64_t run_count = 0;
    std::uint64_t failure_count = 0;
    /// Scheduled runs that were started: what `max_runs` limits.
    std::uint64_t started_runs = 0;
    /// How often in a row its schedule could not be evaluated (its zone may have gone); the fifth time disables it.
    std::uint32_t evaluation_failures = 0;
    /// Executed runs in a row that failed or timed out; a completed one sets it to 0, and so does resuming the job.
    std::uint32_t consecutive_failures = 0;
    /// The ledger has forgotten occurrences up to this one.
    std::optional<Instant> purged_until = std::nullopt;
    /// The release of the time zone database that the cursor was computed with ("2025b"): only a later one computes it
    /// again. Empty where the cursor depends on none.
    std::string tzdata_version = "";

    friend bool operator==(const JobProgress&, const JobProgress&) = default;
};

struct ScheduledJob : JobDefinition, JobProgress {
    friend bool operator==(const ScheduledJob&, const ScheduledJob&) = default;
};

namespace detail {

// clang-format off
inline constexpr std::array job_status_names{
    EnumRow<JobStatus>{JobStatus::active, "active"},
    EnumRow<JobStatus>{JobStatus::paused, "paused"},
    EnumRow<JobStatus>{JobStatus::disabled, "disabled"},
    EnumRow<JobStatus>{JobStatus::completed, "completed"},
};
inline constexpr std::array clear_field_names{
    EnumRow<ClearField>{ClearField::description, "description"},
    EnumRow<ClearField>{ClearField::start_at, "start_at"},
    EnumRow<ClearField>{ClearField::end_at, "end_at"},
    EnumRow<ClearField>{ClearField::max_runs, "max_runs"},
};
// clang-format on

} // namespace detail

[[nodiscard]] constexpr std::string_view to_string(JobStatus status) noexcept {
    return detail::enum_name(detail::job_status_names, status);
}
[[nodiscard]] constexpr std::string_view to_string(ClearField field) noexcept {
    return detail::enum_name(detail::clear_field_names, field);
}

} // namespace carillon
