// SPDX-License-Identifier: MIT
// http/detail/view_routes.hpp - looking ahead, looking back, and what a schedule's text means.
#pragma once

#include "carillon/detail/schedule_cache.hpp"
#include "carillon/http/detail/field_matches.hpp"
#include "carillon/http/detail/occurrence_json.hpp"
#include "carillon/http/detail/route_call.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

// ---- one job -------------------------------------------------------------------------------------------------------

template <Storage StorageT>
HttpResponse upcoming(RouteCall<StorageT>& call) {
    const auto id = call.template id<JobId>();
    const std::size_t count = call.query.number("n", 5, 1, 100);
    const ScheduledJob job = found(call.scheduler.get_job(id, call.caller()));
    const auto from = call.query.instant("from");
    const auto instants = found(call.scheduler.upcoming(id, call.caller(), count, from));
    const Schedule schedule = Schedule::parse(job.schedule, schedule_options(job)).value();
    const Instant now = call.options.clock->now();
    return json_response({{"occurrences", occurrences_json(schedule, std::max(now, from.value_or(now)), instants)}});
}

template <Storage StorageT>
HttpResponse explain(RouteCall<StorageT>& call) {
    const Instant at = *call.query.instant("at");
    const auto id = call.template id<JobId>();
    const Explanation answer = found(call.scheduler.explain(id, call.caller(), at));
    nlohmann::json fields = nlohmann::json::array();
    for (const FieldMatch& one : field_matches(found(call.scheduler.get_job(id, call.caller())), at))
        fields.push_back({{"field", one.field}, {"text", one.text}, {"matched", one.matched}});
    nlohmann::json body{{"at", to_rfc3339(at)},
                        {"verdict", to_string(answer.kind)},
                        {"text", answer.sentence},
                        {"fields", std::move(fields)},
                        {"run", nullptr},
                        {"previous", nullptr},
                        {"next", nullptr}};
    if (answer.run) body["run"] = *answer.run;
    if (answer.previous) body["previous"] = to_rfc3339(*answer.previous);
    if (answer.next) body["next"] = to_rfc3339(*answer.next);
    return json_response(body);
}

// ---- all jobs ------------------------------------------------------------------------------------------------------

inline constexpr std::size_t most_planned_runs = 10'000;
inline constexpr auto longest_forecast = std::chrono::hours{24 * 31};
inline constexpr std::size_t forecast_buckets = 60;

/// How many of the runs lie in each of sixty equal parts of the time asked for.
[[nodiscard]] inline nlohmann::json buckets_json(const std::vector<PlannedRun>& runs, Instant from, Instant to) {
    const std::int64_t width = std::max<std::int64_t>((to - from).count() / std::int64_t{forecast_buckets}, 1);
    std::vector<std::size_t> counts(forecast_buckets);
    for (const PlannedRun& run : runs) {
        const auto bucket = static_cast<std::size_t>((std::max(run.at, from) - from).count() / width);
        ++counts[std::min(bucket, forecast_buckets - 1)];
    }
    return counts;
}

template <Storage StorageT>
HttpResponse what_would_run(RouteCall<StorageT>& call) {
    const Instant from = *call.query.instant("from");
    const Instant to = *call.query.instant("to");
    if (to < from || to - from > longest_forecast)
        QueryReader::refuse_parameter("to", "expected a moment at or after from, at most 31 days later");
    const std::size_t limit = call.query.number("limit", largest_page, 1, most_planned_runs);
    std::vector<PlannedRun> runs;
    PlannedRunQuery query{.limit = largest_page};
    for (bool more = true; more && runs.size() <= limit;) {
        const auto page = call.scheduler.what_would_run(call.caller(), from, to, query);
        runs.insert(runs.end(), page.begin(), page.end());
        more = page.size() == query.limit;
        if (more) query.after = page.back();
    }
    const bool truncated = runs.size() > limit;
    if (truncated) runs.resize(limit);
    nlohmann::json occurrences = nlohmann::json::array();
    for (const PlannedRun& run : runs)
        occurrences.push_back({{"at", to_rfc3339(run.at)},
                               {"job_id", run.job_id.str()},
                               {"job_name", run.job_name},
                               {"action_type", run.action_type}});
    return json_response(
        {{"occurrences", std::move(occurrences)}, {"truncated", truncated}, {"buckets", buckets_json(runs, from, to)}});
}

