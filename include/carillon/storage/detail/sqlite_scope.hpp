// SPDX-License-Identifier: MIT
// storage/detail/sqlite_scope.hpp - a transaction of the host in which this thread's calls of a storage take part.
#pragma once

#include "carillon/error.hpp"
#include "carillon/storage/detail/sqlite_files.hpp"
#include "carillon/storage/detail/sqlite_writer.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace carillon::detail {

/// What is open on this thread. Belongs to the thread that made it.
template <class Tables>
class SqliteScope {
public:
    /// `storage` is only compared.
    SqliteScope(const void* storage, std::optional<FileIdentity> file, SqliteConnection& db, Tables& tables)
        : storage_(storage)
        , file_(file)
        , db_(db)
        , tables_(tables)
        , outer_(std::exchange(innermost(), this)) {}
    SqliteScope(const SqliteScope&) = delete;
    SqliteScope& operator=(const SqliteScope&) = delete;
    ~SqliteScope() { innermost() = outer_; }

    /// The scope of this thread that is for this storage; null where there is none.
    [[nodiscard]] static SqliteScope* of(const void* storage) noexcept {
        SqliteScope* scope = innermost();
        while (scope != nullptr && scope->storage_ != storage)
            scope = scope->outer_;
        return scope;
    }
    /// Whether this thread has the lock of that file by another storage's scope, so that it would wait for itself.
    [[nodiscard]] static bool blocks(const std::optional<FileIdentity>& file) noexcept {
        const SqliteScope* scope = innermost();
        while (scope != nullptr && !(file && scope->file_ == file))
            scope = scope->outer_;
        return scope != nullptr;
    }
    [[nodiscard]] bool is_innermost() const noexcept { return innermost() == this; }

    /// What `command` throws undoes what it wrote, and nothing else of the transaction.
    template <class Command>
    auto write(Command&& command) {
        const Savepoint savepoint(db_, tables_);
        auto answer = command(tables_);
        savepoint.release();
        news_.add(take_news(tables_));
        return answer;
    }
    template <class Query>
    auto read(Query&& query) {
        return query(tables_);
    }

    [[nodiscard]] const SqliteNews& news() const noexcept { return news_; }
    void at_end(std::function<void(bool committed)> ending) { endings_.push_back(std::move(ending)); }
    [[nodiscard]] std::vector<std::function<void(bool)>> take_endings() noexcept { return std::move(endings_); }

private:
    /// Undone unless it was released.
    class Savepoint {
    public:
        Savepoint(SqliteConnection& db, Tables& tables)
            : db_(db)
            , tables_(tables) {
            db_.execute("SAVEPOINT carillon");
        }
        Savepoint(const Savepoint&) = delete;
        Savepoint& operator=(const Savepoint&) = delete;
        ~Savepoint() {
            if (released_) return;
            if (!db_.in_autocommit())
                sqlite3_exec(db_.handle(), "ROLLBACK TO carillon; RELEASE carillon", nullptr, nullptr, nullptr);
            forget_rolled_back(tables_);
        }
        void release() const {
            db_.execute("RELEASE carillon");
            released_ = true;
        }

    private:
        SqliteConnection& db_;
        Tables& tables_;
        mutable bool released_ = false;
    };

    [[nodiscard]] static SqliteScope*& innermost() noexcept {
        thread_local SqliteScope* scope = nullptr;
        return scope;
    }

    const void* storage_;
    std::optional<FileIdentity> file_;
    SqliteConnection& db_;
    Tables& tables_;
    SqliteNews news_;
    std::vector<std::function<void(bool)>> endings_;
    SqliteScope* outer_;
};

} // namespace carillon::detail
