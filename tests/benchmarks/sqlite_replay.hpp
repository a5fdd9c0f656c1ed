// SPDX-License-Identifier: MIT
// What does the SQL of a storage cost by itself? Records the statements that its connections run, with their values,
// and runs them again: prepared once, bound, stepped to their end, and nothing else.
//
//   SqliteRecorder::attach();             before the storage opens its file
//   SqliteRecorder::start();
//   storage->claim(request);
//   SqliteReplay replay(db, SqliteRecorder::stop());
//   replay.run();
#pragma once

#include <sqlite3.h>

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

struct SqliteValue {
    int parameter;
    bool blob;
    std::variant<std::nullptr_t, std::int64_t, double, std::string> value;
};

struct SqliteStep {
    std::string sql;
    std::vector<SqliteValue> values;
};

// ---- recording -----------------------------------------------------------------------------------------------------

/// The literal at `at`, as sqlite3_expanded_sql writes a value; `at` goes behind it.
inline SqliteValue read_sqlite_literal(std::string_view text, std::size_t& at) {
    SqliteValue value{0, false, nullptr};
    if (text.substr(at, 4) == "NULL") {
        at += 4;
    } else if (text[at] == '\'' || text.substr(at, 2) == "x'") {
        value.blob = text[at] == 'x';
        std::string bytes;
        for (at += value.blob ? 2 : 1; text[at] != '\'' || text[at + 1] == '\''; ++at) {
            if (value.blob) {
                bytes += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
                ++at;
                continue;
            }
            if (text[at] == '\'') ++at;
            bytes += text[at];
        }
        ++at;
        value.value = bytes;
    } else {
        const std::size_t end = text.find_first_not_of("0123456789+-.eE", at);
        const std::string number(text.substr(at, end - at));
        at += number.size();
        if (number.find_first_of(".eE") == std::string::npos)
            value.value = std::int64_t{std::stoll(number)};
        else
            value.value = std::stod(number);
    }
    return value;
}

/// What stands in `expanded` where `sql` has its parameters ?1, ?2 ...
inline SqliteStep parse_sqlite_step(std::string_view sql, std::string_view expanded) {
    SqliteStep step{std::string(sql), {}};
    std::size_t at = 0;
    for (std::size_t i = 0; i < sql.size();) {
        if (sql[i] != '?') {
            if (sql[i++] != expanded[at++]) throw std::logic_error("cannot read " + std::string(expanded));
            continue;
        }
        int parameter = 0;
        for (++i; i < sql.size() && std::isdigit(static_cast<unsigned char>(sql[i])); ++i)
            parameter = parameter * 10 + (sql[i] - '0');
        step.values.push_back(read_sqlite_literal(expanded, at));
        step.values.back().parameter = parameter;
    }
    return step;
}

/// Of every connection of the process that is opened after attach(); for one thread at a time.
class SqliteRecorder {
public:
    static void attach() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&attach_to)); }
    static void detach() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&attach_to)); }
    static void start() { recording() = true; }
    static std::vector<SqliteStep> stop() {
        recording() = false;
        return std::exchange(steps(), {});
    }

private:
    static bool& recording() {
        static bool now = false;
        return now;
    }
    static std::vector<SqliteStep>& steps() {
        static std::vector<SqliteStep> all;
        return all;
    }

    static int attach_to(sqlite3* db, const char**, const void*) {
        return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, &note, nullptr);
    }
    static int note(unsigned, void*, void* statement, void*) {
        if (!recording()) return 0;
        auto* of = static_cast<sqlite3_stmt*>(statement);
        const std::unique_ptr<char, void (*)(void*)> expanded(sqlite3_expanded_sql(of), sqlite3_free);
        steps().push_back(parse_sqlite_step(sqlite3_sql(of), expanded.get()));
        return 0;
    }
};

// ---- running it again ----------------------------------------------------------------------------------------------

class SqliteReplay {
public:
    explicit SqliteReplay(sqlite3* db)
        : db_(db) {}

    void load(const std::vector<SqliteStep>& steps) {
        steps_.clear();
        for (const SqliteStep& step : steps)
            steps_.emplace_back(prepared(step.sql), step.values);
    }

    void run() {
        for (const auto& [statement, values] : steps_) {
            for (const SqliteValue& value : values)
                bind(statement, value);
            int code = sqlite3_step(statement);
            while (code == SQLITE_ROW) {
                for (int column = 0, count = sqlite3_column_count(statement); column < count; ++column)
                    read_ = sqlite3_column_blob(statement, column);
                code = sqlite3_step(statement);
            }
            sqlite3_reset(statement);
            if (code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
        }
    }

private:
    using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

    sqlite3_stmt* prepared(const std::string& sql) {
        auto& statement = statements_.try_emplace(sql, nullptr, sqlite3_finalize).first->second;
        sqlite3_stmt* made = nullptr;
        if (!statement) {
            if (sqlite3_prepare_v3(db_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK)
                throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
            statement.reset(made);
        }
        return statement.get();
    }

    static void bind(sqlite3_stmt* to, const SqliteValue& value) {
        const int at = value.parameter;
        if (const auto* number = std::get_if<std::int64_t>(&value.value)) {
            sqlite3_bind_int64(to, at, *number);
        } else if (const auto* real = std::get_if<double>(&value.value)) {
            sqlite3_bind_double(to, at, *real);
        } else if (const auto* bytes = std::get_if<std::string>(&value.value)) {
            const auto size = static_cast<int>(bytes->size());
            value.blob ? sqlite3_bind_blob(to, at, bytes->data(), size, SQLITE_STATIC)
                       : sqlite3_bind_text(to, at, bytes->data(), size, SQLITE_STATIC);
        } else {
            sqlite3_bind_null(to, at);
        }
    }

    sqlite3* db_;
    std::map<std::string, Statement> statements_;
    std::vector<std::pair<sqlite3_stmt*, std::vector<SqliteValue>>> steps_;
    const void* volatile read_ = nullptr;
};
