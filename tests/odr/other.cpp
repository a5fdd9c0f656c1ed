// SPDX-License-Identifier: MIT
// odr/other.cpp - the second translation unit; it includes the library after headers whose names could get in its way.

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iomanip>
#include <iostream>
#include <map>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <sstream>
#include <time.h>
#include <unistd.h>

// clang-format off: after the others
#include <carillon/carillon.hpp>
// clang-format on

std::size_t jobs_counted_by_the_other() {
    return carillon::get_scheduler_facade().list_jobs("acme").size();
}
