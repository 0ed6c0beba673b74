"""Host names: one that nobody answers holds up no other one, and each is looked up once for all that wait."""
from __future__ import annotations

import time

from standin.standin import Standin
from support.nameserver import NameServer
from support.network import NAMESERVER, SERVER, Network
from support.patience import PATIENCE
from support.rabbit import RabbitNode

from networks.conftest import BROKER, DISCORD, ClientBot

NOBODY = "nobody.test"


def named(network: Network, standin: Standin) -> NameServer:
    """Everything is found by its name, and Discord names its gateway by it."""
    server = network.nameserver()
    server.names[DISCORD] = server.names[BROKER] = [SERVER]
    standin.host = DISCORD
    return server


def test_shards_whose_name_nobody_answers_do_not_hold_up_the_broker(bot: ClientBot, network: Network, standin: Standin, rabbit: RabbitNode,
                                                                    vhost: str) -> None:
    """Eight shards are cut, and nobody answers for Discord's name: the broker's name is asked for at once."""
    server = named(network, standin)
    standin.max_concurrency = 8
    gateway = bot.gateway(DISCORD_SHARD_COUNT="8", DISCORD_API_HOST=standin.api, AMQP_URL=rabbit.url(vhost, host=BROKER))
    gateway.wait_err(" ready, session", 8, timeout=90)
    server.silent.add(DISCORD)
    for shard in range(8):
        standin.drop(shard)
    gateway.wait_err(" disconnected:", 8)
    gateway.wait_err(f" connecting to {DISCORD}", 16)
    asked, began = server.count(BROKER), time.monotonic()
    rabbit.ctl("close_all_connections", "--vhost", vhost, "a test")
    gateway.wait_err("broker events ready", 2, timeout=60)
    gateway.wait_err("broker commands ready", 2, timeout=60)
    assert server.count(BROKER) > asked and time.monotonic() - began < 10 * PATIENCE
    server.silent.clear()
    gateway.wait_err(" resumed, session", 8, timeout=120)
    assert gateway.stop() == 0


def test_sixteen_shards_ask_a_slow_name_server_once(bot: ClientBot, network: Network, standin: Standin) -> None:
    server = named(network, standin)
    network.resolve_by(NAMESERVER, options="timeout:20 attempts:1")
    server.slow["*"] = 4.0
    standin.max_concurrency = 16
    gateway = bot.gateway(DISCORD_SHARD_COUNT="16", DISCORD_API_HOST=standin.api)
    gateway.wait_err(" ready, session", 16, timeout=120)
    # For GET /gateway/bot, and for all shards: each time an A and an AAAA.
    assert server.count(DISCORD) <= 4, server.asked
    assert gateway.lines("timed out") == []
    assert gateway.stop() == 0


def test_the_reason_is_in_the_log(bot: ClientBot, network: Network, standin: Standin) -> None:
    server = named(network, standin)
    network.resolve_by(NAMESERVER, options="timeout:1 attempts:1")
    gateway = bot.gateway(AMQP_URL=f"amqp://{NOBODY}/")
    gateway.wait_err(f"can not find the host {NOBODY}: there is no such name")
    server.silent.add(NOBODY)
    gateway.wait_err(f"can not find the host {NOBODY}: no name server answered", timeout=60)
    assert gateway.stop() == 0
