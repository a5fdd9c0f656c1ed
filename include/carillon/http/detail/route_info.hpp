// SPDX-License-Identifier: MIT
// http/detail/route_info.hpp - what is known about a route besides its code: the same rows check requests and are
// printed as the OpenAPI document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

/// Who may call it. `anyone` needs no credentials, `signed_in` no permission.
enum class RouteAccess : std::uint8_t { anyone, signed_in, read, write, trigger, write_or_trigger, metrics };

[[nodiscard]] constexpr std::string_view name_of(RouteAccess access) noexcept {
    constexpr std::string_view names[]{
        "anyone", "signed_in", "read", "write", "trigger", "write_or_trigger", "metrics"};
    return names[static_cast<std::size_t>(access)];
}

/// A key of the query.
struct ParameterInfo {
    std::string_view name;
    /// Its JSON schema.
    std::string_view schema;
    std::string_view description;
    bool required = false;
};

struct ResponseInfo {
    int status;
    std::string_view description;
    /// The name of a schema; empty where there is no body.
    std::string_view schema = "";
};

struct RouteInfo {
    std::string_view method;
    /// Below the base: "/jobs/{id}".
    std::string_view path;
    /// Its name in the document, and in metrics of hosts: "get_job".
    std::string_view name;
    std::string_view summary;
    RouteAccess access = RouteAccess::read;
    std::vector<ParameterInfo> query{};
    /// The name of the body's schema; empty where it takes none.
    std::string_view body = "";
    bool body_required = false;
    bool if_match = false;
    bool idempotency_key = false;
    /// Answers with a stream, which another site's page must not keep open.
    bool streams = false;
    /// Without those that every route has.
    std::vector<ResponseInfo> responses{};
};

/// What `{...}` of the pattern stands for in the path; empty where it is another path.
[[nodiscard]] inline std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                                        std::string_view path) {
    std::vector<std::string> found;
    while (!pattern.empty() && !path.empty()) {
        if (pattern.front() != '{') {
            if (pattern.front() != path.front()) return std::nullopt;
            pattern.remove_prefix(1);
            path.remove_prefix(1);
            continue;
        }
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment.empty()) return std::nullopt;
        found.emplace_back(segment);
        path.remove_prefix(segment.size());
        pattern.remove_prefix(pattern.find('}') + 1);
    }
    if (!pattern.empty() || !path.empty()) return std::nullopt;
    return found;
}

} // namespace carillon::detail
