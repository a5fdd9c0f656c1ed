// SPDX-License-Identifier: MIT
// storage/detail/audit_filter.hpp - which events an AuditQuery means, for storages that look at records.
#pragma once

#include "carillon/storage/query.hpp"

namespace carillon::detail {

/// But for its place in the listing.
[[nodiscard]] inline bool matches(const AuditEvent& event, const AuditQuery& query) {
    return (!query.job_id || event.job_id == *query.job_id) && (!query.actor || event.actor == *query.actor) &&
           (!query.verb || event.verb == *query.verb) && (!query.from || event.at >= *query.from) &&
           (!query.to || event.at < *query.to) && (!query.via || event.via == *query.via) &&
           (!query.request_id || event.request_id == *query.request_id) &&
           (!query.batch || event.batch == *query.batch);
}

} // namespace carillon::detail
