"""Lines that are down for long: everything is back within seconds of the line."""
from __future__ import annotations

import time

from standin.standin import Standin
from support.network import CLIENT, CLIENT6, SERVER, Network
from support.patience import PATIENCE

from networks.conftest import ClientBot

DOWN = 40.0  # seconds: long enough for a back-off that doubles to reach its cap


def outage(seconds: float) -> None:
    """The length of the outage is what the test is about; it is no wait for something to happen."""
    time.sleep(seconds)


def test_shards_are_back_within_seconds_of_a_line_that_was_down_for_long(bot: ClientBot, network: Network, standin: Standin) -> None:
    """With a wait that doubles with each attempt they would be back after up to a minute."""
    standin.heartbeat_interval = 2000
    standin.timeout_ends_session = False  # 40 s is less than Discord keeps a session
    standin.max_concurrency = 4
    gateway = bot.gateway(DISCORD_SHARD_COUNT="4")
    gateway.wait_err(" ready, session", 4, timeout=90)
    network.router.set("net.ipv4.icmp_ratelimit", 0)  # it refuses each attempt, so that there are many
    network.refuse(SERVER)
    gateway.wait_err(" disconnected:", 4, timeout=60)
    outage(DOWN)
    network.router.ip(f"route del unreachable {SERVER}")
    began = time.monotonic()
    gateway.wait_err(" resumed, session", 4, timeout=60)
    # A SYN that got no answer is sent again after 1, 3, 7 and 15 s.
    assert time.monotonic() - began < 4 * PATIENCE
    failures = gateway.lines(lambda line: "no route to host" in line or "while connecting (TCP)" in line)
    waits = [int(line.split("again in ")[1].split()[0]) for line in failures]
    assert len(waits) > 20 and max(waits) <= 5000, waits
    assert gateway.stop() == 0


def test_a_new_address_of_the_machine_ends_the_waits(bot: ClientBot, network: Network, standin: Standin) -> None:
    standin.heartbeat_interval = 2000
    standin.timeout_ends_session = False
    gateway = bot.running_gateway()
    network.client.ip("addr flush dev eth0", "link set eth0 down")
    gateway.wait_err("network unreachable", 8, timeout=120)
    network.client.ip("link set eth0 up", f"addr add {CLIENT}/24 dev eth0", f"addr add {CLIENT6}/64 dev eth0 nodad",
                      "route add default via 10.80.1.1", "route add default via fd80:1::1")
    began = time.monotonic()
    gateway.wait_err(" resumed, session", 2, timeout=60)
    assert time.monotonic() - began < 3 * PATIENCE
    assert gateway.stop() == 0
