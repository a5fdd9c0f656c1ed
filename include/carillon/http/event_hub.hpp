// SPDX-License-Identifier: MIT
// http/event_hub.hpp - tells the streams of an API what its process does.
//
//   auto events = std::make_shared<EventHub>();
//   scheduler.add_audit_sink([events](const AuditEvent& event) { events->on_audit(event); });
//   Worker worker{scheduler, {.listeners = {events}}};
//   RestApi api{scheduler, {.authenticate = ..., .events = events}};        // GET /events
//
// Without streams an event costs a look at a counter; with some, a lock and an entry in a set of at most 200. What
// other processes do on the same storage is found by reading the tenant's numbers every two seconds while somebody
// listens.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/error.hpp"
#include "carillon/http/detail/event_feed.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/observe/events.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace carillon {

/// Thread-safe. Keeps the last events of a tenant for a minute after its last stream has gone, for those that come
/// back.
class EventHub final : public Listener {
public:
    explicit EventHub(std::shared_ptr<Clock> clock = std::make_shared<SystemClock>())
        : clock_(std::move(clock)) {
        if (!clock_) throw Error(Errc::required, "clock: must not be null", "clock");
    }

    void on_event(const std::string& worker, const Event& event) override;
    void on_audit(const AuditEvent& event);

    /// How many streams are open.
    [[nodiscard]] std::size_t streams() const noexcept { return streams_.load(std::memory_order_relaxed); }

    /// For the streams: one tenant's events, from some place on, for as long as it lives.
    class Subscription;

private:
    static constexpr Duration keeps_for = std::chrono::minutes{1};

    template <class Note>
    void note(const std::string& tenant, const Note& note);
    void forget_old(SteadyTime now);

    std::shared_ptr<Clock> clock_;
    std::atomic<std::size_t> streams_ = 0;
    std::atomic<std::size_t> tenants_ = 0;
    std::mutex mutex_;
    std::map<std::string, detail::EventFeed, std::less<>> feeds_;
};

class EventHub::Subscription {
public:
    /// `last_event_id` is what the client says that it has; empty: whatever comes from now on.
    Subscription(EventHub& hub, std::string tenant, WakeSignal& signal, std::string_view last_event_id);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    /// Whether the client has missed something that is no longer known.
    [[nodiscard]] bool begins_with_gap() const noexcept { return begins_with_gap_; }
    [[nodiscard]] std::string epoch() const;
    /// The id of what has been read so far.
    [[nodiscard]] std::string position() const;

    [[nodiscard]] detail::EventFeed::Reading read(SteadyTime now);
    /// When there may be something to read without a notification.
    [[nodiscard]] SteadyTime next_due() const;
    /// Whether the caller is to read the tenant's numbers now, and to `put` them.
    [[nodiscard]] bool take_reading(SteadyTime now);
    void put(const nlohmann::json& numbers,
             const detail::Pulse& pulse,
             const std::optional<nlohmann::json>& workers,
             SteadyTime now);

private:
    EventHub& hub_;
    const std::string tenant_;
    WakeSignal& signal_;
    detail::EventFeed* feed_ = nullptr; // of the map: stays where it is as long as it has signals
    std::uint64_t read_ = 0;
    bool begins_with_gap_ = false;
};

// ---- implementation ------------------------------------------------------------------------------------------------

/// `note` writes down what has changed.
template <class Note>
void EventHub::note(const std::string& tenant, const Note& note) {
    if (tenants_.load(std::memory_order_relaxed) == 0) return;
    const std::lock_guard lock(mutex_);
    const auto found = feeds_.find(tenant);
    if (found == feeds_.end()) return;
    detail::EventFeed& feed = found->second;
    note(feed);
    if (feed.begins(clock_->steady_now())) feed.wake_all();
}

