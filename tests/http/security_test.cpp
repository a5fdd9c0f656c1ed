// SPDX-License-Identifier: MIT
// http/security_test.cpp - tenants apart, texts that are only texts, and requests that no client would send.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace support;

namespace {

/// What is left of an answer when the request's own name is taken out.
std::string without_instance(const HttpResponse& response) {
    std::string text = std::to_string(response.status) + "\n";
    for (const auto& field : response.headers)
        if (field.name != "X-Request-Id") text += field.name + ": " + field.value + "\n";
    json body = json::parse(response.body);
    body.erase("instance");
    return text + body.dump();
}

bool has_control_characters(const HttpResponse& response) {
    return std::any_of(response.headers.begin(), response.headers.end(), [](const auto& field) {
        return !carillon::detail::is_field_value(field.value);
    });
}

} // namespace

TEST_CASE("http: another tenant's ids are answered as ids of nothing, byte for byte, on every route") {
    ApiFixture f;
    const std::string job = f.new_job();
    const std::string run = f.ended_run(job);
    const std::string before = f.snapshot();
    std::size_t checked = 0;
    for (const ApiOperation& route : operations_of(*f.api)) {
        if (route.path.find("{id}") == std::string::npos) continue;
        INFO(route.method << ' ' << route.path);
        const bool of_run = route.path.starts_with("/runs");
        const json body = route.method == "PUT" ? json({{"name", "mine"}}) : json();
        const auto answer = [&](const std::string& id) {
            return without_instance(f.send(route.method, route.target(id), gus, body));
        };
        const std::string missing = answer(missing_id);
        CHECK(missing.starts_with("404\n"));
        CHECK(answer(of_run ? run : job) == missing);
        CHECK(answer("not-an-id") == missing);
        CHECK(answer("%2e%2e") == missing);
        ++checked;
    }
    CHECK(checked == 13);
    CHECK(f.snapshot() == before);
}

TEST_CASE("http: no listing tells one tenant of another") {
    ApiFixture f;
    const std::string job = f.new_job("Plans of acme");
    static_cast<void>(f.ended_run(job));
    for (const std::string path : {"/jobs",
                                   "/jobs?q=Plans",
                                   "/jobs?status=active",
                                   "/jobs?failing=false&include=strip",
                                   "/audit",
                                   "/audit?actor=alice",
                                   "/runs",
                                   "/runs?status=completed",
                                   "/stats",
                                   "/what-would-run?from=2026-03-02T00:00:00Z&to=2026-03-09T00:00:00Z"}) {
        INFO(path);
        const HttpResponse response = f.get(path, gus);
        CHECK(response.status == 200);
        CHECK(response.body.find("acme") == std::string::npos);
        CHECK(response.body.find("Plans") == std::string::npos);
        CHECK(response.body.find(job) == std::string::npos);
        CHECK(f.body_of(response).value("total", 0) == 0);
    }
    CHECK(f.body_of(f.get("/audit?job_id=" + job, gus)).at("events").empty());
    CHECK(f.body_of(f.get("/runs?job_id=" + job, gus)).at("runs").empty());
    CHECK(f.get("/health", nobody).body.find("acme") == std::string::npos);
}

TEST_CASE("http: an actor comes from the credentials and not from what a caller writes") {
    ApiFixture f;
    json spec = report_spec();
    spec["actor"] = "root";
    CHECK(f.outcome(f.post("/jobs", spec)) == "422 unknown_field");
    spec = report_spec();
    spec["tenant_id"] = "globex";
    CHECK(f.outcome(f.post("/jobs", spec)) == "422 unknown_field");
    static_cast<void>(f.new_job());
    CHECK(f.events.back().actor == "alice");
    CHECK(f.events.back().tenant_id == "acme");
}

