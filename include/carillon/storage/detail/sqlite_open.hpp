// SPDX-License-Identifier: MIT
// storage/detail/sqlite_open.hpp - connections to a database file, set up as the storage needs them.
#pragma once

#include "carillon/detail/validate.hpp"
#include "carillon/storage/detail/sqlite_api.hpp"
#include "carillon/storage/detail/sqlite_files.hpp"
#include "carillon/storage/detail/sqlite_migrations.hpp"
#include "carillon/storage/detail/sqlite_options.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace carillon::detail {

inline constexpr const char* sqlite_memory_path = ":memory:";
/// With UPDATE ... RETURNING.
inline constexpr int oldest_sqlite = 3'035'000;

// ---- waiting for locks
// -----------------------------------------------------------------------------------------------

/// On average, before a lock is tried again.
inline constexpr int busy_delay_ms = 4;

/// SQLite's own waits grow to 100 ms, and several processes starve each other with them. These stay short and differ.
inline int wait_while_busy(void* timeout_ms, int tries) {
    if (std::intptr_t{tries} * busy_delay_ms >= reinterpret_cast<std::intptr_t>(timeout_ms)) return 0;
    unsigned char chance = 0;
    sqlite3_randomness(1, &chance);
    sqlite3_sleep(1 + chance % (2 * busy_delay_ms - 1));
    return 1;
}

inline void set_busy_timeout(sqlite3* db, Duration timeout) {
    const auto milliseconds = static_cast<std::intptr_t>(timeout / std::chrono::milliseconds{1});
    sqlite3_busy_handler(db, wait_while_busy, reinterpret_cast<void*>(milliseconds));
}

// ---- opening
// ---------------------------------------------------------------------------------------------------------

inline void check_sqlite_options(const std::string& path, const SqliteOptions& options) {
    if (path.empty()) refuse(Errc::required, "path", "must not be empty");
    if (path.find('\0') != std::string::npos) refuse(Errc::invalid_character, "path", "must not contain a zero byte");
    check_range("busy_timeout", options.busy_timeout, Duration{0}, Duration{std::chrono::hours{1}}, "0 to 1 h");
    check_range<std::size_t>("readers", options.readers, 1, 64, "1 to 64");
    if (!options.clock) refuse(Errc::required, "clock", "must not be null");
    if (!options.vfs.empty() && sqlite3_vfs_find(options.vfs.c_str()) == nullptr)
        refuse(Errc::out_of_range, "vfs", "expected the name of a VFS that SQLite knows, saw \"" + options.vfs + "\"");
    if (sqlite3_libversion_number() < oldest_sqlite)
        refuse_database(path, std::string("SQLite 3.35 or newer is needed, saw ") + sqlite3_libversion(), "update it");
    if (sqlite3_threadsafe() == 0)
        refuse_database(path, "SQLite was built without threads", "build it with SQLITE_THREADSAFE 1 or 2");
}

/// An open file, not looked at yet. Throws SqliteError.
[[nodiscard]] inline std::unique_ptr<SqliteConnection> open_connection(const std::string& path,
                                                                       const SqliteOptions& options) {
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    sqlite3* db = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &db, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
    auto connection = std::make_unique<SqliteConnection>(db, true); // closes one that could not be opened, too
    if (code != SQLITE_OK) throw sqlite_error(db, "open it");
    set_busy_timeout(db, options.busy_timeout);
    return connection;
}

[[nodiscard]] inline std::string pragma(SqliteConnection& db, const char* sql) {
    SqliteRows rows = db.query(sql);
    return rows.next() ? rows.text(0) : std::string();
}

/// SQLite does not wait where two connections switch at one time: it calls one of them BUSY at once.
inline void switch_to_wal(SqliteConnection& db, const std::string& path, const SqliteOptions& options) {
    for (Duration waited{0}; pragma(db, "PRAGMA journal_mode") != "wal"; waited += std::chrono::milliseconds{10}) {
        try {
            const std::string mode = pragma(db, "PRAGMA journal_mode = WAL");
            if (mode == "wal") return;
            refuse_database(path,
                            "SQLite could not switch it to a write-ahead log; its journal is \"" + mode + "\"",
                            "keep it on a disk of this machine, and in no VFS without shared memory");
        } catch (const SqliteError& error) {
            if (error.primary() != SQLITE_BUSY || waited >= options.busy_timeout) throw;
        }
        sqlite3_sleep(10);
    }
}

inline void set_up_connection(SqliteConnection& db, const SqliteOptions& options) {
    db.script(options.synchronous == SqliteSynchronous::full ? "PRAGMA synchronous = FULL"
                                                             : "PRAGMA synchronous = NORMAL");
    db.script("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;"
              "PRAGMA journal_size_limit = 67108864");
}

/// Moves what is in the log into the database, as far as nobody reads it. Who opens the file after a crash has to read
/// the whole log: if it crashed again before there is enough of it for a checkpoint, the log and the time to open the
/// file would grow with every crash. One that fails is no matter: nothing is lost.
inline void shorten_log(SqliteConnection& db) noexcept {
    sqlite3_wal_checkpoint_v2(db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

/// The connection that writes, to a file that has all tables of `migrations`. Refuses what cannot be a database of ours
/// in a sentence that says what to do, and leaves it as it is.
[[nodiscard]] inline std::unique_ptr<SqliteConnection>
open_writer(const std::string& path, const SqliteOptions& options, std::span<const std::string> migrations) {
    const bool in_memory = path == sqlite_memory_path;
    if (!in_memory) check_database_path(path, options);
    auto db = open_connection(path, options);
    const auto newest = static_cast<std::int64_t>(migrations.size());
    static_cast<void>(needs_migration(read_file_state(*db), newest, path, options.in_host_file));
    if (!in_memory) switch_to_wal(*db, path, options);
    set_up_connection(*db, options);
    migrate(*db, path, migrations, options.in_host_file);
    if (!in_memory) shorten_log(*db);
    return db;
}

/// A connection that cannot write.
[[nodiscard]] inline std::unique_ptr<SqliteConnection> open_reader(const std::string& path,
                                                                   const SqliteOptions& options) {
    auto db = open_connection(path, options);
    set_up_connection(*db, options);
    db->script("PRAGMA query_only = ON");
    return db;
}

/// What `open` throws, with the name of the file in front.
template <class Open>
auto naming_the_file(const std::string& path, Open open) {
    try {
        return open();
    } catch (const SqliteError& error) {
        throw Error(error.code(), "database \"" + path + "\": " + error.what(), "path");
    }
}

} // namespace carillon::detail
