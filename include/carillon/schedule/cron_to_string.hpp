// SPDX-License-Identifier: MIT
// cron_to_string.hpp - fields back to text, in the spelling of a dialect.
//
// Weekdays are written as names, which mean the same in every dialect, beginning with Monday. A `*` or `/` in a time
// field decides whether the expression is an interval, so it is written exactly when the expression is one.
#pragma once

#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_fields.hpp"
#include "carillon/schedule/cron_names.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::detail {

/// The shortest text that this dialect reads back as these fields.
std::string cron_text(const CronFields& fields, const DialectRules& rules);

// ---- implementation ------------------------------------------------------------------------------------------------

/// A sorted set of numbers, as many as there are years.
struct Values {
    std::array<std::uint32_t, cron_year_count> numbers{};
    std::size_t count = 0;

    explicit Values(std::uint64_t mask) {
        for (; mask != 0; mask &= mask - 1)
            numbers[count++] = static_cast<std::uint32_t>(std::countr_zero(mask));
    }
    explicit Values(const YearSet& years) {
        for (auto year = years.first_from(0); year != YearSet::none; year = years.first_from(year + 1))
            numbers[count++] = year + first_cron_year;
    }
    std::uint32_t operator[](std::size_t i) const { return numbers[i]; }
    std::uint32_t last() const { return numbers[count - 1]; }
    const std::uint32_t* begin() const { return numbers.data(); }
    const std::uint32_t* end() const { return numbers.data() + count; }
};

/// Writes a set of numbers as a list.
struct SetWriter {
    std::uint32_t lowest = 0;
    std::uint32_t highest = 0;
    bool star = true;  ///< `*` and `*/n` may be written
    bool steps = true; ///< `a-b/n` may be written
    std::string_view (*name)(std::uint32_t) = nullptr;

    std::string value(std::uint32_t number) const {
        return name == nullptr ? std::to_string(number) : std::string(name(number));
    }
    std::string range(std::uint32_t first, std::uint32_t last) const { return value(first) + '-' + value(last); }

    std::string operator()(const Values& set) const {
        if (set.count == highest - lowest + 1) return star ? "*" : range(lowest, highest);
        if (const std::uint32_t step = common_step(set); steps && step > 1) {
            const bool whole = star && set[0] == lowest && set.last() + step > highest;
            return (whole ? "*" : range(set[0], set.last())) + '/' + std::to_string(step);
        }
        return runs(set);
    }

private:
    /// The distance that all neighbours have, or 0 where there are fewer than three values or distances differ.
    static std::uint32_t common_step(const Values& set) {
        if (set.count < 3) return 0;
        for (std::size_t i = 2; i < set.count; ++i)
            if (set[i] - set[i - 1] != set[1] - set[0]) return 0;
        return set[1] - set[0];
    }
    std::string runs(const Values& set) const {
        std::string text;
        for (std::size_t begin = 0, end = 0; begin < set.count; begin = end) {
            end = begin + 1;
            while (end < set.count && set[end] == set[end - 1] + 1)
                ++end;
            if (!text.empty()) text += ',';
            if (end - begin < 3) end = begin + 1;
            text += end - begin == 1 ? value(set[begin]) : range(set[begin], set[end - 1]);
        }
        return text;
    }
};

inline std::string_view short_weekday(std::uint32_t number) {
    static constexpr std::array<std::string_view, 8> names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
    return names[number];
}

inline void append_item(std::string& list, const std::string& item) {
    if (item.empty()) return;
    if (!list.empty()) list += ',';
    list += item;
}

/// The weekdays that all five weeks have, as bits 1..7 with Sunday as 7.
inline std::uint32_t plain_weekdays(std::uint64_t weekdays) {
    const std::uint64_t in_all = weekdays & weekdays >> 7 & weekdays >> 14 & weekdays >> 21 & weekdays >> 28 & 0x7f;
    return static_cast<std::uint32_t>((in_all & 0x7e) | (in_all & 1) << 7);
}

