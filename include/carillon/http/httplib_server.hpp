// SPDX-License-Identifier: MIT
// http/httplib_server.hpp - serves a REST API through cpp-httplib.
//
//   RestApi api{scheduler, {.authenticate = bearer_tokens({...})}};
//   HttplibServer server{[&](const HttpRequest& request) { return api.handle(request); }, {.port = 8080}};
//   server.start();                                      // http://127.0.0.1:8080; the destructor stops it
//
// Speaks plain HTTP to this machine, unless told otherwise. Whoever serves others puts a proxy in front that speaks TLS
// and limits how long and how large the head of a request may be: cpp-httplib reads each head as a whole, with a time
// limit for each of its reads and none for all of them.
//
// Link carillon::http. Needs cpp-httplib 0.11 or later (Debian: libcpp-httplib-dev).
#pragma once

#include "carillon/error.hpp"
#include "carillon/http/detail/framing.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/http/http_message.hpp"
#include "carillon/http/rest_api_options.hpp"
#include "carillon/http/security_headers.hpp"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace carillon {

struct HttplibServerOptions {
    /// The address to listen at. Another one than this machine's own is for a host that knows who can reach it.
    std::string host = "127.0.0.1";
    /// 0: any that is free.
    int port = 0;
    /// So many connections are served at a time; others wait.
    std::size_t threads = 16;
    /// For one read of a request, and for one write of a response.
    std::chrono::seconds timeout{5};
    /// How long a connection may be idle between two requests. Stopping waits for it.
    std::chrono::seconds keep_alive{5};
    /// Those of the API. The body's is checked before the body is read.
    HttpLimits limits = {};
    /// So many streams are open at a time, each on a thread of its own: no more than this, and than half of `threads`.
    /// Others are answered 503, with Retry-After.
    std::size_t streams = 16;
};

namespace detail {

/// The streams that a server has open. Thread-safe.
class OpenStreams {
public:
    explicit OpenStreams(std::size_t most)
        : most_(most) {}

    /// False where there are too many, or the server stops.
    [[nodiscard]] bool enter(const std::shared_ptr<HttpStream>& stream) {
        const std::lock_guard lock(mutex_);
        if (closed_ || streams_.size() >= most_) return false;
        streams_.push_back(stream);
        return true;
    }
    void leave(const std::shared_ptr<HttpStream>& stream) {
        const std::lock_guard lock(mutex_);
        std::erase(streams_, stream);
        if (streams_.empty()) none_left_.notify_all();
    }
    /// Lets no more in, and waits until the last one has gone.
    void close() {
        std::unique_lock lock(mutex_);
        closed_ = true;
        for (const auto& stream : streams_)
            stream->close();
        none_left_.wait(lock, [this] { return streams_.empty(); });
    }

private:
    const std::size_t most_;
    std::mutex mutex_;
    std::condition_variable none_left_;
    std::vector<std::shared_ptr<HttpStream>> streams_;
    bool closed_ = false;
};

} // namespace detail

/// A server with threads of its own. Its handler is called by any of them, and outlives it with all that it refers to.
class HttplibServer {
public:
    using Handler = std::function<HttpResponse(const HttpRequest&)>;

    HttplibServer(Handler handler, HttplibServerOptions options = {});
    ~HttplibServer() { stop(); }
    HttplibServer(const HttplibServer&) = delete;
    HttplibServer& operator=(const HttplibServer&) = delete;

    /// Listens from now on. Throws Error{unavailable} where the address or the port cannot be had, {invalid_state}
    /// where it was started before.
    void start();
    /// Takes no more connections, and returns when the requests that have begun are answered and the streams have said
    /// goodbye. Idempotent. Not from the handler: it would wait for itself.
    void stop();

    /// 0 before it is started.
    [[nodiscard]] int port() const noexcept { return port_; }
    /// "http://127.0.0.1:8080".
    [[nodiscard]] std::string url() const;

private:
    using Answer = httplib::Server::HandlerResponse;

