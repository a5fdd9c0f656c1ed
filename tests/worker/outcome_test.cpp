// SPDX-License-Identifier: MIT
// outcome_test.cpp - what a call of a handler comes to, and where its run goes then.
#include "carillon/worker/outcome.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

using namespace carillon;
using namespace std::chrono_literals;
using HandlerKind = HandlerOutcome::Kind;

namespace {

const Instant now = parse_rfc3339("2026-03-02T09:00:00Z").value();

HandlerOutcome call(const Handler& handler, DeliveryMode delivery = DeliveryMode::at_least_once) {
    auto job = std::make_shared<JobDefinition>();
    job->policies.delivery = delivery;
    const ClaimedRun claimed{{}, job};
    RunContext context(claimed, {}, [] { return true; });
    return call_handler(handler, context);
}

template <class Thrown>
HandlerOutcome call_and_throw(Thrown thrown) {
    return call([&](RunContext&) -> nlohmann::json { throw thrown; });
}

HandlerOutcome outcome_of(HandlerKind kind, std::string error = "", Duration snooze = {}) {
    return {.kind = kind, .error = std::move(error), .snooze = snooze};
}

JobRun run_at_attempt(std::uint32_t attempt) {
    JobRun run;
    run.attempt = attempt;
    run.not_before = now - 1h;
    return run;
}

Policies policies_with(std::size_t max_attempts, DeliveryMode delivery = DeliveryMode::at_least_once) {
    Policies policies;
    policies.retry.max_attempts = max_attempts;
    policies.delivery = delivery;
    return policies;
}

} // namespace

// ---- call_handler --------------------------------------------------------------------------------------------------

TEST_CASE("outcome: what a handler returns is the result") {
    const HandlerOutcome outcome = call(make_handler([](RunContext&) { return 42; }));
    CHECK(outcome.kind == HandlerKind::returned);
    CHECK(outcome.result.text() == "42");
    CHECK(outcome.error.empty());
    CHECK(call(make_handler([](RunContext&) {})).result.is_null());
}

TEST_CASE("outcome: everything that a handler throws is caught") {
    CHECK(call_and_throw(std::runtime_error("disk full")).kind == HandlerKind::threw);
    CHECK(call_and_throw(std::runtime_error("disk full")).error == "disk full");
    CHECK(call_and_throw(PermanentFailure("gone")).kind == HandlerKind::threw_permanent);
    CHECK(call_and_throw(PermanentFailure("gone")).error == "gone");
    CHECK(call_and_throw(7).kind == HandlerKind::threw);
    CHECK(call_and_throw(7).error == "the handler threw something that is not a std::exception");
    CHECK(call_and_throw(Error(Errc::invalid_state, "no such file")).kind == HandlerKind::threw);
}

TEST_CASE("outcome: a snooze counts where the handler returns, not where it throws") {
    const HandlerOutcome snoozed = call(make_handler([](RunContext& run) { run.snooze(5min); }));
    CHECK(snoozed.kind == HandlerKind::snoozed);
    CHECK(snoozed.snooze == Duration{5min});
    const HandlerOutcome threw = call(make_handler([](RunContext& run) {
        run.snooze(5min);
        throw std::runtime_error("after all");
    }));
    CHECK(threw.kind == HandlerKind::threw);
    const HandlerOutcome refused =
        call(make_handler([](RunContext& run) { run.snooze(5min); }), DeliveryMode::at_most_once);
    CHECK(refused.kind == HandlerKind::threw);
}

TEST_CASE("outcome: a result of exactly 64 KiB is kept, and one byte more is not") {
    const auto text_of = [](std::size_t bytes) {
        return call([=](RunContext&) { return nlohmann::json(std::string(bytes - 2, 'x')); });
    };
    CHECK(text_of(max_result_bytes).result.text().size() == max_result_bytes);
    CHECK(text_of(max_result_bytes + 1).result.is_null());
    CHECK(text_of(max_result_bytes + 1).kind == HandlerKind::returned);
    CHECK(text_of(max_result_bytes + 1).error == "result dropped: it has 65537 bytes of JSON, at most 65536 are kept");
}

