// SPDX-License-Identifier: MIT
// cron_hints.hpp - what would have been right instead: expectations and hints for each place where a cron text can
// fail.
//
// Text between double quotes can be pasted: the dialect at hand reads it, or the one that the hint names.
#pragma once

#include "carillon/detail/parse_error_text.hpp"
#include "carillon/parse_error.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_error_text.hpp"
#include "carillon/schedule/cron_names.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::detail {

// ---- the text as a whole -------------------------------------------------------------------------------------------

inline std::string example_of(const DialectRules& rules) {
    if (rules.wrapper) return "cron(0 9 * * ? *)";
    if (rules.fewest_fields == 5) return "0 9 * * *";
    return rules.both_days == BothDays::refused ? "0 0 9 * * ?" : "0 0 9 * * *";
}

inline std::string field_count_text(const DialectRules& rules) {
    const auto number = [](unsigned n) {
        return std::to_string(n);
    };
    if (rules.fewest_fields == rules.most_fields) return number(rules.fewest_fields) + " fields";
    if (rules.fewest_fields + 1 == rules.most_fields)
        return number(rules.fewest_fields) + " or " + number(rules.most_fields) + " fields";
    return number(rules.fewest_fields) + " to " + number(rules.most_fields) + " fields";
}

/// A path has letters, and a point or a slash that no step is.
inline bool looks_like_path(std::string_view word) {
    const std::size_t slash = word.find('/');
    const bool is_step = slash != std::string_view::npos && slash != 0 && slash + 1 < word.size() &&
                         word.find_first_not_of("0123456789", slash + 1) == std::string_view::npos;
    const bool has_letter = std::find_if(word.begin(), word.end(), is_letter) != word.end();
    return has_letter && !is_step && word.find_first_of("./") != std::string_view::npos;
}

/// A crontab line goes on with a user and a command.
inline bool looks_like_crontab(const CronErrorText& place) {
    if (place.error().excerpt_offset != 0) return false; // its beginning is not known
    if (place.count() >= 8) return !place.is_union();
    for (std::size_t i = 5; i < place.count(); ++i)
        if (looks_like_path(place.field_at(i))) return true;
    return false;
}

inline std::string crontab_hint(const CronErrorText& place) {
    return "this looks like a crontab line; pass the schedule only: " + in_quotes(place.up_to_field(5));
}

/// What is not cron, and what reads it.
inline std::string hint_for_other_kinds(const CronErrorText& place) {
    if (place.is_union()) return "Schedule::parse reads unions such as \"0 9 * * * | 30 17 * * 5\"";
    const std::string_view word = place.field_at(0);
    if (equal_ignoring_case(word.substr(0, 5), "rate(") || word.substr(0, 2) == "R/")
        return "Schedule::parse reads intervals such as \"rate(5 minutes)\" and \"R/2027-01-01T00:00:00Z/PT1H\"";
    const std::size_t bar = place.text().find('|');
    if (bar == std::string_view::npos || bar == 0 || place.has_parts()) return {};
    const std::string text(place.text());
    return "the parts of a union stand apart: " + in_quotes(text.substr(0, bar) + " | " + text.substr(bar + 1));
}

inline std::string hint_for_too_many(const DialectRules& rules) {
    if (rules.most_fields == 5) return "seconds and years need dialect standard or extended";
    if (rules.most_fields == 6) return "years need dialect standard, extended or quartz";
    return {};
}

inline std::string hint_for_count(const CronErrorText& place) {
    const auto& rules = place.rules();
    if (!place.whole()) return looks_like_crontab(place) ? crontab_hint(place) : "";
    if (rules.wrapper) return "write " + in_quotes(example_of(rules));
    if (auto hint = hint_for_other_kinds(place); !hint.empty()) return hint;
    const std::string example = "every day at 09:00 is " + in_quotes(example_of(rules));
    if (place.count() < rules.fewest_fields)
        return place.count() == 5 ? "dialect " + std::string(rules.name) + " begins with seconds: " + example : example;
    return looks_like_crontab(place) ? crontab_hint(place) : hint_for_too_many(rules);
}

inline ParseSentence count_sentence(const CronErrorText& place) {
    const bool nickname = place.count() > 0 && place.field_at(0)[0] == '@';
    if (nickname) return {"a nickname stands alone", in_quotes(place.word()), "write " + in_quotes(place.field_at(0))};
    return {field_count_text(place.rules()) + " are expected", place.count_seen(), hint_for_count(place)};
}

