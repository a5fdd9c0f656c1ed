// SPDX-License-Identifier: MIT
// detail/json_writer.hpp - values of the model as JSON values.
#pragma once

#include "carillon/detail/json_traits.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/json_text.hpp"
#include "carillon/time.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/// "2026-12-25". A year outside 0000 to 9999, which no reader takes, is written with its sign or its fifth digit.
[[nodiscard]] inline std::string date_text(std::chrono::year_month_day date) {
    const int year = static_cast<int>(date.year());
    std::string digits = std::to_string(year < 0 ? -year : year);
    if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
    char rest[6]{};
    write_two(rest, static_cast<unsigned>(date.month()), '-');
    write_two(rest + 3, static_cast<unsigned>(date.day()), '\0');
    return (year < 0 ? "-" : "") + digits + "-" + std::string(rest, 5);
}

/// Sixteen hexadecimal digits: JavaScript cannot hold a number of 64 bits.
[[nodiscard]] inline std::string hex_text(std::uint64_t value) {
    std::string text(16, '0');
    for (std::size_t i = 16; i-- > 0; value >>= 4)
        text[i] = "0123456789abcdef"[value & 0x0f];
    return text;
}

/// What a value is in JSON: one overload for each kind of value.
template <class Json>
struct JsonValue {
    template <class T>
        requires std::is_arithmetic_v<T>
    static Json of(T value) { return value; }
    static Json of(const std::string& text) { return text; }
    static Json of(Instant instant) { return to_rfc3339(instant); }
    static Json of(Duration duration) { return to_string(duration); }
    static Json of(std::chrono::year_month_day date) { return date_text(date); }
    static Json of(const JsonText& value) { return value.template json<Json>(); }

    template <class Tag>
    static Json of(const Id<Tag>& id) {
        return id.str();
    }
    template <NamedEnum Enum>
    static Json of(Enum value) {
        for (const auto& row : names_of<Enum>)
            if (row.value == value && !row.name.empty()) return row.name;
        return nullptr;
    }
    template <class T>
    static Json of(const std::optional<T>& value) {
        return value ? of(*value) : Json();
    }
    template <class T>
    static Json of(const std::shared_ptr<const T>& value) {
        return value ? of(*value) : Json();
    }
    template <class T>
    static Json of(const std::vector<T>& values) {
        Json array = Json::array();
        for (const T& value : values)
            array.push_back(of(value));
        return array;
    }
    template <HasJsonMembers T>
    static Json of(const T& value);
};

/// Writes the members of one object. Absent values are null.
template <class Json>
class ObjectWriter {
public:
    template <class T>
    void member(std::string_view key, const T& value) {
        object_.emplace(key, JsonValue<Json>::of(value));
    }
    template <class T>
    void required(std::string_view key, const T& value) {
        member(key, value);
    }
    /// A text whose emptiness means that there is none.
    void text(std::string_view key, const std::string& value) {
        object_.emplace(key, value.empty() ? Json() : Json(value));
    }
    void object(std::string_view key, const Json& value) { object_.emplace(key, value); }
    void hex(std::string_view key, std::uint64_t value) { object_.emplace(key, hex_text(value)); }
    /// Whole milliseconds, cut off.
    void milliseconds(std::string_view key, std::optional<Duration> value) {
        object_.emplace(key, value ? Json(value->count() / 1000) : Json());
    }

    [[nodiscard]] Json take() { return std::move(object_); }

private:
    Json object_ = Json::object();
};

template <class Json>
template <HasJsonMembers T>
Json JsonValue<Json>::of(const T& value) {
    ObjectWriter<Json> writer;
    JsonMembers<T>::visit(writer, value);
    return writer.take();
}

} // namespace carillon::detail
