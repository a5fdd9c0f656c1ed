// SPDX-License-Identifier: MIT
// testing/detail/contract_expiry.hpp - checks of runs that have a moment by which they must have ended.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_keys.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

/// A manual run that must have ended in a minute.
[[nodiscard]] inline JobRun expiring(const Bench& bench, const JobDefinition& of) {
    JobRun run = bench.manual(of);
    run.expires_at = bench.now() + 1min;
    return run;
}

/// What becomes of a run that expired before it was ever started.
[[nodiscard]] inline JobRun timed_out(JobRun run, Instant at) {
    run.status = JobRunStatus::timed_out;
    run.reason = RunReason::total_timeout;
    run.completed_at = at;
    return run;
}

inline void an_expired_run_is_not_started(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.add_run(job, expiring(bench, job));
    const ScheduledJob other = bench.add(bench.job());
    const JobRun next = bench.add_run(other, bench.manual(other));
    bench.set_forward(1min);
    expect_equal(bench.claim_ids(1), Ids{next.id}, "claimed runs, limit 1");
    expect_same(bench.find(run), timed_out(run, start + 1min), "the run that has expired");
    const ScheduledJob after = bench.find(job);
    expect_equal(after.run_count + after.failure_count, std::uint64_t{0}, "run_count and failure_count");
    bench.modify(job, [](const JobView&, const KeyState& key) -> JobChange {
        expect_same(key, KeyState{}, "the key");
        return {};
    });
}

inline void a_run_is_started_until_it_expires(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.add_run(job, expiring(bench, job));
    bench.set_forward(1min - 1us);
    const JobRun running = bench.claim_one();
    expect_equal(running.id, run.id, "the run that is claimed a microsecond before");
    bench.set_forward(1h);
    expect_count(bench.storage->expire(bench.now(), 100).size(), 0, "expired runs; a running one is its worker's");
    bench.end(running);
}

inline void an_expired_run_is_neither_skipped_nor_kept_waiting(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    JobRun skips = expiring(bench, pair.job);
    skips.skip_when_busy = true;
    const JobRun waits = expiring(bench, pair.job);
    bench.write(pair.job, bench.adding({skips, waits}));
    bench.set_forward(1min);
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy");
    expect_same(bench.find(skips), timed_out(skips, bench.now()), "the run that would skip");
    expect_same(bench.find(waits), timed_out(waits, bench.now()), "the run that would wait");
    bench.end(pair.running);
    expect_equal(bench.claim_ids(), Ids{pair.waiting.id}, "runs claimed in the end");
}

inline void expire_ends_runs_whatever_they_wait_for(const Bench& bench) {
    const Waiting pair = make_wait(bench);
    JobRun for_its_key = expiring(bench, pair.job);
    JobRun for_its_time = expiring(bench, pair.job);
    for_its_time.not_before = start + 1h;
    for_its_time.expires_at = start + 30s;
    JobRun for_a_worker = expiring(bench, pair.job);
    for_a_worker.action_type = "foreign";
    JobRun later = expiring(bench, pair.job);
    later.expires_at = start + 1min + 1us;
    bench.write(pair.job, bench.adding({for_its_key, for_its_time, for_a_worker, later}));
    expect_count(bench.claim().size(), 0, "runs claimed while the key is busy");
    bench.set_forward(1min);
    const auto first = only(bench.storage->expire(bench.now(), 1), "runs expired, limit 1");
    expect_same(first, timed_out(for_its_time, bench.now()), "the run that expired first");
    expect_count(bench.storage->expire(bench.now(), 100).size(), 2, "the others that have expired");
    for (const JobRun& run : {for_its_key, for_its_time, for_a_worker})
        expect_same(bench.find(run), timed_out(run, bench.now()), "a run that has expired");
    expect_same(bench.find(later), later, "a run that has not");
    expect_count(bench.storage->expire(bench.now(), 100).size(), 0, "runs expired again");
    bench.end(pair.running);
    expect_equal(bench.claim_ids(), Ids{pair.waiting.id}, "runs claimed after the end");
}

inline void an_expired_retry_counts_as_a_failure(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, expiring(bench, job));
    RunTransition retry = bench.again(start + 30s);
    retry.error = "boom";
    retry.duration = 3s;
    expect(bench.finish(bench.claim_one(), retry), "the finish is accepted");
    bench.set_forward(1min);
    const JobRun expired = only(bench.storage->expire(bench.now(), 100), "expired runs");
    expect_equal(expired.status, JobRunStatus::timed_out, "status");
    expect_equal(expired.error, std::optional<std::string>("boom"), "error, that of the attempt");
    expect_equal(expired.duration, std::optional<Duration>(3s), "duration, that of the attempt");
    const ScheduledJob after = bench.find(job);
    expect_equal(after.run_count, std::uint64_t{1}, "run_count");
    expect_equal(after.failure_count, std::uint64_t{1}, "failure_count");
    expect_equal(after.consecutive_failures, std::uint32_t{1}, "consecutive_failures");
}

