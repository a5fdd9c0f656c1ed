// SPDX-License-Identifier: MIT
// testing/simulation.hpp - several workers, users and a storage in one thread and one seed, and everything goes wrong.
//
//   testing::Simulation simulation([](std::shared_ptr<const Clock> clock) {
//       return std::make_shared<MyStorage>(empty_database(), clock);
//   });
//   const testing::SimulationReport report = simulation.run({.seed = 4711});
//   if (report.violation) std::puts(report.str().c_str());
//
// Each node is a real facade and a real worker, driven step by step. Its clock drifts and is set; its process crashes,
// freezes and starts again; its calls of the storage are late, fail, fail after they were carried out, or are carried
// out twice. Users create, edit, pause, trigger, cancel and delete meanwhile. After every step the rules are checked
// that docs/guarantees.md promises:
//
//   - each occurrence of a job is in the ledger exactly once, the moment its cursor has passed it
//   - what fires late, who is let in beside whom, and what counts as an attempt: as the job's policies say
//   - one transition to a terminal status per run, and no change after it
//   - no start before `scheduled_for`, by the clock of the node that starts it
//   - never more runs of a key than its slots
//   - fences only grow; only the holder of the fence writes; a lease is not taken away before it ends
//   - a run delivered at most once enters a handler at most once; what is completed was executed
//   - tenants take turns; what a worker could claim is claimed
//   - every change of a definition has its audit event, and the last event shows the job as it is
//   - counters are those of the ledger
//
// Nothing else decides but the seed: the same seed on the same code does the same, and shows it as a trace.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/testing/any_storage.hpp"
#include "carillon/testing/detail/sim_run.hpp"

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

namespace carillon::testing {

/// Runs seeds on one kind of storage. A run needs the thread for itself; several threads may run simulations of their
/// own.
class Simulation {
public:
    /// `make` returns a new and empty storage whose leases run on the steady time of the given clock.
    template <class Make>
        requires std::invocable<Make&, std::shared_ptr<const Clock>>
    explicit Simulation(Make make) {
        using S = typename std::invoke_result_t<Make&, std::shared_ptr<const Clock>>::element_type;
        make_ = any_factory<S>(std::move(make));
    }

    /// Simulates `options.length` from a seed, and the time after it in which everything comes to rest. A violation is
    /// simulated once more, for the trace.
    [[nodiscard]] SimulationReport run(SimulationOptions options) const {
        SimulationReport report = sim::simulate(make_, options);
        if (!report.violation || options.trace) return report;
        options.trace = true;
        SimulationReport traced = sim::simulate(make_, options);
        return traced.violation ? traced : report;
    }

private:
    AnyFactory make_;
};

} // namespace carillon::testing
