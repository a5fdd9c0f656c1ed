// SPDX-License-Identifier: MIT
// schedule_test.cpp - every kind of schedule: its instants in both directions, its words, and what is refused.
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::instant;

namespace {

using Texts = std::vector<std::string>;

const Instant march = instant("2026-03-01T00:00:00Z");

Schedule schedule(std::string_view text, const ScheduleOptions& options = {}) {
    return Schedule::parse(text, options).value();
}

std::string text_of(std::optional<Instant> at) {
    return at ? to_rfc3339(*at) : "none";
}

Texts texts_of(const std::vector<Instant>& instants) {
    Texts texts;
    for (const Instant at : instants)
        texts.push_back(to_rfc3339(at));
    return texts;
}

Texts next_three(const Schedule& s, Instant after = march) {
    return texts_of(s.upcoming(after, 3));
}

/// The last three before an instant, the latest first.
Texts last_three(const Schedule& s, Instant before = march) {
    std::vector<Instant> found;
    for (auto at = s.previous(before); at && found.size() < 3; at = s.previous(*at))
        found.push_back(*at);
    return texts_of(found);
}

} // namespace

// ---- questions -----------------------------------------------------------------------------------------------------

TEST_CASE("schedule: next is later than its instant, previous earlier; next_or_at and previous_or_at may be it") {
    const Schedule nine = schedule("0 9 * * *");
    struct Row {
        const char* at;
        const char* next;
        const char* next_or_at;
        const char* previous;
        const char* previous_or_at;
    };
    for (const Row& row : {
             Row{"2026-03-01T08:59:59.999999Z",
                 "2026-03-01T09:00:00Z",
                 "2026-03-01T09:00:00Z",
                 "2026-02-28T09:00:00Z",
                 "2026-02-28T09:00:00Z"},
             Row{"2026-03-01T09:00:00Z",
                 "2026-03-02T09:00:00Z",
                 "2026-03-01T09:00:00Z",
                 "2026-02-28T09:00:00Z",
                 "2026-03-01T09:00:00Z"},
             Row{"2026-03-01T09:00:00.000001Z",
                 "2026-03-02T09:00:00Z",
                 "2026-03-02T09:00:00Z",
                 "2026-03-01T09:00:00Z",
                 "2026-03-01T09:00:00Z"},
             Row{"1970-01-01T09:00:00Z",
                 "1970-01-02T09:00:00Z",
                 "1970-01-01T09:00:00Z",
                 "none",
                 "1970-01-01T09:00:00Z"},
             Row{"1969-12-31T23:59:59.5Z", "1970-01-01T09:00:00Z", "1970-01-01T09:00:00Z", "none", "none"},
             Row{"0000-01-01T00:00:00Z", "1970-01-01T09:00:00Z", "1970-01-01T09:00:00Z", "none", "none"},
             Row{"2199-12-31T09:00:00Z",
                 "none",
                 "2199-12-31T09:00:00Z",
                 "2199-12-30T09:00:00Z",
                 "2199-12-31T09:00:00Z"},
             Row{"9999-12-31T23:59:59Z", "none", "none", "2199-12-31T09:00:00Z", "2199-12-31T09:00:00Z"},
         }) {
        const Instant at = instant(row.at);
        INFO(row.at);
        CHECK(text_of(nine.next(at)) == row.next);
        CHECK(text_of(nine.next_or_at(at)) == row.next_or_at);
        CHECK(text_of(nine.previous(at)) == row.previous);
        CHECK(text_of(nine.previous_or_at(at)) == row.previous_or_at);
        CHECK(nine.matches(at) == (text_of(nine.previous_or_at(at)) == row.at));
    }
    CHECK(text_of(nine.next(Instant::min())) == "1970-01-01T09:00:00Z");
    CHECK(text_of(nine.previous(Instant::max())) == "2199-12-31T09:00:00Z");
    CHECK(nine.next(Instant::max()) == std::nullopt);
    CHECK(nine.previous(Instant::min()) == std::nullopt);
}

