// SPDX-License-Identifier: MIT
// http/events_test.cpp - a stream says what has changed: soon, briefly, to those whom it concerns, and whoever missed
// something is told so.
#include "carillon/http/event_hub.hpp"
#include "carillon/worker/worker.hpp"

#include "http/fixture.hpp"

#include <algorithm>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace support;

namespace {

struct StreamEvent {
    std::string name;
    std::string id;
    json data;
};

/// What a text of server-sent events says; comments are events named ":".
std::vector<StreamEvent> events_in(const std::string& text) {
    std::vector<StreamEvent> events;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = text.find("\n\n", from);
        REQUIRE(end != text.npos);
        StreamEvent event;
        for (std::size_t line = from; line <= end;) {
            const std::size_t next = text.find('\n', line);
            const std::string one = text.substr(line, next - line);
            if (one.starts_with(":")) event.name = ":";
            if (one.starts_with("id: ")) event.id = one.substr(4);
            if (one.starts_with("event: ")) event.name = one.substr(7);
            if (one.starts_with("data: ")) event.data = json::parse(one.substr(6));
            line = next + 1;
        }
        events.push_back(event);
        from = end + 2;
    }
    return events;
}

struct EventsFixture : ApiFixture {
    using ApiFixture::ApiFixture;

    [[nodiscard]] std::shared_ptr<HttpStream>
    open(const std::string& query = "", const std::string& token = alice, const std::string& last_id = "") {
        HttpRequest wish = request("GET", "/events" + query, token);
        if (!last_id.empty()) wish.headers.add("Last-Event-ID", last_id);
        const HttpResponse response = send(wish);
        REQUIRE(response.status == 200);
        REQUIRE(response.stream);
        return response.stream;
    }
    /// A stream that has said hello, and the numbers.
    [[nodiscard]] std::shared_ptr<HttpStream> listening(const std::string& query = "",
                                                        const std::string& token = alice) {
        auto stream = open(query, token);
        (void)heard(*stream);
        clock->advance(2s);
        (void)heard(*stream);
        return stream;
    }
    /// All that the stream has to say now.
    [[nodiscard]] static std::vector<StreamEvent> heard(HttpStream& stream) {
        std::string text;
        for (auto piece = stream.next(0s); piece && !piece->empty(); piece = stream.next(0s))
            text += *piece;
        return events_in(text);
    }
    [[nodiscard]] static std::vector<StreamEvent> heard(HttpStream& stream, const std::string& name) {
        auto events = heard(stream);
        std::erase_if(events, [&](const StreamEvent& event) { return event.name != name; });
        return events;
    }
    [[nodiscard]] static bool has_ended(HttpStream& stream) { return !stream.next(0s); }

    void run_started(const std::string& job, const RunId& run, const std::string& tenant = "acme") const {
        hub->on_event("w", RunStarted{{run, JobId::parse(job).value(), tenant, "test", 1}, 0s});
    }
    [[nodiscard]] RunId new_run_id() const { return RunId(Uuid::next(now())); }
};

std::string names_of(const std::vector<StreamEvent>& events) {
    std::string names;
    for (const StreamEvent& event : events)
        names += (names.empty() ? "" : " ") + event.name;
    return names;
}

} // namespace

TEST_CASE("events: a stream says hello, with the time and a place to come back to") {
    EventsFixture f;
    const HttpResponse response = f.get("/events");
    CHECK(response.header("Content-Type") == "text/event-stream");
    CHECK(response.header("Cache-Control") == "no-store");
    CHECK(response.header("X-Accel-Buffering") == "no");
    CHECK(response.body.empty());
    REQUIRE(response.stream);
    const auto piece = response.stream->next(0s);
    REQUIRE(piece);
    CHECK(piece->starts_with("retry: 3000\n"));
    const auto events = events_in(*piece);
    REQUIRE(!events.empty());
    CHECK(events.front().name == "hello");
    CHECK(events.front().data.at("server_time") == "2026-03-02T08:00:00Z");
    CHECK(events.front().id == events.front().data.at("epoch").get<std::string>() + "-0");
    CHECK(response.stream->next(0s) == "");
}

