"""Lines that the unit tests ran, by module: coverage.py BUILD_FOLDER [--lines MODULE].

gcov tells of each object file; a line counts as run when one of them ran it. A module under LEAST percent ends with status 1. With
--lines, the lines of a module that nothing ran are listed.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

LEAST = 90.0
ROOT = Path(__file__).resolve().parent.parent.parent
Counts = dict[str, dict[int, int]]  # file -> line -> how often it ran


def module_of(name: str) -> str | None:
    """lib/broker, tools/gateway, ..; None for what is not ours."""
    parts = Path(name).parts
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] in ("lib", "tools") else None


def read(document: dict, folder: Path, counts: Counts) -> None:
    """Adds what one answer of gcov says."""
    for file in document["files"]:
        path = os.path.normpath(folder / file["file"])
        name = os.path.relpath(path, ROOT)
        if module_of(name):
            for line in file["lines"]:
                counts[name][line["line_number"]] = counts[name].get(line["line_number"], 0) + line["count"]


def gather(build: Path) -> Counts:
    """The libraries, the daemon and some tests have object files of the same source; .gcno is there for what no test loads, too."""
    counts: Counts = defaultdict(dict)
    notes = sorted(build.rglob("*.gcno"))
    for start in range(0, len(notes), 50):
        done = subprocess.run(["gcov", "--json-format", "--stdout", *(note.relative_to(build) for note in notes[start:start + 50])],
                              cwd=build, capture_output=True, text=True, check=True)
        for line in filter(None, done.stdout.splitlines()):
            read(json.loads(line), build, counts)
    return counts


def table(counts: Counts) -> dict[str, tuple[int, int]]:
    """module -> lines that ran, lines that there are."""
    modules: dict[str, tuple[int, int]] = {}
    for name, lines in counts.items():
        module = module_of(name) or ""
        ran, there = modules.get(module, (0, 0))
        modules[module] = ran + sum(1 for count in lines.values() if count), there + len(lines)
    return modules


def ranges(lines: list[int]) -> str:
    """1, 2, 3, 7 -> 1-3, 7."""
    parts: list[list[int]] = []
    for line in sorted(lines):
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build", type=Path)
    arguments.add_argument("--lines", metavar="MODULE", default="")
    given = arguments.parse_args()
    counts = gather(given.build.resolve())
    modules = table(counts)
    if not modules:
        print(f"no counts in {given.build}", file=sys.stderr)
        return 1
    for name in sorted(counts):
        missed = [line for line, count in counts[name].items() if not count]
        if missed and given.lines and module_of(name) == given.lines.rstrip("/"):
            print(f"{name}: {ranges(missed)}")
    low = 0
    for module, (ran, there) in sorted(modules.items()):
        share = 100 * ran / there
        low += share < LEAST
        print(f"{module:16} {share:5.1f} %  of {there:5} lines{'  (under ' + str(int(LEAST)) + ' %)' if share < LEAST else ''}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
