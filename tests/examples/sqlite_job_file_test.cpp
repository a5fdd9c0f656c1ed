// SPDX-License-Identifier: MIT
// sqlite_job_file_test.cpp - what carillonctl's doctor reads from a file: only what the tables say.
#include "../../examples/carillonctl/job_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/world.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

using namespace carillonctl;
using namespace std::chrono_literals;
using carillon::Error;
using carillon::SqliteStorage;
using support::nine;

namespace {

/// A host's file at nine on a Monday, and the operator's view of it.
struct Host {
    support::TemporaryFolder folder;
    std::string path = folder.file("jobs.db");
    std::shared_ptr<carillon::testing::ManualClock> clock = std::make_shared<carillon::testing::ManualClock>(nine);
    std::shared_ptr<SqliteStorage> storage = SqliteStorage::open(path);
    carillon::SchedulerFacade<SqliteStorage> scheduler{storage, {.clock = clock}};

    carillon::ScheduledJob add(const std::string& tenant, const std::string& type) {
        return scheduler.create_job(tenant,
                                    {.name = "a " + type, .schedule = "0 10 * * *", .action = {{"type", type}}});
    }
    [[nodiscard]] std::vector<carillon::ClaimedRun> claim(const std::string& type, carillon::Duration lease) {
        carillon::ClaimRequest request;
        request.worker = "node-1";
        request.filter.action_types = {type};
        request.limit = 10;
        request.lease = lease;
        request.now = clock->now();
        return storage->claim(request).runs;
    }
    [[nodiscard]] Facts facts() const { return JobFile(path, false).facts(clock->now()); }
};

} // namespace

TEST_CASE("carillonctl's file: an empty one has no facts but its own") {
    const Host host;
    const Facts facts = host.facts();
    CHECK(facts.path == host.path);
    CHECK(facts.bytes > 0);
    CHECK(facts.schema_version >= 1);
    CHECK(facts.damage.empty());
    CHECK(facts.tenants.empty());
    CHECK_FALSE(facts.next_due);
    CHECK(healthy(diagnose(facts, nine)));
}

TEST_CASE("carillonctl's file: tenants, jobs, and the job that is due first") {
    Host host;
    host.add("globex", "mail");
    host.clock->advance(1min);
    const auto deleted = host.add("acme", "report");
    host.scheduler.create_job("acme", {.name = "Sooner", .schedule = "30 9 * * *", .action = {{"type", "report"}}});
    host.scheduler.delete_job(deleted.id, "acme");
    const Facts facts = host.facts();
    CHECK(facts.tenants == std::vector<std::string>{"acme", "globex"});
    CHECK(facts.jobs == 2);
    REQUIRE(facts.next_due);
    CHECK(facts.next_due->name == "Sooner");
    CHECK(facts.next_due->at == nine + 30min);
    CHECK(healthy(diagnose(facts, nine + 30min)));
    CHECK_FALSE(healthy(diagnose(facts, nine + 32min)));
}

TEST_CASE("carillonctl's file: runs that could begin, by action type, with the last start of their type") {
    Host host;
    const auto mail = host.add("acme", "mail");
    const auto report = host.add("acme", "report");
    carillon::Policies any_number;
    any_number.overlap.policy = carillon::OverlapPolicy::allow;
    for (const auto& job : {mail, report})
        host.scheduler.update_job(job.id, "acme", {.policies = any_number});
    host.scheduler.trigger_job(mail.id, "acme");
    host.scheduler.trigger_job(report.id, "acme");
    host.clock->advance(5min);
    CHECK(host.claim("mail", 1h).size() == 1);
    host.scheduler.trigger_job(mail.id, "acme");
    host.scheduler.trigger_job(report.id, "acme");
    host.clock->advance(5min);

    const Facts facts = host.facts();
    CHECK(facts.running == 1);
    REQUIRE(facts.ready.size() == 2);
    CHECK(facts.ready[0].action_type == "mail");
    CHECK(facts.ready[0].runs == 1);
    CHECK(facts.ready[0].oldest == nine + 5min);
    CHECK(facts.ready[0].last_start == nine + 5min);
    CHECK(facts.ready[1].action_type == "report");
    CHECK(facts.ready[1].runs == 2);
    CHECK(facts.ready[1].oldest == nine);
    CHECK_FALSE(facts.ready[1].last_start);
}

TEST_CASE("carillonctl's file: runs whose leases have ended") {
    Host host;
    const auto run = host.scheduler.trigger_job(host.add("acme", "mail").id, "acme");
    CHECK(host.claim("mail", carillon::Duration{1}).size() == 1);
    REQUIRE(support::eventually([&] { return host.facts().expired.size() == 1; }));
    const ExpiredLease lease = host.facts().expired.front();
    CHECK(lease.run == run->id);
    CHECK(lease.tenant == "acme");
    CHECK(lease.action_type == "mail");
    CHECK(lease.worker == "node-1");
    CHECK(lease.since > carillon::Duration{0});
    CHECK(lease.since < support::hang);
}

TEST_CASE("carillonctl's file: one that is not there is made only when it may be") {
    const support::TemporaryFolder folder;
    const std::string path = folder.file("new.db");
    CHECK_THROWS_AS(JobFile(path, false), Error);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(JobFile(path, true).tenants().empty());
    CHECK(std::filesystem::exists(path));
}
