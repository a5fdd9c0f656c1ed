// SPDX-License-Identifier: MIT
// part_search.hpp - which of the parts of a schedule comes next?
#pragma once

#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/dst_policy.hpp"
#include "carillon/schedule/interval_set.hpp"
#include "carillon/schedule/schedule_parser.hpp"
#include "carillon/schedule/tzif.hpp"
#include "carillon/schedule/zoned_set.hpp"
#include "carillon/time.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

namespace carillon::detail {

/// Searches the parts of a schedule, in either direction.
struct PartSearch {
    const ZoneTable& table;
    DstPolicy policy;
    std::size_t& range;
    UtcSecond at;
    bool forward;

    template <CivilSet Set>
    UtcSecond operator()(const Set& set) const {
        const ZonedSet<Set> zoned{set, table, DstRules::of(policy, set.is_interval())};
        return forward ? zoned.first_from(at, range) : zoned.last_until(at, range);
    }
    UtcSecond operator()(const FixedRate& rate) const { return forward ? rate.first_from(at) : rate.last_until(at); }
    UtcSecond operator()(const Once& once) const {
        const auto since_epoch = once.at.time_since_epoch();
        const bool scheduled = since_epoch >= first_scheduled_second && since_epoch < end_of_scheduled_seconds;
        return scheduled && (forward ? once.at >= at : once.at <= at) ? once.at : nothing();
    }
    UtcSecond operator()(const EventTrigger&) const { return nothing(); }

    /// Asks for the common kind first, which spares it an indirect call.
    UtcSecond operator()(const SchedulePart& part) const {
        if (const auto* cron = std::get_if<CronExpression>(&part.set)) return (*this)(*cron);
        return std::visit(*this, part.set);
    }

    UtcSecond operator()(const std::vector<SchedulePart>& parts) const {
        UtcSecond best = nothing();
        for (const SchedulePart& part : parts)
            best = forward ? std::min(best, (*this)(part)) : std::max(best, (*this)(part));
        return best;
    }

    [[nodiscard]] UtcSecond nothing() const { return forward ? nothing_later : nothing_earlier; }
};

/// An answer of a search, for those who ask from outside.
inline std::optional<Instant> occurrence(UtcSecond found) {
    if (found == nothing_later || found == nothing_earlier) return std::nullopt;
    return found;
}

} // namespace carillon::detail
