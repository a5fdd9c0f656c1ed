// SPDX-License-Identifier: MIT
// worker/active_runs.hpp - the runs that a worker holds: waiting for one of its threads, in a handler, or being
// finished.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace carillon::detail {

/// Why a run should stop before its handler returns by itself. All of them fire its token.
enum class StopCause : std::uint8_t {
    none,
    interrupted, ///< its worker stops, or cannot renew its lease
    cancelled,   ///< somebody asked for it
    lost,        ///< its lease went to somebody else
};

struct ActiveRun {
    explicit ActiveRun(ClaimedRun claimed_run)
        : claimed(std::move(claimed_run)) {}

    ClaimedRun claimed;
    std::stop_source stop;
    StopCause cause = StopCause::none; ///< the strongest so far
    SteadyTime begun_at{};             ///< when its handler was called
    bool executing = false;            ///< a thread has taken it, and its handler has not returned

    [[nodiscard]] RunRef ref() const noexcept { return {claimed.run.id, claimed.run.fence}; }
};

struct QueueState {
    std::size_t waiting = 0;   ///< for a thread
    std::size_t executing = 0; ///< in handlers
    std::uint64_t takes = 0;   ///< how many ever got a thread
};

/// Thread-safe. A run is here from its claim until its finish was answered, and gets heartbeats all the time.
class ActiveRuns {
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
        return runs;
    }

    /// The run's handler has returned; what became of it is still to be stored. Says why it should have stopped.
    StopCause end(ActiveRun& run) {
        const std::lock_guard lock(mutex_);
        run.executing = false;
        --executing_;
        return run.cause;
    }

    /// Forgets all of them, as if the process had died.
    void clear() {
        const std::lock_guard lock(mutex_);
        queue_.clear();
        runs_.clear();
        executing_ = 0;
    }

    void remove(const std::vector<RunFinish>& finished) {
        const std::lock_guard lock(mutex_);
        for (const RunFinish& finish : finished)
            runs_.erase(finish.run);
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
        return {queue_.size(), executing_, takes_};
    }

    [[nodiscard]] std::vector<RunRef> refs() const {
        const std::lock_guard lock(mutex_);
        std::vector<RunRef> refs;
        refs.reserve(runs_.size());
        for (const auto& [ref, run] : runs_)
            refs.push_back(ref);
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

    /// Tells handlers what a heartbeat brought.
    void apply(const std::vector<HeartbeatAnswer>& answers) {
        std::vector<std::stop_source> to_stop;
        {
            const std::lock_guard lock(mutex_);
            for (const HeartbeatAnswer& answer : answers) {
                const auto at = runs_.find(answer.run);
                if (at == runs_.end()) continue;
                ActiveRun& run = at->second;
                run.cause = std::max(run.cause, answer.lost ? StopCause::lost : StopCause::cancelled);
                to_stop.push_back(run.stop);
            }
        }
        for (std::stop_source& stop : to_stop) // callbacks on the token are the host's code: not under the lock
            stop.request_stop();
    }

    void interrupt_all() {
        std::vector<std::stop_source> to_stop;
        {
            const std::lock_guard lock(mutex_);
            for (auto& [ref, run] : runs_) {
                run.cause = std::max(run.cause, StopCause::interrupted);
                to_stop.push_back(run.stop);
            }
        }
        for (std::stop_source& stop : to_stop)
            stop.request_stop();
    }

private:
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
    std::size_t executing_ = 0;
    std::uint64_t takes_ = 0;
};

} // namespace carillon::detail
