// SPDX-License-Identifier: MIT
// shell.cpp - runs a command and returns what it printed.
#include "handlers.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <stop_token>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace quickstart {

namespace {

constexpr std::size_t kept_output = 4'096;

void check(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// The two ends of a pipe.
struct Pipe {
    int ends[2] = {-1, -1};

    Pipe() {
        if (pipe2(ends, O_CLOEXEC) != 0) check(errno, "pipe");
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close(ends[0]);
        close_writer();
    }
    void close_writer() {
        if (ends[1] >= 0) close(ends[1]);
        ends[1] = -1;
    }
};

/// Starts `command` in a process group of its own, with its output and errors going into the pipe.
pid_t start(const std::string& command, const Pipe& pipe) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    check(posix_spawn_file_actions_init(&files), "posix_spawn");
    check(posix_spawnattr_init(&attributes), "posix_spawn");
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, pipe.ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, pipe.ends[1], STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);

    std::string text = command;
    char shell[] = "sh";
    char option[] = "-c";
    char* arguments[] = {shell, option, text.data(), nullptr};
    pid_t child = 0;
    const int error = posix_spawn(&child, "/bin/sh", &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    check(error, "posix_spawn");
    return child;
}

/// The end of what is printed until everybody has closed the pipe.
std::string read_all(int file) {
    std::string output;
    char buffer[4'096];
    for (;;) {
        const ssize_t size = read(file, buffer, sizeof buffer);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        output.append(buffer, static_cast<std::size_t>(size));
        if (output.size() > 2 * kept_output) output.erase(0, output.size() - kept_output);
    }
    if (output.size() > kept_output) output.erase(0, output.size() - kept_output);
    while (!output.empty() && output.back() == '\n')
        output.pop_back();
    return output;
}

} // namespace

nlohmann::json shell(carillon::RunContext& run) {
    Pipe pipe;
    const pid_t child = start(run.action().at("command").get<std::string>(), pipe);
    pipe.close_writer();
    std::string output;
    {
        const std::stop_callback stop(run.stop_token(), [child] { kill(-child, SIGTERM); });
        output = read_all(pipe.ends[0]);
        siginfo_t ended = {};
        while (waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
        }
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status))
        throw std::runtime_error("ended by signal " + std::to_string(WTERMSIG(status)) + ": " + output);
    if (WEXITSTATUS(status) != 0)
        throw std::runtime_error("exit status " + std::to_string(WEXITSTATUS(status)) + ": " + output);
    return {{"output", output}};
}

} // namespace quickstart
