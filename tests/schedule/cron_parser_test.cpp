// SPDX-License-Identifier: MIT
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/cron_parser.hpp"

#include "support/catch.hpp"

#include <array>
#include <string>
#include <string_view>

using namespace std::string_view_literals;
using carillon::CronDialect;
using carillon::CronExpression;
using carillon::Errc;
using carillon::TextField;

namespace {

struct Refused {
    std::string_view text;
    Errc code;
    std::size_t column;
};

constexpr bool is_refused(const Refused& row, CronDialect dialect, std::string_view key = "") {
    const auto parsed = CronExpression::parse(row.text, dialect, key);
    return !parsed && parsed.parse_error().code == row.code && parsed.parse_error().column == row.column;
}

void check(const Refused& row, CronDialect dialect = CronDialect::extended) {
    const auto parsed = CronExpression::parse(row.text, dialect);
    INFO(row.text << " in " << to_string(dialect));
    REQUIRE_FALSE(parsed);
    CHECK(to_string(parsed.parse_error().code) == to_string(row.code));
    CHECK(parsed.parse_error().column == row.column);
}

bool accepts(CronDialect dialect, std::string_view text) {
    return CronExpression::parse(text, dialect, "key").has_value();
}

} // namespace

TEST_CASE("cron parser: the number of fields is counted before any field is read", "[cron]") {
    check({"", Errc::empty_expression, 1});
    check({" \t ", Errc::empty_expression, 4});
    check({"* * * *", Errc::wrong_field_count, 8});
    check({"x x x x ", Errc::wrong_field_count, 9});
    check({"* * * * * * * *", Errc::wrong_field_count, 15});
    check({"* * * * * * * * * * * * * *", Errc::wrong_field_count, 15});
    check({"* * * * * *", Errc::wrong_field_count, 11}, CronDialect::vixie);
    check({"* * * * ?", Errc::wrong_field_count, 10}, CronDialect::quartz);
    check({"* * * * * * *", Errc::wrong_field_count, 13}, CronDialect::spring);
    check({"cron(0 10 * * *)", Errc::wrong_field_count, 17}, CronDialect::eventbridge);
    check({"cron(0 10 * * ? * *)", Errc::wrong_field_count, 19}, CronDialect::eventbridge);
    CHECK(accepts(CronDialect::standard, "\t0  9 * *\t* "));
}

TEST_CASE("cron parser: values must lie in the range of their field", "[cron]") {
    check({"60 * * * *", Errc::value_out_of_range, 1});
    check({"60 * * * * *", Errc::value_out_of_range, 1});
    check({"* 60 * * * *", Errc::value_out_of_range, 3});
    check({"* 24 * * *", Errc::value_out_of_range, 3});
    check({"* * 0 * *", Errc::value_out_of_range, 5});
    check({"* * 32 * *", Errc::value_out_of_range, 5});
    check({"* * * 0 *", Errc::value_out_of_range, 7});
    check({"* * * 13 *", Errc::value_out_of_range, 7});
    check({"* * * * 8", Errc::value_out_of_range, 9});
    check({"* * * * * * 1969", Errc::value_out_of_range, 13});
    check({"* * * * * * 2200", Errc::value_out_of_range, 13});
    check({"1-60 * * * *", Errc::value_out_of_range, 3});
    check({"0 0 0 ? * 0", Errc::value_out_of_range, 11}, CronDialect::quartz);
    check({"0 0 0 ? * 8", Errc::value_out_of_range, 11}, CronDialect::quartz);
    check({"0 0 * * MON#0", Errc::value_out_of_range, 13});
    check({"0 0 * * MON#6", Errc::value_out_of_range, 13});
    check({"0 0 32W * *", Errc::value_out_of_range, 5});
    check({"0 0 L-31 * *", Errc::value_out_of_range, 7});
    for (const auto* edge :
         {"0 0 1 1 0", "59 23 31 12 7", "0 0 0 1 1 0 1970", "59 59 23 31 12 7 2199", "0 0 L-0 * *", "0 0 L-30 * *"})
        CHECK(accepts(CronDialect::extended, edge));
}

