// SPDX-License-Identifier: MIT
// schedule_property_test.cpp - random schedules near changes of offset, against a reading of the rules that looks at
// every second by itself and searches nothing.
//
// A sample of the machine's zones by default; CARILLON_ALL_ZONES=1 takes every change of every zone.
#include "carillon/schedule/schedule.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

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
constexpr std::chrono::year_month_day new_year{std::chrono::year{1970}, std::chrono::January, std::chrono::day{1}};

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
        const auto transition = zone_.previous_transition(t);
        if (policy_ != DstPolicy::vixie || !transition || transition->at != t) return false;
        const std::chrono::seconds d = transition->after - transition->before;
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

class Generator {
public:
    explicit Generator(std::uint64_t seed)
        : random_(seed) {}

    int number(int first, int last) {
        return first + static_cast<int>(random_() % static_cast<unsigned>(last - first + 1));
    }
    bool one_in(int n) { return number(1, n) == 1; }
    template <class Items>
    const auto& pick(const Items& items) {
        return items[static_cast<std::size_t>(number(0, static_cast<int>(items.size()) - 1))];
    }

    /// Minutes and hours of all kinds, mostly around the time of day at which clocks are set; sometimes on no other day
    /// than `date`.
    std::string expression(bool with_seconds, std::chrono::year_month_day date) {
        static constexpr std::array days{
            "* * *", "* * *", "* * *", "* * SUN", "* * 1-5", "L * *", "1-7 * *", "* 3,10,11 *"};
        const std::string seconds = with_seconds ? field(59, 59) + " " : "";
        const std::string time = seconds + field(59, 59) + " " + field(23, one_in(2) ? 3 : 23) + " ";
        if (!one_in(4)) return time + pick(days);
        const auto text = [](auto value) {
            return std::to_string(static_cast<unsigned>(value));
        };
        return time + text(date.day()) + " " + text(date.month()) + " *";
    }

private:
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

void check_transition(Generator& random, const TimeZone& zone, const ZoneTransition& transition, bool with_seconds) {
    const local_seconds civil{transition.at.time_since_epoch() + transition.before - 1s};
    const std::string text =
        random.expression(with_seconds, std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(civil)});
    const DstPolicy policy = random.pick(policies);
    INFO(text << " in " << zone.name() << ", " << to_string(policy) << ", near " << to_rfc3339(transition.at));
    const auto expression = CronExpression::parse(text).value();
    const auto schedule = Schedule::parse(text, {.time_zone = zone.name(), .dst = policy}).value();
    const auto odd = std::gcd(transition.at.time_since_epoch().count(),
                              std::gcd(transition.before.count(), transition.after.count()));
    const std::chrono::seconds step{with_seconds ? 1 : std::gcd(60, odd)};
    REQUIRE(agrees(schedule, Reading{expression, zone, policy}, transition.at, step));
}

/// Transitions of 1970-2100, leaving out those that are too near to 1970 for the window.
std::vector<ZoneTransition> transitions_of(const TimeZone& zone) {
    std::vector<ZoneTransition> found;
    Instant t = support::instant("1970-01-04T00:00:00Z");
    for (auto next = zone.next_transition(t); next && next->at < support::instant("2100-01-01T00:00:00Z");
         next = zone.next_transition(next->at))
        found.push_back(*next);
    return found;
}

bool all_zones() {
    return std::getenv("CARILLON_ALL_ZONES") != nullptr;
}

std::vector<std::string> names() {
    auto found = support::zone_names(support::system_zone_folder);
    return found.empty() ? support::zone_names(CARILLON_TEST_DATA_DIR "/zones") : found;
}

} // namespace

TEST_CASE("schedule: near every change of offset the searches find what the rules say", "[schedule]") {
    const auto zones = names();
    const bool on_system = !support::zone_names(support::system_zone_folder).empty();
    const support::TestZones test_zones(on_system ? TimeZoneSource{} : TimeZoneSource{support::zone_bytes});
    REQUIRE(zones.size() > 40);
    Generator random{20250309};
    if (all_zones()) {
        for (const auto& name : zones) {
            const TimeZone zone = support::zone(name);
            for (const auto& transition : transitions_of(zone))
                check_transition(random, zone, transition, false);
        }
        return;
    }
    for (int samples = 0; samples < 400;) {
        const TimeZone zone = support::zone(random.pick(zones));
        const auto transitions = transitions_of(zone);
        if (transitions.empty()) continue;
        check_transition(random, zone, random.pick(transitions), false);
        ++samples;
    }
}

TEST_CASE("schedule: with seconds the searches find what the rules say", "[schedule]") {
    const support::TestZones zones;
    Generator random{20251102};
    for (const char* name : {"America/New_York", "Australia/Lord_Howe", "Africa/Monrovia", "Antarctica/Troll"}) {
        const TimeZone zone = support::zone(name);
        check_transition(random, zone, random.pick(transitions_of(zone)), true);
    }
}

TEST_CASE("schedule: previous(next(t)) <= t < next(t), and next(t) is an occurrence, for any t", "[schedule]") {
    const support::TestZones test_zones;
    const auto zones = support::zone_names(CARILLON_TEST_DATA_DIR "/zones");
    Generator random{7};
    for (int i = 0; i < 3'000; ++i) {
        const std::string text = random.expression(random.one_in(4), new_year);
        const std::string zone = random.pick(zones);
        const auto policy = random.pick(policies);
        const auto schedule = Schedule::parse(text, {.time_zone = zone, .dst = policy}).value();
        const Instant t = support::instant("1969-12-01T00:00:00Z") +
                          std::chrono::seconds{random.number(0, 2'000'000'000)} * 3 +
                          Duration{random.number(0, 999'999)};
        INFO(text << " in " << zone << ", " << to_string(policy) << ", after " << to_rfc3339(t));
        const auto next = schedule.next(t);
        REQUIRE(next);
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
    }
}

TEST_CASE("schedule: a cursor finds what repeated next finds", "[schedule]") {
    const support::TestZones test_zones;
    const auto zones = support::zone_names(CARILLON_TEST_DATA_DIR "/zones");
    Generator random{11};
    for (int i = 0; i < 400; ++i) {
        const std::string text = random.expression(random.one_in(8), new_year);
        const std::string zone = random.pick(zones);
        const auto policy = random.pick(policies);
        const auto schedule = Schedule::parse(text, {.time_zone = zone, .dst = policy}).value();
        const Instant start =
            support::instant("1970-01-01T00:00:00Z") + std::chrono::seconds{random.number(0, 2'000'000'000)};
        INFO(text << " in " << zone << ", " << to_string(policy) << ", after " << to_rfc3339(start));
        std::vector<Instant> repeated;
        for (auto t = schedule.next(start); t && repeated.size() < 500; t = schedule.next(*t))
            repeated.push_back(*t);
        REQUIRE(schedule.upcoming(start, 500) == repeated);
    }
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
