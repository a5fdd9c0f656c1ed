// SPDX-License-Identifier: MIT
// storage/detail/sqlite_transaction.hpp - opens a scope on the host's connection, and ends it.
#pragma once

#include "carillon/storage/detail/sqlite_core.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/// See SqliteTransaction. Belongs to the thread that made it.
template <class Tables>
class SqliteHostTransaction {
public:
    SqliteHostTransaction(SqliteCore<Tables>& core, sqlite3* host)
        : core_(core)
        , connection_(host, false) {
        core_.refuse_fork();
        check_same_database(host);
        if (core_.in_memory()) core_.writer().hold();
        try {
            begin();
            if (!core_.in_memory()) own_tables_.emplace(connection_, core_.lease_time());
            Tables& tables = own_tables_ ? *own_tables_ : core_.writer().held_tables();
            SqliteConnection& db = own_tables_ ? connection_ : core_.writer().held_connection();
            scope_.emplace(&core_, core_.file(), db, tables);
        } catch (...) {
            if (began_) roll_back(connection_);
            if (core_.in_memory()) core_.writer().let_go();
            throw;
        }
    }
    SqliteHostTransaction(const SqliteHostTransaction&) = delete;
    SqliteHostTransaction& operator=(const SqliteHostTransaction&) = delete;
    ~SqliteHostTransaction() {
        if (scope_) rollback();
    }

    void commit() {
        check_open();
        const SqliteNews news = scope_->news();
        if (news.any()) write_news(connection_, news);
        connection_.execute("COMMIT");
        close(true);
        core_.tell(news);
    }

    void rollback() noexcept {
        if (!scope_) return;
        roll_back(connection_);
        if (!own_tables_) forget_rolled_back(core_.writer().held_tables());
        close(false);
    }

private:
    void check_same_database(sqlite3* host) const {
        const SqliteScope<Tables>* open = SqliteScope<Tables>::of(&core_);
        if (open != nullptr || SqliteScope<Tables>::blocks(core_.file()))
            throw Error(Errc::transaction_open, "this thread has a transaction on this database open already");
        const char* name = sqlite3_db_filename(host, "main");
        const std::string path = name == nullptr ? "" : name;
        const bool same = core_.in_memory() ? core_.writer().held_connection().handle() == host
                                            : !path.empty() && file_identity(path) == core_.file();
        if (!same)
            throw Error(Errc::invalid_state,
                        "the host's connection is to \"" + path + "\", the storage is in \"" + core_.path() +
                            "\": hand in a connection to the same file, or let the storage adopt this one");
    }

    void begin() {
        if (connection_.in_autocommit()) {
            connection_.execute("BEGIN IMMEDIATE");
            began_ = true;
        } else if (sqlite3_txn_state(connection_.handle(), "main") != SQLITE_TXN_WRITE) {
            throw Error(Errc::invalid_state,
                        "the host's transaction does not have the lock for writing: begin it by BEGIN IMMEDIATE");
        }
    }

    void check_open() const {
        if (!scope_) throw Error(Errc::invalid_state, "the transaction has ended");
        if (!scope_->is_innermost())
            throw Error(Errc::invalid_state, "the transaction is to be ended by the thread that has it open");
        if (connection_.in_autocommit())
            throw Error(Errc::invalid_state,
                        "the transaction was ended by a statement of the host: end it by SqliteTransaction::commit()");
    }

    void close(bool committed) {
        const std::vector<std::function<void(bool)>> endings = scope_->take_endings();
        scope_.reset();
        if (core_.in_memory()) core_.writer().let_go();
        for (const auto& ending : endings)
            ending(committed);
    }

    SqliteCore<Tables>& core_;
    SqliteConnection connection_;
    std::optional<Tables> own_tables_;
    std::optional<SqliteScope<Tables>> scope_;
    bool began_ = false;
};

} // namespace carillon::detail