TEST_CASE("cron parser: numbers have at most nine digits, and steps are never expanded", "[cron]") {
    check({"1234567890 * * * *", Errc::number_too_large, 1});
    check({"*/2147483648 * * * *", Errc::number_too_large, 3});
    check({"*/4294967297 * * * *", Errc::number_too_large, 3});
    check({"*/18446744073709551617 * * * *", Errc::number_too_large, 3});
    check({"0000000005 * * * *", Errc::number_too_large, 1});
    check({"0-99999999/1 * * * *", Errc::value_out_of_range, 3});
    CHECK(accepts(CronDialect::standard, "*/999999999 * * * *"));
    CHECK(accepts(CronDialect::extended, "0 0 0 * * * 1970/999999999"));
    CHECK(accepts(CronDialect::standard, "000000005 * * * *"));
    CHECK(CronExpression::parse("59/999999999 * * * *", CronDialect::extended)->fields().minutes == 1ULL << 59);
}

TEST_CASE("cron parser: steps", "[cron]") {
    check({"*/0 * * * *", Errc::zero_step, 3});
    check({"1-5/0 * * * *", Errc::zero_step, 5});
    check({"*/00 * * * *", Errc::zero_step, 3});
    check({"*/ * * * *", Errc::unexpected_end, 3});
    check({"*/,1 * * * *", Errc::unexpected_character, 3});
    check({"*/5/2 * * * *", Errc::unexpected_character, 4});
    check({"*/-5 * * * *", Errc::unexpected_character, 3});
    check({"/5 * * * *", Errc::unexpected_character, 1});
    check({"0/15 * * * *", Errc::step_without_range, 2}, CronDialect::standard);
    check({"0/ * * * *", Errc::step_without_range, 2}, CronDialect::standard);
    check({"0/ * * * *", Errc::unexpected_end, 3}, CronDialect::extended);
}

TEST_CASE("cron parser: ranges", "[cron]") {
    check({"-5 * * * *", Errc::unexpected_character, 1});
    check({"5- * * * *", Errc::unexpected_end, 3});
    check({"5-,6 * * * *", Errc::unexpected_character, 3});
    check({"1-5-7 * * * *", Errc::unexpected_character, 4});
    check({"1-* * * * *", Errc::unexpected_character, 3});
    check({"0 0 0 1 1 * 2040-2035", Errc::reversed_range, 13});
    check({"0 22-2 * * *", Errc::reversed_range, 3}, CronDialect::standard);
    check({"1,22-2 * * * *", Errc::reversed_range, 3}, CronDialect::vixie);
    check({"0 0 * * 7-1", Errc::reversed_range, 9}, CronDialect::standard);
    CHECK(accepts(CronDialect::standard, "0 0 * * 7-7"));
    CHECK(accepts(CronDialect::standard, "0 0 * * FRI-SUN"));
    CHECK(accepts(CronDialect::standard, "5-5 * * * *"));
}

TEST_CASE("cron parser: lists have a value on both sides of each comma", "[cron]") {
    check({"1,,2 * * * *", Errc::empty_list_item, 3});
    check({",1 * * * *", Errc::empty_list_item, 1});
    check({"1, * * * *", Errc::empty_list_item, 3});
    check({"* * * * ,", Errc::empty_list_item, 9});
    CHECK(accepts(CronDialect::standard, "1,1,*,2-3,*/4 * * * *"));
}

TEST_CASE("cron parser: strange characters in a field", "[cron]") {
    check({"** * * * *", Errc::unexpected_character, 2});
    check({"0x5 * * * *", Errc::unexpected_character, 2});
    check({"+5 * * * *", Errc::unexpected_character, 1});
    check({"1.5 * * * *", Errc::unexpected_character, 2});
    check({"R * * * *", Errc::unexpected_character, 1});
    check({"0 L * * *", Errc::unexpected_character, 3});
    check({"0 0 W * *", Errc::unexpected_character, 5});
    check({"0 0 * * #2", Errc::unexpected_character, 9});
    check({"0 0 1 * MON+", Errc::unexpected_character, 12});
    check({"0 0 +1 * MON", Errc::unexpected_character, 5});
    check({"0 0 * * MON,+TUE", Errc::unexpected_character, 13});
    check({"0 0 * * ++MON", Errc::unexpected_character, 10});
    check({"0 0 * * +", Errc::unexpected_end, 10});
    check({"MON * * * *", Errc::unexpected_character, 1});
    check({"0 0 * * * # note", Errc::unexpected_character, 11});
    check({"* * * * * /usr/bin/true", Errc::unexpected_character, 11});
    check({"\"0 0 * * *\"", Errc::unexpected_character, 1});
    check({"0 0 * * 5@", Errc::unexpected_character, 10});
}

