# shellcheck shell=bash
# The bindings for other languages: their toolchains, the library as they find it installed, their tests and benchmarks.

binding_languages=(python go rust node luajit cpp)

setup_binding_python() { setup python3-dev python3-setuptools python3-wheel mypy; }
setup_binding_go() { command -v go >/dev/null || setup golang-go; }
setup_binding_rust() { command -v cargo >/dev/null || setup cargo; }
setup_binding_node() { setup_node; }
setup_binding_luajit() { setup luajit; }
# With the sanitizers: its tests run under them.
setup_binding_cpp() { setup g++ clang && setup_clang_runtime; }

# What people of the language use today, where Debian has it. The others come with the build of each language.
setup_peers_cpp() { setup libboost-dev nlohmann-json3-dev; }
setup_peers_luajit() { setup lua-http lua-cjson; }

# setup_peers LANGUAGE ...: for the benchmark alone. Without them a binding is shown beside C alone.
setup_peers() {
    local language
    is_debian || return 0
    for language in "$@"; do
        [ "$(type -t "setup_peers_$language")" = function ] || continue
        "setup_peers_$language" || say "$language: what it would be compared with could not be installed"
    done
}

# setup_bindings LANGUAGE ...: the toolchains. What cannot be had is said, and its tests are skipped.
setup_bindings() {
    local language
    setup
    is_debian || return 0
    for language in "$@"; do
        [ -f "tests/bindings/languages/$language.py" ] || continue
        "setup_binding_$language" || say "$language: its toolchain could not be installed, and its tests are skipped"
    done
}

# The library as users have it: optimized, and installed in build/bindings/prefix. And what sends streams to the bindings.
# Tests and benchmarks may run side by side: one installs at a time, and what is as it was is not replaced.
install_for_bindings() {
    local folder=build/bindings/library
    mkdir -p build/bindings build/logs
    (
        flock 9
        configure_known build
        ninja -C build tests/bench/bench_discord tests/bench/bench_broker >build/logs/bindings-streams.log 2>&1 || {
            tail -40 build/logs/bindings-streams.log >&2
            exit 1
        }
        configure $folder --prefix="$PWD/build/bindings/prefix" --libdir=lib -Dbuildtype=release -Dtests=false -Dexamples=false \
            -Dgateway=false -Dman=false
        compile $folder && meson install -C $folder --no-rebuild --only-changed --quiet >build/logs/bindings-install.log
    ) 9>build/bindings/lock
}

# cgo of Go 1.19, as root, has the linker write to /dev/null, which unlinks the device. Go is therefore never run by root
# (tests/bindings/languages/go.py), and nothing begins on a machine where somebody else has done it.
check_null() {
    [ -c /dev/null ] || {
        say "/dev/null is no device any more. As root: rm -f /dev/null && mknod -m 666 /dev/null c 1 3" >&2
        return 1
    }
}

check_languages() { known language "${binding_languages[@]}" -- "$@"; }

# bindings_tests [LANGUAGE ...]
bindings_tests() {
    check_null
    [ $# -gt 0 ] || set -- "${binding_languages[@]}"
    setup_bindings "$@"
    install_for_bindings
    BINDINGS="$*" run bindings python_tests bindings build -n 2 --dist loadgroup -rs tests/bindings
    grep '^SKIPPED' build/logs/bindings.log || true
}

# ./dev test bindings [LANGUAGE ...]
test_bindings() {
    check_languages "$@"
    begin_verdicts
    bindings_tests "$@"
    count_verdicts
}

# ./dev bench bindings [LANGUAGE ...]
bench_bindings() {
    check_languages "$@"
    check_null
    [ $# -gt 0 ] || set -- "${binding_languages[@]}"
    setup_bindings "$@"
    setup_peers "$@"
    setup_npm
    install_for_bindings
    "$python" tests/bindings/bench.py "$@"
}

# ./dev bindings table: where each public function is, in doc/bindings.md. shares: where an event's instructions are spent.
bindings() {
    case ${1:-} in
    table) "$python" tests/bindings/table.py doc/bindings.md ;;
    shares)
        setup
        install_for_bindings
        "$python" tests/bindings/shares.py
        ;;
    *)
        say "What about the bindings? table, shares. Their tests: ./dev test bindings. What they cost: ./dev bench bindings." >&2
        return 2
        ;;
    esac
}
