// SPDX-License-Identifier: MIT
// report.cpp - what the quickstart prints.
#include "report.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
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

using Row = std::vector<std::string>;

/// The first row is the heading.
void print_table(const std::vector<Row>& rows) {
    std::cout << std::left;
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

/// What one life of the program did.
struct Life {
    std::size_t completed = 0;
    std::size_t failed = 0;
    std::size_t taken_over = 0;
    std::uint64_t missed = 0;

    void add(const carillon::JobRun& run) {
        if (run.status == carillon::JobRunStatus::completed) ++completed;
        if (run.status == carillon::JobRunStatus::failed) ++failed;
        if (run.abandons > 0) ++taken_over;
        missed += run.missed_count;
    }
};

} // namespace

void print_state(const std::string& file, const std::vector<carillon::ScheduledJob>& jobs) {
    std::cout << "State: " << file;
    if (jobs.empty()) {
        std::cout << ", new\n";
        return;
    }
    const auto earlier = [](const carillon::ScheduledJob& a, const carillon::ScheduledJob& b) {
        return a.last_run_at < b.last_run_at;
    };
    const auto last = std::max_element(jobs.begin(), jobs.end(), earlier)->last_run_at;
    std::cout << ", goes on with " << jobs.size() << " jobs; the last run began " << day_and_time(last) << "\n";
}

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

void print_jobs(const std::vector<carillon::ScheduledJob>& jobs) {
    std::map<std::string, std::vector<Row>> tables;
    for (const auto& job : jobs) {
        std::vector<Row>& rows = tables[job.tenant_id];
        if (rows.empty()) rows = {{"job", "schedule", "status", "runs", "failures", "last run", "next run"}};
        rows.push_back({job.name,
                        job.schedule,
                        std::string(to_string(job.status)),
                        std::to_string(job.run_count),
                        std::to_string(job.failure_count),
                        day_and_time(job.last_run_at),
                        day_and_time(job.next_run_at)});
    }
    for (const auto& [tenant, rows] : tables) {
        std::cout << "\n" << tenant << "\n";
        print_table(rows);
    }
}

void print_history(const std::vector<carillon::JobRun>& runs, const std::string& this_life) {
    std::map<std::string, Life> lives; // a life's name begins with its time
    std::map<std::string, std::uint64_t> skipped;
    for (const auto& run : runs) {
        if (run.started_at && is_terminal(run.status)) lives[run.worker].add(run);
        if (run.status == carillon::JobRunStatus::skipped)
            skipped[std::string(to_string(run.reason))] += run.occurrences;
    }
    std::vector<Row> rows{{"life", "completed", "failed", "taken over", "made up for"}};
    for (const auto& [name, life] : lives)
        rows.push_back({name + (name == this_life ? " (this one)" : ""),
                        std::to_string(life.completed),
                        std::to_string(life.failed),
                        std::to_string(life.taken_over),
                        std::to_string(life.missed)});
    std::cout
        << "\nhistory: runs by the life of this program that executed them; those taken over from a killed one, and\n"
           "missed occurrences that a later run made up for\n";
    print_table(rows);
    for (const auto& [reason, occurrences] : skipped)
        std::cout << "  skipped, " << reason << ": " << occurrences << "\n";
}

} // namespace quickstart
