// SPDX-License-Identifier: MIT
// http/routes_test.cpp - what each route does when all is well, and what it answers when it cannot.
#include "carillon/http/rest_api.hpp"

#include "http/fixture.hpp"

using namespace support;

TEST_CASE("rest: a job is created, read, changed, paused, resumed and deleted") {
    ApiFixture f;
    const HttpResponse created = f.post("/jobs", report_spec());
    CHECK(created.status == 201);
    const json job = f.body_of(created);
    const std::string id = job.at("id");
    CHECK(created.header("Location") == api_base + "/jobs/" + id);
    CHECK(created.header("ETag") == "\"1\"");
    CHECK(job.at("next_run_at") == "2026-03-02T09:00:00Z");

    const HttpResponse read = f.get("/jobs/" + id);
    CHECK(read.status == 200);
    CHECK(f.body_of(read) == job);

    const HttpResponse changed = f.send("PUT", "/jobs/" + id, alice, {{"schedule", "30 9 * * *"}});
    CHECK(changed.status == 200);
    CHECK(changed.header("ETag") == "\"2\"");
    CHECK(f.body_of(changed).at("next_run_at") == "2026-03-02T09:30:00Z");

    const HttpResponse paused = f.post("/jobs/" + id + "/pause", {{"reason", "holidays"}});
    CHECK(f.body_of(paused).at("status") == "paused");
    CHECK(f.body_of(paused).at("status_reason") == "holidays");
    CHECK(f.body_of(f.post("/jobs/" + id + "/resume")).at("status") == "active");

    const HttpResponse deleted = f.send("DELETE", "/jobs/" + id);
    CHECK(deleted.status == 204);
    CHECK(deleted.body.empty());
    CHECK(f.outcome(f.get("/jobs/" + id)) == "404 not_found");
    CHECK(f.outcome(f.send("DELETE", "/jobs/" + id)) == "404 not_found");
}

TEST_CASE("rest: a repeated create gives the job that the key has made, and says so") {
    ApiFixture f;
    HttpRequest request = f.request("POST", "/jobs", alice, report_spec());
    request.headers.add("Idempotency-Key", "order-17");
    const HttpResponse first = f.send(request);
    const HttpResponse second = f.send(request);
    CHECK(first.status == 201);
    CHECK(first.header("Idempotency-Replayed").empty());
    CHECK(second.status == 201);
    CHECK(second.header("Idempotency-Replayed") == "true");
    CHECK(second.body == first.body);
    CHECK(second.header("Location") == first.header("Location"));

    json other = report_spec();
    other["name"] = "Another";
    request.body = other.dump();
    CHECK(f.outcome(f.send(request)) == "409 idempotency_key_reused");
    other["idempotency_key"] = "order-18";
    request.body = other.dump();
    CHECK(f.outcome(f.send(request)) == "422 invalid_field");
    CHECK(f.scheduler.count_jobs("acme") == 1);
}

TEST_CASE("rest: jobs are listed by status, part of the name, action type and order") {
    ApiFixture f;
    const std::string first = f.new_job("Alpha report");
    static_cast<void>(f.new_job("Beta report"));
    json other = report_spec();
    other["name"] = "Gamma";
    other["schedule"] = "30 8 * * *";
    other["action"]["type"] = "other";
    CHECK(f.post("/jobs", other).status == 201);
    CHECK(f.post("/jobs/" + first + "/pause").status == 200);

    const auto names = [&](const std::string& query) {
        std::string all;
        const json body = f.body_of(f.get("/jobs" + query));
        for (const json& job : body.at("jobs"))
            all += (all.empty() ? "" : ", ") + job.at("name").get<std::string>();
        return all;
    };
    CHECK(names("") == "Gamma, Beta report, Alpha report");
    CHECK(names("?sort=name") == "Alpha report, Beta report, Gamma");
    CHECK(names("?sort=next_run") == "Gamma, Beta report, Alpha report");
    CHECK(names("?status=paused") == "Alpha report");
    CHECK(names("?q=REPORT") == "Beta report, Alpha report");
    CHECK(names("?q=beta+rep") == "Beta report");
    CHECK(names("?q=beta%20rep") == "Beta report");
    CHECK(names("?action_type=other") == "Gamma");
    CHECK(names("?limit=1&offset=1") == "Beta report");
    const json page = f.body_of(f.get("/jobs?status=active&limit=1"));
    CHECK(page.at("total") == 2);
    CHECK(page.at("limit") == 1);
    CHECK(page.at("offset") == 0);
    CHECK(page.at("next").is_string());
    CHECK(f.body_of(f.get("/jobs?status=active&limit=2")).at("next").is_null());
    const std::vector<std::pair<std::string, int>> totals{{"", 3}, {"?q=report&limit=1", 2}, {"?action_type=other", 1}};
    for (const auto& [query, total] : totals) {
        INFO(query);
        const json counted = f.body_of(f.get("/jobs" + query));
        CHECK(counted.at("total") == total);
        CHECK(counted.at("total_capped") == false);
    }
}

