// SPDX-License-Identifier: MIT
// tzif.hpp - which offset did a zone have, and when? Read from a compiled time zone file (TZif, RFC 9636).
//
//   bytes of /usr/share/zoneinfo/Europe/Paris --read_tzif--> ZoneTable: one range after the other, to the year 2200
//
// Versions 1 to 4; "fat" files that list every change to 2037 and "slim" ones that leave them to the footer's rule give
// the same table from the year of the last listed change on. The footer is spelled out to the year 2201 once, so a
// look-up is a search in an array. Bytes are never trusted: what is out of bounds, out of order or out of range is an
// error, and so is a clock that is set more than 20 times in a year; memory never exceeds a small multiple of the
// input.
#pragma once

#include "carillon/error.hpp"
#include "carillon/schedule/posix_tz.hpp"
#include "carillon/time.hpp"

#include <date/date.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// Seconds that civil time is ahead of UTC; between -24:59:59 and 25:59:59.
using UtcOffset = std::chrono::duration<std::int32_t>;

/// A stretch of time with one offset; it ends where the next one begins.
struct ZoneRange {
    std::chrono::sys_seconds begin;
    UtcOffset offset{0};
    std::uint16_t abbreviation = 0; ///< where its name begins in the table's abbreviations
    bool is_dst = false;            ///< what the file says; no rule of this library depends on it
    friend bool operator==(const ZoneRange&, const ZoneRange&) = default;
};

/// The ranges of a zone from the beginning of time; the last one lasts for ever. Neighbours may have the same offset
/// where only the abbreviation changed. Immutable, so any number of threads may read it.
class ZoneTable {
public:
    /// `ranges` is not empty, begins with `beginning_of_time()`, and ascends.
    ZoneTable(std::vector<ZoneRange> ranges, std::string abbreviations);

    [[nodiscard]] static ZoneTable fixed(UtcOffset offset, std::string_view abbreviation);

    /// Far before and far behind every Instant.
    [[nodiscard]] static constexpr std::chrono::sys_seconds beginning_of_time() noexcept;
    [[nodiscard]] static constexpr std::chrono::sys_seconds end_of_time() noexcept;

    [[nodiscard]] std::span<const ZoneRange> ranges() const noexcept { return {ranges_.data(), ranges_.size() - 1}; }
    [[nodiscard]] const ZoneRange& operator[](std::size_t i) const noexcept { return ranges_[i]; }
    [[nodiscard]] std::size_t size() const noexcept { return ranges_.size() - 1; }
    /// Where range i ends: the beginning of the next one, or end_of_time().
    [[nodiscard]] std::chrono::sys_seconds end_of(std::size_t i) const noexcept { return ranges_[i + 1].begin; }
    [[nodiscard]] bool covers(std::size_t i, std::chrono::sys_seconds t) const noexcept {
        return ranges_[i].begin <= t && t < ranges_[i + 1].begin;
    }

    /// The index of the range that `t` lies in. A `hint` that is right makes it a comparison, else it is a binary
    /// search.
    [[nodiscard]] std::size_t index_of(std::chrono::sys_seconds t) const noexcept;
    [[nodiscard]] std::size_t index_of(std::chrono::sys_seconds t, std::size_t hint) const noexcept {
        return hint < size() && covers(hint, t) ? hint : index_of(t);
    }

    [[nodiscard]] std::string_view abbreviation(const ZoneRange& range) const noexcept {
        return abbreviations_.c_str() + range.abbreviation;
    }

    friend bool operator==(const ZoneTable&, const ZoneTable&) = default;

private:
    std::vector<ZoneRange> ranges_; ///< one more than there are ranges: the last one begins at the end of time
    std::string abbreviations_;     ///< each ended by a zero byte
};

