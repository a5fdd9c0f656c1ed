// SPDX-License-Identifier: MIT
// storage/detail/sqlite_tables.hpp - every operation of the storage contract on the tables of one connection, inside a
// transaction that somebody else has begun and will end.
#pragma once

#include "carillon/storage/detail/purge_rules.hpp"
#include "carillon/storage/detail/sqlite_api.hpp"
#include "carillon/storage/detail/sqlite_rows.hpp"
#include "carillon/storage/detail/sqlite_run_walks.hpp"
#include "carillon/storage/detail/sqlite_starts.hpp"
#include "carillon/storage/detail/sqlite_work.hpp"
#include "carillon/storage/storage.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::detail {

/// See storage.hpp for what each operation promises. An operation that throws may have written a part: whoever has
/// begun the transaction takes it back, or the savepoint. Not thread-safe.
///
/// A template of nothing, so that a program pays to compile it where it uses it.
template <class Void>
class SqliteTables {
public:
    /// `lease_now` is the storage's own clock. The schema is there: see sqlite_schema.hpp.
    SqliteTables(SqliteConnection& db, std::function<SteadyTime()> lease_now)
        : db_(db)
        , lease_now_(std::move(lease_now))
        , work_(db)
        , starts_(db) {}
    SqliteTables(const SqliteTables&) = delete;
    SqliteTables& operator=(const SqliteTables&) = delete;

    InsertResult insert_jobs(std::vector<NewJob> jobs);
    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change);
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change);
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change);

    [[nodiscard]] std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id);
    [[nodiscard]] std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                          const std::string& key);
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query);
    [[nodiscard]] std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status);
    [[nodiscard]] Count count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap);
    [[nodiscard]] std::optional<JobRun> find_run(const std::string& tenant, const RunId& id);
    [[nodiscard]] std::vector<JobRun> list_runs(const std::string& tenant, const JobId& id, const RunQuery& query);
    [[nodiscard]] std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query);
    [[nodiscard]] Count count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap);
    [[nodiscard]] std::vector<RunOutcome> list_outcomes(const std::string& tenant, const RunQuery& query);
    [[nodiscard]] std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n);
    [[nodiscard]] DueCount due(const std::string& tenant, Instant by, std::size_t cap);
    [[nodiscard]] std::optional<JobRun> find_occurrence(const std::string& tenant, const JobId& id, Instant at);
    [[nodiscard]] std::vector<AuditEvent> list_audit(const std::string& tenant, const AuditQuery& query);

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change);
    MaterialiseResult revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change);
    ClaimResult claim(const ClaimRequest& request);
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease);
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes);
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon);
    std::vector<JobRun> expire(Instant now, std::size_t limit);
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit);
    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now);
    [[nodiscard]] SteadyTime lease_now() const { return lease_now_(); }

    /// Ends all leases, and lets all rates begin anew: for a lease clock that has started from another zero.
    void end_leases();

    /// What watchers are to be told of the operations since the last call, once they are committed.
    struct News {
        bool work = false;
        bool stop = false;
    };
    [[nodiscard]] News take_news() noexcept { return std::exchange(news_, {}); }

