// SPDX-License-Identifier: MIT
// posix_tz_test.cpp - the rule at the end of a TZif file.
#include "carillon/schedule/posix_tz.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;
using carillon::detail::changes_between;
using carillon::detail::parse_posix_tz;

namespace {

std::string text_of(std::int64_t second) {
    return to_rfc3339(Instant{std::chrono::seconds{second}});
}

/// "2025-03-09T07:00:00Z+ 2025-11-02T06:00:00Z-": + where daylight time begins, - where it ends.
std::string changes(std::string_view rule, int first_year, int last_year) {
    std::string text;
    for (const auto& change : changes_between(*parse_posix_tz(rule), first_year, last_year))
        text += (text.empty() ? "" : " ") + text_of(change.at) + (change.to_daylight ? "+" : "-");
    return text;
}

} // namespace

TEST_CASE("posix tz: a zone without daylight time has a name, an offset, and no changes") {
    const auto india = parse_posix_tz("IST-5:30").value();
    CHECK(india.standard.name == "IST");
    CHECK(india.standard.offset == 19'800);
    CHECK_FALSE(india.daylight.has_value());
    CHECK(changes_between(india, 1970, 2200).empty());

    const auto nameless = parse_posix_tz("<+0545>-5:45").value();
    CHECK(nameless.standard.name == "+0545");
    CHECK(nameless.standard.offset == 20'700);
    CHECK(parse_posix_tz("LMT0:17:30").value().standard.offset == -1050);
    CHECK(parse_posix_tz("AAA+24:59:59").value().standard.offset == -89'999);
}

TEST_CASE("posix tz: New York and London change by the rule of a weekday in a month") {
    CHECK(changes("EST5EDT,M3.2.0,M11.1.0", 2025, 2025) == "2025-03-09T07:00:00Z+ 2025-11-02T06:00:00Z-");
    CHECK(changes("GMT0BST,M3.5.0/1,M10.5.0", 2026, 2026) == "2026-03-29T01:00:00Z+ 2026-10-25T01:00:00Z-");
}

TEST_CASE("posix tz: on the southern half of the earth daylight time begins in one year and ends in the next") {
    CHECK(changes("AEST-10AEDT,M10.1.0,M4.1.0/3", 2025, 2026) ==
          "2025-04-05T16:00:00Z- 2025-10-04T16:00:00Z+ 2026-04-04T16:00:00Z- 2026-10-03T16:00:00Z+");
}

TEST_CASE("posix tz: Lord Howe moves by half an hour") {
    CHECK(changes("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2025, 2025) == "2025-04-05T15:00:00Z- 2025-10-04T15:30:00Z+");
}

TEST_CASE("posix tz: in Dublin winter is the daylight time, and goes back") {
    const auto dublin = parse_posix_tz("IST-1GMT0,M10.5.0,M3.5.0/1").value();
    CHECK(dublin.standard.offset == 3600);
    REQUIRE(dublin.daylight.has_value());
    CHECK(dublin.daylight->offset == 0);
    CHECK(changes("IST-1GMT0,M10.5.0,M3.5.0/1", 2025, 2025) == "2025-03-30T01:00:00Z- 2025-10-26T01:00:00Z+");
}

TEST_CASE("posix tz: hours beyond a day reach into other days: Nuuk, Gaza, Jerusalem") {
    CHECK(changes("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2025, 2025) == "2025-03-30T01:00:00Z+ 2025-10-26T01:00:00Z-");
    CHECK(changes("EET-2EEST,M3.4.4/50,M10.4.4/50", 2026, 2026) == "2026-03-28T00:00:00Z+ 2026-10-23T23:00:00Z-");
    CHECK(changes("IST-2IDT,M3.4.4/26,M10.5.0", 2025, 2025) == "2025-03-28T00:00:00Z+ 2025-10-25T23:00:00Z-");
}

TEST_CASE("posix tz: a day of the year counts 29 February, a Julian day never does") {
    CHECK(changes("AAA0BBB,59/0,J60/0", 2023, 2023) == "2023-02-28T23:00:00Z- 2023-03-01T00:00:00Z+");
    CHECK(changes("AAA0BBB,59/0,J60/1", 2024, 2024) == "2024-02-29T00:00:00Z+ 2024-03-01T00:00:00Z-");
    CHECK(changes("AAA0BBB,0/0,J365/1", 2024, 2024) == "2024-01-01T00:00:00Z+ 2024-12-31T00:00:00Z-");
    CHECK(changes("AAA0BBB,J59/0,365/1", 2024, 2024) == "2024-02-28T00:00:00Z+ 2024-12-31T00:00:00Z-");
}

TEST_CASE("posix tz: daylight time all year ends and begins again in one moment, in this order") {
    CHECK(changes("EST5EDT,0/0,J365/25", 2025, 2026) ==
          "2025-01-01T05:00:00Z+ 2026-01-01T05:00:00Z- 2026-01-01T05:00:00Z+ 2027-01-01T05:00:00Z-");
}

TEST_CASE("posix tz: daylight time is an hour ahead where the rule does not say otherwise") {
    CHECK(parse_posix_tz("EST5EDT,M3.2.0,M11.1.0").value().daylight->offset == -14'400);
    CHECK(parse_posix_tz("AAA1BBB,M3.2.0,M11.1.0").value().daylight->offset == 0);
    CHECK(parse_posix_tz("AAA-3BBB-5,M3.2.0,M11.1.0").value().daylight->offset == 18'000);
}

TEST_CASE("posix tz: what is no rule is refused where it is wrong") {
    struct Row {
        std::string_view text;
        std::size_t column;
    };
    static constexpr Row rows[] = {
        {"", 1},
        {"EST", 4},                      // no offset
        {"ES5", 3},                      // names have three letters
        {"<ES>5", 4},                    //
        {"<E_T>5", 3},                   //
        {"<EST5", 6},                    // never closed
        {"EST25", 6},                    // offsets end at 24:59:59
        {"EST5:60", 8},                  //
        {"EST5:", 6},                    //
        {"EST-", 5},                     //
        {"EST5EDT", 8},                  // when?
        {"EST5EDT,M3.2.0", 15},          //
        {"EST5EDT,M0.2.0,M11.1.0", 11},  //
        {"EST5EDT,M13.2.0,M11.1.0", 12}, //
        {"EST5EDT,M3.6.0,M11.1.0", 13},  //
        {"EST5EDT,M3.2.7,M11.1.0", 15},  //
        {"EST5EDT,J0,J10", 11},          //
        {"EST5EDT,J366,J10", 13},        //
        {"EST5EDT,366,10", 12},          //
        {"EST5EDT,M3.2.0/168,M11.1.0", 19},
        {"EST5EDT,M3.2.0/,M11.1.0", 16},
        {"EST5EDT,M3.2.0,M11.1.0x", 23},
        {"EST99999999999999999999", 6},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto result = parse_posix_tz(row.text);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.parse_error().code == Errc::invalid_time_zone_data);
        CHECK(result.parse_error().column == row.column);
    }
}

TEST_CASE("posix tz: a name has at most 63 characters") {
    CHECK(parse_posix_tz(std::string(63, 'A') + "5").value().standard.name.size() == 63);
    const auto result = parse_posix_tz(std::string(64, 'A') + "5");
    REQUIRE_FALSE(result.has_value());
    CHECK(result.parse_error().column == 65);
}
