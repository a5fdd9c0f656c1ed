// SPDX-License-Identifier: MIT
// tzif_test.cpp - compiled time zones: right ones give the right table, wrong ones give an error and do no harm.
#include "carillon/schedule/tzif.hpp"

#include "support/catch.hpp"
#include "support/tzif_writer.hpp"
#include "support/zones.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

using namespace carillon;
using support::tzif_bytes;
using support::TzifFile;

namespace {

std::chrono::sys_seconds at(std::int64_t second) {
    return std::chrono::sys_seconds{std::chrono::seconds{second}};
}

const ZoneRange& range_at(const ZoneTable& table, std::string_view instant) {
    return table[table.index_of(floor_to_second(support::instant(instant)))];
}

std::int32_t offset_at(const ZoneTable& table, std::string_view instant) {
    return range_at(table, instant).offset.count();
}

/// Standard time, a year of daylight time, and a rule: a zone of our own.
TzifFile invented() {
    TzifFile file;
    file.transitions = {{0, 1}, {1'000'000, 0}};
    file.types = {{3600, false, 0}, {7200, true, 4}};
    file.abbreviations = std::string("STD\0DAY\0", 8);
    file.footer = "\nSTD-1\n";
    return file;
}

ZoneTable table(const TzifFile& file) {
    return read_tzif(tzif_bytes(file)).value();
}

bool refused(const std::string& bytes) {
    const auto result = read_tzif(bytes);
    return !result.has_value() && result.parse_error().code == Errc::invalid_time_zone_data;
}

} // namespace

TEST_CASE("tzif: a table is one range after the other, from the beginning to the end of time") {
    const ZoneTable zone = table(invented());
    REQUIRE(zone.size() == 3);
    CHECK(zone[0].begin == ZoneTable::beginning_of_time());
    CHECK(zone[0].offset.count() == 3600);
    CHECK(zone[1].begin == at(0));
    CHECK(zone[1].offset.count() == 7200);
    CHECK(zone[1].is_dst);
    CHECK(zone.abbreviation(zone[1]) == "DAY");
    CHECK(zone[2].begin == at(1'000'000));
    CHECK(zone.abbreviation(zone[2]) == "STD");
    CHECK(zone.end_of(1) == at(1'000'000));
    CHECK(zone.end_of(2) == ZoneTable::end_of_time());
    CHECK(zone.ranges().size() == 3);
}

