// SPDX-License-Identifier: MIT
// testing/detail/sim_oracle_policies.hpp - how the oracle of a simulation judges by a job's policies: what was decided
// about an occurrence, and where a run went after its handler.
#pragma once

#include "carillon/testing/detail/sim_oracle.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::sim {

// ---- occurrences ---------------------------------------------------------------------------------------------------

/// Whether a handler, or the overlap policy, had its say: the misfire policy let the occurrence fire.
[[nodiscard]] inline bool has_fired(const JobRun& row) {
    return row.status == JobRunStatus::pending || row.reason == RunReason::overlapped ||
           row.reason == RunReason::queue_full || row.reason == RunReason::cancel_previous;
}

inline void Oracle::check_misfires(const DecidedChange& decided) const {
    const MisfireOptions& misfire = decided.before->policies.misfire;
    const Instant late_before = decided.change.at - misfire.grace;
    const Instant old_before = decided.change.at - misfire.window;
    bool fired_late = false;
    bool skipped_late = false;
    for (const JobRun& row : decided.change.runs) {
        if (row.trigger != RunTrigger::schedule) continue;
        const bool late = row.scheduled_for < late_before;
        if (row.reason == RunReason::misfired) {
            require(*row.last < late_before, [&] { return name(row) + ": its last is on time, and misfired"; });
            if (*row.last < old_before) continue; // every policy skips those
            require(misfire.policy != MisfirePolicy::fire_all,
                    [&] { return name(row) + " is skipped, and each should fire"; });
            const bool latest = misfire.policy == MisfirePolicy::fire_latest;
            require(!latest || !fired_late,
                    [&] { return name(row) + " is skipped behind one that fires, and is later"; });
            const bool earliest = misfire.policy == MisfirePolicy::fire_earliest;
            require(!earliest || fired_late, [&] { return name(row) + " is skipped, and the earliest should fire"; });
            skipped_late = true;
        } else if (has_fired(row)) {
            require(row.scheduled_for >= old_before, [&] { return name(row) + " fires, and is too old"; });
            require(!late || misfire.policy != MisfirePolicy::skip,
                    [&] { return name(row) + " fires late, and should be skipped"; });
            const bool one_of_many = late && fired_late && misfire.policy != MisfirePolicy::fire_all;
            require(!one_of_many || row.status == JobRunStatus::skipped,
                    [&] { return name(row) + " fires late beside another"; });
            fired_late = true;
        }
    }
    require(!skipped_late || fired_late || misfire.policy != MisfirePolicy::fire_latest,
            [&] { return "job \"" + decided.before->name + "\": none fires of those that it missed"; });
}

/// What the storage said about the key, and what the job's overlap policy makes of that for the first row that asks.
inline void Oracle::check_overlap(const DecidedChange& decided) const {
    const JobDefinition& job = *decided.before;
    const OverlapOptions& overlap = job.policies.overlap;
    const KeyName key{job.tenant_id, overlap.concurrency_key, overlap.concurrency_key.empty() ? job.id : JobId{}};
    const std::size_t busy = decided.key.busy();
    require(!decided.first_of_call || busy == open_of(key), [&] {
        return "job \"" + job.name + "\": its key has " + std::to_string(open_of(key)) +
               " open runs, and it was told of " + std::to_string(busy);
    });
    const auto& runs = decided.change.runs;
    const auto first = std::find_if(runs.begin(), runs.end(), has_fired);
    if (first == runs.end()) return;
    const bool catches_up = first->trigger == RunTrigger::schedule &&
                            job.policies.misfire.policy == MisfirePolicy::fire_all && decided.key.unstarted > 0;
    if (catches_up) return; // such runs queue behind each other whatever the policy
    const bool refused = first->reason == RunReason::overlapped || first->reason == RunReason::queue_full;
    require(refused == is_refused(overlap, busy), [&] {
        return name(*first) + (refused ? " was refused" : " was let in") + " beside " + std::to_string(busy) +
               " others";
    });
}

inline std::size_t Oracle::open_of(const KeyName& key) const {
    const auto count =
        std::count_if(open_.begin(), open_.end(), [&](const RunId& id) { return key_name(runs_.at(id).row) == key; });
    return static_cast<std::size_t>(count);
}

inline bool Oracle::is_refused(const OverlapOptions& overlap, std::size_t busy) {
    switch (overlap.policy) {
    case OverlapPolicy::skip: return busy > 0;
    case OverlapPolicy::queue_one: return busy > 1;
    case OverlapPolicy::queue_all: return busy > 100;
    case OverlapPolicy::allow: return overlap.limit > 0 && busy >= overlap.limit;
    case OverlapPolicy::cancel_previous: return false;
    }
    return false;
}

