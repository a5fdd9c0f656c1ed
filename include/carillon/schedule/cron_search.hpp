// SPDX-License-Identifier: MIT
// cron_search.hpp - which civil second comes next?
//
// A search reads bits from the year down to the second and never walks: days of a month come from one mask, months
// that have such days are known for each of the 14 types of year, and years that have such months are bits again. The
// cost is the same for `* * * * *` and for `0 0 29 2 MON#5`.
#pragma once

#include "carillon/schedule/cron_calendar.hpp"
#include "carillon/schedule/cron_fields.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace carillon::detail {

/// Where the days of an expression can be found; computed once, when it was parsed.
struct CronIndex {
    bool every_day = false; ///< no day is excluded, so no date needs to be known
    /// Per type of year: the months that have a selected day. 14 types; 16 elements are filled by two stores.
    std::array<std::uint16_t, 16> months{};
    YearSet years; ///< the years that have such a month
    friend constexpr bool operator==(const CronIndex&, const CronIndex&) = default;
};

constexpr CronIndex index_of(const CronFields& fields) noexcept;

/// Seconds since 1970-01-01 in civil time; `no_second` where there is none.
inline constexpr std::int64_t no_second = -1;

/// The least selected second >= `from`; precondition 0 <= from < cron_second_count.
constexpr std::int64_t first_second_from(const CronFields& fields, const CronIndex& index, std::int64_t from) noexcept;

/// The greatest selected second <= `until`; precondition 0 <= until < cron_second_count.
constexpr std::int64_t last_second_until(const CronFields& fields, const CronIndex& index, std::int64_t until) noexcept;

/// Precondition 0 <= second < cron_second_count.
constexpr bool selects_second(const CronFields& fields, std::int64_t second) noexcept;

// ---- implementation ------------------------------------------------------------------------------------------------

template <class Mask>
constexpr std::uint32_t lowest(Mask mask) noexcept {
    return static_cast<std::uint32_t>(std::countr_zero(mask));
}

template <class Mask>
constexpr std::uint32_t highest(Mask mask) noexcept {
    return static_cast<std::uint32_t>(std::bit_width(mask)) - 1;
}

/// True when every month has a selected day, whatever its shape: no need to look at each.
constexpr bool fits_every_month(const CronFields& fields) noexcept {
    constexpr std::uint64_t first_four_weeks = bits_between(0, 27);
    constexpr std::uint32_t first_28 = 0x1ffffffe;
    constexpr std::uint32_t last_28 = 0xfffffff;
    const bool day = ((fields.days | fields.near_days) & first_28) != 0 ||
                     ((fields.days_before_last | fields.near_before_last) & last_28) != 0;
    const bool weekday = (fields.weekdays & first_four_weeks) != 0 || fields.last_weekdays != 0;
    if (fields.either_day) return day || weekday;
    return (day && fields.weekdays == all_weekdays) || (weekday && fields.days == all_days);
}

/// The years of each type.
inline constexpr auto years_by_type = [] {
    std::array<YearSet, year_type_count> result{};
    for (std::uint32_t year = 0; year < cron_year_count; ++year)
        result[year_type(year)].insert(year);
    return result;
}();

/// Per common year and leap year, and per day of the month: the months that have that day.
inline constexpr auto months_with_day = [] {
    std::array<std::array<std::uint16_t, 32>, 2> result{};
    for (std::uint32_t month = 1; month <= 12; ++month)
        for (const bool leap : {false, true})
            for (std::uint32_t day = 1; day <= month_length(leap, month); ++day)
                result[leap][day] |= static_cast<std::uint16_t>(1U << month);
    return result;
}();

inline constexpr YearSet leap_years = [] {
    YearSet years;
    for (std::uint32_t type = first_leap_type; type < year_type_count; ++type)
        years |= years_by_type[type];
    return years;
}();

inline constexpr std::uint32_t month_shape_count = 28;

constexpr std::uint32_t shape_number(MonthShape shape) noexcept {
    return 7 * (shape.length - 28) + shape.first_weekday;
}

/// Per shape and type of year: the months of that shape.
inline constexpr auto months_by_shape = [] {
    std::array<std::array<std::uint16_t, 16>, month_shape_count> result{};
    for (std::uint32_t type = 0; type < year_type_count; ++type)
        for (std::uint32_t month = 1; month <= 12; ++month)
            result[shape_number(month_shape(type, month))][type] |= static_cast<std::uint16_t>(1U << month);
    return result;
}();

constexpr bool has_day(const CronFields& fields, MonthShape shape, std::uint32_t days_in_longest) noexcept {
    if (!fields.has_moving_days()) return (days_in_longest & bits_between(1, shape.length)) != 0;
    return days_in_month(fields, shape) != 0;
}

