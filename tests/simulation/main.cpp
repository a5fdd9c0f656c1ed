// SPDX-License-Identifier: MIT
// simulation - thousands of days with crashes, frozen processes, wrong clocks and lost answers, each from a seed.
//
//   simulation [--sqlite] [seeds = 1000] [first seed = 1]   on all cores; stops at the first violation
//   simulation [--sqlite] --seed N                          one seed, and its trace
//
// On memory storage, or on databases in memory.
#include "carillon/storage/memory.hpp"
#include "carillon/testing/simulation.hpp"

#ifdef CARILLON_WITH_SQLITE
#    include "carillon/storage/sqlite.hpp"
#endif

#include "support/zones.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace carillon;

namespace {

testing::SimulationOptions options_of(std::uint64_t seed) {
    return {.seed = seed, .time_zones = {"UTC", "+05:30", "Europe/Paris", "America/New_York", "Australia/Lord_Howe"}};
}

testing::Simulation on_memory() {
    return testing::Simulation(
        [](std::shared_ptr<const Clock> clock) { return std::make_shared<MemoryStorage>(std::move(clock)); });
}

testing::Simulation on_sqlite() {
#ifdef CARILLON_WITH_SQLITE
    return testing::Simulation([](std::shared_ptr<const Clock> clock) {
        return SqliteStorage::open(":memory:", {.lease_clock = std::move(clock)});
    });
#else
    throw std::invalid_argument("--sqlite: this program was built without SQLite");
#endif
}

using Make = testing::Simulation (*)();

std::uint64_t number(const char* text) {
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    if (std::from_chars(text, end, value).ptr != end)
        throw std::invalid_argument(std::string("expected a number, saw ") + text);
    return value;
}

int show(Make make, std::uint64_t seed) {
    auto options = options_of(seed);
    options.trace = true;
    const auto report = make().run(options);
    std::fputs(report.str(SIZE_MAX).c_str(), stdout);
    return report.violation ? 1 : 0;
}

/// The seeds of all threads together.
struct Totals {
    std::mutex mutex;
    std::size_t seeds = 0;
    std::size_t failed = 0;
    testing::SimulationReport sum;

    void add(const testing::SimulationReport& report) {
        const std::lock_guard lock(mutex);
        ++seeds;
        sum.steps += report.steps;
        sum.occurrences += report.occurrences;
        sum.executions += report.executions;
        sum.faults += report.faults;
        sum.crashes += report.crashes;
        sum.lost_leases += report.lost_leases;
        if (!report.violation) return;
        ++failed;
        std::fputs(report.str().c_str(), stdout);
        std::printf("the same again, in full: simulation --seed %llu\n", static_cast<unsigned long long>(report.seed));
    }
};

int run(Make make, std::uint64_t seeds, std::uint64_t first) {
    std::atomic<std::uint64_t> next = first;
    Totals totals;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
        threads.emplace_back([&] {
            const testing::Simulation simulation = make();
            for (auto seed = next++; seed < first + seeds && totals.failed == 0; seed = next++)
                totals.add(simulation.run(options_of(seed)));
        });
    for (std::thread& thread : threads)
        thread.join();
    std::printf("%zu days: %zu steps, %zu occurrences, %zu executions, %zu faults, %zu crashes, %zu lost leases\n",
                totals.seeds,
                totals.sum.steps,
                totals.sum.occurrences,
                totals.sum.executions,
                totals.sum.faults,
                totals.sum.crashes,
                totals.sum.lost_leases);
    std::printf("%zu passed, %zu failed\n", totals.seeds - totals.failed, totals.failed);
    return totals.failed == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) try {
    const support::TestZones zones;
    Make make = on_memory;
    if (argc > 1 && std::strcmp(argv[1], "--sqlite") == 0) {
        make = on_sqlite;
        --argc;
        ++argv;
    }
    if (argc == 3 && std::strcmp(argv[1], "--seed") == 0) return show(make, number(argv[2]));
    return run(make, argc > 1 ? number(argv[1]) : 1'000, argc > 2 ? number(argv[2]) : 1);
} catch (const std::exception& error) {
    std::fprintf(stderr, "simulation: %s\n", error.what());
    return 1;
}
