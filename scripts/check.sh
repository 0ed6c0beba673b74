# shellcheck shell=bash
# What reads the code without running it, and a build as distributions make it: ./dev check. What each reader is not asked
# is in .clang-tidy, tests/tools/analyzer.py and here, with its reason.

check_packages=(clang-tidy cppcheck)
all_checks=(static tidy cppcheck analyzer hardened)

cppcheck_options=(
    --enable=warning,performance,portability --std=c11 --error-exitcode=1
    -Iinclude -Ilib -Itools/gateway -D__linux__ -DSP_TLS_OPENSSL=1 -DSP_HAVE_ZSTD=1 -DSP_HAVE_MSGPACK=1 '-DSP_VERSION="0"'
    --suppress=missingIncludeSystem        # the headers of the system are not its business
    --suppress=uninitvar:lib/broker/wire.c # the depth is 0 until a table was opened: cppcheck does not follow the index
)

check_static() { python_tests static build tests/static; }

# clang-tidy compiles as compile_commands.json of the build folder says, which has one of the TLS libraries.
check_tidy() {
    find lib tools -name '*.c' ! -name '*mbedtls*' ! -name watcher_kqueue.c -print0 | sort -z |
        xargs -0 -P "$(nproc)" -n 8 clang-tidy -p build --quiet 2>&1
}

check_cppcheck() { cppcheck -q -j "$(nproc)" "${cppcheck_options[@]}" lib tools 2>&1; }

# What gcc's analyzer is not asked stands in the script, with its reason.
check_analyzer() { "$python" tests/tools/analyzer.py build; }

# What distributions build with: each warning counts, and the unit tests run with the checks that it compiles in.
hardened_options() {
    echo -D_FORTIFY_SOURCE=3 -fstack-protector-strong
    case $(uname -m) in x86_64 | i?86) echo -fcf-protection ;; aarch64) echo -mbranch-protection=standard ;; esac
}

check_hardened() {
    configure build/hardened -Dwerror=true -Dbuildtype=plain -Doptimization=2 -Ddebug=true -Dc_args="$(hardened_options | paste -sd' ')" &&
        compile build/hardened 2>&1 && meson test -C build/hardened --no-rebuild --suite unit --print-errorlogs
}

# check_by WHAT: a line about it; what it said, when something is wrong.
check_by() {
    local log=build/logs/check-$1.log
    mkdir -p build/logs
    if "check_$1" >"$log"; then
        say "$(printf '%-9s clean' "$1")"
    else
        tail -60 "$log"
        say "$(printf '%-9s has something to say (%s)' "$1" "$log")"
        return 1
    fi
}

check() {
    local what bad=0
    for what in "$@"; do
        [[ " ${all_checks[*]} " == *" $what "* ]] || {
            say "Unknown check '$what': ${all_checks[*]}." >&2
            exit 2
        }
    done
    [ $# -gt 0 ] || set -- "${all_checks[@]}"
    setup "${check_packages[@]}" && build || return 1
    for what in "$@"; do check_by "$what" || bad=1; done
    return "$bad"
}
