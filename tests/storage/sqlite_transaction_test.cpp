// SPDX-License-Identifier: MIT
// sqlite_transaction_test.cpp - jobs and runs that change exactly if the host's own rows do.
#include "carillon/carillon.hpp"
#include "carillon/storage/sqlite.hpp"
#include "carillon/testing/manual_clock.hpp"

#include "support/catch.hpp"
#include "support/sqlite_storage.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::thrown_by;

namespace {

const JobSpec mail{.name = "mail", .schedule = "0 9 * * *", .action = {{"type", "mail"}}};

/// A shop with its orders, and a scheduler, in one file.
struct Shop {
    support::TemporaryDatabase file{};
    support::HostConnection db{file.path()};
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<SqliteStorage> storage = open();
    SchedulerFacade<SqliteStorage> scheduler{storage, {.clock = clock}};
    std::vector<AuditVerb> heard{};
    std::vector<StorageNews> news{};
    WatchHandle watch = storage->watch([this](StorageNews each) { news.push_back(each); });

    Shop() {
        scheduler.add_audit_sink([this](const AuditEvent& event) { heard.push_back(event.verb); });
    }
    std::shared_ptr<SqliteStorage> open() const {
        if (db.value("SELECT name FROM sqlite_master WHERE name = 'orders'").empty())
            REQUIRE(db.run("CREATE TABLE orders (id)") == SQLITE_OK);
        return SqliteStorage::open(file.path(),
                                   {.busy_timeout = 1s, .in_host_file = true, .lease_clock = clock, .clock = clock});
    }
    void order() const { REQUIRE(db.run("INSERT INTO orders VALUES (1)") == SQLITE_OK); }
    [[nodiscard]] std::string orders() const {
        return support::HostConnection(file.path()).value("SELECT count(*) FROM orders");
    }
    /// As another process sees it.
    [[nodiscard]] std::size_t jobs_elsewhere() const { return open()->count_jobs("shop", std::nullopt); }
};

template <class Record>
std::string text_of(const Record& record) {
    return nlohmann::json(record).dump();
}

} // namespace

// ---- all or nothing
// --------------------------------------------------------------------------------------------------

TEST_CASE("sqlite transaction: what the host and the scheduler write is there for others with the commit") {
    Shop shop;
    {
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.order();
        const auto job = shop.scheduler.create_job("shop", mail);
        const auto run = shop.scheduler.trigger_job(job.id, "shop");
        REQUIRE(run);
        CHECK(shop.scheduler.get_run(run->id, "shop"));
        CHECK(shop.scheduler.list_jobs("shop").size() == 1);
        CHECK(shop.jobs_elsewhere() == 0);
        CHECK(shop.orders() == "0");
        CHECK(shop.heard.empty());
        CHECK(shop.news.empty());
        transaction.commit();
        CHECK(shop.heard == std::vector{AuditVerb::job_created, AuditVerb::job_triggered});
        CHECK(shop.news == std::vector{StorageNews::work});
    }
    CHECK(shop.jobs_elsewhere() == 1);
    CHECK(shop.orders() == "1");
    CHECK(shop.scheduler.list_audit("shop").size() == 2);
    shop.scheduler.create_job("shop", mail);
    CHECK(shop.heard.size() == 3);
}

TEST_CASE("sqlite transaction: rolled back, nothing has happened: no change, no audit, no sink, no news") {
    Shop shop;
    const auto job = shop.scheduler.create_job("shop", mail);
    const auto gone = shop.scheduler.create_job("shop", mail);
    const auto waiting = shop.scheduler.trigger_job(job.id, "shop");
    REQUIRE(waiting);
    const std::string before = text_of(shop.scheduler.get_job(job.id, "shop").value());
    const auto audit = shop.scheduler.list_audit("shop");
    shop.heard.clear();
    shop.news.clear();
    for (const bool by_hand : {false, true}) {
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.order();
        shop.scheduler.create_job("shop", mail);
        shop.scheduler.update_job(job.id, "shop", {.name = "letter"});
        shop.scheduler.trigger_job(job.id, "shop");
        shop.scheduler.pause_job(job.id, "shop");
        shop.scheduler.cancel_run(waiting->id, "shop");
        CHECK(shop.scheduler.delete_job(gone.id, "shop"));
        CHECK(shop.scheduler.list_audit("shop").size() == audit.size() + 6);
        if (by_hand) transaction.rollback();
    }
    CHECK(shop.orders() == "0");
    CHECK(text_of(shop.scheduler.get_job(job.id, "shop").value()) == before);
    CHECK(text_of(shop.scheduler.get_job(gone.id, "shop").value()) == text_of(gone));
    CHECK(text_of(shop.scheduler.list_runs(job.id, "shop")) == text_of(std::vector{*waiting}));
    CHECK(text_of(shop.scheduler.list_audit("shop")) == text_of(audit));
    CHECK(shop.heard.empty());
    CHECK(shop.news.empty());
}

