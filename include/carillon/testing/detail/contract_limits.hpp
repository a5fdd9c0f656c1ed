// SPDX-License-Identifier: MIT
// testing/detail/contract_limits.hpp - checks of what a filter holds back from a claim: limits, rates, keys to leave
// alone.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_news.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

// ---- helpers -------------------------------------------------------------------------------------------------------

[[nodiscard]] inline ClaimFilter filter_of(ClaimLimits limits) {
    return {.action_types = {"mail", "work"}, .limits = std::move(limits)};
}

[[nodiscard]] inline ClaimFilter at_most_per_tenant(std::size_t limit) {
    return filter_of({.per_tenant = limit});
}

/// Of type `work`.
[[nodiscard]] inline ClaimFilter at_most_of_type(std::size_t limit) {
    return filter_of({.per_type = {{"work", limit}}});
}

[[nodiscard]] inline ClaimFilter at_rate(std::size_t starts, Duration per) {
    return filter_of({.rates = {{"work", {starts, per}}}});
}

inline std::vector<ClaimedRun> claim_with(const Bench& bench, const ClaimFilter& filter, std::size_t limit = 100) {
    ClaimRequest request = bench.request(limit);
    request.worker = "worker-2";
    request.filter = filter;
    return bench.claim(request);
}

inline Ids claim_ids_with(const Bench& bench, const ClaimFilter& filter, std::size_t limit = 100) {
    Ids ids;
    for (const ClaimedRun& claimed : claim_with(bench, filter, limit))
        ids.push_back(claimed.run.id);
    return ids;
}

/// Runs that do not exclude each other, of a new job; adds as many.
inline std::vector<JobRun>
add_runs(const Bench& bench, std::size_t count, std::string type = "work", std::string tenant = "acme") {
    JobDefinition definition = bench.job(type, std::move(tenant));
    definition.action_type = std::move(type);
    const ScheduledJob job = bench.add(definition);
    std::vector<JobRun> runs;
    for (std::size_t i = 0; i < count; ++i)
        runs.push_back(bench.unlimited(job));
    bench.write(job, bench.adding(runs));
    return runs;
}

inline void expect_claims(const Bench& bench, const ClaimFilter& filter, std::size_t count, std::string_view when) {
    expect_count(claim_with(bench, filter).size(), count, "runs claimed " + std::string(when));
}

// ---- how many are running ------------------------------------------------------------------------------------------

inline void no_more_of_a_tenant_run_than_its_limit(const Bench& bench) {
    for (const char* tenant : {"a", "b"}) {
        add_runs(bench, 2, "work", tenant);
        add_runs(bench, 2, "mail", tenant);
    }
    const auto claimed = claim_with(bench, at_most_per_tenant(3));
    std::string tenants;
    for (const ClaimedRun& run : claimed)
        tenants += run.run.tenant_id;
    expect_equal(tenants, "ababab", "tenants served, at most 3 runs of each");
    expect_claims(bench, at_most_per_tenant(3), 0, "again");
    bench.end(claimed[1].run);
    const JobRun next = only(claim_with(bench, at_most_per_tenant(3)), "runs claimed after an end").run;
    expect_equal(next.tenant_id, "b", "tenant whose run has ended");
}

inline void no_more_of_a_type_run_than_its_limit(const Bench& bench) {
    const auto work = add_runs(bench, 3);
    const auto mail = add_runs(bench, 3, "mail");
    const Ids expected{work[0].id, work[1].id, mail[0].id, mail[1].id, mail[2].id};
    expect_equal(claim_ids_with(bench, at_most_of_type(2)), expected, "runs claimed, at most 2 of type `work`");
    expect_claims(bench, at_most_of_type(2), 0, "again");
    bench.end(bench.find(mail[0]));
    expect_claims(bench, at_most_of_type(2), 0, "after the end of a run of type `mail`");
    bench.end(bench.find(work[1]));
    expect_equal(claim_ids_with(bench, at_most_of_type(2)), Ids{work[2].id}, "runs claimed after an end");
}

inline void both_limits_hold_at_a_time(const Bench& bench) {
    for (const char* tenant : {"a", "b", "c"})
        add_runs(bench, 3, "work", tenant);
    const ClaimFilter filter = filter_of({.per_tenant = 2, .per_type = {{"work", 5}, {"mail", 1}, {"other", 0}}});
    expect_claims(bench, filter, 5, "of three tenants, at most 2 of each and 5 of the type");
    add_runs(bench, 3, "mail", "d");
    expect_claims(bench, filter, 1, "of another type, at most 1");
}

