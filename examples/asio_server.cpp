// SPDX-License-Identifier: MIT
// asio_server.cpp - a server that lives on one io_context: connections, timers, and now jobs, without a lock between
// them.
#include <carillon/carillon.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <optional>
#include <system_error>

using namespace std::chrono_literals;

namespace {

struct Server {
    asio::io_context io;
    carillon::SchedulerFacade<> scheduler;
    carillon::AsyncFacade<> jobs{scheduler, io.get_executor()};
    std::size_t sessions = 3; // handlers may touch it: they run on the thread that runs `io`
    std::size_t swept = 0;
};

#ifdef ASIO_HAS_CO_AWAIT

/// What a request's coroutine would do: make a job, run it, and wait for its result.
asio::awaitable<void> serve(Server& server) {
    const carillon::JobSpec spec{.name = "sweep", .schedule = "@every 1s", .action = {{"type", "sweep"}}};
    const auto job = co_await server.jobs.create_job("shop", spec, asio::use_awaitable);
    const carillon::TriggerOptions now;
    auto run = co_await server.jobs.trigger_job(job.id, "shop", now, asio::use_awaitable);
    asio::steady_timer timer(server.io);
    while (!carillon::is_terminal(run->status)) {
        timer.expires_after(10ms);
        co_await timer.async_wait(asio::use_awaitable);
        run = co_await server.jobs.get_run(run->id, "shop", asio::use_awaitable);
    }
    std::cout << "swept by hand: " << run->result.json() << " sessions left\n";
}

void begin_serving(Server& server) {
    asio::co_spawn(server.io, serve(server), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
}

#else // this compiler and this Asio have no coroutines in common: a callback does as well

void begin_serving(Server& server) {
    const carillon::JobSpec spec{.name = "sweep", .schedule = "@every 1s", .action = {{"type", "sweep"}}};
    server.jobs.create_job("shop", spec, [](std::exception_ptr error, const carillon::ScheduledJob& job) {
        if (error) std::rethrow_exception(error);
        std::cout << "created: " << job.name << "\n";
    });
}

#endif

} // namespace

int main() {
    Server server;
    carillon::Worker worker{server.scheduler, {.executor = carillon::asio_executor(server.io.get_executor())}};
    worker.handle("sweep", [&](carillon::RunContext&) {
        if (server.sessions > 0) --server.sessions;
        ++server.swept;
        return server.sessions;
    });
    worker.start();
    begin_serving(server);

    asio::steady_timer closing_time(server.io, 3s); // keeps the io_context running, as a server's socket does
    closing_time.async_wait([&](std::error_code) { server.io.stop(); });
    server.io.run();
    worker.stop(0s, 0s);
    std::cout << server.swept << " sweeps, " << server.sessions << " sessions left\n";
    return server.swept >= 2 ? 0 : 1;
}
