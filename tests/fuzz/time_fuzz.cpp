// SPDX-License-Identifier: MIT
// fuzz/time_fuzz.cpp - instants and durations, with inputs that libFuzzer makes up.
#include "fuzz/time.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::time({reinterpret_cast<const char*>(data), size});
    return 0;
}
