// SPDX-License-Identifier: MIT
// fuzz/http_fuzz.cpp - requests to the REST API that libFuzzer makes up.
#include "fuzz/http.hpp"
#include "support/zones.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const support::TestZones zones;
    fuzz::http({reinterpret_cast<const char*>(data), size});
    return 0;
}
