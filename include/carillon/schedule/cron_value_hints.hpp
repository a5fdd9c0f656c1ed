// SPDX-License-Identifier: MIT
// cron_value_hints.hpp - expectations and hints for single values, ranges and steps of a cron text.
#pragma once

#include "carillon/parse_error.hpp"
#include "carillon/schedule/cron_hints.hpp"
#include "carillon/schedule/cron_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::detail {

struct FieldWords {
    std::uint32_t lowest, highest;
    std::string_view value;        ///< what the field holds
    std::string_view step_example; ///< a sentence about a step that makes sense
};

inline FieldWords words_of(TextField field, const DialectRules& rules) {
    static constexpr std::array<FieldWords, 8> words{{
        {0, 0, "a value", ""},
        {0, 59, "a second from 0 to 59", "every five seconds is \"*/5\""},
        {0, 59, "a minute from 0 to 59", "every five minutes is \"*/5\""},
        {0, 23, "an hour from 0 to 23", "every six hours is \"*/6\""},
        {1, 31, "a day from 1 to 31", "every second day is \"*/2\""},
        {1, 12, "a month from 1 to 12 or JAN to DEC", "every third month is \"*/3\""},
        {0, 7, "a weekday from 0 to 7 or SUN to SAT", "every second day of the week is \"*/2\""},
        {1970, 2199, "a year from 1970 to 2199", "every second year is \"*/2\""},
    }};
    FieldWords result = words[static_cast<std::size_t>(field)];
    if (field == TextField::day_of_week && rules.sunday_is_one) {
        result.lowest = 1;
        result.value = "a weekday from 1 (Sunday) to 7 or SUN to SAT";
    }
    return result;
}

inline std::string step_example(TextField field) {
    return std::string(words_of(field, dialect_table[0]).step_example);
}

// ---- what is expected at the place ---------------------------------------------------------------------------------

inline bool begins_item(const CronErrorText& place) {
    const char before = place.before();
    return before == '\0' || before == ' ' || before == '\t' || before == ',' ||
           (before == '+' && place.field() == TextField::day_of_week) || (place.rules().wrapper && before == '(');
}

inline bool is_last_minus(const CronErrorText& place) {
    return place.field() == TextField::day_of_month && !place.item().empty() && to_lower(place.item()[0]) == 'l';
}

/// Inside the parentheses of `H(a-b)`: what comes next.
inline std::string expected_in_hash(std::string_view item) {
    if (item.find('(') == std::string_view::npos || item.find(')') != std::string_view::npos) return {};
    return item.find('-') == std::string_view::npos ? "- is expected, as in H(0-29)" : ") is expected, as in H(0-29)";
}

inline std::string expected_here(const CronErrorText& place) {
    const auto words = words_of(place.field(), place.rules());
    if (place.field() == TextField::none && place.rules().wrapper) {
        if (place.at_end()) return ") is expected";
        return begins_item(place) && place.text().find(')') > place.at() ? "cron( is expected"
                                                                         : "nothing is expected after )";
    }
    if (place.field() == TextField::none) return "dialect " + std::string(place.rules().name) + " has no zone prefix";
    switch (place.before()) {
    case '/': return "a step is expected after /";
    case '#': return "a number from 1 to 5 is expected after #";
    case '-':
        return is_last_minus(place) ? "a number from 0 to 30 is expected after L-"
                                    : std::string(words.value) + " is expected after -";
    default: break;
    }
    if (begins_item(place)) return std::string(words.value) + " is expected";
    if (place.rules().hash)
        if (auto expected = expected_in_hash(place.item_before()); !expected.empty()) return expected;
    return "a comma or the end of the field is expected";
}

inline std::string range_text(const CronErrorText& place) {
    if (place.before() == '#') return "a number from 1 to 5";
    if (place.before() == '-' && is_last_minus(place)) return "a number of days from 0 to 30";
    return std::string(words_of(place.field(), place.rules()).value);
}

inline std::string names_text(const CronErrorText& place) {
    return place.field() == TextField::month ? "a month from JAN to DEC" : "a weekday from SUN to SAT";
}

// ---- hints ---------------------------------------------------------------------------------------------------------

inline std::string upper_case(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
}

/// `MON#7` and `MON#-1` as `MONL`.
inline std::string hint_for_nth(const CronErrorText& place) {
    const std::string_view item = place.item();
    return "the last one of the month is " + in_quotes(std::string(item.substr(0, item.find('#'))) + 'L');
}

