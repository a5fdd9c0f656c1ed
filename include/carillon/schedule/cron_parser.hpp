// SPDX-License-Identifier: MIT
// cron_parser.hpp - from text to fields, or to the first thing that is wrong with it.
//
// The order of checks is: length, bytes, zone prefix, wrapper or nickname, number of fields, fields from left to right,
// the two day fields together.
#pragma once

#include "carillon/error.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_field_parser.hpp"
#include "carillon/schedule/cron_fields.hpp"
#include "carillon/schedule/cron_names.hpp"
#include "carillon/schedule/cron_warning.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carillon::detail {

inline constexpr std::size_t longest_cron_text = 4096;
inline constexpr std::size_t longest_zone_name = 63;

struct ParsedCron {
    CronFields fields;
    CronWarnings warnings; ///< those that need no search
    std::string_view zone; ///< a part of the text
    bool reboot = false;
};

/// Reads one expression. Allocates nothing; one pass splits the text, a second one reads each field.
class CronParser {
public:
    constexpr CronParser(std::string_view text, const DialectRules& rules, std::string_view hash_key) noexcept
        : text_(text)
        , rules_(&rules)
        , key_(hash_key) {}

    /// True: `parsed()` is complete. False: `failure()` says why not.
    constexpr bool run();
    [[nodiscard]] constexpr const ParsedCron& parsed() const noexcept { return parsed_; }
    [[nodiscard]] constexpr const CronFailure& failure() const noexcept { return failure_; }

private:
    struct Word {
        std::uint16_t begin, end;
    };

    constexpr bool fail(Errc code, std::size_t offset, TextField field = TextField::none) noexcept {
        failure_ = {code, offset, field};
        return false;
    }
    constexpr bool split(std::size_t begin, std::size_t end);
    constexpr bool unwrap();
    constexpr bool take_zone();
    constexpr bool take_nickname();
    constexpr bool take_fields();
    constexpr bool combine_days(const DayText& of_month, const DayText& of_week, std::size_t of_week_begin);
    constexpr void warn_about_days(const DayText& of_month, const DayText& of_week);

    std::string_view text_;
    const DialectRules* rules_;
    std::string_view key_;
    ParsedCron parsed_;
    CronFailure failure_;
    std::array<Word, 9> words_{}; // a zone, seven fields, and the first one too many
    std::size_t word_count_ = 0;  // of all words
    std::size_t first_field_ = 0;
};

// ---- implementation ------------------------------------------------------------------------------------------------

constexpr bool CronParser::run() {
    if (text_.size() > longest_cron_text) return fail(Errc::expression_too_long, longest_cron_text);
    if (!split(0, text_.size())) return false;
    if (word_count_ == 0) return fail(Errc::empty_expression, text_.size());
    if (rules_->wrapper) return unwrap() && take_fields();
    if (!take_zone()) return false;
    if (text_[words_[first_field_].begin] == '@') return take_nickname();
    return take_fields();
}

constexpr bool CronParser::split(std::size_t begin, std::size_t end) {
    const auto is_visible = [](char c) {
        return c > ' ' && c <= '~';
    };
    const auto is_blank = [](char c) {
        return c == ' ' || c == '\t';
    };
    std::size_t count = 0;
    for (std::size_t i = begin; i < end; ++i) {
        const std::size_t word = i;
        while (i < end && is_visible(text_[i]))
            ++i;
        if (i < end && !is_blank(text_[i])) return fail(Errc::invalid_character, i);
        if (i == word) continue;
        if (count < words_.size()) words_[count] = {static_cast<std::uint16_t>(word), static_cast<std::uint16_t>(i)};
        ++count;
    }
    word_count_ = count;
    return true;
}

constexpr bool CronParser::unwrap() {
    constexpr std::string_view opening = "cron(";
    const std::size_t begin = words_[0].begin;
    if (!equal_ignoring_case(text_.substr(begin, opening.size()), opening))
        return fail(Errc::unexpected_character, begin);
    std::size_t close = begin + opening.size();
    for (int open = 1; close < text_.size(); ++close) {
        if (text_[close] == '(') ++open;
        if (text_[close] == ')' && --open == 0) break;
    }
    if (close == text_.size()) return fail(Errc::unexpected_end, text_.size());
    const std::size_t rest = text_.find_first_not_of(" \t", close + 1);
    if (rest != std::string_view::npos) return fail(Errc::unexpected_character, rest);
    return split(begin + opening.size(), close);
}

