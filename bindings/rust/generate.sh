#!/bin/sh
# Writes spectacles-sys/src/bindings.rs from the headers; with an argument: into that file.
set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
output=$(readlink -f "${1:-$here/spectacles-sys/src/bindings.rs}")
target=$root/build/bindings/rust-generate
mkdir -p "$target"
cargo run -q --manifest-path "$here/generate/Cargo.toml" --target-dir "$target" -- "$root/include" "$output"
