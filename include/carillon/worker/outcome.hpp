// SPDX-License-Identifier: MIT
// worker/outcome.hpp - what a handler did, and where its run goes then.
#pragma once

#include "carillon/detail/validate.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/worker/handler.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// How one call of a handler ended.
struct HandlerOutcome {
    enum class Kind : std::uint8_t { returned, threw, threw_permanent, snoozed };
    Kind kind = Kind::returned;
    JsonText result{};
    std::string error = "";
    Duration snooze{0};
};

/// A result beyond this is not kept, an error text is cut: the ledger is not a file store.
inline constexpr std::size_t max_result_bytes = 64 * 1'024;
inline constexpr std::size_t max_result_levels = 64;
inline constexpr std::size_t max_error_bytes = 4 * 1'024;

/// Why a run should stop before its handler returns by itself; the later ones are stronger. Each of them fires its
/// token.
enum class StopCause : std::uint8_t {
    none,
    interrupted,     ///< its worker stops, or cannot renew its lease
    attempt_timeout, ///< the attempt took longer than its job allows
    total_timeout,   ///< the run did, over all attempts
    cancelled,       ///< somebody asked for it
    lost,            ///< its lease went to somebody else
};

/// Calls the handler and catches whatever it throws. A result that JSON text cannot hold, or that is too large, is
/// dropped, and `error` says why; the handler has returned all the same.
template <std::same_as<RunContext> Context>
[[nodiscard]] HandlerOutcome call_handler(const Handler& handler, Context& context) noexcept;

/// Where the run goes after `outcome`, which ended at `now`. A handler that returns has done its work whatever it was
/// asked; where it throws, `cause` says what that means. `random` from 0 to 1 places a retry within its jitter. Pure.
[[nodiscard]] RunTransition after_handler(
    const JobRun& run, const Policies& policies, HandlerOutcome outcome, StopCause cause, Instant now, double random);

/// Where a run goes whose worker disappeared. Pure.
[[nodiscard]] RunTransition after_abandon(const JobRun& run, const Policies& policies, Instant now);

/// Back to pending, as if it had never been claimed: for runs that a stopping worker has not begun, or was told to.
[[nodiscard]] RunTransition release(const JobRun& run, Instant now);

/// The delay before the attempt that follows `attempt` failed ones.
[[nodiscard]] Duration retry_delay(const RetryOptions& retry, std::uint32_t attempt, double random);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// Any bytes, made fit for the ledger.
[[nodiscard]] inline std::string printable_error(std::string_view text) {
    std::string error(text.substr(0, max_error_bytes));
    std::replace(error.begin(), error.end(), '\0', '?'); // databases keep no zero byte in a text
    std::size_t good = 0;                                // up to here
    for (;;) {
        const std::size_t bad = first_invalid_utf8(std::string_view(error).substr(good));
        if (bad == std::string_view::npos) return error;
        good += bad;
        error[good++] = '?';
    }
}

/// Whether JSON text can hold the value, and reading it back needs no deep recursion.
template <class Json>
[[nodiscard]] bool is_plain_json(const Json& value, std::size_t levels) {
    if (value.is_discarded() || value.is_binary()) return false;
    if (!value.is_structured()) return true;
    return levels > 0 && std::all_of(value.begin(), value.end(), [&](const Json& member) {
               return is_plain_json(member, levels - 1);
           });
}

/// The text of a result, or why there is none.
template <class Json>
[[nodiscard]] std::pair<JsonText, std::string> result_text(const Json& value) {
    if (!is_plain_json(value, max_result_levels)) return {{}, "it is no JSON, or nested too deeply"};
    JsonText text;
    try {
        text = JsonText(value);
    } catch (const typename Json::type_error&) {
        return {{}, "it has a string that is not UTF-8"};
    }
    const std::size_t bytes = text.text().size();
    if (bytes <= max_result_bytes) return {std::move(text), ""};
    return {{},
            "it has " + std::to_string(bytes) + " bytes of JSON, at most " + std::to_string(max_result_bytes) +
                " are kept"};
}

/// The handler has done its work: a result that cannot be kept is no reason to do it again.
template <class Json>
[[nodiscard]] HandlerOutcome returned(const Json& value) {
    auto [text, reason] = result_text(value);
    HandlerOutcome outcome;
    outcome.result = std::move(text);
    if (!reason.empty()) outcome.error = "result dropped: " + reason;
    return outcome;
}

[[nodiscard]] inline HandlerOutcome threw(HandlerOutcome::Kind kind, std::string_view what) {
    HandlerOutcome outcome;
    outcome.kind = kind;
    outcome.error = printable_error(what);
    return outcome;
}

} // namespace detail

