// SPDX-License-Identifier: MIT
// What does SqliteStorage cost beside a bare loop of the same SQL, where 100k or 1M jobs exist?
//
//   bare       sqlite3 alone, on a copy of the file: the statements that nobody can do without, prepared once, in
//              transactions of the same size, and no C++ around them
//   storage    SqliteStorage: fences, leases, keys, counters, limits, and records made of the rows
//   facade     what a host calls: create_job, list_jobs, and poll() when there is nothing to do
//
// Nanoseconds an item: processor time under NORMAL, where nobody waits for the disk; wall time, fsync included, under
// FULL. CARILLON_BENCHMARK_JOBS names another number of jobs; the folder for temporary files decides which disk it is.
#include "carillon/scheduler_facade.hpp"
#include "carillon/storage/sqlite.hpp"
#include "carillon/worker/worker.hpp"

#include "ratio_table.hpp"

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr const char* tenant = "acme";
const SystemClock system_clock;

JobSpec job_spec() {
    return {.name = "Daily report",
            .schedule = "@yearly",
            .action = {{"type", "run_agent"},
                       {"agent_id", "agent-0123456789"},
                       {"prompt", "Summarise the tickets of yesterday"},
                       {"channel", "#ops-daily"},
                       {"retries", 3}}};
}

JobSpec often_spec() {
    JobSpec spec = job_spec();
    spec.name = "often";
    spec.policies.overlap.policy = OverlapPolicy::allow;
    return spec;
}

// ---- bare -----------------------------------------------------------------------------------------------------------

/// Throws at an error.
class Statement {
public:
    Statement(sqlite3* db, const std::string& sql) {
        if (sqlite3_prepare_v3(db, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) != SQLITE_OK)
            throw std::runtime_error(sql + ": " + sqlite3_errmsg(db));
    }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement() { sqlite3_finalize(statement_); }

    [[nodiscard]] sqlite3_stmt* get() const { return statement_; }
    bool step() {
        const int code = sqlite3_step(statement_);
        if (code == SQLITE_ROW) return true;
        sqlite3_reset(statement_);
        if (code != SQLITE_DONE) throw std::runtime_error(sqlite3_errstr(code));
        return false;
    }
    void run() {
        while (step()) {
        }
    }

private:
    sqlite3_stmt* statement_ = nullptr;
};

