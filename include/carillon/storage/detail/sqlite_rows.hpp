// SPDX-License-Identifier: MIT
// storage/detail/sqlite_rows.hpp - which column holds which member of a record.
//
// Each record has one list of columns and one tuple of members in the same order, which is bound when a row is written
// and read into when it is read: so the two directions cannot disagree.
#pragma once

#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/run.hpp"
#include "carillon/storage/detail/sqlite_api.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon::detail {

// ---- statements made of parts --------------------------------------------------------------------------------------

/// Text with an address of its own, as statements need it.
template <std::size_t N>
struct SqlText {
    std::array<char, N> chars{};
    constexpr operator const char*() const noexcept { return chars.data(); }
};

/// Of literals and other such texts.
template <class... Parts>
[[nodiscard]] constexpr auto sql_text(const Parts&... parts) {
    SqlText<((sizeof(parts) - 1) + ... + 1)> text;
    std::size_t at = 0;
    const auto append = [&](const char* part) {
        while (*part != '\0')
            text.chars[at++] = *part++;
    };
    (append(parts), ...);
    return text;
}

/// How many columns a list names, `(SELECT ...)` being one.
[[nodiscard]] constexpr int count_columns(std::string_view list) {
    int count = 1;
    int depth = 0;
    for (const char c : list) {
        if (c == '(') ++depth;
        if (c == ')') --depth;
        if (c == ',' && depth == 0) ++count;
    }
    return count;
}

/// The columns of a list, of the table with that one-letter name.
template <const auto& Columns>
[[nodiscard]] constexpr auto columns_of(char table) {
    SqlText<sizeof(Columns) + 2 * static_cast<std::size_t>(count_columns(Columns))> text;
    std::size_t at = 0;
    bool begins = true;
    for (const char* from = Columns; *from != '\0'; ++from) {
        if (begins && *from != ' ') {
            text.chars[at++] = table;
            text.chars[at++] = '.';
            begins = false;
        }
        text.chars[at++] = *from;
        if (*from == ',') begins = true;
    }
    return text;
}

/// What the last parameters of a statement are for that is about several rows at a time: ?1 to ?16, others behind them.
inline constexpr std::size_t sql_many = 16;
inline constexpr char sql_list_of_many[] = "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// Calls `many` with `sql_many` values at a time and, where a few are left, `one` with each; between the two it fills
/// up with repetitions of the last one. `value_at` gives the values from 0 to `count`.
template <class ValueAt, class One, class Many>
void in_lots(std::size_t count, ValueAt value_at, One one, Many many) {
    constexpr std::size_t few = 4;
    std::size_t at = 0;
    while (count - at >= few) {
        std::array<decltype(value_at(at)), sql_many> lot{};
        for (std::size_t i = 0; i < lot.size(); ++i)
            lot[i] = value_at(std::min(at + i, count - 1));
        std::apply(many, lot);
        at = std::min(at + lot.size(), count);
    }
    for (; at < count; ++at)
        one(value_at(at));
}

// ---- reading by the type of the member -----------------------------------------------------------------------------

template <class T>
struct ColumnValue {
    static T read(const SqliteRows& rows, int column) { return rows.as<T>(column); }
};
template <>
struct ColumnValue<bool> {
    static bool read(const SqliteRows& rows, int column) { return rows.flag(column); }
};
template <>
struct ColumnValue<double> {
    static double read(const SqliteRows& rows, int column) { return rows.real(column); }
};
template <>
struct ColumnValue<std::string> {
    static std::string read(const SqliteRows& rows, int column) { return rows.text(column); }
};
template <>
struct ColumnValue<JsonText> {
    static JsonText read(const SqliteRows& rows, int column) { return rows.json(column); }
};
template <>
struct ColumnValue<Duration> {
    static Duration read(const SqliteRows& rows, int column) { return rows.duration(column); }
};
template <class Clock>
struct ColumnValue<std::chrono::time_point<Clock, Duration>> {
    static auto read(const SqliteRows& rows, int column) {
        return std::chrono::time_point<Clock, Duration>(rows.duration(column));
    }
};
template <class Tag>
struct ColumnValue<Id<Tag>> {
    static Id<Tag> read(const SqliteRows& rows, int column) { return rows.id<Id<Tag>>(column); }
};
template <class T>
struct ColumnValue<std::optional<T>> {
    static std::optional<T> read(const SqliteRows& rows, int column) {
        if (rows.is_null(column)) return std::nullopt;
        return ColumnValue<T>::read(rows, column);
    }
};

