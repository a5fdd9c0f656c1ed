// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_hash.hpp"

#include "support/catch.hpp"

#include <bit>
#include <chrono>
#include <cstdint>
#include <string>

using namespace carillon;

namespace {

constexpr CronExpression hashed(std::string_view text, std::string_view key) {
    return CronExpression::parse(text, CronDialect::extended, key).value();
}

} // namespace

TEST_CASE("cron hash: the hashes are the published ones", "[cron]") {
    STATIC_REQUIRE(detail::fnv1a64("") == 0xcbf29ce484222325);
    STATIC_REQUIRE(detail::fnv1a64("a") == 0xaf63dc4c8601ec8c);
    STATIC_REQUIRE(detail::fnv1a64("foobar") == 0x85944171f73967e8);
    STATIC_REQUIRE(detail::mix64(0) == 0xe220a8397b1dcdaf); // the first output of splitmix64 from seed 0
}

TEST_CASE("cron hash: the same key gives the same place on every machine", "[cron]") {
    STATIC_REQUIRE(hashed("H H * * *", "nightly-backup") == hashed("44 8 * * *", ""));
    STATIC_REQUIRE(hashed("H H H * *", "job-1") == hashed("29 2 23 * *", ""));
    STATIC_REQUIRE(hashed("H H * * H",
                          "gr\xc3\xb6\xc3\x9f"
                          "e") == hashed("31 8 * * SUN", ""));
    CHECK(hashed("H/15 * * * *", "nightly-backup") == hashed("14-59/15 * * * *", ""));
    CHECK(hashed("H(0-29)/10 * * * *", "nightly-backup") == hashed("4-29/10 * * * *", ""));
}

TEST_CASE("cron hash: another key or field gives another place", "[cron]") {
    CHECK(hashed("H * * * *", "job-1") != hashed("H * * * *", "job-2"));
    CHECK(detail::cron_hash("key", 1) != detail::cron_hash("key", 2));
    CHECK(detail::cron_hash("key", 1) != detail::cron_hash("kez", 1));
}

TEST_CASE("cron hash: all H of one field share their hash", "[cron]") {
    const auto twice = hashed("H(0-29),H(30-59) * * * *", "nightly-backup");
    CHECK(twice == hashed("14,44 * * * *", "")); // both ranges have thirty minutes
}

TEST_CASE("cron hash: H stays in its range", "[cron]") {
    for (int i = 0; i < 500; ++i) {
        const std::string key = "key " + std::to_string(i);
        INFO(key);
        CHECK((hashed("0 0 H * *", key).fields().days & ~detail::bits_between(1, 28)) == 0);
        CHECK((hashed("0 0 ~ * *", key).fields().days & ~detail::bits_between(1, 28)) == 0);
        CHECK((hashed("0 0 29~ * *", key).fields().days & ~detail::bits_between(29, 31)) == 0);
        CHECK((hashed("0 0 ~5 * *", key).fields().days & ~detail::bits_between(1, 5)) == 0);
        CHECK(std::popcount(hashed("0 0 * * 7~", key).fields().weekdays) == 5); // 7 is Sunday, and the week goes on
        CHECK((hashed("0 0 * * 5~", key).fields().weekdays & 0x1f) == 0);
        CHECK(hashed("0 0 * * 7~7", key) == hashed("0 0 * * SUN", ""));
        CHECK((hashed("0 H(7-9) * * *", key).fields().hours & ~detail::bits_between(7, 9)) == 0);
        CHECK(std::popcount(hashed("0 0 * * H", key).fields().weekdays) == 5);
        CHECK(std::popcount(hashed("0 0 * H *", key).fields().months) == 1);
        CHECK(std::popcount(hashed("0 0 * * H(FRI-SUN)", key).fields().weekdays & 0x61ULL) == 1);
        const auto year = hashed("0 0 0 1 1 * H(2026-2030)", key)
                              .next(std::chrono::local_days{std::chrono::year{2026} / 1 / 1} - std::chrono::seconds{1});
        REQUIRE(year);
        CHECK(*year < std::chrono::local_days{std::chrono::year{2031} / 1 / 1});
    }
}

TEST_CASE("cron hash: every value of the range has its keys", "[cron]") {
    std::uint64_t minutes = 0;
    std::uint32_t days = 0;
    for (int i = 0; i < 2000; ++i) {
        minutes |= hashed("H * * * *", std::to_string(i)).fields().minutes;
        days |= hashed("0 0 H * *", std::to_string(i)).fields().days;
    }
    CHECK(minutes == detail::all_of_60);
    CHECK(days == detail::bits_between(1, 28));
}

TEST_CASE("cron hash: H/n begins within the first n and goes on to the end", "[cron]") {
    for (int i = 0; i < 200; ++i) {
        const auto minutes = hashed("H/7 * * * *", std::to_string(i)).fields().minutes;
        const auto first = std::countr_zero(minutes);
        REQUIRE(first < 7);
        for (int minute = 0; minute < 60; ++minute)
            REQUIRE((minutes >> minute & 1) == (minute >= first && (minute - first) % 7 == 0 ? 1U : 0U));
    }
    CHECK(std::popcount(hashed("H/100 * * * *", "key").fields().minutes) == 1);
    CHECK(hashed("H/100 * * * *", "key").is_interval());
}
