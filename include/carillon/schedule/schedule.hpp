// SPDX-License-Identifier: MIT
// schedule.hpp - when does it happen? A text, a time zone and a DST policy denote a set of instants.
//
//   auto schedule = Schedule::parse("30 2 * * *", {.time_zone = "America/New_York"}).value();
//   schedule.next(instant)               the first occurrence after an instant
//   schedule.upcoming(instant, 5)        the first five; upcoming(instant) is a range of all of them
//
//   0 9 * * 1-5, @daily                  cron, in a dialect (cron_dialect.hpp), on the clock of a zone
//   @every 1h30m, rate(5 minutes)        a fixed rate from an anchor: integer arithmetic, no drift
//   @at 2027-01-01T09:00:00+01:00        once
//   R/2026-01-31T09:00:00Z/P1M           ISO 8601 repeating interval, on the calendar or in elapsed time
//   0 9 * * * | 30 17 * * 5              whatever one of the parts says
//   @after 10m, @reboot                  events: no occurrence can be told ahead of time
//
// Every query below is a query on that one set, so `next` is always later than what it was asked for, and `previous` is
// its inverse, on the days when clocks are set too (DstPolicy). Occurrences are whole seconds in the years 1970 to
// 2199.
#pragma once

#include "carillon/error.hpp"
#include "carillon/schedule/civil_walk.hpp"
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_warning.hpp"
#include "carillon/schedule/dst_notes.hpp"
#include "carillon/schedule/dst_policy.hpp"
#include "carillon/schedule/part_search.hpp"
#include "carillon/schedule/schedule_description.hpp"
#include "carillon/schedule/schedule_kind.hpp"
#include "carillon/schedule/schedule_parser.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/schedule/zoned_set.hpp"
#include "carillon/time.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace carillon {

class ScheduleCursor;

/// How a schedule's text is to be read.
struct ScheduleOptions {
    /// The zone of cron texts and calendar intervals; a `TZ=` prefix that differs is an error. Empty: the prefix, else
    /// `default_time_zone`, else UTC.
    std::string time_zone = "";
    CronDialect dialect = CronDialect::standard;
    DstPolicy dst = DstPolicy::vixie;
    /// Where `H` and `~` fall (dialect `extended`); empty is no key.
    std::string hash_key = "";
    /// The first instant of `@every` and `rate(...)`, floored to the second; none stands for 1970-01-01T00:00:00Z.
    std::optional<Instant> anchor = std::nullopt;
    std::string default_time_zone = "";
};

/// A parsed schedule: an immutable value, cheap to copy. All queries may be used by any number of threads and do not
/// block. It keeps the zone as it was when the text was parsed; see reload_time_zones().
class Schedule {
public:
    /// Errors: the codes of cron texts, `unknown_time_zone`, `conflicting_time_zone`, `invalid_duration`,
    /// `invalid_instant`, `invalid_interval`, `unsupported_schedule`, `invalid_time_zone_data`. The column counts in
    /// the whole of `text`; it is 0 where the zone of the options is at fault.
    [[nodiscard]] static Result<Schedule> parse(std::string_view text, const ScheduleOptions& options = {});

    /// The first occurrence after, and the first one at or after, an instant of any precision.
    [[nodiscard]] std::optional<Instant> next(Instant after) const;
    [[nodiscard]] std::optional<Instant> next_or_at(Instant from) const;
    /// The last occurrence before, and the last one at or before, an instant of any precision.
    [[nodiscard]] std::optional<Instant> previous(Instant before) const;
    [[nodiscard]] std::optional<Instant> previous_or_at(Instant until) const;
    [[nodiscard]] bool matches(Instant instant) const;

