// SPDX-License-Identifier: MIT
// poll_test.cpp - a host's own loop: what poll() executes, and what the ledger and the job say afterwards.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/world.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::job_spec;
using support::nine;
using support::parallel_spec;
using support::World;

namespace {

Policies with_retries(std::size_t max_attempts) {
    Policies policies;
    policies.retry = {.max_attempts = max_attempts, .initial = 10s, .factor = 3.0, .max_delay = 60s};
    return policies;
}

JobSpec with_policies(JobSpec spec, const Policies& policies) {
    spec.policies = policies;
    return spec;
}

} // namespace

// ---- what is due ---------------------------------------------------------------------------------------------------

TEST_CASE("poll: executes what is due and nothing else, and says how much it was") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::vector<Instant> seen;
    worker.handle("work", [&](RunContext& run) { seen.push_back(run.scheduled_for()); });
    world.create(job_spec("work", "@every 1m"));
    CHECK(worker.next_due() == nine + 1min);
    CHECK(worker.poll() == 0);
    world.clock->advance(1min - 1us);
    CHECK(worker.poll() == 0);
    world.clock->advance(1us);
    CHECK(worker.poll() == 1);
    CHECK(worker.poll() == 0);
    CHECK(seen == std::vector<Instant>{nine + 1min});
    CHECK(worker.next_due() == nine + 2min);
    CHECK(worker.active() == 0);
}

TEST_CASE("poll: the ledger and the job say what became of a run") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("poller"));
    worker.handle("work", [&](RunContext&) {
        world.clock->advance(1500ms);
        return nlohmann::json{{"lines", 7}};
    });
    const JobId id = world.create(job_spec("work", "@every 1m"));
    world.clock->advance(61s);
    REQUIRE(worker.poll() == 1);

    const auto runs = world.runs(id);
    REQUIRE(runs.size() == 1);
    const JobRun& run = runs.front();
    CHECK(run.status == JobRunStatus::completed);
    CHECK(run.reason == RunReason::none);
    CHECK(run.trigger == RunTrigger::schedule);
    CHECK(run.scheduled_for == nine + 1min);
    CHECK(run.started_at == nine + 61s);
    CHECK(run.completed_at == nine + 62s + 500ms);
    CHECK(run.duration == Duration{1500ms});
    CHECK(run.result == nlohmann::json{{"lines", 7}});
    CHECK_FALSE(run.error);
    CHECK(run.worker == "poller");
    CHECK(run.attempt == 1);
    CHECK(run.fence == 1);
    CHECK(run.attempts.empty());
    CHECK(run.missed_count == 0);

    const ScheduledJob job = world.job(id);
    CHECK(job.run_count == 1);
    CHECK(job.failure_count == 0);
    CHECK(job.started_runs == 1);
    CHECK(job.last_run_at == nine + 61s);
    CHECK(job.next_run_at == nine + 2min);
    CHECK(job.high_water == nine + 1min);
}

TEST_CASE("poll: a handler sees its run and its job") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    bool called = false;
    worker.handle("work", [&](RunContext& run) {
        called = true;
        CHECK(run.tenant() == "acme");
        CHECK(run.job_name() == "Nightly");
        CHECK(run.job_id() == run.run().job_id);
        CHECK(run.run_id() == run.run().id);
        CHECK(run.run().status == JobRunStatus::running);
        CHECK(run.action() == nlohmann::json{{"type", "work"}, {"depth", 3}});
        CHECK(run.metadata() == nlohmann::json{{"owner", "ops"}});
        CHECK(run.scheduled_for() == nine + 1h);
        CHECK(run.trigger() == RunTrigger::schedule);
        CHECK(run.attempt() == 1);
        CHECK(run.fence() == 1);
        CHECK_FALSE(run.stop_requested());
        CHECK(run.heartbeat());
    });
    JobSpec spec{.name = "Nightly", .schedule = "@every 1h", .action = {{"type", "work"}, {"depth", 3}}};
    spec.metadata = {{"owner", "ops"}};
    world.create(spec);
    world.clock->advance(1h);
    REQUIRE(worker.poll() == 1);
    CHECK(called);
}

TEST_CASE("poll: every occurrence has one row, and the next one starts behind the last") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(job_spec("work", "*/10 * * * *"));
    for (int minute = 0; minute < 60; ++minute) {
        world.clock->advance(1min);
        worker.poll();
        worker.poll();
    }
    const auto runs = world.runs(id);
    REQUIRE(runs.size() == 6);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        CHECK(runs[i].scheduled_for == nine + (i + 1) * 10min);
        CHECK(runs[i].status == JobRunStatus::completed);
    }
    CHECK(world.job(id).high_water == nine + 1h);
    CHECK(world.job(id).next_run_at == nine + 70min);
    CHECK(world.job(id).run_count == 6);
}