inline std::string hint_for_character(const CronErrorText& place) {
    const std::string_view rest = place.rest();
    const auto begins = [&](std::string_view bytes) {
        return rest.substr(0, bytes.size()) == bytes;
    };
    if (begins("\n") || begins("\r")) return "remove the end of the line";
    if (begins("\xc2\xa0") || begins("\xe3\x80\x80") || begins("\xe2\x80\xaf"))
        return "this is a blank of another kind; write a plain space";
    if (begins("\xe2\x80\x8b") || begins("\xef\xbb\xbf")) return "remove this character, which cannot be seen";
    if (begins("\xe2\x80\x93") || begins("\xe2\x80\x94") || begins("\xe2\x88\x92")) return "write a plain - for ranges";
    if (begins("\xef\xbc") || begins("\xd9") || begins("\xdb")) return "write digits as 0 to 9";
    return {};
}

inline std::string nicknames_text(const DialectRules& rules) {
    if (rules.nicknames == Nicknames::none) return "dialect " + std::string(rules.name) + " has no nicknames";
    return "@yearly, @monthly, @weekly, @daily, @hourly or @reboot is expected";
}

inline std::string hint_for_nickname(const CronErrorText& place) {
    const std::string_view word = place.word();
    const auto is = [&](std::string_view name) {
        return equal_ignoring_case(word, name);
    };
    if (is("@every")) return "Schedule::parse reads intervals such as \"@every 5m\"";
    if (is("@after")) return "Schedule::parse reads delays such as \"@after 10m\"";
    if (is("@at")) return "Schedule::parse reads single instants such as \"@at 2027-01-01T09:00:00Z\"";
    const auto* nickname = find_nickname(word, Nicknames::any_case);
    if (nickname == nullptr || place.rules().nicknames == Nicknames::none)
        return "write the fields, for example " + in_quotes(example_of(place.rules()));
    if (nickname->ocps) return "write " + in_quotes(nickname->name);
    return "dialect extended has it; " + in_quotes(nickname->expansion) + " means the same everywhere but in Quartz";
}

// ---- the day fields ------------------------------------------------------------------------------------------------

/// Exactly one of the two day fields must be `?`.
inline std::string hint_for_days(const CronErrorText& place) {
    const std::size_t of_month = place.rules().wrapper ? 2 : 3;
    const std::size_t of_week = of_month + 2;
    if (!place.whole() || place.count() > 7 || place.count() <= of_week) return {};
    if (place.code() == Errc::question_mark_twice) return "write " + in_quotes(place.with_field(of_week, "*"));
    if (place.field_at(of_week) == "*") return "write " + in_quotes(place.with_field(of_week, "?"));
    if (place.field_at(of_month) == "*") return "write " + in_quotes(place.with_field(of_month, "?"));
    return "only one of them can restrict the days; dialect extended combines both";
}

inline std::string modifier_text(const CronErrorText& place) {
    const auto& rules = place.rules();
    const char modifier = to_lower(place.current());
    if (!rules.modifiers) return "dialect " + std::string(rules.name) + " has no L, W and #";
    if (modifier == '#') return "# follows a weekday";
    if (modifier == 'l') return "L follows a weekday, or stands alone in day-of-month";
    if (to_lower(place.before()) == 'l' && !rules.last_minus)
        return "dialect " + std::string(rules.name) + " has no LW";
    return "W follows a day of the month";
}

inline std::string hint_for_modifier(const CronErrorText& place) {
    const char modifier = to_lower(place.current());
    const bool in_list = place.word().find(',') != std::string_view::npos;
    if (!place.rules().modifiers)
        return in_list && modifier == 'w' ? "use dialect extended" : "use dialect standard or extended";
    if (place.field() == TextField::day_of_week) return modifier == 'w' ? "workdays are \"MON-FRI\"" : "";
    if (place.field() != TextField::day_of_month) return "L, W and # belong to the day fields";
    if (modifier == '#') return "the second Monday is \"MON#2\" in day-of-week";
    if (modifier == 'l') return "the last day of the month is \"L\"";
    return to_lower(place.before()) == 'l' ? "use dialect extended" : "";
}

inline std::string hint_for_range_modifier(const CronErrorText& place) {
    const auto& rules = place.rules();
    const char modifier = to_lower(place.current());
    if (!rules.modifiers) return {};
    if (place.field() == TextField::day_of_month && modifier == 'w')
        return rules.weekday_in_list ? "write each day of its own, as in \"1W,2W\"" : "";
    if (place.field() != TextField::day_of_week || modifier == 'w') return {};
    if (modifier == 'l') return "write each weekday of its own, as in \"MONL,TUEL\"";
    return rules.nth_in_list ? "write each weekday of its own, as in \"MON#1,TUE#1\"" : "";
}

} // namespace carillon::detail
