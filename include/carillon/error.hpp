// SPDX-License-Identifier: MIT
// error.hpp - the one error model: codes, the exception, and the result of parsing text.
//
//   a missing or foreign id     an empty optional, or false          never an exception
//   anything else that is wrong throws Error{code, message}          nothing has changed
//   text that does not parse    Result<T>: a value or an Error       wrong text is an ordinary value; .value() throws
#pragma once

#include "carillon/errc.hpp"
#include "carillon/parse_error.hpp"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace carillon {

/// The one exception of the library. `what()` says what was expected, what was seen, where, and what helps.
class Error : public std::runtime_error {
public:
    Error(Errc code, const std::string& message, std::string field = {}, std::size_t column = 0)
        : std::runtime_error(message)
        , code_(code)
        , column_(column)
        , field_(std::move(field)) {}

    [[nodiscard]] Errc code() const noexcept { return code_; }
    /// 1-based byte column in the text that was parsed; 0 where the error is not about a place in a text.
    [[nodiscard]] std::size_t column() const noexcept { return column_; }
    /// The argument at fault, as its member is written ("name", "policies.retry.factor"; for cron text "minute"); may
    /// be empty.
    [[nodiscard]] const std::string& field() const noexcept { return field_; }

private:
    Errc code_;
    std::size_t column_;
    std::string field_;
};

namespace detail {
[[nodiscard]] Error make_error(const ParseError& error);
}

/// A value, or the reason why there is none; with the names of std::expected. constexpr where T is a literal type.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    constexpr Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}
    /// Builds the value where it will live.
    template <class... Arguments>
    constexpr explicit Result(std::in_place_t, Arguments&&... arguments)
        : state_(std::in_place_index<0>, std::forward<Arguments>(arguments)...) {}
    constexpr Result(const ParseError& error)
        : state_(std::in_place_index<1>, error) {}

    [[nodiscard]] constexpr bool has_value() const noexcept { return state_.index() == 0; }
    constexpr explicit operator bool() const noexcept { return has_value(); }

    /// The value; throws the Error that `error()` describes where there is none.
    [[nodiscard]] constexpr const T& value() const& {
        if (!has_value()) throw error();
        return std::get<0>(state_);
    }
    [[nodiscard]] constexpr T&& value() && {
        if (!has_value()) throw error();
        return std::move(std::get<0>(state_));
    }

    /// Precondition of `*` and `->`: has_value().
    [[nodiscard]] constexpr const T& operator*() const& { return std::get<0>(state_); }
    [[nodiscard]] constexpr T&& operator*() && { return std::move(std::get<0>(state_)); }
    [[nodiscard]] constexpr const T* operator->() const { return &std::get<0>(state_); }

    /// Precondition of both: !has_value(). `error()` builds the message, `parse_error()` is the literal behind it.
    [[nodiscard]] Error error() const { return detail::make_error(parse_error()); }
    [[nodiscard]] constexpr const ParseError& parse_error() const { return std::get<1>(state_); }

private:
    std::variant<T, ParseError> state_;
};

} // namespace carillon

#include "carillon/detail/parse_message.hpp"
