// SPDX-License-Identifier: MIT
// http/detail/problem.hpp - a refusal as RFC 9457 writes it, and which one an Error of the library becomes.
#pragma once

#include "carillon/error.hpp"
#include "carillon/http/http_message.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::detail {

enum class ProblemCode : std::uint8_t {
    malformed_json,
    bad_request,
    bad_parameter,
    bad_cursor,
    unauthenticated,
    forbidden,
    csrf,
    not_found,
    method_not_allowed,
    invalid_state,
    idempotency_key_reused,
    count_changed,
    revision_conflict,
    too_large,
    uri_too_long,
    unsupported_media_type,
    unknown_host,
    invalid_schedule,
    invalid_field,
    unknown_field,
    never_fires,
    precondition_required,
    rate_limited,
    headers_too_large,
    internal,
    unavailable,
};

struct ProblemRow {
    ProblemCode code;
    std::string_view name;
    int status;
    std::string_view title;
};

// clang-format off
inline constexpr std::array problem_table{
    ProblemRow{ProblemCode::malformed_json, "malformed_json", 400, "The body is not JSON"},
    ProblemRow{ProblemCode::bad_request, "bad_request", 400, "The request cannot be read"},
    ProblemRow{ProblemCode::bad_parameter, "bad_parameter", 400, "A parameter is wrong"},
    ProblemRow{ProblemCode::bad_cursor, "bad_cursor", 400, "The cursor does not belong to this listing"},
    ProblemRow{ProblemCode::unauthenticated, "unauthenticated", 401, "Sign in first"},
    ProblemRow{ProblemCode::forbidden, "forbidden", 403, "Not allowed"},
    ProblemRow{ProblemCode::csrf, "csrf", 403, "The request comes from another site"},
    ProblemRow{ProblemCode::not_found, "not_found", 404, "There is no such thing"},
    ProblemRow{ProblemCode::method_not_allowed, "method_not_allowed", 405, "Not with this method"},
    ProblemRow{ProblemCode::invalid_state, "invalid_state", 409, "Not in this state"},
    ProblemRow{ProblemCode::idempotency_key_reused, "idempotency_key_reused", 409, "The key was used for another request"},
    ProblemRow{ProblemCode::count_changed, "count_changed", 409, "Not as many as expected"},
    ProblemRow{ProblemCode::revision_conflict, "revision_conflict", 412, "It has been changed meanwhile"},
    ProblemRow{ProblemCode::too_large, "too_large", 413, "Too large"},
    ProblemRow{ProblemCode::uri_too_long, "uri_too_long", 414, "The address is too long"},
    ProblemRow{ProblemCode::unsupported_media_type, "unsupported_media_type", 415, "The body must be JSON"},
    ProblemRow{ProblemCode::unknown_host, "unknown_host", 421, "This server has another name"},
    ProblemRow{ProblemCode::invalid_schedule, "invalid_schedule", 422, "The schedule is wrong"},
    ProblemRow{ProblemCode::invalid_field, "invalid_field", 422, "A field is wrong"},
    ProblemRow{ProblemCode::unknown_field, "unknown_field", 422, "There is no such field"},
    ProblemRow{ProblemCode::never_fires, "never_fires", 422, "The job would never run"},
    ProblemRow{ProblemCode::precondition_required, "precondition_required", 428, "Say which revision is to be changed"},
    ProblemRow{ProblemCode::rate_limited, "rate_limited", 429, "Too many requests"},
    ProblemRow{ProblemCode::headers_too_large, "headers_too_large", 431, "The header is too large"},
    ProblemRow{ProblemCode::internal, "internal", 500, "Something went wrong here"},
    ProblemRow{ProblemCode::unavailable, "unavailable", 503, "Not available at the moment"},
};
// clang-format on

constexpr bool problem_table_is_in_order() {
    for (std::size_t i = 0; i < problem_table.size(); ++i)
        if (static_cast<std::size_t>(problem_table[i].code) != i) return false;
    return problem_table.size() == static_cast<std::size_t>(ProblemCode::unavailable) + 1;
}
static_assert(problem_table_is_in_order());

