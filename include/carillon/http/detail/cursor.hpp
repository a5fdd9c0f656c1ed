// SPDX-License-Identifier: MIT
// http/detail/cursor.hpp - a place in a listing as text that nobody but this API reads.
//
// base64url of: version, kind, a hash of the tenant and the filter, the key and id of the last row, a checksum. With
// another filter, for another tenant or with one byte changed it is refused. It holds nothing secret, and whoever
// forges one sees rows of its own tenant only: the checksum is no signature.
#pragma once

#include "carillon/http/detail/http_text.hpp"
#include "carillon/http/detail/problem.hpp"
#include "carillon/ids.hpp"
#include "carillon/schedule/cron_hash.hpp"
#include "carillon/time.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::detail {

/// What is listed, and in which order.
enum class CursorKind : char { jobs_newest, jobs_name, jobs_next_run, runs, planned_runs, audit };

class CursorWriter {
public:
    CursorWriter(CursorKind kind, std::uint64_t filter) {
        bytes_ += version;
        bytes_ += static_cast<char>(kind);
        number(filter);
    }

    CursorWriter& number(std::uint64_t value) {
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes_ += static_cast<char>(value >> shift & 0xff);
        return *this;
    }
    CursorWriter& instant(Instant value) {
        return number(static_cast<std::uint64_t>(value.time_since_epoch().count()));
    }
    CursorWriter& instant(std::optional<Instant> value) {
        number(value ? 1 : 0);
        return value ? instant(*value) : *this;
    }
    CursorWriter& text(std::string_view value) {
        number(value.size());
        bytes_ += value;
        return *this;
    }
    template <class Tag>
    CursorWriter& id(const Id<Tag>& value) {
        return number(value.uuid().high()).number(value.uuid().low());
    }

    [[nodiscard]] std::string str() const {
        CursorWriter whole = *this;
        whole.number(fnv1a64(bytes_));
        return to_base64url(whole.bytes_);
    }

    static constexpr char version = 1;

private:
    std::string bytes_;
};

/// Throws Problem{bad_cursor} for whatever CursorWriter did not write for that listing.
class CursorReader {
public:
    CursorReader(std::string_view text, CursorKind kind, std::uint64_t filter)
        : bytes_(from_base64url(text).value_or("")) {
        constexpr std::size_t head = 2 + 8;
        if (bytes_.size() < head + 8) refuse_cursor();
        const std::string_view all = bytes_;
        end_ = all.size() - 8;
        at_ = end_;
        const std::uint64_t checksum = read_number(all.size());
        if (checksum != fnv1a64(all.substr(0, end_))) refuse_cursor();
        at_ = 2;
        if (bytes_[0] != CursorWriter::version || bytes_[1] != static_cast<char>(kind) || number() != filter)
            refuse_cursor();
    }

    [[nodiscard]] std::uint64_t number() { return read_number(end_); }
    [[nodiscard]] Instant instant() { return Instant{Duration{static_cast<std::int64_t>(number())}}; }
    [[nodiscard]] std::optional<Instant> optional_instant() {
        if (number() == 0) return std::nullopt;
        return instant();
    }
    [[nodiscard]] std::string text() {
        const std::uint64_t size = number();
        if (size > end_ - at_) refuse_cursor();
        at_ += static_cast<std::size_t>(size);
        return bytes_.substr(at_ - static_cast<std::size_t>(size), static_cast<std::size_t>(size));
    }
    template <class IdType>
    [[nodiscard]] IdType id() {
        Uuid uuid;
        if (end_ - at_ < uuid.bytes.size()) refuse_cursor();
        std::transform(bytes_.begin() + static_cast<std::ptrdiff_t>(at_),
                       bytes_.begin() + static_cast<std::ptrdiff_t>(at_ + uuid.bytes.size()),
                       uuid.bytes.begin(),
                       [](char c) { return static_cast<std::uint8_t>(c); });
        at_ += uuid.bytes.size();
        return IdType(uuid);
    }

private:
    [[noreturn]] static void refuse_cursor() {
        throw Problem(
            ProblemCode::bad_cursor,
            "after: expected the `next` of a page of this listing with the same filter; begin again without it",
            "after");
    }
    std::uint64_t read_number(std::size_t end) {
        if (end - at_ < 8) refuse_cursor();
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i)
            value = value << 8 | static_cast<unsigned char>(bytes_[at_++]);
        return value;
    }

    std::string bytes_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
};

} // namespace carillon::detail
