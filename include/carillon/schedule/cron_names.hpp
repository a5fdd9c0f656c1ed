// SPDX-License-Identifier: MIT
// cron_names.hpp - the words of cron: months, weekdays, nicknames.
#pragma once

#include "carillon/schedule/cron_dialect.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carillon::detail {

/// The short form of a name, as a number that does not depend on case; precondition: three letters at least.
constexpr std::uint32_t first_three_letters(std::string_view name) noexcept {
    std::uint32_t letters = 0;
    for (std::size_t i = 0; i < 3; ++i)
        letters = letters << 8 | (static_cast<unsigned char>(name[i]) | 0x20U);
    return letters;
}

struct NamedValue {
    std::string_view name; ///< the full English name; its first three letters are the short one
    std::uint32_t number;
    std::uint32_t short_name = first_three_letters(name);
};

inline constexpr std::array<NamedValue, 12> month_names{{
    {"January", 1},
    {"February", 2},
    {"March", 3},
    {"April", 4},
    {"May", 5},
    {"June", 6},
    {"July", 7},
    {"August", 8},
    {"September", 9},
    {"October", 10},
    {"November", 11},
    {"December", 12},
}};

inline constexpr std::array<NamedValue, 7> weekday_names{{
    {"Sunday", 0},
    {"Monday", 1},
    {"Tuesday", 2},
    {"Wednesday", 3},
    {"Thursday", 4},
    {"Friday", 5},
    {"Saturday", 6},
}};

inline constexpr std::uint32_t no_name = ~std::uint32_t{0};

struct Nickname {
    std::string_view name;
    std::string_view expansion; ///< empty for @reboot, which no clock time stands for
    bool ocps = true;           ///< OCPS 1.1 has it
};

inline constexpr std::array nickname_table{
    Nickname{"@yearly", "0 0 1 1 *"},
    Nickname{"@annually", "0 0 1 1 *"},
    Nickname{"@monthly", "0 0 1 * *"},
    Nickname{"@weekly", "0 0 * * 0"},
    Nickname{"@daily", "0 0 * * *"},
    Nickname{"@midnight", "0 0 * * *"},
    Nickname{"@hourly", "0 * * * *"},
    Nickname{"@reboot", ""},
    Nickname{"@every_minute", "* * * * *", false},
    Nickname{"@minutely", "* * * * *", false},
    Nickname{"@every_second", "* * * * * *", false},
    Nickname{"@secondly", "* * * * * *", false},
};

// ASCII only: the host's locale has no say in what an expression means.
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_letter(char c) noexcept {
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}

/// The number of a short or, where `full` allows it, a full name in any case; else
/// `no_name`.
template <std::size_t Size>
constexpr std::uint32_t
find_name(const std::array<NamedValue, Size>& names, std::string_view word, bool full) noexcept {
    if (word.size() < 3 || (word.size() > 3 && !full)) return no_name;
    const std::uint32_t short_name = first_three_letters(word);
    for (const auto& row : names)
        if (row.short_name == short_name)
            return word.size() == 3 || equal_ignoring_case(row.name, word) ? row.number : no_name;
    return no_name;
}

constexpr const Nickname* find_nickname(std::string_view word, Nicknames allowed) noexcept {
    for (const auto& row : nickname_table) {
        if (allowed == Nicknames::any_case && equal_ignoring_case(row.name, word)) return &row;
        if (allowed == Nicknames::exact_case && row.ocps && row.name == word) return &row;
    }
    return nullptr;
}

} // namespace carillon::detail
