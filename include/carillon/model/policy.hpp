// SPDX-License-Identifier: MIT
// model/policy.hpp - what should happen when a run is late, meets another one, fails, or outlives its worker.
#pragma once

#include "carillon/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// Which occurrences run that could not start in time (the process was down, the machine slept, the clock jumped).
enum class MisfirePolicy : std::uint8_t {
    fire_latest,   ///< one run for the latest of them; the others are recorded as skipped
    skip,          ///< none; all are recorded as skipped
    fire_all,      ///< every one, oldest first
    fire_earliest, ///< one run for the earliest of them; the others are recorded as skipped
};

struct MisfireOptions {
    MisfirePolicy policy = MisfirePolicy::fire_latest;
    /// Up to this late an occurrence is on time.
    Duration grace = std::chrono::seconds{5};
    /// Older occurrences are skipped under every policy.
    Duration window = std::chrono::hours{24};

    friend bool operator==(const MisfireOptions&, const MisfireOptions&) = default;
};

/// What a run does that finds its concurrency key busy: another run of the key is pending, waits for a retry or runs.
enum class OverlapPolicy : std::uint8_t {
    skip,            ///< it is recorded as skipped, `blocked_by` the other
    queue_one,       ///< it waits; further ones are skipped while it does
    queue_all,       ///< it waits, and so do at most 99 others
    allow,           ///< it runs beside the others, up to `limit` at a time
    cancel_previous, ///< the others are asked to stop, and it runs after them
};

struct OverlapOptions {
    OverlapPolicy policy = OverlapPolicy::skip;
    /// For `allow`: how many may run at a time; 0 is any number.
    std::size_t limit = 0;
    /// Jobs of one tenant with the same key exclude each other; empty is the job alone. At most 256 bytes.
    std::string concurrency_key = "";

    friend bool operator==(const OverlapOptions&, const OverlapOptions&) = default;
};

/// How often and how soon a failed run is tried again: after `initial`, then `factor` times longer each time, never
/// longer than `max_delay`. `jitter` shortens each delay by a random part of it, from 0 (none) to 1 (up to all).
struct RetryOptions {
    std::size_t max_attempts = 1;
    Duration initial = std::chrono::seconds{5};
    double factor = 2.0;
    Duration max_delay = std::chrono::minutes{15};
    double jitter = 0.0;

    friend bool operator==(const RetryOptions&, const RetryOptions&) = default;
};

/// What the place of a start within its spread hangs on.
enum class SpreadMode : std::uint8_t {
    occurrence, ///< job and occurrence: the starts of one job vary, too
    job,        ///< the job alone: it keeps its rhythm
};

/// Moves starts apart that would fall on one moment: each lies up to `within` after its occurrence, but never more than
/// half the way to the next one. A hash decides, so that every node and every preview says the same. Ledger, cursor and
/// `scheduled_for` stay nominal.
struct SpreadOptions {
    Duration within = Duration{0};
    SpreadMode mode = SpreadMode::occurrence;

    friend bool operator==(const SpreadOptions&, const SpreadOptions&) = default;
};

/// How long a run may take. An attempt that takes longer than `attempt` is asked to stop; if its handler has not
/// returned after `grace`, the attempt is over all the same, and the handler keeps its thread. `total` counts from when
/// the run was made, or may start where that is later, over all attempts and the time between them: then it ends as
/// timed out.
struct TimeoutOptions {
    std::optional<Duration> attempt = std::nullopt;
    std::optional<Duration> total = std::nullopt;
    Duration grace = std::chrono::seconds{10};

    friend bool operator==(const TimeoutOptions&, const TimeoutOptions&) = default;
};

/// What happens to a run whose worker disappeared while it ran.
enum class DeliveryMode : std::uint8_t {
    at_least_once, ///< it is executed again
    at_most_once,  ///< it ends as failed, reason `outcome_unknown`; failures are not retried either
};

struct Policies {
    MisfireOptions misfire = {};
    OverlapOptions overlap = {};
    RetryOptions retry = {};
    DeliveryMode delivery = DeliveryMode::at_least_once;
    /// Higher is claimed first, within a tenant. -1000 to 1000.
    int priority = 0;
    TimeoutOptions timeout = {};
    SpreadOptions spread = {};
    /// The abandon that ends a run: so many workers may disappear while they execute it.
    std::size_t max_abandons = 3;
    /// So many runs in a row that failed or timed out pause the job; 0 is never.
    std::size_t pause_after_failures = 0;

    friend bool operator==(const Policies&, const Policies&) = default;
};

/// At most this many runs of a key wait under `queue_all`, and so many catch-up runs come of one plan.
inline constexpr std::size_t max_queued_runs = 100;

namespace detail {

/// An enum and its names: the one table that text goes through in both directions.
template <class Enum>
struct EnumRow {
    Enum value;
    std::string_view name;
};

template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view enum_name(const std::array<EnumRow<Enum>, N>& table, Enum value) noexcept {
    for (const auto& row : table)
        if (row.value == value) return row.name;
    return {};
}

template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::optional<Enum> enum_value(const std::array<EnumRow<Enum>, N>& table,
                                                       std::string_view name) noexcept {
    for (const auto& row : table)
        if (row.name == name) return row.value;
    return std::nullopt;
}

// clang-format off
inline constexpr std::array misfire_names{
    EnumRow<MisfirePolicy>{MisfirePolicy::fire_latest, "fire_latest"},
    EnumRow<MisfirePolicy>{MisfirePolicy::skip, "skip"},
    EnumRow<MisfirePolicy>{MisfirePolicy::fire_all, "fire_all"},
    EnumRow<MisfirePolicy>{MisfirePolicy::fire_earliest, "fire_earliest"},
};
inline constexpr std::array overlap_names{
    EnumRow<OverlapPolicy>{OverlapPolicy::skip, "skip"},
    EnumRow<OverlapPolicy>{OverlapPolicy::queue_one, "queue_one"},
    EnumRow<OverlapPolicy>{OverlapPolicy::queue_all, "queue_all"},
    EnumRow<OverlapPolicy>{OverlapPolicy::allow, "allow"},
    EnumRow<OverlapPolicy>{OverlapPolicy::cancel_previous, "cancel_previous"},
};
inline constexpr std::array delivery_names{
    EnumRow<DeliveryMode>{DeliveryMode::at_least_once, "at_least_once"},
    EnumRow<DeliveryMode>{DeliveryMode::at_most_once, "at_most_once"},
};
inline constexpr std::array spread_names{
    EnumRow<SpreadMode>{SpreadMode::occurrence, "occurrence"},
    EnumRow<SpreadMode>{SpreadMode::job, "job"},
};
// clang-format on

} // namespace detail

[[nodiscard]] constexpr std::string_view to_string(MisfirePolicy policy) noexcept {
    return detail::enum_name(detail::misfire_names, policy);
}
[[nodiscard]] constexpr std::string_view to_string(OverlapPolicy policy) noexcept {
    return detail::enum_name(detail::overlap_names, policy);
}
[[nodiscard]] constexpr std::string_view to_string(DeliveryMode mode) noexcept {
    return detail::enum_name(detail::delivery_names, mode);
}
[[nodiscard]] constexpr std::string_view to_string(SpreadMode mode) noexcept {
    return detail::enum_name(detail::spread_names, mode);
}

} // namespace carillon
