// SPDX-License-Identifier: MIT
// storage/detail/sqlite_work.hpp - what one operation has in its hands: the rows that hold counters, each read once
// and written once however many runs of the operation concern it, and the definitions that were read before.
#pragma once

#include "carillon/storage/detail/sqlite_rows.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::detail {

// ---- rows ----------------------------------------------------------------------------------------------------------

/// The open runs of a concurrency key. Those that wait for it are pending, too.
struct SqliteKeyCounts {
    std::int64_t pending = 0;
    std::int64_t running = 0;
    std::int64_t waiting = 0;

    [[nodiscard]] bool has_slot(const JobRun& run) const noexcept { return run.slots == 0 || running < run.slots; }
};

struct SqliteJobRow {
    std::int64_t row = 0;
    JobId id{};
    std::string tenant = "";
    std::int64_t definition_row = 0;
    bool removed = false;
    JobStatus status = JobStatus::active;
    std::optional<Duration> fixed_delay = std::nullopt;
    SqliteKeyCounts own_key{};
    /// Its open scheduled runs: never claimed, claimed before and pending again, running.
    std::int64_t unstarted = 0;
    std::int64_t again = 0;
    std::int64_t running = 0;
    JobProgress progress{};
    /// Read when it is asked for.
    std::shared_ptr<const JobDefinition> definition{};
    /// What of it has to be written: the counters, which no index is over, and the cursor with what belongs to it.
    bool counted = false;
    bool moved = false;

    [[nodiscard]] bool due_counts() const noexcept {
        return !removed && status == JobStatus::active && progress.next_run_at.has_value();
    }
};

struct SqliteSharedKeyRow {
    SqliteKeyCounts counts{};
    bool stored = false;
};

struct SqliteTenantRow {
    std::int64_t running = 0;
    /// A claim has found that as many are running as its limit says: somebody waits for an end.
    bool found_full = false;
    std::array<std::int64_t, 4> jobs{}; // by status
};

struct SqliteTypeRow {
    std::int64_t running = 0;
    bool found_full = false;
    SteadyTime spent_until{};
};

/// Where an open run is.
enum class SqlitePlace : std::uint8_t { delayed, ready, waiting, running };

struct SqliteRunRow {
    std::int64_t row = 0;
    std::int64_t job = 0;
    std::optional<SqlitePlace> place = std::nullopt;
    /// Without its job's id until somebody sets it.
    JobRun run{};
};

// clang-format off
/// Of `carillon_run AS r`, as read_run reads them.
inline constexpr auto whole_run_columns =
    sql_text("r.row, r.job, coalesce(r.place, r.waiting), r.key, r.attempts, ", columns_of<run_columns>('r'));
inline constexpr int whole_run_count = count_columns(whole_run_columns.chars.data());
inline constexpr int run_status_column = 7;
/// Of `carillon_job AS j`, as read_job reads them.
inline constexpr auto whole_job_columns = sql_text(
    "j.row, j.id, j.tenant, j.definition, j.removed, j.status, j.fixed_delay, j.open, j.waiting, j.scheduled, j.again, "
    "(SELECT count(*) FROM carillon_run AS o WHERE o.job = j.row AND o.place = 3 AND o.key IS NULL), "
    "(SELECT count(*) FROM carillon_run AS o WHERE o.job = j.row AND o.place = 3 AND o.trigger = 0), ",
    columns_of<progress_columns>('j'));
inline constexpr int whole_job_count = count_columns(whole_job_columns.chars.data());
/// Of `carillon_job AS j` and `carillon_definition AS d`, its own.
inline constexpr auto job_and_definition_columns =
    sql_text(whole_job_columns, ", ", columns_of<definition_columns>('d'));
/// And what listings search by, as matches_job reads it from `listed_name_column` on.
inline constexpr auto listed_job_columns = sql_text(whole_job_columns, ", j.name, j.action_type, j.consecutive_failures > 0");
inline constexpr int listed_name_column = whole_job_count;
/// As read_purged_run reads them.
inline constexpr char purged_run_columns[] =
    "row, id, status, trigger, scheduled_for, completed_at, last, idempotency_key";
// clang-format on

[[nodiscard]] inline SqliteRunRow read_run(const SqliteRows& rows) {
    SqliteRunRow run;
    run.row = rows.integer(0);
    run.job = rows.integer(1);
    run.place = rows.opt_as<SqlitePlace>(2);
    run.run.key = rows.text(3);
    run.run.attempts = attempts_from(rows.view(4));
    read_columns(rows, 5, run_members(run.run));
    return run;
}

