// SPDX-License-Identifier: MIT
// testing/detail/contract_rewinds.hpp - checks of looking up an occurrence in the ledger, and of what a rewind forgets.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_ledger.hpp"
#include "carillon/testing/detail/contract_listings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

/// A skip row from `first` to `last`, counted from `start`.
[[nodiscard]] inline JobRun skip_row(const Bench& bench, const JobDefinition& of, Duration first, Duration last) {
    JobRun row = bench.skip(of, start + first, RunReason::misfired);
    row.last = start + last;
    row.occurrences = 5;
    return row;
}

// ---- find_occurrence -----------------------------------------------------------------------------------------------

inline void an_occurrence_is_found_in_its_row(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun skip = skip_row(bench, job, 0min, 4min);
    const JobRun run = bench.run(job, RunTrigger::schedule, start + 6min);
    const JobRun later = skip_row(bench, job, 8min, 9min);
    bench.write(job, recording(bench, {skip, run, later}, start + 9min));
    bench.add_run(job, bench.run(job, RunTrigger::manual, start + 7min));
    const auto at = [&](Duration after) {
        const auto row = bench.storage->find_occurrence("acme", job.id, start + after);
        return row ? std::optional(row->id) : std::nullopt;
    };
    using Id = std::optional<RunId>;
    expect_equal(at(-1us), Id{}, "row before the first");
    expect_equal(at(0s), Id{skip.id}, "row at the first instant of a skip row");
    expect_equal(at(90s), Id{skip.id}, "row within a skip row");
    expect_equal(at(4min), Id{skip.id}, "row at the last instant of a skip row");
    expect_equal(at(4min + 1us), Id{}, "row behind a skip row");
    expect_equal(at(6min), Id{run.id}, "row of a run");
    expect_equal(at(6min + 1us), Id{}, "row behind a run");
    expect_equal(at(7min), Id{}, "row of a manual run");
    expect_equal(at(9min), Id{later.id}, "row of the last skip");
    expect_equal(at(1h), Id{}, "row behind the last");
    expect_same(bench.storage->find_occurrence("acme", job.id, start + 6min), std::optional(run), "the row");
}

inline void an_occurrence_is_of_one_job_and_tenant(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job());
    const JobRun run = bench.add_run(job, bench.run(job, RunTrigger::schedule, start));
    expect(!bench.storage->find_occurrence("acme", other.id, start), "another job has no such occurrence");
    expect(!bench.storage->find_occurrence("globex", job.id, start), "another tenant finds nothing");
    bench.cancel(run);
    bench.write(job, bench.removing(job));
    const auto row = bench.storage->find_occurrence("acme", job.id, start);
    expect_equal(found(row, "the row of a removed job").status, JobRunStatus::cancelled, "its status");
}

inline void an_extended_row_holds_what_it_was_extended_by(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun row = bench.add_run(job, bench.skip(job, start, RunReason::paused));
    bench.add_run(job, bench.skip(job, start + 1h, RunReason::paused));
    const auto at_end = bench.storage->find_occurrence("acme", job.id, start + 1h);
    expect_equal(found(at_end, "the row").id, row.id, "row of the skip that extended it");
}

// ---- rewind_to -----------------------------------------------------------------------------------------------------

[[nodiscard]] inline JobChange rewinding(const Bench& bench, Instant to) {
    JobChange change = bench.change();
    change.rewind_to = to;
    change.progress = JobProgress{.next_run_at = to + 1h, .high_water = to};
    return change;
}

