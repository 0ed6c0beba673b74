"""A real RabbitMQ, a stand-in for Discord over TLS, and the daemon and the examples as real processes."""
from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.broker_tool import BrokerTool, Tools
from support.patience import PATIENCE
from support.processes import Process
from support.rabbit import RabbitNode

IDENTIFY_WINDOW = 5.0


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


class Vhosts:
    """Virtual hosts of a node, each for one test. They are made some at a time: a call of rabbitmqctl starts an Erlang, and a virtual
    host that no test of this process wants takes time as well."""

    def __init__(self, node: RabbitNode) -> None:
        self.node = node
        self.names = (f"t{number}" for number in itertools.count())
        self.made: list[str] = []

    def take(self) -> str:
        if not self.made:
            self.made = list(itertools.islice(self.names, 24))
            self.node.add_vhosts(self.made)
        return self.made.pop()


@pytest.fixture(scope="session")
def shared_rabbit(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Vhosts]:
    good = authority.issue("rabbit")
    with RabbitNode(tmp_path_factory.mktemp("rabbit"), good.cert, good.key) as node:
        yield Vhosts(node)


@pytest.fixture
def rabbit(shared_rabbit: Vhosts) -> RabbitNode:
    """A node that nobody may stop."""
    return shared_rabbit.node


@pytest.fixture
def vhost(shared_rabbit: Vhosts) -> str:
    """A virtual host of this test's own."""
    return shared_rabbit.take()


@pytest.fixture
def own_rabbit(tmp_path: Path) -> Iterator[RabbitNode]:
    """A node that the test may stop and kill."""
    with RabbitNode(tmp_path / "rabbit") as node:
        yield node


@pytest.fixture
def standin(authority: Authority) -> Iterator[Standin]:
    certificate = authority.issue("standin")
    with Standin(cert=certificate.cert, key=certificate.key, max_concurrency=2, identify_window=IDENTIFY_WINDOW) as made:
        yield made


GATEWAY = Path("tools/gateway/spectacles-gateway")


class Bot:
    """Starts the daemon and the examples with the settings of one test, and stops them at its end."""

    def __init__(self, build: Path, authority: Authority, standin: Standin, amqp_url: str) -> None:
        self.build = build
        self.standin = standin
        self.processes: list[Process] = []
        self.environment = {
            "DISCORD_TOKEN": standin.token, "DISCORD_API_HOST": standin.api, "AMQP_URL": amqp_url,
            "SSL_CERT_FILE": str(authority.ca), "DISCORD_INTENTS": "guilds,guild_messages",
        }

    def run(self, *command: str | Path, valgrind: bool = False, **environment: str) -> Process:
        process = Process([*command], {**self.environment, **environment}, valgrind)
        self.processes.append(process)
        return process

    def start(self, name: str, *arguments: str, valgrind: bool = False, **environment: str) -> Process:
        """An example."""
        return self.run(self.build / "examples" / name, *arguments, valgrind=valgrind, **environment)

    def gateway(self, events: str = "MESSAGE_CREATE", *arguments: str, prefix: tuple[str, ...] = (), valgrind: bool = False,
                **environment: str) -> Process:
        """spectacles-gateway, with a line for each command and each state. prefix: a command that runs it."""
        settings = {"DISCORD_EVENTS": events, "LOG_LEVEL": "debug", **environment}
        return self.run(*prefix, self.build / GATEWAY, *arguments, valgrind=valgrind, **settings)

    def running_gateway(self, events: str = "MESSAGE_CREATE", *arguments: str, shards: int = 2, valgrind: bool = False,
                        **environment: str) -> Process:
        """In the state SERVING, and with shards that are ready."""
        process = self.gateway(events, *arguments, valgrind=valgrind, **environment)
        process.wait_err("SERVING, after CONNECTING", timeout=90)
        process.wait_err(" ready, session", shards, timeout=90)
        return process

    def worker(self, *arguments: str, valgrind: bool = False, **environment: str) -> Process:
        process = self.start("worker", *arguments, valgrind=valgrind, **environment)
        process.wait_err("connected to", timeout=90)
        return process

    def stop(self) -> None:
        for process in self.processes:
            process.kill()


@pytest.fixture
def bot(build: Path, authority: Authority, standin: Standin, rabbit: RabbitNode, vhost: str) -> Iterator[Bot]:
    made = Bot(build, authority, standin, rabbit.url(vhost))
    yield made
    made.stop()


@pytest.fixture
def own_bot(build: Path, authority: Authority, standin: Standin, own_rabbit: RabbitNode) -> Iterator[Bot]:
    """As bot, with a RabbitMQ that may be stopped."""
    made = Bot(build, authority, standin, own_rabbit.url())
    yield made
    made.stop()


@pytest.fixture
def channel(rabbit: RabbitNode, vhost: str) -> Iterator[Any]:
    """pika: a client that nobody here wrote."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url(vhost)))
    made = connection.channel()
    made.confirm_delivery()
    yield made
    with contextlib.suppress(pika.exceptions.AMQPError):  # RabbitMQ ends a connection that was silent for a minute
        connection.close()


def summary(process: Process) -> dict[str, int]:
    """The counters of a gateway's last summary line."""
    line = process.lines("summary ")[-1]
    words = line.split("summary ")[1].split(" [")[0].split()
    return {key: int(value) for key, value in (word.split("=") for word in words)}


def gaps(channel: Any, count: int) -> list[dict[str, Any]]:
    """Exactly so many gap records."""
    records: list[dict[str, Any]] = []
    drain(channel, "gateway:SPECTACLES_GAP", count, lambda method, properties, body: records.append(json.loads(body)))
    assert channel.basic_get("gateway:SPECTACLES_GAP")[0] is None, "one record too many"
    return records


def messages(channel: Any, queue: str) -> Iterator[tuple[Any, Any, bytes]]:
    """One after the other, acknowledged; a long time without one is an error."""
    try:
        for method, properties, body in channel.consume(queue, inactivity_timeout=60 * PATIENCE):
            assert method, f"{queue}: nothing came for {60 * PATIENCE} s"
            channel.basic_ack(method.delivery_tag)
            yield method, properties, body
    finally:
        channel.cancel()


def drain(channel: Any, queue: str, count: int, take: Callable[[Any, Any, bytes], None]) -> None:
    """Consumes exactly so many messages."""
    for method, properties, body in itertools.islice(messages(channel, queue), count):
        take(method, properties, body)


@pytest.fixture
def tools(build: Path) -> Iterator[Tools]:
    made: list[BrokerTool] = []

    def make(*urls: str, **options: object) -> BrokerTool:
        made.append(BrokerTool(build, *urls, **options))
        return made[-1]

    yield make
    for each in made:
        each.kill()
