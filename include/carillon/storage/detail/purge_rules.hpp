// SPDX-License-Identifier: MIT
// storage/detail/purge_rules.hpp - what Retention means for one run, looked up by its status.
#pragma once

#include "carillon/model/run.hpp"
#include "carillon/storage/query.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace carillon::detail {

class PurgeRules {
public:
    /// Rows of one group are counted together, up to `most_of` it.
    static constexpr std::size_t groups = 9;

    PurgeRules(const Retention& retention, Instant now)
        : keys_until_(now - retention.idempotency_keys) {
        most_.fill(retention.runs_per_job);
        most_[uncounted] = SIZE_MAX;
        for (std::size_t i = 0; i < of_status_.size(); ++i) {
            const auto status = static_cast<JobRunStatus>(i);
            const RetentionRule rule = retention.rule_of(status);
            of_status_[i] = {now - rule.age.value_or(retention.runs),
                             status == JobRunStatus::skipped ? uncounted : in_general};
            if (!rule.per_job) continue;
            of_status_[i].group = i;
            most_[i] = *rule.per_job;
        }
    }

    /// Whether nothing but the age or number of a run keeps it.
    [[nodiscard]] bool may_go(const JobRun& run) const {
        return is_terminal(run.status) && (!run.idempotency_key || end_of(run) < keys_until_);
    }
    [[nodiscard]] bool is_old(const JobRun& run) const { return end_of(run) < of(run).until; }
    [[nodiscard]] std::size_t group_of(const JobRun& run) const { return of(run).group; }
    [[nodiscard]] std::size_t most_of(std::size_t group) const { return most_[group]; }
    /// A job with no more rows than that has none too many.
    [[nodiscard]] std::size_t least_most() const { return *std::min_element(most_.begin(), most_.end()); }
    /// Whether rows of a terminal status are counted in it.
    [[nodiscard]] bool is_used(std::size_t group) const {
        for (std::size_t i = 0; i < of_status_.size(); ++i)
            if (of_status_[i].group == group && is_terminal(static_cast<JobRunStatus>(i))) return true;
        return false;
    }

private:
    static constexpr std::size_t in_general = 7;
    static constexpr std::size_t uncounted = 8;
    struct OfStatus {
        Instant until;
        std::size_t group;
    };

    [[nodiscard]] static Instant end_of(const JobRun& run) { return run.completed_at.value_or(run.scheduled_for); }
    [[nodiscard]] const OfStatus& of(const JobRun& run) const {
        return of_status_[static_cast<std::size_t>(run.status)];
    }

    std::array<OfStatus, 7> of_status_{}; // as many as there are statuses
    std::array<std::size_t, groups> most_{};
    Instant keys_until_;
};

} // namespace carillon::detail