/// Every month has a selected day.
constexpr CronIndex index_of_all_months(const CronFields& fields) noexcept {
    CronIndex index;
    index.years = fields.years;
    index.months.fill(fields.months);
    index.every_day = fields.days == all_days && fields.weekdays == all_weekdays && fields.months == all_months &&
                      fields.years == YearSet::every();
    return index;
}

/// Days of the month alone select: a month needs to be long enough for the first of them.
constexpr CronIndex index_by_length(const CronFields& fields) noexcept {
    CronIndex index;
    const std::uint32_t first = lowest(fields.days);
    for (std::uint32_t type = 0; type < year_type_count; ++type)
        index.months[type] = fields.months & months_with_day[type >= first_leap_type][first];
    if (index.months[0] != 0)
        index.years = fields.years;
    else if (index.months[first_leap_type] != 0)
        (index.years = leap_years) &= fields.years;
    return index;
}

constexpr CronIndex index_by_shape(const CronFields& fields) noexcept {
    CronIndex index;
    for (std::uint32_t first_weekday = 0; first_weekday < 7; ++first_weekday) {
        const std::uint32_t days = days_in_month(fields, {31, first_weekday});
        for (std::uint32_t length = 28; length <= 31; ++length) {
            const MonthShape shape{length, first_weekday};
            if (!has_day(fields, shape, days)) continue;
            for (std::size_t type = 0; type < index.months.size(); ++type)
                index.months[type] |= months_by_shape[shape_number(shape)][type];
        }
    }
    for (std::uint32_t type = 0; type < year_type_count; ++type) {
        index.months[type] &= fields.months;
        if (index.months[type] != 0) index.years |= years_by_type[type];
    }
    index.years &= fields.years;
    return index;
}

constexpr CronIndex index_of(const CronFields& fields) noexcept {
    if (fits_every_month(fields)) return index_of_all_months(fields);
    const bool days_alone = !fields.either_day && fields.weekdays == all_weekdays && !fields.has_moving_days();
    return days_alone ? index_by_length(fields) : index_by_shape(fields);
}

struct TimeOfDay {
    std::uint32_t hour, minute, second;

    static constexpr TimeOfDay of(std::uint32_t second_of_day) noexcept {
        const std::uint32_t minute_of_day = second_of_day / 60;
        return {minute_of_day / 60, minute_of_day % 60, second_of_day % 60};
    }
};

constexpr std::int64_t second_at(std::uint32_t day, std::uint32_t hour, std::uint32_t minute, std::uint32_t second) {
    return std::int64_t{day} * seconds_per_day + (hour * 3600 + minute * 60 + second);
}

constexpr std::int64_t first_on_day(const CronFields& fields, std::uint32_t day) noexcept {
    return second_at(day, lowest(fields.hours), lowest(fields.minutes), lowest(fields.seconds));
}

constexpr std::int64_t last_on_day(const CronFields& fields, std::uint32_t day) noexcept {
    return second_at(day, highest(fields.hours), highest(fields.minutes), highest(fields.seconds));
}

/// The least selected time of `day` that is not before `from`.
constexpr std::int64_t first_on_day_from(const CronFields& fields, std::uint32_t day, TimeOfDay from) noexcept {
    if (fields.hours >> from.hour & 1) {
        if (fields.minutes >> from.minute & 1)
            if (const auto seconds = fields.seconds >> from.second; seconds != 0)
                return second_at(day, from.hour, from.minute, from.second + lowest(seconds));
        if (const auto minutes = fields.minutes >> from.minute >> 1; minutes != 0)
            return second_at(day, from.hour, from.minute + 1 + lowest(minutes), lowest(fields.seconds));
    }
    if (const auto hours = fields.hours >> from.hour >> 1; hours != 0)
        return second_at(day, from.hour + 1 + lowest(hours), lowest(fields.minutes), lowest(fields.seconds));
    return no_second;
}

/// The greatest selected time of `day` that is not after `until`.
constexpr std::int64_t last_on_day_until(const CronFields& fields, std::uint32_t day, TimeOfDay until) noexcept {
    const auto below = [](std::uint32_t n) {
        return (std::uint64_t{1} << n) - 1;
    };
    if (fields.hours >> until.hour & 1) {
        if (fields.minutes >> until.minute & 1)
            if (const auto seconds = fields.seconds & below(until.second + 1); seconds != 0)
                return second_at(day, until.hour, until.minute, highest(seconds));
        if (const auto minutes = fields.minutes & below(until.minute); minutes != 0)
            return second_at(day, until.hour, highest(minutes), highest(fields.seconds));
    }
    if (const auto hours = fields.hours & below(until.hour); hours != 0)
        return second_at(day, highest(hours), highest(fields.minutes), highest(fields.seconds));
    return no_second;
}

