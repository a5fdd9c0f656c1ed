// SPDX-License-Identifier: MIT
// scheduler_facade/runs_test.cpp - trigger_job, list_runs, get_run, cancel_run and retry_run.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <algorithm>
#include <set>

using namespace support;

namespace {

struct Runs : FacadeFixture {
    /// A job at nine with this answer to runs that meet.
    ScheduledJob job_with(OverlapPolicy policy, std::size_t limit = 0, const std::string& key = "") {
        JobSpec spec = daily();
        spec.policies.overlap = {.policy = policy, .limit = limit, .concurrency_key = key};
        return scheduler.create_job("acme", spec);
    }
    JobRun trigger(const ScheduledJob& job) { return scheduler.trigger_job(job.id, "acme").value(); }
    [[nodiscard]] JobRun run(const JobRun& any_version) const {
        return scheduler.get_run(any_version.id, "acme").value();
    }
    /// Triggers so often and says what became of each at once: "pending", "overlapped" ...
    std::string triggers(const ScheduledJob& job, int times) {
        std::string text;
        for (int i = 0; i < times; ++i)
            text += (text.empty() ? "" : " ") + word(trigger(job));
        return text;
    }
    [[nodiscard]] static std::string word(const JobRun& run) {
        return std::string(run.status == JobRunStatus::skipped ? to_string(run.reason) : to_string(run.status));
    }
    /// The status of each of them, as it is now; "running!" for one that is asked to stop.
    [[nodiscard]] std::string now_of(const std::vector<JobRun>& some) const {
        std::string text;
        for (const JobRun& any_version : some) {
            const JobRun one = run(any_version);
            const bool stops = one.status == JobRunStatus::running && one.stop_requested;
            text += (text.empty() ? "" : " ") + word(one) + (stops ? "!" : "");
        }
        return text;
    }
};

} // namespace

// ---- trigger_job ---------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Runs, "trigger_job: a run of now, besides the schedule, of which nothing changes") {
    const auto job = scheduler.create_job("acme", daily());
    clock->advance(10s);
    const auto run = trigger(job);
    CHECK(run.job_id == job.id);
    CHECK(run.tenant_id == "acme");
    CHECK(run.status == JobRunStatus::pending);
    CHECK(run.trigger == RunTrigger::manual);
    CHECK(run.reason == RunReason::none);
    CHECK(run.scheduled_for == now());
    CHECK(run.not_before == now());
    CHECK(run.action_type == "test");
    CHECK(run.attempt == 0);
    CHECK(run.fence == 0);
    CHECK_FALSE(run.started_at);
    CHECK_FALSE(run.completed_at);
    CHECK_FALSE(run.blocked_by);
    CHECK_FALSE(run.retry_of);
    CHECK_FALSE(run.idempotency_key);
    CHECK(scheduler.get_run(run.id, "acme") == run);
    CHECK(this->job(job) == job); // the cursor, the revision and the counters

    const auto claimed = claim();
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].id == run.id);
    CHECK(this->run(run).status == JobRunStatus::running);
    CHECK(this->run(run).started_at == now());
    finish(claimed[0]);
    CHECK(this->job(job).run_count == 1);
    CHECK(this->job(job).started_runs == 0); // max_runs limits the scheduled ones
    CHECK(this->job(job).next_run_at == job.next_run_at);
    go_to("2026-03-02T09:00:00Z");
    materialise();
    CHECK(ledger(job) == "completed 08:00:10; run 09:00:00");
}

TEST_CASE_METHOD(Runs, "trigger_job: works in every status of the job, and leaves it there") {
    const auto paused = scheduler.create_job("acme", daily("paused"));
    scheduler.pause_job(paused.id, "acme");
    const auto disabled = scheduler.create_job("acme", daily("disabled"));
    scheduler.update_job(disabled.id, "acme", {.enabled = false});
    JobSpec once = daily("completed");
    once.schedule = "@at 2026-03-02T08:00:30Z";
    once.policies.misfire.policy = MisfirePolicy::skip;
    const auto completed = scheduler.create_job("acme", once);
    clock->advance(1min);
    materialise();
    REQUIRE(job(completed).status == JobStatus::completed);
    for (const auto& any : {paused, disabled, completed}) {
        INFO(any.name);
        const auto before = job(any);
        const auto run = execute(any);
        CHECK(run.status == JobRunStatus::completed);
        auto after = job(any);
        CHECK(after.run_count == before.run_count + 1);
        CHECK(after.status == before.status);
        CHECK(after.next_run_at == std::nullopt);
        CHECK(after.revision == before.revision);
    }
}

