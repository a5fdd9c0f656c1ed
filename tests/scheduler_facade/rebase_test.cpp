// SPDX-License-Identifier: MIT
// scheduler_facade/rebase_test.cpp - rebase_clock: a clock was wrong, jobs went into the future, and come back.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <map>

using namespace support;

namespace {

/// It is eight o'clock on a Monday, and then the clock says that it is another year.
struct WrongClock : FacadeFixture {
    ScheduledJob create(JobSpec spec) { return scheduler.create_job("acme", spec); }
    [[nodiscard]] JobRun run(const JobRun& any_version) const {
        return scheduler.get_run(any_version.id, "acme").value();
    }
    void set(std::string_view instant) { clock->set_wall(at(instant)); }
    std::size_t rebase() { return scheduler.rebase_clock({"acme", "alice"}, {.reason = "no battery"}); }
    /// Plans and executes everything that is due.
    void work() {
        while (materialise() > 0) {
        }
        for (auto claimed = claim(); !claimed.empty(); claimed = claim())
            for (const JobRun& each : claimed)
                finish(each);
    }
};

} // namespace

TEST_CASE_METHOD(WrongClock, "rebase_clock: jobs that a wrong clock took along go on from the right time") {
    const auto job = create(spec_of("0 * * * *"));
    go_to("2026-03-02T09:00:00Z");
    work();
    set("2099-05-05T12:30:00Z");
    work();
    CHECK(this->job(job).next_run_at == at("2099-05-05T13:00:00Z"));
    set("2026-03-02T09:45:00Z");
    work();
    CHECK(this->job(job).next_run_at == at("2099-05-05T13:00:00Z")); // it would wait for all those years

    CHECK(rebase() == 1);
    const ScheduledJob after = this->job(job);
    CHECK(after.status == JobStatus::active);
    CHECK(after.high_water == at("2026-03-02T09:00:00Z"));
    CHECK(after.next_run_at == at("2026-03-02T10:00:00Z"));
    CHECK(after.last_run_at == now()); // no later than the right clock knows
    CHECK(after.revision == job.revision);
    CHECK(ledger(job) == "completed 09:00:00; completed 2099-05-05T12:00:00 missed 23"); // what has started stays
    go_to("2026-03-02T10:00:00Z");
    work();
    CHECK(ledger(job) == "completed 09:00:00; completed 2099-05-05T12:00:00 missed 23; completed 10:00:00");

    const auto events_of_job = scheduler.list_audit("acme", {.verb = AuditVerb::job_rebased});
    REQUIRE(events_of_job.size() == 1);
    CHECK(events_of_job[0].actor == "alice");
    CHECK(events_of_job[0].reason == "no battery");
    CHECK(events_of_job[0].job_id == job.id);
    CHECK(events_of_job[0].before == events_of_job[0].after);
    CHECK(events.back().verb == AuditVerb::job_rebased);
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: what came due meanwhile is an outage, and the misfire policy's") {
    std::map<MisfirePolicy, ScheduledJob> jobs;
    for (const auto policy :
         {MisfirePolicy::fire_latest, MisfirePolicy::skip, MisfirePolicy::fire_all, MisfirePolicy::fire_earliest}) {
        JobSpec spec = spec_of("0 * * * *");
        spec.policies.misfire.policy = policy;
        jobs[policy] = create(spec);
    }
    set("2027-01-01T00:00:00Z");
    materialise(); // and nobody starts what it plans
    for (const auto& [policy, job] : jobs)
        CHECK(runs(job).size() >= 1);
    set("2026-03-02T11:30:00Z");
    CHECK(rebase() == 4);
    for (const auto& [policy, job] : jobs)
        CHECK(ledger(job).empty());
    materialise();
    CHECK(ledger(jobs[MisfirePolicy::fire_latest]) == "misfired 09:00:00 to 10:00:00, 2; run 11:00:00 missed 2");
    CHECK(ledger(jobs[MisfirePolicy::skip]) == "misfired 09:00:00 to 11:00:00, 3");
    CHECK(ledger(jobs[MisfirePolicy::fire_all]) == "run 09:00:00; run 10:00:00; run 11:00:00");
    CHECK(ledger(jobs[MisfirePolicy::fire_earliest]) == "run 09:00:00 missed 2; misfired 10:00:00 to 11:00:00, 2");
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: an occurrence that has started does not start again when its time comes") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.misfire.policy = MisfirePolicy::fire_all;
    const auto job = create(spec);
    set("2026-03-02T11:30:00Z"); // three and a half hours ahead, for some minutes
    work();
    CHECK(ledger(job) == "completed 09:00:00; completed 10:00:00; completed 11:00:00");
    set("2026-03-02T08:10:00Z");
    CHECK(rebase() == 1);
    CHECK(this->job(job).next_run_at == at("2026-03-02T09:00:00Z"));
    for (const char* moment : {"09:00:00", "10:00:00", "11:00:00", "12:00:00", "13:00:00"}) {
        go_to("2026-03-02T" + std::string(moment) + "Z");
        work();
    }
    CHECK(ledger(job) ==
          "completed 09:00:00; completed 10:00:00; completed 11:00:00; completed 12:00:00; completed 13:00:00");
    CHECK(this->job(job).run_count == 5);
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: runs that wait for a future that is none end, and hold nobody up") {
    const auto job = create(spec_of("0 * * * *"));
    set("2030-01-01T00:00:00Z");
    materialise(); // planned, and not started
    set("2026-03-02T08:30:00Z");
    const auto manual = create(spec_of("0 * * * *"));
    set("2030-01-01T00:00:00Z");
    const JobRun triggered = scheduler.trigger_job(manual.id, "acme").value();
    set("2026-03-02T08:40:00Z");
    CHECK(scheduler.trigger_job(manual.id, "acme")->blocked_by == triggered.id);
    CHECK(rebase() == 1); // the cursor of the other is where it belongs
    CHECK(ledger(job).empty());
    go_to("2026-03-02T09:00:00Z");
    work();
    CHECK(ledger(job) == "completed 09:00:00");

    // An attempt that the wrong clock has put off.
    const JobRun first = scheduler.trigger_job(job.id, "acme").value();
    set("2030-01-01T00:00:00Z");
    const JobRun running = claim().at(0);
    RunTransition again;
    again.status = JobRunStatus::pending;
    again.at = now();
    again.not_before = now() + 5s;
    REQUIRE(storage->finish({{{running.id, running.fence}, again}}).front().accepted);
    materialise();
    set("2026-03-02T09:30:00Z");
    CHECK(rebase() == 2);
    CHECK(run(first).status == JobRunStatus::cancelled);
    CHECK(scheduler.trigger_job(job.id, "acme")->blocked_by == std::nullopt);
    // One that a person, or a handler, has put off by the right clock stays.
    const JobRun snoozed = claim().at(0);
    again.at = now();
    again.not_before = now() + 24h;
    REQUIRE(storage->finish({{{snoozed.id, snoozed.fence}, again}}).front().accepted);
    set("2030-01-01T00:00:00Z");
    materialise();
    set("2026-03-02T09:40:00Z");
    CHECK(rebase() == 2);
    CHECK(run(snoozed).status == JobRunStatus::pending);
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: leaves alone what the right clock did") {
    const auto paused = create(spec_of("0 * * * *"));
    const auto untouched = create(spec_of("0 * * * *"));
    go_to("2026-03-02T09:00:00Z");
    work();
    scheduler.pause_job(paused.id, "acme");
    go_to("2026-03-02T12:30:00Z");
    scheduler.resume_job(paused.id, "acme");
    scheduler.update_job(untouched.id, "acme", {.schedule = "*/10 * * * *"});
    const std::string before = ledger(paused);
    CHECK(before == "completed 09:00:00; paused 10:00:00 to 12:00:00, 3");
    const std::string all = snapshot();
    CHECK(rebase() == 0); // nothing is ahead
    CHECK(snapshot() == all);

    set("2031-01-01T00:00:30Z");
    materialise();
    set("2026-03-02T12:40:00Z");
    CHECK(rebase() == 2);
    CHECK(ledger(paused) == before);
    CHECK(this->job(paused).next_run_at == at("2026-03-02T13:00:00Z")); // the pause is over and accounted for
    // The minutes before the edit belong to the definition before it.
    CHECK(ledger(untouched) == "completed 09:00:00; edited 10:00:00 to 12:00:00, 3");
    CHECK(this->job(untouched).next_run_at == at("2026-03-02T12:40:00Z"));
}

