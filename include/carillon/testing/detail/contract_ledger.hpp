// SPDX-License-Identifier: MIT
// testing/detail/contract_ledger.hpp - checks of the ledger: each occurrence once, skips in shared rows,
// materialise and revise_cursors.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

// ---- the ledger ----------------------------------------------------------------------------------------------------

/// A change that adds `runs` and records that the ledger is complete up to `high_water`.
[[nodiscard]] inline JobChange recording(const Bench& bench, std::vector<JobRun> runs, Instant high_water) {
    JobChange change = bench.adding(std::move(runs));
    change.progress = JobProgress{.high_water = high_water};
    return change;
}

inline void an_occurrence_is_written_once(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const auto occurrence = [&](Duration late) {
        return bench.run(job, RunTrigger::schedule, start + late);
    };
    bench.write(job, recording(bench, {occurrence(0s)}, start));
    const JobWrite repeat = bench.write(job, recording(bench, {occurrence(-1us), occurrence(0s)}, start));
    expect_count(repeat.runs.size(), 0, "runs in the answer to a repeat");
    const JobRun next = occurrence(1us);
    const JobWrite mixed = bench.write(job, recording(bench, {occurrence(0s), next}, start + 1us));
    expect_equal(only(mixed.runs, "runs in the answer").id, next.id, "id of the run behind high_water");
    bench.write(job, recording(bench, {bench.skip(job, start, RunReason::misfired)}, start + 1us));
    expect_count(bench.runs(job).size(), 2, "runs");
}

inline void only_scheduled_runs_are_occurrences(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.write(job, recording(bench, {bench.run(job, RunTrigger::schedule, start)}, start));
    bench.add_run(job, bench.run(job, RunTrigger::manual, start));
    bench.add_run(job, bench.run(job, RunTrigger::retry, start - 1h));
    expect_count(bench.runs(job).size(), 3, "runs");
}

inline void equal_skips_share_a_row(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun first = bench.add_run(job, bench.skip(job, start, RunReason::paused));
    bench.set_forward(1h);
    JobRun more = bench.skip(job, start + 1min, RunReason::paused);
    more.last = start + 5min;
    more.occurrences = 5;
    const JobWrite write = bench.write(job, bench.adding({more, bench.skip(job, start + 6min, RunReason::paused)}));
    JobRun expected = first;
    expected.last = start + 6min;
    expected.occurrences = 7;
    expected.completed_at = bench.now();
    expect_same(only(bench.runs(job), "rows"), expected, "the shared row");
    expect(!write.runs.empty(), "the shared row is in the answer");
    expect_same(write.runs.back(), expected, "the shared row in the answer");
}

inline void a_skip_without_last_ends_at_its_occurrence(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.skip(job, start, RunReason::overlapped));
    JobRun more = bench.skip(job, start + 1min, RunReason::overlapped);
    more.last.reset();
    bench.add_run(job, more);
    expect_equal(only(bench.runs(job), "rows").last, std::optional(start + 1min), "last of the shared row");
}

inline void other_skips_get_a_row_of_their_own(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const RunId one = bench.add_run(job, bench.unlimited(job)).id;
    const RunId two = bench.add_run(job, bench.unlimited(job)).id;
    const auto blocked = [&](Duration at, std::optional<RunId> by) {
        JobRun row = bench.skip(job, start + at, RunReason::overlapped);
        row.blocked_by = by;
        return bench.add_run(job, row);
    };
    blocked(1s, std::nullopt);
    blocked(2s, one);
    blocked(3s, one);
    blocked(4s, two);
    bench.add_run(job, bench.skip(job, start + 5s, RunReason::misfired));
    blocked(6s, two);
    expect_count(bench.storage->list_runs("acme", job.id, {.status = JobRunStatus::skipped}).size(), 5, "skip rows");
}

