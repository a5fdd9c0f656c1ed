// SPDX-License-Identifier: MIT
// carillonctl --db jobs.db COMMAND ... - look at a scheduler's SQLite file and change it, while the host runs or not.
//
//   carillonctl --db jobs.db list
//   carillonctl --db jobs.db explain nightly-backup 2026-03-29T02:00:00Z
//   carillonctl --db jobs.db doctor
//
// Exit codes: 0 done, 1 refused (for doctor: there is a problem), 2 wrong usage, 3 no such job or run.
#include <carillon/clock.hpp>

#include "commands.hpp"
#include "job_file.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <pwd.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace carillonctl;
using carillon::SqliteStorage;
using SqliteCommands = Commands<SqliteStorage>;

struct Options {
    std::string db;
    std::string tenant;
    std::string actor;
    bool json = false;
    bool table = false;
    bool new_file = false;
};

/// What the command line asks for: one verb on the commands of a tenant, or doctor.
struct Request {
    Options options;
    std::function<void(SqliteCommands&)> verb;
    bool doctor = false;
};

// ---- the machine
// -----------------------------------------------------------------------------------------------------

std::string login_name() {
    if (const char* name = getlogin()) return name;
    const passwd* user = getpwuid(geteuid());
    return user != nullptr ? user->pw_name : "uid " + std::to_string(geteuid());
}

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

nlohmann::json read_json(const std::string& option, const std::string& text) {
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception& error) {
        throw WrongUsage(option + ": " + error.what());
    }
}

/// A file's JSON; "-" is the standard input.
nlohmann::json read_json_file(const std::string& option, const std::string& path) {
    if (path == "-") return read_json(option, {std::istreambuf_iterator<char>(std::cin), {}});
    std::ifstream file(path);
    if (!file) throw WrongUsage(option + ": cannot read " + path);
    return read_json(option, {std::istreambuf_iterator<char>(file), {}});
}

// ---- the command line
// --------------------------------------------------------------------------------------------------

/// The options that name members of a job. What is given goes over what the file says.
class MemberOptions {
public:
    MemberOptions(CLI::App& app, const std::string& file_option)
        : file_option_(file_option) {
        app.add_option(
            file_option, file_, "JSON of the members that follow and of all others; - is the standard input");
        for (const char* name : {"name", "schedule", "description", "time_zone", "dialect", "start_at", "end_at"})
            add(app, name, false);
        for (const char* name : {"action", "metadata", "policies", "exclude", "max_runs"})
            add(app, name, true);
        app.add_option("--type", type_, "short for --action '{\"type\": ...}'");
        CLI::Option* enabled = app.add_flag("--enabled", enabled_, "its occurrences become runs");
        app.add_flag("--disabled", disabled_, "they do not")->excludes(enabled);
    }

    [[nodiscard]] nlohmann::json json() const {
        nlohmann::json members = file_.empty() ? nlohmann::json::object() : read_json_file(file_option_, file_);
        if (!members.is_object()) throw WrongUsage(file_option_ + ": expected an object");
        if (!type_.empty()) members["action"] = {{"type", type_}};
        for (const Member& member : members_) {
            if (member.option->count() == 0) continue;
            const std::string& text = member.option->results().front();
            members[member.name] = member.is_json ? read_json(member.option->get_name(), text) : nlohmann::json(text);
        }
        if (enabled_ || disabled_) members["enabled"] = enabled_;
        return members;
    }

private:
    struct Member {
        std::string name;
        bool is_json;
        CLI::Option* option;
    };

    void add(CLI::App& app, std::string name, bool is_json) {
        std::string option = "--" + name;
        std::replace(option.begin(), option.end(), '_', '-');
        members_.push_back({std::move(name), is_json, app.add_option(option)->type_name(is_json ? "JSON" : "TEXT")});
        members_.back().option->expected(1);
    }

    std::string file_option_;
    std::string file_;
    std::string type_;
    bool enabled_ = false;
    bool disabled_ = false;
    std::vector<Member> members_;
};

class CommandLine {
public:
    CommandLine() {
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.footer(
            "Exit codes: 0 done, 1 refused (for doctor: there is a problem), 2 wrong usage, 3 no such job or run.\n"
            "JOB is an id, a key, a name, or the beginning of one; RUN is an id.");
        add_options();
        add_views();
        add_edits();
        add_run_verbs();
    }

    /// Throws CLI::ParseError.
    Request parse(int argc, char** argv) {
        app_.parse(argc, argv);
        return request_;
    }
    int print_help(const CLI::Success& asked) { return app_.exit(asked); }
    /// What is wrong with the command line.
    [[nodiscard]] std::string sentence(const CLI::ParseError& error) const {
        const std::vector<std::string> unknown = app_.remaining();
        if (app_.get_subcommands().empty() && !unknown.empty())
            return "there is no command \"" + unknown.front() + "\"";
        return error.what();
    }
    [[nodiscard]] const Options& options() const { return request_.options; }

private:
    using Verb = std::function<void(SqliteCommands&)>;