/// Reads the bytes of a TZif file. Files with leap seconds are refused: their times are not those of a POSIX clock. The
/// ranges begin in the years 0 to 2201: an earlier change has always been so, a later one never comes.
/// Error: `invalid_time_zone_data`; its column is the position in `bytes`, from 1, at which the file is wrong.
[[nodiscard]] Result<ZoneTable> read_tzif(std::string_view bytes);

// ---- implementation ------------------------------------------------------------------------------------------------

constexpr std::chrono::sys_seconds ZoneTable::beginning_of_time() noexcept {
    return std::chrono::sys_seconds{std::chrono::seconds{-(std::int64_t{1} << 60)}};
}

constexpr std::chrono::sys_seconds ZoneTable::end_of_time() noexcept {
    return std::chrono::sys_seconds{std::chrono::seconds{std::int64_t{1} << 60}};
}

inline ZoneTable::ZoneTable(std::vector<ZoneRange> ranges, std::string abbreviations)
    : ranges_(std::move(ranges))
    , abbreviations_(std::move(abbreviations)) {
    ranges_.push_back(ranges_.back());
    ranges_.back().begin = end_of_time();
}

inline ZoneTable ZoneTable::fixed(UtcOffset offset, std::string_view abbreviation) {
    return {{{beginning_of_time(), offset, 0, false}}, std::string(abbreviation) + '\0'};
}

inline std::size_t ZoneTable::index_of(std::chrono::sys_seconds t) const noexcept {
    const auto all = ranges();
    const auto next = std::upper_bound(
        all.begin() + 1, all.end(), t, [](std::chrono::sys_seconds s, const auto& range) { return s < range.begin; });
    return static_cast<std::size_t>(next - all.begin()) - 1;
}

namespace detail {

/// The footer's rule is spelled out for these years; civil time ends with 2199, and offsets reach a day beyond.
inline constexpr int first_rule_year = 1900;
inline constexpr int last_rule_year = 2201;
inline constexpr std::chrono::sys_seconds end_of_rules{date::sys_days{date::year{last_rule_year + 1} / 1 / 1}};

struct TzifHeader {
    static constexpr std::size_t size = 44;
    static constexpr std::uint32_t most_characters = 512; ///< an abbreviation begins within the first 256
    char version = 0;                                     ///< zero for version 1, else a digit
    std::uint32_t ut_indicators = 0;
    std::uint32_t standard_indicators = 0;
    std::uint32_t leap_seconds = 0;
    std::uint32_t transitions = 0;
    std::uint32_t types = 0;
    std::uint32_t characters = 0;

    /// In 64 bits the sum of 32-bit counts cannot overflow.
    [[nodiscard]] std::uint64_t data_size(std::uint64_t time_size) const noexcept {
        return transitions * (time_size + 1) + std::uint64_t{types} * 6 + characters + leap_seconds * (time_size + 4) +
               standard_indicators + ut_indicators;
    }
};

class TzifReader {
public:
    explicit TzifReader(std::string_view bytes)
        : bytes_(bytes) {}

    [[nodiscard]] std::size_t position() const noexcept { return position_; }

    std::optional<ZoneTable> read() {
        auto header = read_header();
        if (!header) return std::nullopt;
        if (header->version == 0) return read_data(*header, 4) ? std::optional(finish()) : std::nullopt;
        position_ += static_cast<std::size_t>(header->data_size(4)); // the 32-bit block is for readers of version 1
        header = read_header();
        if (!header || header->version == 0 || !read_data(*header, 8) || !read_footer()) return std::nullopt;
        return finish();
    }

private:
    std::uint64_t big_endian(std::size_t width) noexcept {
        std::uint64_t value = 0;
        for (; width > 0; --width)
            value = value << 8 | static_cast<std::uint8_t>(bytes_[position_++]);
        return value;
    }
    std::uint32_t count() noexcept { return static_cast<std::uint32_t>(big_endian(4)); }
    [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - position_; }

