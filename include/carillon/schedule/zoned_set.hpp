// SPDX-License-Identifier: MIT
// zoned_set.hpp - from civil times to instants: the only place where clocks are set.
//
// A civil set (a cron expression, a calendar interval) knows nothing of zones. Together with a zone and a DST policy it
// denotes a set of instants, which this file defines by two searches on it:
//
//   ordinary   a civil time shown once contributes that instant
//   gap        clocks put forward at T by d <= 3 h. Under `vixie`, T itself is contributed when a fixed set has a
//              missing time, or an interval has a missing time m and does not have m + d
//   overlap    clocks put back by d <= 3 h: a repeated time contributes its first instant; both for an interval under
//              `vixie`, and under `wall`
//   d > 3 h    no rule: what is missing is missing, what is shown twice counts twice
//
// Far from a transition a search costs one search of the civil set and one addition.
#pragma once

#include "carillon/schedule/dst_policy.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/schedule/tzif.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace carillon::detail {

using CivilSecond = std::chrono::local_seconds;
using UtcSecond = std::chrono::sys_seconds;

/// Larger changes of offset follow no rule.
inline constexpr std::chrono::seconds largest_change = std::chrono::hours{3};

/// What a search answers that finds nothing: the far end in its direction, so that the better of two answers is their
/// minimum or maximum. (An optional that is handed from function to function costs more than the search: it is written
/// in two pieces and read in one.)
inline constexpr UtcSecond nothing_later = UtcSecond::max();
inline constexpr UtcSecond nothing_earlier = UtcSecond::min();

// clang-format off
/// Civil seconds in order: the least one at or after, the greatest one at or before, and whether it is one.
template <class T>
concept CivilSet = requires(const T& set, CivilSecond second) {
    { set.next_or_at(second) } -> std::same_as<std::optional<CivilSecond>>;
    { set.previous_or_at(second) } -> std::same_as<std::optional<CivilSecond>>;
    { set.matches(second) } -> std::convertible_to<bool>;
    { set.is_interval() } -> std::convertible_to<bool>;
};
// clang-format on

/// A policy applied to a class of set.
struct DstRules {
    enum class Gap : std::uint8_t { nothing, once, rhythm };
    Gap gap = Gap::once;
    bool first_pass_only = true;

    static constexpr DstRules of(DstPolicy policy, bool is_interval) noexcept {
        if (policy == DstPolicy::ocps) return {Gap::nothing, true};
        if (policy == DstPolicy::wall) return {Gap::nothing, false};
        return {is_interval ? Gap::rhythm : Gap::once, !is_interval};
    }
};

/// The instants of a civil set in a zone. A view of its arguments. `range` remembers where in the table the last search
/// began; any number will do.
template <CivilSet Set>
class ZonedSet {
public:
    ZonedSet(const Set& set, const ZoneTable& table, DstRules rules)
        : set_(set)
        , table_(table)
        , rules_(rules) {}

    /// The least instant of the set at or after `from`, else nothing_later.
    [[nodiscard]] UtcSecond first_from(UtcSecond from, std::size_t& range) const;
    /// The greatest instant of the set at or before `until`, else nothing_earlier.
    [[nodiscard]] UtcSecond last_until(UtcSecond until, std::size_t& range) const;
    /// Whether range i begins with an occurrence because of what the gap before it swallowed.
    [[nodiscard]] bool gap_contributes(std::size_t i) const {
        Lookahead ahead{set_};
        return gap_contributes(i, ahead);
    }

private:
    struct CivilRange {
        CivilSecond begin, end;
        [[nodiscard]] bool contains(CivilSecond c) const noexcept { return begin <= c && c < end; }
    };

    /// The answer to the last question "which one is next?", which often answers the next question too.
    class Lookahead {
    public:
        explicit Lookahead(const Set& set)
            : set_(set) {}
        Lookahead(const Set& set, CivilSecond from, std::optional<CivilSecond> found)
            : set_(set)
            , known_(true)
            , from_(from)
            , found_(found) {}

        std::optional<CivilSecond> next_or_at(CivilSecond from) {
            if (known_ && from_ <= from && (!found_ || from <= *found_)) return found_;
            known_ = true;
            from_ = from;
            return found_ = set_.next_or_at(from);
        }

    private:
        const Set& set_;
        bool known_ = false;
        CivilSecond from_;
        std::optional<CivilSecond> found_;
    };

    [[nodiscard]] CivilSecond civil(UtcSecond t, std::size_t i) const noexcept {
        return CivilSecond{t.time_since_epoch() + table_[i].offset};
    }
    [[nodiscard]] UtcSecond instant(CivilSecond c, std::size_t i) const noexcept {
        return UtcSecond{c.time_since_epoch() - table_[i].offset};
    }
    [[nodiscard]] static UtcSecond as_utc(CivilSecond c) noexcept { return UtcSecond{c.time_since_epoch()}; }

