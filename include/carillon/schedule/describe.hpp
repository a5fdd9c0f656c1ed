// SPDX-License-Identifier: MIT
// describe.hpp - a cron expression in plain English.
//
//   0 9 * * 1-5            At 09:00 on weekdays
//   */15 9-17 * * *        Every 15 minutes from 09:00 to 17:45
//   0 0 L * *              At 00:00 on the last day of the month
//   0 12 1 1,7 +MON        At 12:00 on the 1st of January and July, only if it is Monday
#pragma once

#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_fields.hpp"
#include "carillon/schedule/cron_names.hpp"
#include "carillon/schedule/cron_to_string.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// A sentence without a full stop, on a 24-hour clock, in civil time; it names no time zone. It says what the sets of
/// the expression mean, so `0,15,30,45` and `*/15` read the same.
[[nodiscard]] std::string describe(const CronExpression& expression);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

using Phrases = std::vector<std::string>;

/// "a", "a and b", "a, b and c".
inline std::string joined(const Phrases& phrases, std::string_view last = " and ") {
    std::string text;
    for (std::size_t i = 0; i < phrases.size(); ++i) {
        if (i != 0) text += i + 1 == phrases.size() ? last : ", ";
        text += phrases[i];
    }
    return text;
}

/// "1st", "22nd", "13th".
inline std::string ordinal(std::uint32_t number) {
    const std::uint32_t last = number / 10 % 10 == 1 ? 0 : number % 10;
    return std::to_string(number) + (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

/// A set of numbers as an arithmetic progression; step 0 where it is none, or has a single number.
struct Progression {
    std::uint32_t first = 0, last = 0, step = 0;

    explicit Progression(const Values& set)
        : first(set[0])
        , last(set.last())
        , step(set.count < 2 ? 0 : set[1] - set[0]) {
        for (std::size_t i = 1; i < set.count; ++i)
            if (set[i] - set[i - 1] != step) step = 0;
    }
    /// True when the progression goes round a clock of that size without a seam.
    [[nodiscard]] bool goes_round(std::uint32_t size) const {
        return step != 0 && size % step == 0 && first < step && last + step >= size;
    }
};

/// Names or numbers of a set, with runs of three and more as "a to b".
template <class Name>
Phrases runs_of(const Values& set, Name name, std::string_view to = " to ") {
    Phrases phrases;
    for (std::size_t begin = 0, end = 0; begin < set.count; begin = end) {
        end = begin + 1;
        while (end < set.count && set[end] == set[end - 1] + 1)
            ++end;
        if (end - begin < 3) end = begin + 1;
        const std::string first(name(set[begin]));
        phrases.push_back(end - begin == 1 ? first : (first + std::string(to)).append(name(set[end - 1])));
    }
    return phrases;
}

// ---- the time of day -----------------------------------------------------------------------------------------------

inline std::string two_digits(std::uint32_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

inline std::string second_time(std::uint32_t hour, std::uint32_t minute, std::uint32_t second) {
    return two_digits(hour) + ':' + two_digits(minute) + ':' + two_digits(second);
}

inline std::string clock_time(std::uint32_t hour, std::uint32_t minute, std::uint32_t second = 0) {
    return second_time(hour, minute, second).substr(0, second == 0 ? 5 : 8);
}

/// "every minute", "every 15 minutes", "every 15 minutes from minute 5": how a set of seconds or minutes repeats.
/// Empty where it does not repeat all around.
inline std::string rhythm(const Values& set, const std::string& unit) {
    const Progression progression(set);
    if (!progression.goes_round(60)) return {};
    if (progression.step == 1) return "every " + unit;
    const std::string every = "every " + std::to_string(progression.step) + ' ' + unit + 's';
    return progression.first == 0 ? every : every + " from " + unit + ' ' + std::to_string(progression.first);
}

/// "minute 5", "minutes 5, 7 and 9", "minutes 0 to 8 and 40", "every 7th minute from 0 to 56".
inline std::string selection(const Values& set, const std::string& unit) {
    const Progression progression(set);
    if (set.count == 1) return unit + ' ' + std::to_string(set[0]);
    const std::string ends = std::to_string(progression.first) + " to " + std::to_string(progression.last);
    if (set.count > 3 && progression.step == 1) return unit + "s " + ends;
    if (set.count > 3 && progression.step > 1)
        return "every " + ordinal(progression.step) + ' ' + unit + " from " + ends;
    return unit + "s " + joined(runs_of(set, [](std::uint32_t number) { return std::to_string(number); }));
}

/// "At 09:00 and 18:30".
inline std::string clock_times(const Values& hours, const Values& minutes, std::uint32_t second) {
    Phrases times;
    for (const auto hour : hours)
        for (const auto minute : minutes)
            times.push_back(clock_time(hour, minute, second));
    return "at " + joined(times);
}

/// One minute of several hours: "every hour", "every 2 hours from 08:30 to 18:30".
inline std::string hourly(const Values& hours, std::uint32_t minute, std::uint32_t second) {
    const Progression progression(hours);
    const std::string every =
        progression.step == 1 ? "every hour" : "every " + std::to_string(progression.step) + " hours";
    if (progression.goes_round(24) && progression.first == 0) {
        std::string at = minute == 0 && second == 0 ? "" : " at minute " + std::to_string(minute);
        return every + at + (second == 0 ? "" : " and second " + std::to_string(second));
    }
    return every + " from " + clock_time(progression.first, minute, second) + " to " +
           clock_time(progression.last, minute, second);
}

/// " from 09:00 to 17:45" after a rhythm of minutes; " in hours 9 and 12" where the hours leave gaps.
inline std::string during_hours(const CronFields& fields, const Values& hours, bool rhythmic) {
    if (hours.count == 24) return rhythmic ? "" : " of every hour";
    const Progression progression(hours);
    if (rhythmic && (hours.count == 1 || progression.step == 1))
        return " from " + clock_time(progression.first, lowest(fields.minutes)) + " to " +
               clock_time(progression.last, highest(fields.minutes));
    return (rhythmic ? " in " : " of ") + selection(hours, "hour");
}

inline std::string several_minutes(const CronFields& fields, const Values& minutes, const Values& hours) {
    const std::string repeated = rhythm(minutes, "minute");
    const std::uint32_t second = lowest(fields.seconds);
    const std::string start = repeated.empty() ? "at " + selection(minutes, "minute") : repeated;
    return start + during_hours(fields, hours, !repeated.empty()) +
           (second == 0 ? "" : ", at second " + std::to_string(second));
}

inline std::string several_seconds(const CronFields& fields, const Values& minutes, const Values& hours) {
    const Values seconds(fields.seconds);
    const std::string repeated = rhythm(seconds, "second");
    std::string text = repeated.empty() ? "at " + selection(seconds, "second") : repeated;
    if (!repeated.empty() && minutes.count == 1 && hours.count == 1)
        return text + " from " + second_time(hours[0], minutes[0], seconds[0]) + " to " +
               second_time(hours[0], minutes[0], seconds.last());
    if (minutes.count < 60) {
        const std::string of_minutes = rhythm(minutes, "minute");
        text += of_minutes.empty() ? (repeated.empty() ? " of " : " in ") + selection(minutes, "minute")
                                   : ", " + of_minutes;
    } else if (repeated.empty()) {
        text += " of every minute";
    }
    if (hours.count == 24) return text;
    return minutes.count == 60 ? text + during_hours(fields, hours, true) : text + " of " + selection(hours, "hour");
}

inline std::string time_phrase(const CronFields& fields) {
    const Values minutes(fields.minutes);
    const Values hours(fields.hours);
    if (Values(fields.seconds).count > 1) return several_seconds(fields, minutes, hours);
    const std::uint32_t second = lowest(fields.seconds);
    const bool few = hours.count < 24 && minutes.count * hours.count <= 4;
    const Progression by_hour(hours);
    const bool steady = hours.count > 2 && by_hour.step != 0;
    if (minutes.count == 1 && steady && (!few || by_hour.goes_round(24))) return hourly(hours, minutes[0], second);
    if (few || minutes.count == 1) return clock_times(hours, minutes, second);
    return several_minutes(fields, minutes, hours);
}

// ---- the date ------------------------------------------------------------------------------------------------------

inline std::string_view full_weekday(std::uint32_t number) {
    return weekday_names[number % 7].name;
}

/// "of the month", or "of January and July" where the months are restricted.
inline std::string of_months(const CronFields& fields) {
    if (fields.months == all_months) return " of the month";
    return " of " + joined(runs_of(Values(fields.months), [](std::uint32_t m) { return month_names[m - 1].name; }));
}

inline std::string before_last(std::uint32_t days) {
    if (days == 0) return "the last day";
    return std::to_string(days) + (days == 1 ? " day" : " days") + " before the last day";
}

/// The days that day-of-month selects by number: "the 1st and 15th", "every 2nd day from the 1st to the 31st".
inline Phrases numbered_days(const CronFields& fields) {
    const Values days(fields.days);
    Phrases phrases = runs_of(days, ordinal, " to the ");
    if (phrases.empty()) return phrases;
    const Progression steps(days);
    if (phrases.size() > 4 && steps.step > 1)
        return {"every " + ordinal(steps.step) + " day from the " + ordinal(steps.first) + " to the " +
                ordinal(steps.last)};
    phrases[0].insert(0, "the ");
    return phrases;
}

/// All days that day-of-month selects: "the 1st, the last day and the workday nearest the 15th".
inline std::string month_days(const CronFields& fields) {
    Phrases phrases = numbered_days(fields);
    for (const auto n : Values(fields.days_before_last))
        phrases.push_back(before_last(n));
    for (const auto day : Values(fields.near_days))
        phrases.push_back("the workday nearest the " + ordinal(day));
    for (const auto n : Values(fields.near_before_last))
        phrases.push_back(n == 0 ? "the last workday" : "the workday nearest " + before_last(n));
    return joined(phrases);
}

/// The days that day-of-week selects: "weekdays", "Monday and Friday", "the second Monday of the month".
inline std::string week_days(const CronFields& fields, std::string_view last = " and ") {
    static constexpr std::array<std::string_view, 5> nth{"first", "second", "third", "fourth", "fifth"};
    const std::uint32_t plain = plain_weekdays(fields.weekdays);
    Phrases phrases;
    if (plain == 0x3e)
        phrases.push_back("weekdays");
    else if (plain == 0xc0)
        phrases.push_back("weekends");
    else
        phrases = runs_of(Values(plain), full_weekday);
    for (const auto bit : Values(fields.weekdays)) {
        const std::uint32_t weekday = bit % 7;
        if (plain >> (weekday == 0 ? 7 : weekday) & 1) continue;
        phrases.push_back(std::string("the ").append(nth[bit / 7]).append(" ").append(full_weekday(weekday)));
    }
    for (const auto weekday : Values(fields.last_weekdays))
        phrases.push_back(std::string("the last ").append(full_weekday(weekday)));
    return joined(phrases, last);
}

/// "a weekday or the first Sunday", where a day must be one of them.
inline std::string one_of(std::string weekdays) {
    if (weekdays.starts_with("weekdays") || weekdays.starts_with("weekends"))
        weekdays.replace(0, 8, weekdays.starts_with("weekdays") ? "a weekday" : "a Saturday or Sunday");
    return weekdays;
}

/// True when day-of-week counts within the month, so that the month must be named with it.
inline bool counts_in_month(const CronFields& fields) {
    const std::uint32_t plain = plain_weekdays(fields.weekdays);
    return fields.last_weekdays != 0 || fields.weekdays != ((plain & 0x7e) | plain >> 7) * every_week;
}

inline std::string year_phrase(const CronFields& fields) {
    if (fields.years == YearSet::every()) return {};
    const Values years(fields.years);
    const Progression progression(years);
    if (years.count > 4 && progression.step > 1)
        return " in every " + ordinal(progression.step) + " year from " + std::to_string(progression.first) + " to " +
               std::to_string(progression.last);
    const auto phrases = runs_of(years, [](std::uint32_t year) { return std::to_string(year); });
    const bool one_run = phrases.size() == 1 && years.count > 1;
    return (one_run ? " from " : " in ") + joined(phrases);
}

/// " in January", " from June to August", or nothing.
inline std::string month_phrase(const CronFields& fields) {
    if (fields.months == all_months) return {};
    const Values months(fields.months);
    const bool run = months.count > 2 && Progression(months).step == 1;
    return (run ? " from" : " in") + of_months(fields).substr(3);
}

inline std::string date_phrase(const CronFields& fields) {
    const bool by_weekday = fields.weekdays != all_weekdays;
    std::string weekday = by_weekday ? week_days(fields) : "";
    if (fields.days == all_days) {
        if (!by_weekday) return month_phrase(fields);
        return " on " + weekday + (counts_in_month(fields) ? of_months(fields) : month_phrase(fields));
    }
    const std::string days = month_days(fields);
    const std::string day = (is_digit(days[0]) ? ", " : " on ") + days + of_months(fields);
    if (!by_weekday) return day;
    if (!fields.either_day) return day + ", only if it is " + one_of(week_days(fields, " or "));
    return day + " or on " + weekday + (counts_in_month(fields) ? of_months(fields) : month_phrase(fields));
}

} // namespace detail

inline std::string describe(const CronExpression& expression) {
    if (expression.is_reboot()) return "When a worker starts";
    if (expression.never_fires()) return "Never";
    const auto& fields = expression.fields();
    std::string text = detail::time_phrase(fields);
    const bool every_day = fields.days == detail::all_days && fields.weekdays == detail::all_weekdays;
    if (every_day && text.substr(0, 3) == "at " && text.find(" of ") == std::string::npos) text += " every day";
    text += detail::date_phrase(fields) + detail::year_phrase(fields);
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

} // namespace carillon
