// SPDX-License-Identifier: MIT
// http/detail/gate.hpp - may this request come in at all? Sizes, names, and from where a browser sends it. Pure.
#pragma once

#include "carillon/http/access.hpp"
#include "carillon/http/detail/body_reader.hpp"
#include "carillon/http/detail/http_text.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/http/rest_api_options.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::detail {

inline constexpr std::string_view session_cookie = "carillon_session";

/// The caller's name for the request, where it has an acceptable one: [A-Za-z0-9._-], at most 64.
[[nodiscard]] inline std::optional<std::string> given_request_id(const HttpHeaders& headers) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const std::string* id = headers.find("X-Request-Id");
    if (id == nullptr || id->empty() || id->size() > 64 || id->find_first_not_of(allowed) != id->npos)
        return std::nullopt;
    return *id;
}

inline void check_sizes(const HttpRequest& request, const HttpLimits& limits) {
    if (request.target.size() > limits.target_bytes)
        throw Problem(ProblemCode::uri_too_long,
                      "expected an address of at most " + std::to_string(limits.target_bytes) + " bytes");
    std::size_t bytes = 0;
    for (const auto& field : request.headers)
        bytes += field.name.size() + field.value.size() + 4;
    if (request.headers.size() > limits.header_fields || bytes > limits.header_bytes)
        throw Problem(ProblemCode::headers_too_large,
                      "expected at most " + std::to_string(limits.header_fields) + " header fields of " +
                          std::to_string(limits.header_bytes) + " bytes together");
    if (request.body.size() > limits.body_bytes)
        throw Problem(ProblemCode::too_large,
                      "expected a body of at most " + std::to_string(limits.body_bytes) + " bytes");
}

/// Fields that mean two things when they come twice.
inline void check_single_fields(const HttpHeaders& headers) {
    for (const char* name :
         {"Host", "Authorization", "Origin", "Content-Type", "If-Match", "Idempotency-Key", "Sec-Fetch-Site"})
        if (headers.count(name) > 1)
            throw Problem(ProblemCode::bad_request, std::string("expected one field ") + name + ", saw several", name);
}

inline void check_host(const HttpHeaders& headers, const RestApiOptions& options) {
    if (options.hosts.empty()) return;
    const std::string* host = headers.find("Host");
    const std::string_view name = host == nullptr ? std::string_view() : without_port(*host);
    const bool known = std::any_of(options.hosts.begin(), options.hosts.end(), [&](const std::string& candidate) {
        return same_http_name(candidate, name);
    });
    if (!known || name.empty())
        throw Problem(ProblemCode::unknown_host, "Host: this server answers to the names that its host has listed");
}

[[nodiscard]] inline bool is_safe_method(std::string_view method) noexcept {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

/// "https://ops.example.com" is where `Host: ops.example.com` leads to, by either scheme.
[[nodiscard]] inline bool is_origin_of_host(std::string_view origin, const std::string* host) noexcept {
    if (host == nullptr || host->empty()) return false;
    for (const std::string_view scheme : {"https://", "http://"})
        if (origin.starts_with(scheme)) return same_http_name(origin.substr(scheme.size()), *host);
    return false;
}

/// What a browser says about where a request comes from.
enum class RequestOrigin { same, foreign, unsaid };

[[nodiscard]] inline RequestOrigin origin_of(const HttpHeaders& headers, const RestApiOptions& options) {
    if (const std::string* site = headers.find("Sec-Fetch-Site"))
        return *site == "same-origin" ? RequestOrigin::same : RequestOrigin::foreign;
    const std::string* origin = headers.find("Origin");
    if (origin == nullptr) return RequestOrigin::unsaid;
    const bool same = options.public_origin.empty() ? is_origin_of_host(*origin, headers.find("Host"))
                                                    : same_http_name(*origin, options.public_origin);
    return same ? RequestOrigin::same : RequestOrigin::foreign;
}

/// Refuses what another site made a browser send along with what the browser remembers: a cookie, a password. A bearer
/// token is nothing that browsers send by themselves.
inline void check_origin(const HttpRequest& request, const RestApiOptions& options, bool by_cookie, bool streams) {
    const bool safe = is_safe_method(request.method);
    if ((safe && !(streams && by_cookie)) || bearer_of(request.headers)) return;
    const RequestOrigin origin = origin_of(request.headers, options);
    if (origin == RequestOrigin::foreign || (by_cookie && origin != RequestOrigin::same))
        throw Problem(ProblemCode::csrf, "expected a request of this origin's own pages, or a bearer token");
    if (by_cookie && !safe && request.method != "DELETE" && !is_json_type(request.headers.find("Content-Type")))
        throw Problem(ProblemCode::csrf, "expected Content-Type: application/json beside a cookie");
}

/// The request as `authenticate` sees it: without its body, with cookies only where they count, and a session's cookie
/// as the token that it is. With a token of its own it has no cookies, so that it is clear what it was let in by.
[[nodiscard]] inline HttpRequest for_authentication(const HttpRequest& request, bool cookies_count) {
    HttpRequest seen{request.method, request.target, request.headers, "", request.remote, request.secure};
    const bool has_bearer = bearer_of(request.headers).has_value();
    const auto session = cookie_of(request.headers, session_cookie);
    if (cookies_count && !has_bearer && session && is_bearer_token(*session))
        seen.headers.set("Authorization", "Bearer " + std::string(*session));
    if (!cookies_count || has_bearer) seen.headers.remove("Cookie");
    return seen;
}

} // namespace carillon::detail
