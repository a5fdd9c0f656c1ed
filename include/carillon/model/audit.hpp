// SPDX-License-Identifier: MIT
// model/audit.hpp - an immutable record of one change: who, when, what, before and after.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// The change. Runs of workers are not audited: the ledger is their record.
enum class AuditVerb : std::uint8_t {
    job_created,
    job_updated,
    job_deleted,
    job_paused,
    job_resumed,
    job_triggered,
    job_disabled,  ///< by the system
    job_completed, ///< by the system: no further occurrence
    run_cancelled,
    run_retried,
    job_rebased, ///< its cursor was set back, after a clock that was wrong
};

/// Written together with the change, in one atomic step, from the records themselves: the two never disagree.
struct AuditEvent {
    AuditId id{};
    std::string tenant_id = "";
    /// As the Caller said; "carillon" where the system itself acted.
    std::string actor = "";
    Instant at{};
    AuditVerb verb = AuditVerb::job_created;
    JobId job_id{};
    std::optional<RunId> run_id = std::nullopt;
    std::string reason = "";
    /// As the Caller said; empty where it said nothing, and where the system itself acted.
    std::string via = "";
    std::string request_id = "";
    std::string batch = "";
    /// The job's definition before and after; null where there was, or is, none.
    std::shared_ptr<const JobDefinition> before{};
    std::shared_ptr<const JobDefinition> after{};
};

namespace detail {

// clang-format off
inline constexpr std::array audit_verb_names{
    EnumRow<AuditVerb>{AuditVerb::job_created, "job.created"},
    EnumRow<AuditVerb>{AuditVerb::job_updated, "job.updated"},
    EnumRow<AuditVerb>{AuditVerb::job_deleted, "job.deleted"},
    EnumRow<AuditVerb>{AuditVerb::job_paused, "job.paused"},
    EnumRow<AuditVerb>{AuditVerb::job_resumed, "job.resumed"},
    EnumRow<AuditVerb>{AuditVerb::job_triggered, "job.triggered"},
    EnumRow<AuditVerb>{AuditVerb::job_disabled, "job.disabled"},
    EnumRow<AuditVerb>{AuditVerb::job_completed, "job.completed"},
    EnumRow<AuditVerb>{AuditVerb::run_cancelled, "run.cancelled"},
    EnumRow<AuditVerb>{AuditVerb::run_retried, "run.retried"},
    EnumRow<AuditVerb>{AuditVerb::job_rebased, "job.rebased"},
};
// clang-format on

} // namespace detail

[[nodiscard]] constexpr std::string_view to_string(AuditVerb verb) noexcept {
    return detail::enum_name(detail::audit_verb_names, verb);
}

} // namespace carillon
