// SPDX-License-Identifier: MIT
// schedule_description.hpp - the parts of a schedule in plain English.
//
//   0 9 * * 1-5, Europe/Paris           At 09:00 on weekdays, Europe/Paris
//   @every 1h30m                        Every 1 hour 30 minutes from 2026-01-15T00:00:00Z
//   R3/2026-01-31T09:00:00Z/P1M         Every month from 2026-01-31 09:00, UTC, 3 times
#pragma once

#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/describe.hpp"
#include "carillon/schedule/dst_notes.hpp"
#include "carillon/schedule/interval_set.hpp"
#include "carillon/schedule/schedule_parser.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace carillon::detail {

struct CountedUnit {
    std::string_view name;
    std::int64_t size;
};

/// "1 hour 30 minutes"; a single "1 hour" is "hour" where it follows "every".
inline std::string counted(std::int64_t amount, std::span<const CountedUnit> units) {
    std::string text;
    for (const auto& [name, size] : units) {
        const std::int64_t n = amount / size;
        if (n == 0) continue;
        amount -= n * size;
        if (!text.empty()) text += ' ';
        text += std::to_string(n) + ' ';
        text.append(name).append(n == 1 ? "" : "s");
    }
    return text;
}

inline std::string in_words(std::chrono::seconds period) {
    static constexpr std::array units{CountedUnit{"hour", 3600}, CountedUnit{"minute", 60}, CountedUnit{"second", 1}};
    return counted(period.count(), units);
}

inline std::string in_words(const CalendarInterval& interval) {
    static constexpr std::array months{CountedUnit{"year", 12}, CountedUnit{"month", 1}};
    static constexpr std::array weeks{CountedUnit{"week", 7 * 86'400}};
    static constexpr std::array rest{
        CountedUnit{"day", 86'400}, CountedUnit{"hour", 3600}, CountedUnit{"minute", 60}, CountedUnit{"second", 1}};
    const std::string first = counted(interval.months, months);
    const std::int64_t seconds = interval.rest.count();
    const std::string second = seconds % weeks[0].size == 0 ? counted(seconds, weeks) : counted(seconds, rest);
    return first + (first.empty() || second.empty() ? "" : " ") + second;
}

/// "Every hour", "Every 90 minutes", and how often.
inline std::string every_period(std::string period) {
    const bool single = period.starts_with("1 ") && period.find(' ', 2) == std::string::npos;
    return "Every " + (single ? period.substr(2) : period);
}

inline std::string repetitions(std::int64_t count) {
    if (count == unlimited_count) return {};
    return count == 1 ? ", once" : ", " + std::to_string(count) + " times";
}

struct PartDescription {
    const TimeZone& zone;

    std::string operator()(const CronExpression& cron) const { return carillon::describe(cron) + ", " + zone.name(); }
    std::string operator()(const FixedRate& rate) const {
        return every_period(in_words(rate.period)) + " from " + to_rfc3339(rate.start) + repetitions(rate.count);
    }
    std::string operator()(const CalendarInterval& interval) const {
        return every_period(in_words(interval)) + " from " + civil_text(interval.start) + ", " + zone.name() +
               repetitions(interval.count);
    }
    std::string operator()(const Once& once) const { return "Once, at " + to_rfc3339(once.at); }
    std::string operator()(const EventTrigger& event) const {
        if (!event.delay) return "When a worker starts";
        return in_words(std::chrono::floor<std::chrono::seconds>(*event.delay)) + " after the previous run ended";
    }
};

} // namespace carillon::detail
