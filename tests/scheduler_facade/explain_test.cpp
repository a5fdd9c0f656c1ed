// SPDX-License-Identifier: MIT
// scheduler_facade/explain_test.cpp - why did 02:00 not run? Every kind of answer, in its words.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <set>

using namespace support;

namespace {

/// An hourly job since eight o'clock, and questions about it.
struct Questions : FacadeFixture {
    ScheduledJob hourly = scheduler.create_job("acme", spec_of("0 * * * *"));

    [[nodiscard]] Explanation why(const ScheduledJob& job, const std::string& moment) const {
        const std::string text = moment.size() < 19 ? "2026-03-02T" + moment + "Z" : moment + "Z";
        return scheduler.explain(job.id, "acme", at(text)).value();
    }
    /// "skipped: It was skipped: the job was paused."
    [[nodiscard]] std::string text(const ScheduledJob& job, const std::string& moment) const {
        const Explanation answer = why(job, moment);
        return std::string(to_string(answer.kind)) + ": " + answer.sentence;
    }
    [[nodiscard]] std::string text(const std::string& moment) const { return text(hourly, moment); }

    ScheduledJob create(const JobSpec& spec) { return scheduler.create_job("acme", spec); }
    JobRun start(const std::string& moment) {
        go_to("2026-03-02T" + moment + "Z");
        materialise();
        return claim().at(0);
    }
    JobRun end(const JobRun& run, RunTransition to) {
        to.at = now();
        REQUIRE(storage->finish({{{run.id, run.fence}, to}}).front().accepted);
        return scheduler.get_run(run.id, "acme").value();
    }
};

} // namespace

// ---- with a row ----------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Questions, "explain: a run that waits, runs and has ended") {
    go_to("2026-03-02T09:00:00Z");
    materialise();
    CHECK(text("09:00:00") == "pending: Its run waits for a worker that has a handler for \"test\" and time for it.");
    const JobRun running = claim().at(0);
    CHECK(text("09:00:00") == "executed: It is running since 2026-03-02T09:00:00Z, on worker \"tester\".");
    clock->advance(90s);
    const JobRun completed = finish(running);
    CHECK(text("09:00:00") ==
          "executed: It ran from 2026-03-02T09:00:00Z to 2026-03-02T09:01:30Z and ended as completed.");
    CHECK(why(hourly, "09:00:00").run == completed);
    const JobRun failing = start("10:00:00");
    end(failing,
        {.status = JobRunStatus::failed, .reason = RunReason::permanent, .error = "no such file", .executed = true});
    CHECK(text("10:00:00") == "executed: It ran from 2026-03-02T10:00:00Z to 2026-03-02T10:00:00Z and ended as failed, "
                              "permanent: no such file.");
}

TEST_CASE_METHOD(Questions, "explain: a run that waits for another attempt, or for its time, or behind another run") {
    const JobRun first = start("09:00:00");
    end(first, {.status = JobRunStatus::pending, .error = "busy", .not_before = at("2026-03-02T09:05:00Z")});
    CHECK(text("09:00:00") == "pending: Its run waits for attempt 2 after \"busy\", until 2026-03-02T09:05:00Z.");
    go_to("2026-03-02T09:05:00Z");
    finish(claim().at(0));
    CHECK(text("09:00:00") == "executed: It ran from 2026-03-02T09:05:00Z to 2026-03-02T09:05:00Z, attempt 2 and ended "
                              "as completed.");

    JobSpec spread = spec_of("30 * * * *");
    spread.policies.spread.within = 10min;
    const auto job = create(spread);
    go_to("2026-03-02T09:30:00Z");
    materialise();
    const JobRun run = runs(job).at(0);
    REQUIRE(run.not_before > now());
    CHECK(text(job, "09:30:00") == "pending: Its run waits, until " + to_rfc3339(run.not_before) + ".");
}

TEST_CASE_METHOD(Questions, "explain: a run that ended before it was started") {
    go_to("2026-03-02T09:00:00Z");
    materialise();
    scheduler.cancel_run(runs(hourly).at(0).id, "acme");
    CHECK(text("09:00:00") == "not_started: Its run ended as cancelled, requested, at 2026-03-02T09:00:00Z, before "
                              "anybody started it.");
}

