// SPDX-License-Identifier: MIT
// storage/detail/sqlite_writer.hpp - one writer at a time, as a role: who comes first leads.
//
//   BEGIN IMMEDIATE   SAVEPOINT command RELEASE   SAVEPOINT command RELEASE ...   COMMIT
//
// The leader executes what has gathered while the one before it was at work, commits once for all, hands out the
// answers and the role, and leaves. So there is no thread, a command that comes alone waits for nobody, and under load
// many commands share a commit.
#pragma once

#include "carillon/error.hpp"
#include "carillon/storage/detail/sqlite_api.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon::detail {

/// What was written and concerns others.
struct SqliteNews {
    bool work = false;
    bool stop = false;

    [[nodiscard]] bool any() const noexcept { return work || stop; }
    void add(const SqliteNews& more) noexcept {
        work = work || more.work;
        stop = stop || more.stop;
    }
};

/// The news that the tables have gathered since they were asked the last time.
template <class Tables>
[[nodiscard]] SqliteNews take_news(Tables& tables) {
    const auto news = tables.take_news();
    return {news.work, news.stop};
}

/// What was written into `tables` since the savepoint, or the beginning, is gone again.
template <class Tables>
void forget_rolled_back(Tables& tables) {
    static_cast<void>(tables.take_news());
    if constexpr (requires { tables.forget(); }) tables.forget();
}

/// Whether the transaction is lost with the statement that failed: what SQLite's manual says of ROLLBACK after errors.
[[nodiscard]] inline bool spoils_transaction(const SqliteError& error) noexcept {
    switch (error.primary()) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_INTERRUPT:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return true;
    default: return false;
    }
}

inline void roll_back(SqliteConnection& db) noexcept {
    if (!db.in_autocommit()) sqlite3_exec(db.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

/// Makes all commits so far survive a loss of power. Throws SqliteError.
inline void sync_wal(SqliteConnection& db) {
    sqlite3_file* wal = nullptr;
    sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (wal == nullptr || wal->pMethods == nullptr) return; // in memory
    const int code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
    if (code != SQLITE_OK) throw sqlite_error(code, sqlite3_errstr(code), "sync its log");
}

/// The same again, for another thread: two that read one exception object would have to agree on who destroys it.
[[nodiscard]] inline std::exception_ptr copy_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const SqliteError& each) {
        return std::make_exception_ptr(SqliteError(each.code(), std::string(each.what()), each.extended()));
    } catch (const std::exception& each) {
        return std::make_exception_ptr(Error(Errc::internal, std::string(each.what())));
    } catch (...) {
        return std::make_exception_ptr(Error(Errc::internal, "the transaction has failed"));
    }
}

struct SqliteWriterHooks {
    /// Within each transaction that has news, before its COMMIT.
    std::function<void(SqliteConnection&, const SqliteNews&)> before_commit{};
    /// On the thread of whoever led, without a lock, after it handed the role on.
    std::function<void(const SqliteNews&)> after_commit{};
};

/// Thread-safe. `Tables` is what commands get: made from a connection, it gathers news for take_news().
template <class Tables>
class SqliteWriter {
public:
    static constexpr std::size_t most_commands = 256;
    /// 80 MB of log, at SQLite's usual page size.
    static constexpr int most_pages = 20'000;

    template <class... Arguments>
    SqliteWriter(std::unique_ptr<SqliteConnection> db, SqliteWriterHooks hooks, const Arguments&... tables)
        : hooks_(std::move(hooks))
        , db_(std::move(db))
        , tables_(*db_, tables...) {
        group_.reserve(most_commands);
        sqlite3_wal_hook(db_->handle(), count_pages, this);
    }
    SqliteWriter(const SqliteWriter&) = delete;
    SqliteWriter& operator=(const SqliteWriter&) = delete;
    ~SqliteWriter() { sqlite3_wal_hook(db_->handle(), nullptr, nullptr); }

