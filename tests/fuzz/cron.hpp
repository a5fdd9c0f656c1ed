// SPDX-License-Identifier: MIT
// fuzz/cron.hpp - what holds for any text as a cron expression.
#pragma once

#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/describe.hpp"

#include "fuzz/property.hpp"

#include <chrono>
#include <string_view>

namespace fuzz {

inline void check_civil_search(const carillon::CronExpression& expression) {
    using std::chrono::local_seconds;
    using std::chrono::seconds;
    auto at = local_seconds::min();
    for (int i = 0; i < 4; ++i) {
        const auto next = expression.next(at);
        require(next || i > 0 || expression.never_fires() || expression.is_reboot(), "it fires, or says that it won't");
        if (!next) break;
        require(*next > at && expression.matches(*next), "next(t) is a later second of the set");
        require(expression.previous_or_at(*next) == next, "previous_or_at finds what next found");
        require(expression.previous(*next).value_or(local_seconds::min()) <= at, "previous(next(t)) <= t");
        at = *next + seconds{86399 * i};
        if (expression.matches(at)) at = expression.previous(at).value_or(at);
    }
}

/// The first byte chooses the dialect and the key, the others are the text.
inline void cron(std::string_view bytes) {
    using carillon::CronExpression;
    if (bytes.empty()) return;
    const auto choice = static_cast<unsigned char>(bytes[0]);
    const auto dialect = static_cast<carillon::CronDialect>(choice % 6);
    const std::string_view text = bytes.substr(1);
    const auto parsed = CronExpression::parse(text, dialect, choice < 128 ? "key" : "");
    if (!parsed) return check_error(parsed.parse_error(), text);
    require(CronExpression::parse(parsed->to_string(), dialect).value() == *parsed, "to_string is read as equal");
    require(!describe(*parsed).empty(), "it has a description");
    for (const auto& warning : parsed->warnings())
        require(!to_string(warning).empty(), "a warning has words");
    check_civil_search(*parsed);
}

} // namespace fuzz
