// SPDX-License-Identifier: MIT
// shell.cpp - runs a command and returns what it printed.
#include "handlers.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <stop_token>
#include <string>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace quickstart {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t kept_output = 4'096;
constexpr std::chrono::seconds patience{1}; // from SIGTERM to SIGKILL

void check(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// A file descriptor of our own; -1 is none.
class File {
public:
    explicit File(int descriptor) noexcept
        : descriptor_(descriptor) {}
    File(File&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

/// A command that was started: in a process group of its own, so that its children can be reached, too.
struct Command {
    pid_t id;
    File output; // and errors
    File ended;  // readable when the command has ended; none on a kernel that cannot tell
};

pid_t spawn(std::string command, int output) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    check(posix_spawn_file_actions_init(&files), "posix_spawn");
    check(posix_spawnattr_init(&attributes), "posix_spawn");
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    sigset_t none; // what this program blocks is not the command's business
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);

    char shell[] = "sh";
    char option[] = "-c";
    char* arguments[] = {shell, option, command.data(), nullptr};
    pid_t child = 0;
    const int error = posix_spawn(&child, "/bin/sh", &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    check(error, "posix_spawn");
    return child;
}

Command start(const std::string& command) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) check(errno, "pipe");
    File reader(ends[0]);
    const File writer(ends[1]);
    const pid_t child = spawn(command, writer.get());
    return {child, std::move(reader), File(static_cast<int>(syscall(SYS_pidfd_open, child, 0)))};
}

/// Appends what there is to read; false at the end of the file.
bool read_some(int file, std::string& output) {
    char buffer[16'384];
    const ssize_t size = read(file, buffer, sizeof buffer);
    if (size <= 0) return size < 0 && errno == EINTR;
    output.append(buffer, static_cast<std::size_t>(size));
    if (output.size() > kept_output) output.erase(0, output.size() - kept_output);
    return true;
}

int milliseconds_until(const std::optional<steady_clock::time_point>& deadline) {
    if (!deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - steady_clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

/// The end of what the command and its children print, when it has ended and they all have closed the output. When
/// `stop` becomes readable they are asked to end, and a little later they are not asked any more.
std::string follow(const Command& command, int stop) {
    std::string output;
    std::optional<steady_clock::time_point> kill_at;
    pollfd files[] = {{command.output.get(), POLLIN, 0}, {command.ended.get(), POLLIN, 0}, {stop, POLLIN, 0}};
    auto& [printed, ended, stopped] = files;
    while (printed.fd >= 0 || ended.fd >= 0) { // poll passes over what is below 0
        if (poll(files, std::size(files), milliseconds_until(kill_at)) < 0) {
            if (errno == EINTR) continue;
            check(errno, "poll");
        }
        if (printed.revents != 0 && !read_some(printed.fd, output)) printed.fd = -1;
        if (ended.revents != 0) ended.fd = -1;
        if (stopped.revents != 0) {
            kill(-command.id, SIGTERM);
            kill_at = steady_clock::now() + patience;
            stopped.fd = -1;
        }
        if (kill_at && steady_clock::now() >= *kill_at) {
            kill(-command.id, SIGKILL);
            kill_at.reset();
            printed.fd = -1; // a process that left the group may keep the output open for ever
        }
    }
    return output.substr(0, output.find_last_not_of('\n') + 1);
}

int exit_status(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/// As JSON, with U+FFFD for what is not UTF-8.
nlohmann::json as_text(const std::string& output) {
    return nlohmann::json::parse(nlohmann::json(output).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

[[noreturn]] void fail(const std::string& how, const std::string& output) {
    throw std::runtime_error(output.empty() ? how : how + ": " + output);
}

} // namespace

nlohmann::json shell(carillon::RunContext& run) {
    const std::string text = run.action().at("command").get<std::string>();
    const File stop(eventfd(0, EFD_CLOEXEC));
    if (stop.get() < 0) check(errno, "eventfd");
    const std::stop_callback wake(run.stop_token(), [&] { eventfd_write(stop.get(), 1); });
    const Command command = start(text);
    const std::string output = follow(command, stop.get());
    const int status = exit_status(command.id);
    if (WIFSIGNALED(status)) fail("ended by signal " + std::to_string(WTERMSIG(status)), output);
    if (WEXITSTATUS(status) != 0) fail("exit status " + std::to_string(WEXITSTATUS(status)), output);
    return {{"output", as_text(output)}};
}

} // namespace quickstart
