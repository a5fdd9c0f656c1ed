// SPDX-License-Identifier: MIT
// sqlite_durable_test.cpp - what a storage waits for the disk with, and what it does where the disk fails then.
#include "carillon/carillon.hpp"
#include "carillon/storage/sqlite.hpp"
#include "carillon/testing/manual_clock.hpp"

#include "support/catch.hpp"
#include "support/faulty_vfs.hpp"
#include "support/sqlite_storage.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

using namespace carillon;
using support::FileCall;

namespace {

/// A storage on a disk that counts its syncs, with one run to claim.
struct OnDisk {
    support::FaultyVfs disk{};
    support::TemporaryDatabase file{};
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<SqliteStorage> storage;
    SchedulerFacade<SqliteStorage> scheduler;

    OnDisk(SqliteSynchronous synchronous, DeliveryMode delivery)
        : storage(SqliteStorage::open(file.path(), {.synchronous = synchronous, .lease_clock = clock}))
        , scheduler(storage, {.clock = clock}) {
        JobSpec spec{.name = "job", .schedule = "@daily", .action = {{"type", "work"}}};
        spec.policies.delivery = delivery;
        scheduler.trigger_job(scheduler.create_job("acme", spec).id, "acme");
        disk.fail({.call = FileCall::open, .first = support::Fault::for_ever}); // from now on it counts
    }

    [[nodiscard]] ClaimResult claim() const {
        ClaimRequest request;
        request.worker = "w";
        request.filter.action_types = {"work"};
        request.now = clock->now();
        return storage->claim(request);
    }
    [[nodiscard]] std::size_t syncs() const { return disk.calls(FileCall::sync); }
};

} // namespace

TEST_CASE("sqlite durable: a claim is on the disk before its run is handed out, if that may happen only once") {
    OnDisk once(SqliteSynchronous::normal, DeliveryMode::at_most_once);
    CHECK(once.claim().runs.size() == 1);
    CHECK(once.syncs() == 1);
    CHECK(once.claim().runs.empty());
    CHECK(once.syncs() == 1);
}

TEST_CASE("sqlite durable: other claims wait for the disk only where everything does") {
    {
        const OnDisk again(SqliteSynchronous::normal, DeliveryMode::at_least_once);
        CHECK(again.claim().runs.size() == 1);
        CHECK(again.syncs() == 0);
    }
    const OnDisk full(SqliteSynchronous::full, DeliveryMode::at_most_once);
    CHECK(full.claim().runs.size() == 1);
    CHECK(full.syncs() == 1);
}

TEST_CASE("sqlite durable: a worker that has nothing to do writes nothing") {
    OnDisk idle(SqliteSynchronous::normal, DeliveryMode::at_least_once);
    Worker worker{idle.scheduler};
    worker.handle("work", [](RunContext&) {});
    while (worker.poll() > 0) {
    }
    idle.disk.fail({.call = FileCall::open, .first = support::Fault::for_ever});
    for (int turn = 0; turn < 3; ++turn) {
        CHECK(worker.poll() == 0);
        idle.clock->advance(std::chrono::seconds{20}); // beyond its next look for what is abandoned or old
    }
    CHECK(idle.disk.calls(FileCall::write) == 0);
}

TEST_CASE("sqlite durable: a claim that does not reach the disk hands out nothing, and nobody else gets the run") {
    OnDisk once(SqliteSynchronous::normal, DeliveryMode::at_most_once);
    once.disk.fail({.call = FileCall::sync, .code = SQLITE_IOERR_FSYNC});
    CHECK(
        support::thrown_by([&] { static_cast<void>(once.claim()); }) ==
        "unavailable: SQLite could not sync its log: disk I/O error (SQLITE_IOERR_FSYNC). Look after the disk, and try "
        "again; integrity_check() says whether the file is whole.");
    CHECK(once.claim().runs.empty());
    CHECK(once.storage->integrity_check().empty());
}
