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
//  3. A job change is written together with its audit event. The storage fills `before` and `after` of the event
//     from the definitions it replaces and writes, so they cannot disagree. A change that is `nothing()` writes
//     nothing.
//  4. Pure functions handed to an operation may be called again where the backend has to retry; only the last answer
//     counts. They are called with the rows locked and must not call the storage. What they throw passes through,
//     and nothing is written; where materialise or reap asked about several rows, nothing of the row they threw for,
//     while the rows before it may have been written, each of them wholly.
//  5. The ledger: a scheduled row whose `scheduled_for` is not after its job's `high_water`, or is that of another
//     scheduled row of the job, is not written, so a repeated materialise is harmless. A skip row that directly
//     follows, among its job's scheduled rows (those since purged included), a skip row with equal `reason` and
//     `blocked_by` extends it (`last`, `completed_at`, `occurrences`, `count_is_minimum`) instead of becoming a row.
//  6. A run is claimable while it is pending, its `not_before` has come, and fewer than `slots` runs of its (tenant,
//     key) are running (0: no limit; an empty key is the job alone). One that finds its key busy waits, out of the
//     way of others, or, with `skip_when_busy`, ends as skipped, `overlapped`, `blocked_by` a run of the key. A
//     transition back to pending never puts `not_before` before `scheduled_for`.
//  7. A claim sets running, worker, started_at, fence + 1, attempt + 1, the delivery that the job's policies ask for
//     now, empties `blocked_by`, and starts the lease; the first start of a scheduled run counts in `started_runs`.
//     Tenants take turns in the order of their names, starting behind `after_tenant`; within a tenant the higher
//     priority, then the earlier `not_before`, then the smaller id comes first, also among those that waited for their
//     key.
//  8. Fencing: heartbeat and finish act on (id, fence, running) only; what does not match is refused for that row
//     alone.
//  9. Leases are judged by `lease_now()`, the storage's own clock, never by a worker's wall clock.
// 10. A run that was asked to stop does not go back to pending: it ends as cancelled, with the reason it was asked
//     for first. It may still complete or fail.
// 11. A terminal transition frees the key and, where the run was executed, counts on the job (`last_run_at` is the
//     latest start; `consecutive_failures` is 0 after a completed one); a scheduled run of an active job with a
//     `fixed_delay` and no cursor sets the cursor to its end, or to `high_water` where that is later, plus that
//     delay. A way back to pending frees the key as well. Whoever waited for it goes on, however it was freed.
// 12. A removed job is found by no verb, and its keys are free again; its runs are found, until `purge`.
// 13. Records come back as they were written: every member, text byte by byte, instants to the microsecond.
// 14. An idempotency key is the tenant's for jobs and the job's for runs. A repeat, also one within the same call,
//     is answered with the record as it is now, without an event, and writes nothing; a job's with another
//     `spec_fingerprint` is a conflict, and then nothing of the call is written.
// 15. Listings are filtered before they are cut to offset and limit. `after` goes on behind a place in the order,
//     also when the record that stood there is gone.
// 16. materialise asks about active jobs whose cursor has come, the earliest first, about each once a call, and
//     shows for the later ones what it has written for the earlier ones.
// 17. purge deletes what Retention names and nothing else: never an open run, never a job that has not been removed.
//     The job's `purged_until` is then not before the last occurrence of any scheduled row that went.
// 18. next_due is never later than the moment at which materialise or claim has something to do. What a claim that
//     came back empty has left behind does not count. A rate that is used up says when it allows the next start; a
//     limit that is reached says nothing, but the end of a run that makes room is news of work.
// 19. revise_cursors asks about active jobs that have a cursor and a `tzdata_version` before the one given, byte by
//     byte and not empty; in any order, about each once a call.
// 20. A claim passes over what its filter holds back, as if it were not there: other action types; `except_keys`;
//     all of a tenant or an action type of which as many runs are running as `limits` allow; all of a type whose
//     rate is used up (GCRA, see rules.hpp). Both are counted over all workers, those that the claim has started
//     itself included, and are exact also where workers claim at one time. Other filters find all of it.
// 21. A pending run does not outlive its `expires_at`. A claim that comes to it, to start it or to find its key
//     busy, ends it as timed out, `total_timeout`, instead; expire ends what has expired whatever it waits for, its
//     key among it. A transition back to pending that could only end so ends so at once.
// 22. find_occurrence finds the scheduled row from whose `scheduled_for` to `last`, both included, the instant lies.
// 23. `rewind_to` makes the ledger forget what lies behind that moment: scheduled rows that begin there go where they
//     are terminal and were never claimed, a skip row that reaches beyond it ends there with a count that is a
//     minimum, and `purged_until` is not behind it. Rows that the same change adds are then taken although
//     `high_water` was later. Runs that are open or were started stay.
// 24. Each way of a run to its end is told to whoever asked for the operation that took it there, once: `ended` of
//     claim, of materialise and of a change of a job has the rows as they are now, reap and expire return them, and
//     finish answers where each run is.
// 25. list_runs without a job lists the runs of all of the tenant's jobs, removed ones included, by `scheduled_for` and
//     then id, both the latest first. With a job, or `job_id`, it lists those of that job by id. count_runs takes the
//     same filters, whatever limit, offset and after say. It looks at no more than `cap` rows, and is exact unless it
//     says `capped`, which it does only where there are rows that it has not looked at. list_outcomes lists what
//     list_runs lists, in its order, by a few members of each.
// 26. count_jobs with a query counts what list_jobs lists, whatever limit, offset, after and sort say, and is capped as
//     count_runs is. recent_outcomes has for each id, in the order given, the last of that job's runs that have ended,
//     among its `most_looked_at_for_outcomes` runs with the latest ids, by id, the latest last; nothing for an id that
//     is not the tenant's.
// 27. due counts the pending runs whose `not_before`, and the active jobs whose cursor, is not after a moment, and
// knows
//     the earliest of them. It looks at no more than `cap` of either and is capped as count_runs is.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/storage/change.hpp"
#include "carillon/storage/query.hpp"
#include "carillon/storage/rules.hpp"

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

