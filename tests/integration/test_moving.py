"""
From the Go daemon (spec-tacles/gateway) to this gateway, as doc/operations.md says: the same worker, the same queues, the
same messages before and after the switch. The Go daemon is played by a client that does on the wire what it does.
"""
from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pika
import pytest
from standin.standin import Standin
from support.rabbit import RabbitNode

from integration.conftest import Bot

EVENT = "MESSAGE_CREATE"


def as_go_writes(data: Any) -> bytes:
    """A MessagePack text that holds JSON, without the newer types of MessagePack."""
    return bytes(msgpack.packb(json.dumps(data), use_bin_type=False))


def as_go_reads(body: bytes) -> Any:
    return json.loads(msgpack.unpackb(body))


class GoDaemon:
    """Publishes without confirms, not persistent, with an expiration; takes SEND, and acknowledges nothing."""

    def __init__(self, url: str) -> None:
        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        self.channel.exchange_declare("gateway", "direct", durable=True)
        self.channel.queue_declare("gateway:SEND", durable=True)
        self.channel.queue_bind("gateway:SEND", "gateway", "SEND")
        self.sent: list[Any] = []
        self.channel.basic_consume("gateway:SEND", lambda *delivery: self.sent.append(msgpack.unpackb(delivery[3])))

    def publish(self, data: Any) -> None:
        self.channel.basic_publish("gateway", EVENT, as_go_writes(data), pika.BasicProperties(expiration="120000"))

    def take(self, count: int) -> None:
        while len(self.sent) < count:
            self.connection.process_data_events(1)

    def stop(self) -> None:
        """It has no signal handler. Its connection goes with it, and what it has not acknowledged comes back."""
        self.connection.close()


class GoWorker(threading.Thread):
    """A worker on the Go library, with a Timeout of two minutes: it answers each message with a command."""

    def __init__(self, url: str, guild: int) -> None:
        super().__init__(daemon=True)
        self.url, self.guild = url, guild
        self.seen: list[Any] = []
        self.changed = threading.Condition()
        self.ready = threading.Event()

    def run(self) -> None:
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        channel = connection.channel()
        channel.exchange_declare("gateway", "direct", durable=True)
        channel.queue_declare(f"gateway:{EVENT}", durable=True)
        channel.queue_bind(f"gateway:{EVENT}", "gateway", EVENT)
        channel.basic_consume(f"gateway:{EVENT}", self.take)
        self.ready.set()
        with contextlib.suppress(pika.exceptions.AMQPConnectionError):  # RabbitMQ may end before this thread does
            channel.start_consuming()

    def take(self, channel: Any, method: Any, _: Any, body: bytes) -> None:
        message = as_go_reads(body)
        # Numbers of JSON are floats in Go.
        packet = {"op": 8.0, "d": {"guild_id": str(self.guild), "query": "", "limit": 0.0, "nonce": message["id"]}}
        command = msgpack.packb({"guild_id": str(self.guild), "packet": packet}, use_bin_type=False)
        channel.basic_publish("gateway", "SEND", command, pika.BasicProperties(expiration="120000"))
        channel.basic_ack(method.delivery_tag)
        with self.changed:
            self.seen.append(message)
            self.changed.notify_all()

    def wait(self, count: int) -> list[Any]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= count, 240), f"{len(self.seen)} of {count} came"
        return self.seen


@pytest.fixture
def url(rabbit: RabbitNode, vhost: str) -> str:
    return rabbit.url(vhost)


@pytest.fixture
def daemon(url: str) -> Iterator[GoDaemon]:
    made = GoDaemon(url)
    yield made
    if made.connection.is_open:
        made.stop()


def steps(root: Path) -> tuple[list[str], dict[str, str]]:
    """The commands and the settings of the section in doc/operations.md."""
    section = (root / "doc" / "operations.md").read_text().split("\n## Moving from the Go daemon\n")[1].split("\n## ")[0]
    blocks = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```$", section, re.M | re.S))
    commands = [line.strip() for line in blocks.splitlines() if line.strip()]
    purges = [line for line in commands if line.startswith("rabbitmqctl ")]
    settings = dict(line.split("=", 1) for line in commands if re.fullmatch(r"[A-Z_]+=\S+", line))
    assert len(purges) == 1 and "BROKER_FORMAT" in settings
    return purges[0].split()[1:], settings


def test_the_steps_of_the_page(root: Path, bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, url: str, daemon: GoDaemon) -> None:
    purge, settings = steps(root)
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    worker = GoWorker(url, guild)
    worker.start()
    assert worker.ready.wait(120)
    before = [{"id": f"before {number}", "content": "ü 🐎"} for number in range(20)]
    for data in before:
        daemon.publish(data)
    daemon.take(len(before))
    assert worker.wait(len(before)) == before

    daemon.stop()
    # What it has sent long ago is all there again, and would be sent once more.
    rabbit.wait_for(lambda: rabbit.queues(vhost)["gateway:SEND"]["messages"] >= 1, "commands that came back")
    rabbit.ctl("-p", vhost, *purge)
    gateway = bot.running_gateway(EVENT, **settings)
    after = [{"id": f"after {number}", "content": "ü 🐎"} for number in range(20)]
    standin.dispatch_many(0, [(EVENT, json.dumps(data)) for data in after])
    assert worker.wait(len(before) + len(after)) == before + after
    standin.wait_for(lambda: len(standin.received(1, 8)) >= len(after), 60, "the commands")
    assert [each.payload["d"]["nonce"] for each in standin.received(1, 8)] == [data["id"] for data in after]
    assert all(each.payload["d"]["limit"] == 0 for each in standin.received(1, 8))
    assert standin.violations == [] and gateway.stop() == 0
