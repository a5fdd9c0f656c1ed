// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>

using namespace std::chrono_literals;
using namespace carillon::literals;
using carillon::CronDialect;
using carillon::CronExpression;
using carillon::Errc;
using std::chrono::local_days;
using std::chrono::local_seconds;

namespace {

constexpr CronExpression cron(std::string_view text, CronDialect dialect = CronDialect::extended) {
    return CronExpression::parse(text, dialect).value();
}

std::string text_of(std::optional<local_seconds> second) {
    if (!second) return "none";
    const auto day = std::chrono::floor<std::chrono::days>(*second);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{*second - day};
    std::ostringstream out;
    out << std::setfill('0') << static_cast<int>(date.year()) << '-' << std::setw(2)
        << static_cast<unsigned>(date.month()) << '-' << std::setw(2) << static_cast<unsigned>(date.day()) << ' '
        << std::setw(2) << time.hours().count() << ':' << std::setw(2) << time.minutes().count() << ':' << std::setw(2)
        << time.seconds().count();
    return out.str();
}

constexpr local_seconds friday_noon = local_days{2026y / 3 / 6} + 12h;

/// The next occurrences after Friday 2026-03-06 12:00:00.
std::string next_of(const CronExpression& expression, int count = 1) {
    std::string result;
    auto at = friday_noon;
    for (int i = 0; i < count; ++i) {
        const auto next = expression.next(at);
        result += (i == 0 ? "" : ", ") + text_of(next);
        if (next) at = *next;
    }
    return result;
}

} // namespace

TEST_CASE("cron: next is the least match after the given second, and never that second", "[cron]") {
    constexpr auto nine = cron("0 9 * * *");
    constexpr auto day = local_days{2026y / 3 / 6};
    static_assert(nine.next(day + 8h) == day + 9h);
    static_assert(nine.next(day + 9h - 1s) == day + 9h);
    static_assert(nine.next(day + 9h) == day + 33h);
    static_assert(nine.next_or_at(day + 9h) == day + 9h);
    static_assert(nine.next_or_at(day + 9h + 1s) == day + 33h);
    CHECK(nine.next(day + 9h) == day + 33h);
}

TEST_CASE("cron: previous is the greatest match before the given second, and never that second", "[cron]") {
    constexpr auto nine = cron("0 9 * * *");
    constexpr auto day = local_days{2026y / 3 / 6};
    static_assert(nine.previous(day + 9h) == day - 15h);
    static_assert(nine.previous(day + 9h + 1s) == day + 9h);
    static_assert(nine.previous_or_at(day + 9h) == day + 9h);
    static_assert(nine.previous_or_at(day + 9h - 1s) == day - 15h);
    CHECK(nine.previous(day + 9h) == day - 15h);
}

TEST_CASE("cron: matches looks at every field", "[cron]") {
    constexpr auto expression = cron("30 15 9 6 3 * 2026");
    static_assert(expression.matches(local_days{2026y / 3 / 6} + 9h + 15min + 30s));
    static_assert(!expression.matches(local_days{2026y / 3 / 6} + 9h + 15min + 31s));
    static_assert(!expression.matches(local_days{2026y / 3 / 6} + 9h + 16min + 30s));
    static_assert(!expression.matches(local_days{2026y / 3 / 6} + 10h + 15min + 30s));
    static_assert(!expression.matches(local_days{2026y / 3 / 7} + 9h + 15min + 30s));
    static_assert(!expression.matches(local_days{2026y / 4 / 6} + 9h + 15min + 30s));
    static_assert(!expression.matches(local_days{2027y / 3 / 6} + 9h + 15min + 30s));
    CHECK(cron("0 9 * * FRI").matches(local_days{2026y / 3 / 6} + 9h));
    CHECK_FALSE(cron("0 9 * * FRI").matches(local_days{2026y / 3 / 7} + 9h));
}

