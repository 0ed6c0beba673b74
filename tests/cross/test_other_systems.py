"""The library and the daemon compiled against the headers of macOS and the BSDs, without a warning: kqueue's code too.

Nothing is linked and nothing runs. The headers are those that Zig brings along (PyPI's package ziglang), and the compiler is
clang. `./dev test cross` fetches them; `./dev test` does not. doc/porting.md says what stays untested.
"""
from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class System:
    name: str
    target: str
    folders: tuple[str, ...]
    options: tuple[str, ...] = ()


# clang 14 takes an environment that it does not know (kernelkit) for the one that it compiles for.
MACOS = ("-D__is_target_environment(name)=0", "-Wno-builtin-macro-redefined")
SYSTEMS = [
    System("macos", "arm64-apple-macosx11", ("any-darwin-any",), MACOS),
    System("freebsd", "x86_64-unknown-freebsd14", ("x86_64-freebsd-none", "generic-freebsd")),
    System("netbsd", "x86_64-unknown-netbsd10", ("x86_64-netbsd-none", "generic-netbsd")),
    System("openbsd", "x86_64-unknown-openbsd7", ("x86_64-openbsd-none", "generic-openbsd")),
]
# Headers of the libraries that ours uses: they are the same everywhere, and are taken from where Debian has them.
LIBRARIES = ("wslay", "zlib.h", "zconf.h", "zstd.h", "zstd_errors.h", "amqp.h", "amqp_framing.h", "rabbitmq-c", "msgpack", "msgpack.h",
             "microhttpd.h", "openssl", "curl")
DEFINES = ("-DSP_HAVE_KQUEUE=1", "-DSP_TLS_OPENSSL=1", "-DSP_HAVE_ZSTD=1", "-DSP_HAVE_MSGPACK=1", "-DSP_VERSION_MAJOR=0",
           "-DSP_VERSION_MINOR=0", "-DSP_VERSION_PATCH=0", '-DSP_VERSION="0"')


@pytest.fixture(scope="module")
def headers(root: Path) -> Path:
    found = next((root / "build" / "zig").glob("lib/python*/site-packages/ziglang/lib/libc/include"), None)
    if os.environ.get("CROSS") != "all" or not found:
        pytest.skip("the headers of other systems come with ./dev test cross")
    return found


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to them alone: beside them lie the headers of Linux."""
    folder = tmp_path_factory.mktemp("libraries")
    for name in LIBRARIES:
        for where in Path("/usr/include"), *Path("/usr/include").glob("*-linux-gnu"):
            files = [where / name] if (where / name).is_file() else sorted((where / name).rglob("*.h*"))
            for file in files:
                link = folder / file.relative_to(where)
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.exists():
                    link.symlink_to(file)
    return folder


def compile_all(root: Path, headers: Path, libraries: Path, system: System, *sources: Path) -> str:
    folders = [part for folder in system.folders for part in ("-isystem", str(headers / folder))]
    done = subprocess.run(
        ["clang", f"--target={system.target}", "-nostdlibinc", *folders, "-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror",
         "-fsyntax-only", *system.options, *DEFINES, "-I", root / "lib", "-I", root / "include", "-I", root / "tools" / "gateway",
         "-isystem", libraries, *sources], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda each: each.name)
def test_everything_compiles(root: Path, headers: Path, libraries: Path, system: System) -> None:
    sources = [path for part in ("lib", "tools") for path in sorted((root / part).rglob("*.c")) if "mbedtls" not in path.name]
    assert len(sources) > 200
    complaints = compile_all(root, headers, libraries, system, *sources)
    assert not complaints, complaints[:5000]


def test_what_only_linux_has_is_noticed(root: Path, headers: Path, libraries: Path, tmp_path: Path) -> None:
    source = tmp_path / "linux.c"
    source.write_text("#include <sys/epoll.h>\nint main(void) { return epoll_create1(0); }\n")
    assert "sys/epoll.h" in compile_all(root, headers, libraries, SYSTEMS[1], source)
