// SPDX-License-Identifier: MIT
// storage_contract_test.cpp - the kit passes a storage that keeps the contract, and names the clause that a storage
// breaks.
#include "carillon/storage/memory.hpp"
#include "carillon/testing/reference_storage.hpp"
#include "carillon/testing/storage_contract.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using testing::ContractViolation;
using testing::StorageContract;

namespace {

/// A storage that is right but for what a test replaces.
class Broken : public testing::StorageAdapter<MemoryStorage> {
public:
    using Base = testing::StorageAdapter<MemoryStorage>;
    explicit Broken(const std::shared_ptr<const Clock>& clock)
        : Base(std::make_shared<MemoryStorage>(clock)) {}
};

// ---- storages with one fault each
// -------------------------------------------------------------------------------------

struct ShowsJobsToOthers : Broken {
    using Broken::Broken;
    InsertResult insert_jobs(std::vector<NewJob> jobs) override {
        for (const NewJob& job : jobs)
            owners.emplace_back(job.definition->id, job.definition->tenant_id);
        return Base::insert_jobs(std::move(jobs));
    }
    std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const override {
        const auto owner =
            std::find_if(owners.begin(), owners.end(), [&](const auto& each) { return each.first == id; });
        return Base::find_job(owner == owners.end() ? tenant : owner->second, id);
    }
    std::vector<std::pair<JobId, std::string>> owners;
};

struct ForgetsTheEvent : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return Base::modify_job(tenant, id, [&](const JobView& job, const KeyState& key) {
            JobChange answer = change(job, key);
            answer.event.reset();
            return answer;
        });
    }
};

struct SwallowsExceptions : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        try {
            return Base::modify_job(tenant, id, change);
        } catch (...) {
            return std::nullopt;
        }
    }
};

struct WritesOccurrencesAgain : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return Base::modify_job(tenant, id, [&](const JobView& job, const KeyState& key) {
            JobChange answer = change(job, key);
            for (JobRun& run : answer.runs)
                run.trigger = RunTrigger::manual; // escapes high_water
            return answer;
        });
    }
};

struct IgnoresSlots : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return Base::modify_job(tenant, id, [&](const JobView& job, const KeyState& key) {
            JobChange answer = change(job, key);
            for (JobRun& run : answer.runs)
                run.slots = 0;
            return answer;
        });
    }
};

struct ForgetsTheTurn : Broken {
    using Broken::Broken;
    ClaimResult claim(const ClaimRequest& request) override {
        ClaimRequest first = request;
        first.after_tenant.clear();
        return Base::claim(first);
    }
};

struct IgnoresFences : Broken {
    using Broken::Broken;
    ClaimResult claim(const ClaimRequest& request) override {
        auto claimed = Base::claim(request);
        for (const ClaimedRun& each : claimed.runs)
            fences[each.run.id] = each.run.fence;
        return claimed;
    }
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        for (RunFinish& finish : finishes)
            if (const auto current = fences.find(finish.run.id); current != fences.end())
                finish.run.fence = current->second;
        return Base::finish(std::move(finishes));
    }
    std::map<RunId, std::uint64_t> fences;
};

struct RenewsNoLease : Broken {
    using Broken::Broken;
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration) override {
        return Base::heartbeat(runs, Duration{0});
    }
};

struct ForgetsToCount : Broken {
    using Broken::Broken;
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        for (RunFinish& finish : finishes)
            finish.to.executed = false;
        return Base::finish(std::move(finishes));
    }
};

struct KeepsRemovedJobs : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return Base::modify_job(tenant, id, [&](const JobView& job, const KeyState& key) {
            JobChange answer = change(job, key);
            answer.remove = false;
            return answer;
        });
    }
};

/// Says of a run that has started whom it waited for.
struct RemembersBlockers : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return Base::modify_job(tenant, id, [&](const JobView& job, const KeyState& key) {
            JobChange answer = change(job, key);
            for (const JobRun& run : answer.runs)
                blockers[run.id] = run.blocked_by;
            return answer;
        });
    }
    ClaimResult claim(const ClaimRequest& request) override {
        auto claimed = Base::claim(request);
        for (ClaimedRun& each : claimed.runs)
            each.run.blocked_by = blockers[each.run.id];
        return claimed;
    }
    std::map<RunId, std::optional<RunId>> blockers;
};

