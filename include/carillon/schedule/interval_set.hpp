// SPDX-License-Identifier: MIT
// interval_set.hpp - occurrences at equal distances: in elapsed time, or on the calendar.
//
// Both count from a start and multiply, so nothing drifts and nothing depends on which occurrence was asked for before:
// the 31st plus one, two, three months is 28 February, 31 March, 30 April.
#pragma once

#include "carillon/schedule/zoned_set.hpp"

#include <date/date.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace carillon::detail {

/// 1970-01-01 and 2200-01-01: like those of a cron expression, all occurrences lie between them.
inline constexpr std::chrono::seconds first_scheduled_second{0};
inline constexpr std::chrono::seconds end_of_scheduled_seconds{7'258'118'400};

/// Limits how often: no number is without end.
inline constexpr std::int64_t unlimited_count = std::numeric_limits<std::int64_t>::max();

/// start, start + period, start + 2 period ... in elapsed seconds, `count` of them.
struct FixedRate {
    UtcSecond start;
    std::chrono::seconds period{1};
    std::int64_t count = unlimited_count;

    [[nodiscard]] UtcSecond first_from(UtcSecond from) const noexcept {
        const UtcSecond earliest = std::max({from, start, UtcSecond{first_scheduled_second}});
        const std::int64_t n = (earliest - start + period - std::chrono::seconds{1}) / period;
        if (n >= count) return nothing_later;
        const UtcSecond found = start + n * period;
        return found.time_since_epoch() < end_of_scheduled_seconds ? found : nothing_later;
    }

    [[nodiscard]] UtcSecond last_until(UtcSecond until) const noexcept {
        const UtcSecond latest = std::min(until, UtcSecond{end_of_scheduled_seconds} - std::chrono::seconds{1});
        if (latest < start) return nothing_earlier;
        const UtcSecond found = start + std::min((latest - start) / period, count - 1) * period;
        return found.time_since_epoch() >= first_scheduled_second ? found : nothing_earlier;
    }
};

/// start, start + (months, seconds), start + 2 (months, seconds) ... on the calendar: months first, where a day that
/// the month does not have becomes its last day. A civil set; of the fixed class.
struct CalendarInterval {
    CivilSecond start;
    std::int32_t months = 0;
    std::chrono::seconds rest{0};
    std::int64_t count = unlimited_count;

    [[nodiscard]] std::optional<CivilSecond> next_or_at(CivilSecond from) const noexcept {
        const auto earliest = std::max(from, CivilSecond{first_scheduled_second});
        if (earliest.time_since_epoch() >= end_of_scheduled_seconds) return std::nullopt;
        const std::int64_t n = first_not_before(earliest);
        if (n >= count || nth(n).time_since_epoch() >= end_of_scheduled_seconds) return std::nullopt;
        return nth(n);
    }

    [[nodiscard]] std::optional<CivilSecond> previous_or_at(CivilSecond until) const noexcept {
        const auto latest = std::min(until, CivilSecond{end_of_scheduled_seconds} - std::chrono::seconds{1});
        const std::int64_t n = std::min(first_not_before(latest + std::chrono::seconds{1}), count) - 1;
        if (n < 0 || nth(n).time_since_epoch() < first_scheduled_second) return std::nullopt;
        return nth(n);
    }

    [[nodiscard]] bool matches(CivilSecond second) const noexcept { return next_or_at(second) == second; }
    [[nodiscard]] static constexpr bool is_interval() noexcept { return false; }

private:
    [[nodiscard]] CivilSecond nth(std::int64_t n) const noexcept {
        const date::local_seconds civil_start{start.time_since_epoch()};
        const auto day = date::floor<date::days>(civil_start);
        auto date = date::year_month_day{day} + date::months{static_cast<int>(n * months)};
        if (!date.ok()) date = date.year() / date.month() / date::last;
        const auto moved = date::local_days{date} + (civil_start - day) + n * rest;
        return CivilSecond{moved.time_since_epoch()};
    }

    /// The least n whose time is not before `second`; bounded by the calendar's end. No month is shorter than 28 days.
    [[nodiscard]] std::int64_t first_not_before(CivilSecond second) const noexcept {
        const std::chrono::seconds shortest = months * std::chrono::seconds{28 * 86'400} + rest;
        std::int64_t low = 0;
        std::int64_t high = second <= start ? 0 : (second - start) / shortest + 1;
        while (low < high) {
            const std::int64_t middle = low + (high - low) / 2;
            if (nth(middle) < second)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
};

} // namespace carillon::detail
