# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# support/install.sh - installs what a script needs and the machine lacks; sourced by tests/run.sh and examples/quickstart.sh.
#
#   install_missing cmake ninja clang ...      Debian, Ubuntu: as root or with sudo. Elsewhere, and without either:
#                                              says what to install, and returns 1 unless CMake can fetch the rest.

# What is needed, the Debian packages that bring it, and the command or file that tells that it is there.
# Rows with "fetched" are fetched as source by CMake where they are missing; "optional" ones have a substitute.
needs_table='
g++            g++                        g++
clang++        clang                      clang++
clang-runtime  libclang-rt-dev            /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a
clang-format   clang-format               clang-format
clang-tidy     clang-tidy                 clang-tidy
cmake          cmake                      cmake
ninja          ninja-build                ninja                              optional
symbolizer     llvm                       llvm-symbolizer                    optional
time-zones     tzdata                     /usr/share/zoneinfo/Europe/Paris
json           nlohmann-json3-dev         /usr/include/nlohmann/json.hpp     fetched
date           libhowardhinnant-date-dev  /usr/include/date/date.h           fetched
catch2         catch2                     /usr/include/catch2/catch*.hpp     fetched
benchmark      libbenchmark-dev           /usr/include/benchmark/benchmark.h
asio           libasio-dev                /usr/include/asio.hpp              optional
sqlite         libsqlite3-dev             /usr/include/sqlite3.h             optional
httplib        libcpp-httplib-dev         /usr/include/httplib.h             optional
cli11          libcli11-dev               /usr/include/CLI/CLI.hpp           fetched
go             golang-go                  go                                 optional
robfig         golang-github-robfig-cron-dev /usr/share/gocode/src/github.com/robfig/cron/cron.go optional
node           nodejs                     node
npm            npm                        npm
chromium       chromium                   chromium
wrk            wrk                        wrk
croniter       python3-croniter           /usr/lib/python3/dist-packages/croniter/croniter.py
'

# The row of one need: "package probe kind".
need_row() {
    awk -v need="$1" '$1 == need { print $2, $3, ($4 == "" ? "required" : $4) }' <<<"$needs_table"
}

is_there() {
    case $1 in
        /*) compgen -G "$1" >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# Sets missing_packages, and missing_required to those of them that nothing can replace.
find_missing() {
    missing_packages=()
    missing_required=()
    local need package probe kind
    for need in "$@"; do
        read -r package probe kind < <(need_row "$need")
        is_there "$probe" && continue
        missing_packages+=("$package")
        [[ $kind == required ]] && missing_required+=("$package")
    done
    return 0
}

# Prints the command that makes one root ("env" for root itself); fails where there is none.
root_command() {
    if [[ $EUID == 0 ]]; then
        echo env
    elif command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
        echo sudo env
    else
        return 1
    fi
}

# apt-get with no questions asked. A package list is fetched only where the install fails without it.
apt_install() {
    local -a apt
    read -ra apt <<<"$1 DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300"
    shift
    "${apt[@]}" install --no-install-recommends "$@" >/dev/null 2>&1 </dev/null && return 0
    "${apt[@]}" update </dev/null && "${apt[@]}" install --no-install-recommends "$@" </dev/null
}

install_missing() {
    find_missing "$@"
    [[ ${#missing_packages[@]} == 0 ]] && return 0
    local become_root
    if command -v apt-get >/dev/null && become_root=$(root_command); then
        echo "Installing ${missing_packages[*]}"
        apt_install "$become_root" "${missing_packages[@]}"
        find_missing "$@"
    fi
    [[ ${#missing_packages[@]} == 0 ]] && return 0
    if [[ ${#missing_required[@]} -gt 0 ]]; then
        echo "Missing, and not installed from here: ${missing_required[*]} (Debian's names)." \
            "Install them, or run this as root on Debian or Ubuntu." >&2
        return 1
    fi
    echo "Not installed: ${missing_packages[*]} (Debian's names). CMake fetches or replaces them."
}

# Prints the generator to use.
cmake_generator() {
    if command -v ninja >/dev/null; then echo Ninja; else echo "Unix Makefiles"; fi
}

# The release of npm's croner that tests and benchmarks speak of.
croner_package=croner@11.0.1

# What drives the browser, and what looks at its pages as people with a screen reader do.
playwright_package=playwright-core@1.55.0
axe_package=axe-core@4.14.1

# What validates the API's document, and its answers.
openapi_packages=(@seriousme/openapi-schema-validator@2.2.1 ajv@8.17.1 ajv-formats@3.0.1)

# Puts packages of npm into FOLDER/node_modules: install_from_npm FOLDER NAME@VERSION...
install_from_npm() {
    local folder=$1
    shift
    npm install --silent --no-audit --no-fund --no-save --no-package-lock --prefer-offline --prefix "$folder" "$@" >/dev/null
}