inline void limits_count_what_other_workers_run(const Bench& bench) {
    add_runs(bench, 5);
    expect_count(bench.claim(2).size(), 2, "runs claimed by a worker without limits");
    expect_claims(bench, at_most_of_type(2), 0, "by another that has at most 2");
    expect_claims(bench, at_most_per_tenant(2), 0, "by another that has at most 2 of each tenant");
    expect_claims(bench, at_most_of_type(3), 1, "by another that has at most 3");
    expect_claims(bench, at_most_per_tenant(4), 1, "by another that has at most 4 of each tenant");
    expect_count(bench.claim().size(), 1, "runs claimed by the worker without limits");
}

/// Claims one run of two, with a limit of one; the second is the answer when `end` has ended the first.
inline void expect_room_after(const Bench& bench,
                              const ClaimFilter& filter,
                              std::string_view what,
                              void (*end)(const Bench&, JobRun)) {
    const auto runs = add_runs(bench, 2);
    ClaimRequest request = bench.request();
    request.filter = filter;
    request.lease = short_lease;
    const JobRun first = only(bench.claim(request), "claimed runs").run;
    expect_claims(bench, filter, 0, "while the limit is reached");
    end(bench, first);
    const JobRun second = only(claim_with(bench, filter), "runs claimed after " + std::string(what)).run;
    expect_equal(second.id, runs[1].id, "the run claimed after " + std::string(what));
    bench.end(second);
}

inline void every_way_out_of_running_makes_room(const Bench& bench) {
    for (const ClaimFilter& filter : {at_most_of_type(1), at_most_per_tenant(1)}) {
        expect_room_after(bench, filter, "an end", [](const Bench& b, JobRun run) { b.end(run); });
        expect_room_after(bench, filter, "a way back to pending", [](const Bench& b, JobRun run) {
            expect(b.finish(run, b.again(b.now() + 24h * 365)), "the finish is accepted");
        });
        expect_room_after(bench, filter, "a cancellation", [](const Bench& b, JobRun run) { b.cancel(run); });
        expect_room_after(bench, filter, "a reap", [](const Bench& b, JobRun) {
            b.let_short_leases_end();
            const AfterAbandon fail = [&](const JobRun&, const JobDefinition&) {
                return b.to(JobRunStatus::failed);
            };
            expect_count(b.storage->reap(10, fail).size(), 1, "reaped runs");
        });
    }
}

inline void what_a_limit_holds_back_holds_up_nobody(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job("job", "a"));
    std::vector<JobRun> runs;
    for (int i = 0; i < 120; ++i) {
        runs.push_back(bench.unlimited(job));
        runs.back().priority = 9;
    }
    bench.write(job, bench.adding(runs));
    expect_count(bench.claim(1).size(), 1, "claimed runs");
    const JobRun other = add_runs(bench, 1, "work", "b").front();
    const JobRun mail = add_runs(bench, 1, "mail", "a").front();
    expect_equal(claim_ids_with(bench, at_most_of_type(1), 1), Ids{mail.id}, "run of another type, behind 119");
    expect_equal(claim_ids_with(bench, at_most_per_tenant(1), 1), Ids{other.id}, "run of another tenant, behind 119");
}

inline void what_a_limit_holds_back_stays_as_it_is(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    bench.add_run(job, bench.manual(job));
    bench.claim_one();
    JobRun skips = bench.manual(job);
    skips.skip_when_busy = true;
    JobRun expired = bench.unlimited(job);
    expired.expires_at = start;
    bench.write(job, bench.adding({skips, expired}));
    expect_claims(bench, at_most_of_type(1), 0, "while the limit is reached");
    expect_claims(bench, at_most_per_tenant(1), 0, "while the limit is reached");
    expect_same(bench.find(skips), skips, "a run that would be skipped");
    expect_same(bench.find(expired), expired, "a run that has expired");
}

inline void other_limits_find_what_one_holds_back(const Bench& bench) {
    add_runs(bench, 9);
    expect_claims(bench, at_most_per_tenant(2), 2, "with a limit of 2");
    expect_claims(bench, at_most_per_tenant(2), 0, "again");
    expect_claims(bench, at_most_per_tenant(4), 2, "with a limit of 4");
    expect_claims(bench, at_most_per_tenant(4), 0, "again");
    expect_claims(bench, at_most_per_tenant(2), 0, "with a limit of 2 once more");
    expect_claims(bench, at_most_per_tenant(5), 1, "with a limit of 5");
    expect_claims(bench, at_most_of_type(6), 1, "without a limit of the tenant");
    expect_claims(bench, filter_of({}), 3, "without any limit");
}

