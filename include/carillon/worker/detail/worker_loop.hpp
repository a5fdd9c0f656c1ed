// SPDX-License-Identifier: MIT
// worker/detail/worker_loop.hpp - what a worker's loop does in a turn: renew, plan, claim, clean up, wait.
#pragma once

#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

namespace detail {

/// What rows that a plan adds to the ledger mean.
[[nodiscard]] inline std::vector<Event> planned_events(const std::vector<JobRun>& rows) {
    std::vector<Event> events;
    for (const JobRun& row : rows) {
        if (row.status == JobRunStatus::pending)
            events.emplace_back(RunPlanned{info_of(row), row.scheduled_for, row.not_before});
        else
            events.emplace_back(OccurrencesSkipped{row.job_id,
                                                   row.tenant_id,
                                                   row.action_type,
                                                   row.reason,
                                                   row.scheduled_for,
                                                   row.last.value_or(row.scheduled_for),
                                                   row.occurrences,
                                                   row.count_is_minimum});
    }
    return events;
}

} // namespace detail

template <Storage StorageT>
void Worker<StorageT>::loop() {
    const detail::WorkScope scope(this);
    while (!loop_ends_) {
        const SteadyTime next = turn_or_report();
        if (!loop_ends_) core_->clock->wait_until(wake_, next);
    }
}

/// One turn. Returns when the next one is wanted, unless something wakes the loop before.
template <Storage StorageT>
SteadyTime Worker<StorageT>::turn_or_report() {
    SteadyTime next = core_->clock->steady_now() + detail::longest_wait;
    try {
        const bool progress = turn();
        next = std::min(next, next_turn(progress));
    } catch (...) {
        storage_failed(StorageFailed::While::working);
    }
    return std::min(next, active_.next_deadline());
}

/// Says whether it found something to do. What is due comes before what can wait.
template <Storage StorageT>
bool Worker<StorageT>::turn() {
    stop_overdue();
    renew_and_tell();
    flush_finished();
    if (!claiming_) return false;
    if (stalled_ && !(handover_ && handover_->waiting() > 0)) stalled_ = false;
    return_stalled();
    const bool planned = materialise_due();
    const bool claimed = hand_out();
    renew_and_tell(); // again, where all of that took long: never reap what this worker has in hand
    const bool reaped = core_->clock->steady_now() < next_renewal_.load() && keep_house(detail::rows_per_cleaning);
    storage_answered();
    return planned || claimed || reaped;
}

template <Storage StorageT>
SteadyTime Worker<StorageT>::next_turn(bool progress) const {
    const SteadyTime now = core_->clock->steady_now();
    SteadyTime next = next_renewal_;
    if (next <= now) next = now + detail::longest_wait; // the other thread is about it
    if (!claiming_ || free_slots() == 0) return next;
    const auto due = next_due();
    if (!due) return next;
    const Instant wall = core_->clock->now();
    if (*due <= wall) return progress ? now : std::min(next, now + detail::shortest_wait);
    return std::min(next, now + std::min(*due - wall, detail::longest_wait));
}

/// The second thread of a started worker. It calls the clock and the storage and nothing else: whatever the loop is
/// busy with, a callback on a token, an executor, a report, an audit sink, a handler in place, leases are renewed in
/// time.
template <Storage StorageT>
void Worker<StorageT>::keep_leases() {
    while (!loop_ends_) {
        SteadyTime next = core_->clock->steady_now() + detail::longest_wait;
        try {
            if (renew_leases()) next = stop_news_ ? core_->clock->steady_now() : next_renewal_.load();
        } catch (...) {
            wake_.notify(); // the loop may have left the renewal to this thread: it finds the same now, and tells
        }
        if (active_.any_to_stop()) wake_.notify();
        if (!loop_ends_) core_->clock->wait_until(renewal_, next);
    }
}

/// Renews the leases of all runs if it is time, or if one of them was asked to stop. Which handlers are to stop is only
/// noted. False where another thread is about it: the storage may never answer that.
template <Storage StorageT>
bool Worker<StorageT>::renew_leases() {
    const std::unique_lock lock(renewal_mutex_, std::try_to_lock);
    if (!lock) return false;
    const SteadyTime now = core_->clock->steady_now();
    const bool asked = stop_news_.exchange(false);
    if (!asked && now < next_renewal_.load()) return true;
    try {
        heartbeat_all();
    } catch (...) {
        if (asked) stop_news_ = true;
        // Nobody else may claim these runs before their leases end: stop them while they are still ours. The storage
        // may have taken its time to fail.
        if (core_->clock->steady_now() >= must_be_renewed_by()) active_.interrupt_all();
        throw;
    }
    last_renewal_ = now;
    next_renewal_ = now + options_.heartbeat;
    return true;
}

template <Storage StorageT>
void Worker<StorageT>::heartbeat_all() {
    const std::vector<RunRef> refs = active_.refs();
    if (refs.empty()) return;
    struct Asking {
        std::atomic<SteadyTime>& since;
        ~Asking() { since = SteadyTime::max(); }
    } asking{renewing_since_};
    asking.since = core_->clock->steady_now();
    active_.apply(core_->storage->heartbeat(refs, options_.lease));
}

