// SPDX-License-Identifier: MIT
// testing/detail/contract_jobs.hpp - checks of how jobs are written: all or nothing, with their audit, by idempotency
// keys.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

// ---- changes and their audit ---------------------------------------------------------------------------------------

inline void insert_returns_and_stores_the_jobs_in_order(const Bench& bench) {
    const std::vector<NewJob> jobs{
        bench.new_job(bench.job("a")), bench.new_job(bench.job("b"), Bench::due_at(start)), bench.new_job(bench.job())};
    const InsertResult result = bench.storage->insert_jobs(jobs);
    expect(!result.conflict, "there is no conflict");
    expect_count(result.jobs.size(), jobs.size(), "inserted jobs");
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const ScheduledJob job{*jobs[i].definition, jobs[i].progress};
        expect_same(result.jobs[i].job, job, "the answer");
        expect_same(bench.find(job), job, "the stored job");
    }
}

inline void insert_fills_after_from_the_record(const Bench& bench) {
    const NewJob job = bench.new_job(bench.job());
    const auto write = only(bench.storage->insert_jobs({job}).jobs, "inserted jobs");
    AuditEvent expected = job.event;
    expected.after = job.definition;
    expect_same(write.event, std::optional(expected), "the event in the answer");
    expect_same(only(bench.audit(*job.definition), "events"), expected, "the event in the audit");
}

inline void modify_fills_before_and_after_from_the_records(const Bench& bench) {
    const ScheduledJob first = bench.add(bench.job("first"));
    JobDefinition renamed = first;
    renamed.name = "second";
    const JobWrite second = bench.write(first, bench.editing(renamed));
    renamed = second.job;
    renamed.name = "third";
    const JobWrite third = bench.write(first, bench.editing(renamed));
    const AuditEvent event = found(third.event, "the event in the answer");
    expect_same(event.before, std::make_shared<const JobDefinition>(second.job), "before");
    expect_same(event.after, std::make_shared<const JobDefinition>(third.job), "after");
    expect_equal(third.job.name, "third", "name in the answer");
    expect_same(bench.find(first), third.job, "the stored job");
    const auto audit = bench.audit(first);
    expect_count(audit.size(), 3, "events");
    expect_same(audit.front(), event, "the newest event in the audit");
    expect_same(audit[1].after, event.before, "after of the earlier event, before of the later one");
}

inline void an_event_comes_back_as_it_was_given(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.manual(job);
    JobChange change = bench.adding({run});
    change.event = bench.event(job, AuditVerb::job_triggered);
    change.event->actor = "bob";
    change.event->reason = "because 50% of \"it\" isn't enough";
    change.event->run_id = run.id;
    change.event->at = start + 123'456us;
    AuditEvent expected = *change.event;
    expected.before = expected.after = std::make_shared<const JobDefinition>(job);
    const JobWrite write = bench.write(job, change);
    expect_same(write.event, std::optional(expected), "the event in the answer");
    expect_same(bench.audit(job).front(), expected, "the event in the audit");
}

inline void remove_leaves_after_empty(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobWrite write = bench.write(job, bench.removing(job));
    const auto event = bench.audit(job).front();
    expect_same(write.event, std::optional(event), "the event in the answer");
    expect_same(event.before, std::make_shared<const JobDefinition>(job), "before");
    expect(!event.after, "after is empty");
}

inline void nothing_writes_nothing(const Bench& bench) {
    JobDefinition definition = bench.job();
    definition.key = "report";
    const ScheduledJob job = bench.add(definition, Bench::due_at(start));
    const JobWrite modified = bench.write(job, {});
    expect_same(modified.job, job, "the answer of modify_job");
    expect(!modified.event && modified.runs.empty(), "modify_job answers without event and runs");
    const JobWrite put =
        bench.storage->put_job("acme", "report", [](const JobView*, const KeyState&) -> JobChange { return {}; });
    expect_same(put.job, job, "the answer of put_job");
    const auto result =
        bench.storage->materialise(start, 10, [](const JobView&, const KeyState&) -> JobChange { return {}; });
    expect(result.events.empty(), "materialise answers without events");
    expect_same(bench.find(job), job, "the stored job");
    expect_count(bench.audit(job).size(), 1, "events");
    expect_count(bench.runs(job).size(), 0, "runs");
}

