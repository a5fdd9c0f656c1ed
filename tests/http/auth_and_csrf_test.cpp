// SPDX-License-Identifier: MIT
// http/auth_and_csrf_test.cpp - who gets in: tokens, sessions of browsers, other sites, other names.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

using namespace support;

namespace {

/// A request of a browser that has a session and no token.
HttpRequest from_browser(const ApiFixture& f,
                         std::string method,
                         const std::string& path,
                         const HttpHeaders& more = {},
                         const std::string& mount = "/carillon") {
    HttpRequest request = f.request(std::move(method), path, nobody);
    request.target.insert(0, mount);
    request.headers.add("Cookie", "theme=dark; carillon_session=" + alice);
    for (const auto& field : more)
        request.headers.add(field.name, field.value);
    return request;
}

const HttpHeaders own_json{{"Sec-Fetch-Site", "same-origin"}, {"Content-Type", "application/json"}};

} // namespace

TEST_CASE("http: a token is compared as a whole, at every length") {
    using carillon::detail::equal_in_constant_time;
    const std::string known(32, 'k');
    for (std::size_t size = 0; size <= 4'096; ++size)
        CHECK(equal_in_constant_time(std::string(size, 'k'), known) == (size == 32));
    for (std::size_t i = 0; i < known.size(); ++i) {
        std::string other = known;
        other[i] = 'x';
        CHECK_FALSE(equal_in_constant_time(other, known));
    }
    CHECK(equal_in_constant_time("", ""));
    CHECK_FALSE(equal_in_constant_time("x", ""));
}

TEST_CASE("http: the scheme of a token is read in either case, and no other scheme is") {
    ApiFixture f;
    struct Case {
        std::string value;
        int status;
    };
    const std::vector<Case> cases{
        {"Bearer " + alice, 200},
        {"bearer " + alice, 200},
        {"Bearer  " + alice, 401},
        {"Bearer " + alice + " ", 401},
        {"Bearer", 401},
        {"Bearer ", 401},
        {"Basic " + alice, 401},
        {alice, 401},
        {"", 401},
        {"Bearer " + alice + ", Bearer " + gus, 401},
        {"Bearer " + std::string(4'096, 'a'), 401},
    };
    for (const Case& c : cases) {
        ApiFixture fresh;
        HttpRequest request = fresh.request("GET", "/jobs", nobody);
        request.headers.add("Authorization", c.value);
        INFO(c.value.substr(0, 60));
        CHECK(fresh.send(request).status == c.status);
    }
    HttpRequest request = f.request("GET", "/jobs");
    request.headers.add("Authorization", "Bearer " + gus);
    CHECK(f.outcome(f.send(request)) == "400 bad_request");
}

TEST_CASE("http: a session is opened with a token, used, read and closed") {
    ApiFixture f;
    HttpRequest open = f.request("POST", "", alice);
    open.target = "/carillon/session";
    const HttpResponse opened = f.send(open);
    CHECK(opened.status == 204);
    CHECK(opened.header("Set-Cookie") == "carillon_session=" + alice + "; HttpOnly; SameSite=Strict");

    HttpRequest who = from_browser(f, "GET", "");
    who.target = "/carillon/session";
    CHECK(f.body_of(f.send(who)) ==
          json({{"tenant", "acme"},
                {"actor", "alice"},
                {"permissions", {{"read", true}, {"write", true}, {"trigger", true}, {"metrics", false}}}}));
    CHECK(f.send(from_browser(f, "GET", "/jobs")).status == 200);

    HttpRequest close = from_browser(f, "DELETE", "", {{"Sec-Fetch-Site", "same-origin"}});
    close.target = "/carillon/session";
    const HttpResponse closed = f.send(close);
    CHECK(closed.status == 204);
    CHECK(closed.header("Set-Cookie") == "carillon_session=; HttpOnly; SameSite=Strict; Max-Age=0");
    CHECK(closed.header("Clear-Site-Data") == "\"cache\"");
}

TEST_CASE("http: a session's cookie is for TLS alone where the browser speaks TLS") {
    for (const bool by_proxy : {false, true}) {
        ApiFixture f([&](RestApiOptions& options) {
            if (by_proxy) options.public_origin = "https://ops.example.com";
        });
        HttpRequest open = f.request("POST", "", alice);
        open.target = "/carillon/session";
        open.secure = !by_proxy;
        CHECK(std::string(f.send(open).header("Set-Cookie")).ends_with("; Secure"));
    }
}

TEST_CASE("http: a session is opened by nothing but a token that is good") {
    ApiFixture f;
    const auto open = [&](HttpRequest request) {
        request.method = "POST";
        request.target = "/carillon/session";
        return f.outcome(f.send(request));
    };
    CHECK(open(f.request("POST", "", nobody)) == "403 csrf");
    CHECK(open(f.request("POST", "", "wrong-0123456789abcdef")) == "401 unauthenticated");
    CHECK(open(from_browser(f, "POST", "", own_json)) == "401 unauthenticated");
    HttpRequest patch = f.request("PATCH", "");
    patch.target = "/carillon/session";
    CHECK(f.send(patch).header("Allow") == "GET, HEAD, POST, DELETE");
}

TEST_CASE("http: a cookie signs in below the mount and nowhere else") {
    ApiFixture f;
    CHECK(f.send(from_browser(f, "GET", "/jobs")).status == 200);
    CHECK(f.outcome(f.send(from_browser(f, "GET", "/jobs", {}, ""))) == "401 unauthenticated");
    CHECK(f.outcome(f.send(from_browser(f, "POST", "/jobs", own_json, ""))) == "401 unauthenticated");
    ApiFixture unmounted([](RestApiOptions& options) { options.mount = ""; });
    CHECK(unmounted.outcome(unmounted.send(from_browser(unmounted, "GET", "/jobs"))) == "404 not_found");
}

TEST_CASE("http: the host's own authentication sees cookies where they count, and no body") {
    std::vector<HttpRequest> seen;
    ApiFixture f([&](RestApiOptions& options) {
        options.authenticate = [&](const HttpRequest& request) -> std::optional<Principal> {
            seen.push_back(request);
            return Principal{{"acme", "hal"}, {}};
        };
    });
    CHECK(f.send(from_browser(f, "GET", "/jobs")).status == 200);
    CHECK(*seen.back().headers.find("Authorization") == "Bearer " + alice);
    CHECK(seen.back().headers.find("Cookie") != nullptr);
    CHECK(f.send(from_browser(f, "GET", "/jobs", {}, "")).status == 200);
    CHECK(seen.back().headers.find("Authorization") == nullptr);
    CHECK(seen.back().headers.find("Cookie") == nullptr);
    HttpRequest both = from_browser(f, "GET", "/jobs");
    both.headers.add("Authorization", "Bearer " + gus);
    both.body = "secret";
    CHECK(f.send(both).status == 200);
    CHECK(*seen.back().headers.find("Authorization") == "Bearer " + gus);
    CHECK(seen.back().headers.find("Cookie") == nullptr);
    CHECK(seen.back().body.empty());
}

TEST_CASE("http: another site makes a browser change nothing") {
    struct Case {
        const char* name;
        HttpHeaders headers;
        const char* outcome;
    };
    const std::string json_type = "application/json";
    const std::vector<Case> cases{
        {"own page", {{"Sec-Fetch-Site", "same-origin"}, {"Content-Type", json_type}}, "202"},
        {"fetch of another site", {{"Sec-Fetch-Site", "cross-site"}, {"Content-Type", json_type}}, "403 csrf"},
        {"a sibling's page", {{"Sec-Fetch-Site", "same-site"}, {"Content-Type", json_type}}, "403 csrf"},
        {"typed by the user", {{"Sec-Fetch-Site", "none"}, {"Content-Type", json_type}}, "403 csrf"},
        {"form", {{"Sec-Fetch-Site", "cross-site"}, {"Content-Type", "application/x-www-form-urlencoded"}}, "403 csrf"},
        {"own form", {{"Sec-Fetch-Site", "same-origin"}, {"Content-Type", "text/plain"}}, "403 csrf"},
        {"own page without a type", {{"Sec-Fetch-Site", "same-origin"}}, "403 csrf"},
        {"says nothing", {{"Content-Type", json_type}}, "403 csrf"},
        {"old browser, own page", {{"Origin", "http://localhost:8080"}, {"Content-Type", json_type}}, "202"},
        {"old browser, TLS in front", {{"Origin", "https://LOCALHOST:8080"}, {"Content-Type", json_type}}, "202"},
        {"old browser, other site", {{"Origin", "http://evil.example"}, {"Content-Type", json_type}}, "403 csrf"},
        {"old browser, other port", {{"Origin", "http://localhost:8081"}, {"Content-Type", json_type}}, "403 csrf"},
        {"old browser, longer name", {{"Origin", "http://localhost:80800"}, {"Content-Type", json_type}}, "403 csrf"},
        {"sandboxed frame", {{"Origin", "null"}, {"Content-Type", json_type}}, "403 csrf"},
        {"empty origin", {{"Origin", ""}, {"Content-Type", json_type}}, "403 csrf"},
        {"contradiction",
         {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://localhost:8080"}, {"Content-Type", json_type}},
         "403 csrf"},
        {"twice", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-origin"}}, "400 bad_request"},
    };
    for (const Case& c : cases) {
        ApiFixture f;
        const std::string id = f.new_job();
        const std::string before = f.snapshot();
        INFO(c.name);
        CHECK(f.outcome(f.send(from_browser(f, "POST", "/jobs/" + id + "/trigger", c.headers))) == c.outcome);
        CHECK((f.snapshot() == before) == (std::string(c.outcome) != "202"));
    }
}

TEST_CASE("http: the origin that counts is the public one where the host names it") {
    ApiFixture f([](RestApiOptions& options) { options.public_origin = "https://ops.example.com"; });
    const std::string path = "/jobs/" + f.new_job() + "/trigger";
    const auto from = [&](const std::string& origin) {
        return f.send(from_browser(f, "POST", path, {{"Origin", origin}, {"Content-Type", "application/json"}})).status;
    };
    CHECK(from("https://ops.example.com") == 202);
    CHECK(from("http://ops.example.com") == 403);
    CHECK(from("http://localhost:8080") == 403);
}

TEST_CASE("http: without a cookie it is enough that no other site is to be seen; a token needs nothing") {
    ApiFixture f([](RestApiOptions& options) {
        options.authenticate = [](const HttpRequest& request) -> std::optional<Principal> {
            if (request.headers.find("Authorization") == nullptr) return std::nullopt;
            return Principal{{"acme", "hal"}, {.write = true, .trigger = true}};
        };
    });
    const std::string path = "/jobs/" + f.new_job() + "/trigger";
    const auto with = [&](const std::string& authorization, const HttpHeaders& more) {
        HttpRequest request = f.request("POST", path, nobody);
        request.headers.add("Authorization", authorization);
        for (const auto& field : more)
            request.headers.add(field.name, field.value);
        return f.send(request).status;
    };
    CHECK(with("Basic cGFzc3dvcmQ6", {}) == 202);
    CHECK(with("Basic cGFzc3dvcmQ6", {{"Sec-Fetch-Site", "cross-site"}}) == 403);
    CHECK(with("Basic cGFzc3dvcmQ6", {{"Origin", "null"}}) == 403);
    CHECK(with("Bearer " + alice, {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"}}) == 202);
}

TEST_CASE("http: a name that the host has not listed leads nowhere") {
    struct Case {
        std::string host;
        int status;
    };
    const std::vector<Case> cases{
        {"localhost", 200},
        {"LocalHost:8080", 200},
        {"127.0.0.1:1", 200},
        {"[::1]", 200},
        {"[::1]:8080", 200},
        {"evil.example", 421},
        {"evil.example:8080", 421},
        {"localhost.evil.example", 421},
        {"127.0.0.1.evil.example", 421},
        {"localhost@evil.example", 421},
        {"", 421},
        {":8080", 421},
        {"[", 421},
    };
    ApiFixture f;
    for (const Case& c : cases) {
        HttpRequest request = f.request("GET", "/jobs");
        request.headers.set("Host", c.host);
        INFO(c.host);
        CHECK(f.send(request).status == c.status);
    }
    HttpRequest request = f.request("GET", "/jobs");
    request.headers.remove("Host");
    CHECK(f.outcome(f.send(request)) == "421 unknown_host");
    request.headers.add("Host", "localhost");
    request.headers.add("Host", "evil.example");
    CHECK(f.outcome(f.send(request)) == "400 bad_request");

    ApiFixture open([](RestApiOptions& options) { options.hosts = {}; });
    HttpRequest any = open.request("GET", "/jobs");
    any.headers.set("Host", "scheduler.internal");
    CHECK(open.send(any).status == 200);
}
