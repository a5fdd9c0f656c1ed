// SPDX-License-Identifier: MIT
// scheduler_facade/isolation_test.cpp - a tenant cannot reach, change or even notice what another tenant has.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <functional>

using namespace support;

namespace {

/// Two tenants with the same names, keys and schedules. acme is the one whose things globex must not reach.
struct Neighbours : FacadeFixture {
    Neighbours() {
        for (const char* tenant : {"acme", "globex"}) {
            JobSpec spec = daily();
            spec.idempotency_key = "order-17";
            spec.policies.overlap = {.policy = OverlapPolicy::queue_all, .concurrency_key = "db"};
            const Caller caller{tenant, "alice"};
            auto made = scheduler.create_job(caller, spec);
            scheduler.put_job(caller, "nightly", daily("Nightly"));
            auto paused_job = scheduler.create_job(caller, daily("Paused"));
            scheduler.pause_job(paused_job.id, caller);
            auto done = execute(made);
            const auto first = scheduler.trigger_job(made.id, caller).value();
            REQUIRE(claim().size() == 1);
            auto waiting = scheduler.trigger_job(made.id, caller, {.idempotency_key = "t-1"}).value();
            if (caller.tenant == "globex") continue;
            job_ = made;
            paused_ = paused_job;
            ended_ = done;
            running_ = first;
            pending_ = waiting;
        }
    }

    ScheduledJob job_;
    ScheduledJob paused_;
    JobRun ended_;
    JobRun running_;
    JobRun pending_;
};

/// What came of a call, as a text: the answer, or the error.
template <class Call>
std::string outcome(Call&& call) {
    try {
        return nlohmann::json(call()).dump();
    } catch (const Error& error) {
        return std::string(to_string(error.code())) + " " + error.field() + ": " + error.what();
    }
}
template <class T>
nlohmann::json json_of(const std::optional<T>& answer) {
    return answer ? nlohmann::json(*answer) : nlohmann::json("nothing");
}
nlohmann::json json_of(const std::optional<std::vector<Instant>>& answer) {
    return answer ? nlohmann::json(answer->size()) : nlohmann::json("nothing");
}

} // namespace

TEST_CASE_METHOD(Neighbours, "isolation: every verb takes another tenant's job for one that does not exist") {
    using Verb = std::function<nlohmann::json(const JobId&, const Caller&)>;
    struct Row {
        const char* verb;
        Verb call;
        const char* answer;
    };
    const auto& facade = scheduler;
    const std::string long_key(257, 'k');
    const std::vector<Row> rows{
        {"get_job", [&](auto& id, auto& c) { return json_of(facade.get_job(id, c)); }, "\"nothing\""},
        {"update_job",
         [&](auto& id, auto& c) { return json_of(scheduler.update_job(id, c, {.name = "Stolen"})); },
         "\"nothing\""},
        {"update_job, the right revision",
         [&](auto& id, auto& c) { return json_of(scheduler.update_job(id, c, {.name = "Stolen"}, 1)); },
         "\"nothing\""},
        {"update_job, a stale revision",
         [&](auto& id, auto& c) { return json_of(scheduler.update_job(id, c, {.name = "Stolen"}, 9)); },
         "\"nothing\""},
        {"update_job, a wrong patch",
         [&](auto& id, auto& c) { return json_of(scheduler.update_job(id, c, {.schedule = "wrong"})); },
         "\"nothing\""},
        {"pause_job", [&](auto& id, auto& c) { return json_of(scheduler.pause_job(id, c)); }, "\"nothing\""},
        {"resume_job", [&](auto& id, auto& c) { return json_of(scheduler.resume_job(id, c)); }, "\"nothing\""},
        {"trigger_job", [&](auto& id, auto& c) { return json_of(scheduler.trigger_job(id, c)); }, "\"nothing\""},
        {"trigger_job, a key that the job has seen",
         [&](auto& id, auto& c) { return json_of(scheduler.trigger_job(id, c, {.idempotency_key = "t-1"})); },
         "\"nothing\""},
        {"trigger_job, a wrong key",
         [&](auto& id, auto& c) { return json_of(scheduler.trigger_job(id, c, {.idempotency_key = long_key})); },
         "too_large idempotency_key: idempotency_key: expected at most 256 bytes, saw 257"},
        {"list_runs", [&](auto& id, auto& c) { return nlohmann::json(facade.list_runs(id, c)); }, "[]"},
        {"upcoming", [&](auto& id, auto& c) { return json_of(facade.upcoming(id, c, 3)); }, "\"nothing\""},
        {"explain",
         [&](auto& id, auto& c) {
             const auto answer = facade.explain(id, c, now());
             return answer ? nlohmann::json(answer->sentence) : nlohmann::json("nothing");
         },
         "\"nothing\""},
        {"list_audit", [&](auto& id, auto& c) { return nlohmann::json(facade.list_audit(c, {.job_id = id})); }, "[]"},
        {"delete_job", [&](auto& id, auto& c) { return nlohmann::json(scheduler.delete_job(id, c)); }, "false"},
    };
    const JobId absent = JobId::next(now());
    for (const Row& row : rows) {
        INFO(row.verb);
        const std::string before = snapshot();
        for (const JobId& id : {absent, job_.id, paused_.id})
            CHECK(outcome([&] { return row.call(id, {"globex", "mallory"}); }) == row.answer);
        // Nor does a tenant that has nothing at all reach it, or one whose name only begins like the owner's.
        for (const char* stranger : {"nobody", "acm", "acme ", "ACME"})
            CHECK(outcome([&] { return row.call(job_.id, stranger); }) == row.answer);
        CHECK(snapshot() == before);
    }
    // The table asks for something: the owner gets another answer from every row but the wrong key.
    for (const Row& row : rows) {
        INFO(row.verb);
        CHECK((outcome([&] { return row.call(job_.id, "acme"); }) == row.answer) ==
              (std::string(row.verb) == "trigger_job, a wrong key"));
    }
}