TEST_CASE("events: what a caller changes is announced within a quarter of a second, once for many changes") {
    EventsFixture f;
    const auto stream = f.listening();
    const std::string first = f.new_job("A");
    const std::string second = f.new_job("B");
    CHECK(f.post("/jobs/" + first + "/pause").status == 200);
    f.clock->advance(249ms);
    CHECK(f.heard(*stream).empty());
    f.clock->advance(1ms);
    const auto events = f.heard(*stream);
    REQUIRE(names_of(events) == "jobs");
    CHECK(events[0].data.at("ids") == json({first, second}));
    CHECK(events[0].data.at("reason") == "several");
    CHECK(f.post("/jobs/" + first + "/resume").status == 200);
    f.clock->advance(250ms);
    const auto again = f.heard(*stream, "jobs");
    REQUIRE(again.size() == 1);
    CHECK(again[0].data.at("ids") == json({first}));
    CHECK(again[0].data.at("reason") == "job.resumed");
}

TEST_CASE("events: a triggered run is announced with its job") {
    EventsFixture f;
    const std::string job = f.new_job();
    const auto stream = f.listening();
    const std::string run = f.body_of(f.post("/jobs/" + job + "/trigger")).at("id");
    f.clock->advance(250ms);
    const auto events = f.heard(*stream);
    REQUIRE(names_of(events) == "jobs runs");
    CHECK(events[1].data == json({{"ids", {run}}, {"job_ids", {job}}}));
}

TEST_CASE("events: what a worker does is announced: runs, skipped occurrences and jobs that the system halts") {
    EventsFixture f;
    const auto stream = f.listening();
    auto options = WorkerOptions{.name = "w", .listeners = {f.hub}};
    options.report = [](const std::string&) {
    };
    Worker<> worker(f.scheduler, options);
    worker.handle("test", [](RunContext&) { throw PermanentFailure("no"); });
    JobSpec spec = daily();
    spec.policies.pause_after_failures = 1;
    const std::string job = f.scheduler.create_job("acme", spec).id.str();
    f.go_to("2026-03-02T09:00:00Z");
    while (worker.poll() != 0) {
    }
    f.clock->advance(250ms);
    (void)f.heard(*stream);
    f.clock->advance(250ms);
    (void)f.heard(*stream);
    CHECK(f.job_of(job).status == JobStatus::paused);

    f.hub->on_event("w", OccurrencesSkipped{JobId::parse(job).value(), "acme", "test", RunReason::misfired, {}, {}, 3});
    f.clock->advance(250ms);
    const auto skipped = f.heard(*stream, "runs");
    REQUIRE(skipped.size() == 1);
    CHECK(skipped[0].data == json({{"ids", json::array()}, {"job_ids", {job}}}));

    f.hub->on_event("w", JobHalted{JobId::parse(job).value(), "acme", JobStatus::disabled, "no such zone"});
    f.clock->advance(250ms);
    const auto halted = f.heard(*stream, "jobs");
    REQUIRE(halted.size() == 1);
    CHECK(halted[0].data == json({{"ids", {job}}, {"reason", "disabled"}}));
}

TEST_CASE("events: a hundred thousand runs are announced as one is") {
    EventsFixture f;
    const std::string job = f.new_job();
    const auto stream = f.listening();
    for (int i = 0; i < 200; ++i)
        f.run_started(job, f.new_run_id());
    f.clock->advance(250ms);
    const auto some = f.heard(*stream, "runs");
    REQUIRE(some.size() == 1);
    CHECK(some[0].data.at("ids").size() == 200);
    CHECK(some[0].data.at("job_ids") == json({job}));
    for (int i = 0; i < 100'000; ++i)
        f.run_started(job, f.new_run_id());
    f.clock->advance(250ms);
    const auto many = f.heard(*stream, "runs");
    REQUIRE(many.size() == 1);
    CHECK(many[0].data == json({{"all", true}, {"job_ids", {job}}}));
}

TEST_CASE("events: nothing is heard of another tenant") {
    EventsFixture f;
    const auto stream = f.listening("", gus);
    const std::string job = f.new_job();
    f.run_started(job, f.new_run_id());
    for (int i = 0; i < 20; ++i) {
        f.clock->advance(250ms);
        for (const StreamEvent& event : f.heard(*stream)) {
            INFO(event.name);
            CHECK(event.name != "jobs");
            CHECK(event.name != "runs");
        }
    }
    HttpRequest wish = f.request("GET", "/events?job=" + job, gus);
    CHECK(f.outcome(f.send(wish)) == "404 not_found");
    CHECK(f.outcome(f.get("/events?job=" + missing_id, gus)) == "404 not_found");
    CHECK(f.outcome(f.get("/events?run=" + f.ended_run(job), gus)) == "404 not_found");
    CHECK(f.outcome(f.get("/events?run=what", gus)) == "404 not_found");
    CHECK(f.outcome(f.get("/events?what=1", gus)) == "400 bad_parameter");
}

TEST_CASE("events: the numbers are told when they have changed, once a second at most") {
    EventsFixture f;
    const std::string job = f.new_job();
    const auto stream = f.open();
    (void)f.heard(*stream);
    f.clock->advance(2s);
    const auto first = f.heard(*stream, "stats");
    REQUIRE(first.size() == 1);
    CHECK(first[0].data.at("running") == 0);
    CHECK(first[0].data.at("minute").at("ok") == 0);
    CHECK(first[0].data.size() == 5);
    f.clock->advance(10s);
    CHECK(f.heard(*stream, "stats").empty()); // as they were
    (void)f.ended_run(job);
    f.clock->advance(999ms);
    CHECK(f.heard(*stream, "stats").empty());
    f.clock->advance(1ms);
    const auto changed = f.heard(*stream, "stats");
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].data.at("minute").at("ok") == 1);
}