struct CutsToMilliseconds : Broken {
    using Broken::Broken;
    std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const override {
        auto job = Base::find_job(tenant, id);
        if (job) job->created_at = std::chrono::floor<std::chrono::milliseconds>(job->created_at);
        return job;
    }
};

struct ForgetsIdempotencyKeys : Broken {
    using Broken::Broken;
    InsertResult insert_jobs(std::vector<NewJob> jobs) override {
        for (NewJob& job : jobs) {
            auto forgetful = std::make_shared<JobDefinition>(*job.definition);
            forgetful->idempotency_key.reset();
            job.definition = std::move(forgetful);
        }
        return Base::insert_jobs(std::move(jobs));
    }
};

struct CutsBeforeItFilters : Broken {
    using Broken::Broken;
    std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query) const override {
        JobQuery all = query;
        all.status.reset();
        auto page = Base::list_jobs(tenant, all);
        std::erase_if(page, [&](const ScheduledJob& job) { return query.status && job.status != *query.status; });
        return page;
    }
};

struct ListsRunsById : Broken {
    using Broken::Broken;
    using Broken::list_runs;
    std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query) const override {
        auto page = Base::list_runs(tenant, query);
        std::sort(page.begin(), page.end(), [](const JobRun& a, const JobRun& b) { return b.id < a.id; });
        return page;
    }
};

struct TellsOutcomesNewestFirst : Broken {
    using Broken::Broken;
    std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const override {
        auto all = Base::recent_outcomes(tenant, jobs, n);
        for (auto& of_job : all)
            std::reverse(of_job.begin(), of_job.end());
        return all;
    }
};

struct CountsWhatIsNotDueYet : Broken {
    using Broken::Broken;
    DueCount due(const std::string& tenant, Instant by, std::size_t cap) const override {
        return Base::due(tenant, by + std::chrono::hours{1}, cap);
    }
};

struct MaterialisesTheFuture : Broken {
    using Broken::Broken;
    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override {
        return Base::materialise(now + std::chrono::hours{1}, limit, change);
    }
};

struct RevisesEveryCursor : Broken {
    using Broken::Broken;
    MaterialiseResult revise_cursors(const std::string&, std::size_t limit, const ChangeJob& change) override {
        return Base::revise_cursors("9999", limit, change);
    }
};

struct PurgesTooMuch : Broken {
    using Broken::Broken;
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) override {
        Retention less = retention;
        less.runs_per_job = retention.runs_per_job / 2;
        return Base::purge(less, now, limit);
    }
};

struct SleepsTooLong : Broken {
    using Broken::Broken;
    std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const override {
        const auto due = Base::next_due(filter, now);
        return due && *due < Instant::max() - std::chrono::hours{1} ? *due + std::chrono::seconds{1} : due;
    }
};

struct TellsNobody : Broken {
    using Broken::Broken;
    WatchHandle watch(std::function<void(StorageNews)>) override {
        return Base::watch([](StorageNews) {});
    }
};

struct RetriesWhatWasStopped : Broken {
    using Broken::Broken;
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) override {
        return Base::modify_run(tenant, id, [&](const JobRun& run) {
            RunChange answer = change(run);
            answer.request_stop = false;
            return answer;
        });
    }
};

/// Shows what a storage would that does not keep these members.
struct ForgetsWhatItKeepsOnJobs : Broken {
    using Broken::Broken;
    std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const override {
        auto job = Base::find_job(tenant, id);
        if (!job) return job;
        job->purged_until.reset();
        job->consecutive_failures = 0;
        return job;
    }
};

struct IgnoresRulesOfStatuses : Broken {
    using Broken::Broken;
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) override {
        Retention general = retention;
        general.by_status.clear();
        return Base::purge(general, now, limit);
    }
};

/// A storage whose claim, or whose next_due, does not look at a part of the filter.
template <auto Forget>
struct ClaimsWithout : Broken {
    using Broken::Broken;
    ClaimResult claim(const ClaimRequest& request) override {
        ClaimRequest wider = request;
        Forget(wider.filter);
        return Base::claim(wider);
    }
};

template <auto Forget>
struct WakesWithout : Broken {
    using Broken::Broken;
    std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const override {
        ClaimFilter wider = filter;
        Forget(wider);
        return Base::next_due(wider, now);
    }
};