TEST_CASE("cron parser: names", "[cron]") {
    check({"0 0 * JANU *", Errc::unknown_name, 7});
    check({"0 0 * JA *", Errc::unknown_name, 7});
    check({"0 0 * L *", Errc::unknown_name, 7});
    check({"0 0 * MON *", Errc::unknown_name, 7});
    check({"0 0 * * MO", Errc::unknown_name, 9});
    check({"0 0 * * FUNDAY", Errc::unknown_name, 9});
    check({"0 0 * * JAN", Errc::unknown_name, 9});
    check({"0 0 * * MON-TU", Errc::unknown_name, 13});
    check({"0 0 * * TUESDAYL", Errc::unknown_name, 9});
    check({"0 0 * january *", Errc::unknown_name, 7}, CronDialect::standard);
    check({"0 0 * * monl", Errc::unknown_name, 9}, CronDialect::standard);
    check({"0 0 * JAN5 *", Errc::unexpected_character, 10});
    CHECK(accepts(CronDialect::standard, "0 0 * jan-DEC sUn-Sat"));
    CHECK(accepts(CronDialect::extended, "0 0 * January,MAY-august Sunday-Tuesday,FRIDAY#2"));
    CHECK(accepts(CronDialect::extended, "0 0 * * monl,TUEl"));
}

TEST_CASE("cron parser: the question mark", "[cron]") {
    check({"? * * * *", Errc::question_mark_not_allowed, 1});
    check({"0 ? * * *", Errc::question_mark_not_allowed, 3});
    check({"0 0 * ? *", Errc::question_mark_not_allowed, 7});
    check({"0 0 ?,1 * *", Errc::question_mark_not_allowed, 5});
    check({"0 0 1,? * *", Errc::question_mark_not_allowed, 7});
    check({"0 0 ?/2 * *", Errc::question_mark_not_allowed, 5});
    check({"0 0 ? * *", Errc::question_mark_not_allowed, 5}, CronDialect::vixie);
    check({"0 0 0 1 * 1", Errc::question_mark_required, 11}, CronDialect::quartz);
    check({"0 0 0 * * *", Errc::question_mark_required, 11}, CronDialect::quartz);
    check({"0 0 0 ? * ?", Errc::question_mark_twice, 11}, CronDialect::quartz);
    check({"cron(0 0 1 * 1 *)", Errc::question_mark_required, 14}, CronDialect::eventbridge);
    check({"0 0 0 1 * 1 1969", Errc::value_out_of_range, 13}, CronDialect::quartz); // fields first
    CHECK(accepts(CronDialect::quartz, "0 0 0 ? * *"));
    CHECK(accepts(CronDialect::spring, "0 0 0 ? * ?"));
    CHECK(accepts(CronDialect::extended, "0 0 1 * +?"));
}