/// Inserts rows like one that is there.
class LikeRow {
public:
    LikeRow(sqlite3* db, const std::string& table, const std::string& rows) {
        Statement model(db, "SELECT * FROM " + rows + " LIMIT 1");
        if (!model.step()) throw std::runtime_error("no row in " + table);
        std::string names;
        std::string marks;
        const int columns = sqlite3_column_count(model.get());
        for (int i = 0; i < columns; ++i) {
            const std::string name = sqlite3_column_name(model.get(), i);
            at_[name] = i + 1;
            names += (i ? ", " : "") + name;
            marks += i ? ", ?" : "?";
        }
        insert_ = std::make_unique<Statement>(db, "INSERT INTO " + table + "(" + names + ") VALUES(" + marks + ")");
        for (int i = 0; i < columns; ++i)
            sqlite3_bind_value(insert_->get(), i + 1, sqlite3_column_value(model.get(), i));
        sqlite3_bind_null(insert_->get(), at_.at("row"));
    }
    template <class IdT>
    void set_id(const std::string& column, const IdT& id) {
        const auto& bytes = id.uuid().bytes;
        sqlite3_bind_blob(
            insert_->get(), at_.at(column), bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
    }
    void set(const std::string& column, std::int64_t value) {
        sqlite3_bind_int64(insert_->get(), at_.at(column), value);
    }
    void insert() { insert_->run(); }

private:
    std::map<std::string, int> at_;
    std::unique_ptr<Statement> insert_;
};

class Bare {
public:
    Bare(const std::string& path, SqliteSynchronous synchronous) {
        sqlite3_open(path.c_str(), &db_);
        execute("PRAGMA journal_mode = WAL");
        execute(synchronous == SqliteSynchronous::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        execute("PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 20000");
        prepare();
    }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;
    ~Bare() {
        statements_.clear();
        like_.clear();
        sqlite3_close(db_);
    }

    void add_runs(std::size_t count) {
        begin();
        LikeRow& run = *like_.at("run");
        for (std::size_t i = 0; i < count; ++i) {
            run.set_id("id", RunId::next(system_clock.now()));
            run.set("place", 1);
            run.insert();
        }
        commit();
    }

    void claim_and_finish(std::size_t count) {
        const std::int64_t now = system_clock.now().time_since_epoch().count();
        std::vector<std::pair<std::int64_t, std::int64_t>> claimed;
        begin();
        Statement& select = *statements_.at("select");
        sqlite3_bind_int64(select.get(), 1, static_cast<std::int64_t>(count));
        while (select.step())
            claimed.emplace_back(sqlite3_column_int64(select.get(), 0), 0);
        Statement& start = *statements_.at("start");
        for (auto& [row, fence] : claimed) {
            sqlite3_bind_int64(start.get(), 1, row);
            sqlite3_bind_int64(start.get(), 2, now);
            while (start.step())
                fence = sqlite3_column_int64(start.get(), 0);
        }
        commit();
        begin();
        Statement& finish = *statements_.at("finish");
        for (const auto& [row, fence] : claimed) {
            sqlite3_bind_int64(finish.get(), 1, row);
            sqlite3_bind_int64(finish.get(), 2, fence);
            sqlite3_bind_int64(finish.get(), 3, now);
            finish.run();
        }
        commit();
        if (claimed.size() != count) throw std::logic_error("too few runs are ready");
    }

    void create() {
        const JobId id = JobId::next(system_clock.now());
        begin();
        like_.at("definition")->set_id("job", id);
        like_.at("definition")->insert();
        like_.at("job")->set("definition", sqlite3_last_insert_rowid(db_));
        like_.at("audit")->set("after", sqlite3_last_insert_rowid(db_));
        like_.at("job")->set_id("id", id);
        like_.at("job")->insert();
        like_.at("audit")->set_id("id", AuditId::next(system_clock.now()));
        like_.at("audit")->set_id("job", id);
        like_.at("audit")->insert();
        commit();
    }

    void list_page() {
        Statement& page = *statements_.at("page");
        std::size_t rows = 0;
        for (; page.step(); ++rows)
            for (int i = 0; i < sqlite3_column_count(page.get()); ++i)
                benchmark::DoNotOptimize(sqlite3_column_blob(page.get(), i));
        if (rows != 100) throw std::logic_error("no page of 100 jobs");
    }

    void idle() {
        Statement& select = *statements_.at("select");
        sqlite3_bind_int64(select.get(), 1, 1);
        if (select.step()) throw std::logic_error("a run is ready");
        statements_.at("due")->run();
    }

private:
    void execute(const char* sql) {
        if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(db_));
    }
    void begin() { statements_.at("begin")->run(); }
    void commit() { statements_.at("commit")->run(); }

    void prepare() {
        const auto add = [&](const char* name, const char* sql) {
            statements_[name] = std::make_unique<Statement>(db_, sql);
        };
        add("begin", "BEGIN IMMEDIATE");
        add("commit", "COMMIT");
        add("select",
            "SELECT row FROM carillon_run WHERE place = 1 AND action_type = 'run_agent' AND tenant = 'acme' "
            "ORDER BY priority DESC, not_before, id LIMIT ?1");
        add("start",
            "UPDATE carillon_run SET status = 1, place = 3, started_at = ?2, worker = 'bare', fence = fence + 1, "
            "attempt = attempt + 1, lease_until = ?2 WHERE row = ?1 RETURNING fence, id, job, scheduled_for, attempt");
        add("finish",
            "UPDATE carillon_run SET status = 2, place = NULL, completed_at = ?3, duration = 1, lease_until = NULL "
            "WHERE row = ?1 AND fence = ?2 AND status = 1");
        add("due",
            "SELECT next_run_at FROM carillon_job WHERE next_run_at IS NOT NULL AND status = 0 AND removed = 0 "
            "ORDER BY next_run_at LIMIT 1");
        add("page",
            "SELECT j.*, d.* FROM carillon_job j JOIN carillon_definition d ON d.row = j.definition "
            "WHERE j.tenant = 'acme' AND j.removed = 0 ORDER BY j.created_at DESC, j.id DESC LIMIT 100");
        const std::string a_job = "SELECT row FROM carillon_job WHERE name = 'Daily report' ORDER BY row LIMIT 1";
        const auto add_model = [&](const char* name, const std::string& rows) {
            like_[name] = std::make_unique<LikeRow>(db_, std::string("carillon_") + name, rows);
        };
        execute("CREATE TABLE IF NOT EXISTS a_run AS SELECT * FROM carillon_run WHERE status = 0 LIMIT 1");
        execute("DELETE FROM carillon_run WHERE status = 0");
        add_model("run", "a_run");
        add_model("job", "carillon_job WHERE row = (" + a_job + ")");
        add_model("definition",
                  "carillon_definition WHERE row = (SELECT definition FROM carillon_job WHERE row = (" + a_job + "))");
        add_model("audit", "carillon_audit WHERE job = (SELECT id FROM carillon_job WHERE row = (" + a_job + "))");
    }