inline std::string day_of_month_text(const CronFields& fields) {
    if (fields.days == all_days) return "*";
    std::string text =
        fields.days == 0 ? "" : SetWriter{.lowest = 1, .highest = 31, .star = false}(Values(fields.days));
    const auto from_last = [](std::uint32_t n) {
        return n == 0 ? std::string("L") : "L-" + std::to_string(n);
    };
    for (const auto n : Values(fields.days_before_last))
        append_item(text, from_last(n));
    for (const auto day : Values(fields.near_days))
        append_item(text, std::to_string(day) + 'W');
    for (const auto n : Values(fields.near_before_last))
        append_item(text, from_last(n) + 'W');
    return text;
}

inline std::string day_of_week_text(const CronFields& fields) {
    if (fields.weekdays == all_weekdays) return "*";
    const std::uint32_t plain = plain_weekdays(fields.weekdays);
    const SetWriter writer{.lowest = 1, .highest = 7, .star = false, .name = short_weekday};
    std::string text = plain == 0 ? "" : writer(Values(plain));
    for (const auto bit : Values(fields.weekdays)) {
        const std::uint32_t weekday = bit % 7;
        if (plain >> (weekday == 0 ? 7 : weekday) & 1) continue;
        append_item(text, std::string(short_weekday(weekday)) + '#' + std::to_string(bit / 7 + 1));
    }
    for (const auto weekday : Values(fields.last_weekdays))
        append_item(text, std::string(short_weekday(weekday)) + 'L');
    return text;
}

/// The two day fields with what the dialect needs to combine them as `fields` says.
struct DayTexts {
    std::string of_month;
    std::string of_week;
};

inline DayTexts day_texts(const CronFields& fields, const DialectRules& rules) {
    DayTexts text{day_of_month_text(fields), day_of_week_text(fields)};
    const bool both = fields.days != all_days && fields.weekdays != all_weekdays && !fields.either_day;
    switch (rules.both_days) {
    case BothDays::refused: (text.of_week == "*" ? text.of_week : text.of_month) = "?"; break;
    case BothDays::either:
        if (both) text.of_week.insert(0, "+");
        break;
    case BothDays::star_decides: // a text that began with a star selects the 1st, or Sunday
        if (both && (fields.days >> 1 & 1))
            text.of_month.insert(0, "*/31,");
        else if (both)
            text.of_week.insert(0, "*/7,");
        break;
    case BothDays::both: break;
    }
    return text;
}

/// `44` is not an interval, `44-44/1` selects the same and is.
inline void make_interval(std::string& list) {
    const std::size_t comma = list.rfind(',');
    const std::string last = list.substr(comma == std::string::npos ? 0 : comma + 1);
    if (last.find('-') == std::string::npos) list += '-' + last;
    list += "/1";
}

inline std::string cron_text(const CronFields& fields, const DialectRules& rules) {
    const auto time = [&](std::uint64_t mask, std::uint32_t highest) {
        return SetWriter{.highest = highest, .star = fields.interval, .steps = fields.interval}(Values(mask));
    };
    const bool every_year = fields.years == YearSet::every();
    const bool with_second = !rules.wrapper && (fields.seconds != 1 || rules.fewest_fields == 6 || !every_year);
    const std::string second = with_second ? time(fields.seconds, 59) + ' ' : std::string();
    const std::string hour = time(fields.hours, 23);
    std::string minute = time(fields.minutes, 59);
    if (fields.interval && (second + minute + hour).find_first_of("*/") == std::string::npos) make_interval(minute);

    const DayTexts days = day_texts(fields, rules);
    std::string text = second + minute + ' ' + hour + ' ' + days.of_month + ' ';
    text += SetWriter{.lowest = 1, .highest = 12}(Values(fields.months)) + ' ' + days.of_week;
    if (!every_year || rules.wrapper)
        text += ' ' + SetWriter{.lowest = first_cron_year, .highest = last_cron_year}(Values(fields.years));
    return rules.wrapper ? "cron(" + text + ")" : text;
}

} // namespace carillon::detail
