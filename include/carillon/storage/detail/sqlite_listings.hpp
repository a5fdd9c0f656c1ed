// SPDX-License-Identifier: MIT
// storage/detail/sqlite_listings.hpp - how SqliteTables finds, lists and counts. Pages go on behind a place in an
// index.
#pragma once

#include "carillon/storage/detail/audit_filter.hpp"
#include "carillon/storage/detail/search_text.hpp"
#include "carillon/storage/detail/sqlite_tables.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace carillon::detail {

// ---- jobs ----------------------------------------------------------------------------------------------------------

template <class Void>
auto SqliteTables<Void>::find_job(const std::string& tenant, const JobId& id) -> std::optional<ScheduledJob> {
    work_.clear();
    JobRow* job = find_row(tenant, id);
    if (!job) return std::nullopt;
    return snapshot(*job);
}

template <class Void>
auto SqliteTables<Void>::find_job_by_idempotency_key(const std::string& tenant, const std::string& key)
    -> std::optional<ScheduledJob> {
    static constexpr auto select =
        sql_text("SELECT ",
                 whole_job_columns,
                 " FROM carillon_job AS j WHERE j.tenant = ?1 AND j.idempotency_key = ?2 AND j.removed = 0");
    auto rows = db_.query(select, tenant, key);
    if (!rows.next()) return std::nullopt;
    JobRow job = read_job(rows);
    return snapshot(job);
}

/// By the filters that listings try row by row, from `name, action_type, consecutive_failures > 0` at `column` on.
[[nodiscard]] inline bool matches_job(const SqliteRows& rows, int column, const JobQuery& query) {
    return (!query.action_type || rows.view(column + 1) == *query.action_type) &&
           (!query.failing || rows.flag(column + 2) == *query.failing) &&
           (!query.search || contains_ignoring_case(rows.view(column), *query.search));
}

/// From behind `query.after` on.
template <class Void>
SqliteRows SqliteTables<Void>::listed_jobs(const std::string& tenant, const JobQuery& query) {
    static constexpr auto newest = sql_text("SELECT ",
                                            listed_job_columns,
                                            " FROM carillon_job AS j WHERE tenant = ?1 AND removed = 0 AND "
                                            "(created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC");
    static constexpr auto newest_of_status =
        sql_text("SELECT ",
                 listed_job_columns,
                 " FROM carillon_job AS j WHERE tenant = ?1 AND removed = 0 AND status = ?4 AND "
                 "(created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC");
    static constexpr auto newest_failing =
        sql_text("SELECT ",
                 listed_job_columns,
                 " FROM carillon_job AS j WHERE tenant = ?1 AND removed = 0 AND consecutive_failures > 0 AND "
                 "(?4 IS NULL OR status = ?4) AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC");
    static constexpr auto by_name = sql_text("SELECT ",
                                             listed_job_columns,
                                             " FROM carillon_job AS j WHERE tenant = ?1 AND removed = 0 AND "
                                             "(?4 IS NULL OR status = ?4) AND (name, id) > (?2, ?3) ORDER BY name, id");
    JobId id = query.after ? query.after->id : JobId{}; // moved into the query: what is bound must not go before it
    if (query.sort == JobSort::name) {
        std::string name = query.after ? query.after->name : ""; // no job's
        return db_.query(by_name, tenant, std::move(name), std::move(id), query.status);
    }
    Instant created_at = query.after ? query.after->created_at : Instant::max();
    if (query.failing == true)
        return db_.query(newest_failing, tenant, std::move(created_at), std::move(id), query.status);
    if (query.status) return db_.query(newest_of_status, tenant, std::move(created_at), std::move(id), query.status);
    return db_.query(newest, tenant, std::move(created_at), std::move(id));
}

/// Those with a next run, or those without, from behind `query.after` on.
template <class Void>
SqliteRows SqliteTables<Void>::jobs_by_next_run(const std::string& tenant, const JobQuery& query, bool with_next_run) {
    static constexpr auto with =
        sql_text("SELECT ",
                 listed_job_columns,
                 " FROM carillon_job AS j WHERE tenant = ?1 AND removed = 0 AND (?4 IS NULL OR status = ?4) AND "
                 "(next_run_at, id) > (?2, ?3) ORDER BY next_run_at, id");
    static constexpr auto without =
        sql_text("SELECT ",
                 listed_job_columns,
                 " FROM carillon_job AS j WHERE tenant = ?1 AND removed = 0 AND (?3 IS NULL OR status = ?3) AND "
                 "next_run_at IS NULL AND id > ?2 ORDER BY id");
    const bool goes_on = query.after && query.after->next_run_at.has_value() == with_next_run;
    JobId id = goes_on ? query.after->id : JobId{};
    if (!with_next_run) return db_.query(without, tenant, std::move(id), query.status);
    Instant at = goes_on ? *query.after->next_run_at : Instant::min();
    return db_.query(with, tenant, std::move(at), std::move(id), query.status);
}

template <class Void>
auto SqliteTables<Void>::list_jobs(const std::string& tenant, const JobQuery& query) -> std::vector<ScheduledJob> {
    std::vector<ScheduledJob> page;
    std::size_t to_skip = query.offset;
    const auto take = [&](SqliteRows rows) {
        while (page.size() < query.limit && rows.next()) {
            if (!matches_job(rows, listed_name_column, query)) continue;
            if (to_skip > 0) {
                --to_skip;
                continue;
            }
            JobRow job = read_job(rows);
            page.push_back(snapshot(job));
        }
    };
    if (query.sort != JobSort::next_run) {
        take(listed_jobs(tenant, query));
        return page;
    }
    if (!query.after || query.after->next_run_at) take(jobs_by_next_run(tenant, query, true));
    if (page.size() < query.limit) take(jobs_by_next_run(tenant, query, false));
    return page;
}

