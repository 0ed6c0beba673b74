"""What a fleet costs RabbitMQ, beside the same daemons with the same events and without FLEET: ./dev bench fleet cost [SHARDS ...].

    /usr/bin/python3 tests/bench/fleet_cost.py BUILD [--seconds S] [--rate R] [--nodes 1,3] [SHARDS ...]

Three daemons share the shards, first at one RabbitMQ node and then at three. Discord is bench_discord. Each time a span without events is
measured, and then one with R events a second of all shards together, which go to a worker through a queue: a quorum queue where there are
three nodes. Messages are what RabbitMQ counts by itself; processor and memory are those of its nodes together; what is written is what the
nodes hand to the disk."""
from __future__ import annotations

import argparse
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import corpus  # noqa: E402
import pika  # noqa: E402
import report  # noqa: E402
from contenders import Contender, Gateway, Place, gateway  # noqa: E402
from field import QUEUE, Child, Discord, Subject, Times, cpu_of, memory_of  # noqa: E402
from options import Row  # noqa: E402
from standin.certs import Authority  # noqa: E402
from support.cluster import RabbitCluster  # noqa: E402
from support.rabbit import RabbitNode  # noqa: E402

SHARDS = (16, 128, 1024)
MEMBERS = ("one", "two", "three")
PATIENCE = 120.0  # seconds, for events that are late
SETTLE = 5.0  # seconds after the last READY: sessions are stored, and nothing moves
# Of all nodes together: milliseconds, messages that were published, delivered and acknowledged.
COUNTS = """Of = fun(K) -> lists:sum([maps:get(K, M, 0) || N <- [node() | nodes()], M <- maps:values(rpc:call(N, rabbit_global_counters, overview, []))]) end,
    [erlang:monotonic_time(millisecond) | [Of(K) || K <- [messages_received_total, messages_delivered_total, messages_acknowledged_total]]]."""


@dataclass
class Asked:
    build: Path
    seconds: float
    rate: int
    nodes: list[int]
    shards: list[int]


@dataclass
class Span:
    """Of all nodes, in each second."""
    published: float
    delivered: float
    acknowledged: float
    cpu: float  # percent of one core
    written: float  # bytes
    memory: int  # bytes, at the end


@dataclass
class Cost:
    idle: Span
    paced: Span
    queues: int


# ---- RabbitMQ ----

class Watch:
    """What the nodes have done so far."""

    def __init__(self, nodes: list[RabbitNode]) -> None:
        self._nodes = nodes
        self._pids = [int((node.folder / "pid").read_text()) for node in nodes]

    def _counts(self) -> list[int]:
        return list(map(int, re.findall(r"-?\d+", self._nodes[0].ctl("eval", COUNTS))))

    def _written(self) -> int:
        """What goes to the disk, sooner or later."""
        texts = [Path(f"/proc/{pid}/io").read_text() for pid in self._pids]
        return sum(int(found[1]) for text in texts if (found := re.search(r"^write_bytes: (\d+)", text, re.MULTILINE)))

    def _cpu(self) -> float:
        return sum(map(cpu_of, self._pids))

    def measure(self, work: Callable[[], None]) -> Span:
        before = self._counts()
        began, cpu, written = time.monotonic(), self._cpu(), self._written()
        work()
        took = time.monotonic() - began
        cpu, written = self._cpu() - cpu, self._written() - written
        milliseconds, *counts = (now - then for now, then in zip(self._counts(), before))
        published, delivered, acknowledged = (1000 * count / milliseconds for count in counts)
        return Span(published, delivered, acknowledged, 100 * cpu / took, written / took, sum(map(memory_of, self._pids)))


