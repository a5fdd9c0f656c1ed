// SPDX-License-Identifier: MIT
// report.hpp - what the quickstart prints: which jobs were refused, each run as it ends, and a table for each tenant.
#pragma once

#include <carillon/scheduler_facade.hpp>
#include <carillon/worker/handler.hpp>

#include <string>

namespace quickstart {

void print_refused(const std::string& job, const carillon::Error& error);

void print_heading();
/// One line about a run that ends now. Thread-safe.
void print_run(const carillon::RunContext& run, const std::string& outcome, const std::string& text);

void print_table(const carillon::SchedulerFacade<>& scheduler, const std::string& tenant);

} // namespace quickstart
