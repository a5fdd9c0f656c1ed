// SPDX-License-Identifier: MIT
// http/rest_api.hpp - the facade for people and other programs: a pure function from a request to a response.
//
//   RestApi api{scheduler, {.authenticate = bearer_tokens({...})}};
//   HttpResponse response = api.handle({.method = "GET", .target = "/api/v1/scheduler/jobs", .headers = {...}});
//
// Any server can call it; http/httplib_server.hpp is one that does. docs/http.md lists the routes, /openapi.json
// describes them, and both follow the one table that dispatches. Every id is looked up in the caller's tenant, so that
// another tenant's is answered as one that does not exist, byte for byte.
#pragma once

#include "carillon/http/access.hpp"
#include "carillon/http/detail/bulk_routes.hpp"
#include "carillon/http/detail/event_routes.hpp"
#include "carillon/http/detail/gate.hpp"
#include "carillon/http/detail/job_routes.hpp"
#include "carillon/http/detail/rate_limiter.hpp"
#include "carillon/http/detail/route_call.hpp"
#include "carillon/http/detail/run_routes.hpp"
#include "carillon/http/detail/service_routes.hpp"
#include "carillon/http/detail/summary_routes.hpp"
#include "carillon/http/detail/view_routes.hpp"
#include "carillon/http/http_message.hpp"
#include "carillon/http/openapi.hpp"
#include "carillon/http/rest_api_options.hpp"
#include "carillon/http/security_headers.hpp"
#include "carillon/scheduler_facade.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// Thread-safe. Keeps no state but the counters of its rate limits. The scheduler must outlive it, and it the streams
/// that it has answered with.
template <Storage StorageT = MemoryStorage>
class RestApi {
public:
    /// Throws Error where nobody could be told apart, since `authenticate` is missing, and where `mount` is not a path
    /// such as "/carillon".
    RestApi(SchedulerFacade<StorageT>& scheduler, RestApiOptions options);
    RestApi(const RestApi&) = delete;
    RestApi& operator=(const RestApi&) = delete;

    /// Answers any request, whatever is in it; never throws. Blocks as long as the storage does.
    [[nodiscard]] HttpResponse handle(const HttpRequest& request);

    /// The OpenAPI 3.1 document of its routes.
    [[nodiscard]] const std::string& openapi() const noexcept { return openapi_; }
    [[nodiscard]] const RestApiOptions& options() const noexcept { return options_; }

    /// Where the routes begin, after the mount if any.
    static constexpr std::string_view base = "/api/v1/scheduler";

private:
    using Route = detail::Route<StorageT>;
    using Problem = detail::Problem;
    using Code = detail::ProblemCode;

    /// What is known about a request while it is answered, for its response and for the log.
    struct Exchange {
        const HttpRequest& request;
        std::string id;
        HttpLogEntry log{};
        HttpHeaders headers{}; ///< for the response, whatever it is
        bool has_body = false; ///< the route takes one
    };
    /// A path, cut in two.
    struct Place {
        std::string base;
        std::string_view rest;
        const std::vector<Route>* routes;
        bool cookies_count;
    };

    [[nodiscard]] std::optional<Place> place_of(std::string_view path) const;
    [[nodiscard]] HttpResponse answer(Exchange& exchange);
    [[nodiscard]] HttpResponse answer_or_refuse(Exchange& exchange);
    [[nodiscard]] const Route&
    route_of(const Exchange& exchange, const Place& place, std::vector<std::string>& path) const;
    [[nodiscard]] std::optional<Principal> authenticated(Exchange& exchange, const Route& route, const Place& place);
    [[noreturn]] void refuse_stranger(Exchange& exchange, const HttpRequest& seen);
    void check_rate(Exchange& exchange, const Route& route, const Principal& principal);
    void tell_log(Exchange& exchange, const HttpResponse& response) const;

    SchedulerFacade<StorageT>& scheduler_;
    RestApiOptions options_;
    std::vector<Route> routes_;
    std::vector<Route> session_routes_;
    std::string openapi_;
    detail::RateLimiter reads_;
    detail::RateLimiter writes_;
    detail::RateLimiter describe_;
    detail::RateLimiter failed_sign_ins_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

[[nodiscard]] inline bool allows(const Permissions& permissions, RouteAccess access) noexcept {
    switch (access) {
    case RouteAccess::read: return permissions.read;
    case RouteAccess::write: return permissions.write;
    case RouteAccess::trigger: return permissions.trigger;
    case RouteAccess::write_or_trigger: return permissions.write || permissions.trigger;
    case RouteAccess::metrics: return permissions.metrics;
    case RouteAccess::anyone:
    case RouteAccess::signed_in: break;
    }
    return true;
}

[[nodiscard]] inline bool is_mount(std::string_view mount) noexcept {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    return mount.empty() || (mount.size() > 1 && mount.front() == '/' && mount.back() != '/' &&
                             mount.find("//") == mount.npos && mount.find_first_not_of(allowed) == mount.npos);
}

inline void check_api_options(const RestApiOptions& options) {
    if (!options.authenticate) refuse(Errc::required, "authenticate", "must not be empty; bearer_tokens() makes one");
    if (!options.clock) refuse(Errc::required, "clock", "must not be null");
    if (!is_mount(options.mount)) refuse(Errc::out_of_range, "mount", "expected a path such as /carillon");
    for (const HttpRate& rate :
         {options.rates.reads, options.rates.writes, options.rates.describe, options.rates.failed_sign_ins})
        if (rate.per < std::chrono::milliseconds{1})
            refuse(Errc::out_of_range, "rates.per", "expected 1 ms or more, saw " + to_string(rate.per));
}

/// The methods of the routes with that path, as Allow lists them.
template <class Routes>
[[nodiscard]] std::string allowed_methods(const Routes& routes, std::string_view path) {
    std::string methods;
    for (const auto& route : routes) {
        if (!match_path(route.info.path, path)) continue;
        methods.append(methods.empty() ? "" : ", ").append(route.info.method);
        if (route.info.method == "GET") methods += ", HEAD";
    }
    return methods;
}

} // namespace detail

