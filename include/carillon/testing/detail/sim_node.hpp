// SPDX-License-Identifier: MIT
// testing/detail/sim_node.hpp - one node of a simulation: a clock, a facade, a worker, and the handlers it is in.
#pragma once

#include "carillon/scheduler_facade.hpp"
#include "carillon/testing/detail/sim_oracle.hpp"
#include "carillon/testing/detail/sim_storage.hpp"
#include "carillon/testing/detail/sim_world.hpp"
#include "carillon/testing/worker_stepper.hpp"
#include "carillon/worker/worker.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace carillon::testing::sim {

/// Action types of which each node knows some.
inline constexpr std::array action_types{"mail", "report", "backup"};

/// How long leases last in a simulation: long, since an idle node that renews often is all that a day would consist of.
inline constexpr Duration lease = std::chrono::minutes{10};

class Node {
public:
    Node(World& world, Oracle& oracle, std::shared_ptr<AnyStorage> shared, std::size_t index)
        : world_(world)
        , oracle_(oracle)
        , shared_(std::move(shared))
        , index_(index)
        , clock_(std::make_shared<NodeClock>(world, static_cast<std::int64_t>(world.random.below(401)) - 200)) {}
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() { tear_down(); }

    [[nodiscard]] bool is_up() const noexcept { return process_ != nullptr; }
    [[nodiscard]] NodeClock& clock() noexcept { return *clock_; }
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    [[nodiscard]] std::size_t faults() const noexcept { return faults_; }
    [[nodiscard]] std::size_t crashes() const noexcept { return crashes_; }

    /// A new process on this machine.
    void boot() {
        if (process_) return;
        ++incarnation_;
        trace("boots");
        process_ = std::make_unique<Process>(*this);
        plan_turn(Duration{0});
    }

    /// The process ends as it is.
    void crash() {
        if (!process_) return;
        trace("crashes");
        ++crashes_;
        tear_down();
        at(world_.random.around(std::chrono::minutes{10}), &Node::boot);
    }

    /// The process stands still; what it has in hand goes on after that as if nothing had been.
    void freeze(Duration time) {
        trace("freezes");
        frozen_until_ = world_.now() + time;
    }

