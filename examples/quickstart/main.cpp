// SPDX-License-Identifier: MIT
// quickstart jobs.json [seconds] - a host program: it reads its jobs from a file, runs them for a while, and tells.
//
// The file maps tenants to keys to jobs. Each start puts every job under its key again: what has not changed stays as
// it is, what has changed is updated, and what is wrong is refused with a message, without harm to the others.
#include <carillon/carillon.hpp>

#include "handlers.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace {

using carillon::JobRun;
using carillon::JobSpec;
using carillon::RunContext;

std::mutex output_mutex;

std::string clock_time(carillon::Instant instant) {
    return carillon::to_rfc3339(std::chrono::floor<std::chrono::seconds>(instant)).substr(11, 8);
}

std::string day_and_time(const std::optional<carillon::Instant>& instant) {
    return instant ? carillon::to_rfc3339(std::chrono::floor<std::chrono::seconds>(*instant)) : "-";
}

/// One line about a run that ends.
void print_run(const RunContext& run, const std::string& outcome) {
    const std::lock_guard lock(output_mutex);
    std::cout << clock_time(run.scheduled_for()) << "  " << std::left << std::setw(8) << run.tenant() << std::setw(40)
              << run.job_name() << outcome << std::endl;
}

/// The same handler, telling how each of its runs ends.
template <class Function>
auto told(Function function) {
    return [function](RunContext& run) {
        try {
            nlohmann::json result = function(run);
            print_run(run, "completed  " + result.dump());
            return result;
        } catch (const std::exception& error) {
            print_run(run, std::string(run.stop_requested() ? "stopped    " : "failed     ") + error.what());
            throw;
        }
    };
}

/// Puts every job of the file; returns how many were refused.
int put_jobs(carillon::SchedulerFacade<>& scheduler, const nlohmann::json& file) {
    int refused = 0;
    for (const auto& [tenant, jobs] : file.items()) {
        for (const auto& [key, spec] : jobs.items()) {
            try {
                scheduler.put_job({tenant, "quickstart"}, key, spec.get<JobSpec>());
            } catch (const carillon::Error& error) {
                ++refused;
                std::cout << "refused: " << tenant << "/" << key << ": " << to_string(error.code()) << " at column "
                          << error.column() << "\n  " << error.what() << "\n";
            }
        }
    }
    return refused;
}

void print_table(const carillon::SchedulerFacade<>& scheduler, const std::string& tenant) {
    std::cout << "\n" << tenant << "\n" << std::left;
    const auto row = [](const auto& job,
                        const auto& schedule,
                        const auto& status,
                        const auto& runs,
                        const auto& failures,
                        const auto& last,
                        const auto& next) {
        std::cout << "  " << std::setw(40) << job << std::setw(32) << schedule << std::setw(11) << status << std::right
                  << std::setw(5) << runs << std::setw(10) << failures << std::left << "  " << std::setw(22) << last
                  << next << "\n";
    };
    row("job", "schedule", "status", "runs", "failures", "last run", "next run");
    for (const auto& job : scheduler.list_jobs(tenant, {.sort = carillon::JobSort::name}))
        row(job.name,
            job.schedule,
            to_string(job.status),
            job.run_count,
            job.failure_count,
            day_and_time(job.last_run_at),
            day_and_time(job.next_run_at));
}

/// Waits for the time to pass, or for Ctrl-C. The end of a child process may interrupt the call: that is no reason.
void wait(std::chrono::seconds seconds) {
    using namespace std::chrono;
    const auto end = steady_clock::now() + seconds;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    for (;;) {
        const auto left = std::max(nanoseconds{0}, nanoseconds{end - steady_clock::now()});
        const timespec timeout{floor<std::chrono::seconds>(left).count(), (left % std::chrono::seconds{1}).count()};
        if (sigtimedwait(&signals, nullptr, &timeout) >= 0 || errno != EINTR) return;
    }
}

/// Before any thread is started: they all leave Ctrl-C to wait().
void block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int run(const std::string& path, std::chrono::seconds seconds) {
    std::ifstream stream(path);
    if (!stream) throw std::runtime_error("cannot open " + path);
    const nlohmann::json file = nlohmann::json::parse(stream);

    carillon::SchedulerFacade<> scheduler;
    carillon::Worker worker{scheduler, {.threads = 4}};
    worker.handle("shell", told(quickstart::shell));
    worker.handle("disk_report", told(quickstart::disk_report));
    const int refused = put_jobs(scheduler, file);

    worker.start();
    wait(seconds);
    worker.stop(std::chrono::seconds{1}, std::chrono::seconds{5});

    for (const auto& [tenant, jobs] : file.items())
        print_table(scheduler, tenant);
    if (refused > 0) std::cout << "\nrefused jobs: " << refused << "\n";
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: quickstart jobs.json [seconds]\n";
        return 2;
    }
    try {
        block_signals();
        return run(argv[1], std::chrono::seconds{argc == 3 ? std::stoi(argv[2]) : 10});
    } catch (const std::exception& error) {
        std::cerr << "quickstart: " << error.what() << "\n";
        return 1;
    }
}
