// SPDX-License-Identifier: MIT
// worker/detail/worker_runs.hpp - a run in a worker's hands: its handler is called, what became of it is stored.
#pragma once

#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

template <Storage StorageT>
void Worker<StorageT>::execute_waiting() {
    const detail::WorkScope scope(this);
    while (ActiveRun* run = active_.take()) {
        execute(*run, options_.lease);
        if (options_.executor) break; // the host has other work
    }
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
    if (!handler || too_early || too_late || active_.is_to_stop(active)) {
        active_.end(active, now);
        finish({{active.ref(), release(active.claimed.run, wall)}});
        return nullptr;
    }
    if (observers_.listening()) active.lag = lag_of(active.claimed.run);
    active_.begin(active, now, deadline);
    if (deadline.at < now + detail::longest_wait) wake_.notify(); // the loop may sleep longer than that
    if (observers_.listening()) observers_.tell(RunStarted{info_of(active.claimed.run), active.lag});
    return handler;
}

/// How long ago it might have begun.
template <Storage StorageT>
Duration Worker<StorageT>::lag_of(const JobRun& run) const {
    return std::max(Duration{0}, clock_.now() - std::max(run.scheduled_for, run.not_before));
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
        active.claimed,
        active.stop.get_token(),
        [this, &active, lease] { return heartbeat_of(active, lease); },
        [this, &active](const nlohmann::json& result) { return complete(active, result); });
}

/// The run's handler says that it is completed, maybe within a transaction of the host. Says whether that was accepted;
/// until the transaction has ended, nobody else can write, and none of this is certain.
template <Storage StorageT>
bool Worker<StorageT>::complete(ActiveRun& active, const nlohmann::json& result) {
    const RunRef ref = active.ref();
    const Duration took = core_->clock->steady_now() - active.begun_at;
    const RunTransition end = transition_of(active.claimed, detail::returned(result), StopCause::none, took);
    if (!active_.begin_completing(active)) return false;
    bool accepted = false;
    try {
        accepted = core_->storage->finish({{ref, end}}).front().accepted;
    } catch (...) {
        active_.end_completing(ref, std::nullopt);
        throw;
    }
    const auto ended = [this, ref, end](bool stored) {
        active_.end_completing(ref, stored ? std::optional(end) : std::nullopt);
    };
    if (!accepted) {
        ended(false);
        return false;
    }
    if constexpr (requires { core_->storage->at_transaction_end(std::function<void(bool)>()); })
        core_->storage->at_transaction_end(ended);
    else
        ended(true);
    return true;
}

/// Stores what became of a run whose handler has ended. The run is gone then.
template <Storage StorageT>
void Worker<StorageT>::conclude(ActiveRun& active, HandlerOutcome outcome) {
    const RunRef ref = active.ref();
    const SteadyTime now = core_->clock->steady_now();
    const Duration took = now - active.begun_at;
    typical_microseconds_ += (took.count() - typical_microseconds_) / 8;
    auto completed = active_.completed(active);
    std::optional<RunInfo> info; // of one that may have been given up, and is gone then
    if (observers_.listening() && active.deadline.cause != StopCause::none) info = info_of(active.claimed.run);
    const auto cause = active_.end(active, now);
    if (!cause) { // its end was stored long ago
        if (info) observers_.tell(StuckHandlerReturned{std::move(*info), took});
        idle_.notify();
        return wake_.notify();
    }
    if (completed) return conclude_completed(ref, std::move(*completed));
    finish({{ref, transition_of(active.claimed, std::move(outcome), *cause, took)}});
}

/// What became of the run is stored already.
template <Storage StorageT>
void Worker<StorageT>::conclude_completed(const RunRef& ref, RunTransition end) {
    const std::vector<RunFinish> finished{{ref, std::move(end)}};
    const std::vector<detail::StoredRun> stored = active_.remove(finished);
    settled(finished.front(), stored.front(), {true, finished.front().to.status, finished.front().to.reason});
    idle_.notify();
    if (free_slots() > 0) wake_.notify();
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
    fire_stops();
    for (const detail::GivenUpRun& run : given_up) {
        const JobRun& row = run.claimed.run;
        observers_.tell(HandlerStuck{info_of(row), now - run.begun_at});
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
    if (!answers.empty()) fire_stops();
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
        storage_failed(StorageFailed::While::finishing);
        wake_.notify();
    }
    idle_.notify();
    if (free_slots() > 0) wake_.notify();
}

/// Writes what handlers have finished. One thread does it at a time and takes along what others finish meanwhile; what
/// the storage does not take is kept for the next turn, and what it throws then goes to the caller.
template <Storage StorageT>
void Worker<StorageT>::flush_finished() {
    for (auto batch = take_finished(); !batch.empty(); batch = take_finished()) {
        Unstored left;
        const std::vector<FinishAnswer> answers = store(batch, left);
        const std::vector<detail::StoredRun> stored = active_.remove(batch);
        idle_.notify();
        if (finish_flush(std::move(left.finishes))) wake_.notify(); // what came meanwhile need not wait for listeners
        for (std::size_t i = 0; i < batch.size(); ++i)
            settled(batch[i], stored[i], answers[i]);
        if (left.error) std::rethrow_exception(left.error);
    }
}

/// What is to be written; nothing where another thread is about it, which will be this one's until finish_flush().
template <Storage StorageT>
std::vector<RunFinish> Worker<StorageT>::take_finished() {
    const std::lock_guard lock(mutex_);
    std::vector<RunFinish> batch;
    if (flushing_ || finished_.empty()) return batch;
    flushing_ = true;
    batch.swap(finished_);
    return batch;
}

