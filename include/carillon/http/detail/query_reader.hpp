// SPDX-License-Identifier: MIT
// http/detail/query_reader.hpp - the query of an address, key by key; a key that the route does not know is an error.
#pragma once

#include "carillon/detail/json_place.hpp"
#include "carillon/detail/json_reader.hpp"
#include "carillon/detail/validate.hpp"
#include "carillon/http/detail/http_text.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/http/detail/route_info.hpp"
#include "carillon/model/json_members.hpp"
#include "carillon/schedule/cron_hash.hpp"
#include "carillon/time.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

class QueryReader {
public:
    /// Throws Problem{bad_parameter} where the text is not what the route takes.
    QueryReader(std::string_view query, const std::vector<ParameterInfo>& known) {
        if (!query.empty())
            for (const std::string_view pair : split(query, '&'))
                add(pair, known);
        for (const ParameterInfo& parameter : known)
            if (parameter.required && !values_.contains(parameter.name))
                refuse_parameter(parameter.name, "expected a value, but there is none");
    }

    [[nodiscard]] std::optional<std::string> text(std::string_view name) const {
        const auto found = values_.find(name);
        if (found == values_.end()) return std::nullopt;
        return found->second;
    }

    [[nodiscard]] std::size_t
    number(std::string_view name, std::size_t otherwise, std::size_t least, std::size_t most) const {
        const auto given = text(name);
        if (!given) return otherwise;
        std::size_t value = 0;
        const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), value);
        if (error != std::errc{} || end != given->data() + given->size() || value < least || value > most)
            refuse_parameter(name,
                             "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                                 ", saw " + json_quoted(*given));
        return value;
    }

    [[nodiscard]] std::optional<bool> flag(std::string_view name) const {
        const auto given = text(name);
        if (!given) return std::nullopt;
        if (*given != "true" && *given != "false")
            refuse_parameter(name, "expected true or false, saw " + json_quoted(*given));
        return *given == "true";
    }

    template <NamedEnum Enum>
    [[nodiscard]] std::optional<Enum> named(std::string_view name) const {
        const auto given = text(name);
        if (!given) return std::nullopt;
        for (const auto& row : names_of<Enum>)
            if (row.name == *given && !row.name.empty()) return row.value;
        refuse_parameter(name, "expected " + json_names<Enum>() + ", saw " + json_quoted(*given));
    }

    [[nodiscard]] std::optional<Instant> instant(std::string_view name) const {
        const auto given = text(name);
        if (!given) return std::nullopt;
        const auto parsed = parse_rfc3339(*given);
        if (parsed) return *parsed;
        refuse_parameter(name, parsed.error().what());
    }

    template <class IdType>
    [[nodiscard]] std::optional<IdType> id(std::string_view name) const {
        const auto given = text(name);
        if (!given) return std::nullopt;
        const auto parsed = IdType::parse(*given);
        if (!parsed) refuse_parameter(name, "expected an id, saw " + json_quoted(*given));
        return parsed;
    }

    /// A number for what is asked for, but for the place on the page.
    [[nodiscard]] std::uint64_t filter_hash(const std::string& tenant, const std::vector<std::string>& path) const {
        std::string all = tenant;
        for (const std::string& segment : path)
            (all += '\0') += segment;
        for (const auto& [name, value] : values_)
            if (name != "limit" && name != "offset" && name != "after") (((all += '\0') += name) += '=') += value;
        return fnv1a64(all);
    }

    [[noreturn]] static void refuse_parameter(std::string_view name, const std::string& message) {
        throw Problem(ProblemCode::bad_parameter, std::string(name) + ": " + message, std::string(name));
    }

private:
    void add(std::string_view pair, const std::vector<ParameterInfo>& known) {
        const std::size_t equals = pair.find('=');
        const auto name = query_decoded(pair.substr(0, equals));
        auto value = query_decoded(equals == pair.npos ? std::string_view() : pair.substr(equals + 1));
        if (!name || !value)
            throw Problem(ProblemCode::bad_parameter,
                          "the query has an escape that is not % and two hexadecimal digits");
        const ParameterInfo* parameter = nullptr;
        for (const ParameterInfo& candidate : known)
            if (candidate.name == *name) parameter = &candidate;
        if (parameter == nullptr) refuse_unknown(*name, known);
        if (first_invalid_utf8(*value) != value->npos || value->find('\0') != value->npos)
            refuse_parameter(parameter->name, "expected UTF-8 without zero bytes, saw other bytes");
        if (!values_.emplace(parameter->name, std::move(*value)).second)
            refuse_parameter(parameter->name, "expected once, saw it twice");
    }

    [[noreturn]] static void refuse_unknown(const std::string& name, const std::vector<ParameterInfo>& known) {
        std::vector<std::string_view> names;
        std::string all;
        for (const ParameterInfo& parameter : known) {
            names.push_back(parameter.name);
            all.append(all.empty() ? "" : ", ").append(parameter.name);
        }
        const auto nearest = nearest_key(name, names);
        const std::string shown = shown_key<nlohmann::json>(name);
        const std::string help = nearest       ? "did you mean \"" + std::string(*nearest) + "\"?"
                                 : all.empty() ? "there are none here"
                                               : "expected one of " + all;
        throw Problem(ProblemCode::bad_parameter, shown + ": unknown parameter; " + help, shown);
    }

    std::map<std::string_view, std::string> values_; // keys are those of the route, which is static
};

} // namespace carillon::detail
