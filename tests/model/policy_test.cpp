// SPDX-License-Identifier: MIT
// policy_test.cpp - the defaults that a job has when nobody says anything, and the names of the choices.
#include "carillon/model/policy.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace carillon;
using namespace std::chrono_literals;

static_assert(to_string(MisfirePolicy::fire_latest) == "fire_latest");
static_assert(to_string(OverlapPolicy::cancel_previous) == "cancel_previous");
static_assert(to_string(DeliveryMode::at_most_once) == "at_most_once");
static_assert(detail::enum_value(detail::overlap_names, "queue_one") == OverlapPolicy::queue_one);
static_assert(!detail::enum_value(detail::overlap_names, "Queue_One").has_value());
static_assert(!detail::enum_value(detail::overlap_names, "").has_value());

TEST_CASE("policy: a job that says nothing is run once, alone, and late only by a day") {
    const Policies policies;
    CHECK(policies.misfire.policy == MisfirePolicy::fire_latest);
    CHECK(policies.misfire.grace == 5s);
    CHECK(policies.misfire.window == 24h);
    CHECK(policies.overlap.policy == OverlapPolicy::skip);
    CHECK(policies.overlap.limit == 0);
    CHECK(policies.overlap.concurrency_key.empty());
    CHECK(policies.retry.max_attempts == 1);
    CHECK(policies.retry.initial == 5s);
    CHECK(policies.retry.factor == 2.0);
    CHECK(policies.retry.max_delay == 15min);
    CHECK(policies.retry.jitter == 0.0);
    CHECK(policies.delivery == DeliveryMode::at_least_once);
    CHECK(policies.priority == 0);
    CHECK_FALSE(policies.timeout.attempt);
    CHECK_FALSE(policies.timeout.total);
    CHECK(policies.timeout.grace == 10s);
    CHECK(policies.spread.within == 0s);
    CHECK(policies.spread.mode == SpreadMode::occurrence);
    CHECK(policies.max_abandons == 3);
    CHECK(policies.pause_after_failures == 0);
}

TEST_CASE("policy: every choice is read back from its name") {
    for (const auto& row : detail::misfire_names)
        CHECK(detail::enum_value(detail::misfire_names, to_string(row.value)) == row.value);
    for (const auto& row : detail::overlap_names)
        CHECK(detail::enum_value(detail::overlap_names, to_string(row.value)) == row.value);
    for (const auto& row : detail::delivery_names)
        CHECK(detail::enum_value(detail::delivery_names, to_string(row.value)) == row.value);
    for (const auto& row : detail::spread_names)
        CHECK(detail::enum_value(detail::spread_names, to_string(row.value)) == row.value);
}

TEST_CASE("policy: policies differ where one member differs") {
    Policies policies;
    CHECK(policies == Policies{});
    policies.retry.jitter = 0.5;
    CHECK_FALSE(policies == Policies{});
}
