// SPDX-License-Identifier: MIT
// testing/detail/contract_removal.hpp - checks of what is left of a removed job, and of what purge deletes.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_claims.hpp"
#include "carillon/testing/detail/contract_listings.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

// ---- removal -------------------------------------------------------------------------------------------------------

/// A job with a running run, a pending one and one that has ended, then removed.
struct Removed {
    ScheduledJob job;
    JobRun ended;
    JobRun running;
    JobRun pending;
};

[[nodiscard]] inline Removed make_removed(const Bench& bench) {
    Removed removed;
    JobDefinition definition = bench.job();
    definition.key = "report";
    definition.idempotency_key = "once";
    removed.job = bench.add(definition, Bench::due_at(start));
    bench.add_run(removed.job, bench.manual(removed.job));
    removed.ended = bench.claim_one();
    bench.end(removed.ended);
    removed.ended = bench.find(removed.ended);
    bench.add_run(removed.job, bench.manual(removed.job));
    removed.running = bench.claim_one();
    removed.pending = bench.add_run(removed.job, bench.manual(removed.job));
    bench.set_forward(1s);
    bench.write(removed.job, bench.removing(removed.job));
    return removed;
}

inline void a_removed_job_is_found_by_no_verb(const Bench& bench) {
    const ScheduledJob job = make_removed(bench).job;
    AnyStorage& storage = *bench.storage;
    expect(!storage.find_job("acme", job.id), "find_job finds nothing");
    expect(!storage.find_job_by_idempotency_key("acme", "once"), "find_job_by_idempotency_key finds nothing");
    for (const JobSort sort : {JobSort::newest, JobSort::name, JobSort::next_run})
        expect_count(storage.list_jobs("acme", {.sort = sort}).size(), 0, "listed jobs");
    expect_count(storage.count_jobs("acme", std::nullopt), 0, "counted jobs");
    bool asked = false;
    const ChangeJob change = [&](const JobView&, const KeyState&) -> JobChange {
        asked = true;
        return {};
    };
    expect(!storage.modify_job("acme", job.id, change), "modify_job says that there is no such job");
    expect_count(storage.materialise(start + 24h, 10, change).jobs, 0, "jobs asked by materialise");
    expect(!asked, "no change is asked about it");
    storage.put_job("acme", "report", [](const JobView* known, const KeyState&) -> JobChange {
        expect(known == nullptr, "put_job does not know its key");
        return {};
    });
}

inline void the_history_of_a_removed_job_stays(const Bench& bench) {
    const Removed removed = make_removed(bench);
    expect_equal(
        ids_of(bench.runs(removed.job)), Ids{removed.pending.id, removed.running.id, removed.ended.id}, "listed runs");
    expect_same(bench.find(removed.ended), removed.ended, "the run that had ended");
    expect_equal(bench.audit(removed.job).front().verb, AuditVerb::job_deleted, "verb of the last event");
    expect_count(bench.audit(removed.job).size(), 2, "events");
    JobRun cancelled = removed.pending;
    cancelled.status = JobRunStatus::cancelled;
    cancelled.reason = RunReason::deleted;
    cancelled.completed_at = start + 1s;
    expect_same(bench.find(removed.pending), cancelled, "the run that was pending");
    JobRun stopping = removed.running;
    stopping.stop_requested = true;
    stopping.reason = RunReason::deleted;
    expect_same(bench.find(removed.running), stopping, "the run that is running");
    expect_count(bench.claim().size(), 0, "claimed runs");
}

inline void a_running_run_of_a_removed_job_may_finish(const Bench& bench) {
    const JobRun run = make_removed(bench).running;
    const auto answers = bench.storage->heartbeat({Bench::ref(run)}, long_lease);
    expect_same(answers, {{.run = Bench::ref(run), .stop_requested = true}}, "answers to a heartbeat");
    bench.end(run);
    expect_equal(bench.find(run).status, JobRunStatus::completed, "status of the run");
}

inline void a_running_run_of_a_removed_job_is_not_retried(const Bench& bench) {
    const JobRun run = make_removed(bench).running;
    expect(bench.finish(run, bench.again(start)), "the finish is accepted");
    expect_equal(bench.find(run).status, JobRunStatus::cancelled, "status of the run");
    expect_equal(bench.find(run).reason, RunReason::deleted, "reason of the run");
    expect_count(bench.claim().size(), 0, "claimed runs");
}

