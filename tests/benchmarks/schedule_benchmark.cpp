// SPDX-License-Identifier: MIT
// What does a time zone add to a cron expression, and what does it save to ask for many occurrences at once?
//
//   UTC, New York     Schedule::next from random places
//   repeated next     each occurrence from the one before, in New York
//   upcoming          the same occurrences, asked for together
#include "carillon/schedule/schedule.hpp"

#include "cron_cases.hpp"
#include "ratio_table.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using carillon::Instant;
using carillon::Schedule;

constexpr std::size_t occurrences_at_once = 1000;
constexpr const char* changing_zone = "America/New_York";

Schedule schedule_of(const CronCase& which, const char* zone) {
    return Schedule::parse(which.text, {.time_zone = zone, .dialect = which.dialect}).value();
}

Instant start(std::size_t i) {
    return Instant{cron_starts()[i % cron_start_count]};
}

void next_in(benchmark::State& state, const CronCase& which, const char* zone) {
    const Schedule schedule = schedule_of(which, zone);
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(schedule.next(start(i++)));
}

void repeated_next(benchmark::State& state, const CronCase& which) {
    const Schedule schedule = schedule_of(which, changing_zone);
    Instant at = start(0);
    for (auto _ : state)
        at = schedule.next(at).value_or(start(0));
    benchmark::DoNotOptimize(at);
}

/// Time an occurrence. Those that have fewer than a thousand ahead are asked for them again and again.
void upcoming(benchmark::State& state, const CronCase& which) {
    const Schedule schedule = schedule_of(which, changing_zone);
    const std::size_t count = schedule.upcoming(start(0), occurrences_at_once).size();
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(count)))
        benchmark::DoNotOptimize(schedule.upcoming(start(0), occurrences_at_once));
}

void register_all() {
    const auto add = [](const std::string& measure, const CronCase& which, auto function) {
        benchmark::RegisterBenchmark((measure + "/" + which.text).c_str(), function);
    };
    for (const CronCase& which : cron_cases) {
        add("UTC", which, [=](benchmark::State& state) { next_in(state, which, "UTC"); });
        add("New York", which, [=](benchmark::State& state) { next_in(state, which, changing_zone); });
        if (schedule_of(which, changing_zone).never_fires()) continue;
        add("repeated next", which, [=](benchmark::State& state) { repeated_next(state, which); });
        add("upcoming", which, [=](benchmark::State& state) { upcoming(state, which); });
    }
}

} // namespace

int main(int argc, char** argv) {
    register_all();
    return run_as_table(argc, argv, {{"UTC"}, {"New York", "UTC"}, {"upcoming"}, {"repeated next", "upcoming"}});
}
