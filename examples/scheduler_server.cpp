// SPDX-License-Identifier: MIT
// scheduler_server.cpp - a complete service: a scheduler on a SQLite file, its worker, the REST API and the dashboard,
// for two tenants, with jobs that succeed, fail, are tried again, overlap and take too long.
#include <carillon/carillon.hpp>
#include <carillon/http/dashboard.hpp>
#include <carillon/http/event_hub.hpp>
#include <carillon/http/httplib_server.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using carillon::JobSpec;
using carillon::RunContext;
using Scheduler = carillon::SchedulerFacade<carillon::SqliteStorage>;
using Worker = carillon::Worker<carillon::SqliteStorage>;

struct Options {
    std::string host = "127.0.0.1";
    int port = 8080;
    std::string state = "scheduler.db";
    int seconds = 0; ///< 0: until Ctrl-C
    std::string token = "";
    std::string other_token = "";
};

// ---- what jobs do --------------------------------------------------------------------------------------------------

/// Works for so long, unless it is asked to stop.
void work(const RunContext& run, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!run.stop_requested() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(10ms);
    if (run.stop_requested()) throw std::runtime_error("stopped before it was done");
}

void add_handlers(Worker& worker) {
    worker.handle("close_books", [](RunContext& run) {
        work(run, 400ms);
        return nlohmann::json{{"accounts", 1'204}, {"balanced", true}};
    });
    worker.handle("sync_contacts", [](RunContext& run) {
        work(run, 150ms);
        return nlohmann::json{{"contacts", 42}};
    });
    worker.handle("fetch_by_ftp",
                  [](RunContext&) { throw std::runtime_error("ConnectionError: refused by ftp.example"); });
    worker.handle("call_partner", [](RunContext& run) {
        if (run.run().attempt < 3) throw std::runtime_error("503 Service Unavailable");
        return nlohmann::json{{"accepted", true}};
    });
    worker.handle("rebuild_warehouse", [](RunContext& run) { work(run, 25s); });
    worker.handle("render_report", [](RunContext& run) { work(run, 60s); });
}

/// The same jobs at every start, whoever has paused or changed the others.
void put_jobs(Scheduler& scheduler) {
    const carillon::Caller acme{"acme", "scheduler_server"};
    const carillon::Caller globex{"globex", "scheduler_server"};
    const auto spec = [](std::string name, std::string schedule, std::string type) {
        return JobSpec{.name = std::move(name),
                       .schedule = std::move(schedule),
                       .action = {{"type", std::move(type)}},
                       .time_zone = "Europe/Paris"};
    };
    scheduler.put_job(acme, "ledger", spec("Nightly ledger close", "30 2 * * *", "close_books"));
    scheduler.put_job(acme, "contacts", spec("Sync CRM contacts", "@every 20s", "sync_contacts"));
    scheduler.put_job(acme, "ftp", spec("Legacy FTP", "@every 1m", "fetch_by_ftp"));

    JobSpec partner = spec("Tell the partner", "@every 45s", "call_partner");
    partner.policies.retry = {.max_attempts = 3, .initial = 2s};
    scheduler.put_job(acme, "partner", partner);
    scheduler.put_job(acme, "warehouse", spec("Rebuild the warehouse", "@every 15s", "rebuild_warehouse")); // overlaps

    JobSpec report = spec("Render the report", "@every 2m", "render_report");
    report.policies.timeout.attempt = 5s;
    scheduler.put_job(acme, "report", report);
    scheduler.put_job(globex, "hourly", spec("Hourly figures", "0 * * * *", "close_books"));
    scheduler.put_job(globex, "contacts", spec("Sync contacts", "@every 30s", "sync_contacts"));
}

// ---- the service ---------------------------------------------------------------------------------------------------

/// 32 random digits: another one at each start, unless the command line says which.
std::string new_token() {
    std::random_device random;
    std::string token;
    for (int i = 0; i < 32; ++i)
        token += "0123456789abcdef"[random() % 16];
    return token;
}

carillon::Authenticate tokens_of(const Options& options) {
    return carillon::bearer_tokens(
        {{options.token, {{"acme", "alice"}, {.write = true, .trigger = true, .metrics = true}}},
         {options.other_token, {{"globex", "gus"}, {}}}});
}

/// Blocks until Ctrl-C, SIGTERM, or the end of the time.
void wait_for_end(const sigset_t& signals, int seconds) {
    int signal = 0;
    if (seconds == 0) {
        sigwait(&signals, &signal);
        return;
    }
    const timespec time{seconds, 0};
    sigtimedwait(&signals, nullptr, &time);
}

void serve(const Options& options, const sigset_t& signals) {
    Scheduler scheduler{carillon::SqliteStorage::open(options.state)};
    put_jobs(scheduler);

    auto metrics = std::make_shared<carillon::Metrics>();
    auto events = std::make_shared<carillon::EventHub>();
    scheduler.add_audit_sink([events](const carillon::AuditEvent& event) { events->on_audit(event); });
    Worker worker{scheduler, {.threads = 8, .listeners = {metrics, events}}};
    worker.confirm_clock(); // however long ago the file was used
    add_handlers(worker);

    carillon::RestApiOptions api_options;
    api_options.authenticate = tokens_of(options);
    api_options.mount = "/carillon";
    api_options.health = [&worker] {
        return std::vector<carillon::Health>{worker.health()};
    };
    api_options.metrics = [metrics] {
        return carillon::to_prometheus(metrics->snapshot());
    };
    api_options.events = events;
    carillon::RestApi api{scheduler, api_options};
    const carillon::Dashboard dashboard{api};
    carillon::HttplibServer server{[&](const carillon::HttpRequest& request) { return dashboard.handle(request); },
                                   {.host = options.host, .port = options.port}};

    worker.start();
    server.start();
    // A fragment is not sent to any server: it stays out of every log. The page takes it out of the address.
    std::cout << "url: " << server.url() << "/carillon/#token=" << options.token << "\n"
              << "token: " << options.token << "\n"
              << "token: " << options.other_token << "\n"
              << "The first token is of the tenant acme and may do everything, the second is of globex and may read."
              << std::endl;
    wait_for_end(signals, options.seconds);
    server.stop();
    worker.stop(2s, 5s);
    std::cout << "stopped; started again, it goes on from " << options.state << "\n";
}

} // namespace

int main(int argc, char** argv) {
    Options options;
    options.token = new_token();
    options.other_token = new_token();
    CLI::App command{"A scheduler with its REST API and its dashboard."};
    command.add_option("--host", options.host, "the address to listen at")->capture_default_str();
    command.add_option("--port", options.port, "0: any that is free")->capture_default_str();
    command.add_option("--db", options.state, "the SQLite file with all that is known")->capture_default_str();
    command.add_option("--seconds", options.seconds, "how long; 0: until Ctrl-C")->capture_default_str();
    command.add_option("--token", options.token, "of acme's alice; else a random one");
    command.add_option("--other-token", options.other_token, "of globex' gus; else a random one");
    CLI11_PARSE(command, argc, argv);

    // Blocked before any thread is started, so that they all leave Ctrl-C to wait_for_end().
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    try {
        serve(options, signals);
    } catch (const std::exception& error) {
        std::cerr << "scheduler_server: " << error.what() << "\n";
        return 1;
    }
}
