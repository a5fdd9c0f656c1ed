// SPDX-License-Identifier: MIT
// docs/schedules_test.cpp - docs/schedules.md and docs/ocps.md say what the library does: every table in them is read
// and run, row by row and cell by cell.
#include "carillon/occurrences.hpp"
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/documents.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;
using support::cells_of;
using support::project_root;
using support::text_of;

namespace {

// ---- the page ------------------------------------------------------------------------------------------------------

/// What stands between backticks.
std::vector<std::string> codes_in(const std::string& cell) {
    std::vector<std::string> codes;
    for (std::size_t open = cell.find('`'); open != std::string::npos;) {
        const std::size_t close = cell.find('`', open + 1);
        REQUIRE(close != std::string::npos);
        codes.push_back(cell.substr(open + 1, close - open - 1));
        open = cell.find('`', close + 1);
    }
    return codes;
}

std::string code_in(const std::string& cell) {
    const auto codes = codes_in(cell);
    return codes.empty() ? "" : codes.front();
}

struct Table {
    std::vector<std::string> heads;
    std::vector<std::map<std::string, std::string>> rows;
};
using Row = std::map<std::string, std::string>;

std::vector<Table> tables_of(const std::string& page) {
    std::vector<Table> tables;
    bool inside = false;
    std::istringstream lines(text_of("docs/" + page));
    for (std::string line; std::getline(lines, line);) {
        const bool is_row = line.starts_with('|');
        if (is_row && !inside)
            tables.push_back({cells_of(line), {}});
        else if (is_row && !line.starts_with("|---")) {
            const auto cells = cells_of(line);
            INFO(line);
            REQUIRE(cells.size() == tables.back().heads.size());
            Row& row = tables.back().rows.emplace_back();
            for (std::size_t i = 0; i < cells.size(); ++i)
                row[tables.back().heads[i]] = cells[i];
        }
        inside = is_row;
    }
    return tables;
}

/// The rows of the page's tables that have these heads.
std::vector<Row> rows_of(const std::string& page, const std::string& heads) {
    std::vector<Row> rows;
    for (const Table& table : tables_of(page)) {
        std::string joined;
        for (const std::string& head : table.heads)
            joined += (joined.empty() ? "" : " | ") + head;
        if (joined == heads) rows.insert(rows.end(), table.rows.begin(), table.rows.end());
    }
    REQUIRE_FALSE(rows.empty());
    return rows;
}

std::vector<std::string> split(const std::string& text, const std::string& separator) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t at = text.find(separator); at != std::string::npos; at = text.find(separator, begin)) {
        parts.push_back(text.substr(begin, at - begin));
        begin = at + separator.size();
    }
    parts.push_back(text.substr(begin));
    return parts;
}

// ---- schedules and instants ----------------------------------------------------------------------------------------

/// The start of the page's lists.
const Instant march = support::instant("2026-03-01T00:00:00Z");

/// "2026-03-02 09:00", with seconds where there are any.
std::string utc_text(Instant at) {
    std::string text = to_rfc3339(at);
    text[10] = ' ';
    return text.substr(17, 2) == "00" ? text.substr(0, 16) : text.substr(0, 19);
}

/// "2026-03-29 03:00+02:00" as a person in the zone would write it.
std::string local_minute(Instant at, const TimeZone& zone) {
    const std::string text = support::local_text(at, zone); // 2026-03-29 03:00:00 +02:00
    return text.substr(0, 16) + text.substr(20);
}

/// "a, b", "a, none" where `expected` says that nothing follows; "an event".
std::string next_text(const Schedule& schedule, Instant after, const std::string& expected) {
    if (schedule.is_event()) return "an event";
    const std::size_t n = split(expected, ", ").size();
    const auto found = schedule.upcoming(after, n);
    std::string text;
    for (const Instant at : found)
        text += (text.empty() ? "" : ", ") + utc_text(at);
    if (found.size() < n && expected.ends_with("none")) text += text.empty() ? "none" : ", none";
    return text;
}

