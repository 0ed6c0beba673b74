"""Connections that are dead, and that nobody sends heartbeats over: the kernel finds them."""
from __future__ import annotations

import signal
import time

import pytest
from standin.standin import Standin
from support.network import Network
from support.patience import PATIENCE
from support.rabbit import RabbitNode

from integration.test_lost_connections import bodies, events, wait_distinct
from networks.conftest import ClientBot

# The defaults are 60 s, 10 s, 3 and 90 s.
ASKED = {"TCP_KEEPALIVE_IDLE": "2s", "TCP_KEEPALIVE_INTERVAL": "1s", "TCP_KEEPALIVE_PROBES": "2"}
SOON = {**ASKED, "TCP_USER_TIMEOUT": "4s"}
BROKER = "10.80.2.7"
LOST = "broker {} disconnected"


def silent_url(network: Network, rabbit: RabbitNode, vhost: str) -> str:
    """RabbitMQ at an address of its own, without heartbeats: what hosted RabbitMQ recommends together with keepalive."""
    network.add_address(BROKER)
    return rabbit.url(vhost, host=BROKER) + "?heartbeat=0"


@pytest.mark.parametrize("busy", [False, True])
def test_a_dead_connection_is_found_without_heartbeats(bot: ClientBot, network: Network, standin: Standin, rabbit: RabbitNode,
                                                       vhost: str, busy: bool) -> None:
    """Idle, the kernel asks the peer; busy, the bytes that were sent are not acknowledged."""
    worker = bot.worker("--ids", "MESSAGE_CREATE")
    gateway = bot.running_gateway(AMQP_URL=silent_url(network, rabbit, vhost), **SOON)
    # Discord's connections stay: only those to RabbitMQ are dead.
    network.blacken(BROKER)
    if busy:
        standin.dispatch_many(0, events(0, 50))
    gateway.wait_err(LOST.format("events"), timeout=60)
    gateway.wait_err(LOST.format("commands"), timeout=60)
    assert any("timed out" in line for line in gateway.lines(LOST.format("events")))
    network.clear(BROKER)
    standin.dispatch_many(0, events(50 if busy else 0, 50))
    assert wait_distinct(worker, 100 if busy else 50) == bodies(0, 100 if busy else 50)
    assert gateway.stop() == 0 and worker.stop() == 0
    assert standin.violations == [] and gateway.lines("GAP:") == []


def test_keepalive_alone_finds_a_dead_connection(bot: ClientBot, network: Network, rabbit: RabbitNode, vhost: str) -> None:
    """The kernel goes by TCP_USER_TIMEOUT, 90 s, where it is longer."""
    gateway = bot.running_gateway(AMQP_URL=silent_url(network, rabbit, vhost), **ASKED)
    network.blacken(BROKER)
    began = time.monotonic()
    gateway.wait_err(LOST.format("events"), timeout=60)
    gateway.wait_err(LOST.format("commands"), timeout=60)
    assert time.monotonic() - began < 8 * PATIENCE
    assert gateway.stop() == 0


def test_a_stop_does_not_wait_for_a_dead_connection(bot: ClientBot, network: Network, rabbit: RabbitNode, vhost: str) -> None:
    gateway = bot.running_gateway(AMQP_URL=silent_url(network, rabbit, vhost), **SOON)
    network.blacken(BROKER)
    gateway.wait_err(LOST.format("events"), timeout=60)
    gateway.wait_err(LOST.format("commands"), timeout=60)
    begin = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - begin < 5 * PATIENCE


def test_a_stop_has_an_end_although_nobody_has_noticed_that_the_connections_are_dead(bot: ClientBot, network: Network, standin: Standin,
                                                                                     rabbit: RabbitNode, vhost: str) -> None:
    """Confirms are awaited, and then connection.close-ok of both connections: within the default of STOP_TIMEOUT."""
    gateway = bot.running_gateway(AMQP_URL=silent_url(network, rabbit, vhost))
    network.blacken(BROKER)
    standin.dispatch_many(0, events(0, 50))
    gateway.signal(signal.SIGUSR1)
    gateway.wait_for(lambda: any("published=5" in line for line in gateway.lines("summary")) or gateway.signal(signal.SIGUSR1), 30,
                     "events that wait for their confirms")
    assert gateway.stop() == 75, "events are not confirmed"
    assert gateway.lines("STOP_TIMEOUT is over") == []
