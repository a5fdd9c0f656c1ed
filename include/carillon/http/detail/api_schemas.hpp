// SPDX-License-Identifier: MIT
// http/detail/api_schemas.hpp - the schemas that the routes name.
#pragma once

#include "carillon/explain.hpp"
#include "carillon/http/detail/bulk_request.hpp"
#include "carillon/http/detail/json_schema.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/model/json.hpp"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::detail {

[[nodiscard]] inline nlohmann::json schema_ref(std::string_view name) {
    return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

struct SchemaMember {
    std::string_view name;
    nlohmann::json schema;
};

/// An object that always has these members.
[[nodiscard]] inline nlohmann::json object_schema(std::initializer_list<SchemaMember> members) {
    nlohmann::json schema{
        {"type", "object"}, {"properties", nlohmann::json::object()}, {"required", nlohmann::json::array()}};
    for (const auto& [name, member] : members) {
        schema["properties"][std::string(name)] = member;
        schema["required"].push_back(name);
    }
    return schema;
}

[[nodiscard]] inline nlohmann::json array_schema(nlohmann::json items) {
    return {{"type", "array"}, {"items", std::move(items)}};
}
[[nodiscard]] inline nlohmann::json instant_schema() {
    return {{"type", "string"}, {"format", "date-time"}};
}
[[nodiscard]] inline nlohmann::json type_schema(std::string_view type) {
    return {{"type", type}};
}

/// What a caller writes: unknown keys are refused, at every level.
inline void close_objects(nlohmann::json& schema) {
    const auto properties = schema.find("properties");
    if (properties == schema.end()) return;
    schema["additionalProperties"] = false;
    for (auto& [key, member] : schema["properties"].items())
        close_objects(member);
}

[[nodiscard]] inline nlohmann::json job_spec_schema() {
    nlohmann::json schema = JsonSchema::of(JobSpec{});
    close_objects(schema);
    schema["required"] = {"name", "schedule", "action"};
    schema["properties"]["action"]["required"] = {"type"};
    schema["properties"]["action"]["properties"]["type"] = {{"type", "string"}, {"maxLength", 256}};
    return schema;
}

[[nodiscard]] inline nlohmann::json job_patch_schema() {
    nlohmann::json schema = job_spec_schema();
    schema.erase("required");
    schema["properties"].erase("idempotency_key");
    schema["properties"]["dialect"] = JsonSchema::of(CronDialect{});
    schema["properties"]["clear"] = JsonSchema::of(std::vector<ClearField>{});
    return schema;
}

[[nodiscard]] inline nlohmann::json page_schema(std::string_view rows, std::string_view row) {
    return object_schema({{rows, array_schema(schema_ref(row))},
                          {"limit", type_schema("integer")},
                          {"offset", type_schema("integer")},
                          {"next", or_null(type_schema("string"))}});
}

/// With the number of rows on all pages.
[[nodiscard]] inline nlohmann::json counted_page_schema(std::string_view rows, std::string_view row) {
    nlohmann::json schema = page_schema(rows, row);
    for (const char* member : {"total", "total_capped"})
        schema["required"].push_back(member);
    schema["properties"]["total"] = type_schema("integer");
    schema["properties"]["total_capped"] = type_schema("boolean");
    return schema;
}

[[nodiscard]] inline nlohmann::json outcome_schema() {
    return object_schema({{"id", JsonSchema::of(RunId{})},
                          {"status", JsonSchema::of(JobRunStatus{})},
                          {"scheduled_for", instant_schema()},
                          {"duration_ms", or_null(type_schema("integer"))}});
}

[[nodiscard]] inline nlohmann::json listed_job_schema() {
    nlohmann::json schema = record_schema<ScheduledJob>();
    schema["properties"]["strip"] = array_schema(schema_ref("Outcome"));
    return schema;
}

[[nodiscard]] inline nlohmann::json problem_schema() {
    nlohmann::json codes = nlohmann::json::array();
    for (const ProblemRow& row : problem_table)
        codes.push_back(row.name);
    nlohmann::json schema = object_schema({{"type", type_schema("string")},
                                           {"title", type_schema("string")},
                                           {"status", type_schema("integer")},
                                           {"code", {{"enum", std::move(codes)}}},
                                           {"instance", type_schema("string")}});
    schema["properties"]["detail"] = type_schema("string");
    schema["properties"]["field"] = type_schema("string");
    schema["properties"]["column"] = type_schema("integer");
    nlohmann::json one = object_schema(
        {{"pointer", type_schema("string")}, {"code", type_schema("string")}, {"detail", type_schema("string")}});
    one["properties"]["column"] = type_schema("integer");
    schema["properties"]["errors"] = array_schema(std::move(one));
    return schema;
}

[[nodiscard]] inline nlohmann::json occurrence_schema() {
    return object_schema(
        {{"at", instant_schema()},
         {"local", type_schema("string")},
         {"offset", type_schema("string")},
         {"abbr", type_schema("string")},
         {"notes", array_schema(object_schema({{"code", type_schema("string")}, {"text", type_schema("string")}}))}});
}

[[nodiscard]] inline nlohmann::json describe_request_schema() {
    return {{"type", "object"},
            {"additionalProperties", false},
            {"required", {"schedule"}},
            {"properties",
             {{"schedule", type_schema("string")},
              {"time_zone", or_null(type_schema("string"))},
              {"dialect", or_null(JsonSchema::of(CronDialect{}))},
              {"dst", JsonSchema::of(DstPolicy{})},
              {"n", {{"type", "integer"}, {"minimum", 1}, {"maximum", 20}, {"default", 5}}}}}};
}

[[nodiscard]] inline nlohmann::json description_schema() {
    nlohmann::json warning = object_schema({{"code", type_schema("string")}, {"text", type_schema("string")}});
    nlohmann::json good = object_schema({{"ok", {{"const", true}}},
                                         {"text", type_schema("string")},
                                         {"kind", type_schema("string")},
                                         {"time_zone", type_schema("string")},
                                         {"never_fires", type_schema("boolean")},
                                         {"warnings", array_schema(std::move(warning))},
                                         {"next", array_schema(schema_ref("Occurrence"))}});
    nlohmann::json error = object_schema(
        {{"code", type_schema("string")}, {"column", type_schema("integer")}, {"message", type_schema("string")}});
    nlohmann::json bad = object_schema({{"ok", {{"const", false}}}, {"error", std::move(error)}});
    return {{"oneOf", {std::move(good), std::move(bad)}}};
}

[[nodiscard]] inline nlohmann::json explanation_schema() {
    nlohmann::json kinds = nlohmann::json::array();
    for (const auto& row : explanation_names)
        kinds.push_back(row.name);
    return object_schema({{"at", instant_schema()},
                          {"verdict", {{"enum", std::move(kinds)}}},
                          {"text", type_schema("string")},
                          {"fields",
                           array_schema(object_schema({{"field", type_schema("string")},
                                                       {"text", type_schema("string")},
                                                       {"matched", type_schema("boolean")}}))},
                          {"run", or_null(schema_ref("Run"))},
                          {"previous", or_null(instant_schema())},
                          {"next", or_null(instant_schema())}});
}

[[nodiscard]] inline nlohmann::json forecast_schema() {
    nlohmann::json planned = object_schema({{"at", instant_schema()},
                                            {"job_id", {{"type", "string"}, {"format", "uuid"}}},
                                            {"job_name", type_schema("string")},
                                            {"action_type", type_schema("string")}});
    return object_schema({{"occurrences", array_schema(std::move(planned))},
                          {"truncated", type_schema("boolean")},
                          {"buckets", array_schema(type_schema("integer"))}});
}

/// Numbers by the names of an enum's values.
[[nodiscard]] inline nlohmann::json counts_schema() {
    return {{"type", "object"}, {"additionalProperties", type_schema("integer")}};
}

[[nodiscard]] inline nlohmann::json stats_schema() {
    nlohmann::json minute =
        object_schema({{"minute", instant_schema()}, {"ok", type_schema("integer")}, {"bad", type_schema("integer")}});
    nlohmann::json attention = object_schema({{"id", JsonSchema::of(JobId{})},
                                              {"name", type_schema("string")},
                                              {"status", JsonSchema::of(JobStatus{})},
                                              {"status_reason", type_schema("string")},
                                              {"consecutive_failures", type_schema("integer")},
                                              {"last_run_at", or_null(instant_schema())},
                                              {"next_run_at", or_null(instant_schema())}});
    nlohmann::json worker = object_schema({{"worker", type_schema("string")},
                                           {"started", type_schema("boolean")},
                                           {"active", type_schema("integer")},
                                           {"ok", type_schema("boolean")}});
    nlohmann::json schema = object_schema({{"jobs", counts_schema()},
                                           {"running", type_schema("integer")},
                                           {"due", type_schema("integer")},
                                           {"due_capped", type_schema("boolean")},
                                           {"oldest_due", or_null(instant_schema())},
                                           {"failed_24h", type_schema("integer")},
                                           {"failed_24h_capped", type_schema("boolean")},
                                           {"skipped_24h", counts_schema()},
                                           {"skipped_24h_capped", type_schema("boolean")},
                                           {"minutes", array_schema(std::move(minute))},
                                           {"minutes_partial_before", or_null(instant_schema())},
                                           {"attention", array_schema(std::move(attention))},
                                           {"attention_total", type_schema("integer")},
                                           {"attention_total_capped", type_schema("boolean")}});
    schema["properties"]["workers"] = array_schema(std::move(worker));
    return schema;
}

[[nodiscard]] inline nlohmann::json calendar_schema() {
    nlohmann::json day = object_schema({{"day", {{"type", "string"}, {"format", "date"}}},
                                        {"completed", type_schema("integer")},
                                        {"failed", type_schema("integer")},
                                        {"timed_out", type_schema("integer")},
                                        {"cancelled", type_schema("integer")},
                                        {"skipped", counts_schema()},
                                        {"p50_ms", or_null(type_schema("integer"))}});
    return object_schema({{"days", array_schema(std::move(day))},
                          {"partial_before", or_null(instant_schema())},
                          {"time_zone", type_schema("string")}});
}

[[nodiscard]] inline nlohmann::json bulk_request_schema() {
    nlohmann::json schema = JsonSchema::of(BulkRequest{});
    close_objects(schema);
    schema["required"] = {"verb"};
    schema["properties"]["ids"]["minItems"] = 1;
    schema["properties"]["ids"]["maxItems"] = most_bulk_jobs;
    return schema;
}

[[nodiscard]] inline nlohmann::json bulk_result_schema() {
    nlohmann::json problem = object_schema({{"status", type_schema("integer")},
                                            {"code", type_schema("string")},
                                            {"title", type_schema("string")},
                                            {"detail", type_schema("string")}});
    nlohmann::json one = object_schema({{"id", JsonSchema::of(JobId{})}, {"ok", type_schema("boolean")}});
    one["properties"]["run_id"] = JsonSchema::of(RunId{});
    one["properties"]["problem"] = std::move(problem);
    return object_schema({{"results", array_schema(std::move(one))},
                          {"matched", type_schema("integer")},
                          {"batch", type_schema("string")}});
}

[[nodiscard]] inline nlohmann::json api_schemas() {
    nlohmann::json event = record_schema<AuditEvent>();
    for (const char* side : {"before", "after"})
        event["properties"][side] = or_null(schema_ref("JobDefinition"));
    nlohmann::json reason{{"type", "object"},
                          {"additionalProperties", false},
                          {"properties", {{"reason", {{"type", {"string", "null"}}, {"maxLength", 4096}}}}}};
    return {{"JobSpec", job_spec_schema()},
            {"JobPatch", job_patch_schema()},
            {"Job", record_schema<ScheduledJob>()},
            {"ListedJob", listed_job_schema()},
            {"Outcome", outcome_schema()},
            {"JobPage", counted_page_schema("jobs", "ListedJob")},
            {"Run", record_schema<JobRun>()},
            {"RunPage", counted_page_schema("runs", "Run")},
            {"RunReason", JsonSchema::of(RunReason{})},
            {"AuditVerb", JsonSchema::of(AuditVerb{})},
            {"JobDefinition", record_schema<JobDefinition>()},
            {"AuditEvent", std::move(event)},
            {"AuditPage", page_schema("events", "AuditEvent")},
            {"Reason", std::move(reason)},
            {"Occurrence", occurrence_schema()},
            {"Upcoming", object_schema({{"occurrences", array_schema(schema_ref("Occurrence"))}})},
            {"Explanation", explanation_schema()},
            {"Forecast", forecast_schema()},
            {"BulkRequest", bulk_request_schema()},
            {"BulkResult", bulk_result_schema()},
            {"Stats", stats_schema()},
            {"Calendar", calendar_schema()},
            {"DescribeRequest", describe_request_schema()},
            {"Description", description_schema()},
            {"Health", object_schema({{"status", {{"enum", {"ok", "failing"}}}}})},
            {"OpenApi", type_schema("object")},
            {"Problem", problem_schema()}};
}

} // namespace carillon::detail
