// SPDX-License-Identifier: MIT
// posix_tz.hpp - the rule of a zone for all years to come: `EST5EDT,M3.2.0,M11.1.0`.
//
// A TZif file lists the changes of the past and ends with such a rule. It names standard time and its offset (west is
// positive here, and only here), then perhaps daylight time, when it begins and when it ends. RFC 9636, section 3.3,
// takes the notation from POSIX and lets the hour of a change run from -167 to 167: `<-02>2<-01>,M3.5.0/-1,M10.5.0/0`.
#pragma once

#include "carillon/error.hpp"
#include "carillon/time.hpp"

#include <date/date.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

/// A day of every year and a time on it.
struct PosixDate {
    enum class Form : std::uint8_t {
        weekday,     ///< `Mm.w.d`: the w-th weekday d of month m, where 5 is the last
        julian,      ///< `Jn`: day 1..365, never 29 February
        day_of_year, ///< `n`: day 0..365, 29 February included
    };
    Form form = Form::weekday;
    int month = 1;
    int week = 1;
    int day = 0;
    int time = 7200; ///< seconds after midnight, perhaps of another day

    /// What the clock on the wall shows at that time in `year`, as seconds since 1970-01-01.
    [[nodiscard]] std::int64_t in(int year) const noexcept;
};

/// One kind of time in a zone; the offset counts seconds east of Greenwich.
struct PosixTime {
    std::string name;
    std::int32_t offset = 0;
};

struct PosixTz {
    PosixTime standard;
    std::optional<PosixTime> daylight;
    PosixDate begin; ///< of daylight time, read on the standard clock
    PosixDate end;   ///< of daylight time, read on the daylight clock
};

/// A moment at which daylight time begins or ends, in seconds since 1970-01-01T00:00:00Z.
struct PosixChange {
    std::int64_t at = 0;
    bool to_daylight = false;
};

/// Reads the notation above; a zone with daylight time must say when it begins and ends. Offsets lie within
/// 24:59:59, names have 3 to 63 characters. Error: `invalid_time_zone_data` with the column in `text`.
[[nodiscard]] Result<PosixTz> parse_posix_tz(std::string_view text);

/// The changes of the years first..last in order, none for a zone without daylight time. Two changes at one moment keep
/// the order of their years, so that daylight time all year (`EST5EDT,0/0,J365/25`) stays daylight time.
[[nodiscard]] std::vector<PosixChange> changes_between(const PosixTz& zone, int first_year, int last_year);

// ---- implementation ------------------------------------------------------------------------------------------------

inline std::int64_t PosixDate::in(int year) const noexcept {
    const date::year y{year};
    const date::sys_days first{y / date::January / 1};
    date::sys_days result = first + date::days{day};
    if (form == Form::julian) {
        result = first + date::days{day - (y.is_leap() && day >= 60 ? 0 : 1)};
    } else if (form == Form::weekday) {
        const auto in_month = y / date::month{static_cast<unsigned>(month)};
        const date::weekday weekday{static_cast<unsigned>(day)};
        result = week == 5 ? date::sys_days{in_month / weekday[date::last]}
                           : date::sys_days{in_month / weekday[static_cast<unsigned>(week)]};
    }
    return std::int64_t{result.time_since_epoch().count()} * 86'400 + time;
}

/// Reads numbers of any width; leaves the position at the byte that is wrong.
class PosixTzReader {
public:
    explicit PosixTzReader(std::string_view text)
        : in_(text)
        , text_(text) {}

    [[nodiscard]] std::size_t position() const noexcept { return in_.position(); }

    std::optional<PosixTz> read() {
        PosixTz zone;
        if (!read_time(zone.standard, std::nullopt)) return std::nullopt;
        if (in_.at_end()) return zone;
        zone.daylight.emplace();
        if (!read_time(*zone.daylight, zone.standard.offset + 3600)) return std::nullopt;
        if (!in_.take(',') || !read_date(zone.begin)) return std::nullopt;
        if (!in_.take(',') || !read_date(zone.end) || !in_.at_end()) return std::nullopt;
        return zone;
    }

private:
    static constexpr std::size_t longest_name = 63;