TEST_CASE("sqlite transaction: a verb that throws has changed nothing, and the others stay") {
    Shop shop;
    SqliteTransaction transaction(shop.storage, shop.db);
    const auto job = shop.scheduler.create_job("shop", mail);
    CHECK(thrown_by([&] {
              shop.scheduler.update_job(job.id, "shop", {.name = "letter"}, 7);
          }).starts_with("revision_conflict"));
    shop.order();
    transaction.commit();
    CHECK(text_of(shop.scheduler.get_job(job.id, "shop").value()) == text_of(job));
    CHECK(shop.orders() == "1");
    CHECK(shop.heard.size() == 1);
}

TEST_CASE("sqlite transaction: one that the host has begun is joined, with what it wrote before") {
    Shop shop;
    REQUIRE(shop.db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (2)") == SQLITE_OK);
    {
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.scheduler.create_job("shop", mail);
        transaction.commit();
    }
    CHECK(shop.orders() == "1");
    CHECK(shop.jobs_elsewhere() == 1);
}

TEST_CASE("sqlite transaction: others write when it has ended", "[concurrent]") {
    Shop shop;
    std::thread other;
    std::atomic<bool> began = false;
    {
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.scheduler.create_job("shop", mail);
        other = std::thread([&] {
            began = true;
            shop.scheduler.create_job("elsewhere", mail);
        });
        while (!began)
            std::this_thread::yield();
        transaction.commit();
    }
    other.join();
    CHECK(shop.scheduler.count_jobs("elsewhere") == 1);
    CHECK(shop.scheduler.count_jobs("shop") == 1);
}

// ---- on the host's connection in memory
// ------------------------------------------------------------------------------

TEST_CASE("sqlite transaction: a database in memory that the host has is adopted, and joined the same way") {
    const support::HostConnection db(":memory:");
    REQUIRE(db.run("CREATE TABLE orders (id)") == SQLITE_OK);
    const auto storage = SqliteStorage::adopt(db);
    SchedulerFacade scheduler{storage};
    for (const bool commits : {false, true}) {
        SqliteTransaction transaction(storage, db);
        REQUIRE(db.run("INSERT INTO orders VALUES (1)") == SQLITE_OK);
        scheduler.create_job("shop", mail);
        CHECK(scheduler.count_jobs("shop") == 1);
        if (commits) transaction.commit();
    }
    CHECK(scheduler.count_jobs("shop") == 1);
    CHECK(db.value("SELECT count(*) FROM orders") == "1");
    scheduler.create_job("shop", mail);
    CHECK(scheduler.count_jobs("shop") == 2);
}

TEST_CASE("sqlite transaction: a file that the host has open is adopted by connections of the storage's own") {
    Shop shop;
    const auto adopted = SqliteStorage::adopt(shop.db);
    SchedulerFacade scheduler{adopted};
    REQUIRE(shop.db.run("BEGIN") == SQLITE_OK);
    scheduler.create_job("shop", mail);
    REQUIRE(shop.db.run("ROLLBACK") == SQLITE_OK);
    CHECK(shop.jobs_elsewhere() == 1);
}

// ---- handlers
// --------------------------------------------------------------------------------------------------------

TEST_CASE("sqlite transaction: what a handler writes and the end of its run are committed together") {
    Shop shop;
    Worker worker{shop.scheduler};
    worker.handle("mail", [&](RunContext& run) {
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.order();
        run.complete({{"sent", 1}});
        CHECK(shop.open()->find_run("shop", run.run_id())->status == JobRunStatus::running);
        transaction.commit();
        CHECK(shop.open()->find_run("shop", run.run_id())->status == JobRunStatus::completed);
        CHECK(run.heartbeat() == false);
        throw std::runtime_error("nobody waits for this any more");
    });
    const auto job = shop.scheduler.create_job("shop", mail);
    const auto run = shop.scheduler.trigger_job(job.id, "shop");
    CHECK(worker.poll() == 1);
    const auto ended = shop.scheduler.get_run(run->id, "shop");
    CHECK(ended->status == JobRunStatus::completed);
    CHECK(ended->result["sent"] == 1);
    CHECK(ended->attempt == 1);
    CHECK(shop.orders() == "1");
    CHECK(worker.health().active == 0);
    CHECK(worker.poll() == 0);
}

TEST_CASE("sqlite transaction: a handler that fails before its commit has had no effect, and is tried again") {
    Shop shop;
    int calls = 0;
    Worker worker{shop.scheduler};
    worker.handle("mail", [&](RunContext& run) {
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.order();
        run.complete();
        if (++calls == 1) throw std::runtime_error("no paper");
        transaction.commit();
    });
    JobSpec spec = mail;
    spec.policies = Policies{.retry = {.max_attempts = 2}};
    const auto job = shop.scheduler.create_job("shop", spec);
    const auto run = shop.scheduler.trigger_job(job.id, "shop");
    CHECK(worker.poll() == 1);
    CHECK(shop.orders() == "0");
    CHECK(shop.scheduler.get_run(run->id, "shop")->status == JobRunStatus::pending);
    shop.clock->advance(1h);
    CHECK(worker.poll() == 1);
    CHECK(shop.orders() == "1");
    CHECK(shop.scheduler.get_run(run->id, "shop")->status == JobRunStatus::completed);
}

TEST_CASE("sqlite transaction: a handler that has lost its run cannot commit its effects") {
    Shop shop;
    Worker worker{shop.scheduler};
    std::string thrown;
    worker.handle("mail", [&](RunContext& run) {
        shop.clock->advance(2h); // its lease is over, and another worker takes the run away
        shop.storage->reap(10, [&](const JobRun& lost, const JobDefinition& job) {
            return after_abandon(lost, job.policies, shop.clock->now());
        });
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.order();
        thrown = thrown_by([&] { run.complete(); });
    });
    const auto job = shop.scheduler.create_job("shop", mail);
    const auto run = shop.scheduler.trigger_job(job.id, "shop");
    worker.poll(0s);
    CHECK(thrown == "invalid_state: the run has ended, or belongs to another worker: roll back what it did");
    CHECK(shop.orders() == "0");
    CHECK(shop.scheduler.get_run(run->id, "shop")->status == JobRunStatus::pending);
}

// ---- refusals
// --------------------------------------------------------------------------------------------------------

TEST_CASE("sqlite transaction: a connection that cannot do it is refused, and left as it was") {
    Shop shop;
    const support::HostConnection elsewhere(":memory:");
    CHECK(thrown_by([&] { SqliteTransaction(shop.storage, elsewhere); }) ==
          "invalid_state: the host's connection is to \"\", the storage is in \"" + shop.file.path() +
              "\": hand in a connection to the same file, or let the storage adopt this one");
    REQUIRE(shop.db.run("BEGIN") == SQLITE_OK);
    CHECK(thrown_by([&] { SqliteTransaction(shop.storage, shop.db); }) ==
          "invalid_state: the host's transaction does not have the lock for writing: begin it by BEGIN IMMEDIATE");
    CHECK(sqlite3_get_autocommit(shop.db) == 0);
    REQUIRE(shop.db.run("ROLLBACK") == SQLITE_OK);
}

TEST_CASE("sqlite transaction: what would wait for itself, or reach beyond the transaction, is refused") {
    Shop shop;
    const auto other = shop.open();
    SchedulerFacade<SqliteStorage> others(other, {.clock = shop.clock});
    Worker worker{shop.scheduler};
    SqliteTransaction transaction(shop.storage, shop.db);
    const support::HostConnection second(shop.file.path());
    CHECK(thrown_by([&] { SqliteTransaction(shop.storage, second); }) ==
          "transaction_open: this thread has a transaction on this database open already");
    CHECK(thrown_by([&] { others.create_job("shop", mail); }) ==
          "transaction_open: this thread has a transaction on \"" + shop.file.path() +
              "\" open by another storage: call that one, or end the transaction first");
    CHECK(others.count_jobs("shop") == 0);
    CHECK(thrown_by([&] { worker.poll(); }) ==
          "transaction_open: a worker cannot work inside a transaction of the host: end the transaction first");
    transaction.commit();
    CHECK(worker.poll() == 0);
}

TEST_CASE("sqlite transaction: it ends once, by the scope and not behind its back") {
    Shop shop;
    {
        SqliteTransaction transaction(shop.storage, shop.db);
        shop.scheduler.create_job("shop", mail);
        transaction.commit();
        CHECK(thrown_by([&] { transaction.commit(); }) == "invalid_state: the transaction has ended");
        transaction.rollback();
    }
    {
        SqliteTransaction transaction(shop.storage, shop.db);
        REQUIRE(shop.db.run("COMMIT") == SQLITE_OK);
        CHECK(thrown_by([&] { transaction.commit(); }) ==
              "invalid_state: the transaction was ended by a statement of the host: end it by "
              "SqliteTransaction::commit()");
    }
    CHECK(shop.scheduler.count_jobs("shop") == 1);
}