TEST_CASE("schedule: the years 1970 to 2199 are those on the wall") {
    const support::TestZones zones;
    const Schedule kiritimati =
        schedule("0 0 1 1 *", {.time_zone = "Pacific/Kiritimati"}); // 10:40 behind, then 14 ahead
    CHECK(text_of(kiritimati.next(Instant::min())) == "1970-01-01T10:40:00Z");
    CHECK(text_of(kiritimati.previous(Instant::max())) == "2198-12-31T10:00:00Z");
    const Schedule new_york = schedule("59 23 31 12 *", {.time_zone = "America/New_York"});
    CHECK(text_of(new_york.previous(Instant::max())) == "2200-01-01T04:59:00Z");
}

TEST_CASE("schedule: between includes where it begins and not where it ends") {
    const Schedule hourly = schedule("0 * * * *");
    const auto between = [&](std::string_view from, std::string_view to) {
        return texts_of(hourly.between(instant(from), instant(to)));
    };
    CHECK(between("2026-03-01T09:00:00Z", "2026-03-01T11:00:00Z") ==
          Texts{"2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"});
    CHECK(between("2026-03-01T09:00:00.000001Z", "2026-03-01T11:00:00.000001Z") ==
          Texts{"2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"});
    CHECK(between("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z").empty());
    CHECK(between("2026-03-01T11:00:00Z", "2026-03-01T09:00:00Z").empty());
    CHECK(hourly.between(march, march + 24h * 365 * 3).size() == 10'000);
    CHECK(hourly.between(march, march + 24h, 5).size() == 5);
    CHECK(hourly.between(march, march + 24h, 0).empty());
    CHECK(hourly.between(Instant::min(), instant("1970-01-01T02:00:00Z")).size() == 2);
    CHECK(hourly.between(instant("2199-12-31T22:00:00Z"), Instant::max()).size() == 2);
}

TEST_CASE("schedule: upcoming is a range that goes on where it was left") {
    static_assert(std::input_iterator<ScheduleCursor::Iterator>);
    static_assert(std::ranges::input_range<ScheduleCursor>);
    const Schedule daily = schedule("0 9 * * *");
    Texts seen;
    for (const Instant at : daily.upcoming(march)) {
        seen.push_back(to_rfc3339(at));
        if (seen.size() == 3) break;
    }
    CHECK(seen == next_three(daily));

    ScheduleCursor cursor = daily.upcoming(march);
    CHECK(text_of(cursor.next()) == "2026-03-01T09:00:00Z");
    CHECK(to_rfc3339(*cursor.begin()) == "2026-03-02T09:00:00Z");
    CHECK(text_of(cursor.next()) == "2026-03-03T09:00:00Z");

    std::size_t left = 0;
    for (const Instant at : daily.upcoming(instant("2199-12-30T00:00:00Z")))
        left += at > march ? 1U : 0U;
    CHECK(left == 2);
    for ([[maybe_unused]] const Instant at : schedule("@reboot").upcoming(march))
        FAIL("an event has no occurrence");
}

TEST_CASE("schedule: a cursor keeps its schedule alive") {
    ScheduleCursor cursor = schedule("0 9 * * *").upcoming(march);
    CHECK(text_of(cursor.next()) == "2026-03-01T09:00:00Z");
}

TEST_CASE("schedule: threads ask one schedule while the time zones are read again", "[concurrent]") {
    std::atomic<int> release = 0;
    const support::TestZones zones([&](std::string_view name) -> std::optional<std::string> {
        if (name == "+VERSION") return "2025" + std::string(1, static_cast<char>('a' + release % 26));
        return support::zone_bytes(release % 2 == 0 || name == "Europe/Paris" ? name : "Asia/Tokyo");
    });
    const ScheduleOptions in_new_york{.time_zone = "America/New_York"};
    const Schedule shared = schedule("30 2 * * *", in_new_york);
    const auto expected = shared.upcoming(march, 400);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                Instant at = march;
                for (const Instant next : expected) {
                    if (shared.next(at) != next) ++wrong;
                    at = next;
                }
                if (shared.time_zone() != "America/New_York") ++wrong;
                if (!Schedule::parse("0 9 * * *", in_new_york)) ++wrong;
                if (TimeZone::find("Europe/Paris")->offset_at(march) != UtcOffset{3'600}) ++wrong;
            }
        });
    threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
            ++release;
            if (!reload_time_zones()) ++wrong;
        }
    });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(wrong == 0);
}

