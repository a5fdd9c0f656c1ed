// SPDX-License-Identifier: MIT
// support/cron_generator.hpp - random cron texts, most of them right, of every dialect.
#pragma once

#include "carillon/schedule/cron_dialect.hpp"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

namespace support {

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

    std::string text(carillon::CronDialect dialect) {
        const auto& rules = carillon::detail::rules_of(dialect);
        const int fields = number(rules.fewest_fields, rules.most_fields);
        const bool year = fields == 7 || rules.wrapper;
        const bool second = fields > 5 && !rules.wrapper;
        std::string of_month = day_of_month(rules);
        std::string of_week = day_of_week(rules);
        if (rules.both_days == carillon::detail::BothDays::refused) (one_in(2) ? of_month : of_week) = "?";
        std::string text = second ? plain(rules, 0, 59) + ' ' : std::string();
        text += plain(rules, 0, 59) + ' ' + plain(rules, 0, 23) + ' ' + of_month + ' ' + month(rules) + ' ' + of_week;
        if (year) text += ' ' + (one_in(2) ? std::string("*") : years(rules));
        return rules.wrapper ? "cron(" + text + ")" : text;
    }

private:
    using Rules = carillon::detail::DialectRules;

    template <class Item>
    std::string list(Item item) {
        std::string text = item();
        for (int more = one_in(3) ? number(1, 3) : 0; more > 0; --more)
            text += ',' + item();
        return text;
    }

    std::string step(int largest) { return one_in(3) ? '/' + std::to_string(number(1, largest + 2)) : std::string(); }

    std::string range(const Rules& rules, int first, int last) {
        int a = number(first, last);
        int b = number(first, last);
        if (a > b && !rules.reversed_ranges) std::swap(a, b);
        return std::to_string(a) + '-' + std::to_string(b);
    }

    std::string hashed(const Rules& rules, int first, int last) {
        const auto end = [&] {
            return one_in(3) ? std::string() : std::to_string(number(first, last));
        };
        if (one_in(3)) return "H" + step(last - first);
        if (one_in(2)) return "H(" + range(rules, first, last) + ')' + step(last - first);
        return end() + '~' + end();
    }

    std::string term(const Rules& rules, int first, int last) {
        switch (number(0, 5)) {
        case 0: return "*" + step(last - first);
        case 1:
        case 2: return range(rules, first, last) + step(last - first);
        case 3:
            if (rules.open_steps) return std::to_string(number(first, last)) + '/' + std::to_string(number(1, last));
            [[fallthrough]];
        case 4:
            if (rules.hash && one_in(2)) return hashed(rules, first, last);
            [[fallthrough]];
        default: return std::to_string(number(first, last));
        }
    }

    std::string plain(const Rules& rules, int first, int last) {
        if (one_in(3)) return "*";
        return list([&] { return term(rules, first, last); });
    }

    std::string month(const Rules& rules) {
        static constexpr std::array names{"JAN", "feb", "Mar", "DEC"};
        if (one_in(4)) return names[static_cast<std::size_t>(number(0, 3))];
        return one_in(2) ? "*" : plain(rules, 1, 12);
    }

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
        if (!rules.modifiers || one_in(2)) return plain(rules, 1, 31);
        if (!rules.weekday_in_list && one_in(2)) return std::to_string(number(1, 31)) + 'W';
        return list([&]() -> std::string {
            const std::string minus = rules.last_minus && one_in(2) ? "-" + std::to_string(number(0, 30)) : "";
            if (one_in(2)) return "L" + minus + (rules.last_minus && one_in(2) ? "W" : "");
            return std::to_string(number(1, 31)) + (rules.weekday_in_list ? "W" : "");
        });
    }

    std::string weekday(const Rules& rules) {
        static constexpr std::array names{"SUN", "mon", "Tue", "WED", "THU", "FRI", "SAT"};
        if (one_in(2)) return names[static_cast<std::size_t>(number(0, 6))];
        return std::to_string(number(rules.sunday_is_one ? 1 : 0, 7));
    }

    std::string day_of_week(const Rules& rules) {
        if (one_in(3)) return "*";
        if (rules.question_mark && one_in(8)) return "?";
        const std::string plus = rules.plus && one_in(4) ? "+" : "";
        if (!rules.modifiers || one_in(2)) return plus + plain(rules, rules.sunday_is_one ? 1 : 0, 7);
        if (!rules.nth_in_list && one_in(2)) return weekday(rules) + '#' + std::to_string(number(1, 5));
        return plus + list([&]() -> std::string {
                   if (one_in(3)) return weekday(rules) + 'L';
                   if (!rules.nth_in_list || one_in(3)) return weekday(rules);
                   return weekday(rules) + '#' + std::to_string(number(1, 5));
               });
    }

    std::mt19937_64 random_;
};

} // namespace support
