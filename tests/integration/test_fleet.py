"""fleet.h over a real RabbitMQ: members share the shards, and resume what was stored when one of them dies or leaves."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.processes import EventTool
from support.rabbit import RabbitNode

pytestmark = pytest.mark.rabbit4
SHARDS = 6


class FleetTool(EventTool):
    def __init__(self, build: Path, member: str, url: str) -> None:
        super().__init__([build / "tests" / "tools" / "fleet_tool", "bot", member, str(SHARDS), url])

    def leave(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()

    def serves(self) -> set[int]:
        last = {each["shard"]: each["event"] for each in list(self.events) if each["event"] in ("ADD_SHARD", "DROP_SHARD", "REMOVE_SHARD")}
        return {shard for shard, event in last.items() if event == "ADD_SHARD"}

    def stored(self) -> dict[int, int]:
        """By shard: the sequence that was stored last."""
        return {each["shard"]: each["seq"] for each in list(self.events) if each["event"] == "SESSION_STORED"}

    def added(self) -> dict[int, dict[str, Any]]:
        return {each["shard"]: each for each in list(self.events) if each["event"] == "ADD_SHARD"}


Members = Callable[[str], FleetTool]


@pytest.fixture
def member(build: Path, rabbit: RabbitNode, vhost: str) -> Iterator[Members]:
    made: list[FleetTool] = []

    def start(name: str) -> FleetTool:
        made.append(FleetTool(build, name, rabbit.url(vhost)))
        return made[-1]

    yield start
    for each in made:
        each.kill()


def two_that_share(member: Members) -> tuple[FleetTool, FleetTool]:
    one, other = member("web-1"), member("web-2")
    one.wait_for(lambda: len(one.serves()) == len(other.serves()) == SHARDS / 2, what="the shards shared")
    for each in (one, other):
        each.wait_for(lambda each=each: set(each.stored()) >= each.serves(), what="all sessions stored")
    return one, other


def test_who_dies_is_taken_over_from_what_was_stored(member: Members) -> None:
    one, other = two_that_share(member)
    taken = one.serves()
    one.kill()
    stored = one.stored()
    other.wait_for(lambda: other.serves() == set(range(SHARDS)), what="the shards of the other one")
    for shard in taken:
        found = other.added()[shard]
        assert found["session"] == f"web-1-{shard}" and found["seq"] >= stored[shard], other.said()


def test_who_leaves_hands_over_to_the_last_event(member: Members) -> None:
    one, other = two_that_share(member)
    taken = one.serves()
    one.leave()
    other.wait_for(lambda: other.serves() == set(range(SHARDS)), what="the shards of the other one")
    for shard in taken:
        assert other.added()[shard]["session"] == f"web-1-{shard}", other.said()
    assert one.wait() == 0, one.said()
