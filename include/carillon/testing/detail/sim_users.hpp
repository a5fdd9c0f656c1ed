// SPDX-License-Identifier: MIT
// testing/detail/sim_users.hpp - what the users of a simulation do to their jobs.
#pragma once

#include "carillon/scheduler_facade.hpp"
#include "carillon/testing/detail/sim_node.hpp"
#include "carillon/testing/detail/sim_oracle.hpp"
#include "carillon/testing/detail/sim_world.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace carillon::testing::sim {

class Users {
public:
    using Scheduler = SchedulerFacade<AnyStorage>;

    Users(World& world, const Oracle& oracle)
        : world_(world)
        , oracle_(oracle) {}

    void create_job(Node& node) {
        const std::string tenant = "tenant-" + std::to_string(random().below(world_.options().tenants));
        JobSpec spec = draw_spec(node.clock().now());
        world_.trace([&] { return tenant + " creates \"" + spec.name + "\", " + spec.schedule; });
        node.use([&](Scheduler& scheduler) {
            if (random().one_in(4))
                scheduler.put_job(tenant, "key-" + std::to_string(random().below(3)), spec);
            else
                scheduler.create_job(tenant, spec);
        });
    }

    /// One random verb on one random job or run.
    void act(Node& node) {
        const auto jobs = oracle_.jobs();
        if (jobs.empty() || random().one_in(12)) return create_job(node);
        const auto job = random().pick(jobs);
        const Caller caller(job->tenant_id, "user");
        const std::uint64_t verb = random().below(10);
        world_.trace([&] {
            static constexpr const char* names[] = {"triggers",
                                                    "triggers",
                                                    "triggers",
                                                    "pauses",
                                                    "resumes",
                                                    "edits",
                                                    "renames",
                                                    "deletes a run's",
                                                    "repeats a run of",
                                                    "may delete"};
            return "a user " + std::string(names[verb]) + " \"" + job->name + "\" on node " +
                   std::to_string(node.index());
        });
        node.use([&](Scheduler& scheduler) {
            switch (verb) {
            case 3: scheduler.pause_job(job->id, caller); break;
            case 4: scheduler.resume_job(job->id, caller); break;
            case 5: scheduler.update_job(job->id, caller, {.schedule = draw_schedule(node.clock().now())}); break;
            case 6: scheduler.update_job(job->id, caller, {.name = draw_name()}); break;
            case 7: cancel_run(scheduler); break;
            case 8: retry_run(scheduler); break;
            case 9:
                if (random().one_in(4)) scheduler.delete_job(job->id, caller);
                break;
            default: scheduler.trigger_job(job->id, caller, {.idempotency_key = draw_key()}); break;
            }
        });
    }

private:
    [[nodiscard]] Random& random() { return world_.random; }

    void cancel_run(Scheduler& scheduler) {
        const auto open = oracle_.open_runs();
        if (open.empty()) return;
        const JobRun run = random().pick(open);
        scheduler.cancel_run(run.id, run.tenant_id);
    }

    void retry_run(Scheduler& scheduler) {
        if (oracle_.all_runs().empty()) return;
        const JobRun run = oracle_.row(random().pick(oracle_.all_runs()));
        scheduler.retry_run(run.id, run.tenant_id);
    }

    [[nodiscard]] std::string draw_name() { return "job " + std::to_string(random().below(1'000)); }

    [[nodiscard]] std::optional<std::string> draw_key() {
        if (!random().one_in(3)) return std::nullopt;
        return "again-" + std::to_string(random().below(4));
    }

    [[nodiscard]] std::string draw_schedule(Instant now) {
        static constexpr std::array schedules{"*/15 * * * *",
                                              "0 * * * *",
                                              "30 */2 * * *",
                                              "30 2 * * *",
                                              "15 1,2,3 * * *",
                                              "5,35 * * * *",
                                              "@every 7m",
                                              "@every 37m",
                                              "@after 11m",
                                              "@after 40m",
                                              "0 */3 * * * | 20 */5 * * *",
                                              "@at"};
        const std::string schedule = random().pick(schedules);
        if (schedule != "@at") return schedule;
        return "@at " + to_rfc3339(std::chrono::floor<std::chrono::seconds>(
                            now + random().between(std::chrono::minutes{1}, std::chrono::hours{12})));
    }

    [[nodiscard]] JobSpec draw_spec(Instant now) {
        JobSpec spec;
        spec.name = draw_name();
        spec.schedule = draw_schedule(now);
        spec.action = {{"type", random().pick(action_types)}};
        spec.time_zone = random().pick(world_.options().time_zones);
        spec.dst = static_cast<DstPolicy>(random().below(3));
        spec.policies = draw_policies();
        if (random().one_in(8)) spec.max_runs = 1 + random().below(20);
        if (random().one_in(8)) spec.start_at = now + random().between(std::chrono::minutes{5}, std::chrono::hours{6});
        if (random().one_in(8)) spec.end_at = now + random().between(std::chrono::hours{6}, std::chrono::hours{20});
        if (random().one_in(8)) spec.exclude = {std::chrono::floor<std::chrono::days>(now + std::chrono::hours{24})};
        return spec;
    }

    [[nodiscard]] Policies draw_policies() {
        using namespace std::chrono_literals;
        Policies policies;
        policies.misfire.policy = static_cast<MisfirePolicy>(random().below(4));
        policies.misfire.window = random().one_in(3) ? 1h : 24h;
        policies.overlap.policy = static_cast<OverlapPolicy>(random().below(5));
        if (random().one_in(3)) policies.overlap.limit = random().below(4);
        if (random().one_in(3)) policies.overlap.concurrency_key = "shared";
        if (random().one_in(2))
            policies.retry = {.max_attempts = 1 + random().below(4), .initial = 1min, .jitter = 0.5};
        if (random().one_in(4)) policies.delivery = DeliveryMode::at_most_once;
        if (random().one_in(4)) policies.timeout = {.attempt = 4min, .grace = 1min};
        if (random().one_in(5)) policies.timeout.total = 30min;
        if (random().one_in(4)) policies.spread.within = 4min;
        if (random().one_in(4)) policies.pause_after_failures = 3;
        policies.priority = static_cast<int>(random().below(3));
        return policies;
    }

    World& world_;
    const Oracle& oracle_;
};

} // namespace carillon::testing::sim
