"""RabbitMQ for chaos: one node with classic queues, or a cluster of three with quorum queues. The gateways go through a proxy in
front of each node; the recorder and the workers' commands go to the nodes themselves."""
from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Optional

from support.cluster import RabbitCluster
from support.proxy import Filter, Proxy
from support.rabbit import RabbitNode


class Death(NamedTuple):
    """Of nodes at a time: how each of them ends, and what brings all of them back."""

    victims: list[RabbitNode]
    kill: Callable[[RabbitNode], None]
    revive: Callable[[], object]


class Proxies:
    """Those of all nodes, as one."""

    def __init__(self, nodes: list[RabbitNode]) -> None:
        self.each = [Proxy(node.port) for node in nodes]

    def cut(self, reset: bool = True) -> None:
        for proxy in self.each:
            proxy.cut(reset)

    def hold(self) -> None:
        for proxy in self.each:
            proxy.hold()

    def release(self) -> None:
        for proxy in self.each:
            proxy.release()

    def lose_server(self) -> None:
        for proxy in self.each:
            proxy.lose_server()

    def drop(self, dropper: Callable[[], Filter]) -> None:
        for proxy in self.each:
            proxy.drop(dropper)

    def end_drop(self) -> int:
        return sum(proxy.end_drop() for proxy in self.each)

    def close(self) -> None:
        for proxy in self.each:
            proxy.close()


class Broker:
    """What one node and a cluster have in common."""

    nodes: list[RabbitNode]
    queue_type = "classic"
    share = 0.06  # of all kills

    def __init__(self) -> None:
        self.proxies = Proxies(self.nodes)
        self._alarmed: Optional[RabbitNode] = None

    @property
    def gateway_urls(self) -> str:
        return ",".join(f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F?heartbeat=2" for proxy in self.proxies.each)

    def urls(self) -> list[str]:
        """Of the nodes that run."""
        return [node.url() for node in self.nodes if node.process is not None]

    def alarm(self) -> None:
        """A node that is low on memory blocks who publishes, on whatever node."""
        if not self._alarmed:
            self._alarmed = self.nodes[0]
            self._alarmed.ctl("set_vm_memory_high_watermark", "0.0000001")

    def end_alarm(self) -> None:
        if self._alarmed:
            self._alarmed.ctl("set_vm_memory_high_watermark", "0.6")
        self._alarmed = None

    @property
    def is_alarmed(self) -> bool:
        return self._alarmed is not None

    def die(self, death: Death) -> None:
        """A node that starts again has no alarm."""
        for node in death.victims:
            death.kill(node)
        if self._alarmed in death.victims:
            self._alarmed = None


class OneNode(Broker):
    def __init__(self, folder: Path) -> None:
        self.nodes = [RabbitNode(folder)]
        super().__init__()

    def start(self) -> None:
        self.nodes[0].start()

    def close(self) -> None:
        self.proxies.close()
        self.nodes[0].close()

    def deaths(self, random_: random.Random) -> tuple[str, list[Death]]:
        return "kill -9 of RabbitMQ", [Death(self.nodes, RabbitNode.kill, self.nodes[0].start)]


class ThreeNodes(Broker):
    queue_type = "quorum"
    share = 0.4

    def __init__(self, folder: Path) -> None:
        self.cluster = RabbitCluster(folder)
        self.nodes = self.cluster.nodes
        super().__init__()

    def start(self) -> None:
        self.cluster.start()

    def close(self) -> None:
        self.proxies.close()
        self.cluster.close()

    def deaths(self, random_: random.Random) -> tuple[str, list[Death]]:
        """Mostly of one node, which the other two outlive."""
        kinds = {"kill -9 of one node": 1, "kill -9 of two nodes": 2, "kill -9 of all nodes": 3, "a rolling restart": 0}
        name = random_.choices(list(kinds), [6, 2, 1, 1])[0]
        if kinds[name]:
            return name, [Death(random_.sample(self.nodes, kinds[name]), RabbitNode.kill_beam, self.cluster.heal)]
        return name, [Death([node], RabbitNode.stop, self.cluster.heal) for node in self.nodes]