// ---- kinds ---------------------------------------------------------------------------------------------------------

TEST_CASE("schedule: each kind in both directions, and in words") {
    const support::TestZones zones;
    struct Row {
        const char* text;
        ScheduleKind kind;
        Texts next;
        Texts last;
        const char* words;
    };
    const ScheduleOptions options{.time_zone = "America/New_York", .anchor = instant("2026-02-28T22:15:00.75Z")};
    for (const Row& row : {
             Row{"0 9 * * MON-FRI",
                 ScheduleKind::cron,
                 {"2026-03-02T14:00:00Z", "2026-03-03T14:00:00Z", "2026-03-04T14:00:00Z"},
                 {"2026-02-27T14:00:00Z", "2026-02-26T14:00:00Z", "2026-02-25T14:00:00Z"},
                 "At 09:00 on weekdays, America/New_York"},
             Row{"@weekly",
                 ScheduleKind::cron,
                 {"2026-03-01T05:00:00Z", "2026-03-08T05:00:00Z", "2026-03-15T04:00:00Z"},
                 {"2026-02-22T05:00:00Z", "2026-02-15T05:00:00Z", "2026-02-08T05:00:00Z"},
                 "At 00:00 on Sunday, America/New_York"},
             Row{"@every 1h30m",
                 ScheduleKind::every,
                 {"2026-03-01T01:15:00Z", "2026-03-01T02:45:00Z", "2026-03-01T04:15:00Z"},
                 {"2026-02-28T23:45:00Z", "2026-02-28T22:15:00Z"},
                 "Every 1 hour 30 minutes from 2026-02-28T22:15:00Z"},
             Row{"@EVERY 90s",
                 ScheduleKind::every,
                 {"2026-03-01T00:01:30Z", "2026-03-01T00:03:00Z", "2026-03-01T00:04:30Z"},
                 {"2026-02-28T23:58:30Z", "2026-02-28T23:57:00Z", "2026-02-28T23:55:30Z"},
                 "Every 1 minute 30 seconds from 2026-02-28T22:15:00Z"},
             Row{"rate(1 day)",
                 ScheduleKind::rate,
                 {"2026-03-01T22:15:00Z", "2026-03-02T22:15:00Z", "2026-03-03T22:15:00Z"},
                 {"2026-02-28T22:15:00Z"},
                 "Every 24 hours from 2026-02-28T22:15:00Z"},
             Row{"RATE( 5 Minutes )",
                 ScheduleKind::rate,
                 {"2026-03-01T00:05:00Z", "2026-03-01T00:10:00Z", "2026-03-01T00:15:00Z"},
                 {"2026-02-28T23:55:00Z", "2026-02-28T23:50:00Z", "2026-02-28T23:45:00Z"},
                 "Every 5 minutes from 2026-02-28T22:15:00Z"},
             Row{"@at 2026-03-08T02:30:00-05:00",
                 ScheduleKind::at,
                 {"2026-03-08T07:30:00Z"},
                 {},
                 "Once, at 2026-03-08T07:30:00Z"},
             Row{"@at 2026-02-28T23:59:59.000001Z",
                 ScheduleKind::at,
                 {},
                 {},
                 "Once, at 2026-03-01T00:00:00Z"}, // rounded up, and then neither after nor before
             Row{"R/2026-02-27T09:00:00/P1D",
                 ScheduleKind::iso_interval,
                 {"2026-03-01T14:00:00Z", "2026-03-02T14:00:00Z", "2026-03-03T14:00:00Z"},
                 {"2026-02-28T14:00:00Z", "2026-02-27T14:00:00Z"},
                 "Every day from 2026-02-27 09:00, America/New_York"},
             Row{"R3/2026-02-28T23:00:00Z/PT45M",
                 ScheduleKind::iso_interval,
                 {"2026-03-01T00:30:00Z"},
                 {"2026-02-28T23:45:00Z", "2026-02-28T23:00:00Z"},
                 "Every 45 minutes from 2026-02-28T23:00:00Z, 3 times"},
             Row{"0 9 1 * * | @every 12h",
                 ScheduleKind::union_of,
                 {"2026-03-01T10:15:00Z", "2026-03-01T14:00:00Z", "2026-03-01T22:15:00Z"},
                 {"2026-02-28T22:15:00Z", "2026-02-01T14:00:00Z", "2026-01-01T14:00:00Z"},
                 "At 09:00 on the 1st of the month, America/New_York; Every 12 hours from 2026-02-28T22:15:00Z"},
             Row{"@after 10m", ScheduleKind::after, {}, {}, "10 minutes after the previous run ended"},
             Row{"@reboot", ScheduleKind::reboot, {}, {}, "When a worker starts"},
         }) {
        INFO(row.text);
        const Schedule s = schedule(row.text, options);
        CHECK(s.kind() == row.kind);
        CHECK(next_three(s) == row.next);
        CHECK(last_three(s) == row.last);
        CHECK(s.describe() == row.words);
        CHECK(s.text() == row.text);
        CHECK(s.is_event() == (row.kind == ScheduleKind::after || row.kind == ScheduleKind::reboot));
        CHECK_FALSE(s.never_fires());
    }
}

