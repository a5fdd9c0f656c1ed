// SPDX-License-Identifier: MIT
// storage/detail/run_filter.hpp - which runs a RunQuery means, for storages that look at records.
#pragma once

#include "carillon/storage/query.hpp"

#include <algorithm>
#include <optional>

namespace carillon::detail {

/// But for its place in the listing.
[[nodiscard]] inline bool matches(const JobRun& run, const RunQuery& query) {
    return (!query.status || run.status == *query.status) && (!query.reason || run.reason == *query.reason) &&
           (!query.action_type || run.action_type == *query.action_type) &&
           (!query.from || run.scheduled_for >= *query.from) && (!query.to || run.scheduled_for < *query.to);
}

/// The place in a tenant's listing before which, in order of time, everything lies that is asked for.
[[nodiscard]] inline std::optional<RunCursor> end_of(const RunQuery& query) {
    if (!query.to) return query.after;
    const RunCursor to(*query.to, RunId{});
    return query.after ? std::min(*query.after, to) : to;
}

} // namespace carillon::detail
