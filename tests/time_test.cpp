// SPDX-License-Identifier: MIT
// time_test.cpp - instants and durations travel as text without loss, and wrong text says where it is wrong.
#include "carillon/time.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <string_view>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

Instant at(std::int64_t seconds, std::int64_t microseconds = 0) {
    return Instant{std::chrono::seconds{seconds}} + Duration{microseconds};
}

struct WrongText {
    std::string_view text;
    std::size_t column;
};

} // namespace

TEST_CASE("time: an instant is written in RFC 3339 with Z, the fraction only when there is one") {
    CHECK(to_rfc3339(at(0)) == "1970-01-01T00:00:00Z");
    CHECK(to_rfc3339(at(1'772'355'600)) == "2026-03-01T09:00:00Z");
    CHECK(to_rfc3339(at(1'772'355'600, 250'000)) == "2026-03-01T09:00:00.250000Z");
    CHECK(to_rfc3339(at(1'772'355'600, 1)) == "2026-03-01T09:00:00.000001Z");
    CHECK(to_rfc3339(at(-1)) == "1969-12-31T23:59:59Z");
    CHECK(to_rfc3339(at(0, -1)) == "1969-12-31T23:59:59.999999Z");
    CHECK(to_rfc3339(at(951'782'400)) == "2000-02-29T00:00:00Z");
}

TEST_CASE("time: instants outside the years 0000 to 9999 are written as the nearest one inside") {
    CHECK(to_rfc3339(earliest_instant()) == "0000-01-01T00:00:00Z");
    CHECK(to_rfc3339(latest_instant()) == "9999-12-31T23:59:59.999999Z");
    CHECK(to_rfc3339(Instant::min()) == "0000-01-01T00:00:00Z");
    CHECK(to_rfc3339(Instant::max()) == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE("time: RFC 3339 is read with any offset, either case, a space for the T, and any fraction") {
    static_assert(parse_rfc3339("2026-03-01T09:00:00Z").value() == Instant{1'772'355'600s});
    CHECK(parse_rfc3339("2026-03-01t09:00:00z").value() == at(1'772'355'600));
    CHECK(parse_rfc3339("2026-03-01 09:00:00Z").value() == at(1'772'355'600));
    CHECK(parse_rfc3339("2026-03-01T10:00:00+01:00").value() == at(1'772'355'600));
    CHECK(parse_rfc3339("2026-03-01T03:30:00-05:30").value() == at(1'772'355'600));
    CHECK(parse_rfc3339("2026-03-01T09:00:00-00:00").value() == at(1'772'355'600));
    CHECK(parse_rfc3339("2026-03-01T09:00:00.5Z").value() == at(1'772'355'600, 500'000));
    CHECK(parse_rfc3339("2026-03-01T09:00:00.123456789Z").value() == at(1'772'355'600, 123'456));
    CHECK(parse_rfc3339("1969-12-31T23:59:59.999999999Z").value() == at(0, -1));
    CHECK(parse_rfc3339("2024-02-29T00:00:00Z").has_value());
    CHECK(parse_rfc3339("0000-01-01T00:00:00Z").value() == earliest_instant());
    CHECK(parse_rfc3339("9999-12-31T23:59:59.999999Z").value() == latest_instant());
}

TEST_CASE("time: text that is no RFC 3339 instant is refused at its first wrong byte") {
    static constexpr WrongText rows[] = {
        {"", 1},
        {"2026", 5},
        {"2026-13-01T00:00:00Z", 6},
        {"2026-00-01T00:00:00Z", 6},
        {"2026-02-29T00:00:00Z", 9},
        {"2026-02-00T00:00:00Z", 9},
        {"2026-03-01", 11},
        {"2026-03-01_00:00:00Z", 11},
        {"2026-03-01T24:00:00Z", 12},
        {"2026-03-01T00:60:00Z", 15},
        {"2026-03-01T00:00Z", 17},
        {"2016-12-31T23:59:60Z", 18}, // a leap second
        {"2026-03-01T00:00:00", 20},
        {"2026-03-01T00:00:00.Z", 21},
        {"2026-03-01T00:00:00,5Z", 20},
        {"2026-03-01T00:00:00+1:00", 22},
        {"2026-03-01T00:00:00+24:00", 21},
        {"2026-03-01T00:00:00+01:60", 24},
        {"2026-03-01T00:00:00+0100", 23},
        {"2026-03-01T00:00:00Z ", 21},
        {" 2026-03-01T00:00:00Z", 1},
        {"+2026-03-01T00:00:00Z", 1},
        {"0000-01-01T00:00:00+00:01", 1}, // before the first instant that has a text
        {"9999-12-31T23:59:59-00:01", 1},
    };
    for (const WrongText& row : rows) {
        INFO(row.text);
        const auto result = parse_rfc3339(row.text);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.parse_error().code == Errc::invalid_instant);
        CHECK(result.parse_error().kind == TextKind::instant);
        CHECK(result.parse_error().column == row.column);
    }
}

TEST_CASE("time: every instant that is written is read back as itself") {
    for (std::int64_t seconds = -62'167'219'200; seconds < 253'402'300'800; seconds += 86'399'977) {
        const Instant instant = at(seconds, seconds % 1'000'003 / 7);
        if (instant < earliest_instant()) continue;
        INFO(to_rfc3339(instant));
        CHECK(parse_rfc3339(to_rfc3339(instant)).value() == instant);
    }
}

TEST_CASE("time: a duration is written in Go's notation") {
    CHECK(to_string(Duration{0}) == "0s");
    CHECK(to_string(Duration{90min}) == "1h30m");
    CHECK(to_string(Duration{250ms}) == "250ms");
    CHECK(to_string(Duration{1500ms}) == "1.5s");
    CHECK(to_string(Duration{60s}) == "1m");
    CHECK(to_string(Duration{24h}) == "24h");
    CHECK(to_string(Duration{24h + 1s}) == "24h1s");
    CHECK(to_string(Duration{1us}) == "1us");
    CHECK(to_string(Duration{1050us}) == "1.05ms");
    CHECK(to_string(Duration{1'000'001us}) == "1.000001s");
    CHECK(to_string(Duration{-90s}) == "-1m30s");
    CHECK(to_string(Duration::min()) == "-2562047788h54.775808s");
    CHECK(to_string(Duration::max()) == "2562047788h54.775807s");
}

TEST_CASE("time: a duration is one or more decimal numbers with units, added exactly") {
    static_assert(parse_duration("1h30m").value() == 90min);
    CHECK(parse_duration("0s").value() == 0s);
    CHECK(parse_duration("250ms").value() == 250ms);
    CHECK(parse_duration("1.5h").value() == 90min);
    CHECK(parse_duration("1m1h1m").value() == 62min);
    CHECK(parse_duration("007us").value() == 7us);
    CHECK(parse_duration("0.000001s").value() == 1us);
    CHECK(parse_duration("0.0000000025h").value() == 9us);
    CHECK(parse_duration("876600h").value() == 876'600h);
    CHECK(parse_duration("3155760000.000000s").value() == 876'600h);
}

TEST_CASE("time: text that is no duration is refused at its first wrong byte") {
    static constexpr WrongText rows[] = {
        {"", 1},
        {"5", 2},
        {"0", 2},
        {"h", 1},
        {"-5s", 1},
        {"+5s", 1},
        {" 5s", 1},
        {"5 s", 2},
        {"5s ", 3},
        {".5s", 1},
        {"5.s", 3},
        {"5x", 2},
        {"5d", 2},
        {"5u", 3},
        {"5S", 2},
        {"1h30", 5},
        {"0.1us", 1},                        // finer than a microsecond
        {"1h0.0000000001h", 3},              //
        {"0.0000000000000001h", 1},          //
        {"876600h1us", 8},                   // beyond 100 years
        {"876600.5h", 1},                    //
        {"99999999999999999999999999us", 1}, //
        {"1e3s", 2},
    };
    for (const WrongText& row : rows) {
        INFO(row.text);
        const auto result = parse_duration(row.text);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.parse_error().code == Errc::invalid_duration);
        CHECK(result.parse_error().kind == TextKind::duration);
        CHECK(result.parse_error().column == row.column);
    }
}

TEST_CASE("time: every duration that is written is read back as itself") {
    for (std::int64_t i = 0, count = 1; count < 3'155'760'000'000'000; ++i, count = count * 17 / 13 + i)
        CHECK(parse_duration(to_string(Duration{count})).value() == Duration{count});
}

TEST_CASE("time: the second of an instant is floored, before 1970 too") {
    CHECK(floor_to_second(at(5, 999'999)) == std::chrono::sys_seconds{5s});
    CHECK(floor_to_second(at(0, -1)) == std::chrono::sys_seconds{-1s});
    CHECK(floor_to_second(at(-1)) == std::chrono::sys_seconds{-1s});
}
