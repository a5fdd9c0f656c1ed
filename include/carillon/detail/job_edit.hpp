// SPDX-License-Identifier: MIT
// detail/job_edit.hpp - from what a caller asks for to a definition, checked; pure.
#pragma once

#include "carillon/detail/schedule_cache.hpp"
#include "carillon/detail/validate.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/json.hpp"
#include "carillon/planner.hpp"
#include "carillon/schedule/cron_hash.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/// What a facade fills in where a caller says nothing.
struct JobDefaults {
    std::string time_zone;
    CronDialect dialect = CronDialect::standard;
    Limits limits;
};

/// A definition with its schedule.
struct Draft {
    JobDefinition job;
    Schedule schedule;
};

inline Schedule parse_schedule(const JobDefinition& job, const ScheduleOptions& options) {
    auto parsed = Schedule::parse(job.schedule, options);
    if (!parsed) {
        const Error error = parsed.error();
        // A zone that is given apart has no column in the schedule's text.
        const std::string field = error.column() == 0 ? "time_zone" : "schedule";
        throw Error(error.code(), field + ": " + error.what(), field, error.column());
    }
    return std::move(parsed).value();
}

/// Parses the definition's schedule and fills in what follows from it.
[[nodiscard]] inline Draft finish_draft(JobDefinition job, const JobDefaults& defaults) {
    ScheduleOptions options = schedule_options(job);
    options.default_time_zone = defaults.time_zone;
    Schedule schedule = parse_schedule(job, options);
    if (schedule.never_fires())
        throw Error(Errc::never_fires, "schedule: \"" + job.schedule + "\" has no occurrence, in any year", "schedule");
    if (schedule.kind() == ScheduleKind::reboot)
        throw Error(Errc::unsupported_schedule,
                    "schedule: @reboot is not a job's schedule; call trigger_job at the start of the program",
                    "schedule");
    job.time_zone = schedule.time_zone();
    job.fixed_delay = schedule.delay();
    return {std::move(job), std::move(schedule)};
}

