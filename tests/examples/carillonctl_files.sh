#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# carillonctl_files.sh CARILLONCTL QUICKSTART - the command on files: one that it makes, one that a host has open, broken ones.
set -euo pipefail

carillonctl=$1
quickstart=$2
folder=$(mktemp -d)
host=
# shellcheck disable=SC2329
clean_up() {
    [[ -z $host ]] || kill -KILL "$host" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean_up EXIT
cd "$folder"
export CARILLON_DB=jobs.db
unset CARILLON_TENANT

# says CODE PATTERN ARGUMENTS... - the exit code, and what is on the two outputs together.
says() {
    local code=0 expected=$1 pattern=$2 output
    shift 2
    output=$("$carillonctl" "$@" 2>&1) || code=$?
    [[ $code == "$expected" ]] && grep -Eq -- "$pattern" <<<"$output" && return 0
    printf 'carillonctl_files.sh: carillonctl %s\nended with %s, expected %s and "%s"; it said:\n%s\n' \
        "$*" "$code" "$expected" "$pattern" "$output" >&2
    exit 1
}

# ---- the command line
says 0 'Exit codes' --help
says 2 'there is no command "lsit"' lsit
says 2 '"code": "bad_parameter"' --json list --limit many
says 2 'INSTANT' explain job
CARILLON_DB='' says 2 'db' list

# ---- a file that is not there is made only when that is asked for
says 1 'there is no file "jobs.db"' --tenant acme create --name Report --schedule @daily --type report
[[ ! -e jobs.db ]]
says 0 '"Report" is stored, next run' --tenant acme create --table --new-file --key report --name Report \
    --schedule '0 9 * * *' --time-zone Europe/Paris --type report --metadata '{"owner": "ops"}'
says 0 '"owner": "ops"' show report
says 0 '^\[' list
says 0 '^name +key +schedule' list --table
says 1 'the step must be 1 or more' create --name x --schedule '*/0 * * * *' --type report
says 1 '"code": "zero_step"' --json create --name x --schedule '*/0 * * * *' --type report
says 2 'expected an object|parse error' create --name x --schedule @daily --action '{'
echo '{"name": "From a file", "schedule": "@daily", "action": {"type": "report"}}' |
    "$carillonctl" create --spec - --disabled --table | grep -q '"From a file" is stored, disabled'
says 0 '"schedule": "0 8 \* \* \*"' update report --schedule '0 8 * * *' --revision 1
says 1 'revision' update report --schedule '0 7 * * *' --revision 1
says 0 'is paused' --actor ops --table pause report --reason holidays
says 0 'ops +job.paused +Report +holidays' --table audit report --by ops
says 0 'goes on' --table resume report
says 3 'has no job "nothing"' show nothing
says 3 'has no job' --tenant globex show report
says 0 'It lies ahead' --table explain report 2099-06-01T06:00:00Z
says 0 '"action_type": "report"' what-would-run --for 48h
says 0 '"trigger": "manual"' trigger report
run=$("$carillonctl" runs report | sed -n 's/^    "id": "\(.*\)",$/\1/p')
says 0 '"status": "cancelled"' cancel "$run"
says 0 "\"retry_of\": \"$run\"" retry "$run"
says 3 'has no run' cancel 01890a5d-ac96-774b-bcce-b302099a8057
says 0 'is deleted' --table delete 'From a file'
says 0 'all is well' doctor --table
says 0 '"healthy": true' doctor

# ---- while a host runs
cat >host.json <<JSON
{"acme": {"tick": {"name": "Tick", "schedule": "@daily", "action": {"type": "shell", "command": "echo ticked"}},
          "lost": {"name": "Lost", "schedule": "@daily", "action": {"type": "nobody_knows"}}}}
JSON
export CARILLON_DB=host.db
"$quickstart" host.json 60 host.db >host.log 2>&1 &
host=$!
for ((waited = 0; waited < 300; ++waited)); do
    grep -q '^ended' host.log && break
    sleep 0.1
done
"$carillonctl" trigger tick >/dev/null
for ((waited = 0; waited < 100; ++waited)); do
    grep -q 'Tick.*ticked' host.log && break
    sleep 0.1
done
[[ $waited -lt 100 ]] || { cat host.log >&2; exit 1; }
says 0 'ticked' --table runs tick
says 0 'all is well' doctor --table
kill -KILL "$host"
wait "$host" 2>/dev/null || true
host=
says 0 'ticked' --table runs tick

# ---- files that are none
echo 'this is no database, and long enough to have a header of one: ..............................................' >text.db
CARILLON_DB=text.db says 1 'text.db' --tenant acme list
CARILLON_DB=text.db says 1 'not all is well' doctor --table
CARILLON_DB=nothing.db says 1 'there is no file' doctor --table
mkdir folder.db
CARILLON_DB=folder.db says 1 'folder.db' doctor --table
cp host.db damaged.db
dd if=/dev/urandom of=damaged.db bs=4096 seek=6 count=4 conv=notrunc status=none
CARILLON_DB=damaged.db says 1 'not all is well' doctor --table
echo "all said what they should"
