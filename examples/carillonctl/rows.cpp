// SPDX-License-Identifier: MIT
// rows.cpp - what of a record stands in a table.
#include "rows.hpp"

#include <carillon/model/json.hpp>

#include <string_view>
#include <utility>

namespace carillonctl {

namespace {

/// What a person types to name the job.
std::string short_id(const carillon::JobId& id) {
    const std::string text = id.str();
    return text.substr(text.rfind('-') + 1);
}

std::string count_text(const carillon::JobRun& run) {
    return (run.count_is_minimum ? "at least " : "") + std::to_string(run.occurrences);
}

/// The members in this order, then the others; without those that have no value.
std::vector<Row> pairs_of_members(nlohmann::json record, const std::vector<const char*>& first) {
    std::vector<Row> pairs;
    const auto add = [&](const std::string& name, const nlohmann::json& value) {
        if (!value.is_null() && value != nlohmann::json::array())
            pairs.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
    };
    for (const char* name : first) {
        add(name, record.at(name));
        record.erase(name);
    }
    for (const auto& [name, value] : record.items())
        add(name, value);
    return pairs;
}

/// The members that differ from the defaults; null where none does.
nlohmann::json unusual(const nlohmann::json& value, const nlohmann::json& defaults) {
    if (value == defaults) return nullptr;
    if (!value.is_object()) return value;
    nlohmann::json different;
    for (const auto& [name, member] : value.items())
        if (nlohmann::json kept = unusual(member, defaults.at(name)); !kept.is_null())
            different[name] = std::move(kept);
    return different;
}

std::string job_name_of(const carillon::AuditEvent& event) {
    const auto& definition = event.after ? event.after : event.before;
    return definition ? definition->name : event.job_id.str();
}

} // namespace

void print_jobs(const Output& output, const std::vector<carillon::ScheduledJob>& jobs) {
    std::vector<Row> rows;
    for (const carillon::ScheduledJob& job : jobs)
        rows.push_back({job.name,
                        job.key.empty() ? "-" : job.key,
                        job.schedule,
                        std::string(to_string(job.status)),
                        time_text(job.next_run_at),
                        time_text(job.last_run_at),
                        std::to_string(job.run_count),
                        std::to_string(job.failure_count),
                        short_id(job.id)});
    print_table(output,
                {{"name", true},
                 {"key", true},
                 {"schedule", true},
                 {"status"},
                 {"next run"},
                 {"last run"},
                 {"runs"},
                 {"failed"},
                 {"id ends in"}},
                std::move(rows));
}

std::string note_of(const carillon::JobRun& run) {
    std::string note;
    const auto add = [&](const std::string& text) {
        note += (note.empty() ? "" : "; ") + text;
    };
    if (run.reason != carillon::RunReason::none) add(std::string(to_string(run.reason)));
    if (run.occurrences > 1) add(count_text(run) + " occurrences until " + time_text(run.last));
    if (run.missed_count > 0) add("stands for " + std::to_string(run.missed_count) + " missed ones, too");
    if (run.trigger != carillon::RunTrigger::schedule) add(std::string(to_string(run.trigger)));
    if (run.attempt > 1) add("attempt " + std::to_string(run.attempt));
    if (run.abandons > 0) add("abandoned " + std::to_string(run.abandons) + " times");
    if (run.stop_requested && !is_terminal(run.status)) add("asked to stop");
    if (run.error) add(*run.error);
    if (!run.result.is_null()) add(std::string(run.result.text()));
    return note;
}

void print_runs(const Output& output, const std::vector<carillon::JobRun>& runs) {
    std::vector<Row> rows;
    for (const carillon::JobRun& run : runs)
        rows.push_back({time_text(run.scheduled_for),
                        std::string(to_string(run.status)),
                        run.duration ? rough_text(*run.duration) : "-",
                        note_of(run),
                        run.id.str()});
    print_table(output, {{"scheduled for"}, {"status"}, {"took"}, {"note", true}, {"run"}}, std::move(rows));
}

void print_audit(const Output& output, const std::vector<carillon::AuditEvent>& events) {
    std::vector<Row> rows;
    for (const carillon::AuditEvent& event : events)
        rows.push_back({time_text(event.at),
                        event.actor.empty() ? "-" : event.actor,
                        std::string(to_string(event.verb)),
                        job_name_of(event),
                        event.reason.empty() ? "-" : event.reason});
    print_table(output, {{"at"}, {"actor", true}, {"verb"}, {"job", true}, {"reason", true}}, std::move(rows));
}

std::vector<Row> pairs_of(const carillon::ScheduledJob& job) {
    nlohmann::json record = job;
    record["policies"] = unusual(record["policies"], carillon::Policies());
    for (const char* internal : {"action_type", "spec_fingerprint", "started_runs", "high_water", "tzdata_version"})
        record.erase(internal);
    for (const char* counter : {"consecutive_failures", "evaluation_failures"})
        if (record.at(counter) == 0) record.erase(counter);
    return pairs_of_members(std::move(record),
                            {"name",
                             "key",
                             "id",
                             "tenant_id",
                             "status",
                             "status_reason",
                             "schedule",
                             "time_zone",
                             "next_run_at",
                             "last_run_at",
                             "run_count",
                             "failure_count",
                             "action",
                             "policies",
                             "description",
                             "metadata",
                             "created_at",
                             "updated_at",
                             "revision"});
}

std::vector<Row> pairs_of(const carillon::JobRun& run) {
    return pairs_of_members(run,
                            {"id",
                             "job_id",
                             "tenant_id",
                             "status",
                             "reason",
                             "trigger",
                             "scheduled_for",
                             "started_at",
                             "completed_at",
                             "duration_ms",
                             "result",
                             "error",
                             "attempt",
                             "worker"});
}

} // namespace carillonctl
