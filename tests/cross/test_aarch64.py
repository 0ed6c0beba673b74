"""The codec on AArch64, where it goes another way (NEON), in an emulator: the same tests, the same results."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

COMPILER = "aarch64-linux-gnu-gcc"
EMULATOR = "qemu-aarch64"


@pytest.mark.skipif(not shutil.which(COMPILER) or not shutil.which(EMULATOR), reason=f"{COMPILER} or {EMULATOR} is not installed")
@pytest.mark.parametrize("name", ["blocks", "envelope", "json", "document"])
def test_the_codec_in_an_emulator(root: Path, tmp_path: Path, name: str) -> None:
    sources = [path for folder in ("core", "codec") for path in sorted((root / "lib" / folder).glob("*.c"))
               if path.name not in ("inflate_etf.c", "convert_msgpack.c", "write_msgpack.c", "digest.c")]  # want libraries
    (tmp_path / "codec").mkdir()
    (tmp_path / "codec" / "suite.h").write_text(f'#define JSON_TEST_SUITE "{root}/../shared/vectors/JSONTestSuite"\n')
    program = tmp_path / name
    done = subprocess.run(
        [COMPILER, "-std=c11", "-D_DEFAULT_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-DSP_VERSION_MAJOR=0", "-DSP_VERSION_MINOR=0",
         "-DSP_VERSION_PATCH=0", '-DSP_VERSION="0"', "-I", root / "tests" / "cross", "-I", tmp_path, "-I", root / "include", "-I", root / "lib",
         "-I", root / "tests" / "unit", root / "tests" / "unit" / "codec" / f"test_{name}.c", *sources, "-o", program, "-lm"],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    done = subprocess.run([EMULATOR, program], capture_output=True, text=True, errors="replace", check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    if name == "blocks":
        assert "neon" in done.stdout
