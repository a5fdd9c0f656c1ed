// SPDX-License-Identifier: MIT
// http/detail/framing.hpp - where does a request end? Whoever reads it in two ways is refused before it is read.
//
// Two servers in a row that disagree about the end of a request take the rest of it for another one: request smuggling
// (RFC 9112, 11.2). So a body has exactly one length, written in one way, and only methods that have bodies have one.
#pragma once

#include "carillon/http/detail/http_text.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/http/rest_api_options.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::detail {

[[nodiscard]] inline bool takes_body(std::string_view method) noexcept {
    return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

/// Digits and nothing else, as RFC 9110 writes it. Throws Problem{bad_request}.
[[nodiscard]] inline std::uint64_t read_content_length(const std::string& text) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Problem(ProblemCode::bad_request, "Content-Length: expected digits");
    return length;
}

inline void check_field_texts(const HttpHeaders& headers) {
    for (const auto& field : headers)
        if (!is_http_token(field.name) || !is_field_value(field.value))
            throw Problem(ProblemCode::bad_request, "expected header fields as RFC 9110 writes them");
}

/// Whether a body follows the head. Throws Problem where that is not clear, and where the body is one that nobody will
/// read: what comes behind such a head is no request, so that the connection has to be closed.
[[nodiscard]] inline bool has_body(const HttpRequest& head, const HttpLimits& limits) {
    check_field_texts(head.headers);
    if (head.headers.find("Range") != nullptr)
        throw Problem(ProblemCode::bad_request, "Range: expected none; nothing here is served in parts");
    const std::string* length = head.headers.find("Content-Length");
    const std::string* coding = head.headers.find("Transfer-Encoding");
    if (head.headers.count("Content-Length") + head.headers.count("Transfer-Encoding") > 1)
        throw Problem(ProblemCode::bad_request, "expected one Content-Length or one Transfer-Encoding, saw several");
    if (coding != nullptr && *coding != "chunked")
        throw Problem(ProblemCode::bad_request, "Transfer-Encoding: expected chunked");
    const std::uint64_t bytes = length == nullptr ? 0 : read_content_length(*length);
    if (coding == nullptr && bytes == 0) return false;
    if (!takes_body(head.method)) throw Problem(ProblemCode::bad_request, "expected no body with this method");
    if (bytes > limits.body_bytes)
        throw Problem(ProblemCode::too_large,
                      "expected a body of at most " + std::to_string(limits.body_bytes) + " bytes");
    const std::string* type = head.headers.find("Content-Type");
    constexpr std::string_view multipart = "multipart/";
    if (type != nullptr && same_http_name(std::string_view(*type).substr(0, multipart.size()), multipart))
        throw Problem(ProblemCode::unsupported_media_type, "expected Content-Type: application/json");
    return true;
}

} // namespace carillon::detail
