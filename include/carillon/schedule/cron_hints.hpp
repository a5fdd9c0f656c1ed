// SPDX-License-Identifier: MIT
// cron_hints.hpp - what would have been right instead: expectations and hints for each place where a cron text can
// fail.
//
// Text between double quotes can be pasted: the dialect at hand reads it, or the one that the hint names.
#pragma once

#include "carillon/detail/parse_error_text.hpp"
#include "carillon/parse_error.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_names.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::detail {

/// The excerpt of a cron error with its words and its dialect.
class CronErrorText : public ParseErrorText {
public:
    explicit CronErrorText(const ParseError& error)
        : ParseErrorText(error)
        , error_(error) {
        std::size_t end = 0;
        for (;;) {
            const std::size_t begin = text().find_first_not_of(" \t", end);
            if (begin == std::string_view::npos) break;
            end = text().find_first_of(" \t", begin);
            if (count_ < words_.size()) words_[count_] = text().substr(begin, end - begin);
            ++count_;
            if (end == std::string_view::npos) break;
        }
    }
    [[nodiscard]] const ParseError& error() const { return error_; }
    [[nodiscard]] Errc code() const { return error_.code; }
    [[nodiscard]] TextField field() const { return error_.field; }
    [[nodiscard]] const DialectRules& rules() const { return rules_of(static_cast<CronDialect>(error_.dialect)); }
    [[nodiscard]] bool whole() const { return error_.excerpt_is_whole(); }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::string_view word_at(std::size_t i) const { return words_[i]; }
    /// The first `n` words; precondition: no more than there are, and 8.
    [[nodiscard]] std::string first_words(std::size_t n) const {
        std::string result;
        for (std::size_t i = 0; i < n; ++i)
            (result += i == 0 ? "" : " ").append(words_[i]);
        return result;
    }
    [[nodiscard]] std::string count_seen() const { return whole() ? std::to_string(count_) : "more"; }

private:
    const ParseError& error_;
    std::array<std::string_view, 8> words_{};
    std::size_t count_ = 0;
};

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

inline std::string wrong_count_text(const CronErrorText& place) {
    if (place.text().find('@') != std::string_view::npos && !place.word().empty() && place.word_at(0)[0] == '@')
        return "a nickname stands alone";
    return field_count_text(place.rules()) + " are expected";
}

inline bool looks_like_path(std::string_view word) {
    return word.find('/') == 0 || word.find("./") != std::string_view::npos ||
           word.find(".sh") != std::string_view::npos;
}

/// A crontab line goes on with a user and a command.
inline bool looks_like_crontab(const CronErrorText& place) {
    if (place.count() >= 8) return true;
    for (std::size_t i = 5; i < place.count(); ++i)
        if (looks_like_path(place.word_at(i))) return true;
    return false;
}

inline std::string crontab_hint(const CronErrorText& place) {
    return "this looks like a crontab line; pass the schedule only: " + in_quotes(place.first_words(5));
}

inline std::string hint_for_count(const CronErrorText& place) {
    const auto& rules = place.rules();
    if (!place.whole() || place.count() == 0) return {};
    if (place.word_at(0)[0] == '@') return "write " + in_quotes(place.word_at(0));
    if (rules.wrapper) return "write " + in_quotes(example_of(rules));
    if (place.count() < rules.fewest_fields)
        return place.count() == 5 ? "dialect " + std::string(rules.name) +
                                        " begins with seconds: every day at 09:00 is " + in_quotes(example_of(rules))
                                  : "every day at 09:00 is " + in_quotes(example_of(rules));
    if (looks_like_crontab(place)) return crontab_hint(place);
    return "seconds and years need dialect standard or extended";
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
    if (begins("\xef\xbc") || begins("\xd9")) return "write digits as 0 to 9";
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

/// The text with its day-of-month or day-of-week replaced; empty where the whole text is not known.
inline std::string with_day_field(const CronErrorText& place, std::size_t index, std::string_view replacement) {
    std::string result;
    for (std::size_t i = 0; i < place.count(); ++i)
        (result += i == 0 ? "" : " ").append(i == index ? replacement : place.word_at(i));
    return in_quotes(result);
}

/// Exactly one of the two day fields must be `?`.
inline std::string hint_for_days(const CronErrorText& place) {
    if (!place.whole() || place.count() > 7) return {};
    const std::size_t of_month = place.rules().wrapper ? 2 : 3;
    const std::size_t of_week = of_month + 2;
    if (place.code() == Errc::question_mark_twice) return "write " + with_day_field(place, of_week, "*");
    if (place.word_at(of_week) == "*") return "write " + with_day_field(place, of_week, "?");
    if (place.word_at(of_month) == "*") return "write " + with_day_field(place, of_month, "?");
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
    if (!place.rules().modifiers) return "use dialect standard or extended";
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
