// SPDX-License-Identifier: MIT
// planner_test.cpp - what should happen to a job now, row by row.
#include "carillon/planner.hpp"

#include "support/catch.hpp"
#include "support/planning.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::Bench;

namespace {

constexpr auto fire_latest = MisfirePolicy::fire_latest;
constexpr auto fire_earliest = MisfirePolicy::fire_earliest;
constexpr auto fire_all = MisfirePolicy::fire_all;
constexpr auto skip_missed = MisfirePolicy::skip;

constexpr auto skip = OverlapPolicy::skip;
constexpr auto queue_one = OverlapPolicy::queue_one;
constexpr auto queue_all = OverlapPolicy::queue_all;
constexpr auto allow = OverlapPolicy::allow;
constexpr auto cancel_previous = OverlapPolicy::cancel_previous;

/// An hourly job, created at midnight.
Bench hourly(MisfirePolicy misfire, OverlapPolicy overlap = skip, std::size_t limit = 0) {
    Bench bench("0 * * * *");
    bench.job.policies.misfire.policy = misfire;
    bench.job.policies.overlap.policy = overlap;
    bench.job.policies.overlap.limit = limit;
    bench.activate();
    return bench;
}

KeyState busy_key(std::size_t pending, std::size_t running) {
    KeyState key;
    key.pending = pending;
    key.running = running;
    if (pending + running > 0) key.busy_with = RunId::next(Instant{});
    return key;
}

} // namespace

// ---- misfire x overlap
// -------------------------------------------------------------------------------------------------

TEST_CASE("planner: every misfire policy beside every overlap policy, on an idle key, three hours late") {
    struct Row {
        MisfirePolicy misfire;
        std::string at_0330;    // 01, 02 and 03 are late
        std::string at_0300_03; // 01 and 02 are late, 03 is on time
    };
    const std::vector<Row> rows{
        {fire_latest,
         "misfired 01:00:00 to 02:00:00, 2; run 03:00:00 missed 2; next 04:00:00",
         "misfired 01:00:00 to 02:00:00, 2; run 03:00:00 missed 2; next 04:00:00"},
        {skip_missed,
         "misfired 01:00:00 to 03:00:00, 3; next 04:00:00",
         "misfired 01:00:00 to 02:00:00, 2; run 03:00:00; next 04:00:00"},
        {fire_all,
         "run 01:00:00; run 02:00:00; run 03:00:00; next 04:00:00",
         "run 01:00:00; run 02:00:00; ON TIME; next 04:00:00"},
        {fire_earliest,
         "run 01:00:00 missed 2; misfired 02:00:00 to 03:00:00, 2; next 04:00:00",
         "run 01:00:00 missed 1; misfired 02:00:00; ON TIME; next 04:00:00"},
    };
    // What becomes of 03:00, on time, beside one or two runs that catch up.
    struct Overlap {
        OverlapPolicy policy;
        std::size_t limit;
        std::string beside_one;
        std::string beside_two;
    };
    const std::vector<Overlap> overlaps{
        {skip, 0, "overlapped 03:00:00", "overlapped 03:00:00"},
        {queue_one, 0, "run 03:00:00", "queue_full 03:00:00"},
        {queue_all, 0, "run 03:00:00", "run 03:00:00"},
        {allow, 0, "run 03:00:00", "run 03:00:00"},
        {allow, 2, "run 03:00:00", "overlapped 03:00:00"},
        {allow, 3, "run 03:00:00", "run 03:00:00"},
    };
    for (const Row& row : rows)
        for (const Overlap& overlap : overlaps) {
            INFO(to_string(row.misfire) << " " << to_string(overlap.policy) << " " << overlap.limit);
            const Bench bench = hourly(row.misfire, overlap.policy, overlap.limit);
            CHECK(bench.plan_text("03:30:00") == row.at_0330);
            std::string expected = row.at_0300_03;
            if (const auto place = expected.find("ON TIME"); place != std::string::npos)
                expected.replace(place, 7, row.misfire == fire_all ? overlap.beside_two : overlap.beside_one);
            CHECK(bench.plan_text("03:00:03") == expected);
        }
}

TEST_CASE("planner: under cancel_previous the last run of a plan replaces the others before they are pending") {
    CHECK(hourly(fire_latest, cancel_previous).plan_text("03:30:00") ==
          "misfired 01:00:00 to 02:00:00, 2; run 03:00:00 missed 2; next 04:00:00");
    CHECK(hourly(skip_missed, cancel_previous).plan_text("03:30:00") ==
          "misfired 01:00:00 to 03:00:00, 3; next 04:00:00");
    CHECK(hourly(fire_earliest, cancel_previous).plan_text("03:00:03") ==
          "cancel_previous 01:00:00; misfired 02:00:00; run 03:00:00 missed 1; next 04:00:00");
    // Catch-up runs queue behind each other; what is on time replaces them.
    CHECK(hourly(fire_all, cancel_previous).plan_text("03:30:00") ==
          "run 01:00:00; run 02:00:00; run 03:00:00; next 04:00:00");
    CHECK(hourly(fire_all, cancel_previous).plan_text("03:00:03") ==
          "cancel_previous 01:00:00; cancel_previous 02:00:00; run 03:00:00; next 04:00:00");

    Bench each_second("@every 1s");
    each_second.job.policies.overlap.policy = cancel_previous;
    each_second.activate();
    CHECK(each_second.plan_text("00:00:03") ==
          "cancel_previous 00:00:01; cancel_previous 00:00:02; run 00:00:03; next 00:00:04");
}

