// SPDX-License-Identifier: MIT
// scheduler_facade/forecast_test.cpp - what_would_run, beside what a worker then plans.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>

using namespace support;

namespace {

struct Forecasts : FacadeFixture {
    /// "09:00:00 a; 09:00:00 b; 2026-03-03T00:00:00 a".
    [[nodiscard]] static std::string text_of(const std::vector<PlannedRun>& runs) {
        std::string text;
        for (const PlannedRun& run : runs)
            text += (text.empty() ? "" : "; ") + short_text(run.at, "2026-03-02") + " " + run.job_name;
        return text;
    }
    [[nodiscard]] std::string between(std::string_view from, std::string_view to, PlannedRunQuery query = {}) const {
        return text_of(scheduler.what_would_run("acme", at(from), at(to), query));
    }
    ScheduledJob create(const std::string& name, const std::string& schedule) {
        JobSpec spec = spec_of(schedule);
        spec.name = name;
        return scheduler.create_job("acme", spec);
    }
    /// Every page of it.
    [[nodiscard]] std::vector<PlannedRun> all(Instant from, Instant to, std::size_t limit) const {
        std::vector<PlannedRun> runs;
        PlannedRunQuery query{.limit = limit};
        for (auto page = scheduler.what_would_run("acme", from, to, query); !page.empty();
             page = scheduler.what_would_run("acme", from, to, query)) {
            CHECK(page.size() <= limit);
            runs.insert(runs.end(), page.begin(), page.end());
            query.after = page.back();
        }
        return runs;
    }
};

} // namespace

TEST_CASE_METHOD(Forecasts,
                 "what_would_run: the runs of all jobs in order of time, from one moment to before another") {
    const auto hourly = create("a", "0 * * * *");
    create("b", "30 9 * * *");
    create("c", "0 10 * * *");
    CHECK(between("2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z") == "09:00:00 a; 09:30:00 b; 10:00:00 a; 10:00:00 c");
    CHECK(between("2026-03-02T09:00:00.000001Z", "2026-03-02T10:00:00.000001Z") ==
          "09:30:00 b; 10:00:00 a; 10:00:00 c");
    CHECK(between("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z").empty());
    CHECK(between("2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z") == "2027-01-01T00:00:00 a");
    const auto first = scheduler.what_would_run("acme", now(), at("2026-03-02T09:00:01Z")).at(0);
    CHECK(first == PlannedRun{at("2026-03-02T09:00:00Z"), hourly.id, "a", "test"});
    CHECK(scheduler.what_would_run("nobody", now(), now() + 24h).empty());
}

TEST_CASE_METHOD(Forecasts, "what_would_run: only of active jobs, and only what is not in the ledger") {
    const auto active = create("a", "0 * * * *");
    scheduler.pause_job(create("p", "0 * * * *").id, "acme");
    scheduler.update_job(create("d", "0 * * * *").id, "acme", {.enabled = false});
    scheduler.delete_job(create("x", "0 * * * *").id, "acme");
    scheduler.create_job("globex", spec_of("0 * * * *"));
    go_to("2026-03-02T09:30:00Z");
    materialise();
    CHECK(between("2026-03-02T00:00:00Z", "2026-03-02T11:00:00Z") == "10:00:00 a");
    scheduler.pause_job(active.id, "acme");
    CHECK(between("2026-03-02T00:00:00Z", "2026-03-02T11:00:00Z").empty());
}

