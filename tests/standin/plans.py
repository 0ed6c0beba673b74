"""What a test plans for the requests and payloads that are still to come: the next so many are answered as the plan says."""
from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Optional

ANSWERS = {
    "gateway_bot": ("refuse", "hang"),
    "upgrade": ("refuse", "hang"),
    "hello": ("silence", "reconnect", "reconnect_first", "cut", "close"),
    "identify": ("silence", "reconnect", "invalid", "cut", "close"),
    "resume": ("silence", "reconnect", "invalid", "cut", "close", "drop"),
}


@dataclass
class Plan:
    what: str
    answer: str
    times: Optional[int] = 1  # None: until unplan()
    shard: Optional[int] = None  # None: of any shard
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS.get(self.what, ()):
            raise ValueError(f"no plan is {self.what!r} with {self.answer!r}; there are {ANSWERS}")


class Plans:
    """Made in the test's thread, taken in the loop's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: list[Plan] = []

    def add(self, plan: Plan) -> None:
        with self._lock:
            self._plans.append(plan)

    def clear(self, what: Optional[str] = None) -> None:
        with self._lock:
            self._plans = [each for each in self._plans if what not in (None, each.what)]

    def take(self, what: str, shard: Optional[int] = None) -> Optional[Plan]:
        """The first plan for it, counted as used once."""
        with self._lock:
            found = next((each for each in self._plans if each.what == what and each.shard in (None, shard)), None)
            if found and found.times is not None:
                found.times -= 1
                if found.times <= 0:
                    self._plans.remove(found)
            return found
