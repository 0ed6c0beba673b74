"""Whether the files say that this version is released: ready.py FOLDER [VERSION]. Prints what is wrong and what to do, a line each.

./dev release calls it first, because it costs nothing. Without VERSION it is the one of meson.build.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path


def found(folder: Path, name: str, pattern: str) -> str:
    """The first group of the pattern in a file; "" when it is not there."""
    match = re.search(pattern, (folder / name).read_text(), re.MULTILINE)
    return match.group(1) if match else ""


def version_of(folder: Path) -> str:
    return found(folder, "meson.build", r"^  version: '([^']*)'")


def about_version(folder: Path, version: str) -> list[str]:
    told = []
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        told.append(f"'{version}' is no version: three numbers with points between them, as 1.2.3")
    if version_of(folder) != version:
        told.append(f"meson.build says {version_of(folder) or 'nothing'}: set version there to {version}")
    packaged = found(folder, "debian/changelog", r"\A\w+ \(([^)]*)\)")
    if not packaged.startswith(f"{version}-"):
        told.append(f"debian/changelog begins with {packaged or 'nothing'}: add an entry {version}-1 at its top (dch -v {version}-1)")
    return told


def about_changelog(folder: Path, version: str) -> list[str]:
    text = (folder / "CHANGELOG.md").read_text()
    unreleased = re.search(r"^## Unreleased\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    told = []
    if unreleased and unreleased.group(1).strip():
        told.append(f"CHANGELOG.md has entries under Unreleased: move them under '## {version} - YYYY-MM-DD'")
    if not re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE):
        told.append(f"CHANGELOG.md has no section '## {version} - YYYY-MM-DD'")
    return told


def about_soversion(folder: Path) -> list[str]:
    number = found(folder, "lib/meson.build", r"soversion: '(\d+)'")
    told = []
    newest = max(re.findall(r"^SPECTACLES_(\d+) \{", (folder / "lib/libspectacles.map").read_text(), re.MULTILINE), key=int, default="")
    if newest != number:
        told.append(f"lib/libspectacles.map ends with SPECTACLES_{newest}, and soversion in lib/meson.build is {number}: make them one")
    package = f"libspectacles{number}"
    if f"Package: {package}\n" not in (folder / "debian/control").read_text():
        told.append(f"debian/control has no package {package}: it is named by soversion in lib/meson.build")
    symbols = folder / "debian" / f"{package}.symbols"
    if not symbols.exists() or f"libspectacles.so.{number} {package} " not in symbols.read_text():
        told.append(f"debian/{package}.symbols is not there, or of another library: it is named by soversion in lib/meson.build")
    if f"libspectacles.so.{number}" not in found(folder, "lib/abi/libspectacles.abi", r"soname='([^']*)'"):
        told.append("lib/abi is of another soversion: store the interface with ./dev abi accept")
    return told


def complaints(folder: Path, version: str) -> list[str]:
    return about_version(folder, version) + about_changelog(folder, version) + about_soversion(folder)


def main() -> int:
    folder = Path(sys.argv[1])
    told = complaints(folder, sys.argv[2] if len(sys.argv) > 2 else version_of(folder))
    print("\n".join(told))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
