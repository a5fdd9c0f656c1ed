// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_message.hpp"
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/cron_vectors.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;
using carillon::CronDialect;
using carillon::CronExpression;
using carillon::Errc;

namespace {

std::string message_of(std::string_view text, CronDialect dialect = CronDialect::standard) {
    return CronExpression::parse(text, dialect).error().what();
}

/// The message without the lines that show the text.
std::string sentence_of(std::string_view text, CronDialect dialect = CronDialect::standard) {
    const std::string message = message_of(text, dialect);
    return message.substr(0, message.find('\n'));
}

void check(std::string_view text, const std::string& sentence, CronDialect dialect = CronDialect::standard) {
    CHECK(sentence_of(text, dialect) == "cron " + sentence);
}

/// The quoted texts after the first semicolon of a message.
std::vector<std::string> quoted_hints(const std::string& sentence) {
    std::vector<std::string> hints;
    std::size_t at = sentence.find("; ");
    while (at != std::string::npos) {
        const std::size_t open = sentence.find('"', at);
        if (open == std::string::npos) break;
        const std::size_t close = sentence.find('"', open + 1);
        hints.push_back(sentence.substr(open + 1, close - open - 1));
        at = close + 1;
    }
    return hints;
}

} // namespace

TEST_CASE("cron message: it points at the place", "[cron]") {
    CHECK(message_of("*/0 * * * *") ==
          "cron \"*/0 * * * *\": column 3, minute: the step must be 1 or more, saw 0; every five minutes is \"*/5\"\n"
          "  */0 * * * *\n"
          "    ^");
    CHECK(message_of("") == "cron \"\": column 1: 5 to 7 fields are expected, saw none; every day at 09:00 is "
                            "\"0 9 * * *\"");
}

TEST_CASE("cron message: bytes that cannot be printed are escaped, and the caret knows", "[cron]") {
    CHECK(message_of("0\t0 *\n* * *") ==
          "cron \"0\\t0 *\\n* * *\": column 6: printable ASCII is expected, saw U+000A; remove the end of the line\n"
          "  0\\t0 *\\n* * *\n"
          "        ^");
    check("\xd9\xa3 * * * *",
          "\"\\xD9\\xA3 * * * *\": column 1: printable ASCII is expected, saw U+0663; write digits as 0 to 9");
    check("0 0 * * \xf0\x9f\x94\x94",
          "\"0 0 * * \\xF0\\x9F\\x94\\x94\": column 9: printable ASCII is expected, saw U+1F514");
    check("0 0 * * \xf4\x8f\xbf\xbd",
          "\"0 0 * * \\xF4\\x8F\\xBF\\xBD\": column 9: printable ASCII is expected, saw U+10FFFD");
    check("0 0 * * \xff", "\"0 0 * * \\xFF\": column 9: printable ASCII is expected, saw the byte 0xFF");
    check("0 0 * * \xe2\x80", "\"0 0 * * \\xE2\\x80\": column 9: printable ASCII is expected, saw the byte 0xE2");
    check("0 0 * * *\0"sv, "\"0 0 * * *\\x00\": column 10: printable ASCII is expected, saw U+0000");
    check("0 0\xc2\xa0* * *",
          "\"0 0\\xC2\\xA0* * *\": column 4: printable ASCII is expected, saw U+00A0; this is a blank of "
          "another kind; write a plain space");
}

TEST_CASE("cron message: of a long text it shows the part that is wrong", "[cron]") {
    std::string text = "0";
    for (int i = 0; i < 200; ++i)
        text += ",0";
    const std::string message = message_of(text + ",99 * * * *");
    CHECK(message.size() < 500);
    CHECK(message.find("column 403, minute: a minute from 0 to 59 is expected, saw 99") != std::string::npos);
    const auto lines = message.substr(message.find('\n') + 1);
    const auto caret = lines.substr(lines.find('\n') + 1);
    CHECK(lines.substr(caret.size() - 1, 2) == "99");
    CHECK(lines.substr(0, 5) == "  ...");
    CHECK(message_of(std::string(5000, '*')).find("at most 4096 bytes are read, saw 5000") != std::string::npos);
}

