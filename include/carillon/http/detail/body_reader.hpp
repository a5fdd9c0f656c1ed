// SPDX-License-Identifier: MIT
// http/detail/body_reader.hpp - the body of a request as JSON that means one thing.
#pragma once

#include "carillon/detail/json_place.hpp"
#include "carillon/http/detail/http_text.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/http/rest_api_options.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/// Looks at a document while it is parsed: it ends at the level and at the key where it becomes unacceptable, however
/// much is left of it.
class JsonWatch {
public:
    explicit JsonWatch(std::size_t most_levels)
        : most_levels_(most_levels) {}

    bool operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
        using Event = nlohmann::json::parse_event_t;
        const auto level = static_cast<std::size_t>(depth);
        if (event == Event::object_start || event == Event::array_start) {
            if (level >= most_levels_)
                throw Problem(ProblemCode::too_large,
                              "expected at most " + std::to_string(most_levels_) +
                                  " levels of objects and arrays; flatten it");
            keys_.resize(level + 1);
            keys_[level].clear();
        } else if (event == Event::key) {
            const auto& key = value.get_ref<const std::string&>();
            if (!keys_[level - 1].insert(key).second)
                throw Problem(ProblemCode::malformed_json,
                              "expected each key once, saw " + json_quoted(key) + " twice in one object");
        }
        return true;
    }

private:
    std::size_t most_levels_;
    std::vector<std::set<std::string>> keys_; // of the objects that are open
};

[[nodiscard]] inline bool is_json_type(const std::string* content_type) noexcept {
    if (content_type == nullptr) return false;
    const std::string_view type = trimmed_field(std::string_view(*content_type).substr(0, content_type->find(';')));
    return same_http_name(type, "application/json");
}

/// The body; null where there is none and none is required. Throws Problem.
[[nodiscard]] inline nlohmann::json read_body(const HttpRequest& request, const HttpLimits& limits, bool required) {
    if (request.body.empty() && !required) return nullptr;
    if (!is_json_type(request.headers.find("Content-Type")))
        throw Problem(ProblemCode::unsupported_media_type, "expected Content-Type: application/json");
    if (request.body.empty()) throw Problem(ProblemCode::malformed_json, "expected a JSON object, saw no body");
    try {
        JsonWatch watch(limits.json_depth);
        return nlohmann::json::parse(request.body,
                                     [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
                                         return watch(depth, event, value);
                                     });
    } catch (const nlohmann::json::parse_error& error) {
        throw Problem(ProblemCode::malformed_json,
                      "the body stops being JSON in UTF-8 at byte " + std::to_string(error.byte));
    } catch (const nlohmann::json::out_of_range&) {
        throw Problem(ProblemCode::malformed_json, "the body has a number that no computer holds");
    }
}

} // namespace carillon::detail
