// SPDX-License-Identifier: MIT
// report.cpp - what the quickstart prints.
#include "report.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <optional>
#include <vector>

namespace quickstart {

namespace {

std::mutex output_mutex;

std::string day_and_time(const std::optional<carillon::Instant>& instant) {
    return instant ? carillon::to_rfc3339(std::chrono::floor<std::chrono::seconds>(*instant)) : "-";
}

/// Without what would break the line, and not longer than a terminal takes.
std::string one_line(std::string text) {
    std::size_t most = 100;
    if (text.size() > most) {
        while ((text[most] & 0xc0) == 0x80) // in the middle of a character
            --most;
        text = text.substr(0, most) + "...";
    }
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return text;
}

} // namespace

void print_refused(const std::string& job, const carillon::Error& error) {
    std::cout << "refused: " << job << ": " << to_string(error.code());
    if (error.column() > 0) std::cout << " at column " << error.column();
    std::cout << "\n  " << error.what() << "\n";
}

void print_heading() {
    std::cout << "\nended     tenant    job                                       outcome" << std::endl;
}

void print_run(const carillon::RunContext& run, const std::string& outcome, const std::string& text) {
    const std::string now = day_and_time(carillon::SystemClock().now()).substr(11, 8);
    const std::lock_guard lock(output_mutex);
    std::cout << now << "  " << std::left << std::setw(8) << run.tenant() << "  " << std::setw(40) << run.job_name()
              << "  " << std::setw(9) << outcome << "  " << one_line(text) << std::endl;
}

void print_table(const carillon::SchedulerFacade<>& scheduler, const std::string& tenant) {
    using Row = std::array<std::string, 7>;
    std::vector<Row> rows{{"job", "schedule", "status", "runs", "failures", "last run", "next run"}};
    for (const auto& job : scheduler.list_jobs(tenant, {.limit = 1'000, .sort = carillon::JobSort::name}))
        rows.push_back({job.name,
                        job.schedule,
                        std::string(to_string(job.status)),
                        std::to_string(job.run_count),
                        std::to_string(job.failure_count),
                        day_and_time(job.last_run_at),
                        day_and_time(job.next_run_at)});
    std::cout << "\n" << tenant << "\n" << std::left;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const auto wider = [i](const Row& a, const Row& b) {
                return a[i].size() < b[i].size();
            };
            const std::size_t width = std::max_element(rows.begin(), rows.end(), wider)->at(i).size();
            std::cout << "  " << std::setw(i + 1 < row.size() ? static_cast<int>(width) : 0) << row[i];
        }
        std::cout << "\n";
    }
}

} // namespace quickstart
