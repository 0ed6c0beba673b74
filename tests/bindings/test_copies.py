"""What a worker leaves out, in every language: the same message again, and an event that another number of shards has brought too."""
from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Optional

import pika
import pytest
from support.processes import Process
from support.rabbit import RabbitNode

from bindings.conftest import Bot, lines

QUEUE = "gateway:MESSAGE_CREATE"


class Fleet:
    """Publishes as the gateways of a fleet do."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel

    def publish(self, event: str, message_id: Optional[str] = None, shards: Optional[int] = None) -> None:
        """With a number of shards: while the fleet goes from one number to another. Equal events have one digest."""
        body = json.dumps({"id": event, "guild_id": str(2 << 22), "content": "hello"})
        headers = {"shards": shards, "digest": sha256(body.encode()).hexdigest()[:32]} if shards else None
        self.channel.basic_publish("gateway", "MESSAGE_CREATE", body, pika.BasicProperties(message_id=message_id, headers=headers))


@pytest.fixture
def fleet(channel: Any) -> Fleet:
    """The queue stands before the worker runs, so that a copy comes while the first message is being worked on."""
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    return Fleet(channel)


def printed(worker: Process) -> list[str]:
    return [json.loads(" ".join(words[3:]))["id"] for words in lines(worker, "EVENT")]


def check_printed(worker: Process, rabbit: RabbitNode, vhost: str, wanted: list[str]) -> None:
    """Each once, in order, up to the last one; and RabbitMQ keeps nothing of what was left out."""
    worker.wait_for(lambda: wanted[-1] in printed(worker), 60, f"the event {wanted[-1]}, in {worker.out[-10:]!r}")
    assert printed(worker) == wanted
    assert worker.stop() == 0, worker.said()
    rabbit.wait_for(lambda: rabbit.queues(vhost)[QUEUE]["messages"] == 0, "an empty queue")


def test_a_message_that_comes_again(bot: Bot, rabbit: RabbitNode, vhost: str, fleet: Fleet) -> None:
    for message_id in ("1:1", "1:1", "1:2", "1:1", "1:2"):
        fleet.publish(message_id, message_id)
    worker = bot.running_worker("MESSAGE_CREATE")
    fleet.publish("1:2", "1:2")
    fleet.publish("1:3", "1:3")
    check_printed(worker, rabbit, vhost, ["1:1", "1:2", "1:3"])


def test_a_message_without_an_id_is_no_copy(bot: Bot, rabbit: RabbitNode, vhost: str, fleet: Fleet) -> None:
    worker = bot.running_worker("MESSAGE_CREATE")
    for _ in range(3):
        fleet.publish("without")
    fleet.publish("last", "last")
    check_printed(worker, rabbit, vhost, ["without", "without", "without", "last"])


def test_two_numbers_of_shards_bring_each_event(bot: Bot, rabbit: RabbitNode, vhost: str, fleet: Fleet) -> None:
    """While a fleet is resharded. Whichever number is first, each event is printed once; two equal events of one number are two events."""
    for number, event in enumerate(("a", "b", "c")):
        first, second = (8, 16) if number % 2 else (16, 8)
        fleet.publish(event, f"{first}:{event}", first)
        fleet.publish(event, f"{second}:{event}", second)
    worker = bot.running_worker("MESSAGE_CREATE")
    for number in (8, 16):
        for turn in (1, 2):
            fleet.publish("equal", f"{number}:equal:{turn}", number)
    fleet.publish("old", "8:old", 8)
    fleet.publish("new", "16:new", 16)
    fleet.publish("last", "last")
    check_printed(worker, rabbit, vhost, ["a", "b", "c", "equal", "equal", "old", "new", "last"])


def test_a_copy_that_was_left_out_stays_left_out(bot: Bot, rabbit: RabbitNode, vhost: str, fleet: Fleet) -> None:
    """It comes again, when its acknowledgement was lost."""
    worker = bot.running_worker("MESSAGE_CREATE")
    for message_id, shards in (("8:a", 8), ("16:a", 16), ("16:a", 16), ("8:a", 8)):
        fleet.publish("a", message_id, shards)
    fleet.publish("last", "last")
    check_printed(worker, rabbit, vhost, ["a", "last"])