/// From `whole_job_columns` at `column` on.
[[nodiscard]] inline SqliteJobRow read_job(const SqliteRows& rows, int column = 0) {
    SqliteJobRow job;
    const auto next = [&] {
        return rows.integer(column++);
    };
    job.row = next();
    job.id = rows.id<JobId>(column++);
    job.tenant = rows.text(column++);
    job.definition_row = next();
    job.removed = rows.flag(column++);
    job.status = rows.as<JobStatus>(column++);
    job.fixed_delay = rows.opt_duration(column++);
    const std::int64_t open = next();
    job.own_key.waiting = next();
    const std::int64_t scheduled = next();
    job.again = next();
    job.own_key.running = next();
    job.own_key.pending = open - job.own_key.running;
    job.running = next();
    job.unstarted = scheduled - job.again - job.running;
    read_columns(rows, column, progress_members(job.progress));
    job.progress.started_runs += static_cast<std::uint64_t>(job.running);
    return job;
}

/// No more than retention has to know.
[[nodiscard]] inline JobRun read_purged_run(const SqliteRows& rows) {
    JobRun run;
    read_columns(
        rows,
        1,
        std::tie(run.id, run.status, run.trigger, run.scheduled_for, run.completed_at, run.last, run.idempotency_key));
    return run;
}

// ---- definitions ---------------------------------------------------------------------------------------------------

/// Definitions by row, those last used. A row never changes, and no row number is used twice: see SqliteTables.
class SqliteDefinitions {
public:
    [[nodiscard]] std::shared_ptr<const JobDefinition> find(std::int64_t row) {
        if (const auto at = young_.find(row); at != young_.end()) return at->second;
        const auto at = old_.find(row);
        if (at == old_.end()) return nullptr;
        auto definition = std::move(at->second);
        old_.erase(at);
        return add(row, std::move(definition));
    }

    std::shared_ptr<const JobDefinition> add(std::int64_t row, std::shared_ptr<const JobDefinition> definition) {
        size_ += 1'000 + definition->action.text().size() + definition->metadata.text().size();
        if (size_ > most_bytes) {
            old_ = std::exchange(young_, {});
            size_ = 0;
        }
        young_.insert_or_assign(row, definition);
        return definition;
    }

private:
    /// About so many are young, and so many old.
    static constexpr std::size_t most_bytes = 4 << 20;

    std::unordered_map<std::int64_t, std::shared_ptr<const JobDefinition>> young_;
    std::unordered_map<std::int64_t, std::shared_ptr<const JobDefinition>> old_;
    std::size_t size_ = 0;
};

// ---- the work ------------------------------------------------------------------------------------------------------

/// Rows that are counted in, written by flush().
class SqliteWork {
public:
    using KeyName = std::pair<std::string, std::string>; // tenant and key

    explicit SqliteWork(SqliteConnection& db)
        : db_(db) {}

    /// There is one, since its runs are there.
    [[nodiscard]] SqliteJobRow& job(std::int64_t row);
    /// Reads those of the jobs that are not here yet, several at a time.
    void fetch_jobs(std::vector<std::int64_t> rows);
    /// The one that stands in a row of a query, from `whole_job_columns` at `column` on.
    SqliteJobRow& job_in(const SqliteRows& rows, int column) {
        const auto at = jobs_.find(rows.integer(column));
        return at == jobs_.end() ? keep(read_job(rows, column)) : at->second;
    }
    SqliteJobRow& keep(SqliteJobRow job) { return jobs_.insert_or_assign(job.row, std::move(job)).first->second; }
    [[nodiscard]] SqliteKeyCounts& key(SqliteJobRow& job, const std::string& name);
    [[nodiscard]] SqliteTenantRow& tenant(const std::string& name);
    [[nodiscard]] SqliteTypeRow& type(const std::string& name);

    /// Writes what has changed and lets go of everything.
    void flush();
    void clear() noexcept {
        jobs_.clear();
        keys_.clear();
        tenants_.clear();
        types_.clear();
    }

private:
    void write(const SqliteJobRow& job);
    void write(const KeyName& name, const SqliteSharedKeyRow& key);

    SqliteConnection& db_;
    std::unordered_map<std::int64_t, SqliteJobRow> jobs_;
    std::map<KeyName, SqliteSharedKeyRow> keys_;
    std::map<std::string, SqliteTenantRow> tenants_;
    std::map<std::string, SqliteTypeRow> types_;
};

inline constexpr auto select_job = sql_text("SELECT ", whole_job_columns, " FROM carillon_job AS j WHERE j.row = ?1");
inline constexpr auto select_jobs =
    sql_text("SELECT ", whole_job_columns, " FROM carillon_job AS j WHERE j.row IN ", sql_list_of_many);

inline void SqliteWork::fetch_jobs(std::vector<std::int64_t> rows) {
    std::erase_if(rows, [&](std::int64_t row) { return jobs_.contains(row); });
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    const auto keep_all = [&](SqliteRows found) {
        while (found.next())
            keep(read_job(found));
    };
    in_lots(
        rows.size(),
        [&](std::size_t at) { return rows[at]; },
        [&](const std::int64_t& row) { keep_all(db_.query(select_job, row)); },
        [&](const auto&... lot) { keep_all(db_.query(select_jobs, lot...)); });
}

