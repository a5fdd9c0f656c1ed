// SPDX-License-Identifier: MIT
// storage/detail/sqlite_watch.hpp - a thread that looks, a few times a second, for what other processes have changed.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/detail/sqlite_fork.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace carillon::detail {

/// Calls `look` every 200 ms while it lives. Its end waits for a call that is running, unless it is that call which
/// ends it.
class SqliteWatchThread {
public:
    static constexpr Duration interval = std::chrono::milliseconds{200};

    SqliteWatchThread(std::shared_ptr<Clock> clock, std::function<void()> look)
        : state_(std::make_shared<State>())
        , thread_([state = state_, clock = std::move(clock), look = std::move(look)] { run(*state, *clock, look); }) {}
    SqliteWatchThread(const SqliteWatchThread&) = delete;
    SqliteWatchThread& operator=(const SqliteWatchThread&) = delete;
    ~SqliteWatchThread() {
        if (fork_.happened()) { // the thread is the parent's
            static_cast<void>(new std::thread(std::move(thread_)));
            return;
        }
        state_->ends = true;
        state_->wake.notify();
        if (thread_.get_id() == std::this_thread::get_id())
            thread_.detach(); // it looks at nothing but its own state any more
        else
            thread_.join();
    }

private:
    struct State {
        WakeSignal wake;
        std::atomic<bool> ends = false;
    };

    static void run(State& state, Clock& clock, const std::function<void()>& look) {
        while (!state.ends) {
            clock.wait_until(state.wake, clock.steady_now() + interval);
            if (state.ends) return;
            try {
                look();
            } catch (...) { // NOLINT(bugprone-empty-catch): who works on the storage finds the same, and tells
            }
        }
    }

    ForkCheck fork_;
    std::shared_ptr<State> state_;
    std::thread thread_;
};

} // namespace carillon::detail
