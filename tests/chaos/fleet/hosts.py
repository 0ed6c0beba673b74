"""Three hosts with a gateway and a RabbitMQ node each, every one in a network namespace of its own, and a fourth one for a gateway that joins.

Each gateway has the URL of its own host's node first, as a local node is."""
from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from support.hosts import OUTSIDE, Hosts, Machine
from support.network import TREE_WITH_US, WITH_US
from support.processes import Process
from support.rabbit import RabbitNode

NAMES = ("one", "two", "three", "four")
NODES = 3
# What an operator of a fleet sets (doc/fleet.md). A node in a minority stops by itself: with 3.10, nodes that went on would never agree again.
SETTINGS = ("cluster_partition_handling = pause_minority",)
# How many nodes that one knows which knows fewest; 0: one says that it was cut off from others, and still goes on without them (4.0.5). The function
# has another name from 3.13 on.
LEAST_KNOWN = """F = case erlang:function_exported(rabbit_nodes, list_running, 0) of true -> list_running; false -> all_running end,
    Nodes = [node() | nodes()],
    Cut = [N || N <- Nodes, case rpc:call(N, rabbit_node_monitor, partitions, []) of [_ | _] -> true; _ -> false end],
    case Cut of [] -> lists:min([length(rpc:call(N, rabbit_nodes, F, [])) || N <- Nodes]); _ -> 0 end."""
CUT_OFF = "length(rabbit_node_monitor:partitions())."  # from how many others a node says it was
WHOLE = 20  # seconds until nodes know each other again
EXPECTED = (0, -signal.SIGKILL)


class Node:
    """A RabbitMQ node on a machine. It is launched from the thread that made it, because it ends together with that one."""

    def __init__(self, machine: Machine, rabbit: RabbitNode) -> None:
        self.machine, self.rabbit = machine, rabbit
        self.is_away = False  # nobody can talk to it

    def kill(self) -> None:
        self.is_away = True
        self.rabbit.kill()

    def signal(self, number: int) -> None:
        self.is_away = number == signal.SIGSTOP
        assert self.rabbit.process
        os.killpg(self.rabbit.process.pid, number)

    def cut_off(self) -> int:
        """From how many others it was cut off and goes on without; 0 also when it does not say it."""
        try:
            return int(self.rabbit.ctl("eval", CUT_OFF))
        except (RuntimeError, ValueError):
            return 0