    static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

    /// A name, then an offset; where a default is given, the offset may be left out.
    bool read_time(PosixTime& time, std::optional<std::int32_t> default_offset) {
        if (!read_name(time.name)) return false;
        time.offset = default_offset.value_or(0);
        if (default_offset && (in_.at_end() || in_.peek() == ',')) return true;
        const auto west = read_clock(24);
        if (west) time.offset = -*west;
        return west.has_value();
    }

    bool read_name(std::string& name) {
        const bool in_brackets = in_.take('<');
        const std::size_t start = position();
        while (is_letter(in_.peek()) || (in_brackets && (in_.at_digit() || in_.peek() == '+' || in_.peek() == '-')))
            in_.skip(1);
        name = text_.substr(start, position() - start);
        return name.size() >= 3 && name.size() <= longest_name && (!in_brackets || in_.take('>'));
    }

    std::optional<int> read_number(int low, int high) {
        if (!in_.at_digit()) return std::nullopt;
        int value = 0;
        for (; in_.at_digit() && value <= high; in_.skip(1))
            value = value * 10 + (in_.peek() - '0');
        if (value < low || value > high) return std::nullopt;
        return value;
    }

    /// `[+-]h[:mm[:ss]]` in seconds.
    std::optional<int> read_clock(int most_hours) {
        const bool negative = in_.take('-');
        if (!negative) in_.take('+');
        const auto hours = read_number(0, most_hours);
        if (!hours) return std::nullopt;
        int seconds = *hours * 3600;
        for (const int unit : {60, 1}) {
            if (!in_.take(':')) break;
            const auto part = read_number(0, 59);
            if (!part) return std::nullopt;
            seconds += *part * unit;
        }
        return negative ? -seconds : seconds;
    }

    bool read_date(PosixDate& date) {
        if (in_.take('M')) {
            date.form = PosixDate::Form::weekday;
            if (!read_into(date.month, 1, 12) || !in_.take('.') || !read_into(date.week, 1, 5)) return false;
            if (!in_.take('.') || !read_into(date.day, 0, 6)) return false;
        } else if (in_.take('J')) {
            date.form = PosixDate::Form::julian;
            if (!read_into(date.day, 1, 365)) return false;
        } else {
            date.form = PosixDate::Form::day_of_year;
            if (!read_into(date.day, 0, 365)) return false;
        }
        return !in_.take('/') || read_clock_into(date.time);
    }

    bool read_into(int& target, int low, int high) {
        const auto value = read_number(low, high);
        if (value) target = *value;
        return value.has_value();
    }

    bool read_clock_into(int& target) {
        const auto value = read_clock(167);
        if (value) target = *value;
        return value.has_value();
    }

    TextReader in_;
    std::string_view text_;
};

inline Result<PosixTz> parse_posix_tz(std::string_view text) {
    PosixTzReader in{text};
    if (auto zone = in.read()) return *std::move(zone);
    return ParseError{Errc::invalid_time_zone_data, text, in.position() + 1, TextKind::time_zone};
}

inline std::vector<PosixChange> changes_between(const PosixTz& zone, int first_year, int last_year) {
    std::vector<PosixChange> changes;
    if (!zone.daylight) return changes;
    for (int year = first_year; year <= last_year; ++year) {
        changes.push_back({zone.begin.in(year)-zone.standard.offset, true});
        changes.push_back({zone.end.in(year)-zone.daylight->offset, false});
    }
    std::stable_sort(
        changes.begin(), changes.end(), [](const PosixChange& a, const PosixChange& b) { return a.at < b.at; });
    return changes;
}

} // namespace carillon::detail
