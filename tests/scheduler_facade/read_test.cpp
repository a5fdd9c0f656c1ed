// SPDX-License-Identifier: MIT
// scheduler_facade/read_test.cpp - get_job, list_jobs, count_jobs, upcoming and calculate_next_run.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <algorithm>

using namespace support;

namespace {

std::string names(const std::vector<ScheduledJob>& jobs) {
    std::string text;
    for (const auto& job : jobs)
        text += (text.empty() ? "" : " ") + job.name;
    return text;
}

/// Five jobs: a paused, b active, c disabled, d active of another action type, e completed.
struct Jobs : FacadeFixture {
    Jobs() {
        for (const char* name : {"Alpha", "beta", "Gamma", "delta", "Epsilon"}) {
            JobSpec spec = daily(name);
            if (spec.name == "beta") spec.schedule = "0 12 * * *";
            if (spec.name == "delta") spec.action["type"] = "other";
            if (spec.name == "Epsilon") spec.schedule = "@at 2026-03-02T08:00:30Z";
            jobs.push_back(scheduler.create_job("acme", spec));
            clock->advance(1s);
        }
        static_cast<void>(scheduler.create_job("globex", daily("Foreign")));
        scheduler.pause_job(jobs[0].id, "acme");
        scheduler.update_job(jobs[2].id, "acme", {.enabled = false});
        clock->advance(1min);
        materialise();
    }
    std::vector<ScheduledJob> jobs;
};

} // namespace

TEST_CASE_METHOD(Jobs, "get_job: the job as it is now, or nothing") {
    CHECK(scheduler.get_job(jobs[0].id, "acme")->status == JobStatus::paused);
    CHECK(scheduler.get_job(jobs[4].id, "acme")->status == JobStatus::completed);
    CHECK(scheduler.get_job(JobId::next(now()), "acme") == std::nullopt);
    CHECK(scheduler.get_job(JobId{}, "acme") == std::nullopt);
}

TEST_CASE_METHOD(Jobs, "list_jobs: newest first, or by name, or by next run with those that have none last") {
    CHECK(names(scheduler.list_jobs("acme")) == "Epsilon delta Gamma beta Alpha");
    CHECK(names(scheduler.list_jobs("acme", {.sort = JobSort::name})) == "Alpha Epsilon Gamma beta delta");
    const auto by_next = scheduler.list_jobs("acme", {.sort = JobSort::next_run});
    CHECK(names(by_next).starts_with("delta beta "));
    CHECK_FALSE(by_next[2].next_run_at);
    CHECK(scheduler.list_jobs("nobody").empty());
}

TEST_CASE_METHOD(Jobs, "list_jobs: filters by status, by a part of the name and by action type, also together") {
    CHECK(names(scheduler.list_jobs("acme", {.status = JobStatus::active})) == "delta beta");
    CHECK(names(scheduler.list_jobs("acme", {.status = JobStatus::paused})) == "Alpha");
    CHECK(names(scheduler.list_jobs("acme", {.status = JobStatus::disabled})) == "Gamma");
    CHECK(names(scheduler.list_jobs("acme", {.status = JobStatus::completed})) == "Epsilon");
    CHECK(names(scheduler.list_jobs("acme", {.search = "A"})) == "delta Gamma beta Alpha");
    CHECK(names(scheduler.list_jobs("acme", {.search = "LPH"})) == "Alpha");
    CHECK(names(scheduler.list_jobs("acme", {.search = "zeta"})).empty());
    CHECK(names(scheduler.list_jobs("acme", {.search = ""})) == "Epsilon delta Gamma beta Alpha");
    CHECK(names(scheduler.list_jobs("acme", {.action_type = "other"})) == "delta");
    CHECK(names(scheduler.list_jobs("acme", {.action_type = "absent"})).empty());
    CHECK(names(scheduler.list_jobs("acme", {.status = JobStatus::active, .search = "a", .action_type = "test"})) ==
          "beta");
}

