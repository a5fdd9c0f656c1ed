// SPDX-License-Identifier: MIT
// compile_fail/swapped_ids.cpp - a run's id where a job's id belongs.
// expect: Run(Id|Tag).*Job(Id|Tag)

#include <carillon/ids.hpp>

bool pause(carillon::JobId job);

bool swapped(carillon::RunId run) {
    return pause(run);
}
