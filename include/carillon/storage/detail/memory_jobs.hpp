// SPDX-License-Identifier: MIT
// storage/detail/memory_jobs.hpp - how MemoryStorage writes and lists jobs.
#pragma once

#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace carillon {

// ---- finding rows --------------------------------------------------------------------------------------------------

template <class Void>
auto BasicMemoryStorage<Void>::find_row(const std::string& tenant, const JobId& id) -> JobRow* {
    const auto at = jobs_.find(id);
    return at != jobs_.end() && !at->second.removed && at->second.tenant->name == tenant ? &at->second : nullptr;
}

template <class Void>
auto BasicMemoryStorage<Void>::tenant_row(const std::string& name) -> TenantRow& {
    const auto [at, added] = tenants_.try_emplace(name);
    if (added) at->second.name = name;
    return at->second;
}

template <class Void>
auto BasicMemoryStorage<Void>::key_row(JobRow& job, const std::string& key) -> KeyRow& {
    if (key.empty()) return job.own_key;
    auto& row = job.tenant->keys[key];
    if (!row) row = std::make_unique<KeyRow>();
    return *row;
}

template <class Void>
auto BasicMemoryStorage<Void>::key_state(JobRow& job) -> KeyState {
    const KeyRow& key = key_row(job, job.definition->policies.overlap.concurrency_key);
    KeyState state;
    state.pending = key.pending;
    state.running = key.running;
    if (key.oldest) state.busy_with = key.oldest->run.id;
    state.unstarted = job.unstarted;
    return state;
}

// ---- indexes -------------------------------------------------------------------------------------------------------

template <class Void>
void BasicMemoryStorage<Void>::index(JobRow& job) {
    const JobDefinition& definition = *job.definition;
    auto& listed = job.tenant->jobs_with(definition.status);
    job.listed = listed.insert(listed.begin(), &job); // most often it is the newest
    if (!definition.key.empty()) job.tenant->jobs_by_key[definition.key] = &job;
    if (definition.idempotency_key) job.tenant->jobs_by_idempotency_key[*definition.idempotency_key] = &job;
}

template <class Void>
void BasicMemoryStorage<Void>::unindex(JobRow& job) {
    const JobDefinition& definition = *job.definition;
    job.tenant->jobs_with(definition.status).erase(job.listed);
    if (!definition.key.empty()) job.tenant->jobs_by_key.erase(definition.key);
    if (definition.idempotency_key) job.tenant->jobs_by_idempotency_key.erase(*definition.idempotency_key);
}

/// Brings the heap of due jobs up to date with the job's cursor and status.
template <class Void>
void BasicMemoryStorage<Void>::update_due(JobRow& job) {
    count_version(job);
    const bool queued = job.due_position != detail::not_in_heap;
    if (!job.due_counts()) {
        if (queued) due_.erase(&job);
        return;
    }
    if (queued)
        due_.update(&job);
    else
        due_.push(&job);
    if (due_.top() == &job) news_of_work_ = true;
}

// ---- writing -------------------------------------------------------------------------------------------------------

template <class Void>
auto BasicMemoryStorage<Void>::add_job(const std::shared_ptr<const JobDefinition>& definition,
                                       const JobProgress& progress) -> JobRow& {
    JobRow& job = jobs_[definition->id];
    job.tenant = &tenant_row(definition->tenant_id);
    job.definition = definition;
    job.progress = progress;
    index(job);
    update_due(job);
    return job;
}

template <class Void>
void BasicMemoryStorage<Void>::replace_definition(JobRow& job, std::shared_ptr<const JobDefinition> definition) {
    unindex(job);
    job.definition = std::move(definition);
    index(job);
}

/// Keeps the events sorted by id; callers that raced may arrive out of order.
template <class Void>
void BasicMemoryStorage<Void>::record(TenantRow& tenant, const AuditEvent& event) {
    if (tenant.audit.empty() || tenant.audit.back().id < event.id) {
        tenant.audit.push_back(event);
        return;
    }
    const auto behind = std::upper_bound(tenant.audit.begin(),
                                         tenant.audit.end(),
                                         event.id,
                                         [](const AuditId& id, const AuditEvent& other) { return id < other.id; });
    tenant.audit.insert(behind, event);
}

template <class Void>
auto BasicMemoryStorage<Void>::repeated_trigger(JobRow& job, const std::vector<JobRun>& runs) const -> RunRow* {
    if (!job.triggers_by_key) return nullptr;
    for (const JobRun& run : runs) {
        if (!run.idempotency_key) continue;
        const auto earlier = job.triggers_by_key->find(*run.idempotency_key);
        if (earlier != job.triggers_by_key->end()) return earlier->second;
    }
    return nullptr;
}

