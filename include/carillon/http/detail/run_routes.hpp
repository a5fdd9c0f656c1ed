// SPDX-License-Identifier: MIT
// http/detail/run_routes.hpp - runs: those of a job, one by its id, and the verbs that start and stop them.
#pragma once

#include "carillon/http/detail/route_call.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

template <Storage StorageT>
[[nodiscard]] HttpResponse new_run_response(const RouteCall<StorageT>& call, const JobRun& run, RunId before_call) {
    HttpResponse response = json_response(run, 202);
    response.headers.set("Location", std::string(call.base) + "/runs/" + run.id.str());
    mark_replay(response, run.id, before_call);
    return response;
}

/// A key that has made a run of another kind before is no repetition.
inline void check_same_request(const JobRun& run, RunTrigger trigger, std::optional<RunId> retry_of) {
    if (run.trigger != trigger || run.retry_of != retry_of)
        throw Problem(ProblemCode::idempotency_key_reused,
                      "Idempotency-Key: it has made run " + run.id.str() + " by another request",
                      "Idempotency-Key");
}

template <Storage StorageT>
HttpResponse trigger_job(RouteCall<StorageT>& call) {
    const auto id = call.template id<JobId>();
    const TriggerOptions options{.idempotency_key = idempotency_key_of(call.request)};
    const RunId before_call = RunId::next(call.options.clock->now());
    const JobRun run = found(call.scheduler.trigger_job(id, call.caller(), options));
    check_same_request(run, RunTrigger::manual, std::nullopt);
    return new_run_response(call, run, before_call);
}

template <Storage StorageT>
HttpResponse retry_run(RouteCall<StorageT>& call) {
    const auto id = call.template id<RunId>();
    const TriggerOptions options{.idempotency_key = idempotency_key_of(call.request)};
    const RunId before_call = RunId::next(call.options.clock->now());
    const JobRun run = found(call.scheduler.retry_run(id, call.caller(), options));
    check_same_request(run, RunTrigger::retry, id);
    return new_run_response(call, run, before_call);
}

template <Storage StorageT>
HttpResponse cancel_run(RouteCall<StorageT>& call) {
    return json_response(found(call.scheduler.cancel_run(call.template id<RunId>(), call.caller(), reason_of(call))));
}

template <Storage StorageT>
HttpResponse get_run(RouteCall<StorageT>& call) {
    return json_response(found(call.scheduler.get_run(call.template id<RunId>(), call.caller())));
}

/// Those of a job that was deleted are still there.
template <Storage StorageT>
void check_job_has_been(const RouteCall<StorageT>& call, const JobId& id) {
    if (call.scheduler.get_job(id, call.caller())) return;
    if (call.scheduler.list_runs(id, call.caller(), {.limit = 1}).empty()) call.refuse_missing();
}

/// Those of the job where one is given, else those of all jobs.
template <Storage StorageT>
[[nodiscard]] HttpResponse page_of_runs(RouteCall<StorageT>& call, std::optional<JobId> job_id) {
    RunQuery query;
    query.status = call.query.template named<JobRunStatus>("status");
    query.reason = call.query.template named<RunReason>("reason");
    query.job_id = job_id;
    query.action_type = call.query.text("action_type");
    query.from = call.query.instant("from");
    query.to = call.query.instant("to");
    const std::uint64_t filter = call.query.filter_hash(call.caller().tenant, call.path);
    read_page(call.query, query, [&](const std::string& after) {
        CursorReader cursor(after, CursorKind::runs, filter);
        const Instant at = cursor.instant();
        return RunCursor(at, cursor.id<RunId>());
    });
    const auto list = [&](const RunQuery& page) {
        return call.scheduler.list_runs(call.caller(), page);
    };
    const auto [runs, more] = page_of(query, list);
    nlohmann::json next;
    if (more) {
        const RunCursor last = runs.back();
        next = CursorWriter(CursorKind::runs, filter).instant(last.scheduled_for).id(last.id).str();
    }
    const Count total = call.scheduler.count_runs(call.caller(), query);
    return json_response({{"runs", runs},
                          {"total", total.n},
                          {"total_capped", total.capped},
                          {"limit", query.limit},
                          {"offset", query.offset},
                          {"next", next}});
}