CronDialect dialect_named(const std::string& name) {
    const auto dialect = parse_cron_dialect(name);
    REQUIRE(dialect);
    return *dialect;
}

Result<Schedule> parse(const std::string& text, CronDialect dialect = CronDialect::standard) {
    return Schedule::parse(text, {.dialect = dialect, .hash_key = "nightly-backup", .anchor = march});
}

/// The words of a schedule in UTC, without the zone.
std::string words_of(const Schedule& schedule) {
    const std::string words = schedule.describe();
    REQUIRE(words.ends_with(", UTC"));
    return words.substr(0, words.size() - 5);
}

std::string refusal_of(const std::string& text, CronDialect dialect = CronDialect::standard) {
    const auto parsed = parse(text, dialect);
    return parsed ? "accepted" : std::string(to_string(parsed.parse_error().code));
}

void check_meaning(const Row& row, CronDialect dialect) {
    INFO(row.at("text") << " in " << to_string(dialect));
    const auto schedule = parse(code_in(row.at("text")), dialect);
    REQUIRE(schedule);
    CHECK(words_of(*schedule) == row.at("in words"));
    CHECK(next_text(*schedule, march, row.at("next")) == row.at("next"));
}

// ---- the dialects --------------------------------------------------------------------------------------------------

constexpr std::array dialect_names{"standard", "extended", "vixie", "quartz", "spring", "eventbridge"};

bool wants_question_mark(CronDialect dialect) {
    return dialect == CronDialect::quartz || dialect == CronDialect::eventbridge;
}

/// A text at 09:00 in which one field says something else.
std::string text_with(CronDialect dialect, const std::string& field, const std::string& content) {
    if (field == "text") return content;
    std::map<std::string, std::string> fields{
        {"minute", "0"}, {"hour", "9"}, {"day-of-month", "*"}, {"month", "*"}, {"day-of-week", "*"}};
    if (content == "?")
        fields["day-of-week"] = "MON";
    else if (wants_question_mark(dialect))
        fields[field == "day-of-week" ? "day-of-month" : "day-of-week"] = "?";
    REQUIRE(fields.contains(field));
    fields[field] = content;
    const std::string five = fields["minute"] + " " + fields["hour"] + " " + fields["day-of-month"] + " " +
                             fields["month"] + " " + fields["day-of-week"];
    if (dialect == CronDialect::eventbridge) return "cron(" + five + " *)";
    return dialect == CronDialect::quartz || dialect == CronDialect::spring ? "0 " + five : five;
}

void check_field_counts(CronDialect dialect, const std::string& cell) {
    std::set<std::string> listed;
    for (const std::string& number : split(cell.substr(0, cell.find(", in")), ", "))
        listed.insert(number);
    const bool wrapped = cell.find("in `cron(...)`, year last") != std::string::npos;
    CHECK(wrapped == (dialect == CronDialect::eventbridge));
    for (std::size_t n = 4; n <= 8; ++n) {
        std::string text;
        const std::size_t weekday = wrapped || n < 6 ? 4 : 5;
        for (std::size_t i = 0; i < n; ++i)
            text += std::string(i == 0 ? "" : " ") + (i == weekday && wants_question_mark(dialect) ? "?" : "*");
        INFO(text);
        const std::string expected = listed.contains(std::to_string(n)) ? "accepted" : "wrong_field_count";
        CHECK(refusal_of(wrapped ? "cron(" + text + ")" : text, dialect) == expected);
    }
    if (wrapped) CHECK(words_of(*parse("cron(0 9 * * ? 2030)", dialect)) == "At 09:00 every day in 2030");
}

/// "0-7, 1 is MON".
void check_weekday_numbers(CronDialect dialect, const std::string& cell) {
    REQUIRE((cell.substr(3) == ", 1 is MON" || cell.substr(3) == ", 1 is SUN"));
    for (char number = '0'; number <= '8'; ++number) {
        const bool listed = number >= cell[0] && number <= cell[2];
        INFO(number);
        CHECK(refusal_of(text_with(dialect, "day-of-week", {number}), dialect) ==
              (listed ? "accepted" : "value_out_of_range"));
    }
    const std::string words = words_of(*parse(text_with(dialect, "day-of-week", "1"), dialect));
    CHECK(words == "At 09:00 on " + std::string(cell.ends_with("MON") ? "Monday" : "Sunday"));
}

