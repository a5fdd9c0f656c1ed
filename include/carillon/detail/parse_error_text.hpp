// SPDX-License-Identifier: MIT
// detail/parse_error_text.hpp - the text around a parse error, in words that a message can use.
#pragma once

#include "carillon/parse_error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::detail {

/// The parts of a message that depend on what went wrong. An empty hint is left out.
struct ParseSentence {
    std::string expected; ///< "the step must be 1 or more"
    std::string seen;     ///< "0"
    std::string hint;     ///< "every five minutes is "*/5""
};

/// The part of the text that a ParseError keeps, and the place in it that is wrong.
class ParseErrorText {
public:
    explicit ParseErrorText(const ParseError& error)
        : text_(error.excerpt())
        , at_(error.column - 1 - error.excerpt_offset) {
        if (at_ > text_.size()) at_ = text_.size();
    }

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] char current() const { return at_end() ? '\0' : text_[at_]; }
    [[nodiscard]] char before() const { return at_ == 0 ? '\0' : text_[at_ - 1]; }
    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
    /// The text between blanks around the place.
    [[nodiscard]] std::string_view word() const { return between(" \t"); }
    /// The text between blanks or commas around the place.
    [[nodiscard]] std::string_view item() const { return between(" \t,"); }
    /// What is wrong, as a reader would name it: a whole number, a whole name, else one character.
    [[nodiscard]] std::string seen() const;

private:
    [[nodiscard]] std::string_view between(std::string_view separators) const {
        const std::size_t before = at_ == 0 ? std::string_view::npos : text_.find_last_of(separators, at_ - 1);
        const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
        return text_.substr(begin, text_.find_first_of(separators, at_) - begin);
    }

    std::string_view text_;
    std::size_t at_;
};

/// The bytes as printable ASCII: `\n`, `\t`, `\\`, `\xC2`.
inline std::string escaped(std::string_view bytes) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string result;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n')
            result += "\\n";
        else if (c == '\t')
            result += "\\t";
        else if (c == '\r')
            result += "\\r";
        else if (byte < 0x20 || byte > 0x7e)
            (result += "\\x") += {hex[byte >> 4], hex[byte & 15]};
        else
            result += c;
    }
    return result;
}

/// Not `quoted`: argument-dependent lookup would find std::quoted where a program has included <iomanip>.
inline std::string in_quotes(std::string_view bytes) {
    return '"' + escaped(bytes) + '"';
}

/// The code point that the bytes begin with, as "U+0663"; the byte where they are not UTF-8.
inline std::string name_of_character(std::string_view bytes) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned char>(bytes[i]);
    };
    const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xc2 ? 0 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
    unsigned code = size < 2 ? byte(0) : byte(0) & (0x7fU >> size);
    bool valid = size != 0 && size <= bytes.size();
    for (std::size_t i = 1; valid && i < size; ++i) {
        valid = (byte(i) & 0xc0) == 0x80;
        code = code << 6 | (byte(i) & 0x3fU);
    }
    if (!valid) return std::string("the byte 0x") + hex[byte(0) >> 4] + hex[byte(0) & 15];
    std::string digits;
    for (int shift = code > 0xfffff ? 20 : code > 0xffff ? 16 : 12; shift >= 0; shift -= 4)
        digits += hex[code >> shift & 15];
    return "U+" + digits;
}

inline std::string ParseErrorText::seen() const {
    const auto is = [](char c, char first, char last) {
        return c >= first && c <= last;
    };
    const auto digit = [&](char c) {
        return is(c, '0', '9');
    };
    const auto letter = [&](char c) {
        return is(c, 'A', 'Z') || is(c, 'a', 'z') || c == '@' || c == '_';
    };
    if (at_end()) return "the end of the text";
    if (current() == ' ' || current() == '\t') return "the end of the field";
    if (!is(current(), '!', '~')) return name_of_character(rest());
    std::size_t size = 1;
    if (digit(current()) || letter(current()))
        while (at_ + size < text_.size() && digit(current()) == digit(text_[at_ + size]) &&
               letter(current()) == letter(text_[at_ + size]))
            ++size;
    return size == 1 && !digit(current()) ? '\'' + std::string(1, current()) + '\''
                                          : std::string(rest().substr(0, size));
}

} // namespace carillon::detail
