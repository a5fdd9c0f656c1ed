// SPDX-License-Identifier: MIT
// testing/detail/contract_walk.hpp - random operations on a storage and on the reference storage, compared after each.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_difference.hpp"
#include "carillon/testing/reference_storage.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

/// The same seed gives the same walk on every machine.
class Dice {
public:
    explicit Dice(std::uint64_t seed)
        : engine_(seed) {}

    [[nodiscard]] std::size_t below(std::size_t end) { return static_cast<std::size_t>(engine_() % end); }
    [[nodiscard]] bool chance(std::size_t percent) { return below(100) < percent; }
    template <class T, std::size_t N>
    [[nodiscard]] const T& pick(const std::array<T, N>& values) {
        return values[below(N)];
    }
    [[nodiscard]] std::uint64_t seed() { return engine_(); }

private:
    std::mt19937_64 engine_;
};

/// One walk. Throws Failed at the first difference, with the seed and the operations that led there.
class RandomWalk {
public:
    RandomWalk(const AnyFactory& make, std::uint64_t seed)
        : bench_(make)
        , reference_(std::make_shared<ReferenceStorage>(bench_.clock))
        , any_reference_(reference_)
        , dice_(seed)
        , seed_(seed) {}

    void run(std::size_t steps);

private:
    /// What a change will be made of, drawn before, so that it is the same however often and by whom it is asked for.
    struct Draft {
        Dice dice;
        std::vector<RunId> runs;
        AuditId event;
        Duration moment; // of no other draft
    };
    struct Place {
        std::string tenant;
        JobId job;
    };

    void step();
    void add_jobs();
    void put_job();
    void change_job(const char* what, JobChange (RandomWalk::*make)(const JobView&, const KeyState&, Draft) const);
    void materialise();
    void revise_cursors();
    void claim();
    void finish();
    void heartbeat();
    void reap();
    void expire();
    void rewind();
    void change_run();
    void purge();
    void move_clock();

    [[nodiscard]] JobChange edit(const JobView& job, const KeyState& key, Draft draft) const;
    [[nodiscard]] JobChange trigger(const JobView& job, const KeyState& key, Draft draft) const;
    [[nodiscard]] JobChange plan(const JobView& job, const KeyState& key, Draft draft) const;
    [[nodiscard]] JobChange stop(const JobView& job, const KeyState& key, Draft draft) const;
    [[nodiscard]] JobChange remove(const JobView& job, const KeyState& key, Draft draft) const;
    [[nodiscard]] JobRun
    make_run(const JobView& job, const KeyState& key, RunTrigger trigger, Instant at, Draft& draft) const;
    [[nodiscard]] AuditEvent make_event(const JobDefinition& job, AuditVerb verb, const Draft& draft) const;
    [[nodiscard]] JobDefinition make_definition();
    [[nodiscard]] RunTransition make_transition(Dice& dice) const;
    [[nodiscard]] ClaimFilter make_filter();
    [[nodiscard]] Retention make_retention();
    [[nodiscard]] Draft draw();

    template <class Operation>
    auto both(const std::string& what, Operation operation);
    void adopt_blockers(const std::vector<JobRun>& before);
    void settle_expired(const std::vector<JobRun>& before);
    void check_ended(const std::vector<JobRun>& before, const std::vector<JobRun>& ended) const;
    void compare_state();
    void compare_queries();
    void compare_run_queries();
    void compare_summaries();
    void compare_next_due();
    void compare_occurrences();
    [[nodiscard]] std::vector<JobRun> open_runs() const;
    [[nodiscard]] Instant now() const { return bench_.now(); }

