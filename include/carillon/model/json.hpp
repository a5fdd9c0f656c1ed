// SPDX-License-Identifier: MIT
// model/json.hpp - the model as JSON, in both directions, through nlohmann's to_json and from_json.
//
//   nlohmann::json out = job;                                       ScheduledJob, JobRun, AuditEvent ...
//   auto spec = nlohmann::json::parse(body).get<JobSpec>();         throws carillon::Error, field()
//   "policies.retry.factor"
//
// Keys are the names of the members. An absent value is null: an empty optional, and an empty text where that means
// that there is none. Instants are RFC 3339, durations text ("1h30m"), ids and enums their names, dates "2026-12-25".
#pragma once

#include "carillon/detail/json_reader.hpp"
#include "carillon/detail/json_writer.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/json_members.hpp"
#include "carillon/model/policy.hpp"
#include "carillon/model/run.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

// What a caller writes. A key that is not known is an error (`unknown_field`, with the key that was probably meant),
// and so is a value of another type (`wrong_type`), a number that does not fit and a name that an enum does not have
// (`out_of_range`); instants and durations keep the code and the column of their parsers. JSON of a caller's own is
// `too_large` where it is nested more than 128 levels deep. Nothing has changed then.
// What the values mean together is for the facade to judge: names may be empty here, schedules wrong.

/// Writes every member, also those that have their defaults: equal specs have equal text.
template <detail::JsonValueType Json>
void to_json(Json& out, const JobSpec& spec);
/// An absent key is the member's default.
template <detail::JsonValueType Json>
void from_json(const Json& in, JobSpec& spec);

/// An absent key leaves the job's member as it is. Null empties `description`, `start_at`, `end_at` and `max_runs`, as
/// naming them in `clear` does, and `time_zone`. `policies` are replaced as a whole: what is absent in them becomes the
/// default again.
template <detail::JsonValueType Json>
void from_json(const Json& in, JobPatch& patch);

template <detail::JsonValueType Json>
void to_json(Json& out, const Policies& policies);
/// An absent key leaves the member as it was: `get_to` changes only what is given, `get` starts from the defaults.
template <detail::JsonValueType Json>
void from_json(const Json& in, Policies& policies);

// Records. What is written is read back as an equal record, but for `duration_ms`, whole milliseconds. Reading passes
// over keys that are not known, which a newer version wrote, and demands those of which no default makes sense
// (`required`): ids, tenant, status, and when.

/// id tenant_id name description schedule action status created_at updated_at metadata; time_zone dialect dst policies
/// exclude start_at end_at max_runs revision status_reason enabled key idempotency_key spec_fingerprint action_type
/// fixed_delay.
template <detail::JsonValueType Json>
void to_json(Json& out, const JobDefinition& job);
template <detail::JsonValueType Json>
void from_json(const Json& in, JobDefinition& job);

/// The keys of the definition, and last_run_at next_run_at run_count failure_count; high_water started_runs
/// evaluation_failures consecutive_failures purged_until tzdata_version.
template <detail::JsonValueType Json>
void to_json(Json& out, const ScheduledJob& job);
template <detail::JsonValueType Json>
void from_json(const Json& in, ScheduledJob& job);

/// id job_id tenant_id status started_at completed_at duration_ms result error; scheduled_for trigger attempt fence
/// worker reason missed_count retry_of blocked_by abandons delivery attempts idempotency_key stop_requested last
/// occurrences count_is_minimum not_before action_type key slots priority skip_when_busy expires_at.
template <detail::JsonValueType Json>
void to_json(Json& out, const JobRun& run);
template <detail::JsonValueType Json>
void from_json(const Json& in, JobRun& run);

/// number started_at ended_at worker error.
template <detail::JsonValueType Json>
void to_json(Json& out, const RunAttempt& attempt);
template <detail::JsonValueType Json>
void from_json(const Json& in, RunAttempt& attempt);

/// id tenant_id actor at verb job_id run_id reason before after. The last two are the JSON of a JobDefinition, or null.
template <detail::JsonValueType Json>
void to_json(Json& out, const AuditEvent& event);
template <detail::JsonValueType Json>
void from_json(const Json& in, AuditEvent& event);

// Ids and enums, each alone. RunReason::none is null.

template <class Tag>
void to_json(nlohmann::json& out, const Id<Tag>& id);
template <class Tag>
void from_json(const nlohmann::json& in, Id<Tag>& id);
template <detail::NamedEnum Enum>
void to_json(nlohmann::json& out, Enum value);
template <detail::NamedEnum Enum>
void from_json(const nlohmann::json& in, Enum& value);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// Reads into a copy, so that an error changes nothing.
template <class Json, class T>
void read_json(const Json& in, T& out, UnknownKeys unknown_keys, T value) {
    JsonRead<Json>::value(JsonPlace(unknown_keys), in, value);
    out = std::move(value);
}

template <class Json, class T>
void read_record(const Json& in, T& out) {
    read_json(in, out, UnknownKeys::ignore, T{});
}

