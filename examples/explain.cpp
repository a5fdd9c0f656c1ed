// SPDX-License-Identifier: MIT
// explain.cpp - why did 02:00 not run? Six nights of a backup in Paris, and what the scheduler says about each.
#include <carillon/carillon.hpp>
#include <carillon/testing/manual_clock.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

carillon::Instant at(const char* text) {
    return carillon::parse_rfc3339(text).value();
}

} // namespace

int main() {
    auto clock = std::make_shared<carillon::testing::ManualClock>(at("2026-03-24T12:00:00+01:00"));
    carillon::SchedulerFacade<> scheduler({.clock = clock, .default_time_zone = "Europe/Paris"});
    carillon::Worker worker{scheduler};
    worker.handle("backup", [](carillon::RunContext&) {});
    const auto job =
        scheduler.create_job("acme", {.name = "Backup", .schedule = "0 2 * * *", .action = {{"type", "backup"}}});
    const auto go_to = [&](const char* moment) {
        clock->advance(at(moment) - clock->now());
    };

    go_to("2026-03-25T02:00:00+01:00"); // as it should be
    worker.poll();
    go_to("2026-03-26T01:59:59+01:00"); // somebody triggers one just before the time of the other
    scheduler.trigger_job(job.id, "acme");
    go_to("2026-03-26T02:00:00+01:00");
    worker.poll();
    go_to("2026-03-26T18:00:00+01:00"); // a pause over the next night
    scheduler.pause_job(job.id, {"acme", "alice"}, {.reason = "new disks"});
    go_to("2026-03-27T09:00:00+01:00");
    scheduler.resume_job(job.id, {"acme", "alice"});
    go_to("2026-03-29T12:00:00+02:00"); // nobody calls poll() for two nights; on the second one clocks are set
    worker.poll();

    const std::vector<std::string> expected{
        "executed", "skipped", "skipped", "skipped", "no_occurrence", "executed", "ahead"};
    std::vector<std::string> answers;
    for (const char* night : {"2026-03-25T02:00:00+01:00",
                              "2026-03-26T02:00:00+01:00",
                              "2026-03-27T02:00:00+01:00",
                              "2026-03-28T02:00:00+01:00",
                              "2026-03-29T02:00:00+02:00", // the clock went from two to three an hour later
                              "2026-03-29T03:00:00+02:00",
                              "2026-03-30T02:00:00+02:00"}) {
        const auto answer = scheduler.explain(job.id, "acme", at(night)).value();
        answers.emplace_back(to_string(answer.kind));
        std::cout << night << "\n    " << answer.sentence << "\n";
    }

    std::cout << "\nThe next runs of all jobs:\n";
    for (const auto& run : scheduler.what_would_run("acme", clock->now(), clock->now() + 72h))
        std::cout << "    " << carillon::to_rfc3339(run.at) << " " << run.job_name << "\n";
    return answers == expected ? 0 : 1;
}