template <Storage StorageT>
HttpResponse list_runs(RouteCall<StorageT>& call) {
    return page_of_runs(call, call.query.template id<JobId>("job_id"));
}

template <Storage StorageT>
HttpResponse list_runs_of_job(RouteCall<StorageT>& call) {
    const auto id = call.template id<JobId>();
    check_job_has_been(call, id);
    return page_of_runs(call, id);
}

[[nodiscard]] inline std::vector<ParameterInfo> run_list_parameters() {
    constexpr std::string_view instant = R"({"type":"string","format":"date-time"})";
    return {
        {"status",
         R"({"enum":["pending","running","completed","failed","skipped","cancelled","timed_out"]})",
         "Only runs in this status."},
        {"reason", R"({"$ref":"#/components/schemas/RunReason"})", "Only runs with this reason."},
        {"action_type", R"({"type":"string","maxLength":256})", "Only runs of this `action.type`."},
        {"from", instant, "Only runs whose `scheduled_for` is at or after this."},
        {"to", instant, "Only runs whose `scheduled_for` is before this."},
        limit_parameter,
        offset_parameter,
        after_parameter,
    };
}

template <Storage StorageT>
void add_run_routes(std::vector<Route<StorageT>>& routes) {
    routes.push_back({{.method = "POST",
                       .path = "/jobs/{id}/trigger",
                       .name = "trigger_job",
                       .summary = "Run a job now, besides its schedule",
                       .access = RouteAccess::trigger,
                       .idempotency_key = true,
                       .responses = {{202, "The run: pending, or skipped by the overlap policy.", "Run"},
                                     {409, "The key was used by another request.", "Problem"}}},
                      trigger_job});
    std::vector<ParameterInfo> of_all_jobs = run_list_parameters();
    of_all_jobs.push_back({"job_id", R"({"type":"string","format":"uuid"})", "Only runs of this job."});
    routes.push_back({{.method = "GET",
                       .path = "/runs",
                       .name = "list_runs",
                       .summary = "List the runs of all jobs, the latest first",
                       .query = std::move(of_all_jobs),
                       .responses = {{200, "A page of runs.", "RunPage"}}},
                      list_runs});
    routes.push_back({{.method = "GET",
                       .path = "/jobs/{id}/runs",
                       .name = "list_runs_of_job",
                       .summary = "List the runs of a job, the newest first",
                       .query = run_list_parameters(),
                       .responses = {{200, "A page of runs.", "RunPage"}}},
                      list_runs_of_job});
    routes.push_back({{.method = "GET",
                       .path = "/runs/{id}",
                       .name = "get_run",
                       .summary = "Read a run",
                       .responses = {{200, "The run with its earlier attempts.", "Run"}}},
                      get_run});
    routes.push_back({{.method = "POST",
                       .path = "/runs/{id}/cancel",
                       .name = "cancel_run",
                       .summary = "Cancel a run that waits, ask one that runs to stop",
                       .access = RouteAccess::trigger,
                       .body = "Reason",
                       .responses = {{200, "The run as it is now.", "Run"}, {409, "It has ended.", "Problem"}}},
                      cancel_run});
    routes.push_back({{.method = "POST",
                       .path = "/runs/{id}/retry",
                       .name = "retry_run",
                       .summary = "Repeat a run that has ended",
                       .access = RouteAccess::trigger,
                       .idempotency_key = true,
                       .responses = {{202, "The new run; `retry_of` is the one that it repeats.", "Run"},
                                     {409, "It has not ended, its job is gone, or the key was used.", "Problem"}}},
                      retry_run});
}

} // namespace carillon::detail
