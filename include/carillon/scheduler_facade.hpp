// SPDX-License-Identifier: MIT
// scheduler_facade.hpp - the one entry point: every verb, for every caller, with its audit event.
//
//   SchedulerFacade<> scheduler;                                    // in memory, on the system's clock
//   auto job = scheduler.create_job(
//       "acme", {.name = "Report", .schedule = "0 9 * * *", .action = {{"type", "report"}}});
//   scheduler.trigger_job(job.id, "acme");
//
// Hosts, HTTP layers, SDKs and workers come through here; nobody sees the storage. For all verbs: a missing id and
// another tenant's id are the same, an empty optional, false or an empty list; every other mistake throws Error and
// changes nothing; a change and its audit event are written together or not at all. Thread-safe; a verb blocks as long
// as its storage does.
#pragma once

#include "carillon/audit_sinks.hpp"
#include "carillon/calendar.hpp"
#include "carillon/clock.hpp"
#include "carillon/detail/facade_core.hpp"
#include "carillon/detail/job_edit.hpp"
#include "carillon/explain.hpp"
#include "carillon/forecast.hpp"
#include "carillon/planner.hpp"
#include "carillon/stats.hpp"
#include "carillon/storage/memory.hpp"
#include "carillon/storage/storage.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

struct TriggerOptions {
    /// Makes a repeated trigger harmless: the same key on the same job gives the run that exists. At most 256 bytes.
    std::optional<std::string> idempotency_key = std::nullopt;
};

struct ReasonOptions {
    /// For the audit and the job's `status_reason`. At most 4 KiB.
    std::string reason = "";
};

template <Storage StorageT = MemoryStorage>
class SchedulerFacade {
public:
    /// A storage of its own.
    explicit SchedulerFacade(
        FacadeOptions options = {}) requires std::constructible_from<StorageT, std::shared_ptr<const Clock>>
        : SchedulerFacade(std::make_shared<StorageT>(options.clock), options) {}
    /// A storage that others may use too. Throws where an option makes no sense.
    explicit SchedulerFacade(std::shared_ptr<StorageT> storage, FacadeOptions options = {})
        : core_(std::make_shared<Core>(std::move(storage), std::move(options))) {}
    SchedulerFacade(const SchedulerFacade&) = delete;
    SchedulerFacade& operator=(const SchedulerFacade&) = delete;

    // ---- jobs

    /// Stores a new job. With an idempotency key that the tenant has used: the job that it made, as it is now, or
    /// `idempotency_conflict` where it came with another spec.
    ScheduledJob create_job(const Caller& caller, const JobSpec& spec);
    /// All of them, in order, or none.
    std::vector<ScheduledJob> create_jobs(const Caller& caller, std::span<const JobSpec> specs);
    std::vector<ScheduledJob> create_jobs(const Caller& caller, std::initializer_list<JobSpec> specs) {
        return create_jobs(caller, std::span<const JobSpec>(specs.begin(), specs.size()));
    }
    /// Creates or updates the job that this tenant knows by `key`: what a host calls at every start. Where nothing
    /// differs, nothing is written and the cursor stays. `spec.idempotency_key` has no meaning here and is refused.
    ScheduledJob put_job(const Caller& caller, const std::string& key, const JobSpec& spec);

