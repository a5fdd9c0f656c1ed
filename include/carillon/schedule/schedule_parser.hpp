// SPDX-License-Identifier: MIT
// schedule_parser.hpp - from text to the parts of a schedule, or to the first thing that is wrong with it.
//
// The order of checks is: length, bytes, the zone of each part's prefix, then the parts from left to right. Columns
// count from the beginning of the whole text.
#pragma once

#include "carillon/error.hpp"
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/interval_set.hpp"
#include "carillon/schedule/interval_text.hpp"
#include "carillon/schedule/schedule_kind.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace carillon::detail {

/// `@at`.
struct Once {
    std::chrono::sys_seconds at;
};

/// `@after` with its delay, or `@reboot`: no occurrence can be told ahead of time.
struct EventTrigger {
    std::optional<Duration> delay;
};

struct SchedulePart {
    ScheduleKind kind = ScheduleKind::cron;
    std::variant<CronExpression, FixedRate, CalendarInterval, Once, EventTrigger> set;
};

struct ParsedSchedule {
    TimeZone zone;
    std::vector<SchedulePart> parts;
};

struct ScheduleParserInput {
    std::string_view text;
    CronDialect dialect = CronDialect::standard;
    std::string_view hash_key;
    std::string_view time_zone;
    std::string_view default_time_zone;
    std::chrono::sys_seconds anchor;
};

class ScheduleParser {
public:
    explicit ScheduleParser(const ScheduleParserInput& input)
        : input_(input)
        , text_(input.text) {}

    Result<ParsedSchedule> run();

private:
    using Failure = std::optional<ParseError>;
    using Set = decltype(SchedulePart::set);

    /// One alternative of the union: its text without blanks around it, and without its prefix.
    struct PartText {
        std::string_view whole;
        std::string_view zone;
        std::string_view body;
    };

    [[nodiscard]] std::size_t offset_of(std::string_view part) const noexcept {
        return static_cast<std::size_t>(part.data() - text_.data());
    }
    [[nodiscard]] ParseError error(Errc code, std::size_t offset) const {
        return ParseError{code, text_, offset + 1, TextKind::schedule};
    }
    /// What the cron parser would say, had it seen the whole text.
    [[nodiscard]] ParseError cron_error(Errc code, std::size_t offset, TextField field = TextField::none) const {
        ParseError result{code, text_, offset + 1, TextKind::cron, field};
        result.dialect = static_cast<std::uint8_t>(input_.dialect);
        return result;
    }
    [[nodiscard]] Failure check_bytes() const;
    [[nodiscard]] Failure split();
    [[nodiscard]] Failure take_prefix(PartText& part) const;
    [[nodiscard]] Failure resolve_zone();
    [[nodiscard]] Failure read_part(const PartText& part);
    [[nodiscard]] Failure read_set(const PartText& part);
    [[nodiscard]] Failure read_cron(const PartText& part);
    [[nodiscard]] Failure read_every(std::string_view argument);
    [[nodiscard]] Failure read_after(std::string_view argument);
    [[nodiscard]] Failure read_at(std::string_view argument);
    [[nodiscard]] Failure read_interval(std::string_view body);
    [[nodiscard]] Result<std::chrono::seconds> whole_seconds(std::string_view argument) const;

    Failure add(ScheduleKind kind, Set set) {
        result_.parts.push_back({kind, std::move(set)});
        return std::nullopt;
    }