    Bench bench_;
    std::shared_ptr<ReferenceStorage> reference_;
    StorageAdapter<ReferenceStorage> any_reference_;
    Dice dice_;
    std::uint64_t seed_;
    std::int64_t moments_ = 0;
    bool was_set_back_ = false; // from then on audit events are not in the order of their times
    std::vector<Place> jobs_;
    std::vector<RunRef> refs_; // of all claims, long ended ones included
    std::deque<std::string> log_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

inline constexpr std::array<const char*, 3> walk_tenants{"a", "b", "c"};
inline constexpr std::array<const char*, 2> walk_types{"work", "mail"};
inline constexpr std::array<const char*, 3> walk_versions{"", "2025a", "2025b"};

inline void RandomWalk::run(std::size_t steps) {
    std::size_t n = 0;
    try {
        for (; n < steps; ++n) {
            step();
            compare_state();
            compare_queries();
            compare_run_queries();
            compare_summaries();
            compare_next_due();
            compare_occurrences();
        }
    } catch (const std::exception& failure) {
        std::string operations;
        for (const std::string& operation : log_)
            operations += "\n  " + operation;
        throw Failed("seed " + show(seed_) + ", step " + show(n) + ": " + failure.what() +
                     "\nthe last operations were" + operations);
    }
}

inline void RandomWalk::step() {
    move_clock();
    const std::size_t die = dice_.below(100);
    if (jobs_.empty() || die < 4) return add_jobs();
    if (die < 7) return put_job();
    if (die < 13) return change_job("edit", &RandomWalk::edit);
    if (die < 22) return change_job("trigger", &RandomWalk::trigger);
    if (die < 27) return change_job("plan", &RandomWalk::plan);
    if (die < 29) return change_job("stop", &RandomWalk::stop);
    if (die < 30) return change_job("remove", &RandomWalk::remove);
    if (die < 41) return materialise();
    if (die < 43) return revise_cursors();
    if (die < 63) return claim();
    if (die < 82) return finish();
    if (die < 87) return heartbeat();
    if (die < 90) return reap();
    if (die < 95) return change_run();
    if (die < 97) return purge();
    if (die < 98) return rewind();
    return expire();
}

// ---- drawing -------------------------------------------------------------------------------------------------------

inline RandomWalk::Draft RandomWalk::draw() {
    Draft draft{Dice(dice_.seed()), {}, AuditId::next(now()), Duration{++moments_}};
    for (int i = 0; i < 4; ++i)
        draft.runs.push_back(RunId::next(now()));
    return draft;
}

inline JobDefinition RandomWalk::make_definition() {
    constexpr std::array<const char*, 4> names{"alpha", "Beta", "gamma 50%", "beta"};
    constexpr std::array<const char*, 3> keys{"", "k1", "k2"};
    JobDefinition job = bench_.job(dice_.pick(names), dice_.pick(walk_tenants));
    job.policies.overlap.concurrency_key = dice_.pick(keys);
    job.action_type = dice_.pick(walk_types);
    if (dice_.chance(30)) job.fixed_delay = 5min + Duration{++moments_};
    if (dice_.chance(20)) job.idempotency_key = "i" + show(dice_.below(3));
    job.spec_fingerprint = dice_.below(2);
    return job;
}

inline JobRun
RandomWalk::make_run(const JobView& job, const KeyState& key, RunTrigger trigger, Instant at, Draft& draft) const {
    constexpr std::array reasons{RunReason::misfired, RunReason::overlapped};
    JobRun run = bench_.run(job.definition, trigger, at);
    run.id = draft.runs.back();
    draft.runs.pop_back();
    run.slots = static_cast<std::uint32_t>(draft.dice.below(3));
    run.skip_when_busy = draft.dice.chance(30);
    run.priority = static_cast<int>(draft.dice.below(3)) - 1;
    if (draft.dice.chance(10)) run.action_type = draft.dice.pick(walk_types);
    if (draft.dice.chance(10)) run.retry_of = key.busy_with;
    if (draft.dice.chance(25)) run.expires_at = now() + 1min * static_cast<int>(draft.dice.below(6)) - 1min;
    if (draft.dice.chance(10)) run.blocked_by = key.busy_with;
    if (trigger != RunTrigger::schedule || draft.dice.chance(60)) return run;
    run.status = JobRunStatus::skipped;
    run.completed_at = now();
    run.reason = draft.dice.pick(reasons);
    if (run.reason == RunReason::overlapped) run.blocked_by = key.busy_with;
    run.occurrences = 1 + draft.dice.below(4'000);
    if (draft.dice.chance(70)) run.last = at + 1ms * static_cast<int>(draft.dice.below(1'000));
    return run;
}

inline AuditEvent RandomWalk::make_event(const JobDefinition& job, AuditVerb verb, const Draft& draft) const {
    AuditEvent event = bench_.event(job, verb);
    event.id = draft.event;
    return event;
}

inline RunTransition RandomWalk::make_transition(Dice& dice) const {
    constexpr std::array statuses{JobRunStatus::completed,
                                  JobRunStatus::completed,
                                  JobRunStatus::failed,
                                  JobRunStatus::timed_out,
                                  JobRunStatus::cancelled,
                                  JobRunStatus::pending};
    RunTransition to = bench_.to(dice.pick(statuses));
    to.executed = dice.chance(80);
    to.not_before = now() + 1min * static_cast<int>(dice.below(3));
    to.give_back_attempt = dice.chance(30);
    if (dice.chance(30)) to.error = "boom";
    if (dice.chance(30)) to.result = JsonText::from_text("{\"n\":1}");
    if (dice.chance(50)) to.duration = 1ms;
    return to;
}

inline ClaimFilter RandomWalk::make_filter() {
    constexpr std::array<std::size_t, 4> starts{1, 2, 4, 5};
    ClaimFilter filter{.action_types = {dice_.pick(walk_types)}};
    if (dice_.chance(70)) filter.action_types = {"mail", "work"};
    if (dice_.chance(40)) {
        filter.limits.per_tenant = dice_.below(4);
        for (const char* type : walk_types) {
            if (dice_.chance(50)) filter.limits.per_type[type] = dice_.below(5);
            if (dice_.chance(20)) filter.limits.rates[type] = {dice_.pick(starts), 1h};
        }
    }
    if (dice_.chance(25)) {
        const std::vector<JobRun> open = open_runs();
        for (std::size_t i = 0; i < 2 && !open.empty(); ++i)
            filter.except_keys.push_back(key_of(open[dice_.below(open.size())]));
    }
    return filter;
}

inline Retention RandomWalk::make_retention() {
    constexpr std::array statuses{JobRunStatus::completed, JobRunStatus::failed, JobRunStatus::skipped};
    Retention retention{.runs = 1h * static_cast<int>(1 + dice_.below(5)),
                        .runs_per_job = 1 + dice_.below(5),
                        .audit = was_set_back_ ? 24h * 365 : 1h * static_cast<int>(1 + dice_.below(5)),
                        .idempotency_keys = 1h * static_cast<int>(dice_.below(3))};
    for (const JobRunStatus status : statuses) {
        if (dice_.chance(20)) retention.by_status[status].age = 1h * static_cast<int>(1 + dice_.below(5));
        if (dice_.chance(20)) retention.by_status[status].per_job = dice_.below(4);
    }
    return retention;
}

// ---- changes of jobs -----------------------------------------------------------------------------------------------

inline JobChange RandomWalk::edit(const JobView& job, const KeyState&, Draft draft) const {
    constexpr std::array statuses{JobStatus::active, JobStatus::active, JobStatus::paused, JobStatus::completed};
    JobDefinition edited = job.definition;
    edited.status = draft.dice.pick(statuses);
    if (draft.dice.chance(30)) edited.policies.overlap.concurrency_key = "k1";
    if (draft.dice.chance(30)) edited.name += "!";
    if (draft.dice.chance(10)) edited.idempotency_key.reset();
    JobChange change = bench_.editing(edited);
    change.event = make_event(edited, AuditVerb::job_updated, draft);
    change.progress = job.progress;
    change.progress->next_run_at.reset();
    if (edited.status == JobStatus::active) change.progress->next_run_at = now() + draft.moment;
    if (draft.dice.chance(10)) return {};
    return change;
}

inline JobChange RandomWalk::trigger(const JobView& job, const KeyState& key, Draft draft) const {
    JobChange change = bench_.adding({make_run(job, key, RunTrigger::manual, now(), draft)});
    if (draft.dice.chance(30)) change.runs.front().idempotency_key = "t" + show(draft.dice.below(2));
    if (draft.dice.chance(20)) change.stop = StopScope::key;
    change.event = make_event(job.definition, AuditVerb::job_triggered, draft);
    return change;
}

/// What a planner might say: runs and skips, oldest first, some of them in the ledger already.
inline JobChange RandomWalk::plan(const JobView& job, const KeyState& key, Draft draft) const {
    if (draft.dice.chance(5)) return {};
    const Instant cursor = job.progress.next_run_at.value_or(now() - 1h);
    JobChange change = bench_.change();
    change.progress = job.progress;
    const std::size_t count = draft.dice.below(4);
    for (std::size_t i = 0; i < count; ++i) {
        const Instant at = cursor + 1s * static_cast<int>(i) - (i == 0 && draft.dice.chance(20) ? 2h : 0h);
        change.runs.push_back(make_run(job, key, RunTrigger::schedule, at, draft));
        const Instant end = last_occurrence(change.runs.back());
        change.progress->high_water = std::max(change.progress->high_water.value_or(end), end);
    }
    if (draft.dice.chance(10)) change.stop = StopScope::key;
    change.progress->next_run_at = now() + 1min * static_cast<int>(draft.dice.below(20)) - 2min + draft.moment;
    if (draft.dice.chance(15)) change.progress->next_run_at.reset();
    change.progress->tzdata_version = draft.dice.pick(walk_versions);
    if (!draft.dice.chance(10)) return change;
    JobDefinition completed = job.definition;
    completed.status = JobStatus::completed;
    change.progress->next_run_at.reset();
    change.definition = std::make_shared<const JobDefinition>(completed);
    change.event = make_event(completed, AuditVerb::job_completed, draft);
    return change;
}

inline JobChange RandomWalk::stop(const JobView& job, const KeyState&, Draft draft) const {
    JobChange change = bench_.change();
    change.stop = draft.dice.chance(50) ? StopScope::key : StopScope::job;
    change.event = make_event(job.definition, AuditVerb::job_paused, draft);
    return change;
}

inline JobChange RandomWalk::remove(const JobView& job, const KeyState&, Draft draft) const {
    JobChange change = bench_.removing(job.definition);
    change.event = make_event(job.definition, AuditVerb::job_deleted, draft);
    return change;
}

} // namespace carillon::testing::contract

#include "carillon/testing/detail/contract_walk_compare.hpp"
#include "carillon/testing/detail/contract_walk_steps.hpp"
