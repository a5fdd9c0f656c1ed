// SPDX-License-Identifier: MIT
// worker/active_runs.hpp - the runs that a worker holds: waiting for one of its threads, in a handler, or being
// finished.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/observe/events.hpp"
#include "carillon/storage/rules.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/worker/outcome.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

namespace carillon::detail {

/// The moment at which a handler is asked to stop, and what for. After `grace` nobody waits for it any more.
struct Deadline {
    SteadyTime at = SteadyTime::max();
    StopCause cause = StopCause::none;
    Duration grace{0};
};

struct ActiveRun {
    explicit ActiveRun(ClaimedRun claimed_run)
        : claimed(std::move(claimed_run)) {}

    ClaimedRun claimed;
    std::stop_source stop;
    StopCause cause = StopCause::none; ///< the strongest so far
    SteadyTime begun_at{};             ///< when its handler was called
    Duration lag{0};                   ///< and how late, if somebody wants to know
    Deadline deadline{};               ///< the next one: after it was asked to stop, the end of its grace
    bool overdue = false;              ///< asked to stop because its time is up
    bool executing = false;            ///< a thread has taken it, and its handler has not returned
    bool over = false;                 ///< its handler has returned, or shall not be called
    bool given_up = false;             ///< its end was decided without waiting for the handler
    bool stored = false;               ///< what became of it was written: the lease is over
    /// By its handler, in a transaction that is committed.
    std::optional<RunTransition> completed = std::nullopt;

    [[nodiscard]] RunRef ref() const noexcept { return {claimed.run.id, claimed.run.fence}; }
};

/// A run whose handler did not end in time.
struct GivenUpRun {
    ClaimedRun claimed;
    StopCause cause = StopCause::none;
    SteadyTime begun_at{};
};

/// A run of which was stored what became of it.
struct StoredRun {
    std::shared_ptr<const JobDefinition> job{}; ///< null: it was never here
    RunInfo info{};
    Duration lag{0};
};

struct QueueState {
    std::size_t waiting = 0;   ///< for a thread
    std::size_t executing = 0; ///< in handlers
    std::size_t held = 0;      ///< all of them: also those that are being finished
    std::uint64_t takes = 0;   ///< how many ever got a thread
};

/// Thread-safe. A run is here from its claim until its finish was answered and its handler has returned; until the
/// former it gets heartbeats.
///
/// A template of nothing, so that a program pays to compile it where it uses it.
template <class Void>
class BasicActiveRuns {
public:
    /// Adds claimed runs to the queue.
    void add(std::vector<ClaimedRun> claimed) {
        const std::lock_guard lock(mutex_);
        for (ClaimedRun& run : claimed)
            queue_.push_back(&insert(std::move(run)));
    }

    /// Adds a run that its caller executes at once.
    [[nodiscard]] ActiveRun& add_taken(ClaimedRun claimed) {
        const std::lock_guard lock(mutex_);
        return taken(insert(std::move(claimed)));
    }

    /// The next run of the queue, which its caller now executes; null where it is empty.
    [[nodiscard]] ActiveRun* take() {
        const std::lock_guard lock(mutex_);
        if (queue_.empty()) return nullptr;
        ActiveRun* run = queue_.front();
        queue_.pop_front();
        return &taken(*run);
    }

    /// All that nobody has begun, for giving them back.
    [[nodiscard]] std::vector<ActiveRun*> take_all() {
        const std::lock_guard lock(mutex_);
        std::vector<ActiveRun*> runs(queue_.begin(), queue_.end());
        queue_.clear();
        for (ActiveRun* run : runs)
            run->over = true;
        return runs;
    }

    /// Whether a run that was taken must not begin: somebody noted that it is to stop.
    [[nodiscard]] bool is_to_stop(const ActiveRun& run) const {
        const std::lock_guard lock(mutex_);
        return run.cause != StopCause::none;
    }

    /// The run's handler is called now, and shall stop by the deadline.
    void begin(ActiveRun& run, SteadyTime now, const Deadline& deadline) {
        run.begun_at = now; // others read it only where there is a deadline
        if (deadline.cause == StopCause::none) return;
        const std::lock_guard lock(mutex_);
        run.deadline = deadline;
        deadlines_.emplace(deadline.at, &run);
    }

