"""Which file of the library calls which, by the symbols of its object files."""
from __future__ import annotations

import json
import subprocess
from pathlib import Path

# from file -> to file -> the symbols that the one takes from the other
Arrows = dict[str, dict[str, set[str]]]


def objects(build: Path) -> dict[str, Path]:
    """Each source file of lib ("codec/json.c") and the object file that the build made of it."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        if entry["output"].startswith("lib/"):
            found["/".join(source.parts[-2:])] = Path(entry["directory"]) / entry["output"]
    return found


def symbols(path: Path) -> tuple[set[str], set[str]]:
    """The symbols that an object file defines for others, and those that it takes from others."""
    done = subprocess.run(["nm", "--extern-only", path], capture_output=True, text=True, check=True)
    defined, taken = set(), set()
    for line in done.stdout.splitlines():
        kind, name = line.split()[-2:]
        (taken if kind in "Uw" else defined).add(name)
    return defined, taken


def arrows(build: Path) -> Arrows:
    tables = {name: symbols(path) for name, path in objects(build).items()}
    owner = {symbol: name for name, (defined, _) in tables.items() for symbol in defined}
    found: Arrows = {name: {} for name in tables}
    for name, (_, taken) in tables.items():
        for symbol in taken:
            if symbol in owner and owner[symbol] != name:
                found[name].setdefault(owner[symbol], set()).add(symbol)
    return found


def way(found: Arrows, start: str, end: str) -> list[str] | None:
    """The shortest way along the arrows from one file to another: the files on it, both ends included."""
    came_from: dict[str, str] = {start: ""}
    queue = [start]
    for name in queue:
        for to in sorted(found[name]):
            if to == end:
                steps = [end]
                while name:
                    steps.append(name)
                    name = came_from[name]
                return steps[::-1]
            if to not in came_from:
                came_from[to] = name
                queue.append(to)
    return None


def circle(found: Arrows, name: str) -> list[str] | None:
    """The shortest circle through a file: a, b, .., a."""
    return way(found, name, name)


def spell(found: Arrows, steps: list[str]) -> str:
    """A way in words: "a.c -> b.c -> a.c", and below it the symbols of each arrow."""
    told = [" -> ".join(steps)]
    for one, other in zip(steps, steps[1:]):
        told.append(f"    {one} takes from {other}: {', '.join(sorted(found[one][other]))}")
    return "\n".join(told)
