// SPDX-License-Identifier: MIT
// zone_database_test.cpp - where zones come from, and what happens when they change.
#include "carillon/schedule/zone_database.hpp"

#include "support/catch.hpp"
#include "support/tzif_writer.hpp"
#include "support/zones.hpp"

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace carillon;
using support::TestZones;

namespace {

std::string zone_file(std::int32_t offset) {
    support::TzifFile file;
    file.types = {{offset, false, 0}};
    return support::tzif_bytes(file);
}

/// A database that the test edits.
struct Files {
    std::map<std::string, std::string, std::less<>> files;
    std::vector<std::string> asked{};

    TimeZoneSource source() {
        return [this](std::string_view name) -> std::optional<std::string> {
            asked.emplace_back(name);
            const auto found = files.find(name);
            return found == files.end() ? std::nullopt : std::optional(found->second);
        };
    }
};

Errc error_of(std::string_view name) {
    return TimeZone::find(name).parse_error().code;
}

} // namespace

TEST_CASE("zone database: a name is letters, digits, _ + - and single slashes inside") {
    for (const std::string_view name :
         {"UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT", "America/Port-au-Prince"})
        CHECK(is_time_zone_name(name));
    for (const std::string_view name : {"",
                                        "/",
                                        "/etc/passwd",
                                        "Europe/",
                                        "Europe//Paris",
                                        "../../etc/passwd",
                                        "Europe/..",
                                        "zone1970.tab",
                                        "Europe/Paris ",
                                        "Europe\\Paris",
                                        "Europe/Par\xc3\xads",
                                        "C:Zone"})
        CHECK_FALSE(is_time_zone_name(name));
    CHECK_FALSE(is_time_zone_name(std::string_view("UTC\0", 4)));
    CHECK(is_time_zone_name(std::string(63, 'a')));
    CHECK_FALSE(is_time_zone_name(std::string(64, 'a')));
    static_assert(is_time_zone_name("Europe/Paris"));
}

TEST_CASE("zone database: the host's source is asked, once for each zone, and only for names") {
    Files files;
    files.files["Here/There"] = zone_file(3600);
    const TestZones zones(files.source());
    CHECK(support::zone("Here/There").offset_at(Instant{}).count() == 3600);
    CHECK(files.asked == std::vector<std::string>{"Here/There", "tzdata.zi", "+VERSION"});
    CHECK(support::zone("Here/There").offset_at(Instant{}).count() == 3600);
    CHECK(error_of("../Here/There") == Errc::unknown_time_zone);
    CHECK(files.asked.size() == 3);
}

TEST_CASE("zone database: an unknown zone is asked for again, since it may come") {
    Files files;
    const TestZones zones(files.source());
    CHECK(error_of("Here/There") == Errc::unknown_time_zone);
    files.files["Here/There"] = zone_file(3600);
    CHECK(TimeZone::find("Here/There").has_value());
}

TEST_CASE("zone database: a file that is no zone is unknown, a damaged zone is named as such") {
    Files files;
    files.files["leapseconds"] = "# a table of something else\n";
    files.files["Here/There"] = zone_file(3600).substr(0, 60);
    const TestZones zones(files.source());
    CHECK(error_of("leapseconds") == Errc::unknown_time_zone);
    CHECK(error_of("Here/There") == Errc::invalid_time_zone_data);
}

TEST_CASE("zone database: UTC and fixed offsets need no source") {
    Files files;
    const TestZones zones(files.source());
    for (const std::string_view name : {"UTC", "Etc/UTC", "Z", "+05:30", "-00:30"})
        CHECK(TimeZone::find(name).has_value());
    CHECK(files.asked.empty());
    CHECK(support::zone("UTC").database_version().empty());
    CHECK(support::zone("+05:30").database_version().empty());
}

TEST_CASE("zone database: what the source throws passes through, and the next call asks again") {
    bool broken = true;
    const TestZones zones([&](std::string_view) -> std::optional<std::string> {
        if (broken) throw std::runtime_error("no disk");
        return zone_file(0);
    });
    CHECK_THROWS_AS(TimeZone::find("Here/There"), std::runtime_error);
    broken = false;
    CHECK(TimeZone::find("Here/There").has_value());
}

TEST_CASE("zone database: a reload finds what changed; handles from before stay as they were") {
    Files files;
    files.files["Here/There"] = zone_file(3600);
    files.files["Elsewhere"] = zone_file(0);
    files.files["+VERSION"] = "2025a\n";
    const TestZones zones(files.source());
    const TimeZone before = support::zone("Here/There");
    const TimeZone elsewhere = support::zone("Elsewhere");
    CHECK(time_zone_database_version() == "2025a");
    const auto generation = time_zone_generation();

    CHECK_FALSE(reload_time_zones());
    CHECK(time_zone_generation() == generation);

    files.files["Here/There"] = zone_file(7200);
    files.files["+VERSION"] = "2025b\n";
    CHECK(reload_time_zones());
    CHECK(time_zone_generation() != generation);
    CHECK(time_zone_database_version() == "2025b");
    CHECK(before.offset_at(Instant{}).count() == 3600);
    CHECK(before.database_version() == "2025a");
    CHECK(support::zone("Here/There").database_version() == "2025b");
    CHECK(support::zone("Elsewhere").database_version() == "2025b");
    CHECK(support::zone("Here/There").offset_at(Instant{}).count() == 7200);
    CHECK(support::zone("Here/There") != before);
    CHECK(support::zone("Elsewhere") == elsewhere);
    CHECK_FALSE(reload_time_zones());
}

