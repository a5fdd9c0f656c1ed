// SPDX-License-Identifier: MIT
// testing/detail/contract_threads.hpp - checks that operations of several threads do not get into each other.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_ledger.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

inline constexpr std::size_t thread_count = 4;

/// Runs `work(number of the thread)` in each of them at a time, and throws what the first of them threw.
template <class Work>
void in_threads(Work work) {
    std::atomic<bool> go = false;
    std::mutex mutex;
    std::exception_ptr failure;
    std::vector<std::thread> threads;
    for (std::size_t n = 0; n < thread_count; ++n)
        threads.emplace_back([&, n] {
            while (!go)
                std::this_thread::yield();
            try {
                work(n);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!failure) failure = std::current_exception();
            }
        });
    go = true;
    for (std::thread& thread : threads)
        thread.join();
    if (failure) std::rethrow_exception(failure);
}

/// Whether time is left for something that must happen soon; on the machine's own clock.
class Patience {
public:
    [[nodiscard]] bool left() const { return clock_.steady_now() < end_; }

private:
    SystemClock clock_;
    SteadyTime end_ = clock_.steady_now() + 60s;
};

inline void each_run_is_executed_once(const Bench& bench) {
    constexpr std::size_t runs_per_job = 20;
    std::vector<ScheduledJob> jobs;
    for (const char* tenant : {"a", "b", "c"})
        jobs.push_back(bench.add(bench.job("free", tenant)));
    jobs.push_back(bench.add(bench.keyed_job("printer")));
    jobs.push_back(bench.add(bench.keyed_job("printer")));
    for (const ScheduledJob& job : jobs)
        for (std::size_t i = 0; i < runs_per_job; ++i) {
            JobRun run = bench.manual(job);
            run.slots = run.key.empty() ? 0 : 1;
            bench.add_run(job, run);
        }
    std::mutex mutex;
    std::map<RunId, int> executed;
    std::atomic<std::size_t> ended = 0;
    std::atomic<int> printing = 0;
    const Patience patience;
    in_threads([&](std::size_t n) {
        ClaimRequest request = bench.request(3);
        request.worker = "worker-" + show(n);
        while (ended < jobs.size() * runs_per_job && patience.left()) {
            for (const ClaimedRun& claimed : bench.claim(request)) {
                const bool prints = !claimed.run.key.empty();
                expect(!prints || ++printing == 1, "one run of a key is running at a time");
                {
                    const std::lock_guard lock(mutex);
                    ++executed[claimed.run.id];
                }
                if (prints) --printing;
                bench.end(claimed.run);
                ++ended;
            }
        }
    });
    expect_count(ended, jobs.size() * runs_per_job, "runs that have ended");
    for (const auto& [id, times] : executed)
        expect_equal(times, 1, "executions of run " + id.str());
    for (const ScheduledJob& job : jobs)
        expect_equal(bench.storage->find_job(job.tenant_id, job.id)->run_count,
                     std::uint64_t{runs_per_job},
                     "run_count of each job");
}

inline void no_change_of_a_job_is_lost(const Bench& bench) {
    constexpr std::size_t changes = 25;
    const ScheduledJob job = bench.add(bench.job());
    in_threads([&](std::size_t) {
        for (std::size_t i = 0; i < changes; ++i)
            bench.modify(job, [&](const JobView& view, const KeyState&) {
                JobChange change = bench.editing(view.definition);
                change.progress = view.progress;
                ++change.progress->evaluation_failures;
                return change;
            });
    });
    const ScheduledJob last = bench.find(job);
    expect_equal(last.revision, job.revision + thread_count * changes, "revision");
    expect_equal(last.evaluation_failures, static_cast<std::uint32_t>(thread_count * changes), "evaluation_failures");
    std::set<std::uint64_t> replaced;
    for (const AuditEvent& event : bench.audit(job)) {
        if (!event.before) continue;
        replaced.insert(event.before->revision);
        expect_equal(event.after->revision, event.before->revision + 1, "revision after each event");
    }
    expect_count(replaced.size(), thread_count * changes, "definitions that were replaced");
}

inline void one_of_many_creates_the_job(const Bench& bench) {
    std::atomic<std::size_t> created = 0;
    std::atomic<std::size_t> inserted = 0;
    in_threads([&](std::size_t) {
        JobDefinition definition = bench.job();
        definition.key = "report";
        const JobWrite put =
            bench.storage->put_job("acme", "report", [&](const JobView* job, const KeyState&) -> JobChange {
                if (job) return {};
                JobChange creation = bench.change();
                creation.definition = std::make_shared<const JobDefinition>(definition);
                creation.event = bench.event(definition, AuditVerb::job_created);
                return creation;
            });
        if (put.event) ++created;
        JobDefinition again = bench.job();
        again.idempotency_key = "once";
        if (only(bench.storage->insert_jobs({bench.new_job(again)}).jobs, "inserted jobs").event) ++inserted;
    });
    expect_count(created, 1, "put_jobs that created");
    expect_count(inserted, 1, "insert_jobs that created");
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 2, "jobs");
    expect_count(bench.storage->list_audit("acme", {}).size(), 2, "events");
}

