// SPDX-License-Identifier: MIT
// testing/detail/reference_jobs.hpp - how ReferenceStorage writes and lists jobs.
#pragma once

#include "carillon/testing/reference_storage.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace carillon::testing {

// ---- rows ----------------------------------------------------------------------------------------------------------

/// The first job that is not removed and matches.
template <class Match>
ReferenceStorage::JobRow* ReferenceStorage::job_where(Match match) {
    for (JobRow& job : tables_.jobs)
        if (!job.removed && match(*job.definition)) return &job;
    return nullptr;
}

template <class Match>
std::optional<ScheduledJob> ReferenceStorage::found_where(Match match) const {
    const std::lock_guard lock(mutex_);
    for (const JobRow& job : tables_.jobs)
        if (!job.removed && match(*job.definition)) return job.job();
    return std::nullopt;
}

/// The job of a run, removed ones included.
inline ReferenceStorage::JobRow& ReferenceStorage::job_of(const JobRun& run) {
    return *std::find_if(
        tables_.jobs.begin(), tables_.jobs.end(), [&](const JobRow& job) { return job.definition->id == run.job_id; });
}

inline KeyState ReferenceStorage::key_state(const JobRow& job) const {
    JobRun probe;
    probe.tenant_id = job.definition->tenant_id;
    probe.job_id = job.definition->id;
    probe.key = job.definition->policies.overlap.concurrency_key;
    KeyState state;
    for (const RunRow& row : tables_.runs) {
        const JobRun& run = row.run;
        if (is_terminal(run.status)) continue;
        if (run.job_id == probe.job_id && run.trigger == RunTrigger::schedule && !run.started_at) ++state.unstarted;
        if (!same_key(run, probe)) continue;
        ++(run.status == JobRunStatus::pending ? state.pending : state.running);
        if (!state.busy_with) state.busy_with = run.id;
    }
    return state;
}

// ---- writing -------------------------------------------------------------------------------------------------------

inline InsertResult ReferenceStorage::insert_jobs(std::vector<NewJob> jobs) {
    InsertResult result;
    struct Conflict {};
    try {
        return atomically([&] {
            for (std::size_t i = 0; i < jobs.size(); ++i) {
                const JobDefinition& job = *jobs[i].definition;
                const JobRow* earlier = job_where([&](const JobDefinition& other) {
                    return job.idempotency_key && other.tenant_id == job.tenant_id &&
                           other.idempotency_key == job.idempotency_key;
                });
                JobWrite& written = result.jobs.emplace_back();
                if (earlier && earlier->definition->spec_fingerprint != job.spec_fingerprint) {
                    result.conflict = i;
                    throw Conflict{};
                }
                if (earlier) {
                    written.job = earlier->job();
                    continue;
                }
                tables_.jobs.push_back({.definition = jobs[i].definition, .progress = jobs[i].progress});
                jobs[i].event.after = jobs[i].definition;
                record(jobs[i].event);
                written = {.job = tables_.jobs.back().job(), .event = jobs[i].event};
            }
            return result;
        });
    } catch (const Conflict&) {
        result.jobs.clear();
        return result;
    }
}

inline JobWrite ReferenceStorage::put_job(const std::string& tenant, const std::string& key, const PutJob& change) {
    return atomically([&]() -> JobWrite {
        JobRow* known = job_where(
            [&](const JobDefinition& job) { return job.tenant_id == tenant && !key.empty() && job.key == key; });
        if (known) {
            const JobView view{*known->definition, known->progress};
            return write(*known, change(&view, key_state(*known)));
        }
        JobChange created = change(nullptr, {});
        if (!created.definition) return {};
        tables_.jobs.push_back({.definition = created.definition});
        JobWrite written = write(tables_.jobs.back(), std::move(created));
        if (written.event) written.event->before = tables_.audit.back().before = nullptr;
        return written;
    });
}

inline std::optional<JobWrite>
ReferenceStorage::modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) {
    return atomically([&]() -> std::optional<JobWrite> {
        JobRow* job =
            job_where([&](const JobDefinition& other) { return other.tenant_id == tenant && other.id == id; });
        if (!job) return std::nullopt;
        return write(*job, change({*job->definition, job->progress}, key_state(*job)));
    });
}

inline JobWrite ReferenceStorage::write(JobRow& job, JobChange change) {
    JobWrite written;
    for (const JobRun& run : change.runs)
        for (const RunRow& earlier : tables_.runs)
            if (run.idempotency_key && earlier.run.job_id == job.definition->id &&
                earlier.run.idempotency_key == run.idempotency_key)
                return {.job = job.job(), .runs = {earlier.run}};
    const auto before = job.definition;
    auto high_water = job.progress.high_water;
    stop_runs(job, change.stop, change.at);
    if (change.definition) job.definition = change.definition;
    if (change.progress) job.progress = *change.progress;
    if (change.rewind_to) {
        high_water = std::min(high_water, change.rewind_to);
        rewind(job, *change.rewind_to);
    }
    for (const JobRun& run : change.runs)
        if (const auto added = add_run(job, run, high_water)) written.runs.push_back(*added);
    job.removed = change.remove;
    if (change.event) {
        change.event->before = before;
        if (!change.remove) change.event->after = job.definition;
        record(*change.event);
    }
    written.event = change.event;
    written.job = job.job();
    return written;
}