template <Storage StorageT>
RestApi<StorageT>::RestApi(SchedulerFacade<StorageT>& scheduler, RestApiOptions options)
    : scheduler_(scheduler)
    , options_((detail::check_api_options(options), std::move(options)))
    , session_routes_(detail::session_routes<StorageT>())
    , reads_(options_.clock, options_.rates.reads)
    , writes_(options_.clock, options_.rates.writes)
    , describe_(options_.clock, options_.rates.describe)
    , failed_sign_ins_(options_.clock, options_.rates.failed_sign_ins) {
    detail::add_job_routes(routes_);
    detail::add_bulk_routes(routes_);
    detail::add_run_routes(routes_);
    detail::add_view_routes(routes_);
    detail::add_summary_routes(routes_);
    if (options_.events) detail::add_event_routes(routes_);
    detail::add_service_routes(routes_, options_);
    openapi_ = detail::openapi_document(routes_, base).dump(2) + "\n";
}

template <Storage StorageT>
HttpResponse RestApi<StorageT>::handle(const HttpRequest& request) {
    auto id = detail::given_request_id(request.headers);
    Exchange exchange{request, id ? std::move(*id) : Uuid::next(options_.clock->now()).str()};
    HttpResponse response = answer_or_refuse(exchange);
    for (const auto& field : exchange.headers)
        response.headers.set(field.name, field.value);
    response.headers.set("X-Request-Id", exchange.id);
    response.headers.set("Date", detail::http_date(options_.clock->now()));
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("Vary", "Authorization, Cookie");
    detail::add_security_headers(response.headers);
    if (request.method == "HEAD") {
        response.body.clear();
        response.stream.reset();
    }
    tell_log(exchange, response);
    return response;
}

template <Storage StorageT>
HttpResponse RestApi<StorageT>::answer_or_refuse(Exchange& exchange) {
    const auto refused = [&](const Problem& problem) {
        exchange.log.problem = detail::row_of(problem.code).name;
        exchange.log.error = problem.cause;
        return detail::response_of(problem, exchange.id);
    };
    const auto failed = [&](std::string cause) {
        Problem problem(Code::internal, "");
        problem.cause = std::move(cause);
        return refused(problem);
    };
    try {
        return answer(exchange);
    } catch (const Problem& problem) {
        return refused(problem);
    } catch (const Error& error) {
        return refused(detail::problem_of(error, exchange.has_body));
    } catch (const std::exception& error) {
        return failed(error.what());
    } catch (...) {
        return failed("something that is no std::exception was thrown");
    }
}

template <Storage StorageT>
HttpResponse RestApi<StorageT>::answer(Exchange& exchange) {
    const HttpRequest& request = exchange.request;
    detail::check_sizes(request, options_.limits);
    detail::check_single_fields(request.headers);
    detail::check_host(request.headers, options_);
    const std::size_t mark = request.target.find('?');
    const std::string_view path = std::string_view(request.target).substr(0, mark);
    const std::string_view query = mark == request.target.npos ? "" : std::string_view(request.target).substr(mark + 1);
    exchange.log.path = path;
    const auto place = place_of(path);
    if (!place) throw Problem(Code::not_found, "");
    std::vector<std::string> segments;
    const Route& route = route_of(exchange, *place, segments);
    exchange.has_body = !route.info.body.empty();
    detail::check_origin(request, options_, place->cookies_count, route.info.streams);
    auto principal = authenticated(exchange, route, *place);
    if (principal) {
        principal->caller.via = place->cookies_count ? "dashboard" : "api";
        principal->caller.request_id = exchange.id;
    }
    if (principal) check_rate(exchange, route, *principal);
    if (principal && !detail::allows(principal->permissions, route.info.access))
        throw Problem(Code::forbidden, "expected the permission " + std::string(detail::name_of(route.info.access)));
    detail::RouteCall<StorageT> call{scheduler_,
                                     options_,
                                     request,
                                     principal ? &*principal : nullptr,
                                     place->base,
                                     std::move(segments),
                                     detail::QueryReader(query, route.info.query),
                                     nullptr,
                                     openapi_,
                                     place->cookies_count};
    if (exchange.has_body) call.body = detail::read_body(request, options_.limits, route.info.body_required);
    return route.handler(call);
}

