// SPDX-License-Identifier: MIT
// active_runs_test.cpp - the runs in a worker's hands, and how news about them reach their handlers.
#include "carillon/worker/active_runs.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using detail::ActiveRun;
using detail::ActiveRuns;

namespace {

ClaimedRun claimed(std::uint64_t fence = 1) {
    ClaimedRun run;
    run.run.id = RunId::next({});
    run.run.fence = fence;
    return run;
}

RunRef claim_ref(const ClaimedRun& run) {
    return {run.run.id, run.run.fence};
}

} // namespace

TEST_CASE("active runs: are taken from the queue in their order") {
    ActiveRuns runs;
    const std::vector<ClaimedRun> all{claimed(), claimed(), claimed()};
    runs.add(all);
    CHECK(runs.size() == 3);
    CHECK(runs.queue_state().waiting == 3);
    CHECK(runs.executing() == 0);
    for (const ClaimedRun& run : all)
        CHECK(runs.take()->ref() == claim_ref(run));
    CHECK(runs.take() == nullptr);
    CHECK(runs.executing() == 3);
    CHECK(runs.queue_state().waiting == 0);
    CHECK(runs.queue_state().takes == 3);
    CHECK(runs.size() == 3);
}

TEST_CASE("active runs: those that nobody has begun can be taken all at once") {
    ActiveRuns runs;
    runs.add({claimed(), claimed(), claimed()});
    const ActiveRun* begun = runs.take();
    const auto waiting = runs.take_all();
    CHECK(waiting.size() == 2);
    CHECK(runs.take() == nullptr);
    CHECK(runs.executing() == 1);
    CHECK(runs.executing_rows().at(0).id == begun->ref().id);
    CHECK(runs.take_all().empty());
}

TEST_CASE("active runs: a run gets heartbeats until its end is stored") {
    ActiveRuns runs;
    const ClaimedRun run = claimed();
    ActiveRun& active = runs.add_taken(run);
    CHECK(runs.refs() == std::vector<RunRef>{claim_ref(run)});
    CHECK(runs.end(active, {}) == StopCause::none);
    CHECK(runs.executing() == 0);
    CHECK(runs.executing_rows().empty());
    CHECK(runs.refs().size() == 1);
    runs.remove({{.run = claim_ref(run)}});
    CHECK(runs.size() == 0);
    CHECK(runs.refs().empty());
}

TEST_CASE("active runs: a run whose end is being stored is not asked to stop any more") {
    ActiveRuns runs;
    ActiveRun& ended = runs.add_taken(claimed());
    runs.end(ended, {});
    runs.add({claimed()});
    ActiveRun& given_back = *runs.take_all().at(0);
    ActiveRun& given_up = runs.add_taken(claimed());
    const SteadyTime time_is_up = SteadyTime{} + 10s;
    runs.begin(given_up, {}, {.at = time_is_up, .cause = StopCause::attempt_timeout});
    CHECK(runs.stop_overdue(time_is_up).size() == 1);
    REQUIRE(runs.fire().size() == 1); // of its time
    runs.apply({{.run = ended.ref(), .lost = true},
                {.run = given_back.ref(), .lost = true},
                {.run = given_up.ref(), .lost = true}});
    runs.interrupt_all();
    CHECK(runs.fire().empty());
    CHECK(runs.refs().size() == 3); // their leases are renewed all the same, until that is stored
}

TEST_CASE("active runs: two claims of one run are two runs") {
    ActiveRuns runs;
    const ClaimedRun first = claimed(1);
    ClaimedRun second = first;
    second.run.fence = 2;
    ActiveRun& old = runs.add_taken(first);
    ActiveRun& current = runs.add_taken(second);
    runs.apply({{.run = claim_ref(first), .lost = true}});
    CHECK(runs.any_to_stop());
    CHECK_FALSE(old.stop.stop_requested()); // until somebody has time for what hangs on the token
    runs.fire();
    CHECK_FALSE(runs.any_to_stop());
    CHECK(old.stop.stop_requested());
    CHECK_FALSE(current.stop.stop_requested());
    CHECK(runs.end(old, {}) == StopCause::lost);
    runs.remove({{.run = claim_ref(first)}});
    CHECK(runs.size() == 1);
}

