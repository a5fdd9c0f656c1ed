// SPDX-License-Identifier: MIT
// json_input_test.cpp - what callers write is read, and what is wrong in it is named: field, expected, seen.
#include "carillon/model/json.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

using namespace carillon;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct WrongJson {
    std::string_view text;
    Errc code;
    std::string_view field;
    std::string_view message;
    std::size_t column = 0;
};

/// The error of reading `in` as a T; empty where it was read.
template <class T>
std::optional<Error> error_of(const json& in) {
    try {
        static_cast<void>(in.get<T>());
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    }
}

template <class T, std::size_t N>
void check_errors(const WrongJson (&rows)[N]) {
    for (const WrongJson& row : rows) {
        INFO(row.text);
        const auto error = error_of<T>(json::parse(row.text));
        REQUIRE(error.has_value());
        CHECK(to_string(error->code()) == to_string(row.code));
        CHECK(error->field() == row.field);
        CHECK(error->what() == std::string(row.message));
        CHECK(error->column() == row.column);
    }
}

} // namespace

TEST_CASE("json input: a spec has what is given, and the defaults for the rest") {
    const auto spec = json::parse(R"({
        "name": "Daily Report", "schedule": "0 9 * * *", "action": {"type": "run_agent", "agent_id": "a-7"},
        "time_zone": "Europe/Paris", "dialect": "quartz", "exclude": ["2026-12-25", "2027-01-01"],
        "start_at": "2026-03-01T09:00:00+01:00", "max_runs": 12,
        "policies": {"misfire": {"window": "1h30m"}, "retry": {"max_attempts": 3, "factor": 1.5}, "priority": -5}
    })")
                          .get<JobSpec>();
    CHECK(spec.name == "Daily Report");
    CHECK(spec.action == json{{"type", "run_agent"}, {"agent_id", "a-7"}});
    CHECK(spec.enabled);
    CHECK(spec.metadata == json::object());
    CHECK(spec.time_zone == "Europe/Paris");
    CHECK(spec.dialect == CronDialect::quartz);
    CHECK(spec.dst == DstPolicy::vixie);
    CHECK(spec.exclude ==
          std::vector<std::chrono::year_month_day>{std::chrono::year{2026} / 12 / 25, std::chrono::year{2027} / 1 / 1});
    CHECK(spec.start_at == parse_rfc3339("2026-03-01T08:00:00Z").value());
    CHECK_FALSE(spec.end_at.has_value());
    CHECK(spec.max_runs == 12U);
    CHECK(spec.policies ==
          Policies{.misfire = {.window = 90min}, .retry = {.max_attempts = 3, .factor = 1.5}, .priority = -5});
}

TEST_CASE("json input: an empty object is the default spec, and a null where a member may be absent too") {
    CHECK(json(json::object().get<JobSpec>()) == json(JobSpec{}));
    const auto spec = json::parse(R"({"description": null, "time_zone": null, "dialect": null, "start_at": null,
        "end_at": null, "max_runs": null, "idempotency_key": null,
        "policies": {"overlap": {"concurrency_key": null}}})")
                          .get<JobSpec>();
    CHECK(json(spec) == json(JobSpec{}));
}

TEST_CASE("json input: reading a spec forgets what was there before") {
    JobSpec spec{.name = "old", .max_runs = 3};
    json{{"schedule", "@daily"}}.get_to(spec);
    CHECK(spec.name.empty());
    CHECK_FALSE(spec.max_runs.has_value());
    CHECK(spec.schedule == "@daily");
}

TEST_CASE("json input: an error changes nothing") {
    JobSpec spec{.name = "old"};
    CHECK_THROWS_AS((json{{"name", "new"}, {"zone", "UTC"}}.get_to(spec)), Error);
    CHECK(spec.name == "old");
    JobPatch patch{.name = "old"};
    CHECK_THROWS_AS((json{{"name", "new"}, {"enabled", 1}}.get_to(patch)), Error);
    CHECK(patch.name == "old");
    Policies policies{.priority = 7};
    CHECK_THROWS_AS((json{{"priority", 8}, {"retry", {{"factor", "two"}}}}.get_to(policies)), Error);
    CHECK(policies == Policies{.priority = 7});
}

