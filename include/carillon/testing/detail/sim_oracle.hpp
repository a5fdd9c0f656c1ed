// SPDX-License-Identifier: MIT
// testing/detail/sim_oracle.hpp - who knows what really was written, and judges every step of a simulation by it.
//
// Told of each operation after the storage has carried it out, whether or not its caller gets the answer.
#pragma once

#include "carillon/detail/schedule_cache.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/occurrences.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/testing/any_storage.hpp"
#include "carillon/testing/detail/sim_world.hpp"
#include "carillon/worker/outcome.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon::testing::sim {

/// The tenant, and the key or, where that is empty, the job.
using KeyName = std::tuple<std::string, std::string, JobId>;

[[nodiscard]] inline KeyName key_name(const JobRun& run) {
    return {run.tenant_id, run.key, run.key.empty() ? run.job_id : JobId{}};
}

/// A change of a job as its pure function decided it, beside what it was decided about.
struct DecidedChange {
    std::shared_ptr<const JobDefinition> before{}; ///< null: a new job
    JobProgress progress_before{};
    KeyState key{};
    bool first_of_call = true; ///< nothing was written yet by the call that it is a part of
    JobChange change{};
};

class Oracle {
public:
    Oracle(World& world, AnyStorage& storage)
        : world_(world)
        , storage_(storage) {}

    // ---- what the storage has done

    void inserted(const NewJob& job);
    void changed(const DecidedChange& decided);
    void claimed(std::size_t node, const ClaimRequest& request, const ClaimResult& result);
    void heartbeat(const std::vector<RunRef>& refs, Duration lease, const std::vector<HeartbeatAnswer>& answers);
    void finished(std::size_t node, const std::vector<RunFinish>& finishes, const std::vector<FinishAnswer>& answers);
    /// A worker that is about to reap holds this run: it has seen to its lease before.
    void check_renewed(const RunRef& ref) const;
    void reaped(const std::vector<JobRun>& runs);
    void expired(Instant now, const std::vector<JobRun>& runs);
    /// Those that the last operation says it has ended are those that ended by it without having run.
    void check_ended(const std::vector<JobRun>& ended);
    void run_changed(const RunId& id, const std::optional<AuditEvent>& event);
    void purged();

    // ---- what the handlers have done

    void entered(const JobRun& run, Instant node_now);
    /// What the last claim of a run has handed out.
    [[nodiscard]] const JobDefinition& claimed_job(const RunId& id) const { return *runs_.at(id).claimed_job; }
    void returned(const RunRef& run, HandlerOutcome::Kind kind, bool asked_to_stop);

    // ---- at the end

    /// Everything is at rest: compares the storage with what was seen.
    void check_end(bool came_to_rest);

    [[nodiscard]] std::size_t occurrences() const noexcept { return occurrences_; }
    [[nodiscard]] std::size_t executions() const noexcept { return executions_; }
    [[nodiscard]] std::size_t lost_leases() const noexcept { return lost_leases_; }
    /// Jobs that have not been removed, for users to pick from.
    [[nodiscard]] std::vector<std::shared_ptr<const JobDefinition>> jobs() const;
    [[nodiscard]] std::vector<JobRun> open_runs() const;
    [[nodiscard]] const std::vector<RunId>& all_runs() const noexcept { return run_ids_; }
    [[nodiscard]] const JobRun& row(const RunId& id) const { return runs_.at(id).row; }

private:
    struct Job {
        std::shared_ptr<const JobDefinition> definition;
        JobProgress progress;
        bool removed = false;
        std::optional<RunId> last_scheduled;
        std::uint64_t run_count = 0;
        std::uint64_t failure_count = 0;
        std::uint64_t consecutive_failures = 0;
        std::uint64_t started = 0;  ///< scheduled runs
        std::uint64_t max_runs = 0; ///< the most that it ever allowed
        std::vector<AuditEvent> events;
    };
    struct Run {
        JobRun row;
        std::size_t owner = World::nobody;
        Duration lease_until{0};                            // true time
        std::shared_ptr<const JobDefinition> claimed_job{}; ///< as the claim handed it out
        std::map<std::uint64_t, DeliveryMode> promised{};   ///< by each claim, to its handler
        std::set<std::uint64_t> entered{};                  ///< the fences that handlers were entered with
        std::uint64_t entered_once = 0;                     ///< the one that was to be the last
        bool gone = false;
    };

    struct Outcome {
        HandlerOutcome::Kind kind = HandlerOutcome::Kind::returned;
        bool asked_to_stop = false; ///< before
    };

