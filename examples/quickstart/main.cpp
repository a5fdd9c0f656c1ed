// SPDX-License-Identifier: MIT
// quickstart jobs.json [seconds] [state.db] - a host program: it reads its jobs from a file, runs them for a while, and
// tells. What it knows is in the state file: ended in whatever way and started again, it goes on.
//
// The file of jobs maps tenants to keys to jobs. Each start puts every job under its key again: what has not changed
// stays as it is, what has changed is updated, what is no longer there is deleted, and what is wrong is refused with a
// message, without harm to the others.
#include <carillon/carillon.hpp>

#include "handlers.hpp"
#include "report.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace quickstart;
using namespace std::chrono_literals;
using carillon::JobSpec;
using carillon::RunContext;
using carillon::ScheduledJob;
using carillon::SqliteStorage;
using Scheduler = carillon::SchedulerFacade<SqliteStorage>;

constexpr const char* actor = "quickstart";

/// The same handler, telling how each of its runs ends.
template <class Function>
auto told(Function function) {
    return [function](RunContext& run) {
        try {
            nlohmann::json result = function(run);
            print_run(run, "completed", result.dump());
            return result;
        } catch (const std::exception& error) {
            print_run(run, run.stop_requested() ? "stopped" : "failed", error.what());
            throw;
        }
    };
}

/// Puts the jobs of a tenant; returns how many were refused.
std::size_t put_jobs(Scheduler& scheduler, const std::string& tenant, const nlohmann::json& jobs) {
    std::size_t refused = 0;
    for (const auto& [key, spec] : jobs.items()) {
        try {
            scheduler.put_job({tenant, actor}, key, spec.get<JobSpec>());
        } catch (const carillon::Error& error) {
            ++refused;
            print_refused(tenant + "/" + key, error);
        }
    }
    return refused;
}

std::vector<ScheduledJob> jobs_of(const Scheduler& scheduler, const std::string& tenant) {
    return scheduler.list_jobs(tenant, {.limit = 1'000, .sort = carillon::JobSort::name});
}

/// Deletes the jobs of an earlier start that the file does not have any more.
void delete_others(Scheduler& scheduler, const std::string& tenant, const nlohmann::json& jobs) {
    for (const ScheduledJob& job : jobs_of(scheduler, tenant))
        if (!job.key.empty() && !jobs.contains(job.key)) scheduler.delete_job(job.id, {tenant, actor});
}

/// The jobs of all tenants of the file.
std::vector<ScheduledJob> all_jobs(const Scheduler& scheduler, const nlohmann::json& file) {
    std::vector<ScheduledJob> all;
    for (const auto& [tenant, unused] : file.items())
        for (ScheduledJob& job : jobs_of(scheduler, tenant))
            all.push_back(std::move(job));
    return all;
}

/// What the ledger remembers of them, up to a thousand rows each.
std::vector<carillon::JobRun> runs_of(const Scheduler& scheduler, const std::vector<ScheduledJob>& jobs) {
    std::vector<carillon::JobRun> all;
    for (const ScheduledJob& job : jobs)
        for (carillon::JobRun& run : scheduler.list_runs(job.id, job.tenant_id, {.limit = 1'000}))
            all.push_back(std::move(run));
    return all;
}

sigset_t end_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/// Blocked before any thread is started, so that they all leave Ctrl-C to wait().
void mask_end_signals(int how) {
    const sigset_t signals = end_signals();
    pthread_sigmask(how, &signals, nullptr);
}

/// Waits for the time to pass, or for Ctrl-C. The end of a child process may interrupt the call: that is no reason.
void wait(std::chrono::seconds seconds) {
    using namespace std::chrono;
    const auto end = steady_clock::now() + seconds;
    const sigset_t signals = end_signals();
    for (;;) {
        const auto left = std::max(nanoseconds{0}, nanoseconds{end - steady_clock::now()});
        const timespec timeout{floor<std::chrono::seconds>(left).count(), (left % std::chrono::seconds{1}).count()};
        if (sigtimedwait(&signals, nullptr, &timeout) >= 0 || errno != EINTR) return;
    }
}

nlohmann::json read_file(const std::string& path) {
    std::ifstream stream(path);
    if (!stream) throw std::runtime_error("cannot open " + path);
    nlohmann::json file = nlohmann::json::parse(stream);
    if (!file.is_object()) throw std::runtime_error(path + ": expected an object of tenants, saw " + file.type_name());
    return file;
}

/// In the ledger, to tell one life of this program from another.
std::string name_of_this_life() {
    const std::string now = carillon::to_rfc3339(carillon::floor_to_second(carillon::SystemClock().now()));
    return now + " pid " + std::to_string(getpid());
}

int run(const std::string& path, std::chrono::seconds seconds, const std::string& state) {
    const nlohmann::json file = read_file(path);
    Scheduler scheduler{SqliteStorage::open(state)};
    // Short leases, so that a new life does not wait for long before it takes over what a killed one had in hand.
    carillon::Worker worker{scheduler, {.threads = 4, .name = name_of_this_life(), .lease = 3s, .heartbeat = 1s}};
    worker.confirm_clock(); // however long ago the last life ended
    worker.handle("shell", told(shell));
    worker.handle("disk_report", told(disk_report));

    print_state(state, all_jobs(scheduler, file));
    std::size_t refused = 0;
    for (const auto& [tenant, jobs] : file.items()) {
        refused += put_jobs(scheduler, tenant, jobs);
        delete_others(scheduler, tenant, jobs);
    }

    print_heading();
    worker.start();
    wait(seconds);
    mask_end_signals(SIG_UNBLOCK); // another Ctrl-C ends the program at once
    worker.stop(std::chrono::seconds{1}, std::chrono::seconds{5});

    const std::vector<ScheduledJob> jobs = all_jobs(scheduler, file);
    print_jobs(jobs);
    print_history(runs_of(scheduler, jobs), worker.name());
    if (refused > 0) std::cout << "\nrefused jobs: " << refused << "\n";
    std::cout << "\nStarted again, it goes on from " << state << "; without that file it begins anew.\n";
    return 0;
}

std::chrono::seconds read_seconds(std::string_view text) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0)
        throw std::runtime_error("expected a number of seconds, saw \"" + std::string(text) + "\"");
    return std::chrono::seconds{seconds};
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 4) {
        std::cerr << "usage: quickstart jobs.json [seconds] [state.db]\n";
        return 2;
    }
    try {
        mask_end_signals(SIG_BLOCK);
        const std::string beside = std::filesystem::path(argv[1]).stem().string() + ".db"; // in the current folder
        return run(argv[1], read_seconds(argc > 2 ? argv[2] : "10"), argc > 3 ? argv[3] : beside);
    } catch (const std::exception& error) {
        std::cerr << "quickstart: " << error.what() << "\n";
        return 1;
    }
}