TEST_CASE("rest: jobs that fail are listed, and how the last runs of each have ended") {
    ApiFixture f;
    const std::string good = f.new_job("good");
    const std::string bad = f.new_job("bad");
    static_cast<void>(f.ended_run(good));
    std::vector<std::string> runs;
    for (const JobRunStatus end : {JobRunStatus::completed, JobRunStatus::failed})
        runs.push_back(f.execute(f.job_of(bad), end).id.str());
    CHECK(f.post("/jobs/" + bad + "/trigger").status == 202);
    const json page = f.body_of(f.get("/jobs?failing=true&include=strip"));
    CHECK(page.at("total") == 1);
    REQUIRE(page.at("jobs").size() == 1);
    const json strip = page.at("jobs").at(0).at("strip");
    REQUIRE(strip.size() == 2);
    CHECK(strip.at(0).at("id") == runs[0]);
    CHECK(strip.at(1) == json({{"id", runs[1]},
                               {"status", "failed"},
                               {"scheduled_for", "2026-03-02T08:00:00Z"},
                               {"duration_ms", nullptr}}));
    CHECK(f.body_of(f.get("/jobs?failing=false")).at("jobs").at(0).at("id") == good);
    CHECK_FALSE(f.body_of(f.get("/jobs")).at("jobs").at(0).contains("strip"));
    CHECK(f.outcome(f.get("/jobs?failing=1")) == "400 bad_parameter");
    CHECK(f.outcome(f.get("/jobs?include=all")) == "400 bad_parameter");
}

TEST_CASE("rest: a job is triggered, its runs are listed, read, cancelled and repeated") {
    ApiFixture f;
    const std::string id = f.new_job();
    const HttpResponse triggered = f.post("/jobs/" + id + "/trigger");
    CHECK(triggered.status == 202);
    const json run = f.body_of(triggered);
    const std::string run_id = run.at("id");
    CHECK(run.at("trigger") == "manual");
    CHECK(triggered.header("Location") == api_base + "/runs/" + run_id);
    CHECK(f.body_of(f.get("/runs/" + run_id)) == run);
    CHECK(f.outcome(f.post("/runs/" + run_id + "/retry")) == "409 invalid_state");

    const HttpResponse cancelled = f.post("/runs/" + run_id + "/cancel", {{"reason", "too early"}});
    CHECK(cancelled.status == 200);
    CHECK(f.body_of(cancelled).at("status") == "cancelled");
    CHECK(f.outcome(f.post("/runs/" + run_id + "/cancel")) == "409 invalid_state");

    const HttpResponse retried = f.post("/runs/" + run_id + "/retry");
    CHECK(retried.status == 202);
    CHECK(f.body_of(retried).at("retry_of") == run_id);
    const json runs = f.body_of(f.get("/jobs/" + id + "/runs")).at("runs");
    CHECK(runs.size() == 2);
    CHECK(runs.at(1) == f.body_of(cancelled));
    CHECK(f.body_of(f.get("/jobs/" + id + "/runs?status=cancelled")).at("runs").size() == 1);

    CHECK(f.send("DELETE", "/jobs/" + id).status == 204);
    CHECK(f.body_of(f.get("/jobs/" + id + "/runs")).at("runs").size() == 2);
    CHECK(f.body_of(f.get("/jobs/" + id + "/runs?status=running")).at("runs").empty());
    CHECK(f.outcome(f.post("/runs/" + run_id + "/retry")) == "409 invalid_state");
    CHECK(f.outcome(f.post("/jobs/" + id + "/trigger")) == "404 not_found");
}

