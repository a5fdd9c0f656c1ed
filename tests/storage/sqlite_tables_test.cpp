// SPDX-License-Identifier: MIT
// sqlite_tables_test.cpp - the tables of SqliteStorage keep the storage contract, by indexes, and forget what nobody
// names.
#include "carillon/testing/manual_clock.hpp"
#include "carillon/testing/storage_contract.hpp"

#include "support/catch.hpp"
#include "support/sqlite_tables_storage.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using carillon::tests::SqliteTablesStorage;

static_assert(Storage<SqliteTablesStorage>);

namespace {

const Instant start = Instant(1'767'225'600s);

/// Every statement that the contract makes the tables run.
std::set<std::string> statements_of_the_contract() {
    std::set<std::string> statements;
    const auto note = [](unsigned, void* into, void* statement, void*) {
        static_cast<std::set<std::string>*>(into)->insert(sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
        return 0;
    };
    const testing::StorageContract<SqliteTablesStorage> contract(
        [&](std::shared_ptr<const Clock> clock) {
            auto storage = std::make_shared<SqliteTablesStorage>(std::move(clock));
            sqlite3_trace_v2(storage->connection().handle(), SQLITE_TRACE_STMT, note, &statements);
            return storage;
        },
        {.walks = 1, .steps = 100});
    for (const auto& check : contract.checks())
        if (!check.concurrent) check.run();
    return statements;
}

/// The lines of EXPLAIN QUERY PLAN.
std::vector<std::string> plan_of(SqliteTablesStorage& storage, const std::string& statement) {
    std::vector<std::string> lines;
    const auto add = [](void* into, int, char** columns, char**) {
        static_cast<std::vector<std::string>*>(into)->emplace_back(columns[3]);
        return 0;
    };
    const std::string explain = "EXPLAIN QUERY PLAN " + statement;
    if (sqlite3_exec(storage.connection().handle(), explain.c_str(), add, &lines, nullptr) != SQLITE_OK)
        throw std::runtime_error(sqlite3_errmsg(storage.connection().handle()));
    return lines;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

NewJob new_job(const std::string& name) {
    auto definition = std::make_shared<JobDefinition>();
    definition->id = JobId::next(start);
    definition->tenant_id = "acme";
    definition->name = name;
    definition->created_at = start;
    NewJob job{.definition = definition};
    job.event.id = AuditId::next(start);
    job.event.tenant_id = "acme";
    job.event.at = start;
    job.event.job_id = definition->id;
    return job;
}

JobChange renaming(const JobView& job, const std::string& name, Instant at) {
    auto definition = std::make_shared<JobDefinition>(job.definition);
    definition->name = name;
    JobChange change;
    change.at = at;
    change.definition = definition;
    change.event = AuditEvent{.id = AuditId::next(at), .tenant_id = "acme", .at = at, .job_id = definition->id};
    return change;
}

std::int64_t number(SqliteTablesStorage& storage, const char* sql) {
    auto rows = storage.connection().query(sql);
    REQUIRE(rows.next());
    return rows.integer(0);
}

constexpr const char* count_definitions = "SELECT count(*) FROM carillon_definition";
constexpr const char* last_definition = "SELECT coalesce(max(row), 0) FROM carillon_definition";

} // namespace

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

TEST_CASE("sqlite tables: no statement looks through all jobs or all runs") {
    // What is allowed to, and why.
    constexpr std::array allowed{
        "SCAN CONSTANT ROW",
        "SCAN carillon_audit",                     // from the oldest on, as many as the purge deletes
        "SCAN r USING INDEX carillon_run_running", // the runs that workers have, for leases that have ended
    };
    SqliteTablesStorage storage(std::make_shared<testing::ManualClock>(start));
    const auto statements = statements_of_the_contract();
    REQUIRE(statements.size() > 60);
    for (const std::string& statement : statements) {
        if (statement.starts_with("BEGIN") || statement.starts_with("COMMIT") || statement.starts_with("ROLLBACK"))
            continue;
        INFO(statement);
        for (const std::string& line : plan_of(storage, statement)) {
            INFO(line);
            const bool scans = line.starts_with("SCAN");
            const bool may = std::find(allowed.begin(), allowed.end(), line) != allowed.end();
            CHECK((!scans || may));
        }
    }
}

TEST_CASE("sqlite tables: what is claimed, listed or due next comes from an index in its order") {
    SqliteTablesStorage storage(std::make_shared<testing::ManualClock>(start));
    std::size_t ordered = 0;
    for (const std::string& statement : statements_of_the_contract()) {
        // Leases and open runs are looked through.
        const bool sorts = contains(statement, "ORDER BY lease_until") ||
                           contains(statement, "r.place = 3 AND r.tenant") ||
                           contains(statement, "r.open_job IS NOT NULL");
        if (sorts || !contains(statement, "ORDER BY")) continue;
        ++ordered;
        INFO(statement);
        for (const std::string& line : plan_of(storage, statement))
            CHECK_FALSE(contains(line, "TEMP B-TREE"));
    }
    CHECK(ordered > 20);
}

TEST_CASE("sqlite tables: a definition that was rolled back is not taken for the one that follows it") {
    SqliteTablesStorage storage(std::make_shared<testing::ManualClock>(start));
    std::int64_t undone = 0;
    const auto write_and_fail = [&](auto& tables) -> InsertResult {
        tables.insert_jobs({new_job("undone")});
        undone = number(storage, last_definition);
        throw std::runtime_error("after the write");
    };
    REQUIRE_THROWS_AS(storage.write(write_and_fail), std::runtime_error);
    storage.insert_jobs({new_job("kept")});
    CHECK(number(storage, last_definition) != undone);
    const auto jobs = storage.list_jobs("acme", {});
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].name == "kept");
}

TEST_CASE("sqlite tables: a definition goes with the last audit event that names it, and not before") {
    SqliteTablesStorage storage(std::make_shared<testing::ManualClock>(start));
    const NewJob job = new_job("first");
    storage.insert_jobs({job});
    const auto rename = [&](const std::string& name, Instant at) {
        storage.modify_job(
            "acme", job.definition->id, [&](const JobView& view, const KeyState&) { return renaming(view, name, at); });
    };
    rename("second", start + 1h);
    rename("third", start + 2h);
    CHECK(number(storage, count_definitions) == 3);
    const std::int64_t newest = number(storage, last_definition);

    const auto purge_until = [&](Instant until) {
        return storage.purge({.audit = 24h}, until + 24h, 100);
    };
    CHECK(purge_until(start + 1min) == 1); // the creation
    CHECK(number(storage, count_definitions) == 3);
    CHECK(purge_until(start + 61min) == 1);
    CHECK(number(storage, count_definitions) == 2);
    const auto events = storage.list_audit("acme", {});
    REQUIRE(events.size() == 1);
    CHECK(events[0].before->name == "second");
    CHECK(events[0].after->name == "third");
    CHECK(purge_until(start + 121min) == 1);
    CHECK(number(storage, count_definitions) == 1);
    CHECK(storage.find_job("acme", job.definition->id)->name == "third");

    storage.modify_job("acme", job.definition->id, [&](const JobView&, const KeyState&) {
        JobChange change;
        change.at = start + 3h;
        change.remove = true;
        return change;
    });
    storage.insert_jobs({new_job("other")});
    CHECK(number(storage, last_definition) > newest); // numbers are not given again
    CHECK(storage.list_jobs("acme", {}).at(0).name == "other");
}
