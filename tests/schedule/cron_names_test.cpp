// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron_names.hpp"

#include "support/catch.hpp"

#include <string>

using namespace carillon::detail;

TEST_CASE("cron names: months and weekdays, short and in full, in any case", "[cron]") {
    for (const auto& row : month_names) {
        CHECK(find_name(month_names, row.name.substr(0, 3), false) == row.number);
        CHECK(find_name(month_names, row.name, true) == row.number);
    }
    for (const auto& row : weekday_names)
        CHECK(find_name(weekday_names, row.name, true) == row.number);
    STATIC_REQUIRE(find_name(month_names, "mAY", false) == 5);
    STATIC_REQUIRE(find_name(weekday_names, "sunDAY", true) == 0);
}

TEST_CASE("cron names: nothing between short and full", "[cron]") {
    for (const char* word : {"", "J", "JA", "JANU", "Januar", "Januaryy", "MON"})
        CHECK(find_name(month_names, word, true) == no_name);
    CHECK(find_name(month_names, "January", false) == no_name);
    CHECK(find_name(month_names, "May", true) == 5);
}

TEST_CASE("cron names: nicknames by what the dialect allows", "[cron]") {
    CHECK(find_nickname("@daily", Nicknames::exact_case)->expansion == "0 0 * * *");
    CHECK(find_nickname("@Daily", Nicknames::exact_case) == nullptr);
    CHECK(find_nickname("@Daily", Nicknames::any_case)->name == "@daily");
    CHECK(find_nickname("@minutely", Nicknames::exact_case) == nullptr);
    CHECK(find_nickname("@minutely", Nicknames::any_case) != nullptr);
    CHECK(find_nickname("@daily", Nicknames::none) == nullptr);
    CHECK(find_nickname("daily", Nicknames::any_case) == nullptr);
}
