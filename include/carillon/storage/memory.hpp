// SPDX-License-Identifier: MIT
// storage/memory.hpp - the storage that keeps everything in this process, and nothing when it ends.
//
// One lock; every operation costs what it touches, not what exists: heaps for what is due, sets for what is listed.
// Listings by name or by next run, and searches, look at all jobs of the one tenant; listings of runs look at those of
// the time asked for, open or ended ones, until the page is full. A failed allocation inside an operation leaves it
// half done: like most of the standard library's node containers, this is not for hosts that go on after
// std::bad_alloc.
#pragma once

#include "carillon/detail/watch_list.hpp"
#include "carillon/storage/detail/memory_queue.hpp"
#include "carillon/storage/detail/memory_rows.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon {

namespace detail {
class PurgeRules;
}

/// See storage.hpp for what each operation promises. Thread-safe. Leases run on the steady time of `clock`.
///
/// A template of nothing, so that a program pays to compile it where it uses it.
template <class Void>
class BasicMemoryStorage {
public:
    explicit BasicMemoryStorage(std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>())
        : clock_(std::move(clock)) {}
    BasicMemoryStorage(const BasicMemoryStorage&) = delete;
    BasicMemoryStorage& operator=(const BasicMemoryStorage&) = delete;

    InsertResult insert_jobs(std::vector<NewJob> jobs);
    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change);
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change);
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change);

    [[nodiscard]] std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const;
    [[nodiscard]] std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                          const std::string& key) const;
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query) const;
    [[nodiscard]] std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status) const;
    [[nodiscard]] Count count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) const;
    [[nodiscard]] std::optional<JobRun> find_run(const std::string& tenant, const RunId& id) const;
    [[nodiscard]] std::vector<JobRun>
    list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const;
    [[nodiscard]] std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query) const;
    [[nodiscard]] Count count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) const;
    [[nodiscard]] std::vector<RunOutcome> list_outcomes(const std::string& tenant, const RunQuery& query) const;
    [[nodiscard]] std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const;
    [[nodiscard]] DueCount due(const std::string& tenant, Instant by, std::size_t cap) const;
    [[nodiscard]] std::optional<JobRun> find_occurrence(const std::string& tenant, const JobId& id, Instant at) const;
    [[nodiscard]] std::vector<AuditEvent> list_audit(const std::string& tenant, const AuditQuery& query) const;

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change);
    MaterialiseResult revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change);
    ClaimResult claim(const ClaimRequest& request);
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease);
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes);
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon);
    std::vector<JobRun> expire(Instant now, std::size_t limit);
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit);

    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const;
    [[nodiscard]] SteadyTime lease_now() const { return clock_->steady_now(); }
    [[nodiscard]] WatchHandle watch(std::function<void(StorageNews)> callback) {
        return watchers_.add(std::move(callback));
    }

