"""How long the shards of a fleet's gateway are served by nobody: three daemons and three RabbitMQ nodes, each in a network namespace of its own
(tests/chaos/fleet). The daemon is the one of chaos, which writes down what RabbitMQ refuses. Each sample is a shard, from the fault until another gateway's RESUME was answered; of a hand-over, from the close of the
former connection. Events flow meanwhile, and at the end all of them have to be there.

    takeover.py BUILD [ROUNDS] [closed|kept] [net_ticktime]"""
from __future__ import annotations

import logging
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chaos.fleet.hosts import Gateway, Machines
from chaos.fleet.run import leave_logs, settle
from chaos.fleet.verdict import judge
from chaos.fleet.world import World
from chaos.world import binary
from support.namespaces import obstacle
from support.patience import PATIENCE

SHARDS = 12
TIMEOUT = 150.0


class Sample(NamedTuple):
    seconds: float
    is_gap: bool  # Discord had given the session up


class Bench:
    def __init__(self, world: World) -> None:
        self.world = world
        self.host = self.world.machines.host_of

    def are_alive(self) -> bool:
        """A gateway that ended by itself ends the benchmark."""
        for gateway in self.world.gateways.values():
            gateway.look()
            if gateway.complaints:
                raise RuntimeError(gateway.complaints[0])
        return True

    def victim(self) -> Gateway:
        """Who serves most shards, when all are served and each gateway has some."""
        world = self.world
        world.wait(lambda: self.are_alive() and len(world.served()) == SHARDS and len(set(world.owners().values())) == 3, 120, "shards for each gateway")
        time.sleep(3.0)  # what was resumed is stored
        owners = list(world.owners().values())
        return world.gateways[max(set(owners), key=owners.count)]

    def beginnings(self, since: float, victim: str) -> dict[int, tuple[float, bool]]:
        """By shard: when another gateway had a session, and whether it is a new one."""
        world, found = self.world, {}
        shard_of = {each.session_id: each.shard for each in world.standin.sessions}
        for kind in ("resumed", "ready"):
            for each in world.records(kind):
                client = each.get("client") or next(s.client for s in world.standin.sessions if s.session_id == each["session"])
                if each["at"] > since and world.machines.name_of(client) != victim:
                    found.setdefault(shard_of[each["session"]], (each["at"], kind == "ready"))
        return found

    def endings(self, since: float) -> dict[int, float]:
        return {each["shard"]: each["at"] for each in reversed(self.world.records("closed")) if each["at"] > since and each["shard"] is not None}

    def measure(self, fault: Callable[[Bench, Gateway], Callable[[], None]], is_handed_over: bool) -> list[Sample]:
        victim = self.victim()
        shards = {shard for shard, owner in self.world.owners().items() if owner == victim.name}
        begun = time.monotonic()
        mend = fault(self, victim)
        self.world.wait(lambda: shards <= self.beginnings(begun, victim.name).keys(), TIMEOUT, f"others that serve {sorted(shards)}")
        found, ended = self.beginnings(begun, victim.name), self.endings(begun)
        mend()
        return [Sample(max(0.0, found[shard][0] - (ended[shard] if is_handed_over else begun)), found[shard][1]) for shard in shards]

    def make_whole(self) -> None:
        self.world.nodes.revive()
        self.world.nodes.await_whole()


def kill(bench: Bench, victim: Gateway) -> Callable[[], None]:
    victim.kill()
    return victim.start


def hang(bench: Bench, victim: Gateway) -> Callable[[], None]:
    victim.signal(signal.SIGSTOP)
    return lambda: victim.signal(signal.SIGCONT)


def cut(bench: Bench, victim: Gateway) -> Callable[[], None]:
    victim.machine.cut()
    return victim.machine.join


def blind(bench: Bench, victim: Gateway) -> Callable[[], None]:
    nodes = bench.world.machines.node_addresses()
    victim.machine.blind(*nodes)
    return lambda: victim.machine.see(*nodes)


def cut_host(bench: Bench, victim: Gateway) -> Callable[[], None]:
    number = bench.host(victim.name)
    node = bench.world.nodes.each[number - 1]
    node.is_away = True
    bench.world.machines.hosts.cut(number)

    def mend() -> None:
        bench.world.machines.hosts.join(number)
        node.is_away = False
        bench.make_whole()

    return mend


