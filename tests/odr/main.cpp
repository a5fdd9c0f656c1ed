// SPDX-License-Identifier: MIT
// odr/main.cpp - two translation units include the whole library: they link, and share what a process has once.

#include <carillon/carillon.hpp>

#include <iostream>

std::size_t jobs_counted_by_the_other();

int main() {
    carillon::get_scheduler_facade().create_job(
        "acme", {.name = "bell", .schedule = "0 9 * * *", .action = {{"type", "ring"}}});
    const std::size_t counted = jobs_counted_by_the_other();
    std::cout << "expected 1 job in the process-wide scheduler, saw " << counted << "\n";
    return counted == 1 ? 0 : 1;
}
