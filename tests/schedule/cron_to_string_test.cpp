// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_to_string.hpp"

#include "support/catch.hpp"

#include <string>

using carillon::CronDialect;
using carillon::CronExpression;

namespace {

void check(const char* text, const char* canonical, CronDialect dialect = CronDialect::extended) {
    INFO(text << " in " << to_string(dialect));
    const auto expression = CronExpression::parse(text, dialect, "nightly-backup").value();
    CHECK(expression.to_string() == canonical);
    const auto again = CronExpression::parse(canonical, dialect);
    REQUIRE(again);
    CHECK(*again == expression);
}

} // namespace

TEST_CASE("cron to_string: sets are written as short as they can be", "[cron]") {
    check("0 9 * * 1-5", "0 9 * * MON-FRI");
    check("5,0,5,10 9 * * *", "0,5,10 9 * * *");
    check("1,2,3,5,7,8 9 * * *", "1-3,5,7,8 9 * * *");
    check("*/15 9 * * *", "*/15 9 * * *");
    check("5/15 9 * * *", "5-50/15 9 * * *");
    check("0 9 1-31/2 * *", "0 9 1-31/2 * *");
    check("0 9 * */3 *", "0 9 * */3 *");
    check("0 0 9 * * * */2", "0 0 9 * * * */2");
    check("0 0 9 * * * 2026,2027,2028,2030", "0 0 9 * * * 2026-2028,2030");
    check("0 22-2 * * *", "0 0-2,22,23 * * *");
    check("0 9 * * FRI-SUN", "0 9 * * FRI-SUN");
    check("0 9 * * SUN,MON", "0 9 * * MON,SUN");
}

TEST_CASE("cron to_string: seconds and years appear when they say something", "[cron]") {
    check("0 0 9 * * *", "0 9 * * *");
    check("30 0 9 * * *", "30 0 9 * * *");
    check("0 0 9 * * * *", "0 9 * * *");
    check("0 0 9 * * * 2030", "0 0 9 * * * 2030");
    check("0 0 9 * * *", "0 0 9 * * *", CronDialect::spring);
    check("0 0 9 * * ?", "0 0 9 * * ?", CronDialect::quartz);
    check("cron(0 9 * * ? *)", "cron(0 9 * * ? *)", CronDialect::eventbridge);
}

TEST_CASE("cron to_string: the class is kept", "[cron]") {
    check("0-59 9 * * *", "0-59 9 * * *");
    check("* 9 * * *", "* 9 * * *");
    check("0,15,30,45 9 * * *", "0,15,30,45 9 * * *");
    check("0 0-23 * * *", "0 0-23 * * *");
    check("H/60 9 * * *", "44-44/1 9 * * *");
    check("5-9/1 9 * * *", "5-9/1 9 * * *");
    check("3,5/60 9 * * *", "3,5-5/1 9 * * *");
    check("*/59 * 9 * * *", "0,59 * 9 * * *");
}

TEST_CASE("cron to_string: special days", "[cron]") {
    check("0 0 L,5,L-3,15w,LW,l-2W * *", "0 0 5,L,L-3,15W,LW,L-2W * *");
    check("0 0 * * 5L,MON#2,3#L", "0 0 * * MON#2,WEDL,FRIL");
    check("0 0 * * TUE,1#1,2#3", "0 0 * * TUE,MON#1");
    check("0 0 1 * MON", "0 0 1 * MON");
    check("0 0 1 * +MON", "0 0 1 * +MON");
    check("0 0 1 * MON", "0 0 1 * MON", CronDialect::vixie);
    check("0 0 */2 * MON", "0 0 */31,1-31/2 * MON", CronDialect::vixie);
    check("0 0 2-5 * */3", "0 0 2-5 * */7,WED,SAT,SUN", CronDialect::vixie);
    check("0 0 0 1 * MON", "0 0 0 1 * MON", CronDialect::spring);
    check("0 0 0 ? * 1", "0 0 0 ? * SUN", CronDialect::quartz);
    check("0 0 0 * * ?", "0 0 0 * * ?", CronDialect::quartz);
    check("0 0 0 ? * *", "0 0 0 * * ?", CronDialect::quartz);
    check("cron(0 0 L * ? 2030)", "cron(0 0 L * ? 2030)", CronDialect::eventbridge);
    check("0 0 */1 * MON", "0 0 * * *");
    check("0 0 *,L * *", "0 0 * * *");
}

TEST_CASE("cron to_string: zone, H and nicknames", "[cron]") {
    check("CRON_TZ=Europe/Paris @daily", "TZ=Europe/Paris 0 0 * * *");
    check("H H * * *", "44 8 * * *");
    check("@reboot", "@reboot");
    check("TZ=UTC @reboot", "TZ=UTC @reboot");
    check("@weekly", "0 0 * * SUN", CronDialect::standard);
    check("@hourly", "0 0 * * * *", CronDialect::spring);
}
