// SPDX-License-Identifier: MIT
// sqlite_test.cpp - SqliteStorage keeps the contract of storages, on a file and in memory, from many threads, and
// while everything goes wrong; tests/simulation has more of that.
#include "carillon/storage/sqlite.hpp"
#include "carillon/testing/manual_clock.hpp"
#include "carillon/testing/simulation.hpp"
#include "carillon/testing/storage_contract.hpp"

#include "support/catch.hpp"
#include "support/sqlite_storage.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

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

TEST_CASE("sqlite storage: any bytes in a text are data") {
    using namespace std::string_literals;
    const auto storage = support::sqlite_in_memory(std::make_shared<testing::ManualClock>());
    for (const std::string& text : {"'); DROP TABLE carillon_job; --"s,
                                    "\"carillon_job\" ?1 :a @b $c %_"s,
                                    "\0'\0"s,
                                    "\xff\xfe\x80 no UTF-8"s,
                                    "\r\n\t\x1b"s}) {
        auto job = std::make_shared<JobDefinition>();
        job->id = JobId::next(Instant{});
        job->tenant_id = job->name = job->key = job->action_type = job->status_reason = text;
        job->schedule = job->time_zone = text;
        job->description = text;
        job->idempotency_key = text;
        job->policies.overlap.concurrency_key = text;
        job->action = JsonText::from_text(text);
        job->metadata = JsonText::from_text(text);
        AuditEvent event;
        event.id = AuditId::next(Instant{});
        event.tenant_id = event.actor = event.reason = text;
        event.job_id = job->id;
        storage->insert_jobs({{.definition = job, .event = event}});

        const auto found = storage->find_job_by_idempotency_key(text, text);
        REQUIRE(found);
        CHECK(static_cast<const JobDefinition&>(*found) == *job);
        CHECK(storage->list_jobs(text, {.search = text, .action_type = text}).size() == 1);
        CHECK(storage->list_audit(text, {.actor = text}).size() == 1);
        CHECK(storage->list_audit(text, {}).front().reason == text);
        CHECK(*storage->list_audit(text, {}).front().after == *job);
        CHECK(storage->list_jobs(text + "x", {}).empty());
    }
    CHECK(storage->integrity_check().empty());
}

TEST_CASE("sqlite storage: simulated hours end well on it") {
    const testing::Simulation simulation(in_memory);
    const auto report = simulation.run({.seed = 1, .length = std::chrono::hours{2}});
    INFO(report.str());
    CHECK_FALSE(report.violation);
    CHECK(report.executions > 0);
}
