// SPDX-License-Identifier: MIT
// scheduler_facade/fixture.hpp - a facade on a clock that stands still, a worker's hands, and a view of everything.
#pragma once

#include "carillon/scheduler_facade.hpp"
#include "carillon/testing/manual_clock.hpp"

#include "support/catch.hpp"
#include "support/planning.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace support {

using namespace carillon;
using namespace std::chrono_literals;

/// Monday, eight in the morning.
inline const Instant monday_8 = at("2026-03-02T08:00:00Z");

/// A job at nine each morning.
[[nodiscard]] inline JobSpec daily(std::string name = "Report") {
    return {.name = std::move(name), .schedule = "0 9 * * *", .action = {{"type", "test"}, {"n", 1}}};
}
[[nodiscard]] inline JobSpec spec_of(std::string schedule) {
    return {.name = "job", .schedule = std::move(schedule), .action = {{"type", "test"}}};
}

struct FacadeFixture {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>(monday_8);
    std::shared_ptr<MemoryStorage> storage = std::make_shared<MemoryStorage>(clock);
    SchedulerFacade<> scheduler{storage, {.clock = clock}};
    /// What a sink was told.
    std::vector<AuditEvent> events;

    FacadeFixture() {
        scheduler.add_audit_sink([this](const AuditEvent& event) { events.push_back(event); });
    }

    [[nodiscard]] Instant now() const { return clock->now(); }
    void go_to(std::string_view instant) { clock->advance(at(instant) - now()); }

    /// What a worker does first: occurrences that are due become runs. Returns how many jobs were due.
    std::size_t materialise() {
        return storage
            ->materialise(now(),
                          1'000,
                          [&](const JobView& job, const KeyState& key) {
                              const auto options = detail::schedule_options(job.definition);
                              return plan(job, Schedule::parse(job.definition.schedule, options).value(), key, now());
                          })
            .jobs;
    }

    [[nodiscard]] std::vector<JobRun> claim(std::size_t limit = 100) {
        ClaimRequest request;
        request.worker = "tester";
        request.filter.action_types = {"test", "other"};
        request.limit = limit;
        request.now = now();
        std::vector<JobRun> runs;
        for (ClaimedRun& claimed : storage->claim(request).runs)
            runs.push_back(std::move(claimed.run));
        return runs;
    }

    JobRun finish(const JobRun& run, JobRunStatus status = JobRunStatus::completed) {
        RunTransition to;
        to.status = status;
        to.reason = status == JobRunStatus::failed ? RunReason::no_attempt_left : RunReason::none;
        to.at = now();
        to.executed = true;
        REQUIRE(storage->finish({{{run.id, run.fence}, to}}).front().accepted);
        return storage->find_run(run.tenant_id, run.id).value();
    }

    /// Triggers the job, executes the run and ends it.
    JobRun execute(const ScheduledJob& job, JobRunStatus status = JobRunStatus::completed) {
        const auto run = scheduler.trigger_job(job.id, job.tenant_id).value();
        for (const JobRun& claimed : claim())
            if (claimed.id == run.id) return finish(claimed, status);
        FAIL("the run was not claimed");
        return {};
    }

    [[nodiscard]] ScheduledJob job(const ScheduledJob& any_version) const {
        return scheduler.get_job(any_version.id, any_version.tenant_id).value();
    }
    [[nodiscard]] std::vector<JobRun> runs(const ScheduledJob& job) const {
        return scheduler.list_runs(job.id, job.tenant_id);
    }
    /// The ledger of a job, oldest first: "run 09:00:00; paused 10:00:00 to 12:00:00, 3".
    [[nodiscard]] std::string ledger(const ScheduledJob& job, const std::string& date = "2026-03-02") const {
        std::string text;
        const auto rows = runs(job);
        for (auto row = rows.rbegin(); row != rows.rend(); ++row)
            text += (text.empty() ? "" : "; ") + row_text(*row, date);
        return text;
    }

    /// Everything that this tenant has, as one text: jobs, runs (those of deleted jobs too) and audit.
    [[nodiscard]] std::string everything(const std::string& tenant) const {
        nlohmann::json all;
        std::set<JobId> ids;
        all["audit"] = nlohmann::json::array();
        for (const AuditEvent& event : scheduler.list_audit(tenant, {.limit = 1'000})) {
            all["audit"].push_back(event);
            ids.insert(event.job_id);
        }
        all["jobs"] = scheduler.list_jobs(tenant, {.limit = 1'000});
        for (const JobId& id : ids)
            all["runs"][id.str()] = scheduler.list_runs(id, tenant, {.limit = 1'000});
        return all.dump(1);
    }

    /// Everything that anybody can see: what each of these tenants has, one by one and counted, and what the sink was
    /// told. A call that changes nothing leaves this text as it was.
    [[nodiscard]] std::string snapshot(const std::vector<std::string>& tenants = {"acme", "globex"}) const {
        std::string text = "sink: " + nlohmann::json(events).dump(1) + "\n";
        for (const std::string& tenant : tenants) {
            text += tenant + " has " + std::to_string(scheduler.count_jobs(tenant)) + ": " + everything(tenant) + "\n";
            for (const ScheduledJob& job : scheduler.list_jobs(tenant, {.limit = 1'000}))
                text += nlohmann::json(scheduler.get_job(job.id, tenant).value()).dump() + "\n";
        }
        return text;
    }
};

/// The error that a call throws.
template <class Call>
[[nodiscard]] Error error_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    FAIL("no error was thrown");
    return {Errc::internal, ""};
}
template <class Call>
[[nodiscard]] Errc code_of(Call&& call) {
    return error_of(std::forward<Call>(call)).code();
}

} // namespace support
