// SPDX-License-Identifier: MIT
// storage/detail/search_text.hpp - what JobQuery::search finds.
#pragma once

#include <algorithm>
#include <string_view>

namespace carillon::detail {

/// In either case of ASCII letters.
[[nodiscard]] inline bool contains_ignoring_case(std::string_view text, std::string_view part) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [&](char a, char b) {
               return lower(a) == lower(b);
           }) != text.end();
}

} // namespace carillon::detail
