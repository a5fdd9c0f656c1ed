// SPDX-License-Identifier: MIT
// complete_test.cpp - a handler that says itself that its run is completed, on a storage without transactions.
#include "carillon/observe/events.hpp"
#include "carillon/storage/memory.hpp"
#include "carillon/testing/manual_clock.hpp"
#include "carillon/worker/handler.hpp"
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <variant>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

struct Ends : Listener {
    void on_event(const std::string&, const Event& event) override {
        if (const auto* ended = std::get_if<RunEnded>(&event)) statuses.push_back(ended->status);
    }
    std::vector<JobRunStatus> statuses{};
};

} // namespace

TEST_CASE("complete: the run is completed with the result, whatever the handler does afterwards") {
    const auto clock = std::make_shared<testing::ManualClock>();
    SchedulerFacade<> scheduler({.clock = clock});
    const auto ends = std::make_shared<Ends>();
    Worker<> worker{scheduler, {.listeners = {ends}}};
    worker.handle("work", [&](RunContext& run) {
        clock->advance(3s);
        run.complete({{"answer", 42}});
        CHECK(scheduler.get_run(run.run_id(), "acme")->status == JobRunStatus::completed);
        CHECK_THROWS_WITH(run.complete(), "the run has ended, or belongs to another worker: roll back what it did");
        clock->advance(3s);
        throw std::runtime_error("too late to matter");
    });
    const auto job = scheduler.create_job("acme", {.name = "job", .schedule = "@daily", .action = {{"type", "work"}}});
    const auto run = scheduler.trigger_job(job.id, "acme");
    CHECK(worker.poll() == 1);
    const auto ended = scheduler.get_run(run->id, "acme");
    CHECK(ended->status == JobRunStatus::completed);
    CHECK(ended->result["answer"] == 42);
    CHECK(ended->duration == 3s);
    CHECK_FALSE(ended->error);
    CHECK(ends->statuses == std::vector{JobRunStatus::completed});
    CHECK(worker.health().active == 0);
}
