// SPDX-License-Identifier: MIT
// commands.hpp - what carillonctl can do with a scheduler, whatever its storage.
#pragma once

#include <carillon/model/json.hpp>
#include <carillon/scheduler_facade.hpp>

#include "lookup.hpp"
#include "outcome.hpp"
#include "output.hpp"
#include "rows.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillonctl {

/// The text of an enumerator, as JSON has it. Throws WrongUsage.
template <class Enum>
[[nodiscard]] std::optional<Enum> enum_of(const char* option, const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    try {
        return nlohmann::json(*text).get<Enum>();
    } catch (const carillon::Error& error) {
        throw WrongUsage(std::string(option) + ": " + error.what());
    }
}

/// RFC 3339. Throws WrongUsage.
[[nodiscard]] inline carillon::Instant instant_of(const char* option, const std::string& text) {
    const auto instant = carillon::parse_rfc3339(text);
    if (!instant)
        throw WrongUsage(std::string(option) + ": " + instant.error().what() + "; for example 2026-03-29T02:00:00Z");
    return *instant;
}

struct ListArguments {
    std::optional<std::string> status = std::nullopt;
    std::optional<std::string> search = std::nullopt;
    std::optional<std::string> action_type = std::nullopt;
    carillon::JobSort sort = carillon::JobSort::newest;
    std::size_t limit = 100;
};

struct AuditArguments {
    std::optional<std::string> job = std::nullopt;
    std::optional<std::string> by = std::nullopt;
    std::optional<std::string> verb = std::nullopt;
    std::size_t limit = 100;
};

/// Each member is a command. They print what they found or did, and throw NotFound, WrongUsage and carillon::Error.
template <carillon::Storage S>
class Commands {
public:
    /// The first two must outlive it. `now`: of the wall clock.
    Commands(carillon::SchedulerFacade<S>& scheduler,
             const Output& output,
             carillon::Caller caller,
             carillon::Instant now)
        : scheduler_(scheduler)
        , output_(output)
        , caller_(std::move(caller))
        , now_(now) {}

    // ---- looking

    void list(const ListArguments& arguments) const {
        carillon::JobQuery query;
        query.status = enum_of<carillon::JobStatus>("--status", arguments.status);
        query.search = arguments.search;
        query.action_type = arguments.action_type;
        query.sort = arguments.sort;
        print_listing(
            arguments.limit,
            [&](std::size_t limit, const carillon::ScheduledJob* last) {
                query.limit = limit;
                if (last != nullptr) query.after = *last;
                return scheduler_.list_jobs(caller_, query);
            },
            print_jobs);
    }

    /// A job, or a run by its id.
    void show(const std::string& what) const {
        if (const auto id = carillon::RunId::parse(what))
            if (const auto run = scheduler_.get_run(*id, caller_)) return print_record(*run, pairs_of(*run));
        const carillon::ScheduledJob job = find_job(scheduler_, caller_, what);
        std::vector<Row> pairs = pairs_of(job);
        if (output_.format == Format::table) add_forecast(job, pairs);
        print_record(job, pairs);
    }

    void runs(const std::string& job, const std::optional<std::string>& status, std::size_t limit) const {
        const carillon::JobId id = find_job_id(scheduler_, caller_, job);
        carillon::RunQuery query;
        query.status = enum_of<carillon::JobRunStatus>("--status", status);
        const std::size_t found = print_listing(
            limit,
            [&](std::size_t page, const carillon::JobRun* last) {
                query.limit = page;
                if (last != nullptr) query.after = *last;
                return scheduler_.list_runs(id, caller_, query);
            },
            print_runs);
        if (found == 0 && !scheduler_.get_job(id, caller_) && scheduler_.list_runs(id, caller_, {.limit = 1}).empty())
            throw no_job(job, caller_);
    }

    void audit(const AuditArguments& arguments) const {
        carillon::AuditQuery query;
        if (arguments.job) query.job_id = find_job_id(scheduler_, caller_, *arguments.job);
        query.actor = arguments.by;
        query.verb = enum_of<carillon::AuditVerb>("--verb", arguments.verb);
        print_listing(
            arguments.limit,
            [&](std::size_t limit, const carillon::AuditEvent* last) {
                query.limit = limit;
                if (last != nullptr) query.after = last->id;
                return scheduler_.list_audit(caller_, query);
            },
            print_audit);
    }