inline void an_event_about_a_run_of_a_removed_job_has_no_definition(const Bench& bench) {
    const Removed removed = make_removed(bench);
    RunChange change;
    change.request_stop = true;
    change.stop_reason = RunReason::requested;
    change.event = bench.event(removed.job, AuditVerb::run_cancelled);
    const AuditEvent event = found(bench.change_run(removed.running, change).event, "the event");
    expect(!event.before && !event.after, "the event of a run whose job is removed has no definition");
    expect_same(bench.audit(removed.job).front(), event, "the event in the audit");
}

// ---- purge ---------------------------------------------------------------------------------------------------------

inline constexpr Duration day = 24h;

/// Adds a run and takes it to its end now.
inline JobRun add_ended(const Bench& bench, const ScheduledJob& job, JobRun run) {
    run.slots = 0;
    bench.add_run(job, run);
    bench.cancel(run);
    return bench.find(run);
}

inline JobRun add_ended(const Bench& bench, const ScheduledJob& job) {
    return add_ended(bench, job, bench.manual(job));
}

/// Purges until nothing more goes, and returns how many rows went.
inline std::size_t purge_all(const Bench& bench, const Retention& retention) {
    std::size_t deleted = 0;
    for (int i = 0; i < 3; ++i)
        deleted += bench.storage->purge(retention, bench.now(), 10'000);
    return deleted;
}

inline void old_runs_are_purged(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun old = add_ended(bench, job);
    const JobRun skipped = bench.add_run(job, bench.skip(job, start, RunReason::paused));
    bench.set_forward(1s);
    const JobRun young = add_ended(bench, job);
    bench.set_forward(day - 1s);
    expect_count(purge_all(bench, {.runs = day}), 0, "rows deleted at their age of one day");
    bench.set_forward(1us);
    expect_count(purge_all(bench, {.runs = day}), 2, "rows deleted after it");
    expect_equal(ids_of(bench.runs(job)), Ids{young.id}, "runs that are left");
    expect(!bench.storage->find_run("acme", old.id), "the old run is gone");
    expect(!bench.storage->find_run("acme", skipped.id), "the old skip row is gone");
}

inline void open_runs_are_not_purged(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun running = bench.unlimited(job);
    bench.add_run(job, running);
    bench.claim_one();
    const JobRun pending = bench.add_run(job, bench.unlimited(job));
    bench.set_forward(100 * day);
    expect_count(purge_all(bench, {.runs = day, .runs_per_job = 0}), 0, "deleted rows");
    expect_equal(ids_of(bench.runs(job)), Ids{pending.id, running.id}, "runs");
}

inline void the_age_of_a_shared_row_is_that_of_its_last_skip(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.skip(job, start, RunReason::paused));
    bench.set_forward(day);
    bench.add_run(job, bench.skip(job, start + day, RunReason::paused));
    expect_count(purge_all(bench, {.runs = day / 2}), 0, "deleted rows");
    bench.set_forward(day);
    expect_count(purge_all(bench, {.runs = day / 2}), 1, "rows deleted later");
}

inline void the_oldest_go_beyond_the_number_per_job(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job("other"));
    Ids ids;
    for (int i = 0; i < 5; ++i)
        ids.push_back(add_ended(bench, job).id);
    add_ended(bench, other);
    bench.add_run(job, bench.manual(job));
    expect_count(purge_all(bench, {.runs_per_job = 5}), 0, "deleted rows, number 5");
    expect_count(purge_all(bench, {.runs_per_job = 2}), 3, "deleted rows, number 2");
    const auto ended = bench.storage->list_runs("acme", job.id, {.status = JobRunStatus::cancelled});
    expect_equal(ids_of(ended), Ids{ids[4], ids[3]}, "ended runs that are left");
    expect_count(bench.runs(other).size(), 1, "runs of the other job");
}

inline void skips_and_referenced_rows_outlive_the_number(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun retried = add_ended(bench, job);
    const JobRun blocker = add_ended(bench, job);
    const JobRun plain = add_ended(bench, job);
    JobRun skip = bench.skip(job, start, RunReason::overlapped);
    skip.blocked_by = blocker.id;
    bench.add_run(job, skip);
    JobRun retry = bench.run(job, RunTrigger::retry, start);
    retry.retry_of = retried.id;
    retry = add_ended(bench, job, retry);
    const JobRun newest = add_ended(bench, job);
    expect_count(purge_all(bench, {.runs_per_job = 2}), 1, "deleted rows, number 2");
    expect(!bench.storage->find_run("acme", plain.id), "the run that nobody refers to is gone");
    expect_equal(
        ids_of(bench.runs(job)), Ids{newest.id, retry.id, skip.id, blocker.id, retried.id}, "runs that are left");
    expect_count(purge_all(bench, {.runs_per_job = 1}), 2, "deleted rows, number 1");
    expect_equal(
        ids_of(bench.runs(job)), Ids{newest.id, skip.id, blocker.id}, "the retry goes, and what it referred to");
}

