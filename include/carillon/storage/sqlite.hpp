// SPDX-License-Identifier: MIT
// storage/sqlite.hpp - the storage that keeps everything in one SQLite file: jobs survive the process.
//
//   auto storage = SqliteStorage::open("jobs.db");
//   SchedulerFacade scheduler{storage};
//
// Any number of threads and processes of one machine may use the file at a time. One of them writes at a time, and
// writes that come together share a commit; readers wait for nobody. What a loss of power may cost is in
// SqliteSynchronous, everything else in docs/storages.md.
#pragma once

#include "carillon/storage/detail/sqlite_core.hpp"
#include "carillon/storage/detail/sqlite_options.hpp"
#include "carillon/storage/detail/sqlite_schema.hpp"
#include "carillon/storage/detail/sqlite_tables.hpp"
#include "carillon/storage/detail/sqlite_transaction.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// See storage.hpp for what each operation promises. Thread-safe. Each of them throws `unavailable` where the file, the
/// disk or another process is in the way; then nothing was written, unless the answer of a commit was lost with the
/// disk. After a fork() the child has to open the file again.
///
/// A template of nothing, so that a program pays to compile it where it uses it.
template <class Void>
class BasicSqliteStorage {
public:
    /// Opens the file, or creates it; ":memory:" is a database that nobody else sees and that goes with the storage.
    /// Throws `unavailable` for a file that is damaged, foreign, newer than this library, not to be written, locked for
    /// good, or on a file system of several machines: what() says what helps. It is left as it is then.
    [[nodiscard]] static std::shared_ptr<BasicSqliteStorage> open(const std::string& path, SqliteOptions options = {}) {
        return std::shared_ptr<BasicSqliteStorage>(new BasicSqliteStorage(path, std::move(options)));
    }
    /// In the database of the host's own connection, beside its tables. Where that is a file, the storage opens
    /// connections of its own to it; one in memory it uses itself, and nobody else may meanwhile but in a
    /// SqliteTransaction. The host's connection must outlive it.
    [[nodiscard]] static std::shared_ptr<BasicSqliteStorage> adopt(sqlite3* host, SqliteOptions options = {}) {
        options.in_host_file = true;
        const char* name = sqlite3_db_filename(host, "main");
        if (name != nullptr && *name != '\0') return open(name, std::move(options));
        return std::shared_ptr<BasicSqliteStorage>(new BasicSqliteStorage(host, std::move(options)));
    }
    BasicSqliteStorage(const BasicSqliteStorage&) = delete;
    BasicSqliteStorage& operator=(const BasicSqliteStorage&) = delete;

