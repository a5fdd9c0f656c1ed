// SPDX-License-Identifier: MIT
// testing/detail/contract_ends.hpp - checks of how runs end: fences, leases, stop requests, and what it means for the
// job.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

/// A running run of a job of its own.
struct Running {
    ScheduledJob job;
    JobRun run;
};

[[nodiscard]] inline Running make_running(const Bench& bench, JobRun (*make)(const Bench&, const JobDefinition&)) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, make(bench, job));
    return {job, bench.claim_one()};
}

[[nodiscard]] inline Running make_running(const Bench& bench) {
    return make_running(bench, [](const Bench& b, const JobDefinition& of) { return b.manual(of); });
}

inline Running make_running_with_short_lease(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.manual(job));
    ClaimRequest request = bench.request();
    request.lease = short_lease;
    return {job, only(bench.claim(request), "claimed runs").run};
}

// ---- fencing -------------------------------------------------------------------------------------------------------

inline void an_old_fence_is_refused(const Bench& bench) {
    const Running running = make_running(bench);
    expect(bench.finish(running.run, bench.again(start)), "the finish is accepted");
    const JobRun second = bench.claim_one();
    expect(!bench.finish(running.run, bench.executed()), "the finish with an old fence is refused");
    JobRun future = second;
    ++future.fence;
    expect(!bench.finish(future, bench.executed()), "the finish with a fence that was never given is refused");
    expect_same(bench.find(second), second, "the run");
    expect_equal(bench.find(running.job).run_count, std::uint64_t{0}, "run_count");
    bench.end(second);
}

inline void what_does_not_run_cannot_finish(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun pending = bench.add_run(job, bench.manual(job));
    expect(!bench.finish(pending, bench.executed()), "the finish of a pending run is refused");
    expect_same(bench.find(pending), pending, "the pending run");
    const JobRun running = bench.claim_one();
    bench.end(running);
    const JobRun ended = bench.find(running);
    expect(!bench.finish(running, bench.executed(JobRunStatus::failed)), "a second finish is refused");
    expect(!bench.finish(running, bench.again(start)), "a retry after the end is refused");
    expect_same(bench.find(running), ended, "the run that has ended");
    expect(!bench.finish(bench.manual(job), bench.executed()), "the finish of an unknown run is refused");
}

inline void each_row_of_a_finish_has_its_answer(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.write(job, bench.adding({bench.unlimited(job), bench.unlimited(job), bench.unlimited(job)}));
    const auto claimed = bench.claim();
    expect_count(claimed.size(), 3, "claimed runs");
    const auto row = [&](std::size_t i, std::uint64_t fence, JobRunStatus status) {
        return RunFinish{.run = {claimed[i].run.id, fence}, .to = bench.executed(status)};
    };
    const auto answers = bench.storage->finish({row(0, 1, JobRunStatus::completed),
                                                row(1, 9, JobRunStatus::completed),
                                                row(2, 1, JobRunStatus::failed),
                                                row(0, 1, JobRunStatus::failed)});
    const std::vector<FinishAnswer> expected{
        {true, JobRunStatus::completed, {}}, {}, {true, JobRunStatus::failed, {}}, {}};
    expect_same(answers, expected, "answers");
    expect_equal(bench.find(claimed[0].run).status, JobRunStatus::completed, "status of the first run");
    expect_equal(bench.find(claimed[1].run).status, JobRunStatus::running, "status of the second run");
    expect_equal(bench.find(claimed[2].run).status, JobRunStatus::failed, "status of the third run");
    expect_equal(bench.find(job).run_count, std::uint64_t{2}, "run_count");
    expect_count(bench.storage->finish({}).size(), 0, "answers to nothing");
}

