// SPDX-License-Identifier: MIT
// docs/errors_test.cpp - docs/errors.md and the library say the same: every code has a row, every row is a code with
// its status, every example is refused with the words beside it.
#include "carillon/errc.hpp"
#include "carillon/model/json.hpp"
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/documents.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;
using support::cells_of;
using support::text_of;

namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

/// What stands between the first marks of code in a cell: one backtick or two. Empty where there are none.
std::string code_in(const std::string& cell) {
    const std::size_t open = cell.find('`');
    if (open == std::string::npos) return "";
    const std::string mark = cell.compare(open, 2, "``") == 0 ? "``" : "`";
    const std::size_t begin = open + mark.size();
    return cell.substr(begin, cell.find(mark, begin) - begin);
}

struct Row {
    std::string section;
    std::string code;
    /// By the heads of their columns.
    std::map<std::string, std::string> cells;

    [[nodiscard]] std::string cell(const std::string& column) const {
        const auto found = cells.find(column);
        return found == cells.end() ? "" : found->second;
    }
    [[nodiscard]] std::string message() const { return code_in(cell("message")); }
    /// 422 where it says nothing else.
    [[nodiscard]] int http_status() const {
        if (!cell("HTTP").empty()) return std::stoi(cell("HTTP"));
        const std::size_t bracket = cell("code").find('(');
        return bracket == std::string::npos ? 422 : std::stoi(cell("code").substr(bracket + 1));
    }
};

std::vector<Row> rows_of_page() {
    std::vector<Row> rows;
    std::string section;
    std::vector<std::string> heads;
    std::istringstream page(text_of("docs/errors.md"));
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("## ")) section = line.substr(3);
        if (line.empty() || line.front() != '|') {
            heads.clear();
            continue;
        }
        const auto cells = cells_of(line);
        if (heads.empty()) {
            heads = cells;
            continue;
        }
        if (line.starts_with("|---")) continue;
        INFO(line);
        REQUIRE(cells.size() == heads.size());
        Row row{section, code_in(cells[0]), {}};
        for (std::size_t i = 0; i < cells.size(); ++i)
            row.cells[heads[i]] = cells[i];
        rows.push_back(row);
    }
    return rows;
}

std::vector<Row> rows_of(const std::string& section, const std::string& column) {
    std::vector<Row> rows;
    for (const Row& row : rows_of_page())
        if (row.section == section && row.cells.contains(column)) rows.push_back(row);
    return rows;
}

/// "`22-2 * * * *` in vixie".
Result<Schedule> parse_example(const std::string& cell) {
    ScheduleOptions options;
    const std::size_t in = cell.rfind("` in ");
    if (in != std::string::npos) {
        const auto dialect = detail::enum_value(detail::dialect_names, cell.substr(in + 5));
        REQUIRE(dialect);
        options.dialect = *dialect;
    }
    return Schedule::parse(code_in(cell), options);
}

Error json_error(const std::string& text) {
    try {
        static_cast<void>(nlohmann::json::parse(text).get<JobSpec>());
    } catch (const Error& error) {
        return error;
    }
    FAIL("is no error: " << text);
    return {Errc::internal, ""};
}

} // namespace

TEST_CASE("errors.md: every code has a row, and every row is a code with its HTTP status") {
    std::map<std::string, int> codes;
    for (const auto& row : detail::errc_table)
        codes[std::string(row.name)] = row.http_status;
    std::set<std::string> documented;
    for (const Row& row : rows_of_page()) {
        INFO(row.section << ": " << row.code);
        REQUIRE(codes.contains(row.code));
        CHECK(row.http_status() == codes[row.code]);
        documented.insert(row.code);
    }
    for (const auto& [code, status] : codes) {
        INFO(code);
        CHECK(documented.contains(code));
    }
}

