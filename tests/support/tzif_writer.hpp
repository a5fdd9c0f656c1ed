// SPDX-License-Identifier: MIT
// support/tzif_writer.hpp - writes TZif files, right ones and wrong ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace support {

struct TzifType {
    std::int32_t offset = 0;
    bool is_dst = false;
    std::uint8_t abbreviation = 0;
};

struct TzifTransition {
    std::int64_t at = 0;
    std::uint8_t type = 0;
};

/// What a file says. Version 0 is version 1, which has only 32-bit times and no footer.
struct TzifFile {
    char version = '2';
    std::vector<TzifTransition> transitions;
    std::vector<TzifType> types{{0, false, 0}};
    std::string abbreviations = std::string("UTC\0", 4);
    std::string footer = "\n\n";
    std::string leap_seconds; ///< bytes
    std::uint32_t leap_second_count = 0;
};

namespace detail {

inline std::string big_endian(std::uint64_t value, int width) {
    std::string bytes;
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
        bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
}

inline std::string tzif_block(const TzifFile& file, int time_size) {
    std::string bytes = std::string("TZif") + file.version + std::string(15, '\0');
    bytes += big_endian(0, 4) + big_endian(0, 4) + big_endian(file.leap_second_count, 4);
    bytes += big_endian(file.transitions.size(), 4) + big_endian(file.types.size(), 4);
    bytes += big_endian(file.abbreviations.size(), 4);
    for (const auto& transition : file.transitions)
        bytes += big_endian(static_cast<std::uint64_t>(transition.at), time_size);
    for (const auto& transition : file.transitions)
        bytes += static_cast<char>(transition.type);
    for (const auto& type : file.types) {
        bytes += big_endian(static_cast<std::uint32_t>(type.offset), 4);
        bytes += static_cast<char>(type.is_dst);
        bytes += static_cast<char>(type.abbreviation);
    }
    return bytes + file.abbreviations + file.leap_seconds;
}

} // namespace detail

/// The bytes of the file; from version 2 on the 32-bit block is empty, as zic -b slim writes it.
inline std::string tzif_bytes(const TzifFile& file) {
    if (file.version == '\0') return detail::tzif_block(file, 4);
    TzifFile stub;
    stub.version = file.version;
    stub.abbreviations = std::string(1, '\0');
    return detail::tzif_block(stub, 4) + detail::tzif_block(file, 8) + file.footer;
}

} // namespace support
