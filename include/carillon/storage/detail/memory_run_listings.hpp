// SPDX-License-Identifier: MIT
// storage/detail/memory_run_listings.hpp - how MemoryStorage lists and counts runs.
#pragma once

#include "carillon/storage/detail/run_filter.hpp"
#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <vector>

namespace carillon {

/// Walks the job's runs, newest first, from behind the cursor, until `visit` says that it has enough.
template <class Void>
template <class Visit>
void BasicMemoryStorage<Void>::walk_runs_of(const JobRow& job, const RunQuery& query, Visit visit) {
    auto end = job.runs.end();
    if (query.after)
        end = std::lower_bound(job.runs.begin(), end, query.after->id, [](const RunRow* row, const RunId& id) {
            return row->run.id < id;
        });
    for (auto at = std::make_reverse_iterator(end); at != job.runs.rend(); ++at)
        if (!visit((*at)->run)) return;
}

/// The same for the tenant's runs, of the time that is asked for, in order of time.
template <class Void>
template <class Visit>
void BasicMemoryStorage<Void>::walk_runs_of(const TenantRow& tenant, const RunQuery& query, Visit visit) {
    using Iterator = typename RunsByTime::const_reverse_iterator;
    struct Range {
        Iterator at, end;
    };
    const auto range_of = [&](const RunsByTime& runs) {
        const auto end = detail::end_of(query);
        const auto begin = query.from ? runs.lower_bound(RunCursor(*query.from, RunId{})) : runs.begin();
        const auto last = end ? runs.lower_bound(*end) : runs.end();
        return Range{Iterator(last), Iterator(begin)};
    };
    if (query.from && query.to && *query.to <= *query.from) return;
    if (query.from && query.after && query.after->scheduled_for < *query.from) return;
    const bool wants_open = !query.status || !is_terminal(*query.status);
    const bool wants_ended = !query.status || is_terminal(*query.status);
    Range open = range_of(tenant.open_runs);
    Range ended = range_of(tenant.ended_runs);
    if (!wants_open) open.at = open.end;
    if (!wants_ended) ended.at = ended.end;
    while (open.at != open.end || ended.at != ended.end) {
        const bool takes_open =
            ended.at == ended.end || (open.at != open.end && typename Rows::EarlierRun{}(*ended.at, *open.at));
        Range& from = takes_open ? open : ended;
        if (!visit((*from.at)->run)) return;
        ++from.at;
    }
}

template <class Void>
template <class Visit>
void BasicMemoryStorage<Void>::walk_runs(const std::string& tenant, const RunQuery& query, Visit visit) const {
    if (query.job_id) {
        const auto job = jobs_.find(*query.job_id);
        if (job != jobs_.end() && job->second.tenant->name == tenant) walk_runs_of(job->second, query, visit);
        return;
    }
    const auto at = tenants_.find(tenant);
    if (at != tenants_.end()) walk_runs_of(at->second, query, visit);
}

template <class Void>
template <class Row>
std::vector<Row> BasicMemoryStorage<Void>::page_of_runs(const std::string& tenant, const RunQuery& query) const {
    const std::lock_guard lock(mutex_);
    std::vector<Row> page;
    std::size_t to_skip = query.offset;
    walk_runs(tenant, query, [&](const JobRun& run) {
        if (page.size() == query.limit) return false;
        if (!detail::matches(run, query)) return true;
        if (to_skip > 0)
            --to_skip;
        else
            page.emplace_back(run);
        return page.size() < query.limit;
    });
    return page;
}

template <class Void>
auto BasicMemoryStorage<Void>::list_runs(const std::string& tenant, const RunQuery& query) const
    -> std::vector<JobRun> {
    return page_of_runs<JobRun>(tenant, query);
}

template <class Void>
auto BasicMemoryStorage<Void>::list_outcomes(const std::string& tenant, const RunQuery& query) const
    -> std::vector<RunOutcome> {
    return page_of_runs<RunOutcome>(tenant, query);
}

template <class Void>
auto BasicMemoryStorage<Void>::list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const
    -> std::vector<JobRun> {
    RunQuery of_job = query;
    of_job.job_id = id;
    return list_runs(tenant, of_job);
}

template <class Void>
Count BasicMemoryStorage<Void>::count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) const {
    const std::lock_guard lock(mutex_);
    RunQuery all = query;
    all.after.reset();
    Count count;
    std::size_t looked_at = 0;
    walk_runs(tenant, all, [&](const JobRun& run) {
        count.capped = looked_at == cap;
        if (count.capped) return false;
        ++looked_at;
        count.n += detail::matches(run, all) ? 1 : 0;
        return true;
    });
    return count;
}

} // namespace carillon
