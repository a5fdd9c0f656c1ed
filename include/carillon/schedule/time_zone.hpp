// SPDX-License-Identifier: MIT
// time_zone.hpp - what does a wall clock show at an instant, and which instant does it mean?
//
//   auto zone = TimeZone::find("America/New_York").value();
//   zone.to_local(instant)                       2025-03-09 01:59:59
//   zone.lookup(2025-03-09 02:30:00)             skipped: clocks were put forward from 02:00 to 03:00
//   zone.lookup(2025-11-02 01:30:00)             repeated: shown twice, an hour apart
//
// A civil time that does not exist, or exists twice, is not an error but a value: `CivilLookup` says which of the three
// it is and gives the instants; what to make of it is the caller's rule (DstPolicy in schedule.hpp is one).
//
// A transition is an instant at which the offset changes, for whatever reason; nobody asks whether it is daylight
// saving. Tables reach to the year 2201: later instants keep the offset in force then.
#pragma once

#include "carillon/error.hpp"
#include "carillon/schedule/tzif.hpp"
#include "carillon/schedule/zone_database.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// What a civil time means in a zone, and around which transition:
///
///   unique     one instant: `first`, `second` and `transition` are all that instant
///   skipped    none: clocks were put forward over it at `transition`. `first` reads it with the offset before (and
///   lies
///              behind the transition), `second` with the offset after (and lies before the transition)
///   repeated   two: `first` lies before `transition`, `second` at or behind it
struct CivilLookup {
    enum class Kind : std::uint8_t { unique, skipped, repeated };
    Kind kind = Kind::unique;
    std::chrono::sys_seconds first;
    std::chrono::sys_seconds second;
    std::chrono::sys_seconds transition;
    friend bool operator==(const CivilLookup&, const CivilLookup&) = default;
};

/// A change of offset: `at` is the first second with `after`.
struct ZoneTransition {
    std::chrono::sys_seconds at;
    UtcOffset before{0};
    UtcOffset after{0};
    friend bool operator==(const ZoneTransition&, const ZoneTransition&) = default;
};

/// A time zone: a small handle to an immutable table, cheap to copy. Every query is thread-safe and does not block. A
/// handle stays as it is when the system's database changes; after reload_time_zones() `find` gives the new zone.
class TimeZone {
public:
    /// UTC.
    TimeZone();

    /// A zone of the host's own making.
    TimeZone(std::string name, ZoneTable table);

    /// "UTC", "Etc/UTC" and "Z", a fixed offset "+05:30", or a name of the IANA database, in exact case. Only the last
    /// needs a file (zone_database.hpp), and only at the first call. Errors: `unknown_time_zone`, and
    /// `invalid_time_zone_data` where there is a file that is damaged.
    [[nodiscard]] static Result<TimeZone> find(std::string_view name);

    [[nodiscard]] const std::string& name() const noexcept { return data_->name; }
    [[nodiscard]] const ZoneTable& table() const noexcept { return data_->table; }
    /// "2025b", the release of the database that it was read from: of two releases the later one is the greater text.
    /// Empty for UTC, for a fixed offset, for a zone of the host's own making, and where the database does not say.
    [[nodiscard]] const std::string& database_version() const noexcept { return data_->version; }

    [[nodiscard]] UtcOffset offset_at(Instant instant) const noexcept;
    /// "CEST", or "+0530" where the zone has no letters for it.
    [[nodiscard]] std::string_view abbreviation_at(Instant instant) const noexcept;

    /// What a clock on the wall shows at `instant`.
    [[nodiscard]] std::chrono::local_time<Duration> to_local(Instant instant) const noexcept;
    [[nodiscard]] CivilLookup lookup(std::chrono::local_seconds civil) const noexcept;

    /// The first transition after an instant, and the last one at or before it.
    [[nodiscard]] std::optional<ZoneTransition> next_transition(Instant after) const noexcept;
    [[nodiscard]] std::optional<ZoneTransition> previous_transition(Instant until) const noexcept;

    /// True when the offset never changes.
    [[nodiscard]] bool is_fixed() const noexcept { return table().size() == 1; }

    /// Equal: of one name and of one table.
    friend bool operator==(const TimeZone& a, const TimeZone& b) noexcept {
        return a.data_ == b.data_ || (a.name() == b.name() && a.table() == b.table());
    }

private:
    explicit TimeZone(std::shared_ptr<const detail::ZoneData> data)
        : data_(std::move(data)) {}

