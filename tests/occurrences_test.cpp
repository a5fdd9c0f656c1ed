// SPDX-License-Identifier: MIT
// occurrences_test.cpp - a job's schedule, cut by its bounds and without its excluded dates.
#include "carillon/detail/schedule_cache.hpp"
#include "carillon/occurrences.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::instant;

namespace {

using Texts = std::vector<std::string>;
using Dates = std::vector<std::chrono::year_month_day>;

JobDefinition job_of(std::string schedule, std::string zone, Dates exclude = {}) {
    JobDefinition job;
    job.schedule = std::move(schedule);
    job.time_zone = std::move(zone);
    job.exclude = std::move(exclude);
    job.created_at = instant("2011-12-01T00:00:00Z");
    return job;
}

Schedule schedule_of(const JobDefinition& job) {
    return Schedule::parse(job.schedule, detail::schedule_options(job)).value();
}

/// From `from` up to `to`, one after the other.
Texts between(const JobDefinition& job, std::string_view from, std::string_view to) {
    const Schedule schedule = schedule_of(job);
    const Occurrences occurrences(job, schedule);
    Texts texts;
    for (auto at = occurrences.next(instant(from) - 1us); at && *at < instant(to); at = occurrences.next(*at))
        texts.push_back(support::local_text(*at, schedule.zone()));
    return texts;
}

} // namespace

TEST_CASE("occurrences: an excluded date is one of the job's zone, whole, and no other") {
    const support::TestZones zones;
    using namespace std::chrono;
    // Tokyo's 2 March begins on 1 March at 15:00Z
    CHECK(
        between(job_of("0 */8 * * *", "Asia/Tokyo", {2026y / 3 / 2}), "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z") ==
        Texts{"2026-03-01 16:00:00 +09:00", "2026-03-03 00:00:00 +09:00", "2026-03-03 08:00:00 +09:00"});
    CHECK(between(job_of("0 9 * * MON-FRI", "Europe/Paris", {2026y / 12 / 25, 2027y / 1 / 1}),
                  "2026-12-24T00:00:00Z",
                  "2027-01-05T00:00:00Z") == Texts{"2026-12-24 09:00:00 +01:00",
                                                   "2026-12-28 09:00:00 +01:00",
                                                   "2026-12-29 09:00:00 +01:00",
                                                   "2026-12-30 09:00:00 +01:00",
                                                   "2026-12-31 09:00:00 +01:00",
                                                   "2027-01-04 09:00:00 +01:00"});
}

TEST_CASE("occurrences: elapsed time is excluded by the date that it falls on, and keeps its rhythm") {
    const support::TestZones zones;
    using namespace std::chrono;
    JobDefinition job = job_of("@every 18h", "America/New_York", {2026y / 3 / 8}); // a day of 23 hours
    job.created_at = instant("2026-03-07T06:00:00Z");
    CHECK(between(job, "2026-03-07T06:00:00Z", "2026-03-10T12:00:00Z") == Texts{"2026-03-07 01:00:00 -05:00",
                                                                                "2026-03-07 19:00:00 -05:00",
                                                                                "2026-03-09 08:00:00 -04:00",
                                                                                "2026-03-10 02:00:00 -04:00"});
}

TEST_CASE("occurrences: an excluded date that was skipped or shown twice takes all that it has with it") {
    const support::TestZones zones;
    using namespace std::chrono;
    CHECK(between(job_of("0 9 * * *", "Pacific/Apia", {2011y / 12 / 30}),
                  "2011-12-29T00:00:00Z",
                  "2011-12-31T12:00:00Z") == Texts{"2011-12-29 09:00:00 -10:00", "2011-12-31 09:00:00 +14:00"});
    // In 2010 the clocks of St. John's went back from 00:01 of 7 November to 23:01 of the 6th.
    const auto st_johns = [](Dates exclude) {
        return between(job_of("*/20 23,0 * * *", "America/St_Johns", std::move(exclude)),
                       "2010-11-07T01:30:00Z",
                       "2010-11-07T04:00:00Z");
    };
    CHECK(st_johns({}) == Texts{"2010-11-06 23:00:00 -02:30",
                                "2010-11-06 23:20:00 -02:30",
                                "2010-11-06 23:40:00 -02:30",
                                "2010-11-07 00:00:00 -02:30",
                                "2010-11-06 23:20:00 -03:30",
                                "2010-11-06 23:40:00 -03:30",
                                "2010-11-07 00:00:00 -03:30",
                                "2010-11-07 00:20:00 -03:30"});
    CHECK(st_johns({2010y / 11 / 6}) ==
          Texts{"2010-11-07 00:00:00 -02:30", "2010-11-07 00:00:00 -03:30", "2010-11-07 00:20:00 -03:30"});
    CHECK(st_johns({2010y / 11 / 7}) == Texts{"2010-11-06 23:00:00 -02:30",
                                              "2010-11-06 23:20:00 -02:30",
                                              "2010-11-06 23:40:00 -02:30",
                                              "2010-11-06 23:20:00 -03:30",
                                              "2010-11-06 23:40:00 -03:30"});
}

