// SPDX-License-Identifier: MIT
// version.hpp - the version of the library, for the preprocessor and for programs.
//
// CMakeLists.txt reads its project version from these three lines.
#pragma once

#define CARILLON_VERSION_MAJOR 0
#define CARILLON_VERSION_MINOR 1
#define CARILLON_VERSION_PATCH 0
#define CARILLON_VERSION_STRING "0.1.0"