inline void a_rewind_forgets_the_skips_behind_it(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun before = skip_row(bench, job, 0min, 1min);
    const JobRun run = bench.run(job, RunTrigger::schedule, start + 2min);
    const JobRun behind = skip_row(bench, job, 3min, 4min);
    const JobRun pending = bench.run(job, RunTrigger::schedule, start + 5min);
    const JobRun last = skip_row(bench, job, 6min, 7min);
    bench.write(job, recording(bench, {before, run, behind, pending, last}, start + 7min));
    JobRun manual = bench.skip(job, start + 6min, RunReason::overlapped);
    manual.trigger = RunTrigger::manual;
    bench.add_run(job, manual);
    expect(!rewinding(bench, start).nothing() && !JobChange{.rewind_to = start}.nothing(), "a rewind is a change");
    const JobWrite write = bench.write(job, rewinding(bench, start + 2min));
    expect_equal(write.job.high_water, std::optional<Instant>(start + 2min), "high_water");
    expect_equal(write.job.next_run_at, std::optional<Instant>(start + 1h + 2min), "cursor");
    const Ids left{manual.id, pending.id, run.id, before.id};
    expect_equal(ids_of(bench.runs(job)), left, "rows that are left");
    expect_same(bench.find(before), before, "the skip row before the moment");
    expect(!bench.storage->find_run("acme", last.id), "the last skip row is gone");
    expect(!bench.storage->find_occurrence("acme", job.id, start + 3min), "its occurrence is not in the ledger");
}

inline void a_rewind_forgets_what_ended_without_a_start(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun cancelled = bench.add_run(job, bench.run(job, RunTrigger::schedule, start));
    bench.cancel(cancelled);
    const JobRun executed = bench.add_run(job, bench.run(job, RunTrigger::schedule, start + 1us));
    bench.set_forward(1s);
    bench.end(bench.claim_one(), JobRunStatus::cancelled);
    const JobRun manual = bench.add_run(job, bench.manual(job));
    bench.cancel(manual);
    bench.write(job, rewinding(bench, start - 1h));
    expect_equal(ids_of(bench.runs(job)), Ids{manual.id, executed.id}, "rows that are left");
}

/// Its claim was given back, and the next one found its key busy.
inline void a_skipped_row_that_was_started_stays_as_it_is(const Bench& bench) {
    JobDefinition keyed = bench.keyed_job("db");
    const ScheduledJob job = bench.add(keyed);
    JobRun waits = bench.run(job, RunTrigger::schedule, start);
    waits.skip_when_busy = true;
    bench.add_run(job, waits);
    expect(bench.finish(bench.claim_one(), bench.again(start)), "the finish is accepted");
    JobRun first = bench.manual(job);
    first.priority = 1;
    bench.add_run(job, first);
    bench.end(bench.claim_one());
    const JobRun skipped = bench.find(waits);
    expect_equal(skipped.status, JobRunStatus::skipped, "status of the run that found its key busy");
    bench.write(job, rewinding(bench, start - 1h));
    expect_same(bench.find(waits), skipped, "the row behind the rewind");
}

inline void what_stayed_is_not_written_twice(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.run(job, RunTrigger::schedule, start + 2min);
    bench.write(job, recording(bench, {run, skip_row(bench, job, 3min, 4min)}, start + 4min));
    bench.write(job, rewinding(bench, start));
    const auto again = [&](Duration at) {
        return bench.write(job, bench.adding({bench.run(job, RunTrigger::schedule, start + at)})).runs.size();
    };
    expect_count(again(2min), 0, "runs written for an occurrence that has one");
    expect_count(again(3min), 1, "runs written for one that was forgotten");
    bench.write(job, bench.adding({skip_row(bench, job, 2min, 2min)}));
    expect_count(bench.runs(job).size(), 2, "rows");
}

inline void skips_before_what_stayed_share_a_row(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.run(job, RunTrigger::schedule, start + 1h);
    bench.write(job, recording(bench, {run}, start + 1h));
    bench.write(job, rewinding(bench, start));
    const JobRun first = bench.add_run(job, bench.skip(job, start + 1min, RunReason::paused));
    bench.add_run(job, bench.skip(job, start + 2min, RunReason::paused));
    bench.add_run(job, bench.skip(job, start + 2h, RunReason::paused));
    const auto row = bench.storage->find_occurrence("acme", job.id, start + 2min);
    expect_equal(found(row, "the row of the second skip").id, first.id, "its id");
    expect_count(bench.runs(job).size(), 3, "rows; the run ends the shared one");
}

