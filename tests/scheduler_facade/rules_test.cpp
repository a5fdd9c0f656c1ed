// SPDX-License-Identifier: MIT
// scheduler_facade/rules_test.cpp - what is promised about the ledger, overlap, edits, spread and clocks, sentence by
// sentence, from a caller's verb to the row.
#include "carillon/scheduler_facade.hpp"
#include "carillon/worker/worker.hpp"

#include "scheduler_facade/fixture.hpp"
#include "support/zones.hpp"

#include <functional>

using namespace support;

namespace {

struct Rules : FacadeFixture {
    [[nodiscard]] JobRun run(const JobRun& any_version) const {
        return scheduler.get_run(any_version.id, any_version.tenant_id).value();
    }
    ScheduledJob create(const JobSpec& spec) { return scheduler.create_job("acme", spec); }
    /// A worker's answer to a failure that may be tried again.
    void fail_for_now(const JobRun& claimed, Duration delay) {
        RunTransition again;
        again.status = JobRunStatus::pending;
        again.at = now();
        again.not_before = now() + delay;
        again.error = "not now";
        REQUIRE(storage->finish({{{claimed.id, claimed.fence}, again}}).front().accepted);
    }
};

} // namespace

// ---- the ledger ----------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Rules, "ledger: consecutive skips for one reason share a row, and a run or another reason ends it") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.misfire.policy = MisfirePolicy::skip;
    const auto job = create(spec);
    for (const char* late : {"09:30:00", "10:30:00"}) { // two plans, one row
        go_to("2026-03-02T" + std::string(late) + "Z");
        materialise();
    }
    go_to("2026-03-02T11:30:00Z");
    scheduler.pause_job(job.id, "acme");
    go_to("2026-03-02T13:30:00Z");
    scheduler.resume_job(job.id, "acme");
    go_to("2026-03-02T14:30:00Z");
    materialise();
    go_to("2026-03-02T15:00:00Z");
    materialise();
    go_to("2026-03-02T16:30:00Z");
    materialise();
    CHECK(ledger(job) == "misfired 09:00:00 to 10:00:00, 2; paused 11:00:00 to 13:00:00, 3; misfired 14:00:00; "
                         "run 15:00:00; misfired 16:00:00");
}

TEST_CASE_METHOD(
    Rules, "ledger: nothing but rebase_clock lowers high_water, and the cursor is the first occurrence behind it") {
    const auto job = create(spec_of("0 * * * *"));
    const JobId& id = job.id;
    go_to("2026-03-02T12:00:00Z");
    materialise();
    const Instant noon = now();
    const JobRun run = claim().at(0);
    clock->set_wall(at("2026-03-02T09:30:00Z"));
    const std::vector<std::pair<const char*, std::function<void()>>> verbs{
        {"plan",
         [&] {
             materialise();
         }},
        {"finish",
         [&] {
             finish(run);
         }},
        {"rename",
         [&] {
             scheduler.update_job(id, "acme", {.name = "new"});
         }},
        {"edit",
         [&] {
             scheduler.update_job(id, "acme", {.schedule = "15 * * * *"});
         }},
        {"pause",
         [&] {
             scheduler.pause_job(id, "acme");
         }},
        {"resume",
         [&] {
             scheduler.resume_job(id, "acme");
         }},
        {"disable",
         [&] {
             scheduler.update_job(id, "acme", {.enabled = false});
         }},
        {"enable",
         [&] {
             scheduler.update_job(id, "acme", {.enabled = true});
         }},
        {"trigger",
         [&] {
             execute(job);
         }},
        {"put",
         [&] {
             scheduler.put_job("acme", "other", daily());
         }},
    };
    for (const auto& [verb, call] : verbs) {
        INFO(verb);
        call();
        const ScheduledJob after = this->job(job);
        CHECK(after.high_water == noon);
        if (after.next_run_at) CHECK(*after.next_run_at > noon);
    }
    CHECK(this->job(job).next_run_at == at("2026-03-02T12:15:00Z"));
}

TEST_CASE_METHOD(
    Rules,
    "ledger: what was due under the old definition is recorded before an edit, whatever it changes of the time") {
    using namespace std::chrono;
    const std::vector<std::pair<const char*, JobPatch>> edits{
        {"schedule", {.schedule = "30 * * * *"}},
        {"zone", {.time_zone = "Asia/Kolkata"}},
        {"dialect", {.dialect = CronDialect::extended}},
        {"dst", {.dst = DstPolicy::wall}},
        {"exclude", {.exclude = std::vector{2026y / March / 9}}},
        {"start_at", {.start_at = at("2026-03-03T00:00:00Z")}},
        {"end_at", {.end_at = at("2026-03-04T00:00:00Z")}},
        {"max_runs", {.max_runs = 5}},
    };
    for (const auto& [what, patch] : edits) {
        INFO(what);
        const auto job = create(spec_of("0 * * * *"));
        const Instant before = now();
        clock->advance(2h + 30min);
        scheduler.update_job(job.id, "acme", patch);
        const auto rows = runs(job);
        REQUIRE(rows.size() == 1);
        CHECK(rows[0].reason == RunReason::edited);
        CHECK(rows[0].occurrences >= 2);
        CHECK(rows[0].scheduled_for > before);
        CHECK(rows[0].last <= now());
        CHECK(*this->job(job).next_run_at > now());
    }
}

