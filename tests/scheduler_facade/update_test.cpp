// SPDX-License-Identifier: MIT
// scheduler_facade/update_test.cpp - update_job: each member alone, metadata, clearing, revisions, and what new times
// mean.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <functional>

using namespace support;

namespace {

/// A job of which every member is set.
JobSpec full() {
    using namespace std::chrono;
    JobSpec spec = daily();
    spec.description = "the daily one";
    spec.metadata = {{"owner", "ops"}, {"tier", 1}};
    spec.time_zone = "Europe/Paris";
    spec.exclude = {2026y / December / 25};
    spec.start_at = at("2026-01-01T00:00:00Z");
    spec.end_at = at("2027-01-01T00:00:00Z");
    spec.max_runs = 100;
    return spec;
}

/// The definition without what every change changes.
JobDefinition comparable(ScheduledJob job) {
    job.revision = 0;
    job.updated_at = {};
    return job;
}

} // namespace

TEST_CASE_METHOD(FacadeFixture, "update_job: each member alone changes that member and nothing else") {
    using namespace std::chrono;
    struct Row {
        const char* what;
        JobPatch patch;
        std::function<void(JobDefinition&)> change;
    };
    Policies policies;
    policies.priority = 5;
    const nlohmann::json action{{"type", "other"}, {"n", 2}};
    const std::vector<Row> rows{
        {"name",
         {.name = "New"},
         [](auto& job) {
             job.name = "New";
         }},
        {"schedule",
         {.schedule = "0 10 * * *"},
         [](auto& job) {
             job.schedule = "0 10 * * *";
         }},
        {"action",
         {.action = action},
         [&](auto& job) {
             job.action = JsonText(action);
             job.action_type = "other";
         }},
        {"description",
         {.description = "d"},
         [](auto& job) {
             job.description = "d";
         }},
        {"metadata",
         {.metadata = {{"owner", "dev"}}},
         [](auto& job) {
             job.metadata = JsonText(nlohmann::json{{"owner", "dev"}, {"tier", 1}});
         }},
        {"time_zone",
         {.time_zone = "Asia/Tokyo"},
         [](auto& job) {
             job.time_zone = "Asia/Tokyo";
         }},
        {"dialect",
         {.dialect = CronDialect::extended},
         [](auto& job) {
             job.dialect = CronDialect::extended;
         }},
        {"dst",
         {.dst = DstPolicy::ocps},
         [](auto& job) {
             job.dst = DstPolicy::ocps;
         }},
        {"policies",
         {.policies = policies},
         [&](auto& job) {
             job.policies = policies;
         }},
        {"exclude",
         {.exclude = std::vector{2026y / May / 1}},
         [](auto& job) {
             job.exclude = {2026y / May / 1};
         }},
        {"exclude nothing",
         {.exclude = std::vector<year_month_day>{}},
         [](auto& job) {
             job.exclude.clear();
         }},
        {"start_at",
         {.start_at = at("2026-02-01T00:00:00Z")},
         [](auto& job) {
             job.start_at = at("2026-02-01T00:00:00Z");
         }},
        {"end_at",
         {.end_at = at("2028-01-01T00:00:00Z")},
         [](auto& job) {
             job.end_at = at("2028-01-01T00:00:00Z");
         }},
        {"max_runs",
         {.max_runs = 7},
         [](auto& job) {
             job.max_runs = 7;
         }},
        {"clear description",
         {.clear = {ClearField::description}},
         [](auto& job) {
             job.description.reset();
         }},
        {"clear start_at",
         {.clear = {ClearField::start_at}},
         [](auto& job) {
             job.start_at.reset();
         }},
        {"clear end_at",
         {.clear = {ClearField::end_at}},
         [](auto& job) {
             job.end_at.reset();
         }},
        {"clear max_runs",
         {.clear = {ClearField::max_runs}},
         [](auto& job) {
             job.max_runs.reset();
         }},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const auto job = scheduler.create_job("acme", full());
        const std::size_t events_before = events.size();
        clock->advance(1s);
        const auto updated = scheduler.update_job(job.id, {"acme", "alice"}, row.patch);
        REQUIRE(updated);
        CHECK(updated->revision == 2);
        CHECK(updated->updated_at == now());
        CHECK(updated->created_at == job.created_at);
        JobDefinition expected = comparable(job);
        row.change(expected);
        CHECK(comparable(*updated) == expected);
        CHECK(updated->status == JobStatus::active);
        CHECK(scheduler.get_job(job.id, "acme") == updated);
        CHECK(runs(job).empty());
        REQUIRE(events.size() == events_before + 1);
        CHECK(events.back().verb == AuditVerb::job_updated);
        CHECK(events.back().actor == "alice");
        CHECK(*events.back().before == static_cast<const JobDefinition&>(job));
        CHECK(*events.back().after == static_cast<const JobDefinition&>(*updated));
    }
}

