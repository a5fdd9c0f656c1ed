// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron_fields.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <initializer_list>

using namespace carillon::detail;

namespace {

constexpr MonthShape thirty_one_from_saturday{31, 6};
constexpr MonthShape twenty_eight_from_monday{28, 1};

constexpr CronFields every_day() {
    CronFields fields;
    fields.days = all_days;
    fields.weekdays = all_weekdays;
    return fields;
}

constexpr std::uint32_t days(std::initializer_list<unsigned> numbers) {
    std::uint32_t mask = 0;
    for (const auto number : numbers)
        mask |= 1U << number;
    return mask;
}

} // namespace

TEST_CASE("cron fields: a month has as many days as its shape", "[cron]") {
    STATIC_REQUIRE(days_in_month(every_day(), thirty_one_from_saturday) == all_days);
    STATIC_REQUIRE(days_in_month(every_day(), twenty_eight_from_monday) == 0x1ffffffe);
}

TEST_CASE("cron fields: weekdays are counted from the weekday of the 1st", "[cron]") {
    CronFields fields = every_day();
    fields.weekdays = every_week * 0b10; // MON
    CHECK(days_in_month(fields, twenty_eight_from_monday) == days({1, 8, 15, 22}));
    CHECK(days_in_month(fields, thirty_one_from_saturday) == days({3, 10, 17, 24, 31}));
    fields.weekdays = std::uint64_t{0b10} << 28; // MON#5
    CHECK(days_in_month(fields, twenty_eight_from_monday) == 0);
    CHECK(days_in_month(fields, thirty_one_from_saturday) == days({31}));
    fields.weekdays = 0;
    fields.last_weekdays = 0b1000001; // SUNL, SATL
    CHECK(days_in_month(fields, twenty_eight_from_monday) == days({27, 28}));
    CHECK(days_in_month(fields, thirty_one_from_saturday) == days({29, 30}));
}

TEST_CASE("cron fields: the nearest workday stays in the month", "[cron]") {
    STATIC_REQUIRE(nearest_workday(1, thirty_one_from_saturday) == 3);
    STATIC_REQUIRE(nearest_workday(2, thirty_one_from_saturday) == 3);
    STATIC_REQUIRE(nearest_workday(8, thirty_one_from_saturday) == 7);
    STATIC_REQUIRE(nearest_workday(10, thirty_one_from_saturday) == 10);
    STATIC_REQUIRE(nearest_workday(28, twenty_eight_from_monday) == 26);
    STATIC_REQUIRE(nearest_workday(27, twenty_eight_from_monday) == 26);
}

TEST_CASE("cron fields: days from the end", "[cron]") {
    CronFields fields = every_day();
    fields.days = 0;
    fields.days_before_last = 1U << 0 | 1U << 27 | 1U << 30;
    CHECK(days_in_month(fields, twenty_eight_from_monday) == days({1, 28}));
    CHECK(days_in_month(fields, thirty_one_from_saturday) == days({1, 4, 31}));
    fields.days_before_last = 0;
    fields.near_before_last = 1U << 0; // LW
    CHECK(days_in_month(fields, twenty_eight_from_monday) == days({26}));
    fields.near_before_last = 0;
    fields.near_days = 1U << 29; // 29W
    CHECK(days_in_month(fields, twenty_eight_from_monday) == 0);
    CHECK(days_in_month(fields, thirty_one_from_saturday) == days({28}));
}

TEST_CASE("cron fields: a set of years is searched in both directions", "[cron]") {
    YearSet years;
    CHECK(years.first_from(0) == YearSet::none);
    CHECK(years.last_until(cron_year_count - 1) == YearSet::none);
    for (const std::uint32_t year : {0U, 63U, 64U, 191U, 229U})
        years.insert(year);
    CHECK(years.first_from(0) == 0);
    CHECK(years.first_from(1) == 63);
    CHECK(years.first_from(64) == 64);
    CHECK(years.first_from(65) == 191);
    CHECK(years.first_from(192) == 229);
    CHECK(years.first_from(230) == YearSet::none);
    CHECK(years.last_until(229) == 229);
    CHECK(years.last_until(228) == 191);
    CHECK(years.last_until(63) == 63);
    CHECK(years.last_until(62) == 0);
    CHECK(years.contains(191));
    CHECK_FALSE(years.contains(190));
    for (std::uint32_t year = 0; year < cron_year_count; ++year)
        years.insert(year);
    CHECK(years == YearSet::every());
}
