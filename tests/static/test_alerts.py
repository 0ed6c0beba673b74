"""doc/operations.md says of each alert of share/spectacles-rules.yml what to do, and of no other."""
from __future__ import annotations

import re
from pathlib import Path


def test_each_alert_has_a_row(root: Path) -> None:
    rules = re.findall(r"^ +- alert: (\w+)$", (root / "share" / "spectacles-rules.yml").read_text(), re.MULTILINE)
    rows = re.findall(r"^\| (Spectacles\w+) \| ([^|]+) \| ([^|]+) \|$", (root / "doc" / "operations.md").read_text(), re.MULTILINE)
    assert len(rules) > 5 and rules == [name for name, _, _ in rows]
