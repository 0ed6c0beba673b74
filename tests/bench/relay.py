"""The whole pipeline, socket -> shard -> relay -> RabbitMQ with confirms, beside the field and the floor: ./dev bench relay.

    /usr/bin/python3 tests/bench/relay.py GATEWAY BUILD NODE_MODULES [OPTION ...]

Contenders take turns in every round, and all stay connected until their row is done. CPU is that of the one process, until
RabbitMQ has confirmed the last event. The table is printed; all rounds are in BUILD/relay.json.
"""
from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import contenders as who  # noqa: E402
import corpus  # noqa: E402
import floors  # noqa: E402
import options as asked  # noqa: E402
import report  # noqa: E402
from field import Confirms, Field, Round, Trouble, cpu_of, declare, memory_of  # noqa: E402
from support.rabbit import RabbitNode  # noqa: E402

SETTLE = 2.0  # seconds between what was sent and what is idle


@dataclass
class Result:
    """One contender in one row."""
    name: str
    is_ours: bool
    rounds: list[Round] = field(default_factory=list)
    cipher: str = ""
    idle: Optional[float] = None  # percent of one core
    memory: Optional[int] = None  # bytes
    trouble: str = ""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, build: Path, options: asked.Options, rabbit: RabbitNode, folder: Path) -> None:
        self.build, self.options, self.rabbit, self.folder = build, options, rabbit, folder
        self.programs = build / "tests" / "bench"
        self.corpus = folder / "events"
        self.names = corpus.lines(self.corpus)
        declare(rabbit, self.names)
        self.confirms = Confirms(rabbit, folder / "confirms.log")

    # ---- A row ----

    def measure(self, row: asked.Row, contenders: list[who.Contender]) -> list[Result]:
        results = [Result(each.name, each.is_ours) for each in contenders]
        folder = self.folder / "-".join(map(str, (row.mode, row.shards, row.compression, row.tls)))
        try:
            with Field(row, self.rabbit, self.confirms, self.programs, self.corpus, self.names, folder) as around:
                around.open(contenders, self._events(row), self.options.idle)
                for result in results:
                    result.cipher = around.ciphers[result.name]
                self._idle(around, results) if row.mode == "idle" else self._rounds(around, row, results)
        except Trouble as trouble:
            say(f"{row}: {trouble}")
            for result in results:
                result.trouble = str(trouble)
        if row.mode == "burst" and "floor" in self.options.contenders:
            results += self._floors(row)
        return results

    def _count(self, row: asked.Row) -> int:
        """Events of a round."""
        return self.options.events if row.mode == "burst" else max(1, int(self.options.rate * self.options.seconds))

    def _warm(self, row: asked.Row) -> int:
        """Events of the round that is not counted. At a pace: a second's, and each shard's first."""
        return self._count(row) // 2 + 1 if row.mode == "burst" else min(self._count(row), max(self.options.rate, row.shards))

    def _events(self, row: asked.Row) -> int:
        return row.shards if row.mode == "idle" else self._warm(row) + self.options.rounds * self._count(row)

    def _rounds(self, around: Field, row: asked.Row, results: list[Result]) -> None:
        rate = self.options.rate if row.mode == "paced" else 0
        for number in range(len(results)):
            around.send(number, self._warm(row), rate)
        for each in range(self.options.rounds):
            for number, result in enumerate(results):
                result.rounds.append(around.send(number, self._count(row), rate))
            say(f"{row}: round {each + 1} of {self.options.rounds}")
        for result, subject in zip(results, around.subjects):
            result.memory = memory_of(subject.pid)

    def _idle(self, around: Field, results: list[Result]) -> None:
        """All at once: who is idle is in nobody's way."""
        for number in range(len(results)):
            around.send(number, around.row.shards, max(self.options.rate, around.row.shards))
        time.sleep(SETTLE)
        say(f"{around.row}: {self.options.idle:.0f} s")
        began, before = time.monotonic(), [cpu_of(each.pid) for each in around.subjects]
        time.sleep(self.options.idle)
        took = time.monotonic() - began
        for result, subject, then in zip(results, around.subjects, before):
            subject.check()
            result.idle = 100 * (cpu_of(subject.pid) - then) / took
            result.memory = memory_of(subject.pid)

    def _floors(self, row: asked.Row) -> list[Result]:
        made = []
        for name, measure in floors.of_bursts(self.programs / "bench_floor", row.compression, self.corpus, self.options.events, self.folder):
            result = Result(name, False)
            for _ in range(self.options.rounds):
                user, kernel = measure()
                result.rounds.append(Round(user + kernel, 0, 0, 0.0, 0.0, 0, 0.0))
            made.append(result)
        return made


# ---- What is kept ----

def version_of(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return ""


def machine() -> dict[str, Any]:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg(),
            "node": version_of(["node", "--version"]), "rust": version_of(["rustc", "--version"]), "go": version_of(["go", "version"]),
            "commit": version_of(["git", "rev-parse", "--short", "HEAD"]), "date": time.strftime("%Y-%m-%d %H:%M")}


def write(path: Path, options: asked.Options, before: dict[str, Any], rows: list[tuple[asked.Row, list[Result]]], rabbit: str) -> None:
    asked_for = {"rate": options.rate, "seconds": options.seconds, "events": options.events, "rounds": options.rounds, "idle": options.idle,
                 "gateways": {each.name: {"path": str(each.path), **each.settings} for each in options.gateways}}
    kept = {"machine": {**before, "rabbitmq": rabbit, "load_after": os.getloadavg()}, "options": asked_for,
            "rows": [{**asdict(row), "contenders": [asdict(each) for each in results]} for row, results in rows]}
    path.write_text(json.dumps(kept, indent=1) + "\n")


def with_rabbit(work: Callable[[RabbitNode, Path], None]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as name, RabbitNode(Path(name) / "rabbit") as rabbit:
        work(rabbit, Path(name))


def main() -> None:
    own, build, modules = map(Path, sys.argv[1:4])
    options = asked.read("relay", sys.argv[4:])
    builder = who.Builder(build.resolve(), modules.resolve(), say)
    # Everything is built before anything is measured.
    parties = [list(who.taking_part(options, row, builder, (build / "tests" / "bench").resolve(), own.resolve())) for row in options.rows]

    def work(rabbit: RabbitNode, folder: Path) -> None:
        before = machine()
        bench = Bench(build.resolve(), options, rabbit, folder)
        rows: list[tuple[asked.Row, list[Result]]] = []
        for row, party in zip(options.rows, parties):
            rows.append((row, bench.measure(row, party)))
            write(build / "relay.json", options, before, rows, ".".join(map(str, rabbit.version())))
        bench.confirms.end()

    with_rabbit(work)
    report.show(json.loads((build / "relay.json").read_text()))


if __name__ == "__main__":
    main()