/// A tenant that was found full is there again with all that came and went meanwhile.
inline void a_full_tenant_comes_back_whole(const Bench& bench) {
    const auto runs = add_runs(bench, 3);
    const auto mail = add_runs(bench, 1, "mail");
    expect_equal(claim_ids_with(bench, at_most_per_tenant(1)), Ids{runs[0].id}, "the first run");
    expect_claims(bench, at_most_per_tenant(1), 0, "while the limit is reached");
    bench.cancel(runs[1]);
    const auto later = add_runs(bench, 1);
    expect_claims(bench, at_most_per_tenant(1), 0, "while the limit is reached");
    bench.end(bench.find(runs[0]));
    const Ids expected{runs[2].id, mail[0].id, later[0].id};
    expect_equal(claim_ids_with(bench, at_most_per_tenant(9)), expected, "the others");
}

// ---- rates ---------------------------------------------------------------------------------------------------------

inline void a_rate_allows_so_many_starts(const Bench& bench) {
    const auto work = add_runs(bench, 5);
    const auto mail = add_runs(bench, 1, "mail");
    const Ids expected{work[0].id, work[1].id, work[2].id, mail[0].id};
    expect_equal(claim_ids_with(bench, at_rate(3, 1h)), expected, "runs claimed, at most 3 an hour of type `work`");
    bench.end(bench.find(work[0]));
    expect_claims(bench, at_rate(3, 1h), 0, "again, one of them having ended");
    expect_claims(bench, at_rate(0, 1h), 2, "without a rate");
}

inline void a_rate_allows_more_by_lease_now(const Bench& bench) {
    add_runs(bench, 4);
    expect_claims(bench, at_rate(1, 1h), 1, "at a rate of one an hour");
    bench.set_forward(24h);
    expect_claims(bench, at_rate(1, 1h), 0, "after the wall clock was set forward by a day");
    bench.set_back(48h);
    bench.set_forward(24h);
    const Duration tick = short_lease;
    add_runs(bench, 4, "mail");
    const ClaimFilter quick{.action_types = {"mail"}, .limits = {.rates = {{"mail", {1, tick}}}}};
    for (int i = 0; i < 3; ++i) {
        expect_count(claim_with(bench, quick, 1).size(), 1, "runs claimed when the rate allows one more");
        bench.let_short_leases_end();
    }
}

inline void every_start_counts_in_a_rate(const Bench& bench) {
    const JobRun run = add_runs(bench, 1).front();
    for (int i = 0; i < 2; ++i)
        expect(bench.finish(only(claim_with(bench, at_rate(2, 1h)), "claimed runs").run, bench.again(start)),
               "the finish is accepted");
    expect_claims(bench, at_rate(2, 1h), 0, "a third time");
    expect_equal(bench.find(run).status, JobRunStatus::pending, "status of the run that waits");
}

// ---- keys to leave alone -------------------------------------------------------------------------------------------

inline void a_worker_leaves_keys_to_others(const Bench& bench) {
    const ScheduledJob own = bench.add(bench.job());
    const ScheduledJob keyed = bench.add(bench.keyed_job("printer"));
    const ScheduledJob free = bench.add(bench.keyed_job("scanner"));
    const JobRun of_own = bench.add_run(own, bench.manual(own));
    const JobRun of_keyed = bench.add_run(keyed, bench.manual(keyed));
    const JobRun of_free = bench.add_run(free, bench.manual(free));
    ClaimFilter filter = filter_of({});
    filter.except_keys = {
        key_of(of_own), key_of(of_keyed), {"acme", "unknown", JobId{}}, {"other", "scanner", JobId{}}};
    expect_equal(claim_ids_with(bench, filter), Ids{of_free.id}, "runs claimed by who leaves two keys alone");
    expect_equal(bench.claim_ids(), Ids{of_own.id, of_keyed.id}, "runs claimed by another worker");
}

