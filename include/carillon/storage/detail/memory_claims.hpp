// SPDX-License-Identifier: MIT
// storage/detail/memory_claims.hpp - what MemoryStorage does for workers: claim, heartbeat, finish, reap, expire.
#pragma once

#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <utility>

namespace carillon {

/// Null where no run of the key has ever been there.
template <class Void>
auto BasicMemoryStorage<Void>::find_key(const KeyRef& ref) const -> const KeyRow* {
    if (ref.key.empty()) {
        const auto job = jobs_.find(ref.job);
        return job == jobs_.end() ? nullptr : &job->second.own_key;
    }
    const auto tenant = tenants_.find(ref.tenant);
    if (tenant == tenants_.end()) return nullptr;
    const auto key = tenant->second.keys.find(ref.key);
    return key == tenant->second.keys.end() ? nullptr : key->second.get();
}

template <class Void>
auto BasicMemoryStorage<Void>::reach_of(const ClaimFilter& filter) const -> Reach {
    std::vector<const KeyRow*> except_keys;
    for (const KeyRef& ref : filter.except_keys)
        if (const KeyRow* key = find_key(ref)) except_keys.push_back(key);
    return queue_.reach(filter, std::move(except_keys), lease_now());
}

/// Starts the run, or puts it where it does not stand in the way of others.
template <class Void>
bool BasicMemoryStorage<Void>::start_or_park(RunRow& row,
                                             const ClaimRequest& request,
                                             Reach& reach,
                                             std::vector<JobRun>& ended) {
    KeyRow& key = *row.key;
    if (row.run.not_before > due_by(request)) { // the wall clock was set back
        queue_.erase(&row);
        queue_.add_delayed(&row);
        return false;
    }
    if (has_expired(row.run, request.now)) {
        settle(row, total_timeout(row.run, request.now));
        ended.push_back(row.run);
        return false;
    }
    if (key.has_slot(row)) {
        start(row, request, reach);
        return true;
    }
    if (!row.run.skip_when_busy) {
        queue_.erase(&row);
        key.wait(&row);
        wake_waiting(key); // one with more slots may go where this one could not
        return false;
    }
    RunRow* blocker = key.oldest_running();
    count_reference(row.run.blocked_by, -1);
    row.run.blocked_by = blocker->run.id;
    ++blocker->references;
    RunTransition skipped;
    skipped.status = JobRunStatus::skipped;
    skipped.reason = RunReason::overlapped;
    skipped.at = request.now;
    settle(row, skipped);
    ended.push_back(row.run);
    return false;
}

template <class Void>
void BasicMemoryStorage<Void>::start(RunRow& row, const ClaimRequest& request, Reach& reach) {
    take_from_queue(row);
    --row.key->pending;
    ++row.key->running;
    JobRun& run = row.run;
    if (run.trigger == RunTrigger::schedule && !run.started_at) {
        --row.job->unstarted;
        ++row.job->progress.started_runs;
    }
    run.status = JobRunStatus::running;
    run.worker = request.worker;
    run.started_at = request.now;
    count_reference(run.blocked_by, -1);
    run.blocked_by.reset();
    ++run.fence;
    ++run.attempt;
    run.delivery = row.job->definition->policies.delivery;
    row.lease_until = reach.now + request.lease;
    leases_.push(&row);
    row.place = detail::Place::running;
    queue_.count_start(reach, row);
}

template <class Void>
auto BasicMemoryStorage<Void>::claim(const ClaimRequest& request) -> ClaimResult {
    const WriteLock lock(*this);
    ClaimResult claimed;
    claimed.runs.reserve(std::min(request.limit, runs_.size()));
    std::string turn = request.after_tenant;
    Reach reach = reach_of(request.filter);
    queue_.close_types(reach);
    queue_.promote(reach, due_by(request));
    while (claimed.runs.size() < request.limit) {
        RunRow* row = queue_.next(reach, turn);
        if (!row) break;
        if (!start_or_park(*row, request, reach, claimed.ended)) {
            queue_.promote(reach, due_by(request));
            continue;
        }
        claimed.runs.push_back({row->run, row->job->definition});
        turn = row->run.tenant_id;
    }
    return claimed;
}

template <class Void>
auto BasicMemoryStorage<Void>::heartbeat(const std::vector<RunRef>& runs, Duration lease)
    -> std::vector<HeartbeatAnswer> {
    const WriteLock lock(*this);
    std::vector<HeartbeatAnswer> answers;
    for (const RunRef& ref : runs) {
        const auto at = runs_.find(ref.id);
        if (at == runs_.end() || at->second.run.status != JobRunStatus::running || at->second.run.fence != ref.fence) {
            answers.push_back({.run = ref, .lost = true});
            continue;
        }
        at->second.lease_until = lease_now() + lease;
        leases_.update(&at->second);
        if (at->second.run.stop_requested) answers.push_back({.run = ref, .stop_requested = true});
    }
    return answers;
}

template <class Void>
auto BasicMemoryStorage<Void>::finish(std::vector<RunFinish> finishes) -> std::vector<FinishAnswer> {
    const WriteLock lock(*this);
    std::vector<FinishAnswer> answers;
    answers.reserve(finishes.size());
    for (const RunFinish& finish : finishes) {
        const auto at = runs_.find(finish.run.id);
        const bool ours = at != runs_.end() && at->second.run.status == JobRunStatus::running &&
                          at->second.run.fence == finish.run.fence;
        FinishAnswer& answer = answers.emplace_back();
        if (!ours) continue;
        settle(at->second, finish.to);
        answer = {true, at->second.run.status, at->second.run.reason};
    }
    return answers;
}

template <class Void>
auto BasicMemoryStorage<Void>::reap(std::size_t limit, const AfterAbandon& after_abandon) -> std::vector<JobRun> {
    const WriteLock lock(*this);
    std::vector<JobRun> reaped;
    const SteadyTime now = lease_now();
    while (reaped.size() < limit && !leases_.empty() && leases_.top()->lease_until <= now) {
        RunRow& row = *leases_.top();
        settle(row, after_abandon(row.run, *row.job->definition));
        reaped.push_back(row.run);
    }
    if (!reaped.empty()) news_of_work_ = true;
    return reaped;
}

template <class Void>
auto BasicMemoryStorage<Void>::expire(Instant now, std::size_t limit) -> std::vector<JobRun> {
    const WriteLock lock(*this);
    std::vector<JobRun> expired;
    while (expired.size() < limit && !expiries_.empty() && has_expired(expiries_.top()->run, now)) {
        RunRow& row = *expiries_.top();
        settle(row, total_timeout(row.run, now));
        expired.push_back(row.run);
    }
    return expired;
}

template <class Void>
auto BasicMemoryStorage<Void>::modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change)
    -> std::optional<RunWrite> {
    const WriteLock lock(*this);
    const auto at = runs_.find(id);
    if (at == runs_.end() || at->second.run.tenant_id != tenant) return std::nullopt;
    RunRow& row = at->second;
    RunChange wanted = change(row.run);
    RunWrite out;
    if (wanted.transition && !is_terminal(row.run.status)) settle(row, *wanted.transition);
    if (wanted.request_stop && row.run.status == JobRunStatus::running) stop(row, wanted.stop_reason, {});
    if (wanted.event) {
        if (!row.job->removed) wanted.event->before = wanted.event->after = row.job->definition;
        record(*row.job->tenant, *wanted.event);
        out.event = std::move(wanted.event);
    }
    out.run = row.run;
    return out;
}

template <class Void>
auto BasicMemoryStorage<Void>::next_due(const ClaimFilter& filter, Instant now) const -> std::optional<Instant> {
    const std::lock_guard lock(mutex_);
    std::optional<Instant> earliest = queue_.next_due(reach_of(filter), now);
    if (!due_.empty() && (!earliest || due_.top()->progress.next_run_at < earliest))
        earliest = due_.top()->progress.next_run_at;
    return earliest;
}

} // namespace carillon
