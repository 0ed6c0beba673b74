"""A public header as a manual: what its head says, and each declaration with what the comment in front of it says."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

PIECE = re.compile(
    r"(?P<comment>/\*.*?\*/)"
    r"|(?P<type>^(?:typedef\s+)?(?:struct|enum)\b[^;{]*(?:\{.*?^\}[^;]*)?;)"
    r"|(?P<function>^[a-z][\w\s*]*?\bspectacles_\w+\s*\([^;{}]*\)\s*;)",
    re.DOTALL | re.MULTILINE)
NAME = re.compile(r"^spectacles/(\w+\.h) - (.*)$", re.DOTALL)
SECTION = re.compile(r"^---- (.*) ----$")


@dataclass
class Declaration:
    """A function or a type. Several functions in a row share the comment in front of the first."""
    names: list[str]
    code: str
    comment: str
    is_function: bool
    section: str = ""

    @property
    def summary(self) -> str:
        """The first sentence."""
        first = re.split(r"(?<=[.?!])\s+(?=[A-Z])|:\s|\n\n", self.comment.strip(), maxsplit=1)[0]
        return " ".join(first.split())


@dataclass
class Header:
    name: str  # poller.h
    title: str
    text: str
    declarations: list[Declaration] = field(default_factory=list)

    @property
    def page(self) -> str:
        return "spectacles_" + self.name


def bare(comment: str) -> str:
    """A comment without its stars and the line of the license."""
    lines = [re.sub(r"^\s?\* ?", "", line) for line in comment[2:-2].strip().splitlines()]
    return "\n".join(line for line in (line.rstrip() for line in lines) if not line.startswith("SPDX-")).strip("\n")


def name_of(code: str, is_function: bool) -> str:
    if is_function:
        return re.search(r"\b(spectacles_\w+)\s*\(", code).group(1)  # type: ignore[union-attr]
    outside = re.sub(r"\{.*\}", " ", code, flags=re.DOTALL)
    return re.findall(r"\bspectacles_\w+", outside)[-1]


class Reader:
    def __init__(self, text: str) -> None:
        head, rest = self._head(text)
        found = NAME.match(head)
        if not found:
            raise ValueError("the header does not begin with its name and what it is")
        title, _, about = found.group(2).partition("\n\n")
        self.header = Header(found.group(1), " ".join(title.split()).rstrip("."), about)
        self._comment, self._section, self._end = "", "", -1
        self._rest = re.sub(r"^[ \t]*#.*$", lambda line: " " * len(line.group()), rest, flags=re.MULTILINE)
        for piece in PIECE.finditer(self._rest):
            self._piece(piece)

    @staticmethod
    def _head(text: str) -> tuple[str, str]:
        end = text.index("*/") + 2
        return bare(text[:end]), text[end:]

    def _piece(self, piece: re.Match[str]) -> None:
        if piece.lastgroup == "comment":
            self._take_comment(bare(piece.group()))
        else:
            self._take(piece.group(), piece.lastgroup == "function", piece.start())
        self._end = piece.end()

    def _take_comment(self, text: str) -> None:
        section = SECTION.match(text)
        if section:
            self._section, self._comment = section.group(1), ""
        else:
            self._comment = text

    def _take(self, code: str, is_function: bool, start: int) -> None:
        name, all_ = name_of(code, is_function), self.header.declarations
        follows = not self._comment and all_ and is_function and all_[-1].is_function and self._rest[self._end:start].count("\n") < 2
        if follows:
            all_[-1].names.append(name)
            all_[-1].code += "\n" + code
        else:
            all_.append(Declaration([name], code, self._comment, is_function, self._section))
        self._comment = ""


def read(path: Path) -> Header:
    return Reader(path.read_text(encoding="utf-8")).header
