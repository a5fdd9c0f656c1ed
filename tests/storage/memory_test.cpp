// SPDX-License-Identifier: MIT
// memory_test.cpp - MemoryStorage keeps the contract of storages.
#include "carillon/storage/memory.hpp"
#include "carillon/testing/storage_contract.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <memory>
#include <utility>

using namespace carillon;

namespace {

testing::StorageContract<MemoryStorage> contract(const testing::ContractOptions& options = {}) {
    return testing::StorageContract<MemoryStorage>(
        [](std::shared_ptr<const Clock> clock) { return std::make_shared<MemoryStorage>(std::move(clock)); }, options);
}

void run(const testing::ContractCheck& check) {
    INFO(check.name);
    CHECK_NOTHROW(check.run());
}

} // namespace

static_assert(Storage<MemoryStorage>);

TEST_CASE("memory storage: it keeps every clause of the contract") {
    const auto memory = contract({.first_seed = 1, .walks = 40, .steps = 300});
    REQUIRE(memory.checks().size() > 100);
    for (const auto& check : memory.checks())
        if (!check.concurrent) run(check);
}

TEST_CASE("memory storage: it keeps the contract from many threads", "[concurrent]") {
    const auto memory = contract({.walks = 0});
    std::size_t checks = 0;
    for (const auto& check : memory.checks()) {
        if (!check.concurrent) continue;
        run(check);
        ++checks;
    }
    CHECK(checks >= 6);
}