inline void idempotency_keys_outlive_the_number(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun trigger = bench.manual(job);
    trigger.idempotency_key = "click";
    add_ended(bench, job, trigger);
    add_ended(bench, job);
    const Retention retention{.runs = 1h, .runs_per_job = 0, .idempotency_keys = day};
    expect_count(purge_all(bench, retention), 1, "deleted rows");
    bench.set_forward(day);
    expect_count(purge_all(bench, retention), 0, "rows deleted at the age of the key");
    JobRun repeat = bench.manual(job);
    repeat.idempotency_key = "click";
    expect_equal(bench.add_run(job, repeat).id, trigger.id, "the answer to a repeat");
    bench.set_forward(1us);
    expect_count(purge_all(bench, retention), 1, "rows deleted after it");
    expect_equal(bench.add_run(job, repeat).id, repeat.id, "the answer when the key is forgotten");
}

/// Ends a new run of the job now.
inline JobRun add_ended_as(const Bench& bench, const ScheduledJob& job, JobRunStatus status) {
    bench.add_run(job, bench.unlimited(job));
    const JobRun run = bench.claim_one();
    bench.end(run, status);
    return bench.find(run);
}

inline void a_status_may_have_an_age_of_its_own(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun failed = add_ended_as(bench, job, JobRunStatus::failed);
    add_ended_as(bench, job, JobRunStatus::completed);
    const JobRun skipped = bench.add_run(job, bench.skip(job, start, RunReason::paused));
    bench.set_forward(day + 1us);
    const Retention retention{
        .runs = day,
        .by_status = {{JobRunStatus::failed, {.age = 3 * day}}, {JobRunStatus::skipped, {.age = 2 * day}}}};
    expect_count(purge_all(bench, retention), 1, "rows deleted after a day");
    bench.set_forward(day);
    expect_count(purge_all(bench, retention), 1, "rows deleted after two days");
    expect(!bench.storage->find_run("acme", skipped.id), "the skip row is gone");
    bench.set_forward(day - 1us);
    expect_equal(ids_of(bench.runs(job)), Ids{failed.id}, "runs that are left");
    expect_count(purge_all(bench, retention), 0, "rows deleted at the age of three days");
    bench.set_forward(1us);
    expect_count(purge_all(bench, retention), 1, "rows deleted after it");
}

inline void a_status_may_have_a_number_of_its_own(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    std::vector<JobRun> rows;
    for (int i = 0; i < 3; ++i) {
        rows.push_back(add_ended_as(bench, job, JobRunStatus::failed));
        rows.push_back(add_ended_as(bench, job, JobRunStatus::completed));
        rows.push_back(
            bench.add_run(job, bench.skip(job, start + i * 1h, i == 1 ? RunReason::paused : RunReason::misfired)));
    }
    const auto purge = [&](const Retention& retention, std::vector<std::size_t> left) {
        purge_all(bench, retention);
        Ids expected;
        for (const std::size_t row : left)
            expected.push_back(rows[row].id);
        expect_equal(ids_of(bench.runs(job)), expected, "runs that are left");
    };
    purge({.runs_per_job = 2, .by_status = {{JobRunStatus::failed, {.per_job = 3}}}}, {8, 7, 6, 5, 4, 3, 2, 0});
    purge({.runs_per_job = 9, .by_status = {{JobRunStatus::failed, {.per_job = 1}}}}, {8, 7, 6, 5, 4, 2});
    purge({.runs_per_job = 3, .by_status = {{JobRunStatus::skipped, {.per_job = 1}}}}, {8, 7, 6, 4});
    purge({.runs_per_job = 3, .by_status = {{JobRunStatus::completed, {.per_job = 0}}}}, {8, 6});
}

