// SPDX-License-Identifier: MIT
// support/sqlite_storage.hpp - SQLite storages for tests: on a file that goes with them, or in memory.
#pragma once

#include "carillon/storage/sqlite.hpp"

#include "support/sqlite.hpp"

#include <memory>
#include <utility>

namespace support {

/// The file goes when the last owner of the storage does.
[[nodiscard]] inline std::shared_ptr<carillon::SqliteStorage> sqlite_on_file(carillon::SqliteOptions options) {
    struct Held {
        TemporaryDatabase file;
        std::shared_ptr<carillon::SqliteStorage> storage;
    };
    auto held = std::make_shared<Held>();
    held->storage = carillon::SqliteStorage::open(held->file.path(), std::move(options));
    carillon::SqliteStorage* storage = held->storage.get();
    return {std::move(held), storage};
}

[[nodiscard]] inline std::shared_ptr<carillon::SqliteStorage>
sqlite_on_file(std::shared_ptr<const carillon::Clock> lease_clock) {
    return sqlite_on_file(carillon::SqliteOptions{.lease_clock = std::move(lease_clock)});
}

[[nodiscard]] inline std::shared_ptr<carillon::SqliteStorage>
sqlite_in_memory(std::shared_ptr<const carillon::Clock> lease_clock) {
    return carillon::SqliteStorage::open(":memory:", {.lease_clock = std::move(lease_clock)});
}

} // namespace support
