// SPDX-License-Identifier: MIT
// job_file.hpp - a scheduler's SQLite file, as an operator sees it: beside the tenants and below the verbs.
//
// The host's verbs tell no tenant of another, so what is asked here is asked of the tables, read only. They are those
// of schema version 1; SqliteStorage::open has refused newer ones before.
#pragma once

#include <carillon/storage/sqlite.hpp>

#include "doctor.hpp"

#include <memory>
#include <string>
#include <vector>

struct sqlite3;

namespace carillonctl {

class JobFile {
public:
    /// Refuses a file that is not there unless it may be made. Throws what SqliteStorage::open throws.
    JobFile(const std::string& path, bool may_be_made);

    [[nodiscard]] const std::shared_ptr<carillon::SqliteStorage>& storage() const noexcept { return storage_; }
    [[nodiscard]] std::vector<std::string> tenants() const;
    /// All of them but `halted`.
    [[nodiscard]] Facts facts(carillon::Instant now) const;

private:
    std::string path_;
    std::shared_ptr<carillon::SqliteStorage> storage_;
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> db_;
};

} // namespace carillonctl
