"""The text of a comment as blocks: paragraphs, lists, terms with their descriptions, and what is kept as it stands."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Union

TERM = re.compile(r"([a-z_][a-z_0-9]*(?:, [a-z_][a-z_0-9]*)*): +(.+)")
BULLET = re.compile(r"- (.+)")


@dataclass
class Paragraph:
    text: str


@dataclass
class Verbatim:
    lines: list[str]


@dataclass
class Bullets:
    items: list[str] = field(default_factory=list)


@dataclass
class Terms:
    """Parameters: a name, and what is said of it."""
    items: list[tuple[str, str]] = field(default_factory=list)


Block = Union[Paragraph, Verbatim, Bullets, Terms]


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


class Reader:
    def __init__(self, text: str) -> None:
        self.blocks: list[Block] = []
        self._continues = False  # whether the next line belongs to the last block
        for line in text.splitlines():
            self._line(line.rstrip())
        for block in self.blocks:
            if isinstance(block, Verbatim):
                while not block.lines[-1]:
                    block.lines.pop()

    def _last(self) -> Union[Block, None]:
        return self.blocks[-1] if self.blocks else None

    def _line(self, line: str) -> None:
        last = self._last()
        if not line:
            self._continues = False
            if isinstance(last, Verbatim):
                last.lines.append("")
        elif isinstance(last, (Bullets, Terms)) and self._continues and indent_of(line) >= 2:
            self._append(line.strip())
        elif indent_of(line) >= 2:
            self._keep(line)
        else:
            self._begin(line)

    def _keep(self, line: str) -> None:
        last = self._last()
        if isinstance(last, Verbatim):
            last.lines.append(line)
        else:
            self.blocks.append(Verbatim([line]))
        self._continues = False

    def _begin(self, line: str) -> None:
        bullet, term = BULLET.fullmatch(line), TERM.fullmatch(line)
        if bullet:
            self._listed(Bullets).items.append(bullet.group(1))
        elif term and (not self._continues or isinstance(self._last(), Terms)):
            self._listed(Terms).items.append((term.group(1), term.group(2)))
        elif self._continues:
            self._append(line)
        else:
            self.blocks.append(Paragraph(line))
        self._continues = True

    def _listed(self, kind: type) -> Union[Bullets, Terms]:
        if not isinstance(self._last(), kind):
            self.blocks.append(kind())
        return self.blocks[-1]  # type: ignore[return-value]

    def _append(self, line: str) -> None:
        last = self.blocks[-1]
        if isinstance(last, Paragraph):
            last.text += " " + line
        elif isinstance(last, Bullets):
            last.items[-1] += " " + line
        elif isinstance(last, Terms):
            name, text = last.items[-1]
            last.items[-1] = name, text + " " + line


def blocks(text: str) -> list[Block]:
    """text: a comment without its stars. Lines that are indented by two or more are kept as they stand."""
    return Reader(text).blocks
