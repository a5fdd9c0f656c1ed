// SPDX-License-Identifier: MIT
// zone_oracle_test.cpp - every zone of the system's database, beside two others who read the same files: the C library,
// and the time zone library that comes with date.
//
// A sample of the hours by default; CARILLON_ALL_ZONES=1 takes every hour from 1970 to 2199.
#include "carillon/schedule/time_zone.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef CARILLON_TEST_DATE_TZ
#    include <date/tz.h>
#endif

using namespace carillon;
using namespace std::chrono_literals;
using std::chrono::sys_seconds;

namespace {

namespace fs = std::filesystem;

const sys_seconds begin = floor_to_second(support::instant("1970-01-01T00:00:00Z"));
const sys_seconds end = floor_to_second(support::instant("2200-01-01T00:00:00Z"));
/// Files for readers of 32-bit times, and "fat" ones, list no change after this.
const sys_seconds end_of_lists = floor_to_second(support::instant("2037-01-01T00:00:00Z"));

bool every_hour() {
    return std::getenv("CARILLON_ALL_ZONES") != nullptr;
}

/// Sets an environment variable while it lives.
class Environment {
public:
    Environment(std::string name, const std::string& value)
        : name_(std::move(name)) {
        if (const char* old = std::getenv(name_.c_str())) old_ = old;
        setenv(name_.c_str(), value.c_str(), 1);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        if (old_)
            setenv(name_.c_str(), old_->c_str(), 1);
        else
            unsetenv(name_.c_str());
    }

private:
    std::string name_;
    std::optional<std::string> old_;
};

/// What the C library makes of one file. For one thread, since TZ belongs to the process.
class CLibrary {
public:
    explicit CLibrary(const std::string& path)
        : zone_("TZ", ":" + path) {
        tzset();
    }
    ~CLibrary() = default;

    [[nodiscard]] std::tm local(sys_seconds t) const {
        const std::time_t seconds = t.time_since_epoch().count();
        std::tm result{};
        localtime_r(&seconds, &result);
        return result;
    }

private:
    Environment zone_;
};

/// A folder of zones that goes with it; empty where the machine has no zic or no source of the database.
class CompiledZones {
public:
    explicit CompiledZones(const std::string& style) {
        const std::string source = std::string(support::system_zone_folder) + "/tzdata.zi";
        folder_ =
            fs::temp_directory_path() / ("carillon-zones-" + style + "-" + std::to_string(std::random_device{}()));
        const std::string command =
            "PATH=\"$PATH:/usr/sbin\" zic -b " + style + " -d " + folder_.string() + " " + source;
        if (!fs::exists(source) || std::system((command + " 2>/dev/null").c_str()) != 0) fs::remove_all(folder_);
    }
    CompiledZones(const CompiledZones&) = delete;
    CompiledZones& operator=(const CompiledZones&) = delete;
    ~CompiledZones() { fs::remove_all(folder_); }

    [[nodiscard]] std::string folder() const { return folder_.string(); }

private:
    fs::path folder_;
};

/// Calls `check` with some instants: those before and at each change of the table, and hours drawn at random.
void for_sample(const ZoneTable& table, std::mt19937_64& random, const std::function<void(sys_seconds)>& check) {
    for (const ZoneRange& range : table.ranges())
        for (const sys_seconds t : {range.begin - 1s, range.begin, range.begin + 1s})
            if (t >= begin && t < end) check(t);
    const auto hours = static_cast<std::uint64_t>((end - begin) / 1h);
    for (int i = 0; i < 100; ++i)
        check(begin + 1h * static_cast<std::int64_t>(random() % hours));
}

void for_instants(const ZoneTable& table, std::mt19937_64& random, const std::function<void(sys_seconds)>& check) {
    for_sample(table, random, check);
    if (!every_hour()) return;
    for (sys_seconds t = begin; t < end; t += 1h)
        check(t);
}

/// The zones of a folder, those with equal bytes once.
std::vector<std::string> different_zones(const std::string& folder) {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const std::string& name : support::zone_names(folder))
        if (seen.insert(support::file_bytes(folder + "/" + name).value()).second) names.push_back(name);
    return names;
}

/// The first changes from 1970 on in which two files differ; the end of time for both where they do not.
std::pair<sys_seconds, sys_seconds> first_difference(const std::string& path, const std::string& other_path) {
    const ZoneTable a = read_tzif(support::file_bytes(path).value()).value();
    const ZoneTable b = read_tzif(support::file_bytes(other_path).value()).value();
    std::size_t i = a.index_of(begin);
    std::size_t k = b.index_of(begin);
    while (a[i].offset == b[k].offset && a.abbreviation(a[i]) == b.abbreviation(b[k]) && i + 1 < a.size() &&
           a.end_of(i) == b.end_of(k)) {
        ++i;
        ++k;
    }
    const bool same = a[i].offset == b[k].offset && a.abbreviation(a[i]) == b.abbreviation(b[k]);
    return same ? std::pair(a.end_of(i), b.end_of(k)) : std::pair(a[i].begin, sys_seconds::max());
}

