// SPDX-License-Identifier: MIT
// ids_test.cpp - ids are UUIDs of version 7, sorted by their making, and of different kinds that do not mix.
#include "carillon/ids.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <vector>

#if __has_include(<unistd.h>) && __has_include(<sys/wait.h>)
#    include <sys/wait.h>
#    include <unistd.h>
#endif

using namespace carillon;
using namespace std::chrono_literals;

static_assert(!std::is_convertible_v<JobId, RunId> && !std::is_constructible_v<RunId, JobId>);
static_assert(!std::is_convertible_v<RunId, AuditId> && !std::is_constructible_v<JobId, AuditId>);
static_assert(!std::is_constructible_v<JobId, std::string> && !std::is_constructible_v<RunId, const char*>);
static_assert(!std::is_convertible_v<Uuid, JobId> && std::is_constructible_v<JobId, Uuid>);
static_assert(JobId{}.is_nil() && JobId{} == JobId{});
static_assert(std::is_convertible_v<const char*, Caller> && std::is_convertible_v<std::string, Caller>);
static_assert(std::is_convertible_v<std::string_view, Caller>);
static_assert(!std::is_constructible_v<Caller, JobId>);

namespace {

const Instant noon = parse_rfc3339("2026-03-01T12:00:00Z").value();

std::uint64_t milliseconds_of(const Uuid& uuid) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 6; ++i)
        value = value << 8 | uuid.bytes[i];
    return value;
}

/// A moment later than every id that this process has made so far, on a whole millisecond.
Instant after_all_ids() {
    const std::uint64_t ms = milliseconds_of(Uuid::next(Instant{})) + 2;
    return Instant{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
}

Caller same(Caller caller) {
    return caller;
}

} // namespace

TEST_CASE("ids: a new id has version 7, the RFC's variant, and the milliseconds of its making in front") {
    const Instant now = after_all_ids() + 789us;
    const Uuid uuid = Uuid::next(now);
    CHECK((uuid.bytes[6] >> 4) == 7);
    CHECK((uuid.bytes[8] >> 6) == 0b10);
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
    CHECK(milliseconds_of(uuid) == static_cast<std::uint64_t>(ms));
    CHECK(uuid.str().at(14) == '7');

    const Uuid second = Uuid::next(now); // in the same millisecond the counter behind the version tells them apart
    CHECK(milliseconds_of(second) == milliseconds_of(uuid));
    CHECK(second.bytes[6] == uuid.bytes[6]);
    CHECK(second.bytes[7] == uuid.bytes[7] + 1);
}

TEST_CASE("ids: a clock before 1970 gives ids as well") {
    const Uuid first = Uuid::next(Instant{-1us});
    const Uuid second = Uuid::next(Instant::min());
    CHECK(first < second);
    CHECK((second.bytes[6] >> 4) == 7);
}

TEST_CASE("ids: each id is greater than the one before, however the clock is set") {
    JobId last = JobId::next(noon);
    std::size_t not_greater = 0;
    for (int i = 0; i < 100'000; ++i) {
        const Instant now = noon + 1ms * (i % 1'000) - (i % 3 == 0 ? 24h : 0h);
        const JobId next = JobId::next(now);
        if (!(next > last) || !(next.str() > last.str())) ++not_greater;
        last = next;
    }
    CHECK(not_greater == 0);
}

TEST_CASE("ids: the random bits of two ids differ") {
    std::set<std::string> tails;
    for (int i = 0; i < 1'000; ++i)
        tails.insert(RunId::next(noon).str().substr(19));
    CHECK(tails.size() == 1'000);
}

TEST_CASE("ids: threads make different ids, each of them rising", "[concurrent]") {
    constexpr std::size_t threads = 4;
    constexpr std::size_t ids_of_each = 20'000;
    std::array<std::vector<RunId>, threads> made;
    std::vector<std::thread> running;
    for (auto& ids : made)
        running.emplace_back([&ids] {
            ids.reserve(ids_of_each);
            for (std::size_t i = 0; i < ids_of_each; ++i)
                ids.push_back(RunId::next(noon - 1ms * static_cast<int>(i % 7)));
        });
    for (auto& thread : running)
        thread.join();

    std::unordered_set<RunId> all;
    std::set<Uuid> fronts; // without the random half: the time and the counter alone are unique in a process
    for (const auto& ids : made) {
        CHECK(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>{}) == ids.end());
        for (const RunId& id : ids) {
            all.insert(id);
            Uuid front = id.uuid();
            std::memset(front.bytes.data() + 8, 0, 8);
            fronts.insert(front);
        }
    }
    CHECK(all.size() == threads * ids_of_each);
    CHECK(fronts.size() == threads * ids_of_each);
}

#if __has_include(<unistd.h>) && __has_include(<sys/wait.h>)

namespace {

/// What `make` returns in a child process; and in `here`, what it returns in this one, afterwards.
template <class Make>
Uuid in_child(Make make, Uuid* here = nullptr) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const Uuid uuid = make();
        const bool sent = write(ends[1], uuid.bytes.data(), uuid.bytes.size()) == 16;
        _exit(sent ? 0 : 1);
    }
    if (here != nullptr) *here = make();
    Uuid there;
    int status = 1;
    CHECK(read(ends[0], there.bytes.data(), there.bytes.size()) == 16);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    close(ends[0]);
    close(ends[1]);
    return there;
}

} // namespace