TEST_CASE_METHOD(Runs, "trigger_job: under skip a second run is skipped while the first waits or runs") {
    const auto job = job_with(OverlapPolicy::skip);
    const auto first = trigger(job);
    clock->advance(1s);
    const auto second = trigger(job);
    CHECK(second.status == JobRunStatus::skipped);
    CHECK(second.reason == RunReason::overlapped);
    CHECK(second.blocked_by == first.id);
    CHECK(second.completed_at == now());
    CHECK(run(second) == second);
    const auto claimed = claim();
    CHECK(trigger(job).blocked_by == first.id);
    finish(claimed.at(0));
    CHECK(trigger(job).status == JobRunStatus::pending);
}

TEST_CASE_METHOD(Runs, "trigger_job: under queue_one one run waits behind the one that is busy") {
    const auto job = job_with(OverlapPolicy::queue_one);
    const auto first = trigger(job);
    REQUIRE(claim().size() == 1);
    const auto second = trigger(job);
    const auto third = trigger(job);
    CHECK(now_of({first, second, third}) == "running pending queue_full");
    CHECK_FALSE(first.blocked_by); // started at once
    CHECK(second.blocked_by == first.id);
    CHECK(third.blocked_by == first.id);
    CHECK(claim().empty()); // the key is busy
    finish(run(first));
    REQUIRE(claim().size() == 1);
    CHECK_FALSE(run(second).blocked_by); // it waits for nobody any more
    CHECK(run(third).blocked_by == first.id);
    CHECK(now_of({first, second}) == "completed running");
    CHECK(trigger(job).status == JobRunStatus::pending);
}

TEST_CASE_METHOD(Runs, "trigger_job: under queue_all a hundred wait, and run one after the other, oldest first") {
    const auto job = job_with(OverlapPolicy::queue_all);
    const auto first = trigger(job);
    REQUIRE(claim().size() == 1);
    std::vector<JobRun> waiting;
    for (std::size_t i = 0; i < max_queued_runs; ++i)
        waiting.push_back(trigger(job));
    CHECK(std::all_of(
        waiting.begin(), waiting.end(), [](const JobRun& one) { return one.status == JobRunStatus::pending; }));
    const auto refused = trigger(job);
    CHECK(refused.reason == RunReason::queue_full);
    CHECK(refused.blocked_by == first.id);
    finish(run(first));
    for (const JobRun& next : waiting) {
        const auto claimed = claim();
        REQUIRE(claimed.size() == 1);
        CHECK(claimed[0].id == next.id);
        finish(claimed[0]);
    }
    CHECK(claim().empty());
}

TEST_CASE_METHOD(Runs, "trigger_job: under allow runs go side by side, up to the limit where there is one") {
    const auto free = job_with(OverlapPolicy::allow);
    CHECK(triggers(free, 5) == "pending pending pending pending pending");
    CHECK(claim().size() == 5);
    const auto limited = job_with(OverlapPolicy::allow, 2);
    CHECK(triggers(limited, 3) == "pending pending overlapped");
    const auto claimed = claim();
    CHECK(claimed.size() == 2);
    CHECK(triggers(limited, 1) == "overlapped");
    finish(claimed.at(0));
    CHECK(triggers(limited, 2) == "pending overlapped");
}

