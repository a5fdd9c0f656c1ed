// SPDX-License-Identifier: MIT
// testing/detail/contract_records.hpp - checks that tenants see their own records only, and see them as they were
// written.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

// ---- tenants -------------------------------------------------------------------------------------------------------

/// Names that a careless comparison takes for "acme".
inline const std::vector<std::string>& other_tenants() {
    static const std::vector<std::string> names{"globex", "Acme", "acme ", "acm_", "acme%", "acm", "acme2", "ácme"};
    return names;
}

/// A job with every kind of key, and a run of it.
struct OwnedJob {
    ScheduledJob job;
    JobRun run;
};

inline OwnedJob add_owned(const Bench& bench) {
    JobDefinition definition = bench.job();
    definition.key = "report";
    definition.idempotency_key = "once";
    definition.spec_fingerprint = 1;
    const ScheduledJob job = bench.add(definition);
    return {job, bench.add_run(job, bench.manual(job))};
}

inline void other_tenants_find_nothing(const Bench& bench) {
    const OwnedJob own = add_owned(bench);
    const AnyStorage& reader = *bench.storage;
    for (const std::string& other : other_tenants()) {
        const std::string who = "for tenant " + show(other);
        expect(!reader.find_job(other, own.job.id), "find_job finds nothing " + who);
        expect(!reader.find_job_by_idempotency_key(other, "once"), "find_job_by_idempotency_key is empty " + who);
        expect(!reader.find_run(other, own.run.id), "find_run finds nothing " + who);
        expect_count(reader.list_jobs(other, {}).size(), 0, "listed jobs " + who);
        expect_count(reader.count_jobs(other, std::nullopt), 0, "counted jobs " + who);
        expect_count(reader.count_jobs(other, JobStatus::active), 0, "counted active jobs " + who);
        expect_count(reader.list_runs(other, own.job.id, {}).size(), 0, "listed runs " + who);
        expect_count(reader.list_audit(other, {}).size(), 0, "listed events " + who);
        expect_count(reader.list_audit(other, {.job_id = own.job.id}).size(), 0, "listed events of the job " + who);
    }
    expect_count(reader.list_jobs("acme", {}).size(), 1, "jobs of the owner");
}

inline void other_tenants_change_nothing(const Bench& bench) {
    const OwnedJob own = add_owned(bench);
    const ChangeJob remove = [&](const JobView& job, const KeyState&) {
        return bench.removing(job.definition);
    };
    const ChangeRun cancel = [&](const JobRun&) {
        return RunChange{.transition = bench.to(JobRunStatus::cancelled)};
    };
    for (const std::string& other : other_tenants()) {
        expect(!bench.storage->modify_job(other, own.job.id, remove), "modify_job says that there is no such job");
        expect(!bench.storage->modify_run(other, own.run.id, cancel), "modify_run says that there is no such run");
        bench.storage->put_job(other, "report", [](const JobView* job, const KeyState&) -> JobChange {
            expect(job == nullptr, "put_job does not show another tenant's job");
            return {};
        });
    }
    expect_same(bench.find(own.job), own.job, "the job");
    expect_same(bench.find(own.run), own.run, "the run");
    expect_count(bench.audit(own.job).size(), 1, "events");
}

inline void keys_belong_to_a_tenant(const Bench& bench) {
    const OwnedJob own = add_owned(bench);
    JobDefinition definition = own.job;
    definition.id = JobId::next(bench.now());
    definition.tenant_id = "globex";
    definition.spec_fingerprint = 2;
    const auto result = bench.storage->insert_jobs({bench.new_job(definition)});
    expect(!result.conflict, "another tenant's idempotency key is no conflict");
    expect_equal(only(result.jobs, "inserted jobs").job.id, definition.id, "id of the other tenant's job");
    const auto by_key = bench.storage->find_job_by_idempotency_key("acme", "once");
    expect_same(found(by_key, "the own job"), own.job, "the own job");
    bench.storage->put_job("globex", "report", [&](const JobView* job, const KeyState&) -> JobChange {
        expect(job && job->definition.id == definition.id, "put_job shows the tenant its own job");
        return {};
    });
    expect_count(bench.storage->count_jobs("acme", std::nullopt), 1, "jobs of acme");
    expect_count(bench.storage->count_jobs("globex", std::nullopt), 1, "jobs of globex");
}

