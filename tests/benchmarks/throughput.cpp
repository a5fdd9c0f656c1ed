// SPDX-License-Identifier: MIT
// throughput.cpp - how many runs a second a worker takes from due to recorded, when the handlers do nothing.
//
//   throughput [runs = 300000] [threads = 1 2 ...]
//
// Storage in memory, history kept. Each load is executed by one worker and by two that share the threads. The program
// fails where a run was executed twice, or where the ledger has another number of rows, or one that was not completed
// by its first attempt. Three loads, each made before the clock starts to count:
//   recurring  as many jobs, each due once within the hour that has passed: planned, claimed, executed and finished
//   one-shot   as many jobs, each due once and at the same moment: after that they are completed, with an audit event
//   triggered  one job, triggered as many times: claimed, executed and finished
#include "carillon/scheduler_facade.hpp"
#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

/// The machine's clock, which the program may set forward: jobs are made for a future that comes at once.
class ShiftedClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return clock_.now() + shift_.load(); }
    [[nodiscard]] SteadyTime steady_now() const override { return clock_.steady_now(); }
    bool wait_until(WakeSignal& signal, SteadyTime deadline) override { return clock_.wait_until(signal, deadline); }
    void set_forward(Duration by) { shift_ = shift_.load() + by; }

private:
    SystemClock clock_;
    std::atomic<Duration> shift_{Duration{0}};
};

using Make = void (*)(SchedulerFacade<>& scheduler, Instant due, std::size_t runs);

void create(SchedulerFacade<>& scheduler, std::size_t jobs, const JobSpec& spec) {
    const std::vector<JobSpec> batch(1'000, spec);
    for (std::size_t made = 0; made < jobs; made += batch.size())
        scheduler.create_jobs("acme", std::span(batch).first(std::min(batch.size(), jobs - made)));
}

void recurring_jobs(SchedulerFacade<>& scheduler, Instant, std::size_t runs) {
    create(scheduler, runs, {.name = "hourly", .schedule = "@every 1h", .action = {{"type", "nothing"}}});
}

void one_shot_jobs(SchedulerFacade<>& scheduler, Instant due, std::size_t runs) {
    create(scheduler, runs, {.name = "once", .schedule = "@at " + to_rfc3339(due), .action = {{"type", "nothing"}}});
}

void triggered_runs(SchedulerFacade<>& scheduler, Instant, std::size_t runs) {
    JobSpec spec{.name = "often", .schedule = "@yearly", .action = {{"type", "nothing"}}};
    spec.policies.overlap.policy = OverlapPolicy::allow;
    const JobId id = scheduler.create_job("acme", spec).id;
    for (std::size_t made = 0; made < runs; ++made)
        scheduler.trigger_job(id, "acme");
}

/// Of all threads: what a busy machine does not change.
double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Those of the job that its first attempt has completed; throws at any other.
std::size_t completed_runs(const SchedulerFacade<>& scheduler, const JobId& job) {
    std::size_t rows = 0;
    RunQuery query;
    for (auto page = scheduler.list_runs(job, "acme", query); !page.empty();
         query.after = page.back(), page = scheduler.list_runs(job, "acme", query))
        for (const JobRun& run : page) {
            if (run.status != JobRunStatus::completed || run.attempt != 1 || run.fence != 1)
                throw std::runtime_error("run " + run.id.str() + " was not completed by its first attempt");
            ++rows;
        }
    return rows;
}

void check_ledger(const SchedulerFacade<>& scheduler, std::size_t runs) {
    std::size_t rows = 0;
    JobQuery query;
    for (auto page = scheduler.list_jobs("acme", query); !page.empty();
         query.after = page.back(), page = scheduler.list_jobs("acme", query))
        for (const ScheduledJob& job : page)
            rows += completed_runs(scheduler, job.id);
    if (rows != runs) throw std::runtime_error("the ledger has " + std::to_string(rows) + " rows");
}

/// Two workers where there are two, with half of the threads each.
void measure(const char* name, Make make, std::size_t runs, std::size_t threads, std::size_t workers) {
    auto clock = std::make_shared<ShiftedClock>();
    SchedulerFacade<> scheduler({.clock = clock});
    const auto creation = std::chrono::steady_clock::now();
    make(scheduler, clock->now() + 1h, runs);
    const double created = static_cast<double>(runs) / seconds_since(creation);

    std::atomic<std::size_t> executed = 0;
    std::atomic<bool> all = false;
    std::vector<std::unique_ptr<Worker<>>> team;
    clock->set_forward(1h);
    for (std::size_t i = 0; i < workers; ++i) {
        WorkerOptions options;
        options.threads = threads / workers;
        options.retention.runs_per_job = runs;
        team.push_back(std::make_unique<Worker<>>(scheduler, options));
        team.back()->handle("nothing", [&](RunContext&) {
            if (executed.fetch_add(1, std::memory_order_relaxed) + 1 < runs) return;
            all = true;
            all.notify_one();
        });
    }
    const auto begin = std::chrono::steady_clock::now();
    const double used = processor_seconds();
    for (const auto& worker : team)
        worker->start();
    all.wait(false);
    for (const auto& worker : team)
        worker->stop();
    const double rate = static_cast<double>(runs) / seconds_since(begin);
    const double cost = (processor_seconds() - used) / static_cast<double>(runs);
    std::printf("%-10s %zu threads of %zu workers: %9.0f runs/s   %5.2f us of processor time each   (made at %.0f/s)\n",
                name,
                threads,
                workers,
                rate,
                cost * 1e6,
                created);
    if (executed != runs) throw std::runtime_error("a run was executed twice");
    check_ledger(scheduler, runs);
}

std::size_t number(const char* text) {
    std::size_t value = 0;
    const char* end = text + std::strlen(text);
    if (std::from_chars(text, end, value).ptr != end || value == 0)
        throw std::invalid_argument(std::string("expected a number from 1, saw ") + text);
    return value;
}

} // namespace

int main(int argc, char** argv) try {
    const std::size_t runs = argc > 1 ? number(argv[1]) : 300'000;
    std::vector<std::size_t> threads;
    for (int i = 2; i < argc; ++i)
        threads.push_back(number(argv[i]));
    if (threads.empty()) threads = {1, 2};
    constexpr std::array<std::pair<const char*, Make>, 3> loads{
        {{"recurring", recurring_jobs}, {"one-shot", one_shot_jobs}, {"triggered", triggered_runs}}};
    for (const std::size_t count : threads)
        for (const std::size_t workers : {1, 2})
            for (const auto& [name, make] : loads)
                if (count >= workers) measure(name, make, runs, count, workers);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "throughput: %s\n", error.what());
    return 1;
}
