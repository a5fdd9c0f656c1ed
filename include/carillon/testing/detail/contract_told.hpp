// SPDX-License-Identifier: MIT
// testing/detail/contract_told.hpp - checks that an operation which takes runs to their end says so to its caller.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_expiry.hpp"
#include "carillon/testing/detail/contract_keys.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

/// `told` are these runs, in any order, as they are now.
inline void expect_told(const Bench& bench,
                        const std::vector<JobRun>& told,
                        const std::vector<JobRun>& runs,
                        std::string_view what) {
    expect_count(told.size(), runs.size(), what);
    for (const JobRun& run : runs) {
        const auto row = std::find_if(told.begin(), told.end(), [&](const JobRun& one) { return one.id == run.id; });
        expect(row != told.end(), "run " + run.id.str() + " is among the " + std::string(what));
        expect_same(*row, bench.find(run), "a run that was told");
        expect(is_terminal(row->status), "a run that was told has ended");
    }
}

inline void a_claim_says_which_runs_it_has_ended(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    const ScheduledJob free = bench.add(bench.job());
    JobRun skips = bench.manual(pair.job);
    skips.skip_when_busy = true;
    const JobRun expired = expiring(bench, free);
    const JobRun starts = bench.manual(free);
    bench.write(pair.job, bench.adding({skips}));
    bench.write(free, bench.adding({expired, starts}));
    bench.set_forward(1min);
    const ClaimResult claimed = bench.storage->claim(bench.request());
    expect_equal(only(claimed.runs, "claimed runs").run.id, starts.id, "the run that starts");
    expect_told(bench, claimed.ended, {skips, expired}, "runs that the claim has ended");
    expect_count(bench.storage->claim(bench.request()).ended.size(), 0, "runs that the next claim has ended");
}

inline void a_change_says_which_runs_it_has_ended(const Bench& bench) {
    for (const StopScope scope : {StopScope::key, StopScope::job}) {
        const Waiting pair = make_wait(bench);
        const JobRun later = bench.add_run(pair.job, bench.run(pair.job, RunTrigger::manual, start + 1h));
        JobChange change = scope == StopScope::job ? bench.removing(pair.job) : bench.adding({bench.manual(pair.job)});
        change.stop = scope;
        const JobWrite written = bench.write(pair.job, change);
        expect_told(bench, written.ended, {pair.waiting, later}, "runs that the change has ended; none is running");
        if (scope == StopScope::key)
            expect_count(bench.write(pair.job, bench.adding({bench.manual(pair.job)})).ended.size(),
                         0,
                         "runs that a change has ended which stops none");
        bench.end(pair.running, JobRunStatus::cancelled);
        for (const JobRun& run : bench.runs(pair.job)) // the key is another's next time
            if (run.status == JobRunStatus::pending) bench.cancel(run);
    }
}

inline void a_plan_says_which_runs_it_has_ended(const Bench& bench) {
    const ScheduledJob one = bench.add(bench.job(), Bench::due_at(start));
    const ScheduledJob two = bench.add(bench.job(), Bench::due_at(start + 1us));
    const std::vector<JobRun> waiting{bench.add_run(one, bench.manual(one)), bench.add_run(two, bench.manual(two))};
    bench.set_forward(1min);
    const auto result = bench.storage->materialise(bench.now(), 10, [&](const JobView& job, const KeyState&) {
        JobChange change = bench.adding({bench.run(job.definition, RunTrigger::schedule, *job.progress.next_run_at)});
        change.stop = StopScope::key;
        change.progress = job.progress;
        change.progress->next_run_at.reset();
        return change;
    });
    expect_count(result.jobs, 2, "planned jobs");
    expect_told(bench, result.ended, waiting, "runs that the plans have ended");
}

inline void a_finish_says_where_the_run_is(const Bench& bench) {
    struct Row {
        const char* name;
        RunTransition to;
        bool asked_to_stop;
        FinishAnswer answer;
    };
    const std::vector<Row> rows{
        {"completes", bench.executed(), false, {true, JobRunStatus::completed, RunReason::none}},
        {"fails",
         bench.to(JobRunStatus::failed, RunReason::permanent),
         false,
         {true, JobRunStatus::failed, RunReason::permanent}},
        {"is tried again", bench.again(start + 30s), false, {true, JobRunStatus::pending, RunReason::none}},
        {"would be tried again too late",
         bench.again(start + 1h),
         false,
         {true, JobRunStatus::timed_out, RunReason::total_timeout}},
        {"was asked to stop and would be tried again",
         bench.again(start),
         true,
         {true, JobRunStatus::cancelled, RunReason::requested}},
        {"was asked to stop and completes", bench.executed(), true, {true, JobRunStatus::completed, RunReason::none}},
    };
    for (const Row& row : rows) {
        const ScheduledJob job = bench.add(bench.job());
        bench.add_run(job, expiring(bench, job));
        const JobRun run = bench.claim_one();
        if (row.asked_to_stop) bench.ask_to_stop(run);
        const FinishAnswer answer = only(bench.storage->finish({{Bench::ref(run), row.to}}), "answers");
        expect_same(answer, row.answer, "the answer where a run " + std::string(row.name));
        expect_equal(bench.find(run).status, row.answer.status, "status of a run that " + std::string(row.name));
    }
}

inline const std::vector<Clause>& told_clauses() {
    static const std::vector<Clause> clauses{
        {24, "a claim says which runs it has ended", a_claim_says_which_runs_it_has_ended},
        {24, "a change of a job says which runs it has ended", a_change_says_which_runs_it_has_ended},
        {24, "a plan says which runs it has ended", a_plan_says_which_runs_it_has_ended},
        {24, "a finish says where the run is", a_finish_says_where_the_run_is},
    };
    return clauses;
}

} // namespace carillon::testing::contract
