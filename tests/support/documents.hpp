// SPDX-License-Identifier: MIT
// support/documents.hpp - reads the project's documents, for tests of what they say.
#pragma once

#include "support/catch.hpp"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace support {

inline const std::string project_root = CARILLON_TEST_DATA_DIR "/../..";

/// The text of a file of the project: "docs/errors.md".
inline std::string text_of(const std::string& path) {
    std::ifstream file(project_root + "/" + path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(' ');
    return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

/// The cells of a table's row, without the blanks around them; `\|` is no border.
inline std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells{""};
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|')
            cells.back() += line[++i];
        else if (line[i] == '|')
            cells.emplace_back();
        else
            cells.back() += line[i];
    }
    cells.pop_back(); // behind the last border
    for (std::string& cell : cells)
        cell = trimmed(cell);
    return cells;
}

} // namespace support
