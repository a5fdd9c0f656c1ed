// SPDX-License-Identifier: MIT
// testing/detail/contract_bench.hpp - a fresh storage, a clock, and the operations on them that checks need, in one
// line each.
#pragma once

#include "carillon/storage/storage.hpp"
#include "carillon/testing/any_storage.hpp"
#include "carillon/testing/detail/contract_difference.hpp"
#include "carillon/testing/manual_clock.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

using namespace std::chrono_literals;

inline constexpr Instant start = Instant{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 8h};
inline constexpr Duration long_lease = 1h;
/// Ends within `Bench::let_short_leases_end`, also where a server's clock decides and not the bench's.
inline constexpr Duration short_lease = 1ms;

using Names = std::vector<std::string>;
using Ids = std::vector<RunId>;

/// Throws Failed where the storage does what no caller could go on with.
class Bench {
public:
    explicit Bench(const AnyFactory& make)
        : clock(std::make_shared<ManualClock>(start))
        , storage(make(clock)) {}

    std::shared_ptr<ManualClock> clock;
    std::shared_ptr<AnyStorage> storage;

    // ---- time ------------------------------------------------------------------------------------------------------

    [[nodiscard]] Instant now() const { return clock->now(); }
    /// The wall clock goes forward; no lease ends by it.
    void set_forward(Duration by) const { clock->set_wall(now() + by); }
    void set_back(Duration by) const { clock->set_wall(now() - by); }
    void let_short_leases_end() const;

    // ---- records ---------------------------------------------------------------------------------------------------

    [[nodiscard]] JobDefinition job(std::string name = "job", std::string tenant = "acme") const;
    /// With a concurrency key.
    [[nodiscard]] JobDefinition keyed_job(const std::string& key, std::string name = "job") const;
    [[nodiscard]] AuditEvent event(const JobDefinition& of, AuditVerb verb) const;
    [[nodiscard]] NewJob new_job(const JobDefinition& definition, const JobProgress& progress = {}) const;
    [[nodiscard]] static JobProgress due_at(Instant cursor);
    /// A pending run, one at a time of its key.
    [[nodiscard]] JobRun run(const JobDefinition& of, RunTrigger trigger, Instant scheduled_for) const;
    [[nodiscard]] JobRun manual(const JobDefinition& of) const { return run(of, RunTrigger::manual, now()); }
    /// Any number of them at a time.
    [[nodiscard]] JobRun unlimited(const JobDefinition& of) const;
    [[nodiscard]] JobRun skip(const JobDefinition& of, Instant scheduled_for, RunReason reason) const;
    /// A change at this moment, and one that adds runs.
    [[nodiscard]] JobChange change() const;
    [[nodiscard]] JobChange adding(std::vector<JobRun> runs) const;
    /// The change from `before` to `after`, with an event.
    [[nodiscard]] JobChange editing(JobDefinition after) const;
    [[nodiscard]] JobChange removing(const JobDefinition& of) const;
    [[nodiscard]] RunTransition to(JobRunStatus status, RunReason reason = RunReason::none) const;
    [[nodiscard]] RunTransition executed(JobRunStatus status = JobRunStatus::completed) const;
    [[nodiscard]] RunTransition again(Instant not_before) const;
    [[nodiscard]] ClaimRequest request(std::size_t limit = 100) const;

    // ---- operations ------------------------------------------------------------------------------------------------

    ScheduledJob add(const JobDefinition& definition, const JobProgress& progress = {}) const;
    /// Throws Failed where there is no such job.
    JobWrite modify(const JobDefinition& of, const ChangeJob& change) const;
    JobWrite write(const JobDefinition& of, const JobChange& change) const;
    JobRun add_run(const JobDefinition& of, const JobRun& run) const;
    std::vector<ClaimedRun> claim(std::size_t limit = 100) const { return claim(request(limit)); }
    std::vector<ClaimedRun> claim(const ClaimRequest& wanted) const { return storage->claim(wanted).runs; }
    JobRun claim_one() const { return only(claim(), "claimed runs").run; }
    Ids claim_ids(std::size_t limit = 100) const;
    [[nodiscard]] static RunRef ref(const JobRun& run) { return {run.id, run.fence}; }
    bool finish(const JobRun& run, const RunTransition& to) const;
    /// Throws Failed where it is refused.
    void end(const JobRun& run, JobRunStatus status = JobRunStatus::completed) const;
    RunWrite change_run(const JobRun& run, const RunChange& change) const;
    void ask_to_stop(const JobRun& run, RunReason reason = RunReason::requested) const;
    void cancel(const JobRun& run) const;
    std::vector<JobRun> reap() const;

