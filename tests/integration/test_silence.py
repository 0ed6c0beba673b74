"""Peers that fall silent, over real sockets: each phase ends in bounded time, and the gateway comes back."""
from __future__ import annotations

import socket
import threading

from standin.standin import Standin

from .conftest import Bot


def test_no_hello(bot: Bot, standin: Standin) -> None:
    standin.says_hello = False
    gateway = bot.gateway(DISCORD_SHARD_COUNT="1")
    gateway.wait_err("timed out: the gateway did not say HELLO within 20 s", timeout=60)
    standin.says_hello = True
    gateway.wait_err(" ready, session", timeout=60)
    assert gateway.stop() == 0


def test_a_heartbeat_that_is_not_acknowledged(bot: Bot, standin: Standin) -> None:
    """A zombie: TCP stands and bytes are taken, but nobody answers. The session is resumed, not lost."""
    standin.heartbeat_interval = 400
    gateway = bot.running_gateway()
    standin.mute(1)
    gateway.wait_err("did not acknowledge a heartbeat within 400 ms", timeout=60)
    gateway.wait_err("shard 1/2 resumed", timeout=60)
    assert gateway.stop() == 0
    assert standin.count("ready") == 2


def test_a_host_that_accepts_and_says_nothing(bot: Bot, standin: Standin) -> None:
    """The kernel takes the connection; TLS never begins. The resume goes to the base in the end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.listen(16)
        held: list[socket.socket] = []
        stop = threading.Event()

        def accept() -> None:
            silent.settimeout(0.2)
            while not stop.is_set():
                try:
                    held.append(silent.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        standin.resume_url = f"wss://localhost:{silent.getsockname()[1]}"
        gateway = bot.running_gateway(CONNECT_TIMEOUT="3s")
        standin.drop(1)
        gateway.wait_err("timed out", timeout=90)
        stop.set()
        thread.join()
        for each in held:
            each.close()
    gateway.wait_err("shard 1/2 resumed", timeout=120)
    assert gateway.stop() == 0
    assert standin.count("ready") == 2
