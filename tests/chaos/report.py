"""What a verdict counts, and why it fails."""
from __future__ import annotations

from collections.abc import Mapping
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


def conclude(verdict: Verdict, done: Mapping[str, int], kills: int, seed: int) -> int:
    """Prints what a run has come to, with what the nemesis has done. Returns the exit code."""
    for what, count in sorted(done.items()):
        print(f"  {what:<50}{count:>6,}")
    print(f"\n{verdict}\n\n{'FAILED' if verdict.failures else 'ok'}: {kills} kills, seed {seed}")
    return 1 if verdict.failures else 0
