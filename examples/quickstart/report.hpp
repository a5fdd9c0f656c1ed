// SPDX-License-Identifier: MIT
// report.hpp - what the quickstart prints: where it goes on, which jobs were refused, each run as it ends, and at the
// end a table for each tenant and one of all its lives.
#pragma once

#include <carillon/error.hpp>
#include <carillon/model/job.hpp>
#include <carillon/model/run.hpp>
#include <carillon/worker/handler.hpp>

#include <string>
#include <vector>

namespace quickstart {

/// The file, and the jobs that were in it before this start.
void print_state(const std::string& file, const std::vector<carillon::ScheduledJob>& jobs);

void print_refused(const std::string& job, const carillon::Error& error);

void print_heading();
/// One line about a run that ends now. Thread-safe.
void print_run(const carillon::RunContext& run, const std::string& outcome, const std::string& text);

/// Ordered by tenants.
void print_jobs(const std::vector<carillon::ScheduledJob>& jobs);
/// What each life of the program has executed, as far as the ledger goes back; the last of them is `this_life`.
void print_history(const std::vector<carillon::JobRun>& runs, const std::string& this_life);

} // namespace quickstart
