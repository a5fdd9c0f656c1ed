// SPDX-License-Identifier: MIT
// detail/schedule_cache.hpp - parsed schedules of the jobs that were looked at lately.
#pragma once

#include "carillon/error.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/job.hpp"
#include "carillon/schedule/schedule.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace carillon::detail {

/// The name under which a job has its places in time, wherever it is stored: what `put_job` knows it by, else its id.
[[nodiscard]] inline std::string hash_key(const JobDefinition& job) {
    return job.key.empty() ? job.id.str() : job.tenant_id + "/" + job.key;
}

/// How the schedule text of a job is to be read.
[[nodiscard]] inline ScheduleOptions schedule_options(const JobDefinition& job) {
    ScheduleOptions options;
    options.time_zone = job.time_zone;
    options.dialect = job.dialect;
    options.dst = job.dst;
    options.hash_key = hash_key(job);
    options.anchor = job.start_at.value_or(job.created_at);
    return options;
}

/// Thread-safe; bounded. Forgets what it parsed before the time zone database changed.
class ScheduleCache {
public:
    /// Throws Error where the text does not parse (any more: its zone may have gone).
    [[nodiscard]] Schedule schedule_of(const JobDefinition& job) {
        const Key key{job.revision, time_zone_generation()};
        {
            const std::lock_guard lock(mutex_);
            const auto at = entries_.find(job.id);
            if (at != entries_.end() && at->second.key == key) return at->second.schedule;
        }
        Schedule schedule = Schedule::parse(job.schedule, schedule_options(job)).value();
        const std::lock_guard lock(mutex_);
        if (entries_.size() >= capacity) entries_.clear();
        entries_.insert_or_assign(job.id, Entry{key, schedule});
        return schedule;
    }

    /// Empty where the text does not parse.
    [[nodiscard]] std::optional<Schedule> find_schedule_of(const JobDefinition& job) {
        try {
            return schedule_of(job);
        } catch (const Error&) {
            return std::nullopt;
        }
    }

private:
    static constexpr std::size_t capacity = 100'000;

    struct Key {
        std::uint64_t revision;
        std::uint64_t zone_generation;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Entry {
        Key key;
        Schedule schedule;
    };

    std::mutex mutex_;
    std::unordered_map<JobId, Entry> entries_;
};

} // namespace carillon::detail
