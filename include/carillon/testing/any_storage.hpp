// SPDX-License-Identifier: MIT
// testing/any_storage.hpp - a storage of any type behind virtual functions, to wrap it and to change what it does.
//
//   struct Slow : testing::StorageAdapter<MemoryStorage> {
//       using StorageAdapter::StorageAdapter;
//       std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override { ... }
//   };
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/storage.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// Is a Storage itself: storage.hpp says what each operation promises.
class AnyStorage {
public:
    AnyStorage() = default;
    AnyStorage(const AnyStorage&) = delete;
    AnyStorage& operator=(const AnyStorage&) = delete;
    virtual ~AnyStorage() = default;

    virtual InsertResult insert_jobs(std::vector<NewJob> jobs) = 0;
    virtual JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change) = 0;
    virtual std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) = 0;
    virtual std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) = 0;

    [[nodiscard]] virtual std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const = 0;
    [[nodiscard]] virtual std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                                  const std::string& key) const = 0;
    [[nodiscard]] virtual std::vector<ScheduledJob> list_jobs(const std::string& tenant,
                                                              const JobQuery& query) const = 0;
    [[nodiscard]] virtual std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status) const = 0;
    [[nodiscard]] virtual Count count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) const = 0;
    [[nodiscard]] virtual std::optional<JobRun> find_run(const std::string& tenant, const RunId& id) const = 0;
    [[nodiscard]] virtual std::vector<JobRun>
    list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const = 0;
    [[nodiscard]] virtual std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query) const = 0;
    [[nodiscard]] virtual Count count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) const = 0;
    [[nodiscard]] virtual std::vector<RunOutcome> list_outcomes(const std::string& tenant,
                                                                const RunQuery& query) const = 0;
    [[nodiscard]] virtual std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const = 0;
    [[nodiscard]] virtual DueCount due(const std::string& tenant, Instant by, std::size_t cap) const = 0;
    [[nodiscard]] virtual std::vector<AuditEvent> list_audit(const std::string& tenant,
                                                             const AuditQuery& query) const = 0;

    [[nodiscard]] virtual std::optional<JobRun>
    find_occurrence(const std::string& tenant, const JobId& id, Instant at) const = 0;

    virtual MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) = 0;
    virtual MaterialiseResult
    revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change) = 0;
    virtual ClaimResult claim(const ClaimRequest& request) = 0;
    virtual std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) = 0;
    virtual std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) = 0;
    virtual std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) = 0;
    virtual std::vector<JobRun> expire(Instant now, std::size_t limit) = 0;
    virtual std::size_t purge(const Retention& retention, Instant now, std::size_t limit) = 0;
    [[nodiscard]] virtual std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const = 0;
    [[nodiscard]] virtual SteadyTime lease_now() const = 0;

    [[nodiscard]] virtual bool can_watch() const = 0;
    /// Null where the storage has no watch.
    [[nodiscard]] virtual WatchHandle watch(std::function<void(StorageNews)> callback) = 0;
};

static_assert(Storage<AnyStorage>);

/// Passes everything on to a storage of type `S`.
template <Storage S>
class StorageAdapter : public AnyStorage {
public:
    explicit StorageAdapter(std::shared_ptr<S> storage)
        : storage_(std::move(storage)) {}

    InsertResult insert_jobs(std::vector<NewJob> jobs) override { return storage_->insert_jobs(std::move(jobs)); }
    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change) override {
        return storage_->put_job(tenant, key, change);
    }
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return storage_->modify_job(tenant, id, change);
    }
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) override {
        return storage_->modify_run(tenant, id, change);
    }

    [[nodiscard]] std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const override {
        return reader().find_job(tenant, id);
    }
    [[nodiscard]] std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                          const std::string& key) const override {
        return reader().find_job_by_idempotency_key(tenant, key);
    }
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query) const override {
        return reader().list_jobs(tenant, query);
    }
    [[nodiscard]] std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status) const override {
        return reader().count_jobs(tenant, status);
    }
    [[nodiscard]] Count count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) const override {
        return reader().count_jobs(tenant, query, cap);
    }
    [[nodiscard]] std::optional<JobRun> find_run(const std::string& tenant, const RunId& id) const override {
        return reader().find_run(tenant, id);
    }
    [[nodiscard]] std::vector<JobRun>
    list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const override {
        return reader().list_runs(tenant, id, query);
    }
    [[nodiscard]] std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query) const override {
        return reader().list_runs(tenant, query);
    }
    [[nodiscard]] Count count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) const override {
        return reader().count_runs(tenant, query, cap);
    }
    [[nodiscard]] std::vector<RunOutcome> list_outcomes(const std::string& tenant,
                                                        const RunQuery& query) const override {
        return reader().list_outcomes(tenant, query);
    }
    [[nodiscard]] std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const override {
        return reader().recent_outcomes(tenant, jobs, n);
    }
    [[nodiscard]] DueCount due(const std::string& tenant, Instant by, std::size_t cap) const override {
        return reader().due(tenant, by, cap);
    }
    [[nodiscard]] std::vector<AuditEvent> list_audit(const std::string& tenant,
                                                     const AuditQuery& query) const override {
        return reader().list_audit(tenant, query);
    }

    [[nodiscard]] std::optional<JobRun>
    find_occurrence(const std::string& tenant, const JobId& id, Instant at) const override {
        return reader().find_occurrence(tenant, id, at);
    }

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override {
        return storage_->materialise(now, limit, change);
    }
    MaterialiseResult
    revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change) override {
        return storage_->revise_cursors(tzdata_version, limit, change);
    }
    ClaimResult claim(const ClaimRequest& request) override { return storage_->claim(request); }
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) override {
        return storage_->heartbeat(runs, lease);
    }
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        return storage_->finish(std::move(finishes));
    }
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) override {
        return storage_->reap(limit, after_abandon);
    }
    std::vector<JobRun> expire(Instant now, std::size_t limit) override { return storage_->expire(now, limit); }
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) override {
        return storage_->purge(retention, now, limit);
    }
    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const override {
        return reader().next_due(filter, now);
    }
    [[nodiscard]] SteadyTime lease_now() const override { return reader().lease_now(); }

    [[nodiscard]] bool can_watch() const override { return watchable; }
    [[nodiscard]] WatchHandle watch(std::function<void(StorageNews)> callback) override {
        if constexpr (watchable)
            return storage_->watch(std::move(callback));
        else
            return nullptr;
    }

private:
    static constexpr bool watchable = requires(S & storage) { storage.watch(std::function<void(StorageNews)>{}); };

    [[nodiscard]] const S& reader() const noexcept { return *storage_; }

    std::shared_ptr<S> storage_;
};

using AnyFactory = std::function<std::shared_ptr<AnyStorage>(std::shared_ptr<const Clock>)>;

/// Makes storages of type `S` that anybody can hold.
template <Storage S>
[[nodiscard]] AnyFactory any_factory(std::function<std::shared_ptr<S>(std::shared_ptr<const Clock>)> make) {
    return [make = std::move(make)](std::shared_ptr<const Clock> clock) -> std::shared_ptr<AnyStorage> {
        if constexpr (std::derived_from<S, AnyStorage>)
            return make(std::move(clock));
        else
            return std::make_shared<StorageAdapter<S>>(make(std::move(clock)));
    };
}

} // namespace carillon::testing
