#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh - installs what is missing, builds, and runs the tests.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
source tests/support/install.sh

usage() {
    cat <<'HELP'
usage: tests/run.sh [part...] [test name | -- options]

  tests/run.sh                                 every part of the first list
  tests/run.sh unit                            one part
  tests/run.sh "cron: names are read"          the unit tests of that name; * stands for any text, [tag] for a tag
  tests/run.sh asan -- "[concurrent]" --success  what follows goes to the test program (Catch2) or to ctest

parts
  format         clang-format has nothing to say
  unit           all unit tests, g++, warnings are errors
  simulation     10,000 simulated days on which everything goes wrong, and a 200th of them on SQLite;
                 CARILLON_SIMULATED_DAYS for another number
  crashes        a host on a SQLite file is killed 20 times, and four share one for 3 s; CARILLON_KILLS and
                 CARILLON_TOGETHER_SECONDS for other numbers
  odr            two translation units include the whole library, and link
  compile_fail   wrong programs do not compile, and the compiler says why
  examples       every example runs
  consumers      projects that use an installed, a fetched, an added Carillon, or just its include folder
  headers        every header compiles alone, clang++
  asan           unit tests and examples with the address and undefined behaviour sanitizers, clang++
  browser        the dashboard in Chromium, with axe; screenshots in build/browser/screenshots
  openapi        a validator accepts the API's document, and 4,000 requests made of it get what it says;
                 -- 7 20000 for another seed and number
  tsan           the tests tagged [concurrent] with the thread sanitizer, clang++
on request
  differential   20,000 random expressions each against croner and croniter; -- --seed 7 --count 1000 for others
  tidy           clang-tidy
  fuzz           each fuzzer for CARILLON_FUZZ_SECONDS (default 30)
  benchmarks     each benchmark once

Builds go to build/, or to the folder in CARILLON_BUILD_ROOT. The last line counts: "N passed, N failed".
HELP
}

default_parts=(format unit simulation crashes odr compile_fail examples browser openapi consumers headers asan tsan)
all_parts=("${default_parts[@]}" differential tidy fuzz benchmarks)
build_root=${CARILLON_BUILD_ROOT:-build}
total_passed=0
total_failed=0
test_arguments=()

# ---- words -----------------------------------------------------------------------------------------------------------

say() { printf '\n== %s\n' "$*"; }

# Adds to the totals; fails when something failed.
record() {
    local part=$1 passed=$2 failed=$3
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    echo "$part: $passed passed, $failed failed"
    [[ $failed == 0 ]]
}

# Counts one failure and says what helps.
broken() {
    total_failed=$((total_failed + 1))
    echo "run.sh: $*" >&2
    return 1
}

# ---- steps -----------------------------------------------------------------------------------------------------------

configure() {
    local preset=$1 dir=$build_root/$1 generator fresh=()
    generator=$(cmake_generator)
    if [[ -f $dir/CMakeCache.txt ]] && ! grep -q "^CMAKE_GENERATOR:INTERNAL=$generator$" "$dir/CMakeCache.txt"; then
        fresh=(--fresh)
    fi
    mkdir -p "$dir"
    cmake --preset "$preset" -B "$dir" -G "$generator" "${fresh[@]}" >"$dir/configure.log" 2>&1 && return 0
    cat "$dir/configure.log"
    broken "cmake --preset $preset did not succeed; its words are above and in $dir/configure.log"
}

build() {
    local preset=$1
    shift
    configure "$preset" || return 1
    cmake --build "$build_root/$preset" --parallel "$(nproc)" --target "$@" ||
        broken "the build in $build_root/$preset stopped: the first \"error:\" above names the file and the line"
}

# Runs the test program of a preset and counts its test cases.
run_catch2() {
    local part=$1 preset=$2 log=$build_root/$2/unit.log passed failed status
    shift 2
    case " $*" in *" --list-"* | *" --help"*) "$build_root/$preset/tests/carillon_tests" "$@"; return 0 ;; esac
    "$build_root/$preset/tests/carillon_tests" "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r passed failed < <(count_test_cases "$log")
    if [[ $passed$failed == 00 && $status == 0 ]]; then
        broken "no test matches: $*; \`tests/run.sh $part -- --list-tests\` names them all"
        return 1
    fi
    # A crash or a sanitizer ends the program before it can count.
    [[ $status != 0 && $failed == 0 ]] && failed=1
    record "$part" "$passed" "$failed" ||
        { echo "run.sh: once more, alone: tests/run.sh $part \"the test's name\"" >&2; return 1; }
}