TEST_CASE("cron message: hints for what people write most", "[cron]") {
    check("0/15 * * * *",
          "\"0/15 * * * *\": column 2, minute: a step follows * or a range in dialect standard, saw "
          "\"0/15\"; write \"0-59/15\", or use dialect extended");
    check("0 22-2 * * *",
          "\"0 22-2 * * *\": column 3, hour: the end of the range must not be below its beginning, saw "
          "\"22-2\"; write \"22-23,0-2\", or use dialect extended");
    check("0 0 * * L",
          "\"0 0 * * L\": column 9, day-of-week: L needs a weekday before it, saw 'L'; write \"6L\" for the last "
          "Saturday, \"SAT\" for every one, or use dialect quartz");
    check("60 * * * *", "\"60 * * * *\": column 1, minute: a minute from 0 to 59 is expected, saw 60; write \"0\"");
    check("0 24 * * *", "\"0 24 * * *\": column 3, hour: an hour from 0 to 23 is expected, saw 24; midnight is \"0\"");
    check("R * * * *",
          "\"R * * * *\": column 1, minute: a minute from 0 to 59 is expected, saw 'R'; random schedules are not "
          "repeatable; use H of dialect extended");
    check("H * * * *",
          "\"H * * * *\": column 1, minute: a minute from 0 to 59 is expected, saw 'H'; H needs dialect extended");
    check("0 L * * *",
          "\"0 L * * *\": column 3, hour: an hour from 0 to 23 is expected, saw 'L'; L belongs to the day fields");
    check("0 0 * * * # note",
          "\"0 0 * * * # note\": column 11, day-of-week: a weekday from 0 to 7 or SUN to SAT is expected, "
          "saw '#'; comments are not part of an expression");
    check("@every 5m",
          "\"@every 5m\": column 1: @yearly, @monthly, @weekly, @daily, @hourly or @reboot is expected, saw "
          "\"@every\"; Schedule::parse reads intervals such as \"@every 5m\"");
    check("0 0 0 ? * 0",
          "\"0 0 0 ? * 0\": column 11, day-of-week: a weekday from 1 (Sunday) to 7 or SUN to SAT is expected, saw "
          "0; Sunday is \"1\" or \"SUN\"",
          CronDialect::quartz);
    check("0 0 * * MO",
          "\"0 0 * * MO\": column 9, day-of-week: a weekday from SUN to SAT is expected, saw MO; write \"MON\"");
    check("0 10 * * ? *",
          "\"0 10 * * ? *\": column 1: cron( is expected, saw 0; write \"cron(0 10 * * ? *)\"",
          CronDialect::eventbridge);
    check("TZ=UTC 0 0 * * *",
          "\"TZ=UTC 0 0 * * *\": column 1: dialect standard has no zone prefix, saw TZ; dialect extended "
          "reads it; else pass the zone as time_zone");
}

