"""Networks in namespaces: the gateway on a client, everything else on a server, and a router in between (support/network.py).

A test itself runs on the server: its stand-in, its RabbitMQ and its own sockets are there, and 127.0.0.1 is the server's. What
`bot` starts runs on the client."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.namespaces import Namespace, obstacle
from support.network import SERVER, SERVER6, TREE_WITH_US, Network
from support.ports import free_ports
from support.processes import Process
from support.rabbit import RabbitNode

from integration.conftest import IDENTIFY_WINDOW, Bot, authority, channel  # noqa: F401

DISCORD, BROKER = "discord.test", "broker.test"
SANS = f"DNS:{DISCORD},DNS:{BROKER},IP:{SERVER},IP:{SERVER6}"


@pytest.fixture(scope="session")
def server() -> Iterator[Namespace]:
    """One for all tests, because a RabbitMQ that starts takes seconds. Its line is new for each test."""
    why = obstacle()
    if why:
        pytest.skip(f"networks in namespaces cannot be made here: {why}")
    made = Namespace()
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_rabbit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: Namespace,
                  authority: Authority) -> Iterator[tuple[RabbitNode, list[str]]]:  # noqa: F811
    """On all addresses of the server, with a virtual host for each test that wants one."""
    wanted = sum("vhost" in getattr(item, "fixturenames", ()) for item in request.session.items)
    certificate = authority.issue("rabbit", SANS)
    with server.entered():
        node = RabbitNode(tmp_path_factory.mktemp("rabbit"), certificate.cert, certificate.key, vhosts=wanted, address="::",
                          within=tuple(TREE_WITH_US))
        names = list(node.vhosts)
        with node:
            yield node, names


@pytest.fixture
def network(server: Namespace, tmp_path: Path) -> Iterator[Network]:
    with Network(tmp_path / "etc", server) as made, server.entered():
        yield made


@pytest.fixture
def rabbit(network: Network, shared_rabbit: tuple[RabbitNode, list[str]]) -> RabbitNode:
    return shared_rabbit[0]


@pytest.fixture
def own_rabbit(network: Network, tmp_path: Path) -> Iterator[RabbitNode]:
    """A node that the test may stop and kill."""
    with RabbitNode(tmp_path / "rabbit", address="::", within=tuple(TREE_WITH_US)) as node:
        yield node


@pytest.fixture
def vhost(shared_rabbit: tuple[RabbitNode, list[str]]) -> str:
    return shared_rabbit[1].pop()


@pytest.fixture
def standin(network: Network, authority: Authority) -> Iterator[Standin]:  # noqa: F811
    """At each address that the server gets, under the name and under its first addresses."""
    certificate = authority.issue("discord", SANS)
    with Standin(cert=certificate.cert, key=certificate.key, host=SERVER, addresses=("0.0.0.0", "::"), port=free_ports(1)[0],
                 max_concurrency=2, identify_window=IDENTIFY_WINDOW) as made:
        yield made


class ClientBot(Bot):
    """Its processes run on the client."""

    def __init__(self, network: Network, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.network = network

    def run(self, *command: str | Path, valgrind: bool = False, **environment: str) -> Process:
        with self.network.client.entered():
            process = Process(self.network.command(*command), {**self.environment, **environment}, valgrind)
        self.processes.append(process)
        return process

    def start_worker_on_server(self, *arguments: str, **environment: str) -> Process:
        """A worker that the line does not concern."""
        process = Process([self.build / "examples" / "worker", *arguments], {**self.environment, **environment})
        self.processes.append(process)
        process.wait_err("connected to", timeout=90)
        return process


@pytest.fixture
def bot(network: Network, build: Path, authority: Authority, standin: Standin, rabbit: RabbitNode,  # noqa: F811
        vhost: str) -> Iterator[ClientBot]:
    made = ClientBot(network, build, authority, standin, rabbit.url(vhost, host=SERVER))
    yield made
    made.stop()


@pytest.fixture
def own_bot(network: Network, build: Path, authority: Authority, standin: Standin,  # noqa: F811
            own_rabbit: RabbitNode) -> Iterator[ClientBot]:
    """As bot, with a RabbitMQ that may be stopped."""
    made = ClientBot(network, build, authority, standin, own_rabbit.url(host=SERVER))
    yield made
    made.stop()