# Runs all tests of a preset, or those with a tag, as many processes at a time as there are cores:
# run_in_groups PART PRESET TESTS_PER_PROCESS [TAG]
run_in_groups() {
    local part=$1 preset=$2 size=$3 program=$build_root/$2/tests/carillon_tests folder=$build_root/$2/groups
    local list=--list-test-names-only total passed failed
    shift 3
    [[ $("$program" --help) == *$list* ]] || list="--list-tests --verbosity quiet" # Catch2 v3
    rm -rf "$folder"
    mkdir -p "$folder"
    # shellcheck disable=SC2086
    "$program" $list "$@" | grep . >"$folder/names"
    escaped_for_filter <"$folder/names" | split -l "$size" -a 4 -d - "$folder/group."
    # shellcheck disable=SC2016
    printf '%s\0' "$folder"/group.* | xargs -0 -P "$(nproc)" -I '{}' sh -c \
        '"$0" "$(paste -sd, "$1")" >"$1.log" 2>&1 || { touch "$1.failed"; cat "$1.log"; }' "$program" '{}'
    total=$(wc -l <"$folder/names")
    [[ $total != 0 ]] || { broken "$program lists no test${1:+ tagged $1}"; return 1; }
    passed=$(for log in "$folder"/*.log; do count_test_cases "$log"; done | awk '{ n += $1 } END { print n }')
    failed=$((total - passed)) # those whose process ended before it could count among them
    # A sanitizer may speak at the very end.
    [[ $failed == 0 ]] && failed=$(find "$folder" -name '*.failed' | wc -l)
    record "$part" "$passed" "$failed" ||
        { echo "run.sh: once more, alone: tests/run.sh $part \"the test's name\"" >&2; return 1; }
}

# "passed failed" from the last lines of a Catch2 log.
count_test_cases() {
    awk '
        /^All tests passed/ { match($0, /in [0-9]+ test case/); passed = substr($0, RSTART + 3) + 0; failed = 0 }
        /^test cases:/ {
            passed = failed = 0
            for (i = 2; i <= NF; ++i) {
                if ($i ~ /^passed/) passed = $(i - 1)
                if ($i ~ /^failed/) failed = $(i - 1)
            }
        }
        END { print passed + 0, failed + 0 }' "$1"
}

# Runs the ctest tests of a label and counts them.
run_ctest() {
    local part=$1 preset=$2 label=$3 log=$build_root/$2/ctest-$3.log failed total
    shift 3
    [[ ${#test_arguments[@]} -gt 0 ]] && set -- "$@" -R "${test_arguments[0]}"
    ctest --test-dir "$build_root/$preset" -L "^$label\$" --output-on-failure --no-tests=error "$@" 2>&1 | tee "$log"
    read -r failed total < <(sed -n 's/.* \([0-9]*\) tests\{0,1\} failed out of \([0-9]*\)$/\1 \2/p' "$log")
    [[ -n ${total:-} ]] || { broken "ctest found nothing to run for \"$label\" in $build_root/$preset"; return 1; }
    record "$part" $((total - failed)) "$failed"
}

# A test's name as Catch2's filter reads it: a comma would separate two names.
as_test_filter() {
    case $1 in
        -* | *'*'* | '['* | '~'*) printf '%s' "$1" ;;
        *) printf '%s' "$1" | escaped_for_filter ;;
    esac
}

escaped_for_filter() { sed 's/[\\,[]/\\&/g'; }

# ---- parts -----------------------------------------------------------------------------------------------------------

# What a part needs, in the words of support/install.sh.
part_needs() {
    local build="g++ cmake ninja json date time-zones catch2 asio sqlite httplib cli11"
    local sanitizers="clang++ clang-runtime symbolizer"
    case $1 in
        format) echo clang-format ;;
        headers) echo "$build clang++" ;;
        asan | tsan | fuzz) echo "$build $sanitizers" ;;
        tidy) echo "$build clang++ clang-tidy" ;;
        browser) echo "$build chromium node npm" ;;
        openapi) echo "$build node npm" ;;
        differential) echo "$build node npm croniter" ;;
        benchmarks) echo "$build benchmark wrk" ;;
        *) echo "$build" ;;
    esac
}

part_format() {
    local failed=0
    find include tests examples -name '*.hpp' -o -name '*.cpp' | sort | xargs clang-format --dry-run --Werror || failed=1
    record format $((1 - failed)) "$failed" || { echo "run.sh: clang-format -i FILE mends it" >&2; return 1; }
}

part_unit() {
    build dev carillon_tests || return 1
    if [[ ${#test_arguments[@]} -gt 0 ]]; then
        run_catch2 unit dev "${test_arguments[@]}"
        return
    fi
    run_in_groups unit dev 40
}

part_simulation() {
    local log=$build_root/dev/simulation.log passed failed
    build dev carillon_simulation || return 1
    local program=$build_root/dev/tests/carillon_simulation days=${CARILLON_SIMULATED_DAYS:-10000}
    if [[ ${#test_arguments[@]} -gt 0 ]]; then
        "$program" "${test_arguments[@]}" | tee "$log"
        test_arguments=()
    else
        { "$program" "$days" && "$program" --sqlite $((days / 200)); } | tee "$log"
    fi
    read -r passed failed < <(awk '/^[0-9]+ passed, [0-9]+ failed$/ { p += $1; f += $3; n++ }
                                   END { if (n) print p, f }' "$log")
    record simulation "${passed:-0}" "${failed:-1}"
}

part_crashes() {
    build dev carillon_crashes && run_ctest crashes dev crashes -V
}

part_odr() {
    build dev carillon_odr && run_ctest odr dev odr
}

part_compile_fail() {
    configure dev && run_ctest compile_fail dev compile_fail
}

part_examples() {
    build dev examples && run_ctest examples dev examples
}

part_browser() {
    local folder=$build_root/browser log=$build_root/browser/browser.log passed failed
    build dev carillon_browser_server || return 1
    mkdir -p "$folder"
    install_from_npm "$folder" "$playwright_package" "$axe_package" ||
        { broken "npm did not bring $playwright_package and $axe_package"; return 1; }
    node tests/browser/run.mjs "$build_root/dev/tests/carillon_browser_server" "$folder" "${test_arguments[@]}" 2>&1 |
        tee "$log"
    read -r passed failed < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log")
    [[ -n ${passed:-} ]] || { broken "the browser's cases did not come to their end"; return 1; }
    record browser "$passed" "$failed" ||
        { echo "run.sh: how it looked then is in $folder/screenshots" >&2; return 1; }
}

# The page's server and API again, for programs.
part_openapi() {
    local folder=$build_root/openapi log=$build_root/openapi/openapi.log passed failed
    build dev carillon_browser_server || return 1
    mkdir -p "$folder"
    install_from_npm "$folder" "${openapi_packages[@]}" || { broken "npm did not bring ${openapi_packages[*]}"; return 1; }
    node tests/openapi/check.mjs "$build_root/dev/tests/carillon_browser_server" "$folder" "${test_arguments[@]}" 2>&1 |
        tee "$log"
    read -r passed failed < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log")
    [[ -n ${passed:-} ]] || { broken "the requests did not come to their end"; return 1; }
    record openapi "$passed" "$failed"
}

part_consumers() {
    configure dev && run_ctest consumers dev consumers -j "$(nproc)"
}

# With the compiler that is quicker at it: g++ has the same standard library and compiles every header in other parts.
part_headers() {
    local log=$build_root/clang/headers.log keep_going=(-k) status total failed
    configure clang || return 1
    [[ -f $build_root/clang/build.ninja ]] && keep_going=(-k 0)
    cmake --build "$build_root/clang" --parallel "$(nproc)" --target carillon_headers carillon_headers_with_job -- \
        "${keep_going[@]}" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    total=$(find "$build_root/clang/tests/headers" -name '*.cxx' | wc -l)
    failed=$(grep -c '^FAILED: ' "$log")
    [[ $status != 0 && $failed == 0 ]] && failed=1
    record headers $((total - failed)) "$failed"
}

part_asan() {
    if [[ ${#test_arguments[@]} -gt 0 ]]; then
        build asan carillon_tests && run_catch2 asan asan "${test_arguments[@]}"
        return
    fi
    build asan carillon_tests examples && run_in_groups asan asan 20 && run_ctest "asan examples" asan examples
}

# Each test in a process of its own: the sanitizer remembers in which order locks were taken by their addresses, and two
# tests put different ones at the same place of their stacks.
part_tsan() {
    build tsan carillon_tests || return 1
    if [[ ${#test_arguments[@]} -gt 0 ]]; then
        run_catch2 tsan tsan "${test_arguments[@]}"
        return
    fi
    run_in_groups tsan tsan 1 '[concurrent]'
}

part_differential() {
    local folder=$build_root/differential log compared unexplained
    log=$folder/differential.log
    build dev carillon_differential || return 1
    mkdir -p "$folder"
    install_from_npm "$folder" "$croner_package" || { broken "npm did not bring $croner_package"; return 1; }
    # Debian's Python: another one would not know Debian's croniter.
    /usr/bin/python3 -B tests/differential/differential.py --carillon "$build_root/dev/tests/carillon_differential" \
        --folder "$folder" "${test_arguments[@]}" 2>&1 | tee "$log"
    read -r compared unexplained < <(sed -n '$s/^\([0-9]*\) compared, \([0-9]*\) unexplained$/\1 \2/p' "$log")
    [[ -n ${compared:-} ]] || { broken "the comparison did not come to its end"; return 1; }
    record differential $((compared - unexplained)) "$unexplained"
}

part_tidy() {
    build tidy all_verify_interface_header_sets && record "tidy (headers)" 1 0 &&
        build tidy all && record "tidy (examples)" 1 0
}

# Begins with the inputs in tests/data/fuzz and adds what it finds to build/. 4 KiB must neither take long nor much memory.
part_fuzz() {
    build fuzz all || return 1
    local program name found seconds=${CARILLON_FUZZ_SECONDS:-30}
    local limits=(-max_len=4096 -timeout=5 -report_slow_units=1 -malloc_limit_mb=1 -rss_limit_mb=512)
    for program in "$build_root"/fuzz/fuzzers/*; do
        name=${program##*/}
        found=$build_root/fuzz/corpus/$name
        mkdir -p "$found"
        say "$name for $seconds s"
        ASAN_OPTIONS=quarantine_size_mb=32 "$program" -max_total_time="$seconds" "${limits[@]}" -artifact_prefix="$found-" \
            "$found" "tests/data/fuzz/${name%_fuzz}" ||
            { broken "the input above ends $name badly; it is saved as $found-..."; return 1; }
        record "$name" 1 0
    done
}