constexpr bool CronParser::take_zone() {
    const std::size_t begin = words_[0].begin;
    const std::string_view word = text_.substr(begin, words_[0].end - begin);
    if (to_lower(word[0]) != 't' && to_lower(word[0]) != 'c') return true;
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return true;
    const std::string_view label = word.substr(0, equals);
    if (!equal_ignoring_case(label, "TZ") && !equal_ignoring_case(label, "CRON_TZ")) return true;
    if (!rules_->zone_prefix) return fail(Errc::unexpected_character, begin);
    parsed_.zone = word.substr(equals + 1);
    if (parsed_.zone.empty() || parsed_.zone.size() > longest_zone_name)
        return fail(Errc::unknown_time_zone, begin + equals + 1);
    first_field_ = 1;
    return word_count_ > 1 || fail(Errc::empty_expression, text_.size());
}

constexpr bool CronParser::take_nickname() {
    const Word word = words_[first_field_];
    const auto* nickname = find_nickname(text_.substr(word.begin, word.end - word.begin), rules_->nicknames);
    if (nickname == nullptr) return fail(Errc::unknown_nickname, word.begin);
    if (word_count_ > first_field_ + 1) return fail(Errc::wrong_field_count, words_[first_field_ + 1].begin);
    parsed_.reboot = nickname->expansion.empty();
    if (parsed_.reboot) return true;
    text_ = nickname->expansion;
    rules_ = &rules_of(CronDialect::standard);
    first_field_ = 0;
    return split(0, text_.size()) && take_fields();
}

constexpr bool CronParser::take_fields() {
    const std::size_t count = word_count_ - first_field_;
    if (count < rules_->fewest_fields) return fail(Errc::wrong_field_count, text_.size());
    if (count > rules_->most_fields)
        return fail(Errc::wrong_field_count, words_[first_field_ + rules_->most_fields].begin);
    const bool has_second = count > 5 && !rules_->wrapper;
    const bool has_year = count == 7 || rules_->wrapper;
    const auto first = static_cast<std::size_t>(has_second ? TextField::second : TextField::minute);

    auto& fields = parsed_.fields;
    CronFieldParser reader(text_, *rules_, key_, fields, parsed_.warnings);
    for (std::size_t i = 0; i < count; ++i) {
        const Word word = words_[first_field_ + i];
        if (reader.read(static_cast<TextField>(first + i), word.begin, word.end)) continue;
        failure_ = reader.failure();
        return false;
    }
    reader.store(fields);
    if (!has_second) fields.seconds = 1;
    if (!has_year) fields.years = YearSet::every();
    if (has_second && !rules_->sunday_is_one && reader.day_of_month().question_mark && reader.day_of_week().numeric)
        parsed_.warnings.add({CronWarningCode::quartz_numbering, TextField::day_of_week});
    const std::size_t of_week = first_field_ + count - (has_year ? 2 : 1);
    return combine_days(reader.day_of_month(), reader.day_of_week(), words_[of_week].begin);
}

/// Turns the two day fields into one rule; a field that says nothing is a full mask under AND.
constexpr bool CronParser::combine_days(const DayText& of_month, const DayText& of_week, std::size_t of_week_begin) {
    if (rules_->both_days == BothDays::refused && of_month.question_mark == of_week.question_mark)
        return fail(of_week.question_mark ? Errc::question_mark_twice : Errc::question_mark_required,
                    of_week_begin,
                    TextField::day_of_week);
    if (of_month.restricted() && of_week.restricted()) {
        const bool star = of_month.begins_with_star || of_week.begins_with_star;
        parsed_.fields.either_day = (rules_->both_days == BothDays::either && !of_week.plus) ||
                                    (rules_->both_days == BothDays::star_decides && !star);
        if (parsed_.fields.either_day) warn_about_days(of_month, of_week);
    }
    parsed_.fields.normalise_days();
    return true;
}

/// Both day fields are restricted, and a day that either selects fires.
constexpr void CronParser::warn_about_days(const DayText& of_month, const DayText& of_week) {
    const auto warn = [&](bool applies, CronWarningCode code, TextField field) {
        if (applies) parsed_.warnings.add({code, field});
    };
    using enum CronWarningCode;
    warn(of_month.begins_with_star, star_day_ambiguous, TextField::day_of_month);
    warn(of_week.begins_with_star, star_day_ambiguous, TextField::day_of_week);
    warn(parsed_.fields.days == all_days, day_or_matches_every_day, TextField::day_of_month);
    warn(parsed_.fields.weekdays == all_weekdays, day_or_matches_every_day, TextField::day_of_week);
}

} // namespace carillon::detail
