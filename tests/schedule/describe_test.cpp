// SPDX-License-Identifier: MIT
#include "carillon/schedule/describe.hpp"

#include "support/catch.hpp"

#include <string>

using carillon::CronDialect;
using carillon::CronExpression;

namespace {

struct Row {
    const char* text;
    const char* sentence;
};

void check(const Row& row, CronDialect dialect = CronDialect::extended) {
    INFO(row.text);
    CHECK(describe(CronExpression::parse(row.text, dialect).value()) == row.sentence);
}

} // namespace

TEST_CASE("describe: a time of day is a clock time", "[describe]") {
    for (const Row row : {
             Row{"0 9 * * *", "At 09:00 every day"},
             Row{"0 9,12,18 * * *", "At 09:00, 12:00 and 18:00 every day"},
             Row{"0,30 9 * * *", "At 09:00 and 09:30 every day"},
             Row{"30 0 9 * * *", "At 09:00:30 every day"},
             Row{"0 22-2 * * *", "At 00:00, 01:00, 02:00, 22:00 and 23:00 every day"},
             Row{"@midnight", "At 00:00 every day"},
         })
        check(row);
}

TEST_CASE("describe: what repeats has a rhythm", "[describe]") {
    for (const Row row : {
             Row{"* * * * *", "Every minute"},
             Row{"* * * * * *", "Every second"},
             Row{"*/10 * * * * *", "Every 10 seconds"},
             Row{"*/15 * * * *", "Every 15 minutes"},
             Row{"0,15,30,45 * * * *", "Every 15 minutes"},
             Row{"5-59/15 * * * *", "Every 15 minutes from minute 5"},
             Row{"*/15 9-17 * * *", "Every 15 minutes from 09:00 to 17:45"},
             Row{"*/15 */6 * * *", "Every 15 minutes in every 6th hour from 0 to 18"},
             Row{"* 9 * * *", "Every minute from 09:00 to 09:59"},
             Row{"* 9,12,15 * * *", "Every minute in hours 9, 12 and 15"},
             Row{"0 * * * *", "Every hour"},
             Row{"15 * * * *", "Every hour at minute 15"},
             Row{"30 15 * * * *", "Every hour at minute 15 and second 30"},
             Row{"0 */2 * * *", "Every 2 hours"},
             Row{"30 */2 * * *", "Every 2 hours at minute 30"},
             Row{"0 9-17 * * *", "Every hour from 09:00 to 17:00"},
             Row{"30 8-18/2 * * *", "Every 2 hours from 08:30 to 18:30"},
             Row{"30 */5 * * * *", "Every 5 minutes, at second 30"},
             Row{"*/5 3 9 * * *", "Every 5 seconds from 09:03:00 to 09:03:55"},
             Row{"*/30 * 2 * * *", "Every 30 seconds from 02:00 to 02:59"},
         })
        check(row);
}

TEST_CASE("describe: what has no rhythm is listed", "[describe]") {
    for (const Row row : {
             Row{"*/7 * * * *", "At every 7th minute from 0 to 56 of every hour"},
             Row{"0-29 * * * *", "At minutes 0 to 29 of every hour"},
             Row{"0-8,27,50-53 * * * *", "At minutes 0 to 8, 27 and 50 to 53 of every hour"},
             Row{"* 1-5,9,20-23 * * *", "Every minute in hours 1 to 5, 9 and 20 to 23"},
             Row{"5,7,9,40 */6 * * *", "At minutes 5, 7, 9 and 40 of every 6th hour from 0 to 18"},
             Row{"3,9 * * * * *", "At seconds 3 and 9 of every minute"},
             Row{"15-45 30 2,3 * * *", "At seconds 15 to 45 of minute 30 of hours 2 and 3"},
             Row{"0-9 */5 9-10 * * *", "At seconds 0 to 9, every 5 minutes of hours 9 and 10"},
         })
        check(row);
}

TEST_CASE("describe: days of the week", "[describe]") {
    for (const Row row : {
             Row{"0 9 * * 1-5", "At 09:00 on weekdays"},
             Row{"0 9 * * SAT,SUN", "At 09:00 on weekends"},
             Row{"0 9 * * MON,WED,FRI", "At 09:00 on Monday, Wednesday and Friday"},
             Row{"0 9 * * TUE-SUN", "At 09:00 on Tuesday to Sunday"},
             Row{"0 9 * * MON#2", "At 09:00 on the second Monday of the month"},
             Row{"0 9 * * FRIL", "At 09:00 on the last Friday of the month"},
             Row{"0 9 * 1,3 MON#1", "At 09:00 on the first Monday of January and March"},
             Row{"* * * * 6#3", "Every minute on the third Saturday of the month"},
         })
        check(row);
}

