// SPDX-License-Identifier: MIT
// testing/detail/reference_rows.hpp - the rows of ReferenceStorage, and how it searches, sorts and pages them.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

// ---- queries -------------------------------------------------------------------------------------------------------

template <class Rows, class Match>
[[nodiscard]] auto rows_where(Rows& rows, Match match) {
    std::vector<decltype(rows.data())> found;
    for (auto& row : rows)
        if (match(row)) found.push_back(&row);
    return found;
}

/// The first of them, or null.
template <class Rows, class Match>
[[nodiscard]] auto row_where(Rows& rows, Match match) -> decltype(rows.data()) {
    for (auto& row : rows)
        if (match(row)) return &row;
    return nullptr;
}

template <class T>
[[nodiscard]] bool contains(const std::vector<T>& values, const T& value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// Leaves rows that are equal in the order in which they came.
template <class Row, class Before>
void sort_rows(std::vector<Row*>& rows, Before before) {
    std::stable_sort(rows.begin(), rows.end(), [&](const Row* a, const Row* b) { return before(*a, *b); });
}

[[nodiscard]] inline std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

// ---- rows ----------------------------------------------------------------------------------------------------------

struct ReferenceJob {
    std::shared_ptr<const JobDefinition> definition{};
    JobProgress progress{};
    bool removed = false;

    [[nodiscard]] ScheduledJob snapshot() const { return {*definition, progress}; }
    [[nodiscard]] JobView view() const { return {*definition, progress}; }
    [[nodiscard]] bool is_of(const std::string& tenant) const { return !removed && definition->tenant_id == tenant; }
    [[nodiscard]] bool is(const std::string& tenant, const JobId& id) const {
        return is_of(tenant) && definition->id == id;
    }
    [[nodiscard]] bool has_key(const std::string& tenant, const std::string& key) const {
        return is_of(tenant) && !key.empty() && definition->key == key;
    }
    [[nodiscard]] bool has_idempotency_key(const std::string& tenant, const std::string& key) const {
        return is_of(tenant) && definition->idempotency_key == key;
    }
    [[nodiscard]] bool is_repeated_by(const JobDefinition& job) const {
        return job.idempotency_key && has_idempotency_key(job.tenant_id, *job.idempotency_key);
    }
    [[nodiscard]] bool has_cursor() const {
        return !removed && definition->status == JobStatus::active && progress.next_run_at;
    }
    [[nodiscard]] Instant cursor() const { return progress.next_run_at.value_or(Instant::max()); }
    [[nodiscard]] bool is_listed_by(const JobQuery& query) const;
};

/// A run in the ledger.
struct ReferenceRun : JobRun {
    SteadyTime lease_until{};

    [[nodiscard]] bool is_pending() const { return status == JobRunStatus::pending; }
    [[nodiscard]] bool is_running() const { return status == JobRunStatus::running; }
    [[nodiscard]] bool is_owned_by(const RunRef& ref) const {
        return is_running() && id == ref.id && fence == ref.fence;
    }
    [[nodiscard]] bool shares_key(const KeyRef& other) const { return key_of(*this) == other; }
    [[nodiscard]] bool is_occurrence_of(const JobId& job) const {
        return job_id == job && trigger == RunTrigger::schedule;
    }
    [[nodiscard]] bool is_listed_by(const RunQuery& query) const {
        return (!query.status || status == *query.status) && (!query.reason || reason == *query.reason) &&
               (!query.action_type || action_type == *query.action_type) &&
               (!query.from || scheduled_for >= *query.from) && (!query.to || scheduled_for < *query.to);
    }
    /// The first reason counts.
    void request_stop(RunReason why) {
        if (is_running() && !std::exchange(stop_requested, true)) reason = why;
    }
};

[[nodiscard]] inline KeyRef key_of(const JobDefinition& job) {
    const std::string& key = job.policies.overlap.concurrency_key;
    return {job.tenant_id, key, key.empty() ? job.id : JobId{}};
}

// ---- listings ------------------------------------------------------------------------------------------------------

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

inline bool ReferenceJob::is_listed_by(const JobQuery& query) const {
    return (!query.status || definition->status == *query.status) &&
           (!query.action_type || definition->action_type == *query.action_type) &&
           (!query.failing || (progress.consecutive_failures > 0) == *query.failing) &&
           (!query.search || lower_case(definition->name).find(lower_case(*query.search)) != std::string::npos) &&
           (!query.after || listed_before(*query.after, snapshot(), query.sort));
}

[[nodiscard]] inline ScheduledJob copy_of(const ReferenceJob& job) {
    return job.snapshot();
}
[[nodiscard]] inline JobRun copy_of(const ReferenceRun& run) {
    return run;
}
[[nodiscard]] inline AuditEvent copy_of(const AuditEvent& event) {
    return event;
}

template <class Row>
[[nodiscard]] auto copy_of(const Row* row) {
    return row ? std::optional(copy_of(*row)) : std::nullopt;
}

/// The rows from the query's offset on, up to its limit.
template <class Row, class Query>
[[nodiscard]] auto page_of(const std::vector<Row*>& rows, const Query& query) {
    std::vector<decltype(copy_of(*rows.front()))> page;
    for (std::size_t i = query.offset; i < rows.size() && page.size() < query.limit; ++i)
        page.push_back(copy_of(*rows[i]));
    return page;
}

} // namespace carillon::testing::contract