TEST_CASE("cron parser: L, W and #", "[cron]") {
    check({"0 0 * * L", Errc::last_needs_weekday, 9});
    check({"0 0 * * 1,L", Errc::last_needs_weekday, 11});
    check({"0 0 * * L-1", Errc::unknown_name, 9});
    check({"0 0 * * MON#", Errc::unexpected_end, 13});
    check({"0 0 * * MON#x", Errc::unexpected_character, 13});
    check({"0 0 * * 1#-2", Errc::unexpected_character, 11});
    check({"0 0 L- * *", Errc::unexpected_end, 7});
    check({"0 0 LL * *", Errc::modifier_not_allowed, 6});
    check({"0 0 15L * *", Errc::modifier_not_allowed, 7});
    check({"0 0 15#2 * *", Errc::modifier_not_allowed, 7});
    check({"0 0 * * 5W", Errc::modifier_not_allowed, 10});
    check({"0 0 * * MON#1#", Errc::modifier_not_allowed, 14});
    check({"5L * * * *", Errc::modifier_not_allowed, 2});
    check({"0 0 * 5#1 *", Errc::modifier_not_allowed, 8});
    check({"0 0 * * MON-FRI#1", Errc::modifier_on_range, 16});
    check({"0 0 * * MON-FRIL", Errc::modifier_on_range, 16});
    check({"0 0 * * 1/2L", Errc::modifier_on_range, 12});
    check({"0 0 1-15W * *", Errc::modifier_on_range, 9});
    check({"0 0 */2W * *", Errc::unexpected_character, 8});
    check({"0 0 1W,15W * *", Errc::modifier_in_list, 5}, CronDialect::standard);
    check({"0 0 1,15W * *", Errc::modifier_in_list, 7}, CronDialect::standard);
    check({"0 0 0 ? * 2#1,3", Errc::modifier_in_list, 11}, CronDialect::quartz);
    check({"0 0 LW * *", Errc::modifier_not_allowed, 6}, CronDialect::standard);
    check({"0 0 L-3 * *", Errc::unexpected_character, 6}, CronDialect::standard);
    check({"0 0 l * *", Errc::unexpected_character, 5}, CronDialect::standard);
    check({"0 0 L * *", Errc::unexpected_character, 5}, CronDialect::vixie);
    check({"0 0 15W * *", Errc::modifier_not_allowed, 7}, CronDialect::vixie);
    check({"0 0 * * 5L", Errc::modifier_not_allowed, 10}, CronDialect::vixie);
    check({"0 0 0 * * 3#L", Errc::unexpected_character, 13}, CronDialect::spring);
}

TEST_CASE("cron parser: nicknames", "[cron]") {
    check({"@foo", Errc::unknown_nickname, 1});
    check({"  @foo *", Errc::unknown_nickname, 3});
    check({"@", Errc::unknown_nickname, 1});
    check({"@every 5m", Errc::unknown_nickname, 1});
    check({"@daily *", Errc::wrong_field_count, 8});
    check({"@Daily", Errc::unknown_nickname, 1}, CronDialect::standard);
    check({"@every_minute", Errc::unknown_nickname, 1}, CronDialect::standard);
    check({"@daily", Errc::unknown_nickname, 1}, CronDialect::quartz);
    check({"@daily", Errc::unexpected_character, 1}, CronDialect::eventbridge);
    check({"* * * * @daily", Errc::unexpected_character, 9});
}

TEST_CASE("cron parser: the zone prefix", "[cron]") {
    check({"TZ=UTC", Errc::empty_expression, 7});
    check({"TZ=UTC  ", Errc::empty_expression, 9});
    check({"TZ= 0 0 * * *", Errc::unknown_time_zone, 4});
    check({"  CRON_TZ= 0 0 * * *", Errc::unknown_time_zone, 11});
    check({"TZ=UTC 60 0 * * *", Errc::value_out_of_range, 8});
    check({"TZ=UTC @foo", Errc::unknown_nickname, 8});
    check({"TZ=UTC * * * * * * * *", Errc::wrong_field_count, 22});
    check({"TZ=UTC TZ=UTC 0 0 * * *", Errc::unexpected_character, 8});
    check({"TZ=UTC 0 0 * * *", Errc::unexpected_character, 1}, CronDialect::standard);
    check({"ZONE=UTC 0 0 * * *", Errc::unexpected_character, 1});
}

TEST_CASE("cron parser: the wrapper of EventBridge", "[cron]") {
    check({"0 10 * * ? *", Errc::unexpected_character, 1}, CronDialect::eventbridge);
    check({"cron 0 10 * * ? *", Errc::unexpected_character, 1}, CronDialect::eventbridge);
    check({" rate(5 minutes)", Errc::unexpected_character, 2}, CronDialect::eventbridge);
    check({"cron(0 10 * * ? *", Errc::unexpected_end, 18}, CronDialect::eventbridge);
    check({"cron(0 10 * * ? *) *", Errc::unexpected_character, 20}, CronDialect::eventbridge);
    check({"cron(0 10 * * ? *))", Errc::unexpected_character, 19}, CronDialect::eventbridge);
    check({"cron()", Errc::wrong_field_count, 7}, CronDialect::eventbridge);
    check({"", Errc::empty_expression, 1}, CronDialect::eventbridge);
    check({"cron(60 10 * * ? *)", Errc::value_out_of_range, 6}, CronDialect::eventbridge);
    check({"cron(0 10 * * ? *)", Errc::unexpected_character, 1}, CronDialect::quartz);
    CHECK(accepts(CronDialect::eventbridge, " CRON( 0 10 * * ? 2026-2030 ) "));
}

