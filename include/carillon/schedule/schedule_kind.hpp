// SPDX-License-Identifier: MIT
// schedule_kind.hpp - the kinds of schedule, by the text that they are written in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

enum class ScheduleKind : std::uint8_t {
    cron,         ///< `0 9 * * 1-5`, `@daily`: civil times in a zone
    every,        ///< `@every 1h30m`: a fixed rate from an anchor
    after,        ///< `@after 10m`: a fixed delay after the previous run ended; an event
    at,           ///< `@at 2027-01-01T09:00:00+01:00`: once
    reboot,       ///< `@reboot`: when a worker starts; an event
    rate,         ///< `rate(5 minutes)`: as `every`
    iso_interval, ///< `R/2026-01-01T00:00:00Z/P1M`: ISO 8601, elapsed time or calendar
    union_of,     ///< `a | b`: whatever one of its parts says
};

namespace detail {

struct ScheduleKindRow {
    ScheduleKind kind;
    std::string_view name;
};

inline constexpr std::array schedule_kind_table{
    ScheduleKindRow{ScheduleKind::cron, "cron"},
    ScheduleKindRow{ScheduleKind::every, "every"},
    ScheduleKindRow{ScheduleKind::after, "after"},
    ScheduleKindRow{ScheduleKind::at, "at"},
    ScheduleKindRow{ScheduleKind::reboot, "reboot"},
    ScheduleKindRow{ScheduleKind::rate, "rate"},
    ScheduleKindRow{ScheduleKind::iso_interval, "iso_interval"},
    ScheduleKindRow{ScheduleKind::union_of, "union_of"},
};

constexpr bool schedule_kind_table_is_in_order() {
    for (std::size_t i = 0; i < schedule_kind_table.size(); ++i)
        if (static_cast<std::size_t>(schedule_kind_table[i].kind) != i) return false;
    return true;
}
static_assert(schedule_kind_table_is_in_order());

} // namespace detail

/// The kind's name as docs, JSON and the REST API write it: "cron".
[[nodiscard]] constexpr std::string_view to_string(ScheduleKind kind) noexcept {
    return detail::schedule_kind_table[static_cast<std::size_t>(kind)].name;
}

/// The kind of that name, in exact case.
[[nodiscard]] constexpr std::optional<ScheduleKind> parse_schedule_kind(std::string_view name) noexcept {
    for (const auto& row : detail::schedule_kind_table)
        if (row.name == name) return row.kind;
    return std::nullopt;
}

} // namespace carillon
