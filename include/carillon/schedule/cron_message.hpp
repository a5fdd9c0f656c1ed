// SPDX-License-Identifier: MIT
// cron_message.hpp - what a cron error says: what was expected, what was seen, and a hint that can be pasted.
//
// Works on the excerpt that a ParseError keeps, since the text itself may be gone; a hint that needs the whole text is
// left out where the excerpt is not whole.
#pragma once

#include "carillon/detail/parse_error_text.hpp"
#include "carillon/parse_error.hpp"
#include "carillon/schedule/cron_hints.hpp"
#include "carillon/schedule/cron_value_hints.hpp"

#include <string>
#include <string_view>

namespace carillon::detail {

/// The sentence for an error of the kind `cron`.
ParseSentence cron_sentence(const ParseError& error);

// ---- implementation ------------------------------------------------------------------------------------------------

inline ParseSentence cron_text_sentence(const CronErrorText& place) {
    const auto& rules = place.rules();
    switch (place.code()) {
    case Errc::expression_too_long:
        return {"at most 4096 bytes are read", std::to_string(place.error().text_size), "every value is \"*\""};
    case Errc::invalid_character: return {"printable ASCII is expected", place.seen(), hint_for_character(place)};
    case Errc::empty_expression:
        return {
            field_count_text(rules) + " are expected", "none", "every day at 09:00 is " + in_quotes(example_of(rules))};
    case Errc::wrong_field_count: return count_sentence(place);
    case Errc::unknown_nickname: return {nicknames_text(rules), in_quotes(place.word()), hint_for_nickname(place)};
    case Errc::unknown_time_zone:
        return {"a name of the IANA database in exact case is expected",
                place.rest().empty() || place.current() == ' ' ? "none" : in_quotes(place.word()),
                "write \"TZ=Europe/Paris\""};
    default: return {};
    }
}

inline ParseSentence cron_day_sentence(const CronErrorText& place) {
    const std::string dialect(place.rules().name);
    switch (place.code()) {
    case Errc::question_mark_not_allowed:
        if (!place.rules().question_mark)
            return {"dialect " + dialect + " has no ?", in_quotes(place.word()), "every day is \"*\""};
        return {
            "? stands for a whole day-of-month or day-of-week field", in_quotes(place.word()), "every value is \"*\""};
    case Errc::question_mark_required:
        return {"dialect " + dialect + " needs ? in one of the two day fields", "none", hint_for_days(place)};
    case Errc::question_mark_twice:
        return {"dialect " + dialect + " needs ? in only one of the two day fields", "two", hint_for_days(place)};
    case Errc::modifier_not_allowed: return {modifier_text(place), in_quotes(place.item()), hint_for_modifier(place)};
    case Errc::modifier_on_range:
        return {"L, W and # follow a single value", in_quotes(place.item()), hint_for_range_modifier(place)};
    case Errc::modifier_in_list:
        return {"dialect " + dialect + " has no " + (place.field() == TextField::day_of_month ? "W" : "#") +
                    " in a list",
                in_quotes(place.word()),
                "use dialect extended"};
    case Errc::last_needs_weekday:
        return {"L needs a weekday before it",
                "'L'",
                "write \"6L\" for the last Saturday, \"SAT\" for every one, or use dialect quartz"};
    default: return {};
    }
}

inline ParseSentence cron_value_sentence(const CronErrorText& place) {
    switch (place.code()) {
    case Errc::unexpected_character: return {expected_here(place), place.seen(), hint_for_unexpected(place)};
    case Errc::unexpected_end: return {expected_here(place), place.seen(), hint_for_end(place)};
    case Errc::empty_list_item: return {"a value is expected on both sides of a comma", "none", "remove the comma"};
    case Errc::number_too_large: return {"numbers have at most 9 digits", place.seen(), ""};
    case Errc::value_out_of_range: return {range_text(place) + " is expected", place.seen(), hint_for_value(place)};
    case Errc::unknown_name: return {names_text(place) + " is expected", place.seen(), hint_for_name(place)};
    case Errc::zero_step: return {"the step must be 1 or more", place.seen(), step_example(place.error().field)};
    case Errc::step_without_range:
        return {"a step follows * or a range in dialect " + std::string(place.rules().name),
                in_quotes(place.item()),
                hint_for_open_step(place)};
    case Errc::reversed_range:
        return {
            "the end of the range must not be below its beginning", in_quotes(place.item()), hint_for_reversed(place)};
    case Errc::missing_hash_key:
        return {"H and ~ need a key that places them", "none", "pass hash_key, for a job its key or id"};
    default: return {std::string(to_string(place.code())), place.seen(), ""};
    }
}

inline ParseSentence cron_sentence(const ParseError& error) {
    const CronErrorText place(error);
    if (auto sentence = cron_text_sentence(place); !sentence.expected.empty()) return sentence;
    if (auto sentence = cron_day_sentence(place); !sentence.expected.empty()) return sentence;
    return cron_value_sentence(place);
}

} // namespace carillon::detail
