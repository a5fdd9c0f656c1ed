// SPDX-License-Identifier: MIT
// storage/detail/sqlite_options.hpp - what a host can choose about its database file.
#pragma once

#include "carillon/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace carillon {

/// What survives a loss of power. A process that dies loses nothing that was acknowledged, under either.
enum class SqliteSynchronous : std::uint8_t {
    normal, ///< the file stays whole; the last commits may be gone, but for claims of runs delivered at most once
    full,   ///< everything that was acknowledged: one fsync a commit
};

struct SqliteOptions {
    SqliteSynchronous synchronous = SqliteSynchronous::normal;
    /// How long, about, an operation waits for another process that holds the lock of the file, before it throws
    /// `unavailable`. 0 to 1 h.
    Duration busy_timeout = std::chrono::seconds{10};
    /// How many threads may read at a time, each on a connection of its own. 1 to 64.
    std::size_t readers = 4;
    /// The file is the host's own database as well: its application_id, its tables and its user_version are left alone.
    bool in_host_file = false;
    /// Opens files on NFS, SMB and the like all the same. Where their locks do not work, or another machine has the
    /// file open, the file is damaged.
    bool allow_network_file_system = false;
    /// What leases run on: all processes that share the file must see the same. Null: the machine's time since its
    /// start, and all leases have ended where the machine was started again meanwhile.
    std::shared_ptr<const Clock> lease_clock = nullptr;
    /// What the thread waits on that looks for changes by other processes.
    std::shared_ptr<Clock> clock = std::make_shared<SystemClock>();
    /// The name of a VFS that was registered with SQLite; empty is SQLite's default.
    std::string vfs = "";
};

} // namespace carillon