private:
    using Rows = detail::MemoryRows<Void>;
    using JobRow = typename Rows::JobRow;
    using RunRow = typename Rows::RunRow;
    using KeyRow = typename Rows::KeyRow;
    using RunsByTime = typename Rows::RunsByTime;
    using TenantRow = typename Rows::TenantRow;
    using Queue = detail::MemoryQueue<Void>;
    using Reach = typename Queue::Reach;

    /// Holds the lock; tells the watchers when it is released again.
    class WriteLock;

    JobRow* find_row(const std::string& tenant, const JobId& id);
    TenantRow& tenant_row(const std::string& name);
    KeyRow& key_row(JobRow& job, const std::string& key);
    KeyState key_state(JobRow& job);

    JobRow& add_job(const std::shared_ptr<const JobDefinition>& definition, const JobProgress& progress);
    void index(JobRow& job);
    void unindex(JobRow& job);
    static void put_by_next_run(JobRow& job);
    static void move_by_next_run(JobRow& job);
    void update_due(JobRow& job);
    static void update_failing(JobRow& job);
    void count_version(JobRow& job);
    std::vector<JobRow*> jobs_before_version(const std::string& tzdata_version, std::size_t limit);
    /// `runs` gets the rows as they are in the ledger, where somebody asks; `ended` those that the change has ended.
    std::optional<AuditEvent>
    write(JobRow& job, JobChange&& change, std::vector<JobRun>* runs, std::vector<JobRun>& ended);
    void replace_definition(JobRow& job, std::shared_ptr<const JobDefinition> definition);
    static void record(TenantRow& tenant, const AuditEvent& event);
    RunRow* repeated_trigger(JobRow& job, const std::vector<JobRun>& runs) const;

    template <class Visit>
    static void walk_newest_first(const TenantRow& tenant, const JobQuery& query, Visit visit);
    [[nodiscard]] static bool matches(const JobRow& job, const JobQuery& query);
    template <class Visit>
    static void walk_in_order(TenantRow& tenant, const JobQuery& query, Visit visit);

    template <class Visit>
    void walk_runs(const std::string& tenant, const RunQuery& query, Visit visit) const;
    template <class Visit>
    static void walk_runs_of(const JobRow& job, const RunQuery& query, Visit visit);
    template <class Visit>
    static void walk_runs_of(const TenantRow& tenant, const RunQuery& query, Visit visit);
    template <class Row>
    [[nodiscard]] std::vector<Row> page_of_runs(const std::string& tenant, const RunQuery& query) const;

    RunRow* add_run(JobRow& job, JobRun&& run, const std::optional<Instant>& high_water);
    void rewind(JobRow& job, Instant to);
    void count_reference(const std::optional<RunId>& to, int change);
    void stop_runs(JobRow& job, StopScope scope, Instant now, std::vector<JobRun>& ended);
    void stop(RunRow& row, RunReason reason, Instant now);
    void settle(RunRow& row, const RunTransition& to);
    void close(RunRow& row, const RunTransition& to);
    void enqueue(RunRow& row);
    void take_from_queue(RunRow& row);
    void wake_waiting(KeyRow& key);

    [[nodiscard]] const KeyRow* find_key(const KeyRef& ref) const;
    [[nodiscard]] Reach reach_of(const ClaimFilter& filter) const;
    bool start_or_park(RunRow& row, const ClaimRequest& request, Reach& reach, std::vector<JobRun>& ended);
    void start(RunRow& row, const ClaimRequest& request, Reach& reach);

    std::size_t purge_runs(JobRow& job, const detail::PurgeRules& rules, std::size_t limit);
    void mark_gone(RunRow& row);
    void erase_gone(JobRow& job);

    std::shared_ptr<const Clock> clock_;
    detail::WatchList watchers_;

    mutable std::mutex mutex_;
    bool news_of_work_ = false;
    bool news_of_stop_ = false;
    mutable std::unordered_map<std::string, TenantRow> tenants_; // listings put jobs in order
    std::unordered_map<JobId, JobRow> jobs_;
    std::unordered_map<RunId, RunRow> runs_;
    typename Rows::DueHeap due_;
    Queue queue_;
    typename Rows::LeaseHeap leases_;
    typename Rows::ExpiryHeap expiries_; // of pending runs
    JobId purge_cursor_;
    typename Rows::VersionCounts versions_;
    JobId revision_cursor_;
};

using MemoryStorage = BasicMemoryStorage<void>;

// ---- implementation ------------------------------------------------------------------------------------------------

template <class Void>
class BasicMemoryStorage<Void>::WriteLock {
public:
    explicit WriteLock(BasicMemoryStorage& storage)
        : storage_(storage)
        , lock_(storage.mutex_) {}
    WriteLock(const WriteLock&) = delete;
    WriteLock& operator=(const WriteLock&) = delete;
    ~WriteLock() {
        const bool work = std::exchange(storage_.news_of_work_, false);
        const bool stop = std::exchange(storage_.news_of_stop_, false);
        lock_.unlock();
        if (work) storage_.watchers_.tell(StorageNews::work);
        if (stop) storage_.watchers_.tell(StorageNews::stop);
    }

private:
    BasicMemoryStorage& storage_;
    std::unique_lock<std::mutex> lock_;
};

} // namespace carillon

#include "carillon/storage/detail/memory_claims.hpp"
#include "carillon/storage/detail/memory_jobs.hpp"
#include "carillon/storage/detail/memory_listings.hpp"
#include "carillon/storage/detail/memory_outcomes.hpp"
#include "carillon/storage/detail/memory_retention.hpp"
#include "carillon/storage/detail/memory_run_listings.hpp"
#include "carillon/storage/detail/memory_runs.hpp"
#include "carillon/storage/detail/memory_versions.hpp"
