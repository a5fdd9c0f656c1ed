// SPDX-License-Identifier: MIT
// observe/detail/prometheus.hpp - metrics as the text that Prometheus scrapes.
#pragma once

#include "carillon/model/policy.hpp"
#include "carillon/observe/metrics.hpp"
#include "carillon/time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace carillon {

namespace detail {

inline constexpr std::array requeue_names{
    EnumRow<RunRequeued::Why>{RunRequeued::Why::retry, "retry"},
    EnumRow<RunRequeued::Why>{RunRequeued::Why::snoozed, "snoozed"},
    EnumRow<RunRequeued::Why>{RunRequeued::Why::released, "released"},
};
inline constexpr std::array stop_cause_names{
    EnumRow<StopCause>{StopCause::none, "none"},
    EnumRow<StopCause>{StopCause::interrupted, "interrupted"},
    EnumRow<StopCause>{StopCause::attempt_timeout, "attempt_timeout"},
    EnumRow<StopCause>{StopCause::total_timeout, "total_timeout"},
    EnumRow<StopCause>{StopCause::cancelled, "cancelled"},
    EnumRow<StopCause>{StopCause::lost, "lost"},
};
inline constexpr std::array clock_step_names{
    EnumRow<ClockStep::Kind>{ClockStep::Kind::back, "back"},
    EnumRow<ClockStep::Kind>{ClockStep::Kind::forward, "forward"},
    EnumRow<ClockStep::Kind>{ClockStep::Kind::doubted, "doubted"},
    EnumRow<ClockStep::Kind>{ClockStep::Kind::corrected, "corrected"},
    EnumRow<ClockStep::Kind>{ClockStep::Kind::accepted, "accepted"},
};

[[nodiscard]] constexpr std::string_view label_of(RunRequeued::Why why) noexcept {
    return enum_name(requeue_names, why);
}
[[nodiscard]] constexpr std::string_view label_of(StopCause cause) noexcept {
    return enum_name(stop_cause_names, cause);
}
[[nodiscard]] constexpr std::string_view label_of(ClockStep::Kind kind) noexcept {
    return enum_name(clock_step_names, kind);
}
[[nodiscard]] constexpr std::string_view label_of(RunReason reason) noexcept {
    return to_string(reason);
}
[[nodiscard]] constexpr std::string_view label_of(JobRunStatus status) noexcept {
    return to_string(status);
}
[[nodiscard]] constexpr std::string_view label_of(JobStatus status) noexcept {
    return to_string(status);
}

/// `name="value"`
[[nodiscard]] inline std::string label(std::string_view name, std::string_view value) {
    std::string text(name);
    text += "=\"";
    for (const char c : value) {
        if (c == '\n') {
            text += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') text += '\\';
        text += c;
    }
    return text + '"';
}

/// Writes families of metrics, all lines of one together, as the format wants it.
class PrometheusWriter {
public:
    explicit PrometheusWriter(const MetricsSnapshot& snapshot)
        : snapshot_(snapshot) {}

    void total(std::string_view name, std::string_view help, std::uint64_t value) {
        head(name, "counter", help);
        line(name, "", std::to_string(value));
    }

    template <class Enum>
    void totals(std::string_view name,
                std::string_view help,
                std::string_view label_name,
                const std::map<Enum, std::uint64_t>& values) {
        head(name, "counter", help);
        for (const auto& [key, value] : values)
            line(name, label(label_name, label_of(key)), std::to_string(value));
    }

    void by_action(std::string_view name, std::string_view help, std::uint64_t ActionMetrics::*member) {
        head(name, "counter", help);
        for (const auto& [type, metrics] : snapshot_.actions)
            line(name, label("action_type", type), std::to_string(metrics.*member));
    }

    template <class Enum>
    void by_action(std::string_view name,
                   std::string_view help,
                   std::string_view label_name,
                   std::map<Enum, std::uint64_t> ActionMetrics::*member) {
        head(name, "counter", help);
        for (const auto& [type, metrics] : snapshot_.actions)
            for (const auto& [key, value] : metrics.*member)
                line(name, label("action_type", type) + "," + label(label_name, label_of(key)), std::to_string(value));
    }

    void by_action(std::string_view name, std::string_view help, DurationHistogram ActionMetrics::*member) {
        head(name, "histogram", help);
        for (const auto& [type, metrics] : snapshot_.actions)
            histogram(std::string(name), label("action_type", type), metrics.*member);
    }

    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        head(name, "gauge", help);
        line(name, "", std::to_string(value));
    }

    void stuck_handlers(std::string_view name, std::string_view help) {
        head(name, "gauge", help);
        for (const auto& [type, metrics] : snapshot_.actions) {
            const std::uint64_t freed = std::min(metrics.handlers_stuck, metrics.handlers_freed); // may be told before
            line(name, label("action_type", type), std::to_string(metrics.handlers_stuck - freed));
        }
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    void head(std::string_view name, std::string_view type, std::string_view help) {
        text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
        text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    }

    void line(std::string_view name, std::string_view labels, std::string_view value) {
        text_.append(name);
        if (!labels.empty()) text_.append("{").append(labels).append("}");
        text_.append(" ").append(value).append("\n");
    }

    void histogram(const std::string& name, const std::string& labels, const DurationHistogram& values) {
        std::uint64_t so_far = 0;
        for (std::size_t i = 0; i < values.counts.size(); ++i) {
            so_far += values.counts[i];
            const bool last = i == DurationHistogram::bounds.size();
            const std::string bound = last ? "+Inf" : seconds(DurationHistogram::bounds[i]);
            line(name + "_bucket", labels + "," + label("le", bound), std::to_string(so_far));
        }
        line(name + "_sum", labels, seconds(values.sum));
        line(name + "_count", labels, std::to_string(so_far));
    }

    [[nodiscard]] static std::string seconds(Duration duration) {
        if (duration.count() < 0) return "-" + seconds(-duration);
        return seconds_text(static_cast<std::uint64_t>(duration.count()), 1'000'000, "");
    }

    const MetricsSnapshot& snapshot_;
    std::string text_;
};

} // namespace detail

inline std::string to_prometheus(const MetricsSnapshot& snapshot) {
    detail::PrometheusWriter out(snapshot);
    out.by_action("carillon_runs_planned_total", "Occurrences that became runs.", &ActionMetrics::planned);
    out.by_action(
        "carillon_occurrences_skipped_total", "Occurrences that will not run.", "reason", &ActionMetrics::skipped);
    out.by_action("carillon_attempts_started_total", "Handlers called.", &ActionMetrics::started);
    out.by_action("carillon_runs_ended_total", "Runs that ended.", "status", &ActionMetrics::ended);
    out.by_action("carillon_runs_requeued_total", "Runs that went back to pending.", "why", &ActionMetrics::requeued);
    out.by_action("carillon_stop_requests_total", "Handlers asked to stop.", "cause", &ActionMetrics::stop_requests);
    out.by_action("carillon_runs_abandoned_total", "Runs whose worker disappeared.", &ActionMetrics::abandoned);
    out.by_action("carillon_results_refused_total",
                  "Results not stored because the lease was lost.",
                  &ActionMetrics::results_refused);
    out.stuck_handlers("carillon_stuck_handlers", "Handlers that did not end after their timeout, and still run.");
    out.by_action("carillon_attempt_duration_seconds", "Time in handlers.", &ActionMetrics::duration);
    out.by_action("carillon_attempt_lag_seconds",
                  "Time from the moment at which an attempt could begin to its beginning.",
                  &ActionMetrics::lag);
    out.totals("carillon_jobs_halted_total",
               "Jobs paused, disabled or completed by the system.",
               "status",
               snapshot.jobs_halted);
    out.totals("carillon_clock_steps_total", "Steps of the wall clock.", "kind", snapshot.clock_steps);
    out.total("carillon_unknown_action_types_total",
              "Action types of due jobs without a handler, once a worker and type.",
              snapshot.unknown_action_types);
    out.gauge(
        "carillon_workers", "Workers started and not stopped.", snapshot.workers_started - snapshot.workers_stopped);
    out.total("carillon_storage_failures_total", "Times the storage failed.", snapshot.storage_failures);
    out.total("carillon_executor_failures_total", "Times the executor failed.", snapshot.executor_failures);
    out.total("carillon_listener_failures_total", "Times another listener threw.", snapshot.listener_failures);
    out.total("carillon_purged_rows_total", "Rows deleted by retention.", snapshot.purged_rows);
    return out.text();
}

} // namespace carillon
