// SPDX-License-Identifier: MIT
// quickstart jobs.json [seconds] - a host program: it reads its jobs from a file, runs them for a while, and tells.
//
// The file maps tenants to keys to jobs. Each start puts every job under its key again: what has not changed stays as
// it is, what has changed is updated, and what is wrong is refused with a message, without harm to the others.
#include <carillon/carillon.hpp>

#include "handlers.hpp"
#include "report.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using namespace quickstart;
using carillon::JobSpec;
using carillon::RunContext;

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
std::size_t put_jobs(carillon::SchedulerFacade<>& scheduler, const std::string& tenant, const nlohmann::json& jobs) {
    std::size_t refused = 0;
    for (const auto& [key, spec] : jobs.items()) {
        try {
            scheduler.put_job({tenant, "quickstart"}, key, spec.get<JobSpec>());
        } catch (const carillon::Error& error) {
            ++refused;
            print_refused(tenant + "/" + key, error);
        }
    }
    return refused;
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

int run(const std::string& path, std::chrono::seconds seconds) {
    const nlohmann::json file = read_file(path);
    carillon::SchedulerFacade<> scheduler;
    carillon::Worker worker{scheduler, {.threads = 4}};
    worker.handle("shell", told(shell));
    worker.handle("disk_report", told(disk_report));

    std::vector<std::string> tenants;
    std::size_t refused = 0;
    for (const auto& [tenant, jobs] : file.items()) {
        const std::size_t refused_here = put_jobs(scheduler, tenant, jobs);
        if (refused_here < jobs.size()) tenants.push_back(tenant);
        refused += refused_here;
    }

    print_heading();
    worker.start();
    wait(seconds);
    mask_end_signals(SIG_UNBLOCK); // another Ctrl-C ends the program at once
    worker.stop(std::chrono::seconds{1}, std::chrono::seconds{5});

    for (const std::string& tenant : tenants)
        print_table(scheduler, tenant);
    if (refused > 0) std::cout << "\nrefused jobs: " << refused << "\n";
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
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: quickstart jobs.json [seconds]\n";
        return 2;
    }
    try {
        mask_end_signals(SIG_BLOCK);
        return run(argv[1], read_seconds(argc == 3 ? argv[2] : "10"));
    } catch (const std::exception& error) {
        std::cerr << "quickstart: " << error.what() << "\n";
        return 1;
    }
}