TEST_CASE("cron parser: H needs a key, after its own syntax is right", "[cron]") {
    check({"H * * * *", Errc::missing_hash_key, 1});
    check({"1,H/2 * * * *", Errc::missing_hash_key, 3});
    check({"0~30 * * * *", Errc::missing_hash_key, 1});
    check({"H(5-1) * * * *", Errc::reversed_range, 5});
    check({"H(5) * * * *", Errc::unexpected_character, 4});
    check({"H(5-6 * * * *", Errc::unexpected_end, 6});
    check({"H( * * * *", Errc::unexpected_end, 3});
    check({"H(0-60) * * * *", Errc::value_out_of_range, 5});
    check({"H5 * * * *", Errc::unexpected_character, 2});
    check({"H/0 * * * *", Errc::zero_step, 3});
    check({"HH * * * *", Errc::unexpected_character, 1});
    check({"0 0 * HI *", Errc::unknown_name, 7});
    check({"30~10 * * * *", Errc::reversed_range, 4});
    check({"0~5/2 * * * *", Errc::unexpected_character, 4});
    check({"H * * * *", Errc::unexpected_character, 1}, CronDialect::standard);
    check({"0~5 * * * *", Errc::unexpected_character, 2}, CronDialect::standard);
    CHECK(accepts(CronDialect::extended, "H H(0-7) H H/3 h"));
}

TEST_CASE("cron parser: only printable ASCII and tabs", "[cron]") {
    check({"\xd9\xa3 * * * *", Errc::invalid_character, 1});     // Arabic-Indic three
    check({"\xef\xbc\x90 * * * *", Errc::invalid_character, 1}); // full-width zero
    check({"0 0\xc2\xa0* * *", Errc::invalid_character, 4});     // no-break space
    check({"\xe2\x80\x8b"
           "0 0 * * *",
           Errc::invalid_character,
           1}); // zero-width space
    check({"0 0 * * *\n", Errc::invalid_character, 10});
    check({"0 0 * * *\r\n", Errc::invalid_character, 10});
    check({"0 0 * * *\0"sv, Errc::invalid_character, 10});
    check({"\0"sv, Errc::invalid_character, 1});
    check({"0 0 * * * \x7f", Errc::invalid_character, 11});
    check({"* * * *\x01", Errc::invalid_character, 8}); // before the number of fields
    check({"\xff\xfe", Errc::invalid_character, 1}, CronDialect::eventbridge);
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = "0 0 * * " + std::string(1, static_cast<char>(byte));
        const auto parsed = CronExpression::parse(text);
        const bool known = (byte >= ' ' && byte <= '~') || byte == '\t';
        INFO("byte " << byte);
        CHECK((!parsed && parsed.parse_error().code == Errc::invalid_character) == !known);
    }
}

TEST_CASE("cron parser: a text has at most 4096 bytes", "[cron]") {
    const auto list = [](std::size_t zeros) {
        std::string text = "0";
        for (std::size_t i = 1; i < zeros; ++i)
            text += ",0";
        return text + " * * * *";
    };
    CHECK(list(2044).size() == 4095);
    CHECK(CronExpression::parse(list(2044) + ' ').has_value());
    check({list(2044) + "  ", Errc::expression_too_long, 4097});
    check({list(2045), Errc::expression_too_long, 4097});
    check({std::string(1 << 20, '\n'), Errc::expression_too_long, 4097});
    check({std::string(4096, ' '), Errc::empty_expression, 4097});
    check({std::string(4095, '*') + "\n", Errc::invalid_character, 4096});
    check({std::string(4000, '9') + " * * * *", Errc::number_too_large, 1});
}

