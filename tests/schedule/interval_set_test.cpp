// SPDX-License-Identifier: MIT
// interval_set_test.cpp - equal distances, in elapsed time and on the calendar, beside a count on one's fingers.
#include "carillon/schedule/interval_set.hpp"
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using carillon::detail::CalendarInterval;
using carillon::detail::CivilSecond;
using carillon::detail::FixedRate;
using carillon::detail::UtcSecond;
using support::instant;

namespace {

using Texts = std::vector<std::string>;

/// The first occurrences in UTC, after the year 1970 began.
Texts first_of(std::string_view text, std::size_t n, const char* zone = "UTC") {
    Texts texts;
    for (const Instant at : Schedule::parse(text, {.time_zone = zone}).value().upcoming(Instant::min(), n))
        texts.push_back(to_rfc3339(at));
    return texts;
}

/// Month after month, by std::chrono: the day, or the last one of a month that has no such day.
CivilSecond counted(CivilSecond start, int months, std::chrono::seconds rest, int n) {
    const auto day = std::chrono::floor<std::chrono::days>(start);
    const std::chrono::year_month_day date{day};
    std::chrono::year_month month{date.year(), date.month()};
    for (int i = 0; i < n * months; ++i)
        month += std::chrono::months{1};
    const std::chrono::year_month_day_last last{month.year(), month.month() / std::chrono::last};
    const auto moved = month / std::min(date.day(), last.day());
    CivilSecond result = std::chrono::local_days{moved} + (start - day);
    for (int i = 0; i < n; ++i)
        result += rest;
    return result;
}

struct Dice {
    std::mt19937_64 random;
    int number(int first, int last) {
        return first + static_cast<int>(random() % static_cast<unsigned>(last - first + 1));
    }
};

} // namespace

TEST_CASE("interval: a month after the 31st is the last day of a shorter month, and the 31st comes again") {
    CHECK(first_of("R/2026-01-31T09:00:00Z/P1M", 5) == Texts{"2026-01-31T09:00:00Z",
                                                             "2026-02-28T09:00:00Z",
                                                             "2026-03-31T09:00:00Z",
                                                             "2026-04-30T09:00:00Z",
                                                             "2026-05-31T09:00:00Z"});
    CHECK(first_of("R/2027-12-30T09:00:00Z/P1M", 4) ==
          Texts{"2027-12-30T09:00:00Z", "2028-01-30T09:00:00Z", "2028-02-29T09:00:00Z", "2028-03-30T09:00:00Z"});
    CHECK(first_of("R/2026-05-31T00:00:00Z/P6M", 4) ==
          Texts{"2026-05-31T00:00:00Z", "2026-11-30T00:00:00Z", "2027-05-31T00:00:00Z", "2027-11-30T00:00:00Z"});
}

TEST_CASE("interval: years after a leap day are 28 February, but in leap years") {
    CHECK(first_of("R/2024-02-29T12:00:00Z/P1Y", 5) == Texts{"2024-02-29T12:00:00Z",
                                                             "2025-02-28T12:00:00Z",
                                                             "2026-02-28T12:00:00Z",
                                                             "2027-02-28T12:00:00Z",
                                                             "2028-02-29T12:00:00Z"});
    CHECK(first_of("R/2096-02-29T12:00:00Z/P4Y", 3) ==
          Texts{"2096-02-29T12:00:00Z", "2100-02-28T12:00:00Z", "2104-02-29T12:00:00Z"});
}

TEST_CASE("interval: weeks and days are the calendar's, hours alone are elapsed time") {
    const support::TestZones zones;
    // Paris puts its clocks forward on 29 March 2026, and back on 25 October.
    CHECK(first_of("R/2026-03-28T09:00:00/P1D", 3, "Europe/Paris") ==
          Texts{"2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"});
    CHECK(first_of("R/2026-03-28T09:00:00/PT24H", 3, "Europe/Paris") ==
          Texts{"2026-03-28T08:00:00Z", "2026-03-29T08:00:00Z", "2026-03-30T08:00:00Z"});
    CHECK(first_of("R/2026-10-18T09:00:00/P1W", 3, "Europe/Paris") ==
          Texts{"2026-10-18T07:00:00Z", "2026-10-25T08:00:00Z", "2026-11-01T08:00:00Z"});
    CHECK(first_of("R/2026-03-28T09:00:00/P1DT1H", 3, "Europe/Paris") ==
          Texts{"2026-03-28T08:00:00Z", "2026-03-29T08:00:00Z", "2026-03-30T09:00:00Z"});
}

TEST_CASE("interval: what falls into a gap runs at its end, what comes twice runs the first time") {
    const support::TestZones zones;
    CHECK(first_of("R/2026-03-07T02:30:00/P1D", 3, "America/New_York") ==
          Texts{"2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"});
    CHECK(first_of("R/2026-10-31T01:30:00/P1D", 3, "America/New_York") ==
          Texts{"2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"});
    CHECK(first_of("R/2011-12-29T09:00:00/P1D", 2, "Pacific/Apia") ==
          Texts{"2011-12-29T19:00:00Z", "2011-12-30T19:00:00Z"}); // the 30th is no date there
}

TEST_CASE(
    "interval: a start on the wall that was skipped is the moment when the clock went on, and elapsed time counts "
    "from there") {
    const support::TestZones zones;
    CHECK(first_of("R/2026-03-08T02:30:00/PT1H", 2, "America/New_York") ==
          Texts{"2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"});
    CHECK(first_of("R/2026-11-01T01:30:00/PT1H", 2, "America/New_York") ==
          Texts{"2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"});
}