inline void progress_alone_leaves_the_definition(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job(), Bench::due_at(start));
    JobChange change = bench.change();
    change.progress = JobProgress{.next_run_at = start + 1h, .high_water = start, .evaluation_failures = 2};
    const JobWrite write = bench.write(job, change);
    const ScheduledJob expected{static_cast<const JobDefinition&>(job), *change.progress};
    expect_same(write.job, expected, "the answer");
    expect_same(bench.find(job), expected, "the stored job");
    expect_count(bench.audit(job).size(), 1, "events");
}

inline void an_edit_leaves_the_progress(const Bench& bench) {
    const JobProgress progress{.last_run_at = start, .next_run_at = start + 1h, .high_water = start, .run_count = 7};
    const ScheduledJob job = bench.add(bench.job(), progress);
    JobDefinition renamed = job;
    renamed.name = "renamed";
    const JobWrite write = bench.write(job, bench.editing(renamed));
    Comparison as;
    compare(as, static_cast<const JobProgress&>(write.job), progress);
    expect_equal(as.text(), "", "differences of the progress");
}

inline void put_creates_then_changes_then_leaves_alone(const Bench& bench) {
    JobDefinition definition = bench.job();
    definition.key = "report";
    JobChange creation = bench.change();
    creation.definition = std::make_shared<const JobDefinition>(definition);
    creation.progress = Bench::due_at(start + 1h);
    creation.event = bench.event(definition, AuditVerb::job_created);
    const JobWrite created = bench.storage->put_job("acme", "report", [&](const JobView* job, const KeyState&) {
        expect(job == nullptr, "put_job is asked without a job at first");
        return creation;
    });
    expect_same(created.job, ScheduledJob{definition, *creation.progress}, "the created job");
    expect(created.event && !created.event->before, "the event has no before");
    expect_same(created.event->after, creation.definition, "after");
    const JobWrite changed = bench.storage->put_job("acme", "report", [&](const JobView* job, const KeyState&) {
        expect(job != nullptr, "put_job is asked with the job then");
        expect_same(job->definition, definition, "the job it is asked with");
        JobDefinition renamed = job->definition;
        renamed.name = "renamed";
        return bench.editing(renamed);
    });
    expect_equal(changed.job.name, "renamed", "name");
    expect_equal(changed.job.id, definition.id, "id");
    expect_same(bench.find(definition), changed.job, "the stored job");
    const auto audit = bench.audit(definition);
    expect_count(audit.size(), 2, "events");
    expect_same(audit[0].before, creation.definition, "before");
    expect_same(audit[1].after, creation.definition, "after of the creation");
}

inline void put_that_creates_nothing_stores_nothing(const Bench& bench) {
    bench.storage->put_job("acme", "report", [](const JobView*, const KeyState&) -> JobChange { return {}; });
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 0, "jobs");
    expect_count(bench.storage->list_audit("acme", {}).size(), 0, "events");
}

inline void a_key_of_a_removed_job_is_free_again(const Bench& bench) {
    JobDefinition definition = bench.job();
    definition.key = "report";
    definition.idempotency_key = "once";
    const ScheduledJob first = bench.add(definition);
    bench.write(first, bench.removing(first));
    definition.id = JobId::next(bench.now());
    const ScheduledJob second = bench.add(definition);
    expect_equal(second.id, definition.id, "id of the second job");
    const auto by_key = bench.storage->find_job_by_idempotency_key("acme", "once");
    expect_equal(found(by_key, "the second job").id, second.id, "id by idempotency key");
    bench.storage->put_job("acme", "report", [&](const JobView* job, const KeyState&) -> JobChange {
        expect(job && job->definition.id == second.id, "put_job is asked with the second job");
        return {};
    });
}