TEST_CASE("tzif: the range of an instant is found with and without a hint, right or wrong") {
    const ZoneTable zone = table(invented());
    for (const std::size_t hint : {0U, 1U, 2U, 3U, 1'000'000U}) {
        CHECK(zone.index_of(at(-1), hint) == 0);
        CHECK(zone.index_of(at(0), hint) == 1);
        CHECK(zone.index_of(at(999'999), hint) == 1);
        CHECK(zone.index_of(at(1'000'000), hint) == 2);
        CHECK(zone.index_of(floor_to_second(Instant::min()), hint) == 0);
        CHECK(zone.index_of(floor_to_second(Instant::max()), hint) == 2);
    }
}

TEST_CASE("tzif: a fixed table has one range") {
    const ZoneTable zone = ZoneTable::fixed(UtcOffset{19'800}, "+0530");
    REQUIRE(zone.size() == 1);
    CHECK(zone[zone.index_of(at(0))].offset.count() == 19'800);
    CHECK(zone.abbreviation(zone[0]) == "+0530");
}

TEST_CASE("tzif: New York has its rule until the year 2200, and beyond") {
    const auto zone = read_tzif(*support::zone_bytes("America/New_York")).value();
    CHECK(offset_at(zone, "1960-07-01T00:00:00Z") == -14'400);
    CHECK(offset_at(zone, "2025-03-09T06:59:59Z") == -18'000);
    CHECK(offset_at(zone, "2025-03-09T07:00:00Z") == -14'400);
    CHECK(offset_at(zone, "2037-07-01T00:00:00Z") == -14'400);
    CHECK(offset_at(zone, "2038-07-01T00:00:00Z") == -14'400);
    CHECK(offset_at(zone, "2199-07-01T00:00:00Z") == -14'400);
    CHECK(offset_at(zone, "2200-01-02T00:00:00Z") == -18'000);
    CHECK(zone.abbreviation(range_at(zone, "2199-07-01T00:00:00Z")) == "EDT");
}

TEST_CASE("tzif: zones that stopped changing their clocks stay as they are") {
    const auto tokyo = read_tzif(*support::zone_bytes("Asia/Tokyo")).value();
    CHECK(offset_at(tokyo, "2199-07-01T00:00:00Z") == 32'400);
    const auto apia = read_tzif(*support::zone_bytes("Pacific/Apia")).value();
    CHECK(offset_at(apia, "2011-12-30T09:59:59Z") == -36'000);
    CHECK(offset_at(apia, "2011-12-30T10:00:00Z") == 50'400);
    const auto monrovia = read_tzif(*support::zone_bytes("Africa/Monrovia")).value();
    CHECK(offset_at(monrovia, "1970-01-01T00:00:00Z") == -2670); // -00:44:30 until 1972
    CHECK(offset_at(monrovia, "1972-01-07T00:44:30Z") == 0);
}

TEST_CASE("tzif: changes that a rule cannot say are listed: Casablanca goes back for Ramadan") {
    const auto zone = read_tzif(*support::zone_bytes("Africa/Casablanca")).value();
    CHECK(offset_at(zone, "2024-03-10T01:59:59Z") == 3600);
    CHECK(offset_at(zone, "2024-03-10T02:00:00Z") == 0);
    CHECK(offset_at(zone, "2024-04-14T02:00:00Z") == 3600);
}

TEST_CASE("tzif: version 1 has 32-bit times and no rule") {
    TzifFile file = invented();
    file.version = '\0';
    file.transitions = {{-2'000'000'000, 1}, {2'000'000'000, 0}};
    const ZoneTable zone = table(file);
    REQUIRE(zone.size() == 3);
    CHECK(zone[1].begin == at(-2'000'000'000));
    CHECK(zone[2].begin == at(2'000'000'000));
}

TEST_CASE("tzif: versions 2 to 4 are read alike, and so is a later one") {
    for (const char version : {'2', '3', '4', '5'}) {
        TzifFile file = invented();
        file.version = version;
        CHECK(table(file) == table(invented()));
    }
    TzifFile file = invented();
    file.version = '1';
    CHECK(refused(tzif_bytes(file)));
}

TEST_CASE("tzif: the 32-bit block of a newer file is passed over, whatever it says") {
    TzifFile old = invented();
    old.transitions = {{5, 0}};
    std::string bytes = support::detail::tzif_block(old, 4);
    const std::string whole = tzif_bytes(invented());
    bytes += whole.substr(whole.find("TZif", 4));
    CHECK(read_tzif(bytes).value() == table(invented()));
}

TEST_CASE("tzif: without listed changes the rule holds at all times, else the first type") {
    TzifFile file;
    file.footer = "\nEST5EDT,M3.2.0,M11.1.0\n";
    const ZoneTable zone = table(file);
    CHECK(offset_at(zone, "1800-07-01T00:00:00Z") == -18'000);
    CHECK(offset_at(zone, "1970-07-01T00:00:00Z") == -14'400);
    CHECK(offset_at(zone, "2199-07-01T00:00:00Z") == -14'400);

    file.footer = "\n\n";
    file.types = {{-3600, false, 0}};
    CHECK(offset_at(table(file), "2199-07-01T00:00:00Z") == -3600);
}

TEST_CASE("tzif: the rule holds from the last listed change on") {
    TzifFile file = invented();
    file.footer = "\nSTD-1DAY,M3.5.0,M10.5.0\n"; // the last listed change is to STD, on 1970-01-12
    const ZoneTable zone = table(file);
    CHECK(offset_at(zone, "1970-01-11T00:00:00Z") == 7200);
    CHECK(offset_at(zone, "1970-02-01T00:00:00Z") == 3600);
    CHECK(offset_at(zone, "1970-07-01T00:00:00Z") == 7200);
    CHECK(offset_at(zone, "1970-12-01T00:00:00Z") == 3600);
}

TEST_CASE("tzif: daylight time all year is one range") {
    TzifFile file = invented();
    file.transitions = {{0, 1}};
    file.types = {{-18'000, false, 0}, {-14'400, true, 4}};
    file.abbreviations = std::string("EST\0EDT\0", 8);
    file.footer = "\nEST5EDT,0/0,J365/25\n";
    const ZoneTable zone = table(file);
    REQUIRE(zone.size() == 2);
    CHECK(zone[1].offset.count() == -14'400);
}

TEST_CASE("tzif: a change to the same offset and name is none; a change of name alone makes a range") {
    TzifFile file = invented();
    file.types = {{3600, false, 0}, {3600, false, 4}};
    CHECK(table(file).size() == 3);
    file.types = {{3600, false, 0}, {3600, false, 0}};
    CHECK(table(file).size() == 1);
}

TEST_CASE("tzif: offsets to a day and an hour are read, larger ones are not") {
    TzifFile file;
    for (const std::int32_t offset : {-89'999, 93'599}) {
        file.types = {{offset, false, 0}};
        CHECK(table(file)[0].offset.count() == offset);
    }
    for (const std::int32_t offset : {-90'000, 93'600, INT32_MIN, INT32_MAX}) {
        file.types = {{offset, false, 0}};
        CHECK(refused(tzif_bytes(file)));
    }
}

TEST_CASE("tzif: files with leap seconds are refused") {
    TzifFile file = invented();
    file.leap_second_count = 1;
    file.leap_seconds = std::string(12, '\0');
    CHECK(refused(tzif_bytes(file)));
}

TEST_CASE("tzif: transitions out of order, twice at one time, or out of range are refused") {
    TzifFile file = invented();
    file.transitions = {{10, 1}, {9, 0}};
    CHECK(refused(tzif_bytes(file)));
    file.transitions = {{10, 1}, {10, 0}};
    CHECK(refused(tzif_bytes(file)));
    file.transitions = {{INT64_MIN, 1}};
    CHECK(refused(tzif_bytes(file)));
    file.transitions = {{INT64_MAX, 1}};
    CHECK(refused(tzif_bytes(file)));
    file.transitions = {{-(std::int64_t{1} << 59), 1}}; // the oldest one that zic writes
    CHECK_FALSE(refused(tzif_bytes(file)));
}

TEST_CASE("tzif: what changed before the year 0 has always been so, and what changes after 2201 never comes") {
    const std::int64_t year_0 = floor_to_second(earliest_instant()).time_since_epoch().count();
    constexpr std::int64_t year_2202 = 7'321'190'400;
    TzifFile file = invented();
    file.footer = "\nSTD-1DAY,M3.2.0,M11.1.0\n";
    file.transitions = {{-(std::int64_t{1} << 58), 1}, {year_0, 0}, {year_2202 - 1, 1}, {year_2202, 0}};
    ZoneTable zone = table(file); // the rule would begin in 2202
    REQUIRE(zone.size() == 3);
    CHECK(zone[0].begin == ZoneTable::beginning_of_time());
    CHECK(zone[0].offset.count() == 7200);
    CHECK(zone[1].begin == at(year_0));
    CHECK(zone[2].begin == at(year_2202 - 1));

    file.transitions = {{year_0 - 1, 1}};
    zone = table(file); // the rule has always been there
    CHECK(zone[0].begin == ZoneTable::beginning_of_time());
    CHECK(zone[0].offset.count() == 3600);
    CHECK(zone[1].begin.time_since_epoch().count() > -2'208'988'800);
}

TEST_CASE("tzif: a clock that is set more than twenty times in a year is refused") {
    constexpr std::int64_t year = 365 * 86'400;
    TzifFile file = invented();
    file.transitions.clear();
    for (std::uint8_t i = 0; i < 20; ++i)
        file.transitions.push_back({i, static_cast<std::uint8_t>(i % 2)});
    file.transitions.push_back({year, 0});
    CHECK_FALSE(refused(tzif_bytes(file)));
    file.transitions.back().at = year - 1;
    CHECK(refused(tzif_bytes(file)));
}

TEST_CASE("tzif: indexes and counts that point nowhere are refused") {
    TzifFile file = invented();
    file.transitions = {{0, 2}}; // there are types 0 and 1
    CHECK(refused(tzif_bytes(file)));
    file = invented();
    file.types = {{0, false, 8}}; // the abbreviations are 8 bytes long
    CHECK(refused(tzif_bytes(file)));
    file = invented();
    file.abbreviations = "STDxDAYx"; // no end
    CHECK(refused(tzif_bytes(file)));
    file = invented();
    file.abbreviations = "";
    CHECK(refused(tzif_bytes(file)));
    file = invented();
    file.types.clear();
    CHECK(refused(tzif_bytes(file)));
    file = invented();
    file.abbreviations.resize(513, '\0');
    CHECK(refused(tzif_bytes(file)));
}

TEST_CASE("tzif: a footer that is cut, missing or no rule is refused, with the column of its error") {
    TzifFile file = invented();
    for (const std::string footer : {"", "\n", "\nSTD-1", "STD-1\n", "\nSTD\n", "\nSTD-1DAY\n", "\nSTD-1\0\n"}) {
        file.footer = footer;
        CHECK(refused(tzif_bytes(file)));
    }
    file.footer = "\nSTD-99\n";
    const auto result = read_tzif(tzif_bytes(file));
    CHECK(result.parse_error().column == tzif_bytes(file).size());
}

TEST_CASE("tzif: counts that promise more than there is cost nothing and are refused") {
    std::string bytes = tzif_bytes(invented());
    const std::size_t second = bytes.find("TZif", 4);
    for (const std::size_t header : {std::size_t{0}, second})
        for (std::size_t field = header + 20; field < header + 44; field += 4) {
            std::string wrong = bytes;
            wrong.replace(field, 4, "\xff\xff\xff\xff");
            CHECK(refused(wrong));
        }
}

TEST_CASE("tzif: what is no TZif file is refused") {
    CHECK(refused(""));
    CHECK(refused("TZif"));
    CHECK(refused("# version 2025b\n"));
    CHECK(refused(std::string(4096, '\0')));
}

TEST_CASE("tzif: every file that was cut anywhere is refused") {
    for (const char* name : {"America/New_York", "Pacific/Apia", "Africa/Monrovia"}) {
        const std::string whole = *support::zone_bytes(name);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            INFO(name << " " << size);
            REQUIRE(refused(whole.substr(0, size)));
        }
    }
}

TEST_CASE("tzif: whatever byte is changed, the table is in order and its offsets are in range") {
    const std::string whole = *support::zone_bytes("America/New_York");
    std::mt19937 random{20250309};
    std::size_t read = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes = whole;
        for (auto changes = random() % 3 + 1; changes > 0; --changes)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        const auto result = read_tzif(bytes);
        if (!result) continue;
        ++read;
        const ZoneTable& zone = *result;
        bool sound = true;
        for (std::size_t r = 0; r < zone.size(); ++r)
            sound = sound && zone[r].begin < zone.end_of(r) && std::abs(zone[r].offset.count()) < 93'600 &&
                    zone.abbreviation(zone[r]).size() < 512;
        REQUIRE(sound);
    }
    CHECK(read > 1000); // most changes hit a transition and leave a readable file
}