inline void concurrency_keys_belong_to_a_tenant(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    JobDefinition definition = bench.keyed_job("printer");
    definition.tenant_id = "globex";
    const ScheduledJob other = bench.add(definition);
    bench.add_run(job, bench.manual(job));
    bench.modify(other, [](const JobView&, const KeyState& key) -> JobChange {
        expect_same(key, KeyState{}, "the other tenant's key");
        return {};
    });
    bench.add_run(other, bench.manual(other));
    expect_count(bench.claim().size(), 2, "claimed runs, one of each tenant");
}

// ---- fidelity ------------------------------------------------------------------------------------------------------

inline constexpr Instant odd_instant = start + 1us;
inline const char* const odd_text =
    "quote ' double \" back\\slash percent % _ tab\t line\n ünïcödé 时间 🕰 $1 ?1 :x {}";
/// Not what a JSON library would write again: order, spaces, numbers, an escaped zero.
inline const char* const odd_json =
    R"({"z":1,"a":[1.0,1e3,-0.0,12345678901234567890],"type":"work","nul":"\u0000","k":"é\/"})";

[[nodiscard]] inline JobDefinition definition_with_every_member(const Bench& bench) {
    JobDefinition job = bench.job(odd_text, "acme");
    job.schedule = "*/5 * * * *";
    job.action = JsonText::from_text(odd_json);
    job.description = odd_text;
    job.enabled = false;
    job.metadata = JsonText::from_text(R"({"b":{"x":null},"a":[]})");
    job.time_zone = "Australia/Lord_Howe";
    job.dialect = CronDialect::quartz;
    job.dst = DstPolicy::ocps;
    job.policies.misfire = {.policy = MisfirePolicy::fire_earliest, .grace = 7us, .window = 90min};
    job.policies.overlap = {.policy = OverlapPolicy::allow, .limit = 3, .concurrency_key = "a 'key'"};
    job.policies.retry = {.max_attempts = 9, .initial = 3ms, .factor = 1.1, .max_delay = 24h, .jitter = 0.3};
    job.policies.delivery = DeliveryMode::at_most_once;
    job.policies.priority = -1'000;
    using namespace std::chrono;
    job.exclude = {year{2026} / 12 / 25, year{2028} / 2 / 29};
    job.start_at = Instant{} - 1us;
    job.end_at = latest_instant();
    job.max_runs = UINT64_MAX;
    job.idempotency_key = odd_text;
    job.spec_fingerprint = UINT64_MAX - 1;
    job.key = odd_text;
    job.status = JobStatus::paused;
    job.status_reason = odd_text;
    job.created_at = odd_instant;
    job.updated_at = odd_instant + 1us;
    job.revision = 1'234'567'890'123;
    job.fixed_delay = 1us;
    return job;
}

inline void every_member_of_a_job_comes_back(const Bench& bench) {
    const JobDefinition definition = definition_with_every_member(bench);
    const JobProgress progress{.last_run_at = odd_instant,
                               .next_run_at = Instant{} - 1us,
                               .high_water = odd_instant + 999'999us,
                               .run_count = 5'000'000'000,
                               .failure_count = 4'999'999'999,
                               .started_runs = 4'999'999'998,
                               .evaluation_failures = 4,
                               .tzdata_version = "2025b"};
    const ScheduledJob job = bench.add(definition, progress);
    const ScheduledJob expected{definition, progress};
    expect_same(job, expected, "the answer");
    expect_same(bench.find(job), expected, "found by id");
    expect_same(only(bench.storage->list_jobs("acme", {}), "listed jobs"), expected, "listed");
    const auto by_key = bench.storage->find_job_by_idempotency_key("acme", odd_text);
    expect_same(found(by_key, "the job by its idempotency key"), expected, "found by idempotency key");
    expect_same(bench.audit(job).front().after, std::make_shared<const JobDefinition>(definition), "audited");
    bench.modify(job, [&](const JobView& view, const KeyState&) -> JobChange {
        expect_same(ScheduledJob{view.definition, view.progress}, expected, "shown to a change");
        return {};
    });
}

