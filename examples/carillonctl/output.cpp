// SPDX-License-Identifier: MIT
// output.cpp - lays out tables.
#include "output.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <utility>

namespace carillonctl {

namespace {

constexpr std::size_t narrowest = 12;
constexpr std::string_view gap = "  ";

bool begins_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
}

/// Characters, each taken to be one column wide.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// The first `width` characters, the last of them an ellipsis where others follow.
std::string cut(const std::string& text, std::size_t width) {
    if (width_of(text) <= width) return text;
    std::size_t characters = 0;
    std::size_t bytes = 0;
    while (bytes < text.size() && (!begins_character(text[bytes]) || characters++ < width - 1))
        ++bytes;
    return text.substr(0, bytes) + "…";
}

std::vector<std::size_t> widths_of(const std::vector<Column>& columns, const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        widths.push_back(width_of(columns[i].heading));
        for (const Row& row : rows)
            widths[i] = std::max(widths[i], width_of(row[i]));
    }
    return widths;
}

/// Narrows the widest column that may be, until the table fits or none is left.
void fit(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t terminal) {
    std::size_t total = std::accumulate(widths.begin(), widths.end(), gap.size() * (widths.size() - 1));
    for (; total > terminal; --total) {
        std::size_t* widest = nullptr;
        for (std::size_t i = 0; i < widths.size(); ++i)
            if (columns[i].may_be_cut && widths[i] > narrowest && (widest == nullptr || widths[i] > *widest))
                widest = &widths[i];
        if (widest == nullptr) return;
        --*widest;
    }
}

void print_row(std::ostream& stream, const Row& row, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string cell = cut(row[i], widths[i]);
        line += cell + std::string(widths[i] - width_of(cell), ' ') + std::string(gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    stream << line << "\n";
}

} // namespace

void print_table(const Output& output, const std::vector<Column>& columns, std::vector<Row> rows) {
    Row headings;
    for (const Column& column : columns)
        headings.push_back(column.heading);
    for (Row& row : rows)
        for (std::string& cell : row)
            cell = one_line(cell);
    std::vector<std::size_t> widths = widths_of(columns, rows);
    if (output.width > 0) fit(widths, columns, output.width);
    print_row(output.stream, headings, widths);
    for (const Row& row : rows)
        print_row(output.stream, row, widths);
}

void print_pairs(const Output& output, const std::vector<Row>& pairs) {
    std::size_t width = 0;
    for (const Row& pair : pairs)
        width = std::max(width, width_of(pair[0]));
    for (const Row& pair : pairs)
        output.stream << pair[0] << std::string(width - width_of(pair[0]), ' ') << gap << one_line(pair[1]) << "\n";
}

void print_json(const Output& output, const nlohmann::json& value) {
    output.stream << value.dump(2) << "\n";
}

std::string time_text(const std::optional<carillon::Instant>& instant) {
    return instant ? carillon::to_rfc3339(std::chrono::floor<std::chrono::seconds>(*instant)) : "-";
}

std::string rough_text(carillon::Duration duration) {
    using namespace std::chrono;
    constexpr std::array units{std::pair{microseconds{days{1}}, 'd'},
                               std::pair{microseconds{hours{1}}, 'h'},
                               std::pair{microseconds{minutes{1}}, 'm'}};
    for (const auto& [unit, letter] : units)
        if (duration >= 2 * unit) return std::to_string(duration / unit) + letter;
    if (duration >= seconds{1}) return std::to_string(duration / seconds{1}) + "s";
    return std::to_string(duration / milliseconds{1}) + "ms";
}

std::string one_line(std::string_view text) {
    std::string line(text);
    std::replace_if(
        line.begin(), line.end(), [](unsigned char byte) { return byte < ' ' || byte == 0x7f; }, ' ');
    return line;
}

} // namespace carillonctl
