// SPDX-License-Identifier: MIT
// testing/detail/contract_difference.hpp - in which members do two records differ, in words?
#pragma once

#include "carillon/storage/storage.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace carillon::testing::contract {

/// What a check found; the check's clause and sentence are added by who runs it.
class Failed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// ---- values as text ------------------------------------------------------------------------------------------------

[[nodiscard]] inline std::string show(bool value) {
    return value ? "true" : "false";
}
template <class T>
    requires std::is_arithmetic_v<T>
[[nodiscard]] std::string show(T value) {
    return std::to_string(value);
}
[[nodiscard]] inline std::string show(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}
[[nodiscard]] inline std::string show(const std::string& text) {
    return show(std::string_view(text));
}
[[nodiscard]] inline std::string show(const char* text) {
    return show(std::string_view(text));
}
[[nodiscard]] inline std::string show(const JsonText& json) {
    return std::string(json.text());
}
[[nodiscard]] inline std::string show(Instant instant) {
    return to_rfc3339(instant);
}
[[nodiscard]] inline std::string show(Duration duration) {
    return to_string(duration);
}
template <class Tag>
[[nodiscard]] std::string show(const Id<Tag>& id) {
    return id.str();
}
template <class Enum>
    requires std::is_enum_v<Enum> && requires(Enum value) {
        to_string(value);
    }
[[nodiscard]] std::string show(Enum value) {
    const auto name = to_string(value);
    return name.empty() ? "none" : std::string(name);
}
template <class T>
[[nodiscard]] std::string show(const std::optional<T>& value);
template <class T>
[[nodiscard]] std::string show(const std::vector<T>& values);

template <class T>
[[nodiscard]] std::string shown(const T& value) {
    if constexpr (requires { show(value); })
        return show(value);
    else
        return "another value";
}
template <class T>
std::string show(const std::optional<T>& value) {
    return value ? shown(*value) : "nothing";
}
template <class T>
std::string show(const std::vector<T>& values) {
    std::string text;
    for (const T& value : values)
        text += (text.empty() ? "" : ", ") + shown(value);
    return "[" + text + "]";
}

// ---- members -------------------------------------------------------------------------------------------------------

