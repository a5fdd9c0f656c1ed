// SPDX-License-Identifier: MIT
// time_zone_test.cpp - wall clocks of real places.
#include "carillon/schedule/time_zone.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <chrono>
#include <string>
#include <string_view>

using namespace carillon;
using support::civil;
using support::instant;
using support::TestZones;

namespace {

/// "unique 2025-...", "skipped first second transition", "repeated first second transition", instants in UTC.
std::string lookup(std::string_view zone, std::string_view civil_time) {
    const CivilLookup found = support::zone(zone).lookup(civil(civil_time));
    const auto text = [](std::chrono::sys_seconds second) {
        return " " + to_rfc3339(second);
    };
    if (found.kind == CivilLookup::Kind::unique) {
        CHECK(found.second == found.first);
        CHECK(found.transition == found.first);
        return "unique" + text(found.first);
    }
    return (found.kind == CivilLookup::Kind::skipped ? "skipped" : "repeated") + text(found.first) +
           text(found.second) + text(found.transition);
}

std::string transition(const std::optional<ZoneTransition>& found) {
    if (!found) return "none";
    return to_rfc3339(found->at) + " " + std::to_string(found->before.count()) + " " +
           std::to_string(found->after.count());
}

} // namespace

TEST_CASE("time zone: UTC has no changes, and is what a TimeZone is by default") {
    CHECK(TimeZone().name() == "UTC");
    CHECK(TimeZone().is_fixed());
    CHECK(TimeZone().offset_at(Instant::min()).count() == 0);
    CHECK(support::zone("UTC") == TimeZone());
    CHECK(support::zone("Z").name() == "UTC");
    CHECK(support::zone("Etc/UTC").name() == "Etc/UTC");
    CHECK(TimeZone().abbreviation_at(Instant{}) == "UTC");
    CHECK(transition(TimeZone().next_transition(Instant::min())) == "none");
    CHECK(transition(TimeZone().previous_transition(Instant::max())) == "none");
}