/// The selected days of a month, whether or not the year and the month are selected.
constexpr std::uint32_t days_of(const CronFields& fields, std::uint32_t year, std::uint32_t month) noexcept {
    return days_in_month(fields, month_shape(year_type(year), month));
}

/// The selected days of the month that the date lies in.
constexpr std::uint32_t days_around(const CronFields& fields, CivilDate date) noexcept {
    if (!fields.years.contains(date.year) || !(fields.months >> date.month & 1)) return 0;
    return days_of(fields, date.year, date.month);
}

/// The months of that year that have a selected day.
constexpr std::uint32_t months_of(const CronIndex& index, std::uint32_t year) noexcept {
    return index.years.contains(year) ? index.months[year_type(year)] : 0U;
}

constexpr std::int64_t first_after_month(const CronFields& fields, const CronIndex& index, CivilDate date) noexcept {
    std::uint32_t year = date.year;
    std::uint32_t months = months_of(index, year) & (~0U << date.month << 1);
    if (months == 0) {
        year = index.years.first_from(year + 1);
        if (year == YearSet::none) return no_second;
        months = index.months[year_type(year)];
    }
    const std::uint32_t month = lowest(months);
    return first_on_day(fields, day_of({year, month, lowest(days_of(fields, year, month))}));
}

constexpr std::int64_t last_before_month(const CronFields& fields, const CronIndex& index, CivilDate date) noexcept {
    std::uint32_t year = date.year;
    std::uint32_t months = months_of(index, year) & ((1U << date.month) - 1);
    if (months == 0) {
        year = year == 0 ? YearSet::none : index.years.last_until(year - 1);
        if (year == YearSet::none) return no_second;
        months = index.months[year_type(year)];
    }
    const std::uint32_t month = highest(months);
    return last_on_day(fields, day_of({year, month, highest(days_of(fields, year, month))}));
}

struct DayAndTime {
    std::uint32_t day;
    std::uint32_t second_of_day;

    static constexpr DayAndTime of(std::int64_t second) noexcept {
        const auto count = static_cast<std::uint64_t>(second);
        return {static_cast<std::uint32_t>(count / seconds_per_day),
                static_cast<std::uint32_t>(count % seconds_per_day)};
    }
};

constexpr std::int64_t first_second_from(const CronFields& fields, const CronIndex& index, std::int64_t from) noexcept {
    const auto [day, time] = DayAndTime::of(from);
    if (index.every_day) {
        const auto found = first_on_day_from(fields, day, TimeOfDay::of(time));
        return found != no_second || day + 1 == cron_day_count ? found : first_on_day(fields, day + 1);
    }
    const CivilDate date = date_of(day);
    const std::uint32_t days = days_around(fields, date) >> date.day;
    if (days & 1)
        if (const auto found = first_on_day_from(fields, day, TimeOfDay::of(time)); found != no_second) return found;
    if (const std::uint32_t later = days >> 1; later != 0) return first_on_day(fields, day + 1 + lowest(later));
    return first_after_month(fields, index, date);
}

constexpr std::int64_t
last_second_until(const CronFields& fields, const CronIndex& index, std::int64_t until) noexcept {
    const auto [day, time] = DayAndTime::of(until);
    if (index.every_day) {
        const auto found = last_on_day_until(fields, day, TimeOfDay::of(time));
        return found != no_second || day == 0 ? found : last_on_day(fields, day - 1);
    }
    const CivilDate date = date_of(day);
    const std::uint32_t days = days_around(fields, date);
    if (days >> date.day & 1)
        if (const auto found = last_on_day_until(fields, day, TimeOfDay::of(time)); found != no_second) return found;
    if (const std::uint32_t earlier = days & ((1U << date.day) - 1); earlier != 0)
        return last_on_day(fields, day - date.day + highest(earlier));
    return last_before_month(fields, index, date);
}

constexpr bool selects_second(const CronFields& fields, std::int64_t second) noexcept {
    const auto [day, second_of_day] = DayAndTime::of(second);
    const auto time = TimeOfDay::of(second_of_day);
    if (!(fields.seconds >> time.second & 1) || !(fields.minutes >> time.minute & 1)) return false;
    if (!(fields.hours >> time.hour & 1)) return false;
    const CivilDate date = date_of(day);
    return (days_around(fields, date) >> date.day & 1) != 0;
}

} // namespace carillon::detail
