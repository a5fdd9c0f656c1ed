// SPDX-License-Identifier: MIT
// scheduler_facade/create_test.cpp - create_job, create_jobs and their idempotency keys.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

using namespace support;

TEST_CASE_METHOD(FacadeFixture, "create_job: a name, a schedule and an action are enough") {
    const ScheduledJob job = scheduler.create_job(
        "acme", {.name = "Report", .schedule = "0 9 * * *", .action = {{"type", "run_agent"}, {"agent_id", "a-7"}}});
    CHECK_FALSE(job.id.is_nil());
    CHECK(job.tenant_id == "acme");
    CHECK(job.name == "Report");
    CHECK(job.schedule == "0 9 * * *");
    CHECK(job.action == nlohmann::json{{"type", "run_agent"}, {"agent_id", "a-7"}});
    CHECK(job.action_type == "run_agent");
    CHECK(job.metadata == nlohmann::json::object());
    CHECK_FALSE(job.description);
    CHECK(job.enabled);
    CHECK(job.status == JobStatus::active);
    CHECK(job.status_reason.empty());
    CHECK(job.time_zone == "UTC");
    CHECK(job.dialect == CronDialect::standard);
    CHECK(job.dst == DstPolicy::vixie);
    CHECK(job.policies == Policies{});
    CHECK(job.exclude.empty());
    CHECK_FALSE(job.start_at);
    CHECK_FALSE(job.end_at);
    CHECK_FALSE(job.max_runs);
    CHECK_FALSE(job.idempotency_key);
    CHECK(job.key.empty());
    CHECK(job.revision == 1);
    CHECK(job.created_at == monday_8);
    CHECK(job.updated_at == monday_8);
    CHECK(job.next_run_at == at("2026-03-02T09:00:00Z"));
    CHECK_FALSE(job.last_run_at);
    CHECK(job.run_count == 0);
    CHECK(job.failure_count == 0);
    CHECK(scheduler.get_job(job.id, "acme") == job);
    CHECK(scheduler.list_jobs("acme") == std::vector<ScheduledJob>{job});
}

TEST_CASE_METHOD(FacadeFixture, "create_job: every member of the spec is stored") {
    JobSpec spec = daily();
    spec.description = "the daily one";
    spec.metadata = {{"owner", "ops"}};
    spec.time_zone = "Europe/Paris";
    spec.dialect = CronDialect::extended;
    spec.dst = DstPolicy::wall;
    spec.policies.misfire = {.policy = MisfirePolicy::fire_all, .grace = 1min, .window = 2h};
    spec.policies.overlap = {.policy = OverlapPolicy::allow, .limit = 3, .concurrency_key = "db"};
    spec.policies.retry = {.max_attempts = 4, .initial = 1s, .factor = 3.0, .max_delay = 1h, .jitter = 0.5};
    spec.policies.delivery = DeliveryMode::at_most_once;
    spec.policies.priority = -7;
    spec.policies.timeout = {.attempt = 1h, .total = 5h, .grace = 1min};
    spec.policies.spread = {.within = 10min, .mode = SpreadMode::job};
    spec.policies.max_abandons = 5;
    spec.policies.pause_after_failures = 10;
    using namespace std::chrono;
    spec.exclude = {2026y / December / 25, 2026y / May / 1, 2026y / December / 25};
    spec.start_at = at("2026-04-01T00:00:00Z");
    spec.end_at = at("2027-04-01T00:00:00Z");
    spec.max_runs = 100;
    spec.idempotency_key = "order-17";

    const ScheduledJob job = scheduler.create_job({"acme", "alice"}, spec);
    CHECK(job.description == spec.description);
    CHECK(job.metadata == spec.metadata);
    CHECK(job.time_zone == "Europe/Paris");
    CHECK(job.dialect == CronDialect::extended);
    CHECK(job.dst == DstPolicy::wall);
    CHECK(job.policies == spec.policies);
    CHECK(job.exclude == std::vector<year_month_day>{2026y / May / 1, 2026y / December / 25}); // sorted, each once
    CHECK(job.start_at == spec.start_at);
    CHECK(job.end_at == spec.end_at);
    CHECK(job.max_runs == spec.max_runs);
    CHECK(job.idempotency_key == spec.idempotency_key);
    CHECK(job.next_run_at == at("2026-04-01T07:00:00Z")); // nine in Paris
    CHECK(scheduler.get_job(job.id, "acme") == job);
    REQUIRE(events.size() == 1);
    CHECK(events[0].actor == "alice");
}

