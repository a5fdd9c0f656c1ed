// SPDX-License-Identifier: MIT
// scheduler_facade/errors_test.cpp - every mistake a caller can make: the code, the field, the column and the words of
// the answer, and that nothing has changed. docs/errors.md quotes its messages from here.
#include "carillon/scheduler_facade.hpp"

#include "scheduler_facade/fixture.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>

using namespace support;
using namespace std::string_literals;

namespace {

/// What a call must answer.
struct Answer {
    Errc code;
    std::string field;
    /// All of it; a message about a text goes on with two lines that point at the place, which are left out here.
    std::string message;
    std::size_t column = 0;
};

struct Refused {
    std::string what;
    std::function<void()> call;
    Answer answer;
};

/// A job's definition with one mistake.
struct WrongSpec {
    std::string what;
    std::function<void(JobSpec&)> spoil;
    Answer answer;
};

/// A facade in use: two tenants, a job in every status, runs that wait, run and have ended.
struct InUse : FacadeFixture {
    InUse() {
        JobSpec hourly = spec_of("0 * * * *");
        hourly.policies.overlap.policy = OverlapPolicy::queue_all;
        hourly.metadata = {{"owner", "ops"}};
        hourly.idempotency_key = "order-17";
        busy = scheduler.create_job({"acme", "alice"}, hourly);
        ended = execute(busy);
        running = scheduler.trigger_job(busy.id, "acme").value();
        REQUIRE(claim().size() == 1);
        pending = scheduler.trigger_job(busy.id, "acme", {.idempotency_key = "t-1"}).value();

        put = scheduler.put_job("acme", "nightly", daily());
        paused = scheduler.create_job("acme", daily("paused"));
        scheduler.pause_job(paused.id, "acme");
        disabled = scheduler.create_job("acme", daily("disabled"));
        scheduler.update_job(disabled.id, "acme", {.enabled = false});
        completed = scheduler.create_job("acme", spec_of("@at 2026-03-02T08:00:30Z"));
        removed = scheduler.create_job("acme", daily("removed"));
        of_removed = scheduler.trigger_job(removed.id, "acme").value();
        scheduler.delete_job(removed.id, "acme");
        foreign = scheduler.create_job("globex", daily("Foreign"));
        clock->advance(1min);
        REQUIRE(materialise() == 1);
        REQUIRE(job(completed).status == JobStatus::completed);
    }

    /// Calls, compares the answer, and the world before with the world after.
    void check(const Refused& row) const {
        INFO(row.what);
        const std::string before = snapshot();
        const Error error = error_of(row.call);
        CHECK(std::string(to_string(error.code())) == std::string(to_string(row.answer.code)));
        CHECK(error.field() == row.answer.field);
        CHECK(error.column() == row.answer.column);
        const std::string message = error.what();
        CHECK(message.substr(0, message.find("\n  ")) == row.answer.message);
        CHECK(snapshot() == before);
    }
    void check(const std::vector<Refused>& rows) const {
        for (const Refused& row : rows)
            check(row);
    }

