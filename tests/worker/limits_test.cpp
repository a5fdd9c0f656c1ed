// SPDX-License-Identifier: MIT
// limits_test.cpp - how much of a worker's work may run at a time, and start in a time.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/stepped.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

using namespace carillon;
using namespace std::chrono_literals;
using support::never_called;
using support::parallel_spec;
using support::ref_of;
using support::World;

namespace {

/// Sixteen threads, handlers for "mail" and "report", and limits.
struct Limited : World<> {
    explicit Limited(ClaimLimits limits)
        : worker(scheduler, with(limits, "w"))
        , stepper(worker) {
        worker.handle("mail", never_called);
        worker.handle("report", never_called);
    }

    WorkerOptions with(ClaimLimits limits, std::string name) {
        WorkerOptions chosen = options(std::move(name), 16);
        chosen.limits = std::move(limits);
        return chosen;
    }

    void trigger_all(std::size_t count, const std::string& type, const std::string& tenant = "acme") {
        const JobId job = create(parallel_spec(type), tenant);
        for (std::size_t i = 0; i < count; ++i)
            trigger(job, tenant);
    }

    /// By action type and by tenant: how many the worker holds.
    [[nodiscard]] std::map<std::string, std::size_t> held() const {
        std::map<std::string, std::size_t> counts;
        for (const JobRun& run : stepper.waiting()) {
            ++counts[run.action_type];
            ++counts[run.tenant_id];
        }
        return counts;
    }

    Worker<> worker;
    testing::WorkerStepper<> stepper;
};

using Counts = std::map<std::string, std::size_t>;

} // namespace

TEST_CASE("limits: no more runs of a tenant run at a time than agreed, and the others are not kept waiting") {
    Limited world({.per_tenant = 3});
    world.trigger_all(10, "mail", "acme");
    world.trigger_all(2, "mail", "beta");
    CHECK(world.stepper.turn() == world.clock->steady_now() + 1s); // what must wait keeps nobody awake
    CHECK(world.held() == Counts{{"mail", 5}, {"acme", 3}, {"beta", 2}});
    const RunContext* run = world.stepper.begin();
    REQUIRE(run);
    REQUIRE(run->tenant() == "acme");
    world.stepper.conclude(ref_of(*run), {});
    world.stepper.turn();
    CHECK(world.held()["acme"] == 3);
}

TEST_CASE("limits: no more runs of an action type run at a time than agreed, over all workers") {
    const ClaimLimits limits{.per_type = {{"mail", 4}}};
    Limited world(limits);
    world.trigger_all(3, "mail");
    world.stepper.turn();
    CHECK(world.held()["mail"] == 3);
    world.trigger_all(3, "mail");
    world.trigger_all(3, "report");
    Worker<> other(world.scheduler, world.with(limits, "other"));
    other.handle("mail", never_called);
    other.handle("report", never_called);
    testing::WorkerStepper<> others(other);
    others.turn();
    CHECK(others.waiting().size() == 4); // one mail, three reports
}

TEST_CASE("limits: no more runs of an action type start in a time than agreed, and the worker wakes up for the next") {
    Limited world({.rates = {{"mail", {.starts = 2, .per = 1s}}}});
    world.trigger_all(5, "mail");
    const SteadyTime next = world.stepper.turn();
    CHECK(world.held()["mail"] == 2);
    CHECK(next == world.clock->steady_now() + 500ms);
    world.clock->advance(500ms);
    world.stepper.turn();
    CHECK(world.held()["mail"] == 3);
    world.clock->advance(10s);
    world.stepper.turn();
    CHECK(world.held()["mail"] == 5);
}

TEST_CASE("limits: poll() keeps them, and next_due says when the next run may start") {
    World<> world;
    WorkerOptions options = world.options();
    options.limits.rates = {{"mail", {.starts = 1, .per = 1min}}};
    Worker<> worker(world.scheduler, options);
    worker.handle("mail", [](RunContext&) {});
    const JobId job = world.create(parallel_spec("mail"));
    world.trigger(job);
    world.trigger(job);
    CHECK(worker.poll() == 1);
    CHECK(worker.poll() == 0);
    CHECK(worker.next_due() == world.clock->now() + 1min);
    world.clock->advance(1min);
    CHECK(worker.poll() == 1);
}
