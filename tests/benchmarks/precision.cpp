// SPDX-License-Identifier: MIT
// precision.cpp - how punctual a worker is, and what it costs while there is nothing to do. Takes real time.
//
//   CARILLON_PRECISION_SECONDS=20 precision
//
//   lateness   an every-second job: how long after its second each handler was entered
//   poll       a host of one thread: 10,000 jobs that are due together every four seconds, and sixty calls of
//              poll(2 ms) a second for ten seconds: how long they took
//   idle       ten seconds of a worker whose only job lies far ahead: how often it woke up, and the processor's time
#include "carillon/scheduler_facade.hpp"
#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr Duration idle_time = 10s;

/// The machine's clock, which counts how often somebody who waited on it woke up.
class CountingClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return clock_.now(); }
    [[nodiscard]] SteadyTime steady_now() const override { return clock_.steady_now(); }
    bool wait_until(WakeSignal& signal, SteadyTime deadline) override {
        const bool notified = clock_.wait_until(signal, deadline);
        ++wake_ups;
        return notified;
    }

    std::atomic<std::size_t> wake_ups = 0;

private:
    SystemClock clock_;
};

void wait_for(Duration time) {
    SystemClock clock;
    WakeSignal never;
    clock.wait_until(never, clock.steady_now() + time);
}

void print(const char* what, double figure, const char* goal) {
    std::printf("%-26s %8.3f   %s\n", what, figure, goal);
}

double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The value that this part of all values does not exceed.
double percentile(const std::vector<double>& sorted, double part) {
    const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void measure_lateness(int seconds) {
    SystemClock clock;
    SchedulerFacade<> scheduler;
    Worker<> worker(scheduler, {.threads = 2});
    std::mutex mutex;
    std::vector<double> late;
    worker.handle("tick", [&](RunContext& run) {
        const Duration behind = clock.now() - run.scheduled_for();
        const std::lock_guard lock(mutex);
        late.push_back(static_cast<double>(behind.count()) / 1e3);
    });
    scheduler.create_job("acme", {.name = "tick", .schedule = "* * * * * *", .action = {{"type", "tick"}}});
    worker.start();
    wait_for(std::chrono::seconds{seconds} + 500ms);
    worker.stop();
    if (late.empty()) throw std::runtime_error("no run was started");
    std::sort(late.begin(), late.end());
    if (late.front() < 0.0) throw std::runtime_error("a run was started before its time");
    print("runs", static_cast<double>(late.size()), ("goal: " + std::to_string(seconds) + ", or one more").c_str());
    print("late, median, ms", percentile(late, 0.5), "goal: at most 20 on an idle machine");
    print("late, p99, ms", percentile(late, 0.99), "goal: at most 20 on an idle machine");
    print("late, max, ms", late.back(), "goal: at most 20 on an idle machine");
}

void measure_poll() {
    constexpr Duration budget = 2ms;
    SystemClock clock;
    SchedulerFacade<> scheduler;
    Worker<> worker(scheduler);
    worker.handle("tick", [](RunContext&) {});
    const std::vector<JobSpec> jobs(1'000, {.name = "tick", .schedule = "@every 4s", .action = {{"type", "tick"}}});
    for (int i = 0; i < 10; ++i)
        scheduler.create_jobs("acme", jobs);
    std::vector<double> took;
    std::size_t runs = 0;
    for (int frame = 0; frame < 600; ++frame) {
        const SteadyTime begin = clock.steady_now();
        runs += worker.poll(budget);
        const SteadyTime end = clock.steady_now();
        took.push_back(std::chrono::duration<double, std::milli>(end - begin).count());
        WakeSignal never;
        clock.wait_until(never, begin + 16'667us);
    }
    if (runs < 20'000) throw std::runtime_error("not every job was executed");
    std::sort(took.begin(), took.end());
    print("poll, runs", static_cast<double>(runs), "");
    print("poll, median, ms", percentile(took, 0.5), "");
    print("poll, p99, ms", percentile(took, 0.99), "goal: at most 2, and one handler");
    print("poll, max, ms", took.back(), "goal: at most 2, and one handler, on an idle machine");
}

void measure_idleness() {
    auto clock = std::make_shared<CountingClock>();
    SchedulerFacade<> scheduler({.clock = clock});
    Worker<> worker(scheduler, {.threads = 2});
    worker.handle("never", [](RunContext&) {});
    scheduler.create_job("acme",
                         {.name = "never", .schedule = "@at 2190-01-01T00:00:00Z", .action = {{"type", "never"}}});
    worker.start();
    wait_for(1s); // until it has settled
    const std::size_t wake_ups = clock->wake_ups;
    const double used = processor_seconds();
    wait_for(idle_time);
    const double seconds = std::chrono::duration<double>(idle_time).count();
    print("idle, wake-ups a second", static_cast<double>(clock->wake_ups - wake_ups) / seconds, "goal: at most 2");
    print("idle, % of one core", 100.0 * (processor_seconds() - used) / seconds, "goal: near 0");
    worker.stop();
}

int seconds_asked_for() {
    const char* text = std::getenv("CARILLON_PRECISION_SECONDS"); // NOLINT(concurrency-mt-unsafe): no thread yet
    if (!text) return 20;
    int seconds = 0;
    const char* end = text + std::strlen(text);
    if (std::from_chars(text, end, seconds).ptr != end || seconds < 1 || seconds > 86'400)
        throw std::invalid_argument(std::string("CARILLON_PRECISION_SECONDS: expected 1 to 86400, saw ") + text);
    return seconds;
}

} // namespace

int main() try {
    measure_lateness(seconds_asked_for());
    measure_poll();
    measure_idleness();
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "precision: %s\n", error.what());
    return 1;
}