inline void a_key_that_is_left_alone_holds_up_nobody(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.keyed_job("printer"));
    std::vector<JobRun> runs;
    for (int i = 0; i < 120; ++i) {
        runs.push_back(bench.unlimited(job));
        runs.back().priority = i % 7;
    }
    bench.write(job, bench.adding(runs));
    const ScheduledJob other = bench.add(bench.job());
    const JobRun free = bench.add_run(other, bench.manual(other));
    ClaimFilter filter = filter_of({});
    filter.except_keys = {key_of(runs.front())};
    expect_equal(claim_ids_with(bench, filter, 1), Ids{free.id}, "run claimed, limit 1, behind 120");
    filter.except_keys.clear();
    expect_count(claim_with(bench, filter, 1'000).size(), 120, "runs claimed when the key is not left alone any more");
}

// ---- what keeps a worker awake -------------------------------------------------------------------------------------

/// What the worker waits for whose claim came back empty.
[[nodiscard]] inline std::optional<Instant> due_after_claim(const Bench& bench, const ClaimFilter& filter) {
    expect_claims(bench, filter, 0, "while the filter holds everything back");
    return bench.storage->next_due(filter, bench.now());
}

inline void what_a_limit_holds_back_is_not_due(const Bench& bench) {
    add_runs(bench, 3);
    expect_count(bench.claim(1).size(), 1, "claimed runs");
    for (const ClaimFilter& filter : {at_most_of_type(1), at_most_per_tenant(1)}) {
        expect(!due_after_claim(bench, filter), "what a limit holds back is not due");
        const auto for_others = bench.storage->next_due(filter_of({}), bench.now());
        expect(for_others && *for_others <= bench.now(), "it is due for a worker without the limit");
    }
}

inline void what_a_rate_holds_back_is_due_when_it_allows_more(const Bench& bench) {
    const auto runs = add_runs(bench, 3);
    const ClaimFilter filter = at_rate(2, 1h);
    expect_claims(bench, filter, 2, "at a rate of two an hour");
    const auto due = due_after_claim(bench, filter);
    expect(due && *due > bench.now() && *due <= bench.now() + 30min, "the rate allows one more within half an hour");
    bench.cancel(runs[2]);
    expect(!due_after_claim(bench, filter), "nothing is due where nothing waits");
}

inline void what_is_left_to_others_is_not_due(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    ClaimFilter filter = filter_of({});
    filter.except_keys = {key_of(bench.add_run(job, bench.manual(job)))};
    expect(!due_after_claim(bench, filter), "a run of a key that is left alone is not due");
    const auto for_others = bench.storage->next_due(filter_of({}), bench.now());
    expect(for_others && *for_others <= bench.now(), "it is due for another worker");
}

inline void a_watcher_hears_of_room(const Bench& bench) {
    if (!bench.storage->can_watch()) return;
    for (const ClaimFilter& filter : {at_most_of_type(1), at_most_per_tenant(1)}) {
        add_runs(bench, 2);
        const JobRun running = only(claim_with(bench, filter), "claimed runs").run;
        expect_claims(bench, filter, 0, "while the limit is reached");
        Told told;
        const WatchHandle watch = bench.storage->watch([&](StorageNews news) { told(news); });
        bench.end(running);
        expect(told.take().work > 0, "it is told when a run ends that others waited for");
        for (const ClaimedRun& left : claim_with(bench, filter))
            bench.end(left.run);
    }
}

inline const std::vector<Clause>& limit_clauses() {
    static const std::vector<Clause> clauses{
        {20, "no more runs of a tenant run than its limit", no_more_of_a_tenant_run_than_its_limit},
        {20, "no more runs of a type run than its limit", no_more_of_a_type_run_than_its_limit},
        {20, "both limits hold at a time", both_limits_hold_at_a_time},
        {20, "limits count what other workers run", limits_count_what_other_workers_run},
        {20, "every way out of running makes room", every_way_out_of_running_makes_room},
        {20, "what a limit holds back holds up nobody", what_a_limit_holds_back_holds_up_nobody},
        {20, "what a limit holds back stays as it is", what_a_limit_holds_back_stays_as_it_is},
        {20, "other limits find what one holds back", other_limits_find_what_one_holds_back},
        {20, "a tenant that was full comes back whole", a_full_tenant_comes_back_whole},
        {20, "a rate allows so many starts", a_rate_allows_so_many_starts},
        {20, "a rate allows more by lease_now, not by wall clocks", a_rate_allows_more_by_lease_now},
        {20, "every start counts in a rate", every_start_counts_in_a_rate},
        {20, "a worker leaves keys to others", a_worker_leaves_keys_to_others},
        {20, "a key that is left alone holds up nobody", a_key_that_is_left_alone_holds_up_nobody},
        {18, "what a limit holds back is not due", what_a_limit_holds_back_is_not_due},
        {18, "what a rate holds back is due when it allows more", what_a_rate_holds_back_is_due_when_it_allows_more},
        {18, "what is left to others is not due", what_is_left_to_others_is_not_due},
        {18, "a watcher hears of room under a limit", a_watcher_hears_of_room},
    };
    return clauses;
}

} // namespace carillon::testing::contract
