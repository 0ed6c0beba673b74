# shellcheck shell=bash
# ./dev test systems [SYSTEM ...] [-- SUITE ...]: the tests on other systems, each a fresh minimal Debian in build/systems.
# A newcomer runs them there: without root, in a path with spaces and letters beyond ASCII, with umask 077 and LANG=C.
# What only root can do is run by root, too. doc/systems.md has the last results.

all_systems=(bookworm trixie sid)
systems=() suites_there=()
# Of the suites, those that need root: network namespaces, and systems of their own.
root_suites=(networks package)
newcomer=nelly
newcomer_path="/home/$newcomer/Schöne neue Welt/libspectacles"
# Neither cgo nor node-gyp takes what pkg-config says of a library in such a folder.
plain_path=/home/$newcomer/libspectacles
root_path=/root/libspectacles

# split_suites WORD ...: takes names of systems out, and what stands behind "--": the suites that run there.
split_suites() {
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        case " ${all_systems[*]} " in *" $1 "*) systems+=("$1") ;; *) suites+=("$1") ;; esac
        shift
    done
    [ $# = 0 ] || suites_there=("${@:2}")
}

# What the clients of registries need to know of this machine. Authorities that it trusts: see trust_the_same.
registry_settings() {
    local name
    for name in http_proxy https_proxy no_proxy PIP_INDEX_URL PIP_DEFAULT_TIMEOUT GOPROXY; do
        [ -z "${!name:-}" ] || echo "$name=${!name}"
    done
    ! command -v npm >/dev/null || echo "npm_config_registry=$(npm config get registry)"
    echo NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
    echo PIP_CERT=/etc/ssl/certs/ca-certificates.crt
}

# in_system FOLDER COMMAND ...: as root. Processes and mounts of it are gone when it has ended. offline=yes: without any network
# but loopback. The folder is a mount of its own: in there, the suites of root make namespaces of mounts again.
in_system() {
    # shellcheck disable=SC2016
    unshare --mount --propagation private --pid --fork --kill-child ${offline:+--net} sh -c 'folder=$1 && shift && mount --bind "$folder" "$folder" &&
        mount -t proc proc "$folder/proc" && mount -t sysfs sysfs "$folder/sys" && mount -t tmpfs -o mode=1777 tmpfs "$folder/dev/shm" &&
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$folder/dev/pts" && exec chroot "$folder" env -i "$@"' sh "$1" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LANG=C HOME=/root "${settings[@]}" "${@:2}"
}