TEST_CASE("rest: runs are listed and counted across jobs, by every filter") {
    ApiFixture f;
    const std::string one = f.new_job("One");
    const std::string two = f.new_job("Two");
    const std::string done = f.ended_run(one);
    f.clock->advance(1h);
    const std::string cancelled = f.body_of(f.post("/jobs/" + two + "/trigger")).at("id");
    static_cast<void>(f.post("/runs/" + cancelled + "/cancel"));
    const std::string waiting = f.body_of(f.post("/jobs/" + one + "/trigger")).at("id");
    const std::string later = carillon::to_rfc3339(f.clock->now());
    const auto list = [&](const std::string& query, const std::string& path = "/runs") {
        const json body = f.body_of(f.get(path + query));
        CHECK(body.at("total_capped") == false);
        std::string ids;
        for (const json& run : body.at("runs"))
            ids += run.at("id") == done ? 'd' : run.at("id") == waiting ? 'w' : 'c';
        return ids + std::to_string(body.at("total").get<int>());
    };
    CHECK(list("") == "wcd3");
    CHECK(list("?limit=1&offset=1") == "c3");
    CHECK(list("?status=cancelled") == "c1");
    CHECK(list("?reason=requested") == "c1");
    CHECK(list("?reason=misfired") == "0");
    CHECK(list("?job_id=" + one) == "wd2");
    CHECK(list("?action_type=test&status=pending") == "w1");
    CHECK(list("?action_type=other") == "0");
    CHECK(list("?from=" + later) == "wc2");
    CHECK(list("?to=" + later) == "d1");
    CHECK(list("?status=completed&to=" + later, "/jobs/" + one + "/runs") == "d1");
    CHECK(list("?reason=requested", "/jobs/" + one + "/runs") == "0");
    CHECK(f.outcome(f.get("/runs?reason=")) == "400 bad_parameter");
    CHECK(f.outcome(f.get("/runs?job_id=x")) == "400 bad_parameter");
    CHECK(f.outcome(f.get("/runs?from=" + later + "&to=2026-01-01T00:00:00Z")) == "400 bad_parameter");
}

TEST_CASE("rest: a key makes one run, by whichever verb") {
    ApiFixture f;
    const std::string id = f.new_job();
    const std::string ended = f.ended_run(id);
    const auto with_key = [&](const std::string& path, const std::string& key) {
        HttpRequest request = f.request("POST", path);
        request.headers.add("Idempotency-Key", key);
        return f.send(request);
    };
    const std::string trigger = "/jobs/" + id + "/trigger";
    const std::string retry = "/runs/" + ended + "/retry";
    const HttpResponse first = with_key(trigger, "a");
    CHECK(first.header("Idempotency-Replayed").empty());
    const HttpResponse second = with_key(trigger, "a");
    CHECK(second.status == 202);
    CHECK(second.header("Idempotency-Replayed") == "true");
    CHECK(second.body == first.body);
    CHECK(f.outcome(with_key(retry, "a")) == "409 idempotency_key_reused");

    const HttpResponse third = with_key(retry, "b");
    const HttpResponse fourth = with_key(retry, "b");
    CHECK(third.status == 202);
    CHECK(fourth.body == third.body);
    CHECK(fourth.header("Idempotency-Replayed") == "true");
    CHECK(f.outcome(with_key(trigger, "b")) == "409 idempotency_key_reused");
    CHECK(f.runs(f.job_of(id)).size() == 3);
}

