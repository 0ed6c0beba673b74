"""SENDs against a real RabbitMQ: bursts that may not wait in the queue, and what is left of an expiration."""
from __future__ import annotations

import json
import signal
from typing import Any

import pika
import pytest
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from integration.conftest import Bot, summary


def send_of(guild: int, number: int) -> bytes:
    packet = {"op": 8, "d": {"guild_id": str(guild), "query": "", "limit": 0, "nonce": str(number)}}
    return json.dumps({"guild_id": str(guild), "packet": packet}).encode()


def asked(gateway: Process) -> dict[str, int]:
    """The counters of this moment."""
    before = len(gateway.lines("summary "))
    gateway.signal(signal.SIGUSR1)
    gateway.wait_err("summary ", before + 1)
    return summary(gateway)


# RabbitMQ hands a consumer's channel 200 messages at most that the channel has not written to its socket yet. A message
# beyond them waits in the queue, whatever the prefetch is, and one with the expiration "0" is dropped there.
AT_ONCE = 200


@pytest.mark.rabbit4
@pytest.mark.parametrize("bursts", [1, 5])
def test_a_burst_of_sends_that_may_not_wait(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, bursts: int) -> None:
    """Workers in Go write the expiration 0 into each one: RabbitMQ drops what no consumer takes at once."""
    gateway = bot.running_gateway()
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url(vhost)))
    channel = connection.channel()
    for burst in range(bursts):
        for number in range(burst * AT_ONCE, (burst + 1) * AT_ONCE):
            channel.basic_publish("gateway", "SEND", send_of(guild, number), pika.BasicProperties(expiration="0"))
        routed = (burst + 1) * AT_ONCE
        rabbit.wait_for(lambda: asked(gateway)["routed"] >= routed, f"{routed} SENDs that the gateway has routed")
    connection.close()
    # Within the rate limit the shard sends them. The others wait in its queue, without an expiration.
    standin.wait_for(lambda: len(standin.received(1, 8)) >= 50, 60, "the first commands")
    assert summary(gateway)["rejected"] == 0 and gateway.stop() == 0
    sent = [each.payload["d"]["nonce"] for each in standin.received(1, 8)]
    assert sent == [str(number) for number in range(len(sent))]
    unsent = bursts * AT_ONCE - len(sent)
    rabbit.wait_for(lambda: rabbit.queues(vhost)["gateway:1"]["messages"] == unsent, "what was not sent")
    assert rabbit.queues(vhost)["gateway:SEND"]["messages"] == 0


def test_the_expiration_goes_along_to_another_process(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, channel: Any) -> None:
    gateway = bot.running_gateway(shards=1, DISCORD_SHARD_COUNT="2", DISCORD_SHARD_IDS="0", BROKER_MESSAGE_TIMEOUT="0")
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    for number, expiration in enumerate((None, "60000", "0")):
        channel.basic_publish("gateway", "SEND", send_of(guild, number), pika.BasicProperties(expiration=expiration))
    rabbit.wait_for(lambda: asked(gateway)["routed"] == 3, "three SENDs that the gateway has routed")
    found: dict[str, Any] = {}
    for _ in range(3):
        _, properties, body = channel.basic_get("gateway:1", auto_ack=True)
        found[json.loads(body)["d"]["nonce"]] = properties.expiration
    assert found["0"] is None and found["2"] is None
    assert 0 < int(found["1"]) <= 60000
    assert gateway.stop() == 0
