// SPDX-License-Identifier: MIT
// support/stepped.hpp - a world with one worker, whose every step is the test's.
#pragma once

#include "carillon/testing/worker_stepper.hpp"

#include "support/world.hpp"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace support {

/// The handler of a stepped worker: says which type it takes.
inline const auto never_called = [](RunContext&) {
    throw std::logic_error("a stepped worker calls no handler");
};

[[nodiscard]] inline HandlerOutcome threw(std::string what) {
    HandlerOutcome outcome;
    outcome.kind = HandlerOutcome::Kind::threw;
    outcome.error = std::move(what);
    return outcome;
}

[[nodiscard]] inline RunRef ref_of(const RunContext& run) {
    return {run.run_id(), run.fence()};
}

/// Its worker has handlers for "work".
template <Storage StorageT = MemoryStorage>
struct Stepped : World<StorageT> {
    explicit Stepped(std::size_t threads = 2)
        : worker(this->scheduler, this->options("w", threads)) {
        worker.handle("work", never_called);
    }

    /// A turn at a later moment; says how soon the next one is wanted.
    Duration turn_after(Duration time) {
        this->clock->advance(time);
        return stepper.turn() - this->clock->steady_now();
    }

    /// Plans and claims what is due, and begins the first of it.
    RunContext& begun() {
        stepper.turn();
        RunContext* run = stepper.begin();
        if (!run) throw std::runtime_error("there is nothing to begin");
        return *run;
    }

    Worker<StorageT> worker;
    testing::WorkerStepper<StorageT> stepper{worker};
};

} // namespace support
