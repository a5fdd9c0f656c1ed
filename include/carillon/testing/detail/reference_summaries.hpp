// SPDX-License-Identifier: MIT
// testing/detail/reference_summaries.hpp - how ReferenceStorage sums up: what has become of runs, and what is due.
#pragma once

#include "carillon/testing/reference_storage.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace carillon::testing::contract {

inline std::vector<RunOutcome> ReferenceStorage::list_outcomes(const std::string& tenant, const RunQuery& query) const {
    const std::vector<JobRun> runs = list_runs(tenant, query);
    return {runs.begin(), runs.end()};
}

inline std::vector<std::vector<RunOutcome>>
ReferenceStorage::recent_outcomes(const std::string& tenant, const std::vector<JobId>& jobs, std::size_t n) const {
    std::vector<std::vector<RunOutcome>> all;
    for (const JobId& id : jobs) {
        auto runs = list_runs(tenant, id, {.limit = most_looked_at_for_outcomes});
        std::erase_if(runs, [](const JobRun& run) { return !is_terminal(run.status); });
        if (runs.size() > n) runs.resize(n);
        all.emplace_back(runs.rbegin(), runs.rend());
    }
    return all;
}

inline DueCount ReferenceStorage::due(const std::string& tenant, Instant by, std::size_t cap) const {
    const std::lock_guard lock(mutex_);
    std::vector<Instant> moments;
    for (const Run& run : tables_.runs)
        if (run.tenant_id == tenant && run.is_pending() && run.not_before <= by) moments.push_back(run.not_before);
    for (const Job& job : tables_.jobs)
        if (job.is_of(tenant) && job.has_cursor() && job.cursor() <= by) moments.push_back(job.cursor());
    DueCount due{{std::min(moments.size(), cap), moments.size() > cap}};
    if (!moments.empty()) due.oldest = *std::min_element(moments.begin(), moments.end());
    return due;
}

} // namespace carillon::testing::contract
