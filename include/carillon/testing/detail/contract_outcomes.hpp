// SPDX-License-Identifier: MIT
// testing/detail/contract_outcomes.hpp - checks of what a transition writes into the run and onto its job.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_claims.hpp"
#include "carillon/testing/detail/contract_ends.hpp"
#include "carillon/testing/detail/contract_ledger.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

// ---- counters and attempts -----------------------------------------------------------------------------------------

inline void executed_runs_count_on_the_job(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    std::uint64_t failures = 0;
    std::uint64_t runs = 0;
    for (const auto status :
         {JobRunStatus::completed, JobRunStatus::failed, JobRunStatus::timed_out, JobRunStatus::cancelled}) {
        bench.add_run(job, bench.manual(job));
        bench.set_forward(1min);
        const JobRun run = bench.claim_one();
        bench.set_forward(1s);
        bench.end(run, status);
        if (status == JobRunStatus::failed || status == JobRunStatus::timed_out) ++failures;
        const ScheduledJob after = bench.find(job);
        expect_equal(after.run_count, ++runs, "run_count after a run is " + show(status));
        expect_equal(after.failure_count, failures, "failure_count after a run is " + show(status));
        expect_equal(after.last_run_at, run.started_at, "last_run_at, the start of the run");
        expect_equal(after.revision, job.revision, "revision");
    }
    expect_count(bench.audit(job).size(), 1, "events; runs of workers are not audited");
}

inline void failures_in_a_row_are_counted(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const auto failures_after = [&](const RunTransition& to) {
        bench.add_run(job, bench.manual(job));
        expect(bench.finish(bench.claim_one(), to), "the finish is accepted");
        return bench.find(job).consecutive_failures;
    };
    using Count = std::uint32_t;
    expect_equal(failures_after(bench.executed(JobRunStatus::failed)), Count{1}, "failures after one");
    expect_equal(failures_after(bench.executed(JobRunStatus::timed_out)), Count{2}, "failures after a timeout");
    expect_equal(failures_after(bench.executed(JobRunStatus::cancelled)), Count{2}, "failures after a cancellation");
    expect_equal(failures_after(bench.to(JobRunStatus::failed)), Count{2}, "failures after one without execution");
    expect_equal(failures_after(bench.executed()), Count{0}, "failures after a completed run");
    expect_equal(failures_after(bench.executed(JobRunStatus::failed)), Count{1}, "failures after one more");
}

/// Also where they end in one call.
inline void failures_are_counted_in_the_order_of_a_finish(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    std::vector<RunFinish> finishes;
    for (int i = 0; i < 4; ++i)
        bench.add_run(job, bench.unlimited(job));
    for (const ClaimedRun& claimed : bench.claim())
        finishes.push_back({Bench::ref(claimed.run), bench.executed(JobRunStatus::failed)});
    expect_count(finishes.size(), 4, "claimed runs");
    finishes[1].to = bench.executed();
    bench.storage->finish(finishes);
    expect_equal(bench.find(job).consecutive_failures, std::uint32_t{2}, "failures behind the completed run");
    expect_equal(bench.find(job).failure_count, std::uint64_t{3}, "failures in all");
}

inline void what_was_not_executed_does_not_count(const Bench& bench) {
    const Running running = make_running(bench);
    expect(bench.finish(running.run, bench.to(JobRunStatus::failed)), "the finish is accepted");
    const JobRun pending = bench.add_run(running.job, bench.manual(running.job));
    bench.cancel(pending);
    const ScheduledJob job = bench.find(running.job);
    expect_equal(job.run_count + job.failure_count, std::uint64_t{0}, "run_count and failure_count");
    expect(!job.last_run_at, "there is no last_run_at");
}

inline void a_retry_keeps_what_was_tried(const Bench& bench) {
    const Running running = make_running(bench);
    RunTransition retry = bench.again(start + 10s);
    retry.at = start + 3s;
    retry.error = "boom";
    retry.duration = 3s;
    retry.executed = true;
    expect(bench.finish(running.run, retry), "the finish is accepted");
    JobRun expected = running.run;
    expected.status = JobRunStatus::pending;
    expected.not_before = start + 10s;
    expected.worker = "";
    expected.error = "boom";
    expected.duration = 3s;
    expected.attempts = {{1, start, start + 3s, "worker-1", "boom"}};
    expect_same(bench.find(running.run), expected, "the run that waits for its retry");
    expect_equal(bench.find(running.job).run_count, std::uint64_t{0}, "run_count after a retry");
    expect_count(bench.claim().size(), 0, "runs claimed during the delay");
    bench.set_forward(10s);
    const JobRun second = bench.claim_one();
    expect_equal(second.attempt, std::uint32_t{2}, "attempt");
    expect_equal(second.attempts, expected.attempts, "attempts of the second claim");
    bench.end(second);
    const JobRun ended = bench.find(second);
    expect_equal(ended.attempts, expected.attempts, "attempts in the end");
    expect(!ended.error, "a run that completes has no error of its own");
    expect_equal(bench.find(running.job).run_count, std::uint64_t{1}, "run_count in the end");
}