TEST_CASE("describe: days of the month", "[describe]") {
    for (const Row row : {
             Row{"0 0 1,15 * *", "At 00:00 on the 1st and 15th of the month"},
             Row{"0 0 2,3,22 * *", "At 00:00 on the 2nd, 3rd and 22nd of the month"},
             Row{"0 0 11-13 * *", "At 00:00 on the 11th to the 13th of the month"},
             Row{"0 0 */2 * *", "At 00:00 on every 2nd day from the 1st to the 31st of the month"},
             Row{"0 0 L * *", "At 00:00 on the last day of the month"},
             Row{"0 12 L-3 * *", "At 12:00, 3 days before the last day of the month"},
             Row{"0 12 15W * *", "At 12:00 on the workday nearest the 15th of the month"},
             Row{"0 12 LW * *", "At 12:00 on the last workday of the month"},
             Row{"0 0 1,L,15W * *", "At 00:00 on the 1st, the last day and the workday nearest the 15th of the month"},
             Row{"0 12 L-1W * *", "At 12:00 on the workday nearest 1 day before the last day of the month"},
         })
        check(row);
}

TEST_CASE("describe: both day fields", "[describe]") {
    check({"0 0 13 * FRI", "At 00:00 on the 13th of the month or on Friday"});
    check({"0 0 13 * +FRI", "At 00:00 on the 13th of the month, only if it is Friday"});
    check({"0 0 13 * +MON,FRI", "At 00:00 on the 13th of the month, only if it is Monday or Friday"});
    check(
        {"0 0 13 * +MON-FRI,SUN#1", "At 00:00 on the 13th of the month, only if it is a weekday or the first Sunday"});
    check({"0 0 13 * +SAT,SUN", "At 00:00 on the 13th of the month, only if it is a Saturday or Sunday"});
    check({"0 0 15 6 +MON-FRI", "At 00:00 on the 15th of June, only if it is a weekday"});
    check({"0 0 13 * FRI", "At 00:00 on the 13th of the month or on Friday"}, CronDialect::vixie);
    check({"0 0 */31 * FRI", "At 00:00 on the 1st of the month, only if it is Friday"}, CronDialect::vixie);
    check({"0 0 0 13 * FRI", "At 00:00 on the 13th of the month, only if it is Friday"}, CronDialect::spring);
}

TEST_CASE("describe: months and years", "[describe]") {
    for (const Row row : {
             Row{"0 0 1 1 *", "At 00:00 on the 1st of January"},
             Row{"0 0 29 2 *", "At 00:00 on the 29th of February"},
             Row{"0 0 * 6-8 *", "At 00:00 every day from June to August"},
             Row{"0 0 * */3 *", "At 00:00 every day in January, April, July and October"},
             Row{"0 9 * 12 MON", "At 09:00 on Monday in December"},
             Row{"0 0 0 1 1 * 2030", "At 00:00 on the 1st of January in 2030"},
             Row{"0 0 0 1 1 * 2030-2035", "At 00:00 on the 1st of January from 2030 to 2035"},
             Row{"0 0 0 1 1 * */2", "At 00:00 on the 1st of January in every 2nd year from 1970 to 2198"},
             Row{"0 0 0 * * * 2030,2032", "At 00:00 every day in 2030 and 2032"},
         })
        check(row);
}

TEST_CASE("describe: numbers of weekdays are those of the dialect", "[describe]") {
    check({"0 0 9 ? * 1", "At 09:00 on Sunday"}, CronDialect::quartz);
    check({"cron(0 9 ? * 2-6 *)", "At 09:00 on weekdays"}, CronDialect::eventbridge);
    check({"0 0 9 * * 1", "At 09:00 on Monday"}, CronDialect::spring);
}

TEST_CASE("describe: expressions without a civil time say so", "[describe]") {
    check({"@reboot", "When a worker starts"});
    check({"0 0 30 2 *", "Never"});
}
