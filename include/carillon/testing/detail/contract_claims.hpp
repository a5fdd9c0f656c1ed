// SPDX-License-Identifier: MIT
// testing/detail/contract_claims.hpp - checks of claiming: what may be claimed, by whom, in which order.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing::contract {

inline void a_claim_sets_what_it_says(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun expected = bench.add_run(job, bench.manual(job));
    bench.set_forward(5s);
    const ClaimedRun claimed = only(bench.claim(), "claimed runs");
    expected.status = JobRunStatus::running;
    expected.worker = "worker-1";
    expected.started_at = start + 5s;
    expected.fence = 1;
    expected.attempt = 1;
    expect_same(claimed.run, expected, "the answer");
    expect_same(bench.find(expected), expected, "the stored run");
    expect_same(claimed.job, std::make_shared<const JobDefinition>(job), "the definition in the answer");
    expect_count(bench.claim().size(), 0, "runs claimed again");
}

inline void each_claim_raises_fence_and_attempt(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.manual(job));
    for (std::uint32_t n = 1; n <= 3; ++n) {
        const JobRun run = bench.claim_one();
        expect_equal(run.fence, std::uint64_t{n}, "fence of claim " + show(n));
        expect_equal(run.attempt, n, "attempt of claim " + show(n));
        expect(bench.finish(run, bench.again(start)), "the finish is accepted");
    }
    bench.claim();
}

inline void a_claim_notes_the_delivery_it_promises(const Bench& bench) {
    JobDefinition once = bench.job();
    once.policies.delivery = DeliveryMode::at_most_once;
    const ScheduledJob job = bench.add(once);
    bench.add_run(job, bench.manual(job));
    const JobRun run = bench.claim_one();
    expect(run.delivery == DeliveryMode::at_most_once, "the claimed run is delivered at most once");
    JobDefinition edited = job;
    edited.policies.delivery = DeliveryMode::at_least_once;
    bench.write(job, bench.editing(edited));
    expect_same(bench.find(run), run, "the run after the job was edited");
    expect(bench.finish(run, bench.again(start)), "the finish is accepted");
    expect(bench.claim_one().delivery == DeliveryMode::at_least_once, "the next claim notes what is asked for then");
}

inline void no_way_back_leads_before_the_occurrence(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.run(job, RunTrigger::schedule, start + 1h));
    bench.set_forward(1h);
    const JobRun run = bench.claim_one();
    bench.set_back(1h);
    expect(bench.finish(run, bench.again(start)), "the finish is accepted");
    expect_equal(bench.find(run).not_before, start + 1h, "not_before after the clock was set back");
    expect_count(bench.claim().size(), 0, "runs claimed before their occurrence");
}

inline void a_run_that_starts_is_blocked_no_more(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun first = bench.add_run(job, bench.manual(job));
    const JobRun running = bench.claim_one();
    JobRun next = bench.manual(job);
    next.blocked_by = first.id;
    bench.add_run(job, next);
    expect_equal(bench.find(next).blocked_by, std::optional(first.id), "blocked_by while it waits");
    bench.end(running);
    expect_equal(bench.claim_one().blocked_by, std::optional<RunId>(), "blocked_by of the claimed run");
    expect_equal(bench.find(next).blocked_by, std::optional<RunId>(), "blocked_by of the stored run");
}

inline void a_claim_hands_out_the_definition_of_the_moment(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    bench.add_run(job, bench.manual(job));
    JobDefinition edited = job;
    edited.action = JsonText::from_text(R"({"type":"work","new":true})");
    const ScheduledJob now = bench.write(job, bench.editing(edited)).job;
    const ClaimedRun claimed = only(bench.claim(), "claimed runs");
    expect_same(claimed.job, std::make_shared<const JobDefinition>(now), "the definition in the answer");
}