    void explain(const std::string& job, const std::string& instant) const {
        const carillon::Instant at = instant_of("INSTANT", instant);
        const auto answer = scheduler_.explain(find_job_id(scheduler_, caller_, job), caller_, at);
        if (!answer) throw no_job(job, caller_);
        if (output_.format == Format::table) {
            output_.stream << answer->sentence << "\n";
            return;
        }
        print_json(output_,
                   {{"kind", to_string(answer->kind)},
                    {"sentence", answer->sentence},
                    {"run", json_of(answer->run)},
                    {"previous", json_of(answer->previous)},
                    {"next", json_of(answer->next)}});
    }

    /// From `from`, or now, for the time given.
    void what_would_run(const std::optional<std::string>& from, const std::string& duration, std::size_t limit) const {
        const auto length = carillon::parse_duration(duration);
        if (!length) throw WrongUsage(std::string("--for: ") + length.error().what());
        const carillon::Instant begin = from ? instant_of("--from", *from) : now_;
        carillon::PlannedRunQuery query;
        print_listing(
            limit,
            [&](std::size_t page, const carillon::PlannedRun* last) {
                query.limit = page;
                if (last != nullptr) query.after = *last;
                return scheduler_.what_would_run(caller_, begin, begin + *length, query);
            },
            [this](const Output& output, const std::vector<carillon::PlannedRun>& runs) {
                print_planned(output, runs);
            });
    }

    // ---- doing

    /// `spec`: the members of a JobSpec. With a key the job is created or brought up to date, else it is created.
    void create(const nlohmann::json& spec, const std::optional<std::string>& key) {
        const auto wanted = spec.get<carillon::JobSpec>();
        print_done(key ? scheduler_.put_job(caller_, *key, wanted) : scheduler_.create_job(caller_, wanted),
                   "is stored");
    }
    /// `patch`: the members of a JobPatch.
    void update(const std::string& job, const nlohmann::json& patch, std::optional<std::uint64_t> revision) {
        const carillon::JobId id = find_job(scheduler_, caller_, job).id;
        print_done(there(scheduler_.update_job(id, caller_, patch.get<carillon::JobPatch>(), revision), job),
                   "is stored");
    }
    void pause(const std::string& job, const std::string& reason) {
        const carillon::JobId id = find_job(scheduler_, caller_, job).id;
        print_done(there(scheduler_.pause_job(id, caller_, {.reason = reason}), job), "is paused");
    }
    void resume(const std::string& job, const std::string& reason) {
        const carillon::JobId id = find_job(scheduler_, caller_, job).id;
        print_done(there(scheduler_.resume_job(id, caller_, {.reason = reason}), job), "goes on");
    }
    void remove(const std::string& job) {
        const carillon::ScheduledJob found = find_job(scheduler_, caller_, job);
        if (!scheduler_.delete_job(found.id, caller_)) throw no_job(job, caller_);
        if (output_.format == Format::json) return print_json(output_, {{"id", found.id.str()}, {"deleted", true}});
        output_.stream << "\"" << one_line(found.name) << "\" is deleted; `carillonctl runs " << found.id.str()
                       << "` still shows its runs\n";
    }

    void trigger(const std::string& job, const std::optional<std::string>& idempotency_key) {
        const carillon::JobId id = find_job(scheduler_, caller_, job).id;
        print_done(there(scheduler_.trigger_job(id, caller_, {.idempotency_key = idempotency_key}), job));
    }
    void cancel(const std::string& run, const std::string& reason) {
        print_done(there_run(scheduler_.cancel_run(run_id_of(run), caller_, {.reason = reason}), run));
    }
    void retry(const std::string& run) { print_done(there_run(scheduler_.retry_run(run_id_of(run), caller_), run)); }

private:
    template <class T>
    [[nodiscard]] static nlohmann::json json_of(const std::optional<T>& value) {
        if (!value) return nullptr;
        if constexpr (std::is_same_v<T, carillon::Instant>)
            return carillon::to_rfc3339(*value);
        else
            return *value;
    }

