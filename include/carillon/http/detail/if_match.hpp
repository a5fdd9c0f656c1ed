// SPDX-License-Identifier: MIT
// http/detail/if_match.hpp - the revisions of a definition as entity tags (RFC 9110).
//
// A tag names the definition, which a run does not change, so it serves If-Match only: no answer about a job is ever
// "not modified".
#pragma once

#include "carillon/http/detail/http_text.hpp"
#include "carillon/http/detail/problem.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

[[nodiscard]] inline std::string tag_of_revision(std::uint64_t revision) {
    return '"' + std::to_string(revision) + '"';
}

/// What If-Match lets through.
struct IfMatch {
    bool given = false;
    bool any = false; ///< `*`
    /// Of strong tags that are revisions. Others match nothing.
    std::vector<std::uint64_t> revisions{};

    [[nodiscard]] bool lets_through(std::uint64_t revision) const {
        return any || !given || std::find(revisions.begin(), revisions.end(), revision) != revisions.end();
    }
};

/// The tag at the beginning of `rest`, which is taken off: its text with the quotes. Empty where there is none.
[[nodiscard]] inline std::optional<std::string_view> take_tag(std::string_view& rest) {
    const std::size_t open = rest.starts_with("W/") ? 2 : 0;
    if (rest.size() <= open || rest[open] != '"') return std::nullopt;
    const std::size_t close = rest.find('"', open + 1);
    if (close == rest.npos) return std::nullopt;
    const std::string_view tag = rest.substr(0, close + 1);
    rest.remove_prefix(close + 1);
    return tag;
}

[[nodiscard]] inline std::optional<std::uint64_t> revision_of_tag(std::string_view tag) {
    if (tag.starts_with("W/")) return std::nullopt;
    const std::string_view digits = tag.substr(1, tag.size() - 2);
    std::uint64_t revision = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), revision);
    if (error != std::errc{} || end != digits.data() + digits.size() || tag != tag_of_revision(revision))
        return std::nullopt;
    return revision;
}

/// Throws Problem{bad_parameter} where it is neither `*` nor a list of tags.
[[nodiscard]] inline IfMatch read_if_match(const HttpHeaders& headers) {
    const std::string* value = headers.find("If-Match");
    IfMatch found;
    if (value == nullptr) return found;
    found.given = true;
    std::string_view rest = trimmed_field(*value);
    if (rest == "*") {
        found.any = true;
        return found;
    }
    for (bool more = true; more;) {
        const auto tag = take_tag(rest);
        if (!tag) throw Problem(ProblemCode::bad_parameter, R"(If-Match: expected * or tags such as "17")", "If-Match");
        if (const auto revision = revision_of_tag(*tag)) found.revisions.push_back(*revision);
        rest = trimmed_field(rest);
        more = rest.starts_with(',');
        if (more) rest = trimmed_field(rest.substr(1));
    }
    if (!rest.empty())
        throw Problem(ProblemCode::bad_parameter, R"(If-Match: expected * or tags such as "17")", "If-Match");
    return found;
}

} // namespace carillon::detail
