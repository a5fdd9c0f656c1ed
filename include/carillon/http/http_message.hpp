// SPDX-License-Identifier: MIT
// http/http_message.hpp - a request and its response as plain values, whichever server has read or will write them.
#pragma once

#include "carillon/time.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

namespace detail {

[[nodiscard]] constexpr char ascii_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Equal but for the case of ASCII letters, as names of header fields, schemes and hosts are.
[[nodiscard]] constexpr bool same_http_name(std::string_view a, std::string_view b) noexcept {
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

} // namespace detail

/// Header fields in the order in which they came. Names are compared in either case.
class HttpHeaders {
public:
    struct Field {
        std::string name;
        std::string value;
    };

    HttpHeaders() = default;
    HttpHeaders(std::initializer_list<Field> fields)
        : fields_(fields) {}

    void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }
    /// The only field of that name from now on.
    void set(std::string name, std::string value) {
        remove(name);
        add(std::move(name), std::move(value));
    }
    void remove(std::string_view name) {
        std::erase_if(fields_, [&](const Field& field) { return detail::same_http_name(field.name, name); });
    }

    /// The value of the first field of that name; null where there is none.
    [[nodiscard]] const std::string* find(std::string_view name) const noexcept {
        for (const Field& field : fields_)
            if (detail::same_http_name(field.name, name)) return &field.value;
        return nullptr;
    }
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept {
        return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(), [&](const Field& field) {
            return detail::same_http_name(field.name, name);
        }));
    }

    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
    [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
    [[nodiscard]] auto end() const noexcept { return fields_.end(); }

private:
    std::vector<Field> fields_;
};

struct HttpRequest {
    /// In capitals, as it was sent.
    std::string method = "GET";
    /// Path and query as they were sent, not decoded: "/api/v1/scheduler/jobs?limit=10".
    std::string target = "/";
    HttpHeaders headers{};
    std::string body = "";
    /// The address of the other end of the connection, without its port; "" where nobody knows.
    std::string remote = "";
    /// It came over TLS, here or at a proxy in front that can be trusted.
    bool secure = false;
};

/// A body that goes on: a server sends its pieces as they come, until it ends or the client is gone.
class HttpStream {
public:
    HttpStream() = default;
    HttpStream(const HttpStream&) = delete;
    HttpStream& operator=(const HttpStream&) = delete;
    virtual ~HttpStream() = default;

    /// The next piece; "" where none has come within `at_most`, and nothing after the last one. Zero never blocks. One
    /// thread at a time. Never throws.
    [[nodiscard]] virtual std::optional<std::string> next(Duration at_most) = 0;
    /// The server stops: the next piece is the last one, and comes at once. From any thread.
    virtual void close() = 0;
};

struct HttpResponse {
    int status = 200;
    /// Without Content-Length, which is the server's.
    HttpHeaders headers{};
    std::string body = "";
    /// In place of `body`, where it is not null.
    std::shared_ptr<HttpStream> stream = nullptr;

    /// "" where there is no such field.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
        const std::string* value = headers.find(name);
        return value == nullptr ? std::string_view() : std::string_view(*value);
    }
};

} // namespace carillon
