// SPDX-License-Identifier: MIT
// http/detail/event_routes.hpp - what changes, as it changes.
#pragma once

#include "carillon/http/detail/event_stream.hpp"
#include "carillon/http/detail/gate.hpp"
#include "carillon/http/detail/route_call.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

/// The id that the query names; of nothing that the caller may see, it is refused as the path would be.
template <class IdType, class Find>
[[nodiscard]] std::optional<IdType> watched_id(const std::optional<std::string>& text, const Find& find) {
    if (!text) return std::nullopt;
    const auto id = IdType::parse(*text);
    if (!id || !find(*id)) throw Problem(ProblemCode::not_found, "");
    return id;
}

template <Storage StorageT>
HttpResponse stream_events(RouteCall<StorageT>& call) {
    Watched watched;
    watched.job = watched_id<JobId>(call.query.text("job"),
                                    [&](const JobId& id) { return call.scheduler.get_job(id, call.caller()); });
    watched.run = watched_id<RunId>(call.query.text("run"),
                                    [&](const RunId& id) { return call.scheduler.get_run(id, call.caller()); });
    HttpResponse response;
    response.headers.set("Content-Type", "text/event-stream");
    response.headers.set("X-Accel-Buffering", "no");
    response.stream = std::make_shared<EventStream<StorageT>>(
        call, for_authentication(call.request, call.by_cookie), std::move(watched));
    return response;
}

template <Storage StorageT>
void add_event_routes(std::vector<Route<StorageT>>& routes) {
    constexpr std::string_view id = R"({"type":"string","format":"uuid"})";
    routes.push_back({{.method = "GET",
                       .path = "/events",
                       .name = "events",
                       .summary = "What changes in the tenant, as it changes",
                       .query = {{"job", id, "Sends this job, too, whenever something becomes of it."},
                                 {"run", id, "Sends this run, too."}},
                       .streams = true,
                       .responses = {{200, "Server-sent events, until either side ends it.", "event-stream"},
                                     {404, "There is no such job or run, or it is another tenant's.", "Problem"},
                                     {503, "As many streams are open as the server allows.", "Problem"}}},
                      stream_events});
}

} // namespace carillon::detail
