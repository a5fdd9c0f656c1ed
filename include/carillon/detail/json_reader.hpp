// SPDX-License-Identifier: MIT
// detail/json_reader.hpp - values of the model from JSON values, and errors that name the field.
//
// Nothing here lets an exception of nlohmann's out: every error is a carillon::Error whose field() is the dotted path.
#pragma once

#include "carillon/detail/json_place.hpp"
#include "carillon/detail/json_traits.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/json_text.hpp"
#include "carillon/time.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/// JSON of a caller's own is copied and written by recursion, and a thread's stack has an end.
inline constexpr std::size_t most_json_levels = 128;

template <class Json>
[[nodiscard]] bool is_nested_deeper(const Json& value, std::size_t levels) {
    if (!value.is_structured()) return false;
    return levels == 0 || std::any_of(value.begin(), value.end(), [&](const Json& member) {
               return is_nested_deeper(member, levels - 1);
           });
}

template <class Json>
void check_levels(const JsonPlace& at, const Json& in) {
    if (is_nested_deeper(in, most_json_levels))
        throw_at(at,
                 Errc::too_large,
                 "expected at most " + std::to_string(most_json_levels) + " levels of objects and arrays; flatten it");
}

template <class Json>
[[nodiscard]] const std::string&
string_at(const JsonPlace& at, const Json& in, std::string_view expected = "a string") {
    if (!in.is_string()) throw_unexpected(at, Errc::wrong_type, expected, in);
    return in.template get_ref<const std::string&>();
}

/// The whole number in `in`, where it has one from `low` to `high`. A float above 2^53 may be another number than the
/// one that was written, so it is none.
template <std::integral Int, class Json>
[[nodiscard]] std::optional<Int> whole_number(const Json& in, Int low, Int high) {
    const auto within = [&](auto number) -> std::optional<Int> {
        if (std::cmp_less(number, low) || std::cmp_greater(number, high)) return std::nullopt;
        return static_cast<Int>(number);
    };
    if (in.is_number_unsigned()) return within(in.template get<std::uint64_t>());
    if (in.is_number_integer()) return within(in.template get<std::int64_t>());
    constexpr double largest_exact = 9'007'199'254'740'991.0;
    const auto number = in.template get<double>();
    if (std::trunc(number) != number || std::abs(number) > largest_exact) return std::nullopt;
    return within(static_cast<std::int64_t>(number));
}

template <std::integral Int, class Json>
[[nodiscard]] Int integer_at(const JsonPlace& at, const Json& in, Int low, Int high) {
    if (in.is_number())
        if (const auto number = whole_number(in, low, high)) return *number;
    const std::string expected = "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    throw_unexpected(at, in.is_number() ? Errc::out_of_range : Errc::wrong_type, expected, in);
}

/// The value of a parser's result; its error with the field in front.
template <class T>
[[nodiscard]] T parsed_at(const JsonPlace& at, const Result<T>& result) {
    if (result) return *result;
    const Error error = result.error();
    throw_at(at, error.code(), error.what(), error.column());
}

template <class Json>
[[nodiscard]] std::chrono::year_month_day date_at(const JsonPlace& at, const Json& in) {
    constexpr std::string_view expected = R"(a date such as "2026-12-25")";
    TextReader text{string_at(at, in, expected)};
    const auto date = read_date(text);
    if (date && text.at_end()) return std::chrono::sys_days{date->time_since_epoch()};
    const std::string message = "expected " + std::string(expected) + ", saw " + json_seen(in);
    throw_at(at, Errc::invalid_instant, message, text.position() + 1);
}

template <class Json>
[[nodiscard]] std::uint64_t hex_at(const JsonPlace& at, const Json& in) {
    constexpr std::string_view expected = "a string of 16 hexadecimal digits";
    const std::string& text = string_at(at, in, expected);
    std::uint64_t value = 0;
    for (const char c : text)
        value = value << 4 | static_cast<std::uint64_t>(std::max(hex_value(c), 0));
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
    if (text.size() != 16 || !digits) throw_unexpected(at, Errc::wrong_type, expected, in);
    return value;
}

/// The value of that name; of null, the one whose name is empty.
template <NamedEnum Enum, class Json>
[[nodiscard]] std::optional<Enum> named_value(const Json& in) {
    if (!in.is_string() && !in.is_null()) return std::nullopt;
    const std::string_view name = in.is_null() ? std::string_view() : in.template get_ref<const std::string&>();
    for (const auto& row : names_of<Enum>)
        if (row.name == name) return row.value;
    return std::nullopt;
}

template <NamedEnum Enum>
[[nodiscard]] std::string json_names() {
    std::string text = "one of";
    for (const auto& row : names_of<Enum>)
        if (!row.name.empty()) text += (text.back() == 'f' ? " " : ", ") + json_quoted(row.name);
    return text;
}