/// Reads the members from the columns from `column` on.
template <class... Members>
void read_columns(const SqliteRows& rows, int column, std::tuple<Members&...> members) {
    std::apply([&](Members&... member) { ((member = ColumnValue<Members>::read(rows, column++)), ...); }, members);
}

// ---- texts ---------------------------------------------------------------------------------------------------------

[[nodiscard]] inline std::string dates_text(const std::vector<std::chrono::year_month_day>& dates) {
    std::string text;
    const auto two_digits = [&](unsigned number) {
        text += (number < 10 ? "-0" : "-") + std::to_string(number);
    };
    for (const auto& date : dates) {
        if (!text.empty()) text += ' ';
        text += std::to_string(static_cast<int>(date.year()));
        two_digits(static_cast<unsigned>(date.month()));
        two_digits(static_cast<unsigned>(date.day()));
    }
    return text;
}

/// Reads the numbers of a text that this header has written, one after the other.
class NumberReader {
public:
    explicit NumberReader(std::string_view text) noexcept
        : rest_(text) {}
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    /// And passes over the character behind it.
    template <class T>
    T number() {
        T value{};
        const auto end = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value).ptr;
        skip(static_cast<std::size_t>(end - rest_.data()) + 1);
        return value;
    }
    std::string text(std::size_t length) {
        std::string value(rest_.substr(0, length));
        skip(length + 1);
        return value;
    }

private:
    void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

    std::string_view rest_;
};

[[nodiscard]] inline std::vector<std::chrono::year_month_day> dates_from(std::string_view text) {
    std::vector<std::chrono::year_month_day> dates;
    for (NumberReader in(text); !in.at_end();) {
        const std::chrono::year year{in.number<int>()};
        const std::chrono::month month{in.number<unsigned>()};
        dates.emplace_back(year, month, std::chrono::day{in.number<unsigned>()});
    }
    return dates;
}

/// "1 1767225600000000 1767225601000000 2 5 w1 error", one after the other: the number, start and end, the lengths of
/// the two texts, and the texts. Nothing where there are none.
[[nodiscard]] inline std::optional<std::string> attempts_text(const std::vector<RunAttempt>& attempts) {
    if (attempts.empty()) return std::nullopt;
    std::string text;
    const auto add = [&](const std::string& part) {
        text += part;
        text += ' ';
    };
    for (const RunAttempt& attempt : attempts) {
        add(std::to_string(attempt.number));
        add(std::to_string(attempt.started_at.time_since_epoch().count()));
        add(std::to_string(attempt.ended_at.time_since_epoch().count()));
        add(std::to_string(attempt.worker.size()));
        add(std::to_string(attempt.error.size()));
        add(attempt.worker);
        add(attempt.error);
    }
    return text;
}
[[nodiscard]] inline std::vector<RunAttempt> attempts_from(std::string_view text) {
    std::vector<RunAttempt> attempts;
    for (NumberReader in(text); !in.at_end();) {
        RunAttempt attempt;
        attempt.number = in.number<std::uint32_t>();
        attempt.started_at = Instant(Duration(in.number<Duration::rep>()));
        attempt.ended_at = Instant(Duration(in.number<Duration::rep>()));
        const auto worker = in.number<std::size_t>();
        const auto error = in.number<std::size_t>();
        attempt.worker = in.text(worker);
        attempt.error = in.text(error);
        attempts.push_back(std::move(attempt));
    }
    return attempts;
}

/// The text that comes directly behind `text` byte by byte.
[[nodiscard]] inline std::string text_behind(std::string text) {
    text.push_back('\0');
    return text;
}

// ---- records -------------------------------------------------------------------------------------------------------

// clang-format off
inline constexpr char definition_columns[] =
    "job, tenant, name, schedule, action, description, enabled, metadata, time_zone, dialect, dst, "
    "misfire_policy, misfire_grace, misfire_window, overlap_policy, overlap_limit, concurrency_key, "
    "retry_max_attempts, retry_initial, retry_factor, retry_max_delay, retry_jitter, delivery, priority, "
    "timeout_attempt, timeout_total, timeout_grace, spread_within, spread_mode, max_abandons, pause_after_failures, "
    "start_at, end_at, max_runs, idempotency_key, spec_fingerprint, key, status, status_reason, created_at, "
    "updated_at, revision, action_type, fixed_delay, exclude";
