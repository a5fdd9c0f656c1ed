// SPDX-License-Identifier: MIT
// worker/detail/worker_runs.hpp - a run in a worker's hands: its handler is called, what became of it is stored.
#pragma once

#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

template <Storage StorageT>
void Worker<StorageT>::execute_waiting() {
    const detail::WorkScope scope(this);
    while (ActiveRun* run = active_.take())
        execute(*run, options_.lease);
    if (stalled_) wake_.notify(); // there is time again
}

template <Storage StorageT>
void Worker<StorageT>::execute(ActiveRun& active, Duration lease) {
    const auto handler = begin(active);
    if (!handler) return;
    RunContext context = context_of(active, lease);
    conclude(active, call_handler(*handler, context));
}

/// The handler to call for a run that was taken; null where the run has ended without having begun.
template <Storage StorageT>
std::shared_ptr<const Handler> Worker<StorageT>::begin(ActiveRun& active) {
    const SteadyTime now = core_->clock->steady_now();
    const detail::Deadline deadline = deadline_of(active.claimed, now);
    auto handler = handler_of(active.claimed.run.action_type);
    const Instant wall = clock_.now();
    const bool too_early = wall < active.claimed.run.scheduled_for; // the clock was set back since the claim
    const bool too_late = deadline.at <= now;                       // the storage ends the run when it is back
    if (!handler || too_early || too_late || active.stop.stop_requested()) {
        active_.end(active, now);
        finish({{active.ref(), release(active.claimed.run, wall)}});
        return nullptr;
    }
    active_.begin(active, now, deadline);
    if (deadline.at < now + detail::longest_wait) wake_.notify(); // the loop may sleep longer than that
    return handler;
}

/// When the handler of a run that begins now shall stop.
template <Storage StorageT>
detail::Deadline Worker<StorageT>::deadline_of(const ClaimedRun& claimed, SteadyTime now) const {
    const TimeoutOptions& timeout = claimed.job->policies.timeout;
    detail::Deadline deadline;
    deadline.grace = timeout.grace;
    if (timeout.attempt) {
        deadline.at = now + *timeout.attempt;
        deadline.cause = StopCause::attempt_timeout;
    }
    if (!claimed.run.expires_at) return deadline;
    const SteadyTime end = now + (*claimed.run.expires_at - clock_.now());
    if (end < deadline.at) {
        deadline.at = end;
        deadline.cause = StopCause::total_timeout;
    }
    return deadline;
}

template <Storage StorageT>
RunContext Worker<StorageT>::context_of(ActiveRun& active, Duration lease) {
    return RunContext(
        active.claimed, active.stop.get_token(), [this, &active, lease] { return heartbeat_of(active, lease); });
}

/// Stores what became of a run whose handler has ended. The run is gone then.
template <Storage StorageT>
void Worker<StorageT>::conclude(ActiveRun& active, HandlerOutcome outcome) {
    const RunRef ref = active.ref();
    const SteadyTime now = core_->clock->steady_now();
    const Duration took = now - active.begun_at;
    typical_microseconds_ += (took.count() - typical_microseconds_) / 8;
    const auto cause = active_.end(active, now);
    if (!cause) { // its end was stored long ago
        idle_.notify();
        return wake_.notify();
    }
    finish({{ref, transition_of(active.claimed, std::move(outcome), *cause, took)}});
}

template <Storage StorageT>
RunTransition Worker<StorageT>::transition_of(const ClaimedRun& claimed,
                                              HandlerOutcome outcome,
                                              StopCause cause,
                                              Duration took) const {
    RunTransition to = after_handler(
        claimed.run, claimed.job->policies, std::move(outcome), cause, clock_.now(), detail::random_fraction());
    to.duration = took;
    return to;
}

/// Asks handlers to stop whose time is up. Those that do not are no longer waited for: their runs go on without them,
/// or end, but their threads, and here their keys, are theirs until they return.
template <Storage StorageT>
void Worker<StorageT>::stop_overdue() {
    const SteadyTime now = core_->clock->steady_now();
    std::vector<RunFinish> finishes;
    const std::vector<detail::GivenUpRun> given_up = active_.stop_overdue(now);
    active_.fire();
    for (const detail::GivenUpRun& run : given_up) {
        const JobRun& row = run.claimed.run;
        report("the handler of run " + row.id.str() + ", action type \"" + row.action_type +
               "\", does not end after its timeout: it keeps its thread until it does");
        HandlerOutcome outcome;
        outcome.kind = HandlerOutcome::Kind::threw;
        outcome.error = "its handler did not end when it was asked to";
        finishes.push_back(
            {{row.id, row.fence}, transition_of(run.claimed, std::move(outcome), run.cause, now - run.begun_at)});
    }
    if (!finishes.empty()) finish(std::move(finishes));
}