inline void a_rewind_cuts_the_row_that_reaches_beyond_it(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun row = skip_row(bench, job, 0min, 4min);
    bench.write(job, recording(bench, {row}, start + 4min));
    bench.write(job, rewinding(bench, start + 90s));
    row.last = start + 90s;
    row.occurrences = 1;
    row.count_is_minimum = true;
    expect_same(only(bench.runs(job), "rows"), row, "the row that was cut");
    const JobRun again = skip_row(bench, job, 2min, 4min);
    const JobRun extended = only(bench.write(job, bench.adding({again})).runs, "rows in the answer");
    row.last = start + 4min;
    row.occurrences = 6;
    row.completed_at = again.completed_at;
    expect_same(extended, row, "the row that is extended again");
}

inline void a_rewind_to_the_end_of_a_row_leaves_it(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun row = skip_row(bench, job, 0min, 4min);
    bench.write(job, recording(bench, {row}, start + 4min));
    bench.write(job, rewinding(bench, start + 4min));
    expect_same(only(bench.runs(job), "rows"), row, "the row");
}

inline void what_was_forgotten_can_be_written_again(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.write(job, recording(bench, {skip_row(bench, job, 1h, 48h)}, start + 48h));
    const JobRun run = bench.run(job, RunTrigger::schedule, start + 1h);
    JobChange change = rewinding(bench, start);
    change.runs = {bench.run(job, RunTrigger::schedule, start), run};
    change.progress->high_water = start + 1h;
    expect_equal(only(bench.write(job, change).runs, "rows in the answer").id, run.id, "the row that is added");
    expect_equal(only(bench.runs(job), "rows").id, run.id, "the row that is left");
}

inline void a_rewind_goes_behind_what_was_purged(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobChange change = rewinding(bench, start);
    change.progress->purged_until = start + 1h;
    expect_equal(bench.write(job, change).job.purged_until, std::optional(start), "purged_until");
    change.progress->purged_until = start - 1h;
    expect_equal(bench.write(job, change).job.purged_until, std::optional<Instant>(start - 1h), "an earlier one");
    change.progress->purged_until.reset();
    expect(!bench.write(job, change).job.purged_until, "without a purge there is no purged_until");
}

inline const std::vector<Clause>& rewind_clauses() {
    static const std::vector<Clause> clauses{
        {22, "an occurrence is found in the row that it is in", an_occurrence_is_found_in_its_row},
        {22, "an occurrence is of one job and one tenant", an_occurrence_is_of_one_job_and_tenant},
        {22, "an extended row holds what it was extended by", an_extended_row_holds_what_it_was_extended_by},
        {23, "a rewind forgets the skips behind it, and nothing else", a_rewind_forgets_the_skips_behind_it},
        {23, "a rewind forgets what ended without a start", a_rewind_forgets_what_ended_without_a_start},
        {23, "a skipped row that was started stays as it is", a_skipped_row_that_was_started_stays_as_it_is},
        {5, "what stayed behind a rewind is not written twice", what_stayed_is_not_written_twice},
        {5, "skips before what stayed behind a rewind share a row", skips_before_what_stayed_share_a_row},
        {23, "a rewind cuts the row that reaches beyond it", a_rewind_cuts_the_row_that_reaches_beyond_it},
        {23, "a rewind to the end of a row leaves it", a_rewind_to_the_end_of_a_row_leaves_it},
        {23, "what was forgotten can be written again", what_was_forgotten_can_be_written_again},
        {23, "a rewind goes behind what was purged", a_rewind_goes_behind_what_was_purged},
    };
    return clauses;
}

} // namespace carillon::testing::contract
