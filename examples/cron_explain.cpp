// SPDX-License-Identifier: MIT
// cron_explain.cpp - what does this schedule mean, and when does it happen? In words, with warnings, on the days when
// clocks are set, and as a list of its next occurrences.
//
//   cron_explain --zone America/New_York '30 2 * * *'
//   cron_explain --dialects '0 0 12 ? * 2'            how each dialect reads the same text
#include <carillon/schedule/schedule.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#if __has_include(<unistd.h>)
#    include <unistd.h>
#endif

namespace {

using carillon::Instant, carillon::Schedule, carillon::ScheduleOptions;

constexpr std::string_view usage = R"(usage: cron_explain [option...] [schedule...]

  --zone NAME      the time zone: Europe/Paris, UTC, +05:30
  --dialect NAME   standard (the default), extended, vixie, quartz, spring, eventbridge
  --dialects       compare what the schedule means in each of them
  --dst NAME       on days when clocks are set: vixie (the default), ocps, wall
  --count N        how many occurrences, 0 to 1000 (5)
  --from INSTANT   the occurrences after it, as 2026-01-01T00:00:00Z (now)
  --key TEXT       the key that places H and ~ in dialect extended
  --help           this text

A schedule is one argument: quote it. Without one, a few samples are explained.
)";

/// Each with the options that it shows best with.
const std::vector<std::vector<std::string>> samples{
    {"--zone", "America/New_York", "30 2 * * *"},
    {"--zone", "Europe/Paris", "*/20 9-17 * * MON-FRI"},
    {"0 0 13 * FRI"},
    {"--dialect", "quartz", "--zone", "Asia/Tokyo", "0 0 18 LW * ?"},
    {"R/2026-01-31T09:00:00Z/P1M"},
    {"--dialects", "0 0 12 ? * 2"},
};

struct Request {
    ScheduleOptions options;
    bool compare = false;
    bool help = false;
    std::size_t count = 5;
    Instant from = std::chrono::time_point_cast<carillon::Duration>(std::chrono::system_clock::now());
    std::vector<std::string> schedules;
};

// ---- the command line ----------------------------------------------------------------------------------------------

struct WrongUsage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class Value>
Value known(std::optional<Value> value, const std::string& option, const std::string& text) {
    if (!value) throw WrongUsage(option + ": \"" + text + "\" is unknown; see --help");
    return *value;
}

std::size_t read_count(const std::string& text) {
    std::size_t count = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (code != std::errc{} || end != text.data() + text.size() || count > 1000)
        throw WrongUsage("--count: expected 0 to 1000, saw \"" + text + "\"");
    return count;
}

void set_option(Request& request, const std::string& option, const std::string& value) {
    if (option == "--zone")
        request.options.time_zone = value;
    else if (option == "--dialect")
        request.options.dialect = known(carillon::parse_cron_dialect(value), option, value);
    else if (option == "--dst")
        request.options.dst = known(carillon::parse_dst_policy(value), option, value);
    else if (option == "--count")
        request.count = read_count(value);
    else if (option == "--from")
        request.from = carillon::parse_rfc3339(value).value();
    else if (option == "--key")
        request.options.hash_key = value;
    else
        throw WrongUsage(option + ": no such option; see --help");
}

Request read_arguments(const std::vector<std::string>& arguments) {
    Request request;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument == "--help" || argument == "-h")
            request.help = true;
        else if (argument == "--dialects")
            request.compare = true;
        else if (!argument.starts_with('-') || argument.find(' ') != std::string::npos)
            request.schedules.push_back(argument);
        else if (i + 1 < arguments.size())
            set_option(request, argument, arguments[++i]);
        else
            throw WrongUsage(argument + ": no such option, or its value is missing; see --help");
    }
    request.options.anchor = request.from; // of @every and rate(...)
    return request;
}

// ---- the paper -----------------------------------------------------------------------------------------------------

bool is_terminal() {
#if __has_include(<unistd.h>)
    return ::isatty(STDOUT_FILENO) == 1;
#else
    return false;
#endif
}

/// Tables for people who look at a terminal, one labelled line per fact for programs that read a pipe.
const bool in_tables = is_terminal();

enum class Ink { plain, bold, dim, green, yellow, red };

std::string inked(Ink ink, const std::string& text) {
    static constexpr std::array codes{"0", "1", "2", "32", "33", "31"};
    static const char* const no_color = std::getenv("NO_COLOR");
    const bool colours = in_tables && (no_color == nullptr || *no_color == '\0');
    if (!colours || ink == Ink::plain) return text;
    return std::string("\x1b[") + codes[static_cast<std::size_t>(ink)] + "m" + text + "\x1b[0m";
}

void write_fact(const std::string& label, Ink ink, const std::string& text) {
    if (in_tables)
        std::cout << "  " << inked(ink, text) << "\n";
    else
        std::cout << label << ": " << text << "\n";
}

