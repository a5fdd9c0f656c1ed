#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# server.sh [port] [state.db] - installs what is missing, builds scheduler_server and runs it: a scheduler with its REST
# API and its dashboard. It prints where to look. What it knows is in build/server/, unless a file is named.
set -euo pipefail

usage="usage: server.sh [port] [state.db]"
if [[ $# -gt 2 || ${1:-} == -* ]]; then
    echo "$usage"
    [[ ${1:-} == -h || ${1:-} == --help ]]
    exit
fi
port=${1:-8080}
[[ $port =~ ^[0-9]{1,5}$ ]] || { echo "server.sh: expected a port, saw \"$port\"; $usage" >&2; exit 1; }
state=${2:+$(realpath -m "$2")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/support/install.sh

build=build/server
install_missing g++ cmake ninja json date time-zones sqlite httplib cli11
is_there /usr/include/httplib.h || is_there /usr/local/include/httplib.h ||
    { echo "server.sh: cpp-httplib is missing: install libcpp-httplib-dev (Debian's name)" >&2; exit 1; }
if [[ ! -f $build/build.ninja && ! -f $build/Makefile ]]; then
    echo "Configuring $build"
    mkdir -p "$build"
    cmake -S . -B "$build" -G "$(cmake_generator)" -DCMAKE_BUILD_TYPE= -DCARILLON_BUILD_TESTS=OFF \
        -DCARILLON_INSTALL=OFF >"$build/configure.log" 2>&1 || { cat "$build/configure.log"; exit 1; }
fi
echo "Building the server: a minute the first time"
cmake --build "$build" --target scheduler_server >"$build/build.log" 2>&1 || { cat "$build/build.log"; exit 1; }
exec "$build/examples/scheduler_server" --port "$port" --db "${state:-$build/scheduler.db}"
