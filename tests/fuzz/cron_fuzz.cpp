// SPDX-License-Identifier: MIT
// Any bytes as a cron expression: the first one chooses dialect and key, the others are the text.
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/describe.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using carillon::CronDialect;
using carillon::CronExpression;
using std::chrono::local_seconds;
using std::chrono::seconds;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_error(const carillon::ParseError& error, std::string_view text) {
    require(error.column >= 1 && error.column <= text.size() + 1);
    require(std::string_view(carillon::detail::make_error(error).what()).size() < 2000);
}

void check_search(const CronExpression& expression) {
    auto at = local_seconds::min();
    for (int i = 0; i < 4; ++i) {
        const auto next = expression.next(at);
        require(next.has_value() || i > 0 || expression.never_fires() || expression.is_reboot());
        if (!next) break;
        require(*next > at && expression.matches(*next) && expression.previous_or_at(*next) == next);
        require(expression.previous(*next).value_or(local_seconds::min()) <= at);
        at = *next + seconds{86399 * i};
        if (expression.matches(at)) at = expression.previous(at).value_or(at);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto dialect = static_cast<CronDialect>(data[0] % 6);
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto parsed = CronExpression::parse(text, dialect, data[0] < 128 ? "key" : "");
    if (!parsed) {
        check_error(parsed.parse_error(), text);
        return 0;
    }
    require(CronExpression::parse(parsed->to_string(), dialect).value() == *parsed);
    require(!describe(*parsed).empty());
    check_search(*parsed);
    return 0;
}