TEST_CASE("rest: what is ahead of a job is told on its clock on the wall") {
    ApiFixture f;
    json spec = report_spec();
    spec["time_zone"] = "Europe/Paris";
    spec["schedule"] = "30 2 * * *";
    const std::string id = f.body_of(f.post("/jobs", spec)).at("id");
    f.go_to("2026-03-28T00:00:00Z");
    const json body = f.body_of(f.get("/jobs/" + id + "/upcoming?n=3"));
    const json& all = body.at("occurrences");
    REQUIRE(all.size() == 3);
    CHECK(all[0].at("at") == "2026-03-28T01:30:00Z");
    CHECK(all[0].at("local") == "2026-03-28 02:30");
    CHECK(all[0].at("offset") == "+01:00");
    CHECK(all[0].at("abbr") == "CET");
    CHECK(all[0].at("notes").empty());
    CHECK(all[1].at("local") == "2026-03-29 03:00");
    CHECK(all[1].at("offset") == "+02:00");
    CHECK(all[1].at("notes").at(0).at("code") == "moved");
    CHECK(all[1].at("notes").at(1).at("text") == "clocks have changed from UTC+01:00 to UTC+02:00");
    CHECK(all[2].at("notes").empty());
}

TEST_CASE("rest: an occurrence is explained") {
    ApiFixture f;
    const std::string id = f.new_job();
    const json ahead = f.body_of(f.get("/jobs/" + id + "/explain?at=2026-03-03T09:00:00Z"));
    CHECK(ahead.at("verdict") == "ahead");
    CHECK(ahead.at("run").is_null());
    const json none = f.body_of(f.get("/jobs/" + id + "/explain?at=2026-03-03T10:00:00Z"));
    CHECK(none.at("verdict") == "no_occurrence");
    CHECK(none.at("previous") == "2026-03-03T09:00:00Z");
    CHECK(none.at("next") == "2026-03-04T09:00:00Z");
    CHECK_FALSE(none.at("text").get<std::string>().empty());
    f.go_to("2026-03-02T09:00:01Z");
    f.materialise();
    const json pending = f.body_of(f.get("/jobs/" + id + "/explain?at=2026-03-02T09:00:00Z"));
    CHECK(pending.at("verdict") == "pending");
    CHECK(pending.at("run").at("status") == "pending");
}

TEST_CASE("rest: the numbers of a tenant come with a tag, and once more only when they have changed") {
    ApiFixture f;
    const std::string id = f.new_job();
    static_cast<void>(f.execute(f.job_of(id), JobRunStatus::failed));
    const HttpResponse first = f.get("/stats");
    CHECK(first.status == 200);
    const json stats = f.body_of(first);
    CHECK(stats.at("jobs") == json({{"active", 1}, {"paused", 0}, {"disabled", 0}, {"completed", 0}}));
    CHECK(stats.at("running") == 0);
    CHECK(stats.at("due") == 1);
    CHECK(stats.at("failed_24h") == 1);
    CHECK(stats.at("minutes").at(59) == json({{"minute", "2026-03-02T08:00:00Z"}, {"ok", 0}, {"bad", 1}}));
    CHECK(stats.at("attention").at(0).at("id") == id);
    CHECK(stats.at("workers") == json::parse(R"([{"worker":"w","started":false,"active":0,"ok":true}])"));
    HttpRequest again = f.request("GET", "/stats");
    again.headers.add("If-None-Match", "\"other\", W/" + std::string(first.header("ETag")));
    const HttpResponse same = f.send(again);
    CHECK(same.status == 304);
    CHECK(same.body.empty());
    CHECK(same.header("ETag") == first.header("ETag"));
    CHECK(f.post("/jobs/" + id + "/pause").status == 200);
    CHECK(f.send(again).status == 200);
}

TEST_CASE("rest: a job is told day by day") {
    ApiFixture f;
    const std::string path = "/jobs/" + f.new_job() + "/calendar?from=2026-03-02T00:00:00Z&to=";
    static_cast<void>(f.ended_run(path.substr(6, 36)));
    CHECK(f.body_of(f.get(path + "2026-03-03T00:00:00Z&tz=Asia/Tokyo")) == json::parse(R"({"days":[{"day":"2026-03-02",
        "completed":1,"failed":0,"timed_out":0,"cancelled":0,"skipped":{},"p50_ms":null}],"partial_before":null,
        "time_zone":"Asia/Tokyo"})"));
    CHECK(f.outcome(f.get(path + "2027-03-09T00:00:00Z")) == "400 bad_parameter");
    CHECK(f.outcome(f.get(path + "2026-03-03T00:00:00Z&tz=Mars/Phobos")) == "400 bad_parameter");
}

