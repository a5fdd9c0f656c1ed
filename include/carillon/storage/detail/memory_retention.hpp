// SPDX-License-Identifier: MIT
// storage/detail/memory_retention.hpp - how MemoryStorage forgets.
#pragma once

#include "carillon/storage/detail/purge_rules.hpp"
#include "carillon/storage/memory.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace carillon {

/// Takes a run that has ended out of everything but the tables of its job.
template <class Void>
void BasicMemoryStorage<Void>::mark_gone(RunRow& row) {
    JobRow& job = *row.job;
    row.place = detail::Place::gone;
    job.tenant->ended_runs.erase(row.listed);
    if (row.run.idempotency_key && job.triggers_by_key) job.triggers_by_key->erase(*row.run.idempotency_key);
    count_reference(row.run.blocked_by, -1);
    count_reference(row.run.retry_of, -1);
}

template <class Void>
void BasicMemoryStorage<Void>::erase_gone(JobRow& job) {
    const auto is_gone = [](const RunRow* row) {
        return row->place == detail::Place::gone;
    };
    std::erase_if(job.ledger, is_gone);
    std::erase_if(job.runs, [&](const RunRow* row) { return is_gone(row) && runs_.erase(RunId(row->run.id)) > 0; });
}

template <class Void>
std::size_t BasicMemoryStorage<Void>::purge_runs(JobRow& job, const detail::PurgeRules& rules, std::size_t limit) {
    const auto counts = [&](const RunRow& row) {
        return rules.may_go(row.run) && !rules.is_old(row.run) && row.references == 0;
    };
    std::array<std::size_t, detail::PurgeRules::groups> excess{};
    if (job.runs.size() > rules.least_most())
        for (const RunRow* row : job.runs)
            if (counts(*row)) ++excess[rules.group_of(row->run)];
    for (std::size_t group = 0; group < excess.size(); ++group)
        excess[group] -= std::min(excess[group], rules.most_of(group));
    std::size_t deleted = 0;
    for (RunRow* row : job.runs) {
        if (deleted == limit) break;
        std::size_t& surplus = excess[rules.group_of(row->run)];
        const bool too_many = surplus > 0 && counts(*row);
        if (!too_many && !(rules.may_go(row->run) && rules.is_old(row->run))) continue;
        if (too_many) --surplus;
        if (row->run.trigger == RunTrigger::schedule)
            job.progress.purged_until = std::max(job.progress.purged_until, std::optional(last_occurrence(row->run)));
        mark_gone(*row);
        ++deleted;
    }
    if (deleted > 0) erase_gone(job);
    return deleted;
}

template <class Void>
std::size_t BasicMemoryStorage<Void>::purge(const Retention& retention, Instant now, std::size_t limit) {
    const WriteLock lock(*this);
    const detail::PurgeRules rules(retention, now);
    std::size_t deleted = 0;
    for (auto& [name, tenant] : tenants_) {
        while (deleted < limit && !tenant.audit.empty() && tenant.audit.front().at < now - retention.audit) {
            tenant.audit.pop_front();
            ++deleted;
        }
    }
    auto job = jobs_.find(purge_cursor_);
    if (job == jobs_.end()) job = jobs_.begin();
    std::size_t seen = 0; // rows: the lock is held meanwhile
    for (std::size_t visited = 0; job != jobs_.end() && visited < limit && deleted < limit && seen < 10 * limit;
         ++visited) {
        seen += job->second.runs.size();
        deleted += purge_runs(job->second, rules, limit - deleted);
        if (job->second.removed && job->second.runs.empty())
            job = jobs_.erase(job);
        else
            ++job;
    }
    purge_cursor_ = job == jobs_.end() ? JobId{} : job->first;
    return deleted;
}

} // namespace carillon
