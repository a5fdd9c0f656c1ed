// SPDX-License-Identifier: MIT
// http/detail/json_schema.hpp - JSON Schema (2020-12, as OpenAPI 3.1 has it) of whatever the model writes, made by the
// lists that write and read it.
#pragma once

#include "carillon/detail/json_traits.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/json.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon::detail {

/// The same, or null.
[[nodiscard]] inline nlohmann::json or_null(nlohmann::json schema) {
    const auto type = schema.find("type");
    if (type != schema.end() && type->is_string()) {
        *type = nlohmann::json::array({*type, "null"});
        return schema;
    }
    if (schema.contains("enum")) {
        schema["enum"].push_back(nullptr);
        return schema;
    }
    return {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
}

/// The schema of one type: one overload for each kind of value that JsonValue writes.
struct JsonSchema {
    static nlohmann::json of(const bool&) { return {{"type", "boolean"}}; }
    static nlohmann::json of(const double&) { return {{"type", "number"}}; }
    template <std::integral Int>
        requires(!std::same_as<Int, bool>)
    static nlohmann::json of(const Int&) {
        nlohmann::json schema{{"type", "integer"}};
        if constexpr (std::is_unsigned_v<Int>) schema["minimum"] = 0;
        return schema;
    }
    static nlohmann::json of(const std::string&) { return {{"type", "string"}}; }
    static nlohmann::json of(const Instant&) { return {{"type", "string"}, {"format", "date-time"}}; }
    static nlohmann::json of(const Duration&) {
        return {{"type", "string"}, {"description", "A duration: 1h30m, 250ms."}, {"examples", {"1h30m"}}};
    }
    static nlohmann::json of(const std::chrono::year_month_day&) { return {{"type", "string"}, {"format", "date"}}; }
    static nlohmann::json of(const JsonText&) { return nlohmann::json::object(); }
    template <class Tag>
    static nlohmann::json of(const Id<Tag>&) {
        return {{"type", "string"}, {"format", "uuid"}};
    }
    template <NamedEnum Enum>
    static nlohmann::json of(const Enum&) {
        nlohmann::json names = nlohmann::json::array();
        bool has_nameless = false;
        for (const auto& row : names_of<Enum>) {
            if (row.name.empty())
                has_nameless = true;
            else
                names.push_back(row.name);
        }
        if (has_nameless) names.push_back(nullptr);
        return {{"enum", std::move(names)}};
    }
    template <class T>
    static nlohmann::json of(const std::optional<T>&) {
        return or_null(of(T{}));
    }
    template <class T>
    static nlohmann::json of(const std::shared_ptr<const T>&) {
        return or_null(of(T{}));
    }
    template <class T>
    static nlohmann::json of(const std::vector<T>&) {
        return {{"type", "array"}, {"items", of(T{})}};
    }
    template <HasJsonMembers T>
    static nlohmann::json of(const T& value);
};

/// Collects the members of one type; `each` of JsonMembers.
class SchemaWriter {
public:
    template <class T>
    void member(std::string_view key, const T& value) {
        properties_[std::string(key)] = JsonSchema::of(value);
    }
    template <class T>
    void required(std::string_view key, const T& value) {
        member(key, value);
    }
    void text(std::string_view key, const std::string& value) {
        properties_[std::string(key)] = or_null(JsonSchema::of(value));
    }
    void object(std::string_view key, const nlohmann::json&) { properties_[std::string(key)] = {{"type", "object"}}; }
    void hex(std::string_view key, std::uint64_t) {
        properties_[std::string(key)] = {{"type", "string"}, {"pattern", "^[0-9a-f]{16}$"}};
    }
    void milliseconds(std::string_view key, std::optional<Duration>) {
        properties_[std::string(key)] = {{"type", {"integer", "null"}}};
    }

    [[nodiscard]] nlohmann::json take() { return {{"type", "object"}, {"properties", std::move(properties_)}}; }

private:
    nlohmann::json properties_ = nlohmann::json::object();
};

template <HasJsonMembers T>
nlohmann::json JsonSchema::of(const T& value) {
    SchemaWriter writer;
    JsonMembers<T>::visit(writer, value);
    return writer.take();
}

/// A type of which every member is always there.
template <class T>
[[nodiscard]] nlohmann::json record_schema() {
    nlohmann::json schema = JsonSchema::of(T{});
    nlohmann::json keys = nlohmann::json::array();
    for (const auto& [key, value] : schema["properties"].items())
        keys.push_back(key);
    schema["required"] = std::move(keys);
    return schema;
}

} // namespace carillon::detail
