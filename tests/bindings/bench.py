"""What an event costs in each language, beside C and beside what people use there today: ./dev bench bindings.

    /usr/bin/python3 tests/bindings/bench.py LANGUAGE ...

Two programs of each language (README.md): `shard` takes the events of a Discord in C, plain and over TLS, `consume` the messages of a
RabbitMQ and acknowledges them. All take their turns in every round, and the median counts. CPU is that of the process, with all its threads, from the first
tenth of the events to the last one, so that no start and no warm-up is in it.
"""
from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from standin.certs import Authority  # noqa: E402
from standin.payloads import corpus  # noqa: E402
from support.rabbit import RabbitNode  # noqa: E402

from bindings.flood import Child, Flood, cpu_of, declare, fill  # noqa: E402
from bindings.frame import Missing, build, place_of  # noqa: E402

COUNT = int(os.environ.get("COUNT", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
TITLES = {"shard": "the events of a shard, uncompressed, with name and bytes", "shard-tls": "the same over TLS",
          "consume": "messages of RabbitMQ, 1 KiB, each acknowledged"}


@dataclass
class Contender:
    language: str
    name: str
    command: list[str]
    environment: dict[str, str]
    role: str = "own"  # or the name of a variant of ours, or "theirs": what people use today
    runs: list[tuple[float, float]] = field(default_factory=list)  # us of CPU for each event, events a second
    trouble: str = ""

    @property
    def is_other(self) -> bool:
        return self.role != "own"

    @property
    def cpu(self) -> float:
        return statistics.median(cpu for cpu, _ in self.runs)

    @property
    def rate(self) -> float:
        return statistics.median(rate for _, rate in self.runs)

    def start(self, folder: Path, **environment: str) -> Child:
        return Child([*self.command, str(COUNT)], folder / f"{self.language}.log", {**self.environment, **environment, "DISCORD_TOKEN": "MQ.bench.0000"})

    def watch(self, child: Child) -> None:
        """The last report but one ends it: after the last one the process may be gone."""
        self._hear(child, COUNT // 10)
        cpu, began = cpu_of(child.pid), time.monotonic()
        for tenth in range(2, 10):
            self._hear(child, COUNT // 10 * tenth)
        spent, took = cpu_of(child.pid) - cpu, time.monotonic() - began
        self._hear(child, COUNT // 10 * 10)
        self.runs.append((1e6 * spent / (0.8 * COUNT), 0.8 * COUNT / took))

    @staticmethod
    def _hear(child: Child, count: int) -> None:
        line = child.hear()
        if line != f"EVENTS {count}":
            raise RuntimeError(f"{child.name} says '{line}', and 'EVENTS {count}' was waited for")


def program_of(row: str) -> str:
    return row.partition("-")[0]


def reference(program: str) -> Contender:
    """C, built against the library as it is installed."""
    place = place_of("c")
    made = place.folder / "events"
    flags = place.run("pkg-config", "--cflags", "--libs", "spectacles").split()
    place.run("cc", "-O2", Path(__file__).resolve().parent / "c" / "events.c", "-o", made, *flags)
    return Contender("C", "libspectacles", [str(made), program], place.environment)


def contenders(program: str, languages: list[str]) -> Iterator[Contender]:
    yield reference(program)
    for language in languages:
        try:
            binding = build(language)
        except Missing as why:
            print(f"{language} is left out: {why}", file=sys.stderr)
            continue
        yield Contender(language, "libspectacles", binding.command(program), binding.environment)
        for name, chosen in binding.variants.items():
            yield Contender(language, name, binding.command(program), {**binding.environment, **chosen}, name)
        peer = binding.shard_peer if program == "shard" else binding.consume_peer
        if peer:
            yield Contender(language, peer.name, peer.command, peer.environment, "theirs")


def run_shard(contender: Contender, folder: Path, events: list[str], authority: Optional[Authority]) -> None:
    certificate = authority.issue("localhost") if authority else None
    with Flood(folder, events, COUNT, certificate) as flood:
        child = contender.start(folder, GATEWAY_URL=flood.url, **({"SSL_CERT_FILE": str(authority.ca)} if authority else {}))
        try:
            flood.send()
            contender.watch(child)
        finally:
            child.end()


def run_consume(contender: Contender, folder: Path, rabbit: RabbitNode) -> None:
    declare(rabbit.url())
    fill(rabbit.url(), COUNT)
    child = contender.start(folder, AMQP_URL=rabbit.url())
    try:
        contender.watch(child)
    finally:
        child.end()


def measure(row: str, taking_part: list[Contender], run: Callable[[Contender], None]) -> None:
    for number in range(ROUNDS):
        for contender in taking_part:
            if contender.trouble:
                continue
            try:
                run(contender)
            except Exception as trouble:  # one that fails is no reason to show nothing of the others
                contender.trouble = str(trouble)[:300]
        print(f"{row}: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)


def show(row: str, taking_part: list[Contender]) -> None:
    own = {each.language: each.cpu for each in taking_part if each.runs and not each.is_other}
    print(f"--- {TITLES[row]}: {COUNT:,} of them, {ROUNDS} rounds")
    print(f"{'':<10}{'':<26}{'CPU us':>8}{'of C':>8}{'of ours':>9}{'events/s':>12}")
    for each in taking_part:
        if not each.runs:
            print(f"{each.language:<10}{each.name:<26}{each.trouble}")
            continue
        ours = f"{each.cpu / own[each.language]:>9.1f}" if each.is_other and each.language in own else f"{'':>9}"
        print(f"{each.language:<10}{each.name:<26}{each.cpu:>8.2f}{each.cpu / own['C']:>8.1f}{ours}{each.rate:>12,.0f}")
    print(flush=True)


def show_pipelines(rows: dict[str, list[Contender]]) -> None:
    """What a bot pays for an event that goes both ways: from Discord over TLS, and through RabbitMQ."""
    shards, messages = ({(each.language, each.role): each for each in rows[row] if each.runs} for row in ("shard-tls", "consume"))
    whole = {key: shards[key].cpu + messages[key].cpu for key in shards if key in messages}
    print("--- a pipeline: an event of a shard over TLS, and a message of RabbitMQ")
    print(f"{'':<10}{'':<36}{'CPU us':>8}{'of C':>8}{'of ours':>9}")
    for (language, role), cpu in whole.items():
        names = dict.fromkeys(half[language, role].name for half in (shards, messages))
        ours = whole.get((language, "own")) if role != "own" else None
        print(f"{language:<10}{' and '.join(names):<36}{cpu:>8.2f}{cpu / whole['C', 'own']:>8.1f}{f'{cpu / ours:>9.1f}' if ours else ''}")


def main() -> None:
    events = [f"{name}\t{data}" for name, data in corpus(1, 2000)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder / "ca")
        rows: dict[str, list[Contender]] = {}
        for row in TITLES:
            rows[row] = taking_part = list(contenders(program_of(row), sys.argv[1:]))
            if row == "consume":
                with RabbitNode(folder / "rabbit") as rabbit:
                    measure(row, taking_part, lambda each: run_consume(each, folder, rabbit))
            else:
                measure(row, taking_part, lambda each: run_shard(each, folder, events, authority if row == "shard-tls" else None))
            show(row, taking_part)
        show_pipelines(rows)


if __name__ == "__main__":
    main()
