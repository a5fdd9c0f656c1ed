// SPDX-License-Identifier: MIT
// parse_error.hpp - what a parser found wrong, and where, as a literal value.
#pragma once

#include "carillon/errc.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carillon {

/// Which part of a text an error is about.
enum class TextField : std::uint8_t { none, second, minute, hour, day_of_month, month, day_of_week, year };

/// The field's name in messages: "day-of-month"; empty for `none`.
[[nodiscard]] constexpr std::string_view to_string(TextField field) noexcept {
    constexpr std::array<std::string_view, 8> names{
        "", "second", "minute", "hour", "day-of-month", "month", "day-of-week", "year"};
    return names[static_cast<std::size_t>(field)];
}

/// Which grammar was reading when the error was found.
enum class TextKind : std::uint8_t { cron, schedule, instant, duration, time_zone };

/// A parse error as a literal value, so that parsing is constexpr. Keeps at most 120 bytes of the text around the
/// column: the message is built from them when somebody asks, long after the text itself may be gone.
struct ParseError {
    static constexpr std::size_t excerpt_capacity = 120;

    Errc code = Errc::internal;
    TextField field = TextField::none;
    TextKind kind = TextKind::cron;
    std::uint8_t dialect = 0; ///< a CronDialect; the schedule layer defines it
    std::uint32_t column = 0; ///< 1-based
    std::uint32_t text_size = 0;
    std::uint32_t excerpt_offset = 0; ///< where in the text the excerpt begins
    std::array<char, excerpt_capacity> excerpt_bytes{};
    std::uint8_t excerpt_size = 0;

    constexpr ParseError() = default;
    constexpr ParseError(Errc c, std::string_view text, std::size_t col, TextKind k, TextField f = TextField::none);

    [[nodiscard]] constexpr std::string_view excerpt() const noexcept { return {excerpt_bytes.data(), excerpt_size}; }
    [[nodiscard]] constexpr bool excerpt_is_whole() const noexcept { return excerpt_size == text_size; }
    friend constexpr bool operator==(const ParseError&, const ParseError&) = default;
};

// ---- implementation ------------------------------------------------------------------------------------------------

constexpr ParseError::ParseError(Errc c, std::string_view text, std::size_t col, TextKind k, TextField f)
    : code(c)
    , field(f)
    , kind(k)
    , column(static_cast<std::uint32_t>(col))
    , text_size(static_cast<std::uint32_t>(text.size())) {
    std::size_t begin = 0;
    if (text.size() > excerpt_capacity && col > excerpt_capacity / 2) {
        begin = col - excerpt_capacity / 2;
        if (begin + excerpt_capacity > text.size()) begin = text.size() - excerpt_capacity;
    }
    text.remove_prefix(begin);
    excerpt_offset = static_cast<std::uint32_t>(begin);
    excerpt_size = static_cast<std::uint8_t>(text.size() < excerpt_capacity ? text.size() : excerpt_capacity);
    for (std::size_t i = 0; i < excerpt_size; ++i)
        excerpt_bytes[i] = text[i];
}

} // namespace carillon
