// SPDX-License-Identifier: MIT
// scheduler_facade/lifecycle_test.cpp - pause_job, resume_job and delete_job.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

using namespace support;

TEST_CASE_METHOD(FacadeFixture, "pause_job: no occurrence runs until the job is resumed, and the gap is one row") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    const auto paused = scheduler.pause_job(job.id, {"acme", "alice"}, {.reason = "upgrade"});
    REQUIRE(paused);
    CHECK(paused->status == JobStatus::paused);
    CHECK(paused->status_reason == "upgrade");
    CHECK_FALSE(paused->next_run_at);
    CHECK(paused->revision == 2);
    CHECK(paused->enabled);
    go_to("2026-03-02T12:30:00Z");
    CHECK(materialise() == 0);
    CHECK(runs(job).empty());

    const auto resumed = scheduler.resume_job(job.id, {"acme", "bob"}, {.reason = "done"});
    REQUIRE(resumed);
    CHECK(resumed->status == JobStatus::active);
    CHECK(resumed->status_reason.empty());
    CHECK(resumed->next_run_at == at("2026-03-02T13:00:00Z"));
    CHECK(ledger(job) == "paused 09:00:00 to 12:00:00, 4");
    REQUIRE(events.size() == 3);
    CHECK(events[1].verb == AuditVerb::job_paused);
    CHECK(events[1].reason == "upgrade");
    CHECK(events[1].actor == "alice");
    CHECK(events[2].verb == AuditVerb::job_resumed);
    CHECK(events[2].reason == "done");
    CHECK(events[2].actor == "bob");
}

TEST_CASE_METHOD(FacadeFixture, "pause_job: pausing and resuming again change nothing") {
    const auto job = scheduler.create_job("acme", daily());
    const auto paused = scheduler.pause_job(job.id, "acme", {.reason = "a"});
    const std::string before = everything("acme");
    clock->advance(1h);
    CHECK(scheduler.pause_job(job.id, "acme", {.reason = "b"}) == paused);
    CHECK(everything("acme") == before);
    const auto resumed = scheduler.resume_job(job.id, "acme");
    const std::string after = everything("acme");
    CHECK(scheduler.resume_job(job.id, "acme") == resumed);
    CHECK(everything("acme") == after);
    CHECK(events.size() == 3);
}

TEST_CASE_METHOD(FacadeFixture, "pause_job: what was due and not planned yet belongs to the pause") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    go_to("2026-03-02T09:00:02Z");
    scheduler.pause_job(job.id, "acme");
    CHECK(ledger(job) == "paused 09:00:00");
    go_to("2026-03-02T10:30:00Z");
    scheduler.resume_job(job.id, "acme");
    CHECK(ledger(job) == "paused 09:00:00 to 10:00:00, 2");
}

TEST_CASE_METHOD(FacadeFixture, "pause_job: runs that are pending or running go on") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    go_to("2026-03-02T09:00:00Z");
    materialise();
    scheduler.pause_job(job.id, "acme");
    const auto claimed = claim();
    REQUIRE(claimed.size() == 1);
    CHECK(finish(claimed[0]).status == JobRunStatus::completed);
    CHECK(this->job(job).run_count == 1);
    CHECK_FALSE(this->job(job).next_run_at);
}

TEST_CASE_METHOD(FacadeFixture, "pause_job: a fixed delay begins anew when it is resumed") {
    const auto job = scheduler.create_job("acme", spec_of("@after 10m"));
    go_to("2026-03-02T08:10:00Z");
    materialise();
    const auto claimed = claim();
    scheduler.pause_job(job.id, "acme");
    clock->advance(1min);
    finish(claimed.at(0)); // its end would be the start of the next delay
    CHECK_FALSE(this->job(job).next_run_at);
    clock->advance(1h);
    CHECK(scheduler.resume_job(job.id, "acme")->next_run_at == now() + 10min);
    CHECK(runs(job).size() == 1); // no occurrence can be told ahead of time, so none was missed
}

TEST_CASE_METHOD(FacadeFixture, "pause_job: only an active job can be paused") {
    JobSpec spec = daily();
    spec.enabled = false;
    const auto disabled = scheduler.create_job("acme", spec);
    const auto completed = scheduler.create_job("acme", spec_of("@at 2026-03-02T08:30:00Z"));
    go_to("2026-03-02T08:30:00Z");
    materialise();
    CHECK(code_of([&] { scheduler.pause_job(disabled.id, "acme"); }) == Errc::invalid_state);
    CHECK(code_of([&] { scheduler.pause_job(completed.id, "acme"); }) == Errc::invalid_state);
}

