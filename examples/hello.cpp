// SPDX-License-Identifier: MIT
// hello.cpp - the smallest program: a greeting every second, for three seconds.
#include <carillon/carillon.hpp>

#include <chrono>
#include <iostream>
#include <thread>

int main() {
    carillon::SchedulerFacade<> scheduler;
    carillon::Worker worker{scheduler, {.threads = 2}};
    worker.handle("greet", [](carillon::RunContext& run) {
        std::cout << "Hello, " << run.action().at("whom").get<std::string>() << "!" << std::endl;
    });
    scheduler.create_job(
        "acme", {.name = "greeting", .schedule = "* * * * * *", .action = {{"type", "greet"}, {"whom", "world"}}});
    worker.start();
    std::this_thread::sleep_for(std::chrono::seconds{3});
}