TEST_CASE("poll: after an outage one run stands for the occurrences that were missed") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::uint64_t missed = 0;
    worker.handle("work", [&](RunContext& run) { missed = run.run().missed_count; });
    const JobId id = world.create(job_spec("work", "@every 1h"));
    world.clock->advance(3h + 30min);
    CHECK(worker.poll() == 1);
    CHECK(missed == 2);
    const auto runs = world.runs(id);
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].status == JobRunStatus::skipped);
    CHECK(runs[0].reason == RunReason::misfired);
    CHECK(runs[0].occurrences == 2);
    CHECK(runs[0].scheduled_for == nine + 1h);
    CHECK(runs[0].last == nine + 2h);
    CHECK(runs[1].scheduled_for == nine + 3h);
    CHECK(runs[1].missed_count == 2);
    CHECK(world.job(id).next_run_at == nine + 4h);
}

TEST_CASE("poll: takes more jobs in one call than one plan has room for") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    for (std::size_t i = 0; i < 1'234; ++i)
        world.create(job_spec("work", "@at 2026-03-02T10:00:00Z"));
    world.clock->advance(1h);
    CHECK(worker.poll() == 1'234);
    CHECK(world.scheduler.count_jobs("acme", JobStatus::completed) == 1'234);
}

TEST_CASE("poll: makes up for every missed occurrence in one call where the job wants that") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::vector<Instant> seen;
    worker.handle("work", [&](RunContext& run) { seen.push_back(run.scheduled_for()); });
    JobSpec spec = job_spec("work", "@every 1m");
    spec.policies.misfire.policy = MisfirePolicy::fire_all;
    world.create(spec);
    world.clock->advance(250min + 30s);
    CHECK(worker.poll() == 250);
    REQUIRE(seen.size() == 250);
    for (std::size_t i = 0; i < seen.size(); ++i)
        CHECK(seen[i] == nine + (i + 1) * 1min);
}

TEST_CASE("poll: what comes due while it executes is left for the next call, and starts carry their own time") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext&) { world.clock->advance(10min); });
    const JobId first = world.create(job_spec("work", "@every 1h"));
    const JobId second = world.create(job_spec("work", "@every 1h"));
    const JobId third = world.create(job_spec("work", "@every 70m"));
    world.clock->advance(1h);
    CHECK(worker.poll() == 2);
    CHECK(world.runs(first).at(0).started_at == nine + 60min);
    CHECK(world.runs(second).at(0).started_at == nine + 70min);
    CHECK(world.runs(third).empty());
    CHECK(worker.poll() == 1);
    CHECK(world.runs(third).at(0).started_at == nine + 80min);
}

TEST_CASE("poll: a one-shot job runs once and is completed") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(job_spec("work", "@at 2026-03-02T10:00:00Z"));
    CHECK(world.job(id).next_run_at == nine + 1h);
    world.clock->advance(2h);
    CHECK(worker.poll() == 1);
    CHECK(worker.poll() == 0);
    CHECK(world.job(id).status == JobStatus::completed);
    CHECK_FALSE(world.job(id).next_run_at);
    CHECK_FALSE(worker.next_due());
}

TEST_CASE("poll: a fixed delay counts from the end of the run before") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext&) { world.clock->advance(7min); });
    const JobId id = world.create(job_spec("work", "@after 10m"));
    world.clock->advance(10min);
    CHECK(worker.poll() == 1);
    CHECK(world.job(id).next_run_at == nine + 27min);
    world.clock->advance(10min);
    CHECK(worker.poll() == 1);
    CHECK(world.job(id).next_run_at == nine + 44min);
}

TEST_CASE("poll: a triggered run moves no scheduled occurrence, and counts") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(job_spec("work", "@every 1h"));
    const RunId triggered = world.trigger(id);
    CHECK(worker.next_due().has_value());
    CHECK(worker.poll() == 1);
    CHECK(world.run(triggered).status == JobRunStatus::completed);
    CHECK(world.run(triggered).trigger == RunTrigger::manual);
    CHECK(world.job(id).next_run_at == nine + 1h);
    CHECK(world.job(id).run_count == 1);
    CHECK(world.job(id).started_runs == 0);
}

