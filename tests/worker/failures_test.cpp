// SPDX-License-Identifier: MIT
// failures_test.cpp - jobs that fail again and again are paused as soon as that is known, however they fail.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/flaky_storage.hpp"
#include "support/stepped.hpp"

#include <chrono>
#include <cstddef>

using namespace carillon;
using namespace std::chrono_literals;
using support::count_of;
using support::FlakyStorage;
using support::job_spec;
using support::ref_of;
using support::Stepped;
using support::threw;

namespace {

JobSpec pauses_after(std::size_t failures) {
    JobSpec spec = job_spec("work", "@hourly");
    spec.policies.pause_after_failures = failures;
    return spec;
}

template <Storage StorageT>
void fail_next(Stepped<StorageT>& world, const JobId& job) {
    world.trigger(job);
    world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
}

} // namespace

TEST_CASE("failures: a job is paused by the last of so many failures in a row, not by its next plan") {
    Stepped<> world;
    const JobId job = world.create(pauses_after(3));
    fail_next(world, job);
    fail_next(world, job);
    CHECK(world.job(job).status == JobStatus::active);
    fail_next(world, job);
    CHECK(world.job(job).status == JobStatus::paused);
    CHECK_FALSE(world.job(job).next_run_at);
    const auto events = world.scheduler.list_audit("acme", {.job_id = job, .verb = AuditVerb::job_paused});
    CHECK(events.size() == 1);
}

TEST_CASE("failures: one success in between, and the count begins anew") {
    Stepped<> world;
    const JobId job = world.create(pauses_after(2));
    fail_next(world, job);
    world.trigger(job);
    world.stepper.conclude(ref_of(world.begun()), {});
    fail_next(world, job);
    CHECK(world.job(job).status == JobStatus::active);
}

TEST_CASE("failures: runs that time out, and runs whose workers disappear, are failures") {
    Stepped<> world;
    JobSpec spec = pauses_after(1);
    SECTION("timed out by its handler") {
        spec.policies.timeout.attempt = 1min;
        const JobId job = world.create(spec);
        world.trigger(job);
        const RunRef run = ref_of(world.begun());
        world.turn_after(1min);
        world.stepper.conclude(run, threw("interrupted"));
        CHECK(world.job(job).status == JobStatus::paused);
    }
    SECTION("timed out without it") {
        spec.policies.timeout.attempt = 1min;
        const JobId job = world.create(spec);
        world.trigger(job);
        world.begun();
        world.turn_after(1min);
        world.turn_after(10s);
        CHECK(world.job(job).status == JobStatus::paused);
    }
    SECTION("abandoned") {
        spec.policies.max_abandons = 1;
        const JobId job = world.create(spec);
        world.trigger(job);
        world.begun();
        world.stepper.crash();
        world.clock->advance(30s);
        world.stepper.start();
        world.stepper.turn();
        CHECK(world.job(job).status == JobStatus::paused);
    }
}

TEST_CASE("failures: a run whose time is up while it waits for another attempt is a failure") {
    Stepped<> world(1);
    JobSpec spec = pauses_after(1);
    spec.policies.timeout.total = 1min;
    spec.policies.retry = {.max_attempts = 9, .initial = 30s};
    const JobId job = world.create(spec);
    fail_next(world, job);
    world.trigger(world.create(job_spec("work")));
    world.begun(); // the worker has no time for anything else
    for (int second = 0; second < 60 + 10; ++second)
        world.turn_after(1s);
    CHECK(world.runs(job).front().status == JobRunStatus::timed_out);
    CHECK(world.job(job).status == JobStatus::paused);
}

TEST_CASE("failures: attempts that are tried again do not count") {
    Stepped<> world;
    JobSpec spec = pauses_after(1);
    spec.policies.retry.max_attempts = 2;
    const JobId job = world.create(spec);
    fail_next(world, job);
    CHECK(world.job(job).status == JobStatus::active);
    world.clock->advance(5s);
    world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
    CHECK(world.job(job).status == JobStatus::paused);
}

TEST_CASE("failures: a job that could not be paused at once is paused by its next plan") {
    Stepped<FlakyStorage> world;
    const JobId job = world.create(pauses_after(1));
    world.trigger(job);
    const RunRef run = ref_of(world.begun());
    world.storage->modify_job_fails = true;
    world.stepper.conclude(run, threw("no luck"));
    CHECK(world.job(job).status == JobStatus::active);
    CHECK(count_of(world.reports, "could not be paused yet") == 1);
    world.storage->modify_job_fails = false;
    world.turn_after(1h);
    CHECK(world.job(job).status == JobStatus::paused);
    CHECK(world.stepper.waiting().empty());
}
