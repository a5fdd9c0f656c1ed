// SPDX-License-Identifier: MIT
// carillon_crashes - real processes on one SQLite file: killed at any moment, and many at a time.
//
//   carillon_crashes killed [kills = 20] [seed]      kill -9 for a host at work, so often, at moments from the seed
//   carillon_crashes together [seconds = 3]          four hosts at work on one file, for so long
//
// CARILLON_KILLS and CARILLON_TOGETHER_SECONDS are for the numbers that are not given. Prints what it saw, and what is
// wrong with it; ends with 1 where something is.
#include "carillon/clock.hpp"
#include "carillon/storage/sqlite.hpp"

#include "crashes/checks.hpp"
#include "crashes/journal.hpp"
#include "crashes/transitions.hpp"
#include "crashes/work.hpp"
#include "support/temporary_folder.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <random>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

extern char** environ; // NOLINT: POSIX names it so

using namespace crashes;
using namespace std::chrono_literals;

namespace {

void check_system(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// A pipe that no child inherits but by posix_spawn.
std::pair<int, int> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) check_system(errno, "pipe");
    return {ends[0], ends[1]};
}

/// This program once more, at work on a file. What it acknowledges goes to the journal.
class Host {
public:
    Host(const std::string& path, const std::string& name, std::uint64_t creation, Duration lease) {
        const auto [control, keep_control] = make_pipe();
        const auto [journal, child_journal] = make_pipe();
        control_ = keep_control;
        journal_ = journal;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, control, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, child_journal, STDOUT_FILENO);
        std::vector<std::string> words{
            "carillon_crashes", "work", path, name, std::to_string(creation), std::to_string(lease.count())};
        std::vector<char*> arguments;
        for (std::string& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const int error = posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        close(control);
        close(child_journal);
        check_system(error, "posix_spawn");
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host() {
        if (pid_ != 0) end_with(SIGKILL);
        if (control_ >= 0) close(control_);
        close(journal_);
    }

    [[nodiscard]] int journal() const { return journal_; }
    /// Reads what is there; false at the end.
    bool read_into(Journal& journal) {
        std::array<char, 1 << 16> bytes{};
        const ssize_t count = read(journal_, bytes.data(), bytes.size());
        if (count < 0) check_system(errno, "read");
        lines_.take({bytes.data(), static_cast<std::size_t>(count)}, journal);
        return count != 0;
    }
    void read_to_the_end(Journal& journal) {
        while (read_into(journal)) {
        }
        lines_.end();
    }
    /// It ends in good order, soon.
    void tell_to_end() { close(std::exchange(control_, -1)); }
    /// Its exit status, as waitpid has it.
    int end_with(int signal) {
        if (signal != 0) kill(pid_, signal);
        int status = 0;
        if (waitpid(std::exchange(pid_, 0), &status, 0) < 0) check_system(errno, "waitpid");
        return status;
    }

private:
    pid_t pid_ = 0;
    int control_ = -1;
    int journal_ = -1;
    LineReader lines_;
};

/// Reads what the hosts acknowledge, until `end`.
void listen(const std::vector<std::unique_ptr<Host>>& hosts, Journal& journal, SteadyTime end) {
    const SystemClock clock;
    std::vector<pollfd> pipes;
    for (const auto& host : hosts)
        pipes.push_back({host->journal(), POLLIN, 0});
    for (Duration left = end - clock.steady_now(); left > Duration{0}; left = end - clock.steady_now()) {
        const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        if (::poll(pipes.data(), pipes.size(), static_cast<int>(whole)) < 0) check_system(errno, "poll");
        for (std::size_t i = 0; i < hosts.size(); ++i)
            if (pipes[i].revents != 0 && !hosts[i]->read_into(journal)) pipes[i].fd = -1; // it has died
    }
}

/// Ends what was left, checks, and says so.
int conclude(const std::string& path, Journal& journal, Duration lease, bool killed) {
    const auto storage = SqliteStorage::open(path);
    Scheduler scheduler(storage);
    settle(scheduler, journal, lease);
    Checks checks(scheduler, journal);
    Findings findings = checks.run(killed);
    for (const std::string& damage : storage->integrity_check())
        findings.push_back("integrity_check: " + damage);
    std::printf(
        "%zu jobs created, %zu handlers entered, %zu ends acknowledged; %zu rows in the ledger, %zu occurrences\n",
        journal.jobs.size(),
        journal.count_begun(),
        journal.count_ended(),
        checks.rows(),
        checks.occurrences());
    if (killed) {
        Transitions transitions(path);
        std::printf("%zu transitions to an end were noted by the database\n", transitions.count());
        if (const std::size_t doubles = transitions.doubles(); doubles != 0)
            findings.push_back(std::to_string(doubles) + " runs have ended twice");
    }
    for (std::size_t i = 0; i < findings.size() && i < 20; ++i)
        std::printf("wrong: %s\n", findings[i].c_str());
    if (!findings.empty()) std::printf("%zu things are wrong\n", findings.size());
    return findings.empty() ? 0 : 1;
}

int run_killed(std::uint64_t kills, std::uint64_t seed) {
    const support::TemporaryFolder folder;
    const std::string path = folder.file("jobs.db");
    constexpr Duration lease = 1s;
    const SystemClock clock;
    std::mt19937_64 chance(seed);
    Journal journal;
    std::printf(
        "%llu kills, seed %llu\n", static_cast<unsigned long long>(kills), static_cast<unsigned long long>(seed));
    bool noted = false;
    for (std::uint64_t i = 0; i < kills; ++i) {
        const SteadyTime end = clock.steady_now() + std::chrono::microseconds{5'000 + chance() % 145'000};
        std::vector<std::unique_ptr<Host>> hosts;
        hosts.push_back(std::make_unique<Host>(path, "host", journal.jobs.size(), lease));
        listen(hosts, journal, end);
        const int status = hosts.front()->end_with(SIGKILL);
        hosts.front()->read_to_the_end(journal);
        if (!WIFSIGNALED(status)) throw std::runtime_error("a host ended before it was killed");
        if (!noted && !journal.jobs.empty()) {
            Transitions(path).note(); // not before: a file that is being made may be killed, too
            noted = true;
        }
    }
    if (journal.jobs.size() < kills || journal.count_ended() < kills)
        throw std::runtime_error("hardly anything happened before the kills: " + std::to_string(journal.jobs.size()) +
                                 " jobs, " + std::to_string(journal.count_ended()) + " ends");
    return conclude(path, journal, lease, true);
}

int run_together(std::uint64_t seconds) {
    const support::TemporaryFolder folder;
    const std::string path = folder.file("jobs.db");
    constexpr Duration lease = 30s;
    const SystemClock clock;
    Journal journal;
    std::vector<std::unique_ptr<Host>> hosts;
    for (int i = 0; i < 4; ++i)
        hosts.push_back(std::make_unique<Host>(path, "host" + std::to_string(i), 0, lease));
    listen(hosts, journal, clock.steady_now() + std::chrono::seconds{seconds});
    for (const auto& host : hosts)
        host->tell_to_end();
    for (const auto& host : hosts)
        host->read_to_the_end(journal);
    for (const auto& host : hosts)
        if (host->end_with(0) != 0) journal.trouble.push_back("it did not end in good order");
    std::printf("four processes on one file for %llu s\n", static_cast<unsigned long long>(seconds));
    return conclude(path, journal, lease, false);
}

/// The argument, else the variable, else the default.
std::uint64_t number(int argc, char** argv, int at, const char* variable, std::uint64_t otherwise) {
    if (argc > at) return number_of(argv[at]);
    const char* text = variable ? std::getenv(variable) : nullptr;
    return text ? number_of(text) : otherwise;
}

int host_of(char** argv) {
    try {
        work(argv[2],
             argv[3],
             number_of(argv[4]),
             Duration{static_cast<Duration::rep>(number_of(argv[5]))},
             STDIN_FILENO);
        return 0;
    } catch (const std::exception& error) {
        acknowledge(STDOUT_FILENO, std::string("trouble ") + error.what());
        return 1;
    }
}

} // namespace

int main(int argc, char** argv) try {
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "work" && argc == 6) return host_of(argv);
    if (mode == "killed")
        return run_killed(number(argc, argv, 2, "CARILLON_KILLS", 20), number(argc, argv, 3, nullptr, 1));
    if (mode == "together") return run_together(number(argc, argv, 2, "CARILLON_TOGETHER_SECONDS", 3));
    std::fprintf(stderr, "usage: carillon_crashes killed [kills] [seed] | together [seconds]\n");
    return 2;
} catch (const std::exception& error) {
    std::fprintf(stderr, "carillon_crashes: %s\n", error.what());
    return 1;
}
