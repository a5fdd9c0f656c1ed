// SPDX-License-Identifier: MIT
// http/httplib_server_test.cpp - the API through real sockets: with cpp-httplib's client, and with bytes of our own.
#include "carillon/http/httplib_server.hpp"

#include "http/fixture.hpp"
#include "http/raw_client.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace support;

namespace {

struct ServerFixture : ApiFixture {
    HttplibServer server;
    std::mutex handling; // the log of the API's fixture is for one thread

    explicit ServerFixture(HttplibServerOptions options = {.threads = 4, .keep_alive = 1s})
        : server(
              [this](const HttpRequest& to_handle) {
                  const std::lock_guard lock(handling);
                  return api->handle(to_handle);
              },
              options) {
        server.start();
        // What Debian's cpp-httplib sets up once is set up before there are several clients: the thread sanitizer does
        // not see how the library guards it.
        (void)client().Get("/");
        const std::lock_guard lock(handling);
        log.clear();
    }

    [[nodiscard]] httplib::Client client(const std::string& token = alice) const {
        httplib::Client client("127.0.0.1", server.port());
        client.set_default_headers({{"Authorization", "Bearer " + token}});
        return client;
    }
    /// What comes back for these bytes, until the server closes the connection or nothing more comes.
    [[nodiscard]] std::string raw(const std::string& bytes) const { return raw_exchange(server.port(), bytes); }
};

std::size_t answers_in(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = text.find("HTTP/1.1 "); at != text.npos; at = text.find("HTTP/1.1 ", at + 1))
        ++count;
    return count;
}

const std::string credentials = "Host: localhost\r\nAuthorization: Bearer " + alice + "\r\n";

} // namespace

TEST_CASE("httplib server: a job is created, changed and deleted by a real client", "[concurrent]") {
    ServerFixture f;
    auto client = f.client();
    const auto created = client.Post(api_base + "/jobs", report_spec().dump(), "application/json");
    REQUIRE(created);
    CHECK(created->status == 201);
    CHECK(created->get_header_value("ETag") == "\"1\"");
    const std::string id = json::parse(created->body).at("id");
    CHECK(created->get_header_value("Location") == api_base + "/jobs/" + id);

    const auto read = client.Get(api_base + "/jobs/" + id);
    REQUIRE(read);
    CHECK(read->body == created->body);
    const auto head_only = client.Head(api_base + "/jobs/" + id);
    REQUIRE(head_only);
    CHECK(head_only->status == 200);
    CHECK(head_only->body.empty());
    const httplib::Headers stale{{"If-Match", "\"9\""}, {"Authorization", "Bearer " + alice}};
    const auto conflict = client.Put(api_base + "/jobs/" + id, stale, R"({"name":"x"})", "application/json");
    REQUIRE(conflict);
    CHECK(conflict->status == 412);
    const auto changed = client.Put(api_base + "/jobs/" + id, R"({"name":"x"})", "application/json");
    REQUIRE(changed);
    CHECK(changed->status == 200);
    const auto triggered = client.Post(api_base + "/jobs/" + id + "/trigger");
    REQUIRE(triggered);
    CHECK(triggered->status == 202);
    const auto deleted = client.Delete(api_base + "/jobs/" + id);
    REQUIRE(deleted);
    CHECK(deleted->status == 204);
    CHECK(deleted->body.empty());
    const auto gone = client.Get(api_base + "/jobs/" + id);
    REQUIRE(gone);
    CHECK(gone->status == 404);
    CHECK(gone->get_header_value("Content-Type") == "application/problem+json");
    CHECK(gone->get_header_value_count("Content-Security-Policy") == 1);
    CHECK(gone->get_header_value_count("Cache-Control") == 1);
}

TEST_CASE("httplib server: who asks is seen by the API, and nobody pretends to be another address", "[concurrent]") {
    ServerFixture f;
    auto client = f.client();
    const httplib::Headers pretending{{"REMOTE_ADDR", "10.9.8.7"}, {"Authorization", "Bearer " + alice}};
    REQUIRE(client.Get(api_base + "/jobs", pretending));
    f.server.stop();
    CHECK(f.log.back().remote == "127.0.0.1");
}

