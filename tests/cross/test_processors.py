"""The codec on other processors, in an emulator: the same tests, the same results.

AArch64 goes another way (NEON), i686 computes in 80 bits (x87), ARM has 32 bits, and s390x has its bytes the other way round. So
has PowerPC of 32 bits, whose compiler ./dev test cross installs. There, scripts/cross.sh also runs the unit tests of all engines.
"""
from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Processor:
    name: str
    compiler: str
    emulator: str
    options: tuple[str, ...] = ()
    blocks: str = ""  # how test_blocks says that the processor's own way was taken


PROCESSORS = [
    Processor("aarch64", "aarch64-linux-gnu-gcc", "qemu-aarch64", blocks="neon"),
    Processor("arm", "arm-linux-gnueabihf-gcc", "qemu-arm"),
    Processor("i686", "i686-linux-gnu-gcc", "qemu-i386", ("-mno-sse", "-mfpmath=387")),
    Processor("s390x", "s390x-linux-gnu-gcc", "qemu-s390x"),
    Processor("powerpc", "powerpc-linux-gnu-gcc", "qemu-ppc"),
]
WANT_LIBRARIES = ("inflate_etf.c", "convert_msgpack.c", "write_msgpack.c", "digest.c")


def build(root: Path, folder: Path, processor: Processor, name: str) -> Path:
    sources = [path for part in ("core", "codec") for path in sorted((root / "lib" / part).glob("*.c"))
               if path.name not in WANT_LIBRARIES and not path.name.startswith("digest_")]
    (folder / "codec").mkdir()
    (folder / "codec" / "suite.h").write_text(f'#define JSON_TEST_SUITE "{root}/../shared/vectors/JSONTestSuite"\n')
    program = folder / name
    done = subprocess.run(
        [processor.compiler, "-std=c11", "-D_DEFAULT_SOURCE", "-D_FILE_OFFSET_BITS=64", "-O2", "-Wall", "-Wextra", "-Werror", "-static", *processor.options,
         "-DSP_VERSION_MAJOR=0", "-DSP_VERSION_MINOR=0", "-DSP_VERSION_PATCH=0", '-DSP_VERSION="0"',
         "-I", root / "tests" / "cross", "-I", folder, "-I", root / "include", "-I", root / "lib", "-I", root / "tests" / "unit",
         root / "tests" / "unit" / "codec" / f"test_{name}.c", *sources, "-o", program, "-lm"],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return program


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda each: each.name)
@pytest.mark.parametrize("name", ["blocks", "envelope", "json", "document"])
def test_the_codec_in_an_emulator(root: Path, tmp_path: Path, name: str, processor: Processor) -> None:
    if not shutil.which(processor.compiler) or not shutil.which(processor.emulator):
        pytest.skip(f"{processor.compiler} or {processor.emulator} is not installed")
    program = build(root, tmp_path, processor, name)
    done = subprocess.run([processor.emulator, program], capture_output=True, text=True, errors="replace", check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    if name == "blocks":
        assert processor.blocks in done.stdout
