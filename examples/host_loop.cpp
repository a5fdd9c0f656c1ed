// SPDX-License-Identifier: MIT
// host_loop.cpp - a program that has a loop of its own, such as a game server, and wants no threads: it calls poll().
#include <carillon/carillon.hpp>

#include <chrono>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

namespace {

struct World {
    int frame = 0;
    int monsters = 0;
};

void simulate(World& world) {
    ++world.frame;
}

} // namespace

int main() {
    World world;
    carillon::SchedulerFacade<> scheduler;
    carillon::Worker worker{scheduler};

    // Handlers run inside poll(), on this thread: they may touch the world without a lock.
    worker.handle("spawn", [&](carillon::RunContext& run) {
        world.monsters += run.action().at("count").get<int>();
        std::cout << "frame " << world.frame << ": " << world.monsters << " monsters\n";
    });
    worker.handle("save", [&](carillon::RunContext&) {
        std::cout << "frame " << world.frame << ": saved\n";
        return nlohmann::json{{"frame", world.frame}};
    });
    scheduler.create_job("game",
                         {.name = "monsters", .schedule = "@every 1s", .action = {{"type", "spawn"}, {"count", 3}}});
    const auto save =
        scheduler.create_job("game", {.name = "save", .schedule = "@every 2s", .action = {{"type", "save"}}});

    auto next_frame = std::chrono::steady_clock::now();
    for (int frame = 0; frame < 60 * 3; ++frame) {
        simulate(world);
        worker.poll(2ms); // a part of the frame's 16 ms
        next_frame += 16'667us;
        std::this_thread::sleep_until(next_frame);
    }

    const auto saves = scheduler.get_job(save.id, "game")->run_count;
    std::cout << world.frame << " frames, " << world.monsters << " monsters, " << saves << " saves\n";
    return world.monsters >= 6 && saves >= 1 ? 0 : 1;
}
