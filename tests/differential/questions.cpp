// SPDX-License-Identifier: MIT
// questions.cpp - random questions about cron expressions, and Carillon's answers to questions.
//
//   carillon_differential ask croner 1 20000     20,000 questions that croner can be asked; 1 is the seed
//   carillon_differential answer                 reads questions, writes an answer to each as soon as it is read
//
// Both are lines of JSON. A question: {"text": "0 9 * * 1", "dialect": "standard", "zone": "UTC", "at": 0, "hop": 60,
// "back": false}, and a "policy" where it is not vixie. The first occurrence asked for is the one after "at", each
// further one that "hop" seconds after the one before; with "back" it is all the other way round. An answer:
// {"times": [...]}, the four occurrences or as many as there are, or {"error": "zero_step"}.
#include "carillon/error.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/dst_policy.hpp"
#include "carillon/schedule/schedule.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/time.hpp"

#include "support/cron_generator.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using carillon::CronDialect;
using carillon::Instant;
using nlohmann::json;
using std::chrono::seconds;

constexpr int occurrences = 4;

/// Zones that set their clocks in different ways. About their years from 1975 on, the releases of the time zone
/// database have agreed for long: the other programs bring their own.
constexpr std::array zones{
    "Africa/Johannesburg", "America/Anchorage", "America/Caracas", "America/Los_Angeles", "America/New_York",
    "America/Sao_Paulo",   "America/St_Johns",  "America/Toronto", "Antarctica/Troll",    "Asia/Amman",
    "Asia/Kathmandu",      "Asia/Kolkata",      "Asia/Pyongyang",  "Asia/Tokyo",          "Atlantic/Azores",
    "Australia/Lord_Howe", "Australia/Sydney",  "Europe/Dublin",   "Europe/Lisbon",       "Europe/London",
    "Europe/Moscow",       "Europe/Paris",      "Pacific/Apia",    "Pacific/Auckland",    "Pacific/Chatham",
    "Pacific/Kwajalein",
};
constexpr std::array nicknames{
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@Daily", "@reboot"};
/// Hours in which clocks are set.
constexpr std::array night_hours{
    "0", "1", "2", "3", "23", "0-3", "1-2", "2,3", "0,1", "*/2", "*/3", "1-3/2", "23,0", "*"};

class Questions {
public:
    Questions(bool for_croner, std::uint64_t seed)
        : random_(seed)
        , for_croner_(for_croner) {}

    json next() {
        const auto dialect = random_.one_in(2) ? CronDialect::standard : CronDialect::extended;
        json question{{"dialect", to_string(dialect)}, {"text", text(dialect)}, {"zone", "UTC"}};
        question["back"] = for_croner_ && random_.one_in(4);
        question["hop"] = random_.one_in(2) ? 0 : random_.number(0, random_.one_in(2) ? 7200 : 3'000'000);
        question["at"] = instant(1970, 2150);
        if (random_.one_in(2)) put_into_zone(question);
        return question;
    }

private:
    using Rules = carillon::detail::DialectRules;

    std::string text(CronDialect dialect) {
        if (random_.one_in(100)) return pick(nicknames);
        const Rules rules = random_.one_in(8) ? all_but_hash(CronDialect::extended) : what_both_know(dialect);
        std::string text = random_.text(rules);
        if (random_.one_in(12)) text = in_small_letters(text);
        if (random_.one_in(12)) text = damaged(text);
        return text;
    }

    /// `H` is Carillon's own.
    static Rules all_but_hash(CronDialect dialect) {
        Rules rules = carillon::detail::rules_of(dialect);
        rules.hash = false;
        return rules;
    }

    Rules what_both_know(CronDialect dialect) {
        Rules rules = all_but_hash(dialect);
        rules.full_names = rules.reversed_ranges = rules.last_minus = false;
        if (for_croner_) return rules;
        rules.most_fields = 6;
        rules.question_mark = false;
        rules.modifiers = random_.one_in(2);
        return rules;
    }

    static std::string in_small_letters(std::string text) {
        for (char& c : text)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return text;
    }

    /// With one character too many, too few, or another one.
    std::string damaged(std::string text) {
        static constexpr std::string_view alphabet = "0123456789*,-/?LWw#+ AN@";
        const auto place = static_cast<std::size_t>(random_.number(0, static_cast<int>(text.size()) - 1));
        const auto letter = static_cast<std::size_t>(random_.number(0, static_cast<int>(alphabet.size()) - 1));
        const int kind = random_.number(0, 2);
        if (kind < 2) text.erase(place, 1);
        if (kind > 0) text.insert(place, 1, alphabet[letter]);
        return text;
    }

    /// Half of the time near a day on which clocks are set, with an expression that fires every day.
    void put_into_zone(json& question) {
        const auto zone = carillon::TimeZone::find(pick(zones)).value();
        const std::int64_t at = instant(1975, 2045);
        question["zone"] = zone.name();
        question["at"] = at;
        const auto transition = zone.next_transition(Instant{seconds{at}});
        if (random_.one_in(2) || !transition || transition->at > last_transition) return;
        const int distance = 3600 * (random_.one_in(2) ? 3 : 26);
        question["at"] = transition->at.time_since_epoch().count() + random_.number(-distance, distance);
        question["hop"] = random_.one_in(2) ? 0 : random_.number(0, 5400);
        question["text"] = on_every_night(question["text"]);
    }

    /// Python's pytz knows none after 2037.
    static constexpr std::chrono::sys_days last_transition{std::chrono::year{2037} / 1 / 1};

    /// "30 17 1 1 1" becomes "30 2 * * *" or another of the hours; now and then 17 stays.
    std::string on_every_night(const std::string& text) {
        std::vector<std::string> fields;
        std::istringstream words(text);
        for (std::string field; words >> field;)
            fields.push_back(field);
        if (fields.size() < 5) return text;
        const std::size_t hour = fields.size() == 5 ? 1 : 2;
        if (!random_.one_in(4)) fields[hour] = pick(night_hours);
        if (fields[hour - 1] == "*" && random_.one_in(2)) fields[hour - 1] = std::to_string(random_.number(0, 59));
        std::string kept;
        for (std::size_t i = 0; i <= hour; ++i)
            kept += fields[i] + ' ';
        return kept + "* * *";
    }

    std::int64_t instant(int first_year, int last_year) {
        const std::chrono::year year{random_.number(first_year, last_year - 1)};
        const auto day = std::chrono::sys_days{year / 1 / 1} + std::chrono::days{random_.number(0, 364)};
        return (day + seconds{random_.number(0, 86399)}).time_since_epoch().count();
    }

    template <std::size_t N>
    const char* pick(const std::array<const char*, N>& values) {
        return values[static_cast<std::size_t>(random_.number(0, static_cast<int>(N) - 1))];
    }

    support::CronGenerator random_;
    bool for_croner_;
};

json answer(const json& question) {
    carillon::ScheduleOptions options;
    options.time_zone = question.at("zone");
    options.dialect = carillon::parse_cron_dialect(question.at("dialect").get<std::string>()).value();
    options.dst = carillon::parse_dst_policy(question.value("policy", "vixie")).value();
    const auto schedule = carillon::Schedule::parse(question.at("text").get<std::string>(), options);
    if (!schedule) return {{"error", to_string(schedule.error().code())}};

    const bool back = question.at("back");
    const seconds hop{question.at("hop").get<int>()};
    Instant at{seconds{question.at("at").get<std::int64_t>()}};
    json times = json::array();
    for (int i = 0; i < occurrences; ++i) {
        const auto found = back ? schedule->previous(at) : schedule->next(at);
        if (!found) break;
        times.push_back(carillon::floor_to_second(*found).time_since_epoch().count());
        at = back ? *found - hop : *found + hop;
    }
    return {{"times", std::move(times)}};
}

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() == 1 && arguments[0] == "answer") {
        for (std::string line; std::getline(std::cin, line);)
            std::cout << answer(json::parse(line)).dump() << std::endl;
        return 0;
    }
    if (arguments.size() != 4 || arguments[0] != "ask") throw std::runtime_error("expected ask ... or answer");
    Questions questions(arguments[1] == "croner", std::stoull(arguments[2]));
    for (auto left = std::stoll(arguments[3]); left > 0; --left)
        std::cout << questions.next().dump() << '\n';
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << "carillon_differential: " << error.what() << '\n';
        return 2;
    }
}