TEST_CASE("httplib server: methods that the API does not have are answered by the API", "[concurrent]") {
    ServerFixture f;
    const std::string path = api_base + "/jobs";
    for (const std::string method : {"OPTIONS", "TRACE", "PATCH", "CONNECT"}) {
        INFO(method);
        const std::string answer =
            f.raw(method + " " + path + " HTTP/1.1\r\n" + credentials + "Connection: close\r\n\r\n");
        CHECK(answer.starts_with("HTTP/1.1 405"));
        CHECK(answer.find("Allow: POST, GET, HEAD") != answer.npos);
        CHECK(answer.find(alice) == answer.npos);
    }
    CHECK(f.raw("BREW " + path + " HTTP/1.1\r\n" + credentials + "\r\n").starts_with("HTTP/1.1 400"));
}

TEST_CASE("httplib server: a request that ends in two places is refused, and nothing behind it is read",
          "[concurrent]") {
    ServerFixture f;
    const std::string post =
        "POST " + api_base + "/describe HTTP/1.1\r\n" + credentials + "Content-Type: application/json\r\n";
    const std::string smuggled = "GET " + api_base + "/jobs HTTP/1.1\r\n" + credentials + "\r\n";
    const std::vector<std::string> attacks{
        post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
        post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX" + smuggled,
        post + "Content-Length: 0\r\nContent-Length: 60\r\n\r\n" + smuggled,
        post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
        post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled,
        post + "Content-Length: +0\r\n\r\n" + smuggled,
        "GET " + api_base + "/jobs HTTP/1.1\r\n" + credentials + "Content-Length: 60\r\n\r\n" + smuggled,
        "GET " + api_base + "/jobs HTTP/1.1\r\n" + credentials + "Range: bytes=0-,0-,0-\r\n\r\n" + smuggled,
    };
    for (const std::string& attack : attacks) {
        INFO(attack);
        const std::string answer = f.raw(attack);
        CHECK(answer.starts_with("HTTP/1.1 400"));
        CHECK(answers_in(answer) == 1);
        CHECK(answer.find("Connection: close") != answer.npos);
        CHECK(answer.find("\"jobs\"") == answer.npos);
    }
    f.server.stop();
    CHECK(f.log.empty());
}

TEST_CASE("httplib server: a connection serves one request after another, and a body that comes in chunks",
          "[concurrent]") {
    ServerFixture f;
    auto client = f.client();
    client.set_keep_alive(true);
    const std::string body = R"({"schedule":"@daily"})";
    for (int i = 0; i < 3; ++i) {
        const auto described = client.Post(api_base + "/describe", body, "application/json");
        REQUIRE(described);
        CHECK(described->status == 200);
        CHECK(described->get_header_value("Connection") != "close");
    }
    const std::string answer = f.raw("POST " + api_base + "/describe HTTP/1.1\r\n" + credentials +
                                     "Content-Type: application/json\r\nConnection: close\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\n5\r\n" +
                                     body.substr(0, 5) + "\r\n10\r\n" + body.substr(5) + "\r\n0\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200"));
    CHECK(answer.find("\"ok\":true") != answer.npos);
}

