// SPDX-License-Identifier: MIT
// storage/detail/sqlite_definitions.hpp - how SqliteTables keeps what was agreed on: a row a version, and those last
// used at hand.
#pragma once

#include "carillon/storage/detail/sqlite_tables.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace carillon::detail {

inline constexpr auto select_definition =
    sql_text("SELECT row, ", definition_columns, " FROM carillon_definition WHERE row = ?1");
inline constexpr auto select_definitions =
    sql_text("SELECT row, ", definition_columns, " FROM carillon_definition WHERE row IN ", sql_list_of_many);

/// A row's number is a count followed by 32 random bits: what was written in a transaction that has been rolled back
/// may still be in a cache, and its number must not be given to another.
template <class Void>
std::int64_t SqliteTables<Void>::add_definition(const std::shared_ptr<const JobDefinition>& definition) {
    static constexpr auto insert = sql_text(
        "INSERT INTO carillon_definition (row, ",
        definition_columns,
        ") VALUES (((coalesce((SELECT max(row) FROM carillon_definition), 0) >> 32) + 1) << 32 | ?1, ?2, ?3, ?4, ?5, "
        "?6, ?7, ?8, ?9, nullif(?10, ''), ?11, ?12, ?13, ?14, ?15, ?16, ?17, nullif(?18, ''), ?19, ?20, ?21, ?22, "
        "?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, nullif(?38, ''), ?39, "
        "nullif(?40, ''), ?41, ?42, ?43, ?44, ?45, nullif(?46, ''))");
    const std::uint64_t chance = random_bits() & 0xffff'ffff;
    std::apply(
        [&](const auto&... members) { db_.execute(insert, chance, members..., dates_text(definition->exclude)); },
        definition_members(*definition));
    const std::int64_t row = sqlite3_last_insert_rowid(db_.handle());
    definitions_.add(row, definition);
    return row;
}

template <class Void>
std::shared_ptr<const JobDefinition> SqliteTables<Void>::definition_of(std::int64_t row) {
    if (auto known = definitions_.find(row)) return known;
    auto rows = db_.query(select_definition, row);
    if (!rows.next()) throw Error(Errc::internal, "a record of the database names a definition that is not there");
    return definitions_.add(row, read_definition(rows, 1));
}

template <class Void>
const std::shared_ptr<const JobDefinition>& SqliteTables<Void>::definition_of(JobRow& job) {
    if (!job.definition) job.definition = definition_of(job.definition_row);
    return job.definition;
}

/// The job in a row of a query, from `job_and_definition_columns` at `column` on.
template <class Void>
auto SqliteTables<Void>::job_with_definition(const SqliteRows& rows, int column) -> JobRow& {
    JobRow& job = work_.job_in(rows, column);
    if (job.definition) return job;
    job.definition = definitions_.find(job.definition_row);
    if (!job.definition)
        job.definition = definitions_.add(job.definition_row, read_definition(rows, column + whole_job_count));
    return job;
}

/// Has the jobs at hand, with what was agreed on, before one after the other is asked for.
template <class Void>
void SqliteTables<Void>::fetch_jobs_with_definitions(const std::vector<std::int64_t>& jobs) {
    work_.fetch_jobs(jobs);
    std::unordered_map<std::int64_t, std::shared_ptr<const JobDefinition>> found;
    std::vector<std::int64_t> missing;
    for (const std::int64_t row : jobs) {
        JobRow& job = work_.job(row);
        if (!job.definition) job.definition = definitions_.find(job.definition_row);
        if (!job.definition && found.emplace(job.definition_row, nullptr).second) missing.push_back(job.definition_row);
    }
    const auto add_all = [&](SqliteRows rows) {
        while (rows.next())
            found[rows.integer(0)] = definitions_.add(rows.integer(0), read_definition(rows, 1));
    };
    in_lots(
        missing.size(),
        [&](std::size_t at) { return missing[at]; },
        [&](const std::int64_t& row) { add_all(db_.query(select_definition, row)); },
        [&](const auto&... lot) { add_all(db_.query(select_definitions, lot...)); });
    for (const std::int64_t row : missing.empty() ? std::vector<std::int64_t>() : jobs) {
        JobRow& job = work_.job(row);
        if (!job.definition) job.definition = found.at(job.definition_row);
    }
}

/// No job has it any more. It stays until the last event that may name it is purged.
template <class Void>
void SqliteTables<Void>::retire_definition(std::int64_t row) {
    db_.execute(
        "UPDATE carillon_definition SET until = coalesce((SELECT max(row) FROM carillon_audit), 0) WHERE row = ?1",
        row);
}

} // namespace carillon::detail
