"""What a message costs a client of the broker: ours, librabbitmq's own and npm's amqplib, in one run: ./dev bench broker.

    /usr/bin/python3 tests/bench/broker.py FOLDER NODE_MODULES [MESSAGES [ROUNDS [RATE]]]

FOLDER holds bench_broker, bench_broker_librabbitmq and bench_pace. In bursts everybody publishes as fast as the window
allows; at a pace, one message after the other is published, RATE a second. Every contender takes its turn in every round. CPU is that of the client's
process, by getrusage(), between the tenth of the messages that comes first and the last confirm or acknowledgement.
"""
from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import pika  # noqa: E402
from standin.certs import Authority  # noqa: E402
from support.rabbit import RabbitNode  # noqa: E402

WINDOW = 1000
ROUNDS = 5
RATE = 1000
PACED_SECONDS = 5
TOGETHER = 64


@dataclass
class Place:
    """Where everything is."""
    rabbit: RabbitNode
    ca: Path
    folder: Path
    modules: str
    messages: int
    rate: int = 0  # messages a second; 0: a burst


@dataclass
class Contender:
    name: str
    kind: str
    read_delay: int = 0
    ack_every: int = 1
    runs: list[tuple[float, float, float]] = field(default_factory=list)

    def command(self, place: Place, role: str, mode: str, tls: bool) -> list[str]:
        url = place.rabbit.url(tls=tls)
        ca = str(place.ca) if tls else "-"
        count, window = str(place.messages), str(WINDOW)
        if self.kind == "ours":
            return [str(place.folder / "bench_broker"), role, url, ca, count, window, mode, str(self.read_delay)]
        if self.kind == "librabbitmq":
            port = place.rabbit.tls_port if tls else place.rabbit.port
            return [str(place.folder / "bench_broker_librabbitmq"), role, "localhost", str(port), ca, count, window, mode, str(self.ack_every)]
        script = str(Path(__file__).resolve().parent / "broker.js")
        return ["node", script, role, url, ca, count, window, mode, str(self.ack_every)]

    def run(self, place: Place, role: str, mode: str, tls: bool) -> None:
        environment = {**os.environ, "NODE_PATH": place.modules, "NODE_ENV": "production"}
        paced = bool(place.rate) and role != "consume"
        with pace(place) if paced else nullcontext() as clock:
            done = subprocess.run(self.command(place, role, mode, tls) + ["paced"] * paced, env=environment, stdin=clock and clock.stdout,
                                  capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}, {role}, {mode}: {done.stderr or done.stdout}")
        user, kernel, wall = map(int, done.stdout.split())
        self.runs.append((user / place.messages, kernel / place.messages, 1e6 * place.messages / wall))

    def cpu(self) -> float:
        return statistics.median(user + kernel for user, kernel, _ in self.runs)

    def user_share(self) -> float:
        """The kernel samples it, every few milliseconds: over all rounds, since one is short."""
        user, kernel = sum(run[0] for run in self.runs), sum(run[1] for run in self.runs)
        return user / (user + kernel) if user + kernel else 0.0


def pace(place: Place) -> subprocess.Popen[bytes]:
    """A byte for each message that is due; the warm-up's too."""
    messages = place.messages + place.messages // 10
    return subprocess.Popen([str(place.folder / "bench_pace"), str(place.rate), str(messages)], stdout=subprocess.PIPE)


@dataclass
class Section:
    role: str
    mode: str
    tls: bool
    contenders: list[Contender]
    place: Place


def contenders(role: str, has_node: bool) -> Iterator[Contender]:
    yield Contender("libspectacles", "ours")
    if role == "publish":
        yield Contender("librabbitmq", "librabbitmq")
        if has_node:
            yield Contender("amqplib", "amqplib")
        return
    yield Contender("libspectacles, read_delay 1", "ours", read_delay=1)
    yield Contender("librabbitmq, each acked", "librabbitmq")
    yield Contender(f"librabbitmq, {TOGETHER} at once", "librabbitmq", ack_every=TOGETHER)
    if has_node:
        yield Contender("amqplib, each acked", "amqplib")
        yield Contender(f"amqplib, {TOGETHER} at once", "amqplib", ack_every=TOGETHER)