class Nodes:
    queue_type = "quorum"

    def __init__(self, folder: Path, machines: list[Machine], tick: int) -> None:
        cookie = folder / "rabbit1"
        cookie.mkdir(parents=True)
        with open(os.open(cookie / ".erlang.cookie", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(secrets.token_hex(16).upper())
        self.each: list[Node] = []
        for number, machine in enumerate(machines, 1):
            peer = self.each[0].rabbit if self.each else None
            rabbit = RabbitNode(folder / f"rabbit{number}", peer=peer, host=machine.address, inside=tuple(machine.inside),
                                within=tuple(TREE_WITH_US), more=SETTINGS, tick=tick)
            self.each.append(Node(machine, rabbit))

    def start(self) -> None:
        for node in self.each:
            node.rabbit.launch()
        for node in self.each:
            node.rabbit.await_start()
        for node in self.each[1:]:
            node.rabbit.join()

    def urls(self) -> list[str]:
        """Of the nodes that one can talk to, for the consumer outside."""
        there = [node for node in self.each if not node.is_away] or self.each
        return [f"{node.rabbit.url()}?heartbeat=4&socket_timeout=3&stack_timeout=5&connection_attempts=1" for node in there]

    def revive(self) -> None:
        """Starts what was killed; find_together() waits for it."""
        for node in self.each:
            if node.rabbit.process is None:
                node.rabbit.launch()
                node.is_away = False

    def await_whole(self) -> int:
        """Returns how many nodes had to be restarted, as an operator does: after some partitions nodes do not find together by themselves."""
        return 0 if self.find_together() else self.restart()

    def find_together(self) -> bool:
        try:
            self.each[0].rabbit.wait_for(self.is_whole, "a whole cluster", WHOLE)
            return True
        except AssertionError:
            return False

    def restart(self) -> int:
        """One after the other, until all know each other; who has lost most of the others first."""
        silent = [node for node in self.each if not node.rabbit.answers()]
        for count, node in enumerate(silent or sorted(self.each, key=Node.cut_off, reverse=True), 1):
            node.rabbit.kill()
            node.rabbit.launch()
            node.rabbit.await_start()
            if self.find_together():
                return count
        raise TimeoutError(f"RabbitMQ did not come to a whole cluster: {self.each[0].rabbit.tail()}")

    def is_whole(self) -> bool:
        """Every node answers, and knows all of them."""
        if not all(node.rabbit.answers() for node in self.each):
            return False
        try:
            return int(self.each[0].rabbit.ctl("eval", LEAST_KNOWN)) == len(self.each)
        except (RuntimeError, ValueError):  # a node has paused itself
            return False

    def close(self) -> None:
        for node in reversed(self.each):
            node.rabbit.close()


class Gateway:
    """A member of the fleet; the process changes, this stays."""

    def __init__(self, name: str, machine: Machine, binary: Path, environment: dict[str, str], ledger: Path) -> None:
        self.name, self.machine, self.binary = name, machine, binary
        self.ledger = ledger
        self.ledger.touch()
        self.environment = {**environment, "FLEET_MEMBER": name, "CHAOS_LEDGER": str(ledger), "LOG_LEVEL": "debug"}
        self.runs: list[Process] = []
        self.complaints: list[str] = []

    @property
    def process(self) -> Optional[Process]:
        return self.runs[-1] if self.runs and self.runs[-1].running() else None

    def start(self, kill: str = "") -> None:
        order = {"CHAOS_KILL": kill} if kill else {}
        with self.machine.namespace.entered():
            self.runs.append(Process([*WITH_US, self.binary], {**self.environment, **order}))

    def ensure(self) -> None:
        """It runs. One that ended by itself is a fault."""
        if self.process:
            return
        self.look()
        self.start()

    def look(self) -> None:
        if not self.runs:
            return
        last = self.runs[-1]
        status = last._process.poll()
        if status is not None and status not in EXPECTED and not getattr(last, "was_seen", False):
            last.was_seen = True  # type: ignore[attr-defined]
            self.complaints.append(f"{self.name} ended with {status}: " + "\n".join(last.err[-5:]))

    def kill(self) -> None:
        self.look()
        if self.process:
            self.process.kill()

    def signal(self, number: int) -> None:
        if self.process:
            self.process.signal(number)

    def stop(self, timeout: float = 60) -> int:
        """SIGTERM, and the exit status."""
        return self.process.stop(timeout) if self.process else 0

    def noted(self, what: str) -> set[str]:
        """The message-ids in its ledger: "refused" or "unanswered" (tests/chaos/wraps.c)."""
        words = [line.split() for line in self.ledger.read_text().splitlines()]
        return {each[1] for each in words if len(each) == 2 and each[0] == what}

    def write_log(self, folder: Path) -> None:
        lines = [f"--- process {number} ({process.pid})\n" + "\n".join(process.err) for number, process in enumerate(self.runs)]
        (folder / f"{self.name}.log").write_text("\n".join(lines))


class Machines:
    """The network, with a machine for a gateway and one for a node on each host."""

    def __init__(self) -> None:
        self.hosts = Hosts(len(NAMES), 2)
        self.gateways = {name: self.hosts.machines[number][0] for number, name in enumerate(NAMES, 1)}
        self.nodes = [self.hosts.machines[number][1] for number in range(1, NODES + 1)]

    @contextmanager
    def outside(self) -> Iterator[None]:
        with self.hosts.outside.entered():
            yield

    def host_of(self, name: str) -> int:
        return NAMES.index(name) + 1

    def name_of(self, address: str) -> str:
        """The gateway of an address."""
        return next((name for name, machine in self.gateways.items() if machine.address == address), address)

    def node_addresses(self) -> list[str]:
        return [each.address for each in self.nodes]

    def close(self) -> None:
        self.hosts.close()


__all__ = ["EXPECTED", "NAMES", "OUTSIDE", "Gateway", "Machines", "Node", "Nodes"]