    sqlite3* db_ = nullptr;
    std::map<std::string, std::unique_ptr<Statement>> statements_;
    std::map<std::string, std::unique_ptr<LikeRow>> like_;
};

// ---- the storage ----------------------------------------------------------------------------------------------------

class Ours {
public:
    Ours(const std::string& path, SqliteSynchronous synchronous)
        : storage_(SqliteStorage::open(path, options(synchronous)))
        , scheduler_(storage_) {
        worker_.handle("run_agent", [](RunContext&) {});
        often_ = scheduler_.put_job(tenant, "often", often_spec()).id;
    }

    void add_runs(std::size_t count) {
        storage_->modify_job(tenant, often_, [&](const JobView& job, const KeyState&) {
            JobChange change;
            change.at = system_clock.now();
            for (std::size_t i = 0; i < count; ++i) {
                JobRun& run = change.runs.emplace_back();
                run.id = RunId::next(change.at);
                run.job_id = job.definition.id;
                run.tenant_id = tenant;
                run.trigger = RunTrigger::manual;
                run.scheduled_for = run.not_before = change.at;
                run.action_type = job.definition.action_type;
                run.slots = 0;
            }
            return change;
        });
    }

    void claim_and_finish(std::size_t count) {
        ClaimRequest request{.worker = "bench", .filter = {.action_types = {"run_agent"}}, .limit = count};
        request.now = system_clock.now();
        const auto claimed = storage_->claim(request);
        std::vector<RunFinish> finishes;
        for (const ClaimedRun& run : claimed.runs) {
            RunFinish& finish = finishes.emplace_back(RunFinish{{run.run.id, run.run.fence}, {}});
            finish.to.at = request.now;
            finish.to.duration = Duration{1};
            finish.to.executed = true;
        }
        const auto accepted = storage_->finish(std::move(finishes));
        if (accepted.size() != count) throw std::logic_error("too few runs are ready");
    }

    [[nodiscard]] NewJob new_job() const {
        const detail::JobDefaults defaults{"", CronDialect::standard, {}};
        const Instant now = system_clock.now();
        auto definition =
            std::make_shared<JobDefinition>(detail::draft_of(job_spec(), Caller(tenant), "", now, defaults).job);
        definition->id = JobId::next(now);
        NewJob job;
        job.progress.next_run_at = now + 24h * 365;
        job.event = detail::audit_event(*definition, "bench", AuditVerb::job_created, now);
        job.definition = std::move(definition);
        return job;
    }
    void insert(std::vector<NewJob> jobs) { storage_->insert_jobs(std::move(jobs)); }
    void create_by_facade() { scheduler_.create_job(tenant, job_spec()); }

    void list_page() {
        if (storage_->list_jobs(tenant, {.limit = 100}).size() != 100) throw std::logic_error("no page of 100 jobs");
    }
    void list_page_by_facade() {
        if (scheduler_.list_jobs(tenant, {.limit = 100}).size() != 100) throw std::logic_error("no page of 100 jobs");
    }
    void idle() {
        const ClaimRequest request{
            .worker = "bench", .filter = {.action_types = {"run_agent"}}, .now = system_clock.now()};
        if (!storage_->claim(request).runs.empty()) throw std::logic_error("a run is ready");
        benchmark::DoNotOptimize(storage_->next_due(request.filter, request.now));
    }
    void idle_by_facade() {
        if (worker_.poll() != 0) throw std::logic_error("a run is ready");
    }
    void backup_to(const std::string& path) { storage_->backup_to(path); }

private:
    static SqliteOptions options(SqliteSynchronous synchronous) {
        SqliteOptions options;
        options.synchronous = synchronous;
        return options;
    }