TEST_CASE_METHOD(Questions, "explain: a skip, for each of its reasons, and what the row stands for") {
    const JobRun running = start("09:00:00");
    go_to("2026-03-02T10:00:00Z");
    materialise();
    CHECK(text("10:00:00") == "skipped: It was skipped: its concurrency key was busy with run " + running.id.str() +
                                  ", and overlap policy skip does not let it wait.");
    go_to("2026-03-02T12:30:00Z");
    finish(running);
    materialise();
    const std::string misfired = "skipped: It was skipped: nobody planned it in time, since no worker ran, the machine "
                                 "slept or its clock was set; misfire policy fire_latest left it out.";
    CHECK(text("11:00:00") == misfired);
    CHECK(text("12:00:00") == "pending: Its run waits for a worker that has a handler for \"test\" and time for it.");
    finish(claim().at(0));
    CHECK(text("12:00:00") == "executed: It ran from 2026-03-02T12:30:00Z to 2026-03-02T12:30:00Z and ended as "
                              "completed. It stood for 1 late occurrence as well.");

    scheduler.pause_job(hourly.id, "acme");
    go_to("2026-03-02T15:30:00Z");
    scheduler.resume_job(hourly.id, "acme");
    const std::string paused = "skipped: It was skipped: the job was paused. So were all from 2026-03-02T13:00:00Z to "
                               "2026-03-02T15:00:00Z, 3.";
    for (const char* moment : {"13:00:00", "14:00:00", "15:00:00"})
        CHECK(text(moment) == paused);
    CHECK(why(hourly, "14:00:00").run == why(hourly, "13:00:00").run);
    CHECK(text("14:30:00").starts_with("no_occurrence: ")); // within the row, and between its occurrences

    go_to("2026-03-02T16:00:00Z");
    scheduler.update_job(hourly.id, "acme", {.schedule = "30 * * * *"});
    CHECK(text("16:00:00") == "skipped: It was skipped: the job was edited before it was planned.");
    scheduler.update_job(hourly.id, "acme", {.enabled = false});
    go_to("2026-03-02T16:45:00Z");
    scheduler.update_job(hourly.id, "acme", {.enabled = true});
    CHECK(text("16:30:00") == "skipped: It was skipped: the job was disabled.");
}

TEST_CASE_METHOD(Questions, "explain: a row of more occurrences than are counted") {
    JobSpec spec = spec_of("* * * * * *");
    spec.policies.misfire.policy = MisfirePolicy::skip;
    const auto job = create(spec);
    go_to("2026-03-03T09:00:00Z");
    materialise();
    const std::string answer = text(job, "09:00:00");
    CHECK(answer.find("misfire policy skip left it out. So were all from 2026-03-02T08:00:01Z to "
                      "2026-03-03T08:59:54Z, 13599 or more.") != std::string::npos);
}

// ---- without a row -------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Questions, "explain: what lies ahead, and where its start is spread to") {
    CHECK(text("09:00:00") == "ahead: It lies ahead, and will run at 2026-03-02T09:00:00Z.");
    CHECK(text("2030-01-01T00:00:00") == "ahead: It lies ahead, and will run at 2030-01-01T00:00:00Z.");
    JobSpec spread = spec_of("0 * * * *");
    spread.policies.spread.within = 10min;
    const auto job = create(spread);
    const std::string answer = text(job, "09:00:00");
    go_to("2026-03-02T09:00:00Z");
    materialise();
    CHECK(answer == "ahead: It lies ahead, and will run at " + to_rfc3339(runs(job).at(0).not_before) +
                        ", since starts are spread.");
}

TEST_CASE_METHOD(Questions, "explain: what is due and was not planned, by no worker or because it would be skipped") {
    go_to("2026-03-02T10:30:00Z");
    CHECK(text("10:00:00") ==
          "due: It is due, and no worker has planned the job yet. The next one that does will run it.");
    CHECK(text("09:00:00") == "due: It is due, and no worker has planned the job yet. The next one that does will skip "
                              "it, by misfire policy fire_latest.");
    materialise();
    CHECK(why(hourly, "10:00:00").kind == ExplanationKind::pending);
    CHECK(why(hourly, "09:00:00").kind == ExplanationKind::skipped);
}

