// SPDX-License-Identifier: MIT
// storage/storage.hpp - the storage port: what a backend stores, orders and locks.
//
// A storage is dumb. What should happen to a job or a run is decided above it by pure functions, which it calls with
// the rows it has locked and whose answer it writes: all of it or nothing. So a new backend is small and cannot get
// policy wrong. testing/storage_contract.hpp proves every clause below for any backend.
//
// The contract
//
//  1. Every operation is atomic, durable to the degree the backend documents, and may be called from any thread.
//  2. A record of one tenant is never visible through another tenant's name. Names are compared byte by byte.
//  3. A job change is written together with its audit event. The storage fills `before` and `after` of the event from
//     the definitions it replaces and writes, so they cannot disagree. A change that is `nothing()` writes nothing.
//  4. Pure functions handed to an operation may be called again where the backend has to retry; only the last answer
//     counts. They are called with the rows locked and must not call the storage. What they throw passes through, and
//     nothing is written; where materialise or reap asked about several rows, nothing of the row they threw for, while
//     the rows before it may have been written, each of them wholly.
//  5. The ledger: a scheduled row whose `scheduled_for` is not after its job's `high_water` is not written again, so a
//     repeated materialise is harmless. A skip row that directly follows, among its job's scheduled rows (those since
//     purged included), a skip row with equal `reason` and `blocked_by` extends it (`last`, `completed_at`,
//     `occurrences`, `count_is_minimum`) instead of becoming a row.
//  6. A run is claimable while it is pending, its `not_before` has come, and fewer than `slots` runs of its
//     (tenant, key) are running (0: no limit; an empty key is the job alone). One that finds its key busy waits, out of
//     the way of others, or, with `skip_when_busy`, ends as skipped, `overlapped`, `blocked_by` a run of the key.
//  7. A claim sets running, worker, started_at, fence + 1, attempt + 1, and starts the lease; the first start of a
//     scheduled run counts in `started_runs`. Tenants take turns in the order of their names, starting behind
//     `after_tenant`; within a tenant the higher priority, then the earlier `not_before`, then the smaller id comes
//     first, also among those that waited for their key.
//  8. Fencing: heartbeat and finish act on (id, fence, running) only; what does not match is refused for that row
//     alone.
//  9. Leases are judged by `lease_now()`, the storage's own clock, never by a worker's wall clock.
// 10. A run that was asked to stop does not go back to pending: it ends as cancelled, with the reason it was asked for
//     first. It may still complete or fail.
// 11. A terminal transition frees the key and, where the run was executed, counts on the job (`last_run_at` is the
//     latest start); a scheduled run of an active job with a `fixed_delay` and no cursor sets the cursor to its end, or
//     to `high_water` where that is later, plus that delay. A way back to pending frees the key as well. Whoever waited
//     for it goes on, however it was freed.
// 12. A removed job is found by no verb, and its keys are free again; its runs are found, until `purge`.
// 13. Records come back as they were written: every member, text byte by byte, instants to the microsecond.
// 14. An idempotency key is the tenant's for jobs and the job's for runs. A repeat, also one within the same call, is
//     answered with the record as it is now, without an event, and writes nothing; a job's with another
//     `spec_fingerprint` is a conflict, and then nothing of the call is written.
// 15. Listings are filtered before they are cut to offset and limit. `after` goes on behind a place in the order, also
//     when the record that stood there is gone.
// 16. materialise asks about active jobs whose cursor has come, the earliest first, about each once a call, and shows
//     for the later ones what it has written for the earlier ones.
// 17. purge deletes what Retention names and nothing else: never an open run, never a job that has not been removed.
// 18. next_due is never later than the moment at which materialise or claim has something to do. What a claim that came
//     back empty has left behind does not count.
// 19. revise_cursors asks about active jobs that have a cursor and a `tzdata_version` before the one given, byte by
// byte
//     and not empty; in any order, about each once a call.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

// ---- changing jobs -------------------------------------------------------------------------------------------------

/// A job as a pure function sees it: the rows themselves, without a copy.
struct JobView {
    const JobDefinition& definition;
    const JobProgress& progress;
};

/// Who else is there: the pending and running runs of the job's concurrency key.
struct KeyState {
    std::size_t pending = 0;
    std::size_t running = 0;
    /// The oldest of them.
    std::optional<RunId> busy_with = std::nullopt;
    /// Scheduled runs of the job itself that have not been started yet.
    std::size_t unstarted = 0;

