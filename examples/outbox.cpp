// SPDX-License-Identifier: MIT
// outbox.cpp - an order and the e-mail about it: stored together or not at all, sent and marked together or not at all.
//
// The host's table and the scheduler's are in one SQLite file, so one transaction can write both. Without that, a crash
// between the two leaves an order that nobody hears of, or a letter about an order that does not exist.
#include <carillon/carillon.hpp>

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

using namespace std::chrono_literals;

namespace {

using carillon::SqliteStorage;
using carillon::SqliteTransaction;

/// The host's own connection, as any program with a database has one.
class Database {
public:
    explicit Database(const std::string& path) {
        if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) throw std::runtime_error("cannot open " + path);
        sqlite3_busy_timeout(handle_, 5'000);
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() { sqlite3_close(handle_); }

    [[nodiscard]] sqlite3* handle() const { return handle_; }

    /// Runs one statement with one text for `?1`; returns the first number that it gives, or 0.
    int run(const std::string& sql, const std::string& text = "") const {
        sqlite3_stmt* raw = nullptr;
        sqlite3_prepare_v2(handle_, sql.c_str(), -1, &raw, nullptr);
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
        sqlite3_bind_text(raw, 1, text.c_str(), -1, SQLITE_TRANSIENT);
        const int code = sqlite3_step(raw);
        if (code != SQLITE_ROW && code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(handle_));
        return code == SQLITE_ROW ? sqlite3_column_int(raw, 0) : 0;
    }

private:
    sqlite3* handle_ = nullptr;
};

/// A folder of its own, which goes at the end.
class Folder {
public:
    Folder()
        : path_(std::filesystem::temp_directory_path() /
                ("outbox-" + carillon::Uuid::next(carillon::SystemClock().now()).str())) {
        std::filesystem::create_directory(path_);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

struct Shop {
    std::string path;
    Database orders{path};
    std::shared_ptr<SqliteStorage> storage = SqliteStorage::open(path, {.in_host_file = true});
    carillon::SchedulerFacade<SqliteStorage> scheduler{storage};
};

/// A job that sends an e-mail in half a second, once.
carillon::JobSpec mail_about(int order) {
    const carillon::Instant soon = carillon::SystemClock().now() + 500ms;
    return {.name = "e-mail about order " + std::to_string(order),
            .schedule = "@at " + carillon::to_rfc3339(soon),
            .action = {{"type", "send_mail"}, {"order", order}}};
}

/// Stores the order and the job that will send the e-mail, both or neither.
void place_order(Shop& shop, const std::string& article, bool card_is_good) {
    SqliteTransaction transaction(shop.storage, shop.orders.handle());
    const int order = shop.orders.run("INSERT INTO orders (article) VALUES (?1) RETURNING id", article);
    shop.scheduler.create_job("shop", mail_about(order));
    if (!card_is_good) throw std::runtime_error("the card was declined"); // no order, no e-mail
    transaction.commit();
}

/// Sends the e-mail; the order is marked and the run completed in one transaction. Whoever dies before the commit has
/// marked nothing, and the run is executed again; after it, it never is. So an order is marked exactly once, while the
/// e-mail itself, which no transaction can take back, is sent at least once.
void send_mail(Shop& shop, carillon::RunContext& run) {
    const auto order = run.action().at("order").get<int>();
    Database orders(shop.path); // a connection of this thread's
    std::cout << "to the customer: your order " << order << " is on its way\n";
    SqliteTransaction transaction(shop.storage, orders.handle());
    orders.run("UPDATE orders SET mails = mails + 1 WHERE id = " + std::to_string(order));
    run.complete({{"order", order}});
    transaction.commit();
}

} // namespace

int main() {
    const Folder folder;
    Shop shop{.path = folder.file("shop.db")};
    shop.orders.run(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, article TEXT NOT NULL, mails INTEGER NOT NULL DEFAULT 0)");

    place_order(shop, "tea", true);
    try {
        place_order(shop, "a yacht", false);
    } catch (const std::runtime_error& error) {
        std::cout << "no yacht: " << error.what() << "\n";
    }
    std::cout << shop.orders.run("SELECT count(*) FROM orders") << " order and " << shop.scheduler.count_jobs("shop")
              << " job are stored\n";

    carillon::Worker worker{shop.scheduler, {.threads = 1}};
    worker.handle("send_mail", [&](carillon::RunContext& run) { send_mail(shop, run); });
    worker.start();
    while (shop.scheduler.count_runs("shop", {.status = carillon::JobRunStatus::completed}).n == 0)
        std::this_thread::sleep_for(10ms);
    worker.stop();
    const int mails = shop.orders.run("SELECT sum(mails) FROM orders");
    std::cout << mails << " e-mail is marked as sent\n";
    return mails == 1 && shop.orders.run("SELECT count(*) FROM orders") == 1 ? 0 : 1;
}