TEST_CASE_METHOD(FacadeFixture, "create_job: a job that is created disabled waits for somebody to enable it") {
    JobSpec spec = daily();
    spec.enabled = false;
    const ScheduledJob job = scheduler.create_job("acme", spec);
    CHECK(job.status == JobStatus::disabled);
    CHECK(job.status_reason == "created disabled");
    CHECK_FALSE(job.enabled);
    CHECK_FALSE(job.next_run_at);
    go_to("2026-03-02T09:00:00Z");
    CHECK(materialise() == 0);
}

TEST_CASE("create_job: the facade's zone and dialect are those of jobs that name none") {
    auto clock = std::make_shared<testing::ManualClock>(monday_8);
    SchedulerFacade<> scheduler(
        {.clock = clock, .default_time_zone = "Asia/Tokyo", .default_dialect = CronDialect::quartz});
    const auto job = scheduler.create_job("acme", spec_of("0 0 9 ? * MON-FRI"));
    CHECK(job.time_zone == "Asia/Tokyo");
    CHECK(job.dialect == CronDialect::quartz);
    CHECK(job.next_run_at == at("2026-03-03T00:00:00Z"));

    JobSpec own = spec_of("0 9 * * *");
    own.time_zone = "UTC";
    own.dialect = CronDialect::standard;
    CHECK(scheduler.create_job("acme", own).next_run_at == at("2026-03-02T09:00:00Z"));
    JobSpec prefixed = spec_of("TZ=Europe/Paris 0 9 * * *");
    prefixed.dialect = CronDialect::extended;
    CHECK(scheduler.create_job("acme", prefixed).time_zone == "Europe/Paris");
}

TEST_CASE_METHOD(FacadeFixture, "create_job: every kind of schedule has the first occurrence it says") {
    struct Row {
        const char* schedule;
        const char* next;
    };
    for (const Row& row : std::vector<Row>{
             {"0 9 * * *", "2026-03-02T09:00:00Z"},
             {"@daily", "2026-03-03T00:00:00Z"},
             {"@every 90m", "2026-03-02T09:30:00Z"},
             {"rate(5 minutes)", "2026-03-02T08:05:00Z"},
             {"@at 2027-01-01T09:00:00+01:00", "2027-01-01T08:00:00Z"},
             {"R/2026-03-01T10:00:00Z/P1D", "2026-03-02T10:00:00Z"},
             {"0 12 * * * | 30 8 * * *", "2026-03-02T08:30:00Z"},
             {"@after 10m", "2026-03-02T08:10:00Z"},
         }) {
        INFO(row.schedule);
        CHECK(scheduler.create_job("acme", spec_of(row.schedule)).next_run_at == at(row.next));
    }
}

TEST_CASE_METHOD(FacadeFixture, "create_jobs: all are made, in order, with one event each") {
    const auto jobs = scheduler.create_jobs("acme", {daily("a"), daily("b"), daily("c")});
    REQUIRE(jobs.size() == 3);
    CHECK(jobs[0].name == "a");
    CHECK(jobs[2].name == "c");
    CHECK(jobs[0].id < jobs[1].id);
    CHECK(scheduler.count_jobs("acme") == 3);
    REQUIRE(events.size() == 3);
    CHECK(events[1].job_id == jobs[1].id);
    CHECK(scheduler.list_audit("acme").size() == 3);
}