    /// The occurrences after `after`, one by one: `for (const Instant at : schedule.upcoming(now))`.
    [[nodiscard]] ScheduleCursor upcoming(Instant after) const;
    /// The first `n` of them; fewer where there are no more.
    [[nodiscard]] std::vector<Instant> upcoming(Instant after, std::size_t n) const;
    /// The occurrences at or after `from` and before `to`, at most `limit` of them.
    [[nodiscard]] std::vector<Instant> between(Instant from, Instant to, std::size_t limit = 10'000) const;

    [[nodiscard]] ScheduleKind kind() const noexcept { return state_->kind; }
    /// True for `@after` and `@reboot`: the queries above find nothing.
    [[nodiscard]] bool is_event() const noexcept;
    /// From the end of one run to the next, for `@after`.
    [[nodiscard]] std::optional<Duration> delay() const noexcept;
    /// True when there is no occurrence at all, and it is no event.
    [[nodiscard]] bool never_fires() const;
    /// What is legal in its cron texts, and still probably not what was meant.
    [[nodiscard]] std::vector<CronWarning> warnings() const;
    /// What it says, in English: "At 09:00 on weekdays, Europe/Paris".
    [[nodiscard]] std::string describe() const;

    [[nodiscard]] const std::string& text() const noexcept { return state_->text; }
    /// The name of the zone that its text is read in: "UTC" where nobody named one.
    [[nodiscard]] const std::string& time_zone() const noexcept { return state_->zone.name(); }
    [[nodiscard]] const TimeZone& zone() const noexcept { return state_->zone; }
    [[nodiscard]] DstPolicy dst() const noexcept { return state_->dst; }

    /// What it does in that year when clocks are set, in order: a schedule of civil times, in a zone that changes.
    [[nodiscard]] std::vector<DstNote> dst_notes(std::chrono::year year) const;

    /// The date on the wall in the schedule's zone, for those who exclude dates.
    [[nodiscard]] std::chrono::local_days local_date(Instant instant) const noexcept;

private:
    friend class ScheduleCursor;

    struct State {
        std::string text;
        ScheduleKind kind = ScheduleKind::cron;
        TimeZone zone;
        DstPolicy dst = DstPolicy::vixie;
        std::vector<detail::SchedulePart> parts;
        /// Where in the zone's table the last search began: a hint, right or wrong.
        mutable std::atomic<std::uint32_t> range{0};
    };

    explicit Schedule(std::shared_ptr<const State> state)
        : state_(std::move(state)) {}

    /// The first occurrence at or after `at`, else nothing_later; or the last one at or before it, else
    /// nothing_earlier.
    [[nodiscard]] detail::UtcSecond search(detail::UtcSecond at, bool forward) const;

    std::shared_ptr<const State> state_;
};

/// Goes through the occurrences of a schedule in order, several times faster than repeated calls of next(): between two
/// changes of offset it walks (civil_walk.hpp) instead of searching. A range that is gone through once, from where the
/// cursor stands. For one thread at a time.
class ScheduleCursor {
public:
    class Iterator;

    /// Stands before the first occurrence after `after`.
    ScheduleCursor(Schedule schedule, Instant after);

    /// The next occurrence; none when there are no more.
    [[nodiscard]] std::optional<Instant> next() {
        if (!advance()) return std::nullopt;
        return last_;
    }

    [[nodiscard]] Iterator begin();
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend class Schedule;

    /// Goes to the next occurrence; false where there are no more.
    bool advance();
    [[nodiscard]] bool walks_to(std::int64_t civil);
    void walk_from_last(std::int64_t civil);
    void enter(std::size_t range);

    Schedule schedule_;
    std::chrono::sys_seconds last_;
    const CronExpression* cron_; ///< null where the schedule is something else
    std::optional<detail::CivilWalk> walk_;
    std::size_t range_ = 0; ///< of the zone's table, in which the walk is
    UtcOffset offset_{0};
    std::chrono::sys_seconds end_; ///< of that range
};

/// An input iterator; its cursor must outlive it.
class ScheduleCursor::Iterator {
public:
    using value_type = Instant;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(ScheduleCursor& cursor)
        : cursor_(&cursor)
        , at_end_(!cursor.advance()) {}