TEST_CASE_METHOD(Neighbours, "isolation: every verb takes another tenant's run for one that does not exist") {
    struct Row {
        const char* verb;
        std::function<nlohmann::json(const RunId&, const Caller&)> call;
    };
    const std::vector<Row> rows{
        {"get_run",
         [&](auto& id, auto& c) {
             return json_of(scheduler.get_run(id, c));
         }},
        {"cancel_run",
         [&](auto& id, auto& c) {
             return json_of(scheduler.cancel_run(id, c, {.reason = "mine"}));
         }},
        {"retry_run",
         [&](auto& id, auto& c) {
             return json_of(scheduler.retry_run(id, c));
         }},
    };
    const RunId absent = RunId::next(now());
    for (const Row& row : rows) {
        INFO(row.verb);
        const std::string before = snapshot();
        for (const RunId& id : {absent, ended_.id, running_.id, pending_.id})
            for (const Caller& stranger : {Caller{"globex", "mallory"}, Caller{"nobody"}, Caller{"ACME"}})
                CHECK(outcome([&] { return row.call(id, stranger); }) == "\"nothing\"");
        CHECK(snapshot() == before);
        CHECK(outcome([&] { return row.call(ended_.id, "acme"); }) != "\"nothing\"");
    }
}

TEST_CASE_METHOD(Neighbours, "isolation: listings and counts hold what is the tenant's own and nothing else") {
    for (const char* tenant : {"acme", "globex"}) {
        CHECK(scheduler.count_jobs(tenant) == 3);
        CHECK(scheduler.count_jobs(tenant, JobStatus::active) == 2);
        CHECK(scheduler.count_jobs(tenant, JobStatus::paused) == 1);
        for (const JobSort sort : {JobSort::newest, JobSort::name, JobSort::next_run}) {
            const auto jobs = scheduler.list_jobs(tenant, {.sort = sort});
            CHECK(jobs.size() == 3);
            for (const ScheduledJob& job : jobs)
                CHECK(job.tenant_id == tenant);
        }
        const auto planned = scheduler.what_would_run(tenant, now(), now() + 24h);
        CHECK(planned.size() >= 2);
        for (const PlannedRun& run : planned)
            CHECK(scheduler.get_job(run.job_id, tenant));
        CHECK(scheduler.list_jobs(tenant, {.search = "Report"}).size() == 1);
        CHECK(scheduler.list_jobs(tenant, {.action_type = "test"}).size() == 3);
        const auto events_of_tenant = scheduler.list_audit(tenant);
        CHECK(events_of_tenant.size() == 7);
        for (const AuditEvent& event : events_of_tenant)
            CHECK(event.tenant_id == tenant);
        CHECK(scheduler.list_audit(tenant, {.actor = "alice"}).size() == 6); // one trigger had no actor
        CHECK(scheduler.list_audit(tenant, {.verb = AuditVerb::job_created}).size() == 3);
    }
    CHECK(scheduler.count_jobs("nobody") == 0);
    CHECK(scheduler.list_jobs("nobody").empty());
    CHECK(scheduler.list_audit("nobody").empty());
}

