// SPDX-License-Identifier: MIT
// cursor_version_test.cpp - a country changes its clocks, and not every node has heard of it.
#include "carillon/detail/cursor_version.hpp"

#include "support/catch.hpp"
#include "support/planning.hpp"
#include "support/tzif_writer.hpp"
#include "support/world.hpp"
#include "support/zones.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace carillon;
using namespace std::chrono_literals;
using support::Bench;
using support::World;

namespace {

/// An hour ahead of UTC; release 2026b has it two hours ahead from 2026-03-10 on.
class Ruritania {
public:
    std::string release = "2026a";
    bool fails = false;

    TimeZoneSource source() {
        return [this](std::string_view name) -> std::optional<std::string> {
            if (fails) throw std::runtime_error("no disk");
            if (name == "+VERSION") return release;
            if (name != "Ruritania") return std::nullopt;
            support::TzifFile file;
            file.types = {{3600, false, 0}, {7200, false, 0}};
            if (release > "2026a")
                file.transitions = {{support::at("2026-03-10T00:00:00Z").time_since_epoch() / 1s, 1}};
            return support::tzif_bytes(file);
        };
    }
    void publish(const std::string& new_release) {
        release = new_release;
        reload_time_zones();
    }
};

/// Nine o'clock every day, as the nodes of either release read it; on the morning of the change.
struct Nodes {
    Ruritania ruritania{};
    support::TestZones zones{ruritania.source()};
    Bench bench{"0 9 * * *"};
    std::optional<Schedule> earlier{};
    std::optional<Schedule> later{};

    Nodes() {
        bench.date = "2026-03-10";
        bench.job.time_zone = "Ruritania";
        earlier = bench.schedule();
        ruritania.publish("2026b");
        later = bench.schedule();
        bench.progress.high_water = support::at("2026-03-09T08:00:00Z");
        take_cursor("08:00:00", "2026a");
    }
    void take_cursor(const std::string& moment, const std::string& version) {
        bench.progress.next_run_at = bench.moment(moment);
        bench.progress.tzdata_version = version;
    }
    [[nodiscard]] JobChange revise(const Schedule& schedule, const std::string& now) const {
        return detail::revise_cursor({bench.job, bench.progress}, schedule, bench.moment(now));
    }
    [[nodiscard]] JobChange plan(const Schedule& schedule, const std::string& now) const {
        return carillon::plan({bench.job, bench.progress}, schedule, bench.key, bench.moment(now));
    }
};

} // namespace

TEST_CASE("cursor version: a cursor names the release that it was computed with, where it depends on one") {
    Ruritania ruritania;
    const support::TestZones zones(ruritania.source());
    const auto version = [](const std::string& schedule, const std::string& zone) {
        Bench bench(schedule);
        bench.job.time_zone = zone;
        return bench.activate().progress.tzdata_version;
    };
    CHECK(version("0 9 * * *", "Ruritania") == "2026a");
    CHECK(version("0 9 * * *", "UTC").empty());
    CHECK(version("0 9 * * *", "+01:00").empty());
    CHECK(version("@after 10m", "Ruritania").empty());
}

TEST_CASE("cursor version: a later release computes the cursor again, from the last occurrence in the ledger") {
    const Nodes nodes;
    const JobChange change = nodes.revise(*nodes.later, "06:00:00");
    REQUIRE(change.progress);
    CHECK(nodes.bench.text_of(change) == "next 07:00:00");
    CHECK(change.progress->tzdata_version == "2026b");
    CHECK(change.progress->high_water == nodes.bench.progress.high_water);
    CHECK_FALSE(change.event);
}

TEST_CASE("cursor version: what lies in the past by a later release is late, and not lost") {
    Nodes nodes;
    nodes.bench.write(nodes.revise(*nodes.later, "07:30:00"));
    CHECK(nodes.bench.progress.next_run_at == nodes.bench.moment("07:00:00"));
    CHECK(nodes.bench.text_of(nodes.plan(*nodes.later, "07:30:00")) == "run 07:00:00; next 2026-03-11T07:00:00");
}

TEST_CASE("cursor version: a job that was due before anybody computed its cursor again runs by the later release") {
    const Nodes nodes;
    CHECK(nodes.bench.text_of(nodes.plan(*nodes.later, "08:00:00")) == "run 07:00:00; next 2026-03-11T07:00:00");
    CHECK(nodes.plan(*nodes.later, "08:00:00").progress->tzdata_version == "2026b");
}

TEST_CASE("cursor version: the same release and an earlier one leave a cursor alone") {
    Nodes nodes;
    CHECK(nodes.revise(*nodes.earlier, "06:00:00").nothing());
    nodes.take_cursor("07:00:00", "2026b");
    CHECK(nodes.revise(*nodes.later, "06:00:00").nothing());
    CHECK(nodes.revise(*nodes.earlier, "06:00:00").nothing());
}

