// SPDX-License-Identifier: MIT
// http/access.hpp - who is asking over HTTP, and what may they do?
//
//   options.authenticate = bearer_tokens({{"a long random text", {{"acme", "alice"}, {.write = true, .trigger =
//   true}}},
//                                         {"another one", {{"acme", "monitor"}, {}}}});
#pragma once

#include "carillon/error.hpp"
#include "carillon/http/http_message.hpp"
#include "carillon/ids.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// What a caller may do over HTTP. The facade does not ask: it trusts its host.
struct Permissions {
    bool read = true;
    /// Create, change, pause, resume and delete jobs.
    bool write = false;
    /// Start, cancel and repeat runs.
    bool trigger = false;
    /// Read /metrics, which are those of all tenants.
    bool metrics = false;

    friend bool operator==(const Permissions&, const Permissions&) = default;
};

struct Principal {
    Caller caller;
    Permissions permissions = {};
};

/// Says for whom a request is made, by its header fields; empty where that cannot be told. Called for every request,
/// by any number of threads, without the request's body. A session cookie of ours arrives as `Authorization: Bearer`.
/// Other cookies arrive only with requests below RestApiOptions::mount that this origin has sent.
using Authenticate = std::function<std::optional<Principal>(const HttpRequest&)>;

struct BearerToken {
    /// At least 16 bytes: whoever guesses it is in. Of the characters that RFC 6750 allows.
    std::string token;
    Principal principal;
};

/// Knows these tokens and no others. The time that it takes says nothing about how much of a token was right.
/// Throws Error where a token is too short or cannot be sent.
[[nodiscard]] Authenticate bearer_tokens(std::vector<BearerToken> tokens);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// The time depends on the size of `presented` only, which its sender knows.
[[nodiscard]] inline bool equal_in_constant_time(std::string_view presented, std::string_view known) noexcept {
    if (known.empty()) return presented.empty();
    unsigned differs = presented.size() == known.size() ? 0U : 1U;
    for (std::size_t i = 0, k = 0; i < presented.size(); ++i, k = k + 1 == known.size() ? 0 : k + 1)
        differs |=
            static_cast<unsigned>(static_cast<unsigned char>(presented[i]) ^ static_cast<unsigned char>(known[k]));
    return differs == 0;
}

/// `b64token` of RFC 6750: what a token may consist of, and what a cookie holds without quotes.
[[nodiscard]] inline bool is_bearer_token(std::string_view text) noexcept {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/";
    const std::size_t padding = text.find('=');
    return !text.empty() && padding != 0 && text.substr(0, padding).find_first_not_of(allowed) == text.npos &&
           (padding == text.npos || text.find_first_not_of('=', padding) == text.npos);
}

/// The token of `Authorization: Bearer`; empty where the request has none, or another scheme.
[[nodiscard]] inline std::optional<std::string_view> bearer_of(const HttpHeaders& headers) noexcept {
    constexpr std::string_view scheme = "Bearer ";
    const std::string* value = headers.find("Authorization");
    if (value == nullptr || !same_http_name(std::string_view(*value).substr(0, scheme.size()), scheme))
        return std::nullopt;
    return std::string_view(*value).substr(scheme.size());
}

} // namespace detail

inline Authenticate bearer_tokens(std::vector<BearerToken> tokens) {
    constexpr std::size_t least = 16;
    for (const BearerToken& token : tokens)
        if (token.token.size() < least || !detail::is_bearer_token(token.token))
            throw Error(Errc::out_of_range,
                        "token: expected at least 16 letters, digits or any of -._~+/, and = at the end only",
                        "token");
    const auto known = std::make_shared<const std::vector<BearerToken>>(std::move(tokens));
    return [known](const HttpRequest& request) -> std::optional<Principal> {
        const auto presented = detail::bearer_of(request.headers);
        if (!presented) return std::nullopt;
        const BearerToken* found = nullptr;
        for (const BearerToken& token : *known)
            if (detail::equal_in_constant_time(*presented, token.token)) found = &token;
        if (found == nullptr) return std::nullopt;
        return found->principal;
    };
}

} // namespace carillon