TEST_CASE("poll: a cancelled run and those of a deleted job are not executed") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId kept = world.create(job_spec("work"));
    const JobId deleted = world.create(job_spec("work"));
    const RunId cancelled = world.trigger(kept);
    const RunId orphan = world.trigger(deleted);
    world.scheduler.cancel_run(cancelled, "acme");
    world.scheduler.delete_job(deleted, "acme");
    CHECK(worker.poll() == 0);
    CHECK(world.run(cancelled).status == JobRunStatus::cancelled);
    CHECK(world.run(cancelled).reason == RunReason::requested);
    CHECK(world.run(orphan).reason == RunReason::deleted);
}

// ---- what handlers do ----------------------------------------------------------------------------------------------

TEST_CASE("poll: a handler that throws fails its run, whatever it throws") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("exception", [](RunContext&) { throw std::runtime_error("no space left"); });
    worker.handle("number", [](RunContext&) { throw 42; });
    worker.handle("permanent", [](RunContext&) { throw PermanentFailure("no such table"); });
    const JobId exception = world.create(with_policies(job_spec("exception"), {}));
    const JobId number = world.create(with_policies(job_spec("number"), {}));
    const JobId permanent = world.create(with_policies(job_spec("permanent"), with_retries(5)));
    for (const JobId& id : {exception, number, permanent})
        world.trigger(id);
    CHECK(worker.poll() == 3);

    CHECK(world.runs(exception).at(0).error == "no space left");
    CHECK(world.runs(exception).at(0).reason == RunReason::no_attempt_left);
    CHECK(world.runs(number).at(0).error == "the handler threw something that is not a std::exception");
    CHECK(world.runs(number).at(0).reason == RunReason::no_attempt_left);
    CHECK(world.runs(permanent).at(0).error == "no such table");
    CHECK(world.runs(permanent).at(0).reason == RunReason::permanent);
    for (const JobId& id : {exception, number, permanent}) {
        CHECK(world.runs(id).at(0).status == JobRunStatus::failed);
        CHECK(world.runs(id).at(0).attempt == 1);
        CHECK(world.job(id).run_count == 1);
        CHECK(world.job(id).failure_count == 1);
    }
}

TEST_CASE("poll: a failed run is tried again after 10, 30 and 60 seconds, and counts once") {
    World<> world;
    Worker<> worker(world.scheduler, world.options("w"));
    worker.handle("work", [](RunContext& run) {
        if (run.attempt() < 4) throw std::runtime_error("attempt " + std::to_string(run.attempt()));
        return "done";
    });
    const JobId id = world.create(with_policies(job_spec("work"), with_retries(4)));
    const RunId run = world.trigger(id);

    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::pending);
    CHECK(world.run(run).not_before == nine + 10s);
    CHECK(world.run(run).error == "attempt 1");
    CHECK(worker.next_due() == nine + 10s);
    world.clock->advance(10s - 1us);
    CHECK(worker.poll() == 0);
    world.clock->advance(1us);
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).not_before == nine + 40s);
    world.clock->advance(30s);
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).not_before == nine + 100s);
    CHECK(world.job(id).run_count == 0);
    world.clock->advance(60s);
    CHECK(worker.poll() == 1);

    const JobRun row = world.run(run);
    CHECK(row.status == JobRunStatus::completed);
    CHECK(row.attempt == 4);
    CHECK(row.fence == 4);
    CHECK(row.result == nlohmann::json("done"));
    CHECK_FALSE(row.error);
    const std::vector<RunAttempt> earlier{
        {.number = 1, .started_at = nine, .ended_at = nine, .worker = "w", .error = "attempt 1"},
        {.number = 2, .started_at = nine + 10s, .ended_at = nine + 10s, .worker = "w", .error = "attempt 2"},
        {.number = 3, .started_at = nine + 40s, .ended_at = nine + 40s, .worker = "w", .error = "attempt 3"},
    };
    CHECK(row.attempts == earlier);
    CHECK(world.job(id).run_count == 1);
    CHECK(world.job(id).failure_count == 0);
}

TEST_CASE("poll: a run that fails at its last attempt has failed") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) { throw std::runtime_error("no"); });
    const JobId id = world.create(with_policies(job_spec("work"), with_retries(2)));
    const RunId run = world.trigger(id);
    CHECK(worker.poll() == 1);
    world.clock->advance(10s);
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::failed);
    CHECK(world.run(run).reason == RunReason::no_attempt_left);
    CHECK(world.run(run).attempts.size() == 1);
    CHECK(world.job(id).failure_count == 1);
    world.clock->advance(24h);
    CHECK(worker.poll() == 0);
}

