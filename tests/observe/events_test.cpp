// SPDX-License-Identifier: MIT
#include "carillon/observe/events.hpp"
#include "carillon/testing/worker_stepper.hpp"

#include "support/catch.hpp"
#include "support/flaky_storage.hpp"
#include "support/stepped.hpp"
#include "support/world.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using support::await;
using support::count_of;
using support::eventually;
using support::FlakyStorage;
using support::Gate;
using support::job_spec;
using support::never_called;
using support::nine;
using support::ref_of;
using support::threw;
using support::World;

namespace {

struct Recorder : Listener {
    void on_event(const std::string& worker, const Event& event) override {
        workers.add(worker);
        events.add(event);
    }

    /// The events of this type, the oldest first.
    template <class T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const Event& event : events.all())
            if (const T* one = std::get_if<T>(&event)) found.push_back(*one);
        return found;
    }
    /// The only one of this type.
    template <class T>
    [[nodiscard]] T one() const {
        const auto found = all<T>();
        REQUIRE(found.size() == 1);
        return found.front();
    }

    support::Log<Event> events;
    support::Log<std::string> workers;
};

/// A stepped worker with handlers for "work", and somebody who listens.
template <Storage StorageT = MemoryStorage>
struct Observed : World<StorageT> {
    Observed() { worker.handle("work", never_called); }

    [[nodiscard]] WorkerOptions observed() {
        WorkerOptions options = this->options();
        options.listeners = {recorder};
        return options;
    }
    void turn_after(Duration time) {
        this->clock->advance(time);
        stepper.turn();
    }
    RunContext& begun() {
        stepper.turn();
        RunContext* run = stepper.begin();
        REQUIRE(run);
        return *run;
    }
    [[nodiscard]] std::vector<std::string> reports() const { return World<StorageT>::reports.all(); }

    std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
    Worker<StorageT> worker{this->scheduler, observed()};
    testing::WorkerStepper<StorageT> stepper{worker};
};

JobSpec spec_with(const std::function<void(Policies&)>& change, const std::string& schedule = "@yearly") {
    JobSpec spec = job_spec("work", schedule);
    change(spec.policies);
    return spec;
}

} // namespace

// ---- runs ----------------------------------------------------------------------------------------------------------

TEST_CASE("events: an occurrence is planned, started and ended, with its lag and its duration") {
    Observed<> world;
    const JobId job = world.create(job_spec("work", "@at 2026-03-02T10:00:00Z"));
    world.clock->advance(1h + 2s);
    RunContext& run = world.begun();
    const RunRef ref = ref_of(run);
    world.clock->advance(3s);
    world.stepper.conclude(ref, {});

    const auto planned = world.recorder->one<RunPlanned>();
    CHECK(planned.scheduled_for == nine + 1h);
    CHECK(planned.not_before == nine + 1h);
    const auto started = world.recorder->one<RunStarted>();
    CHECK(started.lag == 2s);
    const auto ended = world.recorder->one<RunEnded>();
    CHECK(ended.status == JobRunStatus::completed);
    CHECK(ended.reason == RunReason::none);
    CHECK(ended.duration == Duration(3s));
    CHECK(ended.lag == Duration(2s));
    CHECK(ended.error.empty());
    for (const RunInfo& info : {planned.run, started.run, ended.run}) {
        CHECK(info.id == ref.id);
        CHECK(info.job_id == job);
        CHECK(info.tenant_id == "acme");
        CHECK(info.action_type == "work");
    }
    CHECK(planned.run.attempt == 0);
    CHECK(started.run.attempt == 1);
    CHECK(ended.run.attempt == 1);
    const auto halted = world.recorder->one<JobHalted>(); // it had one occurrence
    CHECK(halted.job_id == job);
    CHECK(halted.status == JobStatus::completed);
    for (const std::string& name : world.recorder->workers.all())
        CHECK(name == "w");
    CHECK(world.reports().empty()); // nothing that an operator should know
}

