#!/bin/sh
# Writes the whole public interface, preprocessed, for generators of bindings: cdef.sh COMPILER FOLDER OUTPUT. The system's
# headers are left out: cffi and LuaJIT know their types by themselves.
set -eu
stubs=$(mktemp -d)
trap 'rm -rf "$stubs"' EXIT
: >"$stubs/stddef.h"
: >"$stubs/stdint.h"
$1 -E -P -nostdinc -I "$stubs" -I "$2" "$2/spectacles/spectacles.h" >"$3"