TEST_CASE_METHOD(FacadeFixture, "create_jobs: one that is wrong prevents all") {
    JobSpec wrong = daily("b");
    wrong.schedule = "0 25 * * *";
    CHECK(code_of([&] { scheduler.create_jobs("acme", {daily("a"), wrong, daily("c")}); }) == Errc::value_out_of_range);
    JobSpec past = spec_of("@at 2020-01-01T00:00:00Z");
    CHECK(code_of([&] { scheduler.create_jobs("acme", {daily("a"), past}); }) == Errc::in_the_past);
    JobSpec first = daily("a");
    first.idempotency_key = "k";
    JobSpec second = daily("b");
    second.idempotency_key = "k";
    CHECK(code_of([&] { scheduler.create_jobs("acme", {daily("z"), first, second}); }) == Errc::idempotency_conflict);
    CHECK(scheduler.count_jobs("acme") == 0);
    CHECK(scheduler.list_audit("acme").empty());
    CHECK(events.empty());
}

TEST_CASE_METHOD(FacadeFixture, "create_job: the same key and spec give the job as it is now") {
    JobSpec spec = daily();
    spec.idempotency_key = "order-17";
    const auto made = scheduler.create_job("acme", spec);
    const auto renamed = scheduler.update_job(made.id, "acme", {.name = "Renamed"}).value();
    const auto again = scheduler.create_job("acme", spec);
    CHECK(again == renamed);
    CHECK(events.size() == 2); // created, updated
    CHECK(scheduler.count_jobs("acme") == 1);

    // The same in one call with others, and twice in one call.
    JobSpec twin = daily("twin");
    twin.idempotency_key = "order-18";
    const auto jobs = scheduler.create_jobs("acme", {twin, spec, twin, daily("d")});
    CHECK(jobs[0] == jobs[2]);
    CHECK(jobs[1] == renamed);
    CHECK(jobs[3].name == "d");
    CHECK(scheduler.count_jobs("acme") == 3);
    CHECK(events.size() == 4);
}

TEST_CASE_METHOD(FacadeFixture, "create_job: the same key with another spec is a conflict") {
    JobSpec spec = daily();
    spec.idempotency_key = "order-17";
    const auto made = scheduler.create_job("acme", spec);
    const std::string before = everything("acme");
    std::vector<JobSpec> others(9, spec);
    others[0].name = "Other";
    others[1].schedule = "0 10 * * *";
    others[2].action["n"] = 2;
    others[3].metadata = {{"a", 1}};
    others[4].enabled = false;
    others[5].policies.priority = 1;
    others[6].max_runs = 5;
    others[7].time_zone = "UTC"; // what it would be anyway, but it is another spec
    others[8].description = "";
    for (const JobSpec& other : others)
        CHECK(code_of([&] { scheduler.create_job("acme", other); }) == Errc::idempotency_conflict);
    CHECK(everything("acme") == before);

    // Keys are each tenant's own.
    CHECK(scheduler.create_job("globex", others[0]).id != made.id);
}

TEST_CASE_METHOD(FacadeFixture, "create_job: a repeat gives the job even when its time has passed") {
    JobSpec spec = spec_of("@at 2026-03-02T08:30:00Z");
    spec.idempotency_key = "once";
    const auto made = scheduler.create_job("acme", spec);
    go_to("2026-03-02T08:30:00Z");
    materialise();
    for (const JobRun& run : claim())
        finish(run);
    go_to("2026-03-04T00:00:00Z");
    const auto again = scheduler.create_job("acme", spec);
    CHECK(again.id == made.id);
    CHECK(again.status == JobStatus::completed);
    CHECK(again.run_count == 1);
}

TEST_CASE_METHOD(FacadeFixture, "create_job: a deleted job gives its key back") {
    JobSpec spec = daily();
    spec.idempotency_key = "order-17";
    const auto first = scheduler.create_job("acme", spec);
    CHECK(scheduler.delete_job(first.id, "acme"));
    const auto second = scheduler.create_job("acme", spec);
    CHECK(second.id != first.id);
    CHECK(second.revision == 1);
}

TEST_CASE("get_scheduler_facade: one facade for the process, in memory") {
    auto& scheduler = get_scheduler_facade();
    CHECK(&scheduler == &get_scheduler_facade());
    const auto job = scheduler.create_job("tests of the process-wide facade", daily());
    CHECK(get_scheduler_facade().get_job(job.id, "tests of the process-wide facade") == job);
    CHECK(scheduler.delete_job(job.id, "tests of the process-wide facade"));
}
