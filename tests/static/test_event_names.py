"""The daemon knows each event that the library knows, and those that need no intent."""
from __future__ import annotations

import re
from pathlib import Path

from tools import upstream


def test_the_daemon_knows_all_events(root: Path) -> None:
    library = set(re.findall(r'^    \{"(\w+)", ', (root / "lib" / "routing" / "intents.c").read_text(), re.M))
    daemon = set(re.findall(r'^    "(\w+)",$', (root / "tools" / "gateway" / "event_names.c").read_text(), re.M))
    assert len(library) > 60 and daemon == library | set(upstream.WITHOUT_INTENT)
