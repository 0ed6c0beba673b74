"""Which file of the library, or of a tool, calls which, by the symbols of the object files."""
from __future__ import annotations

import json
import subprocess
from pathlib import Path

# from file -> to file -> the symbols that the one takes from the other
Arrows = dict[str, dict[str, set[str]]]


def objects(build: Path, folder: str) -> dict[str, Path]:
    """Each source file of a folder ("codec/json.c" of lib) and the object file that the build made of it."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        if entry["output"].startswith(f"{folder}/"):
            found["/".join(source.parts[-2:])] = Path(entry["directory"]) / entry["output"]
    return found


def symbols(objects_of: dict[str, Path]) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The file that defines each symbol, and the symbols that each file takes from others."""
    missing = [str(path) for path in objects_of.values() if not path.exists()]
    assert not missing, f"the library is not built: there is no {missing[0]}"
    name_of = {str(path): name for name, path in objects_of.items()}
    command = ["nm", "--extern-only", "--print-file-name", *name_of]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    owner: dict[str, str] = {}
    taken: dict[str, set[str]] = {name: set() for name in objects_of}
    for line in done.stdout.splitlines():
        path, rest = line.split(":", 1)
        kind, symbol = rest.split()[-2:]
        if kind in "Uw":
            taken[name_of[path]].add(symbol)
        else:
            owner[symbol] = name_of[path]
    return owner, taken


def arrows(build: Path, folder: str = "lib") -> Arrows:
    owner, taken = symbols(objects(build, folder))
    found: Arrows = {name: {} for name in taken}
    for name, symbols_taken in taken.items():
        for symbol in symbols_taken:
            if owner.get(symbol, name) != name:
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
