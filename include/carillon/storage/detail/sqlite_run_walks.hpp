// SPDX-License-Identifier: MIT
// storage/detail/sqlite_run_walks.hpp - the statements with which SqliteTables walks through runs, to list or count
// them.
#pragma once

#include "carillon/storage/detail/sqlite_work.hpp"
#include "carillon/storage/storage.hpp"

#include <cstdint>

namespace carillon::detail {

/// Which runs a listing walks through.
enum class RunWalk : std::uint8_t { of_job, of_tenant, exceptions, running, pending };

// clang-format off
/// As read_run reads them, and the id of the job.
inline constexpr auto listed_run_columns =
    sql_text(whole_run_columns, ", (SELECT o.id FROM carillon_job AS o WHERE o.row = r.job)");
/// As read_outcome reads them.
inline constexpr char outcome_columns[] =
    "r.id, r.status, r.reason, r.scheduled_for, r.completed_at, r.duration, r.last, r.occurrences, r.count_is_minimum";
/// ?2 to ?4: the place behind which it goes on, and `from`. ?5 to ?7: the filters. ?8 and ?9: limit and offset.
inline constexpr char run_filter[] =
    "(?5 IS NULL OR r.status = ?5) AND (?6 IS NULL OR r.reason = ?6) AND (?7 IS NULL OR r.action_type = ?7)";
inline constexpr char runs_of_that_time[] = " AND (r.scheduled_for, r.id) < (?2, ?3) AND r.scheduled_for >= ?4";
inline constexpr char runs_of_job[] =
    " FROM carillon_run AS r WHERE r.job = ?1 AND r.id < ?3 AND r.scheduled_for < ?2 AND r.scheduled_for >= ?4";
inline constexpr auto runs_of_tenant = sql_text(" FROM carillon_run AS r WHERE r.tenant = ?1", runs_of_that_time);
inline constexpr auto exceptions_of_tenant =
    sql_text(" FROM carillon_run AS r WHERE r.tenant = ?1 AND r.status = ?5 AND r.status > 2", runs_of_that_time);
inline constexpr auto running_of_tenant =
    sql_text(" FROM carillon_run AS r INDEXED BY carillon_run_running WHERE r.place = 3 AND r.tenant = ?1",
             runs_of_that_time);
inline constexpr auto pending_of_tenant =
    sql_text(" FROM carillon_run AS r INDEXED BY carillon_run_open WHERE r.tenant = ?1 AND r.open_job IS NOT NULL AND "
             "r.status = 0", runs_of_that_time);
inline constexpr char page_by_time[] = " ORDER BY r.scheduled_for DESC, r.id DESC LIMIT ?8 OFFSET ?9";
inline constexpr char page_by_id[] = " ORDER BY r.id DESC LIMIT ?8 OFFSET ?9";
inline constexpr char first_rows[] = " LIMIT ?8 OFFSET ?9";

/// Those that match, or whether each of the first ones does.
template <const auto& Columns, const auto& From, const auto& Page>
inline constexpr auto select_listed = sql_text("SELECT ", Columns, From, " AND ", run_filter, Page);
template <const auto& From>
inline constexpr auto select_whether_listed = sql_text("SELECT ", run_filter, From, first_rows);
// clang-format on

[[nodiscard]] inline RunWalk walk_of(const RunQuery& query) noexcept {
    if (query.job_id) return RunWalk::of_job;
    if (!query.status || *query.status == JobRunStatus::completed) return RunWalk::of_tenant;
    if (*query.status == JobRunStatus::pending) return RunWalk::pending;
    return *query.status == JobRunStatus::running ? RunWalk::running : RunWalk::exceptions;
}

template <const auto& Columns>
[[nodiscard]] const char* list_statement(RunWalk walk) {
    switch (walk) {
    case RunWalk::of_job: return select_listed<Columns, runs_of_job, page_by_id>;
    case RunWalk::exceptions: return select_listed<Columns, exceptions_of_tenant, page_by_time>;
    case RunWalk::running: return select_listed<Columns, running_of_tenant, page_by_time>;
    case RunWalk::pending: return select_listed<Columns, pending_of_tenant, page_by_time>;
    case RunWalk::of_tenant: break;
    }
    return select_listed<Columns, runs_of_tenant, page_by_time>;
}

[[nodiscard]] inline const char* count_statement(RunWalk walk) {
    switch (walk) {
    case RunWalk::of_job: return select_whether_listed<runs_of_job>;
    case RunWalk::exceptions: return select_whether_listed<exceptions_of_tenant>;
    case RunWalk::running: return select_whether_listed<running_of_tenant>;
    case RunWalk::pending: return select_whether_listed<pending_of_tenant>;
    case RunWalk::of_tenant: break;
    }
    return select_whether_listed<runs_of_tenant>;
}

} // namespace carillon::detail
