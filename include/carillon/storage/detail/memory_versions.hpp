// SPDX-License-Identifier: MIT
// storage/detail/memory_versions.hpp - which cursors of MemoryStorage an earlier time zone database has computed.
//
// They are counted by release, so that as a rule one look tells that there are none.
#pragma once

#include "carillon/storage/memory.hpp"

#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// Brings the counts up to date with the job's cursor and status.
template <class Void>
void BasicMemoryStorage<Void>::count_version(JobRow& job) {
    const bool counts = job.due_counts() && !job.progress.tzdata_version.empty();
    if (counts && job.version && job.version->first == job.progress.tzdata_version) return;
    if (job.version && --job.version->second == 0) versions_.erase(job.version->first);
    job.version = nullptr;
    if (!counts) return;
    job.version = &*versions_.try_emplace(job.progress.tzdata_version).first;
    ++job.version->second;
}

/// Goes on where it ended the last time.
template <class Void>
auto BasicMemoryStorage<Void>::jobs_before_version(const std::string& tzdata_version, std::size_t limit)
    -> std::vector<JobRow*> {
    std::vector<JobRow*> found;
    if (versions_.empty() || versions_.begin()->first >= tzdata_version) return found;
    auto job = jobs_.find(revision_cursor_);
    for (std::size_t visited = 0; visited < jobs_.size() && found.size() < limit; ++visited) {
        if (job == jobs_.end()) job = jobs_.begin();
        if (job->second.version && job->second.version->first < tzdata_version) found.push_back(&job->second);
        ++job;
    }
    revision_cursor_ = job == jobs_.end() ? JobId{} : job->first;
    return found;
}

template <class Void>
auto BasicMemoryStorage<Void>::revise_cursors(const std::string& tzdata_version,
                                              std::size_t limit,
                                              const ChangeJob& change) -> MaterialiseResult {
    const WriteLock lock(*this);
    MaterialiseResult result;
    for (JobRow* job : jobs_before_version(tzdata_version, limit)) {
        ++result.jobs;
        if (auto event = write(*job, change(job->view(), key_state(*job)), nullptr, result.ended))
            result.events.push_back(std::move(*event));
    }
    return result;
}

} // namespace carillon