/// So many failures in a row pause the job instead of planning more of it.
inline void Oracle::check_failures(const Job& job, const DecidedChange& decided) const {
    const std::size_t most = decided.before->policies.pause_after_failures;
    require(decided.progress_before.consecutive_failures == job.consecutive_failures,
            [&] { return "job \"" + decided.before->name + "\" has had other failures in a row than the ledger"; });
    if (most == 0 || job.consecutive_failures < most) return;
    for (const JobRun& run : decided.change.runs)
        require(run.trigger != RunTrigger::schedule || !has_fired(run),
                [&] { return name(run) + " fires after " + std::to_string(job.consecutive_failures) + " failures"; });
}

// ---- after a handler -----------------------------------------------------------------------------------------------

/// `run` is as it was, `to` what a finish made of it at `at`.
inline void Oracle::check_finish(const Run& run, const JobRun& to, Instant at) const {
    using Kind = HandlerOutcome::Kind;
    const JobRun& from = run.row;
    const auto outcome = outcomes_.find({from.id, from.fence});
    const bool entered = run.entered.contains(from.fence);
    const bool back = to.status == JobRunStatus::pending;
    const std::string status = " and is " + std::string(to_string(to.status));
    require(!back || !from.stop_requested, [&] { return name(from) + " was asked to stop and goes on"; });
    if (to.status == JobRunStatus::completed)
        require(outcome != outcomes_.end() && outcome->second.kind == Kind::returned,
                name(from) + " is completed, and no handler returned");
    if (!entered) return check_given_back(from, to);
    if (outcome == outcomes_.end()) return check_failed(run, to, at); // it took too long
    // A worker that cannot renew interrupts its handlers, and what they do then is no failure of theirs.
    const bool once = run.claimed_job->policies.delivery == DeliveryMode::at_most_once;
    const bool interrupted = outcome->second.asked_to_stop && !once && to.attempt < from.attempt;
    switch (outcome->second.kind) {
    case Kind::returned:
        require(to.status == JobRunStatus::completed, [&] { return name(from) + " was executed" + status; });
        break;
    case Kind::threw_permanent: require(!back, [&] { return name(from) + " failed for good" + status; }); break;
    case Kind::snoozed: check_given_back(from, to); break;
    case Kind::threw: interrupted ? check_given_back(from, to) : check_failed(run, to, at); break;
    }
}

/// The attempt does not count.
inline void Oracle::check_given_back(const JobRun& from, const JobRun& to) const {
    const bool back = to.status == JobRunStatus::pending;
    const bool may_end = from.stop_requested || to.reason == RunReason::total_timeout;
    require(back || may_end,
            [&] { return name(from) + " was given back and is " + std::string(to_string(to.status)); });
    require(to.attempt + 1 == from.attempt, [&] { return name(from) + " was given back and lost an attempt"; });
}

inline void Oracle::check_failed(const Run& run, const JobRun& to, Instant at) const {
    const JobRun& from = run.row;
    const RetryOptions& retry = run.claimed_job->policies.retry;
    const bool once = run.claimed_job->policies.delivery == DeliveryMode::at_most_once;
    const bool may_repeat = !once && from.attempt < retry.max_attempts;
    const std::string attempt = name(from) + " failed at attempt " + std::to_string(from.attempt);
    require(to.attempt == from.attempt, [&] { return attempt + ", and that did not count"; });
    if (to.status != JobRunStatus::pending) {
        const bool may_end = !may_repeat || from.stop_requested || to.reason == RunReason::total_timeout;
        return require(may_end, [&] { return attempt + ", and was not tried again"; });
    }
    require(may_repeat, [&] { return attempt + ", and is tried again"; });
    double delay = static_cast<double>(retry.initial.count());
    for (std::uint32_t n = 1; n < from.attempt; ++n)
        delay *= retry.factor;
    delay = std::min(delay, static_cast<double>(retry.max_delay.count())) * (1.0 - retry.jitter);
    require(to.not_before >= at + Duration{static_cast<Duration::rep>(delay)},
            [&] { return attempt + ", and does not wait"; });
}

/// Its worker has disappeared.
inline void Oracle::check_abandon(const Run& run, const JobRun& to) const {
    const JobRun& from = run.row;
    const std::size_t most = jobs_.at(from.job_id).definition->policies.max_abandons;
    require(to.abandons == from.abandons + 1, [&] { return name(from) + " was abandoned, and that did not count"; });
    if (from.delivery == DeliveryMode::at_most_once)
        return require(to.status == JobRunStatus::failed && to.reason == RunReason::outcome_unknown,
                       [&] { return name(from) + " is delivered at most once, and was abandoned without ending"; });
    if (to.abandons < most) return check_given_back(from, to);
    require(to.status == JobRunStatus::failed && to.reason == RunReason::abandoned,
            [&] { return name(from) + " was abandoned " + std::to_string(to.abandons) + " times without ending"; });
}

} // namespace carillon::testing::sim