inline SqliteJobRow& SqliteWork::job(std::int64_t row) {
    if (const auto at = jobs_.find(row); at != jobs_.end()) return at->second;
    auto rows = db_.query(select_job, row);
    if (!rows.next()) throw Error(Errc::internal, "a run of the database has no job");
    return keep(read_job(rows));
}

/// The key of a run of the job: its own where the name is empty.
inline SqliteKeyCounts& SqliteWork::key(SqliteJobRow& job, const std::string& name) {
    if (name.empty()) return job.own_key;
    const auto [at, added] = keys_.try_emplace({job.tenant, name});
    SqliteSharedKeyRow& key = at->second;
    if (!added) return key.counts;
    auto rows = db_.query(
        "SELECT pending, running, waiting FROM carillon_key WHERE tenant = ?1 AND name = ?2", job.tenant, name);
    key.stored = rows.next();
    if (key.stored) key.counts = {rows.integer(0), rows.integer(1), rows.integer(2)};
    return key.counts;
}

inline SqliteTenantRow& SqliteWork::tenant(const std::string& name) {
    const auto [at, added] = tenants_.try_emplace(name);
    SqliteTenantRow& tenant = at->second;
    if (!added) return tenant;
    auto rows = db_.query(
        "SELECT running, found_full, active, paused, disabled, completed FROM carillon_tenant WHERE name = ?1", name);
    if (!rows.next()) return tenant;
    tenant.running = rows.integer(0);
    tenant.found_full = rows.flag(1);
    for (std::size_t status = 0; status < tenant.jobs.size(); ++status)
        tenant.jobs[status] = rows.integer(2 + static_cast<int>(status));
    return tenant;
}

inline SqliteTypeRow& SqliteWork::type(const std::string& name) {
    const auto [at, added] = types_.try_emplace(name);
    SqliteTypeRow& type = at->second;
    if (!added) return type;
    auto rows = db_.query("SELECT running, found_full, spent_until FROM carillon_type WHERE name = ?1", name);
    if (rows.next()) type = {rows.integer(0), rows.flag(1), rows.steady(2)};
    return type;
}

inline void SqliteWork::write(const SqliteJobRow& job) {
    const JobProgress& progress = job.progress;
    if (job.counted)
        db_.execute("UPDATE carillon_job SET open = ?2, waiting = ?3, scheduled = ?4, again = ?5, run_count = ?6, "
                    "failure_count = ?7, started_runs = ?8, consecutive_failures = ?9, last_run_at = ?10 "
                    "WHERE row = ?1",
                    job.row,
                    job.own_key.pending + job.own_key.running,
                    job.own_key.waiting,
                    job.unstarted + job.again + job.running,
                    job.again,
                    progress.run_count,
                    progress.failure_count,
                    progress.started_runs - static_cast<std::uint64_t>(job.running),
                    progress.consecutive_failures,
                    progress.last_run_at);
    if (job.moved)
        db_.execute("UPDATE carillon_job SET next_run_at = ?2, high_water = ?3, evaluation_failures = ?4, purged_until "
                    "= ?5, tzdata_version = ?6 WHERE row = ?1",
                    job.row,
                    progress.next_run_at,
                    progress.high_water,
                    progress.evaluation_failures,
                    progress.purged_until,
                    progress.tzdata_version);
}

/// A key without open runs has no row: keys may be many.
inline void SqliteWork::write(const KeyName& name, const SqliteSharedKeyRow& key) {
    const SqliteKeyCounts& counts = key.counts;
    const auto& [tenant, text] = name;
    if (counts.pending > 0 || counts.running > 0)
        db_.execute("INSERT INTO carillon_key (tenant, name, pending, running, waiting) VALUES (?1, ?2, ?3, ?4, ?5) "
                    "ON CONFLICT (tenant, name) DO UPDATE SET pending = ?3, running = ?4, waiting = ?5",
                    tenant,
                    text,
                    counts.pending,
                    counts.running,
                    counts.waiting);
    else if (key.stored)
        db_.execute("DELETE FROM carillon_key WHERE tenant = ?1 AND name = ?2", tenant, text);
}

inline void SqliteWork::flush() {
    for (const auto& [row, job] : jobs_)
        write(job);
    for (const auto& [name, key] : keys_)
        write(name, key);
    for (const auto& [name, tenant] : tenants_)
        db_.execute("INSERT INTO carillon_tenant (name, running, found_full, active, paused, disabled, completed) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE SET running = ?2, "
                    "found_full = ?3, active = ?4, paused = ?5, disabled = ?6, completed = ?7",
                    name,
                    tenant.running,
                    tenant.found_full,
                    tenant.jobs[0],
                    tenant.jobs[1],
                    tenant.jobs[2],
                    tenant.jobs[3]);
    for (const auto& [name, type] : types_)
        db_.execute("INSERT INTO carillon_type (name, running, found_full, spent_until) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT (name) DO UPDATE SET running = ?2, found_full = ?3, spent_until = ?4",
                    name,
                    type.running,
                    type.found_full,
                    type.spent_until);
    clear();
}

} // namespace carillon::detail
