#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes one mistake after the other in a copy of the headers and expects somebody to notice each of them.
#   tests/mutation/run.sh cron [text]     all mutants of cron_mutants.txt, or those whose first line contains the text;
#                                         the unit tests shall notice
#   tests/mutation/run.sh engine [text]   those of engine_mutants.txt; the simulation shall break a rule
# Environment: CXX (c++), CATCH_MAIN (an object file with Catch's main; built when not given), CARILLON_SIMULATED_DAYS
# (2000; as many seeds are tried).
# The exit code is the number of mutants that nobody noticed.
set -u

usage="usage: tests/mutation/run.sh cron|engine [text]"
case ${1:-} in cron | engine) ;; *) echo "$usage" >&2; exit 99 ;; esac
root=$(cd "$(dirname "$0")/../.." && pwd)
list=$root/tests/mutation/$1_mutants.txt
noticed_by=noticed_by_$1
wanted=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cxx=${CXX:-c++}

# The tests that may notice a mistake in a header: its own first.
tests_for() { # tests_for <header>
    name=$(basename "$1" .hpp)
    for own in "$root/tests/schedule/${name}_test.cpp" "$root/tests/${name}_test.cpp"; do
        [ -f "$own" ] && echo "$own"
    done
    case $1 in
    schedule/cron*) set -- cron_test cron_parser_test cron_hash_test cron_warning_test cron_to_string_test \
        cron_property_test cron_vectors_test ;;
    *) set -- schedule_test interval_set_test dst_notes_test zoned_set_test schedule_property_test ;;
    esac
    for test; do echo "$root/tests/schedule/$test.cpp"; done
}

compile() { # compile <include folder> <arguments...>
    include=$1
    shift
    "$cxx" -std=c++20 -pthread -I"$include" -I"$root/tests" -DCARILLON_TEST_DATA_DIR="\"$root/tests/data\"" "$@" \
        >"$work/log" 2>&1
}

main=${CATCH_MAIN:-$work/main.o}
[ "$1" = engine ] || [ -f "$main" ] || compile "$root/include" -c "$root/tests/support/main.cpp" -o "$main" || {
    cat "$work/log"
    exit 99
}

# Splits the list into one folder per mutant: name, file, before, after.
awk -v work="$work" '
    /^#/ || (/^$/ && part != "after") { next }
    /^= /  { folder = work "/" sprintf("%03d", ++count); system("mkdir " folder)
             printf "%s", substr($0, 3) > (folder "/name"); part = "file"; next }
    part == "file" { printf "%s", $0 > (folder "/file"); part = "before"; text = ""; next }
    /^-/ && part == "before" { printf "%s", substr($0, 2) > (folder "/before"); next }
    /^\+/ { printf "%s", substr($0, 2) > (folder "/after"); part = "after"; next }
    /^$/ { next }
    { printf "\n%s", $0 > (folder "/" part) }
' "$list"

# Replaces the one occurrence of before by after; fails when there is none, or another.
mutate() { # mutate <file> <before> <after>
    awk -v before="$(cat "$2")" -v after="$(cat "$3")" '
        { text = text $0 "\n" }
        END {
            at = index(text, before)
            rest = substr(text, at + length(before))
            if (at == 0 || index(rest, before) > 0) exit 1
            printf "%s%s%s", substr(text, 1, at - 1), after, rest
        }' "$1" >"$1.mutant" && mv "$1.mutant" "$1"
}

# Says which test noticed the mutant; fails when none did.
noticed_by_cron() { # noticed_by_cron <header>
    for test in $(tests_for "$1"); do
        if ! compile "$work/include" "$test" "$main" -o "$work/test"; then
            if grep -q 'static assertion\|static_assert\|constant expression' "$work/log"; then
                echo "$(basename "$test" .cpp), while it was compiled"
                return 0
            fi
            cat "$work/log" >&2
            return 1
        fi
        timeout 300 "$work/test" >"$work/log" 2>&1 || {
            basename "$test" .cpp
            return 0
        }
    done
    return 1
}

# Says which rule the mutant broke, and the first seed that shows it; fails when none did.
noticed_by_engine() { # noticed_by_engine <header>
    compile "$work/include" -O2 "$root/tests/simulation/main.cpp" -o "$work/simulation" || {
        cat "$work/log" >&2
        return 1
    }
    timeout 600 "$work/simulation" "${CARILLON_SIMULATED_DAYS:-2000}" >"$work/log" 2>&1
    tail -n 1 "$work/log" | grep -q ' failed$' || echo "the simulation did not come to its end" >&2
    # Several seeds may have been under way: the first of them is the one that is there every time.
    sed -n 's/^seed \([0-9]*\): /\1 /p' "$work/log" | sort -n | head -n 1 | sed 's/^\([0-9]*\)/seed \1:/' | grep .
}

survivors=0
total=0
for folder in "$work"/[0-9][0-9][0-9]; do
    name=$(cat "$folder/name")
    case $name in *"$wanted"*) ;; *) continue ;; esac
    total=$((total + 1))
    rm -rf "$work/include"
    cp -r "$root/include" "$work/include"
    if ! mutate "$work/include/carillon/$(cat "$folder/file")" "$folder/before" "$folder/after"; then
        echo "STALE     $name: the text does not occur once"
        survivors=$((survivors + 1))
    elif by=$("$noticed_by" "$(cat "$folder/file")"); then
        echo "killed    $name ($by)"
    else
        echo "SURVIVED  $name"
        survivors=$((survivors + 1))
    fi
done
echo "$total mutants, $survivors not killed"
exit "$survivors"
