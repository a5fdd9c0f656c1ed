// SPDX-License-Identifier: MIT
// storage/detail/sqlite_api.hpp - SQLite's C interface with owners, C++ types and exceptions.
//
//   db.execute("UPDATE run SET status = ?2 WHERE id = ?1", run.id, run.status);
//   for (SqliteRows rows = db.query("SELECT id, name FROM job WHERE tenant = ?1", tenant); rows.next();)
//       use(rows.id<JobId>(0), rows.view(1));
//
// Integers, enums and bool are stored as integers, instants, durations and steady times as microseconds, ids as 16-byte
// blobs, text byte by byte (NUL included), an empty optional and a null JsonText as NULL.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/json_text.hpp"
#include "carillon/storage/detail/sqlite_error.hpp"
#include "carillon/time.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::detail {

/// The prepared statements of one text that nobody is using.
struct SqliteIdleStatements {
    std::vector<sqlite3_stmt*> statements;
    std::size_t prepared = 0;
};

/// A statement with its bindings, and the row that it stands on. Must go before its connection. Not thread-safe.
class SqliteRows {
public:
    SqliteRows(sqlite3_stmt* statement, SqliteIdleStatements& home) noexcept
        : statement_(statement)
        , home_(&home) {}
    SqliteRows(SqliteRows&& other) noexcept
        : statement_(std::exchange(other.statement_, nullptr))
        , home_(other.home_) {}
    SqliteRows& operator=(SqliteRows&& other) noexcept {
        std::swap(statement_, other.statement_);
        std::swap(home_, other.home_);
        return *this;
    }
    /// Its bindings stay until the next user replaces all of them: SQLite does not look at them in between.
    ~SqliteRows() {
        if (statement_ == nullptr) return;
        sqlite3_reset(statement_);
        home_->statements.push_back(statement_); // has the room: see SqliteConnection::take
    }

    /// Goes to the next row; false behind the last one. Throws SqliteError.
    bool next() {
        const int code = sqlite3_step(statement_);
        if (code == SQLITE_ROW) return true;
        if (code == SQLITE_DONE) return false;
        throw sqlite_error(sqlite3_db_handle(statement_), std::string("run '") + sqlite3_sql(statement_) + "'");
    }

    [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] std::uint64_t unsigned_integer(int column) const {
        return static_cast<std::uint64_t>(integer(column));
    }
    /// An integer of any narrower type, or an enum.
    template <class T>
    [[nodiscard]] T as(int column) const {
        return static_cast<T>(integer(column));
    }
    [[nodiscard]] bool flag(int column) const { return integer(column) != 0; }
    [[nodiscard]] double real(int column) const { return sqlite3_column_double(statement_, column); }
    [[nodiscard]] Instant instant(int column) const { return Instant(Duration(integer(column))); }
    [[nodiscard]] Duration duration(int column) const { return Duration(integer(column)); }
    [[nodiscard]] SteadyTime steady(int column) const { return SteadyTime(Duration(integer(column))); }
    /// Valid to the next call of next(). Empty for NULL.
    [[nodiscard]] std::string_view view(int column) const {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
        if (bytes == nullptr) return {};
        return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }
    [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
    /// Null for NULL.
    [[nodiscard]] JsonText json(int column) const {
        return is_null(column) ? JsonText() : JsonText::from_text(text(column));
    }
    /// Throws SqliteError where the column does not hold 16 bytes.
    template <class Id>
    [[nodiscard]] Id id(int column) const {
        const std::string_view bytes = view(column);
        Uuid uuid;
        if (bytes.size() != uuid.bytes.size())
            throw sqlite_error(
                SQLITE_CORRUPT, "a column holds no id", std::string("read '") + sqlite3_sql(statement_) + "'");
        std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
        return Id(uuid);
    }

    [[nodiscard]] std::optional<std::int64_t> opt_integer(int column) const {
        return is_null(column) ? std::nullopt : std::optional(integer(column));
    }
    template <class T>
    [[nodiscard]] std::optional<T> opt_as(int column) const {
        return is_null(column) ? std::nullopt : std::optional(as<T>(column));
    }
    [[nodiscard]] std::optional<Instant> opt_instant(int column) const {
        return is_null(column) ? std::nullopt : std::optional(instant(column));
    }
    [[nodiscard]] std::optional<Duration> opt_duration(int column) const {
        return is_null(column) ? std::nullopt : std::optional(duration(column));
    }
    [[nodiscard]] std::optional<SteadyTime> opt_steady(int column) const {
        return is_null(column) ? std::nullopt : std::optional(steady(column));
    }
    [[nodiscard]] std::optional<std::string> opt_text(int column) const {
        return is_null(column) ? std::nullopt : std::optional(text(column));
    }
    template <class Id>
    [[nodiscard]] std::optional<Id> opt_id(int column) const {
        return is_null(column) ? std::nullopt : std::optional(id<Id>(column));
    }

private:
    friend class SqliteConnection;

    sqlite3_stmt* statement_;
    SqliteIdleStatements* home_;
};

// ---- binding -------------------------------------------------------------------------------------------------------

/// `lifetime`: SQLITE_STATIC where the bytes live as long as the binding, SQLITE_TRANSIENT where SQLite has to copy.
using SqliteLifetime = sqlite3_destructor_type;

inline int bind_value(sqlite3_stmt* to, int at, std::string_view text, SqliteLifetime lifetime) {
    // A null pointer would be bound as NULL, which an empty text is not.
    const char* bytes = text.data() == nullptr ? "" : text.data();
    return sqlite3_bind_text64(to, at, bytes, text.size(), lifetime, SQLITE_UTF8);
}
inline int bind_value(sqlite3_stmt* to, int at, const std::string& text, SqliteLifetime lifetime) {
    return bind_value(to, at, std::string_view(text), lifetime);
}
inline int bind_value(sqlite3_stmt* to, int at, const char* text, SqliteLifetime lifetime) {
    return bind_value(to, at, std::string_view(text), lifetime);
}
inline int bind_value(sqlite3_stmt* to, int at, const JsonText& json, SqliteLifetime lifetime) {
    return json.is_null() ? sqlite3_bind_null(to, at) : bind_value(to, at, json.text(), lifetime);
}
template <class Tag>
int bind_value(sqlite3_stmt* to, int at, const Id<Tag>& id, SqliteLifetime lifetime) {
    return sqlite3_bind_blob64(to, at, id.uuid().bytes.data(), id.uuid().bytes.size(), lifetime);
}
template <class T>
    requires std::integral<T> || std::is_enum_v<T>
int bind_value(sqlite3_stmt* to, int at, T number, SqliteLifetime) {
    return sqlite3_bind_int64(to, at, static_cast<std::int64_t>(number));
}
inline int bind_value(sqlite3_stmt* to, int at, double number, SqliteLifetime) {
    return sqlite3_bind_double(to, at, number);
}
inline int bind_value(sqlite3_stmt* to, int at, Duration duration, SqliteLifetime) {
    return sqlite3_bind_int64(to, at, duration.count());
}
template <class Clock>
int bind_value(sqlite3_stmt* to, int at, std::chrono::time_point<Clock, Duration> time, SqliteLifetime) {
    return sqlite3_bind_int64(to, at, time.time_since_epoch().count());
}
inline int bind_value(sqlite3_stmt* to, int at, std::nullopt_t, SqliteLifetime) {
    return sqlite3_bind_null(to, at);
}
template <class T>
int bind_value(sqlite3_stmt* to, int at, const std::optional<T>& value, SqliteLifetime lifetime) {
    return value ? bind_value(to, at, *value, lifetime) : sqlite3_bind_null(to, at);
}

// ---- the connection ------------------------------------------------------------------------------------------------

/// One sqlite3*, owned or borrowed, with its prepared statements. Not thread-safe.
class SqliteConnection {
public:
    SqliteConnection(sqlite3* db, bool owned) noexcept
        : db_(db)
        , owned_(owned) {}
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;
    ~SqliteConnection() {
        for (auto& [sql, idle] : statements_)
            for (sqlite3_stmt* statement : idle.statements)
                sqlite3_finalize(statement);
        if (owned_) sqlite3_close_v2(db_);
    }

