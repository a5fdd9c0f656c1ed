// SPDX-License-Identifier: MIT
// output.hpp - tables for people, JSON for programs.
#pragma once

#include <carillon/time.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace carillonctl {

enum class Format : std::uint8_t { table, json };

struct Output {
    std::ostream& stream;
    Format format = Format::table;
    /// Columns of the terminal; 0 is any number.
    std::size_t width = 0;
};

struct Column {
    std::string heading;
    /// May be cut where the table is wider than the terminal.
    bool may_be_cut = false;
};

using Row = std::vector<std::string>;

/// Columns as wide as their widest cells; the widest of those that may be cut give way to a narrow terminal, down to
/// twelve characters. Rows have a cell for each column.
void print_table(const Output& output, const std::vector<Column>& columns, std::vector<Row> rows);

/// Names and values below each other.
void print_pairs(const Output& output, const std::vector<Row>& pairs);

void print_json(const Output& output, const nlohmann::json& value);

/// To the second, in UTC, as `explain` reads it; "-" where there is none.
[[nodiscard]] std::string time_text(const std::optional<carillon::Instant>& instant);

/// "3m", "2h": the largest unit that fits, for a duration that a person compares.
[[nodiscard]] std::string rough_text(carillon::Duration duration);

/// Without control characters, which would break lines or speak to the terminal.
[[nodiscard]] std::string one_line(std::string_view text);

} // namespace carillonctl
