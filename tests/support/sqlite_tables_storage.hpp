// SPDX-License-Identifier: MIT
// support/sqlite_tables_storage.hpp - SqliteTables as a Storage of one connection and one mutex, for tests of the
// tables without what SqliteStorage does around them.
#pragma once

#include "carillon/detail/watch_list.hpp"
#include "carillon/storage/detail/sqlite_schema.hpp"
#include "carillon/storage/detail/sqlite_tables.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carillon::tests {

class SqliteTablesStorage {
public:
    explicit SqliteTablesStorage(std::shared_ptr<const Clock> clock, const char* path = ":memory:")
        : clock_(std::move(clock))
        , db_(open(path), true)
        , tables_(db_, [this] { return clock_->steady_now(); }) {
        db_.script("PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
        db_.script(detail::sqlite_schema(sqlite3_libversion_number()).c_str());
    }

    /// Runs it as an operation would be run.
    template <class Operation>
    auto write(Operation operation) {
        std::unique_lock lock(mutex_);
        db_.execute("BEGIN IMMEDIATE");
        try {
            auto result = operation(tables_);
            db_.execute("COMMIT");
            const auto news = tables_.take_news();
            lock.unlock();
            if (news.work) watchers_.tell(StorageNews::work);
            if (news.stop) watchers_.tell(StorageNews::stop);
            return result;
        } catch (...) {
            db_.execute("ROLLBACK");
            static_cast<void>(tables_.take_news());
            throw;
        }
    }
    template <class Operation>
    auto read(Operation operation) const {
        const std::lock_guard lock(mutex_);
        return operation(tables_);
    }
    InsertResult insert_jobs(std::vector<NewJob> jobs) {
        return write([&](auto& tables) { return tables.insert_jobs(std::move(jobs)); });
    }
    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change) {
        return write([&](auto& tables) { return tables.put_job(tenant, key, change); });
    }
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) {
        return write([&](auto& tables) { return tables.modify_job(tenant, id, change); });
    }
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) {
        return write([&](auto& tables) { return tables.modify_run(tenant, id, change); });
    }
    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) {
        return write([&](auto& tables) { return tables.materialise(now, limit, change); });
    }
    MaterialiseResult revise_cursors(const std::string& version, std::size_t limit, const ChangeJob& change) {
        return write([&](auto& tables) { return tables.revise_cursors(version, limit, change); });
    }
    ClaimResult claim(const ClaimRequest& request) {
        return write([&](auto& tables) { return tables.claim(request); });
    }
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) {
        return write([&](auto& tables) { return tables.heartbeat(runs, lease); });
    }
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) {
        return write([&](auto& tables) { return tables.finish(std::move(finishes)); });
    }
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) {
        return write([&](auto& tables) { return tables.reap(limit, after_abandon); });
    }
    std::vector<JobRun> expire(Instant now, std::size_t limit) {
        return write([&](auto& tables) { return tables.expire(now, limit); });
    }
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) {
        return write([&](auto& tables) { return tables.purge(retention, now, limit); });
    }

    [[nodiscard]] std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const {
        return read([&](auto& tables) { return tables.find_job(tenant, id); });
    }
    [[nodiscard]] std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                          const std::string& key) const {
        return read([&](auto& tables) { return tables.find_job_by_idempotency_key(tenant, key); });
    }
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query) const {
        return read([&](auto& tables) { return tables.list_jobs(tenant, query); });
    }
    [[nodiscard]] std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status) const {
        return read([&](auto& tables) { return tables.count_jobs(tenant, status); });
    }
    [[nodiscard]] Count count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) const {
        return read([&](auto& tables) { return tables.count_jobs(tenant, query, cap); });
    }
    [[nodiscard]] std::optional<JobRun> find_run(const std::string& tenant, const RunId& id) const {
        return read([&](auto& tables) { return tables.find_run(tenant, id); });
    }
    [[nodiscard]] std::vector<JobRun>
    list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const {
        return read([&](auto& tables) { return tables.list_runs(tenant, id, query); });
    }
    [[nodiscard]] std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query) const {
        return read([&](auto& tables) { return tables.list_runs(tenant, query); });
    }
    [[nodiscard]] Count count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) const {
        return read([&](auto& tables) { return tables.count_runs(tenant, query, cap); });
    }
    [[nodiscard]] std::vector<RunOutcome> list_outcomes(const std::string& tenant, const RunQuery& query) const {
        return read([&](auto& tables) { return tables.list_outcomes(tenant, query); });
    }
    [[nodiscard]] std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const {
        return read([&](auto& tables) { return tables.recent_outcomes(tenant, jobs, n); });
    }
    [[nodiscard]] DueCount due(const std::string& tenant, Instant by, std::size_t cap) const {
        return read([&](auto& tables) { return tables.due(tenant, by, cap); });
    }
    [[nodiscard]] std::optional<JobRun> find_occurrence(const std::string& tenant, const JobId& id, Instant at) const {
        return read([&](auto& tables) { return tables.find_occurrence(tenant, id, at); });
    }
    [[nodiscard]] std::vector<AuditEvent> list_audit(const std::string& tenant, const AuditQuery& query) const {
        return read([&](auto& tables) { return tables.list_audit(tenant, query); });
    }
    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const {
        return read([&](auto& tables) { return tables.next_due(filter, now); });
    }
    [[nodiscard]] SteadyTime lease_now() const { return clock_->steady_now(); }
    [[nodiscard]] WatchHandle watch(std::function<void(StorageNews)> callback) {
        return watchers_.add(std::move(callback));
    }

    [[nodiscard]] detail::SqliteConnection& connection() noexcept { return db_; }

private:
    static sqlite3* open(const char* path) {
        sqlite3* db = nullptr;
        constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
        if (sqlite3_open_v2(path, &db, flags, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db));
        return db;
    }

    std::shared_ptr<const Clock> clock_;
    detail::WatchList watchers_;
    mutable std::mutex mutex_;
    detail::SqliteConnection db_;
    mutable detail::SqliteTables<void> tables_;
};

} // namespace carillon::tests
