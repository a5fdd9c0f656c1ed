// SPDX-License-Identifier: MIT
// http/detail/api_schemas.hpp - the schemas that the routes name.
#pragma once

#include "carillon/explain.hpp"
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

[[nodiscard]] inline nlohmann::json api_schemas() {
    nlohmann::json jobs = page_schema("jobs", "Job");
    jobs["properties"]["total"] = type_schema("integer");
    nlohmann::json runs = page_schema("runs", "Run");
    for (const char* member : {"total", "total_capped"})
        runs["required"].push_back(member);
    runs["properties"]["total"] = type_schema("integer");
    runs["properties"]["total_capped"] = type_schema("boolean");
    nlohmann::json event = record_schema<AuditEvent>();
    for (const char* side : {"before", "after"})
        event["properties"][side] = or_null(schema_ref("JobDefinition"));
    nlohmann::json reason{{"type", "object"},
                          {"additionalProperties", false},
                          {"properties", {{"reason", {{"type", {"string", "null"}}, {"maxLength", 4096}}}}}};
    return {{"JobSpec", job_spec_schema()},
            {"JobPatch", job_patch_schema()},
            {"Job", record_schema<ScheduledJob>()},
            {"JobPage", std::move(jobs)},
            {"Run", record_schema<JobRun>()},
            {"RunPage", std::move(runs)},
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
            {"DescribeRequest", describe_request_schema()},
            {"Description", description_schema()},
            {"Health", object_schema({{"status", {{"enum", {"ok", "failing"}}}}})},
            {"OpenApi", type_schema("object")},
            {"Problem", problem_schema()}};
}

} // namespace carillon::detail