TEST_CASE("time zone: a fixed offset is a zone with that name") {
    const TimeZone india = support::zone("+05:30");
    CHECK(india.name() == "+05:30");
    CHECK(india.is_fixed());
    CHECK(india.offset_at(Instant{}).count() == 19'800);
    CHECK(india.abbreviation_at(Instant{}) == "+0530");
    CHECK(support::zone("-23:59").offset_at(Instant{}).count() == -86'340);
    CHECK(support::zone("-00:00").offset_at(Instant{}).count() == 0);
    for (const std::string_view name :
         {"+24:00", "+05:60", "+5:30", "+0530", "+05", "05:30", "+05:30:00", "z", "+", "0"}) {
        INFO(name);
        CHECK(TimeZone::find(name).parse_error().code == Errc::unknown_time_zone);
    }
}

TEST_CASE("time zone: names are in exact case, and the error shows the name") {
    const TestZones zones;
    CHECK(TimeZone::find("Europe/Paris").has_value());
    const auto wrong = TimeZone::find("Nowhere/City");
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.parse_error().code == Errc::unknown_time_zone);
    CHECK(wrong.parse_error().excerpt() == "Nowhere/City");
    CHECK(TimeZone::find("").parse_error().code == Errc::unknown_time_zone);
    CHECK(TimeZone::find("utc").parse_error().code == Errc::unknown_time_zone);
}

TEST_CASE("time zone: what the clock shows, before 1970 and with fractions too") {
    const TestZones zones;
    const TimeZone paris = support::zone("Europe/Paris");
    CHECK(support::local_text(instant("2025-07-01T10:00:00Z"), paris) == "2025-07-01 12:00:00 +02:00");
    CHECK(support::local_text(instant("2025-03-30T00:59:59.999999Z"), paris) == "2025-03-30 01:59:59.999999 +01:00");
    CHECK(support::local_text(instant("2025-03-30T01:00:00Z"), paris) == "2025-03-30 03:00:00 +02:00");
    CHECK(paris.abbreviation_at(instant("2025-07-01T10:00:00Z")) == "CEST");
    CHECK(support::local_text(instant("1969-12-31T23:59:59.5Z"), support::zone("Africa/Monrovia")) ==
          "1969-12-31 23:15:29.500000 -00:44");
}

TEST_CASE("time zone: a civil time that was shown once has one instant") {
    const TestZones zones;
    CHECK(lookup("America/New_York", "2025-03-09 01:59:59") == "unique 2025-03-09T06:59:59Z");
    CHECK(lookup("America/New_York", "2025-03-09 03:00:00") == "unique 2025-03-09T07:00:00Z");
    CHECK(lookup("America/New_York", "2025-11-02 00:59:59") == "unique 2025-11-02T04:59:59Z");
    CHECK(lookup("America/New_York", "2025-11-02 02:00:00") == "unique 2025-11-02T07:00:00Z");
    CHECK(lookup("America/New_York", "2199-07-04 12:00:00") == "unique 2199-07-04T16:00:00Z");
}

TEST_CASE("time zone: New York skips an hour and repeats one") {
    const TestZones zones;
    const std::string skipped = " 2025-03-09T07:00:00Z";
    CHECK(lookup("America/New_York", "2025-03-09 02:00:00") ==
          "skipped 2025-03-09T07:00:00Z 2025-03-09T06:00:00Z" + skipped);
    CHECK(lookup("America/New_York", "2025-03-09 02:59:59") ==
          "skipped 2025-03-09T07:59:59Z 2025-03-09T06:59:59Z" + skipped);
    const std::string repeated = " 2025-11-02T06:00:00Z";
    CHECK(lookup("America/New_York", "2025-11-02 01:00:00") ==
          "repeated 2025-11-02T05:00:00Z 2025-11-02T06:00:00Z" + repeated);
    CHECK(lookup("America/New_York", "2025-11-02 01:59:59") ==
          "repeated 2025-11-02T05:59:59Z 2025-11-02T06:59:59Z" + repeated);
}

TEST_CASE("time zone: Lord Howe moves by half an hour") {
    const TestZones zones;
    CHECK(lookup("Australia/Lord_Howe", "2025-10-05 02:15:00") ==
          "skipped 2025-10-04T15:45:00Z 2025-10-04T15:15:00Z 2025-10-04T15:30:00Z");
    CHECK(lookup("Australia/Lord_Howe", "2025-10-05 02:30:00") == "unique 2025-10-04T15:30:00Z");
    CHECK(lookup("Australia/Lord_Howe", "2025-04-06 01:45:00") ==
          "repeated 2025-04-05T14:45:00Z 2025-04-05T15:15:00Z 2025-04-05T15:00:00Z");
}

TEST_CASE("time zone: Apia skipped a day, Kwajalein too, Manila repeated one") {
    const TestZones zones;
    CHECK(lookup("Pacific/Apia", "2011-12-30 12:00:00") ==
          "skipped 2011-12-30T22:00:00Z 2011-12-29T22:00:00Z 2011-12-30T10:00:00Z");
    CHECK(lookup("Pacific/Kwajalein", "1993-08-21 12:00:00") ==
          "skipped 1993-08-22T00:00:00Z 1993-08-21T00:00:00Z 1993-08-21T12:00:00Z");
    CHECK(lookup("Asia/Manila", "1844-12-31 12:00:00").substr(0, 7) == "skipped");
}

TEST_CASE("time zone: Monrovia gave up 44 minutes and 30 seconds, at a time that was no whole minute") {
    const TestZones zones;
    CHECK(lookup("Africa/Monrovia", "1972-01-07 00:00:00") ==
          "skipped 1972-01-07T00:44:30Z 1972-01-07T00:00:00Z 1972-01-07T00:44:30Z");
    CHECK(lookup("Africa/Monrovia", "1972-01-07 00:44:30") == "unique 1972-01-07T00:44:30Z");
}

TEST_CASE("time zone: transitions are changes of offset, one after the other") {
    const TestZones zones;
    const TimeZone zone = support::zone("America/New_York");
    const Instant summer = instant("2025-07-01T00:00:00Z");
    CHECK(transition(zone.next_transition(summer)) == "2025-11-02T06:00:00Z -14400 -18000");
    CHECK(transition(zone.previous_transition(summer)) == "2025-03-09T07:00:00Z -18000 -14400");
    const Instant change = instant("2025-03-09T07:00:00Z");
    CHECK(transition(zone.previous_transition(change)) == "2025-03-09T07:00:00Z -18000 -14400");
    CHECK(transition(zone.next_transition(change)) == "2025-11-02T06:00:00Z -14400 -18000");
    CHECK(transition(zone.next_transition(change - Duration{1})) == "2025-03-09T07:00:00Z -18000 -14400");
    CHECK(transition(zone.previous_transition(Instant::min())) == "none");
    CHECK(transition(support::zone("Asia/Tokyo").next_transition(summer)) == "none");
}

TEST_CASE("time zone: a change of name or of daylight alone is no transition") {
    const ZoneTable table{{{ZoneTable::beginning_of_time(), UtcOffset{0}, 0, false},
                           {std::chrono::sys_seconds{std::chrono::seconds{100}}, UtcOffset{0}, 4, true},
                           {std::chrono::sys_seconds{std::chrono::seconds{200}}, UtcOffset{60}, 4, true}},
                          std::string("AAA\0BBB\0", 8)};
    const TimeZone zone("Own/Zone", table);
    CHECK(transition(zone.next_transition(Instant::min())) == "1970-01-01T00:03:20Z 0 60");
    CHECK(transition(zone.previous_transition(Instant{std::chrono::seconds{150}})) == "none");
    CHECK(zone.abbreviation_at(Instant{std::chrono::seconds{150}}) == "BBB");
}

TEST_CASE("time zone: every second near a change is looked up as the definition says") {
    const TestZones zones;
    for (const std::string_view name : {"America/New_York",
                                        "Australia/Lord_Howe",
                                        "Antarctica/Troll",
                                        "America/Caracas",
                                        "Asia/Pyongyang",
                                        "Europe/Dublin"}) {
        const TimeZone zone = support::zone(name);
        const auto change = zone.next_transition(instant("2007-01-01T00:00:00Z"));
        if (!change) continue;
        INFO(name << " " << to_rfc3339(change->at));
        const auto center = std::chrono::local_seconds{change->at.time_since_epoch()} + change->before;
        for (auto c = center - std::chrono::hours{4}; c < center + std::chrono::hours{4};
             c += std::chrono::seconds{300}) {
            int instants = 0;
            for (const auto offset : {change->before, change->after}) {
                const Instant t{c.time_since_epoch() - offset};
                instants += zone.to_local(t) == c ? 1 : 0;
            }
            const auto kind = zone.lookup(c).kind;
            REQUIRE(kind == (instants == 0   ? CivilLookup::Kind::skipped
                             : instants == 1 ? CivilLookup::Kind::unique
                                             : CivilLookup::Kind::repeated));
        }
    }
}