TEST_CASE("ids: a forked process draws other random bits than its parent, also at the same tick") {
    const Uuid before = Uuid::next(noon);
    Uuid parent;
    const Uuid child = in_child([] { return Uuid::next(noon); }, &parent);
    CHECK(std::memcmp(parent.bytes.data(), child.bytes.data(), 8) == 0); // the counter alone could not tell them apart
    CHECK(std::memcmp(parent.bytes.data() + 8, child.bytes.data() + 8, 8) != 0);
    CHECK(child > before);
}

TEST_CASE("ids: two forked processes draw different random bits") {
    const Uuid first = in_child([] { return Uuid::next(noon); });
    const Uuid second = in_child([] { return Uuid::next(noon); });
    CHECK(std::memcmp(first.bytes.data(), second.bytes.data(), 8) == 0);
    CHECK(std::memcmp(first.bytes.data() + 8, second.bytes.data() + 8, 8) != 0);
}

TEST_CASE("ids: a clock at the end of time does not use them up") { // in a child, whose later ids interest nobody
    const Instant last_of_48_bits{std::chrono::milliseconds{(std::int64_t{1} << 48) - 1}};
    for (const Instant end : {last_of_48_bits, Instant::max()}) {
        const Uuid last = in_child([end] {
            Uuid uuid = Uuid::next(end);
            for (int i = 0; i < 10'000; ++i) {
                const Uuid next = Uuid::next(i % 2 == 0 ? end : noon);
                if (next <= uuid) return Uuid{};
                uuid = next;
            }
            return uuid;
        });
        CHECK_FALSE(last.is_nil());
        CHECK((last.bytes[6] >> 4) == 7);
    }
}

#endif

TEST_CASE("ids: the text form is read back in either case") {
    const Uuid uuid = Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057").value();
    CHECK(uuid.bytes.front() == 0x01);
    CHECK(uuid.bytes[1] == 0x89);
    CHECK(uuid.bytes.back() == 0x57);
    CHECK(uuid.str() == "01890a5d-ac96-774b-bcce-b302099a8057");
    CHECK(Uuid::parse("01890A5D-AC96-774B-BCCE-B302099A8057") == uuid);
    CHECK(Uuid{}.str() == "00000000-0000-0000-0000-000000000000");
    CHECK(Uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff")->str() == "ffffffff-ffff-ffff-ffff-ffffffffffff");

    for (int i = 0; i < 1'000; ++i) {
        const JobId id = JobId::next(noon);
        CHECK(JobId::parse(id.str()) == id);
    }
}

TEST_CASE("ids: text that is no id is refused") {
    static constexpr std::string_view rows[] = {
        "",
        "01890a5d",
        "01890a5dac96774bbcceb302099a8057",      // without dashes
        "01890a5d-ac96-774b-bcce-b302099a805",   // one short
        "01890a5d-ac96-774b-bcce-b302099a80577", // one long
        "01890a5d-ac96-774b-bcce-b302099a805g",  // not hexadecimal
        "01890a5d-ac96-774b-bcce-b302099a80 7",
        "01890a5d+ac96-774b-bcce-b302099a8057", // another dash
        "01890a5-dac96-774b-bcce-b302099a8057", // a dash at the wrong place
        "{1890a5d-ac96-774b-bcce-b302099a805}",
        "------------------------------------",
        "01890a5d-ac96-774b-bcce-b302099a80\xc3\xa9",
    };
    for (const std::string_view text : rows) {
        INFO(text);
        CHECK_FALSE(Uuid::parse(text).has_value());
        CHECK_FALSE(RunId::parse(text).has_value());
    }
}

TEST_CASE("ids: ids are keys of hashed and of sorted containers") {
    std::unordered_set<JobId> hashed;
    std::unordered_set<std::size_t> hashes;
    for (int i = 0; i < 1'000; ++i) {
        const JobId id = JobId::next(noon);
        hashed.insert(id);
        hashed.insert(JobId::parse(id.str()).value());
        hashes.insert(std::hash<JobId>{}(id));
    }
    CHECK(hashed.size() == 1'000);
    CHECK(hashes.size() == 1'000);
    CHECK(std::hash<Uuid>{}(Uuid::parse("00000000-0000-7000-0000-000000000000").value()) !=
          std::hash<Uuid>{}(Uuid::parse("00000001-0000-7000-0000-000000000000").value()));
}

TEST_CASE("ids: a caller is a tenant's name, or a tenant and who asks") {
    CHECK(same("acme").tenant == "acme");
    CHECK(same("acme").actor.empty());
    CHECK(same(std::string("acme")).tenant == "acme");
    CHECK(same(std::string_view("acme")).tenant == "acme");
    CHECK(same({"acme", "alice"}).tenant == "acme");
    CHECK(same({"acme", "alice"}).actor == "alice");
}
