// SPDX-License-Identifier: MIT
// ids.hpp - what jobs, runs and audit events are called, and who is asking.
//
//   JobId RunId AuditId   UUIDs of version 7 (RFC 9562): sorted by creation, and three types that cannot be mixed up
//   Caller                a tenant, and who acts for it
#pragma once

#include "carillon/time.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#if __has_include(<pthread.h>)
#    include <pthread.h>
#endif

namespace carillon {

/// 128 bits with the text form 01890a5d-ac96-774b-bcce-b302099a8057.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] std::string str() const;
    /// Reads the 36-character form in either case; empty for anything else.
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text) noexcept;
    /// A new UUID of version 7. Strictly greater than every one made before in this process, also when `now` was set
    /// back; a process made by fork draws other random bits than its parent. Thread-safe, does not block.
    [[nodiscard]] static Uuid next(Instant now);

    [[nodiscard]] constexpr bool is_nil() const noexcept { return *this == Uuid{}; }
    /// As numbers, which is the order of their bytes, and of their texts.
    friend constexpr bool operator==(const Uuid& a, const Uuid& b) noexcept { return a.words() == b.words(); }
    friend constexpr std::strong_ordering operator<=>(const Uuid& a, const Uuid& b) noexcept {
        return a.high() != b.high() ? a.high() <=> b.high() : a.low() <=> b.low();
    }

    /// The first eight bytes, and the last.
    [[nodiscard]] constexpr std::uint64_t high() const noexcept { return big_endian(words()[0]); }
    [[nodiscard]] constexpr std::uint64_t low() const noexcept { return big_endian(words()[1]); }

private:
    [[nodiscard]] constexpr std::array<std::uint64_t, 2> words() const noexcept {
        return std::bit_cast<std::array<std::uint64_t, 2>>(bytes);
    }
    /// In three steps, so that compilers see one instruction that is worth inlining: put together from eight bytes it
    /// was a call for each comparison, as memcmp is.
    [[nodiscard]] static constexpr std::uint64_t big_endian(std::uint64_t word) noexcept {
        if constexpr (std::endian::native == std::endian::big) return word;
        word = (word & 0x00ff'00ff'00ff'00ff) << 8 | (word >> 8 & 0x00ff'00ff'00ff'00ff);
        word = (word & 0x0000'ffff'0000'ffff) << 16 | (word >> 16 & 0x0000'ffff'0000'ffff);
        return word << 32 | word >> 32;
    }
};

/// An id of one kind of thing. Does not convert from text or to another kind: arguments cannot be swapped.
template <class Tag>
class Id {
public:
    constexpr Id() = default;
    constexpr explicit Id(const Uuid& uuid) noexcept
        : uuid_(uuid) {}

    [[nodiscard]] static Id next(Instant now) { return Id(Uuid::next(now)); }
    /// Empty where `text` is not a UUID.
    [[nodiscard]] static std::optional<Id> parse(std::string_view text) noexcept {
        if (auto uuid = Uuid::parse(text)) return Id(*uuid);
        return std::nullopt;
    }

    [[nodiscard]] std::string str() const { return uuid_.str(); }
    [[nodiscard]] constexpr const Uuid& uuid() const noexcept { return uuid_; }
    [[nodiscard]] constexpr bool is_nil() const noexcept { return uuid_.is_nil(); }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;

private:
    Uuid uuid_;
};

using JobId = Id<struct JobTag>;
using RunId = Id<struct RunTag>;
using AuditId = Id<struct AuditTag>;

/// On whose behalf a verb is called: every job belongs to a tenant; `actor` is who gets the credit in the audit.
/// Converts from the tenant's name, so that `scheduler.get_job(id, "acme")` reads well.
struct Caller {
    std::string tenant;
    std::string actor;
    /// For the audit: by which way it came ("api"), the request that it made there, and what its changes have in
    /// common.
    std::string via{};
    std::string request_id{};
    std::string batch{};

    Caller(const char* tenant_name)
        : tenant(tenant_name) {}
    Caller(std::string tenant_name)
        : tenant(std::move(tenant_name)) {}
    Caller(std::string_view tenant_name)
        : tenant(tenant_name) {}
    Caller(std::string tenant_name, std::string actor_name)
        : tenant(std::move(tenant_name))
        , actor(std::move(actor_name)) {}
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// Counts the forks between the first process and this one.
inline std::atomic<std::uint64_t>& fork_generation() noexcept {
    static std::atomic<std::uint64_t> generation{0};
    return generation;
}

inline void count_forks_from_now_on() {
#if __has_include(<pthread.h>)
    static const int registered =
        pthread_atfork(nullptr, nullptr, [] { fork_generation().fetch_add(1, std::memory_order_relaxed); });
    static_cast<void>(registered);
#endif
}

/// What ids of a thread are made from while a simulation runs in it: chance and ticks hang on a seed alone.
class RepeatableIds {
public:
    explicit RepeatableIds(std::uint64_t seed)
        : random(seed)
        , outer_(std::exchange(current(), this)) {}
    RepeatableIds(const RepeatableIds&) = delete;
    RepeatableIds& operator=(const RepeatableIds&) = delete;
    ~RepeatableIds() { current() = outer_; }