TEST_CASE("cron message: each slip has the hint that mends it", "[cron]") {
    struct Row {
        CronDialect dialect;
        const char* text;
        const char* hint;
    };
    using enum CronDialect;
    for (const Row& row : {
             // what stands elsewhere
             Row{standard, "0 9 * * JAN", "months stand in month"},
             Row{standard, "0 9 * Monday *", "weekdays stand in day-of-week"},
             Row{standard, "0 L * * *", "L belongs to the day fields"},
             Row{standard,
                 "0 9 L * L",
                 "write \"6L\" for the last Saturday, \"SAT\" for every one, or use dialect quartz"},
             Row{standard, "cron(0 9 * * ? *)", "use dialect eventbridge"},
             Row{standard, "H 9 * * *", "H needs dialect extended"},
             Row{standard, "R 9 * * *", "random schedules are not repeatable; use H of dialect extended"},
             Row{standard, "0 9 * * * # daily", "comments are not part of an expression"},
             // letters
             Row{standard, "0 9 15w * *", "write \"15W\""},
             Row{standard, "0 9 W15 * *", "write \"15W\""},
             Row{standard, "0 9 l * *", "write \"L\""},
             Row{standard, "0 9 * * 5l", "write \"5L\""},
             Row{standard, "0 9 * * fril", "write \"FRIL\""},
             Row{standard, "0 9 * * FRIDAYL", "write \"FRIL\""},
             Row{standard, "0 9 * * L5", "write \"5L\""},
             Row{standard, "0 9 * * LFRI", "write \"FRIL\""},
             Row{standard, "0 9 * * *L", "the last Friday is \"FRIL\""},
             Row{spring, "0 0 9 * * MON#L", "write \"MONL\""},
             Row{vixie, "0 9 LW * *", "use dialect extended"},
             Row{vixie, "0 9 L * *", "L needs dialect standard or extended"},
             Row{vixie, "0 9 * * L", "every Saturday is \"SAT\"; L alone needs dialect quartz"},
             Row{vixie, "0 9 15w * *", "W needs dialect standard or extended"},
             Row{vixie, "0 9 1W,15W * *", "use dialect extended"},
             Row{vixie, "0 9 * * fril", "use dialect standard or extended"},
             // numbers
             Row{standard, "60 9 * * *", "write \"0\""},
             Row{standard, "0 24 * * *", "midnight is \"0\""},
             Row{standard, "0 9 0 * *", "the first day of the month is \"1\""},
             Row{standard, "0 9 32 * *", "the last day of the month is \"L\""},
             Row{standard, "0 9 * * 1#6", "the last one of the month is \"1L\""},
             Row{standard, "0 9 * * MON#-1", "the last one of the month is \"MONL\""},
             Row{standard, "0 9 * * #2", "the second Monday is \"MON#2\""},
             // signs
             Row{standard, "*5 9 * * *", "write \"*/5\""},
             Row{standard, "/5 9 * * *", "write \"*/5\""},
             Row{standard, "1;31 9 * * *", "a list has commas: \"1,31\""},
             Row{standard, "0 9 * * 1|3|5", "a list has commas: \"1,3,5\""},
             Row{extended, "1~5/2 9 * * *", "write \"H(1-5)/2\""},
             Row{standard, "'0 9 * * *'", "pass the text without quotes"},
             // the number of fields
             Row{standard, "0 9 * *", "every day at 09:00 is \"0 9 * * *\""},
             Row{extended, "TZ=Asia/Tokyo 0 9 * *", "every day at 09:00 is \"0 9 * * *\""},
             Row{vixie, "0 0 9 * * *", "seconds and years need dialect standard or extended"},
             Row{spring, "0 0 9 * * * *", "years need dialect standard, extended or quartz"},
             Row{quartz, "0 9 * * ?", "dialect quartz begins with seconds: every day at 09:00 is \"0 0 9 * * ?\""},
             Row{standard, "0 9 * * *|0 18 * * *", "the parts of a union stand apart: \"0 9 * * * | 0 18 * * *\""},
             Row{standard,
                 "0 9 * * * | 0 18 * * *",
                 "Schedule::parse reads unions such as \"0 9 * * * | 30 17 * * 5\""},
             Row{standard,
                 "rate(5 minutes)",
                 "Schedule::parse reads intervals such as \"rate(5 minutes)\" and \"R/2027-01-01T00:00:00Z/PT1H\""},
             // the wrapper
             Row{eventbridge, "cron (0 9 * * ? *)", "write \"cron(0 9 * * ? *)\""},
             Row{eventbridge, "cron(0 9 * * ? *) daily", "remove it"},
             Row{eventbridge, "TZ=UTC cron(0 9 * * ? *)", "pass the zone as time_zone"},
             Row{eventbridge, "0 0 9 * * MON", "write \"cron(0 9 * * ? *)\""},
             Row{eventbridge, "0 9 ? * MON *", "write \"cron(0 9 ? * MON *)\""},
             Row{eventbridge, "cron(H(1-5) 9 * * ? *)", "H needs dialect extended"},
             Row{eventbridge, "cron( 0 9 * * * * )", "write \"cron( 0 9 * * ? * )\""},
         }) {
        const std::string sentence = sentence_of(row.text, row.dialect);
        INFO(sentence);
        CHECK(sentence.substr(sentence.find("; ") + 2) == row.hint);
    }
}

