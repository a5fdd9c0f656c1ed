// SPDX-License-Identifier: MIT
// http/fixture.hpp - a REST API on a clock that stands still, and clients of two tenants.
#pragma once

#include "carillon/http/event_hub.hpp"
#include "carillon/http/rest_api.hpp"

#include "scheduler_facade/fixture.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

using nlohmann::json;

/// May do everything for acme but read metrics; may look; may change; may start; may read metrics; works for globex.
inline const std::string alice = "alice-0123456789abcdef";
inline const std::string reader = "reader-0123456789abcdef";
inline const std::string writer = "writer-0123456789abcdef";
inline const std::string starter = "starter-0123456789abcdef";
inline const std::string scraper = "scraper-0123456789abcdef";
inline const std::string gus = "gus-0123456789abcdef";
inline const std::string nobody = "";

inline const std::string api_base = "/api/v1/scheduler";

[[nodiscard]] inline Authenticate known_tokens() {
    const Permissions none{.read = false};
    Permissions write = none;
    Permissions trigger = none;
    Permissions metrics = none;
    write.write = trigger.trigger = metrics.metrics = true;
    return bearer_tokens({{alice, {{"acme", "alice"}, {.write = true, .trigger = true}}},
                          {reader, {{"acme", "reader"}, {}}},
                          {writer, {{"acme", "writer"}, write}},
                          {starter, {{"acme", "starter"}, trigger}},
                          {scraper, {{"acme", "scraper"}, metrics}},
                          {gus, {{"globex", "gus"}, {.write = true, .trigger = true}}}});
}

[[nodiscard]] inline json report_spec() {
    return {{"name", "Report"}, {"schedule", "0 9 * * *"}, {"action", {{"type", "test"}}}};
}

struct ApiFixture : FacadeFixture {
    std::vector<HttpLogEntry> log;
    std::shared_ptr<EventHub> hub = std::make_shared<EventHub>(clock);
    std::unique_ptr<RestApi<>> api;

    explicit ApiFixture(const std::function<void(RestApiOptions&)>& adjust = {}) {
        RestApiOptions options;
        options.authenticate = known_tokens();
        options.mount = "/carillon";
        options.clock = clock;
        options.rates = {.reads = {}, .writes = {}, .describe = {}};
        options.health = [] {
            return std::vector<Health>{{.worker = "w"}};
        };
        options.metrics = [] {
            return std::string("# metrics\n");
        };
        options.events = hub;
        scheduler.add_audit_sink([hub = hub](const AuditEvent& event) { hub->on_audit(event); });
        options.log = [this](const HttpLogEntry& entry) {
            log.push_back(entry);
        };
        if (adjust) adjust(options);
        api = std::make_unique<RestApi<>>(scheduler, options);
    }

    /// A request below the base of the API, with a body where one is given.
    [[nodiscard]] HttpRequest request(std::string method,
                                      const std::string& path,
                                      const std::string& token = alice,
                                      const json& body = nullptr) const {
        HttpRequest request{std::move(method), api_base + path, {{"Host", "localhost:8080"}}, "", "10.0.0.1", false};
        if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
        if (body.is_null()) return request;
        request.headers.add("Content-Type", "application/json");
        request.body = body.dump();
        return request;
    }
    [[nodiscard]] HttpResponse send(const HttpRequest& to_send) { return api->handle(to_send); }
    [[nodiscard]] HttpResponse
    send(std::string method, const std::string& path, const std::string& token = alice, const json& body = nullptr) {
        return api->handle(request(std::move(method), path, token, body));
    }
    [[nodiscard]] HttpResponse get(const std::string& path, const std::string& token = alice) {
        return send("GET", path, token);
    }
    [[nodiscard]] HttpResponse post(const std::string& path, const json& body = nullptr) {
        return send("POST", path, alice, body);
    }

    /// The id of a new job of acme.
    [[nodiscard]] std::string new_job(const std::string& name = "Report") {
        json spec = report_spec();
        spec["name"] = name;
        return body_of(post("/jobs", spec)).at("id");
    }
    [[nodiscard]] ScheduledJob job_of(const std::string& id, const std::string& tenant = "acme") const {
        return scheduler.get_job(JobId::parse(id).value(), tenant).value();
    }
    /// The id of a run of that job which has ended.
    [[nodiscard]] std::string ended_run(const std::string& job_id) { return execute(job_of(job_id)).id.str(); }

    [[nodiscard]] static json body_of(const HttpResponse& response) { return json::parse(response.body); }
    /// "404 not_found"; the status alone where the answer is no problem.
    [[nodiscard]] static std::string outcome(const HttpResponse& response) {
        const std::string status = std::to_string(response.status);
        if (response.header("Content-Type") != "application/problem+json") return status;
        return status + " " + body_of(response).at("code").get<std::string>();
    }
};

/// One operation of the document.
struct ApiOperation {
    std::string method;
    std::string path;
    json operation;

    [[nodiscard]] std::string permission() const { return operation.at("x-carillon-permission"); }
    [[nodiscard]] bool has_body() const { return operation.contains("requestBody"); }
    /// The path with that id, and with whatever its query demands.
    [[nodiscard]] std::string target(const std::string& id) const {
        std::string target = path;
        const std::size_t at = target.find("{id}");
        if (at != target.npos) target.replace(at, 4, id);
        char mark = '?';
        for (const json& parameter : operation.at("parameters"))
            if (parameter.at("in") == "query" && parameter.at("required") == true) {
                target += mark + parameter.at("name").get<std::string>() + "=2026-03-02T09:00:00Z";
                mark = '&';
            }
        return target;
    }
};

/// Every route there is.
[[nodiscard]] inline std::vector<ApiOperation> operations_of(const RestApi<>& api) {
    std::vector<ApiOperation> all;
    const json document = json::parse(api.openapi());
    for (const auto& [path, methods] : document.at("paths").items())
        for (const auto& [method, operation] : methods.items()) {
            std::string name;
            for (const char c : method)
                name += static_cast<char>(c - 'a' + 'A');
            all.push_back({name, path, operation});
        }
    return all;
}

inline const std::string missing_id = "01890a5d-ac96-774b-bcce-b302099a8057";

} // namespace support