    /// Null outside simulations.
    [[nodiscard]] static RepeatableIds*& current() noexcept {
        thread_local RepeatableIds* ids = nullptr;
        return ids;
    }

    std::mt19937_64 random;
    std::uint64_t last_tick = 0;

private:
    RepeatableIds* outer_;
};

/// 64 random bits. One generator a thread, seeded from the system once, and again after a fork.
inline std::uint64_t random_bits() {
    if (RepeatableIds* ids = RepeatableIds::current()) return ids->random();
    struct Source {
        std::uint64_t generation;
        std::mt19937_64 engine;

        explicit Source(std::uint64_t g)
            : generation(g)
            , engine(seeded()) {}
        static std::mt19937_64 seeded() {
            std::random_device device;
            std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
            return std::mt19937_64(seed);
        }
    };
    count_forks_from_now_on();
    const std::uint64_t generation = fork_generation().load(std::memory_order_relaxed);
    thread_local Source source(generation);
    if (source.generation != generation) source = Source(generation);
    return source.engine();
}

/// Milliseconds and a 12-bit counter in one number that only grows: the counter's overflow borrows from the future.
/// 48 bits of milliseconds last to the year 10889; a clock beyond 9999 is taken for 9999, so they never run out.
inline std::uint64_t next_tick(Instant now) noexcept {
    static std::atomic<std::uint64_t> last{0};
    const auto time = std::min(now, latest_instant()).time_since_epoch();
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(time).count();
    const std::uint64_t wanted = ms <= 0 ? 0 : static_cast<std::uint64_t>(ms) << 12;
    if (RepeatableIds* ids = RepeatableIds::current()) return ids->last_tick = std::max(wanted, ids->last_tick + 1);
    std::uint64_t seen = last.load(std::memory_order_relaxed);
    std::uint64_t tick = 0;
    do {
        tick = wanted > seen ? wanted : seen + 1;
    } while (!last.compare_exchange_weak(seen, tick, std::memory_order_relaxed));
    return tick;
}

inline void store_big_endian(std::uint64_t value, std::uint8_t* out) noexcept {
    for (int i = 7; i >= 0; --i, value >>= 8)
        out[i] = static_cast<std::uint8_t>(value & 0xff);
}

constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr bool uuid_has_dash_at(std::size_t i) noexcept {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

} // namespace detail

inline Uuid Uuid::next(Instant now) {
    const std::uint64_t tick = detail::next_tick(now);
    const std::uint64_t high = ((tick >> 12) << 16) | 0x7000U | (tick & 0x0fffU);
    const std::uint64_t low = (detail::random_bits() >> 2) | 0x8000'0000'0000'0000U;
    Uuid uuid;
    detail::store_big_endian(high, uuid.bytes.data());
    detail::store_big_endian(low, uuid.bytes.data() + 8);
    return uuid;
}

inline std::string Uuid::str() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t at = 0;
    for (std::uint8_t byte : bytes) {
        if (detail::uuid_has_dash_at(at)) ++at;
        text[at++] = digits[byte >> 4];
        text[at++] = digits[byte & 0x0f];
    }
    return text;
}

inline std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    Uuid uuid;
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (detail::uuid_has_dash_at(i)) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const int value = detail::hex_value(text[i]);
        if (value < 0) return std::nullopt;
        std::uint8_t& byte = uuid.bytes[nibble / 2];
        byte = static_cast<std::uint8_t>((byte << 4) | value);
        ++nibble;
    }
    return uuid;
}

} // namespace carillon

template <>
struct std::hash<carillon::Uuid> {
    /// Consecutive numbers for UUIDs of version 7 that one process makes one after the other, so that those of rows
    /// that are handled together lie together in a table. The bits left out are random, or the version.
    std::size_t operator()(const carillon::Uuid& uuid) const noexcept {
        return static_cast<std::size_t>((uuid.high() >> 16 << 12) | (uuid.high() & 0xfff));
    }
};

template <class Tag>
struct std::hash<carillon::Id<Tag>> {
    std::size_t operator()(const carillon::Id<Tag>& id) const noexcept {
        return std::hash<carillon::Uuid>{}(id.uuid());
    }
};
