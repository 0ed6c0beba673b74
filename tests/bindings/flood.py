"""A stream that costs the sender next to nothing: a Discord in C for one shard, and a queue of RabbitMQ that is full."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pika
from standin.certs import Certificate
from support.processes import Process

from bindings.frame import ROOT

sys.path.insert(0, str(ROOT / "tests" / "bench"))
from field import Child, cpu_of, memory_of as resident  # noqa: E402,F401

CORPUS_LINE = 'MESSAGE_CREATE\t{"id":"1","guild_id":"0","channel_id":"2","content":"hello"}'
HEARTBEAT = 3_600_000  # milliseconds: later than any run
QUEUE = "bench:consume"


class Flood(Child):
    """bench_discord: one client with one shard, uncompressed."""

    def __init__(self, folder: Path, corpus: list[str], events: int, certificate: Optional[Certificate] = None) -> None:
        (folder / "corpus").write_text("\n".join(corpus) + "\n")
        program = ROOT / "build" / "tests" / "bench" / "bench_discord"
        command = [program, folder / "corpus", "none", 1, events, 1, HEARTBEAT, 0, folder / "times"]
        command += [certificate.cert, certificate.key] if certificate else []
        super().__init__([str(word) for word in command], folder / "discord.log")
        self.events = events
        found = re.fullmatch(r"port 0 (\d+)", self.hear())
        assert found
        self.url = f"{'wss' if certificate else 'ws'}://localhost:{found[1]}"

    def __enter__(self) -> Flood:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def send(self, program: Optional[Process] = None) -> None:
        """All events, as soon as the shard is ready."""
        assert self.hear().startswith("ready"), program and program.said()
        self.say(f"send 0 {self.events} 0")


def declare(url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.exchange_declare("bench", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "bench", "consume")
    channel.queue_purge(QUEUE)
    connection.close()


def fill(url: str, count: int) -> int:
    """Messages of 1 KiB, from C. Returns how many there are: this many, or a few more."""
    most = -(-count // 11) * 10  # bench_broker publishes a tenth more than it is told
    command = [ROOT / "build" / "tests" / "bench" / "bench_broker", "fill", url, "-", str(most), "2000", "transient", "0"]
    subprocess.run(command, capture_output=True, check=True, timeout=600)
    return most + most // 10
