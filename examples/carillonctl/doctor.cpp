// SPDX-License-Identifier: MIT
// doctor.cpp - judges facts, and says what helps.
#include "doctor.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace carillonctl {

namespace {

/// Findings of one kind are listed up to here, the others counted.
constexpr std::size_t shown = 10;
/// A worker that is there notices within a second or two.
constexpr carillon::Duration lease_patience = std::chrono::seconds{5};

constexpr std::array<std::string_view, 3> level_names{"good", "note", "problem"};

std::string_view name_of(Level level) {
    return level_names[static_cast<std::size_t>(level)];
}

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

std::string count(std::size_t number, const std::string& noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string size_text(std::uint64_t bytes) {
    return bytes < 1'048'576 ? std::to_string(bytes / 1'024) + " KiB" : std::to_string(bytes / 1'048'576) + " MiB";
}

class Diagnosis {
public:
    Diagnosis(const Facts& facts, carillon::Instant now)
        : facts_(facts)
        , now_(now) {}

    std::vector<Finding> findings() {
        judge_file();
        judge_jobs();
        judge_cursors();
        judge_ready();
        judge_leases();
        return std::move(findings_);
    }

private:
    void add(Level level, std::string about, std::string sentence, std::string advice = "") {
        findings_.push_back({level, std::move(about), std::move(sentence), std::move(advice)});
    }
    /// Those behind the last that is shown.
    void add_rest(const std::string& about, std::size_t all, const std::string& noun) {
        if (all > shown) add(Level::problem, about, "and " + count(all - shown, noun) + " more");
    }

    void judge_file() {
        add(Level::good,
            "file",
            facts_.path + ": " + size_text(facts_.bytes) + ", schema version " + std::to_string(facts_.schema_version) +
                ", " + count(facts_.tenants.size(), "tenant") + ", " + count(facts_.jobs, "job") + ", " +
                count(facts_.running, "run") + " running");
        if (facts_.damage.empty()) add(Level::good, "integrity", "SQLite finds the file whole");
        for (std::size_t i = 0; i < std::min(shown, facts_.damage.size()); ++i)
            add(Level::problem,
                "integrity",
                facts_.damage[i],
                i > 0 ? ""
                      : "end all processes that use the file, keep it and its -wal file, and put the last copy in its "
                        "place; without one, `sqlite3 FILE .recover` saves what can be read");
        add_rest("integrity", facts_.damage.size(), "fault");
    }

    void judge_jobs() {
        for (std::size_t i = 0; i < std::min(shown, facts_.halted.size()); ++i) {
            const HaltedJob& job = facts_.halted[i];
            add(Level::problem,
                "jobs",
                "the system has " + std::string(to_string(job.status)) + " job " + quoted(job.name) + " of tenant " +
                    quoted(job.tenant) + ": " + job.reason,
                "when that is mended: `carillonctl resume " + job.id.str() + "`");
        }
        add_rest("jobs", facts_.halted.size(), "job");
        if (facts_.halted.empty()) add(Level::good, "jobs", "the system has paused or disabled none");
    }

    void judge_cursors() {
        const auto& due = facts_.next_due;
        if (!due) return add(Level::good, "schedules", "no job has an occurrence ahead");
        const std::string job = "job " + quoted(due->name) + " of tenant " + quoted(due->tenant);
        if (due->at < now_ - patience)
            return add(Level::problem,
                       "schedules",
                       job + " was due " + time_text(due->at) + ", " + rough_text(now_ - due->at) +
                           " ago, and nobody has planned it",
                       "see that the host runs, that its worker is started, and what it reports; a host that came up "
                       "with a clock more than a day ahead waits for a minute, or for confirm_clock()");
        add(Level::good,
            "schedules",
            "the next is " + job + ", " + time_text(due->at) +
                (due->at > now_ ? ", in " + rough_text(due->at - now_) : ", just now"));
    }

    void judge_ready() {
        const std::size_t before = findings_.size();
        for (const ReadyType& type : facts_.ready) {
            if (type.oldest > now_ - patience) continue;
            const bool begun = type.last_start && *type.last_start >= type.oldest;
            add(begun ? Level::note : Level::problem,
                "runs",
                count(type.runs, "run") + " of action type " + quoted(type.action_type) +
                    " could begin, the oldest for " + rough_text(now_ - type.oldest) +
                    (begun ? "; others of the type do" : ", and none of the type was started since"),
                begun ? "give workers more threads, start more of them, or look at limits and long handlers"
                      : "start a worker with a handler for " + quoted(type.action_type) +
                            ", or correct the jobs' actions");
        }
        if (findings_.size() == before) add(Level::good, "runs", "none waits for a worker");
    }

    void judge_leases() {
        std::size_t found = 0;
        for (const ExpiredLease& lease : facts_.expired) {
            if (lease.since < lease_patience || ++found > shown) continue;
            add(Level::problem,
                "leases",
                "run " + lease.run.str() + " of action type " + quoted(lease.action_type) + ", tenant " +
                    quoted(lease.tenant) + ": worker " + quoted(lease.worker) +
                    " has not renewed its lease, which ended " + rough_text(lease.since) + " ago",
                found > 1 ? "" : "a worker takes such runs over within a second or two: start one");
        }
        add_rest("leases", found, "run");
        if (found == 0) add(Level::good, "leases", "none has ended without its run");
    }

    const Facts& facts_;
    carillon::Instant now_;
    std::vector<Finding> findings_;
};

} // namespace

std::vector<Finding> diagnose(const Facts& facts, carillon::Instant now) {
    return Diagnosis(facts, now).findings();
}

bool healthy(const std::vector<Finding>& findings) {
    return std::none_of(
        findings.begin(), findings.end(), [](const Finding& finding) { return finding.level == Level::problem; });
}

void print_findings(const Output& output, const std::string& path, const std::vector<Finding>& findings) {
    if (output.format == Format::json) {
        nlohmann::json list = nlohmann::json::array();
        for (const Finding& finding : findings)
            list.push_back({{"level", name_of(finding.level)},
                            {"about", finding.about},
                            {"sentence", finding.sentence},
                            {"advice", finding.advice.empty() ? nlohmann::json() : nlohmann::json(finding.advice)}});
        return print_json(output, {{"file", path}, {"healthy", healthy(findings)}, {"findings", list}});
    }
    std::vector<Row> pairs;
    for (const Finding& finding : findings) {
        const std::string mark = finding.level == Level::good ? "" : std::string(name_of(finding.level)) + ": ";
        pairs.push_back({finding.about, mark + finding.sentence});
        if (!finding.advice.empty()) pairs.push_back({"", "-> " + finding.advice});
    }
    print_pairs(output, pairs);
    output.stream << (healthy(findings) ? "all is well\n" : "not all is well\n");
}

} // namespace carillonctl
