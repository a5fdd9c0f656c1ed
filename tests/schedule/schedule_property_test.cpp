// SPDX-License-Identifier: MIT
// schedule_property_test.cpp - random schedules of every dialect in every zone of the machine: what must hold at any
// time, and near changes of offset against a reading of the rules that looks at every second by itself and searches
// nothing.
//
// A sample of the changes by default; CARILLON_ALL_ZONES=1 takes every one from 1970 to 2100, with more schedules.
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/cron_generator.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using std::chrono::local_seconds;
using std::chrono::sys_seconds;

namespace {

constexpr auto window = 48h;
constexpr const char* hash_key = "key";

/// The definition, one instant at a time.
class Reading {
public:
    Reading(const CronExpression& expression, const TimeZone& zone, DstPolicy policy)
        : expression_(expression)
        , zone_(zone)
        , policy_(policy) {}

    [[nodiscard]] bool has(sys_seconds t) const { return is_ordinary(t) || ends_gap(t); }

private:
    [[nodiscard]] bool is_ordinary(sys_seconds t) const {
        const local_seconds c = local(t);
        if (!expression_.matches(c)) return false;
        const CivilLookup found = zone_.lookup(c);
        if (found.kind != CivilLookup::Kind::repeated || found.second - found.first > 3h) return true;
        if (policy_ == DstPolicy::wall) return true;
        if (policy_ == DstPolicy::vixie && expression_.is_interval()) return true;
        return t == found.first;
    }

    [[nodiscard]] bool ends_gap(sys_seconds t) const {
        const std::chrono::seconds d = zone_.offset_at(t) - zone_.offset_at(t - 1s);
        if (policy_ != DstPolicy::vixie) return false;
        if (d <= 0s || d > 3h) return false;
        for (auto m = local(t) - d; m < local(t); m += 1s)
            if (expression_.matches(m) && (!expression_.is_interval() || !expression_.matches(m + d))) return true;
        return false;
    }

    [[nodiscard]] local_seconds local(sys_seconds t) const {
        return local_seconds{t.time_since_epoch() + zone_.offset_at(t)};
    }

    const CronExpression& expression_;
    const TimeZone& zone_;
    DstPolicy policy_;
};

/// A text, and how it is to be read.
struct Draw {
    std::string text;
    CronDialect dialect;
};

class Generator {
public:
    explicit Generator(std::uint64_t seed)
        : random_(seed)
        , anything_(seed + 1) {}

