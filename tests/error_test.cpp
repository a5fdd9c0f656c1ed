// SPDX-License-Identifier: MIT
// error_test.cpp - every code has one name and one status, and a Result is a value or a reason.
#include "carillon/error.hpp"
#include "carillon/time.hpp"

#include "support/catch.hpp"

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

using namespace carillon;

namespace {

constexpr Result<int> half(int number) {
    if (number % 2 != 0) return ParseError{Errc::out_of_range, "odd", 2, TextKind::duration};
    return number / 2;
}

} // namespace

static_assert(half(4).has_value() && *half(4) == 2 && half(4).value() == 2);
static_assert(!half(3) && half(3).parse_error().code == Errc::out_of_range);
static_assert(to_string(Errc::zero_step) == "zero_step");
static_assert(http_status(Errc::revision_conflict) == 412);
static_assert(std::is_base_of_v<std::runtime_error, Error>);

TEST_CASE("error: every code has a name of its own, in small letters") {
    std::set<std::string_view> names;
    for (const auto& row : detail::errc_table) {
        INFO(row.name);
        CHECK_FALSE(row.name.empty());
        CHECK(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_8") == std::string_view::npos);
        CHECK(to_string(row.code) == row.name);
        CHECK(names.insert(row.name).second);
    }
    CHECK(names.size() == static_cast<std::size_t>(Errc::internal) + 1);
}

TEST_CASE("error: the status tells a wrong request from a conflict, and both from our own failure") {
    CHECK(http_status(Errc::unexpected_character) == 422);
    CHECK(http_status(Errc::required) == 422);
    CHECK(http_status(Errc::too_large) == 413);
    CHECK(http_status(Errc::idempotency_conflict) == 409);
    CHECK(http_status(Errc::invalid_state) == 409);
    CHECK(http_status(Errc::revision_conflict) == 412);
    CHECK(http_status(Errc::internal) == 500);
    CHECK(http_status(Errc::unavailable) == 503);
    for (const auto& row : detail::errc_table)
        CHECK((row.http_status >= 400 && row.http_status < 600));
}

TEST_CASE("error: the exception carries code, message, field and column") {
    const Error plain(Errc::internal, "it broke");
    CHECK(plain.code() == Errc::internal);
    CHECK(plain.what() == std::string("it broke"));
    CHECK(plain.field().empty());
    CHECK(plain.column() == 0);

    const Error placed(Errc::invalid_instant, "start_at: no", "start_at", 7);
    CHECK(placed.field() == "start_at");
    CHECK(placed.column() == 7);
}

TEST_CASE("error: a result is a value or an error, and value() throws the error") {
    const auto good = half(8);
    REQUIRE(good.has_value());
    CHECK(static_cast<bool>(good));
    CHECK(*good == 4);
    CHECK(good.value() == 4);

    const auto bad = half(7);
    CHECK_FALSE(bad.has_value());
    CHECK_FALSE(static_cast<bool>(bad));
    CHECK(bad.error().code() == Errc::out_of_range);
    CHECK(bad.error().column() == 2);
    try {
        static_cast<void>(bad.value());
        FAIL("value() of an error returned");
    } catch (const Error& error) {
        CHECK(error.code() == bad.error().code());
        CHECK(error.column() == bad.error().column());
        CHECK(std::string(error.what()) == bad.error().what());
    }
}

TEST_CASE("error: the value of a result moves out") {
    Result<std::unique_ptr<int>> result{std::make_unique<int>(5)};
    CHECK(**result == 5);
    const std::unique_ptr<int> owned = std::move(result).value();
    CHECK(*owned == 5);

    const Result<std::string> text{std::string("abc")};
    CHECK(text->size() == 3);
}

TEST_CASE("error: the error of a short text keeps the text whole") {
    const std::string text = "2026-13-01";
    const ParseError error{Errc::invalid_instant, text, 6, TextKind::instant};
    CHECK(error.excerpt() == text);
    CHECK(error.excerpt_is_whole());
    CHECK(error.column == 6);
    CHECK(error.kind == TextKind::instant);
    CHECK(error.field == TextField::none);
}

TEST_CASE("error: the error of a long text keeps what is around the column") {
    std::string text(1'000, 'x');
    text[700] = '!';
    const ParseError middle{Errc::unexpected_character, text, 701, TextKind::schedule};
    CHECK_FALSE(middle.excerpt_is_whole());
    CHECK(middle.excerpt().size() == ParseError::excerpt_capacity);
    CHECK(middle.excerpt().at(700 - middle.excerpt_offset) == '!');
    CHECK(middle.text_size == 1'000);

    text[999] = '?';
    const ParseError end{Errc::unexpected_end, text, 1'001, TextKind::schedule};
    CHECK(end.excerpt().back() == '?');
    CHECK(end.excerpt().size() == ParseError::excerpt_capacity);

    text[0] = '>';
    const ParseError begin{Errc::unexpected_character, text, 1, TextKind::schedule};
    CHECK(begin.excerpt().front() == '>');
    CHECK(begin.excerpt_offset == 0);
}
