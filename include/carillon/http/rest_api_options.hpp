// SPDX-License-Identifier: MIT
// http/rest_api_options.hpp - what the host decides about its REST API.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/http/access.hpp"
#include "carillon/http/http_message.hpp"
#include "carillon/observe/health.hpp"
#include "carillon/schedule/cron_dialect.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon {

class EventHub;

/// So many requests in that time, unused ones saved up to as many; 0 is no limit.
struct HttpRate {
    std::size_t requests = 0;
    Duration per = std::chrono::minutes{1};
};

/// The first three count for a tenant and actor, the last one for an address.
struct HttpRates {
    HttpRate reads = {600, std::chrono::minutes{1}};
    HttpRate writes = {120, std::chrono::minutes{1}};
    HttpRate describe = {30, std::chrono::seconds{1}};
    HttpRate failed_sign_ins = {10, std::chrono::minutes{1}};
};

struct HttpLimits {
    std::size_t body_bytes = 256 * 1'024;
    std::size_t json_depth = 32;
    std::size_t header_fields = 64;
    std::size_t header_bytes = 16 * 1'024;
    std::size_t target_bytes = 4 * 1'024;
};

/// What happened to a request, without its secrets: no query, no header field, no body.
struct HttpLogEntry {
    std::string method = "";
    std::string path = "";
    int status = 0;
    /// Of a refusal: "forbidden".
    std::string problem = "";
    std::string request_id = "";
    std::string remote = "";
    /// Empty where nobody was signed in.
    std::string tenant = "";
    std::string actor = "";
    /// What went wrong inside, where `status` is 500 or 503. The caller is not told.
    std::string error = "";
};

struct RestApiOptions {
    /// Required.
    Authenticate authenticate = {};

    /// Where browsers find the API a second time, "/carillon" for "/carillon/api/v1/scheduler", with the session at
    /// "/carillon/session". Only there does a cookie sign anybody in. Empty: nowhere.
    std::string mount = "";
    /// The names by which clients may call this server, in `Host`, without ports. A page of another name that was made
    /// to resolve to this machine (DNS rebinding) is refused. Empty: any.
    std::vector<std::string> hosts = {"localhost", "127.0.0.1", "[::1]"};
    /// The origin that browsers see where a proxy makes it another one: "https://ops.example.com".
    std::string public_origin = "";

    /// An update has to name the revision that it changes, by `If-Match`.
    bool require_if_match = false;
    HttpLimits limits = {};
    HttpRates rates = {};

    /// The facade's clock.
    std::shared_ptr<Clock> clock = std::make_shared<SystemClock>();
    /// The facade's defaults, for schedules that are described before they belong to a job.
    std::string default_time_zone = "";
    CronDialect default_dialect = CronDialect::standard;

    /// The process's workers, for /health; there is no such route without it.
    std::function<std::vector<Health>()> health = {};
    /// Their metrics, by to_prometheus, for /metrics; there is no such route without it.
    std::function<std::string()> metrics = {};
    /// Hears what the process's workers and facades do, for /events; there is no such route without it.
    std::shared_ptr<EventHub> events = {};
    /// Told about every request, after it, by the thread that served it. Exceptions are dropped.
    std::function<void(const HttpLogEntry&)> log = {};
};

} // namespace carillon
