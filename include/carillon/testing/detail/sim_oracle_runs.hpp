// SPDX-License-Identifier: MIT
// testing/detail/sim_oracle_runs.hpp - how the oracle of a simulation judges what happens to runs, and the end.
#pragma once

#include "carillon/testing/detail/sim_oracle.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon::testing::sim {

// ---- runs ----------------------------------------------------------------------------------------------------------

inline Oracle::Run& Oracle::known(const RunId& id) {
    const auto at = runs_.find(id);
    require(at != runs_.end() && !at->second.gone, [&] { return "run " + id.str() + " appeared from nowhere"; });
    return at->second;
}

inline std::size_t Oracle::running_of(const KeyName& key) const {
    const auto at = running_.find(key);
    return at == running_.end() ? 0 : at->second;
}

/// Takes a row of the storage for what the run is now, if it may have become that. `executed`: a handler ran.
inline void Oracle::moved(Run& run, const JobRun& to, bool executed) {
    const JobRun& from = run.row;
    require(!is_terminal(from.status) || from == to, [&] { return name(from) + " changed after its end"; });
    require(to.fence >= from.fence, [&] { return name(from) + ": its fence went back"; });
    const bool was_running = from.status == JobRunStatus::running;
    const bool is_running = to.status == JobRunStatus::running;
    if (was_running && !is_running) --running_[key_name(from)];
    require(was_running || !is_running, [&] { return name(from) + " runs without a claim"; });
    if (!is_terminal(from.status) && is_terminal(to.status)) {
        open_.erase(from.id);
        if (!was_running) ended_.insert(from.id);
        Job& job = jobs_.at(from.job_id);
        const bool failed = to.status == JobRunStatus::failed || to.status == JobRunStatus::timed_out;
        executed = executed || (!was_running && to.status == JobRunStatus::timed_out && from.attempt > 0);
        if (executed) ++job.run_count;
        if (executed && failed) ++job.failure_count, ++job.consecutive_failures;
        if (executed && to.status == JobRunStatus::completed) job.consecutive_failures = 0;
    }
    if (!is_running) run.owner = World::nobody;
    run.row = to;
}

inline void Oracle::reread(Run& run, bool executed) {
    const auto row = storage_.find_run(run.row.tenant_id, run.row.id);
    require(row.has_value(), [&] { return name(run.row) + " is open and gone"; });
    moved(run, *row, executed);
}

inline void Oracle::reread_open_runs() {
    const std::vector<RunId> open(open_.begin(), open_.end());
    for (const RunId& id : open)
        reread(known(id));
}

inline void Oracle::run_changed(const RunId& id, const std::optional<AuditEvent>& event) {
    const auto at = runs_.find(id);
    if (at == runs_.end() || at->second.gone) return;
    const JobRun before = at->second.row;
    reread(at->second);
    require(event || at->second.row == before, [&] { return name(before) + " changed without an audit event"; });
    take_event(jobs_.at(before.job_id), event);
    ended_.clear(); // its caller gets the row
}

inline void Oracle::check_ended(const std::vector<JobRun>& ended) {
    for (const JobRun& row : ended) {
        require(ended_.erase(row.id) == 1, [&] { return name(row) + " is said to have ended by what did not end it"; });
        require(row == runs_.at(row.id).row, [&] { return name(row) + " is said to have ended as something else"; });
    }
    require(ended_.empty(), "a run has ended, and nobody was told");
}

// ---- claiming ------------------------------------------------------------------------------------------------------

inline bool Oracle::claimable(const Run& run, const ClaimRequest& request) const {
    const JobRun& row = run.row;
    const auto& types = request.filter.action_types;
    if (row.status != JobRunStatus::pending) return false;
    if (row.not_before > std::min(request.now, request.due_by.value_or(request.now))) return false;
    if (row.expires_at && *row.expires_at <= request.now) return false;
    if (std::find(types.begin(), types.end(), row.action_type) == types.end()) return false;
    return row.slots == 0 || running_of(key_name(row)) < row.slots;
}

/// Whose turn it is: the best of the first tenant behind `turn`, in a ring, that has something claimable.
inline const Oracle::Run* Oracle::next_run(const ClaimRequest& request, const std::string& turn) const {
    const auto place = [&](const JobRun& row) {
        return std::tuple(
            row.tenant_id <= turn, std::string_view(row.tenant_id), -row.priority, row.not_before, row.id);
    };
    const Run* best = nullptr;
    for (const RunId& id : open_) {
        const Run& run = runs_.at(id);
        if (claimable(run, request) && (!best || place(run.row) < place(best->row))) best = &run;
    }
    return best;
}

inline void Oracle::check_turn(const JobRun& claimed, const Run* expected) const {
    require(expected, [&] { return name(claimed) + " was claimed, and should not have been"; });
    require(expected->row.tenant_id == claimed.tenant_id,
            [&] { return name(claimed) + " was claimed while it was the turn of " + expected->row.tenant_id; });
    require(expected->row.id == claimed.id,
            [&] { return name(claimed) + " was claimed before " + name(expected->row); });
}

