# shellcheck shell=bash
# A RabbitMQ 4.x beside the distribution's own, for the suite "rabbit4": a small Debian in build/rabbit4/RELEASE, made once
# and kept. RABBIT4 chooses the release: sid (RabbitMQ 4.3) or trixie (4.0).

rabbit4_release=${RABBIT4:-sid}

# What the suite cannot do without; a word when it is not there.
rabbit4_obstacle() {
    case $rabbit4_release in sid | trixie) debian_obstacle ;; *)
        say "RABBIT4 is sid or trixie, and not '$rabbit4_release'"
        ;;
    esac
}

make_rabbit4() {
    local folder=build/rabbit4/$rabbit4_release
    [ -d "$folder" ] || say "making a Debian $rabbit4_release with RabbitMQ 4 in $folder (some minutes, once)"
    make_debian "$rabbit4_release" "$folder" build/logs/rabbit4-folder.log rabbitmq-server
}

# The tests that both versions of RabbitMQ have to pass, against 4.x.
rabbit4_tests() {
    local obstacle
    obstacle=$(rabbit4_obstacle)
    if [ -n "$obstacle" ]; then
        say "rabbit4      skipped: ${obstacle%%$'\n'*}"
    elif ! make_rabbit4; then
        say "rabbit4      skipped: the folder could not be made (build/logs/rabbit4-folder.log)"
    else
        SPECTACLES_RABBIT=build/rabbit4/$rabbit4_release run rabbit4 python_tests rabbit4 build/asan -n 2 --dist load -m rabbit4 tests/integration
    fi
}
