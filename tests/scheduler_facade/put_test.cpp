// SPDX-License-Identifier: MIT
// scheduler_facade/put_test.cpp - put_job: what a host calls at every start.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

using namespace support;

TEST_CASE_METHOD(FacadeFixture, "put_job: creates the job the first time") {
    const auto job = scheduler.put_job({"acme", "deploy"}, "nightly", daily());
    CHECK(job.key == "nightly");
    CHECK(job.revision == 1);
    CHECK(job.status == JobStatus::active);
    CHECK(job.next_run_at == at("2026-03-02T09:00:00Z"));
    REQUIRE(events.size() == 1);
    CHECK(events[0].verb == AuditVerb::job_created);
    CHECK(events[0].actor == "deploy");
    CHECK(scheduler.get_job(job.id, "acme") == job);
}

TEST_CASE_METHOD(FacadeFixture, "put_job: what has not changed is not written, whenever it is put again") {
    JobSpec spec = daily();
    spec.time_zone = "Europe/Paris";
    spec.description = "the daily one";
    spec.dialect = CronDialect::extended;
    spec.start_at = at("2026-03-02T00:00:00Z");
    for (const char* schedule :
         {"0 9 * * *", "@every 7m", "@after 5m", "TZ=Europe/Paris 0 9 * * *", "R/2026-03-01T10:00:00Z/P1D"}) {
        INFO(schedule);
        spec.schedule = schedule;
        const auto first = scheduler.put_job("acme", schedule, spec);
        const std::string before = everything("acme");
        const std::size_t events_before = events.size();
        clock->advance(3s);
        CHECK(scheduler.put_job("acme", schedule, spec) == first);
        clock->advance(3h); // the occurrence of nine o'clock is due, and not planned yet
        CHECK(scheduler.put_job({"acme", "deploy"}, schedule, spec) == first);
        CHECK(everything("acme") == before);
        CHECK(events.size() == events_before);
    }
}

TEST_CASE_METHOD(FacadeFixture, "put_job: a due occurrence survives a restart that puts the same job") {
    const auto job = scheduler.put_job("acme", "nightly", daily());
    go_to("2026-03-02T09:00:01Z");
    static_cast<void>(scheduler.put_job("acme", "nightly", daily()));
    materialise();
    CHECK(ledger(job) == "run 09:00:00");
}

TEST_CASE_METHOD(FacadeFixture, "put_job: a changed definition updates the job and closes the past of the old one") {
    const auto job = scheduler.put_job("acme", "hourly", spec_of("0 * * * *"));
    go_to("2026-03-02T10:30:00Z"); // 09:00 and 10:00 are not planned yet
    const auto changed = scheduler.put_job({"acme", "deploy"}, "hourly", spec_of("30 * * * *"));
    CHECK(changed.id == job.id);
    CHECK(changed.created_at == job.created_at);
    CHECK(changed.revision == 2);
    CHECK(changed.key == "hourly");
    CHECK(changed.next_run_at == at("2026-03-02T11:30:00Z"));
    CHECK(ledger(job) == "edited 09:00:00 to 10:00:00, 2");
    REQUIRE(events.size() == 2);
    CHECK(events[1].verb == AuditVerb::job_updated);
    CHECK(events[1].actor == "deploy");
}

TEST_CASE_METHOD(FacadeFixture, "put_job: a change that is not about time keeps the cursor and the due occurrence") {
    const auto job = scheduler.put_job("acme", "nightly", daily("Old"));
    go_to("2026-03-02T09:00:01Z");
    const auto renamed = scheduler.put_job("acme", "nightly", daily("New"));
    CHECK(renamed.name == "New");
    CHECK(renamed.next_run_at == job.next_run_at);
    CHECK(runs(job).empty());
    materialise();
    CHECK(ledger(job) == "run 09:00:00");
}