TEST_CASE("schedule: an event has a delay or none, and no occurrence") {
    CHECK(schedule("@after 1h").delay() == std::optional<Duration>(1h));
    CHECK(schedule("@reboot").delay() == std::nullopt);
    CHECK(schedule("0 9 * * *").delay() == std::nullopt);
    for (const char* event : {"@after 1h", "@reboot"}) {
        CHECK(schedule(event).next(Instant::min()) == std::nullopt);
        CHECK(schedule(event).previous(Instant::max()) == std::nullopt);
        CHECK_FALSE(schedule(event).matches(march));
        CHECK(schedule(event).dst_notes(std::chrono::year{2026}).empty());
    }
}

TEST_CASE("schedule: a fixed rate counts from its anchor, forwards only, and drifts nowhere") {
    const Schedule s = schedule("@every 7s", {.anchor = instant("2026-03-01T00:00:00.999999Z")});
    CHECK(text_of(s.next(Instant::min())) == "2026-03-01T00:00:00Z");
    CHECK(s.previous(march) == std::nullopt);
    const Instant late = march + 7s * 123'456'789;
    CHECK(s.matches(late));
    CHECK(s.next(late) == late + 7s);
    CHECK(s.next_or_at(late + 1us) == late + 7s);
    CHECK(text_of(schedule("@every 1h").next(Instant::min())) == "1970-01-01T00:00:00Z");
    CHECK(text_of(schedule("@every 24h", {.anchor = instant("1969-12-31T12:00:00Z")}).next(Instant::min())) ==
          "1970-01-01T12:00:00Z");
    CHECK(text_of(schedule("@every 876600h").previous(Instant::max())) == "2170-01-02T00:00:00Z");
    CHECK(schedule("@every 1h", {.anchor = instant("2200-01-01T00:00:00Z")}).never_fires());
}

TEST_CASE("schedule: what never fires says so, and a union fires where one part does") {
    CHECK(schedule("0 0 30 2 *").never_fires());
    CHECK(schedule("@at 2200-01-01T00:00:00Z").never_fires());
    CHECK(schedule("@at 1969-12-31T23:59:59Z").never_fires());
    CHECK(schedule("0 0 30 2 * | 0 0 31 4 *").never_fires());
    CHECK_FALSE(schedule("0 0 30 2 * | 0 0 31 5 *").never_fires());
    CHECK(schedule("R/2200-01-01T00:00:00Z/P1D").never_fires());
}

// ---- unions --------------------------------------------------------------------------------------------------------

