// SPDX-License-Identifier: MIT
// prove_storage.cpp - does a storage keep the contract, and can a scheduler live on it? Asked without a test framework.
//
//   prove_storage [walks]      how many random walks, 3 by default
//
// The storage here is the library's own reference: three vectors, to begin a backend from. Put yours in its place.
#include <carillon/carillon.hpp>
#include <carillon/testing/manual_clock.hpp>
#include <carillon/testing/reference_storage.hpp>
#include <carillon/testing/storage_contract.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

using namespace std::chrono_literals;

using MyStorage = carillon::testing::ReferenceStorage;

static_assert(carillon::Storage<MyStorage>);

/// Each check gets a storage of its own, new and empty. Returns how many found something.
std::size_t prove(std::size_t walks) {
    const carillon::testing::StorageContract<MyStorage> contract(
        [](std::shared_ptr<const carillon::Clock> clock) { return std::make_shared<MyStorage>(std::move(clock)); },
        {.walks = walks});
    std::size_t broken = 0;
    for (const auto& check : contract.checks()) {
        try {
            check.run();
        } catch (const carillon::testing::ContractViolation& violation) {
            std::cout << violation.what() << "\n"; // clause, check, what was expected, what was seen
            ++broken;
        }
    }
    std::cout << contract.checks().size() << " checks, " << broken << " of them found something\n";
    return broken;
}

/// A night of a scheduler on the storage. Returns how many backups it made.
std::uint64_t live_on_it() {
    auto clock =
        std::make_shared<carillon::testing::ManualClock>(carillon::parse_rfc3339("2026-03-01T20:00:00Z").value());
    carillon::SchedulerFacade<MyStorage> scheduler(std::make_shared<MyStorage>(clock), {.clock = clock});
    carillon::Worker worker{scheduler};
    worker.handle("backup", [](carillon::RunContext&) {});
    const auto job =
        scheduler.create_job("acme", {.name = "backup", .schedule = "0 * * * *", .action = {{"type", "backup"}}});
    for (int hour = 0; hour < 12; ++hour) {
        clock->advance(1h);
        worker.poll();
    }
    return scheduler.get_job(job.id, "acme")->run_count;
}

int main(int argc, char** argv) {
    const std::size_t broken = prove(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 3);
    const std::uint64_t backups = live_on_it();
    std::cout << backups << " backups in a night of twelve hours\n";
    return broken == 0 && backups == 12 ? EXIT_SUCCESS : EXIT_FAILURE;
}
