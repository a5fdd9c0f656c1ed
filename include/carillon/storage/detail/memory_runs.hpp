// SPDX-License-Identifier: MIT
// storage/detail/memory_runs.hpp - how MemoryStorage moves runs from pending to their end, and forgets them.
#pragma once

#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <utility>

namespace carillon {

// ---- adding and ending ---------------------------------------------------------------------------------------------

/// Null where the ledger has the occurrence already. A skip row may come back as the row that it extended.
template <class Void>
auto BasicMemoryStorage<Void>::add_run(JobRow& job, JobRun&& run, const std::optional<Instant>& high_water) -> RunRow* {
    const bool scheduled = run.trigger == RunTrigger::schedule;
    if (scheduled) {
        if (high_water && run.scheduled_for <= *high_water) return nullptr;
        if (RunRow* last = job.last_scheduled; last && detail::extends_skip_row(last->run, run)) {
            detail::extend_skip_row(last->run, run);
            return last;
        }
    }
    RunRow& row = runs_[run.id];
    row.run = std::move(run);
    row.job = &job;
    if (scheduled) job.last_scheduled = &row;
    const auto by_id = [](const RunRow* a, const RunRow* b) {
        return a->run.id < b->run.id;
    };
    job.runs.insert(std::upper_bound(job.runs.begin(), job.runs.end(), &row, by_id), &row);
    for (const auto& other : {row.run.blocked_by, row.run.retry_of})
        if (const auto at = other ? runs_.find(*other) : runs_.end(); at != runs_.end()) ++at->second.references;
    if (row.run.idempotency_key) {
        if (!job.triggers_by_key) job.triggers_by_key = std::make_unique<std::unordered_map<std::string, RunRow*>>();
        job.triggers_by_key->emplace(*row.run.idempotency_key, &row);
    }
    if (row.run.status != JobRunStatus::pending) return &row;
    if (scheduled) ++job.unstarted;
    key_row(job, row.run.key).attach(&row);
    queue_.add_delayed(&row);
    news_of_work_ = true;
    return &row;
}

template <class Void>
void BasicMemoryStorage<Void>::stop_runs(JobRow& job, StopScope scope, Instant now) {
    std::vector<RunRow*> affected;
    if (scope == StopScope::key) {
        const KeyRow& key = key_row(job, job.definition->policies.overlap.concurrency_key);
        for (RunRow* row = key.oldest; row; row = row->newer)
            affected.push_back(row);
    } else if (scope == StopScope::job) {
        for (RunRow* row : job.runs)
            if (!is_terminal(row->run.status)) affected.push_back(row);
    }
    const RunReason reason = scope == StopScope::key ? RunReason::cancel_previous : RunReason::deleted;
    for (RunRow* row : affected)
        stop(*row, reason, now);
}

template <class Void>
void BasicMemoryStorage<Void>::stop(RunRow& row, RunReason reason, Instant now) {
    if (row.run.status == JobRunStatus::running) {
        if (row.run.stop_requested) return;
        row.run.stop_requested = true;
        row.run.reason = reason;
        news_of_stop_ = true;
        return;
    }
    RunTransition cancelled;
    cancelled.status = JobRunStatus::cancelled;
    cancelled.reason = reason;
    cancelled.at = now;
    settle(row, cancelled);
}

template <class Void>
void BasicMemoryStorage<Void>::take_from_queue(RunRow& row) {
    switch (row.place) {
    case detail::Place::delayed:
    case detail::Place::ready: queue_.erase(&row); break;
    case detail::Place::waiting: row.key->stop_waiting(&row); break;
    case detail::Place::running: leases_.erase(&row); break;
    case detail::Place::nowhere: break;
    }
    row.place = detail::Place::nowhere;
}

/// Takes an open run along a transition: back into the queue, or to its end.
template <class Void>
void BasicMemoryStorage<Void>::settle(RunRow& row, const RunTransition& to) {
    KeyRow& key = *row.key;
    const bool was_running = row.run.status == JobRunStatus::running;
    take_from_queue(row);
    detail::apply(row.run, to);
    --(was_running ? key.running : key.pending);
    if (row.run.status == JobRunStatus::pending) {
        ++key.pending;
        queue_.add_delayed(&row);
    } else {
        key.detach(&row);
        close(row, to);
    }
    wake_waiting(key);
}

/// What the end of a run means for its job.
template <class Void>
void BasicMemoryStorage<Void>::close(RunRow& row, const RunTransition& to) {
    JobRow& job = *row.job;
    const JobRun& run = row.run;
    const bool scheduled = run.trigger == RunTrigger::schedule;
    if (scheduled && !run.started_at) --job.unstarted;
    if (to.executed) {
        ++job.progress.run_count;
        if (run.status == JobRunStatus::failed || run.status == JobRunStatus::timed_out) ++job.progress.failure_count;
        job.progress.last_run_at = std::max(job.progress.last_run_at, run.started_at);
    }
    const JobDefinition& definition = *job.definition;
    if (!scheduled || !definition.fixed_delay || job.removed) return;
    if (definition.status != JobStatus::active || job.progress.next_run_at) return;
    job.progress.next_run_at = detail::cursor_after_delay(job.progress, to.at, *definition.fixed_delay);
    update_due(job);
}

/// Lets those try again that may be claimed now.
template <class Void>
void BasicMemoryStorage<Void>::wake_waiting(KeyRow& key) {
    for (RunRow* row : key.next_of_waiting()) {
        key.stop_waiting(row);
        queue_.add_delayed(row);
        news_of_work_ = true;
    }
}

// ---- the worker's operations ---------------------------------------------------------------------------------------

namespace detail {
[[nodiscard]] inline Instant due_by(const ClaimRequest& request) {
    return std::min(request.now, request.due_by.value_or(request.now));
}
} // namespace detail

/// Starts the run, or puts it where it does not stand in the way of others.
template <class Void>
bool BasicMemoryStorage<Void>::start_or_park(RunRow& row, const ClaimRequest& request) {
    KeyRow& key = *row.key;
    queue_.erase(&row);
    if (row.run.not_before > detail::due_by(request)) { // the wall clock was set back
        queue_.add_delayed(&row);
        return false;
    }
    if (!key.has_slot(row)) {
        if (!row.run.skip_when_busy) {
            key.wait(&row);
            wake_waiting(key); // one with more slots may go where this one could not
            return false;
        }
        RunRow* blocker = key.oldest_running();
        row.run.blocked_by = blocker->run.id;
        ++blocker->references;
        RunTransition skipped;
        skipped.status = JobRunStatus::skipped;
        skipped.reason = RunReason::overlapped;
        skipped.at = request.now;
        settle(row, skipped);
        return false;
    }
    --key.pending;
    ++key.running;
    JobRun& run = row.run;
    if (run.trigger == RunTrigger::schedule && !run.started_at) {
        --row.job->unstarted;
        ++row.job->progress.started_runs;
    }
    run.status = JobRunStatus::running;
    run.worker = request.worker;
    run.started_at = request.now;
    ++run.fence;
    ++run.attempt;
    row.lease_until = lease_now() + request.lease;
    leases_.push(&row);
    row.place = detail::Place::running;
    return true;
}

template <class Void>
auto BasicMemoryStorage<Void>::claim(const ClaimRequest& request) -> std::vector<ClaimedRun> {
    const WriteLock lock(*this);
    std::vector<ClaimedRun> claimed;
    std::string turn = request.after_tenant;
    queue_.promote(request.action_types, detail::due_by(request));
    while (claimed.size() < request.limit) {
        RunRow* row = queue_.next(request.action_types, turn);
        if (!row) break;
        if (!start_or_park(*row, request)) {
            queue_.promote(request.action_types, detail::due_by(request));
            continue;
        }
        claimed.push_back({row->run, row->job->definition});
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
auto BasicMemoryStorage<Void>::finish(std::vector<RunFinish> finishes) -> std::vector<bool> {
    const WriteLock lock(*this);
    std::vector<bool> accepted;
    accepted.reserve(finishes.size());
    for (const RunFinish& finish : finishes) {
        const auto at = runs_.find(finish.run.id);
        const bool ours = at != runs_.end() && at->second.run.status == JobRunStatus::running &&
                          at->second.run.fence == finish.run.fence;
        if (ours) settle(at->second, finish.to);
        accepted.push_back(ours);
    }
    return accepted;
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
auto BasicMemoryStorage<Void>::next_due(const std::vector<std::string>& action_types) const -> std::optional<Instant> {
    const std::lock_guard lock(mutex_);
    std::optional<Instant> earliest = queue_.next_due(action_types);
    if (!due_.empty() && (!earliest || due_.top()->progress.next_run_at < earliest))
        earliest = due_.top()->progress.next_run_at;
    return earliest;
}

// ---- reading -------------------------------------------------------------------------------------------------------

template <class Void>
auto BasicMemoryStorage<Void>::find_run(const std::string& tenant, const RunId& id) const -> std::optional<JobRun> {
    const std::lock_guard lock(mutex_);
    const auto at = runs_.find(id);
    if (at == runs_.end() || at->second.run.tenant_id != tenant) return std::nullopt;
    return at->second.run;
}

template <class Void>
auto BasicMemoryStorage<Void>::list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const
    -> std::vector<JobRun> {
    const std::lock_guard lock(mutex_);
    std::vector<JobRun> page;
    const auto job = jobs_.find(id);
    if (job == jobs_.end() || job->second.tenant->name != tenant) return page;
    const std::vector<RunRow*>& runs = job->second.runs;
    auto end = runs.end();
    if (query.after)
        end = std::lower_bound(runs.begin(), end, *query.after, [](const RunRow* row, const RunId& run_id) {
            return row->run.id < run_id;
        });
    std::size_t to_skip = query.offset;
    for (auto at = std::make_reverse_iterator(end); at != runs.rend() && page.size() < query.limit; ++at) {
        if (query.status && (*at)->run.status != *query.status) continue;
        if (to_skip > 0)
            --to_skip;
        else
            page.push_back((*at)->run);
    }
    return page;
}

// ---- retention -----------------------------------------------------------------------------------------------------

template <class Void>
void BasicMemoryStorage<Void>::erase_run(RunRow& row) {
    JobRow& job = *row.job;
    if (job.last_scheduled == &row) job.last_scheduled = nullptr;
    if (row.run.idempotency_key && job.triggers_by_key) job.triggers_by_key->erase(*row.run.idempotency_key);
    for (const auto& other : {row.run.blocked_by, row.run.retry_of})
        if (const auto at = other ? runs_.find(*other) : runs_.end(); at != runs_.end() && at->second.references > 0)
            --at->second.references;
    runs_.erase(RunId(row.run.id));
}

template <class Void>
std::size_t
BasicMemoryStorage<Void>::purge_runs(JobRow& job, const Retention& retention, Instant now, std::size_t limit) {
    const auto ended_by = [](const RunRow* row, Instant at) {
        return row->run.completed_at.value_or(row->run.scheduled_for) < at;
    };
    const auto may_go = [&](const RunRow* row) {
        const bool remembered = row->run.idempotency_key && !ended_by(row, now - retention.idempotency_keys);
        return is_terminal(row->run.status) && !remembered;
    };
    const auto old = [&](const RunRow* row) {
        return ended_by(row, now - retention.runs);
    };
    const auto counts = [&](const RunRow* row) {
        return may_go(row) && !old(row) && row->run.status != JobRunStatus::skipped && row->references == 0;
    };
    const auto counted = static_cast<std::size_t>(std::count_if(job.runs.begin(), job.runs.end(), counts));
    std::size_t excess = counted > retention.runs_per_job ? counted - retention.runs_per_job : 0;
    std::size_t deleted = 0;
    std::erase_if(job.runs, [&](RunRow* row) {
        if (deleted == limit || !may_go(row)) return false;
        const bool surplus = excess > 0 && counts(row);
        if (!surplus && !old(row)) return false;
        if (surplus) --excess;
        ++deleted;
        erase_run(*row);
        return true;
    });
    return deleted;
}

template <class Void>
std::size_t BasicMemoryStorage<Void>::purge(const Retention& retention, Instant now, std::size_t limit) {
    const WriteLock lock(*this);
    std::size_t deleted = 0;
    for (auto& [name, tenant] : tenants_) {
        while (deleted < limit && !tenant.audit.empty() && tenant.audit.front().at < now - retention.audit) {
            tenant.audit.pop_front();
            ++deleted;
        }
    }
    auto job = jobs_.find(purge_cursor_);
    if (job == jobs_.end()) job = jobs_.begin();
    for (std::size_t visited = 0; job != jobs_.end() && visited < limit && deleted < limit; ++visited) {
        deleted += purge_runs(job->second, retention, now, limit - deleted);
        if (job->second.removed && job->second.runs.empty())
            job = jobs_.erase(job);
        else
            ++job;
    }
    purge_cursor_ = job == jobs_.end() ? JobId{} : job->first;
    return deleted;
}

} // namespace carillon
