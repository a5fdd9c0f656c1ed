// SPDX-License-Identifier: MIT
// storage/detail/memory_jobs.hpp - how MemoryStorage writes jobs.
#pragma once

#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <map>
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
    if (job.tenant->jobs_by_name) job.tenant->jobs_by_name->insert(&job);
    if (job.tenant->jobs_by_next_run) put_by_next_run(job);
    update_failing(job);
}

template <class Void>
void BasicMemoryStorage<Void>::unindex(JobRow& job) {
    const JobDefinition& definition = *job.definition;
    job.tenant->jobs_with(definition.status).erase(job.listed);
    if (!definition.key.empty()) job.tenant->jobs_by_key.erase(definition.key);
    if (definition.idempotency_key) job.tenant->jobs_by_idempotency_key.erase(*definition.idempotency_key);
    if (job.tenant->jobs_by_name) job.tenant->jobs_by_name->erase(&job);
    if (job.tenant->jobs_by_next_run) job.tenant->jobs_by_next_run->erase(job.listed_next);
    if (std::exchange(job.is_failing, false)) job.tenant->failing_jobs.erase(&job);
}

template <class Void>
void BasicMemoryStorage<Void>::put_by_next_run(JobRow& job) {
    using NextRunPlace = typename Rows::NextRunPlace;
    const Instant at = NextRunPlace::of(job.progress.next_run_at);
    job.listed_next = job.tenant->jobs_by_next_run->insert({at, job.definition->id, &job}).first;
}

template <class Void>
void BasicMemoryStorage<Void>::update_failing(JobRow& job) {
    const bool fails = !job.removed && job.progress.consecutive_failures > 0;
    if (fails == std::exchange(job.is_failing, fails)) return;
    if (fails)
        job.tenant->failing_jobs.insert(&job);
    else
        job.tenant->failing_jobs.erase(&job);
}

/// Without memory: it must not fail halfway through a change.
template <class Void>
void BasicMemoryStorage<Void>::move_by_next_run(JobRow& job) {
    auto& jobs = job.tenant->jobs_by_next_run;
    const Instant at = Rows::NextRunPlace::of(job.progress.next_run_at);
    if (!jobs || job.removed || job.listed_next->at == at) return;
    auto node = jobs->extract(job.listed_next);
    node.value().at = at;
    job.listed_next = jobs->insert(std::move(node)).position;
}

/// Brings the heap of due jobs, and the order by next run, up to date with the job's cursor and status.
template <class Void>
void BasicMemoryStorage<Void>::update_due(JobRow& job) {
    count_version(job);
    move_by_next_run(job);
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
auto BasicMemoryStorage<Void>::write(JobRow& job,
                                     JobChange&& change,
                                     std::vector<JobRun>* runs,
                                     std::vector<JobRun>& ended) -> std::optional<AuditEvent> {
    const auto answer = [&](const RunRow* row) {
        if (row && runs) runs->push_back(row->run);
    };
    if (const RunRow* earlier = repeated_trigger(job, change.runs)) {
        answer(earlier);
        return std::nullopt;
    }
    const std::shared_ptr<const JobDefinition> before = job.definition;
    std::optional<Instant> high_water = job.progress.high_water;
    stop_runs(job, change.stop, change.at, ended);
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
    update_failing(job);
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
        out.event = write(job, change(&view, key_state(job)), &out.runs, out.ended);
        out.job = job.snapshot();
        return out;
    }
    JobChange created = change(nullptr, {});
    if (!created.definition) return out;
    JobRow& job = add_job(created.definition, {});
    std::optional<AuditEvent> event = std::exchange(created.event, std::nullopt);
    write(job, std::move(created), &out.runs, out.ended);
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
    JobWrite out;
    out.event = write(*job, change(job->view(), key_state(*job)), &out.runs, out.ended);
    out.job = job->snapshot();
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
        if (auto event = write(*job, change(job->view(), key_state(*job)), nullptr, result.ended))
            result.events.push_back(std::move(*event));
    }
    return result;
}

} // namespace carillon