TEST_CASE("occurrences: start_at is inclusive, end_at is not, to the microsecond") {
    JobDefinition job = job_of("0 9 * * *", "UTC");
    const auto first = [&](const char* start, const char* end) {
        job.start_at = instant(start);
        job.end_at = instant(end);
        const Schedule schedule = schedule_of(job);
        const Occurrences occurrences(job, schedule);
        const auto next = occurrences.next(Instant::min());
        const auto last = occurrences.last_in(Instant::min(), Instant::max());
        return (next ? to_rfc3339(*next) : "none") + " to " + (last ? to_rfc3339(*last) : "none");
    };
    CHECK(first("2026-03-02T09:00:00Z", "2026-03-05T09:00:00Z") == "2026-03-02T09:00:00Z to 2026-03-04T09:00:00Z");
    CHECK(first("2026-03-02T09:00:00.000001Z", "2026-03-05T09:00:00.000001Z") ==
          "2026-03-03T09:00:00Z to 2026-03-05T09:00:00Z");
    CHECK(first("2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000001Z") ==
          "2026-03-02T09:00:00Z to 2026-03-02T09:00:00Z");
    CHECK(first("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z") == "none to none");
    CHECK(first("2026-03-02T10:00:00Z", "2026-03-03T09:00:00Z") == "none to none");
}

TEST_CASE("occurrences: the anchor of a fixed rate is the start of the job, else its creation") {
    JobDefinition job = job_of("@every 1h", "UTC");
    job.created_at = instant("2026-03-02T09:10:00.7Z");
    CHECK(schedule_of(job).next(job.created_at) == instant("2026-03-02T10:10:00Z"));
    job.start_at = instant("2026-03-02T12:30:00Z");
    const Schedule schedule = schedule_of(job);
    CHECK(Occurrences(job, schedule).next(job.created_at) == instant("2026-03-02T12:30:00Z"));
}

TEST_CASE("occurrences: next and last_in are what a walk over the schedule finds, whatever is excluded") {
    const support::TestZones zones;
    std::mt19937_64 random{1'225};
    const auto number = [&](int first, int last) {
        return first + static_cast<int>(random() % static_cast<unsigned>(last - first + 1));
    };
    const std::array schedules{
        "0 */5 * * *", "30 2 * * *", "@every 7h", "R/2026-03-01T02:30:00/P2D", "0 0 * * * | 0 12 * * SUN"};
    const std::array places{"America/New_York", "Australia/Lord_Howe", "UTC", "Antarctica/Troll"};
    for (int round = 0; round < 60; ++round) {
        JobDefinition job =
            job_of(schedules[static_cast<std::size_t>(number(0, 4))], places[static_cast<std::size_t>(number(0, 3))]);
        job.created_at = instant("2026-02-27T23:00:00Z");
        for (std::chrono::sys_days day{std::chrono::year{2026} / 2 / 27}; day < instant("2026-04-20T00:00:00Z");
             day += std::chrono::days{1})
            if (number(0, 1) == 0) job.exclude.emplace_back(day);
        if (number(0, 1) == 0) job.start_at = instant("2026-03-05T00:00:00Z") + std::chrono::hours{number(0, 200)};
        if (number(0, 1) == 0) job.end_at = instant("2026-04-01T00:00:00Z") + std::chrono::hours{number(0, 200)};
        const Schedule schedule = schedule_of(job);
        const Occurrences occurrences(job, schedule);
        std::vector<Instant> all;
        for (const Instant at : schedule.between(instant("2026-02-28T00:00:00Z"), instant("2026-04-20T00:00:00Z"))) {
            const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(schedule.zone().to_local(at))};
            const bool excluded = std::find(job.exclude.begin(), job.exclude.end(), date) != job.exclude.end();
            const bool before = job.start_at && at < *job.start_at;
            if (!excluded && !before && !(job.end_at && at >= *job.end_at)) all.push_back(at);
        }
        INFO("round " << round << ": " << job.schedule << " in " << job.time_zone);
        for (int i = 0; i < 40; ++i) {
            const Instant after = instant("2026-02-28T00:00:00Z") + std::chrono::minutes{number(0, 45 * 24 * 60)};
            const Instant until = after + std::chrono::minutes{number(0, 4 * 24 * 60)};
            const auto next = std::upper_bound(all.begin(), all.end(), after);
            if (next != all.end()) REQUIRE(occurrences.next(after) == *next);
            const auto behind = std::upper_bound(all.begin(), all.end(), until);
            const bool none = behind == all.begin() || *std::prev(behind) <= after;
            REQUIRE(occurrences.last_in(after, until) == (none ? std::nullopt : std::optional(*std::prev(behind))));
        }
    }
}
