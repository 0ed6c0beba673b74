"""Shards are removed from one process and added to another while events flow: nothing is lost, and nobody identifies."""
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.standin import Standin
from support.processes import Process

from .conftest import IDENTIFY_WINDOW, Bot, gaps, messages

QUEUE = "gateway:MESSAGE_CREATE"
SHARDS = 2


class Gateway(Process):
    """A process that serves the shards that it is told to serve."""

    def __init__(self, bot: Bot, folder: Path) -> None:
        self.folder = folder
        url = bot.environment["AMQP_URL"]
        super().__init__([bot.build / "tests/tools/roster_tool", str(SHARDS), bot.standin.url, url], bot.environment, steered=True)
        bot.processes.append(self)

    def tell(self, what: str, shard: int, *wanted: str) -> None:
        counts = {each: self.out.count(each.encode()) for each in wanted}
        self.write(f"{what} {shard} {self.folder / f'shard-{shard}'}")
        for each, count in counts.items():
            self.wait_for(lambda each=each, count=count: self.out.count(each.encode()) > count, 90, each)

    def add(self, shard: int, wanted: str) -> None:
        self.tell("add", shard, f"ADDED {shard}", f"{wanted} {shard}")

    def remove(self, shard: int) -> None:
        self.tell("remove", shard, f"REMOVED {shard}")

    def finish(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        assert self.wait(60) == 0


@pytest.fixture
def gateways(bot: Bot, channel: Any, tmp_path: Path) -> Iterator[tuple[Gateway, Gateway]]:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    yield Gateway(bot, tmp_path), Gateway(bot, tmp_path)


def receive(channel: Any, enough: Callable[[dict[str, tuple[int, int]]], bool]) -> dict[str, tuple[int, int]]:
    """The messages by their ids, in the order in which they came; copies are left out."""
    found: dict[str, tuple[int, int]] = {}
    for _, properties, body in messages(channel, QUEUE):
        d = json.loads(body)
        assert found.setdefault(properties.message_id, (d["shard"], d["n"])) == (d["shard"], d["n"])
        if enough(found):
            break
    return found


def test_shards_move_between_processes_while_events_flow(gateways: tuple[Gateway, Gateway], standin: Standin, channel: Any) -> None:
    here, there = gateways
    sent = {0: 0, 1: 0}

    def send(shard: int, count: int = 30) -> None:
        numbers = range(sent[shard], sent[shard] + count)
        standin.dispatch_many(shard, [("MESSAGE_CREATE", {"shard": shard, "n": number}) for number in numbers])
        sent[shard] += count

    here.add(0, "READY")
    here.add(1, "READY")
    for turn in range(4):
        giver, taker = (here, there) if turn % 2 == 0 else (there, here)
        for shard in range(SHARDS):
            # Before it leaves, while it leaves, while nobody serves it, and when it is there again.
            send(shard)
            send(1 - shard)
            giver.write(f"remove {shard} {giver.folder / f'shard-{shard}'}")
            send(shard)
            giver.wait_for(lambda: giver.out.count(f"REMOVED {shard}".encode()) > turn // 2, 90, "REMOVED")
            send(shard)
            taker.add(shard, "RESUMED")
            send(shard)
    found = receive(channel, lambda each: len(each) == sum(sent.values()))
    for shard, count in sent.items():
        assert [n for of, n in found.values() if of == shard] == list(range(count)), "all of them, in order"
    assert standin.count("ready") == SHARDS, "nobody has identified again"
    gaps(channel, 0)
    here.finish()
    there.finish()
    assert standin.violations == []


def test_a_gap_goes_along(gateways: tuple[Gateway, Gateway], standin: Standin, channel: Any) -> None:
    """The session is lost, and the shard leaves before it has another one: whoever serves it next declares the gap."""
    here, there = gateways
    here.add(0, "READY")
    lost = standin.session(0).session_id
    standin.invalidate(0, False)
    here.wait_for(lambda: b"DISCONNECTED 0" in here.out, 60, "the end of its connection")
    here.remove(0)
    assert standin.count("ready") == 1
    time.sleep(IDENTIFY_WINDOW)  # the second process does not know when the first one has identified
    there.add(0, "READY")
    record, = gaps(channel, 1)
    assert record["old_session"] == lost and record["new_session"] == standin.session(0).session_id != lost
    assert record["shard"] == [0, SHARDS]
    here.finish()
    there.finish()
    assert standin.violations == []