TEST_CASE("events: occurrences that are skipped are told with their reason") {
    Observed<> world;
    const JobId job = world.create(job_spec("work", "0 * * * *"));
    world.turn_after(3h + 30min); // 10:00 and 11:00 have been missed, 12:00 runs for them
    const auto skipped = world.recorder->one<OccurrencesSkipped>();
    CHECK(skipped.job_id == job);
    CHECK(skipped.reason == RunReason::misfired);
    CHECK(skipped.first == nine + 1h);
    CHECK(skipped.last == nine + 2h);
    CHECK(skipped.occurrences == 2);
    CHECK_FALSE(skipped.count_is_minimum);
    CHECK(world.recorder->one<RunPlanned>().scheduled_for == nine + 3h);
}

TEST_CASE("events: a run that goes back to pending is retried, snoozed or released") {
    Observed<> world;
    const JobId job = world.create(
        spec_with([](Policies& policies) { policies.retry = {.max_attempts = 2, .initial = 5s, .jitter = 0}; }));
    const RunId run = world.trigger(job);
    world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
    world.clock->advance(5s);
    HandlerOutcome snoozed;
    snoozed.kind = HandlerOutcome::Kind::snoozed;
    snoozed.snooze = 7s;
    world.stepper.conclude(ref_of(world.begun()), snoozed);
    world.turn_after(7s);
    world.stepper.stop(); // nobody has begun it

    const auto requeued = world.recorder->all<RunRequeued>();
    REQUIRE(requeued.size() == 3);
    CHECK(requeued[0].why == RunRequeued::Why::retry);
    CHECK(requeued[0].not_before == nine + 5s);
    CHECK(requeued[0].error == "no luck");
    CHECK(requeued[0].run.attempt == 1);
    CHECK(requeued[1].why == RunRequeued::Why::snoozed);
    CHECK(requeued[1].not_before == nine + 12s);
    CHECK(requeued[1].run.attempt == 2);
    CHECK(requeued[2].why == RunRequeued::Why::released);
    CHECK_FALSE(requeued[2].duration);
    CHECK(requeued[2].run.id == run);
    CHECK(world.recorder->all<RunEnded>().empty());
    CHECK(world.recorder->all<RunStarted>().size() == 2);
    CHECK(world.recorder->all<RunStarted>()[1].lag == 0s); // it waited for its retry, not for a worker
}

TEST_CASE("events: a run whose next attempt would come too late has ended") {
    Observed<> world;
    const JobId job = world.create(spec_with([](Policies& policies) {
        policies.retry = {.max_attempts = 2, .initial = 10min, .jitter = 0};
        policies.timeout.total = 5min;
    }));
    const RunId run = world.trigger(job);
    world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
    REQUIRE(world.run(run).status == JobRunStatus::timed_out);
    const auto ended = world.recorder->one<RunEnded>();
    CHECK(ended.status == JobRunStatus::timed_out);
    CHECK(ended.reason == RunReason::total_timeout);
    CHECK(ended.error == "no luck");
    CHECK(world.recorder->all<RunRequeued>().empty());
}

TEST_CASE("events: a run is abandoned, lost to its first worker, and its result refused") {
    Observed<> world;
    WorkerOptions options = world.options("other");
    const auto others = std::make_shared<Recorder>();
    options.listeners = {others};
    Worker<> other(world.scheduler, options);
    other.handle("work", never_called);
    testing::WorkerStepper<> other_stepper(other);
    const RunId id = world.trigger(world.create(spec_with([](Policies& policies) { policies.max_abandons = 1; })));
    RunContext& run = world.begun();
    world.clock->advance(31s); // it has frozen
    other_stepper.turn();
    world.stepper.turn();
    CHECK(run.stop_requested());
    world.stepper.conclude(ref_of(run), {});

    const auto abandoned = others->one<RunAbandoned>();
    CHECK(abandoned.run.id == id);
    CHECK(abandoned.status == JobRunStatus::failed);
    CHECK(abandoned.abandons == 1);
    const auto ended = others->one<RunEnded>();
    CHECK(ended.reason == RunReason::abandoned);
    CHECK_FALSE(ended.duration);
    CHECK_FALSE(ended.lag);
    CHECK(world.recorder->one<StopRequested>().cause == StopCause::lost);
    const auto refused = world.recorder->one<ResultRefused>();
    CHECK(refused.run.id == id);
    CHECK(refused.run.action_type == "work");
    CHECK(refused.status == JobRunStatus::completed);
    CHECK(world.recorder->all<RunEnded>().empty());
    CHECK(world.reports() ==
          std::vector<std::string>{"run " + id.str() + " was abandoned and is now failed",
                                   "the result of run " + id.str() + " was refused: its lease was lost"});
}

