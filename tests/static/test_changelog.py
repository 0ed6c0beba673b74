"""CHANGELOG.md, section Renamed: no header has the old names any more, and the headers have the new ones."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.sources import headers, lines

# `spectacles_shard_event.time` is a field; `spectacles_tls_new(.., problem)` is a function; the rest are constants and headers.
NAME = re.compile(r"(?:spectacles|SPECTACLES)_\w+(?:\.\w+)?")
LIST_OF_NAMES = re.compile(r"`[^`]+`(?:(?:, | and )`[^`]+`)*")


class Interface:
    def __init__(self, texts: list[str]) -> None:
        code = "\n".join(line.code for text in texts for line in lines(text))
        self.words = set(re.findall(r"\w+", code))
        self.fields = {name: set(re.findall(r"(\w+)(?:\[\w+\])?;", body)) for name, body in re.findall(r"struct (\w+) \{(.*?)\}", code, re.DOTALL)}

    def has(self, name: str) -> bool:
        struct, _, field = name.partition(".")
        return field in self.fields.get(struct, set()) if field else struct in self.words


def complaints(section: str, interface: Interface) -> list[str]:
    """What the section Renamed says and the headers do not. An entry that is no pair of names is read by people alone."""
    told = []
    entries = [" ".join(entry.split()) for entry in re.findall(r"^- (.+?)(?=^- |\Z)", section, re.MULTILINE | re.DOTALL)]
    for part in (part for entry in entries for part in entry.split("; ")):
        old, colon, new = part.partition("`: ")
        if not colon or not LIST_OF_NAMES.fullmatch(old + "`"):
            continue
        kept = NAME.findall(new)
        told += [f"{name} is said to be the new name, and no header has it" for name in kept if not interface.has(name)]
        told += [f"{name} is said to be renamed, and a header has it still" for name in NAME.findall(old)
                 if name not in kept and interface.has(name)]
    return told


@pytest.fixture
def interface(root: Path) -> Interface:
    return Interface([path.read_text() for path in headers(root)])


def test_renamed_names_are_gone_and_their_successors_are_there(root: Path, interface: Interface) -> None:
    section = re.search(r"^### Renamed\n(.+?)^### ", (root / "CHANGELOG.md").read_text(), re.MULTILINE | re.DOTALL)
    assert section and section.group(1).count("\n- ") > 15
    told = complaints(section.group(1), interface)
    assert not told, "\n".join(told)


def test_a_name_that_is_wrong_is_found() -> None:
    made = Interface(["int spectacles_b(void); /* spectacles_a */ typedef struct spectacles_c {\n int until;\n} spectacles_c;\n"])
    assert complaints("- `spectacles_a()`: `spectacles_b()`\n- `spectacles_c.time`: `spectacles_c.until`\n- words alone\n", made) == []
    assert "spectacles_b is said to be renamed" in complaints("- `spectacles_b()`: nothing\n", made)[0]
    assert "spectacles_d is said to be the new" in complaints("- `spectacles_a()`: `spectacles_d(..)`\n", made)[0]
    assert "spectacles_c.until is said to be renamed" in complaints("- `spectacles_c.until`: nothing\n", made)[0]
    assert "spectacles_c.time is said to be the new" in complaints("- `spectacles_a`:\n  `spectacles_c.time`\n", made)[0]


def test_every_function_is_named(root: Path) -> None:
    """Who packages or binds the library reads here what is new. The map is what the library exports (test_headers.py)."""
    functions = set(re.findall(r"\b(spectacles_\w+);", (root / "lib" / "libspectacles.map").read_text()))
    assert len(functions) > 300
    missing = functions - set(re.findall(r"spectacles_\w+", (root / "CHANGELOG.md").read_text()))
    assert not missing, f"CHANGELOG.md does not name: {', '.join(sorted(missing))}"
