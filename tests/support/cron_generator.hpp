// SPDX-License-Identifier: MIT
// support/cron_generator.hpp - random cron texts, most of them right, of every dialect.
#pragma once

#include "carillon/schedule/cron_dialect.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace support {

namespace cron_values {

/// What a field can hold, and the names of its numbers in order; 7 shares Sunday's.
struct CronValues {
    int first = 0;
    int last = 0;
    std::span<const std::string_view> names = {};
    int first_named = 0;
};
inline constexpr std::array<std::string_view, 12> month_names{"January",
                                                              "february",
                                                              "MARCH",
                                                              "April",
                                                              "May",
                                                              "June",
                                                              "july",
                                                              "August",
                                                              "SEPTEMBER",
                                                              "October",
                                                              "November",
                                                              "December"};
inline constexpr std::array<std::string_view, 7> weekday_names{
    "Sunday", "monday", "Tuesday", "WEDNESDAY", "Thursday", "Friday", "SATURDAY"};
inline constexpr CronValues sixty{0, 59};
inline constexpr CronValues hours{0, 23};
inline constexpr CronValues days{1, 31};
inline constexpr CronValues months{1, 12, month_names, 1};

} // namespace cron_values

/// Writes texts that use what the dialect's rules allow. The same seed gives the same texts on every machine.
class CronGenerator {
public:
    explicit CronGenerator(std::uint64_t seed)
        : random_(seed) {}

    /// A number from first to last, with the same bias everywhere.
    int number(int first, int last) {
        return first + static_cast<int>(random_() % static_cast<unsigned>(last - first + 1));
    }
    bool one_in(int n) { return number(1, n) == 1; }

    std::string text(carillon::CronDialect dialect) { return text(carillon::detail::rules_of(dialect)); }

    std::string text(const carillon::detail::DialectRules& rules) {
        const int fields = number(rules.fewest_fields, rules.most_fields);
        const bool year = fields == 7 || rules.wrapper;
        const bool second = fields > 5 && !rules.wrapper;
        std::string of_month = day_of_month(rules);
        std::string of_week = day_of_week(rules);
        if (rules.both_days == carillon::detail::BothDays::refused) (one_in(2) ? of_month : of_week) = "?";
        std::string text = second ? plain(rules, cron_values::sixty) + ' ' : std::string();
        text += plain(rules, cron_values::sixty) + ' ' + plain(rules, cron_values::hours) + ' ' + of_month + ' ' +
                month(rules) + ' ' + of_week;
        if (year) text += ' ' + (one_in(2) ? std::string("*") : years(rules));
        return rules.wrapper ? "cron(" + text + ")" : text;
    }

private:
    using Rules = carillon::detail::DialectRules;

    using Values = cron_values::CronValues;

    static constexpr Values weekdays(const Rules& rules) {
        const int sunday = rules.sunday_is_one ? 1 : 0;
        return {sunday, 7, cron_values::weekday_names, sunday};
    }

    template <class Item>
    std::string list(Item item) {
        std::string text = item();
        for (int more = one_in(3) ? number(1, 3) : 0; more > 0; --more)
            text += ',' + item();
        return text;
    }

    /// A number, or in one of three cases its name where it has one.
    std::string value(const Rules& rules, int number, const Values& values) {
        if (values.names.empty() || !one_in(3)) return std::to_string(number);
        const auto name = values.names[static_cast<std::size_t>(number - values.first_named) % values.names.size()];
        return std::string(rules.full_names && one_in(12) ? name : name.substr(0, 3));
    }
    std::string value(const Rules& rules, const Values& values) {
        return value(rules, number(values.first, values.last), values);
    }

    static int span(const Values& values) { return values.last - values.first; }
    std::string step(int largest) { return one_in(3) ? '/' + std::to_string(number(1, largest + 2)) : std::string(); }

    std::string range(const Rules& rules, const Values& values) {
        int a = number(values.first, values.last);
        int b = number(values.first, values.last);
        if (a > b && !rules.reversed_ranges) std::swap(a, b);
        return value(rules, a, values) + '-' + value(rules, b, values);
    }

    std::string hashed(const Rules& rules, const Values& values) {
        const auto end = [&] {
            return one_in(3) ? std::string() : value(rules, values);
        };
        if (one_in(3)) return "H" + step(span(values));
        if (one_in(2)) return "H(" + range(rules, values) + ')' + step(span(values));
        return end() + '~' + end();
    }

    std::string term(const Rules& rules, const Values& values) {
        switch (number(0, 5)) {
        case 0: return "*" + step(span(values));
        case 1:
        case 2: return range(rules, values) + step(span(values));
        case 3:
            if (rules.open_steps) return value(rules, values) + '/' + std::to_string(number(1, values.last));
            [[fallthrough]];
        case 4:
            if (rules.hash && one_in(2)) return hashed(rules, values);
            [[fallthrough]];
        default: return value(rules, values);
        }
    }

    std::string plain(const Rules& rules, const Values& values) {
        if (one_in(3)) return "*";
        return list([&] { return term(rules, values); });
    }

    std::string month(const Rules& rules) { return one_in(2) ? "*" : plain(rules, cron_values::months); }

    std::string years(const Rules& rules) {
        if (one_in(3)) return "*/" + std::to_string(number(1, 100));
        int a = number(1970, 2199);
        int b = number(1970, 2199);
        if (a > b) std::swap(a, b);
        if (one_in(3) && rules.open_steps) return std::to_string(a) + '/' + std::to_string(number(1, 50));
        return std::to_string(a) + '-' + std::to_string(b) + step(50) + ',' + std::to_string(b);
    }

    std::string day_of_month(const Rules& rules) {
        if (one_in(3)) return "*";
        if (rules.question_mark && one_in(8)) return "?";
        if (!rules.modifiers || one_in(2)) return plain(rules, cron_values::days);
        if (!rules.weekday_in_list && one_in(2)) return std::to_string(number(1, 31)) + 'W';
        return list([&]() -> std::string {
            const std::string minus = rules.last_minus && one_in(2) ? "-" + std::to_string(number(0, 30)) : "";
            if (one_in(2)) return "L" + minus + (rules.last_minus && one_in(2) ? "W" : "");
            return std::to_string(number(1, 31)) + (rules.weekday_in_list ? "W" : "");
        });
    }

    std::string day_of_week(const Rules& rules) {
        const Values values = weekdays(rules);
        if (one_in(3)) return "*";
        if (rules.question_mark && one_in(8)) return "?";
        const std::string plus = rules.plus && one_in(4) ? "+" : "";
        if (!rules.modifiers || one_in(2)) return plus + plain(rules, values);
        if (!rules.nth_in_list && one_in(2)) return value(rules, values) + '#' + std::to_string(number(1, 5));
        return plus + list([&]() -> std::string {
                   if (one_in(3)) return value(rules, values) + 'L';
                   if (!rules.nth_in_list || one_in(3)) return value(rules, values);
                   if (rules.nth_last && one_in(5)) return value(rules, values) + "#L";
                   return value(rules, values) + '#' + std::to_string(number(1, 5));
               });
    }

    std::mt19937_64 random_;
};

} // namespace support