# The machine's own authorities, beside Debian's.
trust_the_same() {
    local folder=$1
    ! compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null ||
        cp /usr/local/share/ca-certificates/*.crt "$folder/usr/local/share/ca-certificates/"
    in_system "$folder" update-ca-certificates >/dev/null 2>&1
}

# copy_checkout FOLDER PATH: a clone, and what is not committed yet.
copy_checkout() {
    rm -rf "${1:?}$2"
    mkdir -p "$(dirname "$1$2")"
    git -c advice.detachedHead=false clone -q --no-local . "$1$2" && copy_sources "$1$2"
}

# The same checkout twice, as its owners would have it.
copy_checkouts() {
    local folder=$1
    in_system "$folder" sh -c "id $newcomer >/dev/null 2>&1 || useradd --create-home --shell /bin/bash $newcomer" &&
        (umask 077 && for path in "$newcomer_path" "$plain_path" "$root_path"; do copy_checkout "$folder" "$path" || exit; done) &&
        in_system "$folder" chown -R "$newcomer:" "/home/$newcomer"
}

# as_newcomer, as_programmer FOLDER COMMAND ...: in a checkout, without root. Programmers, in any language, have a plain path.
as_programmer() { newcomer_path=$plain_path as_newcomer "$@"; }

as_newcomer() {
    # shellcheck disable=SC2016
    offline=$unplugged in_system "$1" HOME="/home/$newcomer" ${unplugged:+sh -c 'ip link set lo up && exec "$0" "$@"'} runuser -u "$newcomer" -- sh -c 'umask 077 && cd "$0" && exec "$@"' "$newcomer_path" "${@:2}"
}

as_its_root() {
    # shellcheck disable=SC2016
    in_system "$1" sh -c 'cd "$0" && exec "$@"' "$root_path" "${@:2}"
}

# Compiler, libraries and broker, for the table of doc/systems.md.
versions_there() {
    # shellcheck disable=SC2016
    in_system "$1" dpkg-query -W -f '${Package} ${Version}\n' gcc clang libssl-dev libmbedtls-dev librabbitmq-dev libcmocka-dev rabbitmq-server python3 \
        python3-websockets 2>/dev/null | sed -E 's/ [0-9]+:/ /; s/[-+~][^ ]*$//' | paste -sd, | sed 's/,/, /g'
}

make_system() {
    local folder=build/systems/$1
    [ -d "$folder" ] || say "making a Debian $1 in $folder (some minutes, once)"
    make_debian "$1" "$folder" "build/logs/system-$1.log" ca-certificates git && trust_the_same "$folder"
}

# count_there LOG WHICH SYSTEM: what the run in the other system says at its end.
count_there() {
    local ok bad
    read -r ok bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$1" | tail -1)
    verdict "$3" "${ok:-0}" "${bad:-1}" "$2"
    [ "${bad:-1}" = 0 ] || tail -60 "$1"
}

# run_there SYSTEM WHO SUITE ...: WHO is as_newcomer, as_programmer or as_its_root.
run_there() {
    local system=$1 who=$2 log=build/logs/system-$1-${2#as_}.log
    shift 2
    "$who" "$PWD/build/systems/$system" env ${lean:+LEAN=1} ${tested:+TESTED="$tested"} ./dev test "$@" </dev/null >"$log" 2>&1 || true
    sed -nE "s/^([a-z0-9-]+ +([0-9]+ passed|skipped).*)/$system: \1/p" "$log"
    count_there "$log" "${who#as_}: $log" "$system"
}

# The newcomer runs what was asked for, or "./dev test" as README has it; root what the newcomer cannot.
test_system() {
    local system=$1 folder=$PWD/build/systems/$1 suite for_newcomer=() for_root=() for_programmer=() wanted
    read -ra wanted <<<"${setup_there-all}"
    [ ${#suites_there[@]} -gt 0 ] || for_root=("${root_suites[@]}")
    for suite in "${suites_there[@]}"; do
        case " ${root_suites[*]} " in
        *" $suite "*) for_root+=("$suite") ;;
        *) if [ "$suite" = bindings ]; then for_programmer+=(bindings) wanted+=(bindings); else for_newcomer+=("$suite"); fi ;;
        esac
    done
    copy_checkouts "$folder" || return
    as_its_root "$folder" ./dev setup "${wanted[@]}" >"build/logs/system-$system-setup.log" 2>&1 || {
        tail -20 "build/logs/system-$system-setup.log"
        verdict "$system" 0 1 "what is needed could not be installed"
        return
    }
    say "$system: $(versions_there "$folder")"
    [ ${#for_newcomer[@]} = 0 ] && [ ${#suites_there[@]} -gt 0 ] || run_there "$system" as_newcomer "${for_newcomer[@]}"
    [ ${#for_programmer[@]} = 0 ] || run_there "$system" as_programmer "${for_programmer[@]}"
    # Root builds what these suites are run on: that gcc and clang see the code, the newcomer has shown.
    [ ${#for_root[@]} = 0 ] || lean=yes run_there "$system" as_its_root "${for_root[@]}"
}

systems_tests() {
    local system obstacle settings=() lean=yes unplugged=${unplugged-}
    setup "${debian_tools[@]}" >/dev/null 2>&1 || true
    obstacle=$(debian_obstacle)
    [ -z "$obstacle" ] || {
        say "systems      skipped: ${obstacle%%$'\n'*}"
        return
    }
    [ ${#systems[@]} -gt 0 ] || systems=("${all_systems[@]}")
    [ ${#suites_there[@]} -gt 0 ] || lean=
    mapfile -t settings < <(registry_settings)
    for system in "${systems[@]}"; do
        if make_system "$system"; then test_system "$system"; else
            say "systems      skipped: $system could not be made (build/logs/system-$system.log)"
        fi
    done
}

# What each change passes on Debian 13 besides, on one build as its users have it, without the sanitizers. Integration is among
# it, all but the walks: which tests depend on a library, a broker or a kernel is not known before one of them fails. The
# newcomer has no network there, but for loopback. The other suites and the sanitizers run there by name: ./dev test systems trixie.
# shellcheck disable=SC2034
debian13_tests() {
    local systems=(trixie) suites_there=(unit static install integration) tested=build setup_there='' unplugged=yes
    systems_tests
}