TEST_CASE("planner: a run that is on time meets a busy key") {
    struct Row {
        OverlapPolicy policy;
        std::size_t limit;
        std::size_t pending;
        std::size_t running;
        std::string expected;
    };
    const std::vector<Row> rows{
        {skip, 0, 0, 1, "overlapped 01:00:00"},
        {skip, 0, 1, 0, "overlapped 01:00:00"},
        {skip, 0, 0, 0, "run 01:00:00"},
        {queue_one, 0, 0, 1, "run 01:00:00"},
        {queue_one, 0, 1, 0, "run 01:00:00"},
        {queue_one, 0, 1, 1, "queue_full 01:00:00"},
        {queue_one, 0, 2, 0, "queue_full 01:00:00"},
        {queue_all, 0, 99, 1, "run 01:00:00"}, // the hundredth to wait
        {queue_all, 0, 100, 1, "queue_full 01:00:00"},
        {queue_all, 0, 101, 0, "queue_full 01:00:00"},
        {allow, 0, 500, 500, "run 01:00:00"},
        {allow, 3, 1, 1, "run 01:00:00"},
        {allow, 3, 1, 2, "overlapped 01:00:00"},
        {allow, 1, 0, 1, "overlapped 01:00:00"},
        {cancel_previous, 0, 0, 0, "run 01:00:00"},
        {cancel_previous, 0, 0, 1, "stop others; run 01:00:00"},
        {cancel_previous, 0, 3, 0, "stop others; run 01:00:00"},
    };
    for (const Row& row : rows) {
        INFO(to_string(row.policy) << " " << row.limit << ": " << row.pending << " pending, " << row.running
                                   << " running");
        Bench bench = hourly(fire_latest, row.policy, row.limit);
        bench.key = busy_key(row.pending, row.running);
        const JobChange change = bench.plan(bench.moment("01:00:00"));
        CHECK(bench.text_of(change) == row.expected + "; next 02:00:00");
        const JobRun& run = change.runs.at(0);
        // Whoever is refused, or has to wait, learns by whom it is kept.
        const bool beside_others = row.policy == allow || (row.policy == cancel_previous && row.running == 0);
        const bool runs_at_once = run.status == JobRunStatus::pending && beside_others;
        CHECK(run.blocked_by == (runs_at_once ? std::nullopt : bench.key.busy_with));
    }
}

TEST_CASE("planner: late occurrences of all kinds meet a busy key") {
    struct Row {
        MisfirePolicy misfire;
        OverlapPolicy overlap;
        std::string expected;
    };
    const std::vector<Row> rows{
        {fire_latest, skip, "misfired 01:00:00 to 02:00:00, 2; overlapped 03:00:00"},
        {fire_latest, queue_one, "misfired 01:00:00 to 02:00:00, 2; run 03:00:00 missed 2"},
        {fire_latest, cancel_previous, "misfired 01:00:00 to 02:00:00, 2; stop; run 03:00:00 missed 2"},
        {skip_missed, skip, "misfired 01:00:00 to 03:00:00, 3"},
        {skip_missed, cancel_previous, "misfired 01:00:00 to 03:00:00, 3"},
        {fire_earliest, skip, "overlapped 01:00:00; misfired 02:00:00 to 03:00:00, 2"},
        {fire_earliest, allow, "run 01:00:00 missed 2; misfired 02:00:00 to 03:00:00, 2"},
        // A foreign run holds the key: catch-up runs wait for their own kind only.
        {fire_all, skip, "overlapped 01:00:00 to 03:00:00, 3"},
        {fire_all, queue_one, "run 01:00:00; run 02:00:00; run 03:00:00"},
        {fire_all, cancel_previous, "stop; run 01:00:00; run 02:00:00; run 03:00:00"},
    };
    for (const Row& row : rows) {
        INFO(to_string(row.misfire) << " " << to_string(row.overlap));
        Bench bench = hourly(row.misfire, row.overlap);
        bench.key = busy_key(0, 1);
        std::string expected = row.expected + "; next 04:00:00";
        if (const auto stop = expected.find("stop; "); stop != std::string::npos)
            expected = "stop others; " + expected.erase(stop, 6);
        CHECK(bench.plan_text("03:30:00") == expected);
    }
}

