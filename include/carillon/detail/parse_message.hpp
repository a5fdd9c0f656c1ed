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

#include <algorithm>
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
    constexpr std::array<std::string_view, 5> kinds{"cron", "schedule", "instant", "duration", "time zone"};
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

// ---- texts that are not cron ---------------------------------------------------------------------------------------

/// `@every` and `@after` count whole seconds; elsewhere a duration may be finer.
inline ParseSentence duration_sentence(const ParseError& error, const ParseErrorText& place) {
    if (error.kind == TextKind::duration)
        return {"a duration of numbers with units is expected", place.seen(), "write \"90s\", \"1h30m\" or \"250ms\""};
    return {"a duration of whole seconds from 1s to 876600h is expected",
            place.at_end() ? "none" : in_quotes(place.word()),
            "write \"90s\", \"1h30m\" or \"12h\""};
}

/// Inside `rate(...)`.
inline ParseSentence rate_sentence(const ParseErrorText& place) {
    const bool seconds = place.rest().starts_with("second");
    return {"rate( is followed by a number from 1, then minutes, hours or days, and )",
            place.seen(),
            seconds ? "write \"@every 30s\"" : "write \"rate(5 minutes)\""};
}

/// Inside `R/start/period`, of which `before` was read: which of the three is wrong?
inline ParseSentence iso_interval_sentence(const ParseErrorText& place, std::string_view before) {
    const auto slashes = std::count(before.begin(), before.end(), '/');
    if (slashes == 0)
        return {"R is followed by a number from 1, or by nothing, and /", place.seen(), "write \"R/\" or \"R5/\""};
    if (slashes == 1)
        return {"a start is expected, with its seconds",
                place.seen(),
                "write \"2027-01-01T00:00:00Z\", or without the Z for civil time"};
    const bool is_end = place.current() >= '0' && place.current() <= '9' && place.before() == '/';
    return {is_end ? "a period is expected, not an end"
                   : "a period of whole numbers, above nothing and up to 100 years, is expected",
            place.seen(),
            "write \"PT1H\", \"P1D\" or \"P1M\""};
}

inline ParseSentence interval_sentence(const ParseErrorText& place) {
    const std::string_view before = place.text().substr(0, place.at());
    const std::string_view part = before.substr(before.rfind('|') + 1);
    return part.find('(') == std::string_view::npos ? iso_interval_sentence(place, part) : rate_sentence(place);
}

inline ParseSentence unsupported_sentence(const ParseErrorText& place) {
    if (place.current() == '@')
        return {"a part of a union has occurrences that can be told ahead of time",
                in_quotes(place.word()),
                "make it a job of its own"};
    return {"a kind of schedule that this library knows is expected",
            in_quotes(place.word()),
            "once at an instant is \"@at 2027-01-01T09:00:00Z\""};
}

/// Texts that are not cron: schedules, instants, durations, names of time zones.
inline ParseSentence schedule_sentence(const ParseError& error) {
    const ParseErrorText place(error);
    switch (error.code) {
    case Errc::conflicting_time_zone:
        return {"a schedule has one time zone, in the text or named by the caller",
                in_quotes(place.word()),
                "give one of the two"};
    case Errc::unknown_time_zone:
        return {"a name of the IANA database in exact case is expected",
                in_quotes(place.text()),
                "write \"Europe/Paris\", \"UTC\" or \"+05:30\""};
    case Errc::invalid_time_zone_data:
        return {"a compiled time zone of RFC 9636 is expected", "", "install the time zone database again"};
    case Errc::invalid_duration: return duration_sentence(error, place);
    case Errc::invalid_instant:
        return {"an instant of RFC 3339 with its offset is expected",
                place.seen(),
                "write \"2027-01-01T09:00:00Z\" or \"2027-01-01T09:00:00+01:00\""};
    case Errc::invalid_interval: return interval_sentence(place);
    case Errc::unsupported_schedule: return unsupported_sentence(place);
    case Errc::empty_expression: return {"a schedule is expected", "nothing", "every day at nine is \"0 9 * * *\""};
    case Errc::too_large:
    case Errc::expression_too_long:
    case Errc::number_too_large: return {"this is more than can be read", place.seen(), ""};
    default: return {std::string(to_string(error.code)), place.seen(), ""};
    }
}

} // namespace carillon::detail
