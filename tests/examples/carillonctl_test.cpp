// SPDX-License-Identifier: MIT
// carillonctl_test.cpp - what carillonctl's commands print and refuse, on a scheduler in memory.
#include "../../examples/carillonctl/commands.hpp"
#include "../../examples/carillonctl/doctor.hpp"
#include "support/catch.hpp"
#include "support/world.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace carillonctl;
using namespace std::chrono_literals;
using carillon::Instant;
using carillon::JobId;
using carillon::ScheduledJob;
using support::nine;

namespace {

/// A scheduler at nine on a Monday, and what commands print about it.
struct Desk {
    std::shared_ptr<carillon::testing::ManualClock> clock = std::make_shared<carillon::testing::ManualClock>(nine);
    carillon::SchedulerFacade<> scheduler{{.clock = clock}};
    std::ostringstream printed;
    Output output{printed, Format::table};
    Output errors{printed, Format::table};

    ScheduledJob add(const std::string& key, const std::string& name) {
        return scheduler.put_job("acme", key, {.name = name, .schedule = "0 9 * * *", .action = {{"type", "report"}}});
    }
    Commands<carillon::MemoryStorage> commands() { return {scheduler, output, {"acme", "alice"}, clock->now()}; }

    /// Calls a command and returns its exit code.
    template <class Call>
    ExitCode call(Call command) {
        printed.str("");
        return report_errors(errors, [&] {
            auto verbs = commands();
            command(verbs);
            return done;
        });
    }
    [[nodiscard]] std::string text() const { return printed.str(); }
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(printed.str()); }
    [[nodiscard]] bool says(const std::string& part) const { return text().find(part) != std::string::npos; }
};

/// The name of the job that a text means, or how that ended.
std::string meant(const Desk& desk, const std::string& text) {
    try {
        return find_job(desk.scheduler, "acme", text).name;
    } catch (const NotFound&) {
        return "none";
    } catch (const WrongUsage&) {
        return "several";
    }
}

const Finding* finding(const std::vector<Finding>& findings, const std::string& about) {
    for (const Finding& each : findings)
        if (each.about == about) return &each;
    return nullptr;
}

} // namespace

TEST_CASE("carillonctl: a job is meant by its key, then its name, then what one of them begins with") {
    Desk desk;
    const ScheduledJob nightly = desk.add("nightly", "Nightly backup");
    desk.add("weekly", "Weekly backup");
    desk.add("twin-1", "Twin");
    desk.add("twin-2", "Twin");
    desk.add("Twin", "A key like another's name");

    struct Case {
        std::string text;
        std::string name;
    };
    const std::string id = nightly.id.str();
    for (const auto& [text, name] : {Case{"nightly", "Nightly backup"},
                                     {"Nightly backup", "Nightly backup"},
                                     {"night", "Nightly backup"},
                                     {"Weekly", "Weekly backup"},
                                     {"Twin", "A key like another's name"},
                                     {"twin-", "several"},
                                     {"backup", "none"},
                                     {"", "none"},
                                     {id, "Nightly backup"},
                                     {id.substr(24), "Nightly backup"},
                                     {id.substr(31), "none"}, // five digits could be any job's
                                     {JobId::next(nine).str(), "none"}}) {
        INFO(text);
        CHECK(meant(desk, text) == name);
    }
    CHECK(meant(desk, "nightly backup") == "none");
    CHECK_THROWS_AS(find_job(desk.scheduler, "globex", "nightly"), NotFound);
}

TEST_CASE("carillonctl: two jobs of one name are told apart by their ids") {
    Desk desk;
    const ScheduledJob one = desk.add("twin-1", "Twin");
    desk.add("twin-2", "Twin");
    CHECK(meant(desk, "Twin") == "several");
    CHECK(desk.call([](auto& verbs) { verbs.show("Twin"); }) == wrong_usage);
    CHECK(desk.says("\"Twin\" " + one.id.str()));
}

