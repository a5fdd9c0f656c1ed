// SPDX-License-Identifier: MIT
// cron_field_reader.hpp - a cursor over one field: numbers, names and steps, and the sets they are added to.
//
// Every function that returns bool returns false after `fail`, so the first failure wins.
#pragma once

#include "carillon/errc.hpp"
#include "carillon/parse_error.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_fields.hpp"
#include "carillon/schedule/cron_hash.hpp"
#include "carillon/schedule/cron_names.hpp"
#include "carillon/schedule/cron_warning.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carillon::detail {

struct CronFailure {
    Errc code = Errc::internal;
    std::size_t offset = 0; ///< of the first byte that is wrong
    TextField field = TextField::none;
};

/// What the text of a day field looks like; the rules for both day fields together need it.
struct DayText {
    bool star_alone = false;
    bool question_mark = false;
    bool begins_with_star = false;
    bool plus = false;    ///< `+` before day-of-week
    bool numeric = false; ///< a weekday is written as a number
    [[nodiscard]] constexpr bool restricted() const noexcept { return !star_alone && !question_mark; }
};

/// What every rule of the grammar needs of the field it reads. Allocates nothing.
class CronFieldReader {
public:
    constexpr CronFieldReader(std::string_view text,
                              const DialectRules& rules,
                              std::string_view hash_key,
                              CronFields& fields,
                              CronWarnings& warnings) noexcept
        : text_(text)
        , rules_(rules)
        , key_(hash_key)
        , fields_(fields)
        , warnings_(warnings) {}

    /// Completes the fields with the sets that were read.
    constexpr void store(CronFields& fields) const noexcept;

    [[nodiscard]] constexpr const CronFailure& failure() const noexcept { return failure_; }
    [[nodiscard]] constexpr const DayText& day_of_month() const noexcept { return day_of_month_; }
    [[nodiscard]] constexpr const DayText& day_of_week() const noexcept { return day_of_week_; }

protected:
    struct Value {
        std::uint32_t number = 0;
        bool sunday_by_name = false;
    };
    struct Range {
        std::uint32_t first, last;
    };

    constexpr bool fail(Errc code, std::size_t offset) noexcept {
        failure_ = {code, offset, field_};
        return false;
    }
    [[nodiscard]] constexpr bool is_day_of_week() const noexcept { return field_ == TextField::day_of_week; }
    [[nodiscard]] constexpr bool has_names() const noexcept { return is_day_of_week() || field_ == TextField::month; }
    [[nodiscard]] constexpr Range limits() const noexcept { return field_limits[static_cast<std::size_t>(field_)]; }

    // the cursor
    /// The byte at the cursor; NUL, which no text contains, at the end of the field.
    [[nodiscard]] constexpr char peek() const noexcept { return pos_ < end_ ? text_[pos_] : '\0'; }
    [[nodiscard]] constexpr bool at_item_end() const noexcept { return pos_ == end_ || text_[pos_] == ','; }
    [[nodiscard]] constexpr bool at_letter(char upper) const noexcept {
        return peek() == upper || (rules_.any_case && peek() == to_lower(upper));
    }
    [[nodiscard]] constexpr bool at_modifier() const noexcept {
        return peek() == '#' || at_letter('L') || at_letter('W');
    }
    [[nodiscard]] constexpr bool next_is_letter() const noexcept {
        return pos_ + 1 < end_ && is_letter(text_[pos_ + 1]);
    }
    [[nodiscard]] constexpr bool in_list() const noexcept {
        return text_.substr(begin_, end_ - begin_).find(',') != std::string_view::npos;
    }

    // the parts of an item
    constexpr bool take_value(Value& value);
    constexpr bool take_name(Value& value);
    constexpr bool take_number(std::uint32_t& number, Range allowed);
    constexpr bool take_digits(std::uint32_t& number);
    constexpr bool take_step(std::uint32_t& step);
    constexpr bool take_range_end(Value first, Range& range);
    constexpr bool take_char(char expected);

    // sets of values
    constexpr void add(Range range, std::uint32_t step = 1);
    constexpr bool add_hashed(Range range, std::uint32_t step);

    static constexpr std::array<Range, 8> field_limits{
        {{0, 0}, {0, 59}, {0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}, {first_cron_year, last_cron_year}}};

    std::string_view text_;
    const DialectRules& rules_;
    std::string_view key_;
    CronFields& fields_;
    CronWarnings& warnings_;
    CronFailure failure_;
    DayText day_of_month_;
    DayText day_of_week_;

    TextField field_ = TextField::none;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t pos_ = 0;
    std::size_t item_ = 0;                  // where the item began
    std::array<std::uint64_t, 8> values_{}; // of each field, but for years
};

// ---- implementation: the parts of an item --------------------------------------------------------------------------

/// A number or a name. Weekdays come out as 0..7, whatever the dialect counts from.
constexpr bool CronFieldReader::take_value(Value& value) {
    if (has_names() && is_letter(peek())) return take_name(value);
    if (!is_day_of_week()) return take_number(value.number, limits());
    const std::uint32_t sunday = rules_.sunday_is_one ? 1 : 0;
    if (!take_number(value.number, {sunday, 7})) return false;
    value.number -= sunday;
    day_of_week_.numeric = true;
    return true;
}