    ScheduledJob busy;
    ScheduledJob put;
    ScheduledJob paused;
    ScheduledJob disabled;
    ScheduledJob completed;
    ScheduledJob removed;
    ScheduledJob foreign;
    JobRun ended;
    JobRun running;
    JobRun pending;
    JobRun of_removed;
};

/// A patch that asks for all that the spec says.
JobPatch patch_of(const JobSpec& spec) {
    return {.name = spec.name,
            .schedule = spec.schedule,
            .action = spec.action,
            .description = spec.description,
            .enabled = spec.enabled,
            .metadata = spec.metadata,
            .time_zone = spec.time_zone,
            .dialect = spec.dialect,
            .dst = spec.dst,
            .policies = spec.policies,
            .exclude = spec.exclude,
            .start_at = spec.start_at,
            .end_at = spec.end_at,
            .max_runs = spec.max_runs};
}

nlohmann::json nested(std::size_t levels) {
    nlohmann::json value = 1;
    for (std::size_t i = 1; i < levels; ++i)
        value = nlohmann::json::array({value});
    return {{"type", "test"}, {"in", value}};
}

/// An object whose compact text has so many bytes.
nlohmann::json object_of(std::size_t bytes) {
    nlohmann::json value{{"type", "test"}, {"pad", ""}};
    value["pad"] = std::string(bytes - value.dump().size(), 'x');
    return value;
}

const double nan = std::numeric_limits<double>::quiet_NaN();
const double infinite = std::numeric_limits<double>::infinity();
const std::string zero_byte("a\0b", 3);
const std::string not_utf8 = "ab\xff";
const auto days_365 = std::chrono::hours{24 * 365};

std::vector<std::chrono::year_month_day> first_days(int count) {
    const std::chrono::sys_days first = std::chrono::year{2030} / 1 / 1;
    std::vector<std::chrono::year_month_day> days;
    for (int i = 0; i < count; ++i)
        days.emplace_back(first + std::chrono::days{i});
    return days;
}

// ---- what create_job, create_jobs, put_job and update_job share ----------------------------------------------------

std::vector<WrongSpec> wrong_texts() {
    return {
        {"no name", [](auto& s) { s.name = ""; }, {Errc::required, "name", "name: must not be empty"}},
        {"a long name",
         [](auto& s) { s.name = std::string(257, 'n'); },
         {Errc::too_large, "name", "name: expected at most 256 bytes, saw 257"}},
        {"a zero byte in the name",
         [](auto& s) { s.name = zero_byte; },
         {Errc::invalid_character, "name", "name: expected text without zero bytes, saw one at byte 2"}},
        {"a name that is not UTF-8",
         [](auto& s) { s.name = not_utf8; },
         {Errc::invalid_utf8, "name", "name: expected UTF-8, saw something else at byte 3"}},
        {"a name in overlong UTF-8",
         [](auto& s) { s.name = "\xc0\xaf"; },
         {Errc::invalid_utf8, "name", "name: expected UTF-8, saw something else at byte 1"}},
        {"half a surrogate pair in the name",
         [](auto& s) { s.name = "a\xed\xa0\x80"; },
         {Errc::invalid_utf8, "name", "name: expected UTF-8, saw something else at byte 2"}},
        {"a long description",
         [](auto& s) { s.description = std::string(4'097, 'd'); },
         {Errc::too_large, "description", "description: expected at most 4096 bytes, saw 4097"}},
        {"a description that is not UTF-8",
         [](auto& s) { s.description = not_utf8; },
         {Errc::invalid_utf8, "description", "description: expected UTF-8, saw something else at byte 3"}},
        {"a zero byte in the description",
         [](auto& s) { s.description = zero_byte; },
         {Errc::invalid_character, "description", "description: expected text without zero bytes, saw one at byte 2"}},
        {"a long time zone",
         [](auto& s) { s.time_zone = std::string(257, 'z'); },
         {Errc::too_large, "time_zone", "time_zone: expected at most 256 bytes, saw 257"}},
        {"a time zone that is not UTF-8",
         [](auto& s) { s.time_zone = not_utf8; },
         {Errc::invalid_utf8, "time_zone", "time_zone: expected UTF-8, saw something else at byte 3"}},
        {"a long concurrency key",
         [](auto& s) { s.policies.overlap.concurrency_key = std::string(257, 'k'); },
         {Errc::too_large,
          "policies.overlap.concurrency_key",
          "policies.overlap.concurrency_key: expected at most 256 bytes, saw 257"}},
        {"a concurrency key that is not UTF-8",
         [](auto& s) { s.policies.overlap.concurrency_key = not_utf8; },
         {Errc::invalid_utf8,
          "policies.overlap.concurrency_key",
          "policies.overlap.concurrency_key: expected UTF-8, saw something else at byte 3"}},
        {"a zero byte in the concurrency key",
         [](auto& s) { s.policies.overlap.concurrency_key = zero_byte; },
         {Errc::invalid_character,
          "policies.overlap.concurrency_key",
          "policies.overlap.concurrency_key: expected text without zero bytes, saw one at byte 2"}},
    };
}

std::vector<WrongSpec> wrong_schedules() {
    using namespace std::chrono;
    const auto text = [](std::string schedule) {
        return [schedule](JobSpec& s) {
            s.schedule = schedule;
        };
    };
    const auto in_dialect = [](std::string schedule, CronDialect dialect, std::string zone = "") {
        return [=](JobSpec& s) {
            s.schedule = schedule;
            s.dialect = dialect;
            s.time_zone = zone;
        };
    };
    return {
        {"no schedule", text(""), {Errc::required, "schedule", "schedule: must not be empty"}},
        {"a long schedule",
         text(std::string(4'097, '*')),
         {Errc::too_large, "schedule", "schedule: expected at most 4096 bytes, saw 4097"}},
        {"a zero byte in the schedule",
         text(zero_byte),
         {Errc::invalid_character, "schedule", "schedule: expected text without zero bytes, saw one at byte 2"}},
        {"a schedule that is not UTF-8",
         text(not_utf8),
         {Errc::invalid_utf8, "schedule", "schedule: expected UTF-8, saw something else at byte 3"}},
        {"a schedule of blanks",
         text("  "),
         {Errc::empty_expression,
          "schedule",
          "schedule: cron \"  \": column 3: 5 to 7 fields are expected, saw none; every day at 09:00 is \"0 9 * * *\"",
          3}},
        {"a step of nothing",
         text("*/0 * * * *"),
         {Errc::zero_step,
          "schedule",
          "schedule: cron \"*/0 * * * *\": column 3, minute: the step must be 1 or more, saw 0; every five minutes is "
          "\"*/5\"",
          3}},
        {"an hour that no day has",
         text("0 25 * * *"),
         {Errc::value_out_of_range,
          "schedule",
          "schedule: cron \"0 25 * * *\": column 3, hour: an hour from 0 to 23 is expected, saw 25",
          3}},
        {"a month that no year has",
         text("0 9 1 FOO *"),
         {Errc::unknown_name,
          "schedule",
          "schedule: cron \"0 9 1 FOO *\": column 7, month: a month from JAN to DEC is expected, saw FOO",
          7}},
        {"too few fields",
         text("0 9 * *"),
         {Errc::wrong_field_count,
          "schedule",
          "schedule: cron \"0 9 * *\": column 8: 5 to 7 fields are expected, saw 4; every day at 09:00 is \"0 9 * * "
          "*\"",
          8}},
        {"a nickname nobody has",
         text("@fortnightly"),
         {Errc::unknown_nickname,
          "schedule",
          "schedule: cron \"@fortnightly\": column 1: @yearly, @monthly, @weekly, @daily, @hourly or @reboot is "
          "expected, saw \"@fortnightly\"; write the fields, for example \"0 9 * * *\"",
          1}},
        {"a mistake behind a bar",
         text("0 9 * * * | 0 99 * * *"),
         {Errc::value_out_of_range,
          "schedule",
          "schedule: cron \"0 9 * * * | 0 99 * * *\": column 15, hour: an hour from 0 to 23 is expected, saw 99",
          15}},
        {"nothing behind a bar",
         text("0 9 * * * |"),
         {Errc::empty_expression,
          "schedule",
          "schedule: schedule \"0 9 * * * |\": column 12: a schedule is expected, saw nothing; every day at nine is "
          "\"0 9 * * *\"",
          12}},
        {"every nothing",
         text("@every 0s"),
         {Errc::invalid_duration,
          "schedule",
          "schedule: schedule \"@every 0s\": column 8: a duration of whole seconds from 1s to 876600h is expected, "
          "saw \"0s\"; write \"90s\", \"1h30m\" or \"12h\"",
          8}},
        {"every so often",
         text("@every often"),
         {Errc::invalid_duration,
          "schedule",
          "schedule: schedule \"@every often\": column 8: a duration of whole seconds from 1s to 876600h is expected, "
          "saw \"often\"; write \"90s\", \"1h30m\" or \"12h\"",
          8}},
        {"a delay of half a second",
         text("@after 500ms"),
         {Errc::invalid_duration,
          "schedule",
          "schedule: schedule \"@after 500ms\": column 8: a duration of whole seconds from 1s to 876600h is expected, "
          "saw \"500ms\"; write \"90s\", \"1h30m\" or \"12h\"",
          8}},
        {"at no instant",
         text("@at tomorrow"),
         {Errc::invalid_instant,
          "schedule",
          "schedule: schedule \"@at tomorrow\": column 5: an instant of RFC 3339 with its offset is expected, saw "
          "tomorrow; write \"2027-01-01T09:00:00Z\" or \"2027-01-01T09:00:00+01:00\"",
          5}},
        {"an instant without its offset",
         text("@at 2027-01-01T09:00:00"),
         {Errc::invalid_instant,
          "schedule",
          "schedule: schedule \"@at 2027-01-01T09:00:00\": column 24: an instant of RFC 3339 with its offset is "
          "expected, saw the end of the text; write \"2027-01-01T09:00:00Z\" or \"2027-01-01T09:00:00+01:00\"",
          24}},
        {"a rate of nothing known",
         text("rate(5 moons)"),
         {Errc::invalid_interval,
          "schedule",
          "schedule: schedule \"rate(5 moons)\": column 8: rate( is followed by a number from 1, then minutes, hours "
          "or "
          "days, and ), saw moons; write \"rate(5 minutes)\"",
          8}},
        {"a delay beside another schedule",
         text("0 9 * * * | @after 5m"),
         {Errc::unsupported_schedule,
          "schedule",
          "schedule: schedule \"0 9 * * * | @after 5m\": column 13: a part of a union has occurrences that can be told "
          "ahead of time, saw \"@after\"; make it a job of its own",
          13}},
        {"another scheduler's at()",
         text("at(2027-01-01T09:00:00)"),
         {Errc::unsupported_schedule,
          "schedule",
          "schedule: schedule \"at(2027-01-01T09:00:00)\": column 1: a kind of schedule that this library knows is "
          "expected, saw \"at(2027-01-01T09:00:00)\"; once at an instant is \"@at 2027-01-01T09:00:00Z\"",
          1}},
        {"a start of the program",
         text("@reboot"),
         {Errc::unsupported_schedule,
          "schedule",
          "schedule: @reboot is not a job's schedule; call trigger_job at the start of the program"}},
        {"a zone that nobody knows",
         [](auto& s) { s.time_zone = "Europe/Pariss"; },
         {Errc::unknown_time_zone,
          "time_zone",
          "time_zone: time zone \"Europe/Pariss\": a name of the IANA database in exact case is expected, saw "
          "\"Europe/Pariss\"; write \"Europe/Paris\", \"UTC\" or \"+05:30\""}},
        {"a prefix that nobody knows",
         in_dialect("TZ=Europe/Pariss 0 9 * * *", CronDialect::extended),
         {Errc::unknown_time_zone,
          "schedule",
          "schedule: cron \"TZ=Europe/Pariss 0 9 * * *\": column 4: a name of the IANA database in exact case is "
          "expected, saw \"TZ=Europe/Pariss\"; write \"TZ=Europe/Paris\"",
          4}},
        {"a prefix in a dialect that has none",
         in_dialect("TZ=Europe/Paris 0 9 * * *", CronDialect::vixie),
         {Errc::unexpected_character,
          "schedule",
          "schedule: cron \"TZ=Europe/Paris 0 9 * * *\": column 1: dialect vixie has no zone prefix, saw TZ; dialect "
          "extended reads it; else pass the zone as time_zone",
          1}},
        {"a prefix and another zone",
         in_dialect("TZ=Europe/Paris 0 9 * * *", CronDialect::extended, "Asia/Tokyo"),
         {Errc::conflicting_time_zone,
          "schedule",
          "schedule: schedule \"TZ=Europe/Paris 0 9 * * *\": column 4: a schedule has one time zone, in the text or "
          "named by the caller, saw \"TZ=Europe/Paris\"; give one of the two",
          4}},
        {"five fields in a dialect of six",
         in_dialect("0 9 * * *", CronDialect::quartz),
         {Errc::wrong_field_count,
          "schedule",
          "schedule: cron \"0 9 * * *\": column 10: 6 or 7 fields are expected, saw 5; dialect quartz begins with "
          "seconds: every day at 09:00 is \"0 0 9 * * ?\"",
          10}},
        {"no question mark where the dialect wants one",
         in_dialect("0 0 9 * * *", CronDialect::quartz),
         {Errc::question_mark_required,
          "schedule",
          "schedule: cron \"0 0 9 * * *\": column 11, day-of-week: dialect quartz needs ? in one of the two day "
          "fields, saw none; write \"0 0 9 * * ?\"",
          11}},
        {"L in a dialect that has none",
         in_dialect("0 0 L * *", CronDialect::vixie),
         {Errc::unexpected_character,
          "schedule",
          "schedule: cron \"0 0 L * *\": column 5, day-of-month: a day from 1 to 31 is expected, saw 'L'; L needs "
          "dialect standard or extended",
          5}},
        {"a date that no year has",
         text("0 0 30 2 *"),
         {Errc::never_fires, "schedule", "schedule: \"0 0 30 2 *\" has no occurrence, in any year"}},
        {"a moment that has passed",
         text("@at 2026-03-01T00:00:00Z"),
         {Errc::in_the_past,
          "schedule",
          "schedule: \"@at 2026-03-01T00:00:00Z\" is in the past; it is 2026-03-02T08:01:00Z now"}},
        {"nothing before the end",
         [](auto& s) { s.end_at = at("2026-03-02T08:30:00Z"); },
         {Errc::never_fires, "schedule", "schedule: \"0 9 * * *\" has no occurrence ahead within the job's bounds"}},
        {"its only date excluded",
         [](auto& s) {
             s.schedule = "@at 2026-05-01T09:00:00Z";
             s.exclude = {2026y / May / 1};
         },
         {Errc::never_fires,
          "schedule",
          "schedule: \"@at 2026-05-01T09:00:00Z\" has no occurrence ahead within the job's bounds"}},
    };
}

std::vector<WrongSpec> wrong_bounds() {
    using namespace std::chrono;
    return {
        {"an end that has passed",
         [](auto& s) { s.end_at = at("2026-03-02T08:00:00Z"); },
         {Errc::in_the_past, "end_at", "end_at: 2026-03-02T08:00:00Z is in the past; it is 2026-03-02T08:01:00Z now"}},
        {"an end before the start",
         [](auto& s) {
             s.start_at = at("2027-01-02T00:00:00Z");
             s.end_at = at("2027-01-01T00:00:00Z");
         },
         {Errc::out_of_range,
          "end_at",
          "end_at: expected a moment after start_at, 2027-01-02T00:00:00Z, saw 2027-01-01T00:00:00Z"}},
        {"an end at the start",
         [](auto& s) { s.start_at = s.end_at = at("2027-01-01T00:00:00Z"); },
         {Errc::out_of_range,
          "end_at",
          "end_at: expected a moment after start_at, 2027-01-01T00:00:00Z, saw 2027-01-01T00:00:00Z"}},
        {"a start that has no text",
         [](auto& s) { s.start_at = Instant::max(); },
         {Errc::out_of_range, "start_at", "start_at: expected a moment of the years 0 to 9999"}},
        {"an end that has no text",
         [](auto& s) { s.end_at = Instant::min(); },
         {Errc::out_of_range, "end_at", "end_at: expected a moment of the years 0 to 9999"}},
        {"no run at all",
         [](auto& s) { s.max_runs = 0; },
         {Errc::out_of_range, "max_runs", "max_runs: expected 1 or more, saw 0"}},
        {"more excluded dates than are kept",
         [](auto& s) { s.exclude = first_days(1'001); },
         {Errc::too_large, "exclude", "exclude: expected at most 1000 dates, saw 1001"}},
        {"an excluded date that does not exist",
         [](auto& s) { s.exclude = {2026y / February / 30}; },
         {Errc::out_of_range, "exclude", "exclude: expected dates that exist, of the years 0 to 9999, saw 2026-02-30"}},
        {"an excluded date before the years",
         [](auto& s) { s.exclude = {year{-1} / January / 1}; },
         {Errc::out_of_range,
          "exclude",
          "exclude: expected dates that exist, of the years 0 to 9999, saw -0001-01-01"}},
        {"an excluded date after the years",
         [](auto& s) { s.exclude = {year{10'000} / January / 1}; },
         {Errc::out_of_range,
          "exclude",
          "exclude: expected dates that exist, of the years 0 to 9999, saw 10000-01-01"}},
    };
}

/// `member` is "action" or "metadata": what is wrong with any object.
std::vector<WrongSpec> wrong_objects(const std::string& member, nlohmann::json JobSpec::*object) {
    const auto set = [object](nlohmann::json value) {
        return [object, value](JobSpec& s) {
            s.*object = value;
        };
    };
    const auto with = [object](nlohmann::json value) {
        return [object, value](JobSpec& s) {
            (s.*object)["n"] = value;
        };
    };
    const std::string m = member + ": ";
    return {
        {member + " null", set(nullptr), {Errc::wrong_type, member, m + "expected a JSON object, saw null"}},
        {member + " an array",
         set(nlohmann::json::array({1})),
         {Errc::wrong_type, member, m + "expected a JSON object, saw array"}},
        {member + " a string", set("report"), {Errc::wrong_type, member, m + "expected a JSON object, saw string"}},
        {member + " a number", set(7), {Errc::wrong_type, member, m + "expected a JSON object, saw number"}},
        {member + " too long",
         set(object_of(65'537)),
         {Errc::too_large, member, m + "expected at most 65536 bytes of JSON, saw 65537"}},
        {member + " too deep",
         set(nested(33)),
         {Errc::too_large, member, m + "expected at most 32 levels of objects and arrays; flatten it"}},
        {member + " with bytes",
         with(nlohmann::json::binary({1, 2})),
         {Errc::wrong_type, member, m + "expected values that JSON text can hold, saw binary data"}},
        {member + " with what could not be parsed",
         with(nlohmann::json::array({nlohmann::json::parse("{", nullptr, false)})),
         {Errc::wrong_type, member, m + "expected values that JSON text can hold, saw binary data"}},
        {member + " with NaN",
         with(nlohmann::json::array({nan})),
         {Errc::out_of_range, member, m + "expected numbers that JSON text can hold, saw an infinite one or a NaN"}},
        {member + " with infinity",
         with(infinite),
         {Errc::out_of_range, member, m + "expected numbers that JSON text can hold, saw an infinite one or a NaN"}},
        {member + " with a value that is not UTF-8",
         with(not_utf8),
         {Errc::invalid_utf8, member, m + "expected strings of UTF-8, saw other bytes in one"}},
        {member + " with a key that is not UTF-8",
         with({{not_utf8, 1}}),
         {Errc::invalid_utf8, member, m + "expected strings of UTF-8, saw other bytes in one"}},
    };
}

std::vector<WrongSpec> wrong_action_types() {
    const auto type = [](nlohmann::json value) {
        return [value](JobSpec& s) {
            s.action["type"] = value;
        };
    };
    return {
        {"an action without a type",
         [](auto& s) {
             s.action = {{"n", 1}};
         },
         {Errc::required, "action.type", "action.type: must not be absent; it names the handler"}},
        {"a type that is a number",
         type(7),
         {Errc::wrong_type, "action.type", "action.type: expected a string, saw number"}},
        {"a type that is null",
         type(nullptr),
         {Errc::wrong_type, "action.type", "action.type: expected a string, saw null"}},
        {"a type without letters", type(""), {Errc::required, "action.type", "action.type: must not be empty"}},
        {"a long type",
         type(std::string(257, 't')),
         {Errc::too_large, "action.type", "action.type: expected at most 256 bytes, saw 257"}},
        {"a zero byte in the type",
         type(zero_byte),
         {Errc::invalid_character, "action.type", "action.type: expected text without zero bytes, saw one at byte 2"}},
    };
}

/// A number just below or above what is allowed: `words` is "expected 0 to 1, saw 1.5".
WrongSpec wrong_number(const std::string& field, const std::string& words, std::function<void(Policies&)> spoil) {
    return {field + " " + words,
            [spoil = std::move(spoil)](JobSpec& s) { spoil(s.policies); },
            {Errc::out_of_range, field, field + ": " + words}};
}

std::vector<WrongSpec> wrong_policies() {
    const Duration less = -1us;
    const Duration more = days_365 + 1us;
    const std::string misfire = "policies.misfire.";
    const std::string retry = "policies.retry.";
    const std::string timeout = "policies.timeout.";
    return {
        wrong_number(misfire + "grace", "expected 0 to 365 days, saw -1us", [=](auto& p) { p.misfire.grace = less; }),
        wrong_number(
            misfire + "grace", "expected 0 to 365 days, saw 8760h0.000001s", [=](auto& p) { p.misfire.grace = more; }),
        wrong_number(
            misfire + "window", "expected 0 to 3650 days, saw -1us", [=](auto& p) { p.misfire.window = less; }),
        wrong_number(misfire + "window",
                     "expected 0 to 3650 days, saw 87600h0.00001s",
                     [=](auto& p) { p.misfire.window = 10 * more; }),
        wrong_number("policies.overlap.limit",
                     "expected 0 (no limit) to 1000000, saw 1000001",
                     [](auto& p) { p.overlap.limit = 1'000'001; }),
        wrong_number(retry + "max_attempts", "expected 1 to 1000, saw 0", [](auto& p) { p.retry.max_attempts = 0; }),
        wrong_number(
            retry + "max_attempts", "expected 1 to 1000, saw 1001", [](auto& p) { p.retry.max_attempts = 1'001; }),
        wrong_number(retry + "initial", "expected 0 to 365 days, saw -1us", [=](auto& p) { p.retry.initial = less; }),
        wrong_number(
            retry + "initial", "expected 0 to 365 days, saw 8760h0.000001s", [=](auto& p) { p.retry.initial = more; }),
        wrong_number(
            retry + "max_delay", "expected 0 to 365 days, saw -1us", [=](auto& p) { p.retry.max_delay = less; }),
        wrong_number(retry + "max_delay",
                     "expected 0 to 365 days, saw 8760h0.000001s",
                     [=](auto& p) { p.retry.max_delay = more; }),
        wrong_number(retry + "factor", "expected 1 to 1000, saw 0.5", [](auto& p) { p.retry.factor = 0.5; }),
        wrong_number(retry + "factor", "expected 1 to 1000, saw 1000.5", [](auto& p) { p.retry.factor = 1'000.5; }),
        wrong_number(retry + "factor", "expected 1 to 1000, saw nan", [](auto& p) { p.retry.factor = nan; }),
        wrong_number(retry + "factor", "expected 1 to 1000, saw inf", [](auto& p) { p.retry.factor = infinite; }),
        wrong_number(retry + "jitter", "expected 0 to 1, saw -0.5", [](auto& p) { p.retry.jitter = -0.5; }),
        wrong_number(retry + "jitter", "expected 0 to 1, saw 1.5", [](auto& p) { p.retry.jitter = 1.5; }),
        wrong_number(retry + "jitter", "expected 0 to 1, saw nan", [](auto& p) { p.retry.jitter = nan; }),
        wrong_number("policies.priority", "expected -1000 to 1000, saw -1001", [](auto& p) { p.priority = -1'001; }),
        wrong_number("policies.priority", "expected -1000 to 1000, saw 1001", [](auto& p) { p.priority = 1'001; }),
        wrong_number(timeout + "attempt",
                     "expected 1 ms to 365 days, saw 999us",
                     [](auto& p) { p.timeout.attempt = Duration{999}; }),
        wrong_number(timeout + "attempt",
                     "expected 1 ms to 365 days, saw 8760h0.000001s",
                     [=](auto& p) { p.timeout.attempt = more; }),
        wrong_number(timeout + "total",
                     "expected 1 ms to 3650 days, saw 999us",
                     [](auto& p) { p.timeout.total = Duration{999}; }),
        wrong_number(timeout + "total",
                     "expected 1 ms to 3650 days, saw 87600h0.000001s",
                     [=](auto& p) { p.timeout.total = 10 * days_365 + Duration{1}; }),
        wrong_number(timeout + "grace", "expected 0 to 365 days, saw -1us", [=](auto& p) { p.timeout.grace = less; }),
        wrong_number(
            timeout + "grace", "expected 0 to 365 days, saw 8760h0.000001s", [=](auto& p) { p.timeout.grace = more; }),
        wrong_number(
            "policies.spread.within", "expected 0 to 365 days, saw -1us", [=](auto& p) { p.spread.within = less; }),
        wrong_number("policies.spread.within",
                     "expected 0 to 365 days, saw 8760h0.000001s",
                     [=](auto& p) { p.spread.within = more; }),
        wrong_number("policies.max_abandons", "expected 1 to 1000, saw 0", [](auto& p) { p.max_abandons = 0; }),
        wrong_number("policies.max_abandons", "expected 1 to 1000, saw 1001", [](auto& p) { p.max_abandons = 1'001; }),
        wrong_number("policies.pause_after_failures",
                     "expected 0 (never) to 1000000, saw 1000001",
                     [](auto& p) { p.pause_after_failures = 1'000'001; }),
    };
}

std::vector<WrongSpec> wrong_specs() {
    std::vector<WrongSpec> all;
    for (auto&& rows : {wrong_texts(),
                        wrong_schedules(),
                        wrong_bounds(),
                        wrong_objects("action", &JobSpec::action),
                        wrong_objects("metadata", &JobSpec::metadata),
                        wrong_action_types(),
                        wrong_policies()})
        all.insert(all.end(), rows.begin(), rows.end());
    return all;
}

} // namespace

TEST_CASE_METHOD(InUse, "facade: a definition that is wrong is refused by every verb that takes one") {
    for (const WrongSpec& row : wrong_specs()) {
        JobSpec spec = daily("Wrong");
        row.spoil(spec);
        check({
            {"create_job: " + row.what, [&] { scheduler.create_job("acme", spec); }, row.answer},
            {"create_jobs: " + row.what,
             [&] {
                 scheduler.create_jobs("acme", {daily(), spec});
             },
             row.answer},
            {"put_job, new: " + row.what, [&] { scheduler.put_job("acme", "new", spec); }, row.answer},
            {"put_job, known: " + row.what, [&] { scheduler.put_job("acme", "nightly", spec); }, row.answer},
            {"update_job: " + row.what, [&] { scheduler.update_job(put.id, "acme", patch_of(spec)); }, row.answer},
            {"update_job, paused: " + row.what,
             [&] { scheduler.update_job(paused.id, "acme", patch_of(spec)); },
             row.answer},
        });
    }
}

TEST_CASE_METHOD(InUse, "facade: the largest and the smallest definition that is allowed is taken") {
    JobSpec largest = daily(std::string(256, 'n'));
    largest.description = std::string(4'096, 'd');
    largest.schedule = "0 9 * * *" + std::string(4'096 - 9, ' ');
    largest.action = object_of(65'536);
    largest.action["type"] = "test";
    largest.metadata = nested(32);
    largest.exclude = first_days(1'000);
    largest.end_at = latest_instant();
    largest.idempotency_key = std::string(256, 'i');
    largest.policies.misfire = {.grace = days_365, .window = 10 * days_365};
    largest.policies.overlap = {.limit = 1'000'000, .concurrency_key = std::string(256, 'k')};
    largest.policies.retry = {
        .max_attempts = 1'000, .initial = days_365, .factor = 1'000.0, .max_delay = days_365, .jitter = 1.0};
    largest.policies.priority = 1'000;
    largest.policies.timeout = {.attempt = days_365, .total = 10 * days_365, .grace = days_365};
    largest.policies.spread.within = days_365;
    largest.policies.max_abandons = 1'000;
    largest.policies.pause_after_failures = 1'000'000;

    JobSpec smallest = daily("\xf0\x9f\x94\x94"); // one character: a bell
    smallest.description = "";
    smallest.start_at = earliest_instant();
    smallest.max_runs = 1;
    smallest.policies.misfire = {.grace = 0s, .window = 0s};
    smallest.policies.retry = {.max_attempts = 1, .initial = 0s, .factor = 1.0, .max_delay = 0s, .jitter = 0.0};
    smallest.policies.priority = -1'000;
    smallest.policies.timeout = {.attempt = 1ms, .total = 1ms, .grace = 0s};
    smallest.policies.max_abandons = 1;

    for (const JobSpec& spec : {largest, smallest}) {
        const auto job = scheduler.create_job(Caller(std::string(256, 't'), std::string(256, 'a')), spec);
        CHECK(job.policies == spec.policies);
        CHECK(job.action == spec.action);
        CHECK(scheduler.update_job(put.id, "acme", patch_of(spec))->name == spec.name);
    }
    CHECK(scheduler.list_jobs("acme", {.limit = 1'000, .offset = 10'000}).empty());
    CHECK(scheduler.upcoming(busy.id, "acme", 1'000)->size() == 1'000);
    CHECK(scheduler.pause_job(busy.id, "acme", {.reason = std::string(4'096, 'r')})->status_reason.size() == 4'096);
}

// ---- who asks ------------------------------------------------------------------------------------------------------

TEST_CASE_METHOD(InUse, "facade: a caller without a proper name is refused by every verb") {
    using Verb = std::function<void(const Caller&)>;
    const auto read = [](const auto& answer) {
        static_cast<void>(answer);
    };
    const std::vector<std::pair<const char*, Verb>> verbs{
        {"create_job",
         [&](const Caller& c) {
             scheduler.create_job(c, daily());
         }},
        {"create_jobs",
         [&](const Caller& c) {
             scheduler.create_jobs(c, {daily(), daily()});
         }},
        {"put_job",
         [&](const Caller& c) {
             scheduler.put_job(c, "nightly", daily("New"));
         }},
        {"get_job",
         [&](const Caller& c) {
             read(scheduler.get_job(busy.id, c));
         }},
        {"list_jobs",
         [&](const Caller& c) {
             read(scheduler.list_jobs(c));
         }},
        {"count_jobs",
         [&](const Caller& c) {
             read(scheduler.count_jobs(c));
         }},
        {"update_job",
         [&](const Caller& c) {
             scheduler.update_job(busy.id, c, {.name = "New"});
         }},
        {"delete_job",
         [&](const Caller& c) {
             scheduler.delete_job(busy.id, c);
         }},
        {"pause_job",
         [&](const Caller& c) {
             scheduler.pause_job(busy.id, c);
         }},
        {"resume_job",
         [&](const Caller& c) {
             scheduler.resume_job(paused.id, c);
         }},
        {"rebase_clock",
         [&](const Caller& c) {
             read(scheduler.rebase_clock(c));
         }},
        {"trigger_job",
         [&](const Caller& c) {
             scheduler.trigger_job(busy.id, c);
         }},
        {"list_runs",
         [&](const Caller& c) {
             read(scheduler.list_runs(busy.id, c));
         }},
        {"get_run",
         [&](const Caller& c) {
             read(scheduler.get_run(pending.id, c));
         }},
        {"cancel_run",
         [&](const Caller& c) {
             scheduler.cancel_run(pending.id, c);
         }},
        {"retry_run",
         [&](const Caller& c) {
             scheduler.retry_run(ended.id, c);
         }},
        {"list_audit",
         [&](const Caller& c) {
             read(scheduler.list_audit(c));
         }},
        {"stats",
         [&](const Caller& c) {
             read(scheduler.stats(c));
         }},
        {"calendar",
         [&](const Caller& c) {
             read(scheduler.calendar(busy.id, c, monday_8, monday_8));
         }},
        {"recent_outcomes",
         [&](const Caller& c) {
             read(scheduler.recent_outcomes(c, {busy.id}));
         }},
        {"upcoming",
         [&](const Caller& c) {
             read(scheduler.upcoming(busy.id, c, 1));
         }},
        {"what_would_run",
         [&](const Caller& c) {
             read(scheduler.what_would_run(c, monday_8, monday_8));
         }},
        {"explain",
         [&](const Caller& c) {
             read(scheduler.explain(busy.id, c, monday_8));
         }},
    };
    const std::vector<std::pair<Caller, Answer>> callers{
        {"", {Errc::required, "tenant", "tenant: must not be empty"}},
        {{"", "alice"}, {Errc::required, "tenant", "tenant: must not be empty"}},
        {std::string(257, 't'), {Errc::too_large, "tenant", "tenant: expected at most 256 bytes, saw 257"}},
        {zero_byte, {Errc::invalid_character, "tenant", "tenant: expected text without zero bytes, saw one at byte 2"}},
        {not_utf8, {Errc::invalid_utf8, "tenant", "tenant: expected UTF-8, saw something else at byte 3"}},
        {{"acme", std::string(257, 'a')}, {Errc::too_large, "actor", "actor: expected at most 256 bytes, saw 257"}},
        {{"acme", zero_byte},
         {Errc::invalid_character, "actor", "actor: expected text without zero bytes, saw one at byte 2"}},
        {{"acme", not_utf8}, {Errc::invalid_utf8, "actor", "actor: expected UTF-8, saw something else at byte 3"}},
    };
    for (const auto& [name, verb] : verbs)
        for (const auto& [caller, answer] : callers)
            check({name, [call = verb, who = caller] { call(who); }, answer});
}

// ---- what the other arguments say ----------------------------------------------------------------------------------

TEST_CASE_METHOD(InUse, "facade: a page or a filter that makes no sense is refused") {
    const Answer none{Errc::out_of_range, "limit", "limit: expected 1 to 1000, saw 0"};
    const Answer many{Errc::out_of_range, "limit", "limit: expected 1 to 1000, saw 1001"};
    const Answer far{Errc::out_of_range, "offset", "offset: expected 0 to 10000; go further with `after`, saw 10001"};
    const Answer both{Errc::out_of_range, "offset", "offset: expected 0 beside `after`, saw 1"};
    const auto jobs = [&](JobQuery query) {
        return [this, query] {
            static_cast<void>(scheduler.list_jobs("acme", query));
        };
    };
    const auto runs = [&](RunQuery query) {
        return [this, query] {
            static_cast<void>(scheduler.list_runs(busy.id, "acme", query));
        };
    };
    const auto audit = [&](AuditQuery query) {
        return [this, query] {
            static_cast<void>(scheduler.list_audit("acme", query));
        };
    };
    const auto upcoming = [&](std::size_t count) {
        return [this, count] {
            static_cast<void>(scheduler.upcoming(busy.id, "acme", count));
        };
    };
    const auto planned = [&](PlannedRunQuery query) {
        return [this, query] {
            static_cast<void>(scheduler.what_would_run("acme", monday_8, monday_8, query));
        };
    };
    check({
        {"list_jobs", jobs({.limit = 0}), none},
        {"list_jobs", jobs({.limit = 1'001}), many},
        {"list_jobs", jobs({.offset = 10'001}), far},
        {"list_jobs", jobs({.offset = 1, .after = busy}), both},
        {"list_jobs",
         jobs({.search = std::string(257, 's')}),
         {Errc::too_large, "search", "search: expected at most 256 bytes, saw 257"}},
        {"list_jobs",
         jobs({.search = not_utf8}),
         {Errc::invalid_utf8, "search", "search: expected UTF-8, saw something else at byte 3"}},
        {"list_jobs",
         jobs({.search = zero_byte}),
         {Errc::invalid_character, "search", "search: expected text without zero bytes, saw one at byte 2"}},
        {"list_jobs",
         jobs({.action_type = std::string(257, 'a')}),
         {Errc::too_large, "action_type", "action_type: expected at most 256 bytes, saw 257"}},
        {"list_jobs",
         jobs({.action_type = not_utf8}),
         {Errc::invalid_utf8, "action_type", "action_type: expected UTF-8, saw something else at byte 3"}},
        {"recent_outcomes",
         [this] { static_cast<void>(scheduler.recent_outcomes("acme", std::vector<JobId>(1'001))); },
         {Errc::out_of_range, "jobs", "jobs: expected at most 1000 jobs, saw 1001"}},
        {"calendar",
         [this] { static_cast<void>(scheduler.calendar(busy.id, "acme", monday_8, monday_8 + 24h * 371 + 1us)); },
         {Errc::out_of_range, "to", "to: expected at most 371 days"}},
        {"calendar",
         [this] { static_cast<void>(scheduler.calendar(busy.id, "acme", monday_8, monday_8, "Europe/Pariss")); },
         {Errc::unknown_time_zone,
          "time_zone",
          "time_zone: time zone \"Europe/Pariss\": a name of the IANA database in exact case is expected, saw "
          "\"Europe/Pariss\"; write \"Europe/Paris\", \"UTC\" or \"+05:30\""}},
        {"recent_outcomes",
         [this] { static_cast<void>(scheduler.recent_outcomes("acme", {}, 0)); },
         {Errc::out_of_range, "n", "n: expected 1 to 1000, saw 0"}},
        {"list_runs", runs({.limit = 0}), none},
        {"list_runs", runs({.limit = 1'001}), many},
        {"list_runs", runs({.offset = 10'001}), far},
        {"list_runs", runs({.offset = 1, .after = ended}), both},
        {"list_runs",
         runs({.action_type = std::string(257, 'a')}),
         {Errc::too_large, "action_type", "action_type: expected at most 256 bytes, saw 257"}},
        {"list_audit", audit({.limit = 0}), none},
        {"list_audit", audit({.limit = 1'001}), many},
        {"list_audit", audit({.offset = 10'001}), far},
        {"list_audit", audit({.offset = 1, .after = AuditId{}}), both},
        {"list_audit",
         audit({.actor = std::string(257, 'a')}),
         {Errc::too_large, "actor", "actor: expected at most 256 bytes, saw 257"}},
        {"list_audit",
         audit({.actor = not_utf8}),
         {Errc::invalid_utf8, "actor", "actor: expected UTF-8, saw something else at byte 3"}},
        {"upcoming", upcoming(0), {Errc::out_of_range, "count", "count: expected 1 to 1000, saw 0"}},
        {"upcoming", upcoming(1'001), {Errc::out_of_range, "count", "count: expected 1 to 1000, saw 1001"}},
        {"what_would_run", planned({.limit = 0}), none},
        {"what_would_run", planned({.limit = 1'001}), many},
    });
}

TEST_CASE_METHOD(InUse, "facade: a moment that no calendar has, or a span that ends before it begins, is refused") {
    const Answer from{Errc::out_of_range, "from", "from: expected a moment of the years 0 to 9999"};
    const Answer to{Errc::out_of_range, "to", "to: expected a moment of the years 0 to 9999"};
    const auto planned = [&](Instant begin, Instant end) {
        return [this, begin, end] {
            static_cast<void>(scheduler.what_would_run("acme", begin, end));
        };
    };
    const Answer instant{Errc::out_of_range, "instant", "instant: expected a moment of the years 0 to 9999"};
    const auto explain = [&](Instant at) {
        return [this, at] {
            static_cast<void>(scheduler.explain(busy.id, "acme", at));
        };
    };
    check({
        {"explain", explain(Instant::min()), instant},
        {"explain", explain(Instant::max()), instant},
        {"from", planned(Instant::min(), now()), from},
        {"from", planned(earliest_instant() - 1us, now()), from},
        {"to", planned(now(), Instant::max()), to},
        {"to", planned(now(), latest_instant() + 1us), to},
        {"to before from",
         planned(monday_8, monday_8 - 1us),
         {Errc::out_of_range,
          "to",
          "to: expected a moment at or after from, 2026-03-02T08:00:00Z, saw 2026-03-02T07:59:59.999999Z"}},
    });
    CHECK(scheduler.what_would_run("acme", earliest_instant(), latest_instant()).size() == 100);
    CHECK(scheduler.what_would_run("acme", latest_instant(), latest_instant()).empty());
    CHECK(scheduler.explain(busy.id, "acme", earliest_instant()));
    CHECK(scheduler.explain(busy.id, "acme", latest_instant()));
}

TEST_CASE_METHOD(InUse, "facade: a reason or a key that is wrong is refused") {
    const std::vector<std::pair<std::string, Answer>> reasons{
        {std::string(4'097, 'r'), {Errc::too_large, "reason", "reason: expected at most 4096 bytes, saw 4097"}},
        {not_utf8, {Errc::invalid_utf8, "reason", "reason: expected UTF-8, saw something else at byte 3"}},
        {zero_byte, {Errc::invalid_character, "reason", "reason: expected text without zero bytes, saw one at byte 2"}},
    };
    for (const auto& row : reasons) {
        const ReasonOptions options{.reason = row.first};
        check({
            {"pause_job", [&] { scheduler.pause_job(busy.id, "acme", options); }, row.second},
            {"resume_job", [&] { scheduler.resume_job(paused.id, "acme", options); }, row.second},
            {"cancel_run", [&] { scheduler.cancel_run(pending.id, "acme", options); }, row.second},
            {"rebase_clock", [&] { static_cast<void>(scheduler.rebase_clock("acme", options)); }, row.second},
        });
    }
    struct Key {
        std::string key;
        Errc code;
        std::string complaint;
    };
    for (const Key& row : {
             Key{"", Errc::required, "must not be empty"},
             Key{std::string(257, 'k'), Errc::too_large, "expected at most 256 bytes, saw 257"},
             Key{not_utf8, Errc::invalid_utf8, "expected UTF-8, saw something else at byte 3"},
             Key{zero_byte, Errc::invalid_character, "expected text without zero bytes, saw one at byte 2"},
         }) {
        JobSpec spec = daily();
        spec.idempotency_key = row.key;
        const Answer answer{row.code, "idempotency_key", "idempotency_key: " + row.complaint};
        check({
            {"create_job", [&] { scheduler.create_job("acme", spec); }, answer},
            {"create_jobs",
             [&] {
                 scheduler.create_jobs("acme", {daily(), spec});
             },
             answer},
            {"trigger_job", [&] { scheduler.trigger_job(busy.id, "acme", {.idempotency_key = row.key}); }, answer},
            {"put_job",
             [&] { scheduler.put_job("acme", row.key, daily()); },
             {row.code, "key", "key: " + row.complaint}},
        });
    }
    JobSpec keyed = daily();
    keyed.idempotency_key = "k";
    check({"put_job with a second key",
           [&] { scheduler.put_job("acme", "nightly", keyed); },
           {Errc::unknown_field, "idempotency_key", "idempotency_key: has no meaning for put_job; the key is enough"}});
}

TEST_CASE_METHOD(InUse, "facade: no job, and more jobs than one call takes, are refused") {
    const std::vector<JobSpec> none;
    const std::vector<JobSpec> many(10'001, daily());
    check({
        {"create_jobs",
         [&] { scheduler.create_jobs("acme", none); },
         {Errc::out_of_range, "jobs", "jobs: expected 1 to 10000 jobs, saw 0"}},
        {"create_jobs",
         [&] { scheduler.create_jobs("acme", many); },
         {Errc::out_of_range, "jobs", "jobs: expected 1 to 10000 jobs, saw 10001"}},
    });
}

TEST_CASE_METHOD(InUse, "facade: a schedule text is judged by calculate_next_run as by create_job, without a job") {
    const auto of = [&](std::string text, ScheduleOptions options = {}) {
        return [this, text, options] {
            static_cast<void>(scheduler.calculate_next_run(text, now(), options));
        };
    };
    check({
        {"wrong text",
         of("*/0 * * * *"),
         {Errc::zero_step,
          "minute",
          "cron \"*/0 * * * *\": column 3, minute: the step must be 1 or more, saw 0; every five minutes is \"*/5\"",
          3}},
        {"no text",
         of(""),
         {Errc::empty_expression,
          "",
          "cron \"\": column 1: 5 to 7 fields are expected, saw none; every day at 09:00 is \"0 9 * * *\"",
          1}},
        {"a long text",
         of(std::string(4'097, '*')),
         {Errc::expression_too_long,
          "",
          "cron \"" + std::string(120, '*') +
              "...\": column 4097: at most 4096 bytes are read, saw 4097; every value is \"*\"",
          4'097}},
        {"not ASCII",
         of("0 9 * * \xc3\xa9"),
         {Errc::invalid_character,
          "",
          "cron \"0 9 * * \\xC3\\xA9\": column 9: printable ASCII is expected, saw U+00E9",
          9}},
        {"H without a key",
         of("H 9 * * *", {.dialect = CronDialect::extended}),
         {Errc::missing_hash_key,
          "minute",
          "cron \"H 9 * * *\": column 1, minute: H and ~ need a key that places them, saw none; pass hash_key, for a "
          "job its key or id",
          1}},
        {"a zone that nobody knows",
         of("0 9 * * *", {.time_zone = "Mars/Base"}),
         {Errc::unknown_time_zone,
          "",
          "time zone \"Mars/Base\": a name of the IANA database in exact case is expected, saw \"Mars/Base\"; write "
          "\"Europe/Paris\", \"UTC\" or \"+05:30\""}},
    });
}

// ---- what the state does not allow ---------------------------------------------------------------------------------

TEST_CASE_METHOD(InUse, "facade: what the job's or the run's state does not allow is refused") {
    JobSpec other = daily("Other");
    other.idempotency_key = "order-17";
    const auto cancelled = scheduler.get_run(of_removed.id, "acme").value();
    CHECK(cancelled.status == JobRunStatus::cancelled);
    check({
        {"another job under a used key",
         [&] { scheduler.create_job("acme", other); },
         {Errc::idempotency_conflict,
          "idempotency_key",
          "idempotency_key: \"order-17\" was used for a job with another spec"}},
        {"the same behind a new one",
         [&] {
             scheduler.create_jobs("acme", {daily(), other});
         },
         {Errc::idempotency_conflict,
          "idempotency_key",
          "idempotency_key: \"order-17\" was used for a job with another spec"}},
        {"a revision that has passed",
         [&] { scheduler.update_job(disabled.id, "acme", {.name = "New"}, 1); },
         {Errc::revision_conflict, "expected_revision", "expected_revision: expected revision 1, the job is at 2"}},
        {"a revision to come",
         [&] { scheduler.update_job(disabled.id, "acme", {.name = "New"}, 3); },
         {Errc::revision_conflict, "expected_revision", "expected_revision: expected revision 3, the job is at 2"}},
        {"a revision that has passed is deleted",
         [&] { scheduler.delete_job(disabled.id, "acme", 1); },
         {Errc::revision_conflict, "expected_revision", "expected_revision: expected revision 1, the job is at 2"}},
        {"a disabled job is paused",
         [&] { scheduler.pause_job(disabled.id, "acme"); },
         {Errc::invalid_state, "status", "status: a job that is disabled cannot be paused"}},
        {"a completed job is paused",
         [&] { scheduler.pause_job(completed.id, "acme"); },
         {Errc::invalid_state, "status", "status: a job that is completed cannot be paused"}},
        {"a completed job without an occurrence ahead is resumed",
         [&] { scheduler.resume_job(completed.id, "acme"); },
         {Errc::invalid_state,
          "status",
          "status: cannot be resumed; schedule: \"@at 2026-03-02T08:00:30Z\" is in the past; it is "
          "2026-03-02T08:01:00Z now"}},
        {"a run that has ended is cancelled",
         [&] { scheduler.cancel_run(ended.id, "acme"); },
         {Errc::invalid_state, "status", "status: the run has ended, as completed"}},
        {"a cancelled run is cancelled",
         [&] { scheduler.cancel_run(cancelled.id, "acme"); },
         {Errc::invalid_state, "status", "status: the run has ended, as cancelled"}},
        {"a pending run is repeated",
         [&] { scheduler.retry_run(pending.id, "acme"); },
         {Errc::invalid_state, "status", "status: the run has not ended; it is pending"}},
        {"a running run is repeated",
         [&] { scheduler.retry_run(running.id, "acme"); },
         {Errc::invalid_state, "status", "status: the run has not ended; it is running"}},
        {"the run of a deleted job is repeated",
         [&] { scheduler.retry_run(of_removed.id, "acme"); },
         {Errc::invalid_state, "job_id", "job_id: the run's job was deleted"}},
    });
}

TEST_CASE_METHOD(FacadeFixture, "facade: a job that has used up its runs says so when it is given new times") {
    JobSpec spec = spec_of("0 * * * *");
    spec.max_runs = 1;
    const auto job = scheduler.create_job("acme", spec);
    go_to("2026-03-02T09:00:00Z");
    materialise();
    for (const JobRun& run : claim())
        finish(run);
    const std::string before = snapshot();
    const Error error = error_of([&] { scheduler.update_job(job.id, "acme", {.schedule = "30 * * * *"}); });
    CHECK(error.code() == Errc::never_fires);
    CHECK(error.field() == "max_runs");
    CHECK(error.what() == "max_runs: 1 runs were started already"s);
    CHECK(snapshot() == before);
}

// ---- the facade itself ---------------------------------------------------------------------------------------------

TEST_CASE("facade: options that make no sense name the option") {
    struct Row {
        std::function<void()> make;
        Answer answer;
    };
    for (const Row& row : {
             Row{[] { SchedulerFacade<> facade({.clock = nullptr}); },
                 {Errc::required, "clock", "clock: must not be null"}},
             Row{[] { SchedulerFacade<> facade(std::shared_ptr<MemoryStorage>{}); },
                 {Errc::required, "storage", "storage: must not be null"}},
             Row{[] { SchedulerFacade<> facade({.default_time_zone = "Mars/Base"}); },
                 {Errc::unknown_time_zone,
                  "default_time_zone",
                  "default_time_zone: time zone \"Mars/Base\": a name of the IANA database in exact case is expected, "
                  "saw \"Mars/Base\"; write \"Europe/Paris\", \"UTC\" or \"+05:30\""}},
             Row{[] { SchedulerFacade<> facade({.default_time_zone = not_utf8}); },
                 {Errc::invalid_utf8,
                  "default_time_zone",
                  "default_time_zone: expected UTF-8, saw something else at byte 3"}},
             Row{[] { SchedulerFacade<>().add_audit_sink({}); }, {Errc::required, "sink", "sink: must not be empty"}},
         }) {
        const Error error = error_of(row.make);
        CHECK(error.code() == row.answer.code);
        CHECK(error.field() == row.answer.field);
        CHECK(error.what() == row.answer.message);
    }
}

TEST_CASE("facade: sizes of its own replace the usual ones") {
    Limits limits;
    limits.name_bytes = 8;
    limits.description_bytes = 10;
    limits.schedule_bytes = 9;
    limits.json_bytes = 24;
    limits.json_depth = 1;
    limits.excluded_dates = 1;
    limits.page = 2;
    limits.offset = 3;
    limits.jobs_per_call = 2;
    const auto clock = std::make_shared<testing::ManualClock>(monday_8);
    SchedulerFacade<> scheduler({.clock = clock, .limits = limits});
    JobSpec spec{.name = "12345678", .schedule = "0 9 * * *", .action = {{"type", "test"}}};
    const auto job = scheduler.create_job("acme", spec);
    CHECK(scheduler.upcoming(job.id, "acme", 2)->size() == 2);

    const auto message_with = [&](const std::function<void(JobSpec&)>& spoil) {
        JobSpec wrong = spec;
        spoil(wrong);
        return std::string(error_of([&] { scheduler.create_job("acme", wrong); }).what());
    };
    CHECK(message_with([](auto& s) { s.name += "9"; }) == "name: expected at most 8 bytes, saw 9");
    CHECK(message_with([](auto& s) { s.description = "12345678901"; }) ==
          "description: expected at most 10 bytes, saw 11");
    CHECK(message_with([](auto& s) { s.schedule += " "; }) == "schedule: expected at most 9 bytes, saw 10");
    CHECK(message_with([](auto& s) { s.action["n"] = 12'345; }) == "action: expected at most 24 bytes of JSON, saw 25");
    CHECK(message_with([](auto& s) {
              s.metadata = {{"a", nlohmann::json::object()}};
          }) == "metadata: expected at most 1 levels of objects and arrays; flatten it");
    CHECK(message_with([](auto& s) { s.exclude = first_days(2); }) == "exclude: expected at most 1 dates, saw 2");
    CHECK(code_of([&] { static_cast<void>(scheduler.list_jobs("acme", {.limit = 3})); }) == Errc::out_of_range);
    CHECK(code_of([&] { static_cast<void>(scheduler.list_runs(job.id, "acme", {.limit = 2, .offset = 4})); }) ==
          Errc::out_of_range);
    CHECK(code_of([&] { scheduler.create_jobs("acme", {spec, spec, spec}); }) == Errc::out_of_range);
    CHECK(scheduler.count_jobs("acme") == 1);
}
