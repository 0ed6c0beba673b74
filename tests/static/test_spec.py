"""doc/spec.md names files and tests that exist."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

ENTRY = re.compile(r"^- (.+?)\n  Code: (.+?)\n  Test: (.+?)(?=\n- |\n\n)", re.MULTILINE | re.DOTALL)


@pytest.fixture
def rows(root: Path) -> list[tuple[str, str, str]]:
    found = ENTRY.findall((root / "doc" / "spec.md").read_text())
    assert len(found) >= 16, "one entry for each sentence of the specification"
    return found


def test_the_files_exist(root: Path, rows: list[tuple[str, str, str]]) -> None:
    for sentence, code, test in rows:
        for path in re.findall(r"`((?:lib|tests)/[\w/.]+)`", code + test):
            assert (root / path).exists(), f"{sentence}: {path}"


def test_the_tests_exist(root: Path, rows: list[tuple[str, str, str]]) -> None:
    for sentence, _, test in rows:
        for path, name in re.findall(r"`(tests/[\w/.]+)`\s+`(\w+)`", test):
            assert re.search(rf"\b{name}\b", (root / path).read_text()), f"{sentence}: {name} is not in {path}"