constexpr auto tenant_limits = [](ClaimFilter& filter) {
    filter.limits.per_tenant = 0;
};
constexpr auto type_limits = [](ClaimFilter& filter) {
    filter.limits.per_type.clear();
};
constexpr auto rates = [](ClaimFilter& filter) {
    filter.limits.rates.clear();
};
constexpr auto excepted_keys = [](ClaimFilter& filter) {
    filter.except_keys.clear();
};

/// Each worker is held to the limits by what it runs itself.
struct CountsForEachWorker : Broken {
    using Broken::Broken;
    ClaimResult claim(const ClaimRequest& request) override {
        ClaimRequest own = request;
        std::size_t& running = started[request.worker];
        std::size_t others = 0;
        for (const auto& [worker, count] : started)
            if (worker != request.worker) others += count;
        if (own.filter.limits.per_tenant > 0) own.filter.limits.per_tenant += others;
        for (auto& [type, limit] : own.filter.limits.per_type)
            if (limit > 0) limit += others;
        auto claimed = Base::claim(own);
        running += claimed.runs.size();
        return claimed;
    }
    std::map<std::string, std::size_t> started;
};

struct StartsWhatHasExpired : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return Base::modify_job(tenant, id, [&](const JobView& job, const KeyState& key) {
            JobChange answer = change(job, key);
            for (JobRun& run : answer.runs)
                run.expires_at.reset();
            return answer;
        });
    }
};

struct LeavesWhatHasExpired : Broken {
    using Broken::Broken;
    std::vector<JobRun> expire(Instant, std::size_t) override { return {}; }
};

struct FindsBeginningsOnly : Broken {
    using Broken::Broken;
    std::optional<JobRun> find_occurrence(const std::string& tenant, const JobId& id, Instant at) const override {
        const auto row = Base::find_occurrence(tenant, id, at);
        return row && row->scheduled_for == at ? row : std::nullopt;
    }
};

struct ForgetsToRewind : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return Base::modify_job(tenant, id, [&](const JobView& job, const KeyState& key) {
            JobChange answer = change(job, key);
            answer.rewind_to.reset();
            return answer;
        });
    }
};

struct FinishesTwice : Broken {
    using Broken::Broken;
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        auto answers = Base::finish(std::move(finishes));
        for (FinishAnswer& answer : answers)
            answer.accepted = true;
        return answers;
    }
};

/// Ends runs and does not say so: at a claim, and by a change.
struct KeepsClaimsEndsToItself : Broken {
    using Broken::Broken;
    ClaimResult claim(const ClaimRequest& request) override { return {.runs = Base::claim(request).runs}; }
};

struct KeepsStopsToItself : Broken {
    using Broken::Broken;
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        auto written = Base::modify_job(tenant, id, change);
        if (written) written->ended.clear();
        return written;
    }
};

struct KeepsPlannedStopsToItself : Broken {
    using Broken::Broken;
    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override {
        auto result = Base::materialise(now, limit, change);
        result.ended.clear();
        return result;
    }
};

/// Answers a finish with what it was asked for.
struct AnswersWhatItWasTold : Broken {
    using Broken::Broken;
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        auto answers = Base::finish(finishes);
        for (std::size_t i = 0; i < answers.size(); ++i)
            if (answers[i].accepted) answers[i] = {true, finishes[i].to.status, finishes[i].to.reason};
        return answers;
    }
};

// ---- helpers ------------------------------------------------------------------------------------------------------

template <class S>
StorageContract<S> contract_of(const testing::ContractOptions& options = {}) {
    return StorageContract<S>([](std::shared_ptr<const Clock> clock) { return std::make_shared<S>(std::move(clock)); },
                              options);
}

/// Whether a check of the clause finds it broken. Only the clause of threads is checked with threads.
template <class S>
bool breaks(int clause) {
    const auto contract = contract_of<S>({.walks = 0});
    for (const auto& check : contract.checks()) {
        if (check.clause != clause || (check.concurrent && clause != 1)) continue;
        try {
            check.run();
        } catch (const ContractViolation&) {
            return true;
        }
    }
    return false;
}

/// The number of the last clause in the prose of storage.hpp.
int last_clause() {
    std::ifstream header(std::string(CARILLON_TEST_DATA_DIR) + "/../../include/carillon/storage/storage.hpp");
    int last = 0;
    for (std::string line; std::getline(header, line) && line != "#pragma once";)
        if (line.size() > 6 && line[5] == '.' && line.starts_with("// ")) last = std::stoi(line.substr(3, 2));
    return last;
}

} // namespace

