// SPDX-License-Identifier: MIT
// fuzz/json_fuzz.cpp - JSON of jobs and runs, with inputs that libFuzzer makes up.
#include "fuzz/json.hpp"
#include "support/zones.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const support::TestZones zones;
    fuzz::json({reinterpret_cast<const char*>(data), size});
    return 0;
}
