// SPDX-License-Identifier: MIT
// http/problems_test.cpp - what every route answers to a request that is wrong, and how it says so.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

#include <set>
#include <stdexcept>

using namespace support;

TEST_CASE("rest: every route refuses a key of the query that it does not know") {
    ApiFixture f;
    const std::string id = f.new_job();
    for (const ApiOperation& route : operations_of(*f.api)) {
        INFO(route.method << ' ' << route.path);
        const std::string target = route.target(id);
        const std::string separator = target.find('?') == target.npos ? "?" : "&";
        const std::string token = route.permission() == "metrics" ? scraper : alice;
        CHECK(f.outcome(f.send(route.method, target + separator + "statsu=1", token)) == "400 bad_parameter");
    }
}

TEST_CASE("rest: every route names the methods of its path") {
    ApiFixture f;
    std::set<std::string> seen;
    for (const ApiOperation& route : operations_of(*f.api)) {
        INFO(route.path);
        for (const char* method : {"PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "NONSENSE"}) {
            const HttpResponse response = f.send(method, route.target(f.new_job()));
            CHECK(f.outcome(response) == "405 method_not_allowed");
            CHECK(response.header("Allow").find(route.method) != std::string_view::npos);
            seen.emplace(response.header("Allow"));
        }
    }
    CHECK(seen ==
          std::set<std::string>{
              "POST, GET, HEAD", "GET, HEAD, PUT, DELETE", "GET, HEAD, PUT, DELETE, POST", "GET, HEAD", "POST"});
}

TEST_CASE("rest: every route that takes a body refuses one that is no JSON object, by the right code") {
    ApiFixture f;
    const std::string id = f.new_job();
    const std::string run = f.ended_run(id);
    struct Case {
        const char* type;
        std::string body;
        const char* outcome;
    };
    const std::vector<Case> cases{
        {"text/plain", "{}", "415 unsupported_media_type"},
        {"application/jsonp", "{}", "415 unsupported_media_type"},
        {"", "{}", "415 unsupported_media_type"},
        {"application/json", "{", "400 malformed_json"},
        {"Application/JSON; charset=utf-8", "{} {}", "400 malformed_json"},
        {"application/json", "[]", "422 invalid_field"},
        {"application/json", "\"text\"", "422 invalid_field"},
        {"application/json", R"({"nonsense": 1})", "422 unknown_field"},
        {"application/json", std::string(300'000, ' '), "413 too_large"},
    };
    std::size_t routes = 0;
    for (const ApiOperation& route : operations_of(*f.api)) {
        if (!route.has_body()) continue;
        ++routes;
        for (const Case& c : cases) {
            INFO(route.method << ' ' << route.path << ' ' << c.type << ' ' << c.body.substr(0, 40));
            const bool is_run = route.path.starts_with("/runs");
            HttpRequest request = f.request(route.method, route.target(is_run ? run : id));
            if (*c.type != '\0') request.headers.add("Content-Type", c.type);
            request.body = c.body;
            // Of a description the schedule is missed before the unknown key is.
            const bool lacks_schedule = route.path == "/describe" && std::string(c.outcome) == "422 unknown_field";
            const bool lacks_verb = route.path == "/jobs/bulk" && std::string(c.outcome) == "422 unknown_field";
            CHECK(f.outcome(f.send(request)) == (lacks_schedule ? "422 invalid_schedule"
                                                 : lacks_verb   ? "422 invalid_field"
                                                                : c.outcome));
        }
    }
    CHECK(routes == 7);
}

TEST_CASE("rest: every route with a permission is closed to strangers, and to those who have any other permission") {
    ApiFixture f([](RestApiOptions& options) { options.rates.failed_sign_ins = {}; });
    const std::string id = f.new_job();
    const std::vector<std::pair<std::string, std::string>> single{
        {"read", reader}, {"write", writer}, {"trigger", starter}, {"metrics", scraper}};
    for (const ApiOperation& route : operations_of(*f.api)) {
        INFO(route.method << ' ' << route.path);
        const std::string before = f.snapshot();
        if (route.permission() == "anyone") {
            CHECK(f.send(route.method, route.target(id), nobody).status == 200);
            continue;
        }
        const HttpResponse stranger = f.send(route.method, route.target(id), nobody);
        CHECK(f.outcome(stranger) == "401 unauthenticated");
        CHECK(stranger.header("WWW-Authenticate") == "Bearer realm=\"carillon\"");
        CHECK(f.outcome(f.send(route.method, route.target(id), "wrong-0123456789abcdef")) == "401 unauthenticated");
        for (const auto& [permission, token] : single)
            if (route.permission().find(permission) == std::string::npos)
                CHECK(f.outcome(f.send(route.method, route.target(id), token)) == "403 forbidden");
        CHECK(f.snapshot() == before);
        for (const auto& [permission, token] : single)
            if (route.permission().find(permission) != std::string::npos)
                CHECK(f.outcome(f.send(route.method, route.target(missing_id), token)) != "403 forbidden");
    }
}

TEST_CASE("rest: a problem says what is wrong, where, and by which name") {
    ApiFixture f;
    json spec = report_spec();
    spec["schedule"] = "0 25 * * *";
    HttpRequest request = f.request("POST", "/jobs", alice, spec);
    request.headers.add("X-Request-Id", "r-1");
    const HttpResponse response = f.send(request);
    CHECK(response.header("Content-Type") == "application/problem+json");
    CHECK(response.header("X-Request-Id") == "r-1");
    const json problem = f.body_of(response);
    CHECK(problem.at("type") == "urn:x-carillon:problem:invalid_schedule");
    CHECK(problem.at("title") == "The schedule is wrong");
    CHECK(problem.at("status") == 422);
    CHECK(problem.at("code") == "invalid_schedule");
    CHECK(problem.at("instance") == "urn:x-carillon:request:r-1");
    CHECK(problem.at("field") == "schedule");
    CHECK(problem.at("column") == 3);
    const json& one = problem.at("errors").at(0);
    CHECK(one.at("pointer") == "/schedule");
    CHECK(one.at("code") == "value_out_of_range");
    CHECK(one.at("column") == 3);
    CHECK(one.at("detail") == problem.at("detail"));
}

TEST_CASE("rest: the library's errors become the problems of the table") {
    ApiFixture f;
    struct Case {
        json change;
        const char* outcome;
        const char* pointer;
    };
    const std::vector<Case> cases{
        {{{"schedule", "0 0 30 2 *"}}, "422 never_fires", "/schedule"},
        {{{"schedule", "@at 2026-03-01T00:00:00Z"}}, "422 invalid_schedule", "/schedule"},
        {{{"time_zone", "Mars/Base"}}, "422 invalid_schedule", "/time_zone"},
        {{{"name", ""}}, "422 invalid_field", "/name"},
        {{{"policies", {{"retry", {{"factor", 0}}}}}}, "422 invalid_field", "/policies/retry/factor"},
        {{{"exclude", {"2026-12-25", "soon"}}}, "422 invalid_field", "/exclude/1"},
        {{{"naem", "x"}}, "422 unknown_field", "/naem"},
    };
    for (const Case& c : cases) {
        json spec = report_spec();
        spec.update(c.change);
        const HttpResponse response = f.post("/jobs", spec);
        INFO(spec.dump());
        CHECK(f.outcome(response) == c.outcome);
        CHECK(f.body_of(response).at("errors").at(0).at("pointer") == c.pointer);
    }
    json spec = report_spec();
    spec["name"] = std::string(300, 'n');
    CHECK(f.outcome(f.post("/jobs", spec)) == "413 too_large");
    CHECK(f.scheduler.count_jobs("acme") == 0);
}

TEST_CASE("rest: parameters that are wrong are named") {
    ApiFixture f;
    const std::string id = f.new_job();
    const auto field_of = [&](const std::string& path) {
        const HttpResponse response = f.get(path);
        CHECK(f.outcome(response) == "400 bad_parameter");
        return f.body_of(response).value("field", "");
    };
    CHECK(field_of("/jobs?limit=0") == "limit");
    CHECK(field_of("/jobs?limit=1001") == "limit");
    CHECK(field_of("/jobs?limit=-1") == "limit");
    CHECK(field_of("/jobs?limit=1e2") == "limit");
    CHECK(field_of("/jobs?limit=") == "limit");
    CHECK(field_of("/jobs?limit=99999999999999999999") == "limit");
    CHECK(field_of("/jobs?offset=10001") == "offset");
    CHECK(field_of("/jobs?status=asleep") == "status");
    CHECK(field_of("/jobs?status=") == "status");
    CHECK(field_of("/jobs?sort=oldest") == "sort");
    CHECK(field_of("/jobs?q=" + std::string(257, 'q')) == "search");
    CHECK(field_of("/jobs?q=a&q=b") == "q");
    CHECK(field_of("/jobs?q=%ff") == "q");
    CHECK(field_of("/jobs?q=%00") == "q");
    CHECK(field_of("/jobs?q=%zz") == "");
    CHECK(field_of("/jobs?q=%4") == "");
    CHECK(field_of("/jobs?&") == "\"\"");
    CHECK(field_of("/audit?job_id=1") == "job_id");
    CHECK(field_of("/audit?verb=job.eaten") == "verb");
    CHECK(field_of("/jobs/" + id + "/upcoming?n=101") == "n");
    CHECK(field_of("/jobs/" + id + "/explain?at=yesterday") == "at");
    CHECK(field_of("/jobs/" + id + "/explain") == "at");
    CHECK(f.body_of(f.get("/jobs?statsu=active")).at("detail") ==
          "statsu: unknown parameter; did you mean \"status\"?");
}

TEST_CASE("rest: what is wrong inside is told to the host and not to the caller") {
    ApiFixture f([](RestApiOptions& options) {
        options.metrics = []() -> std::string {
            throw std::runtime_error("secret of the disk");
        };
        options.health = []() -> std::vector<Health> {
            throw 7;
        };
    });
    const HttpResponse response = f.get("/metrics", scraper);
    CHECK(f.outcome(response) == "500 internal");
    CHECK(response.body.find("secret") == std::string::npos);
    CHECK(f.log.back().error == "secret of the disk");
    CHECK(f.body_of(response).at("instance") == "urn:x-carillon:request:" + f.log.back().request_id);
    CHECK(f.outcome(f.get("/health", nobody)) == "500 internal");
}

TEST_CASE("rest: a storage that does not answer is unavailable") {
    ApiFixture f([](RestApiOptions& options) {
        options.metrics = []() -> std::string {
            throw Error(Errc::unavailable, "cannot connect to 10.1.2.3");
        };
    });
    const HttpResponse response = f.get("/metrics", scraper);
    CHECK(f.outcome(response) == "503 unavailable");
    CHECK(response.body.find("10.1.2.3") == std::string::npos);
    CHECK(f.log.back().error == "cannot connect to 10.1.2.3");
}

TEST_CASE("rest: an API that could tell nobody apart is not made") {
    FacadeFixture f;
    const auto field_of = [&](const std::function<void(RestApiOptions&)>& adjust) {
        RestApiOptions options{.authenticate = known_tokens()};
        adjust(options);
        return error_of([&] { RestApi<> api(f.scheduler, options); }).field();
    };
    CHECK(field_of([](RestApiOptions& options) { options.authenticate = {}; }) == "authenticate");
    CHECK(field_of([](RestApiOptions& options) { options.clock = nullptr; }) == "clock");
    CHECK(field_of([](RestApiOptions& options) { options.rates.reads = {10, Duration{0}}; }) == "rates.per");
    for (const char* mount : {"carillon", "/", "/carillon/", "/a//b", "/a b", "/a?b", "/a\r\nb"})
        CHECK(field_of([&](RestApiOptions& options) { options.mount = mount; }) == "mount");
    CHECK(error_of([] { static_cast<void>(bearer_tokens({{"short", {"acme"}}})); }).field() == "token");
    CHECK(error_of([] {
              static_cast<void>(bearer_tokens({{"long enough but not a token", {"acme"}}}));
          }).field() == "token");
}