TEST_CASE("cron: time fields carry from one to the next", "[cron]") {
    CHECK(next_of(cron("*/20 * * * *"), 3) == "2026-03-06 12:20:00, 2026-03-06 12:40:00, 2026-03-06 13:00:00");
    CHECK(next_of(cron("*/25 * * * *"), 3) == "2026-03-06 12:25:00, 2026-03-06 12:50:00, 2026-03-06 13:00:00");
    CHECK(next_of(cron("10,40 59 12,23 * * *"), 3) == "2026-03-06 12:59:10, 2026-03-06 12:59:40, 2026-03-06 23:59:10");
    CHECK(next_of(cron("59 59 23 * * *"), 2) == "2026-03-06 23:59:59, 2026-03-07 23:59:59");
    CHECK(next_of(cron("0 22-2/2 * * *"), 4) ==
          "2026-03-06 22:00:00, 2026-03-07 00:00:00, 2026-03-07 02:00:00, 2026-03-07 22:00:00");
}

TEST_CASE("cron: dates carry over months and years", "[cron]") {
    CHECK(next_of(cron("0 0 1 * *"), 2) == "2026-04-01 00:00:00, 2026-05-01 00:00:00");
    CHECK(next_of(cron("0 0 31 * *"), 3) == "2026-03-31 00:00:00, 2026-05-31 00:00:00, 2026-07-31 00:00:00");
    CHECK(next_of(cron("0 0 1 1 *"), 2) == "2027-01-01 00:00:00, 2028-01-01 00:00:00");
    CHECK(next_of(cron("0 0 0 31 12 * 2199"), 2) == "2199-12-31 00:00:00, none");
    CHECK(next_of(cron("0 0 6 3 *")) == "2027-03-06 00:00:00");
}

TEST_CASE("cron: the leap day comes every fourth year but 2100", "[cron]") {
    constexpr auto leap_day = cron("0 0 29 2 *");
    CHECK(next_of(leap_day, 2) == "2028-02-29 00:00:00, 2032-02-29 00:00:00");
    static_assert(leap_day.next(local_days{2096y / 2 / 29}) == local_days{2104y / 2 / 29});
    static_assert(leap_day.previous(local_days{2104y / 2 / 29}) == local_days{2096y / 2 / 29});
    static_assert(leap_day.next(local_days{1999y / 3 / 1}) == local_days{2000y / 2 / 29});
}

TEST_CASE("cron: the fifth Monday of February is decades away", "[cron]") {
    constexpr auto rare = cron("0 0 * 2 MON#5");
    static_assert(rare.next(local_days{2026y / 1 / 1}) == local_days{2044y / 2 / 29});
    static_assert(rare.next(local_days{2044y / 2 / 29}) == local_days{2072y / 2 / 29});
    static_assert(rare.next(local_days{2072y / 2 / 29}) == local_days{2112y / 2 / 29});
    CHECK_FALSE(rare.never_fires());
}

TEST_CASE("cron: an unrestricted day field leaves the decision to the other one", "[cron]") {
    CHECK(next_of(cron("0 0 * * *")) == "2026-03-07 00:00:00");
    CHECK(next_of(cron("0 0 15 * *")) == "2026-03-15 00:00:00");
    CHECK(next_of(cron("0 0 15 * ?")) == "2026-03-15 00:00:00");
    CHECK(next_of(cron("0 0 * * TUE")) == "2026-03-10 00:00:00");
    CHECK(next_of(cron("0 0 ? * TUE")) == "2026-03-10 00:00:00");
    CHECK(next_of(cron("0 0 ? * ?")) == "2026-03-07 00:00:00");
}

TEST_CASE("cron: day-of-month and day-of-week both restricted match either", "[cron]") {
    CHECK(next_of(cron("0 0 13 * FRI"), 3) == "2026-03-13 00:00:00, 2026-03-20 00:00:00, 2026-03-27 00:00:00");
    CHECK(next_of(cron("0 0 15 * TUE"), 3) == "2026-03-10 00:00:00, 2026-03-15 00:00:00, 2026-03-17 00:00:00");
}

TEST_CASE("cron: a plus before day-of-week asks for both day fields", "[cron]") {
    CHECK(next_of(cron("0 0 13 * +FRI"), 3) == "2026-03-13 00:00:00, 2026-11-13 00:00:00, 2027-08-13 00:00:00");
    CHECK(next_of(cron("0 0 1-7 * +MON"), 2) == "2026-04-06 00:00:00, 2026-05-04 00:00:00");
    CHECK(cron("0 0 * * +MON") == cron("0 0 * * MON"));
    CHECK(cron("0 0 1 * +*") == cron("0 0 1 * *"));
}

