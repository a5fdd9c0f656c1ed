// SPDX-License-Identifier: MIT
// scheduler_facade/threads_test.cpp - many threads on the jobs of two tenants: nothing is lost, doubled or mixed up.
// CARILLON_STRESS_SECONDS says for how long; it is 1 where it is not set.
#include "carillon/scheduler_facade.hpp"

#include "support/catch.hpp"
#include "support/world.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace support;

namespace {

std::chrono::seconds stress_time() {
    const char* text = std::getenv("CARILLON_STRESS_SECONDS");
    return std::chrono::seconds{text ? std::max(1, std::atoi(text)) : 1};
}

/// The jobs that the threads of a tenant share. Each place holds one until it is deleted, and then another.
class SharedJobs {
public:
    void add(const JobId& id) { ids_.push_back(id); }
    [[nodiscard]] std::size_t size() const { return ids_.size(); }
    [[nodiscard]] JobId at(std::size_t place) const {
        const std::lock_guard lock(mutex_);
        return ids_[place];
    }
    void replace(std::size_t place, const JobId& id) {
        const std::lock_guard lock(mutex_);
        ids_[place] = id;
    }

private:
    mutable std::mutex mutex_;
    std::vector<JobId> ids_;
};

/// One thread's work: calls at random, and keeps account of what succeeded.
class User {
public:
    User(SchedulerFacade<>& scheduler, SharedJobs& jobs, Caller caller, std::uint32_t seed)
        : scheduler_(scheduler)
        , jobs_(jobs)
        , caller_(std::move(caller))
        , random_(seed) {}

    void work(SteadyTime end) {
        for (const SystemClock clock; clock.steady_now() < end; ++operations)
            try {
                act();
            } catch (const std::exception& error) {
                complaints.push_back(error.what());
            }
    }

    [[nodiscard]] const Caller& caller() const { return caller_; }

    // What the caller was told.
    std::map<JobId, std::uint64_t> increments;
    std::vector<RunId> triggered;
    std::vector<JobId> created;
    std::vector<JobId> deleted;
    std::size_t conflicts = 0;
    std::size_t operations = 0;
    std::vector<std::string> complaints;

private:
    void act() {
        const std::size_t place = random_() % jobs_.size();
        const JobId id = jobs_.at(place);
        switch (random_() % 32) {
        case 0: replace(place, id); break;
        case 1:
        case 2: note(scheduler_.pause_job(id, caller_, {.reason = "stress"})); break;
        case 3:
        case 4: note(scheduler_.resume_job(id, caller_)); break;
        case 5:
        case 6:
        case 7: list(); break;
        case 8:
        case 9:
        case 10:
        case 11:
            if (const auto run = scheduler_.trigger_job(id, caller_)) triggered.push_back(run->id);
            break;
        default: increment(id); break;
        }
    }

    /// Reads, adds one, and writes if nobody else has written meanwhile.
    void increment(const JobId& id) {
        const auto job = scheduler_.get_job(id, caller_);
        if (!job) return; // deleted
        note(job);
        const auto n = job->metadata["n"].get<std::uint64_t>();
        if (random_() % 4 == 0) std::this_thread::yield(); // lets others come between
        try {
            const auto updated = scheduler_.update_job(id, caller_, {.metadata = {{"n", n + 1}}}, job->revision);
            if (!updated) return;
            note(updated);
            ++increments[id];
        } catch (const Error& error) {
            if (error.code() != Errc::revision_conflict) throw;
            ++conflicts;
        }
    }

    /// Whoever deletes the job puts another in its place.
    void replace(std::size_t place, const JobId& id) {
        if (!scheduler_.delete_job(id, caller_)) return;
        deleted.push_back(id);
        JobSpec spec = parallel_spec("work");
        spec.metadata = {{"n", 0}};
        created.push_back(scheduler_.create_job(caller_, spec).id);
        jobs_.replace(place, created.back());
    }

