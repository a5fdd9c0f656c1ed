// SPDX-License-Identifier: MIT
// testing/detail/contract_walk_compare.hpp - how a random walk compares a storage with the reference storage.
#pragma once

#include "carillon/testing/detail/contract_walk.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace carillon::testing::contract {

// ---- comparing -----------------------------------------------------------------------------------------------------

inline std::vector<JobRun> RandomWalk::open_runs() const {
    std::vector<JobRun> open;
    for (const Place& place : jobs_)
        for (const JobRun& run : reference_->list_runs(place.tenant, place.job, {.limit = 100'000}))
            if (!is_terminal(run.status)) open.push_back(run);
    return open;
}

/// What a claim says that it has ended is what has ended: by itself, since the storage has a choice there.
inline void RandomWalk::check_ended(const std::vector<JobRun>& before, const std::vector<JobRun>& ended) const {
    std::size_t told = 0;
    for (const JobRun& run : before) {
        const auto seen = bench_.storage->find_run(run.tenant_id, run.id);
        if (!seen || !is_terminal(seen->status)) continue;
        const auto row = std::find_if(ended.begin(), ended.end(), [&](const JobRun& one) { return one.id == run.id; });
        expect(row != ended.end(), "the claim names run " + run.id.str() + ", which it has ended");
        expect_same(*row, *seen, "a run that the claim has ended");
        ++told;
    }
    expect_count(ended.size(), told, "runs that the claims say they have ended");
}

/// Which of several running runs of a key blocked a run that skips is the storage's choice.
inline void RandomWalk::adopt_blockers(const std::vector<JobRun>& before) {
    for (const JobRun& run : before) {
        const auto seen = bench_.storage->find_run(run.tenant_id, run.id);
        if (!seen || seen->status != JobRunStatus::skipped || !seen->blocked_by) continue;
        reference_->set_blocker(run.id, *seen->blocked_by);
    }
}

/// Whether a claim ends expired runs that wait for their key already is the storage's choice; expire leaves none.
inline void RandomWalk::settle_expired(const std::vector<JobRun>& before) {
    const bool left = std::any_of(before.begin(), before.end(), [&](const JobRun& run) {
        const auto seen = bench_.storage->find_run(run.tenant_id, run.id);
        const auto expected = reference_->find_run(run.tenant_id, run.id);
        return seen && expected && seen->status != expected->status && has_expired(run, now());
    });
    if (!left) return;
    log_.push_back(to_rfc3339(now()) + " expire what the claim left");
    bench_.storage->expire(now(), 1'000);
    reference_->expire(now(), 1'000);
}

inline void RandomWalk::compare_state() {
    for (const Place& place : jobs_) {
        expect_same(bench_.storage->find_job(place.tenant, place.job),
                    reference_->find_job(place.tenant, place.job),
                    "job " + place.job.str());
        const RunQuery all{.limit = 100'000};
        expect_same(bench_.storage->list_runs(place.tenant, place.job, all),
                    reference_->list_runs(place.tenant, place.job, all),
                    "runs of job " + place.job.str());
    }
    for (const std::string tenant : walk_tenants)
        expect_same(bench_.storage->list_audit(tenant, {.limit = 100'000}),
                    reference_->list_audit(tenant, {.limit = 100'000}),
                    "audit of tenant " + tenant);
}

inline void RandomWalk::compare_queries() {
    constexpr std::array sorts{JobSort::newest, JobSort::name, JobSort::next_run};
    constexpr std::array statuses{JobStatus::active, JobStatus::paused, JobStatus::completed};
    const std::string tenant = dice_.pick(walk_tenants);
    JobQuery query{.limit = 1 + dice_.below(20), .offset = dice_.below(3), .sort = dice_.pick(sorts)};
    if (dice_.chance(30)) query.status = dice_.pick(statuses);
    if (dice_.chance(20)) query.search = "BETA";
    if (dice_.chance(20)) query.action_type = dice_.pick(walk_types);
    if (dice_.chance(20)) query.failing = dice_.chance(50);
    expect_equal(bench_.storage->count_jobs(tenant, query, 100'000).n,
                 reference_->count_jobs(tenant, query, 100'000).n,
                 "jobs of tenant " + tenant + " that are counted one by one");
    for (int pages = 0; pages < 3; ++pages) {
        const auto page = reference_->list_jobs(tenant, query);
        expect_same(bench_.storage->list_jobs(tenant, query), page, "listed jobs of tenant " + tenant);
        if (page.empty()) break;
        query.after = page.back();
        query.offset = 0;
    }
    expect_equal(bench_.storage->count_jobs(tenant, query.status),
                 reference_->count_jobs(tenant, query.status),
                 "counted jobs of tenant " + tenant);
    const std::string key = "i" + show(dice_.below(3));
    expect_same(bench_.storage->find_job_by_idempotency_key(tenant, key),
                reference_->find_job_by_idempotency_key(tenant, key),
                "the job of idempotency key " + key);
}

inline void RandomWalk::compare_run_queries() {
    constexpr std::array statuses{JobRunStatus::pending,
                                  JobRunStatus::running,
                                  JobRunStatus::completed,
                                  JobRunStatus::failed,
                                  JobRunStatus::skipped,
                                  JobRunStatus::cancelled,
                                  JobRunStatus::timed_out};
    constexpr std::array reasons{RunReason::none, RunReason::overlapped, RunReason::requested, RunReason::deleted};
    const std::string tenant = dice_.pick(walk_tenants);
    RunQuery query{.limit = 1 + dice_.below(20), .offset = dice_.below(3)};
    if (dice_.chance(50)) query.status = dice_.pick(statuses);
    if (dice_.chance(20)) query.reason = dice_.pick(reasons);
    if (dice_.chance(20)) query.job_id = jobs_[dice_.below(jobs_.size())].job;
    if (dice_.chance(20)) query.action_type = dice_.pick(walk_types);
    if (dice_.chance(20)) query.from = now() - 1h * static_cast<int>(dice_.below(5));
    if (dice_.chance(20)) query.to = now() - 1h * static_cast<int>(dice_.below(3));
    const std::size_t cap = dice_.chance(50) ? 100'000 : dice_.below(10);
    const std::size_t all = reference_->count_runs(tenant, query, 100'000).n;
    const Count count = bench_.storage->count_runs(tenant, query, cap);
    expect(count.n <= std::min(all, cap),
           "counted runs: at most " + show(std::min(all, cap)) + ", saw " + show(count.n));
    expect(count.capped ? cap < 100'000 : count.n == all, "counted runs: all " + show(all) + ", or capped");
    for (int pages = 0; pages < 3; ++pages) {
        const auto page = reference_->list_runs(tenant, query);
        expect_same(bench_.storage->list_runs(tenant, query), page, "listed runs of tenant " + tenant);
        expect_same(bench_.storage->list_outcomes(tenant, query),
                    std::vector<RunOutcome>(page.begin(), page.end()),
                    "listed outcomes of tenant " + tenant);
        if (page.empty()) break;
        query.after = page.back();
        query.offset = 0;
    }
}

inline void RandomWalk::compare_summaries() {
    const std::string tenant = dice_.pick(walk_tenants);
    std::vector<JobId> ids;
    for (int i = 0; i < 3; ++i)
        ids.push_back(jobs_[dice_.below(jobs_.size())].job);
    const std::size_t n = 1 + dice_.below(10);
    const auto seen = bench_.storage->recent_outcomes(tenant, ids, n);
    const auto expected = reference_->recent_outcomes(tenant, ids, n);
    expect_count(seen.size(), ids.size(), "jobs whose outcomes were asked for");
    for (std::size_t i = 0; i < ids.size(); ++i)
        expect_same(seen[i], expected[i], "the last outcomes of job " + ids[i].str());
    const Instant by = now() + 5min * static_cast<int>(dice_.below(4));
    const DueCount due = bench_.storage->due(tenant, by, 100'000);
    const DueCount all = reference_->due(tenant, by, 100'000);
    expect_equal(due.count.n, all.count.n, "what is due of tenant " + tenant);
    expect_equal(due.oldest, all.oldest, "the oldest that is due of tenant " + tenant);
}

inline void RandomWalk::compare_next_due() {
    const ClaimFilter filter = make_filter();
    const auto latest = reference_->next_due(filter, now());
    if (!latest) return;
    const auto due = bench_.storage->next_due(filter, now());
    expect(due && (*due <= *latest || *due <= now()),
           "next_due is not later than " + show(*latest) + ", saw " + show(due));
}

inline void RandomWalk::compare_occurrences() {
    const Place place = jobs_[dice_.below(jobs_.size())];
    const auto runs = reference_->list_runs(place.tenant, place.job, {.limit = 100'000});
    std::vector<Instant> instants{now() - Duration{static_cast<Duration::rep>(dice_.below(10'000'000'000))}};
    if (!runs.empty()) {
        const JobRun& run = runs[dice_.below(runs.size())];
        const Instant last = last_occurrence(run);
        for (const Instant at :
             {run.scheduled_for, last, last + 1us, run.scheduled_for + (last - run.scheduled_for) / 2})
            instants.push_back(at);
    }
    for (const Instant at : instants)
        expect_same(bench_.storage->find_occurrence(place.tenant, place.job, at),
                    reference_->find_occurrence(place.tenant, place.job, at),
                    "the row of " + to_rfc3339(at) + " of job " + place.job.str());
}

} // namespace carillon::testing::contract
