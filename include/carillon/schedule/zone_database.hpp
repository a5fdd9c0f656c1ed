// SPDX-License-Identifier: MIT
// zone_database.hpp - where do time zones come from, and did they change?
//
// By default from the TZif files of the system: in $TZDIR where that is set, else in the usual folders. A program on
// Windows, in a bare container or on a device brings its own: set_time_zone_source(name -> bytes). Each zone is read
// once; reload_time_zones() reads those in use again, for programs that outlive an update of the database.
#pragma once

#include "carillon/error.hpp"
#include "carillon/schedule/tzif.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// The bytes of the TZif file of that name, or nothing where there is none. Also asked for "tzdata.zi" and "+VERSION",
/// whose first line tells the version of the database. Called without locks, perhaps by several threads at a time; what
/// it throws passes through TimeZone::find.
using TimeZoneSource = std::function<std::optional<std::string>(std::string_view name)>;

/// Asks `source` from now on instead of the system's folders; an empty one goes back to the folders. Zones that were
/// read before are forgotten, handles to them stay valid. Thread-safe.
void set_time_zone_source(TimeZoneSource source);

/// Reads the zones in use again; returns whether any of them, or the version, is different now. A zone that can no
/// longer be read stays as it was. Thread-safe; one thread reads, the others go on with what there is.
bool reload_time_zones();

/// "2025b", the release of the database; empty where it does not say. Reads a file at the first call. Thread-safe.
[[nodiscard]] std::string time_zone_database_version();

/// Grows whenever TimeZone::find may answer differently from before, so that others know when to forget what they
/// derived from it. Thread-safe.
[[nodiscard]] std::uint64_t time_zone_generation() noexcept;

/// True for a name that may be looked for: at most 63 bytes, parts of letters, digits, `_`, `+` and `-` with one `/`
/// between them. Nothing that would leave the folder of the zones is such a name.
[[nodiscard]] constexpr bool is_time_zone_name(std::string_view name) noexcept;

// ---- implementation ------------------------------------------------------------------------------------------------

constexpr bool is_time_zone_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 63;
    if (name.empty() || name.size() > longest || name.back() == '/') return false;
    char before = '/';
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        if (!letter && !other && (c != '/' || before == '/')) return false;
        before = c;
    }
    return true;
}

namespace detail {

struct ZoneData {
    std::string name;
    ZoneTable table;
    std::string version{}; ///< of the database that it was read from
};

/// The whole file; nothing where it cannot be read or is far larger than any zone. Reading a folder fails in fread.
inline std::optional<std::string> read_zone_file(const std::string& path) {
    constexpr std::size_t largest = std::size_t{1} << 20;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) return std::nullopt;
    std::string bytes;
    char buffer[8192];
    while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, file.get())) {
        bytes.append(buffer, n);
        if (bytes.size() > largest) return std::nullopt;
    }
    if (std::ferror(file.get()) != 0) return std::nullopt;
    return bytes;
}

