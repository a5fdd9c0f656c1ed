// SPDX-License-Identifier: MIT
// testing/detail/contract_run_listings.hpp - checks of listings of runs across the jobs of a tenant, and of their
// number.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

namespace carillon::testing::contract {

/// Of two jobs, as they are to be listed; three are of one moment. Of another tenant there is one as well.
inline std::vector<JobRun> add_six_runs(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobDefinition mail = bench.job("mail");
    mail.action_type = "mail";
    const ScheduledJob other = bench.add(mail);
    const ScheduledJob foreign = bench.add(bench.job("foreign", "globex"));
    bench.add_run(foreign, bench.unlimited(foreign));
    std::vector<JobRun> runs;
    const auto add = [&](const ScheduledJob& of, Duration age) {
        JobRun run = bench.run(of, RunTrigger::manual, start - age);
        run.slots = 0;
        runs.push_back(bench.add_run(of, run));
    };
    add(job, 1h); // recorded first, though not the first in order of time
    add(job, 3h);
    add(other, 2h);
    add(job, 2h);
    add(other, 2h);
    add(other, 0h);
    std::sort(runs.begin(), runs.end(), [](const JobRun& a, const JobRun& b) { return RunCursor(a) < RunCursor(b); });
    return {runs.rbegin(), runs.rend()};
}

[[nodiscard]] inline Ids listed_runs(const Bench& bench, const RunQuery& query) {
    Ids ids;
    for (const JobRun& run : bench.storage->list_runs("acme", query))
        ids.push_back(run.id);
    return ids;
}

inline void runs_of_all_jobs_are_listed_by_time(const Bench& bench) {
    const std::vector<JobRun> runs = add_six_runs(bench);
    expect_same(bench.storage->list_runs("acme", RunQuery{}), runs, "the runs of the tenant");
    expect_same(bench.storage->list_runs("acme", {.limit = 2, .offset = 1}),
                std::vector<JobRun>{runs[1], runs[2]},
                "the second and third");
    Ids joined;
    RunQuery query{.limit = 2};
    for (auto page = bench.storage->list_runs("acme", query); !page.empty() && joined.size() < 10;
         page = bench.storage->list_runs("acme", query)) {
        for (const JobRun& run : page)
            joined.push_back(run.id);
        query.after = page.back();
    }
    expect_equal(joined, listed_runs(bench, {}), "joined pages of runs");
    const ScheduledJob job = found(bench.storage->find_job("acme", runs[0].job_id), "the job");
    bench.write(job, bench.removing(job));
    expect_equal(listed_runs(bench, {}), joined, "the runs, after a job was removed");
}

inline void runs_are_listed_by_every_filter(const Bench& bench) {
    const std::vector<JobRun> runs = add_six_runs(bench);
    const auto list = [&](const RunQuery& query) {
        return listed_runs(bench, query);
    };
    bench.cancel(bench.find(runs[1]));
    const auto ids = [&](std::initializer_list<std::size_t> at) {
        Ids some;
        for (const std::size_t i : at)
            some.push_back(runs[i].id);
        return some;
    };
    expect_equal(list({.status = JobRunStatus::cancelled}), ids({1}), "cancelled runs");
    expect_equal(list({.status = JobRunStatus::pending, .limit = 2, .offset = 1}), ids({2, 3}), "pending runs");
    expect_equal(list({.reason = RunReason::requested}), ids({1}), "runs with a reason");
    expect_equal(list({.status = JobRunStatus::failed, .reason = RunReason::requested}), Ids{}, "failed runs");
    expect_equal(list({.from = start - 2h, .to = start}), ids({1, 2, 3, 4}), "runs of two hours");
    expect_equal(list({.after = runs[2], .from = start - 2h}), ids({3, 4}), "the rest of those from an hour on");
    expect_equal(list({.after = runs[5], .from = start - 2h}), Ids{}, "those behind the last, from an hour on");
    expect_equal(list({.from = start, .to = start - 2h}), Ids{}, "runs of no time");
    Ids mail;
    Ids of_job;
    for (const JobRun& run : runs) {
        if (run.action_type == "mail") mail.push_back(run.id);
        if (run.job_id == runs[1].job_id) of_job.push_back(run.id);
    }
    expect_equal(list({.action_type = "mail"}), mail, "runs by action type");
    std::sort(of_job.rbegin(), of_job.rend());
    expect_equal(list({.job_id = runs[1].job_id}), of_job, "runs of a job, by id");
    expect_equal(list({.job_id = JobId::next(start)}), Ids{}, "runs of no job");
    bench.claim();
    expect_equal(list({.status = JobRunStatus::running}).size(), of_job.size() - 1, "running runs");
}

inline void runs_are_counted_up_to_a_cap(const Bench& bench) {
    const std::vector<JobRun> runs = add_six_runs(bench);
    const auto count = [&](const RunQuery& query, std::size_t cap) {
        return bench.storage->count_runs("acme", query, cap);
    };
    const auto expect_exact = [&](const RunQuery& query, std::size_t number, const std::string& what) {
        const Count counted = count(query, 100);
        expect_count(counted.n, number, what);
        expect(!counted.capped, "a number of " + what + " that is not capped");
    };
    expect_exact({}, 6, "runs");
    expect_exact({.limit = 1, .offset = 4}, 6, "runs, whatever the page");
    expect_exact({.after = runs[3]}, 6, "runs, whatever the place");
    expect_exact({.from = start - 2h, .to = start}, 4, "runs of two hours");
    expect_exact({.action_type = "mail"}, 3, "runs by action type");
    expect_exact({.status = JobRunStatus::pending, .job_id = runs[0].job_id}, 3, "pending runs of a job");
    expect_exact({.status = JobRunStatus::completed}, 0, "completed runs");
    expect(!count({}, 6).capped, "six of six rows are all");
    const Count capped = count({}, 5);
    expect_count(capped.n, 5, "runs that are counted, of five that are looked at");
    expect(capped.capped, "a number is capped where there is one more");
    expect(count({.action_type = "mail"}, 1).n <= 1, "no more are counted than looked at");
    expect_count(bench.storage->count_runs("nobody", {}, 5).n, 0, "runs of nobody");
}

inline const std::vector<Clause>& run_listing_clauses() {
    static const std::vector<Clause> clauses{
        {25, "the runs of all jobs are listed in order of time, then of ids", runs_of_all_jobs_are_listed_by_time},
        {25, "runs are listed by status, reason, job, action type and time", runs_are_listed_by_every_filter},
        {25, "runs are counted exactly, or up to a cap", runs_are_counted_up_to_a_cap},
    };
    return clauses;
}

} // namespace carillon::testing::contract
