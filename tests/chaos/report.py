"""What a verdict counts, and why it fails."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Verdict:
    counts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def fail(self, kind: str, what: list[Any]) -> None:
        if what:
            self.failures.append(f"{kind}: {len(what)}, such as {what[:5]}")

    def __str__(self) -> str:
        counts = "\n".join(f"  {name:<40}{count:>9,}" for name, count in self.counts.items())
        return counts + "".join(f"\n  FAILED {each}" for each in self.failures)
