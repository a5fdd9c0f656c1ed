// SPDX-License-Identifier: MIT
// json_test.cpp - records are written under agreed keys and read back as equal records.
#include "carillon/model/json.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Values that are never the default of a member, from a seed.
class Random {
public:
    explicit Random(std::uint64_t seed)
        : engine_(seed) {}

    std::uint64_t number(std::uint64_t low, std::uint64_t high) {
        return std::uniform_int_distribution<std::uint64_t>(low, high)(engine_);
    }
    std::uint64_t any_number() { return number(2, std::numeric_limits<std::uint64_t>::max()); }
    std::uint32_t number32() {
        return static_cast<std::uint32_t>(number(2, std::numeric_limits<std::uint32_t>::max()));
    }
    double fraction() { return 1.5 + static_cast<double>(number(0, 1'000'000'000)) / 7.0; }
    Instant instant() {
        return earliest_instant() + Duration{static_cast<std::int64_t>(number(1, 315'537'897'600'000'000))};
    }
    Duration duration() { return Duration{static_cast<std::int64_t>(number(1, 3'155'760'000'000'000))}; }
    Duration milliseconds() { return std::chrono::milliseconds{number(1, 3'155'760'000'000)}; }
    std::string text() {
        static constexpr std::string_view pieces[] = {
            "a", "Z", " ", "\"", "\\", "\n", "\t", "caf\u00e9", "\U0001f514", "/", "<"};
        std::string text = "x";
        for (std::uint64_t i = number(0, 12); i > 0; --i)
            text += pieces[number(0, std::size(pieces) - 1)];
        return text;
    }
    json object() { return {{text(), any_number()}, {"type", text()}, {"list", {1, 2.5, nullptr, true}}}; }
    std::chrono::year_month_day date() {
        const auto days = static_cast<std::int64_t>(number(0, 3'652'058)); // 0000-01-01 to 9999-12-31
        return std::chrono::sys_days{std::chrono::days{days - 719'528}};
    }
    std::vector<std::chrono::year_month_day> dates() { return {date(), date(), date()}; }
    template <class Table>
    auto other_than_first(const Table& table) {
        return table[number(1, table.size() - 1)].value;
    }
    template <class Identifier>
    Identifier id() {
        return Identifier::next(instant());
    }
    /// The value; in every second case nothing, unless `whole`.
    template <class T>
    std::optional<T> perhaps(T value) {
        return whole || number(0, 1) == 0 ? std::optional<T>(std::move(value)) : std::nullopt;
    }

    bool whole = true;

private:
    std::mt19937_64 engine_;
};

Policies random_policies(Random& random) {
    return {.misfire = {.policy = random.other_than_first(detail::misfire_names),
                        .grace = random.duration(),
                        .window = random.duration()},
            .overlap = {.policy = random.other_than_first(detail::overlap_names),
                        .limit = random.number32(),
                        .concurrency_key = random.text()},
            .retry = {.max_attempts = random.number32(),
                      .initial = random.duration(),
                      .factor = random.fraction(),
                      .max_delay = random.duration(),
                      .jitter = random.fraction()},
            .delivery = DeliveryMode::at_most_once,
            .priority = -static_cast<int>(random.number(1, 1'000)),
            .timeout = {.attempt = random.perhaps(random.duration()),
                        .total = random.perhaps(random.duration()),
                        .grace = random.duration()},
            .spread = {.within = random.duration(), .mode = SpreadMode::job},
            .max_abandons = random.number32(),
            .pause_after_failures = random.number32()};
}

JobSpec random_spec(Random& random) {
    return {.name = random.text(),
            .schedule = random.text(),
            .action = random.object(),
            .description = random.perhaps(random.text()),
            .enabled = false,
            .metadata = random.object(),
            .time_zone = random.text(),
            .dialect = random.perhaps(random.other_than_first(detail::dialect_names)),
            .dst = random.other_than_first(detail::dst_names),
            .policies = random_policies(random),
            .exclude = random.dates(),
            .start_at = random.perhaps(random.instant()),
            .end_at = random.perhaps(random.instant()),
            .max_runs = random.perhaps(random.any_number()),
            .idempotency_key = random.perhaps(random.text())};
}

JobDefinition random_definition(Random& random) {
    return {.id = random.id<JobId>(),
            .tenant_id = random.text(),
            .name = random.text(),
            .schedule = random.text(),
            .action = random.object(),
            .description = random.perhaps(random.text()),
            .enabled = false,
            .metadata = random.object(),
            .time_zone = random.text(),
            .dialect = random.other_than_first(detail::dialect_names),
            .dst = random.other_than_first(detail::dst_names),
            .policies = random_policies(random),
            .exclude = random.dates(),
            .start_at = random.perhaps(random.instant()),
            .end_at = random.perhaps(random.instant()),
            .max_runs = random.perhaps(random.any_number()),
            .idempotency_key = random.perhaps(random.text()),
            .spec_fingerprint = random.any_number(),
            .key = random.text(),
            .status = random.other_than_first(detail::job_status_names),
            .status_reason = random.text(),
            .created_at = random.instant(),
            .updated_at = random.instant(),
            .revision = random.any_number(),
            .action_type = random.text(),
            .fixed_delay = random.perhaps(random.duration())};
}

ScheduledJob random_job(Random& random) {
    ScheduledJob job;
    static_cast<JobDefinition&>(job) = random_definition(random);
    static_cast<JobProgress&>(job) = {.last_run_at = random.perhaps(random.instant()),
                                      .next_run_at = random.perhaps(random.instant()),
                                      .high_water = random.perhaps(random.instant()),
                                      .run_count = random.any_number(),
                                      .failure_count = random.any_number(),
                                      .started_runs = random.any_number(),
                                      .evaluation_failures = random.number32(),
                                      .consecutive_failures = random.number32(),
                                      .purged_until = random.perhaps(random.instant()),
                                      .tzdata_version = random.text()};
    return job;
}

RunAttempt random_attempt(Random& random) {
    return {.number = random.number32(),
            .started_at = random.instant(),
            .ended_at = random.instant(),
            .worker = random.text(),
            .error = random.text()};
}

JobRun random_run(Random& random) {
    return {.id = random.id<RunId>(),
            .job_id = random.id<JobId>(),
            .tenant_id = random.text(),
            .status = random.other_than_first(detail::run_status_names),
            .trigger = random.other_than_first(detail::run_trigger_names),
            .reason = random.other_than_first(detail::run_reason_names),
            .scheduled_for = random.instant(),
            .started_at = random.perhaps(random.instant()),
            .completed_at = random.perhaps(random.instant()),
            .duration = random.perhaps(random.milliseconds()),
            .result = random.object(),
            .error = random.perhaps(random.text()),
            .attempt = random.number32(),
            .fence = random.any_number(),
            .abandons = random.number32(),
            .delivery = DeliveryMode::at_most_once,
            .worker = random.text(),
            .attempts = {random_attempt(random), random_attempt(random)},
            .missed_count = random.any_number(),
            .retry_of = random.perhaps(random.id<RunId>()),
            .blocked_by = random.perhaps(random.id<RunId>()),
            .idempotency_key = random.perhaps(random.text()),
            .stop_requested = true,
            .last = random.perhaps(random.instant()),
            .occurrences = random.any_number(),
            .count_is_minimum = true,
            .not_before = random.instant(),
            .action_type = random.text(),
            .key = random.text(),
            .slots = random.number32(),
            .priority = -static_cast<int>(random.number(1, 2'147'483'647)),
            .skip_when_busy = true,
            .expires_at = random.perhaps(random.instant())};
}

AuditEvent random_event(Random& random) {
    return {.id = random.id<AuditId>(),
            .tenant_id = random.text(),
            .actor = random.text(),
            .at = random.instant(),
            .verb = random.other_than_first(detail::audit_verb_names),
            .job_id = random.id<JobId>(),
            .run_id = random.perhaps(random.id<RunId>()),
            .reason = random.text(),
            .via = random.text(),
            .request_id = random.text(),
            .batch = random.text(),
            .before = std::make_shared<const JobDefinition>(random_definition(random)),
            .after = std::make_shared<const JobDefinition>(random_definition(random))};
}

/// Through text, as a file or a socket would carry it.
template <class T>
T round_trip(const T& value) {
    return json::parse(json(value).dump()).get<T>();
}

std::set<std::string> keys(const json& object) {
    std::set<std::string> names;
    for (const auto& item : object.items())
        names.insert(item.key());
    return names;
}

std::set<std::string> words(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

std::set<std::string> null_keys(const json& object) {
    std::set<std::string> names;
    for (const auto& item : object.items())
        if (item.value().is_null()) names.insert(item.key());
    return names;
}

const std::string definition_keys =
    "id tenant_id name description schedule action status created_at updated_at metadata time_zone dialect dst "
    "policies "
    "exclude start_at end_at max_runs revision status_reason enabled key idempotency_key spec_fingerprint action_type "
    "fixed_delay";
const std::string progress_keys =
    " last_run_at next_run_at run_count failure_count high_water started_runs evaluation_failures "
    "consecutive_failures purged_until tzdata_version";

} // namespace

TEST_CASE("json: a job, a run, an event and a spec come back with every member, whatever its value") {
    Random random(20'260'301);
    for (int i = 0; i < 300; ++i) {
        random.whole = i % 2 == 0;
        const ScheduledJob job = random_job(random);
        INFO(json(job).dump());
        CHECK(round_trip(job) == job);
        const JobDefinition& definition = job;
        CHECK(round_trip(definition) == definition);
        CHECK(round_trip(definition.policies) == definition.policies);
        const JobRun run = random_run(random);
        INFO(json(run).dump());
        CHECK(round_trip(run) == run);
        CHECK(round_trip(run.attempts) == run.attempts);
    }
}

TEST_CASE("json: records with nothing but defaults come back too") {
    CHECK(round_trip(ScheduledJob{}) == ScheduledJob{});
    CHECK(round_trip(JobDefinition{}) == JobDefinition{});
    CHECK(round_trip(JobRun{}) == JobRun{});
    CHECK(round_trip(RunAttempt{}) == RunAttempt{});
    CHECK(round_trip(Policies{}) == Policies{});
}

TEST_CASE("json: a spec comes back with every member, and equal specs have equal text") {
    Random random(20'260'302);
    for (int i = 0; i < 100; ++i) {
        random.whole = i % 2 == 0;
        const JobSpec spec = random_spec(random);
        const std::string text = json(spec).dump();
        INFO(text);
        const JobSpec back = round_trip(spec);
        CHECK(json(back).dump() == text);
        CHECK(back.name == spec.name);
        CHECK(back.schedule == spec.schedule);
        CHECK(back.action == spec.action);
        CHECK(back.description == spec.description);
        CHECK(back.enabled == spec.enabled);
        CHECK(back.metadata == spec.metadata);
        CHECK(back.time_zone == spec.time_zone);
        CHECK(back.dialect == spec.dialect);
        CHECK(back.dst == spec.dst);
        CHECK(back.policies == spec.policies);
        CHECK(back.exclude == spec.exclude);
        CHECK(back.start_at == spec.start_at);
        CHECK(back.end_at == spec.end_at);
        CHECK(back.max_runs == spec.max_runs);
        CHECK(back.idempotency_key == spec.idempotency_key);
    }
}

TEST_CASE("json: an audit event comes back with every member, the definitions before and after among them") {
    Random random(20'260'303);
    for (int i = 0; i < 50; ++i) {
        random.whole = i % 2 == 0;
        const AuditEvent event = random_event(random);
        INFO(json(event).dump());
        const AuditEvent back = round_trip(event);
        CHECK(back.id == event.id);
        CHECK(back.tenant_id == event.tenant_id);
        CHECK(back.actor == event.actor);
        CHECK(back.at == event.at);
        CHECK(back.verb == event.verb);
        CHECK(back.job_id == event.job_id);
        CHECK(back.run_id == event.run_id);
        CHECK(back.reason == event.reason);
        CHECK(back.via == event.via);
        CHECK(back.request_id == event.request_id);
        CHECK(back.batch == event.batch);
        REQUIRE(back.before);
        CHECK(*back.before == *event.before);
        REQUIRE(back.after);
        CHECK(*back.after == *event.after);
    }
    const AuditEvent back = round_trip(AuditEvent{});
    CHECK(back.before == nullptr);
    CHECK(back.after == nullptr);
}

TEST_CASE("json: a job has these keys") {
    Random random(1);
    CHECK(keys(random_definition(random)) == words(definition_keys));
    CHECK(keys(random_job(random)) == words(definition_keys + progress_keys));
    CHECK(keys(ScheduledJob{}) == words(definition_keys + progress_keys));
}

TEST_CASE("json: a run has these keys") {
    Random random(2);
    const auto expected =
        words("id job_id tenant_id status started_at completed_at duration_ms result error "
              "scheduled_for trigger attempt fence worker reason missed_count retry_of blocked_by "
              "abandons delivery attempts idempotency_key stop_requested last occurrences count_is_minimum "
              "not_before action_type key slots priority skip_when_busy expires_at");
    CHECK(keys(random_run(random)) == expected);
    CHECK(keys(JobRun{}) == expected);
    CHECK(keys(RunAttempt{}) == words("number started_at ended_at worker error"));
}

TEST_CASE("json: an audit event, a spec and policies have these keys") {
    CHECK(keys(AuditEvent{}) ==
          words("id tenant_id actor at verb job_id run_id reason via request_id batch before after"));
    CHECK(keys(JobSpec{}) == words("name schedule action description enabled metadata time_zone dialect dst policies "
                                   "exclude start_at end_at max_runs idempotency_key"));
    const json policies = Policies{};
    CHECK(keys(policies) == words("misfire overlap retry delivery priority timeout spread max_abandons "
                                  "pause_after_failures"));
    CHECK(keys(policies["misfire"]) == words("policy grace window"));
    CHECK(keys(policies["overlap"]) == words("policy limit concurrency_key"));
    CHECK(keys(policies["retry"]) == words("max_attempts initial factor max_delay jitter"));
    CHECK(keys(policies["timeout"]) == words("attempt total grace"));
    CHECK(keys(policies["spread"]) == words("within mode"));
}

// A new member of a struct breaks its line here: give it a key in model/json_members.hpp, and a name here.
// clang-format off
TEST_CASE("json: no member of a struct is without its key") {
    const JobSpec spec;
    [[maybe_unused]] const auto& [s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15] = spec;
    CHECK(json(spec).size() == 15);
    const JobDefinition job;
    [[maybe_unused]] const auto& [j1, j2, j3, j4, j5, j6, j7, j8, j9, j10, j11, j12, j13, j14, j15, j16, j17, j18, j19,
                                  j20, j21, j22, j23, j24, j25, j26] = job;
    CHECK(json(job).size() == 26);
    const JobProgress progress;
    [[maybe_unused]] const auto& [p1, p2, p3, p4, p5, p6, p7, p8, p9, p10] = progress;
    CHECK(json(ScheduledJob{}).size() == 26 + 10);
    const JobRun run;
    [[maybe_unused]] const auto& [r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19,
                                  r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31, r32, r33] = run;
    CHECK(json(run).size() == 33);
    const AuditEvent event;
    [[maybe_unused]] const auto& [e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13] = event;
    CHECK(json(event).size() == 13);
}
// clang-format on

TEST_CASE("json: what is absent is null") {
    CHECK(null_keys(ScheduledJob{}) ==
          words("action metadata description time_zone start_at end_at max_runs status_reason key idempotency_key "
                "action_type fixed_delay last_run_at next_run_at high_water purged_until tzdata_version"));
    CHECK(null_keys(JobRun{}) == words("started_at completed_at duration_ms result error worker reason retry_of "
                                       "blocked_by idempotency_key last action_type key expires_at"));
    CHECK(null_keys(RunAttempt{}) == words("worker error"));
    CHECK(null_keys(AuditEvent{}) == words("actor run_id reason via request_id batch before after"));
    CHECK(null_keys(JobSpec{}) == words("description time_zone dialect start_at end_at max_runs idempotency_key"));
    CHECK(null_keys(json(Policies{}).at("overlap")) == words("concurrency_key"));
    Random random(3);
    CHECK(null_keys(random_job(random)).empty());
    CHECK(null_keys(random_run(random)).empty());
    CHECK(null_keys(random_event(random)).empty());
    CHECK(null_keys(random_spec(random)).empty());
}

TEST_CASE("json: a job looks like this") {
    ScheduledJob job;
    job.id = JobId::parse("01890a5d-ac96-774b-bcce-b302099a8057").value();
    job.tenant_id = "acme";
    job.name = "Daily Report";
    job.schedule = "0 9 * * *";
    job.action = json{{"type", "run_agent"}};
    job.metadata = json::object();
    job.time_zone = "Europe/Paris";
    job.policies.retry.initial = 90min;
    job.exclude = {std::chrono::year{2026} / 12 / 25, std::chrono::year{987} / 1 / 2};
    job.created_at = job.updated_at = parse_rfc3339("2026-03-01T09:00:00+01:00").value();
    job.next_run_at = parse_rfc3339("2026-03-02T08:00:00.25Z").value();
    job.max_runs = 3;
    job.spec_fingerprint = 0xfedc'ba98'7654'3210;
    job.fixed_delay = 10min;
    job.tzdata_version = "2025b";
    CHECK(json(job) == json::parse(R"({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057", "tenant_id": "acme", "name": "Daily Report", "description": null,
        "schedule": "0 9 * * *", "action": {"type": "run_agent"}, "status": "active", "last_run_at": null,
        "next_run_at": "2026-03-02T08:00:00.250000Z", "run_count": 0, "failure_count": 0,
        "created_at": "2026-03-01T08:00:00Z", "updated_at": "2026-03-01T08:00:00Z", "metadata": {},
        "time_zone": "Europe/Paris", "dialect": "standard", "dst": "vixie",
        "policies": {
            "misfire": {"policy": "fire_latest", "grace": "5s", "window": "24h"},
            "overlap": {"policy": "skip", "limit": 0, "concurrency_key": null},
            "retry": {"max_attempts": 1, "initial": "1h30m", "factor": 2.0, "max_delay": "15m", "jitter": 0.0},
            "delivery": "at_least_once", "priority": 0,
            "timeout": {"attempt": null, "total": null, "grace": "10s"},
            "spread": {"within": "0s", "mode": "occurrence"}, "max_abandons": 3, "pause_after_failures": 0},
        "exclude": ["2026-12-25", "0987-01-02"], "start_at": null, "end_at": null, "max_runs": 3, "revision": 1,
        "status_reason": null, "enabled": true, "key": null, "idempotency_key": null, "high_water": null,
        "started_runs": 0, "evaluation_failures": 0, "consecutive_failures": 0, "purged_until": null,
        "spec_fingerprint": "fedcba9876543210", "action_type": null,
        "fixed_delay": "10m", "tzdata_version": "2025b"})"));
}

TEST_CASE("json: a run looks like this") {
    JobRun run;
    run.id = RunId::parse("01890a5d-ac96-774b-bcce-b302099a8057").value();
    run.job_id = JobId::parse("01890a5d-ac96-774b-bcce-b302099a8058").value();
    run.tenant_id = "acme";
    run.status = JobRunStatus::completed;
    run.trigger = RunTrigger::manual;
    run.scheduled_for = run.not_before = parse_rfc3339("2026-03-01T09:00:00Z").value();
    run.started_at = run.scheduled_for;
    run.completed_at = run.scheduled_for + 2s;
    run.duration = 1'999'999us;
    run.result = json{{"agent", "a-7"}};
    run.attempt = 1;
    run.fence = 2;
    run.worker = "host-b/1";
    run.attempts = {{.number = 1, .started_at = run.scheduled_for, .ended_at = run.scheduled_for + 1s, .error = "no"}};
    CHECK(json(run) == json::parse(R"({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057", "job_id": "01890a5d-ac96-774b-bcce-b302099a8058",
        "tenant_id": "acme", "status": "completed", "started_at": "2026-03-01T09:00:00Z",
        "completed_at": "2026-03-01T09:00:02Z", "duration_ms": 1999, "result": {"agent": "a-7"}, "error": null,
        "scheduled_for": "2026-03-01T09:00:00Z", "trigger": "manual", "attempt": 1, "fence": 2, "worker": "host-b/1",
        "reason": null, "missed_count": 0, "retry_of": null, "blocked_by": null, "abandons": 0, "delivery": "at_least_once",
        "attempts": [{"number": 1, "started_at": "2026-03-01T09:00:00Z", "ended_at": "2026-03-01T09:00:01Z",
                      "worker": null, "error": "no"}],
        "idempotency_key": null, "stop_requested": false, "last": null, "occurrences": 1, "count_is_minimum": false,
        "not_before": "2026-03-01T09:00:00Z", "action_type": null, "key": null, "slots": 1, "priority": 0,
        "skip_when_busy": false, "expires_at": null})"));
}

TEST_CASE("json: a duration in milliseconds is cut, and comes back as whole milliseconds") {
    JobRun run;
    run.duration = 1'999us;
    CHECK(json(run).at("duration_ms") == 1);
    CHECK(json(run).at("duration_ms").is_number_integer());
    CHECK(round_trip(run).duration == Duration{1ms});
    run.duration = 999us;
    CHECK(round_trip(run).duration == Duration{0});
    run.duration = 876'600h;
    CHECK(round_trip(run).duration == Duration{876'600h});
}

TEST_CASE("json: ids and enums are their text, each alone") {
    const RunId id = RunId::parse("01890a5d-ac96-774b-bcce-b302099a8057").value();
    CHECK(json(id) == "01890a5d-ac96-774b-bcce-b302099a8057");
    CHECK(json(id).get<RunId>() == id);
    CHECK(json(JobStatus::disabled) == "disabled");
    CHECK(json(CronDialect::quartz) == "quartz");
    CHECK(json(DstPolicy::wall) == "wall");
    CHECK(json(AuditVerb::job_paused) == "job.paused");
    CHECK(json(RunReason::none).is_null());
    CHECK(json(std::vector{ClearField::end_at, ClearField::max_runs}).dump() == R"(["end_at","max_runs"])");
    CHECK(json("queue_all").get<OverlapPolicy>() == OverlapPolicy::queue_all);
    CHECK(json().get<RunReason>() == RunReason::none);
    CHECK(json("").get<RunReason>() == RunReason::none);
}

TEST_CASE("json: every value of every enum comes back from its name") {
    const auto check_all = [](const auto& table) {
        for (const auto& row : table) {
            INFO(row.name);
            CHECK(json(row.value).get<decltype(row.value)>() == row.value);
            CHECK(json(row.value) == (row.name.empty() ? json() : json(row.name)));
        }
    };
    check_all(detail::audit_verb_names);
    check_all(detail::clear_field_names);
    check_all(detail::delivery_names);
    check_all(detail::dialect_names);
    check_all(detail::dst_names);
    check_all(detail::job_status_names);
    check_all(detail::misfire_names);
    check_all(detail::overlap_names);
    check_all(detail::run_reason_names);
    check_all(detail::run_status_names);
    check_all(detail::run_trigger_names);
    CHECK(detail::dialect_names.size() == 6);
    CHECK(detail::dst_names.size() == 3);
}

TEST_CASE("json: a record of a newer version is read, its unknown keys passed over at every depth") {
    Random random(4);
    const ScheduledJob job = random_job(random);
    json newer = job;
    newer["colour"] = "red";
    newer["policies"]["budget"] = 7;
    newer["policies"]["retry"]["curve"] = "steep";
    CHECK(newer.get<ScheduledJob>() == job);
    const AuditEvent event{.before = std::make_shared<const JobDefinition>(job)};
    json newer_event = event;
    newer_event["before"]["policies"]["budget"] = 7;
    CHECK(*newer_event.get<AuditEvent>().before == *event.before);
}

TEST_CASE("json: a record of an older version is read, what it lacks has its default") {
    Random random(5);
    json older = random_job(random);
    for (const char* key : {"evaluation_failures", "policies", "max_runs", "metadata", "dst", "exclude"})
        older.erase(key);
    const auto job = older.get<ScheduledJob>();
    CHECK(job.evaluation_failures == 0);
    CHECK(job.policies == Policies{});
    CHECK_FALSE(job.max_runs.has_value());
    CHECK(job.metadata.is_null());
    CHECK(job.dst == DstPolicy::vixie);
    CHECK(job.exclude.empty());
}

TEST_CASE("json: a record without its identity is refused") {
    const auto check = [](const auto& record, const std::string& required) {
        for (const std::string& key : words(required)) {
            INFO(key);
            json lacking = record;
            lacking.erase(key);
            auto target = record;
            try {
                lacking.get_to(target);
                FAIL_CHECK("was read");
            } catch (const Error& error) {
                CHECK(error.code() == Errc::required);
                CHECK(error.field() == key);
                CHECK(error.what() == key + ": expected a value, but there is no such key");
            }
        }
    };
    check(ScheduledJob{}, "id tenant_id name schedule action status created_at updated_at");
    check(JobRun{}, "id job_id tenant_id status scheduled_for");
    check(RunAttempt{}, "number started_at ended_at");
    check(AuditEvent{}, "id tenant_id at verb job_id");
}

TEST_CASE("json: reading a record leaves nothing of what was there before, and an error leaves all of it") {
    Random random(6);
    const ScheduledJob before = random_job(random);
    ScheduledJob job = before;
    json in = ScheduledJob{};
    in.erase("policies");
    in.get_to(job);
    CHECK(job == ScheduledJob{});

    job = before;
    in["revision"] = "many";
    CHECK_THROWS_AS(in.get_to(job), Error);
    CHECK(job == before);
}
