# shellcheck shell=bash
# The suites of ./dev test: how each one runs, and how its result is counted.

all_suites=(unit static abi install standin clients codec cross fuzz integration networks tls rabbit4 chaos valgrind bench demo package debian13)
# By name only: what takes long, and a short part of integration.
named_suites=(systems cluster smoke bindings)

# The suites that mostly wait, for a broker, a timer or a mirror, run beside those that keep a processor busy.
waiting_suites=(integration networks tls rabbit4 chaos package)
# How many of a suite's tests run at once where they wait so much that two processors are not busy with two.
waiting_tests=4

# verdict NAME PASSED FAILED [WHICH]: one line for each suite, which count_verdicts() adds up.
verdict() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4-}" >>build/logs/verdicts; }

# run NAME COMMAND ...: counts what the command's report says (build/logs/NAME.xml, as JUnit writes it).
run() {
    local name=$1 status=0 ok bad which line begun=$SECONDS
    shift
    rm -f "build/logs/$name.xml"
    "$@" >"build/logs/$name.log" 2>&1 || status=$?
    read -r ok bad which < <("$python" tests/tools/count.py "build/logs/$name.xml" "$status")
    verdict "$name" "$ok" "$bad" "$which"
    line=$(printf '%-12s %4d passed %3d failed in %4d s' "$name" "$ok" "$bad" $((SECONDS - begun)))
    [ "$bad" = 0 ] || line=$(tail -60 "build/logs/$name.log")$'\n'$line
    say "$line"
}

# unit_tests NAME FOLDER [OPTION ...]: of meson test.
unit_tests() {
    local name=$1 folder=$2 status=0
    shift 2
    ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 meson test -C "$folder" --no-rebuild --print-errorlogs "$@" || status=$?
    cp "$folder/meson-logs/testlog.junit.xml" "build/logs/$name.xml"
    return $status
}

# What touches TLS, once more with the other TLS library: build/clang has mbedTLS, all others have OpenSSL.
tls_tests() {
    run tls-unit unit_tests tls-unit build/clang --suite tls
    run tls python_tests tls build/clang -n 2 --dist loadfile -m tls tests/integration
}

# Networks in namespaces, which root can make; for others the kernel may allow it in a namespace of users.
network_tests() {
    local inside=()
    if [ "$(id -u)" != 0 ] && unshare --user --map-root-user --net true 2>/dev/null; then inside=(unshare --user --map-root-user --net); fi
    run networks "${inside[@]}" env SPECTACLES_BUILD=build/asan "$python" -m pytest -c tests/pytest.ini -q \
        --junitxml build/logs/networks.xml -rs -n 2 --dist load tests/networks
}

# The Debian packages, in a fresh system of the same release.
package_tests() {
    local obstacle release
    release=$(. "${DEV_OS_RELEASE:-/etc/os-release}" && echo "${VERSION_CODENAME:-}")
    obstacle=$(debian_obstacle)
    if [ -n "$obstacle" ]; then
        say "package      skipped: ${obstacle%%$'\n'*}"
    elif ! make_debian "$release" build/package-system build/logs/package-system.log; then
        say "package      skipped: the folder could not be made (build/logs/package-system.log)"
    elif ! package >build/logs/package-build.log 2>&1; then
        say "$(tail -40 build/logs/package-build.log)"
        verdict package 0 1 "the packages are not built, or lintian has errors"
    else
        run package python_tests package build tests/package
    fi
}

# By name: everything that cross.sh knows. In ./dev test: the codec alone, which is what differs most between processors.
cross_tests() {
    run cross python_tests cross build tests/cross
    [ "${CROSS:-}" != all ] || engines_elsewhere
}

python_tests() {
    local name=$1 folder=$2
    shift 2
    SPECTACLES_BUILD=$folder "$python" -m pytest -c tests/pytest.ini -q --junitxml "build/logs/$name.xml" "$@"
}

# What is not run on another system (TESTED): which functions an event passes is the sources' affair, and wants a build of its own.
not_there() { [ -z "${TESTED:-}" ] || echo --ignore=tests/integration/test_walk.py; }

check_suites() { known suite "${all_suites[@]}" "${named_suites[@]}" -- "$@"; }

run_suite() {
    case $1 in
    unit) run unit unit_tests unit "${TESTED:-build/asan}" ;;
    static) run static python_tests static build tests/static tests/bindings/test_functions.py ;;
    package) package_tests ;;
    abi) run abi python_tests abi build tests/abi ;;
    install) run install python_tests install build tests/install tests/release ;;
    standin) run standin python_tests standin build/asan tests/standin ;;
    integration) run integration python_tests integration "${TESTED:-build/asan}" -n $waiting_tests --dist loadfile -m 'not valgrind and not cluster' $(not_there) tests/integration ;;
    smoke) run smoke python_tests smoke build -n 2 --dist loadfile tests/integration/test_{round_trip,declarations,formats,examples,check}.py ;;
    networks) network_tests ;;
    tls) tls_tests ;;
    rabbit4) rabbit4_tests ;;
    valgrind) run valgrind python_tests valgrind build -m valgrind tests/integration ;;
    chaos) run chaos python_tests chaos build/asan -n $waiting_tests --dist load -m 'not cluster' tests/chaos ;;
    cluster) cluster_tests ;;
    clients) run clients python_tests clients build/asan -n 4 --dist load tests/clients ;;
    codec) run codec python_tests codec build/asan tests/codec ;;
    cross) cross_tests ;;
    fuzz) run fuzz fuzz_tests ;;
    bench) run bench python_tests bench build/asan tests/bench ;;
    demo) run demo python_tests demo build/asan -m 'not cluster' tests/demo ;;
    bindings) bindings_tests ;;
    systems) systems_tests ;;
    debian13) debian13_tests ;;
    esac
}