TEST_CASE("http: texts of callers come back as the data that they are") {
    ApiFixture f;
    const std::vector<std::string> texts{
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "{{7*7}} ${7*7} <%= 7*7 %>",
        "\xe2\x80\xae right to left",
        "line\u2028separator",
        "a\r\nSet-Cookie: x=1",
        "'; drop table jobs; --",
        "</textarea><svg/onload=alert(1)>",
    };
    for (const std::string& text : texts) {
        INFO(text);
        json spec = report_spec();
        spec["name"] = text;
        spec["description"] = text;
        spec["metadata"] = {{text, text}};
        spec["action"] = {{"type", text}, {"note", text}};
        const HttpResponse created = f.post("/jobs", spec);
        REQUIRE(created.status == 201);
        CHECK(created.header("Content-Type") == "application/json");
        CHECK_FALSE(has_control_characters(created));
        const json job = f.body_of(created);
        CHECK(job.at("name") == text);
        CHECK(job.at("description") == text);
        CHECK(job.at("metadata").at(text) == text);
        CHECK(job.at("action").at("note") == text);
        const std::string id = job.at("id");
        CHECK(f.post("/jobs/" + id + "/pause", {{"reason", text}}).status == 200);
        const json event = f.body_of(f.get("/audit?limit=1")).at("events").at(0);
        CHECK(event.at("reason") == text);
    }
}

TEST_CASE("http: every answer forbids scripts of others, frames, sniffing and storing") {
    ApiFixture f;
    const std::string id = f.new_job();
    std::vector<HttpResponse> responses;
    for (const ApiOperation& route : operations_of(*f.api))
        for (const std::string& token : {alice, nobody})
            responses.push_back(f.send(route.method, route.target(id), token));
    responses.push_back(f.send("GET", "/nothing"));
    responses.push_back(f.send("TRACE", "/jobs"));
    HttpRequest outside;
    outside.headers.add("Host", "localhost");
    responses.push_back(f.send(outside));
    for (const HttpResponse& response : responses) {
        CHECK(response.header("Content-Security-Policy") ==
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
              "trusted-types 'none'");
        CHECK(response.header("X-Content-Type-Options") == "nosniff");
        CHECK(response.header("X-Frame-Options") == "DENY");
        CHECK(response.header("Referrer-Policy") == "no-referrer");
        CHECK(response.header("Cross-Origin-Opener-Policy") == "same-origin");
        CHECK(response.header("Cross-Origin-Resource-Policy") == "same-origin");
        CHECK(response.header("Permissions-Policy") == "camera=(), microphone=(), geolocation=()");
        CHECK(response.header("Cache-Control") == "no-store");
        CHECK(response.header("Vary") == "Authorization, Cookie");
        for (const auto& field : response.headers)
            CHECK_FALSE(field.name.starts_with("Access-Control-"));
    }
}

TEST_CASE("http: ends of lines in what a client sends do not come back in a header") {
    ApiFixture f;
    const std::string id = f.new_job();
    for (const std::string evil : {"a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a\tb", "a b", "\x7f", "caf\xc3\xa9"}) {
        HttpRequest request = f.request("POST", "/jobs/" + id + "/trigger");
        request.headers.add("Idempotency-Key", evil);
        CHECK(f.outcome(f.send(request)) == "400 bad_parameter");
        request = f.request("GET", "/jobs/" + id);
        request.headers.add("X-Request-Id", evil);
        const HttpResponse response = f.send(request);
        CHECK(response.status == 200);
        CHECK(response.header("X-Request-Id") != evil);
        CHECK_FALSE(has_control_characters(response));
        request = f.request("GET", "/jobs/" + evil);
        CHECK_FALSE(has_control_characters(f.send(request)));
        request = f.request("GET", "/jobs?" + evil + "=" + evil);
        CHECK_FALSE(has_control_characters(f.send(request)));
        request = f.request("GET", "/jobs");
        request.headers.set("Host", evil);
        CHECK(f.outcome(f.send(request)) == "421 unknown_host");
    }
    HttpRequest request = f.request("GET", "/jobs");
    request.headers.add("X-Request-Id", std::string(64, 'r'));
    CHECK(f.send(request).header("X-Request-Id") == std::string(64, 'r'));
    request.headers.set("X-Request-Id", std::string(65, 'r'));
    CHECK(f.send(request).header("X-Request-Id").size() == 36);
}

