// SPDX-License-Identifier: MIT
// simulation_test.cpp - a few simulated days hold every rule, a seed repeats its day, and bugs that are planted into a
// storage are found: each row of the list says by which rule, and within how many seeds.
//
// tests/simulation runs thousands of days.
#include "carillon/storage/memory.hpp"
#include "carillon/testing/simulation.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using testing::Simulation;
using testing::SimulationReport;
using testing::StorageAdapter;

namespace {

Simulation on_memory() {
    return Simulation(
        [](std::shared_ptr<const Clock> clock) { return std::make_shared<MemoryStorage>(std::move(clock)); });
}

// ---- bugs ----------------------------------------------------------------------------------------------------------

/// Who lost a lease may finish all the same.
struct NoFence : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    std::map<RunId, std::uint64_t> fences;

    ClaimResult claim(const ClaimRequest& request) override {
        auto claimed = StorageAdapter::claim(request);
        for (const ClaimedRun& claim : claimed.runs)
            fences[claim.run.id] = claim.run.fence;
        return claimed;
    }
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        for (RunFinish& finish : finishes)
            finish.run.fence = fences[finish.run.id];
        return StorageAdapter::finish(std::move(finishes));
    }
};

/// The cursor goes on in a write of its own, and the process dies before the one with the rows: one time in twenty.
struct CursorApart : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    int calls = 0;

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override {
        return StorageAdapter::materialise(now, limit, [&](const JobView& job, const KeyState& key) {
            JobChange made = change(job, key);
            if (++calls % 20 == 0) made.runs.clear();
            return made;
        });
    }
};

/// A heartbeat is believed whatever has become of the run.
struct HeartbeatAfterFinish : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) override {
        auto answers = StorageAdapter::heartbeat(runs, lease);
        std::erase_if(answers, [](const HeartbeatAnswer& answer) { return answer.lost; });
        return answers;
    }
};

/// Leases end by a clock that somebody sets forward.
struct ReapsByWallClock : StorageAdapter<MemoryStorage> {
    explicit ReapsByWallClock(std::shared_ptr<const Clock> clock)
        : StorageAdapter(std::make_shared<MemoryStorage>(std::make_shared<Hasty>(std::move(clock)))) {}

    struct Hasty final : Clock {
        explicit Hasty(std::shared_ptr<const Clock> clock)
            : true_clock(std::move(clock)) {}
        [[nodiscard]] Instant now() const override { return true_clock->now(); }
        [[nodiscard]] SteadyTime steady_now() const override {
            const SteadyTime now = true_clock->steady_now();
            return now + std::chrono::floor<std::chrono::hours>(now.time_since_epoch()); // an hour each hour
        }
        bool wait_until(WakeSignal&, SteadyTime) override { return false; }
        std::shared_ptr<const Clock> true_clock;
    };
};

/// Runs are stored without the number of slots of their key.
struct NoSlots : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override {
        return StorageAdapter::materialise(now, limit, [&](const JobView& job, const KeyState& key) {
            JobChange made = change(job, key);
            for (JobRun& run : made.runs)
                run.slots = 0;
            return made;
        });
    }
};

/// The first tenant is always first.
struct NoTurns : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    ClaimResult claim(const ClaimRequest& request) override {
        ClaimRequest unfair = request;
        unfair.after_tenant.clear();
        return StorageAdapter::claim(unfair);
    }
};

/// What is due soon is claimed at once.
struct ClaimsEarly : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    ClaimResult claim(const ClaimRequest& request) override {
        ClaimRequest early = request;
        early.now += 30s;
        return StorageAdapter::claim(early);
    }
};

/// A change of a job is written without its audit event.
struct NoAudit : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override {
        return StorageAdapter::materialise(now, limit, [&](const JobView& job, const KeyState& key) {
            JobChange made = change(job, key);
            made.event.reset();
            return made;
        });
    }
};

/// Pending runs expire before their time.
struct ExpiresEarly : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    std::vector<JobRun> expire(Instant now, std::size_t limit) override {
        return StorageAdapter::expire(now + 20min, limit);
    }
};

/// An abandoned run always goes back, also one that is delivered at most once.
struct AbandonGoesBack : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) override {
        return StorageAdapter::reap(limit, [&](const JobRun& run, const JobDefinition& job) {
            RunTransition to = after_abandon(run, job);
            to.status = JobRunStatus::pending;
            return to;
        });
    }
};

