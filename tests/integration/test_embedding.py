"""doc/embedding.md: each program on the page, as it stands there, in a program around it (tests/integration/embedding)."""
from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from .conftest import messages

COMPILER = ["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
NAMES = ("turn", "serve", "move")  # what the programs define, in the order of the page

Run = Callable[..., Process]


@pytest.fixture
def run(root: Path, tmp_path: Path, authority: Authority) -> Iterator[Run]:
    library = root / "build" / "lib"
    if not (library / "libspectacles.so").exists():
        pytest.skip("build/ has no library: a sanitizer's cannot be loaded into a program without the sanitizer")
    programs = re.findall(r"^```c\n(.*?)^```$", (root / "doc/embedding.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(programs) == len(NAMES)
    for name, program in zip(NAMES, programs):
        (tmp_path / f"page_{name}.c").write_text(program)
    started = []

    def start(name: str, standin: Standin, **environment: str) -> Process:
        command = [*COMPILER, "-I", tmp_path, "-I", root / "include", root / f"tests/integration/embedding/{name}.c",
                   "-o", tmp_path / name, "-L", library, "-lspectacles"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        started.append(Process([tmp_path / name], {"LD_LIBRARY_PATH": str(library), "DISCORD_GATEWAY_URL": standin.url,
                                                   "DISCORD_TOKEN": standin.token, "SSL_CERT_FILE": str(authority.ca), **environment}))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def wait_line(process: Process, line: str, count: int = 1) -> None:
    process.wait_for(lambda: process.out.count(line.encode()) == count, what=line)


def test_the_loop_for_poll(run: Run, standin: Standin) -> None:
    """Two shards over TLS: each is heard, and comes back when its connection is lost."""
    process = run("turn", standin)
    standin.wait_ready(0, 1)
    for shard in (0, 1):
        standin.dispatch(shard, "MESSAGE_CREATE", '{"id":"1"}')
        wait_line(process, f'{shard} MESSAGE_CREATE {{"id":"1"}}')
    standin.drop(1)
    standin.wait_for(lambda: standin.count("resumed", shard=1), what="the RESUME of shard 1")
    standin.dispatch(1, "MESSAGE_CREATE", '{"id":"2"}')
    wait_line(process, '1 MESSAGE_CREATE {"id":"2"}')
    assert standin.violations == []


def test_the_loop_of_a_gateway(run: Run, standin: Standin, rabbit: RabbitNode, vhost: str, channel: Any) -> None:
    """A dispatch comes to a queue, and a packet to Discord."""
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare("gateway:MESSAGE_CREATE", durable=True)
    channel.queue_bind("gateway:MESSAGE_CREATE", "gateway", "MESSAGE_CREATE")
    process = run("serve", standin, AMQP_URL=rabbit.url(vhost))
    standin.wait_ready(0)
    standin.dispatch(0, "MESSAGE_CREATE", '{"id":"1"}')
    assert [body for _, _, body in itertools.islice(messages(channel, "gateway:MESSAGE_CREATE"), 1)] == [b'{"id":"1"}']
    process.wait_for(lambda: process.out.count(b"SUBSCRIBED") == 3, what="the queues of commands")
    channel.basic_publish("gateway", "0", '{"op":3,"d":{"since":null,"activities":[],"status":"idle","afk":false}}')
    standin.wait_for(lambda: standin.received(0, 3), what="for the packet")
    assert standin.violations == []


def test_the_transport_of_ones_own(run: Run) -> None:
    """Large and small messages, a heartbeat, and another connection after the first one is lost."""
    with Standin(host="127.0.0.1", heartbeat_interval=1000) as plain:
        process = run("move", plain)
        plain.wait_ready(0)
        large = "x" * 200000
        plain.dispatch(0, "MESSAGE_CREATE", f'{{"content":"{large}"}}')
        wait_line(process, f'MESSAGE_CREATE {{"content":"{large}"}}')
        plain.wait_for(lambda: plain.received(0, 1), what="a heartbeat")
        plain.drop(0)
        wait_line(process, "RESUMED")
        plain.dispatch(0, "MESSAGE_CREATE", '{"id":"2"}')
        wait_line(process, 'MESSAGE_CREATE {"id":"2"}')
        assert plain.violations == []
