"""A RabbitMQ cluster of three nodes, on loopback only. Nodes can be killed, stopped and started again."""
from __future__ import annotations

import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Optional

from .rabbit import RabbitNode


class RabbitCluster:
    def __init__(self, folder: Path, size: int = 3, system: Optional[Path] = None) -> None:
        """system: the folder of the RabbitMQ; without it, the one that the suite wants."""
        first = folder / "node1"
        self._write_cookie(first)
        self.nodes = [RabbitNode(first, system=system)]
        self.nodes += [RabbitNode(folder / f"node{number}", peer=self.nodes[0], system=system) for number in range(2, size + 1)]

    @staticmethod
    def _write_cookie(folder: Path) -> None:
        """Nodes that have the same cookie may talk to each other. Without one, Erlang makes one of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        with open(os.open(folder / ".erlang.cookie", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(secrets.token_hex(16).upper())

    # ---- life ----

    def start(self) -> RabbitCluster:
        """The first node starts epmd, which all of them need."""
        try:
            self.nodes[0].start()
            with ThreadPoolExecutor() as pool:
                list(pool.map(RabbitNode.start, self.nodes[1:]))
            for node in self.nodes[1:]:
                node.join()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        for node in reversed(self.nodes):
            node.close()

    def heal(self) -> None:
        """Starts what was killed, and waits until every node knows all the others."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(RabbitNode.start, [node for node in self.nodes if node.process is None]))
        for node in self.nodes:
            node.wait_for(lambda each=node: self.running(each) == len(self.nodes), "a whole cluster")

    @staticmethod
    def running(node: RabbitNode) -> int:
        """How many nodes this one knows to run, itself included."""
        return int(node.ctl("eval", "length(rabbit_nodes:all_running())."))

    def __enter__(self) -> RabbitCluster:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- steering ----

    def urls(self, vhost: str = "/") -> list[str]:
        return [node.url(vhost) for node in self.nodes]

    def node_at(self, text: str) -> RabbitNode:
        """The node that listens at "host:port"."""
        return next(node for node in self.nodes if text.endswith(f":{node.port}"))

    def leader(self, queue: str, vhost: str = "/") -> RabbitNode:
        """The node on which the leader of a quorum queue is, or on which a classic queue lives."""
        alive = next(node for node in self.nodes if node.process is not None)
        rows = alive.ctl("list_queues", "-p", vhost, "--no-table-headers", "name", "leader").splitlines()
        name = next(row.split("\t")[1] for row in rows if row.split("\t")[0] == queue)
        return next(node for node in self.nodes if node.name == name)
