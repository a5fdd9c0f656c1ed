// SPDX-License-Identifier: MIT
// fuzz/zone.hpp - what holds for any bytes as a time zone.
#pragma once

#include "carillon/schedule/schedule.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/schedule/tzif.hpp"

#include "fuzz/property.hpp"
#include "fuzz/schedule.hpp"
#include "support/tzif_writer.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

inline void check_table(const carillon::ZoneTable& table, std::size_t bytes) {
    using namespace std::chrono_literals;
    constexpr std::size_t rule_ranges = 2 * (carillon::detail::last_rule_year - carillon::detail::first_rule_year + 2);
    require(table.size() >= 1 && table.size() <= bytes / 5 + rule_ranges, "the bytes bound the table");
    require(table[0].begin == carillon::ZoneTable::beginning_of_time(), "it begins with time");
    for (std::size_t i = 0; i < table.size(); ++i) {
        require(table[i].begin < table.end_of(i), "ranges ascend");
        require(table[i].offset > -25h && table[i].offset < 26h, "offsets lie between -24:59:59 and 25:59:59");
        require(table.abbreviation(table[i]).size() < 512, "an abbreviation ends");
    }
}

/// A civil time means what the clock shows at the instants that it is said to mean.
inline void check_lookup(const carillon::TimeZone& zone, std::chrono::local_seconds civil) {
    using Kind = carillon::CivilLookup::Kind;
    const auto found = zone.lookup(civil);
    const bool shown = zone.to_local(found.first) == civil && zone.to_local(found.second) == civil;
    if (found.kind == Kind::skipped)
        require(found.second < found.transition && found.transition <= found.first, "a gap lies around its transition");
    else
        require(shown, "the clock shows the civil time at its instants");
    if (found.kind == Kind::unique) require(found.first == found.second, "a unique civil time has one instant");
    if (found.kind == Kind::repeated)
        require(found.first < found.transition && found.transition <= found.second, "the clock was put back between");
}

/// Whatever the clock shows at `t` is found again.
inline void check_instant(const carillon::TimeZone& zone, carillon::Instant t) {
    const auto civil = std::chrono::floor<std::chrono::seconds>(zone.to_local(t));
    check_lookup(zone, civil);
    check_lookup(zone, civil + std::chrono::hours{1});
    const auto found = zone.lookup(civil);
    const auto second = carillon::floor_to_second(t);
    require(found.kind != carillon::CivilLookup::Kind::skipped, "what the clock shows is not skipped");
    require(found.first <= second && second <= found.second, "the instants of a civil time enclose it");
    require(zone.abbreviation_at(t).size() < 512, "an abbreviation ends");
}

inline void check_transition(const carillon::TimeZone& zone, const carillon::ZoneTransition& transition) {
    const carillon::Instant at = transition.at;
    require(transition.before != transition.after, "a transition changes the offset");
    require(zone.offset_at(at) == transition.after, "the offset is the one after, at the transition");
    require(zone.offset_at(at - carillon::Duration{1}) == transition.before, "and the one before it, a moment earlier");
    require(zone.previous_transition(at) == transition, "previous_transition finds what next_transition found");
    check_instant(zone, at);
    check_instant(zone, at - carillon::Duration{1});
}

/// Goes through all transitions; returns some of them.
inline std::vector<carillon::Instant> check_transitions(const carillon::TimeZone& zone) {
    std::vector<carillon::Instant> all;
    auto t = carillon::Instant::min();
    for (auto next = zone.next_transition(t); next; next = zone.next_transition(t)) {
        require(next->at > t, "next_transition is later");
        t = next->at;
        check_transition(zone, *next);
        all.push_back(t);
    }
    require(zone.is_fixed() || all.size() < zone.table().size(), "there are fewer transitions than ranges");
    const std::size_t step = all.size() / 6 + 1;
    std::vector<carillon::Instant> some;
    for (std::size_t i = 0; i < all.size(); i += step)
        some.push_back(all[i]);
    return some;
}

/// Schedules of all kinds that clocks matter to, around some transitions of the zone.
inline void check_schedules(const std::string& zone, const std::vector<carillon::Instant>& transitions) {
    using enum carillon::DstPolicy;
    struct Row {
        const char* text;
        carillon::DstPolicy dst;
    };
    static constexpr std::array rows{Row{"30 2 * * *", vixie},
                                     Row{"*/20 * * * *", vixie},
                                     Row{"59 59 23 * * *", ocps},
                                     Row{"15 */3 29 2 *", wall},
                                     Row{"* * * * * *", vixie},
                                     Row{"R/2000-01-31T02:30:00/P1M", vixie}};
    for (const Row& row : rows) {
        const auto schedule = carillon::Schedule::parse(row.text, {.time_zone = zone, .dst = row.dst}).value();
        check_words(schedule);
        check_occurrences(schedule, carillon::Instant::min());
        check_occurrences(schedule, support::instant("2199-12-31T23:00:00Z"));
        for (const carillon::Instant t : transitions) {
            check_occurrences(schedule, t - std::chrono::seconds{1});
            check_occurrences(schedule, t + std::chrono::hours{1});
        }
    }
}

/// A TZif file; bytes that do not begin like one are the rule in the footer of one.
inline std::string zone_file(std::string_view bytes) {
    if (bytes.starts_with("TZif")) return std::string(bytes);
    support::TzifFile file;
    file.footer = '\n' + std::string(bytes) + '\n';
    return support::tzif_bytes(file);
}

inline void zone(std::string_view bytes) {
    const std::string file = zone_file(bytes);
    const auto table = carillon::read_tzif(file);
    if (!table) {
        const auto& error = table.parse_error();
        require(error.code == carillon::Errc::invalid_time_zone_data, "a wrong file is invalid_time_zone_data");
        require(error.column >= 1 && error.column <= file.size() + 1, "the column lies in the file or just behind it");
        return;
    }
    check_table(*table, file.size());
    const support::TestZones zones([&](std::string_view) { return std::optional(file); });
    const auto found = carillon::TimeZone::find("Fuzz/Zone").value();
    require(found.table() == *table, "the zone has the table of the file");
    check_schedules(found.name(), check_transitions(found));
}

} // namespace fuzz