inline void a_scheduled_run_ends_a_shared_row(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job("other"));
    bench.add_run(job, bench.skip(job, start, RunReason::paused));
    bench.add_run(job, bench.manual(job));
    bench.add_run(other, bench.skip(other, start, RunReason::disabled));
    bench.add_run(job, bench.skip(job, start + 1s, RunReason::paused));
    expect_count(bench.runs(job).size(), 2, "rows; manual runs and other jobs do not come between");
    bench.add_run(job, bench.run(job, RunTrigger::schedule, start + 2s));
    bench.add_run(job, bench.skip(job, start + 3s, RunReason::paused));
    expect_count(bench.runs(job).size(), 4, "rows after a scheduled run came between");
}

inline void above_ten_thousand_a_count_is_a_minimum(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun row = bench.skip(job, start, RunReason::paused);
    row.occurrences = 9'999;
    bench.add_run(job, row);
    const auto extend_by = [&](Duration at, std::uint64_t count, bool minimum) {
        JobRun more = bench.skip(job, start + at, RunReason::paused);
        more.occurrences = count;
        more.count_is_minimum = minimum;
        bench.add_run(job, more);
        return only(bench.runs(job), "rows");
    };
    const JobRun exact = extend_by(1s, 1, false);
    expect_equal(exact.occurrences, std::uint64_t{10'000}, "occurrences");
    expect(!exact.count_is_minimum, "10,000 is exact");
    const JobRun above = extend_by(2s, 1, false);
    expect(above.occurrences >= 10'000 && above.occurrences <= 10'001, "the count is at least 10,000 and not too high");
    expect(above.count_is_minimum, "10,001 is a minimum");
    const ScheduledJob second = bench.add(bench.job("second"));
    bench.add_run(second, bench.skip(second, start, RunReason::paused));
    JobRun many = bench.skip(second, start + 1s, RunReason::paused);
    many.occurrences = 10'000;
    many.count_is_minimum = true;
    bench.add_run(second, many);
    expect(only(bench.runs(second), "rows").count_is_minimum, "a minimum stays a minimum");
}

// ---- materialise ---------------------------------------------------------------------------------------------------

/// Adds a run for the cursor and moves the cursor an hour on.
[[nodiscard]] inline JobChange one_run_an_hour(const Bench& bench, const JobView& job) {
    const Instant at = job.progress.next_run_at.value_or(Instant{});
    JobChange change = bench.adding({bench.run(job.definition, RunTrigger::schedule, at)});
    change.progress = job.progress;
    change.progress->high_water = at;
    change.progress->next_run_at = at + 1h;
    return change;
}

inline void materialise_writes_runs_and_cursor_together(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job(), Bench::due_at(start));
    const auto result = bench.storage->materialise(start, 10, [&](const JobView& view, const KeyState& key) {
        expect_same(ScheduledJob{view.definition, view.progress}, job, "the job that is asked about");
        expect_same(key, KeyState{}, "its key");
        return one_run_an_hour(bench, view);
    });
    expect_count(result.jobs, 1, "jobs asked");
    const JobRun run = only(bench.runs(job), "runs");
    expect_equal(run.status, JobRunStatus::pending, "status of the run");
    expect_equal(run.scheduled_for, start, "scheduled_for");
    expect_equal(bench.find(job).next_run_at, std::optional<Instant>(start + 1h), "cursor");
    expect_equal(bench.find(job).high_water, std::optional(start), "high_water");
    expect_count(bench.storage->materialise(start, 10, {}).jobs, 0, "jobs asked again");
}

inline void materialise_asks_active_due_jobs_only(const Bench& bench) {
    const ScheduledJob due = bench.add(bench.job("due"), Bench::due_at(start));
    bench.add(bench.job("later"), Bench::due_at(start + 1us));
    bench.add(bench.job("no cursor"));
    for (const JobStatus status : {JobStatus::paused, JobStatus::disabled, JobStatus::completed}) {
        JobDefinition job = bench.job("not active");
        job.status = status;
        bench.add(job, Bench::due_at(start - 1h));
    }
    const ScheduledJob removed = bench.add(bench.job("removed"), Bench::due_at(start - 1h));
    bench.write(removed, bench.removing(removed));
    Names asked;
    const auto result = bench.storage->materialise(start, 100, [&](const JobView& job, const KeyState&) {
        asked.push_back(job.definition.name);
        return one_run_an_hour(bench, job);
    });
    expect_count(result.jobs, 1, "jobs asked");
    for (const std::string& name : asked)
        expect_equal(name, due.name, "name of a job that is asked about");
    expect_count(bench.runs(due).size(), 1, "runs");
}

inline void materialise_follows_edits_of_status_and_cursor(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job(), Bench::due_at(start));
    const auto asked = [&] {
        return bench.storage->materialise(start, 10, [](const JobView&, const KeyState&) { return JobChange{}; }).jobs;
    };
    JobDefinition edited = job;
    edited.status = JobStatus::paused;
    bench.write(job, bench.editing(edited));
    expect_count(asked(), 0, "jobs asked while it is paused");
    edited.status = JobStatus::active;
    JobChange resume = bench.editing(edited);
    resume.progress = Bench::due_at(start + 1h);
    bench.write(job, resume);
    expect_count(asked(), 0, "jobs asked while its cursor lies ahead");
    JobChange earlier = bench.change();
    earlier.progress = Bench::due_at(start - 1h);
    bench.write(job, earlier);
    expect_count(asked(), 1, "jobs asked when its cursor has come");
}