inline void each_occurrence_is_written_once(const Bench& bench) {
    constexpr std::size_t jobs = 20;
    constexpr std::size_t occurrences = 5;
    std::vector<ScheduledJob> added;
    for (std::size_t i = 0; i < jobs; ++i)
        added.push_back(bench.add(bench.job(), Bench::due_at(start - 1h * static_cast<int>(occurrences - 1))));
    in_threads([&](std::size_t) {
        const ChangeJob plan = [&](const JobView& job, const KeyState&) {
            return one_run_an_hour(bench, job);
        };
        while (bench.storage->materialise(start, 3, plan).jobs > 0) {
        }
    });
    for (const ScheduledJob& job : added) {
        std::set<Instant> instants;
        for (const JobRun& run : bench.runs(job))
            instants.insert(run.scheduled_for);
        expect_count(bench.runs(job).size(), occurrences, "runs of each job");
        expect_count(instants.size(), occurrences, "occurrences of each job");
        expect_equal(bench.find(job).high_water, std::optional(start), "high_water of each job");
    }
}

/// Threads that claim and finish with limits; none of them ever sees more running than allowed.
inline void limits_hold_for_all_threads(const Bench& bench) {
    constexpr std::size_t runs_per_tenant = 40;
    const std::map<std::string, std::size_t> tenants{{"a", 0}, {"b", 1}, {"c", 2}};
    for (const auto& [tenant, number] : tenants) {
        const ScheduledJob job = bench.add(bench.job("job", tenant));
        std::vector<JobRun> runs;
        for (std::size_t i = 0; i < runs_per_tenant; ++i)
            runs.push_back(bench.unlimited(job));
        bench.write(job, bench.adding(std::move(runs)));
    }
    std::vector<std::atomic<int>> running(tenants.size());
    std::atomic<int> running_in_all = 0;
    std::atomic<std::size_t> ended = 0;
    const Patience patience;
    in_threads([&](std::size_t) {
        ClaimRequest request = bench.request(2);
        request.filter.limits = {.per_tenant = 2, .per_type = {{"work", 3}}};
        while (ended < tenants.size() * runs_per_tenant && patience.left()) {
            const auto claimed = bench.claim(request);
            for (const ClaimedRun& each : claimed) {
                expect(++running[tenants.at(each.run.tenant_id)] <= 2, "at most two runs of a tenant are running");
                expect(++running_in_all <= 3, "at most three runs are running");
            }
            for (const ClaimedRun& each : claimed) {
                --running[tenants.at(each.run.tenant_id)];
                --running_in_all;
                bench.end(each.run);
                ++ended;
            }
        }
    });
    expect_count(ended, tenants.size() * runs_per_tenant, "runs that have ended");
}

/// Half of the threads finish what the other half abandons.
inline void a_run_ends_once(const Bench& bench) {
    constexpr std::size_t runs = 40;
    const ScheduledJob job = bench.add(bench.job());
    for (std::size_t i = 0; i < runs; ++i)
        bench.add_run(job, bench.unlimited(job));
    ClaimRequest request = bench.request();
    request.lease = short_lease;
    const auto claimed = bench.claim(request);
    expect_count(claimed.size(), runs, "claimed runs");
    bench.let_short_leases_end();
    std::mutex mutex;
    std::vector<RunId> accepted;
    std::atomic<std::size_t> reaped = 0;
    in_threads([&](std::size_t n) {
        for (const ClaimedRun& run : claimed) {
            if (n % 2 == 0) {
                reaped += bench.storage
                              ->reap(1,
                                     [&](const JobRun&, const JobDefinition&) {
                                         return bench.executed(JobRunStatus::failed);
                                     })
                              .size();
            } else if (bench.finish(run.run, bench.executed())) {
                const std::lock_guard lock(mutex);
                accepted.push_back(run.run.id);
            }
        }
    });
    expect_count(accepted.size() + reaped, runs, "runs that ended, finished and reaped");
    for (const JobRun& run : bench.runs(job)) {
        const bool finished = std::find(accepted.begin(), accepted.end(), run.id) != accepted.end();
        expect_equal(run.status, finished ? JobRunStatus::completed : JobRunStatus::failed, "status of each run");
    }
    expect_equal(bench.find(job).run_count, std::uint64_t{runs}, "run_count");
}

inline void a_trigger_repeated_by_many_is_one_run(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    std::mutex mutex;
    std::set<RunId> answers;
    in_threads([&](std::size_t) {
        JobRun run = bench.manual(job);
        run.idempotency_key = "click";
        const RunId id = bench.add_run(job, run).id;
        const std::lock_guard lock(mutex);
        answers.insert(id);
    });
    expect_count(answers.size(), 1, "runs in the answers");
    expect_count(bench.runs(job).size(), 1, "runs");
}

inline const std::vector<Clause>& thread_clauses() {
    static const std::vector<Clause> clauses{
        {1, "threads that claim and finish execute each run once", each_run_is_executed_once},
        {1, "threads that change a job lose no change", no_change_of_a_job_is_lost},
        {1, "of threads that create a job one does", one_of_many_creates_the_job},
        {1, "threads that materialise write each occurrence once", each_occurrence_is_written_once},
        {20, "limits hold for all threads together", limits_hold_for_all_threads},
        {1, "a run that threads finish and reap ends once", a_run_ends_once},
        {1, "a trigger that threads repeat is one run", a_trigger_repeated_by_many_is_one_run},
    };
    return clauses;
}

} // namespace carillon::testing::contract
