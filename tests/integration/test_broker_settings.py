"""The broker's settings of spectacles-gateway, seen in a real RabbitMQ: types of queues, declarations, URLs, expirations."""
from __future__ import annotations

import json
from typing import Any

import pika
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from .conftest import Bot

OWN_QUEUES = {"gateway:0", "gateway:1", "gateway:SEND", "gateway:SPECTACLES_GAP"}


def member_request(guild: int) -> bytes:
    packet = {"op": 8, "d": {"guild_id": str(guild), "query": "", "limit": 0}}
    return json.dumps({"guild_id": str(guild), "packet": packet}).encode()


def test_quorum_queues(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, channel: Any) -> None:
    daemon = bot.running_gateway(BROKER_QUEUE_TYPE="quorum")
    # The queue of the process itself, which goes with it, is a classic one.
    queues = {name: each for name, each in rabbit.queues(vhost).items() if not name.endswith(":SPECTACLES_GATEWAY")}
    assert set(queues) == OWN_QUEUES
    assert all(["x-queue-type", "longstr", "quorum"] in queue["arguments"] for queue in queues.values())
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    channel.basic_publish("gateway", "SEND", member_request(guild))
    standin.wait_for(lambda: standin.received(1, 8), 60, "the command")
    assert daemon.stop() == 0


def test_queues_of_another_type_are_told_with_what_to_do(bot: Bot, channel: Any) -> None:
    """Those of a gateway that ran without the setting: the queue, its type, and what to do."""
    for name in OWN_QUEUES:
        channel.queue_declare(name, durable=True)
    daemon = bot.gateway(BROKER_QUEUE_TYPE="quorum")
    for name in OWN_QUEUES - {"gateway:SEND"}:
        line = daemon.wait_err(f"queue '{name}' exists and differs in 'x-queue-type'")[0]
        assert "it has 'classic', and 'quorum' is asked for: a queue keeps its type, so ask for the type that it has, or delete" in line
    assert daemon.stop() == 0


def test_what_may_not_be_declared_is_used(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, channel: Any) -> None:
    """An exchange of somebody else's making (auto-delete), which a declaration of ours would not fit."""
    channel.exchange_declare("gateway", "direct", durable=True, auto_delete=True)
    for name in OWN_QUEUES:
        channel.queue_declare(name, durable=True)
        channel.queue_bind(name, "gateway", name.split(":")[1])
    for declare in ("passive", "no"):
        daemon = bot.running_gateway(BROKER_DECLARE=declare)
        guild = standin.guilds(shard=1, count=2, how_many=1)[0]
        before = len(standin.received(1, 8))
        channel.basic_publish("gateway", "SEND", member_request(guild))
        standin.wait_for(lambda sent=before: len(standin.received(1, 8)) > sent, 60, "the command")
        assert daemon.stop() == 0
    assert rabbit.exchanges(vhost)["gateway"]["auto_delete"] and set(rabbit.queues(vhost)) == OWN_QUEUES


def routed(rabbit: RabbitNode, vhost: str, channel: Any) -> Any:
    """The properties of the command that waits for the other process."""
    rabbit.wait_for(lambda: rabbit.queues(vhost)["gateway:1"]["messages"] == 1, "a command for the other process")
    return channel.basic_get("gateway:1", auto_ack=True)[1]


def test_a_command_for_another_process_does_not_wait_for_ever(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, channel: Any) -> None:
    """Two minutes, as with the Go daemon; as long as the setting says; as short as the worker wants."""
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]

    def start(**settings: str) -> Process:
        return bot.running_gateway(shards=1, DISCORD_SHARD_COUNT="2", DISCORD_SHARD_IDS="0", **settings)

    daemon = start()
    channel.basic_publish("gateway", "SEND", member_request(guild))
    assert routed(rabbit, vhost, channel).expiration == "120000"
    channel.basic_publish("gateway", "SEND", member_request(guild), pika.BasicProperties(expiration="60000"))
    assert 0 < int(routed(rabbit, vhost, channel).expiration) <= 60000
    assert daemon.stop() == 0
    daemon = start(BROKER_MESSAGE_TIMEOUT="0")
    channel.basic_publish("gateway", "SEND", member_request(guild))
    assert routed(rabbit, vhost, channel).expiration is None
    assert daemon.stop() == 0


def test_the_next_url_when_a_node_is_not_there(bot: Bot, rabbit: RabbitNode, vhost: str) -> None:
    """Which URL is tried first is left to chance."""
    gone = f"amqp://guest:guest@127.0.0.1:1/{vhost}"
    daemon = bot.running_gateway(AMQP_URL=f"{gone},{rabbit.url(vhost)},{gone}")
    assert daemon.stop() == 0