template <class Void>
std::size_t SqliteTables<Void>::count_jobs(const std::string& tenant, std::optional<JobStatus> status) {
    auto rows = db_.query("SELECT active, paused, disabled, completed FROM carillon_tenant WHERE name = ?1", tenant);
    if (!rows.next()) return 0;
    if (status) return rows.template as<std::size_t>(static_cast<int>(*status));
    std::size_t count = 0;
    for (int each = 0; each < 4; ++each)
        count += rows.template as<std::size_t>(each);
    return count;
}

/// Those of that status, or that fail, in any order.
template <class Void>
SqliteRows SqliteTables<Void>::counted_jobs(const std::string& tenant, const JobQuery& query, std::size_t limit) {
    static constexpr char columns[] = "SELECT name, action_type, consecutive_failures > 0, status FROM carillon_job ";
    static constexpr auto all = sql_text(columns, "WHERE tenant = ?1 AND removed = 0 LIMIT ?2");
    static constexpr auto failing =
        sql_text(columns, "WHERE tenant = ?1 AND removed = 0 AND consecutive_failures > 0 LIMIT ?2");
    static constexpr auto of_status = sql_text(columns, "WHERE tenant = ?1 AND removed = 0 AND status = ?3 LIMIT ?2");
    if (query.failing == true) return db_.query(failing, tenant, std::move(limit));
    if (query.status) return db_.query(of_status, tenant, std::move(limit), query.status);
    return db_.query(all, tenant, std::move(limit));
}

template <class Void>
Count SqliteTables<Void>::count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) {
    Count count;
    auto rows = counted_jobs(tenant, query, cap + 1);
    for (std::size_t looked_at = 0; rows.next(); ++looked_at) {
        count.capped = looked_at == cap;
        if (count.capped) break;
        const bool of_status = !query.status || rows.template as<JobStatus>(3) == *query.status;
        count.n += of_status && matches_job(rows, 0, query) ? 1 : 0;
    }
    return count;
}

// ---- runs ----------------------------------------------------------------------------------------------------------

/// Of a job of the tenant, also of one that has been removed.
template <class Void>
std::optional<std::int64_t> SqliteTables<Void>::job_with_history(const std::string& tenant, const JobId& id) {
    auto rows = db_.query("SELECT row FROM carillon_job WHERE id = ?1 AND tenant = ?2", id, tenant);
    return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

template <class Void>
auto SqliteTables<Void>::find_run(const std::string& tenant, const RunId& id) -> std::optional<JobRun> {
    static constexpr auto select =
        sql_text("SELECT ", whole_run_columns, " FROM carillon_run AS r WHERE id = ?1 AND tenant = ?2");
    auto row = first_run(db_.query(select, id, tenant));
    if (!row) return std::nullopt;
    auto job = db_.query("SELECT id FROM carillon_job WHERE row = ?1", row->job);
    if (job.next()) row->run.job_id = job.template id<JobId>(0);
    return std::move(row->run);
}

template <class Void>
auto SqliteTables<Void>::find_occurrence(const std::string& tenant, const JobId& id, Instant at)
    -> std::optional<JobRun> {
    const auto job = job_with_history(tenant, id);
    if (!job) return std::nullopt;
    JobRow of;
    of.row = *job;
    of.id = id;
    auto row = last_scheduled(of, at);
    if (!row || last_occurrence(row->run) < at) return std::nullopt;
    return std::move(row->run);
}

// ---- audit ---------------------------------------------------------------------------------------------------------

template <class Void>
SqliteRows SqliteTables<Void>::listed_events(const std::string& tenant, const AuditQuery& query) {
    // clang-format off
    static constexpr auto newest =
        sql_text("SELECT ", audit_columns, ", before, after FROM carillon_audit WHERE tenant = ?1 ORDER BY id DESC");
    static constexpr auto older =
        sql_text("SELECT ", audit_columns, ", before, after FROM carillon_audit WHERE tenant = ?1 AND id < ?2 "
                 "ORDER BY id DESC");
    static constexpr auto newest_of_job =
        sql_text("SELECT ", audit_columns, ", before, after FROM carillon_audit WHERE tenant = ?1 AND job = ?2 "
                 "ORDER BY id DESC");
    static constexpr auto older_of_job =
        sql_text("SELECT ", audit_columns, ", before, after FROM carillon_audit WHERE tenant = ?1 AND job = ?2 AND "
                 "id < ?3 ORDER BY id DESC");
    // clang-format on
    if (query.job_id && query.after) return db_.query(older_of_job, tenant, *query.job_id, *query.after);
    if (query.job_id) return db_.query(newest_of_job, tenant, *query.job_id);
    if (query.after) return db_.query(older, tenant, *query.after);
    return db_.query(newest, tenant);
}

template <class Void>
auto SqliteTables<Void>::list_audit(const std::string& tenant, const AuditQuery& query) -> std::vector<AuditEvent> {
    std::vector<AuditEvent> page;
    std::size_t to_skip = query.offset;
    auto rows = listed_events(tenant, query);
    while (page.size() < query.limit && rows.next()) {
        AuditEvent event;
        read_columns(rows, 0, audit_members(event));
        if (!matches(event, query)) continue;
        if (to_skip > 0) {
            --to_skip;
            continue;
        }
        if (!rows.is_null(audit_before_column)) event.before = definition_of(rows.integer(audit_before_column));
        if (!rows.is_null(audit_before_column + 1)) event.after = definition_of(rows.integer(audit_before_column + 1));
        page.push_back(std::move(event));
    }
    return page;
}

} // namespace carillon::detail