TEST_CASE("events: a handler that does not heed its timeout is stuck, until it returns") {
    Observed<> world;
    const RunId id = world.trigger(
        world.create(spec_with([](Policies& policies) { policies.timeout = {.attempt = 10s, .grace = 5s}; })));
    const RunRef run = ref_of(world.begun());
    world.turn_after(10s);
    CHECK(world.recorder->one<StopRequested>().cause == StopCause::attempt_timeout);
    world.turn_after(5s);
    CHECK(world.recorder->one<HandlerStuck>().running_for == 15s);
    const auto ended = world.recorder->one<RunEnded>();
    CHECK(ended.status == JobRunStatus::timed_out);
    CHECK(ended.reason == RunReason::attempt_timeout);
    CHECK(ended.duration == Duration(15s));
    CHECK(world.recorder->all<StuckHandlerReturned>().empty());
    world.clock->advance(1min);
    world.stepper.conclude(run, {});
    const auto returned = world.recorder->one<StuckHandlerReturned>();
    CHECK(returned.run.id == id);
    CHECK(returned.duration == 75s);
    CHECK(world.recorder->all<StopRequested>().size() == 1);
}

TEST_CASE("events: a run is asked to stop since its whole time is up, or since its worker stops") {
    Observed<> world;
    world.trigger(world.create(spec_with([](Policies& policies) { policies.timeout.total = 10s; })));
    world.begun();
    world.turn_after(10s);
    CHECK(world.recorder->one<StopRequested>().cause == StopCause::total_timeout);

    const RunId other = world.trigger(world.create(job_spec("work")));
    world.begun();
    world.stepper.stop();
    const auto stopped = world.recorder->all<StopRequested>();
    REQUIRE(stopped.size() == 2); // the first has a stronger cause already
    CHECK(stopped[1].cause == StopCause::interrupted);
    CHECK(stopped[1].run.id == other);
}

TEST_CASE("events: a cancelled run is asked to stop once, however often heartbeats say so") {
    Observed<> world;
    const RunId id = world.trigger(world.create(job_spec("work")));
    const RunRef run = ref_of(world.begun());
    REQUIRE(world.scheduler.cancel_run(id, "acme"));
    world.turn_after(0s);
    world.turn_after(10s);
    CHECK(world.recorder->one<StopRequested>().cause == StopCause::cancelled);
    world.stepper.conclude(run, threw("stopped"));
    CHECK(world.recorder->one<RunEnded>().status == JobRunStatus::cancelled);
}

TEST_CASE("events: a run that expires while it waits ends without a handler") {
    Observed<> world;
    JobSpec spec = spec_with([](Policies& policies) { policies.timeout.total = 5s; });
    spec.action = {{"type", "nobody"}};
    world.trigger(world.create(spec));
    world.turn_after(10s);
    const auto ended = world.recorder->one<RunEnded>();
    CHECK(ended.status == JobRunStatus::timed_out);
    CHECK(ended.reason == RunReason::total_timeout);
    CHECK_FALSE(ended.duration);
}