/// The longest run of letters must be a name; a short weekday may be followed by the modifier L (`FRIL`).
constexpr bool CronFieldReader::take_name(Value& value) {
    std::size_t end = pos_ + 1;
    while (end < end_ && is_letter(text_[end]))
        ++end;
    const auto find = [&](std::size_t until) {
        const std::string_view word = text_.substr(pos_, until - pos_);
        return is_day_of_week() ? find_name(weekday_names, word, rules_.full_names)
                                : find_name(month_names, word, rules_.full_names);
    };
    std::uint32_t number = find(end);
    const bool last = text_[end - 1] == 'L' || (rules_.any_case && text_[end - 1] == 'l');
    if (number == no_name && is_day_of_week() && last && end - pos_ == 4) number = find(--end);
    if (number == no_name) return fail(Errc::unknown_name, pos_);
    value = {number, is_day_of_week() && number == 0};
    pos_ = end;
    return true;
}

constexpr bool CronFieldReader::take_number(std::uint32_t& number, Range allowed) {
    const std::size_t begin = pos_;
    if (!take_digits(number)) return false;
    if (number < allowed.first || number > allowed.last) return fail(Errc::value_out_of_range, begin);
    return true;
}

constexpr bool CronFieldReader::take_digits(std::uint32_t& number) {
    constexpr std::size_t most_digits = 9;
    const std::size_t begin = pos_;
    if (pos_ == end_) return fail(Errc::unexpected_end, pos_);
    if (!is_digit(text_[pos_])) return fail(Errc::unexpected_character, pos_);
    std::uint32_t value = 0;
    std::size_t end = begin;
    for (; end < end_ && is_digit(text_[end]); ++end)
        if (end - begin < most_digits) value = value * 10 + static_cast<std::uint32_t>(text_[end] - '0');
    number = value;
    pos_ = end;
    return end - begin <= most_digits || fail(Errc::number_too_large, begin);
}

constexpr bool CronFieldReader::take_step(std::uint32_t& step) {
    const std::size_t begin = ++pos_;
    if (field_ <= TextField::hour) fields_.interval = true;
    if (!take_digits(step)) return false;
    return step != 0 || fail(Errc::zero_step, begin);
}

/// Reads the end of a range that begins with `first`; a reversed one comes out with last < first. Sunday ends a week
/// as 7 when it is written by name, unless the range begins with Sunday. `7-1` begins with Sunday only where ranges
/// may be reversed.
constexpr bool CronFieldReader::take_range_end(Value first, Range& range) {
    Value last;
    if (!take_value(last)) return false;
    range = {first.number, last.number};
    if (!is_day_of_week()) return true;
    const bool from_sunday = first.number % 7 == 0;
    const bool to_sunday = last.sunday_by_name || (first.number == 7 && last.number == 7);
    if (from_sunday && (to_sunday || rules_.reversed_ranges)) range.first = 0;
    if (to_sunday) range.last = from_sunday ? 0 : 7;
    return true;
}

constexpr bool CronFieldReader::take_char(char expected) {
    if (pos_ == end_) return fail(Errc::unexpected_end, pos_);
    if (text_[pos_] != expected) return fail(Errc::unexpected_character, pos_);
    ++pos_;
    return true;
}

// ---- implementation: sets of values --------------------------------------------------------------------------------

/// Adds first, first + step, ... up to last; values above the field's maximum continue at its minimum.
constexpr void CronFieldReader::add(Range range, std::uint32_t step) {
    const Range limit = limits();
    if (step > 1 && step > range.last - range.first) warnings_.add({CronWarningCode::step_exceeds_range, field_});
    if (field_ == TextField::year) {
        for (std::uint32_t value = range.first; value <= range.last; value += step)
            fields_.years.insert(value - first_cron_year);
        return;
    }
    std::uint64_t& values = values_[static_cast<std::size_t>(field_)];
    if (step == 1 && range.last <= limit.last) {
        values |= bits_between(range.first, range.last);
        return;
    }
    const std::uint32_t size = limit.last - limit.first + 1;
    for (std::uint32_t value = range.first; value <= range.last; value += step)
        values |= std::uint64_t{1} << (value > limit.last ? value - size : value);
}

/// Adds one value of the range, or every `step`-th from one of the first, chosen by the key. Step 0: one value.
constexpr bool CronFieldReader::add_hashed(Range range, std::uint32_t step) {
    if (key_.empty()) return fail(Errc::missing_hash_key, item_);
    const std::uint32_t size = range.last - range.first + 1;
    const std::uint64_t hash = cron_hash(key_, static_cast<std::uint64_t>(field_) - 1);
    const bool one_value = step == 0 || step >= size;
    const std::uint32_t first = range.first + static_cast<std::uint32_t>(hash % (one_value ? size : step));
    if (step > 1 && step >= size) warnings_.add({CronWarningCode::step_exceeds_range, field_});
    add({first, one_value ? first : range.last}, one_value ? 1 : step);
    return true;
}

constexpr void CronFieldReader::store(CronFields& fields) const noexcept {
    const auto values = [&](TextField field) {
        return values_[static_cast<std::size_t>(field)];
    };
    fields.seconds = values(TextField::second);
    fields.minutes = values(TextField::minute);
    fields.hours = static_cast<std::uint32_t>(values(TextField::hour));
    fields.days = static_cast<std::uint32_t>(values(TextField::day_of_month));
    fields.months = static_cast<std::uint16_t>(values(TextField::month));
    fields.weekdays |= values(TextField::day_of_week) * every_week;
}

} // namespace carillon::detail
