"""Which public function is where in each binding: bindings/<language>/functions.txt, held against the headers and the sources."""
from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Optional

HERE = Path(__file__).resolve().parent
LINE = re.compile(r"(spectacles_[\w*?]+)\s+(\S.*)")
# Not what a binding calls: its own tests, pages and packages.
OTHER_FILES = {"functions.txt", "README.md"}


@dataclass(frozen=True)
class Entry:
    pattern: str
    where: str  # "-" and the reason, when the binding has it not

    @property
    def is_there(self) -> bool:
        return not self.where.startswith("-")


def declared(root: Path) -> list[str]:
    """Every public function, in the order of the headers."""
    names: list[str] = []
    for header in sorted((root / "include" / "spectacles").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        names += [name for name in re.findall(r"\b(spectacles_\w+)\s*\(", text) if name not in names]
    return names


def entries(path: Path) -> list[Entry]:
    made = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            found = LINE.fullmatch(line.strip())
            if not found:
                raise ValueError(f"{path}:{number}: a line is '<function or pattern> <where it is>', or '<..> - <why it is not there>'")
            made.append(Entry(found[1], found[2]))
    return made


def entry_of(name: str, lines: list[Entry]) -> Optional[Entry]:
    """The first line that fits."""
    return next((line for line in lines if fnmatchcase(name, line.pattern)), None)


def sources(folder: Path) -> str:
    """What the language calls. What a generator has made of the headers names everything, and proves nothing."""
    return "\n".join(path.read_text(errors="replace") for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in OTHER_FILES
                     and path.suffix in {".py", ".pyi", ".go", ".rs", ".ts", ".js", ".c", ".cc", ".cpp", ".hpp", ".h", ".lua"}
                     and not {"node_modules", "target", "build", "dist"} & set(path.relative_to(folder).parts)
                     and not path.name.startswith("bindings."))


def is_called(name: str, text: str) -> bool:
    """With or without the prefix, because some languages leave it out."""
    return re.search(rf"\b(?:spectacles_|sys::|_)?{re.escape(name.removeprefix('spectacles_'))}\b", text) is not None
