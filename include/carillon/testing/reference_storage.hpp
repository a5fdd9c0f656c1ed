// SPDX-License-Identifier: MIT
// testing/reference_storage.hpp - the storage contract as the plainest program that keeps it.
//
// Three vectors, searched from end to end by each operation: slow, and so short that it can be held against the prose
// of storage.hpp clause by clause. What a backend answers is compared with what this answers, and who writes a backend
// can begin here: docs/writing-a-storage.md goes through it.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/testing/detail/reference_rows.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

/// Keeps everything in this process, leases on the steady time of `clock`. Thread-safe, one operation at a time. Has no
/// watch.
class ReferenceStorage {
    using Job = ReferenceJob;
    using Run = ReferenceRun;

public:
    explicit ReferenceStorage(std::shared_ptr<const Clock> clock)
        : clock_(std::move(clock)) {}

    // ---- writing jobs ----------------------------------------------------------------------------------------------

    InsertResult insert_jobs(std::vector<NewJob> jobs) {
        const std::lock_guard lock(mutex_);
        const Tables before = tables_;
        InsertResult result;
        for (NewJob& job : jobs) {
            const Job* earlier =
                row_where(tables_.jobs, [&](const Job& other) { return other.is_repeated_by(*job.definition); });
            if (earlier && earlier->definition->spec_fingerprint != job.definition->spec_fingerprint) {
                tables_ = before;
                return {.conflict = result.jobs.size()};
            }
            if (earlier) {
                result.jobs.push_back({.job = earlier->snapshot()});
                continue;
            }
            tables_.jobs.push_back({.definition = job.definition, .progress = job.progress});
            job.event.after = job.definition;
            tables_.audit.push_back(job.event);
            result.jobs.push_back({.job = tables_.jobs.back().snapshot(), .event = job.event});
        }
        return result;
    }

