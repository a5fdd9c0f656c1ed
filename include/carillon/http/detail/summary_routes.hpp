// SPDX-License-Identifier: MIT
// http/detail/summary_routes.hpp - what a dashboard shows first: the numbers of a tenant, and a job day by day.
#pragma once

#include "carillon/detail/json_writer.hpp"
#include "carillon/http/detail/if_match.hpp"
#include "carillon/http/detail/route_call.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

// ---- answers that are asked for again and again --------------------------------------------------------------------

/// Names the content of an answer.
[[nodiscard]] inline std::string tag_of_content(std::string_view content) {
    std::uint64_t hash = fnv1a64(content);
    std::string tag = "\"";
    for (int digit = 0; digit < 16; ++digit, hash <<= 4)
        tag += "0123456789abcdef"[hash >> 60];
    return tag + '"';
}

/// Whether the caller has it already. Tags are compared weakly, as RFC 9110 wants; what is no tag matches nothing.
[[nodiscard]] inline bool has_it_already(const HttpHeaders& headers, std::string_view tag) {
    const std::string* value = headers.find("If-None-Match");
    if (value == nullptr) return false;
    for (std::string_view one : split(*value, ',')) {
        one = trimmed_field(one);
        if (one.starts_with("W/")) one.remove_prefix(2);
        if (one == tag || one == "*") return true;
    }
    return false;
}

[[nodiscard]] inline HttpResponse tagged_response(const HttpRequest& request, const nlohmann::json& body) {
    HttpResponse response = json_response(body);
    const std::string tag = tag_of_content(response.body);
    if (has_it_already(request.headers, tag)) {
        response = HttpResponse{};
        response.status = 304;
    }
    response.headers.set("ETag", tag);
    return response;
}

[[nodiscard]] inline nlohmann::json optional_instant_json(const std::optional<Instant>& at) {
    return at ? nlohmann::json(to_rfc3339(*at)) : nlohmann::json();
}

[[nodiscard]] inline nlohmann::json skipped_json(const std::map<RunReason, std::uint64_t>& skipped) {
    nlohmann::json reasons = nlohmann::json::object();
    for (const auto& [reason, count] : skipped)
        reasons[std::string(to_string(reason))] = count;
    return reasons;
}

// ---- the tenant ----------------------------------------------------------------------------------------------------

[[nodiscard]] inline nlohmann::json attention_json(const ScheduledJob& job) {
    return {{"id", job.id.str()},
            {"name", job.name},
            {"status", to_string(job.status)},
            {"status_reason", job.status_reason},
            {"consecutive_failures", job.consecutive_failures},
            {"last_run_at", optional_instant_json(job.last_run_at)},
            {"next_run_at", optional_instant_json(job.next_run_at)}};
}

[[nodiscard]] inline nlohmann::json stats_json(const TenantStats& stats) {
    nlohmann::json jobs = nlohmann::json::object();
    for (const auto& [status, count] : stats.jobs)
        jobs[std::string(to_string(status))] = count;
    nlohmann::json minutes = nlohmann::json::array();
    for (const MinuteStats& minute : stats.minutes)
        minutes.push_back({{"minute", to_rfc3339(minute.minute)}, {"ok", minute.ok}, {"bad", minute.bad}});
    nlohmann::json attention = nlohmann::json::array();
    for (const ScheduledJob& job : stats.attention)
        attention.push_back(attention_json(job));
    return {{"jobs", std::move(jobs)},
            {"running", stats.running},
            {"due", stats.due.n},
            {"due_capped", stats.due.capped},
            {"oldest_due", optional_instant_json(stats.oldest_due)},
            {"failed_24h", stats.failed_24h.n},
            {"failed_24h_capped", stats.failed_24h.capped},
            {"skipped_24h", skipped_json(stats.skipped_24h)},
            {"skipped_24h_capped", stats.skipped_capped},
            {"minutes", std::move(minutes)},
            {"minutes_partial_before", optional_instant_json(stats.minutes_partial_before)},
            {"attention", std::move(attention)},
            {"attention_total", stats.attention_total.n},
            {"attention_total_capped", stats.attention_total.capped}};
}

/// What is wrong with a worker may be about other tenants, so that only whether something is wrong is told.
[[nodiscard]] inline nlohmann::json workers_json(const RestApiOptions& options) {
    nlohmann::json workers = nlohmann::json::array();
    for (const Health& worker : options.health())
        workers.push_back({{"worker", worker.worker},
                           {"started", worker.started},
                           {"active", worker.active},
                           {"ok", worker.problems().empty()}});
    return workers;
}

template <Storage StorageT>
HttpResponse get_stats(RouteCall<StorageT>& call) {
    nlohmann::json body = stats_json(call.scheduler.stats(call.caller()));
    if (call.options.health) body["workers"] = workers_json(call.options);
    return tagged_response(call.request, body);
}

// ---- a job ---------------------------------------------------------------------------------------------------------

[[nodiscard]] inline nlohmann::json milliseconds_json(const std::optional<Duration>& duration) {
    if (!duration) return nullptr;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count();
}

template <Storage StorageT>
HttpResponse get_calendar(RouteCall<StorageT>& call) {
    const auto id = call.template id<JobId>();
    const Instant from = *call.query.instant("from");
    const Instant to = *call.query.instant("to");
    const std::string zone = call.query.text("tz").value_or("");
    const Calendar calendar = found(call.scheduler.calendar(id, call.caller(), from, to, zone));
    nlohmann::json days = nlohmann::json::array();
    for (const CalendarDay& day : calendar.days)
        days.push_back({{"day", date_text(day.day)},
                        {"completed", day.completed},
                        {"failed", day.failed},
                        {"timed_out", day.timed_out},
                        {"cancelled", day.cancelled},
                        {"skipped", skipped_json(day.skipped)},
                        {"p50_ms", milliseconds_json(day.p50)}});
    return json_response({{"days", std::move(days)},
                          {"partial_before", optional_instant_json(calendar.partial_before)},
                          {"time_zone", calendar.time_zone}});
}

template <Storage StorageT>
void add_summary_routes(std::vector<Route<StorageT>>& routes) {
    constexpr std::string_view instant = R"({"type":"string","format":"date-time"})";
    routes.push_back(
        {{.method = "GET",
          .path = "/stats",
          .name = "stats",
          .summary = "How the tenant's jobs are, at one look",
          .responses = {{200, "The numbers; ETag names them.", "Stats"}, {304, "They are those of If-None-Match."}}},
         get_stats});
    routes.push_back({{.method = "GET",
                       .path = "/jobs/{id}/calendar",
                       .name = "calendar",
                       .summary = "What became of a job, day by day",
                       .query = {{"from", instant, "Runs scheduled at or after this.", true},
                                 {"to", instant, "And before this, at most 371 days later.", true},
                                 {"tz",
                                  R"({"type":"string","maxLength":256})",
                                  "The time zone of the days; the job's where there is none."}},
                       .responses = {{200, "The days that had something, the earliest first.", "Calendar"}}},
                      get_calendar});
}

} // namespace carillon::detail