TEST_CASE_METHOD(WrongClock,
                 "rebase_clock: a job that the wrong clock has completed goes on, one that has had its end does not") {
    const auto once = create(spec_of("@at 2026-06-01T09:00:00Z"));
    JobSpec bounded = spec_of("0 * * * *");
    bounded.end_at = at("2026-12-31T00:00:00Z");
    const auto until = create(bounded);
    JobSpec few = spec_of("0 * * * *");
    few.max_runs = 1;
    const auto used_up = create(few);
    const auto paused = create(daily("paused"));
    scheduler.pause_job(paused.id, "acme");
    go_to("2026-03-02T09:00:00Z");
    work();
    CHECK(job(used_up).status == JobStatus::completed);
    set("2050-01-01T00:00:00Z");
    work();
    CHECK(job(once).status == JobStatus::completed);
    CHECK(job(until).status == JobStatus::completed);
    set("2026-03-02T09:30:00Z");
    CHECK(rebase() == 2);
    CHECK(job(once).status == JobStatus::active);
    CHECK(job(once).status_reason.empty());
    CHECK(job(once).next_run_at == at("2026-06-01T09:00:00Z"));
    CHECK(job(once).revision == 3);
    CHECK(job(until).next_run_at == at("2026-03-02T10:00:00Z"));
    CHECK(job(used_up).status == JobStatus::completed);
    CHECK(job(paused).status == JobStatus::paused);
    const auto event = scheduler.list_audit("acme", {.job_id = once.id, .verb = AuditVerb::job_rebased}).at(0);
    CHECK(event.before->status == JobStatus::completed);
    CHECK(event.after->status == JobStatus::active);
    go_to("2026-06-01T09:00:00Z");
    work();
    CHECK(short_text(runs(once).at(0).scheduled_for, "2026-06-01") == "09:00:00");
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: a job that was made when the clock was wrong was made now") {
    set("2099-01-01T00:00:00Z");
    const auto cron = create(spec_of("0 9 * * *"));
    const auto rate = create(spec_of("@every 10m")); // its first instant is that of its creation
    const auto delay = create(spec_of("@after 10m"));
    JobSpec disabled = daily("disabled");
    disabled.enabled = false;
    const auto off = create(disabled);
    set("2026-03-02T08:00:00Z");
    CHECK(rebase() == 4);
    for (const auto& job : {cron, rate, delay, off}) {
        CHECK(this->job(job).created_at == now());
        CHECK(this->job(job).high_water.value_or(now()) == now());
    }
    CHECK(job(cron).next_run_at == at("2026-03-02T09:00:00Z"));
    CHECK(job(rate).next_run_at == at("2026-03-02T08:10:00Z"));
    CHECK(job(delay).next_run_at == at("2026-03-02T08:10:00Z"));
    CHECK_FALSE(job(off).next_run_at);
    clock->advance(10min);
    work();
    CHECK(ledger(rate) == "completed 08:10:00");
    CHECK(ledger(delay) == "completed 08:10:00");
    CHECK(job(rate).next_run_at == at("2026-03-02T08:20:00Z"));
    CHECK(rebase() == 0);
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: a fixed delay counts from now where it would wait for years") {
    const auto job = create(spec_of("@after 10m"));
    set("2040-01-01T00:00:00Z");
    work();
    CHECK(this->job(job).next_run_at == at("2040-01-01T00:10:00Z"));
    set("2026-03-02T08:30:00Z");
    CHECK(rebase() == 1);
    CHECK(this->job(job).next_run_at == at("2026-03-02T08:40:00Z"));
    go_to("2026-03-02T08:40:00Z");
    work();
    CHECK(ledger(job) == "misfired 08:10:00; completed 08:40:00");
    CHECK(this->job(job).next_run_at == at("2026-03-02T08:50:00Z"));
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: what was purged when the clock was wrong is not run again") {
    JobSpec spec = spec_of("0 * * * *");
    spec.policies.misfire.policy = MisfirePolicy::fire_all;
    spec.policies.overlap.policy = OverlapPolicy::allow;
    const auto job = create(spec);
    go_to("2026-03-02T10:00:00Z");
    work();
    go_to("2026-03-02T11:00:00Z");
    work();
    set("2026-06-01T00:00:00Z");
    materialise();
    for (int i = 0; i < 10; ++i)
        static_cast<void>(storage->purge({}, now(), 100));
    CHECK(ledger(job).find("completed") == std::string::npos);
    set("2026-03-02T11:30:00Z");
    CHECK(rebase() == 1);
    CHECK(this->job(job).high_water == at("2026-03-02T11:00:00Z"));
    work();
    CHECK(this->job(job).run_count == 3); // 09:00 and 10:00 together, and 11:00; nothing since
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: a job whose schedule could not be evaluated is tried again at once") {
    const auto job = create(spec_of("0 * * * *"));
    set("2099-01-01T00:00:00Z");
    storage->materialise(
        now(), 10, [&](const JobView& view, const KeyState&) { return back_off(view, "its zone has gone", now()); });
    CHECK(this->job(job).next_run_at == at("2099-01-01T00:01:00Z"));
    set("2026-03-02T09:30:00Z");
    CHECK(rebase() == 1);
    CHECK(this->job(job).next_run_at == at("2026-03-02T09:00:00Z"));
    materialise();
    CHECK(ledger(job) == "run 09:00:00");
    CHECK(this->job(job).evaluation_failures == 0);
}

TEST_CASE_METHOD(WrongClock, "rebase_clock: changes the tenant's own jobs, each once, and says how many") {
    JobSpec spec = spec_of("0 * * * *");
    for (int i = 0; i < 3; ++i)
        create(spec);
    const auto theirs = scheduler.create_job("globex", spec);
    set("2099-01-01T00:00:00Z");
    materialise();
    set("2026-03-02T08:30:00Z");
    const std::string before = everything("globex");
    CHECK(rebase() == 3);
    CHECK(everything("globex") == before);
    CHECK(this->job(theirs).next_run_at > at("2099-01-01T00:00:00Z"));
    CHECK(rebase() == 0);
    CHECK(scheduler.rebase_clock("globex") == 1);
    CHECK(scheduler.rebase_clock("nobody") == 0);
}