    void require(bool holds, const std::string& rule) const {
        if (!holds) world_.fail(rule);
    }
    /// The same, where the words would cost more than the check.
    template <std::invocable Rule>
    void require(bool holds, Rule rule) const {
        if (!holds) world_.fail(rule());
    }
    [[nodiscard]] static std::string name(const JobRun& run) {
        return "run " + run.id.str().substr(19) + " (" + run.tenant_id + ", for " + to_rfc3339(run.scheduled_for) + ")";
    }

    static void set_definition(Job& job, std::shared_ptr<const JobDefinition> definition);

    // the ledger
    void check_ledger(const DecidedChange& decided);
    void check_fixed_delay_ledger(const DecidedChange& decided, const std::vector<const JobRun*>& rows);
    void check_row(const JobRun& row, Occurrences& occurrences, Instant& at);
    void add_run(Job& job, const JobRun& run);
    void take_event(Job& job, const std::optional<AuditEvent>& event);

    // policies
    void check_misfires(const DecidedChange& decided) const;
    void check_overlap(const DecidedChange& decided) const;
    [[nodiscard]] std::size_t open_of(const KeyName& key) const;
    [[nodiscard]] static bool is_refused(const OverlapOptions& overlap, std::size_t busy);
    void check_failures(const Job& job, const DecidedChange& decided) const;
    void check_finish(const Run& run, const JobRun& to, Instant at) const;
    void check_given_back(const JobRun& from, const JobRun& to) const;
    void check_failed(const Run& run, const JobRun& to, Instant at) const;
    void check_abandon(const Run& run, const JobRun& to) const;

    // runs
    Run& known(const RunId& id);
    void reread(Run& run, bool executed = false);
    void reread_open_runs();
    void moved(Run& run, const JobRun& to, bool executed = false);
    void check_same_row(const Run& run) const;
    [[nodiscard]] std::size_t running_of(const KeyName& key) const;

    // claiming
    [[nodiscard]] bool claimable(const Run& run, const ClaimRequest& request) const;
    [[nodiscard]] const Run* next_run(const ClaimRequest& request, const std::string& turn) const;
    void check_turn(const JobRun& claimed, const Run* expected) const;
    void start(Run& run, std::size_t node, const ClaimRequest& request, const ClaimedRun& claim);

    World& world_;
    AnyStorage& storage_;
    carillon::detail::ScheduleCache schedules_;
    std::map<JobId, Job> jobs_;
    std::map<RunId, Run> runs_;
    std::vector<RunId> run_ids_;
    std::set<RunId> open_;
    std::set<RunId> ended_; ///< while they were pending, by the last operation
    std::map<KeyName, std::size_t> running_;
    std::map<RunRef, Outcome> outcomes_;
    std::size_t occurrences_ = 0;
    std::size_t executions_ = 0;
    std::size_t lost_leases_ = 0;
    bool purges_ = false;
};

// ---- jobs and the ledger -------------------------------------------------------------------------------------------

inline void Oracle::inserted(const NewJob& new_job) {
    Job& job = jobs_[new_job.definition->id];
    set_definition(job, new_job.definition);
    job.progress = new_job.progress;
    take_event(job, new_job.event);
}

inline void Oracle::set_definition(Job& job, std::shared_ptr<const JobDefinition> definition) {
    job.definition = std::move(definition);
    job.max_runs = std::max(job.max_runs, job.definition->max_runs.value_or(UINT64_MAX));
}

inline void Oracle::changed(const DecidedChange& decided) {
    const JobChange& change = decided.change;
    if (change.nothing()) return;
    if (!decided.before) return inserted({change.definition, change.progress.value_or(JobProgress{}), *change.event});
    Job& job = jobs_.at(decided.before->id);
    const bool asked_for = std::any_of(
        change.runs.begin(), change.runs.end(), [](const JobRun& run) { return run.trigger != RunTrigger::schedule; });
    require(change.event || (!change.definition && !asked_for), "a job changed without an audit event");
    if (change.progress && !change.rewind_to)
        require(change.progress->high_water >= decided.progress_before.high_water, "high_water went back");
    check_ledger(decided);
    check_misfires(decided);
    check_overlap(decided);
    check_failures(job, decided);
    if (change.definition) set_definition(job, change.definition);
    if (change.progress) {
        job.progress = *change.progress;
        job.consecutive_failures = change.progress->consecutive_failures;
    }
    for (const JobRun& run : change.runs)
        add_run(job, run);
    if (change.stop != StopScope::none) reread_open_runs();
    job.removed = job.removed || change.remove;
    take_event(job, change.event);
    const auto& next = job.progress.next_run_at;
    const bool behind = !next || !job.progress.high_water || *next > *job.progress.high_water;
    require(behind || job.progress.evaluation_failures > 0, "the cursor does not lie behind high_water");
    require(!next || job.definition->status == JobStatus::active, "a job that is not active has a cursor");
}

