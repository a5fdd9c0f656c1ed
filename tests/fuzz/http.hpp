// SPDX-License-Identifier: MIT
// fuzz/http.hpp - what holds for any request to the REST API and to the pages in front of it.
#pragma once

#include "carillon/http/dashboard.hpp"
#include "carillon/http/detail/framing.hpp"
#include "carillon/http/event_hub.hpp"
#include "carillon/http/rest_api.hpp"
#include "carillon/testing/manual_clock.hpp"

#include "fuzz/property.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace fuzz {

/// A fresh service with a job and a run, whose ids are what `{job}` and `{run}` in an input stand for.
struct HttpService {
    std::shared_ptr<carillon::testing::ManualClock> clock = std::make_shared<carillon::testing::ManualClock>();
    carillon::SchedulerFacade<> scheduler{{.clock = clock}};
    carillon::RestApi<> api{scheduler, options()};
    carillon::Dashboard dashboard{api};
    std::string job;
    std::string run;

    HttpService() {
        const auto created =
            scheduler.create_job("acme", {.name = "a", .schedule = "@hourly", .action = {{"type", "t"}}});
        job = created.id.str();
        run = scheduler.trigger_job(created.id, "acme")->id.str();
    }

    [[nodiscard]] carillon::RestApiOptions options() const {
        carillon::RestApiOptions options;
        options.authenticate = [](const carillon::HttpRequest& request) -> std::optional<carillon::Principal> {
            if (request.headers.find("Authorization") == nullptr) return std::nullopt;
            return carillon::Principal{{"acme", "fuzzer"}, {.write = true, .trigger = true}};
        };
        options.mount = "/m";
        options.clock = clock;
        options.events = std::make_shared<carillon::EventHub>(clock);
        return options;
    }
};

inline void replace_all(std::string& text, std::string_view from, const std::string& to) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

/// "METHOD TARGET", lines of "Name: value", an empty line, the body. `~` at the start of a target stands for the base
/// of the API. There is a token unless a line says otherwise.
[[nodiscard]] inline carillon::HttpRequest read_request(std::string text, const HttpService& service) {
    replace_all(text, "{job}", service.job);
    replace_all(text, "{run}", service.run);
    carillon::HttpRequest request;
    const std::size_t gap = text.find("\n\n");
    if (gap != text.npos) request.body = text.substr(gap + 2);
    const auto lines = carillon::detail::split(std::string_view(text).substr(0, gap), '\n');
    const std::size_t blank = lines[0].find(' ');
    request.method = lines[0].substr(0, blank);
    request.target = blank == std::string_view::npos ? "" : lines[0].substr(blank + 1);
    if (request.target.starts_with('~')) request.target.replace(0, 1, "/api/v1/scheduler");
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const std::size_t colon = lines[i].find(": ");
        if (colon == std::string_view::npos) continue;
        request.headers.add(std::string(lines[i].substr(0, colon)), std::string(lines[i].substr(colon + 2)));
    }
    for (const auto& [name, value] : {std::pair{"Host", "localhost"},
                                      std::pair{"Authorization", "Bearer t"},
                                      std::pair{"Content-Type", "application/json"}})
        if (request.headers.find(name) == nullptr) request.headers.add(name, value);
    return request;
}

/// What it says at once, and half a minute later.
inline void check_stream(carillon::HttpStream& stream, carillon::testing::ManualClock& clock) {
    for (int i = 0; i < 3; ++i) {
        const auto piece = stream.next(carillon::Duration{0});
        require(piece.has_value(), "a stream goes on");
        require(piece->empty() || piece->ends_with("\n\n"), "its events are whole");
        clock.advance(std::chrono::seconds{15});
    }
    stream.close();
    require(stream.next(carillon::Duration{0}).has_value(), "it says goodbye");
    require(!stream.next(carillon::Duration{0}), "and nothing after it");
}

inline void check_response(const carillon::HttpResponse& response) {
    require(response.status >= 200 && response.status < 500, "an answer, or a refusal that is the caller's to mend");
    const bool is_page = response.header("Content-Type").starts_with("text/") || response.status / 100 == 3 ||
                         response.header("Content-Type") == "image/svg+xml";
    require(response.header("Cache-Control") == "no-store" || is_page, "nobody stores it");
    require(response.body.size() < 4'000'000, "the answer has an end");
    for (const auto& field : response.headers)
        require(carillon::detail::is_field_value(field.value), "a header field is one line");
    if (response.body.empty() || is_page) return;
    require(nlohmann::json::accept(response.body), "the body is JSON");
    if (response.status >= 400)
        require(nlohmann::json::parse(response.body).value("status", 0) == response.status, "a problem has its status");
}

/// Reads the zones of support::TestZones.
inline void http(std::string_view bytes) {
    HttpService service;
    const carillon::HttpRequest request = read_request(std::string(bytes), service);
    try {
        static_cast<void>(carillon::detail::has_body(request, {}));
    } catch (const carillon::detail::Problem&) {
        // A server would not have handed it over; the API has to bear it all the same.
    }
    const std::size_t jobs = service.scheduler.count_jobs("acme");
    const carillon::HttpResponse response = service.dashboard.handle(request);
    check_response(response);
    if (response.stream) check_stream(*response.stream, *service.clock);
    check_response(service.dashboard.handle(request)); // once more: what the first one has left does no harm
    require(service.scheduler.count_jobs("acme") <= jobs + 2, "a request makes one job at most");
    require(service.scheduler.count_jobs("globex") == 0, "and none for others");
}

} // namespace fuzz
