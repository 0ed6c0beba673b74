"""The binary interface of the library, by libabigail: abi.py write|compare LIBRARY INCLUDE FOLDER.

write stores it in FOLDER: functions and structs of the library, and the enums of the headers. Functions take and give
numbers in the place of enums, so that no type of the library leads to an enum: a small library of its own has one function for
each. compare says what a program that was built against the stored interface would stumble over. What may grow grows: a
function more, an enumerator more, a field more at the end of a struct.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.declarations import bare  # noqa: E402
from tools.manual import ENUM, STRUCT  # noqa: E402

# Bits of abidiff's status: an error, a usage error; a change; a change that breaks.
TROUBLE = 1 | 2
WRITE = ["abidw", "--drop-private-types", "--drop-undefined-syms", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path",
         "--type-id-style", "hash"]
COMPARE = ["abidiff", "--no-show-locs", "--no-show-relative-offset-changes", "--no-added-syms"]


def enums_library(include: Path, folder: Path) -> Path:
    """A library whose functions are typed by the enums of the headers."""
    headers = sorted((include / "spectacles").glob("*.h"))
    names = sorted({name for header in headers for name, _ in ENUM.findall(bare(header.read_text())) if name})
    source, library = folder / "enums.c", folder / "libenums.so"
    functions = [f"enum {name} enum_{name}(enum {name} value);\nenum {name} enum_{name}(enum {name} value) {{ return value; }}" for name in names]
    source.write_text("#include <spectacles/spectacles.h>\n" + "\n".join(functions) + "\n")
    # By its bare name: what is stored names no folder of this machine.
    subprocess.run([os.environ.get("CC", "cc"), "-g", "-shared", "-fPIC", "-I", include.resolve(), source.name, "-o", library.resolve()], cwd=folder, check=True)
    return library


def write(library: Path, include: Path, out: Path) -> None:
    subprocess.run([*WRITE, "--headers-dir", include, "--out-file", out, library], check=True)


def compare(stored: Path, library: Path, include: Path, rules: Path) -> list[str]:
    done = subprocess.run([*COMPARE, "--suppressions", rules, "--headers-dir2", include, "--drop-private-types", stored, library],
                          capture_output=True, text=True, check=False)
    if done.returncode & TROUBLE:
        raise RuntimeError(done.stderr or done.stdout)
    return done.stdout.splitlines() if done.returncode else []


def fields(written: Path, public: set[str]) -> dict[tuple[str, str], str]:
    """The offset of each field in bits, by struct and name. What is reserved may become something else."""
    structs = [each for each in ElementTree.parse(written).getroot().iter("class-decl") if each.get("name") in public]
    return {(struct.get("name", ""), variable.get("name", "")): member.get("layout-offset-in-bits", "")
            for struct in structs for member in struct.findall("data-member") for variable in member.findall("var-decl")
            if variable.get("name") != "reserved"}


def public_structs(include: Path) -> set[str]:
    return {name for header in (include / "spectacles").glob("*.h") for _, name in STRUCT.findall(bare(header.read_text()))}


def moved(stored: Path, library: Path, include: Path, folder: Path) -> list[str]:
    """abidiff takes a struct that grew for one that only grew: that every old field is where it was is looked at here."""
    write(library, include, folder / "now.abi")
    public = public_structs(include)
    now = fields(folder / "now.abi", public)
    return [f"{struct}.{name} was at bit {offset}, and is {'at bit ' + now[struct, name] if (struct, name) in now else 'gone'}"
            for (struct, name), offset in fields(stored, public).items() if now.get((struct, name)) != offset]


ADVICE = """
A program that was built against the stored interface breaks with this one. Either keep the interface (fields and enumerators are
added at the end, functions keep their parameters), or break it on purpose: raise soversion in lib/meson.build, name a new version
in lib/libspectacles.map, say so in CHANGELOG.md, and store the interface with ./dev abi accept."""


def main() -> int:
    what, library, include, folder = sys.argv[1], *map(Path, sys.argv[2:5])
    with tempfile.TemporaryDirectory() as temporary:
        both = {"libspectacles.abi": library, "enums.abi": enums_library(include, Path(temporary))}
        if what == "write":
            for name, built in both.items():
                write(built, include, folder / name)
            return 0
        changes = [line for name, built in both.items() for line in compare(folder / name, built, include, folder / "growth.ini")]
        changes += moved(folder / "libspectacles.abi", library, include, Path(temporary))
    if changes:
        print("\n".join([*changes, ADVICE]))
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main())