    std::shared_ptr<SqliteStorage> storage_;
    SchedulerFacade<SqliteStorage> scheduler_;
    Worker<SqliteStorage> worker_{scheduler_, {.threads = 1, .lease = 24h, .heartbeat = 24h}}; // cleans up once a day
    JobId often_;
};

// ---- the measures ---------------------------------------------------------------------------------------------------

/// Files with so many jobs, kept for all repetitions.
class Files {
public:
    explicit Files(std::size_t jobs)
        : folder_(std::filesystem::temp_directory_path() / ("carillon-" + JobId::next(system_clock.now()).str())) {
        std::filesystem::create_directory(folder_);
        Ours ours(path("storage"), SqliteSynchronous::normal);
        for (std::size_t made = 0; made < jobs;) {
            std::vector<NewJob> batch;
            for (; batch.size() < 1'000 && made < jobs; ++made)
                batch.push_back(ours.new_job());
            ours.insert(std::move(batch));
        }
        ours.add_runs(1);
        ours.backup_to(path("bare"));
        ours.claim_and_finish(1);
    }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files() {
        ours_.clear();
        bare_.clear();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    static Files& of(std::size_t jobs) {
        static std::map<std::size_t, std::unique_ptr<Files>> all;
        auto& files = all[jobs];
        if (!files) files = std::make_unique<Files>(jobs);
        return *files;
    }

    template <class Subject>
    Subject& with(SqliteSynchronous synchronous) {
        if constexpr (std::is_same_v<Subject, Bare>)
            return in(bare_, "bare", synchronous);
        else
            return in(ours_, "storage", synchronous);
    }

private:
    template <class Subject>
    using All = std::map<SqliteSynchronous, std::unique_ptr<Subject>>;

    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / (name + ".db")).string(); }
    template <class Subject>
    Subject& in(All<Subject>& all, const std::string& name, SqliteSynchronous synchronous) {
        auto& subject = all[synchronous];
        if (!subject) subject = std::make_unique<Subject>(path(name), synchronous);
        return *subject;
    }

    std::filesystem::path folder_;
    All<Ours> ours_;
    All<Bare> bare_;
};

struct Case {
    std::size_t jobs;
    SqliteSynchronous synchronous;
    std::string words; ///< behind each subject
};

/// Of this thread, so that a busy machine does not count; of the world, where the disk does.
double seconds(SqliteSynchronous synchronous) {
    timespec time{};
    clock_gettime(synchronous == SqliteSynchronous::full ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// `prepare` is not measured. Each call of `action` is `items` items.
template <class Subject>
void add(const Case& with,
         const std::string& name,
         std::size_t items,
         std::function<void(Subject&)> prepare,
         std::function<void(Subject&)> action) {
    const auto measure = [=](benchmark::State& state) {
        Subject& subject = Files::of(with.jobs).with<Subject>(with.synchronous);
        while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(items))) {
            if (prepare) prepare(subject);
            const double begin = seconds(with.synchronous);
            action(subject);
            state.SetIterationTime(seconds(with.synchronous) - begin);
        }
    };
    benchmark::RegisterBenchmark((name + with.words).c_str(), measure)->UseManualTime();
}

template <class Subject>
void add_claims(const Case& with, const std::string& measure) {
    for (const std::size_t batch : std::array<std::size_t, 2>{1, 100})
        add<Subject>(
            with,
            measure + "/claim + finish of " + std::to_string(batch),
            10 * batch,
            [=](Subject& subject) { subject.add_runs(10 * batch); },
            [=](Subject& subject) {
                for (int i = 0; i < 10; ++i)
                    subject.claim_and_finish(batch);
            });
}

template <class Subject>
void add_rest(const Case& with,
              const std::string& measure,
              std::function<void(Subject&)> create,
              void (Subject::*page)(),
              void (Subject::*idle)()) {
    const auto times = [](auto action) {
        return [=](Subject& subject) {
            for (int i = 0; i < 10; ++i)
                std::invoke(action, subject);
        };
    };
    add<Subject>(with, measure + "/create", 10, {}, times(create));
    add<Subject>(with, measure + "/page of 100 jobs", 10, {}, times(page));
    add<Subject>(with, measure + "/idle poll", 10, {}, times(idle));
}

void register_all(std::size_t jobs, const std::string& words) {
    for (const auto& [synchronous, mode] :
         {std::pair{SqliteSynchronous::normal, "NORMAL"}, std::pair{SqliteSynchronous::full, "FULL"}}) {
        const Case with{jobs, synchronous, std::string(", ") + mode + ", " + words};
        add_claims<Bare>(with, "bare");
        add_claims<Ours>(with, "storage");
        add_rest<Bare>(with, "bare", &Bare::create, &Bare::list_page, &Bare::idle);
        add_rest<Ours>(
            with, "storage", [](Ours& ours) { ours.insert({ours.new_job()}); }, &Ours::list_page, &Ours::idle);
        add_rest<Ours>(with, "facade", &Ours::create_by_facade, &Ours::list_page_by_facade, &Ours::idle_by_facade);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (const char* jobs = std::getenv("CARILLON_BENCHMARK_JOBS")) {
        register_all(std::stoul(jobs), std::string(jobs) + " jobs");
    } else {
        register_all(100'000, "100k jobs");
        register_all(1'000'000, "1M jobs");
    }
    return run_as_table(argc, argv, {{"bare"}, {"storage", "bare"}, {"facade", "bare"}});
}
