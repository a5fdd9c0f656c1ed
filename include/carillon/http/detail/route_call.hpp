// SPDX-License-Identifier: MIT
// http/detail/route_call.hpp - one call of a route: what its handler is given, and what handlers have in common.
#pragma once

#include "carillon/http/access.hpp"
#include "carillon/http/detail/cursor.hpp"
#include "carillon/http/detail/if_match.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/http/detail/query_reader.hpp"
#include "carillon/http/detail/route_info.hpp"
#include "carillon/http/rest_api_options.hpp"
#include "carillon/model/json.hpp"
#include "carillon/scheduler_facade.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/// Outlived by everything that it refers to.
template <Storage StorageT>
struct RouteCall {
    SchedulerFacade<StorageT>& scheduler;
    const RestApiOptions& options;
    const HttpRequest& request;
    const Principal* principal; ///< null where the route is open to anyone
    /// Before the route's own path: "/api/v1/scheduler".
    std::string_view base;
    /// What the pattern's `{...}` stand for.
    std::vector<std::string> path;
    QueryReader query;
    nlohmann::json body;
    const std::string& openapi; ///< the document
    bool by_cookie;             ///< a cookie signs in here

    [[nodiscard]] const Caller& caller() const { return principal->caller; }
    /// The browser speaks TLS, here or with the proxy in front.
    [[nodiscard]] bool is_secure() const { return request.secure || options.public_origin.starts_with("https://"); }

    /// Ids that are none are ids of nothing.
    template <class IdType>
    [[nodiscard]] IdType id() const {
        const auto parsed = IdType::parse(path.front());
        if (!parsed) refuse_missing();
        return *parsed;
    }
    [[noreturn]] static void refuse_missing() { throw Problem(ProblemCode::not_found, ""); }
};

template <class T>
[[nodiscard]] T found(std::optional<T> value) {
    if (!value) throw Problem(ProblemCode::not_found, "");
    return *std::move(value);
}

template <Storage StorageT>
struct Route {
    RouteInfo info;
    HttpResponse (*handler)(RouteCall<StorageT>&);
};

[[nodiscard]] inline HttpResponse json_response(const nlohmann::json& body, int status = 200) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return response;
}

[[nodiscard]] inline HttpResponse job_response(const ScheduledJob& job, int status = 200) {
    HttpResponse response = json_response(job, status);
    response.headers.set("ETag", tag_of_revision(job.revision));
    return response;
}

[[nodiscard]] inline nlohmann::json outcome_json(const RunOutcome& run) {
    nlohmann::json one{{"id", run.id.str()},
                       {"status", to_string(run.status)},
                       {"scheduled_for", to_rfc3339(run.scheduled_for)},
                       {"duration_ms", nullptr}};
    if (run.duration) one["duration_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(*run.duration).count();
    return one;
}

// ---- pages ---------------------------------------------------------------------------------------------------------

inline constexpr std::size_t largest_page = 1'000;
inline constexpr std::size_t largest_page_offset = 10'000;

inline constexpr ParameterInfo limit_parameter{
    "limit", R"({"type":"integer","minimum":1,"maximum":1000,"default":100})", "How many at most."};
inline constexpr ParameterInfo offset_parameter{"offset",
                                                R"({"type":"integer","minimum":0,"maximum":10000,"default":0})",
                                                "How many to leave out; go further with `after`."};
inline constexpr ParameterInfo after_parameter{
    "after", R"({"type":"string"})", "The `next` of the page before, with the same filter."};

/// Reads limit, offset and after. `read_cursor` makes the query's `after` of a cursor.
template <class Query, class ReadCursor>
void read_page(const QueryReader& parameters, Query& query, ReadCursor read_cursor) {
    query.limit = parameters.number("limit", query.limit, 1, largest_page);
    query.offset = parameters.number("offset", 0, 0, largest_page_offset);
    const auto after = parameters.text("after");
    if (!after) return;
    if (parameters.text("offset")) QueryReader::refuse_parameter("offset", "expected none beside `after`");
    query.after = read_cursor(*after);
}

/// The rows of a page, and whether there are others behind them: asks for one more than it shows, or, where that is
/// more than the facade gives at a time, once more.
template <class Query, class List>
[[nodiscard]] auto page_of(Query query, const List& list) {
    const std::size_t limit = query.limit;
    if (limit < largest_page) ++query.limit;
    auto rows = list(query);
    if (rows.size() < limit) return std::pair(std::move(rows), false);
    if (limit < largest_page) {
        const bool more = rows.size() > limit;
        if (more) rows.pop_back();
        return std::pair(std::move(rows), more);
    }
    if constexpr (requires { query.after = rows.back(); })
        query.after = rows.back();
    else
        query.after = rows.back().id;
    query.offset = 0;
    query.limit = 1;
    const bool more = !list(query).empty();
    return std::pair(std::move(rows), more);
}

// ---- Idempotency-Key -----------------------------------------------------------------------------------------------

/// Throws Problem{bad_parameter} where it is not 1 to 256 visible characters of ASCII.
[[nodiscard]] inline std::optional<std::string> idempotency_key_of(const HttpRequest& request) {
    constexpr std::size_t most = 256;
    const std::string* key = request.headers.find("Idempotency-Key");
    if (key == nullptr) return std::nullopt;
    for (const char c : *key)
        if (c < 0x21 || c > 0x7e)
            QueryReader::refuse_parameter("Idempotency-Key", "expected visible characters of ASCII");
    if (key->empty() || key->size() > most)
        QueryReader::refuse_parameter("Idempotency-Key", "expected 1 to 256 characters");
    return *key;
}

/// Says of a response that it repeats an earlier one. What a call makes has an id that is later than those before it.
template <class IdType>
void mark_replay(HttpResponse& response, const IdType& id, const IdType& before_call) {
    if (id < before_call) response.headers.set("Idempotency-Replayed", "true");
}

/// The optional `{"reason": "..."}` of verbs that are audited with one.
template <Storage StorageT>
[[nodiscard]] ReasonOptions reason_of(const RouteCall<StorageT>& call) {
    ReasonOptions options;
    if (call.body.is_null()) return options;
    const JsonPlace root(UnknownKeys::refuse);
    ObjectReader<nlohmann::json> reader(root, call.body);
    reader.text("reason", options.reason);
    reader.finish();
    return options;
}

} // namespace carillon::detail
