// SPDX-License-Identifier: MIT
// observe/metrics_test.cpp - what can be asked: counts, and health.
#include "carillon/observe/health.hpp"
#include "carillon/observe/metrics.hpp"

#include "support/catch.hpp"
#include "support/flaky_storage.hpp"
#include "support/stepped.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::job_spec;
using support::Stepped;
using support::threw;
using support::World;

namespace {

RunInfo run_of(const std::string& action_type) {
    RunInfo run;
    run.action_type = action_type;
    return run;
}

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("metrics: a duration counts up to the bound that it does not exceed") {
    DurationHistogram histogram;
    for (const Duration duration : {Duration{0}, Duration{1'000}, Duration{1'001}, Duration{3600s}, Duration{3601s}})
        histogram.add(duration);
    CHECK(histogram.counts.front() == 2);
    CHECK(histogram.counts[1] == 1);
    CHECK(histogram.counts[13] == 1);
    CHECK(histogram.counts.back() == 1);
    CHECK(histogram.count() == 5);
    CHECK(histogram.sum == Duration{2'001} + 7201s);
}

TEST_CASE("metrics: what a worker does is counted by action type, and its time is measured") {
    World<> world;
    const auto metrics = std::make_shared<Metrics>();
    WorkerOptions options = world.options();
    options.listeners = {metrics};
    Worker<> worker(world.scheduler, options);
    bool fails = true;
    worker.handle("work", [&](RunContext&) {
        world.clock->advance(2s);
        if (fails) throw std::runtime_error("no");
    });
    JobSpec spec = job_spec("work", "@hourly");
    spec.policies.retry.max_attempts = 2;
    spec.policies.retry.initial = 1min;
    world.create(spec);
    world.clock->advance(1h + 3s);
    worker.poll();
    fails = false;
    world.clock->advance(2min);
    worker.poll();

    const ActionMetrics counted = metrics->snapshot().actions.at("work");
    CHECK(counted.planned == 1);
    CHECK(counted.started == 2);
    CHECK(counted.requeued.at(RunRequeued::Why::retry) == 1);
    CHECK(counted.ended.at(JobRunStatus::completed) == 1);
    CHECK(counted.duration.count() == 2);
    CHECK(counted.duration.sum == 4s);
    CHECK(counted.lag.count() == 2);
    CHECK(counted.lag.sum >= 3s);
}

TEST_CASE("metrics: a skipped stretch counts with all its occurrences") {
    Metrics metrics;
    OccurrencesSkipped skipped;
    skipped.action_type = "work";
    skipped.reason = RunReason::misfired;
    skipped.occurrences = 40;
    metrics.on_event("w", skipped);
    metrics.on_event("w", skipped);
    CHECK(metrics.snapshot().actions.at("work").skipped.at(RunReason::misfired) == 80);
}

TEST_CASE("metrics: callers cannot fill the memory with action types") {
    Metrics metrics(2);
    for (const char* type : {"a", "b", "c", "d", "a"})
        metrics.on_event("w", RunStarted{run_of(type)});
    const auto actions = metrics.snapshot().actions;
    CHECK(actions.size() == 3);
    CHECK(actions.at("a").started == 2);
    CHECK(actions.at(Metrics::other).started == 2);
}

TEST_CASE("metrics: Prometheus reads every count, with labels escaped and buckets summed up") {
    Metrics metrics;
    metrics.on_event("w", WorkerStarted{});
    metrics.on_event("w", RunPlanned{run_of("a\"b\\c\nd")});
    metrics.on_event("w", RunStarted{run_of("a\"b\\c\nd"), 1500us});
    RunEnded ended{run_of("a\"b\\c\nd"), JobRunStatus::timed_out};
    ended.duration = 7s;
    metrics.on_event("w", ended);
    metrics.on_event("w", HandlerStuck{run_of("a\"b\\c\nd"), 7s});
    metrics.on_event("w", StopRequested{run_of("a\"b\\c\nd"), StopCause::attempt_timeout});
    metrics.on_event("w", ClockStep{ClockStep::Kind::back, 1s});
    metrics.on_event("w", JobHalted{{}, "acme", JobStatus::disabled, ""});
    metrics.on_event("w", StorageFailed{});
    metrics.on_event("w", Purged{12});

    const std::string text = to_prometheus(metrics.snapshot());
    const std::string type = R"(action_type="a\"b\\c\nd")";
    CHECK(has_line(text, "# TYPE carillon_attempt_duration_seconds histogram"));
    CHECK(has_line(text, "carillon_runs_planned_total{" + type + "} 1"));
    CHECK(has_line(text, "carillon_runs_ended_total{" + type + R"(,status="timed_out"} 1)"));
    CHECK(has_line(text, "carillon_stop_requests_total{" + type + R"(,cause="attempt_timeout"} 1)"));
    CHECK(has_line(text, "carillon_stuck_handlers{" + type + "} 1"));
    CHECK(has_line(text, "carillon_attempt_lag_seconds_bucket{" + type + R"(,le="0.001"} 0)"));
    CHECK(has_line(text, "carillon_attempt_lag_seconds_bucket{" + type + R"(,le="0.005"} 1)"));
    CHECK(has_line(text, "carillon_attempt_lag_seconds_bucket{" + type + R"(,le="+Inf"} 1)"));
    CHECK(has_line(text, "carillon_attempt_lag_seconds_sum{" + type + "} 0.0015"));
    CHECK(has_line(text, "carillon_attempt_duration_seconds_sum{" + type + "} 7"));
    CHECK(has_line(text, "carillon_attempt_duration_seconds_count{" + type + "} 1"));
    CHECK(has_line(text, R"(carillon_clock_steps_total{kind="back"} 1)"));
    CHECK(has_line(text, R"(carillon_jobs_halted_total{status="disabled"} 1)"));
    CHECK(has_line(text, "carillon_workers 1"));
    CHECK(has_line(text, "carillon_storage_failures_total 1"));
    CHECK(has_line(text, "carillon_purged_rows_total 12"));
    metrics.on_event("w", StuckHandlerReturned{run_of("a\"b\\c\nd"), 9s});
    CHECK(has_line(to_prometheus(metrics.snapshot()), "carillon_stuck_handlers{" + type + "} 0"));
}

TEST_CASE("metrics: a scraper sees the first failure as an increase") {
    Metrics metrics;
    CHECK(has_line(to_prometheus(metrics.snapshot()), R"(carillon_jobs_halted_total{status="disabled"} 0)"));
    metrics.on_event("w", RunStarted{run_of("work")});
    const std::string text = to_prometheus(metrics.snapshot());
    CHECK(has_line(text, R"(carillon_runs_ended_total{action_type="work",status="failed"} 0)"));
    CHECK(has_line(text, R"(carillon_stop_requests_total{action_type="work",cause="lost"} 0)"));
}

TEST_CASE("metrics: threads count together", "[concurrent]") {
    Metrics metrics;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 1'000; ++n) {
                    metrics.on_event("w", RunStarted{run_of("work"), 1ms});
                    if (n % 100 == 0) static_cast<void>(metrics.snapshot());
                }
            });
    }
    CHECK(metrics.snapshot().actions.at("work").started == 4'000);
}

