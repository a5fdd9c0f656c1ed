// SPDX-License-Identifier: MIT
// http/limits_test.cpp - how much, how deep, how often.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

#include <set>

using namespace support;

TEST_CASE("rest: a body, an address and a header have their sizes") {
    ApiFixture f;
    HttpRequest request = f.request("GET", "/jobs?q=" + std::string(4'000, 'a'));
    CHECK(f.outcome(f.send(request)) == "400 bad_parameter");
    request.target = api_base + "/jobs?q=" + std::string(4'096, 'a');
    CHECK(f.outcome(f.send(request)) == "414 uri_too_long");

    request = f.request("GET", "/jobs");
    while (request.headers.size() < 64)
        request.headers.add("X-More", "1");
    CHECK(f.send(request).status == 200);
    request.headers.add("X-More", "1");
    CHECK(f.outcome(f.send(request)) == "431 headers_too_large");
    request = f.request("GET", "/jobs");
    request.headers.add("X-Long", std::string(16 * 1'024, 'x'));
    CHECK(f.outcome(f.send(request)) == "431 headers_too_large");

    json spec = report_spec();
    spec["metadata"]["blob"] = std::string(256 * 1'024, 'b');
    CHECK(f.outcome(f.post("/jobs", spec)) == "413 too_large");
    spec["metadata"]["blob"] = std::string(100 * 1'024, 'b');
    CHECK(f.outcome(f.post("/jobs", spec)) == "413 too_large");
    CHECK(f.scheduler.count_jobs("acme") == 0);
}

TEST_CASE("rest: JSON that means two things, or nothing, is refused") {
    ApiFixture f;
    const std::string rest = R"("schedule":"@daily","action":{"type":"test")";
    struct Case {
        std::string body;
        const char* outcome;
    };
    const std::vector<Case> cases{
        {R"({"name":"a",)" + rest + "}}", "201"},
        {R"({"name":"a","name":"b",)" + rest + "}}", "400 malformed_json"},
        {R"({"name":"a",)" + rest + R"(,"x":1,"x":2}})", "400 malformed_json"},
        {R"({"name":"a",)" + rest + R"(,"x":[{"y":1},{"y":2}]}})", "201"},
        {R"({"name":"a",)" + rest + R"(,"x":[{"y":1,"y":2}]}})", "400 malformed_json"},
        {R"({"name":"a",)" + rest + R"(,"x":NaN}})", "400 malformed_json"},
        {R"({"name":"a",)" + rest + R"(,"x":1e999}})", "400 malformed_json"},
        {R"({"name":"a",)" + rest + R"(,"x":9007199254740993}})", "201"},
        {R"({"name":"\ud800",)" + rest + "}}", "400 malformed_json"},
        {R"({"name":"\udc00\ud800",)" + rest + "}}", "400 malformed_json"},
        {"{\"name\":\"\xff\"," + rest + "}}", "400 malformed_json"},
        {R"({"name":"a\u0000b",)" + rest + "}}", "422 invalid_field"},
        {R"({"name":"a",)" + rest + "}}\n ", "201"},
        {R"({"name":"a",)" + rest + "}}}", "400 malformed_json"},
        {R"(/**/{"name":"a",)" + rest + "}}", "400 malformed_json"},
        {"\xef\xbb\xbf{\"name\":\"a\"," + rest + "}}", "201"},
        {R"({"name":"a","max_runs":9007199254740993,)" + rest + "}}", "201"},
        {R"({"name":"a","max_runs":18446744073709551616,)" + rest + "}}", "422 invalid_field"},
        {R"({"name":"a","max_runs":1.5,)" + rest + "}}", "422 invalid_field"},
    };
    for (const Case& c : cases) {
        HttpRequest request = f.request("POST", "/jobs");
        request.headers.add("Content-Type", "application/json");
        request.body = c.body;
        INFO(c.body);
        CHECK(f.outcome(f.send(request)) == c.outcome);
    }
    const json exact = f.body_of(f.get("/jobs?q=a&limit=1"));
    CHECK(exact.at("jobs").at(0).at("max_runs") == 9007199254740993);
}

TEST_CASE("rest: JSON nested without end is refused before it is built") {
    ApiFixture f;
    const auto nested = [&](std::size_t levels, const std::string& open) {
        std::string text;
        for (std::size_t i = 0; i < levels; ++i)
            text += open;
        HttpRequest request = f.request("POST", "/jobs");
        request.headers.add("Content-Type", "application/json");
        request.body = text;
        return f.outcome(f.send(request));
    };
    CHECK(nested(32, "[") == "400 malformed_json");
    CHECK(nested(33, "[") == "413 too_large");
    CHECK(nested(100'000, "[") == "413 too_large");
    CHECK(nested(40'000, R"({"a":)") == "413 too_large");
}

TEST_CASE("rest: readers, writers and the curious have buckets of their own, which fill with time") {
    ApiFixture f([](RestApiOptions& options) {
        options.rates = {.reads = {3, 60s}, .writes = {2, 60s}, .describe = {1, 1s}};
    });
    const HttpResponse first = f.get("/jobs");
    CHECK(first.header("RateLimit-Policy") == "\"reads\";q=3;w=60");
    CHECK(first.header("RateLimit") == "\"reads\";r=2;t=20");
    CHECK(f.get("/jobs").status == 200);
    CHECK(f.get("/audit").header("RateLimit") == "\"reads\";r=0;t=60");
    const HttpResponse refused = f.get("/jobs");
    CHECK(f.outcome(refused) == "429 rate_limited");
    CHECK(refused.header("Retry-After") == "20");
    CHECK(refused.header("RateLimit") == "\"reads\";r=0;t=60");

    CHECK(f.get("/jobs", reader).status == 200);
    CHECK(f.get("/jobs", gus).status == 200);
    CHECK(f.post("/jobs", report_spec()).header("RateLimit") == "\"writes\";r=1;t=30");
    CHECK(f.post("/jobs", report_spec()).status == 201);
    CHECK(f.outcome(f.post("/jobs", report_spec())) == "429 rate_limited");
    CHECK(f.post("/describe", {{"schedule", "@daily"}}).header("RateLimit") == "\"describe\";r=0;t=1");
    CHECK(f.outcome(f.post("/describe", {{"schedule", "@daily"}})) == "429 rate_limited");
    CHECK(f.get("/health").status == 200);

    f.clock->advance(20s);
    CHECK(f.get("/jobs").status == 200);
    CHECK(f.outcome(f.get("/jobs")) == "429 rate_limited");
    f.clock->set_wall(f.now() + 24h); // somebody sets the clock on the wall: no time has passed
    CHECK(f.outcome(f.get("/jobs")) == "429 rate_limited");
    f.clock->advance(24h);
    for (int i = 0; i < 3; ++i)
        CHECK(f.get("/jobs").status == 200);
    CHECK(f.outcome(f.get("/jobs")) == "429 rate_limited");
}

TEST_CASE("rest: an address that fails to sign in too often is slowed down, and keeps nobody out") {
    ApiFixture f;
    const std::string wrong = "wrong-0123456789abcdef";
    for (int i = 0; i < 10; ++i)
        CHECK(f.outcome(f.get("/jobs", wrong)) == "401 unauthenticated");
    const HttpResponse slowed = f.get("/jobs", wrong);
    CHECK(f.outcome(slowed) == "429 rate_limited");
    CHECK(slowed.header("Retry-After") == "6");
    CHECK(f.get("/jobs").status == 200);
    CHECK(f.outcome(f.get("/jobs", nobody)) == "401 unauthenticated");

    HttpRequest open = f.request("POST", "");
    open.target = "/carillon/session";
    CHECK(f.outcome(f.send(open)) == "429 rate_limited");
    open.remote = "10.0.0.2";
    CHECK(f.send(open).status == 204);
    open.remote = "10.0.0.1";
    f.clock->advance(6s);
    CHECK(f.send(open).status == 204);
}

TEST_CASE("rest: buckets of many addresses are forgotten") {
    const auto clock = std::make_shared<testing::ManualClock>();
    carillon::detail::RateLimiter limiter(clock, {10, 60s});
    CHECK(limiter.take("first").left == 9);
    for (int i = 0; i < 20'000; ++i) {
        limiter.take(std::to_string(i));
        if (i % 1'000 == 0) clock->advance(60s);
    }
    CHECK(limiter.take("first").left == 9);
}