TEST_CASE("events: a pending run that a claim finds expired, or that skips a busy key, has ended") {
    Observed<> world;
    JobSpec expiring = spec_with([](Policies& policies) {
        policies.retry = {.max_attempts = 2, .initial = 5s, .jitter = 0};
        policies.timeout.total = 10s;
        policies.pause_after_failures = 1;
    });
    const JobId job = world.create(expiring);
    const RunId expired = world.trigger(job);
    world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
    world.clock->advance(10s); // the claim is before the house-keeping that would end it
    world.stepper.turn();

    const auto ended = world.recorder->one<RunEnded>();
    CHECK(ended.run.id == expired);
    CHECK(ended.status == JobRunStatus::timed_out);
    CHECK(ended.reason == RunReason::total_timeout);
    CHECK(ended.error == "no luck");
    CHECK_FALSE(ended.duration);
    CHECK(world.recorder->one<JobHalted>().status == JobStatus::paused); // it had an attempt, and that has failed
}

TEST_CASE("events: a run that finds its key busy at the claim has ended as skipped") {
    Observed<> world;
    const JobId busy = world.create(job_spec("work"));
    const RunId blocker = world.trigger(busy);
    world.begun();
    // Another node has planned it before it could know.
    const auto write = world.storage->modify_job("acme", busy, [&](const JobView& job, const KeyState&) {
        JobChange change;
        change.at = nine;
        KeyState free; // as it was then
        change.runs.push_back(
            make_run(job.definition, RunTrigger::manual, nine, nine, {.skip_when_busy = true}, free, nine));
        return change;
    });
    const RunId skipped = write.value().runs.front().id;
    world.stepper.turn();
    const auto ended = world.recorder->one<RunEnded>();
    CHECK(ended.run.id == skipped);
    CHECK(ended.status == JobRunStatus::skipped);
    CHECK(ended.reason == RunReason::overlapped);
    CHECK(world.run(skipped).blocked_by == blocker);
}

TEST_CASE("events: a plan that cancels what waits tells its end") {
    Observed<> world;
    JobSpec spec =
        spec_with([](Policies& policies) { policies.overlap.policy = OverlapPolicy::cancel_previous; }, "0 * * * *");
    spec.action = {{"type", "nobody"}}; // it stays pending
    const JobId job = world.create(spec);
    const RunId waiting = world.trigger(job);
    world.turn_after(1h);
    const auto ended = world.recorder->one<RunEnded>();
    CHECK(ended.run.id == waiting);
    CHECK(ended.status == JobRunStatus::cancelled);
    CHECK(ended.reason == RunReason::cancel_previous);
    CHECK(world.recorder->one<RunPlanned>().run.job_id == job);
}

TEST_CASE("events: what poll() finds expired is told as well") {
    World<> world;
    WorkerOptions options = world.options();
    const auto recorder = std::make_shared<Recorder>();
    options.listeners = {recorder};
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    CHECK(worker.poll() == 0); // and the house is kept
    const RunId run = world.trigger(world.create(spec_with([](Policies& policies) { policies.timeout.total = 5s; })));
    world.clock->advance(5s);
    CHECK(worker.poll() == 0);
    CHECK(recorder->one<RunEnded>().run.id == run);
}

TEST_CASE("events: a run that was asked to stop has ended, whatever its handler made of it") {
    struct Row {
        const char* name;
        HandlerOutcome outcome;
    };
    HandlerOutcome snoozed;
    snoozed.kind = HandlerOutcome::Kind::snoozed;
    snoozed.snooze = 1min;
    for (const Row& row : {Row{"it throws", threw("no luck")}, Row{"it snoozes", snoozed}}) {
        INFO(row.name);
        Observed<> world;
        const RunId id = world.trigger(
            world.create(spec_with([](Policies& policies) { policies.retry = {.max_attempts = 2, .jitter = 0}; })));
        const RunRef run = ref_of(world.begun());
        REQUIRE(world.scheduler.cancel_run(id, "acme")); // by its own handler: no heartbeat has told this worker yet
        world.stepper.conclude(run, row.outcome);
        REQUIRE(world.run(id).status == JobRunStatus::cancelled);
        const auto ended = world.recorder->one<RunEnded>();
        CHECK(ended.status == JobRunStatus::cancelled);
        CHECK(ended.reason == RunReason::requested);
        CHECK(ended.lag == Duration(0s));
        CHECK(world.recorder->all<RunRequeued>().empty());
    }
}

