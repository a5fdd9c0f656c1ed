// SPDX-License-Identifier: MIT
// storage/detail/memory_rows.hpp - the tables of MemoryStorage: rows that point at each other, and the heaps over
// them.
//
//   TenantRow 1-n JobRow 1-n RunRow n-1 KeyRow
//
// A pending run is in exactly one place: `delayed` until its time, `ready` to be claimed, or `waiting` for its key.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/detail/indexed_heap.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::detail {

enum class Place : std::uint8_t { nowhere, delayed, ready, waiting, running, gone };

struct LowerPriority {
    int than;
};

/// A template of nothing, so that a program pays to compile it where it uses it.
template <class Void>
struct MemoryRows {

    struct JobRow;
    struct RunRow;
    struct KeyRow;
    struct TenantRow;
    struct TypeRow;

    struct EarlierRun {
        using is_transparent = void;
        bool operator()(const RunRow* a, const RunRow* b) const noexcept { return place(a) < place(b); }
        bool operator()(const RunRow* a, const RunCursor& b) const noexcept { return place(a) < b; }
        bool operator()(const RunCursor& a, const RunRow* b) const noexcept { return a < place(b); }
        [[nodiscard]] static RunCursor place(const RunRow* row) noexcept { return row->run; }
    };

    using RunsByTime = std::set<RunRow*, EarlierRun>;

    struct RunRow {
        JobRun run;
        JobRow* job = nullptr;
        KeyRow* key = nullptr;
        TypeRow* type = nullptr;
        /// Among the open runs of the key, in order of arrival.
        RunRow* older = nullptr;
        RunRow* newer = nullptr;
        SteadyTime lease_until{};
        /// In the heap that `place` names.
        std::size_t position = not_in_heap;
        std::size_t expiry_position = not_in_heap;
        Place place = Place::nowhere;
        /// How many other runs name this one as `retry_of` or `blocked_by`.
        std::uint32_t references = 0;
        typename RunsByTime::iterator listed; ///< among the tenant's open runs, or those that have ended
    };

    /// The place of a run in the order of claiming, within a tenant.
    struct ClaimPlace {
        int priority;
        Instant not_before;
        RunId id;
        friend bool operator<(const ClaimPlace& a, const ClaimPlace& b) noexcept {
            return std::tie(b.priority, a.not_before, a.id) < std::tie(a.priority, b.not_before, b.id);
        }
    };
    struct ClaimPlaceOf {
        ClaimPlace operator()(const RunRow& row) const noexcept {
            return {row.run.priority, row.run.not_before, row.run.id};
        }
    };

    struct ClaimedSooner {
        using is_transparent = void;
        bool operator()(const RunRow& a, const RunRow& b) const noexcept {
            return ClaimPlaceOf{}(a) < ClaimPlaceOf{}(b);
        }
        bool operator()(const RunRow* a, const RunRow* b) const noexcept { return (*this)(*a, *b); }
        bool operator()(const RunRow* a, LowerPriority b) const noexcept { return a->run.priority >= b.than; }
    };

    /// By action type: a run that no worker can execute must not keep others waiting.
    using WaitingRuns = std::map<std::string, std::set<RunRow*, ClaimedSooner>>;

    /// What excludes each other: the open runs of one concurrency key.
    struct KeyRow {
        std::size_t pending = 0;
        std::size_t running = 0;
        RunRow* oldest = nullptr;
        RunRow* newest = nullptr;

        void attach(RunRow* row) noexcept {
            row->key = this;
            row->older = newest;
            row->newer = nullptr;
            (newest ? newest->newer : oldest) = row;
            newest = row;
            ++pending;
        }

        void detach(RunRow* row) noexcept {
            (row->older ? row->older->newer : oldest) = row->newer;
            (row->newer ? row->newer->older : newest) = row->older;
            row->older = row->newer = nullptr;
        }

        [[nodiscard]] bool has_slot(const RunRow& row) const noexcept {
            return row.run.slots == 0 || running < row.run.slots;
        }

        void wait(RunRow* row) {
            if (!waiting_) waiting_ = std::make_unique<WaitingRuns>();
            (*waiting_)[row->run.action_type].insert(row);
            row->place = Place::waiting;
            most_slots_ = std::max(most_slots_, row->run.slots);
        }

