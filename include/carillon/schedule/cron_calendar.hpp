// SPDX-License-Identifier: MIT
// cron_calendar.hpp - the civil calendar between 1970 and 2199, in small unsigned integers.
//
// Inside these years only 2100 breaks the rule that every fourth year is a leap year, so a date costs two divisions.
// A year is one of 14 types (leap or not, times the weekday of 1 January); a month is one of 28 (length, times the
// weekday of the 1st). Weekdays count from Sunday = 0.
#pragma once

#include <array>
#include <cstdint>

namespace carillon::detail {

inline constexpr std::uint32_t first_cron_year = 1970;
inline constexpr std::uint32_t last_cron_year = 2199;
inline constexpr std::uint32_t cron_year_count = last_cron_year - first_cron_year + 1;
inline constexpr std::uint32_t cron_day_count = 84006; ///< 1970-01-01 up to and with 2199-12-31
inline constexpr std::uint32_t seconds_per_day = 86400;
inline constexpr std::int64_t cron_second_count = std::int64_t{cron_day_count} * seconds_per_day;

struct CivilDate {
    std::uint32_t year = 0; ///< counted from 1970
    std::uint32_t month = 1;
    std::uint32_t day = 1;
    friend constexpr bool operator==(const CivilDate&, const CivilDate&) = default;
};

inline constexpr std::array<std::array<std::uint16_t, 14>, 2> days_before_month{{
    {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
}};

/// The year counts from 1970 in every function below; so do days.
constexpr bool is_leap_year(std::uint32_t year) noexcept {
    return year % 4 == 2 && year != 2100 - first_cron_year;
}

constexpr std::uint32_t first_day_of_year(std::uint32_t year) noexcept {
    return 365 * year + (year + 1) / 4 - (year > 2100 - first_cron_year ? 1U : 0U);
}

constexpr std::uint32_t weekday_of(std::uint32_t day) noexcept {
    return (day + 4) % 7; // 1970-01-01 was a Thursday
}

constexpr std::uint32_t month_length(bool leap, std::uint32_t month) noexcept {
    return static_cast<std::uint32_t>(days_before_month[leap][month + 1] - days_before_month[leap][month]);
}

constexpr std::uint32_t day_of(CivilDate date) noexcept {
    return first_day_of_year(date.year) + days_before_month[is_leap_year(date.year)][date.month] + date.day - 1;
}

/// Years are counted from March so that the leap day ends one; the day after 2100-02-28 is counted as if 2100 were
/// leap.
constexpr CivilDate date_of(std::uint32_t day) noexcept {
    constexpr std::uint32_t march_2100 = 47541;
    constexpr std::uint32_t since_march_1968 = 671;
    const std::uint32_t quarters = 4 * (day + (day >= march_2100 ? 1U : 0U) + since_march_1968) + 3;
    const std::uint32_t year = quarters / 1461;                         // counted from March 1968
    const std::uint32_t scaled = 2141 * (quarters % 1461 / 4) + 197913; // months of 30.6 days, in 1/65536
    const std::uint32_t month = scaled >> 16;                           // 3..14
    const std::uint32_t day_of_month = (scaled & 0xffff) / 2141 + 1;
    return month > 12 ? CivilDate{year - 1, month - 12, day_of_month} : CivilDate{year - 2, month, day_of_month};
}

inline constexpr std::uint32_t year_type_count = 14;
inline constexpr std::uint32_t first_leap_type = 7;

inline constexpr auto year_types = [] {
    std::array<std::uint8_t, cron_year_count> types{};
    for (std::uint32_t year = 0; year < cron_year_count; ++year)
        types[year] = static_cast<std::uint8_t>(weekday_of(first_day_of_year(year)) +
                                                (is_leap_year(year) ? first_leap_type : 0U));
    return types;
}();

/// 0..6: a common year by the weekday of its 1 January, 7..13: a leap year.
constexpr std::uint32_t year_type(std::uint32_t year) noexcept {
    return year_types[year];
}

/// What a month looks like on the wall: how long, and which weekday it begins with.
struct MonthShape {
    std::uint32_t length = 31;
    std::uint32_t first_weekday = 0;
};

inline constexpr auto month_shapes = [] {
    std::array<std::array<MonthShape, 13>, year_type_count> shapes{};
    for (std::uint32_t type = 0; type < year_type_count; ++type)
        for (std::uint32_t month = 1; month <= 12; ++month)
            shapes[type][month] = {month_length(type >= first_leap_type, month),
                                   (type + days_before_month[type >= first_leap_type][month]) % 7};
    return shapes;
}();

constexpr MonthShape month_shape(std::uint32_t type, std::uint32_t month) noexcept {
    return month_shapes[type][month];
}

static_assert(date_of(0) == CivilDate{0, 1, 1});
static_assert(date_of(day_of({2100 - first_cron_year, 2, 28}) + 1) == CivilDate{2100 - first_cron_year, 3, 1});
static_assert(date_of(cron_day_count - 1) == CivilDate{cron_year_count - 1, 12, 31});

} // namespace carillon::detail