TEST_CASE("rest: what would run is told, with how much of it when") {
    ApiFixture f;
    const std::string id = f.new_job();
    const json day = f.body_of(f.get("/what-would-run?from=2026-03-02T00:00:00Z&to=2026-03-05T00:00:00Z"));
    REQUIRE(day.at("occurrences").size() == 3);
    CHECK(day.at("occurrences").at(0) ==
          json({{"at", "2026-03-02T09:00:00Z"}, {"job_id", id}, {"job_name", "Report"}, {"action_type", "test"}}));
    CHECK(day.at("truncated") == false);
    CHECK(day.at("buckets").size() == 60);
    CHECK(day.at("buckets").at(7) == 1);
    const json one = f.body_of(f.get("/what-would-run?from=2026-03-02T00:00:00Z&to=2026-03-05T00:00:00Z&limit=1"));
    CHECK(one.at("occurrences").size() == 1);
    CHECK(one.at("truncated") == true);
    CHECK(f.outcome(f.get("/what-would-run?from=2026-03-02T00:00:00Z&to=2026-04-02T00:00:01Z")) == "400 bad_parameter");
    CHECK(f.outcome(f.get("/what-would-run?from=2026-03-02T00:00:01Z&to=2026-03-02T00:00:00Z")) == "400 bad_parameter");
    CHECK(f.outcome(f.get("/what-would-run?from=2026-03-02T00:00:00Z")) == "400 bad_parameter");
}

TEST_CASE("rest: the audit is listed, by actor, verb and job") {
    ApiFixture f;
    const std::string first = f.new_job("one");
    const std::string second = f.new_job("two");
    CHECK(f.send("POST", "/jobs/" + second + "/pause", writer, {{"reason", "why not"}}).status == 200);
    const auto verbs = [&](const std::string& query) {
        std::string all;
        const json body = f.body_of(f.get("/audit" + query));
        for (const json& event : body.at("events"))
            all += (all.empty() ? "" : ", ") + event.at("verb").get<std::string>();
        return all;
    };
    CHECK(verbs("") == "job.paused, job.created, job.created");
    CHECK(verbs("?actor=writer") == "job.paused");
    CHECK(verbs("?verb=job.created") == "job.created, job.created");
    CHECK(verbs("?job_id=" + first) == "job.created");
    CHECK(f.body_of(f.get("/audit?limit=1")).at("events").at(0).at("reason") == "why not");
    f.clock->advance(1h);
    HttpRequest named = f.request("DELETE", "/jobs/" + first);
    named.headers.add("X-Request-Id", "r-7");
    named.target.insert(0, "/carillon");
    CHECK(f.send(named).status == 204);
    CHECK(verbs("?request_id=r-7") == "job.deleted");
    CHECK(verbs("?via=dashboard") == "job.deleted");
    CHECK(verbs("?via=api&verb=job.paused") == "job.paused");
    CHECK(verbs("?from=2026-03-02T09:00:00Z") == "job.deleted");
    CHECK(verbs("?to=2026-03-02T09:00:00Z&actor=writer") == "job.paused");
    CHECK(verbs("?batch=none").empty());
    CHECK(f.events.back().request_id == "r-7");
    CHECK(f.outcome(f.get("/audit?from=2026-03-02T09:00:00Z&to=2026-03-02T08:00:00Z")) == "400 bad_parameter");
}

TEST_CASE("rest: health is told to anyone, and no more than that") {
    std::vector<Health> workers(2);
    ApiFixture f([&](RestApiOptions& options) {
        options.health = [&] {
            return workers;
        };
    });
    const HttpResponse well = f.get("/health", nobody);
    CHECK(well.status == 200);
    CHECK(well.body == R"({"status":"ok"})");
    workers[1].storage_error = "password of the database is wrong";
    const HttpResponse failing = f.get("/health", nobody);
    CHECK(failing.status == 503);
    CHECK(failing.body == R"({"status":"failing"})");
}

TEST_CASE("rest: metrics are for those who may read what is about all tenants") {
    ApiFixture f;
    const HttpResponse response = f.get("/metrics", scraper);
    CHECK(response.status == 200);
    CHECK(response.header("Content-Type") == "text/plain; version=0.0.4");
    CHECK(response.body == "# metrics\n");
    CHECK(f.outcome(f.get("/metrics", alice)) == "403 forbidden");
}

