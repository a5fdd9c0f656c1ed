// SPDX-License-Identifier: MIT
// worker/detail/worker_impl.hpp - the members of Worker: its life, and its end. The other files go on in the order in
// which a run meets them.
#pragma once

#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace carillon {

namespace detail {

/// How long the loop sleeps at most: the wall clock may be set while it does.
inline constexpr Duration longest_wait = std::chrono::seconds{1};
/// How long it sleeps where something is due that it could not take.
inline constexpr Duration shortest_wait = std::chrono::milliseconds{5};
/// Claimed ahead of free threads, per thread, is at most this much work.
inline constexpr std::int64_t prefetch_microseconds = 1'000;
/// What a handler is taken to need until we know, or after we were wrong: nothing is claimed ahead.
inline constexpr std::int64_t slow_microseconds = 1'000'000;
inline constexpr std::size_t most_prefetched = 256;
/// Action types without a handler that are told; callers make them up.
inline constexpr std::size_t most_unhandled = 1'000;
inline constexpr std::size_t jobs_per_plan = 500;
inline constexpr std::size_t rows_per_cleaning = 1'000;
/// Both, under a poll() that has a budget: what one step takes may come on top of it.
inline constexpr std::size_t rows_per_short_step = 50;

/// Says that this thread is doing the work of a worker, which it cannot wait for.
class WorkScope {
public:
    explicit WorkScope(const void* worker) noexcept
        : worker_(worker)
        , outer_(std::exchange(innermost(), this)) {}
    WorkScope(const WorkScope&) = delete;
    WorkScope& operator=(const WorkScope&) = delete;
    ~WorkScope() { innermost() = outer_; }

    [[nodiscard]] static bool is_inside(const void* worker) noexcept {
        const WorkScope* scope = innermost();
        while (scope && scope->worker_ != worker)
            scope = scope->outer_;
        return scope != nullptr;
    }

private:
    static const WorkScope*& innermost() noexcept {
        thread_local const WorkScope* scope = nullptr;
        return scope;
    }

