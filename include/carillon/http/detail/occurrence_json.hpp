// SPDX-License-Identifier: MIT
// http/detail/occurrence_json.hpp - occurrences as people look at them: on the wall's clock, with notes about the days
// on which clocks are set.
#pragma once

#include "carillon/schedule/schedule.hpp"
#include "carillon/time.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/// "+05:30", with the seconds where an offset of the past has any.
[[nodiscard]] inline std::string offset_text(UtcOffset offset) {
    const auto seconds = static_cast<std::int64_t>(std::chrono::seconds{offset}.count());
    const auto size = static_cast<unsigned>(seconds < 0 ? -seconds : seconds);
    char text[10];
    text[0] = seconds < 0 ? '-' : '+';
    write_two(text + 1, size / 3600, ':');
    write_two(text + 4, size / 60 % 60, ':');
    write_two(text + 7, size % 60, '\0');
    return {text, size % 60 == 0 ? std::size_t{6} : std::size_t{9}};
}

/// Goes through occurrences of one schedule in order. For one thread; the schedule must outlive it.
class OccurrenceJson {
public:
    /// Notes about changes of clocks up to `from` are left out.
    OccurrenceJson(const Schedule& schedule, Instant from)
        : schedule_(schedule)
        , before_(from) {}

    [[nodiscard]] nlohmann::json of(Instant at) {
        const TimeZone& zone = schedule_.zone();
        const UtcOffset offset = zone.offset_at(at);
        nlohmann::json one{{"at", to_rfc3339(at)},
                           {"local", civil_text(std::chrono::floor<std::chrono::seconds>(zone.to_local(at)))},
                           {"offset", offset_text(offset)},
                           {"abbr", zone.abbreviation_at(at)},
                           {"notes", notes_of(at)}};
        before_ = at;
        return one;
    }

private:
    [[nodiscard]] nlohmann::json notes_of(Instant at) {
        nlohmann::json notes = nlohmann::json::array();
        const TimeZone& zone = schedule_.zone();
        if (zone.is_fixed()) return notes;
        const std::chrono::local_days date = schedule_.local_date(at);
        for (const DstNote& note : notes_of_year(std::chrono::year_month_day{date}.year())) {
            const bool passed = before_ < note.transition.at && note.transition.at <= at;
            const bool that_day = std::chrono::floor<std::chrono::days>(note.civil) == date;
            if (note.effect == DstEffect::skipped ? passed : that_day)
                notes.push_back({{"code", to_string(note.effect)}, {"text", to_string(note, zone)}});
        }
        if (zone.offset_at(before_) != zone.offset_at(at))
            notes.push_back({{"code", "offset_changed"},
                             {"text",
                              "clocks have changed from UTC" + offset_text(zone.offset_at(before_)) + " to UTC" +
                                  offset_text(zone.offset_at(at))}});
        return notes;
    }

    const std::vector<DstNote>& notes_of_year(std::chrono::year year) {
        const auto known = years_.find(year);
        if (known != years_.end()) return known->second;
        return years_.emplace(year, schedule_.dst_notes(year)).first->second;
    }

    const Schedule& schedule_;
    Instant before_;
    std::map<std::chrono::year, std::vector<DstNote>> years_;
};

[[nodiscard]] inline nlohmann::json
occurrences_json(const Schedule& schedule, Instant from, const std::vector<Instant>& occurrences) {
    nlohmann::json all = nlohmann::json::array();
    OccurrenceJson writer(schedule, from);
    for (const Instant at : occurrences)
        all.push_back(writer.of(at));
    return all;
}

} // namespace carillon::detail