TEST_CASE("cron message: what is expected inside H( is named", "[cron]") {
    check("H(1,5) * * * *",
          "\"H(1,5) * * * *\": column 4, minute: - is expected, as in H(0-29), saw ','",
          CronDialect::extended);
    check("H(1-5 * * * *",
          "\"H(1-5 * * * *\": column 6, minute: ) is expected, as in H(0-29), saw the end of the field",
          CronDialect::extended);
    check("H(1-5)x * * * *",
          "\"H(1-5)x * * * *\": column 7, minute: a comma or the end of the field is expected, saw 'x'; write decimal "
          "digits",
          CronDialect::extended);
}

TEST_CASE("cron message: fields are counted without the prefix, the wrapper and the other parts of a union", "[cron]") {
    CHECK(sentence_of("TZ=UTC * * * *", CronDialect::extended).find("5 to 7 fields are expected, saw 4;") !=
          std::string::npos);
    CHECK(sentence_of("cron()", CronDialect::eventbridge).find("6 fields are expected, saw 0;") != std::string::npos);
    CHECK(sentence_of("@daily root", CronDialect::standard) ==
          "cron \"@daily root\": column 8: a nickname stands alone, saw \"root\"; write \"@daily\"");
    const auto of_union = [](std::string_view text) {
        const std::string message = carillon::Schedule::parse(text).error().what();
        return message.substr(0, message.find('\n'));
    };
    CHECK(
        of_union("0 9 * * * | 0 9 * * | 0 9 * * *") ==
        "cron \"0 9 * * * | 0 9 * * | 0 9 * * *\": column 20: 5 to 7 fields are expected, saw 4; every day at 09:00 is "
        "\"0 9 * * *\"");
    CHECK(of_union("0 9 * * * | 5 4 * * * /bin/true | @daily").find("crontab line; pass the schedule only: ") !=
          std::string::npos);
}

TEST_CASE("cron message: a crontab line is recognised", "[cron]") {
    for (const char* line : {"*/5 * * * * /usr/bin/true",
                             "*/5 * * * * root /usr/bin/backup --all now",
                             "*/5 * * * * ./run.sh",
                             "*/5 * * * * run.sh",
                             "*/5 * * * * scripts/run",
                             "*/5 * * * * root /bin/x"}) {
        INFO(line);
        CHECK(sentence_of(line).find("this looks like a crontab line; pass the schedule only: \"*/5 * * * *\"") !=
              std::string::npos);
    }
    const std::string long_line =
        "*/5 * * * * root /usr/bin/find /var/cache -type f -mtime +30 " + std::string(100, 'x');
    CHECK(sentence_of(long_line).find("pass the schedule only: \"*/5 * * * *\"") != std::string::npos);
    const std::string minutes = "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31";
    CHECK(sentence_of(minutes + " * * * * root /bin/true and some more words for a line that is long enough to be cut")
              .find("pass the schedule only") == std::string::npos);
    CHECK(sentence_of("TZ=UTC */5 * * * * /bin/true", CronDialect::extended)
              .find("pass the schedule only: \"TZ=UTC */5 * * * *\"") != std::string::npos);
    for (const char* no_line : {"0 0 0 * * 5/2", "0 0 0 * * /5", "0 0 0 * * 1.5", "0 0 0 * * MON/2"}) {
        INFO(no_line);
        CHECK(sentence_of(no_line).find("crontab line") == std::string::npos);
    }
}

TEST_CASE("cron message: a missing ? is put where it belongs", "[cron]") {
    const auto hint = [](const char* text, CronDialect dialect) {
        return quoted_hints(sentence_of(text, dialect));
    };
    CHECK(hint("0 0 12 * * MON", CronDialect::quartz) == std::vector<std::string>{"0 0 12 ? * MON"});
    CHECK(hint("0 0 12 1 * * 2030", CronDialect::quartz) == std::vector<std::string>{"0 0 12 1 * ? 2030"});
    CHECK(hint("0 0 12 * * *", CronDialect::quartz) == std::vector<std::string>{"0 0 12 * * ?"});
    CHECK(hint("0 0 12 ? * ?", CronDialect::quartz) == std::vector<std::string>{"0 0 12 ? * *"});
    CHECK(hint("cron(0 12 * * MON *)", CronDialect::eventbridge) == std::vector<std::string>{"cron(0 12 ? * MON *)"});
    CHECK(sentence_of("0 0 12 1 * MON", CronDialect::quartz).find("dialect extended combines both") !=
          std::string::npos);
}

