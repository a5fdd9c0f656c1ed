// SPDX-License-Identifier: MIT
// explain.hpp - why did 02:00 not run? What became, or will become, of one occurrence of a job.
//
//   const auto why = scheduler.explain(job.id, "acme", carillon::parse_rfc3339("2026-03-02T02:00:00Z").value());
//   why->sentence    It was skipped: its concurrency key was busy with run 0195..., and overlap policy skip does not
//                    let it wait.
//
// The answer is the ledger's, where it has a row; else that of the functions that plan. Pure.
#pragma once

#include "carillon/model/job.hpp"
#include "carillon/model/policy.hpp"
#include "carillon/model/run.hpp"
#include "carillon/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

enum class ExplanationKind : std::uint8_t {
    // The ledger has a row: `run`.
    executed,    ///< its run was executed, or is being; `run->status` says with what end
    pending,     ///< its run waits: for its time, a worker, its concurrency key, or another attempt
    not_started, ///< its run ended before anybody started it: cancelled or timed out
    skipped,     ///< it was recorded as skipped, for `run->reason`
    // It is an occurrence without a row.
    ahead,    ///< it lies ahead and will run
    due,      ///< its time has come, and no worker has planned the job since
    inactive, ///< the job is paused, disabled or completed
    max_runs, ///< the job's `max_runs` are used up before it
    purged,   ///< the ledger has forgotten it
    // It is none.
    no_occurrence,   ///< the schedule does not have it; `previous` and `next` are those around it
    excluded,        ///< its date is excluded
    before_creation, ///< the job did not exist yet
    out_of_bounds,   ///< it lies before `start_at`, or not before `end_at`
    // Nobody knows.
    unknown, ///< the schedule cannot be evaluated, or what it says now is not what was planned then
};

struct Explanation {
    ExplanationKind kind = ExplanationKind::unknown;
    /// The whole answer, for people.
    std::string sentence = "";
    /// The row that the occurrence has in the ledger. A row of skips may stand for many.
    std::optional<JobRun> run = std::nullopt;
    /// The occurrences before and after a moment that is none.
    std::optional<Instant> previous = std::nullopt;
    std::optional<Instant> next = std::nullopt;
};

namespace detail {

// clang-format off
inline constexpr std::array explanation_names{
    EnumRow<ExplanationKind>{ExplanationKind::executed, "executed"},
    EnumRow<ExplanationKind>{ExplanationKind::pending, "pending"},
    EnumRow<ExplanationKind>{ExplanationKind::not_started, "not_started"},
    EnumRow<ExplanationKind>{ExplanationKind::skipped, "skipped"},
    EnumRow<ExplanationKind>{ExplanationKind::ahead, "ahead"},
    EnumRow<ExplanationKind>{ExplanationKind::due, "due"},
    EnumRow<ExplanationKind>{ExplanationKind::inactive, "inactive"},
    EnumRow<ExplanationKind>{ExplanationKind::max_runs, "max_runs"},
    EnumRow<ExplanationKind>{ExplanationKind::purged, "purged"},
    EnumRow<ExplanationKind>{ExplanationKind::no_occurrence, "no_occurrence"},
    EnumRow<ExplanationKind>{ExplanationKind::excluded, "excluded"},
    EnumRow<ExplanationKind>{ExplanationKind::before_creation, "before_creation"},
    EnumRow<ExplanationKind>{ExplanationKind::out_of_bounds, "out_of_bounds"},
    EnumRow<ExplanationKind>{ExplanationKind::unknown, "unknown"},
};
// clang-format on

} // namespace detail

[[nodiscard]] constexpr std::string_view to_string(ExplanationKind kind) noexcept {
    return detail::enum_name(detail::explanation_names, kind);
}

} // namespace carillon
