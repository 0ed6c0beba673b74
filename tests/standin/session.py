"""Sessions of the stand-in: what was dispatched in them, and who listens."""
from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """A payload from the client, as it came and as it was understood."""

    op: int
    raw: str
    payload: Any


@dataclass
class Session:
    """One session of one shard. Every dispatch is kept, so that any resume can be served."""

    shard: int
    count: int
    session_id: str = field(default_factory=lambda: secrets.token_hex(16))
    log: list[str] = field(default_factory=list)  # envelopes as text; sequence = index + 1
    names: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    alive: bool = True
    ended_by: str = ""  # "client" when it closed with 1000 or 1001, "heartbeats" when it missed them, "expiry"
    connection: Any = None
    left_at: float | None = None  # when its connection ended
    intents: int = 0

    @property
    def seq(self) -> int:
        return len(self.log)

    def append(self, name: str, data: str) -> None:
        """data is raw JSON text: it goes out byte for byte."""
        self.names.append(name)
        self.log.append(f'{{"t":{json.dumps(name)},"s":{len(self.log) + 1},"op":0,"d":{data}}}')