TEST_CASE("cron parser: each dialect has the features of its column", "[cron]") {
    struct Feature {
        const char* what;
        std::array<const char*, 6> texts; ///< standard extended vixie quartz spring eventbridge; null: no such field
        std::array<bool, 6> accepted;
    };
    const auto five = [](const char* text) {
        return std::array<const char*, 3>{text, text, text};
    };
    const auto row = [&](const char* what,
                         const char* plain,
                         const char* with_seconds,
                         const char* quartz,
                         const char* aws,
                         std::array<bool, 6> accepted) {
        const auto t = five(plain);
        return Feature{what, {t[0], t[1], t[2], quartz, with_seconds, aws}, accepted};
    };
    constexpr bool y = true;
    constexpr bool n = false;
    for (const auto& feature : {
             row("names in any case",
                 "0 0 * jAn Mon",
                 "0 0 0 * jAn Mon",
                 "0 0 0 ? jAn Mon",
                 "cron(0 0 ? jAn Mon *)",
                 {y, y, y, y, y, y}),
             row("full names",
                 "0 0 * January *",
                 "0 0 0 * January *",
                 "0 0 0 ? January *",
                 "cron(0 0 ? January * *)",
                 {n, y, n, n, n, n}),
             row("reversed ranges",
                 "0 22-2 * * *",
                 "0 0 22-2 * * *",
                 "0 0 22-2 * * ?",
                 "cron(0 22-2 * * ? *)",
                 {n, y, n, y, n, n}),
             row("a/n", "0 2/3 * * *", "0 0 2/3 * * *", "0 0 2/3 * * ?", "cron(0 2/3 * * ? *)", {n, y, y, y, y, y}),
             row("L", "0 0 L * *", "0 0 0 L * *", "0 0 0 L * ?", "cron(0 0 L * ? *)", {y, y, n, y, y, y}),
             row("nW", "0 0 15W * *", "0 0 0 15W * *", "0 0 0 15W * ?", "cron(0 0 15W * ? *)", {y, y, n, y, y, y}),
             row("nL", "0 0 * * 5L", "0 0 0 * * 5L", "0 0 0 ? * 5L", "cron(0 0 ? * 5L *)", {y, y, n, y, y, y}),
             row("n#k", "0 0 * * 5#2", "0 0 0 * * 5#2", "0 0 0 ? * 5#2", "cron(0 0 ? * 5#2 *)", {y, y, n, y, y, y}),
             row("L-n", "0 0 L-3 * *", "0 0 0 L-3 * *", "0 0 0 L-3 * ?", "cron(0 0 L-3 * ? *)", {n, y, n, y, y, n}),
             row("LW", "0 0 LW * *", "0 0 0 LW * *", "0 0 0 LW * ?", "cron(0 0 LW * ? *)", {n, y, n, y, y, n}),
             row("W in a list",
                 "0 0 1W,9 * *",
                 "0 0 0 1W,9 * *",
                 "0 0 0 1W,9 * ?",
                 "cron(0 0 1W,9 * ? *)",
                 {n, y, n, n, y, n}),
             row("# in a list",
                 "0 0 * * 5#2,1",
                 "0 0 0 * * 5#2,1",
                 "0 0 0 ? * 5#2,1",
                 "cron(0 0 ? * 5#2,1 *)",
                 {y, y, n, n, y, n}),
             row("n#L", "0 0 * * 5#L", "0 0 0 * * 5#L", "0 0 0 ? * 5#L", "cron(0 0 ? * 5#L *)", {y, y, n, n, n, n}),
             row("lone L", "0 0 * * L", "0 0 0 * * L", "0 0 0 ? * L", "cron(0 0 ? * L *)", {n, n, n, y, n, y}),
             row("+", "0 0 1 * +MON", "0 0 0 1 * +MON", "0 0 0 ? * +MON", "cron(0 0 ? * +MON *)", {y, y, n, n, n, n}),
             row("H", "H 0 * * *", "0 H 0 * * *", "0 H 0 * * ?", "cron(H 0 * * ? *)", {n, y, n, n, n, n}),
             row("~", "0~5 0 * * *", "0 0~5 0 * * *", "0 0~5 0 * * ?", "cron(0~5 0 * * ? *)", {n, y, n, n, n, n}),
             row("l in lower case", "0 0 l * *", "0 0 0 l * *", "0 0 0 l * ?", "cron(0 0 l * ? *)", {n, y, n, y, y, y}),
             row("both day fields", "0 0 1 * 1", "0 0 0 1 * 1", "0 0 0 1 * 1", "cron(0 0 1 * 1 *)", {y, y, y, n, y, n}),
             row("weekday 0", "0 0 * * 0", "0 0 0 * * 0", "0 0 0 ? * 0", "cron(0 0 ? * 0 *)", {y, y, y, n, y, n}),
             row("?", "0 0 ? * 1", "0 0 0 ? * 1", "0 0 0 ? * 1", "cron(0 0 ? * 1 *)", {y, y, n, y, y, y}),
             row("TZ=",
                 "TZ=UTC 0 0 * * *",
                 "TZ=UTC 0 0 0 * * *",
                 "TZ=UTC 0 0 0 * * ?",
                 "TZ=UTC cron(0 0 * * ? *)",
                 {n, y, n, n, n, n}),
             row("nicknames", "@daily", "@daily", "@daily", "@daily", {y, y, y, n, y, n}),
             row("six fields", "0 0 0 * * *", "0 0 0 * * *", "0 0 0 * * ?", "0 0 0 * * ?", {y, y, n, y, y, n}),
             row("seven fields",
                 "0 0 0 * * * 2030",
                 "0 0 0 * * * 2030",
                 "0 0 0 * * ? 2030",
                 "0 0 0 * * ? 2030",
                 {y, y, n, y, n, n}),
         })
        for (std::size_t i = 0; i < 6; ++i) {
            const auto dialect = static_cast<CronDialect>(i);
            INFO(feature.what << " in " << to_string(dialect) << ": " << feature.texts[i]);
            CHECK(accepts(dialect, feature.texts[i]) == feature.accepted[i]);
        }
}

