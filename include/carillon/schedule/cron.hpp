// SPDX-License-Identifier: MIT
// cron.hpp - cron expressions in civil time: what do they say, and which second comes next?
//
//   auto weekdays = CronExpression::parse("0 9 * * 1-5");             // a Result: an expression, or the reason why not
//   auto next = weekdays->next(local_days{2026y / 3 / 6} + 9h);       // Monday 2026-03-09 09:00:00
//   constexpr auto literal = "0 9 * * 1-5"_cron;                      // checked by the compiler
//
// Civil time is what a wall clock shows, without zone and offset; `Schedule` (schedule/schedule.hpp) maps it to
// instants and knows what happens when clocks are set. An expression denotes a set of civil seconds between
// 1970-01-01 00:00:00 and 2199-12-31 23:59:59; every query below is a query on that set. All of it is constexpr,
// allocates nothing, never blocks and may be used by any number of threads.
//
// Source: OCPS 1.0-1.4 (Open Cron Pattern Specification) for the dialect `standard`; cron_dialect.hpp for the others.
#pragma once

#include "carillon/error.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_fields.hpp"
#include "carillon/schedule/cron_parser.hpp"
#include "carillon/schedule/cron_search.hpp"
#include "carillon/schedule/cron_to_string.hpp"
#include "carillon/schedule/cron_warning.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// A cron expression: a literal value of some 250 bytes that owns nothing.
class CronExpression {
public:
    /// Reads `text` by the rules of `dialect`. `hash_key` places `H` and `~` (dialect `extended`); empty is no key.
    /// Errors: the cron codes of error.hpp with the field and the 1-based column of the first byte that is wrong.
    /// Impossible dates (`0 0 30 2 *`) are no error: see `never_fires`.
    [[nodiscard]] static constexpr Result<CronExpression>
    parse(std::string_view text, CronDialect dialect = CronDialect::standard, std::string_view hash_key = "");

    using Second = std::chrono::local_seconds;

    /// The least second > `after`; none when the set has no such second.
    [[nodiscard]] constexpr std::optional<Second> next(Second after) const noexcept;
    /// The least second >= `from`.
    [[nodiscard]] constexpr std::optional<Second> next_or_at(Second from) const noexcept;
    /// The greatest second < `before`.
    [[nodiscard]] constexpr std::optional<Second> previous(Second before) const noexcept;
    /// The greatest second <= `until`.
    [[nodiscard]] constexpr std::optional<Second> previous_or_at(Second until) const noexcept;
    [[nodiscard]] constexpr bool matches(Second second) const noexcept;

    /// True when `*` or `/` stands in the second, minute or hour field: where clocks are set, an interval keeps its
    /// rhythm in real time, and any other expression keeps its time of day.
    [[nodiscard]] constexpr bool is_interval() const noexcept { return fields_.interval; }
    /// `@reboot`: fires when a worker starts, and at no civil time.
    [[nodiscard]] constexpr bool is_reboot() const noexcept { return reboot_; }
    /// True when no date meets the expression. False for `@reboot`.
    [[nodiscard]] constexpr bool never_fires() const noexcept;

    /// The zone of a `TZ=` or `CRON_TZ=` prefix, else empty. Whether the zone exists is not known here.
    [[nodiscard]] constexpr std::string_view time_zone() const noexcept { return {zone_.data(), zone_size_}; }
    [[nodiscard]] constexpr CronDialect dialect() const noexcept { return dialect_; }
    [[nodiscard]] constexpr const CronWarnings& warnings() const noexcept { return warnings_; }

    /// A text that `parse` with the same dialect reads as an equal expression, `H` resolved and nicknames expanded.
    [[nodiscard]] std::string to_string() const;

    /// Equal: the same seconds, written for the same dialect and zone, of the same class. Warnings do not count.
    friend constexpr bool operator==(const CronExpression& a, const CronExpression& b) noexcept {
        return a.fields_ == b.fields_ && a.dialect_ == b.dialect_ && a.reboot_ == b.reboot_ &&
               a.time_zone() == b.time_zone();
    }

    /// The sets behind the expression, for those who describe it.
    [[nodiscard]] constexpr const detail::CronFields& fields() const noexcept { return fields_; }

    /// For `parse`.
    constexpr CronExpression(const detail::ParsedCron& parsed, CronDialect dialect) noexcept;

private:
    [[nodiscard]] constexpr bool may_skip_months() const noexcept;
    static constexpr std::optional<Second> from_count(std::int64_t second) noexcept {
        if (second == detail::no_second) return std::nullopt;
        return Second{std::chrono::seconds{second}};
    }

    detail::CronFields fields_;
    detail::CronIndex index_;
    CronWarnings warnings_;
    CronDialect dialect_;
    bool reboot_;
    std::uint8_t zone_size_ = 0;
    std::array<char, detail::longest_zone_name> zone_{};
};

