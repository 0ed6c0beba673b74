"""What the tests in tests/static read: the files of the repository, the comments in C text, and lists of files that break a rule."""
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


def files(root: Path, *patterns: str) -> list[Path]:
    """The files that git knows or would take, and that exist."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [root / line for line in done.stdout.splitlines() if (root / line).exists()]


def headers(root: Path) -> list[Path]:
    return sorted((root / "include" / "spectacles").glob("*.h"))


class Line(NamedTuple):
    """One line of C text, taken apart."""
    code: str  # what is left of the line without its comments
    comment: bool  # whether there is a comment, or a part of one


def lines(text: str) -> list[Line]:
    """C text line by line. A comment may go over several lines; what stands in quotes is code."""
    taken, inside = [], False
    for line in text.splitlines():
        code, comment, quote, at = "", inside, "", 0
        while at < len(line):
            two = line[at:at + 2]
            if inside:
                inside = two != "*/"
                at += 1 if inside else 2
            elif quote:
                step = 2 if line[at] == "\\" else 1
                quote = "" if line[at] == quote else quote
                code += line[at:at + step]
                at += step
            elif two == "/*":
                inside = comment = True
                at += 2
            elif two == "//":
                comment = True
                break
            else:
                quote = line[at] if line[at] in "\"'" else ""
                code += line[at]
                at += 1
        taken.append(Line(code.strip(), comment and bool(line.strip())))
    return taken


def hold(complaints: dict[str, str], not_yet: set[str]) -> None:
    """
    Fails for each file with a complaint that is not on the list, and for each file on the list without a complaint: a list
    of files that break a rule only ever shrinks.
    """
    told = [complaint for name, complaint in sorted(complaints.items()) if name not in not_yet]
    told += [f"{name}: holds the rule now, or is gone: take it off the list NOT_YET" for name in sorted(not_yet - set(complaints))]
    assert not told, "\n" + "\n".join(told)
