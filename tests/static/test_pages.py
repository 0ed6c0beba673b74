"""README.md, CONTRIBUTING.md and doc/*.md: each file, function, command and heading that a page names exists."""
from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tools.sources import files

# The programs and commands on the pages, and the test that runs them: tests/integration/test_guide.py, test_embedding.py,
# test_workers_page.py. A block of another language, or one more, needs its test first.
RUN = {
    "README.md": {"c": 1},
    "doc/guide.md": {"sh": 5, "c": 1},
    "doc/embedding.md": {"c": 3},
    "doc/bindings.md": {"python": 1},
    "doc/gateway.md": {"sh": 1},
    "doc/workers.md": {"python": 1, "js": 1},
}
PATH = re.compile(r"(?<![\w/<{.-])(?:lib|include|tests|examples|scripts|doc)/[\w./-]*\w/?")
SOURCE = re.compile(r"`(\w+\.[ch])`")
NAME = re.compile(r"\b(?:sp|spectacles|SPECTACLES)_\w+\b")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HISTORY = {"CHANGELOG.md", "doc/decisions.md"}  # name functions that are gone


def pages(root: Path) -> list[Path]:
    return [root / "README.md", root / "CONTRIBUTING.md", root / "CHANGELOG.md", *sorted((root / "doc").glob("*.md"))]


def code_of(root: Path) -> set[str]:
    """Every word in the code of the library, of the daemon (the names of its metrics) and of the examples."""
    return {word for path in files(root, "lib/*.[ch]", "include/*.h", "tools/*.[ch]", "examples/*.[ch]") for word in NAME.findall(path.read_text())}


def anchors(text: str) -> set[str]:
    """The headings of a page, as links name them."""
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_paths_exist(root: Path) -> None:
    """A program is named without its ending."""
    missing = [f"{page.name}: {path}" for page in pages(root) for path in PATH.findall(page.read_text())
               if not (root / path).exists() and not (root / f"{path}.c").exists()]
    assert not missing, "\n".join(missing)


def test_source_files_exist(root: Path) -> None:
    """Those that a page names without their folder."""
    there = {path.name for path in files(root, "*.c", "*.h")}
    missing = [f"{page.name}: {name}" for page in pages(root) for name in SOURCE.findall(page.read_text())
               if name not in there | {"bot.c"} and page.name != "CHANGELOG.md"]
    assert not missing, "\n".join(missing)


def test_names_exist(root: Path) -> None:
    there = code_of(root)
    missing = [f"{page.name}: {name}" for page in pages(root) if str(page.relative_to(root)) not in HISTORY
               for name in NAME.findall(page.read_text())
               if name not in there and not (name.endswith("_") and any(word.startswith(name) for word in there))]
    assert not missing, "\n".join(missing)


def test_links_lead_to_headings(root: Path) -> None:
    broken = []
    for page in pages(root):
        for target, anchor in LINK.findall(page.read_text()):
            to = page.parent / target if target else page
            if not to.exists() or (anchor and anchor not in anchors(to.read_text())):
                broken.append(f"{page.name}: {target}#{anchor}")
    assert not broken, "\n".join(broken)


def test_commands_exist(root: Path) -> None:
    listed = subprocess.run([root / "dev"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^\./dev (\w+)", listed, re.MULTILINE))
    suites = set(" ".join(re.findall(r"(?:all|named)_suites=\(([^)]+)\)", (root / "scripts/test.sh").read_text())).split())
    told = [(page.name, command, word) for page in pages(root) for command, word in re.findall(r"\./dev ([a-z]+)(?: ([a-z]\w*))?", page.read_text())]
    wrong = [f"{name}: ./dev {command} {word}" for name, command, word in told if command not in known or (command == "test" and word and word not in suites | {"bindings"})]
    assert told and not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("page", "wanted"), [
    ("CONTRIBUTING.md", r"\./dev test unit +# one suite: (.+\n +#.+)"),
    ("doc/architecture.md", r"## Tests\n((?:.+\n|\n)+)"),
])
def test_every_suite_is_told(root: Path, page: str, wanted: str) -> None:
    suites = re.search(r"all_suites=\(([^)]+)\)", (root / "scripts/test.sh").read_text())
    section = re.search(wanted, (root / page).read_text())
    assert suites and section
    assert [suite for suite in suites.group(1).split() if not re.search(rf"\b{suite}\b", section.group(1))] == []


def test_every_program_on_a_page_is_run(root: Path) -> None:
    found = {str(page.relative_to(root)): Counter(re.findall(r"^```(\w+)$", page.read_text(), re.MULTILINE)) for page in pages(root)}
    assert {name: dict(languages) for name, languages in found.items() if languages} == RUN