TEST_CASE("cron: */1 in a day field is a restriction that every day meets", "[cron]") {
    CHECK(next_of(cron("0 0 */1 * MON")) == "2026-03-07 00:00:00");
    CHECK(next_of(cron("0 0 */1 * MON", CronDialect::standard)) == "2026-03-07 00:00:00");
    CHECK(next_of(cron("0 0 */1 * MON", CronDialect::vixie)) == "2026-03-09 00:00:00");
}

TEST_CASE("cron: each dialect combines the day fields in its own way", "[cron]") {
    CHECK(next_of(cron("0 0 13 * FRI", CronDialect::vixie)) == "2026-03-13 00:00:00");
    CHECK(next_of(cron("0 0 */100,1-7 * MON", CronDialect::vixie), 2) == "2026-04-06 00:00:00, 2026-05-04 00:00:00");
    CHECK(next_of(cron("0 0 */100,1-7 * MON", CronDialect::standard), 2) == "2026-03-07 00:00:00, 2026-03-09 00:00:00");
    CHECK(next_of(cron("0 0 1 * */2", CronDialect::vixie), 2) == "2026-08-01 00:00:00, 2026-09-01 00:00:00");
    CHECK(next_of(cron("0 0 0 1 * TUE", CronDialect::spring), 2) == "2026-09-01 00:00:00, 2026-12-01 00:00:00");
    CHECK(next_of(cron("0 0 0 ? * TUE", CronDialect::quartz)) == "2026-03-10 00:00:00");
}

TEST_CASE("cron: weekdays are numbered as the dialect does", "[cron]") {
    CHECK(next_of(cron("0 0 * * 1")) == "2026-03-09 00:00:00");
    CHECK(next_of(cron("0 0 * * 0")) == "2026-03-08 00:00:00");
    CHECK(next_of(cron("0 0 * * 7")) == "2026-03-08 00:00:00");
    CHECK(next_of(cron("0 0 0 ? * 1", CronDialect::quartz)) == "2026-03-08 00:00:00");
    CHECK(next_of(cron("0 0 0 ? * 7", CronDialect::quartz)) == "2026-03-07 00:00:00");
    CHECK(next_of(cron("cron(0 0 ? * 2 *)", CronDialect::eventbridge)) == "2026-03-09 00:00:00");
    CHECK(next_of(cron("0 0 0 ? * L", CronDialect::quartz)) == "2026-03-07 00:00:00");
    CHECK(next_of(cron("0 0 0 ? * 2/2", CronDialect::quartz), 3) ==
          "2026-03-09 00:00:00, 2026-03-11 00:00:00, 2026-03-13 00:00:00");
}

TEST_CASE("cron: Sunday is 0, 7 and SUN wherever a range begins or ends", "[cron]") {
    const auto same = [](const char* a, const char* b) {
        INFO(a << " and " << b);
        CHECK(cron(std::string("0 0 * * ") + a) == cron(std::string("0 0 * * ") + b));
    };
    same("7-1", "SUN,MON");
    same("0-SUN", "SUN");
    same("7-7", "SUN");
    same("SUN-SUN", "SUN");
    same("7-SUN", "SUN");
    same("FRI-SUN", "FRI,SAT,SUN");
    same("5-7", "FRI,SAT,SUN");
    same("6-1", "SAT,SUN,MON");
    same("0-7", "*");
    same("1-7", "*");
    same("7/2", "SUN");
    same("1/2", "MON,WED,FRI");
    same("5-7/2", "FRI,SUN");
    same("*/2", "SUN,TUE,THU,SAT");
    same("THU-TUE/2", "THU,SAT,MON");
}

TEST_CASE("cron: ranges wrap through the end of their field, and the step goes on", "[cron]") {
    CHECK(cron("50-10 * * * *") == cron("0-10,50-59 * * * *"));
    CHECK(cron("50-10/4 * * * *").fields().minutes == cron("50,54,58,2,6,10 * * * *").fields().minutes);
    CHECK(cron("0 0 25-5 * *") == cron("0 0 25-31,1-5 * *"));
    CHECK(cron("0 0 1 NOV-FEB *") == cron("0 0 1 11,12,1,2 *"));
    CHECK(cron("0 0 1 APR-MAR/2 *") == cron("0 0 1 4,6,8,10,12,2 *"));
}