/// "either" or "both", as the words of the schedule say it.
std::string combination(CronDialect dialect, const std::string& days, const std::string& weekday) {
    std::string text = text_with(dialect, "day-of-month", days);
    const std::size_t last =
        text.find_last_of("*?", text.find(')') == std::string::npos ? text.size() : text.size() - 3);
    text.replace(last, 1, weekday);
    const auto parsed = parse(text, dialect);
    if (!parsed) return parsed.parse_error().code == Errc::question_mark_required ? "refused" : "unexpected";
    return words_of(*parsed).find(", only if it is ") != std::string::npos ? "both" : "either";
}

void check_both_days(CronDialect dialect, const std::string& cell) {
    const bool star_decides = cell == "either, unless one begins with `*`: both";
    CHECK(combination(dialect, "13", "FRI") == (star_decides ? "either" : cell));
    CHECK(combination(dialect, "*/2", "FRI") == (star_decides ? "both" : cell));
}

/// "yes", "-", or "exactly one" for `?`.
void check_feature(CronDialect dialect, const Row& row, const std::string& cell) {
    const std::string text = text_with(dialect, row.at("field"), code_in(row.at("example")));
    INFO(text);
    CHECK(parse(text, dialect).has_value() == (cell != "-"));
    CHECK((cell == "exactly one") == (code_in(row.at("example")) == "?" && wants_question_mark(dialect)));
    if (cell == "yes" || cell == "-") return;
    REQUIRE(cell == "exactly one");
    CHECK(combination(dialect, "*", "*") == "refused");
    const std::string twice = dialect == CronDialect::quartz ? "0 0 9 ? * ?" : "cron(0 9 ? * ? *)";
    CHECK(refusal_of(twice, dialect) == "question_mark_twice");
}

// ---- days when clocks are set --------------------------------------------------------------------------------------

constexpr std::array policies{"vixie", "ocps", "wall"};

/// "03:00+02:00 04:15+02:00": from midnight to five on the clock of that date.
std::string early_morning(const Schedule& schedule, const std::string& date) {
    const auto clock = [&](const char* time) {
        return schedule.zone().lookup(support::civil(date + " " + time)).first;
    };
    std::string text;
    for (const Instant at : schedule.between(clock("00:00:00"), clock("05:00:00")))
        text += (text.empty() ? "" : " ") + local_minute(at, schedule.zone()).substr(11);
    return text.empty() ? "none" : text;
}

std::size_t count_on(const std::string& date, const std::string& text, const std::string& policy) {
    const auto schedule = Schedule::parse(text, {.time_zone = "Europe/Paris", .dst = parse_dst_policy(policy).value()});
    const std::string times = early_morning(*schedule, date);
    return times == "none" ? 0 : split(times, " ").size();
}

Instant local_instant(const std::string& text) { // 2011-12-28 12:00-10:00
    return support::instant(text.substr(0, 16) + ":00" + text.substr(16));
}

/// Every name of a test case in the sources.
std::set<std::string> test_names() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(project_root + "/tests")) {
        if (!entry.path().string().ends_with("_test.cpp")) continue;
        const std::string source = text_of(std::filesystem::relative(entry.path(), project_root).string());
        for (std::size_t at = source.find("TEST_CASE"); at != std::string::npos;
             at = source.find("TEST_CASE", at + 1)) {
            const std::size_t open = source.find('"', at);
            const std::size_t close = source.find('"', open + 1);
            if (close != std::string::npos) names.insert(source.substr(open + 1, close - open - 1));
        }
    }
    return names;
}

} // namespace