/// Keeps what could not be written. Says whether other things have come that are to be.
template <Storage StorageT>
bool Worker<StorageT>::finish_flush(std::vector<RunFinish> unstored) {
    const std::lock_guard lock(mutex_);
    flushing_ = false;
    const bool more = !finished_.empty();
    std::move(unstored.begin(), unstored.end(), std::back_inserter(finished_));
    return more;
}

/// Writes the batch, or, where the storage fails with it, one row after the other: one that it cannot take holds up no
/// other. What it did not take is moved from the batch to `left`.
template <Storage StorageT>
std::vector<FinishAnswer> Worker<StorageT>::store(std::vector<RunFinish>& batch, Unstored& left) {
    try {
        return core_->storage->finish(batch);
    } catch (...) {
        left.error = std::current_exception();
    }
    std::vector<RunFinish> rows = std::exchange(batch, {});
    if (rows.size() == 1) {
        left.finishes = std::move(rows);
        return {};
    }
    return store_singly(std::move(rows), batch, left);
}

/// Those that fail come last the next time, so that it ends with the second in a row: a storage that takes nothing is
/// not asked for everything.
template <Storage StorageT>
std::vector<FinishAnswer>
Worker<StorageT>::store_singly(std::vector<RunFinish> rows, std::vector<RunFinish>& stored, Unstored& left) {
    std::vector<FinishAnswer> answers;
    std::vector<RunFinish> failed;
    auto row = rows.begin();
    for (std::size_t in_a_row = 0; row != rows.end() && in_a_row < 2; ++row) {
        try {
            answers.push_back(core_->storage->finish({*row}).at(0));
            stored.push_back(std::move(*row));
            in_a_row = 0;
        } catch (...) {
            left.error = std::current_exception();
            failed.push_back(std::move(*row));
            ++in_a_row;
        }
    }
    left.finishes.assign(std::make_move_iterator(row), std::make_move_iterator(rows.end()));
    std::move(failed.begin(), failed.end(), std::back_inserter(left.finishes));
    return answers;
}

/// The storage has taken what became of a run, or has refused it.
template <Storage StorageT>
void Worker<StorageT>::settled(const RunFinish& finish, const detail::StoredRun& run, const FinishAnswer& answer) {
    if (!answer.accepted) {
        RunInfo info = run.info;
        info.id = finish.run.id;
        return observers_.tell(ResultRefused{std::move(info), finish.to.status});
    }
    if (!run.job) return;
    if (observers_.listening()) tell_outcome(finish.to, run, answer);
    if (answer.status != JobRunStatus::failed && answer.status != JobRunStatus::timed_out) return;
    if (run.job->policies.pause_after_failures > 0) pause_after_failures(run.job->tenant_id, run.job->id);
}

template <Storage StorageT>
void Worker<StorageT>::tell_outcome(const RunTransition& to,
                                    const detail::StoredRun& run,
                                    const FinishAnswer& answer) const {
    if (is_terminal(answer.status)) {
        RunEnded event{run.info, answer.status, answer.reason, to.duration, run.lag, to.error.value_or("")};
        if (!to.executed) event.lag.reset();
        observers_.tell(event);
        return;
    }
    RunRequeued event{run.info, RunRequeued::Why::released, to.not_before, to.duration, to.error.value_or("")};
    if (to.executed) event.why = to.give_back_attempt ? RunRequeued::Why::snoozed : RunRequeued::Why::retry;
    observers_.tell(event);
}

/// Pauses a job where its last run was the one failure too many. If that does not work, its next plan will.
template <Storage StorageT>
void Worker<StorageT>::pause_after_failures(const std::string& tenant, const JobId& job) {
    try {
        if (const auto event = core_->pause_after_failures(tenant, job, clock_.now())) tell_halted(*event);
    } catch (...) {
        storage_failed(StorageFailed::While::pausing, job);
    }
}

template <Storage StorageT>
std::size_t Worker<StorageT>::poll(std::optional<Duration> budget) {
    if (started_) throw Error(Errc::invalid_state, "poll: the worker has been started; it polls by itself");
    const detail::WorkScope scope(this);
    try {
        const std::size_t executed = poll_turn(budget);
        storage_answered();
        return executed;
    } catch (...) {
        contact_.threw(detail::printable_error(detail::caught_text()));
        throw;
    }
}

template <Storage StorageT>
std::size_t Worker<StorageT>::poll_turn(std::optional<Duration> budget) {
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
    fire_stops();
}

/// Executes one of the runs that were due by then. Gives back one that was triggered after `newest`, unless it is the
/// first.
template <Storage StorageT>
auto Worker<StorageT>::poll_next(Instant due_by, const RunId& newest, bool first) -> Polled {
    renew_polled();
    ClaimResult claimed = claim(1, options_.poll_lease, due_by);
    take_ended(claimed.ended);
    if (claimed.runs.empty()) return Polled::nothing;
    const JobRun& run = claimed.runs.front().run;
    if (!first && run.trigger != RunTrigger::schedule && run.id > newest) {
        finish({{{run.id, run.fence}, release(run, clock_.now())}});
        return Polled::too_new;
    }
    execute(active_.add_taken(std::move(claimed.runs.front())), options_.poll_lease);
    return Polled::executed;
}

} // namespace carillon
