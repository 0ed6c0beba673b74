"""What a worker keeps of all that arrives: it leaves copies out by their message-id, and by the marks of two numbers of shards. As examples/worker.c
and lib/copies/pairs.c do it, for events of which each has a digest of its own."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from chaos.recorder import Arrival

PAIR_TIME = 30.0  # seconds for which a worker remembers what the other number has brought


@dataclass
class Mark:
    """A marked event that is kept."""

    shards: int
    at: float
    has_copy: bool = False


def kept(arrivals: Iterable[Arrival]) -> list[Arrival]:
    ids: set[str] = set()
    marks: dict[str, list[Mark]] = {}
    found = []
    for each in arrivals:
        if each.message_id in ids:
            continue
        ids.add(each.message_id)
        if each.digest and is_copy(marks.setdefault(each.digest, []), each):
            continue
        found.append(each)
    return found


def is_copy(marks: list[Mark], arrival: Arrival) -> bool:
    """The latest one of another number that came soon enough before, and has no copy yet. One that is kept is remembered."""
    for mark in reversed(marks):
        if mark.shards != arrival.shards and not mark.has_copy and arrival.at - mark.at <= PAIR_TIME:
            mark.has_copy = True
            return True
    marks.append(Mark(arrival.shards, arrival.at))
    return False


def twice(arrivals: Iterable[Arrival]) -> list[tuple[Arrival, Arrival]]:
    """Of what is kept: copies of one event."""
    by_serial: dict[int, list[Arrival]] = {}
    for each in arrivals:
        by_serial.setdefault(each.serial, []).append(each)
    return [pair for copies in by_serial.values() for pair in combinations(copies, 2)]
