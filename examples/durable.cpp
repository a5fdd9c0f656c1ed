// SPDX-License-Identifier: MIT
// durable.cpp - jobs that survive the process: two lives of a program, one after the other, on one file.
#include <carillon/carillon.hpp>

#include <cstdint>
#include <cstdio>
#include <iostream>

namespace {

/// What a program does at each of its starts; returns how often the job has run in all lives together.
std::uint64_t live() {
    carillon::SchedulerFacade scheduler{carillon::SqliteStorage::open("jobs.db")};
    // The same job at every start.
    const auto job = scheduler.put_job(
        "acme", "greeting", {.name = "greeting", .schedule = "0 9 * * *", .action = {{"type", "greet"}}});
    std::cout << job.run_count << " greetings so far\n";

    carillon::Worker worker{scheduler};
    worker.handle("greet", [](carillon::RunContext&) { std::cout << "Hello!\n"; });
    scheduler.trigger_job(job.id, "acme");
    worker.poll();
    return scheduler.get_job(job.id, "acme")->run_count;
}

} // namespace

int main() {
    for (const char* file : {"jobs.db", "jobs.db-wal", "jobs.db-shm"})
        std::remove(file); // of an earlier run of this example
    return live() == 1 && live() == 2 ? 0 : 1;
}
