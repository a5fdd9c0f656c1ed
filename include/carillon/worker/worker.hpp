// SPDX-License-Identifier: MIT
// worker/worker.hpp - executes what is due: one loop, one wait.
//
//   materialise -> claim -> handler -> finish
//
// start() runs the loop on a thread of its own, renews leases on another, has a third look after those two, and calls
// handlers on a pool; poll() does one turn of the loop on the calling thread, for hosts that have one. Any number of
// workers may share a storage, in one process or in many.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/observe/detail/observers.hpp"
#include "carillon/observe/events.hpp"
#include "carillon/observe/health.hpp"
#include "carillon/scheduler_facade.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/worker/active_runs.hpp"
#include "carillon/worker/clock_watch.hpp"
#include "carillon/worker/executor.hpp"
#include "carillon/worker/handler.hpp"
#include "carillon/worker/outcome.hpp"
#include "carillon/worker/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace carillon {

namespace testing {
template <Storage StorageT>
class WorkerStepper;
} // namespace testing

struct WorkerOptions {
    /// Handlers that may run at a time after start(), each on a thread of the worker's own. 1 or more.
    std::size_t threads = 4;
    /// Runs handlers instead of threads of the worker's own; `threads` still says how many at a time. Must work until
    /// the worker is gone.
    Executor executor = {};
    /// In the ledger, to tell workers apart; empty makes one up. Two workers of one name do no harm. At most 256 bytes.
    std::string name = "";
    /// A run whose worker has not renewed it for this long is given to another.
    Duration lease = std::chrono::seconds{30};
    /// How often a started worker renews; at most a third of the lease makes sense.
    Duration heartbeat = std::chrono::seconds{10};
    /// The lease under poll(), which nobody renews but RunContext::heartbeat.
    Duration poll_lease = std::chrono::hours{1};
    /// How much may run at a time, and start in a time, in all workers of the storage together: per tenant, per action
    /// type. Give all of them the same.
    ClaimLimits limits = {};
    Retention retention = {};
    /// Gets the events that an operator should know, `is_notable`, as sentences: the storage fails, a run was
    /// abandoned, a handler does not end, an action type has no handler here. Called as listeners are. By default it
    /// goes to the standard error stream.
    std::function<void(const std::string&)> report = {};
    /// Get every event; workers may share one. Without any, what happens all the time costs a look at whether there is
    /// one. See observe/events.hpp.
    std::vector<std::shared_ptr<Listener>> listeners = {};
};

struct StopReport {
    /// The runs whose handlers had not returned when stop() gave up waiting. They go on until they return, and may
    /// still finish their runs while their leases last.
    std::vector<JobRun> still_running{};
};

/// Thread-safe, but for its destruction. Keeps the facade's storage alive, not the facade.
template <Storage StorageT = MemoryStorage>
class Worker {
public:
    /// Throws Error where an option makes no sense.
    explicit Worker(SchedulerFacade<StorageT>& scheduler, WorkerOptions options = {});
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    /// Asks running handlers to stop and waits for them without limit, since C++ can end no thread; reports every ten
    /// seconds which ones it waits for. Must not be called by a handler.
    ~Worker();

    /// Registers the handler of an action type, or replaces it for runs that are not begun yet. May be called at any
    /// time.
    template <HandlerFunction F>
    void handle(std::string action_type, F function);

    /// Begins to execute, on threads of its own. `invalid_state` where it runs already, and for whom it calls while it
    /// is being stopped.
    void start();
    /// Stops claiming, gives back what no handler has begun, and waits: up to `grace` for handlers to end by
    /// themselves, then, after asking them to stop, up to `hard`. A handler that throws after it was asked so has its
    /// run given back, too. Idempotent; start() may follow. Called by a handler, a listener, the report callback, or by
    /// what a handler has tied to its token, it only stops the claiming, and returns at once.
    StopReport stop(Duration grace = std::chrono::seconds{30}, Duration hard = std::chrono::seconds{10});

