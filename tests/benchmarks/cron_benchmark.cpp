// SPDX-License-Identifier: MIT
// What does a cron expression cost? Parsing, and the next and previous civil second from random places between 2020 and
// 2040. `bare` is the same search without years, seconds, OR of the day fields, L, W and #: five masks and a loop.
#include "carillon/schedule/cron.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <vector>

namespace {

std::atomic<std::size_t> allocations{0};

}

// Not inlined: GCC would warn that free is called on what new returned.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

using namespace std::chrono;
using carillon::CronDialect;
using carillon::CronExpression;

struct Case {
    const char* text;
    CronDialect dialect = CronDialect::extended;
};

constexpr std::array cases{
    Case{"* * * * *"},
    Case{"*/15 * * * *"},
    Case{"0 9 * * 1-5"},
    Case{"30 2 * * *"},
    Case{"0 0 1 * *"},
    Case{"0 0 29 2 *"},
    Case{"* * * * 6#3"},
    Case{"0 0 L * *"},
    Case{"0 12 15W * *"},
    Case{"0 18 LW * *"},
    Case{"0 17 * * FRIL"},
    Case{"0 0 13 * FRI"},
    Case{"0 0 29 2 +MON#5"},
    Case{"0 0 0 1 1 * 2190"},
    Case{"0 0 30 2 *"},
    Case{"0,3,5 2-50/7,53,59 22-2,11 L-20W,1-7,9,14W,L JAN,MAR-NOV/2 MON#1,TUE#5,FRIL 1999-2190/3"},
    Case{"0 0/5 14,18 ? * MON-FRI", CronDialect::quartz},
};

const std::vector<local_seconds>& starts() {
    static const auto values = [] {
        std::mt19937_64 random(1);
        std::uniform_int_distribution<std::int64_t> second(1577836800, 2208988800);
        std::vector<local_seconds> result(4096);
        for (auto& value : result)
            value = local_seconds{seconds{second(random)}};
        return result;
    }();
    return values;
}

void next(benchmark::State& state, const Case& which) {
    const auto expression = CronExpression::parse(which.text, which.dialect).value();
    const auto& from = starts();
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(expression.next(from[i++ % 4096]));
}

void previous(benchmark::State& state, const Case& which) {
    const auto expression = CronExpression::parse(which.text, which.dialect).value();
    const auto& from = starts();
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(expression.previous(from[i++ % 4096]));
}

void successive(benchmark::State& state, const Case& which) {
    const auto expression = CronExpression::parse(which.text, which.dialect).value();
    local_seconds at = starts()[0];
    for (auto _ : state)
        at = expression.next(at).value_or(starts()[0]);
    benchmark::DoNotOptimize(at);
}

void parse(benchmark::State& state, const Case& which) {
    const std::string text = which.text;
    const std::size_t before = allocations;
    for (auto _ : state)
        benchmark::DoNotOptimize(CronExpression::parse(text, which.dialect));
    state.counters["allocations"] = static_cast<double>(allocations - before);
}

struct BareMasks {
    std::uint64_t minutes;
    std::uint32_t hours, days, months;
    std::uint64_t weekdays; // the week, five times over

    local_seconds next(local_seconds after) const {
        const auto from = floor<minutes_t>(after) + minutes_t{1};
        const auto day = floor<std::chrono::days>(from);
        year_month_day date{day};
        const auto time = static_cast<unsigned>((from - day).count());
        unsigned left = mask_of(date) >> unsigned{date.day()};
        if (left & 1) {
            const unsigned hour = time / 60, minute = time % 60;
            if (hours >> hour & 1)
                if (const auto rest = minutes >> minute; rest != 0) return from + minutes_t{std::countr_zero(rest)};
            if (const auto rest = hours >> hour >> 1; rest != 0)
                return day + std::chrono::hours{hour + 1 + unsigned(std::countr_zero(rest))} + first_minute();
        }
        left >>= 1;
        if (left != 0) return day + std::chrono::days{1 + std::countr_zero(left)} + first_time();
        for (;;) {
            date = year_month_day{date.year() / date.month() / 1} + std::chrono::months{1};
            if (const unsigned mask = mask_of(date); mask != 0)
                return local_days{date} + std::chrono::days{std::countr_zero(mask) - 1} + first_time();
        }
    }

private:
    using minutes_t = std::chrono::minutes;
    unsigned mask_of(year_month_day date) const {
        if (!(months >> unsigned{date.month()} & 1)) return 0;
        const unsigned first = weekday{local_days{date.year() / date.month() / 1}}.c_encoding();
        const unsigned last = unsigned{(date.year() / date.month() / std::chrono::last).day()};
        return days & static_cast<unsigned>(weekdays >> first << 1) & (~0U >> (31 - last));
    }
    minutes_t first_minute() const { return minutes_t{std::countr_zero(minutes)}; }
    minutes_t first_time() const { return std::chrono::hours{std::countr_zero(hours)} + first_minute(); }
};

constexpr std::uint64_t whole_week = 0x7fffffffffffffff;
constexpr BareMasks bare_every_minute{0xfffffffffffffff, 0xffffff, 0xfffffffe, 0x1ffe, whole_week};
constexpr BareMasks bare_weekdays_at_nine{1, 1 << 9, 0xfffffffe, 0x1ffe, 0x3e * 0x0102040810204081};
constexpr BareMasks bare_first_of_month{1, 1, 2, 0x1ffe, whole_week};
constexpr BareMasks bare_leap_day{1, 1, 1U << 29, 1 << 2, whole_week};

void bare(benchmark::State& state, const BareMasks& masks) {
    const auto& from = starts();
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(masks.next(from[i++ % 4096]));
}

const bool registered = [] {
    const auto add = [](const std::string& name, auto function, const auto& argument) {
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { function(state, argument); });
    };
    add("bare/* * * * *", bare, bare_every_minute);
    add("bare/0 9 * * 1-5", bare, bare_weekdays_at_nine);
    add("bare/0 0 1 * *", bare, bare_first_of_month);
    add("bare/0 0 29 2 *", bare, bare_leap_day);
    for (const auto& which : cases) {
        add(std::string("next/") + which.text, next, which);
        add(std::string("previous/") + which.text, previous, which);
        add(std::string("successive/") + which.text, successive, which);
        add(std::string("parse/") + which.text, parse, which);
    }
    return true;
}();

} // namespace
