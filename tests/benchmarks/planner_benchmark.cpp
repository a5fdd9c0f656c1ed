// SPDX-License-Identifier: MIT
// What does a plan cost? One due occurrence, and a job that nobody looked at for ten years: the goal for that is 1 ms,
// whatever its schedule, policy and excluded dates.
#include "carillon/planner.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

namespace {

using namespace carillon;
using namespace std::chrono_literals;

const Instant created = parse_rfc3339("2026-03-02T00:00:00Z").value();

struct PlannedJob {
    JobDefinition definition;
    JobProgress progress;
    Schedule schedule;

    PlannedJob(std::string text, const std::string& zone, MisfirePolicy misfire)
        : definition(definition_of(std::move(text), zone, misfire))
        , schedule(Schedule::parse(definition.schedule, detail::schedule_options(definition)).value()) {
        progress.next_run_at = start_cursor(definition, schedule, progress, created);
    }

    [[nodiscard]] JobChange plan(Instant now) const {
        return carillon::plan({definition, progress}, schedule, KeyState{}, now);
    }

private:
    static JobDefinition definition_of(std::string text, const std::string& zone, MisfirePolicy misfire) {
        JobDefinition job;
        job.id = JobId::next(created);
        job.tenant_id = "acme";
        job.schedule = std::move(text);
        job.time_zone = zone;
        job.policies.misfire.policy = misfire;
        job.created_at = created;
        return job;
    }
};

void plan_after(benchmark::State& state, const PlannedJob& job, Duration away) {
    for (auto _ : state)
        benchmark::DoNotOptimize(job.plan(created + away));
}

void exclude_thousand_days(PlannedJob& job) {
    for (int day = 0; day < 1'000; ++day) // every other day of five and a half years
        job.definition.exclude.emplace_back(std::chrono::floor<std::chrono::days>(created) +
                                            std::chrono::days{2 * day});
}

const bool registered = [] {
    constexpr auto ten_years = std::chrono::hours{24 * 3'653};
    const auto add = [](const std::string& name, const PlannedJob& job, Duration away) {
        benchmark::RegisterBenchmark(
            (name + "/" + std::string(to_string(job.definition.policies.misfire.policy))).c_str(),
            [=](benchmark::State& state) { plan_after(state, job, away); });
    };
    add("one due, 0 9 * * *", PlannedJob("0 9 * * *", "Europe/Paris", MisfirePolicy::fire_latest), 9h);
    for (const MisfirePolicy misfire :
         {MisfirePolicy::fire_latest, MisfirePolicy::skip, MisfirePolicy::fire_all, MisfirePolicy::fire_earliest}) {
        add("ten years, * * * * * *", PlannedJob("* * * * * *", "", misfire), ten_years);
        add("ten years, * * * * * * in New York", PlannedJob("* * * * * *", "America/New_York", misfire), ten_years);
        add("ten years, @every 1s", PlannedJob("@every 1s", "", misfire), ten_years);
        add("ten years, R/PT1S | * * * * *",
            PlannedJob("R/2026-01-01T00:00:00Z/PT1S | * * * * *", "", misfire),
            ten_years);
        PlannedJob excluding("* * * * * *", "America/New_York", misfire);
        exclude_thousand_days(excluding);
        add("ten years, a thousand dates excluded", excluding, ten_years);
    }
    return true;
}();

} // namespace