// ---- when late, when too late
// ------------------------------------------------------------------------------------------

TEST_CASE("planner: up to the grace an occurrence is on time, one tick later it is late") {
    Bench bench = hourly(skip_missed);
    CHECK(bench.plan_text("01:00:00") == "run 01:00:00; next 02:00:00");
    CHECK(bench.plan_text("01:00:05") == "run 01:00:00; next 02:00:00");
    CHECK(bench.plan_text("01:00:05.000001") == "misfired 01:00:00; next 02:00:00");

    bench.job.policies.misfire.grace = 0s;
    CHECK(bench.plan_text("01:00:00") == "run 01:00:00; next 02:00:00");
    CHECK(bench.plan_text("01:00:00.000001") == "misfired 01:00:00; next 02:00:00");

    bench.job.policies.misfire.grace = 2h;
    bench.job.policies.overlap.policy = allow;
    CHECK(bench.plan_text("03:00:00") == "run 01:00:00; run 02:00:00; run 03:00:00; next 04:00:00");
}

TEST_CASE("planner: beyond the window every policy skips") {
    // 24 h after 01:00 the occurrence of 01:00 is still within the window; a tick later it is not.
    Bench all = hourly(fire_all);
    all.job.policies.misfire.window = 2h;
    CHECK(all.plan_text("03:00:00") == "run 01:00:00; run 02:00:00; overlapped 03:00:00; next 04:00:00");
    CHECK(all.plan_text("03:00:00.000001") == "misfired 01:00:00; run 02:00:00; overlapped 03:00:00; next 04:00:00");

    Bench earliest = hourly(fire_earliest);
    earliest.job.policies.misfire.window = 90min;
    CHECK(earliest.plan_text("03:30:00") ==
          "misfired 01:00:00; run 02:00:00 missed 1; misfired 03:00:00; next 04:00:00");

    Bench latest = hourly(fire_latest);
    latest.job.policies.misfire.window = 10min;
    CHECK(latest.plan_text("03:30:00") == "misfired 01:00:00 to 03:00:00, 3; next 04:00:00");
    latest.job.policies.misfire.window = 0s;
    CHECK(latest.plan_text("03:00:00") == "misfired 01:00:00 to 02:00:00, 2; run 03:00:00; next 04:00:00");
    // The window is the harder border where it is narrower than the grace.
    CHECK(latest.plan_text("03:00:01") == "misfired 01:00:00 to 03:00:00, 3; next 04:00:00");

    CHECK(hourly(fire_latest).plan_text("2026-03-05T00:30:00") ==
          "misfired 01:00:00 to 2026-03-04T00:00:00, 48; misfired 2026-03-04T01:00:00 to 2026-03-04T23:00:00, 23; "
          "run 2026-03-05T00:00:00 missed 23; next 2026-03-05T01:00:00");
}

TEST_CASE("planner: the first on-time run stands for the late ones before it") {
    Bench bench("@every 1s");
    bench.job.policies.overlap.policy = queue_all;
    bench.activate();
    CHECK(bench.plan_text("00:00:08") ==
          "misfired 00:00:01 to 00:00:02, 2; run 00:00:03 missed 2; run 00:00:04; run 00:00:05; run 00:00:06; "
          "run 00:00:07; run 00:00:08; next 00:00:09");
    bench.job.policies.overlap.policy = skip;
    CHECK(bench.plan_text("00:00:08") ==
          "misfired 00:00:01 to 00:00:02, 2; run 00:00:03 missed 2; overlapped 00:00:04 to 00:00:08, 5; next 00:00:09");
    // A row that is skipped itself stands for nobody.
    bench.key = busy_key(0, 1);
    CHECK(bench.plan_text("00:00:08") ==
          "misfired 00:00:01 to 00:00:02, 2; overlapped 00:00:03 to 00:00:08, 6; next 00:00:09");
}

TEST_CASE("planner: nothing is due before its time, nor twice when the clock was set back") {
    Bench bench = hourly(fire_all);
    CHECK(bench.plan_text("00:59:59.999999") == "next 01:00:00");
    bench.write(bench.plan(bench.moment("03:00:00")));
    CHECK(bench.progress.high_water == bench.moment("03:00:00"));
    CHECK(bench.plan_text("01:30:00") == "next 04:00:00");
    CHECK(bench.plan_text("03:00:00") == "next 04:00:00");
}

// ---- catching up
// -------------------------------------------------------------------------------------------------------

