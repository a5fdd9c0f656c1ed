// SPDX-License-Identifier: MIT
// carillon.cpp - asks Carillon what the peers are asked.
//
//   carillon questions        writes the questions: zone, expression, start, and Carillon's answer, in Unix seconds
//   carillon < questions      answers them: prints zone, expression, nanoseconds of next and of parse
//
// Neither start nor answer lies on a date on which clocks are set: there the peers follow different rules.
#include "carillon/schedule/schedule.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr std::array expressions{"* * * * *",
                                 "*/15 * * * *",
                                 "0 9 * * 1-5",
                                 "30 2 * * *",
                                 "15,45 8-18/2 * 1,6,12 *",
                                 "0 0 1 * *",
                                 "0 0 13 * FRI",
                                 "0 0 29 2 *",
                                 "0 0 L * *",
                                 "* * * * 6#3"};
constexpr std::array zones{"UTC", "America/New_York"};
constexpr int questions_each = 500;

struct Group {
    std::string zone;
    std::string expression;
    std::vector<Instant> starts;
    std::vector<Instant> answers;
};

std::int64_t unix_seconds(Instant instant) {
    return std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
}

bool clocks_are_set_around(const TimeZone& zone, Instant instant) {
    const auto next = zone.next_transition(instant - 24h);
    return next && next->at < instant + 24h;
}

void write_questions() {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<std::int64_t> second(1577836800, 2208988800); // 2020 to 2039
    for (const char* zone : zones) {
        for (const char* expression : expressions) {
            const Schedule schedule = Schedule::parse(expression, {.time_zone = zone}).value();
            for (int asked = 0; asked < questions_each;) {
                const Instant start{std::chrono::seconds{second(random)}};
                const Instant answer = schedule.next(start).value();
                if (clocks_are_set_around(schedule.zone(), start)) continue;
                if (clocks_are_set_around(schedule.zone(), answer)) continue;
                std::cout << zone << '\t' << expression << '\t' << unix_seconds(start) << '\t' << unix_seconds(answer)
                          << '\n';
                ++asked;
            }
        }
    }
}

std::vector<Group> read_questions() {
    std::vector<Group> groups;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        std::string zone;
        std::string expression;
        std::getline(in, zone, '\t');
        std::getline(in, expression, '\t');
        std::int64_t start = 0;
        std::int64_t answer = 0;
        if (!(in >> start >> answer)) throw std::runtime_error("not a question: " + line);
        if (groups.empty() || groups.back().zone != zone || groups.back().expression != expression)
            groups.push_back({zone, expression, {}, {}});
        groups.back().starts.emplace_back(std::chrono::seconds{start});
        groups.back().answers.emplace_back(std::chrono::seconds{answer});
    }
    return groups;
}

/// Nanoseconds a call; `pass` makes some calls and says how many.
template <class Pass>
double nanoseconds(Pass pass) {
    constexpr auto least_time = 50ms;
    const auto begin = std::chrono::steady_clock::now();
    std::size_t calls = 0;
    do
        calls += pass();
    while (std::chrono::steady_clock::now() - begin < least_time);
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() /
           static_cast<double>(calls);
}

void answer(const Group& group) {
    const ScheduleOptions options{.time_zone = group.zone};
    const Schedule schedule = Schedule::parse(group.expression, options).value();
    for (std::size_t i = 0; i < group.starts.size(); ++i)
        if (schedule.next(group.starts[i]) != group.answers[i])
            throw std::runtime_error("the answers are those of another version");
    std::int64_t sum = 0;
    const double next = nanoseconds([&] {
        for (const Instant start : group.starts)
            sum += schedule.next(start)->time_since_epoch().count();
        return group.starts.size();
    });
    const double parse = nanoseconds([&] {
        for (int i = 0; i < 100; ++i)
            sum += Schedule::parse(group.expression, options).has_value() ? 1 : 0;
        return std::size_t{100};
    });
    std::printf("%s\t%s\t%.1f\t%.1f\n", group.zone.c_str(), group.expression.c_str(), next, parse);
    if (sum == 0) std::printf("#\n"); // the answers are used
}

} // namespace

int main(int argc, char** argv) try {
    if (argc == 2 && std::string_view(argv[1]) == "questions")
        write_questions();
    else
        for (const Group& group : read_questions())
            answer(group);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "carillon: %s\n", error.what());
    return 1;
}
