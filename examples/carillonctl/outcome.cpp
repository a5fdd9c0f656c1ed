// SPDX-License-Identifier: MIT
// outcome.cpp - from exceptions to exit codes and messages.
#include "outcome.hpp"

#include <carillon/error.hpp>

#include <algorithm>
#include <exception>
#include <string_view>

namespace carillonctl {

namespace {

nlohmann::json problem(std::string_view code, int status, const char* detail) {
    std::string title(code);
    std::replace(title.begin(), title.end(), '_', ' ');
    return {{"type", "urn:x-carillon:problem:" + std::string(code)},
            {"title", title},
            {"status", status},
            {"detail", detail},
            {"code", code}};
}

ExitCode say(const Output& errors, const nlohmann::json& problem, ExitCode code) {
    if (errors.format == Format::json)
        print_json(errors, problem);
    else
        errors.stream << "carillonctl: " << problem.at("detail").get<std::string>() << "\n";
    return code;
}

} // namespace

ExitCode report_errors(const Output& errors, const std::function<ExitCode()>& command) {
    try {
        return command();
    } catch (const NotFound& error) {
        return say(errors, problem("not_found", 404, error.what()), not_found);
    } catch (const WrongUsage& error) {
        return say(errors, problem("bad_parameter", 400, error.what()), wrong_usage);
    } catch (const carillon::Error& error) {
        nlohmann::json details = problem(to_string(error.code()), http_status(error.code()), error.what());
        if (!error.field().empty()) details["field"] = error.field();
        if (error.column() > 0) details["column"] = error.column();
        return say(errors, details, refused);
    } catch (const std::exception& error) {
        return say(errors, problem("internal", 500, error.what()), refused);
    }
}

} // namespace carillonctl