def declare(rabbit: RabbitNode) -> None:
    """What is published goes to a queue that keeps little: the disk is not what is measured."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url()))
    channel = connection.channel()
    channel.exchange_declare("bench", "direct", durable=True)
    channel.queue_declare("bench:publish", durable=True, arguments={"x-max-length": 1000})
    channel.queue_declare("bench:consume", durable=True)
    for key in ("publish", "consume"):
        channel.queue_bind(f"bench:{key}", "bench", key)
    connection.close()


def refill(place: Place, mode: str) -> None:
    """So many messages as are consumed: what the last consumer left goes. At a pace it takes as long as they take."""
    connection = pika.BlockingConnection(pika.URLParameters(place.rabbit.url()))
    connection.channel().queue_purge("bench:consume")
    connection.close()
    Contender("filler", "ours").run(place, "fill", mode, False)


def consume_paced(section: Section, contender: Contender) -> None:
    """While another process publishes."""
    with ThreadPoolExecutor(1) as beside:
        filled = beside.submit(refill, section.place, section.mode)
        contender.run(section.place, section.role, section.mode, section.tls)
        filled.result()


def take_turns(section: Section) -> None:
    for contender in section.contenders:
        if section.role == "consume" and section.place.rate:
            consume_paced(section, contender)
            continue
        if section.role == "consume":
            refill(section.place, section.mode)
        contender.run(section.place, section.role, section.mode, section.tls)


def show(section: Section) -> None:
    own, place = section.contenders[0].cpu(), section.place
    pace_ = f", {place.rate:,} a second" if place.rate else ""
    print(f"--- {section.role}, {section.mode}{', TLS' if section.tls else ''}{pace_}: {place.messages:,} messages of 1 KiB, "
          f"{'unconfirmed' if section.role == 'publish' else 'unacknowledged'} at most {WINDOW}")
    print(f"{'':<30}{'CPU us':>8}{'user':>8}{'kernel':>8}{'ratio':>8}{'messages/s':>12}")
    for contender in section.contenders:
        cpu, share = contender.cpu(), contender.user_share()
        rate = statistics.median(run[2] for run in contender.runs)
        print(f"{contender.name:<30}{cpu:>8.2f}{cpu * share:>8.2f}{cpu * (1 - share):>8.2f}{cpu / own:>8.2f}{rate:>12,.0f}", flush=True)
    print(flush=True)


def main() -> None:
    folder, modules = Path(sys.argv[1]), sys.argv[2]
    messages = int(sys.argv[3]) if len(sys.argv) > 3 else 50_000
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else ROUNDS
    has_node = bool(shutil.which("node")) and Path(modules, "amqplib").exists()
    if not has_node:
        print("node or amqplib is not there: they are left out", file=sys.stderr)
    rate = int(sys.argv[5]) if len(sys.argv) > 5 else RATE
    kinds = [(role, mode, tls) for role in ("publish", "consume")
             for mode, tls in (("persistent", False), ("transient", False), ("persistent", True))]
    with tempfile.TemporaryDirectory() as name:
        authority = Authority(Path(name) / "ca")
        certificate = authority.issue("localhost")
        with RabbitNode(Path(name) / "rabbit", cert=certificate.cert, key=certificate.key) as rabbit:
            declare(rabbit)
            burst = Place(rabbit, authority.ca, folder, modules, messages)
            paced = replace(burst, messages=min(messages, rate * PACED_SECONDS), rate=rate)
            sections = [Section(*kind, list(contenders(kind[0], has_node)), place) for place in (burst, paced) for kind in kinds]
            for number in range(rounds):
                for section in sections:
                    take_turns(section)
                print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    for section in sections:
        show(section)


if __name__ == "__main__":
    main()