TEST_CASE("poll: jitter shortens retries, each by its own part") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) { throw std::runtime_error("no"); });
    JobSpec spec = parallel_spec("work");
    spec.policies.retry = {.max_attempts = 2, .initial = 100s, .jitter = 0.5};
    const JobId id = world.create(spec);
    for (int i = 0; i < 50; ++i)
        world.trigger(id);
    CHECK(worker.poll() == 50);
    std::set<Instant> moments;
    for (const JobRun& run : world.runs(id)) {
        CHECK(run.not_before > nine + 50s - 1us);
        CHECK(run.not_before <= nine + 100s);
        moments.insert(run.not_before);
    }
    CHECK(moments.size() > 40);
}

TEST_CASE("poll: a run that is delivered at most once is not tried again") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) { throw std::runtime_error("no"); });
    Policies policies = with_retries(5);
    policies.delivery = DeliveryMode::at_most_once;
    const RunId run = world.trigger(world.create(with_policies(job_spec("work"), policies)));
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::failed);
    CHECK(world.run(run).reason == RunReason::no_attempt_left);
}

TEST_CASE("poll: a snoozed run comes back later, and neither an attempt nor a run is counted") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    int calls = 0;
    worker.handle("work", [&](RunContext& run) {
        CHECK(run.attempt() == 1);
        if (++calls < 3) run.snooze(10min);
    });
    const JobId id = world.create(with_policies(job_spec("work"), with_retries(1)));
    const RunId run = world.trigger(id);
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::pending);
    CHECK(world.run(run).attempt == 0);
    CHECK(world.run(run).attempts.empty());
    CHECK(world.run(run).not_before == nine + 10min);
    CHECK(world.job(id).run_count == 0);
    world.clock->advance(10min);
    CHECK(worker.poll() == 1);
    world.clock->advance(10min);
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::completed);
    CHECK(world.run(run).attempt == 1);
    CHECK(world.run(run).fence == 3);
    CHECK(world.job(id).run_count == 1);
}

TEST_CASE("poll: a snooze of no time or of all eternity does no harm") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("never", [](RunContext& run) { run.snooze(Duration::max()); });
    worker.handle("at once", [](RunContext& run) { run.snooze(-1h); });
    const RunId never = world.trigger(world.create(job_spec("never")));
    const RunId at_once = world.trigger(world.create(job_spec("at once")));
    CHECK(worker.poll() == 2);
    CHECK(world.run(never).not_before == nine + 24h * 3'650);
    CHECK(world.run(at_once).not_before == nine + 1us);
}

TEST_CASE("poll: a run that is delivered at most once cannot be snoozed") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext& run) { run.snooze(1min); });
    Policies policies;
    policies.delivery = DeliveryMode::at_most_once;
    const RunId run = world.trigger(world.create(with_policies(job_spec("work"), policies)));
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::failed);
    CHECK(world.run(run).error == "a run that is delivered at most once cannot be snoozed");
}

TEST_CASE("poll: a result that cannot be kept is dropped with a word about it, and the run is not repeated") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("large", [](RunContext&) { return std::string(max_result_bytes, 'x'); });
    worker.handle("largest", [](RunContext&) { return std::string(max_result_bytes - 2, 'x'); });
    worker.handle("no utf-8", [](RunContext&) { return nlohmann::json{{"name", "caf\xe9"}}; });
    worker.handle("no json", [](RunContext&) { return nlohmann::json::parse("{", nullptr, false); });
    worker.handle("binary", [](RunContext&) { return nlohmann::json{nlohmann::json::binary({1, 2})}; });
    const auto run_of = [&](const std::string& type) {
        const RunId run = world.trigger(world.create(with_policies(job_spec(type), with_retries(3))));
        REQUIRE(worker.poll() == 1);
        return world.run(run);
    };
    CHECK(run_of("large").error == "result dropped: it has 65538 bytes of JSON, at most 65536 are kept");
    CHECK(run_of("no utf-8").error == "result dropped: it has a string that is not UTF-8");
    CHECK(run_of("no json").error == "result dropped: it is no JSON, or nested too deeply");
    CHECK(run_of("binary").error == "result dropped: it is no JSON, or nested too deeply");
    for (const char* type : {"large", "no utf-8", "no json", "binary"}) {
        CHECK(run_of(type).status == JobRunStatus::completed);
        CHECK(run_of(type).result.is_null());
    }
    CHECK_FALSE(run_of("largest").error);
    CHECK(run_of("largest").result.text().size() == max_result_bytes);
}

TEST_CASE("poll: the text of an error is made fit for the ledger") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) { throw std::runtime_error("caf\xe9 " + std::string(10'000, 'x')); });
    const RunId run = world.trigger(world.create(job_spec("work")));
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).error == "caf? " + std::string(max_error_bytes - 5, 'x'));
}

