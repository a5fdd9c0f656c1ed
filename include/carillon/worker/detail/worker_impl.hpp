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

/// What is being caught, in words.
[[nodiscard]] inline std::string caught_text() {
    try {
        throw;
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "something that is not a std::exception";
    }
}

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
}

} // namespace detail

template <Storage StorageT>
Worker<StorageT>::Worker(SchedulerFacade<StorageT>& scheduler, WorkerOptions options)
    : core_(scheduler.core_)
    , options_(std::move(options))
    , clock_(core_->clock) {
    detail::check_worker_options(options_);
    if (options_.name.empty()) options_.name = "worker-" + Uuid::next(core_->clock->now()).str().substr(24);
    watch_storage();
}

template <Storage StorageT>
Worker<StorageT>::~Worker() {
    const detail::WorkScope scope(this);
    stop_claiming();
    active_.interrupt_all();
    active_.fire();
    while (active_.executing() > 0) {
        const SteadyTime deadline = core_->clock->steady_now() + std::chrono::seconds{10};
        if (core_->clock->wait_until(idle_, deadline)) continue;
        for (const JobRun& run : active_.executing_rows())
            report("the worker waits for the handler of run " + run.id.str() + ", action type \"" + run.action_type +
                   "\"");
    }
    end_loop();
    handover_.reset();
    pool_.reset();
    flush_last("lost, and their leases will end");
    watch_.reset();
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
void Worker<StorageT>::report(const std::string& sentence) const {
    if (!options_.report) {
        std::fputs(("carillon: " + options_.name + ": " + sentence + "\n").c_str(), stderr);
        return;
    }
    try {
        options_.report(sentence);
    } catch (...) { // NOLINT(bugprone-empty-catch): there is nobody left to tell
    }
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
    const std::lock_guard stopping(stop_mutex_);
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
    } catch (...) {
        end_loop();
        started_ = claiming_ = false;
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
    if (handover_ || !executor()) return;
    handover_ = std::make_unique<detail::Handover>(
        executor(),
        options_.threads,
        [this] { execute_waiting(); },
        [this] { return active_.queue_state().waiting > 0; });
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
    const std::lock_guard stopping(stop_mutex_);
    stop_claiming();
    if (!wait_until_idle(grace)) {
        active_.interrupt_all();
        active_.fire();
        wait_until_idle(hard);
    }
    end_loop();
    StopReport stopped{active_.executing_rows()};
    if (stopped.still_running.empty()) {
        handover_.reset();
        pool_.reset();
    }
    flush_last("kept for the next start");
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
    loop_thread_.join();
    if (renewal_thread_.joinable()) renewal_thread_.join();
    started_ = false;
}

/// Stores what can be stored; reports the rest as `otherwise`.
template <Storage StorageT>
void Worker<StorageT>::flush_last(const std::string& otherwise) {
    try {
        flush_finished();
    } catch (...) {
        report("results of runs could not be stored and are " + otherwise + ": " + detail::caught_text());
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
