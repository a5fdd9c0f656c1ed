// SPDX-License-Identifier: MIT
// support/planning.hpp - a job on the bench: plans it without a storage and shows the answer on one line.
#pragma once

#include "carillon/detail/schedule_cache.hpp"
#include "carillon/planner.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

[[nodiscard]] inline carillon::Instant at(std::string_view text) {
    return carillon::parse_rfc3339(text).value();
}

/// The date goes without saying where it is that of the test: "09:00:00", else "2026-03-03T09:00:00".
[[nodiscard]] inline std::string short_text(carillon::Instant instant, std::string_view date) {
    std::string text = carillon::to_rfc3339(instant);
    text.pop_back();
    return text.starts_with(date) ? text.substr(date.size() + 1) : text;
}

/// One row of a ledger: "run 03:00:00 missed 2" for one that is pending, "misfired 01:00:00 to 02:00:00, 2", "completed
/// 09:00:00".
[[nodiscard]] inline std::string row_text(const carillon::JobRun& run, std::string_view date) {
    const bool pending = run.status == carillon::JobRunStatus::pending;
    const bool skipped = run.status == carillon::JobRunStatus::skipped;
    std::string text(pending ? "run" : skipped ? to_string(run.reason) : to_string(run.status));
    text += " " + short_text(run.scheduled_for, date);
    if (skipped && run.last && *run.last != run.scheduled_for) text += " to " + short_text(*run.last, date);
    if (skipped && run.occurrences != 1) text += ", " + std::to_string(run.occurrences);
    if (run.count_is_minimum) text += " or more";
    if (run.missed_count != 0) text += " missed " + std::to_string(run.missed_count);
    return text;
}

/// A job as the planner sees it. Its moments are written without a date where they lie on `date`.
struct Bench {
    std::string date = "2026-03-02"; // a Monday
    carillon::JobDefinition job = {};
    carillon::JobProgress progress = {};
    carillon::KeyState key = {};

    Bench(std::string schedule, const std::string& created = "00:00:00") {
        job.id = carillon::JobId::next(moment(created));
        job.tenant_id = "acme";
        job.name = "bench";
        job.schedule = std::move(schedule);
        job.action_type = "test";
        job.created_at = job.updated_at = moment(created);
    }

    /// "09:00:00" on the date of the bench, or a whole instant without its Z.
    [[nodiscard]] carillon::Instant moment(const std::string& text) const {
        return at((text.size() < 19 ? date + "T" + text : text) + "Z");
    }
    [[nodiscard]] carillon::Schedule schedule() const {
        return carillon::Schedule::parse(job.schedule, carillon::detail::schedule_options(job)).value();
    }

    /// As a storage would create it: with its first cursor.
    Bench& activate() { return activate_at(job.created_at); }
    Bench& activate_at(carillon::Instant now) {
        job.fixed_delay = schedule().delay();
        progress.next_run_at = start_cursor(job, schedule(), progress, now);
        return *this;
    }

    [[nodiscard]] carillon::JobChange plan(carillon::Instant now) const {
        return carillon::plan({job, progress}, schedule(), key, now);
    }
    /// What a plan says: "stop others; run 03:00:00 missed 2; next 04:00:00".
    [[nodiscard]] std::string plan_text(const std::string& now) const { return text_of(plan(moment(now))); }

    [[nodiscard]] std::string text_of(const carillon::JobChange& change) const {
        std::string text;
        if (change.stop == carillon::StopScope::key) text += "stop others; ";
        for (const auto& row : change.runs)
            text += row_text(row, date) + "; ";
        if (change.definition) return text + std::string(to_string(change.definition->status));
        if (!change.progress || !change.progress->next_run_at) return text + "no cursor";
        return text + "next " + short_text(*change.progress->next_run_at, date);
    }

    /// Takes over what a plan says, with all its pending runs left pending.
    void write(const carillon::JobChange& change) {
        if (change.definition) job = *change.definition;
        if (change.progress) progress = *change.progress;
        for (const auto& run : change.runs) {
            if (run.status != carillon::JobRunStatus::pending) continue;
            ++key.pending;
            ++key.unstarted;
            if (!key.busy_with) key.busy_with = run.id;
        }
    }
};

} // namespace support
