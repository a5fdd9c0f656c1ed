// SPDX-License-Identifier: MIT
// http/detail/bulk_request.hpp - what is to be done to many jobs, as the body of a request says it.
#pragma once

#include "carillon/detail/json_reader.hpp"
#include "carillon/detail/validate.hpp"
#include "carillon/model/json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carillon::detail {

enum class BulkVerb : std::uint8_t { pause, resume, trigger, remove };

inline constexpr std::array bulk_verb_names{
    EnumRow<BulkVerb>{BulkVerb::pause, "pause"},
    EnumRow<BulkVerb>{BulkVerb::resume, "resume"},
    EnumRow<BulkVerb>{BulkVerb::trigger, "trigger"},
    EnumRow<BulkVerb>{BulkVerb::remove, "delete"},
};
template <>
inline constexpr auto names_of<BulkVerb> = bulk_verb_names;

struct BulkFilter {
    std::optional<JobStatus> status = std::nullopt;
    std::optional<std::string> q = std::nullopt;
    std::optional<std::string> action_type = std::nullopt;
    std::optional<bool> failing = std::nullopt;
};

struct BulkRequest {
    BulkVerb verb = BulkVerb::pause;
    std::optional<std::vector<JobId>> ids = std::nullopt;
    std::optional<BulkFilter> filter = std::nullopt;
    std::optional<std::size_t> expected_count = std::nullopt;
    std::string reason = "";
};

template <>
struct JsonMembers<BulkFilter> {
    template <class Each, class Filter>
    static void visit(Each& each, Filter& filter) {
        each.member("status", filter.status);
        each.member("q", filter.q);
        each.member("action_type", filter.action_type);
        each.member("failing", filter.failing);
    }
};

template <>
struct JsonMembers<BulkRequest> {
    template <class Each, class Request>
    static void visit(Each& each, Request& request) {
        each.required("verb", request.verb);
        each.member("ids", request.ids);
        each.member("filter", request.filter);
        each.member("expected_count", request.expected_count);
        each.text("reason", request.reason);
    }
};

inline constexpr std::size_t most_bulk_jobs = 1'000;

[[nodiscard]] inline BulkRequest read_bulk_request(const nlohmann::json& body) {
    BulkRequest wanted;
    const JsonPlace root(UnknownKeys::refuse);
    JsonRead<nlohmann::json>::value(root, body, wanted);
    if (wanted.ids.has_value() == wanted.filter.has_value()) refuse(Errc::required, "ids", "expected ids or a filter");
    if (wanted.filter && !wanted.expected_count)
        refuse(Errc::required, "expected_count", "expected how many jobs the filter is to find");
    if (!wanted.ids) return wanted;
    check_range<std::size_t>("ids", wanted.ids->size(), 1, most_bulk_jobs, "1 to 1000 ids");
    if (std::set<JobId>(wanted.ids->begin(), wanted.ids->end()).size() != wanted.ids->size())
        refuse(Errc::out_of_range, "ids", "expected each id once");
    return wanted;
}

} // namespace carillon::detail
