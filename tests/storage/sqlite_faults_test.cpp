// SPDX-License-Identifier: MIT
// What becomes of a session on SqliteStorage whose disk fails at any of its calls, or loses its power at any of them.
//
// The session is short, so that each call of each kind can fail once. CARILLON_FAULTS=all lets every one of them fail,
// for once and for good; a number, so many of a kind, spread over the session. By default it is 8.
#include "carillon/scheduler_facade.hpp"
#include "carillon/storage/sqlite.hpp"
#include "carillon/testing/manual_clock.hpp"
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/faulty_vfs.hpp"
#include "support/ledger.hpp"
#include "support/temporary_folder.hpp"
#include "support/world.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::Fault;
using support::FaultyVfs;
using support::FileCall;
using support::job_spec;
using support::nine;
using support::parallel_spec;
using support::Survivors;
using support::TemporaryFolder;

namespace {

/// What the library has said, and must not forget.
struct Acknowledged {
    std::map<JobId, std::string> jobs{};
    std::vector<JobId> deleted{};
    std::vector<RunId> runs{};
    std::vector<RunId> ended{};
};

/// A host of one thread. Its steps may fail; it goes on with the next one.
class Session {
public:
    explicit Session(std::string path, SqliteSynchronous synchronous = SqliteSynchronous::normal)
        : path_(std::move(path))
        , synchronous_(synchronous) {}

    /// From a new file to some history. Whatever fails is refused with a clear error.
    void run() {
        attempt([&] { create("every second", "* * * * * *"); });
        attempt([&] { create("paused", "* * * * * *"); });
        attempt([&] { triggered_ = create("triggered", "@yearly"); });
        attempt([&] { trigger(); });
        tick();
        attempt([&] { scheduler_->pause_job(id_of("paused"), "acme"); });
        const std::string key = "by key";
        attempt([&] { put(key, "0 9 * * *"); });
        attempt([&] { put(key, "0 10 * * *"); });
        attempt([&] { trigger(); });
        attempt([&] { static_cast<void>(scheduler_->list_runs(id_of("every second"), "acme")); });
        attempt([&] { storage_->backup_to(path_ + ".copy"); });
        close(); // moves the log into the database
        tick();
        attempt([&] { remove("paused"); });
    }

    /// One second passes, and the worker does what is due.
    void tick() {
        clock_->advance(1s);
        attempt([&] { worker_->poll(); });
    }

    /// The disk is whole again: the same objects go on, and what was planned or asked for is done.
    void go_on() {
        if (!worker_) open();
        create("afterwards", "@yearly");
        clock_->advance(1s);
        worker_->poll();
        clock_->advance(2h); // leases that a failed claim has left are over
        worker_->poll();
        worker_->poll();
    }

    /// Opens a file, this one or what a power loss has left of it, and looks for what was acknowledged.
    static void check(const std::string& path, const Acknowledged& acknowledged, bool all_ended) {
        const auto storage = SqliteStorage::open(path);
        CHECK(storage->integrity_check().empty());
        const SchedulerFacade<SqliteStorage> scheduler(storage);
        for (const auto& [id, name] : acknowledged.jobs)
            CHECK(scheduler.get_job(id, "acme").has_value());
        for (const JobId& id : acknowledged.deleted)
            CHECK_FALSE(scheduler.get_job(id, "acme").has_value());
        for (const RunId& id : acknowledged.runs) {
            const auto run = scheduler.get_run(id, "acme");
            REQUIRE(run.has_value());
            if (all_ended) CHECK(run->status == JobRunStatus::completed);
        }
        for (const RunId& id : acknowledged.ended) {
            const auto run = scheduler.get_run(id, "acme");
            REQUIRE(run.has_value());
            CHECK(run->status == JobRunStatus::completed);
        }
        check_ledgers(scheduler, all_ended);
    }

