// SPDX-License-Identifier: MIT
// What does a cron expression cost, in civil time? Parsing, and the next and previous second from random places.
//
// `bare` is what a search cannot do without: five masks and a loop over months, without years, seconds, L, W and #. It
// answers the same expression where it can say it, and its answers are compared; else the one beside it in
// cron_cases.hpp.
#include "carillon/schedule/cron.hpp"

#include "cron_cases.hpp"
#include "ratio_table.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

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
using carillon::CronExpression;

CronExpression expression_of(const CronCase& which) {
    return CronExpression::parse(which.text, which.dialect).value();
}

local_seconds start(std::size_t i) {
    return local_seconds{cron_starts()[i % cron_start_count]};
}

void next(benchmark::State& state, const CronCase& which) {
    const auto expression = expression_of(which);
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(expression.next(start(i++)));
}

void previous(benchmark::State& state, const CronCase& which) {
    const auto expression = expression_of(which);
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(expression.previous(start(i++)));
}

void parse(benchmark::State& state, const CronCase& which) {
    const std::string text = which.text;
    const std::size_t before = allocations;
    for (auto _ : state)
        benchmark::DoNotOptimize(CronExpression::parse(text, which.dialect));
    if (allocations != before) state.SkipWithError("a parse has allocated memory");
}

struct BareMasks {
    std::uint64_t minutes;
    std::uint32_t hours, days, months;
    std::uint64_t weekdays; // the week, nine times over
    bool either_day;

    explicit BareMasks(const carillon::detail::CronFields& fields)
        : minutes(fields.minutes)
        , hours(fields.hours)
        , days(fields.days)
        , months(fields.months)
        , weekdays((fields.weekdays & 0x7f) * 0x0102040810204081)
        , either_day(fields.either_day) {}

    [[nodiscard]] local_seconds next(local_seconds after) const {
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
    [[nodiscard]] unsigned mask_of(year_month_day date) const {
        if (!(months >> unsigned{date.month()} & 1)) return 0;
        const unsigned first = weekday{local_days{date.year() / date.month() / 1}}.c_encoding();
        const unsigned last = unsigned{(date.year() / date.month() / std::chrono::last).day()};
        const auto by_weekday = static_cast<unsigned>(weekdays >> first << 1);
        return (either_day ? days | by_weekday : days & by_weekday) & (~0U >> (31 - last)) & ~1U;
    }
    [[nodiscard]] minutes_t first_minute() const { return minutes_t{std::countr_zero(minutes)}; }
    [[nodiscard]] minutes_t first_time() const { return std::chrono::hours{std::countr_zero(hours)} + first_minute(); }
};

void bare(benchmark::State& state, const CronCase& which) {
    const auto expression = CronExpression::parse(which.bare, carillon::CronDialect::extended).value();
    const BareMasks masks(expression.fields());
    for (std::size_t i = 0; i < cron_start_count; ++i)
        if (masks.next(start(i)) != expression.next(start(i))) state.SkipWithError("the bare loop disagrees");
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(masks.next(start(i++)));
}

void register_all() {
    const auto add = [](const char* measure, auto function, const CronCase& which) {
        const std::string name = std::string(measure) + "/" + which.text;
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { function(state, which); });
    };
    for (const CronCase& which : cron_cases) {
        if (which.bare) add("bare", bare, which);
        add("next", next, which);
        add("previous", previous, which);
        add("parse", parse, which);
    }
}

} // namespace

int main(int argc, char** argv) {
    register_all();
    return run_as_table(argc, argv, {{"bare"}, {"next", "bare"}, {"previous", "bare"}, {"parse"}});
}
