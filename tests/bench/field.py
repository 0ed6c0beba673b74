"""What surrounds the contenders: Discord, RabbitMQ's own count of confirms, a worker, and the CPU of each process."""
from __future__ import annotations

import mmap
import os
import queue
import re
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Optional

import pika
from contenders import Contender, Place
from options import Row
from standin.certs import Authority
from support.rabbit import RabbitNode

HERE = Path(__file__).resolve().parent
QUEUE = "bench"
FLOOR_KEY = "FLOOR"
PATIENCE = 180.0  # seconds: a loaded machine connects a thousand shards slowly
NO_HEARTBEAT = 3_600_000  # milliseconds: later than any round
HEARTBEAT = 41_250  # milliseconds: Discord's
TICK = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1


class Trouble(Exception):
    """A round that cannot be measured, and why."""


# ---- CPU ----

def cpu_of(pid: int) -> float:
    """Seconds of the whole process, also of threads that have ended, by the scheduler's own clock."""
    return time.clock_gettime(~pid << 3 | 2)


def shares_of(pid: int) -> tuple[int, int]:
    """Ticks in user space and in the kernel: sampled, good for their share in long spans alone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]), int(fields[12])


def memory_of(pid: int) -> int:
    """Resident, in bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def busy_seconds() -> float:
    """Of all processors together, since the machine started."""
    ticks = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return (sum(ticks) - ticks[3] - ticks[4]) / TICK


# ---- Processes that are asked line by line ----

class Child:
    """A process that answers lines."""

    def __init__(self, command: list[str], log: Path, environment: Optional[dict[str, str]] = None) -> None:
        self.name = Path(command[0]).name
        self.log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=errors, text=True, bufsize=1)
        self.pid = self._process.pid
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")

    def say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self, patience: float = PATIENCE) -> str:
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise Trouble(f"{self.name} said nothing for {patience:.0f} s") from None
        if not line:
            raise Trouble(f"{self.name} ended: {self.log.read_text()[-500:]}")
        return line

    def end(self) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.close()
            self._process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()


class Subject:
    """A contender that runs. Its standard input stays open for as long as it lives: floors end with it."""

    def __init__(self, contender: Contender, place: Place, log: Path, prefix: Optional[list[str]] = None) -> None:
        self.contender = contender
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen([*(prefix or []), *contender.command(place)], env={**os.environ, **contender.environment(place)},
                                            stdin=subprocess.PIPE, stdout=output, stderr=output)
        self.pid = self.process.pid

    def check(self) -> None:
        if self.process.poll() is not None:
            raise Trouble(f"{self.contender.name} ended: {self.log.read_text(errors='replace')[-1000:]}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Discord(Child):
    """bench_discord, with a port for each contender."""

    def __init__(self, programs: Path, corpus: Path, row: Row, events: int, clients: int, span: float, times: Path, authority: Authority, log: Path) -> None:
        self.row = row
        self.events = events
        heartbeat, acks = (HEARTBEAT, int(span * 1000 / HEARTBEAT) + 8) if row.mode == "idle" else (NO_HEARTBEAT, 0)
        command = [programs / "bench_discord", corpus, row.compression, row.shards, events, clients, heartbeat, acks, times]
        if row.tls:
            certificate = authority.issue("localhost")
            command += [certificate.cert, certificate.key]
        super().__init__([str(word) for word in command], log)
        self.ports = [int(self._expect("port")[1]) for _ in range(clients)]

    def _expect(self, word: str) -> list[str]:
        said, *rest = self.hear().split()
        if said != word:
            raise Trouble(f"Discord says '{said} {' '.join(rest)}', and '{word}' was waited for")
        return rest

    def wait_ready(self, client: int, subject: Subject) -> str:
        """How its connections are encrypted."""
        end = time.monotonic() + PATIENCE
        while True:
            subject.check()
            try:
                number, *cipher = self._expect_soon("ready")
            except queue.Empty:
                if time.monotonic() > end:
                    raise Trouble(f"{subject.contender.name} has not connected {self.row.shards} shards within {PATIENCE:.0f} s: "
                                  f"{subject.log.read_text(errors='replace')[-500:]}") from None
                continue
            if int(number) != client:
                raise Trouble(f"client {number} is ready, and {client} was waited for")
            return " ".join(cipher)

    def _expect_soon(self, word: str) -> list[str]:
        line = self._lines.get(timeout=0.5)
        if not line.startswith(word):
            raise Trouble(f"Discord says '{line}', and '{word}' was waited for")
        return line.split()[1:]

    def send(self, client: int, count: int, rate: int) -> tuple[int, int]:
        """Its own CPU in microseconds, and how many events were late."""
        self.say(f"send {client} {count} {rate}")
        number, cpu, _, late = self._expect("sent")
        assert int(number) == client
        return int(cpu), int(late)


class Confirms(Child):
    """How many publishes RabbitMQ has confirmed, by its own count."""

    def __init__(self, rabbit: RabbitNode, log: Path) -> None:
        command = ["escript", str(HERE / "confirms.escript"), f"bench-{rabbit.port}@localhost", rabbit.name]
        super().__init__(command, log, rabbit._environment())
        if self.hear() != "ready":
            raise Trouble(f"RabbitMQ does not say what it has confirmed: {log.read_text()}")

    def count(self) -> int:
        self.say("")
        return int(self.hear())

    def settled(self) -> int:
        """Once nothing more is confirmed."""
        before, now = -1, self.count()
        while now != before:
            time.sleep(0.3)
            before, now = now, self.count()
        return now

    def wait_for(self, goal: int, subject: Subject) -> None:
        end = time.monotonic() + PATIENCE
        while (now := self.count()) < goal:
            subject.check()
            if time.monotonic() > end:
                raise Trouble(f"{subject.contender.name}: RabbitMQ lacks {goal - now} confirms: {subject.log.read_text(errors='replace')[-500:]}")
            time.sleep(0.02)


# ---- Latency ----

class Times:
    """When each event was sent, and when the worker had it: a file that is shared with both."""

    def __init__(self, path: Path, events: int) -> None:
        self._events = events
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 16 * events)

    def forget(self, first: int, count: int) -> None:
        for begin in (first, self._events + first):
            self._memory[8 * begin:8 * (begin + count)] = bytes(8 * count)

    def _read(self, begin: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"{count}Q", self._memory[8 * begin:8 * (begin + count)])

    def latencies(self, first: int, count: int) -> list[float]:
        """Milliseconds, in order of size, of the events that have come."""
        pairs = zip(self._read(first, count), self._read(self._events + first, count))
        return sorted((received - sent) / 1e6 for sent, received in pairs if sent and received)

    def wait_for(self, first: int, count: int, patience: float = 10.0) -> list[float]:
        end = time.monotonic() + patience
        while len(found := self.latencies(first, count)) < count:
            if time.monotonic() > end:
                raise Trouble(f"{count - len(found)} of {count} events did not come to the worker")
            time.sleep(0.05)
        return found