TEST_CASE_METHOD(FacadeFixture, "update_job: many members at once are one change") {
    const auto job = scheduler.create_job("acme", full());
    const auto updated = scheduler.update_job(
        job.id, "acme", {.name = "n", .schedule = "0 11 * * *", .time_zone = "UTC", .clear = {ClearField::max_runs}});
    CHECK(updated->revision == 2);
    CHECK(updated->name == "n");
    CHECK(updated->next_run_at == at("2026-03-02T11:00:00Z"));
    CHECK_FALSE(updated->max_runs);
    CHECK(events.size() == 2);
}

TEST_CASE_METHOD(FacadeFixture, "update_job: metadata merges key by key, a null removes, other values replace") {
    JobSpec spec = daily();
    spec.metadata = {{"owner", "ops"}, {"tags", {"a", "b"}}, {"limits", {{"cpu", 1}, {"ram", 2}}}};
    const auto job = scheduler.create_job("acme", spec);
    const auto metadata_after = [&](const JobPatch& patch) {
        return scheduler.update_job(job.id, "acme", patch)->metadata.json();
    };
    nlohmann::json expected = spec.metadata;
    expected["owner"] = "dev";
    CHECK(metadata_after({.metadata = {{"owner", "dev"}}}) == expected);
    expected.erase("tags");
    CHECK(metadata_after({.metadata = {{"tags", nullptr}}}) == expected);
    expected["limits"] = {{"cpu", 4}}; // not deeper
    CHECK(metadata_after({.metadata = {{"limits", {{"cpu", 4}}}}}) == expected);
    expected["a"] = 1;
    expected["b"] = nlohmann::json::array({1, nullptr});
    expected.erase("owner");
    CHECK(metadata_after({.metadata = {{"a", 1}, {"b", {1, nullptr}}, {"owner", nullptr}}}) == expected);
    const nlohmann::json as_json = nlohmann::json::parse(R"({"limits": null, "b": null, "a": null})");
    CHECK(metadata_after({.metadata = as_json}) == nlohmann::json::object());
}

TEST_CASE_METHOD(FacadeFixture, "update_job: one pair in braces is an object with that member") {
    const auto job = scheduler.create_job("acme", daily());
    CHECK(scheduler.update_job(job.id, "acme", {.metadata = {{"owner", "ops"}}})->metadata ==
          nlohmann::json{{"owner", "ops"}});
    CHECK(scheduler.update_job(job.id, "acme", {.action = {{"type", "other"}}})->action ==
          nlohmann::json{{"type", "other"}});
}

TEST_CASE_METHOD(FacadeFixture, "update_job: what changes nothing writes nothing") {
    const auto job = scheduler.create_job("acme", full());
    const std::string before = everything("acme");
    clock->advance(3h); // nine o'clock in Paris is due, and stays so
    const std::vector<JobPatch> patches{
        {},
        {.name = job.name},
        {.schedule = job.schedule, .time_zone = job.time_zone, .dialect = job.dialect, .dst = job.dst},
        {.action = job.action.json()},
        {.description = job.description},
        {.enabled = true},
        {.metadata = {{"owner", "ops"}}},
        {.metadata = {{"absent", nullptr}}},
        {.metadata = nlohmann::json::object()},
        {.policies = job.policies},
        {.exclude = job.exclude},
        {.start_at = job.start_at, .end_at = job.end_at, .max_runs = job.max_runs},
    };
    for (const JobPatch& patch : patches) {
        const auto same = scheduler.update_job(job.id, "acme", patch);
        CHECK(same == job);
        CHECK(same->revision == 1);
    }
    CHECK(everything("acme") == before);
    CHECK(events.size() == 1);
}