inline void materialise_takes_the_earliest_up_to_its_limit(const Bench& bench) {
    for (const int hours : {5, 1, 4, 2, 3})
        bench.add(bench.job(std::to_string(hours)), Bench::due_at(start - 1h * hours));
    Names asked;
    const ChangeJob plan = [&](const JobView& job, const KeyState&) {
        if (asked.empty() || asked.back() != job.definition.name) asked.push_back(job.definition.name);
        JobChange change = bench.change();
        change.progress = Bench::due_at(start + 1h);
        return change;
    };
    expect_count(bench.storage->materialise(start, 2, plan).jobs, 2, "jobs asked, limit 2");
    expect_equal(asked, Names{"5", "4"}, "jobs asked first");
    expect_count(bench.storage->materialise(start, 2, plan).jobs, 2, "jobs asked, limit 2");
    expect_count(bench.storage->materialise(start, 2, plan).jobs, 1, "jobs asked, limit 2, one left");
    expect_equal(asked, Names{"5", "4", "3", "2", "1"}, "jobs asked in all");
}

inline void materialise_asks_a_job_once_a_call(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job(), Bench::due_at(start - 3h));
    const ScheduledJob other = bench.add(bench.job(), Bench::due_at(start));
    const ChangeJob plan = [&](const JobView& view, const KeyState&) {
        return one_run_an_hour(bench, view);
    };
    expect_count(bench.storage->materialise(start, 100, plan).jobs, 2, "jobs asked");
    expect_count(bench.runs(job).size(), 1, "runs of a job that is due still");
    expect_count(bench.runs(other).size(), 1, "runs of the other job");
    expect_count(bench.storage->materialise(start, 100, plan).jobs, 1, "jobs asked by the next call");
    expect_count(bench.runs(job).size(), 2, "runs after it");
}

inline void materialise_shows_what_it_wrote_for_the_key(const Bench& bench) {
    const ScheduledJob first = bench.add(bench.keyed_job("printer", "first"), Bench::due_at(start - 2s));
    const ScheduledJob second = bench.add(bench.keyed_job("printer", "second"), Bench::due_at(start - 1s));
    bench.storage->materialise(start, 10, [&](const JobView& job, const KeyState& key) {
        const bool is_first = job.definition.id == first.id;
        expect_count(
            key.busy(), is_first ? 0 : 1, "runs of the key when job " + job.definition.name + " is asked about");
        return one_run_an_hour(bench, job);
    });
    expect_count(bench.runs(second).size(), 1, "runs of the second job");
}

