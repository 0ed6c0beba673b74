"""How the text is laid out: clang-format, the length of functions, files and lines, and the head comment of each file."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.sources import files, hold

COLUMNS = 120
FUNCTION_MAX = 60
FILE_MAX = 500

CLANG_FORMAT = 14  # Debian 12's
NOT_YET_WITHIN_COLUMNS: set[str] = set()
NOT_YET_SHORT_FILES: set[str] = set()
NOT_YET_WITH_HEADS: set[str] = set()


@pytest.mark.skipif(not shutil.which("clang-format"), reason="clang-format is not installed")
def test_code_is_laid_out(root: Path) -> None:
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    if f"version {CLANG_FORMAT}." not in version:
        pytest.skip(f"clang-format {CLANG_FORMAT} decides, each version lays out in another way, and this is {version.strip()}")
    command = ["clang-format", "--dry-run", "-Werror", *files(root, "*.c", "*.h", "*.cpp", "*.hpp")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000] + "\nrun ./dev format"


def test_nothing_that_is_built_is_kept(root: Path) -> None:
    """a.out, an object or a library: added by a hand that added everything."""
    built = [str(path.relative_to(root)) for path in files(root) if path.is_file() and path.open("rb").read(8).startswith((b"\x7fELF", b"!<arch>"))]
    assert built == []


def test_functions_are_short(root: Path) -> None:
    long = []
    for path in files(root, "*.c"):
        start = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start - 1 > FUNCTION_MAX:
                    long.append(f"{path.relative_to(root)}:{start} {number - start - 1} lines")
                start = None
    assert not long, "\n".join(long)


def test_files_of_the_library_are_short(root: Path) -> None:
    counts = {str(path.relative_to(root)): len(path.read_text().splitlines()) for path in files(root, "lib/*.c", "lib/*.h", "tools/*.c", "tools/*.h")}
    hold({name: f"{name}: {count} lines, and {FILE_MAX} are allowed" for name, count in counts.items() if count > FILE_MAX},
         NOT_YET_SHORT_FILES)


def too_wide(text: str, is_markdown: bool) -> list[int]:
    """
    The numbers of the lines that are too wide. In Markdown a row of a table cannot be broken: it may be wider. So may a
    line without a space to break it at, such as a link.
    """
    return [number for number, line in enumerate(text.splitlines(), 1) if len(line) > COLUMNS
            and not (is_markdown and (line.startswith("|") or " " not in line.strip()))]


def test_lines_are_within_the_columns(root: Path) -> None:
    """Of C code and of documentation. Python is read in an editor, and is left to its authors."""
    complaints = {}
    for path in files(root, "*.c", "*.h", "*.md"):
        wide = too_wide(path.read_text(), path.suffix == ".md")
        name = str(path.relative_to(root))
        if wide:
            complaints[name] = f"{name}: wider than {COLUMNS} columns: lines {', '.join(map(str, wide))}"
    hold(complaints, NOT_YET_WITHIN_COLUMNS)


def test_wide_lines_are_found() -> None:
    wide = "word " * 30
    assert too_wide(f"short\n{wide}\n| {wide} |\n", is_markdown=False) == [2, 3]
    assert too_wide(f"{wide}\n| {wide} |\n{'x' * 200}\n", is_markdown=True) == [1]


def head_of(text: str) -> str:
    """The comment that a file begins with, without its stars; empty when the file begins with something else."""
    found = re.match(r"\s*/\*(.*?)\*/", text, re.DOTALL)
    return " ".join(found.group(1).replace("*", " ").split()) if found else ""


def lacks(head: str) -> str:
    """What a head comment does not say, or nothing."""
    if len(head.split()) < 8:
        return "does not begin with a comment that says what the file owns and who calls it"
    return "" if re.search(r"\b[Cc]all(s|ed|ers?)?\b", head) else "its head comment does not say who calls it"


def test_files_begin_with_what_they_own_and_who_calls_them(root: Path) -> None:
    complaints = {}
    for path in files(root, "lib/*.c", "tools/*.c"):
        name, lack = str(path.relative_to(root)), lacks(head_of(path.read_text()))
        if lack:
            complaints[name] = f"{name}: {lack}"
    hold(complaints, NOT_YET_WITH_HEADS)


def test_a_head_that_says_little_is_found() -> None:
    assert not lacks(head_of("/*\n * The queue of bytes that everything is written to. Every module calls it.\n */\n#include <a.h>\n"))
    assert "who calls it" in lacks(head_of("/* The queue of bytes that everything in here is written to. */\n"))
    assert "does not begin" in lacks(head_of("/* Bytes. */\n#include <a.h>\n"))
    assert "does not begin" in lacks(head_of("#include <a.h>\n/* The queue of bytes, that everything calls for. */\n"))
