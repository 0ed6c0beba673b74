"""A line that is slow, black or broken for a while: it goes on by itself, and nothing is lost."""
from __future__ import annotations

from standin.standin import Standin
from support.network import Network
from support.rabbit import RabbitNode

from integration.test_lost_connections import bodies, events, wait_distinct
from networks.conftest import BROKER, DISCORD, ClientBot


def test_names_and_addresses_on_another_machine(bot: ClientBot, network: Network, standin: Standin, rabbit: RabbitNode, vhost: str) -> None:
    names = network.nameserver().names
    names[DISCORD] = names[BROKER] = ["10.80.2.2"]
    standin.host = DISCORD
    url = rabbit.url(vhost, host=BROKER, tls=True)
    worker = bot.worker("--ids", "MESSAGE_CREATE", AMQP_URL=url)
    gateway = bot.running_gateway(AMQP_URL=url, DISCORD_API_HOST=standin.api)
    standin.dispatch_many(0, events(0, 100))
    assert wait_distinct(worker, 100) == bodies(0, 100)
    assert gateway.stop() == 0 and worker.stop() == 0
    assert standin.violations == []


def test_a_line_that_is_black_for_a_while(bot: ClientBot, network: Network, standin: Standin) -> None:
    """Both ends believe in their connections, and find out late."""
    standin.heartbeat_interval = 2000
    worker = bot.worker("--ids", "MESSAGE_CREATE")
    gateway = bot.running_gateway()
    standin.dispatch_many(0, events(0, 100))
    wait_distinct(worker, 100)
    network.line_down()
    standin.dispatch_many(0, events(100, 100))
    gateway.wait_err("shard 0/2 disconnected", timeout=120)
    standin.dispatch_many(0, events(200, 100))
    network.line_up()
    assert wait_distinct(worker, 300) == bodies(0, 300)
    gateway.wait_err("shard 0/2 resumed")
    assert gateway.stop() == 0 and worker.stop() == 0
    assert standin.violations == [] and gateway.lines("GAP:") == []
