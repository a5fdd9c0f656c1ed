// SPDX-License-Identifier: MIT
// time.hpp - instants, durations, and their text.
//
//   Instant   a moment in UTC, to the microsecond      2026-03-01T09:00:00Z, 2026-03-01T09:00:00.250000Z  (RFC 3339)
//   Duration  steady microseconds                      1h30m, 250ms                                      (Go's
//   notation)
#pragma once

#include "carillon/error.hpp"

#include <date/date.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::sys_time<Duration>;

/// The first instant that has an RFC 3339 text, 0000-01-01T00:00:00Z, and the last one, 9999-12-31T23:59:59.999999Z.
[[nodiscard]] constexpr Instant earliest_instant() noexcept;
[[nodiscard]] constexpr Instant latest_instant() noexcept;

/// RFC 3339 in UTC with `Z`; a fraction of six digits only when it is not zero. Instants outside the range above are
/// clamped to it.
[[nodiscard]] std::string to_rfc3339(Instant instant);

/// Reads RFC 3339: any offset, `T` or a space between date and time, either case; digits beyond microseconds are cut
/// off. A leap second (`:60`) is refused, since instants do not have them. Error: `invalid_instant`.
[[nodiscard]] constexpr Result<Instant> parse_rfc3339(std::string_view text);

/// "1h30m", "1.5s", "250ms", "0s": the exact text in the units h m s, below a second in ms or us, as `parse_duration`
/// reads it. A negative duration begins with `-`, which `parse_duration` does not read.
[[nodiscard]] std::string to_string(Duration duration);

/// Reads one or more decimal numbers, each with a unit of h m s ms us: "1h30m", "1.5h". No sign, no spaces, at most
/// 100 years (876600h). What is finer than a microsecond is refused, never rounded. Error: `invalid_duration`.
[[nodiscard]] constexpr Result<Duration> parse_duration(std::string_view text);

/// The whole second that `instant` lies in; floors, so it is right before 1970 too.
[[nodiscard]] constexpr std::chrono::sys_seconds floor_to_second(Instant instant) noexcept;

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