def declare(rabbit: RabbitNode, names: list[str], is_replicated: bool) -> None:
    """A queue that takes all, and keeps little if the worker is slow."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url()))
    channel = connection.channel()
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True, arguments={"x-max-length": 1000, "x-queue-type": "quorum" if is_replicated else "classic"})
    for name in [*names, "READY"]:
        channel.queue_bind(QUEUE, "gateway", name)
    connection.close()


# ---- The daemons ----

def share(shards: int, number: int) -> str:
    """The shards of a daemon without a fleet."""
    return ",".join(map(str, range(number, shards, len(MEMBERS))))


def member(asked: Asked, urls: list[str], shards: int, number: int, is_fleet: bool) -> Contender:
    own = {"FLEET": "on", "FLEET_MEMBER": MEMBERS[number]} if is_fleet else {"DISCORD_SHARD_IDS": share(shards, number)}
    first = number % len(urls)
    settings = {**own, "DISCORD_SHARD_COUNT": str(shards), "AMQP_URL": ",".join(urls[first:] + urls[:first])}
    return gateway(Gateway(MEMBERS[number], asked.build / "tools" / "gateway" / "spectacles-gateway", settings))


def cost(asked: Asked, nodes: list[RabbitNode], shards: int, is_fleet: bool, folder: Path) -> Cost:
    programs, row, events = asked.build / "tests" / "bench", Row("paced", shards, "none", False), max(shards, int(asked.rate * asked.seconds))
    names, times = corpus.lines(folder / "events"), folder / "times"
    authority = Authority(folder / "ca")
    declare(nodes[0], names, len(nodes) > 1)
    with ExitStack() as stack:
        discord = Discord(programs, folder / "events", row, events, 1, 0, times, authority, folder / "discord.log")
        stack.callback(discord.end)
        worker = Child([str(programs / "bench_worker"), str(nodes[0].port), QUEUE, str(shards), str(events), str(times)], folder / "worker.log")
        stack.callback(worker.end)
        worker.hear()
        place = Place(row, discord.ports[0], nodes[0].port, authority.ca, names)
        urls = [node.url() for node in nodes]
        members = [Subject(member(asked, urls, shards, number, is_fleet), place, folder / f"{name}.log") for number, name in enumerate(MEMBERS)]
        for each in members:
            stack.callback(each.end)
        discord.wait_ready(0, members[0])
        time.sleep(SETTLE)
        watch = Watch(nodes)
        idle = watch.measure(lambda: time.sleep(asked.seconds))
        paced = watch.measure(lambda: send(discord, Times(times, events), events, asked.rate))
        made = Cost(idle, paced, len(nodes[0].queues()))
        for each in members:
            each.check()
    return made


def send(discord: Discord, times: Times, events: int, rate: int) -> None:
    """Until the worker has them."""
    discord.send(0, events, rate)
    times.wait_for(0, events, PATIENCE)


def measure(asked: Asked, node_count: int, shards: int, is_fleet: bool) -> Cost:
    with tempfile.TemporaryDirectory(prefix="spectacles-cost-") as name, RabbitCluster(Path(name), node_count) as cluster:
        print(f"{node_count} nodes, {shards} shards, {'with' if is_fleet else 'without'} FLEET", file=sys.stderr, flush=True)
        work = Path(name) / "work"
        work.mkdir()
        return cost(asked, cluster.nodes, shards, is_fleet, work)


# ---- The table ----

def beside(without: float, wanted: float, form: str) -> str:
    """Without a fleet, and with one."""
    return f"{without:{form}}, {wanted:{form}}"


def cells(shards: int, without: Cost, fleet: Cost) -> list[str]:
    idle, paced = fleet.idle, fleet.paced
    more = [paced.published - without.paced.published, paced.acknowledged - without.paced.acknowledged]
    return [str(fleet.queues - without.queues), f"{idle.published:.1f}, {idle.acknowledged:.1f}", f"{idle.published / shards:.2f}, {idle.acknowledged / shards:.2f}",
            f"{more[0]:.1f}, {more[1]:.1f}", f"{more[0] / shards:.2f}, {more[1] / shards:.2f}",
            beside(without.idle.cpu, idle.cpu, ".1f"), beside(without.paced.cpu, paced.cpu, ".1f"), f"{paced.cpu / without.paced.cpu:.2f}",
            beside(without.idle.written / 1e3, idle.written / 1e3, ".0f"), beside(without.paced.written / 1e3, paced.written / 1e3, ".0f"),
            beside(without.paced.memory / 1e6, paced.memory / 1e6, ".0f")]


def names(rate: int) -> list[str]:
    messages, events = "messages of the fleet in a second: published, acknowledged", f"{rate} events/s"
    return ["queues of the fleet", f"{messages}; idle", "the same for each shard", f"{messages}; {events}", "the same for each shard",
            "processor, % of one core: without, with; idle", f"processor: without, with; {events}", f"processor, with to without; {events}",
            "kB/s written: without, with; idle", f"kB/s written: without, with; {events}", "memory in MB: without, with"]


def show(asked: Asked, costs: list[tuple[Cost, Cost]]) -> str:
    columns = [cells(shards, *both) for shards, both in zip(asked.shards, costs)]
    rows = [[name, *each] for name, *each in zip(names(asked.rate), *columns)]
    return report.table(["", *(f"{shards:,} shards" for shards in asked.shards)], rows)


def read(words: list[str]) -> Asked:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=250)
    parser.add_argument("--nodes", type=lambda text: list(map(int, text.split(","))), default=[1, 3])
    parser.add_argument("shards", type=int, nargs="*", default=list(SHARDS))
    given = parser.parse_intermixed_args(words)
    return Asked(given.build.resolve(), given.seconds, given.rate, given.nodes, given.shards)


def main() -> None:
    asked = read(sys.argv[1:])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("What a fleet of three daemons costs RabbitMQ, beside the same three without FLEET\n", flush=True)
    for count in asked.nodes:
        costs = [(measure(asked, count, shards, False), measure(asked, count, shards, True)) for shards in asked.shards]
        print(f"{count} RabbitMQ node{'s' if count > 1 else ''}\n\n{show(asked, costs)}\n", flush=True)


if __name__ == "__main__":
    main()