TEST_CASE("httplib server: a body that is too large is refused by its length, and by its bytes where it has none",
          "[concurrent]") {
    ServerFixture f;
    const std::string post =
        "POST " + api_base + "/jobs HTTP/1.1\r\n" + credentials + "Content-Type: application/json\r\n";
    const std::string announced = f.raw(post + "Content-Length: 1073741824\r\n\r\n{");
    CHECK(announced.starts_with("HTTP/1.1 413"));
    CHECK(announced.find("\"code\":\"too_large\"") != announced.npos);
    std::string chunks;
    for (int i = 0; i < 20; ++i)
        chunks += "4000\r\n" + std::string(0x4000, ' ') + "\r\n";
    CHECK(f.raw(post + "Transfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n").starts_with("HTTP/1.1 413"));
    CHECK(f.raw(post + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n").starts_with("HTTP/1.1 400"));
    const std::string parts = f.raw("POST " + api_base + "/jobs HTTP/1.1\r\n" + credentials +
                                    "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3\r\n\r\n--x");
    CHECK(parts.starts_with("HTTP/1.1 415"));
    auto client = f.client();
    const auto plain = client.Post(api_base + "/jobs", report_spec().dump(), "text/plain");
    REQUIRE(plain);
    CHECK(plain->status == 415);
}

TEST_CASE("httplib server: many clients at once are served, each with its own answer", "[concurrent]") {
    ServerFixture f;
    std::vector<std::future<int>> clients;
    for (int i = 0; i < 8; ++i)
        clients.push_back(std::async(std::launch::async, [&f, i] {
            auto client = f.client(i % 2 == 0 ? alice : gus);
            int good = 0;
            for (int k = 0; k < 5; ++k) {
                json spec = report_spec();
                spec["name"] = std::to_string(i) + "/" + std::to_string(k);
                const auto answer = client.Post(api_base + "/jobs", spec.dump(), "application/json");
                if (answer && answer->status == 201 && json::parse(answer->body).at("name") == spec["name"]) ++good;
            }
            return good;
        }));
    for (auto& client : clients)
        CHECK(client.get() == 5);
    CHECK(f.scheduler.count_jobs("acme") == 20);
    CHECK(f.scheduler.count_jobs("globex") == 20);
}

TEST_CASE("httplib server: stopping answers what has begun, and takes nothing more", "[concurrent]") {
    std::promise<void> entered;
    std::promise<void> leave;
    HttplibServer server(
        [&](const HttpRequest&) {
            entered.set_value();
            leave.get_future().wait();
            return HttpResponse{200, {{"Content-Type", "text/plain"}}, "done"};
        },
        {.threads = 2, .keep_alive = 1s});
    server.start();
    CHECK(server.url() == "http://127.0.0.1:" + std::to_string(server.port()));
    auto answer = std::async(std::launch::async, [&] {
        httplib::Client client("127.0.0.1", server.port());
        const auto got = client.Get("/");
        return got ? got->body : "none";
    });
    entered.get_future().wait();
    auto stopped = std::async(std::launch::async, [&] { server.stop(); });
    leave.set_value();
    stopped.wait();
    CHECK(answer.get() == "done");
    CHECK_FALSE(httplib::Client("127.0.0.1", server.port()).Get("/"));
    server.stop();
    CHECK(code_of([&] { server.start(); }) == Errc::invalid_state);
}

TEST_CASE("httplib server: a port that another has is not to be had, and a handler may throw", "[concurrent]") {
    HttplibServer first([](const HttpRequest&) -> HttpResponse { throw 1; }, {.threads = 1, .keep_alive = 1s});
    first.start();
    const auto answer = httplib::Client("127.0.0.1", first.port()).Get("/");
    REQUIRE(answer);
    CHECK(answer->status == 500);
    CHECK(answer->get_header_value("X-Frame-Options") == "DENY");
    CHECK(code_of([] { HttplibServer none({}); }) == Errc::required);
    CHECK(code_of([] { HttplibServer none([](const HttpRequest&) { return HttpResponse{}; }, {.threads = 0}); }) ==
          Errc::out_of_range);
    HttplibServer nowhere([](const HttpRequest&) { return HttpResponse{}; }, {.host = "192.0.2.1"});
    CHECK(code_of([&] { nowhere.start(); }) == Errc::unavailable);
}

TEST_CASE("httplib server: a stream goes on until the server stops, and then says goodbye", "[concurrent]") {
    ServerFixture f({.threads = 4, .keep_alive = 1s});
    std::string text;
    std::promise<void> greeted;
    std::promise<void> announced;
    auto listening = std::async(std::launch::async, [&] {
        auto client = f.client();
        bool said_hello = false;
        bool said_jobs = false;
        return static_cast<bool>(client.Get(api_base + "/events", [&](const char* data, std::size_t size) {
            text.append(data, size);
            if (!said_hello && text.find("event: hello") != text.npos) greeted.set_value(), said_hello = true;
            if (!said_jobs && text.find("event: jobs") != text.npos) announced.set_value(), said_jobs = true;
            return true;
        }));
    });
    greeted.get_future().wait();
    CHECK(f.hub->streams() == 1);
    REQUIRE(f.client().Post(api_base + "/jobs", report_spec().dump(), "application/json")->status == 201);
    auto heard = announced.get_future();
    while (heard.wait_for(0s) != std::future_status::ready)
        f.clock->advance(10ms);
    f.server.stop();
    CHECK(listening.get());
    CHECK(text.ends_with("event: bye\ndata: {\"reason\":\"shutdown\"}\n\n"));
    CHECK(f.hub->streams() == 0);
}

TEST_CASE("httplib server: no more streams than half of its threads, and who has left makes room", "[concurrent]") {
    ServerFixture f({.threads = 5, .keep_alive = 1s, .streams = 2});
    std::promise<void> greeted[2];
    std::atomic<bool> leave = false;
    std::vector<std::future<void>> listening;
    for (auto& one : greeted)
        listening.push_back(std::async(std::launch::async, [&] {
            bool said = false;
            (void)f.client().Get(api_base + "/events", [&](const char*, std::size_t) {
                if (!std::exchange(said, true)) one.set_value();
                return !leave.load();
            });
        }));
    for (auto& one : greeted)
        one.get_future().wait();
    const auto refused = f.client().Get(api_base + "/events", httplib::Headers{{"X-Request-Id", "third"}});
    REQUIRE(refused);
    CHECK(refused->status == 503);
    CHECK(refused->get_header_value("Retry-After") == "10");
    CHECK(json::parse(refused->body).at("code") == "unavailable");
    CHECK(refused->get_header_value("X-Request-Id") == "third");
    CHECK(f.client().Get(api_base + "/jobs")->status == 200);
    leave = true;
    while (f.hub->streams() != 0)
        f.clock->advance(1s); // they hear a comment, and go
    for (auto& one : listening)
        one.wait();
    int status = 0;
    (void)f.client().Get(
        api_base + "/events",
        [&](const httplib::Response& response) {
            status = response.status;
            return false;
        },
        [](const char*, std::size_t) { return false; });
    CHECK(status == 200);
}

TEST_CASE("httplib server: clients that stop in the middle are left after the time limit, and hold nobody up",
          "[concurrent]") {
    ServerFixture f({.threads = 4, .timeout = 1s, .keep_alive = 1s});
    const RawConnection half_a_head(f.server.port());
    half_a_head.send("GET " + api_base + "/jobs HTTP/1.1\r\nHost: loc");
    const RawConnection half_a_body(f.server.port());
    half_a_body.send("POST " + api_base + "/describe HTTP/1.1\r\n" + credentials +
                     "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"schedule\":");
    CHECK(f.client().Get(api_base + "/jobs")->status == 200);
    CHECK(half_a_body.receive_all().starts_with("HTTP/1.1 400"));
    const std::string end = half_a_head.receive_all();
    CHECK((end.empty() || end.starts_with("HTTP/1.1 400")));
    CHECK(f.scheduler.count_jobs("acme") == 0);
}

TEST_CASE("httplib server: a connection that is closed for one half does no harm", "[concurrent]") {
    ServerFixture f;
    const RawConnection connection(f.server.port());
    connection.send("GET " + api_base + "/session HTTP/1.1\r\n" + credentials + "Connection: close\r\n\r\n");
    connection.shut_down_sending();
    const std::string answer = connection.receive_all(); // cpp-httplib takes such a client for gone, if it notices
    CHECK((answer.empty() || answer.starts_with("HTTP/1.1 404")));
    CHECK(f.client().Get(api_base + "/jobs")->status == 200);
}

namespace {

/// Has always something more to say; tells when it is gone.
struct EndlessStream final : HttpStream {
    std::atomic<int>& gone;

    explicit EndlessStream(std::atomic<int>& counter)
        : gone(counter) {}
    ~EndlessStream() override { ++gone; }
    std::optional<std::string> next(Duration) override { return std::string(64 * 1'024, 'x'); }
    void close() override {}
};

} // namespace

TEST_CASE("httplib server: a client that does not read its stream is left, and makes room", "[concurrent]") {
    std::atomic<int> gone = 0;
    HttplibServer server(
        [&](const HttpRequest&) {
            auto stream = std::make_shared<EndlessStream>(gone);
            return HttpResponse{.headers = {{"Content-Type", "text/plain"}}, .stream = std::move(stream)};
        },
        {.threads = 2, .timeout = 1s, .keep_alive = 1s});
    server.start();
    const RawConnection deaf(server.port());
    deaf.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(!deaf.receive().empty());
    while (gone == 0) // no longer than the time limit for a write
        std::this_thread::yield();
    const RawConnection next(server.port());
    next.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(next.receive().starts_with("HTTP/1.1 200"));
}

TEST_CASE("httplib server: two hundred wishes for a stream leave the API with its threads", "[concurrent]") {
    ServerFixture f({.threads = 8, .timeout = 1s, .keep_alive = 1s});
    std::vector<std::unique_ptr<RawConnection>> connections;
    std::size_t streams = 0;
    std::size_t refused = 0;
    for (int i = 0; i < 200; ++i) {
        connections.push_back(std::make_unique<RawConnection>(f.server.port()));
        connections.back()->send("GET " + api_base + "/events HTTP/1.1\r\n" + credentials + "\r\n");
        const std::string head = connections.back()->receive();
        streams += head.starts_with("HTTP/1.1 200") ? 1 : 0;
        refused += head.starts_with("HTTP/1.1 503") ? 1 : 0;
        if (head.starts_with("HTTP/1.1 503")) connections.pop_back();
    }
    CHECK(streams == 4);
    CHECK(refused == 196);
    CHECK(f.client().Get(api_base + "/jobs")->status == 200);
}