    /// Executes on this thread what is due when it is called, at least one run if there is any, until nothing is left
    /// or `budget` (steady time) is used up; the last handler may exceed it, and so may a step of planning, which is 50
    /// jobs. Returns the number of handlers called.
    /// What is triggered or retried by hand meanwhile is left for the next call, also where the clock stands still:
    /// when the turn of such a run comes, the call ends. So it comes to an end whatever handlers do. Never waits.
    /// Throws what the storage throws, and `invalid_state` after start(). A handler may call it.
    std::size_t poll(std::optional<Duration> budget = std::nullopt);
    /// The earliest moment at which poll() has something to do: now, or later. None: not before something changes.
    [[nodiscard]] std::optional<Instant> next_due() const;
    /// Says that the wall clock shows the right time. A worker acts on a step forward of more than a day, or on a first
    /// reading by which jobs should have run more than a day ago, only after a minute of steady time, since a box with
    /// an empty battery would plan all its jobs away. Meanwhile time goes on from where it was, or, at the start, no
    /// job is planned; what was planned before is executed. See worker/clock_watch.hpp.
    void confirm_clock();

    /// How it is, for a health check. Asks the storage once, and does not throw where that fails.
    [[nodiscard]] Health health() const;

    /// How many runs it holds: waiting for a thread, in a handler, or being finished.
    [[nodiscard]] std::size_t active() const { return active_.size(); }
    [[nodiscard]] const std::string& name() const noexcept { return options_.name; }

private:
    friend class testing::WorkerStepper<StorageT>;
    using ActiveRun = detail::ActiveRun;
    enum class Polled : std::uint8_t { nothing, executed, too_new };
    /// What the storage did not take, and what it said.
    struct Unstored {
        std::vector<RunFinish> finishes{};
        std::exception_ptr error{};
    };

    [[nodiscard]] std::shared_ptr<const Handler> handler_of(const std::string& action_type) const;
    [[nodiscard]] std::vector<std::string> action_types() const;
    [[nodiscard]] ClaimFilter claim_filter() const { return {action_types(), options_.limits, active_.held_keys()}; }
    void storage_answered();
    void storage_failed(StorageFailed::While doing, const JobId& job = {});
    void tell_halted(const AuditEvent& event) const;
    void fire_stops();
    void watch_storage();

    // the loop
    void open();
    [[nodiscard]] Executor executor() const;
    void loop();
    SteadyTime turn_or_report();
    bool turn();
    [[nodiscard]] SteadyTime next_turn(bool progress) const;
    void keep_leases();
    bool renew_leases();
    void heartbeat_all();
    void guard_leases();
    SteadyTime stop_unrenewed();
    [[nodiscard]] SteadyTime must_be_renewed_by() const { return last_renewal_.load() + options_.lease * 4 / 5; }
    void renew_and_tell();
    bool keep_house(std::size_t most_rows);
    [[nodiscard]] bool may_plan();
    MaterialiseResult materialise(Instant now, std::size_t most_jobs);
    bool materialise_due();
    std::size_t revise_cursors(Instant now, std::size_t most_jobs);
    std::size_t end_expired(Instant now, std::size_t most_runs);
    void tell_end(const JobRun& run) const;
    void take_ended(const std::vector<JobRun>& ended);
    void tell_audited(const std::vector<AuditEvent>& events) const;
    void tell_unhandled(const std::set<std::string>& types);
    ClaimResult claim(std::size_t limit, Duration lease, std::optional<Instant> due_by = std::nullopt);
    bool hand_out();
    void post_executions();
    std::size_t claim_ahead(std::size_t limit);
    void return_stalled();
    [[nodiscard]] std::size_t free_slots() const;