    void list() {
        for (const ScheduledJob& job : scheduler_.list_jobs(caller_)) {
            if (job.tenant_id != caller_.tenant) complaints.push_back("lists a job of " + job.tenant_id);
            note(job);
        }
        if (scheduler_.count_jobs(caller_) > jobs_.size()) complaints.push_back("counts a job too many");
    }

    /// What one thread sees of a job does not go back.
    void note(const std::optional<ScheduledJob>& job) {
        if (!job) return;
        std::uint64_t& seen = seen_[job->id];
        if (job->revision < seen) complaints.push_back("revision " + std::to_string(seen) + " is gone");
        seen = job->revision;
    }

    SchedulerFacade<>& scheduler_;
    SharedJobs& jobs_;
    Caller caller_;
    std::mt19937 random_;
    std::map<JobId, std::uint64_t> seen_;
};

/// All of a tenant's events, oldest first.
std::vector<AuditEvent> audit_of(const SchedulerFacade<>& scheduler, const std::string& tenant) {
    std::vector<AuditEvent> events;
    AuditQuery query{.limit = 1'000};
    for (auto page = scheduler.list_audit(tenant, query); !page.empty(); page = scheduler.list_audit(tenant, query)) {
        query.after = page.back().id;
        std::move(page.begin(), page.end(), std::back_inserter(events));
    }
    std::reverse(events.begin(), events.end());
    return events;
}

std::vector<AuditId> sorted_ids(const std::vector<AuditEvent>& events) {
    std::vector<AuditId> ids;
    for (const AuditEvent& event : events)
        ids.push_back(event.id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

/// How many events lead from a definition to another one than the event before it left, or to a revision that is not
/// the next one. `last` is then what each job was at last: null where it was deleted.
std::size_t broken_links(const std::vector<AuditEvent>& events,
                         std::map<JobId, std::shared_ptr<const JobDefinition>>& last) {
    std::size_t broken = 0;
    for (const AuditEvent& event : events) {
        const auto known = last.find(event.job_id);
        const bool first = known == last.end();
        if (first != (event.verb == AuditVerb::job_created) || first != !event.before) ++broken;
        if (!first && (!known->second || !event.before || *known->second != *event.before)) ++broken;
        const bool rises = event.verb == AuditVerb::job_updated || event.verb == AuditVerb::job_paused ||
                           event.verb == AuditVerb::job_resumed;
        const std::uint64_t revision = event.before ? event.before->revision + (rises ? 1 : 0) : 1;
        if ((event.verb == AuditVerb::job_deleted) != !event.after) ++broken;
        if (event.after && event.after->revision != revision) ++broken;
        last[event.job_id] = event.after;
    }
    return broken;
}

std::size_t count_of(const std::vector<AuditEvent>& events, AuditVerb verb, const std::string& actor) {
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const AuditEvent& event) {
        return event.verb == verb && event.actor == actor;
    }));
}

} // namespace

