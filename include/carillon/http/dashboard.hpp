// SPDX-License-Identifier: MIT
// http/dashboard.hpp - the pages of a REST API, for people.
//
//   RestApi api{scheduler, {.authenticate = bearer_tokens({...}), .mount = "/carillon"}};
//   Dashboard dashboard{api};
//   HttplibServer server{[&](const HttpRequest& request) { return dashboard.handle(request); }, {.port = 8080}};
//   server.start();                                      // http://127.0.0.1:8080/carillon/
//
// Below the mount are one document, its scripts and its style, all of them in this header. They know nothing of any
// tenant: whatever they show comes from the API, with the permissions of whoever has signed in. All addresses in them
// are relative, so that a proxy in front may add a prefix to the mount or take it off.
#pragma once

#include "carillon/error.hpp"
#include "carillon/http/detail/gate.hpp"
#include "carillon/http/detail/http_text.hpp"
#include "carillon/http/detail/page_files.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/http/http_message.hpp"
#include "carillon/http/rest_api.hpp"
#include "carillon/http/security_headers.hpp"
#include "carillon/ids.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

struct DashboardOptions {
    /// Whose pages may show this one in a frame: "https://portal.example.com". Empty: nobody's.
    std::vector<std::string> frame_ancestors = {};
};

/// Thread-safe. The API must outlive it.
class Dashboard {
public:
    /// Throws Error where the API has no `mount`, or an entry of `frame_ancestors` is no origin.
    template <Storage StorageT>
    explicit Dashboard(RestApi<StorageT>& api, const DashboardOptions& options = {});
    Dashboard(const Dashboard&) = delete;
    Dashboard& operator=(const Dashboard&) = delete;

    /// Answers what is below the mount, and hands the API's own part of it, and everything else, to the API. Never
    /// throws. Pages are not told to RestApiOptions::log.
    [[nodiscard]] HttpResponse handle(const HttpRequest& request) const;

private:
    [[nodiscard]] bool is_page(std::string_view path) const;
    [[nodiscard]] HttpResponse answer(const HttpRequest& request, std::string_view path) const;
    [[nodiscard]] HttpResponse page(std::string_view path) const;

    std::function<HttpResponse(const HttpRequest&)> api_;
    const RestApiOptions& api_options_;
    /// Empty where nobody may frame it.
    std::string framing_policy_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

[[nodiscard]] inline bool is_web_origin(std::string_view text) {
    const std::string_view rest = text.starts_with("https://")  ? text.substr(8)
                                  : text.starts_with("http://") ? text.substr(7)
                                                                : std::string_view();
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]*";
    return !rest.empty() && rest.find_first_not_of(allowed) == rest.npos;
}

/// The policy of every page, with others than 'none' who may frame it.
[[nodiscard]] inline std::string framed_policy(const std::vector<std::string>& ancestors) {
    constexpr std::string_view nobody = "frame-ancestors 'none'";
    std::string policy(content_security_policy);
    std::string somebody = "frame-ancestors";
    for (std::size_t i = 0; i < ancestors.size(); ++i) {
        if (!is_web_origin(ancestors[i]))
            refuse(Errc::out_of_range,
                   "frame_ancestors[" + std::to_string(i) + "]",
                   "expected an origin such as https://portal.example.com");
        somebody += " " + ancestors[i];
    }
    return policy.replace(policy.find(nobody), nobody.size(), somebody);
}

[[nodiscard]] inline HttpResponse file_response(const PageFile& file, std::string_view cache_control) {
    HttpResponse response{.body = file.body};
    response.headers.add("Content-Type", std::string(file.type));
    response.headers.add("Cache-Control", std::string(cache_control));
    response.headers.add("ETag", file.etag);
    return response;
}

[[nodiscard]] inline HttpResponse redirect(int status, std::string location) {
    return {.status = status, .headers = {{"Location", std::move(location)}, {"Cache-Control", "no-cache"}}};
}

/// What follows `prefix`; empty where the path does not begin with it.
[[nodiscard]] inline std::string_view behind(std::string_view path, std::string_view prefix) noexcept {
    return path.starts_with(prefix) ? path.substr(prefix.size()) : std::string_view();
}

} // namespace detail

template <Storage StorageT>
Dashboard::Dashboard(RestApi<StorageT>& api, const DashboardOptions& options)
    : api_([&api](const HttpRequest& request) { return api.handle(request); })
    , api_options_(api.options()) {
    if (api_options_.mount.empty())
        detail::refuse(Errc::required, "mount", "must not be empty where a dashboard is to be found below it");
    if (!options.frame_ancestors.empty()) framing_policy_ = detail::framed_policy(options.frame_ancestors);
}

inline HttpResponse Dashboard::handle(const HttpRequest& request) const {
    const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
    if (!is_page(path)) return api_(request);
    HttpResponse response;
    try {
        response = answer(request, path.substr(api_options_.mount.size()));
    } catch (const detail::Problem& problem) {
        response = detail::response_of(problem, "");
        response.headers.set("Cache-Control", "no-store");
    }
    detail::add_security_headers(response.headers);
    if (!framing_policy_.empty()) {
        response.headers.set("Content-Security-Policy", framing_policy_);
        response.headers.remove("X-Frame-Options"); // knows no list
    }
    if (request.method == "HEAD") response.body.clear();
    return response;
}

inline bool Dashboard::is_page(std::string_view path) const {
    const std::string& mount = api_options_.mount;
    if (path == mount) return true;
    const std::string_view below = detail::behind(path, mount + "/");
    return path == mount + "/" || (!below.empty() && below != "session" && !below.starts_with("api/"));
}

inline HttpResponse Dashboard::answer(const HttpRequest& request, std::string_view path) const {
    detail::check_sizes(request, api_options_.limits);
    detail::check_single_fields(request.headers);
    detail::check_host(request.headers, api_options_);
    HttpResponse response = page(path);
    if (request.method != "GET" && request.method != "HEAD") {
        detail::Problem problem(detail::ProblemCode::method_not_allowed, "expected one of GET, HEAD");
        problem.headers.set("Allow", "GET, HEAD");
        throw problem;
    }
    if (response.status == 200 && detail::has_it_already(request.headers, response.header("ETag"))) {
        response.status = 304;
        response.body.clear();
        response.headers.remove("Content-Type");
    }
    return response;
}

inline HttpResponse Dashboard::page(std::string_view path) const {
    const detail::PageFiles& files = detail::PageFiles::get();
    const std::string& mount = api_options_.mount;
    if (path.empty()) return detail::redirect(308, mount.substr(mount.rfind('/') + 1) + "/");
    if (path == "/") return detail::file_response(files.document(), "no-cache");
    if (const auto* file = files.find(detail::behind(path, "/a/" + files.version() + "/")))
        return detail::file_response(*file, "private, max-age=31536000, immutable");
    const std::string_view job = detail::behind(path, "/open/jobs/");
    if (JobId::parse(job)) return detail::redirect(303, "../../#/jobs/" + std::string(job));
    const std::string_view run = detail::behind(path, "/open/runs/");
    if (RunId::parse(run)) return detail::redirect(303, "../../#/runs/" + std::string(run));
    throw detail::Problem(detail::ProblemCode::not_found, "");
}

} // namespace carillon
