// SPDX-License-Identifier: MIT
// testing/detail/contract_walk_steps.hpp - the operations of a random walk.
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

} // namespace carillon::testing::contract