    [[nodiscard]] carillon::RunId run_id_of(const std::string& text) const {
        const auto id = carillon::RunId::parse(text);
        if (!id)
            throw WrongUsage("RUN: expected the id of a run, saw \"" + text + "\": `carillonctl runs JOB` shows them");
        return *id;
    }
    template <class T>
    [[nodiscard]] T there(std::optional<T> found, const std::string& job) const {
        if (!found) throw no_job(job, caller_); // it was deleted meanwhile
        return *std::move(found);
    }
    [[nodiscard]] carillon::JobRun there_run(std::optional<carillon::JobRun> found, const std::string& run) const {
        if (!found) throw NotFound("tenant \"" + caller_.tenant + "\" has no run " + run);
        return *std::move(found);
    }

    /// Gathers pages until there are `limit` records; says so where there are more. Returns their number.
    template <class Fetch, class Print>
    std::size_t print_listing(std::size_t limit, Fetch fetch, Print print) const {
        auto records = fetch(std::min(limit + 1, page_size), nullptr);
        while (!records.empty() && records.size() <= limit && records.size() % page_size == 0) {
            const auto page = fetch(std::min(limit + 1 - records.size(), page_size), &records.back());
            if (page.empty()) break;
            records.insert(records.end(), page.begin(), page.end());
        }
        const bool more = records.size() > limit;
        if (more) records.erase(records.begin() + static_cast<std::ptrdiff_t>(limit), records.end());
        if constexpr (requires { nlohmann::json(records); }) {
            if (output_.format == Format::json) {
                print_json(output_, records);
                return records.size();
            }
        }
        print(output_, records);
        if (more && output_.format == Format::table)
            output_.stream << "and more: --limit " << limit * 10 << " shows them\n";
        return records.size();
    }

    template <class Record>
    void print_record(const Record& record, const std::vector<Row>& pairs) const {
        if (output_.format == Format::json) return print_json(output_, record);
        print_pairs(output_, pairs);
    }

    void add_forecast(const carillon::ScheduledJob& job, std::vector<Row>& pairs) const {
        const auto schedule = carillon::Schedule::parse(
            job.schedule, {.time_zone = job.time_zone, .dialect = job.dialect, .dst = job.dst});
        if (schedule) pairs.push_back({"in words", schedule->describe()});
        if (job.status != carillon::JobStatus::active || !schedule) return;
        std::string times;
        for (const carillon::Instant at :
             scheduler_.upcoming(job.id, caller_, 3).value_or(std::vector<carillon::Instant>{}))
            times += (times.empty() ? "" : " ") + time_text(at);
        if (!times.empty()) pairs.push_back({"upcoming", times});
    }

    void print_planned(const Output& output, const std::vector<carillon::PlannedRun>& runs) const {
        if (output.format == Format::json) {
            nlohmann::json all = nlohmann::json::array();
            for (const carillon::PlannedRun& run : runs)
                all.push_back({{"at", carillon::to_rfc3339(run.at)},
                               {"job_id", run.job_id.str()},
                               {"job_name", run.job_name},
                               {"action_type", run.action_type}});
            return print_json(output, all);
        }
        std::vector<Row> rows;
        for (const carillon::PlannedRun& run : runs)
            rows.push_back({time_text(run.at),
                            run.at > now_ ? "in " + rough_text(run.at - now_) : "overdue",
                            run.job_name,
                            run.action_type});
        print_table(output, {{"at"}, {"that is"}, {"job", true}, {"action type", true}}, std::move(rows));
    }

    void print_done(const carillon::ScheduledJob& job, const char* what) const {
        if (output_.format == Format::json) return print_json(output_, job);
        output_.stream << "\"" << one_line(job.name) << "\" " << what;
        if (job.next_run_at) output_.stream << ", next run " << time_text(job.next_run_at);
        if (job.status == carillon::JobStatus::disabled || job.status == carillon::JobStatus::completed)
            output_.stream << ", " << to_string(job.status);
        output_.stream << "; id " << job.id.str() << "\n";
    }
    void print_done(const carillon::JobRun& run) const {
        if (output_.format == Format::json) return print_json(output_, run);
        const std::string note = one_line(note_of(run));
        output_.stream << "run " << run.id.str() << " is " << to_string(run.status) << (note.empty() ? "" : ": ")
                       << note << "\n";
    }

    carillon::SchedulerFacade<S>& scheduler_;
    const Output& output_;
    carillon::Caller caller_;
    carillon::Instant now_;
};

} // namespace carillonctl
