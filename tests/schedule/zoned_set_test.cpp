// SPDX-License-Identifier: MIT
// zoned_set_test.cpp - civil sets in zones whose clocks are set in every possible way.
#include "carillon/schedule/zoned_set.hpp"

#include "support/catch.hpp"
#include "support/zones.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;
using carillon::detail::DstRules;
using carillon::detail::nothing_earlier;
using carillon::detail::nothing_later;
using carillon::detail::ZonedSet;
using std::chrono::local_seconds;
using std::chrono::sys_seconds;
using support::civil;

namespace {

/// Exactly the civil times that a test names.
struct Times {
    std::set<local_seconds> times;
    bool interval = false;

    [[nodiscard]] std::optional<local_seconds> next_or_at(local_seconds from) const {
        const auto found = times.lower_bound(from);
        return found == times.end() ? std::nullopt : std::optional(*found);
    }
    [[nodiscard]] std::optional<local_seconds> previous_or_at(local_seconds until) const {
        const auto found = times.upper_bound(until);
        return found == times.begin() ? std::nullopt : std::optional(*std::prev(found));
    }
    [[nodiscard]] bool matches(local_seconds c) const { return times.count(c) == 1; }
    [[nodiscard]] bool is_interval() const { return interval; }
};

Times fixed(std::initializer_list<std::string> times) {
    Times set;
    for (const auto& time : times)
        set.times.insert(civil(time));
    return set;
}

Times rhythm(std::initializer_list<std::string> times) {
    Times set = fixed(times);
    set.interval = true;
    return set;
}

ZoneTable table(std::int32_t first_offset, std::initializer_list<std::pair<std::string, std::int32_t>> changes) {
    std::vector<ZoneRange> ranges{{ZoneTable::beginning_of_time(), UtcOffset{first_offset}, 0, false}};
    for (const auto& [at, offset] : changes)
        ranges.push_back({floor_to_second(support::instant(at)), UtcOffset{offset}, 0, false});
    return {std::move(ranges), std::string(1, '\0')};
}

/// All instants of the set, found forwards; checks that they are found backwards too.
std::vector<std::string> instants(const Times& set, const ZoneTable& table, DstPolicy policy) {
    const ZonedSet<Times> zoned{set, table, DstRules::of(policy, set.interval)};
    std::size_t range = 0;
    std::vector<sys_seconds> found;
    for (auto t = zoned.first_from(sys_seconds{-1'000'000'000s}, range); t != nothing_later;
         t = zoned.first_from(t + 1s, range))
        found.push_back(t);
    std::vector<sys_seconds> backwards;
    for (auto t = zoned.last_until(sys_seconds{10'000'000'000s}, range); t != nothing_earlier;
         t = zoned.last_until(t - 1s, range))
        backwards.push_back(t);
    std::reverse(backwards.begin(), backwards.end());
    CHECK(found == backwards);
    std::vector<std::string> text;
    for (const auto t : found)
        text.push_back(to_rfc3339(t));
    return text;
}

using Texts = std::vector<std::string>;

/// Clocks go from 02:00 to 03:00 on 1 March 2020, and from 03:00 to 02:00 on 1 October.
const ZoneTable hour = table(0, {{"2020-03-01T02:00:00Z", 3600}, {"2020-10-01T02:00:00Z", 0}});

} // namespace

TEST_CASE("zoned set: civil times that are shown once are that instant under every policy") {
    const Times set = fixed({"2020-02-01 12:00:00", "2020-06-01 12:00:00", "2020-12-01 12:00:00"});
    for (const auto policy : {DstPolicy::vixie, DstPolicy::ocps, DstPolicy::wall})
        CHECK(instants(set, hour, policy) ==
              Texts{"2020-02-01T12:00:00Z", "2020-06-01T11:00:00Z", "2020-12-01T12:00:00Z"});
}

TEST_CASE("zoned set: missing times of a fixed set become one occurrence at the end of the gap") {
    const Times set = fixed({"2020-03-01 02:10:00", "2020-03-01 02:50:00", "2020-03-01 04:00:00"});
    CHECK(instants(set, hour, DstPolicy::vixie) == Texts{"2020-03-01T02:00:00Z", "2020-03-01T03:00:00Z"});
    CHECK(instants(set, hour, DstPolicy::ocps) == Texts{"2020-03-01T03:00:00Z"});
    CHECK(instants(set, hour, DstPolicy::wall) == Texts{"2020-03-01T03:00:00Z"});
}

TEST_CASE("zoned set: the gap holds its first second and not its last") {
    CHECK(instants(fixed({"2020-03-01 02:00:00"}), hour, DstPolicy::vixie) == Texts{"2020-03-01T02:00:00Z"});
    CHECK(instants(fixed({"2020-03-01 02:59:59"}), hour, DstPolicy::vixie) == Texts{"2020-03-01T02:00:00Z"});
    CHECK(instants(fixed({"2020-03-01 01:59:59"}), hour, DstPolicy::vixie) == Texts{"2020-03-01T01:59:59Z"});
    CHECK(instants(fixed({"2020-03-01 03:00:00"}), hour, DstPolicy::wall) == Texts{"2020-03-01T02:00:00Z"});
}

TEST_CASE("zoned set: an occurrence at the end of a gap and one that the gap pushed there are one") {
    CHECK(instants(fixed({"2020-03-01 02:30:00", "2020-03-01 03:00:00"}), hour, DstPolicy::vixie) ==
          Texts{"2020-03-01T02:00:00Z"});
}

TEST_CASE("zoned set: an interval makes up for a missing time that its rhythm does not reach") {
    CHECK(instants(rhythm({"2020-03-01 02:15:00", "2020-03-01 03:15:00"}), hour, DstPolicy::vixie) ==
          Texts{"2020-03-01T02:15:00Z"});
    CHECK(instants(rhythm({"2020-03-01 02:15:00", "2020-03-01 04:15:00"}), hour, DstPolicy::vixie) ==
          Texts{"2020-03-01T02:00:00Z", "2020-03-01T03:15:00Z"});
    CHECK(instants(rhythm({"2020-03-01 02:15:00"}), hour, DstPolicy::ocps).empty());
    CHECK(instants(rhythm({"2020-03-01 02:15:00"}), hour, DstPolicy::wall).empty());
}

TEST_CASE("zoned set: one missing time off the beat is enough, whichever it is") {
    const ZoneTable half = table(37'800, {{"2020-03-01T15:30:00Z", 39'600}}); // 02:00 to 02:30, as on Lord Howe
    CHECK(instants(rhythm({"2020-03-02 02:15:00", "2020-03-02 02:45:00"}), half, DstPolicy::vixie) ==
          Texts{"2020-03-01T15:45:00Z"});
    CHECK(
        instants(rhythm({"2020-03-02 02:15:00", "2020-03-02 02:45:00", "2020-03-02 02:20:00"}), half, DstPolicy::vixie)
            .front() == "2020-03-01T15:30:00Z");
    const ZoneTable odd = table(0, {{"2020-03-01T02:00:00Z", 90}}); // a minute and a half
    CHECK(instants(rhythm({"2020-03-01 02:00:00", "2020-03-01 02:01:30", "2020-03-01 02:00:40"}),
                   odd,
                   DstPolicy::vixie) == Texts{"2020-03-01T02:00:00Z"});
    CHECK(instants(rhythm({"2020-03-01 02:00:10", "2020-03-01 02:01:40"}), odd, DstPolicy::vixie) ==
          Texts{"2020-03-01T02:00:10Z"});
}

TEST_CASE("zoned set: a gap of two hours keeps the rhythm of one, hour by hour") {
    const ZoneTable two = table(0, {{"2020-03-01T01:00:00Z", 7200}}); // Troll: 01:00 to 03:00
    CHECK(instants(rhythm({"2020-03-01 01:30:00", "2020-03-01 02:30:00", "2020-03-01 03:30:00", "2020-03-01 04:30:00"}),
                   two,
                   DstPolicy::vixie) == Texts{"2020-03-01T01:30:00Z", "2020-03-01T02:30:00Z"});
    CHECK(instants(rhythm({"2020-03-01 01:30:00", "2020-03-01 02:30:00", "2020-03-01 03:30:00"}),
                   two,
                   DstPolicy::vixie) == Texts{"2020-03-01T01:00:00Z", "2020-03-01T01:30:00Z"});
}

TEST_CASE("zoned set: repeated times run first, or twice") {
    const Times set =
        fixed({"2020-10-01 01:59:59", "2020-10-01 02:00:00", "2020-10-01 02:59:59", "2020-10-01 03:00:00"});
    const Texts once{"2020-10-01T00:59:59Z", "2020-10-01T01:00:00Z", "2020-10-01T01:59:59Z", "2020-10-01T03:00:00Z"};
    const Texts twice{"2020-10-01T00:59:59Z",
                      "2020-10-01T01:00:00Z",
                      "2020-10-01T01:59:59Z",
                      "2020-10-01T02:00:00Z",
                      "2020-10-01T02:59:59Z",
                      "2020-10-01T03:00:00Z"};
    CHECK(instants(set, hour, DstPolicy::vixie) == once);
    CHECK(instants(set, hour, DstPolicy::ocps) == once);
    CHECK(instants(set, hour, DstPolicy::wall) == twice);
    Times interval = set;
    interval.interval = true;
    CHECK(instants(interval, hour, DstPolicy::vixie) == twice);
    CHECK(instants(interval, hour, DstPolicy::ocps) == once);
    CHECK(instants(interval, hour, DstPolicy::wall) == twice);
}

TEST_CASE("zoned set: a repeated time of the last date of all is found both times") {
    CHECK(instants(fixed({"2020-10-01 02:30:00"}), hour, DstPolicy::wall) ==
          Texts{"2020-10-01T01:30:00Z", "2020-10-01T02:30:00Z"});
}

TEST_CASE("zoned set: a change of exactly three hours follows the rules, a larger one none") {
    const ZoneTable three = table(0, {{"2020-03-01T00:00:00Z", 10'800}, {"2020-10-01T00:00:00Z", 0}});
    const Times set = fixed({"2020-03-01 01:00:00", "2020-10-01 01:00:00"});
    CHECK(instants(set, three, DstPolicy::vixie) == Texts{"2020-03-01T00:00:00Z", "2020-09-30T22:00:00Z"});
    const ZoneTable more = table(0, {{"2020-03-01T00:00:00Z", 10'801}, {"2020-10-01T00:00:00Z", 0}});
    for (const auto policy : {DstPolicy::vixie, DstPolicy::ocps, DstPolicy::wall})
        CHECK(instants(set, more, policy) == Texts{"2020-09-30T21:59:59Z", "2020-10-01T01:00:00Z"});
}

TEST_CASE("zoned set: a day that is left out is left out, a day that comes twice comes twice") {
    const ZoneTable apia = table(-36'000, {{"2011-12-30T10:00:00Z", 50'400}});
    CHECK(instants(fixed({"2011-12-29 09:00:00", "2011-12-30 09:00:00", "2011-12-31 09:00:00"}),
                   apia,
                   DstPolicy::vixie) == Texts{"2011-12-29T19:00:00Z", "2011-12-30T19:00:00Z"});
    const ZoneTable back = table(50'400, {{"2011-12-30T10:00:00Z", -36'000}});
    CHECK(instants(fixed({"2011-12-30 09:00:00"}), back, DstPolicy::vixie) ==
          Texts{"2011-12-29T19:00:00Z", "2011-12-30T19:00:00Z"});
}

TEST_CASE("zoned set: two changes within one overlap do not lose a time that was not shown before") {
    // 01:00 becomes 02:00, and half an hour later 02:30 becomes 01:30 again: 02:00 to 02:30 comes twice, and 01:30 to
    // 02:00 was skipped before it came.
    const ZoneTable quick = table(0, {{"2020-03-01T01:00:00Z", 3600}, {"2020-03-01T01:30:00Z", 0}});
    CHECK(instants(fixed({"2020-03-01 01:45:00"}), quick, DstPolicy::ocps) == Texts{"2020-03-01T01:45:00Z"});
    CHECK(instants(fixed({"2020-03-01 02:15:00"}), quick, DstPolicy::ocps) == Texts{"2020-03-01T01:15:00Z"});
    CHECK(instants(fixed({"2020-03-01 02:15:00"}), quick, DstPolicy::wall) ==
          Texts{"2020-03-01T01:15:00Z", "2020-03-01T02:15:00Z"});
}

TEST_CASE("zoned set: an offset that changes only its name changes nothing") {
    const ZoneTable same = table(3600, {{"2020-03-01T01:00:00Z", 3600}});
    CHECK(instants(fixed({"2020-03-01 02:00:00", "2020-03-01 02:30:00"}), same, DstPolicy::vixie) ==
          Texts{"2020-03-01T01:00:00Z", "2020-03-01T01:30:00Z"});
}

TEST_CASE("zoned set: an empty set has nothing, anywhere") {
    for (const auto policy : {DstPolicy::vixie, DstPolicy::ocps, DstPolicy::wall})
        CHECK(instants(fixed({}), hour, policy).empty());
}

TEST_CASE("zoned set: far apart occurrences are found across many changes") {
    const support::TestZones zones;
    const TimeZone zone = support::zone("America/New_York"); // in 1975 its summer began in February
    CHECK(instants(fixed({"1975-03-01 12:00:00", "2160-07-01 12:00:00"}), zone.table(), DstPolicy::vixie) ==
          Texts{"1975-03-01T16:00:00Z", "2160-07-01T16:00:00Z"});
    CHECK(instants(fixed({"1975-03-01 12:00:00", "2160-03-09 02:30:00"}), zone.table(), DstPolicy::vixie) ==
          Texts{"1975-03-01T16:00:00Z", "2160-03-09T07:00:00Z"});
}
