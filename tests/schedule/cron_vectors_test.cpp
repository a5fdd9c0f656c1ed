// SPDX-License-Identifier: MIT
// The facts of tests/data/cron that need no time zone: civil time is UTC there.
#include "carillon/schedule/cron.hpp"

#include "support/catch.hpp"
#include "support/cron_vectors.hpp"

#include <string>

using carillon::CronExpression;
using std::chrono::local_seconds;

namespace {

local_seconds civil(std::chrono::sys_seconds instant) {
    return local_seconds{instant.time_since_epoch()};
}

void check_refused(const support::CronVector& fact) {
    const auto parsed = CronExpression::parse(fact.text, fact.dialect, fact.key);
    REQUIRE_FALSE(parsed);
    CHECK(to_string(parsed.parse_error().code) == fact.error);
    CHECK(parsed.parse_error().column == fact.column);
    CHECK(parsed.parse_error().kind == carillon::TextKind::cron);
    CHECK(parsed.error().column() == fact.column);
}

void check_occurrences(const support::CronVector& fact, const CronExpression& expression) {
    auto at = civil(std::chrono::floor<std::chrono::seconds>(fact.from.value()));
    if (fact.none) {
        CHECK(expression.next(at) == std::nullopt);
        return;
    }
    REQUIRE_FALSE(fact.next.empty());
    for (const auto expected : fact.next) {
        REQUIRE(expression.next(at) == civil(expected));
        CHECK(expression.next_or_at(civil(expected)) == civil(expected));
        CHECK(expression.matches(civil(expected)));
        CHECK(expression.previous_or_at(civil(expected)) == civil(expected));
        CHECK(expression.previous(civil(expected)).value_or(local_seconds::min()) <= at);
        at = civil(expected);
    }
}

/// Returns whether the fact was checked.
bool check(const support::CronVector& fact) {
    if (!fact.zone.empty()) return false;
    if (fact.error == "unknown_time_zone" && fact.text == "TZ=Nowhere/City 0 0 * * *")
        return false; // civil time does not know
    INFO(fact.where << ": " << fact.text);
    if (!fact.error.empty()) {
        check_refused(fact);
        return true;
    }
    const auto parsed = CronExpression::parse(fact.text, fact.dialect, fact.key);
    REQUIRE(parsed);
    const auto again = CronExpression::parse(parsed->to_string(), fact.dialect, fact.key);
    INFO("to_string: " << parsed->to_string());
    REQUIRE(again);
    CHECK(*again == *parsed);
    CHECK(again->to_string() == parsed->to_string());
    if (fact.from && parsed->time_zone().empty()) check_occurrences(fact, *parsed);
    return true;
}

} // namespace

TEST_CASE("cron: every civil fact of the tables holds", "[cron]") {
    std::size_t checked = 0;
    for (const std::string file : support::cron_vector_files)
        for (const auto& fact : support::cron_vectors(file))
            checked += check(fact) ? 1U : 0U;
    CHECK(checked == 8891);
}