// ---- overlap -------------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Rules, "overlap: a run that waits for its next attempt keeps its key busy") {
    const auto job = create(spec_of("0 * * * *"));
    go_to("2026-03-02T09:00:00Z");
    materialise();
    const JobRun first = claim().at(0);
    fail_for_now(first, 2h);
    go_to("2026-03-02T10:00:00Z");
    materialise();
    CHECK(claim().empty());
    CHECK(ledger(job) == "run 09:00:00; overlapped 10:00:00");
    CHECK(runs(job).at(0).blocked_by == first.id);
    CHECK(scheduler.trigger_job(job.id, "acme")->blocked_by == first.id);
}

TEST_CASE_METHOD(Rules,
                 "overlap: runs that catch up go one after another, even where a policy lets runs go side by side") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.misfire.policy = MisfirePolicy::fire_all;
    spec.policies.overlap.policy = OverlapPolicy::allow;
    const auto job = create(spec);
    go_to("2026-03-02T12:30:00Z");
    materialise();
    CHECK(ledger(job) == "run 09:00:00; run 10:00:00; run 11:00:00; run 12:00:00");
    for (const char* next : {"09:00:00", "10:00:00", "11:00:00", "12:00:00"}) {
        const auto claimed = claim();
        REQUIRE(claimed.size() == 1);
        CHECK(short_text(claimed[0].scheduled_for, "2026-03-02") == next);
        finish(claimed[0]);
    }
}

// ---- edits ---------------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Rules, "edits: a claim hands out the job as it is then, whenever its run was planned") {
    JobSpec spec = daily();
    spec.policies.retry.max_attempts = 2;
    const auto job = create(spec);
    go_to("2026-03-02T09:00:00Z");
    materialise();
    JobPatch patch;
    patch.action = {{"type", "other"}, {"n", 2}};
    patch.policies = Policies{};
    scheduler.update_job(job.id, "acme", patch);
    ClaimRequest request;
    request.worker = "tester";
    request.filter.action_types = {"test"}; // the run's place in the queue was decided when it was planned
    request.now = now();
    const auto claimed = storage->claim(request).runs;
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].job->action.json<nlohmann::json>() == nlohmann::json{{"type", "other"}, {"n", 2}});
    CHECK(claimed[0].job->policies.retry.max_attempts == 1);
    scheduler.update_job(job.id, "acme", {.name = "later"});
    CHECK(claimed[0].job->name == "Report"); // a run that has started keeps what it was given
}

// ---- spread, bounds ------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Rules,
                 "spread: moves the start only; ledger, cursor and previews stay nominal, and a person does not wait") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.spread.within = 20min;
    const auto job = create(spec);
    CHECK(job.next_run_at == at("2026-03-02T09:00:00Z"));
    CHECK(scheduler.upcoming(job.id, "acme", 1)->at(0) == at("2026-03-02T09:00:00Z"));
    CHECK(scheduler.what_would_run("acme", now(), now() + 90min).at(0).at == at("2026-03-02T09:00:00Z"));
    go_to("2026-03-02T09:00:00Z");
    materialise();
    const JobRun planned = runs(job).at(0);
    CHECK(planned.scheduled_for == at("2026-03-02T09:00:00Z"));
    REQUIRE(planned.not_before > now());
    CHECK(this->job(job).high_water == at("2026-03-02T09:00:00Z"));
    CHECK(this->job(job).next_run_at == at("2026-03-02T10:00:00Z"));
    clock->advance(planned.not_before - now() - 1us);
    CHECK(claim().empty());
    clock->advance(1us);
    const auto claimed = claim();
    REQUIRE(claimed.size() == 1);
    finish(claimed[0]);
    CHECK(scheduler.trigger_job(job.id, "acme")->not_before == now());
    CHECK(scheduler.retry_run(planned.id, "acme")->not_before == now());
}

TEST_CASE_METHOD(Rules, "max_runs: counts scheduled runs that started, and no others") {
    JobSpec spec = spec_of("0 * * * *");
    spec.max_runs = 2;
    const auto job = create(spec);
    execute(job); // by hand
    go_to("2026-03-02T09:00:00Z");
    materialise();
    scheduler.cancel_run(runs(job).at(0).id, "acme"); // before it started
    go_to("2026-03-02T10:00:00Z");
    materialise();
    const JobRun first = claim().at(0);
    go_to("2026-03-02T11:00:00Z");
    materialise(); // skipped: the first still runs
    fail_for_now(first, 1min);
    clock->advance(1min);
    finish(claim().at(0)); // a second attempt is the same run
    CHECK(this->job(job).started_runs == 1);
    go_to("2026-03-02T12:00:00Z");
    materialise();
    CHECK(this->job(job).status == JobStatus::completed);
    finish(claim().at(0));
    CHECK(this->job(job).started_runs == 2);
    go_to("2026-03-02T15:00:00Z");
    CHECK(materialise() == 0);
    CHECK(ledger(job) ==
          "completed 08:00:00; cancelled 09:00:00; completed 10:00:00; overlapped 11:00:00; completed 12:00:00");
}

