// SPDX-License-Identifier: MIT
// storage/detail/sqlite_backup.hpp - copies a database that is in use, and says whether one is whole.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/storage/detail/sqlite_files.hpp"
#include "carillon/storage/detail/sqlite_open.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace carillon::detail {

/// What SQLite finds wrong with the database, at most 100 sentences; empty where it is whole. Reads all of it.
[[nodiscard]] inline std::vector<std::string> check_integrity(SqliteConnection& db) {
    std::vector<std::string> faults;
    try {
        for (SqliteRows rows = db.query("PRAGMA integrity_check"); rows.next();)
            faults.push_back(rows.text(0));
        if (faults == std::vector<std::string>{"ok"}) faults.clear();
        for (SqliteRows rows = db.query("PRAGMA foreign_key_check"); rows.next();)
            faults.push_back("a row of " + rows.text(0) + " refers to one of " + rows.text(2) + " that is not there");
    } catch (const SqliteError& error) {
        if (error.primary() != SQLITE_CORRUPT && error.primary() != SQLITE_NOTADB) throw;
        faults.emplace_back(error.what());
    }
    return faults;
}

/// A file that goes unless it is given its name.
class UnfinishedFile {
public:
    explicit UnfinishedFile(const std::string& path)
        : path_(path + "." + Uuid::next(SystemClock().now()).str() + ".part") {}
    UnfinishedFile(const UnfinishedFile&) = delete;
    UnfinishedFile& operator=(const UnfinishedFile&) = delete;
    ~UnfinishedFile() {
        for (const char* suffix : {"", "-journal", "-wal", "-shm"})
            std::remove((path_ + suffix).c_str());
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    void rename_to(const std::string& path) const {
        if (std::rename(path_.c_str(), path.c_str()) != 0)
            throw Error(Errc::unavailable, "backup \"" + path + "\": could not be named so: " + std::strerror(errno));
    }

private:
    std::string path_;
};

inline void copy_database(SqliteConnection& from, SqliteConnection& to) {
    sqlite3_backup* backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    if (backup == nullptr) throw sqlite_error(to.handle(), "begin a copy");
    sqlite3_backup_step(backup, -1); // all of it, in one state; a writer that appends to the log does not mind
    if (sqlite3_backup_finish(backup) != SQLITE_OK) throw sqlite_error(to.handle(), "copy the database");
}

/// Copies to a file of another name, checks the copy, and gives it its name: there is a whole copy, or what was there
/// before.
inline void back_up(SqliteConnection& from, const std::string& path, const SqliteOptions& options) {
    check_database_path(path, options);
    if (file_identity(path + "-wal") || file_identity(path + "-journal"))
        refuse_database(path, "it is in use, or was not closed well", "name another file for the copy");
    const UnfinishedFile copy(path);
    naming_the_file(copy.path(), [&] {
        const auto to = open_connection(copy.path(), options);
        to->script("PRAGMA synchronous = FULL");
        copy_database(from, *to);
        const std::vector<std::string> faults = check_integrity(*to);
        if (!faults.empty()) throw sqlite_error(SQLITE_CORRUPT, faults.front(), "make a whole copy");
    });
    copy.rename_to(path);
    sync_folder(folder_of(path));
}

} // namespace carillon::detail
