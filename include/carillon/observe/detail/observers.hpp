// SPDX-License-Identifier: MIT
// observe/detail/observers.hpp - those who want to know what a worker does.
#pragma once

#include "carillon/observe/events.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

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

/// The listeners of one worker, and its report. Thread-safe; to be called without a lock held.
///
/// A template of nothing, so that a program pays to compile it where it uses it.
template <class Void>
class BasicObservers {
public:
    BasicObservers(std::string worker,
                   std::vector<std::shared_ptr<Listener>> listeners,
                   std::function<void(const std::string&)> report)
        : worker_(std::move(worker))
        , listeners_(std::move(listeners))
        , report_(std::move(report)) {}

    /// Whether somebody listens to what happens all the time: else such events need not be made.
    [[nodiscard]] bool listening() const noexcept { return !listeners_.empty(); }

    void tell(const Event& event) const noexcept {
        for (const auto& listener : listeners_)
            tell_one(*listener, event);
        report(event);
    }

    /// How often a listener has thrown.
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }

private:
    void tell_one(Listener& listener, const Event& event) const noexcept {
        try {
            listener.on_event(worker_, event);
        } catch (...) {
            tell_others(listener, ListenerFailed{caught_text(), ++failures_});
        }
    }

    void tell_others(const Listener& failed, const Event& event) const noexcept {
        for (const auto& listener : listeners_) {
            if (listener.get() == &failed) continue;
            try {
                listener->on_event(worker_, event);
            } catch (...) {
                ++failures_; // told once is enough
            }
        }
        report(event);
    }

    void report(const Event& event) const noexcept {
        try {
            if (!is_notable(event)) return;
            if (report_) return report_(to_string(event));
            std::fputs(("carillon: " + worker_ + ": " + to_string(event) + "\n").c_str(), stderr);
        } catch (...) { // NOLINT(bugprone-empty-catch): there is nobody left to tell
        }
    }

    std::string worker_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    std::function<void(const std::string&)> report_;
    mutable std::atomic<std::uint64_t> failures_ = 0;
};

using Observers = BasicObservers<void>;

/// Whether the storage answers, as the worker finds out while it works. Thread-safe.
class StorageContact {
public:
    struct State {
        std::optional<SteadyTime> answered_at = std::nullopt;
        bool fails = false;     ///< it threw the last time
        std::string error = ""; ///< what it said then
    };

    /// It did. Says so where somebody was told that it does not.
    std::optional<StorageRecovered> answered(SteadyTime now) {
        const std::lock_guard lock(mutex_);
        state_.answered_at = now;
        state_.fails = false;
        if (failures_ == 0) return std::nullopt;
        return StorageRecovered{std::exchange(failures_, 0), now - failing_since_};
    }

    /// It failed, and that is told.
    void failed(SteadyTime now, const std::string& error) {
        const std::lock_guard lock(mutex_);
        if (failures_++ == 0) failing_since_ = now;
        state_.fails = true;
        state_.error = error;
    }

    /// It failed, and who asked knows.
    void threw(const std::string& error) {
        const std::lock_guard lock(mutex_);
        state_.fails = true;
        state_.error = error;
    }

    [[nodiscard]] State state() const {
        const std::lock_guard lock(mutex_);
        return state_;
    }

private:
    mutable std::mutex mutex_;
    State state_;
    std::size_t failures_ = 0; // that were told
    SteadyTime failing_since_{};
};

} // namespace carillon::detail