    const void* worker_;
    const WorkScope* outer_;
};

/// Waits for others who have set the flag, and has it set while it lives.
class FlagHolder {
public:
    explicit FlagHolder(std::atomic<bool>& flag)
        : flag_(flag) {
        while (flag_.exchange(true))
            flag_.wait(true);
    }
    FlagHolder(const FlagHolder&) = delete;
    FlagHolder& operator=(const FlagHolder&) = delete;
    ~FlagHolder() {
        flag_ = false;
        flag_.notify_one();
    }

private:
    std::atomic<bool>& flag_;
};

[[nodiscard]] inline double random_fraction() {
    return static_cast<double>(random_bits() >> 11) * 0x1.0p-53;
}

inline void check_worker_options(const WorkerOptions& options) {
    check_text("name", options.name, Limits{}.name_bytes);
    check_range<std::size_t>("threads", options.threads, 1, 1'024, "1 to 1024");
    check_range("lease", options.lease, Duration{1'000}, Duration{std::chrono::hours{24}}, "1 ms to 24 h");
    check_range("heartbeat", options.heartbeat, Duration{1}, options.lease, "more than 0 and at most the lease");
    check_range(
        "poll_lease", options.poll_lease, Duration{1'000}, Duration{std::chrono::hours{24 * 365}}, "1 ms to 365 days");
    for (const auto& [type, rate] : options.limits.rates)
        check_range(
            "limits.rates", rate.per, Duration{1'000}, Duration{std::chrono::hours{24 * 365}}, "1 ms to 365 days");
    if (std::count(options.listeners.begin(), options.listeners.end(), nullptr) > 0)
        refuse(Errc::required, "listeners", "must not be null");
}

/// Fit for use, and with a name.
[[nodiscard]] inline WorkerOptions checked(WorkerOptions options, const Clock& clock) {
    check_worker_options(options);
    if (options.name.empty()) options.name = "worker-" + Uuid::next(clock.now()).str().substr(24);
    return options;
}

} // namespace detail

template <Storage StorageT>
Worker<StorageT>::Worker(SchedulerFacade<StorageT>& scheduler, WorkerOptions options)
    : core_(scheduler.core_)
    , options_(detail::checked(std::move(options), *core_->clock))
    , clock_(core_->clock)
    , observers_(options_.name, options_.listeners, options_.report) {
    watch_storage();
}

template <Storage StorageT>
Worker<StorageT>::~Worker() {
    const detail::WorkScope scope(this);
    const bool was_started = started_;
    stop_claiming();
    active_.interrupt_all();
    fire_stops();
    while (active_.executing() > 0) {
        const SteadyTime deadline = core_->clock->steady_now() + std::chrono::seconds{10};
        if (core_->clock->wait_until(idle_, deadline)) continue;
        for (const JobRun& run : active_.executing_rows())
            observers_.tell(WaitingForHandler{info_of(run)});
    }
    end_loop();
    handover_.reset();
    pool_.reset();
    flush_last(StorageFailed::While::destroying);
    watch_.reset();
    if (was_started) observers_.tell(WorkerStopped{});
}

template <Storage StorageT>
template <HandlerFunction F>
void Worker<StorageT>::handle(std::string action_type, F function) {
    detail::check_name("action_type", action_type, core_->defaults.limits.name_bytes);
    auto handler = std::make_shared<const Handler>(make_handler(std::move(function)));
    {
        const std::lock_guard lock(mutex_);
        handlers_.insert_or_assign(std::move(action_type), std::move(handler));
    }
    wake_.notify();
}

template <Storage StorageT>
std::shared_ptr<const Handler> Worker<StorageT>::handler_of(const std::string& action_type) const {
    const std::lock_guard lock(mutex_);
    const auto at = handlers_.find(action_type);
    return at == handlers_.end() ? nullptr : at->second;
}

template <Storage StorageT>
std::vector<std::string> Worker<StorageT>::action_types() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> types;
    for (const auto& [type, handler] : handlers_)
        types.push_back(type);
    return types;
}

template <Storage StorageT>
void Worker<StorageT>::storage_answered() {
    if (const auto recovered = contact_.answered(core_->clock->steady_now())) observers_.tell(*recovered);
}

/// To be called where what it threw is being caught.
template <Storage StorageT>
void Worker<StorageT>::storage_failed(StorageFailed::While doing, const JobId& job) {
    const StorageFailed event{doing, detail::printable_error(detail::caught_text()), job};
    contact_.failed(core_->clock->steady_now(), event.error);
    observers_.tell(event);
}

/// What the system did to a job, if it was that.
template <Storage StorageT>
void Worker<StorageT>::tell_halted(const AuditEvent& event) const {
    const auto tell = [&](JobStatus status) {
        observers_.tell(JobHalted{event.job_id, event.tenant_id, status, event.reason});
    };
    if (event.verb == AuditVerb::job_paused) tell(JobStatus::paused);
    if (event.verb == AuditVerb::job_disabled) tell(JobStatus::disabled);
    if (event.verb == AuditVerb::job_completed) tell(JobStatus::completed);
}

/// Fires the tokens of those that shall stop, by a thread that can wait for what hangs on them.
template <Storage StorageT>
void Worker<StorageT>::fire_stops() {
    for (const StopRequested& event : active_.fire())
        observers_.tell(event);
}

template <Storage StorageT>
void Worker<StorageT>::confirm_clock() {
    clock_.confirm();
    wake_.notify();
}

template <Storage StorageT>
std::optional<Instant> Worker<StorageT>::next_due() const {
    const Instant now = clock_.now();
    const auto due = core_->storage->next_due(claim_filter(), now);
    if (!due) return std::nullopt;
    // Jobs that are not to be planned yet; a run that could begin hides behind them. The first poll() has to look at
    // that.
    if (*due <= now && !clock_.may_plan() && !clock_.wants_check()) return now + detail::longest_wait;
    return std::max(*due, now) + clock_.ahead();
}

template <Storage StorageT>
Health Worker<StorageT>::health() const {
    Health health;
    health.worker = options_.name;
    health.started = started_;
    health.active = active_.size();
    health.stuck = active_.stuck_rows();
    health.clock_doubted = clock_.doubted();
    const detail::StorageContact::State contact = contact_.state();
    if (contact.answered_at) health.last_turn = core_->clock->steady_now() - *contact.answered_at;
    if (contact.fails) health.storage_error = contact.error;
    {
        const std::lock_guard lock(mutex_);
        for (const std::string& type : unhandled_)
            if (!handlers_.contains(type)) health.unknown_action_types.push_back(type);
    }
    try {
        const Instant now = clock_.now();
        health.oldest_due = core_->storage->next_due(claim_filter(), now);
        if (health.oldest_due) health.lag = std::max(now - *health.oldest_due, Duration{0});
    } catch (...) {
        health.storage_error = detail::printable_error(detail::caught_text());
    }
    return health;
}

template <Storage StorageT>
void Worker<StorageT>::watch_storage() {
    if constexpr (requires(StorageT & storage) { storage.watch(std::function<void(StorageNews)>{}); }) {
        watch_ = core_->storage->watch([this](StorageNews news) {
            if (news == StorageNews::stop) stop_news_ = true;
            wake_.notify();
        });
    }
}

// ---- start and stop
// --------------------------------------------------------------------------------------------------

template <Storage StorageT>
void Worker<StorageT>::start() {
    if (stopping_ && detail::WorkScope::is_inside(this))
        throw Error(Errc::invalid_state, "the worker is being stopped");
    const detail::FlagHolder stopping(stopping_);
    const detail::WorkScope scope(this);
    if (claiming_) throw Error(Errc::invalid_state, "the worker runs already");
    if (started_) { // a handler has stopped it, and the loop is still there
        claiming_ = true;
        wake_.notify();
        return;
    }
    if (!pool_ && !options_.executor) pool_ = std::make_unique<ThreadPool>(options_.threads);
    open();
    try {
        loop_thread_ = std::thread([this] { loop(); });
        renewal_thread_ = std::thread([this] { keep_leases(); });
        guard_thread_ = std::thread([this] { guard_leases(); });
    } catch (...) {
        end_loop();
        started_ = claiming_ = false;
        observers_.tell(WorkerStopped{});
        throw;
    }
}

/// Ready for the first turn of the loop.
template <Storage StorageT>
void Worker<StorageT>::open() {
    loop_ends_ = false;
    const SteadyTime now = core_->clock->steady_now();
    next_renewal_ = now;
    next_cleaning_ = now;
    last_renewal_ = queue_moved_at_ = now;
    started_ = claiming_ = true;
    if (!handover_ && executor())
        handover_ = std::make_unique<detail::Handover>(
            executor(),
            options_.threads,
            [this] { execute_waiting(); },
            [this] { return active_.queue_state().waiting; },
            options_.executor ? detail::TaskSize::one_piece : detail::TaskSize::everything);
    observers_.tell(WorkerStarted{});
}

/// Where handlers run; nowhere, where this worker is stepped.
template <Storage StorageT>
Executor Worker<StorageT>::executor() const {
    if (options_.executor || !pool_) return options_.executor;
    return [pool = pool_.get()](std::function<void()> task) {
        pool->post(std::move(task));
    };
}

template <Storage StorageT>
StopReport Worker<StorageT>::stop(Duration grace, Duration hard) {
    claiming_ = false;
    wake_.notify();
    if (detail::WorkScope::is_inside(this)) return {};
    const detail::WorkScope scope(this); // what it reports and the tokens it fires may call stop() as well
    const detail::FlagHolder stopping(stopping_);
    const bool was_started = started_;
    stop_claiming();
    if (!wait_until_idle(grace)) {
        active_.interrupt_all();
        fire_stops();
        wait_until_idle(hard);
    }
    end_loop();
    StopReport stopped{active_.executing_rows()};
    if (stopped.still_running.empty()) {
        handover_.reset();
        pool_.reset();
    }
    flush_last(StorageFailed::While::stopping);
    if (was_started) observers_.tell(WorkerStopped{stopped.still_running.size()});
    return stopped;
}

/// After this no run is claimed, and none waits for a thread.
template <Storage StorageT>
void Worker<StorageT>::stop_claiming() {
    {
        const std::lock_guard lock(claim_mutex_);
        claiming_ = false;
    }
    give_back_waiting();
}

template <Storage StorageT>
void Worker<StorageT>::give_back_waiting() {
    std::vector<RunFinish> released;
    for (const ActiveRun* run : active_.take_all())
        released.push_back({run->ref(), release(run->claimed.run, clock_.now())});
    if (!released.empty()) finish(std::move(released));
}

/// Says whether everything was finished and stored in time.
template <Storage StorageT>
bool Worker<StorageT>::wait_until_idle(Duration patience) {
    const Duration forever = std::chrono::hours{24 * 365};
    const SteadyTime deadline = core_->clock->steady_now() + std::min(patience, forever);
    while (active_.size() > 0) {
        if (core_->clock->steady_now() >= deadline) return false;
        core_->clock->wait_until(idle_, deadline);
    }
    return true;
}

template <Storage StorageT>
void Worker<StorageT>::end_loop() {
    if (!loop_thread_.joinable()) return;
    loop_ends_ = true;
    wake_.notify();
    renewal_.notify();
    guard_.notify();
    loop_thread_.join();
    if (renewal_thread_.joinable()) renewal_thread_.join();
    if (guard_thread_.joinable()) guard_thread_.join();
    started_ = false;
}

/// Stores what can be stored, and tells what could not.
template <Storage StorageT>
void Worker<StorageT>::flush_last(StorageFailed::While doing) {
    try {
        flush_finished();
    } catch (...) {
        storage_failed(doing);
    }
}

/// As a process that dies, where no thread of this worker is left that could notice.
template <Storage StorageT>
void Worker<StorageT>::forget_everything() {
    started_ = claiming_ = false;
    active_.clear();
    finished_.clear();
    last_tenant_.clear();
}

} // namespace carillon

#include "carillon/worker/detail/worker_loop.hpp"
#include "carillon/worker/detail/worker_runs.hpp"
