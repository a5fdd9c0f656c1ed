// SPDX-License-Identifier: MIT
// testing/inline_executor.hpp - handlers on the thread that hands them out.
#pragma once

#include <functional>

namespace carillon::testing {

/// An executor that calls its task in place: a started worker executes one handler after the other on its loop's thread
/// then, and a stepped one executes what it claims within the turn.
///
///     Worker<> worker{scheduler, {.executor = testing::InlineExecutor{}}};
struct InlineExecutor {
    void operator()(const std::function<void()>& task) const { task(); }
};

} // namespace carillon::testing
