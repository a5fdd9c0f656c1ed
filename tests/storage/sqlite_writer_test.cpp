// SPDX-License-Identifier: MIT
// sqlite_writer_test.cpp - writes share commits, fail alone or together as they should, and wait for other processes.
#include "carillon/storage/detail/sqlite_writer.hpp"

#include "support/catch.hpp"
#include "support/sqlite.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;
using detail::SqliteNews;
using support::thrown_by;
using support::TinyTables;

namespace {

/// A writer on a file, whose commits are counted and can be made to fail.
struct Bench {
    support::TemporaryDatabase file;
    detail::SqliteConnection* db = nullptr;
    std::vector<SqliteNews> told{};
    std::function<void()> when_told{};
    int commits = 0;
    bool refuse_commits = false;
    std::unique_ptr<detail::SqliteWriter<TinyTables>> writer;

    Bench() {
        const auto migrations = TinyTables::migrations();
        auto opened = detail::open_writer(file.path(), {}, migrations);
        db = opened.get();
        sqlite3_commit_hook(db->handle(), on_commit, this);
        detail::SqliteWriterHooks hooks;
        hooks.after_commit = [this](const SqliteNews& news) {
            told.push_back(news);
            if (when_told) when_told();
        };
        writer = std::make_unique<detail::SqliteWriter<TinyTables>>(std::move(opened), std::move(hooks), nullptr);
    }

    static int on_commit(void* self) {
        auto& bench = *static_cast<Bench*>(self);
        ++bench.commits;
        return bench.refuse_commits ? 1 : 0;
    }

    int put(const std::string& word) {
        return writer->write([&](TinyTables& tables) { return tables.put(word); });
    }
    std::int64_t count() {
        return writer->write([](TinyTables& tables) { return tables.count(); });
    }
    bool has(const std::string& word) {
        return writer->write([&](TinyTables& tables) { return tables.has(word); });
    }

    /// Lets all commands come together in one group: they gather while the role is held.
    void together(const std::vector<std::function<void()>>& commands) {
        writer->hold();
        std::vector<std::thread> threads;
        for (const auto& command : commands) {
            const std::size_t before = writer->waiting();
            threads.emplace_back(command);
            while (writer->waiting() == before)
                std::this_thread::yield();
        }
        writer->let_go();
        for (std::thread& thread : threads)
            thread.join();
    }
};

} // namespace

TEST_CASE("sqlite writer: a command that comes alone is committed alone, at once") {
    Bench bench;
    CHECK(bench.put("one") == 1);
    CHECK(bench.put("two") == 1);
    CHECK(bench.commits == 2);
    CHECK(bench.count() == 2);
}

TEST_CASE("sqlite writer: what has gathered shares one commit", "[concurrent]") {
    Bench bench;
    std::vector<std::function<void()>> commands;
    for (int i = 0; i < 12; ++i)
        commands.emplace_back([&bench, i] { bench.put("word " + std::to_string(i)); });
    bench.together(commands);
    CHECK(bench.commits == 1);
    CHECK(bench.count() == 12);
}

TEST_CASE("sqlite writer: a command that throws writes nothing and harms no other of its group", "[concurrent]") {
    Bench bench;
    std::string thrown;
    bench.together({
        [&] { bench.put("before"); },
        [&] {
            thrown = thrown_by([&] {
                bench.writer->write([](TinyTables& tables) -> int {
                    tables.put("half");
                    throw std::runtime_error("no more");
                });
            });
        },
        [&] { bench.put("after"); },
    });
    CHECK(thrown == "no more");
    CHECK(bench.commits == 1);
    CHECK(bench.has("before"));
    CHECK_FALSE(bench.has("half"));
    CHECK(bench.has("after"));
}

TEST_CASE("sqlite writer: a command that throws alone writes nothing") {
    Bench bench;
    CHECK_THROWS_AS(bench.writer->write([](TinyTables& tables) -> int {
        tables.put("half");
        throw std::runtime_error("no more");
    }),
                    std::runtime_error);
    CHECK(bench.count() == 0);
    CHECK(bench.put("next") == 1);
}