TEST_CASE("cron: L counts from the end of the month", "[cron]") {
    CHECK(next_of(cron("0 0 L * *"), 2) == "2026-03-31 00:00:00, 2026-04-30 00:00:00");
    CHECK(next_of(cron("0 0 L 2 *"), 2) == "2027-02-28 00:00:00, 2028-02-29 00:00:00");
    CHECK(next_of(cron("0 0 L-1 * *"), 2) == "2026-03-30 00:00:00, 2026-04-29 00:00:00");
    CHECK(next_of(cron("0 0 L-30 * *"), 3) == "2026-05-01 00:00:00, 2026-07-01 00:00:00, 2026-08-01 00:00:00");
    CHECK(next_of(cron("0 0 * * FRIL"), 2) == "2026-03-27 00:00:00, 2026-04-24 00:00:00");
    CHECK(cron("0 0 * * FRI#L") == cron("0 0 * * 5L"));
}

TEST_CASE("cron: W is the nearest workday inside the month", "[cron]") {
    // 2026-08: the 1st is a Saturday, the 15th too, the 16th a Sunday, the 31st a Monday
    const auto in_august = [](const char* day) {
        return next_of(cron(std::string("0 0 ") + day + " 8 *"));
    };
    CHECK(in_august("1W") == "2026-08-03 00:00:00");
    CHECK(in_august("14W") == "2026-08-14 00:00:00");
    CHECK(in_august("15W") == "2026-08-14 00:00:00");
    CHECK(in_august("16W") == "2026-08-17 00:00:00");
    CHECK(in_august("LW") == "2026-08-31 00:00:00");
    CHECK(in_august("L-2W") == "2026-08-28 00:00:00");
    CHECK(next_of(cron("0 0 LW 5 *")) == "2026-05-29 00:00:00"); // Sunday the 31st stays in May
    CHECK(next_of(cron("0 0 31W * *"), 2) == "2026-03-31 00:00:00, 2026-05-29 00:00:00");
}

TEST_CASE("cron: # is the n-th weekday of the month, and there may be none", "[cron]") {
    CHECK(next_of(cron("0 0 * * MON#1"), 2) == "2026-04-06 00:00:00, 2026-05-04 00:00:00");
    CHECK(next_of(cron("0 0 * * 2#2")) == "2026-03-10 00:00:00");
    CHECK(next_of(cron("0 0 * * MON#5"), 3) == "2026-03-30 00:00:00, 2026-06-29 00:00:00, 2026-08-31 00:00:00");
    CHECK(cron("0 0 * * MON#1,MON#2,MON#3,MON#4,MON#5") == cron("0 0 * * MON"));
}

TEST_CASE("cron: years run from 1970 to 2199", "[cron]") {
    constexpr auto every_second = cron("* * * * * *");
    constexpr auto first = local_days{1970y / 1 / 1};
    constexpr local_seconds last = local_days{2199y / 12 / 31} + 24h - 1s;
    static_assert(every_second.next(local_seconds::min()) == first);
    static_assert(every_second.next(first - 1s) == first);
    static_assert(every_second.next(local_days{1900y / 1 / 1}) == first);
    static_assert(every_second.next(last - 1s) == last);
    static_assert(every_second.next(last) == std::nullopt);
    static_assert(every_second.next(local_seconds::max()) == std::nullopt);
    static_assert(every_second.next_or_at(last) == last);
    static_assert(every_second.previous(local_seconds::max()) == last);
    static_assert(every_second.previous(first + 1s) == first);
    static_assert(every_second.previous(first) == std::nullopt);
    static_assert(every_second.previous(local_seconds::min()) == std::nullopt);
    static_assert(!every_second.matches(first - 1s));
    static_assert(!every_second.matches(last + 1s));
    static_assert(every_second.matches(first) && every_second.matches(last));
    CHECK(next_of(cron("0 0 0 1 1 * */2"), 2) == "2028-01-01 00:00:00, 2030-01-01 00:00:00");
    CHECK(cron("0 0 0 1 1 * 1971-2199/2").next(friday_noon) == local_days{2027y / 1 / 1});
    CHECK(cron("0 0 0 1 1 * 1999").next(friday_noon) == std::nullopt);
    CHECK(cron("0 0 0 1 1 * 1999").previous(friday_noon) == local_days{1999y / 1 / 1});
}

