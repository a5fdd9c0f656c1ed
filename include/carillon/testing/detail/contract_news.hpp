// SPDX-License-Identifier: MIT
// testing/detail/contract_news.hpp - checks of what keeps workers awake: next_due, and watch where there is one.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_keys.hpp"
#include "carillon/testing/detail/contract_ledger.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

// ---- next_due ------------------------------------------------------------------------------------------------------

[[nodiscard]] inline std::optional<Instant> due(const Bench& bench, std::vector<std::string> types = {"work"}) {
    return bench.storage->next_due({.action_types = std::move(types)}, bench.now());
}

inline void next_due_is_the_earliest_cursor(const Bench& bench) {
    expect(!due(bench), "nothing is due without jobs");
    bench.add(bench.job("no cursor"));
    expect(!due(bench), "nothing is due without cursors");
    bench.add(bench.job("later"), Bench::due_at(start + 2h));
    const ScheduledJob sooner = bench.add(bench.job("sooner"), Bench::due_at(start + 1h));
    expect_equal(due(bench), std::optional<Instant>(start + 1h), "the earliest cursor");
    expect_equal(due(bench, {}), std::optional<Instant>(start + 1h), "the earliest cursor, without action types");
    bench.write(sooner, bench.removing(sooner));
    expect_equal(due(bench), std::optional<Instant>(start + 2h), "the earliest cursor after a removal");
}

inline void jobs_that_are_not_active_are_not_due(const Bench& bench) {
    for (const JobStatus status : {JobStatus::paused, JobStatus::disabled, JobStatus::completed}) {
        JobDefinition job = bench.job();
        job.status = status;
        bench.add(job, Bench::due_at(start));
    }
    expect(!due(bench), "nothing is due");
}

inline void next_due_is_the_earliest_run(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job(), Bench::due_at(start + 3h));
    const JobRun run = bench.add_run(job, bench.run(job, RunTrigger::schedule, start + 1h));
    expect_equal(due(bench), std::optional<Instant>(start + 1h), "the run's not_before");
    expect_equal(due(bench, {"mail"}), std::optional<Instant>(start + 3h), "what another worker waits for");
    expect_equal(due(bench, {"mail", "work"}), std::optional<Instant>(start + 1h), "for both action types");
    bench.set_forward(1h);
    const auto now_due = due(bench);
    expect(now_due && *now_due <= bench.now(), "a run whose time has come is due");
    expect_equal(bench.claim_ids(), Ids{run.id}, "claimed runs");
    expect_equal(due(bench), std::optional<Instant>(start + 3h), "what is due after the claim");
}

inline void a_retry_is_due_at_its_time(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.manual(job));
    expect(bench.finish(bench.claim_one(), bench.again(start + 10min)), "the finish is accepted");
    expect_equal(due(bench), std::optional<Instant>(start + 10min), "the retry");
}

inline void what_waits_for_its_key_is_not_due(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    expect(!due(bench), "a run that waits for its key is not due");
    bench.end(pair.running);
    const auto now_due = due(bench);
    expect(now_due && *now_due <= bench.now(), "it is due when the key is free");
}

inline void what_ended_is_not_due(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.add_run(job, bench.manual(job));
    bench.cancel(run);
    bench.add_run(job, bench.skip(job, start, RunReason::paused));
    expect(!due(bench), "nothing is due");
}

// ---- watch ---------------------------------------------------------------------------------------------------------

/// What a watcher was told since the last look.
struct Told {
    std::size_t work = 0;
    std::size_t stop = 0;

    void operator()(StorageNews news) { ++(news == StorageNews::work ? work : stop); }
    Told take() { return std::exchange(*this, Told{}); }
};

inline void a_watcher_hears_of_work(const Bench& bench) {
    if (!bench.storage->can_watch()) return;
    Told told;
    const WatchHandle watch = bench.storage->watch([&](StorageNews news) { told(news); });
    const ScheduledJob job = bench.add(bench.job(), Bench::due_at(start + 1h));
    expect(told.take().work > 0, "it is told of a job with a cursor");
    JobChange sooner = bench.change();
    sooner.progress = Bench::due_at(start + 1min);
    bench.write(job, sooner);
    expect(told.take().work > 0, "it is told of an earlier cursor");
    const JobRun first = bench.add_run(job, bench.manual(job));
    expect(told.take().work > 0, "it is told of a run");
    const JobRun running = bench.claim_one();
    bench.add_run(job, bench.manual(job));
    expect_count(bench.claim().size(), 0, "claimed runs");
    told.take();
    bench.end(running);
    expect(told.take().work > 0, "it is told when a waiting run may go on");
    expect_count(told.stop, 0, "times it is told of a stop");
}

inline void a_watcher_hears_of_stops(const Bench& bench) {
    if (!bench.storage->can_watch()) return;
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.manual(job));
    const JobRun running = bench.claim_one();
    Told told;
    const WatchHandle watch = bench.storage->watch([&](StorageNews news) { told(news); });
    bench.ask_to_stop(running);
    expect(told.take().stop > 0, "it is told of a stop request");
}

inline void a_watcher_may_use_the_storage(const Bench& bench) {
    if (!bench.storage->can_watch()) return;
    std::size_t jobs = 0;
    const WatchHandle watch =
        bench.storage->watch([&](StorageNews) { jobs = bench.storage->count_jobs("acme", std::nullopt); });
    bench.add(bench.job(), Bench::due_at(start));
    expect_count(jobs, 1, "jobs that a watcher sees when it is told");
}

inline void a_watch_ends_with_its_handle(const Bench& bench) {
    if (!bench.storage->can_watch()) return;
    Told first;
    Told second;
    WatchHandle ended = bench.storage->watch([&](StorageNews news) { first(news); });
    const WatchHandle other = bench.storage->watch([&](StorageNews news) { second(news); });
    ended.reset();
    bench.add(bench.job(), Bench::due_at(start));
    expect_count(first.work, 0, "times a watcher is told after its end");
    expect(second.work > 0, "the other watcher is told");
}

inline const std::vector<Clause>& news_clauses() {
    static const std::vector<Clause> clauses{
        {18, "next_due is the earliest cursor", next_due_is_the_earliest_cursor},
        {18, "jobs that are not active are not due", jobs_that_are_not_active_are_not_due},
        {18, "next_due is the earliest run of the given action types", next_due_is_the_earliest_run},
        {18, "a retry is due at its time", a_retry_is_due_at_its_time},
        {18, "what waits for its key is not due", what_waits_for_its_key_is_not_due},
        {18, "what has ended is not due", what_ended_is_not_due},
        {18, "a watcher hears of work", a_watcher_hears_of_work},
        {18, "a watcher hears of stops", a_watcher_hears_of_stops},
        {18, "a watcher may use the storage", a_watcher_may_use_the_storage},
        {18, "a watch ends with its handle", a_watch_ends_with_its_handle},
    };
    return clauses;
}

} // namespace carillon::testing::contract