    [[nodiscard]] std::size_t busy() const noexcept { return pending + running; }
};

/// Which runs a change asks to stop: pending ones become cancelled, running ones get `stop_requested`.
enum class StopScope : std::uint8_t {
    none,
    key, ///< those of the job's concurrency key, reason `cancel_previous`
    job, ///< those of the job, reason `deleted`
};

/// What to write. Unset members leave their record alone.
struct JobChange {
    /// The moment of the change: when runs that it stops end.
    Instant at{};
    std::shared_ptr<const JobDefinition> definition{};
    std::optional<JobProgress> progress = std::nullopt;
    /// Applied before `runs` are added.
    StopScope stop = StopScope::none;
    /// Rows to add to the ledger, oldest first, pending or skipped. One with an idempotency key that the job has seen
    /// is a repeat: nothing of the change is written and the earlier run is the answer.
    std::vector<JobRun> runs{};
    bool remove = false;
    /// Without `before` and `after`: the storage fills them in.
    std::optional<AuditEvent> event = std::nullopt;

    [[nodiscard]] bool nothing() const noexcept {
        return !definition && !progress && stop == StopScope::none && runs.empty() && !remove && !event;
    }
};

/// What was written: the job as it is now, the runs as they are in the ledger, the event if there was one.
struct JobWrite {
    ScheduledJob job{};
    std::vector<JobRun> runs{};
    std::optional<AuditEvent> event = std::nullopt;
};

struct NewJob {
    std::shared_ptr<const JobDefinition> definition{};
    JobProgress progress{};
    AuditEvent event{};
};

struct InsertResult {
    /// In the order given. Without an event: the job that had the idempotency key before.
    std::vector<JobWrite> jobs{};
    /// The index of a job whose idempotency key exists with another `spec_fingerprint`; then nothing was written.
    std::optional<std::size_t> conflict = std::nullopt;
};

struct MaterialiseResult {
    /// Jobs that were asked; as many as the limit says there may be more.
    std::size_t jobs = 0;
    std::vector<AuditEvent> events{};
};

using ChangeJob = std::function<JobChange(const JobView&, const KeyState&)>;
/// Gets null where the tenant has no job of that key.
using PutJob = std::function<JobChange(const JobView*, const KeyState&)>;

// ---- changing runs -------------------------------------------------------------------------------------------------

/// Where a run goes: to a terminal status, or back to pending.
struct RunTransition {
    JobRunStatus status = JobRunStatus::completed;
    RunReason reason = RunReason::none;
    Instant at{};
    std::optional<Duration> duration = std::nullopt;
    JsonText result{};
    std::optional<std::string> error = std::nullopt;
    /// For pending: when it may be claimed again, and whether the attempt is given back (release, snooze, abandon).
    Instant not_before{};
    bool give_back_attempt = false;
    bool abandoned = false;
    /// Whether a handler ran: only then the run counts on its job.
    bool executed = false;
};

struct RunRef {
    RunId id{};
    std::uint64_t fence = 0;
    friend auto operator<=>(const RunRef&, const RunRef&) = default;
};

struct RunFinish {
    RunRef run{};
    RunTransition to{};
};

/// Leaves a run alone that has ended.
struct RunChange {
    std::optional<RunTransition> transition = std::nullopt;
    /// Of a running run; a pending one is taken to its end by a transition.
    bool request_stop = false;
    RunReason stop_reason = RunReason::none;
    std::optional<AuditEvent> event = std::nullopt;
};

struct RunWrite {
    JobRun run{};
    std::optional<AuditEvent> event = std::nullopt;
};

using ChangeRun = std::function<RunChange(const JobRun&)>;

struct ClaimRequest {
    std::string worker = "";
    /// Those the worker has handlers for.
    std::vector<std::string> action_types{};
    std::size_t limit = 1;
    Duration lease = std::chrono::seconds{30};
    Instant now{};
    /// Leaves alone what was not due by then; by default `now`.
    std::optional<Instant> due_by = std::nullopt;
    /// The tenant served last; the turn goes on behind it.
    std::string after_tenant = "";
};

/// A run that now belongs to the worker, with the definition of its job at this moment.
struct ClaimedRun {
    JobRun run{};
    std::shared_ptr<const JobDefinition> job{};
};

