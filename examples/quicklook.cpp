// SPDX-License-Identifier: MIT
// quicklook.cpp - the code of docs/quicklook.md, as one program.
#include <carillon/carillon.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

int main() {
    carillon::SchedulerFacade<> scheduler({.default_time_zone = "Europe/Paris"});

    const carillon::ScheduledJob job = scheduler.create_job("acme",
                                                            {.name = "Daily report",
                                                             .schedule = "0 9 * * MON-FRI",
                                                             .action = {{"type", "report"}, {"format", "pdf"}},
                                                             .metadata = {{"owner", "ops"}}});
    std::cout << job.name << " runs next at " << carillon::to_rfc3339(*job.next_run_at) << "\n";

    carillon::Worker worker{scheduler, {.threads = 4}};
    worker.handle("report", [](carillon::RunContext& run) {
        if (run.stop_requested()) throw std::runtime_error("stopped");
        return nlohmann::json{{"pages", 12}, {"format", run.action().at("format")}};
    });
    worker.start(); // or worker.poll() from a loop of your own

    const carillon::JobRun triggered = scheduler.trigger_job(job.id, {"acme", "alice"}).value();
    while (!is_terminal(scheduler.get_run(triggered.id, "acme")->status))
        std::this_thread::yield();
    for (const carillon::JobRun& run : scheduler.list_runs(job.id, "acme", {.limit = 10}))
        std::cout << to_string(run.trigger) << " run: " << to_string(run.status) << " " << run.result.text() << "\n";

    scheduler.pause_job(job.id, {"acme", "alice"}, {.reason = "holidays"});
    scheduler.resume_job(job.id, {"acme", "alice"});
    const auto updated = scheduler.update_job(job.id,
                                              {"acme", "alice"},
                                              {.schedule = "0 8 * * MON-FRI", .metadata = {{"owner", "finance"}}},
                                              job.revision + 2);
    for (const carillon::AuditEvent& event : scheduler.list_audit("acme"))
        std::cout << to_string(event.verb) << " by " << (event.actor.empty() ? "?" : event.actor) << "\n";

    try {
        scheduler.create_job("acme", {.name = "Broken", .schedule = "*/0 * * * *", .action = {{"type", "report"}}});
    } catch (const carillon::Error& error) {
        std::cout << to_string(error.code()) << ", column " << error.column() << "\n" << error.what() << "\n";
    }

    carillon::Policies patient;
    patient.misfire.policy = carillon::MisfirePolicy::fire_all;  // after an outage: every occurrence, oldest first
    patient.overlap.policy = carillon::OverlapPolicy::queue_one; // while one runs: one may wait
    patient.retry = {.max_attempts = 5, .initial = 10s, .jitter = 0.2};
    scheduler.update_job(job.id, "acme", {.policies = patient});

    const carillon::Instant due = *scheduler.get_job(job.id, "acme")->next_run_at;
    std::cout << scheduler.explain(job.id, "acme", due)->sentence << "\n";
    for (const carillon::PlannedRun& run : scheduler.what_would_run("acme", due, due + 72h))
        std::cout << carillon::to_rfc3339(run.at) << " " << run.job_name << "\n";

    using namespace carillon::literals;
    constexpr auto weekdays = "0 9 * * 1-5"_cron; // a wrong literal does not compile
    static_assert(weekdays.matches(std::chrono::local_days{std::chrono::year{2026} / 3 / 2} + 9h));

    const auto nightly = carillon::Schedule::parse("30 2 * * *", {.time_zone = "America/New_York"}).value();
    for (const carillon::Instant at : nightly.upcoming(carillon::parse_rfc3339("2026-03-07T00:00:00Z").value(), 3))
        std::cout << carillon::to_rfc3339(at) << "\n"; // on the 8th 02:30 does not exist: it runs at 03:00

    worker.stop();
    return updated.has_value() ? 0 : 1;
}