    int number(int first, int last) {
        return first + static_cast<int>(random_() % static_cast<unsigned>(last - first + 1));
    }
    bool one_in(int n) { return number(1, n) == 1; }
    template <class Items>
    const auto& pick(const Items& items) {
        return items[static_cast<std::size_t>(number(0, static_cast<int>(items.size()) - 1))];
    }
    CronDialect dialect() {
        return detail::dialect_table[static_cast<std::size_t>(number(0, detail::dialect_table.size() - 1))].dialect;
    }
    /// Somewhere in the years of schedules, or shortly before them.
    Instant moment() {
        return support::instant("1969-12-01T00:00:00Z") + std::chrono::seconds{number(0, 2'000'000'000)} * 3 +
               Duration{number(0, 999'999)};
    }

    /// Whatever the dialect can say.
    Draw anything(CronDialect dialect) { return {anything_.text(dialect), dialect}; }

    /// Minutes and hours of all kinds, mostly around the time of day at which clocks are set; sometimes on no other day
    /// than `date`.
    Draw near_change(CronDialect dialect, std::chrono::year_month_day date) {
        const auto& rules = detail::rules_of(dialect);
        const bool with_second = rules.most_fields > 5 && !rules.wrapper && (rules.fewest_fields == 6 || one_in(4));
        std::string text = with_second ? (one_in(60) ? field(59, 59) : std::string("0")) + " " : "";
        text += field(59, 59) + " " + field(23, one_in(2) ? 3 : 23) + " " + days(rules, date);
        return {rules.wrapper ? "cron(" + text + " *)" : text, dialect};
    }

private:
    /// Day-of-month, month, day-of-week.
    std::string days(const detail::DialectRules& rules, std::chrono::year_month_day date) {
        static constexpr std::array plain{"* * SUN", "* * MON-FRI", "1-7 * *", "* 3,10,11 *", "* * *", "L * *"};
        std::string text = one_in(2) ? "* * *" : plain[static_cast<std::size_t>(number(0, rules.modifiers ? 5 : 4))];
        if (one_in(4))
            text = std::to_string(static_cast<unsigned>(date.day())) + " " +
                   std::to_string(static_cast<unsigned>(date.month())) + " *";
        const bool by_week = text.back() != '*';
        if (rules.both_days == detail::BothDays::refused) text[by_week ? 0 : text.size() - 1] = '?';
        return text;
    }

    std::string field(int last, int usual_last) {
        switch (number(0, 5)) {
        case 0: return "*";
        case 1: return "*/" + std::to_string(number(2, 30));
        case 2: return std::to_string(number(0, usual_last)) + "," + std::to_string(number(0, last));
        case 3: {
            const int first = number(0, usual_last);
            return std::to_string(first) + "-" + std::to_string(number(first, last));
        }
        default: return std::to_string(number(0, usual_last));
        }
    }

    std::mt19937_64 random_;
    support::CronGenerator anything_;
};

constexpr std::array policies{DstPolicy::vixie, DstPolicy::ocps, DstPolicy::wall};

/// All whole seconds of the set in [from, to), by the definition. Nothing happens between multiples of `step`.
std::vector<Instant> read_all(const Reading& reading, sys_seconds from, sys_seconds to, std::chrono::seconds step) {
    std::vector<Instant> all;
    for (auto t = from; t < to; t += step)
        if (reading.has(t)) all.push_back(t);
    return all;
}

std::vector<Instant> forwards(const Schedule& schedule, sys_seconds from, sys_seconds to) {
    std::vector<Instant> all;
    for (auto t = schedule.next(from - 1s); t && *t < to; t = schedule.next(*t)) {
        if (!all.empty() && *t <= all.back()) return {}; // no progress
        all.push_back(*t);
    }
    return all;
}

std::vector<Instant> backwards(const Schedule& schedule, sys_seconds from, sys_seconds to) {
    std::vector<Instant> all;
    for (auto t = schedule.previous(to); t && *t >= from; t = schedule.previous(*t)) {
        if (!all.empty() && *t >= all.back()) return {};
        all.push_back(*t);
    }
    return {all.rbegin(), all.rend()};
}

/// The searches agree with the definition from `window` before the transition to `window` behind it.
bool agrees(const Schedule& schedule, const Reading& reading, sys_seconds center, std::chrono::seconds step) {
    const sys_seconds from = center - window;
    const sys_seconds to = center + window;
    const auto expected = read_all(reading, from, to, step);
    if (forwards(schedule, from, to) != expected || backwards(schedule, from, to) != expected) return false;
    if (schedule.between(from, to, expected.size() + 1) != expected) return false;
    if (schedule.upcoming(from - 1s, expected.size()) != expected) return false;
    const auto chosen = expected.size() > 100 ? expected.size() / 100 : 1;
    for (std::size_t i = 0; i < expected.size(); i += chosen)
        if (!schedule.matches(expected[i]) || schedule.next_or_at(expected[i]) != expected[i]) return false;
    return true;
}

/// Seconds that a schedule can say only where it says seconds.
std::chrono::seconds step_of(const CronExpression& expression, const ZoneTransition& transition) {
    const auto odd = std::gcd(transition.at.time_since_epoch().count(),
                              std::gcd(transition.before.count(), transition.after.count()));
    return std::chrono::seconds{expression.fields().seconds != 1 ? 1 : std::gcd(60, odd)};
}

void check_transition(const Draw& draw, DstPolicy policy, const TimeZone& zone, const ZoneTransition& transition) {
    INFO(to_string(draw.dialect) << " " << draw.text << " in " << zone.name() << ", " << to_string(policy) << ", near "
                                 << to_rfc3339(transition.at));
    const auto expression = CronExpression::parse(draw.text, draw.dialect, hash_key);
    if (!expression) return; // a few that the generator gets wrong
    const auto schedule =
        Schedule::parse(draw.text,
                        {.time_zone = zone.name(), .dialect = draw.dialect, .dst = policy, .hash_key = hash_key})
            .value();
    const Reading reading{*expression, zone, policy};
    REQUIRE(agrees(schedule, reading, transition.at, step_of(*expression, transition)));
}

std::chrono::year_month_day date_before(const ZoneTransition& transition) {
    const local_seconds civil{transition.at.time_since_epoch() + transition.before - 1s};
    return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(civil)};
}

std::vector<ZoneTransition> transitions_of(const TimeZone& zone) {
    std::vector<ZoneTransition> found;
    for (auto next = zone.next_transition(support::instant("1969-12-31T23:59:59Z"));
         next && next->at < support::instant("2101-01-01T00:00:00Z");
         next = zone.next_transition(next->at))
        found.push_back(*next);
    return found;
}

bool all_zones() {
    return std::getenv("CARILLON_ALL_ZONES") != nullptr;
}

/// The zones of the machine, or of the tests where it has none.
struct Zones {
    std::vector<std::string> names = support::zone_names(support::system_zone_folder);
    bool of_system = !names.empty();
    support::TestZones source{of_system ? TimeZoneSource{} : TimeZoneSource{support::zone_bytes}};

    Zones() {
        if (!of_system) names = support::zone_names(CARILLON_TEST_DATA_DIR "/zones");
        REQUIRE(names.size() > 40);
    }

    /// Those with equal tables once.
    [[nodiscard]] std::vector<TimeZone> different() const {
        std::vector<TimeZone> found;
        for (const std::string& name : names) {
            const TimeZone zone = support::zone(name);
            const auto same = [&](const TimeZone& other) {
                return other.table() == zone.table();
            };
            if (std::none_of(found.begin(), found.end(), same)) found.push_back(zone);
        }
        return found;
    }
};

/// Calls `check` with a random schedule of each dialect in each zone.
template <class Check>
void for_each_zone_and_dialect(std::uint64_t seed, Check check) {
    const Zones zones;
    Generator random{seed};
    std::size_t checked = 0;
    for (const std::string& zone : zones.names)
        for (const auto& rules : detail::dialect_table) {
            const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(random.moment())};
            const Draw draw =
                random.one_in(2) ? random.anything(rules.dialect) : random.near_change(rules.dialect, date);
            const ScheduleOptions options{
                .time_zone = zone, .dialect = draw.dialect, .dst = random.pick(policies), .hash_key = hash_key};
            INFO(to_string(draw.dialect) << " " << draw.text << " in " << zone << ", " << to_string(options.dst));
            const auto schedule = Schedule::parse(draw.text, options);
            if (!schedule) continue;
            ++checked;
            check(*schedule, random);
        }
    CHECK(checked > zones.names.size() * detail::dialect_table.size() * 9 / 10);
}

} // namespace

TEST_CASE("schedule: near every change of offset the searches find what the rules say, in every dialect",
          "[schedule]") {
    const Zones zones;
    Generator random{20'250'309};
    std::size_t checked = 0;
    if (!all_zones()) {
        while (checked < 600) {
            const TimeZone zone = support::zone(random.pick(zones.names));
            const auto transitions = transitions_of(zone);
            if (transitions.empty()) continue;
            const ZoneTransition& transition = random.pick(transitions);
            check_transition(
                random.near_change(random.dialect(), date_before(transition)), random.pick(policies), zone, transition);
            ++checked;
        }
        return;
    }
    const auto different = zones.different();
    for (const TimeZone& zone : different) {
        for (const ZoneTransition& transition : transitions_of(zone)) {
            for (const DstPolicy policy : policies)
                check_transition(
                    random.near_change(random.dialect(), date_before(transition)), policy, zone, transition);
            if (checked++ % 16 == 0) // seconds, most of them: each is a walk over 345,600 instants
                check_transition(random.anything(random.dialect()), random.pick(policies), zone, transition);
        }
    }
    WARN(different.size() << " different zones, " << checked << " changes of offset, under each policy");
}

TEST_CASE("schedule: near changes by odd seconds the searches find what the rules say", "[schedule]") {
    const support::TestZones zones;
    Generator random{20'251'102};
    for (const char* name : {"America/New_York", "Australia/Lord_Howe", "Africa/Monrovia", "Antarctica/Troll"}) {
        const TimeZone zone = support::zone(name);
        const ZoneTransition transition = random.pick(transitions_of(zone));
        const std::string text = "*/7 " + random.near_change(CronDialect::vixie, date_before(transition)).text;
        check_transition({text, CronDialect::extended}, random.pick(policies), zone, transition);
    }
}

TEST_CASE("schedule: previous(next(t)) <= t < next(t), and next(t) is an occurrence, for any t in any zone",
          "[schedule]") {
    for_each_zone_and_dialect(7, [](const Schedule& schedule, Generator& random) {
        const Instant t = random.moment();
        INFO("after " << to_rfc3339(t));
        const auto next = schedule.next(t);
        if (!next) {
            REQUIRE((schedule.never_fires() || schedule.previous(Instant::max()) <= t));
            return;
        }
        REQUIRE(*next > t);
        REQUIRE(schedule.matches(*next));
        REQUIRE(schedule.next_or_at(*next) == next);
        REQUIRE(schedule.next(*next - Duration{1}) == next);
        REQUIRE(schedule.previous_or_at(*next) == next);
        REQUIRE(schedule.previous(*next + Duration{1}) == next);
        const auto before = schedule.previous(*next);
        REQUIRE((!before || *before <= t));
        REQUIRE((!before || schedule.next(*before) == next));
        if (schedule.matches(t)) REQUIRE(before == t);
    });
}

TEST_CASE("schedule: upcoming is what repeated next finds, in any zone", "[schedule]") {
    for_each_zone_and_dialect(11, [](const Schedule& schedule, Generator& random) {
        const Instant start = random.moment();
        INFO("after " << to_rfc3339(start));
        std::vector<Instant> repeated;
        for (auto t = schedule.next(start); t && repeated.size() < 100; t = schedule.next(*t))
            repeated.push_back(*t);
        REQUIRE(schedule.upcoming(start, 100) == repeated);
    });
}

TEST_CASE("schedule: a cursor that goes from year to year finds each change of offset on its way", "[schedule]") {
    const support::TestZones test_zones;
    const auto zones = support::zone_names(CARILLON_TEST_DATA_DIR "/zones");
    Generator random{12};
    for (int i = 0; i < 1'000; ++i) {
        const std::string zone_name = random.pick(zones);
        const TimeZone zone = TimeZone::find(zone_name).value();
        const Instant begin =
            support::instant("1971-01-01T00:00:00Z") + std::chrono::seconds{random.number(0, 2'000'000'000)};
        const auto transition = zone.next_transition(begin);
        if (!transition) continue;
        // Once a year, within four days of the date and four hours of the time at which clocks were set.
        const auto near = floor<std::chrono::hours>(zone.to_local(transition->at)) +
                          std::chrono::hours{24 * random.number(-4, 4) + random.number(-4, 4)};
        const std::chrono::year_month_day date{floor<std::chrono::days>(near)};
        const auto hour = (near - floor<std::chrono::days>(near)).count();
        const std::string text = std::string(random.pick(std::array{"0 ", "30 ", "*/30 "})) + std::to_string(hour) +
                                 " " + std::to_string(unsigned{date.day()}) + " " +
                                 std::to_string(unsigned{date.month()}) + " *";
        const auto policy = random.pick(policies);
        const auto schedule = Schedule::parse(text, {.time_zone = zone_name, .dst = policy}).value();
        INFO(text << " in " << zone_name << ", " << to_string(policy) << ", after " << to_rfc3339(begin));
        std::vector<Instant> repeated;
        for (auto t = schedule.next(begin); t && repeated.size() < 60; t = schedule.next(*t))
            repeated.push_back(*t);
        REQUIRE(schedule.upcoming(begin, 60) == repeated);
    }
}