TEST_CASE_METHOD(Runs, "trigger_job: under cancel_previous the new run takes the place of the others") {
    const auto job = job_with(OverlapPolicy::cancel_previous);
    const auto first = trigger(job);
    const auto claimed = claim();
    const auto second = trigger(job);
    CHECK(now_of({first, second}) == "running! pending");
    CHECK(second.blocked_by == first.id); // until it has stopped
    CHECK(run(first).reason == RunReason::cancel_previous);
    const auto third = trigger(job);
    CHECK(now_of({first, second, third}) == "running! cancelled pending");
    CHECK(run(second).reason == RunReason::cancel_previous);
    CHECK(run(second).completed_at == now());
    CHECK(claim().empty()); // the first still holds the key
    finish(claimed.at(0), JobRunStatus::cancelled);
    CHECK(claim().size() == 1);
    CHECK(now_of({first, second, third}) == "cancelled cancelled running");
}

TEST_CASE_METHOD(Runs, "trigger_job: jobs of one concurrency key meet as the runs of one job do") {
    const auto a = job_with(OverlapPolicy::skip, 0, "db");
    const auto b = job_with(OverlapPolicy::skip, 0, "db");
    const auto c = job_with(OverlapPolicy::skip, 0, "other");
    const auto first = trigger(a);
    CHECK(trigger(b).blocked_by == first.id);
    CHECK(trigger(c).status == JobRunStatus::pending);
}

TEST_CASE_METHOD(Runs, "trigger_job: the same key gives the run as it is now, on this job only and for good") {
    const auto job = job_with(OverlapPolicy::skip);
    const auto other = job_with(OverlapPolicy::skip);
    const TriggerOptions keyed{.idempotency_key = "click-1"};
    const auto first = scheduler.trigger_job(job.id, "acme", keyed).value();
    CHECK(first.idempotency_key == "click-1");
    clock->advance(1s);
    CHECK(scheduler.trigger_job(job.id, "acme", keyed) == first);
    const auto ended = finish(claim().at(0), JobRunStatus::failed);
    CHECK(scheduler.trigger_job(job.id, "acme", keyed) == ended);
    CHECK(scheduler.trigger_job(other.id, "acme", keyed)->id != first.id);
    CHECK(scheduler.trigger_job(job.id, "acme", {.idempotency_key = "click-2"})->id != first.id);
    CHECK(runs(job).size() == 2);
}

TEST_CASE_METHOD(Runs, "trigger_job: a repeat stops nothing, and one that was skipped stays skipped") {
    const auto job = job_with(OverlapPolicy::cancel_previous);
    const auto first = scheduler.trigger_job(job.id, "acme", {.idempotency_key = "a"}).value();
    const auto second = scheduler.trigger_job(job.id, "acme", {.idempotency_key = "b"}).value();
    CHECK(scheduler.trigger_job(job.id, "acme", {.idempotency_key = "a"})->id == first.id);
    CHECK(now_of({first, second}) == "cancelled pending"); // else the second were cancelled now

    const auto strict = job_with(OverlapPolicy::skip);
    const auto busy = trigger(strict);
    const auto skipped = scheduler.trigger_job(strict.id, "acme", {.idempotency_key = "c"}).value();
    CHECK(skipped.blocked_by == busy.id);
    scheduler.cancel_run(busy.id, "acme");
    CHECK(scheduler.trigger_job(strict.id, "acme", {.idempotency_key = "c"}) == skipped);
}

