// SPDX-License-Identifier: MIT
// rows.hpp - jobs, runs and audit events as the rows and the pairs of tables.
#pragma once

#include <carillon/model/audit.hpp>
#include <carillon/model/job.hpp>
#include <carillon/model/run.hpp>

#include "output.hpp"

#include <string>
#include <vector>

namespace carillonctl {

void print_jobs(const Output& output, const std::vector<carillon::ScheduledJob>& jobs);
void print_runs(const Output& output, const std::vector<carillon::JobRun>& runs);
void print_audit(const Output& output, const std::vector<carillon::AuditEvent>& events);

/// Every member that has a value.
[[nodiscard]] std::vector<Row> pairs_of(const carillon::ScheduledJob& job);
[[nodiscard]] std::vector<Row> pairs_of(const carillon::JobRun& run);

/// What there is to say about a run besides its status: why, which attempt, how it went.
[[nodiscard]] std::string note_of(const carillon::JobRun& run);

} // namespace carillonctl