TEST_CASE("cron message: the portable spelling means what was written", "[cron]") {
    std::size_t compared = 0;
    for (const char* file : {"syntax", "errors", "ocps"})
        for (const auto& fact : support::cron_vectors(file)) {
            if (fact.error != "step_without_range" && fact.error != "reversed_range") continue;
            const auto meant = CronExpression::parse(fact.text, CronDialect::extended, "key");
            const auto hints = quoted_hints(sentence_of(fact.text, fact.dialect));
            if (!meant || hints.empty() || fact.dialect == CronDialect::spring) continue;
            // the item at the column, replaced by the hint
            const std::size_t begin = fact.text.find_last_of(" \t,", fact.column - 1) + 1;
            const std::size_t end = std::min(fact.text.find_first_of(" \t,", begin), fact.text.size());
            const std::string better = fact.text.substr(0, begin) + hints[0] + fact.text.substr(end);
            INFO(fact.where << ": " << fact.text << " -> " << better);
            const auto as_extended = CronExpression::parse(better, CronDialect::extended, "key");
            REQUIRE(as_extended);
            CHECK(*as_extended == *meant);
            const auto again = CronExpression::parse(better, fact.dialect);
            if (!again) CHECK(again.parse_error().column > fact.column);
            ++compared;
        }
    CHECK(compared > 150);
}

TEST_CASE("cron message: whole texts in hints are texts that work", "[cron]") {
    std::size_t checked = 0;
    for (const std::string file : support::cron_vector_files)
        for (const auto& fact : support::cron_vectors(file)) {
            if (fact.error.empty()) continue;
            const auto parsed = CronExpression::parse(fact.text, fact.dialect);
            if (parsed) continue; // the zone is not judged here
            const std::string sentence = parsed.error().what();
            INFO(fact.where << ": " << sentence);
            REQUIRE(sentence.find("saw ") != std::string::npos);
            for (const auto& hint : quoted_hints(sentence.substr(0, sentence.find('\n')))) {
                if (std::count(hint.begin(), hint.end(), ' ') < 4) continue;
                if (sentence.find("looks like a crontab") != std::string::npos) continue; // its own fields may be wrong
                const auto again = CronExpression::parse(hint, fact.dialect);
                CHECK((again || again.parse_error().code != parsed.parse_error().code));
                ++checked;
            }
        }
    CHECK(checked > 500);
}

TEST_CASE("cron message: every cron code has a sentence of its own", "[cron]") {
    for (auto code = Errc::expression_too_long; code <= Errc::missing_hash_key;
         code = static_cast<Errc>(static_cast<int>(code) + 1)) {
        const carillon::ParseError error(code, "0 0 * * *", 1, carillon::TextKind::cron, carillon::TextField::minute);
        const std::string message = carillon::detail::make_error(error).what();
        INFO(message);
        CHECK(message.find(std::string(to_string(code))) == std::string::npos);
        CHECK(message.find(" column 1, minute: ") != std::string::npos);
    }
}

TEST_CASE("cron message: any bytes at any column give a message", "[cron]") {
    const std::string_view texts[] = {
        "", "@", "\xff", "/", "-", "0 0 * * 5-", "cron(", "L-", "H(~", "1/", "#", "?,?", " , "};
    for (const auto text : texts)
        for (std::uint32_t column = 1; column <= text.size() + 1; ++column)
            for (int code = 0; code <= static_cast<int>(Errc::unsupported_schedule); ++code)
                for (std::uint8_t dialect = 0; dialect < 6; ++dialect)
                    for (int field = 0; field < 8; ++field) {
                        carillon::ParseError error(static_cast<Errc>(code),
                                                   text,
                                                   column,
                                                   static_cast<carillon::TextKind>((column + dialect) % 4),
                                                   static_cast<carillon::TextField>(field));
                        error.dialect = dialect;
                        const auto made = carillon::detail::make_error(error);
                        if (std::string_view(made.what()).size() < 10) FAIL(made.what());
                    }
    SUCCEED();
}