TEST_CASE("planner: fire_all plans a hundred runs a call, and the next call goes on behind them") {
    for (const OverlapPolicy overlap : {skip, queue_one, queue_all, allow, cancel_previous}) {
        INFO(to_string(overlap));
        Bench bench("* * * * *");
        bench.job.policies.misfire.policy = fire_all;
        bench.job.policies.overlap.policy = overlap;
        bench.activate();
        std::vector<JobRun> runs;
        std::vector<std::size_t> calls;
        for (int call = 0; call < 10; ++call) {
            const JobChange change = bench.plan(bench.moment("04:10:30")); // 250 are late
            CHECK(change.stop == StopScope::none);
            runs.insert(runs.end(), change.runs.begin(), change.runs.end());
            calls.push_back(change.runs.size());
            bench.write(change);
            if (*bench.progress.next_run_at > bench.moment("04:10:30")) break;
        }
        CHECK(calls == std::vector<std::size_t>{100, 100, 50});
        CHECK(bench.progress.next_run_at == bench.moment("04:11:00"));
        for (std::size_t i = 0; i < runs.size(); ++i) {
            CHECK(runs[i].status == JobRunStatus::pending);
            CHECK(runs[i].scheduled_for == bench.moment("00:00:00") + (i + 1) * 1min);
            if (i > 0) CHECK(runs[i].slots == 1);
            if (i > 0) CHECK_FALSE(runs[i].skip_when_busy); // waits for those before it
        }
    }
}

TEST_CASE("planner: a wide grace is planned a hundred occurrences a call too") {
    Bench bench("* * * * *");
    bench.job.policies.misfire.grace = 24h;
    bench.job.policies.overlap.policy = allow;
    bench.activate();
    const JobChange first = bench.plan(bench.moment("04:10:30"));
    CHECK(first.runs.size() == 100);
    CHECK(first.progress->next_run_at == bench.moment("01:41:00"));
    bench.write(first);
    bench.write(bench.plan(bench.moment("04:10:30")));
    const JobChange third = bench.plan(bench.moment("04:10:30"));
    CHECK(third.runs.size() == 50);
    CHECK(third.progress->next_run_at == bench.moment("04:11:00"));
}