inline void a_run_is_not_claimed_before_its_time(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun run = bench.add_run(job, bench.run(job, RunTrigger::schedule, start + 1s));
    expect_count(bench.claim().size(), 0, "runs claimed a second early");
    bench.set_forward(999'999us);
    expect_count(bench.claim().size(), 0, "runs claimed a microsecond early");
    bench.set_forward(1us);
    expect_equal(bench.claim_ids(), Ids{run.id}, "runs claimed in time");
}

inline void a_clock_set_back_starts_nothing_early(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const JobRun first = bench.unlimited(job);
    JobRun second = bench.unlimited(job);
    second.not_before = start + 1h;
    bench.write(job, bench.adding({first, second}));
    bench.set_forward(2h);
    expect_equal(bench.claim_ids(1), Ids{first.id}, "the run that is claimed first");
    bench.set_back(2h);
    expect_count(bench.claim().size(), 0, "runs claimed after the clock was set back");
    bench.set_forward(1h);
    expect_equal(bench.claim_ids(), Ids{second.id}, "runs claimed at their time");
}

inline void only_known_action_types_are_claimed(const Bench& bench) {
    JobDefinition definition = bench.job();
    definition.action_type = "mail";
    const ScheduledJob job = bench.add(definition);
    const JobRun mail = bench.unlimited(job);
    JobRun work = bench.unlimited(job);
    work.action_type = "work";
    bench.write(job, bench.adding({mail, work}));
    ClaimRequest request = bench.request();
    request.filter.action_types = {};
    expect_count(bench.claim(request).size(), 0, "runs claimed without an action type");
    request.filter.action_types = {"Mail", "wor", "works", "%"};
    expect_count(bench.claim(request).size(), 0, "runs claimed for similar action types");
    request.filter.action_types = {"work", "other"};
    expect_equal(only(bench.claim(request), "claimed runs").run.id, work.id, "run claimed for its type");
    request.filter.action_types = {"other", "mail"};
    expect_equal(only(bench.claim(request), "claimed runs").run.id, mail.id, "run claimed for its type");
}

inline void a_claim_takes_no_more_than_its_limit(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    std::vector<JobRun> runs;
    for (int i = 0; i < 5; ++i)
        runs.push_back(bench.unlimited(job));
    bench.write(job, bench.adding(runs));
    expect_count(bench.claim(0).size(), 0, "claimed runs, limit 0");
    expect_equal(bench.claim_ids(2), Ids{runs[0].id, runs[1].id}, "claimed runs, limit 2");
    expect_equal(bench.claim_ids(10), Ids{runs[2].id, runs[3].id, runs[4].id}, "claimed runs, limit 10");
}

inline void runs_are_claimed_by_priority_then_time_then_id(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job("other"));
    const auto make = [&](const ScheduledJob& of, int priority, Duration wait, std::string type) {
        JobRun run = bench.unlimited(of);
        run.priority = priority;
        run.not_before = start - 1h + wait;
        run.action_type = std::move(type);
        return run;
    };
    const std::vector<JobRun> of_job{make(job, 0, 2us, "work"),
                                     make(job, -5, 0us, "work"),
                                     make(job, 7, 9us, "mail"),
                                     make(job, 0, 1us, "mail"),
                                     make(job, 0, 2us, "work")};
    const std::vector<JobRun> of_other{make(other, 7, 8us, "work"), make(other, 0, 2us, "mail")};
    bench.write(other, bench.adding(of_other));
    bench.write(job, bench.adding(of_job));
    ClaimRequest request = bench.request();
    request.filter.action_types = {"mail", "work"};
    Ids claimed;
    for (const ClaimedRun& run : bench.claim(request))
        claimed.push_back(run.run.id);
    const Ids expected{
        of_other[0].id, of_job[2].id, of_job[3].id, of_job[0].id, of_job[4].id, of_other[1].id, of_job[1].id};
    expect_equal(claimed, expected, "claimed runs");
}

/// One job for each of the tenants, with `count` runs.
inline void add_tenants(const Bench& bench, const std::vector<std::string>& tenants, int count) {
    for (const std::string& tenant : tenants) {
        const ScheduledJob job = bench.add(bench.job("job", tenant));
        for (int i = 0; i < count; ++i) {
            JobRun run = bench.unlimited(job);
            run.priority = tenant == "b" ? 1'000 : 0;
            bench.add_run(job, run);
        }
    }
}

[[nodiscard]] inline std::string claimed_tenants(const Bench& bench, std::size_t limit, std::string after) {
    ClaimRequest request = bench.request(limit);
    request.after_tenant = std::move(after);
    std::string tenants;
    for (const ClaimedRun& claimed : bench.claim(request))
        tenants += claimed.run.tenant_id;
    return tenants;
}