template <class Void>
auto BasicMemoryStorage<Void>::write(JobRow& job, JobChange&& change, std::vector<JobRun>* runs)
    -> std::optional<AuditEvent> {
    const auto answer = [&](const RunRow* row) {
        if (row && runs) runs->push_back(row->run);
    };
    if (const RunRow* earlier = repeated_trigger(job, change.runs)) {
        answer(earlier);
        return std::nullopt;
    }
    const std::shared_ptr<const JobDefinition> before = job.definition;
    std::optional<Instant> high_water = job.progress.high_water;
    stop_runs(job, change.stop, change.at);
    if (change.definition) replace_definition(job, std::move(change.definition));
    if (change.progress) job.progress = *change.progress;
    if (change.rewind_to) {
        high_water = std::min(high_water, change.rewind_to);
        rewind(job, *change.rewind_to);
    }
    for (JobRun& run : change.runs)
        answer(add_run(job, std::move(run), high_water));
    if (change.remove) {
        unindex(job);
        job.removed = true;
    }
    update_due(job);
    if (change.event) {
        change.event->before = before;
        if (!change.remove) change.event->after = job.definition;
        record(*job.tenant, *change.event);
    }
    return std::move(change.event);
}

template <class Void>
auto BasicMemoryStorage<Void>::insert_jobs(std::vector<NewJob> jobs) -> InsertResult {
    const WriteLock lock(*this);
    InsertResult result;
    std::map<std::pair<std::string, std::string>, std::uint64_t> in_this_call;
    for (std::size_t i = 0; i < jobs.size() && !result.conflict; ++i) {
        const JobDefinition& job = *jobs[i].definition;
        if (!job.idempotency_key) continue;
        const auto& known = tenant_row(job.tenant_id).jobs_by_idempotency_key;
        const auto earlier = known.find(*job.idempotency_key);
        const std::uint64_t fingerprint =
            earlier != known.end()
                ? earlier->second->definition->spec_fingerprint
                : in_this_call.try_emplace({job.tenant_id, *job.idempotency_key}, job.spec_fingerprint).first->second;
        if (fingerprint != job.spec_fingerprint) result.conflict = i;
    }
    if (result.conflict) return result;
    result.jobs.reserve(jobs.size());
    for (NewJob& job : jobs) {
        TenantRow& tenant = tenant_row(job.definition->tenant_id);
        if (job.definition->idempotency_key) {
            const auto earlier = tenant.jobs_by_idempotency_key.find(*job.definition->idempotency_key);
            if (earlier != tenant.jobs_by_idempotency_key.end()) {
                result.jobs.push_back({.job = earlier->second->snapshot()});
                continue;
            }
        }
        job.event.after = job.definition;
        record(tenant, job.event);
        const JobRow& row = add_job(job.definition, job.progress);
        result.jobs.push_back({.job = row.snapshot(), .event = std::move(job.event)});
    }
    return result;
}

template <class Void>
auto BasicMemoryStorage<Void>::put_job(const std::string& tenant, const std::string& key, const PutJob& change)
    -> JobWrite {
    const WriteLock lock(*this);
    JobWrite out;
    auto& known = tenant_row(tenant).jobs_by_key;
    const auto at = known.find(key);
    if (at != known.end()) {
        JobRow& job = *at->second;
        const JobView view = job.view();
        out.event = write(job, change(&view, key_state(job)), &out.runs);
        out.job = job.snapshot();
        return out;
    }
    JobChange created = change(nullptr, {});
    if (!created.definition) return out;
    JobRow& job = add_job(created.definition, {});
    std::optional<AuditEvent> event = std::exchange(created.event, std::nullopt);
    write(job, std::move(created), &out.runs);
    if (event) {
        event->after = job.definition;
        record(*job.tenant, *event);
    }
    out.event = std::move(event);
    out.job = job.snapshot();
    return out;
}

template <class Void>
auto BasicMemoryStorage<Void>::modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change)
    -> std::optional<JobWrite> {
    const WriteLock lock(*this);
    JobRow* job = find_row(tenant, id);
    if (!job) return std::nullopt;
    std::vector<JobRun> runs;
    auto event = write(*job, change(job->view(), key_state(*job)), &runs);
    JobWrite out{.job = job->snapshot(), .runs = std::move(runs), .event = std::move(event)};
    if (job->removed && job->runs.empty()) jobs_.erase(id); // else with the last of its runs, by purge
    return out;
}

