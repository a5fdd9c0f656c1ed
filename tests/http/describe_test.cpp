// SPDX-License-Identifier: MIT
// http/describe_test.cpp - what a schedule's text means, for somebody who is still typing it.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"
#include "support/zones.hpp"

#include <string>

using namespace support;

namespace {

json describe(ApiFixture& f, const json& body) {
    const HttpResponse response = f.post("/describe", body);
    CHECK(response.status == 200);
    return f.body_of(response);
}

} // namespace

TEST_CASE("rest: a schedule is described, with its next occurrences and what is odd about it") {
    ApiFixture f;
    const json body = describe(f, {{"schedule", "0 9 1,15 * 1"}, {"n", 2}});
    CHECK(body.at("ok") == true);
    CHECK(body.at("text") == "At 09:00 on the 1st and 15th of the month or on Monday, UTC");
    CHECK(body.at("kind") == "cron");
    CHECK(body.at("time_zone") == "UTC");
    CHECK(body.at("never_fires") == false);
    CHECK(body.at("next").size() == 2);
    CHECK(body.at("next").at(0).at("local") == "2026-03-02 09:00");
    const json never = describe(f, {{"schedule", "0 0 30 2 *"}});
    CHECK(never.at("ok") == true);
    CHECK(never.at("never_fires") == true);
    CHECK(never.at("warnings").at(0).at("code") == "never_fires");
    CHECK(never.at("next").empty());
}

TEST_CASE("rest: wrong text is an answer that says where") {
    ApiFixture f;
    const json body = describe(f, {{"schedule", "0 25 * * *"}});
    CHECK(body.at("ok") == false);
    CHECK(body.at("error").at("code") == "value_out_of_range");
    CHECK(body.at("error").at("column") == 3);
    CHECK_FALSE(body.at("error").at("message").get<std::string>().empty());
    CHECK(describe(f, {{"schedule", ""}}).at("error").at("code") == "empty_expression");
    CHECK(describe(f, {{"schedule", "@daily"}, {"time_zone", "Mars/Base"}}).at("error").at("code") ==
          "unknown_time_zone");
    CHECK(describe(f, {{"schedule", "22-2 * * * *"}, {"dialect", "vixie"}}).at("error").at("code") == "reversed_range");
    CHECK(describe(f, {{"schedule", "1\xd9\xa3 * * * *"}}).at("ok") == false);
}

TEST_CASE("rest: the days on which clocks are set come with a note, in Paris, by each policy") {
    const support::TestZones zones;
    ApiFixture f;
    f.go_to("2026-10-24T10:00:00Z");
    const auto notes = [&](const char* dst) {
        const json body =
            describe(f, {{"schedule", "30 2 * * *"}, {"time_zone", "Europe/Paris"}, {"dst", dst}, {"n", 2}});
        std::string all;
        for (const json& one : body.at("next")) {
            all += one.at("local").get<std::string>() + one.at("offset").get<std::string>();
            for (const json& note : one.at("notes"))
                all += " " + note.at("code").get<std::string>();
            all += "; ";
        }
        return all;
    };
    CHECK(notes("vixie") == "2026-10-25 02:30+02:00 first_only; 2026-10-26 02:30+01:00 offset_changed; ");
    CHECK(notes("wall") == "2026-10-25 02:30+02:00 twice; 2026-10-25 02:30+01:00 twice offset_changed; ");
    f.go_to("2027-03-27T10:00:00Z");
    CHECK(notes("vixie") == "2027-03-28 03:00+02:00 moved offset_changed; 2027-03-29 02:30+02:00; ");
    CHECK(notes("ocps") == "2027-03-29 02:30+02:00 skipped offset_changed; 2027-03-30 02:30+02:00; ");
}

TEST_CASE("rest: what is asked about a description is checked") {
    ApiFixture f;
    const auto outcome = [&](const json& body) {
        return f.outcome(f.post("/describe", body));
    };
    CHECK(outcome({{"schedule", "@daily"}, {"n", 20}}) == "200");
    CHECK(outcome({{"schedule", "@daily"}, {"n", 21}}) == "422 invalid_field");
    CHECK(outcome({{"schedule", "@daily"}, {"n", 0}}) == "422 invalid_field");
    CHECK(outcome({{"schedule", "@daily"}, {"dialect", "klingon"}}) == "422 invalid_field");
    CHECK(outcome({{"schedule", "@daily"}, {"dst", nullptr}}) == "422 invalid_field");
    CHECK(outcome({{"schedule", 5}}) == "422 invalid_schedule");
    CHECK(outcome({{"schedule", "@daily"}, {"time_zone", std::string(300, 'z')}}) == "413 too_large");
    CHECK(outcome({{"n", 5}}) == "422 invalid_schedule");
}

TEST_CASE("rest: hostile texts are described in little time and little room") {
    ApiFixture f;
    std::string parts = "0 0 29 2 *";
    while (parts.size() < 480)
        parts += " | 0 0 29 2 *";
    std::string list = "0";
    while (list.size() < 490)
        list += ",0-59/1";
    struct Case {
        std::string text;
        bool ok;
    };
    const std::vector<Case> cases{
        {std::string(1'000'000 / 4, '*'), false},
        {std::string(513, '0'), false},
        {std::string(512, '0'), false},
        {parts, true},
        {list + " * * * *", true},
        {"0 0 29 2 * 2199", false},
        {"* * * * * * 2199", true},
        {"@every 876600h", true},
        {"@every 99999999999999999999h", false},
        {"R99999999999/2026-01-01T00:00:00Z/PT1S", false},
        {std::string(512, '|'), false},
        {std::string(511, '-') + "1", false},
    };
    for (const Case& c : cases) {
        const HttpResponse response = f.post("/describe", {{"schedule", c.text}, {"n", 20}});
        INFO(c.text.substr(0, 60));
        REQUIRE(response.status == 200);
        CHECK(f.body_of(response).at("ok") == c.ok);
        CHECK(response.body.size() < 16'000);
    }
    CHECK(f.body_of(f.post("/describe", {{"schedule", std::string(513, '0')}})).at("error").at("code") ==
          "expression_too_long");
    CHECK(f.outcome(f.post("/describe", {{"schedule", std::string(1'000'000, '*')}})) == "413 too_large");
}