TEST_CASE_METHOD(FacadeFixture, "put_job: an @at job may be put again after it fired") {
    const JobSpec spec = spec_of("@at 2026-03-02T08:30:00Z");
    const auto job = scheduler.put_job("acme", "once", spec);
    go_to("2026-03-02T08:30:00Z");
    materialise();
    for (const JobRun& run : claim())
        finish(run);
    go_to("2026-03-05T00:00:00Z");
    const auto again = scheduler.put_job("acme", "once", spec);
    CHECK(again.status == JobStatus::completed);
    CHECK(again.run_count == 1);
    JobSpec renamed = spec;
    renamed.name = "renamed";
    CHECK(scheduler.put_job("acme", "once", renamed).status == JobStatus::completed);

    // A new time in the past is a mistake, one ahead revives it.
    CHECK(code_of([&] { scheduler.put_job("acme", "once", spec_of("@at 2026-03-04T00:00:00Z")); }) ==
          Errc::in_the_past);
    const auto revived = scheduler.put_job("acme", "once", spec_of("@at 2026-03-06T00:00:00Z"));
    CHECK(revived.status == JobStatus::active);
    CHECK(revived.next_run_at == at("2026-03-06T00:00:00Z"));
    CHECK(revived.id == job.id);
}

TEST_CASE_METHOD(FacadeFixture, "put_job: what a person paused stays paused") {
    const auto job = scheduler.put_job("acme", "hourly", spec_of("0 * * * *"));
    scheduler.pause_job(job.id, "acme");
    CHECK(scheduler.put_job("acme", "hourly", spec_of("0 * * * *")).status == JobStatus::paused);
    const auto changed = scheduler.put_job("acme", "hourly", spec_of("30 * * * *"));
    CHECK(changed.status == JobStatus::paused);
    CHECK_FALSE(changed.next_run_at);
    CHECK(changed.schedule == "30 * * * *");
    CHECK(scheduler.resume_job(job.id, "acme")->next_run_at == at("2026-03-02T08:30:00Z"));
}

TEST_CASE_METHOD(FacadeFixture, "put_job: the spec says whether the job is enabled") {
    JobSpec spec = daily();
    spec.enabled = false;
    const auto job = scheduler.put_job("acme", "nightly", spec);
    CHECK(job.status == JobStatus::disabled);
    CHECK(scheduler.put_job("acme", "nightly", daily()).status == JobStatus::active);
    const auto off = scheduler.put_job("acme", "nightly", spec);
    CHECK(off.status == JobStatus::disabled);
    CHECK_FALSE(off.next_run_at);
    CHECK(events.size() == 3);
}

TEST_CASE_METHOD(FacadeFixture, "put_job: H falls where the key says, also after the job was made anew") {
    JobSpec spec = spec_of("H H * * *");
    spec.dialect = CronDialect::extended;
    const auto first = scheduler.put_job("acme", "spread", spec);
    CHECK(scheduler.delete_job(first.id, "acme"));
    const auto second = scheduler.put_job("acme", "spread", spec);
    CHECK(second.id != first.id);
    CHECK(second.next_run_at == first.next_run_at);
    // Others fall elsewhere: of twenty keys at least ten minutes of the day differ.
    std::set<Instant> moments;
    for (int i = 0; i < 20; ++i)
        moments.insert(scheduler.put_job("acme", "key " + std::to_string(i), spec).next_run_at.value());
    CHECK(moments.size() >= 10);
}

TEST_CASE_METHOD(FacadeFixture, "put_job: keys are each tenant's own, and the key is enough to be idempotent") {
    const auto acme = scheduler.put_job("acme", "nightly", daily());
    const auto globex = scheduler.put_job("globex", "nightly", daily("Other"));
    CHECK(acme.id != globex.id);
    CHECK(scheduler.put_job("acme", "nightly", daily()) == acme);
    JobSpec spec = daily();
    spec.idempotency_key = "k";
    CHECK(code_of([&] { scheduler.put_job("acme", "nightly", spec); }) == Errc::unknown_field);
}
