// SPDX-License-Identifier: MIT
// browser/server.cpp - what the browser tests talk to: API and dashboard in memory, with handlers that wait until a
// test lets them go on. Below /test/ are the hands of the tests.
#include <carillon/carillon.hpp>
#include <carillon/http/dashboard.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace carillon;

namespace {

/// Handlers of "gate" wait here, each for one pass.
class Gate {
public:
    void wait(const RunContext& run) {
        std::unique_lock lock(mutex_);
        while (passes_ == 0) {
            changed_.wait_for(lock, 20ms);
            if (run.stop_requested()) throw PermanentFailure("asked to stop");
        }
        --passes_;
    }
    void let_pass() {
        const std::lock_guard lock(mutex_);
        ++passes_;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int passes_ = 0;
};

Authenticate tokens() {
    const Permissions all{.write = true, .trigger = true, .metrics = true};
    return bearer_tokens(
        {{"alice-0123456789abcdef", {{"acme", "alice"}, all}},
         {"rita-0123456789abcdef", {{"acme", "rita"}, {}}},
         {"bob-0123456789abcdef", {{"beta", "bob"}, all}},
         {"nora-0123456789abcdef", {{"empty", "nora"}, all}},
         {"max-0123456789abcdef", {{"many", "max"}, all}},
         {"eve-0123456789abcdef", {{"<img src=x onerror=alert(1)>", "<script>alert(2)</script>"}, all}}});
}

/// 100,000 jobs, a thousand of them made at a time, so at the same microsecond.
void make_many(SchedulerFacade<>& scheduler) {
    std::vector<JobSpec> specs;
    for (int i = 0; i < 100'000; ++i) {
        specs.push_back({.name = "Report " + std::to_string(i),
                         .schedule = std::to_string(i % 60) + " 3 * * *",
                         .action = {{"type", "quick"}},
                         .time_zone = "UTC"});
        if (specs.size() < 1'000) continue;
        (void)scheduler.create_jobs("many", specs);
        specs.clear();
    }
}

struct Hands {
    SchedulerFacade<>& scheduler;
    EventHub& events;
    Gate& gate;

    HttpResponse operator()(std::string_view wish) const {
        HttpResponse response{.headers = {{"Content-Type", "application/json"}}, .body = "null"};
        if (wish == "pass") gate.let_pass();
        if (wish == "many" && scheduler.count_jobs("many") == 0) make_many(scheduler);
        if (wish == "streams") response.body = std::to_string(events.streams());
        return response;
    }
};

} // namespace

int main(int argc, char** argv) {
    const std::string mount = argc > 1 ? argv[1] : "/carillon";
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    Gate gate;
    SchedulerFacade<> scheduler{FacadeOptions{.default_time_zone = "UTC"}};
    auto events = std::make_shared<EventHub>();
    scheduler.add_audit_sink([events](const AuditEvent& event) { events->on_audit(event); });
    Worker<> worker{scheduler, {.threads = 8, .name = "worker <b>1</b>", .listeners = {events}}};
    worker.handle("quick", [](RunContext& run) { return run.action().value("result", nlohmann::json{{"rows", 42}}); });
    worker.handle("fail", [](RunContext& run) {
        throw PermanentFailure(run.action().value("error", "ConnectionError: refused by ftp.example"));
    });
    worker.handle("gate", [&](RunContext& run) { gate.wait(run); });

    RestApiOptions options;
    options.authenticate = tokens();
    options.mount = mount;
    options.rates = {.reads = {}, .writes = {}, .describe = {}, .failed_sign_ins = {}};
    options.events = events;
    options.health = [&worker] {
        return std::vector<Health>{worker.health()};
    };
    RestApi api{scheduler, options};
    const Dashboard dashboard{api};
    const Hands hands{scheduler, *events, gate};
    HttplibServer server{[&](const HttpRequest& request) {
                             constexpr std::string_view prefix = "/test/";
                             return request.target.starts_with(prefix)
                                        ? hands(std::string_view(request.target).substr(prefix.size()))
                                        : dashboard.handle(request);
                         },
                         {.threads = 24, .keep_alive = 1s}};
    worker.start();
    server.start();
    std::cout << "url: " << server.url() << mount << "/" << std::endl;
    int signal = 0;
    sigwait(&signals, &signal);
    server.stop();
    worker.stop(0s, 1s);
}
