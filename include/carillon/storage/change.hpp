// SPDX-License-Identifier: MIT
// storage/change.hpp - what a storage is asked to write: changes of jobs and runs, and claims.
#pragma once

#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
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
    /// Lets the ledger forget what lies behind this moment and ended without having started, before `runs` are added:
    /// for a clock that was wrong.
    std::optional<Instant> rewind_to = std::nullopt;
    /// Rows to add to the ledger, oldest first, pending or skipped. One with an idempotency key that the job has seen
    /// is a repeat: nothing of the change is written and the earlier run is the answer.
    std::vector<JobRun> runs{};
    bool remove = false;
    /// Without `before` and `after`: the storage fills them in.
    std::optional<AuditEvent> event = std::nullopt;

    [[nodiscard]] bool nothing() const noexcept {
        return !definition && !progress && stop == StopScope::none && !rewind_to && runs.empty() && !remove && !event;
    }
};

/// What was written: the job as it is now, the runs as they are in the ledger, the event if there was one.
struct JobWrite {
    ScheduledJob job{};
    std::vector<JobRun> runs{};
    std::optional<AuditEvent> event = std::nullopt;
    /// Pending runs that `stop` has ended, as they are now; in any order.
    std::vector<JobRun> ended{};
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
    /// As of JobWrite.
    std::vector<JobRun> ended{};
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

/// So many starts, then one each `per / starts`: as many in the long run, and never twice as many within one `per`.
struct RateLimit {
    /// 0: any number.
    std::size_t starts = 0;
    Duration per = std::chrono::seconds{1};

    friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// How much may run at a time, and start in a time, counted over all workers of the storage. 0 or absent: any number.
/// Workers of one storage give the same limits, else each keeps its own.
struct ClaimLimits {
    std::size_t per_tenant = 0;
    /// By action type.
    std::map<std::string, std::size_t> per_type{};
    std::map<std::string, RateLimit> rates{};

    friend bool operator==(const ClaimLimits&, const ClaimLimits&) = default;
};

/// What a run excludes others by, a job's own key or one that jobs of the tenant share: see key_of.
struct KeyRef {
    std::string tenant = "";
    /// Empty: the job's own.
    std::string key = "";
    /// Only of a job's own key.
    JobId job{};

    friend auto operator<=>(const KeyRef&, const KeyRef&) = default;
};

/// Which runs a worker can have.
struct ClaimFilter {
    /// Those the worker has handlers for.
    std::vector<std::string> action_types{};
    ClaimLimits limits{};
    /// Keys whose runs this worker leaves to others: a handler that does not end holds them here. A few.
    std::vector<KeyRef> except_keys{};
};

struct ClaimRequest {
    std::string worker = "";
    ClaimFilter filter{};
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

/// What a claim has done.
struct ClaimResult {
    std::vector<ClaimedRun> runs{};
    /// Pending runs that it came to and has ended instead, as they are now: they had expired, or skip a busy key.
    std::vector<JobRun> ended{};
};

/// What became of one row of a finish.
struct FinishAnswer {
    bool accepted = false;
    /// Where the run is now, if so: perhaps not where the transition was to take it.
    JobRunStatus status = JobRunStatus::pending;
    RunReason reason = RunReason::none;

    friend bool operator==(const FinishAnswer&, const FinishAnswer&) = default;
};

/// An answer to a heartbeat, given only for runs that are lost or asked to stop.
struct HeartbeatAnswer {
    RunRef run{};
    bool lost = false;
    bool stop_requested = false;
};

using AfterAbandon = std::function<RunTransition(const JobRun&, const JobDefinition&)>;

} // namespace carillon
