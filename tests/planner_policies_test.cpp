// SPDX-License-Identifier: MIT
// planner_policies_test.cpp - what a plan takes from the job's policies besides misfire and overlap: spread starts, the
// total timeout, the pause after failures; and what it costs at most.
#include "carillon/planner.hpp"

#include "support/catch.hpp"
#include "support/planning.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::Bench;

namespace {

Bench spread_bench(const std::string& schedule, Duration within, SpreadMode mode = SpreadMode::occurrence) {
    Bench bench(schedule);
    bench.job.policies.spread = {.within = within, .mode = mode};
    bench.job.policies.overlap.policy = OverlapPolicy::allow;
    bench.activate();
    return bench;
}

/// How long after their occurrences the runs of the next `count` occurrences may start.
std::vector<Duration> offsets(Bench bench, std::size_t count) {
    std::vector<Duration> result;
    while (result.size() < count) {
        const JobChange change = bench.plan(*bench.progress.next_run_at);
        for (const JobRun& run : change.runs)
            result.push_back(run.not_before - run.scheduled_for);
        bench.write(change);
    }
    return result;
}

std::size_t distinct(const std::vector<Duration>& values) {
    return std::set<Duration>(values.begin(), values.end()).size();
}

Duration largest(const std::vector<Duration>& values) {
    return *std::max_element(values.begin(), values.end());
}

} // namespace

// ---- spread --------------------------------------------------------------------------------------------------------

TEST_CASE("spread: moves the start only, by at most `within`, and by none without it") {
    const auto spread = offsets(spread_bench("0 * * * *", 10min), 500);
    CHECK(std::all_of(spread.begin(), spread.end(), [](Duration d) { return d >= 0s && d <= 10min; }));
    CHECK(largest(spread) > 9min); // all of it is used
    CHECK(*std::min_element(spread.begin(), spread.end()) < 1min);
    CHECK(distinct(spread) > 490);
    CHECK(distinct(offsets(spread_bench("0 * * * *", 0s), 50)) == 1);
    CHECK(largest(offsets(spread_bench("0 * * * *", 0s), 50)) == 0s);

    // Ledger and cursor are those of the same job without a spread.
    CHECK(spread_bench("0 * * * *", 10min).plan_text("01:00:00") == "run 01:00:00; next 02:00:00");
    CHECK(spread_bench("0 * * * *", 10min).plan_text("03:30:00") ==
          spread_bench("0 * * * *", 0s).plan_text("03:30:00"));
}

