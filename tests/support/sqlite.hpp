// SPDX-License-Identifier: MIT
// support/sqlite.hpp - database files that go with their objects, and tables that are small enough to be seen through.
#pragma once

#include "carillon/storage/detail/sqlite_core.hpp"

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// A name for a database; the files that SQLite puts beside it go too.
class TemporaryDatabase {
public:
    TemporaryDatabase()
        : path_(folder() + "/carillon-" + carillon::Uuid::next(carillon::SystemClock().now()).str()) {}
    TemporaryDatabase(const TemporaryDatabase&) = delete;
    TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;
    ~TemporaryDatabase() {
        for (const char* suffix : {"", "-journal", "-wal", "-shm"})
            std::filesystem::remove(path_ + suffix);
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// In memory where the system has such a folder: a disk takes its time to sync.
    [[nodiscard]] static std::string folder() {
        const std::string memory = "/dev/shm";
        return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path().string();
    }

private:
    std::string path_;
};

/// The code and the words of the Error that it throws, the words of another exception, or "nothing".
[[nodiscard]] inline std::string thrown_by(const std::function<void()>& call) {
    try {
        call();
    } catch (const carillon::Error& error) {
        return std::string(to_string(error.code())) + ": " + error.what();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing";
}

/// A connection as a host opens one.
class HostConnection {
public:
    explicit HostConnection(const std::string& path) { sqlite3_open(path.c_str(), &db_); }
    HostConnection(const HostConnection&) = delete;
    HostConnection& operator=(const HostConnection&) = delete;
    ~HostConnection() { sqlite3_close(db_); }

    operator sqlite3*() const { return db_; }
    int run(const std::string& sql) const { return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr); }
    /// The first column of the first row; empty where there is none.
    [[nodiscard]] std::string value(const std::string& sql) const {
        std::string text;
        const auto take = [](void* to, int, char** cells, char**) {
            *static_cast<std::string*>(to) = cells[0] == nullptr ? "" : cells[0];
            return 1;
        };
        sqlite3_exec(db_, sql.c_str(), take, &text, nullptr);
        return text;
    }

private:
    sqlite3* db_ = nullptr;
};

/// Keeps words. A write with news is one by put_news.
class TinyTables {
public:
    TinyTables(carillon::detail::SqliteConnection& db, std::function<carillon::SteadyTime()>)
        : db_(db) {}

    static std::vector<std::string> migrations() {
        return {"CREATE TABLE carillon_tiny (word TEXT PRIMARY KEY, number INTEGER NOT NULL)"};
    }

    /// Throws SqliteError where the word is there.
    int put(const std::string& word, std::int64_t number = 0) {
        return db_.execute("INSERT INTO carillon_tiny VALUES (?1, ?2)", word, number);
    }
    int put_news(const std::string& word, carillon::detail::SqliteNews news) {
        news_.add(news);
        return put(word);
    }
    [[nodiscard]] std::int64_t count() {
        auto rows = db_.query("SELECT count(*) FROM carillon_tiny");
        rows.next();
        return rows.integer(0);
    }
    [[nodiscard]] bool has(const std::string& word) {
        return db_.query("SELECT 1 FROM carillon_tiny WHERE word = ?1", word).next();
    }
    bool end_leases() { return put("leases ended") == 1; }
    carillon::detail::SqliteNews take_news() { return std::exchange(news_, {}); }
    [[nodiscard]] carillon::detail::SqliteConnection& db() { return db_; }

private:
    carillon::detail::SqliteConnection& db_;
    carillon::detail::SqliteNews news_;
};

using TinyCore = carillon::detail::SqliteCore<TinyTables>;

} // namespace support
