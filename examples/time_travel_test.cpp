// SPDX-License-Identifier: MIT
// time_travel_test.cpp - how to test your own jobs: a year passes in a moment, and nothing sleeps.
//
// Under test is a job that sends invoices on the first of each month at 06:00 in Berlin. Does it, when the clocks are
// set, after an outage, and after a pause?
#include <carillon/carillon.hpp>
#include <carillon/testing/manual_clock.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

int failures = 0;

void expect(bool holds, const std::string& what) {
    std::cout << (holds ? "ok      " : "FAILED  ") << what << "\n";
    if (!holds) ++failures;
}

carillon::Instant at(const char* text) {
    return carillon::parse_rfc3339(text).value();
}

} // namespace

int main() {
    auto clock = std::make_shared<carillon::testing::ManualClock>(at("2026-01-01T12:00:00Z"));
    carillon::SchedulerFacade<> scheduler({.clock = clock, .default_time_zone = "Europe/Berlin"});
    carillon::Worker worker{scheduler};
    std::vector<std::string> sent;
    worker.handle("invoice",
                  [&](carillon::RunContext& run) { sent.push_back(carillon::to_rfc3339(run.scheduled_for())); });
    const auto job =
        scheduler.create_job("acme", {.name = "invoices", .schedule = "0 6 1 * *", .action = {{"type", "invoice"}}});

    // Through winter and into summer time, hour by hour.
    while (clock->now() < at("2026-05-02T00:00:00Z")) {
        clock->advance(1h);
        worker.poll();
    }
    expect(sent ==
               std::vector<std::string>{
                   "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z", "2026-05-01T04:00:00Z"},
           "06:00 in Berlin is 05:00 UTC in winter and 04:00 UTC in summer");

    // The server sleeps from the 30th of May to the 1st of June, 09:00: late, but not lost.
    clock->advance_to(at("2026-06-01T07:00:00Z"));
    worker.poll();
    const auto last = scheduler.list_runs(job.id, "acme", {.limit = 1}).front();
    expect(last.scheduled_for == at("2026-06-01T04:00:00Z"), "the run of the 1st of June happened after the outage");
    expect(last.started_at == at("2026-06-01T07:00:00Z"), "three hours late");

    // A paused job records what it missed.
    scheduler.pause_job(job.id, "acme", {.reason = "audit"});
    clock->advance(24h * 70);
    worker.poll();
    scheduler.resume_job(job.id, "acme");
    const auto skipped = scheduler.list_runs(job.id, "acme", {.status = carillon::JobRunStatus::skipped});
    expect(skipped.size() == 1 && skipped.front().occurrences == 2,
           "July and August are one skipped row of two occurrences");
    expect(scheduler.get_job(job.id, "acme")->next_run_at == at("2026-09-01T04:00:00Z"), "and September is next");
    return failures == 0 ? 0 : 1;
}