template <class Void>
auto BasicMemoryStorage<Void>::materialise(Instant now, std::size_t limit, const ChangeJob& change)
    -> MaterialiseResult {
    const WriteLock lock(*this);
    MaterialiseResult result;
    std::vector<JobRow*> batch;
    while (!due_.empty() && batch.size() < limit && *due_.top()->progress.next_run_at <= now) {
        batch.push_back(due_.top());
        due_.erase(batch.back());
    }
    struct PutBack {
        BasicMemoryStorage& storage;
        std::vector<JobRow*>& batch;
        ~PutBack() {
            for (JobRow* job : batch)
                storage.update_due(*job);
            storage.news_of_work_ = false; // the caller goes on to claim, and others know the time as well
        }
    } put_back{*this, batch};
    for (JobRow* job : batch) {
        ++result.jobs;
        if (auto event = write(*job, change(job->view(), key_state(*job)), nullptr))
            result.events.push_back(std::move(*event));
    }
    return result;
}

// ---- reading -------------------------------------------------------------------------------------------------------

namespace detail {

[[nodiscard]] inline bool contains_ignoring_case(std::string_view text, std::string_view part) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [&](char a, char b) {
               return lower(a) == lower(b);
           }) != text.end();
}

/// The order of a listing by name or by next run; jobs without a next run come last.
[[nodiscard]] inline bool listed_before(const JobCursor& a, const JobCursor& b, JobSort sort) {
    if (sort == JobSort::name) return std::tie(a.name, a.id) < std::tie(b.name, b.id);
    const Instant at = a.next_run_at.value_or(Instant::max());
    const Instant bt = b.next_run_at.value_or(Instant::max());
    return std::tie(at, a.id) < std::tie(bt, b.id);
}

} // namespace detail

template <class Void>
bool BasicMemoryStorage<Void>::matches(const JobRow& job, const JobQuery& query) {
    const JobDefinition& definition = *job.definition;
    return (!query.action_type || definition.action_type == *query.action_type) &&
           (!query.search || detail::contains_ignoring_case(definition.name, *query.search));
}

/// Walks the tenant's jobs, newest first, from behind the cursor, until `visit` says that it has enough.
template <class Void>
template <class Visit>
void BasicMemoryStorage<Void>::walk_newest_first(const TenantRow& tenant, const JobQuery& query, Visit visit) {
    using Iterator = typename Rows::NewestJobs::const_iterator;
    std::vector<std::pair<Iterator, Iterator>> ranges;
    for (const auto& jobs : tenant.jobs_by_status) {
        if (query.status && &jobs != &tenant.jobs_with(*query.status)) continue;
        const auto begin = query.after
                               ? jobs.upper_bound(typename Rows::JobPlace{query.after->created_at, query.after->id})
                               : jobs.begin();
        if (begin != jobs.end()) ranges.emplace_back(begin, jobs.end());
    }
    while (!ranges.empty()) {
        const auto first = std::min_element(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
            return typename Rows::NewestJobFirst{}(*a.first, *b.first);
        });
        if (!visit(**first->first)) return;
        if (++first->first == first->second) ranges.erase(first);
    }
}

template <class Void>
JobCursor BasicMemoryStorage<Void>::cursor_of(const JobRow& job) {
    JobCursor cursor;
    cursor.name = job.definition->name;
    cursor.next_run_at = job.progress.next_run_at;
    cursor.id = job.definition->id;
    return cursor;
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
    if (query.sort == JobSort::newest) {
        std::size_t to_skip = query.offset;
        walk_newest_first(at->second, query, [&](const JobRow& job) {
            if (!matches(job, query)) return true;
            if (to_skip > 0) return --to_skip, true;
            page.push_back(job.snapshot());
            return page.size() < query.limit;
        });
        return page;
    }
    std::vector<std::pair<JobCursor, const JobRow*>> found;
    JobQuery all = query;
    all.after.reset();
    walk_newest_first(at->second, all, [&](const JobRow& job) {
        JobCursor cursor = cursor_of(job);
        if (matches(job, query) && (!query.after || detail::listed_before(*query.after, cursor, query.sort)))
            found.emplace_back(std::move(cursor), &job);
        return true;
    });
    std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
        return detail::listed_before(a.first, b.first, query.sort);
    });
    for (std::size_t i = query.offset; i < found.size() && page.size() < query.limit; ++i)
        page.push_back(found[i].second->snapshot());
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
        if (query.job_id && event->job_id != *query.job_id) continue;
        if (query.actor && event->actor != *query.actor) continue;
        if (query.verb && event->verb != *query.verb) continue;
        if (to_skip > 0)
            --to_skip;
        else
            page.push_back(*event);
    }
    return page;
}

} // namespace carillon
