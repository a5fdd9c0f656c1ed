// SPDX-License-Identifier: MIT
// occurrences.hpp - when is a job due? Its schedule, cut by its bounds and its excluded dates.
#pragma once

#include "carillon/model/job.hpp"
#include "carillon/schedule/schedule.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace carillon {

/// The occurrences of a job: those of its schedule within its bounds and not on its excluded dates. For one thread.
class Occurrences {
public:
    /// Both must outlive this. A `cursor` that a later time zone database has computed than the schedule's is taken at
    /// its word: it is the next occurrence, and what the schedule says counts only behind it.
    Occurrences(const JobDefinition& job, const Schedule& schedule, std::optional<Instant> cursor = std::nullopt)
        : job_(job)
        , schedule_(schedule)
        , cursor_(cursor) {}

    /// The first one after `after`.
    [[nodiscard]] std::optional<Instant> next(Instant after) const;
    /// The last one at or before `until` that is after `after`.
    [[nodiscard]] std::optional<Instant> last_in(Instant after, Instant until) const;
    /// How often the schedule was asked so far: what all of this has cost.
    [[nodiscard]] std::size_t look_ups() const noexcept { return look_ups_; }

private:
    [[nodiscard]] std::optional<Instant> last_by_schedule(Instant after, Instant until) const;
    [[nodiscard]] bool excluded(Instant occurrence) const;
    [[nodiscard]] Instant first_on_its_date(Instant occurrence) const;
    [[nodiscard]] Instant last_on_its_date(Instant occurrence) const;

    const JobDefinition& job_;
    const Schedule& schedule_;
    std::optional<Instant> cursor_;
    mutable std::size_t look_ups_ = 0;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {
inline constexpr Duration one_tick{1};
}

inline std::optional<Instant> Occurrences::next(Instant after) const {
    if (cursor_ && after < *cursor_) return cursor_;
    if (job_.start_at && after < *job_.start_at) after = *job_.start_at - detail::one_tick;
    for (auto at = schedule_.next(after); at; at = schedule_.next(after)) {
        ++look_ups_;
        if (job_.end_at && *at >= *job_.end_at) return std::nullopt;
        if (!excluded(*at)) return at;
        after = last_on_its_date(*at);
    }
    return std::nullopt;
}

inline std::optional<Instant> Occurrences::last_in(Instant after, Instant until) const {
    if (!cursor_ || *cursor_ <= after) return last_by_schedule(after, until);
    if (until < *cursor_) return std::nullopt;
    const auto behind = last_by_schedule(*cursor_, until);
    return behind ? behind : cursor_;
}

inline std::optional<Instant> Occurrences::last_by_schedule(Instant after, Instant until) const {
    if (job_.end_at && until >= *job_.end_at) until = *job_.end_at - detail::one_tick;
    if (job_.start_at && after < *job_.start_at) after = *job_.start_at - detail::one_tick;
    auto at = schedule_.previous_or_at(until);
    for (++look_ups_; at && *at > after && excluded(*at); ++look_ups_)
        at = schedule_.previous(first_on_its_date(*at));
    return at && *at > after ? at : std::nullopt;
}

inline bool Occurrences::excluded(Instant occurrence) const {
    if (job_.exclude.empty()) return false;
    const std::chrono::year_month_day date{schedule_.local_date(occurrence)};
    return std::binary_search(job_.exclude.begin(), job_.exclude.end(), date);
}

/// The earliest instant of which the date of `occurrence` is known without a look beyond a transition: from there on
/// the clock shows that date up to `occurrence`.
inline Instant Occurrences::first_on_its_date(Instant occurrence) const {
    const auto local = schedule_.zone().to_local(occurrence);
    const Instant midnight = occurrence - (local - std::chrono::floor<std::chrono::days>(local));
    const auto transition = schedule_.zone().previous_transition(occurrence);
    return transition ? std::max<Instant>(midnight, transition->at) : midnight;
}

/// The latest such instant behind `occurrence`.
inline Instant Occurrences::last_on_its_date(Instant occurrence) const {
    const auto local = schedule_.zone().to_local(occurrence);
    const Instant midnight = occurrence + (std::chrono::floor<std::chrono::days>(local) + std::chrono::days{1} - local);
    const auto transition = schedule_.zone().next_transition(occurrence);
    return (transition ? std::min<Instant>(midnight, transition->at) : midnight) - detail::one_tick;
}

} // namespace carillon
