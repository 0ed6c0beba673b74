"""The broker engine alone, against a real RabbitMQ that is killed, blocked, reconfigured and taken apart under it."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from support.broker_tool import BrokerTool, Event
from support.rabbit import RabbitNode

E_INVAL, E_AGAIN, E_CLOSED, E_AUTH = -2, -4, -6, -10
# With a clock that passes over waits: what is tried again is tried soon.
SOON = 200

Tools = Callable[..., BrokerTool]


@pytest.fixture
def tools(build: Path) -> Iterator[Tools]:
    made: list[BrokerTool] = []

    def make(*urls: str, **options: object) -> BrokerTool:
        made.append(BrokerTool(build, *urls, **options))
        return made[-1]

    yield make
    for each in made:
        each.kill()


def messages(rabbit: RabbitNode, queue: str, vhost: str = "/") -> list[tuple[str, bytes]]:
    """Message-id and body of all that is in a queue, which is empty afterwards."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url(vhost)))
    try:
        channel = connection.channel()
        count = channel.queue_declare(queue, passive=True).method.message_count
        found: list[tuple[str, bytes]] = []
        for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=60) if count else ():
            assert method, f"{queue}: {len(found)} came, of {count}"
            found.append((properties.message_id, body))
            if len(found) == count:
                break
        return found
    finally:
        connection.close()


def ids(prefix: str, last: int) -> list[str]:
    return [f"{prefix}:{number}" for number in range(1, last + 1)]


def test_killed_in_mid_publish_twenty_times(own_rabbit: RabbitNode, tools: Tools) -> None:
    tool = tools(own_rabbit.url(), id="k", window=500, patience=SOON)
    tool.subscribe("EVENT", consume=False)
    tool.write("publish-forever 200 EVENT")
    for turn in range(20):
        tool.wait_confirmed(tool.count("CONFIRMED") + 400)
        own_rabbit.kill_beam()
        own_rabbit.start()
        tool.wait_event("READY", turn + 2)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    stats = tool.stats()
    assert tool.close() == 0
    assert tool.count("DISCONNECTED") == stats["connects"] - 1 >= 20 and stats["republished"] > 0
    found = messages(own_rabbit, "gateway:EVENT")
    assert set(tool.confirmed()) <= {message_id for message_id, _ in found}
    assert list(dict.fromkeys(message_id for message_id, _ in found)) == ids("k", last)
    assert all(body == message_id.encode().ljust(200, b"x") for message_id, body in found)
    assert tool.confirmed() == list(dict.fromkeys(tool.confirmed())), "each is confirmed once"