TEST_CASE_METHOD(Forecasts, "what_would_run: what is overdue as its misfire policy will have it") {
    const auto with = [&](const std::string& name, MisfirePolicy policy) {
        JobSpec spec = spec_of("0 * * * *");
        spec.name = name;
        spec.policies.misfire.policy = policy;
        scheduler.create_job("acme", spec);
    };
    with("all", MisfirePolicy::fire_all);
    with("earliest", MisfirePolicy::fire_earliest);
    with("latest", MisfirePolicy::fire_latest);
    with("skip", MisfirePolicy::skip);
    const std::string ahead = "12:00:00 all; 12:00:00 earliest; 12:00:00 latest; 12:00:00 skip";
    go_to("2026-03-02T11:30:00Z"); // 09, 10 and 11 are late
    CHECK(between("2026-03-02T00:00:00Z", "2026-03-02T12:30:00Z") ==
          "09:00:00 all; 09:00:00 earliest; 10:00:00 all; 11:00:00 all; 11:00:00 latest; " + ahead);
    CHECK(between("2026-03-02T10:30:00Z", "2026-03-02T12:30:00Z") == "11:00:00 all; 11:00:00 latest; " + ahead);
    CHECK(between("2026-03-02T11:45:00Z", "2026-03-02T12:30:00Z") == ahead);
    materialise();
    CHECK(between("2026-03-02T00:00:00Z", "2026-03-02T12:30:00Z") == ahead);
}

TEST_CASE_METHOD(
    Forecasts, "what_would_run: within the bounds of a job, without excluded dates, and nominal where starts spread") {
    using namespace std::chrono;
    JobSpec spec = daily("a");
    spec.exclude = {2026y / March / 4};
    spec.start_at = at("2026-03-03T00:00:00Z");
    spec.end_at = at("2026-03-06T09:00:00Z");
    spec.policies.spread.within = 1h;
    scheduler.create_job("acme", spec);
    CHECK(between("2026-03-02T00:00:00Z", "2026-04-01T00:00:00Z") == "2026-03-03T09:00:00 a; 2026-03-05T09:00:00 a");
}

TEST_CASE_METHOD(Forecasts,
                 "what_would_run: no more runs than max_runs leaves, those before the first moment counted") {
    JobSpec spec = spec_of("0 * * * *");
    spec.name = "a";
    spec.max_runs = 3;
    const auto job = scheduler.create_job("acme", spec);
    CHECK(between("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z") == "09:00:00 a; 10:00:00 a; 11:00:00 a");
    CHECK(between("2026-03-02T10:30:00Z", "2026-03-03T00:00:00Z") == "11:00:00 a");
    CHECK(between("2026-03-02T11:30:00Z", "2026-03-03T00:00:00Z").empty());
    go_to("2026-03-02T09:00:00Z");
    materialise(); // a run that waits has used one of them
    CHECK(between("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z") == "10:00:00 a; 11:00:00 a");
    CHECK(scheduler.upcoming(job.id, "acme", 10)->size() == 2);
    for (const JobRun& run : claim())
        finish(run);
    CHECK(between("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z") == "10:00:00 a; 11:00:00 a");
    go_to("2026-03-02T12:30:00Z"); // overdue ones count as well
    CHECK(between("2026-03-02T12:30:00Z", "2026-03-03T00:00:00Z") == "13:00:00 a");
}

TEST_CASE_METHOD(Forecasts, "what_would_run: a fixed delay has the one run that can be told") {
    create("a", "@after 10m");
    CHECK(between("2026-03-02T08:00:00Z", "2026-03-03T00:00:00Z") == "08:10:00 a");
    CHECK(between("2026-03-02T08:10:00.000001Z", "2026-03-03T00:00:00Z").empty());
    go_to("2026-03-02T08:10:00Z");
    CHECK(between("2026-03-02T08:00:00Z", "2026-03-03T00:00:00Z") == "08:10:00 a");
    materialise();
    CHECK(between("2026-03-02T08:00:00Z", "2026-03-03T00:00:00Z").empty()); // it depends on the run that waits
}

