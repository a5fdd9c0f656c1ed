// SPDX-License-Identifier: MIT
// storage/detail/sqlite_schema.hpp - the tables of SqliteStorage, and which question each index is for.
//
//   tenant type key     counters: what runs and waits, so that limits and key states cost one look
//   definition          what was agreed on, one row a version; shared by jobs and audit events, never changed
//   job                 what of the definition is searched by, how far it got, counters of its own key
//   run                 the ledger; an open run is in one `place`, 0 delayed, 1 ready or 3 running, or `waiting` (2)
//   audit               in order of arrival
//
// A claim changes the run and nothing else, since that is what most transactions are: how many runs of a job are
// running is not kept with the job but counted in the index of those that run, and what the job keeps is what does not
// change when a run of it is started for the first time. Texts that are nearly always empty are NULL then.
//
// Times are microseconds since 1970, leases those of the storage's own clock; enums are the numbers of their
// enumerators in model/*.hpp; ids are the 16 bytes of a UUID. Names begin with carillon_, since the file may be shared
// with the tables of the host.
#pragma once

#include <string>
#include <string_view>

namespace carillon::detail {

// clang-format off
/// Version 1. STRICT is for SQLite 3.37 and later: see sqlite_schema.
inline constexpr char sqlite_tables_1[] = R"sql(
CREATE TABLE carillon_tenant (
    name TEXT NOT NULL PRIMARY KEY,
    running INTEGER NOT NULL,
    -- a claim has found it full: somebody waits for an end
    found_full INTEGER NOT NULL,
    -- jobs by status
    active INTEGER NOT NULL, paused INTEGER NOT NULL, disabled INTEGER NOT NULL, completed INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE carillon_type (
    name TEXT NOT NULL PRIMARY KEY,
    running INTEGER NOT NULL,
    found_full INTEGER NOT NULL,
    spent_until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Keys that jobs share, while they have open runs. The counters of a job's own key are with the job.
CREATE TABLE carillon_key (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    pending INTEGER NOT NULL,
    running INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID, STRICT;

CREATE TABLE carillon_definition (
    row INTEGER PRIMARY KEY,
    -- the last audit event that may name it, when it is no job's any more
    until INTEGER,
    job BLOB NOT NULL, tenant TEXT NOT NULL, name TEXT NOT NULL, schedule TEXT NOT NULL, action TEXT, description TEXT,
    enabled INTEGER NOT NULL, metadata TEXT, time_zone TEXT, dialect INTEGER NOT NULL, dst INTEGER NOT NULL,
    misfire_policy INTEGER NOT NULL, misfire_grace INTEGER NOT NULL, misfire_window INTEGER NOT NULL,
    overlap_policy INTEGER NOT NULL, overlap_limit INTEGER NOT NULL, concurrency_key TEXT,
    retry_max_attempts INTEGER NOT NULL, retry_initial INTEGER NOT NULL, retry_factor REAL NOT NULL,
    retry_max_delay INTEGER NOT NULL, retry_jitter REAL NOT NULL,
    delivery INTEGER NOT NULL, priority INTEGER NOT NULL,
    timeout_attempt INTEGER, timeout_total INTEGER, timeout_grace INTEGER NOT NULL,
    spread_within INTEGER NOT NULL, spread_mode INTEGER NOT NULL,
    max_abandons INTEGER NOT NULL, pause_after_failures INTEGER NOT NULL,
    start_at INTEGER, end_at INTEGER, max_runs INTEGER, idempotency_key TEXT, spec_fingerprint INTEGER NOT NULL,
    key TEXT, status INTEGER NOT NULL, status_reason TEXT, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL, revision INTEGER NOT NULL, action_type TEXT NOT NULL, fixed_delay INTEGER,
    -- dates 2026-12-25 with blanks between them
    exclude TEXT
) STRICT;
CREATE INDEX carillon_definition_ended ON carillon_definition (until) WHERE until IS NOT NULL;

CREATE TABLE carillon_job (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    -- not declared as a reference: each definition that goes would be looked for in all jobs
    definition INTEGER NOT NULL,
    -- removed jobs stay as long as they have runs
    removed INTEGER NOT NULL,
    name TEXT NOT NULL, status INTEGER NOT NULL, created_at INTEGER NOT NULL, action_type TEXT NOT NULL,
    key TEXT NOT NULL, idempotency_key TEXT, fixed_delay INTEGER,
    -- the open runs of its own key, and those of them that wait for it
    open INTEGER NOT NULL, waiting INTEGER NOT NULL,
    -- its open scheduled runs, and those of them that were started and are pending again
    scheduled INTEGER NOT NULL, again INTEGER NOT NULL,
    -- started_runs: without those that are running
    last_run_at INTEGER, next_run_at INTEGER, high_water INTEGER, run_count INTEGER NOT NULL,
    failure_count INTEGER NOT NULL, started_runs INTEGER NOT NULL, evaluation_failures INTEGER NOT NULL,
    consecutive_failures INTEGER NOT NULL, purged_until INTEGER, tzdata_version TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX carillon_job_key ON carillon_job (tenant, key) WHERE key <> '' AND removed = 0;
CREATE UNIQUE INDEX carillon_job_idempotency ON carillon_job (tenant, idempotency_key)
    WHERE idempotency_key IS NOT NULL AND removed = 0;
CREATE INDEX carillon_job_newest ON carillon_job (tenant, created_at, id) WHERE removed = 0;
CREATE INDEX carillon_job_status ON carillon_job (tenant, status, created_at, id) WHERE removed = 0;
CREATE INDEX carillon_job_failing ON carillon_job (tenant, created_at, id)
    WHERE consecutive_failures > 0 AND removed = 0;
CREATE INDEX carillon_job_name ON carillon_job (tenant, name, id) WHERE removed = 0;
CREATE INDEX carillon_job_next ON carillon_job (tenant, next_run_at, id) WHERE removed = 0;
CREATE INDEX carillon_job_due ON carillon_job (next_run_at)
    WHERE next_run_at IS NOT NULL AND status = 0 AND removed = 0;
CREATE INDEX carillon_job_version ON carillon_job (tzdata_version)
    WHERE tzdata_version <> '' AND status = 0 AND removed = 0;

CREATE TABLE carillon_run (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    job INTEGER NOT NULL REFERENCES carillon_job (row),
    -- Of an open run. A column is in few indexes, so that what sets it has few to look at: a start is about place only.
    place INTEGER, waiting INTEGER, open_job INTEGER, open_key TEXT, open_expiry INTEGER,
    lease_until INTEGER,
    -- absent: the job's own
    key TEXT,
    tenant TEXT NOT NULL, status INTEGER NOT NULL, trigger INTEGER NOT NULL, reason INTEGER NOT NULL,
    scheduled_for INTEGER NOT NULL, started_at INTEGER, completed_at INTEGER, duration INTEGER, result TEXT, error TEXT,
    attempt INTEGER NOT NULL, fence INTEGER NOT NULL, abandons INTEGER NOT NULL, delivery INTEGER NOT NULL,
    worker TEXT, missed_count INTEGER NOT NULL, retry_of BLOB, blocked_by BLOB, idempotency_key TEXT,
    stop_requested INTEGER NOT NULL, last INTEGER, occurrences INTEGER NOT NULL, count_is_minimum INTEGER NOT NULL,
    not_before INTEGER NOT NULL, action_type TEXT NOT NULL, slots INTEGER NOT NULL, priority INTEGER NOT NULL,
    skip_when_busy INTEGER NOT NULL, expires_at INTEGER,
    -- see attempts_text
    attempts TEXT
) STRICT;
-- the ledger, history, repeated triggers
CREATE UNIQUE INDEX carillon_run_occurrence ON carillon_run (job, scheduled_for) WHERE trigger = 0;
CREATE INDEX carillon_run_history ON carillon_run (job, id);
CREATE UNIQUE INDEX carillon_run_idempotency ON carillon_run (job, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- a tenant's runs in order of time; and those that did not go well by themselves, since they are few and looked for
CREATE INDEX carillon_run_newest ON carillon_run (tenant, scheduled_for, id);
CREATE INDEX carillon_run_exceptions ON carillon_run (tenant, status, scheduled_for, id) WHERE status > 2;
-- who names it: such rows outlive the number of runs a job keeps
CREATE INDEX carillon_run_blocked ON carillon_run (blocked_by) WHERE blocked_by IS NOT NULL;
CREATE INDEX carillon_run_retried ON carillon_run (retry_of) WHERE retry_of IS NOT NULL;
-- the queue
CREATE INDEX carillon_run_delayed ON carillon_run (action_type, not_before) WHERE place = 0;
CREATE INDEX carillon_run_ready ON carillon_run (action_type, tenant, priority DESC, not_before, id) WHERE place = 1;
CREATE INDEX carillon_run_waiting ON carillon_run (job, action_type, priority DESC, not_before, id)
    WHERE waiting = 2 AND key IS NULL;
CREATE INDEX carillon_run_waiting_key ON carillon_run (tenant, key, action_type, priority DESC, not_before, id)
    WHERE waiting = 2 AND key IS NOT NULL;
-- no more than the workers can have, so leases are looked through; that makes a heartbeat cheap
CREATE INDEX carillon_run_running ON carillon_run (job, trigger, key) WHERE place = 3;
CREATE INDEX carillon_run_expiry ON carillon_run (open_expiry) WHERE open_expiry IS NOT NULL;
-- the open runs of a tenant, of a job, and of a key that jobs share, in order of arrival
CREATE INDEX carillon_run_open ON carillon_run (tenant, open_job) WHERE open_job IS NOT NULL;
CREATE INDEX carillon_run_key ON carillon_run (tenant, open_key) WHERE open_key IS NOT NULL;

CREATE TABLE carillon_audit (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL, tenant TEXT NOT NULL, actor TEXT NOT NULL, at INTEGER NOT NULL, verb INTEGER NOT NULL,
    job BLOB NOT NULL, run BLOB, reason TEXT NOT NULL, via TEXT NOT NULL, request_id TEXT NOT NULL, batch TEXT NOT NULL,
    -- definitions
    before INTEGER, after INTEGER
) STRICT;
CREATE INDEX carillon_audit_newest ON carillon_audit (tenant, id);
CREATE INDEX carillon_audit_job ON carillon_audit (tenant, job, id);
)sql";
// clang-format on

/// The statements that make an empty database one of version 1, for the given sqlite3_libversion_number().
[[nodiscard]] inline std::string sqlite_schema(int sqlite_version) {
    std::string schema = sqlite_tables_1;
    if (sqlite_version >= 3'037'000) return schema;
    for (const std::string_view strict : {", STRICT", " STRICT"})
        for (std::size_t at = schema.find(strict); at != std::string::npos; at = schema.find(strict))
            schema.erase(at, strict.size());
    return schema;
}

} // namespace carillon::detail