    /// Something has changed in the storage.
    void news() {
        if (process_) plan_turn(Duration{1 + static_cast<Duration::rep>(world_.random.below(5'000))});
    }

    /// A user's program on this node calls its facade. What the storage does to it is the user's to see.
    template <class Call>
    void use(Call call) {
        if (!process_ || is_frozen()) return;
        try {
            call(process_->scheduler);
        } catch (const Error&) { // refused
        } catch (const Fault&) { // the user does not know
        } catch (const Crash&) {
        }
        after_step();
    }

    /// Nothing goes wrong here any more.
    void heal() {
        healed_ = true;
        frozen_until_ = world_.now();
        clock_->correct_wall();
        if (process_) process_->storage->heal();
        boot();
        plan_turn(Duration{0});
    }

private:
    struct Process {
        explicit Process(Node& node)
            : storage(std::make_shared<NodeStorage>(node.world_, node.oracle_, node.shared_, node.index_))
            , scheduler(std::static_pointer_cast<AnyStorage>(storage), {.clock = node.clock_})
            , worker(scheduler, node.worker_options())
            , stepper(worker) {
            if (node.healed_) storage->heal();
            for (std::size_t i = 0; i < action_types.size(); ++i)
                if (node.healed_ || (node.index_ + i) % 3 != 0) // no node knows them all
                    worker.handle(action_types[i], [](RunContext&) {});
        }

        std::shared_ptr<NodeStorage> storage;
        SchedulerFacade<AnyStorage> scheduler;
        Worker<AnyStorage> worker;
        WorkerStepper<AnyStorage> stepper;
        std::map<RunRef, RunContext*> executing;
    };

    [[nodiscard]] WorkerOptions worker_options() {
        return {.threads = 2,
                .name = "node-" + std::to_string(index_),
                .lease = lease,
                .heartbeat = lease / 3,
                .retention = {.runs_per_job = 100},
                .report = [this](const std::string& sentence) {
                    trace("says: " + sentence);
                }};
    }

    [[nodiscard]] bool is_frozen() const { return world_.now() < frozen_until_; }

    void trace(const std::string& text) {
        world_.trace([&] { return "node " + std::to_string(index_) + " " + text; });
    }

    /// Later, if the process of now is still there, or there is none.
    template <class Action>
    void at(Duration in, Action action) {
        world_.at(world_.now() + in, index_, [this, action, incarnation = incarnation_] {
            if (incarnation != incarnation_) return;
            if (is_frozen()) return at(frozen_until_ - world_.now(), action);
            std::invoke(action, *this);
        });
    }

    void plan_turn(Duration in) {
        const Duration when = world_.now() + in;
        if (turn_at_ && *turn_at_ > world_.now() && *turn_at_ <= when) return;
        turn_at_ = when;
        at(in, [when](Node& node) {
            if (node.turn_at_ == when) node.turn();
        });
    }

    void turn() {
        if (!process_) return;
        turn_at_.reset();
        process_->stepper.turn();
        if (!after_step()) return;
        check_stops();
        begin_runs();
        if (!after_step()) return;
        plan_turn(until_next_turn());
    }

    /// The loop would look every second; here it is enough when something can have happened.
    [[nodiscard]] Duration until_next_turn() {
        const Duration most = clock_->true_time(lease / 3);
        const auto due = process_->worker.next_due();
        if (!due || process_->executing.size() >= 2) return most;
        const Duration wait = std::max<Duration>(*due - clock_->now(), std::chrono::seconds{1});
        return std::min(most, clock_->true_time(wait) + Duration{1});
    }

    void check_stops() {
        for (const auto& [ref, run] : process_->executing)
            if (process_->storage->told_to_stop(ref) && !run->stop_requested())
                world_.fail("run " + ref.id.str() + " is to stop, and its handler does not know");
    }

    /// The process may have ended on the way.
    bool after_step() {
        if (process_ && process_->storage->crashed()) crash();
        return process_ != nullptr;
    }

    // ---- handlers

    void begin_runs() {
        while (process_->executing.size() < 2 && !process_->storage->crashed()) {
            RunContext* run = process_->stepper.begin();
            if (!run) return;
            const RunRef ref{run->run_id(), run->fence()};
            process_->executing.emplace(ref, run);
            const JobDefinition& job = oracle_.claimed_job(ref.id);
            trace("enters " + ref.id.str().substr(19) + " fence " + std::to_string(ref.fence));
            oracle_.entered(run->run(), clock_->now());
            look_at(job.policies.timeout);
            plan_end(ref, job.policies.delivery);
        }
    }

    /// A turn for each moment at which the worker has to act on a handler that takes too long.
    void look_at(const TimeoutOptions& timeout) {
        for (const auto& limit : {timeout.attempt, timeout.total}) {
            if (!limit) continue;
            at(clock_->true_time(*limit) + std::chrono::milliseconds{1}, &Node::turn);
            at(clock_->true_time(*limit + timeout.grace) + std::chrono::milliseconds{2}, &Node::turn);
        }
    }

    void plan_end(const RunRef& ref, DeliveryMode delivery) {
        using namespace std::chrono_literals;
        const bool slow = !healed_ && world_.random.one_in(8);
        const Duration time = slow ? world_.random.between(5min, 90min) : world_.random.between(10ms, 2min);
        const HandlerOutcome outcome = draw_outcome(delivery);
        const bool listens = world_.random.percent(80);
        at(time, [ref, outcome](Node& node) { node.conclude(ref, outcome); });
        if (slow && listens) watch_stop(ref, time);
    }

    /// A handler that looks at its stop token every minute, and throws when it has fired.
    void watch_stop(const RunRef& ref, Duration left) {
        const Duration minute = std::chrono::minutes{1};
        if (left <= minute) return;
        at(minute, [ref, left, minute](Node& node) {
            if (!node.process_) return;
            const auto run = node.process_->executing.find(ref);
            if (run == node.process_->executing.end()) return;
            if (!run->second->stop_requested()) return node.watch_stop(ref, left - minute);
            HandlerOutcome outcome;
            outcome.kind = HandlerOutcome::Kind::threw;
            outcome.error = "stopped";
            node.conclude(ref, outcome);
        });
    }

    [[nodiscard]] HandlerOutcome draw_outcome(DeliveryMode delivery) {
        HandlerOutcome outcome;
        const std::uint64_t percent = world_.random.below(100);
        if (percent < 75) return outcome;
        const bool may_snooze = delivery == DeliveryMode::at_least_once; // RunContext::snooze refuses the other
        outcome.kind = percent < 90                  ? HandlerOutcome::Kind::threw
                       : percent < 95 || !may_snooze ? HandlerOutcome::Kind::threw_permanent
                                                     : HandlerOutcome::Kind::snoozed;
        outcome.error = "as the simulation wants it";
        outcome.snooze = std::chrono::minutes{1 + world_.random.below(30)};
        return outcome;
    }

    void conclude(const RunRef& ref, const HandlerOutcome& outcome) {
        if (!process_) return;
        const auto run = process_->executing.find(ref);
        if (run == process_->executing.end()) return;
        const bool asked_to_stop = run->second->stop_requested();
        process_->executing.erase(run);
        trace("leaves " + ref.id.str().substr(19) + " fence " + std::to_string(ref.fence));
        oracle_.returned(ref, outcome.kind, asked_to_stop);
        process_->stepper.conclude(ref, outcome);
        if (after_step()) plan_turn(Duration{1});
    }

    void tear_down() {
        if (!process_) return;
        ++incarnation_;
        turn_at_.reset();
        process_->storage->crash();
        faults_ += process_->storage->faults();
        process_->executing.clear();
        process_->stepper.crash();
        process_.reset();
    }

    World& world_;
    Oracle& oracle_;
    const std::shared_ptr<AnyStorage> shared_;
    const std::size_t index_;
    std::shared_ptr<NodeClock> clock_;
    std::uint64_t incarnation_ = 0;
    std::optional<Duration> turn_at_;
    Duration frozen_until_{0};
    bool healed_ = false;
    std::size_t faults_ = 0;
    std::size_t crashes_ = 0;
    std::unique_ptr<Process> process_;
};

} // namespace carillon::testing::sim
