// SPDX-License-Identifier: MIT
// cron_hash.hpp - where in its range does `H` fall for this key?
//
// FNV-1a of the key, the field's number mixed in, then the output function of splitmix64: the same key gives the same
// schedule on every machine and in every version of this library.
#pragma once

#include <cstdint>
#include <string_view>

namespace carillon::detail {

constexpr std::uint64_t fnv1a64(std::string_view bytes) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : bytes)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    return hash;
}

constexpr std::uint64_t mix64(std::uint64_t z) noexcept {
    z += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/// `field_number` counts second 0, minute 1, ... year 6. All `H` of one field share the value.
constexpr std::uint64_t cron_hash(std::string_view key, std::uint64_t field_number) noexcept {
    return mix64(fnv1a64(key) ^ field_number * 0x9e3779b97f4a7c15);
}

} // namespace carillon::detail
