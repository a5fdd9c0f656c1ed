// SPDX-License-Identifier: MIT
// crashes/checks.hpp - what must be true of a database file after its processes have died: by what they acknowledged,
// and by what the ledger promises.
#pragma once

#include "crashes/journal.hpp"
#include "crashes/work.hpp"
#include "support/ledger.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace crashes {

/// What is wrong, in sentences; empty where nothing is.
using Findings = std::vector<std::string>;

class Checks {
public:
    Checks(Scheduler& scheduler, const Journal& journal)
        : scheduler_(scheduler)
        , journal_(journal) {}

    /// Nothing may be pending or running any more.
    [[nodiscard]] Findings run(bool killed) {
        killed_ = killed;
        for (const std::string& sentence : journal_.trouble)
            find("a process says: " + sentence);
        for (const auto& [creation, id] : journal_.jobs)
            if (!scheduler_.get_job(id, tenant)) find("the job of creation " + creation + " is gone");
        for (const auto& [id, record] : journal_.runs)
            check_run(id, record);
        check_jobs();
        return std::move(findings_);
    }

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] std::size_t occurrences() const { return occurrences_; }

private:
    void find(std::string sentence) { findings_.push_back(std::move(sentence)); }

    // ---- what was acknowledged

    void check_run(const RunId& id, const RunRecord& record) {
        const auto row = scheduler_.get_run(id, tenant);
        if (!row) return find("run " + id.str() + " is gone");
        if (record.ended.size() > 1) find("run " + id.str() + " has ended twice");
        for (const std::string& status : record.ended)
            if (to_string(row->status) != status)
                find("run " + id.str() + " ended as " + status + " and is " + std::string(to_string(row->status)));
        if (!std::is_sorted(record.begun.begin(), record.begun.end(), std::less_equal<>()))
            find("the fences of run " + id.str() + " do not grow");
        if (!record.begun.empty() && row->fence < record.begun.back())
            find("the fence of run " + id.str() + " went back");
        const bool once = !killed_ || row->delivery == DeliveryMode::at_most_once;
        if (once && record.begun.size() > 1) find("run " + id.str() + " was executed twice");
        if (row->status == JobRunStatus::completed && record.begun.empty())
            find("run " + id.str() + " is completed, and no handler was entered");
    }

    // ---- the ledger

    void check_jobs() {
        JobQuery query;
        std::size_t created = 0;
        for (auto page = scheduler_.list_jobs(tenant, query); !page.empty();
             query.after = page.back(), page = scheduler_.list_jobs(tenant, query))
            for (const ScheduledJob& job : page) {
                check_job(job);
                created += job.name == "twice";
            }
        // Each process may have died between its last creation and the word about it; the next one has repeated it.
        if (created < journal_.jobs.size() || created > journal_.jobs.size() + 1)
            find(std::to_string(created) + " jobs are there, " + std::to_string(journal_.jobs.size()) +
                 " were acknowledged");
        const std::size_t all = created + StandingJobs::keys.size() + 1;
        if (scheduler_.count_jobs(tenant) != all) find("the counter of jobs says otherwise");
    }

    void check_job(const ScheduledJob& job) {
        std::vector<JobRun> scheduled;
        std::size_t executed = 0;
        RunQuery query{.limit = 1'000};
        for (auto page = scheduler_.list_runs(job.id, tenant, query); !page.empty();
             query.after = page.back(), page = scheduler_.list_runs(job.id, tenant, query))
            for (JobRun& run : page) {
                ++rows_;
                check_end(run);
                executed += run.attempt > 0 || run.status == JobRunStatus::failed;
                if (run.trigger == RunTrigger::schedule) scheduled.push_back(std::move(run));
            }
        if (job.run_count != executed)
            find("job " + job.name + " counts " + std::to_string(job.run_count) + " runs, the ledger has " +
                 std::to_string(executed));
        if (job.name == "twice") {
            if (job.status != JobStatus::completed) find("job " + job.id.str() + " did not come to its end");
            if (executed != 2) find("job " + job.id.str() + " ran " + std::to_string(executed) + " times");
        }
        check_ledger(job, std::move(scheduled));
    }

    void check_end(const JobRun& run) {
        if (!is_terminal(run.status) || !run.completed_at) find("run " + run.id.str() + " has not ended");
        if (run.status == JobRunStatus::failed && !killed_) find("run " + run.id.str() + " has failed");
        if (run.started_at && *run.started_at < run.scheduled_for) find("run " + run.id.str() + " started early");
        if (run.status != JobRunStatus::completed) return;
        const auto record = journal_.runs.find(run.id);
        if (record == journal_.runs.end() || record->second.begun.empty())
            find("run " + run.id.str() + " is completed, and no handler was entered");
    }

    /// One occurrence a second: from the creation to the pause, or to the last that ran, each is in exactly one row.
    void check_ledger(const ScheduledJob& job, std::vector<JobRun> rows) {
        using std::chrono::seconds;
        if (job.name == "triggered") return;
        const auto first = std::chrono::floor<seconds>(job.created_at) + seconds{1};
        const support::LedgerReading reading = support::read_ledger(std::move(rows), first, seconds{1});
        for (const std::string& fault : reading.faults)
            find("job " + job.name + " " + job.id.str() + ": " + fault);
        occurrences_ += reading.occurrences;
        if (job.status == JobStatus::paused && reading.next != std::chrono::floor<seconds>(job.updated_at) + seconds{1})
            find("job " + job.name + ": the ledger ends before " + to_rfc3339(reading.next) +
                 ", the job was paused at " + to_rfc3339(job.updated_at));
    }

    Scheduler& scheduler_;
    const Journal& journal_;
    bool killed_ = false;
    Findings findings_;
    std::size_t rows_ = 0;
    std::size_t occurrences_ = 0;
};

/// Ends what the processes have left: pauses the recurring jobs and executes what waits, with what leases the dead have
/// left in the way. Acknowledges to the journal, too.
inline void settle(Scheduler& scheduler, Journal& journal, Duration lease) {
    std::mutex mutex;
    Hands hands(
        scheduler,
        [&](const std::string& line) {
            const std::lock_guard lock(mutex);
            journal.add(line);
        },
        lease);
    for (const char* key : StandingJobs::keys)
        scheduler.pause_job(scheduler.put_job(tenant, key, StandingJobs::recurring(key)).id, tenant);
    const auto is_open = [&](const ScheduledJob& job) {
        for (const JobRunStatus status : {JobRunStatus::pending, JobRunStatus::running})
            if (!scheduler.list_runs(job.id, tenant, {.status = status, .limit = 1}).empty()) return true;
        return job.status == JobStatus::active && job.name == "twice";
    };
    const auto something_is_open = [&] {
        JobQuery query{.limit = 1'000};
        for (auto page = scheduler.list_jobs(tenant, query); !page.empty();
             query.after = page.back(), page = scheduler.list_jobs(tenant, query))
            if (std::any_of(page.begin(), page.end(), is_open)) return true;
        return false;
    };
    const SystemClock clock;
    const SteadyTime limit = clock.steady_now() + std::chrono::seconds{60};
    while (something_is_open()) {
        hands.worker().poll();
        if (clock.steady_now() > limit) throw std::runtime_error("what the processes left does not come to its end");
    }
}

} // namespace crashes
