// SPDX-License-Identifier: MIT
// detail/facade_core.hpp - what a facade and its workers share.
#pragma once

#include "carillon/audit_sinks.hpp"
#include "carillon/clock.hpp"
#include "carillon/detail/job_edit.hpp"
#include "carillon/detail/schedule_cache.hpp"
#include "carillon/planner.hpp"
#include "carillon/storage/storage.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

struct FacadeOptions {
    std::shared_ptr<Clock> clock = std::make_shared<SystemClock>();
    /// The zone and dialect of jobs that name none. An empty zone is UTC.
    std::string default_time_zone = "";
    CronDialect default_dialect = CronDialect::standard;
    Limits limits = {};
};

namespace detail {

template <Storage StorageT>
struct FacadeCore {
    FacadeCore(std::shared_ptr<StorageT> the_storage, FacadeOptions options)
        : storage(std::move(the_storage))
        , clock(std::move(options.clock))
        , defaults{std::move(options.default_time_zone), options.default_dialect, options.limits} {
        if (!storage) refuse(Errc::required, "storage", "must not be null");
        if (!clock) refuse(Errc::required, "clock", "must not be null");
        check_default_zone();
    }

    /// When the event is committed: at once, unless the storage takes part in a transaction of the host.
    void emit(const std::optional<AuditEvent>& event) const {
        if (!event) return;
        const auto listeners = sinks.current();
        if (listeners->empty()) return;
        if constexpr (requires { storage->after_commit([] {}); })
            storage->after_commit([listeners, event = *event] { SinkList::emit(*listeners, event); });
        else
            SinkList::emit(*listeners, *event);
    }

    /// Plans a due job; never throws for what is wrong with the job.
    [[nodiscard]] JobChange plan_due(const JobView& job, const KeyState& key, Instant now) {
        try {
            return plan(job, schedules.schedule_of(job.definition), key, now);
        } catch (const std::exception& error) {
            return back_off(job, error.what(), now);
        }
    }

    /// Empty where the host's source of time zones fails.
    [[nodiscard]] static std::string tzdata_version() {
        try {
            return time_zone_database_version();
        } catch (const std::exception&) {
            return {};
        }
    }

    /// Brings the cursor of a job up to date with this process's time zone database. A schedule that cannot be
    /// evaluated is a matter for when the job is due.
    [[nodiscard]] JobChange revise_cursor(const JobView& job, Instant now) {
        try {
            return detail::revise_cursor(job, schedules.schedule_of(job.definition), now);
        } catch (const std::exception&) {
            JobChange change;
            change.at = now;
            change.progress = job.progress;
            change.progress->tzdata_version.clear();
            return change;
        }
    }

    /// Adds the occurrences up to `change.at` that are not in the ledger yet to the change, as skipped: for the reason
    /// given where the job is active, else because it is paused or disabled. A completed job has none.
    void close_past(const JobView& job, JobChange& change, RunReason when_active) {
        RunReason reason = when_active;
        switch (job.definition.status) {
        case JobStatus::active: break;
        case JobStatus::paused: reason = RunReason::paused; break;
        case JobStatus::disabled: reason = RunReason::disabled; break;
        case JobStatus::completed: return;
        }
        auto row = carillon::close_past(
            job.definition, schedules.find_schedule_of(job.definition), *change.progress, change.at, reason);
        if (row) change.runs.push_back(std::move(*row));
    }

    /// What the end of a run may mean for its job: pauses it where it has failed too often in a row.
    std::optional<AuditEvent> pause_after_failures(const std::string& tenant, const JobId& id, Instant now) {
        const auto write = storage->modify_job(tenant, id, [&](const JobView& job, const KeyState&) {
            return carillon::pause_after_failures(job, schedules.find_schedule_of(job.definition), now);
        });
        if (!write) return std::nullopt;
        emit(write->event);
        return write->event;
    }

    void check_default_zone() const {
        check_text("default_time_zone", defaults.time_zone, defaults.limits.name_bytes);
        const auto any_schedule = Schedule::parse("@daily", {.default_time_zone = defaults.time_zone});
        if (any_schedule) return;
        const Error error = any_schedule.error();
        throw Error(error.code(), std::string("default_time_zone: ") + error.what(), "default_time_zone");
    }

    std::shared_ptr<StorageT> storage;
    std::shared_ptr<Clock> clock;
    JobDefaults defaults;
    ScheduleCache schedules;
    SinkList sinks;
};

} // namespace detail

} // namespace carillon
