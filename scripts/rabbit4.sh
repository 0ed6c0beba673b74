# shellcheck shell=bash
# A RabbitMQ 4.x beside the distribution's own, for the suite "rabbit4": a small Debian in build/rabbit4/RELEASE, made once
# and kept. RABBIT4 chooses the release: sid (RabbitMQ 4.3) or trixie (4.0).

rabbit4_release=${RABBIT4:-sid}
rabbit4_packages=(debootstrap)

# What the suite cannot do without; a word when it is not there.
rabbit4_obstacle() {
    case $rabbit4_release in sid | trixie) ;; *)
        say "RABBIT4 is sid or trixie, and not '$rabbit4_release'"
        return
        ;;
    esac
    [ "$(id -u)" = 0 ] || say "only root can run a RabbitMQ in a folder of its own"
    [ "$(uname -s)" = Linux ] || say "only Linux has mount namespaces"
    command -v debootstrap >/dev/null && command -v unshare >/dev/null || say "debootstrap or unshare is not installed"
}

# What is mounted in a namespace of its own is gone with it, however this ends.
fill_rabbit4() {
    local folder=$1
    debootstrap --variant=minbase "$rabbit4_release" "$folder" || return 1
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
    chmod +x "$folder/usr/sbin/policy-rc.d"
    printf '127.0.0.1 localhost\n' >"$folder/etc/hosts"
    # shellcheck disable=SC2016
    unshare --mount --propagation private sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends rabbitmq-server' sh "$folder"
}

# The folder appears when it is complete.
make_rabbit4() {
    local folder=build/rabbit4/$rabbit4_release
    [ -d "$folder" ] && return 0
    say "making a Debian $rabbit4_release with RabbitMQ 4 in $folder (some minutes, once)"
    rm -rf "$folder.new"
    mkdir -p build/rabbit4 build/logs
    fill_rabbit4 "$PWD/$folder.new" >build/logs/rabbit4-folder.log 2>&1 && mv "$folder.new" "$folder"
}

# The tests that both versions of RabbitMQ have to pass, against 4.x.
rabbit4_tests() {
    local obstacle
    setup "${rabbit4_packages[@]}" >/dev/null 2>&1 || true
    obstacle=$(rabbit4_obstacle)
    if [ -n "$obstacle" ]; then
        say "rabbit4      skipped: ${obstacle%%$'\n'*}"
    elif ! make_rabbit4; then
        say "rabbit4      skipped: the folder could not be made (build/logs/rabbit4-folder.log)"
    else
        SPECTACLES_RABBIT=build/rabbit4/$rabbit4_release run rabbit4 python_tests rabbit4 build/asan -n 2 --dist load -m rabbit4 tests/integration
    fi
}