TEST_CASE("events: what another process does on the same storage is noticed by its traces") {
    EventsFixture f;
    const std::string job = f.new_job();
    const auto stream = f.listening();
    SchedulerFacade<> elsewhere{f.storage, {.clock = f.clock}};
    const auto run = elsewhere.trigger_job(JobId::parse(job).value(), "acme").value();
    REQUIRE(f.claim().size() == 1);
    f.clock->advance(2s);
    (void)f.heard(*stream, "");
    f.clock->advance(250ms);
    const auto events = f.heard(*stream);
    REQUIRE(names_of(events) == "jobs runs");
    CHECK(events[0].data == json({{"all", true}, {"reason", "elsewhere"}}));
    CHECK(events[1].data == json({{"all", true}}));
    f.clock->advance(4s);
    CHECK(f.heard(*stream).empty());
}

TEST_CASE("events: that time passes is no news of another process") {
    EventsFixture f;
    (void)f.new_job();
    const auto stream = f.listening();
    for (int minute = 0; minute < 90; ++minute) { // the job comes within an hour, and is overdue
        f.clock->advance(1min);
        for (const StreamEvent& event : f.heard(*stream))
            CHECK((event.name == "stats" || event.name == ":"));
    }
}

TEST_CASE("events: two streams of a tenant hear the same, and the numbers are read once for both") {
    EventsFixture f;
    const auto first = f.listening();
    const auto second = f.listening("", reader);
    CHECK(f.hub->streams() == 2);
    (void)f.heard(*first);
    (void)f.new_job();
    f.clock->advance(1s);
    const auto one = f.heard(*first);
    const auto other = f.heard(*second);
    CHECK(names_of(one) == "stats jobs");
    REQUIRE(names_of(other) == names_of(one));
    for (std::size_t i = 0; i < one.size(); ++i) {
        CHECK(one[i].id == other[i].id);
        CHECK(one[i].data == other[i].data);
    }
}

TEST_CASE("events: a job or a run that is watched is sent itself whenever something becomes of it") {
    EventsFixture f;
    const std::string job = f.new_job();
    const std::string other = f.new_job("Other");
    const std::string run = f.body_of(f.post("/jobs/" + job + "/trigger")).at("id");
    const auto of_job = f.listening("?job=" + job);
    const auto of_run = f.listening("?run=" + run);
    (void)f.heard(*of_job);
    CHECK(f.post("/jobs/" + other + "/pause").status == 200);
    f.clock->advance(250ms);
    CHECK(names_of(f.heard(*of_job)) == "jobs");
    CHECK(names_of(f.heard(*of_run)) == "jobs");
    CHECK(f.post("/runs/" + run + "/cancel").status == 200);
    f.clock->advance(250ms);
    const auto job_events = f.heard(*of_job, "job");
    const auto run_events = f.heard(*of_run, "run");
    REQUIRE(job_events.size() == 1);
    CHECK(job_events[0].data.at("job").at("id") == job);
    REQUIRE(run_events.size() == 1);
    CHECK(run_events[0].data.at("run").at("status") == "cancelled");
    CHECK(run_events[0].id.empty());
}

