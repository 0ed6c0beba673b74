"""The code asks the C library for what POSIX.1-2008 names, and for nothing else.

The build shows all names of the system (-D_DEFAULT_SOURCE), because some options of sockets have no name in POSIX. Here the
names of POSIX alone are visible: a file that needs more says so in this list, with its reason.
"""
from __future__ import annotations

import subprocess
from pathlib import Path

DEFINES = ("-DSP_TLS_OPENSSL=1", "-DSP_HAVE_ZSTD=1", "-DSP_HAVE_MSGPACK=1", "-DSP_VERSION_MAJOR=0", "-DSP_VERSION_MINOR=0",
           "-DSP_VERSION_PATCH=0", '-DSP_VERSION="0"',
           # As meson.build: from 0.12 on librabbitmq's header has a folder of its own, and the old one warns.
           *(["-DSP_HAVE_RABBITMQ_C_AMQP_H=1"] if Path("/usr/include/rabbitmq-c/amqp.h").exists() else []))
BEYOND = {
    "lib/net/entropy.c": "getentropy(): in POSIX since 2024, and in every system long before",
}


def complaints(root: Path, *sources: Path) -> str:
    done = subprocess.run(
        ["gcc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *DEFINES, "-I", root / "lib",
         "-I", root / "include", "-I", root / "tools" / "gateway", *sources], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def test_names_of_posix_alone(root: Path) -> None:
    sources = [path for part in ("lib", "tools") for path in sorted((root / part).rglob("*.c"))
               if "mbedtls" not in path.name and str(path.relative_to(root)) not in BEYOND]
    assert len(sources) > 200
    assert not (said := complaints(root, *sources)), said[:5000]


def test_the_list_names_what_needs_more(root: Path) -> None:
    assert all(complaints(root, root / name) for name in BEYOND)