TEST_CASE_METHOD(Questions, "explain: a job that is paused, disabled or completed") {
    scheduler.pause_job(hourly.id, "acme", {.reason = "holidays"});
    go_to("2026-03-02T09:30:00Z");
    CHECK(text("09:00:00") == "inactive: The job is paused (\"holidays\"): once it is resumed, this occurrence is "
                              "recorded as skipped.");
    CHECK(text("10:00:00") ==
          "inactive: The job is paused (\"holidays\"): unless it is resumed before, this occurrence will not run.");
    scheduler.update_job(hourly.id, "acme", {.enabled = false});
    CHECK(text("10:00:00") ==
          "inactive: The job is disabled (\"by update\"): unless it is resumed before, this occurrence will not run.");

    JobSpec few = spec_of("0 * * * *");
    few.max_runs = 1;
    const auto job = create(few);
    CHECK(text(job, "11:00:00") == "max_runs: The job's max_runs, 1, are used up before it.");
    finish(start("10:00:00"));
    CHECK(this->job(job).status == JobStatus::completed);
    CHECK(text(job, "11:00:00") == "inactive: The job is completed (\"max_runs reached\"), and runs no more.");
}

TEST_CASE_METHOD(Questions, "explain: a job that is about to be paused for its failures") {
    JobSpec spec = spec_of("0 * * * *");
    const auto job = create(spec);
    execute(job, JobRunStatus::failed);
    spec.policies.pause_after_failures = 1;
    scheduler.update_job(job.id, "acme", {.policies = spec.policies});
    CHECK(text(job, "09:00:00") == "inactive: The job has failed too often in a row, and will be paused before it.");
    go_to("2026-03-02T09:00:00Z");
    materialise();
    CHECK(text(job, "09:00:00") == "skipped: It was skipped: the job was paused.");
}