TEST_CASE("storage contract: the reference storage keeps it") {
    const auto found = contract_of<testing::ReferenceStorage>({.walks = 0}).violations();
    for (const auto& violation : found)
        FAIL_CHECK(violation.what());
}

TEST_CASE("storage contract: a storage that breaks a clause is told which") {
    CHECK(breaks<FinishesTwice>(1));
    CHECK(breaks<ShowsJobsToOthers>(2));
    CHECK(breaks<ForgetsTheEvent>(3));
    CHECK(breaks<SwallowsExceptions>(4));
    CHECK(breaks<WritesOccurrencesAgain>(5));
    CHECK(breaks<IgnoresSlots>(6));
    CHECK(breaks<ForgetsTheTurn>(7));
    CHECK(breaks<RemembersBlockers>(7));
    CHECK(breaks<IgnoresFences>(8));
    CHECK(breaks<RenewsNoLease>(9));
    CHECK(breaks<RetriesWhatWasStopped>(10));
    CHECK(breaks<ForgetsToCount>(11));
    CHECK(breaks<ForgetsWhatItKeepsOnJobs>(11));
    CHECK(breaks<KeepsRemovedJobs>(12));
    CHECK(breaks<CutsToMilliseconds>(13));
    CHECK(breaks<ForgetsIdempotencyKeys>(14));
    CHECK(breaks<CutsBeforeItFilters>(15));
    CHECK(breaks<MaterialisesTheFuture>(16));
    CHECK(breaks<PurgesTooMuch>(17));
    CHECK(breaks<ForgetsWhatItKeepsOnJobs>(17));
    CHECK(breaks<IgnoresRulesOfStatuses>(17));
    CHECK(breaks<SleepsTooLong>(18));
    CHECK(breaks<TellsNobody>(18));
    CHECK(breaks<WakesWithout<tenant_limits>>(18));
    CHECK(breaks<WakesWithout<type_limits>>(18));
    CHECK(breaks<WakesWithout<rates>>(18));
    CHECK(breaks<WakesWithout<excepted_keys>>(18));
    CHECK(breaks<RevisesEveryCursor>(19));
    CHECK(breaks<ClaimsWithout<tenant_limits>>(20));
    CHECK(breaks<ClaimsWithout<type_limits>>(20));
    CHECK(breaks<ClaimsWithout<rates>>(20));
    CHECK(breaks<ClaimsWithout<excepted_keys>>(20));
    CHECK(breaks<CountsForEachWorker>(20));
    CHECK(breaks<StartsWhatHasExpired>(21));
    CHECK(breaks<LeavesWhatHasExpired>(21));
    CHECK(breaks<FindsBeginningsOnly>(22));
    CHECK(breaks<ForgetsToRewind>(23));
    CHECK(breaks<KeepsClaimsEndsToItself>(24));
    CHECK(breaks<KeepsStopsToItself>(24));
    CHECK(breaks<KeepsPlannedStopsToItself>(24));
    CHECK(breaks<AnswersWhatItWasTold>(24));
    CHECK(breaks<ListsRunsById>(25));
    CHECK(breaks<TellsOutcomesNewestFirst>(26));
    CHECK(breaks<CountsWhatIsNotDueYet>(27));
}

TEST_CASE("storage contract: a random walk names its seed, and the same seed finds the same") {
    const testing::ContractOptions walks{.first_seed = 7, .walks = 3, .steps = 400};
    const auto of_walks = [](const std::vector<ContractViolation>& found) {
        std::vector<std::string> texts;
        for (const auto& violation : found)
            if (violation.clause() == 0) texts.emplace_back(violation.what());
        return texts;
    };
    const auto once = of_walks(contract_of<ForgetsToCount>(walks).violations());
    REQUIRE_FALSE(once.empty());
    CHECK(once.front().find("seed ") != std::string::npos);
    CHECK(of_walks(contract_of<ForgetsToCount>(walks).violations()).size() == once.size());
}

TEST_CASE("storage contract: every clause of the prose has a check") {
    std::set<int> clauses;
    const auto contract = contract_of<MemoryStorage>();
    for (const auto& check : contract.checks())
        clauses.insert(check.clause);
    REQUIRE(last_clause() > 20);
    for (int clause = 1; clause <= last_clause(); ++clause) {
        INFO("clause " << clause);
        CHECK(clauses.count(clause) == 1);
    }
}
