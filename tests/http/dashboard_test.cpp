// SPDX-License-Identifier: MIT
// http/dashboard_test.cpp - that the pages are served whole, cacheable, framed by nobody, and under any prefix.
#include "carillon/http/dashboard.hpp"

#include "http/fixture.hpp"
#include "support/catch.hpp"
#include "support/documents.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace carillon;
using namespace support;

namespace {

const std::string page_sources = "include/carillon/http/dashboard";

struct DashboardFixture : ApiFixture {
    std::unique_ptr<Dashboard> dashboard;

    explicit DashboardFixture(const DashboardOptions& options = {}, const std::string& mount = "/carillon")
        : ApiFixture([&](RestApiOptions& with) { with.mount = mount; })
        , dashboard(std::make_unique<Dashboard>(*api, options)) {}

    HttpResponse visit(const std::string& target, const HttpHeaders& more = {}, const std::string& method = "GET") {
        HttpRequest request{method, target, {{"Host", "localhost:8080"}}, "", "10.0.0.1", false};
        for (const auto& field : more)
            request.headers.add(field.name, field.value);
        return dashboard->handle(request);
    }
};

/// The files that the document names, in quotes after `href=` or `src=`.
std::vector<std::string> named_files(const std::string& document) {
    std::vector<std::string> names;
    for (const std::string attribute : {" href=\"", " src=\""})
        for (std::size_t at = document.find(attribute); at != document.npos; at = document.find(attribute, at + 1)) {
            const std::size_t begin = at + attribute.size();
            const std::string name = document.substr(begin, document.find('"', begin) - begin);
            if (!name.starts_with('#')) names.push_back(name);
        }
    return names;
}

} // namespace

