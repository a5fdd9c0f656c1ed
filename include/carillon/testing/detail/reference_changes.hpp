// SPDX-License-Identifier: MIT
// testing/detail/reference_changes.hpp - what the operations of ReferenceStorage have in common: how a job is written,
// how a run is chosen, started and ended, and which rows are too old.
#pragma once

#include "carillon/testing/reference_storage.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

// ---- jobs ----------------------------------------------------------------------------------------------------------

inline MaterialiseResult
ReferenceStorage::ask_each(const std::vector<Job*>& jobs, std::size_t limit, const ChangeJob& change) {
    MaterialiseResult result;
    for (Job* job : jobs) {
        if (result.jobs == limit) break;
        ++result.jobs;
        const JobWrite written = write(*job, change(job->view(), key_state(*job)));
        if (written.event) result.events.push_back(*written.event);
        result.ended.insert(result.ended.end(), written.ended.begin(), written.ended.end());
    }
    return result;
}

inline JobWrite ReferenceStorage::write(Job& job, JobChange change) {
    for (const JobRun& run : change.runs)
        for (const Run& earlier : tables_.runs)
            if (run.idempotency_key && earlier.job_id == run.job_id && earlier.idempotency_key == run.idempotency_key)
                return {.job = job.snapshot(), .runs = {earlier}};
    JobWrite written;
    const auto before = job.definition;
    auto high_water = job.progress.high_water;
    written.ended = stop_runs(job, change.stop, change.at);
    if (change.definition) job.definition = change.definition;
    if (change.progress) job.progress = *change.progress;
    if (change.rewind_to) {
        high_water = std::min(high_water, change.rewind_to);
        rewind(job, *change.rewind_to);
    }
    for (const JobRun& run : change.runs)
        if (const auto row = add_run(job, run, high_water)) written.runs.push_back(*row);
    job.removed = change.remove;
    if (change.event) {
        change.event->before = before;
        if (!change.remove) change.event->after = job.definition;
        tables_.audit.push_back(*change.event);
    }
    written.event = change.event;
    written.job = job.snapshot();
    return written;
}

/// The row in the ledger: a new one, or the skip row that it extends; nothing where the occurrence is there already.
inline std::optional<JobRun>
ReferenceStorage::add_run(const Job& job, const JobRun& run, const std::optional<Instant>& high_water) {
    if (run.trigger == RunTrigger::schedule) {
        if (high_water && run.scheduled_for <= *high_water) return std::nullopt;
        auto rows = rows_where(tables_.runs, [&](const Run& row) {
            return row.is_occurrence_of(run.job_id) && row.scheduled_for <= run.scheduled_for;
        });
        sort_rows(rows, [](const Run& a, const Run& b) { return a.scheduled_for < b.scheduled_for; });
        // Where a later one has been purged, the last that is left is not the one directly before.
        Run* before =
            !rows.empty() && last_occurrence(*rows.back()) >= job.progress.purged_until ? rows.back() : nullptr;
        if (before && before->scheduled_for == run.scheduled_for) return std::nullopt;
        if (before && extends_skip_row(*before, run)) {
            extend_skip_row(*before, run);
            return *before;
        }
    }
    tables_.runs.push_back({run, {}});
    return run;
}

/// Returns those that have ended with it.
inline std::vector<JobRun> ReferenceStorage::stop_runs(const Job& job, StopScope scope, Instant at) {
    std::vector<JobRun> ended;
    if (scope == StopScope::none) return ended;
    const auto reason = scope == StopScope::key ? RunReason::cancel_previous : RunReason::deleted;
    for (Run& run : tables_.runs) {
        const bool meant =
            scope == StopScope::key ? run.shares_key(key_of(*job.definition)) : run.job_id == job.definition->id;
        if (!meant) continue;
        run.request_stop(reason);
        if (!run.is_pending()) continue;
        settle(run, {.status = JobRunStatus::cancelled, .reason = reason, .at = at});
        ended.push_back(run);
    }
    return ended;
}

