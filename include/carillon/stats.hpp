// SPDX-License-Identifier: MIT
// stats.hpp - how are a tenant's jobs, at one look? The numbers of a dashboard's first page.
//
// Pure, like the planner: SchedulerFacade::stats reads the rows.
#pragma once

#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/storage/query.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace carillon {

/// The runs that ended in a minute.
struct MinuteStats {
    Instant minute{};
    /// Completed.
    std::size_t ok = 0;
    /// Failed or timed out.
    std::size_t bad = 0;

    friend bool operator==(const MinuteStats&, const MinuteStats&) = default;
};

/// No number costs more than 10,000 rows; one that would need more says so, by `capped` or `partial_before`.
struct TenantStats {
    /// How many of each status, those without any included.
    std::map<JobStatus, std::size_t> jobs{};
    std::size_t running = 0;
    /// Runs that wait to be started and jobs that are to be planned, now or within an hour.
    Count due{};
    /// Since when the first of them is due, where one is.
    std::optional<Instant> oldest_due = std::nullopt;
    /// Runs that were scheduled for the last 24 hours and failed, or timed out.
    Count failed_24h{};
    /// Occurrences of the last 24 hours that were skipped. Of a skip row that began before them (at most a week) it is
    /// the share that would be theirs if it were spread evenly.
    std::map<RunReason, std::uint64_t> skipped_24h{};
    bool skipped_capped = false;
    /// The last 60 minutes, the latest, which goes on, last. Runs that were scheduled more than two hours ago are not
    /// counted.
    std::vector<MinuteStats> minutes{};
    /// Minutes before this may have had more.
    std::optional<Instant> minutes_partial_before = std::nullopt;
    /// Jobs whose last executed run has failed, and behind them those that are disabled: at most ten of each, the
    /// newest first.
    std::vector<ScheduledJob> attention{};
    /// How many of these there are.
    Count attention_total{};
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

inline constexpr std::size_t most_rows_for_stats = 10'000;
inline constexpr std::size_t most_jobs_for_attention = 10;
inline constexpr int minutes_of_stats = 60;

/// How many of a skip row's occurrences lie at or after `from`.
[[nodiscard]] inline std::uint64_t skipped_since(const RunOutcome& row, Instant from) {
    const Instant last = row.last.value_or(row.scheduled_for);
    if (last < from) return 0;
    if (row.scheduled_for >= from || row.occurrences == 1) return row.occurrences;
    const auto part =
        static_cast<double>((last - from).count()) / static_cast<double>((last - row.scheduled_for).count());
    const auto share = static_cast<std::uint64_t>(part * static_cast<double>(row.occurrences));
    return std::clamp<std::uint64_t>(share, 1, row.occurrences - 1);
}

/// `newest` are rows of skips, the latest first, no more than `most_rows_for_stats`.
inline void count_skips(TenantStats& stats, const std::vector<RunOutcome>& newest, Instant since) {
    stats.skipped_capped = newest.size() == most_rows_for_stats;
    for (const RunOutcome& row : newest)
        if (const std::uint64_t skipped = skipped_since(row, since); skipped > 0)
            stats.skipped_24h[row.reason] += skipped;
}

/// `newest` are rows of any kind, the latest first, no more than `most_rows_for_stats`.
inline void count_minutes(TenantStats& stats, const std::vector<RunOutcome>& newest, Instant now) {
    constexpr std::chrono::minutes minute{1};
    const Instant first = std::chrono::floor<std::chrono::minutes>(now) - minute * (minutes_of_stats - 1);
    for (int i = 0; i < minutes_of_stats; ++i)
        stats.minutes.push_back({.minute = first + minute * i});
    for (const RunOutcome& row : newest) {
        if (!row.completed_at || *row.completed_at < first) continue;
        const auto at = static_cast<std::size_t>((*row.completed_at - first) / minute);
        if (at >= stats.minutes.size()) continue; // by another node's clock
        if (row.status == JobRunStatus::completed) ++stats.minutes[at].ok;
        if (row.status == JobRunStatus::failed || row.status == JobRunStatus::timed_out) ++stats.minutes[at].bad;
    }
    if (newest.size() == most_rows_for_stats) stats.minutes_partial_before = newest.back().scheduled_for;
}

} // namespace detail

} // namespace carillon