TEST_CASE("planner: an every-second job that nobody looked at for ten years costs no more than one of a day") {
    for (const MisfirePolicy misfire : {fire_latest, skip_missed, fire_all, fire_earliest}) {
        INFO(to_string(misfire));
        Bench bench("* * * * * *");
        bench.job.dialect = CronDialect::extended;
        bench.job.policies.misfire.policy = misfire;
        bench.activate();
        const JobChange change = bench.plan(bench.moment("2036-03-02T00:00:00"));
        REQUIRE(change.runs.size() >= 1);
        const JobRun& skipped = change.runs[0];
        CHECK(skipped.status == JobRunStatus::skipped);
        CHECK(skipped.scheduled_for == bench.moment("00:00:01"));
        CHECK(skipped.last == bench.moment("2036-02-29T23:59:59"));
        CHECK(skipped.occurrences == 10'000);
        CHECK(skipped.count_is_minimum);
        CHECK(change.runs.size() <= 110);
        const Instant cursor = change.progress->next_run_at.value();
        if (misfire == fire_all)
            CHECK(cursor == bench.moment("2036-03-01T00:01:40"));
        else
            CHECK(cursor == bench.moment("2036-03-02T00:00:01"));
    }
}

TEST_CASE("planner: a skip row counts exactly up to ten thousand") {
    Bench bench("* * * * *");
    bench.job.policies.misfire.policy = skip_missed;
    bench.job.policies.misfire.window = 24h * 30;
    bench.activate();
    const Instant start = bench.moment("00:00:00");
    const JobRun exact = bench.plan(start + 10'000min + 30s).runs.at(0);
    CHECK(exact.occurrences == 10'000);
    CHECK_FALSE(exact.count_is_minimum);
    CHECK(exact.last == start + 10'000min);
    const JobRun more = bench.plan(start + 10'001min + 30s).runs.at(0);
    CHECK(more.occurrences == 10'000);
    CHECK(more.count_is_minimum);
    CHECK(more.last == start + 10'001min);
}

// ---- bounds
// ------------------------------------------------------------------------------------------------------------

TEST_CASE("planner: start_at is the first moment, end_at the first that is not") {
    Bench bench("0 * * * *");
    bench.job.start_at = bench.moment("02:00:00");
    bench.job.end_at = bench.moment("04:00:00");
    bench.job.policies.misfire.policy = fire_all;
    bench.job.policies.overlap.policy = allow;
    bench.activate();
    CHECK(bench.progress.next_run_at == bench.moment("02:00:00"));
    CHECK(bench.plan_text("02:00:00") == "run 02:00:00; next 03:00:00");
    CHECK(bench.plan_text("03:00:00") == "run 02:00:00; run 03:00:00; completed");
    CHECK(bench.plan_text("09:00:00") == "run 02:00:00; run 03:00:00; completed");

    bench.job.start_at = bench.moment("02:00:00.000001");
    CHECK(bench.activate().progress.next_run_at == bench.moment("03:00:00"));
    bench.job.end_at = bench.moment("03:00:00");
    CHECK(bench.activate().progress.next_run_at == std::nullopt);
}

TEST_CASE("planner: max_runs counts runs that started or wait, not those that were skipped") {
    Bench bench = hourly(fire_all, allow);
    bench.job.max_runs = 3;
    CHECK(bench.plan_text("02:30:00") == "run 01:00:00; run 02:00:00; next 03:00:00");
    CHECK(bench.plan_text("05:30:00") == "run 01:00:00; run 02:00:00; run 03:00:00; completed");
    CHECK(bench.plan(bench.moment("05:30:00")).definition->status_reason == "max_runs reached");

    bench.progress.started_runs = 1;
    bench.key.unstarted = 1;
    CHECK(bench.plan_text("05:30:00") == "run 01:00:00; completed");
    bench.key.unstarted = 2;
    CHECK(bench.plan_text("05:30:00") == "completed");

    Bench skipping = hourly(skip_missed);
    skipping.job.max_runs = 1;
    CHECK(skipping.plan_text("05:30:00") == "misfired 01:00:00 to 05:00:00, 5; next 06:00:00");
    skipping.key = busy_key(0, 1);
    CHECK(skipping.plan_text("01:00:00") == "overlapped 01:00:00; next 02:00:00");

    // Runs that a later one of the plan replaces, or cancels in the storage, never start.
    Bench replacing = hourly(fire_latest, cancel_previous);
    replacing.job.max_runs = 2;
    replacing.key = busy_key(1, 0);
    replacing.key.unstarted = 1;
    CHECK(replacing.plan_text("01:00:00") == "stop others; run 01:00:00; next 02:00:00");
}

TEST_CASE("planner: a job whose last occurrence was planned is completed, and the audit says by whom") {
    Bench bench("@at 2026-03-02T01:00:00Z");
    bench.activate();
    const JobChange change = bench.plan(bench.moment("01:00:00"));
    CHECK(bench.text_of(change) == "run 01:00:00; completed");
    CHECK(change.definition->status_reason == "no further occurrence");
    CHECK(change.definition->revision == bench.job.revision + 1);
    CHECK(change.definition->updated_at == bench.moment("01:00:00"));
    CHECK_FALSE(change.progress->next_run_at);
    REQUIRE(change.event);
    CHECK(change.event->verb == AuditVerb::job_completed);
    CHECK(change.event->actor == "carillon");
    CHECK(change.event->job_id == bench.job.id);
    CHECK(change.at == bench.moment("01:00:00"));

    CHECK(bench.plan_text("01:30:00") == "run 01:00:00; completed");
    CHECK(bench.plan_text("2026-03-03T01:00:00.000001") == "misfired 01:00:00; completed"); // a day late is too late
    bench.job.policies.misfire.policy = skip_missed;
    CHECK(bench.plan_text("01:30:00") == "misfired 01:00:00; completed");
}

// ---- excluded dates
// ----------------------------------------------------------------------------------------------------

namespace {

std::vector<std::chrono::year_month_day> dates(std::chrono::year_month_day first, int days) {
    std::vector<std::chrono::year_month_day> result;
    for (int i = 0; i < days; ++i)
        result.emplace_back(std::chrono::sys_days{first} + std::chrono::days{i});
    return result;
}

constexpr std::chrono::year_month_day ymd(int year, unsigned month, unsigned day) {
    return {std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
}

/// All occurrences that brute force finds: each second of the schedule on a date that is not excluded.
std::vector<Instant>
without_excluded(const JobDefinition& job, const Schedule& schedule, Instant after, Instant until) {
    std::vector<Instant> result;
    for (auto t = schedule.next(after); t && *t <= until; t = schedule.next(*t)) {
        const std::chrono::year_month_day date{schedule.local_date(*t)};
        if (std::find(job.exclude.begin(), job.exclude.end(), date) == job.exclude.end()) result.push_back(*t);
    }
    return result;
}

} // namespace

TEST_CASE("planner: excluded dates make no occurrences and no rows") {
    Bench bench("0 9 * * *");
    bench.job.exclude = {ymd(2026, 3, 3), ymd(2026, 3, 4)};
    bench.job.policies.misfire.policy = fire_all;
    bench.job.policies.overlap.policy = allow;
    bench.job.policies.misfire.window = 24h * 30;
    bench.activate();
    CHECK(bench.plan_text("09:00:00") == "run 09:00:00; next 2026-03-05T09:00:00");
    CHECK(bench.plan_text("2026-03-06T12:00:00") ==
          "run 09:00:00; run 2026-03-05T09:00:00; run 2026-03-06T09:00:00; next 2026-03-07T09:00:00");
    bench.job.policies.misfire.policy = skip_missed;
    CHECK(bench.plan_text("2026-03-06T12:00:00") ==
          "misfired 09:00:00 to 2026-03-06T09:00:00, 3; next 2026-03-07T09:00:00");
    bench.job.policies.misfire.policy = fire_latest;
    CHECK(bench.plan_text("2026-03-04T12:00:00") == "run 09:00:00; next 2026-03-05T09:00:00");
}

TEST_CASE("planner: the dates are those on the wall of the job's zone") {
    Bench bench("0 9 * * *");
    bench.job.time_zone = "Pacific/Auckland"; // nine there is 20:00 of the day before in UTC
    bench.job.exclude = {ymd(2026, 3, 3)};
    bench.activate();
    CHECK(bench.progress.next_run_at == bench.moment("2026-03-03T20:00:00"));
}

TEST_CASE("planner: a job with all its dates excluded has no occurrence") {
    Bench bench("0 0 1 1 *");
    bench.job.exclude = {ymd(2027, 1, 1)};
    bench.job.end_at = bench.moment("2027-12-31T00:00:00");
    CHECK(bench.activate().progress.next_run_at == std::nullopt);
}

TEST_CASE("planner: an every-second schedule leaves a thousand excluded dates at once") {
    Bench bench("* * * * * *");
    bench.job.dialect = CronDialect::extended;
    bench.job.exclude = dates(ymd(2026, 3, 3), 1'000);
    bench.activate();
    const auto schedule = bench.schedule();
    const Occurrences occurrences(bench.job, schedule);
    const Instant last_before = bench.moment("23:59:59");
    const Instant first_behind = bench.moment("2028-11-27T00:00:00");
    for (int i = 0; i < 10; ++i) { // a walk of each second would take minutes
        REQUIRE(occurrences.next(last_before) == first_behind);
        REQUIRE(occurrences.last_in(bench.moment("00:00:00"), first_behind - 1s) == last_before);
    }
}

TEST_CASE("planner: excluded dates on which clocks are set are left whole, in both directions") {
    struct Row {
        const char* zone;
        std::chrono::year_month_day date;
        const char* from;
        const char* to;
        std::size_t minutes; // of the excluded date
    };
    const std::vector<Row> rows{
        {"Europe/Paris", ymd(2026, 3, 29), "2026-03-28T00:00:00", "2026-03-31T00:00:00", 23 * 60},
        {"Europe/Paris", ymd(2026, 10, 25), "2026-10-24T00:00:00", "2026-10-27T00:00:00", 25 * 60},
        {"America/New_York", ymd(2026, 3, 8), "2026-03-07T00:00:00", "2026-03-10T00:00:00", 23 * 60},
        {"America/Santiago", ymd(2026, 4, 4), "2026-04-03T00:00:00", "2026-04-07T00:00:00", 25 * 60}, // at midnight
        {"America/Santiago", ymd(2026, 9, 6), "2026-09-05T00:00:00", "2026-09-08T00:00:00", 23 * 60}, // begins at one
        {"Australia/Lord_Howe", ymd(2026, 4, 5), "2026-04-03T00:00:00", "2026-04-07T00:00:00", 24 * 60 + 30},
        {"Pacific/Apia", ymd(2011, 12, 29), "2011-12-28T00:00:00", "2012-01-01T00:00:00", 24 * 60}, // the 30th is none
        // In St. John's the clock went from 00:01 of the 7th back to 23:01 of the 6th.
        {"America/St_Johns", ymd(2010, 11, 6), "2010-11-05T00:00:00", "2010-11-09T00:00:00", 24 * 60 + 59},
        {"America/St_Johns", ymd(2010, 11, 7), "2010-11-05T00:00:00", "2010-11-09T00:00:00", 24 * 60 + 1},
    };
    for (const Row& row : rows) {
        INFO(row.zone << " " << row.from);
        Bench bench("* * * * *", row.from);
        bench.job.time_zone = row.zone;
        bench.job.exclude = {row.date};
        const auto schedule = bench.schedule();
        const Occurrences occurrences(bench.job, schedule);
        const Instant from = bench.moment(row.from);
        const Instant to = bench.moment(row.to);
        const auto expected = without_excluded(bench.job, schedule, from, to);
        const auto all = schedule.between(from + 1s, to + 1s);
        CHECK(all.size() - expected.size() == row.minutes);

        std::vector<Instant> forward;
        for (auto t = occurrences.next(from); t && *t <= to; t = occurrences.next(*t))
            forward.push_back(*t);
        CHECK(forward == expected);
        std::vector<Instant> backward;
        for (auto t = occurrences.last_in(from, to); t; t = occurrences.last_in(from, *t - 1us))
            backward.insert(backward.begin(), *t);
        CHECK(backward == expected);
    }
}

// ---- fixed delay
// -------------------------------------------------------------------------------------------------------

TEST_CASE("planner: a fixed delay has one run at a time and no cursor until it has ended") {
    Bench bench("@after 10m");
    bench.activate();
    CHECK(bench.progress.next_run_at == bench.moment("00:10:00"));
    CHECK(bench.plan_text("00:10:00") == "run 00:10:00; no cursor");
    CHECK(bench.plan_text("05:00:00") == "run 00:10:00; no cursor"); // late is no reason to leave it out

    bench.job.policies.misfire.policy = skip_missed;
    CHECK(bench.plan_text("00:10:05") == "run 00:10:00; no cursor");
    CHECK(bench.plan_text("00:10:05.000001") == "misfired 00:10:00; next 00:20:05.000001");

    bench.job.policies.misfire.policy = fire_all;
    CHECK(bench.plan_text("2026-03-03T00:10:00") == "run 00:10:00; no cursor");
    CHECK(bench.plan_text("2026-03-03T00:10:01") == "misfired 00:10:00; next 2026-03-03T00:20:01"); // beyond the window

    bench.key = busy_key(0, 1);
    CHECK(bench.plan_text("00:10:00") == "overlapped 00:10:00; next 00:20:00");
}

TEST_CASE("planner: a fixed delay ends with its bounds") {
    Bench bench("@after 10m");
    bench.job.end_at = bench.moment("01:00:00");
    bench.activate();
    CHECK(bench.plan_text("00:10:00") == "run 00:10:00; no cursor");
    bench.progress.next_run_at = bench.moment("00:59:00");
    CHECK(bench.plan_text("01:00:30") == "run 00:59:00; completed");
    bench.progress.next_run_at = bench.moment("01:00:00"); // ten minutes behind a run that ended at ten to one
    CHECK(bench.plan_text("01:00:00") == "completed");

    bench.job.end_at = bench.moment("00:10:00");
    CHECK(bench.activate_at(bench.moment("00:00:00")).progress.next_run_at == std::nullopt);

    Bench few("@after 10m");
    few.job.max_runs = 2;
    few.activate();
    CHECK(few.plan_text("00:10:00") == "run 00:10:00; no cursor");
    few.progress.started_runs = 1;
    CHECK(few.plan_text("00:10:00") == "run 00:10:00; completed");
    few.key = busy_key(1, 0); // the last one waits, and an edit has set the cursor meanwhile
    few.key.unstarted = 1;
    CHECK(few.plan_text("00:10:00") == "completed");
}

TEST_CASE("planner: a fixed delay begins behind start_at") {
    Bench bench("@after 10m");
    bench.job.start_at = bench.moment("06:00:00");
    CHECK(bench.activate().progress.next_run_at == bench.moment("06:10:00"));
}

TEST_CASE("planner: a fixed delay goes on behind the last run when the clock was set back meanwhile") {
    Bench bench("@after 10m");
    bench.activate();
    bench.progress.high_water = bench.moment("12:00:00"); // that run began at twelve and ended at what is now 11:01
    bench.progress.next_run_at = bench.moment("11:11:00");
    const JobChange waiting = bench.plan(bench.moment("11:11:00"));
    CHECK(bench.text_of(waiting) == "next 12:00:00.000001");
    bench.write(waiting);
    CHECK(bench.plan_text("12:00:01") == "run 12:00:00.000001; no cursor");
}

// ---- what cannot be evaluated
// ------------------------------------------------------------------------------------------

TEST_CASE("planner: a schedule that cannot be evaluated backs off a minute, and the fifth time disables its job") {
    Bench bench("0 9 * * *");
    bench.activate();
    const Instant now = bench.moment("09:00:00");
    for (std::uint32_t failure = 1; failure <= 4; ++failure) {
        const JobChange change = back_off({bench.job, bench.progress}, "no such zone", now);
        CHECK(bench.text_of(change) == "next 09:01:00");
        CHECK_FALSE(change.event);
        CHECK(change.runs.empty());
        CHECK(change.progress->evaluation_failures == failure);
        bench.write(change);
    }
    const JobChange fifth = back_off({bench.job, bench.progress}, "no such zone", now);
    REQUIRE(fifth.definition);
    CHECK(fifth.definition->status == JobStatus::disabled);
    CHECK(fifth.definition->status_reason == "schedule cannot be evaluated: no such zone");
    CHECK(fifth.definition->revision == bench.job.revision + 1);
    CHECK_FALSE(fifth.progress->next_run_at);
    REQUIRE(fifth.event);
    CHECK(fifth.event->verb == AuditVerb::job_disabled);
    CHECK(fifth.event->actor == "carillon");
    CHECK(fifth.event->reason == "no such zone");
    CHECK(fifth.at == now);
}

TEST_CASE("planner: a plan that works forgets the failures before it") {
    Bench bench("0 9 * * *");
    bench.activate();
    bench.write(back_off({bench.job, bench.progress}, "no such zone", bench.moment("09:00:00")));
    const JobChange change = bench.plan(bench.moment("09:01:00"));
    CHECK(bench.text_of(change) == "run 09:00:00; next 2026-03-03T09:00:00");
    CHECK(change.progress->evaluation_failures == 0);
}

// ---- closing the past
// --------------------------------------------------------------------------------------------------

TEST_CASE("planner: closing the past records what would still have run, as one row") {
    Bench bench("0 * * * *");
    bench.activate();
    const auto close = [&](const std::string& now) {
        const auto row = close_past(bench.job, bench.schedule(), bench.progress, bench.moment(now), RunReason::edited);
        return row ? support::row_text(*row, bench.date) : "nothing";
    };
    CHECK(close("00:30:00") == "nothing");
    CHECK(bench.progress.high_water == bench.moment("00:30:00"));
    CHECK(close("01:00:00") == "edited 01:00:00");
    CHECK(close("01:00:00") == "nothing");
    CHECK(close("04:59:59") == "edited 02:00:00 to 04:00:00, 3");
    CHECK(bench.progress.high_water == bench.moment("04:59:59"));
    CHECK(close("02:00:00") == "nothing"); // the clock was set back
    CHECK(bench.progress.high_water == bench.moment("04:59:59"));
}

TEST_CASE("planner: closing the past of a fixed delay records the run that was due") {
    Bench bench("@after 10m");
    bench.activate();
    JobProgress progress = bench.progress;
    CHECK_FALSE(close_past(bench.job, bench.schedule(), progress, bench.moment("00:09:59"), RunReason::paused));
    progress = bench.progress;
    const auto row = close_past(bench.job, bench.schedule(), progress, bench.moment("00:30:00"), RunReason::paused);
    REQUIRE(row);
    CHECK(support::row_text(*row, bench.date) == "paused 00:10:00");
}

TEST_CASE("planner: the first cursor lies behind both now and the ledger, and is raised there") {
    Bench bench("0 * * * *");
    JobProgress progress;
    CHECK(start_cursor(bench.job, bench.schedule(), progress, bench.moment("05:00:00")) == bench.moment("06:00:00"));
    CHECK(progress.high_water == bench.moment("05:00:00"));
    progress.high_water = bench.moment("08:30:00");
    CHECK(start_cursor(bench.job, bench.schedule(), progress, bench.moment("05:00:00")) == bench.moment("09:00:00"));
    CHECK(progress.high_water == bench.moment("08:30:00"));

    bench.job.max_runs = 3;
    progress.started_runs = 2;
    CHECK(start_cursor(bench.job, bench.schedule(), progress, bench.moment("05:00:00")));
    progress.started_runs = 3;
    CHECK_FALSE(start_cursor(bench.job, bench.schedule(), progress, bench.moment("05:00:00")));
}

// ---- rows
// --------------------------------------------------------------------------------------------------------------

TEST_CASE("planner: a row carries what claiming it needs") {
    Bench bench("0 * * * *");
    bench.job.policies.priority = 7;
    bench.job.policies.overlap = {.policy = allow, .limit = 4, .concurrency_key = "db"};
    KeyState key;
    const Instant now = bench.moment("01:00:02");
    const JobRun run = make_run(bench.job,
                                RunTrigger::schedule,
                                bench.moment("01:00:00"),
                                bench.moment("01:00:30"),
                                admit(bench.job.policies.overlap, key),
                                key,
                                now);
    CHECK(run.job_id == bench.job.id);
    CHECK(run.tenant_id == "acme");
    CHECK(run.status == JobRunStatus::pending);
    CHECK(run.scheduled_for == bench.moment("01:00:00"));
    CHECK(run.not_before == bench.moment("01:00:30"));
    CHECK(run.action_type == "test");
    CHECK(run.key == "db");
    CHECK(run.priority == 7);
    CHECK(run.slots == 4);
    CHECK(run.skip_when_busy);
    CHECK_FALSE(run.completed_at);
    CHECK(key.pending == 1);
    CHECK(key.unstarted == 1);
    CHECK(key.busy_with == run.id);

    const JobRun manual = make_run(bench.job, RunTrigger::manual, now, now, {}, key, now);
    CHECK(manual.trigger == RunTrigger::manual);
    CHECK(key.pending == 2);
    CHECK(key.unstarted == 1); // max_runs does not count what a person asked for
    CHECK(key.busy_with == run.id);

    KeyState full = busy_key(3, 1);
    const JobRun skipped = make_run(bench.job,
                                    RunTrigger::schedule,
                                    bench.moment("01:00:00"),
                                    bench.moment("01:00:00"),
                                    admit(bench.job.policies.overlap, full),
                                    full,
                                    now);
    CHECK(skipped.status == JobRunStatus::skipped);
    CHECK(skipped.reason == RunReason::overlapped);
    CHECK(skipped.blocked_by == full.busy_with);
    CHECK(skipped.completed_at == now);
    CHECK(skipped.last == bench.moment("01:00:00"));
    CHECK(skipped.occurrences == 1);
    CHECK(full.busy() == 4);
}
