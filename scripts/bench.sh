# shellcheck shell=bash
# The benchmarks: ./dev bench.

# Each contender once over all payloads, under callgrind: an emulated processor, which knows no AVX-512.
count_instructions() {
    local file payloads
    command -v valgrind >/dev/null || {
        say "valgrind is not there: instructions are not counted"
        return 0
    }
    rm -f build/bench/instructions.*
    valgrind -q --tool=callgrind --collect-atstart=no --callgrind-out-file=build/bench/instructions "$1" "$2" 1 >build/bench/instructions.log 2>&1 || {
        say "valgrind could not run it: build/bench/instructions.log"
        return 0
    }
    payloads=$(sed -n 's/^\([0-9]*\) payloads.*/\1/p' build/bench/instructions.log)
    say "instructions for each payload, counted by callgrind (no AVX-512 there)"
    for file in $(printf '%s\n' build/bench/instructions.[0-9]* | sort -t. -k2n); do
        awk -v payloads="$payloads" '/^desc: Trigger: Client Request: / { name = substr($0, 32) }
            /^(totals|summary):/ { count = $2 } END { if (name != "") printf "%-34s %12.0f\n", name, count / payloads }' "$file"
    done
}

bench_build() {
    setup "${bench_packages[@]}"
    configure build/bench -Dbench=true -Dtests=false -Dexamples=false -Dbuildtype=release
    compile build/bench
}

bench_codec() {
    bench_build
    [ -d build/bench/corpus ] || "$python" tests/bench/corpus.py build/bench/corpus
    build/bench/tests/bench/bench_codec build/bench/corpus/events
    say
    build/bench/tests/bench/bench_codec build/bench/corpus/large 51
    say
    count_instructions build/bench/tests/bench/bench_codec_counted build/bench/corpus/events
}

bench_idle() {
    whole N "${1:-1000}"
    bench_build
    "$python" tests/bench/idle.py build/bench/tests/bench/bench_idle "$@"
}

# Both TLS libraries, each in a folder of its own.
bench_tls() {
    local folder
    whole MESSAGES "${1:-200000}"
    setup "${bench_packages[@]}"
    for folder in bench/openssl bench/mbedtls; do
        configure "build/$folder" "-Dtls=${folder#bench/}" -Dbench=true -Dtests=false -Dexamples=false -Dbuildtype=release
        ninja -C "build/$folder" tests/bench/bench_tls tests/bench/bench_idle >"build/$folder/compile.log" 2>&1 || {
            tail -30 "build/$folder/compile.log" >&2
            return 1
        }
    done
    "$python" tests/bench/tls.py build/bench/openssl build/bench/mbedtls "$@"
    for folder in openssl mbedtls; do
        say
        say "--- an idle shard, $folder"
        "$python" tests/bench/idle.py "build/bench/$folder/tests/bench/bench_idle" 200
    done
}

bench_broker() {
    whole N "${1:-50000}"
    whole ROUNDS "${2:-5}"
    whole RATE "${3:-1000}"
    bench_build
    setup_npm
    "$python" tests/bench/broker.py build/bench/tests/bench build/npm/node_modules "$@"
}

# What the benchmarks of the field need: the gateway, Discord, the worker, the floors, and the peers' toolchains where they are.
field_build() {
    bench_build
    setup_npm
    configure_known build/gcc
    compile build/gcc
}

asks_for_help() {
    case " $* " in *" --help "* | *" -h "*) ;; *) return 1 ;; esac
}

bench_relay() {
    "$python" tests/bench/options.py relay "$@"
    ! asks_for_help "$@" || return 0
    field_build
    "$python" tests/bench/relay.py build/gcc/tools/gateway/spectacles-gateway build/bench build/npm/node_modules "$@"
}

bench_turn() {
    "$python" tests/bench/options.py turn "$@"
    ! asks_for_help "$@" || return 0
    field_build
    "$python" tests/bench/turn.py build/gcc/tools/gateway/spectacles-gateway build/bench build/npm/node_modules "$@"
}

# The daemon on three hosts, each in network namespaces of its own.
bench_takeover() {
    whole ROUNDS "${1:-5}"
    whole NET_TICKTIME "${3:-10}"
    build
    wanted_rabbit
    "$python" tests/bench/takeover.py build "$@"
}

# Instructions are counted in a release build: others have assertions.
bench_fleet_turn() {
    local shards
    for shards in "$@"; do whole SHARDS "$shards"; done
    setup
    configure_known build/gcc
    compile build/gcc
    "$python" tests/bench/fleet_turn.py build/gcc/tests/bench/bench_fleet_turn "$@"
}

# RabbitMQ's own cost: the daemons are those that the tests have.
bench_fleet_cost() {
    local shards
    for shards in "$@"; do whole SHARDS "$shards"; done
    build
    wanted_rabbit
    "$python" tests/bench/fleet_cost.py build "$@"
}

bench_fleet() {
    case ${1:-} in
    takeover) bench_takeover "${@:2}" ;;
    turn | cost) "bench_fleet_$1" "${@:2}" ;;
    *) bench_leases "$@" ;;
    esac
}

bench_leases() {
    whole ROUNDS "${1:-5}"
    whole SLOTS "${2:-8}"
    build
    "$python" tests/bench/fleet.py build "$@"
}

# The gateway of a commit, for --gateway: builds it, and says where it is.
bench_at() {
    local commit folder
    commit=$(git rev-parse --short --verify --quiet "${1:-}^{commit}") || {
        say "'${1:-}' is no commit." >&2
        return 2
    }
    folder=build/bench/at/$commit
    setup "${bench_packages[@]}" >&2
    mkdir -p "$folder"
    git archive "$commit" | tar -x -C "$folder"
    (cd "$folder" && configure build -Dtests=false -Dbuildtype=release && compile build)
    # Before there was a daemon, an example was the gateway.
    if [ -x "$folder/build/tools/gateway/spectacles-gateway" ]; then
        say "$folder/build/tools/gateway/spectacles-gateway"
    else
        say "$folder/build/examples/gateway"
    fi
}

bench() {
    case ${1:-} in
    codec | idle | tls | broker | relay | turn | fleet | at | bindings) "bench_$1" "${@:2}" ;;
    *)
        say "Which benchmark? codec, idle, tls, broker, relay, turn, fleet, at, bindings." >&2
        return 2
        ;;
    esac
}
