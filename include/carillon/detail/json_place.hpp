// SPDX-License-Identifier: MIT
// detail/json_place.hpp - where in a JSON document is a value, and how does an error say so?
#pragma once

#include "carillon/error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

/// Whether a key that nobody asked for is an error. In what a caller writes it is a slip of the pen; in a record it was
/// written by a newer version, and is passed over.
enum class UnknownKeys : bool { refuse, ignore };

/// The way from the root of a document to a value. Lives on the stack while the value is read, costs nothing until an
/// error asks for its text.
class JsonPlace {
public:
    explicit JsonPlace(UnknownKeys unknown_keys)
        : unknown_keys_(unknown_keys) {}

    [[nodiscard]] JsonPlace member(std::string_view key) const { return {this, key, std::nullopt}; }
    [[nodiscard]] JsonPlace element(std::size_t index) const { return {this, {}, index}; }
    [[nodiscard]] UnknownKeys unknown_keys() const noexcept { return unknown_keys_; }

    /// "policies.retry.factor", "exclude[1]"; empty for the root.
    [[nodiscard]] std::string str() const {
        if (parent_ == nullptr) return {};
        std::string text = parent_->str();
        if (index_) return text + "[" + std::to_string(*index_) + "]";
        if (!text.empty()) text += '.';
        return text.append(key_);
    }

private:
    JsonPlace(const JsonPlace* parent, std::string_view key, std::optional<std::size_t> index)
        : parent_(parent)
        , key_(key)
        , index_(index)
        , unknown_keys_(parent->unknown_keys_) {}

    const JsonPlace* parent_ = nullptr;
    std::string_view key_;
    std::optional<std::size_t> index_;
    UnknownKeys unknown_keys_;
};

/// So many bytes of what was seen appear in a message.
inline constexpr std::size_t longest_excerpt = 60;

/// At most `size` bytes, no character cut in two.
[[nodiscard]] inline std::string_view cut_text(std::string_view text, std::size_t size) {
    if (text.size() <= size) return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        --size;
    return text.substr(0, size);
}

/// A text in quotes, its control characters and wrong bytes made visible, and long ones cut.
template <class Json = nlohmann::json>
[[nodiscard]] std::string json_quoted(std::string_view text) {
    const auto replace = Json::error_handler_t::replace;
    const std::string_view shown = cut_text(text, longest_excerpt);
    return Json(shown).dump(-1, ' ', false, replace) + (shown.size() < text.size() ? "..." : "");
}

/// A value as an error message shows it.
template <class Json>
[[nodiscard]] std::string json_seen(const Json& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array";
    if (value.is_string()) return json_quoted<Json>(value.template get_ref<const std::string&>());
    if (value.is_binary() || value.is_discarded()) return value.type_name();
    return value.dump();
}

[[noreturn]] inline void throw_at(const JsonPlace& at, Errc code, std::string message, std::size_t column = 0) {
    const std::string field = at.str();
    if (!field.empty()) message.insert(0, field + ": ");
    throw Error(code, message, field, column);
}

template <class Json>
[[noreturn]] void throw_unexpected(const JsonPlace& at, Errc code, std::string_view expected, const Json& saw) {
    throw_at(at, code, "expected " + std::string(expected) + ", saw " + json_seen(saw));
}

/// How many characters must be changed, inserted or removed to make one text of the other (Levenshtein).
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = j;
    for (const char c : a) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (c == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

/// The known key that `key` was probably meant to be, or nothing where all are far away.
[[nodiscard]] inline std::optional<std::string_view> nearest_key(std::string_view key,
                                                                 const std::vector<std::string_view>& known) {
    constexpr std::size_t longest_key = 64;
    if (key.size() > longest_key) return std::nullopt;
    std::optional<std::string_view> nearest;
    std::size_t limit = 2 + key.size() / 4;
    for (const std::string_view candidate : known) {
        const std::size_t distance = edit_distance(key, candidate);
        if (distance >= limit) continue;
        limit = distance;
        nearest = candidate;
    }
    return nearest;
}

/// A key that somebody made up, as a part of a path: in quotes unless it is a plain word.
template <class Json>
[[nodiscard]] std::string shown_key(std::string_view key) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const bool is_plain = !key.empty() && key.size() <= longest_excerpt && key.find_first_not_of(plain) == key.npos;
    return is_plain ? std::string(key) : json_quoted<Json>(key);
}

template <class Json>
[[noreturn]] void
throw_unknown_key(const JsonPlace& object, std::string_view key, const std::vector<std::string_view>& known) {
    std::string message = "unknown field; ";
    if (const auto nearest = nearest_key(key, known)) {
        message += "did you mean " + json_quoted<Json>(*nearest) + "?";
    } else {
        message += "expected one of";
        for (const std::string_view name : known)
            message.append(name == known.front() ? " " : ", ").append(name);
    }
    throw_at(object.member(shown_key<Json>(key)), Errc::unknown_field, message);
}

} // namespace carillon::detail