template <Storage StorageT>
auto RestApi<StorageT>::place_of(std::string_view path) const -> std::optional<Place> {
    const auto below = [&](const std::string& prefix) {
        return path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/';
    };
    const std::string bare(base);
    if (below(bare)) return Place{bare, path.substr(bare.size()), &routes_, false};
    if (options_.mount.empty()) return std::nullopt;
    const std::string mounted = options_.mount + bare;
    if (below(mounted)) return Place{mounted, path.substr(mounted.size()), &routes_, true};
    if (path == options_.mount + "/session")
        return Place{options_.mount, path.substr(options_.mount.size()), &session_routes_, true};
    return std::nullopt;
}

template <Storage StorageT>
auto RestApi<StorageT>::route_of(const Exchange& exchange, const Place& place, std::vector<std::string>& path) const
    -> const Route& {
    const std::string_view method =
        exchange.request.method == "HEAD" ? "GET" : std::string_view(exchange.request.method);
    for (const Route& route : *place.routes) {
        if (route.info.method != method) continue;
        auto segments = detail::match_path(route.info.path, place.rest);
        if (!segments) continue;
        path = std::move(*segments);
        return route;
    }
    const std::string allowed = detail::allowed_methods(*place.routes, place.rest);
    if (allowed.empty()) throw Problem(Code::not_found, "");
    Problem problem(Code::method_not_allowed, "expected one of " + allowed);
    problem.headers.set("Allow", allowed);
    throw problem;
}

/// Signing in is limited by address before a token is even looked at.
template <Storage StorageT>
std::optional<Principal> RestApi<StorageT>::authenticated(Exchange& exchange, const Route& route, const Place& place) {
    if (route.info.access == detail::RouteAccess::anyone) return std::nullopt;
    const bool signs_in = place.routes == &session_routes_ && exchange.request.method == "POST";
    const HttpRequest seen = detail::for_authentication(exchange.request, place.cookies_count && !signs_in);
    if (signs_in && !failed_sign_ins_.peek(exchange.request.remote).allowed) refuse_stranger(exchange, seen);
    auto principal = options_.authenticate(seen);
    if (!principal) refuse_stranger(exchange, seen);
    exchange.log.tenant = principal->caller.tenant;
    exchange.log.actor = principal->caller.actor;
    return principal;
}

template <Storage StorageT>
void RestApi<StorageT>::refuse_stranger(Exchange& exchange, const HttpRequest& seen) {
    if (seen.headers.find("Authorization") != nullptr) {
        const auto answer = failed_sign_ins_.take(exchange.request.remote);
        if (!answer.allowed) {
            exchange.headers.set("Retry-After", std::to_string(answer.retry_in.count()));
            throw Problem(Code::rate_limited, "too many failed attempts to sign in from this address");
        }
    }
    exchange.headers.set("WWW-Authenticate", "Bearer realm=\"carillon\"");
    throw Problem(Code::unauthenticated, "expected acceptable credentials");
}

template <Storage StorageT>
void RestApi<StorageT>::check_rate(Exchange& exchange, const Route& route, const Principal& principal) {
    const bool reads = route.info.method == "GET";
    const bool describes = route.info.name == "describe_schedule";
    detail::RateLimiter& limiter = describes ? describe_ : reads ? reads_ : writes_;
    if (!limiter.is_on()) return;
    const auto answer = limiter.take(principal.caller.tenant + '\0' + principal.caller.actor);
    const std::string name = describes ? "\"describe\"" : reads ? "\"reads\"" : "\"writes\"";
    const auto window = std::chrono::ceil<std::chrono::seconds>(limiter.rate().per).count();
    exchange.headers.set("RateLimit-Policy",
                         name + ";q=" + std::to_string(limiter.rate().requests) + ";w=" + std::to_string(window));
    exchange.headers.set("RateLimit",
                         name + ";r=" + std::to_string(answer.left) + ";t=" + std::to_string(answer.full_in.count()));
    if (answer.allowed) return;
    exchange.headers.set("Retry-After", std::to_string(answer.retry_in.count()));
    throw Problem(Code::rate_limited, "come back in " + std::to_string(answer.retry_in.count()) + " s");
}

template <Storage StorageT>
void RestApi<StorageT>::tell_log(Exchange& exchange, const HttpResponse& response) const {
    if (!options_.log) return;
    exchange.log.method = exchange.request.method;
    exchange.log.status = response.status;
    exchange.log.request_id = exchange.id;
    exchange.log.remote = exchange.request.remote;
    try {
        options_.log(exchange.log);
    } catch (...) {
        // The request was answered; a log that fails must not undo that.
    }
}

} // namespace carillon
