// SPDX-License-Identifier: MIT
// http/etags_test.cpp - If-Match: nobody overwrites what they have not seen.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

using namespace support;

namespace {

HttpResponse change(ApiFixture& f, const std::string& id, const std::string& if_match, const std::string& name) {
    HttpRequest request = f.request("PUT", "/jobs/" + id, alice, {{"name", name}});
    request.headers.add("If-Match", if_match);
    return f.send(request);
}

} // namespace

TEST_CASE("rest: a change of a revision that is not the job's is refused, with the job as it is") {
    ApiFixture f;
    const std::string id = f.new_job();
    CHECK(change(f, id, "\"1\"", "second").status == 200);
    const HttpResponse conflict = change(f, id, "\"1\"", "third");
    CHECK(f.outcome(conflict) == "412 revision_conflict");
    CHECK(conflict.header("ETag") == "\"2\"");
    CHECK(f.body_of(conflict).at("current") == f.body_of(f.get("/jobs/" + id)));
    CHECK(f.job_of(id).name == "second");
    CHECK(change(f, id, "\"2\"", "third").status == 200);
    CHECK(f.send("PUT", "/jobs/" + id, alice, {{"name", "fourth"}}).status == 200);
}

TEST_CASE("rest: If-Match in every form that there is, and in some that there are not") {
    struct Case {
        std::string if_match;
        const char* outcome;
    };
    const std::vector<Case> cases{
        {"*", "200"},
        {"  *  ", "200"},
        {"\"1\"", "200"},
        {"\"7\", \"1\"", "200"},
        {"\"7\",\"1\" , W/\"3\"", "200"},
        {"W/\"1\"", "412 revision_conflict"},
        {"\"01\"", "412 revision_conflict"},
        {"\"+1\"", "412 revision_conflict"},
        {"\"\"", "412 revision_conflict"},
        {"\"abc\"", "412 revision_conflict"},
        {"\"99999999999999999999\"", "412 revision_conflict"},
        {"", "400 bad_parameter"},
        {"1", "400 bad_parameter"},
        {"\"1", "400 bad_parameter"},
        {"\"1\" \"2\"", "400 bad_parameter"},
        {"\"1\",", "400 bad_parameter"},
        {"*, \"1\"", "400 bad_parameter"},
        {"w/\"1\"", "400 bad_parameter"},
        {std::string(8'192, '"'), "400 bad_parameter"},
        {'"' + std::string(8'192, '1') + '"', "412 revision_conflict"},
    };
    for (const Case& c : cases) {
        ApiFixture f;
        const std::string id = f.new_job();
        INFO(c.if_match.substr(0, 40));
        CHECK(f.outcome(change(f, id, c.if_match, "changed")) == c.outcome);
        CHECK(f.job_of(id).name == (std::string(c.outcome) == "200" ? "changed" : "Report"));
        HttpRequest request = f.request("DELETE", "/jobs/" + id);
        request.headers.add("If-Match", c.if_match);
        const bool was_changed = f.job_of(id).revision == 2;
        if (!was_changed) CHECK(f.outcome(f.send(request)) == c.outcome);
    }
}

TEST_CASE("rest: a job is deleted at its revision or not at all") {
    ApiFixture f;
    const std::string id = f.new_job();
    CHECK(f.send("PUT", "/jobs/" + id, alice, {{"name", "second"}}).status == 200);
    HttpRequest request = f.request("DELETE", "/jobs/" + id);
    request.headers.add("If-Match", "\"1\"");
    CHECK(f.outcome(f.send(request)) == "412 revision_conflict");
    request.headers.set("If-Match", "\"2\"");
    CHECK(f.send(request).status == 204);
    request.headers.set("If-Match", "*");
    CHECK(f.outcome(f.send(request)) == "404 not_found");
}

TEST_CASE("rest: a run changes no tag, and no answer is ever \"not modified\"") {
    ApiFixture f;
    const std::string id = f.new_job();
    static_cast<void>(f.ended_run(id));
    HttpRequest request = f.request("GET", "/jobs/" + id);
    request.headers.add("If-None-Match", "\"1\"");
    request.headers.add("If-Modified-Since", "Mon, 02 Mar 2026 08:00:00 GMT");
    const HttpResponse response = f.send(request);
    CHECK(response.status == 200);
    CHECK(response.header("ETag") == "\"1\"");
    CHECK(f.body_of(response).at("run_count") == 1);
}

TEST_CASE("rest: a host may demand that changes name their revision") {
    ApiFixture f([](RestApiOptions& options) { options.require_if_match = true; });
    const std::string id = f.new_job();
    CHECK(f.outcome(f.send("PUT", "/jobs/" + id, alice, {{"name", "x"}})) == "428 precondition_required");
    CHECK(change(f, id, "*", "x").status == 200);
}
