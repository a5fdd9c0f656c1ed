// SPDX-License-Identifier: MIT
// cron_field_parser.hpp - the grammar of one field: lists, ranges, steps, L W #, H.
//
// One function per rule; each item leaves the cursor at a comma or at the end of the field.
#pragma once

#include "carillon/parse_error.hpp"
#include "carillon/schedule/cron_field_reader.hpp"

#include <cstddef>
#include <cstdint>

namespace carillon::detail {

/// Reads fields of a text, one call each, into the sets they mean.
class CronFieldParser : public CronFieldReader {
public:
    using CronFieldReader::CronFieldReader;

    /// Reads bytes begin..end of the text, which hold no blanks and no control characters, as `field`.
    constexpr bool read(TextField field, std::size_t begin, std::size_t end);

private:
    // the field
    constexpr bool read_plain(std::size_t begin, std::size_t end);
    constexpr bool read_day(DayText& day);
    constexpr bool read_items();

    // one item
    constexpr bool take_item();
    constexpr bool take_word();
    constexpr bool take_star();
    constexpr bool take_value_item();
    constexpr bool take_open_step(Value first);
    constexpr bool take_range_from(Value first);
    constexpr bool take_modifier(Value value);
    constexpr bool take_nth(Value weekday);
    constexpr bool take_last_days();
    constexpr bool take_lone_last();
    constexpr bool take_hash();
    constexpr bool take_tilde(Range range);
    constexpr bool finish_item(Errc on_modifier);
};

// ---- implementation: the field -------------------------------------------------------------------------------------

constexpr bool CronFieldParser::read(TextField field, std::size_t begin, std::size_t end) {
    field_ = field;
    if (read_plain(begin, end)) return true;
    begin_ = pos_ = begin;
    end_ = end;
    if (field == TextField::day_of_month) return read_day(day_of_month_);
    if (field == TextField::day_of_week) return read_day(day_of_week_);
    return read_items();
}

/// `*`, and one number of one or two digits, which most fields are: no need of a cursor. False: not of this kind, or
/// wrong.
constexpr bool CronFieldParser::read_plain(std::size_t begin, std::size_t end) {
    const char first = text_[begin];
    if (first == '*' && end - begin == 1) {
        if (field_ <= TextField::hour) fields_.interval = true;
        if (field_ == TextField::day_of_month) day_of_month_.star_alone = true;
        if (field_ == TextField::day_of_week) day_of_week_.star_alone = true;
        add(limits());
        return true;
    }
    if (!is_digit(first) || end - begin > 2 || field_ >= TextField::day_of_week) return false;
    std::uint32_t number = static_cast<std::uint32_t>(first - '0');
    if (end - begin == 2) {
        if (!is_digit(text_[begin + 1])) return false;
        number = 10 * number + static_cast<std::uint32_t>(text_[begin + 1] - '0');
    }
    if (number < limits().first || number > limits().last) return false;
    values_[static_cast<std::size_t>(field_)] = std::uint64_t{1} << number;
    return true;
}

constexpr bool CronFieldParser::read_day(DayText& day) {
    if (rules_.plus && is_day_of_week() && peek() == '+') {
        day.plus = true;
        if (++pos_ == end_) return fail(Errc::unexpected_end, pos_);
    }
    const bool alone = pos_ + 1 == end_;
    day.begins_with_star = peek() == '*';
    day.star_alone = alone && day.begins_with_star;
    day.question_mark = alone && rules_.question_mark && peek() == '?';
    if (!day.question_mark) return read_items();
    add(limits());
    return true;
}

constexpr bool CronFieldParser::read_items() {
    if (!take_item()) return false;
    while (pos_ < end_) {
        ++pos_; // a comma
        if (!take_item()) return false;
    }
    return true;
}

// ---- implementation: one item --------------------------------------------------------------------------------------

constexpr bool CronFieldParser::take_item() {
    item_ = pos_;
    const char c = peek();
    if (is_digit(c)) return take_value_item();
    if (c == '*') return take_star();
    if (at_item_end()) return fail(Errc::empty_list_item, pos_);
    if (c == '?') return fail(Errc::question_mark_not_allowed, pos_);
    if (c == '~' && rules_.hash) return take_tilde(limits());
    if (is_letter(c)) return take_word();
    return fail(Errc::unexpected_character, pos_);
}

/// An item that begins with a letter.
constexpr bool CronFieldParser::take_word() {
    if (rules_.hash && at_letter('H') && !next_is_letter()) return take_hash();
    if (rules_.modifiers && at_letter('L')) {
        if (field_ == TextField::day_of_month) return take_last_days();
        if (is_day_of_week() && (pos_ + 1 == end_ || text_[pos_ + 1] == ',')) return take_lone_last();
    }
    if (has_names()) return take_value_item();
    return fail(Errc::unexpected_character, pos_);
}

constexpr bool CronFieldParser::take_star() {
    std::uint32_t step = 1;
    ++pos_;
    if (field_ <= TextField::hour) fields_.interval = true;
    if (peek() == '/' && !take_step(step)) return false;
    add(limits(), step);
    return finish_item(Errc::unexpected_character);
}

constexpr bool CronFieldParser::take_value_item() {
    Value value;
    if (!take_value(value)) return false;
    if (!at_item_end()) {
        if (peek() == '-') return take_range_from(value);
        if (peek() == '/') return take_open_step(value);
        if (peek() == '~' && rules_.hash) return take_tilde({value.number, limits().last});
        if (at_modifier()) return take_modifier(value);
        return fail(Errc::unexpected_character, pos_);
    }
    add({value.number, value.number});
    return true;
}

/// `a/n`: from a to the end of the range; 7 as a weekday ends it.
constexpr bool CronFieldParser::take_open_step(Value first) {
    std::uint32_t step = 1;
    if (!rules_.open_steps) return fail(Errc::step_without_range, pos_);
    if (!take_step(step)) return false;
    const std::uint32_t last = limits().last;
    add(first.number > last ? Range{0, 0} : Range{first.number, last}, step);
    return finish_item(Errc::modifier_on_range);
}

constexpr bool CronFieldParser::take_range_from(Value first) {
    Range range{};
    std::uint32_t step = 1;
    ++pos_;
    if (!take_range_end(first, range)) return false;
    if (range.last < range.first) {
        if (!rules_.reversed_ranges || field_ == TextField::year) return fail(Errc::reversed_range, item_);
        range.last += limits().last - limits().first + 1;
    }
    if (peek() == '/' && !take_step(step)) return false;
    add(range, step);
    return finish_item(Errc::modifier_on_range);
}

constexpr bool CronFieldParser::take_modifier(Value value) {
    const bool day_of_month = field_ == TextField::day_of_month;
    const bool known = (day_of_month && at_letter('W')) || (is_day_of_week() && !at_letter('W'));
    if (!known || !rules_.modifiers) return fail(Errc::modifier_not_allowed, pos_);
    if (peek() == '#') return take_nth(value);
    ++pos_;
    if (!day_of_month) {
        fields_.last_weekdays |= static_cast<std::uint8_t>(1U << value.number % 7);
    } else {
        if (!rules_.weekday_in_list && in_list()) return fail(Errc::modifier_in_list, item_);
        fields_.near_days |= 1U << value.number;
    }
    return finish_item(Errc::modifier_not_allowed);
}

constexpr bool CronFieldParser::take_nth(Value weekday) {
    if (!rules_.nth_in_list && in_list()) return fail(Errc::modifier_in_list, item_);
    ++pos_;
    if (rules_.nth_last && at_letter('L')) {
        ++pos_;
        fields_.last_weekdays |= static_cast<std::uint8_t>(1U << weekday.number % 7);
    } else {
        std::uint32_t nth = 0;
        if (!take_number(nth, {1, 5})) return false;
        fields_.weekdays |= std::uint64_t{1} << (7 * (nth - 1) + weekday.number % 7);
    }
    return finish_item(Errc::modifier_not_allowed);
}

/// Day-of-month `L`, `L-3`, `LW`, `L-3W`.
constexpr bool CronFieldParser::take_last_days() {
    std::uint32_t days_before = 0;
    ++pos_;
    if (peek() == '-' && rules_.last_minus) {
        ++pos_;
        if (!take_number(days_before, {0, 30})) return false;
    }
    if (at_letter('W') && rules_.last_minus) {
        ++pos_;
        fields_.near_before_last |= 1U << days_before;
    } else {
        fields_.days_before_last |= 1U << days_before;
    }
    return finish_item(Errc::modifier_not_allowed);
}

/// Day-of-week `L`: Saturday where weekdays count from 1, elsewhere too easily taken for "the last one of the month".
constexpr bool CronFieldParser::take_lone_last() {
    if (!rules_.lone_last) return fail(Errc::last_needs_weekday, pos_);
    ++pos_;
    add({6, 6});
    return true;
}

/// `H`, `H(a-b)`, `H/n`, `H(a-b)/n`.
constexpr bool CronFieldParser::take_hash() {
    Range range = limits();
    if (field_ == TextField::day_of_month) range.last = 28;
    ++pos_;
    if (peek() == '(') {
        Value first;
        ++pos_;
        if (!take_value(first) || !take_char('-')) return false;
        const std::size_t end_of_range = pos_;
        if (!take_range_end(first, range)) return false;
        if (range.last < range.first) return fail(Errc::reversed_range, end_of_range);
        if (!take_char(')')) return false;
    }
    std::uint32_t step = 0;
    if (peek() == '/' && !take_step(step)) return false;
    return finish_item(Errc::modifier_on_range) && add_hashed(range, step);
}

/// `a~b`; either end may be missing. `range` is what holds until an end is read.
constexpr bool CronFieldParser::take_tilde(Range range) {
    ++pos_;
    if (!at_item_end()) {
        const std::size_t end_of_range = pos_;
        if (!take_range_end({range.first, false}, range)) return false;
        if (range.last < range.first) return fail(Errc::reversed_range, end_of_range);
    } else if (is_day_of_week()) {
        range.first %= 7;
    } else if (field_ == TextField::day_of_month && range.first <= 28) {
        range.last = 28;
    }
    return finish_item(Errc::modifier_on_range) && add_hashed(range, 0);
}

constexpr bool CronFieldParser::finish_item(Errc on_modifier) {
    if (at_item_end()) return true;
    return fail(at_modifier() ? on_modifier : Errc::unexpected_character, pos_);
}

} // namespace carillon::detail
