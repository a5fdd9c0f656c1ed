// SPDX-License-Identifier: MIT
// http/detail/http_text.hpp - the small texts of HTTP: escapes, lists, base64url.
#pragma once

#include "carillon/http/http_message.hpp"
#include "carillon/ids.hpp"
#include "carillon/time.hpp"

#include <date/date.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

[[nodiscard]] inline std::string_view trimmed_field(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// The texts between the separators; one empty text where `text` is empty.
[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0;;) {
        const std::size_t end = text.find(separator, begin);
        parts.push_back(text.substr(begin, end - begin));
        if (end == text.npos) return parts;
        begin = end + 1;
    }
}

/// What stands in a query: %41 is A and + a blank. Empty where an escape is cut off or no number.
[[nodiscard]] inline std::optional<std::string> query_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

/// `token` of RFC 9110: what names of methods and header fields consist of.
[[nodiscard]] inline bool is_http_token(std::string_view text) noexcept {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

/// A line that can stand in a header field: no control characters.
[[nodiscard]] inline bool is_field_value(std::string_view text) noexcept {
    for (const char c : text)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    return true;
}

inline constexpr std::string_view base64url_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648, without padding.
[[nodiscard]] inline std::string to_base64url(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6)
            text += base64url_digits[bits >> (count - 6) & 63];
    }
    if (count > 0) text += base64url_digits[bits << (6 - count) & 63];
    return text;
}

/// Empty for anything that to_base64url does not write.
[[nodiscard]] inline std::optional<std::string> from_base64url(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t digit = base64url_digits.find(c);
        if (digit == base64url_digits.npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xff);
    }
    if (to_base64url(bytes) != text) return std::nullopt;
    return bytes;
}

/// IMF-fixdate of RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] inline std::string http_date(Instant at) {
    const auto day = date::floor<date::days>(at);
    const date::year_month_day ymd{day};
    const std::string_view week_day =
        std::string_view("SunMonTueWedThuFriSat").substr(3 * date::weekday{day}.c_encoding(), 3);
    const std::string_view month = std::string_view("JanFebMarAprMayJunJulAugSepOctNovDec")
                                       .substr(3 * (static_cast<unsigned>(ymd.month()) - 1), 3);
    const std::string rfc3339 = to_rfc3339(at); // 1994-11-06T08:49:37Z
    std::string text(week_day);
    text.append(", ").append(rfc3339, 8, 2).append(" ").append(month).append(" ").append(rfc3339, 0, 4);
    return text.append(" ").append(rfc3339, 11, 8).append(" GMT");
}

/// The value of a cookie; empty where there is none of that name.
[[nodiscard]] inline std::optional<std::string_view> cookie_of(const HttpHeaders& headers, std::string_view name) {
    for (const auto& field : headers) {
        if (!same_http_name(field.name, "Cookie")) continue;
        for (const std::string_view pair : split(field.value, ';')) {
            const std::string_view cookie = trimmed_field(pair);
            if (cookie.size() > name.size() && cookie.starts_with(name) && cookie[name.size()] == '=')
                return cookie.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

/// "ops.example.com" of "ops.example.com:8080", "[::1]" of "[::1]:80".
[[nodiscard]] inline std::string_view without_port(std::string_view host) noexcept {
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
}

} // namespace carillon::detail
