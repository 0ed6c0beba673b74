"""The broker is away for long: memory stays bounded, heartbeats go on, one busy shard holds up no other."""
from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.patience import PATIENCE
from support.processes import SANITIZERS
from support.proxy import Proxy
from support.rabbit import RabbitNode

from integration.conftest import Bot, summary

EVENTS = 40_000
PAD = "x" * 1000
QUEUE = "gateway:w:MESSAGE_CREATE"


# Milliseconds: short enough to be waited for. An acknowledgement comes behind all events that are on their way, and so does not
# come in a second when RabbitMQ is slow: then the shard would resume again and again.
HEARTBEAT = 5000


@pytest.fixture
def standin(authority: Authority) -> Iterator[Standin]:
    certificate = authority.issue("standin")
    with Standin(cert=certificate.cert, key=certificate.key, max_concurrency=2, heartbeat_interval=HEARTBEAT) as made:
        yield made


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("there is no VmRSS")


def heartbeats(standin: Standin) -> int:
    return standin.count("received", op=1)


@pytest.mark.parametrize("dropped", [False, True], ids=["kept", "dropped"])
def test_memory_is_bounded_while_the_broker_is_away(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, channel: Any,
                                                    dropped: bool) -> None:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    with Proxy(rabbit.port) as proxy:
        through = f"amqp://guest:guest@127.0.0.1:{proxy.port}/{vhost}?heartbeat=2"
        # AddressSanitizer would keep what was freed.
        options = SANITIZERS["ASAN_OPTIONS"] + ":quarantine_size_mb=1"
        gateway = bot.running_gateway(AMQP_URL=through, DISCORD_COMPRESSION="none", ASAN_OPTIONS=options)
        before = resident(gateway.pid)
        proxy.hold()
        standin.dispatch_many(0, [("MESSAGE_CREATE", f'{{"n":{number},"pad":"{PAD}"}}') for number in range(EVENTS)])
        gateway.wait_err("broker events disconnected")
        if dropped:
            standin.drop(0)
        so_far = heartbeats(standin)
        standin.wait_for(lambda: heartbeats(standin) > so_far + 3, 60, "for heartbeats")
        grown = resident(gateway.pid) - before
        assert grown < EVENTS * len(PAD) // 3, f"{grown} bytes more"
        proxy.release()
        seen: dict[int, str] = {}
        for method, properties, body in channel.consume(QUEUE, auto_ack=True, inactivity_timeout=60 * PATIENCE):
            assert method, f"nothing came for {60 * PATIENCE} s; {len(seen)} so far"
            assert seen.setdefault(json.loads(body)["n"], properties.message_id) == properties.message_id
            if len(seen) == EVENTS:
                break
        assert list(seen) == list(range(EVENTS)), "in order, once copies are left out"
        assert standin.count("ready") == 2, "nobody identified again"
        assert gateway.stop() == 0


@pytest.mark.parametrize(("setting", "value", "most"), [("BROKER_WINDOW_COUNT", 7, 7), ("BROKER_WINDOW_BYTES", 3500, 4)])
def test_the_window_is_a_setting(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, setting: str, value: int, most: int) -> None:
    """In count, and in bytes: the one that passes the mark is taken still."""
    with Proxy(rabbit.port) as proxy:
        through = f"amqp://guest:guest@127.0.0.1:{proxy.port}/{vhost}"
        gateway = bot.running_gateway(AMQP_URL=through, **{setting: str(value)})
        proxy.hold()
        standin.dispatch_many(0, [("MESSAGE_CREATE", f'{{"n":{number},"pad":"{PAD}"}}') for number in range(50)])
        gateway.wait_err("queue gateway:SEND stands")

        def open_() -> int:
            gateway.signal(signal.SIGUSR1)
            gateway.wait_err("summary ")
            now = summary(gateway)
            return now["published"] - now["confirmed"]

        standin.wait_for(lambda: open_() >= most, 30, "for a full window")
        so_far = heartbeats(standin)
        standin.wait_for(lambda: heartbeats(standin) > so_far + 1, 60, "for heartbeats")
        assert open_() == most
        proxy.release()
        # At least: a heartbeat that a busy stand-in acknowledges late is a new connection, and copies.
        standin.wait_for(lambda: open_() == 0 and summary(gateway)["confirmed"] >= 50, 60, "for all confirms")
        assert gateway.stop() == 0


def test_a_busy_shard_holds_up_no_other(bot: Bot, standin: Standin, channel: Any) -> None:
    """Its backlog stays in its queue, within Discord's rate limit; the other shard's command goes out at once."""
    gateway = bot.running_gateway()
    packet = {"op": 3, "d": {"since": 1, "activities": [], "status": "online", "afk": False}}
    for _ in range(300):
        channel.basic_publish("gateway", "0", json.dumps(packet).encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)
    standin.wait_for(lambda: len(standin.received(0, 3)) >= 50, 60, "for the first commands of shard 0")
    channel.basic_publish("gateway", "1", json.dumps(packet).encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)
    standin.wait_for(lambda: standin.received(1, 3), 30, "for the command of shard 1")
    # More than two minutes' worth of commands: most of them wait, and in RabbitMQ.
    assert len(standin.received(0, 3)) < 300
    assert channel.queue_declare("gateway:0", passive=True).method.message_count > 0
    assert standin.violations == []
    assert gateway.stop() == 0


def test_commands_flow_in_a_memory_alarm(own_bot: Bot, standin: Standin, own_rabbit: RabbitNode) -> None:
    """RabbitMQ stops reading from who publishes: were it one connection, no acknowledgement would arrive either."""
    standin.heartbeat_interval = 41250  # a new connection in between would cut commands on the wire
    packets = 40  # several times what is delivered before something is acknowledged, and within Discord's rate limit
    packet = b'{"op":3,"d":{"since":null,"activities":[],"status":"idle","afk":false}}'
    worker = own_bot.worker("MESSAGE_CREATE")
    gateway = own_bot.running_gateway()
    with pika.BlockingConnection(pika.URLParameters(own_rabbit.url())) as before:
        channel = before.channel()
        channel.queue_declare("waiting", arguments={"x-dead-letter-exchange": "gateway", "x-dead-letter-routing-key": "0"})
        channel.confirm_delivery()
        for _ in range(packets):
            channel.basic_publish("", "waiting", packet, mandatory=True)
    own_rabbit.ctl("set_vm_memory_high_watermark", "0.0000001")
    standin.dispatch_many(1, [("MESSAGE_CREATE", f'{{"n":{number}}}') for number in range(100)])
    gateway.wait_err("events blocked")
    # Nobody else can publish either. The node itself does: what is rejected goes to the exchange.
    with pika.BlockingConnection(pika.URLParameters(own_rabbit.url())) as consumer:
        channel = consumer.channel()
        for _ in range(packets):
            channel.basic_reject(channel.basic_get("waiting")[0].delivery_tag, requeue=False)
    standin.wait_for(lambda: len(standin.received(0, 3)) == packets, 60, "for all commands")
    own_rabbit.wait_for(lambda: own_rabbit.queues()["gateway:0"]["messages"] == 0, "a queue whose messages are all acknowledged")
    assert gateway.lines("events unblocked") == gateway.lines("commands blocked") == []
    own_rabbit.ctl("set_vm_memory_high_watermark", "0.8")
    worker.wait_out(100)
    assert [json.loads(line.split(b" ", 1)[1])["n"] for line in worker.out] == list(range(100))
    assert standin.violations == [] and not gateway.lines("disconnected")
    assert gateway.stop() == worker.stop() == 0