    /// Executes `command(tables)` within a transaction and returns its answer when that is committed. What it throws
    /// passes through, and nothing of it is written; where the whole transaction fails, all of its commands throw.
    template <class Command>
    auto write(Command&& command) {
        return submit<Tables>(Kind::plain, command);
    }
    /// The same; its answer survives a loss of power where `durable(answer)` says that it has to, whatever
    /// SqliteSynchronous says.
    template <class Command, class Durable>
    auto write_durably(Command&& command, Durable durable) {
        Task task;
        auto answer = submit_task(task, [&](Tables& tables) {
            auto made = command(tables);
            task.durable = durable(std::as_const(made));
            return made;
        });
        return answer;
    }
    /// Executes `command(connection)` while nobody writes, outside of a transaction.
    template <class Command>
    auto exclusively(Command&& command) {
        return submit<SqliteConnection>(Kind::outside, command);
    }

    /// Takes the role until `let_go`, for a transaction that somebody else controls.
    void hold() {
        Task task;
        std::unique_lock lock(mutex_);
        wait_for_turn(task, lock);
        queue_.pop_front();
        leader_ = std::this_thread::get_id();
    }
    void let_go() {
        leader_ = std::thread::id();
        const std::lock_guard lock(mutex_);
        pass_on();
    }
    /// How many commands wait for the leader.
    [[nodiscard]] std::size_t waiting() {
        const std::lock_guard lock(mutex_);
        return queue_.size();
    }
    /// Only while the role is held, or within a command.
    [[nodiscard]] SqliteConnection& held_connection() noexcept { return *db_; }
    [[nodiscard]] Tables& held_tables() noexcept { return tables_; }

    /// Moves the log into the database where nobody has written since the last call and that is worth it. Never waits
    /// for readers.
    void checkpoint_when_idle() {
        const int pages = pages_;
        const bool idle = std::exchange(pages_seen_, pages) == pages;
        if (idle && pages >= most_pages / 20) exclusively([this](SqliteConnection&) { checkpoint(); });
    }

private:
    enum class Kind : std::uint8_t { plain, outside };

    struct Task {
        std::function<void()> run{};
        Kind kind = Kind::plain;
        bool durable = false;
        bool done = false;
        bool leads = false;
        std::exception_ptr error{};
        std::condition_variable changed{};
    };

    template <class Argument, class Command>
    auto submit(Kind kind, Command& command) {
        Task task;
        task.kind = kind;
        if constexpr (std::is_same_v<Argument, Tables>)
            return submit_task(task, command);
        else
            return submit_task(task, [&](Tables&) { return command(*db_); });
    }

    template <class Command>
    auto submit_task(Task& task, Command&& command) {
        using Answer = std::invoke_result_t<Command&, Tables&>;
        if constexpr (std::is_void_v<Answer>) {
            task.run = [&] {
                command(tables_);
            };
            execute(task);
        } else {
            std::optional<Answer> answer;
            task.run = [&] {
                answer.emplace(command(tables_));
            };
            execute(task);
            return Answer(std::move(*answer));
        }
    }

    void execute(Task& task) {
        if (leader_.load() == std::this_thread::get_id())
            throw Error(Errc::invalid_state, "a function that was handed to the storage must not call the storage");
        SqliteNews news;
        {
            std::unique_lock lock(mutex_);
            wait_for_turn(task, lock);
            if (task.leads) news = lead(task, lock);
        }
        if (news.any() && hooks_.after_commit) hooks_.after_commit(news);
        if (task.error) std::rethrow_exception(task.error);
    }

    /// Until the task is done, or leads; then it is the first of the queue.
    void wait_for_turn(Task& task, std::unique_lock<std::mutex>& lock) {
        queue_.push_back(&task);
        if (std::exchange(led_, true))
            task.changed.wait(lock, [&] { return task.done || task.leads; });
        else
            task.leads = true;
    }