TEST_CASE_METHOD(FacadeFixture, "update_job: with an expected revision only that revision is changed") {
    const auto job = scheduler.create_job("acme", daily());
    CHECK(scheduler.update_job(job.id, "acme", {.name = "b"}, 1)->revision == 2);
    const std::string before = everything("acme");
    for (const std::uint64_t stale : {0U, 1U, 3U})
        CHECK(code_of([&] { scheduler.update_job(job.id, "acme", {.name = "c"}, stale); }) == Errc::revision_conflict);
    // A change that would change nothing is refused as well: the caller's picture is wrong.
    CHECK(code_of([&] { scheduler.update_job(job.id, "acme", {.name = "b"}, 1); }) == Errc::revision_conflict);
    CHECK(everything("acme") == before);
    CHECK(scheduler.update_job(job.id, "acme", {.name = "c"}, 2)->revision == 3);
    CHECK(scheduler.update_job(JobId::next(now()), "acme", {.name = "c"}, 2) == std::nullopt);
}

TEST_CASE_METHOD(FacadeFixture, "update_job: pausing and resuming are revisions too, runs are not") {
    const auto job = scheduler.create_job("acme", daily());
    static_cast<void>(execute(job));
    CHECK(this->job(job).revision == 1);
    CHECK(scheduler.pause_job(job.id, "acme")->revision == 2);
    CHECK(scheduler.resume_job(job.id, "acme")->revision == 3);
}

// ---- new times -----------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(FacadeFixture, "update_job: a new time closes the past under the old one") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    go_to("2026-03-02T10:30:00Z");
    const auto updated = scheduler.update_job(job.id, "acme", {.schedule = "45 * * * *"});
    CHECK(updated->next_run_at == at("2026-03-02T10:45:00Z"));
    CHECK(ledger(job) == "edited 09:00:00 to 10:00:00, 2");
    // Nothing of the past comes back, and nothing is left out.
    go_to("2026-03-02T12:00:00Z");
    materialise();
    CHECK(ledger(job) == "edited 09:00:00 to 10:00:00, 2; misfired 10:45:00; run 11:45:00 missed 1");
}

TEST_CASE_METHOD(FacadeFixture,
                 "update_job: each member that is about time moves the cursor, in Paris before its clocks are set") {
    go_to("2026-03-28T12:00:00Z");
    struct Row {
        const char* schedule;
        const char* next;
        JobPatch patch;
        const char* next_after;
    };
    const std::vector<std::chrono::year_month_day> sunday{std::chrono::year{2026} / 3 / 29};
    for (const Row& row : {
             Row{"30 2 * * *", "2026-03-29T01:00:00Z", {.schedule = "0 12 * * *"}, "2026-03-29T10:00:00Z"},
             Row{"30 2 * * *", "2026-03-29T01:00:00Z", {.time_zone = "UTC"}, "2026-03-29T02:30:00Z"},
             Row{"30 2 * * *", "2026-03-29T01:00:00Z", {.dst = DstPolicy::ocps}, "2026-03-30T00:30:00Z"},
             Row{"30 2 * * *", "2026-03-29T01:00:00Z", {.exclude = sunday}, "2026-03-30T00:30:00Z"},
             Row{"30 2 * * *",
                 "2026-03-29T01:00:00Z",
                 {.start_at = at("2026-04-05T00:00:00Z")},
                 "2026-04-05T00:30:00Z"},
             Row{"0 0 12 ? * 2", "2026-03-31T10:00:00Z", {.dialect = CronDialect::quartz}, "2026-03-30T10:00:00Z"},
         }) {
        INFO(row.next_after);
        JobSpec spec = spec_of(row.schedule);
        spec.time_zone = "Europe/Paris";
        const auto job = scheduler.create_job("acme", spec);
        CHECK(job.next_run_at == at(row.next));
        CHECK(scheduler.update_job(job.id, "acme", row.patch)->next_run_at == at(row.next_after));
    }
}

TEST_CASE_METHOD(FacadeFixture, "update_job: a change that is not about time leaves what is due") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    go_to("2026-03-02T09:00:01Z");
    const auto updated = scheduler.update_job(job.id, "acme", {.action = {{"type", "other"}}});
    CHECK(updated->next_run_at == job.next_run_at);
    materialise();
    CHECK(ledger(job) == "run 09:00:00");
    CHECK(claim().at(0).action_type == "other");
}

TEST_CASE_METHOD(FacadeFixture, "update_job: a claim hands out the action as it is then") {
    const auto job = scheduler.create_job("acme", daily());
    go_to("2026-03-02T09:00:00Z");
    materialise();
    scheduler.update_job(job.id, "acme", {.action = {{"type", "test"}, {"n", 2}}});
    ClaimRequest request;
    request.filter.action_types = {"test"};
    request.now = now();
    const auto claimed = storage->claim(request).runs;
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].job->action["n"] == 2);
}