// ---- handlers and edits --------------------------------------------------------------------------------------------

TEST_CASE("poll: a run waits for a handler of its type, without keeping anybody awake") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("other", [](RunContext&) {});
    const JobId id = world.create(job_spec("work", "@at 2026-03-02T10:00:00Z"));
    const JobId same = world.create(job_spec("work", "@at 2026-03-02T10:00:00Z"));
    world.clock->advance(1h);
    CHECK(worker.poll() == 0);
    CHECK(world.runs(id).at(0).status == JobRunStatus::pending);
    CHECK_FALSE(worker.next_due());
    const JobId later = world.create(job_spec("work", "@at 2026-03-02T11:00:00Z"));
    world.clock->advance(1h);
    CHECK(worker.poll() == 0);
    CHECK(world.reports.all() == // once
          std::vector<std::string>{
              "no handler for action type \"work\" here: its runs stay pending for a worker that has one"});
    worker.handle("work", [](RunContext&) {});
    CHECK(worker.next_due().has_value());
    CHECK(worker.poll() == 3);
    for (const JobId& job : {same, later})
        CHECK(world.runs(job).at(0).status == JobRunStatus::completed);
}

TEST_CASE("poll: next_due of a run that could begin at once is a moment that a host can reckon with") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(parallel_spec("work"));
    world.trigger(id);
    world.trigger(id);
    CHECK(worker.next_due() == nine); // before the first call, too
    CHECK(worker.poll(0s) == 1);
    CHECK(worker.next_due() == nine);
}

TEST_CASE("poll: a replaced handler is called for what has not begun") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::vector<std::string> calls;
    worker.handle("work", [&](RunContext&) {
        worker.handle("work", [&](RunContext&) { calls.emplace_back("new"); });
        calls.emplace_back("old");
    });
    const JobId id = world.create(parallel_spec("work"));
    world.trigger(id);
    world.trigger(id);
    CHECK(worker.poll() == 2);
    CHECK(calls == std::vector<std::string>{"old", "new"});
}

TEST_CASE("poll: a run sees its job as it is when it begins, and keeps that") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    JobSpec spec = job_spec("work");
    spec.metadata = {{"version", 1}};
    const JobId id = world.create(spec);
    const RunId run = world.trigger(id);
    world.scheduler.update_job(id, "acme", {.metadata = {{"version", 2}}});
    worker.handle("work", [&](RunContext& context) {
        world.scheduler.update_job(id, "acme", {.name = "renamed", .metadata = {{"version", 3}}});
        CHECK(context.job_name() == "work");
        return context.metadata();
    });
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).result == nlohmann::json{{"version", 2}});
    CHECK(world.job(id).metadata == nlohmann::json{{"version", 3}});
}

TEST_CASE("poll: a handler may create, trigger, update, pause and delete other jobs") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId triggered = world.create(job_spec("work"));
    const JobId paused = world.create(job_spec("work", "@every 1h"));
    const JobId updated = world.create(job_spec("work", "@every 1h"));
    const JobId deleted = world.create(job_spec("work", "@every 1h"));
    JobId created;
    worker.handle("boss", [&](RunContext&) {
        created = world.create(job_spec("work", "@every 1m"));
        world.trigger(triggered);
        world.scheduler.pause_job(paused, "acme");
        world.scheduler.update_job(updated, "acme", {.schedule = "@every 2h"});
        world.scheduler.delete_job(deleted, "acme");
    });
    world.trigger(world.create(job_spec("boss")));
    CHECK(worker.poll() == 1);
    CHECK(worker.poll() == 1); // what it triggered; the clock stands still
    CHECK(world.runs(triggered).at(0).status == JobRunStatus::completed);
    world.clock->advance(1h);
    CHECK(worker.poll() == 1);
    CHECK(world.runs(created).size() == 2);
    CHECK(world.runs(paused).empty());
    CHECK(world.runs(updated).empty());
    CHECK(world.runs(deleted).empty());
}