template <Storage StorageT>
HttpResponse list_audit(RouteCall<StorageT>& call) {
    AuditQuery query;
    query.actor = call.query.text("actor");
    query.verb = call.query.template named<AuditVerb>("verb");
    query.job_id = call.query.template id<JobId>("job_id");
    query.from = call.query.instant("from");
    query.to = call.query.instant("to");
    query.via = call.query.text("via");
    query.request_id = call.query.text("request_id");
    query.batch = call.query.text("batch");
    const std::uint64_t filter = call.query.filter_hash(call.caller().tenant, call.path);
    read_page(call.query, query, [&](const std::string& after) {
        return CursorReader(after, CursorKind::audit, filter).id<AuditId>();
    });
    const auto list = [&](const AuditQuery& page) {
        return call.scheduler.list_audit(call.caller(), page);
    };
    const auto [events, more] = page_of(query, list);
    nlohmann::json next;
    if (more) next = CursorWriter(CursorKind::audit, filter).id(events.back().id).str();
    return json_response({{"events", events}, {"limit", query.limit}, {"offset", query.offset}, {"next", next}});
}

// ---- a text --------------------------------------------------------------------------------------------------------

struct DescribeRequest {
    std::string schedule;
    std::string time_zone;
    std::optional<CronDialect> dialect;
    DstPolicy dst = DstPolicy::vixie;
    std::uint32_t n = 5;
};

/// Longer texts are not looked at: a page asks while somebody types.
inline constexpr std::size_t longest_described_text = 512;
inline constexpr std::uint32_t most_described = 20;

[[nodiscard]] inline DescribeRequest read_describe_request(const nlohmann::json& body) {
    DescribeRequest wanted;
    const JsonPlace root(UnknownKeys::refuse);
    ObjectReader<nlohmann::json> reader(root, body);
    reader.required("schedule", wanted.schedule);
    reader.text("time_zone", wanted.time_zone);
    reader.member("dialect", wanted.dialect);
    reader.member("dst", wanted.dst);
    reader.member("n", wanted.n);
    reader.finish();
    check_range<std::size_t>("n", wanted.n, 1, most_described, "1 to " + std::to_string(most_described));
    check_text("time_zone", wanted.time_zone, 256);
    return wanted;
}

[[nodiscard]] inline nlohmann::json described_error(Errc code, std::size_t column, std::string_view message) {
    return {{"ok", false}, {"error", {{"code", to_string(code)}, {"column", column}, {"message", message}}}};
}

[[nodiscard]] inline nlohmann::json described(const Schedule& schedule, Instant now, std::size_t n) {
    nlohmann::json warnings = nlohmann::json::array();
    for (const CronWarning& warning : schedule.warnings())
        warnings.push_back({{"code", to_string(warning.code)}, {"text", to_string(warning)}});
    return {{"ok", true},
            {"text", schedule.describe()},
            {"kind", to_string(schedule.kind())},
            {"time_zone", schedule.time_zone()},
            {"never_fires", schedule.never_fires()},
            {"warnings", std::move(warnings)},
            {"next", occurrences_json(schedule, now, schedule.upcoming(now, n))}};
}

