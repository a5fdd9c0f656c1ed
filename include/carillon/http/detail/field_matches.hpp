// SPDX-License-Identifier: MIT
// http/detail/field_matches.hpp - which fields of a cron expression a moment is in. Pure.
//
// Each field is asked of the expression in which all others are `*`: what a field means is known to the parser alone.
#pragma once

#include "carillon/detail/schedule_cache.hpp"
#include "carillon/http/detail/http_text.hpp"
#include "carillon/model/job.hpp"
#include "carillon/schedule/schedule.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

struct FieldMatch {
    std::string_view field;
    std::string text;
    bool matched = false;
};

/// Of an expression with so many fields.
[[nodiscard]] inline std::vector<std::string_view> field_names(std::size_t count, CronDialect dialect) {
    std::vector<std::string_view> names{"minute", "hour", "day_of_month", "month", "day_of_week"};
    const bool has_year = count == 7 || (count == 6 && dialect == CronDialect::eventbridge);
    if (count > 5 && dialect != CronDialect::eventbridge) names.insert(names.begin(), "second");
    if (has_year) names.emplace_back("year");
    return names;
}

/// The fields as the dialect spells them, nicknames and `H` resolved, and whether the clock on the job's wall is in
/// each at that moment. Empty where the schedule is no single expression. Both day fields of one that restricts both
/// may differ: either is enough then.
[[nodiscard]] inline std::vector<FieldMatch> field_matches(const JobDefinition& job, Instant at) {
    const ScheduleOptions options = schedule_options(job);
    const auto schedule = Schedule::parse(job.schedule, options);
    if (!schedule || schedule.value().kind() != ScheduleKind::cron) return {};
    const auto expression = CronExpression::parse(job.schedule, options.dialect, options.hash_key);
    if (!expression) return {};
    constexpr std::string_view wrapper = "cron(";
    std::string spelled = expression.value().to_string();
    const bool wrapped = spelled.starts_with(wrapper);
    if (wrapped) spelled = spelled.substr(wrapper.size(), spelled.size() - wrapper.size() - 1);
    std::vector<std::string> texts;
    for (const std::string_view text : split(spelled, ' '))
        if (text.find('=') == text.npos) texts.emplace_back(text); // the zone has been read
    const auto names = field_names(texts.size(), options.dialect);
    if (names.size() != texts.size()) return {};
    const auto second = std::chrono::floor<std::chrono::seconds>(schedule.value().zone().to_local(at));
    std::vector<FieldMatch> fields;
    for (std::size_t own = 0; own < texts.size(); ++own) {
        std::string alone;
        for (std::size_t i = 0; i < texts.size(); ++i)
            alone.append(i == 0 ? "" : " ").append(i == own || texts[i] == "?" ? texts[i] : "*");
        if (wrapped) alone = std::string(wrapper) + alone + ")";
        const auto parsed = CronExpression::parse(alone, options.dialect);
        if (!parsed) return {};
        fields.push_back({names[own], texts[own], parsed.value().matches(second)});
    }
    return fields;
}

} // namespace carillon::detail
