// SPDX-License-Identifier: MIT
// http/bulk_test.cpp - one verb on many jobs.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

#include <set>
#include <string>
#include <vector>

using namespace support;

namespace {

/// "ok, ok, 404 not_found".
std::string ends_of(const json& answer) {
    std::string all;
    for (const json& one : answer.at("results")) {
        const std::string end = one.at("ok") == true ? "ok"
                                                     : std::to_string(one.at("problem").at("status").get<int>()) + " " +
                                                           one.at("problem").at("code").get<std::string>();
        all += (all.empty() ? "" : ", ") + end;
    }
    return all;
}

} // namespace

TEST_CASE("rest: a verb is done to many jobs, each by itself, under one batch in the audit") {
    ApiFixture f;
    const std::string one = f.new_job("one");
    const std::string two = f.new_job("two");
    json disabled = report_spec();
    disabled["enabled"] = false;
    const std::string off = f.body_of(f.post("/jobs", disabled)).at("id");
    const json paused = f.body_of(
        f.post("/jobs/bulk", {{"verb", "pause"}, {"ids", {one, missing_id, off, two}}, {"reason", "freeze"}}));
    CHECK(ends_of(paused) == "ok, 404 not_found, 409 invalid_state, ok");
    CHECK(paused.at("matched") == 4);
    CHECK(paused.at("results").at(3).at("id") == two);
    CHECK(f.job_of(two).status_reason == "freeze");
    const std::string batch = paused.at("batch");
    const json events = f.body_of(f.get("/audit?batch=" + batch)).at("events");
    CHECK(events.size() == 2);
    CHECK(events.at(0).at("verb") == "job.paused");
    CHECK(events.at(0).at("reason") == "freeze");

    const auto bulk = [&](const std::string& verb, const json& ids) {
        return ends_of(f.body_of(f.post("/jobs/bulk", {{"verb", verb}, {"ids", ids}})));
    };
    CHECK(bulk("resume", {one, two}) == "ok, ok");
    HttpRequest trigger = f.request("POST", "/jobs/bulk", starter, {{"verb", "trigger"}, {"ids", {one, two}}});
    trigger.headers.add("Idempotency-Key", "k");
    const json triggered = f.body_of(f.send(trigger));
    CHECK(ends_of(triggered) == "ok, ok");
    CHECK(f.body_of(f.send(trigger)).at("results") == triggered.at("results"));
    CHECK(f.get("/runs/" + triggered.at("results").at(0).at("run_id").get<std::string>()).status == 200);
    CHECK(bulk("delete", {one, two}) == "ok, ok");
    CHECK(bulk("delete", {one, two}) == "404 not_found, 404 not_found");
    CHECK(f.scheduler.count_jobs("acme") == 1);
    const auto of_others = f.send("POST", "/jobs/bulk", gus, {{"verb", "delete"}, {"ids", json::array({off})}});
    CHECK(ends_of(f.body_of(of_others)) == "404 not_found");
}

TEST_CASE("rest: a filter finds the jobs of a bulk change, as many as were seen") {
    ApiFixture f;
    for (const char* name : {"mail a", "mail b", "report"})
        static_cast<void>(f.new_job(name));
    const auto pause = [&](const json& filter, int expected) {
        return f.post("/jobs/bulk", {{"verb", "pause"}, {"filter", filter}, {"expected_count", expected}});
    };
    const HttpResponse changed = pause({{"q", "mail"}}, 3);
    CHECK(f.outcome(changed) == "409 count_changed");
    CHECK(f.body_of(changed).at("matched") == 2);
    CHECK(f.scheduler.count_jobs("acme", JobStatus::paused) == 0);
    CHECK(ends_of(f.body_of(pause({{"q", "mail"}}, 2))) == "ok, ok");
    CHECK(f.scheduler.count_jobs("acme", JobStatus::paused) == 2);
    CHECK(f.body_of(pause({{"failing", true}}, 0)).at("results").empty());
    std::vector<JobSpec> specs(200, daily());
    for (std::size_t i = 0; i < specs.size(); ++i)
        specs[i].name = "many";
    f.scheduler.create_jobs("acme", specs);
    CHECK(f.outcome(pause({{"q", "many"}}, 203)) == "409 count_changed");
    CHECK(f.body_of(pause({{"q", "many"}}, 202)).at("matched") == 200);
}

TEST_CASE("rest: a bulk change that is not clear is refused as a whole") {
    ApiFixture f;
    const std::string id = f.new_job();
    const std::vector<std::pair<json, std::string>> cases{
        {{{"verb", "pause"}}, "422 invalid_field"},
        {{{"verb", "pause"}, {"ids", json::array()}}, "422 invalid_field"},
        {{{"verb", "pause"}, {"ids", {id, id}}}, "422 invalid_field"},
        {{{"verb", "pause"}, {"ids", json::array({"x"})}}, "422 invalid_field"},
        {{{"verb", "pause"}, {"ids", json::array({id})}, {"filter", json::object()}, {"expected_count", 1}},
         "422 invalid_field"},
        {{{"verb", "pause"}, {"filter", json::object()}}, "422 invalid_field"},
        {{{"verb", "pause"}, {"filter", {{"name", "x"}}}, {"expected_count", 1}}, "422 unknown_field"},
        {{{"verb", "cancel"}, {"ids", json::array({id})}}, "422 invalid_field"},
        {{{"verb", "pause"}, {"ids", json::array({id})}, {"reason", std::string(4'097, 'r')}}, "413 too_large"},
        {{{"verb", "pause"}, {"ids", std::vector<std::string>(1'001, id)}}, "422 invalid_field"},
    };
    for (const auto& [body, outcome] : cases) {
        INFO(body.dump().substr(0, 100));
        CHECK(f.outcome(f.post("/jobs/bulk", body)) == outcome);
    }
    const auto as = [&](const std::string& token, const std::string& verb) {
        return f.outcome(f.send("POST", "/jobs/bulk", token, {{"verb", verb}, {"ids", json::array({missing_id})}}));
    };
    CHECK(as(writer, "pause") == "200");
    CHECK(as(writer, "trigger") == "403 forbidden");
    CHECK(as(starter, "trigger") == "200");
    CHECK(as(starter, "delete") == "403 forbidden");
    CHECK(f.job_of(id).status == JobStatus::active);
    CHECK(f.events.size() == 1);
}