TEST_CASE_METHOD(Forecasts,
                 "what_would_run: a job whose schedule cannot be evaluated is left out, and the others stay") {
    create("a", "0 * * * *");
    NewJob broken;
    JobDefinition definition = *scheduler.get_job(create("b", "0 * * * *").id, "acme");
    scheduler.delete_job(definition.id, "acme");
    definition.id = JobId::next(now());
    definition.time_zone = "Mars/Base";
    broken.progress.next_run_at = at("2026-03-02T09:00:00Z");
    broken.event = detail::system_event(definition, AuditVerb::job_created, now());
    broken.definition = std::make_shared<const JobDefinition>(definition);
    storage->insert_jobs({broken});
    CHECK(scheduler.count_jobs("acme", JobStatus::active) == 2);
    CHECK(between("2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z") == "09:00:00 a");
}

TEST_CASE_METHOD(Forecasts, "what_would_run: pages give each run once, also where many fall on one moment") {
    for (int i = 0; i < 7; ++i)
        create("hourly " + std::to_string(i), "0 * * * *");
    create("quarters", "*/15 * * * *");
    create("once", "@at 2026-03-02T10:00:00Z");
    const Instant to = at("2026-03-02T13:00:00Z");
    const auto whole = scheduler.what_would_run("acme", now(), to, {.limit = 1'000});
    CHECK(whole.size() == 4 * 7 + 19 + 1); // 09:00 to 12:00; 08:15 to 12:45
    CHECK(std::is_sorted(whole.begin(), whole.end(), [](const PlannedRun& a, const PlannedRun& b) {
        return std::tie(a.at, a.job_id) < std::tie(b.at, b.job_id);
    }));
    for (std::size_t limit = 1; limit <= 12; ++limit)
        CHECK(all(now(), to, limit) == whole);
    CHECK(scheduler.what_would_run("acme", now(), to, {.limit = 3}).size() == 3);
}

TEST_CASE_METHOD(Forecasts, "what_would_run: is what a worker then plans, whatever the schedules") {
    const std::vector<std::string> schedules{"*/7 * * * *",
                                             "@every 13m",
                                             "0 9,12 * * *",
                                             "rate(1 hour)",
                                             "@at 2026-03-02T10:10:10Z",
                                             "0 0 * * * | 30 10 * * *"};
    std::map<JobId, std::vector<Instant>> expected;
    for (const auto& schedule : schedules) {
        JobSpec spec = spec_of(schedule);
        spec.policies.overlap.policy = OverlapPolicy::allow;
        spec.policies.misfire.policy = MisfirePolicy::fire_all;
        expected[scheduler.create_job("acme", spec).id] = {};
    }
    for (const PlannedRun& run : all(now(), now() + 24h, 100))
        expected.at(run.job_id).push_back(run.at);
    const Instant end = now() + 24h;
    while (now() + 20min < end) { // late now and then, which changes nothing under fire_all
        clock->advance(20min);
        while (materialise() > 0) {
        }
    }
    clock->advance(end - now() - 1us);
    materialise();
    for (const auto& [id, instants] : expected) {
        std::set<Instant> planned;
        for (const JobRun& run : scheduler.list_runs(id, "acme", {.limit = 1'000}))
            planned.insert(run.scheduled_for);
        CHECK(planned == std::set<Instant>(instants.begin(), instants.end()));
    }
}

TEST_CASE_METHOD(Forecasts, "what_would_run: a far moment is reached at once, and a wide window costs a page") {
    JobSpec spec = spec_of("* * * * * *");
    spec.name = "a";
    scheduler.create_job("acme", spec);
    spec.name = "b";
    spec.max_runs = 1'000'000'000'000; // more than are counted one by one
    scheduler.create_job("acme", spec);
    for (int i = 0; i < 10; ++i) { // a walk of each second would take minutes
        CHECK(between("2190-01-01T00:00:00Z", "2190-01-01T00:00:01Z") ==
              "2190-01-01T00:00:00 a; 2190-01-01T00:00:00 b");
        CHECK(scheduler.what_would_run("acme", now(), at("2190-01-01T00:00:00Z"), {.limit = 2}).size() == 2);
    }
}