# ---- A round ----

@dataclass
class Round:
    cpu: float  # microseconds of the contender for each event
    user: int
    kernel: int  # ticks
    seconds: float
    discord: float  # microseconds of Discord's for each event
    late: int
    others: float  # of the whole machine, from 0 to 1: what neither the contender nor its surroundings took
    p50: Optional[float] = None  # milliseconds
    p99: Optional[float] = None


class Field:
    """One row's surroundings, and the contenders in them, which all stay connected until the row is done."""

    def __init__(self, row: Row, rabbit: RabbitNode, confirms: Confirms, programs: Path, corpus: Path, names: list[str], folder: Path) -> None:
        self.row = row
        self._rabbit, self._confirms, self._programs, self._corpus, self._names = rabbit, confirms, programs, corpus, names
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._authority = Authority(folder / "ca")
        self.subjects: list[Subject] = []
        self.ciphers: dict[str, str] = {}
        self._children: list[Child] = []
        self._next: list[int] = []

    def __enter__(self) -> Field:
        return self

    def __exit__(self, _: Optional[type[BaseException]], __: Optional[BaseException], ___: Optional[TracebackType]) -> None:
        for subject in self.subjects:
            subject.end()
        for child in self._children:
            child.end()

    def open(self, contenders: list[Contender], events: int, span: float, prefix: Optional[list[str]] = None) -> None:
        """All contenders, connected, one after the other. events: how many each will be sent."""
        times = self.folder / "times"
        self.discord = Discord(self._programs, self._corpus, self.row, events, len(contenders), span, times, self._authority, self.folder / "discord.log")
        self._children.append(self.discord)
        self.times = Times(times, events)
        if self.row.mode == "paced":
            worker = Child([str(self._programs / "bench_worker"), str(self._rabbit.port), QUEUE, str(self.row.shards), str(events), str(times)],
                           self.folder / "worker.log")
            self._children.append(worker)
            worker.hear()
        for number, contender in enumerate(contenders):
            place = Place(self.row, self.discord.ports[number], self._rabbit.port, self._authority.ca, self._names)
            subject = Subject(contender, place, self.folder / f"{number}.log", prefix)
            self.subjects.append(subject)
            self._next.append(0)
            self.ciphers[contender.name] = self.discord.wait_ready(number, subject)

    def _known(self, subject: Subject) -> Iterator[int]:
        """Whose CPU is not that of others."""
        yield subject.pid
        yield os.getpid()
        yield int((self._rabbit.folder / "pid").read_text())
        yield from (child.pid for child in (self._confirms, *self._children))

    def send(self, number: int, count: int, rate: int) -> Round:
        """The next events, to one contender: until RabbitMQ has confirmed them, and until the worker has them."""
        subject, first = self.subjects[number], self._next[number]
        self._next[number] += count
        base = self._confirms.settled()
        if rate:
            self.times.forget(first, count)
        known = list(self._known(subject))
        cpu, ticks, busy, all_known, began = cpu_of(subject.pid), shares_of(subject.pid), busy_seconds(), sum(map(cpu_of, known)), time.monotonic()
        discord, late = self.discord.send(number, count, rate)
        self._confirms.wait_for(base + count, subject)
        spent, took = cpu_of(subject.pid) - cpu, time.monotonic() - began
        others = max(0.0, busy_seconds() - busy - sum(map(cpu_of, known)) + all_known) / took / CORES
        user, kernel = (now - then for now, then in zip(shares_of(subject.pid), ticks))
        made = Round(1e6 * spent / count, user, kernel, took, discord / count, late, others)
        if self.row.mode == "paced":
            latencies = self.times.wait_for(first, count)
            made.p50, made.p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
        return made


def declare(rabbit: RabbitNode, names: list[str]) -> None:
    """A queue that takes all and keeps little: the disk is not what is measured."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url()))
    channel = connection.channel()
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True, arguments={"x-max-length": 1000})
    for name in [*names, "READY", FLOOR_KEY]:
        channel.queue_bind(QUEUE, "gateway", name)
    connection.close()
