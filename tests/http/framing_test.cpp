// SPDX-License-Identifier: MIT
// http/framing_test.cpp - a request ends in one place, or is not read.
#include "carillon/http/detail/framing.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace carillon;

namespace {

std::string framing_of(const std::string& method, const HttpHeaders& headers) {
    try {
        return detail::has_body({method, "/", headers, "", "", false}, {}) ? "body" : "none";
    } catch (const detail::Problem& problem) {
        return std::string(detail::row_of(problem.code).name);
    }
}

} // namespace

TEST_CASE("http: a body has one length, written in one way") {
    struct Case {
        std::string method;
        HttpHeaders headers;
        std::string outcome;
    };
    const std::vector<Case> cases{
        {"POST", {}, "none"},
        {"GET", {}, "none"},
        {"POST", {{"Content-Length", "0"}}, "none"},
        {"GET", {{"content-length", "0"}}, "none"},
        {"POST", {{"Content-Length", "5"}}, "body"},
        {"DELETE", {{"Content-Length", "5"}}, "body"},
        {"POST", {{"Transfer-Encoding", "chunked"}}, "body"},
        {"POST", {{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}, "bad_request"},
        {"POST", {{"Content-Length", "5"}, {"Content-Length", "5"}}, "bad_request"},
        {"POST", {{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}, "bad_request"},
        {"POST", {{"Content-Length", "5, 5"}}, "bad_request"},
        {"POST", {{"Content-Length", "+5"}}, "bad_request"},
        {"POST", {{"Content-Length", "-5"}}, "bad_request"},
        {"POST", {{"Content-Length", "5x"}}, "bad_request"},
        {"POST", {{"Content-Length", "0x5"}}, "bad_request"},
        {"POST", {{"Content-Length", ""}}, "bad_request"},
        {"POST", {{"Content-Length", "99999999999999999999999"}}, "bad_request"},
        {"POST", {{"Content-Length", "1073741824"}}, "too_large"},
        {"POST", {{"Transfer-Encoding", "Chunked"}}, "bad_request"},
        {"POST", {{"Transfer-Encoding", "gzip, chunked"}}, "bad_request"},
        {"POST", {{"Transfer-Encoding", "xchunked"}}, "bad_request"},
        {"POST", {{"Transfer-Encoding", ""}}, "bad_request"},
        {"POST", {{"Transfer-Encoding ", "chunked"}}, "bad_request"},
        {"POST", {{"X-\tA", "1"}}, "bad_request"},
        {"POST", {{"X-A", "1\r\nTransfer-Encoding: chunked"}}, "bad_request"},
        {"GET", {{"Content-Length", "5"}}, "bad_request"},
        {"GET", {{"Transfer-Encoding", "chunked"}}, "bad_request"},
        {"OPTIONS", {{"Content-Length", "5"}}, "bad_request"},
        {"GET", {{"Range", "bytes=0-,0-,0-"}}, "bad_request"},
        {"POST",
         {{"Content-Length", "5"}, {"Content-Type", "Multipart/form-data; boundary=x"}},
         "unsupported_media_type"},
    };
    for (const Case& c : cases) {
        INFO(c.method << " "
                      << (c.headers.size() == 0 ? "" : c.headers.begin()->name + ": " + c.headers.begin()->value));
        CHECK(framing_of(c.method, c.headers) == c.outcome);
    }
}