// ---- timeouts and failures -----------------------------------------------------------------------------------------

TEST_CASE_METHOD(Rules, "timeout: a run expires so long after it was asked for, by whomever") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.timeout.total = 10min;
    const auto job = create(spec);
    const JobRun triggered = scheduler.trigger_job(job.id, "acme").value();
    CHECK(triggered.expires_at == now() + 10min);
    clock->advance(10min);
    CHECK(claim().empty());
    const JobRun expired = run(triggered);
    CHECK(expired.status == JobRunStatus::timed_out);
    CHECK(expired.reason == RunReason::total_timeout);
    CHECK(scheduler.retry_run(expired.id, "acme")->expires_at == now() + 10min); // it is another run
}

TEST_CASE_METHOD(Rules,
                 "pause after failures: so many in a row, however they were started, and a resumed job begins anew") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.pause_after_failures = 3;
    const auto job = create(spec);
    execute(job, JobRunStatus::failed);
    execute(job, JobRunStatus::timed_out);
    CHECK(this->job(job).consecutive_failures == 2);
    execute(job, JobRunStatus::completed);
    CHECK(this->job(job).consecutive_failures == 0);
    execute(job, JobRunStatus::failed);
    execute(job, JobRunStatus::failed);
    scheduler.cancel_run(scheduler.trigger_job(job.id, "acme")->id, "acme"); // says nothing about the job
    go_to("2026-03-02T09:00:00Z");
    materialise();
    finish(claim().at(0), JobRunStatus::failed);
    CHECK(this->job(job).status == JobStatus::active); // no worker has looked yet
    go_to("2026-03-02T10:00:00Z");
    materialise();
    const ScheduledJob paused = this->job(job);
    CHECK(paused.status == JobStatus::paused);
    CHECK(paused.status_reason == "3 failures in a row");
    CHECK_FALSE(paused.next_run_at);
    CHECK(scheduler.list_audit("acme", {.verb = AuditVerb::job_paused}).at(0).actor == "carillon");

    clock->advance(1h);
    const auto resumed = scheduler.resume_job(job.id, "acme");
    CHECK(resumed->consecutive_failures == 0);
    CHECK(resumed->next_run_at == at("2026-03-02T12:00:00Z"));
    CHECK(short_text(*runs(job).at(0).last, "2026-03-02") == "11:00:00");
    execute(job, JobRunStatus::failed);
    CHECK(this->job(job).status == JobStatus::active);
}

TEST_CASE_METHOD(Rules, "pause after failures: a job that is enabled again begins anew, too, and an edit does not") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.pause_after_failures = 2;
    const auto job = create(spec);
    execute(job, JobRunStatus::failed);
    scheduler.update_job(job.id, "acme", {.schedule = "30 * * * *"});
    CHECK(this->job(job).consecutive_failures == 1);
    scheduler.update_job(job.id, "acme", {.enabled = false});
    CHECK(this->job(job).consecutive_failures == 1);
    scheduler.update_job(job.id, "acme", {.enabled = true});
    CHECK(this->job(job).consecutive_failures == 0);
}

TEST_CASE(
    "a schedule that cannot be evaluated is tried again each minute, five times, and costs no other job anything") {
    auto clock = std::make_shared<testing::ManualClock>(monday_8);
    SchedulerFacade<> scheduler({.clock = clock});
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.overlap.policy = OverlapPolicy::queue_all;
    const auto sound = scheduler.create_job("acme", spec);
    spec.time_zone = "Europe/Paris";
    const auto broken = scheduler.create_job("acme", spec);
    Worker worker(scheduler);
    std::size_t executed = 0;
    worker.handle("test", [&](RunContext&) { ++executed; });
    const auto no_zones = [](std::string_view) -> std::optional<std::string> {
        return std::nullopt;
    };
    std::optional<TestZones> zones(std::in_place, no_zones);
    clock->advance(1h);
    for (int minute = 0; minute < 4; ++minute) {
        CHECK(worker.poll() == (minute == 0 ? 1U : 0U));
        const auto job = scheduler.get_job(broken.id, "acme").value();
        CHECK(job.status == JobStatus::active);
        CHECK(job.next_run_at == clock->now() + 1min);
        clock->advance(1min);
    }
    worker.poll();
    zones.reset();
    const auto job = scheduler.get_job(broken.id, "acme").value();
    CHECK(job.status == JobStatus::disabled);
    CHECK(job.status_reason.starts_with("schedule cannot be evaluated: "));
    CHECK(scheduler.get_job(sound.id, "acme")->next_run_at == monday_8 + 2h);
    CHECK(executed == 1);
    CHECK(scheduler.resume_job(broken.id, "acme")->status == JobStatus::active);
}