    [[nodiscard]] const Acknowledged& acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::size_t refused() const { return refused_; }
    [[nodiscard]] const std::shared_ptr<testing::ManualClock>& clock() const { return clock_; }

private:
    struct Ends final : Listener {
        explicit Ends(Acknowledged& acknowledged)
            : to(acknowledged) {}
        void on_event(const std::string&, const Event& event) override {
            if (const auto* ended = std::get_if<RunEnded>(&event)) to.ended.push_back(ended->run.id);
        }
        Acknowledged& to;
    };

    void attempt(const std::function<void()>& step) {
        try {
            if (!worker_) open();
            step();
        } catch (const Error& error) {
            ++refused_;
            INFO(error.what());
            CHECK(error.code() == Errc::unavailable);
            CHECK(std::string(error.what()).find("SQLITE_") != std::string::npos);
        }
    }

    void open() {
        SqliteOptions options;
        options.synchronous = synchronous_;
        options.lease_clock = clock_;
        storage_ = SqliteStorage::open(path_, options);
        scheduler_ = std::make_unique<SchedulerFacade<SqliteStorage>>(storage_, FacadeOptions{.clock = clock_});
        WorkerOptions worker;
        worker.threads = 1;
        worker.name = "w";
        worker.report = [](const std::string&) {
        };
        worker.listeners = {std::make_shared<Ends>(acknowledged_)};
        worker_ = std::make_unique<Worker<SqliteStorage>>(*scheduler_, worker);
        worker_->handle("work", [](RunContext&) {});
    }

    void close() {
        worker_.reset();
        scheduler_.reset();
        storage_.reset();
    }

    JobId create(const std::string& name, const std::string& schedule) {
        JobSpec spec = parallel_spec("work", schedule);
        spec.name = name;
        const JobId id = scheduler_->create_job("acme", spec).id;
        acknowledged_.jobs[id] = name;
        return id;
    }
    void put(const std::string& key, const std::string& schedule) {
        acknowledged_.jobs[scheduler_->put_job("acme", key, job_spec("work", schedule)).id] = key;
    }
    void trigger() {
        if (triggered_) acknowledged_.runs.push_back(scheduler_->trigger_job(*triggered_, "acme")->id);
    }
    void remove(const std::string& name) {
        const JobId id = id_of(name);
        acknowledged_.jobs.erase(id); // it may be there or not, until the answer is
        if (scheduler_->delete_job(id, "acme")) acknowledged_.deleted.push_back(id);
    }
    /// Nobody's, where its creation failed.
    [[nodiscard]] JobId id_of(const std::string& name) const {
        for (const auto& [id, job] : acknowledged_.jobs)
            if (job == name) return id;
        return {};
    }

