// SPDX-License-Identifier: MIT
// storage/detail/memory_outcomes.hpp - how MemoryStorage sums up: what has become of runs, and what is due.
#pragma once

#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

template <class Void>
auto BasicMemoryStorage<Void>::recent_outcomes(const std::string& tenant,
                                               const std::vector<JobId>& jobs,
                                               std::size_t n) const -> std::vector<std::vector<RunOutcome>> {
    const std::lock_guard lock(mutex_);
    std::vector<std::vector<RunOutcome>> all(jobs.size());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto job = jobs_.find(jobs[i]);
        if (job == jobs_.end() || job->second.tenant->name != tenant) continue;
        std::size_t looked_at = 0;
        walk_runs_of(job->second, {}, [&](const JobRun& run) {
            if (all[i].size() == n || looked_at++ == most_looked_at_for_outcomes) return false;
            if (is_terminal(run.status)) all[i].emplace_back(run);
            return true;
        });
        std::reverse(all[i].begin(), all[i].end());
    }
    return all;
}

/// Looks at the due jobs of all tenants: they are in one heap.
template <class Void>
DueCount BasicMemoryStorage<Void>::due(const std::string& tenant, Instant by, std::size_t cap) const {
    const std::lock_guard lock(mutex_);
    DueCount due;
    std::size_t looked_at = 0;
    const auto look_at = [&](Instant at, bool counts) {
        if (looked_at++ == cap) {
            due.count.capped = true;
            return false;
        }
        if (!counts || at > by) return true;
        ++due.count.n;
        due.oldest = std::min(due.oldest.value_or(at), at);
        return true;
    };
    const auto row = tenants_.find(tenant);
    if (row == tenants_.end()) return due;
    for (const RunRow* run : row->second.open_runs)
        if (run->run.status == JobRunStatus::pending && !look_at(run->run.not_before, true)) break;
    looked_at = 0;
    due_.each_until(by,
                    [&](const JobRow& job) { return look_at(*job.progress.next_run_at, job.tenant == &row->second); });
    return due;
}

} // namespace carillon
