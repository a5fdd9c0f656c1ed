// SPDX-License-Identifier: MIT
// testing/detail/contract_summaries.hpp - checks of what a dashboard looks at: jobs that fail, how their last runs have
// ended, and what is due.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace carillon::testing::contract {

/// Adds a job of which one run after the other is executed and ends like that.
inline ScheduledJob add_executed(const Bench& bench, const JobDefinition& of, std::vector<JobRunStatus> ends) {
    const ScheduledJob job = bench.add(of);
    for (const JobRunStatus status : ends) {
        bench.add_run(job, bench.manual(job));
        bench.end(bench.claim_one(), status);
    }
    return bench.find(job);
}

inline void failing_jobs_are_listed_and_counted(const Bench& bench) {
    constexpr auto good = JobRunStatus::completed;
    constexpr auto bad = JobRunStatus::failed;
    add_executed(bench, bench.job("well again"), {bad, good});
    JobDefinition paused = bench.job("paused, failing");
    paused.status = JobStatus::paused;
    add_executed(bench, paused, {good, bad});
    const ScheduledJob failing = add_executed(bench, bench.job("failing"), {bad, JobRunStatus::timed_out});
    bench.add(bench.job("new"));
    add_executed(bench, bench.job("failing", "globex"), {bad});
    const auto list = [&](const JobQuery& query) {
        Names names;
        for (const ScheduledJob& job : bench.storage->list_jobs("acme", query))
            names.push_back(job.name);
        const Count count = bench.storage->count_jobs("acme", query, 100);
        expect_count(count.n, names.size(), "counted jobs");
        expect(!count.capped, "a number of jobs that is not capped");
        return names;
    };
    expect_equal(list({.failing = true}), Names{"failing", "paused, failing"}, "failing jobs");
    expect_equal(list({.failing = false}), Names{"new", "well again"}, "jobs that do not fail");
    expect_equal(list({.sort = JobSort::name, .failing = true}), Names{"failing", "paused, failing"}, "by name");
    expect_equal(list({.status = JobStatus::active, .failing = true}), Names{"failing"}, "failing active jobs");
    expect_equal(list({.search = "PAUSED", .failing = true}), Names{"paused, failing"}, "found among failing jobs");
    expect_equal(list({.action_type = "mail"}), Names{}, "jobs of another action type");
    const auto behind = bench.storage->list_jobs("acme", {.after = failing, .failing = true});
    expect_count(behind.size(), 1, "failing jobs behind the first");
    JobDefinition renamed = failing;
    renamed.name = "renamed";
    bench.write(failing, bench.editing(renamed));
    expect_equal(list({.failing = true}), Names{"renamed", "paused, failing"}, "failing jobs after an edit");
    bench.write(failing, bench.removing(failing));
    expect_equal(list({.failing = true}), Names{"paused, failing"}, "failing jobs after one was removed");
}

inline void jobs_are_counted_up_to_a_cap(const Bench& bench) {
    for (const char* name : {"a", "b", "ab"})
        bench.add(bench.job(name));
    const auto count = [&](const JobQuery& query, std::size_t cap) {
        return bench.storage->count_jobs("acme", query, cap);
    };
    expect_count(count({.limit = 1, .offset = 2, .search = "a"}, 3).n, 2, "jobs with an a, whatever the page");
    expect(!count({.search = "a"}, 3).capped, "three of three jobs are all");
    expect(count({}, 2).capped, "a number is capped where there is one more");
    expect(count({.search = "a"}, 1).n <= 1, "no more are counted than looked at");
    expect_count(bench.storage->count_jobs("nobody", JobQuery{}, 5).n, 0, "jobs of nobody");
}