TEST_CASE_METHOD(Jobs, "list_jobs: pages by offset and by cursor, in every order, give each job once") {
    for (const JobSort sort : {JobSort::newest, JobSort::name, JobSort::next_run}) {
        const std::string all = names(scheduler.list_jobs("acme", {.sort = sort}));
        for (std::size_t limit = 1; limit <= 6; ++limit) {
            std::vector<ScheduledJob> by_offset;
            std::vector<ScheduledJob> by_cursor;
            for (std::size_t offset = 0; offset < 6; offset += limit)
                for (auto& job : scheduler.list_jobs("acme", {.limit = limit, .offset = offset, .sort = sort}))
                    by_offset.push_back(std::move(job));
            JobQuery query{.limit = limit, .sort = sort};
            for (auto page = scheduler.list_jobs("acme", query); !page.empty();
                 page = scheduler.list_jobs("acme", query)) {
                CHECK(page.size() <= limit);
                by_cursor.insert(by_cursor.end(), page.begin(), page.end());
                query.after = page.back();
            }
            CHECK(names(by_offset) == all);
            CHECK(names(by_cursor) == all);
        }
    }
    const auto first = scheduler.list_jobs("acme", {.status = JobStatus::active, .limit = 1});
    CHECK(names(scheduler.list_jobs("acme", {.status = JobStatus::active, .after = first.back()})) == "beta");
}

TEST_CASE_METHOD(Jobs, "list_jobs: a cursor stays good when its job is deleted or new ones come") {
    const auto page = scheduler.list_jobs("acme", {.limit = 2});
    scheduler.delete_job(page.back().id, "acme");
    static_cast<void>(scheduler.create_job("acme", daily("Zeta")));
    CHECK(names(scheduler.list_jobs("acme", {.after = page.back()})) == "Gamma beta Alpha");
}

TEST_CASE_METHOD(Jobs, "count_jobs: from counters that follow every change of status") {
    const auto counts = [&] {
        std::string text = std::to_string(scheduler.count_jobs("acme")) + ":";
        for (const auto status : {JobStatus::active, JobStatus::paused, JobStatus::disabled, JobStatus::completed})
            text += " " + std::to_string(scheduler.count_jobs("acme", status));
        return text;
    };
    CHECK(counts() == "5: 2 1 1 1");
    scheduler.resume_job(jobs[0].id, "acme");
    CHECK(counts() == "5: 3 0 1 1");
    scheduler.resume_job(jobs[2].id, "acme");
    CHECK(counts() == "5: 4 0 0 1");
    scheduler.pause_job(jobs[1].id, "acme");
    CHECK(counts() == "5: 3 1 0 1");
    scheduler.delete_job(jobs[1].id, "acme");
    scheduler.delete_job(jobs[4].id, "acme");
    CHECK(counts() == "3: 3 0 0 0");
    static_cast<void>(scheduler.create_job("acme", daily()));
    CHECK(counts() == "4: 4 0 0 0");
    CHECK(scheduler.count_jobs("globex") == 1);
    CHECK(scheduler.count_jobs("nobody") == 0);
}

TEST_CASE_METHOD(FacadeFixture,
                 "upcoming: the next occurrences of the job, within its bounds and without excluded dates") {
    using namespace std::chrono;
    JobSpec spec = daily();
    spec.exclude = {2026y / March / 4};
    spec.end_at = at("2026-03-07T00:00:00Z");
    const auto job = scheduler.create_job("acme", spec);
    const std::vector<Instant> all{
        at("2026-03-02T09:00:00Z"), at("2026-03-03T09:00:00Z"), at("2026-03-05T09:00:00Z"), at("2026-03-06T09:00:00Z")};
    CHECK(scheduler.upcoming(job.id, "acme", 10) == all);
    CHECK(scheduler.upcoming(job.id, "acme", 2) == std::vector<Instant>(all.begin(), all.begin() + 2));
    CHECK(scheduler.upcoming(job.id, "acme", 1)->front() == job.next_run_at);
    CHECK(scheduler.upcoming(JobId::next(now()), "acme", 1) == std::nullopt);
    go_to("2026-03-02T09:00:00Z");
    CHECK(scheduler.upcoming(job.id, "acme", 1)->front() == all[1]);
    scheduler.pause_job(job.id, "acme");
    CHECK(scheduler.upcoming(job.id, "acme", 1)->front() == all[1]); // as if it were active
    scheduler.delete_job(job.id, "acme");
    CHECK(scheduler.upcoming(job.id, "acme", 1) == std::nullopt);
}

TEST_CASE_METHOD(FacadeFixture, "upcoming: an empty list where the schedule has nothing ahead that can be told") {
    CHECK(scheduler.upcoming(scheduler.create_job("acme", spec_of("@after 10m")).id, "acme", 5)->empty());
    const auto once = scheduler.create_job("acme", spec_of("@at 2026-03-02T08:30:00Z"));
    CHECK(scheduler.upcoming(once.id, "acme", 5)->size() == 1);
    go_to("2026-03-02T08:30:00Z");
    CHECK(scheduler.upcoming(once.id, "acme", 5)->empty());
}