TEST_CASE("poll: a handler may trigger, update, pause and delete its own job") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("trigger", [&](RunContext& run) {
        if (run.trigger() == RunTrigger::schedule) world.trigger(run.job_id());
    });
    worker.handle("update", [&](RunContext& run) {
        world.scheduler.update_job(run.job_id(), "acme", {.schedule = "@every 3h"});
    });
    worker.handle("pause", [&](RunContext& run) { world.scheduler.pause_job(run.job_id(), "acme"); });
    worker.handle("delete", [&](RunContext& run) { world.scheduler.delete_job(run.job_id(), "acme"); });
    const JobId trigger = world.create(parallel_spec("trigger", "@every 1h"));
    const JobId update = world.create(job_spec("update", "@every 1h"));
    const JobId pause = world.create(job_spec("pause", "@every 1h"));
    const JobId erase = world.create(job_spec("delete", "@every 1h"));
    world.clock->advance(1h);
    CHECK(worker.poll() == 4);
    for (const JobId& id : {trigger, update, pause, erase})
        CHECK(world.runs(id).at(0).status == JobRunStatus::completed);
    CHECK(worker.poll() == 1);
    CHECK(world.runs(trigger).at(1).trigger == RunTrigger::manual);
    CHECK(world.job(update).schedule == "@every 3h");
    CHECK(world.job(pause).status == JobStatus::paused);
    CHECK(world.job(pause).run_count == 1);
    CHECK_FALSE(world.scheduler.get_job(erase, "acme"));
}

TEST_CASE("poll: comes to an end where a handler triggers its own job for ever, though the clock stands still") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::size_t calls = 0;
    worker.handle("again", [&](RunContext& run) {
        if (++calls > 100) throw std::runtime_error("endless");
        world.trigger(run.job_id());
    });
    worker.handle("work", [](RunContext&) {});
    JobSpec first = parallel_spec("again");
    first.policies.priority = 1; // its next run always stands in front
    const JobId again = world.create(first);
    const JobId work = world.create(parallel_spec("work"));
    world.trigger(again);
    CHECK(worker.poll() == 1);
    CHECK(worker.poll() == 1);
    CHECK(calls == 2);
    const auto runs = world.runs(again);
    REQUIRE(runs.size() == 3);
    CHECK(runs[2].status == JobRunStatus::pending);
    CHECK(runs[2].attempt == 0);
    CHECK(runs[2].attempts.empty());
    CHECK(runs[2].worker.empty());
    CHECK(worker.active() == 0);
    CHECK(worker.next_due().has_value());

    world.scheduler.pause_job(again, "acme");
    world.scheduler.cancel_run(runs[2].id, "acme");
    world.trigger(work);
    world.trigger(work);
    CHECK(worker.poll() == 2);
    CHECK(worker.poll() == 0);
}

TEST_CASE("poll: comes to an end where a handler retries its own run, or creates and triggers ever new jobs") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::size_t calls = 0;
    worker.handle("fails", [&](RunContext&) {
        if (++calls > 100) return;
        throw std::runtime_error("no");
    });
    worker.handle("retries", [&](RunContext& run) {
        const auto target = RunId::parse(run.action().at("run").get<std::string>()).value();
        world.scheduler.retry_run(target, "acme");
    });
    worker.handle("breeds", [&](RunContext&) {
        if (++calls > 100) return;
        world.trigger(world.create(job_spec("breeds")));
    });
    const RunId failed = world.trigger(world.create(job_spec("fails")));
    JobSpec retries = job_spec("retries");
    retries.action["run"] = failed.str();
    world.trigger(world.create(retries));
    world.trigger(world.create(job_spec("breeds")));
    CHECK(worker.poll() == 3);
    CHECK(calls == 2);
    CHECK(worker.poll() == 2); // the retry, and the child
    CHECK(calls == 4);
    CHECK(worker.poll() == 1); // the grandchild
}

TEST_CASE("poll: an occurrence that finds the run before it executing is skipped, and says which run that was") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    Worker<> other(world.scheduler, world.options("other"));
    std::vector<Instant> seen;
    other.handle("work", [&](RunContext& run) { seen.push_back(run.scheduled_for()); });
    worker.handle("work", [&](RunContext& run) {
        seen.push_back(run.scheduled_for());
        for (int minute = 0; minute < 2; ++minute) {
            world.clock->advance(1min);
            CHECK(other.poll() == 0);
        }
        CHECK(world.job(run.job_id()).high_water == nine + 3min);
        CHECK(world.job(run.job_id()).run_count == 0);
    });
    const JobId id = world.create(job_spec("work", "@every 1m")); // the default: overlap is skipped
    world.clock->advance(1min);
    CHECK(worker.poll() == 1);
    const auto runs = world.runs(id);
    REQUIRE(runs.size() == 2);
    CHECK(runs[1].status == JobRunStatus::skipped);
    CHECK(runs[1].reason == RunReason::overlapped);
    CHECK(runs[1].blocked_by == runs[0].id);
    CHECK(runs[1].scheduled_for == nine + 2min);
    CHECK(runs[1].last == nine + 3min);
    CHECK(runs[1].occurrences == 2);
    world.clock->advance(1min);
    CHECK(other.poll() == 1);
    CHECK(seen == std::vector<Instant>{nine + 1min, nine + 4min});
    const ScheduledJob job = world.job(id);
    CHECK(job.run_count == 2);
    CHECK(job.failure_count == 0);
    CHECK(job.high_water == nine + 4min);
    CHECK(job.last_run_at == nine + 4min);
    CHECK(job.next_run_at == nine + 5min);
}

