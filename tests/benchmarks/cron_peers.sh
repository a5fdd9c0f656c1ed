#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cron_peers.sh - what the next occurrence costs in other languages: robfig/cron (Go), croner (JavaScript), croniter
# (Python), beside Carillon in one run.
#
# All are asked the same expressions from the same moments, and their answers are compared. The peers take turns, for
# CARILLON_PEER_ROUNDS rounds (default 5), so that a busy machine slows all of them; a figure is the least of the rounds.
# A peer that cannot be installed is left out. What is built goes to CARILLON_BUILD_ROOT (default build/).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/support/install.sh

rounds=${CARILLON_PEER_ROUNDS:-5}
sources=$PWD/tests/benchmarks/peers
work=${CARILLON_BUILD_ROOT:-build}/peers
mkdir -p "$work"
work=$(cd "$work" && pwd)

install_missing g++ json date go robfig node npm croniter || true

"${CXX:-g++}" -std=c++20 -O3 -DNDEBUG -Iinclude "$sources/carillon.cpp" -o "$work/carillon" -pthread
"$work/carillon" questions >"$work/questions.tsv"
peers=(carillon)
if GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$work/go go build -o "$work/robfig" "$sources/robfig.go"; then
    peers+=(robfig)
fi
if install_from_npm "$work" "$croner_package"; then
    cp "$sources/croner.mjs" "$work/"
    peers+=(croner)
fi
if /usr/bin/python3 -c 'import croniter' 2>/dev/null; then peers+=(croniter); fi

ask() {
    case $1 in
        croner) node "$work/croner.mjs" ;;
        croniter) /usr/bin/python3 "$sources/croniter.py" ;;
        *) "$work/$1" ;;
    esac <"$work/questions.tsv" | sed "s/^/$1\t/"
}

for ((round = 0; round < rounds; ++round)); do
    for peer in "${peers[@]}"; do ask "$peer"; done
done >"$work/answers.tsv"

version_of() {
    case $1 in
        carillon) echo Carillon ;;
        robfig) echo "robfig/cron $(dpkg-query -W -f '${Version}' golang-github-robfig-cron-dev) ($(go env GOVERSION))" ;;
        croner) echo "croner $(node -p "require('$work/node_modules/croner/package.json').version") (node $(node --version))" ;;
        croniter) echo "croniter $(dpkg-query -W -f '${Version}' python3-croniter) ($(/usr/bin/python3 --version))" ;;
    esac
}

# One row per question, in the order of the questions: nanoseconds, and how many times Carillon's they are.
awk -F '\t' -v peers="${peers[*]}" '
    function add(what, figure) {
        if (figure == "-") return
        if (!(($1, what) in least) || figure + 0 < least[$1, what]) least[$1, what] = figure + 0
    }
    function print_row(what,    i, row, figure) {
        row = "| " what " | " sprintf("%.0f", least["carillon", what])
        for (i = 2; i <= peer_count; ++i) {
            figure = least[peer[i], what]
            row = row (figure ? sprintf(" | %.0f | %.0f", figure, figure / least["carillon", what]) : " | | ")
        }
        print row " |"
    }
    !(($2, $3) in known) { known[$2, $3]; order[++rows] = $2 "\t" $3 }
    { add("next in " $2 " | `" $3 "`", $4); add("parse for " $2 " | `" $3 "`", $5) }
    END {
        peer_count = split(peers, peer, " ")
        heading = "| ns | |"; line = "|---|---|"
        for (i = 1; i <= peer_count; ++i) {
            heading = heading " " peer[i] (i > 1 ? " | times |" : " |")
            line = line (i > 1 ? "---:|---:|" : "---:|")
        }
        print heading "\n" line
        for (i = 1; i <= rows; ++i) { split(order[i], part, "\t"); print_row("next in " part[1] " | `" part[2] "`") }
        for (i = 1; i <= rows; ++i) { split(order[i], part, "\t"); print_row("parse for " part[1] " | `" part[2] "`") }
    }' "$work/answers.tsv"
for peer in "${peers[@]}"; do version_of "$peer"; done
