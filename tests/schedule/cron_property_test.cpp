// SPDX-License-Identifier: MIT
// What must hold for every expression: random texts of every dialect against a reading of the fields that knows no
// masks of months, no index and no bit tricks.
#include "carillon/schedule/cron.hpp"

#include "support/catch.hpp"
#include "support/cron_generator.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using carillon::CronDialect;
using carillon::CronExpression;
using carillon::detail::CronFields;
using std::chrono::local_days;
using std::chrono::local_seconds;

namespace {

constexpr int rounds_per_dialect = 1500;

/// The workday nearest to `day` of the month that `day` lies in.
local_days nearest_workday(local_days day) {
    for (const int distance : {0, -1, 1, -2, 2}) {
        const local_days near = day + std::chrono::days{distance};
        const auto weekday = std::chrono::weekday{near}.c_encoding();
        const bool same_month = std::chrono::year_month_day{near}.month() == std::chrono::year_month_day{day}.month();
        if (same_month && weekday != 0 && weekday != 6) return near;
    }
    return day;
}

/// One day at a time, by std::chrono.
bool selects_day(const CronFields& fields, local_days day) {
    const std::chrono::year_month_day date{day};
    const std::chrono::year_month_day_last last{date.year(), date.month() / std::chrono::last};
    const auto number = static_cast<unsigned>(date.day());
    const auto length = static_cast<unsigned>(last.day());
    const local_days first = day - std::chrono::days{number - 1};
    const auto weekday = std::chrono::weekday{day}.c_encoding();
    const auto year = static_cast<int>(date.year());
    if (year < 1970 || year > 2199 || !fields.years.contains(static_cast<std::uint32_t>(year - 1970))) return false;
    if (!(fields.months >> static_cast<unsigned>(date.month()) & 1)) return false;

    bool by_day = fields.days >> number & 1;
    by_day = by_day || (fields.days_before_last >> (length - number) & 1);
    for (unsigned other = 1; other <= length; ++other) {
        const bool near = (fields.near_days >> other & 1) || (fields.near_before_last >> (length - other) & 1);
        by_day = by_day || (near && nearest_workday(first + std::chrono::days{other - 1}) == day);
    }
    const bool by_weekday = (fields.weekdays >> (7 * ((number - 1) / 7) + weekday) & 1) ||
                            (number + 7 > length && (fields.last_weekdays >> weekday & 1));
    return fields.either_day ? by_day || by_weekday : by_day && by_weekday;
}

bool selects_time(const CronFields& fields, std::chrono::seconds of_day) {
    const std::chrono::hh_mm_ss time{of_day};
    return (fields.hours >> time.hours().count() & 1) && (fields.minutes >> time.minutes().count() & 1) &&
           (fields.seconds >> time.seconds().count() & 1);
}

bool selects(const CronFields& fields, local_seconds second) {
    const auto day = std::chrono::floor<std::chrono::days>(second);
    return selects_day(fields, day) && selects_time(fields, second - day);
}

/// The first selected time of day that is not before `from`, by trying every hour, minute and second.
std::optional<std::chrono::seconds> walk_day(const CronFields& fields, std::chrono::seconds from) {
    for (int hour = 0; hour < 24; ++hour)
        for (int minute = 0; (fields.hours >> hour & 1) && minute < 60; ++minute)
            for (int second = 0; (fields.minutes >> minute & 1) && second < 60; ++second) {
                const auto time =
                    std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
                if (time >= from && (fields.seconds >> second & 1)) return time;
            }
    return std::nullopt;
}

/// The first match after `after` within `days`, by trying every day.
std::optional<local_seconds> walk(const CronFields& fields, local_seconds after, int days) {
    const auto first = std::chrono::floor<std::chrono::days>(after);
    for (int i = 0; i <= days; ++i) {
        const local_days day = first + std::chrono::days{i};
        if (!selects_day(fields, day)) continue;
        if (const auto time = walk_day(fields, i == 0 ? after - local_seconds{first} + 1s : 0s)) return day + *time;
    }
    return std::nullopt;
}

template <class Check>
void for_random_expressions(std::uint64_t seed, int rounds, Check check) {
    support::CronGenerator generator(seed);
    int accepted = 0;
    for (const auto dialect : {CronDialect::standard,
                               CronDialect::extended,
                               CronDialect::vixie,
                               CronDialect::quartz,
                               CronDialect::spring,
                               CronDialect::eventbridge})
        for (int i = 0; i < rounds; ++i) {
            const std::string text = generator.text(dialect);
            const auto parsed = CronExpression::parse(text, dialect, "key");
            INFO("seed " << seed << ", " << to_string(dialect) << ": " << text);
            if (!parsed) continue;
            ++accepted;
            check(*parsed, generator);
        }
    CHECK(accepted > 6 * rounds * 9 / 10);
}

/// Anywhere in the years, and sometimes just before or after them.
local_seconds random_second(support::CronGenerator& generator) {
    const auto day = local_days{std::chrono::days{generator.number(-400, 84400)}};
    return day + std::chrono::seconds{generator.one_in(3) ? 0 : generator.number(0, 86399)};
}

} // namespace