TEST_CASE("sqlite writer: where the commit fails, every command of the group throws and nothing is written",
          "[concurrent]") {
    Bench bench;
    bench.refuse_commits = true;
    std::vector<std::string> thrown(3);
    std::vector<std::function<void()>> commands;
    for (std::string& each : thrown)
        commands.emplace_back(
            [&] { each = thrown_by([&] { bench.put("word " + std::to_string(&each - &thrown[0])); }); });
    bench.together(commands);
    for (const std::string& each : thrown)
        CHECK(each.find("SQLite could not run 'COMMIT'") != std::string::npos);
    bench.refuse_commits = false;
    CHECK(bench.count() == 0);
    CHECK(bench.put("next") == 1);
}

TEST_CASE("sqlite writer: a full disk ends the whole group, and the writer goes on when there is room again",
          "[concurrent]") {
    Bench bench;
    bench.put("small");
    bench.writer->exclusively([](detail::SqliteConnection& db) { db.script("PRAGMA max_page_count = 1"); });
    const std::string large(100'000, 'x');
    std::vector<std::string> thrown(2);
    bench.together({
        [&] { thrown[0] = thrown_by([&] { bench.put("tiny"); }); },
        [&] { thrown[1] = thrown_by([&] { bench.put(large); }); },
    });
    for (const std::string& each : thrown)
        CHECK(each.find("(SQLITE_FULL). Make room on the disk, and try again.") != std::string::npos);
    bench.writer->exclusively([](detail::SqliteConnection& db) { db.script("PRAGMA max_page_count = 1000000"); });
    CHECK(bench.count() == 1);
    CHECK(bench.put(large) == 1);
}

TEST_CASE("sqlite writer: news is told once a group, after the commit, and whoever hears it may write") {
    Bench bench;
    bench.when_told = [&] {
        if (bench.told.size() == 1) bench.put("by the listener");
    };
    bench.writer->write([](TinyTables& tables) { return tables.put_news("word", {.work = true}); });
    REQUIRE(bench.told.size() == 1);
    CHECK(bench.told[0].work);
    CHECK_FALSE(bench.told[0].stop);
    CHECK(bench.has("by the listener"));
    CHECK_THROWS(bench.writer->write([](TinyTables& tables) -> int {
        tables.put_news("other", {.work = true});
        throw std::runtime_error("no more");
    }));
    bench.put("last");
    CHECK(bench.told.size() == 1);
}

TEST_CASE("sqlite writer: a command that calls the writer again is refused, not left waiting for itself") {
    Bench bench;
    const std::string thrown = thrown_by([&] { bench.writer->write([&](TinyTables&) { return bench.put("inner"); }); });
    CHECK(thrown == "invalid_state: a function that was handed to the storage must not call the storage");
    CHECK(bench.count() == 0);
}

TEST_CASE("sqlite writer: another connection that keeps the lock makes it throw in time, and it goes on afterwards") {
    Bench bench;
    detail::set_busy_timeout(bench.db->handle(), std::chrono::milliseconds{20});
    const support::HostConnection other(bench.file.path());
    REQUIRE(other.run("BEGIN IMMEDIATE") == SQLITE_OK);
    CHECK(thrown_by([&] { bench.put("word"); }) ==
          "unavailable: SQLite could not run 'BEGIN IMMEDIATE': database is locked (SQLITE_BUSY). Another process or "
          "connection holds the database: end its transaction, and try again.");
    REQUIRE(other.run("COMMIT") == SQLITE_OK);
    CHECK(bench.put("word") == 1);
}

TEST_CASE("sqlite writer: threads of several writers on one file never see BUSY", "[concurrent]") {
    const support::TemporaryDatabase file;
    std::vector<std::unique_ptr<support::TinyCore>> cores;
    for (int i = 0; i < 3; ++i)
        cores.push_back(std::make_unique<support::TinyCore>(file.path(), SqliteOptions{}, TinyTables::migrations()));
    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&, i] {
            for (int word = 0; word < 50; ++word)
                if (thrown_by([&] {
                        cores[static_cast<std::size_t>(i % 3)]->write([&](TinyTables& tables) {
                            return tables.put(std::to_string(i) + "/" + std::to_string(word));
                        });
                    }) != "nothing")
                    ++failed;
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(failed == 0);
    CHECK(cores[0]->read([](TinyTables& tables) { return tables.count(); }) == 6 * 50 + 1); // and "leases ended"
}