TEST_CASE("dashboard: a digest is what FIPS 180-4 says") {
    CHECK(detail::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(detail::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(detail::sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(detail::sha256_hex(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    for (const std::size_t size : {55U, 56U, 63U, 64U, 65U, 119U, 120U}) // where the padding begins another block
        CHECK(detail::sha256_hex(std::string(size, 'a')) != detail::sha256_hex(std::string(size + 1, 'a')));
}

TEST_CASE("dashboard: the header holds the files as they are; cmake -P tests/dashboard/embed.cmake makes it anew") {
    namespace fs = std::filesystem;
    std::set<std::string> there;
    for (const auto& entry : fs::recursive_directory_iterator(project_root + "/" + page_sources))
        if (entry.is_regular_file())
            there.insert(fs::relative(entry.path(), project_root + "/" + page_sources).generic_string());
    for (const detail::DashboardFile& file : detail::dashboard_files) {
        INFO(file.name);
        CHECK(there.erase(std::string(file.name)) == 1);
        std::string text;
        for (const std::string_view piece : file.pieces) {
            CHECK(piece.size() < 16'380); // MSVC C2026
            text += piece;
        }
        CHECK(text == text_of(page_sources + "/" + std::string(file.name)));
    }
    CHECK(there.empty());
}

TEST_CASE("dashboard: the document and all that it names are there, typed, and may be kept as long as they are true") {
    DashboardFixture f;
    const HttpResponse document = f.visit("/carillon/");
    CHECK(document.status == 200);
    CHECK(document.header("Content-Type") == "text/html; charset=utf-8");
    CHECK(document.header("Cache-Control") == "no-cache");
    CHECK(f.visit("/carillon/?x=1").body == document.body);

    const auto names = named_files(document.body);
    std::set<std::string> tags{std::string(document.header("ETag"))};
    for (const std::string& name : names) {
        INFO(name);
        const HttpResponse file = f.visit("/carillon/" + name);
        CHECK(file.status == 200);
        CHECK(file.header("Cache-Control") == "private, max-age=31536000, immutable");
        CHECK(file.header("Content-Type") == (name.ends_with(".js")    ? "text/javascript; charset=utf-8"
                                              : name.ends_with(".css") ? "text/css; charset=utf-8"
                                                                       : "image/svg+xml; charset=utf-8"));
        CHECK(file.header("ETag") == '"' + detail::sha256_hex(file.body) + '"');
        tags.insert(std::string(file.header("ETag")));
    }
    CHECK(tags.size() == names.size() + 1);
    // Every file but the document is named by it, so that none is found out late by a browser that follows imports.
    CHECK(names.size() == std::size(detail::dashboard_files) - 1);
}

TEST_CASE("dashboard: what a browser has of the same bytes is not sent again") {
    DashboardFixture f;
    for (const std::string& target :
         {std::string("/carillon/"), "/carillon/" + named_files(f.visit("/carillon/").body).front()}) {
        const std::string tag(f.visit(target).header("ETag"));
        for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
            INFO(target << " " << known);
            const HttpResponse same = f.visit(target, {{"If-None-Match", known}});
            CHECK(same.status == 304);
            CHECK(same.body.empty());
            CHECK(same.header("ETag") == tag);
            CHECK(same.header("Cache-Control") == f.visit(target).header("Cache-Control"));
        }
        CHECK(f.visit(target, {{"If-None-Match", "\"other\""}}).status == 200);
        CHECK(f.visit(target, {{"If-None-Match", tag.substr(1, tag.size() - 2)}}).status == 200);
    }
}

TEST_CASE("dashboard: a file of another version, or none, is not there") {
    DashboardFixture f;
    const std::string right = "/carillon/a/" + detail::PageFiles::get().version() + "/";
    CHECK(f.visit(right + "app.css").status == 200);
    for (const std::string& target : {std::string("/carillon/a/0123456789abcdef/app.css"),
                                      std::string("/carillon/app.css"),
                                      std::string("/carillon/index.html"),
                                      right,
                                      right + "index.html",
                                      right + "js",
                                      right + "js/../app.css",
                                      right + "js/%2e%2e/app.css",
                                      right + "app.css%00",
                                      right + "/app.css",
                                      right + "..%2f..%2fapp.css",
                                      right + "%252e%252e/app.css",
                                      std::string("/carillon//"),
                                      std::string("/carillon/api"),
                                      std::string("/carillon/../carillon/"),
                                      std::string("/carillon/session/")}) {
        INFO(target);
        CHECK(f.outcome(f.visit(target)) == "404 not_found");
    }
    CHECK(f.outcome(f.visit("/carillon/" + std::string(5'000, 'a'))) == "414 uri_too_long");
}

TEST_CASE("dashboard: addresses that survive a mail lead to the page, under whatever prefix") {
    DashboardFixture f;
    CHECK(f.visit("/carillon").status == 308);
    CHECK(f.visit("/carillon").header("Location") == "carillon/");
    DashboardFixture deep({}, "/ops/jobs");
    CHECK(deep.visit("/ops/jobs").header("Location") == "jobs/");
    for (const std::string kind : {"jobs", "runs"}) {
        const HttpResponse link = f.visit("/carillon/open/" + kind + "/" + missing_id);
        CHECK(link.status == 303);
        CHECK(link.header("Location") == "../../#/" + kind + "/" + missing_id);
        for (const std::string id : {"", "1", "//evil.example", "%0d%0aSet-Cookie:x"})
            CHECK(f.outcome(f.visit("/carillon/open/" + kind + "/" + id)) == "404 not_found");
    }
    // No address in the document begins with a slash or a scheme.
    for (const std::string& name : named_files(f.visit("/carillon/").body))
        CHECK(name.starts_with("a/"));
}

TEST_CASE("dashboard: every answer carries the policy byte for byte, and nobody frames it") {
    DashboardFixture f;
    for (const char* target : {"/carillon", "/carillon/", "/carillon/nothing", "/carillon/session", "/elsewhere"}) {
        INFO(target);
        const HttpResponse response = f.visit(target);
        CHECK(response.header("Content-Security-Policy") ==
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
              "trusted-types 'none'");
        CHECK(response.header("X-Content-Type-Options") == "nosniff");
        CHECK(response.header("Referrer-Policy") == "no-referrer");
        CHECK(response.header("Cross-Origin-Opener-Policy") == "same-origin");
        CHECK(response.header("Cross-Origin-Resource-Policy") == "same-origin");
        CHECK(response.header("Permissions-Policy") == "camera=(), microphone=(), geolocation=()");
        CHECK(response.header("X-Frame-Options") == "DENY");
        CHECK(response.headers.count("Content-Security-Policy") == 1);
    }
}

TEST_CASE("dashboard: the host may name who frames it") {
    DashboardFixture f({{"https://portal.example.com", "http://localhost:*"}});
    const HttpResponse document = f.visit("/carillon/");
    const std::string policy(document.header("Content-Security-Policy"));
    CHECK(policy.find("; frame-ancestors https://portal.example.com http://localhost:*; ") != policy.npos);
    CHECK(document.headers.find("X-Frame-Options") == nullptr);
    CHECK(f.visit("/carillon/session").header("X-Frame-Options") == "DENY"); // data is not framed

    for (const std::string wrong :
         {"portal.example.com", "*", "https://", "https://a; script-src *", "https://a https://b", "javascript:x"}) {
        INFO(wrong);
        CHECK_THROWS_AS(Dashboard(*f.api, {{wrong}}), Error);
    }
}

TEST_CASE("dashboard: pages are read with GET and HEAD, by the names of this server") {
    DashboardFixture f;
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"}) {
        INFO(method);
        const HttpResponse refused = f.visit("/carillon/", {}, method);
        CHECK(f.outcome(refused) == "405 method_not_allowed");
        CHECK(refused.header("Allow") == "GET, HEAD");
        CHECK(f.outcome(f.visit("/carillon/nothing", {}, method)) == "404 not_found");
    }
    const HttpResponse head = f.visit("/carillon/", {}, "HEAD");
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.header("ETag") == f.visit("/carillon/").header("ETag"));

    HttpRequest rebound{"GET", "/carillon/", {{"Host", "evil.example"}}, "", "10.0.0.1", false};
    CHECK(f.outcome(f.dashboard->handle(rebound)) == "421 unknown_host");
}

TEST_CASE("dashboard: the API and the session are below the same mount, and everything else is the API's") {
    DashboardFixture f;
    REQUIRE(!f.new_job().empty());
    const HttpHeaders token{{"Authorization", "Bearer " + alice}};
    CHECK(f.visit("/carillon/session", token).status == 200);
    CHECK(f.body_of(f.visit("/carillon/api/v1/scheduler/jobs", token)).at("total") == 1);
    CHECK(f.body_of(f.visit("/api/v1/scheduler/jobs", token)).at("total") == 1);
    CHECK(f.outcome(f.visit("/carillon/session")) == "401 unauthenticated");
    CHECK(f.outcome(f.visit("/")) == "404 not_found");
    CHECK(f.outcome(f.visit("/carillonade/")) == "404 not_found");
}

TEST_CASE("dashboard: an API without a mount has none") {
    ApiFixture f([](RestApiOptions& options) { options.mount.clear(); });
    CHECK_THROWS_AS(Dashboard(*f.api), Error);
}