inline void Oracle::take_event(Job& job, const std::optional<AuditEvent>& event) {
    if (!event) return;
    job.events.push_back(*event);
    job.events.back().before = nullptr;
    job.events.back().after = job.removed ? nullptr : job.definition;
}

/// The rows of a change, in order, are the occurrences that its cursor has passed: all of them, each once.
inline void Oracle::check_ledger(const DecidedChange& decided) {
    std::vector<const JobRun*> rows;
    for (const JobRun& run : decided.change.runs)
        if (run.trigger == RunTrigger::schedule) rows.push_back(&run);
    const JobDefinition& job = *decided.before;
    if (job.fixed_delay) return check_fixed_delay_ledger(decided, rows);
    const Instant from = decided.progress_before.high_water.value_or(job.created_at);
    const Instant to = decided.change.progress ? decided.change.progress->high_water.value_or(from) : from;
    const Schedule schedule = schedules_.schedule_of(job);
    Occurrences occurrences(job, schedule);
    Instant at = from;
    for (const JobRun* row : rows)
        check_row(*row, occurrences, at);
    const auto left = occurrences.next(at);
    const bool exhausted = job.max_runs || job.status == JobStatus::completed;
    require(exhausted || !left || *left > to, [&] {
        return "job \"" + job.name + "\": the cursor passed " + to_rfc3339(left.value_or(at)) + " without a row";
    });
}

/// The row begins with the first occurrence after `at`, and moves it to the last one that it covers.
inline void Oracle::check_row(const JobRun& row, Occurrences& occurrences, Instant& at) {
    const auto first = occurrences.next(at);
    require(first == row.scheduled_for, [&] {
        return name(row) + ": the next occurrence is " + (first ? to_rfc3339(*first) : std::string("none"));
    });
    at = *first;
    std::uint64_t count = 1;
    const Instant last = row.status == JobRunStatus::skipped ? row.last.value_or(*first) : *first;
    for (auto next = occurrences.next(at); next && *next <= last; next = occurrences.next(at)) {
        at = *next;
        ++count;
    }
    require(at == last, [&] { return name(row) + ": its last, " + to_rfc3339(last) + ", is no occurrence"; });
    const bool exact = row.occurrences == count || (row.count_is_minimum && row.occurrences <= count);
    require(exact, [&] {
        return name(row) + ": stands for " + std::to_string(count) + ", says " + std::to_string(row.occurrences);
    });
    occurrences_ += count;
}

inline void Oracle::check_fixed_delay_ledger(const DecidedChange& decided, const std::vector<const JobRun*>& rows) {
    require(rows.size() <= 1, "a job with a fixed delay has several rows of one plan");
    const auto& high_water = decided.progress_before.high_water;
    for (const JobRun* row : rows)
        require(!high_water || row->scheduled_for > *high_water,
                [&] { return name(*row) + " lies at or before high_water"; });
    occurrences_ += rows.size();
}

inline void Oracle::add_run(Job& job, const JobRun& run) {
    const auto written = storage_.find_run(run.tenant_id, run.id);
    if (run.trigger != RunTrigger::schedule) {
        if (!written) return; // the idempotency key is known
    } else if (!written) {
        require(run.status == JobRunStatus::skipped && job.last_scheduled,
                [&] { return name(run) + " was not written"; });
        Run& last = known(*job.last_scheduled);
        const auto extended = storage_.find_run(run.tenant_id, last.row.id);
        require(extended && extended->last >= run.last && extended->reason == run.reason, [&] {
            return // more may have come
                name(run) + " was neither written nor added to the skip row before it";
        });
        last.row = *extended;
        return;
    }
    const auto planned = [](const JobRun& row) {
        return std::tie(row.scheduled_for, row.not_before, row.expires_at, row.key, row.slots, row.priority);
    };
    require(planned(*written) == planned(run),
            [&] { return name(run) + " was written as something else than was decided"; });
    Run& added = runs_[run.id];
    added.row = *written;
    run_ids_.push_back(run.id);
    if (run.trigger == RunTrigger::schedule) job.last_scheduled = run.id;
    if (!is_terminal(added.row.status)) open_.insert(run.id);
    if (is_terminal(added.row.status) && !is_terminal(run.status)) ended_.insert(run.id); // by a later plan of the call
}

} // namespace carillon::testing::sim

#include "carillon/testing/detail/sim_oracle_policies.hpp"
#include "carillon/testing/detail/sim_oracle_runs.hpp"