TEST_CASE("carillonctl: list shows a table on a terminal, and the jobs' JSON else") {
    Desk desk;
    desk.add("nightly", "Nightly backup");
    CHECK(desk.call([](auto& verbs) { verbs.list({}); }) == done);
    CHECK(desk.text().substr(0, 4) == "name");
    CHECK(desk.says("Nightly backup  nightly  0 9 * * *  active  2026-03-03T09:00:00Z  -"));

    desk.output.format = Format::json;
    CHECK(desk.call([](auto& verbs) { verbs.list({.status = "active"}); }) == done);
    REQUIRE(desk.json().size() == 1);
    CHECK(desk.json()[0].at("key") == "nightly");
    CHECK(desk.call([](auto& verbs) { verbs.list({.status = "paused"}); }) == done);
    CHECK(desk.json() == nlohmann::json::array());
}

TEST_CASE("carillonctl: a listing goes on over pages, up to its limit, and says that there is more") {
    Desk desk;
    for (int i = 0; i < 1'205; ++i)
        desk.scheduler.create_job("acme", {.name = "job", .schedule = "@daily", .action = {{"type", "report"}}});
    desk.call([](auto& verbs) { verbs.list({.limit = 3}); });
    CHECK(desk.says("and more: --limit 30 shows them"));
    CHECK(meant(desk, "job") == "several");
    desk.output.format = Format::json;
    for (const std::size_t limit : {0U, 1U, 999U, 1'000U, 1'001U, 1'204U, 1'205U, 5'000U}) {
        INFO(limit);
        CHECK(desk.call([&](auto& verbs) { verbs.list({.limit = limit}); }) == done);
        CHECK(desk.json().size() == std::min<std::size_t>(limit, 1'205));
    }
}

TEST_CASE("carillonctl: a table gives way to a narrow terminal where it may, and counts characters") {
    std::ostringstream stream;
    const std::vector<Column> columns{{"id"}, {"text", true}, {"end"}};
    print_table({stream, Format::table, 24}, columns, {{"1", "räder müssen rollen", "x"}, {"22", "a\nb\x1b[2J", "y"}});
    CHECK(stream.str() == "id  text             end\n"
                          "1   räder müssen r…  x\n"
                          "22  a b [2J          y\n");
    stream.str("");
    print_table({stream, Format::table, 3}, columns, {{"1", "0123456789abcdef", "x"}});
    CHECK(stream.str() == "id  text          end\n"
                          "1   0123456789a…  x\n");
}

TEST_CASE("carillonctl: create takes a specification, with a key it brings the job up to date") {
    Desk desk;
    const nlohmann::json spec{{"name", "Import"}, {"schedule", "@hourly"}, {"action", {{"type", "import"}}}};
    CHECK(desk.call([&](auto& verbs) { verbs.create(spec, std::nullopt); }) == done);
    CHECK(desk.says("\"Import\" is stored, next run 2026-03-02T10:00:00Z; id "));
    for (const char* schedule : {"@daily", "@weekly"}) {
        nlohmann::json changed = spec;
        changed["schedule"] = schedule;
        CHECK(desk.call([&](auto& verbs) { verbs.create(changed, "import"); }) == done);
    }
    CHECK(desk.scheduler.count_jobs("acme") == 2);
    CHECK(find_job(desk.scheduler, "acme", "import").schedule == "@weekly");
    CHECK(desk.scheduler.list_audit("acme", {.limit = 1}).front().actor == "alice");
}

TEST_CASE("carillonctl: update changes what is given, and keeps to a revision") {
    Desk desk;
    const JobId id = desk.add("nightly", "Nightly backup").id;
    CHECK(desk.call([](auto& verbs) { verbs.update("nightly", {{"schedule", "0 3 * * *"}}, 1); }) == done);
    CHECK(desk.scheduler.get_job(id, "acme")->schedule == "0 3 * * *");
    CHECK(desk.call([](auto& verbs) { verbs.update("nightly", {{"schedule", "0 4 * * *"}}, 1); }) == refused);
    CHECK(desk.scheduler.get_job(id, "acme")->schedule == "0 3 * * *");
    CHECK(desk.call([](auto& verbs) { verbs.update("nightly", {{"shedule", "0 4 * * *"}}, std::nullopt); }) == refused);
    CHECK(desk.says("schedule"));
}

TEST_CASE("carillonctl: pause, resume and delete say what became of the job") {
    Desk desk;
    const JobId id = desk.add("nightly", "Nightly backup").id;
    CHECK(desk.call([](auto& verbs) { verbs.pause("nightly", "holidays"); }) == done);
    CHECK(desk.says("\"Nightly backup\" is paused; id "));
    CHECK(desk.scheduler.list_audit("acme", {.limit = 1}).front().reason == "holidays");
    CHECK(desk.call([](auto& verbs) { verbs.resume("nightly", ""); }) == done);
    CHECK(desk.says("goes on, next run 2026-03-03T09:00:00Z"));
    CHECK(desk.call([](auto& verbs) { verbs.trigger("nightly", std::nullopt); }) == done);
    CHECK(desk.call([](auto& verbs) { verbs.remove("nightly"); }) == done);
    CHECK(desk.call([](auto& verbs) { verbs.pause("nightly", ""); }) == not_found);
    CHECK(desk.call([&](auto& verbs) { verbs.runs(id.str(), std::nullopt, 10); }) == done);
    CHECK(desk.says("cancelled"));
    CHECK(desk.call([&](auto& verbs) { verbs.audit({.job = id.str(), .by = "alice", .verb = "job.deleted"}); }) ==
          done);
    CHECK(desk.says("Nightly backup"));
}

TEST_CASE("carillonctl: a run is triggered, shown, cancelled and repeated") {
    Desk desk;
    desk.add("nightly", "Nightly backup");
    desk.output.format = Format::json;
    CHECK(desk.call([](auto& verbs) { verbs.trigger("nightly", "once"); }) == done);
    const std::string run = desk.json().at("id");
    CHECK(desk.call([](auto& verbs) { verbs.trigger("nightly", "once"); }) == done);
    CHECK(desk.json().at("id") == run);
    CHECK(desk.call([&](auto& verbs) { verbs.retry(run); }) == refused);
    CHECK(desk.call([&](auto& verbs) { verbs.cancel(run, "not today"); }) == done);
    CHECK(desk.json().at("status") == "cancelled");
    CHECK(desk.call([&](auto& verbs) { verbs.cancel(run, ""); }) == refused);
    CHECK(desk.call([&](auto& verbs) { verbs.retry(run); }) == done);
    CHECK(desk.json().at("retry_of") == run);
    CHECK(desk.call([&](auto& verbs) { verbs.show(run); }) == done);
    CHECK(desk.json().at("reason") == "requested");
    CHECK(desk.call([](auto& verbs) { verbs.runs("nightly", "cancelled", 10); }) == done);
    CHECK(desk.json().size() == 1);
    desk.output.format = Format::table;
    CHECK(desk.call([](auto& verbs) { verbs.runs("nightly", std::nullopt, 10); }) == done);
    CHECK(desk.says("requested; manual"));
}

TEST_CASE("carillonctl: show tells all about a job, in words, too") {
    Desk desk;
    desk.add("nightly", "Nightly backup");
    CHECK(desk.call([](auto& verbs) { verbs.show("nightly"); }) == done);
    CHECK(desk.says("action         {\"type\":\"report\"}\n"));
    CHECK(desk.says("in words       At 09:00"));
    CHECK(desk.says("upcoming       2026-03-03T09:00:00Z 2026-03-04T09:00:00Z 2026-03-05T09:00:00Z\n"));
    desk.output.format = Format::json;
    CHECK(desk.call([](auto& verbs) { verbs.show("nightly"); }) == done);
    CHECK(desk.json().get<ScheduledJob>() == find_job(desk.scheduler, "acme", "nightly"));
}

TEST_CASE("carillonctl: explain and what-would-run answer about the past and the future") {
    Desk desk;
    desk.add("nightly", "Nightly backup");
    CHECK(desk.call([](auto& verbs) { verbs.explain("nightly", "2026-03-03T10:00:00+01:00"); }) == done);
    CHECK(desk.says("It lies ahead"));
    CHECK(desk.call([](auto& verbs) { verbs.what_would_run(std::nullopt, "73h", 100); }) == done);
    CHECK(desk.says("2026-03-03T09:00:00Z  in 24h   Nightly backup  report\n"));
    CHECK(desk.says("2026-03-05T09:00:00Z  in 3d"));
    CHECK(desk.call([](auto& verbs) { verbs.what_would_run(std::nullopt, "73h", 2); }) == done);
    CHECK(desk.says("and more"));
    desk.output.format = Format::json;
    CHECK(desk.call([](auto& verbs) { verbs.what_would_run("2026-03-04T00:00:00Z", "24h", 10); }) == done);
    REQUIRE(desk.json().size() == 1);
    CHECK(desk.json()[0].at("at") == "2026-03-04T09:00:00Z");
    CHECK(desk.call([](auto& verbs) { verbs.explain("nightly", "2026-03-03T09:00:00Z"); }) == done);
    CHECK(desk.json().at("kind") == "ahead");
    CHECK(desk.json().at("run").is_null());
}

TEST_CASE("carillonctl: what is wrong is a sentence, or problem details, and an exit code") {
    Desk desk;
    desk.add("nightly", "Nightly backup");
    const nlohmann::json broken{{"name", "x"}, {"schedule", "*/0 * * * *"}, {"action", {{"type", "report"}}}};

    CHECK(desk.call([&](auto& verbs) { verbs.create(broken, std::nullopt); }) == refused);
    CHECK(desk.says("carillonctl: schedule: "));
    CHECK(desk.says("the step must be 1 or more"));
    CHECK(desk.call([](auto& verbs) { verbs.show("nothing"); }) == not_found);
    CHECK(desk.says("carillonctl: tenant \"acme\" has no job \"nothing\""));
    CHECK(desk.call([](auto& verbs) { verbs.explain("nightly", "yesterday"); }) == wrong_usage);
    CHECK(desk.call([](auto& verbs) { verbs.what_would_run(std::nullopt, "soon", 1); }) == wrong_usage);
    CHECK(desk.call([](auto& verbs) { verbs.list({.status = "asleep"}); }) == wrong_usage);
    CHECK(desk.says("--status: "));
    CHECK(desk.call([](auto& verbs) { verbs.cancel("nightly", ""); }) == wrong_usage);
    CHECK(desk.call([](auto& verbs) { verbs.cancel(carillon::RunId::next(nine).str(), ""); }) == not_found);
    CHECK(desk.call([](auto& verbs) { verbs.runs(JobId::next(nine).str(), std::nullopt, 9); }) == not_found);

    desk.errors.format = Format::json;
    CHECK(desk.call([&](auto& verbs) { verbs.create(broken, std::nullopt); }) == refused);
    const nlohmann::json problem = desk.json();
    CHECK(problem.at("type") == "urn:x-carillon:problem:zero_step");
    CHECK(problem.at("status") == 422);
    CHECK(problem.at("field") == "schedule");
    CHECK(problem.at("column") == 3);
    CHECK(desk.call([](auto& verbs) { verbs.show("nothing"); }) == not_found);
    CHECK(desk.json().at("code") == "not_found");
}

TEST_CASE("carillonctl: doctor finds nothing where all is well") {
    const Facts facts{.path = "jobs.db",
                      .schema_version = 1,
                      .tenants = {"acme"},
                      .jobs = 1,
                      .next_due = DueJob{"acme", "Backup", nine + 3h}};
    const auto findings = diagnose(facts, nine);
    CHECK(healthy(findings));
    for (const Finding& each : findings)
        CHECK(each.advice.empty());
    CHECK(finding(findings, "schedules")->sentence.find("in 3h") != std::string::npos);
    std::ostringstream stream;
    print_findings({stream, Format::json}, "jobs.db", findings);
    CHECK(nlohmann::json::parse(stream.str()).at("healthy") == true);
}

TEST_CASE("carillonctl: doctor names each thing that is wrong, and what to do about it") {
    const carillon::RunId run = carillon::RunId::next(nine);
    struct Case {
        const char* about;
        Facts facts;
        const char* sentence;
        const char* advice;
    };
    const Case cases[] = {
        {"integrity", {.damage = {"row 7 missing from index x"}}, "row 7 missing", "copy"},
        {"schedules", {.next_due = DueJob{"acme", "Backup", nine - 2h}}, "2h ago, and nobody has planned it", "worker"},
        {"runs",
         {.ready = {{"mail", 3, nine - 10min, nine - 11min}}},
         "3 runs of action type \"mail\" could begin, the oldest for 10m, and none of the type was started since",
         "handler for \"mail\""},
        {"leases",
         {.expired = {{run, "acme", "mail", "node-1", carillon::Duration{3min}}}},
         "\"node-1\" has not renewed its lease, which ended 3m ago",
         "start one"},
        {"jobs",
         {.halted = {{"acme", "Backup", JobId{run.uuid()}, carillon::JobStatus::disabled, "its zone is gone"}}},
         "disabled job \"Backup\" of tenant \"acme\": its zone is gone",
         "carillonctl resume"},
    };
    for (const Case& each : cases) {
        INFO(each.about);
        const auto findings = diagnose(each.facts, nine);
        CHECK_FALSE(healthy(findings));
        const Finding* found = finding(findings, each.about);
        REQUIRE(found != nullptr);
        CHECK(found->level == Level::problem);
        CHECK(found->sentence.find(each.sentence) != std::string::npos);
        CHECK(found->advice.find(each.advice) != std::string::npos);
    }
}

TEST_CASE("carillonctl: doctor calls a backlog a note, and waits a minute before it calls anything late") {
    CHECK(healthy(diagnose({.ready = {{"mail", 3, nine - 10min, nine - 1min}}}, nine)));
    CHECK(finding(diagnose({.ready = {{"mail", 3, nine - 10min, nine - 1min}}}, nine), "runs")->level == Level::note);
    CHECK(healthy(diagnose({.ready = {{"mail", 3, nine - 59s, std::nullopt}}}, nine)));
    CHECK(healthy(diagnose({.next_due = DueJob{"acme", "Backup", nine - 59s}}, nine)));
    CHECK(healthy(diagnose({.expired = {{carillon::RunId{}, "acme", "mail", "node", carillon::Duration{4s}}}}, nine)));
}

TEST_CASE("carillonctl: doctor lists ten of a kind and counts the others") {
    Facts facts;
    facts.expired.assign(25, {carillon::RunId{}, "acme", "mail", "node-1", carillon::Duration{1h}});
    const auto findings = diagnose(facts, nine);
    CHECK(std::count_if(findings.begin(), findings.end(), [](const Finding& each) { return each.about == "leases"; }) ==
          11);
    CHECK(findings.back().sentence == "and 15 runs more");
}

TEST_CASE("carillonctl: doctor tells jobs that the system halted from those that people did") {
    Desk desk;
    carillon::Worker worker{desk.scheduler, {.report = [](const std::string&) {
                            }}};
    worker.handle("report", [](carillon::RunContext&) { throw std::runtime_error("broken"); });
    desk.add("by-hand", "Paused by hand");
    carillon::Policies strict;
    strict.pause_after_failures = 1;
    desk.scheduler.create_job(
        "acme", {.name = "Failing", .schedule = "0 9 * * *", .action = {{"type", "report"}}, .policies = strict});
    desk.scheduler.create_job(
        "acme", {.name = "Disabled", .schedule = "@daily", .action = {{"type", "report"}}, .enabled = false});
    desk.call([](auto& verbs) { verbs.pause("by-hand", "holidays"); });
    desk.call([](auto& verbs) { verbs.trigger("Failing", std::nullopt); });
    worker.poll();

    const auto halted = find_halted_jobs(desk.scheduler, "acme");
    REQUIRE(halted.size() == 1);
    CHECK(halted[0].name == "Failing");
    CHECK(halted[0].reason == "1 failures in a row");
}