TEST_CASE("schedules.md: each kind of schedule has its name, its words and its instants") {
    std::set<std::string> kinds;
    for (const Row& row : rows_of("schedules.md", "text | kind | in words | next")) {
        INFO(row.at("text"));
        const auto schedule = parse(code_in(row.at("text")));
        REQUIRE(schedule);
        CHECK(to_string(schedule->kind()) == row.at("kind"));
        CHECK(schedule->describe() == row.at("in words"));
        // An interval may begin at the very start.
        const Instant after = march - Duration{row.at("kind") == "iso_interval" ? 1 : 0};
        CHECK(next_text(*schedule, after, row.at("next")) == row.at("next"));
        kinds.insert(row.at("kind"));
    }
    CHECK(kinds.size() == detail::schedule_kind_table.size());
}

TEST_CASE("schedules.md: excluded dates are those of the zone") {
    const support::TestZones zones;
    for (const Row& row : rows_of("schedules.md", "schedule | zone | exclude | after | next")) {
        INFO(row.at("schedule"));
        const Instant after = support::instant(row.at("after"));
        const auto schedule =
            Schedule::parse(code_in(row.at("schedule")), {.time_zone = row.at("zone"), .anchor = after}).value();
        JobDefinition job;
        for (const std::string& date : split(row.at("exclude"), ", "))
            job.exclude.emplace_back(std::chrono::floor<std::chrono::days>(support::civil(date + " 00:00:00")));
        CHECK(Occurrences(job, schedule).next(after) == support::instant(row.at("next")));
        CHECK(schedule.next(after) != support::instant(row.at("next")));
    }
}

TEST_CASE("schedules.md: fields have these values, names and places") {
    const std::map<std::string, std::string> wrong_name{{"JAN-DEC", "JANU"}, {"SUN-SAT", "SUNN"}};
    const auto text = [](std::size_t count, std::size_t place, const std::string& content) {
        std::string joined;
        for (std::size_t i = 1; i <= count; ++i)
            joined += (i == 1 ? "" : " ") + (i == place ? content : "*");
        return joined;
    };
    std::size_t places = 0;
    for (const Row& row : rows_of("schedules.md", "field | values | names | in 5 | in 6 | in 7"))
        for (const std::size_t count : {5u, 6u, 7u}) {
            const std::string cell = row.at("in " + std::to_string(count));
            if (cell.empty()) continue;
            ++places;
            const auto place = static_cast<std::size_t>(cell[0] - '0');
            const auto ends = split(row.at("values"), "-");
            for (const std::string& end : ends)
                CHECK(refusal_of(text(count, place, end)) == "accepted");
            for (const int beyond : {std::stoi(ends[0]) - 1, std::stoi(ends[1]) + 1}) {
                if (beyond < 0) continue;
                const auto error = parse(text(count, place, std::to_string(beyond)));
                REQUIRE_FALSE(error);
                CHECK(error.parse_error().code == Errc::value_out_of_range);
                CHECK(to_string(error.parse_error().field) == row.at("field"));
            }
            const std::string names = row.at("names");
            CHECK(refusal_of(text(count, place, names.empty() ? "JAN" : names)) ==
                  (names.empty() ? "unexpected_character" : "accepted"));
            if (!names.empty()) CHECK(refusal_of(text(count, place, wrong_name.at(names))) == "unknown_name");
        }
    CHECK(places == 5 + 6 + 7);
}

TEST_CASE("schedules.md: what a field says is what it means") {
    const auto rows = rows_of("schedules.md", "text | in words | next");
    CHECK(rows.size() >= 25);
    for (const Row& row : rows)
        check_meaning(row, CronDialect::extended);
}

TEST_CASE("schedules.md: each dialect has the features of its column") {
    const auto rows = rows_of(
        "schedules.md", "feature | field | example | standard | extended | vixie | quartz | spring | eventbridge");
    CHECK(rows.size() >= 30);
    for (const Row& row : rows)
        for (const char* name : dialect_names) {
            INFO(row.at("feature") << " in " << name);
            const CronDialect dialect = dialect_named(name);
            const std::string& cell = row.at(name);
            if (row.at("feature") == "number of fields")
                check_field_counts(dialect, cell);
            else if (row.at("feature") == "weekday numbers")
                check_weekday_numbers(dialect, cell);
            else if (row.at("feature") == "both day fields restricted")
                check_both_days(dialect, cell);
            else
                check_feature(dialect, row, cell);
        }
}