/// Executed runs are not counted.
struct NoCount : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        for (RunFinish& finish : finishes)
            finish.to.executed = finish.to.executed && finish.to.status != JobRunStatus::failed;
        return StorageAdapter::finish(std::move(finishes));
    }
};

/// The last of several finishes is answered with yes and forgotten.
struct ForgetsAFinish : StorageAdapter<MemoryStorage> {
    using StorageAdapter::StorageAdapter;
    int calls = 0;
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        if (++calls % 50 != 0) return StorageAdapter::finish(std::move(finishes));
        std::vector<FinishAnswer> answers;
        for (const RunFinish& finish : finishes)
            answers.push_back({true, finish.to.status, finish.to.reason});
        return answers;
    }
};

template <class Broken>
Simulation with_bug() {
    return Simulation([](std::shared_ptr<const Clock> clock) {
        if constexpr (std::constructible_from<Broken, std::shared_ptr<const Clock>>)
            return std::make_shared<Broken>(std::move(clock));
        else
            return std::make_shared<Broken>(std::make_shared<MemoryStorage>(std::move(clock)));
    });
}

struct Bug {
    const char* what;
    Simulation simulation;
    /// It is found by one of the seeds from 1 to this, with these words.
    std::uint64_t within;
    const char* rule;
};

std::optional<SimulationReport> first_violation(const Bug& bug) {
    for (std::uint64_t seed = 1; seed <= bug.within; ++seed) {
        auto report = bug.simulation.run({.seed = seed});
        if (report.violation) return report;
    }
    return std::nullopt;
}

} // namespace

TEST_CASE("simulation: days on which everything goes wrong break no rule") {
    const support::TestZones zones;
    const Simulation simulation = on_memory();
    std::size_t occurrences = 0;
    std::size_t lost_leases = 0;
    std::size_t crashes = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const SimulationReport report =
            simulation.run({.seed = seed, .time_zones = {"UTC", "+05:30", "Europe/Paris", "Australia/Lord_Howe"}});
        INFO(report.str());
        REQUIRE_FALSE(report.violation);
        occurrences += report.occurrences;
        lost_leases += report.lost_leases;
        crashes += report.crashes;
    }
    CHECK(occurrences > 10'000);
    CHECK(lost_leases > 0);
    CHECK(crashes > 100);
}

TEST_CASE("simulation: the same seed does the same") {
    const Simulation simulation = on_memory();
    const auto first = simulation.run({.seed = 5, .length = 6h, .trace = true});
    const auto other = simulation.run({.seed = 6, .length = 6h, .trace = true});
    const auto second = simulation.run({.seed = 5, .length = 6h, .trace = true});
    CHECK(first.steps > 100);
    CHECK(first.trace == second.trace);
    CHECK(first.trace != other.trace);
}

TEST_CASE("simulation: bugs that are planted into a storage are found, each by its rule") {
    const std::vector<Bug> bugs{
        {"drop the fence", with_bug<NoFence>(), 100, "was accepted, and should not have been"},
        {"move the cursor outside the transaction", with_bug<CursorApart>(), 1, "was not written"},
        {"heartbeat after the finish", with_bug<HeartbeatAfterFinish>(), 20, "a heartbeat with fence"},
        {"reap by a wall clock", with_bug<ReapsByWallClock>(), 10, "was reaped while its lease lasted"},
        {"forget the slots of a key", with_bug<NoSlots>(), 1, "was written as something else"},
        {"give the first tenant every turn", with_bug<NoTurns>(), 10, "while it was the turn of"},
        {"claim early", with_bug<ClaimsEarly>(), 5, "was claimed too early"},
        {"write no audit", with_bug<NoAudit>(), 5, "audit events after"},
        {"expire early", with_bug<ExpiresEarly>(), 20, "was expired, and had not"},
        {"execute again what is delivered at most once",
         with_bug<AbandonGoesBack>(),
         5,
         "was abandoned without ending"},
        {"count no failure", with_bug<NoCount>(), 1, "has had other failures in a row"},
        {"forget a finish", with_bug<ForgetsAFinish>(), 1, "was accepted and not written"},
    };
    for (const Bug& bug : bugs) {
        INFO(bug.what);
        const auto found = first_violation(bug);
        REQUIRE(found);
        UNSCOPED_INFO(found->str(3));
        CHECK(found->violation->find(bug.rule) != std::string::npos);
        CHECK_FALSE(found->trace.empty());
        CHECK(bug.simulation.run({.seed = found->seed}).violation == found->violation);
    }
}