TEST_CASE_METHOD(Questions, "explain: what was purged") {
    finish(start("09:00:00"));
    go_to("2026-03-02T10:00:00Z");
    materialise();
    finish(claim().at(0));
    go_to("2026-04-05T10:30:00Z");
    static_cast<void>(storage->purge({}, now(), 1'000));
    CHECK(text("09:00:00") == "purged: It was purged: the ledger has forgotten what came up to 2026-03-02T10:00:00Z.");
    CHECK(text("09:30:00").starts_with("no_occurrence: "));
    CHECK(why(hourly, "11:00:00").kind == ExplanationKind::due);
}

// ---- no occurrence -------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Questions, "explain: a moment that is no occurrence, and those around it") {
    const Explanation answer = why(hourly, "09:30:00");
    CHECK(answer.kind == ExplanationKind::no_occurrence);
    CHECK(answer.sentence == "The schedule \"0 * * * *\" (UTC) has no occurrence at 2026-03-02T09:30:00Z; the one "
                             "before is 2026-03-02T09:00:00Z, the next one 2026-03-02T10:00:00Z.");
    CHECK(answer.previous == at("2026-03-02T09:00:00Z"));
    CHECK(answer.next == at("2026-03-02T10:00:00Z"));
    CHECK_FALSE(answer.run);
    CHECK(text("08:30:00") ==
          "no_occurrence: The schedule \"0 * * * *\" (UTC) has no occurrence at 2026-03-02T08:30:00Z; "
          "the next one is 2026-03-02T09:00:00Z.");
    CHECK(why(hourly, "09:00:00.000001").kind == ExplanationKind::no_occurrence);

    JobSpec spec = daily();
    spec.time_zone = "Europe/Paris";
    CHECK(text(create(spec), "09:00:00") ==
          "no_occurrence: The schedule \"0 9 * * *\" (Europe/Paris) has no occurrence at 2026-03-02 10:00 in "
          "Europe/Paris (2026-03-02T09:00:00Z); the next one is 2026-03-03 09:00 in Europe/Paris "
          "(2026-03-03T08:00:00Z).");
}

TEST_CASE_METHOD(Questions, "explain: half past two in New York on the night when the clock jumps from two to three") {
    JobSpec spec = spec_of("30 2 * * *");
    spec.time_zone = "America/New_York";
    const auto job = create(spec);
    // 07:30Z would be 02:30 had the clock not been set.
    CHECK(text(job, "2026-03-08T07:30:00") ==
          "no_occurrence: The schedule \"30 2 * * *\" (America/New_York) has no occurrence at 2026-03-08 03:30 in "
          "America/New_York (2026-03-08T07:30:00Z); the one before is 2026-03-08 03:00 in America/New_York "
          "(2026-03-08T07:00:00Z), the next one 2026-03-09 02:30 in America/New_York (2026-03-09T06:30:00Z). Clocks "
          "were set: 2026-03-08: 02:30 in America/New_York does not exist; it runs at 03:00.");
    CHECK(text(job, "2026-03-08T07:00:00") ==
          "ahead: It lies ahead, and will run at 2026-03-08 03:00 in America/New_York (2026-03-08T07:00:00Z).");
    CHECK(text(job, "2026-03-09T07:30:00").find("Clocks") == std::string::npos);
}

TEST_CASE_METHOD(Questions, "explain: an excluded date, a bound, a moment before the job was created") {
    using namespace std::chrono;
    JobSpec spec = spec_of("0 * * * *");
    spec.time_zone = "Asia/Tokyo";
    spec.exclude = {2026y / March / 3};
    spec.start_at = at("2026-03-02T10:00:00Z");
    spec.end_at = at("2026-03-09T00:00:00Z");
    const auto job = create(spec);
    CHECK(text(job, "2026-03-02T15:00:00") == "excluded: Its date, 2026-03-03, is excluded.");
    CHECK(text(job, "09:00:00") == "out_of_bounds: It lies before the job's start_at, 2026-03-02T10:00:00Z.");
    CHECK(why(job, "10:00:00").kind == ExplanationKind::ahead);
    CHECK(text(job, "2026-03-09T00:00:00") ==
          "out_of_bounds: It does not lie before the job's end_at, 2026-03-09T00:00:00Z.");
    CHECK(text(job, "07:00:00") ==
          "before_creation: The job was created at 2026-03-02T08:00:00Z, no earlier than that.");
    CHECK(why(job, "08:00:00").kind == ExplanationKind::before_creation); // its occurrences begin behind that
}

TEST_CASE_METHOD(Questions, "explain: a fixed delay, whose next run hangs on the end of another") {
    const auto job = create(spec_of("@after 10m"));
    CHECK(text(job, "08:10:00") == "ahead: It lies ahead, and will run at 2026-03-02T08:10:00Z.");
    CHECK(text(job, "08:05:00") ==
          "no_occurrence: With \"@after 10m\" (UTC) the end of a run decides when the next one is "
          "due: at 2026-03-02T08:10:00Z.");
    const JobRun run = start("08:10:00");
    CHECK(why(job, "08:10:00").kind == ExplanationKind::executed);
    CHECK(text(job, "08:20:00") ==
          "no_occurrence: With \"@after 10m\" (UTC) the end of a run decides when the next one is "
          "due; none is known for that moment.");
    finish(run);
    CHECK(why(job, "08:20:00").kind == ExplanationKind::ahead);
}

// ---- the job as it was then ----------------------------------------------------------------------------------------

TEST_CASE_METHOD(Questions, "explain: reads the past by the definition of that time") {
    const JobRun nine = start("09:00:00");
    finish(nine);
    go_to("2026-03-02T09:10:00Z");
    scheduler.update_job(hourly.id, "acme", {.schedule = "30 * * * *"});
    go_to("2026-03-02T10:40:00Z");
    scheduler.update_job(hourly.id, "acme", {.schedule = "45 * * * *"});
    scheduler.update_job(hourly.id, "acme", {.name = "renamed"});
    CHECK(why(hourly, "09:00:00").kind == ExplanationKind::executed);
    CHECK(text("10:00:00") == "no_occurrence: The schedule of that time, \"30 * * * *\" (UTC), has no occurrence at "
                              "2026-03-02T10:00:00Z; the one before is 2026-03-02T09:30:00Z, the next one "
                              "2026-03-02T10:30:00Z.");
    CHECK(why(hourly, "09:30:00").kind == ExplanationKind::skipped); // edited before anybody planned it
    CHECK(text("08:30:00").find("The schedule of that time, \"0 * * * *\" (UTC),") != std::string::npos);
    CHECK(text("10:45:00") == "ahead: It lies ahead, and will run at 2026-03-02T10:45:00Z.");
}

TEST_CASE_METHOD(Questions, "explain: a job without a schedule that can be evaluated still knows its rows") {
    finish(start("09:00:00"));
    JobDefinition broken = job(hourly);
    broken.time_zone = "Mars/Base";
    ++broken.revision;
    storage->modify_job("acme", hourly.id, [&](const JobView&, const KeyState&) {
        JobChange change;
        change.at = now();
        change.definition = std::make_shared<const JobDefinition>(broken);
        return change;
    });
    CHECK(why(hourly, "09:00:00").kind == ExplanationKind::executed);
    CHECK(text("10:00:00") == "unknown: The schedule \"0 * * * *\" cannot be evaluated.");
}

TEST_CASE_METHOD(Questions, "explain: an occurrence that nobody can account for is said to be one") {
    JobProgress progress = job(hourly);
    progress.high_water = at("2026-03-02T09:30:00Z"); // as if another time zone database had planned it
    progress.next_run_at = at("2026-03-02T10:00:00Z");
    storage->modify_job("acme", hourly.id, [&](const JobView&, const KeyState&) {
        JobChange change;
        change.at = now();
        change.progress = progress;
        return change;
    });
    CHECK(text("09:00:00") == "unknown: The ledger does not have it, so it was no occurrence when it was planned: the "
                              "rules of the time zone or the clock have changed since.");
}

TEST_CASE_METHOD(Questions, "explain: nothing for a job that is absent, deleted or another tenant's") {
    CHECK(scheduler.explain(JobId::next(now()), "acme", now()) == std::nullopt);
    CHECK(scheduler.explain(hourly.id, "globex", now()) == std::nullopt);
    scheduler.delete_job(hourly.id, "acme");
    CHECK(scheduler.explain(hourly.id, "acme", now()) == std::nullopt);
}

TEST_CASE("explain: every kind has a name of its own") {
    std::set<std::string_view> names;
    for (const auto& row : detail::explanation_names)
        CHECK(names.insert(to_string(row.value)).second);
    CHECK(names.size() == static_cast<std::size_t>(ExplanationKind::unknown) + 1);
    CHECK(names.count("") == 0);
}

TEST_CASE_METHOD(Questions, "explain: the whole ledger of a busy day agrees with its rows") {
    JobSpec spec = spec_of("*/10 * * * *");
    spec.policies.misfire.policy = MisfirePolicy::fire_earliest;
    const auto job = create(spec);
    for (int step = 1; step <= 40; ++step) {
        clock->advance(step % 5 == 0 ? 47min : 7min);
        materialise();
        if (step % 3 == 0)
            for (const JobRun& run : claim())
                finish(run, step % 2 == 0 ? JobRunStatus::completed : JobRunStatus::failed);
        if (step % 11 == 0) scheduler.pause_job(job.id, "acme");
        if (step % 11 == 2) scheduler.resume_job(job.id, "acme");
    }
    std::size_t rows = 0;
    const Schedule schedule = Schedule::parse("*/10 * * * *").value();
    for (auto t = schedule.next(monday_8); *t <= this->job(job).high_water; t = schedule.next(*t)) {
        INFO(to_rfc3339(*t));
        const Explanation answer = scheduler.explain(job.id, "acme", *t).value();
        REQUIRE(answer.run);
        CHECK(answer.run->scheduled_for <= *t);
        CHECK(answer.run->last.value_or(answer.run->scheduled_for) >= *t);
        rows += answer.run->scheduled_for == *t ? 1 : 0;
    }
    CHECK(rows == runs(job).size());
}
