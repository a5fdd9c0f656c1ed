// SPDX-License-Identifier: MIT
// fuzz/schedule_fuzz.cpp - schedules, with inputs that libFuzzer makes up.
#include "fuzz/schedule.hpp"
#include "support/zones.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const support::TestZones zones;
    fuzz::schedule({reinterpret_cast<const char*>(data), size});
    return 0;
}