// ---- list_runs, get_run --------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Runs, "list_runs: newest first, by status, in pages by offset and by cursor, of this job only") {
    const auto job = job_with(OverlapPolicy::skip);
    const auto other = job_with(OverlapPolicy::skip);
    std::vector<JobRun> made;
    for (const JobRunStatus status : {JobRunStatus::completed, JobRunStatus::failed, JobRunStatus::completed}) {
        made.push_back(execute(job, status));
        static_cast<void>(execute(other));
        clock->advance(1s);
    }
    made.push_back(trigger(job)); // pending
    made.push_back(trigger(job)); // skipped
    std::vector<JobRun> expected(made.rbegin(), made.rend());
    CHECK(scheduler.list_runs(job.id, "acme") == expected);

    const auto count = [&](JobRunStatus status) {
        const auto some = scheduler.list_runs(job.id, "acme", {.status = status});
        CHECK(std::all_of(some.begin(), some.end(), [&](const JobRun& one) { return one.status == status; }));
        return some.size();
    };
    CHECK(count(JobRunStatus::pending) == 1);
    CHECK(count(JobRunStatus::running) == 0);
    CHECK(count(JobRunStatus::completed) == 2);
    CHECK(count(JobRunStatus::failed) == 1);
    CHECK(count(JobRunStatus::skipped) == 1);
    CHECK(count(JobRunStatus::cancelled) == 0);
    CHECK(count(JobRunStatus::timed_out) == 0);

    for (std::size_t limit = 1; limit <= 6; ++limit) {
        std::vector<JobRun> by_offset;
        for (std::size_t offset = 0; offset < 6; offset += limit)
            for (JobRun& one : scheduler.list_runs(job.id, "acme", {.limit = limit, .offset = offset}))
                by_offset.push_back(std::move(one));
        CHECK(by_offset == expected);
        std::vector<JobRun> by_cursor;
        RunQuery query{.limit = limit};
        for (auto page = scheduler.list_runs(job.id, "acme", query); !page.empty();
             page = scheduler.list_runs(job.id, "acme", query)) {
            CHECK(page.size() <= limit);
            by_cursor.insert(by_cursor.end(), page.begin(), page.end());
            query.after = page.back();
        }
        CHECK(by_cursor == expected);
    }
    // Filtered first, then cut.
    const auto completed = scheduler.list_runs(job.id, "acme", {.status = JobRunStatus::completed, .limit = 1});
    REQUIRE(completed.size() == 1);
    CHECK(completed[0] == made[2]);
    const RunQuery second{.status = JobRunStatus::completed, .limit = 5, .offset = 1};
    CHECK(scheduler.list_runs(job.id, "acme", second) == std::vector<JobRun>{made[0]});
    const RunQuery behind{.status = JobRunStatus::completed, .after = completed[0]};
    CHECK(scheduler.list_runs(job.id, "acme", behind) == std::vector<JobRun>{made[0]});
    CHECK(scheduler.list_runs(JobId::next(now()), "acme").empty());
}

TEST_CASE_METHOD(Runs, "list_runs: a page goes on where it ended though new runs came meanwhile") {
    const auto job = job_with(OverlapPolicy::allow);
    std::vector<JobRun> made;
    for (int i = 0; i < 4; ++i)
        made.push_back(trigger(job));
    const auto page = scheduler.list_runs(job.id, "acme", {.limit = 2});
    static_cast<void>(trigger(job));
    const auto rest = scheduler.list_runs(job.id, "acme", {.after = page.back()});
    CHECK(rest == std::vector<JobRun>{made[1], made[0]});
}

TEST_CASE_METHOD(Runs, "get_run: the run as it is now, or nothing") {
    const auto job = job_with(OverlapPolicy::skip);
    const auto triggered = trigger(job);
    CHECK(run(triggered) == triggered);
    const auto claimed = claim().at(0);
    CHECK(run(triggered) == claimed);
    const auto ended = finish(claimed, JobRunStatus::failed);
    CHECK(run(triggered) == ended);
    CHECK(ended.status == JobRunStatus::failed);
    CHECK(ended.reason == RunReason::no_attempt_left);
    CHECK(scheduler.get_run(RunId::next(now()), "acme") == std::nullopt);
    CHECK(scheduler.get_run(RunId{}, "acme") == std::nullopt);
}

// ---- cancel_run ----------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Runs, "cancel_run: a pending run ends at once, is never claimed, and frees its key") {
    const auto job = job_with(OverlapPolicy::queue_one);
    const auto first = trigger(job);
    const auto second = trigger(job);
    clock->advance(5s);
    const auto cancelled = scheduler.cancel_run(first.id, "acme", {.reason = "not now"}).value();
    CHECK(cancelled.status == JobRunStatus::cancelled);
    CHECK(cancelled.reason == RunReason::requested);
    CHECK(cancelled.completed_at == now());
    CHECK_FALSE(cancelled.started_at);
    CHECK(run(first) == cancelled);
    const auto claimed = claim();
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].id == second.id);
    CHECK(this->job(job).run_count == 0); // it was not executed
    CHECK(scheduler.cancel_run(RunId::next(now()), "acme") == std::nullopt);
}

