"""Texts on pages that a program has written: each stands in a block behind a comment that names it, and a test holds it.

With SPECTACLES_WRITE_PAGES=1 in the environment the test writes the text into the page instead: `./dev pictures` does."""
from __future__ import annotations

import os
import textwrap
from pathlib import Path


def wrap(line: str, indent: int) -> str:
    """A long line as a page shows it."""
    return textwrap.fill(line, 100, subsequent_indent=" " * indent, drop_whitespace=True, break_long_words=False, break_on_hyphens=False) if len(line) > 100 else line


def hold(page: Path, name: str, text: str) -> None:
    """name: what stands in the comment, as "top on a good set-up"."""
    start = f"<!-- {name} -->\n```\n"
    before, found, rest = page.read_text().partition(start)
    shown, _, behind = rest.partition("```\n")
    assert found, f"{page.name} has no block '{name}'"
    if os.environ.get("SPECTACLES_WRITE_PAGES"):
        page.write_text(f"{before}{start}{text}```\n{behind}")
    else:
        assert shown == text, "make it anew: ./dev pictures"
