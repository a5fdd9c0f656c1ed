// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_warning.hpp"

#include "support/catch.hpp"

#include <string>

using carillon::CronDialect;
using carillon::CronExpression;
using carillon::CronWarning;
using carillon::CronWarningCode;
using carillon::TextField;

namespace {

/// "code@field code@field", in the order of the warnings.
std::string warnings_of(const char* text, CronDialect dialect = CronDialect::standard) {
    std::string result;
    const auto expression = CronExpression::parse(text, dialect).value();
    for (const auto& warning : expression.warnings()) {
        if (!result.empty()) result += ' ';
        result.append(to_string(warning.code));
        if (warning.field != TextField::none) result.append("@").append(to_string(warning.field));
    }
    return result;
}

} // namespace

TEST_CASE("cron warning: what is plain has none", "[cron]") {
    for (const char* text : {"* * * * *",
                             "0 9 * * 1-5",
                             "0 0 1 * MON",
                             "0 0 L * *",
                             "0 0 31 1 *",
                             "0 0 30,5 * *",
                             "0 0 * * *",
                             "*/59 0 * * *",
                             "0 0 ? * MON",
                             "0 0 1-28 * FRI",
                             "@daily",
                             "5-5/1 * * * *"}) {
        INFO(text);
        CHECK(warnings_of(text).empty());
    }
}

TEST_CASE("cron warning: no date meets the expression", "[cron]") {
    CHECK(warnings_of("0 0 30 2 *") == "never_fires");
    CHECK(warnings_of("0 0 31 4,6 *") == "never_fires");
    CHECK(warnings_of("0 0 1-7 * +MON#2") == "never_fires");
    CHECK(warnings_of("0 0 31 2 1-5").empty());
}

TEST_CASE("cron warning: a step beyond the range leaves the first value", "[cron]") {
    CHECK(warnings_of("*/60 * * * *") == "step_exceeds_range@minute");
    CHECK(warnings_of("*/59 * * * *").empty());
    CHECK(warnings_of("0 5-9/5 * * *") == "step_exceeds_range@hour");
    CHECK(warnings_of("0 0 */31 * *") == "step_exceeds_range@day-of-month");
    CHECK(warnings_of("0 0 * */12,*/13 *") == "step_exceeds_range@month");
    CHECK(warnings_of("0 0 * * */7") == "step_exceeds_range@day-of-week");
    CHECK(warnings_of("0 0 0 * * * */230") == "step_exceeds_range@year");
    CHECK(warnings_of("*/60 */60 */24 * * *") ==
          "step_exceeds_range@second step_exceeds_range@minute step_exceeds_range@hour");
    const auto hashed = CronExpression::parse("H/60 * * * *", CronDialect::extended, "key").value();
    CHECK(hashed.warnings().contains(CronWarningCode::step_exceeds_range));
}

TEST_CASE("cron warning: crontab(5) would read a star in a day field otherwise", "[cron]") {
    CHECK(warnings_of("0 0 */100,1-7 * MON") == "step_exceeds_range@day-of-month star_day_ambiguous@day-of-month");
    CHECK(warnings_of("0 0 1 * */2") == "star_day_ambiguous@day-of-week");
    CHECK(warnings_of("0 0 */2 * */2", CronDialect::extended) ==
          "star_day_ambiguous@day-of-month star_day_ambiguous@day-of-week");
    CHECK(warnings_of("0 0 */2 * *").empty());
    CHECK(warnings_of("0 0 */2 * ?").empty());
    CHECK(warnings_of("0 0 */2 * +MON").empty()); // says AND itself
    CHECK(warnings_of("0 0 */2 * MON", CronDialect::vixie).empty());
    CHECK(warnings_of("0 0 0 */2 * MON", CronDialect::spring).empty());
}

TEST_CASE("cron warning: one day field selects every day, so the other is idle", "[cron]") {
    CHECK(warnings_of("0 0 1-31 * MON") == "day_or_matches_every_day@day-of-month");
    CHECK(warnings_of("0 0 13 * 0-6") == "day_or_matches_every_day@day-of-week");
    CHECK(warnings_of("0 0 */1 * MON") == "star_day_ambiguous@day-of-month day_or_matches_every_day@day-of-month");
    CHECK(warnings_of("0 0 1-31 * +MON").empty());
    CHECK(warnings_of("0 0 1-31 * *").empty());
    CHECK(warnings_of("0 0 1-31 * 1", CronDialect::vixie) == "day_or_matches_every_day@day-of-month");
}

TEST_CASE("cron warning: ? beside a weekday number looks like Quartz", "[cron]") {
    CHECK(warnings_of("0 0 9 ? * 2-6") == "quartz_numbering@day-of-week");
    CHECK(warnings_of("0 0 9 ? * 2#1 2030", CronDialect::extended) == "quartz_numbering@day-of-week");
    CHECK(warnings_of("0 0 9 ? * 2", CronDialect::spring) == "quartz_numbering@day-of-week");
    CHECK(warnings_of("0 0 9 ? * MON-FRI").empty());
    CHECK(warnings_of("0 9 ? * 2-6").empty());
    CHECK(warnings_of("0 0 9 ? * 2-6", CronDialect::quartz).empty());
    CHECK(warnings_of("cron(0 9 ? * 2-6 *)", CronDialect::eventbridge).empty());
}

TEST_CASE("cron warning: days that only long months have", "[cron]") {
    CHECK(warnings_of("0 0 31 * *") == "dom_may_skip_months@day-of-month");
    CHECK(warnings_of("0 0 29 2 *") == "dom_may_skip_months@day-of-month");
    CHECK(warnings_of("0 0 30,31 * *") == "dom_may_skip_months@day-of-month");
    CHECK(warnings_of("0 0 31W * *") == "dom_may_skip_months@day-of-month");
    CHECK(warnings_of("0 0 30 4,6 *").empty());
    CHECK(warnings_of("0 0 31 1,3 *").empty());
    CHECK(warnings_of("0 0 31 4,5 *") == "dom_may_skip_months@day-of-month");
    CHECK(warnings_of("0 0 28-31 * *").empty());
    CHECK(warnings_of("0 0 31,L * *").empty());
    CHECK(warnings_of("0 0 31 * MON").empty());
}

TEST_CASE("cron warning: the same warning comes once", "[cron]") {
    CHECK(warnings_of("*/60,*/70 * * * *") == "step_exceeds_range@minute");
    carillon::CronWarnings warnings;
    CHECK(warnings.empty());
    for (int i = 0; i < 3; ++i)
        warnings.add({CronWarningCode::never_fires, TextField::none});
    CHECK(warnings.size() == 1);
    CHECK(warnings[0] == CronWarning{CronWarningCode::never_fires, TextField::none});
    CHECK_FALSE(warnings.contains(CronWarningCode::quartz_numbering));
}

TEST_CASE("cron warning: all that can come together fit", "[cron]") {
    CHECK(CronExpression::parse("*/60 */60 */24 */31,? */12 */7 */230").parse_error().code ==
          carillon::Errc::question_mark_not_allowed);
    CHECK(CronExpression::parse("*/60 */60 */24 */31,1-31 */12 */7,0-6 */230").value().warnings().size() == 11);
}

TEST_CASE("cron warning: sentences name the field", "[cron]") {
    CHECK(to_string(CronWarning{CronWarningCode::step_exceeds_range, TextField::minute}) ==
          "minute: the step is larger than the range, so only its first value is left");
    CHECK(to_string(CronWarning{CronWarningCode::never_fires, TextField::none}) ==
          "no date meets this expression, so it never fires");
}
