// SPDX-License-Identifier: MIT
// scheduler_facade/summaries_test.cpp - the numbers of a tenant, and the days of a job.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <string>
#include <vector>

using namespace support;

namespace {

struct Summaries : FacadeFixture {
    ScheduledJob
    create(const std::string& name, const std::string& schedule = "0 9 * * *", const std::string& zone = "") {
        JobSpec spec = spec_of(schedule);
        spec.name = name;
        spec.time_zone = zone;
        return scheduler.create_job("acme", spec);
    }
    /// "2026-03-02: 1 ok, 2 failed, paused 3".
    [[nodiscard]] static std::string text_of(const Calendar& calendar) {
        std::string text;
        for (const CalendarDay& day : calendar.days) {
            text += (text.empty() ? "" : "; ") + detail::date_text(day.day).substr(5) + ":";
            if (day.completed > 0) text += " " + std::to_string(day.completed) + " ok";
            if (day.failed + day.timed_out > 0) text += " " + std::to_string(day.failed + day.timed_out) + " failed";
            if (day.cancelled > 0) text += " " + std::to_string(day.cancelled) + " cancelled";
            for (const auto& [reason, count] : day.skipped)
                text += " " + std::string(to_string(reason)) + " " + std::to_string(count);
        }
        return text;
    }
    [[nodiscard]] std::string
    days(const ScheduledJob& of, std::string_view from, std::string_view to, std::string_view zone = "") const {
        return text_of(scheduler.calendar(of.id, "acme", at(from), at(to), zone).value());
    }
};

/// A row of skips.
RunOutcome skips(Instant from, Instant to, std::uint64_t occurrences) {
    RunOutcome row;
    row.status = JobRunStatus::skipped;
    row.reason = RunReason::paused;
    row.scheduled_for = from;
    row.last = to;
    row.occurrences = occurrences;
    return row;
}

} // namespace

TEST_CASE_METHOD(Summaries, "stats: what there is, what is due, what went wrong, and when runs ended") {
    const TenantStats none = scheduler.stats("nobody");
    CHECK(none.jobs.at(JobStatus::active) == 0);
    CHECK(none.minutes.size() == 60);
    CHECK(none.attention.empty());

    const auto good = create("good");
    const auto bad = create("bad", "30 8 * * *");
    scheduler.pause_job(create("paused").id, "acme");
    JobSpec off = daily("off");
    off.enabled = false;
    scheduler.create_job("acme", off);
    execute(good);
    clock->advance(1min);
    execute(bad, JobRunStatus::failed);
    execute(good);
    scheduler.trigger_job(good.id, "acme");
    const Instant since = now();
    clock->advance(90s);

    TenantStats stats = scheduler.stats("acme");
    CHECK(stats.jobs ==
          std::map<JobStatus, std::size_t>{
              {JobStatus::active, 2}, {JobStatus::paused, 1}, {JobStatus::disabled, 1}, {JobStatus::completed, 0}});
    CHECK(stats.running == 0);
    CHECK(stats.due == Count{3, false}); // 8:30, 9:00, and the run that was asked for
    CHECK(stats.oldest_due == since);
    CHECK(stats.failed_24h == Count{1, false});
    REQUIRE(stats.minutes.size() == 60);
    CHECK(stats.minutes[57] == MinuteStats{monday_8, 1, 0});
    CHECK(stats.minutes[58] == MinuteStats{monday_8 + 1min, 1, 1});
    CHECK(stats.minutes[59] == MinuteStats{monday_8 + 2min, 0, 0});
    CHECK_FALSE(stats.minutes_partial_before);
    REQUIRE(stats.attention.size() == 2);
    CHECK(stats.attention[0].name == "bad");
    CHECK(stats.attention[1].name == "off");
    CHECK(stats.attention_total == Count{2, false});

    CHECK(claim().size() == 1);
    stats = scheduler.stats("acme");
    CHECK(stats.running == 1);
    CHECK(stats.due.n == 2);
    CHECK_FALSE(stats.oldest_due);
    clock->advance(25h);
    stats = scheduler.stats("acme");
    CHECK(stats.failed_24h.n == 0);
    CHECK(stats.oldest_due == at("2026-03-02T08:30:00Z"));
    CHECK(stats.minutes[0] == MinuteStats{at("2026-03-03T08:03:00Z"), 0, 0});
}