TEST_CASE("poll: the run of a job that is deleted meanwhile is not tried again") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext& run) {
        world.scheduler.delete_job(run.job_id(), "acme");
        throw std::runtime_error("and then it failed");
    });
    const RunId run = world.trigger(world.create(with_policies(job_spec("work"), with_retries(5))));
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::cancelled);
    CHECK(world.run(run).reason == RunReason::deleted);
    world.clock->advance(1h);
    CHECK(worker.poll() == 0);
}

TEST_CASE("poll: a handler may poll, and the inner call executes the rest") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::vector<std::size_t> inner;
    worker.handle("outer", [&](RunContext&) { inner.push_back(worker.poll()); });
    worker.handle("work", [](RunContext&) {});
    JobSpec first = job_spec("outer");
    first.policies.priority = 1;
    const RunId outer = world.trigger(world.create(first));
    world.trigger(world.create(job_spec("work")));
    world.trigger(world.create(job_spec("work")));
    CHECK(worker.poll() == 1);
    CHECK(inner == std::vector<std::size_t>{2});
    CHECK(world.run(outer).status == JobRunStatus::completed);
}

TEST_CASE("poll: a handler learns from its heartbeat that the run was cancelled") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext& run) {
        CHECK(run.heartbeat());
        world.scheduler.cancel_run(run.run_id(), "acme");
        CHECK_FALSE(run.stop_requested());
        CHECK_FALSE(run.heartbeat());
        CHECK(run.stop_requested());
        throw std::runtime_error("stopped half-way");
    });
    const JobId id = world.create(with_policies(job_spec("work"), with_retries(5)));
    const RunId run = world.trigger(id);
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::cancelled);
    CHECK(world.run(run).reason == RunReason::requested);
    CHECK(world.run(run).error == "stopped half-way");
    CHECK(world.job(id).run_count == 1);
    CHECK(world.job(id).failure_count == 0);
}

TEST_CASE("poll: a handler that finishes its work in spite of a cancellation has completed it") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext& run) {
        world.scheduler.cancel_run(run.run_id(), "acme");
        CHECK_FALSE(run.heartbeat());
        return 7;
    });
    const RunId run = world.trigger(world.create(job_spec("work")));
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::completed);
    CHECK(world.run(run).result == nlohmann::json(7));
}

// ---- budget, order, clock ------------------------------------------------------------------------------------------

TEST_CASE("poll: exceeds its budget by one handler at most, and goes on the next time") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [&](RunContext&) { world.clock->advance(10s); });
    const JobId id = world.create(parallel_spec("work"));
    for (int i = 0; i < 10; ++i)
        world.trigger(id);
    const auto spent = [&](Duration budget) {
        const Instant begin = world.clock->now();
        worker.poll(budget);
        return world.clock->now() - begin;
    };
    CHECK(spent(25s) == Duration{30s});
    CHECK(spent(20s) == Duration{20s});
    CHECK(spent(0s) == Duration{10s});
    CHECK(spent(1us) == Duration{10s});
    CHECK(worker.poll() == 3);
    CHECK(worker.poll(1h) == 0);
}

TEST_CASE("poll: tenants take turns, and the turn goes on with the next call") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::string order;
    worker.handle("work", [&](RunContext& run) { order += run.tenant(); });
    const auto trigger = [&](const char* tenant, int times) {
        const JobId id = world.create(parallel_spec("work"), tenant);
        for (int i = 0; i < times; ++i)
            world.trigger(id, tenant);
    };
    trigger("a", 5);
    trigger("b", 1);
    trigger("c", 2);
    worker.poll();
    CHECK(order == "abcacaaa");
    order.clear();
    trigger("a", 1);
    trigger("b", 1);
    worker.poll(0s);
    trigger("c", 1);
    worker.poll();
    CHECK(order == "bca");
}