    InsertResult insert_jobs(std::vector<NewJob> jobs) {
        return core_.write([&](Tables& tables) { return tables.insert_jobs(std::move(jobs)); });
    }
    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change) {
        return core_.write([&](Tables& tables) { return tables.put_job(tenant, key, change); });
    }
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) {
        return core_.write([&](Tables& tables) { return tables.modify_job(tenant, id, change); });
    }
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) {
        return core_.write([&](Tables& tables) { return tables.modify_run(tenant, id, change); });
    }

    [[nodiscard]] std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const {
        return core_.read([&](Tables& tables) { return tables.find_job(tenant, id); });
    }
    [[nodiscard]] std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                          const std::string& key) const {
        return core_.read([&](Tables& tables) { return tables.find_job_by_idempotency_key(tenant, key); });
    }
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query) const {
        return core_.read([&](Tables& tables) { return tables.list_jobs(tenant, query); });
    }
    [[nodiscard]] std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status) const {
        return core_.read([&](Tables& tables) { return tables.count_jobs(tenant, status); });
    }
    [[nodiscard]] Count count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) const {
        return core_.read([&](Tables& tables) { return tables.count_jobs(tenant, query, cap); });
    }
    [[nodiscard]] std::optional<JobRun> find_run(const std::string& tenant, const RunId& id) const {
        return core_.read([&](Tables& tables) { return tables.find_run(tenant, id); });
    }
    [[nodiscard]] std::vector<JobRun>
    list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const {
        return core_.read([&](Tables& tables) { return tables.list_runs(tenant, id, query); });
    }
    [[nodiscard]] std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query) const {
        return core_.read([&](Tables& tables) { return tables.list_runs(tenant, query); });
    }
    [[nodiscard]] Count count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) const {
        return core_.read([&](Tables& tables) { return tables.count_runs(tenant, query, cap); });
    }
    [[nodiscard]] std::vector<RunOutcome> list_outcomes(const std::string& tenant, const RunQuery& query) const {
        return core_.read([&](Tables& tables) { return tables.list_outcomes(tenant, query); });
    }
    [[nodiscard]] std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const {
        return core_.read([&](Tables& tables) { return tables.recent_outcomes(tenant, jobs, n); });
    }
    [[nodiscard]] DueCount due(const std::string& tenant, Instant by, std::size_t cap) const {
        return core_.read([&](Tables& tables) { return tables.due(tenant, by, cap); });
    }
    [[nodiscard]] std::optional<JobRun> find_occurrence(const std::string& tenant, const JobId& id, Instant at) const {
        return core_.read([&](Tables& tables) { return tables.find_occurrence(tenant, id, at); });
    }
    [[nodiscard]] std::vector<AuditEvent> list_audit(const std::string& tenant, const AuditQuery& query) const {
        return core_.read([&](Tables& tables) { return tables.list_audit(tenant, query); });
    }

    // ---- what workers do; `transaction_open` on a thread that has a SqliteTransaction open, but for the last two

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) {
        return core_.work([&](Tables& tables) { return tables.materialise(now, limit, change); });
    }
    MaterialiseResult revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change) {
        return core_.work([&](Tables& tables) { return tables.revise_cursors(tzdata_version, limit, change); });
    }
    /// A run that is delivered at most once is handed out when its claim is on the disk, under either
    /// SqliteSynchronous.
    ClaimResult claim(const ClaimRequest& request) {
        return core_.work_durably([&](Tables& tables) { return tables.claim(request); },
                                  [](const ClaimResult& claimed) {
                                      return std::any_of(
                                          claimed.runs.begin(), claimed.runs.end(), [](const ClaimedRun& each) {
                                              return each.run.delivery == DeliveryMode::at_most_once;
                                          });
                                  });
    }
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) {
        return core_.work([&](Tables& tables) { return tables.reap(limit, after_abandon); });
    }
    std::vector<JobRun> expire(Instant now, std::size_t limit) {
        return core_.work([&](Tables& tables) { return tables.expire(now, limit); });
    }
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) {
        return core_.work([&](Tables& tables) { return tables.purge(retention, now, limit); });
    }
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) {
        return core_.write([&](Tables& tables) { return tables.heartbeat(runs, lease); });
    }
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) {
        return core_.write([&](Tables& tables) { return tables.finish(std::move(finishes)); });
    }

    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const {
        return core_.read([&](Tables& tables) { return tables.next_due(filter, now); });
    }
    [[nodiscard]] SteadyTime lease_now() const { return core_.lease_now(); }

    /// Tells of changes by this storage at once, and of others' within 250 ms: a thread looks for them while somebody
    /// watches.
    [[nodiscard]] WatchHandle watch(std::function<void(StorageNews)> callback) {
        return core_.watch(std::move(callback));
    }

    /// What SQLite finds wrong with the file, in its words; empty where it is whole. Reads all of it.
    [[nodiscard]] std::vector<std::string> integrity_check() const { return core_.integrity_check(); }
    /// Writes the state of this moment to a file, while others go on. The copy is checked before it gets its name:
    /// there is a whole one, or what was there before. Throws `unavailable` where that cannot be.
    void backup_to(const std::string& path) const { core_.backup_to(path); }

    /// Calls it when the transaction that this thread has open is committed, and not at all where it is rolled back;
    /// at once where there is none.
    template <class AfterCommit>
    void after_commit(AfterCommit call) {
        core_.at_transaction_end([call = std::move(call)](bool committed) {
            if (committed) call();
        });
    }
    /// Calls it with whether the transaction that this thread has open was committed; at once where there is none.
    void at_transaction_end(std::function<void(bool committed)> call) { core_.at_transaction_end(std::move(call)); }

private:
    template <class>
    friend class BasicSqliteTransaction;

    using Tables = detail::SqliteTables<Void>;

    template <class Database>
    BasicSqliteStorage(const Database& database, SqliteOptions options)
        : core_(database, std::move(options), {detail::sqlite_schema(sqlite3_libversion_number())}) {}

    mutable detail::SqliteCore<Tables> core_;
};

using SqliteStorage = BasicSqliteStorage<void>;

/// A transaction of the host that the scheduler takes part in: jobs and runs change exactly if the host's own rows do.
///
///     sqlite3* db = ...;                                   // the host's connection to the storage's file
///     SqliteTransaction transaction(storage, db);          // BEGIN IMMEDIATE, or one that is open
///     store_order(db, order);
///     scheduler.create_job("shop", mail_about(order));
///     transaction.commit();                                // without this, nothing has happened
///
/// While it lives, every verb that this thread calls runs on the host's connection, in a savepoint: one that throws has
/// changed nothing, and the others stay. Audit sinks and watchers are told after commit(). It holds the lock of the
/// file: others write when it has ended, leases are not renewed meanwhile. Belongs to one thread, and to its block.
template <class Void>
class BasicSqliteTransaction {
public:
    /// Throws `invalid_state` where the connection is to another database, or is in a transaction that does not have
    /// the lock for writing yet; `transaction_open` where this thread is in one already.
    BasicSqliteTransaction(std::shared_ptr<BasicSqliteStorage<Void>> storage, sqlite3* host)
        : storage_(std::move(storage))
        , transaction_(storage_->core_, host) {}

    /// Commits what the host and the scheduler have written. Where it throws, all of that is rolled back when this
    /// goes, unless commit() is called again.
    void commit() { transaction_.commit(); }
    /// As if it had never begun. Happens by itself when this goes uncommitted.
    void rollback() noexcept { transaction_.rollback(); }

private:
    std::shared_ptr<BasicSqliteStorage<Void>> storage_;
    detail::SqliteHostTransaction<detail::SqliteTables<Void>> transaction_;
};

template <class Void>
BasicSqliteTransaction(std::shared_ptr<BasicSqliteStorage<Void>>, sqlite3*) -> BasicSqliteTransaction<Void>;

using SqliteTransaction = BasicSqliteTransaction<void>;

} // namespace carillon