    // one run
    void execute_waiting();
    void renew_polled();
    Polled poll_next(Instant due_by, const RunId& newest, bool first);
    void execute(ActiveRun& active, Duration lease);
    [[nodiscard]] std::shared_ptr<const Handler> begin(ActiveRun& active);
    [[nodiscard]] detail::Deadline deadline_of(const ClaimedRun& claimed, SteadyTime now) const;
    [[nodiscard]] Duration lag_of(const JobRun& run) const;
    [[nodiscard]] RunContext context_of(ActiveRun& active, Duration lease);
    bool complete(ActiveRun& active, const nlohmann::json& result);
    void conclude(ActiveRun& active, HandlerOutcome outcome);
    void conclude_completed(const RunRef& ref, RunTransition end);
    [[nodiscard]] RunTransition
    transition_of(const ClaimedRun& claimed, HandlerOutcome outcome, StopCause cause, Duration took) const;
    void stop_overdue();
    bool heartbeat_of(ActiveRun& run, Duration lease);
    void finish(std::vector<RunFinish> finishes);
    void flush_finished();
    void settled(const RunFinish& finish, const detail::StoredRun& run, const FinishAnswer& answer);
    void tell_outcome(const RunTransition& to, const detail::StoredRun& run, const FinishAnswer& answer) const;
    [[nodiscard]] std::vector<RunFinish> take_finished();
    [[nodiscard]] bool finish_flush(std::vector<RunFinish> unstored);
    [[nodiscard]] std::vector<FinishAnswer> store(std::vector<RunFinish>& batch, Unstored& left);
    [[nodiscard]] std::vector<FinishAnswer>
    store_singly(std::vector<RunFinish> rows, std::vector<RunFinish>& stored, Unstored& left);
    std::size_t poll_turn(std::optional<Duration> budget);
    void pause_after_failures(const std::string& tenant, const JobId& job);

    // stopping
    void stop_claiming();
    void give_back_waiting();
    bool wait_until_idle(Duration patience);
    void end_loop();
    void flush_last(StorageFailed::While doing);
    void forget_everything();

    std::shared_ptr<detail::FacadeCore<StorageT>> core_;
    WorkerOptions options_;
    mutable detail::WatchedClock clock_;
    detail::Observers observers_;
    detail::StorageContact contact_;

    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const Handler>> handlers_;
    std::set<std::string> unhandled_; // action types already reported
    std::vector<RunFinish> finished_;
    bool flushing_ = false;
    std::string last_tenant_;

    detail::ActiveRuns active_;
    std::mutex claim_mutex_; // held from a claim until its runs are in active_
    std::atomic<bool> started_ = false;
    std::atomic<bool> claiming_ = false;
    std::atomic<bool> loop_ends_ = false;
    std::atomic<bool> stop_news_ = false;
    std::atomic<std::int64_t> typical_microseconds_ = 1'000'000; // of a handler; decides how far ahead to claim
    std::atomic<SteadyTime> next_cleaning_{};
    std::atomic<SteadyTime> next_renewal_{};
    std::atomic<SteadyTime> last_renewal_{};
    std::atomic<SteadyTime> renewing_since_ = SteadyTime::max(); // while the storage is asked
    std::mutex renewal_mutex_;                                   // one renewal at a time
    SteadyTime queue_moved_at_{};
    std::uint64_t queue_takes_ = 0;
    std::atomic<bool> stalled_ = false; // nobody begins what was handed out
    WakeSignal wake_;
    WakeSignal renewal_;
    WakeSignal guard_;
    WakeSignal idle_;
    WatchHandle watch_;
    std::atomic<bool> stopping_ = false; // one start or stop at a time; not a mutex, since it calls listeners
    std::thread loop_thread_;
    std::thread renewal_thread_;
    std::thread guard_thread_;
    std::unique_ptr<ThreadPool> pool_;
    std::unique_ptr<detail::Handover> handover_;
};

} // namespace carillon

#include "carillon/worker/detail/worker_impl.hpp"
