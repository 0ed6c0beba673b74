"""The library installed, a stand-in for Discord over TLS, a real RabbitMQ, and the programs of each language that was asked for."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from bindings.frame import LANGUAGES, Binding, Missing, build
from integration.conftest import authority, channel, gaps, own_rabbit, rabbit, shared_rabbit, standin, vhost  # noqa: F401

Start = Callable[..., Process]


def asked() -> list[str]:
    """Those of ./dev test bindings; all, when none is named."""
    return os.environ.get("BINDINGS", "").split() or list(LANGUAGES)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "language" in metafunc.fixturenames and not hasattr(metafunc.module, "language"):
        # Tests of one language stay together: its programs and its RabbitMQ are made once.
        marked = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in asked()]
        metafunc.parametrize("language", marked, scope="session")


@pytest.fixture(scope="session")
def binding(language: str) -> Binding:
    try:
        return build(language)
    except Missing as why:
        pytest.skip(f"{language}: {why}")


class Bot:
    """Starts the programs of one binding with the settings of one test, and stops them at its end."""

    def __init__(self, binding: Binding, authority: Authority, standin: Standin, amqp_url: str) -> None:  # noqa: F811
        self.binding = binding
        self.processes: list[Process] = []
        self.environment = {**binding.environment, "DISCORD_TOKEN": standin.token, "GATEWAY_URL": standin.url, "AMQP_URL": amqp_url,
                            "SSL_CERT_FILE": str(authority.ca)}

    def start(self, program: str, *arguments: object, **environment: str) -> Process:
        if program not in self.binding.programs:
            pytest.skip(f"the binding has no program '{program}' yet")
        made = Process(list(self.binding.command(program, *arguments)), {**self.environment, **environment})
        self.processes.append(made)
        return made

    def running_gateway(self, *events: str, shards: int = 1, **environment: str) -> Process:
        made = self.start("gateway", shards, *events, **environment)
        wait_lines(made, "SHARD_READY", shards)
        wait_lines(made, "BROKER_READY", 2)
        return made

    def running_worker(self, *events: str, **environment: str) -> Process:
        made = self.start("worker", *events, **environment)
        wait_lines(made, "READY")
        return made

    def stop(self) -> None:
        for process in self.processes:
            process.kill()


def lines(process: Process, word: str) -> list[list[str]]:
    """What a program has said with this word in front, in words."""
    return [line.decode().split(" ") for line in process.out if line.split(b" ", 1)[0] == word.encode()]


def wait_lines(process: Process, word: str, count: int = 1, timeout: float = 90) -> list[list[str]]:
    process.wait_for(lambda: len(lines(process, word)) >= count, timeout, f"{count} x {word}, in {process.out[-10:]!r}")
    return lines(process, word)


@pytest.fixture
def bot(binding: Binding, authority: Authority, standin: Standin, rabbit: RabbitNode, vhost: str) -> Iterator[Bot]:  # noqa: F811
    """Over TLS on both sides."""
    made = Bot(binding, authority, standin, rabbit.url(vhost, tls=True, host="localhost"))
    yield made
    made.stop()


@pytest.fixture
def own_bot(binding: Binding, authority: Authority, standin: Standin, own_rabbit: RabbitNode) -> Iterator[Bot]:  # noqa: F811
    """With a RabbitMQ that may be killed."""
    made = Bot(binding, authority, standin, own_rabbit.url())
    yield made
    made.stop()


@pytest.fixture
def answers(channel: Any) -> Callable[[], int]:  # noqa: F811
    """Answers the questions that wait under ASK, with their own words; returns how many."""
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare("gateway:ASK", durable=True)
    channel.queue_bind("gateway:ASK", "gateway", "ASK")

    def answer() -> int:
        import pika
        count = 0
        while True:
            method, properties, body = channel.basic_get("gateway:ASK", auto_ack=True)
            if not method:
                return count
            channel.basic_publish("", properties.reply_to, body, pika.BasicProperties(correlation_id=properties.correlation_id))
            count += 1

    return answer
