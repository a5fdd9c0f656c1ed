// SPDX-License-Identifier: MIT
// detail/explainer.hpp - what becomes of an occurrence that has no row in the ledger.
#pragma once

#include "carillon/detail/cursor_version.hpp"
#include "carillon/detail/explain_run.hpp"
#include "carillon/detail/spread.hpp"
#include "carillon/explain.hpp"
#include "carillon/forecast.hpp"
#include "carillon/occurrences.hpp"
#include "carillon/schedule/schedule.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace carillon::detail {

/// All that an answer is made of, as it is now.
struct ExplainedJob {
    ScheduledJob job{};
    /// The definition at the moment that is asked about; for what lies ahead, the job's own.
    JobDefinition then{};
    /// That of `then`; empty where it cannot be evaluated.
    std::optional<Schedule> schedule = std::nullopt;
    /// The row that covers the moment.
    std::optional<JobRun> row = std::nullopt;
    /// For `max_runs`: scheduled runs that wait.
    std::size_t unstarted = 0;
    Instant now{};
};

class Explainer {
public:
    /// The argument must outlive this.
    Explainer(const ExplainedJob& about, Instant at)
        : job_(about.job)
        , then_(about.then)
        , about_(about)
        , at_(at) {}

    [[nodiscard]] Explanation answer() const {
        using enum ExplanationKind;
        if (about_.row && row_has_it()) return explain_run(*about_.row, then_.policies, about_.now);
        if (at_ <= job_.created_at)
            return say(before_creation,
                       "The job was created at " + to_rfc3339(job_.created_at) + ", no earlier than that.");
        if (!about_.schedule) return say(unknown, "The schedule \"" + then_.schedule + "\" cannot be evaluated.");
        if (!is_occurrence()) return no_occurrence_here();
        if (job_.purged_until && at_ <= *job_.purged_until)
            return say(purged,
                       "It was purged: the ledger has forgotten what came up to " + to_rfc3339(*job_.purged_until) +
                           ".");
        if (!in_ledger()) return not_planned_yet();
        if (then_.status == JobStatus::completed)
            return say(inactive, "The job was completed" + in_brackets(then_.status_reason) + ".");
        return say(unknown,
                   "The ledger does not have it, so it was no occurrence when it was planned: the rules of the time "
                   "zone or the clock have changed since.");
    }

private:
    [[nodiscard]] static Explanation say(ExplanationKind kind, std::string sentence) {
        return {.kind = kind, .sentence = std::move(sentence)};
    }

    /// A row of skips covers moments between its occurrences, too.
    [[nodiscard]] bool row_has_it() const {
        const JobRun& row = *about_.row;
        return row.scheduled_for == at_ || row.last == at_ || !about_.schedule || is_occurrence();
    }

    [[nodiscard]] bool in_ledger() const { return job_.high_water && at_ <= *job_.high_water; }

    [[nodiscard]] Occurrences occurrences() const {
        return {then_, *about_.schedule, in_ledger() ? std::nullopt : later_cursor(job_, *about_.schedule)};
    }

    [[nodiscard]] bool is_occurrence() const {
        if (then_.fixed_delay) return job_.next_run_at == at_;
        return occurrences().next(at_ - one_tick) == at_;
    }

    // ---- none ----

    [[nodiscard]] Explanation no_occurrence_here() const {
        using enum ExplanationKind;
        if (then_.start_at && at_ < *then_.start_at)
            return say(out_of_bounds, "It lies before the job's start_at, " + to_rfc3339(*then_.start_at) + ".");
        if (then_.end_at && at_ >= *then_.end_at)
            return say(out_of_bounds, "It does not lie before the job's end_at, " + to_rfc3339(*then_.end_at) + ".");
        if (then_.fixed_delay) return no_end_yet();
        if (about_.schedule->matches(at_))
            return say(excluded, "Its date, " + local_text(at_).substr(0, 10) + ", is excluded.");
        Explanation answer = say(no_occurrence, "");
        answer.previous = occurrences().last_in(job_.created_at, at_ - one_tick);
        answer.next = occurrences().next(at_);
        answer.sentence = (is_now() ? "The schedule " + quoted() : "The schedule of that time, " + quoted() + ",") +
                          " has no occurrence at " + moment(at_) + around(answer) + "." + clocks_were_set();
        return answer;
    }

