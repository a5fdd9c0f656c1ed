// SPDX-License-Identifier: MIT
// http/security_headers.hpp - what every response tells a browser.
#pragma once

#include "carillon/http/http_message.hpp"

#include <array>
#include <string>
#include <string_view>

namespace carillon {

/// Scripts and styles come from this origin's own files, never from text in a page, and nobody frames it.
inline constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

namespace detail {

struct HeaderRow {
    std::string_view name;
    std::string_view value;
};

inline constexpr std::array security_header_table{
    HeaderRow{"Content-Security-Policy", content_security_policy},
    HeaderRow{"X-Content-Type-Options", "nosniff"},
    HeaderRow{"Referrer-Policy", "no-referrer"},
    HeaderRow{"Cross-Origin-Opener-Policy", "same-origin"},
    HeaderRow{"Cross-Origin-Resource-Policy", "same-origin"},
    HeaderRow{"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
    HeaderRow{"X-Frame-Options", "DENY"},
};

inline void add_security_headers(HttpHeaders& headers) {
    for (const auto& [name, value] : security_header_table)
        headers.set(std::string(name), std::string(value));
}

} // namespace detail

} // namespace carillon
