// SPDX-License-Identifier: MIT
// http/cursors_test.cpp - pages that lose no row and repeat none, and cursors that nobody has made up.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

#include <map>
#include <set>

using namespace support;

namespace {

/// The ids of all rows, page after page.
std::vector<std::string> walk(ApiFixture& f, const std::string& path, const std::string& rows) {
    std::vector<std::string> ids;
    std::string after;
    for (int page = 0; page < 100; ++page) {
        const std::string mark = path.find('?') == path.npos ? "?" : "&";
        const json body = f.body_of(f.get(path + mark + "limit=3" + (after.empty() ? "" : "&after=" + after)));
        for (const json& row : body.at(rows))
            ids.push_back(row.at("id"));
        if (body.at("next").is_null()) return ids;
        CHECK(body.at(rows).size() == 3);
        after = body.at("next");
    }
    FAIL("the listing has no end");
    return ids;
}

} // namespace

TEST_CASE("rest: going through pages meets every row once, those of one microsecond too") {
    ApiFixture f;
    std::set<std::string> jobs;
    for (int i = 0; i < 9; ++i)
        jobs.insert(f.new_job(i % 3 == 0 ? "same" : "job " + std::to_string(i)));
    for (const char* sort : {"newest", "name", "next_run"}) {
        INFO(sort);
        const auto ids = walk(f, std::string("/jobs?sort=") + sort, "jobs");
        CHECK(ids.size() == jobs.size());
        CHECK(std::set<std::string>(ids.begin(), ids.end()) == jobs);
    }
    const std::string id = *jobs.begin();
    std::set<std::string> runs;
    for (int i = 0; i < 7; ++i)
        runs.insert(f.body_of(f.post("/jobs/" + id + "/trigger")).at("id").get<std::string>());
    const auto seen = walk(f, "/jobs/" + id + "/runs", "runs");
    CHECK(std::set<std::string>(seen.begin(), seen.end()) == runs);
    CHECK(seen.size() == 7);
    const auto all = walk(f, "/runs", "runs"); // all were asked for in one moment
    CHECK(std::set<std::string>(all.begin(), all.end()) == runs);
    CHECK(all.size() == 7);
    CHECK(walk(f, "/audit", "events").size() == 16);
}

TEST_CASE("rest: a cursor is good for the listing, filter and tenant that it came from") {
    ApiFixture f;
    for (int i = 0; i < 3; ++i)
        static_cast<void>(f.new_job("job"));
    const std::string next = f.body_of(f.get("/jobs?limit=1&q=job")).at("next");
    CHECK(f.get("/jobs?limit=2&q=job&after=" + next).status == 200);
    CHECK(f.outcome(f.get("/jobs?limit=1&after=" + next)) == "400 bad_cursor");
    CHECK(f.outcome(f.get("/jobs?q=jo&after=" + next)) == "400 bad_cursor");
    CHECK(f.outcome(f.get("/jobs?q=job&sort=name&after=" + next)) == "400 bad_cursor");
    CHECK(f.outcome(f.get("/audit?after=" + next)) == "400 bad_cursor");
    CHECK(f.outcome(f.get("/jobs?q=job&after=" + next, gus)) == "400 bad_cursor");
    CHECK(f.get("/jobs?q=job&after=" + next, reader).status == 200);
    CHECK(f.outcome(f.get("/jobs?q=job&offset=0&after=" + next)) == "400 bad_parameter");
}

TEST_CASE("rest: a cursor with any character changed, added or taken away is refused") {
    ApiFixture f;
    static_cast<void>(f.new_job());
    static_cast<void>(f.new_job());
    for (const std::string path : {"/jobs?limit=1", "/jobs?limit=1&sort=name", "/audit?limit=1"}) {
        const std::string next = f.body_of(f.get(path)).at("next");
        for (std::size_t i = 0; i < next.size(); ++i) {
            std::string changed = next;
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            CHECK(f.outcome(f.get(path + "&after=" + changed)) == "400 bad_cursor");
            CHECK(f.outcome(f.get(path + "&after=" + next.substr(0, i))) == "400 bad_cursor");
        }
        for (const std::string& other : {next + "A", next + "=", "A" + next, std::string("%20"), std::string("x")})
            CHECK(f.outcome(f.get(path + "&after=" + other)) == "400 bad_cursor");
    }
}

TEST_CASE("rest: base64url is read as it is written, and nothing else is") {
    const std::map<std::string, std::string> rows{
        {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xff\xfe\xfd", "__79"}, {std::string(1, '\0'), "AA"}};
    for (const auto& [bytes, text] : rows) {
        CHECK(carillon::detail::to_base64url(bytes) == text);
        CHECK(carillon::detail::from_base64url(text) == bytes);
    }
    for (const char* wrong : {"A", "Zh", "Zg=", "Zm9", "+/79", "Zm9v\n", "Z g"})
        CHECK_FALSE(carillon::detail::from_base64url(wrong).has_value());
}

TEST_CASE("rest: the largest page knows whether it is the last one") {
    ApiFixture f;
    std::vector<JobSpec> specs(500, daily());
    (void)f.scheduler.create_jobs("acme", specs);
    (void)f.scheduler.create_jobs("acme", specs);
    CHECK(f.body_of(f.get("/jobs?limit=1000")).at("next").is_null());
    (void)f.new_job("One more");
    for (const std::string sort : {"newest", "name", "next_run"}) {
        const json first = f.body_of(f.get("/jobs?limit=1000&sort=" + sort));
        CHECK(first.at("jobs").size() == 1'000);
        REQUIRE(first.at("next").is_string());
        const json rest =
            f.body_of(f.get("/jobs?limit=1000&sort=" + sort + "&after=" + first.at("next").get<std::string>()));
        CHECK(rest.at("jobs").size() == 1);
        CHECK(rest.at("next").is_null());
    }
}
