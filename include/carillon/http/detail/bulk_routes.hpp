// SPDX-License-Identifier: MIT
// http/detail/bulk_routes.hpp - one verb on many jobs: those that are named, or those that a filter finds.
//
// Each job is changed by itself, as by the verb's own route; one that cannot be says why, and the others go on.
#pragma once

#include "carillon/http/detail/bulk_request.hpp"
#include "carillon/http/detail/route_call.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/// Those that the filter finds, where they are about as many as the caller has seen: within 1 %.
template <Storage StorageT>
[[nodiscard]] std::vector<JobId> found_jobs(const RouteCall<StorageT>& call, const BulkRequest& wanted) {
    const JobQuery query{.status = wanted.filter->status,
                         .limit = most_bulk_jobs,
                         .search = wanted.filter->q,
                         .action_type = wanted.filter->action_type,
                         .failing = wanted.filter->failing};
    const auto list = [&](const JobQuery& page) {
        return call.scheduler.list_jobs(call.caller(), page);
    };
    const auto [jobs, more] = page_of(query, list);
    if (more) throw Problem(ProblemCode::too_large, "filter: expected at most 1000 jobs, it finds more", "filter");
    std::vector<JobId> ids;
    for (const ScheduledJob& job : jobs)
        ids.push_back(job.id);
    const std::size_t expected = *wanted.expected_count;
    const std::size_t difference = expected > ids.size() ? expected - ids.size() : ids.size() - expected;
    if (difference > expected / 100) {
        Problem changed(ProblemCode::count_changed,
                        "expected_count: expected " + std::to_string(expected) + " jobs, the filter finds " +
                            std::to_string(ids.size()),
                        "expected_count");
        changed.members["matched"] = ids.size();
        throw changed;
    }
    return ids;
}

/// Does it to one job; says what it made, where it made something.
template <Storage StorageT>
[[nodiscard]] std::optional<RunId>
do_to_one(RouteCall<StorageT>& call, const BulkRequest& wanted, const Caller& caller, const JobId& id) {
    const ReasonOptions reason{wanted.reason};
    switch (wanted.verb) {
    case BulkVerb::pause: static_cast<void>(found(call.scheduler.pause_job(id, caller, reason))); break;
    case BulkVerb::resume: static_cast<void>(found(call.scheduler.resume_job(id, caller, reason))); break;
    case BulkVerb::trigger: {
        const TriggerOptions options{.idempotency_key = idempotency_key_of(call.request)};
        return found(call.scheduler.trigger_job(id, caller, options)).id;
    }
    case BulkVerb::remove:
        if (!call.scheduler.delete_job(id, caller)) call.refuse_missing();
        break;
    }
    return std::nullopt;
}

[[nodiscard]] inline nlohmann::json bulk_problem_json(const Problem& problem) {
    const ProblemRow& row = row_of(problem.code);
    return {{"status", row.status}, {"code", row.name}, {"title", row.title}, {"detail", problem.detail}};
}

template <Storage StorageT>
HttpResponse change_many(RouteCall<StorageT>& call) {
    const BulkRequest wanted = read_bulk_request(call.body);
    const Permissions& may = call.principal->permissions;
    if (!(wanted.verb == BulkVerb::trigger ? may.trigger : may.write))
        throw Problem(ProblemCode::forbidden,
                      wanted.verb == BulkVerb::trigger ? "expected the permission trigger"
                                                       : "expected the permission write");
    static_cast<void>(idempotency_key_of(call.request)); // a wrong one is refused before anything is done
    check_text("reason", wanted.reason, Limits{}.description_bytes);
    Caller caller = call.caller();
    caller.batch = Uuid::next(call.options.clock->now()).str();
    const std::vector<JobId> ids = wanted.ids ? *wanted.ids : found_jobs(call, wanted);
    nlohmann::json results = nlohmann::json::array();
    for (const JobId& id : ids) {
        nlohmann::json one{{"id", id.str()}, {"ok", true}};
        const auto failed = [&](const Problem& problem) {
            one["ok"] = false;
            one["problem"] = bulk_problem_json(problem);
        };
        try {
            if (const auto run = do_to_one(call, wanted, caller, id)) one["run_id"] = run->str();
        } catch (const Problem& problem) {
            failed(problem);
        } catch (const Error& error) {
            failed(problem_of(error, false));
        }
        results.push_back(std::move(one));
    }
    return json_response({{"results", std::move(results)}, {"matched", ids.size()}, {"batch", caller.batch}});
}

template <Storage StorageT>
void add_bulk_routes(std::vector<Route<StorageT>>& routes) {
    routes.push_back({{.method = "POST",
                       .path = "/jobs/bulk",
                       .name = "change_jobs",
                       .summary = "Pause, resume, trigger or delete up to 1000 jobs, each by itself",
                       .access = RouteAccess::write_or_trigger,
                       .body = "BulkRequest",
                       .body_required = true,
                       .idempotency_key = true,
                       .responses = {{200, "What became of each.", "BulkResult"},
                                     {409, "The filter finds another number; `matched` has it.", "Problem"}}},
                      change_many});
}

} // namespace carillon::detail