TEST_CASE("cron: an impossible date is accepted and never fires", "[cron]") {
    constexpr auto never = cron("0 0 30 2 *");
    static_assert(never.never_fires());
    static_assert(never.next(friday_noon) == std::nullopt);
    static_assert(never.previous(friday_noon) == std::nullopt);
    CHECK(cron("0 0 31 4,6,9,11 *").never_fires());
    CHECK(cron("0 0 30W 2 *").never_fires());
    CHECK(cron("0 0 L-29 2 *").never_fires());
    CHECK(cron("0 0 0 29 2 * 2100").never_fires());
    CHECK(cron("0 0 1-6 * +MON#2").never_fires());
    CHECK_FALSE(cron("0 0 31 2 1-5").never_fires()); // the weekdays remain
    CHECK_FALSE(cron("0 0 0 29 2 * 2096").never_fires());
    CHECK(next_of(cron("0 0 31 2 1-5")) == "2027-02-01 00:00:00");
}

TEST_CASE("cron: a star or a slash in a time field makes an interval", "[cron]") {
    for (const char* interval : {"* * * * *",
                                 "*/5 9 * * *",
                                 "0 * * * *",
                                 "0 */2 * * *",
                                 "0-30/10 9 * * *",
                                 "5/15 9 * * *",
                                 "0 9-17/8 * * *",
                                 "* 0 9 * * *",
                                 "0 0 9/24 * * *",
                                 "1,* 9 * * *",
                                 "@hourly"}) {
        INFO(interval);
        CHECK(cron(interval).is_interval());
    }
    for (const char* fixed : {"0 9 * * *",
                              "0,30 9 * * *",
                              "0-59 9 * * *",
                              "0 0-23 * * *",
                              "0 9 */2 */3 */4",
                              "0 0 9 * * * */2",
                              "0 9 L * MON#1",
                              "@daily",
                              "@weekly",
                              "@yearly"}) {
        INFO(fixed);
        CHECK_FALSE(cron(fixed).is_interval());
    }
    CHECK(CronExpression::parse("H/15 9 * * *", CronDialect::extended, "key")->is_interval());
    CHECK_FALSE(CronExpression::parse("H H * * *", CronDialect::extended, "key")->is_interval());
    CHECK_FALSE(CronExpression::parse("0~30 9 * * *", CronDialect::extended, "key")->is_interval());
}

TEST_CASE("cron: nicknames mean their expansion", "[cron]") {
    CHECK(cron("@yearly") == cron("0 0 1 1 *"));
    CHECK(cron("@annually") == cron("@yearly"));
    CHECK(cron("@monthly") == cron("0 0 1 * *"));
    CHECK(cron("@weekly") == cron("0 0 * * SUN"));
    CHECK(cron("@daily") == cron("0 0 * * *"));
    CHECK(cron("@midnight") == cron("@daily"));
    CHECK(cron("@hourly") == cron("0 * * * *"));
    CHECK(cron("@MINUTELY") == cron("* * * * *"));
    CHECK(cron("@every_minute") == cron("@minutely"));
    CHECK(cron("@every_second") == cron("* * * * * *"));
    CHECK(cron("@secondly") == cron("@every_second"));
    CHECK(cron("  @daily\t") == cron("@daily"));
    CHECK(next_of(cron("@daily", CronDialect::spring)) == "2026-03-07 00:00:00");
    CHECK(next_of(cron("@weekly", CronDialect::vixie)) == "2026-03-08 00:00:00");
}

