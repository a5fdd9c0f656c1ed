// SPDX-License-Identifier: MIT
// http/detail/event_stream.hpp - one client's stream of events.
#pragma once

#include "carillon/http/detail/summary_routes.hpp"
#include "carillon/http/event_hub.hpp"
#include "carillon/version.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::detail {

/// What a stream is about besides the tenant, by the client's wish.
struct Watched {
    std::optional<JobId> job{};
    std::optional<RunId> run{};
};

template <Storage StorageT>
class EventStream final : public HttpStream {
public:
    static constexpr Duration comments_every = std::chrono::seconds{15};
    static constexpr Duration asks_every = std::chrono::seconds{60}; ///< whether the caller may still read

    /// `seen` is the request as `authenticate` has seen it.
    EventStream(const RouteCall<StorageT>& call, HttpRequest seen, Watched watched)
        : scheduler_(call.scheduler)
        , options_(call.options)
        , hub_(call.options.events)
        , seen_(std::move(seen))
        , caller_(call.caller())
        , watched_(std::move(watched))
        , events_(*hub_, caller_.tenant, signal_, last_event_id(call.request))
        , comment_at_(now() + comments_every)
        , ask_at_(now() + asks_every) {}

    [[nodiscard]] std::optional<std::string> next(Duration at_most) override {
        const SteadyTime deadline = now() + at_most;
        try {
            for (;;) {
                auto piece = take();
                if (!piece || !piece->empty() || now() >= deadline) return piece;
                options_.clock->wait_until(signal_, std::min({deadline, events_.next_due(), comment_at_, ask_at_}));
            }
        } catch (...) { // no memory, or a host's function that throws: the client comes back
            ended_ = true;
            return std::nullopt;
        }
    }

    void close() override {
        closed_ = true;
        signal_.notify();
    }

private:
    [[nodiscard]] SteadyTime now() const { return options_.clock->steady_now(); }
    [[nodiscard]] static std::string_view last_event_id(const HttpRequest& request) {
        const std::string* id = request.headers.find("Last-Event-ID");
        return id == nullptr ? std::string_view() : std::string_view(*id);
    }

    /// What there is to say now.
    [[nodiscard]] std::optional<std::string> take() {
        if (ended_) return std::nullopt;
        if (closed_) return goodbye("shutdown");
        const SteadyTime at = now();
        if (at >= ask_at_) {
            if (!may_still_read()) return goodbye("expired");
            ask_at_ = at + asks_every;
        }
        std::string text;
        if (!std::exchange(greeted_, true)) text = greeting();
        if (events_.take_reading(at)) read_numbers(at);
        const EventFeed::Reading reading = events_.read(at);
        text += reading.gap ? reset() : reading.text;
        text += watched_events(reading.changes);
        if (text.empty() && at >= comment_at_) text = ":\n\n";
        if (!text.empty()) comment_at_ = at + comments_every;
        return text;
    }

    [[nodiscard]] std::string greeting() const {
        const nlohmann::json hello{{"server_time", to_rfc3339(options_.clock->now())},
                                   {"version", CARILLON_VERSION_STRING},
                                   {"epoch", events_.epoch()},
                                   {"limits", {{"ids", ChangedIds<JobId>::most}, {"kept", EventFeed::most_kept}}}};
        const std::string text = "retry: 3000\n" + event_text("hello", hello, events_.position());
        return events_.begins_with_gap() ? text + reset() : text;
    }
    [[nodiscard]] std::string reset() const {
        return event_text("reset", nlohmann::json::object(), events_.position());
    }
    [[nodiscard]] std::string goodbye(std::string_view reason) {
        ended_ = true;
        return event_text("bye", {{"reason", reason}}, "");
    }

    [[nodiscard]] bool may_still_read() const {
        const auto principal = options_.authenticate(seen_);
        return principal && principal->permissions.read && principal->caller.tenant == caller_.tenant &&
               principal->caller.actor == caller_.actor;
    }

    void read_numbers(SteadyTime at) {
        try {
            const TenantStats stats = scheduler_.stats(caller_);
            std::optional<nlohmann::json> workers;
            if (options_.health) workers = {{"workers", workers_json(options_)}};
            events_.put(numbers_json(stats), Pulse::of(stats), workers, at);
        } catch (const Error&) { // the storage does not answer; it is asked again in two seconds
        }
    }
    [[nodiscard]] static nlohmann::json numbers_json(const TenantStats& stats) {
        const nlohmann::json all = stats_json(stats);
        nlohmann::json some;
        for (const char* name : {"running", "due", "failed_24h", "skipped_24h"})
            some[name] = all.at(name);
        const nlohmann::json& minutes = all.at("minutes");
        if (minutes.empty()) return some;
        const nlohmann::json& minute = minutes.back();
        some["minute"] = {{"t", minute.at("minute")}, {"ok", minute.at("ok")}, {"bad", minute.at("bad")}};
        return some;
    }

    /// The job or the run that the client has asked for, where something has become of it.
    [[nodiscard]] std::string watched_events(const Changes& changes) const {
        std::string text;
        if (watched_.job && (changes.jobs.has(*watched_.job) || changes.jobs_of_runs.has(*watched_.job)))
            if (const auto job = scheduler_.get_job(*watched_.job, caller_))
                text += event_text("job", {{"job", *job}}, "");
        if (watched_.run && changes.runs.has(*watched_.run))
            if (const auto run = scheduler_.get_run(*watched_.run, caller_))
                text += event_text("run", {{"run", *run}}, "");
        return text;
    }

    const SchedulerFacade<StorageT>& scheduler_;
    const RestApiOptions& options_;
    const std::shared_ptr<EventHub> hub_;
    const HttpRequest seen_;
    const Caller caller_;
    const Watched watched_;
    WakeSignal signal_;
    EventHub::Subscription events_;
    SteadyTime comment_at_;
    SteadyTime ask_at_;
    bool greeted_ = false;
    bool ended_ = false;
    std::atomic<bool> closed_ = false;
};

} // namespace carillon::detail