    JobWrite put_job(const std::string& tenant, const std::string& key, const PutJob& change) {
        return atomically([&]() -> JobWrite {
            if (Job* job = row_where(tables_.jobs, [&](const Job& each) { return each.has_key(tenant, key); })) {
                const JobView view = job->view();
                return write(*job, change(&view, key_state(*job)));
            }
            JobChange created = change(nullptr, {});
            if (!created.definition) return {};
            tables_.jobs.push_back({.definition = created.definition});
            JobWrite written = write(tables_.jobs.back(), std::move(created));
            if (written.event) written.event->before = tables_.audit.back().before = nullptr;
            return written;
        });
    }

    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change) {
        return atomically([&]() -> std::optional<JobWrite> {
            Job* job = row_where(tables_.jobs, [&](const Job& each) { return each.is(tenant, id); });
            if (!job) return std::nullopt;
            return write(*job, change(job->view(), key_state(*job)));
        });
    }

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) {
        return atomically([&] {
            auto due =
                rows_where(tables_.jobs, [&](const Job& job) { return job.has_cursor() && job.cursor() <= now; });
            sort_rows(due, [](const Job& a, const Job& b) { return a.cursor() < b.cursor(); });
            return ask_each(due, limit, change);
        });
    }

    MaterialiseResult revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change) {
        return atomically([&] {
            const auto earlier = rows_where(tables_.jobs, [&](const Job& job) {
                const std::string& version = job.progress.tzdata_version;
                return job.has_cursor() && !version.empty() && version < tzdata_version;
            });
            return ask_each(earlier, limit, change);
        });
    }

    // ---- what workers ask for --------------------------------------------------------------------------------------

    ClaimResult claim(const ClaimRequest& request) {
        const std::lock_guard lock(mutex_);
        ClaimResult claimed;
        std::set<RunId> passed;
        std::string turn = request.after_tenant;
        while (claimed.runs.size() < request.limit) {
            Run* run = next_to_claim(request, turn, passed);
            if (!run) break;
            passed.insert(run->id);
            if (has_expired(*run, request.now)) {
                settle(*run, total_timeout(*run, request.now));
            } else if (has_slot(*run)) {
                start(*run, request);
                claimed.runs.push_back({*run, job_of(*run).definition});
                turn = run->tenant_id;
            } else if (run->skip_when_busy) {
                run->blocked_by = row_where(tables_.runs, [&](const Run& other) {
                                      return other.is_running() && other.shares_key(key_of(*run));
                                  })->id;
                settle(*run, {.status = JobRunStatus::skipped, .reason = RunReason::overlapped, .at = request.now});
            }
            if (is_terminal(run->status)) claimed.ended.push_back(*run);
        }
        return claimed;
    }

    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) {
        const std::lock_guard lock(mutex_);
        std::vector<HeartbeatAnswer> answers;
        for (const RunRef& ref : runs) {
            Run* run = row_where(tables_.runs, [&](const Run& each) { return each.is_owned_by(ref); });
            if (run) run->lease_until = lease_now() + lease;
            const bool stop = run && run->stop_requested;
            if (!run || stop) answers.push_back({.run = ref, .lost = !run, .stop_requested = stop});
        }
        return answers;
    }

    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) {
        const std::lock_guard lock(mutex_);
        std::vector<FinishAnswer> answers;
        for (const RunFinish& finish : finishes) {
            Run* run = row_where(tables_.runs, [&](const Run& each) { return each.is_owned_by(finish.run); });
            if (run) settle(*run, finish.to);
            answers.push_back(run ? FinishAnswer{true, run->status, run->reason} : FinishAnswer{});
        }
        return answers;
    }

    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) {
        return atomically([&] {
            const auto lost = rows_where(
                tables_.runs, [&](const Run& run) { return run.is_running() && run.lease_until <= lease_now(); });
            return settle_each(
                lost, limit, [&](const Run& run) { return after_abandon(run, *job_of(run).definition); });
        });
    }

    std::vector<JobRun> expire(Instant now, std::size_t limit) {
        const std::lock_guard lock(mutex_);
        auto expired =
            rows_where(tables_.runs, [&](const Run& run) { return run.is_pending() && has_expired(run, now); });
        sort_rows(expired, [](const Run& a, const Run& b) { return a.expires_at < b.expires_at; });
        return settle_each(expired, limit, [&](const Run& run) { return total_timeout(run, now); });
    }

    [[nodiscard]] std::optional<Instant> next_due(const ClaimFilter& filter, Instant now) const {
        const std::lock_guard lock(mutex_);
        std::vector<Instant> moments;
        for (const Job* job : rows_where(tables_.jobs, [](const Job& each) { return each.has_cursor(); }))
            moments.push_back(job->cursor());
        for (const Run& run : tables_.runs) {
            const bool can_go = run.skip_when_busy || has_slot(run);
            if (!run.is_pending() || !can_go || is_held_back(run, filter)) continue;
            const Duration wait = rate_wait(run, filter.limits);
            moments.push_back(wait > Duration{0} ? std::max(run.not_before, now + wait) : run.not_before);
        }
        const auto earliest = std::min_element(moments.begin(), moments.end());
        return earliest == moments.end() ? std::nullopt : std::optional(*earliest);
    }

    [[nodiscard]] SteadyTime lease_now() const { return clock_->steady_now(); }

    std::optional<RunWrite> modify_run(const std::string& tenant, const RunId& id, const ChangeRun& change) {
        return atomically([&]() -> std::optional<RunWrite> {
            Run* run =
                row_where(tables_.runs, [&](const Run& each) { return each.tenant_id == tenant && each.id == id; });
            if (!run) return std::nullopt;
            RunChange wanted = change(*run);
            if (wanted.transition && !is_terminal(run->status)) settle(*run, *wanted.transition);
            if (wanted.request_stop) run->request_stop(wanted.stop_reason);
            if (wanted.event) {
                const Job& job = job_of(*run);
                if (!job.removed) wanted.event->before = wanted.event->after = job.definition;
                tables_.audit.push_back(*wanted.event);
            }
            return RunWrite{*run, wanted.event};
        });
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    [[nodiscard]] std::optional<ScheduledJob> find_job(const std::string& tenant, const JobId& id) const {
        const std::lock_guard lock(mutex_);
        return copy_of(row_where(tables_.jobs, [&](const Job& job) { return job.is(tenant, id); }));
    }

    [[nodiscard]] std::optional<ScheduledJob> find_job_by_idempotency_key(const std::string& tenant,
                                                                          const std::string& key) const {
        const std::lock_guard lock(mutex_);
        return copy_of(row_where(tables_.jobs, [&](const Job& job) { return job.has_idempotency_key(tenant, key); }));
    }

    [[nodiscard]] std::vector<ScheduledJob> list_jobs(const std::string& tenant, const JobQuery& query) const {
        const std::lock_guard lock(mutex_);
        auto jobs =
            rows_where(tables_.jobs, [&](const Job& job) { return job.is_of(tenant) && job.is_listed_by(query); });
        sort_rows(jobs,
                  [&](const Job& a, const Job& b) { return listed_before(a.snapshot(), b.snapshot(), query.sort); });
        return page_of(jobs, query);
    }

    [[nodiscard]] std::size_t count_jobs(const std::string& tenant, std::optional<JobStatus> status) const {
        const std::lock_guard lock(mutex_);
        const auto counts = [&](const Job& job) {
            return job.is_of(tenant) && (!status || job.definition->status == *status);
        };
        return rows_where(tables_.jobs, counts).size();
    }

    [[nodiscard]] Count count_jobs(const std::string& tenant, const JobQuery& query, std::size_t cap) const {
        const std::lock_guard lock(mutex_);
        JobQuery anywhere = query;
        anywhere.after.reset();
        const std::size_t all = rows_where(tables_.jobs, [&](const Job& job) {
                                    return job.is_of(tenant) && job.is_listed_by(anywhere);
                                }).size();
        return {std::min(all, cap), all > cap};
    }

    [[nodiscard]] std::optional<JobRun> find_run(const std::string& tenant, const RunId& id) const {
        const std::lock_guard lock(mutex_);
        return copy_of(
            row_where(tables_.runs, [&](const Run& run) { return run.tenant_id == tenant && run.id == id; }));
    }

    [[nodiscard]] std::vector<JobRun>
    list_runs(const std::string& tenant, const JobId& id, const RunQuery& query) const {
        const std::lock_guard lock(mutex_);
        auto runs = rows_where(tables_.runs, [&](const Run& run) {
            return run.tenant_id == tenant && run.job_id == id && run.is_listed_by(query) &&
                   (!query.after || run.id < query.after->id);
        });
        sort_rows(runs, [](const Run& a, const Run& b) { return b.id < a.id; });
        return page_of(runs, query);
    }

    [[nodiscard]] std::vector<JobRun> list_runs(const std::string& tenant, const RunQuery& query) const {
        if (query.job_id) return list_runs(tenant, *query.job_id, query);
        const std::lock_guard lock(mutex_);
        auto runs = rows_where(tables_.runs, [&](const Run& run) {
            return run.tenant_id == tenant && run.is_listed_by(query) &&
                   (!query.after || RunCursor(run) < *query.after);
        });
        sort_rows(runs, [](const Run& a, const Run& b) { return RunCursor(b) < RunCursor(a); });
        return page_of(runs, query);
    }

    [[nodiscard]] Count count_runs(const std::string& tenant, const RunQuery& query, std::size_t cap) const {
        const std::lock_guard lock(mutex_);
        const std::size_t all = rows_where(tables_.runs, [&](const Run& run) {
                                    return run.tenant_id == tenant && run.is_listed_by(query) &&
                                           (!query.job_id || run.job_id == *query.job_id);
                                }).size();
        return {std::min(all, cap), all > cap};
    }

    [[nodiscard]] std::vector<RunOutcome> list_outcomes(const std::string& tenant, const RunQuery& query) const;
    [[nodiscard]] std::vector<std::vector<RunOutcome>>
    recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const;
    [[nodiscard]] DueCount due(const std::string& tenant, Instant by, std::size_t cap) const;

    [[nodiscard]] std::optional<JobRun> find_occurrence(const std::string& tenant, const JobId& id, Instant at) const {
        const std::lock_guard lock(mutex_);
        return copy_of(row_where(tables_.runs, [&](const Run& run) {
            return run.tenant_id == tenant && run.is_occurrence_of(id) && run.scheduled_for <= at &&
                   at <= last_occurrence(run);
        }));
    }

    [[nodiscard]] std::vector<AuditEvent> list_audit(const std::string& tenant, const AuditQuery& query) const {
        const std::lock_guard lock(mutex_);
        auto events = rows_where(tables_.audit, [&](const AuditEvent& event) {
            return event.tenant_id == tenant && (!query.job_id || event.job_id == *query.job_id) &&
                   (!query.actor || event.actor == *query.actor) && (!query.verb || event.verb == *query.verb) &&
                   (!query.from || event.at >= *query.from) && (!query.to || event.at < *query.to) &&
                   (!query.via || event.via == *query.via) && (!query.batch || event.batch == *query.batch) &&
                   (!query.request_id || event.request_id == *query.request_id) &&
                   (!query.after || event.id < *query.after);
        });
        sort_rows(events, [](const AuditEvent& a, const AuditEvent& b) { return b.id < a.id; });
        return page_of(events, query);
    }

    // ---- forgetting ------------------------------------------------------------------------------------------------

    std::size_t purge(const Retention& retention, Instant now, std::size_t limit) {
        const std::lock_guard lock(mutex_);
        auto events =
            rows_where(tables_.audit, [&](const AuditEvent& event) { return event.at < now - retention.audit; });
        events.resize(std::min(limit, events.size()));
        std::vector<AuditId> gone;
        for (const AuditEvent* event : events)
            gone.push_back(event->id);
        std::erase_if(tables_.audit, [&](const AuditEvent& event) { return contains(gone, event.id); });
        std::size_t deleted = gone.size();
        for (Job& job : tables_.jobs)
            deleted += purge_runs(job, retention, now, limit - deleted);
        return deleted;
    }

    // ---- for comparing another storage with this one ---------------------------------------------------------------

    /// Takes over another storage's choice of the run that blocked this one, where the contract leaves the choice.
    void set_blocker(const RunId& id, const RunId& blocker) {
        const std::lock_guard lock(mutex_);
        Run* run = row_where(tables_.runs, [&](const Run& each) { return each.id == id; });
        const Run* other = row_where(tables_.runs, [&](const Run& each) { return each.id == blocker; });
        if (run && other && other->is_running() && other->shares_key(key_of(*run))) run->blocked_by = blocker;
    }

private:
    struct Tables {
        std::vector<Job> jobs;
        std::vector<Run> runs; // in order of arrival
        std::vector<AuditEvent> audit;
        std::map<std::string, SteadyTime> spent_until; // of action types that have a rate
    };

    /// Runs `operation` and puts everything back as it was where that throws.
    template <class Operation>
    std::invoke_result_t<Operation> atomically(Operation operation) {
        const std::lock_guard lock(mutex_);
        const Tables before = tables_;
        try {
            return operation();
        } catch (...) {
            tables_ = before;
            throw;
        }
    }

    /// Removed ones included.
    Job& job_of(const JobRun& run) {
        return *row_where(tables_.jobs, [&](const Job& job) { return job.definition->id == run.job_id; });
    }

    MaterialiseResult ask_each(const std::vector<Job*>& jobs, std::size_t limit, const ChangeJob& change);
    JobWrite write(Job& job, JobChange change);
    std::optional<JobRun> add_run(const Job& job, const JobRun& run, const std::optional<Instant>& high_water);
    std::vector<JobRun> stop_runs(const Job& job, StopScope scope, Instant at);
    void rewind(Job& job, Instant to);
    [[nodiscard]] KeyState key_state(const Job& job) const;

    [[nodiscard]] bool has_slot(const Run& run) const;
    [[nodiscard]] bool is_full(const Run& run, const ClaimLimits& limits) const;
    [[nodiscard]] Duration rate_wait(const Run& run, const ClaimLimits& limits) const;
    [[nodiscard]] bool is_held_back(const Run& run, const ClaimFilter& filter) const;
    Run* next_to_claim(const ClaimRequest& request, const std::string& turn, const std::set<RunId>& passed);
    void start(Run& run, const ClaimRequest& request);
    void settle(Run& run, const RunTransition& to);
    template <class Transition>
    std::vector<JobRun> settle_each(const std::vector<Run*>& runs, std::size_t limit, Transition transition);

    [[nodiscard]] bool is_referred_to(const JobRun& run) const;
    std::size_t purge_runs(Job& job, const Retention& retention, Instant now, std::size_t limit);

    std::shared_ptr<const Clock> clock_;
    mutable std::mutex mutex_;
    Tables tables_;
};

} // namespace carillon::testing::contract

namespace carillon::testing {
using contract::ReferenceStorage;
}

#include "carillon/testing/detail/reference_changes.hpp"
#include "carillon/testing/detail/reference_summaries.hpp"
