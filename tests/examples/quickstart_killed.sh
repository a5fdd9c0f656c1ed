#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quickstart_killed.sh QUICKSTART - the quickstart is killed with a run in hand, and goes on when it is started again.
set -euo pipefail

quickstart=$1
folder=$(mktemp -d)
first_pid=
# shellcheck disable=SC2329
clean_up() {
    [[ -z $first_pid ]] || kill -KILL "$first_pid" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean_up EXIT

fail() {
    echo "quickstart_killed.sh: $*" >&2
    for log in "$folder"/*.log; do sed "s|^|${log##*/}: |" "$log" >&2; done
    exit 1
}

# "slow" hangs in its first attempt, so that the kill finds it running.
cat >"$folder/jobs.json" <<JSON
{"acme": {
    "gone": {"name": "Gone", "schedule": "@daily", "action": {"type": "shell", "command": "true"}},
    "tick": {"name": "Tick", "schedule": "@every 1s", "policies": {"misfire": {"grace": "1s"}},
             "action": {"type": "shell", "command": "echo tick"}},
    "slow": {"name": "Slow", "schedule": "@every 1s", "max_runs": 1,
             "action": {"type": "shell", "command": "test -e $folder/hung && echo again || { touch $folder/hung; exec sleep 20; }"}}
}}
JSON

"$quickstart" "$folder/jobs.json" 60 "$folder/state.db" >"$folder/first.log" 2>&1 &
first_pid=$!
for ((waited = 0; waited < 300; ++waited)); do
    [[ -e $folder/hung && $(grep -c 'Tick.*completed' "$folder/first.log") -ge 2 ]] && break
    sleep 0.1
done
[[ $waited -lt 300 ]] || fail "nothing ran in thirty seconds"
kill -KILL "$first_pid"
wait "$first_pid" 2>/dev/null || true
first_pid=
grep -q '^State: .*state.db, new$' "$folder/first.log" || fail "the first life does not say that its state is new"
sed -i '/"gone"/d' "$folder/jobs.json"
sleep 3

"$quickstart" "$folder/jobs.json" 6 "$folder/state.db" >"$folder/second.log" 2>&1 || fail "the second life ended with $?"

expect() { grep -Eq "$1" "$folder/second.log" || fail "the second life does not say: $1"; }
expect '^State: .*state.db, goes on with 3 jobs; the last run began 20'
expect 'Slow +completed +\{"output":"again"\}'
expect '^  life +completed +failed +taken over +made up for$'
expect '^  Slow +@every 1s +completed +1 +0 '
# The lives: completed, failed, taken over, made up for.
expect '^  20.*Z pid [0-9]+ +[0-9]+ +0 +0 +0$'
expect '^  20.*Z pid [0-9]+ \(this one\) +[0-9]+ +0 +1 +[1-9][0-9]*$'
expect '^  skipped, misfired: [1-9]'
! grep -q Gone "$folder/second.log" || fail "a job that is no longer in the file is still there"
echo "goes on"
