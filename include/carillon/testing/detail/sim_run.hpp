// SPDX-License-Identifier: MIT
// testing/detail/sim_run.hpp - one simulation from its seed to its end.
#pragma once

#include "carillon/ids.hpp"
#include "carillon/testing/any_storage.hpp"
#include "carillon/testing/detail/sim_node.hpp"
#include "carillon/testing/detail/sim_options.hpp"
#include "carillon/testing/detail/sim_oracle.hpp"
#include "carillon/testing/detail/sim_users.hpp"
#include "carillon/testing/detail/sim_world.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing::sim {

class Run {
public:
    Run(const AnyFactory& make, const SimulationOptions& options)
        : world_(options)
        , storage_(make(std::make_shared<TrueClock>(world_)))
        , oracle_(world_, *storage_)
        , users_(world_, oracle_) {
        for (std::size_t i = 0; i < options.nodes; ++i)
            nodes_.push_back(std::make_unique<Node>(world_, oracle_, storage_, i));
        if (storage_->can_watch())
            watch_ = storage_->watch([this](StorageNews) {
                for (const auto& node : nodes_)
                    if (!quiet_) node->news();
            });
    }

    SimulationReport report() {
        SimulationReport report;
        report.seed = world_.options().seed;
        try {
            simulate();
        } catch (const std::exception& error) {
            report.violation = error.what();
        }
        quiet_ = true;
        for (const auto& node : nodes_)
            report.crashes += node->crashes(), report.faults += node->faults();
        report.steps = world_.steps();
        report.occurrences = oracle_.occurrences();
        report.executions = oracle_.executions();
        report.lost_leases = oracle_.lost_leases();
        report.trace = world_.take_trace();
        return report;
    }

private:
    void simulate() {
        const SimulationOptions& options = world_.options();
        for (const auto& node : nodes_)
            node->boot();
        for (std::size_t i = 0; i < options.jobs; ++i)
            users_.create_job(any_node());
        again(options.between_crashes, [](Node& node) { node.crash(); });
        again(options.between_freezes, [this](Node& node) {
            // Half of the time for longer than a lease.
            const Duration least = world_.random.one_in(2) ? lease : Duration{std::chrono::seconds{5}};
            node.freeze(world_.random.between(least, 6 * lease));
        });
        again(options.between_clock_changes, [this](Node& node) { change_clock(node); });
        again(options.between_user_actions, [this](Node& node) { users_.act(node); });
        world_.run_until(options.length);
        come_to_rest();
    }

    /// Again and again on some node, with so much time between two of them on average, until the length is over. A node
    /// that is in the middle of a call comes to it after that.
    void again(Duration mean, std::function<void(Node&)> action) {
        if (mean <= Duration{0}) return;
        const Duration next = world_.now() + world_.random.around(mean);
        if (next >= world_.options().length) return;
        world_.at(next, World::nobody, [this, mean, action] {
            Node& node = any_node();
            world_.at(world_.now(), node.index(), [action, &node] { action(node); });
            again(mean, action);
        });
    }

    [[nodiscard]] Node& any_node() { return *nodes_[world_.random.below(nodes_.size())]; }

    void change_clock(Node& node) {
        using namespace std::chrono_literals;
        const Duration by = world_.random.between(1s, world_.random.one_in(6) ? Duration{60h} : Duration{2h});
        const bool back = world_.random.one_in(2);
        world_.trace([&] {
            return "the clock of node " + std::to_string(node.index()) + " is set " + (back ? "back" : "forward") +
                   " by " + to_string(by);
        });
        node.clock().set_wall_by(back ? -by : by);
        node.news();
        world_.at(world_.now() + world_.random.around(30min), World::nobody, [&node] {
            node.clock().correct_wall();
            node.news();
        });
    }

    /// Nothing goes wrong any more and no user does anything: what is open must end. Jobs are deleted, so that no
    /// occurrence is added.
    void come_to_rest() {
        world_.trace([] { return std::string("no more faults"); });
        for (const auto& node : nodes_)
            node->heal();
        world_.run_until(world_.now() + std::chrono::hours{6});
        for (const auto& job : oracle_.jobs())
            nodes_.front()->use([&](Users::Scheduler& scheduler) { scheduler.pause_job(job->id, job->tenant_id); });
        world_.run_until(world_.now() + std::chrono::hours{72});
        oracle_.check_end(true);
    }

    World world_;
    std::shared_ptr<AnyStorage> storage_;
    Oracle oracle_;
    Users users_;
    std::vector<std::unique_ptr<Node>> nodes_;
    WatchHandle watch_;
    bool quiet_ = false;
};

[[nodiscard]] inline SimulationReport simulate(const AnyFactory& make, const SimulationOptions& options) {
    const carillon::detail::RepeatableIds ids(options.seed);
    return Run(make, options).report();
}

} // namespace carillon::testing::sim