TEST_CASE("errors.md: every text in it is refused, with the code and the words beside it") {
    for (const char* section : {"Text of a cron expression", "Text of a schedule, an instant, a duration"}) {
        const auto rows = rows_of(section, "example");
        CHECK(rows.size() >= 5);
        std::set<std::string> codes;
        for (const Row& row : rows) {
            INFO(row.code);
            CHECK(codes.insert(row.code).second);
            if (row.code == "expression_too_long") continue; // too long for a page as well
            const auto parsed = parse_example(row.cell("example"));
            REQUIRE_FALSE(parsed);
            const Error error = parsed.error();
            CHECK(std::string(to_string(error.code())) == row.code);
            const std::string message = error.what();
            const std::size_t from = message.find(": column ") + 2;
            CHECK(message.substr(from, message.find("\n  ") - from) == row.message());
        }
    }
    CHECK(Schedule::parse(std::string(4'097, '*')).error().code() == Errc::expression_too_long);
}

TEST_CASE("errors.md: every JSON in it is refused, with the code and the words beside it") {
    const auto rows = rows_of("JSON of a caller", "example");
    CHECK(rows.size() >= 4);
    for (const Row& row : rows) {
        const Error error = json_error(code_in(row.cell("example")));
        CHECK(std::string(to_string(error.code())) == row.code);
        const std::string message = error.what();
        CHECK(message.substr(0, message.find("\n  ")) == row.message());
    }
}

namespace {

/// What the tests of all refusals say, with texts that go over several lines made one.
std::string text_of_refusals() {
    std::string tests;
    for (const char* file : {"scheduler_facade/errors",
                             "worker/errors",
                             "worker/complete",
                             "storage/sqlite_open",
                             "storage/sqlite_transaction",
                             "storage/sqlite_writer"})
        tests += text_of(std::string("tests/") + file + "_test.cpp");
    std::string joined;
    for (std::size_t i = 0; i < tests.size(); ++i) {
        const std::size_t next = tests.find_first_not_of(" \n", i + 1);
        const bool ends_line = tests[i] == '"' && tests[i - 1] != '\\' && tests[i + 1] == '\n' && tests[next] == '"';
        if (ends_line)
            i = next;
        else
            joined += tests[i];
    }
    return replaced(joined, "\\\"", "\"");
}

/// The codes and fields in them: `Errc::required, "tenant"`. A text with a blank in it is no field.
std::set<std::pair<std::string, std::string>> refusals_tested() {
    const std::string tests = text_of_refusals();
    const std::string mark = "Errc::";
    std::set<std::pair<std::string, std::string>> refusals;
    for (std::size_t at = tests.find(mark); at != std::string::npos; at = tests.find(mark, at + 1)) {
        const std::size_t begin = at + mark.size();
        const std::size_t end = tests.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", begin);
        const std::size_t quote = tests.find_first_not_of(", \n", end);
        if (tests[end] != ',' || tests[quote] != '"') continue;
        const std::string field = tests.substr(quote + 1, tests.find('"', quote + 1) - quote - 1);
        if (field.find(' ') == std::string::npos) refusals.emplace(tests.substr(begin, end - begin), field);
    }
    return refusals;
}

} // namespace

TEST_CASE("errors.md: every other message is one that the tests of all refusals have seen") {
    const std::string tests = text_of_refusals();
    std::size_t checked = 0;
    for (const Row& row : rows_of_page()) {
        if (row.cells.contains("example") || row.message().empty()) continue;
        INFO(row.code << ": " << row.message());
        CHECK(tests.find(row.message()) != std::string::npos);
        ++checked;
    }
    CHECK(checked >= 40);
}

TEST_CASE("errors.md: every refusal that those tests have seen has a row, with its field where rows name fields") {
    std::set<std::string> with_fields; // codes whose rows name them
    std::set<std::pair<std::string, std::string>> documented;
    for (const Row& row : rows_of_page()) {
        if (row.section.starts_with("Text of")) documented.insert({{row.code, "schedule"}, {row.code, ""}});
        const std::string fields = row.cell("field");
        if (fields.empty() || fields == "each text above") continue;
        with_fields.insert(row.code);
        for (std::size_t open = fields.find('`'); open != std::string::npos;) {
            const std::size_t close = fields.find('`', open + 1);
            documented.emplace(row.code, fields.substr(open + 1, close - open - 1));
            open = fields.find('`', close + 1);
        }
    }
    // A text that can be too long can have wrong bytes, too.
    for (const auto& [code, field] : std::set(documented))
        if (code == "too_large") documented.insert({{"invalid_utf8", field}, {"invalid_character", field}});
    const auto tested = refusals_tested();
    CHECK(tested.size() >= 40);
    for (const auto& [code, field] : tested) {
        INFO(code << " of " << field);
        const bool has_row = !with_fields.contains(code) || documented.contains({code, field});
        CHECK(has_row);
    }
}