// ---- jobs and the worker -------------------------------------------------------------------------------------------

TEST_CASE("events: a job is paused when it has failed too often, and that is reported") {
    Observed<> world;
    const JobId job = world.create(spec_with([](Policies& policies) { policies.pause_after_failures = 1; }));
    world.trigger(job);
    world.stepper.conclude(ref_of(world.begun()), threw("no luck"));
    const auto halted = world.recorder->one<JobHalted>();
    CHECK(halted.job_id == job);
    CHECK(halted.tenant_id == "acme");
    CHECK(halted.status == JobStatus::paused);
    REQUIRE(world.reports().size() == 1);
    CHECK(world.reports()[0] == "job " + job.str() + " is now paused: " + halted.reason);
    CHECK_FALSE(halted.reason.empty());
}

TEST_CASE("events: a job is disabled when its schedule could not be evaluated five times") {
    Observed<> world;
    const JobId job = world.create(job_spec("work", "0 * * * *"));
    world.storage->modify_job("acme", job, [](const JobView& view, const KeyState&) {
        auto broken = std::make_shared<JobDefinition>(view.definition); // a later version may have written that
        broken->schedule = "every blue moon";
        JobChange change;
        change.at = nine;
        change.definition = std::move(broken);
        return change;
    });
    world.turn_after(1h);
    for (int minutes = 0; minutes < 4; ++minutes) {
        CHECK(world.recorder->all<JobHalted>().empty());
        world.turn_after(1min);
    }
    const auto halted = world.recorder->one<JobHalted>();
    CHECK(halted.job_id == job);
    CHECK(halted.status == JobStatus::disabled);
    CHECK(world.job(job).status_reason.find(halted.reason) != std::string::npos);
    CHECK_FALSE(halted.reason.empty());
}

namespace {

/// As a database that has to try again.
struct AsksTwice : MemoryStorage {
    using MemoryStorage::MemoryStorage;
    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) {
        return MemoryStorage::materialise(now, limit, [&](const JobView& job, const KeyState& key) {
            static_cast<void>(change(job, key));
            return change(job, key);
        });
    }
};

} // namespace

TEST_CASE("events: what a storage asks twice is told once, as it was written") {
    Observed<AsksTwice> world;
    const JobId job = world.create(job_spec("work", "0 * * * *"));
    world.turn_after(2h + 30min);
    const auto runs = world.runs(job);
    REQUIRE(runs.size() == 2); // one has been missed
    CHECK(world.recorder->one<OccurrencesSkipped>().first == runs[0].scheduled_for);
    CHECK(world.recorder->one<RunPlanned>().run.id == runs[1].id);
}

TEST_CASE("events: an action type without a handler is told once, and reported") {
    Observed<> world;
    world.create(job_spec("other", "0 * * * *"));
    world.turn_after(1h);
    world.turn_after(1h);
    CHECK(world.recorder->one<UnknownActionType>().action_type == "other");
    CHECK(world.reports() ==
          std::vector<std::string>{
              "no handler for action type \"other\" here: its runs stay pending for a worker that has one"});
}

TEST_CASE("events: the wall clock is set") {
    Observed<> world;
    world.stepper.turn();
    world.clock->set_wall(nine + 1h);
    world.stepper.turn();
    const auto step = world.recorder->one<ClockStep>();
    CHECK(step.kind == ClockStep::Kind::forward);
    CHECK(step.by == 1h);
    CHECK(count_of(static_cast<World<>&>(world).reports, "the wall clock was set forward by 1h") == 1);
}

