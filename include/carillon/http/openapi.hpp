// SPDX-License-Identifier: MIT
// http/openapi.hpp - the routes as an OpenAPI 3.1 document, made of the table that dispatches them.
#pragma once

#include "carillon/http/detail/api_schemas.hpp"
#include "carillon/http/detail/route_info.hpp"
#include "carillon/version.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

[[nodiscard]] inline nlohmann::json response_json(const ResponseInfo& response) {
    nlohmann::json one{{"description", response.description}};
    if (response.schema.empty()) return one;
    std::string type = response.schema == "Problem" ? "application/problem+json" : "application/json";
    if (response.schema == "text") type = "text/plain";
    if (response.schema == "event-stream") type = "text/event-stream";
    one["content"][type]["schema"] = type.starts_with("text/") ? type_schema("string") : schema_ref(response.schema);
    return one;
}

/// What every route can answer, besides what its row says.
[[nodiscard]] inline std::vector<ResponseInfo> common_responses(const RouteInfo& route) {
    std::vector<ResponseInfo> responses{{400, "A parameter, the body or the request cannot be read.", "Problem"},
                                        {421, "The server has another name than the one in Host.", "Problem"},
                                        {500, "Something went wrong inside.", "Problem"},
                                        {503, "The storage does not answer.", "Problem"}};
    if (route.access != RouteAccess::anyone) {
        responses.push_back({401, "No acceptable credentials.", "Problem"});
        responses.push_back({403, "A permission is missing, or the request comes from another site.", "Problem"});
        responses.push_back({429, "Too many requests; Retry-After says when to come back.", "Problem"});
    }
    if (route.path.find('{') != route.path.npos)
        responses.push_back({404, "There is no such thing, or it is another tenant's.", "Problem"});
    if (!route.body.empty()) {
        responses.push_back({413, "Too large, or nested too deeply.", "Problem"});
        responses.push_back({415, "The body is not application/json.", "Problem"});
        responses.push_back({422, "A field is wrong; `errors` says which.", "Problem"});
    }
    return responses;
}

[[nodiscard]] inline nlohmann::json parameters_json(const RouteInfo& route) {
    nlohmann::json parameters = nlohmann::json::array();
    const auto add = [&](std::string_view in,
                         std::string_view name,
                         bool required,
                         std::string_view text,
                         nlohmann::json schema) {
        parameters.push_back(
            {{"in", in}, {"name", name}, {"required", required}, {"description", text}, {"schema", std::move(schema)}});
    };
    if (route.path.find("{id}") != route.path.npos)
        add("path", "id", true, "Its id.", {{"type", "string"}, {"format", "uuid"}});
    for (const ParameterInfo& parameter : route.query)
        add("query",
            parameter.name,
            parameter.required,
            parameter.description,
            nlohmann::json::parse(parameter.schema));
    if (route.if_match)
        add("header", "If-Match", false, R"(Only at this revision: "17", or * for any.)", type_schema("string"));
    if (route.idempotency_key)
        add("header",
            "Idempotency-Key",
            false,
            "Makes a repetition harmless: the same key gives what it made before.",
            {{"type", "string"}, {"minLength", 1}, {"maxLength", 256}, {"pattern", "^[!-~]+$"}});
    return parameters;
}

[[nodiscard]] inline nlohmann::json operation_json(const RouteInfo& route) {
    nlohmann::json operation{{"operationId", route.name},
                             {"summary", route.summary},
                             {"x-carillon-permission", name_of(route.access)},
                             {"parameters", parameters_json(route)},
                             {"responses", nlohmann::json::object()}};
    if (route.access == RouteAccess::anyone) operation["security"] = nlohmann::json::array();
    for (const ResponseInfo& response : common_responses(route))
        operation["responses"][std::to_string(response.status)] = response_json(response);
    for (const ResponseInfo& response : route.responses)
        operation["responses"][std::to_string(response.status)] = response_json(response);
    if (!route.body.empty()) {
        operation["requestBody"]["required"] = route.body_required;
        operation["requestBody"]["content"]["application/json"]["schema"] = schema_ref(route.body);
    }
    return operation;
}

/// `base` is where the routes begin. `routes` is a range of rows with `info`.
template <class Routes>
[[nodiscard]] nlohmann::json openapi_document(const Routes& routes, std::string_view base) {
    nlohmann::json paths = nlohmann::json::object();
    for (const auto& route : routes) {
        std::string method;
        for (const char c : route.info.method)
            method += ascii_lower(c);
        paths[std::string(route.info.path)][method] = operation_json(route.info);
    }
    return {
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Carillon"},
          {"version", CARILLON_VERSION_STRING},
          {"license", {{"name", "MIT"}, {"identifier", "MIT"}}},
          {"summary", "Jobs, runs and schedules of a program that includes Carillon."}}},
        {"servers", {{{"url", base}}}},
        {"security", {{{"bearer", nlohmann::json::array()}}}},
        {"paths", std::move(paths)},
        {"components",
         {{"schemas", api_schemas()}, {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

} // namespace carillon::detail
