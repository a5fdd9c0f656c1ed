// SPDX-License-Identifier: MIT
// quickstart_test.cpp - the quickstart's handlers, with commands as people write them.
#include "../../examples/quickstart/handlers.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"
#include "support/world.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <stop_token>
#include <string>

namespace fs = std::filesystem;
using support::await;
using support::TemporaryFile;

namespace {

/// Calls a handler with an action.
nlohmann::json call(nlohmann::json handler(carillon::RunContext&), const nlohmann::json& action, std::stop_token stop) {
    auto job = std::make_shared<carillon::JobDefinition>();
    job->action = carillon::JsonText(action);
    const carillon::ClaimedRun claimed{.run = {}, .job = job};
    carillon::RunContext context(claimed, std::move(stop), [] { return true; });
    return handler(context);
}

nlohmann::json output_of(const std::string& command) {
    return call(quickstart::shell, {{"command", command}}, {}).at("output");
}

std::string failure_of(const std::string& command) {
    try {
        return "no failure, but " + output_of(command).dump();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

/// What becomes of a command that is asked to stop as soon as it has called `ready`.
std::string stopped(const std::string& command) {
    const TemporaryFile signal;
    std::stop_source stop;
    auto outcome = std::async(std::launch::async, [&] {
        try {
            const std::string text = "ready() { echo ready >" + signal.path() + "; }; " + command;
            return call(quickstart::shell, {{"command", text}}, stop.get_token()).dump();
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
    });
    const bool is_ready = support::eventually([&] { return !signal.lines().empty(); });
    stop.request_stop();
    return is_ready ? await(outcome) : "never ready";
}

} // namespace

TEST_CASE("quickstart: a shell command's output is the result, errors included, without the last line's end") {
    CHECK(output_of("echo one; echo two >&2; echo") == "one\ntwo");
    CHECK(output_of("true") == "");
    CHECK(output_of("cat") == ""); // there is no input to wait for
}

TEST_CASE("quickstart: a shell command that fails says how, and what it printed") {
    CHECK(failure_of("echo no such host >&2; exit 7") == "exit status 7: no such host");
    CHECK(failure_of("exit 3") == "exit status 3");
    CHECK(failure_of("kill -KILL $$") == "ended by signal 9");
    CHECK(failure_of("no-such-command-anywhere 2>/dev/null") == "exit status 127");
}

TEST_CASE("quickstart: of a long output the end is kept") {
    const std::string output = output_of("yes '' | head -n 300000; printf '%s' 'the end'");
    CHECK(output.size() == 4'096);
    CHECK(output.substr(output.size() - 8) == "\nthe end");
}

TEST_CASE("quickstart: output that is not UTF-8 is made so") {
    CHECK(output_of("printf 'gr\\374n'") == "gr\xef\xbf\xbdn");
    CHECK(output_of("printf 'gr\\303\\274n'") == "gr\xc3\xbcn");
}

TEST_CASE("quickstart: a shell command lasts until the children that share its output have ended") {
    CHECK(output_of("(sleep 0.1; echo child) & echo parent") == "parent\nchild");
}

TEST_CASE("quickstart: a shell command that shall stop is ended, with its children, whatever it does about it") {
    CHECK(stopped("ready; sleep 600") == "ended by signal 15");
    CHECK(stopped("sleep 600 & ready; wait") == "ended by signal 15");
    CHECK(stopped("trap 'echo tidied up; exit 9' TERM; ready; while :; do :; done") == "exit status 9: tidied up");
    CHECK(stopped("trap '' TERM; ready; while :; do :; done") == "ended by signal 9");
    CHECK(stopped("exec >&- 2>&-; ready; sleep 600") == "ended by signal 15"); // its output has ended before
    CHECK(stopped("yes | { head -n 1; ready; cat; }").substr(0, 21) == "ended by signal 15: y");
}

TEST_CASE("quickstart: a child that has left the group of its command cannot keep it from stopping") {
    CHECK(stopped("trap '' TERM; setsid sleep 3 & ready") == R"({"output":""})");
}

TEST_CASE("quickstart: what a host blocks is not blocked in its commands") {
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &term, &before);
    const std::string blocked = output_of("grep SigBlk /proc/self/status");
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    CHECK(blocked == "SigBlk:\t0000000000000000");
}

TEST_CASE("quickstart: a directory is measured") {
    const TemporaryFile folder;
    fs::create_directories(folder.path() + "/a/b");
    std::ofstream(folder.path() + "/one") << "12345";
    std::ofstream(folder.path() + "/a/b/two") << "1234567";
    fs::create_symlink("one", folder.path() + "/link");
    const auto report = call(quickstart::disk_report, {{"path", folder.path()}}, {});
    CHECK(report == nlohmann::json{{"files", 2}, {"bytes", 12}, {"unreadable", 0}});
    fs::remove_all(folder.path());
    CHECK_THROWS_AS(call(quickstart::disk_report, {{"path", folder.path()}}, {}), carillon::PermanentFailure);
}

TEST_CASE("quickstart: measuring a directory ends when it shall stop") {
    const auto stop = std::make_unique<std::stop_source>();
    stop->request_stop();
    CHECK_THROWS_AS(call(quickstart::disk_report, {{"path", "/etc"}}, stop->get_token()), std::runtime_error);
}