inline void check_dates(std::vector<std::chrono::year_month_day>& dates, const Limits& limits) {
    if (dates.size() > limits.excluded_dates)
        refuse(Errc::too_large,
               "exclude",
               "expected at most " + std::to_string(limits.excluded_dates) + " dates, saw " +
                   std::to_string(dates.size()));
    for (const auto& date : dates)
        if (!date.ok() || date.year() < std::chrono::year{0} || date.year() > std::chrono::year{9'999})
            refuse(Errc::out_of_range,
                   "exclude",
                   "expected dates that exist, of the years 0 to 9999, saw " + date_text(date));
    std::sort(dates.begin(), dates.end());
    dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
}

/// Moments that have a text.
inline void check_instant(std::string_view field, const std::optional<Instant>& instant) {
    if (instant && (*instant < earliest_instant() || *instant > latest_instant()))
        refuse(Errc::out_of_range, field, "expected a moment of the years 0 to 9999");
}

inline void check_span(const std::optional<Instant>& from, const std::optional<Instant>& to) {
    check_instant("from", from);
    check_instant("to", to);
    if (from && to && *to < *from)
        refuse(Errc::out_of_range,
               "to",
               "expected a moment at or after from, " + to_rfc3339(*from) + ", saw " + to_rfc3339(*to));
}

inline void check_run_query(const RunQuery& query, const Limits& limits) {
    check_page(query, limits);
    check_filter("action_type", query.action_type, limits);
    check_span(query.from, query.to);
}

/// Everything about a definition that can be judged without its schedule.
inline void check_definition(JobDefinition& job, const Limits& limits) {
    check_name("name", job.name, limits.name_bytes);
    check_name("schedule", job.schedule, limits.schedule_bytes);
    if (job.description) check_text("description", *job.description, limits.description_bytes);
    check_text("time_zone", job.time_zone, limits.name_bytes);
    check_policies(job.policies, limits);
    check_dates(job.exclude, limits);
    check_instant("start_at", job.start_at);
    check_instant("end_at", job.end_at);
    if (job.start_at && job.end_at && *job.start_at >= *job.end_at)
        refuse(Errc::out_of_range,
               "end_at",
               "expected a moment after start_at, " + to_rfc3339(*job.start_at) + ", saw " + to_rfc3339(*job.end_at));
    if (job.max_runs && *job.max_runs == 0) refuse(Errc::out_of_range, "max_runs", "expected 1 or more, saw 0");
    if (job.idempotency_key) check_name("idempotency_key", *job.idempotency_key, limits.name_bytes);
}

template <class Json>
void set_action(JobDefinition& job, const Json& action, const Limits& limits) {
    job.action = check_object("action", action, limits);
    job.action_type = check_action_type(action, limits);
}

/// The spec without what only says how it is created, as a number.
template <std::same_as<JobSpec> Spec>
[[nodiscard]] std::uint64_t fingerprint(Spec spec) {
    spec.idempotency_key.reset();
    return fnv1a64(nlohmann::json(spec).dump());
}

template <std::same_as<JobSpec> Spec>
[[nodiscard]] JobDefinition definition_of(
    const Spec& spec, const Caller& caller, const std::string& key, Instant now, const JobDefaults& defaults) {
    JobDefinition job;
    job.tenant_id = caller.tenant;
    job.key = key;
    job.name = spec.name;
    job.schedule = spec.schedule;
    job.description = spec.description;
    job.enabled = spec.enabled;
    job.time_zone = spec.time_zone;
    job.dialect = spec.dialect.value_or(defaults.dialect);
    job.dst = spec.dst;
    job.policies = spec.policies;
    job.exclude = spec.exclude;
    job.start_at = spec.start_at;
    job.end_at = spec.end_at;
    job.max_runs = spec.max_runs;
    job.idempotency_key = spec.idempotency_key;
    check_definition(job, defaults.limits);
    set_action(job, spec.action, defaults.limits);
    job.metadata = check_object("metadata", spec.metadata, defaults.limits);
    if (spec.idempotency_key) job.spec_fingerprint = fingerprint(spec);
    job.id = JobId::next(now);
    job.created_at = job.updated_at = now;
    return job;
}

/// A new job's definition, checked in every way that does not depend on the time.
template <std::same_as<JobSpec> Spec>
[[nodiscard]] Draft
draft_of(const Spec& spec, const Caller& caller, const std::string& key, Instant now, const JobDefaults& defaults) {
    return finish_draft(definition_of(spec, caller, key, now, defaults), defaults);
}

/// Whether two definitions say the same, whatever their ids, ages and states.
[[nodiscard]] inline bool same_definition(const JobDefinition& a, const JobDefinition& b) {
    return a.name == b.name && a.schedule == b.schedule && a.action == b.action && a.description == b.description &&
           a.enabled == b.enabled && a.metadata == b.metadata && a.time_zone == b.time_zone && a.dialect == b.dialect &&
           a.dst == b.dst && a.policies == b.policies && a.exclude == b.exclude && a.start_at == b.start_at &&
           a.end_at == b.end_at && a.max_runs == b.max_runs;
}

/// Whether they have the same occurrences.
[[nodiscard]] inline bool same_timing(const JobDefinition& a, const JobDefinition& b) {
    return a.schedule == b.schedule && a.time_zone == b.time_zone && a.dialect == b.dialect && a.dst == b.dst &&
           a.exclude == b.exclude && a.start_at == b.start_at && a.end_at == b.end_at && a.max_runs == b.max_runs;
}

template <class T>
void take_if_given(T& member, const std::optional<T>& given) {
    if (given) member = *given;
}
template <class T>
void take_if_given(std::optional<T>& member, const std::optional<T>& given) {
    if (given) member = given;
}

inline void clear(JobDefinition& job, ClearField field) {
    switch (field) {
    case ClearField::description: job.description.reset(); break;
    case ClearField::start_at: job.start_at.reset(); break;
    case ClearField::end_at: job.end_at.reset(); break;
    case ClearField::max_runs: job.max_runs.reset(); break;
    }
}

template <class Json>
[[nodiscard]] JsonText merged(const JsonText& metadata, const Json& patch, const Limits& limits) {
    if (!patch.is_object()) return check_object("metadata", patch, limits); // throws
    auto all = metadata.json<Json>();
    for (const auto& [key, value] : patch.items()) {
        if (value.is_null())
            all.erase(key);
        else
            all[key] = value;
    }
    return check_object("metadata", all, limits);
}

/// The job as the patch wants it, checked in every way that does not depend on the time.
template <std::same_as<JobPatch> Patch>
[[nodiscard]] Draft patched(const JobDefinition& current, const Patch& patch, const JobDefaults& defaults) {
    JobDefinition job = current;
    for (const ClearField field : patch.clear)
        clear(job, field);
    take_if_given(job.name, patch.name);
    take_if_given(job.schedule, patch.schedule);
    take_if_given(job.description, patch.description);
    take_if_given(job.enabled, patch.enabled);
    take_if_given(job.time_zone, patch.time_zone);
    take_if_given(job.dialect, patch.dialect);
    take_if_given(job.dst, patch.dst);
    take_if_given(job.policies, patch.policies);
    take_if_given(job.exclude, patch.exclude);
    take_if_given(job.start_at, patch.start_at);
    take_if_given(job.end_at, patch.end_at);
    take_if_given(job.max_runs, patch.max_runs);
    check_definition(job, defaults.limits);
    if (patch.action.has_value()) set_action(job, patch.action.value(), defaults.limits);
    if (patch.metadata.has_value()) job.metadata = merged(job.metadata, patch.metadata.value(), defaults.limits);
    // A new text with a zone of its own replaces the zone that the old text had.
    if (patch.schedule && !patch.time_zone) {
        const auto parsed = Schedule::parse(job.schedule, schedule_options(job));
        if (!parsed && parsed.parse_error().code == Errc::conflicting_time_zone) job.time_zone.clear();
    }
    return finish_draft(std::move(job), defaults);
}

/// Why an active job with this definition has nothing ahead.
[[noreturn]] inline void refuse_without_occurrence(const Draft& draft, const JobProgress& progress, Instant now) {
    const JobDefinition& job = draft.job;
    if (draft.schedule.kind() == ScheduleKind::at && !draft.schedule.next(now))
        throw Error(Errc::in_the_past,
                    "schedule: \"" + job.schedule + "\" is in the past; it is " + to_rfc3339(now) + " now",
                    "schedule");
    if (job.end_at && *job.end_at <= now)
        throw Error(Errc::in_the_past,
                    "end_at: " + to_rfc3339(*job.end_at) + " is in the past; it is " + to_rfc3339(now) + " now",
                    "end_at");
    if (job.max_runs && progress.started_runs >= *job.max_runs)
        throw Error(Errc::never_fires,
                    "max_runs: " + std::to_string(progress.started_runs) + " runs were started already",
                    "max_runs");
    throw Error(Errc::never_fires,
                "schedule: \"" + job.schedule + "\" has no occurrence ahead within the job's bounds",
                "schedule");
}

/// Throws where the job, were it active, would have nothing ahead.
inline void require_occurrence(const Draft& draft, JobProgress progress, Instant now) {
    if (!start_cursor(draft.job, draft.schedule, progress, now)) refuse_without_occurrence(draft, progress, now);
}

/// Sets the cursor of a job that is active from now on; throws where it has nothing ahead.
inline void activate(Draft& draft, JobProgress& progress, Instant now) {
    progress.next_run_at = start_cursor(draft.job, draft.schedule, progress, now);
    if (!progress.next_run_at) refuse_without_occurrence(draft, progress, now);
    draft.job.status = JobStatus::active;
    draft.job.status_reason.clear();
}

} // namespace carillon::detail