/// An answer to a heartbeat, given only for runs that are lost or asked to stop.
struct HeartbeatAnswer {
    RunRef run{};
    bool lost = false;
    bool stop_requested = false;
};

using AfterAbandon = std::function<RunTransition(const JobRun&, const JobDefinition&)>;

// ---- reading -------------------------------------------------------------------------------------------------------

/// Those that are equal are listed by id, the newest first under `newest`.
enum class JobSort : std::uint8_t {
    newest,   ///< by created_at
    name,     ///< byte by byte
    next_run, ///< those without a next run last
};

/// A place in a listing of jobs: behind this job.
struct JobCursor {
    Instant created_at{};
    std::string name = "";
    std::optional<Instant> next_run_at = std::nullopt;
    JobId id{};

    JobCursor() = default;
    JobCursor(const ScheduledJob& job)
        : created_at(job.created_at)
        , name(job.name)
        , next_run_at(job.next_run_at)
        , id(job.id) {}
};

struct JobQuery {
    std::optional<JobStatus> status = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    /// Goes on behind the last job of the page before: `.after = page.back()`.
    std::optional<JobCursor> after = std::nullopt;
    /// A part of the name, in either case of ASCII letters.
    std::optional<std::string> search = std::nullopt;
    std::optional<std::string> action_type = std::nullopt;
    JobSort sort = JobSort::newest;
};

/// Newest first.
struct RunQuery {
    std::optional<JobRunStatus> status = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    std::optional<RunId> after = std::nullopt;
};

/// Newest first.
struct AuditQuery {
    std::optional<JobId> job_id = std::nullopt;
    std::optional<std::string> actor = std::nullopt;
    std::optional<AuditVerb> verb = std::nullopt;
    std::size_t limit = 100;
    std::size_t offset = 0;
    std::optional<AuditId> after = std::nullopt;
};

struct Retention {
    /// Terminal runs that ended longer ago than this go, and of the others those beyond this number per job, oldest
    /// first. Skip rows, and rows that others refer to by `retry_of` or `blocked_by`, do not count and outlive the
    /// number.
    Duration runs = std::chrono::hours{24 * 30};
    std::size_t runs_per_job = 1'000;
    /// Audit events older than this; where the clock was set back meanwhile, together with those recorded before them.
    Duration audit = std::chrono::hours{24 * 365};
    /// Runs with an idempotency key do not count and stay for so long after their end, whatever is said above.
    Duration idempotency_keys = std::chrono::hours{24};
};

/// What a watcher is told: work may be due earlier than it thought, or a running run was asked to stop.
enum class StorageNews : std::uint8_t { work, stop };

/// Ends a watch when it goes; waits for a callback that is running, unless it is this thread's own.
using WatchHandle = std::shared_ptr<void>;

// ---- the port ------------------------------------------------------------------------------------------------------

