"""A cluster is upgraded node by node, from one version of RabbitMQ to a later one, while the daemon serves."""
from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.cluster import RabbitCluster
from support.rabbit import ROOT, RabbitNode

from .conftest import Bot, messages

# The folders of two Debians, from:to, which scripts/rabbit4.sh makes.
UPGRADE = os.environ.get("SPECTACLES_UPGRADE", "")
QUORUM = {"x-queue-type": "quorum"}
QUEUE = "gateway:w:MESSAGE_CREATE"
COMMANDS = 20  # between two nodes

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(not UPGRADE, reason="two versions of RabbitMQ are wanted: SPECTACLES_UPGRADE=FROM:TO")]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RabbitCluster]:
    with RabbitCluster(tmp_path / "cluster", system=ROOT / UPGRADE.split(":")[0]) as made:
        yield made


class Feeder(threading.Thread):
    """Two hundred events a second, of two shards in turn."""

    def __init__(self, standin: Standin) -> None:
        super().__init__(daemon=True)
        self.standin = standin
        self.over = threading.Event()
        self.count = 0
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.05):
            for number in range(self.count, self.count + 10):
                self.standin.dispatch(number % 2, "MESSAGE_CREATE", {"n": number})
            self.count += 10

    def finish(self) -> int:
        self.over.set()
        self.join()
        return self.count


def channel_of(node: RabbitNode) -> Any:
    channel = pika.BlockingConnection(pika.URLParameters(node.url())).channel()
    channel.confirm_delivery()
    return channel


def declare(channel: Any) -> None:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True, arguments=QUORUM)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")


def send_commands(channel: Any, standin: Standin, numbers: range) -> None:
    """To both shards, and confirmed."""
    for number in numbers:
        packet = {"op": 3, "d": {"since": number, "activities": [], "status": "online", "afk": False}}
        body = {"guild_id": str(standin.guilds(number % 2, 2, 1)[0]), "packet": packet}
        channel.basic_publish("gateway", "SEND", json.dumps(body).encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)


def commands_arrived(standin: Standin) -> set[int]:
    return {json.loads(each.raw)["d"]["since"] for shard in (0, 1) for each in standin.received(shard, 3)}


def wait_for_more(cluster: RabbitCluster, count: int = 500) -> None:
    def stored() -> int:
        return int(cluster.nodes[0].queues()[QUEUE]["messages"])

    before = stored()
    cluster.nodes[0].wait_for(lambda: stored() >= before + count, f"{count} more events")


def numbers_of(channel: Any, total: int) -> list[int]:
    """Of all events in the queue, in its order, without copies."""
    found: dict[str, int] = {}
    for _, properties, body in messages(channel, QUEUE):
        found.setdefault(properties.message_id, json.loads(body)["n"])
        if len(found) == total:
            break
    return list(found.values())


def test_a_rolling_upgrade_loses_nothing(cluster: RabbitCluster, build: Path, authority: Authority, standin: Standin, tmp_path: Path) -> None:
    later = ROOT / UPGRADE.split(":")[1]
    declare(channel_of(cluster.nodes[0]))
    bot = Bot(build, authority, standin, ",".join(cluster.urls()))
    old = cluster.nodes[0].version()
    try:
        gateway = bot.running_gateway(BROKER_QUEUE_TYPE="quorum", BROKER_MESSAGE_TIMEOUT="0", SESSION_FILE=str(tmp_path / "sessions"), STOP_TIMEOUT="60s")
        feeder = Feeder(standin)
        for place, node in enumerate(cluster.nodes):
            node.upgrade(later)
            cluster.heal()
            assert node.version() > old
            # The commands go in at a node of the other version, as long as there is one.
            send_commands(channel_of(cluster.nodes[place - 2]), standin, range(place * COMMANDS, (place + 1) * COMMANDS))
            wait_for_more(cluster)
        cluster.nodes[0].ctl("enable_feature_flag", "all")
        wait_for_more(cluster)
        total = feeder.finish()
        standin.wait_for(lambda: commands_arrived(standin) == set(range(3 * COMMANDS)), 180, "all commands")
        channel = channel_of(cluster.nodes[2])
        numbers = numbers_of(channel, total)
        assert gateway.stop() == 0, gateway.said()
        assert channel.queue_declare("gateway:SPECTACLES_GAP", durable=True, arguments=QUORUM).method.message_count == 0
    finally:
        bot.stop()
    for shard in (0, 1):
        assert [each for each in numbers if each % 2 == shard] == list(range(shard, total, 2))
    assert len(standin.sessions) == 2 and standin.violations == []
