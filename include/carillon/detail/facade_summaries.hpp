// SPDX-License-Identifier: MIT
// detail/facade_summaries.hpp - how SchedulerFacade sums up what a tenant has, and what became of a job day by day.
#pragma once

#include "carillon/scheduler_facade.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

template <Storage StorageT>
void SchedulerFacade<StorageT>::add_attention(TenantStats& stats, const std::string& tenant) const {
    const StorageT& storage = *core_->storage;
    constexpr std::size_t most = detail::most_jobs_for_attention;
    const JobQuery failing{.limit = most, .failing = true};
    const JobQuery disabled{.status = JobStatus::disabled, .limit = most, .failing = false};
    stats.attention = storage.list_jobs(tenant, failing);
    const auto others = storage.list_jobs(tenant, disabled);
    stats.attention.insert(stats.attention.end(), others.begin(), others.end());
    for (const JobQuery& query : {failing, disabled}) {
        const Count count = storage.count_jobs(tenant, query, detail::most_rows_for_stats);
        stats.attention_total.n += count.n;
        stats.attention_total.capped = stats.attention_total.capped || count.capped;
    }
}

template <Storage StorageT>
TenantStats SchedulerFacade<StorageT>::stats(const Caller& caller) const {
    check(caller);
    using namespace std::chrono_literals;
    const std::string& tenant = caller.tenant;
    const StorageT& storage = *core_->storage;
    constexpr std::size_t most = detail::most_rows_for_stats;
    const Instant at = now();
    const Instant yesterday = at - 24h;
    TenantStats stats;
    for (const auto status : {JobStatus::active, JobStatus::paused, JobStatus::disabled, JobStatus::completed})
        stats.jobs[status] = storage.count_jobs(tenant, status);
    stats.running = storage.count_runs(tenant, {.status = JobRunStatus::running}, most).n;
    const DueCount due = storage.due(tenant, at + 1h, most);
    stats.due = due.count;
    if (due.oldest && *due.oldest <= at) stats.oldest_due = due.oldest;
    for (const auto status : {JobRunStatus::failed, JobRunStatus::timed_out}) {
        const Count failed = storage.count_runs(tenant, {.status = status, .from = yesterday}, most);
        stats.failed_24h.n += failed.n;
        stats.failed_24h.capped = stats.failed_24h.capped || failed.capped;
    }
    const RunQuery skips{.status = JobRunStatus::skipped, .limit = most, .from = at - 24h * 7};
    detail::count_skips(stats, storage.list_outcomes(tenant, skips), yesterday);
    detail::count_minutes(stats, storage.list_outcomes(tenant, {.limit = most, .from = at - 2h}), at);
    add_attention(stats, tenant);
    return stats;
}

template <Storage StorageT>
std::optional<Calendar> SchedulerFacade<StorageT>::calendar(
    const JobId& id, const Caller& caller, Instant from, Instant to, std::string_view time_zone) const {
    check(caller);
    detail::check_span(from, to);
    if (to - from > detail::longest_calendar) detail::refuse(Errc::out_of_range, "to", "expected at most 371 days");
    detail::check_text("time_zone", time_zone, core_->defaults.limits.name_bytes);
    const auto any_schedule = Schedule::parse("@daily", {.time_zone = std::string(time_zone)});
    if (!any_schedule) {
        const Error error = any_schedule.error();
        throw Error(error.code(), std::string("time_zone: ") + error.what(), "time_zone");
    }
    const auto job = core_->storage->find_job(caller.tenant, id);
    if (!job) return std::nullopt;
    const auto schedule = core_->schedules.find_schedule_of(*job);
    const TimeZone zone = time_zone.empty() && schedule ? schedule->zone() : any_schedule->zone();
    Calendar calendar;
    calendar.time_zone = zone.name();
    constexpr std::size_t most = detail::most_rows_for_calendar;
    auto rows = core_->storage->list_outcomes(caller.tenant, {.limit = most + 1, .job_id = id});
    if (job->purged_until && *job->purged_until >= from) calendar.partial_before = job->purged_until;
    if (rows.size() > most) {
        rows.pop_back();
        const Instant oldest = rows.back().scheduled_for;
        if (oldest > from) calendar.partial_before = std::max(calendar.partial_before.value_or(oldest), oldest);
    }
    detail::CalendarBuilder days(zone, from, to);
    for (const RunOutcome& row : rows)
        days.add(row);
    calendar.days = days.take();
    return calendar;
}

} // namespace carillon