TEST_CASE("schedule: a union is each instant of its parts once, in order, both ways") {
    const Schedule s = schedule("0 0,12 * * * | 0 12,18 * * * | @at 2026-03-02T12:00:00Z");
    const Texts all{"2026-03-01T12:00:00Z",
                    "2026-03-01T18:00:00Z",
                    "2026-03-02T00:00:00Z",
                    "2026-03-02T12:00:00Z",
                    "2026-03-02T18:00:00Z",
                    "2026-03-03T00:00:00Z"};
    CHECK(texts_of(s.upcoming(march, 6)) == all);
    CHECK(texts_of(s.between(march + 1s, instant("2026-03-03T00:00:01Z"))) == all);
    Texts backwards;
    for (auto at = s.previous(instant("2026-03-03T00:00:01Z")); at && *at > march; at = s.previous(*at))
        backwards.insert(backwards.begin(), to_rfc3339(*at));
    CHECK(backwards == all);
    CHECK(s.matches(instant("2026-03-02T12:00:00Z")));
    CHECK_FALSE(s.matches(instant("2026-03-02T13:00:00Z")));
    CHECK(s.describe() ==
          "At 00:00 and 12:00 every day, UTC; At 12:00 and 18:00 every day, UTC; Once, at 2026-03-02T12:00:00Z");
}

TEST_CASE("schedule: a part that has ended leaves a union to the others") {
    const Schedule s = schedule("R2/2026-03-01T06:00:00Z/PT1H | 0 0 1 1 * | @at 2026-03-01T06:30:00Z");
    CHECK(texts_of(s.upcoming(march, 5)) == Texts{"2026-03-01T06:00:00Z",
                                                  "2026-03-01T06:30:00Z",
                                                  "2026-03-01T07:00:00Z",
                                                  "2027-01-01T00:00:00Z",
                                                  "2028-01-01T00:00:00Z"});
    CHECK(last_three(s) == Texts{"2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2024-01-01T00:00:00Z"});
}

TEST_CASE("schedule: in a union each part has its own class, so an hourly one keeps its rhythm beside a fixed one") {
    const support::TestZones zones;
    const ScheduleOptions paris{.time_zone = "Europe/Paris"};
    const auto on = [&](const char* text, const char* from, const char* to) {
        return texts_of(schedule(text, paris).between(instant(from), instant(to)));
    };
    // clocks go from 02:00 to 03:00 at 01:00Z: 02:30 is made up for at the change, 02:15 of the hourly part is not lost
    CHECK(on("30 2 * * * | 15 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z") ==
          Texts{"2026-03-29T00:15:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"});
    // and back from 03:00 to 02:00 at 01:00Z: 02:30 comes once, the hourly part twice
    CHECK(on("30 2 * * * | 15 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z") ==
          Texts{"2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z"});
}

TEST_CASE("schedule: a bar counts between blanks, and where nothing stands beside it, something is missing") {
    CHECK(schedule("0 9 * * *\t|\t0 18 * * *").kind() == ScheduleKind::union_of);
    CHECK(schedule("  0 9 * * * | 0 18 * * *  ").kind() == ScheduleKind::union_of);
    CHECK(schedule("0 9 * * * | 0 9 * * *").upcoming(march, 2).size() == 2);
}

// ---- zones ---------------------------------------------------------------------------------------------------------