TEST_CASE("http: paths are compared as they are written") {
    ApiFixture f;
    const std::string id = f.new_job();
    for (const std::string path : {"/jobs/../jobs",
                                   "/jobs/%2e%2e/jobs",
                                   "//jobs",
                                   "/jobs/",
                                   "/jobs//",
                                   "/JOBS",
                                   "/jobs;v=1",
                                   "/jobs%00",
                                   "/%6aobs",
                                   "/jobs/%252e%252e",
                                   "/jobs#x",
                                   "/runs/",
                                   "/"}) {
        INFO(path);
        CHECK(f.outcome(f.get(path)) == "404 not_found");
    }
    for (const std::string target : {"",
                                     "/",
                                     "*",
                                     "/api/v1/scheduler",
                                     "/api/v1/schedulerx/jobs",
                                     "/carillonx/session",
                                     "/carillon",
                                     "/carillon/session/",
                                     "http://localhost/api/v1/scheduler/jobs",
                                     "/..%2fetc/passwd"}) {
        INFO(target);
        HttpRequest request = f.request("GET", "");
        request.target = target;
        CHECK(f.outcome(f.send(request)) == "404 not_found");
    }
    CHECK(f.outcome(f.get("/jobs/" + id + "%00")) == "404 not_found");
    CHECK(f.outcome(f.get("/jobs/" + id + "/x/../upcoming")) == "404 not_found");
}

TEST_CASE("http: a method is the one in the first line, whatever else is asked for") {
    ApiFixture f;
    const std::string id = f.new_job();
    for (const char* header : {"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}) {
        HttpRequest request = f.request("GET", "/jobs/" + id);
        request.headers.add(header, "DELETE");
        CHECK(f.send(request).status == 200);
        CHECK(f.outcome(f.get("/jobs?_method=DELETE")) == "400 bad_parameter");
    }
    CHECK(f.scheduler.count_jobs("acme") == 1);
    CHECK(f.send("TRACE", "/jobs").body.find(alice) == std::string::npos);
}

TEST_CASE("http: a day of every second for a month is cut where the caller's page ends") {
    ApiFixture f;
    json spec = report_spec();
    spec["schedule"] = "@every 1s";
    CHECK(f.post("/jobs", spec).status == 201);
    const HttpResponse response = f.get("/what-would-run?from=2026-03-02T08:00:00Z&to=2026-04-02T08:00:00Z&limit=2000");
    CHECK(response.status == 200);
    const json body = f.body_of(response);
    CHECK(body.at("occurrences").size() == 2'000);
    CHECK(body.at("truncated") == true);
    CHECK(body.at("buckets").at(0) == 2'000);
    CHECK(f.outcome(f.get("/what-would-run?from=2026-03-02T08:00:00Z&to=2026-04-02T08:00:00Z&limit=10001")) ==
          "400 bad_parameter");
    CHECK(f.outcome(f.get("/what-would-run?from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z")) == "400 bad_parameter");
}

TEST_CASE("http: a token is in no answer, no problem and no log") {
    ApiFixture f;
    const std::string wrong = "wrong-0123456789abcdef";
    std::string seen;
    const auto collect = [&](const HttpResponse& response) {
        seen += response.body;
        for (const auto& field : response.headers)
            if (field.name != "Set-Cookie") seen += field.value;
    };
    collect(f.get("/jobs"));
    collect(f.get("/jobs", wrong));
    collect(f.get("/jobs?token=" + alice));
    HttpRequest open = f.request("POST", "");
    open.target = "/carillon/session";
    collect(f.send(open));
    collect(f.send("TRACE", "/jobs"));
    for (const HttpLogEntry& entry : f.log)
        seen += entry.method + entry.path + entry.problem + entry.request_id + entry.tenant + entry.actor + entry.error;
    CHECK(seen.find(alice) == std::string::npos);
    CHECK(seen.find(wrong) == std::string::npos);
    CHECK(f.log.size() == 5);
}

TEST_CASE("http: the log tells who did what, and a log that fails spoils no answer") {
    ApiFixture f;
    const std::string id = f.new_job();
    CHECK(f.outcome(f.send("DELETE", "/jobs/" + id + "?x=1", reader)) == "403 forbidden");
    const HttpLogEntry& entry = f.log.back();
    CHECK(entry.method == "DELETE");
    CHECK(entry.path == api_base + "/jobs/" + id);
    CHECK(entry.status == 403);
    CHECK(entry.problem == "forbidden");
    CHECK(entry.tenant == "acme");
    CHECK(entry.actor == "reader");
    CHECK(entry.remote == "10.0.0.1");
    ApiFixture failing([](RestApiOptions& options) {
        options.log = [](const HttpLogEntry&) {
            throw 1;
        };
    });
    CHECK(failing.get("/jobs").status == 200);
}