        void stop_waiting(RunRow* row) {
            const auto type = waiting_->find(row->run.action_type);
            type->second.erase(row);
            if (type->second.empty()) waiting_->erase(type);
            if (waiting_->empty()) most_slots_ = 0;
            row->place = Place::nowhere;
        }

        /// The first waiting run of each action type that finds a slot, and those of lower priority that were due
        /// before it, since the wall clock may have been set back to a moment between the two.
        [[nodiscard]] std::vector<RunRow*> next_of_waiting() const {
            std::vector<RunRow*> next;
            if (running >= most_slots_) return next;
            for (const auto& [type, rows] : *waiting_) {
                Instant earliest = Instant::max();
                for (auto row = rows.begin(); row != rows.end();) {
                    if (!has_slot(**row)) {
                        ++row;
                        continue;
                    }
                    if ((*row)->run.not_before < earliest) next.push_back(*row);
                    earliest = std::min(earliest, (*row)->run.not_before);
                    row = rows.lower_bound(LowerPriority{(*row)->run.priority});
                }
            }
            return next;
        }

        [[nodiscard]] RunRow* oldest_running() const noexcept {
            RunRow* row = oldest;
            while (row && row->place != Place::running)
                row = row->newer;
            return row;
        }

    private:
        std::unique_ptr<WaitingRuns> waiting_; // most keys never have one
        std::uint32_t most_slots_ = 0;         // no waiting run has more
    };

    /// How many cursors were computed with which release of the time zone database.
    using VersionCounts = std::map<std::string, std::size_t>;

    /// Where a job stands in the order of creation, also when it is gone.
    struct JobPlace {
        Instant created_at;
        JobId id;
        friend auto operator<=>(const JobPlace&, const JobPlace&) = default;
    };

    struct NewestJobFirst {
        using is_transparent = void;
        [[nodiscard]] static JobPlace place(const JobRow* row) noexcept {
            return {row->definition->created_at, row->definition->id};
        }
        bool operator()(const JobRow* a, const JobRow* b) const noexcept { return place(b) < place(a); }
        bool operator()(const JobRow* a, const JobPlace& b) const noexcept { return b < place(a); }
        bool operator()(const JobPlace& a, const JobRow* b) const noexcept { return place(b) < a; }
    };

    using NewestJobs = std::set<JobRow*, NewestJobFirst>;

    /// In the order by name. Transparent, so that a page can begin behind a job that is gone.
    struct NamedFirst {
        using is_transparent = void;
        using Key = std::pair<std::string_view, JobId>;
        [[nodiscard]] static Key key(const JobRow* row) noexcept {
            return {row->definition->name, row->definition->id};
        }
        bool operator()(const JobRow* a, const JobRow* b) const noexcept { return key(a) < key(b); }
        bool operator()(const JobRow* a, const Key& b) const noexcept { return key(a) < b; }
        bool operator()(const Key& a, const JobRow* b) const noexcept { return a < key(b); }
    };

    /// In the order by next run, as it was when the job was put there; last without one.
    struct NextRunPlace {
        Instant at;
        JobId id;
        JobRow* job;
        [[nodiscard]] static Instant of(const std::optional<Instant>& next_run_at) noexcept {
            return next_run_at.value_or(Instant::max());
        }
        friend bool operator<(const NextRunPlace& a, const NextRunPlace& b) noexcept {
            return std::tie(a.at, a.id) < std::tie(b.at, b.id);
        }
    };

    struct JobRow {
        std::shared_ptr<const JobDefinition> definition;
        JobProgress progress;
        TenantRow* tenant = nullptr;
        KeyRow own_key;
        std::size_t due_position = not_in_heap;
        typename NewestJobs::iterator listed;                    ///< among the tenant's jobs of its status
        typename std::set<NextRunPlace>::iterator listed_next{}; ///< where the tenant keeps them in that order
        /// Sorted by id; all of them, terminal ones included.
        std::vector<RunRow*> runs;
        /// The scheduled ones, in order of their occurrences.
        std::vector<RunRow*> ledger;
        /// Scheduled runs that were never claimed.
        std::size_t unstarted = 0;
        /// Where the cursor is counted.
        typename VersionCounts::pointer version = nullptr;
        std::unique_ptr<std::unordered_map<std::string, RunRow*>> triggers_by_key;
        bool removed = false;
        bool is_failing = false; ///< among the tenant's failing jobs

