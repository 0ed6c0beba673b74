# shellcheck shell=bash
# A small Debian in a folder of its own, made once and kept: for another RabbitMQ, and for packages on a fresh system.

debian_tools=(debootstrap)

# What it cannot be made without; a word when it is not there.
debian_obstacle() {
    [ "$(id -u)" = 0 ] || say "only root can use a system in a folder of its own"
    [ "$(uname -s)" = Linux ] || say "only Linux has mount namespaces"
    command -v debootstrap >/dev/null && command -v unshare >/dev/null || say "debootstrap or unshare is not installed"
}

# in_debian FOLDER COMMAND ...: what is mounted in a namespace of its own is gone with it, however this ends.
in_debian() {
    # shellcheck disable=SC2016
    unshare --mount --propagation private sh -c 'folder=$1 && shift && mount -t proc proc "$folder/proc" && exec chroot "$folder" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"' sh "$@"
}

fill_debian() {
    local release=$1 folder=$2
    shift 2
    # It leaves /proc mounted: whoever removes the folder later would remove what the mount shows.
    unshare --mount --propagation private debootstrap --variant=minbase "$release" "$folder" || return 1
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
    chmod +x "$folder/usr/sbin/policy-rc.d"
    printf '127.0.0.1 localhost\n' >"$folder/etc/hosts"
    # A mirror may lag behind the date until which its list is valid; and a test's system need not outlive a power cut.
    printf 'Acquire::Check-Valid-Until "false";\n' >"$folder/etc/apt/apt.conf.d/99-mirror"
    printf 'force-unsafe-io\n' >"$folder/etc/dpkg/dpkg.cfg.d/unsafe-io"
    [ $# = 0 ] || in_debian "$folder" apt-get install -y --no-install-recommends "$@"
}

# make_debian RELEASE FOLDER LOG [PACKAGE ...]: the folder appears when it is complete.
make_debian() {
    local release=$1 folder=$2 log=$3
    shift 3
    [ -d "$folder" ] && return 0
    rm -rf "$folder.new"
    mkdir -p "$(dirname "$folder")" "$(dirname "$log")"
    fill_debian "$release" "$PWD/$folder.new" "$@" >"$log" 2>&1 && mv "$folder.new" "$folder"
}