    [[nodiscard]] ScheduledJob find(const JobDefinition& of) const;
    [[nodiscard]] JobRun find(const JobRun& run) const;
    [[nodiscard]] std::vector<JobRun> runs(const JobDefinition& of) const;
    [[nodiscard]] std::vector<AuditEvent> audit(const JobDefinition& of) const;
};

/// One check of the kit.
struct Clause {
    int number = 0;
    const char* sentence = "";
    void (*check)(const Bench&) = nullptr;
};

// ---- implementation ------------------------------------------------------------------------------------------------

inline void Bench::let_short_leases_end() const {
    SystemClock real;
    const SteadyTime patience = real.steady_now() + 10s;
    const SteadyTime until = storage->lease_now() + 2 * short_lease;
    clock->advance(2 * short_lease);
    while (storage->lease_now() < until) {
        expect(real.steady_now() < patience, "lease_now goes on");
        std::this_thread::yield();
    }
}

inline JobDefinition Bench::job(std::string name, std::string tenant) const {
    JobDefinition job;
    job.id = JobId::next(now());
    job.tenant_id = std::move(tenant);
    job.name = std::move(name);
    job.schedule = "@every 1h";
    job.action = JsonText::from_text(R"({"type":"work"})");
    job.action_type = "work";
    job.metadata = JsonText::from_text("{}");
    job.created_at = job.updated_at = now();
    return job;
}

inline JobDefinition Bench::keyed_job(const std::string& key, std::string name) const {
    JobDefinition keyed = job(std::move(name));
    keyed.policies.overlap.concurrency_key = key;
    return keyed;
}

inline AuditEvent Bench::event(const JobDefinition& of, AuditVerb verb) const {
    AuditEvent event;
    event.id = AuditId::next(now());
    event.tenant_id = of.tenant_id;
    event.actor = "alice";
    event.via = "kit";
    event.request_id = "r-1";
    event.batch = "b-1";
    event.at = now();
    event.verb = verb;
    event.job_id = of.id;
    return event;
}

inline NewJob Bench::new_job(const JobDefinition& definition, const JobProgress& progress) const {
    return {.definition = std::make_shared<const JobDefinition>(definition),
            .progress = progress,
            .event = event(definition, AuditVerb::job_created)};
}

inline JobProgress Bench::due_at(Instant cursor) {
    JobProgress progress;
    progress.next_run_at = cursor;
    return progress;
}

inline JobRun Bench::run(const JobDefinition& of, RunTrigger trigger, Instant scheduled_for) const {
    JobRun run;
    run.id = RunId::next(now());
    run.job_id = of.id;
    run.tenant_id = of.tenant_id;
    run.trigger = trigger;
    run.scheduled_for = run.not_before = scheduled_for;
    run.action_type = of.action_type;
    run.key = of.policies.overlap.concurrency_key;
    run.priority = of.policies.priority;
    return run;
}

inline JobRun Bench::unlimited(const JobDefinition& of) const {
    JobRun run = manual(of);
    run.slots = 0;
    return run;
}

inline JobRun Bench::skip(const JobDefinition& of, Instant scheduled_for, RunReason reason) const {
    JobRun row = run(of, RunTrigger::schedule, scheduled_for);
    row.status = JobRunStatus::skipped;
    row.reason = reason;
    row.completed_at = now();
    row.last = scheduled_for;
    return row;
}

inline JobChange Bench::change() const {
    JobChange change;
    change.at = now();
    return change;
}

inline JobChange Bench::adding(std::vector<JobRun> runs) const {
    JobChange added = change();
    added.runs = std::move(runs);
    return added;
}

