// SPDX-License-Identifier: MIT
// http/detail/service_routes.hpp - the service itself: is it well, what does it count, what can it do, who is signed
// in?
#pragma once

#include "carillon/http/detail/gate.hpp"
#include "carillon/http/detail/route_call.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

/// Tells anyone no more than whether all is well: what is wrong is about tenants, and for the host to look at.
template <Storage StorageT>
HttpResponse health(RouteCall<StorageT>& call) {
    bool well = true;
    for (const Health& worker : call.options.health())
        well = well && worker.problems().empty();
    return json_response({{"status", well ? "ok" : "failing"}}, well ? 200 : 503);
}

template <Storage StorageT>
HttpResponse metrics(RouteCall<StorageT>& call) {
    HttpResponse response;
    response.headers.set("Content-Type", "text/plain; version=0.0.4");
    response.body = call.options.metrics();
    return response;
}

template <Storage StorageT>
HttpResponse openapi(RouteCall<StorageT>& call) {
    HttpResponse response;
    response.headers.set("Content-Type", "application/json");
    response.body = call.openapi;
    return response;
}

template <Storage StorageT>
void add_service_routes(std::vector<Route<StorageT>>& routes, const RestApiOptions& options) {
    if (options.health)
        routes.push_back({{.method = "GET",
                           .path = "/health",
                           .name = "health",
                           .summary = "Are the workers of this process well?",
                           .access = RouteAccess::anyone,
                           .responses = {{200, "They are.", "Health"}, {503, "They are not.", "Health"}}},
                          health});
    if (options.metrics)
        routes.push_back({{.method = "GET",
                           .path = "/metrics",
                           .name = "metrics",
                           .summary = "What the workers of this process count, for Prometheus",
                           .access = RouteAccess::metrics,
                           .responses = {{200, "Text of version 0.0.4.", "text"}}},
                          metrics});
    routes.push_back({{.method = "GET",
                       .path = "/openapi.json",
                       .name = "openapi",
                       .summary = "This document",
                       .access = RouteAccess::anyone,
                       .responses = {{200, "OpenAPI 3.1.", "OpenApi"}}},
                      openapi});
}

// ---- the session of a browser --------------------------------------------------------------------------------------

/// A cookie without a path and an age: the browser derives the path from the address that it sees, behind any prefix,
/// and forgets it when it is closed.
[[nodiscard]] inline std::string session_cookie_text(std::string_view value, bool secure) {
    std::string text = std::string(session_cookie) + "=" + std::string(value) + "; HttpOnly; SameSite=Strict";
    if (secure) text += "; Secure";
    return text;
}

template <Storage StorageT>
HttpResponse get_session(RouteCall<StorageT>& call) {
    const Permissions& permissions = call.principal->permissions;
    return json_response({{"tenant", call.caller().tenant},
                          {"actor", call.caller().actor},
                          {"permissions",
                           {{"read", permissions.read},
                            {"write", permissions.write},
                            {"trigger", permissions.trigger},
                            {"metrics", permissions.metrics}}}});
}

/// Makes a session of a bearer token: the cookie is the token, and each request asks `authenticate` again.
template <Storage StorageT>
HttpResponse open_session(RouteCall<StorageT>& call) {
    const auto token = bearer_of(call.request.headers);
    if (!token || !is_bearer_token(*token))
        throw Problem(ProblemCode::unauthenticated, "expected Authorization: Bearer with the token to sign in with");
    HttpResponse response;
    response.status = 204;
    response.headers.set("Set-Cookie", session_cookie_text(*token, call.is_secure()));
    return response;
}

template <Storage StorageT>
HttpResponse close_session(RouteCall<StorageT>& call) {
    HttpResponse response;
    response.status = 204;
    response.headers.set("Set-Cookie", session_cookie_text("", call.is_secure()) + "; Max-Age=0");
    response.headers.set("Clear-Site-Data", "\"cache\"");
    return response;
}

template <Storage StorageT>
[[nodiscard]] std::vector<Route<StorageT>> session_routes() {
    std::vector<Route<StorageT>> routes;
    routes.push_back({{.method = "GET",
                       .path = "/session",
                       .name = "get_session",
                       .summary = "Who is signed in",
                       .access = RouteAccess::signed_in},
                      get_session});
    routes.push_back({{.method = "POST",
                       .path = "/session",
                       .name = "open_session",
                       .summary = "Sign in with a token",
                       .access = RouteAccess::signed_in},
                      open_session});
    routes.push_back({{.method = "DELETE",
                       .path = "/session",
                       .name = "close_session",
                       .summary = "Sign out",
                       .access = RouteAccess::anyone},
                      close_session});
    return routes;
}

} // namespace carillon::detail
