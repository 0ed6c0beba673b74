# shellcheck shell=bash
# What ./dev test cross has and ./dev test has not: the headers of macOS and the BSDs, which Zig brings along.

zig_version=0.17.1

# PyPI's package is a hundred megabytes, of which the headers are looked at. Without a network the tests are skipped.
setup_other_systems() {
    export CROSS=all
    [ -d build/zig/lib ] && return 0
    mkdir -p build/logs
    say "fetching the headers of macOS and the BSDs (ziglang $zig_version)"
    { "$python" -m venv build/zig.new && build/zig.new/bin/pip -q install "ziglang==$zig_version"; } >build/logs/zig.log 2>&1 ||
        { say "they could not be fetched (build/logs/zig.log)" && rm -rf build/zig.new && return 0; }
    mv build/zig.new build/zig
}