    /// The run's handler has returned, or shall not be called; what became of it is still to be stored. Says why it
    /// should have stopped. Empty where it was given up: that has been decided, and the run is not to be used any more.
    std::optional<StopCause> end(ActiveRun& run, SteadyTime now) {
        const std::lock_guard lock(mutex_);
        run.executing = false;
        run.over = true;
        --executing_;
        deadlines_.erase({run.deadline.at, &run});
        held_keys_.erase(run.ref());
        if (run.given_up) {
            if (run.stored) runs_.erase(run.ref());
            return std::nullopt;
        }
        if (now >= run.deadline.at) run.cause = std::max(run.cause, run.deadline.cause);
        return run.cause;
    }

    /// The run's handler stores its end itself, in a transaction that is still open: it gets no heartbeats meanwhile.
    /// False where its end is stored already.
    [[nodiscard]] bool begin_completing(ActiveRun& run) {
        const std::lock_guard lock(mutex_);
        return !std::exchange(run.stored, true);
    }
    /// How that has ended: `end` is empty where it was rolled back.
    void end_completing(const RunRef& ref, std::optional<RunTransition> end) {
        const std::lock_guard lock(mutex_);
        const auto at = runs_.find(ref);
        if (at == runs_.end()) return;
        at->second.stored = end.has_value();
        at->second.completed = std::move(end);
    }
    /// What the run's handler has stored itself.
    [[nodiscard]] std::optional<RunTransition> completed(const ActiveRun& run) const {
        const std::lock_guard lock(mutex_);
        return run.completed;
    }

    /// Notes whose time is up. Returns those whose grace is up as well: they are given up, each once.
    [[nodiscard]] std::vector<GivenUpRun> stop_overdue(SteadyTime now) {
        std::vector<GivenUpRun> given_up;
        const std::lock_guard lock(mutex_);
        while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
            ActiveRun& run = *deadlines_.begin()->second;
            deadlines_.erase(deadlines_.begin());
            if (std::exchange(run.overdue, true)) {
                run.cause = std::max(run.cause, run.deadline.cause);
                run.given_up = true;
                hold_key(run);
                given_up.push_back({run.claimed, run.cause, run.begun_at});
            } else {
                note_stop(run, run.deadline.cause);
                run.deadline.at += run.deadline.grace;
                deadlines_.emplace(run.deadline.at, &run);
            }
        }
        return given_up;
    }

    /// When stop_overdue() will have something to do.
    [[nodiscard]] SteadyTime next_deadline() const {
        const std::lock_guard lock(mutex_);
        return deadlines_.empty() ? SteadyTime::max() : deadlines_.begin()->first;
    }

    /// Forgets all of them, as if the process had died.
    void clear() {
        const std::lock_guard lock(mutex_);
        queue_.clear();
        deadlines_.clear();
        held_keys_.clear();
        to_stop_.clear();
        runs_.clear();
        executing_ = 0;
    }