/// A text that is wrong is an answer, not a refusal.
template <Storage StorageT>
HttpResponse describe_schedule(RouteCall<StorageT>& call) {
    const DescribeRequest wanted = read_describe_request(call.body);
    if (wanted.schedule.size() > longest_described_text)
        return json_response(described_error(Errc::expression_too_long,
                                             longest_described_text + 1,
                                             "at most " + std::to_string(longest_described_text) +
                                                 " bytes are described, saw " +
                                                 std::to_string(wanted.schedule.size())));
    const Instant now = call.options.clock->now();
    ScheduleOptions options;
    options.time_zone = wanted.time_zone;
    options.dialect = wanted.dialect.value_or(call.options.default_dialect);
    options.dst = wanted.dst;
    options.hash_key = "described"; // where H falls for a job, its id decides
    options.anchor = now;
    options.default_time_zone = call.options.default_time_zone;
    const auto schedule = Schedule::parse(wanted.schedule, options);
    if (schedule) return json_response(described(*schedule, now, wanted.n));
    const Error error = schedule.error();
    return json_response(described_error(error.code(), error.column(), error.what()));
}

// ---- the table -----------------------------------------------------------------------------------------------------

[[nodiscard]] inline std::vector<ParameterInfo> audit_parameters() {
    return {
        {"actor", R"({"type":"string","maxLength":256})", "Only what this actor did."},
        {"verb", R"({"$ref":"#/components/schemas/AuditVerb"})", "Only this kind of change."},
        {"job_id", R"({"type":"string","format":"uuid"})", "Only changes of this job and of its runs."},
        {"from", R"({"type":"string","format":"date-time"})", "Only what was done at or after this."},
        {"to", R"({"type":"string","format":"date-time"})", "Only what was done before this."},
        {"via", R"({"type":"string","maxLength":256})", "Only what came by this way: `api`, `dashboard`."},
        {"request_id", R"({"type":"string","maxLength":256})", "Only what this request did."},
        {"batch", R"({"type":"string","maxLength":256})", "Only the changes of one bulk request."},
        limit_parameter,
        offset_parameter,
        after_parameter,
    };
}

template <Storage StorageT>
void add_view_routes(std::vector<Route<StorageT>>& routes) {
    constexpr std::string_view instant = R"({"type":"string","format":"date-time"})";
    routes.push_back(
        {{.method = "GET",
          .path = "/jobs/{id}/upcoming",
          .name = "upcoming",
          .summary = "The next occurrences of a job, as if it were active",
          .query = {{"n", R"({"type":"integer","minimum":1,"maximum":100,"default":5})", "How many at most."},
                    {"from", instant, "Only those at or after this."}},
          .responses = {{200, "The occurrences, on the job's clock on the wall.", "Upcoming"}}},
         upcoming});
    routes.push_back({{.method = "GET",
                       .path = "/jobs/{id}/explain",
                       .name = "explain",
                       .summary = "Why did it run, or not run, at that moment?",
                       .query = {{"at", instant, "The moment.", true}},
                       .responses = {{200, "What became, or will become, of it.", "Explanation"}}},
                      explain});
    routes.push_back(
        {{.method = "GET",
          .path = "/what-would-run",
          .name = "what_would_run",
          .summary = "What active jobs will run, if nothing changes",
          .query = {{"from", instant, "At or after this.", true},
                    {"to", instant, "Before this, at most 31 days later.", true},
                    {"limit", R"({"type":"integer","minimum":1,"maximum":10000,"default":1000})", "How many at most."}},
          .responses = {{200, "The occurrences, the earliest first.", "Forecast"}}},
         what_would_run});
    routes.push_back({{.method = "POST",
                       .path = "/describe",
                       .name = "describe_schedule",
                       .summary = "What a schedule's text means, or what is wrong with it",
                       .body = "DescribeRequest",
                       .body_required = true,
                       .responses = {{200, "Both are answers; `ok` tells which.", "Description"}}},
                      describe_schedule});
    routes.push_back({{.method = "GET",
                       .path = "/audit",
                       .name = "list_audit",
                       .summary = "Who changed what, the newest first",
                       .query = audit_parameters(),
                       .responses = {{200, "A page of changes.", "AuditPage"}}},
                      list_audit});
}

} // namespace carillon::detail
