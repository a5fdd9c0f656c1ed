// SPDX-License-Identifier: MIT
// scheduler_facade/audit_test.cpp - each change has one event that says who, what, before and after; and sinks get it.
#include "carillon/scheduler_facade.hpp"
#include "carillon/worker/worker.hpp"

#include "scheduler_facade/fixture.hpp"
#include "support/temporary_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <system_error>

using namespace support;

namespace {

namespace fs = std::filesystem;

/// A job, and one run that waits, one that is executed and one that has ended.
struct Audited : FacadeFixture {
    Audited() {
        JobSpec spec = spec_of("0 * * * *");
        spec.policies.overlap.policy = OverlapPolicy::queue_all;
        job_ = scheduler.create_job({"acme", "founder"}, spec);
        ended = execute(job_);
        running = scheduler.trigger_job(job_.id, "acme").value();
        claimed = claim();
        pending = scheduler.trigger_job(job_.id, "acme", {.idempotency_key = "t-1"}).value();
    }

    ScheduledJob job_;
    JobRun ended;
    JobRun running;
    JobRun pending;
    std::vector<JobRun> claimed;
};

std::string text_of(const AuditEvent& event) {
    return nlohmann::json(event).dump();
}
std::vector<std::string> texts_of(const std::vector<AuditEvent>& events) {
    std::vector<std::string> texts;
    for (const AuditEvent& event : events)
        texts.push_back(text_of(event));
    return texts;
}

/// Everything in the storage's audit, oldest first.
std::vector<std::string> audit_of(const SchedulerFacade<>& scheduler) {
    auto recorded = scheduler.list_audit("acme", {.limit = 1'000});
    std::reverse(recorded.begin(), recorded.end());
    return texts_of(recorded);
}

} // namespace

// ---- which event ---------------------------------------------------------------------------------------------------

TEST_CASE("audit: each verb that changes something has one event, in the storage and at the sink") {
    struct Row {
        const char* what;
        std::function<void(Audited&, const Caller&)> call;
        AuditVerb verb;
        std::string reason;
        /// Whether the event shows the definition before and after, and by how much the revision rises.
        bool before;
        bool after;
        std::uint64_t rises;
        bool names_run;
    };
    const std::vector<Row> rows{
        {"create_job",
         [](auto& w, auto& c) { w.scheduler.create_job(c, daily()); },
         AuditVerb::job_created,
         "",
         false,
         true,
         0,
         false},
        {"put_job, a new job",
         [](auto& w, auto& c) { w.scheduler.put_job(c, "key", daily()); },
         AuditVerb::job_created,
         "",
         false,
         true,
         0,
         false},
        {"update_job",
         [](auto& w, auto& c) { w.scheduler.update_job(w.job_.id, c, {.name = "New"}); },
         AuditVerb::job_updated,
         "",
         true,
         true,
         1,
         false},
        {"update_job, disabling",
         [](auto& w, auto& c) { w.scheduler.update_job(w.job_.id, c, {.enabled = false}); },
         AuditVerb::job_updated,
         "",
         true,
         true,
         1,
         false},
        {"pause_job",
         [](auto& w, auto& c) { w.scheduler.pause_job(w.job_.id, c, {.reason = "upgrade"}); },
         AuditVerb::job_paused,
         "upgrade",
         true,
         true,
         1,
         false},
        {"trigger_job",
         [](auto& w, auto& c) { w.scheduler.trigger_job(w.job_.id, c); },
         AuditVerb::job_triggered,
         "",
         true,
         true,
         0,
         true},
        {"cancel_run, pending",
         [](auto& w, auto& c) { w.scheduler.cancel_run(w.pending.id, c, {.reason = "not now"}); },
         AuditVerb::run_cancelled,
         "not now",
         true,
         true,
         0,
         true},
        {"cancel_run, running",
         [](auto& w, auto& c) { w.scheduler.cancel_run(w.running.id, c, {.reason = "enough"}); },
         AuditVerb::run_cancelled,
         "enough",
         true,
         true,
         0,
         true},
        {"retry_run",
         [](auto& w, auto& c) { w.scheduler.retry_run(w.ended.id, c); },
         AuditVerb::run_retried,
         "",
         true,
         true,
         0,
         true},
        {"delete_job",
         [](auto& w, auto& c) { w.scheduler.delete_job(w.job_.id, c); },
         AuditVerb::job_deleted,
         "",
         true,
         false,
         0,
         false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Audited world;
        const JobDefinition definition = world.job(world.job_);
        const auto seen = audit_of(world.scheduler);
        world.clock->advance(7min);
        row.call(world, {"acme", "alice"});
        REQUIRE(audit_of(world.scheduler).size() == seen.size() + 1);
        CHECK(audit_of(world.scheduler) == texts_of(world.events)); // the sink was told the same, in the same order
        const AuditEvent event = world.scheduler.list_audit("acme", {.limit = 1}).at(0);
        CHECK(event.tenant_id == "acme");
        CHECK(event.actor == "alice");
        CHECK(event.at == world.now());
        CHECK(event.verb == row.verb);
        CHECK(event.reason == row.reason);
        REQUIRE((event.before != nullptr) == row.before);
        REQUIRE((event.after != nullptr) == row.after);
        CHECK(event.run_id.has_value() == row.names_run);
        if (row.before) {
            CHECK(event.job_id == world.job_.id);
            CHECK(*event.before == definition);
        }
        if (row.before && row.after) CHECK(event.after->revision == event.before->revision + row.rises);
        if (row.after)
            CHECK(*event.after == static_cast<const JobDefinition&>(*world.scheduler.get_job(event.job_id, "acme")));
    }
}

TEST_CASE_METHOD(Audited, "audit: the event about a run names the run that was made, cancelled or repeated") {
    const auto triggered = scheduler.trigger_job(job_.id, "acme").value();
    CHECK(events.back().run_id == triggered.id);
    CHECK(events.back().job_id == job_.id);
    const auto repeated = scheduler.retry_run(ended.id, "acme").value();
    CHECK(events.back().run_id == repeated.id);
    CHECK(events.back().job_id == job_.id);
    scheduler.cancel_run(pending.id, "acme");
    CHECK(events.back().run_id == pending.id);
    CHECK(events.back().job_id == job_.id);
    scheduler.cancel_run(running.id, "acme");
    CHECK(events.back().run_id == running.id);
}

TEST_CASE_METHOD(Audited, "audit: resuming, and putting a job that is known, are events too") {
    scheduler.pause_job(job_.id, "acme");
    scheduler.resume_job(job_.id, {"acme", "bob"}, {.reason = "done"});
    CHECK(events.back().verb == AuditVerb::job_resumed);
    CHECK(events.back().actor == "bob");
    CHECK(events.back().reason == "done");
    CHECK(events.back().before->status == JobStatus::paused);
    CHECK(events.back().after->status == JobStatus::active);
    CHECK(events.back().after->revision == events.back().before->revision + 1);

    scheduler.put_job("acme", "key", daily("Old"));
    scheduler.put_job({"acme", "deploy"}, "key", daily("New"));
    CHECK(events.back().verb == AuditVerb::job_updated);
    CHECK(events.back().actor == "deploy");
    CHECK(events.back().before->name == "Old");
    CHECK(events.back().after->name == "New");
    CHECK(audit_of(scheduler) == texts_of(events));
}

TEST_CASE_METHOD(Audited, "audit: create_jobs has one event for each job, in their order") {
    events.clear();
    const auto jobs = scheduler.create_jobs({"acme", "alice"}, {daily("a"), daily("b"), daily("c")});
    REQUIRE(events.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(events[i].job_id == jobs[i].id);
        CHECK(events[i].after->name == jobs[i].name);
        CHECK(events[i].actor == "alice");
    }
    CHECK(events[0].id < events[1].id);
    CHECK(events[1].id < events[2].id);
}

TEST_CASE_METHOD(Audited, "audit: a call that changes nothing has no event") {
    JobSpec keyed = daily("Keyed");
    keyed.idempotency_key = "order-17";
    scheduler.create_job("acme", keyed);
    scheduler.put_job("acme", "key", daily());
    const auto paused = scheduler.create_job("acme", daily("Paused"));
    scheduler.pause_job(paused.id, "acme");
    scheduler.cancel_run(running.id, "acme");
    JobSpec wrong = daily();
    wrong.schedule = "wrong";
    const std::vector<std::pair<const char*, std::function<void()>>> calls{
        {"create_job again",
         [&] {
             scheduler.create_job("acme", keyed);
         }},
        {"create_jobs again",
         [&] {
             scheduler.create_jobs("acme", {keyed, keyed});
         }},
        {"put_job again",
         [&] {
             scheduler.put_job({"acme", "other"}, "key", daily());
         }},
        {"update_job to what it is",
         [&] {
             scheduler.update_job(job_.id, "acme", {.name = job_.name});
         }},
        {"update_job with nothing",
         [&] {
             scheduler.update_job(job_.id, "acme", {});
         }},
        {"pause_job again",
         [&] {
             scheduler.pause_job(paused.id, "acme", {.reason = "again"});
         }},
        {"resume_job of an active job",
         [&] {
             scheduler.resume_job(job_.id, "acme", {.reason = "again"});
         }},
        {"trigger_job again",
         [&] {
             scheduler.trigger_job(job_.id, "acme", {.idempotency_key = "t-1"});
         }},
        {"cancel_run again",
         [&] {
             scheduler.cancel_run(running.id, "acme", {.reason = "again"});
         }},
        {"update_job, absent",
         [&] {
             scheduler.update_job(JobId::next(now()), "acme", {.name = "New"});
         }},
        {"delete_job, absent",
         [&] {
             scheduler.delete_job(JobId::next(now()), "acme");
         }},
        {"retry_run, absent",
         [&] {
             scheduler.retry_run(RunId::next(now()), "acme");
         }},
        {"create_job, refused",
         [&] {
             REQUIRE_THROWS_AS(scheduler.create_job("acme", wrong), Error);
         }},
        {"create_jobs, refused",
         [&] {
             REQUIRE_THROWS_AS(scheduler.create_jobs("acme", {daily(), wrong}), Error);
         }},
        {"put_job, refused",
         [&] {
             REQUIRE_THROWS_AS(scheduler.put_job("acme", "key", wrong), Error);
         }},
        {"update_job, refused",
         [&] {
             REQUIRE_THROWS_AS(scheduler.update_job(job_.id, "acme", {.name = "New"}, 9), Error);
         }},
        {"cancel_run, refused",
         [&] {
             REQUIRE_THROWS_AS(scheduler.cancel_run(ended.id, "acme"), Error);
         }},
        {"retry_run, refused",
         [&] {
             REQUIRE_THROWS_AS(scheduler.retry_run(running.id, "acme"), Error);
         }},
        {"reading",
         [&] {
             static_cast<void>(scheduler.list_jobs("acme"));
             static_cast<void>(scheduler.list_runs(job_.id, "acme"));
             static_cast<void>(scheduler.upcoming(job_.id, "acme", 5));
             static_cast<void>(scheduler.explain(job_.id, "acme", now()));
             static_cast<void>(scheduler.what_would_run("acme", now() - 24h, now() + 24h));
             static_cast<void>(scheduler.list_audit("acme"));
         }},
    };
    for (const auto& [what, call] : calls) {
        INFO(what);
        const std::string before = snapshot();
        const std::size_t told = events.size();
        call();
        CHECK(events.size() == told);
        CHECK(snapshot() == before);
    }
}

TEST_CASE_METHOD(FacadeFixture, "audit: what the system decides is an event of its own actor, and sinks hear of it") {
    const auto job = scheduler.create_job({"acme", "alice"}, spec_of("@at 2026-03-02T08:30:00Z"));
    Worker worker{scheduler, {.name = "w"}};
    worker.handle("test", [](RunContext&) {});
    go_to("2026-03-02T08:30:00Z");
    CHECK(worker.poll() == 1);
    REQUIRE(events.size() == 2);
    CHECK(events[1].verb == AuditVerb::job_completed);
    CHECK(events[1].actor == "carillon");
    CHECK(events[1].job_id == job.id);
    CHECK(events[1].before->status == JobStatus::active);
    CHECK(events[1].after->status == JobStatus::completed);
    CHECK(audit_of(scheduler) == texts_of(events));
}

// ---- list_audit ----------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(FacadeFixture, "list_audit: newest first; by job, actor and verb, also together; in pages") {
    const auto a = scheduler.create_job({"acme", "alice"}, daily("a"));
    const auto b = scheduler.create_job({"acme", "bob"}, daily("b"));
    clock->advance(1s);
    scheduler.pause_job(a.id, {"acme", "bob"});
    scheduler.resume_job(a.id, {"acme", "alice"});
    scheduler.update_job(b.id, {"acme", "bob"}, {.name = "c"});
    scheduler.delete_job(b.id, "acme");
    const auto verbs = [&](const AuditQuery& query) {
        std::string text;
        for (const AuditEvent& event : scheduler.list_audit("acme", query))
            text += (text.empty() ? "" : " ") + std::string(to_string(event.verb));
        return text;
    };
    const std::string all = "job.deleted job.updated job.resumed job.paused job.created job.created";
    CHECK(verbs({}) == all);
    CHECK(verbs({.job_id = a.id}) == "job.resumed job.paused job.created");
    CHECK(verbs({.job_id = b.id}) == "job.deleted job.updated job.created"); // those of a deleted job too
    CHECK(verbs({.actor = "bob"}) == "job.updated job.paused job.created");
    CHECK(verbs({.actor = ""}) == "job.deleted");
    CHECK(verbs({.actor = "bo"}).empty());
    CHECK(verbs({.verb = AuditVerb::job_created}) == "job.created job.created");
    CHECK(verbs({.job_id = b.id, .actor = "bob", .verb = AuditVerb::job_created}) == "job.created");
    CHECK(verbs({.job_id = a.id, .verb = AuditVerb::job_deleted}).empty());
    for (std::size_t limit = 1; limit <= 7; ++limit) {
        std::string by_offset;
        std::string by_cursor;
        for (std::size_t offset = 0; offset < 7; offset += limit) {
            const std::string page = verbs({.limit = limit, .offset = offset});
            by_offset += (by_offset.empty() || page.empty() ? "" : " ") + page;
        }
        AuditQuery query{.limit = limit};
        for (auto page = scheduler.list_audit("acme", query); !page.empty();
             page = scheduler.list_audit("acme", query)) {
            for (const AuditEvent& event : page)
                by_cursor += (by_cursor.empty() ? "" : " ") + std::string(to_string(event.verb));
            query.after = page.back().id;
        }
        CHECK(by_offset == all);
        CHECK(by_cursor == all);
    }
}

// ---- sinks ---------------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(FacadeFixture, "sink: each of several gets each event in order; one that throws harms nobody") {
    std::vector<AuditEvent> before_it;
    std::vector<AuditEvent> behind_it;
    std::size_t thrown = 0;
    scheduler.add_audit_sink([&](const AuditEvent& event) { before_it.push_back(event); });
    scheduler.add_audit_sink([&](const AuditEvent&) {
        ++thrown;
        if (thrown % 2 == 0) throw 42;
        throw std::runtime_error("the log is full");
    });
    scheduler.add_audit_sink([&](const AuditEvent& event) { behind_it.push_back(event); });
    const auto job = scheduler.create_job("acme", daily());
    CHECK(scheduler.pause_job(job.id, "acme")->status == JobStatus::paused);
    CHECK(scheduler.resume_job(job.id, "acme")->status == JobStatus::active);
    CHECK(scheduler.trigger_job(job.id, "acme")->status == JobRunStatus::pending);
    CHECK(scheduler.delete_job(job.id, "acme"));
    CHECK(thrown == 5);
    CHECK(audit_of(scheduler).size() == 5);
    CHECK(texts_of(before_it) == audit_of(scheduler));
    CHECK(texts_of(behind_it) == audit_of(scheduler));
    CHECK(texts_of(events) == audit_of(scheduler));
}

TEST_CASE_METHOD(FacadeFixture, "sink: is told after the change is written, without a lock, and may use the facade") {
    std::vector<std::string> statuses;
    scheduler.add_audit_sink([&](const AuditEvent& event) {
        const auto job = scheduler.get_job(event.job_id, event.tenant_id);
        statuses.push_back(job ? std::string(to_string(job->status)) : "absent");
        CHECK(text_of(scheduler.list_audit(event.tenant_id, {.limit = 1}).at(0)) == text_of(event));
        if (event.verb == AuditVerb::job_paused) scheduler.resume_job(event.job_id, event.tenant_id);
    });
    const auto job = scheduler.create_job("acme", daily());
    scheduler.pause_job(job.id, "acme");
    scheduler.delete_job(job.id, "acme");
    CHECK(statuses == std::vector<std::string>{"active", "paused", "active", "absent"});
}

TEST_CASE_METHOD(FacadeFixture, "sink: one that comes later gets what happens from then on") {
    scheduler.create_job("acme", daily());
    std::size_t told = 0;
    scheduler.add_audit_sink([&](const AuditEvent&) { ++told; });
    CHECK(told == 0);
    scheduler.create_job("globex", daily());
    CHECK(told == 1);
}

TEST_CASE_METHOD(FacadeFixture, "JsonLinesSink: a line for each event, which reads back as the event") {
    const TemporaryFile file;
    scheduler.add_audit_sink(JsonLinesSink(file.path()));
    JobSpec spec = daily("two\nlines \"quoted\" \xf0\x9f\x94\x94");
    spec.description = std::string(4'096, 'd');
    spec.action["text"] = "\r\n\t";
    const auto job = scheduler.create_job({"acme", "al\nice"}, spec);
    scheduler.pause_job(job.id, "acme", {.reason = "line\nbreak"});
    scheduler.trigger_job(job.id, "acme");
    scheduler.delete_job(job.id, "acme");
    const auto lines = file.lines(); // at once, with nothing closed or flushed
    REQUIRE(lines.size() == events.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto event = nlohmann::json::parse(lines[i]).get<AuditEvent>();
        CHECK(text_of(event) == text_of(events[i]));
        CHECK(event.id == events[i].id);
    }
    CHECK(nlohmann::json::parse(lines[0]).get<AuditEvent>().actor == "al\nice");
    CHECK(*nlohmann::json::parse(lines[0]).get<AuditEvent>().after == static_cast<const JobDefinition&>(job));
}

TEST_CASE_METHOD(FacadeFixture, "JsonLinesSink: appends to what the file has, and copies and other sinks share it") {
    const TemporaryFile file;
    std::ofstream(file.path()) << "first line\n";
    const JsonLinesSink sink(file.path());
    scheduler.add_audit_sink(sink);
    scheduler.add_audit_sink(
        JsonLinesSink(sink)); // NOLINT(performance-unnecessary-copy-initialization): a copy is meant
    scheduler.add_audit_sink(JsonLinesSink(file.path()));
    scheduler.create_job("acme", daily());
    const auto lines = file.lines();
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "first line");
    for (std::size_t i = 1; i < lines.size(); ++i)
        CHECK(lines[i] == text_of(events.at(0)));
}

TEST_CASE("JsonLinesSink: a file that cannot be opened is an error at once, with its name") {
    const std::string path = (fs::temp_directory_path() / "no such folder" / "audit.jsonl").string();
    try {
        const JsonLinesSink sink(path);
        FAIL("no error was thrown");
    } catch (const std::system_error& error) {
        CHECK(error.code() == std::errc::no_such_file_or_directory);
        CHECK(std::string(error.what()).find(path) != std::string::npos);
    }
    CHECK_THROWS_AS(JsonLinesSink(fs::temp_directory_path().string()), std::system_error); // a folder
}

TEST_CASE_METHOD(FacadeFixture, "JsonLinesSink: a disk that is full fails the sink and not the change") {
    if (!fs::exists("/dev/full")) return; // where each write fails: Linux has it
    const JsonLinesSink full("/dev/full");
    CHECK_THROWS_AS(full(AuditEvent{}), std::system_error);
    scheduler.add_audit_sink(full);
    std::size_t told = 0;
    scheduler.add_audit_sink([&](const AuditEvent&) { ++told; });
    const auto job = scheduler.create_job("acme", daily());
    CHECK(scheduler.pause_job(job.id, "acme")->status == JobStatus::paused);
    CHECK(told == 2);
    CHECK(audit_of(scheduler) == texts_of(events));
}