# Without being named, the suite of clients tries the two that are built in seconds. Named, it tries all. What cannot be had
# is skipped with a word: Debian 12's Rust is too old for twilight, and another one has to come from elsewhere.
setup_all_clients() {
    export CLIENTS=all
    is_debian || return 0
    command -v go >/dev/null || setup golang-go || true
    { command -v mvn && command -v keytool; } >/dev/null || setup maven default-jdk-headless || true
}

# What single suites want besides: installed before any suite runs, since two of them may run at once. Without it they are
# skipped, or say what is missing.
setup_suites() {
    local suite
    # With TESTED, root has installed what there is, and what is missing is skipped.
    [ -z "${TESTED:-}" ] || return 0
    setup "${cross_packages[@]}"
    setup_clang_runtime
    setup_npm
    for suite in "$@"; do
        case $suite in
        rabbit4 | cluster | debian13) setup "${debian_tools[@]}" >/dev/null 2>&1 || true ;;
        package) setup "${package_packages[@]}" >/dev/null 2>&1 || true ;;
        esac
    done
}

# lane SUITE ...: one after the other. A lane that ends early is a failure too.
lane() {
    local suite
    for suite in "$@"; do (run_suite "$suite") || verdict "$suite" 0 1 "the suite ended early"; done
}

# Two lanes side by side: what waits, and what computes.
run_suites() {
    local suite waits=() computes=()
    for suite in "$@"; do
        case " ${waiting_suites[*]} " in *" $suite "*) waits+=("$suite") ;; *) computes+=("$suite") ;; esac
    done
    lane "${waits[@]}" &
    lane "${computes[@]}"
    wait
}

# Adds the verdicts up, names what failed where one looks first, and ends with the line that CI reads.
count_verdicts() {
    awk -F '\t' '{ passed += $2; failed += $3 } $3 > 0 { which = which "  " $1 ": " $4 "\n" }
        END { if (failed) printf "failed:\n%s", which; printf "%d passed, %d failed\n", passed, failed; exit failed || !passed }' build/logs/verdicts
}

begin_verdicts() {
    mkdir -p build/logs
    : >build/logs/verdicts
}

# What a suite is run on. TESTED: one folder for all, instead.
folders_of() {
    [ -z "${TESTED:-}" ] || {
        echo "$TESTED"
        return
    }
    case $1 in
    static | abi | cross | valgrind | package | smoke | bindings) echo build ;;
    install) echo build build/clang ;;
    integration | bench) echo build build/asan ;;
    tls) echo build/clang ;;
    fuzz | systems | debian13) ;;
    *) echo build/asan ;;
    esac
}

# build_all SUITE ...: what these suites need, installed; and all folders, so that gcc and clang see each change. With LEAN=1:
# the folders that these suites are run on.
build_all() {
    local folder folders=(build build/asan build/clang build/gcc) unit=true
    setup_suites "$@"
    if [ -n "${LEAN:-}" ]; then
        mapfile -t folders < <(for suite in "$@"; do folders_of "$suite" | tr ' ' '\n'; done | sed '/^$/d' | sort -u)
        [[ " $* " == *" unit "* || " $* " == *" tls "* ]] || unit=false
    fi
    # One after the other: they would only fight for the same processors.
    for folder in "${folders[@]}"; do
        configure_known "$folder" && compile "$folder" || {
            say "$folder does not build."
            verdict build 0 1 "$folder does not build"
            count_verdicts
            exit 1
        }
    done
    say "builds without a warning: ${folders[*]}"
}

run_tests() {
    local suites=()
    if [ "${1:-}" = bindings ]; then
        test_bindings "${@:2}"
        return
    fi
    split_suites "$@"
    check_suites "${suites[@]}" "${suites_there[@]}"
    [[ " ${suites[*]} " != *" clients "* ]] || setup_all_clients
    [[ " ${suites[*]} " != *" cross "* ]] || setup_other_systems
    [ ${#suites[@]} -gt 0 ] || suites=("${all_suites[@]}")
    begin_verdicts
    case ${suites[*]} in systems | debian13) ;; *) build_all "${suites[@]}" ;; esac
    run_suites "${suites[@]}"
    count_verdicts
}

# chaos [cluster | fleet] [KILLS] [SEED]
chaos() {
    local cluster=() program=tests/chaos/run.py
    case ${1:-} in
    cluster) cluster=(cluster) && shift ;;
    fleet) program=tests/chaos/fleet/run.py && shift ;;
    esac
    whole KILLS "${1:-100}"
    whole SEED "${2:-0}" 0
    setup
    configure_known build/gcc
    compile build/gcc
    [ "$program" = tests/chaos/run.py ] || wanted_rabbit
    exec "$python" "$program" build/gcc "${cluster[@]}" "$@"
}
