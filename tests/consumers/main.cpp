// SPDX-License-Identifier: MIT
// consumers/main.cpp - the program that every consumer project builds: a job, triggered, and what became of its run.

#include <carillon/carillon.hpp>

#include <iostream>

int main() {
#ifdef CARILLON_WITH_SQLITE
    carillon::SchedulerFacade scheduler{carillon::SqliteStorage::open(":memory:")};
#else
    carillon::SchedulerFacade<> scheduler;
#endif
    const auto job = scheduler.create_job(
        "acme",
        {.name = "Daily Report", .schedule = "0 9 * * *", .action = {{"type", "run_agent"}, {"agent_id", "a-7"}}});
    carillon::Worker worker{scheduler};
    worker.handle("run_agent", [](carillon::RunContext& run) {
        return nlohmann::json{{"agent", run.action().at("agent_id")}};
    });
    scheduler.trigger_job(job.id, "acme");
    worker.poll();

    const auto runs = scheduler.list_runs(job.id, "acme");
    std::cout << nlohmann::json(runs).dump(4) << "\n";
    return runs.size() == 1 && runs.front().status == carillon::JobRunStatus::completed ? 0 : 1;
}
