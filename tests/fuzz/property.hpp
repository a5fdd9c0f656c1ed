// SPDX-License-Identifier: MIT
// fuzz/property.hpp - what every fuzzer checks with.
//
// The properties of one parser are a function of bytes in a header of this folder. A fuzzer calls it with inputs that
// it makes up, corpus_test.cpp with those that fuzzers once found worth keeping.
#pragma once

#include "carillon/error.hpp"

#include <stdexcept>
#include <string_view>

namespace fuzz {

/// Throws where a property does not hold: the fuzzer ends there, and the test that replays the input fails.
inline void require(bool holds, const char* property) {
    if (!holds) throw std::logic_error(property);
}

/// The error of a text points into it, or just behind it, and its message is as short as a message should be.
inline void check_error(const carillon::ParseError& error, std::string_view text) {
    require(error.column >= 1 && error.column <= text.size() + 1, "the column lies in the text or just behind it");
    const std::string_view message = carillon::detail::make_error(error).what();
    require(!message.empty() && message.size() < 2000, "the message has between 1 and 2000 bytes");
}

} // namespace fuzz