inline void a_heartbeat_names_what_is_lost(const Bench& bench) {
    const Running running = make_running(bench);
    const RunRef good = Bench::ref(running.run);
    const RunRef old{good.id, good.fence - 1};
    const RunRef unknown{RunId::next(start), 1};
    const auto answers = bench.storage->heartbeat({old, good, unknown}, long_lease);
    expect_same(answers, {{.run = old, .lost = true}, {.run = unknown, .lost = true}}, "answers");
    expect_count(bench.storage->heartbeat({}, long_lease).size(), 0, "answers to nothing");
    expect_same(bench.find(running.run), running.run, "the run");
    bench.end(running.run);
    expect_same(bench.storage->heartbeat({good}, long_lease), {{.run = good, .lost = true}}, "answers after the end");
}

// ---- leases --------------------------------------------------------------------------------------------------------

inline void only_what_outlived_its_lease_is_reaped(const Bench& bench) {
    const Running kept = make_running(bench);
    const Running lost = make_running_with_short_lease(bench);
    bench.let_short_leases_end();
    const JobRun reaped = only(bench.storage->reap(100,
                                                   [&](const JobRun& run, const JobDefinition& job) {
                                                       expect_same(run, lost.run, "the run that is asked about");
                                                       expect_same(job,
                                                                   static_cast<const JobDefinition&>(lost.job),
                                                                   "the job that is asked about");
                                                       RunTransition to = bench.again(start + 1h);
                                                       to.abandoned = to.give_back_attempt = true;
                                                       return to;
                                                   }),
                               "reaped runs");
    JobRun expected = lost.run;
    expected.status = JobRunStatus::pending;
    expected.not_before = start + 1h;
    expected.abandons = 1;
    expected.attempt = 0;
    expected.worker = "";
    expect_same(reaped, expected, "the reaped run in the answer");
    expect_same(bench.find(lost.run), expected, "the reaped run");
    expect_same(bench.find(kept.run), kept.run, "the other run");
    expect_count(bench.reap().size(), 0, "runs reaped again");
}

inline void who_lost_its_lease_is_refused(const Bench& bench) {
    const Running lost = make_running_with_short_lease(bench);
    bench.let_short_leases_end();
    bench.reap();
    expect(!bench.finish(lost.run, bench.executed()), "the finish after a reap is refused");
    const auto answers = bench.storage->heartbeat({Bench::ref(lost.run)}, long_lease);
    expect_same(answers, {{.run = Bench::ref(lost.run), .lost = true}}, "answers to a heartbeat after a reap");
    const JobRun again = bench.claim_one();
    expect_equal(again.fence, lost.run.fence + 1, "fence of the next claim");
    expect_equal(again.attempt, std::uint32_t{1}, "attempt of the next claim; an abandon is not an attempt");
    expect(!bench.finish(lost.run, bench.executed()), "the finish by the earlier owner is refused");
    bench.end(again);
}

inline void until_it_is_reaped_a_run_can_finish(const Bench& bench) {
    const Running late = make_running_with_short_lease(bench);
    bench.let_short_leases_end();
    bench.end(late.run);
    expect_count(bench.reap().size(), 0, "reaped runs");
}

inline void a_heartbeat_renews_the_lease(const Bench& bench) {
    const Running first = make_running_with_short_lease(bench);
    const Running second = make_running_with_short_lease(bench);
    const Running third = make_running_with_short_lease(bench);
    const auto answers = bench.storage->heartbeat({Bench::ref(first.run), Bench::ref(second.run)}, long_lease);
    expect_count(answers.size(), 0, "answers; nothing is lost");
    bench.let_short_leases_end();
    expect_equal(only(bench.reap(), "reaped runs").id, third.run.id, "the run that was not renewed");
    expect_same(bench.find(first.run), first.run, "the renewed run");
}

inline void a_wall_clock_ends_no_lease(const Bench& bench) {
    const Running running = make_running(bench);
    bench.set_forward(24h * 365);
    expect_count(bench.reap().size(), 0, "runs reaped after the clock was set forward");
    bench.set_back(24h * 365 * 2);
    expect_count(bench.reap().size(), 0, "runs reaped after the clock was set back");
    const Running lost = make_running_with_short_lease(bench);
    bench.let_short_leases_end();
    bench.set_back(24h);
    expect_equal(only(bench.reap(), "reaped runs").id, lost.run.id, "the run that is reaped however the clock is set");
}

