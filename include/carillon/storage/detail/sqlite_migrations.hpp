// SPDX-License-Identifier: MIT
// storage/detail/sqlite_migrations.hpp - whose file is it, and which tables does it have?
//
// Migrations are numbered by their place, from 1, and only go forward: all that are missing run in one transaction.
// What is no file of ours is left as it is.
#pragma once

#include "carillon/storage/detail/sqlite_api.hpp"
#include "carillon/storage/detail/sqlite_files.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace carillon::detail {

/// Rolls back unless it was committed.
class SqliteTransactionGuard {
public:
    /// Throws SqliteError where the lock is not to be had in time.
    explicit SqliteTransactionGuard(SqliteConnection& db)
        : db_(db) {
        db_.execute("BEGIN IMMEDIATE");
    }
    SqliteTransactionGuard(const SqliteTransactionGuard&) = delete;
    SqliteTransactionGuard& operator=(const SqliteTransactionGuard&) = delete;
    ~SqliteTransactionGuard() {
        if (!committed_ && !db_.in_autocommit()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }

    void commit() {
        db_.execute("COMMIT");
        committed_ = true;
    }

private:
    SqliteConnection& db_;
    bool committed_ = false;
};

/// "Cari", in the header of files that are ours alone.
inline constexpr std::int64_t sqlite_application_id = 0x4361'7269;

struct SqliteFileState {
    std::int64_t application_id = 0;
    bool has_tables = false;
    /// Empty where our tables are not there.
    std::optional<std::int64_t> schema_version = std::nullopt;
};

[[nodiscard]] inline SqliteFileState read_file_state(SqliteConnection& db) {
    SqliteFileState state;
    const auto number = [&](const char* sql) {
        SqliteRows rows = db.query(sql);
        rows.next();
        return rows.integer(0);
    };
    state.application_id = number("PRAGMA application_id");
    state.has_tables = number("SELECT EXISTS (SELECT 1 FROM sqlite_master)") != 0;
    if (number("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'carillon_storage')") != 0)
        state.schema_version = number("SELECT schema_version FROM carillon_storage");
    return state;
}

/// Whether migrations are missing. Refuses files of other programs and of newer versions of this library.
[[nodiscard]] inline bool
needs_migration(const SqliteFileState& state, std::int64_t newest, const std::string& path, bool in_host_file) {
    if (state.schema_version) {
        if (*state.schema_version <= newest) return *state.schema_version < newest;
        refuse_database(path,
                        "a newer Carillon has written it: its schema has version " +
                            std::to_string(*state.schema_version) + ", this one knows " + std::to_string(newest),
                        "update this program, or put a copy from before in its place");
    }
    const bool foreign_id = state.application_id != 0 && state.application_id != sqlite_application_id;
    if (!in_host_file && (foreign_id || state.has_tables))
        refuse_database(path,
                        foreign_id ? "it belongs to another program: its application_id is " +
                                         std::to_string(state.application_id)
                                   : "it has tables of another program",
                        "name another file, or set in_host_file where the host keeps its own tables there");
    return true;
}

inline void create_storage_table(SqliteConnection& db) {
    db.script("CREATE TABLE carillon_storage ("
              "id INTEGER PRIMARY KEY CHECK (id = 1), schema_version INTEGER NOT NULL, boot_id TEXT NOT NULL, "
              "work_news INTEGER NOT NULL, stop_news INTEGER NOT NULL);"
              "INSERT INTO carillon_storage VALUES (1, 0, '', 0, 0)");
}

/// Brings the file up to the last of `migrations`, or refuses it and changes nothing. Waits for other processes that
/// do the same. A file that nobody has used gets our application_id.
inline void
migrate(SqliteConnection& db, const std::string& path, std::span<const std::string> migrations, bool in_host_file) {
    const auto newest = static_cast<std::int64_t>(migrations.size());
    if (!needs_migration(read_file_state(db), newest, path, in_host_file)) return;
    SqliteTransactionGuard transaction(db);
    const SqliteFileState state = read_file_state(db); // as it is now that nobody else can write
    if (!needs_migration(state, newest, path, in_host_file)) return;
    if (!state.schema_version) create_storage_table(db);
    if (!state.has_tables) db.script(("PRAGMA application_id = " + std::to_string(sqlite_application_id)).c_str());
    for (const std::string& sql : migrations.subspan(static_cast<std::size_t>(state.schema_version.value_or(0))))
        db.script(sql.c_str());
    db.execute("UPDATE carillon_storage SET schema_version = ?1", newest);
    transaction.commit();
}

} // namespace carillon::detail
