// SPDX-License-Identifier: MIT
// testing/detail/sim_storage.hpp - the storage as one node reaches it: over a line on which everything can go wrong.
#pragma once

#include "carillon/testing/any_storage.hpp"
#include "carillon/testing/detail/sim_oracle.hpp"
#include "carillon/testing/detail/sim_world.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon::testing::sim {

/// Tells the oracle of every write, and meets a fault now and then. A node whose process has ended gets no answer any
/// more, whatever is left of it asks.
class NodeStorage final : public StorageAdapter<AnyStorage> {
public:
    NodeStorage(World& world, Oracle& oracle, std::shared_ptr<AnyStorage> shared, std::size_t node)
        : StorageAdapter(shared)
        , world_(world)
        , oracle_(oracle)
        , node_(node) {}

    [[nodiscard]] bool crashed() const noexcept { return crashed_; }
    void crash() noexcept { crashed_ = true; }
    [[nodiscard]] std::size_t faults() const noexcept { return faults_; }
    /// From now on everything works.
    void heal() noexcept { healed_ = true; }
    /// Whether its worker knows that the run was lost, or is to stop.
    [[nodiscard]] bool told_to_stop(const RunRef& run) const { return told_to_stop_.contains(run); }

    InsertResult insert_jobs(std::vector<NewJob> jobs) override {
        return write("insert_jobs", [&] {
            InsertResult result = StorageAdapter::insert_jobs(jobs);
            for (std::size_t i = 0; i < result.jobs.size(); ++i)
                if (result.jobs[i].event) oracle_.inserted(jobs[i]);
            return result;
        });
    }
    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change) override {
        return write("put_job", [&] {
            DecidedChange decided;
            JobWrite out = StorageAdapter::put_job(tenant, key, [&](const JobView* job, const KeyState& state) {
                decided = {};
                if (job) decided = decided_about(*job, state);
                return decided.change = change(job, state);
            });
            oracle_.changed(decided);
            oracle_.check_ended(out.ended);
            return out;
        });
    }
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) override {
        return write("modify_job", [&] {
            DecidedChange decided;
            auto out = StorageAdapter::modify_job(tenant, id, recording(decided, change));
            if (out && (out->event || !decided.change.event)) oracle_.changed(decided);
            if (out) oracle_.check_ended(out->ended);
            return out;
        });
    }
    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) override {
        return write("modify_run", [&] {
            auto out = StorageAdapter::modify_run(tenant, id, change);
            if (out) oracle_.run_changed(id, out->event);
            return out;
        });
    }

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) override {
        return write("materialise", [&] {
            std::vector<DecidedChange> decided;
            MaterialiseResult result =
                StorageAdapter::materialise(now, limit, [&](const JobView& job, const KeyState& key) {
                    decided.push_back(decided_about(job, key));
                    decided.back().first_of_call = decided.size() == 1;
                    return decided.back().change = change(job, key);
                });
            for (const DecidedChange& one : decided)
                oracle_.changed(one);
            oracle_.check_ended(result.ended);
            return result;
        });
    }
    ClaimResult claim(const ClaimRequest& request) override {
        if (request.after_tenant != last_tenant_) world_.fail("a worker does not know which tenant it served last");
        const auto answer = write(
            "claim",
            [&] {
                auto claimed = StorageAdapter::claim(request);
                oracle_.claimed(node_, request, claimed);
                return claimed;
            },
            Repeat::no);
        for (const ClaimedRun& claim : answer.runs) {
            held_.insert({claim.run.id, claim.run.fence});
            last_tenant_ = claim.run.tenant_id;
        }
        return answer;
    }
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) override {
        const auto answer = write("heartbeat", [&] {
            auto answers = StorageAdapter::heartbeat(runs, lease);
            oracle_.heartbeat(runs, lease, answers);
            return answers;
        });
        for (const HeartbeatAnswer& one : answer) {
            told_to_stop_.insert(one.run);
            if (one.lost) held_.erase(one.run);
        }
        return answer;
    }
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) override {
        const auto answer = write("finish", [&] {
            auto answers = StorageAdapter::finish(finishes);
            oracle_.finished(node_, finishes, answers);
            return answers;
        });
        for (const RunFinish& finish : finishes)
            held_.erase(finish.run);
        return answer;
    }
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) override {
        for (const RunRef& run : held_)
            oracle_.check_renewed(run);
        return write("reap", [&] {
            auto reaped = StorageAdapter::reap(limit, after_abandon);
            oracle_.reaped(reaped);
            return reaped;
        });
    }
    std::vector<JobRun> expire(Instant now, std::size_t limit) override {
        return write("expire", [&] {
            auto expired = StorageAdapter::expire(now, limit);
            oracle_.expired(now, expired);
            return expired;
        });
    }
    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) override {
        return write("purge", [&] {
            const std::size_t deleted = StorageAdapter::purge(retention, now, limit);
            if (deleted > 0) oracle_.purged();
            return deleted;
        });
    }
    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const override {
        if (crashed_) throw Crash();
        return StorageAdapter::next_due(filter, now);
    }

    /// Nodes learn of news from the simulation, which may be late with it.
    [[nodiscard]] bool can_watch() const override { return false; }
    [[nodiscard]] WatchHandle watch(std::function<void(StorageNews)>) override { return nullptr; }

