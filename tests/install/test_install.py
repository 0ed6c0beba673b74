"""A program outside the tree, against the installed library, with pkg-config alone."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
#include <spectacles/spectacles.h>
#include <stdio.h>
int main(void)
{
    spectacles_shard *shard = NULL;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.token = "t";
    config.gateway_url = "wss://gateway.discord.gg";
    config.seed = spectacles_random_seed();
    if (spectacles_shard_new(&shard, &config, NULL) != SPECTACLES_OK)
        return 1;
    printf("%s\\n", spectacles_shard_next_event(shard, spectacles_now())->text);
    spectacles_shard_free(shard);
    return 0;
}
"""


@pytest.fixture(scope="module")
def prefix(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    destination = tmp_path_factory.mktemp("install")
    subprocess.run(["meson", "install", "-C", build, "--destdir", destination, "--no-rebuild", "--quiet"], check=True, capture_output=True)
    return destination


def pkg_config(prefix: Path, *arguments: str, name: str = "spectacles") -> list[str]:
    folders = [str(path.parent) for path in prefix.rglob("spectacles.pc")]
    environment = {**os.environ, "PKG_CONFIG_PATH": ":".join(folders), "PKG_CONFIG_SYSROOT_DIR": str(prefix)}
    done = subprocess.run(["pkg-config", *arguments, name], env=environment, capture_output=True, text=True, check=True)
    # The sysroot is meant for what we installed: the system's own libraries stay where they are.
    return done.stdout.split()


def compile_and_run(folder: Path, compiler: str, standard: str, flags: list[str], **environment: str) -> str:
    source = folder / f"program.{'cpp' if '++' in standard else 'c'}"
    source.write_text(PROGRAM)
    subprocess.run([compiler, f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror", source, "-o", folder / "program", *flags], check=True)
    return subprocess.run([folder / "program"], env={**os.environ, **environment}, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c99"), ("clang", "c11"), ("g++", "c++11"), ("clang++", "c++20")])
def test_a_program_outside_the_tree(prefix: Path, tmp_path: Path, compiler: str, standard: str) -> None:
    library = next(prefix.rglob("libspectacles.so")).parent
    flags = pkg_config(prefix, "--cflags", "--libs")
    assert compile_and_run(tmp_path, compiler, standard, flags, LD_LIBRARY_PATH=str(library)) == "gateway.discord.gg:443\n"


UNLOAD = """
import _ctypes, ctypes, sys
library = ctypes.CDLL(sys.argv[1])
_ctypes.dlclose(library._handle)
print(any(sys.argv[1] in line and " r-xp " in line for line in open("/proc/self/maps")))
"""


def test_the_library_stays_when_it_is_unloaded(prefix: Path) -> None:
    """A lookup may go on in it: at the end of a Lua program, its thread had lost its code."""
    library = next(prefix.rglob("libspectacles.so")).resolve()
    assert subprocess.run([sys.executable, "-c", UNLOAD, library], capture_output=True, text=True, check=True).stdout == "True\n"


def test_the_manual_is_installed(prefix: Path) -> None:
    pages = next(prefix.rglob("man3"))
    assert (pages / "spectacles_gateway_new.3").read_text().startswith(".TH spectacles_gateway_new 3")
    assert (pages / "spectacles_envelope.3").read_text() == ".so man3/spectacles_codec.h.3\n"


@pytest.mark.parametrize("static", [(), ("--static",)], ids=["", "--static"])
def test_the_static_library(prefix: Path, tmp_path: Path, static: tuple[str, ...]) -> None:
    """The .so lies beside the .a, and is not taken: the program runs where libspectacles is not installed."""
    flags = pkg_config(prefix, *static, "--cflags", "--libs", name="spectacles-static")
    # A sysroot is put before -L and -I alone: an archive that is named by its path lies under it as well.
    flags = [str(prefix) + flag if flag.endswith("/libspectacles.a") and not flag.startswith(str(prefix)) else flag for flag in flags]
    assert compile_and_run(tmp_path, "gcc", "c99", flags, LD_LIBRARY_PATH="") == "gateway.discord.gg:443\n"
    needed = subprocess.run(["readelf", "-d", "-W", tmp_path / "program"], capture_output=True, text=True, check=True).stdout
    assert "libspectacles" not in needed


def test_what_the_static_library_needs_is_named(prefix: Path, tmp_path: Path) -> None:
    """pkg-config --static of spectacles.pc itself, for linkers that are told to take archives (-static, or no .so installed)."""
    archive = str(next(prefix.rglob("libspectacles.a")))
    flags = [archive if flag == "-lspectacles" else flag for flag in pkg_config(prefix, "--static", "--cflags", "--libs")]
    assert compile_and_run(tmp_path, "gcc", "c99", flags, LD_LIBRARY_PATH="") == "gateway.discord.gg:443\n"


def test_without_messagepack(root: Path, tmp_path: Path) -> None:
    """What is optional may be missing: it builds, and what asks for MessagePack is answered with a sentence."""
    tests = ["test_codec_format", "test_broker_publish", "relay/test_relay_formats"]
    subprocess.run(["meson", "setup", tmp_path, root, "-Dmsgpack=disabled", "-Dexamples=false", "-Dwerror=true"], check=True, capture_output=True)
    subprocess.run(["ninja", "-C", tmp_path, *(f"tests/unit/{test}" for test in tests)], check=True, capture_output=True)
    for test in tests:
        done = subprocess.run([tmp_path / "tests" / "unit" / test], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_messagepack_is_needed_by_nobody_who_links(prefix: Path) -> None:
    library = next(prefix.rglob("libspectacles.so"))
    assert "msgpack" not in next(prefix.rglob("spectacles.pc")).read_text()
    assert "msgpack" not in subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("folder", "linked", "requires", "not_linked"), [
    ("build", "libssl", "openssl >= 3.0.0", "mbed"),
    ("build/clang", "libmbedtls", "-lmbedtls -lmbedx509 -lmbedcrypto|mbedtls, mbedx509, mbedcrypto", "libssl"),
])
def test_one_tls_library_is_linked(root: Path, tmp_path: Path, folder: str, linked: str, requires: str, not_linked: str) -> None:
    """The one that was chosen, and who links the static library is told. mbedTLS 2.28 has no .pc file to require, 3.6 has three."""
    if not (root / folder / "build.ninja").exists():
        pytest.skip(f"{folder} is not built here")
    subprocess.run(["meson", "install", "-C", root / folder, "--destdir", tmp_path, "--no-rebuild", "--quiet"], check=True, capture_output=True)
    needed = subprocess.run(["readelf", "-d", next(tmp_path.rglob("libspectacles.so"))], capture_output=True, text=True, check=True).stdout
    private = [line for line in next(tmp_path.rglob("spectacles.pc")).read_text().splitlines() if ".private:" in line]
    assert linked in needed and not_linked not in needed
    assert any(each in line for line in private for each in requires.split("|")) and not any(not_linked in line for line in private)


SUBPROJECT = """
project('embedder', 'c')
spectacles = dependency('spectacles', fallback: ['spectacles'], default_options: ['tests=false', 'examples=false'])
executable('program', 'program.c', dependencies: spectacles)
"""


def test_as_a_meson_subproject(root: Path, tmp_path: Path) -> None:
    (tmp_path / "subprojects").mkdir()
    (tmp_path / "subprojects" / "spectacles").symlink_to(root)
    (tmp_path / "meson.build").write_text(SUBPROJECT)
    (tmp_path / "program.c").write_text(PROGRAM)
    subprocess.run(["meson", "setup", "out"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["ninja", "-C", "out", "program"], cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run([tmp_path / "out" / "program"], capture_output=True, text=True, check=True)
    assert done.stdout == "gateway.discord.gg:443\n"


def test_the_interface_is_installed_for_bindings(prefix: Path) -> None:
    cffi = pytest.importorskip("cffi")
    cdef = Path(pkg_config(prefix, "--variable=cdef")[0])
    ffi = cffi.FFI()
    ffi.cdef((cdef if cdef.exists() else prefix / cdef.relative_to("/")).read_text())
    library = ffi.dlopen(str(next(prefix.rglob("libspectacles.so"))))
    assert library.spectacles_version() == library.SPECTACLES_VERSION_MAJOR << 16 | library.SPECTACLES_VERSION_MINOR << 8 | library.SPECTACLES_VERSION_PATCH