inline std::string hint_for_value(const CronErrorText& place) {
    const std::string seen = place.seen();
    if (place.before() == '#') return hint_for_nth(place);
    switch (place.field()) {
    case TextField::second:
    case TextField::minute: return seen == "60" ? "write \"0\"" : "";
    case TextField::hour: return seen == "24" ? "midnight is \"0\"" : "";
    case TextField::day_of_month:
        return place.rules().modifiers && seen != "0" ? "the last day of the month is \"L\""
                                                      : "the first day of the month is \"1\"";
    case TextField::month: return seen == "0" ? "January is \"1\"" : "December is \"12\"";
    case TextField::day_of_week: return place.rules().sunday_is_one ? "Sunday is \"1\" or \"SUN\"" : "Sunday is \"0\"";
    case TextField::year:
    case TextField::none: break;
    }
    return {};
}

/// The short name of which this word has the first three letters, or is the first two; else empty.
template <std::size_t Size>
std::string nearest_name(const std::array<NamedValue, Size>& names, std::string_view word) {
    const std::size_t length = std::min<std::size_t>(word.size(), 3);
    for (const auto& row : names)
        if (length >= 2 && equal_ignoring_case(row.name.substr(0, length), word.substr(0, length)))
            return upper_case(row.name.substr(0, 3));
    return {};
}

/// Letters that are no name, and stand for something elsewhere.
inline std::string hint_for_foreign_name(const CronErrorText& place, std::string_view word) {
    const bool month = place.field() == TextField::month;
    const char first = to_lower(word[0]);
    if (word.size() == 1 && first == 'h') return "H needs dialect extended";
    if (word.size() == 1 && month && (first == 'l' || first == 'w')) return "L and W belong to day-of-month";
    if (!month && first == 'l' && place.item().size() > 1 && place.rules().modifiers)
        return "write " + in_quotes(std::string(place.item().substr(1)) + 'L');
    if (!month && word.size() == 1 && first == 'l') return "every Saturday is \"SAT\"; L alone needs dialect quartz";
    if (month && find_name(weekday_names, word, true) != no_name) return "weekdays stand in day-of-week";
    if (!month && find_name(month_names, word, true) != no_name) return "months stand in month";
    return {};
}

/// A word that is nearly a name: longer, shorter, or in full where the dialect has only three letters.
inline std::string hint_for_name(const CronErrorText& place) {
    if (looks_like_crontab(place)) return crontab_hint(place);
    const std::string_view word = place.letters();
    if (word.empty()) return {};
    if (auto hint = hint_for_foreign_name(place, word); !hint.empty()) return hint;
    const bool month = place.field() == TextField::month;
    const std::string name = month ? nearest_name(month_names, word) : nearest_name(weekday_names, word);
    if (name.empty()) return {};
    const std::string_view stem = word.substr(0, word.size() - 1);
    const bool last = !month && to_lower(word.back()) == 'l' && find_name(weekday_names, stem, true) != no_name;
    if (last && !place.rules().modifiers) return "use dialect standard or extended";
    const bool full = find_name(month_names, word, true) != no_name || find_name(weekday_names, word, true) != no_name;
    return "write " + in_quotes(last ? name + 'L' : name) + (full ? "; full names need dialect extended" : "");
}

/// `0/15` is `0-59/15`, which every dialect reads.
inline std::string hint_for_open_step(const CronErrorText& place) {
    const std::string_view item = place.item();
    const std::string first(item.substr(0, item.find('/')));
    const std::string_view step = item.substr(first.size());
    const bool number = step.size() > 1 && step[1] != '0' && step.find_first_not_of("0123456789", 1) == step.npos;
    if (first.empty() || !number) return step_example(place.field());
    const bool week = place.field() == TextField::day_of_week;
    if (week && first == "7") return "write \"7\"";
    std::string last = week ? "6" : std::to_string(words_of(place.field(), place.rules()).highest);
    if (is_letter(first[0])) last = week ? "SAT" : "DEC";
    return "write " + in_quotes(first + '-' + last + std::string(step)) + ", or use dialect extended";
}

/// A range whose end lies below its beginning, taken apart.
struct ReversedRange {
    std::string first, last;
    std::uint32_t first_number = 0;
    std::uint32_t last_number = 0;
    std::uint32_t step = 1;
    bool readable = false;

