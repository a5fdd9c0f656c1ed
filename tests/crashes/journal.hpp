// SPDX-License-Identifier: MIT
// crashes/journal.hpp - what a process acknowledges, line by line, before somebody kills it.
//
//   job 17 0192...       the job of the 17th creation exists
//   run 0192...          a run was triggered
//   begun 0192... 3      a handler was entered, with this fence
//   ended 0192... completed
//   trouble ...          something that no user should see
//
// A line is one write to a pipe, and short: it comes whole or not at all, and what was written survives the writer.
#pragma once

#include "carillon/ids.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace crashes {

using namespace carillon;

/// Thread-safe. Throws where nobody listens.
inline void acknowledge(int pipe, std::string line) {
    if (line.size() > 1'000) line.resize(1'000); // PIPE_BUF is 4096: so much is written at once
    for (char& c : line)
        if (c == '\n') c = ' ';
    line += '\n';
    if (write(pipe, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error("nobody reads the journal");
}

[[nodiscard]] inline std::uint64_t number_of(std::string_view text) {
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ptr != text.data() + text.size() || text.empty())
        throw std::invalid_argument("expected a number, saw " + std::string(text));
    return value;
}

/// What became of one run, by what the processes said.
struct RunRecord {
    bool triggered = false;
    std::vector<std::uint64_t> begun{}; ///< fences, in order
    std::vector<std::string> ended{};   ///< statuses
};

/// All that was acknowledged, by all processes.
struct Journal {
    std::map<std::string, JobId> jobs{}; ///< by creation
    std::map<RunId, RunRecord> runs{};
    std::vector<std::string> trouble{};

    /// Throws std::invalid_argument for a line that is none.
    void add(std::string_view line) {
        const auto [word, rest] = split(line);
        const auto [first, second] = split(rest);
        if (word == "job")
            add_job(std::string(first), JobId::parse(second).value());
        else if (word == "run")
            runs[RunId::parse(first).value()].triggered = true;
        else if (word == "begun")
            runs[RunId::parse(first).value()].begun.push_back(number_of(second));
        else if (word == "ended")
            runs[RunId::parse(first).value()].ended.emplace_back(second);
        else if (word == "trouble")
            trouble.emplace_back(rest);
        else
            throw std::invalid_argument("no line of a journal: " + std::string(line));
    }

    [[nodiscard]] std::size_t count_begun() const {
        std::size_t count = 0;
        for (const auto& [id, run] : runs)
            count += run.begun.size();
        return count;
    }
    [[nodiscard]] std::size_t count_ended() const {
        std::size_t count = 0;
        for (const auto& [id, run] : runs)
            count += run.ended.size();
        return count;
    }

private:
    static std::pair<std::string_view, std::string_view> split(std::string_view text) {
        const std::size_t space = text.find(' ');
        if (space == std::string_view::npos) return {text, {}};
        return {text.substr(0, space), text.substr(space + 1)};
    }

    void add_job(const std::string& creation, const JobId& id) {
        const auto [at, added] = jobs.try_emplace(creation, id);
        if (!added && at->second != id) trouble.push_back("creation " + creation + " made two jobs");
    }
};

/// The lines in what comes out of a pipe piece by piece.
class LineReader {
public:
    void take(std::string_view bytes, Journal& journal) {
        rest_ += bytes;
        std::size_t begin = 0;
        for (std::size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
            journal.add(std::string_view(rest_).substr(begin, end - begin));
        rest_.erase(0, begin);
    }
    /// Throws where a line was cut off.
    void end() const {
        if (!rest_.empty()) throw std::runtime_error("the journal ends within a line: " + rest_);
    }

private:
    std::string rest_;
};

} // namespace crashes
