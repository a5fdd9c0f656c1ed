// SPDX-License-Identifier: MIT
// fuzz/zone_fuzz.cpp - time zones, with inputs that libFuzzer makes up.
#include "fuzz/zone.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::zone({reinterpret_cast<const char*>(data), size});
    return 0;
}