// ---- pure functions ------------------------------------------------------------------------------------------------

struct Refusal : std::runtime_error {
    Refusal()
        : std::runtime_error("a pure function refuses") {}
};

/// Whether `operation` lets a Refusal through.
template <class Operation>
[[nodiscard]] bool refuses(Operation operation) {
    try {
        operation();
    } catch (const Refusal&) {
        return true;
    }
    return false;
}

inline void what_a_change_throws_passes_through(const Bench& bench) {
    JobDefinition definition = bench.job();
    definition.key = "report";
    const ScheduledJob job = bench.add(definition, Bench::due_at(start));
    const JobRun run = bench.add_run(job, bench.manual(job));
    const ChangeJob throwing = [](const JobView&, const KeyState&) -> JobChange {
        throw Refusal();
    };
    const PutJob throwing_put = [](const JobView*, const KeyState&) -> JobChange {
        throw Refusal();
    };
    const auto throwing_run = [](const JobRun&) -> RunChange {
        throw Refusal();
    };
    AnyStorage& storage = *bench.storage;
    expect(refuses([&] { storage.modify_job("acme", job.id, throwing); }), "modify_job lets it through");
    expect(refuses([&] { storage.put_job("acme", "report", throwing_put); }), "put_job lets it through");
    expect(refuses([&] { storage.put_job("acme", "new", throwing_put); }), "put_job of a new key lets it through");
    expect(refuses([&] { storage.modify_run("acme", run.id, throwing_run); }), "modify_run lets it through");
    expect(refuses([&] { storage.materialise(start, 10, throwing); }), "materialise lets it through");
    expect_same(bench.find(job), job, "the job after it");
    expect_same(bench.find(run), run, "the run after it");
    expect_count(storage.count_jobs("acme", std::nullopt), 1, "jobs");
    expect_count(bench.audit(job).size(), 1, "events");
}

inline void materialise_goes_on_after_a_throw(const Bench& bench) {
    const ScheduledJob bad = bench.add(bench.job("bad"), Bench::due_at(start - 2s));
    const ScheduledJob good = bench.add(bench.job("good"), Bench::due_at(start - 1s));
    bool refuse = true;
    const ChangeJob plan = [&](const JobView& job, const KeyState&) {
        if (refuse && job.definition.id == bad.id) throw Refusal();
        JobChange change = bench.adding({bench.run(job.definition, RunTrigger::schedule, start - 1s)});
        change.progress = JobProgress{.next_run_at = start + 1h, .high_water = start};
        return change;
    };
    expect(refuses([&] { bench.storage->materialise(start, 10, plan); }), "materialise lets it through");
    expect_same(bench.find(bad), bad, "the job whose plan threw");
    refuse = false;
    bench.storage->materialise(start, 10, plan);
    for (const ScheduledJob* job : {&bad, &good}) {
        expect_count(bench.runs(*job).size(), 1, "runs of each job in the end");
        expect_equal(bench.find(*job).next_run_at, std::optional<Instant>(start + 1h), "cursor in the end");
    }
}

inline void reap_goes_on_after_a_throw(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.manual(job));
    ClaimRequest request = bench.request();
    request.lease = short_lease;
    const JobRun run = only(bench.claim(request), "claimed runs").run;
    bench.let_short_leases_end();
    const auto throwing = [](const JobRun&, const JobDefinition&) -> RunTransition {
        throw Refusal();
    };
    expect(refuses([&] { bench.storage->reap(10, throwing); }), "reap lets it through");
    expect_same(bench.find(run), run, "the run after it");
    expect_count(bench.reap().size(), 1, "runs that the next reap takes");
}

