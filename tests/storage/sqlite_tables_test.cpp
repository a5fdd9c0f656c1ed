// SPDX-License-Identifier: MIT
// sqlite_tables_test.cpp - the tables of SqliteStorage keep the storage contract.
#include "carillon/testing/storage_contract.hpp"

#include "support/catch.hpp"
#include "support/sqlite_tables_storage.hpp"

#include <memory>
#include <utility>

using namespace carillon;
using carillon::tests::SqliteTablesStorage;

static_assert(Storage<SqliteTablesStorage>);

TEST_CASE("sqlite tables: they keep every clause of the contract") {
    const testing::StorageContract<SqliteTablesStorage> contract(
        [](std::shared_ptr<const Clock> clock) { return std::make_shared<SqliteTablesStorage>(std::move(clock)); },
        {.first_seed = 1, .walks = 10, .steps = 200});
    REQUIRE(contract.checks().size() > 100);
    for (const auto& check : contract.checks()) {
        if (check.concurrent) continue;
        INFO(check.name);
        CHECK_NOTHROW(check.run());
    }
}