    [[nodiscard]] Instant operator*() const noexcept { return cursor_->last_; }
    Iterator& operator++() {
        at_end_ = !cursor_->advance();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept { return iterator.at_end_; }

private:
    ScheduleCursor* cursor_;
    bool at_end_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

inline Result<Schedule> Schedule::parse(std::string_view text, const ScheduleOptions& options) {
    const detail::ScheduleParserInput input{.text = text,
                                            .dialect = options.dialect,
                                            .hash_key = options.hash_key,
                                            .time_zone = options.time_zone,
                                            .default_time_zone = options.default_time_zone,
                                            .anchor = floor_to_second(options.anchor.value_or(Instant{}))};
    auto parsed = detail::ScheduleParser(input).run();
    if (!parsed) return parsed.parse_error();
    auto [zone, parts] = *std::move(parsed);
    auto state = std::make_shared<State>();
    state->text = text;
    state->kind = parts.size() == 1 ? parts.front().kind : ScheduleKind::union_of;
    state->zone = std::move(zone);
    state->dst = options.dst;
    state->parts = std::move(parts);
    return Schedule(std::shared_ptr<const State>(std::move(state)));
}

inline detail::UtcSecond Schedule::search(detail::UtcSecond at, bool forward) const {
    const std::uint32_t hint = state_->range.load(std::memory_order_relaxed);
    std::size_t range = hint;
    const detail::PartSearch search_parts{state_->zone.table(), state_->dst, range, at, forward};
    const detail::UtcSecond found = search_parts(state_->parts);
    if (range != hint) state_->range.store(static_cast<std::uint32_t>(range), std::memory_order_relaxed);
    return found;
}

inline std::optional<Instant> Schedule::next(Instant after) const {
    return detail::occurrence(search(floor_to_second(after) + std::chrono::seconds{1}, true));
}

inline std::optional<Instant> Schedule::next_or_at(Instant from) const {
    return detail::occurrence(search(std::chrono::ceil<std::chrono::seconds>(from), true));
}

inline std::optional<Instant> Schedule::previous(Instant before) const {
    return detail::occurrence(search(std::chrono::ceil<std::chrono::seconds>(before) - std::chrono::seconds{1}, false));
}

inline std::optional<Instant> Schedule::previous_or_at(Instant until) const {
    return detail::occurrence(search(floor_to_second(until), false));
}

inline bool Schedule::matches(Instant instant) const {
    return next_or_at(instant) == instant;
}

inline ScheduleCursor Schedule::upcoming(Instant after) const {
    return {*this, after};
}

inline std::vector<Instant> Schedule::upcoming(Instant after, std::size_t n) const {
    std::vector<Instant> result;
    result.reserve(std::min<std::size_t>(n, 1000));
    ScheduleCursor cursor = upcoming(after);
    while (result.size() < n && cursor.advance())
        result.push_back(cursor.last_);
    return result;
}

inline std::vector<Instant> Schedule::between(Instant from, Instant to, std::size_t limit) const {
    std::vector<Instant> result;
    ScheduleCursor cursor{*this, from == Instant::min() ? from : from - Duration{1}};
    while (result.size() < limit && cursor.advance() && cursor.last_ < to)
        result.push_back(cursor.last_);
    return result;
}

inline bool Schedule::is_event() const noexcept {
    return std::holds_alternative<detail::EventTrigger>(state_->parts.front().set);
}

inline std::optional<Duration> Schedule::delay() const noexcept {
    const auto* event = std::get_if<detail::EventTrigger>(&state_->parts.front().set);
    return event != nullptr ? event->delay : std::nullopt;
}

inline bool Schedule::never_fires() const {
    return !is_event() && !next_or_at(Instant::min());
}

inline std::vector<CronWarning> Schedule::warnings() const {
    std::vector<CronWarning> result;
    for (const detail::SchedulePart& part : state_->parts)
        if (const auto* cron = std::get_if<CronExpression>(&part.set))
            result.insert(result.end(), cron->warnings().begin(), cron->warnings().end());
    return result;
}

inline std::string Schedule::describe() const {
    std::string description;
    for (const detail::SchedulePart& part : state_->parts) {
        if (!description.empty()) description += "; ";
        description += std::visit(detail::PartDescription{zone()}, part.set);
    }
    return description;
}

inline std::vector<DstNote> Schedule::dst_notes(std::chrono::year year) const {
    std::vector<DstNote> notes;
    const auto add = [&]<class Set>(const Set& set) {
        if constexpr (detail::CivilSet<Set>)
            detail::add_dst_notes(notes, set, zone().table(), detail::DstRules::of(dst(), set.is_interval()), year);
    };
    for (const detail::SchedulePart& part : state_->parts)
        std::visit(add, part.set);
    std::sort(notes.begin(), notes.end(), [](const DstNote& a, const DstNote& b) { return a.civil < b.civil; });
    return notes;
}

inline std::chrono::local_days Schedule::local_date(Instant instant) const noexcept {
    return std::chrono::floor<std::chrono::days>(zone().to_local(instant));
}

inline ScheduleCursor::ScheduleCursor(Schedule schedule, Instant after)
    : schedule_(std::move(schedule))
    , last_(floor_to_second(after))
    , cron_(nullptr) {
    const auto& parts = schedule_.state_->parts;
    if (parts.size() == 1) cron_ = std::get_if<CronExpression>(&parts.front().set);
}

inline auto ScheduleCursor::begin() -> Iterator {
    return Iterator(*this);
}

inline bool ScheduleCursor::advance() {
    const std::int64_t civil = walk_ ? walk_->next() : detail::no_second;
    if (civil != detail::no_second && walks_to(civil)) return true;
    const detail::UtcSecond found = schedule_.search(last_ + std::chrono::seconds{1}, true);
    if (found == detail::nothing_later) return false;
    last_ = found;
    if (cron_ != nullptr) walk_from_last(civil);
    return true;
}

/// Goes to the instant at which a clock shows `civil`, the expression's next civil time, and says whether it is the
/// next occurrence. Outside of the range that the walk is in, it is where both it and the last occurrence are further
/// from every change of offset than one can go: no time between them was skipped or shown twice.
inline bool ScheduleCursor::walks_to(std::int64_t civil) {
    const std::chrono::sys_seconds as_utc{std::chrono::seconds{civil}};
    if (as_utc - offset_ < end_) {
        last_ = as_utc - offset_;
        return true;
    }
    constexpr auto far = 2 * detail::largest_offset;
    const ZoneTable& table = schedule_.zone().table();
    if (end_ - last_ < far) return false;
    std::size_t i = range_ + 1;
    while (as_utc - table[i].offset >= table.end_of(i))
        ++i;
    const auto t = as_utc - table[i].offset;
    if (t - table[i].begin < far) return false;
    enter(i);
    last_ = t;
    return true;
}

/// In the first hours after a change of offset not every civil time is an occurrence, so nobody walks there. A walk
/// that has just passed `civil` goes on where that is what was found.
inline void ScheduleCursor::walk_from_last(std::int64_t civil) {
    const ZoneTable& table = schedule_.zone().table();
    enter(table.index_of(last_, schedule_.state_->range.load(std::memory_order_relaxed) + 1));
    const std::chrono::local_seconds reached{last_.time_since_epoch() + offset_};
    if (last_ - table[range_].begin < detail::largest_change)
        walk_.reset();
    else if (!walk_ || reached.time_since_epoch().count() != civil)
        walk_.emplace(*cron_, reached);
}

inline void ScheduleCursor::enter(std::size_t range) {
    range_ = range;
    offset_ = schedule_.zone().table()[range].offset;
    end_ = schedule_.zone().table().end_of(range);
}

} // namespace carillon
