# shellcheck shell=bash
# Configures and compiles the build folders: build, build/asan, build/clang, build/gcc.

# configure FOLDER [OPTION ...]: sets a build folder up, once.
configure() {
    local folder=$1 log
    log=build/logs/configure-$(basename "$1").log
    shift
    [ -f "$folder/build.ninja" ] && return 0
    mkdir -p build/logs
    meson setup "$folder" "$@" >"$log" 2>&1 && return 0
    # Once more without what an earlier one has left. Not by --wipe, which takes the logs and the other folders in build/ along.
    rm -rf "$folder"/meson-private "$folder"/meson-info "$folder"/meson-logs
    meson setup "$folder" "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        return 1
    }
}

# compile FOLDER: quiet when it works.
compile() {
    local log=$1/compile.log
    if ! ninja -C "$1" >"$log" 2>&1; then
        grep -vE '^\[[0-9]+/[0-9]+\] |^ninja: ' "$log" | head -80 >&2
        return 1
    fi
}

# All configurations lie inside build/, so that there is one folder to forget. build/clang has the other TLS library, and the
# sanitizers for the tests of it. The unit tests, which are most of what there is to compile, are built where they run, and by
# both compilers: in build/asan and build/clang; and in build when all suites run on that one (TESTED). unit=false: nowhere.
configure_known() {
    local sanitized=(-Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fno-sanitize-recover=all -Dwerror=true)
    case $1 in
    build) configure build -Dunit="$([ "${TESTED:-}" = build ] && echo true || echo false)" ;;
    build/asan) configure build/asan -Dunit="${unit:-true}" "${sanitized[@]}" ;;
    build/clang) CC=clang configure build/clang -Dunit="${unit:-true}" -Dtls=mbedtls "${sanitized[@]}" ;;
    build/gcc) configure build/gcc -Dunit=false -Dwerror=true -Dbuildtype=release ;;
    esac
}

build() { setup && configure_known build && compile build; }
