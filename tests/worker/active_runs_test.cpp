// SPDX-License-Identifier: MIT
// active_runs_test.cpp - the runs in a worker's hands, and how news about them reach their handlers.
#include "carillon/worker/active_runs.hpp"

#include "support/catch.hpp"

#include <stop_token>
#include <vector>

using namespace carillon;
using detail::ActiveRun;
using detail::ActiveRuns;
using detail::StopCause;

namespace {

ClaimedRun claimed(std::uint64_t fence = 1) {
    ClaimedRun run;
    run.run.id = RunId::next({});
    run.run.fence = fence;
    return run;
}

RunRef ref_of(const ClaimedRun& run) {
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
        CHECK(runs.take()->ref() == ref_of(run));
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
    CHECK(runs.refs() == std::vector<RunRef>{ref_of(run)});
    CHECK(runs.end(active) == StopCause::none);
    CHECK(runs.executing() == 0);
    CHECK(runs.executing_rows().empty());
    CHECK(runs.refs().size() == 1);
    runs.remove({{.run = ref_of(run)}});
    CHECK(runs.size() == 0);
    CHECK(runs.refs().empty());
}

TEST_CASE("active runs: two claims of one run are two runs") {
    ActiveRuns runs;
    const ClaimedRun first = claimed(1);
    ClaimedRun second = first;
    second.run.fence = 2;
    ActiveRun& old = runs.add_taken(first);
    ActiveRun& current = runs.add_taken(second);
    runs.apply({{.run = ref_of(first), .lost = true}});
    CHECK(old.stop.stop_requested());
    CHECK_FALSE(current.stop.stop_requested());
    runs.remove({{.run = ref_of(first)}});
    CHECK(runs.size() == 1);
}

TEST_CASE("active runs: whatever the reason, the token fires, and the strongest reason stays") {
    const auto cause_after = [](auto... news) {
        ActiveRuns runs;
        ActiveRun& run = runs.add_taken(claimed());
        (news(runs, run), ...);
        CHECK(run.stop.stop_requested());
        return runs.end(run);
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
    CHECK(cause_after(interrupted) == StopCause::interrupted);
    CHECK(cause_after(cancelled) == StopCause::cancelled);
    CHECK(cause_after(lost) == StopCause::lost);
    CHECK(cause_after(interrupted, cancelled) == StopCause::cancelled);
    CHECK(cause_after(cancelled, interrupted) == StopCause::cancelled);
    CHECK(cause_after(lost, cancelled, interrupted) == StopCause::lost);
}

TEST_CASE("active runs: a heartbeat's answer about an unknown run is no news") {
    ActiveRuns runs;
    const ActiveRun& run = runs.add_taken(claimed());
    runs.apply({{.run = ref_of(claimed()), .lost = true}});
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
    CHECK(seen == 2);
    runs.interrupt_all();
    CHECK(seen == 4);
}