TEST_CASE("json input: policies that are read into keep what is not given") {
    Policies policies{.retry = {.max_attempts = 5, .factor = 3.0}, .priority = 7};
    json{{"retry", {{"factor", 4}}}}.get_to(policies);
    CHECK(policies == Policies{.retry = {.max_attempts = 5, .factor = 4.0}, .priority = 7});
    CHECK(json::object().get<Policies>() == Policies{});
}

TEST_CASE("json input: an unknown key is named, with the key that was probably meant or all there are") {
    static constexpr WrongJson rows[] = {
        {R"({"tiem_zone": "UTC"})",
         Errc::unknown_field,
         "tiem_zone",
         R"(tiem_zone: unknown field; did you mean "time_zone"?)"},
        {R"({"timezone": "UTC"})",
         Errc::unknown_field,
         "timezone",
         R"(timezone: unknown field; did you mean "time_zone"?)"},
        {R"({"Name": "x"})", Errc::unknown_field, "Name", R"(Name: unknown field; did you mean "name"?)"},
        {R"({"endAt": null})", Errc::unknown_field, "endAt", R"(endAt: unknown field; did you mean "end_at"?)"},
        {R"({"policies": {"retry": {"maxAttempts": 3}}})",
         Errc::unknown_field,
         "policies.retry.maxAttempts",
         R"(policies.retry.maxAttempts: unknown field; did you mean "max_attempts"?)"},
        {R"({"policies": {"misfire": {"timeout": 3}}})",
         Errc::unknown_field,
         "policies.misfire.timeout",
         "policies.misfire.timeout: unknown field; expected one of policy, grace, window"},
        {R"({"policies": {"misfire": {"xracx": 3}}})",
         Errc::unknown_field,
         "policies.misfire.xracx",
         R"(policies.misfire.xracx: unknown field; did you mean "grace"?)"},
        {R"({"policies": {"misfire": {"xrxcx": 3}}})", // too far from anything
         Errc::unknown_field,
         "policies.misfire.xrxcx",
         "policies.misfire.xrxcx: unknown field; expected one of policy, grace, window"},
        {R"({"policies": {"misfire": {"": 1}}})",
         Errc::unknown_field,
         R"(policies.misfire."")",
         R"(policies.misfire."": unknown field; expected one of policy, grace, window)"},
        {R"({"policies": {"misfire": {"a.\n\"b\u0000": 1}}})",
         Errc::unknown_field,
         R"(policies.misfire."a.\n\"b\u0000")",
         R"(policies.misfire."a.\n\"b\u0000": unknown field; expected one of policy, grace, window)"},
        {R"({"status": "paused"})",
         Errc::unknown_field,
         "status",
         "status: unknown field; expected one of name, schedule, action, description, enabled, metadata, time_zone, "
         "dialect, dst, policies, exclude, start_at, end_at, max_runs, idempotency_key"},
    };
    check_errors<JobSpec>(rows);
}

