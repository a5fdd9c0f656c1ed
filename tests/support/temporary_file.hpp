// SPDX-License-Identifier: MIT
// support/temporary_file.hpp - a file that goes with its object.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/ids.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace support {

/// A name of its own in the system's folder for such files. Nothing is there until somebody writes to it.
class TemporaryFile {
public:
    TemporaryFile()
        : path_((std::filesystem::temp_directory_path() /
                 ("carillon-" + carillon::Uuid::next(carillon::SystemClock().now()).str()))
                    .string()) {}
    ~TemporaryFile() { std::filesystem::remove(path_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::vector<std::string> lines() const {
        std::ifstream file(path_, std::ios::binary);
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);)
            lines.push_back(line);
        return lines;
    }

private:
    std::string path_;
};

} // namespace support
