"""Hosts with several addresses, of which some lead nowhere: the others are found soon, and the log names the address."""
from __future__ import annotations

import time

from standin.standin import Standin
from support.network import SERVER, Network
from support.patience import PATIENCE

from integration.test_lost_connections import bodies, events, wait_distinct
from networks.conftest import DISCORD, ClientBot

HOLES = [f"10.80.2.{host}" for host in range(100, 112)]


def start(bot: ClientBot, network: Network, standin: Standin, addresses: list[str]) -> float:
    """Seconds until the gateway is ready, with both shards under a name that has these addresses."""
    network.nameserver().names[DISCORD] = addresses
    standin.host = DISCORD
    begin = time.monotonic()
    bot.running_gateway(DISCORD_API_HOST=f"{SERVER}:{standin.port}")
    return time.monotonic() - begin


def test_an_ipv6_that_swallows_everything_costs_a_moment(bot: ClientBot, network: Network, standin: Standin) -> None:
    network.blacken("fd80:2::99")
    assert start(bot, network, standin, ["fd80:2::99", SERVER]) < 10 * PATIENCE
    worker = bot.worker("--ids", "MESSAGE_CREATE")
    standin.dispatch_many(0, events(0, 20))
    assert wait_distinct(worker, 20) == bodies(0, 20)
    assert standin.violations == []


def test_the_thirteenth_address_is_found(bot: ClientBot, network: Network, standin: Standin) -> None:
    network.blacken(*HOLES)
    start(bot, network, standin, [*HOLES, SERVER])
    assert bot.processes[-1].lines("disconnected") == []

