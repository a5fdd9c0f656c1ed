// SPDX-License-Identifier: MIT
// cron_warning.hpp - what is legal in an expression, and still probably not what its author meant.
#pragma once

#include "carillon/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon {

enum class CronWarningCode : std::uint8_t {
    never_fires,              ///< no date meets the expression: `0 0 30 2 *`
    step_exceeds_range,       ///< the step leaves only the first value: `*/90` minutes
    star_day_ambiguous,       ///< crontab(5) reads a day field such as `*/2` beside a restricted one as AND, this as OR
    day_or_matches_every_day, ///< one day field selects every day, so the other one changes nothing
    quartz_numbering,         ///< `?` suggests Quartz, where day-of-week 1 is Sunday; here it is Monday
    dom_may_skip_months,      ///< only days 29 to 31: some months have none
};

/// One warning, and the field it is about (`none`: the whole expression).
struct CronWarning {
    CronWarningCode code = CronWarningCode::never_fires;
    TextField field = TextField::none;
    friend constexpr bool operator==(const CronWarning&, const CronWarning&) = default;
};

/// A small literal range of warnings, in the order in which they were found.
class CronWarnings {
public:
    [[nodiscard]] constexpr const CronWarning* begin() const noexcept { return items_.data(); }
    [[nodiscard]] constexpr const CronWarning* end() const noexcept { return items_.data() + size_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr CronWarning operator[](std::size_t i) const noexcept { return items_[i]; }
    [[nodiscard]] constexpr bool contains(CronWarningCode code) const noexcept {
        for (const auto& warning : *this)
            if (warning.code == code) return true;
        return false;
    }
    /// Does nothing when the same warning is there already.
    constexpr void add(CronWarning warning) noexcept {
        for (const auto& known : *this)
            if (known == warning) return;
        items_[size_++] = warning;
    }

private:
    static constexpr std::size_t capacity = 13; // one step per field, two day fields, one each of the other four
    std::array<CronWarning, capacity> items_{};
    std::uint8_t size_ = 0;
};

/// The code's name as JSON and the REST API write it: "never_fires".
[[nodiscard]] constexpr std::string_view to_string(CronWarningCode code) noexcept;

/// A sentence for people: "minute: the step is larger than the range, so only its first value is left".
[[nodiscard]] std::string to_string(CronWarning warning);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

struct CronWarningRow {
    CronWarningCode code;
    std::string_view name;
    std::string_view sentence;
};

inline constexpr std::array cron_warning_table{
    CronWarningRow{CronWarningCode::never_fires, "never_fires", "no date meets this expression, so it never fires"},
    CronWarningRow{CronWarningCode::step_exceeds_range,
                   "step_exceeds_range",
                   "the step is larger than the range, so only its first value is left"},
    CronWarningRow{CronWarningCode::star_day_ambiguous,
                   "star_day_ambiguous",
                   "both day fields are restricted and a day that either selects fires; crontab(5) would ask for both "
                   "here, which is written with + before day-of-week"},
    CronWarningRow{CronWarningCode::day_or_matches_every_day,
                   "day_or_matches_every_day",
                   "this field selects every day and a day that either day field selects fires, so the other one "
                   "changes nothing"},
    CronWarningRow{
        CronWarningCode::quartz_numbering,
        "quartz_numbering",
        "? suggests Quartz, where 1 is Sunday; here 1 is Monday; names such as MON mean the same everywhere"},
    CronWarningRow{CronWarningCode::dom_may_skip_months,
                   "dom_may_skip_months",
                   "months without such a day are skipped; L is the last day of every month"},
};

constexpr bool cron_warning_table_is_in_order() {
    for (std::size_t i = 0; i < cron_warning_table.size(); ++i)
        if (static_cast<std::size_t>(cron_warning_table[i].code) != i) return false;
    return true;
}
static_assert(cron_warning_table_is_in_order());

} // namespace detail

constexpr std::string_view to_string(CronWarningCode code) noexcept {
    return detail::cron_warning_table[static_cast<std::size_t>(code)].name;
}

inline std::string to_string(CronWarning warning) {
    std::string text(to_string(warning.field));
    if (!text.empty()) text += ": ";
    return text.append(detail::cron_warning_table[static_cast<std::size_t>(warning.code)].sentence);
}

} // namespace carillon
