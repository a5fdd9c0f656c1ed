// SPDX-License-Identifier: MIT
// storage/detail/memory_listings.hpp - how MemoryStorage finds, lists and counts jobs, and lists its audit.
#pragma once

#include "carillon/storage/detail/audit_filter.hpp"
#include "carillon/storage/detail/search_text.hpp"
#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon {

template <class Void>
bool BasicMemoryStorage<Void>::matches(const JobRow& job, const JobQuery& query) {
    const JobDefinition& definition = *job.definition;
    return (!query.status || definition.status == *query.status) &&
           (!query.action_type || definition.action_type == *query.action_type) &&
           (!query.failing || job.is_failing == *query.failing) &&
           (!query.search || detail::contains_ignoring_case(definition.name, *query.search));
}

/// Walks the tenant's jobs, newest first, from behind the cursor, until `visit` says that it has enough.
template <class Void>
template <class Visit>
void BasicMemoryStorage<Void>::walk_newest_first(const TenantRow& tenant, const JobQuery& query, Visit visit) {
    using Iterator = typename Rows::NewestJobs::const_iterator;
    std::vector<std::pair<Iterator, Iterator>> ranges;
    const auto add = [&](const typename Rows::NewestJobs& jobs) {
        const auto begin = query.after
                               ? jobs.upper_bound(typename Rows::JobPlace{query.after->created_at, query.after->id})
                               : jobs.begin();
        if (begin != jobs.end()) ranges.emplace_back(begin, jobs.end());
    };
    if (query.failing == true)
        add(tenant.failing_jobs);
    else if (query.status)
        add(tenant.jobs_with(*query.status));
    else
        for (const auto& jobs : tenant.jobs_by_status)
            add(jobs);
    while (!ranges.empty()) {
        const auto first = std::min_element(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
            return typename Rows::NewestJobFirst{}(*a.first, *b.first);
        });
        if (!visit(**first->first)) return;
        if (++first->first == first->second) ranges.erase(first);
    }
}

/// Walks the tenant's jobs in the order by name or by next run, from behind the cursor, until `visit` has enough.
template <class Void>
template <class Visit>
void BasicMemoryStorage<Void>::walk_in_order(TenantRow& tenant, const JobQuery& query, Visit visit) {
    using Named = typename Rows::NamedFirst::Key;
    using NextRunPlace = typename Rows::NextRunPlace;
    const auto each_job = [&](const auto& put) {
        for (const auto& jobs : tenant.jobs_by_status)
            for (JobRow* job : jobs)
                put(*job);
    };
    if (query.sort == JobSort::name) {
        auto& jobs = tenant.jobs_by_name;
        if (!jobs) {
            jobs.emplace();
            each_job([&](JobRow& job) { jobs->insert(&job); });
        }
        auto at = query.after ? jobs->upper_bound(Named{query.after->name, query.after->id}) : jobs->begin();
        while (at != jobs->end() && visit(**at))
            ++at;
        return;
    }
    auto& jobs = tenant.jobs_by_next_run;
    if (!jobs) {
        jobs.emplace();
        each_job([](JobRow& job) { put_by_next_run(job); });
    }
    auto at = query.after ? jobs->upper_bound({NextRunPlace::of(query.after->next_run_at), query.after->id, nullptr})
                          : jobs->begin();
    while (at != jobs->end() && visit(*at->job))
        ++at;
}

template <class Void>
auto BasicMemoryStorage<Void>::find_job(const std::string& tenant, const JobId& id) const
    -> std::optional<ScheduledJob> {
    const std::lock_guard lock(mutex_);
    const auto at = jobs_.find(id);
    if (at == jobs_.end() || at->second.removed || at->second.tenant->name != tenant) return std::nullopt;
    return at->second.snapshot();
}

template <class Void>
auto BasicMemoryStorage<Void>::find_job_by_idempotency_key(const std::string& tenant, const std::string& key) const
    -> std::optional<ScheduledJob> {
    const std::lock_guard lock(mutex_);
    const auto at = tenants_.find(tenant);
    if (at == tenants_.end()) return std::nullopt;
    const auto job = at->second.jobs_by_idempotency_key.find(key);
    if (job == at->second.jobs_by_idempotency_key.end()) return std::nullopt;
    return job->second->snapshot();
}

template <class Void>
auto BasicMemoryStorage<Void>::list_jobs(const std::string& tenant, const JobQuery& query) const
    -> std::vector<ScheduledJob> {
    const std::lock_guard lock(mutex_);
    std::vector<ScheduledJob> page;
    const auto at = tenants_.find(tenant);
    if (at == tenants_.end()) return page;
    std::size_t to_skip = query.offset;
    const auto take = [&](const JobRow& job) {
        if (!matches(job, query)) return true;
        if (to_skip > 0) return --to_skip, true;
        page.push_back(job.snapshot());
        return page.size() < query.limit;
    };
    if (query.sort == JobSort::newest)
        walk_newest_first(at->second, query, take);
    else
        walk_in_order(at->second, query, take);
    return page;
}

template <class Void>
std::size_t BasicMemoryStorage<Void>::count_jobs(const std::string& tenant, std::optional<JobStatus> status) const {
    const std::lock_guard lock(mutex_);
    const auto at = tenants_.find(tenant);
    if (at == tenants_.end()) return 0;
    if (status) return at->second.jobs_with(*status).size();
    std::size_t count = 0;
    for (const auto& jobs : at->second.jobs_by_status)
        count += jobs.size();
    return count;
}

template <class Void>
Count BasicMemoryStorage<Void>::count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) const {
    const std::lock_guard lock(mutex_);
    Count count;
    const auto at = tenants_.find(tenant);
    if (at == tenants_.end()) return count;
    JobQuery all = query;
    all.after.reset();
    std::size_t looked_at = 0;
    walk_newest_first(at->second, all, [&](const JobRow& job) {
        count.capped = looked_at == cap;
        if (count.capped) return false;
        ++looked_at;
        count.n += matches(job, all) ? 1 : 0;
        return true;
    });
    return count;
}

template <class Void>
auto BasicMemoryStorage<Void>::list_audit(const std::string& tenant, const AuditQuery& query) const
    -> std::vector<AuditEvent> {
    const std::lock_guard lock(mutex_);
    std::vector<AuditEvent> page;
    const auto at = tenants_.find(tenant);
    if (at == tenants_.end()) return page;
    const auto& events = at->second.audit;
    auto end = events.end();
    if (query.after)
        end = std::lower_bound(events.begin(), end, *query.after, [](const AuditEvent& event, const AuditId& id) {
            return event.id < id;
        });
    std::size_t to_skip = query.offset;
    for (auto event = std::make_reverse_iterator(end); event != events.rend() && page.size() < query.limit; ++event) {
        if (!detail::matches(*event, query)) continue;
        if (to_skip > 0)
            --to_skip;
        else
            page.push_back(*event);
    }
    return page;
}

} // namespace carillon
