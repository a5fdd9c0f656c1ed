// SPDX-License-Identifier: MIT
// interval_text_test.cpp - how long the period of an interval may be.
#include "carillon/schedule/interval_text.hpp"
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"

#include <string>

using namespace carillon;

TEST_CASE("interval text: a period has at most 100 years, counted in months, in days and in elapsed time") {
    for (const char* period :
         {"P100Y", "P1200M", "P99Y12M", "P5217W6D", "P36525D", "PT876600H", "PT999999999S", "P100YT876600H"}) {
        INFO(period);
        CHECK(Schedule::parse(std::string("R/2026-01-01T00:00:00Z/") + period).has_value());
    }
    for (const char* period : {"P101Y",
                               "P1201M",
                               "P36526D",
                               "P5217W7D",
                               "PT876601H",
                               "PT876600H1S",
                               "P999999999D",
                               "P999999999W999999999D",
                               "PT999999999H999999999M999999999S",
                               "P999999999Y999999999M999999999W999999999D"}) {
        INFO(period);
        const std::string text = std::string("R/2026-01-01T00:00:00Z/") + period;
        const auto refused = Schedule::parse(text);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.parse_error().code == Errc::invalid_interval);
        CHECK(refused.parse_error().column == text.find('P') + 1);
    }
}