TEST_CASE("cron properties: next is strictly later, previous strictly earlier, and they undo each other", "[cron]") {
    for_random_expressions(1, rounds_per_dialect, [](const CronExpression& e, support::CronGenerator& generator) {
        for (int i = 0; i < 4; ++i) {
            const auto at = random_second(generator);
            INFO("at " << at.time_since_epoch().count());
            if (const auto next = e.next(at)) {
                REQUIRE(*next > at);
                REQUIRE(e.matches(*next));
                REQUIRE(e.next_or_at(*next) == next);
                REQUIRE(e.previous_or_at(*next) == next);
                const auto before = e.previous(*next);
                REQUIRE((!before || *before <= at));
                if (before) REQUIRE(e.next(*before) == next);
            }
            if (const auto previous = e.previous(at)) {
                REQUIRE(*previous < at);
                REQUIRE(e.matches(*previous));
                const auto after = e.next(*previous);
                REQUIRE((!after || *after >= at));
            }
            REQUIRE(e.matches(at) == (e.next_or_at(at) == at));
            REQUIRE(e.matches(at) == (e.previous_or_at(at) == at));
        }
    });
}

TEST_CASE("cron properties: matches reads the fields as a calendar does", "[cron]") {
    for_random_expressions(2, rounds_per_dialect, [](const CronExpression& e, support::CronGenerator& generator) {
        for (int i = 0; i < 8; ++i) {
            const auto at = random_second(generator);
            INFO("at " << at.time_since_epoch().count());
            REQUIRE(e.matches(at) == selects(e.fields(), at));
            if (const auto next = e.next(at)) REQUIRE(selects(e.fields(), *next));
        }
    });
}

TEST_CASE("cron properties: next is what a walk over days and seconds finds", "[cron]") {
    for_random_expressions(3, 250, [](const CronExpression& e, support::CronGenerator& generator) {
        const auto at = random_second(generator);
        constexpr int days = 400;
        const auto walked = walk(e.fields(), at, days);
        INFO("at " << at.time_since_epoch().count());
        const auto next = e.next(at);
        const local_seconds end = std::chrono::floor<std::chrono::days>(at) + std::chrono::days{days + 1};
        if (walked)
            REQUIRE(next == walked);
        else
            REQUIRE((!next || *next >= end));
    });
}

TEST_CASE("cron properties: no second between two occurrences matches", "[cron]") {
    for_random_expressions(4, 100, [](const CronExpression& e, support::CronGenerator& generator) {
        const auto from = random_second(generator);
        auto expected = e.next_or_at(from);
        for (auto at = from; at < from + 3h; at += 1s) {
            const bool match = expected == at;
            if (e.matches(at) != match) FAIL("at " << at.time_since_epoch().count());
            if (match) expected = e.next(at);
        }
    });
}

TEST_CASE("cron properties: an expression that never fires matches no day of any year", "[cron]") {
    for_random_expressions(5, 100, [](const CronExpression& e, support::CronGenerator&) {
        bool any = false;
        for (local_days day{1970y / 1 / 1}; !any && day < local_days{2200y / 1 / 1}; day += std::chrono::days{1})
            any = selects_day(e.fields(), day);
        REQUIRE(e.never_fires() == !any);
        REQUIRE(e.warnings().contains(carillon::CronWarningCode::never_fires) == !any);
        REQUIRE(e.next(local_seconds::min()).has_value() == any);
        REQUIRE(e.previous(local_seconds::max()).has_value() == any);
    });
}

TEST_CASE("cron properties: to_string is read back as the same expression", "[cron]") {
    for_random_expressions(6, 3000, [](const CronExpression& e, support::CronGenerator&) {
        const std::string canonical = e.to_string();
        INFO("to_string: " << canonical);
        const auto again = CronExpression::parse(canonical, e.dialect());
        REQUIRE(again);
        REQUIRE(*again == e);
        REQUIRE(again->is_interval() == e.is_interval());
        REQUIRE(again->to_string() == canonical);
    });
}

TEST_CASE("cron properties: damaged texts are accepted or refused, and columns lie in the text", "[cron]") {
    support::CronGenerator generator(7);
    static constexpr std::string_view bytes = "0159*/-,?LW#H~+()@=: \tMONJANxlw\n\x80.";
    for (int i = 0; i < 60000; ++i) {
        const auto dialect = static_cast<CronDialect>(i % 6);
        std::string text = generator.text(dialect);
        for (int damage = generator.number(1, 3); damage > 0; --damage) {
            const auto at = static_cast<std::size_t>(generator.number(0, static_cast<int>(text.size())));
            const char byte = bytes[static_cast<std::size_t>(generator.number(0, static_cast<int>(bytes.size()) - 1))];
            if (generator.one_in(3))
                text.erase(at, 1);
            else if (at < text.size() && generator.one_in(2))
                text[at] = byte;
            else
                text.insert(at, 1, byte);
        }
        const auto parsed = CronExpression::parse(text, dialect, generator.one_in(2) ? "key" : "");
        if (!parsed) {
            const auto& error = parsed.parse_error();
            if (error.column < 1 || error.column > text.size() + 1) FAIL(text);
            continue;
        }
        const auto again = CronExpression::parse(parsed->to_string(), dialect);
        if (!again || *again != *parsed) FAIL(text << " became " << parsed->to_string());
    }
    SUCCEED();
}
