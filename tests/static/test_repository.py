"""What the repository says of the library and of the world around it."""
from __future__ import annotations

import re
from pathlib import Path

from tools.sources import files

REGISTRIES = ("registry.npmjs", "deb.debian.org", "pypi.org")


def test_what_json_leaves_open_is_documented(root: Path) -> None:
    """The table for users says what the test holds the library to."""
    tested = dict(re.findall(r'\{"(i_[^"]+)", ([01])\}', (root / "tests/unit/codec/test_json.c").read_text()))
    row = re.compile(r"^\| `(i_[^`]+)` \|[^|]*\| (accepted|refused) \| (accepted|refused) \|$", re.MULTILINE)
    told = row.findall((root / "doc/json.md").read_text())
    assert len(told) == 35
    assert {name: str(int(check == "accepted")) for name, check, _ in told} == tested
    for name, check, document in told:
        assert document == ("refused" if "surrogate" in name else check), name


def test_no_registry_and_no_machine_is_named(root: Path) -> None:
    bad = [str(path.relative_to(root)) for path in files(root) if path.name != Path(__file__).name
           and path.suffix in {".c", ".h", ".py", ".md", ".build", ".txt", ""}
           and any(word in path.read_text(errors="replace") for word in REGISTRIES)]
    assert not bad, bad
