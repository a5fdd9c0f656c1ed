// SPDX-License-Identifier: MIT
// detail/facade_views.hpp - how SchedulerFacade looks at the audit, at what is to come, and at what did not.
#pragma once

#include "carillon/detail/explainer.hpp"
#include "carillon/scheduler_facade.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

template <Storage StorageT>
std::vector<AuditEvent> SchedulerFacade<StorageT>::list_audit(const Caller& caller, const AuditQuery& query) const {
    check(caller);
    detail::check_page(query, core_->defaults.limits);
    detail::check_span(query.from, query.to);
    detail::check_filter("actor", query.actor, core_->defaults.limits);
    detail::check_filter("via", query.via, core_->defaults.limits);
    detail::check_filter("request_id", query.request_id, core_->defaults.limits);
    detail::check_filter("batch", query.batch, core_->defaults.limits);
    return core_->storage->list_audit(caller.tenant, query);
}

/// Scheduled runs of the job that wait to be started, where `max_runs` has to know.
template <Storage StorageT>
std::size_t SchedulerFacade<StorageT>::unstarted(const ScheduledJob& job) const {
    if (!job.max_runs) return 0;
    std::size_t count = 0;
    each_run(job, {.status = JobRunStatus::pending}, [&](const JobRun& run) {
        if (run.trigger == RunTrigger::schedule && !run.started_at) ++count;
        return true;
    });
    return count;
}

template <Storage StorageT>
std::optional<std::vector<Instant>> SchedulerFacade<StorageT>::upcoming(const JobId& id,
                                                                        const Caller& caller,
                                                                        std::size_t count,
                                                                        std::optional<Instant> from) const {
    check(caller);
    detail::check_instant("from", from);
    detail::check_range<std::size_t>(
        "count", count, 1, core_->defaults.limits.page, "1 to " + std::to_string(core_->defaults.limits.page));
    const auto job = core_->storage->find_job(caller.tenant, id);
    if (!job) return std::nullopt;
    const Schedule schedule = core_->schedules.schedule_of(*job);
    const Occurrences occurrences(*job, schedule);
    const Instant after = from ? std::max(now(), *from - Duration{1}) : now();
    const std::uint64_t left = detail::runs_left(*job, job->started_runs + unstarted(*job));
    const std::uint64_t most = std::min<std::uint64_t>(count, left);
    std::vector<Instant> instants;
    auto at = occurrences.next(std::max(after, job->high_water.value_or(after)));
    for (; at && instants.size() < most; at = occurrences.next(*at))
        instants.push_back(*at);
    return instants;
}

template <Storage StorageT>
void SchedulerFacade<StorageT>::add_planned(detail::FirstRuns& first, const ScheduledJob& job, Instant at) const {
    if (!job.next_run_at || !first.wants(std::max(*job.next_run_at, first.from()))) return;
    const auto schedule = core_->schedules.find_schedule_of(job);
    if (!schedule) return;
    detail::Forecast forecast(job, *schedule, unstarted(job), at, first.from());
    for (auto run = forecast.next(); run && first.wants(*run); run = forecast.next())
        first.add(job, *run);
}

template <Storage StorageT>
std::vector<PlannedRun> SchedulerFacade<StorageT>::what_would_run(const Caller& caller,
                                                                  Instant from,
                                                                  Instant to,
                                                                  const PlannedRunQuery& query) const {
    check(caller);
    detail::check_span(from, to);
    const std::size_t page = core_->defaults.limits.page;
    detail::check_range<std::size_t>("limit", query.limit, 1, page, "1 to " + std::to_string(page));
    const Instant at = now();
    detail::FirstRuns first(from, to, query);
    JobQuery active{.status = JobStatus::active, .limit = page};
    for (bool more = true; more;) {
        const auto jobs = core_->storage->list_jobs(caller.tenant, active);
        for (const ScheduledJob& job : jobs)
            add_planned(first, job, at);
        more = jobs.size() == page;
        if (more) active.after = jobs.back();
    }
    return first.take();
}

namespace detail {
inline constexpr int most_audit_pages = 10;
}

/// What the job was when the occurrence at `instant` was planned. Its audit says so, page by page from the newest event
/// on; a job that was changed very often since is taken as it was at the earliest event that was looked at.
template <Storage StorageT>
JobDefinition SchedulerFacade<StorageT>::definition_at(const ScheduledJob& job, Instant instant) const {
    JobDefinition then = job;
    if (instant > job.updated_at || instant <= job.created_at) return then;
    AuditQuery query{.job_id = job.id, .limit = core_->defaults.limits.page};
    for (int i = 0; i < detail::most_audit_pages; ++i) {
        const auto page = core_->storage->list_audit(job.tenant_id, query);
        for (const AuditEvent& event : page) {
            if (event.at < instant) return then;
            if (event.before) then = *event.before;
        }
        if (page.size() < query.limit) return then;
        query.after = page.back().id;
    }
    return then;
}

template <Storage StorageT>
std::optional<Explanation>
SchedulerFacade<StorageT>::explain(const JobId& id, const Caller& caller, Instant instant) const {
    check(caller);
    detail::check_instant("instant", instant);
    auto job = core_->storage->find_job(caller.tenant, id);
    if (!job) return std::nullopt;
    detail::ExplainedJob about;
    about.job = std::move(*job);
    about.then = definition_at(about.job, instant);
    about.schedule = core_->schedules.find_schedule_of(about.then);
    about.row = core_->storage->find_occurrence(caller.tenant, id, instant);
    about.unstarted = unstarted(about.job);
    about.now = now();
    return detail::Explainer(about, instant).answer();
}

template <Storage StorageT>
std::optional<Instant>
SchedulerFacade<StorageT>::calculate_next_run(std::string_view schedule, Instant from, ScheduleOptions options) const {
    if (options.default_time_zone.empty()) options.default_time_zone = core_->defaults.time_zone;
    if (!options.anchor) options.anchor = from;
    return Schedule::parse(schedule, options).value().next(from);
}

} // namespace carillon