private:
    using JobRow = SqliteJobRow;
    using RunRow = SqliteRunRow;
    using Place = SqlitePlace;
    class Queue;

    /// Runs an operation and writes what it has counted.
    template <class Operation>
    auto working(Operation operation) {
        work_.clear();
        auto result = operation();
        work_.flush();
        return result;
    }

    std::int64_t add_definition(const std::shared_ptr<const JobDefinition>& definition);
    std::shared_ptr<const JobDefinition> definition_of(std::int64_t row);
    const std::shared_ptr<const JobDefinition>& definition_of(JobRow& job);
    JobRow& job_with_definition(const SqliteRows& rows, int column);
    void fetch_jobs_with_definitions(const std::vector<std::int64_t>& jobs);
    void retire_definition(std::int64_t row);
    [[nodiscard]] ScheduledJob snapshot(JobRow& job) { return ScheduledJob{*definition_of(job), job.progress}; }
    [[nodiscard]] JobView view(JobRow& job) { return {*definition_of(job), job.progress}; }
    [[nodiscard]] KeyState key_state(JobRow& job);

    JobRow* find_row(const std::string& tenant, const JobId& id);
    JobRow& add_job(const std::shared_ptr<const JobDefinition>& definition, const JobProgress& progress);
    void replace_definition(JobRow& job, const std::shared_ptr<const JobDefinition>& definition);
    void remove_job(JobRow& job);
    bool drop_job_without_runs(std::int64_t row, std::int64_t definition);
    void record(const AuditEvent& event, std::optional<std::int64_t> before, std::optional<std::int64_t> after);
    /// `runs` gets the rows as they are in the ledger, where somebody asks; `ended` those that the change has ended.
    std::optional<AuditEvent>
    write(JobRow& job, JobChange&& change, std::vector<JobRun>* runs, std::vector<JobRun>& ended);
    std::optional<JobRun> repeated_trigger(const JobRow& job, const std::vector<JobRun>& runs);
    MaterialiseResult ask_each(const std::vector<std::int64_t>& jobs, const ChangeJob& change);

    std::optional<JobRun> add_run(JobRow& job, JobRun&& run, const std::optional<Instant>& high_water, Instant at);
    JobRun extend_skips(const JobRow& job, std::int64_t row, const JobRun& by);
    void insert_run(const JobRow& job, const JobRun& run, std::optional<Place> place);
    std::optional<RunRow> last_scheduled(const JobRow& job, Instant at);
    std::optional<RunRow> row_before(const JobRow& job, Instant at);
    void rewind(JobRow& job, Instant to);
    void stop_runs(JobRow& job, StopScope scope, Instant at, std::vector<JobRun>& ended);
    void stop(RunRow& row, RunReason reason, Instant at);
    /// Says whether others may go on.
    bool settle(RunRow& row, const RunTransition& to);
    void close(JobRow& job, const RunRow& row, const RunTransition& to);
    static void count_settled(JobRow& job, const JobRun& run, bool was_running);
    void write_end(const RunRow& row);
    void write_return(const RunRow& row);
    void move_to(const RunRow& row, Place place);
    void park(const RunRow& row);
    void unpark(const RunRow& row, Place place);
    void count_running_end(const RunRow& row);
    bool wake_waiting(JobRow& job, const std::string& key, Instant at);
    bool wake_type(const JobRow& job, const std::string& key, const std::string& type, Instant at);
    std::optional<std::string> next_waiting_type(const JobRow& job, const std::string& key, const std::string& from);
    SqliteRows waiting_below(const JobRow& job, const std::string& key, const std::string& type, int priority);
    [[nodiscard]] SqliteKeyCounts& key_of_run(JobRow& job, const JobRun& run) { return work_.key(job, run.key); }
    [[nodiscard]] std::vector<RunRow> runs_of(SqliteRows rows);
    [[nodiscard]] std::optional<RunRow> first_run(SqliteRows rows);
    /// As it is now: the end of one may have moved another.
    [[nodiscard]] RunRow run_at(std::int64_t row);

    /// Those of them that are running, with their jobs, by id.
    std::unordered_map<RunId, RunRow> find_running(const std::vector<RunFinish>& finishes);
    bool start_or_park(RunRow& row, const ClaimRequest& request, Queue& queue, std::vector<JobRun>& ended);
    bool skip_overlapped(RunRow& row, Instant now);
    void start(RunRow& row, JobRow& job, const ClaimRequest& request, Queue& queue);

    SqliteRows listed_jobs(const std::string& tenant, const JobQuery& query);
    SqliteRows jobs_by_next_run(const std::string& tenant, const JobQuery& query, bool with_next_run);
    SqliteRows counted_jobs(const std::string& tenant, const JobQuery& query, std::size_t limit);
    std::optional<SqliteRows> walked_runs(const char* (*statement_of)(RunWalk),
                                          const std::string& tenant,
                                          const RunQuery& query,
                                          std::size_t limit,
                                          std::size_t offset);
    SqliteRows listed_events(const std::string& tenant, const AuditQuery& query);
    std::optional<std::int64_t> job_with_history(const std::string& tenant, const JobId& id);

    /// What a purge has looked at.
    struct Seen {
        std::size_t jobs = 0;
        std::size_t runs = 0;
    };
    std::size_t purge_audit(Instant until, std::size_t limit);
    using SurplusFrom = std::array<std::optional<RunId>, PurgeRules::groups>;
    SurplusFrom find_surplus(std::int64_t job, const PurgeRules& rules, Seen& seen);
    bool is_referred_to(const RunId& id);
    std::size_t purge_runs(std::int64_t job, const PurgeRules& rules, std::size_t limit, Seen& seen);

    SqliteConnection& db_;
    std::function<SteadyTime()> lease_now_;
    SqliteWork work_;
    SqliteStarts starts_;
    SqliteDefinitions definitions_;
    News news_{};
    std::int64_t purge_cursor_ = 0;
    std::string revision_version_;
    std::int64_t revision_cursor_ = 0;
};

} // namespace carillon::detail

#include "carillon/storage/detail/sqlite_claims.hpp"
#include "carillon/storage/detail/sqlite_definitions.hpp"
#include "carillon/storage/detail/sqlite_jobs.hpp"
#include "carillon/storage/detail/sqlite_leases.hpp"
#include "carillon/storage/detail/sqlite_listings.hpp"
#include "carillon/storage/detail/sqlite_outcomes.hpp"
#include "carillon/storage/detail/sqlite_retention.hpp"
#include "carillon/storage/detail/sqlite_run_listings.hpp"
#include "carillon/storage/detail/sqlite_runs.hpp"