def kill_host(bench: Bench, victim: Gateway) -> Callable[[], None]:
    bench.world.nodes.each[bench.host(victim.name) - 1].kill()
    victim.kill()

    def mend() -> None:
        bench.make_whole()
        victim.start()

    return mend


def drain(bench: Bench, victim: Gateway) -> Callable[[], None]:
    def command(*words: str) -> None:
        subprocess.run([victim.binary, "fleet", *words], env=victim.environment, check=True, timeout=60 * PATIENCE, stdout=subprocess.DEVNULL)

    command("drain", victim.name)
    return lambda: command("move", "all")


def leave(bench: Bench, victim: Gateway) -> Callable[[], None]:
    if victim.stop(60) != 0:
        raise AssertionError(victim.runs[-1].said())
    return victim.start


# By name: what is done, whether the shards are handed over, and whether RabbitMQ's net_ticktime matters.
FAULTS = {
    "killed (kill -9)": (kill, False, False),
    "hung (SIGSTOP)": (hang, False, False),
    "cut off, no FIN": (cut, False, False),
    "cut off from RabbitMQ alone": (blind, False, False),
    "killed together with the RabbitMQ node of its host": (kill_host, False, False),
    "its host cut off, with its RabbitMQ node": (cut_host, False, True),
    "drained (fleet drain)": (drain, True, False),
    "stopped (SIGTERM)": (leave, True, False),
}


def node_alone(bench: Bench) -> tuple[float, int]:
    """A node dies, and no gateway: how late the latest event of the next seconds came, and how many shards changed hands."""
    world = bench.world
    victim = bench.victim()
    before, begun = world.owners(), time.monotonic()
    world.nodes.each[bench.host(victim.name) - 1].kill()
    time.sleep(15.0)
    moved = sum(world.owners().get(shard) != owner for shard, owner in before.items())
    bench.make_whole()
    return world.latest(begun, begun + 15.0), moved


def percentile(samples: list[float], share: float) -> float:
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * share))]


def row(name: str, samples: list[Sample]) -> str:
    seconds = [each.seconds for each in samples]
    p50, p99, worst = (f"{value:.2f}" for value in (percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds)))
    return f"| {name} | {len(samples)} | {p50} | {p99} | {worst} | {sum(each.is_gap for each in samples)} |"


def measure_all(bench: Bench, rounds: int, only_tick: bool) -> None:
    for name, (fault, is_handed_over, has_tick) in FAULTS.items():
        if has_tick or not only_tick:
            print(row(name, [each for _ in range(rounds) for each in bench.measure(fault, is_handed_over)]), flush=True)
    if not only_tick:
        late = [node_alone(bench) for _ in range(rounds)]
        print(f"\na RabbitMQ node alone killed: {sum(moved for _, moved in late)} shards changed hands; "
              f"the latest event came {max(seconds for seconds, _ in late):.2f} s late", flush=True)


def main() -> int:
    why = obstacle()
    if why:
        print(f"the hosts of a fleet cannot be made here: {why}")
        return 77
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it warns of every connection that is cut
    build = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    replaced = sys.argv[3] if len(sys.argv) > 3 else "closed"
    tick = int(sys.argv[4]) if len(sys.argv) > 4 else 10
    machines = Machines()
    with machines.outside(), tempfile.TemporaryDirectory(prefix="takeover-") as folder:
        world = World(Path(folder), binary(build, "gateway"), machines, replaced, tick=tick, shards=SHARDS, concurrency=SHARDS)
        try:
            world.start()
            print(f"RabbitMQ {world.nodes.each[0].rabbit.ctl('version').strip()}, net_ticktime {tick}, {SHARDS} shards, {rounds} rounds; "
                  f"a connection whose session is resumed elsewhere is {replaced}; seconds\n", flush=True)
            print("| the gateway | shards | p50 | p99 | worst | gaps |\n|---|---|---|---|---|---|", flush=True)
            measure_all(Bench(world), rounds, tick != 10)
            history = settle(world, 60)
            verdict = judge(history)
            leave_logs(world, history, build / "takeover")
            print(f"\n{verdict}")
            return 1 if verdict.failures else 0
        finally:
            world.close()


if __name__ == "__main__":
    sys.exit(main())