/// Reads a value into `out`: one overload for each kind of value. Null is a value of std::optional and of JSON only.
template <class Json>
struct JsonRead {
    static void value(const JsonPlace& at, const Json& in, bool& out) {
        if (!in.is_boolean()) throw_unexpected(at, Errc::wrong_type, "true or false", in);
        out = in.template get<bool>();
    }
    template <std::integral Int>
    static void value(const JsonPlace& at, const Json& in, Int& out) {
        out = integer_at(at, in, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max());
    }
    static void value(const JsonPlace& at, const Json& in, double& out) {
        if (!in.is_number()) throw_unexpected(at, Errc::wrong_type, "a number", in);
        out = in.template get<double>();
        if (!std::isfinite(out)) throw_unexpected(at, Errc::out_of_range, "a finite number", in);
    }
    static void value(const JsonPlace& at, const Json& in, std::string& out) { out = string_at(at, in); }
    static void value(const JsonPlace& at, const Json& in, Instant& out) {
        out = parsed_at(at, parse_rfc3339(string_at(at, in, R"(an instant such as "2026-03-01T09:00:00Z")")));
    }
    static void value(const JsonPlace& at, const Json& in, Duration& out) {
        out = parsed_at(at, parse_duration(string_at(at, in, R"(a duration such as "1h30m")")));
    }
    static void value(const JsonPlace& at, const Json& in, std::chrono::year_month_day& out) { out = date_at(at, in); }
    static void value(const JsonPlace& at, const Json& in, JsonText& out);
    template <class Tag>
    static void value(const JsonPlace& at, const Json& in, Id<Tag>& out) {
        constexpr std::string_view expected = R"(an id such as "01890a5d-ac96-774b-bcce-b302099a8057")";
        const auto id = Id<Tag>::parse(string_at(at, in, expected));
        if (!id) throw_unexpected(at, Errc::wrong_type, expected, in);
        out = *id;
    }
    template <NamedEnum Enum>
    static void value(const JsonPlace& at, const Json& in, Enum& out) {
        const auto named = named_value<Enum>(in);
        if (!named)
            throw_unexpected(at, in.is_string() ? Errc::out_of_range : Errc::wrong_type, json_names<Enum>(), in);
        out = *named;
    }
    template <class T>
    static void value(const JsonPlace& at, const Json& in, std::optional<T>& out) {
        out.reset();
        if (!in.is_null()) value(at, in, out.emplace());
    }
    template <class T>
    static void value(const JsonPlace& at, const Json& in, std::shared_ptr<const T>& out) {
        out.reset();
        if (in.is_null()) return;
        T object;
        value(at, in, object);
        out = std::make_shared<const T>(std::move(object));
    }
    template <class T>
    static void value(const JsonPlace& at, const Json& in, std::vector<T>& out) {
        if (!in.is_array()) throw_unexpected(at, Errc::wrong_type, "an array", in);
        out.clear();
        for (const Json& element : in) {
            const JsonPlace place = at.element(out.size());
            value(place, element, out.emplace_back());
        }
    }
    template <HasJsonMembers T>
    static void value(const JsonPlace& at, const Json& in, T& out);
};

/// Reads the members of one object, and knows in the end which keys nobody asked for. A member whose key is absent
/// stays as it is.
template <class Json>
class ObjectReader {
public:
    ObjectReader(const JsonPlace& at, const Json& in)
        : at_(at)
        , in_(in) {
        if (!in.is_object()) throw_unexpected(at, Errc::wrong_type, "an object", in);
    }

    template <class T>
    void member(std::string_view key, T& out) {
        if (const auto* in = find(key)) JsonRead<Json>::value(at_.member(key), *in, out);
    }
    template <class T>
    void required(std::string_view key, T& out) {
        member(key, out);
        if (!has(key)) throw_at(at_.member(key), Errc::required, "expected a value, but there is no such key");
    }
    /// A text that null empties.
    void text(std::string_view key, std::string& out) {
        const auto* in = find(key);
        if (in != nullptr && in->is_null()) return out.clear();
        if (in != nullptr) JsonRead<Json>::value(at_.member(key), *in, out);
    }
    /// JSON that must be an object. `Out` is nlohmann::json or constructed from it.
    template <class Out>
    void object(std::string_view key, Out& out) {
        const auto* in = find(key);
        if (in == nullptr) return;
        if (!in->is_object()) throw_unexpected(at_.member(key), Errc::wrong_type, "an object", *in);
        check_levels(at_.member(key), *in);
        out = Out(*in);
    }
    void hex(std::string_view key, std::uint64_t& out) {
        if (const auto* in = find(key)) out = hex_at(at_.member(key), *in);
    }
    void milliseconds(std::string_view key, std::optional<Duration>& out) {
        const auto* in = find(key);
        if (in == nullptr) return;
        out.reset();
        constexpr std::int64_t most = longest_duration.count() / 1000;
        if (!in->is_null()) out = std::chrono::milliseconds{integer_at(at_.member(key), *in, std::int64_t{0}, most)};
    }

    [[nodiscard]] bool has(std::string_view key) const { return in_.contains(key); }

    /// The value of `key`, which is known from now on; nullptr where there is none.
    [[nodiscard]] const Json* find(std::string_view key) {
        known_.emplace_back(key);
        const auto found = in_.find(key);
        return found == in_.end() ? nullptr : &*found;
    }

    /// Throws `unknown_field` where there is a key that nobody has asked for.
    void finish() const {
        if (at_.unknown_keys() == UnknownKeys::ignore) return;
        for (const auto& item : in_.items())
            if (std::find(known_.begin(), known_.end(), item.key()) == known_.end())
                throw_unknown_key<Json>(at_, item.key(), known_);
    }

private:
    const JsonPlace& at_;
    const Json& in_;
    std::vector<std::string_view> known_;
};

template <class Json>
void JsonRead<Json>::value(const JsonPlace& at, const Json& in, JsonText& out) {
    check_levels(at, in);
    try {
        out = JsonText(in);
    } catch (const typename Json::type_error&) {
        throw_at(at, Errc::invalid_utf8, "expected JSON whose strings are UTF-8");
    }
}

template <class Json>
template <HasJsonMembers T>
void JsonRead<Json>::value(const JsonPlace& at, const Json& in, T& out) {
    ObjectReader<Json> reader(at, in);
    JsonMembers<T>::visit(reader, out);
    reader.finish();
}

} // namespace carillon::detail