inline constexpr Duration longest_duration = std::chrono::hours{876'600};

/// Long enough for every text of `write_rfc3339`.
inline constexpr std::size_t rfc3339_capacity = 27;

/// Two digits, then `mark`.
constexpr char* write_two(char* out, unsigned value, char mark) noexcept {
    out[0] = static_cast<char>('0' + value / 10);
    out[1] = static_cast<char>('0' + value % 10);
    out[2] = mark;
    return out + 3;
}

/// Writes the text of to_rfc3339 to `out`, which holds rfc3339_capacity bytes; returns its end.
constexpr char* write_rfc3339(char* out, Instant instant) noexcept {
    if (instant < earliest_instant()) instant = earliest_instant();
    if (instant > latest_instant()) instant = latest_instant();
    const auto day = date::floor<date::days>(instant);
    const date::year_month_day ymd{day};
    const auto of_day = static_cast<std::uint64_t>((instant - day).count());
    const auto second = static_cast<unsigned>(of_day / 1'000'000);
    const auto fraction = static_cast<unsigned>(of_day % 1'000'000);
    const auto year = static_cast<unsigned>(static_cast<int>(ymd.year()));
    write_two(out, year / 100, '0');
    out = write_two(out + 2, year % 100, '-');
    out = write_two(out, static_cast<unsigned>(ymd.month()), '-');
    out = write_two(out, static_cast<unsigned>(ymd.day()), 'T');
    out = write_two(out, second / 3600, ':');
    out = write_two(out, second / 60 % 60, ':');
    out = write_two(out, second % 60, 'Z');
    if (fraction == 0) return out;
    out[-1] = '.';
    write_two(out, fraction / 10'000, '0');
    write_two(out + 2, fraction / 100 % 100, '0');
    return write_two(out + 4, fraction % 100, 'Z');
}

/// Reads a text from left to right and remembers where it went wrong.
class TextReader {
public:
    constexpr explicit TextReader(std::string_view text)
        : text_(text) {}

    [[nodiscard]] constexpr bool at_end() const noexcept { return position_ == text_.size(); }
    [[nodiscard]] constexpr bool at_digit() const noexcept { return peek() >= '0' && peek() <= '9'; }
    [[nodiscard]] constexpr char peek() const noexcept { return at_end() ? '\0' : text_[position_]; }
    [[nodiscard]] constexpr std::size_t position() const noexcept { return position_; }
    constexpr void skip(std::size_t bytes) noexcept { position_ += bytes; }

    constexpr bool take(char expected) noexcept {
        if (at_end() || text_[position_] != expected) return false;
        ++position_;
        return true;
    }
    constexpr bool take_any(std::string_view accepted) noexcept {
        if (at_end() || accepted.find(text_[position_]) == std::string_view::npos) return false;
        ++position_;
        return true;
    }

    /// Exactly `width` digits with a value of low..high. At a value outside, the position is that of its first digit.
    constexpr std::optional<int> number(int width, int low, int high) noexcept {
        const std::size_t start = position_;
        int value = 0;
        for (int i = 0; i < width; ++i, ++position_) {
            if (!at_digit()) return std::nullopt;
            value = value * 10 + (text_[position_] - '0');
        }
        if (value >= low && value <= high) return value;
        position_ = start;
        return std::nullopt;
    }

private:
    std::string_view text_;
    std::size_t position_ = 0;
};

constexpr std::optional<date::sys_days> read_date(TextReader& in) noexcept {
    const auto year = in.number(4, 0, 9999);
    if (!year || !in.take('-')) return std::nullopt;
    const auto month = in.number(2, 1, 12);
    if (!month || !in.take('-')) return std::nullopt;
    const auto last = date::year{*year} / date::month{static_cast<unsigned>(*month)} / date::last;
    const auto day = in.number(2, 1, static_cast<int>(static_cast<unsigned>(last.day())));
    if (!day) return std::nullopt;
    return date::sys_days{last.year() / last.month() / *day};
}

/// Up to six digits count; further ones must be digits and are cut off.
constexpr std::optional<Duration> read_fraction(TextReader& in) noexcept {
    if (!in.take('.')) return Duration{0};
    if (!in.at_digit()) return std::nullopt;
    int value = 0;
    int scale = 100'000;
    for (; in.at_digit(); in.skip(1), scale /= 10)
        value += (in.peek() - '0') * scale;
    return Duration{value};
}

constexpr std::optional<Duration> read_time_of_day(TextReader& in) noexcept {
    const auto hour = in.number(2, 0, 23);
    if (!hour || !in.take(':')) return std::nullopt;
    const auto minute = in.number(2, 0, 59);
    if (!minute || !in.take(':')) return std::nullopt;
    const auto second = in.number(2, 0, 59);
    if (!second) return std::nullopt;
    const auto fraction = read_fraction(in);
    if (!fraction) return std::nullopt;
    return std::chrono::seconds{*hour * 3600 + *minute * 60 + *second} + *fraction;
}

/// `Z` or a signed hh:mm; the result is what civil time is ahead of UTC.
constexpr std::optional<std::chrono::minutes> read_offset(TextReader& in) noexcept {
    if (in.take_any("Zz")) return std::chrono::minutes{0};
    const bool negative = in.peek() == '-';
    if (!in.take_any("+-")) return std::nullopt;
    const auto hour = in.number(2, 0, 23);
    if (!hour || !in.take(':')) return std::nullopt;
    const auto minute = in.number(2, 0, 59);
    if (!minute) return std::nullopt;
    const std::chrono::minutes offset{*hour * 60 + *minute};
    return negative ? -offset : offset;
}

constexpr std::optional<Instant> read_rfc3339(TextReader& in) noexcept {
    const auto day = read_date(in);
    if (!day || !in.take_any("Tt ")) return std::nullopt;
    const auto time = read_time_of_day(in);
    if (!time) return std::nullopt;
    const auto offset = read_offset(in);
    if (!offset || !in.at_end()) return std::nullopt;
    return Instant{*day} + *time - *offset;
}

constexpr std::int64_t read_unit(TextReader& in) noexcept {
    if (in.take('h')) return 3'600'000'000;
    if (in.take('s')) return 1'000'000;
    if (in.take('m')) return in.take('s') ? 1'000 : 60'000'000;
    if (in.take('u')) return in.take('s') ? 1 : 0;
    return 0;
}

struct Decimal {
    std::int64_t whole = 0;
    std::int64_t fraction = 0; ///< in units of 1 / scale, without trailing zeros
    std::int64_t scale = 1;

    /// This many times `unit`, where that is a whole number and not beyond longest_duration.
    [[nodiscard]] constexpr std::optional<std::int64_t> times(std::int64_t unit) const noexcept {
        if (whole > longest_duration.count() / unit) return std::nullopt;
        const std::int64_t common = std::gcd(unit, scale);
        if (fraction % (scale / common) != 0) return std::nullopt;
        return whole * unit + fraction / (scale / common) * (unit / common);
    }
};

/// Digits, then perhaps a point and digits. Finer than 1e-15 is finer than a microsecond in every unit.
constexpr std::optional<Decimal> read_decimal(TextReader& in) noexcept {
    Decimal result;
    if (!in.at_digit()) return std::nullopt;
    for (; in.at_digit(); in.skip(1)) {
        result.whole = result.whole * 10 + (in.peek() - '0');
        if (result.whole > longest_duration.count()) return std::nullopt;
    }
    if (!in.take('.')) return result;
    if (!in.at_digit()) return std::nullopt;
    constexpr std::int64_t finest = 1'000'000'000'000'000;
    std::int64_t pending = 1;
    for (; in.at_digit(); in.skip(1)) {
        if (pending <= finest) pending *= 10;
        if (in.peek() == '0') continue;
        if (pending > finest / result.scale) return std::nullopt;
        result.fraction = result.fraction * pending + (in.peek() - '0');
        result.scale *= pending;
        pending = 1;
    }
    return result;
}

inline std::string seconds_text(std::uint64_t value, std::uint64_t unit, std::string_view name) {
    std::string text = std::to_string(value / unit);
    if (std::uint64_t rest = value % unit; rest != 0) {
        std::string digits = std::to_string(unit + rest); // a leading 1 keeps the zeros after the point
        digits[0] = '.';
        digits.erase(digits.find_last_not_of('0') + 1);
        text += digits;
    }
    return text.append(name);
}

} // namespace detail

constexpr Instant earliest_instant() noexcept {
    return Instant{std::chrono::seconds{-62'167'219'200}};
}

constexpr Instant latest_instant() noexcept {
    return Instant{std::chrono::seconds{253'402'300'800} - std::chrono::microseconds{1}};
}

constexpr std::chrono::sys_seconds floor_to_second(Instant instant) noexcept {
    return std::chrono::floor<std::chrono::seconds>(instant);
}

inline std::string to_rfc3339(Instant instant) {
    char text[detail::rfc3339_capacity]{};
    return {text, detail::write_rfc3339(text, instant)};
}

constexpr Result<Instant> parse_rfc3339(std::string_view text) {
    detail::TextReader in{text};
    const auto instant = detail::read_rfc3339(in);
    if (!instant) return ParseError{Errc::invalid_instant, text, in.position() + 1, TextKind::instant};
    if (*instant < earliest_instant() || *instant > latest_instant())
        return ParseError{Errc::invalid_instant, text, 1, TextKind::instant};
    return *instant;
}

inline std::string to_string(Duration duration) {
    const bool negative = duration.count() < 0;
    auto rest = static_cast<std::uint64_t>(duration.count());
    if (negative) rest = 0 - rest;
    std::string text = negative ? "-" : "";
    if (rest == 0) return "0s";
    if (rest < 1'000) return text + std::to_string(rest) + "us";
    if (rest < 1'000'000) return text + detail::seconds_text(rest, 1'000, "ms");
    constexpr std::uint64_t minute = 60'000'000;
    if (rest >= 60 * minute) text += std::to_string(rest / (60 * minute)) + "h";
    if (rest / minute % 60 != 0) text += std::to_string(rest / minute % 60) + "m";
    if (rest % minute != 0) text += detail::seconds_text(rest % minute, 1'000'000, "s");
    return text;
}

constexpr Result<Duration> parse_duration(std::string_view text) {
    const auto wrong = [&](std::size_t position) {
        return ParseError{Errc::invalid_duration, text, position + 1, TextKind::duration};
    };
    detail::TextReader in{text};
    Duration total{0};
    do {
        const std::size_t start = in.position();
        const auto number = detail::read_decimal(in);
        if (!number) return wrong(in.at_digit() ? start : in.position());
        const std::int64_t unit = detail::read_unit(in);
        if (unit == 0) return wrong(in.position());
        const auto part = number->times(unit);
        if (!part || *part > (detail::longest_duration - total).count()) return wrong(start);
        total += Duration{*part};
    } while (!in.at_end());
    return total;
}

} // namespace carillon