TEST_CASE("active runs: whatever the reason, the token fires, and the strongest reason stays") {
    const auto cause_after = [](auto... news) {
        ActiveRuns runs;
        ActiveRun& run = runs.add_taken(claimed());
        (news(runs, run), ...);
        runs.fire();
        CHECK(run.stop.stop_requested());
        return runs.end(run, {}).value();
    };
    const auto interrupted = [](ActiveRuns& runs, ActiveRun&) {
        runs.interrupt_all();
    };
    const auto cancelled = [](ActiveRuns& runs, ActiveRun& run) {
        runs.apply({{.run = run.ref(), .stop_requested = true}});
    };
    const auto lost = [](ActiveRuns& runs, ActiveRun& run) {
        runs.apply({{.run = run.ref(), .lost = true}});
    };
    const auto overdue = [](ActiveRuns& runs, ActiveRun& run) {
        runs.begin(run, {}, {SteadyTime{}, StopCause::attempt_timeout, 1s});
        CHECK(runs.stop_overdue({}).empty());
    };
    CHECK(cause_after(interrupted) == StopCause::interrupted);
    CHECK(cause_after(interrupted, overdue) == StopCause::attempt_timeout);
    CHECK(cause_after(overdue, interrupted) == StopCause::attempt_timeout);
    CHECK(cause_after(overdue, cancelled) == StopCause::cancelled);
    CHECK(cause_after(cancelled) == StopCause::cancelled);
    CHECK(cause_after(lost) == StopCause::lost);
    CHECK(cause_after(interrupted, cancelled) == StopCause::cancelled);
    CHECK(cause_after(cancelled, interrupted) == StopCause::cancelled);
    CHECK(cause_after(lost, cancelled, interrupted) == StopCause::lost);
}

TEST_CASE("active runs: a heartbeat's answer about an unknown run is no news") {
    ActiveRuns runs;
    const ActiveRun& run = runs.add_taken(claimed());
    runs.apply({{.run = claim_ref(claimed()), .lost = true}});
    CHECK_FALSE(runs.any_to_stop());
    runs.fire();
    CHECK_FALSE(run.stop.stop_requested());
}

TEST_CASE("active runs: a callback on a token may use them") {
    ActiveRuns runs;
    ActiveRun& first = runs.add_taken(claimed());
    ActiveRun& second = runs.add_taken(claimed());
    std::size_t seen = 0;
    const std::stop_callback on_lost(first.stop.get_token(), [&] { seen += runs.size(); });
    const std::stop_callback on_interrupted(second.stop.get_token(), [&] { seen += runs.size(); });
    runs.apply({{.run = first.ref(), .lost = true}});
    runs.fire();
    CHECK(seen == 2);
    runs.interrupt_all();
    runs.fire();
    CHECK(seen == 4);
}

// ---- deadlines -----------------------------------------------------------------------------------------------------

namespace {

const SteadyTime start{};

/// A run that has just begun and has so long.
ActiveRun& begun(ActiveRuns& runs, Duration time, Duration grace = 5s) {
    ActiveRun& run = runs.add_taken(claimed());
    runs.begin(run, start, {start + time, StopCause::attempt_timeout, grace});
    return run;
}

} // namespace

TEST_CASE("active runs: a run whose time is up is asked to stop, and given up when its grace is") {
    ActiveRuns runs;
    const ActiveRun& slow = begun(runs, 10s);
    const ActiveRun& slower = begun(runs, 60s);
    CHECK(runs.next_deadline() == start + 10s);
    CHECK(runs.stop_overdue(start + 10s - 1us).empty());
    CHECK_FALSE(slow.stop.stop_requested());
    CHECK(runs.stop_overdue(start + 10s).empty());
    runs.fire();
    CHECK(slow.stop.stop_requested());
    CHECK_FALSE(slower.stop.stop_requested());
    CHECK(runs.next_deadline() == start + 15s);
    CHECK(runs.stop_overdue(start + 15s - 1us).empty());
    const auto given_up = runs.stop_overdue(start + 15s);
    REQUIRE(given_up.size() == 1);
    CHECK(given_up[0].claimed.run.id == slow.ref().id);
    CHECK(given_up[0].cause == StopCause::attempt_timeout);
    CHECK(given_up[0].begun_at == start);
    CHECK(runs.stop_overdue(start + 30s).empty());
    CHECK(runs.next_deadline() == start + 60s);
}

