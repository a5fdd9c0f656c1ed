// SPDX-License-Identifier: MIT
// cron_dialect.hpp - which spelling of cron does a text use?
//
// Six dialects differ in what they accept and, worse, in what the same text means: `0 0 1 * MON` is "the 1st or any
// Monday" here and "the 1st if it is a Monday" there; day 1 of the week is Monday or Sunday. A dialect is therefore
// always named by the caller and never guessed. One table below holds every difference.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

/// Whose rules a cron text follows. docs/schedules.md compares them feature by feature.
enum class CronDialect : std::uint8_t {
    standard, ///< OCPS 1.0-1.4, unconfigured: the default everywhere
    extended, ///< standard, and reversed ranges, `a/n`, `L-n`, full names, `H`, `TZ=`; no standard text changes meaning
    vixie,    ///< crontab(5) as cronie and Debian read it, with the star rule for the two day fields
    quartz,   ///< Quartz: seconds first, Sunday is 1, exactly one `?`
    spring,   ///< Spring's CronExpression: seconds first, both day fields must match
    eventbridge, ///< Amazon EventBridge: `cron(minute hour day month weekday year)`, Sunday is 1
};

namespace detail {

/// What two restricted day fields mean together.
enum class BothDays : std::uint8_t {
    either,       ///< a day that one of them selects; `+` before day-of-week asks for both
    star_decides, ///< either, but both where one of the two texts begins with `*`
    both,         ///< a day that both of them select
    refused,      ///< an error: one of the two fields must be `?`
};

enum class Nicknames : std::uint8_t { none, exact_case, any_case };

/// One dialect: what it accepts beyond numbers, three-letter names, lists, `a-b`, `*`, and steps on `*` and `a-b`.
struct DialectRules {
    CronDialect dialect;
    std::string_view name;
    std::uint8_t fewest_fields = 5;
    std::uint8_t most_fields = 7;
    BothDays both_days = BothDays::either;
    Nicknames nicknames = Nicknames::exact_case;
    bool wrapper = false;         ///< `cron(...)` around the fields, of which the first is the minute
    bool sunday_is_one = false;   ///< day-of-week 1-7 instead of 0-7
    bool question_mark = false;   ///< `?` as a whole day field
    bool full_names = false;      ///< `January`, `Monday`
    bool reversed_ranges = false; ///< `22-2`
    bool open_steps = false;      ///< `a/n`
    bool modifiers = false;       ///< `L`, `nW`, `vL`, `v#k`
    bool last_minus = false;      ///< `L-n`, `LW`, `L-nW`
    bool weekday_in_list = false; ///< `1W,15W`
    bool nth_in_list = false;     ///< `MON#1,MON#3`
    bool nth_last = false;        ///< `MON#L`
    bool lone_last = false;       ///< day-of-week `L`, which is Saturday
    bool plus = false;            ///< `+MON`: both day fields must match
    bool hash = false;            ///< `H`, `a~b`
    bool zone_prefix = false;     ///< `TZ=`, `CRON_TZ=`
    bool any_case = false;        ///< `l`, `w`
};

inline constexpr std::array dialect_table{
    DialectRules{.dialect = CronDialect::standard,
                 .name = "standard",
                 .question_mark = true,
                 .modifiers = true,
                 .nth_in_list = true,
                 .nth_last = true,
                 .plus = true},
    DialectRules{.dialect = CronDialect::extended,
                 .name = "extended",
                 .nicknames = Nicknames::any_case,
                 .question_mark = true,
                 .full_names = true,
                 .reversed_ranges = true,
                 .open_steps = true,
                 .modifiers = true,
                 .last_minus = true,
                 .weekday_in_list = true,
                 .nth_in_list = true,
                 .nth_last = true,
                 .plus = true,
                 .hash = true,
                 .zone_prefix = true,
                 .any_case = true},
    DialectRules{.dialect = CronDialect::vixie,
                 .name = "vixie",
                 .most_fields = 5,
                 .both_days = BothDays::star_decides,
                 .open_steps = true},
    DialectRules{.dialect = CronDialect::quartz,
                 .name = "quartz",
                 .fewest_fields = 6,
                 .both_days = BothDays::refused,
                 .nicknames = Nicknames::none,
                 .sunday_is_one = true,
                 .question_mark = true,
                 .reversed_ranges = true,
                 .open_steps = true,
                 .modifiers = true,
                 .last_minus = true,
                 .lone_last = true,
                 .any_case = true},
    DialectRules{.dialect = CronDialect::spring,
                 .name = "spring",
                 .fewest_fields = 6,
                 .most_fields = 6,
                 .both_days = BothDays::both,
                 .question_mark = true,
                 .open_steps = true,
                 .modifiers = true,
                 .last_minus = true,
                 .weekday_in_list = true,
                 .nth_in_list = true,
                 .any_case = true},
    DialectRules{.dialect = CronDialect::eventbridge,
                 .name = "eventbridge",
                 .fewest_fields = 6,
                 .most_fields = 6,
                 .both_days = BothDays::refused,
                 .nicknames = Nicknames::none,
                 .wrapper = true,
                 .sunday_is_one = true,
                 .question_mark = true,
                 .open_steps = true,
                 .modifiers = true,
                 .lone_last = true,
                 .any_case = true},
};

constexpr bool dialect_table_is_in_order() {
    for (std::size_t i = 0; i < dialect_table.size(); ++i)
        if (static_cast<std::size_t>(dialect_table[i].dialect) != i) return false;
    return dialect_table.size() == static_cast<std::size_t>(CronDialect::eventbridge) + 1;
}
static_assert(dialect_table_is_in_order());

constexpr const DialectRules& rules_of(CronDialect dialect) noexcept {
    return dialect_table[static_cast<std::size_t>(dialect)];
}

} // namespace detail

/// The dialect's name as docs, JSON and the REST API write it: "standard".
[[nodiscard]] constexpr std::string_view to_string(CronDialect dialect) noexcept {
    return detail::rules_of(dialect).name;
}

/// The dialect of that name, in exact case.
[[nodiscard]] constexpr std::optional<CronDialect> parse_cron_dialect(std::string_view name) noexcept {
    for (const auto& rules : detail::dialect_table)
        if (rules.name == name) return rules.dialect;
    return std::nullopt;
}

} // namespace carillon