TEST_CASE("cron parser: no standard text changes its meaning in extended", "[cron]") {
    for (const char* text : {"0 9 * * 1-5",
                             "*/15 0-5,7 1,L */2 MON#2,FRIL",
                             "0 0 15W * +SUN",
                             "0 0 ? * 0-7",
                             "@weekly",
                             "1 2 3 4 5 6 2030-2040/3",
                             "0 0 */2 * */3"}) {
        INFO(text);
        CHECK(CronExpression::parse(text)->fields() == CronExpression::parse(text, CronDialect::extended)->fields());
    }
}

TEST_CASE("cron parser: errors name the field", "[cron]") {
    const auto field = [](std::string_view text, CronDialect dialect = CronDialect::extended) {
        return CronExpression::parse(text, dialect).parse_error().field;
    };
    CHECK(field("x * * * * *") == TextField::second);
    CHECK(field("x * * * *") == TextField::minute);
    CHECK(field("* x * * *") == TextField::hour);
    CHECK(field("* * x * *") == TextField::day_of_month);
    CHECK(field("* * * x *") == TextField::month);
    CHECK(field("* * * * x") == TextField::day_of_week);
    CHECK(field("* * * * * * x") == TextField::year);
    CHECK(field("cron(x 0 * * ? *)", CronDialect::eventbridge) == TextField::minute);
    CHECK(field("cron(0 0 * * ? x)", CronDialect::eventbridge) == TextField::year);
    CHECK(field("0 0 0 * * *", CronDialect::quartz) == TextField::day_of_week);
    CHECK(field("* * * *") == TextField::none);
}

TEST_CASE("cron parser: the compiler comes to the same results", "[cron]") {
    STATIC_REQUIRE(is_refused({"*/0 * * * *", Errc::zero_step, 3}, CronDialect::standard));
    STATIC_REQUIRE(is_refused({"0/15 * * * *", Errc::step_without_range, 2}, CronDialect::standard));
    STATIC_REQUIRE(is_refused({"0 0 0 ? * ?", Errc::question_mark_twice, 11}, CronDialect::quartz));
    STATIC_REQUIRE(is_refused({"cron(0 10 * * ? *", Errc::unexpected_end, 18}, CronDialect::eventbridge));
    STATIC_REQUIRE(is_refused({"0 0 * *\n", Errc::invalid_character, 8}, CronDialect::standard));
    STATIC_REQUIRE(CronExpression::parse("H(0-29)/10 H * JAN-dec/2 monl", CronDialect::extended, "key").has_value());
    STATIC_REQUIRE(CronExpression::parse("@weekly").value() == CronExpression::parse("0 0 * * 0").value());
}
