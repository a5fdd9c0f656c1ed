#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# http_load.sh - the REST API under 64 connections of wrk: a page of 100 of 100,000 jobs, and new jobs, in memory and on
# SQLite, beside a bare cpp-httplib server that answers with the same bytes.
#
# The servers take turns, for CARILLON_LOAD_ROUNDS rounds (default 3) of CARILLON_LOAD_SECONDS (default 5); a figure is
# the best of the rounds. CARILLON_LOAD_JOBS for another number of jobs. What is built goes to CARILLON_BUILD_ROOT.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/support/install.sh

rounds=${CARILLON_LOAD_ROUNDS:-3} seconds=${CARILLON_LOAD_SECONDS:-5} jobs=${CARILLON_LOAD_JOBS:-100000}
program=${CARILLON_BUILD_ROOT:-build}/benchmarks/http_load/http_load_server
work=$(mktemp -d)
install_missing wrk
[[ -x $program ]] || { echo "http_load.sh: build it first: tests/run.sh benchmarks" >&2; exit 1; }

"$program" "$work" "$jobs" >"$work/servers" &
server=$!
trap 'kill $server 2>/dev/null || true; wait; rm -rf "$work"' EXIT
until grep -q '^body' "$work/servers"; do
    kill -0 $server || { echo "http_load.sh: the server has ended" >&2; exit 1; }
    sleep 0.2
done
word() { sed -n "s/^$1 //p" "$work/servers"; }

cat >"$work/post.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[$(word body)]==]
LUA
resident() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$server/status"; }

# cpp-httplib listens with a queue of 5: of 64 clients that connect at once some are let in a second later.
# "requests/s errors 99% latency" of one run: load NAME get|post
load() {
    local path=/api/v1/scheduler/jobs script=()
    [[ $2 == get ]] && path+='?limit=100&sort=next_run'
    [[ $2 == post ]] && script=(-s "$work/post.lua")
    wrk -t2 -c64 -d"${seconds}s" --timeout 10s --latency -H "Authorization: Bearer $(word token)" "${script[@]}" "$(word "$1")$path" |
        awk '/Requests\/sec/ { rate = $2 }
             /99%/ { slow = $2 }
             /Socket errors/ { gsub(",", ""); errors += $4 + $6 + $8 + $10 }
             /Non-2xx/ { errors += $NF }
             END { print rate, errors + 0, slow }'
}

for verb in get post; do
    for ((round = 0; round < rounds; ++round)); do
        for name in bare memory sqlite; do echo "$verb $name $(load $name $verb) $(resident)"; done
    done
done | tee "$work/figures" >&2

awk '
    { key = $1 " " $2
      if (!(key in rate)) { keys[++n] = key; first[key] = $6 }
      if ($3 > rate[key]) { rate[key] = $3; slow[key] = $5 }
      errors[key] += $4; last[key] = $6 }
    END {
        print "| | requests/s | / bare | 99 % within | errors | MB resident, first and last round |"
        print "|---|---:|---:|---:|---:|---:|"
        for (i = 1; i <= n; ++i) {
            split(keys[i], part, " ")
            printf "| %s, %s | %.0f | %.2f | %s | %d | %d, %d |\n", part[1] == "get" ? "GET a page" : "POST a job", part[2],
                rate[keys[i]], rate[keys[i]] / rate[part[1] " bare"], slow[keys[i]], errors[keys[i]], first[keys[i]], last[keys[i]]
        }
    }' "$work/figures"
if awk '{ errors += $4 } END { exit errors == 0 }' "$work/figures"; then
    echo "http_load.sh: some requests were not answered well" >&2
    exit 1
fi