    /// Leaves the position behind the header of a block that lies wholly in the bytes.
    std::optional<TzifHeader> read_header() {
        if (left() < TzifHeader::size || bytes_.substr(position_, 4) != "TZif") return std::nullopt;
        TzifHeader header;
        header.version = bytes_[position_ + 4];
        position_ += 20;
        header.ut_indicators = count();
        header.standard_indicators = count();
        header.leap_seconds = count();
        header.transitions = count();
        header.types = count();
        header.characters = count();
        const bool is_second = position_ > TzifHeader::size;
        const bool known = header.version == 0 || (header.version >= '2' && header.version <= '9');
        if (!known || header.data_size(is_second ? 8 : 4) > left()) return std::nullopt;
        return header;
    }

    bool read_data(const TzifHeader& header, std::size_t time_size) {
        const bool types_fit = header.types >= 1 && header.types <= 256;
        const bool indicators_fit = (header.ut_indicators == 0 || header.ut_indicators == header.types) &&
                                    (header.standard_indicators == 0 || header.standard_indicators == header.types);
        if (!types_fit || !indicators_fit || header.characters == 0 ||
            header.characters > TzifHeader::most_characters || header.leap_seconds != 0)
            return false;
        return read_transitions(header, time_size) && read_types(header) &&
               read_abbreviations(header, header.standard_indicators + header.ut_indicators);
    }