inline void an_attempt_can_be_given_back(const Bench& bench) {
    const Running running = make_running(bench);
    RunTransition release = bench.again(start);
    release.give_back_attempt = true;
    expect(bench.finish(running.run, release), "the finish is accepted");
    const JobRun released = bench.find(running.run);
    expect_equal(released.attempt, std::uint32_t{0}, "attempt");
    expect_equal(released.abandons, std::uint32_t{0}, "abandons");
    expect_count(released.attempts.size(), 0, "attempts kept");
    const JobRun second = bench.claim_one();
    expect_equal(second.attempt, std::uint32_t{1}, "attempt of the next claim");
    expect_equal(second.fence, std::uint64_t{2}, "fence of the next claim");
}

inline void modify_run_takes_a_pending_run_to_its_end(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.add_run(job, bench.run(job, RunTrigger::schedule, start + 1h));
    bench.set_forward(1s);
    RunChange change;
    change.transition = bench.to(JobRunStatus::cancelled, RunReason::requested);
    change.event = bench.event(job, AuditVerb::run_cancelled);
    change.event->run_id = run.id;
    JobRun expected = run;
    expected.status = JobRunStatus::cancelled;
    expected.reason = RunReason::requested;
    expected.completed_at = start + 1s;
    AuditEvent event = *change.event;
    event.before = event.after = std::make_shared<const JobDefinition>(job);
    const RunWrite write = bench.change_run(run, change);
    expect_same(write, RunWrite{.run = expected, .event = event}, "the answer");
    expect_same(bench.find(run), expected, "the run");
    expect_same(bench.audit(job).front(), event, "the event in the audit");
    bench.modify(job, [](const JobView&, const KeyState& key) -> JobChange {
        expect_same(key, KeyState{}, "the key");
        return {};
    });
    bench.set_forward(1h);
    expect_count(bench.claim().size(), 0, "claimed runs");
}

inline void modify_run_that_is_nothing_writes_nothing(const Bench& bench) {
    const Running running = make_running(bench);
    const RunWrite write = bench.change_run(running.run, {});
    expect_same(write, RunWrite{.run = running.run}, "the answer");
    expect_same(bench.find(running.run), running.run, "the run");
    expect_count(bench.audit(running.job).size(), 1, "events");
    bench.end(running.run);
}

// ---- the cursor of a fixed delay -----------------------------------------------------------------------------------

[[nodiscard]] inline JobDefinition delayed_job(const Bench& bench) {
    JobDefinition job = bench.job();
    job.fixed_delay = 10min;
    return job;
}

/// Claims the job's only run, ends it at `end`, and returns the cursor then.
inline std::optional<Instant> cursor_after_run(const Bench& bench, const ScheduledJob& job, Instant end) {
    const JobRun run = bench.claim_one();
    RunTransition to = bench.executed();
    to.at = end;
    expect(bench.finish(run, to), "the finish is accepted");
    return bench.find(job).next_run_at;
}

inline void a_fixed_delay_begins_at_the_end_of_a_run(const Bench& bench) {
    const ScheduledJob job = bench.add(delayed_job(bench));
    bench.write(job, recording(bench, {bench.run(job, RunTrigger::schedule, start)}, start));
    const JobRun run = bench.claim_one();
    expect(bench.finish(run, bench.again(start)), "the finish is accepted");
    expect(!bench.find(job).next_run_at, "a retry sets no cursor");
    const Instant due = start + 1h + 10min;
    expect_equal(cursor_after_run(bench, job, start + 1h), std::optional<Instant>(due), "cursor");
    const ChangeJob nothing = [](const JobView&, const KeyState&) -> JobChange {
        return {};
    };
    expect_count(bench.storage->materialise(due - 1us, 10, nothing).jobs, 0, "jobs asked before the cursor");
    expect_count(bench.storage->materialise(due, 10, nothing).jobs, 1, "jobs asked at the cursor");
}