TEST_CASE("json input: a long or strange unknown key is shown in part, as UTF-8") {
    const auto field = [](const std::string& key) {
        const auto error = error_of<JobSpec>(json{{key, 1}});
        REQUIRE(error.has_value());
        CHECK(error->code() == Errc::unknown_field);
        CHECK(std::string(error->what()).rfind(error->field() + ": unknown field; ", 0) == 0);
        return error->field();
    };
    CHECK(field(std::string(60, 'k')) == std::string(60, 'k'));
    CHECK(field(std::string(100'000, 'k')) == "\"" + std::string(60, 'k') + "\"...");
    CHECK(field(std::string(59, 'k') + "\u00e9" + "k") == "\"" + std::string(59, 'k') + "\"...");
    CHECK(field("\u00e9") == "\"\u00e9\"");
    CHECK(field("\xff") == "\"\ufffd\"");
}

TEST_CASE("json input: a value of another type is named with what was expected and what was seen") {
    static constexpr WrongJson rows[] = {
        {"[]", Errc::wrong_type, "", "expected an object, saw an array"},
        {"null", Errc::wrong_type, "", "expected an object, saw null"},
        {R"("job")", Errc::wrong_type, "", R"(expected an object, saw "job")"},
        {R"({"name": 5})", Errc::wrong_type, "name", "name: expected a string, saw 5"},
        {R"({"name": null})", Errc::wrong_type, "name", "name: expected a string, saw null"},
        {R"({"name": ["a"]})", Errc::wrong_type, "name", "name: expected a string, saw an array"},
        {R"({"schedule": {}})", Errc::wrong_type, "schedule", "schedule: expected a string, saw an object"},
        {R"({"action": "run"})", Errc::wrong_type, "action", R"(action: expected an object, saw "run")"},
        {R"({"action": null})", Errc::wrong_type, "action", "action: expected an object, saw null"},
        {R"({"metadata": []})", Errc::wrong_type, "metadata", "metadata: expected an object, saw an array"},
        {R"({"description": 1.5})", Errc::wrong_type, "description", "description: expected a string, saw 1.5"},
        {R"({"enabled": "yes"})", Errc::wrong_type, "enabled", R"(enabled: expected true or false, saw "yes")"},
        {R"({"enabled": 1})", Errc::wrong_type, "enabled", "enabled: expected true or false, saw 1"},
        {R"({"enabled": null})", Errc::wrong_type, "enabled", "enabled: expected true or false, saw null"},
        {R"({"time_zone": 1})", Errc::wrong_type, "time_zone", "time_zone: expected a string, saw 1"},
        {R"({"dst": null})", Errc::wrong_type, "dst", R"(dst: expected one of "vixie", "ocps", "wall", saw null)"},
        {R"({"exclude": "2026-12-25"})",
         Errc::wrong_type,
         "exclude",
         R"(exclude: expected an array, saw "2026-12-25")"},
        {R"({"exclude": ["2026-12-25", 5]})",
         Errc::wrong_type,
         "exclude[1]",
         R"(exclude[1]: expected a date such as "2026-12-25", saw 5)"},
        {R"({"start_at": 1772355600})",
         Errc::wrong_type,
         "start_at",
         R"(start_at: expected an instant such as "2026-03-01T09:00:00Z", saw 1772355600)"},
        {R"({"max_runs": "3"})",
         Errc::wrong_type,
         "max_runs",
         R"(max_runs: expected a whole number from 0 to 18446744073709551615, saw "3")"},
        {R"({"policies": []})", Errc::wrong_type, "policies", "policies: expected an object, saw an array"},
        {R"({"policies": {"retry": 3}})",
         Errc::wrong_type,
         "policies.retry",
         "policies.retry: expected an object, saw 3"},
        {R"({"policies": {"retry": {"factor": "two"}}})",
         Errc::wrong_type,
         "policies.retry.factor",
         R"(policies.retry.factor: expected a number, saw "two")"},
        {R"({"policies": {"retry": {"initial": 5}}})",
         Errc::wrong_type,
         "policies.retry.initial",
         R"(policies.retry.initial: expected a duration such as "1h30m", saw 5)"},
        {R"({"policies": {"misfire": {"policy": true}}})",
         Errc::wrong_type,
         "policies.misfire.policy",
         R"(policies.misfire.policy: expected one of "fire_latest", "skip", "fire_all", "fire_earliest", saw true)"},
        {R"({"name": {"a": 1}, "schedule": 7})", Errc::wrong_type, "name", "name: expected a string, saw an object"},
    };
    check_errors<JobSpec>(rows);
}

TEST_CASE("json input: a number that does not fit is out of range, whatever it would be cut to") {
    static constexpr WrongJson rows[] = {
        {R"({"max_runs": -1})",
         Errc::out_of_range,
         "max_runs",
         "max_runs: expected a whole number from 0 to 18446744073709551615, saw -1"},
        {R"({"max_runs": 1.5})",
         Errc::out_of_range,
         "max_runs",
         "max_runs: expected a whole number from 0 to 18446744073709551615, saw 1.5"},
        {R"({"max_runs": 18446744073709551616})", // beyond 64 bits: the parser made it a float
         Errc::out_of_range,
         "max_runs",
         "max_runs: expected a whole number from 0 to 18446744073709551615, saw 1.8446744073709552e+19"},
        {R"({"max_runs": 9007199254740993.0})", // 2^53 + 1 is no float: it may not be what was written
         Errc::out_of_range,
         "max_runs",
         "max_runs: expected a whole number from 0 to 18446744073709551615, saw 9.007199254740992e+15"},
        {R"({"policies": {"priority": 2147483648}})",
         Errc::out_of_range,
         "policies.priority",
         "policies.priority: expected a whole number from -2147483648 to 2147483647, saw 2147483648"},
        {R"({"policies": {"priority": -2147483649}})",
         Errc::out_of_range,
         "policies.priority",
         "policies.priority: expected a whole number from -2147483648 to 2147483647, saw -2147483649"},
        {R"({"policies": {"priority": -0.5}})",
         Errc::out_of_range,
         "policies.priority",
         "policies.priority: expected a whole number from -2147483648 to 2147483647, saw -0.5"},
    };
    check_errors<JobSpec>(rows);
}

TEST_CASE("json input: sizes and counts are whole and not negative") {
    for (const char* field : {"policies.retry.max_attempts", "policies.overlap.limit"})
        for (const char* number : {"-1", "0.5", "1e300", "-9223372036854775808"}) {
            const std::string path = field;
            const auto first = path.find('.');
            const auto second = path.rfind('.');
            const json in = {
                {path.substr(0, first),
                 {{path.substr(first + 1, second - first - 1), {{path.substr(second + 1), json::parse(number)}}}}}};
            INFO(in.dump());
            const auto error = error_of<JobSpec>(in);
            REQUIRE(error.has_value());
            CHECK(error->code() == Errc::out_of_range);
            CHECK(error->field() == path);
        }
}

TEST_CASE("json input: a whole number is whole however it is written") {
    CHECK(json::parse(R"({"max_runs": 1e3})").get<JobSpec>().max_runs == 1'000U);
    CHECK(json::parse(R"({"max_runs": 5.0})").get<JobSpec>().max_runs == 5U);
    CHECK(json::parse(R"({"max_runs": 9007199254740991.0})").get<JobSpec>().max_runs == 9'007'199'254'740'991U);
    CHECK(json::parse(R"({"max_runs": 18446744073709551615})").get<JobSpec>().max_runs ==
          std::numeric_limits<std::uint64_t>::max());
    CHECK(json::parse(R"({"max_runs": -0.0})").get<JobSpec>().max_runs == 0U);
    CHECK(json{{"max_runs", 7}}.get<JobSpec>().max_runs == 7U); // an int, where a parser makes it unsigned
    CHECK(json::parse(R"({"priority": -2147483648})").get<Policies>().priority == std::numeric_limits<int>::min());
    CHECK(json::parse(R"({"retry": {"factor": 3, "jitter": 1e-3}})").get<Policies>().retry.factor == 3.0);
}

TEST_CASE("json input: numbers that JSON does not have are out of range when a program made them") {
    for (const double number : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        const auto factor = error_of<JobSpec>(json{{"policies", {{"retry", {{"factor", number}}}}}});
        REQUIRE(factor.has_value());
        CHECK(factor->code() == Errc::out_of_range);
        CHECK(factor->field() == "policies.retry.factor");
        const auto runs = error_of<JobSpec>(json{{"max_runs", number}});
        REQUIRE(runs.has_value());
        CHECK(runs->code() == Errc::out_of_range);
    }
}

TEST_CASE("json input: a name that an enum does not have is out of range, and the names it has are listed") {
    static constexpr WrongJson rows[] = {
        {R"({"dialect": "Quartz"})",
         Errc::out_of_range,
         "dialect",
         R"(dialect: expected one of "standard", "extended", "vixie", "quartz", "spring", "eventbridge", saw "Quartz")"},
        {R"({"dst": ""})", Errc::out_of_range, "dst", R"(dst: expected one of "vixie", "ocps", "wall", saw "")"},
        {R"({"policies": {"overlap": {"policy": "queue"}}})",
         Errc::out_of_range,
         "policies.overlap.policy",
         R"(policies.overlap.policy: expected one of "skip", "queue_one", "queue_all", "allow", "cancel_previous", saw "queue")"},
        {R"({"policies": {"delivery": "exactly_once"}})",
         Errc::out_of_range,
         "policies.delivery",
         R"(policies.delivery: expected one of "at_least_once", "at_most_once", saw "exactly_once")"},
    };
    check_errors<JobSpec>(rows);
    const auto status = error_of<JobStatus>(json("gone"));
    REQUIRE(status.has_value());
    CHECK(status->what() == std::string(R"(expected one of "active", "paused", "disabled", "completed", saw "gone")"));
    CHECK(error_of<JobStatus>(json(1))->code() == Errc::wrong_type);
    CHECK(error_of<JobStatus>(json())->code() == Errc::wrong_type);
}

TEST_CASE("json input: instants and durations keep the code and the column of their parsers, behind the field") {
    const auto check = [](const json& in, const std::string& field, const Error& expected) {
        INFO(in.dump());
        const auto error = error_of<JobSpec>(in);
        REQUIRE(error.has_value());
        CHECK(error->code() == expected.code());
        CHECK(error->column() == expected.column());
        CHECK(error->field() == field);
        CHECK(error->what() == field + ": " + expected.what());
    };
    check(json{{"start_at", "2026-02-29T00:00:00Z"}}, "start_at", parse_rfc3339("2026-02-29T00:00:00Z").error());
    check(json{{"end_at", ""}}, "end_at", parse_rfc3339("").error());
    check(json{{"end_at", "tomorrow"}}, "end_at", parse_rfc3339("tomorrow").error());
    const json grace = {{"policies", {{"misfire", {{"grace", "5 s"}}}}}};
    check(grace, "policies.misfire.grace", parse_duration("5 s").error());
    const json delay = {{"policies", {{"retry", {{"max_delay", "-5s"}}}}}};
    check(delay, "policies.retry.max_delay", parse_duration("-5s").error());
    CHECK(error_of<JobSpec>(delay)->code() == Errc::invalid_duration);
    CHECK(error_of<JobSpec>(json{{"start_at", "2026-02-29T00:00:00Z"}})->column() == 9);
}

TEST_CASE("json input: a date that does not exist is refused at its first wrong byte") {
    static constexpr WrongJson rows[] = {
        {R"({"exclude": ["2026-02-29"]})",
         Errc::invalid_instant,
         "exclude[0]",
         R"(exclude[0]: expected a date such as "2026-12-25", saw "2026-02-29")",
         9},
        {R"({"exclude": ["2026-12-25", "2026-13-01"]})",
         Errc::invalid_instant,
         "exclude[1]",
         R"(exclude[1]: expected a date such as "2026-12-25", saw "2026-13-01")",
         6},
        {R"({"exclude": ["25.12.2026"]})",
         Errc::invalid_instant,
         "exclude[0]",
         R"(exclude[0]: expected a date such as "2026-12-25", saw "25.12.2026")",
         3},
        {R"({"exclude": ["2026-12-25T00:00:00Z"]})",
         Errc::invalid_instant,
         "exclude[0]",
         R"(exclude[0]: expected a date such as "2026-12-25", saw "2026-12-25T00:00:00Z")",
         11},
        {R"({"exclude": [""]})",
         Errc::invalid_instant,
         "exclude[0]",
         R"(exclude[0]: expected a date such as "2026-12-25", saw "")",
         1},
    };
    check_errors<JobSpec>(rows);
    CHECK(json::parse(R"({"exclude": ["2024-02-29"]})").get<JobSpec>().exclude.at(0) ==
          std::chrono::year{2024} / 2 / 29);
}

TEST_CASE("json input: a message shows long and strange text in part, and always as UTF-8") {
    const auto message = [](const json& name) {
        return std::string(error_of<JobSpec>(json{{"enabled", name}})->what());
    };
    CHECK(message("line\nbreak \"quoted\"") == R"(enabled: expected true or false, saw "line\nbreak \"quoted\"")");
    CHECK(message(std::string(60, 'x')) == "enabled: expected true or false, saw \"" + std::string(60, 'x') + "\"");
    CHECK(message(std::string(61, 'x')) == "enabled: expected true or false, saw \"" + std::string(60, 'x') + "\"...");
    CHECK(message(std::string(59, 'x') + "\u00e9") ==
          "enabled: expected true or false, saw \"" + std::string(59, 'x') + "\"...");
    CHECK(message("\xff") == "enabled: expected true or false, saw \"\ufffd\"");
    CHECK(message(json::binary({1, 2})) == "enabled: expected true or false, saw binary");
}

TEST_CASE("json input: a patch has what is given and nothing else") {
    const auto patch = json::parse(R"({"name": "new", "enabled": false, "action": {"type": "mail"},
        "metadata": {"owner": "ops", "gone": null}, "dialect": "vixie", "dst": "wall", "exclude": [],
        "end_at": "2027-01-01T00:00:00Z", "policies": {"priority": 3}})")
                           .get<JobPatch>();
    CHECK(patch.name == "new");
    CHECK(patch.enabled == false);
    CHECK(patch.action.value() == json{{"type", "mail"}});
    CHECK(patch.metadata.value() == json{{"owner", "ops"}, {"gone", nullptr}});
    CHECK(patch.dialect == CronDialect::vixie);
    CHECK(patch.dst == DstPolicy::wall);
    REQUIRE(patch.exclude.has_value());
    CHECK(patch.exclude->empty());
    CHECK(patch.end_at == parse_rfc3339("2027-01-01T00:00:00Z").value());
    CHECK(patch.policies == Policies{.priority = 3});
    CHECK_FALSE(patch.schedule.has_value());
    CHECK_FALSE(patch.description.has_value());
    CHECK_FALSE(patch.time_zone.has_value());
    CHECK_FALSE(patch.start_at.has_value());
    CHECK_FALSE(patch.max_runs.has_value());
    CHECK(patch.clear.empty());

    const auto nothing = json::object().get<JobPatch>();
    CHECK_FALSE(nothing.name.has_value());
    CHECK_FALSE(nothing.enabled.has_value());
    CHECK_FALSE(nothing.action.has_value());
    CHECK_FALSE(nothing.metadata.has_value());
    CHECK_FALSE(nothing.exclude.has_value());
}

TEST_CASE("json input: null in a patch empties what can be empty, as clear does") {
    const auto nulls = json::parse(R"({"description": null, "start_at": null, "end_at": null, "max_runs": null})");
    const std::vector all{ClearField::description, ClearField::start_at, ClearField::end_at, ClearField::max_runs};
    CHECK(nulls.get<JobPatch>().clear == all);
    CHECK(json{{"clear", {"description", "start_at", "end_at", "max_runs"}}}.get<JobPatch>().clear == all);
    CHECK(json::parse(R"({"end_at": null, "clear": ["end_at", "max_runs", "max_runs"]})").get<JobPatch>().clear ==
          std::vector{ClearField::end_at, ClearField::max_runs});
    CHECK(json::parse(R"({"time_zone": null})").get<JobPatch>().time_zone == "");
    CHECK_FALSE(nulls.get<JobPatch>().end_at.has_value());
}

TEST_CASE("json input: what is wrong in a patch is named") {
    static constexpr WrongJson rows[] = {
        {R"({"name": null})", Errc::wrong_type, "name", "name: expected a string, saw null"},
        {R"({"enabled": null})", Errc::wrong_type, "enabled", "enabled: expected true or false, saw null"},
        {R"({"action": null})", Errc::wrong_type, "action", "action: expected an object, saw null"},
        {R"({"policies": null})", Errc::wrong_type, "policies", "policies: expected an object, saw null"},
        {R"({"exclude": null})", Errc::wrong_type, "exclude", "exclude: expected an array, saw null"},
        {R"({"dialect": null})",
         Errc::wrong_type,
         "dialect",
         R"(dialect: expected one of "standard", "extended", "vixie", "quartz", "spring", "eventbridge", saw null)"},
        {R"({"clear": "end_at"})", Errc::wrong_type, "clear", R"(clear: expected an array, saw "end_at")"},
        {R"({"clear": ["end_at", "name"]})",
         Errc::out_of_range,
         "clear[1]",
         R"(clear[1]: expected one of "description", "start_at", "end_at", "max_runs", saw "name")"},
        {R"({"policies": {"retry": {"jiter": 0.5}}})",
         Errc::unknown_field,
         "policies.retry.jiter",
         R"(policies.retry.jiter: unknown field; did you mean "jitter"?)"},
        {R"({"idempotency_key": "a"})",
         Errc::unknown_field,
         "idempotency_key",
         "idempotency_key: unknown field; expected one of name, schedule, action, description, enabled, metadata, "
         "time_zone, dialect, dst, policies, exclude, start_at, end_at, max_runs, clear"},
        {"7", Errc::wrong_type, "", "expected an object, saw 7"},
    };
    check_errors<JobPatch>(rows);
}

TEST_CASE("json input: what is wrong in a record is named, down to the attempt of a run") {
    const auto check = [](const json& in, Errc code, const std::string& field, const std::string& message) {
        const auto error = error_of<JobRun>(in);
        REQUIRE(error.has_value());
        CHECK(error->code() == code);
        CHECK(error->field() == field);
        CHECK(error->what() == message);
    };
    const json run = JobRun{.attempts = {{.number = 1}, {.number = 2}}};
    const auto with = [&run](const char* pointer, const json& value) {
        json changed = run;
        changed[json::json_pointer(pointer)] = value;
        return changed;
    };
    check(with("/attempts/1/number", -1),
          Errc::out_of_range,
          "attempts[1].number",
          "attempts[1].number: expected a whole number from 0 to 4294967295, saw -1");
    check(with("/id", "x"),
          Errc::wrong_type,
          "id",
          R"(id: expected an id such as "01890a5d-ac96-774b-bcce-b302099a8057", saw "x")");
    check(with("/retry_of", 5),
          Errc::wrong_type,
          "retry_of",
          R"(retry_of: expected an id such as "01890a5d-ac96-774b-bcce-b302099a8057", saw 5)");
    check(with("/duration_ms", -1),
          Errc::out_of_range,
          "duration_ms",
          "duration_ms: expected a whole number from 0 to 3155760000000, saw -1");
    check(with("/slots", 4294967296),
          Errc::out_of_range,
          "slots",
          "slots: expected a whole number from 0 to 4294967295, saw 4294967296");
    check(with("/result", json{{"text", "\xff"}}),
          Errc::invalid_utf8,
          "result",
          "result: expected JSON whose strings are UTF-8");

    json job = ScheduledJob{};
    for (const char* wrong : {"", "0", "000000000000000g", "00000000000000000", "0x00000000000000"}) {
        job["spec_fingerprint"] = wrong;
        const auto error = error_of<ScheduledJob>(job);
        REQUIRE(error.has_value());
        CHECK(error->code() == Errc::wrong_type);
        CHECK(error->field() == "spec_fingerprint");
    }
}

TEST_CASE("json input: JSON of a caller's own is refused before anything is copied where it is nested too deeply") {
    const auto nested = [](const std::string& key, std::size_t levels) {
        const std::string text =
            "{\"" + key + "\": {\"a\": " + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}}";
        return json::parse(text);
    };
    for (const char* key : {"action", "metadata"}) {
        CHECK_FALSE(error_of<JobSpec>(nested(key, 128)));
        CHECK_FALSE(error_of<JobPatch>(nested(key, 128)));
        for (const std::size_t levels : {129U, 20'000U}) {
            const auto error = error_of<JobSpec>(nested(key, levels));
            REQUIRE(error.has_value());
            CHECK(error->code() == Errc::too_large);
            CHECK(error->field() == key);
            CHECK(error->what() ==
                  key + std::string(": expected at most 128 levels of objects and arrays; flatten it"));
            CHECK(error_of<JobPatch>(nested(key, levels)).value().code() == Errc::too_large);
        }
    }
    json run = JobRun{};
    run["result"] = json::parse(std::string(129, '[') + std::string(129, ']'));
    CHECK(error_of<JobRun>(run).value().field() == "result");
    run["result"] = json::parse(std::string(128, '[') + std::string(128, ']'));
    CHECK_FALSE(error_of<JobRun>(run));
}
