// SPDX-License-Identifier: MIT
// asio.hpp - Carillon in a host that lives on Asio: handlers run on its executors, and verbs can be awaited.
//
//     asio::io_context io;
//     carillon::Worker<> worker{scheduler, {.executor = carillon::asio_executor(io.get_executor())}};
//     carillon::AsyncFacade facade{scheduler, io.get_executor()};
//     ...
//     const auto job = co_await facade.create_job("acme", spec, asio::use_awaitable);
//
// A started worker keeps two threads of its own, one that plans and claims and one that renews leases; neither calls a
// handler. A host that wants no thread at all calls Worker::poll from a timer, for example every second, with a budget.
//
// Link carillon::asio. Needs standalone Asio 1.18 or later on the include path (Debian: libasio-dev).
#pragma once

#include "carillon/scheduler_facade.hpp"
#include "carillon/worker/executor.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon {

/// For WorkerOptions::executor: handlers are called by whoever runs `where`, and block it until they return: on an
/// io_context with one thread they need no locks, and nothing else happens meanwhile. Between two of them everything
/// else that is posted there has its turn, however many runs are due. Does not keep an io_context running that has
/// nothing else to do: hold a work guard for that. Runs that it does not begin within a second, since it has been
/// stopped, say, go back for other workers.
[[nodiscard]] inline Executor asio_executor(asio::any_io_executor where) {
    return [where = std::move(where)](std::function<void()> task) {
        asio::post(where, std::move(task));
    };
}

/// The verbs of a SchedulerFacade as asynchronous operations: its arguments, all of them, then a completion token
/// (asio::use_awaitable, asio::use_future, a callback, ...). An operation completes with an exception, for what the
/// verb throws, or with the verb's result, on the executor of its token; that executor counts it as work. It cannot be
/// cancelled: cancellation slots are ignored, since a verb that has begun is atomic and soon over.
///
/// Thread-safe. The scheduler outlives all operations.
template <Storage StorageT = MemoryStorage>
class AsyncFacade {
public:
    /// Verbs are called by whoever runs `where`, and block it for as long as the storage takes: in memory an
    /// io_context will do, for a database have an asio::thread_pool.
    AsyncFacade(SchedulerFacade<StorageT>& scheduler, asio::any_io_executor where)
        : scheduler_(&scheduler)
        , where_(std::move(where)) {}

    /// What `verb` does with the scheduler, several verbs perhaps, as one operation; in one transaction they are not.
    /// Its result must be default constructible, and not void.
    template <class Verb, class Token>
    auto call(Verb verb, Token&& token) {
        using Result = std::decay_t<std::invoke_result_t<Verb&, SchedulerFacade<StorageT>&>>;
        const auto begin =
            [](auto handler, SchedulerFacade<StorageT>* scheduler, asio::any_io_executor where, Verb ask) {
                auto work = asio::make_work_guard(asio::get_associated_executor(handler, where));
                auto task =
                    [handler = std::move(handler), work = std::move(work), scheduler, ask = std::move(ask)]() mutable {
                        std::exception_ptr error;
                        Result result{};
                        try {
                            result = ask(*scheduler);
                        } catch (...) {
                            error = std::current_exception();
                        }
                        asio::dispatch(work.get_executor(),
                                       [handler = std::move(handler), error, result = std::move(result)]() mutable {
                                           std::move(handler)(error, std::move(result));
                                       });
                    };
                asio::post(where, std::move(task));
            };
        return asio::async_initiate<Token, void(std::exception_ptr, Result)>(
            begin, token, scheduler_, where_, std::move(verb));
    }

    // ---- jobs

    template <class Token>
    auto create_job(Caller caller, JobSpec spec, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.create_job(with...); },
                   std::forward<Token>(token),
                   std::move(caller),
                   std::move(spec));
    }
    template <class Token>
    auto create_jobs(Caller caller, std::vector<JobSpec> specs, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.create_jobs(with...); },
                   std::forward<Token>(token),
                   std::move(caller),
                   std::move(specs));
    }
    template <class Token>
    auto put_job(Caller caller, std::string key, JobSpec spec, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.put_job(with...); },
                   std::forward<Token>(token),
                   std::move(caller),
                   std::move(key),
                   std::move(spec));
    }
    template <class Token>
    auto get_job(JobId id, Caller caller, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.get_job(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller));
    }
    template <class Token>
    auto list_jobs(Caller caller, JobQuery query, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.list_jobs(with...); },
                   std::forward<Token>(token),
                   std::move(caller),
                   std::move(query));
    }
    template <class Token>
    auto count_jobs(Caller caller, std::optional<JobStatus> status, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.count_jobs(with...); },
                   std::forward<Token>(token),
                   std::move(caller),
                   status);
    }
    template <class Token>
    auto
    update_job(JobId id, Caller caller, JobPatch patch, std::optional<std::uint64_t> expected_revision, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.update_job(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller),
                   std::move(patch),
                   expected_revision);
    }
    template <class Token>
    auto delete_job(JobId id, Caller caller, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.delete_job(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller));
    }
    template <class Token>
    auto pause_job(JobId id, Caller caller, ReasonOptions options, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.pause_job(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller),
                   std::move(options));
    }
    template <class Token>
    auto resume_job(JobId id, Caller caller, ReasonOptions options, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.resume_job(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller),
                   std::move(options));
    }

    // ---- runs

    template <class Token>
    auto trigger_job(JobId id, Caller caller, TriggerOptions options, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.trigger_job(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller),
                   std::move(options));
    }
    template <class Token>
    auto list_runs(JobId id, Caller caller, RunQuery query, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.list_runs(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller),
                   query);
    }
    template <class Token>
    auto get_run(RunId id, Caller caller, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.get_run(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller));
    }
    template <class Token>
    auto cancel_run(RunId id, Caller caller, ReasonOptions options, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.cancel_run(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller),
                   std::move(options));
    }
    template <class Token>
    auto retry_run(RunId id, Caller caller, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.retry_run(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller));
    }

    // ---- looking around; for other questions see call()

    template <class Token>
    auto list_audit(Caller caller, AuditQuery query, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.list_audit(with...); },
                   std::forward<Token>(token),
                   std::move(caller),
                   std::move(query));
    }
    template <class Token>
    auto upcoming(JobId id, Caller caller, std::size_t count, Token&& token) {
        return ask([](auto& scheduler, auto&... with) { return scheduler.upcoming(with...); },
                   std::forward<Token>(token),
                   id,
                   std::move(caller),
                   count);
    }

private:
    template <class Verb, class Token, class... Arguments>
    auto ask(Verb verb, Token&& token, Arguments... arguments) {
        return call(
            [verb, kept = std::make_tuple(std::move(arguments)...)](auto& scheduler) {
                return std::apply([&](const auto&... with) { return verb(scheduler, with...); }, kept);
            },
            std::forward<Token>(token));
    }

    SchedulerFacade<StorageT>* scheduler_;
    asio::any_io_executor where_;
};

} // namespace carillon
