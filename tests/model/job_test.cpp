// SPDX-License-Identifier: MIT
// job_test.cpp - specs and patches are written as people write them.
#include "carillon/model/job.hpp"

#include "support/catch.hpp"

#include <type_traits>

using namespace carillon;
using nlohmann::json;

static_assert(std::is_aggregate_v<JobSpec> && std::is_aggregate_v<JobPatch>);
static_assert(std::is_base_of_v<JobDefinition, ScheduledJob> && std::is_base_of_v<JobProgress, ScheduledJob>);
static_assert(to_string(JobStatus::active) == "active");
static_assert(to_string(JobStatus::paused) == "paused");
static_assert(to_string(JobStatus::disabled) == "disabled");
static_assert(to_string(JobStatus::completed) == "completed");
static_assert(to_string(ClearField::end_at) == "end_at");

TEST_CASE("job: a spec is a designated initialiser, its action an object") {
    const JobSpec spec{.name = "Daily Report", .schedule = "0 9 * * *", .action = {{"type", "run_agent"}, {"n", 7}}};
    CHECK(spec.action == json::parse(R"({"type":"run_agent","n":7})"));
    CHECK(spec.enabled);
    CHECK(spec.metadata == json::object());
    CHECK(JobSpec{}.action == json::object());
    CHECK_FALSE(spec.dialect.has_value());
}

TEST_CASE("job: members in braces are an object in a patch too") {
    const JobPatch one{.metadata = {{"owner", "ops"}}};
    REQUIRE(one.metadata.has_value());
    CHECK(one.metadata.value() == json::parse(R"({"owner":"ops"})"));

    const JobPatch two{.action = {{"type", "mail"}, {"to", {{"name", "a"}}}}, .metadata = {{"gone", nullptr}}};
    CHECK(two.action.value() == json::parse(R"({"type":"mail","to":{"name":"a"}})"));
    CHECK(two.metadata.value() == json::parse(R"({"gone":null})"));

    const JobPatch three{.metadata = json::object()};
    CHECK(three.metadata.value() == json::object());
}

TEST_CASE("job: a patch that says nothing has nothing") {
    const JobPatch patch;
    CHECK_FALSE(patch.name.has_value());
    CHECK_FALSE(patch.action.has_value());
    CHECK_FALSE(patch.metadata.has_value());
    CHECK_FALSE(patch.policies.has_value());
    CHECK(patch.clear.empty());
}

TEST_CASE("job: a job is equal to another when its definition and its progress are") {
    ScheduledJob job;
    CHECK(job == ScheduledJob{});
    job.run_count = 1;
    CHECK_FALSE(job == ScheduledJob{});
    CHECK(static_cast<const JobDefinition&>(job) == JobDefinition{});
}