TEST_CASE("interval: a number of repetitions is how often it happens") {
    CHECK(first_of("R1/2026-03-01T00:00:00Z/P1M", 9) == Texts{"2026-03-01T00:00:00Z"});
    CHECK(first_of("R3/2026-03-31T00:00:00Z/P1M", 9) ==
          Texts{"2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z", "2026-05-31T00:00:00Z"});
    CHECK(first_of("R2/2026-03-01T00:00:00Z/PT36H", 9) == Texts{"2026-03-01T00:00:00Z", "2026-03-02T12:00:00Z"});
    CHECK(first_of("R5/1969-12-30T00:00:00Z/P1D", 9) ==
          Texts{"1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z", "1970-01-03T00:00:00Z"}); // those before count too
    const Schedule three = Schedule::parse("R3/2026-03-31T00:00:00Z/P1M").value();
    CHECK(three.previous(Instant::max()) == instant("2026-05-31T00:00:00Z"));
    CHECK(three.previous(instant("2026-03-31T00:00:00Z")) == std::nullopt);
}

TEST_CASE("interval: parts of a period add up, the months first") {
    CHECK(first_of("R/2026-01-31T00:00:00Z/P1M1D", 4) ==
          Texts{"2026-01-31T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-02T00:00:00Z", "2026-05-03T00:00:00Z"});
    CHECK(first_of("R/2026-01-01T00:00:00Z/P1Y2M1W3DT4H5M6S", 2) ==
          Texts{"2026-01-01T00:00:00Z", "2027-03-11T04:05:06Z"});
    CHECK(first_of("R/2026-01-01T00:00:00Z/P0Y0M1D", 2) == Texts{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"});
}

TEST_CASE("interval: a fraction of the start is rounded up, so that nothing is early") {
    CHECK(first_of("R/2025-12-31T23:59:59.000001Z/P1M", 2) == Texts{"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"});
    CHECK(first_of("R/2026-03-01T00:00:00.5+01:00/PT1H", 1) == Texts{"2026-02-28T23:00:01Z"});
}

TEST_CASE("interval: a period on the calendar is what a count of months and days says, both ways") {
    Dice dice{std::mt19937_64{20'260'131}};
    for (int round = 0; round < 300; ++round) {
        const CivilSecond start = std::chrono::local_days{std::chrono::days{dice.number(-3'000, 30'000)}} +
                                  std::chrono::seconds{dice.number(0, 86'399)};
        const int months = dice.number(0, 2) == 0 ? 0 : dice.number(1, 30);
        const std::chrono::seconds rest = 24h * dice.number(months == 0 ? 1 : 0, 40) +
                                          std::chrono::seconds{dice.number(0, 1) * dice.number(0, 86'399)};
        const int count = dice.number(1, 40);
        const CalendarInterval interval{start, months, rest, count};
        std::vector<CivilSecond> all;
        for (int n = 0; n < count; ++n) {
            const CivilSecond at = counted(start, months, rest, n);
            if (at >= CivilSecond{} && at < CivilSecond{detail::end_of_scheduled_seconds}) all.push_back(at);
        }
        INFO("round " << round << ", " << months << " months, " << rest.count() << " s, " << count << " times");
        REQUIRE(std::is_sorted(all.begin(), all.end()));
        for (const CivilSecond at : all)
            for (const CivilSecond near : {at - 1s, at, at + 1s}) {
                const auto next = std::lower_bound(all.begin(), all.end(), near);
                const auto behind = std::upper_bound(all.begin(), all.end(), near);
                REQUIRE(interval.next_or_at(near) == (next == all.end() ? std::nullopt : std::optional(*next)));
                REQUIRE(interval.previous_or_at(near) ==
                        (behind == all.begin() ? std::nullopt : std::optional(*std::prev(behind))));
                REQUIRE(interval.matches(near) == std::binary_search(all.begin(), all.end(), near));
            }
    }
}

TEST_CASE("interval: a fixed rate is what a count of seconds says, both ways") {
    Dice dice{std::mt19937_64{7}};
    for (int round = 0; round < 40; ++round) {
        const UtcSecond start{std::chrono::seconds{dice.number(-2'000, 2'000)}};
        const std::chrono::seconds period{dice.number(1, 500)};
        const int count = dice.number(1, 30);
        const FixedRate rate{start, period, count};
        std::vector<UtcSecond> all;
        for (int n = 0; n < count; ++n)
            if (const UtcSecond at = start + n * period; at >= UtcSecond{}) all.push_back(at);
        INFO("round " << round);
        for (UtcSecond at = start - 10s; at < start + count * period + 10s; at += 1s) {
            const auto next = std::lower_bound(all.begin(), all.end(), at);
            const auto behind = std::upper_bound(all.begin(), all.end(), at);
            REQUIRE(rate.first_from(at) == (next == all.end() ? detail::nothing_later : *next));
            REQUIRE(rate.last_until(at) == (behind == all.begin() ? detail::nothing_earlier : *std::prev(behind)));
        }
    }
}

TEST_CASE("interval: the longest periods and the furthest starts stay within the years") {
    CHECK(first_of("R/0000-01-01T00:00:00Z/P100Y", 3) == Texts{"2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"});
    CHECK(first_of("R/0000-01-01T00:00:00Z/PT1S", 2) == Texts{"1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"});
    CHECK(first_of("R/9999-12-31T23:59:59Z/P1D", 1).empty());
    CHECK(first_of("R/9999-12-31T23:59:59Z/PT1S", 1).empty());
    CHECK(first_of("R999999999/0000-01-01T00:00:00Z/P1D", 1) == Texts{"1970-01-01T00:00:00Z"});
    const Schedule every_day = Schedule::parse("R/0000-02-29T00:00:00Z/P1D").value();
    CHECK(every_day.previous(Instant::max()) == instant("2199-12-31T00:00:00Z"));
}