    /// Times ascend and stay in the 2^59 seconds that RFC 9636 asks for. No zone has changed more than five times in a
    /// year; a search looks at each change nearby, so that there must not be thousands.
    bool read_transitions(const TzifHeader& header, std::size_t time_size) {
        constexpr std::int64_t limit = std::int64_t{1} << 59;
        constexpr std::uint32_t most_in_a_year = 20;
        constexpr std::int64_t year = 365 * 86'400;
        times_.reserve(header.transitions);
        for (std::uint32_t i = 0; i < header.transitions; ++i) {
            const std::uint64_t raw = big_endian(time_size);
            const auto time = time_size == 4 ? std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(raw))}
                                             : static_cast<std::int64_t>(raw);
            if (time < -limit || time > limit || (i != 0 && time <= times_.back())) return false;
            if (i >= most_in_a_year && time - times_[i - most_in_a_year] < year) return false;
            times_.push_back(time);
        }
        time_types_ = bytes_.substr(position_, header.transitions);
        for (const char type : time_types_) {
            if (static_cast<std::uint8_t>(type) >= header.types) return false;
            ++position_;
        }
        return true;
    }

    bool read_types(const TzifHeader& header) {
        for (std::uint32_t i = 0; i < header.types; ++i) {
            const auto offset = static_cast<std::int32_t>(count());
            const auto is_dst = static_cast<std::uint8_t>(big_endian(1));
            const auto abbreviation = static_cast<std::uint8_t>(big_endian(1));
            if (offset <= -90'000 || offset >= 93'600 || is_dst > 1 || abbreviation >= header.characters) return false;
            types_.push_back({{}, UtcOffset{offset}, abbreviation, is_dst == 1});
        }
        return true;
    }

    /// A zero byte must end the last abbreviation, so that none runs out of the block.
    bool read_abbreviations(const TzifHeader& header, std::size_t indicators) {
        abbreviations_ = bytes_.substr(position_, header.characters);
        position_ += header.characters;
        if (abbreviations_.back() != '\0') return false;
        position_ += indicators;
        return true;
    }

    /// A rule between two newlines, or nothing between them.
    bool read_footer() {
        if (left() == 0 || bytes_[position_] != '\n') return false;
        const std::size_t end = bytes_.find('\n', ++position_);
        if (end == std::string_view::npos) return false;
        const std::string_view text = bytes_.substr(position_, end - position_);
        if (text.empty()) return true;
        const auto rule = parse_posix_tz(text);
        if (!rule) {
            position_ += rule.parse_error().column - 1;
            return false;
        }
        rule_ = *rule;
        return true;
    }

    ZoneTable finish() {
        append({ZoneTable::beginning_of_time(), types_[0].offset, types_[0].abbreviation, types_[0].is_dst});
        for (std::size_t i = 0; i < times_.size() && at(times_[i]) < end_of_rules; ++i) {
            ZoneRange range = types_[static_cast<std::uint8_t>(time_types_[i])];
            range.begin = begin_at(times_[i]);
            append(range);
        }
        if (rule_ && (times_.empty() || at(times_.back()) < end_of_rules)) append_rule();
        return {std::move(ranges_), std::move(abbreviations_)};
    }

    /// The rule holds from the last listed change on, and for ever where none is listed.
    void append_rule() {
        const auto start = times_.empty() ? ZoneTable::beginning_of_time() : begin_at(times_.back());
        const ZoneRange standard = kind_of_time(rule_->standard, false);
        const ZoneRange daylight = rule_->daylight ? kind_of_time(*rule_->daylight, true) : standard;
        ZoneRange range = standard;
        range.begin = start;
        bool started = false;
        for (const PosixChange& change : changes_between(*rule_, year_before(start), last_rule_year)) {
            if (at(change.at) >= end_of_rules) break;
            if (at(change.at) > start && !std::exchange(started, true)) append(range);
            range = change.to_daylight ? daylight : standard;
            range.begin = std::max(at(change.at), start);
            if (started) append(range);
        }
        if (!started) append(range);
    }

    static int year_before(std::chrono::sys_seconds second) {
        constexpr date::sys_seconds first{date::sys_days{date::year{first_rule_year} / 1 / 1}};
        const date::year_month_day ymd{date::floor<date::days>(std::clamp(second, first, end_of_rules))};
        return std::max(static_cast<int>(ymd.year()) - 1, first_rule_year);
    }

    ZoneRange kind_of_time(const PosixTime& time, bool is_dst) {
        std::size_t place = abbreviations_.find(time.name + '\0');
        if (place == std::string::npos) {
            place = abbreviations_.size();
            abbreviations_ += time.name + '\0';
        }
        return {{}, UtcOffset{time.offset}, static_cast<std::uint16_t>(place), is_dst};
    }

    /// Nothing changes where the new range is like the one before; a range that would be empty disappears.
    void append(const ZoneRange& range) {
        if (!ranges_.empty() && ranges_.back().begin == range.begin) ranges_.pop_back();
        const bool changes = ranges_.empty() || ranges_.back().offset != range.offset ||
                             ranges_.back().is_dst != range.is_dst || name_of(ranges_.back()) != name_of(range);
        if (changes) ranges_.push_back(range);
    }
    [[nodiscard]] std::string_view name_of(const ZoneRange& range) const {
        return abbreviations_.c_str() + range.abbreviation;
    }

    /// What changed before the year 0 has always been so: an Instant cannot hold all that a file can.
    static std::chrono::sys_seconds begin_at(std::int64_t second) {
        return at(second) < floor_to_second(earliest_instant()) ? ZoneTable::beginning_of_time() : at(second);
    }

    static std::chrono::sys_seconds at(std::int64_t second) {
        return std::chrono::sys_seconds{std::chrono::seconds{second}};
    }

    std::string_view bytes_;
    std::size_t position_ = 0;
    std::vector<std::int64_t> times_;
    std::string_view time_types_; ///< one byte for each of times_
    std::vector<ZoneRange> types_;
    std::string abbreviations_;
    std::optional<PosixTz> rule_;
    std::vector<ZoneRange> ranges_;
};

} // namespace detail

inline Result<ZoneTable> read_tzif(std::string_view bytes) {
    detail::TzifReader in{bytes};
    if (auto table = in.read()) return *std::move(table);
    return ParseError{Errc::invalid_time_zone_data, {}, in.position() + 1, TextKind::time_zone};
}

} // namespace carillon