/// Reads the members of a patch. Those that are given must have a value; null empties the ones that can be empty.
template <class Json>
class PatchReader {
public:
    PatchReader(const JsonPlace& at, const Json& in, JobPatch& patch)
        : at_(at)
        , reader_(at, in)
        , patch_(patch) {}

    void read() {
        given("name", patch_.name);
        given("schedule", patch_.schedule);
        reader_.object("action", patch_.action);
        clearable(ClearField::description, patch_.description);
        given("enabled", patch_.enabled);
        reader_.object("metadata", patch_.metadata);
        std::string zone;
        reader_.text("time_zone", zone);
        if (reader_.has("time_zone")) patch_.time_zone = std::move(zone);
        given("dialect", patch_.dialect);
        given("dst", patch_.dst);
        given("policies", patch_.policies);
        given("exclude", patch_.exclude);
        clearable(ClearField::start_at, patch_.start_at);
        clearable(ClearField::end_at, patch_.end_at);
        clearable(ClearField::max_runs, patch_.max_runs);
        std::vector<ClearField> named;
        reader_.member("clear", named);
        for (const ClearField field : named)
            clear(field);
        reader_.finish();
    }

private:
    template <class T>
    void given(std::string_view key, std::optional<T>& out) {
        if (const auto* in = reader_.find(key)) JsonRead<Json>::value(at_.member(key), *in, out.emplace());
    }
    template <class T>
    void clearable(ClearField field, std::optional<T>& out) {
        reader_.member(to_string(field), out);
        if (!out && reader_.has(to_string(field))) clear(field);
    }
    void clear(ClearField field) {
        if (std::find(patch_.clear.begin(), patch_.clear.end(), field) == patch_.clear.end())
            patch_.clear.push_back(field);
    }

    const JsonPlace& at_;
    ObjectReader<Json> reader_;
    JobPatch& patch_;
};

} // namespace detail

template <detail::JsonValueType Json>
void to_json(Json& out, const JobSpec& spec) {
    out = detail::JsonValue<Json>::of(spec);
}
template <detail::JsonValueType Json>
void from_json(const Json& in, JobSpec& spec) {
    detail::read_json(in, spec, detail::UnknownKeys::refuse, JobSpec{});
}

template <detail::JsonValueType Json>
void from_json(const Json& in, JobPatch& patch) {
    const detail::JsonPlace root(detail::UnknownKeys::refuse);
    JobPatch given;
    detail::PatchReader<Json>(root, in, given).read();
    patch = std::move(given);
}

template <detail::JsonValueType Json>
void to_json(Json& out, const Policies& policies) {
    out = detail::JsonValue<Json>::of(policies);
}
template <detail::JsonValueType Json>
void from_json(const Json& in, Policies& policies) {
    detail::read_json(in, policies, detail::UnknownKeys::refuse, policies);
}

template <detail::JsonValueType Json>
void to_json(Json& out, const JobDefinition& job) {
    out = detail::JsonValue<Json>::of(job);
}
template <detail::JsonValueType Json>
void from_json(const Json& in, JobDefinition& job) {
    detail::read_record(in, job);
}

template <detail::JsonValueType Json>
void to_json(Json& out, const ScheduledJob& job) {
    out = detail::JsonValue<Json>::of(job);
}
template <detail::JsonValueType Json>
void from_json(const Json& in, ScheduledJob& job) {
    detail::read_record(in, job);
}

template <detail::JsonValueType Json>
void to_json(Json& out, const JobRun& run) {
    out = detail::JsonValue<Json>::of(run);
}
template <detail::JsonValueType Json>
void from_json(const Json& in, JobRun& run) {
    detail::read_record(in, run);
}

template <detail::JsonValueType Json>
void to_json(Json& out, const RunAttempt& attempt) {
    out = detail::JsonValue<Json>::of(attempt);
}
template <detail::JsonValueType Json>
void from_json(const Json& in, RunAttempt& attempt) {
    detail::read_record(in, attempt);
}

template <detail::JsonValueType Json>
void to_json(Json& out, const AuditEvent& event) {
    out = detail::JsonValue<Json>::of(event);
}
template <detail::JsonValueType Json>
void from_json(const Json& in, AuditEvent& event) {
    detail::read_record(in, event);
}

template <class Tag>
void to_json(nlohmann::json& out, const Id<Tag>& id) {
    out = detail::JsonValue<nlohmann::json>::of(id);
}
template <class Tag>
void from_json(const nlohmann::json& in, Id<Tag>& id) {
    detail::JsonRead<nlohmann::json>::value(detail::JsonPlace(detail::UnknownKeys::refuse), in, id);
}

template <detail::NamedEnum Enum>
void to_json(nlohmann::json& out, Enum value) {
    out = detail::JsonValue<nlohmann::json>::of(value);
}
template <detail::NamedEnum Enum>
void from_json(const nlohmann::json& in, Enum& value) {
    detail::JsonRead<nlohmann::json>::value(detail::JsonPlace(detail::UnknownKeys::refuse), in, value);
}

} // namespace carillon
