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
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace carillon {

/// Sees to it that the task is called once, soon, on any thread, or in the call itself. Tasks do not throw and block as
/// long as a handler does: what is left to do then is a new task, so that whatever else the executor has gets its turn.
/// One that is dropped, or called when its worker is gone, does no harm. Called from a worker's
/// threads.
using Executor = std::function<void(std::function<void()>)>;

namespace detail {

/// Whether a task that an executor calls does all there is to do, or one piece of it and leaves the rest to a new task.
enum class TaskSize : std::uint8_t { everything, one_piece };

/// Keeps an executor busy with one kind of work, at most `limit` times at a time. Thread-safe.
class Handover {
public:
    /// `work` does a piece, or all there is; `left` says how many pieces are there now, and must not call this.
    Handover(Executor executor,
             std::size_t limit,
             std::function<void()> work,
             std::function<std::size_t()> left,
             TaskSize size = TaskSize::everything)
        : state_(std::make_shared<State>(std::move(executor), limit, std::move(work), std::move(left), size)) {}
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;
    /// Waits for the tasks that have begun. Those that have not will do nothing.
    ~Handover() {
        Executor last; // let go without the lock: an executor may own the tasks that it has not called
        std::unique_lock lock(state_->mutex);
        state_->open = false;
        state_->changed.wait(lock, [this] { return state_->working == 0; });
        last.swap(state_->executor);
        lock.unlock();
    }

    /// Something to do has come: `pieces` of it are there now. Posts as many tasks as that takes. Throws what the
    /// executor throws.
    void post(std::size_t pieces) {
        std::size_t missing = 0;
        {
            const std::lock_guard lock(state_->mutex);
            const std::size_t free = state_->limit - std::min(state_->limit, state_->working);
            const std::size_t wanted = std::min(pieces, free);
            missing = wanted - std::min(wanted, state_->waiting);
        }
        for (; missing > 0; --missing)
            state_->executor([ticket = std::make_shared<Ticket>(state_)] { ticket->use(); });
    }

    /// Tasks that the executor has neither begun nor dropped.
    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock(state_->mutex);
        return state_->waiting;
    }

private:
    struct State {
        State(Executor the_executor,
              std::size_t the_limit,
              std::function<void()> the_work,
              std::function<std::size_t()> what_is_left,
              TaskSize the_size)
            : executor(std::move(the_executor))
            , limit(the_limit)
            , work(std::move(the_work))
            , left(std::move(what_is_left))
            , size(the_size) {}

        Executor executor; // none after the end
        const std::size_t limit;
        const std::function<void()> work;
        const std::function<std::size_t()> left;
        const TaskSize size;
        std::mutex mutex;
        std::condition_variable changed;
        std::size_t waiting = 0;
        std::size_t working = 0;
        std::size_t posting = 0; // tasks that are posting the next one
        bool open = true;
    };

    /// Finds out whether a task is called by the very call that posts it.
    struct Call {
        const std::thread::id poster = std::this_thread::get_id();
        bool posting = true; // of interest to the poster alone
        bool came_back = false;

        [[nodiscard]] bool comes_back() {
            if (std::this_thread::get_id() != poster || !posting) return false;
            return came_back = true;
        }
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
            } while (goes_on(lock)); // what comes after this look finds one less at work
            if (--state_->working == 0) state_->changed.notify_all();
        }

    private:
        /// Whether this task has to go on: something is left, and no other task that it could be left to.
        bool goes_on(std::unique_lock<std::mutex>& lock) {
            const std::size_t left = state_->open ? state_->left() : 0;
            if (left == 0 || state_->size == TaskSize::everything || !may_post_) return left > 0;
            if (left <= state_->waiting) return false;
            // An executor may wait for its task: so many may wait for each other, and no more.
            if (state_->posting >= state_->limit) return true;
            ++state_->posting;
            lock.unlock();
            may_post_ = post_next();
            lock.lock();
            --state_->posting;
            return !may_post_;
        }

        /// Says whether it did; not where the executor fails, or calls what it is given in place.
        [[nodiscard]] bool post_next() const {
            const auto call = std::make_shared<Call>();
            try {
                state_->executor([call, ticket = std::make_shared<Ticket>(state_)] {
                    if (!call->comes_back()) ticket->use();
                });
            } catch (...) {
                return false; // there is a thread: this one
            }
            call->posting = false;
            return !call->came_back;
        }

        std::shared_ptr<State> state_;
        bool used_ = false;
        bool may_post_ = true;
    };

    std::shared_ptr<State> state_;
};

} // namespace detail

} // namespace carillon
