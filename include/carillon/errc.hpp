// SPDX-License-Identifier: MIT
// errc.hpp - every code that an error can carry, with its name and its HTTP status.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carillon {

/// What went wrong. `to_string` gives the name, `http_status` the status an HTTP layer answers with.
/// docs/errors.md lists every code with its cause and its cure.
enum class Errc : std::uint8_t {
    // Text of a cron expression.
    expression_too_long,
    invalid_character,
    empty_expression,
    wrong_field_count,
    unexpected_character,
    unexpected_end,
    empty_list_item,
    number_too_large,
    value_out_of_range,
    unknown_name,
    zero_step,
    step_without_range,
    reversed_range,
    question_mark_not_allowed,
    question_mark_required,
    question_mark_twice,
    modifier_not_allowed,
    modifier_on_range,
    modifier_in_list,
    last_needs_weekday,
    unknown_nickname,
    unknown_time_zone,
    missing_hash_key,
    // Text of a schedule, an instant, a duration.
    conflicting_time_zone,
    invalid_duration,
    invalid_instant,
    invalid_interval,
    unsupported_schedule,
    // Arguments of the facade.
    required,
    too_large,
    invalid_utf8,
    wrong_type,
    unknown_field,
    out_of_range,
    never_fires,
    in_the_past,
    // State.
    revision_conflict,
    idempotency_conflict,
    invalid_state,
    transaction_open,
    // The world.
    invalid_time_zone_data,
    unavailable,
    internal,
};

namespace detail {

struct ErrcRow {
    Errc code;
    std::string_view name;
    int http_status;
};

// clang-format off
inline constexpr std::array errc_table{
    ErrcRow{Errc::expression_too_long, "expression_too_long", 422},
    ErrcRow{Errc::invalid_character, "invalid_character", 422},
    ErrcRow{Errc::empty_expression, "empty_expression", 422},
    ErrcRow{Errc::wrong_field_count, "wrong_field_count", 422},
    ErrcRow{Errc::unexpected_character, "unexpected_character", 422},
    ErrcRow{Errc::unexpected_end, "unexpected_end", 422},
    ErrcRow{Errc::empty_list_item, "empty_list_item", 422},
    ErrcRow{Errc::number_too_large, "number_too_large", 422},
    ErrcRow{Errc::value_out_of_range, "value_out_of_range", 422},
    ErrcRow{Errc::unknown_name, "unknown_name", 422},
    ErrcRow{Errc::zero_step, "zero_step", 422},
    ErrcRow{Errc::step_without_range, "step_without_range", 422},
    ErrcRow{Errc::reversed_range, "reversed_range", 422},
    ErrcRow{Errc::question_mark_not_allowed, "question_mark_not_allowed", 422},
    ErrcRow{Errc::question_mark_required, "question_mark_required", 422},
    ErrcRow{Errc::question_mark_twice, "question_mark_twice", 422},
    ErrcRow{Errc::modifier_not_allowed, "modifier_not_allowed", 422},
    ErrcRow{Errc::modifier_on_range, "modifier_on_range", 422},
    ErrcRow{Errc::modifier_in_list, "modifier_in_list", 422},
    ErrcRow{Errc::last_needs_weekday, "last_needs_weekday", 422},
    ErrcRow{Errc::unknown_nickname, "unknown_nickname", 422},
    ErrcRow{Errc::unknown_time_zone, "unknown_time_zone", 422},
    ErrcRow{Errc::missing_hash_key, "missing_hash_key", 422},
    ErrcRow{Errc::conflicting_time_zone, "conflicting_time_zone", 422},
    ErrcRow{Errc::invalid_duration, "invalid_duration", 422},
    ErrcRow{Errc::invalid_instant, "invalid_instant", 422},
    ErrcRow{Errc::invalid_interval, "invalid_interval", 422},
    ErrcRow{Errc::unsupported_schedule, "unsupported_schedule", 422},
    ErrcRow{Errc::required, "required", 422},
    ErrcRow{Errc::too_large, "too_large", 413},
    ErrcRow{Errc::invalid_utf8, "invalid_utf8", 422},
    ErrcRow{Errc::wrong_type, "wrong_type", 422},
    ErrcRow{Errc::unknown_field, "unknown_field", 422},
    ErrcRow{Errc::out_of_range, "out_of_range", 422},
    ErrcRow{Errc::never_fires, "never_fires", 422},
    ErrcRow{Errc::in_the_past, "in_the_past", 422},
    ErrcRow{Errc::revision_conflict, "revision_conflict", 412},
    ErrcRow{Errc::idempotency_conflict, "idempotency_conflict", 409},
    ErrcRow{Errc::invalid_state, "invalid_state", 409},
    ErrcRow{Errc::transaction_open, "transaction_open", 409},
    ErrcRow{Errc::invalid_time_zone_data, "invalid_time_zone_data", 500},
    ErrcRow{Errc::unavailable, "unavailable", 503},
    ErrcRow{Errc::internal, "internal", 500},
};
// clang-format on

constexpr bool errc_table_is_in_order() {
    for (std::size_t i = 0; i < errc_table.size(); ++i)
        if (static_cast<std::size_t>(errc_table[i].code) != i) return false;
    return errc_table.size() == static_cast<std::size_t>(Errc::internal) + 1;
}
static_assert(errc_table_is_in_order());

} // namespace detail

/// The code's name as docs, JSON and the REST API write it: "zero_step".
[[nodiscard]] constexpr std::string_view to_string(Errc code) noexcept {
    return detail::errc_table[static_cast<std::size_t>(code)].name;
}

[[nodiscard]] constexpr int http_status(Errc code) noexcept {
    return detail::errc_table[static_cast<std::size_t>(code)].http_status;
}

} // namespace carillon
