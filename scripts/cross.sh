# shellcheck shell=bash
# What ./dev test cross has and ./dev test has not: the unit tests of the engines on other processors, in an emulator, and with
# musl; and the headers of macOS and the BSDs, which Zig brings along. All of it is kept in build/cross and build/zig.

zig_version=0.17.1
cross_all_packages=(musl-tools gcc-powerpc-linux-gnu libc6-dev-powerpc-cross dpkg-dev)

# The modules that need no socket, whose tests run from memory. net and the daemon stay at home.
cross_modules='core|codec|routing|shard|broker|relay|state|fleet'

# DEBIAN'S NAME  COMPILER  EMULATOR  MESON'S FAMILY  BYTE ORDER  OPTIONS
processors='arm64 aarch64-linux-gnu    qemu-aarch64 aarch64 little
armhf             arm-linux-gnueabihf  qemu-arm     arm     little
i386              i686-linux-gnu       qemu-i386    x86     little -mno-sse -mfpmath=387
s390x             s390x-linux-gnu      qemu-s390x   s390x   big'

# The libraries that the build wants, for the other processor.
foreign_packages=(libcmocka-dev zlib1g-dev libzstd-dev libwslay-dev librabbitmq-dev libssl-dev libcurl4-openssl-dev libmicrohttpd-dev)

# PyPI's package is a hundred megabytes, of which the headers are looked at. Without a network the tests are skipped.
setup_other_systems() {
    export CROSS=all
    setup "${cross_all_packages[@]}"
    [ -d build/zig/lib ] && return 0
    mkdir -p build/logs
    say "fetching the headers of macOS and the BSDs (ziglang $zig_version)"
    { "$python" -m venv build/zig.new && build/zig.new/bin/pip -q install "ziglang==$zig_version"; } >build/logs/zig.log 2>&1 ||
        { say "they could not be fetched (build/logs/zig.log)" && rm -rf build/zig.new && return 0; }
    mv build/zig.new build/zig
}

# foreign_apt FOLDER ARCHITECTURE WORD ...: apt-get with lists and a cache of its own, and nothing installed. The machine's
# own packages stay as they are, and no root is needed.
foreign_apt() {
    local folder=$1 architecture=$2
    shift 2
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    : >"$folder/status"
    apt-get -qq -y --no-install-recommends -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o APT::Architecture="$architecture" \
        -o APT::Architectures="$architecture" -o Dir::State::Lists="$folder/lists" -o Dir::State::status="$folder/status" \
        -o Dir::Cache="$folder" -o Dir::Cache::Archives="$folder/archives" "$@"
}