inline void a_reap_takes_no_more_than_its_limit(const Bench& bench) {
    for (int i = 0; i < 5; ++i)
        make_running_with_short_lease(bench);
    bench.let_short_leases_end();
    const AfterAbandon fail = [&](const JobRun&, const JobDefinition&) {
        return bench.to(JobRunStatus::failed, RunReason::abandoned);
    };
    expect_count(bench.storage->reap(2, fail).size(), 2, "reaped runs, limit 2");
    expect_count(bench.storage->reap(2, fail).size(), 2, "reaped runs, limit 2");
    expect_count(bench.storage->reap(2, fail).size(), 1, "reaped runs, limit 2, one left");
}

// ---- stop requests -------------------------------------------------------------------------------------------------

inline void a_heartbeat_says_who_is_asked_to_stop(const Bench& bench) {
    const Running running = make_running(bench);
    const Running other = make_running(bench);
    bench.ask_to_stop(running.run);
    JobRun expected = running.run;
    expected.stop_requested = true;
    expected.reason = RunReason::requested;
    expect_same(bench.find(running.run), expected, "the run that is asked to stop");
    const std::vector<RunRef> refs{Bench::ref(other.run), Bench::ref(running.run)};
    for (int i = 0; i < 2; ++i)
        expect_same(bench.storage->heartbeat(refs, long_lease),
                    {{.run = refs[1], .stop_requested = true}},
                    "answers, each time");
}

inline void a_stopped_run_does_not_go_back(const Bench& bench) {
    const Running running = make_running(bench);
    bench.ask_to_stop(running.run, RunReason::cancel_previous);
    RunTransition retry = bench.again(start + 1h);
    retry.executed = true;
    retry.error = "boom";
    expect(bench.finish(running.run, retry), "the finish is accepted");
    JobRun expected = running.run;
    expected.stop_requested = true;
    expected.status = JobRunStatus::cancelled;
    expected.reason = RunReason::cancel_previous;
    expected.completed_at = start;
    expected.error = "boom";
    expect_same(bench.find(running.run), expected, "the run that was asked to stop");
    expect_equal(bench.find(running.job).run_count, std::uint64_t{1}, "run_count");
    expect_count(bench.claim().size(), 0, "claimed runs");
}

inline void a_stopped_run_keeps_the_reason_it_was_asked_for(const Bench& bench) {
    const Running running = make_running(bench);
    bench.ask_to_stop(running.run, RunReason::requested);
    bench.ask_to_stop(running.run, RunReason::cancel_previous);
    bench.end(running.run, JobRunStatus::cancelled);
    expect_equal(bench.find(running.run).reason, RunReason::requested, "reason of the first request");
}

inline void a_stopped_run_may_complete(const Bench& bench) {
    const Running running = make_running(bench);
    bench.ask_to_stop(running.run);
    bench.end(running.run, JobRunStatus::completed);
    expect_equal(bench.find(running.run).status, JobRunStatus::completed, "status");
    expect_equal(bench.find(running.run).reason, RunReason::none, "reason");
}

inline void a_stopped_run_that_is_abandoned_is_cancelled(const Bench& bench) {
    const Running lost = make_running_with_short_lease(bench);
    bench.ask_to_stop(lost.run);
    bench.let_short_leases_end();
    const JobRun reaped = only(bench.reap(), "reaped runs");
    expect_equal(reaped.status, JobRunStatus::cancelled, "status");
    expect_equal(reaped.reason, RunReason::requested, "reason");
    expect_same(bench.find(lost.run), reaped, "the reaped run");
}

