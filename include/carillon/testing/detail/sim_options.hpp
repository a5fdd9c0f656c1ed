// SPDX-License-Identifier: MIT
// testing/detail/sim_options.hpp - what a simulation is told, and what it tells.
#pragma once

#include "carillon/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon::testing {

struct SimulationOptions {
    std::uint64_t seed = 1;
    /// True time: the drift of the nodes' clocks does not count.
    Duration length = std::chrono::hours{24};
    /// The true wall clock at the beginning.
    Instant start = Instant{std::chrono::sys_days{std::chrono::year{2026} / 10 / 24}} + std::chrono::hours{18};
    std::size_t nodes = 3;
    std::size_t tenants = 3;
    std::size_t jobs = 8;
    /// Zones that jobs live in; all must be known.
    std::vector<std::string> time_zones{"UTC", "+05:30"};
    /// Of 10,000 calls of the storage, so many meet a fault: late, refused, answer lost, carried out twice, or the end
    /// of the node's process.
    std::uint32_t faults = 100;
    /// Mean true time between two changes of each kind, over all nodes; zero is never.
    Duration between_crashes = std::chrono::hours{4};
    Duration between_freezes = std::chrono::hours{3};
    Duration between_clock_changes = std::chrono::hours{3};
    Duration between_user_actions = std::chrono::minutes{12};
    /// Keeps what happened, a line an event.
    bool trace = false;
};

struct SimulationReport {
    std::uint64_t seed = 0;
    /// The rule that was broken, in a sentence; none: everything held.
    std::optional<std::string> violation = std::nullopt;
    std::vector<std::string> trace{};
    std::size_t steps = 0;
    std::size_t occurrences = 0;
    std::size_t executions = 0;
    std::size_t faults = 0;
    std::size_t crashes = 0;
    std::size_t lost_leases = 0;

    /// The violation, the seed that repeats it, and the end of the trace.
    [[nodiscard]] std::string str(std::size_t lines = 60) const {
        std::string text = "seed " + std::to_string(seed) + ": " + violation.value_or("every rule held") + "\n";
        const std::size_t from = trace.size() > lines ? trace.size() - lines : 0;
        if (from > 0) text += "  ... " + std::to_string(from) + " lines before\n";
        for (std::size_t i = from; i < trace.size(); ++i)
            text += "  " + trace[i] + "\n";
        return text;
    }
};

} // namespace carillon::testing