template <std::same_as<RunContext> Context>
HandlerOutcome call_handler(const Handler& handler, Context& context) noexcept {
    using Kind = HandlerOutcome::Kind;
    try {
        HandlerOutcome outcome = detail::returned(handler(context));
        if (context.snoozed()) {
            outcome.kind = Kind::snoozed;
            outcome.snooze = *context.snoozed();
        }
        return outcome;
    } catch (const PermanentFailure& failure) {
        return detail::threw(Kind::threw_permanent, failure.what());
    } catch (const std::exception& failure) {
        return detail::threw(Kind::threw, failure.what());
    } catch (...) {
        return detail::threw(Kind::threw, "the handler threw something that is not a std::exception");
    }
}

inline Duration retry_delay(const RetryOptions& retry, std::uint32_t attempt, double random) {
    const double most = static_cast<double>(retry.max_delay.count());
    const double grown =
        static_cast<double>(retry.initial.count()) * std::pow(retry.factor, static_cast<double>(attempt) - 1.0);
    const double delay = std::min(grown, most) * (1.0 - retry.jitter * random);
    return Duration{static_cast<Duration::rep>(delay)};
}

inline RunTransition release(const JobRun& run, Instant now) {
    RunTransition to;
    to.status = JobRunStatus::pending;
    to.at = now;
    to.not_before = run.not_before;
    to.give_back_attempt = true;
    return to;
}

namespace detail {

/// Back to pending for another attempt, where one is left; else to an end for `otherwise`.
inline void retry_or_end(RunTransition& to,
                         const JobRun& run,
                         const Policies& policies,
                         JobRunStatus end,
                         RunReason otherwise,
                         double random) {
    const bool may_repeat = policies.delivery == DeliveryMode::at_least_once;
    if (may_repeat && run.attempt < policies.retry.max_attempts) {
        to.status = JobRunStatus::pending;
        to.not_before = to.at + retry_delay(policies.retry, run.attempt, random);
        return;
    }
    to.status = end;
    to.reason = otherwise;
}

/// The run's handler threw, not for good.
inline void
after_throw(RunTransition& to, const JobRun& run, const Policies& policies, StopCause cause, double random) {
    switch (cause) {
    case StopCause::attempt_timeout:
        to.error = printable_error("timed out: " + to.error.value_or(""));
        retry_or_end(to, run, policies, JobRunStatus::timed_out, RunReason::attempt_timeout, random);
        break;
    case StopCause::total_timeout:
        to.error = printable_error("timed out: " + to.error.value_or(""));
        to.status = JobRunStatus::timed_out;
        to.reason = RunReason::total_timeout;
        break;
    case StopCause::none:
    case StopCause::interrupted:
    case StopCause::cancelled:
    case StopCause::lost: // whatever is said here is refused
        retry_or_end(to, run, policies, JobRunStatus::failed, RunReason::no_attempt_left, random);
    }
}

} // namespace detail

inline RunTransition after_handler(
    const JobRun& run, const Policies& policies, HandlerOutcome outcome, StopCause cause, Instant now, double random) {
    using Kind = HandlerOutcome::Kind;
    const bool may_repeat = policies.delivery == DeliveryMode::at_least_once;
    if (outcome.kind == Kind::threw && cause == StopCause::interrupted && may_repeat) return release(run, now);
    RunTransition to;
    to.at = now;
    to.executed = true;
    to.result = std::move(outcome.result);
    if (!outcome.error.empty()) to.error = std::move(outcome.error);
    if (outcome.kind == Kind::returned) return to;
    if (outcome.kind == Kind::snoozed) {
        to.status = JobRunStatus::pending;
        to.not_before = now + outcome.snooze;
        to.give_back_attempt = true;
    } else if (cause == StopCause::cancelled) {
        to.status = JobRunStatus::cancelled;
        to.reason = run.reason;
    } else if (outcome.kind == Kind::threw_permanent) {
        to.status = JobRunStatus::failed;
        to.reason = RunReason::permanent;
    } else {
        detail::after_throw(to, run, policies, cause, random);
    }
    return to;
}

inline RunTransition after_abandon(const JobRun& run, const Policies& policies, Instant now) {
    RunTransition to = release(run, now);
    to.abandoned = true;
    const bool unknown = run.delivery == DeliveryMode::at_most_once;
    if (!unknown && run.abandons + 1 < policies.max_abandons) return to;
    to.status = JobRunStatus::failed;
    to.reason = unknown ? RunReason::outcome_unknown : RunReason::abandoned;
    to.error = unknown ? std::string("its worker disappeared while it ran")
                       : std::to_string(run.abandons + 1) + " workers disappeared while they executed it";
    to.give_back_attempt = false;
    to.executed = true;
    return to;
}

} // namespace carillon
