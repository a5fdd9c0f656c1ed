// SPDX-License-Identifier: MIT
// interval_text.hpp - reads `rate(5 minutes)` and the repeating intervals of ISO 8601.
//
//   R/2026-01-01T00:00:00Z/PT90M     every 90 minutes of elapsed time, for ever
//   R12/2026-01-31T09:00:00/P1M      twelve times, on the last day of each month at nine on the clock of the zone
//
// A period with years, months, weeks or days is counted on the calendar of the schedule's zone, its hours included; one
// of hours, minutes and seconds alone is elapsed time. A start without an offset is civil time in that zone.
#pragma once

#include "carillon/schedule/cron_names.hpp"
#include "carillon/schedule/interval_set.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace carillon::detail {

/// A number of 1 to 9 digits.
inline std::optional<std::int64_t> read_count(TextReader& in) noexcept {
    if (!in.at_digit()) return std::nullopt;
    std::int64_t value = 0;
    for (int digits = 0; in.at_digit(); in.skip(1)) {
        if (++digits > 9) return std::nullopt;
        value = value * 10 + (in.peek() - '0');
    }
    return value;
}

inline void skip_blanks(TextReader& in) noexcept {
    while (in.take_any(" \t")) {
    }
}

/// `rate(5 minutes)`, with the singular or the plural of minute, hour, day; in any case of letters.
inline std::optional<std::chrono::seconds> read_rate(TextReader& in, std::string_view text) noexcept {
    in.skip(std::string_view("rate(").size());
    skip_blanks(in);
    const TextReader at_number = in;
    const auto count = read_count(in);
    if (!count) return std::nullopt;
    skip_blanks(in);
    const TextReader at_unit = in;
    while (is_letter(in.peek()))
        in.skip(1);
    std::string_view unit = text.substr(at_unit.position(), in.position() - at_unit.position());
    if (unit.ends_with('s') || unit.ends_with('S')) unit.remove_suffix(1);
    std::chrono::seconds length{0};
    if (equal_ignoring_case(unit, "minute")) length = std::chrono::minutes{1};
    if (equal_ignoring_case(unit, "hour")) length = std::chrono::hours{1};
    if (equal_ignoring_case(unit, "day")) length = std::chrono::hours{24};
    if (length.count() == 0) {
        in = at_unit;
        return std::nullopt;
    }
    skip_blanks(in);
    if (!in.take(')') || !in.at_end()) return std::nullopt;
    if (*count > 0 && *count <= longest_duration / length) return *count * length;
    in = at_number;
    return std::nullopt;
}

/// P[n]Y[n]M[n]W[n]DT[n]H[n]M[n]S: what is counted in months, in days and in elapsed seconds.
struct IsoPeriod {
    std::int64_t months = 0;
    std::chrono::seconds days{0};
    std::chrono::seconds time{0};

    [[nodiscard]] bool on_calendar() const noexcept { return months != 0 || days.count() != 0; }
    [[nodiscard]] bool in_range() const noexcept {
        constexpr std::int64_t most_months = 1200;
        constexpr auto most_seconds = std::chrono::floor<std::chrono::seconds>(longest_duration);
        return (on_calendar() || time.count() != 0) && months <= most_months && days <= most_seconds &&
               time <= most_seconds;
    }
};

class IsoPeriodReader {
public:
    explicit IsoPeriodReader(TextReader& in)
        : in_(in) {}

    std::optional<IsoPeriod> read() {
        if (!in_.take('P') || !read_units("YMWD")) return std::nullopt;
        if (in_.take('T') && (in_.at_end() || !read_units("HMS"))) return std::nullopt;
        if (!any_ || !in_.at_end()) return std::nullopt;
        return period_;
    }

private:
    /// Numbers with units, each unit at most once and in the order of `units`.
    bool read_units(std::string_view units) {
        const bool is_time = units.front() == 'H';
        while (in_.at_digit()) {
            const auto n = read_count(in_);
            if (!n) return false;
            const std::size_t place = units.find(in_.peek());
            if (in_.at_end() || place == std::string_view::npos) return false;
            add(*n, units[place], is_time);
            units.remove_prefix(place + 1);
            in_.skip(1);
            any_ = true;
        }
        return true;
    }

    void add(std::int64_t n, char unit, bool is_time) {
        constexpr std::chrono::seconds day = std::chrono::hours{24};
        if (unit == 'Y') period_.months += 12 * n;
        if (unit == 'M' && !is_time) period_.months += n;
        if (unit == 'W') period_.days += n * 7 * day;
        if (unit == 'D') period_.days += n * day;
        if (unit == 'H') period_.time += std::chrono::hours{n};
        if (unit == 'M' && is_time) period_.time += std::chrono::minutes{n};
        if (unit == 'S') period_.time += std::chrono::seconds{n};
    }

    TextReader& in_;
    IsoPeriod period_;
    bool any_ = false;
};

using IsoInterval = std::variant<FixedRate, CalendarInterval>;

/// When the first occurrence is: an instant, or a time on the clock of the zone. Fractions are rounded up to a second,
/// so that nothing is early.
struct IsoStart {
    std::chrono::local_time<Duration> civil;
    std::optional<Duration> offset;

    [[nodiscard]] std::chrono::sys_seconds instant(const TimeZone& zone) const {
        if (offset) return std::chrono::ceil<std::chrono::seconds>(Instant{civil.time_since_epoch() - *offset});
        const CivilLookup found = zone.lookup(std::chrono::ceil<std::chrono::seconds>(civil));
        return found.kind == CivilLookup::Kind::skipped ? found.transition : found.first;
    }
    [[nodiscard]] std::chrono::local_seconds local(const TimeZone& zone) const {
        const auto time = offset ? zone.to_local(Instant{civil.time_since_epoch() - *offset}) : civil;
        return std::chrono::ceil<std::chrono::seconds>(time);
    }
};

inline std::optional<IsoStart> read_iso_start(TextReader& in) noexcept {
    const auto day = read_date(in);
    if (!day || !in.take_any("Tt ")) return std::nullopt;
    const auto time = read_time_of_day(in);
    if (!time) return std::nullopt;
    IsoStart start{std::chrono::local_time<Duration>{day->time_since_epoch() + *time}, std::nullopt};
    if (in.peek() == '/') return start;
    const auto offset = read_offset(in);
    if (offset) start.offset = *offset;
    return offset ? std::optional(start) : std::nullopt;
}

/// Where it fails, `in` stands at the place.
inline std::optional<IsoInterval> read_iso_interval(TextReader& in, const TimeZone& zone) {
    in.skip(1); // the R
    std::int64_t count = unlimited_count;
    if (in.at_digit()) {
        TextReader ahead = in;
        const auto n = read_count(ahead);
        if (!n || *n == 0) return std::nullopt;
        count = *n;
        in = ahead;
    }
    if (!in.take('/')) return std::nullopt;
    const auto start = read_iso_start(in);
    if (!start || !in.take('/')) return std::nullopt;
    TextReader ahead = in;
    const auto period = IsoPeriodReader{ahead}.read();
    if (period && !period->in_range()) return std::nullopt;
    in = ahead;
    if (!period) return std::nullopt;
    if (!period->on_calendar()) return FixedRate{start->instant(zone), period->time, count};
    const auto months = static_cast<std::int32_t>(period->months);
    return CalendarInterval{start->local(zone), months, period->days + period->time, count};
}

} // namespace carillon::detail
