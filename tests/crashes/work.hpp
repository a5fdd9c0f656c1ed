// SPDX-License-Identifier: MIT
// crashes/work.hpp - a host at work on a database file: it creates, triggers and executes until it is told to end, or
// killed, and acknowledges each thing as soon as the library has.
#pragma once

#include "carillon/scheduler_facade.hpp"
#include "carillon/storage/sqlite.hpp"
#include "carillon/worker/worker.hpp"

#include "crashes/journal.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <variant>

namespace crashes {

using Scheduler = SchedulerFacade<SqliteStorage>;
using Say = std::function<void(const std::string& line)>;

inline constexpr const char* tenant = "acme";

/// The jobs that every host puts when it starts: one occurrence a second, under different rules, and one to be
/// triggered.
struct StandingJobs {
    static constexpr std::array keys{"all", "latest", "queue", "once"};

    static JobSpec recurring(std::string_view key) {
        JobSpec spec{.name = std::string(key), .schedule = "* * * * * *", .action = {{"type", "work"}}};
        spec.policies.max_abandons = 100;
        if (key == "all") {
            spec.policies.misfire.policy = MisfirePolicy::fire_all;
            spec.policies.overlap.policy = OverlapPolicy::allow;
        } else if (key == "queue") {
            spec.policies.overlap.policy = OverlapPolicy::queue_all;
        } else if (key == "once") {
            spec.policies.overlap.policy = OverlapPolicy::allow;
            spec.policies.delivery = DeliveryMode::at_most_once;
        }
        return spec;
    }

    static JobSpec triggered() {
        JobSpec spec{.name = "triggered", .schedule = "@yearly", .action = {{"type", "work"}}};
        spec.policies.overlap.policy = OverlapPolicy::allow;
        spec.policies.max_abandons = 100;
        return spec;
    }
};

/// Two occurrences and it is over. The same spec for every creation, so that one may be repeated.
[[nodiscard]] inline JobSpec short_lived(const std::string& creation) {
    return {.name = "twice",
            .schedule = "* * * * * *",
            .action = {{"type", "work"}},
            .max_runs = 2,
            .idempotency_key = creation};
}

/// Says what has ended, and what goes wrong in the worker.
class Reporter final : public Listener {
public:
    explicit Reporter(Say say)
        : say_(std::move(say)) {}

    void on_event(const std::string&, const Event& event) override {
        if (const auto* ended = std::get_if<RunEnded>(&event)) {
            say_("ended " + ended->run.id.str() + " " + std::string(to_string(ended->status)));
            const std::lock_guard lock(mutex_);
            ++ended_;
            changed_.notify_all();
        } else if (std::holds_alternative<StorageFailed>(event) || std::holds_alternative<ListenerFailed>(event)) {
            say_("trouble " + to_string(event));
        }
    }

    /// Blocks while fewer than `count` runs have ended; `patience` is for a host whose runs others execute.
    void wait_for(std::size_t count, std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience, [&] { return ended_ >= count; });
    }

private:
    Say say_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t ended_ = 0;
};

/// A worker whose handlers acknowledge that they were entered, and then are busy for some time or none.
class Hands {
public:
    Hands(Scheduler& scheduler, Say say, Duration lease)
        : reporter_(std::make_shared<Reporter>(say))
        , worker_(scheduler, options(lease, reporter_)) {
        worker_.handle("work", [say = std::move(say)](RunContext& run) {
            say("begun " + run.run_id().str() + " " + std::to_string(run.fence()));
            be_busy(Duration{run.run_id().uuid().bytes[15] % 8 == 0 ? 3'000 : 0});
        });
    }
    [[nodiscard]] Worker<SqliteStorage>& worker() { return worker_; }
    [[nodiscard]] Reporter& reporter() { return *reporter_; }

private:
    static WorkerOptions options(Duration lease, std::shared_ptr<Reporter> reporter) {
        WorkerOptions options;
        options.threads = 4;
        options.lease = options.poll_lease = lease;
        options.heartbeat = lease / 5;
        options.retention.runs_per_job = 1'000'000;
        options.report = [](const std::string&) {
        }; // the reporter says it
        options.listeners = {std::move(reporter)};
        return options;
    }

    static void be_busy(Duration duration) {
        const SystemClock clock;
        const SteadyTime end = clock.steady_now() + duration;
        while (clock.steady_now() < end) {
        }
    }

    std::shared_ptr<Reporter> reporter_;
    Worker<SqliteStorage> worker_;
};

/// Whether the other end of the pipe is closed.
[[nodiscard]] inline bool is_closed(int pipe) {
    pollfd end{pipe, POLLIN, 0};
    return ::poll(&end, 1, 0) != 0;
}

/// Works on the file until the pipe `until` is closed. Creations are numbered from `creation` on, after `name`.
inline void work(const std::string& path, const std::string& name, std::uint64_t creation, Duration lease, int until) {
    const Say say = [](const std::string& line) {
        acknowledge(STDOUT_FILENO, line);
    };
    Scheduler scheduler(SqliteStorage::open(path));
    for (const char* key : StandingJobs::keys)
        scheduler.put_job(tenant, key, StandingJobs::recurring(key));
    const JobId triggered = scheduler.put_job(tenant, "triggered", StandingJobs::triggered()).id;
    Hands hands(scheduler, say, lease);
    hands.worker().start();
    std::size_t triggers = 0;
    for (; !is_closed(until); ++creation) {
        const std::string number = name + "-" + std::to_string(creation);
        say("job " + number + " " + scheduler.create_job(tenant, short_lived(number)).id.str());
        for (int i = 0; i < 8; ++i, ++triggers)
            say("run " + scheduler.trigger_job(triggered, tenant)->id.str());
        if (triggers > 32) hands.reporter().wait_for(triggers - 32, std::chrono::milliseconds{50});
    }
    hands.worker().stop();
}

} // namespace crashes