inline void only_running_runs_are_asked_to_stop(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun pending = bench.add_run(job, bench.manual(job));
    bench.ask_to_stop(pending);
    expect_same(bench.find(pending), pending, "a pending run that is asked to stop");
    bench.end(bench.claim_one());
    const JobRun ended = bench.find(pending);
    bench.ask_to_stop(pending);
    bench.cancel(pending);
    expect_same(bench.find(pending), ended, "a run that has ended");
}

inline void a_key_is_stopped_before_runs_are_added(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    const ScheduledJob other = bench.add(bench.keyed_job("printer"));
    const ScheduledJob beside = bench.add(bench.keyed_job("scanner"));
    const JobRun running = bench.add_run(other, bench.manual(other));
    bench.claim_one();
    const JobRun waiting = bench.add_run(other, bench.manual(other));
    bench.claim();
    const JobRun later = bench.add_run(job, bench.run(job, RunTrigger::manual, start + 1h));
    const JobRun unrelated = bench.add_run(beside, bench.manual(beside));
    const JobRun added = bench.manual(job);
    bench.set_forward(1s);
    JobChange change = bench.adding({added});
    change.stop = StopScope::key;
    bench.write(job, change);
    for (const JobRun* run : {&waiting, &later}) {
        const JobRun stopped = bench.find(*run);
        expect_equal(stopped.status, JobRunStatus::cancelled, "status of a pending run of the key");
        expect_equal(stopped.reason, RunReason::cancel_previous, "its reason");
        expect_equal(stopped.completed_at, std::optional<Instant>(start + 1s), "its end");
    }
    expect_equal(bench.find(running).status, JobRunStatus::running, "status of the running run of the key");
    expect(bench.find(running).stop_requested, "the running run of the key is asked to stop");
    expect_equal(bench.find(running).reason, RunReason::cancel_previous, "its reason");
    expect_same(bench.find(added), added, "the added run");
    expect_same(bench.find(unrelated), unrelated, "a run of another key");
    bench.end(bench.find(running), JobRunStatus::cancelled);
    expect_equal(bench.find(running).reason, RunReason::cancel_previous, "the reason of the stopped run in the end");
    expect_count(bench.claim().size(), 2, "claimed runs in the end");
}

inline const std::vector<Clause>& end_clauses() {
    static const std::vector<Clause> clauses{
        {8, "an old fence is refused", an_old_fence_is_refused},
        {8, "what does not run cannot finish", what_does_not_run_cannot_finish},
        {8, "each row of a finish has its answer", each_row_of_a_finish_has_its_answer},
        {8, "a heartbeat names what is lost", a_heartbeat_names_what_is_lost},
        {9, "only what outlived its lease is reaped", only_what_outlived_its_lease_is_reaped},
        {8, "who lost its lease is refused", who_lost_its_lease_is_refused},
        {9, "until it is reaped a run can finish", until_it_is_reaped_a_run_can_finish},
        {9, "a heartbeat renews the lease", a_heartbeat_renews_the_lease},
        {9, "a wall clock ends no lease", a_wall_clock_ends_no_lease},
        {9, "a reap takes no more than its limit", a_reap_takes_no_more_than_its_limit},
        {10, "a heartbeat says who is asked to stop", a_heartbeat_says_who_is_asked_to_stop},
        {10, "a run that was asked to stop does not go back to pending", a_stopped_run_does_not_go_back},
        {10, "a stopped run keeps the reason it was asked for", a_stopped_run_keeps_the_reason_it_was_asked_for},
        {10, "a run that was asked to stop may complete", a_stopped_run_may_complete},
        {10, "a stopped run that is abandoned is cancelled", a_stopped_run_that_is_abandoned_is_cancelled},
        {10, "only running runs are asked to stop", only_running_runs_are_asked_to_stop},
        {10, "the runs of a key are stopped before others are added", a_key_is_stopped_before_runs_are_added},
    };
    return clauses;
}

} // namespace carillon::testing::contract