TEST_CASE("events: whoever comes back is told what it has missed") {
    EventsFixture f;
    auto stream = f.listening();
    const std::string job = f.new_job();
    f.clock->advance(250ms);
    const std::string last = f.heard(*stream, "jobs").at(0).id;
    stream.reset();
    CHECK(f.hub->streams() == 0);
    CHECK(f.post("/jobs/" + job + "/pause").status == 200);
    f.clock->advance(59s);
    const auto back = f.open("", alice, last);
    const auto missed = f.heard(*back);
    REQUIRE(!missed.empty());
    CHECK(missed[0].name == "hello");
    CHECK(missed[0].id == last);
    CHECK(std::count_if(missed.begin(), missed.end(), [](const auto& event) { return event.name == "reset"; }) == 0);
    const auto jobs =
        std::find_if(missed.begin(), missed.end(), [](const auto& event) { return event.name == "jobs"; });
    REQUIRE(jobs != missed.end());
    CHECK(jobs->data == json({{"ids", {job}}, {"reason", "job.paused"}}));
}

TEST_CASE("events: whoever has missed what nobody knows any longer is told to load everything again") {
    EventsFixture f;
    auto stream = f.listening();
    const std::string job = f.new_job();
    f.clock->advance(250ms);
    const std::string last = f.heard(*stream, "jobs").at(0).id;
    const std::string epoch = last.substr(0, last.rfind('-'));
    const auto first_two = [&](const std::string& id) {
        auto events = f.heard(*f.open("", alice, id));
        events.resize(2);
        return names_of(events);
    };
    CHECK(first_two(missing_id + "-1") == "hello reset");
    CHECK(first_two(epoch + "-99") == "hello reset");
    CHECK(first_two(epoch + "-") == "hello reset");
    CHECK(first_two(epoch) == "hello reset");
    CHECK(first_two(std::string(4'000, '9')) == "hello reset");
    CHECK(first_two(last) != "hello reset");

    stream.reset();
    f.clock->advance(60s);
    CHECK(first_two(last) == "hello reset"); // forgotten
}

TEST_CASE("events: a client that does not keep up is told to load everything again, and costs no memory") {
    EventsFixture f;
    const std::string job = f.new_job();
    const auto slow = f.listening();
    const auto quick = f.listening();
    (void)f.heard(*slow);
    for (int i = 0; i < 40; ++i) { // some 8 KiB each
        for (int n = 0; n < 200; ++n)
            f.run_started(job, f.new_run_id());
        f.clock->advance(250ms);
        CHECK(names_of(f.heard(*quick, "reset")).empty());
    }
    const auto events = f.heard(*slow);
    CHECK(names_of(events) == "reset");
    (void)f.new_job("B");
    f.clock->advance(250ms);
    CHECK(names_of(f.heard(*slow, "jobs")) == "jobs");
}

TEST_CASE("events: a connection with nothing to say says so every 15 seconds") {
    EventsFixture f;
    const auto stream = f.listening();
    f.clock->advance(14s);
    CHECK(f.heard(*stream).empty());
    f.clock->advance(1s);
    CHECK(names_of(f.heard(*stream)) == ":");
    f.clock->advance(14s);
    CHECK(f.heard(*stream).empty());
    f.clock->advance(1s);
    CHECK(names_of(f.heard(*stream)) == ":");
}

TEST_CASE("events: a permission that is withdrawn ends the stream within a minute") {
    enum class Now { fine, gone, another_actor, no_read };
    for (const Now what : {Now::gone, Now::another_actor, Now::no_read}) {
        auto now = std::make_shared<Now>(Now::fine);
        EventsFixture f([&](RestApiOptions& options) {
            options.authenticate = [now](const HttpRequest& request) -> std::optional<Principal> {
                if (request.headers.find("Authorization") == nullptr || *now == Now::gone) return std::nullopt;
                Principal principal{{"acme", *now == Now::another_actor ? "bob" : "alice"}, {}};
                principal.permissions.read = *now != Now::no_read;
                return principal;
            };
        });
        const auto stream = f.listening();
        f.clock->advance(1min);
        CHECK(names_of(f.heard(*stream, "bye")).empty());
        *now = what;
        f.clock->advance(59s);
        CHECK(names_of(f.heard(*stream, "bye")).empty());
        f.clock->advance(1s);
        const auto last = f.heard(*stream);
        REQUIRE(!last.empty());
        CHECK(last.back().name == "bye");
        CHECK(last.back().data == json({{"reason", "expired"}}));
        CHECK(f.has_ended(*stream));
    }
}

TEST_CASE("events: a stream that is closed says goodbye at once, and nothing after it") {
    EventsFixture f;
    const auto stream = f.listening();
    (void)f.new_job();
    stream->close();
    f.clock->advance(1s);
    const auto last = f.heard(*stream);
    REQUIRE(names_of(last) == "bye");
    CHECK(last[0].data == json({{"reason", "shutdown"}}));
    CHECK(f.has_ended(*stream));
}

TEST_CASE("events: a stream wakes up for a change, and for its end", "[concurrent]") {
    EventsFixture f;
    const auto stream = f.listening();
    const auto listen = [&] {
        return std::async(std::launch::async, [&] {
            const auto piece = stream->next(1h);
            return piece ? names_of(events_in(*piece)) : "none";
        });
    };
    const auto asleep = [&] {
        while (f.clock->sleepers() == 0)
            std::this_thread::yield();
    };
    auto heard = listen();
    asleep();
    (void)f.new_job(); // wakes it, so that it waits for less
    asleep();
    while (heard.wait_for(0s) != std::future_status::ready)
        f.clock->advance(1ms);
    CHECK(heard.get().find("jobs") != std::string::npos);
    (void)f.heard(*stream); // the clock has gone on meanwhile
    heard = listen();
    asleep();
    stream->close();
    CHECK(heard.get() == "bye");
}

TEST_CASE("events: a storage that does not answer spoils no stream") {
    EventsFixture f;
    auto options = f.api->options();
    options.health = []() -> std::vector<Health> {
        throw Error(Errc::unavailable, "away");
    };
    RestApi<> api(f.scheduler, options);
    const auto response = api.handle(f.request("GET", "/events"));
    REQUIRE(response.stream);
    (void)f.heard(*response.stream);
    f.clock->advance(2s);
    CHECK(f.heard(*response.stream).empty());
    (void)f.new_job();
    f.clock->advance(250ms);
    CHECK(names_of(f.heard(*response.stream)) == "jobs");
}

TEST_CASE("events: a host's function that throws anything ends the stream, and nothing else") {
    EventsFixture f;
    bool throws = false;
    auto options = f.api->options();
    options.authenticate = [&](const HttpRequest& request) {
        if (throws) throw 1;
        return known_tokens()(request);
    };
    RestApi<> api(f.scheduler, options);
    const auto stream = api.handle(f.request("GET", "/events")).stream;
    (void)f.heard(*stream);
    throws = true;
    f.clock->advance(1min);
    CHECK(f.has_ended(*stream));
}

TEST_CASE("events: another site's page cannot listen with what the browser remembers") {
    EventsFixture f;
    const auto outcome = [&](HttpHeaders headers) {
        HttpRequest wish;
        wish.target = "/carillon" + api_base + "/events";
        wish.headers = std::move(headers);
        wish.headers.add("Host", "localhost:8080");
        return f.outcome(f.send(wish));
    };
    const std::string cookie = "carillon_session=" + alice;
    CHECK(outcome({{"Cookie", cookie}, {"Sec-Fetch-Site", "same-origin"}}) == "200");
    CHECK(outcome({{"Cookie", cookie}, {"Origin", "http://localhost:8080"}}) == "200");
    CHECK(outcome({{"Authorization", "Bearer " + alice}}) == "200");
    CHECK(outcome({{"Cookie", cookie}, {"Sec-Fetch-Site", "cross-site"}}) == "403 csrf");
    CHECK(outcome({{"Cookie", cookie}, {"Sec-Fetch-Site", "same-site"}}) == "403 csrf");
    CHECK(outcome({{"Cookie", cookie}, {"Origin", "https://evil.example"}}) == "403 csrf");
    CHECK(outcome({{"Cookie", cookie}}) == "403 csrf");
    CHECK(f.hub->streams() == 0); // none was kept
}

TEST_CASE("events: HEAD opens no stream") {
    EventsFixture f;
    const HttpResponse head = f.send("HEAD", "/events");
    CHECK(head.status == 200);
    CHECK(head.header("Content-Type") == "text/event-stream");
    CHECK(!head.stream);
    CHECK(f.hub->streams() == 0);
}

TEST_CASE("events: a hub without a clock is not made") {
    CHECK(code_of([] { EventHub hub(nullptr); }) == Errc::required);
}