TEST_CASE("schedules.md: the two readings of a text are those of its dialects") {
    for (const Row& row : rows_of("schedules.md", "text | dialect | in words | next"))
        check_meaning(row, dialect_named(row.at("dialect")));
}

TEST_CASE("schedules.md: a policy does with gaps and overlaps what its row says") {
    const support::TestZones zones;
    const std::string gap = "2026-03-29";
    const std::string overlap = "2026-10-25";
    const auto rows =
        rows_of("schedules.md", "policy | gap, fixed | gap, interval | overlap, fixed | overlap, interval");
    CHECK(rows.size() == policies.size());
    const std::map<std::string, std::size_t> runs{{"once, at the end of the gap", 1},
                                                  {"keeps its rhythm", 1},
                                                  {"skipped", 0},
                                                  {"the first time", 1},
                                                  {"both times", 2}};
    for (const Row& row : rows) {
        const std::string policy = code_in(row.at("policy"));
        INFO(policy);
        CHECK(count_on(gap, "30 2 * * *", policy) == runs.at(row.at("gap, fixed")));
        CHECK(count_on(gap, "0 2,4 * * *", policy) == runs.at(row.at("gap, fixed")) + 1);
        CHECK(count_on(gap, "*/30 2 * * *", policy) == runs.at(row.at("gap, interval")));
        CHECK(count_on(gap, "15 * * * *", policy) == 4);
        CHECK(count_on(overlap, "30 2 * * *", policy) == runs.at(row.at("overlap, fixed")));
        CHECK(count_on(overlap, "15 * * * *", policy) == 4 + runs.at(row.at("overlap, interval")));
    }
    CHECK(ScheduleOptions{}.dst == DstPolicy::vixie);
    CHECK(rows.front().at("policy") == "`vixie` (default)");
}

TEST_CASE("schedules.md: Paris, New York and Lord Howe on days when clocks are set") {
    const support::TestZones zones;
    const auto rows = rows_of("schedules.md", "zone | date | schedule | class | vixie | ocps | wall");
    CHECK(rows.size() >= 15);
    for (const Row& row : rows) {
        const std::string text = code_in(row.at("schedule"));
        const auto cron = CronExpression::parse(text);
        REQUIRE(cron);
        CHECK(row.at("class") == (cron->is_interval() ? "interval" : "fixed"));
        for (const char* policy : policies) {
            INFO(row.at("zone") << " " << row.at("date") << " " << text << " " << policy);
            const auto schedule =
                Schedule::parse(text, {.time_zone = row.at("zone"), .dst = parse_dst_policy(policy).value()});
            CHECK(early_morning(*schedule, row.at("date")) == row.at(policy));
        }
    }
}

TEST_CASE("schedules.md: Apia, Sao Paulo, Kathmandu, Troll and Casablanca") {
    const support::TestZones zones;
    for (const Row& row : rows_of("schedules.md", "zone | schedule | after | next")) {
        INFO(row.at("zone"));
        const auto schedule = Schedule::parse(code_in(row.at("schedule")), {.time_zone = row.at("zone")}).value();
        std::string found;
        for (const Instant at : schedule.upcoming(local_instant(row.at("after")), split(row.at("next"), ", ").size()))
            found += (found.empty() ? "" : ", ") + local_minute(at, schedule.zone());
        CHECK(found == row.at("next"));
    }
}

