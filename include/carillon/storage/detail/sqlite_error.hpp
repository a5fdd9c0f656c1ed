// SPDX-License-Identifier: MIT
// storage/detail/sqlite_error.hpp - what SQLite refused, as the library's own error.
#pragma once

#include "carillon/error.hpp"

#include <sqlite3.h>

#include <array>
#include <string>
#include <string_view>

namespace carillon::detail {

/// An error that SQLite reported. `unavailable` where the file, the disk or another process is in the way, `internal`
/// where a statement of ours is wrong.
class SqliteError : public Error {
public:
    SqliteError(Errc code, const std::string& message, int extended)
        : Error(code, message)
        , extended_(extended) {}

    /// SQLite's extended result code: SQLITE_IOERR_FSYNC.
    [[nodiscard]] int extended() const noexcept { return extended_; }
    /// SQLITE_IOERR.
    [[nodiscard]] int primary() const noexcept { return extended_ & 0xff; }

private:
    int extended_;
};

struct SqliteCodeRow {
    int code;
    std::string_view name;
    Errc errc;
    std::string_view help;
};

// clang-format off
inline constexpr std::array sqlite_code_table{
    SqliteCodeRow{SQLITE_PERM, "SQLITE_PERM", Errc::unavailable, "Give this process the right to read and write the file and its folder."},
    SqliteCodeRow{SQLITE_BUSY, "SQLITE_BUSY", Errc::unavailable, "Another process or connection holds the database: end its transaction, and try again."},
    SqliteCodeRow{SQLITE_LOCKED, "SQLITE_LOCKED", Errc::unavailable, "Another statement of this connection holds the table: end it, and try again."},
    SqliteCodeRow{SQLITE_NOMEM, "SQLITE_NOMEM", Errc::unavailable, "Free memory, and try again."},
    SqliteCodeRow{SQLITE_READONLY, "SQLITE_READONLY", Errc::unavailable, "Give this process the right to write the file and its folder."},
    SqliteCodeRow{SQLITE_INTERRUPT, "SQLITE_INTERRUPT", Errc::unavailable, "Somebody called sqlite3_interrupt: try again."},
    SqliteCodeRow{SQLITE_IOERR, "SQLITE_IOERR", Errc::unavailable, "Look after the disk, and try again; integrity_check() says whether the file is whole."},
    SqliteCodeRow{SQLITE_CORRUPT, "SQLITE_CORRUPT", Errc::unavailable, "The file is damaged: put a copy that backup_to() made in its place."},
    SqliteCodeRow{SQLITE_FULL, "SQLITE_FULL", Errc::unavailable, "Make room on the disk, and try again."},
    SqliteCodeRow{SQLITE_CANTOPEN, "SQLITE_CANTOPEN", Errc::unavailable, "Make sure that the folder exists and that this process may write to it."},
    SqliteCodeRow{SQLITE_PROTOCOL, "SQLITE_PROTOCOL", Errc::unavailable, "The locks of the file do not work: keep it on a disk of this machine."},
    SqliteCodeRow{SQLITE_TOOBIG, "SQLITE_TOOBIG", Errc::too_large, "Make the text smaller: SQLite was built for less."},
    SqliteCodeRow{SQLITE_AUTH, "SQLITE_AUTH", Errc::unavailable, "The connection's authorizer refused it: let it through."},
    SqliteCodeRow{SQLITE_NOTADB, "SQLITE_NOTADB", Errc::unavailable, "The file is no SQLite database, or an encrypted one: name another file."},
};

struct SqliteNameRow {
    int code;
    std::string_view name;
};
inline constexpr std::array sqlite_name_table{
    SqliteNameRow{SQLITE_ERROR, "SQLITE_ERROR"},
    SqliteNameRow{SQLITE_INTERNAL, "SQLITE_INTERNAL"},
    SqliteNameRow{SQLITE_ABORT, "SQLITE_ABORT"},
    SqliteNameRow{SQLITE_ABORT_ROLLBACK, "SQLITE_ABORT_ROLLBACK"},
    SqliteNameRow{SQLITE_SCHEMA, "SQLITE_SCHEMA"},
    SqliteNameRow{SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"},
    SqliteNameRow{SQLITE_CONSTRAINT_CHECK, "SQLITE_CONSTRAINT_CHECK"},
    SqliteNameRow{SQLITE_CONSTRAINT_FOREIGNKEY, "SQLITE_CONSTRAINT_FOREIGNKEY"},
    SqliteNameRow{SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL"},
    SqliteNameRow{SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY"},
    SqliteNameRow{SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE"},
    SqliteNameRow{SQLITE_MISMATCH, "SQLITE_MISMATCH"},
    SqliteNameRow{SQLITE_MISUSE, "SQLITE_MISUSE"},
    SqliteNameRow{SQLITE_RANGE, "SQLITE_RANGE"},
    SqliteNameRow{SQLITE_BUSY_RECOVERY, "SQLITE_BUSY_RECOVERY"},
    SqliteNameRow{SQLITE_BUSY_SNAPSHOT, "SQLITE_BUSY_SNAPSHOT"},
    SqliteNameRow{SQLITE_CANTOPEN_ISDIR, "SQLITE_CANTOPEN_ISDIR"},
    SqliteNameRow{SQLITE_IOERR_READ, "SQLITE_IOERR_READ"},
    SqliteNameRow{SQLITE_IOERR_SHORT_READ, "SQLITE_IOERR_SHORT_READ"},
    SqliteNameRow{SQLITE_IOERR_WRITE, "SQLITE_IOERR_WRITE"},
    SqliteNameRow{SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"},
    SqliteNameRow{SQLITE_IOERR_TRUNCATE, "SQLITE_IOERR_TRUNCATE"},
    SqliteNameRow{SQLITE_IOERR_FSTAT, "SQLITE_IOERR_FSTAT"},
    SqliteNameRow{SQLITE_IOERR_LOCK, "SQLITE_IOERR_LOCK"},
    SqliteNameRow{SQLITE_IOERR_SHMOPEN, "SQLITE_IOERR_SHMOPEN"},
    SqliteNameRow{SQLITE_IOERR_SHMSIZE, "SQLITE_IOERR_SHMSIZE"},
    SqliteNameRow{SQLITE_IOERR_SHMMAP, "SQLITE_IOERR_SHMMAP"},
    SqliteNameRow{SQLITE_IOERR_NOMEM, "SQLITE_IOERR_NOMEM"},
    SqliteNameRow{SQLITE_READONLY_DIRECTORY, "SQLITE_READONLY_DIRECTORY"},
    SqliteNameRow{SQLITE_READONLY_DBMOVED, "SQLITE_READONLY_DBMOVED"},
    SqliteNameRow{SQLITE_READONLY_CANTINIT, "SQLITE_READONLY_CANTINIT"},
};
// clang-format on

[[nodiscard]] inline const SqliteCodeRow* find_sqlite_code(int code) noexcept {
    for (const SqliteCodeRow& row : sqlite_code_table)
        if (row.code == (code & 0xff)) return &row;
    return nullptr;
}

/// "SQLITE_IOERR_FSYNC"; for a code that has no name here that of its kind and the number: "SQLITE_IOERR (6666)".
[[nodiscard]] inline std::string sqlite_code_name(int extended) {
    for (const SqliteNameRow& row : sqlite_name_table)
        if (row.code == extended) return std::string(row.name);
    const SqliteCodeRow* kind = find_sqlite_code(extended);
    if (kind != nullptr && kind->code == extended) return std::string(kind->name);
    return std::string(kind != nullptr ? kind->name : "SQLite's code") + " (" + std::to_string(extended) + ")";
}

/// The error for a result code that is neither OK nor ROW nor DONE: SQLite's words, the code's name, what helps.
/// `doing`: what was tried, "commit a transaction".
[[nodiscard]] inline SqliteError sqlite_error(int extended, std::string_view message, std::string_view doing) {
    const SqliteCodeRow* kind = find_sqlite_code(extended);
    std::string text = "SQLite could not ";
    text.append(doing).append(": ").append(message).append(" (").append(sqlite_code_name(extended)).append(")");
    if (kind != nullptr) text.append(". ").append(kind->help);
    return {kind != nullptr ? kind->errc : Errc::internal, text, extended};
}

[[nodiscard]] inline SqliteError sqlite_error(sqlite3* db, std::string_view doing) {
    return sqlite_error(sqlite3_extended_errcode(db), sqlite3_errmsg(db), doing);
}

} // namespace carillon::detail