    [[nodiscard]] sqlite3* handle() const noexcept { return db_; }
    /// Outside every transaction.
    [[nodiscard]] bool in_autocommit() const noexcept { return sqlite3_get_autocommit(db_) != 0; }

    /// The statement with `arguments` for ?1, ?2 ..., not stepped yet. Lvalues must live, unchanged, as long as the
    /// rows; of others a copy is made. `sql` must be a literal: its statement is found again by its address.
    /// Throws SqliteError.
    template <class... Arguments>
    [[nodiscard]] SqliteRows query(const char* sql, Arguments&&... arguments) {
        SqliteRows rows = take(sql, sizeof...(Arguments));
        int at = 0;
        (bind(rows, ++at, arguments, lifetime_of<Arguments>()), ...);
        return rows;
    }

    /// Runs the statement to its end; returns how many rows it changed. Throws SqliteError.
    template <class... Arguments>
    int execute(const char* sql, const Arguments&... arguments) {
        SqliteRows rows = take(sql, sizeof...(Arguments));
        int at = 0;
        (bind(rows, ++at, arguments, SQLITE_STATIC), ...);
        while (rows.next()) {
        }
        return sqlite3_changes(db_);
    }

    /// Runs several statements, from any text; not kept. Throws SqliteError.
    void script(const char* sql) {
        if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
            throw sqlite_error(db_, std::string("run '") + sql + "'");
    }

private:
    template <class Argument>
    static SqliteLifetime lifetime_of() noexcept {
        return std::is_lvalue_reference_v<Argument> ? SQLITE_STATIC : SQLITE_TRANSIENT;
    }

    template <class Argument>
    void bind(SqliteRows& rows, int at, const Argument& argument, SqliteLifetime lifetime) {
        if (bind_value(rows.statement_, at, argument, lifetime) != SQLITE_OK)
            throw sqlite_error(db_, std::string("bind to '") + sqlite3_sql(rows.statement_) + "'");
    }

    SqliteRows take(const char* sql, std::size_t arguments) {
        SqliteIdleStatements& home = statements_[sql];
        if (home.statements.empty()) prepare(sql, arguments, home);
        sqlite3_stmt* statement = home.statements.back();
        home.statements.pop_back();
        return {statement, home};
    }

    void prepare(const char* sql, std::size_t arguments, SqliteIdleStatements& home) {
        home.statements.reserve(home.prepared + 1);
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
            throw sqlite_error(db_, std::string("prepare '") + sql + "'");
        if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != arguments) {
            sqlite3_finalize(statement);
            throw Error(Errc::internal,
                        "expected as many arguments as the statement has parameters, saw " + std::to_string(arguments) +
                            " for '" + sql + "'");
        }
        home.statements.push_back(statement);
        ++home.prepared;
    }

    sqlite3* db_;
    bool owned_;
    std::unordered_map<const char*, SqliteIdleStatements> statements_;
};

} // namespace carillon::detail
