// SPDX-License-Identifier: MIT
// schedule_vectors_test.cpp - the facts of tests/data/cron, with their zones and DST policies.
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/cron_vectors.hpp"
#include "support/zones.hpp"

#include <chrono>
#include <string>

using namespace carillon;

namespace {

ScheduleOptions options_of(const support::CronVector& fact) {
    return {.time_zone = fact.zone,
            .dialect = fact.dialect,
            .dst = parse_dst_policy(fact.policy).value(),
            .hash_key = fact.key};
}

void check_refused(const support::CronVector& fact) {
    const auto parsed = Schedule::parse(fact.text, options_of(fact));
    REQUIRE_FALSE(parsed);
    CHECK(to_string(parsed.parse_error().code) == fact.error);
    CHECK(parsed.parse_error().column == fact.column);
}

/// Instants of the table may have nanoseconds; an instant between two microseconds has the same neighbours as the
/// earlier one.
Instant instant_of(support::VectorInstant instant) {
    return std::chrono::floor<Duration>(instant);
}

/// The chain of occurrences forwards, and each step backwards.
bool holds(const support::CronVector& fact, const Schedule& schedule) {
    Instant at = instant_of(fact.from.value());
    if (fact.none) return schedule.next(at) == std::nullopt;
    for (const Instant expected : fact.next) {
        if (schedule.next(at) != expected) return false;
        if (!schedule.matches(expected) || schedule.next_or_at(expected) != expected) return false;
        if (schedule.previous_or_at(expected) != expected) return false;
        const auto before = schedule.previous(expected);
        if (before ? *before > at : schedule.matches(at)) return false;
        if (schedule.matches(at) && before != at) return false;
        at = expected;
    }
    const std::vector<Instant> expected(fact.next.begin(), fact.next.end());
    return schedule.upcoming(instant_of(*fact.from), fact.next.size()) == expected;
}

} // namespace

TEST_CASE("schedule: every fact of the tables holds, in its zone and under its policy", "[schedule]") {
    const support::TestZones zones;
    std::size_t refusals = 0;
    std::size_t chains = 0;
    for (const std::string file : support::cron_vector_files)
        for (const auto& fact : support::cron_vectors(file)) {
            INFO(fact.where << ": " << fact.text << " in " << fact.zone);
            if (!fact.error.empty()) {
                check_refused(fact);
                ++refusals;
                continue;
            }
            const auto schedule = Schedule::parse(fact.text, options_of(fact));
            REQUIRE(schedule);
            if (!fact.from) continue;
            REQUIRE(holds(fact, *schedule));
            ++chains;
        }
    CHECK(refusals == 3266);
    CHECK(chains == 12'226);
}
