// SPDX-License-Identifier: MIT
// detail/validate.hpp - is this argument acceptable? Each check says what was expected, what was seen and in which
// field.
#pragma once

#include "carillon/error.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/job.hpp"
#include "carillon/storage/storage.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace carillon {

/// Sizes that a facade accepts. Bytes are those of UTF-8 and of compact JSON text.
struct Limits {
    std::size_t name_bytes = 256;
    std::size_t description_bytes = 4'096;
    std::size_t schedule_bytes = 4'096;
    std::size_t json_bytes = 64 * 1'024;
    std::size_t json_depth = 32;
    std::size_t excluded_dates = 1'000;
    std::size_t page = 1'000;
    std::size_t offset = 10'000;
    std::size_t jobs_per_call = 10'000;
};

namespace detail {

[[noreturn]] inline void refuse(Errc code, std::string_view field, const std::string& message) {
    throw Error(code, std::string(field) + ": " + message, std::string(field));
}

/// The offset of the first byte that is not part of well-formed UTF-8 (RFC 3629), or npos.
[[nodiscard]] inline std::size_t first_invalid_utf8(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned char>(text[i]);
    };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned char lead = byte(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        if (length == 0 || i + length > text.size()) return i;
        for (std::size_t k = 1; k < length; ++k)
            if ((byte(i + k) & 0xc0) != 0x80) return i;
        const unsigned char second = byte(i + 1);
        const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
        const bool surrogate = lead == 0xed && second >= 0xa0;
        const bool beyond = lead == 0xf4 && second >= 0x90;
        if (overlong || surrogate || beyond) return i;
        i += length;
    }
    return std::string_view::npos;
}

inline void check_text(std::string_view field, std::string_view text, std::size_t max_bytes) {
    if (text.size() > max_bytes)
        refuse(Errc::too_large,
               field,
               "expected at most " + std::to_string(max_bytes) + " bytes, saw " + std::to_string(text.size()));
    const std::size_t bad = first_invalid_utf8(text);
    if (bad != std::string_view::npos)
        refuse(Errc::invalid_utf8, field, "expected UTF-8, saw something else at byte " + std::to_string(bad + 1));
    const std::size_t zero = text.find('\0'); // no database keeps it in a text
    if (zero != std::string_view::npos)
        refuse(Errc::invalid_character,
               field,
               "expected text without zero bytes, saw one at byte " + std::to_string(zero + 1));
}

inline void check_name(std::string_view field, std::string_view text, std::size_t max_bytes) {
    if (text.empty()) refuse(Errc::required, field, "must not be empty");
    check_text(field, text, max_bytes);
}

/// What JSON text can hold, at most `most_levels` objects and arrays inside each other.
template <class Json>
void check_json_value(std::string_view field, const Json& value, std::size_t most_levels, std::size_t level = 1) {
    if (level > most_levels)
        refuse(Errc::too_large,
               field,
               "expected at most " + std::to_string(most_levels) + " levels of objects and arrays; flatten it");
    if (value.is_discarded() || value.is_binary())
        refuse(Errc::wrong_type, field, "expected values that JSON text can hold, saw binary data");
    if (value.is_number_float() && !std::isfinite(value.template get<double>()))
        refuse(Errc::out_of_range, field, "expected numbers that JSON text can hold, saw an infinite one or a NaN");
    if (value.is_structured())
        for (const auto& member : value)
            check_json_value(field, member, most_levels, level + (member.is_structured() ? 1 : 0));
}

/// The text to store of a JSON object.
template <class Json>
[[nodiscard]] JsonText check_object(std::string_view field, const Json& value, const Limits& limits) {
    if (!value.is_object())
        refuse(Errc::wrong_type,
               field,
               std::string("expected a JSON object, saw ") + (value.is_null() ? "null" : value.type_name()));
    check_json_value(field, value, limits.json_depth);
    JsonText text;
    try {
        text = JsonText(value);
    } catch (const typename Json::type_error&) {
        refuse(Errc::invalid_utf8, field, "expected strings of UTF-8, saw other bytes in one");
    }
    if (text.text().size() > limits.json_bytes)
        refuse(Errc::too_large,
               field,
               "expected at most " + std::to_string(limits.json_bytes) + " bytes of JSON, saw " +
                   std::to_string(text.text().size()));
    return text;
}