    const ScheduleParserInput& input_;
    std::string_view text_;
    std::vector<PartText> parts_;
    ParsedSchedule result_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

constexpr std::string_view without_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

constexpr std::string_view first_word(std::string_view text) noexcept {
    return text.substr(0, text.find_first_of(" \t"));
}

constexpr bool starts_ignoring_case(std::string_view text, std::string_view prefix) noexcept {
    return equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

/// `R/` or `R5/`, and `R-1/`, which is refused in words of its own.
constexpr bool looks_like_iso_interval(std::string_view text) noexcept {
    if (!text.starts_with('R')) return false;
    const std::size_t slash = text.find_first_not_of("-0123456789", 1);
    return slash != std::string_view::npos && text[slash] == '/';
}

inline Result<ParsedSchedule> ScheduleParser::run() {
    if (auto failure = check_bytes()) return *failure;
    if (auto failure = split()) return *failure;
    if (auto failure = resolve_zone()) return *failure;
    for (const PartText& part : parts_)
        if (auto failure = read_part(part)) return *failure;
    return std::move(result_);
}

inline auto ScheduleParser::check_bytes() const -> Failure {
    if (text_.size() > longest_cron_text) return cron_error(Errc::expression_too_long, longest_cron_text);
    for (std::size_t i = 0; i < text_.size(); ++i)
        if (text_[i] != '\t' && (text_[i] < ' ' || text_[i] > '~')) return cron_error(Errc::invalid_character, i);
    return std::nullopt;
}

/// At each `|` between blanks; without one, the only part keeps the blanks around it.
inline auto ScheduleParser::split() -> Failure {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= text_.size(); ++i) {
        const bool at_end = i == text_.size();
        const bool bar = !at_end && text_[i] == '|' && (i == 0 || is_blank(text_[i - 1])) &&
                         (i + 1 == text_.size() || is_blank(text_[i + 1]));
        if (!bar && !at_end) continue;
        PartText part;
        part.whole = text_.substr(begin, i - begin);
        if (begin != 0 || bar) {
            part.whole = without_blanks(part.whole);
            if (part.whole.empty()) return error(Errc::empty_expression, i);
        }
        if (auto failure = take_prefix(part)) return failure;
        parts_.push_back(part);
        begin = i + 1;
    }
    return std::nullopt;
}

inline auto ScheduleParser::take_prefix(PartText& part) const -> Failure {
    part.body = without_blanks(part.whole);
    const std::string_view word = first_word(part.body);
    const std::size_t equals = word.find('=');
    if (!rules_of(input_.dialect).zone_prefix || equals == std::string_view::npos) return std::nullopt;
    const std::string_view label = word.substr(0, equals);
    if (!equal_ignoring_case(label, "TZ") && !equal_ignoring_case(label, "CRON_TZ")) return std::nullopt;
    part.zone = word.substr(equals + 1);
    const auto zone = TimeZone::find(part.zone);
    if (!zone) return cron_error(zone.parse_error().code, offset_of(part.zone));
    part.body = without_blanks(part.body.substr(word.size()));
    return std::nullopt;
}

/// One schedule has one zone: that of a prefix, which must agree with other prefixes and with the zone that the caller
/// named; else the caller's, else the default, else UTC.
inline auto ScheduleParser::resolve_zone() -> Failure {
    std::string_view name = input_.time_zone;
    for (const PartText& part : parts_) {
        if (part.zone.empty()) continue;
        if (!name.empty() && name != part.zone) return error(Errc::conflicting_time_zone, offset_of(part.zone));
        name = part.zone;
    }
    if (name.empty()) name = input_.default_time_zone;
    if (name.empty()) return std::nullopt;
    auto zone = TimeZone::find(name);
    if (!zone) return ParseError{zone.parse_error().code, name, 0, TextKind::time_zone};
    result_.zone = *std::move(zone);
    return std::nullopt;
}

inline auto ScheduleParser::read_part(const PartText& part) -> Failure {
    if (auto failure = read_set(part)) return failure;
    const bool is_event = std::holds_alternative<EventTrigger>(result_.parts.back().set);
    if (is_event && parts_.size() > 1) return error(Errc::unsupported_schedule, offset_of(part.body));
    return std::nullopt;
}

inline auto ScheduleParser::read_set(const PartText& part) -> Failure {
    const std::string_view word = first_word(part.body);
    const std::string_view argument = without_blanks(part.body.substr(word.size()));
    if (equal_ignoring_case(word, "@every")) return read_every(argument);
    if (equal_ignoring_case(word, "@after")) return read_after(argument);
    if (equal_ignoring_case(word, "@at")) return read_at(argument);
    if (starts_ignoring_case(part.body, "at(")) return error(Errc::unsupported_schedule, offset_of(part.body));
    if (starts_ignoring_case(part.body, "rate(") || looks_like_iso_interval(part.body)) return read_interval(part.body);
    return read_cron(part);
}

inline auto ScheduleParser::read_cron(const PartText& part) -> Failure {
    const auto cron = CronExpression::parse(part.whole, input_.dialect, input_.hash_key);
    if (cron) {
        if (!cron->is_reboot()) return add(ScheduleKind::cron, *cron);
        return add(ScheduleKind::reboot, EventTrigger{});
    }
    const ParseError& found = cron.parse_error();
    return cron_error(found.code, offset_of(part.whole) + found.column - 1, found.field);
}

inline Result<std::chrono::seconds> ScheduleParser::whole_seconds(std::string_view argument) const {
    const auto duration = parse_duration(argument);
    if (!duration) return error(Errc::invalid_duration, offset_of(argument) + duration.parse_error().column - 1);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*duration);
    if (seconds != *duration || seconds.count() == 0) return error(Errc::invalid_duration, offset_of(argument));
    return seconds;
}

inline auto ScheduleParser::read_every(std::string_view argument) -> Failure {
    const auto period = whole_seconds(argument);
    if (!period) return period.parse_error();
    return add(ScheduleKind::every, FixedRate{input_.anchor, *period});
}

inline auto ScheduleParser::read_after(std::string_view argument) -> Failure {
    const auto delay = whole_seconds(argument);
    if (!delay) return delay.parse_error();
    return add(ScheduleKind::after, EventTrigger{*delay});
}

/// A fraction is rounded up to a second, so that nothing is early.
inline auto ScheduleParser::read_at(std::string_view argument) -> Failure {
    const auto instant = parse_rfc3339(argument);
    if (!instant) return error(Errc::invalid_instant, offset_of(argument) + instant.parse_error().column - 1);
    return add(ScheduleKind::at, Once{std::chrono::ceil<std::chrono::seconds>(*instant)});
}

inline auto ScheduleParser::read_interval(std::string_view body) -> Failure {
    TextReader in{body};
    if (!looks_like_iso_interval(body)) {
        if (const auto period = read_rate(in, body)) return add(ScheduleKind::rate, FixedRate{input_.anchor, *period});
    } else if (const auto interval = read_iso_interval(in, result_.zone)) {
        return std::visit([this](const auto& set) { return add(ScheduleKind::iso_interval, set); }, *interval);
    }
    return error(Errc::invalid_interval, offset_of(body) + in.position());
}

} // namespace carillon::detail