TEST_CASE("cursor version: a node with an earlier release runs what a later one has planned") {
    Nodes nodes;
    nodes.take_cursor("07:00:00", "2026b");
    const JobChange change = nodes.plan(*nodes.earlier, "07:00:00");
    CHECK(nodes.bench.text_of(change) == "run 07:00:00; next 08:00:00"); // as it believes; the next line puts it right
    CHECK(change.progress->tzdata_version == "2026a");
    nodes.bench.write(change);
    CHECK(nodes.bench.text_of(nodes.revise(*nodes.later, "07:00:01")) == "next 2026-03-11T07:00:00");
}

TEST_CASE("cursor version: behind the cursor of a later release an earlier one counts by its own") {
    Nodes nodes;
    nodes.take_cursor("07:00:00", "2026b");
    const Instant noon_after = support::at("2026-03-12T12:00:00Z");
    const Occurrences occurrences(nodes.bench.job, *nodes.earlier, nodes.bench.moment("07:00:00"));
    CHECK(occurrences.next(nodes.bench.moment("00:00:00")) == nodes.bench.moment("07:00:00"));
    CHECK(occurrences.next(nodes.bench.moment("07:00:00")) == nodes.bench.moment("08:00:00"));
    CHECK(occurrences.last_in(nodes.bench.moment("00:00:00"), nodes.bench.moment("06:59:59")) == std::nullopt);
    CHECK(occurrences.last_in(nodes.bench.moment("00:00:00"), nodes.bench.moment("07:30:00")) ==
          nodes.bench.moment("07:00:00"));
    CHECK(occurrences.last_in(nodes.bench.moment("00:00:00"), noon_after) == support::at("2026-03-12T08:00:00Z"));
    CHECK(occurrences.last_in(nodes.bench.moment("07:00:00"), nodes.bench.moment("07:30:00")) == std::nullopt);
}

TEST_CASE("cursor version: where a later release leaves no occurrence the job is due, and completed") {
    Nodes nodes;
    nodes.bench.job.end_at = nodes.bench.moment("08:00:01");
    nodes.bench.progress.high_water = nodes.bench.moment("07:00:00");
    nodes.bench.write(nodes.revise(*nodes.later, "07:30:00"));
    CHECK(nodes.bench.progress.next_run_at == nodes.bench.moment("07:30:00"));
    CHECK(nodes.bench.text_of(nodes.plan(*nodes.later, "07:30:00")) == "completed");
}

TEST_CASE("cursor version: a moment at which to try again is no occurrence, whoever wrote it") {
    Nodes nodes;
    nodes.take_cursor("07:00:00", "2026b");
    const JobChange change =
        back_off({nodes.bench.job, nodes.bench.progress}, "no disk", nodes.bench.moment("07:00:00"));
    CHECK(change.progress->tzdata_version.empty());
}

TEST_CASE("worker: after a reload of the time zones cursors are computed again, and runs come by the new clock") {
    Ruritania ruritania;
    const support::TestZones zones(ruritania.source());
    World<> world;
    JobSpec spec = support::job_spec("work", "0 9 * * *");
    spec.time_zone = "Ruritania";
    const JobId id = world.create(spec);
    const JobId elsewhere = world.create(support::job_spec("work", "0 9 10 3 *"));
    Worker worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    world.clock->advance_to(support::at("2026-03-09T09:00:00Z"));
    CHECK(worker.poll() == 1);
    CHECK(world.job(id).next_run_at == support::at("2026-03-10T08:00:00Z"));
    CHECK(world.job(id).tzdata_version == "2026a");

    ruritania.publish("2026b");
    CHECK(world.scheduler.upcoming(id, "acme", 1)->front() == support::at("2026-03-10T07:00:00Z"));
    world.clock->advance(10s);
    CHECK(worker.poll() == 0);
    CHECK(world.job(id).next_run_at == support::at("2026-03-10T07:00:00Z"));
    CHECK(world.job(id).tzdata_version == "2026b");
    CHECK(world.job(elsewhere).next_run_at == support::at("2026-03-10T09:00:00Z"));

    world.clock->advance_to(support::at("2026-03-10T07:00:00Z"));
    CHECK(worker.poll() == 1);
    CHECK(world.runs(id).back().scheduled_for == support::at("2026-03-10T07:00:00Z"));
    CHECK(world.job(id).next_run_at == support::at("2026-03-11T07:00:00Z"));
}

TEST_CASE("worker: a source of time zones that fails stops no job") {
    Ruritania ruritania;
    const support::TestZones zones(ruritania.source());
    World<> world;
    const JobId id = world.create(support::job_spec("work", "0 10 * * *"));
    Worker worker(world.scheduler, world.options());
    worker.handle("work", [](RunContext&) {});
    ruritania.fails = true;
    world.clock->advance(1h);
    CHECK(worker.poll() == 1);
    CHECK(world.runs(id).size() == 1);
}