inline void Oracle::claimed(std::size_t node, const ClaimRequest& request, const ClaimResult& result) {
    const ClaimLimits& limits = request.filter.limits;
    const bool free =
        limits.per_tenant == 0 && limits.per_type.empty() && limits.rates.empty() && request.filter.except_keys.empty();
    std::string turn = request.after_tenant;
    for (const ClaimedRun& claim : result.runs) {
        Run& run = known(claim.run.id);
        require(request.now >= run.row.scheduled_for && request.now >= run.row.not_before,
                [&] { return name(claim.run) + " was claimed too early"; });
        if (free) check_turn(claim.run, next_run(request, turn));
        start(run, node, request, claim);
        turn = claim.run.tenant_id;
    }
    reread_open_runs(); // those that found their key busy or came too late have ended
    check_ended(result.ended);
    if (!free || result.runs.size() >= request.limit) return;
    const Run* left = next_run(request, turn);
    require(!left, [&] {
        return "a claim left behind what tenant " + (left ? left->row.tenant_id : "") + " had to be claimed";
    });
}

inline void Oracle::start(Run& run, std::size_t node, const ClaimRequest& request, const ClaimedRun& claim) {
    const JobRun& from = run.row;
    const JobRun& row = claim.run;
    Job& job = jobs_.at(from.job_id);
    require(from.status == JobRunStatus::pending,
            [&] { return name(from) + " was claimed while it was " + std::string(to_string(from.status)); });
    require(row.fence == from.fence + 1, [&] { return name(from) + ": its fence did not grow by one"; });
    const std::size_t beside = running_of(key_name(from));
    require(from.slots == 0 || beside < from.slots, [&] { return name(from) + " runs beside others of its key"; });
    require(run.owner == World::nobody, [&] { return name(from) + " has two owners"; });
    require(row.attempt == from.attempt + 1, [&] { return name(from) + ": its claim is not its next attempt"; });
    require(*claim.job == *job.definition,
            [&] { return name(from) + " was given another definition than its job has"; });
    if (from.fence == 0 && from.trigger == RunTrigger::schedule) ++job.started;
    require(job.started <= job.max_runs, [&] { return name(from) + " is one run more than its job allows"; });
    ++running_[key_name(from)];
    run.row = row;
    run.owner = node;
    run.lease_until = world_.now() + request.lease;
    run.claimed_job = claim.job;
    run.promised[row.fence] = claim.job->policies.delivery;
}

inline void
Oracle::heartbeat(const std::vector<RunRef>& refs, Duration lease, const std::vector<HeartbeatAnswer>& answers) {
    for (const RunRef& ref : refs) {
        const auto answer = std::find_if(
            answers.begin(), answers.end(), [&](const HeartbeatAnswer& other) { return other.run == ref; });
        const bool kept = answer == answers.end() || !answer->lost;
        const auto at = runs_.find(ref.id);
        const bool held = at != runs_.end() && !at->second.gone && at->second.row.status == JobRunStatus::running &&
                          at->second.row.fence == ref.fence;
        require(kept == held, [&] {
            return "run " + ref.id.str() + ": a heartbeat with fence " + std::to_string(ref.fence) +
                   (kept ? " was accepted, and should not have been" : " was refused by mistake");
        });
        if (kept) at->second.lease_until = world_.now() + lease;
    }
}

inline void
Oracle::finished(std::size_t, const std::vector<RunFinish>& finishes, const std::vector<FinishAnswer>& answers) {
    require(answers.size() == finishes.size(), "finish answered for other rows than it was asked");
    for (std::size_t i = 0; i < finishes.size(); ++i) {
        const RunRef& ref = finishes[i].run;
        const auto at = runs_.find(ref.id);
        const bool held = at != runs_.end() && !at->second.gone && at->second.row.status == JobRunStatus::running &&
                          at->second.row.fence == ref.fence;
        const std::string what = "run " + ref.id.str() + ": a finish with fence " + std::to_string(ref.fence);
        require(answers[i].accepted == held,
                [&] { return what + (held ? " was refused by mistake" : " was accepted, and should not have been"); });
        if (!held) {
            ++lost_leases_;
            continue;
        }
        Run& run = at->second;
        const Run before = run;
        reread(run, finishes[i].to.executed);
        require(run.row.status != JobRunStatus::running,
                [&] { return name(run.row) + ": a finish was accepted and not written"; });
        require(answers[i].status == run.row.status && answers[i].reason == run.row.reason,
                [&] { return name(run.row) + ": the answer to its finish says something else than the ledger"; });
        check_finish(before, run.row, finishes[i].to.at);
    }
}

inline void Oracle::check_renewed(const RunRef& ref) const {
    const auto at = runs_.find(ref.id);
    if (at == runs_.end() || at->second.row.status != JobRunStatus::running || at->second.row.fence != ref.fence)
        return;
    require(at->second.lease_until > world_.now(),
            [&] { return name(at->second.row) + ": its own worker reaps before it renews"; });
}

