// SPDX-License-Identifier: MIT
// detail/job_events.hpp - a job in another status, and the audit event that goes with a change.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"

#include <memory>
#include <string>
#include <utility>

namespace carillon::detail {

inline constexpr const char* system_actor = "carillon";

[[nodiscard]] inline std::shared_ptr<const JobDefinition>
with_status(const JobDefinition& job, JobStatus status, std::string reason, Instant now) {
    auto changed = std::make_shared<JobDefinition>(job);
    changed->status = status;
    changed->status_reason = std::move(reason);
    changed->updated_at = now;
    ++changed->revision;
    return changed;
}

[[nodiscard]] inline AuditEvent
audit_event(const JobDefinition& job, const std::string& actor, AuditVerb verb, Instant now) {
    AuditEvent event;
    event.id = AuditId::next(now);
    event.tenant_id = job.tenant_id;
    event.actor = actor;
    event.at = now;
    event.verb = verb;
    event.job_id = job.id;
    return event;
}

/// By which way the change came, and what it has in common with others.
inline void sign(AuditEvent& event, const Caller& caller) {
    event.via = caller.via;
    event.request_id = caller.request_id;
    event.batch = caller.batch;
}

[[nodiscard]] inline AuditEvent
signed_event(const JobDefinition& job, const Caller& caller, AuditVerb verb, Instant now) {
    AuditEvent event = audit_event(job, caller.actor, verb, now);
    sign(event, caller);
    return event;
}

[[nodiscard]] inline AuditEvent system_event(const JobDefinition& job, AuditVerb verb, Instant now) {
    return audit_event(job, system_actor, verb, now);
}

} // namespace carillon::detail