TEST_CASE("facade: eight threads on the jobs of two tenants lose no update and double no event", "[concurrent]") {
    World<> world;
    Log<AuditEvent> sink;
    world.scheduler.add_audit_sink([&](const AuditEvent& event) { sink.add(event); });
    const std::array<std::string, 2> tenants{"acme", "globex"};
    std::array<SharedJobs, 2> jobs;
    for (std::size_t t = 0; t < tenants.size(); ++t)
        for (int i = 0; i < 3; ++i) {
            JobSpec spec = parallel_spec("work");
            spec.metadata = {{"n", 0}};
            jobs[t].add(world.create(spec, tenants[t]));
        }
    Log<RunId> executed;
    Worker<> worker(world.scheduler, world.options("w", 2));
    worker.handle("work", [&](RunContext& run) { executed.add(run.run_id()); });
    worker.start();

    std::vector<User> users;
    for (std::uint32_t i = 0; i < 8; ++i)
        users.emplace_back(world.scheduler, jobs[i % 2], Caller{tenants[i % 2], "user " + std::to_string(i)}, i);
    {
        const SteadyTime end = SystemClock().steady_now() + stress_time();
        std::vector<std::jthread> threads;
        for (User& user : users)
            threads.emplace_back([&user, end] { user.work(end); });
    }
    for (const User& user : users)
        for (const RunId& id : user.triggered)
            REQUIRE(eventually([&] { return is_terminal(world.run(id, user.caller()).status); }));
    CHECK(worker.stop().still_running.empty());

    std::size_t operations = 0;
    std::size_t conflicts = 0;
    for (const User& user : users) {
        INFO(user.caller().actor);
        CHECK(user.complaints == std::vector<std::string>{});
        CHECK(user.operations > 0);
        operations += user.operations;
        conflicts += user.conflicts;
    }

    std::set<RunId> triggered;
    const auto told = sink.all();
    for (std::size_t t = 0; t < tenants.size(); ++t) {
        INFO(tenants[t]);
        const auto events = audit_of(world.scheduler, tenants[t]);
        std::vector<AuditEvent> told_of_tenant;
        std::copy_if(told.begin(), told.end(), std::back_inserter(told_of_tenant), [&](const AuditEvent& event) {
            return event.tenant_id == tenants[t];
        });
        CHECK(sorted_ids(events) == sorted_ids(told_of_tenant));
        std::map<JobId, std::shared_ptr<const JobDefinition>> last;
        CHECK(broken_links(events, last) == 0);

        std::map<JobId, std::uint64_t> increments;
        std::set<JobId> deleted;
        for (const User& user : users) {
            if (user.caller().tenant != tenants[t]) continue;
            const std::string& actor = user.caller().actor;
            std::uint64_t updates = 0;
            for (const auto& [id, n] : user.increments) {
                increments[id] += n;
                updates += n;
            }
            CHECK(count_of(events, AuditVerb::job_updated, actor) == updates);
            CHECK(count_of(events, AuditVerb::job_triggered, actor) == user.triggered.size());
            CHECK(count_of(events, AuditVerb::job_created, actor) == user.created.size());
            CHECK(count_of(events, AuditVerb::job_deleted, actor) == user.deleted.size());
            triggered.insert(user.triggered.begin(), user.triggered.end());
            for (const JobId& id : user.deleted)
                CHECK(deleted.insert(id).second); // by one caller only
        }

        // The counter of each job, also of those that were deleted, is what its callers were told together.
        std::size_t wrong_counters = 0;
        for (const AuditEvent& event : events) {
            if (event.verb != AuditVerb::job_deleted) continue;
            if (event.before->metadata["n"].get<std::uint64_t>() != increments[event.job_id]) ++wrong_counters;
            if (!deleted.contains(event.job_id)) ++wrong_counters;
        }
        const auto remaining = world.scheduler.list_jobs(tenants[t]);
        CHECK(remaining.size() == jobs[t].size());
        CHECK(world.scheduler.count_jobs(tenants[t]) == jobs[t].size());
        for (const ScheduledJob& job : remaining) {
            if (job.metadata["n"].get<std::uint64_t>() != increments[job.id]) ++wrong_counters;
            CHECK(*last.at(job.id) == static_cast<const JobDefinition&>(job));
        }
        CHECK(wrong_counters == 0);
    }

    // Every run was executed once, or cancelled with its job before that.
    const auto all_executed = executed.all();
    const std::set<RunId> executed_once(all_executed.begin(), all_executed.end());
    CHECK(executed_once.size() == all_executed.size());
    CHECK(std::includes(triggered.begin(), triggered.end(), executed_once.begin(), executed_once.end()));
    std::size_t wrong_runs = 0;
    for (const User& user : users)
        for (const RunId& id : user.triggered) {
            const JobRunStatus status = world.run(id, user.caller()).status;
            const bool ran = executed_once.contains(id);
            if (ran ? !is_terminal(status) : status != JobRunStatus::cancelled) ++wrong_runs;
        }
    CHECK(wrong_runs == 0);
    CHECK(conflicts > 0); // else the threads did not meet
    if (std::getenv("CARILLON_STRESS_SECONDS"))
        WARN(operations << " calls, " << conflicts << " refused for their revision, " << told.size() << " events, "
                        << triggered.size() << " runs");
}