/// Collects the members that differ.
class Comparison {
public:
    template <class T>
    void member(const char* name, const T& seen, const T& expected) {
        if (seen == expected) return;
        text_ +=
            (text_.empty() ? "" : "; ") + std::string(name) + ": expected " + shown(expected) + ", saw " + shown(seen);
    }
    void part(const std::string& name, const std::string& difference) {
        if (!difference.empty()) text_ += (text_.empty() ? "" : "; ") + name + ": " + difference;
    }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

inline void compare(Comparison& as, const JobDefinition& a, const JobDefinition& b) {
    as.member("id", a.id, b.id);
    as.member("tenant_id", a.tenant_id, b.tenant_id);
    as.member("name", a.name, b.name);
    as.member("schedule", a.schedule, b.schedule);
    as.member("action", a.action, b.action);
    as.member("description", a.description, b.description);
    as.member("enabled", a.enabled, b.enabled);
    as.member("metadata", a.metadata, b.metadata);
    as.member("time_zone", a.time_zone, b.time_zone);
    as.member("dialect", a.dialect, b.dialect);
    as.member("dst", a.dst, b.dst);
    as.member("policies", a.policies, b.policies);
    as.member("exclude", a.exclude, b.exclude);
    as.member("start_at", a.start_at, b.start_at);
    as.member("end_at", a.end_at, b.end_at);
    as.member("max_runs", a.max_runs, b.max_runs);
    as.member("idempotency_key", a.idempotency_key, b.idempotency_key);
    as.member("spec_fingerprint", a.spec_fingerprint, b.spec_fingerprint);
    as.member("key", a.key, b.key);
    as.member("status", a.status, b.status);
    as.member("status_reason", a.status_reason, b.status_reason);
    as.member("created_at", a.created_at, b.created_at);
    as.member("updated_at", a.updated_at, b.updated_at);
    as.member("revision", a.revision, b.revision);
    as.member("action_type", a.action_type, b.action_type);
    as.member("fixed_delay", a.fixed_delay, b.fixed_delay);
}

inline void compare(Comparison& as, const JobProgress& a, const JobProgress& b) {
    as.member("last_run_at", a.last_run_at, b.last_run_at);
    as.member("next_run_at", a.next_run_at, b.next_run_at);
    as.member("high_water", a.high_water, b.high_water);
    as.member("run_count", a.run_count, b.run_count);
    as.member("failure_count", a.failure_count, b.failure_count);
    as.member("started_runs", a.started_runs, b.started_runs);
    as.member("evaluation_failures", a.evaluation_failures, b.evaluation_failures);
    as.member("tzdata_version", a.tzdata_version, b.tzdata_version);
    as.member("consecutive_failures", a.consecutive_failures, b.consecutive_failures);
    as.member("purged_until", a.purged_until, b.purged_until);
}

inline void compare(Comparison& as, const ScheduledJob& a, const ScheduledJob& b) {
    compare(as, static_cast<const JobDefinition&>(a), static_cast<const JobDefinition&>(b));
    compare(as, static_cast<const JobProgress&>(a), static_cast<const JobProgress&>(b));
}

inline void compare(Comparison& as, const JobRun& a, const JobRun& b) {
    as.member("id", a.id, b.id);
    as.member("job_id", a.job_id, b.job_id);
    as.member("tenant_id", a.tenant_id, b.tenant_id);
    as.member("status", a.status, b.status);
    as.member("trigger", a.trigger, b.trigger);
    as.member("reason", a.reason, b.reason);
    as.member("scheduled_for", a.scheduled_for, b.scheduled_for);
    as.member("started_at", a.started_at, b.started_at);
    as.member("completed_at", a.completed_at, b.completed_at);
    as.member("duration", a.duration, b.duration);
    as.member("result", a.result, b.result);
    as.member("error", a.error, b.error);
    as.member("attempt", a.attempt, b.attempt);
    as.member("fence", a.fence, b.fence);
    as.member("abandons", a.abandons, b.abandons);
    as.member("delivery", a.delivery, b.delivery);
    as.member("worker", a.worker, b.worker);
    as.member("attempts", a.attempts, b.attempts);
    as.member("missed_count", a.missed_count, b.missed_count);
    as.member("retry_of", a.retry_of, b.retry_of);
    as.member("blocked_by", a.blocked_by, b.blocked_by);
    as.member("idempotency_key", a.idempotency_key, b.idempotency_key);
    as.member("stop_requested", a.stop_requested, b.stop_requested);
    as.member("last", a.last, b.last);
    as.member("occurrences", a.occurrences, b.occurrences);
    as.member("count_is_minimum", a.count_is_minimum, b.count_is_minimum);
    as.member("not_before", a.not_before, b.not_before);
    as.member("action_type", a.action_type, b.action_type);
    as.member("key", a.key, b.key);
    as.member("slots", a.slots, b.slots);
    as.member("priority", a.priority, b.priority);
    as.member("skip_when_busy", a.skip_when_busy, b.skip_when_busy);
    as.member("expires_at", a.expires_at, b.expires_at);
}

template <class Record>
concept Comparable = requires(Comparison& as, const Record& record) {
    compare(as, record, record);
};

/// Empty where the two are equal, else which members differ.
template <Comparable Record>
[[nodiscard]] std::string difference(const Record& seen, const Record& expected) {
    Comparison as;
    compare(as, seen, expected);
    if constexpr (requires { seen == expected; })
        if (as.text().empty() && !(seen == expected)) return "differs in a member that is not compared by name";
    return as.text();
}

[[nodiscard]] inline std::string difference(const std::shared_ptr<const JobDefinition>& seen,
                                            const std::shared_ptr<const JobDefinition>& expected) {
    if (seen && expected) return difference(*seen, *expected);
    if (seen) return "expected none, saw a definition";
    return expected ? "expected a definition, saw none" : "";
}

inline void compare(Comparison& as, const AuditEvent& a, const AuditEvent& b) {
    as.member("id", a.id, b.id);
    as.member("tenant_id", a.tenant_id, b.tenant_id);
    as.member("actor", a.actor, b.actor);
    as.member("at", a.at, b.at);
    as.member("verb", a.verb, b.verb);
    as.member("job_id", a.job_id, b.job_id);
    as.member("run_id", a.run_id, b.run_id);
    as.member("reason", a.reason, b.reason);
    as.member("via", a.via, b.via);
    as.member("request_id", a.request_id, b.request_id);
    as.member("batch", a.batch, b.batch);
    as.part("before", difference(a.before, b.before));
    as.part("after", difference(a.after, b.after));
}

inline void compare(Comparison& as, const RunOutcome& a, const RunOutcome& b) {
    as.member("id", a.id, b.id);
    as.member("status", a.status, b.status);
    as.member("reason", a.reason, b.reason);
    as.member("scheduled_for", a.scheduled_for, b.scheduled_for);
    as.member("completed_at", a.completed_at, b.completed_at);
    as.member("duration", a.duration, b.duration);
    as.member("last", a.last, b.last);
    as.member("occurrences", a.occurrences, b.occurrences);
    as.member("count_is_minimum", a.count_is_minimum, b.count_is_minimum);
}

inline void compare(Comparison& as, const KeyState& a, const KeyState& b) {
    as.member("pending", a.pending, b.pending);
    as.member("running", a.running, b.running);
    as.member("busy_with", a.busy_with, b.busy_with);
    as.member("unstarted", a.unstarted, b.unstarted);
}

inline void compare(Comparison& as, const HeartbeatAnswer& a, const HeartbeatAnswer& b) {
    as.member("run.id", a.run.id, b.run.id);
    as.member("run.fence", a.run.fence, b.run.fence);
    as.member("lost", a.lost, b.lost);
    as.member("stop_requested", a.stop_requested, b.stop_requested);
}

inline void compare(Comparison& as, const FinishAnswer& a, const FinishAnswer& b) {
    as.member("accepted", a.accepted, b.accepted);
    as.member("status", a.status, b.status);
    as.member("reason", a.reason, b.reason);
}

inline void compare(Comparison& as, const ClaimedRun& a, const ClaimedRun& b) {
    as.part("run", difference(a.run, b.run));
    as.part("job", difference(a.job, b.job));
}

template <Comparable Record>
[[nodiscard]] std::string difference(const std::optional<Record>& seen, const std::optional<Record>& expected) {
    if (seen && expected) return difference(*seen, *expected);
    if (seen) return "expected nothing, saw a record";
    return expected ? "expected a record, saw nothing" : "";
}

template <Comparable Record>
[[nodiscard]] std::string difference(const std::vector<Record>& seen, const std::vector<Record>& expected) {
    Comparison as;
    if (seen.size() != expected.size())
        as.part("size", "expected " + show(expected.size()) + ", saw " + show(seen.size()));
    for (std::size_t i = 0; i < seen.size() && i < expected.size() && as.text().empty(); ++i)
        as.part("[" + show(i) + "]", difference(seen[i], expected[i]));
    return as.text();
}

inline void compare(Comparison& as, const JobWrite& a, const JobWrite& b) {
    as.part("job", difference(a.job, b.job));
    as.part("runs", difference(a.runs, b.runs));
    as.part("event", difference(a.event, b.event));
    as.part("ended", difference(a.ended, b.ended));
}

inline void compare(Comparison& as, const RunWrite& a, const RunWrite& b) {
    as.part("run", difference(a.run, b.run));
    as.part("event", difference(a.event, b.event));
}

inline void compare(Comparison& as, const InsertResult& a, const InsertResult& b) {
    as.member("conflict", a.conflict, b.conflict);
    as.part("jobs", difference(a.jobs, b.jobs));
}

inline void compare(Comparison& as, const MaterialiseResult& a, const MaterialiseResult& b) {
    as.member("jobs", a.jobs, b.jobs);
    as.part("events", difference(a.events, b.events));
    as.part("ended", difference(a.ended, b.ended));
}

// ---- expectations --------------------------------------------------------------------------------------------------

inline void expect(bool holds, std::string_view what) {
    if (!holds) throw Failed("expected that " + std::string(what));
}

/// `what` names the value.
template <class T, class U>
void expect_equal(const T& seen, const U& expected, std::string_view what) {
    if (!(seen == expected)) throw Failed(std::string(what) + ": expected " + shown(expected) + ", saw " + shown(seen));
}

inline void expect_count(std::size_t seen, std::size_t expected, std::string_view what) {
    expect_equal(seen, expected, "number of " + std::string(what));
}

/// The same, member by member.
template <class Record>
void expect_same(const Record& seen, const Record& expected, std::string_view what) {
    const std::string text = difference(seen, expected);
    if (!text.empty()) throw Failed(std::string(what) + ": " + text);
}

/// The only element.
template <class T>
[[nodiscard]] T only(std::vector<T> values, std::string_view what) {
    expect_count(values.size(), 1, what);
    return std::move(values.front());
}

template <class T>
[[nodiscard]] T found(std::optional<T> value, std::string_view what) {
    expect(value.has_value(), std::string(what) + " is there");
    return std::move(*value);
}

} // namespace carillon::testing::contract
