"""The smallest example: events of one shard, printed, without a broker."""
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pika
from standin.certs import Authority
from standin.payloads import corpus
from standin.standin import Standin
from support.processes import Process

from integration.conftest import Bot


def test_first_shard_prints_events(build: Path, authority: Authority, standin: Standin) -> None:
    first = Process([build / "examples/first_shard", "513"], {"DISCORD_TOKEN": standin.token, "DISCORD_GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)})
    standin.wait_ready(0)
    events = list(corpus(3, 300))
    standin.dispatch_many(0, events)
    first.wait_out(301)
    assert first.out[0].startswith(b"READY {")
    assert first.out[1:] == [f"{name} {data}".encode() for name, data in events]
    standin.drop(0)
    standin.wait_for(lambda: standin.count("resumed") == 1, 60, "for a resume")
    assert first.stop() == 0
    standin.wait_for(lambda: not standin.session(0).alive, 60, "for the close that ends the session")
    assert standin.violations == []


def test_a_scenario_over_plain_http(bot: Bot, root: Path) -> None:
    """The stand-in as a process, steered by a file; http and ws, because the settings say so."""
    standin = Process([sys.executable, root / "tests/standin", "--scenario", root / "tests/standin/scenario.json", "--max-concurrency", "2"])
    bot.processes.append(standin)
    listening = json.loads(standin.wait_out(1)[0])
    worker = bot.worker("GUILD_CREATE")
    gateway = bot.gateway("GUILD_CREATE", DISCORD_API_PROTOCOL="http", DISCORD_API_HOST=listening["api"])
    assert standin.wait(60) == 0
    kinds = [json.loads(line)["kind"] for line in standin.out]
    assert kinds.count("resumed") == 2 and "violation" not in kinds
    worker.wait_out(1)
    assert worker.stop() == 0 and gateway.stop() == 0


def test_a_worker_knows_what_it_has_left_out(bot: Bot, channel: Any) -> None:
    """While a bot goes from 4 shards to 8, a gateway of the 8 that goes on for another one brings again what the 4 had brought before."""
    worker = bot.worker("--ids", "--listen", "EVENT")
    worker.wait_err("subscribed to")
    for message_id, shards, digest in (("one", 4, "a"), ("same", 8, "a"), ("same", 8, "a"), ("one", 4, "a"), ("next", 8, "b")):
        headers = {"shards": shards, "digest": digest * 32}
        channel.basic_publish("gateway", "EVENT", b"{}", pika.BasicProperties(message_id=message_id, headers=headers), mandatory=True)
    worker.wait_out(2)
    assert worker.stop() == 0
    assert worker.out == [b"EVENT one {}", b"EVENT next {}"]
