// SPDX-License-Identifier: MIT
// civil_walk.hpp - the civil seconds of a cron expression one after the other, like the wheels of an odometer.
//
// A search finds its place from nothing each time; a walk remembers which seconds, minutes, hours and days are still to
// come, so most steps take one bit from one mask.
#pragma once

#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_calendar.hpp"
#include "carillon/schedule/cron_fields.hpp"
#include "carillon/schedule/cron_search.hpp"

#include <bit>
#include <chrono>
#include <cstdint>

namespace carillon::detail {

/// Refers to the expression, which must outlive it.
class CivilWalk {
public:
    /// Stands before the first second after `after`.
    CivilWalk(const CronExpression& expression, std::chrono::local_seconds after)
        : expression_(&expression) {
        if (const auto first = expression.next(after)) stand_before(first->time_since_epoch().count());
    }

    /// The next second of the expression, or no_second.
    std::int64_t next() {
        if (seconds_ == 0 && !turn_minute()) return no_second;
        return minute_begin_ + take(seconds_);
    }

private:
    template <class Mask>
    static std::uint32_t take(Mask& mask) noexcept {
        const std::uint32_t bit = lowest(mask);
        mask &= mask - 1;
        return bit;
    }

    [[nodiscard]] const CronFields& fields() const noexcept { return expression_->fields(); }

    bool turn_minute() {
        if (minutes_ == 0 && !turn_hour()) return false;
        minute_begin_ = hour_begin_ + take(minutes_) * 60;
        seconds_ = fields().seconds;
        return true;
    }
    bool turn_hour() {
        if (hours_ == 0 && !turn_day()) return false;
        hour_begin_ = day_begin_ + take(hours_) * 3600;
        minutes_ = fields().minutes;
        return true;
    }
    bool turn_day() {
        if (days_ == 0 && !turn_month()) return false;
        day_begin_ = std::int64_t{day_zero_ + take(days_)} * seconds_per_day;
        hours_ = fields().hours;
        return true;
    }

    /// Looks at the rest of the year, then asks the expression: years may lie between.
    bool turn_month() {
        for (std::uint32_t months = fields().months & (~std::uint32_t{0} << month_ << 1); months != 0;) {
            enter_month(year_, take(months));
            if (days_ != 0) return true;
        }
        month_ = 12;
        if (year_ + 1 >= cron_year_count) return false;
        const auto found = expression_->next_or_at(beginning_of(year_ + 1));
        if (!found) return false;
        const CivilDate date = date_of(static_cast<std::uint32_t>(found->time_since_epoch().count() / seconds_per_day));
        enter_month(date.year, date.month);
        return true;
    }

    void enter_month(std::uint32_t year, std::uint32_t month) {
        year_ = year;
        month_ = month;
        day_zero_ = first_day_of_year(year) + days_before_month[is_leap_year(year)][month] - 1;
        days_ = fields().years.contains(year) ? days_in_month(fields(), month_shape(year_type(year), month)) : 0;
    }

    static std::chrono::local_seconds beginning_of(std::uint32_t year) {
        return std::chrono::local_seconds{
            std::chrono::seconds{std::int64_t{first_day_of_year(year)} * seconds_per_day}};
    }

    void stand_before(std::int64_t second);

    const CronExpression* expression_;
    std::uint64_t seconds_ = 0; ///< those of the current minute that are still to come, and so on upwards
    std::uint64_t minutes_ = 0;
    std::uint32_t hours_ = 0;
    std::uint32_t days_ = 0;
    std::int64_t minute_begin_ = 0;
    std::int64_t hour_begin_ = 0;
    std::int64_t day_begin_ = 0;
    std::uint32_t day_zero_ = 0; ///< the day before the 1st
    std::uint32_t month_ = 12;
    std::uint32_t year_ = cron_year_count;
};

// ---- implementation ------------------------------------------------------------------------------------------------

/// Sets the wheels so that `second`, one of the expression, is the next one.
inline void CivilWalk::stand_before(std::int64_t second) {
    const auto above = [](auto mask, std::uint32_t bit) {
        return mask >> bit >> 1 << bit << 1;
    };
    const auto day = static_cast<std::uint32_t>(second / seconds_per_day);
    const auto time = TimeOfDay::of(static_cast<std::uint32_t>(second % seconds_per_day));
    const CivilDate date = date_of(day);
    enter_month(date.year, date.month);
    days_ = above(days_, date.day);
    day_begin_ = std::int64_t{day} * seconds_per_day;
    hours_ = above(fields().hours, time.hour);
    hour_begin_ = day_begin_ + time.hour * 3600;
    minutes_ = above(fields().minutes, time.minute);
    minute_begin_ = hour_begin_ + time.minute * 60;
    seconds_ = fields().seconds >> time.second << time.second;
}

} // namespace carillon::detail