inline void tenants_take_turns(const Bench& bench) {
    add_tenants(bench, {"c", "a", "b"}, 3);
    expect_equal(claimed_tenants(bench, 2, ""), "ab", "tenants served first");
    expect_equal(claimed_tenants(bench, 4, "b"), "cabc", "tenants served behind b");
    expect_equal(claimed_tenants(bench, 9, "c"), "abc", "the rest");
}

inline void a_turn_goes_on_behind_any_name(const Bench& bench) {
    add_tenants(bench, {"b", "d"}, 3);
    expect_equal(claimed_tenants(bench, 1, "c"), "d", "tenant served behind c, which has nothing");
    expect_equal(claimed_tenants(bench, 1, "z"), "b", "tenant served behind z, the last one");
    expect_equal(claimed_tenants(bench, 1, "bb"), "d", "tenant served behind bb");
    expect_equal(claimed_tenants(bench, 1, "A"), "b", "tenant served behind A, which stands before a");
}

inline void a_tenant_that_cannot_go_loses_no_turn_to_others(const Bench& bench) {
    add_tenants(bench, {"a", "c"}, 2);
    const ScheduledJob busy = bench.add(bench.job("busy", "b"));
    for (int i = 0; i < 3; ++i)
        bench.add_run(busy, bench.manual(busy));
    JobRun later = bench.unlimited(busy);
    later.not_before = start + 1h;
    bench.add_run(busy, later);
    expect_equal(claimed_tenants(bench, 9, "a"), "bcaca", "tenants served; b has one run that can go");
}

inline void a_scheduled_run_counts_as_started_once(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    JobRun scheduled = bench.run(job, RunTrigger::schedule, start);
    scheduled.slots = 0;
    bench.write(job, bench.adding({scheduled, bench.unlimited(job)}));
    const auto claimed = bench.claim();
    expect_count(claimed.size(), 2, "claimed runs");
    expect_equal(bench.find(job).started_runs, std::uint64_t{1}, "started_runs; manual runs do not count");
    expect(bench.finish(claimed[0].run, bench.again(start)), "the finish is accepted");
    expect(bench.finish(claimed[1].run, bench.again(start)), "the finish is accepted");
    bench.modify(job, [](const JobView&, const KeyState& key) -> JobChange {
        expect_count(key.unstarted, 0, "unstarted runs");
        return {};
    });
    expect_count(bench.claim().size(), 2, "runs claimed again");
    expect_equal(bench.find(job).started_runs, std::uint64_t{1}, "started_runs after a second attempt");
}

inline const std::vector<Clause>& claim_clauses() {
    static const std::vector<Clause> clauses{
        {7, "a claim sets status, worker, start, fence and attempt", a_claim_sets_what_it_says},
        {7, "each claim raises fence and attempt by one", each_claim_raises_fence_and_attempt},
        {7, "a run that starts is blocked by nobody any more", a_run_that_starts_is_blocked_no_more},
        {7, "a claim hands out the definition of the moment", a_claim_hands_out_the_definition_of_the_moment},
        {7, "a claim notes the delivery that it promises", a_claim_notes_the_delivery_it_promises},
        {6, "no way back to pending leads before the occurrence", no_way_back_leads_before_the_occurrence},
        {6, "a run is not claimed before its time", a_run_is_not_claimed_before_its_time},
        {6, "a clock that is set back starts nothing early", a_clock_set_back_starts_nothing_early},
        {6, "only known action types are claimed", only_known_action_types_are_claimed},
        {7, "a claim takes no more than its limit", a_claim_takes_no_more_than_its_limit},
        {7, "runs are claimed by priority, then time, then id", runs_are_claimed_by_priority_then_time_then_id},
        {7, "tenants take turns", tenants_take_turns},
        {7, "a turn goes on behind any name", a_turn_goes_on_behind_any_name},
        {7, "a tenant whose runs wait does not hold up others", a_tenant_that_cannot_go_loses_no_turn_to_others},
        {7, "a scheduled run counts as started once", a_scheduled_run_counts_as_started_once},
    };
    return clauses;
}

} // namespace carillon::testing::contract