inline void a_purge_says_up_to_where_the_ledger_has_gone(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job("other"));
    add_ended(bench, other);
    JobRun row = bench.skip(job, start, RunReason::paused);
    row.last = start + 5min;
    bench.add_run(job, row);
    bench.set_forward(day);
    JobRun manual = bench.manual(job);
    add_ended(bench, job, manual);
    JobRun later = bench.run(job, RunTrigger::schedule, bench.now());
    const JobRun ended = add_ended(bench, job, later);
    expect(!bench.find(job).purged_until, "nothing has been purged");
    expect_count(purge_all(bench, {.runs = day / 2}), 2, "deleted rows");
    expect_equal(bench.find(job).purged_until, std::optional<Instant>(start + 5min), "purged_until");
    expect(!bench.find(other).purged_until, "a job that lost no scheduled row has none");
    expect_count(purge_all(bench, {.runs_per_job = 0}), 2, "rows deleted then");
    expect_equal(bench.find(job).purged_until, std::optional<Instant>(ended.scheduled_for), "purged_until then");
    const JobRun skip = bench.skip(job, start + 2 * day, RunReason::paused);
    bench.add_run(job, skip);
    bench.set_forward(10 * day);
    const JobRun next = bench.skip(job, start + 11 * day, RunReason::paused);
    expect_count(purge_all(bench, {.runs = day}), 1, "rows deleted in the end");
    expect_equal(bench.add_run(job, next).id, next.id, "the next skip, a row of its own");
}

inline void old_audit_events_are_purged(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.set_forward(1s);
    const JobChange change = bench.editing(job);
    bench.write(job, change);
    bench.set_forward(day - 1s);
    expect_count(purge_all(bench, {.audit = day}), 0, "events deleted at their age of one day");
    bench.set_forward(1us);
    expect_count(purge_all(bench, {.audit = day}), 1, "events deleted after it");
    expect_equal(only(bench.audit(job), "events that are left").id, change.event->id, "id of the event that is left");
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 1, "jobs");
}

inline void a_purge_deletes_no_more_than_its_limit(const Bench& bench) {
    for (const char* name : {"a", "b", "c"}) {
        const ScheduledJob job = bench.add(bench.job(name));
        for (int i = 0; i < 3; ++i)
            add_ended(bench, job);
    }
    bench.set_forward(2 * day);
    std::size_t deleted = 0;
    for (int calls = 0; calls < 50; ++calls) {
        const std::size_t now = bench.storage->purge({.runs = day}, bench.now(), 2);
        expect(now <= 2, "a purge deletes no more than its limit");
        deleted += now;
    }
    expect_count(deleted, 9, "rows deleted in the end");
    for (const ScheduledJob& job : bench.storage->list_jobs("acme", {}))
        expect_count(bench.runs(job).size(), 0, "runs in the end");
}

inline void removed_jobs_vanish_with_their_runs(const Bench& bench) {
    const Removed removed = make_removed(bench);
    bench.set_forward(2 * day);
    expect_count(purge_all(bench, {.runs = day}), 2, "deleted rows; one run is running");
    expect_equal(ids_of(bench.runs(removed.job)), Ids{removed.running.id}, "runs that are left");
    bench.end(removed.running);
    bench.set_forward(2 * day);
    expect_count(purge_all(bench, {.runs = day}), 1, "deleted rows in the end");
    expect_count(bench.runs(removed.job).size(), 0, "runs in the end");
    expect_count(bench.audit(removed.job).size(), 2, "events in the end");
}

inline const std::vector<Clause>& removal_clauses() {
    static const std::vector<Clause> clauses{
        {12, "a removed job is found by no verb", a_removed_job_is_found_by_no_verb},
        {12, "the history of a removed job stays", the_history_of_a_removed_job_stays},
        {12, "a running run of a removed job may finish", a_running_run_of_a_removed_job_may_finish},
        {12, "a running run of a removed job is not retried", a_running_run_of_a_removed_job_is_not_retried},
        {12, "an event about its runs has no definition", an_event_about_a_run_of_a_removed_job_has_no_definition},
        {17, "old runs are purged", old_runs_are_purged},
        {17, "open runs are not purged", open_runs_are_not_purged},
        {17, "a skip row is as old as its last skip", the_age_of_a_shared_row_is_that_of_its_last_skip},
        {17, "beyond the number per job the oldest go", the_oldest_go_beyond_the_number_per_job},
        {17, "skips and referenced rows outlive the number", skips_and_referenced_rows_outlive_the_number},
        {17, "idempotency keys outlive the number", idempotency_keys_outlive_the_number},
        {17, "a status may have an age of its own", a_status_may_have_an_age_of_its_own},
        {17, "a status may have a number of its own", a_status_may_have_a_number_of_its_own},
        {17, "a purge says up to where the ledger has gone", a_purge_says_up_to_where_the_ledger_has_gone},
        {17, "old audit events are purged", old_audit_events_are_purged},
        {17, "a purge deletes no more than its limit", a_purge_deletes_no_more_than_its_limit},
        {17, "removed jobs vanish with their runs", removed_jobs_vanish_with_their_runs},
    };
    return clauses;
}

} // namespace carillon::testing::contract