/// Returns how many instants were compared.
std::size_t compare_with_c_library(const std::string& folder) {
    std::mt19937_64 random{2'026};
    std::size_t compared = 0;
    const std::vector<std::string> zones = different_zones(folder);
    for (const std::string& name : zones) {
        const std::string path = folder + "/" + name;
        const ZoneTable table = read_tzif(support::file_bytes(path).value()).value();
        const CLibrary library(path);
        std::size_t hint = 0;
        for_instants(table, random, [&](sys_seconds t) {
            hint = table.index_of(t, hint);
            const std::tm there = library.local(t);
            ++compared;
            if (table[hint].offset.count() == there.tm_gmtoff && table.abbreviation(table[hint]) == there.tm_zone)
                return;
            FAIL(path << " at " << to_rfc3339(t) << ": " << table[hint].offset.count() << " "
                      << table.abbreviation(table[hint]) << ", the C library says " << there.tm_gmtoff << " "
                      << there.tm_zone);
        });
    }
    if (every_hour()) WARN(folder << ": " << zones.size() << " different zones, " << compared << " instants");
    return compared;
}

} // namespace

TEST_CASE("zone oracle: the C library shows the same time in every zone of the system, to the year 2199", "[zones]") {
    const std::size_t compared = compare_with_c_library(support::system_zone_folder);
    CHECK((compared > 50'000 || !fs::is_directory(support::system_zone_folder)));
}

TEST_CASE("zone oracle: fat files and slim ones show what the C library shows, to the year 2199", "[zones]") {
    for (const std::string style : {"fat", "slim"}) {
        const CompiledZones zones(style);
        if (!fs::is_directory(zones.folder())) continue; // no zic here
        CHECK(compare_with_c_library(zones.folder()) > 50'000);
    }
}

// The zic of glibc 2.36 loses changes where it writes slim files: Ojinaga's of October 2022, Gaza's and Hebron's
// Ramadans from 2073 on. So a difference is one only where the C library does not see it.
TEST_CASE("zone oracle: fat files and slim ones have the same changes from 1970 on", "[zones]") {
    const CompiledZones fat("fat");
    const CompiledZones slim("slim");
    std::size_t different = 0;
    for (const std::string& name : support::zone_names(fat.folder())) {
        INFO(name);
        const auto [in_fat, in_slim] = first_difference(fat.folder() + "/" + name, slim.folder() + "/" + name);
        if (in_fat == in_slim) continue;
        ++different;
        const sys_seconds t = std::min(in_fat, in_slim);
        const auto offset = CLibrary(fat.folder() + "/" + name).local(t).tm_gmtoff;
        CHECK(offset != CLibrary(slim.folder() + "/" + name).local(t).tm_gmtoff);
    }
    CHECK(different < 10);
}

TEST_CASE("zone oracle: version 1, the 32-bit block of a fat file, is the same until its list ends", "[zones]") {
    const CompiledZones fat("fat");
    for (const std::string& name : support::zone_names(fat.folder())) {
        INFO(name);
        std::string bytes = support::file_bytes(fat.folder() + "/" + name).value();
        const ZoneTable whole = read_tzif(bytes).value();
        bytes.resize(bytes.find("TZif", 1));
        bytes[4] = '\0';
        const ZoneTable first = read_tzif(bytes).value();
        for (std::size_t i = whole.index_of(begin); i < whole.size() && whole[i].begin < end_of_lists; ++i) {
            const sys_seconds t = std::max(whole[i].begin, begin);
            REQUIRE(first[first.index_of(t)].offset == whole[i].offset);
            REQUIRE(first[first.index_of(t - 1s)].offset == whole[whole.index_of(t - 1s)].offset);
        }
    }
}

#ifdef CARILLON_TEST_DATE_TZ

// date's library reads the changes that a file lists and not the rule behind them. What it says of its last range is
// therefore right only where the zone never changes again: in a fat file it has no summer after 2037, in a slim one
// none at all for a zone whose rule is old.
TEST_CASE("zone oracle: date's time zone library shows the same time up to the last change that a file lists",
          "[zones]") {
    const sys_seconds last_range = floor_to_second(support::instant("2200-01-01T00:00:00Z"));
    std::mt19937_64 random{1};
    std::size_t compared = 0;
    for (const std::string& name : support::zone_names(support::system_zone_folder)) {
        const ZoneTable table =
            read_tzif(support::file_bytes(support::system_zone_folder + ("/" + name)).value()).value();
        const date::time_zone* zone = nullptr;
        try {
            zone = date::locate_zone(name);
        } catch (const std::runtime_error&) {
            continue; // "posixrules" and the like, which are files but no zones
        }
        for_instants(table, random, [&](sys_seconds t) {
            const date::sys_info there = zone->get_info(t);
            if (there.end > last_range) return;
            ++compared;
            if (table[table.index_of(t)].offset != there.offset)
                FAIL(name << " at " << to_rfc3339(t) << ": date says " << there.offset.count());
        });
    }
    CHECK(compared > 50'000);
}

TEST_CASE("zone oracle: behind that change date's library has no summer in New York", "[zones]") {
    const sys_seconds summer = floor_to_second(support::instant("2050-07-01T12:00:00Z"));
    const TimeZone ours = support::zone("America/New_York");
    CHECK(ours.offset_at(summer) == UtcOffset{-14'400});
    CHECK(date::locate_zone("America/New_York")->get_info(summer).offset == std::chrono::seconds{-18'000});
    CHECK(CLibrary(std::string(support::system_zone_folder) + "/America/New_York").local(summer).tm_gmtoff == -14'400);
}

#endif