inline void Oracle::reaped(const std::vector<JobRun>& runs) {
    for (const JobRun& row : runs) {
        Run& run = known(row.id);
        require(run.row.status == JobRunStatus::running,
                [&] { return name(row) + " was reaped while it did not run"; });
        require(run.lease_until <= world_.now(), [&] { return name(row) + " was reaped while its lease lasted"; });
        check_abandon(run, row);
        moved(run, row, row.status == JobRunStatus::failed);
    }
    reread_open_runs();
}

inline void Oracle::expired(Instant now, const std::vector<JobRun>& runs) {
    for (const JobRun& row : runs) {
        Run& run = known(row.id);
        require(run.row.status == JobRunStatus::pending && run.row.expires_at && *run.row.expires_at <= now,
                [&] { return name(row) + " was expired, and had not"; });
        require(row.status == JobRunStatus::timed_out && row.reason == RunReason::total_timeout,
                [&] { return name(row) + " expired without saying so"; });
        moved(run, row);
    }
    check_ended(runs);
}

inline void Oracle::purged() {
    purges_ = true;
    for (auto& [id, run] : runs_) {
        if (run.gone || storage_.find_run(run.row.tenant_id, id)) continue;
        require(is_terminal(run.row.status), name(run.row) + " was purged while it was open");
        run.gone = true;
    }
}

// ---- handlers ------------------------------------------------------------------------------------------------------

inline void Oracle::entered(const JobRun& run, Instant node_now) {
    Run& entry = known(run.id);
    ++executions_;
    require(node_now >= run.scheduled_for, [&] { return name(run) + " entered its handler before its time"; });
    require(entry.entered.insert(run.fence).second,
            [&] { return name(run) + " entered a handler twice with one fence"; });
    // A node that froze between an earlier claim and its handler may come late: nobody can hold it back.
    const bool late = run.fence < entry.entered_once;
    require(entry.entered_once == 0 || late,
            [&] { return name(run) + " is delivered at most once and entered a handler again"; });
    if (entry.promised[run.fence] == DeliveryMode::at_most_once) entry.entered_once = run.fence;
}

inline void Oracle::returned(const RunRef& run, HandlerOutcome::Kind kind, bool asked_to_stop) {
    outcomes_[run] = {kind, asked_to_stop};
}

// ---- looking around, and the end -----------------------------------------------------------------------------------

inline std::vector<std::shared_ptr<const JobDefinition>> Oracle::jobs() const {
    std::vector<std::shared_ptr<const JobDefinition>> all;
    for (const auto& [id, job] : jobs_)
        if (!job.removed) all.push_back(job.definition);
    return all;
}

inline std::vector<JobRun> Oracle::open_runs() const {
    std::vector<JobRun> all;
    for (const RunId& id : open_)
        all.push_back(runs_.at(id).row);
    return all;
}

inline void Oracle::check_same_row(const Run& run) const {
    const auto row = storage_.find_run(run.row.tenant_id, run.row.id);
    if (run.gone) return require(!row, [&] { return name(run.row) + " was purged and is there again"; });
    require(row.has_value(), [&] { return name(run.row) + " is missing"; });
    require(*row == run.row, [&] { return name(run.row) + " is not as it was written"; });
}

inline void Oracle::check_end(bool came_to_rest) {
    for (const auto& [id, run] : runs_) {
        check_same_row(run);
        require(!came_to_rest || is_terminal(run.row.status),
                name(run.row) + " never ended; it is " + std::string(to_string(run.row.status)));
    }
    for (const auto& [id, job] : jobs_) {
        const std::string& tenant = job.definition->tenant_id;
        const std::string which = "job \"" + job.definition->name + "\": ";
        const auto stored = storage_.find_job(tenant, id);
        require(stored.has_value() != job.removed, which + "it is there and should not be, or the other way round");
        if (stored) {
            require(static_cast<const JobDefinition&>(*stored) == *job.definition, which + "not as it was written");
            require(stored->run_count == job.run_count,
                    which + "run_count is " + std::to_string(stored->run_count) + ", the ledger has " +
                        std::to_string(job.run_count));
            require(stored->failure_count == job.failure_count,
                    which + "failure_count is " + std::to_string(stored->failure_count) + ", the ledger has " +
                        std::to_string(job.failure_count));
        }
        const auto audit = storage_.list_audit(tenant, {.job_id = id, .limit = 100'000});
        require(audit.size() == job.events.size(),
                which + "has " + std::to_string(audit.size()) + " audit events after " +
                    std::to_string(job.events.size()) + " changes");
        for (const AuditEvent& event : job.events) {
            const auto same =
                std::find_if(audit.begin(), audit.end(), [&](const AuditEvent& other) { return other.id == event.id; });
            require(same != audit.end(), which + "an audit event is missing");
            const bool after = same->after ? event.after && *same->after == *event.after : !event.after;
            require(after, which + "an audit event does not show the job as the change left it");
        }
    }
}

} // namespace carillon::testing::sim