TEST_CASE("schedule: the zone is the caller's, else the prefix's, else the default's, else UTC") {
    const support::TestZones zones;
    const auto zone_of = [](std::string_view text, const ScheduleOptions& options) {
        const auto parsed = Schedule::parse(text, options);
        return parsed ? parsed->time_zone() : std::string(to_string(parsed.parse_error().code));
    };
    const auto extended = [](std::string zone, std::string default_zone) {
        return ScheduleOptions{.time_zone = std::move(zone),
                               .dialect = CronDialect::extended,
                               .default_time_zone = std::move(default_zone)};
    };
    const char* prefixed = "TZ=Asia/Tokyo 0 9 * * *";
    CHECK(zone_of("0 9 * * *", extended("", "")) == "UTC");
    CHECK(zone_of("0 9 * * *", extended("", "Europe/Paris")) == "Europe/Paris");
    CHECK(zone_of("0 9 * * *", extended("Asia/Tokyo", "Europe/Paris")) == "Asia/Tokyo");
    CHECK(zone_of(prefixed, extended("", "")) == "Asia/Tokyo");
    CHECK(zone_of(prefixed, extended("", "Europe/Paris")) == "Asia/Tokyo");
    CHECK(zone_of(prefixed, extended("Asia/Tokyo", "Europe/Paris")) == "Asia/Tokyo");
    CHECK(zone_of(prefixed, extended("Europe/Paris", "")) == "conflicting_time_zone");
    CHECK(zone_of("CRON_TZ=Asia/Tokyo @daily", extended("", "")) == "Asia/Tokyo");
    CHECK(zone_of("0 9 * * * | tz=Asia/Tokyo 0 18 * * *", extended("", "")) == "Asia/Tokyo");
    CHECK(zone_of("TZ=Asia/Tokyo 0 9 * * * | TZ=UTC @daily", extended("", "")) == "conflicting_time_zone");
    CHECK(zone_of("TZ=Asia/Tokyo R/2026-03-01T09:00:00/P1D", extended("", "")) == "Asia/Tokyo");
    CHECK(zone_of("TZ=asia/tokyo 0 9 * * *", extended("", "")) == "unknown_time_zone");
    CHECK(zone_of("0 9 * * *", extended("Mars/Base", "")) == "unknown_time_zone");
    CHECK(zone_of(prefixed, {}) == "unexpected_character"); // dialect standard has no prefix
}

// ---- refusals ------------------------------------------------------------------------------------------------------

