// SPDX-License-Identifier: MIT
// dst_notes.hpp - on which dates does a schedule do something unusual because clocks are set?
//
//   30 2 * * * in America/New_York, 2025
//     2025-03-09 moved     02:30 does not exist in America/New_York: it runs at 03:00
#pragma once

#include "carillon/schedule/dst_policy.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/schedule/zoned_set.hpp"
#include "carillon/time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

enum class DstEffect : std::uint8_t {
    moved,      ///< the civil time does not exist; it runs when the clock goes on
    skipped,    ///< the civil time does not exist, and does not run
    first_only, ///< the civil time comes twice and runs the first time
    twice,      ///< the civil time comes twice and runs both times
};

/// One change of offset that a schedule meets. An interval that keeps its rhythm meets none.
struct DstNote {
    std::chrono::local_seconds civil; ///< the first civil time of the schedule that is missing or repeated
    DstEffect effect = DstEffect::moved;
    ZoneTransition transition;
    friend bool operator==(const DstNote&, const DstNote&) = default;
};

/// The effect's name as docs, JSON and the REST API write it: "moved".
[[nodiscard]] constexpr std::string_view to_string(DstEffect effect) noexcept;

/// A sentence for people: "2025-03-09: 02:30 does not exist in America/New_York; it runs at 03:00".
[[nodiscard]] std::string to_string(const DstNote& note, const TimeZone& zone);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

struct DstEffectRow {
    DstEffect effect;
    std::string_view name;
    std::string_view sentence;
};

inline constexpr std::array dst_effect_table{
    DstEffectRow{DstEffect::moved, "moved", "does not exist; it runs at"},
    DstEffectRow{DstEffect::skipped, "skipped", "does not exist; it does not run"},
    DstEffectRow{DstEffect::first_only, "first_only", "comes twice; it runs the first time only"},
    DstEffectRow{DstEffect::twice, "twice", "comes twice; it runs both times"},
};

constexpr bool dst_effect_table_is_in_order() {
    for (std::size_t i = 0; i < dst_effect_table.size(); ++i)
        if (static_cast<std::size_t>(dst_effect_table[i].effect) != i) return false;
    return true;
}
static_assert(dst_effect_table_is_in_order());

/// "2025-03-09 02:30", with the seconds where there are any.
inline std::string civil_text(std::chrono::local_seconds second) {
    std::string text = to_rfc3339(Instant{second.time_since_epoch()});
    text[10] = ' ';
    return text.substr(0, second.time_since_epoch().count() % 60 == 0 ? 16 : 19);
}

/// What the set does at transition i, where it does anything unusual.
template <CivilSet Set>
std::optional<DstNote> dst_note(const Set& set, const ZoneTable& table, DstRules rules, std::size_t i) {
    const ZoneTransition transition{table[i].begin, table[i - 1].offset, table[i].offset};
    const std::chrono::seconds change = transition.after - transition.before;
    const CivilSecond before{transition.at.time_since_epoch() + transition.before};
    const CivilSecond after = before + change;
    const auto met = set.next_or_at(std::min(before, after));
    if (!met || *met >= std::max(before, after)) return std::nullopt;
    const bool is_gap = change.count() > 0;
    const bool has_rules = change <= largest_change && change >= -largest_change;
    const bool keeps_rhythm = has_rules && rules.gap == DstRules::Gap::rhythm;
    DstEffect effect = is_gap ? DstEffect::skipped : DstEffect::twice;
    if (is_gap && ZonedSet<Set>{set, table, rules}.gap_contributes(i))
        effect = DstEffect::moved;
    else if (keeps_rhythm)
        return std::nullopt;
    else if (!is_gap && has_rules && rules.first_pass_only)
        effect = DstEffect::first_only;
    return DstNote{*met, effect, transition};
}

/// The notes of one set whose civil times lie in that year, in order.
template <CivilSet Set>
void add_dst_notes(
    std::vector<DstNote>& notes, const Set& set, const ZoneTable& table, DstRules rules, std::chrono::year year) {
    using namespace std::chrono;
    const UtcSecond begin{sys_days{year / January / 1} - days{2}};
    const UtcSecond end{sys_days{(year + years{1}) / January / 1} + days{2}};
    for (std::size_t i = table.index_of(begin) + 1; i < table.size() && table[i].begin < end; ++i) {
        if (table[i].offset == table[i - 1].offset) continue;
        const auto note = dst_note(set, table, rules, i);
        if (note && year_month_day{floor<days>(note->civil)}.year() == year) notes.push_back(*note);
    }
}

} // namespace detail

constexpr std::string_view to_string(DstEffect effect) noexcept {
    return detail::dst_effect_table[static_cast<std::size_t>(effect)].name;
}

inline std::string to_string(const DstNote& note, const TimeZone& zone) {
    const std::string civil = detail::civil_text(note.civil);
    std::string text = civil.substr(0, 10) + ": " + civil.substr(11) + " in " + zone.name() + " ";
    text += detail::dst_effect_table[static_cast<std::size_t>(note.effect)].sentence;
    if (note.effect != DstEffect::moved) return text;
    const auto there = note.transition.at.time_since_epoch() + note.transition.after;
    return text + " " + detail::civil_text(std::chrono::local_seconds{there}).substr(11);
}

} // namespace carillon
