// SPDX-License-Identifier: MIT
// storage/detail/sqlite_fork.hpp - a connection does not survive fork(): parent and child would undo each other's
// locks.
#pragma once

#include "carillon/error.hpp"
#include "carillon/ids.hpp"

#include <atomic>
#include <cstdint>

namespace carillon::detail {

/// Remembers which process made it.
class ForkCheck {
public:
    ForkCheck()
        : generation_((count_forks_from_now_on(), current())) {}

    [[nodiscard]] bool happened() const noexcept { return current() != generation_; }
    void refuse() const {
        if (happened())
            throw Error(Errc::invalid_state,
                        "the storage was opened before fork(): open it again in the child, and leave this one alone");
    }

private:
    static std::uint64_t current() noexcept { return fork_generation().load(std::memory_order_relaxed); }

    std::uint64_t generation_;
};

} // namespace carillon::detail
