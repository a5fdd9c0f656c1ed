// SPDX-License-Identifier: MIT
// outcome.hpp - how a command ends: its exit code, and what it says where it failed.
#pragma once

#include "output.hpp"

#include <functional>
#include <stdexcept>
#include <string>

namespace carillonctl {

enum ExitCode : int {
    done = 0,
    refused = 1, ///< the scheduler, the file or the disk said no; nothing has changed. For doctor: it found a problem
    wrong_usage = 2,
    not_found = 3, ///< the tenant has no such job or run
};

class NotFound : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class WrongUsage : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Calls the command; where it throws, prints why: a sentence, or with Format::json an object of problem details
/// (RFC 9457) with the members type, title, status, detail, code, and field and column where they say something.
ExitCode report_errors(const Output& errors, const std::function<ExitCode()>& command);

} // namespace carillonctl