    /// Executes a group that begins with `own`. Returns its news.
    SqliteNews lead(Task& own, std::unique_lock<std::mutex>& lock) {
        group_.clear();
        do {
            group_.push_back(queue_.front());
            queue_.pop_front();
        } while (own.kind == Kind::plain && !queue_.empty() && queue_.front()->kind == Kind::plain &&
                 group_.size() < most_commands);
        lock.unlock();
        leader_ = std::this_thread::get_id();
        const SqliteNews news = own.kind == Kind::outside ? run_outside(own) : run_group();
        leader_ = std::thread::id();
        lock.lock();
        for (Task* task : group_) {
            task->done = true;
            if (task != &own) task->changed.notify_one(); // under the lock: the task goes when its owner wakes up
        }
        pass_on();
        return news;
    }

    void pass_on() {
        led_ = !queue_.empty();
        if (!led_) return;
        queue_.front()->leads = true;
        queue_.front()->changed.notify_one();
    }

    SqliteNews run_outside(Task& task) {
        try {
            task.run();
        } catch (...) {
            task.error = std::current_exception();
        }
        return {};
    }

    SqliteNews run_group() {
        try {
            const SqliteNews news = commit_group();
            sync_durable();
            if (pages_ >= most_pages) checkpoint();
            return news;
        } catch (...) {
            roll_back(*db_);
            forget_rolled_back(tables_);
            const std::exception_ptr error = std::current_exception();
            for (Task* task : group_)
                if (!task->error) task->error = group_.size() == 1 ? error : copy_of(error);
            return {};
        }
    }

    SqliteNews commit_group() {
        SqliteNews news;
        db_->execute("BEGIN IMMEDIATE");
        for (Task* task : group_)
            news.add(group_.size() == 1 ? run_alone(*task) : run_in_savepoint(*task));
        if (news.any() && hooks_.before_commit) hooks_.before_commit(*db_, news);
        db_->execute("COMMIT");
        return news;
    }

    SqliteNews run_alone(Task& task) {
        task.run();
        return take_news(tables_);
    }

    /// What goes wrong with one command is its own matter, unless the transaction is lost with it.
    SqliteNews run_in_savepoint(Task& task) {
        db_->execute("SAVEPOINT carillon");
        try {
            task.run();
        } catch (const SqliteError& error) {
            if (spoils_transaction(error) || db_->in_autocommit()) throw;
            undo(task);
        } catch (...) {
            if (db_->in_autocommit()) throw;
            undo(task);
        }
        db_->execute("RELEASE carillon");
        return take_news(tables_);
    }

    /// To be called where what the command threw is being caught.
    void undo(Task& task) {
        task.error = std::current_exception();
        db_->execute("ROLLBACK TO carillon");
        forget_rolled_back(tables_);
    }

    /// What was promised to be durable, and is not, is no answer.
    void sync_durable() {
        std::exception_ptr failure;
        bool synced = false;
        for (Task* task : group_) {
            if (!task->durable || task->error) continue;
            try {
                if (!std::exchange(synced, true)) sync_wal(*db_);
            } catch (...) {
                failure = std::current_exception();
            }
            if (failure) task->error = copy_of(failure);
        }
    }

    /// One that fails is no matter: nothing is lost, and the next commit tries again.
    void checkpoint() noexcept {
        if (sqlite3_wal_checkpoint_v2(db_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) == SQLITE_OK)
            pages_ = 0;
    }

    static int count_pages(void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteWriter*>(self)->pages_ = pages;
        return SQLITE_OK;
    }

    SqliteWriterHooks hooks_;
    std::unique_ptr<SqliteConnection> db_;
    Tables tables_;
    std::vector<Task*> group_; // the leader's

    std::mutex mutex_;
    std::deque<Task*> queue_;
    bool led_ = false;
    std::atomic<std::thread::id> leader_{};
    std::atomic<int> pages_ = 0; // of the log
    int pages_seen_ = 0;         // of whoever calls checkpoint_when_idle
};

} // namespace carillon::detail
