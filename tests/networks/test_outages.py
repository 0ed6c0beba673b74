"""Lines that are down for long: everything is back within seconds of the line."""
from __future__ import annotations

import time

from standin.standin import Standin
from support.network import CLIENT, CLIENT6, SERVER, Network
from support.patience import PATIENCE
from support.processes import Process

from networks.conftest import ClientBot

DOWN = 40.0  # seconds: long enough for a back-off that doubles to reach its cap


def outage(seconds: float) -> None:
    """The length of the outage is what the test is about; it is no wait for something to happen."""
    time.sleep(seconds)


def ask_slowly(network: Network) -> None:
    """An unanswered SYN is sent again after 1, 3, 7 and 15 s; newer kernels ask once a second at first."""
    try:
        network.client.set("net.ipv4.tcp_syn_linear_timeouts", 0)
    except FileNotFoundError:
        pass


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
    assert len(waits) > 10 and max(waits) <= 5000, waits  # one that doubles has waited for 16 s by then
    assert gateway.stop() == 0


LONG = 4000  # milliseconds: a wait that the end of an outage alone does not cut short


def wait_for_a_long_wait(gateway: Process, seen: int) -> int:
    """A shard waits for so many milliseconds, from now on."""
    waits = lambda: [int(line.split("again in ")[1].split()[0]) for line in gateway.lines("again in ")]  # noqa: E731
    gateway.wait_for(lambda: any(each >= LONG for each in waits()[seen:]), 120, "a long wait")
    return next(each for each in waits()[seen:] if each >= LONG)


def test_a_new_address_of_the_machine_ends_the_waits(bot: ClientBot, network: Network, standin: Standin) -> None:
    """Without netlink a shard that waits for four seconds waits for four seconds."""
    standin.heartbeat_interval = 2000
    standin.timeout_ends_session = False
    gateway = bot.running_gateway()
    for turn in range(1, 6):
        seen = len(gateway.lines("again in "))
        network.client.ip("addr flush dev eth0", "link set eth0 down")
        wait = wait_for_a_long_wait(gateway, seen)
        began = time.monotonic()
        network.client.ip("link set eth0 up", f"addr add {CLIENT}/24 dev eth0", f"addr add {CLIENT6}/64 dev eth0 nodad",
                          "route add default via 10.80.1.1", "route add default via fd80:1::1")
        gateway.wait_err(" resumed, session", 2 * turn, timeout=60)
        took = time.monotonic() - began
        if took * 1000 < wait - 1500:
            break
    else:
        raise AssertionError(f"back after {took} s, and a shard waited for {wait} ms")
    assert gateway.stop() == 0


def test_an_attempt_without_an_answer_begins_again_with_the_network(bot: ClientBot, network: Network, standin: Standin) -> None:
    """What was asked over the old line is asked over the new one at once, and not when TCP repeats itself."""
    standin.heartbeat_interval = 2000
    standin.timeout_ends_session = False
    ask_slowly(network)
    gateway = bot.running_gateway()
    took = []
    for turn in range(1, 6):
        connecting = len(gateway.lines(" connecting to "))
        network.line_down()
        gateway.wait_err(" connecting to ", connecting + 2, timeout=60)
        outage(3.1)  # the next question is due a second later
        network.line_up()
        began = time.monotonic()
        network.client.ip(f"addr add 10.80.1.{100 + turn}/24 dev eth0")
        gateway.wait_err(" resumed, session", 2 * turn, timeout=60)
        took.append(time.monotonic() - began)
        if took[-1] < 0.7:
            break
    else:
        raise AssertionError(f"back after {took} s")
    assert gateway.stop() == 0


def test_a_line_that_comes_back_without_a_word_is_noticed_soon(bot: ClientBot, network: Network, standin: Standin) -> None:
    """TCP alone would ask again 15 s after the beginning, and 7 s before."""
    standin.heartbeat_interval = 2000
    standin.timeout_ends_session = False
    ask_slowly(network)
    gateway = bot.running_gateway()
    took = []
    for turn in range(1, 6):
        connecting = len(gateway.lines(" connecting to "))
        network.line_down()
        gateway.wait_err(" connecting to ", connecting + 2, timeout=60)
        outage(7.5)
        network.line_up()
        began = time.monotonic()
        gateway.wait_err(" resumed, session", 2 * turn, timeout=60)
        took.append(time.monotonic() - began)
        if took[-1] < 4.5:
            break
    else:
        raise AssertionError(f"back after {took} s")
    assert gateway.stop() == 0