    [[nodiscard]] UtcSecond first_near_transition(UtcSecond from, std::size_t i, Lookahead ahead) const;
    [[nodiscard]] bool gap_contributes(std::size_t i, Lookahead& ahead) const;
    [[nodiscard]] bool breaks_rhythm(CivilSecond missing, CivilSecond end, std::chrono::seconds change) const;
    [[nodiscard]] CivilRange second_pass(std::size_t i) const noexcept;

    const Set& set_;
    const ZoneTable& table_;
    DstRules rules_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

template <CivilSet Set>
UtcSecond ZonedSet<Set>::first_from(UtcSecond from, std::size_t& range) const {
    const std::size_t i = range = table_.index_of(from, range);
    if (from - table_[i].begin < largest_change) return first_near_transition(from, i, Lookahead{set_});
    const CivilSecond begin = civil(from, i);
    const auto found = set_.next_or_at(begin);
    if (found && instant(*found, i) < table_.end_of(i)) return instant(*found, i);
    return first_near_transition(from, i, Lookahead{set_, begin, found});
}

/// Goes from range to range. Once the civil time is a day and more before the end of a range, nothing that was passed
/// can be shown again, so the ranges up to the found time are passed in one step.
template <CivilSet Set>
UtcSecond ZonedSet<Set>::first_near_transition(UtcSecond from, std::size_t i, Lookahead ahead) const {
    for (;; from = table_[i].begin) {
        if (from == table_[i].begin && gap_contributes(i, ahead)) return from;
        CivilSecond reached = civil(from, i);
        auto found = ahead.next_or_at(reached);
        if (const CivilRange again = second_pass(i); found && again.contains(*found)) {
            reached = again.end;
            found = ahead.next_or_at(reached);
        }
        if (found && instant(*found, i) < table_.end_of(i)) return instant(*found, i);
        if (i + 1 == table_.size()) return nothing_later;
        const std::size_t previous = i++;
        if (as_utc(reached) + largest_offset > table_.end_of(previous)) continue;
        if (!found) return nothing_later;
        i = std::max(i, table_.index_of(as_utc(*found) - largest_offset));
    }
}

/// The mirror image of first_from.
template <CivilSet Set>
UtcSecond ZonedSet<Set>::last_until(UtcSecond until, std::size_t& range) const {
    Lookahead ahead{set_};
    std::size_t i = range = table_.index_of(until, range);
    for (;; until = table_.end_of(i) - std::chrono::seconds{1}) {
        CivilSecond reached = civil(until, i);
        auto found = set_.previous_or_at(reached);
        if (const CivilRange again = second_pass(i); found && again.contains(*found)) {
            reached = again.begin - std::chrono::seconds{1};
            found = set_.previous_or_at(reached);
        }
        if (found && instant(*found, i) >= table_[i].begin) return instant(*found, i);
        if (i == 0) return nothing_earlier;
        if (gap_contributes(i, ahead)) return table_[i].begin;
        const std::size_t next = i--;
        if (as_utc(reached) - largest_offset < table_[next].begin) continue;
        if (!found) return nothing_earlier;
        i = std::min(i, table_.index_of(as_utc(*found) + largest_offset));
    }
}

template <CivilSet Set>
bool ZonedSet<Set>::gap_contributes(std::size_t i, Lookahead& ahead) const {
    if (i == 0 || rules_.gap == DstRules::Gap::nothing) return false;
    const std::chrono::seconds change = table_[i].offset - table_[i - 1].offset;
    if (change.count() <= 0 || change > largest_change) return false;
    const CivilSecond end = civil(table_[i].begin, i);
    const auto missing = ahead.next_or_at(end - change);
    if (!missing || *missing >= end) return false;
    return rules_.gap == DstRules::Gap::once || breaks_rhythm(*missing, end, change);
}

/// A missing time m counts when m + change is not in the set. Where the change is whole hours (minutes), all missing
/// times of one hour (minute) have the same answer.
template <CivilSet Set>
bool ZonedSet<Set>::breaks_rhythm(CivilSecond missing, CivilSecond end, std::chrono::seconds change) const {
    const std::int64_t step = change.count() % 3600 == 0 ? 3600 : change.count() % 60 == 0 ? 60 : 1;
    for (std::optional<CivilSecond> m = missing; m && *m < end;) {
        if (!set_.matches(*m + change)) return true;
        const std::int64_t count = m->time_since_epoch().count();
        m = set_.next_or_at(*m + std::chrono::seconds{step - count % step});
    }
    return false;
}

/// The civil times of range i that were shown before and do not count again; empty where there are none.
template <CivilSet Set>
auto ZonedSet<Set>::second_pass(std::size_t i) const noexcept -> CivilRange {
    if (i == 0 || !rules_.first_pass_only) return {};
    const std::chrono::seconds change = table_[i - 1].offset - table_[i].offset;
    if (change.count() <= 0 || change > largest_change) return {};
    const CivilSecond end = civil(table_[i].begin, i - 1);
    return {std::max(end - change, civil(table_[i - 1].begin, i - 1)), end};
}

} // namespace carillon::detail
