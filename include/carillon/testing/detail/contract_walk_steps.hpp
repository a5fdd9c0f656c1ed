// SPDX-License-Identifier: MIT
// testing/detail/contract_walk_steps.hpp - the operations of a random walk, and how it compares.
#pragma once

#include "carillon/testing/detail/contract_walk.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

// ---- operations ----------------------------------------------------------------------------------------------------

/// Asks both storages and compares what they answer.
template <class Operation>
auto RandomWalk::both(const std::string& what, Operation operation) {
    log_.push_back(to_rfc3339(now()) + " " + what);
    if (log_.size() > 20) log_.pop_front();
    auto seen = operation(static_cast<AnyStorage&>(*bench_.storage));
    auto expected = operation(any_reference_);
    if constexpr (requires { difference(seen, expected); })
        expect_same(seen, expected, "the answer");
    else
        expect_equal(seen, expected, "the answer");
    return expected;
}

/// The order of what has ended is the storage's choice.
template <class Answer>
[[nodiscard]] Answer in_order(Answer answer) {
    std::sort(answer.ended.begin(), answer.ended.end(), [](const JobRun& a, const JobRun& b) { return a.id < b.id; });
    return answer;
}

template <class Answer>
[[nodiscard]] std::optional<Answer> in_order(std::optional<Answer> answer) {
    return answer ? std::optional(in_order(std::move(*answer))) : std::nullopt;
}

inline void RandomWalk::add_jobs() {
    std::vector<NewJob> jobs;
    const std::size_t count = jobs_.size() < 20 ? 1 + dice_.below(3) : 1;
    for (std::size_t i = 0; i < count; ++i)
        jobs.push_back(bench_.new_job(make_definition(), Bench::due_at(now() + Duration{++moments_})));
    for (const NewJob& job : jobs)
        jobs_.push_back({job.definition->tenant_id, job.definition->id});
    both("insert_jobs, " + show(count), [&](AnyStorage& storage) { return storage.insert_jobs(jobs); });
}

inline void RandomWalk::put_job() {
    JobDefinition definition = make_definition();
    definition.idempotency_key.reset();
    definition.key = "p" + show(dice_.below(2));
    const Draft draft = draw();
    JobChange creation = bench_.change();
    creation.definition = std::make_shared<const JobDefinition>(definition);
    creation.progress = Bench::due_at(now() + draft.moment);
    creation.event = make_event(definition, AuditVerb::job_created, draft);
    jobs_.push_back({definition.tenant_id, definition.id});
    both("put_job " + definition.key + " of " + definition.tenant_id, [&](AnyStorage& storage) {
        return in_order(storage.put_job(
            definition.tenant_id, definition.key, [&](const JobView* job, const KeyState& key) -> JobChange {
                return job ? edit(*job, key, draft) : creation;
            }));
    });
}

inline void RandomWalk::change_job(const char* what,
                                   JobChange (RandomWalk::*make)(const JobView&, const KeyState&, Draft) const) {
    const Place place = jobs_[dice_.below(jobs_.size())];
    const Draft draft = draw();
    std::optional<KeyState> known;
    both(std::string(what) + " job " + place.job.str(), [&](AnyStorage& storage) {
        return in_order(storage.modify_job(place.tenant, place.job, [&](const JobView& job, const KeyState& key) {
            if (known) expect_same(*known, key, "the key that the storage has shown");
            known = key;
            return (this->*make)(job, key, draft);
        }));
    });
}

inline void RandomWalk::materialise() {
    std::map<JobId, Draft> drafts;
    const std::size_t limit = dice_.chance(50) ? 100 : 1 + dice_.below(3);
    both("materialise, limit " + show(limit), [&](AnyStorage& storage) {
        return in_order(storage.materialise(now(), limit, [&](const JobView& job, const KeyState& key) {
            auto draft = drafts.find(job.definition.id);
            if (draft == drafts.end()) draft = drafts.emplace(job.definition.id, draw()).first;
            return plan(job, key, draft->second);
        }));
    });
}

/// All of them: the order is the storage's choice.
inline void RandomWalk::revise_cursors() {
    std::map<JobId, Draft> drafts;
    const std::string version = dice_.pick(walk_versions);
    both("revise_cursors before " + version, [&](AnyStorage& storage) {
        return storage.revise_cursors(version, 1'000, [&](const JobView& job, const KeyState&) {
            auto draft = drafts.find(job.definition.id);
            if (draft == drafts.end()) draft = drafts.emplace(job.definition.id, draw()).first;
            JobChange change = bench_.change();
            change.progress = job.progress;
            change.progress->tzdata_version = version;
            change.progress->next_run_at = now() + draft->second.moment;
            return change;
        });
    });
}

inline void RandomWalk::claim() {
    ClaimRequest request = bench_.request(1 + dice_.below(4));
    request.worker = "w" + show(dice_.below(3));
    request.filter = make_filter();
    request.after_tenant = dice_.chance(50) ? dice_.pick(walk_tenants) : "";
    request.lease = dice_.chance(40) ? short_lease : long_lease;
    if (dice_.chance(10)) request.due_by = now() - 1min;
    const std::vector<JobRun> before = open_runs();
    std::vector<JobRun> ended;
    for (bool more = true; more; request.limit = 1'000) {
        const auto claimed =
            both("claim by " + request.worker + ", limit " + show(request.limit), [&](AnyStorage& storage) {
                ClaimResult result = storage.claim(request);
                if (&storage == bench_.storage.get())
                    ended.insert(ended.end(), result.ended.begin(), result.ended.end());
                return result.runs;
            });
        for (const ClaimedRun& run : claimed)
            refs_.push_back(Bench::ref(run.run));
        more = !claimed.empty();
        if (more) request.after_tenant = claimed.back().run.tenant_id;
    }
    check_ended(before, ended);
    adopt_blockers(before);
    settle_expired(before);
    const auto due = bench_.storage->next_due(request.filter, now());
    const auto job_due = reference_->next_due({}, now());
    const bool awake = due && *due <= now();
    expect(!awake || request.due_by || (job_due && *job_due <= now()),
           "next_due does not keep a worker awake whose claim came back empty");
}

