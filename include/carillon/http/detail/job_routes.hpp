// SPDX-License-Identifier: MIT
// http/detail/job_routes.hpp - /jobs and /jobs/{id}.
#pragma once

#include "carillon/http/detail/route_call.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

inline constexpr std::array job_sort_names{
    EnumRow<JobSort>{JobSort::newest, "newest"},
    EnumRow<JobSort>{JobSort::name, "name"},
    EnumRow<JobSort>{JobSort::next_run, "next_run"},
};
template <>
inline constexpr auto names_of<JobSort> = job_sort_names;

[[nodiscard]] constexpr CursorKind cursor_kind_of(JobSort sort) noexcept {
    switch (sort) {
    case JobSort::newest: return CursorKind::jobs_newest;
    case JobSort::name: return CursorKind::jobs_name;
    case JobSort::next_run: break;
    }
    return CursorKind::jobs_next_run;
}

[[nodiscard]] inline JobCursor read_job_cursor(CursorReader cursor) {
    JobCursor place;
    place.created_at = cursor.instant();
    place.next_run_at = cursor.optional_instant();
    place.name = cursor.text();
    place.id = cursor.id<JobId>();
    return place;
}

template <Storage StorageT>
HttpResponse create_job(RouteCall<StorageT>& call) {
    auto spec = call.body.template get<JobSpec>();
    if (const auto key = idempotency_key_of(call.request)) {
        if (spec.idempotency_key && *spec.idempotency_key != *key)
            refuse(Errc::out_of_range, "idempotency_key", "expected the same as in Idempotency-Key, or none");
        spec.idempotency_key = key;
    }
    const JobId before_call = JobId::next(call.options.clock->now());
    const ScheduledJob job = call.scheduler.create_job(call.caller(), spec);
    HttpResponse response = job_response(job, 201);
    response.headers.set("Location", std::string(call.base) + "/jobs/" + job.id.str());
    mark_replay(response, job.id, before_call);
    return response;
}

/// Each job with how its last runs have ended.
template <Storage StorageT>
[[nodiscard]] nlohmann::json jobs_with_strips(const RouteCall<StorageT>& call, const std::vector<ScheduledJob>& jobs) {
    std::vector<JobId> ids;
    for (const ScheduledJob& job : jobs)
        ids.push_back(job.id);
    const auto strips = call.scheduler.recent_outcomes(call.caller(), ids);
    nlohmann::json all = jobs;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        nlohmann::json& strip = all[i]["strip"] = nlohmann::json::array();
        for (const RunOutcome& run : strips[i])
            strip.push_back(outcome_json(run));
    }
    return all;
}

template <Storage StorageT>
HttpResponse list_jobs(RouteCall<StorageT>& call) {
    JobQuery query;
    query.status = call.query.template named<JobStatus>("status");
    query.search = call.query.text("q");
    query.action_type = call.query.text("action_type");
    query.failing = call.query.flag("failing");
    const auto include = call.query.text("include");
    if (include && *include != "strip") QueryReader::refuse_parameter("include", "expected strip");
    query.sort = call.query.template named<JobSort>("sort").value_or(JobSort::newest);
    const CursorKind kind = cursor_kind_of(query.sort);
    const std::uint64_t filter = call.query.filter_hash(call.caller().tenant, call.path);
    read_page(call.query, query, [&](const std::string& after) {
        return read_job_cursor(CursorReader(after, kind, filter));
    });
    const auto list = [&](const JobQuery& page) {
        return call.scheduler.list_jobs(call.caller(), page);
    };
    const auto [jobs, more] = page_of(query, list);
    nlohmann::json next;
    if (more) {
        const ScheduledJob& last = jobs.back();
        next = CursorWriter(kind, filter)
                   .instant(last.created_at)
                   .instant(last.next_run_at)
                   .text(last.name)
                   .id(last.id)
                   .str();
    }
    const Count total = call.scheduler.count_jobs(call.caller(), query);
    return json_response({{"jobs", include ? jobs_with_strips(call, jobs) : nlohmann::json(jobs)},
                          {"total", total.n},
                          {"total_capped", total.capped},
                          {"limit", query.limit},
                          {"offset", query.offset},
                          {"next", next}});
}

template <Storage StorageT>
HttpResponse get_job(RouteCall<StorageT>& call) {
    return job_response(found(call.scheduler.get_job(call.template id<JobId>(), call.caller())));
}

/// The refusal of a change of an older revision, with the job as it is now.
[[nodiscard]] inline Problem revision_problem(const ScheduledJob& current) {
    Problem problem(ProblemCode::revision_conflict,
                    "If-Match: the job is at revision " + std::to_string(current.revision),
                    "If-Match");
    problem.members["current"] = current;
    problem.headers.set("ETag", tag_of_revision(current.revision));
    return problem;
}

/// Calls `change` with the one revision that it may change; with none where any will do. A job that is changed between
/// the look at its revision and the change is a conflict like any other.
template <Storage StorageT, class Change>
auto change_if_match(RouteCall<StorageT>& call, const JobId& id, const Change& change) {
    const IfMatch wanted = read_if_match(call.request.headers);
    std::optional<std::uint64_t> expected;
    if (wanted.given && !wanted.any) {
        const auto job = found(call.scheduler.get_job(id, call.caller()));
        if (!wanted.lets_through(job.revision)) throw revision_problem(job);
        expected = job.revision;
    }
    try {
        return change(expected);
    } catch (const Error& error) {
        if (error.code() != Errc::revision_conflict) throw;
        throw revision_problem(found(call.scheduler.get_job(id, call.caller())));
    }
}

