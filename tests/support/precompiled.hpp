// SPDX-License-Identifier: MIT
// support/precompiled.hpp - read once for all test files. No test includes this: each names what it uses.
#pragma once

#include "support/catch.hpp"
#include "support/extern_templates.hpp"