TEST_CASE("events: the storage fails and works again") {
    Observed<FlakyStorage> world;
    world.stepper.turn();
    world.storage->claim_fails = true;
    world.turn_after(1s);
    world.turn_after(1s);
    world.storage->claim_fails = false;
    world.turn_after(3s);
    world.turn_after(1s);
    const auto failed = world.recorder->all<StorageFailed>();
    REQUIRE(failed.size() == 2);
    CHECK(failed[0].while_doing == StorageFailed::While::working);
    CHECK(failed[0].error == "claim failed");
    const auto recovered = world.recorder->one<StorageRecovered>();
    CHECK(recovered.failures == 2);
    CHECK(recovered.after == 4s);
    CHECK(world.reports() == std::vector<std::string>{"the storage failed, trying again in a second: claim failed",
                                                      "the storage failed, trying again in a second: claim failed",
                                                      "the storage works again, after 2 failures in 4s"});
}

TEST_CASE("events: the storage fails while a job is to be paused, and with the last results") {
    World<FlakyStorage> world;
    WorkerOptions options = world.options();
    const auto recorder = std::make_shared<Recorder>();
    options.listeners = {recorder};
    auto worker = std::make_unique<Worker<FlakyStorage>>(world.scheduler, options);
    worker->handle("work", [](RunContext&) { throw std::runtime_error("no luck"); });
    const JobId job = world.create(spec_with([](Policies& policies) { policies.pause_after_failures = 1; }));
    world.trigger(job);
    world.storage->modify_job_fails = true;
    worker->poll();
    CHECK(recorder->one<StorageFailed>().while_doing == StorageFailed::While::pausing);
    CHECK(recorder->one<StorageFailed>().job_id == job);

    world.storage->modify_job_fails = false;
    world.storage->finish_fails = true;
    world.trigger(world.create(job_spec("work")));
    worker->poll();
    worker->stop(0s, 0s);
    worker.reset();
    std::vector<StorageFailed::While> doing;
    for (const StorageFailed& failed : recorder->all<StorageFailed>())
        doing.push_back(failed.while_doing);
    using While = StorageFailed::While;
    CHECK(doing == std::vector<While>{While::pausing, While::finishing, While::stopping, While::destroying});
}

TEST_CASE("events: an executor that throws is told of") {
    World<> world;
    WorkerOptions options = world.options();
    const auto recorder = std::make_shared<Recorder>();
    options.listeners = {recorder};
    options.executor = [](const std::function<void()>&) {
        throw std::runtime_error("the queue is full");
    };
    Worker<> worker(world.scheduler, options);
    worker.handle("work", never_called);
    testing::WorkerStepper<> stepper(worker);
    world.trigger(world.create(job_spec("work")));
    stepper.turn();
    CHECK(recorder->one<ExecutorFailed>().error == "the queue is full");
}

TEST_CASE("events: a destructor says for whom it waits", "[concurrent]") {
    World<> world;
    Gate gate;
    WorkerOptions options = world.options();
    const auto recorder = std::make_shared<Recorder>();
    options.listeners = {recorder};
    auto worker = std::make_unique<Worker<>>(world.scheduler, options);
    worker->handle("work", [&](RunContext&) { gate.pass(); });
    worker->start();
    const RunId run = world.trigger(world.create(job_spec("work")));
    REQUIRE(gate.has_seen(1));
    std::thread end([&] { worker.reset(); });
    for (std::size_t times = 1; times <= 2; ++times) {
        REQUIRE(world.sleeping(1, 1));
        world.clock->advance(10s);
        REQUIRE(eventually([&] { return recorder->all<WaitingForHandler>().size() == times; }));
    }
    gate.open();
    end.join();
    for (const WaitingForHandler& waiting : recorder->all<WaitingForHandler>())
        CHECK(waiting.run.id == run);
}