void write_title(const std::string& text) {
    std::cout << (in_tables ? "" : "schedule: ") << inked(Ink::bold, text) << "\n";
}

/// A table's row begins with two columns of known width.
void write_row(const std::string& label, Ink ink, std::string first, std::string second, const std::string& third) {
    first.resize(std::max<std::size_t>(first.size(), 20), ' ');
    if (!third.empty()) second.resize(std::max<std::size_t>(second.size(), 30), ' ');
    write_fact(label, ink, first + "  " + second + third);
}

void write_heads(const std::string& first, const std::string& second, const std::string& third = "") {
    if (in_tables) write_row("", Ink::dim, first, second, third);
}

// ---- the facts -----------------------------------------------------------------------------------------------------

/// "Sun 2026-03-08 03:00:00 EDT", as a calendar in the zone has it.
std::string on_the_wall(Instant at, const carillon::TimeZone& zone) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const auto local = zone.to_local(at);
    const std::chrono::weekday day{std::chrono::floor<std::chrono::days>(local)};
    std::string text = carillon::to_rfc3339(Instant{local.time_since_epoch()}).substr(0, 19);
    text[10] = ' ';
    return std::string(days[day.c_encoding()]) + " " + text + " " + std::string(zone.abbreviation_at(at));
}

/// From then on to the end of the next year.
void write_dst_notes(const Schedule& schedule, Instant from) {
    const std::chrono::year_month_day today{schedule.local_date(from)};
    for (const auto year : {today.year(), today.year() + std::chrono::years{1}})
        for (const carillon::DstNote& note : schedule.dst_notes(year))
            if (note.transition.at >= from) write_fact("dst", Ink::yellow, to_string(note, schedule.zone()));
}

void write_occurrences(const Schedule& schedule, const Request& request) {
    if (request.count == 0) return;
    const auto occurrences = schedule.upcoming(request.from, request.count);
    if (occurrences.empty())
        return write_fact("next", Ink::plain, schedule.is_event() ? "an event: no time can be told" : "none");
    write_heads("UTC", schedule.time_zone());
    for (const Instant at : occurrences)
        write_row("next", Ink::plain, carillon::to_rfc3339(at), on_the_wall(at, schedule.zone()), "");
}

void explain(const Schedule& schedule, const Request& request) {
    write_title(schedule.text());
    write_fact("words", Ink::green, schedule.describe());
    for (const carillon::CronWarning warning : schedule.warnings())
        write_fact("warning", Ink::yellow, to_string(warning));
    write_dst_notes(schedule, request.from);
    write_occurrences(schedule, request);
}

/// The first line of a message, from its column on.
std::string reason(const carillon::Error& error) {
    const std::string message = error.what();
    const std::string line = message.substr(0, message.find('\n'));
    const std::size_t column = line.rfind(": column ");
    return column == std::string::npos ? line : line.substr(column + 2);
}

void write_reading(const std::string& dialect, const std::string& text, const Request& request) {
    ScheduleOptions options = request.options;
    options.dialect = *carillon::parse_cron_dialect(dialect);
    const auto schedule = Schedule::parse(text, options);
    if (!schedule) return write_row("dialect", Ink::red, dialect, "refused", reason(schedule.error()));
    const auto next = schedule->next(request.from);
    const std::string when = next ? on_the_wall(*next, schedule->zone()) : "none";
    write_row("dialect", Ink::plain, dialect, when, schedule->describe());
}

void compare_dialects(const std::string& text, const Request& request) {
    write_title(text);
    write_heads("dialect", "next", "means");
    for (const char* dialect : {"standard", "extended", "vixie", "quartz", "spring", "eventbridge"})
        write_reading(dialect, text, request);
}

/// Several arguments that are a field each, and no schedule.
bool is_in_pieces(const std::vector<std::string>& schedules) {
    const auto is_piece = [](const std::string& text) {
        return text.find_first_of(" \t@(/") == std::string::npos;
    };
    return schedules.size() > 1 && std::all_of(schedules.begin(), schedules.end(), is_piece);
}

void answer(const Request& request) {
    if (request.help) {
        std::cout << usage;
        return;
    }
    if (request.schedules.empty()) throw WrongUsage("no schedule is given; see --help");
    if (is_in_pieces(request.schedules)) throw WrongUsage("the shell has split the schedule; quote it: '0 9 * * *'");
    for (const std::string& text : request.schedules) {
        if (request.compare)
            compare_dialects(text, request);
        else
            explain(Schedule::parse(text, request.options).value(), request);
        std::cout << "\n";
    }
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 1)
            for (const auto& sample : samples)
                answer(read_arguments(sample));
        else
            answer(read_arguments({argv + 1, argv + argc}));
        return 0;
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return 2;
    }
}
