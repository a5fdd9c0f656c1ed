// SPDX-License-Identifier: MIT
// worker/executor.hpp - where handlers run, if not on the threads of a worker: the host's own pool or event loop.
//
//     WorkerOptions options{.executor = [&](std::function<void()> task) { my_pool.submit(std::move(task)); }};
//
// carillon/asio.hpp makes one of an Asio executor.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace carillon {

/// Sees to it that the task is called once, soon, on any thread, or in the call itself. Tasks do not throw and block as
/// long as handlers do. One that is dropped, or called when its worker is gone, does no harm. Called from a worker's
/// threads.
using Executor = std::function<void(std::function<void()>)>;

namespace detail {

/// Keeps an executor busy with one piece of work, at most `limit` times at a time. Thread-safe.
class Handover {
public:
    /// `work` does all there is to do; `is_left` says whether something has come meanwhile, and must not call this.
    Handover(Executor executor, std::size_t limit, std::function<void()> work, std::function<bool()> is_left)
        : executor_(std::move(executor))
        , limit_(limit)
        , state_(std::make_shared<State>(std::move(work), std::move(is_left))) {}
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;
    /// Waits for the tasks that have begun. Those that have not will do nothing.
    ~Handover() {
        std::unique_lock lock(state_->mutex);
        state_->open = false;
        state_->changed.wait(lock, [this] { return state_->working == 0; });
    }

    /// Something to do has come: `pieces` of it are there now. Posts as many tasks as that takes. Throws what the
    /// executor throws.
    void post(std::size_t pieces) {
        std::size_t missing = 0;
        {
            const std::lock_guard lock(state_->mutex);
            const std::size_t wanted = std::min(pieces, limit_ - state_->working);
            missing = wanted - std::min(wanted, state_->waiting);
        }
        for (; missing > 0; --missing)
            executor_([ticket = std::make_shared<Ticket>(state_)] { ticket->use(); });
    }

    /// Tasks that the executor has neither begun nor dropped.
    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock(state_->mutex);
        return state_->waiting;
    }

private:
    struct State {
        State(std::function<void()> the_work, std::function<bool()> what_is_left)
            : work(std::move(the_work))
            , is_left(std::move(what_is_left)) {}

        const std::function<void()> work;
        const std::function<bool()> is_left;
        std::mutex mutex;
        std::condition_variable changed;
        std::size_t waiting = 0;
        std::size_t working = 0;
        bool open = true;
    };

    /// One task: used once, or dropped.
    class Ticket {
    public:
        explicit Ticket(std::shared_ptr<State> state)
            : state_(std::move(state)) {
            const std::lock_guard lock(state_->mutex);
            ++state_->waiting;
        }
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        ~Ticket() {
            const std::lock_guard lock(state_->mutex);
            if (!used_) --state_->waiting;
        }

        void use() {
            std::unique_lock lock(state_->mutex);
            if (std::exchange(used_, true)) return;
            --state_->waiting;
            if (!state_->open) return;
            ++state_->working;
            do {
                lock.unlock();
                state_->work();
                lock.lock();
            } while (state_->open && state_->is_left()); // what comes after this look finds one less at work
            if (--state_->working == 0) state_->changed.notify_all();
        }

    private:
        std::shared_ptr<State> state_;
        bool used_ = false;
    };

    Executor executor_;
    std::size_t limit_;
    std::shared_ptr<State> state_;
};

} // namespace detail

} // namespace carillon