inline void no_run_goes_back_to_expire(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const auto finish = [&](RunTransition to) {
        bench.add_run(job, expiring(bench, job));
        const JobRun run = bench.claim_one();
        to.error = "boom";
        to.executed = true;
        expect(bench.finish(run, to), "the finish is accepted");
        return bench.find(run);
    };
    const JobRun too_late = finish(bench.again(start + 1min));
    expect_equal(too_late.status, JobRunStatus::timed_out, "status where the retry would come too late");
    expect_equal(too_late.reason, RunReason::total_timeout, "its reason");
    expect_equal(too_late.completed_at, std::optional(start), "its end");
    expect_equal(too_late.error, std::optional<std::string>("boom"), "its error");
    expect_count(too_late.attempts.size(), 0, "attempts kept; the last one is in the run itself");
    expect_equal(bench.find(job).consecutive_failures, std::uint32_t{1}, "consecutive_failures");
    RunTransition after_it = bench.again(start);
    after_it.at = start + 1min;
    expect_equal(finish(after_it).status, JobRunStatus::timed_out, "status where it has expired while it ran");
    RunTransition in_time = bench.again(start + 1min - 1us);
    const JobRun retried = finish(in_time);
    expect_equal(retried.status, JobRunStatus::pending, "status where the retry comes in time");
    bench.cancel(retried);
    bench.add_run(job, expiring(bench, job));
    const JobRun completed = bench.claim_one();
    bench.set_forward(1h);
    bench.end(completed);
    expect_equal(bench.find(completed).status, JobRunStatus::completed, "status of a run that completes too late");
}

inline void a_stop_is_no_timeout(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, expiring(bench, job));
    const JobRun run = bench.claim_one();
    bench.ask_to_stop(run);
    expect(bench.finish(run, bench.again(start + 1h)), "the finish is accepted");
    expect_equal(bench.find(run).status, JobRunStatus::cancelled, "status");
    expect_equal(bench.find(run).reason, RunReason::requested, "reason");
}

inline void an_abandoned_run_may_have_expired(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, expiring(bench, job));
    ClaimRequest request = bench.request();
    request.lease = short_lease;
    const JobRun lost = only(bench.claim(request), "claimed runs").run;
    bench.set_forward(1min);
    bench.let_short_leases_end();
    const JobRun reaped = only(bench.reap(), "reaped runs");
    expect_equal(reaped.status, JobRunStatus::timed_out, "status");
    expect_equal(reaped.abandons, std::uint32_t{1}, "abandons");
    expect_same(bench.find(lost), reaped, "the run");
}

inline void a_fixed_delay_begins_at_an_expiry(const Bench& bench) {
    JobDefinition definition = bench.job();
    definition.fixed_delay = 10min;
    const ScheduledJob job = bench.add(definition);
    JobRun run = bench.run(job, RunTrigger::schedule, start);
    run.expires_at = start + 1min;
    bench.add_run(job, run);
    bench.set_forward(2min);
    expect_count(bench.storage->expire(bench.now(), 100).size(), 1, "expired runs");
    expect_equal(bench.find(job).next_run_at, std::optional<Instant>(start + 12min), "cursor");
}

inline void an_expiry_is_nothing_to_be_awake_for(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun run = expiring(bench, job);
    run.not_before = start + 1h;
    bench.add_run(job, run);
    const ClaimFilter filter{.action_types = {"work"}};
    expect_equal(bench.storage->next_due(filter, start), std::optional<Instant>(start + 1h), "what is due");
    bench.set_forward(1min);
    bench.storage->expire(bench.now(), 100);
    expect(!bench.storage->next_due(filter, bench.now()), "nothing is due after the expiry");
}

inline const std::vector<Clause>& expiry_clauses() {
    static const std::vector<Clause> clauses{
        {21, "a claim ends an expired run instead of starting it", an_expired_run_is_not_started},
        {21, "until it expires a run is started, and then it may run", a_run_is_started_until_it_expires},
        {21, "an expired run neither skips nor waits", an_expired_run_is_neither_skipped_nor_kept_waiting},
        {21, "expire ends runs whatever they wait for", expire_ends_runs_whatever_they_wait_for},
        {21, "an expired retry counts as a failure", an_expired_retry_counts_as_a_failure},
        {21, "no run goes back to pending only to expire", no_run_goes_back_to_expire},
        {21, "a run that was asked to stop does not time out", a_stop_is_no_timeout},
        {21, "an abandoned run may have expired", an_abandoned_run_may_have_expired},
        {11, "a fixed delay begins at an expiry", a_fixed_delay_begins_at_an_expiry},
        {18, "an expiry is nothing to be awake for", an_expiry_is_nothing_to_be_awake_for},
    };
    return clauses;
}

} // namespace carillon::testing::contract
