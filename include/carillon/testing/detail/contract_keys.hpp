// SPDX-License-Identifier: MIT
// testing/detail/contract_keys.hpp - checks of concurrency keys: who may run beside whom, and that nobody waits for
// ever.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_claims.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

// ---- who may run beside whom ---------------------------------------------------------------------------------------

inline void without_a_key_a_job_excludes_itself_only(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job());
    const JobRun first = bench.add_run(job, bench.manual(job));
    bench.add_run(job, bench.manual(job));
    const JobRun beside = bench.add_run(other, bench.manual(other));
    expect_equal(bench.claim_ids(), Ids{first.id, beside.id}, "claimed runs");
}

inline void jobs_with_one_key_exclude_each_other(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    const ScheduledJob other = bench.add(bench.keyed_job("printer"));
    const ScheduledJob third = bench.add(bench.keyed_job("Printer"));
    const JobRun first = bench.add_run(job, bench.manual(job));
    const JobRun second = bench.add_run(other, bench.manual(other));
    const JobRun beside = bench.add_run(third, bench.manual(third));
    expect_equal(bench.claim_ids(), Ids{first.id, beside.id}, "claimed runs");
    bench.end(bench.find(first));
    expect_equal(bench.claim_ids(), Ids{second.id}, "runs claimed after the first has ended");
}

inline void a_key_is_never_taken_for_a_job(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.keyed_job(job.id.str()));
    bench.add_run(job, bench.manual(job));
    bench.modify(other, [](const JobView&, const KeyState& key) -> JobChange {
        expect_same(key, KeyState{}, "a key that reads like the id of a busy job");
        return {};
    });
    bench.add_run(other, bench.manual(other));
    expect_count(bench.claim().size(), 2, "claimed runs");
}

inline void as_many_run_as_there_are_slots(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("pool"));
    std::vector<JobRun> runs;
    for (int i = 0; i < 5; ++i) {
        runs.push_back(bench.manual(job));
        runs.back().slots = 2;
    }
    bench.write(job, bench.adding(runs));
    expect_equal(bench.claim_ids(), Ids{runs[0].id, runs[1].id}, "claimed runs of two slots");
    bench.end(bench.find(runs[1]));
    expect_equal(bench.claim_ids(), Ids{runs[2].id}, "runs claimed after one has ended");
    bench.end(bench.find(runs[0]));
    bench.end(bench.find(runs[2]));
    expect_equal(bench.claim_ids(), Ids{runs[3].id, runs[4].id}, "runs claimed after both have ended");
}

inline void each_run_has_its_own_number_of_slots(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("pool"));
    JobRun one = bench.manual(job);
    JobRun three = bench.manual(job);
    JobRun any = bench.unlimited(job);
    three.slots = 3;
    any.priority = -1;
    bench.write(job, bench.adding({bench.unlimited(job), bench.unlimited(job), bench.unlimited(job)}));
    const Ids running = bench.claim_ids();
    expect_count(running.size(), 3, "running runs");
    bench.write(job, bench.adding({one, three}));
    expect_count(bench.claim().size(), 0, "runs claimed beside three");
    bench.add_run(job, any);
    expect_equal(bench.claim_ids(), Ids{any.id}, "runs claimed beside three, without a limit");
    const auto end = [&](const RunId& id) {
        bench.end(found(bench.storage->find_run("acme", id), "the run"));
    };
    end(running[0]);
    end(running[1]);
    expect_equal(bench.claim_ids(), Ids{three.id}, "runs claimed beside two, with three slots");
    end(any.id);
    end(running[2]);
    expect_count(bench.claim().size(), 0, "runs claimed beside one, with one slot");
    end(three.id);
    expect_equal(bench.claim_ids(), Ids{one.id}, "runs claimed alone");
}

inline void a_run_that_skips_ends_when_it_finds_its_key_busy(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"), JobProgress{.run_count = 3});
    const JobRun first = bench.add_run(job, bench.manual(job));
    JobRun second = bench.run(job, RunTrigger::schedule, start);
    second.skip_when_busy = true;
    bench.add_run(job, second);
    bench.set_forward(1s);
    expect_equal(bench.claim_ids(), Ids{first.id}, "claimed runs");
    expect_count(bench.claim().size(), 0, "runs claimed again");
    JobRun expected = second;
    expected.status = JobRunStatus::skipped;
    expected.reason = RunReason::overlapped;
    expected.blocked_by = first.id;
    expected.completed_at = start + 1s;
    expected.last = start;
    expect_same(bench.find(second), expected, "the run that skips");
    expect_equal(bench.find(job).run_count, std::uint64_t{3}, "run_count");
    expect(!bench.find(job).last_run_at, "it is no last run");
    bench.modify(job, [](const JobView&, const KeyState& key) -> JobChange {
        expect_equal(key.pending + key.unstarted, std::size_t{0}, "pending and unstarted runs");
        return {};
    });
    bench.end(bench.find(first));
    expect_same(bench.find(second), expected, "the run that skips, after the end of the other");
}

