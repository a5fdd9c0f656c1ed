// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron_calendar.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace carillon::detail;

TEST_CASE("cron calendar: every day from 1970 to 2199 has the date that std::chrono gives it", "[cron]") {
    for (std::uint32_t day = 0; day < cron_day_count; ++day) {
        const std::chrono::year_month_day expected{std::chrono::sys_days{std::chrono::days{day}}};
        const CivilDate date = date_of(day);
        const auto weekday = std::chrono::weekday{std::chrono::sys_days{std::chrono::days{day}}}.c_encoding();
        if (static_cast<int>(date.year + 1970) == static_cast<int>(expected.year()) &&
            date.month == static_cast<unsigned>(expected.month()) &&
            date.day == static_cast<unsigned>(expected.day()) && day_of(date) == day && weekday_of(day) == weekday)
            continue;
        FAIL("day " << day << " became " << date.year + 1970 << '-' << date.month << '-' << date.day);
    }
    SUCCEED();
}

TEST_CASE("cron calendar: months have the shape that std::chrono gives them", "[cron]") {
    for (std::uint32_t year = 0; year < cron_year_count; ++year)
        for (std::uint32_t month = 1; month <= 12; ++month) {
            const auto first = std::chrono::year{static_cast<int>(year + 1970)} / static_cast<int>(month) / 1;
            const std::chrono::year_month_day_last last{first.year(), first.month() / std::chrono::last};
            const MonthShape shape = month_shape(year_type(year), month);
            INFO(year + 1970 << '-' << month);
            REQUIRE(shape.length == static_cast<unsigned>(last.day()));
            REQUIRE(shape.first_weekday == std::chrono::weekday{std::chrono::sys_days{first}}.c_encoding());
        }
}