TEST_CASE_METHOD(FacadeFixture, "resume_job: revives a disabled job, whoever disabled it") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    scheduler.update_job(job.id, "acme", {.enabled = false});
    go_to("2026-03-02T10:30:00Z");
    const auto resumed = scheduler.resume_job(job.id, "acme");
    CHECK(resumed->status == JobStatus::active);
    CHECK(resumed->enabled);
    CHECK(resumed->next_run_at == at("2026-03-02T11:00:00Z"));
    CHECK(ledger(job) == "disabled 09:00:00 to 10:00:00, 2");

    for (int i = 0; i < 5; ++i) { // the system disables it
        clock->advance(1h);
        storage->materialise(now(), 10, [&](const JobView& view, const KeyState&) {
            return back_off(view, "its zone has gone", now());
        });
    }
    CHECK(this->job(job).status == JobStatus::disabled);
    CHECK(this->job(job).status_reason == "schedule cannot be evaluated: its zone has gone");
    const auto revived = scheduler.resume_job(job.id, "acme");
    CHECK(revived->status == JobStatus::active);
    CHECK(revived->evaluation_failures == 0);
    CHECK(ledger(job) == "disabled 09:00:00 to 15:00:00, 7");
}

TEST_CASE_METHOD(FacadeFixture, "resume_job: failures from before do not count towards the next pause") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.pause_after_failures = 2;
    const auto job = scheduler.create_job("acme", spec);
    const auto fail_twice = [&] {
        execute(job, JobRunStatus::failed);
        execute(job, JobRunStatus::failed);
        CHECK(this->job(job).consecutive_failures == 2);
        clock->advance(1h);
        materialise();
        CHECK(this->job(job).status == JobStatus::paused);
    };
    fail_twice();
    CHECK(scheduler.resume_job(job.id, "acme")->consecutive_failures == 0);
    clock->advance(1h);
    materialise();
    CHECK(this->job(job).status == JobStatus::active);
    for (const JobRun& run : claim())
        finish(run);

    fail_twice();
    scheduler.update_job(job.id, "acme", {.enabled = false});
    CHECK(scheduler.update_job(job.id, "acme", {.enabled = true})->consecutive_failures == 0);
}

TEST_CASE_METHOD(FacadeFixture, "resume_job: a completed job only where an occurrence lies ahead") {
    JobSpec spec = spec_of("0 * * * *");
    spec.max_runs = 1;
    const auto job = scheduler.create_job("acme", spec);
    const auto once = scheduler.create_job("acme", spec_of("@at 2026-03-02T09:00:00Z"));
    go_to("2026-03-02T09:00:00Z");
    materialise();
    for (const JobRun& run : runs(job)) // it is cancelled before it starts, so max_runs is not used up
        scheduler.cancel_run(run.id, "acme");
    for (const JobRun& run : claim())
        finish(run);
    CHECK(this->job(job).status == JobStatus::completed);
    CHECK(scheduler.resume_job(job.id, "acme")->next_run_at == at("2026-03-02T10:00:00Z"));

    const std::string before = everything("acme");
    const Error error = error_of([&] { scheduler.resume_job(once.id, "acme"); });
    CHECK(error.code() == Errc::invalid_state);
    CHECK(std::string(error.what()).find("is in the past") != std::string::npos);
    CHECK(everything("acme") == before);
}

TEST_CASE_METHOD(FacadeFixture, "resume_job: a paused job whose end came meanwhile cannot go on") {
    JobSpec spec = spec_of("0 * * * *");
    spec.end_at = at("2026-03-02T10:00:00Z");
    const auto job = scheduler.create_job("acme", spec);
    scheduler.pause_job(job.id, "acme");
    go_to("2026-03-02T11:00:00Z");
    const std::string before = everything("acme");
    CHECK(code_of([&] { scheduler.resume_job(job.id, "acme"); }) == Errc::invalid_state);
    CHECK(everything("acme") == before);
    CHECK(scheduler.update_job(job.id, "acme", {.clear = {ClearField::end_at}})->status == JobStatus::paused);
    CHECK(scheduler.resume_job(job.id, "acme")->status == JobStatus::active);
    CHECK(ledger(job) == "paused 09:00:00"); // what lay behind the end was no occurrence
}