inline void a_run_that_skips_goes_where_its_key_is_free(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    JobRun run = bench.manual(job);
    run.skip_when_busy = true;
    JobRun pending = bench.manual(job);
    pending.not_before = start + 1h;
    bench.write(job, bench.adding({pending, run}));
    expect_equal(bench.claim_ids(), Ids{run.id}, "claimed runs; what is pending does not make the key busy");
}

// ---- whoever waits goes on -----------------------------------------------------------------------------------------

/// A job of whose runs the first is running and the second waits.
struct Waiting {
    ScheduledJob job;
    JobRun running;
    JobRun waiting;
};

[[nodiscard]] inline Waiting make_wait(const Bench& bench, Duration lease = long_lease) {
    Waiting pair;
    pair.job = bench.add(bench.keyed_job("printer"));
    bench.add_run(pair.job, bench.manual(pair.job));
    pair.waiting = bench.add_run(pair.job, bench.manual(pair.job));
    ClaimRequest request = bench.request();
    request.lease = lease;
    pair.running = only(bench.claim(request), "claimed runs").run;
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy");
    return pair;
}

inline void a_waiting_run_goes_on_after_any_end(const Bench& bench) {
    for (const JobRunStatus status :
         {JobRunStatus::completed, JobRunStatus::failed, JobRunStatus::cancelled, JobRunStatus::timed_out}) {
        const Waiting pair = make_wait(bench);
        bench.end(pair.running, status);
        expect_equal(bench.claim_ids(), Ids{pair.waiting.id}, "runs claimed after the other is " + show(status));
        bench.end(bench.find(pair.waiting));
    }
}

inline void a_waiting_run_goes_on_while_the_other_waits_for_its_retry(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    expect(bench.finish(pair.running, bench.again(start + 1min)), "the finish is accepted");
    expect_equal(bench.claim_ids(), Ids{pair.waiting.id}, "claimed runs");
    bench.set_forward(1min);
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy with the other");
    bench.end(bench.find(pair.waiting));
    expect_equal(bench.claim_ids(), Ids{pair.running.id}, "the retry, claimed in the end");
}

inline void a_waiting_run_goes_on_after_a_reap(const Bench& bench) {
    const Waiting pair = make_wait(bench, short_lease);
    bench.let_short_leases_end();
    bench.storage->reap(10, [&](const JobRun&, const JobDefinition&) { return bench.to(JobRunStatus::failed); });
    expect_equal(bench.claim_ids(), Ids{pair.waiting.id}, "claimed runs");
}

inline void a_waiting_run_goes_on_after_a_transition_by_a_caller(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    bench.cancel(pair.running);
    expect_equal(bench.find(pair.running).status, JobRunStatus::cancelled, "status of the cancelled run");
    expect_equal(bench.claim_ids(), Ids{pair.waiting.id}, "claimed runs");
}

inline void a_cancelled_waiting_run_holds_up_nobody(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    const JobRun third = bench.add_run(pair.job, bench.manual(pair.job));
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy");
    bench.cancel(pair.waiting);
    expect_count(bench.claim().size(), 0, "runs claimed after a waiting run was cancelled");
    bench.end(pair.running);
    expect_equal(bench.claim_ids(), Ids{third.id}, "runs claimed after the end");
}

inline void a_run_cancelled_when_it_could_go_holds_up_nobody(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    const JobRun third = bench.add_run(pair.job, bench.manual(pair.job));
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy");
    bench.end(pair.running);
    bench.cancel(pair.waiting);
    expect_equal(bench.claim_ids(), Ids{third.id}, "claimed runs");
}

inline void a_removed_job_frees_the_key_for_others(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    const ScheduledJob other = bench.add(bench.keyed_job("printer"));
    const JobRun third = bench.add_run(other, bench.manual(other));
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy");
    bench.write(pair.job, bench.removing(pair.job));
    expect_count(bench.claim().size(), 0, "runs claimed while a run of the removed job is running");
    bench.end(pair.running, JobRunStatus::cancelled);
    expect_equal(bench.claim_ids(), Ids{third.id}, "claimed runs");
}