TEST_CASE("events: of a failure that poll() has thrown nobody is told, nor that it is over") {
    World<FlakyStorage> world;
    WorkerOptions options = world.options();
    const auto recorder = std::make_shared<Recorder>();
    options.listeners = {recorder};
    Worker<FlakyStorage> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    world.storage->claim_fails = true;
    CHECK_THROWS(worker.poll());
    CHECK(worker.health().storage_error == "claim failed");
    world.storage->claim_fails = false;
    worker.poll();
    CHECK(worker.health().storage_error.empty());
    CHECK(recorder->all<StorageFailed>().empty());
    CHECK(recorder->all<StorageRecovered>().empty());

    world.storage->finish_fails = true; // of this poll() says nothing to its caller
    world.trigger(world.create(job_spec("work")));
    worker.poll();
    CHECK_THROWS(worker.poll());
    world.storage->finish_fails = false;
    worker.poll();
    CHECK(recorder->one<StorageFailed>().while_doing == StorageFailed::While::finishing);
    CHECK(recorder->one<StorageRecovered>().failures == 1);
}

TEST_CASE("events: a run that has ended well is not told that its lease is lost") {
    Observed<FlakyStorage> world;
    world.trigger(world.create(job_spec("work")));
    const RunRef run = ref_of(world.begun());
    world.storage->after_finish = [&] {
        world.turn_after(10s); // the other thread, which renews leases
    };
    world.stepper.conclude(run, {});
    CHECK(world.recorder->one<RunEnded>().status == JobRunStatus::completed);
    CHECK(world.recorder->all<StopRequested>().empty());
}

TEST_CASE("events: what retention deletes is counted") {
    Observed<> world;
    world.trigger(world.create(job_spec("work")));
    world.stepper.conclude(ref_of(world.begun()), {});
    world.turn_after(24h * 31);
    world.turn_after(2min); // the clock has proved itself
    world.turn_after(24h * 31);
    CHECK_FALSE(world.recorder->all<Purged>().empty());
}

// ---- listeners -----------------------------------------------------------------------------------------------------

namespace {

struct Thrower : Listener {
    void on_event(const std::string&, const Event&) override { throw std::runtime_error("no luck"); }
};

} // namespace

TEST_CASE("listeners: one that throws harms nobody, and the others and the report are told") {
    World<> world;
    WorkerOptions options = world.options();
    const auto recorder = std::make_shared<Recorder>();
    options.listeners = {std::make_shared<Thrower>(), recorder};
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    const RunId run = world.trigger(world.create(job_spec("work")));
    CHECK(worker.poll() == 1);
    CHECK(world.run(run).status == JobRunStatus::completed);
    CHECK(recorder->all<RunStarted>().size() == 1);
    CHECK(recorder->all<RunEnded>().size() == 1);
    const auto failures = recorder->all<ListenerFailed>();
    REQUIRE(failures.size() == 2);
    CHECK(failures[0].error == "no luck");
    CHECK(failures[1].count == 2);
    CHECK(world.reports.all() == std::vector<std::string>{"a listener threw: no luck"}); // once
}

namespace {

/// Asks everything whenever it is told something, on another thread: a lock that is held would show.
struct Busybody : Listener {
    void on_event(const std::string&, const Event& event) override {
        std::thread([&] {
            const Worker<>* at = worker;
            if (!at) return;
            active = at->active();
            static_cast<void>(at->next_due());
            static_cast<void>(scheduler->count_jobs("acme"));
        }).join();
        ++told;
        if (worker && stop_at_end && std::holds_alternative<RunEnded>(event)) worker.load()->stop();
    }

    SchedulerFacade<>* scheduler = nullptr;
    std::atomic<Worker<>*> worker = nullptr;
    std::atomic<std::size_t> active = 0;
    std::atomic<std::size_t> told = 0;
    std::atomic<bool> stop_at_end = false;
};

} // namespace