template <Storage StorageT>
bool Worker<StorageT>::heartbeat_of(ActiveRun& run, Duration lease) {
    const auto answers = core_->storage->heartbeat({run.ref()}, lease);
    active_.apply(answers);
    if (!answers.empty()) active_.fire();
    return answers.empty();
}

template <Storage StorageT>
void Worker<StorageT>::finish(std::vector<RunFinish> finishes) {
    {
        const std::lock_guard lock(mutex_);
        std::move(finishes.begin(), finishes.end(), std::back_inserter(finished_));
    }
    try {
        flush_finished();
    } catch (...) {
        report("the result of a run could not be stored, trying again: " + detail::caught_text());
        wake_.notify();
    }
    idle_.notify();
    if (free_slots() > 0) wake_.notify();
}

/// Writes what handlers have finished. One thread does it at a time and takes along what others finish meanwhile; what
/// the storage does not take is kept for the next turn.
template <Storage StorageT>
void Worker<StorageT>::flush_finished() {
    std::unique_lock lock(mutex_);
    if (flushing_) return;
    flushing_ = true;
    while (!finished_.empty()) {
        std::vector<RunFinish> batch;
        batch.swap(finished_);
        lock.unlock();
        std::vector<bool> accepted;
        try {
            accepted = core_->storage->finish(batch);
        } catch (...) {
            lock.lock();
            finished_.insert(finished_.begin(), batch.begin(), batch.end());
            flushing_ = false;
            throw;
        }
        const auto jobs = active_.remove(batch);
        idle_.notify();
        for (std::size_t i = 0; i < batch.size(); ++i)
            settled(batch[i], jobs[i].get(), accepted[i]);
        lock.lock();
    }
    flushing_ = false;
}

/// The storage has taken what became of a run, or has refused it.
template <Storage StorageT>
void Worker<StorageT>::settled(const RunFinish& finish, const JobDefinition* job, bool accepted) {
    if (!accepted) return report("the result of run " + finish.run.id.str() + " was refused: its lease was lost");
    const JobRunStatus status = finish.to.status;
    if (!job || (status != JobRunStatus::failed && status != JobRunStatus::timed_out)) return;
    if (job->policies.pause_after_failures > 0) pause_after_failures(job->tenant_id, job->id);
}

/// Pauses a job where its last run was the one failure too many. If that does not work, its next plan will.
template <Storage StorageT>
void Worker<StorageT>::pause_after_failures(const std::string& tenant, const JobId& job) {
    try {
        core_->pause_after_failures(tenant, job, clock_.now());
    } catch (...) {
        report("job " + job.str() + " could not be paused yet: " + detail::caught_text());
    }
}

template <Storage StorageT>
std::size_t Worker<StorageT>::poll(std::optional<Duration> budget) {
    if (started_) throw Error(Errc::invalid_state, "poll: the worker has been started; it polls by itself");
    const detail::WorkScope scope(this);
    const SteadyTime begin = core_->clock->steady_now();
    const Instant due_by = clock_.now();
    const RunId newest = RunId::next(due_by);
    const auto may_go_on = [&] {
        return !budget || core_->clock->steady_now() - begin < *budget;
    };
    flush_finished();
    renew_polled();
    keep_house(budget ? detail::rows_per_short_step : detail::rows_per_cleaning);
    const std::size_t jobs = budget ? detail::rows_per_short_step : detail::jobs_per_plan;
    while (materialise(due_by, jobs).jobs == jobs && may_go_on()) {
    }
    std::size_t executed = 0;
    do {
        const Polled polled = poll_next(due_by, newest, executed == 0);
        if (polled == Polled::executed)
            ++executed;
        else if (polled == Polled::too_new || materialise(due_by, jobs).jobs == 0)
            break;
    } while (may_go_on());
    return executed;
}

/// Renews the leases of runs that other calls of poll() execute: those this one is called by, or of other threads.
template <Storage StorageT>
void Worker<StorageT>::renew_polled() {
    const std::vector<RunRef> refs = active_.refs();
    if (refs.empty()) return;
    active_.apply(core_->storage->heartbeat(refs, options_.poll_lease));
    active_.fire();
}

/// Executes one of the runs that were due by then. Gives back one that was triggered after `newest`, unless it is the
/// first.
template <Storage StorageT>
auto Worker<StorageT>::poll_next(Instant due_by, const RunId& newest, bool first) -> Polled {
    renew_polled();
    std::vector<ClaimedRun> claimed = claim(1, options_.poll_lease, due_by);
    if (claimed.empty()) return Polled::nothing;
    const JobRun& run = claimed.front().run;
    if (!first && run.trigger != RunTrigger::schedule && run.id > newest) {
        finish({{{run.id, run.fence}, release(run, clock_.now())}});
        return Polled::too_new;
    }
    execute(active_.add_taken(std::move(claimed.front())), options_.poll_lease);
    return Polled::executed;
}

} // namespace carillon
