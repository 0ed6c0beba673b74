"""A program whose calls are written down (tests/tools/trace.c), and what it did as a list of functions with their files."""
from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path
from typing import NamedTuple

LEFT = 1 << 63
SOURCE = re.compile(r"(lib/(?:\w+/)?\w+\.[ch])(?::|$)")


class Function(NamedTuple):
    file: str  # "lib/shard/frame.c"
    name: str

    def __str__(self) -> str:
        return f"{self.file} {self.name}"


class Entered(NamedTuple):
    function: Function
    stack: tuple[Function, ...]  # who called it, from the outermost function on
    end: int  # the index of the first call behind its end


class Traced:
    """The gateway of the examples, built so that each function of the library is traced. The daemon would take a minute to build."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        self.library = folder / "build/lib/libspectacles.so"
        self._run("meson", "setup", folder / "build", root, "--buildtype=debug", "-Dtests=false", "-Dc_args=-finstrument-functions")
        self._run("ninja", "-C", folder / "build", "examples/gateway")
        self._run("cc", "-std=gnu11", "-O2", "-shared", "-fPIC", root / "tests/tools/trace.c", "-o", folder / "trace.so")

    @staticmethod
    def _run(*command: str | Path) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    def environment(self, file: Path) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.folder / "trace.so"), "TRACE_FILE": str(file)}


def length(file: Path) -> int:
    """How many calls were written down so far."""
    with open(file, "rb") as trace:
        return int(struct.unpack("<Q", trace.read(8))[0])


def _names(library: Path, offsets: list[int]) -> dict[int, Function]:
    """By addr2line: two lines for each address, the function and its place."""
    done = subprocess.run(["addr2line", "-f", "-e", library], input="\n".join(map(hex, offsets)), capture_output=True, text=True, check=True)
    told = done.stdout.splitlines()
    found = {}
    for offset, name, place in zip(offsets, told[::2], told[1::2]):
        source = SOURCE.search(place)
        if source:
            found[offset] = Function(source.group(1), name)
    return found


def read(file: Path, pid: int, library: Path, start: int) -> list[Entered]:
    """What a running process has entered of the library, from a count of calls on."""
    with open(file, "rb") as trace:
        count = struct.unpack("<Q", trace.read(8))[0]
        trace.seek(8 + 8 * start)
        calls = struct.unpack(f"<{count - start}Q", trace.read(8 * (count - start)))
    maps = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    parts = [line for line in maps if len(line) > 5 and Path(line[5]).resolve() == library.resolve()]
    base = min(int(line[0].split("-")[0], 16) for line in parts)
    limit = max(int(line[0].split("-")[1], 16) for line in parts)
    offsets = [(call & ~LEFT) - base if base <= call & ~LEFT < limit else -1 for call in calls]
    names = _names(library, sorted({offset for offset in offsets if offset >= 0}))
    entered: list[Entered] = []
    open_calls: list[int] = []  # indices into `entered`
    for call, offset in zip(calls, offsets):
        if offset not in names:
            continue
        if call & LEFT:
            if open_calls:  # the trace may begin inside a call
                at = open_calls.pop()
                entered[at] = entered[at]._replace(end=len(entered))
        else:
            stack = tuple(entered[at].function for at in open_calls)
            open_calls.append(len(entered))
            entered.append(Entered(names[offset], stack, len(calls)))
    return entered