private:
    enum class Repeat { yes, no };

    [[nodiscard]] static DecidedChange decided_about(const JobView& job, const KeyState& key) {
        DecidedChange decided;
        decided.before = std::make_shared<const JobDefinition>(job.definition);
        decided.progress_before = job.progress;
        decided.key = key;
        return decided;
    }
    [[nodiscard]] static ChangeJob recording(DecidedChange& decided, const ChangeJob& change) {
        return [&](const JobView& job, const KeyState& key) {
            decided = decided_about(job, key);
            return decided.change = change(job, key);
        };
    }

    /// Carries out a write, or does not, or twice, or late; and answers, or does not.
    template <class Operation>
    std::invoke_result_t<Operation&> write(const char* name, Operation operation, Repeat repeat = Repeat::yes) {
        if (crashed_) throw Crash();
        const bool meets_fault = !healed_ && world_.random.below(10'000) < world_.options().faults;
        if (!meets_fault) return operation();
        ++faults_;
        const std::uint64_t kind = world_.random.below(7);
        world_.trace([&] {
            static constexpr const char* kinds[] = {"is refused",
                                                    "kills the process before",
                                                    "comes late",
                                                    "comes twice",
                                                    "loses its answer",
                                                    "kills the process behind",
                                                    "answers late"};
            return "node " + std::to_string(node_) + ": " + name + " " + kinds[kind];
        });
        if (kind == 0) throw Fault(std::string(name) + " is refused");
        if (kind == 1) die();
        if (kind == 2) delay();
        if (kind == 3 && repeat == Repeat::yes) operation();
        auto answer = operation();
        if (kind == 4) throw Fault(std::string(name) + " lost its answer");
        if (kind == 5) die();
        if (kind == 6) delay();
        return answer;
    }

    [[noreturn]] void die() {
        crashed_ = true;
        throw Crash();
    }
    void delay() {
        const bool is_long = world_.random.one_in(4);
        const Duration least = is_long ? Duration{std::chrono::minutes{5}} : Duration{std::chrono::milliseconds{1}};
        world_.let_pass(node_, world_.random.between(least, std::chrono::minutes{25}));
    }

    World& world_;
    Oracle& oracle_;
    const std::size_t node_;
    bool crashed_ = false;
    bool healed_ = false;
    std::size_t faults_ = 0;
    // What its worker knows: answers that it got.
    std::set<RunRef> held_;
    std::set<RunRef> told_to_stop_;
    std::string last_tenant_;
};

} // namespace carillon::testing::sim