inline void RandomWalk::finish() {
    if (refs_.empty()) return;
    std::vector<RunFinish> finishes;
    for (std::size_t i = 0; i < 1 + refs_.size() / 2; ++i) {
        RunRef ref = refs_[refs_.size() - 1 - dice_.below(std::min<std::size_t>(refs_.size(), 12))];
        if (dice_.chance(5)) ++ref.fence;
        finishes.push_back({ref, make_transition(dice_)});
        if (finishes.size() == 6) break;
    }
    both("finish, " + show(finishes.size()), [&](AnyStorage& storage) { return storage.finish(finishes); });
}

inline void RandomWalk::heartbeat() {
    std::vector<RunRef> refs;
    for (const RunRef& ref : refs_)
        if (dice_.chance(30)) refs.push_back(ref);
    both("heartbeat, " + show(refs.size()), [&](AnyStorage& storage) { return storage.heartbeat(refs, long_lease); });
}

inline void RandomWalk::reap() {
    bench_.let_short_leases_end();
    const std::uint64_t salt = dice_.seed();
    both("reap", [&](AnyStorage& storage) {
        auto runs = storage.reap(1'000, [&](const JobRun& run, const JobDefinition&) {
            Dice dice(salt + run.fence + static_cast<std::uint64_t>(run.scheduled_for.time_since_epoch().count()));
            RunTransition to = make_transition(dice);
            if (to.status == JobRunStatus::completed) to.status = JobRunStatus::failed; // in any order the same count
            to.abandoned = true;
            return to;
        });
        std::sort(runs.begin(), runs.end(), [](const JobRun& a, const JobRun& b) { return a.id < b.id; });
        return runs;
    });
}

/// All of them: among equals the order is the storage's choice.
inline void RandomWalk::expire() {
    both("expire", [&](AnyStorage& storage) {
        auto runs = storage.expire(now(), 1'000);
        std::sort(runs.begin(), runs.end(), [](const JobRun& a, const JobRun& b) { return a.id < b.id; });
        return runs;
    });
}

inline void RandomWalk::rewind() {
    const Place place = jobs_[dice_.below(jobs_.size())];
    const auto job = reference_->find_job(place.tenant, place.job);
    if (!job || !job->high_water) return;
    const Instant earliest = std::min(*job->high_water, now() - 2h);
    const auto range = static_cast<std::size_t>(std::max<Duration::rep>(1, (*job->high_water - earliest).count()));
    JobChange change = bench_.change();
    change.rewind_to = earliest + Duration{static_cast<Duration::rep>(dice_.below(range))};
    const Duration moment{++moments_};
    both("rewind job " + place.job.str() + " to " + to_rfc3339(*change.rewind_to), [&](AnyStorage& storage) {
        return storage.modify_job(place.tenant, place.job, [&](const JobView& view, const KeyState&) {
            JobChange rewound = change;
            rewound.progress = view.progress;
            rewound.progress->high_water = change.rewind_to;
            if (view.progress.next_run_at) rewound.progress->next_run_at = now() + moment;
            return rewound;
        });
    });
}

inline void RandomWalk::change_run() {
    const Place place = jobs_[dice_.below(jobs_.size())];
    const auto runs = reference_->list_runs(place.tenant, place.job, {});
    if (runs.empty()) return;
    const RunId id = runs[dice_.below(runs.size())].id;
    const Draft draft = draw();
    both("modify_run " + id.str(), [&](AnyStorage& storage) {
        return storage.modify_run(place.tenant, id, [&](const JobRun& run) {
            Dice dice = draft.dice;
            RunChange change;
            if (dice.chance(10)) return change;
            change.request_stop = dice.chance(60);
            change.stop_reason = RunReason::requested;
            if (run.status == JobRunStatus::pending || dice.chance(20))
                change.transition = bench_.to(JobRunStatus::cancelled, RunReason::requested);
            JobDefinition of;
            of.id = run.job_id;
            of.tenant_id = run.tenant_id;
            change.event = make_event(of, AuditVerb::run_cancelled, draft);
            return change;
        });
    });
}

/// Several times: what a deleted row referred to may go only the next time.
inline void RandomWalk::purge() {
    const Retention retention = make_retention();
    both("purge", [&](AnyStorage& storage) {
        std::size_t deleted = 0;
        for (int i = 0; i < 8; ++i)
            deleted += storage.purge(retention, now(), 10'000);
        return deleted;
    });
}

inline void RandomWalk::move_clock() {
    if (dice_.chance(50)) bench_.set_forward(1s * static_cast<int>(dice_.below(300)) + Duration{++moments_});
    if (!dice_.chance(3)) return;
    bench_.set_back(1min * static_cast<int>(dice_.below(90)));
    was_set_back_ = true;
}

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
        if (page.empty()) break;
        query.after = page.back();
        query.offset = 0;
    }
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