TEST_CASE_METHOD(FacadeFixture, "upcoming: no more occurrences than max_runs leaves") {
    JobSpec spec = spec_of("0 * * * *");
    spec.max_runs = 3;
    const auto job = scheduler.create_job("acme", spec);
    CHECK(scheduler.upcoming(job.id, "acme", 10)->size() == 3);
    go_to("2026-03-02T09:00:00Z");
    materialise();
    for (const JobRun& run : claim())
        finish(run);
    CHECK(scheduler.upcoming(job.id, "acme", 10) ==
          std::vector<Instant>{at("2026-03-02T10:00:00Z"), at("2026-03-02T11:00:00Z")});
    CHECK(scheduler.upcoming(job.id, "acme", 1)->size() == 1);
}

TEST_CASE_METHOD(FacadeFixture, "upcoming: a clock that was set back does not bring back what is in the ledger") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    go_to("2026-03-02T10:00:00Z");
    materialise();
    clock->set_wall(at("2026-03-02T08:30:00Z"));
    CHECK(scheduler.upcoming(job.id, "acme", 2) ==
          std::vector<Instant>{at("2026-03-02T11:00:00Z"), at("2026-03-02T12:00:00Z")});
}

TEST_CASE_METHOD(FacadeFixture, "calculate_next_run: is what the job's next_run_at says, for every kind of schedule") {
    clock->advance(250ms);
    for (const char* schedule : {"0 9 * * *",
                                 "@daily",
                                 "0 0 29 2 *",
                                 "@every 90m",
                                 "@every 7s",
                                 "rate(5 minutes)",
                                 "@at 2027-01-01T09:00:00+01:00",
                                 "R/2026-03-01T10:00:00Z/P1D",
                                 "0 12 * * * | 30 8 * * *"}) {
        INFO(schedule);
        const auto job = scheduler.create_job("acme", spec_of(schedule));
        CHECK(scheduler.calculate_next_run(schedule, now()) == job.next_run_at);
    }
    for (const char* zone : {"Europe/Paris", "America/New_York", "Australia/Lord_Howe"}) {
        JobSpec spec = spec_of("30 2 * * *");
        spec.time_zone = zone;
        spec.dst = DstPolicy::wall;
        const auto job = scheduler.create_job("acme", spec);
        CHECK(scheduler.calculate_next_run("30 2 * * *", now(), {.time_zone = zone, .dst = DstPolicy::wall}) ==
              job.next_run_at);
    }
}

TEST_CASE_METHOD(FacadeFixture,
                 "calculate_next_run: nothing where there is nothing ahead, an error where the text is wrong") {
    CHECK(scheduler.calculate_next_run("@at 2020-01-01T00:00:00Z", now()) == std::nullopt);
    CHECK(scheduler.calculate_next_run("0 0 30 2 *", now()) == std::nullopt);
    CHECK(scheduler.calculate_next_run("@after 10m", now()) == std::nullopt);
    CHECK(scheduler.calculate_next_run("@reboot", now()) == std::nullopt);
    CHECK(scheduler.calculate_next_run("* * * * *", Instant::max()) == std::nullopt);
    CHECK(scheduler.calculate_next_run("* * * * *", Instant::min()) == Instant{});
    CHECK(scheduler.calculate_next_run("@every 1h", Instant::max()) == std::nullopt);
    CHECK(scheduler.calculate_next_run("@every 1h", Instant::min()));
    const Error error = error_of([&] { static_cast<void>(scheduler.calculate_next_run("0 9 * * 8", now())); });
    CHECK(error.code() == Errc::value_out_of_range);
    CHECK(error.column() == 9);
}

TEST_CASE("calculate_next_run: reads the text as a job's that names neither zone nor dialect") {
    auto clock = std::make_shared<testing::ManualClock>(monday_8);
    SchedulerFacade<> scheduler(
        {.clock = clock, .default_time_zone = "Asia/Tokyo", .default_dialect = CronDialect::quartz});
    const auto job = scheduler.create_job("acme", spec_of("0 0 9 ? * MON-FRI"));
    CHECK(scheduler.calculate_next_run("0 0 9 ? * MON-FRI", monday_8) == job.next_run_at);
    // With options the dialect is the one they say, and only the zone is still the facade's.
    CHECK(scheduler.calculate_next_run("0 9 * * *", monday_8, {.dialect = CronDialect::standard}) ==
          at("2026-03-03T00:00:00Z"));
    CHECK(scheduler.calculate_next_run("0 9 * * *", monday_8, {.time_zone = "UTC"}) == at("2026-03-02T09:00:00Z"));
}