    [[nodiscard]] Explanation no_end_yet() const {
        Explanation answer = say(ExplanationKind::no_occurrence,
                                 "With " + quoted() + " the end of a run decides when the next one is due");
        if (job_.next_run_at && *job_.next_run_at > at_) answer.next = job_.next_run_at;
        answer.sentence += answer.next ? ": at " + moment(*answer.next) + "." : "; none is known for that moment.";
        return answer;
    }

    [[nodiscard]] bool is_now() const { return then_.schedule == job_.schedule && then_.time_zone == job_.time_zone; }
    [[nodiscard]] std::string quoted() const {
        return "\"" + then_.schedule + "\" (" + about_.schedule->time_zone() + ")";
    }

    [[nodiscard]] std::string around(const Explanation& answer) const {
        std::string text;
        if (answer.previous) text += "; the one before is " + moment(*answer.previous);
        if (answer.next) text += (answer.previous ? ", the next one " : "; the next one is ") + moment(*answer.next);
        return text;
    }

    /// What is unusual on that date.
    [[nodiscard]] std::string clocks_were_set() const {
        const auto date = about_.schedule->local_date(at_);
        for (const DstNote& note : about_.schedule->dst_notes(std::chrono::year_month_day{date}.year()))
            if (std::chrono::floor<std::chrono::days>(note.civil) == date)
                return " Clocks were set: " + to_string(note, about_.schedule->zone()) + ".";
        return "";
    }

    [[nodiscard]] std::string local_text(Instant instant) const {
        return civil_text(std::chrono::floor<std::chrono::seconds>(about_.schedule->zone().to_local(instant)));
    }
    /// "2026-03-02 09:00 in Europe/Paris, 2026-03-02T08:00:00Z".
    [[nodiscard]] std::string moment(Instant instant) const {
        const std::string& zone = about_.schedule->time_zone();
        if (zone == "UTC") return to_rfc3339(instant);
        return local_text(instant) + " in " + zone + " (" + to_rfc3339(instant) + ")";
    }

    // ---- without a row, and behind high_water ----

    [[nodiscard]] Explanation not_planned_yet() const {
        using enum ExplanationKind;
        if (job_.status != JobStatus::active) return not_active();
        Forecast forecast(job_, *about_.schedule, about_.unstarted, about_.now, at_);
        const bool runs = forecast.next() == at_;
        if (at_ <= about_.now) {
            const std::string misfire(to_string(job_.policies.misfire.policy));
            return say(due,
                       "It is due, and no worker has planned the job yet. The next one that does will " +
                           (runs ? "run it." : "skip it, by misfire policy " + misfire + "."));
        }
        if (runs) {
            const Instant start = spread_start(job_, *about_.schedule, at_);
            return say(ahead,
                       "It lies ahead, and will run at " + moment(start) +
                           (start == at_ ? "." : ", since starts are spread."));
        }
        if (failed_too_often({job_, job_}))
            return say(inactive, "The job has failed too often in a row, and will be paused before it.");
        return say(max_runs,
                   "The job's max_runs, " + std::to_string(job_.max_runs.value_or(0)) + ", are used up before it.");
    }

    [[nodiscard]] Explanation not_active() const {
        const std::string status(to_string(job_.status));
        std::string text = "The job is " + status + in_brackets(job_.status_reason);
        if (job_.status == JobStatus::completed) return say(ExplanationKind::inactive, text + ", and runs no more.");
        return say(ExplanationKind::inactive,
                   text + (at_ <= about_.now ? ": once it is resumed, this occurrence is recorded as skipped."
                                             : ": unless it is resumed before, this occurrence will not run."));
    }

    const ScheduledJob& job_;
    const JobDefinition& then_;
    const ExplainedJob& about_;
    Instant at_;
};

} // namespace carillon::detail
