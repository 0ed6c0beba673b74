"""Peers that accept connections and drop them: what passes until then, how often they are dialled, and how often the back-off allows it."""
from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Optional

METHOD, HEADER, BODY = 1, 2, 3
DELIVER, ACK, CONFIRM_SELECTED = (60, 60), (60, 80), (85, 11)
HEAD = 7  # bytes in front of a frame's payload: type, channel, size
SETTLED = 0.1  # seconds of silence after which a connection that may publish is taken for READY


class UntilReady:
    """
    A broker that lets a connection come as far as READY. What would be progress does not pass: no delivery, no confirm. The first
    confirm says that the connection is READY, because something was published; and so does silence.
    """

    def __init__(self) -> None:
        self.patience: Optional[float] = None
        self.over = False
        self._kept = b""
        self._withheld: set[int] = set()  # channels on which the content of a delivery comes

    def __call__(self, data: bytes) -> bytes:
        self._kept += data
        passed = b""
        while not self.over and len(self._kept) >= HEAD:
            kind, channel, size = struct.unpack(">BHI", self._kept[:HEAD])
            if len(self._kept) < HEAD + size + 1:
                break
            frame, self._kept = self._kept[:HEAD + size + 1], self._kept[HEAD + size + 1:]
            if self._passes(kind, channel, frame[HEAD:]):
                passed += frame
        return passed

    def _passes(self, kind: int, channel: int, payload: bytes) -> bool:
        if kind in (HEADER, BODY):
            return channel not in self._withheld
        self._withheld.discard(channel)
        method = struct.unpack(">HH", payload[:4]) if kind == METHOD else None
        if method == DELIVER:
            self._withheld.add(channel)
        if method == CONFIRM_SELECTED:
            self.patience = SETTLED
        self.over = method == ACK
        return method not in (DELIVER, ACK)


class AtOnce:
    """A broker that drops what it has accepted."""

    patience: Optional[float] = None
    over = True

    def __call__(self, data: bytes) -> bytes:
        return b""


@dataclass
class Drops:
    """A span of time in which a peer dropped every connection before it made progress."""

    peer: str
    seconds: float
    dials: int
    clients: int  # that dialled, each with a back-off of its own
    base: float  # seconds: the longest wait behind the first failure
    cap: float  # seconds: the longest wait of all

    def chance(self) -> float:
        """
        At most so likely is it, when every client keeps to the back-off, that one of them dialled so often. The waits of a client are
        evenly distributed from 0 to base, 2 base, 4 base .. cap. That n of them fit into a time t is at most as likely as
        t^n / (n! x the product of their longest).
        """
        most = -(-self.dials // self.clients)  # one client dialled so often at least
        waits = most - 1  # a client that has just started dials once without having waited
        chance = least = 1.0
        for number in range(waits):
            longest = min(self.base * 2.0**number, self.cap)
            chance *= self.seconds / (longest * (number + 1))
            least = min(least, chance)
        return least