namespace detail {

template <std::size_t N>
struct CronLiteral {
    std::array<char, N> text{};
    consteval CronLiteral(const char (&literal)[N]) {
        for (std::size_t i = 0; i < N; ++i)
            text[i] = literal[i];
    }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text.data(), N - 1}; }
};

/// Never defined: the compiler names it, and with it the code and the column, when a literal is wrong.
template <Errc Code, std::size_t Column>
struct wrong_cron_literal;

} // namespace detail

namespace literals {

/// `"0 9 * * 1-5"_cron`: an expression of dialect `standard`. A wrong text does not compile, and the compiler's message
/// says why and where: `wrong_cron_literal<carillon::Errc::zero_step, 3>`.
template <detail::CronLiteral Literal>
consteval CronExpression operator""_cron() {
    constexpr auto parsed = CronExpression::parse(Literal.view());
    if constexpr (parsed.has_value()) {
        return *parsed;
    } else {
        constexpr ParseError error = parsed.parse_error();
        static_assert(sizeof(detail::wrong_cron_literal<error.code, error.column>) != 0, "not a cron expression");
    }
}

} // namespace literals

// ---- implementation ------------------------------------------------------------------------------------------------

constexpr Result<CronExpression>
CronExpression::parse(std::string_view text, CronDialect dialect, std::string_view hash_key) {
    detail::CronParser parser(text, detail::rules_of(dialect), hash_key);
    if (parser.run()) return Result<CronExpression>(std::in_place, parser.parsed(), dialect);
    const auto& failure = parser.failure();
    ParseError error(failure.code, text, failure.offset + 1, TextKind::cron, failure.field);
    error.dialect = static_cast<std::uint8_t>(dialect);
    return error;
}

constexpr CronExpression::CronExpression(const detail::ParsedCron& parsed, CronDialect dialect) noexcept
    : fields_(parsed.fields)
    , index_(detail::index_of(parsed.fields))
    , warnings_(parsed.warnings)
    , dialect_(dialect)
    , reboot_(parsed.reboot)
    , zone_size_(static_cast<std::uint8_t>(parsed.zone.size())) {
    for (std::size_t i = 0; i < parsed.zone.size(); ++i)
        zone_[i] = parsed.zone[i];
    if (never_fires())
        warnings_.add({CronWarningCode::never_fires, TextField::none});
    else if (may_skip_months())
        warnings_.add({CronWarningCode::dom_may_skip_months, TextField::day_of_month});
}

constexpr bool CronExpression::never_fires() const noexcept {
    return !reboot_ && index_.years.first_from(0) == detail::YearSet::none;
}

/// Only fixed days after the 28th, and a selected month that in some year ends before the first of them.
constexpr bool CronExpression::may_skip_months() const noexcept {
    constexpr std::uint16_t february = 1U << 2;
    constexpr std::uint16_t thirty_days = 1U << 4 | 1U << 6 | 1U << 9 | 1U << 11;
    const std::uint32_t days = fields_.days | fields_.near_days;
    if (days == 0 || (fields_.days_before_last | fields_.near_before_last) != 0) return false;
    if (fields_.either_day || fields_.weekdays != detail::all_weekdays) return false;
    const std::uint32_t first = detail::lowest(days);
    return (first > 28 && (fields_.months & february) != 0) || (first > 30 && (fields_.months & thirty_days) != 0);
}

constexpr auto CronExpression::next_or_at(Second from) const noexcept -> std::optional<Second> {
    const std::int64_t second = from.time_since_epoch().count();
    if (second >= detail::cron_second_count) return std::nullopt;
    return from_count(detail::first_second_from(fields_, index_, second < 0 ? 0 : second));
}

constexpr auto CronExpression::next(Second after) const noexcept -> std::optional<Second> {
    if (after == Second::max()) return std::nullopt;
    return next_or_at(after + std::chrono::seconds{1});
}

constexpr auto CronExpression::previous_or_at(Second until) const noexcept -> std::optional<Second> {
    const std::int64_t second = until.time_since_epoch().count();
    if (second < 0) return std::nullopt;
    return from_count(detail::last_second_until(
        fields_, index_, second < detail::cron_second_count ? second : detail::cron_second_count - 1));
}

constexpr auto CronExpression::previous(Second before) const noexcept -> std::optional<Second> {
    if (before == Second::min()) return std::nullopt;
    return previous_or_at(before - std::chrono::seconds{1});
}

constexpr bool CronExpression::matches(Second second) const noexcept {
    const std::int64_t count = second.time_since_epoch().count();
    return count >= 0 && count < detail::cron_second_count && detail::selects_second(fields_, count);
}

inline std::string CronExpression::to_string() const {
    std::string prefix = time_zone().empty() ? std::string() : "TZ=" + std::string(time_zone()) + ' ';
    return prefix + (reboot_ ? "@reboot" : detail::cron_text(fields_, detail::rules_of(dialect_)));
}

} // namespace carillon