TEST_CASE_METHOD(FacadeFixture,
                 "delete_job: pending runs are cancelled, running ones asked to stop, the history answers") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.overlap.policy = OverlapPolicy::queue_all;
    const auto job = scheduler.create_job("acme", spec);
    const auto done = execute(job);
    const auto running = scheduler.trigger_job(job.id, "acme").value();
    const auto claimed = claim(1);
    const auto pending = scheduler.trigger_job(job.id, "acme").value();
    go_to("2026-03-02T09:30:00Z");

    CHECK(scheduler.delete_job(job.id, {"acme", "alice"}));
    CHECK(scheduler.get_job(job.id, "acme") == std::nullopt);
    CHECK(scheduler.list_jobs("acme").empty());
    CHECK(scheduler.count_jobs("acme") == 0);
    CHECK(scheduler.get_run(done.id, "acme") == done);
    CHECK(scheduler.get_run(pending.id, "acme")->status == JobRunStatus::cancelled);
    CHECK(scheduler.get_run(pending.id, "acme")->reason == RunReason::deleted);
    CHECK(scheduler.get_run(pending.id, "acme")->completed_at == now());
    CHECK(scheduler.get_run(running.id, "acme")->status == JobRunStatus::running);
    CHECK(scheduler.get_run(running.id, "acme")->stop_requested);
    CHECK(runs(job).size() == 4);
    CHECK(support::row_text(scheduler.list_runs(job.id, "acme", {.status = JobRunStatus::skipped}).at(0),
                            "2026-03-02") == "deleted 09:00:00");

    // The running one may still finish, and nothing runs afterwards.
    CHECK(finish(claimed.at(0)).status == JobRunStatus::completed);
    go_to("2026-03-02T10:30:00Z");
    CHECK(materialise() == 0);
    CHECK(claim().empty());
    CHECK(events.back().verb == AuditVerb::job_deleted);
    CHECK(events.back().actor == "alice");
    CHECK(events.back().before);
    CHECK_FALSE(events.back().after);
}

TEST_CASE_METHOD(FacadeFixture, "delete_job: a job is deleted once, and then every verb takes it for absent") {
    const auto job = scheduler.create_job("acme", daily());
    const auto run = execute(job);
    CHECK(scheduler.delete_job(job.id, "acme"));
    const std::size_t count = events.size();
    CHECK_FALSE(scheduler.delete_job(job.id, "acme"));
    CHECK_FALSE(scheduler.delete_job(JobId::next(now()), "acme"));
    CHECK(scheduler.update_job(job.id, "acme", {.name = "b"}) == std::nullopt);
    CHECK(scheduler.pause_job(job.id, "acme") == std::nullopt);
    CHECK(scheduler.resume_job(job.id, "acme") == std::nullopt);
    CHECK(scheduler.trigger_job(job.id, "acme") == std::nullopt);
    CHECK(scheduler.upcoming(job.id, "acme", 1) == std::nullopt);
    CHECK(code_of([&] { scheduler.retry_run(run.id, "acme"); }) == Errc::invalid_state);
    CHECK(code_of([&] { scheduler.cancel_run(run.id, "acme"); }) == Errc::invalid_state);
    CHECK(events.size() == count);
}

TEST_CASE_METHOD(FacadeFixture, "delete_job: a paused job leaves its gap in the ledger") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    scheduler.pause_job(job.id, "acme");
    go_to("2026-03-02T10:30:00Z");
    scheduler.delete_job(job.id, "acme");
    CHECK(ledger(job) == "paused 09:00:00 to 10:00:00, 2");
}

TEST_CASE_METHOD(FacadeFixture, "delete_job: the run of a deleted job does not go back to pending when it fails") {
    JobSpec spec = daily();
    spec.policies.retry.max_attempts = 5;
    const auto job = scheduler.create_job("acme", spec);
    static_cast<void>(scheduler.trigger_job(job.id, "acme"));
    const auto claimed = claim().at(0);
    scheduler.delete_job(job.id, "acme");
    RunTransition again;
    again.status = JobRunStatus::pending;
    again.at = again.not_before = now();
    CHECK(storage->finish({{{claimed.id, claimed.fence}, again}}).front().accepted);
    const auto run = scheduler.get_run(claimed.id, "acme").value();
    CHECK(run.status == JobRunStatus::cancelled);
    CHECK(run.reason == RunReason::deleted);
}
