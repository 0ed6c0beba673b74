"""examples/loops: the same bot on each loop does the same, over TLS, with a real RabbitMQ, and with connections that are cut."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.processes import Process
from support.proxy import Proxy
from support.rabbit import RabbitNode

from integration.conftest import messages

LOOPS = [["poll"], ["epoll"], ["epoll", "edge"], ["libuv"], ["glib"], ["libev"]]
QUEUE = "gateway:MESSAGE_CREATE"
PRESENCE = '{"op":3,"d":{"since":null,"activities":[],"status":"idle","afk":false}}'
IDLE_CPU = 0.25  # of the CPU that a loop would burn that turns without an end


@pytest.fixture
def hasty(authority: Authority) -> Iterator[Standin]:
    """With heartbeats that are due soon: a loop that forgets its timer is late with them. Most of the rate limit stays for packets.
    (On a busy machine an acknowledgement may come too late all the same, and the shard resumes.)"""
    certificate = authority.issue("standin")
    with Standin(cert=certificate.cert, key=certificate.key, max_concurrency=2, heartbeat_interval=3000) as made:
        yield made


@pytest.fixture
def proxy(rabbit: RabbitNode) -> Iterator[Proxy]:
    with Proxy(rabbit.port) as made:
        yield made


def start(build: Path, loop: list[str], authority: Authority, standin: Standin, **settings: str) -> Process:
    program = build / "examples/loops" / loop[0]
    if not program.exists():
        pytest.skip(f"{program.name} is not built: its library is not there")
    return Process([program, *loop[1:]], {
        "DISCORD_TOKEN": standin.token, "DISCORD_GATEWAY_URL": standin.url, "DISCORD_SHARD_COUNT": "2",
        "SSL_CERT_FILE": str(authority.ca), **settings})


def heard(bot: Process, line: bytes, count: int) -> None:
    bot.wait_for(lambda: sum(each.startswith(line) for each in bot.out) >= count, what=f"{count} x {line!r}")


def publish(standin: Standin, shard: int, first: int, count: int) -> None:
    standin.dispatch_many(shard, [("MESSAGE_CREATE", f'{{"id":"{shard}.{first + i}"}}') for i in range(count)])


def take(channel: Any, count: int) -> list[list[bytes]]:
    """The bodies of each shard in their order, without copies: a copy has the same id."""
    bodies: dict[str, bytes] = {}
    for _, properties, body in messages(channel, QUEUE):
        bodies.setdefault(properties.message_id, body)
        if len(bodies) == count:
            break
    return [[body for body in bodies.values() if body.startswith(f'{{"id":"{shard}.'.encode())] for shard in (0, 1)]


def expected(shard: int, first: int, count: int) -> list[bytes]:
    return [f'{{"id":"{shard}.{first + i}"}}'.encode() for i in range(count)]


def cpu(process: Process) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("loop", LOOPS, ids="-".join)
def test_the_same_bot_on_each_loop(loop: list[str], build: Path, authority: Authority, hasty: Standin, rabbit: RabbitNode,
                                   vhost: str, proxy: Proxy, channel: Any) -> None:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    bot = start(build, loop, authority, hasty, AMQP_URL=rabbit.url(vhost).replace(f":{rabbit.port}/", f":{proxy.port}/"))
    try:
        hasty.wait_ready(0, 1, timeout=60)
        heard(bot, b"SUBSCRIBED", 4)  # gaps, SEND, and the queue of each shard

        # Events to a queue, in order; a packet of a worker to Discord.
        publish(hasty, 0, 0, 200)
        publish(hasty, 1, 0, 200)
        assert take(channel, 400) == [expected(0, 0, 200), expected(1, 0, 200)]
        channel.basic_publish("gateway", "1", PRESENCE)
        hasty.wait_for(lambda: hasty.received(1, 3), what="the packet")

        # Idle: heartbeats come by the timer of the loop, and nothing else burns.
        before, beats = cpu(bot), len(hasty.received(1, 1))
        hasty.wait_for(lambda: len(hasty.received(1, 1)) >= beats + 2, 60, "two heartbeats")
        assert cpu(bot) - before < IDLE_CPU

        # Discord cuts in mid-flow, then RabbitMQ's connections are cut: nothing is lost, and the order stays.
        publish(hasty, 0, 200, 100)
        hasty.wait_ready(0, timeout=60)
        resumed = hasty.count("resumed", shard=0)
        hasty.drop(0)
        publish(hasty, 0, 300, 100)
        hasty.wait_for(lambda: hasty.count("resumed", shard=0) > resumed, 60, "for a resume")
        proxy.cut()
        publish(hasty, 1, 200, 100)
        assert take(channel, 300) == [expected(0, 200, 200), expected(1, 200, 100)]

        # An orderly end keeps the sessions.
        assert bot.stop() == 0
        assert hasty.session(0).alive and hasty.session(1).alive
        assert hasty.violations == []
    finally:
        bot.kill()


@pytest.mark.parametrize("loop", LOOPS, ids="-".join)
def test_the_same_bot_without_a_broker(loop: list[str], build: Path, authority: Authority, hasty: Standin) -> None:
    """One setting less, and the bot is its own worker: what it has not acknowledged when the line is cut comes again."""
    bot = start(build, loop, authority, hasty)
    try:
        hasty.wait_ready(0, 1, timeout=60)
        publish(hasty, 0, 0, 200)
        publish(hasty, 1, 0, 200)
        hasty.drop(0)
        publish(hasty, 0, 200, 100)
        heard(bot, b"MESSAGE_CREATE", 500)
        for shard, count in ((0, 300), (1, 200)):
            lines = [b"MESSAGE_CREATE " + body for body in expected(shard, 0, count)]
            bot.wait_for(lambda wanted=lines: set(wanted) <= set(bot.out), what=f"all messages of shard {shard}")
            assert list(dict.fromkeys(line for line in bot.out if line in set(lines))) == lines
        assert bot.stop() == 0
        assert hasty.session(0).alive and hasty.session(1).alive
        assert hasty.violations == []
    finally:
        bot.kill()
