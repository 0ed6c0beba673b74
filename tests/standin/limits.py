"""Discord's limits on what a client sends. The clock is an argument."""
from __future__ import annotations

from collections import deque
from typing import Any

from .settings import Settings


class Sending:
    """Payloads of one connection: 120 in 60 s. Whether the 60 s are a fixed or a sliding window is a setting."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._times: deque[float] = deque()

    def allows(self, now: float) -> bool:
        period = self._settings.sending_period - self._settings.sending_tolerance
        if self._settings.sending_window == "fixed":
            if self._times and now - self._times[0] >= period:
                self._times.clear()
        else:
            while self._times and now - self._times[0] >= period:
                self._times.popleft()
        self._times.append(now)
        return len(self._times) <= self._settings.sending_limit


class Identifies:
    """max_concurrency IDENTIFYs in a window. One that is refused does not begin the window again."""

    # Our clock is not the client's, and the first of two may have waited for us longer than the second.
    SLACK = 0.6

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: dict[int, float] = {}

    def allows(self, shard: int, now: float) -> bool:
        bucket = shard % self._settings.max_concurrency
        self._settings.identify_limit["remaining"] -= 1
        if now - self._last.get(bucket, -1e9) < self._settings.identify_window * self.SLACK:
            return False
        self._last[bucket] = now
        return True


class Members:
    """Requests for all members of a guild: one for each guild and session in 30 s."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked: dict[int, float] = {}

    def wait(self, d: dict[str, Any], now: float) -> float:
        """Seconds that the client has to wait, or 0: then this request counts."""
        if d.get("query") != "" or d.get("limit") != 0:
            return 0.0
        guild = int(d["guild_id"])
        left = self._asked.get(guild, -1e9) + self._settings.members_window - now
        if left > 0:
            return left
        self._asked[guild] = now
        return 0.0