/// $TZDIR decides where it is set; else the first folder that has the file.
inline std::optional<std::string> read_system_zone(std::string_view name) {
    const std::string file = '/' + std::string(name);
    if (const char* folder = std::getenv("TZDIR"); folder != nullptr && *folder != '\0')
        return read_zone_file(folder + file);
    for (const char* folder : {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"})
        if (auto bytes = read_zone_file(folder + file)) return bytes;
    return std::nullopt;
}

/// "2025b" from `# version 2025b` or from `2025b`.
inline std::string version_in(std::string_view text) {
    text = text.substr(0, text.find_first_of("\r\n"));
    constexpr std::string_view label = "# version ";
    if (text.starts_with(label)) text.remove_prefix(label.size());
    const bool odd = text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-.") != std::string_view::npos;
    return odd || text.size() > 32 ? std::string() : std::string(text);
}

/// The zones that were asked for. Readers share a lock; files are read without one.
class ZoneDatabase {
public:
    static ZoneDatabase& instance() {
        static ZoneDatabase database;
        return database;
    }

    using Entry = std::shared_ptr<const ZoneData>;

    Result<Entry> find(std::string_view name) {
        const ParseError unknown{Errc::unknown_time_zone, name, 1, TextKind::time_zone};
        if (!is_time_zone_name(name)) return unknown;
        if (auto entry = known(name)) return entry;
        const auto [source, generation] = current_source();
        const auto bytes = (*source)(name);
        if (!bytes || !bytes->starts_with("TZif")) return unknown;
        auto table = read_tzif(*bytes);
        if (!table) return ParseError{Errc::invalid_time_zone_data, name, 1, TextKind::time_zone};
        auto entry = std::make_shared<const ZoneData>(ZoneData{std::string(name), *std::move(table), version()});
        return remember(std::move(entry), generation);
    }

    void set_source(TimeZoneSource source) {
        if (!source) source = read_system_zone;
        auto shared = std::make_shared<const TimeZoneSource>(std::move(source));
        const std::unique_lock lock(mutex_);
        source_ = std::move(shared);
        zones_.clear();
        version_.reset();
        ++generation_;
    }

    bool reload() {
        const std::lock_guard one_at_a_time(reload_mutex_);
        const auto [source, generation] = current_source();
        const std::string old_version = version();
        const std::string new_version = read_version(*source);
        Zones changed = read_changed(*source, new_version);
        if (changed.empty() && new_version == old_version) return false;
        const std::unique_lock lock(mutex_);
        if (generation != generation_) return true; // the source was replaced meanwhile
        for (auto& [name, entry] : changed)
            zones_[name] = std::move(entry);
        version_ = new_version;
        ++generation_;
        return true;
    }

    std::string version() {
        {
            const std::shared_lock lock(mutex_);
            if (version_) return *version_;
        }
        const auto [source, generation] = current_source();
        std::string version = read_version(*source);
        const std::unique_lock lock(mutex_);
        if (generation == generation_) version_ = version;
        return version;
    }

    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

private:
    using Zones = std::map<std::string, Entry, std::less<>>;
    using Source = std::shared_ptr<const TimeZoneSource>;

    Entry known(std::string_view name) {
        const std::shared_lock lock(mutex_);
        const auto found = zones_.find(name);
        return found == zones_.end() ? nullptr : found->second;
    }

    std::pair<Source, std::uint64_t> current_source() {
        const std::shared_lock lock(mutex_);
        return {source_, generation_};
    }

    /// Two threads may have read one zone; both get the entry of the first. What an old source said is not kept.
    Entry remember(Entry entry, std::uint64_t generation) {
        const std::unique_lock lock(mutex_);
        if (generation != generation_) return entry;
        return zones_.try_emplace(entry->name, entry).first->second;
    }

    Zones in_use() {
        const std::shared_lock lock(mutex_);
        return zones_;
    }

    /// A zone that cannot be read any more is the old one, in the new version as well.
    Zones read_changed(const TimeZoneSource& source, const std::string& new_version) {
        Zones changed;
        for (const auto& [name, entry] : in_use()) {
            const auto bytes = source(name);
            const auto read = bytes ? read_tzif(*bytes) : Result<ZoneTable>(ParseError{});
            const ZoneTable& table = read ? *read : entry->table;
            if (table == entry->table && new_version == entry->version) continue;
            changed[name] = std::make_shared<const ZoneData>(ZoneData{name, table, new_version});
        }
        return changed;
    }

    static std::string read_version(const TimeZoneSource& source) {
        for (const std::string_view name : {"tzdata.zi", "+VERSION"})
            if (const auto text = source(name))
                if (std::string version = version_in(*text); !version.empty()) return version;
        return {};
    }

    std::mutex reload_mutex_;
    std::shared_mutex mutex_;
    Source source_ = std::make_shared<const TimeZoneSource>(read_system_zone);
    Zones zones_;
    std::optional<std::string> version_;
    std::atomic<std::uint64_t> generation_ = 0;
};

} // namespace detail

inline void set_time_zone_source(TimeZoneSource source) {
    detail::ZoneDatabase::instance().set_source(std::move(source));
}

inline bool reload_time_zones() {
    return detail::ZoneDatabase::instance().reload();
}

inline std::string time_zone_database_version() {
    return detail::ZoneDatabase::instance().version();
}

inline std::uint64_t time_zone_generation() noexcept {
    return detail::ZoneDatabase::instance().generation();
}

} // namespace carillon
