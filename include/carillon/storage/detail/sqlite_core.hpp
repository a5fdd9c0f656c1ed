// SPDX-License-Identifier: MIT
// storage/detail/sqlite_core.hpp - an open database: who writes, who reads, who hears of it.
//
//   in a scope of the host's transaction   the host's connection, in a savepoint
//   a write                                the writer's connection: sqlite_writer.hpp
//   a read                                 one of a few others; in memory, where there is one connection, the writer's
//
// What is in the tables is nothing to it: `Tables` is made from a connection and a clock for leases, gathers news for
// take_news(), and ends all leases by end_leases().
#pragma once

#include "carillon/clock.hpp"
#include "carillon/detail/watch_list.hpp"
#include "carillon/storage/detail/sqlite_backup.hpp"
#include "carillon/storage/detail/sqlite_fork.hpp"
#include "carillon/storage/detail/sqlite_open.hpp"
#include "carillon/storage/detail/sqlite_readers.hpp"
#include "carillon/storage/detail/sqlite_scope.hpp"
#include "carillon/storage/detail/sqlite_watch.hpp"
#include "carillon/storage/detail/sqlite_writer.hpp"
#include "carillon/storage/storage.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/// How often news was written to the file, by anybody.
struct SqliteNewsCount {
    std::int64_t work = 0;
    std::int64_t stop = 0;
    friend bool operator==(const SqliteNewsCount&, const SqliteNewsCount&) = default;
};

[[nodiscard]] inline SqliteNewsCount read_news(SqliteConnection& db) {
    SqliteRows rows = db.query("SELECT work_news, stop_news FROM carillon_storage");
    rows.next();
    return {rows.integer(0), rows.integer(1)};
}

/// Lets other connections know; returns the counts as they are then.
inline SqliteNewsCount write_news(SqliteConnection& db, const SqliteNews& news) {
    db.execute(
        "UPDATE carillon_storage SET work_news = work_news + ?1, stop_news = stop_news + ?2", news.work, news.stop);
    return read_news(db);
}

/// Thread-safe.
template <class Tables>
class SqliteCore {
public:
    using Scope = SqliteScope<Tables>;

    SqliteCore(const std::string& path, SqliteOptions options, const std::vector<std::string>& migrations)
        : SqliteCore(path, std::move(options), [&](const SqliteOptions& checked) {
            return naming_the_file(path, [&] { return open_writer(path, checked, migrations); });
        }) {}
    /// On a database in memory that is the host's: the connection is used, and not closed.
    SqliteCore(sqlite3* host, SqliteOptions options, const std::vector<std::string>& migrations)
        : SqliteCore(sqlite_memory_path, std::move(options), [&](const SqliteOptions&) {
            auto db = std::make_unique<SqliteConnection>(host, false);
            migrate(*db, sqlite_memory_path, migrations, true);
            return db;
        }) {}
    SqliteCore(const SqliteCore&) = delete;
    SqliteCore& operator=(const SqliteCore&) = delete;
    /// The child of a fork leaves everything open: closing would touch the parent's locks.
    ~SqliteCore() {
        if (state_->fork.happened()) static_cast<void>(new std::shared_ptr<State>(std::move(state_)));
    }

    [[nodiscard]] const std::string& path() const noexcept { return state_->path; }
    [[nodiscard]] bool in_memory() const noexcept { return state_->path == sqlite_memory_path; }
    [[nodiscard]] const std::optional<FileIdentity>& file() const noexcept { return state_->file; }
    [[nodiscard]] SteadyTime lease_now() const { return state_->lease_clock->steady_now(); }

    template <class Command>
    auto write(Command&& command) {
        if (Scope* scope = open_scope()) return scope->write(command);
        return state_->writer->write(command);
    }
    /// The work of a worker, which cannot be part of somebody else's transaction.
    template <class Command>
    auto work(Command&& command) {
        refuse_scope();
        return state_->writer->write(command);
    }
    /// See SqliteWriter::write_durably.
    template <class Command, class Durable>
    auto work_durably(Command&& command, Durable durable) {
        refuse_scope();
        if (state_->options.synchronous == SqliteSynchronous::full) return state_->writer->write(command);
        return state_->writer->write_durably(command, durable);
    }
    template <class Query>
    auto read(Query&& query) const {
        state_->fork.refuse();
        if (Scope* scope = Scope::of(this)) return scope->read(query);
        if (in_memory()) return state_->writer->write(query);
        return state_->readers->read(query);
    }

    /// Calls it with whether the transaction that is open on this thread was committed; at once where there is none.
    template <class Ending>
    void at_transaction_end(Ending ending) {
        if (Scope* scope = Scope::of(this)) return scope->at_end(std::move(ending));
        ending(true);
    }

    [[nodiscard]] WatchHandle watch(std::function<void(StorageNews)> callback) {
        state_->fork.refuse();
        WatchHandle handle = state_->watchers.add(std::move(callback));
        if (in_memory()) return handle;
        void* raw = handle.get();
        return WatchHandle(raw, [handle = std::move(handle), thread = watch_thread()](void*) mutable {
            handle.reset();
            thread.reset();
        });
    }
    void tell(const SqliteNews& news) { state_->tell(news); }

    [[nodiscard]] std::vector<std::string> integrity_check() const {
        return use_connection([](SqliteConnection& db) { return check_integrity(db); });
    }
    void backup_to(const std::string& path) const {
        check_sqlite_options(path, state_->options);
        use_connection([&](SqliteConnection& db) {
            back_up(db, path, state_->options);
            return true;
        });
    }