TEST_CASE("schedules.md: what cron_explain is shown to print is what the library says") {
    const support::TestZones zones;
    const std::string page = text_of("docs/schedules.md");
    const std::size_t begin =
        page.find("$ cron_explain --zone America/New_York --from 2026-03-06T12:00:00Z --count 4 '30 2 * * *'\n");
    REQUIRE(begin != std::string::npos);
    const auto schedule = Schedule::parse("30 2 * * *", {.time_zone = "America/New_York"}).value();
    std::string facts = "words: " + schedule.describe() + "\n";
    for (const int year : {2026, 2027})
        for (const DstNote& note : schedule.dst_notes(std::chrono::year{year}))
            facts += "dst: " + to_string(note, schedule.zone()) + "\n";
    CHECK(page.find(facts, begin) != std::string::npos);
    std::size_t at = page.find("next: ", begin);
    for (const Instant next : schedule.upcoming(support::instant("2026-03-06T12:00:00Z"), 4)) {
        const std::string line = page.substr(at, page.find('\n', at) - at);
        INFO(line);
        CHECK(line.starts_with("next: " + to_rfc3339(next) + "  "));
        CHECK(line.find(" " + support::local_text(next, schedule.zone()).substr(0, 19) + " ") != std::string::npos);
        CHECK(line.ends_with(" " + std::string(schedule.zone().abbreviation_at(next))));
        at = page.find('\n', at) + 1;
    }
    CHECK(page.compare(at, 3, "```") == 0);
}

TEST_CASE("schedules.md: every warning is there, with its words") {
    std::set<std::string> codes;
    for (const Row& row : rows_of("schedules.md", "code | text | message")) {
        INFO(row.at("text"));
        std::string said;
        for (const CronWarning warning : parse(code_in(row.at("text")))->warnings())
            if (to_string(warning.code) == code_in(row.at("code"))) said = to_string(warning);
        CHECK(said == row.at("message"));
        codes.insert(code_in(row.at("code")));
    }
    CHECK(codes.size() == detail::cron_warning_table.size());
}

TEST_CASE("schedules.md: what is refused is refused, there and with that help") {
    for (const Row& row : rows_of("schedules.md", "text | dialect | code | column | what helps")) {
        INFO(row.at("text"));
        const auto parsed = parse(code_in(row.at("text")), dialect_named(row.at("dialect")));
        REQUIRE_FALSE(parsed);
        const Error error = parsed.error();
        CHECK(to_string(error.code()) == code_in(row.at("code")));
        CHECK(std::to_string(error.column()) == row.at("column"));
        CHECK(std::string(error.what()).find("; " + row.at("what helps")) != std::string::npos);
    }
    for (const Row& row : rows_of("schedules.md", "text | dialect | code")) {
        INFO(row.at("text"));
        CHECK(refusal_of(code_in(row.at("text")), dialect_named(row.at("dialect"))) == code_in(row.at("code")));
    }
}

TEST_CASE("ocps.md: the tests it names exist") {
    const auto names = test_names();
    REQUIRE(names.size() > 300);
    std::size_t named = 0;
    for (const Row& row : rows_of("ocps.md", "clause | asks for | shown by"))
        for (const std::string& name : codes_in(row.at("shown by"))) {
            INFO(name);
            CHECK(names.contains(name));
            ++named;
        }
    CHECK(named >= 40);
}

TEST_CASE("ocps.md: each example holds in dialect standard") {
    for (const Row& row : rows_of("ocps.md", "clause | pattern | after | next")) {
        const std::string pattern = code_in(row.at("pattern"));
        INFO(pattern);
        if (row.at("next").starts_with("refused")) {
            CHECK(refusal_of(pattern) == code_in(row.at("next")));
            continue;
        }
        const auto schedule = parse(pattern);
        REQUIRE(schedule);
        const std::string expected = pattern == "@reboot" ? "an event" : row.at("next");
        CHECK(next_text(*schedule, local_instant(row.at("after") + "Z"), row.at("next")) == expected);
    }
}

TEST_CASE("schedules.md and ocps.md have no table that is not run") {
    const std::map<std::string, std::size_t> run{{"schedules.md", 12}, {"ocps.md", 6}};
    for (const auto& [page, count] : run)
        CHECK(tables_of(page).size() == count);
}
