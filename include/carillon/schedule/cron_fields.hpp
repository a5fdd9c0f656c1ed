// SPDX-License-Identifier: MIT
// cron_fields.hpp - what an expression means: sets of seconds, minutes, hours, days, months and years as bits.
//
// The days of a month are one 32-bit mask, built from the two day fields when a search enters the month:
//
//   weekdays   bit 7*(k-1)+w: the k-th weekday w of the month; plain MON is all five of them
//              rotated by the weekday of the 1st, bit d-1 of it stands for day d
//   days       bit d: day d
//   the rest   days that depend on the end of the month or on its weekdays: L, L-3, 15W, LW, FRIL
#pragma once

#include "carillon/schedule/cron_calendar.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace carillon::detail {

/// Bits first..last; precondition first <= last < 64.
constexpr std::uint64_t bits_between(std::uint32_t first, std::uint32_t last) noexcept {
    return (~std::uint64_t{0} >> (63 - last)) & (~std::uint64_t{0} << first);
}

inline constexpr std::uint64_t all_of_60 = bits_between(0, 59);
inline constexpr std::uint32_t all_hours = 0xffffff;
inline constexpr std::uint32_t all_days = 0xfffffffe;
inline constexpr std::uint16_t all_months = 0x1ffe;
inline constexpr std::uint64_t all_weekdays = bits_between(0, 34);
inline constexpr std::uint64_t every_week = 0x10204081; ///< times a mask of 7 weekdays: the mask in each of five weeks

/// A set of the years 1970..2199, counted from 1970.
class YearSet {
public:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    static constexpr YearSet every() noexcept {
        YearSet set;
        set.words_ = {~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}, bits_between(0, cron_year_count - 193)};
        return set;
    }
    constexpr void insert(std::uint32_t year) noexcept { words_[year / 64] |= std::uint64_t{1} << year % 64; }
    [[nodiscard]] constexpr bool contains(std::uint32_t year) const noexcept {
        return (words_[year / 64] >> year % 64 & 1) != 0;
    }
    [[nodiscard]] constexpr std::uint32_t first_from(std::uint32_t year) const noexcept;
    [[nodiscard]] constexpr std::uint32_t last_until(std::uint32_t year) const noexcept;
    constexpr YearSet& operator|=(const YearSet& other) noexcept {
        for (std::size_t i = 0; i < words_.size(); ++i)
            words_[i] |= other.words_[i];
        return *this;
    }
    constexpr YearSet& operator&=(const YearSet& other) noexcept {
        for (std::size_t i = 0; i < words_.size(); ++i)
            words_[i] &= other.words_[i];
        return *this;
    }
    friend constexpr bool operator==(const YearSet& a, const YearSet& b) noexcept {
        std::uint64_t difference = 0; // of all words at once: a call of memcmp costs more
        for (std::size_t i = 0; i < a.words_.size(); ++i)
            difference |= a.words_[i] ^ b.words_[i];
        return difference == 0;
    }

private:
    std::array<std::uint64_t, 4> words_{};
};

/// A parsed expression. Equal fields, equal meaning: an unrestricted day field is a full mask under AND.
struct CronFields {
    std::uint64_t seconds = 0;
    std::uint64_t minutes = 0;
    std::uint32_t hours = 0;
    std::uint32_t days = 0;             ///< bit d: day d of the month
    std::uint64_t weekdays = 0;         ///< bit 7*(k-1)+w: the k-th weekday w
    std::uint32_t days_before_last = 0; ///< bit n: n days before the last day (L, L-n)
    std::uint32_t near_days = 0;        ///< bit d: the weekday nearest to day d (dW)
    std::uint32_t near_before_last = 0; ///< bit n: the weekday nearest to L-n (LW, L-nW)
    std::uint16_t months = 0;           ///< bit m: month m
    std::uint8_t last_weekdays = 0;     ///< bit w: the last weekday w of the month (wL, w#L)
    bool either_day = false;            ///< a day that one day field selects; else both must
    bool interval = false;              ///< `*` or `/` stands in the second, minute or hour field
    YearSet years;

    [[nodiscard]] constexpr bool has_moving_days() const noexcept {
        return (days_before_last | near_days | near_before_last | last_weekdays) != 0;
    }
    /// Gives equal sets of days equal fields where a full mask makes another part say nothing.
    constexpr void normalise_days() noexcept;
    friend constexpr bool operator==(const CronFields&, const CronFields&) = default;
};

