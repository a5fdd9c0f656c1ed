// SPDX-License-Identifier: MIT
// storage/detail/sqlite_readers.hpp - a few connections that read, each for one thread at a time.
#pragma once

#include "carillon/storage/detail/sqlite_api.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon::detail {

/// Thread-safe. Opened when they are needed; who finds all of them in use waits.
template <class Tables>
class SqliteReaders {
public:
    using Open = std::function<std::unique_ptr<SqliteConnection>()>;
    using MakeTables = std::function<std::unique_ptr<Tables>(SqliteConnection&)>;

    SqliteReaders(std::size_t most, Open open, MakeTables make_tables)
        : most_(most)
        , open_(std::move(open))
        , make_tables_(std::move(make_tables)) {
        idle_.reserve(most);
    }

    /// The answer of `query(tables)`, which sees one state of the database. Never waits for a writer.
    template <class Query>
    auto read(Query&& query) {
        const Use use(*this);
        SqliteConnection& db = *use.reader->db;
        db.execute("BEGIN");
        auto answer = query(*use.reader->tables);
        db.execute("COMMIT");
        return answer;
    }
    /// The answer of `query(connection)`, outside of a transaction.
    template <class Query>
    auto use(Query&& query) {
        const Use use(*this);
        return query(*use.reader->db);
    }

private:
    struct Reader {
        std::unique_ptr<SqliteConnection> db;
        std::unique_ptr<Tables> tables;
    };

    /// A reader while it is in use. One on which something went wrong does not come back.
    struct Use {
        explicit Use(SqliteReaders& the_readers)
            : readers(the_readers)
            , reader(readers.take()) {}
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        ~Use() { readers.give_back(std::move(reader)); }

        SqliteReaders& readers;
        std::unique_ptr<Reader> reader;
    };

    std::unique_ptr<Reader> take() {
        std::unique_lock lock(mutex_);
        returned_.wait(lock, [this] { return !idle_.empty() || in_use_ < most_; });
        ++in_use_;
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            return reader;
        }
        lock.unlock();
        try {
            auto reader = std::make_unique<Reader>();
            reader->db = open_();
            reader->tables = make_tables_(*reader->db);
            return reader;
        } catch (...) {
            give_back(nullptr);
            throw;
        }
    }

    void give_back(std::unique_ptr<Reader> reader) noexcept {
        {
            const std::lock_guard lock(mutex_);
            --in_use_;
            if (reader && reader->db->in_autocommit()) idle_.push_back(std::move(reader)); // has the room
        }
        returned_.notify_one();
    }

    const std::size_t most_;
    Open open_;
    MakeTables make_tables_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Reader>> idle_;
    std::size_t in_use_ = 0;
};

} // namespace carillon::detail