TEST_CASE_METHOD(Runs, "cancel_run: a running run is asked to stop, once, and ends as it ends") {
    struct Row {
        JobRunStatus finishes;
        JobRunStatus becomes;
        RunReason reason;
    };
    for (const Row& row : {
             Row{JobRunStatus::cancelled, JobRunStatus::cancelled, RunReason::requested},
             Row{JobRunStatus::completed, JobRunStatus::completed, RunReason::none}, // it was done already
             Row{JobRunStatus::failed, JobRunStatus::failed, RunReason::no_attempt_left},
             Row{JobRunStatus::pending, JobRunStatus::cancelled, RunReason::requested}, // no further attempt
         }) {
        INFO(to_string(row.finishes));
        const auto job = job_with(OverlapPolicy::skip);
        const auto triggered = trigger(job);
        const auto claimed = claim().at(0);
        const auto asked = scheduler.cancel_run(triggered.id, "acme", {.reason = "enough"}).value();
        CHECK(asked.status == JobRunStatus::running);
        CHECK(asked.stop_requested);
        CHECK_FALSE(asked.completed_at);
        CHECK(scheduler.cancel_run(triggered.id, "acme") == asked);
        const auto answers = storage->heartbeat({{claimed.id, claimed.fence}}, 30s);
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].stop_requested);
        CHECK_FALSE(answers[0].lost);
        const auto ended = finish(claimed, row.finishes);
        CHECK(ended.status == row.becomes);
        CHECK(ended.reason == row.reason);
        CHECK(trigger(job).status == JobRunStatus::pending); // the key is free
        scheduler.delete_job(job.id, "acme");
    }
}

TEST_CASE_METHOD(Runs, "cancel_run: a run that has ended stays as it is") {
    const auto job = job_with(OverlapPolicy::skip);
    for (const JobRunStatus status : {JobRunStatus::completed, JobRunStatus::failed, JobRunStatus::timed_out}) {
        const auto ended = execute(job, status);
        CHECK(code_of([&] { scheduler.cancel_run(ended.id, "acme"); }) == Errc::invalid_state);
        CHECK(run(ended) == ended);
    }
    const auto busy = trigger(job);
    const auto skipped = trigger(job);
    CHECK(code_of([&] { scheduler.cancel_run(skipped.id, "acme"); }) == Errc::invalid_state);
    scheduler.cancel_run(busy.id, "acme");
    CHECK(code_of([&] { scheduler.cancel_run(busy.id, "acme"); }) == Errc::invalid_state);
}

TEST_CASE_METHOD(Runs, "cancel_run: a scheduled run that is cancelled stays in the ledger, and the schedule goes on") {
    const auto job = job_with(OverlapPolicy::skip);
    go_to("2026-03-02T09:00:00Z");
    materialise();
    scheduler.cancel_run(runs(job).at(0).id, "acme");
    CHECK(ledger(job) == "cancelled 09:00:00");
    CHECK(this->job(job).next_run_at == at("2026-03-03T09:00:00Z"));
    CHECK(materialise() == 0);
}

// ---- retry_run -----------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(Runs, "retry_run: a new run that repeats one that has ended, however it did") {
    const auto job = job_with(OverlapPolicy::queue_all);
    std::vector<JobRun> ended;
    for (const JobRunStatus status : {JobRunStatus::completed, JobRunStatus::failed, JobRunStatus::timed_out})
        ended.push_back(execute(job, status));
    ended.push_back(trigger(job));
    ended.back() = scheduler.cancel_run(ended.back().id, "acme").value();
    clock->advance(1min);
    std::set<RunId> ids;
    for (const JobRun& one : ended) {
        INFO(to_string(one.status));
        const auto again = scheduler.retry_run(one.id, "acme").value();
        CHECK(again.status == JobRunStatus::pending);
        CHECK(again.trigger == RunTrigger::retry);
        CHECK(again.retry_of == one.id);
        CHECK(again.scheduled_for == one.scheduled_for); // the occurrence that it is about
        CHECK(again.not_before == now());
        CHECK(again.attempt == 0);
        CHECK_FALSE(again.idempotency_key);
        CHECK(run(one) == one); // the first keeps its end
        ids.insert(again.id);
    }
    CHECK(ids.size() == ended.size());
    CHECK(claim().size() == 1); // they queue
}

