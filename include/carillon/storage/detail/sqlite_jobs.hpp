// SPDX-License-Identifier: MIT
// storage/detail/sqlite_jobs.hpp - how SqliteTables writes jobs and their audit.
#pragma once

#include "carillon/storage/detail/sqlite_tables.hpp"

#include <map>
#include <utility>

namespace carillon::detail {

// ---- rows ----------------------------------------------------------------------------------------------------------

template <class Void>
auto SqliteTables<Void>::find_row(const std::string& tenant, const JobId& id) -> JobRow* {
    static constexpr auto select = sql_text(
        "SELECT ", whole_job_columns, " FROM carillon_job AS j WHERE j.id = ?1 AND j.tenant = ?2 AND j.removed = 0");
    auto rows = db_.query(select, id, tenant);
    return rows.next() ? &work_.keep(read_job(rows)) : nullptr;
}

template <class Void>
auto SqliteTables<Void>::key_state(JobRow& job) -> KeyState {
    const std::string& name = definition_of(job)->policies.overlap.concurrency_key;
    const SqliteKeyCounts& key = work_.key(job, name);
    KeyState state;
    state.pending = static_cast<std::size_t>(key.pending);
    state.running = static_cast<std::size_t>(key.running);
    state.unstarted = static_cast<std::size_t>(job.unstarted);
    if (state.busy() == 0) return state;
    auto oldest = name.empty() ? db_.query("SELECT id FROM carillon_run WHERE tenant = ?1 AND open_job = ?2 AND "
                                           "key IS NULL ORDER BY row LIMIT 1",
                                           job.tenant,
                                           job.row)
                               : db_.query("SELECT id FROM carillon_run WHERE tenant = ?1 AND open_key = ?2 "
                                           "ORDER BY row LIMIT 1",
                                           job.tenant,
                                           name);
    if (oldest.next()) state.busy_with = oldest.template id<RunId>(0);
    return state;
}

template <class Void>
auto SqliteTables<Void>::add_job(const std::shared_ptr<const JobDefinition>& definition, const JobProgress& progress)
    -> JobRow& {
    static constexpr auto insert = sql_text(
        "INSERT INTO carillon_job (id, tenant, definition, removed, name, status, created_at, action_type, key, "
        "idempotency_key, fixed_delay, open, waiting, scheduled, again, ",
        progress_columns,
        ") VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, 0, 0, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
        "?19, ?20)");
    JobRow job;
    job.definition = definition;
    job.definition_row = add_definition(definition);
    job.id = definition->id;
    job.tenant = definition->tenant_id;
    job.status = definition->status;
    job.fixed_delay = definition->fixed_delay;
    job.progress = progress;
    std::apply(
        [&](const auto&... members) {
            db_.execute(insert,
                        job.id,
                        job.tenant,
                        job.definition_row,
                        definition->name,
                        definition->status,
                        definition->created_at,
                        definition->action_type,
                        definition->key,
                        definition->idempotency_key,
                        definition->fixed_delay,
                        members...);
        },
        progress_members(progress));
    job.row = sqlite3_last_insert_rowid(db_.handle());
    ++work_.tenant(job.tenant).jobs[static_cast<std::size_t>(job.status)];
    if (job.due_counts()) news_.work = true;
    return work_.keep(std::move(job));
}

template <class Void>
void SqliteTables<Void>::replace_definition(JobRow& job, const std::shared_ptr<const JobDefinition>& definition) {
    auto& counts = work_.tenant(job.tenant).jobs;
    --counts[static_cast<std::size_t>(job.status)];
    ++counts[static_cast<std::size_t>(definition->status)];
    job.definition = definition;
    job.definition_row = add_definition(definition);
    job.status = definition->status;
    job.fixed_delay = definition->fixed_delay;
    db_.execute("UPDATE carillon_job SET definition = ?2, name = ?3, status = ?4, created_at = ?5, action_type = ?6, "
                "key = ?7, idempotency_key = ?8, fixed_delay = ?9 WHERE row = ?1",
                job.row,
                job.definition_row,
                definition->name,
                definition->status,
                definition->created_at,
                definition->action_type,
                definition->key,
                definition->idempotency_key,
                definition->fixed_delay);
}

template <class Void>
void SqliteTables<Void>::remove_job(JobRow& job) {
    --work_.tenant(job.tenant).jobs[static_cast<std::size_t>(job.status)];
    job.removed = true;
    db_.execute("UPDATE carillon_job SET removed = 1 WHERE row = ?1", job.row);
}

/// For a removed job: else it goes with the last of its runs, by purge.
template <class Void>
bool SqliteTables<Void>::drop_job_without_runs(std::int64_t row, std::int64_t definition) {
    const int dropped = db_.execute("DELETE FROM carillon_job WHERE row = ?1 AND removed = 1 AND NOT EXISTS "
                                    "(SELECT 1 FROM carillon_run WHERE job = ?1)",
                                    row);
    if (dropped > 0) retire_definition(definition);
    return dropped > 0;
}

template <class Void>
void SqliteTables<Void>::record(const AuditEvent& event,
                                std::optional<std::int64_t> before,
                                std::optional<std::int64_t> after) {
    static constexpr auto insert =
        sql_text("INSERT INTO carillon_audit (",
                 audit_columns,
                 ", before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
    std::apply([&](const auto&... members) { db_.execute(insert, members..., before, after); }, audit_members(event));
}

// ---- writing -------------------------------------------------------------------------------------------------------

template <class Void>
std::optional<JobRun> SqliteTables<Void>::repeated_trigger(const JobRow& job, const std::vector<JobRun>& runs) {
    static constexpr auto select =
        sql_text("SELECT ", whole_run_columns, " FROM carillon_run AS r WHERE r.job = ?1 AND r.idempotency_key = ?2");
    for (const JobRun& run : runs) {
        if (!run.idempotency_key) continue;
        auto earlier = first_run(db_.query(select, job.row, run.idempotency_key));
        if (!earlier) continue;
        earlier->run.job_id = job.id;
        return std::move(earlier->run);
    }
    return std::nullopt;
}

template <class Void>
auto SqliteTables<Void>::write(JobRow& job, JobChange&& change, std::vector<JobRun>* runs, std::vector<JobRun>& ended)
    -> std::optional<AuditEvent> {
    const auto answer = [&](std::optional<JobRun> run) {
        if (run && runs) runs->push_back(std::move(*run));
    };
    if (auto earlier = repeated_trigger(job, change.runs)) {
        answer(std::move(earlier));
        return std::nullopt;
    }
    const std::shared_ptr<const JobDefinition> before = definition_of(job);
    const std::int64_t before_row = job.definition_row;
    std::optional<Instant> high_water = job.progress.high_water;
    stop_runs(job, change.stop, change.at, ended);
    if (change.definition) replace_definition(job, change.definition);
    if (change.progress) {
        job.progress = std::move(*change.progress);
        job.counted = job.moved = true;
    }
    if (change.rewind_to) {
        high_water = std::min(high_water, change.rewind_to);
        rewind(job, *change.rewind_to);
    }
    for (JobRun& run : change.runs)
        answer(add_run(job, std::move(run), high_water, change.at));
    if (change.remove) remove_job(job);
    if (change.event) {
        change.event->before = before;
        if (!change.remove) change.event->after = job.definition;
        record(*change.event, before_row, change.remove ? std::nullopt : std::optional(job.definition_row));
    }
    if (job.definition_row != before_row) retire_definition(before_row);
    if (job.due_counts()) news_.work = true;
    return std::move(change.event);
}

template <class Void>
auto SqliteTables<Void>::insert_jobs(std::vector<NewJob> jobs) -> InsertResult {
    return working([&] {
        static constexpr auto select =
            sql_text("SELECT ",
                     whole_job_columns,
                     " FROM carillon_job AS j WHERE j.tenant = ?1 AND j.idempotency_key = ?2 AND j.removed = 0");
        InsertResult result;
        // Nothing is written where there is a conflict: so all of them are looked at first.
        std::map<std::pair<std::string, std::string>, std::uint64_t> in_this_call;
        const auto earlier = [&](const JobDefinition& job) -> JobRow* {
            if (!job.idempotency_key) return nullptr;
            auto rows = db_.query(select, job.tenant_id, job.idempotency_key);
            if (!rows.next()) return nullptr;
            const auto row = rows.integer(0);
            return &work_.job(row);
        };
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            const JobDefinition& job = *jobs[i].definition;
            if (!job.idempotency_key) continue;
            JobRow* known = earlier(job);
            const std::uint64_t fingerprint =
                known ? definition_of(*known)->spec_fingerprint
                      : in_this_call.try_emplace({job.tenant_id, *job.idempotency_key}, job.spec_fingerprint)
                            .first->second;
            if (fingerprint != job.spec_fingerprint) return InsertResult{.conflict = i};
        }
        for (NewJob& job : jobs) {
            if (JobRow* known = earlier(*job.definition)) {
                result.jobs.push_back({.job = snapshot(*known)});
                continue;
            }
            JobRow& row = add_job(job.definition, job.progress);
            job.event.after = job.definition;
            record(job.event, std::nullopt, row.definition_row);
            result.jobs.push_back({.job = snapshot(row), .event = std::move(job.event)});
        }
        return result;
    });
}

template <class Void>
auto SqliteTables<Void>::put_job(const std::string& tenant, const std::string& key, const PutJob& change) -> JobWrite {
    return working([&] {
        static constexpr auto select =
            sql_text("SELECT ",
                     whole_job_columns,
                     " FROM carillon_job AS j WHERE tenant = ?1 AND key = ?2 AND key <> '' AND "
                     "removed = 0");
        JobWrite out;
        auto rows = db_.query(select, tenant, key);
        if (rows.next()) {
            JobRow& job = work_.keep(read_job(rows));
            const JobView shown = view(job);
            out.event = write(job, change(&shown, key_state(job)), &out.runs, out.ended);
            out.job = snapshot(job);
            return out;
        }
        JobChange created = change(nullptr, {});
        if (!created.definition) return out;
        JobRow& job = add_job(std::exchange(created.definition, nullptr), {});
        out.event = std::exchange(created.event, std::nullopt);
        write(job, std::move(created), &out.runs, out.ended);
        if (out.event) {
            out.event->after = job.definition;
            record(*out.event, std::nullopt, job.definition_row);
        }
        out.job = snapshot(job);
        return out;
    });
}

template <class Void>
auto SqliteTables<Void>::modify_job(const std::string& tenant, const JobId& id, const ChangeJob& change)
    -> std::optional<JobWrite> {
    std::optional<std::pair<std::int64_t, std::int64_t>> removed;
    auto out = working([&]() -> std::optional<JobWrite> {
        JobRow* job = find_row(tenant, id);
        if (!job) return std::nullopt;
        JobWrite written;
        written.event = write(*job, change(view(*job), key_state(*job)), &written.runs, written.ended);
        written.job = snapshot(*job);
        if (job->removed) removed.emplace(job->row, job->definition_row);
        return written;
    });
    if (removed) drop_job_without_runs(removed->first, removed->second);
    return out;
}

template <class Void>
auto SqliteTables<Void>::ask_each(const std::vector<std::int64_t>& jobs, const ChangeJob& change) -> MaterialiseResult {
    MaterialiseResult result;
    for (const std::int64_t row : jobs) {
        JobRow& job = work_.job(row);
        ++result.jobs;
        if (auto event = write(job, change(view(job), key_state(job)), nullptr, result.ended))
            result.events.push_back(std::move(*event));
    }
    return result;
}

template <class Void>
auto SqliteTables<Void>::materialise(Instant now, std::size_t limit, const ChangeJob& change) -> MaterialiseResult {
    static constexpr auto select =
        sql_text("SELECT ",
                 job_and_definition_columns,
                 " FROM carillon_job AS j CROSS JOIN carillon_definition AS d "
                 "ON d.row = j.definition WHERE j.next_run_at IS NOT NULL AND j.status = 0 "
                 "AND j.removed = 0 AND j.next_run_at <= ?1 ORDER BY j.next_run_at LIMIT ?2");
    const News before = news_;
    auto result = working([&] {
        std::vector<std::int64_t> due;
        {
            auto rows = db_.query(select, now, limit);
            while (rows.next())
                due.push_back(job_with_definition(rows, 0).row);
        }
        return ask_each(due, change);
    });
    news_.work = before.work; // the caller goes on to claim, and others know the time as well
    return result;
}

/// Goes on where it ended the last time: a job whose change has left it as it was must not keep others from theirs.
template <class Void>
auto SqliteTables<Void>::revise_cursors(const std::string& tzdata_version, std::size_t limit, const ChangeJob& change)
    -> MaterialiseResult {
    std::vector<std::int64_t> earlier;
    const auto collect = [&](SqliteRows rows) {
        while (rows.next()) {
            revision_version_ = rows.text(0);
            revision_cursor_ = rows.integer(1);
            earlier.push_back(revision_cursor_);
        }
    };
    const std::string from_version = revision_version_;
    const std::int64_t from_row = revision_cursor_;
    collect(db_.query("SELECT tzdata_version, row FROM carillon_job WHERE tzdata_version <> '' AND status = 0 AND "
                      "removed = 0 AND next_run_at IS NOT NULL AND tzdata_version < ?1 AND "
                      "(tzdata_version, row) > (?2, ?3) ORDER BY tzdata_version, row LIMIT ?4",
                      tzdata_version,
                      from_version,
                      from_row,
                      limit));
    if (earlier.size() < limit)
        collect(db_.query("SELECT tzdata_version, row FROM carillon_job WHERE tzdata_version <> '' AND status = 0 AND "
                          "removed = 0 AND next_run_at IS NOT NULL AND tzdata_version < ?1 AND "
                          "(tzdata_version, row) <= (?2, ?3) ORDER BY tzdata_version, row LIMIT ?4",
                          tzdata_version,
                          from_version,
                          from_row,
                          limit - earlier.size()));
    return working([&] { return ask_each(earlier, change); });
}

} // namespace carillon::detail