TEST_CASE("rest: a host that has no health, no metrics and no events has no such routes") {
    ApiFixture f([](RestApiOptions& options) {
        options.health = {};
        options.metrics = {};
        options.events = {};
    });
    CHECK(f.outcome(f.get("/health", nobody)) == "404 not_found");
    CHECK(f.outcome(f.get("/metrics", scraper)) == "404 not_found");
    CHECK(f.outcome(f.get("/events")) == "404 not_found");
    CHECK_FALSE(json::parse(f.api->openapi()).at("paths").contains("/health"));
}

TEST_CASE("rest: HEAD is GET without the body") {
    ApiFixture f;
    const std::string id = f.new_job();
    const HttpResponse got = f.get("/jobs/" + id);
    const HttpResponse head = f.send("HEAD", "/jobs/" + id);
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.header("ETag") == got.header("ETag"));
    CHECK(head.header("Content-Type") == got.header("Content-Type"));
    CHECK(f.send("HEAD", "/jobs/" + missing_id).status == 404);
    CHECK(f.send("HEAD", "/jobs/" + missing_id).body.empty());
    CHECK(f.send("HEAD", "/describe").status == 405);
}

TEST_CASE("rest: every answer tells the time of the scheduler's clock") {
    ApiFixture f;
    CHECK(f.get("/jobs").header("Date") == "Mon, 02 Mar 2026 08:00:00 GMT");
    CHECK(f.get("/nothing").header("Date") == "Mon, 02 Mar 2026 08:00:00 GMT");
    CHECK(detail::http_date(at("1994-11-06T08:49:37.999Z")) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(detail::http_date(at("2028-02-29T23:59:59Z")) == "Tue, 29 Feb 2028 23:59:59 GMT");
    CHECK(detail::http_date(at("1969-12-31T23:59:59.5Z")) == "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST_CASE("rest: an explanation says which fields of the expression the clock on the wall is in") {
    ApiFixture f;
    const auto fields_at = [&](const json& change, const std::string& at) {
        json spec = report_spec();
        spec.update(change);
        const std::string id = ApiFixture::body_of(f.post("/jobs", spec)).at("id");
        const json answer = f.body_of(f.get("/jobs/" + id + "/explain?at=" + at));
        std::string text;
        for (const json& one : answer.at("fields"))
            text += one.at("field").get<std::string>() + " " + one.at("text").get<std::string>() +
                    (one.at("matched") == true ? " +; " : " -; ");
        return text;
    };
    // A Monday, 10:30 in Paris.
    const std::string at = "2026-03-02T09:30:00Z";
    CHECK(fields_at({{"schedule", "30 10 * * 1-5"}, {"time_zone", "Europe/Paris"}}, at) ==
          "minute 30 +; hour 10 +; day_of_month * +; month * +; day_of_week MON-FRI +; ");
    CHECK(fields_at({{"schedule", "30 9 15 4 SUN"}, {"time_zone", "Europe/Paris"}}, at) ==
          "minute 30 +; hour 9 -; day_of_month 15 -; month 4 -; day_of_week SUN -; ");
    CHECK(fields_at({{"schedule", "TZ=Europe/Paris 0 * * * *"}, {"dialect", "extended"}}, at) ==
          "minute 0 -; hour * +; day_of_month * +; month * +; day_of_week * +; ");
    CHECK(fields_at({{"schedule", "0 30 10 ? * MON 2027"}, {"dialect", "quartz"}, {"time_zone", "Europe/Paris"}}, at) ==
          "second 0 +; minute 30 +; hour 10 +; day_of_month ? +; month * +; day_of_week MON +; year 2027 -; ");
    CHECK(fields_at({{"schedule", "cron(30 9 ? * TUE *)"}, {"dialect", "eventbridge"}}, at) ==
          "minute 30 +; hour 9 +; day_of_month ? +; month * +; day_of_week TUE -; year * +; ");
    CHECK(fields_at({{"schedule", "@every 90s"}}, at).empty());
    CHECK(fields_at({{"schedule", "0 9 * * * | 0 18 * * *"}}, at).empty());
}
