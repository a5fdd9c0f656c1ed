// SPDX-License-Identifier: MIT
// support/temporary_folder.hpp - a folder that goes with its object, and with all that is in it.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/ids.hpp"

#include <filesystem>
#include <string>
#include <system_error>

namespace support {

/// An empty folder of its own in the system's folder for such files.
class TemporaryFolder {
public:
    TemporaryFolder()
        : path_(std::filesystem::temp_directory_path() /
                ("carillon-" + carillon::Uuid::next(carillon::SystemClock().now()).str())) {
        std::filesystem::create_directory(path_);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

} // namespace support