inline JobChange Bench::editing(JobDefinition after) const {
    JobChange edit = change();
    ++after.revision;
    after.updated_at = now();
    edit.event = event(after, AuditVerb::job_updated);
    edit.definition = std::make_shared<const JobDefinition>(std::move(after));
    return edit;
}

inline JobChange Bench::removing(const JobDefinition& of) const {
    JobChange removal = change();
    removal.stop = StopScope::job;
    removal.remove = true;
    removal.event = event(of, AuditVerb::job_deleted);
    return removal;
}

inline RunTransition Bench::to(JobRunStatus status, RunReason reason) const {
    RunTransition to;
    to.status = status;
    to.reason = reason;
    to.at = now();
    return to;
}

inline RunTransition Bench::executed(JobRunStatus status) const {
    RunTransition ended = to(status);
    ended.executed = true;
    return ended;
}

inline RunTransition Bench::again(Instant not_before) const {
    RunTransition retry = to(JobRunStatus::pending);
    retry.not_before = not_before;
    return retry;
}

inline ClaimRequest Bench::request(std::size_t limit) const {
    ClaimRequest request;
    request.worker = "worker-1";
    request.filter.action_types = {"work"};
    request.limit = limit;
    request.lease = long_lease;
    request.now = now();
    return request;
}

inline ScheduledJob Bench::add(const JobDefinition& definition, const JobProgress& progress) const {
    return only(storage->insert_jobs({new_job(definition, progress)}).jobs, "inserted jobs").job;
}

inline JobWrite Bench::modify(const JobDefinition& of, const ChangeJob& change) const {
    return found(storage->modify_job(of.tenant_id, of.id, change), "the job to modify");
}

inline JobWrite Bench::write(const JobDefinition& of, const JobChange& change) const {
    return modify(of, [&](const JobView&, const KeyState&) { return change; });
}

inline JobRun Bench::add_run(const JobDefinition& of, const JobRun& run) const {
    return only(write(of, adding({run})).runs, "added runs");
}

inline Ids Bench::claim_ids(std::size_t limit) const {
    Ids ids;
    for (const ClaimedRun& claimed : claim(limit))
        ids.push_back(claimed.run.id);
    return ids;
}

inline bool Bench::finish(const JobRun& run, const RunTransition& to) const {
    return only(storage->finish({{.run = ref(run), .to = to}}), "answers to finish").accepted;
}

inline void Bench::end(const JobRun& run, JobRunStatus status) const {
    expect(finish(run, executed(status)), "the finish of a running run is accepted");
}

inline RunWrite Bench::change_run(const JobRun& run, const RunChange& change) const {
    return found(storage->modify_run(run.tenant_id, run.id, [&](const JobRun&) { return change; }),
                 "the run to modify");
}

inline void Bench::ask_to_stop(const JobRun& run, RunReason reason) const {
    RunChange stop;
    stop.request_stop = true;
    stop.stop_reason = reason;
    change_run(run, stop);
}

inline void Bench::cancel(const JobRun& run) const {
    RunChange cancelled;
    cancelled.transition = to(JobRunStatus::cancelled, RunReason::requested);
    change_run(run, cancelled);
}

/// Abandoned runs go back to pending, as the library's own rule has it.
inline std::vector<JobRun> Bench::reap() const {
    return storage->reap(100, [this](const JobRun& run, const JobDefinition&) {
        RunTransition abandoned = again(run.not_before);
        abandoned.give_back_attempt = true;
        abandoned.abandoned = true;
        return abandoned;
    });
}

inline ScheduledJob Bench::find(const JobDefinition& of) const {
    return found(storage->find_job(of.tenant_id, of.id), "the job");
}

inline JobRun Bench::find(const JobRun& run) const {
    return found(storage->find_run(run.tenant_id, run.id), "the run");
}

inline std::vector<JobRun> Bench::runs(const JobDefinition& of) const {
    return storage->list_runs(of.tenant_id, of.id, {.limit = 1'000});
}

inline std::vector<AuditEvent> Bench::audit(const JobDefinition& of) const {
    return storage->list_audit(of.tenant_id, {.job_id = of.id, .limit = 1'000});
}

} // namespace carillon::testing::contract