inline void ReferenceStorage::rewind(Job& job, Instant to) {
    const auto lies_behind = [&](const Run& run, Instant at) {
        return run.is_occurrence_of(job.definition->id) && at > to;
    };
    std::erase_if(tables_.runs,
                  [&](const Run& run) { return lies_behind(run, run.scheduled_for) && never_started(run); });
    for (Run& run : tables_.runs)
        if (run.status == JobRunStatus::skipped && run.scheduled_for <= to && lies_behind(run, last_occurrence(run)))
            cut_skip_row(run, to); // one that begins behind it was started once, and stays
    if (job.progress.purged_until > to) job.progress.purged_until = to;
}

inline KeyState ReferenceStorage::key_state(const Job& job) const {
    KeyState state;
    for (const Run& run : tables_.runs) {
        if (is_terminal(run.status)) continue;
        if (run.is_occurrence_of(job.definition->id) && !run.started_at) ++state.unstarted;
        if (!run.shares_key(key_of(*job.definition))) continue;
        ++(run.is_pending() ? state.pending : state.running);
        if (!state.busy_with) state.busy_with = run.id;
    }
    return state;
}

// ---- claiming ------------------------------------------------------------------------------------------------------

inline bool ReferenceStorage::has_slot(const Run& run) const {
    const auto beside =
        rows_where(tables_.runs, [&](const Run& other) { return other.is_running() && other.shares_key(key_of(run)); });
    return run.slots == 0 || beside.size() < run.slots;
}

/// What `values` has for a key; else what stands for no limit.
template <class T>
[[nodiscard]] T limit_of(const std::map<std::string, T>& values, const std::string& key) {
    const auto at = values.find(key);
    return at == values.end() ? T{} : at->second;
}

/// Whether as many of its tenant or type are running as may be.
inline bool ReferenceStorage::is_full(const Run& run, const ClaimLimits& limits) const {
    const auto running = rows_where(tables_.runs, [](const Run& other) { return other.is_running(); });
    const auto of_tenant = std::count_if(
        running.begin(), running.end(), [&](const Run* other) { return other->tenant_id == run.tenant_id; });
    const auto of_type = std::count_if(
        running.begin(), running.end(), [&](const Run* other) { return other->action_type == run.action_type; });
    const std::size_t most_of_type = limit_of(limits.per_type, run.action_type);
    return (limits.per_tenant > 0 && static_cast<std::size_t>(of_tenant) >= limits.per_tenant) ||
           (most_of_type > 0 && static_cast<std::size_t>(of_type) >= most_of_type);
}

/// How long until its type may start one more.
inline Duration ReferenceStorage::rate_wait(const Run& run, const ClaimLimits& limits) const {
    const SteadyTime opens =
        rate_opens_at(limit_of(limits.rates, run.action_type), limit_of(tables_.spent_until, run.action_type));
    return opens > lease_now() ? opens - lease_now() : Duration{0};
}

inline bool ReferenceStorage::is_held_back(const Run& run, const ClaimFilter& filter) const {
    return !contains(filter.action_types, run.action_type) || is_full(run, filter.limits) ||
           contains(filter.except_keys, key_of(run));
}

/// The first run in order that was not passed over already: of the first tenant behind `turn`, all tenants in a ring.
inline ReferenceStorage::Run*
ReferenceStorage::next_to_claim(const ClaimRequest& request, const std::string& turn, const std::set<RunId>& passed) {
    const Instant due_by = std::min(request.now, request.due_by.value_or(request.now));
    auto runs = rows_where(tables_.runs, [&](const Run& run) {
        return run.is_pending() && run.not_before <= due_by && !passed.contains(run.id) &&
               !is_held_back(run, request.filter) && rate_wait(run, request.filter.limits) == Duration{0};
    });
    const auto place = [&](const Run& run) {
        return std::tuple<bool, const std::string&, int, Instant, const RunId&>(
            run.tenant_id <= turn, run.tenant_id, -run.priority, run.not_before, run.id);
    };
    const auto first =
        std::min_element(runs.begin(), runs.end(), [&](const Run* a, const Run* b) { return place(*a) < place(*b); });
    return first == runs.end() ? nullptr : *first;
}