inline void absent_members_of_a_job_stay_absent(const Bench& bench) {
    JobDefinition definition = bench.job("");
    definition.action = definition.metadata = JsonText();
    definition.action_type = "";
    const ScheduledJob job = bench.add(definition);
    expect_same(bench.find(job), ScheduledJob{definition, {}}, "the stored job");
}

inline void optional_members_can_be_emptied(const Bench& bench) {
    const ScheduledJob job = bench.add(definition_with_every_member(bench), Bench::due_at(start));
    JobDefinition bare = bench.job();
    bare.id = job.id;
    JobChange change = bench.editing(bare);
    change.progress = JobProgress{};
    const ScheduledJob emptied = bench.write(job, change).job;
    expect_same(emptied, ScheduledJob{*change.definition, {}}, "the answer");
    expect_same(bench.find(job), emptied, "the stored job");
    expect(!bench.storage->find_job_by_idempotency_key("acme", odd_text), "its idempotency key is free");
}

inline void every_member_of_a_new_run_comes_back(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun earlier = bench.add_run(job, bench.skip(job, start - 1h, RunReason::paused));
    JobRun run = bench.run(job, RunTrigger::retry, Instant{} - 1us);
    run.missed_count = 5'000'000'000;
    run.retry_of = earlier.id;
    run.blocked_by = earlier.id;
    run.idempotency_key = odd_text;
    run.not_before = odd_instant;
    run.action_type = odd_text;
    run.key = odd_text;
    run.slots = 4'000'000'000;
    run.priority = -1'000;
    run.skip_when_busy = true;
    run.attempts = {{1, odd_instant, odd_instant + 1us, odd_text, odd_text}, {2, odd_instant, odd_instant, "", ""}};
    JobRun row = bench.skip(job, odd_instant, RunReason::misfired);
    row.last = odd_instant + 1us;
    row.occurrences = 5'000'000'000;
    row.count_is_minimum = true;
    expect_same(bench.write(job, bench.adding({run, row})).runs, {run, row}, "the answer");
    expect_same(bench.find(run), run, "the run by id");
    expect_same(bench.find(row), row, "the skip row by id");
    expect_same(bench.runs(job), {row, run, earlier}, "the listed runs");
}

inline void every_member_of_a_finished_run_comes_back(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun run = bench.add_run(job, bench.manual(job));
    ClaimRequest request = bench.request();
    request.worker = odd_text;
    JobRun running = only(bench.claim(request), "claimed runs").run;
    run.status = JobRunStatus::running;
    run.worker = odd_text;
    run.started_at = start;
    run.fence = run.attempt = 1;
    expect_same(running, run, "the claimed run");
    RunTransition to = bench.executed(JobRunStatus::failed);
    to.reason = RunReason::permanent;
    to.at = odd_instant;
    to.duration = 1us;
    to.result = JsonText::from_text(odd_json);
    to.error = odd_text;
    expect(bench.finish(running, to), "the finish is accepted");
    run.status = JobRunStatus::failed;
    run.reason = RunReason::permanent;
    run.completed_at = odd_instant;
    run.duration = 1us;
    run.result = to.result;
    run.error = odd_text;
    expect_same(bench.find(run), run, "the finished run");
    expect_same(only(bench.runs(job), "listed runs"), run, "the listed run");
}

inline const std::vector<Clause>& record_clauses() {
    static const std::vector<Clause> clauses{
        {2, "other tenants find nothing", other_tenants_find_nothing},
        {2, "other tenants change nothing", other_tenants_change_nothing},
        {2, "keys and idempotency keys belong to a tenant", keys_belong_to_a_tenant},
        {2, "concurrency keys belong to a tenant", concurrency_keys_belong_to_a_tenant},
        {13, "every member of a job comes back", every_member_of_a_job_comes_back},
        {13, "absent members of a job stay absent", absent_members_of_a_job_stay_absent},
        {13, "optional members of a job can be emptied", optional_members_can_be_emptied},
        {13, "every member of a new run comes back", every_member_of_a_new_run_comes_back},
        {13, "every member of a finished run comes back", every_member_of_a_finished_run_comes_back},
    };
    return clauses;
}

} // namespace carillon::testing::contract
