// SPDX-License-Identifier: MIT
// sqlite_watch_test.cpp - who watches a storage hears of its changes at once, and of other processes' in time.
#include "carillon/storage/detail/sqlite_core.hpp"
#include "carillon/testing/manual_clock.hpp"

#include "support/catch.hpp"
#include "support/sqlite.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

using namespace carillon;
using namespace std::chrono_literals;
using support::TinyCore;
using support::TinyTables;

namespace {

/// Two storages on one file, as two processes have them, and what each was told.
struct Pair {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    support::TemporaryDatabase file;
    TinyCore here{file.path(), {.clock = clock}, TinyTables::migrations()};
    TinyCore there{file.path(), {.clock = clock}, TinyTables::migrations()};
    int words = 0;

    void write(TinyCore& core, detail::SqliteNews news) {
        core.write([&](TinyTables& tables) { return tables.put_news("word " + std::to_string(++words), news); });
    }
    /// Time goes on; whoever looks for changes has looked when this returns.
    void pass(Duration time) {
        wait_for_sleeper();
        clock->advance(time);
        wait_for_sleeper();
    }
    void wait_for_sleeper() const {
        while (clock->sleepers() == 0)
            std::this_thread::yield();
    }
};

/// Counts, from any thread.
class Ear {
public:
    explicit Ear(TinyCore& core)
        : handle_(core.watch([this](StorageNews news) {
            const std::lock_guard lock(mutex_);
            heard_ += news == StorageNews::work ? 'w' : 's';
        })) {}

    /// What was heard since the last call: "ws" is work, then stop.
    [[nodiscard]] std::string heard() {
        const std::lock_guard lock(mutex_);
        return std::exchange(heard_, "");
    }
    void stop() { handle_.reset(); }

private:
    std::mutex mutex_;
    std::string heard_;
    WatchHandle handle_;
};

} // namespace

TEST_CASE("sqlite watch: a change by another process is heard of within 250 ms", "[concurrent]") {
    Pair pair;
    Ear ear(pair.here);
    pair.write(pair.there, {.work = true});
    CHECK(ear.heard().empty());
    pair.pass(200ms);
    CHECK(ear.heard() == "w");
    pair.pass(200ms);
    CHECK(ear.heard().empty());
    pair.write(pair.there, {.stop = true});
    pair.write(pair.there, {.stop = true});
    pair.pass(200ms);
    CHECK(ear.heard() == "s");
}

TEST_CASE("sqlite watch: what concerns nobody is not told", "[concurrent]") {
    Pair pair;
    Ear ear(pair.here);
    pair.write(pair.there, {});
    pair.write(pair.here, {});
    pair.pass(200ms);
    CHECK(ear.heard().empty());
}

TEST_CASE("sqlite watch: a change of one's own is told before its call returns, and once", "[concurrent]") {
    Pair pair;
    Ear ear(pair.here);
    pair.write(pair.here, {.work = true, .stop = true});
    CHECK(ear.heard() == "ws");
    pair.pass(200ms);
    CHECK(ear.heard().empty());
}

TEST_CASE("sqlite watch: another's change is not lost behind one's own", "[concurrent]") {
    Pair pair;
    Ear ear(pair.here);
    pair.write(pair.there, {.work = true});
    pair.write(pair.here, {.work = true});
    CHECK(ear.heard() == "w");
    pair.pass(200ms);
    CHECK(ear.heard().find('w') != std::string::npos);
}

TEST_CASE("sqlite watch: nobody looks where nobody watches", "[concurrent]") {
    Pair pair;
    {
        Ear first(pair.here);
        Ear second(pair.here);
        pair.wait_for_sleeper();
        CHECK(pair.clock->sleepers() == 1);
        first.stop();
        CHECK(pair.clock->sleepers() == 1);
        pair.write(pair.there, {.work = true});
        pair.pass(200ms);
        CHECK(first.heard().empty());
        CHECK(second.heard() == "w");
    }
    CHECK(pair.clock->sleepers() == 0);
}

TEST_CASE("sqlite watch: a callback may end its own watch, and the storage may be gone then", "[concurrent]") {
    Pair pair;
    auto core =
        std::make_unique<TinyCore>(pair.file.path(), SqliteOptions{.clock = pair.clock}, TinyTables::migrations());
    WakeSignal ended;
    WatchHandle handle;
    handle = core->watch([&](StorageNews) {
        handle.reset();
        ended.notify();
    });
    pair.write(pair.there, {.work = true});
    pair.wait_for_sleeper();
    pair.clock->advance(200ms);
    ended.wait();
    core.reset();
    CHECK(pair.clock->sleepers() == 0);
}