inline void a_change_sees_the_job_and_its_key(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"), Bench::due_at(start));
    const ScheduledJob other = bench.add(bench.keyed_job("printer", "other"));
    const JobRun started = bench.add_run(other, bench.run(other, RunTrigger::schedule, start - 1h));
    const JobRun ours = bench.add_run(job, bench.run(job, RunTrigger::schedule, start));
    bench.add_run(job, bench.manual(job));
    bench.add_run(job, bench.skip(job, start + 1us, RunReason::misfired));
    expect_equal(bench.claim_one().id, started.id, "claimed run");
    const KeyState expected{.pending = 2, .running = 1, .busy_with = started.id, .unstarted = 1};
    bench.modify(job, [&](const JobView& view, const KeyState& key) -> JobChange {
        expect_same(view.definition, static_cast<const JobDefinition&>(job), "the definition");
        expect_same(key, expected, "the key");
        return {};
    });
    bench.end(bench.find(started));
    bench.modify(job, [&](const JobView&, const KeyState& key) -> JobChange {
        expect_same(
            key, KeyState{.pending = 2, .running = 0, .busy_with = ours.id, .unstarted = 1}, "the key after the end");
        return {};
    });
}

// ---- idempotency keys ----------------------------------------------------------------------------------------------

[[nodiscard]] inline JobDefinition once(const Bench& bench, const std::string& key, std::uint64_t fingerprint) {
    JobDefinition job = bench.job();
    job.idempotency_key = key;
    job.spec_fingerprint = fingerprint;
    return job;
}

inline void a_repeated_job_is_the_earlier_one_as_it_is_now(const Bench& bench) {
    const ScheduledJob first = bench.add(once(bench, "k", 7));
    JobDefinition renamed = first;
    renamed.name = "renamed since";
    const ScheduledJob now = bench.write(first, bench.editing(renamed)).job;
    const NewJob another = bench.new_job(bench.job("another"));
    const auto result = bench.storage->insert_jobs({bench.new_job(once(bench, "k", 7)), another});
    expect(!result.conflict, "there is no conflict");
    expect_count(result.jobs.size(), 2, "answers");
    expect_same(result.jobs[0].job, now, "the answer for the repeat");
    expect(!result.jobs[0].event, "the repeat has no event");
    expect_equal(result.jobs[1].job.id, another.definition->id, "id of the other job");
    expect(result.jobs[1].event.has_value(), "the other job has an event");
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 2, "jobs");
    expect_count(bench.audit(first).size(), 2, "events of the earlier job");
    const auto by_key = bench.storage->find_job_by_idempotency_key("acme", "k");
    expect_same(found(by_key, "the job by its idempotency key"), now, "the job by its idempotency key");
}

inline void a_repeat_within_one_call_is_the_first(const Bench& bench) {
    const NewJob first = bench.new_job(once(bench, "k", 7));
    const auto result = bench.storage->insert_jobs({first, bench.new_job(once(bench, "k", 7))});
    expect(!result.conflict, "there is no conflict");
    expect_count(result.jobs.size(), 2, "answers");
    expect_equal(result.jobs[1].job.id, first.definition->id, "id of the repeat");
    expect(result.jobs[0].event && !result.jobs[1].event, "only the first has an event");
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 1, "jobs");
}

inline void a_conflict_writes_nothing_of_the_call(const Bench& bench) {
    bench.add(once(bench, "k", 7));
    const std::vector<NewJob> jobs{bench.new_job(bench.job()),
                                   bench.new_job(once(bench, "k", 8)),
                                   bench.new_job(bench.job()),
                                   bench.new_job(once(bench, "fresh", 1))};
    const InsertResult result = bench.storage->insert_jobs(jobs);
    expect_equal(result.conflict, std::optional<std::size_t>(1), "index of the conflict");
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 1, "jobs");
    expect_count(bench.storage->list_audit("acme", {}).size(), 1, "events");
    expect(!bench.storage->find_job("acme", jobs[0].definition->id), "the job before the conflict is not stored");
    expect(!bench.storage->find_job_by_idempotency_key("acme", "fresh"), "the key behind the conflict is free");
}

