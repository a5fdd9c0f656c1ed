// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron_dialect.hpp"

#include "support/catch.hpp"

#include <string>

using carillon::CronDialect;
using carillon::parse_cron_dialect;

TEST_CASE("cron dialect: names travel there and back", "[cron]") {
    std::string names;
    for (int i = 0; i <= static_cast<int>(CronDialect::eventbridge); ++i) {
        const auto dialect = static_cast<CronDialect>(i);
        names.append(to_string(dialect)).append(" ");
        CHECK(parse_cron_dialect(to_string(dialect)) == dialect);
    }
    CHECK(names == "standard extended vixie quartz spring eventbridge ");
    STATIC_REQUIRE(parse_cron_dialect("quartz") == CronDialect::quartz);
    STATIC_REQUIRE(to_string(CronDialect{}) == "standard");
}

TEST_CASE("cron dialect: other names are none", "[cron]") {
    for (const char* name : {"", "Quartz", "quartz ", "cron", "standar"})
        CHECK(parse_cron_dialect(name) == std::nullopt);
}