TEST_CASE("schedule: what is wrong is refused with its code, at its place, in its own words") {
    const support::TestZones zones;
    struct Row {
        const char* text;
        Errc code;
        std::size_t column;
        const char* sentence; ///< from what is expected on
    };
    const char* every = "a duration of whole seconds from 1s to 876600h is expected, saw ";
    const char* rate = "rate( is followed by a number from 1, then minutes, hours or days, and ), saw ";
    const char* period = "a period of whole numbers, above nothing and up to 100 years, is expected, saw ";
    const auto check = [](const char* text, Errc code, std::size_t column, const std::string& sentence) {
        const auto parsed = Schedule::parse(text);
        INFO(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.parse_error().code == code);
        CHECK(parsed.parse_error().column == column);
        const std::string message = parsed.error().what();
        const std::string head = "column " + std::to_string(column) + ": ";
        CHECK(message.substr(message.find(head) + head.size()).substr(0, sentence.size()) == sentence);
        CHECK(message.find("\n  " + std::string(text) + "\n  " + std::string(column - 1, ' ') + "^") !=
              std::string::npos);
    };
    for (const Row& row : {
             Row{"@every", Errc::invalid_duration, 7, "none; write \"90s\", \"1h30m\" or \"12h\""},
             Row{"@every 0s", Errc::invalid_duration, 8, "\"0s\""},
             Row{"@every 1.5s", Errc::invalid_duration, 8, "\"1.5s\""},
             Row{"@every 500ms", Errc::invalid_duration, 8, "\"500ms\""},
             Row{"@every -5m", Errc::invalid_duration, 8, "\"-5m\""},
             Row{"@every 5", Errc::invalid_duration, 9, "none"},
             Row{"@every 5 m", Errc::invalid_duration, 9, "\"5\""},
             Row{"@every 876601h", Errc::invalid_duration, 8, "\"876601h\""},
             Row{"@after 5d", Errc::invalid_duration, 9, "\"5d\""},
         })
        check(row.text, row.code, row.column, std::string(every) + row.sentence);
    for (const Row& row : {
             Row{"rate(0 minutes)", Errc::invalid_interval, 6, "0; write \"rate(5 minutes)\""},
             Row{"rate(5 seconds)", Errc::invalid_interval, 8, "seconds; write \"@every 30s\""},
             Row{"rate(5 weeks)", Errc::invalid_interval, 8, "weeks"},
             Row{"rate(5 minutes", Errc::invalid_interval, 15, "the end of the text"},
             Row{"rate(5 minutes) x", Errc::invalid_interval, 16, "the end of the field"},
             Row{"rate(-5 minutes)", Errc::invalid_interval, 6, "'-'"},
             Row{"rate(1000000000 minutes)", Errc::invalid_interval, 15, "0"},
             Row{"rate(999999999 days)", Errc::invalid_interval, 6, "999999999"},
         })
        check(row.text, row.code, row.column, std::string(rate) + row.sentence);
    const char* count = "R is followed by a number from 1, or by nothing, and /, saw ";
    const char* start = "a start is expected, with its seconds, saw ";
    check("R0/2026-03-01T00:00:00Z/P1D", Errc::invalid_interval, 2, std::string(count) + "0");
    check("R-1/2026-03-01T00:00:00Z/P1D", Errc::invalid_interval, 2, std::string(count) + "'-'");
    check("R/P1D", Errc::invalid_interval, 3, std::string(start) + "'P'; write \"2027-01-01T00:00:00Z\"");
    check("R/2026-03-01/P1D", Errc::invalid_interval, 13, std::string(start) + "'/'");
    check("R/2026-02-29T00:00:00Z/P1D", Errc::invalid_interval, 11, std::string(start) + "29");
    check("R/2026-03-01T24:00:00Z/P1D", Errc::invalid_interval, 14, std::string(start) + "24");
    check("R/2026-03-01T00:00:00Z/P", Errc::invalid_interval, 25, std::string(period) + "the end of the text");
    check("R/2026-03-01T00:00:00Z/PT", Errc::invalid_interval, 26, std::string(period) + "the end of the text");
    check("R/2026-03-01T00:00:00Z/PT0S", Errc::invalid_interval, 24, std::string(period) + "PT");
    check("R/2026-03-01T00:00:00Z/P1.5D", Errc::invalid_interval, 26, std::string(period) + "'.'");
    check("R/2026-03-01T00:00:00Z/P1D1M", Errc::invalid_interval, 28, std::string(period) + "'M'");
    check("R/2026-03-01T00:00:00Z/P101Y", Errc::invalid_interval, 24, std::string(period) + "'P'");
    check("R/2026-03-01T00:00:00Z/2026-03-02T00:00:00Z",
          Errc::invalid_interval,
          24,
          "a period is expected, not an end, saw 2026; write \"PT1H\", \"P1D\" or \"P1M\"");
    check("@at 2026-03-01T09:00:00",
          Errc::invalid_instant,
          24,
          "an instant of RFC 3339 with its offset is expected, saw");
    check("0 9 * * * | @at noon", Errc::invalid_instant, 17, "an instant of RFC 3339 with its offset is expected, saw");
    check("at(2026-03-01T09:00:00)",
          Errc::unsupported_schedule,
          1,
          "a kind of schedule that this library knows is expected, saw \"at(2026-03-01T09:00:00)\"; once at an instant "
          "is \"@at 2027-01-01T09:00:00Z\"");
    for (const char* text : {"0 9 * * * | @reboot", "0 9 * * * | @after 5m"})
        check(text, Errc::unsupported_schedule, 13, "a part of a union has occurrences that can be told ahead of time");
    check("@reboot | 0 9 * * *", Errc::unsupported_schedule, 1, "a part of a union has occurrences that can be told");
    check("0 9 * * * |", Errc::empty_expression, 12, "a schedule is expected, saw nothing");
    check("| 0 9 * * *", Errc::empty_expression, 1, "a schedule is expected, saw nothing");
    check("0 9 * * * | | 0 9 * * *", Errc::empty_expression, 13, "a schedule is expected, saw nothing");
}

TEST_CASE("schedule: whatever the kind, length and bytes are judged first") {
    const auto code_of = [](const std::string& text) {
        return Schedule::parse(text).parse_error().code;
    };
    CHECK(code_of("@every " + std::string(4'090, '1')) == Errc::expression_too_long);
    CHECK(code_of("@every 5m\n") == Errc::invalid_character);
    CHECK(code_of(std::string("@every 5m\0", 10)) == Errc::invalid_character);
    CHECK(code_of("R/2026-03-01T00:00:00Z/P1\xc2\xa0") == Errc::invalid_character);
    CHECK(code_of("@at 2026-03-01T09:00:00Z \xff") == Errc::invalid_character);
    CHECK(code_of(std::string(4'096, ' ')) == Errc::empty_expression);
}