/// Bit d is set when the expression selects day d of a month of this shape.
constexpr std::uint32_t days_in_month(const CronFields& fields, MonthShape month) noexcept;

/// The Monday to Friday nearest to `day` that lies in the same month: Saturday the 1st gives the 3rd.
constexpr std::uint32_t nearest_workday(std::uint32_t day, MonthShape month) noexcept;

// ---- implementation ------------------------------------------------------------------------------------------------

constexpr std::uint32_t YearSet::first_from(std::uint32_t year) const noexcept {
    if (year >= cron_year_count) return none;
    std::size_t index = year / 64;
    std::uint64_t word = words_[index] & ~std::uint64_t{0} << year % 64;
    while (word == 0) {
        if (++index == words_.size()) return none;
        word = words_[index];
    }
    return static_cast<std::uint32_t>(index * 64 + static_cast<std::size_t>(std::countr_zero(word)));
}

constexpr std::uint32_t YearSet::last_until(std::uint32_t year) const noexcept {
    std::size_t index = year / 64;
    std::uint64_t word = words_[index] & ~std::uint64_t{0} >> (63 - year % 64);
    while (word == 0) {
        if (index-- == 0) return none;
        word = words_[index];
    }
    return static_cast<std::uint32_t>(index * 64 + 63 - static_cast<std::size_t>(std::countl_zero(word)));
}

constexpr std::uint32_t nearest_workday(std::uint32_t day, MonthShape month) noexcept {
    const std::uint32_t weekday = (month.first_weekday + day - 1) % 7;
    if (weekday == 6) return day == 1 ? 3 : day - 1;
    if (weekday == 0) return day == month.length ? day - 2 : day + 1;
    return day;
}

constexpr void CronFields::normalise_days() noexcept {
    if (either_day && (days == all_days || weekdays == all_weekdays)) {
        days = all_days;
        weekdays = all_weekdays;
        either_day = false;
    }
    if (days == all_days) days_before_last = near_days = near_before_last = 0;
    if (weekdays == all_weekdays) last_weekdays = 0;
}

/// Rotates each of the five 7-bit weeks so that bit 0 is the weekday of the 1st.
constexpr std::uint64_t weeks_from(std::uint64_t weekdays, std::uint32_t first_weekday) noexcept {
    const std::uint64_t stays = every_week * (0x7fU >> first_weekday);
    return (weekdays >> first_weekday & stays) | (weekdays << (7 - first_weekday) & ~stays & all_weekdays);
}

/// Days that depend on where the month ends, or on which of its days are workdays.
constexpr std::uint32_t moving_days(const CronFields& fields, MonthShape month) noexcept {
    std::uint32_t result = 0;
    const auto for_each_bit = [](std::uint32_t mask, auto action) {
        for (; mask != 0; mask &= mask - 1)
            action(static_cast<std::uint32_t>(std::countr_zero(mask)));
    };
    const auto add_nearest = [&](std::uint32_t day) {
        if (day >= 1 && day <= month.length) result |= 1U << nearest_workday(day, month);
    };
    for_each_bit(fields.days_before_last, [&](std::uint32_t n) { result |= 1U << month.length >> n; });
    for_each_bit(fields.near_days, add_nearest);
    for_each_bit(fields.near_before_last, [&](std::uint32_t n) { add_nearest(month.length - n); });
    return result;
}

constexpr std::uint32_t last_weekdays_in_month(std::uint32_t weekdays, MonthShape month) noexcept {
    const std::uint64_t from_first = weeks_from(every_week * weekdays, month.first_weekday) << 1;
    return static_cast<std::uint32_t>(from_first & bits_between(month.length - 6, month.length));
}

constexpr std::uint32_t days_in_month(const CronFields& fields, MonthShape month) noexcept {
    std::uint32_t by_day = fields.days;
    auto by_weekday = static_cast<std::uint32_t>(weeks_from(fields.weekdays, month.first_weekday) << 1);
    if (fields.has_moving_days()) {
        by_day |= moving_days(fields, month);
        by_weekday |= last_weekdays_in_month(fields.last_weekdays, month);
    }
    const std::uint32_t selected = fields.either_day ? by_day | by_weekday : by_day & by_weekday;
    return selected & static_cast<std::uint32_t>(bits_between(1, month.length));
}

} // namespace carillon::detail