TEST_CASE("listeners: they are called without a lock, and may stop the worker", "[concurrent]") {
    World<> world;
    const auto busybody = std::make_shared<Busybody>();
    busybody->scheduler = &world.scheduler;
    WorkerOptions options = world.options();
    options.listeners = {busybody};
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    busybody->worker = &worker;
    worker.start();
    const RunId first = world.trigger(world.create(job_spec("work")));
    REQUIRE(world.reaches(first, JobRunStatus::completed));
    worker.stop(); // tells that it has stopped
    CHECK(busybody->told >= 4);
    busybody->stop_at_end = true;
    worker.start();
    const RunId second = world.trigger(world.create(job_spec("work")));
    REQUIRE(world.reaches(second, JobRunStatus::completed));
    worker.stop();
    CHECK(busybody->active == 0);
    busybody->worker = nullptr;
}

TEST_CASE("listeners: a blocked one delays its thread, and neither the other results nor the leases", "[concurrent]") {
    struct Blocker : Listener {
        void on_event(const std::string&, const Event& event) override {
            if (std::holds_alternative<RunEnded>(event) && !blocked.exchange(true)) gate.pass();
        }
        std::atomic<bool> blocked = false;
        Gate gate;
    };
    World<> world;
    const auto blocker = std::make_shared<Blocker>();
    WorkerOptions options = world.options();
    options.listeners = {blocker};
    Worker<> worker(world.scheduler, options);
    worker.handle("work", [](RunContext&) {});
    worker.start();
    const RunId first = world.trigger(world.create(job_spec("work")));
    REQUIRE(blocker->gate.has_seen(1));
    CHECK(world.run(first).status == JobRunStatus::completed);
    const RunId second = world.trigger(world.create(job_spec("work")));
    CHECK(world.reaches(second, JobRunStatus::completed));

    Gate patience;
    worker.handle("patient", [&](RunContext&) { patience.pass(); });
    const RunId third = world.trigger(world.create(job_spec("patient")));
    REQUIRE(patience.has_seen(1));
    Worker<> other(world.scheduler, world.options("other"));
    other.handle("patient", never_called);
    for (int times = 0; times < 12; ++times) {
        REQUIRE(world.sleeping(1)); // the loop and those who see to leases: a thread of the pool is blocked
        world.clock->advance(10s);
        CHECK(other.poll() == 0);
    }
    CHECK(world.run(third).status == JobRunStatus::running);
    CHECK(world.run(third).fence == 1);
    patience.open();
    blocker->gate.open();
    CHECK(world.reaches(third, JobRunStatus::completed));
    worker.stop();
}

TEST_CASE("listeners: two workers tell one listener everything, from many threads", "[concurrent]") {
    World<> world;
    const auto recorder = std::make_shared<Recorder>();
    const auto options = [&](const std::string& name) {
        WorkerOptions made = world.options(name, 2);
        made.listeners = {recorder};
        return made;
    };
    Worker<> one(world.scheduler, options("one"));
    Worker<> two(world.scheduler, options("two"));
    constexpr std::size_t runs = 200;
    const JobId job = world.create(support::parallel_spec("work"));
    for (Worker<>* worker : {&one, &two})
        worker->handle("work", [](RunContext&) {});
    for (std::size_t i = 0; i < runs; ++i)
        world.trigger(job);
    one.start();
    two.start();
    REQUIRE(eventually([&] { return recorder->all<RunEnded>().size() == runs; }));
    one.stop();
    two.stop();
    std::set<RunId> started;
    std::set<RunId> ended;
    for (const RunStarted& event : recorder->all<RunStarted>())
        started.insert(event.run.id);
    for (const RunEnded& event : recorder->all<RunEnded>())
        ended.insert(event.run.id);
    CHECK(recorder->all<RunStarted>().size() == runs);
    CHECK(started.size() == runs);
    CHECK(ended.size() == runs);
    CHECK(recorder->all<WorkerStarted>().size() == 2);
    CHECK(recorder->all<WorkerStopped>().size() == 2);
}