/// The third thread. It asks the storage nothing: where that does not answer, or where the loop is held up that would
/// tell handlers to stop, it is the one who does, while their runs are still this worker's.
template <Storage StorageT>
void Worker<StorageT>::guard_leases() {
    const detail::WorkScope scope(this);
    while (!loop_ends_) {
        const SteadyTime next = stop_unrenewed();
        if (!loop_ends_) core_->clock->wait_until(guard_, next);
    }
}

/// Says when to look again. A renewal has a second after the machine has slept: there is nothing wrong then.
template <Storage StorageT>
SteadyTime Worker<StorageT>::stop_unrenewed() {
    const SteadyTime now = core_->clock->steady_now();
    if (now < must_be_renewed_by()) return must_be_renewed_by();
    const SteadyTime asked = renewing_since_;
    if (asked < now && now - asked >= detail::longest_wait) active_.interrupt_all();
    fire_stops();
    return now + detail::longest_wait;
}

/// What the loop does about leases: it renews them as well, since it must not reap before, and tells handlers.
template <Storage StorageT>
void Worker<StorageT>::renew_and_tell() {
    try {
        renew_leases();
    } catch (...) {
        fire_stops();
        throw;
    }
    fire_stops();
}

/// Takes over what other workers have abandoned, and forgets what is too old. Says whether it took something over.
template <Storage StorageT>
bool Worker<StorageT>::keep_house(std::size_t most_rows) {
    const SteadyTime now = core_->clock->steady_now();
    if (now < next_cleaning_.load()) return false;
    next_cleaning_ = now + options_.heartbeat;
    const Instant wall = clock_.now();
    const auto reaped = core_->storage->reap(
        most_rows, [&](const JobRun& run, const JobDefinition& job) { return after_abandon(run, job.policies, wall); });
    for (const JobRun& run : reaped) {
        observers_.tell(RunAbandoned{info_of(run), run.status, run.abandons});
        tell_end(run);
        if (run.status == JobRunStatus::failed) pause_after_failures(run.tenant_id, run.job_id);
    }
    if (!may_plan()) return !reaped.empty();
    const std::size_t expired = end_expired(wall, most_rows);
    const std::size_t purged = core_->storage->purge(options_.retention, wall, most_rows);
    if (purged > 0 && observers_.listening()) observers_.tell(Purged{purged});
    const std::size_t revised = revise_cursors(wall, most_rows);
    const bool more = std::max({reaped.size(), expired, purged, revised}) >= most_rows;
    if (more) next_cleaning_ = now;
    return !reaped.empty() || revised > 0;
}

/// Ends pending runs whose time is up, for which nobody had time; returns how many.
template <Storage StorageT>
std::size_t Worker<StorageT>::end_expired(Instant now, std::size_t most_runs) {
    const std::vector<JobRun> expired = core_->storage->expire(now, most_runs);
    take_ended(expired);
    return expired.size();
}

/// Runs that the storage has ended while they were pending: tells, and sees to what an end means for a job.
template <Storage StorageT>
void Worker<StorageT>::take_ended(const std::vector<JobRun>& ended) {
    for (const JobRun& run : ended) {
        tell_end(run);
        if (run.status == JobRunStatus::timed_out && run.attempt > 0) pause_after_failures(run.tenant_id, run.job_id);
    }
}

/// Of a run that ended without a handler of this worker, if it ended.
template <Storage StorageT>
void Worker<StorageT>::tell_end(const JobRun& run) const {
    if (!is_terminal(run.status) || !observers_.listening()) return;
    RunEnded event{info_of(run), run.status, run.reason};
    event.error = run.error.value_or("");
    observers_.tell(event);
}

/// Computes cursors again that come from a time zone database before ours; returns how many.
template <Storage StorageT>
std::size_t Worker<StorageT>::revise_cursors(Instant now, std::size_t most_jobs) {
    const MaterialiseResult result =
        core_->storage->revise_cursors(core_->tzdata_version(), most_jobs, [&](const JobView& job, const KeyState&) {
            return core_->revise_cursor(job, now);
        });
    tell_audited(result.events);
    return result.jobs;
}

template <Storage StorageT>
void Worker<StorageT>::tell_audited(const std::vector<AuditEvent>& events) const {
    for (const AuditEvent& event : events) {
        core_->sinks.emit(event);
        tell_halted(event);
    }
}

/// Whether the clock is good enough for what cannot be undone: planning, and deleting. Tells what became of it.
template <Storage StorageT>
bool Worker<StorageT>::may_plan() {
    if (clock_.wants_check()) clock_.check(core_->storage->next_due({}, clock_.now())); // of jobs alone
    for (const ClockStep& step : clock_.take_steps())
        observers_.tell(step);
    return clock_.may_plan();
}