    [[nodiscard]] std::optional<ScheduledJob> get_job(const JobId& id, const Caller& caller) const;
    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const Caller& caller, const JobQuery& query = {}) const;
    [[nodiscard]] std::size_t count_jobs(const Caller& caller, std::optional<JobStatus> status = std::nullopt) const;
    /// How many of them there are on all pages: exactly where at most the status filters, else as far as `cap` rows
    /// tell that are looked at.
    [[nodiscard]] Count count_jobs(const Caller& caller, const JobQuery& query, std::size_t cap = 10'000) const;
    /// How the last `n` (1..1000) runs of each job have ended, the latest last, for at most a page of jobs, in the
    /// order given; those of deleted jobs too. Looks at no more than 1,000 runs of a job.
    [[nodiscard]] std::vector<std::vector<RunOutcome>>
    recent_outcomes(const Caller& caller, const std::vector<JobId>& jobs, std::size_t n = 24) const;

    /// Changes the members that the patch gives. With `expected_revision`, only that revision: else
    /// `revision_conflict`.
    std::optional<ScheduledJob> update_job(const JobId& id,
                                           const Caller& caller,
                                           const JobPatch& patch,
                                           std::optional<std::uint64_t> expected_revision = std::nullopt);
    /// Pending runs are cancelled; running ones are asked to stop, may still finish, and are not retried. The history
    /// still answers list_runs and get_run. False: there was no such job. With `expected_revision`, only that revision:
    /// else `revision_conflict`.
    bool
    delete_job(const JobId& id, const Caller& caller, std::optional<std::uint64_t> expected_revision = std::nullopt);
    /// Idempotent. Occurrences during the pause do not run; resume records them as one skipped row. `invalid_state`
    /// where the job is disabled or completed.
    std::optional<ScheduledJob> pause_job(const JobId& id, const Caller& caller, const ReasonOptions& options = {});
    /// Idempotent; goes on from now. Revives disabled jobs too, and completed ones that have an occurrence ahead;
    /// without one: `invalid_state`.
    std::optional<ScheduledJob> resume_job(const JobId& id, const Caller& caller, const ReasonOptions& options = {});

    /// After a clock that was wrong has been set back: sets all jobs of the tenant that it took into the future back to
    /// the last occurrence that was rightly recorded, so that they do not wait until that future has come. What was
    /// skipped since is forgotten, pending runs that wait for it end as cancelled, and what is overdue by the right
    /// clock is a matter of the misfire policy. No occurrence that has started starts again. Returns how many jobs it
    /// has changed. Job by job; a repeat goes on where an error ended it.
    std::size_t rebase_clock(const Caller& caller, const ReasonOptions& options = {});

    // ---- runs

    /// Runs the job now, besides its schedule and in every status. The run comes back pending or, where the overlap
    /// policy says so, skipped, with `blocked_by`.
    std::optional<JobRun> trigger_job(const JobId& id, const Caller& caller, const TriggerOptions& options = {});
    [[nodiscard]] std::vector<JobRun>
    list_runs(const JobId& id, const Caller& caller, const RunQuery& query = {}) const;
    /// Those of all jobs of the tenant, deleted ones included, in order of `scheduled_for`; with a `job_id` like those
    /// of one job. Costs what it looks at: the runs of the time asked for in that status, until the page is full.
    [[nodiscard]] std::vector<JobRun> list_runs(const Caller& caller, const RunQuery& query = {}) const;
    /// How many of them there are on all pages, as far as `cap` rows tell that are looked at.
    [[nodiscard]] Count count_runs(const Caller& caller, const RunQuery& query = {}, std::size_t cap = 10'000) const;
    [[nodiscard]] std::optional<JobRun> get_run(const RunId& id, const Caller& caller) const;
    /// A pending run becomes cancelled; a running one is asked to stop and comes back still running. Idempotent while
    /// it stops; `invalid_state` where the run has ended.
    std::optional<JobRun> cancel_run(const RunId& id, const Caller& caller, const ReasonOptions& options = {});
    /// A new run that repeats an ended one. `invalid_state` where it has not ended, or its job was deleted.
    std::optional<JobRun> retry_run(const RunId& id, const Caller& caller, const TriggerOptions& options = {});

    // ---- looking around

    [[nodiscard]] std::vector<AuditEvent> list_audit(const Caller& caller, const AuditQuery& query = {}) const;
    /// The next `count` occurrences (1..1000), those at or after `from` where it is given, as they would be if the job
    /// were active, and no more than `max_runs` leaves; none for `@after`, whose next run the end of a run decides.
    [[nodiscard]] std::optional<std::vector<Instant>> upcoming(const JobId& id,
                                                               const Caller& caller,
                                                               std::size_t count,
                                                               std::optional<Instant> from = std::nullopt) const;
    /// What the tenant's active jobs will run at or after `from` and before `to`, if nothing changes: occurrences that
    /// are in no ledger yet, those that are overdue included where their misfire policy lets them run. In order of
    /// time, a page at a time. Looks at every active job of the tenant; one whose schedule cannot be evaluated is left
    /// out.
    [[nodiscard]] std::vector<PlannedRun>
    what_would_run(const Caller& caller, Instant from, Instant to, const PlannedRunQuery& query = {}) const;
    /// What became, or will become, of the job's occurrence at that moment, and why: "why did 02:00 not run?". Read by
    /// the definition that the job had then, as far as its audit goes back.
    [[nodiscard]] std::optional<Explanation> explain(const JobId& id, const Caller& caller, Instant instant) const;
    /// How the tenant's jobs are, at one look. Read number by number, each right for its moment. Looks at the due jobs
    /// of all tenants, and otherwise at rows of this one.
    [[nodiscard]] TenantStats stats(const Caller& caller) const;
    /// What became of the job's runs that were scheduled at or after `from` and before `to` (at most 371 days), day by
    /// day, in the job's time zone where none is named. Looks at the newest 50,000 runs of the job.
    [[nodiscard]] std::optional<Calendar>
    calendar(const JobId& id, const Caller& caller, Instant from, Instant to, std::string_view time_zone = "") const;
    /// The occurrence of any schedule text after `from`: the function that the worker uses. Read as a job's that names
    /// neither zone nor dialect. Throws where the text is wrong.
    [[nodiscard]] std::optional<Instant> calculate_next_run(std::string_view schedule, Instant from) const {
        return calculate_next_run(schedule, from, {.dialect = core_->defaults.dialect});
    }
    /// The same with options; a zone that they leave empty is the facade's default, an absent anchor is `from`.
    [[nodiscard]] std::optional<Instant>
    calculate_next_run(std::string_view schedule, Instant from, ScheduleOptions options) const;
    /// Called after each change. There may be any number.
    void add_audit_sink(AuditSink sink) { core_->sinks.add(std::move(sink)); }

private:
    using Core = detail::FacadeCore<StorageT>;
    using Draft = detail::Draft;
    template <Storage>
    friend class Worker;

    [[nodiscard]] Instant now() const { return core_->clock->now(); }
    void check(const Caller& caller) const { detail::check_caller(caller, core_->defaults.limits); }
    void check_query(const JobQuery& query) const {
        detail::check_page(query, core_->defaults.limits);
        detail::check_filter("search", query.search, core_->defaults.limits);
        detail::check_filter("action_type", query.action_type, core_->defaults.limits);
    }
    void check_key(const TriggerOptions& options) const {
        if (options.idempotency_key)
            detail::check_name("idempotency_key", *options.idempotency_key, core_->defaults.limits.name_bytes);
    }
    void check_reason(const ReasonOptions& options) const {
        detail::check_text("reason", options.reason, core_->defaults.limits.description_bytes);
    }
    NewJob new_job(Draft draft, const Caller& caller, Instant now) const;
    std::optional<ScheduledJob> earlier_job(const Caller& caller, const JobDefinition& job) const;
    JobChange edit(const JobView& job, Draft draft, const Caller& caller, bool revive, Instant now) const;
    JobChange resume(const JobView& job, const Caller& caller, const std::string& reason, Instant now) const;
    std::optional<JobRun> add_run(const JobId& id,
                                  const Caller& caller,
                                  AuditVerb verb,
                                  const std::function<JobChange(const JobView&, const KeyState&, Instant)>& change);
    std::optional<ScheduledJob> changed(std::optional<JobWrite> write) const;
    bool rebase(const ScheduledJob& job, const Caller& caller, const std::string& reason, Instant now);
    void cancel_wrong_waits(const ScheduledJob& job, Instant now);
    /// Newest first, until `visit` has enough and says false.
    template <class Visit>
    void each_run(const ScheduledJob& job, RunQuery query, Visit visit) const;
    std::size_t unstarted(const ScheduledJob& job) const;
    void add_attention(TenantStats& stats, const std::string& tenant) const;
    JobDefinition definition_at(const ScheduledJob& job, Instant instant) const;
    void add_planned(detail::FirstRuns& first, const ScheduledJob& job, Instant now) const;

    std::shared_ptr<Core> core_;
};

/// The process-wide facade in memory, made on first use, for hosts that do not own one. Thread-safe.
template <class Void = void>
[[nodiscard]] SchedulerFacade<BasicMemoryStorage<Void>>& get_scheduler_facade() {
    static SchedulerFacade<BasicMemoryStorage<Void>> facade;
    return facade;
}

} // namespace carillon

#include "carillon/detail/facade_jobs.hpp"
#include "carillon/detail/facade_rebase.hpp"
#include "carillon/detail/facade_runs.hpp"
#include "carillon/detail/facade_summaries.hpp"
#include "carillon/detail/facade_views.hpp"