    CLI::App* add(const std::string& name, const std::string& says, Verb verb) {
        CLI::App* command = app_.add_subcommand(name, says);
        command->callback([this, verb = std::move(verb)] { request_.verb = verb; });
        return command;
    }
    void add_job(CLI::App* command) {
        command->add_option("JOB", job_, "id, key, name, or the beginning of one")->required();
    }
    void add_run(CLI::App* command) { command->add_option("RUN", run_, "id, as `runs` shows it")->required(); }
    void add_reason(CLI::App* command) { command->add_option("--reason", reason_, "for the audit"); }
    void add_limit(CLI::App* command) {
        command->add_option("--limit", limit_, "how many at most")->capture_default_str();
    }

    void add_options() {
        Options& options = request_.options;
        app_.add_option("--db", options.db, "the scheduler's file")->envname("CARILLON_DB")->required();
        app_.add_option("--tenant", options.tenant, "whose jobs; may be left out where the file has one tenant")
            ->envname("CARILLON_TENANT");
        options.actor = login_name();
        app_.add_option("--actor", options.actor, "who is asking, for the audit")->capture_default_str();
        CLI::Option* json =
            app_.add_flag("--json", options.json, "JSON, as it is anyway where the output is no terminal");
        app_.add_flag("--table", options.table, "tables, as they are anyway on a terminal")->excludes(json);
    }

    void add_views() {
        CLI::App* list = add("list", "the tenant's jobs", [this](SqliteCommands& commands) {
            list_.limit = limit_;
            commands.list(list_);
        });
        list->add_option("--status", list_.status, "active, paused, disabled or completed");
        list->add_option("--search", list_.search, "a part of the name");
        list->add_option("--type", list_.action_type, "of the action");
        list->add_option("--sort", list_.sort, "newest, name or next_run")
            ->transform(CLI::CheckedTransformer(
                std::map<std::string, carillon::JobSort>{{"newest", carillon::JobSort::newest},
                                                         {"name", carillon::JobSort::name},
                                                         {"next_run", carillon::JobSort::next_run}}));
        add_limit(list);
        CLI::App* show =
            add("show", "all about one job, or one run", [this](SqliteCommands& commands) { commands.show(job_); });
        show->add_option("JOB|RUN", job_)->required();
        CLI::App* runs = add("runs", "a job's runs, newest first", [this](SqliteCommands& commands) {
            commands.runs(job_, run_status_, limit_);
        });
        add_job(runs);
        runs->add_option(
            "--status", run_status_, "pending, running, completed, failed, skipped, cancelled or timed_out");
        add_limit(runs);
        add_audit();
        add_predictions();
        app_.add_subcommand("doctor", "is the file whole, is something stuck, and what to do")->callback([this] {
            request_.doctor = true;
        });
    }

    void add_audit() {
        CLI::App* audit = add("audit", "who changed what, newest first", [this](SqliteCommands& commands) {
            audit_.limit = limit_;
            commands.audit(audit_);
        });
        audit->add_option("JOB", audit_.job, "only of this job");
        audit->add_option("--by", audit_.by, "only by this actor");
        audit->add_option("--verb", audit_.verb, "only this change, for example job.paused");
        add_limit(audit);
    }

    void add_predictions() {
        CLI::App* explain = add("explain",
                                "what became, or will become, of an occurrence, and why",
                                [this](SqliteCommands& commands) { commands.explain(job_, instant_); });
        add_job(explain);
        explain->add_option("INSTANT", instant_, "RFC 3339: 2026-03-29T02:00:00+01:00")->required();
        CLI::App* would = add("what-would-run", "the runs ahead, if nothing changes", [this](SqliteCommands& commands) {
            commands.what_would_run(from_, for_, limit_);
        });
        would->add_option("--from", from_, "RFC 3339; now by default");
        would->add_option("--for", for_, "how long: 90m, 24h")->capture_default_str();
        add_limit(would);
    }

