// SPDX-License-Identifier: MIT
// dst_policy.hpp - what does a schedule do on the day when clocks are set?
//
// Two classes of cron expression are told apart: an *interval* has `*` or `/` in its second, minute or hour field and
// means a rhythm; any other expression is *fixed* and means times of day.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

/// For changes of at most three hours; across larger ones (a country that skips a day) missing times are missing and
/// repeated times are repeated under every policy.
enum class DstPolicy : std::uint8_t {
    /// Nothing is lost and nothing doubled, as in Debian's cron: missing times of a fixed expression become one run at
    /// the change, repeated ones run in the first pass only, and an interval keeps its rhythm in real time.
    vixie,
    /// Open Cron Pattern Specification 1.4: missing times are skipped, repeated ones run in the first pass only.
    ocps,
    /// Whatever the clock on the wall shows: missing times are skipped, repeated ones run twice.
    wall,
};

namespace detail {

struct DstPolicyRow {
    DstPolicy policy;
    std::string_view name;
};

inline constexpr std::array dst_policy_table{
    DstPolicyRow{DstPolicy::vixie, "vixie"},
    DstPolicyRow{DstPolicy::ocps, "ocps"},
    DstPolicyRow{DstPolicy::wall, "wall"},
};

constexpr bool dst_policy_table_is_in_order() {
    for (std::size_t i = 0; i < dst_policy_table.size(); ++i)
        if (static_cast<std::size_t>(dst_policy_table[i].policy) != i) return false;
    return true;
}
static_assert(dst_policy_table_is_in_order());

} // namespace detail

/// The policy's name as docs, JSON and the REST API write it: "vixie".
[[nodiscard]] constexpr std::string_view to_string(DstPolicy policy) noexcept {
    return detail::dst_policy_table[static_cast<std::size_t>(policy)].name;
}

/// The policy of that name, in exact case.
[[nodiscard]] constexpr std::optional<DstPolicy> parse_dst_policy(std::string_view name) noexcept {
    for (const auto& row : detail::dst_policy_table)
        if (row.name == name) return row.policy;
    return std::nullopt;
}

} // namespace carillon