TEST_CASE_METHOD(FacadeFixture,
                 "update_job: a paused job that is retimed stays paused, and its gap counts both schedules") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    scheduler.pause_job(job.id, "acme");
    go_to("2026-03-02T10:10:00Z"); // 09:00, 10:00
    const auto updated = scheduler.update_job(job.id, "acme", {.schedule = "15,45 * * * *"});
    CHECK(updated->status == JobStatus::paused);
    CHECK_FALSE(updated->next_run_at);
    go_to("2026-03-02T11:00:00Z"); // 10:15, 10:45
    CHECK(scheduler.resume_job(job.id, "acme")->next_run_at == at("2026-03-02T11:15:00Z"));
    CHECK(ledger(job) == "paused 09:00:00 to 10:45:00, 4");
}

TEST_CASE_METHOD(FacadeFixture,
                 "update_job: a new time must have an occurrence ahead, also for a job that is not active") {
    const auto job = scheduler.create_job("acme", daily());
    const auto refused = [&](const JobPatch& patch) {
        return code_of([&] { scheduler.update_job(job.id, "acme", patch); });
    };
    const auto check_all = [&] {
        CHECK(refused({.schedule = "@at 2026-03-01T00:00:00Z"}) == Errc::in_the_past);
        CHECK(refused({.schedule = "0 0 30 2 *"}) == Errc::never_fires);
        CHECK(refused({.end_at = at("2026-03-02T07:00:00Z")}) == Errc::in_the_past);
        CHECK(refused({.end_at = at("2026-03-02T08:30:00Z")}) == Errc::never_fires);
        CHECK(refused({.schedule = "0 9 1 1 *", .end_at = at("2026-12-31T00:00:00Z")}) == Errc::never_fires);
    };
    check_all();
    scheduler.pause_job(job.id, "acme");
    check_all();
    scheduler.update_job(job.id, "acme", {.enabled = false});
    check_all();
    CHECK(this->job(job).schedule == "0 9 * * *");
}

TEST_CASE_METHOD(FacadeFixture, "update_job: a completed job is revived by a time ahead, and by nothing else") {
    const auto job = scheduler.create_job("acme", spec_of("@at 2026-03-02T08:30:00Z"));
    go_to("2026-03-02T08:30:00Z");
    materialise();
    for (const JobRun& run : claim())
        finish(run);
    CHECK(this->job(job).status == JobStatus::completed);
    CHECK(scheduler.update_job(job.id, "acme", {.name = "b"})->status == JobStatus::completed);
    CHECK(scheduler.update_job(job.id, "acme", {.enabled = true})->status == JobStatus::completed);
    const auto revived = scheduler.update_job(job.id, "acme", {.schedule = "@at 2026-03-02T10:00:00Z"});
    CHECK(revived->status == JobStatus::active);
    CHECK(revived->status_reason.empty());
    CHECK(revived->next_run_at == at("2026-03-02T10:00:00Z"));
    go_to("2026-03-02T10:00:00Z");
    materialise();
    CHECK(ledger(job) == "completed 08:30:00; run 10:00:00");
}

TEST_CASE_METHOD(FacadeFixture, "update_job: max_runs counts from the beginning of the job") {
    JobSpec spec = spec_of("0 * * * *");
    spec.max_runs = 1;
    const auto job = scheduler.create_job("acme", spec);
    go_to("2026-03-02T09:00:00Z");
    materialise();
    for (const JobRun& run : claim())
        finish(run);
    CHECK(this->job(job).status == JobStatus::completed);
    CHECK(this->job(job).status_reason == "max_runs reached");
    CHECK(code_of([&] { scheduler.update_job(job.id, "acme", {.schedule = "30 * * * *"}); }) == Errc::never_fires);
    CHECK(scheduler.update_job(job.id, "acme", {.max_runs = 2})->status == JobStatus::active);
    go_to("2026-03-02T10:00:00Z");
    materialise();
    for (const JobRun& run : claim())
        finish(run);
    CHECK(this->job(job).status == JobStatus::completed);
    CHECK(scheduler.update_job(job.id, "acme", {.clear = {ClearField::max_runs}})->status == JobStatus::active);
}

