"""What both worlds have in common: they wait for what shall happen, and the verdict tells what failed in a thread."""
from __future__ import annotations

import time
from collections.abc import Callable

from support.patience import PATIENCE


class Watched:
    errors: list[str]

    def wait(self, predicate: Callable[[], object], timeout: float, what: str) -> None:
        end = time.monotonic() + timeout * PATIENCE
        while not predicate():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {timeout * PATIENCE:.0f} s in vain for {what}")
            time.sleep(0.02)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # the verdict tells it
            self.errors.append(f"{work.__name__}: {error!r}")