    void set_up();
    [[nodiscard]] Answer answer_head(const httplib::Request& request, httplib::Response& response) const;
    void answer_with_body(const httplib::Request& request,
                          httplib::Response& response,
                          const httplib::ContentReader& read) const;
    void answer(const HttpRequest& request, httplib::Response& response) const;
    [[nodiscard]] HttpResponse handled(const HttpRequest& request) const;

    Handler handler_;
    HttplibServerOptions options_;
    std::shared_ptr<detail::OpenStreams> streams_;
    httplib::Server server_;
    std::thread thread_;
    int port_ = 0;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// What cpp-httplib adds to the fields of a request. A client that sends them itself is not heard.
inline constexpr std::array<std::string_view, 4> httplib_fields{
    "REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT"};

[[nodiscard]] inline HttpRequest request_of(const httplib::Request& in) {
    HttpRequest request;
    request.method = in.method;
    request.target = in.target;
    request.remote = in.remote_addr;
    for (const auto& [name, value] : in.headers)
        if (std::find(httplib_fields.begin(), httplib_fields.end(), name) == httplib_fields.end())
            request.headers.add(name, value);
    return request;
}

/// The type of the content; the other fields go to `out`.
[[nodiscard]] inline std::string write_head(const HttpResponse& response, httplib::Response& out) {
    std::string type;
    out.status = response.status;
    out.headers.clear(); // the defaults are for what the server says of its own
    for (const auto& field : response.headers) {
        if (same_http_name(field.name, "Content-Type"))
            type = field.value;
        else
            out.set_header(field.name, field.value);
    }
    return type;
}

inline void write_response(HttpResponse response, httplib::Response& out) {
    const std::string type = write_head(response, out);
    if (!type.empty()) out.set_content(response.body, type);
}

/// The response, and the end of the connection: what the client has sent besides is not read. A provider that fails
/// after it has written all of the response is how cpp-httplib is told so.
inline void write_last_response(const HttpResponse& response, httplib::Response& out) {
    const std::string type = write_head(response, out);
    out.set_header("Connection", "close");
    out.set_chunked_content_provider(type, [body = response.body](std::size_t, httplib::DataSink& sink) {
        sink.write(body.data(), body.size());
        sink.done();
        return false;
    });
}

/// Sends a stream's pieces until it ends, the client is gone, or a write takes too long.
inline void
write_stream(const HttpResponse& response, const std::shared_ptr<OpenStreams>& open, httplib::Response& out) {
    const std::string type = write_head(response, out);
    const auto send = [stream = response.stream](std::size_t, httplib::DataSink& sink) {
        auto piece = stream->next(std::chrono::seconds{1}); // then cpp-httplib looks whether the client is still there
        for (; piece && !piece->empty(); piece = stream->next(Duration{0}))
            if (!sink.write(piece->data(), piece->size())) return false;
        if (!piece) sink.done();
        return true;
    };
    out.set_chunked_content_provider(type, send, [open, stream = response.stream](bool) { open->leave(stream); });
}

[[nodiscard]] inline HttpResponse refusal_by_server(const Problem& problem, std::string_view request_id = "") {
    HttpResponse response = response_of(problem, std::string(request_id));
    response.headers.set("Cache-Control", "no-store");
    add_security_headers(response.headers);
    return response;
}

[[nodiscard]] inline HttpResponse refusal_of_stream(const HttpResponse& refused) {
    Problem problem(ProblemCode::unavailable, "as many streams are open as this server allows");
    problem.headers.set("Retry-After", "10");
    HttpResponse response = refusal_by_server(problem, refused.header("X-Request-Id"));
    response.headers.set("X-Request-Id", std::string(refused.header("X-Request-Id")));
    return response;
}

} // namespace detail

inline HttplibServer::HttplibServer(Handler handler, HttplibServerOptions options)
    : handler_(std::move(handler))
    , options_(std::move(options))
    , streams_(std::make_shared<detail::OpenStreams>(std::min(options_.streams, options_.threads / 2))) {
    if (!handler_) throw Error(Errc::required, "handler: must not be empty", "handler");
    if (options_.threads == 0) throw Error(Errc::out_of_range, "threads: expected 1 or more, saw 0", "threads");
    set_up();
}

