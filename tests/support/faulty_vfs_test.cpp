// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temporary_folder.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using support::Fault;
using support::FaultyVfs;
using support::FileCall;
using support::Survivors;
using support::TemporaryFolder;

namespace {

class Database {
public:
    explicit Database(const std::string& path, const std::string& settings = "PRAGMA journal_mode = WAL") {
        opened = sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
        if (opened == SQLITE_OK) opened = run(settings);
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() { sqlite3_close(db_); }

    /// The extended result.
    int run(const std::string& sql) {
        sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
        return sqlite3_extended_errcode(db_) == SQLITE_DONE ? SQLITE_OK : sqlite3_extended_errcode(db_);
    }

    /// The first column of the first row, or the error.
    std::string ask(const std::string& sql) {
        std::string answer = "no answer";
        const auto take = [](void* out, int, char** values, char**) {
            *static_cast<std::string*>(out) = values[0] ? values[0] : "NULL";
            return 1; // one row is enough
        };
        const int code = sqlite3_exec(db_, sql.c_str(), take, &answer, nullptr);
        return code == SQLITE_OK || code == SQLITE_ABORT ? answer : sqlite3_errmsg(db_);
    }

    int opened = SQLITE_OK;

private:
    sqlite3* db_ = nullptr;
};

constexpr const char* make_table = "CREATE TABLE IF NOT EXISTS word(n INTEGER PRIMARY KEY, text)";

/// A word that fills more than a page.
std::string add_word(int n) {
    return "INSERT INTO word VALUES(" + std::to_string(n) + ", hex(randomblob(2500)))";
}

/// Which of five words were taken; the connection goes afterwards, and checkpoints.
std::vector<bool> write_words(const std::string& path) {
    Database db(path);
    db.run(make_table);
    std::vector<bool> taken;
    for (int n = 0; n < 5; ++n)
        taken.push_back(db.run(add_word(n)) == SQLITE_OK);
    return taken;
}

} // namespace

TEST_CASE("faulty disk: it is SQLite's default while it exists, counts calls, and does no harm by itself") {
    const TemporaryFolder folder;
    sqlite3_vfs* const before = sqlite3_vfs_find(nullptr);
    {
        FaultyVfs disk;
        CHECK(sqlite3_vfs_find(nullptr) != before);
        CHECK(write_words(folder.file("words.db")) == std::vector<bool>(5, true));
        for (const FileCall call : {FileCall::open,
                                    FileCall::read,
                                    FileCall::write,
                                    FileCall::sync,
                                    FileCall::size,
                                    FileCall::remove,
                                    FileCall::lock,
                                    FileCall::shm_map,
                                    FileCall::shm_lock})
            CHECK(disk.calls(call) > 0);
        CHECK(disk.failed() == 0);
    }
    CHECK(sqlite3_vfs_find(nullptr) == before);
    Database db(folder.file("words.db"));
    CHECK(db.ask("SELECT count(*) FROM word") == "5");
}

TEST_CASE("faulty disk: the call that shall fail fails with the code given, and the next one does not") {
    struct Row {
        FileCall call;
        int code;
        std::string sql;
    };
    const Row rows[] = {
        {FileCall::write, SQLITE_FULL, add_word(1)},
        {FileCall::write, SQLITE_IOERR_WRITE, add_word(1)},
        {FileCall::sync, SQLITE_IOERR_FSYNC, add_word(1)},
        {FileCall::shm_lock, SQLITE_IOERR_SHMLOCK, add_word(1)},
        {FileCall::truncate, SQLITE_IOERR_TRUNCATE, "PRAGMA wal_checkpoint(TRUNCATE)"},
    };
    for (const Row& row : rows) {
        const TemporaryFolder folder;
        FaultyVfs disk;
        Database db(folder.file("words.db"), "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
        REQUIRE(db.run(make_table) == SQLITE_OK);
        REQUIRE(db.run(add_word(0)) == SQLITE_OK);
        disk.fail({row.call, row.code});
        CHECK(db.run(row.sql) == row.code);
        CHECK(disk.failed() == 1);
        CHECK(db.run(row.sql) == SQLITE_OK);
        CHECK(db.ask("PRAGMA integrity_check") == "ok");
    }
}

TEST_CASE("faulty disk: a database that cannot be read, or whose log cannot, is an error until that is mended") {
    struct Row {
        FileCall call;
        int code;
    };
    for (const Row& row : {Row{FileCall::read, SQLITE_IOERR_READ},
                           Row{FileCall::read_log, SQLITE_IOERR_READ},
                           Row{FileCall::read_log, SQLITE_IOERR_SHORT_READ}}) {
        const TemporaryFolder folder;
        FaultyVfs disk;
        Database keeps_the_log(folder.file("words.db"));
        keeps_the_log.ask("SELECT count(*) FROM sqlite_master");
        write_words(folder.file("words.db"));
        disk.fail({row.call, row.code, 1, Fault::for_ever});
        {
            Database db(folder.file("words.db"), "PRAGMA journal_mode");
            CHECK(db.run("SELECT * FROM word") == row.code);
        }
        CHECK(disk.failed() > 0);
        disk.mend();
        Database db(folder.file("words.db"));
        CHECK(db.ask("SELECT count(*) FROM word") == "5");
        CHECK(db.ask("PRAGMA integrity_check") == "ok");
    }
}

TEST_CASE("faulty disk: from the n-th call on all of them fail") {
    const TemporaryFolder folder;
    FaultyVfs disk;
    Database db(folder.file("words.db"));
    REQUIRE(db.run(make_table) == SQLITE_OK);
    disk.fail({FileCall::write, SQLITE_FULL, 8, Fault::for_ever});
    std::size_t taken = 0;
    for (int n = 0; n < 5; ++n)
        taken += db.run(add_word(n)) == SQLITE_OK;
    CHECK(taken > 0);
    CHECK(taken < 4);
    CHECK(db.run(add_word(9)) == SQLITE_FULL);
    disk.mend();
    CHECK(db.run(add_word(9)) == SQLITE_OK);
    CHECK(db.ask("SELECT count(*) FROM word") == std::to_string(taken + 1));
}

TEST_CASE("faulty disk: whichever write fails, SQLite keeps what it has taken") {
    std::size_t writes = 0;
    {
        const TemporaryFolder folder;
        FaultyVfs disk;
        write_words(folder.file("words.db"));
        writes = disk.calls(FileCall::write);
    }
    REQUIRE(writes > 20);
    std::size_t refused = 0;
    for (std::size_t n = 1; n <= writes; ++n) {
        const TemporaryFolder folder;
        FaultyVfs disk;
        disk.fail({FileCall::write, SQLITE_FULL, n});
        const std::vector<bool> taken = write_words(folder.file("words.db"));
        disk.mend();
        Database db(folder.file("words.db"));
        CHECK(db.ask("PRAGMA integrity_check") == "ok");
        for (std::size_t word = 0; word < taken.size(); ++word) {
            if (taken[word])
                CHECK(db.ask("SELECT n FROM word WHERE n = " + std::to_string(word)) == std::to_string(word));
            refused += !taken[word];
        }
    }
    CHECK(refused > 5);
}

namespace {

/// Writes words, and takes an image of the disk after every fifth of its changes, with the words taken by then.
struct Session {
    Session(const std::string& path, const std::string& settings) {
        FaultyVfs disk;
        Database db(path, settings);
        db.run(make_table);
        db.run("PRAGMA wal_checkpoint"); // no session begins without the table
        std::size_t changes = 0;
        disk.on_change([&] {
            if (++changes % 5 == 0) images.emplace_back(disk.files(), taken);
        });
        for (int n = 0; n < 15; ++n) {
            db.run(add_word(n));
            if (n % 2 == 0) taken.push_back(n);
            if (n % 5 == 4) db.run("DELETE FROM word WHERE n % 2 = 1; PRAGMA wal_checkpoint");
        }
        disk.on_change({});
    }

    std::vector<int> taken{}; // those that are not deleted afterwards
    std::vector<std::pair<support::DiskFiles, std::vector<int>>> images{};
};

struct Losses {
    std::size_t lost = 0;
    std::size_t damaged = 0;
};

/// Over all images of a session.
Losses losses_of(const std::string& settings, Survivors survivors) {
    const TemporaryFolder origin;
    const Session session(origin.file("words.db"), settings);
    Losses losses;
    std::uint64_t seed = 1;
    for (const auto& [files, taken] : session.images) {
        const TemporaryFolder folder;
        write_after_power_loss(files, folder.path(), survivors, seed++);
        Database db(folder.file("words.db"), "PRAGMA synchronous = OFF");
        losses.damaged += db.ask("PRAGMA integrity_check") != "ok";
        for (const int n : taken)
            losses.lost += db.ask("SELECT n FROM word WHERE n = " + std::to_string(n)) != std::to_string(n);
    }
    return losses;
}

} // namespace

TEST_CASE("faulty disk: a power loss takes nothing that was synced, and whatever else it likes") {
    const std::string wal = "PRAGMA journal_mode = WAL; PRAGMA synchronous = ";
    for (const Survivors survivors : {Survivors::none, Survivors::some, Survivors::torn}) {
        const Losses full = losses_of(wal + "FULL", survivors);
        CHECK(full.lost == 0);
        CHECK(full.damaged == 0);
        const Losses normal = losses_of(wal + "NORMAL", survivors);
        CHECK(normal.lost > 0);
        CHECK(normal.damaged == 0);
    }
}

TEST_CASE("faulty disk: a power loss damages the file of a connection that does not sync") {
    CHECK(losses_of("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF", Survivors::some).damaged > 0);
    CHECK(losses_of("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF", Survivors::torn).damaged > 0);
}