TEST_CASE("cron: @reboot has no civil occurrence and no warning", "[cron]") {
    for (const auto dialect : {CronDialect::standard, CronDialect::extended, CronDialect::vixie}) {
        const auto reboot = cron("@reboot", dialect);
        CHECK(reboot.is_reboot());
        CHECK_FALSE(reboot.never_fires());
        CHECK_FALSE(reboot.is_interval());
        CHECK(reboot.warnings().empty());
        CHECK(reboot.next(friday_noon) == std::nullopt);
        CHECK(reboot.previous(friday_noon) == std::nullopt);
        CHECK_FALSE(reboot.matches(friday_noon));
        CHECK(reboot.to_string() == "@reboot");
    }
    CHECK_FALSE(cron("@daily").is_reboot());
}

TEST_CASE("cron: a zone prefix is kept, not judged", "[cron]") {
    CHECK(cron("TZ=Europe/Paris 0 9 * * *").time_zone() == "Europe/Paris");
    CHECK(cron("CRON_TZ=Etc/GMT+3 @daily").time_zone() == "Etc/GMT+3");
    CHECK(cron("tz=No/Where 0 9 * * *").time_zone() == "No/Where");
    CHECK(cron("0 9 * * *").time_zone().empty());
    CHECK(cron("TZ=Europe/Paris 0 9 * * *") != cron("0 9 * * *"));
    CHECK(cron("TZ=Europe/Paris 0 9 * * *") != cron("TZ=Europe/Rome 0 9 * * *"));
    CHECK(cron("TZ=Europe/Paris 0 9 * * *") == cron("CRON_TZ=Europe/Paris 0 9 * * *"));
    const std::string longest(63, 'z');
    CHECK(cron("TZ=" + longest + " 0 9 * * *").time_zone() == longest);
    const auto too_long = CronExpression::parse("TZ=" + longest + "z 0 9 * * *", CronDialect::extended);
    CHECK(too_long.parse_error().code == Errc::unknown_time_zone);
}

TEST_CASE("cron: equal expressions mean the same seconds in the same class and dialect", "[cron]") {
    CHECK(cron("0 9 * * 1-5") == cron("0 0 9 ? JAN-DEC MON,TUE,WED,THU,FRI *"));
    CHECK(cron("007 00 * * *") == cron("7 0 * * *"));
    CHECK(cron("0,0,0 5-5 * * *") == cron("0 5 * * *"));
    CHECK(cron("0 9 * * *") != cron("0 10 * * *"));
    CHECK(cron("0-59 9 * * *") != cron("* 9 * * *")); // fixed and interval
    CHECK(cron("0 9 * * *", CronDialect::vixie) != cron("0 9 * * *"));
    CHECK(cron("0 0 1 * MON") != cron("0 0 1 * +MON"));
}

TEST_CASE("cron: an expression is a small literal value", "[cron]") {
    STATIC_REQUIRE(std::is_trivially_copyable_v<CronExpression>);
    STATIC_REQUIRE(std::is_trivially_destructible_v<CronExpression>);
    STATIC_REQUIRE(sizeof(CronExpression) <= 256);
}

TEST_CASE("cron: a literal is checked by the compiler", "[cron]") {
    constexpr auto weekdays = "0 9 * * 1-5"_cron;
    STATIC_REQUIRE(weekdays == cron("0 9 * * 1-5", CronDialect::standard));
    STATIC_REQUIRE(weekdays.dialect() == CronDialect::standard);
    CHECK(weekdays.to_string() == "0 9 * * MON-FRI");
}

TEST_CASE("cron: parse gives a result that throws only when asked", "[cron]") {
    constexpr auto wrong = CronExpression::parse("60 * * * *");
    STATIC_REQUIRE(!wrong);
    STATIC_REQUIRE(wrong.parse_error().code == Errc::value_out_of_range);
    STATIC_REQUIRE(wrong.parse_error().column == 1);
    STATIC_REQUIRE(wrong.parse_error().field == carillon::TextField::minute);
    STATIC_REQUIRE(wrong.parse_error().dialect == static_cast<std::uint8_t>(CronDialect::standard));
    CHECK_THROWS_AS(wrong.value(), carillon::Error);
    CHECK(wrong.error().field() == "minute");
    CHECK(CronExpression::parse("0 0 9 * *", CronDialect::quartz).parse_error().dialect ==
          static_cast<std::uint8_t>(CronDialect::quartz));
}