TEST_CASE_METHOD(Runs, "retry_run: the same key gives the run that it has made") {
    const ScheduledJob job = scheduler.create_job("acme", daily());
    const JobRun ended = execute(job);
    const JobRun first = scheduler.retry_run(ended.id, "acme", {.idempotency_key = "again"}).value();
    CHECK(first.retry_of == ended.id);
    CHECK(scheduler.retry_run(ended.id, "acme", {.idempotency_key = "again"}) == first);
    CHECK(runs(job).size() == 2);
    CHECK(code_of([&] { scheduler.retry_run(ended.id, "acme", {.idempotency_key = ""}); }) == Errc::required);
}

TEST_CASE_METHOD(Runs, "retry_run: takes the job as it is now, and its overlap policy") {
    const auto job = job_with(OverlapPolicy::skip);
    const auto failed = execute(job, JobRunStatus::failed);
    scheduler.update_job(job.id, "acme", {.action = {{"type", "other"}}});
    const auto again = scheduler.retry_run(failed.id, "acme").value();
    CHECK(again.action_type == "other");
    const auto third = scheduler.retry_run(failed.id, "acme").value();
    CHECK(third.status == JobRunStatus::skipped);
    CHECK(third.blocked_by == again.id);
    const auto of_skipped = [&] {
        finish(claim().at(0));
        return scheduler.retry_run(third.id, "acme").value();
    }();
    CHECK(of_skipped.status == JobRunStatus::pending);
    CHECK(of_skipped.retry_of == third.id);
}

TEST_CASE_METHOD(Runs, "retry_run: a repeat of an occurrence that lies ahead by this clock waits for it") {
    const auto job = scheduler.create_job("acme", spec_of("0 * * * *"));
    const Instant before = now();
    go_to("2026-03-02T09:00:00Z");
    materialise();
    const auto done = finish(claim().at(0));
    clock->set_wall(before);
    const auto again = scheduler.retry_run(done.id, "acme").value();
    CHECK(again.not_before == done.scheduled_for);
    CHECK(claim().empty());
    CHECK(again.job_id == job.id);
}

TEST_CASE_METHOD(Runs, "retry_run: is refused while the run is open, and nothing where there is none") {
    const auto job = job_with(OverlapPolicy::skip);
    const auto triggered = trigger(job);
    CHECK(code_of([&] { scheduler.retry_run(triggered.id, "acme"); }) == Errc::invalid_state);
    const auto claimed = claim();
    CHECK(code_of([&] { scheduler.retry_run(triggered.id, "acme"); }) == Errc::invalid_state);
    finish(claimed.at(0));
    CHECK(scheduler.retry_run(triggered.id, "acme"));
    CHECK(scheduler.retry_run(RunId::next(now()), "acme") == std::nullopt);
}

TEST_CASE_METHOD(Runs, "retry_run: a repeated occurrence neither moves the schedule nor uses up max_runs") {
    JobSpec spec = spec_of("0 * * * *");
    spec.max_runs = 2;
    const auto job = scheduler.create_job("acme", spec);
    go_to("2026-03-02T09:00:00Z");
    materialise();
    const auto failed = finish(claim().at(0), JobRunStatus::failed);
    const auto before = this->job(job);
    REQUIRE(scheduler.retry_run(failed.id, "acme"));
    finish(claim().at(0));
    const auto after = this->job(job);
    CHECK(after.started_runs == 1);
    CHECK(after.next_run_at == before.next_run_at);
    CHECK(after.high_water == before.high_water);
    CHECK(after.run_count == 2);
    CHECK(after.failure_count == 1);
    go_to("2026-03-02T10:00:00Z");
    CHECK(materialise() == 1);
}