/// A backend. Optional: `watch(std::function<void(StorageNews)>) -> WatchHandle`, called after a change by whoever made
/// it, without a lock held.
// clang-format off
template <class S>
concept Storage = requires(S& storage, const S& reader, const std::string& tenant, const JobId& job_id, const RunId& run_id,
                           std::vector<NewJob> new_jobs, const PutJob& put, const ChangeJob& change,
                           const ChangeRun& change_run, const ClaimRequest& claim, const std::vector<RunRef>& refs,
                           std::vector<RunFinish> finishes, const AfterAbandon& abandoned,
                           const std::vector<std::string>& action_types, const Retention& retention, Instant now,
                           Duration lease, std::size_t limit, const JobQuery& jobs, const RunQuery& runs,
                           const AuditQuery& audit, std::optional<JobStatus> status) {
    // All or none.
    { storage.insert_jobs(std::move(new_jobs)) } -> std::same_as<InsertResult>;
    // Creates or changes the job that `tenant` knows by a key.
    { storage.put_job(tenant, tenant, put) } -> std::same_as<JobWrite>;
    // Locks the job, asks `change`, writes the answer. Empty: no such job.
    { storage.modify_job(tenant, job_id, change) } -> std::same_as<std::optional<JobWrite>>;
    { storage.modify_run(tenant, run_id, change_run) } -> std::same_as<std::optional<RunWrite>>;

    { reader.find_job(tenant, job_id) } -> std::same_as<std::optional<ScheduledJob>>;
    { reader.find_job_by_idempotency_key(tenant, tenant) } -> std::same_as<std::optional<ScheduledJob>>;
    { reader.list_jobs(tenant, jobs) } -> std::same_as<std::vector<ScheduledJob>>;
    // From kept counters.
    { reader.count_jobs(tenant, status) } -> std::same_as<std::size_t>;
    { reader.find_run(tenant, run_id) } -> std::same_as<std::optional<JobRun>>;
    { reader.list_runs(tenant, job_id, runs) } -> std::same_as<std::vector<JobRun>>;
    { reader.list_audit(tenant, audit) } -> std::same_as<std::vector<AuditEvent>>;

    // For up to `limit` active jobs whose cursor is not after `now`, earliest first: asks `change` and writes.
    { storage.materialise(now, limit, change) } -> std::same_as<MaterialiseResult>;
    // For up to `limit` active jobs whose cursor comes from a time zone database before this one: asks `change` and writes.
    { storage.revise_cursors(tenant, limit, change) } -> std::same_as<MaterialiseResult>;
    { storage.claim(claim) } -> std::same_as<std::vector<ClaimedRun>>;
    // Renews the leases of all of them in one write.
    { storage.heartbeat(refs, lease) } -> std::same_as<std::vector<HeartbeatAnswer>>;
    // One answer a row, in the order given: whether it was accepted.
    { storage.finish(std::move(finishes)) } -> std::same_as<std::vector<bool>>;
    // For up to `limit` running runs whose lease has ended: asks `abandoned` and writes; returns the runs as they are now.
    { storage.reap(limit, abandoned) } -> std::same_as<std::vector<JobRun>>;
    // Looks at about `limit` jobs, going on where it ended the last time, and deletes at most `limit` rows; returns how
    // many.
    { storage.purge(retention, now, limit) } -> std::same_as<std::size_t>;
    // The earliest moment at which materialise or, for these action types, claim has something to do.
    { reader.next_due(action_types) } -> std::same_as<std::optional<Instant>>;
    { reader.lease_now() } -> std::same_as<SteadyTime>;
};
// clang-format on

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// Moves `run` along `to`: the one place that knows what a transition does to a row.
inline void apply(JobRun& run, const RunTransition& to) {
    const bool goes_back = to.status == JobRunStatus::pending;
    const bool stays_open = goes_back && !run.stop_requested;
    if (to.abandoned) ++run.abandons;
    if (to.give_back_attempt && run.attempt > 0) --run.attempt;
    run.error = to.error;
    run.duration = to.duration;
    if (stays_open) {
        if (run.status == JobRunStatus::running && run.started_at && !to.give_back_attempt)
            run.attempts.push_back({run.attempt, *run.started_at, to.at, run.worker, to.error.value_or("")});
        run.status = JobRunStatus::pending;
        run.not_before = to.not_before;
        run.worker.clear();
        return;
    }
    run.status = goes_back ? JobRunStatus::cancelled : to.status;
    const bool keeps_reason = run.status == JobRunStatus::cancelled && run.stop_requested;
    if (!keeps_reason) run.reason = to.reason;
    run.result = to.result;
    run.completed_at = to.at;
    if (run.status == JobRunStatus::skipped) run.last = run.scheduled_for;
}

/// The cursor of a job with a fixed delay one of whose scheduled runs has ended at `end`. Lies after high_water also
/// where the clock was set back meanwhile: an occurrence before it would be taken for one that is in the ledger.
[[nodiscard]] inline Instant cursor_after_delay(const JobProgress& progress, Instant end, Duration delay) {
    return std::max(end, progress.high_water.value_or(end)) + delay;
}

/// Whether `next` belongs into the skip row `last`.
[[nodiscard]] inline bool extends_skip_row(const JobRun& last, const JobRun& next) {
    return last.status == JobRunStatus::skipped && next.status == JobRunStatus::skipped && last.reason == next.reason &&
           last.blocked_by == next.blocked_by;
}

inline constexpr std::uint64_t exact_skip_count = 10'000;

inline void extend_skip_row(JobRun& last, const JobRun& next) {
    last.last = next.last ? next.last : next.scheduled_for;
    last.completed_at = next.completed_at;
    last.occurrences += next.occurrences;
    last.count_is_minimum = last.count_is_minimum || next.count_is_minimum || last.occurrences > exact_skip_count;
    if (last.count_is_minimum) last.occurrences = std::max(last.occurrences, exact_skip_count);
}

} // namespace detail

} // namespace carillon