    /// For a transaction of the host on the one connection that there is.
    [[nodiscard]] SqliteWriter<Tables>& writer() noexcept { return *state_->writer; }
    [[nodiscard]] std::function<SteadyTime()> lease_time() const { return state_->lease_time(); }
    void refuse_fork() const { state_->fork.refuse(); }

private:
    struct State : std::enable_shared_from_this<State> {
        std::string path;
        SqliteOptions options;
        ForkCheck fork;
        std::optional<FileIdentity> file;
        std::shared_ptr<const Clock> lease_clock;
        WatchList watchers;
        SqliteNewsCount known;         // whoever has the writer's role
        std::atomic<bool> news_missed; // between two looks
        std::unique_ptr<SqliteWriter<Tables>> writer;
        std::unique_ptr<SqliteReaders<Tables>> readers;
        std::mutex watch_mutex;
        std::weak_ptr<SqliteWatchThread> watch_thread;

        [[nodiscard]] std::function<SteadyTime()> lease_time() const {
            return [clock = lease_clock] {
                return clock->steady_now();
            };
        }

        void tell(const SqliteNews& news) {
            if (news.work) watchers.tell(StorageNews::work);
            if (news.stop) watchers.tell(StorageNews::stop);
        }

        /// What others have written meanwhile shows in what is not ours.
        void count_news(SqliteConnection& db, const SqliteNews& news) {
            const SqliteNewsCount now = write_news(db, news);
            const SqliteNewsCount alone{known.work + (news.work ? 1 : 0), known.stop + (news.stop ? 1 : 0)};
            if (now != alone) news_missed = true;
            known = now;
        }

        void look() {
            const SqliteNews news = writer->exclusively([this](SqliteConnection& db) {
                const SqliteNewsCount before = std::exchange(known, read_news(db));
                const bool missed = news_missed.exchange(false);
                return SqliteNews{missed || known.work != before.work, missed || known.stop != before.stop};
            });
            tell(news);
            writer->checkpoint_when_idle();
        }
    };

    template <class OpenWriter>
    SqliteCore(const std::string& path, SqliteOptions options, OpenWriter open)
        : state_(std::make_shared<State>()) {
        check_sqlite_options(path, options);
        State& state = *state_;
        state.path = path;
        state.options = std::move(options);
        state.lease_clock = state.options.lease_clock ? state.options.lease_clock : std::make_shared<BootClock>();
        auto db = open(std::as_const(state.options));
        if (path != sqlite_memory_path) state.file = file_identity(path);
        state.known = read_news(*db);
        make_connections(std::move(db));
        if (!state.options.lease_clock) end_leases_of_another_start();
    }

    void make_connections(std::unique_ptr<SqliteConnection> db) {
        State* state = state_.get();
        SqliteWriterHooks hooks;
        hooks.before_commit = [state](SqliteConnection& written, const SqliteNews& news) {
            state->count_news(written, news);
        };
        hooks.after_commit = [state](const SqliteNews& news) {
            state->tell(news);
        };
        state->writer = std::make_unique<SqliteWriter<Tables>>(std::move(db), std::move(hooks), state->lease_time());
        state->readers = std::make_unique<SqliteReaders<Tables>>(
            state->options.readers,
            [state] { return naming_the_file(state->path, [&] { return open_reader(state->path, state->options); }); },
            [state](SqliteConnection& read) { return std::make_unique<Tables>(read, state->lease_time()); });
    }

    /// Leases are counted from the start of the machine, and there was another one since.
    void end_leases_of_another_start() {
        const std::string boot_id = read_boot_id();
        const auto is_ours = [&](SqliteConnection& db) {
            SqliteRows rows = db.query("SELECT boot_id FROM carillon_storage");
            return rows.next() && rows.view(0) == boot_id;
        };
        if (state_->writer->exclusively(is_ours)) return;
        state_->writer->write([&](Tables& tables) {
            SqliteConnection& db = state_->writer->held_connection();
            if (!is_ours(db)) tables.end_leases();
            db.execute("UPDATE carillon_storage SET boot_id = ?1", boot_id);
            return true;
        });
    }

    /// The scope that this thread's writes are part of. Refuses those that would wait for this thread's own lock.
    [[nodiscard]] Scope* open_scope() const {
        state_->fork.refuse();
        if (Scope* scope = Scope::of(this)) return scope;
        if (Scope::blocks(state_->file))
            throw Error(Errc::transaction_open,
                        "this thread has a transaction on \"" + state_->path +
                            "\" open by another storage: call that one, or end the transaction first");
        return nullptr;
    }
    void refuse_scope() const {
        if (open_scope() != nullptr)
            throw Error(Errc::transaction_open,
                        "a worker cannot work inside a transaction of the host: end the transaction first");
    }

    template <class Query>
    auto use_connection(Query&& query) const {
        state_->fork.refuse();
        if (in_memory()) return state_->writer->exclusively(query);
        return state_->readers->use(query);
    }

    [[nodiscard]] std::shared_ptr<SqliteWatchThread> watch_thread() {
        const std::lock_guard lock(state_->watch_mutex);
        auto thread = state_->watch_thread.lock();
        if (thread) return thread;
        thread = std::make_shared<SqliteWatchThread>(state_->options.clock, [weak = std::weak_ptr<State>(state_)] {
            if (const auto state = weak.lock()) state->look();
        });
        state_->watch_thread = thread;
        return thread;
    }

    std::shared_ptr<State> state_;
};

} // namespace carillon::detail