        [[nodiscard]] ScheduledJob snapshot() const { return ScheduledJob{*definition, progress}; }
        [[nodiscard]] JobView view() const noexcept { return {*definition, progress}; }
        /// The first scheduled row that begins behind `at`.
        [[nodiscard]] auto behind(Instant at) const {
            if (ledger.empty() || ledger.back()->run.scheduled_for <= at) return ledger.end(); // nearly always
            return std::upper_bound(ledger.begin(), ledger.end(), at, [](Instant instant, const RunRow* row) {
                return instant < row->run.scheduled_for;
            });
        }
        /// The scheduled row before that place, unless one that came between has been purged.
        [[nodiscard]] RunRow* row_before(typename std::vector<RunRow*>::const_iterator place) const {
            if (place == ledger.begin()) return nullptr;
            RunRow* row = *std::prev(place);
            return last_occurrence(row->run) >= progress.purged_until ? row : nullptr;
        }
        [[nodiscard]] bool due_counts() const noexcept {
            return !removed && definition->status == JobStatus::active && progress.next_run_at.has_value();
        }
    };

    struct TenantRow {
        std::string name;
        std::array<NewestJobs, 4> jobs_by_status;
        NewestJobs failing_jobs;
        /// From the first time on that somebody lists them so: an order costs each job memory and each plan time.
        std::optional<std::set<JobRow*, NamedFirst>> jobs_by_name;
        std::optional<std::set<NextRunPlace>> jobs_by_next_run;
        std::unordered_map<std::string, JobRow*> jobs_by_key;
        std::unordered_map<std::string, JobRow*> jobs_by_idempotency_key;
        std::unordered_map<std::string, std::unique_ptr<KeyRow>> keys;
        RunsByTime open_runs;
        RunsByTime ended_runs;
        std::deque<AuditEvent> audit;
        std::size_t running = 0;
        /// Where it waits for one of its running runs to end.
        std::vector<TypeRow*> held_in;

        [[nodiscard]] RunsByTime& runs_like(const JobRun& run) {
            return is_terminal(run.status) ? ended_runs : open_runs;
        }
        [[nodiscard]] auto& jobs_with(JobStatus status) { return jobs_by_status[static_cast<std::size_t>(status)]; }
        [[nodiscard]] const auto& jobs_with(JobStatus status) const {
            return jobs_by_status[static_cast<std::size_t>(status)];
        }
    };

    struct DueAt {
        Instant operator()(const JobRow& row) const noexcept { return *row.progress.next_run_at; }
    };
    struct NotBefore {
        Instant operator()(const RunRow& row) const noexcept { return row.run.not_before; }
    };
    struct LeaseEnd {
        SteadyTime operator()(const RunRow& row) const noexcept { return row.lease_until; }
    };
    struct ExpiresAt {
        Instant operator()(const RunRow& row) const noexcept { return *row.run.expires_at; }
    };

    using DueHeap = IndexedHeap<JobRow, &JobRow::due_position, DueAt>;
    using DelayedHeap = IndexedHeap<RunRow, &RunRow::position, NotBefore>;
    using ReadyHeap = IndexedHeap<RunRow, &RunRow::position, ClaimPlaceOf>;
    using LeaseHeap = IndexedHeap<RunRow, &RunRow::position, LeaseEnd>;
    using ExpiryHeap = IndexedHeap<RunRow, &RunRow::expiry_position, ExpiresAt>;

    struct ByName {
        using is_transparent = void;
        bool operator()(const TenantRow* a, const TenantRow* b) const noexcept { return a->name < b->name; }
        bool operator()(const TenantRow* a, const std::string& b) const noexcept { return a->name < b; }
        bool operator()(const std::string& a, const TenantRow* b) const noexcept { return a < b->name; }
    };
    /// What each tenant has ready, in the order in which they take turns. No heap is empty.
    using ReadyRuns = std::map<TenantRow*, ReadyHeap, ByName>;

    /// An action type: its runs that no worker has yet, and what limits are judged by.
    struct TypeRow {
        DelayedHeap delayed;
        /// By the limit that the tenant was last found to have reached, so that a claim passes over all of those at
        /// once; 0: none. A tenant is in one of them, and in the first again when a run of it ends.
        std::map<std::size_t, ReadyRuns> ready;
        std::size_t running = 0;
        SteadyTime spent_until{};
        /// A claim has found that as many are running as its limit says: somebody waits for an end.
        bool found_full = false;
    };
};

} // namespace carillon::detail