    std::shared_ptr<const detail::ZoneData> data_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// No offset is larger, so civil time and UTC are never further apart.
inline constexpr std::chrono::seconds largest_offset = std::chrono::hours{26};

inline const std::shared_ptr<const ZoneData>& utc_zone() {
    static const auto zone = std::make_shared<const ZoneData>(ZoneData{"UTC", ZoneTable::fixed(UtcOffset{0}, "UTC")});
    return zone;
}

/// `+hh:mm` or `-hh:mm`, below a day.
inline std::optional<UtcOffset> parse_fixed_offset(std::string_view name) noexcept {
    TextReader in{name};
    if (name.empty() || name[0] == 'Z' || name[0] == 'z') return std::nullopt;
    const auto minutes = read_offset(in);
    if (!minutes || !in.at_end()) return std::nullopt;
    return UtcOffset{static_cast<std::int32_t>(minutes->count()) * 60};
}

/// "+0530", the way the database names an offset that has no letters.
inline std::string offset_abbreviation(std::string_view name) {
    return std::string(name.substr(0, 3)).append(name.substr(4));
}

/// The range and the one before it differ in offset; a change of abbreviation alone is no transition.
inline bool is_transition(const ZoneTable& table, std::size_t i) noexcept {
    return i != 0 && table[i - 1].offset != table[i].offset;
}

inline ZoneTransition transition_at(const ZoneTable& table, std::size_t i) noexcept {
    return {table[i].begin, table[i - 1].offset, table[i].offset};
}

} // namespace detail

inline TimeZone::TimeZone()
    : data_(detail::utc_zone()) {}

inline TimeZone::TimeZone(std::string name, ZoneTable table)
    : data_(std::make_shared<const detail::ZoneData>(detail::ZoneData{std::move(name), std::move(table)})) {}

inline Result<TimeZone> TimeZone::find(std::string_view name) {
    if (name == "UTC" || name == "Z") return TimeZone();
    if (name == "Etc/UTC") return TimeZone("Etc/UTC", TimeZone().table());
    if (const auto offset = detail::parse_fixed_offset(name))
        return TimeZone(std::string(name), ZoneTable::fixed(*offset, detail::offset_abbreviation(name)));
    auto entry = detail::ZoneDatabase::instance().find(name);
    if (!entry) return entry.parse_error();
    return TimeZone(*std::move(entry));
}

inline UtcOffset TimeZone::offset_at(Instant instant) const noexcept {
    return table()[table().index_of(floor_to_second(instant))].offset;
}

inline std::string_view TimeZone::abbreviation_at(Instant instant) const noexcept {
    return table().abbreviation(table()[table().index_of(floor_to_second(instant))]);
}

inline std::chrono::local_time<Duration> TimeZone::to_local(Instant instant) const noexcept {
    return std::chrono::local_time<Duration>{instant.time_since_epoch() + offset_at(instant)};
}

inline CivilLookup TimeZone::lookup(std::chrono::local_seconds civil) const noexcept {
    const std::chrono::sys_seconds as_utc{civil.time_since_epoch()};
    CivilLookup result;
    int found = 0;
    std::size_t i = table().index_of(as_utc - detail::largest_offset);
    for (; i < table().size() && table()[i].begin <= as_utc + detail::largest_offset; ++i) {
        const auto here = as_utc - table()[i].offset;
        if (i != 0 && here < table()[i].begin && as_utc - table()[i - 1].offset >= table()[i].begin && found == 0)
            result = {CivilLookup::Kind::skipped, as_utc - table()[i - 1].offset, here, table()[i].begin};
        if (!table().covers(i, here)) continue;
        if (++found == 1) {
            result = {CivilLookup::Kind::unique, here, here, here};
        } else {
            result.kind = CivilLookup::Kind::repeated;
            result.second = here;
            result.transition = table()[i].begin;
        }
    }
    return result;
}

inline std::optional<ZoneTransition> TimeZone::next_transition(Instant after) const noexcept {
    for (std::size_t i = table().index_of(floor_to_second(after)) + 1; i < table().size(); ++i)
        if (detail::is_transition(table(), i)) return detail::transition_at(table(), i);
    return std::nullopt;
}

inline std::optional<ZoneTransition> TimeZone::previous_transition(Instant until) const noexcept {
    for (std::size_t i = table().index_of(floor_to_second(until)); i > 0; --i)
        if (detail::is_transition(table(), i)) return detail::transition_at(table(), i);
    return std::nullopt;
}

} // namespace carillon