TEST_CASE_METHOD(Neighbours, "isolation: another tenant's record as a cursor is a place, and opens nothing") {
    const auto foreign_event = scheduler.list_audit("acme").front().id;
    for (const ScheduledJob& job : scheduler.list_jobs("globex", {.after = job_}))
        CHECK(job.tenant_id == "globex");
    for (const JobSort sort : {JobSort::newest, JobSort::name, JobSort::next_run})
        for (const ScheduledJob& job : scheduler.list_jobs("globex", {.after = JobCursor(paused_), .sort = sort}))
            CHECK(job.tenant_id == "globex");
    const auto foreign_runs = scheduler.what_would_run("acme", now(), now() + 24h);
    for (const PlannedRun& run : scheduler.what_would_run("globex", now(), now() + 48h, {.after = foreign_runs.at(0)}))
        CHECK(scheduler.get_job(run.job_id, "globex"));
    CHECK(scheduler.list_runs(job_.id, "globex", {.after = pending_}).empty());
    CHECK(scheduler.list_runs("globex", {.job_id = job_.id}).empty());
    CHECK(scheduler.count_runs("globex", {.job_id = job_.id}) == Count{});
    CHECK(scheduler.recent_outcomes("globex", {job_.id}).at(0).empty());
    for (const JobRun& run : scheduler.list_runs("globex"))
        CHECK(run.tenant_id == "globex");
    const auto own = scheduler.list_jobs("globex", {.search = "Report"}).at(0);
    for (const JobRun& run : scheduler.list_runs(own.id, "globex", {.after = pending_}))
        CHECK(run.tenant_id == "globex");
    for (const AuditEvent& event : scheduler.list_audit("globex", {.after = foreign_event}))
        CHECK(event.tenant_id == "globex");
}

TEST_CASE_METHOD(FacadeFixture, "isolation: idempotency keys, job keys and concurrency keys are each tenant's own") {
    JobSpec spec = daily("Ours");
    spec.idempotency_key = "k";
    spec.policies.overlap.concurrency_key = "db"; // policy skip: a second run of the key would be skipped
    const auto ours = scheduler.create_job("acme", spec);
    const auto put_by_acme = scheduler.put_job("acme", "nightly", daily("Ours"));
    REQUIRE(scheduler.trigger_job(ours.id, "acme", {.idempotency_key = "t"}));

    // Another spec under the same key is no conflict, and says nothing about the first.
    spec.name = "Theirs";
    const auto theirs = scheduler.create_job("globex", spec);
    CHECK(theirs.id != ours.id);
    CHECK(theirs.name == "Theirs");
    CHECK(theirs.revision == 1);
    const auto put_by_globex = scheduler.put_job("globex", "nightly", daily("Theirs"));
    CHECK(put_by_globex.id != put_by_acme.id);
    CHECK(put_by_globex.revision == 1);
    const auto run = scheduler.trigger_job(theirs.id, "globex", {.idempotency_key = "t"}).value();
    CHECK(run.status == JobRunStatus::pending); // acme's run holds acme's key only
    CHECK_FALSE(run.blocked_by);
    CHECK(run.tenant_id == "globex");
    CHECK(claim().size() == 2);
    CHECK(scheduler.delete_job(put_by_globex.id, "globex"));
    CHECK(scheduler.get_job(put_by_acme.id, "acme") == put_by_acme);
    CHECK(scheduler.put_job("acme", "nightly", daily("Ours")) == put_by_acme);
    CHECK(scheduler.create_job("globex", spec).id == theirs.id);
    CHECK(scheduler.list_audit("acme").size() == 3);
}

TEST_CASE_METHOD(FacadeFixture, "isolation: a run that replaces the others of its key leaves another tenant's alone") {
    JobSpec spec = daily();
    spec.policies.overlap = {.policy = OverlapPolicy::cancel_previous, .concurrency_key = "db"};
    const auto ours = scheduler.create_job("acme", spec);
    const auto theirs = scheduler.create_job("globex", spec);
    const auto run = scheduler.trigger_job(ours.id, "acme").value();
    const std::string before = everything("acme");
    static_cast<void>(scheduler.trigger_job(theirs.id, "globex"));
    static_cast<void>(scheduler.trigger_job(theirs.id, "globex"));
    CHECK(scheduler.delete_job(theirs.id, "globex"));
    CHECK(everything("acme") == before);
    CHECK(scheduler.get_run(run.id, "acme")->status == JobRunStatus::pending);
}
