"""Public headers as declarations: the fields of each struct and the parameters of each function, in their order."""
from __future__ import annotations

import re
from typing import NamedTuple

from tools.manual import COMMENT, FUNCTION, STRUCT

PREPROCESSOR = re.compile(r"^[ \t]*#(?:.*\\\n)*.*$", re.MULTILINE)


class Item(NamedTuple):
    """A field or a parameter: `const uint8_t *` and `bytes`; room is what stands in the brackets of an array."""
    type: str
    name: str
    room: str = ""


class Declaration(NamedTuple):
    """A struct with its fields, or a function with its parameters."""
    name: str
    kind: str
    items: list[Item]


def bare(text: str) -> str:
    """The text without comments and preprocessor lines."""
    return PREPROCESSOR.sub("", COMMENT.sub(" ", text))


def item(text: str) -> Item | None:
    found = re.fullmatch(r"(.*?)(\w+)\s*(?:\[(.*)\])?", " ".join(text.split()))
    return Item(found.group(1).strip(), found.group(2), found.group(3) or "") if found and found.group(1) else None


def items(text: str, separator: str) -> list[Item]:
    return [found for part in text.split(separator) if (found := item(part))]


def declarations(text: str) -> list[Declaration]:
    code = bare(text)
    structs = [Declaration(found.group(2), "struct", items(found.group(1), ";")) for found in STRUCT.finditer(code)]
    functions = []
    for found in FUNCTION.finditer(code):
        inside = found.group().split("(", 1)[1].rsplit(")", 1)[0]
        functions.append(Declaration(found.group(1), "function", items(inside, ",")))
    return structs + functions
