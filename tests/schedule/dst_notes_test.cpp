// SPDX-License-Identifier: MIT
// dst_notes_test.cpp - the dates of a year on which a schedule does something unusual, place by place.
#include "carillon/schedule/dst_notes.hpp"
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;

namespace {

using Texts = std::vector<std::string>;

/// "moved 2026-03-29: 02:30 in Europe/Paris does not exist; it runs at 03:00"
Texts notes(std::string_view text, const char* zone, int year, DstPolicy policy = DstPolicy::vixie) {
    const Schedule schedule = Schedule::parse(text, {.time_zone = zone, .dst = policy}).value();
    Texts texts;
    for (const DstNote& note : schedule.dst_notes(std::chrono::year{year}))
        texts.push_back(std::string(to_string(note.effect)) + " " + to_string(note, schedule.zone()));
    return texts;
}

} // namespace

TEST_CASE("dst notes: a fixed time in Paris is moved in March, and first only in October") {
    const support::TestZones zones;
    CHECK(notes("30 2 * * *", "Europe/Paris", 2026) ==
          Texts{"moved 2026-03-29: 02:30 in Europe/Paris does not exist; it runs at 03:00",
                "first_only 2026-10-25: 02:30 in Europe/Paris comes twice; it runs the first time only"});
    CHECK(notes("30 2 * * *", "Europe/Paris", 2026, DstPolicy::ocps) ==
          Texts{"skipped 2026-03-29: 02:30 in Europe/Paris does not exist; it does not run",
                "first_only 2026-10-25: 02:30 in Europe/Paris comes twice; it runs the first time only"});
    CHECK(notes("30 2 * * *", "Europe/Paris", 2026, DstPolicy::wall) ==
          Texts{"skipped 2026-03-29: 02:30 in Europe/Paris does not exist; it does not run",
                "twice 2026-10-25: 02:30 in Europe/Paris comes twice; it runs both times"});
}

TEST_CASE("dst notes: what is not due on those nights, or in zones that change nothing, has none") {
    const support::TestZones zones;
    CHECK(notes("30 3 * * *", "Europe/Paris", 2026).empty());
    CHECK(notes("30 2 * * MON", "Europe/Paris", 2026).empty());
    CHECK(notes("30 2 * * *", "Asia/Tokyo", 2026).empty());
    CHECK(notes("30 2 * * *", "UTC", 2026).empty());
    CHECK(notes("@every 1h", "Europe/Paris", 2026).empty());
    CHECK(notes("@at 2026-03-29T00:30:00Z", "Europe/Paris", 2026).empty());
    CHECK(notes("@after 1h", "Europe/Paris", 2026).empty());
}

TEST_CASE("dst notes: an interval that keeps its rhythm has none, one that must be made up for has") {
    const support::TestZones zones;
    CHECK(notes("15 * * * *", "Europe/Paris", 2026).empty());
    CHECK(notes("15 * * * *", "Australia/Lord_Howe", 2026) ==
          Texts{"moved 2026-10-04: 02:15 in Australia/Lord_Howe does not exist; it runs at 02:30"});
    CHECK(notes("0 */2 * * *", "Europe/Paris", 2026) ==
          Texts{"moved 2026-03-29: 02:00 in Europe/Paris does not exist; it runs at 03:00"});
    CHECK(notes("15 * * * *", "Europe/Paris", 2026, DstPolicy::ocps) ==
          Texts{"skipped 2026-03-29: 02:15 in Europe/Paris does not exist; it does not run",
                "first_only 2026-10-25: 02:15 in Europe/Paris comes twice; it runs the first time only"});
}

TEST_CASE("dst notes: across a change of more than three hours every policy skips, or runs twice") {
    const support::TestZones zones;
    for (const auto policy : {DstPolicy::vixie, DstPolicy::ocps, DstPolicy::wall})
        for (const char* text : {"0 9 * * *", "0 */9 * * *"}) {
            INFO(text << " " << to_string(policy));
            const Texts found = notes(text, "Pacific/Apia", 2011, policy);
            const auto of_the_30th = [](const std::string& note) {
                return note.starts_with("skipped 2011-12-30: 0");
            };
            CHECK(std::count_if(found.begin(), found.end(), of_the_30th) == 1);
        }
    CHECK(notes("0 12 31 12 *", "Asia/Manila", 1844).empty()); // before the years of schedules
}

TEST_CASE("dst notes: calendar intervals and each part of a union have their own, in order of time") {
    const support::TestZones zones;
    CHECK(notes("R/2026-01-01T02:30:00/P1D", "Europe/Paris", 2026) ==
          Texts{"moved 2026-03-29: 02:30 in Europe/Paris does not exist; it runs at 03:00",
                "first_only 2026-10-25: 02:30 in Europe/Paris comes twice; it runs the first time only"});
    CHECK(notes("45 2 * * * | 15 2 * * *", "Europe/Paris", 2026) ==
          Texts{"moved 2026-03-29: 02:15 in Europe/Paris does not exist; it runs at 03:00",
                "moved 2026-03-29: 02:45 in Europe/Paris does not exist; it runs at 03:00",
                "first_only 2026-10-25: 02:15 in Europe/Paris comes twice; it runs the first time only",
                "first_only 2026-10-25: 02:45 in Europe/Paris comes twice; it runs the first time only"});
}

TEST_CASE("dst notes: a note belongs to the year on the wall, and to the first time that is met") {
    const support::TestZones zones;
    // On New Year's Day of 1986 Kathmandu's clocks went from 00:00 to 00:15.
    CHECK(notes("5,10 0 * * *", "Asia/Kathmandu", 1985).empty());
    CHECK(notes("5,10 0 * * *", "Asia/Kathmandu", 1986) ==
          Texts{"moved 1986-01-01: 00:05 in Asia/Kathmandu does not exist; it runs at 00:15"});
    CHECK(notes("30 15 2 * * *", "Africa/Monrovia", 1972).empty());
    CHECK(notes("30 15 0 * * *", "Africa/Monrovia", 1972) ==
          Texts{"moved 1972-01-07: 00:15:30 in Africa/Monrovia does not exist; it runs at 00:44:30"});
}
