// SPDX-License-Identifier: MIT
// cron_cases.hpp - the expressions that the cron benchmarks measure, and the moments they start from.
#pragma once

#include "carillon/schedule/cron.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

/// Five masks and a loop cannot say everything: `bare` is the expression that the bare loop reads instead. Null: there
/// is none, because the loop would not end.
struct CronCase {
    const char* text;
    const char* bare;
    carillon::CronDialect dialect = carillon::CronDialect::extended;
};

inline constexpr std::array cron_cases{
    CronCase{"* * * * *", "* * * * *"},
    CronCase{"*/15 * * * *", "*/15 * * * *"},
    CronCase{"0 9 * * 1-5", "0 9 * * 1-5"},
    CronCase{"30 2 * * *", "30 2 * * *"},
    CronCase{"0 0 1 * *", "0 0 1 * *"},
    CronCase{"0 0 29 2 *", "0 0 29 2 *"},
    CronCase{"0 0 13 * FRI", "0 0 13 * FRI"},
    CronCase{"* * * * 6#3", "* * * * 6"},
    CronCase{"0 0 L * *", "0 0 28 * *"},
    CronCase{"0 12 15W * *", "0 12 15 * *"},
    CronCase{"0 18 LW * *", "0 18 28 * *"},
    CronCase{"0 17 * * FRIL", "0 17 * * FRI"},
    CronCase{"0 0 29 2 +MON#5", "0 0 29 2 +MON"},
    CronCase{"0 0 0 1 1 * 2190", "0 0 1 1 *"},
    CronCase{"0 0 30 2 *", nullptr},
    CronCase{"0,3,5 2-50/7,53,59 22-2,11 L-20W,1-7,9,14W,L JAN,MAR-NOV/2 MON#1,TUE#5,FRIL 1999-2190/3",
             "2-50/7,53,59 22-2,11 1-7,9,14 JAN,MAR-NOV/2 MON,TUE"},
    CronCase{"0 0/5 14,18 ? * MON-FRI", "*/5 14,18 * * MON-FRI", carillon::CronDialect::quartz},
};

inline constexpr std::size_t cron_start_count = 4096;

/// Random seconds of the years 2020 to 2039.
inline const std::vector<std::chrono::seconds>& cron_starts() {
    static const auto values = [] {
        std::mt19937_64 random(1);
        std::uniform_int_distribution<std::int64_t> second(1577836800, 2208988800);
        std::vector<std::chrono::seconds> result(cron_start_count);
        for (auto& value : result)
            value = std::chrono::seconds{second(random)};
        return result;
    }();
    return values;
}
