// SPDX-License-Identifier: MIT
// A wrong cron literal does not compile, and the compiler names the code and the column.
// expect: wrong_cron_literal<carillon::Errc::zero_step, 3>
#include "carillon/schedule/cron.hpp"

using namespace carillon::literals;

constexpr auto every_no_minutes = "*/0 9 * * 1-5"_cron;
