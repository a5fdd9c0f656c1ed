// SPDX-License-Identifier: MIT
// fuzz/schedule.hpp - what holds for any text as a schedule.
#pragma once

#include "carillon/schedule/schedule.hpp"

#include "fuzz/property.hpp"
#include "support/zones.hpp"

#include <array>
#include <chrono>
#include <string_view>
#include <vector>

namespace fuzz {

/// The searches before and behind `t` agree with each other.
inline void check_occurrences(const carillon::Schedule& schedule, carillon::Instant t) {
    using carillon::Instant;
    const auto next = schedule.next(t);
    const auto last = schedule.previous_or_at(t);
    require(!next || *next > t, "next(t) > t");
    require(!last || *last <= t, "previous_or_at(t) <= t");
    require(schedule.previous(next.value_or(Instant::max())) == last, "nothing lies between previous_or_at and next");
    require(!last || schedule.next(*last) == next, "nothing lies between previous_or_at and next");
    require(!next || schedule.matches(*next), "next(t) is an occurrence");
    require(!last || schedule.matches(*last), "previous_or_at(t) is an occurrence");
    require(schedule.matches(t) == (last == t), "t is an occurrence where it is the last one up to t");
    std::vector<Instant> repeated;
    for (auto at = next; at && repeated.size() < 3; at = schedule.next(*at))
        repeated.push_back(*at);
    require(schedule.upcoming(t, 3) == repeated, "upcoming is next, repeated");
}

/// All that a schedule says about itself, in words whose number the text bounds.
inline void check_words(const carillon::Schedule& schedule) {
    const std::string description = schedule.describe();
    require(!description.empty(), "it has a description");
    require(description.size() < 1000 + 200 * schedule.text().size(),
            "the description is not much longer than the text");
    for (const auto& warning : schedule.warnings())
        require(!to_string(warning).empty(), "a warning has words");
    const std::chrono::year year{2025};
    for (const auto& note : schedule.dst_notes(year)) {
        const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(note.civil)};
        require(date.year() == year && !to_string(note, schedule.zone()).empty(),
                "a note has words and is of its year");
    }
}

inline void check_schedule(const carillon::Schedule& schedule) {
    static const std::array<carillon::Instant, 8> moments{carillon::Instant::min(),
                                                          carillon::Instant{},
                                                          support::instant("2025-03-09T06:59:59.999999Z"),
                                                          support::instant("2025-11-02T06:00:00Z"),
                                                          support::instant("2100-02-28T23:59:59Z"),
                                                          support::instant("2199-12-31T23:59:59Z"),
                                                          carillon::latest_instant(),
                                                          carillon::Instant::max()};
    for (const carillon::Instant t : moments)
        check_occurrences(schedule, t);
    check_words(schedule);
    const bool event = schedule.is_event();
    require(!event || !schedule.next(carillon::Instant::min()), "an event has no occurrences");
    require(schedule.delay().has_value() == (schedule.kind() == carillon::ScheduleKind::after), "@after has a delay");
}

inline carillon::ScheduleOptions schedule_options(unsigned char choice) {
    static constexpr std::array zones{"", "America/New_York", "Europe/Nowhere"};
    return {.time_zone = zones[choice / 18 % zones.size()],
            .dialect = static_cast<carillon::CronDialect>(choice % 6),
            .dst = static_cast<carillon::DstPolicy>(choice / 6 % 3),
            .hash_key = "key",
            .anchor = support::instant("2026-01-15T10:00:07Z"),
            .default_time_zone = "Australia/Lord_Howe"};
}

/// The first byte chooses the options, the others are the text. Reads the zones of support::TestZones.
inline void schedule(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto options = schedule_options(static_cast<unsigned char>(bytes[0]));
    const std::string_view text = bytes.substr(1);
    const auto parsed = carillon::Schedule::parse(text, options);
    if (parsed) return check_schedule(*parsed);
    const auto& error = parsed.parse_error();
    if (error.column != 0) return check_error(error, text);
    require(error.code == carillon::Errc::unknown_time_zone, "only the zone of the options has no column");
}

} // namespace fuzz
