// SPDX-License-Identifier: MIT
// model/json_members.hpp - every enum and every struct of the model, member by member, as JSON has them.
//
// A new member is one line here: the writer and the reader both follow these lists.
#pragma once

#include "carillon/detail/json_traits.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/policy.hpp"
#include "carillon/model/run.hpp"

#include <array>
#include <cstddef>

namespace carillon::detail {

/// The names of an enum whose table holds more than names.
template <class Row, std::size_t N, class Enum>
[[nodiscard]] constexpr std::array<EnumRow<Enum>, N> rows_of(const std::array<Row, N>& table, Enum Row::*value) {
    std::array<EnumRow<Enum>, N> rows{};
    for (std::size_t i = 0; i < N; ++i)
        rows[i] = {table[i].*value, table[i].name};
    return rows;
}

inline constexpr std::array dialect_names = rows_of(dialect_table, &DialectRules::dialect);
inline constexpr std::array dst_names = rows_of(dst_policy_table, &DstPolicyRow::policy);

// clang-format off
template <> inline constexpr auto names_of<AuditVerb> = audit_verb_names;
template <> inline constexpr auto names_of<ClearField> = clear_field_names;
template <> inline constexpr auto names_of<CronDialect> = dialect_names;
template <> inline constexpr auto names_of<DeliveryMode> = delivery_names;
template <> inline constexpr auto names_of<DstPolicy> = dst_names;
template <> inline constexpr auto names_of<JobRunStatus> = run_status_names;
template <> inline constexpr auto names_of<JobStatus> = job_status_names;
template <> inline constexpr auto names_of<MisfirePolicy> = misfire_names;
template <> inline constexpr auto names_of<OverlapPolicy> = overlap_names;
template <> inline constexpr auto names_of<RunReason> = run_reason_names;
template <> inline constexpr auto names_of<RunTrigger> = run_trigger_names;
template <> inline constexpr auto names_of<SpreadMode> = spread_names;
// clang-format on

template <>
struct JsonMembers<MisfireOptions> {
    template <class Each, class Options>
    static void visit(Each& each, Options& misfire) {
        each.member("policy", misfire.policy);
        each.member("grace", misfire.grace);
        each.member("window", misfire.window);
    }
};

template <>
struct JsonMembers<OverlapOptions> {
    template <class Each, class Options>
    static void visit(Each& each, Options& overlap) {
        each.member("policy", overlap.policy);
        each.member("limit", overlap.limit);
        each.text("concurrency_key", overlap.concurrency_key);
    }
};

template <>
struct JsonMembers<RetryOptions> {
    template <class Each, class Options>
    static void visit(Each& each, Options& retry) {
        each.member("max_attempts", retry.max_attempts);
        each.member("initial", retry.initial);
        each.member("factor", retry.factor);
        each.member("max_delay", retry.max_delay);
        each.member("jitter", retry.jitter);
    }
};

template <>
struct JsonMembers<TimeoutOptions> {
    template <class Each, class Options>
    static void visit(Each& each, Options& timeout) {
        each.member("attempt", timeout.attempt);
        each.member("total", timeout.total);
        each.member("grace", timeout.grace);
    }
};

template <>
struct JsonMembers<SpreadOptions> {
    template <class Each, class Options>
    static void visit(Each& each, Options& spread) {
        each.member("within", spread.within);
        each.member("mode", spread.mode);
    }
};

template <>
struct JsonMembers<Policies> {
    template <class Each, class Options>
    static void visit(Each& each, Options& policies) {
        each.member("misfire", policies.misfire);
        each.member("overlap", policies.overlap);
        each.member("retry", policies.retry);
        each.member("delivery", policies.delivery);
        each.member("priority", policies.priority);
        each.member("timeout", policies.timeout);
        each.member("spread", policies.spread);
        each.member("max_abandons", policies.max_abandons);
        each.member("pause_after_failures", policies.pause_after_failures);
    }
};

template <>
struct JsonMembers<JobSpec> {
    template <class Each, class Spec>
    static void visit(Each& each, Spec& spec) {
        each.member("name", spec.name);
        each.member("schedule", spec.schedule);
        each.object("action", spec.action);
        each.member("description", spec.description);
        each.member("enabled", spec.enabled);
        each.object("metadata", spec.metadata);
        each.text("time_zone", spec.time_zone);
        each.member("dialect", spec.dialect);
        each.member("dst", spec.dst);
        each.member("policies", spec.policies);
        each.member("exclude", spec.exclude);
        each.member("start_at", spec.start_at);
        each.member("end_at", spec.end_at);
        each.member("max_runs", spec.max_runs);
        each.member("idempotency_key", spec.idempotency_key);
    }
};

template <>
struct JsonMembers<JobDefinition> {
    template <class Each, class Job>
    static void visit(Each& each, Job& job) {
        each.required("id", job.id);
        each.required("tenant_id", job.tenant_id);
        each.required("name", job.name);
        each.required("schedule", job.schedule);
        each.required("action", job.action);
        each.required("status", job.status);
        each.required("created_at", job.created_at);
        each.required("updated_at", job.updated_at);
        each.member("description", job.description);
        each.member("enabled", job.enabled);
        each.member("metadata", job.metadata);
        each.text("time_zone", job.time_zone);
        each.member("dialect", job.dialect);
        each.member("dst", job.dst);
        each.member("policies", job.policies);
        each.member("exclude", job.exclude);
        each.member("start_at", job.start_at);
        each.member("end_at", job.end_at);
        each.member("max_runs", job.max_runs);
        each.member("idempotency_key", job.idempotency_key);
        each.hex("spec_fingerprint", job.spec_fingerprint);
        each.text("key", job.key);
        each.text("status_reason", job.status_reason);
        each.member("revision", job.revision);
        each.text("action_type", job.action_type);
        each.member("fixed_delay", job.fixed_delay);
    }
};

template <>
struct JsonMembers<ScheduledJob> {
    template <class Each, class Job>
    static void visit(Each& each, Job& job) {
        JsonMembers<JobDefinition>::visit(each, job);
        each.member("last_run_at", job.last_run_at);
        each.member("next_run_at", job.next_run_at);
        each.member("high_water", job.high_water);
        each.member("run_count", job.run_count);
        each.member("failure_count", job.failure_count);
        each.member("started_runs", job.started_runs);
        each.member("evaluation_failures", job.evaluation_failures);
        each.member("consecutive_failures", job.consecutive_failures);
        each.member("purged_until", job.purged_until);
        each.text("tzdata_version", job.tzdata_version);
    }
};

template <>
struct JsonMembers<RunAttempt> {
    template <class Each, class Attempt>
    static void visit(Each& each, Attempt& attempt) {
        each.required("number", attempt.number);
        each.required("started_at", attempt.started_at);
        each.required("ended_at", attempt.ended_at);
        each.text("worker", attempt.worker);
        each.text("error", attempt.error);
    }
};

template <>
struct JsonMembers<JobRun> {
    template <class Each, class Run>
    static void visit(Each& each, Run& run) {
        each.required("id", run.id);
        each.required("job_id", run.job_id);
        each.required("tenant_id", run.tenant_id);
        each.required("status", run.status);
        each.required("scheduled_for", run.scheduled_for);
        each.member("trigger", run.trigger);
        each.member("reason", run.reason);
        each.member("started_at", run.started_at);
        each.member("completed_at", run.completed_at);
        each.milliseconds("duration_ms", run.duration);
        each.member("result", run.result);
        each.member("error", run.error);
        visit_execution(each, run);
        visit_claim(each, run);
    }

private:
    template <class Each, class Run>
    static void visit_execution(Each& each, Run& run) {
        each.member("attempt", run.attempt);
        each.member("fence", run.fence);
        each.member("abandons", run.abandons);
        each.member("delivery", run.delivery);
        each.text("worker", run.worker);
        each.member("attempts", run.attempts);
        each.member("missed_count", run.missed_count);
        each.member("retry_of", run.retry_of);
        each.member("blocked_by", run.blocked_by);
        each.member("idempotency_key", run.idempotency_key);
        each.member("stop_requested", run.stop_requested);
    }
    template <class Each, class Run>
    static void visit_claim(Each& each, Run& run) {
        each.member("last", run.last);
        each.member("occurrences", run.occurrences);
        each.member("count_is_minimum", run.count_is_minimum);
        each.member("not_before", run.not_before);
        each.text("action_type", run.action_type);
        each.text("key", run.key);
        each.member("slots", run.slots);
        each.member("priority", run.priority);
        each.member("skip_when_busy", run.skip_when_busy);
        each.member("expires_at", run.expires_at);
    }
};

template <>
struct JsonMembers<AuditEvent> {
    template <class Each, class Event>
    static void visit(Each& each, Event& event) {
        each.required("id", event.id);
        each.required("tenant_id", event.tenant_id);
        each.required("at", event.at);
        each.required("verb", event.verb);
        each.required("job_id", event.job_id);
        each.text("actor", event.actor);
        each.member("run_id", event.run_id);
        each.text("reason", event.reason);
        each.text("via", event.via);
        each.text("request_id", event.request_id);
        each.text("batch", event.batch);
        each.member("before", event.before);
        each.member("after", event.after);
    }
};

} // namespace carillon::detail