# make_foreign ARCHITECTURE: its libraries in build/cross/ARCHITECTURE/root, which appears when it is complete.
make_foreign() {
    local folder=$PWD/build/cross/$1 package
    [ -d "$folder/root" ] && return 0
    # A mirror whose list of late mends is not whole yet still has the release.
    foreign_apt "$folder/apt" "$1" update || true
    foreign_apt "$folder/apt" "$1" --download-only install "${foreign_packages[@]}" "$(msgpack_package)" || return 1
    mkdir -p "$folder/root.new"
    for package in "$folder"/apt/archives/*.deb; do dpkg -x "$package" "$folder/root.new" || return 1; done
    rm -rf "$folder/apt"
    mv "$folder/root.new" "$folder/root"
}

# quoted WORD ...: a list of meson's.
quoted() { printf "['%s'" "$1" && { [ $# = 1 ] || printf ", '%s'" "${@:2}"; } && printf ']\n'; }

# foreign_file ARCHITECTURE COMPILER EMULATOR FAMILY ORDER [OPTION ...]: what meson wants to know of it.
foreign_file() {
    local root=$PWD/build/cross/$1/root compiler=$2 emulator=$3 family=$4 order=$5
    shift 5
    cat <<FILE
[binaries]
c = $(quoted $(command -v ccache || true) "$compiler-gcc")
ar = '$compiler-gcc-ar'
strip = '$compiler-strip'
pkgconfig = 'pkg-config'
exe_wrapper = $(quoted "$emulator" -L "$root")
[properties]
needs_exe_wrapper = true
sys_root = '$root'
pkg_config_libdir = ['$root/usr/lib/$("$compiler-gcc" -print-multiarch)/pkgconfig', '$root/usr/share/pkgconfig']
[built-in options]
c_args = $(quoted "--sysroot=$root" "$@")
c_link_args = $(quoted "--sysroot=$root" "$@")
[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$family'
endian = '$order'
FILE
}

# What moves WebSocket frames.
frame_tests='shard_|relay_real_engines|relay_identify|core_stream'

# engine_tests FOLDER: the names of the unit tests of the engines in a build folder. frames: -E, those that move frames; -vE, the
# others; none, all.
engine_tests() {
    meson test -C "$1" --list 2>/dev/null | sed 's|.* / ||' | grep -E "^($cross_modules)_" | grep "${frames:--E}" "^(${frames:+$frame_tests})"
}

# build_engines FOLDER FILE [OPTION ...]: what these tests need, and nothing else. What is built is not optimized much: the
# emulator is what takes time.
build_engines() {
    local folder=$1 file=$2 tests
    shift 2
    configure "$folder" --cross-file "$file" -Doptimization=1 -Dexamples=false -Dgateway=false -Dwerror=true "$@" || return 1
    mapfile -t tests < <(engine_tests "$folder" | sed 's|^|test_|')
    mapfile -t tests < <(ninja -C "$folder" -t targets all | sed -nE 's|^(tests/unit/[^:]*): c_LINKER.*|\1|p' |
        grep -E "/($(IFS='|' && echo "${tests[*]}"))$")
    ninja -k 0 -C "$folder" "${tests[@]}" >"$folder/compile.log" 2>&1 || {
        tail -40 "$folder/compile.log"
        return 1
    }
}

# run_engines NAME FOLDER: with time for an emulator.
run_engines() {
    local name=$1 folder=$2 tests
    mapfile -t tests < <(engine_tests "$folder")
    unit_tests "$name" "$folder" -t 10 "${tests[@]}"
}

# on_processor ARCHITECTURE COMPILER EMULATOR ...: builds and runs them, or says why not.
on_processor() {
    local folder=build/cross/$1 log=build/logs/cross-$1-build.log
    if ! { command -v "$2-gcc" && command -v "$3"; } >/dev/null; then
        say "cross-$1  skipped: $2-gcc or $3 is not installed"
    elif ! make_foreign "$1" >"build/logs/cross-$1-libraries.log" 2>&1; then
        say "cross-$1  skipped: its libraries could not be fetched (build/logs/cross-$1-libraries.log)"
    elif ! { foreign_file "$@" >"$folder/file.ini" && build_engines "$folder/build" "$folder/file.ini"; } >"$log" 2>&1; then
        tail -40 "$log"
        verdict "cross-$1" 0 1 "the tests do not build: $log"
    else
        run "cross-$1" run_engines "cross-$1" "$folder/build"
    fi
}

engines_elsewhere() {
    local -a words
    while read -ra words; do on_processor "${words[@]}" </dev/null; done <<<"$processors"
    with_musl
}

# ---- musl ----

# musl-gcc sees nothing of glibc's headers: those of libraries are linked into a folder of musl's own. Debian has no archive of
# cmocka, for which tests/cross/cmocka.h stands, and none of wslay. So the tests that move WebSocket frames are programs of
# musl's loader instead, which takes Debian's shared wslay: it wants nothing of libc that musl has not. All others are static.
make_musl() {
    local folder=$PWD/build/cross/musl new=$PWD/build/cross/musl.new triplet header
    [ -d "$folder" ] && return 0
    triplet=$(gcc -print-multiarch)
    rm -rf "$new"
    mkdir -p "$new/include" "$new/lib" "$new/shared" "$new/pkgconfig" "$new/pkgconfig-shared"
    for header in wslay zlib.h zconf.h zstd.h zstd_errors.h mbedtls psa amqp.h amqp_framing.h rabbitmq-c msgpack msgpack.h linux asm-generic; do
        [ ! -e "/usr/include/$header" ] || ln -s "/usr/include/$header" "$new/include/"
    done
    ln -s "/usr/include/$triplet/asm" "$new/include/"
    printf 'Name: cmocka\nDescription: tests/cross/cmocka.h\nVersion: 1\nCflags: -I%s\n' "$PWD/tests/cross" >"$new/pkgconfig/cmocka.pc"
    printf 'Name: wslay\nDescription: tests/cross/no_wslay.c\nVersion: 1\nLibs: -L%s -lwslay\n' "$folder/lib" >"$new/pkgconfig/libwslay.pc"
    cp "$new/pkgconfig/cmocka.pc" "$new/pkgconfig-shared/"
    printf 'Name: wslay\nDescription: the shared one\nVersion: 1\nLibs: -L%s -lwslay\n' "$folder/shared" >"$new/pkgconfig-shared/libwslay.pc"
    # A folder of its own: beside it lie libraries that need glibc.
    cp "/usr/lib/$triplet/libwslay.so.1" "$new/shared/" && ln -s libwslay.so.1 "$new/shared/libwslay.so" || return 1
    musl-gcc -O2 -fno-builtin -c tests/cross/fortified.c -o "$new/fortified.o" &&
        musl-gcc -O2 -c tests/cross/no_wslay.c -o "$new/no_wslay.o" && ar rcs "$new/lib/libwslay.a" "$new/no_wslay.o" && mv "$new" "$folder"
}

# musl_file PKGCONFIG LINK_OPTION ...
musl_file() {
    local folder=$PWD/build/cross/musl
    cat <<FILE
[binaries]
c = $(quoted $(command -v ccache || true) musl-gcc)
ar = 'ar'
pkgconfig = 'pkg-config'
[properties]
pkg_config_libdir = ['$folder/$1', '/usr/lib/$(gcc -print-multiarch)/pkgconfig', '/usr/share/pkgconfig']
[built-in options]
c_args = $(quoted -isystem "$folder/include")
c_link_args = $(quoted "${@:2}" "$folder/fortified.o")
[host_machine]
system = 'linux'
cpu_family = '$(uname -m)'
cpu = '$(uname -m)'
endian = 'little'
FILE
}

# musl_tests FOLDER FRAMES PKGCONFIG LINK_OPTION ...: FRAMES is a word of grep's before the expression, -E or -vE.
musl_tests() {
    local name=cross-$1 folder=build/cross/$1 frames=$2 log=build/logs/cross-$1-build.log
    mkdir -p "$folder"
    if ! { musl_file "${@:3}" >"$folder/file.ini" && build_engines "$folder/build" "$folder/file.ini" -Dtls=mbedtls -Dprefer_static=true; } >"$log" 2>&1; then
        tail -40 "$log"
        verdict "$name" 0 1 "the tests do not build: $log"
    else
        run "$name" run_engines "$name" "$folder/build"
    fi
}

with_musl() {
    local log=build/logs/cross-musl-build.log
    if ! make_musl >"$log" 2>&1; then
        say "cross-musl   skipped: its libraries could not be made ($log)"
    else
        musl_tests musl-static -vE pkgconfig -static
        musl_tests musl-shared -E pkgconfig-shared "-Wl,-rpath,$PWD/build/cross/musl/shared"
    fi
}