/// The handler's name in an action that is an object.
template <class Json>
[[nodiscard]] std::string check_action_type(const Json& action, const Limits& limits) {
    const auto type = action.find("type");
    if (type == action.end()) refuse(Errc::required, "action.type", "must not be absent; it names the handler");
    if (!type->is_string())
        refuse(Errc::wrong_type, "action.type", std::string("expected a string, saw ") + type->type_name());
    auto name = type->template get<std::string>();
    check_name("action.type", name, limits.name_bytes);
    return name;
}

[[nodiscard]] inline std::string number_text(std::size_t value) {
    return std::to_string(value);
}
[[nodiscard]] inline std::string number_text(int value) {
    return std::to_string(value);
}
[[nodiscard]] inline std::string number_text(Duration value) {
    return to_string(value);
}
[[nodiscard]] inline std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

/// `range` says in words what lies between `least` and `most`.
template <class T>
void check_range(std::string_view field, T value, T least, T most, std::string_view range) {
    if (!(value >= least && value <= most))
        refuse(Errc::out_of_range, field, "expected " + std::string(range) + ", saw " + number_text(value));
}

inline void check_policies(const Policies& policies, const Limits& limits) {
    using std::chrono::hours;
    const Duration year = hours{24 * 365};
    const Duration zero{0};
    check_range("policies.misfire.grace", policies.misfire.grace, zero, year, "0 to 365 days");
    check_range("policies.misfire.window", policies.misfire.window, zero, 10 * year, "0 to 3650 days");
    check_text("policies.overlap.concurrency_key", policies.overlap.concurrency_key, limits.name_bytes);
    check_range<std::size_t>("policies.overlap.limit", policies.overlap.limit, 0, 1'000'000, "0 (no limit) to 1000000");
    check_range<std::size_t>("policies.retry.max_attempts", policies.retry.max_attempts, 1, 1'000, "1 to 1000");
    check_range("policies.retry.initial", policies.retry.initial, zero, year, "0 to 365 days");
    check_range("policies.retry.max_delay", policies.retry.max_delay, zero, year, "0 to 365 days");
    check_range("policies.retry.factor", policies.retry.factor, 1.0, 1'000.0, "1 to 1000");
    check_range("policies.retry.jitter", policies.retry.jitter, 0.0, 1.0, "0 to 1");
    check_range("policies.priority", policies.priority, -1'000, 1'000, "-1000 to 1000");
    const Duration least{1'000};
    if (policies.timeout.attempt)
        check_range("policies.timeout.attempt", *policies.timeout.attempt, least, year, "1 ms to 365 days");
    if (policies.timeout.total)
        check_range("policies.timeout.total", *policies.timeout.total, least, 10 * year, "1 ms to 3650 days");
    check_range("policies.timeout.grace", policies.timeout.grace, zero, year, "0 to 365 days");
    check_range("policies.spread.within", policies.spread.within, zero, year, "0 to 365 days");
    check_range<std::size_t>("policies.max_abandons", policies.max_abandons, 1, 1'000, "1 to 1000");
    check_range<std::size_t>(
        "policies.pause_after_failures", policies.pause_after_failures, 0, 1'000'000, "0 (never) to 1000000");
}

inline void check_caller(const Caller& caller, const Limits& limits) {
    check_name("tenant", caller.tenant, limits.name_bytes);
    check_text("actor", caller.actor, limits.name_bytes);
    check_text("via", caller.via, limits.name_bytes);
    check_text("request_id", caller.request_id, limits.name_bytes);
    check_text("batch", caller.batch, limits.name_bytes);
}

template <class Query>
void check_page(const Query& query, const Limits& limits) {
    check_range<std::size_t>("limit", query.limit, 1, limits.page, "1 to " + std::to_string(limits.page));
    check_range<std::size_t>("offset",
                             query.offset,
                             0,
                             limits.offset,
                             "0 to " + std::to_string(limits.offset) + "; go further with `after`");
    if (query.after && query.offset > 0)
        refuse(Errc::out_of_range, "offset", "expected 0 beside `after`, saw " + std::to_string(query.offset));
}

inline void check_filter(std::string_view field, const std::optional<std::string>& text, const Limits& limits) {
    if (text) check_text(field, *text, limits.name_bytes);
}

} // namespace detail

} // namespace carillon
