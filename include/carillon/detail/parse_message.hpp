// SPDX-License-Identifier: MIT
// detail/parse_message.hpp - turns the literal ParseError into a sentence for people.
//
//   cron "*/0 * * * *": column 3, minute: the step must be 1 or more, saw 0; every five minutes is "*/5"
//     */0 * * * *
//       ^
#pragma once

#include "carillon/detail/parse_error_text.hpp"
#include "carillon/error.hpp"
#include "carillon/schedule/cron_message.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::detail {

ParseSentence schedule_sentence(const ParseError& error);

/// The excerpt and a caret below the place, each on a line of its own.
inline std::string pointed_at(const ParseError& error) {
    const ParseErrorText place(error);
    const std::string before = (error.excerpt_offset > 0 ? "..." : "") + escaped(place.text().substr(0, place.at()));
    const bool cut = error.excerpt_offset + error.excerpt_size < error.text_size;
    return "\n  " + before + escaped(place.rest()) + (cut ? "..." : "") + "\n  " + std::string(before.size(), ' ') +
           '^';
}

inline Error make_error(const ParseError& error) {
    constexpr std::array<std::string_view, 4> kinds{"cron", "schedule", "instant", "duration"};
    const bool cut = !error.excerpt_is_whole();
    const auto sentence = error.kind == TextKind::cron ? cron_sentence(error) : schedule_sentence(error);
    std::string message(kinds[static_cast<std::size_t>(error.kind)]);
    message += ' ' + in_quotes(std::string(error.excerpt()) + (cut ? "..." : ""));
    if (error.column > 0) message += ": column " + std::to_string(error.column);
    if (error.field != TextField::none) message.append(", ").append(to_string(error.field));
    message += ": " + sentence.expected;
    if (!sentence.seen.empty()) message += ", saw " + sentence.seen;
    if (!sentence.hint.empty()) message += "; " + sentence.hint;
    if (error.text_size > 0 && error.column > 0) message += pointed_at(error);
    return Error(error.code, message, std::string(to_string(error.field)), error.column);
}

/// Texts that are not cron: schedules, instants, durations.
inline ParseSentence schedule_sentence(const ParseError& error) {
    const ParseErrorText place(error);
    const std::string seen = place.seen();
    switch (error.code) {
    case Errc::conflicting_time_zone:
        return {"the text and the caller must name the same time zone", in_quotes(place.word()), "give one of the two"};
    case Errc::unknown_time_zone:
        return {"the name of a time zone is expected", in_quotes(place.word()), "write \"Europe/Paris\" or \"UTC\""};
    case Errc::invalid_duration:
        return {"a duration of numbers with units is expected", seen, "write \"90s\", \"1h30m\" or \"12h\""};
    case Errc::invalid_instant:
        return {"an instant of RFC 3339 with its offset is expected",
                seen,
                "write \"2027-01-01T09:00:00Z\" or \"2027-01-01T09:00:00+01:00\""};
    case Errc::invalid_interval:
        return {"a repeating interval is expected",
                seen,
                "write \"R/2027-01-01T00:00:00Z/PT1H\", \"rate(5 minutes)\" or \"@every 5m\""};
    case Errc::unsupported_schedule:
        return {"a kind of schedule that this library knows is expected",
                in_quotes(place.word()),
                "once at an instant is \"@at 2027-01-01T09:00:00Z\""};
    case Errc::empty_expression: return {"a schedule is expected", "nothing", "every day at nine is \"0 9 * * *\""};
    case Errc::too_large:
    case Errc::expression_too_long:
    case Errc::number_too_large: return {"this is more than can be read", seen, ""};
    default: return {std::string(to_string(error.code)), seen, ""};
    }
}

} // namespace carillon::detail