    explicit ReversedRange(std::string_view item) {
        const std::size_t dash = item.find('-');
        const std::size_t slash = item.find('/');
        if (dash == std::string_view::npos || dash == 0 || item.find_first_of("H(~") == 0) return;
        first = item.substr(0, dash);
        last = item.substr(dash + 1, slash == std::string_view::npos ? slash : slash - dash - 1);
        readable = number(first, first_number) && number(last, last_number);
        if (slash != std::string_view::npos) readable = readable && number(item.substr(slash + 1), step) && step != 0;
    }

private:
    static bool number(std::string_view text, std::uint32_t& value) {
        if (text.empty() || text.size() > 9) return false;
        if (is_letter(text[0])) {
            value = find_name(month_names, text, true);
            if (value == no_name) value = find_name(weekday_names, text, true);
            return value != no_name;
        }
        value = 0;
        for (const char c : text) {
            if (!is_digit(c)) return false;
            value = value * 10 + static_cast<std::uint32_t>(c - '0');
        }
        return true;
    }
};

/// `22-2` as `22-23,0-2`, `22-2/2` as `22-23/2,0-2/2`: the step counts on across the end of the range.
inline std::string rising_form(const ReversedRange& range, TextField field, FieldWords limits) {
    const bool week = field == TextField::day_of_week;
    const bool named = is_letter(range.first[0]);
    if (week && (named || limits.lowest == 0)) limits = {0, 6, {}, {}};
    const std::string step = range.step == 1 ? "" : '/' + std::to_string(range.step);
    if (range.first_number > limits.highest) return "0-" + range.last + step; // 7 is Sunday, too

    const auto name = [&](std::uint32_t number) {
        if (!named) return std::to_string(number);
        return upper_case((week ? weekday_names[number].name : month_names[number - 1].name).substr(0, 3));
    };
    const std::uint32_t steps_to_end = (limits.highest - range.first_number) / range.step;
    const std::uint32_t second =
        range.first_number + (steps_to_end + 1) * range.step - limits.highest - 1 + limits.lowest;
    const bool one_value = range.first_number == limits.highest && range.step == 1;
    std::string text = range.first + (one_value ? "" : '-' + name(limits.highest) + step);
    if (second > range.last_number) return text;
    return text + ',' + (second == range.last_number && range.step == 1 ? "" : name(second) + '-') + range.last + step;
}

inline std::string hint_for_reversed(const CronErrorText& place) {
    const ReversedRange range(place.item());
    if (!range.readable) return "write the smaller value first";
    if (place.field() == TextField::year) return "write " + in_quotes(range.last + '-' + range.first);
    if (is_letter(range.first[0]) != is_letter(range.last[0])) return "use dialect extended";
    return "write " + in_quotes(rising_form(range, place.field(), words_of(place.field(), place.rules()))) +
           (place.rules().sunday_is_one ? "" : ", or use dialect extended");
}

inline std::string hint_for_end(const CronErrorText& place) {
    if (place.rules().wrapper && place.field() == TextField::none)
        return place.whole() ? "write " + in_quotes(std::string(place.text()) + ')') : "";
    switch (place.before()) {
    case '/': return step_example(place.field());
    case '-': return is_last_minus(place) ? "the last day but two is \"L-2\"" : "a range has two ends, as in \"1-5\"";
    case '#': return "the second Monday is \"MON#2\"";
    case '+': return "write \"+MON\"";
    default: return {};
    }
}

/// An L that stands where none may.
inline std::string hint_for_last(const CronErrorText& place) {
    const auto& rules = place.rules();
    const std::string item(place.item());
    const bool small = place.current() == 'l' && !rules.any_case;
    if (place.field() != TextField::day_of_month && place.field() != TextField::day_of_week)
        return "L belongs to the day fields";
    if (!rules.modifiers) return item.size() > 1 ? "use dialect extended" : "L needs dialect standard or extended";
    if (place.before() == '#') return "write " + in_quotes(item.substr(0, item.find('#')) + 'L');
    if (small) return "write " + in_quotes(upper_case(item));
    return place.field() == TextField::day_of_week ? "the last Friday is \"FRIL\"" : "";
}

