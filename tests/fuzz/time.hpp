// SPDX-License-Identifier: MIT
// fuzz/time.hpp - what holds for any text as an instant and as a duration, and for any number as either.
#pragma once

#include "carillon/time.hpp"

#include "fuzz/property.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace fuzz {

inline void instant_text(std::string_view text) {
    using namespace carillon;
    const auto parsed = parse_rfc3339(text);
    if (!parsed) return check_error(parsed.parse_error(), text);
    require(*parsed >= earliest_instant() && *parsed <= latest_instant(), "an instant has a text");
    require(parse_rfc3339(to_rfc3339(*parsed)).value() == *parsed, "an instant's text is read as that instant");
}

inline void duration_text(std::string_view text) {
    using namespace carillon;
    const auto parsed = parse_duration(text);
    if (!parsed) return check_error(parsed.parse_error(), text);
    require(*parsed >= Duration{0} && *parsed <= detail::longest_duration, "a duration is at most 100 years");
    require(parse_duration(to_string(*parsed)).value() == *parsed, "a duration's text is read as that duration");
}

inline void number_as_text(std::int64_t count) {
    using namespace carillon;
    const Instant instant{Duration{count}};
    const Instant nearest = std::clamp(instant, earliest_instant(), latest_instant());
    require(parse_rfc3339(to_rfc3339(instant)).value() == nearest, "the text of an instant is that of the nearest one");
    require(floor_to_second(nearest) <= nearest, "floor_to_second goes back");
    const auto read = parse_duration(to_string(Duration{count}));
    if (count >= 0 && Duration{count} <= detail::longest_duration)
        require(read.value() == Duration{count}, "a duration's text is read as that duration");
    else
        require(!read, "a duration that is negative or too long is refused");
}

/// Both readings of the bytes; the first eight are a number too.
inline void time(std::string_view bytes) {
    instant_text(bytes);
    duration_text(bytes);
    std::int64_t count = 0;
    if (bytes.size() < sizeof count) return;
    std::memcpy(&count, bytes.data(), sizeof count);
    number_as_text(count);
}

} // namespace fuzz
