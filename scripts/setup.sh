# shellcheck shell=bash
# What the project needs on a machine, and how it gets there. Debian and Ubuntu: installed. Elsewhere: named.

debian_packages=(gcc make clang clang-format meson ninja-build pkg-config libc6-dev g++ librabbitmq-dev libwslay-dev libssl-dev libmbedtls-dev
    zlib1g-dev libzstd-dev libcjson-dev libcurl4-openssl-dev libmicrohttpd-dev libcmocka-dev rabbitmq-server python3 python3-venv python3-websockets python3-zstandard python3-msgpack python3-pika python3-pytest
    python3-pytest-xdist python3-cffi valgrind strace openssl git
    libuv1-dev libev-dev libglib2.0-dev erlang-base luajit iproute2 util-linux mount systemd tinyproxy-bin microsocks golang-github-burntsushi-toml-dev
    prometheus python3-markdown groff-base abigail-tools)
# Wanted by some commands only: the benchmarks, the fuzzers, and the tests on another processor.
bench_packages=(libsimdjson-dev erlang-dev)
cross_packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
    gcc-i686-linux-gnu libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user)

# What is looked for elsewhere: how to see that it is there, and its names in Fedora, Arch and Homebrew.
elsewhere='command gcc        gcc              gcc                 gcc
command clang      clang            clang               llvm
command meson      meson            meson               meson
command ninja      ninja-build      ninja               ninja
command pkg-config pkgconf          pkgconf             pkgconf
header amqp.h,rabbitmq-c/amqp.h librabbitmq-devel librabbitmq-c rabbitmq-c
header wslay/wslay.h wslay-devel    wslay               wslay
header openssl/ssl.h openssl-devel  openssl             openssl@3
header mbedtls/ssl.h mbedtls-devel  mbedtls             mbedtls
header zlib.h      zlib-devel       zlib                zlib
header zstd.h      libzstd-devel    zstd                zstd
header msgpack/pack.h msgpack-devel msgpack-c           msgpack
header cjson/cJSON.h cjson-devel    cjson               cjson
header curl/curl.h libcurl-devel    curl                curl
header microhttpd.h libmicrohttpd-devel libmicrohttpd   libmicrohttpd
header cmocka.h    libcmocka-devel  cmocka              cmocka
header uv.h        libuv-devel      libuv               libuv
header ev.h        libev-devel      libev               libev
command glib-mkenums glib2-devel    glib2               glib
command rabbitmq-server rabbitmq-server rabbitmq        rabbitmq
command escript    erlang-erts      erlang              erlang
module websockets  python3-websockets python-websockets python-websockets
module zstandard   python3-zstandard python-zstandard   python-zstandard
module msgpack     python3-msgpack  python-msgpack      python-msgpack
module pika        python3-pika     python-pika         python-pika
module pytest      python3-pytest   python-pytest       pytest
module xdist       python3-pytest-xdist python-pytest-xdist pytest-xdist
module cffi        python3-cffi     python-cffi         cffi
command promtool   golang-github-prometheus prometheus prometheus
command chromium   chromium         chromium            chromium
command valgrind   valgrind         valgrind            valgrind
command openssl    openssl          openssl             openssl'

is_debian() {
    grep -qsE '^(ID|ID_LIKE)=.*(debian|ubuntu)' "${DEV_OS_RELEASE:-/etc/os-release}"
}

# What is missing of the named packages.
missing_on_debian() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

can_be_root() { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }

# Debian starts a service when it installs one. A RabbitMQ that nobody asked for is not left running: policy-rc.d forbids it
# for the time of the installation, unless somebody has a policy of their own.
install_on_debian() {
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod +x "$policy"
        made=yes
    fi
    as_root apt-get -qq update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" || {
        [ -z "$made" ] || as_root rm -f "$policy"
        return 1
    }
    [ -z "$made" ] || as_root rm -f "$policy"
}

is_there() {
    case $1 in
    command) command -v "$2" >/dev/null ;;
    module) "$python" -c "import $2" 2>/dev/null ;;
    header)
        local header
        for header in ${2//,/ }; do
            printf '#include <stddef.h>\n#include <%s>\n' "$header" | ${CC:-cc} -E -x c - >/dev/null 2>&1 && return 0
        done
        return 1
        ;;
    esac
}

name_what_is_missing() {
    local kind what fedora arch brew f='' a='' b=''
    while read -r kind what fedora arch brew; do
        is_there "$kind" "$what" || { f+=" $fedora" a+=" $arch" b+=" $brew"; }
    done <<<"$elsewhere"
    [ -z "$f" ] && return 0
    say "This is not Debian or Ubuntu, so nothing is installed for you. What is missing:" >&2
    say "  Fedora:   dnf install$f" >&2
    say "  Arch:     pacman -S$a" >&2
    say "  Homebrew: brew install$b" >&2
    return 1
}

# What msgpack-c is called: in Debian 12 still with the name of what it was.
msgpack_package() {
    local old=libmsgpack-dev new=libmsgpack-c-dev
    if grep -qs '^VERSION_CODENAME=bookworm' "${DEV_OS_RELEASE:-/etc/os-release}" ||
        { apt-cache show $old && ! apt-cache show $new; } >/dev/null 2>&1; then echo $old; else echo $new; fi
}

# Chromium, for the tests of the status page, and what lets a user without root run it. Ubuntu has it as a snap only, which
# is for its owner to install.
browser_packages() { grep -qs '^ID=ubuntu' "${DEV_OS_RELEASE:-/etc/os-release}" || echo chromium chromium-sandbox; }

# setup [PACKAGE ...]: the packages for everything, and these.
setup() {
    if ! is_debian; then
        name_what_is_missing
        return
    fi
    local missing
    # shellcheck disable=SC2046
    missing=$(missing_on_debian "${debian_packages[@]}" "$(msgpack_package)" $(browser_packages) "$@")
    [ -z "$missing" ] && return 0
    can_be_root || {
        say "Packages are missing, and only root can install them (sudo is not there):" >&2
        say "  apt-get install --no-install-recommends $missing" >&2
        return 1
    }
    say "installing: $missing"
    mkdir -p build
    # shellcheck disable=SC2086
    if ! install_on_debian $missing >build/setup.log 2>&1; then
        tail -20 build/setup.log >&2
        say "The packages could not be installed: apt-get says why above, and in build/setup.log. Missing are: $missing" >&2
        return 1
    fi
}

# The sanitizers and libFuzzer come with clang's run-time library. Its package has clang's version in its name, and clang
# only recommends it.
setup_clang_runtime() {
    is_debian || return 0
    local version
    version=$(clang --version | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -1)
    setup "libclang-rt-$version-dev"
}

# setup_for [all] [bindings]: of ./dev setup.
setup_for() {
    local what
    setup || return
    for what in "$@"; do
        case $what in
        all) setup "${cross_packages[@]}" "${bench_packages[@]}" "${package_packages[@]}" && setup_clang_runtime && setup_node || return ;;
        bindings) setup_bindings "${binding_languages[@]}" || return ;;
        *)
            say "./dev setup knows 'all' and 'bindings', and not '$what'." >&2
            exit 2
            ;;
        esac
    done
}
