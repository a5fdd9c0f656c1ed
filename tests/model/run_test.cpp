// SPDX-License-Identifier: MIT
// run_test.cpp - the statuses of a run, and their names.
#include "carillon/model/run.hpp"

#include "support/catch.hpp"

using namespace carillon;

static_assert(!is_terminal(JobRunStatus::pending) && !is_terminal(JobRunStatus::running));
static_assert(is_terminal(JobRunStatus::completed) && is_terminal(JobRunStatus::failed));
static_assert(is_terminal(JobRunStatus::skipped) && is_terminal(JobRunStatus::cancelled));
static_assert(is_terminal(JobRunStatus::timed_out));
static_assert(to_string(JobRunStatus::timed_out) == "timed_out");
static_assert(to_string(RunTrigger::schedule) == "schedule" && to_string(RunTrigger::manual) == "manual");
static_assert(to_string(RunTrigger::retry) == "retry");
static_assert(to_string(RunReason::none).empty());

TEST_CASE("run: every status, trigger and reason is read back from its name") {
    for (const auto& row : detail::run_status_names)
        CHECK(detail::enum_value(detail::run_status_names, to_string(row.value)) == row.value);
    for (const auto& row : detail::run_trigger_names)
        CHECK(detail::enum_value(detail::run_trigger_names, to_string(row.value)) == row.value);
    for (const auto& row : detail::run_reason_names)
        CHECK(detail::enum_value(detail::run_reason_names, to_string(row.value)) == row.value);
}

TEST_CASE("run: a new run waits, for one occurrence of the schedule, and was never claimed") {
    const JobRun run;
    CHECK(run.status == JobRunStatus::pending);
    CHECK(run.trigger == RunTrigger::schedule);
    CHECK(run.reason == RunReason::none);
    CHECK(run.attempt == 0);
    CHECK(run.fence == 0);
    CHECK(run.occurrences == 1);
    CHECK(run.result.is_null());
    CHECK(run == JobRun{});
}
