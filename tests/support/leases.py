"""lease_tool: the leases of some slots over a real broker, as a process that can be killed, stopped and cut off."""
from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .processes import EventTool


def now() -> float:
    """The clock of the library (spectacles_now()), in seconds."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class LeaseTool(EventTool):
    def __init__(self, build: Path, member: str, slots: int, *urls: str, group: str = "bot") -> None:
        self.member = member
        super().__init__([build / "tests" / "tools" / "lease_tool", group, member, str(slots), *urls])

    def told(self, event: str, since: float = 0.0) -> dict[int, dict[str, Any]]:
        """By slot: the first one of this kind since then."""
        found: dict[int, dict[str, Any]] = {}
        for each in list(self.events):
            if each["event"] == event and each["at"] >= int(since * 1000):
                found.setdefault(each["slot"], each)
        return found

    def serves(self) -> set[int]:
        """The slots that are served here now, as far as was told."""
        last = {each["slot"]: each["event"] for each in list(self.events) if each["event"] in ("SERVES", "LEFT")}
        return {slot for slot, event in last.items() if event == "SERVES"}

    def stored(self) -> dict[int, int]:
        """By slot: the sequence that stood in a record last."""
        return {each["slot"]: each["seq"] for each in list(self.events) if each["event"] == "STORED"}
