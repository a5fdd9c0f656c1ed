#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# include_cost.sh - what it costs to include Carillon: seconds of compiler, beside the headers that it stands on.
#
# Each figure is the least of CARILLON_INCLUDE_RUNS rounds (default 7), the includes taking turns in each round, so that
# a busy machine slows all of them. CXX names the compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cxx=${CXX:-g++}
rounds=${CARILLON_INCLUDE_RUNS:-7}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

names=(dependencies umbrella cron)
printf '#include <%s>\n' nlohmann/json.hpp date/date.h chrono thread >"$work/dependencies.cpp"
echo '#include <carillon/carillon.hpp>' >"$work/umbrella.cpp"
echo '#include <carillon/schedule/cron.hpp>' >"$work/cron.cpp"

declare -A least
TIMEFORMAT='%U %S'
for ((round = 0; round < rounds; ++round)); do
    for name in "${names[@]}"; do
        seconds=$({ time "$cxx" -std=c++20 -fsyntax-only -Iinclude "$work/$name.cpp"; } 2>&1 | awk '{ print $1 + $2 }')
        if [[ -z ${least[$name]:-} ]] || awk -v a="$seconds" -v b="${least[$name]}" 'BEGIN { exit !(a < b) }'; then
            least[$name]=$seconds
        fi
    done
done

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

printf '%-50s %6.2f s\n' "json.hpp, date.h, chrono, thread" "${least[dependencies]}"
printf '%-50s %6.2f s  %sx its dependencies (goal: 1.3x)\n' "carillon.hpp" "${least[umbrella]}" \
    "$(ratio "${least[umbrella]}" "${least[dependencies]}")"
printf '%-50s %6.2f s  (goal: 0.5 s)\n' "schedule/cron.hpp alone" "${least[cron]}"

if "$cxx" -std=c++20 -Iinclude -M "$work/cron.cpp" | grep -q nlohmann; then
    echo "schedule/cron.hpp includes JSON; it must not" >&2
    exit 1
fi
echo "schedule/cron.hpp alone has no JSON"
