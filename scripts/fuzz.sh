# shellcheck shell=bash
# The fuzzers: ./dev fuzz, and the suite "fuzz" of ./dev test.

build_fuzzers() {
    setup_clang_runtime &&
        CC=clang configure build/fuzz -Dfuzz=true -Dtests=false -Dexamples=false -Ddefault_library=static -Db_lundef=false \
            -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=all &&
        compile build/fuzz
}

fuzz_targets() { find build/fuzz/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f | sed 's/.*fuzz_//' | sort; }

# fuzz_one NAME SECONDS [OPTION ...]: what it finds is left in build/fuzz/found.
fuzz_one() {
    local name=$1 seconds=$2
    shift 2
    mkdir -p "build/fuzz/work/$name" build/fuzz/found build/logs
    "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        "$@" -artifact_prefix="build/fuzz/found/$name-" "build/fuzz/work/$name" "tests/fuzz/corpus/$name" >"build/logs/fuzz_$name.log" 2>&1
}

# fuzz [SECONDS]: every target for so long, one after the other.
fuzz() {
    local name status=0
    whole SECONDS "${1:-60}"
    build_fuzzers
    for name in $(fuzz_targets); do
        if fuzz_one "$name" "${1:-60}"; then
            say "$name: $(sed -n 's/.*number_of_executed_units: */runs: /p' "build/logs/fuzz_$name.log")"
        else
            status=1
            tail -20 "build/logs/fuzz_$name.log"
            say "$name: FAILED, the input is in build/fuzz/found"
        fi
    done
    return $status
}

# The fuzzers as a suite: each for a few seconds, always from the same seed. What is new is for ./dev fuzz to find.
fuzz_tests() {
    local name status=0 verdict
    build_fuzzers || return 1
    echo '<testsuite>' >build/logs/fuzz.xml
    for name in $(fuzz_targets); do
        verdict=
        fuzz_one "$name" 5 -seed=1 || {
            verdict='<failure/>' status=1
            tail -30 "build/logs/fuzz_$name.log"
        }
        echo "<testcase name='$name'>$verdict</testcase>" >>build/logs/fuzz.xml
    done
    echo '</testsuite>' >>build/logs/fuzz.xml
    return $status
}
