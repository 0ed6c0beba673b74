"""Sessions of the stand-in: what was dispatched in them, and who listens."""
from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Union


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
    log: list[Union[str, Callable[[], str]]] = field(default_factory=list)  # d, or what writes it; sequence = index + 1
    names: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    alive: bool = True
    ended_by: str = ""  # "client" when it closed with 1000 or 1001, "heartbeats" when it missed them, "expiry"
    ended_at: float | None = None
    client: str = ""  # the address of whoever identified
    connection: Any = None  # the one that identified or resumed last
    older: list[Any] = field(default_factory=list)  # those before it that were kept: the setting `replaced`
    left_at: float | None = None  # when its connection ended
    bricked_until: float | None = None  # each RESUME is cut until then; after that the session is gone
    intents: int = 0
    presence: Any = None  # of its IDENTIFY
    members: Any = None  # limits.Members: when all members of a guild may be asked for again

    @property
    def seq(self) -> int:
        return len(self.log)

    def end(self, by: str = "") -> None:
        """The session is gone for good."""
        if self.alive:
            self.alive, self.ended_by, self.ended_at = False, by, time.monotonic()

    def has_intent(self, bit: int) -> bool:
        return bool(self.intents >> bit & 1)

    def attach(self, connection: Any) -> Any:
        """From now on the session is this connection's too. Returns the one before, if there was another."""
        before = self.connection if self.connection is not connection else None
        if before:
            self.older.append(before)
        self.connection = connection
        return before

    def detach(self, connection: Any) -> None:
        """The connection has ended, or has no session any more. One that was kept takes its place."""
        if connection in self.older:
            self.older.remove(connection)
        elif self.connection is connection:
            self.connection = self.older.pop() if self.older else None
            self.left_at = time.monotonic()

    def has_others(self, connection: Any) -> bool:
        return any(each not in (None, connection) for each in (*self.older, self.connection))

    def wake(self) -> None:
        """There is something to send."""
        for connection in (*self.older, self.connection):
            if connection:
                connection.wake.set()

    def append(self, name: str, data: Union[str, Callable[[], str]]) -> None:
        """data is raw JSON text, which goes out byte for byte; or what writes it each time that it goes out."""
        self.names.append(name)
        self.log.append(data)

    def envelope(self, seq: int) -> str:
        data = self.log[seq - 1]
        return f'{{"t":{json.dumps(self.names[seq - 1])},"s":{seq},"op":0,"d":{data if isinstance(data, str) else data()}}}'