inline MaterialiseResult ReferenceStorage::materialise(Instant now, std::size_t limit, const ChangeJob& change) {
    return atomically([&] {
        std::vector<JobRow*> due;
        for (JobRow& job : tables_.jobs)
            if (!job.removed && job.definition->status == JobStatus::active && job.progress.next_run_at &&
                *job.progress.next_run_at <= now)
                due.push_back(&job);
        std::stable_sort(due.begin(), due.end(), [](const JobRow* a, const JobRow* b) {
            return a->progress.next_run_at < b->progress.next_run_at;
        });
        due.resize(std::min(limit, due.size()));
        return ask_each(due, change);
    });
}

inline MaterialiseResult
ReferenceStorage::revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change) {
    return atomically([&] {
        std::vector<JobRow*> earlier;
        for (JobRow& job : tables_.jobs)
            if (!job.removed && job.definition->status == JobStatus::active && job.progress.next_run_at &&
                !job.progress.tzdata_version.empty() && job.progress.tzdata_version < tzdata_version)
                earlier.push_back(&job);
        earlier.resize(std::min(limit, earlier.size()));
        return ask_each(earlier, change);
    });
}

inline MaterialiseResult ReferenceStorage::ask_each(const std::vector<JobRow*>& jobs, const ChangeJob& change) {
    MaterialiseResult result;
    for (JobRow* job : jobs) {
        ++result.jobs;
        const JobWrite written = write(*job, change({*job->definition, job->progress}, key_state(*job)));
        if (written.event) result.events.push_back(*written.event);
    }
    return result;
}

// ---- reading -------------------------------------------------------------------------------------------------------

namespace contract {

[[nodiscard]] inline std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

[[nodiscard]] inline bool matches(const ScheduledJob& job, const JobQuery& query) {
    return (!query.status || job.status == *query.status) &&
           (!query.action_type || job.action_type == *query.action_type) &&
           (!query.search || lower_case(job.name).find(lower_case(*query.search)) != std::string::npos);
}

[[nodiscard]] inline bool listed_before(const JobCursor& a, const JobCursor& b, JobSort sort) {
    const Instant a_next = a.next_run_at.value_or(Instant::max());
    const Instant b_next = b.next_run_at.value_or(Instant::max());
    switch (sort) {
    case JobSort::name: return std::tie(a.name, a.id) < std::tie(b.name, b.id);
    case JobSort::next_run: return std::tie(a_next, a.id) < std::tie(b_next, b.id);
    case JobSort::newest: break;
    }
    return std::tie(b.created_at, b.id) < std::tie(a.created_at, a.id);
}

} // namespace contract

inline std::optional<ScheduledJob> ReferenceStorage::find_job(const std::string& tenant, const JobId& id) const {
    return found_where([&](const JobDefinition& job) { return job.tenant_id == tenant && job.id == id; });
}

inline std::optional<ScheduledJob> ReferenceStorage::find_job_by_idempotency_key(const std::string& tenant,
                                                                                 const std::string& key) const {
    return found_where([&](const JobDefinition& job) { return job.tenant_id == tenant && job.idempotency_key == key; });
}

inline std::vector<ScheduledJob> ReferenceStorage::list_jobs(const std::string& tenant, const JobQuery& query) const {
    const std::lock_guard lock(mutex_);
    std::vector<ScheduledJob> listed;
    for (const JobRow& row : tables_.jobs) {
        const ScheduledJob job = row.job();
        const bool behind = !query.after || contract::listed_before(*query.after, job, query.sort);
        if (!row.removed && job.tenant_id == tenant && contract::matches(job, query) && behind) listed.push_back(job);
    }
    std::sort(listed.begin(), listed.end(), [&](const ScheduledJob& a, const ScheduledJob& b) {
        return contract::listed_before(a, b, query.sort);
    });
    return contract::cut(listed, query.offset, query.limit);
}

inline std::size_t ReferenceStorage::count_jobs(const std::string& tenant, std::optional<JobStatus> status) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(tables_.jobs.begin(), tables_.jobs.end(), [&](const JobRow& job) {
        return !job.removed && job.definition->tenant_id == tenant && (!status || job.definition->status == *status);
    }));
}

inline std::vector<AuditEvent> ReferenceStorage::list_audit(const std::string& tenant, const AuditQuery& query) const {
    const std::lock_guard lock(mutex_);
    std::vector<AuditEvent> listed;
    for (const AuditEvent& event : tables_.audit)
        if (event.tenant_id == tenant && (!query.job_id || event.job_id == *query.job_id) &&
            (!query.actor || event.actor == *query.actor) && (!query.verb || event.verb == *query.verb) &&
            (!query.after || event.id < *query.after))
            listed.push_back(event);
    std::sort(listed.begin(), listed.end(), [](const AuditEvent& a, const AuditEvent& b) { return b.id < a.id; });
    return contract::cut(listed, query.offset, query.limit);
}

} // namespace carillon::testing
