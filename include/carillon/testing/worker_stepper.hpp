// SPDX-License-Identifier: MIT
// testing/worker_stepper.hpp - drives a worker by hand: one thread, and the test decides what happens next.
//
//     Worker<> worker{scheduler};
//     worker.handle("report", [](RunContext&) {});      // says which action types it claims; is never called
//     testing::WorkerStepper stepper{worker};
//     stepper.turn();                                   // plans what is due and claims it
//     RunContext* run = stepper.begin();                // "its handler has been called"
//     clock->advance(20s);
//     stepper.turn();                                   // renews leases, looks for timeouts
//     stepper.conclude({run->run_id(), run->fence()}, {});   // "and has returned"
#pragma once

#include "carillon/clock.hpp"
#include "carillon/model/run.hpp"
#include "carillon/storage/memory.hpp"
#include "carillon/worker/worker.hpp"

#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace carillon::testing {

/// A worker in its hands is a started one without threads: each step is what the loop, or a thread of the pool, would
/// do. One thread at a time. The worker must not be started otherwise meanwhile, and outlives the stepper.
template <Storage StorageT = MemoryStorage>
class WorkerStepper {
public:
    /// Starts the worker.
    explicit WorkerStepper(Worker<StorageT>& worker)
        : worker_(worker) {
        start();
    }
    WorkerStepper(const WorkerStepper&) = delete;
    WorkerStepper& operator=(const WorkerStepper&) = delete;
    /// What is left is forgotten, as by crash().
    ~WorkerStepper() { crash(); }

    /// Begins to claim; after a stop() or a crash() again.
    void start() { worker_.open(); }
    /// One turn of the loop. Returns when it wants the next one; the real loop also takes it when the storage has news.
    /// What the storage throws goes to the worker's report, as it does there.
    SteadyTime turn() { return worker_.turn_or_report(); }

    /// Claimed runs that nobody has begun, the next one first.
    [[nodiscard]] std::vector<JobRun> waiting() const { return worker_.active_.waiting_rows(); }
    /// Runs that were begun and not concluded.
    [[nodiscard]] std::vector<JobRun> executing() const { return worker_.active_.executing_rows(); }

    /// Begins the next waiting run. Null where none is left; runs that end before their handler is called are ended on
    /// the way. The context stays until the run is concluded.
    RunContext* begin() {
        while (detail::ActiveRun* active = worker_.active_.take()) {
            const RunRef ref = active->ref();
            if (!worker_.begin(*active)) continue;
            return &begun_.try_emplace(ref, worker_, *active).first->second.context;
        }
        return nullptr;
    }

    /// The run's handler ends with this outcome, and the worker stores what became of it, if it may: the fence says.
    /// Throws std::out_of_range for a run that is not executing.
    void conclude(const RunRef& run, HandlerOutcome outcome) {
        const auto at = begun_.find(run);
        if (at == begun_.end()) throw std::out_of_range("run " + run.id.str() + " is not executing");
        worker_.conclude(at->second.active, std::move(outcome));
        begun_.erase(at);
    }

    /// What stop() does before it waits: claims no more, gives back what waits, and asks the handlers to stop. Turns go
    /// on renewing the leases of those that have not been concluded.
    void stop() {
        worker_.stop_claiming();
        worker_.active_.interrupt_all();
        worker_.fire_stops();
    }

    /// The process dies: the worker forgets its runs and the results it could not store, and tells nobody.
    void crash() {
        begun_.clear();
        worker_.forget_everything();
    }

private:
    struct Begun {
        Begun(Worker<StorageT>& worker, detail::ActiveRun& run)
            : active(run)
            , context(worker.context_of(run, worker.options_.lease)) {}

        detail::ActiveRun& active;
        RunContext context;
    };

    Worker<StorageT>& worker_;
    std::map<RunRef, Begun> begun_;
};

} // namespace carillon::testing
