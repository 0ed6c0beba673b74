"""The leases of lib/fleet over a real RabbitMQ: whoever takes a slot over knows what was stored last, and two never own it at once."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.leases import LeaseTool, now
from support.rabbit import RabbitNode

pytestmark = pytest.mark.rabbit4
SLOTS = 3
QUEUES = [f"bot:fleet1:lease:64-1:{slot}" for slot in range(SLOTS)]

Members = Callable[[str], LeaseTool]


@pytest.fixture
def member(build: Path, rabbit: RabbitNode, vhost: str) -> Iterator[Members]:
    made: list[LeaseTool] = []

    def start(name: str) -> LeaseTool:
        made.append(LeaseTool(build, name, SLOTS, rabbit.url(vhost)))
        return made[-1]

    yield start
    for each in made:
        each.kill()


def owns_all(tool: LeaseTool, since: float = 0.0) -> dict[int, dict[str, Any]]:
    tool.wait_for(lambda: len(tool.told("OWNED", since)) == SLOTS, what="all slots owned")
    return tool.told("OWNED", since)


def stands(tool: LeaseTool) -> None:
    tool.wait_for(lambda: len(tool.told("STANDS")) == SLOTS, what="its place in each line")


def has_stored(tool: LeaseTool) -> None:
    tool.wait_for(lambda: len(tool.stored()) == SLOTS and min(tool.stored().values()) > 5, what="stored sequences")


def test_the_next_one_goes_on_from_what_was_stored(member: Members) -> None:
    first = member("first")
    owns_all(first)
    second = member("second")
    for turn in range(2):
        has_stored(first)
        stands(second)
        begun = now()
        if turn == 0:
            first.kill()
        else:
            first.write("release")
        epochs = {slot: told["epoch"] for slot, told in first.told("OWNED").items()}
        owned = owns_all(second, begun)
        if turn == 1:
            first.wait_for(lambda each=first: not each.serves(), what="the end of its leases")
        for slot, stored in first.stored().items():
            assert owned[slot]["seq"] >= stored and owned[slot]["epoch"] > epochs[slot]
            left = first.told("LEFT", begun)
            assert turn == 0 or left[slot]["at"] <= second.told("SERVES", begun)[slot]["at"], "two serve the slot"
        first, second = second, member("third") if turn == 0 else first


def test_a_queue_that_is_deleted_is_filled_from_memory(member: Members, channel: Any) -> None:
    first = member("first")
    owns_all(first)
    has_stored(first)
    for queue in QUEUES:
        channel.queue_delete(queue)
    deleted = now()
    stored = first.stored()
    first.wait_for(lambda: all(first.stored()[slot] > seq + 5 for slot, seq in stored.items()), what="records that are stored again")
    assert not first.told("LEFT", deleted)
    second = member("second")
    stands(second)
    first.kill()
    owned = owns_all(second)
    assert all(owned[slot]["seq"] >= seq for slot, seq in first.stored().items())
