// SPDX-License-Identifier: MIT
// observe/health.hpp - how a worker is, at one moment: see Worker::health.
//
//   const Health health = worker.health();
//   respond(health.problems().empty() ? 200 : 503, nlohmann::json(health).dump());
#pragma once

#include "carillon/model/json.hpp"
#include "carillon/model/run.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

struct Health {
    /// The worker's name.
    std::string worker = "";
    bool started = false;
    /// How many runs it holds: waiting for a thread, in a handler, or being finished.
    std::size_t active = 0;

    /// The oldest job to be planned or run to be begun that the worker could take now, or the moment at which there is
    /// one. Of runs that are ready, a storage may look only at those that are next in their tenants.
    std::optional<Instant> oldest_due = std::nullopt;
    /// How long that has been due.
    Duration lag{0};
    /// The steady time since the last turn of the loop, or the last poll(), that went well. Absent where there was
    /// none. A loop that no longer claims, after a stop() by a handler or during one that waits, does not count its
    /// turns.
    std::optional<Duration> last_turn = std::nullopt;
    /// What the storage said, where it fails.
    std::string storage_error = "";

    /// Those whose handlers did not end within the grace after their timeouts, and still run. Each keeps a thread.
    std::vector<JobRun> stuck{};
    /// Of jobs that were due here, at most a thousand: they wait for a worker that has handlers for them. No problem by
    /// itself, since that may be how the work is divided.
    std::vector<std::string> unknown_action_types{};

    /// The wall clock is not believed at the moment: see Worker::confirm_clock.
    bool clock_doubted = false;

    /// What is wrong, each in a sentence without a full stop; empty where all is well. `patience` is how long something
    /// may be due, and how long the loop may need for a turn.
    [[nodiscard]] std::vector<std::string> problems(Duration patience = std::chrono::minutes{1}) const {
        std::vector<std::string> found;
        if (!storage_error.empty()) found.push_back("the storage fails: " + storage_error);
        if (started && storage_error.empty() && last_turn && *last_turn > patience)
            found.push_back("the worker's loop has not come round for " + to_string(*last_turn));
        if (lag > patience) found.push_back("what is due waits since " + to_rfc3339(*oldest_due));
        for (const JobRun& run : stuck)
            found.push_back("the handler of run " + run.id.str() + ", action type \"" + run.action_type +
                            "\", does not end");
        if (clock_doubted) found.emplace_back("the wall clock is not believed");
        return found;
    }
};

/// The members by their names, and `problems`.
template <detail::JsonValueType Json>
void to_json(Json& out, const Health& health);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

template <>
struct JsonMembers<Health> {
    template <class Each, class Record>
    static void visit(Each& each, Record& health) {
        each.member("worker", health.worker);
        each.member("started", health.started);
        each.member("active", health.active);
        each.member("oldest_due", health.oldest_due);
        each.member("lag", health.lag);
        each.member("last_turn", health.last_turn);
        each.text("storage_error", health.storage_error);
        each.member("stuck", health.stuck);
        each.member("unknown_action_types", health.unknown_action_types);
        each.member("clock_doubted", health.clock_doubted);
    }
};

} // namespace detail

template <detail::JsonValueType Json>
void to_json(Json& out, const Health& health) {
    out = detail::JsonValue<Json>::of(health);
    out["problems"] = health.problems();
}

} // namespace carillon
