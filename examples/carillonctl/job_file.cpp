// SPDX-License-Identifier: MIT
// job_file.cpp - asks the tables.
#include "job_file.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

namespace carillonctl {

namespace {

namespace fs = std::filesystem;
using carillon::Duration;
using carillon::Instant;

/// The rows of a question with numbers for its parameters.
class Rows {
public:
    Rows(sqlite3* db, const char* sql, std::initializer_list<std::int64_t> parameters = {})
        : db_(db) {
        if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK) fail();
        int place = 0;
        for (const std::int64_t parameter : parameters)
            sqlite3_bind_int64(statement_, ++place, parameter);
    }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows() { sqlite3_finalize(statement_); }

    bool next() {
        const int code = sqlite3_step(statement_);
        if (code != SQLITE_ROW && code != SQLITE_DONE) fail();
        return code == SQLITE_ROW;
    }
    [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] std::size_t size(int column) const { return static_cast<std::size_t>(integer(column)); }
    [[nodiscard]] Instant instant(int column) const { return Instant{Duration{integer(column)}}; }
    [[nodiscard]] std::string text(int column) const {
        const void* bytes = sqlite3_column_blob(statement_, column);
        const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
        return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), length);
    }
    [[nodiscard]] carillon::RunId run_id(int column) const {
        carillon::Uuid uuid;
        const std::string bytes = text(column);
        std::memcpy(uuid.bytes.data(), bytes.data(), std::min(bytes.size(), uuid.bytes.size()));
        return carillon::RunId(uuid);
    }

private:
    [[noreturn]] void fail() {
        const std::string message = sqlite3_errmsg(db_);
        sqlite3_finalize(std::exchange(statement_, nullptr));
        throw carillon::Error(carillon::Errc::unavailable, "the database could not be read: " + message);
    }

    sqlite3* db_;
    sqlite3_stmt* statement_ = nullptr;
};

std::int64_t number(sqlite3* db, const char* sql) {
    Rows rows(db, sql);
    return rows.next() ? rows.integer(0) : 0;
}

std::shared_ptr<carillon::SqliteStorage> open_storage(const std::string& path, bool may_be_made) {
    std::error_code unknown;
    if (!may_be_made && !fs::exists(path, unknown))
        throw carillon::Error(carillon::Errc::unavailable,
                              "there is no file \"" + path +
                                  "\": name the one that the host opens, or let `create --new-file` make it",
                              "path");
    return carillon::SqliteStorage::open(path);
}

sqlite3* open_reader(const std::string& path) {
    sqlite3* db = nullptr;
    if (sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
        const std::string message = sqlite3_errmsg(db);
        sqlite3_close(db);
        throw carillon::Error(carillon::Errc::unavailable, "database \"" + path + "\": " + message, "path");
    }
    sqlite3_busy_timeout(db, 5'000);
    return db;
}

/// When a run of each action type was started last, among those that were added last: enough to see whether anybody
/// begins.
std::map<std::string, Instant> read_last_starts(sqlite3* db) {
    std::map<std::string, Instant> starts;
    Rows rows(db,
              "SELECT action_type, max(started_at) FROM "
              "(SELECT action_type, started_at FROM carillon_run ORDER BY row DESC LIMIT 100000) "
              "WHERE started_at IS NOT NULL GROUP BY action_type");
    while (rows.next())
        starts.emplace(rows.text(0), rows.instant(1));
    return starts;
}

/// By action type: those that are ready, and those whose delay is over.
std::vector<ReadyType> read_ready(sqlite3* db, Instant now) {
    std::vector<ReadyType> ready;
    Rows rows(db,
              "SELECT action_type, sum(runs), min(oldest) FROM ("
              "SELECT action_type, count(*) AS runs, min(not_before) AS oldest FROM carillon_run "
              "WHERE place = 1 GROUP BY action_type UNION ALL "
              "SELECT action_type, count(*), min(not_before) FROM carillon_run "
              "WHERE place = 0 AND not_before <= ?1 GROUP BY action_type) GROUP BY action_type",
              {now.time_since_epoch().count()});
    while (rows.next())
        ready.push_back({rows.text(0), rows.size(1), rows.instant(2)});
    if (ready.empty()) return ready;
    const auto starts = read_last_starts(db);
    for (ReadyType& type : ready)
        if (const auto start = starts.find(type.action_type); start != starts.end()) type.last_start = start->second;
    return ready;
}

std::vector<ExpiredLease> read_expired(sqlite3* db, Duration lease_now) {
    std::vector<ExpiredLease> expired;
    Rows rows(db,
              "SELECT id, tenant, action_type, worker, lease_until FROM carillon_run "
              "WHERE place = 3 AND lease_until < ?1 ORDER BY lease_until",
              {lease_now.count()});
    while (rows.next())
        expired.push_back(
            {rows.run_id(0), rows.text(1), rows.text(2), rows.text(3), lease_now - Duration{rows.integer(4)}});
    return expired;
}

std::optional<DueJob> read_next_due(sqlite3* db) {
    Rows rows(db,
              "SELECT tenant, name, next_run_at FROM carillon_job "
              "WHERE next_run_at IS NOT NULL AND status = 0 AND removed = 0 ORDER BY next_run_at LIMIT 1");
    if (!rows.next()) return std::nullopt;
    return DueJob{rows.text(0), rows.text(1), rows.instant(2)};
}

} // namespace

JobFile::JobFile(const std::string& path, bool may_be_made)
    : path_(path)
    , storage_(open_storage(path, may_be_made))
    , db_(open_reader(path), sqlite3_close) {}

std::vector<std::string> JobFile::tenants() const {
    std::vector<std::string> names;
    for (Rows rows(db_.get(), "SELECT name FROM carillon_tenant ORDER BY name"); rows.next();)
        names.push_back(rows.text(0));
    return names;
}

Facts JobFile::facts(Instant now) const {
    sqlite3* db = db_.get();
    Facts facts;
    facts.path = path_;
    facts.bytes = fs::file_size(path_);
    facts.damage = storage_->integrity_check();
    facts.schema_version = number(db, "SELECT schema_version FROM carillon_storage");
    facts.tenants = tenants();
    facts.jobs = static_cast<std::size_t>(number(db, "SELECT count(*) FROM carillon_job WHERE removed = 0"));
    facts.running = static_cast<std::size_t>(number(db, "SELECT count(*) FROM carillon_run WHERE place = 3"));
    facts.next_due = read_next_due(db);
    facts.ready = read_ready(db, now);
    facts.expired = read_expired(db, storage_->lease_now().time_since_epoch());
    return facts;
}

} // namespace carillonctl
