// SPDX-License-Identifier: MIT
// disk_report.cpp - how much is in a directory?
#include "handlers.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

namespace quickstart {

namespace fs = std::filesystem;

nlohmann::json disk_report(carillon::RunContext& run) {
    const fs::path root = run.action().at("path").get<std::string>();
    if (!fs::is_directory(root)) throw carillon::PermanentFailure(root.string() + " is not a directory");
    std::uintmax_t files = 0;
    std::uintmax_t bytes = 0;
    std::uintmax_t unreadable = 0;
    std::error_code error;
    fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error);
    for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (run.stop_requested()) throw std::runtime_error("stopped after " + std::to_string(files) + " files");
        if (!at->is_regular_file(error) || at->is_symlink(error)) continue;
        const std::uintmax_t size = at->file_size(error);
        if (error) {
            ++unreadable;
            continue;
        }
        ++files;
        bytes += size;
    }
    if (error) throw fs::filesystem_error("not walked to the end", root, error);
    return {{"files", files}, {"bytes", bytes}, {"unreadable", unreadable}};
}

} // namespace quickstart
