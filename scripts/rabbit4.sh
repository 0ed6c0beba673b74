# shellcheck shell=bash
# Other RabbitMQs beside the distribution's own, each in a small Debian in build/rabbit4/RELEASE, made once and kept.
# For the suite "rabbit4" RABBIT4 chooses the release: sid (RabbitMQ 4.3) or trixie (4.0). For the rolling upgrade of the
# suite "cluster" there are bullseye (3.8) and bookworm (3.10): see doc/operations.md.

rabbit4_release=${RABBIT4:-sid}

# What the suite cannot do without; a word when it is not there.
rabbit4_obstacle() {
    case $rabbit4_release in sid | trixie) debian_obstacle ;; *)
        say "RABBIT4 is sid or trixie, and not '$rabbit4_release'"
        ;;
    esac
}

# make_rabbit RELEASE
make_rabbit() {
    local folder=build/rabbit4/$1
    [ -d "$folder" ] || say "making a Debian $1 with RabbitMQ in $folder (some minutes, once)"
    make_debian "$1" "$folder" build/logs/rabbit4-folder.log rabbitmq-server
}

# With RABBIT4=sid or trixie: that RabbitMQ in the place of the machine's own, for ./dev chaos fleet and ./dev bench fleet takeover.
wanted_rabbit() {
    [ -n "${RABBIT4:-}" ] || return 0
    make_rabbit "$rabbit4_release"
    export SPECTACLES_RABBIT=build/rabbit4/$rabbit4_release
}

# The tests that both versions of RabbitMQ have to pass, against 4.x.
rabbit4_tests() {
    local obstacle
    obstacle=$(rabbit4_obstacle)
    if [ -n "$obstacle" ]; then
        say "rabbit4      skipped: ${obstacle%%$'\n'*}"
    elif ! make_rabbit "$rabbit4_release"; then
        say "rabbit4      skipped: the folder could not be made (build/logs/rabbit4-folder.log)"
    else
        SPECTACLES_RABBIT=build/rabbit4/$rabbit4_release run rabbit4 python_tests rabbit4 build/asan -n 2 --dist load -m rabbit4 tests/integration
    fi
}

upgrade_releases=(bullseye bookworm)

# Three nodes: killed, restarted, and upgraded from one release's RabbitMQ to the next one's.
cluster_tests() {
    local obstacle upgrade=
    obstacle=$(debian_obstacle)
    if [ -n "$obstacle" ]; then
        say "cluster      without the rolling upgrade: ${obstacle%%$'\n'*}"
    elif ! make_rabbit "${upgrade_releases[0]}" || ! make_rabbit "${upgrade_releases[1]}"; then
        say "cluster      without the rolling upgrade: a folder could not be made (build/logs/rabbit4-folder.log)"
    else
        upgrade=build/rabbit4/${upgrade_releases[0]}:build/rabbit4/${upgrade_releases[1]}
    fi
    SPECTACLES_UPGRADE=$upgrade run cluster python_tests cluster build/asan -m cluster tests/integration tests/chaos tests/demo
}
