// SPDX-License-Identifier: MIT
// support/catch.hpp - Catch2 as Debian ships it (v2) or as FetchContent brings it (v3).
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#    include <catch2/catch_all.hpp>
#else
#    include <catch2/catch.hpp>
#endif