    void add_edits() {
        CLI::App* create = add("create",
                               "a new job; with --key, one that is created or brought up to date",
                               [this](SqliteCommands& commands) {
                                   nlohmann::json spec = spec_->json();
                                   if (idempotency_key_) spec["idempotency_key"] = *idempotency_key_;
                                   commands.create(spec, key_);
                               });
        spec_.emplace(*create, "--spec");
        create->add_option("--key", key_, "the name under which the host knows it");
        create->add_option("--idempotency-key", idempotency_key_, "makes a repetition harmless");
        create->add_flag("--new-file", request_.options.new_file, "make the file where there is none");
        CLI::App* update = add("update", "change members of a job", [this](SqliteCommands& commands) {
            nlohmann::json patch = patch_->json();
            if (!clear_.empty()) patch["clear"] = clear_;
            commands.update(job_, patch, revision_);
        });
        add_job(update);
        patch_.emplace(*update, "--patch");
        update->add_option("--clear", clear_, "description, start_at, end_at or max_runs");
        update->add_option("--revision", revision_, "only if this is still the job's revision");
        CLI::App* pause = add("pause", "no runs until it is resumed", [this](SqliteCommands& commands) {
            commands.pause(job_, reason_);
        });
        CLI::App* resume = add("resume",
                               "go on from now; revives disabled jobs, too",
                               [this](SqliteCommands& commands) { commands.resume(job_, reason_); });
        for (CLI::App* command : {pause, resume}) {
            add_job(command);
            add_reason(command);
        }
        add_job(add("delete", "cancels what waits; the history stays", [this](SqliteCommands& commands) {
            commands.remove(job_);
        }));
    }

    void add_run_verbs() {
        CLI::App* trigger = add("trigger", "run it now, besides its schedule", [this](SqliteCommands& commands) {
            commands.trigger(job_, idempotency_key_);
        });
        add_job(trigger);
        trigger->add_option("--idempotency-key", idempotency_key_, "makes a repetition harmless");
        CLI::App* cancel = add("cancel",
                               "a pending run is cancelled, a running one asked to stop",
                               [this](SqliteCommands& commands) { commands.cancel(run_, reason_); });
        add_run(cancel);
        add_reason(cancel);
        add_run(add("retry", "a new run that repeats an ended one", [this](SqliteCommands& commands) {
            commands.retry(run_);
        }));
    }

    CLI::App app_{"Looks at a Carillon scheduler's SQLite file and changes it, while the host runs or not.",
                  "carillonctl"};
    Request request_;
    ListArguments list_;
    AuditArguments audit_;
    std::optional<MemberOptions> spec_;
    std::optional<MemberOptions> patch_;
    std::string job_;
    std::string run_;
    std::string reason_;
    std::string instant_;
    std::string for_ = "24h";
    std::optional<std::string> from_;
    std::optional<std::string> run_status_;
    std::optional<std::string> key_;
    std::optional<std::string> idempotency_key_;
    std::optional<std::uint64_t> revision_;
    std::vector<std::string> clear_;
    std::size_t limit_ = 100;
};

// ---- running it
// --------------------------------------------------------------------------------------------------------

std::string tenant_of(const JobFile& file, const std::string& given) {
    if (!given.empty()) return given;
    const std::vector<std::string> tenants = file.tenants();
    if (tenants.size() == 1) return tenants.front();
    std::string names;
    for (const std::string& name : tenants)
        names += (names.empty() ? "" : ", ") + name;
    throw WrongUsage(tenants.empty() ? "--tenant: is needed, since the file has none yet"
                                     : "--tenant: is needed, since the file has several: " + names);
}

ExitCode run_doctor(const std::string& path, const Output& output, carillon::Instant now) {
    std::vector<Finding> findings;
    try {
        const JobFile file(path, false);
        const carillon::SchedulerFacade<SqliteStorage> scheduler{file.storage()};
        Facts facts = file.facts(now);
        for (const std::string& tenant : facts.tenants) {
            const auto halted = find_halted_jobs(scheduler, tenant);
            facts.halted.insert(facts.halted.end(), halted.begin(), halted.end());
        }
        findings = diagnose(facts, now);
    } catch (const carillon::Error& error) {
        findings.push_back({Level::problem, "file", error.what(), ""});
    }
    print_findings(output, path, findings);
    return healthy(findings) ? done : refused;
}

ExitCode run(const Request& request, const Output& output) {
    const Options& options = request.options;
    const carillon::Instant now = carillon::SystemClock().now();
    if (request.doctor) return run_doctor(options.db, output, now);
    const JobFile file(options.db, options.new_file);
    carillon::SchedulerFacade<SqliteStorage> scheduler{file.storage()};
    SqliteCommands commands(scheduler, output, {tenant_of(file, options.tenant), options.actor}, now);
    request.verb(commands);
    return done;
}

} // namespace

int main(int argc, char** argv) {
    CommandLine line;
    Request request;
    try {
        request = line.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return line.print_help(help);
    } catch (const CLI::ParseError& error) {
        const Output errors{std::cerr, line.options().json ? Format::json : Format::table};
        return report_errors(errors,
                             [&]() -> ExitCode { throw WrongUsage(line.sentence(error) + "; --help says more"); });
    }
    const bool json = request.options.json || (!request.options.table && isatty(STDOUT_FILENO) == 0);
    const Output output{std::cout, json ? Format::json : Format::table, terminal_width()};
    const Output errors{std::cerr, request.options.json ? Format::json : Format::table};
    return report_errors(errors, [&] { return run(request, output); });
}