TEST_CASE("stats: of skips that began before the day, the share of the day counts") {
    const Instant since = monday_8;
    struct Case {
        Instant from;
        Instant to;
        std::uint64_t occurrences;
        std::uint64_t expected;
    };
    const std::vector<Case> cases{
        {since, since + 1h, 61, 61},
        {since - 1us, since - 1us, 1, 0},
        {since - 10h, since + 10h, 21, 10},
        {since - 10h, since, 11, 1},
        {since - 99h, since + 1us, 2, 1},
    };
    for (const Case& c : cases) {
        INFO(to_rfc3339(c.from) << " to " << to_rfc3339(c.to));
        TenantStats stats;
        detail::count_skips(stats, {skips(c.from, c.to, c.occurrences)}, since);
        CHECK(stats.skipped_24h[RunReason::paused] == c.expected);
    }
}

TEST_CASE("stats: where there are too many rows, the minutes say from when on they are whole") {
    std::vector<RunOutcome> rows(detail::most_rows_for_stats);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].status = JobRunStatus::completed;
        rows[i].scheduled_for = monday_8 - 10ms * static_cast<int>(i);
        rows[i].completed_at = monday_8;
    }
    TenantStats stats;
    detail::count_minutes(stats, rows, monday_8);
    CHECK(stats.minutes[59].ok == rows.size());
    CHECK(stats.minutes_partial_before == rows.back().scheduled_for);
}

TEST_CASE_METHOD(Summaries, "calendar: each day with its ends, in the job's zone or in another") {
    const auto job = create("job", "0 12 * * *", "Asia/Tokyo");
    execute(job); // Monday, 17:00 in Tokyo
    clock->advance(8h);
    execute(job, JobRunStatus::failed); // 16:00Z is Tuesday there
    const auto cancelled = scheduler.trigger_job(job.id, "acme").value();
    scheduler.cancel_run(cancelled.id, "acme");
    scheduler.trigger_job(job.id, "acme"); // has not ended
    CHECK(days(job, "2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z") == "03-02: 1 ok; 03-03: 1 failed 1 cancelled");
    CHECK(days(job, "2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z", "UTC") == "03-02: 1 ok 1 failed 1 cancelled");
    CHECK(days(job, "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z") == "03-02: 1 ok");
    CHECK(days(job, "2026-03-02T08:00:01Z", "2026-03-02T16:00:00Z").empty());
    const auto calendar = scheduler.calendar(job.id, "acme", monday_8, monday_8 + 24h);
    CHECK(calendar->time_zone == "Asia/Tokyo");
    CHECK_FALSE(calendar->partial_before);
    CHECK_FALSE(scheduler.calendar(job.id, "globex", monday_8, monday_8 + 24h));

    storage->purge({.runs = 1h}, now() + 2h, 100);
    scheduler.pause_job(job.id, "acme");
    go_to("2026-03-05T08:00:00Z");
    scheduler.resume_job(job.id, "acme");
    CHECK(days(job, "2026-03-02T00:00:00Z", "2026-03-10T00:00:00Z") ==
          "03-03: paused 1; 03-04: paused 1; 03-05: paused 1");
    CHECK(days(job, "2026-03-03T15:00:00Z", "2026-03-04T15:00:00Z") == "03-04: paused 1");
}

TEST_CASE("calendar: skips are spread over their days, and the middle duration is the day's") {
    const TimeZone utc;
    struct Case {
        Instant last;
        std::uint64_t occurrences;
        std::vector<std::uint64_t> by_day;
    };
    for (const Case& c : std::vector<Case>{{monday_8, 1, {1}},
                                           {monday_8 + 24h, 2, {1, 1}},
                                           {monday_8 + 72h, 2, {1, 0, 1, 0}},
                                           {monday_8 + 48h, 10'000, {3334, 3333, 3333}}}) {
        detail::CalendarBuilder builder(utc, monday_8, monday_8 + 24h * 10);
        builder.add(skips(monday_8, c.last, c.occurrences));
        std::vector<std::uint64_t> by_day;
        for (const CalendarDay& day : builder.take())
            by_day.push_back(day.skipped.at(RunReason::paused));
        CHECK(by_day == c.by_day);
    }
    detail::CalendarBuilder builder(utc, monday_8, monday_8 + 1h);
    for (const Duration duration : {Duration{9s}, Duration{1s}, Duration{2s}, Duration{7s}}) {
        RunOutcome run;
        run.status = JobRunStatus::completed;
        run.scheduled_for = monday_8;
        run.duration = duration;
        builder.add(run);
    }
    CHECK(builder.take().at(0).p50 == 2s);
}
