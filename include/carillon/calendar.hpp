// SPDX-License-Identifier: MIT
// calendar.hpp - what became of a job on each day, as a map of a year shows it. Pure; SchedulerFacade::calendar reads
// the rows.
#pragma once

#include "carillon/model/run.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/storage/query.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// The runs that were scheduled for one day and have ended.
struct CalendarDay {
    std::chrono::year_month_day day{};
    std::size_t completed = 0;
    std::size_t failed = 0;
    std::size_t timed_out = 0;
    std::size_t cancelled = 0;
    /// Occurrences by reason. Those of a skip row are spread evenly over the days from its first to its last; a day
    /// between them that gets none has the reason all the same, with 0.
    std::map<RunReason, std::uint64_t> skipped{};
    /// The median duration of completed runs, the lower one of two.
    std::optional<Duration> p50 = std::nullopt;

    friend bool operator==(const CalendarDay&, const CalendarDay&) = default;
};

struct Calendar {
    /// Only those that had something, the earliest first.
    std::vector<CalendarDay> days{};
    /// Of days before this moment something may be missing: the ledger has forgotten it, or has too much of it.
    std::optional<Instant> partial_before = std::nullopt;
    /// Whose days they are.
    std::string time_zone = "";
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

inline constexpr auto longest_calendar = std::chrono::hours{24 * 371};
inline constexpr std::size_t most_rows_for_calendar = 50'000;

/// Sorts rows, in any order, into the days from `from` to before `to`. The zone must outlive it.
class CalendarBuilder {
public:
    CalendarBuilder(const TimeZone& zone, Instant from, Instant to)
        : zone_(zone)
        , from_(from)
        , to_(to) {}

    void add(const RunOutcome& run) {
        if (run.status == JobRunStatus::skipped) return add_skips(run);
        if (!is_terminal(run.status) || run.scheduled_for < from_ || run.scheduled_for >= to_) return;
        const std::chrono::local_days date = date_of(run.scheduled_for);
        CalendarDay& day = days_[date];
        switch (run.status) {
        case JobRunStatus::completed:
            ++day.completed;
            if (run.duration) durations_[date].push_back(*run.duration);
            break;
        case JobRunStatus::failed: ++day.failed; break;
        case JobRunStatus::timed_out: ++day.timed_out; break;
        default: ++day.cancelled;
        }
    }

    [[nodiscard]] std::vector<CalendarDay> take() {
        std::vector<CalendarDay> days;
        for (auto& [date, day] : days_) {
            day.day = std::chrono::year_month_day{date};
            if (const auto of_day = durations_.find(date); of_day != durations_.end()) day.p50 = median(of_day->second);
            days.push_back(std::move(day));
        }
        return days;
    }

private:
    [[nodiscard]] std::chrono::local_days date_of(Instant at) const {
        return std::chrono::floor<std::chrono::days>(zone_.to_local(at));
    }

    [[nodiscard]] static Duration median(std::vector<Duration>& durations) {
        const auto middle = durations.begin() + static_cast<std::ptrdiff_t>((durations.size() - 1) / 2);
        std::nth_element(durations.begin(), middle, durations.end());
        return *middle;
    }

    void add_skips(const RunOutcome& run) {
        const Instant last = run.last.value_or(run.scheduled_for);
        if (last < from_ || run.scheduled_for >= to_ || from_ == to_) return;
        const std::chrono::local_days first_date = date_of(run.scheduled_for);
        const auto count = static_cast<std::uint64_t>((date_of(last) - first_date).count()) + 1;
        const std::uint64_t each = run.occurrences / count;
        const std::uint64_t rest = run.occurrences % count;
        const auto before = [&](std::uint64_t day) { // how many of them lie before that day
            return each * day + (rest * day + count - 1) / count;
        };
        const std::chrono::local_days begin = std::max(first_date, date_of(from_));
        const std::chrono::local_days end = std::min(date_of(last), date_of(to_ - Duration{1}));
        for (std::chrono::local_days date = begin; date <= end; date += std::chrono::days{1}) {
            const auto day = static_cast<std::uint64_t>((date - first_date).count());
            days_[date].skipped[run.reason] += before(day + 1) - before(day);
        }
    }

    const TimeZone& zone_;
    Instant from_;
    Instant to_;
    std::map<std::chrono::local_days, CalendarDay> days_;
    std::map<std::chrono::local_days, std::vector<Duration>> durations_;
};

} // namespace detail

} // namespace carillon
