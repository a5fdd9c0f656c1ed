// SPDX-License-Identifier: MIT
// testing/reference_storage.hpp - the storage contract as the plainest program that keeps it.
//
// Vectors, searched from end to end by each operation. Slow, and so short that it can be held against the prose
// of storage.hpp line by line: what a backend answers is compared with what this answers.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/testing/any_storage.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon::testing {

namespace contract {

/// What a page holds of a whole list.
template <class T>
[[nodiscard]] std::vector<T> cut(const std::vector<T>& all, std::size_t offset, std::size_t limit) {
    const std::size_t from = std::min(offset, all.size());
    const std::size_t to = from + std::min(limit, all.size() - from);
    return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}

} // namespace contract

/// Keeps everything in this process, leases on the steady time of `clock`. Thread-safe, one operation at a time. Has no
/// watch.
class ReferenceStorage final : public AnyStorage {
public:
    explicit ReferenceStorage(std::shared_ptr<const Clock> clock)
        : clock_(std::move(clock)) {}

    InsertResult insert_jobs(std::vector<NewJob> jobs) override;
    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change) override;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override;
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) override;

    [[nodiscard]] std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const override;
    [[nodiscard]] std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                          const std::string& key) const override;
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query) const override;
    [[nodiscard]] std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status) const override;
    [[nodiscard]] std::optional<JobRun> find_run(const std::string& tenant, const RunId& id) const override;
    [[nodiscard]] std::vector<JobRun>
    list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const override;
    [[nodiscard]] std::vector<AuditEvent> list_audit(const std::string& tenant, const AuditQuery& query) const override;
    [[nodiscard]] std::optional<JobRun>
    find_occurrence(const std::string& tenant, const JobId& id, Instant at) const override;

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override;
    MaterialiseResult
    revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change) override;
    std::vector<ClaimedRun> claim(const ClaimRequest& request) override;
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) override;
    std::vector<bool> finish(std::vector<RunFinish> finishes) override;
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) override;
    std::vector<JobRun> expire(Instant now, std::size_t limit) override;
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) override;
    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const override;
    [[nodiscard]] SteadyTime lease_now() const override { return clock_->steady_now(); }
    [[nodiscard]] bool can_watch() const override { return false; }
    [[nodiscard]] WatchHandle watch(std::function<void(StorageNews)>) override { return nullptr; }

    /// Takes over another storage's choice of the run that blocked this one, where the contract leaves the choice.
    void set_blocker(const RunId& id, const std::optional<RunId>& blocker);
    /// Whether the two runs are of one concurrency key and the second is running.
    [[nodiscard]] bool may_block(const RunId& id, const RunId& blocker) const;

private:
    struct JobRow {
        std::shared_ptr<const JobDefinition> definition{};
        JobProgress progress{};
        bool removed = false;

        [[nodiscard]] ScheduledJob job() const { return {*definition, progress}; }
    };
    struct RunRow {
        JobRun run{};
        SteadyTime lease_until{};
    };
    struct Tables {
        std::vector<JobRow> jobs;
        std::vector<RunRow> runs; // in order of arrival
        std::vector<AuditEvent> audit;
        std::map<std::string, SteadyTime> spent_until; // of action types that have a rate
    };

    /// Runs `operation` and puts everything back as it was where that throws.
    template <class Operation>
    auto atomically(Operation operation) {
        const std::lock_guard lock(mutex_);
        const Tables before = tables_;
        try {
            return operation();
        } catch (...) {
            tables_ = before;
            throw;
        }
    }

    template <class Match>
    JobRow* job_where(Match match);
    template <class Match>
    [[nodiscard]] std::optional<ScheduledJob> found_where(Match match) const;
    JobRow& job_of(const JobRun& run);
    RunRow* run_row(const RunId& id);
    RunRow* owned_row(const RunRef& ref);
    [[nodiscard]] static bool same_key(const JobRun& a, const JobRun& b);
    template <class Match>
    [[nodiscard]] std::size_t running_where(Match match) const;
    [[nodiscard]] bool has_slot(const JobRun& run) const;
    [[nodiscard]] KeyState key_state(const JobRow& job) const;
    void record(const AuditEvent& event) { tables_.audit.push_back(event); }

    JobWrite write(JobRow& job, JobChange change);
    MaterialiseResult ask_each(const std::vector<JobRow*>& jobs, const ChangeJob& change);
    std::optional<JobRun> add_run(JobRow& job, const JobRun& run, const std::optional<Instant>& high_water);
    RunRow* last_scheduled(const JobRow& job, Instant at);
    void rewind(JobRow& job, Instant to);
    void stop_runs(const JobRow& job, StopScope scope, Instant at);
    void settle(JobRun& run, const RunTransition& to);
    [[nodiscard]] bool is_full(const JobRun& run, const ClaimLimits& limits) const;
    [[nodiscard]] SteadyTime rate_opens_for(const JobRun& run, const ClaimLimits& limits) const;
    [[nodiscard]] bool is_held_back(const JobRun& run, const ClaimFilter& filter) const;
    RunRow* next_to_claim(const ClaimRequest& request, const std::string& turn, const std::vector<RunId>& passed);
    void start(RunRow& row, const ClaimRequest& request);
    void skip(JobRun& run, Instant now);
    std::size_t purge_audit(const Retention& retention, Instant now, std::size_t limit);
    std::size_t purge_runs(JobRow& job, const Retention& retention, Instant now, std::size_t limit);
    [[nodiscard]] bool is_referred_to(const JobRun& run) const;

    std::shared_ptr<const Clock> clock_;
    mutable std::mutex mutex_;
    Tables tables_;
};

} // namespace carillon::testing

#include "carillon/testing/detail/reference_jobs.hpp"
#include "carillon/testing/detail/reference_runs.hpp"