inline void outcomes_are_told_as_runs_are(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun skip = bench.skip(job, start - 2h, RunReason::paused);
    skip.last = start - 1h;
    skip.occurrences = 61;
    skip.count_is_minimum = true;
    bench.add_run(job, skip);
    bench.add_run(job, bench.manual(job));
    RunTransition ended = bench.executed(JobRunStatus::failed);
    ended.reason = RunReason::permanent;
    ended.duration = 7ms;
    expect(bench.finish(bench.claim_one(), ended), "the finish of a running run is accepted");
    bench.add_run(job, bench.manual(job));
    const auto outcomes_of = [](const std::vector<JobRun>& runs) {
        return std::vector<RunOutcome>(runs.begin(), runs.end());
    };
    for (const RunQuery& query : {RunQuery{},
                                  RunQuery{.limit = 1, .offset = 1},
                                  RunQuery{.status = JobRunStatus::pending},
                                  RunQuery{.status = JobRunStatus::skipped},
                                  RunQuery{.job_id = job.id}})
        expect_same(bench.storage->list_outcomes("acme", query),
                    outcomes_of(bench.storage->list_runs("acme", query)),
                    "outcomes of listed runs");
}

inline void the_last_outcomes_of_jobs_are_told(const Bench& bench) {
    constexpr auto good = JobRunStatus::completed;
    constexpr auto bad = JobRunStatus::failed;
    const ScheduledJob job = add_executed(bench, bench.job(), {good, bad, good});
    const ScheduledJob other = add_executed(bench, bench.job("other"), {bad});
    bench.add_run(job, bench.manual(job)); // has not ended
    const ScheduledJob idle = bench.add(bench.job("idle"));
    const ScheduledJob foreign = bench.add(bench.job("foreign", "globex"));
    const auto all =
        bench.storage->recent_outcomes("acme", {other.id, foreign.id, job.id, idle.id, JobId::next(start)}, 2);
    expect_count(all.size(), 5, "jobs that were asked for");
    const std::vector<JobRun> runs = bench.runs(job);
    expect_same(all[2], std::vector<RunOutcome>{runs[2], runs[1]}, "the last two outcomes, the oldest first");
    expect_same(all[0], std::vector<RunOutcome>{bench.runs(other)[0]}, "the one outcome of the other job");
    for (const std::size_t none : {1U, 3U, 4U})
        expect_count(all[none].size(), 0, "outcomes of a job that has none here");
}

inline void what_is_due_is_counted(const Bench& bench) {
    bench.add(bench.job("due"), Bench::due_at(start - 1min));
    bench.add(bench.job("later"), Bench::due_at(start + 30min));
    JobDefinition paused = bench.job("paused");
    paused.status = JobStatus::paused;
    const ScheduledJob job = bench.add(paused, Bench::due_at(start));
    bench.add(bench.job("foreign", "globex"), Bench::due_at(start - 2h));
    const auto due = [&](Instant by, std::size_t cap = 100) {
        return bench.storage->due("acme", by, cap);
    };
    expect_count(due(start).count.n, 1, "what is due of jobs alone");
    JobRun waits = bench.manual(job);
    waits.not_before = start - 5min;
    bench.add_run(job, waits);
    waits = bench.unlimited(job);
    waits.not_before = start + 10min;
    bench.add_run(job, waits);
    expect_count(due(start).count.n, 2, "what is due now");
    expect_equal(due(start).oldest, std::optional(start - 5min), "the oldest of them");
    expect_count(due(start + 10min).count.n, 3, "what is due in ten minutes");
    expect_count(due(start + 1h).count.n, 4, "what is due in an hour");
    expect(!due(start + 1h).count.capped, "a number of what is due that is not capped");
    expect(due(start + 1h, 1).count.capped, "a number is capped where there is more");
    bench.claim();
    expect_equal(due(start).oldest, std::optional(start - 1min), "the oldest, after a run was started");
    expect_count(bench.storage->due("nobody", start, 100).count.n, 0, "what is due of nobody");
}

inline const std::vector<Clause>& summary_clauses() {
    static const std::vector<Clause> clauses{
        {25, "outcomes are told as runs are listed", outcomes_are_told_as_runs_are},
        {26, "failing jobs are listed and counted", failing_jobs_are_listed_and_counted},
        {26, "jobs are counted exactly, or up to a cap", jobs_are_counted_up_to_a_cap},
        {26, "the last outcomes of jobs are told, the oldest first", the_last_outcomes_of_jobs_are_told},
        {27, "what is due is counted, and its oldest known", what_is_due_is_counted},
    };
    return clauses;
}

} // namespace carillon::testing::contract