TEST_CASE("poll: within a tenant the higher priority comes first, then the earlier run") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::vector<std::string> order;
    worker.handle("work", [&](RunContext& run) { order.push_back(run.job_name()); });
    const auto create = [&](const std::string& name, int priority) {
        JobSpec spec = job_spec("work");
        spec.name = name;
        spec.policies.priority = priority;
        world.trigger(world.create(spec));
        world.clock->advance(1s);
    };
    create("low", -5);
    create("first", 0);
    create("second", 0);
    create("high", 7);
    worker.poll();
    CHECK(order == std::vector<std::string>{"high", "first", "second", "low"});
}

TEST_CASE("poll: a clock that is set back starts nothing early and nothing twice") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::vector<Instant> seen;
    worker.handle("work", [&](RunContext& run) {
        CHECK(world.clock->now() >= run.scheduled_for());
        seen.push_back(run.scheduled_for());
    });
    const JobId id = world.create(job_spec("work", "@every 1h"));
    world.clock->advance(1h);
    CHECK(worker.poll() == 1);
    world.clock->set_wall(nine);
    for (int minute = 0; minute < 119; ++minute) {
        world.clock->advance(1min);
        CHECK(worker.poll() == 0);
    }
    world.clock->advance(1min);
    CHECK(worker.poll() == 1);
    CHECK(seen == std::vector<Instant>{nine + 1h, nine + 2h});
    CHECK(world.runs(id).size() == 2);
}

TEST_CASE("poll: a run that is due waits where the clock is set back before it") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    std::vector<std::string> seen;
    worker.handle("set back", [&](RunContext&) { world.clock->set_wall(nine + 30min); });
    worker.handle("work", [&](RunContext& run) {
        CHECK(world.clock->now() >= run.scheduled_for());
        seen.push_back(run.job_name());
    });
    JobSpec first = job_spec("set back", "@every 1h");
    first.policies.priority = 1;
    world.create(first);
    world.create(job_spec("work", "@every 1h"));
    world.clock->advance(1h);
    CHECK(worker.poll() == 1);
    CHECK(seen.empty());
    CHECK(worker.next_due() == nine + 1h);
    world.clock->advance(30min);
    CHECK(worker.poll() == 1);
    CHECK(seen.size() == 1);
}

TEST_CASE("poll: a clock that is set forward has missed what lies between") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(job_spec("work", "@every 1h"));
    world.clock->set_wall(nine + 10h + 30min);
    CHECK(worker.poll() == 1);
    const auto runs = world.runs(id);
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].reason == RunReason::misfired);
    CHECK(runs[0].occurrences == 9);
    CHECK(runs[1].scheduled_for == nine + 10h);
    CHECK(runs[1].missed_count == 9);
}

// ---- rules ---------------------------------------------------------------------------------------------------------

TEST_CASE("poll: is refused while the worker's own loop runs", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.start();
    try {
        worker.poll();
        FAIL("poll() was not refused");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::invalid_state);
        CHECK(std::string(error.what()) == "poll: the worker has been started; it polls by itself");
    }
    worker.stop();
    CHECK(worker.poll() == 0);
}

TEST_CASE("poll: several threads may poll one worker, and each run is executed once", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    support::Log<RunId> executed;
    worker.handle("work", [&](RunContext& run) { executed.add(run.run_id()); });
    const JobId id = world.create(parallel_spec("work"));
    for (int i = 0; i < 500; ++i)
        world.trigger(id);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] { worker.poll(); });
    for (std::thread& thread : threads)
        thread.join();
    const auto all = executed.all();
    CHECK(all.size() == 500);
    CHECK(std::set<RunId>(all.begin(), all.end()).size() == 500);
    CHECK(world.job(id).run_count == 500);
    CHECK(worker.active() == 0);
}

TEST_CASE("worker: makes up a name where it gets none") {
    World<> world;
    const Worker<> worker(world.scheduler);
    const Worker<> other(world.scheduler);
    CHECK(worker.name().starts_with("worker-"));
    CHECK(worker.name() != other.name());
}

TEST_CASE("poll: by default a run is kept for thirty days, and the audit trail for a year") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    const JobId id = world.create(job_spec("work"));
    const RunId run = world.trigger(id);
    CHECK(worker.poll() == 1);

    world.clock->advance(std::chrono::hours{24 * 30} - 1min);
    worker.poll();
    CHECK(world.scheduler.get_run(run, "acme"));
    world.clock->advance(std::chrono::hours{1});
    worker.poll();
    CHECK(!world.scheduler.get_run(run, "acme"));

    world.clock->advance(std::chrono::hours{24 * 335} - 2h);
    worker.poll();
    CHECK(world.scheduler.list_audit("acme").size() == 2);
    world.clock->advance(2h);
    worker.poll();
    CHECK(world.scheduler.list_audit("acme").empty());
}