TEST_CASE("zone database: a zone that a reload cannot read stays as it was") {
    Files files;
    files.files["Here/There"] = zone_file(3600);
    const TestZones zones(files.source());
    CHECK(TimeZone::find("Here/There").has_value());
    files.files["Here/There"] = "TZif, but half of it";
    CHECK_FALSE(reload_time_zones());
    files.files.clear();
    CHECK_FALSE(reload_time_zones());
    files.files["+VERSION"] = "2025b";
    CHECK(reload_time_zones());
    CHECK(support::zone("Here/There").offset_at(Instant{}).count() == 3600);
    CHECK(support::zone("Here/There").database_version() == "2025b"); // all there is of it in this release
}

TEST_CASE("zone database: a new version alone is a change") {
    Files files;
    files.files["+VERSION"] = "2025a";
    const TestZones zones(files.source());
    CHECK(time_zone_database_version() == "2025a");
    files.files["+VERSION"] = "2025b";
    CHECK(time_zone_database_version() == "2025a"); // until somebody reloads
    CHECK(reload_time_zones());
    CHECK(time_zone_database_version() == "2025b");
}

TEST_CASE("zone database: the version is the first line of tzdata.zi, else of +VERSION, else empty") {
    Files files;
    {
        const TestZones zones(files.source());
        CHECK(time_zone_database_version().empty());
    }
    files.files["+VERSION"] = "2024a\n";
    {
        const TestZones zones(files.source());
        CHECK(time_zone_database_version() == "2024a");
    }
    files.files["tzdata.zi"] = "# version 2025b\n# This zic input file\n";
    {
        const TestZones zones(files.source());
        CHECK(time_zone_database_version() == "2025b");
    }
    files.files["tzdata.zi"] = "# version <script>\nR e 0\n";
    files.files["+VERSION"] = "";
    {
        const TestZones zones(files.source());
        CHECK(time_zone_database_version().empty());
    }
}

TEST_CASE("zone database: a new source forgets the zones of the old one") {
    Files one;
    Files other;
    one.files["Here/There"] = zone_file(3600);
    other.files["Here/There"] = zone_file(7200);
    const TestZones zones(one.source());
    CHECK(support::zone("Here/There").offset_at(Instant{}).count() == 3600);
    const auto generation = time_zone_generation();
    set_time_zone_source(other.source());
    CHECK(time_zone_generation() != generation);
    CHECK(support::zone("Here/There").offset_at(Instant{}).count() == 7200);
}

TEST_CASE("zone database: TZDIR names the folder, and no other is looked into") {
    const char* const old = std::getenv("TZDIR");
    const std::optional<std::string> kept = old != nullptr ? std::optional<std::string>(old) : std::nullopt;
    setenv("TZDIR", CARILLON_TEST_DATA_DIR "/zones", 1);
    set_time_zone_source({});
    CHECK(support::zone("Australia/Lord_Howe").offset_at(support::instant("2025-07-01T00:00:00Z")).count() == 37'800);
    CHECK(time_zone_database_version() == "2025b");
    CHECK(error_of("Europe/Vienna") == Errc::unknown_time_zone); // not among the test's zones
    CHECK(error_of("Europe") == Errc::unknown_time_zone);        // a folder
    if (kept)
        setenv("TZDIR", kept->c_str(), 1);
    else
        unsetenv("TZDIR");
    set_time_zone_source({});
}

TEST_CASE("zone database: threads find, reload and change the source at the same time", "[concurrent]") {
    const TestZones zones([](std::string_view name) -> std::optional<std::string> {
        if (name == "tzdata.zi") return std::nullopt;
        return name == "+VERSION" ? "2025b" : zone_file(static_cast<std::int32_t>(name.size()) * 60);
    });
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&wrong, t] {
            for (int i = 0; i < 200; ++i) {
                const std::string name(static_cast<std::size_t>(1 + (i + t) % 20), 'A');
                const auto zone = TimeZone::find(name);
                if (!zone || zone->offset_at(Instant{}).count() != static_cast<int>(name.size()) * 60) ++wrong;
                if (t == 0 && i % 20 == 0 && reload_time_zones()) ++wrong; // nothing ever changes
                if (time_zone_database_version() != "2025b") ++wrong;
            }
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(wrong == 0);
}