/// What a watcher is told: work may be due earlier than it thought, or a running run was asked to stop.
enum class StorageNews : std::uint8_t { work, stop };

/// Ends a watch when it goes; waits for a callback that is running, unless it is this thread's own.
using WatchHandle = std::shared_ptr<void>;

// ---- the port ------------------------------------------------------------------------------------------------------

/// A backend. Optional: `watch(std::function<void(StorageNews)>) -> WatchHandle`, called after a change by whoever made
/// it, without a lock held. One that takes part in transactions of the host has `after_commit(call)`, for what is told
/// to others, and `at_transaction_end(call)`, which gets whether it was committed: see storage/sqlite.hpp.
// clang-format off
template <class S>
concept Storage = requires(S& storage, const S& reader, const std::string& tenant, const JobId& job_id, const RunId& run_id,
                           std::vector<NewJob> new_jobs, const PutJob& put, const ChangeJob& change,
                           const ChangeRun& change_run, const ClaimRequest& claim, const std::vector<RunRef>& refs,
                           std::vector<RunFinish> finishes, const AfterAbandon& abandoned,
                           const ClaimFilter& filter, const Retention& retention, Instant now,
                           Duration lease, std::size_t limit, const JobQuery& jobs, const RunQuery& runs,
                           const AuditQuery& audit, std::optional<JobStatus> status, const std::vector<JobId>& job_ids) {
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
    // `limit` is the cap.
    { reader.count_jobs(tenant, jobs, limit) } -> std::same_as<Count>;
    { reader.find_run(tenant, run_id) } -> std::same_as<std::optional<JobRun>>;
    { reader.list_runs(tenant, job_id, runs) } -> std::same_as<std::vector<JobRun>>;
    { reader.list_runs(tenant, runs) } -> std::same_as<std::vector<JobRun>>;
    // `limit` is the cap.
    { reader.count_runs(tenant, runs, limit) } -> std::same_as<Count>;
    { reader.list_outcomes(tenant, runs) } -> std::same_as<std::vector<RunOutcome>>;
    // At most `limit` of each.
    { reader.recent_outcomes(tenant, job_ids, limit) } -> std::same_as<std::vector<std::vector<RunOutcome>>>;
    // By `now`; `limit` is the cap.
    { reader.due(tenant, now, limit) } -> std::same_as<DueCount>;
    // The row of the job's ledger that the occurrence at `now` is in.
    { reader.find_occurrence(tenant, job_id, now) } -> std::same_as<std::optional<JobRun>>;
    { reader.list_audit(tenant, audit) } -> std::same_as<std::vector<AuditEvent>>;

    // For up to `limit` active jobs whose cursor is not after `now`, earliest first: asks `change` and writes.
    { storage.materialise(now, limit, change) } -> std::same_as<MaterialiseResult>;
    // For up to `limit` active jobs whose cursor comes from a time zone database before this one: asks `change` and writes.
    { storage.revise_cursors(tenant, limit, change) } -> std::same_as<MaterialiseResult>;
    { storage.claim(claim) } -> std::same_as<ClaimResult>;
    // Renews the leases of all of them in one write.
    { storage.heartbeat(refs, lease) } -> std::same_as<std::vector<HeartbeatAnswer>>;
    // One answer a row, in the order given.
    { storage.finish(std::move(finishes)) } -> std::same_as<std::vector<FinishAnswer>>;
    // For up to `limit` running runs whose lease has ended: asks `abandoned` and writes; returns the runs as they are now.
    { storage.reap(limit, abandoned) } -> std::same_as<std::vector<JobRun>>;
    // Ends up to `limit` pending runs whose `expires_at` is not after `now`, earliest first; returns them as they are now.
    { storage.expire(now, limit) } -> std::same_as<std::vector<JobRun>>;
    // Looks at about `limit` jobs, going on where it ended the last time, and deletes at most `limit` rows; returns how
    // many.
    { storage.purge(retention, now, limit) } -> std::same_as<std::size_t>;
    // The earliest moment at which materialise or, with this filter, claim has something to do, given that it is `now`.
    { reader.next_due(filter, now) } -> std::same_as<std::optional<Instant>>;
    { reader.lease_now() } -> std::same_as<SteadyTime>;
};
// clang-format on

} // namespace carillon
