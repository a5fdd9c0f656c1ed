#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quickstart.sh [jobs.json] [seconds] [state.db] - installs what is missing, builds the quickstart and runs it. What it
# knows is kept in build/quickstart/, in a file named after the jobs: called again, it goes on.
set -euo pipefail

usage="usage: quickstart.sh [jobs.json] [seconds] [state.db]"
if [[ $# -gt 3 || ${1:-} == -* ]]; then
    echo "$usage"
    [[ ${1:-} == -h || ${1:-} == --help ]]
    exit
fi
jobs=$(realpath -m "${1:-$(dirname "${BASH_SOURCE[0]}")/quickstart/jobs.json}")
[[ -r $jobs ]] || { echo "quickstart.sh: cannot read $jobs; $usage" >&2; exit 1; }
state=${3:+$(realpath -m "$3")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/support/install.sh

build=build/quickstart
install_missing g++ cmake ninja json date time-zones sqlite cli11
if [[ ! -f $build/build.ninja && ! -f $build/Makefile ]]; then
    echo "Configuring $build"
    mkdir -p "$build"
    cmake -S . -B "$build" -G "$(cmake_generator)" -DCMAKE_BUILD_TYPE= -DCARILLON_BUILD_TESTS=OFF \
        -DCARILLON_INSTALL=OFF >"$build/configure.log" 2>&1 || { cat "$build/configure.log"; exit 1; }
    echo "Building the quickstart: half a minute the first time"
fi
cmake --build "$build" --target quickstart >"$build/build.log" 2>&1 || { cat "$build/build.log"; exit 1; }
exec "$build/examples/quickstart" "$jobs" "${2:-10}" "${state:-$build/$(basename "${jobs%.json}").db}"
