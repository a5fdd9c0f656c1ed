// SPDX-License-Identifier: MIT
// http/openapi_test.cpp - the document says what the routes do: the checked-in copy is the one that is served, and what
// is served has the members that the schemas promise.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"
#include "support/documents.hpp"

#include <string>

using namespace support;

namespace {

json schema_of(const ApiFixture& f, const std::string& name) {
    return json::parse(f.api->openapi()).at("components").at("schemas").at(name);
}

/// The keys of an answer are those that its schema names.
void check_members(const json& schema, const json& value) {
    for (const json& key : schema.at("required"))
        CHECK(value.contains(key.get<std::string>()));
    for (const auto& [key, member] : value.items()) {
        INFO(key);
        CHECK(schema.at("properties").contains(key));
    }
}

} // namespace

TEST_CASE("openapi: docs/openapi.json is the document that is served") {
    ApiFixture f;
    CHECK(f.get("/openapi.json", nobody).body == f.api->openapi());
    CHECK(text_of("docs/openapi.json") == f.api->openapi());
}

TEST_CASE("openapi: every reference leads to a schema, and every operation has a name of its own") {
    ApiFixture f;
    const json document = json::parse(f.api->openapi());
    const json flat = document.flatten();
    for (const auto& [pointer, value] : flat.items())
        if (pointer.ends_with("/$ref")) {
            INFO(pointer);
            const auto target = value.get<std::string>();
            REQUIRE(target.starts_with("#/"));
            CHECK(document.contains(json::json_pointer(target.substr(1))));
        }
    std::set<std::string> names;
    for (const ApiOperation& route : operations_of(*f.api)) {
        CHECK(names.insert(route.operation.at("operationId")).second);
        for (const char* status : {"400", "421", "500", "503"})
            CHECK(route.operation.at("responses").contains(status));
    }
    CHECK(names.size() == 25);
}

TEST_CASE("openapi: answers have the members of their schemas") {
    ApiFixture f;
    const std::string job = f.new_job();
    const std::string run = f.ended_run(job);
    check_members(schema_of(f, "Job"), f.body_of(f.get("/jobs/" + job)));
    check_members(schema_of(f, "JobPage"), f.body_of(f.get("/jobs")));
    const json listed = f.body_of(f.get("/jobs?include=strip")).at("jobs").at(0);
    check_members(schema_of(f, "ListedJob"), listed);
    check_members(schema_of(f, "Outcome"), listed.at("strip").at(0));
    check_members(schema_of(f, "Run"), f.body_of(f.get("/runs/" + run)));
    check_members(schema_of(f, "RunPage"), f.body_of(f.get("/jobs/" + job + "/runs")));
    check_members(schema_of(f, "AuditPage"), f.body_of(f.get("/audit")));
    check_members(schema_of(f, "AuditEvent"), f.body_of(f.get("/audit")).at("events").at(0));
    check_members(schema_of(f, "Upcoming"), f.body_of(f.get("/jobs/" + job + "/upcoming")));
    check_members(schema_of(f, "Occurrence"), f.body_of(f.get("/jobs/" + job + "/upcoming")).at("occurrences").at(0));
    check_members(schema_of(f, "Explanation"), f.body_of(f.get("/jobs/" + job + "/explain?at=2026-03-02T09:00:00Z")));
    check_members(schema_of(f, "Forecast"),
                  f.body_of(f.get("/what-would-run?from=2026-03-02T09:00:00Z&to=2026-03-02T09:00:00Z")));
    check_members(schema_of(f, "Stats"), f.body_of(f.get("/stats")));
    check_members(schema_of(f, "Calendar"),
                  f.body_of(f.get("/jobs/" + job + "/calendar?from=2026-03-02T09:00:00Z&to=2026-03-02T09:00:00Z")));
    const json forms = schema_of(f, "Description").at("oneOf");
    check_members(forms.at(0), f.body_of(f.post("/describe", {{"schedule", "@daily"}})));
    check_members(forms.at(1), f.body_of(f.post("/describe", {{"schedule", "nonsense"}})));
    check_members(schema_of(f, "Problem"), f.body_of(f.get("/jobs/" + missing_id)));
    check_members(schema_of(f, "Problem"), f.body_of(f.post("/jobs", {{"name", 7}})));
}
