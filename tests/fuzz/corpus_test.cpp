// SPDX-License-Identifier: MIT
// fuzz/corpus_test.cpp - every input that a fuzzer found worth keeping, and what was made by hand to do harm, through
// the very functions that the fuzzers call.
#include "fuzz/cron.hpp"
#include "fuzz/http.hpp"
#include "fuzz/json.hpp"
#include "fuzz/schedule.hpp"
#include "fuzz/time.hpp"
#include "fuzz/zone.hpp"
#include "support/catch.hpp"
#include "support/zones.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace {

/// Where `properties` throws, the test says for which file and what did not hold.
void replay(const std::string& folder, void (*properties)(std::string_view)) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(CARILLON_TEST_DATA_DIR "/fuzz/" + folder)) {
        INFO(entry.path());
        REQUIRE_NOTHROW(properties(support::file_bytes(entry.path().string()).value()));
        ++files;
    }
    CHECK(files >= 20);
}

} // namespace

TEST_CASE("fuzz: cron expressions keep their properties for every input of the corpus") {
    replay("cron", fuzz::cron);
}

TEST_CASE("fuzz: time zones keep their properties for every input of the corpus") {
    replay("zone", fuzz::zone);
}

TEST_CASE("fuzz: instants and durations keep their properties for every input of the corpus") {
    replay("time", fuzz::time);
}

TEST_CASE("fuzz: schedules keep their properties for every input of the corpus") {
    const support::TestZones zones;
    replay("schedule", fuzz::schedule);
}

TEST_CASE("fuzz: JSON keeps its properties for every input of the corpus") {
    const support::TestZones zones;
    replay("json", fuzz::json);
}

TEST_CASE("fuzz: the REST API keeps its properties for every input of the corpus") {
    const support::TestZones zones;
    replay("http", fuzz::http);
}

TEST_CASE("fuzz: a property that does not hold ends the run with its words") {
    CHECK_THROWS_WITH(fuzz::require(false, "next(t) > t"), "next(t) > t");
    CHECK_NOTHROW(fuzz::require(true, "next(t) > t"));
}