inline void the_first_in_order_goes_on(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    JobRun urgent = bench.manual(pair.job);
    urgent.priority = 1;
    bench.add_run(pair.job, urgent);
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy");
    bench.end(pair.running);
    expect_equal(bench.claim_ids(), Ids{urgent.id}, "the run that is claimed next, of higher priority");
    bench.end(bench.find(urgent));
    expect_equal(bench.claim_ids(), Ids{pair.waiting.id}, "the run that is claimed last");
}

inline void a_waiting_run_that_nobody_can_execute_holds_up_nobody(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    const JobRun first = bench.add_run(job, bench.manual(job));
    JobRun foreign = bench.manual(job);
    foreign.action_type = "foreign";
    bench.add_run(job, foreign);
    const JobRun third = bench.add_run(job, bench.manual(job));
    ClaimRequest every_type = bench.request();
    every_type.filter.action_types = {"foreign", "work"};
    expect_equal(only(bench.claim(every_type), "claimed runs").run.id, first.id, "the first run");
    expect_count(bench.claim(every_type).size(), 0, "runs claimed while the key is busy");
    bench.end(bench.find(first));
    expect_equal(bench.claim_ids(), Ids{third.id}, "runs claimed by a worker that knows `work` only");
    bench.end(bench.find(third));
    expect_equal(only(bench.claim(every_type), "claimed runs").run.id, foreign.id, "the other type's turn");
}

inline void waiting_runs_stand_in_nobodys_way(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    std::vector<JobRun> more;
    for (int i = 0; i < 120; ++i) {
        more.push_back(bench.manual(pair.job));
        more.back().priority = 9;
    }
    bench.write(pair.job, bench.adding(more));
    const ScheduledJob other = bench.add(bench.job("other"));
    const JobRun free = bench.add_run(other, bench.manual(other));
    expect_equal(bench.claim_ids(1), Ids{free.id}, "claimed runs, limit 1, behind 120 that wait");
}

inline void all_waiting_runs_have_their_turn(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    std::vector<JobRun> runs;
    for (int i = 0; i < 20; ++i)
        runs.push_back(bench.manual(job));
    bench.write(job, bench.adding(runs));
    for (const JobRun& run : runs) {
        expect_equal(bench.claim_ids(), Ids{run.id}, "claimed runs");
        bench.end(bench.find(run));
    }
    expect_count(bench.claim().size(), 0, "runs claimed in the end");
}

inline const std::vector<Clause>& key_clauses() {
    static const std::vector<Clause> clauses{
        {6, "without a key a job excludes itself only", without_a_key_a_job_excludes_itself_only},
        {6, "jobs with one key exclude each other", jobs_with_one_key_exclude_each_other},
        {6, "a key is never taken for a job's own", a_key_is_never_taken_for_a_job},
        {6, "as many runs of a key run as there are slots", as_many_run_as_there_are_slots},
        {6, "each run has its own number of slots", each_run_has_its_own_number_of_slots},
        {6, "a run that skips ends when it finds its key busy", a_run_that_skips_ends_when_it_finds_its_key_busy},
        {6, "a run that skips goes where its key is free", a_run_that_skips_goes_where_its_key_is_free},
        {11, "a waiting run goes on after any end", a_waiting_run_goes_on_after_any_end},
        {11, "a waiting run goes on during a retry's delay", a_waiting_run_goes_on_while_the_other_waits_for_its_retry},
        {11, "a waiting run goes on after a reap", a_waiting_run_goes_on_after_a_reap},
        {11, "a waiting run goes on after modify_run", a_waiting_run_goes_on_after_a_transition_by_a_caller},
        {11, "a cancelled waiting run holds up nobody", a_cancelled_waiting_run_holds_up_nobody},
        {11, "a run cancelled when it could go holds up nobody", a_run_cancelled_when_it_could_go_holds_up_nobody},
        {11, "a removed job frees the key for others", a_removed_job_frees_the_key_for_others},
        {7, "the first in order of those that wait goes on", the_first_in_order_goes_on},
        {6, "a run that nobody can execute holds up nobody", a_waiting_run_that_nobody_can_execute_holds_up_nobody},
        {6, "waiting runs stand in nobody's way", waiting_runs_stand_in_nobodys_way},
        {6, "all waiting runs have their turn", all_waiting_runs_have_their_turn},
    };
    return clauses;
}

} // namespace carillon::testing::contract
