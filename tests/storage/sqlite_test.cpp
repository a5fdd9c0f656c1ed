// SPDX-License-Identifier: MIT
// sqlite_test.cpp - SqliteStorage keeps the contract of storages, on a file and in memory, from many threads, and
// while everything goes wrong; tests/simulation has more of that.
#include "carillon/storage/sqlite.hpp"
#include "carillon/testing/simulation.hpp"
#include "carillon/testing/storage_contract.hpp"

#include "support/catch.hpp"
#include "support/sqlite_storage.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

using namespace carillon;

namespace {

using Make = std::shared_ptr<SqliteStorage> (*)(std::shared_ptr<const Clock>);

constexpr Make on_file = support::sqlite_on_file;
constexpr Make in_memory = support::sqlite_in_memory;

testing::StorageContract<SqliteStorage> contract(Make make, const testing::ContractOptions& options) {
    return testing::StorageContract<SqliteStorage>(make, options);
}

/// Runs those that use threads, or the others; returns how many.
std::size_t run(const testing::StorageContract<SqliteStorage>& contract, bool concurrent) {
    std::size_t checks = 0;
    for (const testing::ContractCheck& check : contract.checks()) {
        if (check.concurrent != concurrent) continue;
        INFO(check.name);
        CHECK_NOTHROW(check.run());
        ++checks;
    }
    return checks;
}

} // namespace

static_assert(Storage<SqliteStorage>);

TEST_CASE("sqlite storage: in memory it keeps every clause of the contract") {
    CHECK(run(contract(in_memory, {.walks = 2}), false) > 100);
}

TEST_CASE("sqlite storage: on a file it keeps every clause of the contract") {
    CHECK(run(contract(on_file, {.first_seed = 101, .walks = 1, .steps = 150}), false) > 100);
}

TEST_CASE("sqlite storage: it keeps the contract from many threads", "[concurrent]") {
    CHECK(run(contract(in_memory, {.walks = 0}), true) >= 6);
    CHECK(run(contract(on_file, {.walks = 0}), true) >= 6);
}

TEST_CASE("sqlite storage: simulated hours end well on it") {
    const testing::Simulation simulation(in_memory);
    const auto report = simulation.run({.seed = 1, .length = std::chrono::hours{2}});
    INFO(report.str());
    CHECK_FALSE(report.violation);
    CHECK(report.executions > 0);
}