    static void check_ledgers(const SchedulerFacade<SqliteStorage>& scheduler, bool all_ended) {
        for (const ScheduledJob& job : scheduler.list_jobs("acme")) {
            std::vector<JobRun> runs = scheduler.list_runs(job.id, "acme", {.limit = 1'000});
            std::uint64_t executed = 0;
            for (const JobRun& run : runs) {
                if (all_ended) CHECK(is_terminal(run.status));
                executed += run.status == JobRunStatus::completed;
            }
            CHECK(job.run_count == executed);
            if (job.schedule != "* * * * * *") continue;
            const auto reading = support::read_ledger(std::move(runs), job.created_at + 1s, 1s);
            CHECK(reading.faults == std::vector<std::string>{});
            if (job.status == JobStatus::active) CHECK(job.next_run_at == reading.next);
        }
    }

    std::string path_;
    SqliteSynchronous synchronous_;
    std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>(nine);
    Acknowledged acknowledged_;
    std::shared_ptr<SqliteStorage> storage_;
    std::unique_ptr<SchedulerFacade<SqliteStorage>> scheduler_;
    std::unique_ptr<Worker<SqliteStorage>> worker_;
    std::optional<JobId> triggered_;
    std::size_t refused_ = 0;
};

/// How many calls of a kind fail, each in a session of its own.
std::size_t most_faults(std::size_t calls) {
    const char* text = std::getenv("CARILLON_FAULTS");
    if (text && std::string(text) == "all") return calls;
    return std::min(calls, text ? static_cast<std::size_t>(std::stoul(text)) : 8);
}

struct Outcome {
    std::size_t sessions = 0;
    std::size_t failed_calls = 0;
    std::size_t refused_steps = 0;
};

void run_with(const Fault& fault, Outcome& outcome) {
    const TemporaryFolder folder;
    FaultyVfs disk;
    INFO("call of kind " << static_cast<int>(fault.call) << ", number " << fault.first << ", fails with "
                         << sqlite3_errstr(fault.code) << (fault.times == 1 ? "" : ", as all that follow"));
    Acknowledged acknowledged;
    {
        Session session(folder.file("jobs.db"));
        disk.fail(fault);
        session.run();
        disk.mend();
        REQUIRE_NOTHROW(session.go_on());
        acknowledged = session.acknowledged();
        outcome.refused_steps += session.refused();
    }
    ++outcome.sessions;
    outcome.failed_calls += disk.failed();
    Session::check(folder.file("jobs.db"), acknowledged, true);
}

std::size_t calls_of_a_session(FileCall call) {
    const TemporaryFolder folder;
    FaultyVfs disk;
    Session session(folder.file("jobs.db"));
    session.run();
    REQUIRE(session.refused() == 0);
    return disk.calls(call);
}

} // namespace

TEST_CASE("sqlite faults: whichever call fails, for once or for good: a clear error, a whole file, and the worker goes "
          "on") {
    struct Kind {
        const char* name;
        FileCall call;
        int code;
        bool for_good = true;
    };
    const Kind kinds[] = {
        {"the disk is full", FileCall::write, SQLITE_FULL},
        {"a write fails", FileCall::write, SQLITE_IOERR_WRITE},
        {"a sync fails", FileCall::sync, SQLITE_IOERR_FSYNC},
        {"a read fails", FileCall::read, SQLITE_IOERR_READ},
        {"a read of the log fails", FileCall::read_log, SQLITE_IOERR_READ},
        {"a read of the log comes back short", FileCall::read_log, SQLITE_IOERR_SHORT_READ},
        {"a file does not tell its size", FileCall::size, SQLITE_IOERR_FSTAT},
        {"a file cannot be opened", FileCall::open, SQLITE_CANTOPEN},
        {"a file cannot be removed", FileCall::remove, SQLITE_IOERR_DELETE},
        {"a lock fails", FileCall::lock, SQLITE_IOERR_LOCK},
        {"shared memory cannot be had", FileCall::shm_map, SQLITE_IOERR_SHMMAP},
        {"a lock in shared memory fails", FileCall::shm_lock, SQLITE_IOERR_SHMLOCK},
        {"somebody has the lock", FileCall::shm_lock, SQLITE_BUSY, false},
    };
    for (const Kind& kind : kinds) {
        INFO(kind.name);
        const std::size_t calls = calls_of_a_session(kind.call);
        const std::size_t most = most_faults(calls);
        Outcome outcome;
        for (std::size_t i = 0; i < most; ++i) {
            const std::size_t first = 1 + i * calls / most;
            run_with({kind.call, kind.code, first}, outcome);
            if (kind.for_good) run_with({kind.call, kind.code, first, Fault::for_ever}, outcome);
        }
        if (std::getenv("CARILLON_FAULTS"))
            WARN(kind.name << ": " << calls << " calls, " << outcome.sessions << " sessions, " << outcome.failed_calls
                           << " failed calls, " << outcome.refused_steps << " refused steps");
        CHECK(outcome.failed_calls >= outcome.sessions - outcome.sessions / 4);
    }
}

namespace {

/// The calls of the operating system itself move half of what they were asked to.
struct ShortCalls {
    ShortCalls() {
        replace("read", reinterpret_cast<sqlite3_syscall_ptr>(short_read));
        replace("pread", reinterpret_cast<sqlite3_syscall_ptr>(short_pread));
        replace("pread64", reinterpret_cast<sqlite3_syscall_ptr>(short_pread));
        replace("write", reinterpret_cast<sqlite3_syscall_ptr>(short_write));
        replace("pwrite", reinterpret_cast<sqlite3_syscall_ptr>(short_pwrite));
        replace("pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(short_pwrite));
    }
    ShortCalls(const ShortCalls&) = delete;
    ShortCalls& operator=(const ShortCalls&) = delete;
    ~ShortCalls() { vfs->xSetSystemCall(vfs, nullptr, nullptr); }

    static inline std::size_t reads = 0;
    static inline std::size_t writes = 0;

private:
    void replace(const char* name, sqlite3_syscall_ptr call) { vfs->xSetSystemCall(vfs, name, call); }

    static std::size_t less(std::size_t count, std::size_t& calls) {
        ++calls;
        return count > 1 ? (count + 1) / 2 : count;
    }
    static ssize_t short_read(int file, void* to, std::size_t count) { return ::read(file, to, less(count, reads)); }
    static ssize_t short_pread(int file, void* to, std::size_t count, off_t at) {
        return ::pread(file, to, less(count, reads), at);
    }
    static ssize_t short_write(int file, const void* from, std::size_t count) {
        return ::write(file, from, less(count, writes));
    }
    static ssize_t short_pwrite(int file, const void* from, std::size_t count, off_t at) {
        return ::pwrite(file, from, less(count, writes), at);
    }

    sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
};

} // namespace

TEST_CASE("sqlite faults: where the operating system reads and writes half of what it was asked to, nobody notices") {
    const TemporaryFolder folder;
    const ShortCalls calls;
    Session session(folder.file("jobs.db"));
    session.run();
    session.go_on();
    CHECK(session.refused() == 0);
    CHECK(ShortCalls::reads > 100);
    CHECK(ShortCalls::writes > 1'000);
    Session::check(folder.file("jobs.db"), session.acknowledged(), true);
}

namespace {

struct Moment {
    support::DiskFiles files;
    Acknowledged acknowledged;
};

/// The disk, and what was acknowledged, after every n-th change of the disk in a session.
std::vector<Moment> moments_of_a_session(SqliteSynchronous synchronous, std::size_t every) {
    const TemporaryFolder folder;
    FaultyVfs disk;
    std::vector<Moment> moments;
    std::size_t changes = 0;
    {
        Session session(folder.file("jobs.db"), synchronous);
        disk.on_change([&] {
            if (++changes % every == 0) moments.push_back({disk.files(), session.acknowledged()});
        });
        session.run();
        moments.push_back({disk.files(), session.acknowledged()});
    }
    disk.on_change({});
    return moments;
}

} // namespace

TEST_CASE("sqlite faults: a power loss at any moment takes nothing that was acknowledged under FULL, and damages "
          "nothing under NORMAL") {
    FaultyVfs fast; // its syncs cost nothing
    const std::size_t every = std::getenv("CARILLON_FAULTS") ? 1 : 23;
    for (const SqliteSynchronous synchronous : {SqliteSynchronous::full, SqliteSynchronous::normal}) {
        std::uint64_t seed = 1;
        for (const Moment& moment : moments_of_a_session(synchronous, every))
            for (const Survivors survivors : {Survivors::none, Survivors::some, Survivors::torn}) {
                const TemporaryFolder folder;
                INFO("seed " << seed << ", survivors " << static_cast<int>(survivors));
                write_after_power_loss(moment.files, folder.path(), survivors, seed++);
                const bool full = synchronous == SqliteSynchronous::full;
                Session::check(folder.file("jobs.db"), full ? moment.acknowledged : Acknowledged{}, false);
            }
    }
}

TEST_CASE("sqlite faults: a run that may be executed once is on the disk as started before its handler is entered") {
    const TemporaryFolder folder;
    FaultyVfs disk;
    const auto clock = std::make_shared<testing::ManualClock>(nine);
    SqliteOptions options;
    options.lease_clock = clock;
    SchedulerFacade<SqliteStorage> scheduler(SqliteStorage::open(folder.file("jobs.db"), options), {.clock = clock});
    Worker<SqliteStorage> worker(scheduler, {.threads = 1});
    std::vector<std::pair<RunId, support::DiskFiles>> entered;
    worker.handle("once", [&](RunContext& run) { entered.emplace_back(run.run_id(), disk.files()); });
    JobSpec spec = parallel_spec("once");
    spec.policies.delivery = DeliveryMode::at_most_once;
    const JobId job = scheduler.create_job("acme", spec).id;
    for (int i = 0; i < 5; ++i) {
        scheduler.trigger_job(job, "acme");
        worker.poll();
    }
    REQUIRE(entered.size() == 5);
    for (const auto& [id, files] : entered) {
        const TemporaryFolder copy;
        write_after_power_loss(files, copy.path(), Survivors::none, 1);
        const SchedulerFacade<SqliteStorage> after(SqliteStorage::open(copy.file("jobs.db"), options));
        const auto run = after.get_run(id, "acme");
        REQUIRE(run.has_value());
        CHECK(run->status == JobRunStatus::running);
    }
}

TEST_CASE("sqlite faults: a started worker says that its disk is full, and goes on by itself when it is not",
          "[concurrent]") {
    const TemporaryFolder folder;
    FaultyVfs disk;
    {
        SchedulerFacade<SqliteStorage> scheduler(SqliteStorage::open(folder.file("jobs.db")));
        support::Log<std::string> reports;
        WorkerOptions options;
        options.threads = 2;
        options.report = [&](const std::string& sentence) {
            reports.add(sentence);
        };
        Worker<SqliteStorage> worker(scheduler, options);
        std::atomic<std::size_t> executed = 0;
        worker.handle("work", [&](RunContext&) { ++executed; });
        const JobId job = scheduler.create_job("acme", parallel_spec("work")).id;
        std::vector<RunId> runs;
        for (int i = 0; i < 10; ++i)
            runs.push_back(scheduler.trigger_job(job, "acme")->id);
        disk.fail({FileCall::write, SQLITE_FULL, 1, Fault::for_ever});
        worker.start();
        CHECK(support::eventually([&] { return count_of(reports, "SQLITE_FULL") > 0; }));
        CHECK_THROWS_AS(scheduler.trigger_job(job, "acme"), Error);
        disk.mend();
        for (const RunId& id : runs)
            CHECK(
                support::eventually([&] { return scheduler.get_run(id, "acme")->status == JobRunStatus::completed; }));
        CHECK(executed == 10);
    }
}

TEST_CASE("sqlite faults: what a process that died has left in the log is in the database when the next one has opened "
          "it") {
    const TemporaryFolder folder;
    const TemporaryFolder copy; // as a kill at this moment leaves it
    const TemporaryFolder without_log;
    {
        SchedulerFacade<SqliteStorage> scheduler(SqliteStorage::open(folder.file("jobs.db")));
        for (int i = 0; i < 20; ++i)
            scheduler.create_job("acme", job_spec("work"));
        for (const char* file : {"jobs.db", "jobs.db-wal"})
            std::filesystem::copy_file(folder.file(file), copy.file(file));
    }
    const SchedulerFacade<SqliteStorage> next(SqliteStorage::open(copy.file("jobs.db")));
    std::filesystem::copy_file(copy.file("jobs.db"), without_log.file("jobs.db"));
    const SchedulerFacade<SqliteStorage> witness(SqliteStorage::open(without_log.file("jobs.db")));
    CHECK(witness.count_jobs("acme") == 20);
}
