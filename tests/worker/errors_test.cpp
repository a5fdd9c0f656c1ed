// SPDX-License-Identifier: MIT
// worker/errors_test.cpp - what a worker refuses: the code, the field and the words, and that it goes on as before.
// docs/errors.md quotes its messages from here.
#include "carillon/worker/worker.hpp"

#include "support/catch.hpp"
#include "support/world.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

using namespace carillon;
using namespace std::chrono_literals;
using support::job_spec;
using support::World;

namespace {

struct Answer {
    Errc code;
    std::string field;
    std::string message;
};

void check(const std::function<void()>& call, const Answer& answer) {
    INFO(answer.message);
    std::optional<Error> error;
    try {
        call();
    } catch (const Error& caught) {
        error = caught;
    }
    REQUIRE(error);
    CHECK(std::string(to_string(error->code())) == std::string(to_string(answer.code)));
    CHECK(error->field() == answer.field);
    CHECK(error->what() == answer.message);
}

} // namespace

TEST_CASE("worker: options that make no sense are refused") {
    World<> world;
    const auto refuses = [&](const WorkerOptions& options, const Answer& answer) {
        check([&] { const Worker<> worker(world.scheduler, options); }, answer);
    };
    refuses({.threads = 0}, {Errc::out_of_range, "threads", "threads: expected 1 to 1024, saw 0"});
    refuses({.threads = 1'025}, {Errc::out_of_range, "threads", "threads: expected 1 to 1024, saw 1025"});
    refuses({.name = "caf\xe9"}, {Errc::invalid_utf8, "name", "name: expected UTF-8, saw something else at byte 4"});
    refuses({.name = std::string(257, 'x')}, {Errc::too_large, "name", "name: expected at most 256 bytes, saw 257"});
    refuses({.lease = 999us}, {Errc::out_of_range, "lease", "lease: expected 1 ms to 24 h, saw 999us"});
    refuses({.lease = 24h + 1us}, {Errc::out_of_range, "lease", "lease: expected 1 ms to 24 h, saw 24h0.000001s"});
    refuses({.heartbeat = 0s},
            {Errc::out_of_range, "heartbeat", "heartbeat: expected more than 0 and at most the lease, saw 0s"});
    refuses({.lease = 5s},
            {Errc::out_of_range, "heartbeat", "heartbeat: expected more than 0 and at most the lease, saw 10s"});
    refuses({.listeners = {nullptr}}, {Errc::required, "listeners", "listeners: must not be null"});
    refuses({.poll_lease = 999us},
            {Errc::out_of_range, "poll_lease", "poll_lease: expected 1 ms to 365 days, saw 999us"});
    refuses({.poll_lease = 24h * 365 + 1us},
            {Errc::out_of_range, "poll_lease", "poll_lease: expected 1 ms to 365 days, saw 8760h0.000001s"});
    refuses({.limits = {.rates = {{"mail", {.starts = 5, .per = 0s}}}}},
            {Errc::out_of_range, "limits.rates", "limits.rates: expected 1 ms to 365 days, saw 0s"});

    const Worker<> largest(world.scheduler,
                           {.threads = 1'024, .name = std::string(256, 'x'), .lease = 24h, .poll_lease = 24h * 365});
    const Worker<> smallest(world.scheduler, {.threads = 1, .lease = 1ms, .heartbeat = 1us, .poll_lease = 1ms});
}

TEST_CASE("worker: an action type without a proper name is refused, and the others keep their handlers") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    int calls = 0;
    worker.handle("work", [&](RunContext&) { ++calls; });
    const auto handle = [&](const std::string& type) {
        return [&worker, type] {
            worker.handle(type, [](RunContext&) {});
        };
    };
    check(handle(""), {Errc::required, "action_type", "action_type: must not be empty"});
    check(handle(std::string(257, 'x')),
          {Errc::too_large, "action_type", "action_type: expected at most 256 bytes, saw 257"});
    check(handle("wor\xff"),
          {Errc::invalid_utf8, "action_type", "action_type: expected UTF-8, saw something else at byte 4"});
    world.trigger(world.create(job_spec("work")));
    CHECK(worker.poll() == 1);
    CHECK(calls == 1);
}

TEST_CASE("worker: what a started worker does not do is refused, and it goes on", "[concurrent]") {
    World<> world;
    Worker<> worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    worker.start();
    check([&] { worker.start(); }, {Errc::invalid_state, "", "the worker runs already"});
    check([&] { worker.poll(); }, {Errc::invalid_state, "", "poll: the worker has been started; it polls by itself"});
    CHECK(world.reaches(world.trigger(world.create(job_spec("work"))), JobRunStatus::completed));
}

TEST_CASE("worker: who starts it while it is being stopped, from within, is refused", "[concurrent]") {
    struct Restarter : Listener {
        void on_event(const std::string&, const Event& event) override {
            if (!std::holds_alternative<WorkerStopped>(event)) return;
            check([this] { worker.load()->start(); }, {Errc::invalid_state, "", "the worker is being stopped"});
            ++refused;
        }
        std::atomic<Worker<>*> worker = nullptr;
        std::atomic<int> refused = 0;
    };
    World<> world;
    const auto restarter = std::make_shared<Restarter>();
    WorkerOptions options = world.options();
    options.listeners = {restarter};
    Worker<> worker(world.scheduler, options);
    restarter->worker = &worker;
    worker.start();
    worker.stop();
    CHECK(restarter->refused == 1);
}