TEST_CASE("outcome: a result of 64 levels is kept, a deeper one is not") {
    const auto nested = [](std::size_t levels) {
        return call([=](RunContext&) {
            nlohmann::json value = 1;
            for (std::size_t i = 0; i < levels; ++i)
                value = nlohmann::json::array({std::move(value)});
            return value;
        });
    };
    CHECK(nested(max_result_levels).error.empty());
    CHECK(nested(max_result_levels + 1).error == "result dropped: it is no JSON, or nested too deeply");
    CHECK(nested(100'000).error == "result dropped: it is no JSON, or nested too deeply");
}

TEST_CASE("outcome: error texts are cut at 4 KiB and hold UTF-8 without zero bytes") {
    const auto error_of = [](const std::string& text) {
        return call_and_throw(std::runtime_error(text)).error;
    };
    CHECK(error_of(std::string(max_error_bytes, 'x')).size() == max_error_bytes);
    CHECK(error_of(std::string(max_error_bytes + 1, 'x')).size() == max_error_bytes);
    CHECK(error_of("caf\xc3\xa9") == "caf\xc3\xa9");
    CHECK(error_of("caf\xe9 au lait \xff") == "caf? au lait ?");
    CHECK(error_of(std::string(max_error_bytes - 1, 'x') + "\xc3\xa9") == std::string(max_error_bytes - 1, 'x') + "?");
    CHECK(error_of(std::string(max_error_bytes, '\xff')) == std::string(max_error_bytes, '?'));
    CHECK(detail::printable_error(std::string_view("a\0b", 3)) == "a?b");
}

// ---- after_handler -------------------------------------------------------------------------------------------------

TEST_CASE("outcome: a run goes where its handler's outcome and its policies send it") {
    using enum JobRunStatus;
    using RunReason::no_attempt_left;
    using RunReason::permanent;
    using StopCause::interrupted;
    constexpr auto once = DeliveryMode::at_most_once;
    constexpr auto repeat = DeliveryMode::at_least_once;
    struct Row {
        HandlerKind kind;
        std::uint32_t attempt;
        std::size_t max_attempts;
        DeliveryMode delivery;
        StopCause cause;
        JobRunStatus status;
        RunReason reason;
    };
    const Row rows[] = {
        {HandlerKind::returned, 1, 1, repeat, StopCause::none, completed, RunReason::none},
        {HandlerKind::returned, 1, 1, once, StopCause::none, completed, RunReason::none},
        {HandlerKind::threw, 1, 1, repeat, StopCause::none, failed, no_attempt_left},
        {HandlerKind::threw, 1, 3, repeat, StopCause::none, pending, RunReason::none},
        {HandlerKind::threw, 2, 3, repeat, StopCause::none, pending, RunReason::none},
        {HandlerKind::threw, 3, 3, repeat, StopCause::none, failed, no_attempt_left},
        {HandlerKind::threw, 4, 3, repeat, StopCause::none, failed, no_attempt_left}, // the policy was made stricter
                                                                                      // meanwhile
        {HandlerKind::threw, 1, 3, once, StopCause::none, failed, no_attempt_left},
        {HandlerKind::threw_permanent, 1, 3, repeat, StopCause::none, failed, permanent},
        {HandlerKind::snoozed, 1, 1, repeat, StopCause::none, pending, RunReason::none},
        // cancelled
        {HandlerKind::returned, 1, 1, repeat, StopCause::cancelled, completed, RunReason::none}, // it did its work all
                                                                                                 // the same
        {HandlerKind::threw, 1, 3, repeat, StopCause::cancelled, cancelled, RunReason::none},
        {HandlerKind::threw, 1, 3, once, StopCause::cancelled, cancelled, RunReason::none},
        {HandlerKind::threw_permanent, 1, 3, repeat, StopCause::cancelled, cancelled, RunReason::none},
        {HandlerKind::snoozed, 1, 1, repeat, StopCause::cancelled, pending, RunReason::none}, // the storage cancels it
        // its worker stops
        {HandlerKind::returned, 1, 1, repeat, interrupted, completed, RunReason::none},
        {HandlerKind::threw, 1, 1, repeat, interrupted, pending, RunReason::none},
        {HandlerKind::threw, 1, 1, once, interrupted, failed, no_attempt_left}, // it has begun, and may not begin again
        {HandlerKind::threw_permanent, 1, 1, repeat, interrupted, failed, permanent},
        // too slow
        {HandlerKind::returned, 1, 1, repeat, StopCause::attempt_timeout, completed, RunReason::none},
        {HandlerKind::threw, 1, 1, repeat, StopCause::attempt_timeout, timed_out, RunReason::attempt_timeout},
        {HandlerKind::threw, 1, 3, repeat, StopCause::attempt_timeout, pending, RunReason::none},
        {HandlerKind::threw, 1, 3, once, StopCause::attempt_timeout, timed_out, RunReason::attempt_timeout},
        {HandlerKind::threw_permanent, 1, 3, repeat, StopCause::attempt_timeout, failed, permanent},
        {HandlerKind::snoozed, 1, 1, repeat, StopCause::attempt_timeout, pending, RunReason::none},
        {HandlerKind::returned, 1, 3, repeat, StopCause::total_timeout, completed, RunReason::none},
        {HandlerKind::threw, 1, 3, repeat, StopCause::total_timeout, timed_out, RunReason::total_timeout},
    };
    int line = 0;
    for (const Row& row : rows) {
        CAPTURE(++line);
        const RunTransition to = after_handler(run_at_attempt(row.attempt),
                                               policies_with(row.max_attempts, row.delivery),
                                               outcome_of(row.kind),
                                               row.cause,
                                               now,
                                               0.0);
        CHECK(to.status == row.status);
        CHECK(to.reason == row.reason);
        CHECK(to.at == now);
        const bool released = row.cause == interrupted && to.status == pending;
        CHECK(to.executed != released);
        CHECK(to.give_back_attempt == (row.kind == HandlerKind::snoozed || released));
        CHECK_FALSE(to.abandoned);
    }
}

TEST_CASE("outcome: a retry waits for its delay, a snooze for what the handler said") {
    Policies policies = policies_with(5);
    policies.retry.initial = 10s;
    policies.retry.factor = 2.0;
    const auto not_before = [&](std::uint32_t attempt, const HandlerOutcome& outcome) {
        return after_handler(run_at_attempt(attempt), policies, outcome, StopCause::none, now, 0.0).not_before;
    };
    CHECK(not_before(1, outcome_of(HandlerKind::threw)) == now + 10s);
    CHECK(not_before(3, outcome_of(HandlerKind::threw)) == now + 40s);
    CHECK(not_before(3, outcome_of(HandlerKind::snoozed, "", 7s)) == now + 7s);
}

TEST_CASE("outcome: texts go along with the transition") {
    HandlerOutcome outcome = outcome_of(HandlerKind::threw, "disk full");
    CHECK(after_handler(run_at_attempt(1), policies_with(2), outcome, StopCause::none, now, 0.0).error == "disk full");
    outcome = {.kind = HandlerKind::returned, .result = nlohmann::json(7)};
    const RunTransition to = after_handler(run_at_attempt(1), {}, outcome, StopCause::none, now, 0.0);
    CHECK(to.result == nlohmann::json(7));
    CHECK_FALSE(to.error);
}

TEST_CASE("outcome: the text of an attempt that was too slow says so, whatever its handler threw") {
    const auto error_of = [](std::size_t max_attempts, StopCause cause, const std::string& what) {
        const HandlerOutcome outcome = outcome_of(HandlerKind::threw, what);
        return after_handler(run_at_attempt(1), policies_with(max_attempts), outcome, cause, now, 0.0).error.value();
    };
    CHECK(error_of(1, StopCause::attempt_timeout, "interrupted") == "timed out: interrupted");
    CHECK(error_of(2, StopCause::attempt_timeout, "interrupted") == "timed out: interrupted");
    CHECK(error_of(2, StopCause::total_timeout, "interrupted") == "timed out: interrupted");
    CHECK(error_of(1, StopCause::attempt_timeout, std::string(max_error_bytes, 'x')).size() == max_error_bytes);
}

// ---- the others ----------------------------------------------------------------------------------------------------

TEST_CASE("outcome: the delay before a retry grows by the factor up to the longest one") {
    const RetryOptions retry{.max_attempts = 99, .initial = 5s, .factor = 2.0, .max_delay = 60s};
    CHECK(retry_delay(retry, 1, 0.0) == Duration{5s});
    CHECK(retry_delay(retry, 2, 0.0) == Duration{10s});
    CHECK(retry_delay(retry, 4, 0.0) == Duration{40s});
    CHECK(retry_delay(retry, 5, 0.0) == Duration{60s});
    CHECK(retry_delay(retry, 99, 0.0) == Duration{60s});
    CHECK(retry_delay({.initial = 5s, .factor = 1.0}, 50, 0.0) == Duration{5s});
    CHECK(retry_delay({.initial = 1h, .factor = 1'000.0, .max_delay = 24h * 365}, 1'000, 0.0) == Duration{24h * 365});
    CHECK(retry_delay({.initial = 0s}, 3, 0.0) == Duration{0});
}

TEST_CASE("outcome: jitter takes up to its part away from the delay, and never more") {
    const auto delay = [](double jitter, double random) {
        return retry_delay({.initial = 100s, .jitter = jitter}, 1, random);
    };
    CHECK(delay(0.0, 0.999) == Duration{100s});
    CHECK(delay(0.5, 0.0) == Duration{100s});
    CHECK(delay(0.5, 0.5) == Duration{75s});
    CHECK(delay(0.5, 1.0) == Duration{50s});
    CHECK(delay(1.0, 1.0) == Duration{0});
}

TEST_CASE("outcome: an abandoned run goes back twice and fails the third time") {
    JobRun run = run_at_attempt(2);
    RunTransition to = after_abandon(run, policies_with(1), now);
    CHECK(to.status == JobRunStatus::pending);
    CHECK(to.abandoned);
    CHECK(to.give_back_attempt);
    CHECK(to.not_before == run.not_before);
    run.abandons = 1;
    CHECK(after_abandon(run, policies_with(1), now).status == JobRunStatus::pending);
    run.abandons = 2;
    to = after_abandon(run, policies_with(1), now);
    CHECK(to.status == JobRunStatus::failed);
    CHECK(to.reason == RunReason::abandoned);
    CHECK(to.error == "3 workers disappeared while they executed it");
    CHECK(to.executed);
    CHECK(to.abandoned);
    CHECK_FALSE(to.give_back_attempt);
}

TEST_CASE("outcome: an abandoned run that is delivered at most once has failed, and nobody knows how far it got") {
    JobRun run = run_at_attempt(1);
    run.delivery = DeliveryMode::at_most_once; // whatever its job says by now
    const RunTransition to = after_abandon(run, policies_with(1), now);
    CHECK(to.status == JobRunStatus::failed);
    CHECK(to.reason == RunReason::outcome_unknown);
    CHECK(to.error == "its worker disappeared while it ran");
    CHECK(to.executed);
}

TEST_CASE("outcome: a released run is as if it had not been claimed") {
    const JobRun run = run_at_attempt(3);
    const RunTransition to = release(run, now);
    CHECK(to.status == JobRunStatus::pending);
    CHECK(to.reason == RunReason::none);
    CHECK(to.at == now);
    CHECK(to.not_before == run.not_before);
    CHECK(to.give_back_attempt);
    CHECK_FALSE(to.abandoned);
    CHECK_FALSE(to.executed);
}