template <Storage StorageT>
HttpResponse update_job(RouteCall<StorageT>& call) {
    const auto id = call.template id<JobId>();
    const auto patch = call.body.template get<JobPatch>();
    if (call.options.require_if_match && call.request.headers.find("If-Match") == nullptr)
        throw Problem(
            ProblemCode::precondition_required, "expected If-Match with the ETag of what was read, or *", "If-Match");
    return job_response(found(change_if_match(call, id, [&](std::optional<std::uint64_t> expected) {
        return call.scheduler.update_job(id, call.caller(), patch, expected);
    })));
}

template <Storage StorageT>
HttpResponse delete_job(RouteCall<StorageT>& call) {
    const auto id = call.template id<JobId>();
    const bool deleted = change_if_match(call, id, [&](std::optional<std::uint64_t> expected) {
        return call.scheduler.delete_job(id, call.caller(), expected);
    });
    if (!deleted) call.refuse_missing();
    HttpResponse response;
    response.status = 204;
    return response;
}

template <Storage StorageT>
HttpResponse pause_job(RouteCall<StorageT>& call) {
    return job_response(found(call.scheduler.pause_job(call.template id<JobId>(), call.caller(), reason_of(call))));
}

template <Storage StorageT>
HttpResponse resume_job(RouteCall<StorageT>& call) {
    return job_response(found(call.scheduler.resume_job(call.template id<JobId>(), call.caller(), reason_of(call))));
}

[[nodiscard]] inline std::vector<ParameterInfo> job_list_parameters() {
    return {
        {"status", R"({"enum":["active","paused","disabled","completed"]})", "Only jobs in this status."},
        {"q", R"({"type":"string","maxLength":256})", "Only jobs whose name contains this, in either case."},
        {"action_type", R"({"type":"string","maxLength":256})", "Only jobs with this `action.type`."},
        {"failing", R"({"type":"boolean"})", "Only jobs whose last executed run has failed, or only the others."},
        {"include",
         R"({"enum":["strip"]})",
         "With `strip` each job has how its last 24 runs have ended, the latest last."},
        {"sort", R"({"enum":["newest","name","next_run"],"default":"newest"})", "The order."},
        limit_parameter,
        offset_parameter,
        after_parameter,
    };
}

template <Storage StorageT>
void add_job_routes(std::vector<Route<StorageT>>& routes) {
    const ResponseInfo job{200, "The job as it is now; ETag names its revision.", "Job"};
    routes.push_back({{.method = "POST",
                       .path = "/jobs",
                       .name = "create_job",
                       .summary = "Create a job",
                       .access = RouteAccess::write,
                       .body = "JobSpec",
                       .body_required = true,
                       .idempotency_key = true,
                       .responses = {{201, "The job that was made, or that the same key has made before.", "Job"},
                                     {409, "The key was used with another body.", "Problem"}}},
                      create_job});
    routes.push_back({{.method = "GET",
                       .path = "/jobs",
                       .name = "list_jobs",
                       .summary = "List jobs",
                       .query = job_list_parameters(),
                       .responses = {{200, "A page of jobs.", "JobPage"}}},
                      list_jobs});
    routes.push_back(
        {{.method = "GET", .path = "/jobs/{id}", .name = "get_job", .summary = "Read a job", .responses = {job}},
         get_job});
    routes.push_back({{.method = "PUT",
                       .path = "/jobs/{id}",
                       .name = "update_job",
                       .summary = "Change the members that are given",
                       .access = RouteAccess::write,
                       .body = "JobPatch",
                       .body_required = true,
                       .if_match = true,
                       .responses = {job,
                                     {412, "The job is at another revision; `current` is the job.", "Problem"},
                                     {428, "The host wants If-Match.", "Problem"}}},
                      update_job});
    routes.push_back({{.method = "DELETE",
                       .path = "/jobs/{id}",
                       .name = "delete_job",
                       .summary = "Delete a job; its history stays",
                       .access = RouteAccess::write,
                       .if_match = true,
                       .responses = {{204, "It is gone."},
                                     {412, "The job is at another revision; `current` is the job.", "Problem"}}},
                      delete_job});
    const ResponseInfo state{409, "Not in the status that the job has.", "Problem"};
    routes.push_back({{.method = "POST",
                       .path = "/jobs/{id}/pause",
                       .name = "pause_job",
                       .summary = "Pause a job until it is resumed",
                       .access = RouteAccess::write,
                       .body = "Reason",
                       .responses = {job, state}},
                      pause_job});
    routes.push_back({{.method = "POST",
                       .path = "/jobs/{id}/resume",
                       .name = "resume_job",
                       .summary = "Let a job run again, from now on",
                       .access = RouteAccess::write,
                       .body = "Reason",
                       .responses = {job, state}},
                      resume_job});
}

} // namespace carillon::detail