inline void EventHub::on_event(const std::string& /*worker*/, const Event& event) {
    std::visit(
        [&](const auto& what) {
            if constexpr (requires { what.run; }) {
                note(what.run.tenant_id, [&](detail::EventFeed& feed) {
                    feed.changes().runs.add(what.run.id);
                    feed.changes().jobs_of_runs.add(what.run.job_id);
                });
            } else if constexpr (requires {
                                     what.tenant_id;
                                     what.occurrences;
                                 }) {
                note(what.tenant_id, [&](detail::EventFeed& feed) { feed.changes().jobs_of_runs.add(what.job_id); });
            } else if constexpr (requires {
                                     what.tenant_id;
                                     what.status;
                                 }) {
                note(what.tenant_id, [&](detail::EventFeed& feed) {
                    feed.changes().jobs.add(what.job_id);
                    feed.say_why(to_string(what.status));
                });
            }
        },
        event);
}

inline void EventHub::on_audit(const AuditEvent& event) {
    note(event.tenant_id, [&](detail::EventFeed& feed) {
        feed.changes().jobs.add(event.job_id);
        feed.say_why(to_string(event.verb));
        if (!event.run_id) return;
        feed.changes().runs.add(*event.run_id);
        feed.changes().jobs_of_runs.add(event.job_id);
    });
}

inline void EventHub::forget_old(SteadyTime now) {
    std::erase_if(feeds_, [&](const auto& entry) {
        const detail::EventFeed& feed = entry.second;
        return feed.signals.empty() && now - feed.left_at >= keeps_for;
    });
    tenants_ = feeds_.size();
}

inline EventHub::Subscription::Subscription(EventHub& hub,
                                            std::string tenant,
                                            WakeSignal& signal,
                                            std::string_view last_event_id)
    : hub_(hub)
    , tenant_(std::move(tenant))
    , signal_(signal) {
    const SteadyTime now = hub.clock_->steady_now();
    const std::lock_guard lock(hub.mutex_);
    hub.forget_old(now);
    feed_ = &hub.feeds_.try_emplace(tenant_, Uuid::next(hub.clock_->now()).str(), now).first->second;
    hub.tenants_ = hub.feeds_.size();
    feed_->signals.push_back(&signal_);
    ++hub.streams_;
    read_ = feed_->last();
    if (last_event_id.empty()) return;
    begins_with_gap_ = true;
    for (std::uint64_t behind = 0; behind <= std::min<std::uint64_t>(read_, detail::EventFeed::most_kept); ++behind) {
        if (feed_->id_of(read_ - behind) != last_event_id) continue;
        begins_with_gap_ = feed_->read_after(read_ - behind).gap;
        if (!begins_with_gap_) read_ -= behind;
        return;
    }
}

inline EventHub::Subscription::~Subscription() {
    const std::lock_guard lock(hub_.mutex_);
    std::erase(feed_->signals, &signal_);
    feed_->left_at = hub_.clock_->steady_now();
    --hub_.streams_;
}

inline std::string EventHub::Subscription::epoch() const {
    const std::lock_guard lock(hub_.mutex_);
    return feed_->epoch();
}

inline std::string EventHub::Subscription::position() const {
    const std::lock_guard lock(hub_.mutex_);
    return feed_->id_of(read_);
}

inline detail::EventFeed::Reading EventHub::Subscription::read(SteadyTime now) {
    const std::lock_guard lock(hub_.mutex_);
    const std::uint64_t before = feed_->last();
    feed_->flush(now);
    if (feed_->last() != before) feed_->wake_all();
    auto reading = feed_->read_after(read_);
    read_ = reading.last;
    return reading;
}

inline SteadyTime EventHub::Subscription::next_due() const {
    const std::lock_guard lock(hub_.mutex_);
    return feed_->next_due();
}

inline bool EventHub::Subscription::take_reading(SteadyTime now) {
    const std::lock_guard lock(hub_.mutex_);
    return feed_->take_reading(now);
}

inline void EventHub::Subscription::put(const nlohmann::json& numbers,
                                        const detail::Pulse& pulse,
                                        const std::optional<nlohmann::json>& workers,
                                        SteadyTime now) {
    const std::lock_guard lock(hub_.mutex_);
    bool news = feed_->put_numbers(numbers, pulse, now);
    if (workers) news = feed_->put_workers(*workers) || news;
    if (news) feed_->wake_all();
}

} // namespace carillon
