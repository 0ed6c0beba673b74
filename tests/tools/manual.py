"""Public headers as a manual: how much of them is comment, and which declarations are not described."""
from __future__ import annotations

import re
from typing import NamedTuple

from tools.sources import lines

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
OPAQUE = re.compile(r"\btypedef\s+struct\s+\w+\s+(\w+)\s*;")
STRUCT = re.compile(r"\btypedef\s+struct\s+\w+\s*\{([^{}]*)\}\s*(\w+)\s*;")
ENUM = re.compile(r"\benum\b\s*(\w*)\s*\{([^{}]*)\}\s*;")
FUNCTION = re.compile(r"[\w][\w\s*]*?\b(spectacles_\w+)\s*\([^;{}]*\)\s*;")


def share(text: str) -> float:
    """
    The share of comment lines among the lines of a header that are not blank, counted as cloc counts: a line that holds code
    is code, also when a comment stands behind it. Preprocessor lines and the lines of `extern "C" { }` are left out: every
    header needs the same dozen of them, which is nothing in the 10,000 lines of nats.h and a tenth of a small header.
    Counted so, xkbcommon.h has 89 %, ngtcp2.h 87 % and nats.h 83 %.
    """
    comments = code = 0
    for line in lines(text):
        if not line.code:
            comments += line.comment
        elif not line.code.startswith("#") and line.code not in ('extern "C" {', "}"):
            code += 1
    return comments / max(1, comments + code)


class Place(NamedTuple):
    """A comment or a declaration, and the lines on which it begins and ends, from 0."""
    name: str
    first: int
    last: int


def place(text: str, start: int, end: int, name: str) -> Place:
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return Place(name, text.count("\n", 0, start), text.count("\n", 0, end))


def without(text: str, pattern: re.Pattern[str]) -> str:
    """The text with spaces in the place of what the pattern finds: every line and offset stays where it is."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def members(text: str, start: int, end: int, separator: str) -> list[Place]:
    """The fields (";") or enumerators (",") in the braces of a type."""
    found = []
    for part in re.finditer(rf"[^{separator}]+", text[start:end]):
        name = re.search(r"(\w+)\s*(\[[^]]*\]\s*)?$", part.group().split("=")[0].rstrip())
        if name:
            found.append(place(text, start + part.start(), start + part.end(), name.group(1)))
    return found


def declarations(code: str) -> tuple[list[Place], list[list[Place]]]:
    """Functions and types in their order; and for each type with braces the list of what is in them."""
    top, inside = [], []
    for pattern, separator, body, name in ((STRUCT, ";", 1, 2), (ENUM, ",", 2, 1)):
        for found in pattern.finditer(code):
            top.append(place(code, found.start(), found.end(), found.group(name) or "an enum without a name"))
            inside.append(members(code, found.start(body), found.end(body), separator))
        code = without(code, pattern)
    for pattern in (OPAQUE, FUNCTION):
        top += [place(code, found.start(), found.end(), found.group(1)) for found in pattern.finditer(code)]
    return sorted(top, key=lambda each: each.first), inside


def judge(group: list[Place], comments: list[Place], code: list[str], whole_group: bool) -> list[str]:
    """The names in a group that nothing describes. whole_group: a block in front of the first one is about all of them."""
    behind = {each.first for each in comments if code[each.first].strip()}
    front = {each.last: each.name for each in comments if not code[each.first].strip()}
    bad, block, last = [], "", -2
    for each in group:
        if each.first - 1 in front:
            block = front[each.first - 1]
        elif each.first != last + 1:
            block = ""
        about = block and (whole_group or each.first - 1 in front or re.search(rf"\b{each.name}\b", block))
        if not about and each.last not in behind:
            bad.append(each.name)
        last = each.last
    return bad


def sharing(text: str) -> list[str]:
    """The functions without a comment of their own: the line in front of them is no end of a comment."""
    rows = text.splitlines()
    begins = (re.match(r"[\w][\w\s*]*?\b(spectacles_\w+)\s*\(", row) for row in rows)
    return [found.group(1) for number, found in enumerate(begins) if found and not rows[number - 1].rstrip().endswith("*/")]


def undescribed(text: str) -> list[str]:
    """
    The functions, types, fields and enumerators of a header without a description.

    A description stands directly in front, or behind on the same line. For functions and types a block in front describes
    the whole group that follows without a blank line, as accessors stand together. For fields and enumerators it describes
    the next one, and of those behind it the ones that it names.
    """
    code = without(without(text, COMMENT), re.compile(r'^\s*#.*$|^extern "C" \{$|^\}$', re.MULTILINE))
    comments = [place(text, found.start(), found.end(), found.group()) for found in COMMENT.finditer(text)]
    top, inside = declarations(code)
    bad = judge(top, comments, code.splitlines(), whole_group=True)
    for group in inside:
        bad += judge(group, comments, code.splitlines(), whole_group=False)
    return bad