inline void HttplibServer::set_up() {
    server_.new_task_queue = [threads = options_.threads] {
        return new httplib::ThreadPool(threads); // the server deletes it
    };
    server_.set_tcp_nodelay(true);
    server_.set_read_timeout(options_.timeout.count());
    server_.set_write_timeout(options_.timeout.count());
    server_.set_keep_alive_timeout(options_.keep_alive.count());
    server_.set_keep_alive_max_count(1'000);
    httplib::Headers defaults{{"Cache-Control", "no-store"}};
    for (const auto& [name, value] : detail::security_header_table)
        defaults.emplace(name, value);
    server_.set_default_headers(std::move(defaults));
    server_.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
        return answer_head(request, response);
    });
    const auto with_body =
        [this](const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& read) {
            answer_with_body(request, response, read);
        };
    const char* const any_path = ".*";
    server_.Post(any_path, httplib::Server::HandlerWithContentReader(with_body));
    server_.Put(any_path, httplib::Server::HandlerWithContentReader(with_body));
    server_.Patch(any_path, httplib::Server::HandlerWithContentReader(with_body));
    server_.Delete(any_path, httplib::Server::HandlerWithContentReader(with_body));
}

inline void HttplibServer::start() {
    if (thread_.joinable() || port_ != 0) throw Error(Errc::invalid_state, "the server was started before");
    const int port = options_.port == 0                                   ? server_.bind_to_any_port(options_.host)
                     : server_.bind_to_port(options_.host, options_.port) ? options_.port
                                                                          : -1;
    if (port < 0)
        throw Error(Errc::unavailable,
                    "cannot listen at " + options_.host + ":" + std::to_string(options_.port) +
                        "; another program may have that port");
    port_ = port;
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) // stop() before that would be lost
        std::this_thread::yield();
}

inline void HttplibServer::stop() {
    if (!thread_.joinable()) return;
    streams_->close();
    server_.stop();
    thread_.join();
}

inline std::string HttplibServer::url() const {
    const bool is_v6 = options_.host.find(':') != options_.host.npos;
    return "http://" + (is_v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(port_);
}

inline HttpResponse HttplibServer::handled(const HttpRequest& request) const {
    try {
        return handler_(request);
    } catch (...) {
        return detail::refusal_by_server(detail::Problem(detail::ProblemCode::internal, ""));
    }
}

inline void HttplibServer::answer(const HttpRequest& request, httplib::Response& response) const {
    HttpResponse answer = handled(request);
    if (!answer.stream) return detail::write_response(std::move(answer), response);
    if (!streams_->enter(answer.stream)) return detail::write_response(detail::refusal_of_stream(answer), response);
    detail::write_stream(answer, streams_, response);
}

/// Answers what has no body, and what must not be read on.
inline auto HttplibServer::answer_head(const httplib::Request& request, httplib::Response& response) const -> Answer {
    const HttpRequest head = detail::request_of(request);
    try {
        if (detail::has_body(head, options_.limits)) return Answer::Unhandled;
        answer(head, response);
    } catch (const detail::Problem& problem) {
        detail::write_last_response(detail::refusal_by_server(problem), response);
    }
    return Answer::Handled;
}

inline void HttplibServer::answer_with_body(const httplib::Request& request,
                                            httplib::Response& response,
                                            const httplib::ContentReader& read) const {
    HttpRequest whole = detail::request_of(request);
    bool too_large = false;
    const bool is_whole = read([&](const char* data, std::size_t size) {
        too_large = whole.body.size() + size > options_.limits.body_bytes;
        if (!too_large) whole.body.append(data, size);
        return !too_large;
    });
    if (is_whole) return answer(whole, response);
    detail::write_last_response(detail::refusal_by_server(detail::Problem(too_large ? detail::ProblemCode::too_large
                                                                                    : detail::ProblemCode::bad_request,
                                                                          "the body cannot be read to its end")),
                                response);
}

} // namespace carillon