inline void a_fixed_delay_begins_at_any_end(const Bench& bench) {
    const ScheduledJob cancelled = bench.add(delayed_job(bench));
    const JobRun pending = bench.add_run(cancelled, bench.run(cancelled, RunTrigger::schedule, start + 1h));
    bench.cancel(pending);
    const std::optional<Instant> soon = start + 10min;
    expect_equal(bench.find(cancelled).next_run_at, soon, "cursor after a pending run was cancelled");
    JobDefinition definition = delayed_job(bench);
    definition.policies.overlap.concurrency_key = "printer";
    const ScheduledJob skipping = bench.add(definition);
    bench.add_run(skipping, bench.manual(skipping));
    JobRun skip = bench.run(skipping, RunTrigger::schedule, start);
    skip.skip_when_busy = true;
    bench.add_run(skipping, skip);
    bench.claim();
    expect_count(bench.claim().size(), 0, "runs claimed again");
    expect_equal(bench.find(skip).status, JobRunStatus::skipped, "status of the run that skips");
    expect_equal(bench.find(skipping).next_run_at, soon, "cursor after a run was skipped at the claim");
}

inline void a_fixed_delay_stays_behind_high_water(const Bench& bench) {
    const ScheduledJob job = bench.add(delayed_job(bench));
    bench.write(job, recording(bench, {bench.run(job, RunTrigger::schedule, start)}, start));
    const Instant in_the_past = start - 5h;
    expect_equal(cursor_after_run(bench, job, in_the_past),
                 std::optional<Instant>(start + 10min),
                 "cursor after the clock was set back by hours while the run was running");
}

inline void a_fixed_delay_does_not_move_a_cursor(const Bench& bench) {
    const ScheduledJob job = bench.add(delayed_job(bench), Bench::due_at(start + 3h));
    bench.add_run(job, bench.run(job, RunTrigger::schedule, start));
    expect_equal(
        cursor_after_run(bench, job, start), std::optional<Instant>(start + 3h), "the cursor that was there already");
}

inline void a_manual_run_starts_no_fixed_delay(const Bench& bench) {
    const ScheduledJob job = bench.add(delayed_job(bench));
    bench.add_run(job, bench.manual(job));
    expect(!cursor_after_run(bench, job, start), "a manual run sets no cursor");
}

inline void a_job_that_is_not_active_gets_no_cursor(const Bench& bench) {
    JobDefinition definition = delayed_job(bench);
    definition.status = JobStatus::paused;
    const ScheduledJob paused = bench.add(definition);
    bench.add_run(paused, bench.run(paused, RunTrigger::schedule, start));
    expect(!cursor_after_run(bench, paused, start), "a paused job gets no cursor");
    const ScheduledJob undelayed = bench.add(bench.job());
    bench.add_run(undelayed, bench.run(undelayed, RunTrigger::schedule, start));
    expect(!cursor_after_run(bench, undelayed, start), "a job without a delay gets no cursor");
}

inline const std::vector<Clause>& outcome_clauses() {
    static const std::vector<Clause> clauses{
        {11, "executed runs count on the job", executed_runs_count_on_the_job},
        {11, "failures in a row are counted", failures_in_a_row_are_counted},
        {11, "failures count in the order of a finish", failures_are_counted_in_the_order_of_a_finish},
        {11, "what was not executed does not count", what_was_not_executed_does_not_count},
        {11, "a retry keeps what was tried", a_retry_keeps_what_was_tried},
        {11, "an attempt can be given back", an_attempt_can_be_given_back},
        {11, "modify_run takes a pending run to its end", modify_run_takes_a_pending_run_to_its_end},
        {3, "a modify_run that is nothing writes nothing", modify_run_that_is_nothing_writes_nothing},
        {11, "a fixed delay begins at the end of a run", a_fixed_delay_begins_at_the_end_of_a_run},
        {11, "a fixed delay begins at any end of a scheduled run", a_fixed_delay_begins_at_any_end},
        {11, "a fixed delay stays behind high_water", a_fixed_delay_stays_behind_high_water},
        {11, "a fixed delay does not move a cursor that is there", a_fixed_delay_does_not_move_a_cursor},
        {11, "a manual run starts no fixed delay", a_manual_run_starts_no_fixed_delay},
        {11, "only active jobs with a delay get a cursor", a_job_that_is_not_active_gets_no_cursor},
    };
    return clauses;
}

} // namespace carillon::testing::contract