    /// What became of these runs has been stored, or refused. Returns them, in the order given.
    std::vector<StoredRun> remove(const std::vector<RunFinish>& finished) {
        std::vector<StoredRun> stored(finished.size());
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < finished.size(); ++i) {
            const auto at = runs_.find(finished[i].run);
            if (at == runs_.end()) continue;
            ActiveRun& run = at->second;
            if (run.executing) {
                run.stored = true;
                stored[i] = {run.claimed.job, info_of(run.claimed.run), run.lag};
            } else {
                stored[i] = {std::move(run.claimed.job), info_of(std::move(run.claimed.run)), run.lag};
                runs_.erase(at);
            }
        }
        return stored;
    }

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return runs_.size();
    }
    [[nodiscard]] std::size_t executing() const {
        const std::lock_guard lock(mutex_);
        return executing_;
    }
    [[nodiscard]] QueueState queue_state() const {
        const std::lock_guard lock(mutex_);
        return {queue_.size(), executing_, runs_.size(), takes_};
    }

    /// Those whose leases are to be renewed.
    [[nodiscard]] std::vector<RunRef> refs() const {
        const std::lock_guard lock(mutex_);
        std::vector<RunRef> refs;
        refs.reserve(runs_.size());
        for (const auto& [ref, run] : runs_)
            if (!run.stored) refs.push_back(ref);
        return refs;
    }

    /// Copies of the rows in the queue, the next one first.
    [[nodiscard]] std::vector<JobRun> waiting_rows() const {
        const std::lock_guard lock(mutex_);
        std::vector<JobRun> rows;
        for (const ActiveRun* run : queue_)
            rows.push_back(run->claimed.run);
        return rows;
    }

    /// Copies of the rows whose handlers have not returned, for a report.
    [[nodiscard]] std::vector<JobRun> executing_rows() const {
        const std::lock_guard lock(mutex_);
        std::vector<JobRun> rows;
        for (const auto& [ref, run] : runs_)
            if (run.executing) rows.push_back(run.claimed.run);
        return rows;
    }

    /// Copies of the rows whose handlers should have ended long ago, and have not.
    [[nodiscard]] std::vector<JobRun> stuck_rows() const {
        const std::lock_guard lock(mutex_);
        std::vector<JobRun> rows;
        for (const auto& [ref, run] : runs_)
            if (run.executing && run.given_up) rows.push_back(run.claimed.run);
        return rows;
    }

    /// The keys of handlers that go on although their runs have been given up or lost: no other run of such a key
    /// should begin beside them.
    [[nodiscard]] std::vector<KeyRef> held_keys() const {
        const std::lock_guard lock(mutex_);
        std::vector<KeyRef> keys;
        for (const auto& [ref, key] : held_keys_)
            keys.push_back(key);
        return keys;
    }

    /// Notes what a heartbeat brought.
    void apply(const std::vector<HeartbeatAnswer>& answers) {
        const std::lock_guard lock(mutex_);
        for (const HeartbeatAnswer& answer : answers) {
            const auto at = runs_.find(answer.run);
            if (at == runs_.end() || at->second.stored) continue;
            ActiveRun& run = at->second;
            note_stop(run, answer.lost ? StopCause::lost : StopCause::cancelled);
            if (answer.lost) hold_key(run);
        }
    }

    /// Notes that all of them shall stop.
    void interrupt_all() {
        const std::lock_guard lock(mutex_);
        for (auto& [ref, run] : runs_)
            note_stop(run, StopCause::interrupted);
    }

    /// Whether fire() has something to do.
    [[nodiscard]] bool any_to_stop() const {
        const std::lock_guard lock(mutex_);
        return !to_stop_.empty();
    }

    /// Fires the tokens of those that were noted. Callbacks on them are the host's code, and may take their time: they
    /// are not called under the lock, and only by threads that can wait for them. Returns what they were told.
    std::vector<StopRequested> fire() {
        std::vector<StopNote> notes;
        {
            const std::lock_guard lock(mutex_);
            notes.swap(to_stop_);
        }
        std::vector<StopRequested> told;
        for (StopNote& note : notes) {
            note.stop.request_stop();
            told.push_back(std::move(note.event));
        }
        return told;
    }

private:
    struct StopNote {
        std::stop_source stop;
        StopRequested event;
    };

    /// The run shall stop; not again for a cause that is no stronger, nor where its end is only to be stored: perhaps
    /// it is already, and its lease is lost with that.
    void note_stop(ActiveRun& run, StopCause cause) {
        if (cause <= run.cause || run.over || run.given_up) return;
        run.cause = cause;
        to_stop_.push_back({run.stop, {info_of(run.claimed.run), cause}});
    }

    /// Runs that may be executed beside any number of others hold nothing.
    void hold_key(const ActiveRun& run) {
        if (run.executing && run.claimed.run.slots > 0) held_keys_.emplace(run.ref(), key_of(run.claimed.run));
    }

    ActiveRun& insert(ClaimedRun&& claimed) {
        const RunRef ref{claimed.run.id, claimed.run.fence};
        return runs_.try_emplace(ref, std::move(claimed)).first->second;
    }

    ActiveRun& taken(ActiveRun& run) {
        run.executing = true;
        ++executing_;
        ++takes_;
        return run;
    }

    mutable std::mutex mutex_;
    std::map<RunRef, ActiveRun> runs_;
    std::deque<ActiveRun*> queue_;
    std::set<std::pair<SteadyTime, ActiveRun*>> deadlines_; // of runs that execute
    std::vector<StopNote> to_stop_;                         // noted, not yet fired
    std::map<RunRef, KeyRef> held_keys_;                    // of runs that execute
    std::size_t executing_ = 0;
    std::uint64_t takes_ = 0;
};

using ActiveRuns = BasicActiveRuns<void>;

} // namespace carillon::detail
