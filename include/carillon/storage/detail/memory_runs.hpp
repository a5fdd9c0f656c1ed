// SPDX-License-Identifier: MIT
// storage/detail/memory_runs.hpp - how MemoryStorage adds runs, takes them to their end, and finds them.
#pragma once

#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace carillon {

// ---- adding and ending ---------------------------------------------------------------------------------------------

/// Null where the ledger has the occurrence already. A skip row may come back as the row that it extended.
template <class Void>
auto BasicMemoryStorage<Void>::add_run(JobRow& job, JobRun&& run, const std::optional<Instant>& high_water) -> RunRow* {
    const bool scheduled = run.trigger == RunTrigger::schedule;
    const auto place = scheduled ? job.behind(run.scheduled_for) : job.ledger.end();
    if (scheduled) {
        if (high_water && run.scheduled_for <= *high_water) return nullptr;
        RunRow* before = job.row_before(place);
        if (before && before->run.scheduled_for == run.scheduled_for) return nullptr;
        if (before && extends_skip_row(before->run, run)) {
            extend_skip_row(before->run, run);
            return before;
        }
    }
    RunRow& row = runs_[run.id];
    row.run = std::move(run);
    row.job = &job;
    if (scheduled) job.ledger.insert(place, &row);
    const auto by_id = [](const RunRow* a, const RunRow* b) {
        return a->run.id < b->run.id;
    };
    job.runs.insert(std::upper_bound(job.runs.begin(), job.runs.end(), &row, by_id), &row);
    RunsByTime& listed = job.tenant->runs_like(row.run);
    row.listed = listed.insert(listed.end(), &row); // nearly always its place
    count_reference(row.run.blocked_by, 1);
    count_reference(row.run.retry_of, 1);
    if (row.run.idempotency_key) {
        if (!job.triggers_by_key) job.triggers_by_key = std::make_unique<std::unordered_map<std::string, RunRow*>>();
        job.triggers_by_key->emplace(*row.run.idempotency_key, &row);
    }
    if (row.run.status != JobRunStatus::pending) return &row;
    if (scheduled) ++job.unstarted;
    key_row(job, row.run.key).attach(&row);
    row.type = queue_.type_row(row.run.action_type);
    enqueue(row);
    news_of_work_ = true;
    return &row;
}

/// A run names another one, or (-1) does so no more. The other may have gone, or come after it.
template <class Void>
void BasicMemoryStorage<Void>::count_reference(const std::optional<RunId>& to, int change) {
    if (!to) return;
    const auto at = runs_.find(*to);
    if (at != runs_.end() && static_cast<int>(at->second.references) + change >= 0)
        at->second.references = static_cast<std::uint32_t>(static_cast<int>(at->second.references) + change);
}

template <class Void>
void BasicMemoryStorage<Void>::rewind(JobRow& job, Instant to) {
    const auto behind = job.behind(to);
    if (behind != job.ledger.begin())
        if (RunRow* last = *std::prev(behind); last_occurrence(last->run) > to) cut_skip_row(last->run, to);
    for (auto row = behind; row != job.ledger.end(); ++row)
        if (never_started((*row)->run)) mark_gone(**row);
    erase_gone(job);
    job.progress.purged_until = std::min(job.progress.purged_until, std::optional(to));
}

template <class Void>
void BasicMemoryStorage<Void>::stop_runs(JobRow& job, StopScope scope, Instant now, std::vector<JobRun>& ended) {
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
    for (RunRow* row : affected) {
        stop(*row, reason, now);
        if (is_terminal(row->run.status)) ended.push_back(row->run);
    }
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

/// A pending run.
template <class Void>
void BasicMemoryStorage<Void>::enqueue(RunRow& row) {
    queue_.add_delayed(&row);
    if (row.run.expires_at) expiries_.push(&row);
}

template <class Void>
void BasicMemoryStorage<Void>::take_from_queue(RunRow& row) {
    switch (row.place) {
    case detail::Place::delayed:
    case detail::Place::ready: queue_.erase(&row); break;
    case detail::Place::waiting: row.key->stop_waiting(&row); break;
    case detail::Place::running: leases_.erase(&row); break;
    case detail::Place::nowhere:
    case detail::Place::gone: break;
    }
    row.place = detail::Place::nowhere;
    if (row.expiry_position != detail::not_in_heap) expiries_.erase(&row);
}

/// Takes an open run along a transition: back into the queue, or to its end.
template <class Void>
void BasicMemoryStorage<Void>::settle(RunRow& row, const RunTransition& to) {
    KeyRow& key = *row.key;
    const bool was_running = row.run.status == JobRunStatus::running;
    take_from_queue(row);
    apply(row.run, to);
    --(was_running ? key.running : key.pending);
    if (was_running && queue_.count_end(row)) news_of_work_ = true;
    if (row.run.status == JobRunStatus::pending) {
        ++key.pending;
        enqueue(row);
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
    RunsByTime& ended = job.tenant->ended_runs;
    row.listed = ended.insert(ended.end(), job.tenant->open_runs.extract(row.listed));
    const bool scheduled = row.run.trigger == RunTrigger::schedule;
    if (scheduled && !row.run.started_at) --job.unstarted;
    count_end(job.progress, row.run, to);
    update_failing(job);
    const JobDefinition& definition = *job.definition;
    if (!scheduled || !definition.fixed_delay || job.removed) return;
    if (definition.status != JobStatus::active || job.progress.next_run_at) return;
    job.progress.next_run_at = cursor_after_delay(job.progress, to.at, *definition.fixed_delay);
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

// ---- reading -------------------------------------------------------------------------------------------------------

template <class Void>
auto BasicMemoryStorage<Void>::find_run(const std::string& tenant, const RunId& id) const -> std::optional<JobRun> {
    const std::lock_guard lock(mutex_);
    const auto at = runs_.find(id);
    if (at == runs_.end() || at->second.run.tenant_id != tenant) return std::nullopt;
    return at->second.run;
}

template <class Void>
auto BasicMemoryStorage<Void>::find_occurrence(const std::string& tenant, const JobId& id, Instant at) const
    -> std::optional<JobRun> {
    const std::lock_guard lock(mutex_);
    const auto job = jobs_.find(id);
    if (job == jobs_.end() || job->second.tenant->name != tenant) return std::nullopt;
    const auto behind = job->second.behind(at);
    if (behind == job->second.ledger.begin()) return std::nullopt;
    const JobRun& row = (*std::prev(behind))->run;
    return last_occurrence(row) < at ? std::nullopt : std::optional(row);
}

} // namespace carillon