/// Plans one batch of the jobs that are due.
template <Storage StorageT>
MaterialiseResult Worker<StorageT>::materialise(Instant now, std::size_t most_jobs) {
    if (!may_plan()) return {};
    const std::vector<std::string> types = action_types();
    std::set<std::string> unhandled;
    std::map<JobId, std::vector<Event>> planned; // the storage may ask again: its last answer counts
    MaterialiseResult result =
        core_->storage->materialise(now, most_jobs, [&](const JobView& job, const KeyState& key) {
            const std::string& type = job.definition.action_type;
            if (!std::binary_search(types.begin(), types.end(), type)) unhandled.insert(type);
            JobChange change = core_->plan_due(job, key, now);
            if (observers_.listening()) planned[job.definition.id] = detail::planned_events(change.runs);
            return change;
        });
    for (const auto& [job, events] : planned)
        for (const Event& event : events)
            observers_.tell(event);
    take_ended(result.ended);
    tell_audited(result.events);
    tell_unhandled(unhandled);
    return result;
}

/// Plans all jobs that are due, unless leases have to be renewed first. Says whether there was one.
template <Storage StorageT>
bool Worker<StorageT>::materialise_due() {
    const Instant now = clock_.now();
    std::size_t jobs = 0;
    do
        jobs = materialise(now, detail::jobs_per_plan).jobs;
    while (jobs == detail::jobs_per_plan && claiming_ && core_->clock->steady_now() < next_renewal_.load());
    return jobs > 0;
}

template <Storage StorageT>
void Worker<StorageT>::tell_unhandled(const std::set<std::string>& types) {
    for (const std::string& type : types) {
        {
            const std::lock_guard lock(mutex_);
            if (unhandled_.size() >= detail::most_unhandled || !unhandled_.insert(type).second) continue;
        }
        observers_.tell(UnknownActionType{type});
    }
}

/// What it has ended is still to be told: not under a lock.
template <Storage StorageT>
ClaimResult Worker<StorageT>::claim(std::size_t limit, Duration lease, std::optional<Instant> due_by) {
    ClaimRequest request;
    request.worker = options_.name;
    request.filter = claim_filter();
    request.limit = limit;
    request.lease = lease;
    request.now = clock_.now();
    if (due_by) request.due_by = std::min(*due_by, request.now);
    {
        const std::lock_guard lock(mutex_);
        request.after_tenant = last_tenant_;
    }
    ClaimResult claimed = core_->storage->claim(request);
    if (claimed.runs.empty()) return claimed;
    const std::lock_guard lock(mutex_);
    last_tenant_ = claimed.runs.back().run.tenant_id;
    return claimed;
}

/// Claims for the free threads and, where handlers are quick, a little ahead. Says whether there was a run.
template <Storage StorageT>
bool Worker<StorageT>::hand_out() {
    bool progress = false;
    for (std::size_t free = free_slots(); free > 0; free = free_slots()) {
        const std::size_t count = claim_ahead(free);
        if (count == 0) break;
        progress = true;
        post_executions();
        if (count < free) break;
    }
    return progress;
}

/// Without an executor the queue is left to whoever steps this worker. Where the executor fails, the runs are given
/// back like those that it does not begin.
template <Storage StorageT>
void Worker<StorageT>::post_executions() {
    if (!handover_) return;
    try {
        handover_->post(active_.queue_state().waiting);
    } catch (...) {
        observers_.tell(ExecutorFailed{detail::caught_text()});
    }
}

/// Queues up to `limit` runs for the threads; returns how many.
template <Storage StorageT>
std::size_t Worker<StorageT>::claim_ahead(std::size_t limit) {
    ClaimResult claimed;
    std::size_t count = 0;
    {
        const std::lock_guard lock(claim_mutex_);
        if (!claiming_) return 0;
        claimed = claim(limit, options_.lease);
        count = claimed.runs.size();
        active_.add(std::move(claimed.runs));
    }
    take_ended(claimed.ended);
    return count;
}

/// Gives back what was claimed ahead of handlers that turned out to be slow, or of an executor that has no time for it:
/// other workers may.
template <Storage StorageT>
void Worker<StorageT>::return_stalled() {
    const SteadyTime now = core_->clock->steady_now();
    const detail::QueueState queue = active_.queue_state();
    const bool nobody_free = queue.executing >= options_.threads || options_.executor;
    if (queue.waiting == 0 || !nobody_free || queue.takes != queue_takes_) {
        queue_takes_ = queue.takes;
        queue_moved_at_ = now;
    } else if (now - queue_moved_at_ >= detail::longest_wait) {
        typical_microseconds_ = detail::slow_microseconds;
        stalled_ = true;
        give_back_waiting();
    }
}

/// How many runs to claim now: none while half of what there is room for still waits, so that quick handlers are
/// served in large batches and the loop sleeps between them.
template <Storage StorageT>
std::size_t Worker<StorageT>::free_slots() const {
    if (stalled_) return 0;
    const std::int64_t each = std::max<std::int64_t>(typical_microseconds_, 1);
    const auto ahead = static_cast<std::size_t>(detail::prefetch_microseconds / each) * options_.threads;
    const std::size_t slots = options_.threads + std::min(ahead, detail::most_prefetched);
    const detail::QueueState queue = active_.queue_state();
    if (queue.waiting >= std::max(options_.threads, slots / 2)) return 0;
    return slots > queue.held ? slots - queue.held : 0;
}

} // namespace carillon