inline constexpr char progress_columns[] =
    "last_run_at, next_run_at, high_water, run_count, failure_count, started_runs, evaluation_failures, "
    "consecutive_failures, purged_until, tzdata_version";
inline constexpr char run_columns[] =
    "id, tenant, status, trigger, reason, scheduled_for, started_at, completed_at, duration, result, error, "
    "attempt, fence, abandons, delivery, worker, missed_count, retry_of, blocked_by, idempotency_key, "
    "stop_requested, last, occurrences, count_is_minimum, not_before, action_type, slots, priority, skip_when_busy, "
    "expires_at";
inline constexpr char audit_columns[] = "id, tenant, actor, at, verb, job, run, reason, via, request_id, batch";
/// Where `before` and `after` are when they are read behind them.
inline constexpr int audit_before_column = 11;
// clang-format on

/// Of `definition_columns`, but for the last one.
template <class Definition>
[[nodiscard]] auto definition_members(Definition& job) {
    auto& [misfire, overlap, retry, delivery, priority, timeout, spread, abandons, pause] = job.policies;
    return std::tie(job.id,
                    job.tenant_id,
                    job.name,
                    job.schedule,
                    job.action,
                    job.description,
                    job.enabled,
                    job.metadata,
                    job.time_zone,
                    job.dialect,
                    job.dst,
                    misfire.policy,
                    misfire.grace,
                    misfire.window,
                    overlap.policy,
                    overlap.limit,
                    overlap.concurrency_key,
                    retry.max_attempts,
                    retry.initial,
                    retry.factor,
                    retry.max_delay,
                    retry.jitter,
                    delivery,
                    priority,
                    timeout.attempt,
                    timeout.total,
                    timeout.grace,
                    spread.within,
                    spread.mode,
                    abandons,
                    pause,
                    job.start_at,
                    job.end_at,
                    job.max_runs,
                    job.idempotency_key,
                    job.spec_fingerprint,
                    job.key,
                    job.status,
                    job.status_reason,
                    job.created_at,
                    job.updated_at,
                    job.revision,
                    job.action_type,
                    job.fixed_delay);
}

template <class Progress>
[[nodiscard]] auto progress_members(Progress& progress) {
    return std::tie(progress.last_run_at,
                    progress.next_run_at,
                    progress.high_water,
                    progress.run_count,
                    progress.failure_count,
                    progress.started_runs,
                    progress.evaluation_failures,
                    progress.consecutive_failures,
                    progress.purged_until,
                    progress.tzdata_version);
}

/// Besides them a run has its job's id, its key and its attempts.
template <class Run>
[[nodiscard]] auto run_members(Run& run) {
    return std::tie(run.id,
                    run.tenant_id,
                    run.status,
                    run.trigger,
                    run.reason,
                    run.scheduled_for,
                    run.started_at,
                    run.completed_at,
                    run.duration,
                    run.result,
                    run.error,
                    run.attempt,
                    run.fence,
                    run.abandons,
                    run.delivery,
                    run.worker,
                    run.missed_count,
                    run.retry_of,
                    run.blocked_by,
                    run.idempotency_key,
                    run.stop_requested,
                    run.last,
                    run.occurrences,
                    run.count_is_minimum,
                    run.not_before,
                    run.action_type,
                    run.slots,
                    run.priority,
                    run.skip_when_busy,
                    run.expires_at);
}

/// Besides them an event has the definitions before and after.
template <class Event>
[[nodiscard]] auto audit_members(Event& event) {
    return std::tie(event.id,
                    event.tenant_id,
                    event.actor,
                    event.at,
                    event.verb,
                    event.job_id,
                    event.run_id,
                    event.reason,
                    event.via,
                    event.request_id,
                    event.batch);
}

/// From `definition_columns` on.
[[nodiscard]] inline std::shared_ptr<const JobDefinition> read_definition(const SqliteRows& rows, int column) {
    auto job = std::make_shared<JobDefinition>();
    const auto members = definition_members(*job);
    constexpr auto count = static_cast<int>(std::tuple_size_v<decltype(definition_members(*job))>);
    read_columns(rows, column, members);
    job->exclude = dates_from(rows.view(column + count));
    return job;
}

} // namespace carillon::detail