part_benchmarks() {
    build benchmarks all || return 1
    local program
    for program in "$build_root"/benchmarks/benchmarks/* tests/benchmarks/*.sh; do
        say "${program##*/}"
        "$program" "${test_arguments[@]}" || { broken "$program did not end well"; return 1; }
        record "${program##*/}" 1 0
    done
}

# ---- main ------------------------------------------------------------------------------------------------------------

is_part() { [[ " ${all_parts[*]} " == *" $1 "* ]]; }

parts=()
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --) shift; test_arguments=("$@"); break ;;
    esac
    if ! is_part "$1"; then
        for argument in "$@"; do test_arguments+=("$(as_test_filter "$argument")"); done
        break
    fi
    parts+=("$1")
    shift
done
if [[ ${#parts[@]} == 0 ]]; then
    if [[ ${#test_arguments[@]} -gt 0 ]]; then parts=(unit); else parts=("${default_parts[@]}"); fi
fi

# Runs the parts until one fails.
run_parts() {
    local needs part started failed_before
    mapfile -t needs < <(for part in "$@"; do part_needs "$part"; done | tr ' ' '\n' | sort -u)
    install_missing "${needs[@]}" || { broken "nothing was built"; return 1; }
    for part in "$@"; do
        say "$part"
        started=$SECONDS
        failed_before=$total_failed
        if ! "part_$part"; then
            [[ $total_failed -gt $failed_before ]] || total_failed=$((total_failed + 1))
            echo "run.sh: stopped at \"$part\"; run it alone with tests/run.sh $part" >&2
            return 1
        fi
        echo "$part took $((SECONDS - started)) s"
    done
}

run_parts "${parts[@]}"
status=$?
echo
echo "$total_passed passed, $total_failed failed"
exit $status