inline std::string hint_for_workday(const CronErrorText& place) {
    if (place.field() != TextField::day_of_month) return {};
    if (!place.rules().modifiers) return "W needs dialect standard or extended";
    const std::string item = upper_case(place.item());
    const std::size_t digits = item.find_first_of("0123456789");
    const std::size_t other = item.find_first_not_of("0123456789W");
    if (digits == std::string::npos || other != std::string::npos) return "the workday nearest to the 15th is \"15W\"";
    return "write " + in_quotes(item.substr(digits, item.find('W', digits) - digits) + 'W');
}

/// Letters where no letter may stand.
inline std::string hint_for_letter(const CronErrorText& place) {
    switch (to_lower(place.current())) {
    case 'r': return "random schedules are not repeatable; use H of dialect extended";
    case 'h': return place.rules().hash ? "" : "H needs dialect extended";
    case 'x': return "write decimal digits";
    case 'w': return hint_for_workday(place);
    case 'l': return hint_for_last(place);
    default: break;
    }
    if (equal_ignoring_case(place.word().substr(0, 5), "cron(")) return "use dialect eventbridge";
    return "names stand only in month and day-of-week";
}

/// `1~5/2` as `H(1-5)/2`.
inline std::string hint_for_step_on_tilde(const CronErrorText& place) {
    std::string item(place.item());
    const std::size_t tilde = item.find('~');
    const std::size_t slash = item.find('/');
    if (tilde == std::string::npos || slash < tilde || tilde == 0 || slash == tilde + 1) return {};
    return "write " + in_quotes("H(" + item.substr(0, tilde) + '-' + item.substr(tilde + 1, slash - tilde - 1) + ')' +
                                item.substr(slash));
}

/// Other signs between the values of a list.
inline std::string hint_for_separator(const CronErrorText& place) {
    std::string item(place.item());
    for (char& c : item)
        if (c == place.current()) c = ',';
    return item.size() < 3 ? "" : "a list has commas: " + in_quotes(item);
}

inline std::string hint_for_sign(const CronErrorText& place) {
    const auto& rules = place.rules();
    const bool day_of_week = place.field() == TextField::day_of_week;
    switch (place.current()) {
    case '+':
        if (day_of_week && !rules.plus) return "+ needs dialect standard or extended";
        return rules.plus ? "+ stands only at the beginning of day-of-week" : "";
    case '-':
        if (place.before() == '#') return hint_for_nth(place);
        if (is_last_minus(place)) return rules.last_minus ? "" : "L-n needs dialect extended, quartz or spring";
        return begins_item(place) ? "numbers have no sign; a range has two ends, as in \"1-5\"" : "";
    case '/':
        return begins_item(place) ? "write " + in_quotes('*' + std::string(place.item()))
                                  : hint_for_step_on_tilde(place);
    case '|':
    case ';': return hint_for_separator(place);
    case '#': return begins_item(place) && rules.modifiers && day_of_week ? "the second Monday is \"MON#2\"" : "";
    case '*': return place.before() == '*' ? "write \"*\"" : "";
    case '.': return "write whole numbers";
    case '~': return "a~b needs dialect extended";
    case '"':
    case '\'':
    case '`': return "pass the text without quotes";
    default: return {};
    }
}

inline std::string hint_for_unexpected(const CronErrorText& place) {
    if (place.field() == TextField::none) {
        if (!place.rules().wrapper) return "dialect extended reads it; else pass the zone as time_zone";
        if (place.text().substr(0, place.at()).find(')') != std::string_view::npos) return "remove it";
        if (place.text().find('=') < place.text().find('(')) return "pass the zone as time_zone";
        const bool complete =
            place.whole() && place.count() == 6 && (place.field_at(2) == "?") != (place.field_at(4) == "?");
        return "write " + in_quotes(complete ? "cron(" + place.first_fields(6) + ')' : example_of(place.rules()));
    }
    const bool comment = place.word().substr(0, 1) == "#" && (place.word().size() == 1 || !is_digit(place.word()[1]));
    if (comment && place.field() != TextField::minute) return "comments are not part of an expression";
    if (is_digit(place.current()) && place.before() == '*') return "write " + in_quotes("*/" + place.seen());
    if (looks_like_path(place.word()) && looks_like_crontab(place)) return crontab_hint(place);
    return is_letter(place.current()) ? hint_for_letter(place) : hint_for_sign(place);
}

} // namespace carillon::detail