inline void revise_cursors_asks_about_earlier_versions_only(const Bench& bench) {
    const auto progress = [](const std::string& version) {
        JobProgress of_version = Bench::due_at(start + 24h);
        of_version.tzdata_version = version;
        return of_version;
    };
    for (const char* version : {"", "2025a", "2025b", "2025c", "2026a", "1999z"})
        bench.add(bench.job(version), progress(version));
    JobProgress no_cursor;
    no_cursor.tzdata_version = "2025a";
    bench.add(bench.job("no cursor"), no_cursor);
    JobDefinition paused = bench.job("paused");
    paused.status = JobStatus::paused;
    bench.add(paused, progress("2025a"));
    const ScheduledJob removed = bench.add(bench.job("removed"), progress("2025a"));
    bench.write(removed, bench.removing(removed));

    Names asked;
    const auto revise = [&](const JobView& job, const KeyState&) {
        asked.push_back(job.definition.name);
        JobChange change = bench.change();
        change.progress = job.progress;
        change.progress->tzdata_version = "2025c";
        change.progress->next_run_at = start;
        return change;
    };
    expect_count(bench.storage->revise_cursors("2025c", 2, revise).jobs, 2, "jobs asked, limit 2");
    expect_count(bench.storage->revise_cursors("2025c", 2, revise).jobs, 1, "jobs asked, limit 2, one left");
    expect_count(bench.storage->revise_cursors("2025c", 2, revise).jobs, 0, "jobs asked again");
    std::sort(asked.begin(), asked.end());
    expect_equal(asked, Names{"1999z", "2025a", "2025b"}, "names of the jobs that are asked about");
    expect_count(
        bench.storage->materialise(start, 10, [](const JobView&, const KeyState&) { return JobChange{}; }).jobs,
        3,
        "jobs that the new cursors make due");
}

inline void materialise_returns_its_events(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job(), Bench::due_at(start));
    AuditEvent expected;
    const auto result = bench.storage->materialise(start, 10, [&](const JobView& view, const KeyState&) {
        JobDefinition completed = view.definition;
        completed.status = JobStatus::completed;
        JobChange change = bench.editing(completed);
        change.event->verb = AuditVerb::job_completed;
        change.event->actor = "carillon";
        change.progress = JobProgress{};
        expected = *change.event;
        expected.before = std::make_shared<const JobDefinition>(view.definition);
        expected.after = change.definition;
        return change;
    });
    expect_same(only(result.events, "events in the answer"), expected, "the event in the answer");
    expect_same(bench.audit(job).front(), expected, "the event in the audit");
    expect_equal(bench.find(job).status, JobStatus::completed, "status of the job");
}

inline const std::vector<Clause>& ledger_clauses() {
    static const std::vector<Clause> clauses{
        {5, "an occurrence is written once", an_occurrence_is_written_once},
        {5, "only scheduled runs are held to high_water", only_scheduled_runs_are_occurrences},
        {5, "equal skips in a row share a row", equal_skips_share_a_row},
        {5, "a skip without `last` extends a row to its occurrence", a_skip_without_last_ends_at_its_occurrence},
        {5, "a skip for another reason or blocker gets its own row", other_skips_get_a_row_of_their_own},
        {5, "a scheduled run between two skips ends the shared row", a_scheduled_run_ends_a_shared_row},
        {5, "above 10,000 the count of a skip row is a minimum", above_ten_thousand_a_count_is_a_minimum},
        {16, "materialise writes runs and cursor together", materialise_writes_runs_and_cursor_together},
        {16, "materialise asks about active jobs that are due, no others", materialise_asks_active_due_jobs_only},
        {16, "materialise follows edits of status and cursor", materialise_follows_edits_of_status_and_cursor},
        {16, "materialise takes the earliest jobs up to its limit", materialise_takes_the_earliest_up_to_its_limit},
        {16, "materialise asks about a job once a call", materialise_asks_a_job_once_a_call},
        {16, "materialise shows what it wrote for the key before", materialise_shows_what_it_wrote_for_the_key},
        {16, "materialise returns its events", materialise_returns_its_events},
        {19, "revise_cursors asks about earlier versions, no others", revise_cursors_asks_about_earlier_versions_only},
    };
    return clauses;
}

} // namespace carillon::testing::contract
