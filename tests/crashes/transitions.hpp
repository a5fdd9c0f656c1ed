// SPDX-License-Identifier: MIT
// crashes/transitions.hpp - the database itself notes each transition of a run to a terminal status, in the transaction
// that makes it: so two of them show, whoever made them.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

namespace crashes {

/// On a file that nobody else has open.
class Transitions {
public:
    explicit Transitions(const std::string& path)
        : db_(open(path), &sqlite3_close) {}

    /// From now on.
    void note() {
        run("CREATE TABLE IF NOT EXISTS noted_end(run BLOB NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL);"
            "CREATE TRIGGER IF NOT EXISTS note_end AFTER UPDATE ON carillon_run WHEN NEW.status >= 2 BEGIN "
            "INSERT INTO noted_end VALUES(NEW.id, OLD.status, NEW.status); END;");
    }
    [[nodiscard]] std::size_t count() { return number("SELECT count(*) FROM noted_end"); }
    /// Runs that ended twice, or changed their terminal status. A skipped row may grow: that is no end.
    [[nodiscard]] std::size_t doubles() {
        return number("SELECT count(*) FROM (SELECT run FROM noted_end WHERE NOT (before = 4 AND after = 4) "
                      "GROUP BY run HAVING count(*) > 1 OR max(before) >= 2)");
    }

private:
    static sqlite3* open(const std::string& path) {
        sqlite3* db = nullptr;
        if (sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
            throw std::runtime_error(path + " cannot be opened");
        return db;
    }
    void run(const char* sql) {
        if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(db_.get()));
    }
    std::size_t number(const char* sql) {
        std::size_t value = 0;
        const auto take = [](void* out, int, char** row, char**) {
            *static_cast<std::size_t*>(out) = std::stoul(row[0]);
            return 0;
        };
        if (sqlite3_exec(db_.get(), sql, take, &value, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(db_.get()));
        return value;
    }

    std::unique_ptr<sqlite3, int (*)(sqlite3*)> db_;
};

} // namespace crashes
