// SPDX-License-Identifier: MIT
// support/zones.hpp - the time zones of tests/data/zones instead of the machine's.
#pragma once

#include "carillon/schedule/time_zone.hpp"
#include "carillon/schedule/zone_database.hpp"
#include "carillon/time.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

inline std::optional<std::string> file_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream bytes;
    if (!in || !(bytes << in.rdbuf())) return std::nullopt;
    return bytes.str();
}

inline std::optional<std::string> zone_bytes(std::string_view name) {
    return file_bytes(std::string(CARILLON_TEST_DATA_DIR) + "/zones/" + std::string(name));
}

/// The names of the zones in a folder, in order; none where there is no such folder.
inline std::vector<std::string> zone_names(const std::string& folder) {
    namespace fs = std::filesystem;
    std::vector<std::string> names;
    if (!fs::is_directory(folder)) return names;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        std::string name = fs::relative(entry.path(), folder).generic_string();
        const bool other = name.starts_with("right/") || name.starts_with("posix/");
        if (!other && carillon::is_time_zone_name(name) && file_bytes(entry.path().string())->starts_with("TZif"))
            names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

inline constexpr const char* system_zone_folder = "/usr/share/zoneinfo";

/// While it lives, TimeZone::find knows these zones and no others.
class TestZones {
public:
    explicit TestZones(carillon::TimeZoneSource source = zone_bytes) {
        carillon::set_time_zone_source(std::move(source));
    }
    ~TestZones() { carillon::set_time_zone_source({}); }
    TestZones(const TestZones&) = delete;
    TestZones& operator=(const TestZones&) = delete;
};

inline carillon::TimeZone zone(std::string_view name) {
    return carillon::TimeZone::find(name).value();
}

/// "2025-03-09T03:00:00-04:00", and with a space, as the tests write instants.
inline carillon::Instant instant(std::string_view text) {
    return carillon::parse_rfc3339(text).value();
}

/// "2025-03-09 02:30:00" on the wall.
inline std::chrono::local_seconds civil(std::string_view text) {
    const auto as_utc = carillon::floor_to_second(instant(std::string(text) + "Z"));
    return std::chrono::local_seconds{as_utc.time_since_epoch()};
}

/// "2025-03-09 03:00:00 -04:00", what a person in the zone would write.
inline std::string local_text(carillon::Instant at, const carillon::TimeZone& zone) {
    const auto offset = zone.offset_at(at).count();
    std::string text = carillon::to_rfc3339(carillon::Instant{zone.to_local(at).time_since_epoch()});
    text[10] = ' ';
    text.pop_back();
    const auto minutes = (offset < 0 ? -offset : offset) / 60;
    const auto two = [](auto n) {
        return (n < 10 ? "0" : "") + std::to_string(n);
    };
    return text + (offset < 0 ? " -" : " +") + two(minutes / 60) + ":" + two(minutes % 60);
}

} // namespace support
