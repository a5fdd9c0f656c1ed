// SPDX-License-Identifier: MIT
// json_text_test.cpp - a JSON value kept as text is that value, and stays the same bytes.
#include "carillon/model/json_text.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <type_traits>

using namespace carillon;
using nlohmann::json;

static_assert(std::is_convertible_v<json, JsonText>);
static_assert(std::is_nothrow_move_constructible_v<JsonText>);

TEST_CASE("json text: without a value it is null") {
    const JsonText none;
    CHECK(none.is_null());
    CHECK(none.text() == "null");
    CHECK(none.json() == json());
    CHECK(none == JsonText(json()));
    CHECK(none == JsonText::from_text("null"));
    CHECK(JsonText::from_text("null").is_null());
    CHECK_FALSE(JsonText(json::object()).is_null());
    CHECK_FALSE(none == JsonText(json::object()));
}

TEST_CASE("json text: reads as the value that it was made of") {
    const JsonText action = json{{"type", "run_agent"}, {"retries", 3}};
    CHECK(action["type"] == "run_agent");
    CHECK(action.at("retries") == 3);
    CHECK(action["absent"].is_null());
    CHECK(action.contains("type"));
    CHECK_FALSE(action.contains("absent"));
    CHECK(action.value("absent", std::string("nobody")) == "nobody");
    CHECK(action.value("retries", 0) == 3);
    CHECK(action == json{{"type", "run_agent"}, {"retries", 3}});
    CHECK_THROWS_AS(action.at("absent"), json::out_of_range);
}

TEST_CASE("json text: a member of what is no object is null") {
    CHECK(JsonText()["type"].is_null());
    CHECK(JsonText(json::array({1, 2}))["type"].is_null());
    CHECK(JsonText(json(5))["type"].is_null());
    CHECK_FALSE(JsonText().contains("type"));
}

TEST_CASE("json text: copies share one text") {
    const JsonText one = json{{"key", std::string(100, 'x')}};
    const JsonText two = one; // NOLINT(performance-unnecessary-copy-initialization)
    CHECK(one.text().data() == two.text().data());
    CHECK(one == two);
}

TEST_CASE("json text: equal by its text, whoever made it") {
    const JsonText one = json{{"a", 1}, {"b", 2}};
    const JsonText two = json{{"b", 2}, {"a", 1}};
    CHECK(one.text().data() != two.text().data());
    CHECK(one == two);
    CHECK_FALSE(one == JsonText(json{{"a", 1}, {"b", 3}}));
}

TEST_CASE("json text: text that came from text() comes back byte for byte") {
    static constexpr std::string_view rows[] = {
        "null",
        "{}",
        "[]",
        "0",
        R"("")",
        R"({"a":1,"b":[true,null,-2.5]})",
        R"({"text":"caf\u00e9 \u0000 \ud83d\ude00"})",
        R"({ "spaced" : 1.0, "b":1, "a":2 })", // a storage gives back what it got, canonical or not
        "18446744073709551615",
    };
    for (const std::string_view text : rows) {
        INFO(text);
        const JsonText value = JsonText::from_text(std::string(text));
        CHECK(value.text() == text);
        CHECK(value.json() == json::parse(text));
    }
}

TEST_CASE("json text: what was written once is written the same again") {
    const json original = json::parse(R"({"z":[1,2.5,"caf\u00e9\u0000\ud83d\ude00"],"a":{"n":18446744073709551615}})");
    const JsonText first = original;
    const JsonText second = first.json();
    CHECK(first.text() == second.text());
    CHECK(first.json() == original);
}

TEST_CASE("json text: a string that is not UTF-8 is refused") {
    CHECK_THROWS_AS(JsonText(json("\xff")), json::type_error);
    CHECK_THROWS_AS(JsonText(json{{"key", "caf\xc3"}}), json::type_error);
    CHECK_THROWS_AS(JsonText(json{{"\xc0\xaf", 1}}), json::type_error);
}

TEST_CASE("json text: is JSON inside of JSON, not text") {
    const json out = {{"result", JsonText(json{{"n", 1}})}, {"none", JsonText()}};
    CHECK(out.dump() == R"({"none":null,"result":{"n":1}})");
    CHECK(out.at("result").get<JsonText>() == JsonText(json{{"n", 1}}));
    CHECK(out.at("none").get<JsonText>().is_null());
}