[[nodiscard]] constexpr const ProblemRow& row_of(ProblemCode code) noexcept {
    return problem_table[static_cast<std::size_t>(code)];
}

/// Thrown by whatever refuses a request; the response is made from it in one place.
class Problem : public std::exception {
public:
    explicit Problem(ProblemCode problem_code, std::string problem_detail, std::string problem_field = {})
        : code(problem_code)
        , detail(std::move(problem_detail))
        , field(std::move(problem_field)) {}

    [[nodiscard]] const char* what() const noexcept override { return detail.c_str(); }

    ProblemCode code;
    std::string detail;
    std::string field;
    std::size_t column = 0;
    /// Further members: `errors`, `current`.
    nlohmann::json members = nlohmann::json::object();
    HttpHeaders headers{};
    /// For the log alone.
    std::string cause{};
};

/// "policies.retry.factor" as RFC 6901 writes it: "/policies/retry/factor"; "exclude[1]": "/exclude/1".
[[nodiscard]] inline std::string json_pointer(std::string_view field) {
    std::string pointer;
    if (!field.empty() && field.front() != '[') pointer += '/';
    for (const char c : field) {
        if (c == '.' || c == '[')
            pointer += '/';
        else if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else if (c != ']')
            pointer += c;
    }
    return pointer;
}

[[nodiscard]] inline ProblemCode problem_code_of(const Error& error) {
    switch (error.code()) {
    case Errc::revision_conflict: return ProblemCode::revision_conflict;
    case Errc::idempotency_conflict: return ProblemCode::idempotency_key_reused;
    case Errc::invalid_state:
    case Errc::transaction_open: return ProblemCode::invalid_state;
    case Errc::too_large: return ProblemCode::too_large;
    case Errc::unknown_field: return ProblemCode::unknown_field;
    case Errc::never_fires: return ProblemCode::never_fires;
    case Errc::unavailable: return ProblemCode::unavailable;
    case Errc::internal:
    case Errc::invalid_time_zone_data: return ProblemCode::internal;
    default:
        return error.field() == "schedule" || error.field() == "time_zone" ? ProblemCode::invalid_schedule
                                                                           : ProblemCode::invalid_field;
    }
}

/// `in_body`: the caller wrote a body, so that the field is a member of it; else it is a parameter of the address.
[[nodiscard]] inline Problem problem_of(const Error& error, bool in_body) {
    ProblemCode code = problem_code_of(error);
    const int status = row_of(code).status;
    if (!in_body && (status == 422 || status == 413)) code = ProblemCode::bad_parameter;
    if (status >= 500) {
        Problem problem(code, "");
        problem.cause = error.what();
        return problem;
    }
    Problem problem(code, error.what(), error.field());
    problem.column = error.column();
    if (!in_body || status != 422) return problem;
    nlohmann::json one{
        {"pointer", json_pointer(error.field())}, {"code", to_string(error.code())}, {"detail", error.what()}};
    if (error.column() != 0) one["column"] = error.column();
    problem.members["errors"] = nlohmann::json::array({std::move(one)});
    return problem;
}

[[nodiscard]] inline HttpResponse response_of(const Problem& problem, const std::string& request_id) {
    const ProblemRow& row = row_of(problem.code);
    nlohmann::json body = problem.members;
    body["type"] = "urn:x-carillon:problem:" + std::string(row.name);
    body["title"] = row.title;
    body["status"] = row.status;
    body["code"] = row.name;
    if (!request_id.empty()) body["instance"] = "urn:x-carillon:request:" + request_id;
    if (!problem.detail.empty()) body["detail"] = problem.detail;
    if (!problem.field.empty()) body["field"] = problem.field;
    if (problem.column != 0) body["column"] = problem.column;
    HttpResponse response{row.status, problem.headers, ""};
    response.headers.set("Content-Type", "application/problem+json");
    response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return response;
}

} // namespace carillon::detail