inline void a_conflict_within_one_call_writes_nothing(const Bench& bench) {
    const InsertResult result = bench.storage->insert_jobs(
        {bench.new_job(bench.job()), bench.new_job(once(bench, "k", 7)), bench.new_job(once(bench, "k", 8))});
    expect_equal(result.conflict, std::optional<std::size_t>(2), "index of the conflict");
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 0, "jobs");
    expect_count(bench.storage->list_audit("acme", {}).size(), 0, "events");
}

inline void a_repeated_trigger_is_the_earlier_run_as_it_is_now(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job("other"));
    JobRun trigger = bench.manual(job);
    trigger.idempotency_key = "click-1";
    bench.add_run(job, trigger);
    const JobRun running = bench.claim_one();
    JobRun repeat = bench.manual(job);
    repeat.idempotency_key = "click-1";
    JobChange change = bench.adding({repeat});
    change.event = bench.event(job, AuditVerb::job_triggered);
    change.progress = Bench::due_at(start + 5h);
    const JobWrite write = bench.write(job, change);
    expect_same(only(write.runs, "runs in the answer"), running, "the run in the answer");
    expect(!write.event, "the repeat has no event");
    expect_same(write.job, bench.find(job), "the job in the answer");
    expect(!bench.find(job).next_run_at, "nothing of the change was written");
    expect_count(bench.runs(job).size(), 1, "runs");
    expect_count(bench.audit(job).size(), 1, "events");
    bench.end(running);
    expect_equal(only(bench.write(job, change).runs, "runs in the answer").status,
                 JobRunStatus::completed,
                 "status of a repeat after its end");
    JobRun elsewhere = bench.manual(other);
    elsewhere.idempotency_key = "click-1";
    expect_equal(bench.add_run(other, elsewhere).id, elsewhere.id, "the same key on another job: id of the run");
}

inline const std::vector<Clause>& job_clauses() {
    static const std::vector<Clause> clauses{
        {3, "insert_jobs returns and stores the jobs in order", insert_returns_and_stores_the_jobs_in_order},
        {3, "insert_jobs fills `after` from the record", insert_fills_after_from_the_record},
        {3, "modify_job fills `before` and `after` from the records", modify_fills_before_and_after_from_the_records},
        {3, "an event comes back as it was given", an_event_comes_back_as_it_was_given},
        {3, "the event of a removal has `before` and no `after`", remove_leaves_after_empty},
        {3, "a change that is nothing writes nothing", nothing_writes_nothing},
        {3, "progress alone leaves the definition", progress_alone_leaves_the_definition},
        {3, "an edit leaves the progress", an_edit_leaves_the_progress},
        {3, "put_job creates, then changes", put_creates_then_changes_then_leaves_alone},
        {3, "a put_job that creates nothing stores nothing", put_that_creates_nothing_stores_nothing},
        {3, "the keys of a removed job are free again", a_key_of_a_removed_job_is_free_again},
        {4, "what a pure function throws passes through and nothing is written", what_a_change_throws_passes_through},
        {4, "materialise goes on after a plan that threw", materialise_goes_on_after_a_throw},
        {4, "reap goes on after a rule that threw", reap_goes_on_after_a_throw},
        {4, "a change sees the job and who else has its key", a_change_sees_the_job_and_its_key},
        {14, "a repeated job is the earlier one as it is now", a_repeated_job_is_the_earlier_one_as_it_is_now},
        {14, "a job repeated within one call is the first", a_repeat_within_one_call_is_the_first},
        {14, "a conflicting idempotency key writes nothing of the call", a_conflict_writes_nothing_of_the_call},
        {14, "a conflict within one call writes nothing", a_conflict_within_one_call_writes_nothing},
        {14, "a repeated trigger is the earlier run as it is now", a_repeated_trigger_is_the_earlier_run_as_it_is_now},
    };
    return clauses;
}

} // namespace carillon::testing::contract