TEST_CASE("spread: by at most half the way to the next occurrence, however far `within` goes") {
    CHECK(largest(offsets(spread_bench("0 * * * *", 24h), 500)) <= 30min);
    CHECK(largest(offsets(spread_bench("0 * * * *", 24h), 500)) > 27min);
    CHECK(largest(offsets(spread_bench("@every 3s", 24h), 500)) <= 1'500ms);
    CHECK(largest(offsets(spread_bench("@after 10m", 24h), 1)) <= 5min);
    // From 09:00 it is an hour to the next one, from 10:00 twenty-three.
    for (const auto offset : offsets(spread_bench("0 9,10 * * *", 24h), 2))
        CHECK(offset <= 11h + 30min);
    CHECK(offsets(spread_bench("0 9,10 * * *", 24h), 1).at(0) <= 30min);
    // Behind the last one there is none to run into.
    CHECK(offsets(spread_bench("@at 2026-03-02T09:00:00Z", 24h), 1).at(0) <= 24h);
}

TEST_CASE("spread: the same for every node and every plan, another for every job") {
    const Bench job = spread_bench("0 * * * *", 10min);
    CHECK(offsets(job, 20) == offsets(job, 20));
    CHECK(offsets(job, 20) != offsets(spread_bench("0 * * * *", 10min), 20)); // another id

    Bench first = spread_bench("0 * * * *", 10min);
    Bench again = spread_bench("0 * * * *", 10min);
    first.job.key = again.job.key = "nightly"; // what put_job makes anew keeps its place
    CHECK(offsets(first, 20) == offsets(again, 20));
    again.job.tenant_id = "globex";
    CHECK(offsets(first, 20) != offsets(again, 20));

    // Known values: a later version must not move the starts of the jobs that exist.
    first.job.tenant_id = "acme";
    CHECK(offsets(first, 2) == std::vector<Duration>{536'622'383us, 219'509'078us});
}

TEST_CASE("spread: by job, it keeps its rhythm, up to the last occurrence and beside excluded dates") {
    Bench bench = spread_bench("0 * * * *", 24h, SpreadMode::job);
    bench.job.end_at = bench.moment("2026-03-05T00:00:00");
    bench.job.exclude = {{std::chrono::year{2026}, std::chrono::March, std::chrono::day{3}}};
    std::set<Duration> seen;
    for (const Duration offset : offsets(bench, 46)) // to 23:00 on the 4th
        seen.insert(offset);
    CHECK(seen.size() == 1);
    CHECK(*seen.begin() <= 30min);
    std::set<Duration> jobs;
    for (int i = 0; i < 50; ++i)
        jobs.insert(offsets(spread_bench("0 * * * *", 10min, SpreadMode::job), 1).at(0));
    CHECK(jobs.size() > 45);
}

TEST_CASE("spread: catch-up runs still go in the order of their occurrences") {
    Bench bench = spread_bench("0 * * * *", 24h);
    bench.job.policies.misfire.policy = MisfirePolicy::fire_all;
    const JobChange change = bench.plan(bench.moment("20:30:00"));
    REQUIRE(change.runs.size() == 20);
    CHECK(std::is_sorted(change.runs.begin(), change.runs.end(), [](const JobRun& a, const JobRun& b) {
        return a.not_before < b.not_before;
    }));
}

TEST_CASE("spread: a row that is skipped has none") {
    Bench bench = spread_bench("0 * * * *", 10min);
    bench.job.policies.overlap.policy = OverlapPolicy::skip;
    bench.key.running = 1;
    const JobRun skipped = bench.plan(bench.moment("01:00:00")).runs.at(0);
    CHECK(skipped.status == JobRunStatus::skipped);
    CHECK(skipped.not_before == skipped.scheduled_for);
}

// ---- the total timeout ---------------------------------------------------------------------------------------------

TEST_CASE("timeout: a run expires so long after it was made, and never without the policy") {
    Bench bench("0 * * * *");
    bench.activate();
    CHECK_FALSE(bench.plan(bench.moment("01:00:02")).runs.at(0).expires_at);
    bench.job.policies.timeout.attempt = 5min; // limits each attempt, not the run
    CHECK_FALSE(bench.plan(bench.moment("01:00:02")).runs.at(0).expires_at);
    bench.job.policies.timeout.total = 20min;
    CHECK(bench.plan(bench.moment("01:00:02")).runs.at(0).expires_at == bench.moment("01:20:02"));
    // Late: it has its time all the same, and what does not run has no end to wait for.
    const JobChange late = bench.plan(bench.moment("03:30:00"));
    CHECK_FALSE(late.runs.at(0).expires_at);
    CHECK(late.runs.at(1).expires_at == bench.moment("03:50:00"));
}

TEST_CASE("timeout: a spread start does not use up the time of its run") {
    Bench bench = spread_bench("0 * * * *", 24h);
    bench.job.policies.timeout.total = 1s;
    for (int i = 0; i < 10; ++i) {
        const JobChange change = bench.plan(*bench.progress.next_run_at);
        CHECK(change.runs.at(0).expires_at == change.runs.at(0).not_before + 1s);
        bench.write(change);
    }
}

// ---- the pause after failures --------------------------------------------------------------------------------------

TEST_CASE("pause after failures: so many in a row pause the job instead of planning it") {
    Bench bench("0 * * * *");
    bench.job.policies.pause_after_failures = 3;
    bench.activate();
    bench.progress.consecutive_failures = 2;
    CHECK(bench.plan_text("01:00:00") == "run 01:00:00; next 02:00:00");
    bench.progress.consecutive_failures = 3;
    const JobChange change = bench.plan(bench.moment("03:30:00"));
    CHECK(bench.text_of(change) == "paused 01:00:00 to 03:00:00, 3; paused");
    CHECK(change.definition->status_reason == "3 failures in a row");
    CHECK(change.definition->revision == bench.job.revision + 1);
    CHECK(change.definition->enabled);
    CHECK_FALSE(change.progress->next_run_at);
    CHECK(change.progress->high_water == bench.moment("03:30:00"));
    REQUIRE(change.event);
    CHECK(change.event->verb == AuditVerb::job_paused);
    CHECK(change.event->actor == "carillon");
    CHECK(change.event->reason == "3 failures in a row");
    CHECK(change.at == bench.moment("03:30:00"));
    bench.progress.consecutive_failures = 7; // the policy came after the failures
    CHECK(bench.plan(bench.moment("01:00:00")).definition->status_reason == "7 failures in a row");
    bench.job.policies.pause_after_failures = 0;
    CHECK(bench.plan_text("01:00:00") == "run 01:00:00; next 02:00:00");
}

TEST_CASE("pause after failures: between two plans too, and only of a job that is active") {
    Bench bench("0 * * * *");
    bench.job.policies.pause_after_failures = 1;
    bench.activate();
    const auto pause_at = [&](const std::string& now) {
        return pause_after_failures({bench.job, bench.progress}, bench.schedule(), bench.moment(now));
    };
    CHECK(pause_at("00:30:00").nothing());
    bench.progress.consecutive_failures = 1;
    CHECK(bench.text_of(pause_at("00:30:00")) == "paused");
    CHECK(bench.text_of(pause_at("01:30:00")) == "paused 01:00:00; paused");
    for (const JobStatus status : {JobStatus::paused, JobStatus::disabled, JobStatus::completed}) {
        bench.job.status = status;
        CHECK(pause_at("01:30:00").nothing());
    }
    // A schedule that cannot be evaluated is no reason to go on.
    bench.job.status = JobStatus::active;
    const JobChange blind = pause_after_failures({bench.job, bench.progress}, std::nullopt, bench.moment("01:30:00"));
    CHECK(bench.text_of(blind) == "paused");
    CHECK(blind.progress->high_water == bench.moment("01:30:00"));
}

// ---- cost ----------------------------------------------------------------------------------------------------------

namespace {

/// How often a plan asks the schedule.
std::size_t look_ups(const Bench& bench, Instant now) {
    const Schedule schedule = bench.schedule();
    detail::PlanBuilder builder({bench.job, bench.progress}, schedule, bench.key, now);
    static_cast<void>(builder.build());
    return builder.look_ups();
}

std::vector<std::chrono::year_month_day> every_other_day(int count) {
    std::vector<std::chrono::year_month_day> days;
    for (int i = 0; i < count; ++i)
        days.emplace_back(std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::days{2 * i});
    return days;
}

} // namespace

TEST_CASE("planner: a plan asks the schedule so often at most, however long nobody looked and whatever the policy") {
    // Two skip rows of ten thousand, each with its last occurrence; a hundred runs that catch up and a hundred on time.
    constexpr std::size_t most = 2 * (10'000 + 2) + 2 * (max_queued_runs + 2);
    for (const char* schedule : {"* * * * * *", "@every 1s", "* * * * * * | */2 * * * * *"})
        for (const MisfirePolicy misfire :
             {MisfirePolicy::fire_latest, MisfirePolicy::skip, MisfirePolicy::fire_all, MisfirePolicy::fire_earliest}) {
            INFO(schedule << " " << to_string(misfire));
            Bench bench(schedule);
            bench.job.policies.misfire.policy = misfire;
            bench.job.policies.misfire.grace = 24h; // each of the last day is on time
            bench.job.policies.overlap.policy = OverlapPolicy::allow;
            bench.activate();
            const std::size_t ten_years = look_ups(bench, bench.moment("2036-03-02T00:00:00"));
            CHECK(ten_years <= most);
            CHECK(look_ups(bench, bench.moment("2126-03-02T00:00:00")) == ten_years);
            bench.job.policies.misfire.window = 24h * 3'650; // all of it has come in time
            bench.job.policies.misfire.grace = 5s;
            CHECK(look_ups(bench, bench.moment("2036-03-02T00:00:00")) <= most);
            bench.job.exclude = every_other_day(1'000);
            CHECK(look_ups(bench, bench.moment("2036-03-02T00:00:00")) <= most + 3 * 1'000);
        }
    Bench minutely("* * * * *");
    minutely.activate();
    CHECK(look_ups(minutely, minutely.moment("00:01:00")) <= 10); // what is on time costs next to nothing
}