TEST_CASE("active runs: without a grace a run is given up as soon as it is asked to stop") {
    ActiveRuns runs;
    const ActiveRun& run = begun(runs, 10s, 0s);
    CHECK(runs.stop_overdue(start + 10s).size() == 1);
    runs.fire();
    CHECK(run.stop.stop_requested());
}

TEST_CASE("active runs: a handler that returns late was overdue, though nobody had looked") {
    ActiveRuns runs;
    CHECK(runs.end(begun(runs, 10s), start + 10s) == StopCause::attempt_timeout);
    CHECK(runs.end(begun(runs, 10s), start + 10s - 1us) == StopCause::none);
    CHECK(runs.next_deadline() == SteadyTime::max());
}

TEST_CASE("active runs: a run that was given up stays until its handler returns, but its lease is not renewed") {
    ActiveRuns runs;
    ActiveRun& stuck = begun(runs, 10s, 0s);
    const RunRef ref = stuck.ref();
    REQUIRE(runs.stop_overdue(start + 10s).size() == 1);
    CHECK(runs.refs().size() == 1); // until its end is stored
    runs.remove({{.run = ref}});
    CHECK(runs.refs().empty());
    CHECK(runs.size() == 1);
    CHECK(runs.executing() == 1);
    CHECK(runs.executing_rows().size() == 1);
    CHECK_FALSE(runs.end(stuck, start + 20s).has_value());
    CHECK(runs.size() == 0);
    CHECK(runs.executing() == 0);
}

TEST_CASE("active runs: a run that was given up stays until its end is stored, though its handler has returned") {
    ActiveRuns runs;
    ActiveRun& stuck = begun(runs, 10s, 0s);
    const RunRef ref = stuck.ref();
    REQUIRE(runs.stop_overdue(start + 10s).size() == 1);
    CHECK_FALSE(runs.end(stuck, start + 20s).has_value());
    CHECK(runs.refs().size() == 1);
    runs.remove({{.run = ref}});
    CHECK(runs.size() == 0);
}

TEST_CASE("active runs: the key of a run that was given up or lost is held until its handler returns") {
    ActiveRuns runs;
    ClaimedRun claim = claimed();
    claim.run.tenant_id = "acme";
    claim.run.key = "disk";
    ActiveRun& stuck = runs.add_taken(claim);
    runs.begin(stuck, start, {start + 10s, StopCause::attempt_timeout, 5s});
    claim = claimed();
    claim.run.tenant_id = "acme";
    claim.run.job_id = JobId::next({});
    ActiveRun& lost = runs.add_taken(claim);
    static_cast<void>(runs.stop_overdue(start + 10s));
    CHECK(runs.held_keys().empty());
    REQUIRE(runs.stop_overdue(start + 15s).size() == 1);
    CHECK(runs.held_keys() == std::vector<KeyRef>{{"acme", "disk", {}}});
    runs.apply({{.run = lost.ref(), .lost = true}});
    CHECK(runs.held_keys().size() == 2);
    runs.end(stuck, start + 20s);
    CHECK(runs.held_keys() == std::vector<KeyRef>{{"acme", "", claim.run.job_id}});
    runs.end(lost, start + 20s);
    CHECK(runs.held_keys().empty());
}

TEST_CASE("active runs: no key is held by a run beside which others may be executed, or that has not begun") {
    ActiveRuns runs;
    ClaimedRun claim = claimed();
    claim.run.slots = 0;
    const ActiveRun& parallel = runs.add_taken(claim);
    claim = claimed();
    runs.add({claim});
    runs.apply({{.run = parallel.ref(), .lost = true}, {.run = claim_ref(claim), .lost = true}});
    CHECK(runs.held_keys().empty());
}