TEST_CASE("health: of a worker with nothing to do there is nothing to say") {
    Stepped<> world;
    world.stepper.turn();
    const Health health = world.worker.health();
    CHECK(health.worker == "w");
    CHECK(health.problems().empty());
    CHECK(!health.oldest_due);
    CHECK(health.lag == 0s);
}

TEST_CASE("health: it names what is due, and complains when that waits too long") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId low = world.create(job_spec("work"));
    world.trigger(low);
    world.clock->advance(2min);
    const Health late = worker.health();
    CHECK(late.oldest_due == support::nine);
    CHECK(late.lag == 2min);
    CHECK(late.problems(2min).empty());
    CHECK(late.problems(1min) == std::vector<std::string>{"what is due waits since 2026-03-02T09:00:00Z"});
    worker.poll();
    CHECK(worker.health().lag == 0s);
    CHECK(worker.health().oldest_due == world.job(low).next_run_at);
}

TEST_CASE("health: a handler that does not end is named until it does") {
    Stepped<> world;
    JobSpec spec = job_spec("work");
    spec.policies.timeout.attempt = 10s;
    spec.policies.timeout.grace = 5s;
    const JobId id = world.create(spec);
    const RunId run = world.trigger(id);
    RunContext& context = world.begun();
    world.turn_after(10s);
    CHECK(world.worker.health().stuck.empty());
    world.turn_after(5s);
    const Health health = world.worker.health();
    REQUIRE(health.stuck.size() == 1);
    CHECK(health.stuck.front().id == run);
    CHECK(health.problems() ==
          std::vector<std::string>{"the handler of run " + run.str() + R"(, action type "work", does not end)"});
    world.stepper.conclude(support::ref_of(context), HandlerOutcome{});
    CHECK(world.worker.health().problems().empty());
}

TEST_CASE("health: an action type without a handler is named until there is one") {
    Stepped<> world;
    world.create(job_spec("other", "@hourly"));
    world.turn_after(1h);
    CHECK(world.worker.health().unknown_action_types == std::vector<std::string>{"other"});
    CHECK(world.worker.health().problems().empty()); // another worker may have one
    world.worker.handle("other", support::never_called);
    CHECK(world.worker.health().unknown_action_types.empty());
}

TEST_CASE("health: a clock that is not believed is said to be so") {
    Stepped<> world;
    world.stepper.turn();
    world.clock->set_wall(support::nine + std::chrono::hours{24 * 400});
    world.stepper.turn();
    CHECK(world.worker.health().problems() == std::vector<std::string>{"the wall clock is not believed"});
    world.worker.confirm_clock();
    CHECK(!world.worker.health().clock_doubted);
}

TEST_CASE("health: a storage that fails is named with what it said, until it works again") {
    Stepped<support::FlakyStorage> world;
    world.storage->claim_fails = true;
    world.turn_after(1s);
    CHECK(world.worker.health().problems() == std::vector<std::string>{"the storage fails: claim failed"});
    const nlohmann::json json = world.worker.health();
    CHECK(json.at("storage_error") == "claim failed");
    CHECK(json.at("problems") == std::vector<std::string>{"the storage fails: claim failed"});
    world.storage->claim_fails = false;
    world.turn_after(2s);
    CHECK(world.worker.health().problems().empty());
    CHECK(world.worker.health().last_turn == 0s);
}