inline void ReferenceStorage::start(Run& run, const ClaimRequest& request) {
    Job& job = job_of(run);
    if (run.trigger == RunTrigger::schedule && !run.started_at) ++job.progress.started_runs;
    run.status = JobRunStatus::running;
    run.worker = request.worker;
    run.started_at = request.now;
    run.blocked_by.reset();
    ++run.fence;
    ++run.attempt;
    run.delivery = job.definition->policies.delivery;
    run.lease_until = lease_now() + request.lease;
    SteadyTime& spent = tables_.spent_until[run.action_type];
    spent = rate_spent_until(limit_of(request.filter.limits.rates, run.action_type), spent, lease_now());
}

// ---- ending --------------------------------------------------------------------------------------------------------

inline void ReferenceStorage::settle(Run& run, const RunTransition& to) {
    apply(run, to);
    if (!is_terminal(run.status)) return;
    Job& job = job_of(run);
    count_end(job.progress, run, to);
    const bool wants_cursor = run.trigger == RunTrigger::schedule && job.definition->fixed_delay && !job.removed &&
                              job.definition->status == JobStatus::active && !job.progress.next_run_at;
    if (!wants_cursor) return;
    job.progress.next_run_at = cursor_after_delay(job.progress, to.at, *job.definition->fixed_delay);
}

template <class Transition>
std::vector<JobRun>
ReferenceStorage::settle_each(const std::vector<Run*>& runs, std::size_t limit, Transition transition) {
    std::vector<JobRun> settled;
    for (Run* run : runs) {
        if (settled.size() == limit) break;
        settle(*run, transition(*run));
        settled.push_back(*run);
    }
    return settled;
}

// ---- retention -----------------------------------------------------------------------------------------------------

inline bool ReferenceStorage::is_referred_to(const JobRun& run) const {
    return std::any_of(tables_.runs.begin(), tables_.runs.end(), [&](const Run& other) {
        return other.retry_of == run.id || other.blocked_by == run.id;
    });
}

/// Goes through the job's runs from the oldest on.
inline std::size_t ReferenceStorage::purge_runs(Job& job, const Retention& retention, Instant now, std::size_t limit) {
    const auto ended_by = [](const JobRun& run, Instant at) {
        return run.completed_at.value_or(run.scheduled_for) < at;
    };
    const auto old = [&](const JobRun& run) {
        return ended_by(run, now - retention.rule_of(run.status).age.value_or(retention.runs));
    };
    const auto counts = [&](const JobRun& run) {
        const bool counted = run.status != JobRunStatus::skipped || retention.rule_of(run.status).per_job;
        return counted && !old(run) && !is_referred_to(run);
    };
    // Statuses with a number of their own are counted by themselves, the others together.
    const auto counted_with = [&](const JobRun& run) {
        return retention.rule_of(run.status).per_job ? run.status : JobRunStatus::pending;
    };
    auto rows = rows_where(tables_.runs, [&](const Run& run) {
        const bool remembered = run.idempotency_key && !ended_by(run, now - retention.idempotency_keys);
        return run.job_id == job.definition->id && is_terminal(run.status) && !remembered;
    });
    sort_rows(rows, [](const Run& a, const Run& b) { return a.id < b.id; });
    std::vector<JobRun> runs;
    for (const Run* row : rows)
        runs.push_back(*row);
    std::map<JobRunStatus, std::size_t> surplus;
    for (const JobRun& run : runs)
        if (counts(run)) ++surplus[counted_with(run)];
    for (auto& [status, count] : surplus)
        count -= std::min(count, retention.rule_of(status).per_job.value_or(retention.runs_per_job));
    std::size_t deleted = 0;
    for (const JobRun& run : runs) {
        if (deleted == limit) break;
        const bool beyond = counts(run) && surplus[counted_with(run)] > 0;
        if (!beyond && !old(run)) continue;
        if (beyond) --surplus[counted_with(run)];
        ++deleted;
        std::erase_if(tables_.runs, [&](const Run& row) { return row.id == run.id; });
        if (run.trigger == RunTrigger::schedule)
            job.progress.purged_until = std::max(job.progress.purged_until, std::optional(last_occurrence(run)));
    }
    return deleted;
}

} // namespace carillon::testing::contract
