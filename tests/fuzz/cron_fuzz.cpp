// SPDX-License-Identifier: MIT
// fuzz/cron_fuzz.cpp - cron expressions, with inputs that libFuzzer makes up.
#include "fuzz/cron.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::cron({reinterpret_cast<const char*>(data), size});
    return 0;
}