TEST_CASE_METHOD(FacadeFixture, "update_job: a text with its own zone replaces the zone that the job had") {
    JobSpec spec = daily();
    spec.dialect = CronDialect::extended;
    spec.time_zone = "Europe/Paris";
    const auto job = scheduler.create_job("acme", spec);
    const auto moved = scheduler.update_job(job.id, "acme", {.schedule = "TZ=Asia/Tokyo 0 9 * * *"});
    CHECK(moved->time_zone == "Asia/Tokyo");
    CHECK(moved->next_run_at == at("2026-03-03T00:00:00Z"));
    // A text without one keeps it, and two that differ are a mistake.
    CHECK(scheduler.update_job(job.id, "acme", {.schedule = "0 10 * * *"})->time_zone == "Asia/Tokyo");
    CHECK(code_of([&] {
              scheduler.update_job(job.id, "acme", {.schedule = "TZ=Asia/Tokyo 0 9 * * *", .time_zone = "UTC"});
          }) == Errc::conflicting_time_zone);
    CHECK(scheduler.update_job(job.id, "acme", {.time_zone = ""})->time_zone == "UTC"); // the facade's default
}

TEST_CASE_METHOD(FacadeFixture, "update_job: a job may change between fixed times and a fixed delay") {
    const auto job = scheduler.create_job("acme", daily());
    const auto delayed = scheduler.update_job(job.id, "acme", {.schedule = "@after 10m"});
    CHECK(delayed->fixed_delay == Duration{10min});
    CHECK(delayed->next_run_at == now() + 10min);
    const auto timed = scheduler.update_job(job.id, "acme", {.schedule = "0 9 * * *"});
    CHECK_FALSE(timed->fixed_delay);
    CHECK(timed->next_run_at == at("2026-03-02T09:00:00Z"));
}

// ---- enabled -------------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(FacadeFixture,
                 "update_job: disabling stops the schedule, enabling goes on from now, the gap is one row") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    go_to("2026-03-02T09:30:00Z");
    const auto off = scheduler.update_job(job.id, "acme", {.enabled = false});
    CHECK(off->status == JobStatus::disabled);
    CHECK_FALSE(off->enabled);
    CHECK(off->status_reason == "by update");
    CHECK_FALSE(off->next_run_at);
    go_to("2026-03-02T12:30:00Z");
    CHECK(materialise() == 0);
    const auto on = scheduler.update_job(job.id, "acme", {.enabled = true});
    CHECK(on->status == JobStatus::active);
    CHECK(on->status_reason.empty());
    CHECK(on->next_run_at == at("2026-03-02T13:00:00Z"));
    CHECK(ledger(job) == "disabled 09:00:00 to 12:00:00, 4");
    CHECK(on->revision == 3);
    CHECK(events.size() == 3);
}

TEST_CASE_METHOD(FacadeFixture, "update_job: a paused job that is disabled keeps two reasons in its ledger") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    scheduler.pause_job(job.id, "acme");
    go_to("2026-03-02T09:30:00Z");
    CHECK(scheduler.update_job(job.id, "acme", {.enabled = false})->status == JobStatus::disabled);
    go_to("2026-03-02T10:30:00Z");
    CHECK(scheduler.update_job(job.id, "acme", {.enabled = true})->status == JobStatus::active);
    CHECK(ledger(job) == "paused 09:00:00; disabled 10:00:00");
}

TEST_CASE_METHOD(FacadeFixture, "update_job: a disabled job may be edited and stays disabled") {
    JobSpec spec = spec_of("0 * * * *");
    spec.enabled = false;
    const auto job = scheduler.create_job("acme", spec);
    const auto edited = scheduler.update_job(job.id, "acme", {.name = "b", .schedule = "30 * * * *"});
    CHECK(edited->status == JobStatus::disabled);
    CHECK_FALSE(edited->next_run_at);
    CHECK(scheduler.update_job(job.id, "acme", {.enabled = true})->next_run_at == at("2026-03-02T08:30:00Z"));
}

TEST_CASE_METHOD(FacadeFixture, "update_job: enabling a job whose time has passed says so and changes nothing") {
    JobSpec spec = spec_of("@at 2026-03-02T08:30:00Z");
    spec.enabled = false;
    const auto job = scheduler.create_job("acme", spec);
    go_to("2026-03-02T09:00:00Z");
    const std::string before = everything("acme");
    CHECK(code_of([&] { scheduler.update_job(job.id, "acme", {.enabled = true}); }) == Errc::in_the_past);
    CHECK(everything("acme") == before);
    CHECK(scheduler.update_job(job.id, "acme", {.schedule = "@at 2026-03-02T10:00:00Z", .enabled = true})->status ==
          JobStatus::active);
}
