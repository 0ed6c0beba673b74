"""Makes the extension module spectacles._spectacles, against the library that is installed.

The declarations are those that the library has installed beside its headers, so that they are never older or newer than the
library. pkg-config finds both: PKG_CONFIG_PATH names the folder when it is not one of the system's.
"""
from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import cffi


def pkg_config(*arguments: str) -> bytes:
    try:
        return subprocess.run(["pkg-config", *arguments, "spectacles"], check=True, stdout=subprocess.PIPE).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        sys.exit("libspectacles was not found: install it first. When it is installed outside the system's folders, set PKG_CONFIG_PATH to the "
                 "folder of spectacles.pc")


def flags(*arguments: str, prefix: str) -> list[str]:
    """The words of pkg-config that begin so, without the prefix. It has a backslash before each byte that is no plain character."""
    words = [os.fsdecode(word.encode("latin-1")) for word in shlex.split(pkg_config(*arguments).decode("latin-1"))]
    return [word[len(prefix):] for word in words if word.startswith(prefix)]


ffi = cffi.FFI()
ffi.cdef(Path(os.fsdecode(pkg_config("--variable=cdef").replace(b"\\ ", b" "))).read_text())
ffi.set_source("spectacles._spectacles", "#include <spectacles/spectacles.h>", libraries=["spectacles"],
               include_dirs=flags("--cflags", prefix="-I"), library_dirs=flags("--libs", prefix="-L"))

if __name__ == "__main__":
    ffi.compile(verbose=True)
